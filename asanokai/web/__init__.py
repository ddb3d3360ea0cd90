"""The pages: which there are, who may see them, in which language, and what a refusal looks like.

Every route stands in `GUARDS`; an app whose routes and table differ does not start. What one may not see answers 404,
as if it were not there. `Refused` and its kin are turned into answers here and nowhere else (forms put a refusal beside
its field before it gets here). No rule of the program stands in this package.
"""

from flask import Flask, Response, g, make_response, render_template, request, session
from flask_babel import Babel, gettext
from flask_login import LoginManager, current_user, user_logged_in
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException, MethodNotAllowed, SecurityError
from werkzeug.wrappers import Response as BaseResponse

from asanokai import clock, db, journal, languages, uploads
from asanokai import devices as device_rules
from asanokai.errors import N_, Missing, Refused
from asanokai.members import Member
from asanokai.web import (
    account,
    address,
    answer,
    archive,
    around,
    circle,
    consenting,
    deputy,
    design,
    devices,
    feeds,
    files,
    handouts,
    headers,
    joining,
    keys,
    leave,
    limits,
    loading,
    mydata,
    origins,
    outside,
    pack,
    paper,
    passing,
    programme,
    proposals,
    proving,
    second_factor,
    signing_in,
    speaking,
    standing,
    undoing,
    well_known,
    wishes,
)
from asanokai.web.coordinate import (
    catering,
    dates,
    desk,
    keeping,
    law,
    lists,
    log,
    mail,
    materials,
    meeting,
    order,
    outbox,
    people,
    questions,
    roll,
    settings,
    speakers,
    take_in,
    topics,
    twins,
    writing,
)
from asanokai.web.coordinate import journal as journal_pages
from asanokai.web.coordinate import series as series_pages
from asanokai.web.forms import HIGHEST
from asanokai.web.guards import GUARDS

csrf = CSRFProtect()
babel = Babel()

PAGES = (
    programme.pages,
    signing_in.pages,
    joining.pages,
    account.pages,
    devices.pages,
    proving.pages,
    address.pages,
    second_factor.pages,
    keys.pages,
    outside.pages,
    wishes.pages,
    leave.pages,
    mydata.pages,
    answer.pages,
    deputy.pages,
    passing.pages,
    archive.pages,
    proposals.pages,
    feeds.pages,
    pack.pages,
    paper.pages,
    design.pages,
    files.pages,
    handouts.pages,
    speaking.pages,
    standing.pages,
    undoing.pages,
    circle.pages,
    consenting.pages,
    well_known.pages,
)
DESK = (
    desk.pages,
    series_pages.pages,
    dates.pages,
    meeting.pages,
    materials.pages,
    roll.pages,
    questions.pages,
    topics.pages,
    order.pages,
    people.pages,
    lists.pages,
    twins.pages,
    take_in.pages,
    outbox.pages,
    mail.pages,
    catering.pages,
    log.pages,
    journal_pages.pages,
    writing.pages,
    settings.pages,
    keeping.pages,
    law.pages,
    consenting.desk,
    speakers.pages,
)

NO_TOKEN = ("answer.by_link", "wishes.unsubscribe", "undo.by_link")
"""POSTs without a cross-site token: the link's own token is the credential, and mail programs post here."""

LARGEST = uploads.MOST_BYTES + 1024 * 1024
LARGE = ("speaking.person", "speaking.talk", "materials.show")
"""POSTs that may bring a large file, and how much in all; elsewhere it is MAX_CONTENT_LENGTH."""

WORTH_NOTHING = (404, 410)
"""How a page answers whose link was forged, was altered, or is over."""


def init_app(app: Flask) -> None:
    """Register pages, guards, languages and error pages. Raises RuntimeError for a route without a guard."""
    app.before_request(_say_from_where)
    app.before_request(origins.check)  # before anything else is done for whoever asks
    app.before_request(_room_for_files)  # before anybody reads the body
    babel.init_app(app, locale_selector=language_of_request, default_timezone="UTC")
    csrf.init_app(app)
    limits.init_app(app)
    _sign_in(app)
    app.after_request(_write_what_outlives)  # the first to be registered is the last to be called: after the rollback
    files.init_app(app)
    db.init_app(app)
    for pages in PAGES:
        app.register_blueprint(pages)
    for pages in DESK:
        app.register_blueprint(pages, url_prefix="/coordinate")
    _check_table(app)
    for endpoint in NO_TOKEN:
        csrf.exempt(app.view_functions[endpoint])
    app.before_request(_guard)
    app.after_request(_headers)
    app.after_request(_count_bad_tokens)
    around.init_app(app)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(SecurityError, origins.plainly)


def _say_from_where() -> None:
    """Let the journal know who asks, behind the proxies that are trusted. Who only looks writes nothing there."""
    writes = request.method not in db.READING
    agent = journal.agent_in_short(request.user_agent.string) if writes else ""
    journal.came_from.set(journal.Origin(request.remote_addr or "", agent) if writes else None)


def _room_for_files() -> None:
    """Let a large file in where one is asked for; not from who is nobody, or whose link is worth nothing."""
    if request.endpoint not in LARGE:
        return
    token = (request.view_args or {}).get("token")
    if "_user_id" in session if token is None else loading.tokens().holds("speaking", str(token)):
        request.max_content_length = LARGEST


def _sign_in(app: Flask) -> None:
    login = LoginManager(app)
    login.session_protection = None  # an address changes between home and train; the device's row ends sessions
    login.user_loader(_whose)
    user_logged_in.connect(_date_cookie, app)


def _whose(cookie: str) -> Member | None:
    """The member a cookie speaks of."""
    found = loading.known(cookie)
    if found is not None:
        _date_cookie()
    return found


def _date_cookie(*_sent: object, **_by_signal: object) -> None:
    """Give the cookie anew once a day, so that it lives on while it is used; not at every page."""
    today = clock.now().date().isoformat()
    if session.get("day") != today:
        session["day"] = today


def _check_table(app: Flask) -> None:
    routes = {rule.endpoint for rule in app.url_map.iter_rules()}
    if routes != set(GUARDS):
        raise RuntimeError(f"routes and guard table differ: {sorted(routes ^ set(GUARDS))}")


def _guard() -> BaseResponse | None:
    if request.endpoint is None:
        return None
    if "\0" in request.path or b"%00" in request.query_string:
        # PostgreSQL takes no NUL in a text, and nothing here has one in its address.
        raise Missing(N_("There is no such page, or none that you may see."))
    if any(isinstance(value, int) and value > HIGHEST for value in (request.view_args or {}).values()):
        raise Missing(N_("There is no such page, or none that you may see."))
    _note_use()
    return GUARDS[request.endpoint]()


def _note_use() -> None:
    """When something is sent from a device, and that only: reading writes nothing."""
    if request.method in db.READING or "_user_id" not in session:
        return
    device = loading.device()
    if device is not None:
        device_rules.note_use(device)


def _write_what_outlives(response: Response) -> Response:
    """After the rollback, and not for who only asks for a page: reading leaves no trace."""
    write = g.pop("outlives", None)
    if write is not None and request.method not in db.READING:
        with db.transaction():
            write()
    return response


def language_of_request() -> str:
    """?lang=, else that of the letter's reader, else what was chosen before, else the member's, else what the browser
    asks for, else German."""
    asked = languages.known(request.args.get("lang"))
    if asked:
        return asked
    if "reads" in g:
        return str(g.reads)
    chosen = languages.known(session.get("lang"))
    if chosen:
        return chosen
    if request.endpoint != "static" and current_user.is_authenticated:
        return str(current_user.language)
    return languages.best_of(request.accept_languages.values()) or "de"


def _count_bad_tokens(response: Response) -> Response:
    """Whoever tries links that are worth nothing again and again is told to wait. Good ones are not even looked at."""
    guard = GUARDS.get(request.endpoint or "")
    if guard is loading.bearer and response.status_code in WORTH_NOTHING and limits.failed("token"):
        return make_response(_refused(limits.too_often()))
    return response


def _headers(response: Response) -> Response:
    asked = languages.known(request.args.get("lang"))
    if asked and session.get("lang") != asked and request.endpoint not in files.NO_PAGES:
        session["lang"] = asked
    return headers.add(response)


def _refused(error: Refused) -> BaseResponse | tuple[str, int]:
    if isinstance(error, Missing) and current_user.is_authenticated:
        reader, page = loading.me().id, str(request.endpoint)
        loading.outlives(lambda: journal.write("refuse", "page", None, actor_id=reader, page=page))
    return _error_page(error.status, gettext(error.message, **error.facts))


def _http_error(error: HTTPException) -> BaseResponse | tuple[str, int, dict[str, str]]:
    if isinstance(error.response, BaseResponse):
        return error.response
    code = error.code or 500
    if isinstance(error, CSRFError):
        words = gettext("This page was open for too long. Please go back, reload it and send it again.")
    else:
        words = {
            404: gettext("There is no such page, or none that you may see."),
            405: gettext("This page cannot be used that way."),
            413: gettext("That was too large. Please send less at once."),
            429: gettext("That was too often. Please wait a few minutes and try again."),
            500: gettext("Something failed on our side. It has been noted; please try again later."),
        }.get(code, gettext("The request could not be understood."))
    page, status = _error_page(code, words)
    # What it may be used for instead (RFC 9110, 15.5.6).
    methods = sorted(error.valid_methods or ()) if isinstance(error, MethodNotAllowed) else []
    return page, status, {"Allow": ", ".join(methods)} if methods else {}


def _error_page(status: int, words: str) -> tuple[str, int]:
    db.db.session.rollback()
    return render_template("error.html", status=status, words=words), status
