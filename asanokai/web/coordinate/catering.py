"""Host and caterer of one meeting: their links, made, mailed and withdrawn, and when the caterer's numbers are frozen.

The guard has loaded g.meeting and g.series. What a link shows stands in `web/pack.py`.
"""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.validators import InputRequired, Optional

from asanokai import catering, languages, showing, topics
from asanokai.catering import KINDS, Catered, counting
from asanokai.db import session
from asanokai.errors import N_, Missing
from asanokai.languages import LANGUAGES
from asanokai.series import in_utc
from asanokai.web import loading, words
from asanokai.web.forms import REQUIRED, Form, LeadField, attempt, line, options, wall_time

pages = Blueprint("catering", __name__)


class DeadlineForm(Form):
    """When the numbers are frozen: usually, and for this meeting alone."""

    lead = LeadField(lazy_gettext("Deadline for the numbers"))
    own = wall_time(lazy_gettext("Another deadline for this meeting"), Optional())


class LinkForm(Form):
    """To whom the link is mailed, if to anybody."""

    address = line(lazy_gettext("Mail address"), longest=254)
    language = RadioField(
        lazy_gettext("Language"),
        [InputRequired(REQUIRED)],
        choices=options({"de": "Deutsch", "en": "English", "ja": "日本語"}),
        default="de",
    )


@pages.route("/meetings/<int:meeting_id>/catering", methods=["GET", "POST"])
def show(meeting_id: int) -> Response | tuple[str, int]:
    """The two links, the numbers, and the deadline."""
    catered = session().get(Catered, meeting_id)
    own = catered.due_at if catered else None
    zone = ZoneInfo(g.meeting.zone)
    form = DeadlineForm(
        data={
            "lead": catering.lead_of(g.series.id),
            "own": own.astimezone(zone).replace(tzinfo=None) if own else None,
        }
    )

    def act() -> None:
        moment = in_utc(form.own.data, g.meeting.zone) if form.own.data else None
        catering.set_deadline(meeting_id, own=moment, lead=form.lead.data, actor_id=loading.me().id)

    if attempt(form, act):
        flash(gettext("Saved."))
        return _back()
    return _page(form), form.status


def _back() -> Response:
    return redirect(url_for("catering.show", meeting_id=g.meeting.id), 303)


def _page(form: DeadlineForm, refused: tuple[str, LinkForm] | None = None) -> str:
    meeting_id = g.meeting.id
    packs = catering.of_meeting(meeting_id)
    catered = session().get(Catered, meeting_id)
    forms = {kind: _link_form(kind, packs) for kind in KINDS} | dict([refused] if refused else [])
    return render_template(
        "coordinate/catering.html",
        shown=showing.shown(g.meeting, g.series, topics.of(g.meeting), language=loading.language()),
        meeting=g.meeting,
        words=words,
        form=form,
        forms=forms,
        packs=packs,
        links={kind: loading.links().pack(_token(pack)) for kind, pack in packs.items()},
        catered=catered,
        now=counting.counted([meeting_id])[meeting_id],
        due=_words(catering.due(g.meeting, catered, catering.lead_of(g.series.id))),
        until=_words(catering.good_until(g.meeting)),
    )


def _token(pack: catering.Pack) -> str:
    return loading.tokens().mint("pack", [pack.id, pack.nonce])


def _words(moment: Any) -> str:
    return languages.moment_in_words(moment, loading.language(), g.meeting.zone)


def _link_form(kind: str, packs: dict[str, catering.Pack]) -> LinkForm:
    """The form of one of the two links, apart from what was sent about the other."""
    pack = packs.get(kind)
    language = pack.language if pack else LANGUAGES[0]
    form = LinkForm(formdata=None, data={"address": pack.address or "" if pack else "", "language": language})
    return _named(form, kind)


def _named(form: LinkForm, kind: str) -> LinkForm:
    for field in (form.address, form.language):
        field.id = f"{field.name}-{kind}"  # the page has two of each
    return form


@pages.post("/meetings/<int:meeting_id>/catering/<kind>")
def make(meeting_id: int, kind: str) -> Response | tuple[str, int]:
    """Make a link, or make it anew; mail it if there is an address."""
    if kind not in KINDS:
        raise Missing(N_("There is no such page, or none that you may see."))
    form = _named(LinkForm(), kind)

    def act() -> None:
        catering.make(
            meeting_id, kind, address=form.address.data or "", language=form.language.data, actor_id=loading.me().id
        )

    if attempt(form, act):
        flash(gettext("The link was made and is mailed.") if form.address.data else gettext("The link was made."))
        return _back()
    deadline = DeadlineForm(formdata=None, data={"lead": catering.lead_of(g.series.id)})
    return _page(deadline, (kind, form)), form.status


@pages.post("/meetings/<int:meeting_id>/catering/<kind>/withdraw")
def withdraw(meeting_id: int, kind: str) -> Response:
    """The link stops working."""
    catering.withdraw(meeting_id, kind, actor_id=loading.me().id)
    flash(gettext("The link no longer works."))
    return _back()
