"""Joining: what an application keeps, whom it tells, what confirming and deciding do, and what is forgotten."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from asanokai import announcing, applying, members, rsvps, topics
from asanokai import series as series_rules
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Expired, Missing, Refused
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.members import Address, Application, Member
from asanokai.series import Series
from asanokai.topics import SpeakerText
from tests import people
from tests.pages import statements

FRIEDA = {
    "salutation": "frau",
    "family": "Neu",
    "given": "Frieda",
    "organisation": "Glaswerk Weimar",
    "position": "Einkauf",
    "language": "en",
}
ADDRESS = "frieda.neu@weimar.example"
KATRINS = "katrin.lindner@optik-jena.example"
CONSENT = {"consent_text": "Ich bin einverstanden.", "consent_version": "2026-11"}


@pytest.fixture
def meeting(app):
    """A public breakfast with two seats that Akiko coordinates, announced, in a writing transaction."""
    with transaction():
        series = people.series(seats=2)
        people.coordinate(series, people.akiko())
        yield people.announced_meeting(series)


@pytest.fixture
def series(meeting) -> Series:
    return series_rules.by_id(meeting.series_id)


def apply(email: str = ADDRESS, person: dict[str, Any] | None = None, **wish: Any) -> Application:
    return applying.apply(person or FRIEDA, email, **{"from_address": "192.0.2.7", **CONSENT, **wish})


def confirm(application: Application) -> Application:
    """Follow the link of the application's letter."""
    nonce = applying.mint_confirmation(application)
    session().flush()
    return applying.confirm(application.id, nonce, from_address="192.0.2.8")


def applicant(application: Application) -> Member:
    return members.by_id(application.member_id)


def applications() -> list[Application]:
    return list(session().scalars(select(Application).order_by(Application.id)))


def count(table: type) -> int:
    return int(session().scalar(select(func.count()).select_from(table)) or 0)


def of_application(application: Application, *kinds: str) -> list[tuple[int | None, str, dict[str, Any] | None]]:
    """The letters of those kinds about the application: to whom, key, facts."""
    about = Letter.facts["application"].as_integer() == application.id
    found = session().scalars(select(Letter).where(Letter.kind.in_(kinds), about).order_by(Letter.member_id))
    return [(letter.member_id, letter.key, letter.facts) for letter in found]


# --- applying ---------------------------------------------------------------------------------------------------------


def test_an_application_keeps_what_was_said_and_a_letter_asks_to_confirm(meeting, clock):
    kept = apply(meeting_id=meeting.id, answer="maybe", guests=1, message=" Guten\r\nTag \x00")
    frieda = applicant(kept)
    assert (kept.state, kept.series_id, kept.meeting_id, kept.answer, kept.guests, kept.message) == (
        "applied",
        meeting.series_id,
        meeting.id,
        "maybe",
        1,
        "Guten\nTag",
    )
    assert (kept.person, kept.consent_text, kept.consent_version) == (FRIEDA, "Ich bin einverstanden.", "2026-11")
    assert (kept.applied_at, kept.applied_from, kept.confirmed_at, kept.inviter_id) == (
        clock.now,
        "192.0.2.7",
        None,
        None,
    )
    assert (frieda.standing, frieda.family, frieda.language, frieda.joined_at) == ("applied", "", "en", None)
    (letter,) = people.letters_to(frieda)
    assert (letter.kind, letter.address, letter.language, letter.facts, letter.due_at, letter.useless_after) == (
        "opt_in",
        ADDRESS,
        "en",
        {"application": kept.id},
        clock.now,
        clock.now + timedelta(days=14),
    )
    assert letter.key.startswith(f"opt-in:{kept.id}:")
    assert (kept.nonce_hash, rsvps.of(meeting.id, frieda.id)) == (None, None)


def test_a_known_and_an_unknown_address_are_answered_alike(meeting, series):
    katrin, juergen = people.katrin(), people.juergen()
    people.belong(series, katrin)
    known = (KATRINS, "juergen.brandt@weimar.example")
    for email in (ADDRESS, *known):
        apply(email, series_id=series.id)
        apply(email, meeting_id=meeting.id, answer="yes")
    seen = [(kept.state, kept.series_id, kept.meeting_id, kept.person) for kept in applications()]
    assert seen == [("applied", series.id, None, FRIEDA), ("applied", series.id, meeting.id, FRIEDA)] * 3
    posted = session().execute(select(Letter.kind, Letter.address).order_by(Letter.id)).all()
    assert [tuple(row) for row in posted] == [("opt_in", email) for email in (ADDRESS, *known) for _ in range(2)]
    assert (katrin.standing, juergen.standing) == ("accepted", "left")


def test_applying_again_before_confirming_replaces_what_was_said(meeting, series, clock):
    first = apply(meeting_id=meeting.id, answer="yes", guests=1, message="eins")
    apply(series_id=series.id)
    clock.advance(hours=1)
    again = apply(f" {ADDRESS.upper()} ", {**FRIEDA, "given": "Friederike"}, meeting_id=meeting.id, answer="maybe")
    assert [kept.id for kept in applications()] == [first.id, first.id + 1]
    assert (again.id, again.person["given"], again.answer, again.guests, again.message, again.applied_at) == (
        first.id,
        "Friederike",
        "maybe",
        0,
        "",
        clock.now,
    )
    assert [(letter.facts, letter.state, letter.reason) for letter in people.letters_to(applicant(first))] == [
        ({"application": first.id}, "dropped", "overtaken by a later application"),
        ({"application": first.id + 1}, "queued", None),
        ({"application": first.id}, "queued", None),
    ]
    assert count(Member) == 2


def test_clicks_at_the_same_moment_make_one_application(app):
    with transaction():
        number = people.series().id

    def click(_: int) -> None:
        with transaction():
            apply(series_id=number)

    assert at_once(app, click, 4) == []
    assert (count(Member), len(applications())) == (1, 1)
    (kept,) = applications()
    assert [letter.state for letter in people.letters_to(applicant(kept))] == ["dropped"] * 3 + ["queued"]


def at_once(app: Flask, act: Callable[[int], None], times: int) -> list[Exception]:
    """Do it so many times together, each with a connection of its own; what went wrong."""
    session().rollback()
    gate, wrong = threading.Barrier(times), []

    def one(number: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                act(number)
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def test_a_series_that_is_hidden_or_unknown_is_missing_alike(meeting, series):
    series.public = False
    for number in (series.id, series.id + 1000, None):
        with pytest.raises(Missing) as refused:
            apply(series_id=number)
        assert str(refused.value) == "There is no such series."
    assert (applications(), people.readers("opt_in")) == ([], [])


def test_a_meeting_that_is_hidden_or_a_draft_is_missing_and_one_that_takes_nobody_is_refused(meeting, series, clock):
    hidden = people.announced_meeting(series, people.FIRST_MORNING.replace(month=4), public=False)
    draft = people.meeting(series, people.FIRST_MORNING.replace(month=5))
    off = people.announced_meeting(series, people.FIRST_MORNING.replace(month=6))
    announcing.cancel(off.id)
    said = {}
    for which in (hidden, draft, off):
        with pytest.raises(Refused) as refused:
            apply(meeting_id=which.id)
        said[which.id] = (type(refused.value), str(refused.value))
    clock.set(meeting.answer_until)
    apply(meeting_id=meeting.id)
    clock.advance(seconds=1)
    with pytest.raises(Refused) as refused:
        apply("other@weimar.example", meeting_id=meeting.id)
    missing = (Missing, "There is no such meeting.")
    assert said == {
        hidden.id: missing,
        draft.id: missing,
        off.id: (Refused, "Applications for this meeting are closed."),
    }
    assert str(refused.value) == "Applications for this meeting are closed."
    assert len(applications()) == 1


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("email", {"email": "no address"}),
        ("family", {"person": {"given": "Frieda"}}),
        ("family", {"person": {"family": "N" * 201}}),
        ("organisation", {"person": {**FRIEDA, "organisation": "G" * 201}}),
        ("language", {"person": {**FRIEDA, "language": "fr"}}),
        ("zone", {"person": {**FRIEDA, "zone": "Mars/Olympus"}}),
        ("salutation", {"person": {**FRIEDA, "salutation": "König"}}),
        ("message", {"message": "x" * 2001}),
        ("answer", {"answer": "no"}),
        ("guests", {"guests": 2}),
        ("guests", {"guests": -1}),
    ],
)
def test_what_cannot_be_is_refused_with_its_field_and_leaves_nothing(meeting, field, wrong):
    with pytest.raises(BadInput) as refused:
        apply(**{"meeting_id": meeting.id, **wrong})
    session().flush()
    assert (refused.value.field, applications(), count(Member)) == (field, [], 1)


def test_what_is_as_long_as_allowed_is_taken(meeting):
    kept = apply(person={"family_ja": "山" * 200}, meeting_id=meeting.id, message="x" * 2000)
    assert (kept.person, kept.message) == ({"family_ja": "山" * 200}, "x" * 2000)


# --- the link ---------------------------------------------------------------------------------------------------------


def test_the_link_opens_until_fourteen_days_have_passed_and_only_the_latest_one(series, clock):
    kept = apply(series_id=series.id)
    with pytest.raises(Missing):
        applying.open_application(kept.id, "never minted")
    with pytest.raises(Missing):
        applying.open_application(kept.id + 1, "no such application")
    first, latest = applying.mint_confirmation(kept), applying.mint_confirmation(kept)
    assert latest not in (kept.nonce_hash or "")
    with pytest.raises(Expired):
        applying.open_application(kept.id, first)
    clock.advance(days=14)
    assert applying.open_application(kept.id, latest) is kept
    clock.advance(seconds=1)
    for act in (applying.open_application, lambda *link: applying.confirm(*link, from_address=None)):
        with pytest.raises(Expired):
            act(kept.id, latest)
    assert (kept.state, applicant(kept).standing) == ("applied", "applied")


def test_opening_the_link_changes_nothing(series):
    kept = apply(series_id=series.id)
    nonce = applying.mint_confirmation(kept)
    session().flush()
    session().expire_all()
    with statements() as asked:
        applying.open_application(kept.id, nonce)
        session().flush()
    assert set(asked) == {"SELECT"}
    assert kept.state == "applied"


# --- confirming -------------------------------------------------------------------------------------------------------


def test_confirming_tells_every_coordinator_at_once_and_gives_no_seat(meeting, series, clock):
    people.coordinate(series, people.kenji())
    kept = apply(meeting_id=meeting.id, answer="yes")
    clock.advance(minutes=5)
    confirm(kept)
    frieda = applicant(kept)
    assert (kept.state, kept.confirmed_at, kept.confirmed_from) == ("confirmed", clock.now, "192.0.2.8")
    assert (frieda.standing, members.main_address(frieda).verified_at) == ("confirmed", clock.now)
    assert of_application(kept, "application", "welcome") == [
        (who.id, f"application:{kept.id}:{who.id}", {"application": kept.id})
        for who in sorted((people.akiko(), people.kenji()), key=lambda who: who.id)
    ]
    assert (people.seats(meeting), series_rules.member_ids(series)) == ({}, set())


def test_where_nobody_coordinates_the_administrators_are_told(app):
    with transaction():
        people.oskar()
        kept = confirm(apply(series_id=people.series().id, person=FRIEDA))
        assert people.readers("application") == []
        people.ludwig()
        later = confirm(apply("other@weimar.example", series_id=kept.series_id))
        assert [member_id for member_id, _, _ in of_application(later, "application")] == [people.ludwig().id]


def test_confirming_twice_is_as_good_as_once(meeting, clock):
    kept = apply(meeting_id=meeting.id, answer="yes")
    nonce = applying.mint_confirmation(kept)
    once = applying.confirm(kept.id, nonce, from_address="192.0.2.8")
    before = (once.state, once.confirmed_at, once.confirmed_from, count(Letter), count(Entry))
    clock.advance(hours=1)
    twice = applying.confirm(kept.id, nonce, from_address="192.0.2.9")
    assert (twice.state, twice.confirmed_at, twice.confirmed_from, count(Letter), count(Entry)) == before
    applying.approve(kept.id, actor_id=people.akiko().id)
    assert applying.confirm(kept.id, nonce, from_address="192.0.2.9").state == "approved"


def test_clicks_at_the_same_moment_confirm_once(app):
    with transaction():
        kept = apply(series_id=people.series(needs_approval=False).id)
        nonce, number = applying.mint_confirmation(kept), kept.id

    def click(_: int) -> None:
        with transaction():
            applying.confirm(number, nonce, from_address=None)

    assert at_once(app, click, 4) == []
    verbs = session().scalars(select(Entry.verb).where(Entry.object == "application").order_by(Entry.id)).all()
    assert (verbs, people.readers("welcome")) == (["apply", "confirm", "approved"], [applications()[0].member_id])


def test_the_address_that_the_link_went_to_is_the_one_that_is_verified(series):
    katrin = people.member("old@optik-jena.example")
    members.change_address(katrin, "new@optik-jena.example", actor_id=None)
    confirm(apply("OLD@optik-jena.example", series_id=series.id))
    found = session().execute(select(Address.normal, Address.verified_at.is_not(None)).order_by(Address.id).where(
        Address.member_id == katrin.id
    ))  # fmt: skip
    assert [tuple(row) for row in found] == [("old@optik-jena.example", True), ("new@optik-jena.example", False)]


@pytest.mark.parametrize("what", ["series", "meeting"])
def test_where_no_approval_is_needed_confirming_is_enough(meeting, series, clock, what):
    meeting.needs_approval = series.needs_approval = False
    asked = {"meeting_id": meeting.id, "answer": "yes", "guests": 1} if what == "meeting" else {"series_id": series.id}
    kept = apply(**asked)
    clock.advance(minutes=5)
    confirm(kept)
    frieda = applicant(kept)
    assert (kept.state, kept.decided_at, kept.decided_by_id) == ("approved", clock.now, None)
    assert (frieda.standing, frieda.joined_at, frieda.name.family) == ("accepted", clock.now, "Neu")
    assert of_application(kept, "application", "welcome") == [
        (frieda.id, f"welcome:{kept.id}", {"application": kept.id})
    ]
    seen = (people.seats(meeting), series_rules.member_ids(series))
    assert seen == (({frieda.id: ("yes", "held", 1)}, set()) if what == "meeting" else ({}, {frieda.id}))


def test_a_member_of_the_series_who_applies_for_a_meeting_is_answered_on_confirming(meeting, series):
    katrin = people.katrin()
    people.belong(series, katrin)
    kept = confirm(apply(KATRINS, meeting_id=meeting.id, answer="maybe"))
    assert (kept.state, people.seats(meeting), people.readers("application")) == (
        "approved",
        {katrin.id: ("maybe", None, 0)},
        [],
    )


def test_what_is_confirmed_after_the_deadline_is_the_coordinators_to_grant(meeting, series, clock):
    meeting.needs_approval = False
    clock.set(meeting.answer_until)
    kept = apply(meeting_id=meeting.id, answer="yes")
    clock.advance(seconds=1)
    confirm(kept)
    assert (kept.state, people.seats(meeting), people.readers("application")) == ("confirmed", {}, [people.akiko().id])
    applying.approve(kept.id, actor_id=people.akiko().id)
    assert people.seats(meeting) == {kept.member_id: ("yes", "held", 0)}


@pytest.mark.parametrize("end", ["begun", "cancelled"])
def test_what_can_no_longer_be_answered_is_not_confirmed_and_nothing_changes(meeting, clock, end):
    clock.set(meeting.answer_until)
    kept = apply(meeting_id=meeting.id)
    if end == "begun":
        clock.set(meeting.starts_at)
    else:
        announcing.cancel(meeting.id)
    with pytest.raises(Refused) as refused:
        confirm(kept)
    session().flush()
    assert str(refused.value) == "Applications for this meeting are closed."
    assert (kept.state, kept.confirmed_at, applicant(kept).standing) == ("applied", None, "applied")
    assert people.readers("application") == []


# --- being invited ----------------------------------------------------------------------------------------------------


def test_who_a_coordinator_invites_belongs_on_confirming_with_the_consent_of_that_page(series, clock):
    akiko = people.akiko()
    kept = applying.invite(ADDRESS, FRIEDA, series_id=series.id, inviter_id=akiko.id)
    frieda = applicant(kept)
    assert (kept.state, kept.inviter_id, kept.person, kept.consent_text) == ("applied", akiko.id, FRIEDA, "")
    assert [(letter.kind, letter.address, letter.facts) for letter in people.letters_to(frieda)] == [
        ("join", ADDRESS, {"application": kept.id})
    ]
    nonce = applying.mint_confirmation(kept)
    clock.advance(days=1)
    applying.confirm(kept.id, nonce, from_address="192.0.2.8", consent=("Ja.", "2026-12"))
    assert (kept.state, kept.decided_at, kept.decided_by_id) == ("approved", clock.now, akiko.id)
    assert (kept.consent_text, kept.consent_version) == ("Ja.", "2026-12")
    assert (frieda.standing, frieda.joined_at, frieda.family, frieda.position) == (
        "accepted",
        clock.now,
        "Neu",
        "Einkauf",
    )
    assert (series_rules.member_ids(series), people.kinds_to(frieda)) == ({frieda.id}, ["join", "welcome"])


def test_an_accepted_member_who_is_invited_belongs_at_once_without_a_letter(series):
    katrin = people.katrin()
    assert applying.invite(KATRINS, FRIEDA, series_id=series.id, inviter_id=people.akiko().id) is None
    assert (series_rules.member_ids(series), people.letters_to(katrin), applications()) == ({katrin.id}, [], [])
    assert katrin.family == "Lindner"
    with pytest.raises(BadInput) as refused:
        applying.invite(KATRINS, FRIEDA, series_id=series.id, inviter_id=people.akiko().id)
    assert refused.value.field == "email"


def test_inviting_twice_asks_by_one_letter(series):
    for given in ("Frieda", "Friederike"):
        kept = applying.invite(ADDRESS, {**FRIEDA, "given": given}, series_id=series.id, inviter_id=people.akiko().id)
    assert [one.person["given"] for one in applications()] == ["Friederike"]
    assert people.kinds_to(applicant(kept)) == ["join"]


# --- deciding ---------------------------------------------------------------------------------------------------------


def test_who_is_approved_for_a_series_belongs_and_is_welcomed(series, clock):
    akiko, kept = people.akiko(), confirm(apply(series_id=series.id))
    clock.advance(days=1)
    applying.approve(kept.id, actor_id=akiko.id)
    frieda = applicant(kept)
    assert (kept.state, kept.decided_at, kept.decided_by_id) == ("approved", clock.now, akiko.id)
    assert (frieda.standing, frieda.joined_at) == ("accepted", clock.now)
    assert (frieda.salutation, frieda.family, frieda.given, frieda.position, frieda.language) == (
        "frau",
        "Neu",
        "Frieda",
        "Einkauf",
        "en",
    )
    assert members.organisation_name(frieda) == "Glaswerk Weimar"
    assert (series_rules.member_ids(series), people.readers("welcome")) == ({frieda.id}, [frieda.id])


def test_what_an_applicant_says_never_overwrites_a_members_row(series):
    katrin = people.katrin()
    said = {**FRIEDA, "title": "Prof.", "family_ja": "新", "zone": "Asia/Tokyo"}
    kept = confirm(apply(KATRINS, said, series_id=series.id))
    applying.approve(kept.id, actor_id=people.akiko().id)
    assert (katrin.title, katrin.family, katrin.given, katrin.position, katrin.language, katrin.zone) == (
        "Dr.",
        "Lindner",
        "Katrin",
        "Leiterin Entwicklung",
        "de",
        "Europe/Berlin",
    )
    assert (members.organisation_name(katrin), katrin.family_ja) == ("Optik Jena", "新")


def test_who_is_approved_for_a_meeting_has_an_answer_and_belongs_to_nothing(meeting, series, clock):
    kept = confirm(apply(meeting_id=meeting.id, answer="yes", guests=1))
    confirmed = clock.now
    clock.advance(days=1)
    applying.approve(kept.id, actor_id=people.akiko().id)
    given = rsvps.of(meeting.id, kept.member_id)
    assert (given.answer, given.seat, given.guests, given.asked_at, given.by) == (
        "yes",
        "held",
        1,
        confirmed,
        "coordinator",
    )
    assert (series_rules.member_ids(series), people.kinds_to(applicant(kept))) == (
        set(),
        ["opt_in", "confirm", "welcome"],
    )


def test_an_application_for_a_full_meeting_waits_in_the_order_of_its_confirmation(meeting, clock):
    for who in (people.emma(), people.kenji()):
        people.say(meeting, who, "yes")
    clock.advance(hours=1)
    late, early = (apply(f"{name}@weimar.example", meeting_id=meeting.id, answer="yes") for name in ("late", "early"))
    confirm(early)
    clock.advance(hours=1)
    people.say(meeting, people.naoko(), "yes")
    clock.advance(hours=1)
    confirm(late)
    clock.advance(hours=1)
    people.say(meeting, people.oskar(), "yes")
    for kept in (late, early):
        applying.approve(kept.id, actor_id=people.akiko().id)
    queue = [rsvp.member_id for rsvp in rsvps.waiting(meeting.id)]
    assert queue == [early.member_id, people.naoko().id, late.member_id, people.oskar().id]
    assert people.kinds_to(applicant(early)) == ["opt_in", "waiting", "welcome"]
    people.say(meeting, people.emma(), "no")
    assert people.seats(meeting)[early.member_id] == ("yes", "held", 0)


def test_approving_for_a_meeting_that_has_begun_is_refused_and_changes_nothing(meeting, clock):
    kept = confirm(apply(meeting_id=meeting.id, answer="yes"))
    clock.set(meeting.starts_at)
    with pytest.raises(Refused) as refused:
        applying.approve(kept.id, actor_id=people.akiko().id)
    session().flush()
    assert str(refused.value) == "The meeting has begun; answers can no longer be changed."
    assert (kept.state, kept.decided_at, applicant(kept).standing, applicant(kept).family) == (
        "confirmed",
        None,
        "confirmed",
        "",
    )
    assert (people.seats(meeting), people.readers("welcome")) == ({}, [])


def test_only_what_is_confirmed_and_undecided_can_be_decided(series):
    akiko = people.akiko().id
    unconfirmed = apply(series_id=series.id)
    approved, declined = (confirm(apply(f"{name}@weimar.example", series_id=series.id)) for name in "ab")
    applying.approve(approved.id, actor_id=akiko)
    applying.decline(declined.id, actor_id=akiko)
    before = count(Letter)
    for kept in (unconfirmed, approved, declined):
        for decide in (applying.approve, applying.decline):
            with pytest.raises(Refused) as refused:
                decide(kept.id, actor_id=akiko)
            assert str(refused.value) == "This application has been decided already, or was never confirmed."
    with pytest.raises(Missing):
        applying.approve(declined.id + 1, actor_id=akiko)
    assert [kept.state for kept in applications()] == ["applied", "approved", "declined"]
    assert count(Letter) == before


def test_who_is_declined_is_told_why_and_has_left(series, clock):
    kept = confirm(apply(series_id=series.id))
    clock.advance(days=1)
    applying.decline(kept.id, actor_id=people.akiko().id, reason=" Nur für Betriebe.\r\nLeider. ")
    frieda = applicant(kept)
    assert (kept.state, kept.decided_at, kept.decided_by_id) == ("declined", clock.now, people.akiko().id)
    assert (frieda.standing, frieda.left_at) == ("left", clock.now)
    assert of_application(kept, "declined", "welcome") == [
        (frieda.id, f"declined:{kept.id}", {"application": kept.id, "reason": "Nur für Betriebe.\nLeider."})
    ]


def test_a_reason_that_is_too_long_is_refused(series):
    kept = confirm(apply(series_id=series.id))
    with pytest.raises(BadInput) as refused:
        applying.decline(kept.id, actor_id=None, reason="x" * 2001)
    assert (refused.value.field, kept.state) == ("reason", "confirmed")


def test_who_is_declined_stays_as_long_as_something_else_is_asked_for_or_given(meeting, series):
    frieda = applicant(confirm(apply(meeting_id=meeting.id)))
    open_still = apply(series_id=series.id)
    applying.decline(applications()[0].id, actor_id=None)
    assert frieda.standing == "confirmed"
    applying.decline(confirm(open_still).id, actor_id=None)
    assert frieda.standing == "left"
    katrin = people.katrin()
    applying.decline(confirm(apply(KATRINS, series_id=series.id)).id, actor_id=None)
    assert katrin.standing == "accepted"


def test_who_left_may_apply_and_belong_again(series, clock):
    juergen = people.juergen()
    kept = confirm(apply("juergen.brandt@weimar.example", series_id=series.id))
    assert juergen.standing == "confirmed"
    applying.approve(kept.id, actor_id=people.akiko().id)
    assert (juergen.standing, juergen.joined_at, juergen.left_at, juergen.family) == (
        "accepted",
        clock.now,
        None,
        "Brandt",
    )


# --- the desk ---------------------------------------------------------------------------------------------------------


def test_the_desk_shows_what_waits_oldest_confirmation_first(meeting, series, clock):
    other, katrin = people.series("other"), people.katrin()
    of_series = apply("second@weimar.example", series_id=series.id)
    of_meeting = apply("first@weimar.example", meeting_id=meeting.id, answer="maybe")
    elsewhere = apply(KATRINS, series_id=other.id)
    apply("unconfirmed@weimar.example", series_id=series.id)
    for kept in (of_meeting, of_series, elsewhere):
        clock.advance(minutes=1)
        confirm(kept)
    applying.approve(confirm(apply("decided@weimar.example", series_id=series.id)).id, actor_id=None)
    lines = applying.waiting_for_decision(None)
    assert [
        (line.application.id, line.address, line.organisation, line.series.id, line.meeting and line.meeting.id)
        for line in lines
    ] == [
        (of_meeting.id, "first@weimar.example", "", series.id, meeting.id),
        (of_series.id, "second@weimar.example", "", series.id, None),
        (elsewhere.id, "katrin.lindner@optik-jena.example", "Optik Jena", other.id, None),
    ]
    assert [line.member.id for line in lines] == [of_meeting.member_id, of_series.member_id, katrin.id]
    assert [line.application.id for line in applying.waiting_for_decision([other.id])] == [elsewhere.id]
    assert (applying.waiting_for_decision([]), applying.count_waiting(None), applying.count_waiting([series.id])) == (
        [],
        3,
        2,
    )


def test_the_desk_takes_one_statement_for_one_application_and_for_three(meeting, series):
    for name in "abc":
        confirm(apply(f"{name}@weimar.example", series_id=series.id))
        with statements() as asked:
            applying.waiting_for_decision([series.id])
        assert len(asked) == 1


def test_an_applicant_is_shown_as_they_said_until_their_row_knows_better(series):
    kept = confirm(apply(series_id=series.id))
    name, line = applying.applicant(kept, applicant(kept), "")
    assert (name.family, name.given, name.salutation, line) == ("Neu", "Frieda", "frau", "Einkauf, Glaswerk Weimar")
    katrin = people.katrin()
    name, line = applying.applicant(confirm(apply(KATRINS, series_id=series.id)), katrin, "Optik Jena")
    assert (name.family, name.title, line) == ("Lindner", "Dr.", "Leiterin Entwicklung, Optik Jena")


# --- forgetting -------------------------------------------------------------------------------------------------------


def test_what_nobody_confirmed_vanishes_after_fourteen_days_with_person_address_and_letters(meeting, series, clock):
    apply(series_id=series.id)
    apply(meeting_id=meeting.id)
    applying.invite("invited@weimar.example", FRIEDA, series_id=series.id, inviter_id=people.akiko().id)
    clock.advance(days=14)
    assert (applying.forget_unconfirmed(), len(applications())) == (0, 3)
    clock.advance(hours=2)
    assert (applying.forget_unconfirmed(), applying.forget_unconfirmed()) == (3, 0)
    assert (applications(), count(Letter)) == ([], 0)
    assert session().scalars(select(Member.id)).all() == [people.akiko().id]
    assert session().scalars(select(Address.member_id)).all() == [people.akiko().id]


def test_who_is_known_otherwise_stays_when_an_application_vanishes(meeting, series, clock):
    katrin, juergen = people.katrin(), people.juergen()
    apply(KATRINS, series_id=series.id)
    apply("juergen.brandt@weimar.example", series_id=series.id)
    confirmed = confirm(apply("confirmed@weimar.example", meeting_id=meeting.id))
    apply("confirmed@weimar.example", series_id=series.id)
    speaker = applicant(apply("speaker@weimar.example", series_id=series.id))
    topics.post(
        meeting,
        title={"de": "Licht"},
        abstract={},
        speakers=[SpeakerText(member_id=speaker.id, family="Neu")],
        actor_id=None,
    )
    clock.advance(days=13)
    young = apply("young@weimar.example", series_id=series.id)
    clock.advance(days=1, hours=2)
    assert applying.forget_unconfirmed() == 4
    assert [kept.id for kept in applications()] == [confirmed.id, young.id]
    left = set(session().scalars(select(Member.id)))
    assert left == {
        people.akiko().id,
        katrin.id,
        juergen.id,
        confirmed.member_id,
        speaker.id,
        young.member_id,
    }
    assert (katrin.standing, juergen.standing) == ("accepted", "left")


def test_applying_again_counts_from_the_last_time(series, clock):
    kept = apply(series_id=series.id)
    clock.advance(days=10)
    apply(series_id=series.id)
    clock.advance(days=10)
    assert (applying.forget_unconfirmed(), [one.id for one in applications()]) == (0, [kept.id])


def test_many_are_forgotten_in_batches_of_a_fixed_number_of_statements(series, clock, monkeypatch):
    monkeypatch.setattr(applying, "FORGOTTEN_AT_ONCE", 3)
    for name in "abcd":
        apply(f"{name}@weimar.example", series_id=series.id)
    clock.advance(days=15)
    with statements() as three:
        assert applying.forget_unconfirmed() == 3
    with statements() as one:
        assert applying.forget_unconfirmed() == 1
    assert [asked.count("INSERT") for asked in (three, one)] == [3, 1]
    assert len(three) - 3 == len(one) - 1
    assert count(Member) == 1


# --- the journal ------------------------------------------------------------------------------------------------------


def about(kept):
    return {"member": kept.member_id, "meeting": kept.meeting_id, "series": kept.series_id}


def test_every_verb_is_noted_with_numbers_and_states_only(meeting, series, clock):
    akiko = people.akiko().id
    kept = confirm(apply(meeting_id=meeting.id, message="geheim"))
    applying.approve(kept.id, actor_id=akiko)
    other = applying.invite("invited@weimar.example", FRIEDA, series_id=series.id, inviter_id=akiko)
    third = confirm(apply("third@weimar.example", series_id=series.id))
    applying.decline(third.id, actor_id=akiko, reason="geheim")
    clock.advance(days=15)
    applying.forget_unconfirmed()
    found = session().scalars(select(Entry).where(Entry.object == "application").order_by(Entry.id))
    assert [(entry.verb, entry.object_id, entry.actor_id, entry.facts) for entry in found] == [
        ("apply", kept.id, None, {"meeting": meeting.id, "series": series.id}),
        ("confirm", kept.id, kept.member_id, about(kept)),
        ("approved", kept.id, akiko, about(kept)),
        ("invite", other.id, akiko, {"series": series.id}),
        ("apply", third.id, None, {"meeting": None, "series": series.id}),
        ("confirm", third.id, third.member_id, about(third)),
        ("declined", third.id, akiko, about(third)),
        ("forget", other.id, None, None),
    ]
