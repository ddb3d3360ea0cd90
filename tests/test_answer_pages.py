"""Answering: by the link in a letter without signing in, and from a meeting's page."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from asanokai import announcing, db
from asanokai.db import session
from asanokai.letters import Letter
from asanokai.rsvps import Rsvp
from tests import people
from tests.pages import Reader, checked, facts, statements


@pytest.fixture
def meeting(app):
    """A meeting of forty seats on 12 March that Katrin (German), Emma (English) and Naoko (in Japan) belong to."""
    with db.transaction():
        made = people.announced_meeting(people=[people.katrin(), people.emma(), people.naoko()])
        people.oskar()
        return facts(made)


def link(app: Flask, meeting_id: int, who) -> str:
    return "/answer/" + app.extensions["tokens"].mint("answer", [meeting_id, who.id])


def own(meeting, who):
    """How the answer of somebody stands: answer, seat, guests, comment."""
    session().rollback()
    row = session().scalar(
        select(Rsvp)
        .where(Rsvp.meeting_id == meeting.id, Rsvp.member_id == who.id)
        .execution_options(populate_existing=True)
    )
    return row and (row.answer, row.seat, row.guests, row.comment, row.by)


# --- by the link ------------------------------------------------------------------------------------------------------


def test_the_link_in_a_letter_answers_without_signing_in_and_leads_back_to_itself(app, client, meeting):
    katrin = people.katrin()
    response = client.post(link(app, meeting.id, katrin), data={"answer": "yes", "guests": "1", "comment": "Gern."})
    assert (response.status_code, response.location) == (303, link(app, meeting.id, katrin))
    assert "Set-Cookie" not in response.headers
    assert own(meeting, katrin) == ("yes", "held", 1, "Gern.", "link")
    assert people.kinds_to(katrin) == ["confirm"]


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("choice", ["yes", "maybe", "no"])
def test_opening_the_link_changes_nothing_and_sets_no_cookie(app, client, meeting, method, choice):
    katrin = people.katrin()
    response = getattr(client, method)(f"{link(app, meeting.id, katrin)}?answer={choice}")
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers
    assert own(meeting, katrin) is None
    assert session().scalar(select(func.count(Letter.id))) == 0
    if method == "get":
        assert checked(response.text) == [choice]


def test_an_unknown_choice_in_the_address_marks_nothing(app, client, meeting):
    response = client.get(f"{link(app, meeting.id, people.katrin())}?answer=perhaps")
    assert (response.status_code, checked(response.text)) == (200, [])


def test_the_page_speaks_the_members_language_unless_another_is_asked_for(app, client, meeting):
    address = link(app, meeting.id, people.naoko())
    spoken = [
        re.search(r'<html lang="(\w+)"', client.get(address + query, headers={"Accept-Language": "fr, en"}).text)[1]
        for query in ("", "?lang=de", "")
    ]
    assert spoken == ["ja", "de", "ja"]


def test_the_page_shows_the_members_own_clock_beside_the_meetings(app, client, meeting):
    page = client.get(link(app, meeting.id, people.naoko())).text
    assert "8:00～10:00" in page
    assert "16:00～18:00" in page


def test_the_answer_keeps_the_language_that_was_asked_for(app, client, meeting):
    address = link(app, meeting.id, people.katrin()) + "?lang=en"
    page = client.get(address).text
    assert f'action="{address}"' in page
    assert client.post(address, data={"answer": "no"}).location == address


def test_after_answering_the_page_shows_the_answer_and_lets_it_be_changed(app, client, meeting):
    emma = people.emma()
    address = link(app, meeting.id, emma)
    client.post(address, data={"answer": "yes", "guests": "1"})
    page = client.get(address).text
    assert ("You are coming" in page, "with 1 guest" in page, "Change answer" in page) == (True, True, True)
    assert checked(page) == ["yes"]
    client.post(address, data={"answer": "maybe"})
    assert own(meeting, emma) == ("maybe", None, 1, "", "link")


def test_a_field_that_is_not_sent_leaves_what_was_said_and_an_emptied_one_counts(app, client, meeting):
    emma = people.emma()
    address = link(app, meeting.id, emma)
    client.post(address, data={"answer": "yes", "guests": "1", "comment": "No fish, please."})
    client.post(address, data={"answer": "maybe"})
    assert own(meeting, emma) == ("maybe", None, 1, "No fish, please.", "link")
    client.post(address, data={"answer": "maybe", "guests": "", "comment": ""})
    assert own(meeting, emma) == ("maybe", None, 0, "", "link")


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"answer": "certainly"},
        {"answer": "yes", "guests": "many"},
        {"answer": "yes", "guests": "-1"},
        {"answer": "yes", "guests": "2"},
        {"answer": "yes", "guests": "9" * 5000},
        {"answer": "yes", "guests": "1", "comment": "a\0b"},
        {"answer": "yes", "comment": "x" * 1001},
        {"answer": b"\xff\xfe", "guests": b"\x80"},
    ],
    ids=range(9),
)
def test_values_that_cannot_be_are_refused_and_kept_on_the_page(app, client, meeting, typed):
    emma = people.emma()
    response = client.post(link(app, meeting.id, emma), data={"comment": "Window seat", **typed})
    assert response.status_code == 422
    assert own(meeting, emma) is None
    if "comment" not in typed:
        assert "Window seat" in response.text
    if typed.get("guests", "").__class__ is str and len(typed.get("guests", "")) < 9:
        assert f'value="{typed.get("guests", "")}"' in response.text


def test_more_guests_than_seats_are_refused_with_the_reason_and_the_seat_stays(app, client, meeting):
    with db.transaction():
        announcing.edit(meeting.id, seats=2)
        people.say(meeting, people.emma(), "yes")
        people.say(meeting, people.katrin(), "yes")
    emma = people.emma()
    response = client.post(link(app, meeting.id, emma), data={"answer": "yes", "guests": "1"})
    assert response.status_code == 409
    assert "There is no seat left for another guest; your own seat stays yours." in response.text
    assert own(meeting, emma)[:3] == ("yes", "held", 0)


def test_a_full_meeting_says_so_before_and_shows_the_place_in_line_afterwards(app, client, meeting):
    with db.transaction():
        announcing.edit(meeting.id, seats=1)
        people.say(meeting, people.katrin(), "yes")
        people.say(meeting, people.naoko(), "yes")
    address = link(app, meeting.id, people.emma())
    before = client.get(address).text
    assert "All seats are taken. If you say yes, you get a place on the waiting list" in before
    client.post(address, data={"answer": "yes"})
    after = client.get(address).text
    assert ("Waiting list" in after, "place 2" in after) == (True, True)


def test_after_the_deadline_one_can_decline_but_not_come(app, client, meeting, clock):
    emma = people.emma()
    address = link(app, meeting.id, emma)
    clock.set(meeting.answer_until + timedelta(minutes=1))
    assert "The deadline has passed." in client.get(address).text
    assert client.post(address, data={"answer": "yes"}).status_code == 409
    assert client.post(address, data={"answer": "no"}).status_code == 303
    assert own(meeting, emma) == ("no", None, 0, "", "link")


def test_once_the_meeting_has_begun_the_page_only_shows(app, client, meeting, clock):
    emma = people.emma()
    address = link(app, meeting.id, emma)
    client.post(address, data={"answer": "yes"})
    clock.set(meeting.starts_at)
    page = client.get(address)
    assert (page.status_code, "<textarea" in page.text, "You are coming" in page.text) == (200, False, True)
    response = client.post(address, data={"answer": "no"})
    assert response.status_code == 409
    assert "The meeting has begun; answers can no longer be changed." in response.text


def test_a_cancelled_meeting_shows_its_reason_and_takes_no_answer(app, client, meeting):
    with db.transaction():
        announcing.cancel(meeting.id, reason={"en": "The host is ill."})
    emma = people.emma()
    page = client.get(link(app, meeting.id, emma)).text
    assert ("The host is ill." in page, "<textarea" in page) == (True, False)
    assert client.post(link(app, meeting.id, emma), data={"answer": "yes"}).status_code == 409


def test_the_link_shows_until_thirty_days_after_the_meeting_and_is_gone_then(app, client, meeting, clock):
    address = link(app, meeting.id, people.emma())
    clock.set(meeting.ends_at + timedelta(days=30))
    assert client.get(address).status_code == 200
    clock.advance(seconds=1)
    assert (client.get(address).status_code, client.post(address, data={"answer": "no"}).status_code) == (410, 410)


def test_a_forged_link_and_one_for_another_purpose_are_404(app, client, meeting):
    emma = people.emma()
    good = link(app, meeting.id, emma)
    other = "/answer/" + app.extensions["tokens"].mint("unsubscribe", [meeting.id, emma.id])
    asked = [client.get(address).status_code for address in (good[:-2] + "xx", other, "/answer/x")]
    asked += [client.post(address, data={"answer": "yes"}).status_code for address in (good[:-2] + "xx", other)]
    assert asked == [404] * 5
    assert own(meeting, emma) is None


def test_the_link_of_somebody_who_left_is_gone(app, client, meeting):
    with db.transaction():
        people.juergen()
    juergen = people.juergen()
    response = client.post(link(app, meeting.id, juergen), data={"answer": "yes"})
    assert (response.status_code, own(meeting, juergen)) == (410, None)


def test_a_link_to_a_draft_is_404(app, client):
    with db.transaction():
        draft = people.meeting().id
        people.emma()
    assert client.get(link(app, draft, people.emma())).status_code == 404


def test_the_link_opens_nothing_else_of_the_account(app, client, meeting):
    emma = people.emma()
    page = client.get(link(app, meeting.id, emma)).text
    assert ("Emma Whitfield" in page, emma.calendar_secret in page, "emma.whitfield@" in page) == (True, False, False)
    client.post(link(app, meeting.id, emma), data={"answer": "yes"})
    assert client.get("/me/").status_code == 303


def test_an_answer_by_link_takes_few_statements(app, client, meeting):
    """The page is benchmarked: what an answer costs the database is counted here."""
    address = link(app, meeting.id, people.emma())
    with statements() as asked:
        client.post(address, data={"answer": "yes"})
    assert len(asked) <= 11, asked


# --- from the meeting's page ------------------------------------------------------------------------------------------


def test_a_member_answers_on_the_meetings_page(app, meeting):
    emma = people.emma()
    member = Reader(app, emma)
    page = f"/meetings/{meeting.path}"
    response = member.post(f"{page}/answer", data={"answer": "yes", "guests": "1"})
    assert (response.status_code, response.location) == (303, page)
    assert own(meeting, emma) == ("yes", "held", 1, "", "page")
    assert "Your answer is saved." in member.get(page).text


def test_from_the_own_page_the_answer_leads_back_there(app, meeting):
    response = Reader(app, people.emma()).post(f"/meetings/{meeting.path}/answer?from=me", data={"answer": "no"})
    assert (response.status_code, response.location) == (303, "/me/")


def test_a_refusal_shows_the_meetings_page_with_what_was_typed(app, meeting):
    emma = people.emma()
    typed = {"answer": "yes", "guests": "2", "comment": "With my boss"}
    response = Reader(app, emma).post(f"/meetings/{meeting.path}/answer", data=typed)
    assert response.status_code == 422
    assert "You may bring up to 1 guests to this meeting." in response.text
    assert ("With my boss" in response.text, 'value="2"' in response.text) == (True, True)
    assert own(meeting, emma) is None


def test_guests_where_none_are_allowed_are_refused_beside_the_field(app, meeting):
    with db.transaction():
        announcing.edit(meeting.id, guests_allowed=0)
    member = Reader(app, people.emma())
    assert 'name="guests"' not in member.get(f"/meetings/{meeting.path}").text
    response = member.post(f"/meetings/{meeting.path}/answer", data={"answer": "yes", "guests": "1"})
    assert (response.status_code, 'id="guests-error-1"' in response.text) == (422, True)


def test_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back_to_the_meeting(app, meeting):
    visitor = Reader(app)
    response = visitor.post(f"/meetings/{meeting.path}/answer", data={"answer": "yes"})
    assert (response.status_code, response.location) == (303, "/sign-in")
    assert visitor.sign_in(people.emma()).location == f"/meetings/{meeting.path}"


def test_an_answer_on_the_page_without_its_token_is_refused(app, meeting):
    member = Reader(app, people.emma())
    response = member.client.post(f"/meetings/{meeting.path}/answer", data={"answer": "yes"})
    assert (response.status_code, own(meeting, people.emma())) == (400, None)


def test_who_neither_belongs_nor_is_invited_cannot_answer(app, meeting):
    oskar = people.oskar()
    response = Reader(app, oskar).post(f"/meetings/{meeting.path}/answer", data={"answer": "yes"})
    assert (response.status_code, own(meeting, oskar)) == (404, None)


def test_an_answer_sent_to_an_old_address_still_arrives(app, meeting):
    week = timedelta(days=7)
    with db.transaction():
        announcing.move(
            meeting.id, announcing.Change(starts_at=meeting.starts_at + week, ends_at=meeting.ends_at + week)
        )
    member = Reader(app, people.emma())
    sent_on = member.post(f"/meetings/{meeting.path}/answer", data={"answer": "yes"})
    assert (sent_on.status_code, sent_on.location) == (308, "/meetings/2026-03-19-asanokai/answer")
    assert member.post(sent_on.location, data={"answer": "yes"}).status_code == 303
    assert own(meeting, people.emma())[:2] == ("yes", "held")
