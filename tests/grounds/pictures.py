"""`make pictures`: what the program looks like, into docs/pictures/, and the pictures that test_look compares with.

Twelve pages in three languages, on a phone and on a desk, light and dark, and the letters. The demo's people, a clock
that stands, pinned fonts: who takes the pictures again gets the same ones unless something has changed.
"""

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from asanokai import clock, db, demo, members
from asanokai.app import create_app
from asanokai.meetings import Meeting
from config import HOME, Config
from tests.grounds import migrations, sqlite
from tests.grounds.browser import launched
from tests.pages import Reader

FOLDER = HOME / "docs" / "pictures"
COMPARED = HOME / "tests" / "pictures"
FONTS = HOME / "asanokai" / "printing" / "fonts"
LANGUAGES = ("de", "en", "ja")
PHONE, DESK, LETTER = 360, 1280, 640
SCHEMES = ("light", "dark")
MOMENT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
LONGEST, COLOURS = 2000, 64

LETTERS = ("invite", "remind", "confirm", "waiting", "moved", "cancelled")


@contextmanager
def serving(app: Flask, port: int) -> Iterator[None]:
    """The app at a port of this machine."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def opened(browser: Browser, base: str, width: int, scheme: str, **options: Any) -> Iterator[Page]:
    """A page whose fonts are those that come with the program, wherever it runs."""
    context = browser.new_context(
        base_url=base,
        viewport={"width": width, "height": 780 if width == PHONE else 860},
        color_scheme=scheme,  # type: ignore[arg-type]  # "light" or "dark"
        bypass_csp=True,  # for the fonts alone
        reduced_motion="reduce",
        **options,
    )
    page = context.new_page()
    page.route("**/pinned/*", lambda route: route.fulfill(path=FONTS / route.request.url.rpartition("/")[2]))
    try:
        yield page
    finally:
        context.close()


def picture(page: Page, *, whole: bool = True) -> Image.Image:
    """The page as it looks now."""
    faces = "".join(
        f'@font-face {{ font-family: pinned; src: url("/pinned/{path.name}"); {how} }}' for path, how in _faces()
    )
    page.add_style_tag(content=f"{faces} * {{ font-family: pinned !important; caret-color: transparent }}")
    page.evaluate("() => document.fonts.ready.then(() => true)")
    return Image.open(BytesIO(page.screenshot(full_page=whole))).convert("RGB")


def _faces() -> list[tuple[Path, str]]:
    """The font files, and for which signs and weights each is."""
    return [
        (path, f"unicode-range: {signs}; font-weight: {weight}")
        for family, signs in (("NotoSans", "U+0000-2DFF"), ("NotoSansJP", "U+2E00-FFFF, U+2014-2015"))
        for path, weight in ((FONTS / f"{family}-Regular.ttf", "100 500"), (FONTS / f"{family}-Bold.ttf", "501 900"))
    ]


# --- the demo's pages -------------------------------------------------------------------------------------------------


def addresses(app: Flask) -> dict[str, tuple[str, str]]:
    """Name of a picture → who looks, and at which address."""
    with db.reading() as session:
        found = session.scalars(select(Meeting).order_by(Meeting.starts_at)).all()
        coming = [meeting for meeting in found if meeting.starts_at > clock.now()]
        first = next(meeting for meeting in coming if meeting.state == "announced")
        draft = next(meeting for meeting in coming if meeting.state == "draft")
        member = members.by_address(list(demo.DOORS.values())[1])
        assert member is not None
        answer = app.extensions["tokens"].mint("answer", [first.id, member.id])
        desk = f"/coordinate/meetings/{first.id}"
        return {
            "home": ("visitor", "/"),
            "programme": ("visitor", "/meetings/"),
            "meeting": ("visitor", f"/meetings/{first.path}"),
            "join": ("visitor", f"/join?meeting={first.path}"),
            "answer": ("visitor", f"/answer/{answer}?answer=yes"),
            "me": ("member", "/me/"),
            "settings": ("member", "/me/settings"),
            "desk": ("coordinator", "/coordinate/"),
            "coordinate-meeting": ("coordinator", desk),
            "roll": ("coordinator", f"{desk}/roll"),
            "announce": ("coordinator", f"/coordinate/meetings/{draft.id}/announce"),
            "series": ("coordinator", f"/coordinate/series/{first.series_id}"),
        }


def visits(app: Flask, names: Sequence[str]) -> dict[str, tuple[str, list[Any]]]:
    """Name of a page → its address, and the cookies of who looks at it."""
    known = addresses(app)
    return {name: (known[name][1], _cookies(app, known[name][0])) for name in names}


def _cookies(app: Flask, who: str) -> list[Any]:
    """The cookies of a member of the demo who has signed in."""
    if who == "visitor":
        return []
    address = list(demo.DOORS.values())[0 if who == "coordinator" else 1]
    # In a context of its own: the page that signs in closes the session.
    with app.app_context():
        member = members.by_address(address)
        assert member is not None
        reader = Reader(app, member)
    cookie = reader.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    return [{"name": cookie.key, "value": cookie.value, "url": app.config["ASANOKAI"].base_url}]


def _take(app: Flask, browser: Browser, base: str) -> int:
    wanted, taken = addresses(app), 0
    cookies = {who: _cookies(app, who) for who in ("visitor", "member", "coordinator")}
    for width in (PHONE, DESK):
        for scheme in SCHEMES:
            for name, (who, address) in wanted.items():
                with opened(browser, base, width, scheme) as page:
                    page.context.add_cookies(cookies[who])
                    for language in LANGUAGES:
                        page.goto(f"{address}{'&' if '?' in address else '?'}lang={language}")
                        device = "phone" if width == PHONE else "desk"
                        _keep(picture(page), f"{name}-{language}-{device}-{scheme}")
                        taken += 1
    return taken


def _take_letters(app: Flask, browser: Browser, base: str) -> int:
    roll, taken = addresses(app)["roll"][1], 0
    cookies = _cookies(app, "coordinator")
    for scheme in SCHEMES:
        with opened(browser, base, LETTER, scheme) as page:
            page.context.add_cookies(cookies)
            for kind in LETTERS:
                for language in LANGUAGES:
                    preview = roll.replace("roll", "letters/preview")
                    page.goto(f"{preview}?kind={kind}&language={language}&part=html")
                    _keep(picture(page), f"letter-{kind}-{language}-{scheme}")
                    taken += 1
    return taken


def _keep(taken: Image.Image, name: str) -> None:
    """Few colours, kept exactly: smaller than a photograph's way, and letters stay sharp."""
    upper = taken.crop((0, 0, taken.width, min(taken.height, LONGEST)))
    few = upper.quantize(palette=_commonest(upper), dither=Image.Dither.NONE)
    few.convert("RGB").save(FOLDER / f"{name}.webp", lossless=True, method=6)


def _commonest(picture: Image.Image) -> Image.Image:
    """A palette of the picture's commonest colours as they are. Pillow's own palettes tint the paper or lose the one
    red disc."""
    counted = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)[:COLOURS]
    colours = [colour for _count, colour in counted if isinstance(colour, tuple)]
    colours += colours[:1] * (256 - len(colours))
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for colour in colours for value in colour])
    return palette


# --- the page that test_look compares ---------------------------------------------------------------------------------

LOOKS = (("de", PHONE, "light"), ("ja", PHONE, "dark"), ("en", DESK, "light"))


def look(browser: Browser, base: str, language: str, width: int, scheme: str) -> Image.Image:
    """The design page. Its clock must stand at `MOMENT`."""
    with opened(browser, base, width, scheme) as page:
        page.goto(f"/design?lang={language}")
        return picture(page)


def compared(language: str, width: int, scheme: str) -> Path:
    """Where the picture to compare with lies."""
    return COMPARED / f"design-{language}-{width}-{scheme}.webp"


def main() -> None:
    """Take them all anew."""
    clock.use(lambda: MOMENT)
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        port = _free_port()
        base = f"http://localhost:{port}"
        url = sqlite.url(Path(folder) / "pictures.sqlite")
        migrations.upgrade(url)
        app = create_app(Config.for_tests(base_url=base, database_url=url, design=True))
        shutil.rmtree(FOLDER, ignore_errors=True)
        for made in (FOLDER, COMPARED):
            made.mkdir(parents=True, exist_ok=True)
        with app.app_context(), serving(app, port):
            with db.transaction():
                demo.fill()
            for language, width, scheme in LOOKS:
                look(browser, base, language, width, scheme).save(
                    compared(language, width, scheme), lossless=True, method=6
                )
            taken = _take(app, browser, base) + _take_letters(app, browser, base)
            db.dispose()
    size = sum(path.stat().st_size for path in FOLDER.iterdir()) / 1e6
    print(f"{taken} pictures, {size:.1f} MB, in {FOLDER.relative_to(HOME)}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
