"""The waiting list as its members live through it: a seat is offered and taken, and one is kept and released."""

import pytest

from asanokai import announcing, db, members, rsvps
from tests import people
from tests.browser.steps import PHONE, delivered, links_in, newest_to, press, sign_in
from tests.people import berlin

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

EMMA = "emma.whitfield@ilmenau.example"


@pytest.fixture
def meeting(app, clock, smtp):
    """A morning with one seat, which Katrin has; Emma waits, and seats are offered already."""
    with db.transaction():
        series = people.series(offers="20 days before at 09:00")
        found = people.announced_meeting(series, people=[people.emma(), people.katrin()], seats=1)
        people.say(found, people.katrin(), "yes")
        people.say(found, people.emma(), "yes")
        number = found.id
    clock.set(berlin(2026, 2, 20, 9))
    delivered(app, smtp)
    return number


def seat_of(meeting_id, address=EMMA):
    with db.reading():
        return rsvps.required(meeting_id, members.by_address(address).id).seat


@pytest.mark.parametrize("scripts", [True, False])
def test_an_offer_is_taken_with_one_tap_on_the_page_its_letter_opens(app, clock, smtp, open_page, meeting, scripts):
    with db.transaction():
        people.say(rsvps_meeting(meeting), people.katrin(), "no")
    delivered(app, smtp)
    letter = newest_to(smtp, EMMA)
    assert "seat is offered" in letter.message["Subject"]
    page = open_page(**{**PHONE, "java_script_enabled": scripts})
    page.goto(links_in(letter, "/answer/")[2])
    assert (seat_of(meeting), page.locator("main button.primary:visible").count()) == ("offered", 1)
    press(page)
    assert (seat_of(meeting), page.locator("#answer-card .badge.yes").count()) == ("held", 1)


@pytest.mark.parametrize("scripts", [True, False])
def test_who_normally_comes_is_kept_a_seat_and_releases_it_with_one_tap(app, clock, smtp, open_page, meeting, scripts):
    page = open_page(**{**PHONE, "java_script_enabled": scripts})
    sign_in(app, smtp, page, EMMA)
    assert page.locator("#answer-card .badge.waiting").count() == 1
    page.locator("#answer-card details summary").first.click()
    assert page.locator("#answer-card details ol li").count() == 5
    press(page, "button:has-text('I normally come')")
    clock.advance(minutes=1)
    with db.transaction():
        series = rsvps_meeting(meeting).series_id
        later = people.meeting(people.series_rules.by_id(series), people.FIRST_MORNING.replace(month=4, day=9))
        announcing.announce(later.id)
        path, number = later.path, later.id
    assert seat_of(number) == "held"
    page.goto(f"/meetings/{path}")
    press(page, "button:has-text('Release the seat')")
    assert (seat_of(number), page.locator("#answer-card .badge.no").count()) == (None, 1)


def rsvps_meeting(meeting_id):
    """The meeting's row, in the transaction that runs."""
    return people.meetings.by_id(meeting_id)
