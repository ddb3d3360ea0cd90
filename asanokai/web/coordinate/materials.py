"""Materials and minutes of one morning: what coordinators put up, and who may see it.

The guard has loaded g.meeting and g.series.
"""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import RadioField

from asanokai import materials, showing, topics, uploads
from asanokai.errors import N_, BadInput
from asanokai.materials import LONGEST_MINUTES
from asanokai.uploads import MOST_BYTES
from asanokai.web import loading, words
from asanokai.web.forms import Form, TextsField, attempt, options
from asanokai.web.sending import sent

pages = Blueprint("materials", __name__)


class FileForm(Form):
    """A file to put up."""

    file = FileField(lazy_gettext("File"))
    seen_by = RadioField(lazy_gettext("Who may see it"), choices=options(words.SEEN_BY), default="members")


class MinutesForm(Form):
    """The minutes."""

    text = TextsField(lazy_gettext("Minutes of the meeting"), longest=LONGEST_MINUTES, lines=12)
    seen_by = RadioField(lazy_gettext("Who may see it"), choices=options(words.SEEN_BY), default="members")


def _back() -> Response:
    return redirect(url_for("materials.show", meeting_id=g.meeting.id), 303)


def _page(template: str, **facts: Any) -> str:
    shown = showing.shown(g.meeting, g.series, topics.of(g.meeting), language=loading.language(), zone=loading.zone())
    return render_template(f"coordinate/{template}", shown=shown, meeting=g.meeting, words=words, **facts)


@pages.route("/meetings/<int:meeting_id>/materials", methods=["GET", "POST"])
def show(meeting_id: int) -> Response | tuple[str, int]:
    """The files and minutes that are there. POST puts a file up."""
    form = FileForm()

    def act() -> None:
        if not form.file.data:
            raise BadInput("file", N_("Please choose a file."))
        data, name = form.file.data.read(MOST_BYTES + 1), form.file.data.filename or ""
        uploads.add_document(
            g.meeting,
            "material",
            name,
            data,
            field="file",
            seen_by=str(form.seen_by.data),
            actor_id=loading.me().id,
        )

    if attempt(form, act):
        flash(gettext("Saved."))
        return _back()
    files = uploads.of(g.meeting, *materials.FILES)
    return _page("materials.html", form=form, files=files, minutes=materials.minutes_of(g.meeting)), form.status


@pages.route("/meetings/<int:meeting_id>/minutes", methods=["GET", "POST"])
def minutes(meeting_id: int) -> Response | tuple[str, int]:
    """Write the minutes."""
    row = materials.minutes_of(g.meeting)
    form = MinutesForm(data={"text": row.text, "seen_by": row.seen_by} if row else None)

    def act() -> None:
        materials.write(g.meeting, form.text.data, seen_by=str(form.seen_by.data), actor_id=loading.me().id)

    if attempt(form, act):
        flash(gettext("Saved."))
        return _back()
    return _page("minutes.html", form=form), form.status


@pages.get("/meetings/<int:meeting_id>/materials/<int:upload_id>")
def file(meeting_id: int, upload_id: int) -> Response:
    """A file, also before others see it."""
    return sent(uploads.by_id(g.meeting, upload_id))


@pages.post("/meetings/<int:meeting_id>/materials/<int:upload_id>/seen")
def seen(meeting_id: int, upload_id: int) -> Response:
    """For members, or for all."""
    uploads.show_to(g.meeting, upload_id, request.form.get("seen_by", ""), actor_id=loading.me().id)
    flash(gettext("Saved."))
    return _back()


@pages.post("/meetings/<int:meeting_id>/materials/<int:upload_id>/remove")
def remove(meeting_id: int, upload_id: int) -> Response:
    """Delete a file."""
    uploads.remove(g.meeting, upload_id, actor_id=loading.me().id)
    flash(gettext("Removed."))
    return _back()
