"""The form for everything about one meeting, and what a coordinator reads before it is saved: what changes from what to
what, whom it touches, and what is missing in which language. Rules stand in `announcing`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, HiddenField, IntegerField, RadioField
from wtforms.validators import InputRequired, NumberRange, Optional

from asanokai import announcing, db, languages, rsvps, topics
from asanokai.announcing import Change, Choices
from asanokai.announcing.checking import Said, readers_by_language, texts
from asanokai.errors import Refused
from asanokai.languages import LANGUAGES
from asanokai.meetings import EDITABLE, Meeting
from asanokai.rsvps import Tally
from asanokai.series import Series, in_utc
from asanokai.web import loading
from asanokai.web.forms import REQUIRED, Form, TextsField, line, options, wall_time, web_address

CHOICES = ("tell", "answers", "topics", "seen")
"""Fields of the second page. What is wrong with one of these is mended there."""


class MeetingForm(Form):
    """What there is to a meeting, and what happens to those a change touches."""

    starts = wall_time(lazy_gettext("Begins"), InputRequired(REQUIRED))
    ends = wall_time(lazy_gettext("Ends"), InputRequired(REQUIRED))
    venue = TextsField(lazy_gettext("Place"), longest=300)
    title = TextsField(lazy_gettext("Title"))
    note = TextsField(lazy_gettext("Note"), longest=2000, lines=3)
    join_link = line(lazy_gettext("Link for those who join by video"), web_address, longest=500)
    seats = IntegerField(lazy_gettext("Seats"), [Optional(), NumberRange(min=1, max=100_000)])
    guests_allowed = IntegerField(lazy_gettext("Guests each may bring"), [InputRequired(REQUIRED), NumberRange(0, 20)])
    answer_until = wall_time(lazy_gettext("Answers are taken until"), InputRequired(REQUIRED))
    public = BooleanField(lazy_gettext("Show in the public programme"))
    needs_approval = BooleanField(lazy_gettext("Applications need approval"))
    tell = RadioField(
        lazy_gettext("Tell them?"),
        [Optional()],
        choices=options(
            {
                "yes": lazy_gettext("Yes, everybody who knows of the meeting gets a letter"),
                "no": lazy_gettext("No, nobody is written to"),
            }
        ),
    )
    answers = RadioField(
        lazy_gettext("Their answers"),
        [Optional()],
        choices=options(
            {
                "keep": lazy_gettext("stay valid"),
                "again": lazy_gettext("are asked again"),
            }
        ),
    )
    topics = BooleanField(lazy_gettext("Also say that the topics have changed"))
    seen = HiddenField()


def wall(moment: datetime, meeting: Meeting) -> datetime:
    """A stored moment as the wall time a form shows: in the meeting's zone, without a zone of its own."""
    return moment.astimezone(ZoneInfo(meeting.zone)).replace(tzinfo=None)


def stored(meeting: Meeting) -> dict[str, Any]:
    """What the form starts with."""
    fields = {name: getattr(meeting, name) for name in (*EDITABLE, "venue")}
    moments = {"starts": meeting.starts_at, "ends": meeting.ends_at, "answer_until": meeting.answer_until}
    return fields | {name: wall(moment, meeting) for name, moment in moments.items()} | {"seen": str(meeting.version)}


def _typed(form: MeetingForm, meeting: Meeting) -> tuple[dict[str, Any], Change]:
    values = {name: form[name].data for name in EDITABLE}
    values |= {name: values[name] or None for name in ("title", "note")}
    moments = {name: _moment(form, meeting, name) for name in ("starts", "ends", "answer_until")}
    values["answer_until"] = moments["answer_until"]
    return values, Change(moments["starts"], moments["ends"], form.venue.data or {})


def _moment(form: MeetingForm, meeting: Meeting, name: str) -> datetime:
    """What was typed; a moment that was left as it is keeps its seconds, and its place in a repeated hour."""
    was = getattr(meeting, {"starts": "starts_at", "ends": "ends_at"}.get(name, name))
    typed: datetime = form[name].data
    shown = wall(was, meeting).replace(second=0, microsecond=0)
    return was if typed.replace(second=0) == shown else in_utc(typed, meeting.zone)


def checked(form: MeetingForm, meeting: Meeting) -> bool:
    """Whether the form was sent and no rule refuses what it asks for. Nothing is changed."""
    if not form.is_submitted():
        return False
    if not form.validate():
        form.status = 422
        return False
    try:
        announcing.check(meeting, *_typed(form, meeting))
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True


def decidable(form: MeetingForm) -> bool:
    """Whether what was typed is in order, so that what is wrong is mended on the second page."""
    return not set(form.errors) - {*CHOICES, ""}


def save(form: MeetingForm, meeting: Meeting, *, actor_id: int) -> None:
    """Do what the form says. Raises `Refused`."""
    seen = str(form.seen.data or "")
    choices = Choices(
        tell=form.tell.data == "yes",
        ask_again=form.answers.data == "again",
        topics=form.topics.data,
        seen=int(seen) if seen.isdecimal() and len(seen) < 10 else None,
    )
    values, to = _typed(form, meeting)
    announcing.change(meeting.id, values, to, choices, actor_id=actor_id)
    db.session().flush()


# --- what is read before ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """One value that changes: what it is called, the language of a text (or ""), and both in words."""

    label: str
    lang: str
    old: str
    new: str


@dataclass(frozen=True)
class Languages:
    """Which texts are there in which languages, and how many read each."""

    said: list[Said]
    readers: dict[str, int]

    @property
    def missing(self) -> bool:
        """Whether somebody will read a text in another language than their own."""
        return any(count and lang not in one.there for one in self.said if one.there for lang, count in self._read)

    @property
    def _read(self) -> list[tuple[str, int]]:
        return list(self.readers.items())


@dataclass(frozen=True)
class Check:
    """What the second page shows. `kept` are the fields of the first, to be sent once more."""

    differences: list[Difference]
    moved: bool
    tally: Tally
    touched: int
    said: Languages
    more_seats: bool
    fewer_seats: bool
    kept: list[tuple[str, str]]


def check(form: MeetingForm, meeting: Meeting, series: Series) -> Check:
    """What saving would do. Sets the choices that were not made yet."""
    values, to = _typed(form, meeting)
    moved = announcing.moves(meeting, to)
    if form.tell.data not in ("yes", "no") or moved:
        form.tell.data = "yes" if moved else "no"
    if form.answers.data not in ("keep", "again"):
        form.answers.data = "keep"
    form.seen.data = str(meeting.version)
    tally = rsvps.tallies([meeting.id])[meeting.id]
    seats, room = values["seats"], values["seats"] or float("inf")
    return Check(
        differences=[*_moved(form, meeting, to), *_edited(form, meeting, values)],
        moved=moved,
        tally=tally,
        touched=announcing.touched(meeting, moved=moved),
        said=languages_of(meeting, {**values, "venue": form.venue.data}),
        more_seats=bool(tally.queued and seats != meeting.seats and room > (meeting.seats or float("inf"))),
        fewer_seats=bool(seats is not None and seats < tally.coming),
        kept=[(name, value) for name, value in request.form.items() if name not in (*CHOICES, "step", "csrf_token")],
    )


def languages_of(meeting: Meeting, values: dict[str, Any]) -> Languages:
    """Which texts the meeting would have in which languages."""
    return Languages(texts(values, topics.of(meeting)), readers_by_language(meeting))


def _moved(form: MeetingForm, meeting: Meeting, to: Change) -> Iterator[Difference]:
    language, zone = loading.language(), meeting.zone
    assert to.starts_at is not None and to.ends_at is not None
    for label, spell in ((gettext("Day"), languages.dates_of), (gettext("Time"), languages.span_in_words)):
        was = spell(meeting.starts_at, meeting.ends_at, language, zone)
        will = spell(to.starts_at, to.ends_at, language, zone)
        if was != will:
            yield Difference(label, "", was, will)
    yield from _of_texts(form.venue, meeting.venue, form.venue.data)


def _edited(form: MeetingForm, meeting: Meeting, values: dict[str, Any]) -> Iterator[Difference]:
    for name in EDITABLE:
        was, will = getattr(meeting, name), values[name]
        if was == will:
            continue
        if isinstance(form[name], TextsField):
            yield from _of_texts(form[name], was, will)
        else:
            label = str(form[name].label.text)
            yield Difference(label, "", _words(name, was, meeting.zone), _words(name, will, meeting.zone))


def _of_texts(field: TextsField, was: dict[str, str] | None, will: dict[str, str] | None) -> Iterator[Difference]:
    for code in LANGUAGES:
        old, new = ((words or {}).get(code, "") for words in (was, will))
        if old != new:
            yield Difference(str(field.label.text), code, old, new)


def _words(name: str, value: Any, zone: str) -> str:
    if isinstance(value, datetime):
        return languages.moment_in_words(value, loading.language(), zone)
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    return str(gettext("unlimited") if value is None else value)
