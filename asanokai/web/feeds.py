"""Calendar feeds to subscribe to: the public programme, and a member's own meetings at a secret address.

Same UIDs as in the letters, nobody's address inside. Cancelled meetings stay, as cancelled, for
`meetings.FEED_MEMORY`. The text of a feed changes only when something in it has changed, and so does its ETag.
"""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, Response, request
from flask_babel import gettext

from asanokai import clock, ical, meetings, members, rsvps, showing
from asanokai.ical import Entry
from asanokai.meetings import FEED_MEMORY, Meeting
from asanokai.rsvps import Rsvp
from asanokai.showing import Shown
from asanokai.web import loading

pages = Blueprint("feeds", __name__)


@pages.get("/calendar.ics")
def public() -> Response:
    """What everybody may know, in the language asked for."""
    entries = [
        (_entry(shown, shown.heading.text), shown.meeting.sequence, _stamp(shown.meeting))
        for shown in _shown(meetings.in_public_feed())
    ]
    response = _calendar(entries, loading.organisation())
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.vary.add("Accept-Language")
    return response


@pages.get("/calendar/<secret>.ics")
def personal(secret: str) -> Response:
    """A member's meetings, in the member's language; what was declined is left out. An unknown address is `Missing`."""
    member = members.by_calendar_secret(secret)
    loading.reads(member.language)
    found = rsvps.concerning(member.id, since=clock.now() - FEED_MEMORY)
    answers = rsvps.of_member(member.id, [meeting.id for meeting in found])
    entries = [_own(shown, answers.get(shown.meeting.id)) for shown in _shown(_remembered(found, answers))]
    response = _calendar(entries, gettext("My meetings (%(organisation)s)", organisation=loading.organisation()))
    response.headers["Cache-Control"] = "private, max-age=900"
    return response


def _remembered(found: Sequence[Meeting], answers: dict[int, Rsvp]) -> list[Meeting]:
    """Without what was declined, and what was cancelled too long ago to be of interest."""
    since = clock.now() - FEED_MEMORY
    declined = {number for number, rsvp in answers.items() if rsvp.answer == "no"}
    return [
        meeting
        for meeting in found
        if meeting.id not in declined and (meeting.cancelled_at is None or meeting.cancelled_at > since)
    ]


def _shown(found: Sequence[Meeting]) -> list[Shown]:
    return showing.shown_all(found, language=loading.language())


def _own(shown: Shown, rsvp: Rsvp | None) -> tuple[Entry, int, datetime]:
    """The entry says in its title what is not settled yet; its SEQUENCE is the one this reader's letters bear."""
    title, meeting = shown.heading.text, shown.meeting
    sequence = max(meeting.sequence, rsvp.sequence if rsvp else 0)
    if rsvp is None or rsvp.answer == "invited":
        entry = _entry(shown, gettext("Not answered yet: %(title)s", title=title), "TENTATIVE")
    elif rsvp.answer == "maybe":
        entry = _entry(shown, gettext("Maybe: %(title)s", title=title), "TENTATIVE")
    elif rsvp.seat in ("waiting", "offered"):
        entry = _entry(shown, gettext("Waiting list: %(title)s", title=title), "TENTATIVE")
    else:
        entry = _entry(shown, title)
    return entry, sequence, _stamp(meeting)


def _entry(shown: Shown, summary: str, status: str = "CONFIRMED") -> Entry:
    meeting = shown.meeting
    if meeting.state == "cancelled":
        summary, status = gettext("Cancelled: %(title)s", title=shown.heading.text), "CANCELLED"
    return Entry(
        uid=meeting.uid,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        summary=summary,
        location=shown.venue.text,
        description=_description(shown),
        url=loading.links().meeting(meeting.path),
        status=status,
    )


def _description(shown: Shown) -> str:
    lines = [shown.series_name.text if shown.title else ""]
    for topic in shown.topics:
        lines.append(topic.title.text)
        lines += [", ".join(filter(None, (speaker.name, speaker.line))) for speaker in topic.speakers]
    return "\n".join(filter(None, [*lines, shown.note.text]))


def _stamp(meeting: Meeting) -> datetime:
    """DTSTAMP: a moment of the meeting's own, not now, or every reading would be a new calendar."""
    return meeting.cancelled_at or meeting.announced_at or meeting.created_at


def _calendar(entries: list[tuple[Entry, int, datetime]], name: str) -> Response:
    """The feed, or 304 where the reader has it already."""
    response = Response(ical.feed(entries, name=name), content_type="text/calendar; charset=utf-8")
    response.add_etag()
    response.make_conditional(request)
    return response
