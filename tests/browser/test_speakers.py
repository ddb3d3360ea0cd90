"""A morning's speaker: named by a coordinator, asked by letter, confirmed behind the link, by clicking."""

import pytest

from asanokai import db, meetings, programme, speakers, topics, uploads
from asanokai.topics import SpeakerText
from tests import people
from tests.browser.steps import PHONE, delivered, links_in, newest_to, press, sign_in
from tests.world import portrait

ITO = "hiroshi.ito@hamamatsu.example"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def morning(app, clock, smtp):
    """A morning with a topic; Katrin coordinates it."""
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.katrin())
        meeting = people.announced_meeting(series)
        topics.post(meeting, {"de": "Licht", "ja": "光"}, speakers=[SpeakerText(family="Ito", given="Hiroshi")])
        return meeting.id


def row_of(morning):
    db.session().rollback()
    db.session().expire_all()
    return speakers.of(meetings.by_id(morning))[0]


def asked(app, smtp, page, morning):
    """The coordinator settles the order, names the address and asks; the link in the letter."""
    sign_in(app, smtp, page, "katrin.lindner@optik-jena.example")
    page.goto(f"/coordinate/meetings/{morning}?lang=en")
    press(page, "main a:has-text('Running order')")
    press(page)
    assert [slot.kind for slot in programme.of(meetings.by_id(morning))] == [
        "welcome",
        "talk",
        "questions",
        "breakfast",
    ]
    page.goto(f"/coordinate/meetings/{morning}")
    press(page, "main a:has-text('Speakers and host')")
    press(page, "main tbody a:has-text('Ask')")
    page.fill("[name=email]", ITO)
    page.select_option("[name=language]", "ja")
    press(page)
    assert "asked, not confirmed yet" in page.inner_text("main")
    delivered(app, smtp)
    (link,) = links_in(newest_to(smtp, ITO), "/speaking/")
    return link


@pytest.mark.timeout(180)
def test_a_speaker_is_asked_confirms_and_stands_in_the_programme_with_a_portrait(
    app, smtp, open_page, morning, tmp_path
):
    link = asked(app, smtp, open_page(locale="en-GB"), morning)
    phone = open_page(**PHONE, locale="ja-JP")
    phone.goto(link)
    assert phone.inner_text("h1") == "光"
    phone.check("input[value=yes]")
    phone.fill("[name=word]", "楽しみにしております。")
    press(phone)
    assert (row_of(morning).state, row_of(morning).word) == ("confirmed", "楽しみにしております。")
    (tmp_path / "ich.png").write_bytes(portrait((900, 1200)))
    phone.fill("[name=family_ja]", "伊藤")
    phone.fill("[name=biography-ja]", "光学を研究しています。")
    phone.set_input_files("[name=photo]", tmp_path / "ich.png")
    press(phone, "#person ~ form button")
    assert phone.locator("img.portrait").evaluate("one => one.naturalWidth") == 900
    (tmp_path / "licht.pdf").write_bytes(b"%PDF-1.7 x")
    phone.set_input_files("[name=slides]", tmp_path / "licht.pdf")
    press(phone, "#talk ~ form button")
    assert row_of(morning).state == "confirmed"
    assert [row.name for row in uploads.of(meetings.by_id(morning), "slides")] == ["licht.pdf"]
    visitor = open_page(**PHONE, locale="ja-JP")
    visitor.goto("/meetings/2026-03-12-asanokai")
    assert visitor.locator("img.portrait").evaluate("one => one.naturalWidth > 0")
    assert "8:10" in visitor.inner_text("dl.order")
    assert "@" not in visitor.inner_text("main")


def test_without_scripts_a_speaker_confirms_just_so(app, smtp, open_page, morning):
    link = asked(app, smtp, open_page(locale="en-GB", java_script_enabled=False), morning)
    page = open_page(**{**PHONE, "java_script_enabled": False})
    page.goto(link)
    page.check("input[value=no]")
    press(page)
    assert row_of(morning).state == "declined"
