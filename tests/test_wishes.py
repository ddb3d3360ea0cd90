"""A switch for each kind of letter: what it holds back, what it never does, and the pages to set it."""

import pytest
from sqlalchemy import select

from asanokai import applying, db, digesting, invitations, letters, meetings, members, merging, writing
from asanokai import series as series_rules
from asanokai.composing.overtaking import UNASKED
from asanokai.db import session
from asanokai.errors import BadInput
from asanokai.invitations import Night
from asanokai.journal import Entry
from asanokai.letters import OF_MEETING, Letter
from asanokai.members import OF_AUDIENCE, OF_DESK, SWITCHED_OFF
from asanokai.members.wishes import WISH_OF
from asanokai.worker import send_due
from tests import people
from tests.pages import Reader, checked, statements
from tests.people import berlin, say

INVITED_AT = berlin(2026, 2, 19, 9)
EVERY = sorted(OF_AUDIENCE)


@pytest.fixture
def meeting_id(app, clock):
    """A meeting that Katrin, Emma and Naoko belong to, and Akiko coordinates; nobody is invited yet."""
    with db.transaction():
        made = people.announced_meeting(people=[people.katrin(), people.emma(), people.naoko()])
        people.coordinate(series_rules.by_id(made.series_id), people.akiko())
        return made.id


def switch(who, *off, on=()):
    with db.transaction():
        for kind in off:
            members.mute(who(), kind)
        for kind in on:
            members.unmute(who(), kind)


def plan_at(clock, moment):
    clock.set(moment)
    with db.transaction():
        return people.plan()


def ledger(kind):
    """Who has a letter of that kind: given name, state, reason."""
    with db.reading():
        found = session().scalars(select(Letter).where(Letter.kind == kind, Letter.key.not_like("%:dropped:%")))
        return sorted((members.by_id(one.member_id).given, one.state, one.reason) for one in found)


def standing(who):
    with db.reading():
        member = who()
        return member.unsubscribed_at is not None, sorted(members.muted(member.id))


def noted():
    """The journal's words on switches and on ending everything."""
    with db.reading():
        verbs = ("mute", "unmute", "subscribe", "unsubscribe")
        found = session().scalars(select(Entry).where(Entry.verb.in_(verbs)).order_by(Entry.id))
        return [(entry.verb, (entry.facts or {}).get("kind")) for entry in found]


# --- the verbs --------------------------------------------------------------------------------------------------------


def test_every_letter_nobody_asked_for_has_a_switch_and_no_other_has():
    of_desk = {kind for kinds in OF_DESK.values() for kind in kinds}
    assert set(WISH_OF) - of_desk == set(UNASKED)
    assert of_desk & set(OF_MEETING) == set()


def test_switching_twice_is_as_good_as_once(meeting_id):
    switch(people.emma, "remind", "remind")
    assert standing(people.emma) == (False, ["remind"])
    switch(people.emma, on=("remind", "remind"))
    assert standing(people.emma) == (False, [])
    assert noted() == [("mute", "remind"), ("unmute", "remind")]


def test_what_somebody_needs_has_no_switch(meeting_id):
    with db.transaction():
        emma = people.emma()
        for kind in ("confirm", "moved", "cancelled", "sign_in", "nudge", "", "digest "):
            for act in (members.mute, members.unmute):
                with pytest.raises(BadInput):
                    act(emma, kind)
            with pytest.raises(BadInput):
                members.choose(emma, [kind], among=OF_AUDIENCE)
    assert standing(people.emma) == (False, [])


def choose(who, *wishes, among=OF_AUDIENCE):
    with db.transaction():
        members.choose(who(), wishes, among=among)
    return standing(who)


def test_choosing_sets_all_switches_of_a_form_and_no_others(meeting_id):
    switch(people.akiko, "digest")
    assert choose(people.akiko, "invite", "eve") == (False, ["digest", "own", "remind", "thanks"])
    assert choose(people.akiko, *EVERY, "application", among={**OF_AUDIENCE, **OF_DESK}) == (False, ["digest"])


def test_who_wants_nothing_has_ended_the_invitations_and_finds_the_switches_as_they_were(meeting_id):
    assert choose(people.emma, "invite") == (False, ["eve", "own", "remind", "thanks"])
    assert choose(people.emma) == (True, ["eve", "own", "remind", "thanks"])
    with db.reading():
        assert members.wanted(people.emma()) == {"digest", "application"}
    assert choose(people.emma, "invite", "own") == (False, ["eve", "remind", "thanks"])
    assert noted()[-3:] == [("unsubscribe", None), ("subscribe", None), ("unmute", "own")]


# --- planning ---------------------------------------------------------------------------------------------------------


def left_out(kind, moment):
    with db.reading():
        meeting = session().scalars(select(meetings.Meeting)).one()
        found = invitations.left_out(meeting, kind, moment)
        line = next(one for one in invitations.forecast(until=meeting.starts_at) if one.kind == kind)
        return [(member.given, reason) for member, reason in found], line.readers, line.left_out


def test_planning_leaves_out_whom_the_forecast_left_out(meeting_id, clock):
    switch(people.emma, "invite")
    assert left_out("invite", INVITED_AT) == ([("Emma", SWITCHED_OFF)], 2, {SWITCHED_OFF: 1})
    assert [plan_at(clock, INVITED_AT), plan_at(clock, INVITED_AT)] == [2, 0]
    assert ledger("invite") == [("Katrin", "queued", None), ("Naoko", "queued", None)]


def test_who_does_without_invitations_can_still_answer_and_is_told_what_follows(meeting_id, clock, app):
    switch(people.emma, "invite")
    plan_at(clock, INVITED_AT)
    Reader(app, people.emma()).post(f"/meetings/{meeting_id}/answer", data={"answer": "yes"})
    with db.transaction():
        say(meetings.by_id(meeting_id), people.emma(), "yes")
    assert ledger("confirm") == [("Emma", "queued", None)]
    plan_at(clock, berlin(2026, 3, 11, 17))
    assert ledger("eve") == [("Emma", "queued", None)]


def test_an_invitation_switched_on_again_in_time_goes_out(meeting_id, clock):
    plan_at(clock, INVITED_AT)
    switch(people.emma, "invite")
    with db.transaction():
        drop = select(Letter).where(Letter.kind == "invite", Letter.member_id == people.emma().id)
        letter = session().scalars(drop).one()
        letter.state, letter.reason = "dropped", SWITCHED_OFF
    assert plan_at(clock, INVITED_AT) == 0
    switch(people.emma, on=["invite"])
    assert plan_at(clock, berlin(2026, 2, 20, 9)) == 1


@pytest.mark.parametrize(
    ("kind", "moment"), [("remind", berlin(2026, 3, 10, 9)), ("eve", berlin(2026, 3, 11, 17))], ids=["remind", "eve"]
)
def test_reminders_and_evening_notes_leave_out_who_does_without_them(meeting_id, clock, kind, moment):
    plan_at(clock, INVITED_AT)
    if kind == "eve":
        with db.transaction():
            for who in (people.katrin(), people.emma()):
                say(meetings.by_id(meeting_id), who, "yes")
    switch(people.emma, kind)
    plan_at(clock, moment)
    assert [name for name, *_ in ledger(kind)] == (["Katrin"] if kind == "eve" else ["Katrin", "Naoko"])


@pytest.mark.parametrize("kind", ["own", "thanks"])
def test_a_coordinators_own_letters_and_thanks_leave_them_out_too(meeting_id, clock, kind):
    plan_at(clock, INVITED_AT)
    switch(people.emma, kind)
    words = {"subject": {"en": "A word"}, "words": {"en": "Please ring."}}
    with db.transaction():
        message = writing.draft(meeting_id, audience="all", due_at=None, actor_id=None, kind=kind, **words)
        session().flush()
        assert writing.counted(message).left_out == {SWITCHED_OFF: 1}
        writing.queue(message.id, meeting_id, version=message.version, actor_id=None)
        writing.plan(message.id, night=Night())
    assert [name for name, *_ in ledger(kind)] == ["Katrin", "Naoko"]


def test_nudges_follow_the_switch_of_the_reminders(meeting_id, clock):
    plan_at(clock, INVITED_AT)
    switch(people.emma, "remind")
    with db.transaction():
        silent = writing.silent(meetings.by_id(meeting_id), limit=9)
        assert {one.member.given: one.reason for one in silent}["Emma"] == SWITCHED_OFF
        someone = [people.emma().id]
        assert writing.nudge(meeting_id, someone, night=Night(), actor_id=None) == 0


# --- what was queued before -------------------------------------------------------------------------------------------


FACTS = {
    "own": {"audience": "all"},
    "thanks": {"audience": "all"},
    "digest": {"since": "", "until": ""},
    "cancelled": {"revision": 0},
}


def queue_one_of_each(meeting_id):
    """The ledger holds one letter of each kind that has a switch, and a cancellation, to Emma and to Akiko."""
    session().execute(Letter.__table__.delete())
    for kind in (*UNASKED, *OF_DESK, "cancelled"):
        who = people.akiko() if kind in OF_DESK else people.emma()
        letters.post(kind, kind, member_id=who.id, meeting_id=meeting_id, facts=FACTS.get(kind))


def outcome():
    with db.reading():
        theirs = Letter.member_id.in_((people.emma().id, people.akiko().id))
        return {one.kind: (one.state, one.reason) for one in session().scalars(select(Letter).where(theirs))}


def test_what_was_queued_before_is_dropped_and_what_is_needed_goes(meeting_id, app, clock, smtp):
    plan_at(clock, INVITED_AT)
    with db.transaction():
        queue_one_of_each(meeting_id)
    switch(people.emma, *OF_AUDIENCE)
    switch(people.akiko, *OF_DESK)
    send_due(app, Night())
    dropped = dict.fromkeys((*UNASKED, *OF_DESK), ("dropped", SWITCHED_OFF))
    assert outcome() == {**dropped, "cancelled": ("sent", None)}


def test_a_switch_holds_back_its_own_kinds_only(meeting_id, app, clock, smtp):
    plan_at(clock, INVITED_AT)
    with db.transaction():
        queue_one_of_each(meeting_id)
        session().execute(Letter.__table__.delete().where(Letter.kind.in_((*OF_DESK, "own", "thanks", "eve"))))
    switch(people.emma, "remind")
    send_due(app, Night())
    off = ("dropped", SWITCHED_OFF)
    assert outcome() == {"invite": ("sent", None), "remind": off, "nudge": off, "cancelled": ("sent", None)}


def test_whether_a_letter_is_wanted_is_asked_with_the_batch_and_not_for_each_letter(meeting_id, app, clock):
    plan_at(clock, INVITED_AT)
    with db.transaction():
        ids = list(session().scalars(select(Letter.id)))
        compose = app.extensions["composer"]
        counts = []
        for some in (ids[:1], ids):
            session().expire_all()
            with statements() as asked:
                compose.gather(some)
            counts.append(len(asked))
    assert counts[0] == counts[1]


# --- the desk's own letters -------------------------------------------------------------------------------------------


def test_a_digest_switched_off_is_not_sent_and_its_time_is_not_told_later(meeting_id, clock):
    switch(people.akiko, "digest")
    clock.set(berlin(2026, 2, 2, 23, 30))  # half past seven in Tokyo
    with db.transaction():
        say(meetings.by_id(meeting_id), people.emma(), "yes")
        clock.advance(minutes=1)
        assert digesting.post_due() == 0
    switch(people.akiko, on=["digest"])
    clock.advance(days=1)
    with db.transaction():
        assert digesting.post_due() == 0
    clock.advance(hours=12)
    with db.transaction():
        say(meetings.by_id(meeting_id), people.katrin(), "yes")
    clock.advance(hours=12)
    with db.transaction():
        assert digesting.post_due() == 1
    told = [("dropped", SWITCHED_OFF), ("dropped", digesting.NOTHING), ("queued", None)]
    with db.reading():
        found = session().scalars(select(Letter).where(Letter.kind == "digest").order_by(Letter.id))
        assert [(one.state, one.reason) for one in found] == told


def test_a_new_application_is_told_to_those_coordinators_who_want_it(meeting_id, clock):
    switch(people.akiko, "application")
    with db.transaction():
        series_id = meetings.by_id(meeting_id).series_id
        people.coordinate(series_rules.by_id(series_id), people.kenji())
        kept = applying.apply(
            {"family": "Neu"},
            "neu@weimar.example",
            series_id=series_id,
            consent_text="Ja.",
            consent_version="1",
            from_address=None,
        )
        applying.confirm(kept.id, applying.mint_confirmation(kept), from_address=None)
    assert ledger("application") == [("Kenji", "queued", None)]


# --- two entries of one person ----------------------------------------------------------------------------------------


def test_the_switches_of_two_entries_are_kept_when_they_are_merged(meeting_id):
    switch(people.katrin, "eve", "remind")
    switch(people.oskar, "remind", "thanks")
    with db.transaction():
        merging.merge(people.katrin().id, people.oskar().id, {}, actor_id=None)
    assert standing(people.katrin) == (False, ["eve", "remind", "thanks"])


# --- the member's own page --------------------------------------------------------------------------------------------


def test_the_page_shows_the_switches_as_they_are_and_opening_it_changes_nothing(meeting_id, app):
    switch(people.emma, "remind")
    emma = Reader(app, people.emma())
    assert checked(emma.get("/me/letters").text) == ["invite", "eve", "own", "thanks"]
    assert standing(people.emma) == (False, ["remind"])


def test_the_form_sets_them(meeting_id, app):
    emma = Reader(app, people.emma())
    sent = emma.post("/me/letters", data={"kinds": ["invite", "eve"]})
    assert (sent.status_code, sent.location) == (303, "/me/letters")
    assert checked(emma.get("/me/letters").text) == ["invite", "eve"]
    emma.post("/me/letters")
    assert (standing(people.emma), checked(emma.get("/me/letters").text)) == ((True, ["own", "remind", "thanks"]), [])


def test_a_switch_that_is_not_there_is_refused_with_nothing_changed(meeting_id, app):
    emma, address = Reader(app, people.emma()), link(app, people.emma())
    for typed in ("nonsense", "confirm", "digest", "invite\0", "<b>"):
        for answer in (
            emma.post("/me/letters", data={"kinds": [typed, "eve"]}),
            app.test_client().post(address, data={"switches": "y", "kinds": [typed, "eve"]}),
        ):
            assert (answer.status_code, "<b>" in answer.text) == (422, False)
    assert standing(people.emma) == (False, [])


def test_who_coordinates_sees_the_desks_switches_as_well(meeting_id, app):
    akiko = Reader(app, people.akiko())
    assert checked(akiko.get("/me/letters").text) == [*OF_AUDIENCE, *OF_DESK]
    akiko.post("/me/letters", data={"kinds": [*EVERY, "application"]})
    assert standing(people.akiko) == (False, ["digest"])


def test_all_at_once_means_every_switch(meeting_id, app):
    switch(people.akiko, "remind", "digest")
    akiko = Reader(app, people.akiko())
    akiko.post("/me/letters", data={"letters": "off"})
    assert standing(people.akiko) == (True, ["digest", "remind"])
    akiko.post("/me/letters", data={"letters": "on"})
    assert standing(people.akiko) == (False, [])


def test_coordinators_read_which_letters_a_member_does_without_and_cannot_switch(meeting_id, app):
    switch(people.emma, "remind")
    akiko, emma_id = Reader(app, people.akiko()), people.emma().id
    page = akiko.get(f"/coordinate/people/{emma_id}/letters", headers={"Accept-Language": "en"}).text
    assert ("停止中のメール" in page, "kinds" in page) == (True, False)


# --- behind the link --------------------------------------------------------------------------------------------------


def link(app, who):
    return "/unsubscribe/" + app.extensions["tokens"].mint("unsubscribe", who.id)


def test_the_link_sets_the_switches_without_signing_in(meeting_id, app, client):
    address = link(app, people.emma())
    assert checked(client.get(address).text) == list(OF_AUDIENCE)
    sent = client.post(address, data={"switches": "y", "kinds": ["invite", "own"]})
    assert (sent.status_code, "Set-Cookie" in sent.headers) == (200, False)
    assert checked(sent.text) == checked(client.get(address).text) == ["invite", "own"]
    assert standing(people.emma) == (False, ["eve", "remind", "thanks"])


def test_after_one_click_the_page_offers_the_single_switches(meeting_id, app, client):
    address = link(app, people.emma())
    page = client.post(address).text
    assert (standing(people.emma), 'name="switches"' in page, checked(page)) == ((True, []), True, [])
    client.post(address, data={"switches": "y", "kinds": ["eve"]})
    assert standing(people.emma) == (False, ["invite", "own", "remind", "thanks"])
    client.post(address, data={"switches": "y"})
    assert standing(people.emma)[0] is True


def test_one_click_ends_everything_whatever_else_the_mail_program_sends(meeting_id, app, client):
    address = link(app, people.emma())
    for more in ({}, {"switches": "y", "kinds": ["invite"]}, {"kinds": EVERY}):
        answer = client.post(address, data={"List-Unsubscribe": "One-Click", **more})
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
        assert standing(people.emma) == (True, [])
    assert noted() == [("unsubscribe", None)]


def test_the_link_of_a_coordinator_leaves_the_desks_letters_alone(meeting_id, app, client):
    switch(people.akiko, "digest")
    address = link(app, people.akiko())
    client.post(address, data={"switches": "y", "kinds": ["invite"]})
    assert standing(people.akiko) == (False, ["digest", "eve", "own", "remind", "thanks"])
