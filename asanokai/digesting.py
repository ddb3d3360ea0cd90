"""The coordinators' digest at 07:00: new answers, late refusals, failed letters, applications. Only when there is something.

A digest's row holds from when to when it speaks; what happened in between is read when it is written out. New applications
are also told at once (`applying`); the digest counts those still waiting.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from asanokai import clock, letters, meetings, members, rsvps
from asanokai import series as series_rules
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


@dataclass(frozen=True)
class Line:
    """A meeting to come: how it stands, and what is new. `late` are those who declined after the deadline."""

    meeting: Meeting
    series: Series
    tally: Tally
    new_yes: int
    new_maybe: int
    new_no: int
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

    A morning with nothing to say is noted on the letter's row as dropped, so that it is asked once.
    """
    now, posted = clock.now(), 0
    for member in _coordinators():
        local = now.astimezone(ZoneInfo(member.zone))
        if not AT <= local.time().replace(tzinfo=None) < UNTIL:
            continue
        key = f"digest:{member.id}:{local.date().isoformat()}"
        if session().scalar(select(Letter.id).where(Letter.key == key)):
            continue
        since = _since(member) or now - FIRST
        contents_ = contents(member, since, now)
        letters.post(
            "digest",
            key,
            member_id=member.id,
            facts={"since": since.isoformat(), "until": now.isoformat()},
            useless_after=in_utc(datetime.combine(local.date(), UNTIL), member.zone),
        )
        if contents_ or _new_applications(member, since, now):
            posted += 1
        else:
            letters.drop_by_key(key, NOTHING)
    return posted


NOTHING = "nothing to say"


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
    """Up to when the last digest spoke."""
    facts = session().scalar(
        select(Letter.facts)
        .where(Letter.member_id == member.id, Letter.kind == "digest")
        .order_by(Letter.created_at.desc(), Letter.id.desc())
        .limit(1)
    )
    return datetime.fromisoformat(facts["until"]) if facts else None


def _own_series(member: Member) -> list[int]:
    """The series the member is told about: an administrator of those nobody else coordinates, too."""
    own = [
        series.id
        for series in series_rules.coordinated_by(member)
        if any(one.id == member.id for one in series_rules.coordinators(series.id))
    ]
    return own


def contents(member: Member, since: datetime, until: datetime) -> Digest:
    """What happened in the coordinator's series after `since` and up to `until`."""
    own = _own_series(member)
    of_id = {row.id: row for row in session().scalars(select(Series).where(Series.id.in_(own)))}
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
        select(Rsvp.meeting_id, Rsvp.answer, func.count())
        .where(Rsvp.meeting_id.in_(ids), Rsvp.answered_at > since, Rsvp.answered_at <= until)
        .group_by(Rsvp.meeting_id, Rsvp.answer)
    )
    counted: dict[int, dict[str, int]] = {}
    for meeting_id, answer, count in new:
        counted.setdefault(meeting_id, {})[answer] = count
    late: dict[int, list[Member]] = {}
    declined = session().execute(
        select(Rsvp.meeting_id, Member)
        .join(Member, Member.id == Rsvp.member_id)
        .where(Rsvp.meeting_id.in_(ids), Rsvp.late, Rsvp.answered_at > since, Rsvp.answered_at <= until)
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
            new_yes=counted[meeting.id].get("yes", 0),
            new_maybe=counted[meeting.id].get("maybe", 0),
            new_no=counted[meeting.id].get("no", 0),
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
        Application.series_id.in_(_own_series(member)),
        Application.confirmed_at > since,
        Application.confirmed_at <= until,
    )
    return session().scalar(new.limit(1)) is not None
