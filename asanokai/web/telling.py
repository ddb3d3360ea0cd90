"""A line of the journal in the reader's words: when, what, about which date. Shared by all pages that tell it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext, ngettext

from asanokai import history, languages
from asanokai.history import Line
from asanokai.meetings import Meeting
from asanokai.web import loading, words


def in_words() -> dict[str, Callable[..., str]]:
    """What the templates say a line with."""
    return {"when": when, "told": told, "date_of": date_of}


def when(line: Line) -> str:
    """The moment, on a meeting's clock or the reader's."""
    return languages.moment_in_words(line.entry.at, loading.language(), _zone(line), short=True)


def when_for_reader(line: Line) -> str:
    """The moment on the reader's clock, whatever it is about: where entries of all meetings stand below each other."""
    return languages.moment_in_words(line.entry.at, loading.language(), loading.zone() or "UTC", short=True)


def date_of(meeting: Meeting) -> str:
    """A meeting's date, in short."""
    return languages.date_in_words(
        meeting.starts_at.astimezone(ZoneInfo(meeting.zone)).date(), loading.language(), short=True
    )


def _zone(line: Line) -> str:
    """A meeting's log keeps the meeting's clock; everything else the reader's."""
    return line.meeting.zone if line.meeting else loading.zone() or "UTC"


def told(line: Line) -> str:
    """What happened, in the reader's language."""
    facts, language = line.facts, loading.language()
    sentence = line.sentence
    fields = [str(words.FIELDS[name]) for name in facts.get("fields", ()) if name in words.FIELDS]
    if "%(fields)s" in sentence and not fields:
        sentence = history.CHANGED
    words_of_it: str = gettext(
        sentence,
        member=line.member.name.full(language) if line.member else gettext("Somebody"),
        answer=_answer(facts.get("answer"), facts.get("seat"), facts.get("guests")),
        before=_before(facts.get("before")),
        fields=languages.listed(fields, language),
        starts=_moment(line, facts.get("starts_at")),
        old=_moment(line, facts.get("before")),
        coming=facts.get("coming", 0),
        letters=words.WISHES.get(str(facts.get("kind")), ""),
        count=facts.get("letters", facts.get("answers", facts.get("entries", 0))),
    )
    return words_of_it


def _before(facts: Any) -> str:
    return _answer(*facts[:3]) if isinstance(facts, list) and len(facts) >= 3 else ""


def _answer(answer: Any, seat: Any, guests: Any) -> str:
    """An answer as the log says it: "Yes, with 2 guests, waiting list"."""
    if answer not in words.ANSWERS:
        return ""
    parts = [str(words.ANSWERS[answer])]
    if answer == "yes" and guests:
        parts.append(ngettext("with %(num)s guest", "with %(num)s guests", guests))
    if answer == "yes" and seat == "waiting":
        parts.append(gettext("Waiting list"))
    return languages.listed(parts, loading.language())


def _moment(line: Line, moment: Any) -> str:
    if not isinstance(moment, str):
        return ""
    return languages.moment_in_words(datetime.fromisoformat(moment), loading.language(), _zone(line))
