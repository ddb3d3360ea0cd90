"""The page of a speaker or host, behind the signed link in their letter and without an account.

A GET only shows. The link opens one person's part of one morning and nothing else: it shows neither other people's
addresses nor who comes. What may be changed until when is decided in `speakers` and `uploads`.
"""

from typing import Any, NamedTuple

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.validators import InputRequired

from asanokai import clock, languages, programme, showing, speakers, topics, uploads
from asanokai.errors import N_, Expired, Missing
from asanokai.meetings import Meeting
from asanokai.series import by_id as series_by_id
from asanokai.speakers import LONGEST_BIOGRAPHY, LONGEST_WORD, NAMES, Contributor, PersonText
from asanokai.tokens import SPEAKING_LIFE_AFTER_MEETING
from asanokai.topics import LONGEST_ABSTRACT, Topic
from asanokai.uploads import MOST_BYTES
from asanokai.web import loading, words
from asanokai.web.forms import Form, TextsField, attempt, line, options, text
from asanokai.web.sending import sent

pages = Blueprint("speaking", __name__)


class ComingForm(Form):
    """Whether they come, and a word to the coordinators."""

    comes = RadioField(
        lazy_gettext("Can we count on you?"),
        choices=options({"yes": lazy_gettext("Yes, I confirm"), "no": lazy_gettext("I am sorry, I cannot")}),
        validators=[InputRequired(lazy_gettext("Please choose one of the two."))],
    )
    word = text(lazy_gettext("A word to the organisers"), longest=LONGEST_WORD)


class PersonForm(Form):
    """Who they are."""

    title = line(lazy_gettext("Academic title"))
    given = line(lazy_gettext("Given name"))
    family = line(lazy_gettext("Family name"))
    family_ja = line(lazy_gettext("Family name in Japanese script"))
    given_ja = line(lazy_gettext("Given name in Japanese script"))
    position = TextsField(lazy_gettext("Position"))
    organisation = TextsField(lazy_gettext("Organisation"))
    biography = TextsField(lazy_gettext("About you"), longest=LONGEST_BIOGRAPHY, lines=5)
    photo = FileField(lazy_gettext("Photograph"))


class TalkForm(Form):
    """What they speak about."""

    abstract = TextsField(lazy_gettext("Abstract"), longest=LONGEST_ABSTRACT, lines=6)
    slides = FileField(lazy_gettext("Slides"))


class Opened(NamedTuple):
    """What a link is about."""

    row: Contributor
    meeting: Meeting
    token: str


def _opened(token: str) -> Opened:
    """Read the token and let the page speak its reader's language. Raises `Missing`, or `Expired` 30 days after."""
    value = loading.tokens().read("speaking", token)
    row, meeting = speakers.by_secret(*value)
    loading.reads(row.language)
    if clock.now() - meeting.ends_at > SPEAKING_LIFE_AFTER_MEETING:
        raise Expired(N_("This link is no longer valid."))
    return Opened(row, meeting, token)


def _topic(opened: Opened) -> Topic | None:
    if opened.row.kind == "host" or opened.row.speaker is None:
        return None
    return topics.by_id(opened.meeting, opened.row.speaker.topic_id)


def _back(opened: Opened, said: str) -> Response:
    flash(said)
    chosen = languages.known(request.args.get("lang"))
    return redirect(url_for("speaking.show", token=opened.token, lang=chosen), 303)


@pages.get("/speaking/<token>")
def show(token: str) -> str:
    """The morning, what they are asked for, and what we have of them."""
    return _page(_opened(token))[0]


@pages.route("/speaking/<token>/answer", methods=["GET", "POST"])
def answer(token: str) -> Response | tuple[str, int]:
    """Confirm, or say that one cannot."""
    opened, form = _opened(token), ComingForm()

    def act() -> None:
        comes = form.comes.data == "yes"
        speakers.answer(opened.row, opened.meeting, comes=comes, word=form.word.data or "")

    if attempt(form, act):
        return _back(opened, gettext("Thank you, we have noted your answer."))
    return _page(opened, coming=form)


@pages.route("/speaking/<token>/person", methods=["GET", "POST"])
def person(token: str) -> Response | tuple[str, int]:
    """Names, biography and photograph."""
    opened = _opened(token)
    form = PersonForm(data=_stored(opened.row))

    def act() -> None:
        names = {part: str(form[part].data or "") for part in NAMES}
        about = PersonText(names, form.position.data, form.organisation.data, form.biography.data)
        speakers.tell(opened.row, opened.meeting, about)
        if form.photo.data:
            uploads.set_photo(opened.meeting, opened.row.id, form.photo.data.read(MOST_BYTES + 1))

    if attempt(form, act):
        return _back(opened, gettext("Saved."))
    return _page(opened, about=form)


@pages.route("/speaking/<token>/talk", methods=["GET", "POST"])
def talk(token: str) -> Response | tuple[str, int]:
    """Abstract and slides; for speakers alone."""
    opened = _opened(token)
    topic = _topic(opened)
    if topic is None:
        raise Missing(N_("There is no such page, or none that you may see."))
    form, topic_id = TalkForm(data={"abstract": topic.abstract}), topic.id

    def act() -> None:
        topics.describe(opened.meeting, topic_id, form.abstract.data)
        file = form.slides.data
        if file:
            data, name = file.read(MOST_BYTES + 1), file.filename or ""
            uploads.add_document(opened.meeting, "slides", name, data, field="slides", contributor_id=opened.row.id)

    if attempt(form, act):
        return _back(opened, gettext("Saved."))
    return _page(opened, talk=form)


@pages.get("/speaking/<token>/files/<int:upload_id>")
def file(token: str, upload_id: int) -> Response:
    """A file of their own."""
    opened = _opened(token)
    return sent(_own(opened, upload_id))


@pages.post("/speaking/<token>/files/<int:upload_id>/remove")
def remove(token: str, upload_id: int) -> Response:
    """Take a file of their own away."""
    opened = _opened(token)
    uploads.remove(opened.meeting, _own(opened, upload_id).id)
    return _back(opened, gettext("Removed."))


def _own(opened: Opened, upload_id: int) -> uploads.Upload:
    found = uploads.by_id(opened.meeting, upload_id)
    if found.contributor_id != opened.row.id:
        raise Missing(N_("There is no such file."))
    return found


def _stored(row: Contributor) -> dict[str, Any]:
    stored = {name: getattr(row.person, name) for name in (*NAMES, "position", "organisation")}
    return {**stored, "biography": row.biography}


def _page(
    opened: Opened, *, coming: Form | None = None, about: Form | None = None, talk: Form | None = None
) -> tuple[str, int]:
    forms = (coming, about, talk)
    if any(forms):
        opened = _opened(opened.token)  # read again: a refusal rolled back
    row, meeting = opened.row, opened.meeting
    language = loading.language()
    series = series_by_id(meeting.series_id)
    shown = showing.shown(meeting, series, topics.of(meeting), language=language)
    topic = _topic(opened)
    own = [upload for upload in uploads.of(meeting) if upload.contributor_id == row.id]
    said = {"confirmed": "yes", "declined": "no"}.get(row.state)
    page = render_template(
        "speaking/page.html",
        row=row,
        token=opened.token,
        shown=shown,
        name=row.name.full(language),
        topic=next((one for one in shown.topics if topic and one.id == topic.id), None),
        order=showing.in_order(shown, programme.of(meeting), language=language),
        open=meeting.state != "cancelled" and meeting.starts_at > clock.now(),
        coming=coming or ComingForm(formdata=None, data={"comes": said, "word": row.word}),
        about=about or PersonForm(formdata=None, data=_stored(row)),
        talk=talk or (TalkForm(formdata=None, data={"abstract": topic.abstract}) if topic else None),
        photo=next((upload for upload in own if upload.kind == "photo"), None),
        slides=[upload for upload in own if upload.kind == "slides"],
        words=words,
    )
    return page, next((form.status for form in forms if form is not None), 200)
