"""What holds on every page: the cookie of whoever is signed in, and the words of the page's language."""

from datetime import timedelta

from flask import render_template_string

from asanokai import db
from tests import people
from tests.pages import Reader


def test_a_signed_in_readers_cookie_is_given_anew_once_a_day_and_not_at_every_page(app, clock):
    with db.transaction():
        katrin = people.katrin()
    reader = Reader(app)
    assert "Max-Age" not in reader.get("/").headers.get("Set-Cookie", "")
    signed_in = reader.sign_in(katrin)
    assert ("Expires=" in signed_in.headers["Set-Cookie"], signed_in.status_code) == (True, 303)
    reader.get("/me/settings")  # which makes the cross-site token of the new session
    given = []
    for wait in (timedelta(0), timedelta(minutes=5), timedelta(days=1), timedelta(minutes=5), timedelta(days=20)):
        clock.advance(seconds=wait.total_seconds())
        given.append("Expires=" in reader.get("/me/").headers.get("Set-Cookie", ""))
    assert given == [False, False, True, False, True]


def test_a_visitors_cookie_is_not_dated(app):
    visitor = Reader(app)
    visitor.get("/sign-in")
    with visitor.client.session_transaction() as kept:
        assert set(kept) == {"csrf_token"}


def test_words_with_facts_are_escaped_and_a_doubled_percent_sign_is_one(app):
    words = '{{ _("Signed in as %(name)s", name="<b>100 %</b>") }} {{ _("Full to 100 %%") }} {{ _("Full to 100 %%") }}'
    with app.test_request_context("/?lang=en"):
        said = render_template_string(words)
    assert said == "Signed in as &lt;b&gt;100 %&lt;/b&gt; Full to 100 % Full to 100 %"


def test_each_page_speaks_its_own_language_one_after_the_other(app):
    pages = {language: Reader(app).get(f"/?lang={language}").text for language in ("de", "en", "ja")}
    words = {"de": "Zum Inhalt", "en": "To the content", "ja": "本文へ"}
    said = {
        language: [one for one in words if f'href="#main">{words[one]}<' in page] for language, page in pages.items()
    }
    assert said == {"de": ["de"], "en": ["en"], "ja": ["ja"]}
