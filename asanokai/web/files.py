"""What goes over the wire and what a browser keeps: static files, compressed answers, manifest, service worker.

A static file's address changes with its content, so that whoever has it never asks again. Everything here works
without scripts; the worker only adds that the own page can be read without a connection.
"""

import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, has_request_context, render_template, request, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_babel import force_locale, gettext
from markupsafe import escape
from werkzeug.exceptions import NotFound
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response as BaseResponse

from asanokai.languages import LANGUAGES
from asanokai.web import loading

pages = Blueprint("files", __name__)

NO_PAGES = ("static", "files.manifest", "files.service_worker")
"""What browsers fetch by themselves: ?lang= there chooses words, but not the language of the pages that come."""

FOREVER = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"
WORTH_IT = 500
"""Bytes below which compressing saves less than a packet."""
QUICK, SMALL = 4, 9
"""How hard gzip tries: at every answer, and once at the start."""

PAPER, PAPER_AT_NIGHT = "#fbf9f4", "#191715"
"""--paper in asanokai.css; page.html names them for the bar around the page."""
SHORT = 12
"""Letters that fit below an icon."""


def init_app(app: Flask) -> None:
    """Take in the static files and lay compression around the pages. Before the database's own hooks: nobody shall
    wait for a lock while an answer is being compressed."""
    app.extensions["files"] = taken_in(Path(str(app.static_folder)))
    app.extensions["worker"] = lru_cache(maxsize=8)(partial(_worker, app))
    app.view_functions["static"] = static
    app.url_defaults(_fingerprint)
    app.jinja_env.globals["url_for"] = _remembering(app)
    app.session_interface = _Sessions()
    app.after_request(_compress)


# --- static files -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """A static file as it is sent. `packed` is empty where gzip would not help."""

    kind: str
    content: bytes
    packed: bytes
    fingerprint: str


def taken_in(folder: Path) -> dict[str, File]:
    """Every file below a folder, by its name there with slashes."""
    found = {path: path.stat() for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        path.relative_to(folder).as_posix(): _read(path, about.st_mtime_ns, about.st_size)
        for path, about in found.items()
    }


@lru_cache(maxsize=256)  # tests make many apps, and packing takes longest
def _read(path: Path, _changed: int, _size: int) -> File:
    content = path.read_bytes()
    kind = _KINDS.get(path.suffix) or guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(content, SMALL, mtime=0) if _is_text(kind) and len(content) > WORTH_IT else b""
    return File(kind, content, packed if len(packed) < len(content) else b"", hashlib.sha256(content).hexdigest()[:12])


_KINDS = {
    # Not left to the machine's own list: with nosniff a wrong word means that a browser takes no style and no script.
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") or kind.endswith(("+xml", "+json", "/json", "/javascript", "/xml"))


def static(filename: str) -> BaseResponse:
    """A file of the look. At the address with its fingerprint it is good for ever, else it is asked for each time."""
    file: File | None = current_app.extensions["files"].get(filename)
    if file is None:
        raise NotFound()
    packed = bool(file.packed) and _takes_gzip(request.headers.get("Accept-Encoding", ""))
    response = Response(file.packed if packed else file.content, mimetype=file.kind)
    if file.packed:
        response.vary.add("Accept-Encoding")
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = FOREVER if request.args.get("v") == file.fingerprint else ASK_FIRST
    response.set_etag(f"{file.fingerprint}-gzip" if packed else file.fingerprint)
    return response.make_conditional(request)


def _fingerprint(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static":
        file = current_app.extensions["files"].get(values.get("filename"))
        if file is not None:
            values.setdefault("v", file.fingerprint)


def _remembering(app: Flask) -> Callable[..., str]:
    """url_for for templates. A page names some fifteen addresses, most of them the same on every page: those are built
    once for each place the app is mounted at."""

    @lru_cache(maxsize=512)
    def built(_mounted_at: str, endpoint: str, **values: Any) -> str:
        return app.url_for(endpoint, **values)

    def for_template(endpoint: str, **values: Any) -> str:
        if values.keys() <= {"filename", "lang"} and has_request_context():
            return built(request.root_path, endpoint, **values)
        return app.url_for(endpoint, **values)

    return for_template


class _Sessions(SecureCookieSessionInterface):
    """Flask's own, but a file that is the same for everybody does not say that it varies with the cookie: signing in
    would then mean to fetch everything anew. (Flask-Login looks into the session at every request.)"""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie, where there is something to write."""
        same_for_everybody = request.endpoint in ("static", "files.service_worker") and response.status_code < 400
        if session.modified or not same_for_everybody:
            super().save_session(app, session, response)


# --- compression ------------------------------------------------------------------------------------------------------


def _compress(response: Response) -> Response:
    """Pack what is text and long enough, for who takes it packed. Nothing that is streamed or packed already.

    Compressed secrets can be guessed by who sees the length of answers and can make a browser ask again and again for
    addresses that contain guesses (BREACH). Pages do repeat their own query in the links to other languages, and the
    own page holds the secret address of the calendar. So a page that another site made a signed-in browser ask for is
    sent as it is (`_made_elsewhere`). Other sites could open it in a window only, since the cookie is SameSite=Lax; but
    neighbours below the same domain count as the same site there.

    Old browsers that do not say who made them ask are left with that. The cross-site token in forms can be read by
    nobody this way: its first part is known to be worthless alone, and the signature behind it changes every second.
    """
    if not _is_worth_it(response):
        return response
    response.vary.add("Accept-Encoding")
    if not _takes_gzip(request.headers.get("Accept-Encoding", "")) or _made_elsewhere():
        return response
    etag, weak = response.get_etag()
    if etag and not weak:
        response.set_etag(etag, weak=True)  # other bytes, the same words
    if response.status_code != 304:
        response.set_data(gzip.compress(response.get_data(), QUICK, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _is_worth_it(response: Response) -> bool:
    return (
        not response.is_streamed
        and not response.direct_passthrough
        and _is_text(response.mimetype or "")
        and response.status_code not in (204, 206)
        and "Content-Encoding" not in response.headers
        and len(response.get_data()) > WORTH_IT
    )


@lru_cache(maxsize=256)
def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding names gzip, and not to refuse it (RFC 9110, 12.5.3)."""
    return bool(parse_accept_header(accepted).quality("gzip") > 0)


def _made_elsewhere() -> bool:
    """Whether a page that is not ours made somebody's browser ask for this in their name."""
    return bool(request.cookies) and request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


# --- on a phone -------------------------------------------------------------------------------------------------------

ICONS = (("icon-192.png", 192, "any"), ("icon-512.png", 512, "any"), ("maskable-512.png", 512, "maskable"))


@pages.get("/manifest.webmanifest")
def manifest() -> BaseResponse:
    """What a phone shows once the page stands on its home screen. A browser asks without a cookie, hence ?lang=."""
    name = loading.organisation()
    described = {
        "id": "/",
        "name": name,
        "short_name": name if len(name) <= SHORT else gettext("My meetings"),
        "description": gettext("We meet in the morning: a welcome, a talk, questions, and then breakfast together."),
        "lang": loading.language(),
        "dir": "ltr",
        "start_url": url_for("account.me"),
        "scope": url_for("programme.home"),
        "display": "standalone",
        "theme_color": PAPER,
        "background_color": PAPER,
        "icons": [
            {
                "src": url_for("static", filename=f"icons/{file}"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for file, size, purpose in ICONS
        ],
        "shortcuts": [
            {"name": gettext("My meetings"), "url": url_for("account.me")},
            {"name": gettext("Programme"), "url": url_for("programme.meetings")},
        ],
    }
    response = Response(json.dumps(described, ensure_ascii=False), content_type="application/manifest+json")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.vary.add("Accept-Language")
    response.add_etag()
    return response.make_conditional(request)


# --- without a connection ---------------------------------------------------------------------------------------------


@pages.get("/offline")
def offline() -> str:
    """What the worker shows instead of a page that cannot be reached. It is kept once, for whoever uses the browser:
    in all three languages, the reader's first, and with nothing of a member."""
    first = loading.language()
    said = {language: _said_offline(language) for language in sorted(LANGUAGES, key=lambda one: one != first)}
    return render_template("offline.html", said=said)


def _said_offline(language: str) -> dict[str, str]:
    with force_locale(language):
        return {
            "title": gettext("You are offline"),
            "words": gettext("This page is not kept on your device. You can open it as soon as you are connected."),
            "again": gettext("Try again"),
            "mine": gettext("My meetings"),
        }


@pages.get("/service-worker.js")
def service_worker() -> BaseResponse:
    """The worker: its program stands in static/service-worker.js, and what it is to keep is put in front."""
    response = Response(current_app.extensions["worker"](request.root_path), mimetype="text/javascript")
    response.headers["Cache-Control"] = ASK_FIRST
    response.add_etag()
    return response.make_conditional(request)


def _worker(app: Flask, _mounted_at: str) -> str:
    files: dict[str, File] = app.extensions["files"]
    program = files["service-worker.js"].content.decode()
    # Only what the pages have fetched anyway: the browser has it at hand, so that keeping it costs no request.
    wanted = [name for name in files if name.endswith(".css") or name in ("disc.svg", "offline.js")]
    keep = {
        "files": [url_for("static", filename=name) for name in wanted],
        "offline": url_for("files.offline"),
        "mine": url_for("account.me"),
        "signing": [url_for("signing_in.ask"), url_for("signing_in.sign_out")],
        "life": app.permanent_session_lifetime.total_seconds(),
        "words": {language: _as_of(language) for language in LANGUAGES},
    }
    said = json.dumps(keep, ensure_ascii=False)
    version = hashlib.sha256(f"{said}{program}".encode()).hexdigest()[:12]
    return f'const VERSION = "{version}";\nconst KEEP = {said};\n{program}'


def _as_of(language: str) -> str:
    with force_locale(language):
        words = gettext("You are offline. This page is as of %(when)s; you can answer once you are connected again.")
    return str(escape(words))
