"""A rule in words: the fields it is typed in, the RRULE text they make, and the sentence it reads as; and what a date
collides with, in words.

Shared by the page that adds a series and the page of its dates. What a rule gives is told by `series` and `planning`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext
from wtforms import DateField, IntegerField, RadioField, SelectField
from wtforms.validators import NumberRange, Optional

from asanokai import clock, holidays, planning
from asanokai import series as rules
from asanokai.errors import N_, BadInput, Refused
from asanokai.holidays import Mark
from asanokai.languages import date_in_words, moment_in_words, time_in_words
from asanokai.meetings import AHEAD
from asanokai.series import Series
from asanokai.web import loading
from asanokai.web.forms import Form, line, options, sensible_year, wall_time

WEEKDAYS = (
    ("MO", lazy_gettext("Monday")),
    ("TU", lazy_gettext("Tuesday")),
    ("WE", lazy_gettext("Wednesday")),
    ("TH", lazy_gettext("Thursday")),
    ("FR", lazy_gettext("Friday")),
    ("SA", lazy_gettext("Saturday")),
    ("SU", lazy_gettext("Sunday")),
)
ORDINALS = (
    ("1", lazy_gettext("first")),
    ("2", lazy_gettext("second")),
    ("3", lazy_gettext("third")),
    ("4", lazy_gettext("fourth")),
    ("5", lazy_gettext("fifth")),
    ("-1", lazy_gettext("last")),
)
FREQUENCIES = (
    ("monthly", lazy_gettext("every month on a certain weekday")),
    ("weekly", lazy_gettext("every few weeks")),
    ("custom", lazy_gettext("by a rule written as text")),
    ("none", lazy_gettext("not at all: this is an event")),
)
MOST_WEEKS = 52
MOST_MONTHS = 12
USUAL_HOUR = 8
USUAL_NOTICE = timedelta(days=42)
"""How far from today a new series begins, if nothing else is typed: time enough to find speakers."""

OF_RULE = ("frequency", "ordinal", "weekday", "months", "interval", "rule", "first", "until", "times")

MARKS = {
    holidays.THURINGIA: lazy_gettext("Public holiday in Thuringia: %(name)s"),
    holidays.JAPAN: lazy_gettext("Public holiday in Japan: %(name)s"),
    holidays.BRIDGE: lazy_gettext("Bridge day"),
    holidays.SCHOOL: lazy_gettext("School holidays in Thuringia: %(name)s"),
    holidays.GOLDEN_WEEK: lazy_gettext("Golden Week in Japan"),
    holidays.OBON: lazy_gettext("Obon in Japan"),
    holidays.NEW_YEAR: lazy_gettext("Turn of the year"),
    holidays.SOME_PLACES: lazy_gettext("%(name)s: a public holiday in some places of Thuringia only"),
}


class RuleForm(Form):
    """When a series recurs. Fields the chosen way does not need are left alone."""

    frequency = RadioField(lazy_gettext("How often"), choices=options(dict(FREQUENCIES)), default="monthly")
    ordinal = SelectField(lazy_gettext("Which one in the month"), choices=options(dict(ORDINALS)), default="2")
    weekday = SelectField(lazy_gettext("Weekday"), choices=options(dict(WEEKDAYS)), default="TH")
    months = IntegerField(
        lazy_gettext("Months from one meeting to the next"),
        [Optional(), NumberRange(min=1, max=MOST_MONTHS)],
        default=1,
    )
    interval = IntegerField(
        lazy_gettext("Weeks from one meeting to the next"), [Optional(), NumberRange(min=1, max=MOST_WEEKS)], default=6
    )
    rule = line(lazy_gettext("Rule as text (RRULE)"), longest=300)
    first = wall_time(lazy_gettext("From when, and at what time"), Optional())
    until = DateField(lazy_gettext("Until when"), [Optional(), sensible_year])
    times = IntegerField(lazy_gettext("How many meetings"), [Optional(), NumberRange(min=1, max=rules.MOST_DATES)])

    def written_rule(self) -> str | None:
        """The choices as RRULE text, None for an event. Raises `BadInput` where two ends are given."""
        if self.frequency.data == "custom":
            return str(self.rule.data).upper() or None
        if self.until.data and self.times.data:
            raise BadInput("times", N_("Please give either a last day or a number of meetings."))
        if self.frequency.data == "monthly":
            every = f";INTERVAL={self.months.data}" if (self.months.data or 1) > 1 else ""
            return f"FREQ=MONTHLY{every};BYDAY={self.ordinal.data}{self.weekday.data}{self._end()}"
        if self.frequency.data == "weekly":
            return f"FREQ=WEEKLY;INTERVAL={self.interval.data or 1};BYDAY={self.weekday.data}{self._end()}"
        return None

    def _end(self) -> str:
        if self.until.data:
            return f";UNTIL={self.until.data:%Y%m%d}T235959"
        return f";COUNT={self.times.data}" if self.times.data else ""

    def rule_and_first(self) -> tuple[str | None, str | None]:
        """What `series` and `planning` take. Raises `BadInput` where a rule has no beginning."""
        rule = self.written_rule()
        if self.frequency.data == "custom" and rule is None:
            raise BadInput("rule", N_("Please fill this in."))
        if rule is None:
            return None, None
        if self.first.data is None:
            raise BadInput("first", N_("Please say from when the rule holds."))
        return rule, str(self.first.data.isoformat(timespec="minutes"))

    @property
    def rule_problems(self) -> list[str]:
        """What is wrong with the rule, for the list of its dates."""
        found = [f"{self[name].label.text}: {words}" for name in OF_RULE for words in self[name].errors]
        return [*self.form_errors, *found]

    def rule_is_valid(self) -> bool:
        """Whether the rule's own fields are in order, whatever else is typed or still missing."""
        valid = [self[name].validate(self) for name in OF_RULE]
        self.status = 200 if all(valid) else 422
        return all(valid)


@dataclass(frozen=True)
class Given:
    """One date that a rule gives: its day and hour in words, and what it collides with."""

    day: date
    words: str
    marks: list[Mark]


def given(wall: datetime, venue: dict[str, str] | None) -> Given:
    """A date of a rule, for a list."""
    marks = holidays.collisions(wall.date(), planning.place_of(venue))
    language = loading.language()
    words = moment_in_words(wall.replace(tzinfo=UTC), language, "UTC")
    return Given(wall.date(), words, marks)


def dates_of(form: RuleForm, zone: str, venue: dict[str, str] | None, most: int = 14) -> list[Given] | None:
    """The next dates of the typed rule; none for an event; None where the rule is wrong, which the form then says."""
    if not form.rule_is_valid():
        return None
    try:
        rule, first = form.rule_and_first()
        if rule is None or first is None:
            return []
        now = clock.now()
        after = max(now, rules.in_utc(rules.wall_time(first), zone))
        walls = rules.dates_of_rule(rule, first, zone, after=now, until=after + AHEAD)
    except Refused as refusal:
        form.refuse(refusal)
        return None
    return [given(wall, venue) for wall in walls[:most]]


def stored_rule(series: Series) -> dict[str, Any]:
    """What the form starts with for a series that exists."""
    first = rules.wall_time(series.first) if series.first else None
    return {"first": first, **choices(series.rule)}


def usual_first() -> datetime:
    """When a new series begins, if nothing else is typed."""
    day = (clock.now() + USUAL_NOTICE).date()
    return datetime(day.year, day.month, day.day, USUAL_HOUR)  # noqa: DTZ001  a wall time


def choices(rule: str | None) -> dict[str, Any]:
    """The choices that give the rule; where none do, its text."""
    if rule is None:
        return {"frequency": "none"}
    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    custom: dict[str, Any] = {"frequency": "custom", "rule": rule}
    if not set(parts) <= {"FREQ", "INTERVAL", "BYDAY", "UNTIL", "COUNT"} or {"UNTIL", "COUNT"} <= set(parts):
        return custom
    try:
        end = {
            "until": datetime.strptime(parts["UNTIL"], "%Y%m%dT235959").date() if "UNTIL" in parts else None,  # noqa: DTZ007
            "times": int(parts["COUNT"]) if "COUNT" in parts else None,
        }
        every, day = int(parts.get("INTERVAL", "1")), parts.get("BYDAY", "")
    except ValueError:
        return custom
    weekday = {"weekday": day[-2:], "rule": rule}
    if parts["FREQ"] == "MONTHLY" and every <= MOST_MONTHS and day[:-2] in dict(ORDINALS):
        return {"frequency": "monthly", "ordinal": day[:-2], "months": every, **weekday, **end}
    if parts["FREQ"] == "WEEKLY" and day in dict(WEEKDAYS) and every <= MOST_WEEKS:
        return {"frequency": "weekly", "interval": every, **weekday, **end}
    return custom


# --- in words ---------------------------------------------------------------------------------------------------------


def in_words(rule: str | None, first: str | None) -> str:
    """The rule as a sentence: "every month: second Thursday, 8:00"; its text where no choices give it."""
    if rule is None or first is None:
        return ""
    chosen, begins = choices(rule), rules.wall_time(first)
    if chosen["frequency"] == "custom":
        return rule
    weekday = str(dict(WEEKDAYS)[chosen["weekday"]])
    if chosen["frequency"] == "monthly":
        number = chosen["months"]
        often = (
            ngettext("every %(num)s month", "every %(num)s months", number) if number > 1 else gettext("every month")
        )
        weekday = gettext("%(ordinal)s %(weekday)s", ordinal=dict(ORDINALS)[chosen["ordinal"]], weekday=weekday)
    else:
        number = chosen["interval"]
        often = ngettext("every %(num)s week", "every %(num)s weeks", number) if number > 1 else gettext("every week")
    hour = time_in_words(begins.replace(tzinfo=UTC), loading.language(), "UTC")
    said = gettext("%(often)s: %(weekday)s, %(hour)s", often=often, weekday=weekday, hour=hour)
    if chosen["until"]:
        last = date_in_words(chosen["until"], loading.language(), short=True)
        said = gettext("%(rule)s, until %(day)s", rule=said, day=last)
    elif chosen["times"]:
        said = ngettext("%(rule)s, %(num)s time", "%(rule)s, %(num)s times", chosen["times"], rule=said)
    return str(said)


def mark_in_words(mark: Mark) -> str:
    """What a date collides with."""
    return str(MARKS[mark.kind]) % {"name": gettext(mark.name)} if mark.name else str(MARKS[mark.kind])


def school_known_until() -> str:
    """The last day of which the school holidays are known, in words."""
    return date_in_words(holidays.school_known_until(), loading.language())
