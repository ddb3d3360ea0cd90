"""With JavaScript switched off: every form stands in a page and sends itself; what people do most works to its end."""

import pytest
from sqlalchemy import select

from asanokai import db, members, rsvps
from asanokai import series as series_rules
from asanokai.meetings import Meeting
from asanokai.members import Application
from tests import people, world
from tests.browser.scenes import Visits, all_scenes, more_states
from tests.browser.steps import PHONE, delivered, links_in, newest_to, press, sign_in
from tests.grounds.access import unfold
from tests.people import berlin

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

EMMA = "emma.whitfield@ilmenau.example"
KATRIN = "katrin.lindner@optik-jena.example"
LENA = "lena@weimar.example"


@pytest.fixture
def open_plain(open_page):
    """Opens pages in which no script runs."""

    def open_plain(**options):
        return open_page(**{**PHONE, "java_script_enabled": False, **options})

    return open_plain


@pytest.fixture
def meeting(app, clock, smtp):
    """A morning to which Emma is invited by a real letter, and which Katrin coordinates."""
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.katrin())
        number = people.announced_meeting(series, people=[people.emma()]).id
    clock.set(berlin(2026, 2, 19, 9))
    delivered(app, smtp)
    return number


def answer_of(meeting_id, address):
    with db.reading():
        rsvp = rsvps.of(meeting_id, members.by_address(address).id)
        return (rsvp.answer, rsvp.guests, rsvp.comment, rsvp.by)


# --- members ----------------------------------------------------------------------------------------------------------


def test_the_link_in_the_letter_answers(app, clock, smtp, open_plain, meeting):
    page = open_plain()
    page.goto(links_in(newest_to(smtp, EMMA), "/answer/")[0])
    page.check("input[value=maybe]")
    page.fill("#guests", "7")
    press(page)
    assert page.locator(".problems li").count() == 1
    page.fill("#guests", "1")
    press(page)
    assert answer_of(meeting, EMMA) == ("maybe", 1, "", "link")


def test_a_member_signs_in_answers_changes_the_settings_and_signs_out(app, clock, smtp, open_plain, meeting):
    page = open_plain()
    sign_in(app, smtp, page, EMMA)
    page.check("input[value=no]")
    page.fill("#comment", "Next time")
    press(page)
    assert (page.url.endswith("/me/"), answer_of(meeting, EMMA)) == (True, ("no", 0, "Next time", "page"))
    page.goto("/me/settings")
    page.fill("#organisation", "Glaswerk Weimar")
    press(page)
    press(page, "a:has-text('Choose letters')")
    page.uncheck("input[value=remind]")
    press(page)
    press(page, "button:has-text('Stop invitations')")
    with db.reading():
        emma = members.by_address(EMMA)
        assert members.organisation_name(emma) == "Glaswerk Weimar"
        assert (emma.unsubscribed_at, members.muted(emma.id)) == (clock.now, {"remind"})
    press(page, "footer button")
    page.goto("/me/")
    assert page.url.endswith("/sign-in")


def test_a_visitor_applies_and_confirms(app, clock, smtp, open_plain, meeting):
    page = open_plain()
    page.goto("/join")
    page.fill("#email", LENA)
    page.fill("#family", "Neu")
    page.check("#consent")
    press(page)
    (letter,) = delivered(app, smtp)
    page.goto(links_in(letter, "/join/")[0])
    press(page)
    with db.reading() as session:
        assert session.scalars(select(Application.state)).all() == ["confirmed"]


# --- coordinators -----------------------------------------------------------------------------------------------------


def test_a_morning_is_announced_moved_and_cancelled(app, clock, smtp, open_plain, meeting):
    with db.transaction() as session:
        series = series_rules.by_id(session.get_one(Meeting, meeting).series_id)
        draft = people.meeting(series, people.FIRST_MORNING.replace(month=4, day=9)).id
    page = open_plain()
    sign_in(app, smtp, page, KATRIN)
    page.goto(f"/coordinate/meetings/{draft}/announce")
    press(page)
    page.goto(f"/coordinate/meetings/{draft}/edit")
    page.fill("#starts", "2026-04-10T09:00")
    page.fill("#ends", "2026-04-10T11:00")
    press(page)
    press(page)
    with db.reading() as session:
        found = session.get_one(Meeting, draft)
        assert (found.state, found.starts_at) == ("announced", berlin(2026, 4, 10, 9))
    page.goto(f"/coordinate/meetings/{draft}/cancel")
    page.fill("[name=reason-en]", "The hall is flooded.")
    press(page, "button.danger")
    with db.reading() as session:
        found = session.get_one(Meeting, draft)
        assert (found.state, found.reason) == ("cancelled", {"en": "The hall is flooded."})


def test_an_answer_is_entered_for_somebody(app, clock, smtp, open_plain, meeting):
    page = open_plain()
    sign_in(app, smtp, page, KATRIN)
    page.goto(f"/coordinate/meetings/{meeting}/roll?part=silent")
    with page.expect_navigation():
        page.locator("tbody a").click()
    line = page.locator("#answer-card form")
    line.locator("[name=answer][value=yes]").check()
    line.locator("[name=guests]").fill("1")
    with page.expect_navigation():
        line.locator("button").click()
    assert answer_of(meeting, EMMA) == ("yes", 1, "", "coordinator")


def test_a_list_is_taken_in(app, clock, smtp, open_plain, meeting, tmp_path):
    (tmp_path / "list.csv").write_text(world.TABLE, encoding="utf-8")
    with db.reading() as session:
        series = session.get_one(Meeting, meeting).series_id
    page = open_plain()
    sign_in(app, smtp, page, KATRIN)
    page.goto(f"/coordinate/series/{series}/members/import")
    page.set_input_files("input[type=file]", tmp_path / "list.csv")
    press(page)
    assert page.locator("tr.verdict").count() == 1
    press(page)
    with db.reading():
        hans = members.by_address("hans@jena.example")
        assert (hans.family, hans.given) == ("Meier", "Hans")


# --- all forms --------------------------------------------------------------------------------------------------------

FORMS = """() => [...document.forms].filter(form => form.method === 'post').map(form =>
    [new URL(form.action).pathname, [...form.elements].some(one => one.type === 'submit' && one.checkVisibility())])"""


SELDOM = {"outside.redeem", "roll.replies", "paper.roll"}
"""Forms of pages the small world has not: of who comes back from a provider (tests/test_outside.py), and of somebody
who replied about food (tests/test_journal_pages.py). Paper with what was written is offered where that was asked for by
a button (tests/test_reading.py)."""


@pytest.mark.timeout(480)
def test_every_form_stands_in_a_page_and_has_a_button(app, clock, open_plain):
    built = world.build(app, clock)
    scenes, visits = all_scenes(app, built, more_states(app, clock)), Visits(app, open_plain)
    sent, routes, without = set(), app.url_map.bind("localhost"), []
    for scene in scenes:
        if scene.sends is None:
            page = visits.to(scene, "de")
            unfold(page)
            found = page.evaluate(FORMS)
            sent |= {routes.match(path, "POST")[0] for path, _ in found}
            without += [(scene.name, path) for path, button in found if not button]
    assert without == []
    assert sent == {name.partition(":")[0] for name in world.addresses(app, built, "POST")} - SELDOM
