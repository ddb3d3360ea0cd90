"""The waiting list on members' pages: place, rule, an offer with its end, a seat kept, and "I normally come"."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from asanokai import announcing, db, rsvps
from asanokai.db import session
from asanokai.rsvps import Rsvp
from tests import people
from tests.pages import Reader, facts, statements
from tests.people import berlin

OFFERED_FROM = berlin(2026, 3, 5, 9)


@pytest.fixture
def meeting(app):
    """A morning of one seat, which Katrin has and Emma waits for; seats are offered from a week before."""
    with db.transaction():
        series = people.series(offers="7 days before at 09:00", standing_lapses=True)
        made = people.announced_meeting(series, people=[people.katrin(), people.emma()], seats=1)
        people.say(made, people.katrin(), "yes")
        people.say(made, people.emma(), "yes")
        people.oskar()
        return facts(made)


def link(app, meeting, who):
    return "/answer/" + app.extensions["tokens"].mint("answer", [meeting.id, who.id])


def declines(meeting, who):
    with db.transaction():
        people.say(people.meetings.by_id(meeting.id), who, "no")


def own(meeting, who):
    session().rollback()
    query = select(Rsvp).where(Rsvp.meeting_id == meeting.id, Rsvp.member_id == who.id)
    return session().scalars(query.execution_options(populate_existing=True)).one()


def card(page):
    """The words of the answer's card."""
    found = re.search(r'id="answer-card".*?</section>', page, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def test_who_waits_sees_the_place_and_the_rule_with_its_moments(app, client, meeting):
    words = card(client.get(link(app, meeting, people.emma())).text)
    assert "Waiting list place 1" in words
    assert "Until Thursday, 5 March 2026, 9:00 a freed seat goes at once" in words
    for rule in ("The order is that of asking.", "a quarter of the time left", "behind the next who fits"):
        assert rule in words
    assert "Wednesday, 11 March 2026, 17:00" in words


def test_without_offers_the_old_rule_is_shown_and_no_box_for_short_notice(app, client):
    with db.transaction():
        made = facts(people.announced_meeting(people=[people.emma(), people.katrin()], seats=1))
        people.say(people.meetings.by_id(made.id), people.katrin(), "yes")
    page = client.get(link(app, made, people.emma())).text
    assert "The first whose party fits moves up, in the order of asking." in page
    assert "short_notice" not in page


def test_an_offer_is_shown_with_its_end_and_taken_by_one_tap(app, client, clock, meeting):
    clock.set(OFFERED_FROM)
    declines(meeting, people.katrin())
    address = link(app, meeting, people.emma())
    page = client.get(address).text
    assert "1 seat is kept for you until Sunday, 8 March 2026, 8:45." in card(page)
    assert re.findall(r'name="answer" value="(yes|no)"><button class="(\w*)"', page) == [("yes", "primary"), ("no", "")]
    assert "All seats are taken" in page
    assert client.post(address, data={"answer": "yes"}).status_code == 303
    assert own(meeting, people.emma()).seat == "held"


def test_an_offer_can_be_let_go_by_one_tap(app, client, clock, meeting):
    clock.set(OFFERED_FROM)
    declines(meeting, people.katrin())
    client.post(link(app, meeting, people.emma()), data={"answer": "no"})
    assert (own(meeting, people.emma()).answer, own(meeting, people.emma()).seat) == ("no", None)


def test_a_link_that_says_yes_already_shows_one_button_that_sends_it(app, client, clock, meeting):
    clock.set(OFFERED_FROM)
    declines(meeting, people.katrin())
    page = client.get(link(app, meeting, people.emma()) + "?answer=no").text
    assert page.count('class="primary"') == 1
    assert own(meeting, people.emma()).seat == "offered"


def test_a_seat_that_is_anybodys_is_taken_by_one_tap(app, client, clock, meeting):
    clock.set(OFFERED_FROM)
    declines(meeting, people.katrin())
    clock.set(own(meeting, people.emma()).offered_until)
    with db.transaction():
        rsvps.expire_offers(meeting.id)
    address = link(app, meeting, people.emma())
    assert "There is room for your party now." in client.get(address).text
    client.post(address, data={"answer": "yes"})
    assert own(meeting, people.emma()).seat == "held"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [({"short_notice": ["y", "false"]}, True), ({"short_notice": "false"}, False), ({}, True)],
)
def test_the_box_for_short_notice_counts_where_it_was_shown(app, client, meeting, sent, kept):
    address = link(app, meeting, people.emma())
    client.post(address, data={"answer": "yes", "short_notice": ["y", "false"]})
    assert 'value="y" checked' in client.get(address).text
    client.post(address, data={"answer": "yes", **sent})
    assert own(meeting, people.emma()).short_notice is kept


def test_who_normally_comes_says_so_on_the_own_page_and_takes_it_back(app, clock, meeting):
    emma = Reader(app, people.emma())
    series = meeting.series_id
    for normally, words in (("yes", "I no longer come regularly"), ("no", "I normally come")):
        answer = emma.post(f"/me/standing/{series}", {"normally": normally})
        assert (answer.status_code, answer.location) == (303, "/me/#standing")
        assert words in emma.get("/me/").text
        with db.reading():
            assert rsvps.normally_comes_to(people.emma().id) == ({series} if normally == "yes" else set())


def test_nobody_comes_normally_to_a_series_of_others(app, meeting):
    oskar = Reader(app, people.oskar())
    assert oskar.post(f"/me/standing/{meeting.series_id}", {"normally": "yes"}).status_code == 404
    assert "I normally come" not in oskar.get("/me/").text


def test_a_kept_seat_is_marked_and_confirmed_or_released_with_one_tap(app, client, clock, meeting):
    with db.transaction():
        rsvps.come_normally(meeting.series_id, people.emma().id)
        clock.advance(minutes=1)
        series = people.series_rules.by_id(meeting.series_id)
        draft = people.meeting(series, people.FIRST_MORNING + timedelta(days=28))
        kept = facts(announcing.announce(draft.id))
    address = link(app, kept, people.emma())
    words = card(client.get(address).text)
    assert "Seat kept, not confirmed yet" in words
    assert "Please confirm it by Wednesday, 8 April 2026, 12:00. Otherwise it is given back." in words
    emma = Reader(app, people.emma())
    assert "Seat kept, not confirmed yet" in emma.get("/me/").text
    client.post(address, data={"answer": "no"})
    assert (own(kept, people.emma()).answer, own(kept, people.emma()).seat) == ("no", None)


def test_the_own_page_asks_no_more_often_with_many_series(app, meeting):
    emma = Reader(app, people.emma())
    with statements() as few:
        emma.get("/me/")
    with db.transaction():
        for number in range(5):
            people.belong(people.series(f"reihe-{number}"), people.emma())
    with statements() as many:
        emma.get("/me/")
    assert len(many) == len(few)
