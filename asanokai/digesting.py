"""The coordinators' digest at 07:00: new answers, late refusals, failed letters, mails that wait, addresses that are
not reached any more, applications; none if nothing is new.

Once a week it tells administrators the newest seal of the journal, so that a copy of it lies where nobody who has the
machine can alter it (docs/journal.md says why).

A digest's row holds from when to when it speaks; what happened in between is read when it is written out. A new
application is told at once as well (`applying`); the digest counts those still waiting.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select

from asanokai import clock, letters, meetings, members, rsvps, seals
from asanokai.db import session
from asanokai.intake import Incoming
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Address, Application, Member
from asanokai.rsvps import Rsvp, Tally
from asanokai.series import Belonging, Series, in_utc, still

AT, UNTIL = time(7), time(12)
"""On the coordinator's clock. A worker that slept makes up for it until noon."""

FIRST = timedelta(hours=24)
"""How far back the first digest of a coordinator looks."""

MOST_FAILED = MOST_PARKED = 50

WEEK = timedelta(days=7)
SLACK = timedelta(hours=12)
"""No two mornings begin in the same second."""

NOTHING = "nothing to say"


@dataclass(frozen=True)
class Line:
    """A meeting to come: how it stands, and what is new. `new_yes` counts answers; `new_coming` and `new_waiting`
    people, as the tally does. `late` are those who declined after the deadline."""

    meeting: Meeting
    series: Series
    tally: Tally
    new_yes: int
    new_maybe: int
    new_no: int
    new_coming: int
    new_waiting: int
    late: list[Member]


@dataclass(frozen=True)
class Digest:
    """What one coordinator is told."""

    lines: list[Line]
    failed: list[tuple[Letter, Member | None]]
    applications: int
    parked: list[tuple[Incoming, Member | None]] = field(default_factory=list)
    unreachable: list[Member] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lines or self.failed or self.parked or self.unreachable)


@dataclass(frozen=True)
class Morning:
    """A coordinator's digest that is not there yet: its key, for whom, and the day on their clock."""

    key: str
    member_id: int
    day: date


def due() -> list[Morning]:
    """The coordinators whose 07:00 has come, once a day: all other beats cost two statements."""
    now = clock.now()
    mornings = {
        (key := f"digest:{member.id}:{local.date().isoformat()}"): Morning(key, member.id, local.date())
        for member in _coordinators()
        if AT <= (local := now.astimezone(ZoneInfo(member.zone))).time() < UNTIL
    }
    if not mornings:
        return []
    done = set(session().scalars(select(Letter.key).where(Letter.key.in_(mornings))))
    return [morning for key, morning in mornings.items() if key not in done]


def post_due() -> int:
    """Post every digest that is due; how many have something to say."""
    return sum(post(morning) for morning in due())


def post(morning: Morning) -> bool:
    """Post one coordinator's digest; whether it has something to say.

    A morning with nothing to say is noted on the letter's row as dropped, so that it is asked once.
    """
    key, day, now = morning.key, morning.day, clock.now()
    member = members.by_id(morning.member_id)
    since = _since(member) or now - FIRST
    off = members.unwanted(member.id, "digest")
    seal = {} if off else _seal(member, now)
    something = seal or (not off and (contents(member, since, now) or _new_applications(member, since, now)))
    letters.post(
        "digest",
        key,
        member_id=member.id,
        facts={"since": since.isoformat(), "until": now.isoformat(), **seal},
        useless_after=in_utc(datetime.combine(day, UNTIL), member.zone),
    )
    if not something:
        letters.drop_by_key(key, members.SWITCHED_OFF if off else NOTHING)
    return bool(something)


def _coordinators() -> list[Member]:
    coordinate = select(Belonging.member_id).where(Belonging.role == "coordinator", still(clock.now()))
    return list(
        session().scalars(
            select(Member)
            .where(Member.standing == "accepted", or_(Member.administrator, Member.id.in_(coordinate)))
            .order_by(Member.id)
        )
    )


def _since(member: Member) -> datetime | None:
    """Up to when the last digest spoke, or would have but for its switch. Those that never went out told nothing: the
    next speaks of their time too."""
    own = select(Letter.facts).where(Letter.member_id == member.id, Letter.kind == "digest").limit(1)
    told = or_(
        Letter.state.not_in(("failed", "bounced", "dropped")), Letter.reason.in_((NOTHING, members.SWITCHED_OFF))
    )
    if last := session().scalar(own.where(told).order_by(Letter.created_at.desc(), Letter.id.desc())):
        return datetime.fromisoformat(last["until"])
    first = session().scalar(own.order_by(Letter.created_at, Letter.id))
    return datetime.fromisoformat(first["since"]) if first else None


def _seal(member: Member, now: datetime) -> dict[str, Any]:
    """The newest seal of the journal as the row's facts: for an administrator who was told none for a week, if one was
    made meanwhile."""
    newest = seals.newest() if member.administrator else None
    if newest is None or newest.at <= now - WEEK:
        return {}
    own = select(Letter.facts).where(Letter.member_id == member.id, Letter.kind == "digest")
    went = own.where(Letter.created_at > now - WEEK + SLACK, Letter.state.not_in(("failed", "bounced", "dropped")))
    if any("seal" in (facts or {}) for facts in session().scalars(went)):
        return {}
    return {"seal": {"entry": newest.last_id, "digest": newest.head}}


def _own_series(member: Member) -> list[Series]:
    """The series the member is told about: an administrator of those nobody else coordinates, too."""
    coordinated = (
        select(Belonging.series_id)
        .join(Member, Member.id == Belonging.member_id)
        .where(Belonging.role == "coordinator", Member.standing == "accepted", still(clock.now()))
    )
    own = [Series.id.in_(coordinated.where(Belonging.member_id == member.id))]
    if member.administrator:
        own.append(Series.id.not_in(coordinated))
    return list(session().scalars(select(Series).where(or_(*own)).order_by(Series.id)))


def contents(member: Member, since: datetime, until: datetime) -> Digest:
    """What happened in the coordinator's series after `since` and up to `until`."""
    of_id = {series.id: series for series in _own_series(member)}
    own = list(of_id)
    coming = (
        session()
        .scalars(
            select(Meeting)
            .where(Meeting.series_id.in_(own), Meeting.state == "announced", Meeting.ends_at > until)
            .order_by(Meeting.starts_at, Meeting.id)
        )
        .all()
    )
    return Digest(
        lines=_lines(list(coming), of_id, since, until),
        failed=_failed(meetings.ids_of_series(own), since, until),
        applications=_applications(own),
        parked=_parked(member, own, since, until),
        unreachable=_unreachable(own, since, until),
    )


def _lines(coming: list[Meeting], of_id: dict[int, Series], since: datetime, until: datetime) -> list[Line]:
    ids = [meeting.id for meeting in coming]
    new = session().execute(
        select(Rsvp.meeting_id, Rsvp.answer, Rsvp.seat, func.count(), func.sum(1 + Rsvp.guests))
        .where(Rsvp.meeting_id.in_(ids), Rsvp.answered_at > since, Rsvp.answered_at <= until)
        .group_by(Rsvp.meeting_id, Rsvp.answer, Rsvp.seat)
    )
    counted: dict[int, Counter[str]] = {}
    for meeting_id, answer, seat, count, party in new:
        counted.setdefault(meeting_id, Counter()).update({answer: count, seat or "none": int(party)})
    late: dict[int, list[Member]] = {}
    declined = session().execute(
        select(Rsvp.meeting_id, Member)
        .join(Member, Member.id == Rsvp.member_id)
        .where(Rsvp.meeting_id.in_(ids), Rsvp.answer == "no", Rsvp.late)
        .where(Rsvp.answered_at > since, Rsvp.answered_at <= until)
        .order_by(Rsvp.answered_at, Rsvp.id)
    )
    for meeting_id, member in declined:
        late.setdefault(meeting_id, []).append(member)
    tallies = rsvps.tallies(ids)
    return [
        Line(
            meeting=meeting,
            series=of_id[meeting.series_id],
            tally=tallies[meeting.id],
            new_yes=counted[meeting.id]["yes"],
            new_maybe=counted[meeting.id]["maybe"],
            new_no=counted[meeting.id]["no"],
            new_coming=counted[meeting.id]["held"],
            new_waiting=counted[meeting.id]["waiting"],
            late=late.get(meeting.id, []),
        )
        for meeting in coming
        if meeting.id in counted
    ]


def _failed(meeting_ids: list[int], since: datetime, until: datetime) -> list[tuple[Letter, Member | None]]:
    found = (
        session()
        .scalars(
            select(Letter)
            .where(
                Letter.state.in_(("failed", "bounced")),
                Letter.meeting_id.in_(meeting_ids),
                Letter.settled_at > since,
                Letter.settled_at <= until,
            )
            .order_by(Letter.id)
            .limit(MOST_FAILED)
        )
        .all()
    )
    people = members.by_ids({letter.member_id for letter in found if letter.member_id})
    return [(letter, people.get(letter.member_id or 0)) for letter in found]


def _parked(
    member: Member, series_ids: list[int], since: datetime, until: datetime
) -> list[tuple[Incoming, Member | None]]:
    """Mails that came to wait for a person and still do."""
    found = (
        session()
        .scalars(
            select(Incoming)
            .where(Incoming.state == "parked", Incoming.taken_at > since, Incoming.taken_at <= until)
            .where(_concerns(member, series_ids))
            .order_by(Incoming.id)
            .limit(MOST_PARKED)
        )
        .all()
    )
    people = members.by_ids({mail.member_id for mail in found if mail.member_id})
    return [(mail, people.get(mail.member_id or 0)) for mail in found]


def _concerns(member: Member, series_ids: list[int]) -> ColumnElement[bool]:
    """Mails about a meeting of these series, else from somebody who belongs or belonged to them; what belongs to nobody
    is for the administrators."""
    of_meetings = select(Meeting.id).where(Meeting.series_id.in_(series_ids))
    people = select(Belonging.member_id).where(Belonging.series_id.in_(series_ids))
    from_them = and_(Incoming.meeting_id.is_(None), Incoming.member_id.in_(people))
    own = [Incoming.meeting_id.in_(of_meetings), from_them]
    if member.administrator:
        somewhere = select(Belonging.member_id)
        own.append(
            and_(
                Incoming.meeting_id.is_(None),
                or_(Incoming.member_id.is_(None), Incoming.member_id.not_in(somewhere)),
            )
        )
    return or_(*own)


def _unreachable(series_ids: list[int], since: datetime, until: datetime) -> list[Member]:
    """Members whose main address gets nothing any more, since letters to it came back."""
    belonging = select(Belonging.member_id).where(Belonging.series_id.in_(series_ids), still(clock.now()))
    return list(
        session().scalars(
            select(Member)
            .join(Address, and_(Address.member_id == Member.id, Address.kind == "main"))
            .where(Address.suppressed_at > since, Address.suppressed_at <= until, Member.standing == "accepted")
            .where(Member.id.in_(belonging))
            .order_by(Member.id)
        )
    )


def _applications(series_ids: list[int]) -> int:
    waiting = select(func.count(Application.id)).where(
        Application.state == "confirmed", Application.series_id.in_(series_ids)
    )
    return int(session().scalar(waiting) or 0)


def _new_applications(member: Member, since: datetime, until: datetime) -> bool:
    new = select(Application.id).where(
        Application.state == "confirmed",
        Application.series_id.in_([series.id for series in _own_series(member)]),
        Application.confirmed_at > since,
        Application.confirmed_at <= until,
    )
    return session().scalar(new.limit(1)) is not None
