"""From a proposal over votes to a topic of a morning, by clicking alone; and voting without JavaScript."""

import pytest

from asanokai import db, proposals
from asanokai.proposals import Words
from tests import people
from tests.browser.steps import PHONE, press
from tests.pages import sign_in_link

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def series_id(app):
    """A series with a morning to come; Emma has proposed something, Katrin belongs to it, Akiko coordinates it."""
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        people.announced_meeting(series, people=[people.katrin(), people.emma()])
        proposals.propose(series, people.emma().id, Words({"en": "Light from Jena"}))
        return series.id


def open_as(app, member, page, address):
    """Sign somebody in by a link, and open a page in English."""
    page.goto(sign_in_link(app, member))
    press(page)
    page.goto(f"{address}?lang=en")
    return page


def test_a_proposal_is_made_voted_for_and_becomes_a_topic(app, clock, open_page, series_id):
    katrin = open_as(app, people.katrin(), open_page(**PHONE), "/me/")
    press(katrin, "a:has-text('Propose topics and vote')")
    card = katrin.locator("main li.card", has_text="Light from Jena")
    assert "1 vote" in card.inner_text()
    # On the quick path, without a new page; the button that was pressed is still in focus.
    katrin.evaluate("() => { window.samePage = true }")
    press(katrin, "li.card button:has-text('Vote for it')")
    assert "2 votes" in card.inner_text()
    assert "yours is among them" in card.inner_text()
    assert katrin.inner_text("#said") == "Your vote counts."
    assert katrin.evaluate("() => document.activeElement.textContent") == "Withdraw my vote"
    press(katrin, "li.card button:has-text('Withdraw my vote')")
    assert ("1 vote" in card.inner_text(), katrin.evaluate("() => window.samePage")) == (True, True)

    press(katrin, "a:has-text('Propose a topic')")
    katrin.fill("[name=title-de]", "Quarzglas")
    katrin.fill("[name=speaker_hint]", "Dr. Ito")
    press(katrin)
    assert katrin.inner_text("#said") == "Thank you. Your proposal can be voted for."

    akiko = open_as(app, people.akiko(), open_page(), f"/coordinate/series/{series_id}")
    press(akiko, "a:has-text('Proposed topics')")
    press(akiko, "a:has-text('Light from Jena')")
    akiko.click("summary:has-text('Decline')")
    akiko.fill("[name=word-en]", "We had that in January.")
    press(akiko, "button:has-text('Decline')")
    press(akiko, "a:has-text('Quarzglas')")
    press(akiko)
    assert akiko.inner_text("#said") == "The proposal is now a topic of this meeting. Add who speaks."
    assert akiko.input_value("[name=title-de]") == "Quarzglas"

    katrin.reload()
    assert "Chosen Thursday, 12 March 2026" in " ".join(katrin.locator("main").inner_text().split())
    emma = open_as(app, people.emma(), open_page(), f"/series/{series_id}/topics")
    assert "We had that in January." in emma.locator("main").inner_text()


def test_without_scripts_a_vote_counts_and_can_be_withdrawn(app, clock, open_page, series_id):
    page = open_page(**PHONE, java_script_enabled=False)
    open_as(app, people.katrin(), page, f"/series/{series_id}/topics")
    for button, votes in (("Vote for it", "2 votes"), ("Withdraw my vote", "1 vote")):
        with page.expect_navigation():
            page.click(f"button:has-text('{button}')")
        assert votes in page.inner_text("li.card")


def test_the_archive_is_searched(app, clock, open_page, series_id):
    with db.transaction():
        series = people.series_rules.by_id(series_id)
        made = proposals.propose(series, people.emma().id, Words({"ja": "光学入門"}))
        (meeting,) = people.meetings.of_series(series)
        proposals.choose(series, made.id, meeting.id, actor_id=None)
        over = meeting.ends_at
    clock.set(over)
    page = open_page(locale="en-GB")
    page.goto("/meetings/")
    press(page, "a:has-text('Topics so far')")
    page.fill("#q", "光学")
    press(page, ".search button")
    press(page, "main h3 a")
    assert "光学入門" in page.inner_text("h1")
