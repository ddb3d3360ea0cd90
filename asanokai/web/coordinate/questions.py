"""The questions of a series, asked at each of its meetings, and those of one meeting."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired

from asanokai import questions, showing, topics
from asanokai.questions import KINDS, Question
from asanokai.web import loading, words
from asanokai.web.forms import REQUIRED, Form, TextsField, attempt, options

pages = Blueprint("questions", __name__)


class WordingForm(Form):
    """What can be changed about a question that is asked already."""

    label = TextsField(lazy_gettext("Question"), longest=200, required=True)
    choices = TextsField(lazy_gettext("Choices"), longest=2000, lines=4)
    needed = BooleanField(lazy_gettext("Whoever comes must answer it"))


class QuestionForm(WordingForm):
    """A new question."""

    kind = RadioField(
        lazy_gettext("Answered by"),
        choices=options({kind: words.REPLIES[kind] for kind in KINDS}),
        default="text",
        validators=[InputRequired(REQUIRED)],
    )
    keep = SelectField(
        lazy_gettext("After the meeting"),
        choices=options(
            {
                "": lazy_gettext("as usual: replies about food vanish, others are kept"),
                "vanish": lazy_gettext("the replies vanish; their counts are kept"),
                "keep": lazy_gettext("the replies are kept"),
            }
        ),
        default="",
    )


class ChangeForm(WordingForm):
    """Another wording."""

    vanishes = BooleanField(lazy_gettext("The replies vanish after the meeting; their counts are kept"))


def _page(form: Form, found: list[Question], **facts: Any) -> tuple[str, int]:
    page = render_template(
        "coordinate/questions.html",
        form=form,
        questions=found,
        series=g.series,
        words=words,
        language=loading.language(),
        in_words=questions.in_words,
        **facts,
    )
    return page, form.status


def _shown() -> showing.Shown:
    return showing.shown(g.meeting, g.series, topics.of(g.meeting), language=loading.language(), zone=loading.zone())


def _add(form: QuestionForm, **whose: int) -> bool:
    vanishes = {"vanish": True, "keep": False}.get(form.keep.data)

    def act() -> None:
        questions.add(
            form.label.data,
            form.kind.data,
            choices=questions.from_lines(form.choices.data),
            required=form.needed.data,
            vanishes=vanishes,
            actor_id=loading.me().id,
            **whose,
        )

    return attempt(form, act)


@pages.route("/series/<int:series_id>/questions", methods=["GET", "POST"])
def of_series(series_id: int) -> Response | tuple[str, int]:
    """What every meeting of the series asks; POST adds a question."""
    form = QuestionForm()
    if _add(form, series_id=series_id):
        return _added("questions.of_series", series_id=series_id)
    return _page(form, questions.of_series(series_id), shown=None)


@pages.route("/meetings/<int:meeting_id>/questions", methods=["GET", "POST"])
def of_meeting(meeting_id: int) -> Response | tuple[str, int]:
    """What this meeting asks beyond its series; POST adds a question."""
    form = QuestionForm()
    if _add(form, meeting_id=meeting_id):
        return _added("questions.of_meeting", meeting_id=meeting_id)
    inherited = questions.of_series(g.series.id)
    return _page(form, questions.of_meeting(meeting_id), shown=_shown(), inherited=inherited)


def _added(endpoint: str, **values: Any) -> Response:
    flash(gettext("Saved."))
    return redirect(url_for(endpoint, **values), 303)


@pages.route("/series/<int:series_id>/questions/<int:question_id>", methods=["GET", "POST"])
def change_of_series(series_id: int, question_id: int) -> Response | tuple[str, int]:
    """Another wording for a question of the series."""
    found = questions.required(question_id, series_id=series_id)
    return _change(found, url_for("questions.of_series", series_id=series_id), shown=None)


@pages.route("/meetings/<int:meeting_id>/questions/<int:question_id>", methods=["GET", "POST"])
def change_of_meeting(meeting_id: int, question_id: int) -> Response | tuple[str, int]:
    """Another wording for a question of the meeting."""
    found = questions.required(question_id, meeting_id=meeting_id)
    return _change(found, url_for("questions.of_meeting", meeting_id=meeting_id), shown=_shown())


def _change(question: Question, back: str, *, shown: showing.Shown | None) -> Response | tuple[str, int]:
    stored = {"label": question.label, "choices": questions.lines_of(question.choices)}
    form = ChangeForm(data={**stored, "needed": question.required, "vanishes": question.vanishes})

    def act() -> None:
        questions.change(
            question,
            label=form.label.data,
            choices=questions.from_lines(form.choices.data),
            required=form.needed.data,
            vanishes=form.vanishes.data,
            actor_id=loading.me().id,
        )

    if attempt(form, act):
        flash(gettext("Saved."))
        return redirect(back, 303)
    page = render_template(
        "coordinate/question.html", form=form, question=question, series=g.series, shown=shown, back=back, words=words
    )
    return page, form.status


@pages.post("/series/<int:series_id>/questions/<int:question_id>/drop")
def drop_of_series(series_id: int, question_id: int) -> Response:
    """Ask a question of the series no more."""
    return _drop(questions.required(question_id, series_id=series_id), "questions.of_series", series_id=series_id)


@pages.post("/meetings/<int:meeting_id>/questions/<int:question_id>/drop")
def drop_of_meeting(meeting_id: int, question_id: int) -> Response:
    """Ask a question of the meeting no more."""
    return _drop(questions.required(question_id, meeting_id=meeting_id), "questions.of_meeting", meeting_id=meeting_id)


def _drop(question: Question, endpoint: str, **values: Any) -> Response:
    questions.drop(question, actor_id=loading.me().id)
    flash(gettext("The question is no longer asked. Replies so far are kept."))
    return redirect(url_for(endpoint, **values), 303)
