"""One morning, from draft to held: its page, announcing, moving, cancelling and its topics.

The guard has loaded g.meeting and g.series. What changes for whom is decided in `announcing`, `rsvps` and `topics`.
"""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import FieldList, FormField

from asanokai import announcing, clock, invitations, letters, meetings, rsvps, showing, speakers, topics, writing
from asanokai.errors import N_, BadInput
from asanokai.topics import LONGEST_ABSTRACT, SpeakerText
from asanokai.web import changing, loading, words
from asanokai.web.changing import MeetingForm
from asanokai.web.forms import Form, TextsField, attempt, line

pages = Blueprint("meeting", __name__)

MOST_SPEAKERS = 3


def _back() -> Response:
    return redirect(url_for("meeting.show", meeting_id=g.meeting.id), 303)


def _shown() -> showing.Shown:
    return showing.shown(g.meeting, g.series, topics.of(g.meeting), language=loading.language(), zone=loading.zone())


def _page(template: str, **facts: Any) -> str:
    return render_template(f"coordinate/{template}", shown=_shown(), meeting=g.meeting, words=words, **facts)


@pages.get("/meetings/<int:meeting_id>")
def show(meeting_id: int) -> str:
    """Where one morning stands and what is to be done next."""
    draft = g.meeting.state == "draft"
    people = [(row.state, row.name.full(loading.language())) for row in speakers.of(g.meeting)]
    return _page(
        "meeting.html",
        tally=rsvps.tallies([meeting_id])[meeting_id],
        forecast=invitations.would_go_out(g.meeting)
        if draft
        else writing.forecast(until=clock.now() + meetings.AHEAD, meeting_ids=[meeting_id]),
        counts=letters.counts(meeting_id),
        cannot=[name for state, name in people if state == "declined"],
        unconfirmed=[name for state, name in people if state == "asked"],
        in_words=showing.in_words,
    )


# --- its facts --------------------------------------------------------------------------------------------------------


@pages.route("/meetings/<int:meeting_id>/edit", methods=["GET", "POST"])
def edit(meeting_id: int) -> Response | tuple[str, int]:
    """Everything about one morning: form, then what it changes for whom, then done. Of a draft nobody is told."""
    this = g.meeting
    form = MeetingForm(data=changing.stored(this))
    step = request.form.get("step")
    if step == "form":  # back from the check, with what was typed
        return _page("meeting_edit.html", form=form), 200
    if this.state != "draft" and step != "save":
        if not changing.checked(form, this):
            return _page("meeting_edit.html", form=form), form.status
        return _page("meeting_check.html", form=form, check=changing.check(form, this, g.series)), form.status
    if attempt(form, lambda: changing.save(form, this, actor_id=loading.me().id)):
        flash(gettext("Saved."))
        return _back()
    if this.state == "draft" or not changing.decidable(form):
        return _page("meeting_edit.html", form=form), form.status
    return _page("meeting_check.html", form=form, check=changing.check(form, this, g.series)), form.status


# --- its states -------------------------------------------------------------------------------------------------------


class ConfirmForm(Form):
    """Nothing to fill in: the button says it all."""


@pages.route("/meetings/<int:meeting_id>/announce", methods=["GET", "POST"])
def announce(meeting_id: int) -> Response | tuple[str, int]:
    """Say what will go out to whom, then announce."""
    form = ConfirmForm()
    if attempt(form, lambda: announcing.announce(meeting_id, actor_id=loading.me().id)):
        flash(gettext("Announced. The letters go out by themselves."))
        return _back()
    forecast = invitations.would_go_out(g.meeting) if g.meeting.state == "draft" else []
    said = changing.languages_of(g.meeting, {name: getattr(g.meeting, name) for name in ("title", "venue", "note")})
    return _page(
        "meeting_announce.html", form=form, forecast=forecast, said=said, in_words=showing.in_words
    ), form.status


class CancelForm(Form):
    """Why, for those who are told."""

    reason = TextsField(lazy_gettext("Reason"), longest=1000, lines=2)


@pages.route("/meetings/<int:meeting_id>/cancel", methods=["GET", "POST"])
def cancel(meeting_id: int) -> Response | tuple[str, int]:
    """Call it off, after saying how many are told."""
    form = CancelForm()
    if attempt(form, lambda: announcing.cancel(meeting_id, reason=form.reason.data or None, actor_id=loading.me().id)):
        flash(gettext("Cancelled. Everyone who knew of it is told."))
        return _back()
    return _page("meeting_cancel.html", form=form, touched=announcing.touched(g.meeting)), form.status


@pages.post("/meetings/<int:meeting_id>/drop")
def drop(meeting_id: int) -> Response:
    """Drop a draft nobody was told of."""
    meetings.delete_draft(g.meeting, actor_id=loading.me().id)
    flash(gettext("The draft was dropped."))
    return redirect(url_for("series.show", series_id=g.series.id), 303)


@pages.post("/meetings/<int:meeting_id>/pause")
def pause(meeting_id: int) -> Response:
    """Hold this meeting's letters back, or let them go."""
    paused = g.meeting.paused_at is None
    announcing.pause(meeting_id, paused, actor_id=loading.me().id)
    flash(
        gettext("The letters of this meeting wait.") if paused else gettext("The letters of this meeting go out again.")
    )
    return redirect(loading.back_to_pauses() or url_for("meeting.show", meeting_id=meeting_id), 303)


# --- topics -----------------------------------------------------------------------------------------------------------


class SpeakerForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """One speaker; empty ones are left out."""

    class Meta:
        csrf = False

    title = line(lazy_gettext("Academic title"))
    given = line(lazy_gettext("Given name"))
    family = line(lazy_gettext("Family name"))
    family_ja = line(lazy_gettext("Family name in Japanese script"))
    given_ja = line(lazy_gettext("Given name in Japanese script"))
    position = TextsField(lazy_gettext("Position"))
    organisation = TextsField(lazy_gettext("Organisation"))


class TopicForm(Form):
    """A topic with its speakers."""

    title = TextsField(lazy_gettext("Title"), longest=300, required=True)
    abstract = TextsField(lazy_gettext("Abstract"), longest=LONGEST_ABSTRACT, lines=8)
    speakers = FieldList(FormField(SpeakerForm), min_entries=MOST_SPEAKERS, max_entries=MOST_SPEAKERS)


def _speakers(form: TopicForm) -> list[SpeakerText]:
    """Who was typed; empty ones are left out. Raises `BadInput` for one without a name."""
    found = [{name: value for name, value in entry.items() if name != "csrf_token"} for entry in form.speakers.data]
    typed = [entry for entry in found if any(entry.values())]
    if not all(any(entry[name] for name in ("family", "given", "family_ja", "given_ja")) for entry in typed):
        raise BadInput("speakers", N_("Please give each speaker a name."))
    return [SpeakerText(**entry) for entry in typed]


@pages.route("/meetings/<int:meeting_id>/topics/new", methods=["GET", "POST"])
def add_topic(meeting_id: int) -> Response | tuple[str, int]:
    """Put a topic on the meeting."""
    return _topic(TopicForm(), None)


@pages.route("/meetings/<int:meeting_id>/topics/<int:topic_id>", methods=["GET", "POST"])
def edit_topic(meeting_id: int, topic_id: int) -> Response | tuple[str, int]:
    """Change a topic."""
    found = topics.by_id(g.meeting, topic_id)
    kept = ("title", "given", "family", "family_ja", "given_ja", "position", "organisation")
    speakers = [{name: getattr(speaker, name) for name in kept} for speaker in found.speakers]
    return _topic(TopicForm(data={"title": found.title, "abstract": found.abstract, "speakers": speakers}), topic_id)


def _topic(form: TopicForm, topic_id: int | None) -> Response | tuple[str, int]:
    def act() -> None:
        topics.post(
            g.meeting,
            form.title.data,
            abstract=form.abstract.data,
            speakers=_speakers(form),
            topic_id=topic_id,
            actor_id=loading.me().id,
        )

    if attempt(form, act):
        flash(gettext("Saved."))
        return _back()
    return _page("topic.html", form=form, topic_id=topic_id), form.status


@pages.post("/meetings/<int:meeting_id>/topics/<int:topic_id>/remove")
def remove_topic(meeting_id: int, topic_id: int) -> Response:
    """Take a topic off."""
    topics.remove(g.meeting, topic_id, actor_id=loading.me().id)
    flash(gettext("The topic was removed."))
    return _back()
