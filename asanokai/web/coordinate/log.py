"""The log: who did what and when, of a meeting, of a series, of a member. Coordinators read what happened in their own
series; administrators everything. It only reads.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, g, render_template, request
from flask_babel import gettext, ngettext

from asanokai import history, languages, members
from asanokai.errors import N_, Missing
from asanokai.history import Line
from asanokai.meetings import Meeting
from asanokai.web import loading, words

pages = Blueprint("log", __name__)


def _number() -> int:
    return request.args.get("page", 1, type=int)


def _page(found: history.Page, **about: Any) -> str:
    facts: dict[str, Any] = {"series": None, "meeting": None, "member": None, **about}
    facts |= {"page": found, "language": loading.language(), "when": when, "told": told, "date_of": date_of}
    return render_template("coordinate/log.html", **facts)


def when(line: Line) -> str:
    """The moment, on a meeting's clock or the reader's."""
    return languages.moment_in_words(line.entry.at, loading.language(), _zone(line), short=True)


def date_of(meeting: Meeting) -> str:
    """A meeting's date, in short."""
    return languages.date_in_words(
        meeting.starts_at.astimezone(ZoneInfo(meeting.zone)).date(), loading.language(), short=True
    )


def _zone(line: Line) -> str:
    """A meeting's log keeps the meeting's clock; everything else the reader's."""
    return line.meeting.zone if line.meeting else loading.zone() or "UTC"


@pages.get("/meetings/<int:meeting_id>/log")
def of_meeting(meeting_id: int) -> str:
    """What happened to one meeting and the answers to it."""
    return _page(history.of_meeting(meeting_id, page=_number()), series=g.series, meeting=g.meeting)


@pages.get("/series/<int:series_id>/log")
def of_series(series_id: int) -> str:
    """What happened to a series and its meetings."""
    return _page(history.of_series(series_id, page=_number()), series=g.series)


@pages.get("/people/<int:member_id>/log")
def of_member(member_id: int) -> str:
    """What concerns a member, as far as the reader coordinates it."""
    member = members.by_id(member_id)
    own = None if loading.me().administrator else loading.desk_series_ids()
    if own is not None and not history.concerns(member_id, own):
        raise Missing(N_("There is no such member."))  # word for word what by_id() says
    return _page(history.of_member(member_id, series_ids=own, page=_number()), member=member)


# --- in words ---------------------------------------------------------------------------------------------------------


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
