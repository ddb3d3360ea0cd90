"""Where a request may come from: to our own host, and, if it sends something, from our own pages.

Hosts. Whatever another name leads to this server gets no page (400), so that no letter, cookie or cache can be made to
hold somebody else's address. Monitors ask this machine itself, by a loopback name; they get nothing but `MONITORED`.

Origins. A browser says of every form where it was sent from (Sec-Fetch-Site; older ones: Origin). What comes from
another site, or from a neighbour below the same domain, is refused before anybody looks at its token. That holds for
forms without a token, too: the link behind an answer or an unsubscription is its credential, and who sends it is our
own page, or a mail program's server, which is no browser and says neither (RFC 8058). A foreign page that holds such a
link has no business to send it from its readers' browsers; whoever wants to can open it.

Our pages tell nobody where somebody came from (Referrer-Policy), so that older browsers send "Origin: null" with our
own forms. A page in a sandbox sends the same: there the token decides.
"""

from urllib.parse import urlsplit

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException, SecurityError

from asanokai.db import READING
from asanokai.errors import N_, Refused
from config import LOOPBACK, Config

MONITORED = ("programme.healthz", "programme.metrics")
"""What may be asked for by a loopback name, although the pages are elsewhere."""

OURS = ("same-origin", "none")
"""What Sec-Fetch-Site says of our own pages, and of what no page sent."""


class Foreign(Refused):
    """It was sent from somebody else's page."""

    status = 403


def check() -> None:
    """Raise 400 for another host, `Foreign` for what another page sent."""
    config: Config = current_app.config["ASANOKAI"]
    host = urlsplit(f"//{request.host}").hostname
    if host != urlsplit(config.base_url).hostname and not (host in LOOPBACK and _may_be_local(config)):
        raise SecurityError(f"unknown host {request.host!r}")
    if request.method not in READING and not _from_us(config):
        raise Foreign(N_("This was sent from another website and was not taken. Please use the page itself."))


def _may_be_local(config: Config) -> bool:
    return request.endpoint in MONITORED or urlsplit(config.base_url).hostname in LOOPBACK


def _from_us(config: Config) -> bool:
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site in OURS
    if origin is None or origin == "null":
        return True
    if urlsplit(config.base_url).hostname in LOOPBACK:
        # Tried out on this machine, under any of its names and ports.
        return origin == f"{request.scheme}://{request.host}"
    return origin.lower() == config.base_url


def plainly(error: HTTPException) -> Response:
    """The answer to an unknown host: no page, since a page would hold links."""
    return Response("Bad Request\n", error.code, mimetype="text/plain")
