"""The running order of one meeting: a suggestion to take over, then slots to add, change, move and remove.

The guard has loaded g.meeting and g.series. What a running order may be is decided in `programme`.
"""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange

from asanokai import languages, programme, showing, topics
from asanokai.programme import LEAST, MOST, USUAL, SlotText
from asanokai.topics import Topic
from asanokai.web import loading, words
from asanokai.web.forms import REQUIRED, Form, TextsField, attempt, options

pages = Blueprint("order", __name__)


class SlotForm(Form):
    """A part of the running order."""

    kind = SelectField(lazy_gettext("What"), choices=options(words.SLOTS), default="talk")
    topic = SelectField(lazy_gettext("Topic"), default="")
    minutes = IntegerField(
        lazy_gettext("Minutes"), [InputRequired(REQUIRED), NumberRange(LEAST, MOST)], default=USUAL["talk"]
    )
    title = TextsField(lazy_gettext("Title"), longest=300)


def _form(about: list[Topic], **stored: Any) -> SlotForm:
    form = SlotForm(**({"data": stored} if stored else {}))
    language, first = loading.language(), g.series.first_language
    titles = {str(topic.id): str(languages.pick(topic.title, language, first)) for topic in about}
    form.topic.choices = options({"": gettext("None"), **titles})
    return form


def _text(form: SlotForm) -> SlotText:
    return SlotText(
        kind=str(form.kind.data),
        minutes=form.minutes.data or 0,
        title=form.title.data,
        topic_id=int(form.topic.data) if form.topic.data else None,
    )


def _back() -> Response:
    return redirect(url_for("order.show", meeting_id=g.meeting.id), 303)


@pages.route("/meetings/<int:meeting_id>/order", methods=["GET", "POST"])
def show(meeting_id: int) -> Response | tuple[str, int]:
    """The order with its times; without one the suggestion. POST adds a slot."""
    form = _form(topics.of(g.meeting))
    if attempt(form, lambda: programme.add(g.meeting, _text(form), actor_id=loading.me().id)):
        flash(gettext("Saved."))
        return _back()
    about, stored = topics.of(g.meeting), programme.of(g.meeting)  # read again: a refusal rolled back
    slots = stored or programme.suggested(g.meeting, about)
    shown = showing.shown(g.meeting, g.series, about, language=loading.language(), zone=loading.zone())
    page = render_template(
        "coordinate/order.html",
        shown=shown,
        meeting=g.meeting,
        form=form,
        stored=bool(stored),
        adding=bool(stored) or form.is_submitted(),
        order=showing.in_order(shown, slots, language=loading.language()),
        over=programme.minutes_over(g.meeting, slots),
        missing=programme.without_slot(slots, about),
        words=words,
    )
    return page, form.status


@pages.post("/meetings/<int:meeting_id>/order/adopt")
def adopt(meeting_id: int) -> Response:
    """Take the suggestion over."""
    programme.adopt(g.meeting, topics.of(g.meeting), actor_id=loading.me().id)
    flash(gettext("The running order is published with the meeting."))
    return _back()


@pages.route("/meetings/<int:meeting_id>/order/<int:slot_id>", methods=["GET", "POST"])
def edit(meeting_id: int, slot_id: int) -> Response | tuple[str, int]:
    """Change a slot."""
    slot = programme.by_id(g.meeting, slot_id)
    form = _form(
        topics.of(g.meeting),
        kind=slot.kind,
        topic=str(slot.topic_id or ""),
        minutes=slot.minutes,
        title=slot.title,
    )
    if attempt(form, lambda: programme.change(g.meeting, slot_id, _text(form), actor_id=loading.me().id)):
        flash(gettext("Saved."))
        return _back()
    shown = showing.shown(g.meeting, g.series, topics.of(g.meeting), language=loading.language(), zone=loading.zone())
    return render_template("coordinate/slot.html", shown=shown, form=form), form.status


@pages.post("/meetings/<int:meeting_id>/order/<int:slot_id>/move")
def move(meeting_id: int, slot_id: int) -> Response:
    """Up or down by one."""
    programme.move(g.meeting, slot_id, up=request.form.get("to") == "up", actor_id=loading.me().id)
    return _back()


@pages.post("/meetings/<int:meeting_id>/order/<int:slot_id>/remove")
def remove(meeting_id: int, slot_id: int) -> Response:
    """Take a slot out."""
    programme.remove(g.meeting, slot_id, actor_id=loading.me().id)
    flash(gettext("Removed."))
    return _back()
