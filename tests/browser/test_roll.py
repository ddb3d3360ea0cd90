"""The roll by clicking: a question, an answer with guests, somebody moved up, a seat passed on, a deputy."""

import pytest

from asanokai import db, questions, rsvps
from asanokai.meetings import Meeting
from tests import people
from tests.browser.steps import PHONE, press, sign_in
from tests.people import berlin

AKIKO = "akiko.sato@hamamatsu.example"
KATRIN = "katrin.lindner@optik-jena.example"
EMMA = "emma.whitfield@ilmenau.example"
KLAUS = "klaus.kollege@optik-jena.example"


@pytest.fixture
def meeting(app, clock) -> int:
    """Two seats, both taken: by Katrin and Kenji; Emma waits. Klaus, Katrin's colleague, is silent."""
    clock.set(berlin(2026, 2, 20, 12))
    with db.transaction():
        klaus = people.member(KLAUS, language="en", family="Kollege", given="Klaus", organisation="Optik Jena")
        series = people.series(seats=2)
        people.coordinate(series, people.akiko())
        found = people.announced_meeting(series, people=[people.katrin(), people.kenji(), people.emma(), klaus])
        people.plan()
        for who in (people.katrin(), people.kenji(), people.emma()):
            people.say(found, who, "yes")
        people.send_all()
        return found.id


def state(meeting: int) -> dict[str, tuple[str, str | None, int]]:
    with db.reading() as session:
        found = people.seats(session.get_one(Meeting, meeting))
        return {people.members.by_id(number).family: how for number, how in found.items()}


def add_question(page, meeting: int) -> None:
    page.goto(f"/coordinate/meetings/{meeting}?lang=en")
    with page.expect_navigation():
        page.get_by_role("link", name="Questions asked", exact=True).click()
    page.fill("[name=label-en]", "Food")
    page.fill("[name=choices-en]", "Everything\nVegetarian")
    page.check("[name=kind][value=food]")
    page.check("[name=needed]")
    press(page)
    assert "food: a choice, or words, needed, vanishes after the meeting" in page.inner_text("main section")


def test_a_coordinator_asks_moves_up_and_passes_on(app, clock, smtp, open_page, meeting):
    page = open_page()
    sign_in(app, smtp, page, AKIKO)
    add_question(page, meeting)

    # --- Klaus says yes by telephone, and waits behind Emma -----------------------------------------------------------
    page.goto(f"/coordinate/meetings/{meeting}/roll")
    with page.expect_navigation():
        page.get_by_role("link", name="Silent (1)").click()
    with page.expect_navigation():
        page.get_by_role("link", name="Klaus Kollege").click()
    page.check("#answer-card [value=yes]")
    press(page)
    assert page.inner_text("#facts .badge") == "Waiting list"
    assert state(meeting)["Kollege"] == ("yes", "waiting", 0)

    # --- with one seat more he is moved up before her, with a reason --------------------------------------------------
    with db.transaction() as session:
        session.get_one(Meeting, meeting).seats = 3
    page.reload()
    page.fill("[name=reason]", "Says the words of welcome")
    press(page, "button:has-text('Move up')")
    assert "Says the words of welcome" in page.inner_text("#facts")
    assert (state(meeting)["Kollege"], state(meeting)["Whitfield"]) == (("yes", "held", 0), ("yes", "waiting", 0))

    # --- the search finds by organisation -----------------------------------------------------------------------------
    page.goto(f"/coordinate/meetings/{meeting}/roll")
    page.fill("[name=name]", "optik")
    press(page, "button:has-text('Search')")
    assert page.locator("tbody tr").count() == 2


def test_a_member_answers_the_question_on_a_phone_and_the_caterer_has_the_number(app, clock, smtp, open_page, meeting):
    with db.transaction() as session:
        series = session.get_one(Meeting, meeting).series_id
        plates = [{"en": "Everything"}, {"en": "Vegetarian"}]
        questions.add({"en": "Food"}, "food", series_id=series, choices=plates, required=True)
        path = session.get_one(Meeting, meeting).path
    page = open_page(**PHONE)
    sign_in(app, smtp, page, KATRIN)
    page.goto(f"/meetings/{path}?lang=en")
    page.fill("[name=comment]", "With pleasure")
    press(page)
    assert "Please answer this" in page.inner_text("#answer-card .problems")
    assert page.input_value("[name=comment]") == "With pleasure"
    page.select_option("#answer-card select", "1")
    press(page)
    assert page.locator("#answer-card .problems").count() == 0
    with db.reading():
        assert [numbers for _question, numbers in questions.counts(meeting)] == [[("1", 1)]]
    assert page.evaluate("() => document.scrollingElement.scrollWidth") == 360


def test_without_scripts_a_seat_is_passed_on_and_a_deputy_answers(app, clock, smtp, open_page, meeting):
    page = open_page(java_script_enabled=False)
    sign_in(app, smtp, page, KATRIN)
    with db.reading() as session:
        path = session.get_one(Meeting, meeting).path
    page.goto(f"/meetings/{path}?lang=en")
    with page.expect_navigation():
        page.get_by_role("link", name="Pass your seat on to a colleague").click()
    page.fill("[name=email]", KLAUS)
    press(page)
    assert (state(meeting)["Lindner"], state(meeting)["Kollege"]) == (("no", None, 0), ("yes", "held", 0))
    assert state(meeting)["Whitfield"] == ("yes", "waiting", 0)

    page.goto("/me/settings")
    with page.expect_navigation():
        page.get_by_role("link", name="Deputies").click()
    page.fill("[name=email]", EMMA)
    press(page)
    emma = open_page(java_script_enabled=False)
    sign_in(app, smtp, emma, EMMA)
    emma.goto("/me/deputies?lang=en")
    press(emma, "button:has-text('Agree')")
    with emma.expect_navigation():
        emma.get_by_role("link", name="Katrin Lindner").click()
    with emma.expect_navigation():
        emma.locator(".meeting-line a").first.click()
    emma.check("[name=answer][value=maybe]")
    press(emma)
    with db.reading():
        rsvp = rsvps.of(meeting, people.katrin().id)
        assert (rsvp.answer, rsvp.by) == ("maybe", "deputy")
