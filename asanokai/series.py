"""What recurs: a rule in local time, the usual venue and seats, the letter plan, and who belongs.

A series without a rule is what pages call an event. The rule proposes dates; a meeting's row decides
(`meetings.propose`). It knows no meeting.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, and_, bindparam, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, journal
from asanokai.db import Base, Facts, Texts, session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.languages import LANGUAGES, zones
from asanokai.members import Member

INVITE, REMIND, EVE = "invite", "remind", "eve"
USUAL_PLAN = {
    "invite": "21 days before at 09:00",
    "remind": ["2 days before at 09:00"],
    "eve": "1 day before at 17:00",
}
USUAL_DEADLINE = "1 day before at 12:00"
USUAL_OFFERS = "3 days before at 09:00"
ROLES = ("member", "coordinator")
MOST_DATES = 400
LONGEST_MINUTES = 60 * 24 * 30

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LEAD = re.compile(r"\s*(\d{1,3})\s+days?\s+before\s+at\s+(\d{1,2}):(\d{2})\s*", re.IGNORECASE)
_RULE = re.compile(r"[A-Z]+=[A-Z0-9,+-]+(?:;[A-Z]+=[A-Z0-9,+-]+)*;?")
_END_OF_TIME = datetime(9999, 12, 31)  # noqa: DTZ001  a wall time
_RULE_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "WKST"}


class Series(Base):
    """A series, or an event if `rule` is None. `first` is the local wall time the rule starts from, as ISO text.

    `offers` is a lead: from then on freed seats are offered instead of given (None: always given). `standing_lapses`:
    a tentative seat that nobody confirmed is given back at the deadline.
    """

    __tablename__ = "series"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[dict[str, Any]] = mapped_column(Texts)
    description: Mapped[dict[str, Any] | None] = mapped_column(Texts)
    rule: Mapped[str | None]
    first: Mapped[str | None]
    zone: Mapped[str] = mapped_column(default="Europe/Berlin")
    minutes: Mapped[int] = mapped_column(default=120)
    venue: Mapped[dict[str, Any] | None] = mapped_column(Texts)
    join_link: Mapped[str] = mapped_column(default="")
    seats: Mapped[int | None]
    guests_allowed: Mapped[int] = mapped_column(default=1)
    deadline: Mapped[str] = mapped_column(default=USUAL_DEADLINE)
    offers: Mapped[str | None]
    standing_lapses: Mapped[bool] = mapped_column(default=False, server_default="0")
    plan: Mapped[dict[str, Any]] = mapped_column(Facts, default=lambda: dict(USUAL_PLAN))
    first_language: Mapped[str] = mapped_column(default="de")
    second_factor: Mapped[bool] = mapped_column(default=False, server_default="0")
    public: Mapped[bool] = mapped_column(default=True)
    needs_approval: Mapped[bool] = mapped_column(default=True)
    paused_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def is_event(self) -> bool:
        """Whether pages call this an event."""
        return self.rule is None


class Belonging(Base):
    """Who belongs to a series in which role, since when and until when (None: still)."""

    __tablename__ = "belonging"
    __table_args__ = (
        UniqueConstraint("series_id", "member_id", "role"),
        CheckConstraint(f"role IN {ROLES}", name="role"),
        Index(None, "member_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    role: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime | None]


@dataclass(frozen=True)
class Lead:
    """A due moment told from a meeting: "<n> days before at <HH:MM>", in the meeting's local time."""

    days: int
    at: time

    @classmethod
    def parse(cls, words: str) -> "Lead":
        """Raises `BadInput` if the words are not of that form."""
        match = _LEAD.fullmatch(words or "")
        if match is None or int(match[2]) > 23 or int(match[3]) > 59:
            raise BadInput(
                "plan",
                N_("“%(words)s” is not of the form “21 days before at 09:00”."),
                words=(words or "")[:60],
            )
        return cls(int(match[1]), time(int(match[2]), int(match[3])))

    def __str__(self) -> str:
        return f"{self.days} {'day' if self.days == 1 else 'days'} before at {self.at:%H:%M}"

    def before(self, starts_at: datetime, zone: str) -> datetime:
        """The moment this many days before the meeting's local date, in UTC."""
        local = starts_at.astimezone(ZoneInfo(zone))
        return in_utc(datetime.combine(local.date() - timedelta(days=self.days), self.at), zone)


def in_utc(wall: datetime, zone: str) -> datetime:
    """A wall time (naive) in a zone as a moment in UTC.

    A time that does not exist (spring) moves forward by the gap; one that exists twice (autumn) takes the first.
    """
    # fold=0 resolves both: PEP 495 gives a time inside the gap the offset before it, which lands behind the gap.
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def dates_of_rule(rule: str, first: str, zone: str, *, after: datetime, until: datetime) -> list[datetime]:
    """The rule's wall times whose moments lie in [after, until], as naive local datetimes in order.

    Raises `BadInput` for a rule dateutil cannot read or whose parts are finer than days.
    """
    last = until.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + timedelta(hours=3)
    recurrence, most = _recurrence(rule, first, last=last)
    found = [wall for wall in islice(recurrence, most) if after <= in_utc(wall, zone) <= until]
    return found[:MOST_DATES]


def _recurrence(rule: str, first: str, *, last: datetime) -> tuple[Iterable[datetime], int | None]:
    """dateutil's reading of the rule up to the wall time `last`, and the most dates it may give (COUNT; None: any)."""
    wrong = BadInput("rule", N_("This rule cannot be understood: %(rule)s"), rule=rule[:100])
    if not _RULE.fullmatch(rule.upper()):
        raise wrong
    parts = dict(part.split("=") for part in rule.upper().split(";") if part)
    if not set(parts) <= _RULE_PARTS or parts.get("FREQ") not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise wrong
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    # Searching every day up to the year 9999 for a 30 February takes dateutil seconds; a monthly rule says the same.
    if parts["FREQ"] == "DAILY" and set(parts) & {"BYMONTHDAY", "BYSETPOS"}:
        raise wrong
    # dateutil never comes back from an interval of zero.
    if not all(number.isdigit() and 0 < int(number) < 1000 for number in (parts.get("INTERVAL", "1"), count or "1")):
        raise wrong
    # dateutil fails in the middle of a month for a ninth Thursday; a sixth gives no date, which is said elsewhere.
    if any(abs(int(ordinal or 1)) > (5 if parts["FREQ"] == "MONTHLY" else 46) for ordinal in _ordinals(parts)):
        raise wrong
    start = wall_time(first)
    try:
        ends = min(last, datetime.fromisoformat(until)) if until else last
        read = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=start)
    except (ValueError, TypeError) as error:
        raise wrong from error
    if not isinstance(read, rrule):
        raise wrong
    return read.replace(until=ends), int(count) if count else None


def _ordinals(parts: dict[str, str]) -> list[str]:
    """The numbers in front of weekdays: "2", "-1", "" for none."""
    return re.findall(r"([+-]?\d*)(?:MO|TU|WE|TH|FR|SA|SU)\b", parts.get("BYDAY", ""))


def wall_time(typed: str) -> datetime:
    """A local time as it is kept in `first`. Raises `BadInput` for what is none, or lies before 2000 or after 2199."""
    try:
        wall = datetime.fromisoformat(typed)
    except (ValueError, TypeError):
        wall = None
    if wall is None or wall.tzinfo is not None or not 2000 <= wall.year < 2200:
        raise BadInput("first", N_("The first date is a local time without a zone, such as 2026-03-12T08:00."))
    return wall


FIELDS = (
    "name",
    "description",
    "rule",
    "first",
    "zone",
    "minutes",
    "venue",
    "join_link",
    "seats",
    "guests_allowed",
    "deadline",
    "offers",
    "standing_lapses",
    "plan",
    "first_language",
    "second_factor",
    "public",
    "needs_approval",
)


def add(slug: str, *, actor_id: int | None = None, **fields: Any) -> Series:
    """A new series; `fields` as in `FIELDS`. Raises `BadInput` for what cannot be."""
    slug = slug.strip().lower()
    if not _SLUG.fullmatch(slug) or len(slug) > 60:
        raise BadInput("slug", N_("The short name may hold small letters, digits and single hyphens."))
    if session().scalar(select(Series.id).where(Series.slug == slug)):
        raise BadInput("slug", N_("There is already a series called “%(slug)s”."), slug=slug)
    series = Series(slug=slug, created_at=clock.now())
    _set(series, fields)
    session().add(series)
    session().flush()
    journal.write("add", "series", series.id, actor_id=actor_id)
    return series


def change(series: Series, *, actor_id: int | None, **fields: Any) -> None:
    """Change what the series proposes from now on; meetings already proposed keep their own values."""
    _set(series, fields)
    journal.write("change", "series", series.id, actor_id=actor_id, fields=sorted(fields))


def _set(series: Series, fields: dict[str, Any]) -> None:
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise TypeError(f"a series has no {sorted(unknown)}")
    for field, value in fields.items():
        setattr(series, field, value)
    _check(series)


def _check(series: Series) -> None:
    if not any((series.name or {}).values()):
        raise BadInput("name", N_("Please give a name in at least one language."))
    if series.zone is not None and series.zone not in zones():
        raise BadInput("zone", N_("“%(zone)s” is not a time zone."), zone=str(series.zone)[:60])
    if series.minutes is not None and not 0 < series.minutes <= LONGEST_MINUTES:
        raise BadInput("minutes", N_("A meeting lasts at least a minute and at most 30 days."))
    if series.seats is not None and not 0 < series.seats <= 100_000:
        raise BadInput("seats", N_("Please give a number of seats above zero, or none for unlimited."))
    if series.guests_allowed is not None and not 0 <= series.guests_allowed <= 20:
        raise BadInput("guests_allowed", N_("Between 0 and 20 guests may be allowed."))
    if series.first_language is not None and series.first_language not in LANGUAGES:
        raise BadInput("first_language", N_("Please choose German, English or Japanese."))
    if series.first is not None:
        wall_time(series.first)
    if series.rule is not None:
        recurrence, _ = _recurrence(series.rule, series.first or "", last=_END_OF_TIME)
        if next(iter(recurrence), None) is None:
            raise BadInput("rule", N_("This rule gives no date: %(rule)s"), rule=series.rule[:100])
    Lead.parse(series.deadline or USUAL_DEADLINE)
    if series.offers and Lead.parse(series.offers).days < 1:
        raise BadInput("offers", N_("Seats can be offered from the day before the meeting at the latest."))
    for lead in leads(series.plan or USUAL_PLAN):
        Lead.parse(lead[2])


def leads(plan: dict[str, Any]) -> list[tuple[str, int, str]]:
    """The letter plan as (kind, step, words), steps counted from 1; what is empty is left out."""
    wanted = [(INVITE, 1, plan.get("invite")), (EVE, 1, plan.get("eve"))]
    wanted += [(REMIND, step, words) for step, words in enumerate(plan.get("remind") or [], start=1)]
    return [(kind, step, words) for kind, step, words in wanted if words]


def offers_from(series: Series, starts_at: datetime) -> datetime | None:
    """From when on freed seats of a meeting are offered instead of given; None: never."""
    return Lead.parse(series.offers).before(starts_at, series.zone) if series.offers else None


def by_slug(slug: str) -> Series:
    """The series of that short name. Raises `Missing`."""
    series = session().scalar(select(Series).where(Series.slug == slug))
    if series is None:
        raise Missing(N_("There is no series “%(slug)s”."), slug=slug[:60])
    return series


def by_id(series_id: int) -> Series:
    """The series. Raises `Missing`."""
    series = session().get(Series, series_id)
    if series is None:
        raise Missing(N_("There is no such series."))
    return series


def with_rule() -> list[Series]:
    """The series whose dates recur."""
    return list(session().scalars(select(Series).where(Series.rule.is_not(None)).order_by(Series.id)))


def still(now: Any) -> Any:
    """SQL: the belonging holds at `now`, a moment or a parameter for one."""
    return and_(Belonging.since <= now, or_(Belonging.until.is_(None), Belonging.until > now))


def join(series: Series, member: Member, role: str = "member", *, actor_id: int | None = None) -> bool:
    """Let the member belong to the series; whether that is new. Who left before belongs again from now."""
    if role not in ROLES:
        raise Refused(N_("There is no role “%(role)s”."), role=role[:40])
    now = clock.now()
    kept = session().scalar(
        select(Belonging).where(
            Belonging.series_id == series.id, Belonging.member_id == member.id, Belonging.role == role
        )
    )
    if kept is not None and kept.until is None:
        return False
    if kept is None:
        kept = Belonging(series_id=series.id, member_id=member.id, role=role)
        session().add(kept)
    kept.since, kept.until = now, None
    session().flush()
    journal.write("join", "series", series.id, actor_id=actor_id, member=member.id, role=role)
    return True


def pause(series: Series, paused: bool, *, actor_id: int | None) -> None:
    """Hold the letters of all its meetings back, or let them go."""
    series.paused_at = clock.now() if paused else None
    journal.write("pause" if paused else "resume", "series", series.id, actor_id=actor_id)


def part(series: Series, member: Member, role: str = "member", *, actor_id: int | None = None) -> None:
    """End the belonging. Nothing happens if there is none."""
    kept = session().scalar(
        select(Belonging).where(
            Belonging.series_id == series.id,
            Belonging.member_id == member.id,
            Belonging.role == role,
            Belonging.until.is_(None),
        )
    )
    if kept is not None:
        kept.until = clock.now()
        journal.write("part", "series", series.id, actor_id=actor_id, member=member.id, role=role)


def invite_series_too(series: Series, other: Series, *, actor_id: int | None) -> int:
    """Copy the other series' members once; how many were new."""
    people = (
        session()
        .scalars(
            select(Member)
            .join(Belonging, Belonging.member_id == Member.id)
            .where(Belonging.series_id == other.id, Belonging.role == "member", still(clock.now()))
        )
        .all()
    )
    return sum(join(series, member, actor_id=actor_id) for member in people)


_ROLES_OF = select(Belonging.series_id, Belonging.role).where(
    Belonging.member_id == bindparam("member_id"), still(bindparam("now"))
)


def roles_of(member_id: int) -> set[tuple[int, str]]:
    """Where the member belongs now, and as what: (number of the series, role)."""
    found = session().execute(_ROLES_OF, {"member_id": member_id, "now": clock.now()})
    return {(series_id, role) for series_id, role in found}


def belongs(series_id: int, member_id: int, role: str = "member") -> bool:
    """Whether the member belongs to the series in that role now."""
    return (series_id, role) in roles_of(member_id)


def knew(series_ids: Collection[int], member_id: int) -> bool:
    """Whether somebody belongs to one of the series, or did."""
    query = select(Belonging.id).where(Belonging.member_id == member_id, Belonging.series_id.in_(series_ids))
    return session().scalar(query.limit(1)) is not None


def of_member(member: Member) -> list[Series]:
    """The series the member belongs to now."""
    return list(
        session().scalars(
            select(Series)
            .join(Belonging, Belonging.series_id == Series.id)
            .where(Belonging.member_id == member.id, Belonging.role == "member", still(clock.now()))
            .order_by(Series.id)
        )
    )


def member_ids(series: Series) -> set[int]:
    """Numbers of the series' members."""
    return set(
        session().scalars(
            select(Belonging.member_id).where(
                Belonging.series_id == series.id, Belonging.role == "member", still(clock.now())
            )
        )
    )


def coordinated_by(member: Member) -> list[Series]:
    """The series the member coordinates; an administrator coordinates all."""
    query = select(Series).order_by(Series.id)
    if not member.administrator:
        query = query.join(Belonging, Belonging.series_id == Series.id).where(
            Belonging.member_id == member.id, Belonging.role == "coordinator", still(clock.now())
        )
    return list(session().scalars(query))


def coordinators(series_id: int) -> list[Member]:
    """Who coordinates the series; where nobody does, the administrators."""
    named = (
        session()
        .scalars(
            select(Member)
            .join(Belonging, Belonging.member_id == Member.id)
            .where(
                Belonging.series_id == series_id,
                Belonging.role == "coordinator",
                Member.standing == "accepted",
                still(clock.now()),
            )
            .order_by(Member.id)
        )
        .all()
    )
    if named:
        return list(named)
    return list(
        session().scalars(select(Member).where(Member.administrator, Member.standing == "accepted").order_by(Member.id))
    )


def first_day(series: Series) -> date | None:
    """The local date the rule starts from."""
    return datetime.fromisoformat(series.first).date() if series.first else None
