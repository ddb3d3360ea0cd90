"""The log: who did what and when, of a meeting, of a series, of a member. Coordinators read what happened in their own
series; administrators everything. It only reads.
"""

from typing import Any

from flask import Blueprint, g, render_template, request

from asanokai import history, members
from asanokai.errors import N_, Missing
from asanokai.web import loading, telling

pages = Blueprint("log", __name__)


def _number() -> int:
    return request.args.get("page", 1, type=int)


def _page(found: history.Page, **about: Any) -> str:
    facts: dict[str, Any] = {"series": None, "meeting": None, "member": None, **about}
    facts |= {"page": found, "language": loading.language(), **telling.in_words()}
    return render_template("coordinate/log.html", **facts)


@pages.get("/meetings/<int:meeting_id>/log")
def of_meeting(meeting_id: int) -> str:
    """What happened to one meeting and the answers to it."""
    return _page(history.of_meeting(meeting_id, page=_number()), series=g.series, meeting=g.meeting)


@pages.get("/series/<int:series_id>/log")
def of_series(series_id: int) -> str:
    """What happened to a series and its meetings."""
    return _page(history.of_series(series_id, page=_number()), series=g.series)


@pages.get("/people/<int:member_id>/log")
def of_member(member_id: int) -> str:
    """What concerns a member, as far as the reader coordinates it."""
    member = members.by_id(member_id)
    own = None if loading.me().administrator else loading.desk_series_ids()
    if own is not None and not history.concerns(member_id, own):
        raise Missing(N_("There is no such member."))  # word for word what by_id() says
    return _page(history.of_member(member_id, series_ids=own, page=_number()), member=member)
