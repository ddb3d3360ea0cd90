"""What goes over the wire and what a browser keeps: static files, compressed answers, manifest, worker, signing out."""

import gzip
import json
import re
import struct
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Response, render_template_string, url_for
from flask_babel import force_locale, gettext

from asanokai import db, installation
from asanokai.web import files
from tests import people
from tests.pages import Reader

PACKED = {"Accept-Encoding": "gzip, deflate, br"}
STYLE = "asanokai.css"
LINKED = re.compile(r'(?:href|src)="(/static/[^"]+)"')
SECRET_PAGE = "/me/settings"


@pytest.fixture
def style(app):
    """The stylesheet's address as pages name it."""
    with app.test_request_context("/"):
        return url_for("static", filename=STYLE)


@pytest.fixture
def morning(app):
    """An announced morning, so that the feed has something to say; its path."""
    with db.transaction():
        return people.announced_meeting().path


def content(name):
    return (Path(files.__file__).parents[1] / "static" / name).read_bytes()


def headers(response, *names):
    return tuple(response.headers.get(name) for name in names)


def png_size(data):
    """Width and height as a PNG's header says (RFC 2083, 11.2.2)."""
    assert data[:16] == b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    return struct.unpack(">II", data[16:24])


# --- addresses of static files ----------------------------------------------------------------------------------------


def test_every_file_that_a_page_names_is_good_for_ever_and_no_page_names_one_without_its_fingerprint(app, client):
    named = {address for page in ("/", "/sign-in", "/offline") for address in LINKED.findall(client.get(page).text)}
    assert {urlsplit(address).path.removeprefix("/static/") for address in named} == {
        "asanokai.css",
        "vendor/modern-normalize.css",
        "disc.svg",
        "offline.js",
        "keys.js",
        "icons/apple-touch-icon.png",
    }
    kept = {address: headers(client.get(address), "Cache-Control") for address in named}
    assert kept == dict.fromkeys(named, ("public, max-age=31536000, immutable",))


def test_an_address_without_fingerprint_or_with_an_old_one_has_the_file_but_is_asked_for_each_time(client, style):
    for address in ("/static/asanokai.css", "/static/asanokai.css?v=0123456789ab", f"{style}x"):
        response = client.get(address)
        assert (response.status_code, response.data) == (200, content(STYLE))
        assert headers(response, "Cache-Control", "Content-Type") == ("no-cache", "text/css; charset=utf-8")


def test_the_fingerprint_changes_with_the_content_and_with_nothing_else(tmp_path):
    style = tmp_path / "deep" / "a.css"
    style.parent.mkdir()
    found = []
    for words in ("p { color: red }", "p { color: blue }", "p { color: red }"):
        style.write_text(words)
        (file,) = files.taken_in(tmp_path).items()
        found.append((file[0], file[1].content.decode(), file[1].fingerprint))
    assert [(name, words) for name, words, _ in found] == [
        ("deep/a.css", "p { color: red }"),
        ("deep/a.css", "p { color: blue }"),
        ("deep/a.css", "p { color: red }"),
    ]
    assert found[0] == found[2]
    assert found[0][2] != found[1][2]


def test_python_and_templates_name_the_same_address_wherever_the_app_is_mounted(app, style):
    template = '{{ url_for("static", filename="asanokai.css") }} {{ url_for("programme.home", lang="ja") }}'
    said = []
    for base in ("http://localhost", "http://localhost/below", "http://localhost"):
        with app.test_request_context("/", base_url=base):
            said.append((render_template_string(template), url_for("static", filename=STYLE)))
    assert said == [
        (f"{style} /?lang=ja", style),
        (f"/below{style} /below/?lang=ja", f"/below{style}"),
        (f"{style} /?lang=ja", style),
    ]


def test_the_kinds_of_files_do_not_hang_on_the_machine(client):
    kinds = {
        name: headers(client.get(f"/static/{name}"), "Content-Type", "X-Content-Type-Options")
        for name in ("asanokai.css", "offline.js", "disc.svg", "icons/icon-192.png")
    }
    assert kinds == {
        "asanokai.css": ("text/css; charset=utf-8", "nosniff"),
        "offline.js": ("text/javascript; charset=utf-8", "nosniff"),
        "disc.svg": ("image/svg+xml; charset=utf-8", "nosniff"),
        "icons/icon-192.png": ("image/png", "nosniff"),
    }


@pytest.mark.parametrize("name", ["nothing.css", "../app.py", "%2e%2e/app.py", "icons", "icons/", ""])
def test_what_is_no_static_file_is_not_there_and_that_is_kept_by_nobody(client, name):
    response = client.get(f"/static/{name}")
    assert response.status_code == 404
    assert headers(response, "Cache-Control", "X-Robots-Tag") == ("no-store", "noindex")


def test_signing_in_does_not_make_a_browser_fetch_the_files_anew(app, style):
    with db.transaction():
        katrin = people.katrin()
    reader = Reader(app, katrin)
    varies = {address: reader.get(address).headers.get("Vary") for address in (style, "/service-worker.js", "/me/")}
    assert varies == {
        style: "Accept-Encoding",
        "/service-worker.js": "Accept-Encoding",
        "/me/": "Accept-Encoding, Cookie",
    }


# --- compression ------------------------------------------------------------------------------------------------------


ACCEPTED = {
    "gzip": True,
    "gzip, deflate, br, zstd": True,
    "GZIP;q=0.5": True,
    "*": True,
    "br, *;q=0.1": True,
    None: False,
    "": False,
    "identity": False,
    "br": False,
    "gzip;q=0": False,
    "*, gzip;q=0": False,
    "*;q=0": False,
    "nonsense;;;q=x": False,
}
"""What a browser may say it takes → whether gzip is among it (RFC 9110, 12.5.3)."""


@pytest.mark.parametrize(
    "address", ["style", "/static/asanokai.css", "/", "/calendar.ics", "/manifest.webmanifest", "/service-worker.js"]
)
def test_files_and_pages_are_packed_for_who_takes_them_packed(client, morning, style, address):
    address = style if address == "style" else address
    plain, found = client.get(address), {}
    for accepted in ACCEPTED:
        response = client.get(address, headers={} if accepted is None else {"Accept-Encoding": accepted})
        packed = response.headers.get("Content-Encoding") == "gzip"
        found[accepted] = packed
        assert (gzip.decompress(response.data) if packed else response.data) == plain.data
        assert (len(response.data) < len(plain.data) * 0.8) is packed
        assert response.headers["Content-Length"] == str(len(response.data))
        assert "Accept-Encoding" in response.vary
    assert found == ACCEPTED


def test_the_files_are_packed_once_and_for_all(client, style):
    first, second = (client.get(style, headers=PACKED).data for _ in range(2))
    assert first == second
    # Once only: what is unpacked is the stylesheet.
    assert gzip.decompress(first) == content(STYLE)
    assert len(first) == len(gzip.compress(content(STYLE), 9, mtime=0))


def test_what_is_short_or_no_text_stays_as_it_is(client, morning):
    with db.transaction():
        installation.change(actor_id=None, logo=b"\x89PNG" + bytes(2000), logo_type="image/png")
    asked = {
        "/healthz": "text/plain; charset=utf-8",
        "/static/disc.svg": "image/svg+xml; charset=utf-8",
        "/static/icons/icon-512.png": "image/png",
        "/logo": "image/png",
        f"/meetings/{morning}/programme.pdf": "application/pdf",
    }
    found = {address: client.get(address, headers=PACKED) for address in asked}
    assert {address: response.headers["Content-Type"] for address, response in found.items()} == asked
    assert [response.headers.get("Content-Encoding") for response in found.values()] == [None] * 5
    assert ["Accept-Encoding" in response.vary for response in found.values()] == [False] * 5
    for response in found.values():
        response.close()


def test_an_answer_in_pieces_is_left_alone_and_so_is_one_that_is_packed_already(app):
    long = "zzz " * 500
    with app.test_request_context("/", headers=PACKED):
        streamed = files._compress(Response((part for part in [long]), mimetype="text/plain"))
        packed = files._compress(Response(long, mimetype="text/plain", headers={"Content-Encoding": "br"}))
        part = files._compress(Response(long, 206, mimetype="text/plain"))
        whole = files._compress(Response(long, mimetype="text/plain"))
    kept = [response.headers.get("Content-Encoding") for response in (streamed, packed, part, whole)]
    assert kept == [None, "br", None, "gzip"]
    assert [streamed.get_data(as_text=True), packed.get_data(as_text=True)] == [long, long]


def test_error_pages_and_refused_forms_are_packed_too(client):
    for response in (client.get("/nowhere", headers=PACKED), client.post("/sign-in", headers=PACKED)):
        assert headers(response, "Content-Encoding", "Cache-Control") == ("gzip", "no-store")
        assert b"<h1>" in gzip.decompress(response.data)


def test_a_page_another_site_made_a_signed_in_browser_ask_for_is_sent_as_it_is(app, style):
    with db.transaction():
        katrin = people.katrin()
    signed_in, visitor = Reader(app, katrin), app.test_client()

    def packed(client, address, site):
        sent = {**PACKED, "Sec-Fetch-Site": site} if site else PACKED
        return client.get(address, headers=sent).headers.get("Content-Encoding") == "gzip"

    sites = (None, "none", "same-origin", "same-site", "cross-site")
    assert [packed(signed_in.client, SECRET_PAGE, site) for site in sites] == [True, True, True, False, False]
    assert [packed(visitor, "/sign-in", site) for site in ("none", "same-origin")] == [True, True]
    assert packed(app.test_client(), "/", "cross-site")
    assert packed(signed_in.client, style, "cross-site")  # nobody's secret


# --- asking again -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["style", "/calendar.ics", "/manifest.webmanifest", "/service-worker.js"])
@pytest.mark.parametrize("asked", [{}, PACKED], ids=["plain", "packed"])
def test_who_has_it_already_is_told_so(client, morning, style, address, asked):
    address = style if address == "style" else address
    first = client.get(address, headers=asked)
    again = client.get(address, headers={**asked, "If-None-Match": first.headers["ETag"]})
    other = client.get(address, headers={**asked, "If-None-Match": '"something-else"'})
    assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200)
    assert (again.data, other.data) == (b"", first.data)
    same = ("ETag", "Cache-Control", "Vary")
    assert headers(again, *same, "Content-Encoding") == (*headers(first, *same), None)


def test_packed_and_plain_bytes_do_not_pass_for_each_other(client, morning, style):
    tags = [
        client.get(address, headers=asked).headers["ETag"]
        for address in (style, "/calendar.ics")
        for asked in ({}, PACKED)
    ]
    assert len(set(tags)) == 4
    # A plain file's tag does not answer for the packed one. A packed feed's is weak: it says no more than "same words".
    assert client.get(style, headers={**PACKED, "If-None-Match": tags[0]}).status_code == 200
    assert (tags[2].startswith("W/"), tags[3]) == (False, f"W/{tags[2]}")


@pytest.mark.parametrize("asked", [{}, PACKED], ids=["plain", "packed"])
def test_head_says_what_get_would(client, morning, style, asked):
    for address in (style, "/", "/calendar.ics", "/manifest.webmanifest", "/service-worker.js", "/offline"):
        get, head = client.get(address, headers=asked), client.head(address, headers=asked)
        same = ("Content-Length", "Content-Encoding", "Content-Type", "Cache-Control", "Vary", "ETag")
        assert (head.status_code, head.data, headers(head, *same)) == (200, b"", headers(get, *same))


# --- on a phone -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "mine", "programme", "description"),
    [
        (
            "de",
            "Meine Treffen",
            "Programm",
            "Wir treffen uns am Morgen: Begrüßung, Vortrag, Fragen und danach ein gemeinsames Frühstück.",
        ),
        (
            "en",
            "My meetings",
            "Programme",
            "We meet in the morning: a welcome, a talk, questions, and then breakfast together.",
        ),
        ("ja", "マイページ", "プログラム", "朝に集まり、ご挨拶、講演、質疑応答のあと、朝食を囲んで歓談します。"),
    ],
)
def test_the_manifest_describes_this_installation_in_three_languages(
    app, client, language, mine, programme, description
):
    with db.transaction():
        installation.change(actor_id=None, organisation="Frühstück am Fluss")
    response = client.get(f"/manifest.webmanifest?lang={language}")
    assert headers(response, "Content-Type", "Cache-Control", "Set-Cookie") == (
        "application/manifest+json",
        "public, max-age=3600",
        None,
    )
    described = json.loads(response.data)
    icons = described.pop("icons")
    assert described == {
        "id": "/",
        "name": "Frühstück am Fluss",
        "short_name": mine,
        "description": description,
        "lang": language,
        "dir": "ltr",
        "start_url": "/me/",
        "scope": "/",
        "display": "standalone",
        "theme_color": "#fbf9f4",
        "background_color": "#fbf9f4",
        "shortcuts": [{"name": mine, "url": "/me/"}, {"name": programme, "url": "/meetings/"}],
    }
    assert [(icon["sizes"], icon["type"], icon["purpose"]) for icon in icons] == [
        ("192x192", "image/png", "any"),
        ("512x512", "image/png", "any"),
        ("512x512", "image/png", "maskable"),
    ]


def test_every_icon_is_there_in_its_size_and_is_good_for_ever(client):
    icons = json.loads(client.get("/manifest.webmanifest").data)["icons"]
    (apple,) = re.findall(r'<link rel="apple-touch-icon" href="([^"]+)">', client.get("/").text)
    sizes = {icon["src"]: icon["sizes"] for icon in icons} | {apple: "180x180"}
    assert len(sizes) == 4
    for address, size in sizes.items():
        response = client.get(address)
        assert headers(response, "Content-Type", "Cache-Control") == ("image/png", files.FOREVER)
        assert "{}x{}".format(*png_size(response.data)) == size


def test_a_short_name_of_the_installation_stands_below_its_icon_as_it_is(app, client):
    with db.transaction():
        installation.change(actor_id=None, organisation="Asa no Kai")
    assert json.loads(client.get("/manifest.webmanifest?lang=de").data)["short_name"] == "Asa no Kai"


def test_every_page_names_the_manifest_in_its_language_and_the_colour_around_it(client):
    css = content(STYLE).decode()
    paper = re.findall(r"--paper: (#\w{6})", css)
    for language in ("de", "en", "ja"):
        page = client.get(f"/?lang={language}").text
        assert re.findall(r'<link rel="manifest" href="([^"]+)">', page) == [f"/manifest.webmanifest?lang={language}"]
        assert re.findall(r'<meta name="theme-color" content="(\S+)"', page) == paper
    assert (files.PAPER, paper) == (paper[0], [paper[0], paper[1]])


# --- without a connection ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reader", "order"), [("de", "de en ja"), ("ja", "ja de en"), ("en", "en de ja")])
def test_the_page_for_when_nothing_can_be_reached_speaks_all_languages_the_readers_first(app, client, reader, order):
    page = client.get("/offline", headers={"Accept-Language": reader}).text
    said = re.findall(r'<section class="empty" lang="(\w\w)">.*?<h(\d)[^>]*>([^<]+)</h', page, re.DOTALL)
    with app.test_request_context("/"):
        titles = {}
        for language in order.split():
            with force_locale(language):
                titles[language] = gettext("You are offline")
    wanted = [(language, "2" if place else "1", titles[language]) for place, language in enumerate(order.split())]
    assert (re.findall(r'<html lang="(\w\w)"', page), said) == ([reader], wanted)


def test_the_page_for_when_nothing_can_be_reached_knows_nobody(app):
    with db.transaction():
        katrin = people.katrin()
    reader = Reader(app, katrin)
    page = reader.get("/offline")
    assert "Lindner" in reader.get("/privacy").text
    assert ["Lindner" in page.text, "csrf_token" in page.text, page.headers.get("Cache-Control")] == [
        False,
        False,
        "no-store",
    ]


def test_the_worker_is_asked_for_each_time_and_keeps_what_is_there(client):
    response = client.get("/service-worker.js")
    assert headers(response, "Content-Type", "Cache-Control") == ("text/javascript; charset=utf-8", "no-cache")
    version, keep = re.match(r'const VERSION = "(\w{12})";\nconst KEEP = (\{.*\});\n', response.text).groups()
    assert (version, response.text.endswith(content("service-worker.js").decode())) == (version, True)
    keep = json.loads(keep)
    words = keep.pop("words")
    assert ({*words}, all("%(when)s" in said for said in words.values())) == ({"de", "en", "ja"}, True)
    named = keep.pop("files")
    assert keep == {
        "offline": "/offline",
        "mine": "/me/",
        "signing": ["/sign-in", "/sign-out"],
        "life": 60 * 24 * 3600,
    }
    # Word by word what pages name, or it would never be found.
    drawn = {address for page in ("/", "/offline") for address in LINKED.findall(client.get(page).text)}
    assert drawn - {*named} == {address for address in drawn if "apple-touch" in address}
    assert [headers(client.get(address), "Cache-Control") for address in named] == [(files.FOREVER,)] * len(named)


def test_signing_out_clears_what_the_browser_keeps_and_leaves_the_cookie_that_says_so(app):
    with db.transaction():
        katrin = people.katrin()
    reader = Reader(app, katrin)
    response = reader.post("/sign-out")
    assert (response.status_code, response.location) == (303, "/")
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    kept = [address for address in ("/", "/me/", "/sign-in") if "Clear-Site-Data" in reader.get(address).headers]
    assert kept == []
