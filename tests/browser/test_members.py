"""The coordinator's list of members by clicking: searched, kept as a view, one deed for many, taken as a file."""

import pytest

from asanokai import db
from tests import people
from tests.browser.steps import PHONE, press, sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

AKIKO = "akiko.sato@hamamatsu.example"


@pytest.fixture
def own(app) -> str:
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        people.belong(series, people.katrin(), people.kenji(), people.naoko())
        return f"/coordinate/series/{series.id}/members?lang=en"


def shown(page):
    return page.locator("td[data-label=Name]").all_inner_texts()


def languages():
    with db.reading():
        return [who().language for who in (people.katrin, people.kenji, people.naoko)]


def test_a_list_is_searched_kept_and_treated_by_clicking(app, smtp, open_page, own):
    page = open_page(locale="en-GB")
    sign_in(app, smtp, page, AKIKO)
    page.goto(own)
    page.fill("#q", "浜松")
    press(page, ".search button >> nth=0")
    assert page.inner_text(".empty-title") == "Nobody found"
    page.fill("#q", "")
    page.click("summary:has-text('Filter and order')")
    page.select_option("#language", "ja")
    press(page, "button:has-text('Show these')")
    assert [name.strip() for name in shown(page)] == ["Naoko Ito", "Akiko Sato", "Dr. Kenji Yamada"]

    page.click("summary:has-text('Save this search')")
    page.fill("#view-name", "Auf Japanisch")
    press(page, "button:has-text('Save the view')")
    page.goto(own)
    assert len(shown(page)) == 4
    press(page, ".views a:has-text('Auf Japanisch')")
    assert page.inner_text("#found") == "3 people found"

    page.check("tr:has-text('Yamada') input[type=checkbox]")
    page.check("tr:has-text('Ito') input[type=checkbox]")
    page.select_option("#deed", "language:en")
    press(page, "#deeds button")
    assert languages() == ["de", "ja", "ja"]
    press(page)
    assert page.inner_text("#said") == "Done for 2 people."
    assert languages() == ["de", "en", "en"]

    page.check("#whom-all")
    page.select_option("#deed", "xlsx")
    press(page, "#deeds button")
    with page.expect_download() as download:
        page.click("main button.primary")
    assert download.value.suggested_filename.endswith(".xlsx")


def test_without_scripts_on_a_phone_the_same_is_done(app, smtp, open_page, own):
    page = open_page(**{**PHONE, "java_script_enabled": False, "locale": "en-GB"})
    sign_in(app, smtp, page, AKIKO)
    page.goto(own)
    page.check("tr:has-text('Yamada') input[type=checkbox]")
    page.select_option("#deed", "language:de")
    press(page, "#deeds button")
    press(page)
    assert languages() == ["de", "de", "ja"]
