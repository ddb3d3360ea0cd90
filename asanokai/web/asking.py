"""The answer form with the meeting's own questions in it: making it, starting it with what was said before, reading it.

Shared by every page on which somebody answers: a member, by link, a deputy, a coordinator.
"""

from typing import Any

from wtforms import IntegerField, SelectField
from wtforms.validators import NumberRange, Optional

from asanokai import entering, guests, languages, questions
from asanokai.entering import Said
from asanokai.questions import HIGHEST_NUMBER, LONGEST_REPLY, Question
from asanokai.rsvps import Given, Rsvp
from asanokai.web import loading
from asanokai.web.forms import AnswerForm, answered, line, options


def form(meeting_id: int, series_id: int, rsvp: Rsvp | None, *, base: type[AnswerForm] = AnswerForm) -> AnswerForm:
    """The form, started with what was said before; questions that were never answered stand open."""
    return started(questions.asked(meeting_id, series_id), rsvp, base=base)


def started(
    asked: list[Question], rsvp: Rsvp | None, *, base: type[AnswerForm] = AnswerForm, **more: Any
) -> AnswerForm:
    """The same where the questions are at hand; `more` is marked instead of what was said."""
    said = answered(rsvp)
    if said and rsvp is not None:
        named = guests.of([rsvp]).get(rsvp.id, [])
        known = questions.replies(rsvp.id) if asked else {}
        said |= {"guest_names": guests.typed(named)}
        said |= {question.field: known.get(question.id) or ("" if question.choices else None) for question in asked}
    return made(asked, base=base, data={**said, **more})


def made(asked: list[Question], *, base: type[AnswerForm] = AnswerForm, **how: Any) -> AnswerForm:
    """The form with a field for each question."""
    kind: Any = base
    if asked:
        kind = type(base.__name__, (base,), {question.field: _field(question) for question in asked})
    built: AnswerForm = kind(**how)
    built.questions = asked
    return built


def _field(question: Question) -> Any:
    label = languages.pick(question.label, loading.language()).text
    if question.choices:
        places = range(len(question.choices))
        words = {"": "–"} | {
            str(place): questions.in_words(question, str(place), loading.language()) for place in places
        }
        return SelectField(label, choices=options(words), validate_choice=False)
    if question.kind == "number":
        return IntegerField(label, [Optional(), NumberRange(min=0, max=HIGHEST_NUMBER)])
    return line(label, longest=LONGEST_REPLY)


def said(form: AnswerForm) -> Said:
    """What the form says. A field that was not sent leaves what was said before; an emptied one counts."""
    replies = {
        question.id: "" if form[question.field].data is None else str(form[question.field].data)
        for question in form.questions
        if form[question.field].raw_data
    }
    return Said(
        choice=str(form.answer.data),
        guests=(form.guests.data or 0) if form.guests and form.guests.raw_data else None,
        comment=form.comment.data if form.comment and form.comment.raw_data else None,
        short_notice=form.short_notice.data if form.short_notice and form.short_notice.raw_data else None,
        guest_names=form.guest_names.data if form.guest_names and form.guest_names.raw_data else None,
        replies=replies,
    )


def enter(meeting_id: int, member_id: int, form: AnswerForm, *, by: str, actor_id: int) -> Given:
    """Take in what the form says."""
    return entering.enter(meeting_id, member_id, said(form), asked=form.questions, by=by, actor_id=actor_id)
