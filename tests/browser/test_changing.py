"""A morning is changed by clicking: form, check, choices; the member is asked once more; the log says who did it."""

import pytest

from asanokai import db, rsvps
from asanokai.meetings import Meeting
from tests import people
from tests.browser.steps import PHONE, delivered, links_in, newest_to, press, sign_in
from tests.people import berlin

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

AKIKO, EMMA = "akiko.sato@hamamatsu.example", "emma.whitfield@ilmenau.example"


@pytest.fixture
def meeting(app, clock, smtp):
    """A morning that Emma has said yes to, after a real letter. Akiko coordinates it."""
    with db.transaction():
        series = people.series(venue={"de": "Jena"})
        people.coordinate(series, people.akiko())
        number = people.announced_meeting(series, people=[people.emma()]).id
    clock.set(berlin(2026, 2, 19, 9))
    delivered(app, smtp)
    with db.transaction() as session:
        people.say(session.get_one(Meeting, number), people.emma(), "yes")
    delivered(app, smtp)
    return number


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_morning_moves_and_everybody_is_asked_again(app, clock, smtp, open_page, meeting, scripts):
    page = open_page(locale="en-GB", **{**PHONE, "java_script_enabled": scripts})
    sign_in(app, smtp, page, AKIKO)
    page.goto(f"/coordinate/meetings/{meeting}?lang=en")
    press(page, "main a:text-is('Change')")
    page.fill("[name=starts]", "2026-03-13T09:00")
    page.fill("[name=ends]", "2026-03-13T11:00")
    page.fill("[name=title-de]", "Licht")
    press(page)
    changes = page.inner_text(".consequences")
    assert "Thursday, 12 March 2026" in changes and "Friday, 13 March 2026" in changes and "Licht" in changes
    assert "1 person knows of this meeting." in page.inner_text("main")
    with db.reading() as session:
        assert session.get_one(Meeting, meeting).starts_at == berlin(2026, 3, 12, 8)
    press(page, "button:text-is('Change it again')")
    assert page.input_value("[name=title-de]") == "Licht"
    page.fill("[name=title-en]", "Light")
    press(page)
    page.check("[name=answers][value=again]")
    press(page)
    with db.reading() as session:
        moved = session.get_one(Meeting, meeting)
        assert (moved.starts_at, moved.title) == (berlin(2026, 3, 13, 9), {"de": "Licht", "en": "Light"})

    delivered(app, smtp)
    letter = newest_to(smtp, EMMA)
    assert "your earlier answer no longer" in letter.message.get_body(("plain",)).get_content()
    emma = open_page(locale="en-GB", **{**PHONE, "java_script_enabled": scripts})
    emma.goto(next(link for link in links_in(letter, "/answer/") if link.endswith("yes")))
    press(emma)
    with db.transaction():
        assert rsvps.taken(meeting) == 1

    page.goto(f"/coordinate/meetings/{meeting}/log")
    told = [row.inner_text() for row in page.locator("tbody tr").all()]
    assert "Emma Whitfield: Yes" in told[0]
    assert any("Moved from Thursday, 12 March 2026, 8:00 to Friday, 13 March 2026, 9:00" in row for row in told)
    assert any("Emma Whitfield was asked again; the answer until then: Yes" in row for row in told)
