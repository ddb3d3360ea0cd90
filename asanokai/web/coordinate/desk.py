"""The coordinator's start: what is to be done next, the mornings to come and how they stand; and who asks to take part.

Only series the reader coordinates.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from asanokai import applying, clock, directory, invitations, law, letters, meetings, rsvps, showing
from asanokai.errors import N_, Missing
from asanokai.intake import seeing
from asanokai.meetings import Meeting
from asanokai.members import Application
from asanokai.series import Series
from asanokai.web import loading
from asanokai.web.forms import Form, attempt, text

pages = Blueprint("desk", __name__)

SOON = timedelta(days=14)
"""A draft whose invitation is due this soon should be announced."""


@dataclass(frozen=True)
class ToDo:
    """Something that waits for the coordinator: a kind, how many, the meeting or series, and until when."""

    kind: str
    count: int = 0
    shown: showing.Shown | None = None
    until: datetime | None = None
    series: Series | None = None


@pages.get("/")
def home() -> str:
    """The desk."""
    own = loading.desk_series_ids()
    coming = meetings.coming_of(own)
    shown = showing.shown_all(coming, language=loading.language(), zone=loading.zone())
    drafts = [line for line in shown if line.meeting.state == "draft"]
    mornings = [line for line in shown if line.meeting.state == "announced"]
    return render_template(
        "coordinate/desk.html",
        todo=_todo(own, drafts, mornings),
        mornings=mornings,
        drafts=drafts[:6],
        tallies=rsvps.tallies([line.meeting.id for line in mornings]),
        series=list(loading.series_names().values()),
        days_left=_days_left,
        in_words=showing.in_words,
        language=loading.language(),
    )


def _todo(own: list[int], drafts: list[showing.Shown], mornings: list[showing.Shown]) -> list[ToDo]:
    waiting = applying.count_waiting(_seen(own))
    found = [ToDo("applications", waiting)] if waiting else []
    mails = seeing.count_open(_seen(own))
    if mails:
        found.append(ToDo("mails", mails))
    # Cancelled ones too: a cancellation that did not arrive is the worst of all.
    told = [meeting.id for meeting in meetings.upcoming() if meeting.series_id in own]
    failed = letters.counts_of(told).get("failed", 0)
    if failed:
        found.append(ToDo("failed", failed))
    names = loading.series_names()
    unreached = directory.unreached(own)
    found += [ToDo("unreached", count, series=names[number]) for number, count in unreached.items() if number in names]
    limit = clock.now() + SOON
    for line in drafts:
        due = invitations.invited_at(line.meeting, line.series)
        if due is not None and due <= limit:
            found.append(ToDo("announce", shown=line, until=due))
    found += [ToDo("topic", shown=line) for line in mornings if not line.topics][:1]
    missing = law.gaps(loading.installed()) if loading.me().administrator else []
    if missing:
        found.append(ToDo("law", len(missing)))
    return found


def _seen(own: list[int]) -> list[int] | None:
    return None if loading.me().administrator else own


def _days_left(meeting: Meeting) -> int:
    """Whole days on the meeting's own calendar: 0 is today."""
    today = clock.now().astimezone(ZoneInfo(meeting.zone)).date()
    return max((meeting.local_date - today).days, 0)


# --- applications -----------------------------------------------------------------------------------------------------


class DeclineForm(Form):
    """Why somebody is not let in, for the letter."""

    reason = text(lazy_gettext("Reason, as it stands in the letter"), longest=applying.LONGEST_MESSAGE)


@pages.get("/applications")
def applications() -> str:
    """Who asks to take part."""
    return _applications(DeclineForm(), None)


def _applications(form: DeclineForm, refused: int | None) -> str:
    found = applying.waiting_for_decision(_seen(loading.desk_series_ids()))
    of_meetings = [line.meeting for line in found if line.meeting is not None]
    shown = showing.shown_all(of_meetings, language=loading.language(), zone=loading.zone())
    return render_template(
        "coordinate/applications.html",
        found=[(line, *applying.applicant(line.application, line.member, line.organisation)) for line in found],
        shown={line.meeting.id: line for line in shown},
        language=loading.language(),
        in_words=showing.in_words,
        zone=loading.me().zone,
        form=form,
        refused=refused,
    )


@pages.post("/applications/<int:application_id>/approve")
def approve(application_id: int) -> Response:
    """Let them in; they get a letter."""
    _own(application_id)
    applying.approve(application_id, actor_id=loading.me().id)
    flash(gettext("Accepted. A letter says so."))
    return redirect(url_for("desk.applications"), 303)


@pages.post("/applications/<int:application_id>/decline")
def decline(application_id: int) -> Response | tuple[str, int]:
    """Say no; they get a letter, with the reason if one is given."""
    _own(application_id)
    form = DeclineForm()
    form.reason.id = f"reason-{application_id}"  # there may be several on the page
    said = form.reason.data or ""
    if attempt(form, lambda: applying.decline(application_id, actor_id=loading.me().id, reason=said)):
        flash(gettext("Declined. A letter says so."))
        return redirect(url_for("desk.applications"), 303)
    return _applications(form, application_id), form.status


def _own(application_id: int) -> Application:
    application = applying.by_id(application_id)
    if application.series_id is None or not loading.may_coordinate(application.series_id):
        raise Missing(N_("There is no such application."))
    return application
