"""What coordinators hear at once within 48 hours of a meeting: late refusals, letters that failed, mails that wait.

Gathered into one letter for each coordinator and meeting while it has not left; what was told once is not told again,
though the digest of the next morning may speak of it once more. A letter says what still holds when it is written out;
where nothing does, it is dropped.

At night it waits until six o'clock on the coordinator's clock, unless the meeting begins within twelve hours.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import and_, or_, select

from asanokai import clock, letters, members
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.intake import Incoming
from asanokai.letters import OF_MEETING, Letter
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.night import Night
from asanokai.rsvps import Rsvp

BEFORE = timedelta(hours=48)
"""From when on before a meeting coordinators hear at once."""

URGENT = timedelta(hours=12)
"""How near a meeting must be for a night to hold nothing back."""

EARLY = time(6)
"""When the night ends for these letters."""

LATE, FAILED, MAIL = "late", "failed", "mail"
"""What can have happened. An item is one of these, a colon, the number of a row and, where the same row may tell of
another occasion, which: late:7.3 is the third answer that stands in row 7."""


@dataclass(frozen=True)
class Alert:
    """What still holds of a letter's items."""

    late: list[tuple[Rsvp, Member]]
    failed: list[tuple[Letter, Member | None]]
    mails: list[tuple[Incoming, Member | None]]

    def __bool__(self) -> bool:
        return bool(self.late or self.failed or self.mails)


# --- posting ----------------------------------------------------------------------------------------------------------


def soon() -> list[int]:
    """The meetings that begin within 48 hours or have begun, in their order."""
    now = clock.now()
    query = select(Meeting.id).where(
        Meeting.state == "announced", Meeting.starts_at <= now + BEFORE, Meeting.ends_at > now
    )
    return list(session().scalars(query.order_by(Meeting.starts_at, Meeting.id)))


def post(meeting_id: int, *, night: Night) -> int:
    """Tell the meeting's coordinators what has happened and they have not been told; how many letters are new."""
    meeting = session().get_one(Meeting, meeting_id)
    happened = _happened(meeting)
    if not happened:
        return 0
    coordinators = series_rules.coordinators(meeting.series_id)
    told = _told([coordinator.id for coordinator in coordinators], meeting.starts_at - BEFORE)
    posted = 0
    for coordinator in coordinators:
        new = [item for item in happened if item not in told[coordinator.id]]
        if new:
            posted += _tell(coordinator, meeting, new, _due(meeting, coordinator, night))
    return posted


def _happened(meeting: Meeting) -> list[str]:
    """What happened since 48 hours before the meeting; what was before stands in the digests."""
    since = meeting.starts_at - BEFORE
    late = session().execute(
        select(Rsvp.id, Rsvp.revision)
        .where(Rsvp.meeting_id == meeting.id, Rsvp.answer == "no", Rsvp.late, Rsvp.answered_at > since)
        # What a coordinator entered, a coordinator knows.
        .where(Rsvp.by.is_distinct_from("coordinator"))
        .order_by(Rsvp.answered_at, Rsvp.id)
    )
    failed = session().execute(
        select(Letter.id, Letter.settled_at)
        .where(Letter.meeting_id == meeting.id, Letter.kind.in_(OF_MEETING), Letter.state.in_(("failed", "bounced")))
        .where(Letter.settled_at > since)
        .order_by(Letter.id)
    )
    invited = select(Rsvp.member_id).where(Rsvp.meeting_id == meeting.id)
    about_it = or_(
        Incoming.meeting_id == meeting.id, and_(Incoming.meeting_id.is_(None), Incoming.member_id.in_(invited))
    )
    mails = session().scalars(
        select(Incoming.id).where(Incoming.state == "parked", Incoming.taken_at > since, about_it).order_by(Incoming.id)
    )
    items = [f"{LATE}:{number}.{revision}" for number, revision in late]
    items += [f"{FAILED}:{number}.{int(at.timestamp())}" for number, at in failed if at is not None]
    return [*items, *(f"{MAIL}:{number}" for number in mails)]


def _told(member_ids: Sequence[int], since: datetime) -> dict[int, set[str]]:
    """Which items stand in letters to them already, about whatever meeting."""
    told: dict[int, set[str]] = defaultdict(set)
    found = session().execute(
        select(Letter.member_id, Letter.facts).where(
            Letter.kind == "alert", Letter.member_id.in_(member_ids), Letter.created_at > since
        )
    )
    for member_id, facts in found:
        if member_id is not None and facts:
            told[member_id].update(facts["items"])
    return told


def _due(meeting: Meeting, coordinator: Member, night: Night) -> datetime:
    now = clock.now()
    if meeting.starts_at - now <= URGENT:
        return now
    return Night(night.begins, EARLY).after(now, coordinator.zone)


def _tell(coordinator: Member, meeting: Meeting, items: list[str], due: datetime) -> bool:
    """Add to the letter that has not left yet, or write a new one; whether it is new."""
    mine = (Letter.kind == "alert", Letter.member_id == coordinator.id, Letter.meeting_id == meeting.id)
    waiting = session().scalar(
        select(Letter)
        .where(*mine, Letter.state == "queued")
        .order_by(Letter.id)
        .limit(1)
        # What a sender holds is leaving: it is not waited for, another letter is written.
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if waiting is not None and waiting.facts:
        waiting.facts = {**waiting.facts, "items": [*waiting.facts["items"], *items]}
        waiting.due_at = min(waiting.due_at, due)
        session().flush()
        return False
    return letters.post(
        "alert",
        f"alert:{items[0]}:{meeting.id}:{coordinator.id}",
        member_id=coordinator.id,
        meeting_id=meeting.id,
        facts={"items": items},
        due_at=due,
        useless_after=meeting.ends_at,
    )


# --- reading ----------------------------------------------------------------------------------------------------------


def contents(items: Collection[str]) -> Alert:
    """What still holds: who declined has not answered anew, the letter was not sent again, nobody has read the mail."""
    return Alert(late=_late(items), failed=_failed(items), mails=_mails(items))


def _numbers(items: Collection[str], what: str) -> dict[int, str]:
    """The rows of one sort of items, each with the occasion it tells of."""
    found = [item.removeprefix(f"{what}:").partition(".") for item in items if item.startswith(f"{what}:")]
    return {int(number): occasion for number, _point, occasion in found}


def _late(items: Collection[str]) -> list[tuple[Rsvp, Member]]:
    wanted = _numbers(items, LATE)
    found = session().execute(
        select(Rsvp, Member)
        .join(Member, Member.id == Rsvp.member_id)
        .where(Rsvp.id.in_(wanted), Rsvp.answer == "no")
        .order_by(Rsvp.answered_at, Rsvp.id)
        .execution_options(populate_existing=True)
    )
    return [(rsvp, member) for rsvp, member in found if wanted[rsvp.id] == str(rsvp.revision)]


def _failed(items: Collection[str]) -> list[tuple[Letter, Member | None]]:
    query = select(Letter).where(Letter.id.in_(_numbers(items, FAILED)), Letter.state.in_(("failed", "bounced")))
    found = session().scalars(query.order_by(Letter.id)).all()
    people = members.by_ids({letter.member_id for letter in found if letter.member_id})
    return [(letter, people.get(letter.member_id or 0)) for letter in found]


def _mails(items: Collection[str]) -> list[tuple[Incoming, Member | None]]:
    query = select(Incoming).where(Incoming.id.in_(_numbers(items, MAIL)), Incoming.state == "parked")
    found = session().scalars(query.order_by(Incoming.id)).all()
    people = members.by_ids({mail.member_id for mail in found if mail.member_id})
    return [(mail, people.get(mail.member_id or 0)) for mail in found]
