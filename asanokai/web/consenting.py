"""The records of consent: a member's own, to read, print and withdraw; a member's, for coordinators.

Network addresses are shown to others only by a button, and that is noted.
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from asanokai import consents, history, meetings, members, showing
from asanokai.db import session as database
from asanokai.errors import N_, Missing
from asanokai.members import Member
from asanokai.series import Series
from asanokai.web import loading, words

pages = Blueprint("consenting", __name__)
desk = Blueprint("consent_records", __name__)


@pages.get("/me/consents")
def mine() -> str:
    """Everything the reader has consented to."""
    return render_template("account/consents.html", own=True, network=True, **_facts(loading.me(), None))


@pages.post("/me/consents/<int:consent_id>/withdraw")
def withdraw(consent_id: int) -> Response:
    """Withdraw one of them. Invitations stop with the consent to them, and with the name goes all that others see."""
    member = loading.me()
    record = consents.withdraw_one(member.id, consent_id)
    if record.kind == "invitations":
        members.unsubscribe(member)
    if record.kind == "name":
        consents.withdraw(member.id, consents.SHOWN, by="page", actor_id=member.id)
    flash(gettext("Your consent is withdrawn."))
    if record.kind == "meeting" and record.meeting_id:
        flash(
            gettext("If you had said yes to that meeting, please also say no on its page, so that your seat is free.")
        )
    return redirect(url_for("consenting.mine"), 303)


@desk.get("/people/<int:member_id>/consents")
def of_member(member_id: int) -> str:
    """What a member has consented to, and what others see of them; without network addresses."""
    return _records(member_id, network=False)


@desk.post("/people/<int:member_id>/consents/addresses")
def disclose(member_id: int) -> str:
    """The same with the network addresses, as proof of a double opt-in. It is noted who read them."""
    return _records(member_id, network=True)


def _records(member_id: int, *, network: bool) -> str:
    member = members.by_id(member_id)
    own = None if loading.me().administrator else loading.desk_series_ids()
    if own is not None and not history.concerns(member_id, own):
        raise Missing(N_("There is no such member."))  # word for word what by_id() says
    facts = _facts(member, own)
    if network:
        consents.disclose(facts["records"], actor_id=loading.me().id)
    return render_template("coordinate/consents.html", own=False, network=network, **facts)


def _facts(member: Member, series_ids: list[int] | None) -> dict[str, Any]:
    records = consents.of_member(member.id, series_ids=series_ids)
    language = loading.language()
    asked = meetings.by_ids({record.meeting_id for record in records if record.meeting_id})
    lines = showing.shown_all(list(asked.values()), language=language, zone=loading.zone())
    about = {record.series_id for record in records if record.series_id}
    return {
        "member": member,
        "records": records,
        "meetings": {line.meeting.id: line for line in lines},
        "series": {row.id: row for row in database().scalars(select(Series).where(Series.id.in_(about)))},
        "words": words,
        "in_words": showing.in_words,
        "language": language,
        "zone": loading.zone(),
        "subscribed": member.unsubscribed_at is None,
    }
