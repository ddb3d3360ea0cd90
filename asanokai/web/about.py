"""What a meeting's page and the page behind an answer link show to their reader: shared by `programme`, `answer` and
`account`, which render it. It loads nothing about who may see it; the guards have done that. It changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, url_for
from flask_login import current_user
from markupsafe import Markup

from asanokai import clock, languages, markdown, materials, programme, rsvps, showing, speakers, topics, uploads
from asanokai.meetings import Meeting
from asanokai.rsvps import Rsvp
from asanokai.series import Series
from asanokai.showing import Shown
from asanokai.web import loading, words
from asanokai.web.forms import AnswerForm


def meeting(form: AnswerForm) -> dict[str, Any]:
    """What a meeting's page shows. The guard has loaded g.meeting, g.series and g.rsvp."""
    this = g.meeting
    page, picture = loading.links().meeting(this.path), loading.links().picture(this.path, loading.language())
    facts = answering(this, g.series, g.rsvp, form, held=g.held, queued=g.queued, zone=loading.zone())
    told = this.public and this.state != "draft"
    slots = programme.of(this) if "order" in g.has else []
    return {
        **facts,
        "page_link": page,
        "picture_link": picture,
        "for_search": for_search(facts["shown"], page=page, picture=picture) if told else None,
        "order": showing.in_order(facts["shown"], slots, language=loading.language()),
        "words": words,
        **_people(this, g.series),
        "may_answer": may_answer(),
        "may_coordinate": loading.may_coordinate(this.series_id),
    }


@dataclass(frozen=True)
class Told:
    """What a speaker or host says of themselves, as the page shows it: where their portrait is ("" without one)."""

    name: str
    house: languages.Text
    biography: languages.Text
    photo: str

    @property
    def biography_html(self) -> Markup:
        """The biography as clean HTML."""
        return Markup(markdown.to_html(self.biography.text))


def _people(this: Meeting, series: Series) -> dict[str, Any]:
    """What the speakers tell, by the number of the speaker, the host who has confirmed, and what was put up. At
    most three statements."""
    language, first = loading.language(), series.first_language
    rows = speakers.of(this) if "contributors" in g.has else []
    files = uploads.of(this) if "files" in g.has else []
    minutes_row = materials.minutes_of(this) if "minutes" in g.has else None
    photos = {one.contributor_id: one for one in files if one.kind == "photo"}
    told = {
        row.id: Told(
            row.name.full(language),
            languages.pick(row.person.organisation, language, first),
            languages.pick(row.biography, language, first),
            url_for("handouts.photo", path=this.path, upload_id=photo.id, digest=photo.digest)
            if (photo := photos.get(row.id))
            else "",
        )
        for row in rows
        if row.state != "declined"
    }
    host = next((told[row.id] for row in rows if row.kind == "host" and row.state == "confirmed"), None)
    handed_out = materials.for_reader(this, files, minutes_row, member=loading.of_the_circle())
    minutes = languages.pick(handed_out.minutes.text if handed_out.minutes else None, language, first)
    return {
        "handed_out": handed_out,
        "minutes": minutes,
        "minutes_html": Markup(markdown.to_html(minutes.text)),
        "told": {row.speaker_id: told[row.id] for row in rows if row.id in told and row.speaker_id},
        "host": host,
    }


EVENT_STATUS = {"cancelled": "EventCancelled"}


def for_search(shown: Shown, *, page: str, picture: str) -> dict[str, Any]:
    """A public meeting as search engines read it: schema.org/Event."""
    meeting = shown.meeting
    here = ZoneInfo(meeting.zone)
    place = {"@type": "Place", "name": str(shown.venue), "address": str(shown.venue)}
    return {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": str(shown.headline),
        "startDate": meeting.starts_at.astimezone(here).isoformat(),
        "endDate": meeting.ends_at.astimezone(here).isoformat(),
        "eventStatus": f"https://schema.org/{EVENT_STATUS.get(meeting.state, 'EventScheduled')}",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "url": page,
        "image": [picture],
        "inLanguage": loading.language(),
        "organizer": {"@type": "Organization", "name": loading.organisation(), "url": loading.links().home()},
        "performer": [{"@type": "Person", "name": one.name} for topic in shown.topics for one in topic.speakers],
        **({"location": place} if shown.venue else {}),
        **(
            {"description": about}
            if (about := "\n\n".join(t.abstract_text for t in shown.topics if t.abstract))
            else {}
        ),
    }


def answering(
    this: Meeting, series: Series, rsvp: Rsvp | None, form: AnswerForm, *, held: int, queued: int, zone: str | None
) -> dict[str, Any]:
    """A meeting in the page's language and on the reader's clock, how it stands, and the reader's answer to it."""
    fit_guests(form, this, rsvp)
    free = None if this.seats is None else max(this.seats - held, 0)
    return {
        "shown": showing.shown(this, series, topics.of(this), language=loading.language(), zone=zone),
        "rsvp": rsvp,
        "form": form,
        "place": rsvps.place_in_line(rsvp) if rsvp and rsvp.seat == "waiting" else None,
        "free": free,
        "queued": queued,
        "queue": _queue(this, rsvp, free),
    }


@dataclass(frozen=True)
class Queue:
    """The rule of a meeting's waiting list in words, and what it means for the reader. `anybodys`: who waits may take a
    seat that nobody is to be asked about first."""

    phase: str
    offers_from: str
    last_evening: str
    until: str
    anybodys: bool


def _queue(this: Meeting, rsvp: Rsvp | None, free: int | None) -> Queue:
    def in_words(moment: datetime | None) -> str:
        return showing.in_words(moment, loading.language(), this.zone) if moment else ""

    waits = rsvp is not None and rsvp.seat == "waiting" and this.offers_from is not None
    return Queue(
        phase=rsvps.phase(this, clock.now()),
        offers_from=in_words(this.offers_from),
        last_evening=in_words(rsvps.last_evening(this)) if this.offers_from else "",
        until=in_words(rsvp.offered_until) if rsvp else "",
        anybodys=waits and rsvp is not None and free is not None and rsvp.party <= free,
    )


def fit_guests(form: AnswerForm, this: Meeting, rsvp: Rsvp | None) -> None:
    """Ask for guests only where some may come, and about short notice only where seats are offered. A field that says
    what is wrong stays."""
    if form.short_notice and (this.offers_from is None or this.seats is None):
        del form.short_notice
    if (
        this.guests_allowed == 0
        and not (rsvp and rsvp.guests)
        and not form.guests.errors
        and not form.guest_names.errors
    ):
        del form.guests, form.guest_names


def may_answer() -> bool:
    """Whether the reader is asked to come: invited, or belonging to the meeting's series."""
    return current_user.is_authenticated and (g.rsvp is not None or loading.belongs(g.meeting.series_id))
