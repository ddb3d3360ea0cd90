"""Guards: who is asking, and what the page is about. A guard raises `Missing`, sends to the sign-in page, or puts what
it loaded into `g`.

    g.meeting, g.series   the meeting or series in the address
    g.rsvp                the reader's own answer to g.meeting, if any
    g.held, g.queued      how many people have seats at g.meeting, and how many wait (readable meetings only)
    g.has                 which of `HANGING` g.meeting has, so that nobody asks for what is not there (the same)

What somebody may not see is `Missing`, exactly as if it were not there.
"""

from collections.abc import Callable

from flask import Response as FlaskResponse
from flask import current_app, flash, g, make_response, redirect, request, session, url_for
from flask_babel import get_locale, gettext, refresh
from flask_login import current_user
from sqlalchemy import and_, bindparam, exists, or_, select
from sqlalchemy.orm import defer, load_only
from werkzeug.wrappers import Response

from asanokai import clock, devices, installation, meetings
from asanokai import series as series_rules
from asanokai.db import session as database
from asanokai.devices import Device
from asanokai.errors import N_, Missing
from asanokai.installation import Installation
from asanokai.languages import LANGUAGES
from asanokai.links import Links
from asanokai.materials import Minutes
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.programme import Slot
from asanokai.questions import Question
from asanokai.rsvps import HELD, QUEUED, Rsvp
from asanokai.series import Belonging, Series, still
from asanokai.speakers import Contributor
from asanokai.tokens import Tokens, hashed
from asanokai.uploads import Upload
from asanokai.vault import Vault
from asanokai.web import behind

FRAMING = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; manifest-src 'self'; "
    "form-action 'self'; frame-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""What a page may do that frames a letter of this program."""

SANDBOX = "default-src 'none'; sandbox"
"""What a file may do that somebody uploaded: nothing."""

OPEN_TO_SEARCH = ("programme.home", "programme.meetings", "programme.meeting", "archive.topics", "joining.join")
"""Pages search engines may list."""


def language() -> str:
    """The language of this page."""
    locale = get_locale()
    return locale.language if locale and locale.language in LANGUAGES else "de"


def me() -> Member:
    """The member who is signed in. Only behind a guard that makes sure somebody is."""
    member: Member = current_user._get_current_object()
    return member


def tokens() -> Tokens:
    """Signs and reads links."""
    signer: Tokens = current_app.extensions["tokens"]
    return signer


def links() -> Links:
    """Absolute addresses."""
    addresses: Links = current_app.extensions["links"]
    return addresses


def vault() -> Vault:
    """Seals and opens the secrets of authenticators."""
    found: Vault = current_app.extensions["vault"]
    return found


HALF = "half"
"""Where the session keeps the token of a device that owes its second factor."""

WHOLLY = "wholly"
"""Where the session keeps whether what is wanted asks for a whole proof, so that a code alone is not offered."""

_SELDOM = (
    *(Member.password_hash, Member.sign_in_hash, Member.sign_in_until, Member.calendar_secret, Member.first_in_at),
    *(Member.sought, Member.filed, Member.joined_at, Member.left_at, Member.unsubscribed_at),
    *(Installation.welcome, Installation.imprint, Installation.privacy, Installation.accessibility),
    *(Installation.legal, Installation.logo, Installation.sender_name, Installation.changed_at),
    *(Device.token_hash, Device.waits_until),
)
"""What hardly a page asks of who is known, of this installation and of the device: fetched when it is."""

_KNOWN = (
    select(Member, Belonging.series_id, Belonging.role, Installation, Device)
    .join(Device, Device.member_id == Member.id)
    .outerjoin(Belonging, and_(Belonging.member_id == Member.id, still(bindparam("now"))))
    .outerjoin(Installation, Installation.id == 1)
    .where(
        Device.token_hash == bindparam("token_hash"),
        Device.used_at > bindparam("used_after"),
        Device.created_at > bindparam("created_after"),
        Device.waits_until.is_(None),
        Member.standing == "accepted",
    )
    .options(*map(defer, _SELDOM))
)


def known(cookie: str) -> Member | None:
    """The member a cookie signs in. With it comes what every page asks next: what the member is in which series, what
    this installation is called, and the device."""
    if len(cookie) > devices.LONGEST_COOKIE:
        return None
    now = clock.now()
    life = {"now": now, "used_after": now - devices.UNUSED, "created_after": now - devices.LONGEST}
    found = database().execute(_KNOWN, {"token_hash": hashed(cookie), **life}).all()
    if not found:
        return None
    member: Member = found[0].Member
    g.roles = (member.id, {(row.series_id, row.role) for row in found if row.role})
    g.device = found[0].Device
    g.installation = found[0].Installation or installation.unset()
    return member


def device() -> Device | None:
    """The device that is signed in here, if one is."""
    found: Device | None = g.get("device") if current_user.is_authenticated else None
    return found


def installed() -> Installation:
    """This installation's row."""
    if "installation" not in g:
        g.installation = installation.current()
    row: Installation = g.installation
    return row


def organisation() -> str:
    """What this installation calls itself."""
    return str(installed().organisation or current_app.config["ASANOKAI"].organisation)


def zone() -> str | None:
    """The reader's time zone, None for a visitor."""
    return me().zone if current_user.is_authenticated else None


def outlives(write: Callable[[], object]) -> None:
    """Let something be written that outlives this request, whose own transaction is rolled back if it is refused."""
    g.outlives = write


def reads(language: str) -> None:
    """Let the page speak the language of whoever came by a link without signing in. ?lang= still wins."""
    g.reads = language
    refresh()


def framing(page: str) -> FlaskResponse:
    """A page that frames a letter, and nothing else."""
    response = make_response(page)
    response.headers["Content-Security-Policy"] = FRAMING
    return response


def back_to_pauses() -> str | None:
    """Where all pauses stand together, if that is where a button was pressed."""
    return url_for("outbox.pauses") if request.form.get("back") == "pauses" else None


def page_number() -> int:
    """Which page of a long list is asked for: 1 unless ?page= says something sensible."""
    typed = request.args.get("page", "1")
    return min(max(int(typed), 1), 100_000) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 1


def download(content: bytes, name: str) -> Response:
    """A file that is kept by nobody on the way."""
    response = make_response(content)
    response.headers["Content-Type"] = "application/zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


# --- guards -----------------------------------------------------------------------------------------------------------


def anyone() -> Response | None:
    """Everybody may see this."""
    return None


def bearer() -> Response | None:
    """Whoever has the link. The view reads the token and refuses a bad one itself."""
    return None


def member() -> Response | None:
    """Whoever is signed in; others are sent to the sign-in page and come back afterwards."""
    if current_user.is_authenticated:
        return None
    if request.method == "GET":
        session["next"] = request.full_path.rstrip("?")
    return redirect(url_for("signing_in.ask"), 303)


def proves_both(by: str) -> bool:
    """Whether a way of signing in proves two factors at once."""
    return by == "passkey" or (by == "provider" and bool(installed().provider_counts))


def owing() -> Response | None:
    """Whoever has proved one factor within ten minutes and owes the other; loads g.owing. Nobody else sees it."""
    found = devices.waiting(str(session.get(HALF) or ""))
    if found is None:
        return redirect(url_for("signing_in.ask"), 303)
    g.owing = found
    return None


def _without_factor(required: bool) -> Response | None:
    """Lead whoever needs a second factor here, and has not given one on this device, to where it is set up."""
    if not required or gave_both():
        return None
    session["next"] = behind.page()
    flash(gettext("This part needs a second factor. Please set one up, or sign in with a passkey."))
    return redirect(url_for("second_factor.show"), 303)


def _wanted_here() -> bool:
    """Whether this installation wants a second factor of the reader at the desk."""
    wanted = installed().second_factor
    return wanted == "coordinators" or (wanted == "administrators" and me().administrator)


def gave_both() -> bool:
    """Whether two factors have been given on this device."""
    here = device()
    return here is not None and here.factor_at is not None


def _wanted_anywhere() -> bool:
    """The same, or one of the series they coordinate does. Asks the database only for who has not given one."""
    if gave_both():
        return False
    return _wanted_here() or any(series.second_factor for series in series_rules.coordinated_by(me()))


def recently() -> Response | None:
    """Whoever has proved within a quarter of an hour that it is they, as wholly as at signing in (ASVS 5.0, 7.5.1);
    others are asked again and come back. Guard of what decides who gets in. A form that was sent too late is not taken;
    its page is shown again afterwards."""
    return member() or _asked_again(devices.recent(device()), wholly=True)


def present() -> Response | None:
    """The same for what gives much away or cannot be undone: there the code of the authenticator is enough (7.5.3)."""
    return member() or _asked_again(devices.present(device()), wholly=False)


def _asked_again(proved: bool, *, wholly: bool) -> Response | None:
    if proved:
        return None
    session["next"], session[WHOLLY] = behind.page(), wholly
    return redirect(url_for("proving.ask"), 303)


def when_sent(
    strict: Callable[[], Response | None], otherwise: Callable[[], Response | None]
) -> Callable[[], Response | None]:
    """A guard for a page that may stay open while what it sends may not."""
    return lambda: otherwise() if request.method in ("GET", "HEAD") else strict()


def chief_recently() -> Response | None:
    """Whoever may everything, and has proved a short while ago that it is they."""
    return administrator() or recently()


def coordinates_anything() -> bool:
    """Whether the reader coordinates at least one series, or everything."""
    if not current_user.is_authenticated:
        return False
    return me().administrator or any(role == "coordinator" for _, role in _roles())


def belongs(series_id: int) -> bool:
    """Whether the reader is a member of that series."""
    return current_user.is_authenticated and (series_id, "member") in _roles()


def of_the_circle() -> bool:
    """Whether the reader belongs to those g.meeting is for: invited, a member of its series or its coordinator."""
    series_id = g.meeting.series_id
    return g.rsvp is not None or belongs(series_id) or may_work_at(g.series)


def _roles() -> set[tuple[int, str]]:
    """What the reader is in which series: read once a page. What a page changes about its reader shows on the next."""
    member = me()
    if "roles" not in g or g.roles[0] != member.id:
        g.roles = (member.id, series_rules.roles_of(member.id))
    found: set[tuple[int, str]] = g.roles[1]
    return found


def coordinator() -> Response | None:
    """Whoever coordinates something. Which series may be seen is the view's query (`desk_series_ids`)."""
    sent_away = member()
    if sent_away is None and not coordinates_anything():
        raise Missing(N_("There is no such page, or none that you may see."))
    return sent_away or _without_factor(_wanted_anywhere())


def administrator() -> Response | None:
    """Whoever may everything."""
    sent_away = member()
    if sent_away is None and not me().administrator:
        raise Missing(N_("There is no such page, or none that you may see."))
    return sent_away or _without_factor(_wanted_anywhere())


def desk_series() -> Response | None:
    """A coordinator of the series in the address; loads g.series."""
    sent_away = member()
    if sent_away is None:
        return _load_series(int((request.view_args or {})["series_id"]))
    return sent_away


def within_series() -> Response | None:
    """Whoever belongs to the series in the address or coordinates it; loads g.series."""
    sent_away = member()
    if sent_away is not None:
        return sent_away
    series_id = int((request.view_args or {})["series_id"])
    if not belongs(series_id):
        return _load_series(series_id)
    g.series = database().get(Series, series_id)
    return None


def desk_meeting() -> Response | None:
    """A coordinator of the series of the meeting in the address; loads g.meeting and g.series."""
    sent_away = member()
    if sent_away is None:
        g.meeting = database().get(Meeting, int((request.view_args or {})["meeting_id"]))
        return _load_series(g.meeting.series_id if g.meeting else 0)
    return sent_away


def _load_series(series_id: int) -> Response | None:
    found = database().get(Series, series_id) if may_coordinate(series_id) else None
    if found is None:
        raise Missing(N_("There is no such page, or none that you may see."))
    g.series = found
    return _without_factor(found.second_factor or _wanted_here())


def may_coordinate(series_id: int) -> bool:
    """Whether the reader coordinates that series."""
    return current_user.is_authenticated and (me().administrator or (series_id, "coordinator") in _roles())


def may_work_at(series: Series) -> bool:
    """Whether the reader coordinates that series and has given the factors it asks for."""
    return may_coordinate(series.id) and (gave_both() or not (series.second_factor or _wanted_here()))


def desk_series_ids() -> list[int]:
    """Numbers of the series the reader coordinates."""
    return [series.id for series in series_rules.coordinated_by(me())]


def readable_meeting() -> Response | None:
    """Whoever may read the meeting at the address: everybody for a public one that is announced, its members and
    coordinators otherwise. Loads g.meeting, g.series, g.rsvp; an old address leads on (301)."""
    path = (request.view_args or {})["path"]
    if not _load_meeting(path):
        _load_meeting(meetings.by_path(path)[0].path)
    if not _is_shown():
        if not may_coordinate(g.meeting.series_id):
            raise Missing(N_("There is no such meeting."))  # word for word what by_path() says
        led_away = _without_factor(g.series.second_factor or _wanted_here())
        if led_away is not None:
            return led_away
    if g.meeting.path != path:
        # 308 keeps the method: an answer sent from an old page still arrives.
        code = 301 if request.method in ("GET", "HEAD") else 308
        return redirect(url_for(str(request.endpoint), path=g.meeting.path), code)
    return None


HANGING = {
    "questions": exists().where(
        or_(Question.meeting_id == Meeting.id, Question.series_id == Meeting.series_id), Question.dropped_at.is_(None)
    ),
    "order": exists().where(Slot.meeting_id == Meeting.id),
    "contributors": exists().where(Contributor.meeting_id == Meeting.id),
    "files": exists().where(Upload.meeting_id == Meeting.id),
    "minutes": exists().where(Minutes.meeting_id == Meeting.id),
}
"""What a meeting may have and most have not. Asking for each costs a page more than finding out which there are."""

_OF_PATH = (
    select(Meeting, Series, Rsvp, HELD, QUEUED, *HANGING.values())
    .join(Series, Series.id == Meeting.series_id)
    .outerjoin(Rsvp, and_(Rsvp.meeting_id == Meeting.id, Rsvp.member_id == bindparam("member_id")))
    .where(Meeting.path == bindparam("path"))
    .options(
        load_only(Series.name, Series.first_language, Series.standing_lapses, Series.second_factor)
    )  # what a page says of the series; the rest when asked for
)


def _load_meeting(path: str) -> bool:
    """Load g.meeting, g.series and g.rsvp; whether a meeting has that address now."""
    member_id = me().id if current_user.is_authenticated else 0  # nobody's number
    found = database().execute(_OF_PATH, {"path": path, "member_id": member_id}).one_or_none()
    if found is not None:
        g.meeting, g.series, g.rsvp, g.held, g.queued, *there = found
        g.has = {name for name, is_there in zip(HANGING, there, strict=True) if is_there}
    return found is not None


def _is_shown() -> bool:
    """Whether the reader may read g.meeting without coordinating it."""
    told = g.meeting.state != "draft" and g.meeting.announced_at is not None
    if told and g.meeting.public:
        return True
    if not current_user.is_authenticated:
        return False
    return bool(told) and (g.rsvp is not None or belongs(g.meeting.series_id))


def series_names() -> dict[int, Series]:
    """The series the reader coordinates, by number."""
    return {row.id: row for row in database().scalars(select(Series).where(Series.id.in_(desk_series_ids())))}
