"""What the members of a series would like to hear about: proposing, voting, and what became of one's own proposals.

The guard has loaded g.series; whoever belongs to it or coordinates it may be here. Coordinators decide elsewhere.
"""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from asanokai import proposals, showing
from asanokai.errors import N_, Missing
from asanokai.proposals import LONGEST_ABSTRACT, LONGEST_TITLE, Words
from asanokai.web import loading
from asanokai.web.forms import Form, TextsField, attempt, line

pages = Blueprint("proposals", __name__)


class ProposalForm(Form):
    """A topic somebody would like."""

    title = TextsField(lazy_gettext("Title"), longest=LONGEST_TITLE, required=True)
    abstract = TextsField(lazy_gettext("What it should be about"), longest=LONGEST_ABSTRACT, lines=4)
    speaker_hint = line(lazy_gettext("Who could speak about it"))

    def typed(self) -> Words:
        """What stands in it."""
        return Words(self.title.data, self.abstract.data, self.speaker_hint.data or "")


def _list(number: int | None = None) -> str:
    return url_for("proposals.of_series", series_id=g.series.id, page=number)


@pages.get("/series/<int:series_id>/topics")
def of_series(series_id: int) -> str:
    """What can be voted for, and what became of one's own proposals."""
    reader = loading.me().id
    decided = proposals.decided_of(g.series, reader, own=True)
    return render_template(
        "proposals/list.html",
        series=g.series,
        page=proposals.open_of(g.series, reader, page=request.args.get("page", 1, type=int)),
        decided=decided,
        chosen_for=showing.shown_by_id([one.meeting for one in decided if one.meeting], language=loading.language()),
    )


@pages.post("/series/<int:series_id>/topics/<int:proposal_id>/vote")
def vote(series_id: int, proposal_id: int) -> Response:
    """Be for it, or take that back."""
    if request.form.get("vote") == "off":
        proposals.withdraw_vote(g.series, proposal_id, loading.me().id)
        flash(gettext("Your vote was withdrawn."))
    else:
        proposals.vote(g.series, proposal_id, loading.me().id)
        flash(gettext("Your vote counts."))
    return redirect(_list(request.args.get("page", type=int)), 303)


@pages.route("/series/<int:series_id>/topics/new", methods=["GET", "POST"])
def add(series_id: int) -> Response | tuple[str, int]:
    """Propose a topic."""
    form = ProposalForm()
    if attempt(form, lambda: proposals.propose(g.series, loading.me().id, form.typed())):
        flash(gettext("Thank you. Your proposal can be voted for."))
        return redirect(_list(), 303)
    return _form(form, None)


@pages.route("/series/<int:series_id>/topics/<int:proposal_id>", methods=["GET", "POST"])
def edit(series_id: int, proposal_id: int) -> Response | tuple[str, int]:
    """Put one's own proposal differently while it is open."""
    reader = loading.me().id
    kept = proposals.line(g.series, proposal_id, reader).proposal
    if kept.member_id != reader:
        raise Missing(N_("There is no such page, or none that you may see."))
    form = ProposalForm(data={name: getattr(kept, name) for name in ("title", "abstract", "speaker_hint")})
    if attempt(form, lambda: proposals.change(g.series, proposal_id, reader, form.typed())):
        flash(gettext("Saved."))
        return redirect(_list(), 303)
    return _form(form, kept)


@pages.post("/series/<int:series_id>/topics/<int:proposal_id>/withdraw")
def withdraw(series_id: int, proposal_id: int) -> Response:
    """Take one's own proposal back."""
    proposals.withdraw(g.series, proposal_id, loading.me().id)
    flash(gettext("Your proposal was withdrawn."))
    return redirect(_list(), 303)


def _form(form: ProposalForm, kept: Any) -> tuple[str, int]:
    return render_template("proposals/form.html", series=g.series, form=form, proposal=kept), form.status
