"""The kinds of data that are kept for a time: what is too old, and what becomes of it.

Each step names rows and what they become (`GONE`: they are deleted), or a verb that does it; the first step's rows are
what is counted. The journal goes all at once, by whole seals. What is younger is never touched, and no number that
pages count changes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, cast, func, literal, or_, select
from sqlalchemy import String as Words

from asanokai import seals
from asanokai.catering import Pack
from asanokai.consents import Consent
from asanokai.copies import Copy
from asanokai.db import Base
from asanokai.deputies import Deputy
from asanokai.errors import N_
from asanokai.guests import Guest
from asanokai.intake import Incoming
from asanokai.journal import Aside, Entry
from asanokai.letters import Happening, Letter, mint_nonce
from asanokai.meetings import Meeting
from asanokai.members import Application, Bounce, Member
from asanokai.questions import Reply
from asanokai.retention import telling, without_names
from asanokai.rsvps import Rsvp
from asanokai.rsvps.passing import SeatNote
from asanokai.speakers import Contributor

OVER = ("sent", "failed", "dropped", "bounced")
"""States of letters that will not change any more by themselves."""

GONE = None
Which = Callable[[datetime], ColumnElement[bool]]


@dataclass(frozen=True)
class Step:
    """Rows of a table that are older than a moment, and what they become; or the verb that takes their numbers, or the
    one that takes the moment and says how many went."""

    table: type[Base]
    old: Which
    becomes: Mapping[str, Any] | None = GONE
    does: Callable[[list[int]], None] | None = None
    at_once: Callable[[datetime], int] | None = None


@dataclass(frozen=True)
class Kind:
    """What is kept for a time: for how many days usually, at least and at most; counted from what."""

    name: str
    words: str
    since: str
    days: int
    steps: tuple[Step, ...]
    least: int = 1
    most: int = 3650


def _over(column: Any) -> Which:
    """Belongs to a meeting that was over by then."""
    return lambda before: column.in_(select(Meeting.id).where(Meeting.ends_at < before))


def _said(column: Any) -> Which:
    """Belongs to an answer to a meeting that was over by then."""
    over = _over(Rsvp.meeting_id)
    return lambda before: column.in_(select(Rsvp.id).where(over(before)))


def _also(old: Which, *criteria: ColumnElement[bool]) -> Which:
    return lambda before: and_(old(before), *criteria)


def _ended(before: datetime) -> ColumnElement[bool]:
    """A consent of somebody who left, or was erased, by then."""
    end = select(Member.left_at).where(Member.id == Application.member_id).scalar_subquery()
    whose = select(Member.id).where(Member.standing.in_(("left", "erased")))
    return and_(
        Application.member_id.in_(whose),
        func.coalesce(end, Application.decided_at, Application.applied_at) < before,
    )


def _over_for_long(before: datetime) -> ColumnElement[bool]:
    """A recorded consent that was withdrawn, or whose giver left or was erased, by then."""
    whose = select(Member.id).where(Member.standing.in_(("left", "erased")))
    end = select(Member.left_at).where(Member.id == Consent.member_id).scalar_subquery()
    gone = and_(Consent.member_id.in_(whose), func.coalesce(end, Consent.withdrawn_at, Consent.given_at) < before)
    return or_(gone, Consent.withdrawn_at < before)


_MAIL = ("recipient", "sender", "author", "subject", "reason", "facts")

KINDS: tuple[Kind, ...] = (
    Kind(
        "words",
        N_("Comments, guests' names, answers to questions and reasons"),
        N_("after the meeting"),
        365,
        (
            Step(Rsvp, _also(_over(Rsvp.meeting_id), Rsvp.comment != ""), {"comment": ""}),
            Step(Guest, _said(Guest.rsvp_id)),
            Step(Reply, _said(Reply.rsvp_id), does=without_names.count_in),
            Step(SeatNote, _also(_said(SeatNote.rsvp_id), SeatNote.reason != ""), {"reason": ""}),
        ),
    ),
    Kind(
        "answers",
        N_("Answers with names; afterwards only their numbers are left"),
        N_("after the meeting"),
        1095,
        (
            Step(
                Rsvp,
                _also(_over(Rsvp.meeting_id), Rsvp.member_id.not_in(without_names.nobodies())),
                does=without_names.unname,
            ),
            Step(
                Letter,
                _also(_over(Letter.meeting_id), Letter.member_id.is_not(None), Letter.state.in_(OVER)),
                {"member_id": None, "address": None, "key": literal("gone:") + cast(Letter.id, Words)},
            ),
        ),
    ),
    Kind(
        "letters",
        N_("Details of letters (address, words of the mail server, what was written for this reader alone)"),
        N_("after the letter"),
        365,
        (
            Step(
                Letter,
                _also(
                    lambda before: Letter.created_at < before,
                    Letter.state.in_(OVER),
                    or_(
                        Letter.address.is_not(None),
                        Letter.server_words.is_not(None),
                        and_(Letter.kind.in_(without_names.WITH_WORDS), Letter.facts.is_not(None)),
                    ),
                ),
                does=without_names.strip_letters,
            ),
            Step(
                Happening,
                _also(lambda before: Happening.at < before, Happening.words.is_not(None)),
                {"words": None},
            ),
        ),
    ),
    Kind(
        "mails",
        N_("Who wrote which mail about what; the mail itself is deleted after 30 days"),
        N_("after the mail came"),
        365,
        (
            Step(
                Incoming,
                _also(
                    lambda before: Incoming.came_at < before,
                    Incoming.state.in_(("taken", "settled")),
                    or_(*(getattr(Incoming, name).is_not(None) for name in _MAIL)),
                ),
                {**dict.fromkeys(_MAIL), "raw": None},
            ),
        ),
        least=30,
    ),
    Kind(
        "declined",
        N_("Declined applications, with the person where nothing else is known of them"),
        N_("after the decision"),
        180,
        (
            Step(
                Application,
                lambda before: and_(Application.state == "declined", Application.decided_at < before),
                does=without_names.forget_applications,
            ),
        ),
    ),
    Kind(
        "left",
        N_("Members who have left; they are deleted altogether"),
        N_("after leaving"),
        365,
        (
            Step(
                Member,
                lambda before: and_(Member.standing == "left", Member.left_at < before, telling.may_go()),
                does=without_names.erase,
            ),
        ),
        least=telling.NOTICE.days,
    ),
    Kind(
        "consents",
        N_("Consents (version of the text and moments)"),
        N_("after the membership has ended"),
        1095,
        (Step(Application, _ended, does=without_names.drop_consents), Step(Consent, _over_for_long)),
    ),
    Kind(
        "bounces",
        N_("What came back from addresses"),
        N_("after it came back"),
        365,
        (Step(Bounce, lambda before: Bounce.at < before),),
    ),
    Kind(
        "deputies",
        N_("Deputies who answer for nobody any more"),
        N_("after the end"),
        365,
        (Step(Deputy, lambda before: Deputy.until < before),),
    ),
    Kind(
        "asides",
        N_("From where something was done, and reasons given for it, in the journal"),
        N_("after it was done"),
        90,
        (Step(Aside, lambda before: Aside.at < before),),
    ),
    Kind(
        "copies",
        N_("Copies of their data that members had made"),
        N_("after they asked for it"),
        7,
        (Step(Copy, lambda before: Copy.asked_at < before),),
        most=30,
    ),
    Kind(
        "contributors",
        N_("Addresses of speakers, hosts and caterers, and what speakers wrote to the coordinators"),
        N_("after the meeting"),
        365,
        (
            Step(
                Contributor,
                _also(_over(Contributor.meeting_id), or_(Contributor.address != "", Contributor.word != "")),
                {"address": "", "word": "", "secret": mint_nonce},
            ),
            Step(Pack, _also(_over(Pack.meeting_id), Pack.address.is_not(None)), {"address": None}),
        ),
    ),
    Kind(
        "journal",
        N_("The journal: who did what and when"),
        N_("after it was sealed"),
        1460,
        (Step(Entry, seals.old, at_once=seals.prune),),
        least=365,
    ),
)
"""In the order in which they are removed and shown."""

BY_NAME = {kind.name: kind for kind in KINDS}

FIXED = (
    (N_("Answers about food, and others that vanish"), N_("when the meeting is over; the counts stay")),
    (N_("Applications that nobody confirmed"), N_("14 days")),
    (N_("Mails that came, as they came"), N_("30 days")),
)
"""What has a limit that cannot be changed, and which."""
