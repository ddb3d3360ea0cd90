"""A member answers on a phone: from the letter without signing in, and from the own page after signing in."""

import pytest
from sqlalchemy import select

from asanokai import db, members
from asanokai.rsvps import Rsvp
from tests import people
from tests.browser.steps import PHONE, delivered, links_in, newest_to, press
from tests.people import berlin

COMING = {"de": "Sie kommen", "en": "You are coming", "ja": "ご出席"}


def invited(app, clock, smtp, *cast, seats=40):
    """An announced morning to which the cast has been invited by real letters."""
    with db.transaction():
        meeting = people.announced_meeting(people.series(seats=seats), people=[who() for who in cast])
        number = meeting.id
    clock.set(berlin(2026, 2, 19, 9))
    delivered(app, smtp)
    return number


def answer_of(meeting_id, who):
    with db.reading() as session:
        row = session.execute(
            select(Rsvp.answer, Rsvp.seat, Rsvp.guests, Rsvp.comment, Rsvp.by).where(
                Rsvp.meeting_id == meeting_id, Rsvp.member_id == members.by_address(who).id
            )
        ).one()
        return tuple(row)


@pytest.mark.parametrize(
    ("cast", "language", "javascript"),
    [(people.katrin, "de", True), (people.emma, "en", False), (people.naoko, "ja", True)],
    ids=["de", "en without JavaScript", "ja in Tokyo"],
)
def test_the_link_in_the_letter_and_one_tap_answer_without_signing_in(
    app, clock, smtp, open_page, cast, language, javascript
):
    meeting_id = invited(app, clock, smtp, cast)
    with db.reading():
        address = members.main_address(cast()).text
    (yes, *_others) = links_in(newest_to(smtp, address), "/answer/")
    # The browser speaks another language than the letter: the letter's reader is known, and counts.
    page = open_page(**PHONE, locale="fr-FR", java_script_enabled=javascript)
    page.goto(yes)
    assert page.get_attribute("html", "lang") == language
    assert page.locator("input[name=answer]:checked").get_attribute("value") == "yes"
    assert answer_of(meeting_id, address) == ("invited", None, 0, "", None)
    press(page)
    assert page.locator(".badge.yes").inner_text() == COMING[language]
    assert answer_of(meeting_id, address) == ("yes", "held", 0, "", "link")
    assert page.context.cookies() == []
    assert [letter.to for letter in delivered(app, smtp)] == [address]


def test_the_same_link_changes_the_answer_as_long_as_answers_may_change_and_then_shows_it(app, clock, smtp, open_page):
    meeting_id = invited(app, clock, smtp, people.emma)
    address = "emma.whitfield@ilmenau.example"
    link = links_in(newest_to(smtp, address), "/answer/")[0]
    page = open_page(**PHONE)
    page.goto(link)
    press(page)
    page.goto(link.partition("?")[0])
    page.check("input[value=no]")
    page.fill("textarea[name=comment]", "I am in Yokohama that week.\n<b>Sorry</b>")
    press(page)
    assert answer_of(meeting_id, address) == ("no", None, 0, "I am in Yokohama that week.\n<b>Sorry</b>", "link")
    assert page.input_value("textarea[name=comment]") == "I am in Yokohama that week.\n<b>Sorry</b>"
    clock.set(berlin(2026, 3, 12, 8))
    page.reload()
    assert page.locator("button.primary").count() == 0
    assert page.locator(".badge").first.inner_text() == "Going on now"
    assert page.locator("section.card .badge").inner_text() == "You are not coming"


def test_a_full_morning_gives_a_place_in_the_waiting_list_and_a_freed_seat_is_told_at_once(app, clock, smtp, open_page):
    meeting_id = invited(app, clock, smtp, people.katrin, people.emma, people.kenji, seats=1)
    with db.transaction() as session:
        first = session.get_one(people.meetings.Meeting, meeting_id)
        people.say(first, people.katrin(), "yes")
    clock.advance(minutes=1)
    address = "emma.whitfield@ilmenau.example"
    page = open_page(**PHONE)
    page.goto(links_in(newest_to(smtp, address), "/answer/")[0])
    assert "All seats are taken" in page.inner_text("section.card")
    press(page)
    assert page.inner_text("section.card p >> nth=0") == "Waiting list place 1"
    delivered(app, smtp)
    clock.advance(minutes=1)
    other = open_page(**PHONE)
    other.goto(links_in(smtp.to("katrin.lindner@optik-jena.example")[0], "/answer/")[2])
    press(other)
    told = [letter.to for letter in delivered(app, smtp)]
    assert sorted(told) == ["emma.whitfield@ilmenau.example", "katrin.lindner@optik-jena.example"]
    page.reload()
    assert page.inner_text("section.card .badge") == "You are coming"


def test_signing_in_by_a_letter_leads_to_the_own_page_where_the_next_morning_is_answered(app, clock, smtp, open_page):
    meeting_id = invited(app, clock, smtp, people.emma)
    address = "emma.whitfield@ilmenau.example"
    page = open_page(**PHONE)
    page.goto("/sign-in")
    page.fill("input[name=email] >> nth=0", "  Emma.Whitfield@ilmenau.example ")
    press(page)
    assert page.inner_text("[role=status]") == (
        "If the address belongs to a member, a link is on its way; it is good for 15 minutes."
    )
    (letter,) = delivered(app, smtp)
    (link,) = links_in(letter, "/sign-in/")
    page.goto(link)
    press(page)
    assert page.url.endswith("/me/")
    page.check("input[value=maybe]")
    page.fill("input[name=guests]", "1")
    press(page)
    assert page.url.endswith("/me/")
    assert page.inner_text("[role=status]") == "Your answer is saved."
    assert answer_of(meeting_id, address) == ("maybe", None, 1, "", "page")
    again = open_page(**PHONE)
    again.goto(link)
    assert again.inner_text("h1") == "This link is no longer valid"


def test_too_many_guests_are_refused_with_what_was_typed_still_there(app, clock, smtp, open_page):
    meeting_id = invited(app, clock, smtp, people.emma)
    address = "emma.whitfield@ilmenau.example"
    page = open_page(**PHONE)
    page.goto(links_in(newest_to(smtp, address), "/answer/")[0])
    page.fill("input[name=guests]", "7")
    page.fill("textarea[name=comment]", "A party of eight")
    press(page)
    assert page.inner_text(".problems li") == "Guests you bring: You may bring up to 1 guests to this meeting."
    assert (page.input_value("input[name=guests]"), page.input_value("textarea[name=comment]")) == (
        "7",
        "A party of eight",
    )
    assert page.locator("input[value=yes]").is_checked()
    assert answer_of(meeting_id, address) == ("invited", None, 0, "", None)


def test_a_title_of_long_german_words_stays_within_a_phone(app, clock, smtp, open_page):
    with db.transaction():
        title = {"de": "Familienunternehmensnachfolgeberatung in Thüringen"}
        path = people.announced_meeting(people.series(), title=title).path
    page = open_page(**PHONE, locale="de-DE")
    page.goto(f"/meetings/{path}")
    assert page.evaluate("() => document.scrollingElement.scrollWidth") == 360
    assert page.evaluate(
        "() => { const r = document.createRange(); r.selectNodeContents(document.querySelector('h1')); "
        "return r.getBoundingClientRect().right <= 360 }"
    )
