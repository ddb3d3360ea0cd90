"""Answers to a meeting: yes, maybe, no; seats, waiting list, roll.

The one verb is `answer()`. It locks the meeting, then counts; so seats are exact under any load and on both databases.
A *yes* holds a seat or waits. A freed seat goes to the next in line whose party fits: given, or offered for a while.
*Maybe* holds no seat. Letters are posted here in the same transaction; they are laid out elsewhere.

    row        the table; single rows
    rule       the published rule: when seats are given, when offered, for how long
    queue      seats, offers, waiting list, who is next
    answering  the verb
    standing   "I normally come": tentative seats, and how they lapse
    passing    seats that go out of turn: moved up, passed on
    roll       reading: how a meeting stands, who comes
    lines      reading the roll by the page
    undoing    an answer that came by mail is taken back
    replay     the queue told again from the journal
"""

from asanokai.rsvps.answering import Given, answer, tell_standing
from asanokai.rsvps.lines import LINES_EACH_PAGE, SHEETS, Sheet, lengths, line, part_of, sheet
from asanokai.rsvps.passing import SeatNote, colleague_by_address, colleagues, move_up, notes_on, pass_on
from asanokai.rsvps.queue import (
    expire_offers,
    meetings_with_offers_over,
    place_in_line,
    places_in_line,
    promote,
    taken,
    waiting,
)
from asanokai.rsvps.roll import HELD, QUEUED, Line, Tally, concerning, parts, roll, tallies
from asanokai.rsvps.row import ANSWERS, BY, CHOICES, LONGEST_COMMENT, SEATS, Rsvp, of, of_member, required
from asanokai.rsvps.rule import GIVEN, OFFERED, SHORT, last_evening, phase
from asanokai.rsvps.standing import (
    Standing,
    come_no_longer,
    come_normally,
    keep_seats,
    lapse,
    meetings_with_seats_to_lapse,
    normally_comes_to,
)
from asanokai.rsvps.undoing import CHANGED_SINCE, Before, take_back

__all__ = [
    "ANSWERS",
    "BY",
    "CHANGED_SINCE",
    "CHOICES",
    "GIVEN",
    "HELD",
    "LINES_EACH_PAGE",
    "LONGEST_COMMENT",
    "OFFERED",
    "QUEUED",
    "SEATS",
    "SHEETS",
    "SHORT",
    "Before",
    "Given",
    "Line",
    "Rsvp",
    "SeatNote",
    "Sheet",
    "Standing",
    "Tally",
    "answer",
    "colleague_by_address",
    "colleagues",
    "come_no_longer",
    "come_normally",
    "concerning",
    "expire_offers",
    "keep_seats",
    "lapse",
    "last_evening",
    "lengths",
    "line",
    "meetings_with_offers_over",
    "meetings_with_seats_to_lapse",
    "move_up",
    "normally_comes_to",
    "notes_on",
    "of",
    "of_member",
    "part_of",
    "parts",
    "pass_on",
    "phase",
    "place_in_line",
    "places_in_line",
    "promote",
    "required",
    "roll",
    "sheet",
    "take_back",
    "taken",
    "tallies",
    "tell_standing",
    "waiting",
]
