"""The dates of a series: the rule in words with a live list of what it gives, each date marked with what it collides
with; a click drops one, brings it back or moves it to a better day; and changes that reach one meeting or more.

What becomes of a date is decided in `planning`.
"""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, RadioField, TimeField
from wtforms.validators import InputRequired, NumberRange, Optional

from asanokai import planning, showing
from asanokai.errors import N_, BadInput, Refused
from asanokai.languages import date_in_words
from asanokai.planning import ALL, FOLLOWING, THIS, Alignment, Entry
from asanokai.series import USUAL_DEADLINE
from asanokai.showing import Shown
from asanokai.web import loading
from asanokai.web.forms import REQUIRED, Form, LeadField, TextsField, attempt, line, options, wall_time, web_address
from asanokai.web.recurring import Given, RuleForm, given, in_words, mark_in_words, school_known_until, stored_rule

pages = Blueprint("dates", __name__)

EACH_PAGE = 100
FIELDS = {
    "at": lazy_gettext("time of day"),
    "minutes": lazy_gettext("length"),
    "venue": lazy_gettext("place"),
    "deadline": lazy_gettext("deadline for answers"),
    "join_link": lazy_gettext("video link"),
    "seats": lazy_gettext("seats"),
    "guests_allowed": lazy_gettext("guests"),
    "public": lazy_gettext("publicity"),
    "needs_approval": lazy_gettext("approval"),
}
DECISIONS = {
    "drop": (planning.drop, lazy_gettext("Dropped. You can bring the date back here.")),
    "restore": (planning.restore, lazy_gettext("The date is back.")),
    "better": (planning.move_to_better_day, lazy_gettext("Moved to a better day.")),
    "back": (planning.move_back, lazy_gettext("Moved back.")),
}


class HandForm(Form):
    """A date by hand, as a wall time in the series' zone."""

    starts = wall_time(lazy_gettext("Day and time"), InputRequired(REQUIRED))


@dataclass(frozen=True)
class Row:
    """One date of the list: the meeting as its reader sees it, and what can be done with it."""

    entry: Entry
    shown: Shown


@dataclass(frozen=True)
class Planned:
    """One date that a rule would give. `fate`: there | moves | stays | new; `words`: the date its meeting has now."""

    date: Given
    fate: str
    words: str = ""


# --- the list ---------------------------------------------------------------------------------------------------------


@pages.route("/series/<int:series_id>/dates", methods=["GET", "POST"])
def show(series_id: int) -> Response | tuple[str, int]:
    """The rule and its dates. What is typed can be looked at before it is saved."""
    form = RuleForm(data=stored_rule(g.series))
    if request.form.get("step") == "dates":
        return _page(form, HandForm(formdata=None), planned=_planned(form))

    def act() -> None:
        rule, first = form.rule_and_first()
        planning.set_rule(series_id, rule, first, actor_id=loading.me().id)

    if attempt(form, act):
        flash(gettext("Saved. These are the dates now."))
        return redirect(url_for("dates.show", series_id=series_id), 303)
    return _page(form, HandForm(formdata=None))


@pages.post("/series/<int:series_id>/dates/add")
def add(series_id: int) -> Response | tuple[str, int]:
    """Add a date by hand."""
    form = HandForm()
    made: list[int] = []

    def act() -> None:
        assert form.starts.data is not None  # the field is required
        made.append(planning.add_by_hand(g.series, form.starts.data, actor_id=loading.me().id).id)

    if attempt(form, act):
        flash(gettext("Added."))
        return _to_the_list(made[0])
    return _page(RuleForm(formdata=None, data=stored_rule(g.series)), form)


@pages.post("/meetings/<int:meeting_id>/decide")
def decide(meeting_id: int) -> Response:
    """Drop a date, bring it back, move it to the better day, or back on the rule's."""
    verb, words = DECISIONS.get(request.form.get("to", ""), (None, ""))
    if verb is None:
        raise BadInput("to", N_("Please choose what is to become of the date."))
    verb(meeting_id, actor_id=loading.me().id)
    flash(str(words))
    return _to_the_list(meeting_id)


def _to_the_list(meeting_id: int) -> Response:
    address = url_for("dates.show", series_id=g.series.id, about=meeting_id, _anchor=f"date-{meeting_id}")
    return redirect(address, 303)


def _page(form: RuleForm, hand: HandForm, planned: tuple[list[Planned], Alignment] | None = None) -> tuple[str, int]:
    entries = planning.dates(g.series)
    about = request.args.get("about", type=int)
    place = next((place for place, entry in enumerate(entries) if entry.meeting.id == about), None)
    last = max(len(entries) - 1, 0) // EACH_PAGE + 1
    number = min(max(request.args.get("page", 1, type=int), 1), last) if place is None else place // EACH_PAGE + 1
    page = render_template(
        "coordinate/dates.html",
        series=g.series,
        form=form,
        hand=hand,
        rows=_rows(entries[(number - 1) * EACH_PAGE : number * EACH_PAGE]),
        number=number,
        more=number < last,
        planned=planned,
        previewing=request.form.get("step") == "dates",
        rule_in_words=in_words(g.series.rule, g.series.first),
        fields=FIELDS,
        mark_in_words=mark_in_words,
        day_in_words=lambda day: date_in_words(day, loading.language(), short=True),
        school_known_until=school_known_until(),
    )
    return page, form.status if form.status != 200 else hand.status


def _rows(entries: list[Entry]) -> list[Row]:
    shown = showing.shown_all([entry.meeting for entry in entries], language=loading.language(), zone=loading.zone())
    return [Row(entry, one) for entry, one in zip(entries, shown, strict=True)]


def _planned(form: RuleForm) -> tuple[list[Planned], Alignment] | None:
    """What the typed rule would make of the dates; None where it is wrong, which the form then says."""
    if not form.rule_is_valid():
        return None
    try:
        rule, first = form.rule_and_first()
        aligned = planning.aligned(g.series, rule, first)
    except Refused as refusal:
        form.refuse(refusal)
        return None
    return [_fate(aligned, wall) for wall in aligned.walls[:EACH_PAGE]], aligned


def _fate(aligned: Alignment, wall: datetime) -> Planned:
    date = given(wall, g.series.venue)
    going = {day: number for number, day in aligned.moving.items()}
    staying = {day: number for number, day in aligned.standing.items()}
    if wall.date() in aligned.there:
        dropped = planning.is_dropped(aligned.there[wall.date()])
        return Planned(date, "dropped" if dropped else "there")
    number = going.get(wall) or staying.get(wall)
    if number is None:
        return Planned(date, "new")
    meeting = aligned.asking[number]
    fate = "moves" if wall in going else "gone" if planning.is_dropped(meeting) else "stays"
    return Planned(date, fate, date_in_words(meeting.local_date, loading.language(), short=True))


# --- a change that reaches one meeting or more ------------------------------------------------------------------------


class ChangeForm(Form):
    """What can be changed for one meeting and for others with it."""

    at = TimeField(lazy_gettext("Begins at"), [InputRequired(REQUIRED)], format=["%H:%M", "%H:%M:%S"])
    minutes = IntegerField(lazy_gettext("Length in minutes"), [InputRequired(REQUIRED), NumberRange(min=1, max=43_200)])
    venue = TextsField(lazy_gettext("Place"), longest=300)
    join_link = line(lazy_gettext("Link for those who join by video"), web_address, longest=500)
    seats = IntegerField(lazy_gettext("Seats"), [Optional(), NumberRange(min=1, max=100_000)])
    guests_allowed = IntegerField(
        lazy_gettext("Guests each may bring"), [InputRequired(REQUIRED), NumberRange(min=0, max=20)]
    )
    deadline = LeadField(lazy_gettext("Answers are taken until"))
    public = BooleanField(lazy_gettext("Show in the public programme"))
    needs_approval = BooleanField(lazy_gettext("Applications need approval"))
    reach = RadioField(
        lazy_gettext("Which meetings"),
        choices=options(
            {
                THIS: lazy_gettext("this one only"),
                FOLLOWING: lazy_gettext("this one and those after it"),
                ALL: lazy_gettext("all that have not begun"),
            }
        ),
        default=THIS,
    )

    def values(self) -> dict[str, Any]:
        """What is typed, as `planning.change` takes it."""
        plain = ("minutes", "seats", "guests_allowed", "public", "needs_approval")
        return {
            **{name: self[name].data for name in plain},
            "at": f"{self.at.data:%H:%M}",
            "venue": self.venue.data or None,
            "join_link": self.join_link.data or "",
            "deadline": self.deadline.data or USUAL_DEADLINE,
        }


@pages.route("/meetings/<int:meeting_id>/change", methods=["GET", "POST"])
def change(meeting_id: int) -> Response | tuple[str, int]:
    """Change this meeting, it and those after it, or all: first say what that does, then do it."""
    stored = planning.values_of(g.meeting, g.series)
    form = ChangeForm(data={**stored, "at": time.fromisoformat(stored["at"])})
    found: list[planning.Reached] = []
    alone = form.reach.data == THIS and g.meeting.state == "draft"

    def look() -> None:
        found.append(planning.would_reach(meeting_id, str(form.reach.data), **form.values()))

    def act() -> None:
        planning.change(meeting_id, str(form.reach.data), actor_id=loading.me().id, **form.values())

    if request.form.get("step") == "save" or alone:
        if attempt(form, act):
            flash(gettext("Saved."))
            return _to_the_list(meeting_id)
    else:
        attempt(form, look)
    shown = showing.shown_all([g.meeting], language=loading.language(), zone=loading.zone())[0]
    page = render_template(
        "coordinate/dates_change.html",
        form=form,
        shown=shown,
        found=found[0] if found else None,
        kept=_in_words(found[0].keeping) if found else [],
    )
    return page, form.status


def _in_words(meetings: list[Any]) -> list[str]:
    return [date_in_words(meeting.local_date, loading.language(), short=True) for meeting in meetings[:20]]
