"""The dates of a series: proposed by its rule, added by hand, dropped, brought back, moved to a better day; and changes
that reach one meeting, it and those after it, or all that have not begun.

A meeting's own changes are never lost: a change that reaches many leaves alone what somebody set for one. People are
told through `announcing`, as of any other change. What a day collides with stands in `holidays`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, union

from asanokai import announcing, clock, db, journal, meetings
from asanokai import holidays as calendar
from asanokai import series as series_rules
from asanokai.announcing import Change
from asanokai.errors import N_, BadInput, Refused
from asanokai.holidays import Mark
from asanokai.meetings import AHEAD, Meeting
from asanokai.planning import usual
from asanokai.planning.aligning import Alignment, align, was_moved
from asanokai.planning.usual import PLAIN, REACHING, Usual, Values
from asanokai.series import LONGEST_MINUTES, Lead, Series, in_utc

__all__ = ["ALL", "FOLLOWING", "REACHES", "REACHING", "THIS", "Alignment", "Entry", "Reached", "Usual", "was_moved"]

THIS, FOLLOWING, ALL = REACHES = ("this", "following", "all")
FURTHEST = 45
"""Days within which a better one is looked for."""


@dataclass(frozen=True)
class Entry:
    """One date of a series: what it collides with, and the nearest day without a collision where there is one."""

    meeting: Meeting
    marks: list[Mark]
    own: frozenset[str]
    better: date | None = None

    @property
    def dropped(self) -> bool:
        """Whether it was dropped before anybody was told."""
        return is_dropped(self.meeting)

    @property
    def origin(self) -> str:
        """rule | hand | moved."""
        if self.meeting.proposed_for is None:
            return "hand"
        return "moved" if was_moved(self.meeting) else "rule"


def is_dropped(meeting: Meeting) -> bool:
    """Whether it was a draft and is none any more."""
    return meeting.state == "cancelled" and meeting.announced_at is None


def _to_come(series: Series) -> list[Meeting]:
    query = select(Meeting).where(Meeting.series_id == series.id, Meeting.starts_at > clock.now())
    return list(db.session().scalars(query.order_by(Meeting.starts_at, Meeting.id)))


def dates(series: Series) -> list[Entry]:
    """Every date of the series that has not begun, in order; the dropped ones of which somebody meets that day left
    out."""
    found = _to_come(series)
    taken = {meeting.local_date for meeting in found if meeting.state != "cancelled"}
    usuals = usual.of_meetings(series, found)
    shown = [meeting for meeting in found if not (is_dropped(meeting) and meeting.local_date in taken)]
    return [_entry(meeting, taken, usuals[meeting.id]) for meeting in shown]


def _entry(meeting: Meeting, taken: set[date], usual_here: Values) -> Entry:
    place = place_of(meeting.venue)
    marks = calendar.collisions(meeting.local_date, place)
    own = frozenset(usual.own(meeting, usual_here))
    return Entry(meeting, marks, own, better_day(meeting.local_date, place, taken, marks))


def place_of(venue: dict[str, str] | None) -> str:
    """Where a meeting is, in all the words there are."""
    return " ".join((venue or {}).values())


def better_day(day: date, place: str, taken: Collection[date], marks: list[Mark] | None = None) -> date | None:
    """The nearest day without a collision, on which the series does not meet yet: the same weekday one or two weeks
    away, else any working day. None where nothing speaks against the day, or none is near."""
    if not any(mark.avoid for mark in (calendar.collisions(day, place) if marks is None else marks)):
        return None
    weeks = [day + timedelta(weeks=number) for number in (1, -1, 2, -2)]
    near = [day + timedelta(days=sign * number) for number in range(1, FURTHEST + 1) for sign in (1, -1)]
    today = clock.now().date()
    for candidate in (*weeks, *(one for one in near if one.weekday() < 5)):
        if candidate > today and candidate not in taken and calendar.is_free_of_collisions(candidate, place):
            return candidate
    return None


# --- one date ---------------------------------------------------------------------------------------------------------


def add_by_hand(series: Series, wall: datetime, *, actor_id: int | None) -> Meeting:
    """A draft on a day of one's own choice. Raises `BadInput` for one that has passed or on which the series meets."""
    if in_utc(wall, series.zone) <= clock.now():
        raise BadInput("starts", N_("This is in the past; please give a date to come."))
    _refuse_second(series, wall.date(), field="starts")
    return meetings.add(series, wall, actor_id=actor_id)


def drop(meeting_id: int, *, actor_id: int | None) -> Meeting:
    """Drop a draft nobody was told of. The rule does not propose it again. Raises `Refused` for anything else."""
    meeting = meetings.by_id(meeting_id)
    meetings.delete_draft(meeting, actor_id=actor_id)
    return meeting


def restore(meeting_id: int, *, actor_id: int | None) -> Meeting:
    """Bring a dropped draft back, with what it had of its own; else as the series is now. Raises `Refused`."""
    meeting = meetings.for_update(meeting_id)
    if not is_dropped(meeting):
        raise Refused(N_("Only a date that was dropped can be brought back."))
    if meeting.starts_at <= clock.now():
        raise Refused(N_("This date has passed."))
    series = series_rules.by_id(meeting.series_id)
    _refuse_second(series, meeting.local_date)
    meeting.state, meeting.cancelled_at = "draft", None
    journal.write("restore", "meeting", meeting.id, actor_id=actor_id)
    before, now = usual.of_meetings(series, [meeting])[meeting.id], usual.of_series(series)
    timeless = {"at"} if now["at"] is None else set()
    changes = {name: now[name] for name in REACHING if now[name] != before[name] and name not in timeless}
    own = usual.own(meeting, before)
    _apply(meeting, changes, before, own, actor_id=actor_id)
    usual.follow({meeting.id: own}, now)
    return meeting


def move_to_better_day(meeting_id: int, *, actor_id: int | None) -> Meeting:
    """Move a draft to the nearest day without a collision, at the same time of day. Raises `Refused`."""
    meeting = meetings.for_update(meeting_id)
    if meeting.state != "draft":
        raise Refused(N_("Only a draft moves by one click; people must be told of an announced meeting's new date."))
    series = series_rules.by_id(meeting.series_id)
    taken = {other.local_date for other in _to_come(series) if other.state != "cancelled"}
    day = better_day(meeting.local_date, place_of(meeting.venue), taken)
    if day is None:
        raise Refused(N_("There is no better day near this date."))
    return _put_on(meeting, day, actor_id=actor_id)


def move_back(meeting_id: int, *, actor_id: int | None) -> Meeting:
    """Put a draft that was moved back on the rule's day. Raises `Refused`."""
    meeting = meetings.for_update(meeting_id)
    if meeting.state != "draft" or not was_moved(meeting):
        raise Refused(N_("This date was not moved."))
    day = datetime.fromisoformat(meeting.proposed_for or "").date()
    if day <= clock.now().astimezone(ZoneInfo(meeting.zone)).date():
        raise Refused(N_("This date has passed."))
    _refuse_second(series_rules.by_id(meeting.series_id), day)
    return _put_on(meeting, day, actor_id=actor_id)


def _put_on(meeting: Meeting, day: date, *, actor_id: int | None) -> Meeting:
    at = meeting.starts_at.astimezone(ZoneInfo(meeting.zone)).time()
    starts_at = in_utc(datetime.combine(day, at), meeting.zone)
    return announcing.move(meeting.id, Change(starts_at), actor_id=actor_id)


def _refuse_second(series: Series, day: date, field: str = "") -> None:
    """The series meets once a day."""
    if any(other.local_date == day and other.state != "cancelled" for other in _to_come(series)):
        raise BadInput(field, N_("The series meets on that day already."))


# --- this, this and following, all ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reached:
    """Whom a change reaches: meetings that change, those that keep values of their own, people who are told."""

    changing: list[Meeting]
    keeping: list[Meeting]
    told: int


def change(meeting_id: int, reach: str, *, actor_id: int | None, **values: object) -> Reached:
    """Change what `REACHING` names, for this meeting, for it and those after it, or for all that have not begun. What
    reaches more than one meeting is what the series proposes from then on. Raises `BadInput`, `Refused`."""
    this = meetings.by_id(meeting_id)
    for one in sorted(_reached(this, reach), key=lambda meeting: meeting.id):
        meetings.for_update(one.id)  # in the order of their numbers, whichever of them was changed
    series, changes, reached = _prepared(this, reach, values)
    if not changes:
        return Reached([], [], 0)
    usuals = usual.of_meetings(series, reached)
    found = _found(this, reached, changes, usuals)
    if reach == THIS:
        _apply(this, changes, usuals[this.id], set(), actor_id=actor_id)
        usual.give_up(this.id, changes)
        return found
    usual.keep(series)
    announcing.change_series(series.id, actor_id=actor_id, **_for_series(series, changes))
    _spread(reached, changes, usuals, this_id=this.id, actor_id=actor_id)
    return found


def would_reach(meeting_id: int, reach: str, **values: object) -> Reached:
    """What `change` would do. Raises as it does."""
    this = meetings.by_id(meeting_id)
    series, changes, reached = _prepared(this, reach, values)
    return _found(this, reached, changes, usual.of_meetings(series, reached))


def values_of(meeting: Meeting, series: Series) -> Values:
    """What `change` takes, as it stands for the meeting."""
    return usual.present(meeting, usual.of_meetings(series, [meeting])[meeting.id])


def _prepared(this: Meeting, reach: str, values: Values) -> tuple[Series, Values, list[Meeting]]:
    """The series, what really changes, and the meetings it reaches."""
    if set(values) - set(REACHING):
        raise TypeError(f"does not reach others: {sorted(set(values) - set(REACHING))}")
    if reach not in REACHES:
        raise BadInput("reach", N_("Please choose which meetings to change."))
    if this.state not in ("draft", "announced") or this.starts_at <= clock.now():
        raise Refused(N_("Only a draft or an announced meeting that has not begun can be changed."))
    series = series_rules.by_id(this.series_id)
    before = values_of(this, series)
    if "deadline" in values:
        values["deadline"] = str(Lead.parse(values["deadline"]))
    changes = {name: value for name, value in values.items() if value != before[name]}
    _check(changes)
    return series, changes, _reached(this, reach)


def _reached(this: Meeting, reach: str) -> list[Meeting]:
    if reach == THIS:
        return [this]
    coming = [one for one in _to_come(series_rules.by_id(this.series_id)) if one.state in ("draft", "announced")]
    later = [one for one in coming if (one.starts_at, one.id) >= (this.starts_at, this.id)]
    return later if reach == FOLLOWING else coming


def _check(changes: Values) -> None:
    minutes, seats, guests = changes.get("minutes", 1), changes.get("seats"), changes.get("guests_allowed", 0)
    if not isinstance(minutes, int) or not 0 < minutes <= LONGEST_MINUTES:
        raise BadInput("minutes", N_("A meeting lasts at least a minute and at most 30 days."))
    if seats is not None and not 0 < seats <= 100_000:
        raise BadInput("seats", N_("Please give a number of seats above zero, or none for unlimited."))
    if guests is None or not 0 <= guests <= 20:
        raise BadInput("guests_allowed", N_("Between 0 and 20 guests may be allowed."))


def _found(this: Meeting, reached: list[Meeting], changes: Values, usuals: dict[int, Values]) -> Reached:
    keeping, changing = [], []
    for meeting in reached:
        own = set() if meeting.id == this.id else usual.own(meeting, usuals[meeting.id]) & set(changes)
        if own:
            keeping.append(meeting)
        if set(changes) - own:
            changing.append(meeting)
    told = 0
    if set(changes) & {"at", "minutes", "venue"}:
        told = sum(announcing.touched(meeting) for meeting in changing if meeting.state == "announced")
    return Reached(changing, keeping, told)


def _spread(
    reached: list[Meeting], changes: Values, usuals: dict[int, Values], *, this_id: int, actor_id: int | None
) -> None:
    """Change each meeting but for what is its own, and write down that this is usual from now on."""
    owned: dict[int, set[str]] = {}
    for meeting in sorted(reached, key=lambda one: one.id):
        own = usual.own(meeting, usuals[meeting.id])
        owned[meeting.id] = own - set(changes) if meeting.id == this_id else own
        _apply(meeting, changes, usuals[meeting.id], owned[meeting.id], actor_id=actor_id)
    usual.follow(owned, changes)


def _apply(meeting: Meeting, changes: Values, usual_here: Values, own: set[str], *, actor_id: int | None) -> None:
    """Give one meeting those of the new values that are not its own; whoever knows of it is told."""
    mine = {name: value for name, value in changes.items() if name not in own}
    starts_at = usual.starts(meeting, mine["at"]) if "at" in mine else meeting.starts_at
    ends_at = usual.ends(starts_at, mine["minutes"], meeting.zone) if "minutes" in mine else None
    if {"at", "minutes", "venue"} & set(mine):
        venue = (mine["venue"] or {}) if "venue" in mine else None
        announcing.move(meeting.id, Change(starts_at, ends_at, venue), actor_id=actor_id)
    edits = {name: mine[name] for name in PLAIN if name in mine}
    if "deadline" in mine or ("at" in mine and "deadline" not in own):
        lead = mine["deadline"] if "deadline" in mine else usual_here["deadline"]
        until = usual.deadline(starts_at, lead, meeting.zone)
        if until != meeting.answer_until:
            edits["answer_until"] = until
    if edits:
        announcing.edit(meeting.id, actor_id=actor_id, **edits)


def _for_series(series: Series, changes: Values) -> Values:
    """The changes as the series holds them."""
    fields = {name: value for name, value in changes.items() if name != "at"}
    if "at" in changes and series.first is not None:
        fields["first"] = f"{series.first[:10]}T{changes['at']}"
    return fields


# --- the series and its rule ------------------------------------------------------------------------------------------


def change_series(series_id: int, *, all_to_come: bool = False, actor_id: int | None, **fields: object) -> None:
    """Change a series for what it proposes from now on; with `all_to_come` also for the meetings that are there, but
    for what is their own. Raises `BadInput`."""
    series = series_rules.by_id(series_id)
    before = usual.of_series(series)
    usual.keep(series)
    rule, first = fields.pop("rule", series.rule), fields.pop("first", series.first)
    announcing.change_series(series_id, actor_id=actor_id, **fields)
    rule, first = str(rule) if rule else None, str(first) if first else None
    if not all_to_come:
        _claim(aligned(series, rule, first))
        series_rules.change(series, actor_id=actor_id, rule=rule, first=first)
        return
    set_rule(series_id, rule, first, actor_id=actor_id)
    now = usual.of_series(series)
    changes = {name: now[name] for name in REACHING if now[name] != before[name] and name != "at"}
    coming = [one for one in _to_come(series) if one.state in ("draft", "announced")]
    _spread(coming, changes, usual.of_meetings(series, coming), this_id=0, actor_id=actor_id)


def aligned(series: Series, rule: str | None, first: str | None) -> Alignment:
    """What another rule would make of the series' dates. Raises `BadInput`."""
    if rule is None or first is None:
        return Alignment([])
    now = clock.now()
    walls = series_rules.dates_of_rule(rule, first, series.zone, after=now, until=now + AHEAD)
    since = series_rules.wall_time(first).date()
    return align(meetings.of_series(series), walls, since=since, now=now)


def set_rule(series_id: int, rule: str | None, first: str | None, *, actor_id: int | None) -> Alignment:
    """Give the series another rule and let its drafts follow: see `aligning`. Drafts of a day that stays take the new
    time of day; what has a topic or values of its own is kept even where the rule has no date for it any more."""
    series = series_rules.by_id(series_id)
    usual.keep(series)
    found = aligned(series, rule, first)
    announcing.change_series(series_id, actor_id=actor_id, rule=rule, first=first)
    if rule is None or first is None:
        return found
    _claim(found)
    _follow_rule(series, found, first, actor_id=actor_id)
    _drop_untouched(series, found.left, actor_id=actor_id)
    meetings.propose(series)
    return found


def _claim(found: Alignment) -> None:
    """Let each meeting take its date of the new rule for its own, so that nobody proposes a second one for that."""
    walls = {**found.moving, **found.standing}
    for meeting in meetings.by_ids(walls).values():
        meeting.proposed_for = walls[meeting.id].isoformat(timespec="minutes")
    db.session().flush()


def _follow_rule(series: Series, found: Alignment, first: str, *, actor_id: int | None) -> None:
    """Drafts go to their new day and, unless they have an hour of their own, to the new time of day."""
    at = first[11:16]
    numbers = {*(one.id for one in found.there.values()), *found.moving, *found.standing}
    coming = sorted(meetings.by_ids(numbers).values(), key=lambda one: one.id)
    drafts = [one for one in coming if one.state == "draft" and one.starts_at > clock.now()]
    usuals = usual.of_meetings(series, drafts)
    owned = {meeting.id: usual.own(meeting, usuals[meeting.id]) for meeting in drafts}
    for meeting in drafts:
        if meeting.id in found.moving:
            _put_on(meeting, found.moving[meeting.id].date(), actor_id=actor_id)
        if usuals[meeting.id]["at"] != at:
            _apply(meeting, {"at": at}, usuals[meeting.id], owned[meeting.id], actor_id=actor_id)
    usual.follow(owned, {"at": at})


def _drop_untouched(series: Series, left: list[Meeting], *, actor_id: int | None) -> None:
    """Drop drafts the rule has no date for, unless something was set for them. They no longer are the rule's."""
    bearing = _bearing({meeting.id for meeting in left})
    usuals = usual.of_meetings(series, left)
    for meeting in left:
        own = usual.own(meeting, usuals[meeting.id]) or meeting.title or meeting.note
        meeting.proposed_for = None
        if not own and meeting.id not in bearing:
            meetings.delete_draft(meeting, actor_id=actor_id)
    db.session().flush()


def _bearing(numbers: set[int]) -> set[int]:
    """Those of some meetings for which a row of anything stands: a topic, a part of the programme, a question."""
    if not numbers:
        return set()
    columns = [
        column
        for table in Meeting.metadata.sorted_tables
        for column in table.columns
        if table.name != Usual.__tablename__ and any(key.target_fullname == "meeting.id" for key in column.foreign_keys)
    ]
    found = union(*(select(column).where(column.in_(numbers)) for column in columns))
    return set(db.session().scalars(found))
