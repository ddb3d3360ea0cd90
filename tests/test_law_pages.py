"""The pages the law asks for, as readers meet them: always within reach, marked where incomplete, without a cookie."""

import re
from pathlib import Path

import pytest

from asanokai import db, law
from asanokai.languages import LANGUAGES
from tests import people, world
from tests.pages import TOKEN, Reader
from tests.test_law import WHOLE
from tests.world import Actor, addresses, texts

LETTERS = sorted((Path(__file__).parent / "letters").glob("*.txt"))
THREE = ("/imprint", "/privacy", "/accessibility")
NO_PAGES = {
    "files.offline": "kept by the browser for when nothing can be reached",
    "outbox.preview": "a letter in a frame",
}
FACTS = "/coordinate/settings/law"


@pytest.fixture
def built(app, clock) -> world.World:
    return world.build(app, clock)


@pytest.fixture
def ludwig(app, clock) -> Reader:
    with db.transaction():
        people.ludwig()
    reader = Reader(app, people.ludwig())
    reader.get("/?lang=en")
    return reader


# --- within reach -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_page_leads_to_all_three(app, built):
    seen = set()
    for role in ("visitor", "administrator"):
        actor = Actor(app, role)
        for name, address in addresses(app, built, "GET").items():
            if name.partition(":")[0] in NO_PAGES or name.startswith("paper."):
                continue
            actor.again()
            response = actor.get(address)
            if (response.mimetype == "text/html" and "<footer" in response.text) or response.status_code >= 400:
                lacking = [way for way in THREE if f'href="{way}"' not in response.text]
                assert (name, role, lacking) == (name, role, [])
                seen.add(name)
            else:
                assert response.mimetype != "text/html" or response.status_code in (301, 302, 303, 308), name
            response.close()
    assert len(seen) > 80


def test_every_letter_leads_to_all_three_in_text_and_html():
    assert len(LETTERS) > 150
    for file in LETTERS:
        letter = file.read_text(encoding="utf-8")
        for way in THREE:
            where = f"http://localhost:8000{way}"
            assert (file.name, way, f"\n{where}\n" in letter, f'href="{where}"' in letter) == (
                file.name,
                way,
                True,
                True,
            )


# --- what stands there ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_with_gaps_marks_them_and_says_so_until_they_are_filled_in(app, clock, language):
    visitor = Reader(app)
    for way in THREE:
        page = visitor.get(f"{way}?lang={language}").text
        assert 'class="notice"' in page
        assert '<mark class="gap">' in page
    with db.transaction():
        law.fill_in(WHOLE, actor_id=people.ludwig().id)
    for way in THREE:
        page = visitor.get(f"{way}?lang={language}").text
        assert ('class="notice"' in page, '<mark class="gap">' in page, "Wert name" in page) == (False, False, True)


def test_administrators_fill_in_once_and_edit_each_text(ludwig):
    assert "places are to be filled in" in ludwig.get("/coordinate/").text
    assert ludwig.post(FACTS, WHOLE).location == FACTS
    assert "to be filled in" not in ludwig.get("/coordinate/").text
    assert 'value="Wert phone"' in ludwig.get(FACTS).text
    here = f"{FACTS}/privacy"
    assert "Artikel 13" in ludwig.get(here).text
    assert ludwig.post(here, {**texts("text", "# Kurz\n\n[[Frist]]"), "text-en": "Short"}).location == here
    page = ludwig.get(here).text
    assert ("Frist</span>" in page, "Deutsch" in page) == (True, True)
    assert "<p>Short</p>" in ludwig.get("/privacy?lang=en").text
    assert '<mark class="gap">[Frist]</mark>' in ludwig.get("/privacy?lang=de").text


def test_which_text_stood_when_can_be_read(ludwig, clock):
    ludwig.post(FACTS, WHOLE)
    clock.advance(days=2)
    ludwig.post(f"{FACTS}/imprint", texts("text", "Wir <b>selbst</b>"))
    ways = re.findall(rf'href="({FACTS}/texts/\d+)"', ludwig.get(f"{FACTS}/imprint").text)
    assert len(ways) == 4
    newest, oldest = ludwig.get(ways[0]).text, ludwig.get(ways[-1]).text
    assert ("Wir &lt;b&gt;selbst" in newest, "Wert address" in oldest) == (True, True)
    assert "3. Februar 2026" in ludwig.get("/imprint?lang=de").text
    assert "1 February 2026" in ludwig.get("/imprint?lang=en").text


# --- cookies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_visitor_gets_no_cookie_but_where_a_form_needs_one(app, built):
    given, read, needless = set(), set(), set()
    for name, address in addresses(app, built, "GET").items():
        response = app.test_client().get(address)
        cookies = response.headers.getlist("Set-Cookie")
        if not cookies:
            read.add(name)
        elif response.status_code == 303:
            assert response.location == "/sign-in", name
        elif TOKEN.search(response.text):
            given.add(name)
        else:
            needless.add(name)
        assert all(cookie.startswith("asanokai=") for cookie in cookies)
        response.close()
    assert needless == {"keys.ask_for_any"}  # the challenge that a passkey is to sign, asked for by a button
    assert {f"programme.{page}" for page in ("home", "meetings", "imprint", "privacy", "accessibility")} <= read
    assert {"programme.meeting", "archive.topics", "feeds.public", "files.manifest"} <= read
    assert {"signing_in.ask", "joining.join"} <= given


def test_the_privacy_page_names_the_one_cookie(app, clock):
    assert all(
        f"asanokai{sign}" in Reader(app).get("/privacy?lang=" + language).text
        for language, sign in (("de", "“"), ("en", "”"), ("ja", "」"))
    )
