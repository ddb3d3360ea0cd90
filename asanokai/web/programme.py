"""What everybody may see: the programme, a meeting's page, the legal pages, and what monitors ask for.

The answer form on a meeting's page is taken in by `answer`, applications by `account`.
"""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, g, render_template, request
from sqlalchemy import func, select, text

from asanokai import clock, law, letters, markdown, meetings, questions, retention, showing
from asanokai.db import session as database
from asanokai.errors import N_, Missing
from asanokai.languages import date_in_words, pick
from asanokai.members import Member
from asanokai.web import about, asking, loading, words
from asanokai.web.forms import AnswerForm, LinkAnswerForm

pages = Blueprint("programme", __name__)


@pages.get("/")
def home() -> str:
    """The start: welcome, the next meetings, how to take part; in an empty installation how to begin."""
    coming = _shown(meetings.upcoming(public_only=True, limit=4))
    if not coming and _is_empty():
        return render_template("programme/begin.html")
    welcome = pick(loading.installed().welcome, loading.language())
    return render_template("programme/home.html", coming=coming, welcome=welcome, to_html=markdown.to_html)


def _is_empty() -> bool:
    return not database().scalar(select(Member.id).where(Member.administrator).limit(1))


@pages.get("/meetings/", endpoint="meetings")
def programme() -> str:
    """The public programme: what comes, what was."""
    return render_template(
        "programme/meetings.html",
        coming=_shown(meetings.upcoming(public_only=True)),
        past=_shown(meetings.past(public_only=True)),
    )


def _shown(found: Any) -> list[showing.Shown]:
    return showing.shown_all(found, language=loading.language(), zone=loading.zone())


@pages.get("/meetings/<path>")
def meeting(path: str) -> str:
    """One meeting: day, place, topics; for a member the answer, for a visitor how to take part."""
    return render_template("programme/meeting.html", **about.meeting(_form()))


def _form() -> AnswerForm:
    """The form for who is asked to come; nobody else is shown one, and gets no cookie for its token."""
    if not about.may_answer():
        return LinkAnswerForm()
    asked = questions.asked(g.meeting.id, g.series.id) if "questions" in g.has else []
    return asking.started(asked, g.rsvp)


# --- legal pages ------------------------------------------------------------------------------------------------------


@pages.get("/imprint")
def imprint() -> str:
    """Who runs this."""
    return _law("imprint")


@pages.get("/privacy")
def privacy() -> str:
    """What is kept, why and how long."""
    return _law("privacy")


@pages.get("/accessibility")
def accessibility() -> str:
    """How the pages can be used, and whom to tell if they cannot."""
    return _law("accessibility")


def _law(kind: str) -> str:
    language = loading.language()
    shown = law.text(loading.installed(), kind, language, retention.told()[language] if kind == "privacy" else None)
    day = law.since(kind, language).astimezone(ZoneInfo("Europe/Berlin")).date()
    return render_template(
        "programme/words.html",
        kind=kind,
        html=law.to_html(shown),
        missing=law.gaps_of(shown),
        since=date_in_words(day, language),
        words=words,
    )


@pages.get("/logo")
def logo() -> Response:
    """The organisation's picture."""
    row = loading.installed()
    if not row.logo_type or not row.logo:
        raise Missing(N_("There is no such page, or none that you may see."))
    response = Response(row.logo, mimetype=row.logo_type)
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Content-Security-Policy"] = loading.SANDBOX
    response.set_etag(str(row.changed_at))
    return response.make_conditional(request)  # type: ignore[return-value]  # the same one comes back


# --- monitors ---------------------------------------------------------------------------------------------------------


@pages.get("/healthz")
def healthz() -> Response:
    """Whether process and database answer."""
    database().execute(text("SELECT 1"))
    return Response("ok\n", mimetype="text/plain")


@pages.get("/metrics")
def metrics() -> Response:
    """Counts in Prometheus' text form; not there unless ASANOKAI_METRICS is set."""
    if not current_app.config["ASANOKAI"].metrics:
        raise Missing(N_("There is no such page, or none that you may see."))
    oldest = database().scalar(select(func.min(letters.Letter.due_at)).where(letters.Letter.state == "queued"))
    waiting = max((clock.now() - oldest).total_seconds(), 0) if oldest else 0
    lines = [f'asanokai_letters{{state="{state}"}} {count}' for state, count in sorted(letters.counts().items())]
    lines.append(f"asanokai_letters_overdue_seconds {waiting:.0f}")
    return Response("\n".join(lines) + "\n", mimetype="text/plain; version=0.0.4")
