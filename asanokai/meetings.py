"""One morning of a series: its states and times, its address, and the moments at which letters are due.

States: draft → announced → held or cancelled. A meeting copies zone, length, seats and venue from its series when it is
proposed and is edited itself from then on. Who is told of a change stands in `announcing.py`; seats are counted only
under `for_update()`.
"""

import secrets
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, bindparam, delete, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from asanokai import clock, journal
from asanokai import series as series_rules
from asanokai.db import Base, Texts, session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.letters import Letter
from asanokai.series import EVE, INVITE, REMIND, USUAL_DEADLINE, USUAL_PLAN, Lead, Series, in_utc, leads

STATES = ("draft", "announced", "held", "cancelled")
AHEAD = timedelta(days=366)
"""How far ahead the worker proposes."""

FEED_MEMORY = timedelta(days=90)
"""How long calendars keep what is over or cancelled."""


class Meeting(Base):
    """A meeting, with its own zone, times, seats. `proposed_for` is the rule's wall time it was proposed for."""

    __tablename__ = "meeting"
    __table_args__ = (
        UniqueConstraint("series_id", "proposed_for"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index(None, "state", "starts_at"),
        Index(None, "series_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"))
    uid: Mapped[str] = mapped_column(unique=True)
    path: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="draft")
    proposed_for: Mapped[str | None]
    zone: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    answer_until: Mapped[datetime]
    offers_from: Mapped[datetime | None]
    seats: Mapped[int | None]
    guests_allowed: Mapped[int] = mapped_column(default=1)
    title: Mapped[dict[str, Any] | None] = mapped_column(Texts)
    venue: Mapped[dict[str, Any] | None] = mapped_column(Texts)
    note: Mapped[dict[str, Any] | None] = mapped_column(Texts)
    join_link: Mapped[str] = mapped_column(default="")
    reason: Mapped[dict[str, Any] | None] = mapped_column(Texts)
    public: Mapped[bool] = mapped_column(default=True)
    needs_approval: Mapped[bool] = mapped_column(default=True)
    sequence: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    paused_at: Mapped[datetime | None]
    announced_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    series: Mapped[Series] = relationship(lazy="raise")

    @property
    def local_date(self) -> date:
        """The date on the meeting's own calendar."""
        return self.starts_at.astimezone(ZoneInfo(self.zone)).date()


class FormerPath(Base):
    """An address a meeting had before it moved; it leads to the meeting for good."""

    __tablename__ = "former_path"

    path: Mapped[str] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)


class Moment(Base):
    """When a step of the letter plan is due for a meeting. Recomputed when the meeting or the plan moves."""

    __tablename__ = "moment"
    __table_args__ = (
        UniqueConstraint("meeting_id", "kind", "step"),
        CheckConstraint(f"kind IN {(INVITE, REMIND, EVE)}", name="kind"),
        Index(None, "done_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    kind: Mapped[str]
    step: Mapped[int]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


def add(
    series: Series,
    wall_start: datetime,
    *,
    wall_end: datetime | None = None,
    proposed_for: str | None = None,
    actor_id: int | None = None,
) -> Meeting:
    """A draft at a local wall time (naive, in the series' zone). Raises `BadInput` if it ends before it starts."""
    starts_at = in_utc(wall_start, series.zone)
    if wall_end is not None:
        ends_at = in_utc(wall_end, series.zone)
    else:
        # Days are counted on the calendar, hours by the clock (RFC 5545, 3.3.6).
        days, minutes = divmod(series.minutes, 24 * 60)
        ends_at = in_utc(wall_start + timedelta(days=days), series.zone) + timedelta(minutes=minutes)
    if ends_at <= starts_at:
        raise BadInput("ends", N_("The end must lie after the start."))
    meeting = Meeting(
        series_id=series.id,
        series=series,
        uid=f"{secrets.token_hex(16)}@asanokai",
        path=_free_path(series, wall_start.date()),
        proposed_for=proposed_for,
        zone=series.zone,
        starts_at=starts_at,
        ends_at=ends_at,
        answer_until=min(Lead.parse(series.deadline or USUAL_DEADLINE).before(starts_at, series.zone), starts_at),
        offers_from=series_rules.offers_from(series, starts_at),
        seats=series.seats,
        guests_allowed=series.guests_allowed,
        venue=series.venue,
        join_link=series.join_link,
        public=series.public,
        needs_approval=series.needs_approval,
        created_at=clock.now(),
    )
    session().add(meeting)
    session().flush()
    journal.write("add", "meeting", meeting.id, actor_id=actor_id, starts_at=meeting.starts_at.isoformat())
    return meeting


def _free_path(series: Series, day: date, *, own: int | None = None) -> str:
    for number in range(1, 100):
        path = f"{day.isoformat()}-{series.slug}" + (f"-{number}" if number > 1 else "")
        owner = session().scalar(select(Meeting.id).where(Meeting.path == path))
        former = session().scalar(select(FormerPath.meeting_id).where(FormerPath.path == path))
        if owner in (None, own) and former in (None, own):
            return path
    raise Refused(N_("There are too many meetings of this series on one day."))


def propose(series: Series, *, until: datetime | None = None) -> list[Meeting]:
    """Draft meetings for the dates the rule gives up to `until` (default twelve months) that are not there yet.

    A date once proposed stays proposed: a meeting that was moved or dropped does not come back. One that was added by
    hand and dropped again keeps no date from the rule.
    """
    if series.rule is None or series.first is None:
        return []
    now = clock.now()
    walls = series_rules.dates_of_rule(series.rule, series.first, series.zone, after=now, until=until or now + AHEAD)
    there = session().scalars(select(Meeting).where(Meeting.series_id == series.id)).all()
    # Dates, not times: a series that begins at another hour from now on must not meet twice on each of its days, nor
    # on one to which somebody has added or moved a meeting by hand.
    known = {datetime.fromisoformat(one.proposed_for).date() for one in there if one.proposed_for}
    known |= {one.local_date for one in there if one.state != "cancelled" or one.announced_at is not None}
    return [
        add(series, wall, proposed_for=wall.isoformat(timespec="minutes")) for wall in walls if wall.date() not in known
    ]


EDITABLE = ("title", "note", "join_link", "seats", "guests_allowed", "answer_until", "public", "needs_approval")


def end_from(meeting: Meeting, starts_at: datetime) -> datetime:
    """When the meeting ends if it begins at `starts_at` instead and lasts as long: days are counted on its calendar,
    hours by the clock (RFC 5545, 3.3.6)."""
    zone = ZoneInfo(meeting.zone)
    begun, ended = (moment.astimezone(zone).replace(tzinfo=None) for moment in (meeting.starts_at, meeting.ends_at))
    days = (ended - begun).days
    if days == 0:
        return starts_at.astimezone(UTC) + (meeting.ends_at - meeting.starts_at)
    rest = meeting.ends_at - in_utc(begun + timedelta(days=days), meeting.zone)
    wall = starts_at.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    return in_utc(wall, meeting.zone) + rest


def set_times(meeting: Meeting, starts_at: datetime, ends_at: datetime) -> None:
    """Give the meeting other times (aware). Deadline and moments keep their distance in local time; the old address
    leads on. Raises `BadInput` if it ends before it starts."""
    if ends_at <= starts_at:
        raise BadInput("ends", N_("The end must lie after the start."))
    if starts_at != meeting.starts_at:
        meeting.answer_until = min(_moved_along(meeting, meeting.answer_until, starts_at), starts_at)
        if meeting.offers_from is not None:
            meeting.offers_from = _moved_along(meeting, meeting.offers_from, starts_at)
    meeting.starts_at, meeting.ends_at = starts_at.astimezone(UTC), ends_at.astimezone(UTC)
    _set_path(meeting)


def _moved_along(meeting: Meeting, moment: datetime, starts_at: datetime) -> datetime:
    zone = ZoneInfo(meeting.zone)
    local = moment.astimezone(zone)
    days = (meeting.local_date - local.date()).days
    return in_utc(
        datetime.combine(starts_at.astimezone(zone).date() - timedelta(days=days), local.time()), meeting.zone
    )


def _set_path(meeting: Meeting) -> None:
    series = series_rules.by_id(meeting.series_id)
    path = _free_path(series, meeting.local_date, own=meeting.id)
    if path == meeting.path:
        return
    session().execute(delete(FormerPath).where(FormerPath.path == path))
    if meeting.state != "draft":
        session().add(FormerPath(path=meeting.path, meeting_id=meeting.id))
    meeting.path = path
    session().flush()


def of_use_until(meeting: Meeting, kind: str) -> datetime:
    """Until when a planned letter is of use: what asks for an answer until the deadline, the rest until the start."""
    return meeting.starts_at if kind == EVE else meeting.answer_until


def due_by_plan(meeting: Meeting, plan: dict[str, Any]) -> list[tuple[str, int, datetime]]:
    """The letter plan told on the meeting's calendar: (kind, step, due). A reminder after the deadline or an evening
    note after the start could only come too late, so it is left out."""
    found = [
        (kind, step, Lead.parse(words).before(meeting.starts_at, meeting.zone)) for kind, step, words in leads(plan)
    ]
    return [line for line in found if line[0] == INVITE or line[2] < of_use_until(meeting, line[0])]


def set_moments(meeting: Meeting) -> None:
    """Recompute when the plan's steps are due. A step already past when the meeting was announced is left out
    (reason *announced too late*), except the invitation, which then goes at once.

    Reminders are told apart by their moment, not by their place in the plan: what was done stays done, a step that is
    new or comes to lie in the future is due once, and what is past is not made up for.
    """
    series = series_rules.by_id(meeting.series_id)
    due: dict[str, list[datetime]] = {INVITE: [], EVE: [], REMIND: []}
    for kind, _step, due_at in due_by_plan(meeting, series.plan or USUAL_PLAN):
        due[kind].append(due_at)
    kept: dict[str, list[Moment]] = {INVITE: [], EVE: [], REMIND: []}
    for moment in session().scalars(select(Moment).where(Moment.meeting_id == meeting.id).order_by(Moment.due_at)):
        kept[moment.kind].append(moment)
    _set_invitation(meeting, kept[INVITE], due[INVITE])
    for kind in (EVE, REMIND):
        _set_steps(meeting, kind, kept[kind], due[kind])


def _set_invitation(meeting: Meeting, kept: list[Moment], due: list[datetime]) -> None:
    now = clock.now()
    if not due:
        for moment in kept:
            session().delete(moment)
    elif not kept:
        due_at = max(due[0], meeting.announced_at or now)
        session().add(Moment(meeting_id=meeting.id, kind=INVITE, step=1, due_at=due_at))
    else:
        if kept[0].due_at > now:
            kept[0].due_at = max(due[0], meeting.announced_at or now)
        if meeting.answer_until > now:
            # With a later deadline, who joins until then is invited again.
            kept[0].done_at = None
    session().flush()


def _set_steps(meeting: Meeting, kind: str, kept: list[Moment], due: list[datetime]) -> None:
    now = clock.now()
    new = sorted(set(due) - {moment.due_at for moment in kept})
    still_open = [moment for moment in kept if moment.due_at not in due and moment.done_at is None]
    done = [moment for moment in kept if moment.due_at not in due and moment.done_at is not None]
    for moment in done + still_open[len(new) :]:
        session().delete(moment)
    for moment, due_at in zip(still_open, new, strict=False):
        moment.due_at, moment.done_at = due_at, now if due_at < now else None
    session().flush()
    for due_at in new[len(still_open) :]:
        if due_at >= now:
            session().add(Moment(meeting_id=meeting.id, kind=kind, step=_free_step(meeting, kind), due_at=due_at))
            session().flush()


def _free_step(meeting: Meeting, kind: str) -> int:
    """The lowest number that no step has, nor a reminder that was posted: keys of its letters keep new ones away."""
    taken = set(session().scalars(select(Moment.step).where(Moment.meeting_id == meeting.id, Moment.kind == kind)))
    if kind == REMIND:
        posted = select(Letter.facts["step"].as_integer()).where(
            Letter.meeting_id == meeting.id, Letter.kind == kind, Letter.key.not_like("%:dropped:%")
        )
        taken |= set(session().scalars(posted.distinct()))
    return next(step for step in count(1) if step not in taken)


_ONE = select(Meeting).where(Meeting.id == bindparam("meeting"))
_LOCKED = _ONE.with_for_update().execution_options(populate_existing=True)


def for_update(meeting_id: int) -> Meeting:
    """The meeting, locked against every other change of it and its answers, fresh from the database. Raises `Missing`.

    On SQLite the writing transaction is the lock. Several meetings are locked in the order of their numbers.
    """
    meeting = session().scalar(_LOCKED, {"meeting": meeting_id})
    if meeting is None:
        raise Missing(N_("There is no such meeting."))
    return meeting


def by_id(meeting_id: int) -> Meeting:
    """The meeting. Raises `Missing`."""
    meeting = session().get(Meeting, meeting_id)
    if meeting is None:
        raise Missing(N_("There is no such meeting."))
    return meeting


def by_ids(meeting_ids: Collection[int]) -> dict[int, Meeting]:
    """Several meetings by their numbers, in one statement."""
    if not meeting_ids:
        return {}
    return {row.id: row for row in session().scalars(select(Meeting).where(Meeting.id.in_(meeting_ids)))}


def ids_of_series(series_ids: Collection[int]) -> list[int]:
    """Numbers of all meetings of some series."""
    return list(session().scalars(select(Meeting.id).where(Meeting.series_id.in_(series_ids))))


def by_path(path: str) -> tuple[Meeting, bool]:
    """The meeting at an address, and whether that is its address now (else it moved). Raises `Missing`."""
    meeting = session().scalar(select(Meeting).where(Meeting.path == path))
    if meeting is not None:
        return meeting, True
    former = session().get(FormerPath, path)
    if former is None:
        raise Missing(N_("There is no such meeting."))
    return by_id(former.meeting_id), False


def on_date(series: Series, day: date) -> Meeting:
    """The series' meeting on that local date, cancelled ones last. Raises `Missing`."""
    found = [meeting for meeting in of_series(series) if meeting.local_date == day]
    if not found:
        raise Missing(N_("“%(slug)s” has no meeting on %(day)s."), slug=series.slug, day=day.isoformat())
    return min(found, key=lambda meeting: meeting.state == "cancelled")


def of_series(series: Series) -> Sequence[Meeting]:
    """All meetings of the series in the order of time."""
    return (
        session()
        .scalars(select(Meeting).where(Meeting.series_id == series.id).order_by(Meeting.starts_at, Meeting.id))
        .all()
    )


def coming_of(series_ids: Collection[int]) -> Sequence[Meeting]:
    """Drafts and announced meetings of some series that are not over, soonest first."""
    return (
        session()
        .scalars(
            select(Meeting)
            .where(
                Meeting.series_id.in_(series_ids),
                Meeting.state.in_(("draft", "announced")),
                Meeting.ends_at > clock.now(),
            )
            .order_by(Meeting.starts_at, Meeting.id)
        )
        .all()
    )


def upcoming(*, public_only: bool = False, limit: int | None = None) -> Sequence[Meeting]:
    """Announced and cancelled meetings that are not over, soonest first. A draft that was dropped is neither."""
    query = (
        select(Meeting)
        .where(
            Meeting.state.in_(("announced", "cancelled")),
            Meeting.announced_at.is_not(None),
            Meeting.ends_at > clock.now(),
        )
        .order_by(Meeting.starts_at, Meeting.id)
        .limit(limit)
    )
    return session().scalars(query.where(Meeting.public) if public_only else query).all()


def past(*, public_only: bool = False, limit: int = 12) -> Sequence[Meeting]:
    """Held meetings, and announced ones that are over, latest first."""
    query = (
        select(Meeting)
        .where(Meeting.state.in_(("announced", "held")), Meeting.ends_at <= clock.now())
        .order_by(Meeting.starts_at.desc())
        .limit(limit)
    )
    return session().scalars(query.where(Meeting.public) if public_only else query).all()


def in_public_feed() -> Sequence[Meeting]:
    """Public meetings for a calendar, in the order of time: those announced that are not over, or cancelled, for longer
    than `FEED_MEMORY`."""
    since = clock.now() - FEED_MEMORY
    return (
        session()
        .scalars(
            select(Meeting)
            .where(
                Meeting.public,
                Meeting.announced_at.is_not(None),
                Meeting.ends_at > since,
                or_(Meeting.cancelled_at.is_(None), Meeting.cancelled_at > since),
            )
            .order_by(Meeting.starts_at, Meeting.id)
        )
        .all()
    )


def open_series() -> list[Series]:
    """Public series people may ask to join: those with a rule, and events that still lie ahead."""
    ahead = (
        select(Meeting.id)
        .where(Meeting.series_id == Series.id, Meeting.state == "announced", Meeting.ends_at > clock.now())
        .exists()
    )
    query = select(Series).where(Series.public, or_(Series.rule.is_not(None), ahead)).order_by(Series.id)
    return list(session().scalars(query))


def mark_held() -> int:
    """What was announced and is over was held. Returns how many."""
    held = session().execute(
        update(Meeting)
        .where(Meeting.state == "announced", Meeting.ends_at <= clock.now())
        .values(state="held")
        .returning(Meeting.id)
        .execution_options(synchronize_session=False)
    )
    ids = [row.id for row in held]
    for meeting_id in ids:
        journal.write("hold", "meeting", meeting_id)
    return len(ids)


def delete_draft(meeting: Meeting, *, actor_id: int | None) -> None:
    """Drop a draft: it becomes a cancelled row nobody was told of, so that the rule does not propose it again."""
    meeting = for_update(meeting.id)  # somebody may be announcing it
    if meeting.state != "draft":
        raise Refused(N_("Only a draft can be dropped; cancel a meeting that was announced."))
    meeting.state, meeting.cancelled_at = "cancelled", clock.now()
    journal.write("drop", "meeting", meeting.id, actor_id=actor_id)


def held_back() -> list[int]:
    """Numbers of the meetings whose letters wait, because they or their series are paused."""
    return list(
        session().scalars(
            select(Meeting.id)
            .join(Series, Series.id == Meeting.series_id)
            .where(
                Meeting.ends_at > clock.now() - timedelta(days=30),  # thanks follow a meeting
                Meeting.paused_at.is_not(None) | Series.paused_at.is_not(None),
            )
        )
    )
