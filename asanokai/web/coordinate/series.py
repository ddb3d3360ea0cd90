"""A series or event: what recurs, where, with how many seats, and which letters go out when.

The rule can be built from choices without knowing RRULE text (`web.recurring`). What is changed here concerns meetings
proposed from now on, or all to come, as the form asks; what a meeting has of its own it keeps.
"""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional

from asanokai import clock, meetings, planning, requiring, rsvps, showing
from asanokai import series as rules
from asanokai.languages import OWN_NAMES
from asanokai.series import USUAL_DEADLINE, USUAL_OFFERS, USUAL_PLAN, Series
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
from asanokai.web.recurring import RuleForm, dates_of, mark_in_words, school_known_until, stored_rule, usual_first

pages = Blueprint("series", __name__)

REMINDERS = ("remind_1", "remind_2", "remind_3")


NEW, ALL = "new", "all"


class SeriesForm(RuleForm):
    """Everything a series holds."""

    name = TextsField(lazy_gettext("Name of the series"), required=True)
    slug = line(lazy_gettext("Short name in addresses"), InputRequired(REQUIRED), longest=60)
    description = TextsField(lazy_gettext("What it is about"), longest=2000, lines=3)
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
    offers = LeadField(lazy_gettext("Freed seats are offered instead of given from"))
    second_factor = BooleanField(lazy_gettext("Its coordinators need a second factor"))
    standing_lapses = BooleanField(
        lazy_gettext("Unconfirmed seats of those who normally come are given back at the deadline")
    )
    first_language = SelectField(lazy_gettext("First language"), choices=options(OWN_NAMES), default="de")
    public = BooleanField(lazy_gettext("Show in the public programme"), default=True)
    needs_approval = BooleanField(lazy_gettext("Applications need approval"), default=True)

    reach = RadioField(
        lazy_gettext("For which meetings"),
        choices=options(
            {
                NEW: lazy_gettext("only for those proposed from now on"),
                ALL: lazy_gettext(
                    "also for all to come that are planned already; what was changed for one of them stays"
                ),
            }
        ),
        default=NEW,
    )

    def fields(self) -> dict[str, Any]:
        """What is typed, as `series.add` takes it. Raises `BadInput` where a rule has no beginning."""
        rule, first = self.rule_and_first()
        plain = ("zone", "minutes", "seats", "guests_allowed", "first_language", "public", "needs_approval")
        return {
            **{name: self[name].data for name in plain},
            "name": self.name.data,
            "description": self.description.data or None,
            "venue": self.venue.data or None,
            "join_link": self.join_link.data or "",
            "rule": rule,
            "first": first,
            "deadline": self.deadline.data or USUAL_DEADLINE,
            "offers": self.offers.data or None,
            "standing_lapses": self.standing_lapses.data,
            "second_factor": self.second_factor.data,
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
    stored |= {"deadline": series.deadline, "offers": series.offers, "standing_lapses": series.standing_lapses}
    return {**stored, **_plan(series.plan or USUAL_PLAN), **stored_rule(series)}


def _plan(plan: dict[str, Any]) -> dict[str, Any]:
    reminders = [*(plan.get("remind") or []), "", "", ""][: len(REMINDERS)]
    return {"invite": plan.get("invite"), "eve": plan.get("eve"), **dict(zip(REMINDERS, reminders, strict=True))}


def _form_page(template: str, form: SeriesForm) -> tuple[str, int]:
    """The form, and the next dates of the rule in it where it has one."""
    asked = request.form.get("step") == "dates" or not form.is_submitted()
    dates = dates_of(form, str(form.zone.data), form.venue.data) if asked else None
    if not form.is_submitted():
        form.status = 200
    page = render_template(
        template,
        form=form,
        dates=dates,
        series=g.get("series"),
        mark_in_words=mark_in_words,
        school_known_until=school_known_until(),
    )
    return page, form.status


@pages.route("/series/new", methods=["GET", "POST"])
def add() -> Response | tuple[str, int]:
    """A new series or event; who adds it coordinates it."""
    usual = {"deadline": USUAL_DEADLINE, "offers": USUAL_OFFERS, "first": usual_first()}
    form = SeriesForm(data={**usual, **_plan(USUAL_PLAN)})
    made: list[Series] = []

    def act() -> None:
        series = rules.add(str(form.slug.data), actor_id=loading.me().id, **form.fields())
        rules.join(series, loading.me(), "coordinator", actor_id=loading.me().id)
        meetings.propose(series)
        made.append(series)

    if request.form.get("step") != "dates" and attempt(form, act):
        flash(gettext("Added. These are the dates it proposes: drop or move what does not suit, then invite people."))
        return redirect(url_for("dates.show", series_id=made[0].id), 303)
    return _form_page("coordinate/series_edit.html", form)


@pages.route("/series/<int:series_id>/edit", methods=["GET", "POST"])
def edit(series_id: int) -> Response | tuple[str, int]:
    """Change what will be proposed from now on."""
    form = SeriesForm(data=_stored(g.series))
    form.slug.data = g.series.slug  # addresses do not change

    def act() -> None:
        all_to_come = form.reach.data == ALL
        if form.second_factor.data and not g.series.second_factor:
            requiring.tell_of_series(g.series)
        planning.change_series(series_id, all_to_come=all_to_come, actor_id=loading.me().id, **form.fields())

    if request.form.get("step") != "dates" and attempt(form, act):
        flash(
            gettext("Saved. The meetings to come follow, but for what was changed for one of them.")
            if form.reach.data == ALL
            else gettext("Saved. Meetings already proposed keep their own values; letters follow the new plan.")
        )
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
