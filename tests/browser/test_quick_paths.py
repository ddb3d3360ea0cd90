"""Where an answer is shown without a new page: the same as without scripts, only quicker."""

import pytest

from asanokai import db, rsvps
from asanokai import series as series_rules
from tests import people
from tests.browser.steps import PHONE, press, sign_in
from tests.people import berlin

EMMA = "emma.whitfield@ilmenau.example"
AKIKO = "akiko.sato@hamamatsu.example"


@pytest.fixture
def meeting(app, clock):
    """Two seats, to which Emma and Katrin are invited; Akiko coordinates."""
    clock.set(berlin(2026, 2, 19, 9))
    with db.transaction():
        meeting = people.announced_meeting(people.series(seats=2), people=[people.emma(), people.katrin()])
        people.coordinate(series_rules.by_id(meeting.series_id), people.akiko())
        people.plan()
        people.send_all()
        return meeting.id, meeting.path


def remember(page) -> None:
    """Leave a mark that a new page would not have."""
    page.evaluate("() => { window.remembered = true }")


def remembers(page) -> bool:
    return page.evaluate("() => window.remembered === true")


def test_an_answer_is_saved_and_shown_on_the_same_page_with_the_seats_that_are_left(
    app, clock, smtp, open_page, meeting
):
    page = open_page(**PHONE)
    sign_in(app, smtp, page, EMMA)
    page.goto(f"/meetings/{meeting[1]}?lang=en")
    assert "2 seats are free" in page.inner_text("#facts")
    remember(page)
    page.check("input[value=yes]")
    press(page)
    assert remembers(page)
    assert page.inner_text("#answer-card .badge") == "You are coming"
    assert page.inner_text("[role=status]") == "Your answer is saved."
    assert "1 seat is free" in page.inner_text("#facts")
    assert page.evaluate("() => document.activeElement.id") == "your-answer"
    # And once more, with what came back.
    page.check("input[value=no]")
    press(page)
    assert page.inner_text("#answer-card .badge") == "You are not coming"
    assert remembers(page)


def test_a_refusal_is_shown_on_the_same_page_and_keeps_what_was_typed(app, clock, smtp, open_page, meeting):
    page = open_page(**PHONE)
    sign_in(app, smtp, page, EMMA)
    page.goto(f"/meetings/{meeting[1]}?lang=en")
    remember(page)
    page.check("input[value=yes]")
    page.fill("input[name=guests]", "9")
    page.fill("textarea[name=comment]", "A party of ten")
    press(page)
    assert remembers(page)
    assert page.inner_text(".problems li") == "Guests you bring: You may bring up to 1 guests to this meeting."
    assert (page.input_value("[name=guests]"), page.input_value("[name=comment]")) == ("9", "A party of ten")
    assert page.evaluate("() => document.activeElement.className") == "problems"


def test_who_was_signed_out_meanwhile_is_told_so(app, clock, smtp, open_page, meeting):
    page = open_page(**PHONE)
    sign_in(app, smtp, page, EMMA)
    page.goto(f"/meetings/{meeting[1]}?lang=en")
    page.context.clear_cookies()
    page.check("input[value=yes]")
    page.click("main button.primary")
    page.wait_for_function("() => document.querySelector('#answer-card') === null")
    assert "This page was open for too long" in page.inner_text("main")


def test_without_a_connection_nothing_typed_is_lost_on_a_blank_page(app, clock, smtp, open_page, meeting):
    page = open_page(**PHONE)
    sign_in(app, smtp, page, EMMA)
    page.goto(f"/meetings/{meeting[1]}")
    page.check("input[value=yes]")
    page.fill("textarea[name=comment]", "Ich komme gern")
    page.context.set_offline(True)
    page.click("main button.primary")
    page.wait_for_function("() => document.querySelector('.unsent') !== null")
    assert page.input_value("[name=comment]") == "Ich komme gern"
    page.context.set_offline(False)
    press(page)
    assert page.locator(".unsent").count() == 0
    assert page.locator("#answer-card .badge.yes").count() == 1


def test_at_the_desk_an_answer_is_entered_in_its_place_and_the_facts_follow(app, clock, smtp, open_page, meeting):
    page = open_page()
    sign_in(app, smtp, page, AKIKO)
    page.goto(f"/coordinate/meetings/{meeting[0]}/roll?part=silent&lang=en")
    page.get_by_role("link", name="Emma Whitfield").click()
    page.wait_for_selector("#answer-card")
    remember(page)
    page.check("#answer-card [value=yes]")
    press(page)
    assert remembers(page)
    assert page.inner_text("#facts .badge") == "Coming"
    assert page.inner_text("[role=status]") == "Saved."
    with db.reading():
        assert [line.member.family for line in rsvps.parts(rsvps.roll(meeting[0]))["coming"]] == ["Whitfield"]
