"""What a meeting asks of those who come: text, choice, number, food; what they reply; which replies vanish afterwards.

A question belongs to a series, which asks it at every meeting, or to one meeting. Replies hang on the answer (`rsvps`),
and are given together with it (`entering`). They may speak of health or belief: they stand in no journal and in no log,
and those that vanish are deleted once the meeting is over; how often each was given is kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    and_,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, db, journal, languages
from asanokai.db import Base, Facts, Texts, session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.meetings import Meeting
from asanokai.members import cleaned
from asanokai.rsvps import Rsvp

KINDS = ("text", "choice", "number", "food")
MOST_QUESTIONS, MOST_CHOICES = 12, 20
LONGEST_REPLY, HIGHEST_NUMBER = 300, 100_000


class Question(Base):
    """A question of a series or of a meeting. *Food* is chosen where there are choices, else written.

    `choices` are Texts in their order; a reply names one by its place, so that none is ever taken out.
    """

    __tablename__ = "question"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("(series_id IS NULL) <> (meeting_id IS NULL)", name="of_one"),
        Index(None, "series_id"),
        Index(None, "meeting_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    position: Mapped[int]
    kind: Mapped[str]
    label: Mapped[dict[str, Any]] = mapped_column(Texts)
    choices: Mapped[list[dict[str, str]] | None] = mapped_column(Facts)
    required: Mapped[bool] = mapped_column(default=False)
    vanishes: Mapped[bool] = mapped_column(default=False)
    dropped_at: Mapped[datetime | None]

    @property
    def sensitive(self) -> bool:
        """Whether replies may speak of health or belief: who reads one is noted."""
        return self.kind == "food" or self.vanishes

    @property
    def field(self) -> str:
        """What its field in a form is called."""
        return f"question_{self.id}"


class Reply(Base):
    """What somebody said to a question: the words, the number, or the place of the choice counted from 0."""

    __tablename__ = "reply"
    __table_args__ = (UniqueConstraint("question_id", "rsvp_id"), Index(None, "rsvp_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    rsvp_id: Mapped[int] = mapped_column(ForeignKey("rsvp.id", ondelete="CASCADE"))
    value: Mapped[str] = mapped_column(Text)


class ReplyCount(Base):
    """How often a reply was given at a meeting, kept when the replies have vanished. Words are not kept: "" stands for
    all of them."""

    __tablename__ = "reply_count"
    __table_args__ = (UniqueConstraint("question_id", "meeting_id", "value"), Index(None, "meeting_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    value: Mapped[str] = mapped_column(Text)
    people: Mapped[int]


# --- asking -----------------------------------------------------------------------------------------------------------


def of_series(series_id: int) -> list[Question]:
    """What the series asks at each of its meetings."""
    return _found(Question.series_id == series_id)


def of_meeting(meeting_id: int) -> list[Question]:
    """What this meeting asks beyond its series."""
    return _found(Question.meeting_id == meeting_id)


def asked(meeting_id: int, series_id: int) -> list[Question]:
    """Everything the meeting asks, the series' questions first."""
    return _found(or_(Question.meeting_id == meeting_id, Question.series_id == series_id))


def _found(which: Any) -> list[Question]:
    in_order = (Question.series_id.is_(None), Question.position, Question.id)
    return list(session().scalars(select(Question).where(which, Question.dropped_at.is_(None)).order_by(*in_order)))


def required(question_id: int, *, series_id: int | None = None, meeting_id: int | None = None) -> Question:
    """The question of that series or meeting. Raises `Missing` if it is none of theirs."""
    found = session().get(Question, question_id)
    if found is None or found.dropped_at or (found.series_id, found.meeting_id) != (series_id, meeting_id):
        raise Missing(N_("There is no such question."))
    return found


def add(
    label: dict[str, str],
    kind: str,
    *,
    series_id: int | None = None,
    meeting_id: int | None = None,
    choices: Sequence[dict[str, str]] = (),
    required: bool = False,
    vanishes: bool | None = None,
    actor_id: int | None = None,
) -> Question:
    """A new question, the last one. Replies about food vanish if nothing else is said. Raises `BadInput`."""
    if kind not in KINDS:
        raise BadInput("kind", N_("Please choose what kind of reply is wanted."))
    there = of_series(series_id) if series_id else of_meeting(meeting_id or 0)
    if len(there) >= MOST_QUESTIONS:
        raise Refused(N_("There are %(most)s questions already; no more can be added."), most=MOST_QUESTIONS)
    question = Question(
        series_id=series_id,
        meeting_id=meeting_id,
        position=1 + max((other.position for other in there), default=0),
        kind=kind,
        label=label,
        choices=_choices(kind, choices),
        required=required,
        vanishes=kind == "food" if vanishes is None else vanishes,
    )
    _check(question)
    session().add(question)
    session().flush()
    journal.write("add", "question", question.id, actor_id=actor_id, series=series_id, meeting=meeting_id, kind=kind)
    return question


def change(
    question: Question,
    *,
    label: dict[str, str],
    choices: Sequence[dict[str, str]],
    required: bool,
    vanishes: bool,
    actor_id: int | None = None,
) -> None:
    """Word it anew. Its kind stays, and so do the choices there were: replies name them by their place."""
    wanted = _choices(question.kind, choices)
    if len(wanted or ()) < len(question.choices or ()):
        raise BadInput("choices", N_("A choice can be reworded but not taken out: somebody may have chosen it."))
    if question.kind == "food" and wanted and not question.choices and _has_replies(question):
        raise BadInput("choices", N_("This was answered in words already; please ask a new question instead."))
    question.label, question.choices, question.required, question.vanishes = label, wanted, required, vanishes
    _check(question)
    journal.write("change", "question", question.id, actor_id=actor_id)


def drop(question: Question, *, actor_id: int | None = None) -> None:
    """Ask it no more. What was replied so far stays with its meetings."""
    question.dropped_at = clock.now()
    journal.write("drop", "question", question.id, actor_id=actor_id)


def _choices(kind: str, choices: Sequence[dict[str, str]]) -> list[dict[str, str]] | None:
    return list(choices) or None if kind in ("choice", "food") else None


def _check(question: Question) -> None:
    if not any((question.label or {}).values()):
        raise BadInput("label", N_("Please write the question in at least one language."))
    number = len(question.choices or ())
    if (question.kind == "choice" and number < 2) or number == 1:
        raise BadInput("choices", N_("Please give two choices at least, one on each line."))
    if number > MOST_CHOICES:
        raise BadInput("choices", N_("Please give %(most)s choices at most."), most=MOST_CHOICES)


def _has_replies(question: Question) -> bool:
    return session().scalar(select(Reply.id).where(Reply.question_id == question.id).limit(1)) is not None


def lines_of(choices: Iterable[dict[str, str]] | None) -> dict[str, str]:
    """Choices as a form shows them: one on each line, in each language."""
    found = list(choices or ())
    by_language = {code: [choice.get(code, "") for choice in found] for code in languages.LANGUAGES}
    return {code: "\n".join(words) for code, words in by_language.items() if any(words)}


def from_lines(typed: Mapping[str, str]) -> list[dict[str, str]]:
    """The choices that stand line by line in up to three languages. Raises `BadInput` if the lines do not match."""
    lines = {code: [line.strip() for line in words.split("\n") if line.strip()] for code, words in typed.items()}
    lines = {code: found for code, found in lines.items() if found}
    if len({len(found) for found in lines.values()}) > 1:
        raise BadInput("choices", N_("Please give the same choices, in the same order, in each language."))
    number = max((len(found) for found in lines.values()), default=0)
    return [{code: found[place] for code, found in lines.items()} for place in range(number)]


# --- replying ---------------------------------------------------------------------------------------------------------


def replies(rsvp_id: int) -> dict[int, str]:
    """What was replied with that answer: number of the question → value."""
    found = session().execute(select(Reply.question_id, Reply.value).where(Reply.rsvp_id == rsvp_id))
    return {question_id: value for question_id, value in found}


def replies_of(meeting_id: int, member_id: int) -> dict[int, str]:
    """What a member replied at a meeting."""
    found = session().execute(
        select(Reply.question_id, Reply.value)
        .join(Rsvp, Rsvp.id == Reply.rsvp_id)
        .where(Rsvp.meeting_id == meeting_id, Rsvp.member_id == member_id)
    )
    return {question_id: value for question_id, value in found}


def read(asked: Sequence[Question], said: Mapping[int, str], known: Mapping[int, str], *, must: bool) -> dict[int, str]:
    """What will have been replied: `known` with what is `said` now put in its place; "" takes a reply back.

    Raises `BadInput`, at the question's own field, for what cannot be a reply, and with `must` for none where one is
    required.
    """
    whole = dict(known)
    for question in asked:
        if question.id in said:
            whole[question.id] = _value(question, said[question.id])
        if must and question.required and not whole.get(question.id):
            raise BadInput(question.field, N_("Please answer this: the organisers need it from everyone who comes."))
    return {question_id: value for question_id, value in whole.items() if value}


def _value(question: Question, said: str) -> str:
    words = cleaned(said, longest=LONGEST_REPLY)
    if not words:
        return ""
    wrong = BadInput(question.field, N_("Please choose one of the replies."))
    if question.choices:
        if not (words.isascii() and words.isdigit() and int(words) < len(question.choices)):
            raise wrong
        return str(int(words))
    if question.kind == "number":
        if not (words.isascii() and words.isdigit() and len(words) < 7 and int(words) <= HIGHEST_NUMBER):
            raise BadInput(question.field, N_("Please give a whole number."))
        return str(int(words))
    return words


def record(rsvp: Rsvp, wanted: Mapping[int, str], known: Mapping[int, str], *, actor_id: int | None = None) -> None:
    """Keep the replies as `read` found them. The journal learns which questions, not what was said."""
    changed = sorted(number for number in {*wanted, *known} if wanted.get(number) != known.get(number))
    if not changed:
        return
    session().execute(delete(Reply).where(Reply.rsvp_id == rsvp.id, Reply.question_id.in_(changed)))
    session().add_all(
        Reply(question_id=number, rsvp_id=rsvp.id, value=wanted[number]) for number in changed if number in wanted
    )
    session().flush()
    journal.write("reply", "rsvp", rsvp.id, actor_id=actor_id, meeting=rsvp.meeting_id, questions=changed)


def in_words(question: Question, value: str, language: str) -> str:
    """A reply as a reader sees it: the choice's own words, the number, or what was written."""
    if question.choices and value.isdigit() and int(value) < len(question.choices):
        return languages.pick(question.choices[int(value)], language).text
    return value


# --- counting, and forgetting -----------------------------------------------------------------------------------------

Counts = list[tuple[Question, list[tuple[str, int]]]]


def counts(meeting_id: int) -> Counts:
    """How often what was replied by those who have a seat: each question of the meeting with its (value, count), the
    choices in their order, else the most frequent first; no names. `in_words` says a value.

    Where the replies have vanished it says what was counted before; words are one number then, under "".
    """
    series_id = select(Meeting.series_id).where(Meeting.id == meeting_id).scalar_subquery()
    in_order = (Question.series_id.is_(None), Question.position, Question.id)
    of_both = or_(Question.meeting_id == meeting_id, Question.series_id == series_id)
    found = session().scalars(select(Question).where(of_both).order_by(*in_order)).all()
    if not found:
        return []
    numbers: dict[int, dict[str, int]] = {question.id: {} for question in found}
    for question_id, value, people in [*_counted(meeting_id), *_kept(meeting_id)]:
        numbers[question_id][value] = numbers[question_id].get(value, 0) + people
    asked = [question for question in found if question.dropped_at is None or numbers[question.id]]
    return [(question, _in_order(question, numbers[question.id])) for question in asked]


def _counted(meeting_id: int) -> Sequence[Any]:
    query = (
        select(Reply.question_id, Reply.value, func.count())
        .join(Rsvp, and_(Rsvp.id == Reply.rsvp_id, Rsvp.seat == "held"))
        .where(Rsvp.meeting_id == meeting_id)
        .group_by(Reply.question_id, Reply.value)
    )
    return session().execute(query).all()


def _kept(meeting_id: int) -> Sequence[Any]:
    columns = (ReplyCount.question_id, ReplyCount.value, ReplyCount.people)
    return session().execute(select(*columns).where(ReplyCount.meeting_id == meeting_id)).all()


def _in_order(question: Question, numbers: Mapping[str, int]) -> list[tuple[str, int]]:
    if question.choices or question.kind == "number":
        return sorted(numbers.items(), key=lambda one: (not one[0], len(one[0]), one[0]))
    return sorted(numbers.items(), key=lambda one: (-one[1], one[0]))


FORGET_AT_ONCE = 20
"""Meetings whose replies vanish in one step; the next beat takes the others."""


def forget() -> int:
    """Delete the replies that vanish, of meetings that are over; keep how often each was given by those who had a seat.
    How many were deleted."""
    over = session().scalars(
        select(Rsvp.meeting_id)
        .join(Reply, Reply.rsvp_id == Rsvp.id)
        .join(Question, and_(Question.id == Reply.question_id, Question.vanishes))
        .join(Meeting, Meeting.id == Rsvp.meeting_id)
        .where(Meeting.ends_at <= clock.now())
        .distinct()
        .limit(FORGET_AT_ONCE)
    )
    return sum(_forget_of(meeting_id) for meeting_id in over.all())


def _forget_of(meeting_id: int) -> int:
    vanishing = {question.id: question for question, _numbers in counts(meeting_id) if question.vanishes}
    kept = {(question_id, value): people for question_id, value, people in _kept(meeting_id)}
    for question_id, value, people in _counted(meeting_id):
        if question_id in vanishing:
            plain = value if vanishing[question_id].choices or vanishing[question_id].kind == "number" else ""
            kept[question_id, plain] = kept.get((question_id, plain), 0) + people
    session().execute(delete(ReplyCount).where(ReplyCount.meeting_id == meeting_id))
    session().add_all(
        ReplyCount(question_id=question_id, meeting_id=meeting_id, value=value, people=people)
        for (question_id, value), people in kept.items()
    )
    answers = select(Rsvp.id).where(Rsvp.meeting_id == meeting_id)
    which = select(Question.id).where(Question.vanishes)
    gone = session().execute(
        delete(Reply)
        .where(Reply.rsvp_id.in_(answers), Reply.question_id.in_(which))
        .execution_options(synchronize_session=False)
    )
    session().flush()
    replies = db.affected(gone)
    journal.write("forget", "meeting", meeting_id, replies=replies)
    return replies


def count_in(which: ColumnElement[bool]) -> None:
    """Keep how often each of these replies was given by who had a seat, before they are deleted: the counts stay as
    they are. Words are counted under no value."""
    query = (
        select(Reply.question_id, Reply.value, Rsvp.meeting_id, Question)
        .join(Rsvp, and_(Rsvp.id == Reply.rsvp_id, Rsvp.seat == "held"))
        .join(Question, Question.id == Reply.question_id)
        .where(which)
    )
    for question_id, value, meeting_id, question in session().execute(query).all():
        plain = value if question.choices or question.kind == "number" else ""
        _add_to_count(question_id, meeting_id, plain)
    session().flush()


def _add_to_count(question_id: int, meeting_id: int, value: str) -> None:
    same = (ReplyCount.question_id == question_id, ReplyCount.meeting_id == meeting_id, ReplyCount.value == value)
    found = session().scalar(select(ReplyCount).where(*same))
    if found is None:
        session().add(ReplyCount(question_id=question_id, meeting_id=meeting_id, value=value, people=1))
        session().flush()
    else:
        found.people += 1
