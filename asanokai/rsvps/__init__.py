"""Answers to a meeting: yes, maybe, no; seats, waiting list, roll.

The one verb is `answer()`. It locks the meeting, then counts; so seats are exact under any load and on both databases.
A *yes* holds a seat or waits. A freed seat goes to the first in the order of asking whose party fits. *Maybe* holds no
seat. Letters are posted here in the same transaction; they are laid out elsewhere.

    row        the table; single rows
    queue      seats, waiting list, who is next
    answering  the verb
    roll       reading: how a meeting stands, who comes
"""

from asanokai.rsvps.answering import Given, answer
from asanokai.rsvps.queue import place_in_line, places_in_line, promote, taken, waiting
from asanokai.rsvps.roll import HELD, QUEUED, Line, Tally, concerning, parts, roll, tallies
from asanokai.rsvps.row import ANSWERS, BY, CHOICES, LONGEST_COMMENT, Rsvp, of, of_member, required

__all__ = [
    "ANSWERS",
    "BY",
    "CHOICES",
    "HELD",
    "LONGEST_COMMENT",
    "QUEUED",
    "Given",
    "Line",
    "Rsvp",
    "Tally",
    "answer",
    "concerning",
    "of",
    "of_member",
    "parts",
    "place_in_line",
    "places_in_line",
    "promote",
    "required",
    "roll",
    "taken",
    "tallies",
    "waiting",
]
