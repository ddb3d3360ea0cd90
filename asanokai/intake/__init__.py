"""Mail that comes back: calendar replies, plain replies, bounces, auto-replies.

A mail is written down before it is acknowledged (`receive`), then taken in by the worker (`step`), each in a
transaction of its own; seen twice it counts once; what fails three times is parked for a person. Nothing here sends:
letters are posted like everywhere else.

    row        the tables: mails that came, how far a mailbox has been read
    opened     bytes → headers, parts, words (with charsets, headers, plain)
    recipient  whose token an address bears
    receiving  writing mails down
    lmtp       the way in from the operator's mail server
    imap       the way in from a mailbox
    taking     the step: the readers in their order
    outcome    what becomes of a mail
    limits     caps and loops
    calendars  calendar text → what it says (with contentlines, moments)
    winmail    winmail.dat → what was pressed in Outlook
    answers    calendar replies → answers
    whose      … whose they are; vouched: whether our own server vouches for their author
    stamps     … when they were given, and for which start
    asides     … the word somebody added
    undoing    taking back what a mail answered
    reports    bounces, delays, complaints; what they say is read by reported and delivery_status
    automatic  auto-replies
    replies    plain words: fresh (what is new in a mail), grammar, phrases, when (days and hours)
    settling   what coordinators do with a mail; forgetting
    unsubscribing  who wants no more invitations
    probe      letters of `asanokai doctor` to ourselves
"""

from asanokai.intake.outcome import OUTCOMES, Arrived, Outcome, Place
from asanokai.intake.receiving import receive
from asanokai.intake.row import KEPT, STATES, TRIES, WAYS, Incoming, Mailbox
from asanokai.intake.settling import forget
from asanokai.intake.taking import step, take

__all__ = [
    "KEPT",
    "OUTCOMES",
    "STATES",
    "TRIES",
    "WAYS",
    "Arrived",
    "Incoming",
    "Mailbox",
    "Outcome",
    "Place",
    "forget",
    "receive",
    "step",
    "take",
]
