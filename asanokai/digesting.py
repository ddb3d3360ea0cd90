"""The coordinators' digest at 07:00: new answers, late refusals, failed letters, applications; none if nothing is new.

A digest's row holds from when to when it speaks; what happened in between is read when it is written out. A new
application is told at once as well (`applying`); the digest counts those still waiting.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from asanokai import clock, letters, meetings, members, rsvps
from asanokai.db import session
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Application, Member
from asanokai.rsvps import Rsvp, Tally
from asanokai.series import Belonging, Series, in_utc, still

AT, UNTIL = time(7), time(12)
"""On the coordinator's clock. A worker that slept makes up for it until noon."""

FIRST = timedelta(hours=24)
"""How far back the first digest of a coordinator looks."""

MOST_FAILED = 50

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

    def __bool__(self) -> bool:
        return bool(self.lines or self.failed)


def post_due() -> int:
    """Post the digest of every coordinator whose 07:00 has come and who has something to read; how many.

    A morning with nothing to say is noted on the letter's row as dropped, so that it is asked once: all other beats of
    the day cost two statements.
    """
    now = clock.now()
    mornings = {
        f"digest:{member.id}:{local.date().isoformat()}": (member, local.date())
        for member in _coordinators()
        if AT <= (local := now.astimezone(ZoneInfo(member.zone))).time() < UNTIL
    }
    if not mornings:
        return 0
    done = set(session().scalars(select(Letter.key).where(Letter.key.in_(mornings))))
    return sum(_post(key, *mornings[key], now) for key in mornings if key not in done)


def _post(key: str, member: Member, day: date, now: datetime) -> bool:
    since = _since(member) or now - FIRST
    off = members.unwanted(member.id, "digest")
    something = not off and (contents(member, since, now) or _new_applications(member, since, now))
    letters.post(
        "digest",
        key,
        member_id=member.id,
        facts={"since": since.isoformat(), "until": now.isoformat()},
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
