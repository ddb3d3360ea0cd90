"""What members propose, for the coordinators of the series: what most are for, and deciding: choose, merge, decline.

The guard has loaded g.series. What a decision changes stands in `proposals`.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import SelectField

from asanokai import clock, languages, meetings, proposals, showing
from asanokai.proposals import LONGEST_WORD
from asanokai.web import loading
from asanokai.web.forms import Form, TextsField, attempt, options

pages = Blueprint("topics", __name__)


class ChooseForm(Form):
    """The meeting it becomes a topic of."""

    meeting = SelectField(lazy_gettext("Meeting"), coerce=int)


class MergeForm(Form):
    """The proposal it goes into."""

    into = SelectField(lazy_gettext("Merge with"), coerce=int)


class DeclineForm(Form):
    """Why not, for the proposer."""

    word = TextsField(lazy_gettext("A word to the proposer"), longest=LONGEST_WORD, lines=2, required=True)


def _choose_form() -> ChooseForm:
    form, language = ChooseForm(), loading.language()
    ahead = [one for one in meetings.coming_of([g.series.id]) if one.starts_at > clock.now()]
    form.meeting.choices = options({one.id: _in_a_line(one, language) for one in ahead})
    return form


def _in_a_line(meeting: meetings.Meeting, language: str) -> str:
    day = languages.date_in_words(meeting.local_date, language, short=True)
    state = languages.bracketed(gettext("Draft"), language) if meeting.state == "draft" else ""
    title = languages.pick(meeting.title, language, g.series.first_language)
    return languages.GAP[language].join(filter(None, (day, title.text, state)))


def _merge_form(proposal_id: int) -> MergeForm:
    form, language = MergeForm(), loading.language()
    others = proposals.others_open(g.series, proposal_id)
    titles = {one.id: languages.pick(one.title, language, g.series.first_language).text for one in others}
    form.into.choices = options(titles)
    return form


def _list() -> Response:
    return redirect(url_for("topics.of_series", series_id=g.series.id), 303)


@pages.get("/series/<int:series_id>/topics")
def of_series(series_id: int) -> str:
    """What is proposed, what most members are for first; and what was decided last."""
    reader = loading.me().id
    decided = proposals.decided_of(g.series, reader, own=False)
    return render_template(
        "coordinate/proposals.html",
        series=g.series,
        page=proposals.open_of(g.series, reader, page=request.args.get("page", 1, type=int)),
        decided=decided,
        chosen_for=showing.shown_by_id([one.meeting for one in decided if one.meeting], language=loading.language()),
        may_reopen=proposals.may_reopen,
    )


@pages.get("/series/<int:series_id>/topics/<int:proposal_id>")
def decide(series_id: int, proposal_id: int) -> str:
    """One proposal, and what can be done with it."""
    return _decide(proposal_id)[0]


def _decide(proposal_id: int, **sent: Form) -> tuple[str, int]:
    line = proposals.line(g.series, proposal_id, loading.me().id)
    usual: dict[str, Callable[[], Form]] = {
        "choosing": _choose_form,
        "merging": lambda: _merge_form(proposal_id),
        "declining": DeclineForm,
    }
    forms: dict[str, Any] = {name: sent.get(name) or make() for name, make in usual.items()}
    status = next((form.status for form in sent.values()), 200)
    return render_template("coordinate/proposal.html", series=g.series, line=line, **forms), status


@pages.post("/series/<int:series_id>/topics/<int:proposal_id>/choose")
def choose(series_id: int, proposal_id: int) -> Response | tuple[str, int]:
    """Make it a topic; who speaks is asked next."""
    form, made = _choose_form(), []

    def act() -> None:
        made.append(proposals.choose(g.series, proposal_id, form.meeting.data, actor_id=loading.me().id))

    if attempt(form, act):
        flash(gettext("The proposal is now a topic of this meeting. Add who speaks."))
        return redirect(url_for("meeting.edit_topic", meeting_id=made[0].meeting_id, topic_id=made[0].id), 303)
    return _decide(proposal_id, choosing=form)


@pages.post("/series/<int:series_id>/topics/<int:proposal_id>/merge")
def merge(series_id: int, proposal_id: int) -> Response | tuple[str, int]:
    """Let it go into another, with its votes."""
    form = _merge_form(proposal_id)
    if attempt(form, lambda: proposals.merge(g.series, proposal_id, form.into.data, actor_id=loading.me().id)):
        flash(gettext("Merged. The votes were taken over; each member counts once."))
        return _list()
    return _decide(proposal_id, merging=form)


@pages.post("/series/<int:series_id>/topics/<int:proposal_id>/decline")
def decline(series_id: int, proposal_id: int) -> Response | tuple[str, int]:
    """Say no, with a word to the proposer."""
    form = DeclineForm()
    if attempt(form, lambda: proposals.decline(g.series, proposal_id, form.word.data, actor_id=loading.me().id)):
        flash(gettext("Declined. The proposer reads your word on the page of the proposals."))
        return _list()
    return _decide(proposal_id, declining=form)


@pages.post("/series/<int:series_id>/topics/<int:proposal_id>/reopen")
def reopen(series_id: int, proposal_id: int) -> Response:
    """Put it to the vote again."""
    proposals.reopen(g.series, proposal_id, actor_id=loading.me().id)
    flash(gettext("The proposal can be voted for again."))
    return _list()
