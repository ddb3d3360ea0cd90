"""What happens once somebody has proved who they are, by whatever means: a new session, and on to where they wanted."""

from flask import redirect, session, url_for
from flask_login import login_user
from werkzeug.wrappers import Response

from asanokai import series as series_rules
from asanokai.members import Member
from asanokai.web import loading


def let_in(member: Member, *, by: str) -> Response:
    """`member` has proved who they are `by` a link, a password, …: begin a session of their own. Nothing of the one
    before stays, least of all its identity."""
    wanted = _local(session.get("next"))
    session.clear()
    session.permanent = True
    login_user(member)
    return redirect(wanted or _usual_start(member), 303)


def _local(address: str | None) -> str | None:
    """The address if it is a path here; a browser takes // and /\\ for another host, and leaves out line breaks."""
    ours = address and address.startswith("/") and address[1:2] not in ("/", "\\") and address.isprintable()
    return address if ours else None


def _usual_start(member: Member) -> str:
    if loading.coordinates_anything() and not series_rules.of_member(member):
        return url_for("desk.home")
    return url_for("account.me")
