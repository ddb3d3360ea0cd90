"""By keyboard alone: where the Tab key leads, that one sees where one is; announcing and answering without a mouse."""

import pytest

from asanokai import db, rsvps
from asanokai.meetings import Meeting
from tests import people, world
from tests.browser.scenes import Visits
from tests.browser.steps import SETTLING, delivered, links_in, newest_to, sign_in
from tests.grounds import access
from tests.people import berlin

PAGES = {
    "visitor": ("/", "/meetings/", "/meetings/2026-03-12-asanokai", "/join", "/sign-in"),
    "katrin": ("/me/", "/me/settings", "/meetings/2026-03-12-asanokai"),
    "akiko": (
        "/coordinate/",
        "/coordinate/series/1",
        "/coordinate/series/1/members",
        "/coordinate/meetings/1",
        "/coordinate/meetings/1/roll",
        "/coordinate/meetings/1/edit",
        "/coordinate/letters",
    ),
}
LEAST_CONTRAST = 3
"""Of the ring around what has the focus, to the page behind it (WCAG 2.2, 2.4.13)."""


def walk_to(page, wanted):
    """Press the Tab key until the wanted thing has the focus; the ring is seen at every stop on the way."""
    for _ in range(80):
        page.keyboard.press("Tab")
        here = access.stop(page)
        assert here is not None, f"the Tab key does not reach {wanted}"
        assert here["ring"] >= LEAST_CONTRAST, here["name"]
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"the Tab key does not reach {wanted}")


def press(page, key):
    """Press a key that leads to another page, or on a quick path to a part of this one."""
    if page.evaluate("() => Boolean(window.htmx && document.activeElement.closest('[hx-post]'))"):
        page.evaluate(SETTLING)
        page.keyboard.press(key)
        page.evaluate("() => window.settled")
        return
    with page.expect_navigation():
        page.keyboard.press(key)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("theme", "wide"), [("light", 1280), ("dark", 360)])
def test_the_tab_key_leads_in_reading_order_and_one_sees_where_one_is(app, clock, open_page, theme, wide):
    world.build(app, clock)
    visits = Visits(app, open_page)
    wrong = []
    for who, addresses in PAGES.items():
        page = visits.page_of(who)
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": wide, "height": 800})
        for address in addresses:
            page.goto(address)
            access.unfold(page)
            found = access.stops(page)
            wrong += [f"{address}: not seen: {stop['name']}" for stop in found if stop["ring"] < LEAST_CONTRAST]
            wrong += [f"{address}: {thing}" for thing in access.out_of_order(found)]
            assert len(found) > 10, address
    assert not wrong, "\n".join(wrong)


def test_a_meeting_is_announced_and_answered_without_a_mouse(app, clock, smtp, open_page):
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.katrin())
        people.belong(series, people.emma())
        number = people.meeting(series).id
    page = open_page()
    sign_in(app, smtp, page, "katrin.lindner@optik-jena.example")
    page.goto(f"/coordinate/meetings/{number}")
    walk_to(page, "main a.primary")
    press(page, "Enter")
    walk_to(page, "main button.primary")
    press(page, "Space")
    with db.reading() as session:
        assert session.get_one(Meeting, number).state == "announced"
    clock.set(berlin(2026, 2, 19, 9))
    delivered(app, smtp)
    (yes, *_others) = links_in(newest_to(smtp, "emma.whitfield@ilmenau.example"), "/answer/")
    page.goto(yes)
    walk_to(page, "input[value=yes]:checked")
    page.keyboard.press("ArrowRight")
    walk_to(page, "#guests")
    page.keyboard.type("1")
    walk_to(page, "#comment")
    page.keyboard.type("Vegetarian, please")
    walk_to(page, "main button.primary")
    press(page, "Enter")
    with db.reading():
        given = rsvps.of(number, people.emma().id)
        assert (given.answer, given.guests, given.comment) == ("maybe", 1, "Vegetarian, please")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_first_stop_skips_to_the_content(app, clock, open_page):
    built = world.build(app, clock)
    page = open_page()
    page.goto(f"/answer/{built.answer}?lang=en")
    page.keyboard.press("Tab")
    box = page.locator(".skip:focus").bounding_box()
    assert box is not None
    assert min(box["x"], box["y"]) >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator("main :focus").get_attribute("name") == "answer"
    page.keyboard.press("Space")
    assert page.locator("input[name=answer]:checked").get_attribute("value") == "yes"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_after_a_refusal_the_list_of_what_is_wrong_comes_first_and_leads_to_the_fields(app, clock, open_page):
    world.build(app, clock)
    page = open_page()
    page.goto("/join")
    walk_to(page, "main button.primary")
    press(page, "Enter")
    if not page.locator(".problems:focus").count():
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator(".problems a:focus").inner_text() == (
        "Family name: Please give the family name, in Latin or in Japanese script."
    )
    page.keyboard.press("Enter")
    page.keyboard.type("Holm")
    assert page.input_value("#family") == "Holm"
