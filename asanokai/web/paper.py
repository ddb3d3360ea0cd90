"""What is printed, and the picture of a meeting that messengers show: roll, arrival list, name badges, programme.

The words are chosen here; how a sheet looks is the business of `printing`. Paper outlives the page it came from, so
that whatever may still change says as of when it holds.
"""

from dataclasses import replace
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, g, request, send_file
from flask_babel import gettext

from asanokai import clock, journal, languages, printing, programme, rsvps, showing, topics
from asanokai.languages import Name
from asanokai.printing import Badge, Figure, Leaflet, Part, Picture
from asanokai.rsvps import Line
from asanokai.web import loading, words

pages = Blueprint("paper", __name__)


# --- for everybody ----------------------------------------------------------------------------------------------------


@pages.get("/meetings/<path>/programme.pdf")
def leaflet(path: str) -> Response:
    """The programme of one meeting, to hand out or to send."""
    shown = _shown()
    sheet = Leaflet(
        series=str(shown.series_name),
        title=str(shown.headline),
        date=shown.date,
        time=shown.time,
        elsewhere=shown.elsewhere,
        place=str(shown.venue),
        note=str(shown.note),
        link=loading.links().meeting(path),
        labels={"when": gettext("When"), "where": gettext("Where")},
        order=_order(shown),
        topics=tuple(_topic(topic, alone=topic.title == shown.headline) for topic in shown.topics),
    )
    return _pdf(printing.leaflet(sheet, **_house()), gettext("Programme"))


def _order(shown: showing.Shown) -> tuple[printing.Hour, ...]:
    """The running order, if one is settled. Of a talk the speakers follow with the topic."""
    language = loading.language()
    found = showing.in_order(shown, programme.of(g.meeting), language=language)
    return tuple(printing.Hour(slot.begins, _of_slot(slot, language)) for slot in found)


def _of_slot(slot: showing.ShownSlot, language: str) -> str:
    kind = "" if slot.kind == "other" else str(words.SLOTS[slot.kind])
    return languages.COLON[language].join(filter(None, (kind, str(slot.title))))


def _topic(topic: showing.ShownTopic, *, alone: bool) -> printing.Topic:
    """A topic; one that the whole meeting is called after does not repeat its title."""
    return printing.Topic(
        title="" if alone else str(topic.title),
        lang=topic.lang,
        marked="" if alone or not topic.title.fallback else languages.OWN_NAMES[topic.lang],
        abstract=tuple(filter(None, topic.abstract_text.split("\n\n"))),
        speakers=tuple(printing.Speaker(speaker.name, speaker.line) for speaker in topic.speakers),
    )


@pages.get("/meetings/<path>/preview.png")
def picture(path: str) -> Response:
    """What stands beside the link to a meeting when somebody forwards it."""
    shown = _shown()
    language = loading.language()
    drawn = printing.picture(
        Picture(
            series=str(shown.series_name) if shown.headline != shown.series_name else "",
            title=str(shown.headline),
            day=str(shown.local_date.day),
            month=languages.month_in_words(shown.local_date, language),
            weekday=languages.weekday_in_words(shown.local_date, language),
            time=shown.time,
            place=str(shown.venue),
        ),
        **_house(),
    )
    response = Response(drawn, mimetype="image/png")
    response.headers["Cache-Control"] = f"{'public' if g.meeting.public else 'private'}, max-age=3600"
    return response


# --- for coordinators -------------------------------------------------------------------------------------------------


@pages.route("/coordinate/meetings/<int:meeting_id>/roll.pdf", methods=["GET", "POST"])
def roll(meeting_id: int) -> Response:
    """Who comes, waits, declined and is silent, all of them. POST prints with it what they wrote to the organisers, and
    that is noted."""
    language, lines = loading.language(), rsvps.roll(meeting_id)
    wrote = sum(bool(line.rsvp.comment) for line in lines) if request.method == "POST" else 0
    if wrote:
        journal.write("read", "roll", meeting_id, actor_id=loading.me().id, meeting=meeting_id, count=wrote, paper=True)
    head = (gettext("Name"), gettext("Organisation"), gettext("Guests"))
    parts = rsvps.parts(lines)
    tables = [
        Part(
            f"{words.PARTS[key]}{languages.GAP[language]}{languages.bracketed(str(len(lines)), language)}",
            (*head, gettext("A word to the organisers")) if wrote else head,
            [(*_who(line), _guests(line), *([line.rsvp.comment or ""] if wrote else [])) for line in lines],
        )
        for key, lines in parts.items()
        if lines
    ]
    return _pdf(printing.roll(gettext("Roll"), _under(), tables, figures=_figures(), **_house()), gettext("Roll"))


@pages.get("/coordinate/meetings/<int:meeting_id>/arrivals.pdf")
def arrivals(meeting_id: int) -> Response:
    """For the door: who has a seat, by name, with a box to tick."""
    coming = rsvps.parts(rsvps.roll(meeting_id))["coming"]
    title = gettext("Arrival list")
    table = Part(
        str(words.PARTS["coming"]),
        (gettext("Name"), gettext("Organisation"), gettext("Guests")),
        [(*_who(line), _guests(line)) for line in coming],
    )
    return _pdf(printing.roll(title, _under(), [table], figures=_figures()[:1], boxes=True, **_house()), title)


@pages.get("/coordinate/meetings/<int:meeting_id>/badges.pdf")
def badges(meeting_id: int) -> Response:
    """A name badge for everybody who has a seat, for their guests one to write on, and for the speakers."""
    coming = rsvps.parts(rsvps.roll(meeting_id))["coming"]
    people = [badge for line in coming for badge in _of_line(line)]
    known = {(badge.ja, badge.latin) for badge in people}
    people += [badge for badge in _of_speakers() if (badge.ja, badge.latin) not in known]
    shown = _shown()
    event = languages.listed([str(shown.series_name), shown.short_date], loading.language())
    return _pdf(printing.badges(people, event=event, **_house()), gettext("Name badges"))


def _of_line(line: Line) -> list[Badge]:
    guest = Badge("", gettext("Guest"), line.organisation)
    return [_badge(line.member.name, line.organisation), *[guest] * line.rsvp.guests]


def _of_speakers() -> list[Badge]:
    """Those of the speakers who are no members: members have answered like everybody else, and are listed there."""
    language, first = loading.language(), g.series.first_language
    return [
        _badge(speaker.name, str(languages.pick(speaker.organisation, language, first)))
        for topic in topics.of(g.meeting)
        for speaker in topic.speakers
        if speaker.member_id is None
    ]


def _badge(name: Name, organisation: str) -> Badge:
    """Both scripts where there are both, whatever the language of the page."""
    ja = name.full("ja") if name.family_ja or name.given_ja else ""
    return Badge(ja, replace(name, family_ja="", given_ja="").full("en"), organisation)


def _who(line: Line) -> tuple[str, str]:
    return line.member.name.full(loading.language()), line.organisation


def _guests(line: Line) -> str:
    return str(line.rsvp.guests) if line.rsvp.guests else ""


def _under() -> str:
    shown = _shown()
    language = loading.language()
    now = showing.in_words(clock.now(), language, g.meeting.zone)
    as_of = gettext("As of %(when)s", when=now)  # not within the braces: there Babel does not find it
    return f"{languages.day_and_hours(shown.date, shown.time, language)}\n{as_of}"


def _figures() -> list[Figure]:
    tally = rsvps.tallies([g.meeting.id])[g.meeting.id]
    seats = f"{tally.coming} / {g.meeting.seats}" if g.meeting.seats is not None else str(tally.coming)
    return [
        Figure(seats, gettext("coming, of seats") if g.meeting.seats else gettext("coming")),
        Figure(str(tally.queued), gettext("waiting")),
        Figure(str(tally.maybe), gettext("maybe")),
        Figure(str(tally.no), gettext("not coming")),
        Figure(str(tally.silent), gettext("silent")),
    ]


# --- shared -----------------------------------------------------------------------------------------------------------


def _shown() -> showing.Shown:
    return showing.shown(g.meeting, g.series, topics.of(g.meeting), language=loading.language(), zone=loading.zone())


def _house() -> dict[str, Any]:
    return {"organisation": loading.organisation(), "language": loading.language()}


def _pdf(made: bytes, name: str) -> Response:
    return send_file(BytesIO(made), "application/pdf", download_name=f"{name} {g.meeting.path}.pdf")
