"""The installation's settings: names, texts, logo, and the switch for all letters."""

from io import BytesIO

import pytest
from PIL import Image

from asanokai import db, devices, installation
from asanokai.db import session
from tests import people
from tests.pages import Reader
from tests.world import plain, portrait, texts, typed, upload

HERE = "/coordinate/settings"
FORM = {
    "organisation": "DJW Thüringen",
    "sender_name": "Asa no Kai",
    **texts("welcome", "# Guten Morgen"),
}
PNG, JPEG, WEBP = (portrait(form=form) for form in ("PNG", "JPEG", "WEBP"))
POLYGLOT = PNG + b"<script>alert(1)</script><?php system($_GET['x']); ?>PK\x05\x06" + b"\0" * 18
"""A picture for those who look at the beginning, a page or an archive for those who look at the end."""


@pytest.fixture
def ludwig(app) -> Reader:
    with db.transaction():
        people.ludwig()
    reader = Reader(app, people.ludwig())
    reader.get("/?lang=en")
    return reader


def now() -> installation.Installation:
    session().rollback()
    session().expire_all()
    return installation.current()


def test_what_is_set_is_kept_and_shown(ludwig):
    assert ludwig.post(HERE, FORM).location == HERE
    row = now()
    assert (row.organisation, row.sender_name, row.welcome) == (
        "DJW Thüringen",
        "Asa no Kai",
        {"de": "# Guten Morgen"},
    )
    shown = typed(ludwig.get(HERE).text, "")
    assert {name: shown[name] for name in FORM} == FORM


def test_what_is_emptied_falls_back_to_the_environment(ludwig):
    ludwig.post(HERE, FORM)
    ludwig.post(HERE, {**FORM, "organisation": "", **texts("welcome")})
    row = now()
    assert (row.organisation, row.welcome) == ("", None)
    assert "Asa no Kai Thüringen" in plain(ludwig.get("/").text)


@pytest.mark.parametrize("name", ["Asa no Kai <x@y.example>", "a@b", 'Asa "no" Kai', "Kai, Asa no", "Kai;", "a\u2028b"])
def test_a_sender_that_looks_like_an_address_is_refused(ludwig, name):
    response = ludwig.post(HERE, {**FORM, "sender_name": name})
    assert (response.status_code, now().sender_name) == (422, "")


@pytest.mark.parametrize("data", [PNG, JPEG, WEBP, POLYGLOT, portrait((2000, 1000))], ids=range(5))
def test_a_logo_is_drawn_anew_shown_and_removed(ludwig, data):
    """Its name counts for nothing, nor does what is hidden in it."""
    ludwig.post(HERE, {**FORM, "logo": upload(data, "../../logo.svg")})
    logo = ludwig.get("/logo")
    assert (logo.status_code, logo.mimetype, b"script" in logo.data) == (200, "image/png", False)
    assert (logo.headers["X-Content-Type-Options"], logo.headers["Content-Security-Policy"]) == (
        "nosniff",
        "default-src 'none'; sandbox",
    )
    with Image.open(BytesIO(logo.data)) as drawn:
        assert (drawn.format, max(drawn.size) <= 480) == ("PNG", True)
    ludwig.post(HERE, FORM)
    assert ludwig.get("/logo").data == logo.data
    ludwig.post(HERE, {**FORM, "remove_logo": "y"})
    assert ludwig.get("/logo").status_code == 404


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GIF89a" + b"\0" * 100, "Please choose a picture in PNG, JPEG or WebP."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "Please choose a picture in PNG"),
        (b"RIFF\0\0\0\0WAVE" + b"\0" * 100, "Please choose a picture in PNG, JPEG or WebP."),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "Please choose a picture in PNG, JPEG or WebP."),
        (PNG + b"\0" * 300_000, "The picture is too large; 300 kB are the most."),
    ],
)
def test_a_logo_of_the_wrong_kind_or_size_is_refused_and_the_old_one_stays(ludwig, data, words):
    ludwig.post(HERE, {**FORM, "logo": upload(PNG, "logo.png")})
    before = now().logo
    response = ludwig.post(HERE, {**FORM, "organisation": "Anders", "logo": upload(data, "logo.png")})
    assert (response.status_code, f"Logo: {words}" in plain(response.text)) == (422, True)
    assert typed(response.text, "")["organisation"] == "Anders"
    assert (now().organisation, now().logo) == ("DJW Thüringen", before)


def test_all_letters_are_held_back_and_let_go(ludwig, clock):
    seen = []
    for _ in range(2):
        ludwig.post(f"{HERE}/pause")
        seen.append((now().paused_at, "All letters wait, except" in plain(ludwig.get(HERE).text)))
    assert seen == [(clock.now, True), (None, False)]


@pytest.mark.parametrize("counts", ["", "y"], ids=["no longer", "still"])
def test_where_the_provider_counts_no_longer_who_came_by_it_has_given_one_factor(ludwig, clock, counts):
    ludwig.post(HERE, {**FORM, "provider_counts": "y"})
    with db.transaction():
        emma = people.emma().id
        for way in ("provider", "passkey", "link"):
            devices.begin(emma, by=way, name="", factor_at=clock.now)
    ludwig.post(HERE, {**FORM, "provider_counts": counts})
    row = now()
    given = {device.by: device.factor_at for device in devices.of_member(emma)}
    assert (row.provider_counts, given) == (
        bool(counts),
        {"provider": clock.now if counts else None, "passkey": clock.now, "link": clock.now},
    )
