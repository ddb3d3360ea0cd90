"""Leaving a series or everything: what ends, who moves up, what is written no more, and how one returns."""

import pytest
from sqlalchemy import select

from asanokai import applying, devices, invitations, leaving, members, proposals, views
from asanokai import series as series_rules
from asanokai.db import session, transaction
from asanokai.errors import Refused
from asanokai.proposals import Vote, Words
from asanokai.rsvps import standing
from tests import people
from tests.people import announced_meeting, say, seats


@pytest.fixture(autouse=True)
def writing(app, clock):
    with transaction():
        yield


@pytest.fixture
def meeting():
    """One seat: Katrin holds it, Kenji waits."""
    made = announced_meeting(people=[people.katrin(), people.kenji(), people.emma()], seats=1)
    say(made, people.katrin(), "yes")
    say(made, people.kenji(), "yes")
    return made


def test_who_leaves_gives_the_seat_to_who_waits_and_is_written_to_no_more(meeting, clock):
    katrin = people.katrin()
    series = series_rules.by_id(meeting.series_id)
    leaving.leave(katrin, actor_id=katrin.id)
    assert (katrin.standing, katrin.left_at, series_rules.of_member(katrin)) == ("left", clock.now, [])
    assert {number: stands[:2] for number, stands in seats(meeting).items()} == {
        katrin.id: ("no", None),
        people.kenji().id: ("yes", "held"),
    }
    assert people.kinds_to(people.kenji()) == ["waiting", "seat"]
    assert katrin.id not in series_rules.member_ids(series)


def test_who_left_cannot_sign_in_and_the_calendar_is_dead(meeting):
    katrin = people.katrin()
    members.set_password(katrin, "lang genug zum Merken", actor_id=katrin.id)
    secret, nonce = katrin.calendar_secret, members.mint_sign_in(katrin)
    _device, cookie = devices.begin(katrin.id, by="link", name="")
    session().flush()
    leaving.leave(katrin, actor_id=katrin.id)
    members.ask_for_sign_in("katrin.lindner@optik-jena.example")
    assert (devices.holds(cookie), members.sign_in_holds(katrin.id, nonce)) == (False, False)
    assert members.by_password("katrin.lindner@optik-jena.example", "lang genug zum Merken") is None
    assert "sign_in" not in people.kinds_to(katrin)
    with pytest.raises(Refused):
        members.by_calendar_secret(secret)


def test_the_only_administrator_stays_until_there_is_another(app):
    ludwig = people.ludwig()
    with pytest.raises(Refused):
        leaving.leave(ludwig, actor_id=ludwig.id)
    members.make_administrator(people.akiko(), True, actor_id=ludwig.id)
    session().flush()
    leaving.leave(ludwig, actor_id=ludwig.id)
    assert (ludwig.standing, ludwig.administrator) == ("left", False)


def test_only_a_member_can_leave(app):
    with pytest.raises(Refused):
        leaving.leave(people.juergen(), actor_id=people.ludwig().id)


def test_leaving_shows_beforehand_what_it_ends_and_changes_nothing_by_that(meeting):
    ends = leaving.look(people.katrin())
    assert ([row.id for row in ends.series], [row.id for row in ends.meetings]) == ([meeting.series_id], [meeting.id])
    assert people.katrin().standing == "accepted"


def test_leaving_one_series_keeps_the_others(meeting):
    other = people.event()
    people.belong(other, people.katrin())
    series = series_rules.by_id(meeting.series_id)
    leaving.leave_series(series, people.katrin(), actor_id=people.ludwig().id)
    assert (people.katrin().standing, series_rules.of_member(people.katrin())) == ("accepted", [other])
    assert seats(meeting)[people.kenji().id][1] == "held"


def test_who_coordinates_the_series_as_well_keeps_the_seat(meeting):
    series = series_rules.by_id(meeting.series_id)
    people.coordinate(series, people.katrin())
    leaving.leave_series(series, people.katrin(), actor_id=people.ludwig().id)
    assert seats(meeting)[people.katrin().id][:2] == ("yes", "held")


def test_who_was_silent_is_not_told_that_they_do_not_come(meeting, clock):
    clock.set(people.berlin(2026, 2, 20, 12))
    people.plan()
    people.send_all()
    emma = people.emma()
    leaving.leave_series(series_rules.by_id(meeting.series_id), emma, actor_id=people.ludwig().id)
    assert (seats(meeting)[emma.id][0], people.kinds_to(emma)) == ("no", [])


def test_what_was_to_be_sent_is_dropped(meeting, clock):
    katrin = people.katrin()
    assert people.kinds_to(katrin) == ["confirm"]
    leaving.leave(katrin, actor_id=katrin.id)
    assert [letter.reason for letter in people.letters_to(katrin, "confirm") if letter.state == "dropped"] == [
        leaving.GONE
    ]
    clock.set(people.berlin(2026, 2, 20, 12))
    people.plan()
    assert katrin.id not in people.readers("invite")


def test_past_meetings_keep_their_counts(meeting, clock):
    clock.set(people.berlin(2026, 3, 13, 8))
    leaving.leave(people.katrin(), actor_id=people.ludwig().id)
    assert seats(meeting)[people.katrin().id][:2] == ("yes", "held")


def test_who_left_returns_by_invitation_and_belongs_where_they_were_invited_to(meeting, clock):
    katrin, other = people.katrin(), people.event()
    leaving.leave(katrin, actor_id=katrin.id)
    clock.advance(days=30)
    application = applying.invite(
        "katrin.lindner@optik-jena.example", {"family": "Lindner"}, series_id=other.id, inviter_id=people.ludwig().id
    )
    assert application is not None
    nonce = applying.mint_confirmation(application)
    session().flush()
    applying.confirm(application.id, nonce, from_address=None)
    assert (katrin.standing, katrin.left_at, katrin.joined_at) == ("accepted", None, clock.now)
    assert series_rules.of_member(katrin) == [other]
    assert people.kinds_to(katrin)[-1] == "welcome"


def test_how_many_seats_an_end_gives_back_is_known_beforehand(meeting):
    numbers = [who().id for who in (people.katrin, people.kenji, people.emma)]
    assert leaving.seats_freed(meeting.series_id, numbers) == 2
    assert invitations.due_moments() == []


def test_votes_and_saved_views_end_and_proposals_stay(meeting):
    series, other, katrin, emma = series_rules.by_id(meeting.series_id), people.event(), people.katrin(), people.emma()
    people.belong(other, katrin, emma)
    made = {where.id: proposals.propose(where, emma.id, Words({"de": "Licht"})) for where in (series, other)}
    own = proposals.propose(series, katrin.id, Words({"de": "Glas"}))
    for where in (series, other):
        proposals.vote(where, made[where.id].id, katrin.id)
    views.save(katrin, "Stille", {"silent": "1"}, series_id=series.id)

    def votes() -> list[int]:
        return list(session().scalars(select(Vote.proposal_id).where(Vote.member_id == katrin.id)))

    leaving.leave_series(series, katrin, actor_id=katrin.id)
    assert (votes(), own.state) == ([made[other.id].id], "open")
    leaving.leave(katrin, actor_id=katrin.id)
    assert (votes(), views.of(katrin.id, series_id=series.id)) == ([], [])
    assert list(session().scalars(select(Vote.member_id).order_by(Vote.proposal_id))) == [emma.id] * 2


def test_a_vote_for_what_is_decided_stays_counted(meeting):
    series, katrin = series_rules.by_id(meeting.series_id), people.katrin()
    made = proposals.propose(series, people.emma().id, Words({"de": "Licht"}))
    proposals.vote(series, made.id, katrin.id)
    proposals.choose(series, made.id, meeting.id, actor_id=None)
    leaving.leave(katrin, actor_id=katrin.id)
    assert set(session().scalars(select(Vote.member_id))) == {people.emma().id, katrin.id}


def test_who_normally_came_does_so_no_more(meeting):
    katrin, kenji = people.katrin(), people.kenji()
    for who in (katrin, kenji):
        standing.come_normally(meeting.series_id, who.id)
    leaving.leave_series(series_rules.by_id(meeting.series_id), kenji, actor_id=people.ludwig().id)
    leaving.leave(katrin, actor_id=katrin.id)
    assert [standing.normally_comes_to(who.id) for who in (katrin, kenji)] == [set(), set()]
