"""A series or event: what recurs, where, with how many seats, and which letters go out when.

The rule can be built from two choices without knowing RRULE text; the text stands beside for the rest. What is changed
here concerns meetings proposed from now on; those already proposed keep their own values.
"""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional

from asanokai import announcing, clock, meetings, rsvps, showing
from asanokai import series as rules
from asanokai.errors import N_, BadInput
from asanokai.languages import OWN_NAMES, date_in_words
from asanokai.meetings import AHEAD
from asanokai.series import USUAL_DEADLINE, USUAL_PLAN, Series
from asanokai.web import loading, words
from asanokai.web.forms import (
    REQUIRED,
    ZONES,
    Form,
    LeadField,
    TextsField,
    attempt,
    line,
    options,
    wall_time,
    web_address,
)

pages = Blueprint("series", __name__)

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
    ("-1", lazy_gettext("last")),
)
FREQUENCIES = (
    ("monthly", lazy_gettext("every month on a certain weekday")),
    ("weekly", lazy_gettext("every few weeks")),
    ("custom", lazy_gettext("by a rule written as text")),
    ("none", lazy_gettext("not at all: this is an event")),
)
MOST_WEEKS = 52
REMINDERS = ("remind_1", "remind_2", "remind_3")


class SeriesForm(Form):
    """Everything a series holds."""

    name = TextsField(lazy_gettext("Name of the series"), required=True)
    slug = line(lazy_gettext("Short name in addresses"), InputRequired(REQUIRED), longest=60)
    description = TextsField(lazy_gettext("What it is about"), longest=2000, lines=3)
    frequency = RadioField(lazy_gettext("How often"), choices=options(dict(FREQUENCIES)), default="monthly")
    ordinal = SelectField(lazy_gettext("Which one in the month"), choices=options(dict(ORDINALS)), default="2")
    weekday = SelectField(lazy_gettext("Weekday"), choices=options(dict(WEEKDAYS)), default="TH")
    interval = IntegerField(
        lazy_gettext("Weeks from one meeting to the next"), [Optional(), NumberRange(min=1, max=MOST_WEEKS)], default=6
    )
    rule = line(lazy_gettext("Rule as text (RRULE)"), longest=300)
    first = wall_time(lazy_gettext("From when, and at what time"), Optional())
    zone = SelectField(lazy_gettext("Time zone"), choices=ZONES, default="Europe/Berlin")
    minutes = IntegerField(
        lazy_gettext("Length in minutes"), [InputRequired(REQUIRED), NumberRange(min=1, max=43_200)], default=120
    )
    venue = TextsField(lazy_gettext("Usual place"), longest=300)
    join_link = line(lazy_gettext("Link for those who join by video"), web_address, longest=500)
    seats = IntegerField(lazy_gettext("Seats"), [Optional(), NumberRange(min=1, max=100_000)])
    guests_allowed = IntegerField(
        lazy_gettext("Guests each may bring"), [InputRequired(REQUIRED), NumberRange(min=0, max=20)], default=1
    )
    deadline = LeadField(lazy_gettext("Answers are taken until"))
    invite = LeadField(lazy_gettext("Invitation"))
    remind_1 = LeadField(lazy_gettext("Reminder to the silent"))
    remind_2 = LeadField(lazy_gettext("Second reminder"))
    remind_3 = LeadField(lazy_gettext("Third reminder"))
    eve = LeadField(lazy_gettext("Note to those who come"))
    first_language = SelectField(lazy_gettext("First language"), choices=options(OWN_NAMES), default="de")
    public = BooleanField(lazy_gettext("Show in the public programme"), default=True)
    needs_approval = BooleanField(lazy_gettext("Applications need approval"), default=True)

    def written_rule(self) -> str | None:
        """The choices as RRULE text, None for an event."""
        if self.frequency.data == "monthly":
            return f"FREQ=MONTHLY;BYDAY={self.ordinal.data}{self.weekday.data}"
        if self.frequency.data == "weekly":
            return f"FREQ=WEEKLY;INTERVAL={self.interval.data or 1};BYDAY={self.weekday.data}"
        return str(self.rule.data).upper() or None if self.frequency.data == "custom" else None

    def fields(self) -> dict[str, Any]:
        """What is typed, as `series.add` takes it. Raises `BadInput` where a rule has no beginning."""
        rule = self.written_rule()
        if self.frequency.data == "custom" and rule is None:
            raise BadInput("rule", N_("Please fill this in."))
        if rule is not None and self.first.data is None:
            raise BadInput("first", N_("Please say from when the rule holds."))
        plain = ("zone", "minutes", "seats", "guests_allowed", "first_language", "public", "needs_approval")
        return {
            **{name: self[name].data for name in plain},
            "name": self.name.data,
            "description": self.description.data or None,
            "venue": self.venue.data or None,
            "join_link": self.join_link.data or "",
            "rule": rule,
            "first": self.first.data.isoformat(timespec="minutes") if rule and self.first.data else None,
            "deadline": self.deadline.data or USUAL_DEADLINE,
            "plan": {
                "invite": self.invite.data,
                "remind": [self[name].data for name in REMINDERS if self[name].data],
                "eve": self.eve.data,
            },
        }


def _stored(series: Series) -> dict[str, Any]:
    """What the form starts with for a series that exists."""
    same = ("name", "slug", "description", "zone", "minutes", "venue", "join_link", "seats", "guests_allowed")
    stored = {name: getattr(series, name) for name in (*same, "first_language", "public", "needs_approval")}
    stored["deadline"] = series.deadline
    stored["first"] = rules.wall_time(series.first) if series.first else None
    return {**stored, **_plan(series.plan or USUAL_PLAN), **_choices(series.rule)}


def _plan(plan: dict[str, Any]) -> dict[str, Any]:
    reminders = [*(plan.get("remind") or []), "", "", ""][: len(REMINDERS)]
    return {"invite": plan.get("invite"), "eve": plan.get("eve"), **dict(zip(REMINDERS, reminders, strict=True))}


def _choices(rule: str | None) -> dict[str, Any]:
    """The choices that give the rule; where none do, its text."""
    if rule is None:
        return {"frequency": "none"}
    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    day = parts.get("BYDAY", "")
    plain = set(parts) <= {"FREQ", "INTERVAL", "BYDAY"}
    if plain and parts["FREQ"] == "MONTHLY" and "INTERVAL" not in parts and day[:-2] in dict(ORDINALS):
        return {"frequency": "monthly", "ordinal": day[:-2], "weekday": day[-2:], "rule": rule}
    weeks = int(parts.get("INTERVAL", "1"))
    if plain and parts["FREQ"] == "WEEKLY" and day in dict(WEEKDAYS) and weeks <= MOST_WEEKS:
        return {"frequency": "weekly", "interval": weeks, "weekday": day, "rule": rule}
    return {"frequency": "custom", "rule": rule}


def _dates(form: SeriesForm) -> list[str]:
    """The next dates the typed rule gives, in words. Raises `BadInput`."""
    fields = form.fields()
    if fields["rule"] is None:
        return []
    now = clock.now()
    walls = rules.dates_of_rule(fields["rule"], fields["first"], fields["zone"], after=now, until=now + AHEAD)
    return [f"{date_in_words(wall.date(), loading.language())}, {wall:%H:%M}" for wall in walls[:14]]


def _form_page(template: str, form: SeriesForm) -> tuple[str, int]:
    dates: list[str] | None = None
    if request.form.get("step") == "dates":
        found: list[str] = []
        dates = found if attempt(form, lambda: found.extend(_dates(form))) else None
    return render_template(template, form=form, dates=dates, series=g.get("series")), form.status


@pages.route("/series/new", methods=["GET", "POST"])
def add() -> Response | tuple[str, int]:
    """A new series or event; who adds it coordinates it."""
    form = SeriesForm(data={"deadline": USUAL_DEADLINE, **_plan(USUAL_PLAN)})
    made: list[Series] = []

    def act() -> None:
        series = rules.add(str(form.slug.data), actor_id=loading.me().id, **form.fields())
        rules.join(series, loading.me(), "coordinator", actor_id=loading.me().id)
        meetings.propose(series)
        made.append(series)

    if request.form.get("step") != "dates" and attempt(form, act):
        flash(gettext("Added. Now invite people and look at the proposed dates."))
        return redirect(url_for("series.show", series_id=made[0].id), 303)
    return _form_page("coordinate/series_edit.html", form)


@pages.route("/series/<int:series_id>/edit", methods=["GET", "POST"])
def edit(series_id: int) -> Response | tuple[str, int]:
    """Change what will be proposed from now on."""
    form = SeriesForm(data=_stored(g.series))
    form.slug.data = g.series.slug  # addresses do not change

    def act() -> None:
        announcing.change_series(series_id, actor_id=loading.me().id, **form.fields())

    if request.form.get("step") != "dates" and attempt(form, act):
        flash(gettext("Saved. Meetings already proposed keep their own values; letters follow the new plan."))
        return redirect(url_for("series.show", series_id=series_id), 303)
    return _form_page("coordinate/series_edit.html", form)


@pages.get("/series/<int:series_id>")
def show(series_id: int) -> str:
    """The series' meetings and people at a glance."""
    found = meetings.of_series(g.series)
    past = clock.now() - timedelta(days=1)
    shown = showing.shown_all(found, language=loading.language(), zone=loading.zone())
    return render_template(
        "coordinate/series.html",
        series=g.series,
        coming=[line for line in shown if line.meeting.ends_at > past],
        past=[line for line in reversed(shown) if line.meeting.ends_at <= past][:24],
        people=len(rules.member_ids(g.series)),
        coordinators=rules.coordinators(series_id),
        language=loading.language(),
        words=words,
        tallies=rsvps.tallies([meeting.id for meeting in found]),
    )


@pages.post("/series/<int:series_id>/pause")
def pause(series_id: int) -> Response:
    """Hold the letters of all its meetings back, or let them go."""
    paused = g.series.paused_at is None
    rules.pause(g.series, paused, actor_id=loading.me().id)
    flash(
        gettext("The letters of this series wait.") if paused else gettext("The letters of this series go out again.")
    )
    return redirect(loading.back_to_pauses() or url_for("series.show", series_id=series_id), 303)


@pages.post("/series/<int:series_id>/propose")
def propose(series_id: int) -> Response:
    """Propose the rule's dates now; the worker does it by itself as well."""
    new = len(meetings.propose(g.series))
    flash(
        ngettext("%(num)s new date was proposed.", "%(num)s new dates were proposed.", new)
        if new
        else gettext("All dates of the next twelve months are there already.")
    )
    return redirect(url_for("series.show", series_id=series_id), 303)


class DateForm(Form):
    """A meeting by hand: wall times in the series' zone."""

    starts = wall_time(lazy_gettext("Begins"), InputRequired(REQUIRED))
    ends = wall_time(lazy_gettext("Ends"), Optional())


@pages.route("/series/<int:series_id>/meetings/new", methods=["GET", "POST"])
def add_meeting(series_id: int) -> Response | tuple[str, int]:
    """A draft on a date of one's own choice; for an event the only way."""
    form = DateForm()
    made: list[int] = []

    def act() -> None:
        starts = form.starts.data
        assert starts is not None  # the field is required
        made.append(meetings.add(g.series, starts, wall_end=form.ends.data, actor_id=loading.me().id).id)

    if attempt(form, act):
        flash(gettext("The draft is there. Post what it is about, then announce it."))
        return redirect(url_for("meeting.show", meeting_id=made[0]), 303)
    return render_template("coordinate/meeting_new.html", form=form, series=g.series), form.status
