"""Speakers and host of one morning: where they are written to, whether they have confirmed, and asking them.

The guard has loaded g.meeting and g.series. Addresses stand on these pages and on no others.
"""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField
from wtforms.validators import InputRequired

from asanokai import asking, languages, members, showing, speakers, topics, uploads
from asanokai.languages import OWN_NAMES
from asanokai.members import Member
from asanokai.speakers import NAMES, Contributor, PersonText, Reach
from asanokai.topics import Speaker
from asanokai.web import loading, words
from asanokai.web.forms import REQUIRED, Form, TextsField, attempt, line, options
from asanokai.web.person import SALUTATIONS

pages = Blueprint("speakers", __name__)


class ReachForm(Form):
    """Where and how somebody is written to."""

    email = line(lazy_gettext("Mail address"), InputRequired(REQUIRED), longest=254)
    language = SelectField(lazy_gettext("Language"), choices=options(OWN_NAMES), default="de")
    salutation = SelectField(lazy_gettext("Form of address"), choices=options(SALUTATIONS))
    send = BooleanField(lazy_gettext("Send the letter with the link to their page now"))


class HostForm(ReachForm):
    """The host, with names."""

    title = line(lazy_gettext("Academic title"))
    given = line(lazy_gettext("Given name"))
    family = line(lazy_gettext("Family name"))
    family_ja = line(lazy_gettext("Family name in Japanese script"))
    given_ja = line(lazy_gettext("Given name in Japanese script"))
    position = TextsField(lazy_gettext("Position"))
    organisation = TextsField(lazy_gettext("Organisation"))


@dataclass(frozen=True)
class Line:
    """One of them as the list shows them. `row` is None for a speaker whom nobody has written to yet."""

    name: str
    about: str
    row: Contributor | None
    speaker: Speaker | None
    files: int

    @property
    def state(self) -> str:
        """unasked | asked | confirmed | declined."""
        return self.row.state if self.row else "unasked"


def _back() -> Response:
    return redirect(url_for("speakers.show", meeting_id=g.meeting.id), 303)


def _shown() -> showing.Shown:
    return showing.shown(g.meeting, g.series, topics.of(g.meeting), language=loading.language(), zone=loading.zone())


def _page(template: str, **facts: Any) -> str:
    return render_template(f"coordinate/{template}", shown=_shown(), meeting=g.meeting, words=words, **facts)


@pages.get("/meetings/<int:meeting_id>/speakers")
def show(meeting_id: int) -> str:
    """Who has confirmed and who has not."""
    host, lines = _lines()
    return _page(
        "speakers.html",
        host=host,
        lines=lines,
        may_ask=asking.may_ask(g.meeting),
        in_words=showing.in_words,
    )


def _lines() -> tuple[Line | None, list[Line]]:
    """The host and the speakers, in three statements however many they are."""
    language, first = loading.language(), g.series.first_language
    rows = speakers.of(g.meeting)
    of_speaker = {row.speaker_id: row for row in rows}
    sent = [upload.contributor_id for upload in uploads.of(g.meeting, "photo", "slides")]
    found = [
        Line(
            speaker.name.full(language),
            str(languages.pick(topic.title, language, first)),
            of_speaker.get(speaker.id),
            speaker,
            sent.count(of_speaker[speaker.id].id) if speaker.id in of_speaker else 0,
        )
        for topic in topics.of(g.meeting)
        for speaker in topic.speakers
    ]
    host = next((row for row in rows if row.kind == "host"), None)
    if host is None:
        return None, found
    house = str(languages.pick(host.organisation, language, first))
    return Line(host.name.full(language), house, host, None, sent.count(host.id)), found


@pages.route("/meetings/<int:meeting_id>/speakers/<int:speaker_id>", methods=["GET", "POST"])
def reach(meeting_id: int, speaker_id: int) -> Response | tuple[str, int]:
    """Where a speaker is written to; and the letter, if it is to go now."""
    speaker = speakers.speaker_of(g.meeting, speaker_id)
    row = next((one for one in speakers.of(g.meeting) if one.speaker_id == speaker_id), None)
    name = speaker.name.full(loading.language())
    form = ReachForm(data=_reached(row) if row else _known(speaker))

    def act() -> None:
        _ask(form, speakers.reach_speaker(g.meeting, speaker_id, _to(form), actor_id=loading.me().id))

    if attempt(form, act):
        flash(gettext("Saved."))
        return _back()
    return _page("speaker.html", form=form, name=name), form.status


@pages.route("/meetings/<int:meeting_id>/host", methods=["GET", "POST"])
def host(meeting_id: int) -> Response | tuple[str, int]:
    """Who opens the house."""
    row = speakers.host_of(g.meeting)
    stored = {name: getattr(row, name) for name in (*NAMES, "position", "organisation")} if row else {}
    form = HostForm(data={**(_reached(row) if row else {"send": True}), **stored})

    def act() -> None:
        names = {part: str(form[part].data or "") for part in NAMES}
        about = PersonText(names, form.position.data, form.organisation.data)
        _ask(form, speakers.name_host(g.meeting, about, _to(form), actor_id=loading.me().id))

    there = row is not None
    if attempt(form, act):
        flash(gettext("Saved."))
        return _back()
    return _page("host.html", form=form, there=there), form.status


@pages.post("/meetings/<int:meeting_id>/host/remove")
def remove_host(meeting_id: int) -> Response:
    """Take the host off."""
    speakers.remove_host(g.meeting, actor_id=loading.me().id)
    flash(gettext("Removed."))
    return _back()


@pages.post("/meetings/<int:meeting_id>/contributors/<int:contributor_id>/ask")
def ask(meeting_id: int, contributor_id: int) -> Response:
    """Send the letter, the first time or again."""
    asking.ask(speakers.by_id(g.meeting, contributor_id), g.meeting, actor_id=loading.me().id)
    flash(gettext("The letter goes out."))
    return _back()


def _ask(form: ReachForm, row: Contributor) -> None:
    if form.send.data:
        asking.ask(row, g.meeting, actor_id=loading.me().id)


def _to(form: ReachForm) -> Reach:
    return Reach(str(form.email.data), str(form.language.data), str(form.salutation.data or ""))


def _reached(row: Contributor) -> dict[str, Any]:
    asked = row.asked_at is not None
    return {"email": row.address, "language": row.language, "salutation": row.salutation, "send": not asked}


def _known(speaker: Speaker) -> dict[str, Any]:
    """What we know of a speaker who is a member."""
    member: Member | None = members.by_id(speaker.member_id) if speaker.member_id else None
    if member is None:
        language = "ja" if speaker.family_ja and not speaker.family else g.series.first_language
        return {"language": language, "send": True}
    address = members.main_address(member)
    return {
        "email": address.text if address else "",
        "language": member.language,
        "salutation": member.salutation,
        "send": True,
    }
