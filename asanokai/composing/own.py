"""What coordinators wrote themselves, as a letter's templates print it: letters of their own, and their paragraphs."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from asanokai import markdown, writing
from asanokai.composing.overtaking import Row
from asanokai.languages import pick
from asanokai.showing import Shown
from asanokai.writing import Message


def own_words(row: Row, shown: Shown | None, messages: Mapping[int, Message]) -> dict[str, Any]:
    """A letter of one's own: its words in the reader's language, or marked as another's."""
    assert shown is not None
    message = messages.get(row.facts.get("message", 0))
    usual = writing.THANKS if row.letter.kind == "thanks" else writing.SAMPLE
    subject, words = (message.subject, message.words) if message else usual
    said = writing.said(subject, words, row.language, shown.series.first_language)
    return {"own": {"subject": " ".join(said.subject.split()), **_written(said.words, said.lang, row.language)}}


def paragraph_in(
    row: Row, shown: Shown | None, paragraphs: Mapping[tuple[int, str], dict[str, str]]
) -> dict[str, Any] | None:
    """What coordinators put into this kind of letter about this meeting. A nudge is a reminder sent by hand."""
    if shown is None:
        return None
    number = shown.meeting.id
    found = paragraphs.get((number, row.letter.kind))
    if found is None and row.letter.kind == "nudge":
        found = paragraphs.get((number, "remind"))
    if not found:
        return None
    text = pick(found, row.language, shown.series.first_language)
    return _written(text.text, text.lang, row.language)


def _written(source: str, lang: str, language: str) -> dict[str, Any]:
    """Markdown as a letter's templates print it."""
    return {
        "text": markdown.to_text(source),
        "html": Markup(markdown.to_html(source)),
        "lang": lang,
        "foreign": lang != language,
    }
