"""Answers to a meeting: yes, maybe, no; seats, waiting list, roll.

The one verb is `answer()`. It locks the meeting, then counts; so seats are exact under any load and on both databases.
A *yes* holds a seat or waits. A freed seat goes to the first in the order of asking whose party fits. *Maybe* holds no
seat. Letters are posted here in the same transaction; they are laid out elsewhere.

    row        the table; single rows
    queue      seats, waiting list, who is next
    answering  the verb
    passing    seats that go out of turn: moved up, passed on
    roll       reading: how a meeting stands, who comes
    lines      reading the roll by the page
"""

from asanokai.rsvps.answering import Given, answer
from asanokai.rsvps.lines import LINES_EACH_PAGE, SHEETS, Sheet, lengths, line, part_of, sheet
from asanokai.rsvps.passing import SeatNote, colleague_by_address, colleagues, move_up, notes_on, pass_on
from asanokai.rsvps.queue import place_in_line, places_in_line, promote, taken, waiting
from asanokai.rsvps.roll import HELD, QUEUED, Line, Tally, concerning, parts, roll, tallies
from asanokai.rsvps.row import ANSWERS, BY, CHOICES, LONGEST_COMMENT, Rsvp, of, of_member, required

__all__ = [
    "ANSWERS",
    "BY",
    "CHOICES",
    "HELD",
    "LINES_EACH_PAGE",
    "LONGEST_COMMENT",
    "QUEUED",
    "SHEETS",
    "Given",
    "Line",
    "Rsvp",
    "SeatNote",
    "Sheet",
    "Tally",
    "answer",
    "colleague_by_address",
    "colleagues",
    "concerning",
    "lengths",
    "line",
    "move_up",
    "notes_on",
    "of",
    "of_member",
    "part_of",
    "parts",
    "pass_on",
    "place_in_line",
    "places_in_line",
    "promote",
    "required",
    "roll",
    "sheet",
    "taken",
    "tallies",
    "waiting",
]
