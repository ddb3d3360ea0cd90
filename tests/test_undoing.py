"""Taking back an answer that came by mail: behind a link, once, and only while it still stands."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from asanokai import announcing, clock, db, merging, rsvps
from asanokai.db import session
from asanokai.errors import Refused
from asanokai.intake import Incoming
from asanokai.journal import Entry
from asanokai.members import Member
from asanokai.rsvps import Before
from tests import people
from tests.pages import facts


@pytest.fixture
def meeting(app, clock):
    """A meeting of one seat that Katrin, Emma and Naoko belong to and are invited to."""
    with db.transaction():
        made = people.announced_meeting(people=[people.katrin(), people.emma(), people.naoko()], seats=1)
        clock.set(people.berlin(2026, 2, 20, 12))
        people.plan()
        people.send_all()
        return facts(made)


def answered(meeting, who: Member, choice: str, **more) -> int:
    """Somebody answers by mail; the mail's number."""
    with db.transaction():
        row = rsvps.required(meeting.id, who.id)
        before = {"answer": row.answer, "guests": row.guests, "comment": row.comment, "kept": row.tentative}
        given = rsvps.answer(meeting.id, who.id, choice, by="calendar", **more)
        made = {"meeting": meeting.id, "member": who.id, "revision": given.rsvp.revision, "answer": choice}
        mail = Incoming(
            digest=f"{who.id} {choice} {given.rsvp.revision}",
            raw_hash="",
            size=0,
            way="file",
            came_at=clock.now(),
            due_at=clock.now(),
            state="taken",
            outcome="answered",
            facts={**made, "before": before},
        )
        session().add(mail)
        session().flush()
        return mail.id


def known(make) -> SimpleNamespace:
    """Somebody of the cast, known beyond a transaction."""
    return SimpleNamespace(id=make().id)


def link(app, mail_id: int) -> str:
    return "/undo/" + app.extensions["tokens"].mint("undo", mail_id)


def standing(meeting):
    session().rollback()
    return people.seats(meeting)


def test_the_button_restores_that_nobody_had_answered_and_the_seat_goes_to_whoever_waits(app, client, meeting):
    katrin, emma = known(people.katrin), known(people.emma)
    mail = answered(meeting, katrin, "yes", comment="Gern.")
    with db.transaction():
        people.say(meeting, people.emma(), "yes")
    page = client.get(link(app, mail))
    assert (page.status_code, "Antwort zurücknehmen" in page.text, "Set-Cookie" in page.headers) == (200, True, False)
    response = client.post(link(app, mail))
    assert (response.status_code, response.location) == (303, link(app, mail))
    assert standing(meeting)[katrin.id] == ("invited", None, 0)
    assert standing(meeting)[emma.id] == ("yes", "held", 0)
    row = rsvps.required(meeting.id, katrin.id)
    assert (row.comment, row.by, row.answered_at) == ("", None, None)
    assert "ist zurückgenommen" in client.get(link(app, mail)).text


def test_looking_changes_nothing(app, client, meeting):
    mail = answered(meeting, people.katrin(), "yes")
    before = standing(meeting)
    for ask in (client.get, client.head):
        assert ask(link(app, mail)).status_code == 200
    assert standing(meeting) == before


def test_pressed_twice_it_is_taken_back_once(app, client, meeting):
    mail = answered(meeting, people.katrin(), "yes")
    for _ in range(2):
        assert client.post(link(app, mail)).status_code == 303
    session().rollback()
    assert rsvps.required(meeting.id, people.katrin().id).revision == 2
    assert [entry.facts["mail"] for entry in session().scalars(select(Entry).where(Entry.verb == "take back"))] == [
        mail
    ]


def test_what_was_changed_since_stays_and_the_page_leads_to_the_answer(app, client, meeting):
    katrin = people.katrin()
    mail = answered(meeting, katrin, "yes")
    with db.transaction():
        people.say(meeting, katrin, "maybe")
    response = client.post(link(app, mail))
    assert (response.status_code, "inzwischen geändert" in response.text, "/answer/" in response.text) == (
        409, True, True,
    )  # fmt: skip
    assert standing(meeting)[katrin.id] == ("maybe", None, 0)


def test_what_is_changed_at_the_same_moment_is_not_taken_back(meeting):
    mail = answered(meeting, people.katrin(), "yes")
    with db.transaction(), pytest.raises(Refused):
        rsvps.take_back(meeting.id, people.katrin().id, Before("no"), revision=0, mail_id=mail)
    assert standing(meeting)[people.katrin().id] == ("yes", "held", 0)


def test_an_answer_given_before_comes_back_with_guests_comment_and_a_higher_sequence(app, client, meeting):
    katrin = people.katrin()
    with db.transaction():
        announcing.edit(meeting.id, seats=2)
        people.say(meeting, katrin, "yes", guests=1, comment="Mit Frau Ito.")
    mail = answered(meeting, katrin, "no")
    client.post(link(app, mail))
    session().rollback()
    row = rsvps.required(meeting.id, katrin.id)
    assert (row.answer, row.seat, row.guests, row.comment, row.by) == ("yes", "held", 1, "Mit Frau Ito.", "link")
    assert (row.sequence, row.said_at) == (1, clock.now())
    assert people.kinds_to(katrin) == ["confirm", "confirm"]


def test_a_seat_that_somebody_else_has_meanwhile_is_waited_for(app, client, meeting):
    katrin, emma = known(people.katrin), known(people.emma)
    with db.transaction():
        people.say(meeting, katrin, "yes")
        people.say(meeting, emma, "yes")
    mail = answered(meeting, katrin, "no")
    client.post(link(app, mail))
    assert standing(meeting)[katrin.id] == ("yes", "waiting", 0)
    assert standing(meeting)[emma.id] == ("yes", "held", 0)
    assert people.kinds_to(katrin)[-1] == "waiting"


def test_a_seat_that_was_kept_for_somebody_is_kept_again_if_it_is_still_free(app):
    with db.transaction():
        katrin, emma = people.katrin(), people.emma()
        series = people.series(seats=1)
        session().flush()
        people.belong(series, katrin, emma)
        rsvps.come_normally(series.id, katrin.id)
        meeting = people.announced_meeting(series)
        for kept in ("held", None):
            given = rsvps.answer(meeting.id, katrin.id, "no", by="calendar").rsvp
            if kept is None:
                people.say(meeting, emma, "yes")
            rsvps.take_back(meeting.id, katrin.id, Before("invited", kept=True), revision=given.revision)
            assert people.seats(meeting)[katrin.id] == ("invited", kept, 0)


def test_the_link_lives_thirty_days_and_not_beyond_the_beginning_of_the_meeting(app, client, clock, meeting):
    address = link(app, answered(meeting, people.katrin(), "yes"))
    began = clock.now
    clock.set(meeting.starts_at - timedelta(seconds=1))
    assert client.get(address).status_code == 200
    clock.set(meeting.starts_at)
    assert (client.get(address).status_code, client.post(address).status_code) == (410, 410)
    clock.set(began + timedelta(days=31))
    assert client.get(address).status_code == 410


def test_whoever_has_left_or_was_made_one_with_another_row_is_not_answered_for(app, client, meeting):
    katrin, double = people.katrin(), people.oskar()
    mail = answered(meeting, katrin, "yes")
    with db.transaction():
        merging.merge(double.id, katrin.id, {}, actor_id=people.ludwig().id)
    assert client.get(link(app, mail)).status_code == 200
    with db.transaction():
        session().get_one(Member, double.id).standing = "left"
    assert client.get(link(app, mail)).status_code == 410


@pytest.mark.parametrize("value", [0, 4711, "1", [1, 2], None, True])
def test_a_token_for_a_mail_that_made_no_answer_opens_nothing(app, client, value):
    assert client.get("/undo/" + app.extensions["tokens"].mint("undo", value)).status_code == 404


def test_a_link_for_something_else_opens_nothing(app, client, meeting):
    mail = answered(meeting, people.katrin(), "yes")
    other = app.extensions["tokens"].mint("unsubscribe", mail)
    assert client.post(f"/undo/{other}").status_code == 404
