"""Calendar replies become answers: whose they are, when they were given, what comes of them."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import select, update

from asanokai import announcing, clock, db, intake, merging, rsvps
from asanokai.announcing import Change
from asanokai.db import session
from asanokai.intake import Incoming, taking
from asanokai.intake.answers import understood
from asanokai.intake.calendars import Attendee, Said
from asanokai.intake.opened import open_mail
from asanokai.intake.outcome import Arrived, Outcome
from asanokai.intake.recipient import ours
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Address, Member
from asanokai.rsvps import Rsvp
from tests import people
from tests.grounds import LONG
from tests.pages import facts

KATRIN = "katrin.lindner@optik-jena.example"
EMMA = "emma.whitfield@ilmenau.example"
SERVER = "mx.asanokai.example"
numbers = itertools.count(1)


@pytest.fixture
def settings():
    return {"authserv_id": SERVER}


@pytest.fixture
def place(app) -> intake.Place:
    return app.extensions["intake"]


@pytest.fixture
def meeting(app, clock):
    """A meeting that Katrin, Emma and Naoko were invited to yesterday; Oskar was not."""
    with db.transaction():
        made = people.announced_meeting(people=[people.katrin(), people.emma(), people.naoko()], guests_allowed=2)
        people.oskar()
        clock.set(people.berlin(2026, 2, 19, 12))
        people.plan()
        for letter in session().scalars(select(Letter)):
            letter.state, letter.sent_at, letter.claimed_at = "sent", clock.now, clock.now
            letter.sequence, letter.starts_at = 0, made.starts_at
        session().flush()
        session().execute(update(Rsvp).values(stamped_at=clock.now))
        clock.advance(days=1)
        return facts(made)


@pytest.fixture
def katrin(meeting):
    return SimpleNamespace(id=people.katrin().id)


@pytest.fixture
def says(meeting):
    """What Katrin's calendar says: yes, a minute ago."""
    attendee = Attendee(KATRIN, "ACCEPTED")
    return Said(
        "REPLY", meeting.uid, attendee, 0, clock.now() - timedelta(minutes=1), meeting.starts_at, meeting.ends_at
    )


def partstat(said: Said, word: str, address: str = KATRIN, **more: Any) -> Said:
    return replace(said, attendee=Attendee(address, word), **more)


def hear(place, *said: Said, to: str | None = "katrin", raw: bytes | None = None) -> Incoming:
    """A mail that says this comes to the address of somebody's, and is taken in; its row."""
    raw = raw or f"From: {KATRIN}\r\nSubject: Zugesagt {next(numbers)}\r\n\r\n".encode()
    with db.transaction():
        recipient = token(place, getattr(people, to)().id) if to else "asanokai@asanokai.example"
        assert intake.receive(raw, way="lmtp", tokens=place.tokens, recipient=recipient)
        row = session().scalars(select(Incoming).order_by(Incoming.id.desc())).first()
        arrived = Arrived(row, open_mail(row.raw or b""), ours(row.recipient, place.tokens), place)
        taking.settle(row, understood(arrived, list(said)) or Outcome("message", "parked"))
        number = row.id
    session().rollback()
    return session().get_one(Incoming, number)


def token(place, number: int) -> str:
    return f"rsvp+{place.tokens.mint_address('member', number)}@{place.reply_domain}"


def standing(meeting, who) -> tuple:
    session().rollback()
    return people.seats(meeting)[who.id]


def own(meeting, who) -> Rsvp:
    session().rollback()
    return rsvps.required(meeting.id, who.id)


# --- whose ------------------------------------------------------------------------------------------------------------


def test_a_reply_to_the_members_own_address_is_their_answer_and_gets_no_letter(place, meeting, katrin, says):
    row = hear(place, says)
    assert (row.state, row.outcome, row.member_id, row.meeting_id) == ("taken", "answered", katrin.id, meeting.id)
    assert standing(meeting, katrin) == ("yes", "held", 0)
    assert own(meeting, katrin).by == "calendar"
    assert people.kinds_to(katrin) == []
    assert row.facts == {
        "meeting": meeting.id,
        "member": katrin.id,
        "method": "REPLY",
        "uid": meeting.uid,
        "partstat": "ACCEPTED",
        "address": KATRIN,
        "sequence": 0,
        "stamped_at": says.stamped_at.isoformat(),
        "given_at": says.stamped_at.isoformat(),
        "for_start": meeting.starts_at.isoformat(),
        "source": "ics",
        "answer": "yes",
        "revision": 1,
        "before": {"answer": "invited", "guests": 0, "comment": "", "kept": False},
    }


def test_the_journal_says_by_which_mail_an_answer_came(place, says):
    row = hear(place, says)
    entry = session().scalars(select(Entry).where(Entry.verb == "answer")).one()
    assert (entry.facts["by"], entry.facts["mail"]) == ("calendar", row.id)


@pytest.mark.parametrize(("word", "stands"), [("DECLINED", ("no", None, 0)), ("TENTATIVE", ("maybe", None, 0))])
def test_no_and_maybe_are_answers_too(place, meeting, katrin, says, word, stands):
    assert hear(place, partstat(says, word)).outcome == "answered"
    assert standing(meeting, katrin) == stands


@pytest.mark.parametrize("address", ["KATRIN.Lindner@Optik-Jena.Example", "dr.lindner@privat.example"])
def test_any_of_the_members_addresses_will_do(place, meeting, katrin, says, address):
    with db.transaction():
        session().add(
            Address(
                member_id=katrin.id, text="Dr.Lindner@privat.example", normal="dr.lindner@privat.example", kind="also"
            )
        )
    assert hear(place, partstat(says, "ACCEPTED", address)).outcome == "answered"
    assert people.kinds_to(katrin) == []


def test_the_address_of_another_member_waits_for_a_person(place, meeting, katrin, says):
    row = hear(place, partstat(says, "ACCEPTED", EMMA))
    assert (row.state, row.outcome, "another" in row.reason) == ("parked", "unclear", True)
    assert standing(meeting, katrin) == ("invited", None, 0)
    assert people.kinds_to(katrin) == []


def test_an_unknown_address_answers_for_the_bearer_who_is_told_and_can_undo_it(
    app, client, place, meeting, katrin, says
):
    row = hear(place, partstat(says, "ACCEPTED", "assistenz@optik-jena.example"))
    assert (row.state, row.outcome) == ("taken", "answered")
    assert standing(meeting, katrin) == ("yes", "held", 0)
    (letter,) = people.letters_to(katrin, "answered")
    assert letter.facts == {"mail": row.id, "choice": "yes", "address": "assistenz@optik-jena.example"}
    client.post("/undo/" + app.extensions["tokens"].mint("undo", row.id))
    assert standing(meeting, katrin) == ("invited", None, 0)


def test_without_an_attendee_there_is_no_answer_whatever_the_subject_says(place, meeting, katrin, says):
    row = hear(
        place, replace(says, attendee=None), raw=f"From: {KATRIN}\r\nSubject: Accepted: Asa no Kai\r\n\r\n".encode()
    )
    assert (row.state, row.outcome) == ("parked", "unclear")
    assert standing(meeting, katrin) == ("invited", None, 0)


def test_a_token_of_somebody_who_was_made_one_with_another_row_answers_for_the_row_that_is_kept(place, meeting, says):
    with db.transaction():
        double = people.member("k.lindner@privat.example")
        session().add(Rsvp(meeting_id=meeting.id, member_id=double.id, answer="invited"))
        session().flush()
        double_id = double.id
        merging.merge(people.katrin().id, double_id, {}, actor_id=people.ludwig().id)
    recipient = token(place, double_id)
    raw = f"From: {KATRIN}\r\nTo: {recipient}\r\nSubject: x\r\n\r\n".encode()
    with db.transaction():
        intake.receive(raw, way="lmtp", tokens=place.tokens, recipient=recipient)
        row = session().scalars(select(Incoming)).one()
        arrived = Arrived(row, open_mail(raw), ours(recipient, place.tokens), place)
        assert understood(arrived, [says]).outcome == "answered"
    assert standing(meeting, people.katrin())[0] == "yes"


def test_who_has_left_gives_no_answer(place, meeting, says):
    with db.transaction():
        people.say(session().get_one(Meeting, meeting.id), people.juergen(), "maybe")
        number = people.juergen().id
    row = hear(place, partstat(says, "ACCEPTED", "juergen.brandt@weimar.example"), to="juergen")
    assert (row.outcome, row.member_id, "left" in row.reason) == ("nothing", number, True)
    assert standing(meeting, SimpleNamespace(id=number))[0] == "maybe"


@pytest.mark.parametrize("uid", ["", "somebody-elses@calendar.example", "x\0y"])
def test_a_meeting_nobody_knows_waits_for_a_person(place, meeting, katrin, says, uid):
    row = hear(place, replace(says, uid=uid))
    assert (row.state, row.outcome, row.member_id) == ("parked", "unclear", katrin.id)


def test_a_uid_is_found_whatever_became_of_its_case(place, meeting, katrin, says):
    assert hear(place, replace(says, uid=f" {meeting.uid.upper()} ")).outcome == "answered"


def test_a_meeting_to_which_the_bearer_was_not_invited_waits_for_a_person(place, meeting, says):
    row = hear(place, partstat(says, "ACCEPTED", "oskar.fremd@elsewhere.example"), to="oskar")
    assert (row.state, row.outcome, row.meeting_id) == ("parked", "unclear", meeting.id)
    session().rollback()
    assert rsvps.of(meeting.id, people.oskar().id) is None


# --- without a token --------------------------------------------------------------------------------------------------


def from_katrin(results: str = f"{SERVER}; dmarc=pass header.from=optik-jena.example", author: str = KATRIN) -> bytes:
    return f"Authentication-Results: {results}\r\nFrom: {author}\r\nSubject: {next(numbers)}\r\n\r\n".encode()


def test_without_a_token_a_vouched_for_author_who_is_the_attendee_answers(place, meeting, katrin, says):
    row = hear(place, says, to=None, raw=from_katrin())
    assert (row.outcome, row.member_id) == ("answered", katrin.id)
    assert standing(meeting, katrin) == ("yes", "held", 0)
    assert people.kinds_to(katrin) == []


UNPROVEN = {
    "no header": b"From: " + KATRIN.encode() + b"\r\n\r\n",
    "another server": from_katrin("mx.elsewhere.example; dmarc=pass"),
    "failed": from_katrin(f"{SERVER}; dmarc=fail"),
    "below another of ours": f"Authentication-Results: {SERVER}; dmarc=fail\r\n".encode() + from_katrin(),
    "another author": from_katrin(f"{SERVER}; dmarc=pass header.from=evil.example", "x@evil.example"),
    "two authors": from_katrin(author=f"{KATRIN}, x@evil.example"),
    "another domain": from_katrin(f"{SERVER}; dmarc=pass header.from=evil.example"),
    "in a comment": from_katrin(f"{SERVER}; spf=fail (x; dmarc=pass)"),
    "in quotes": from_katrin(f'{SERVER}; spf=fail smtp.mailfrom="x; dmarc=pass"'),
    "encoded": from_katrin(f"{SERVER}; spf=fail smtp.mailfrom==?utf-8?q?x;_dmarc=3Dpass_?=@evil.example"),
}


@pytest.mark.parametrize("why", UNPROVEN)
def test_without_a_token_nothing_is_taken_from_whom_nobody_vouches_for_but_the_member_is_asked(
    place, meeting, katrin, says, why
):
    row = hear(place, says, to=None, raw=UNPROVEN[why])
    assert (row.state, row.outcome, row.member_id, row.facts["unsure"]) == ("taken", "asked back", katrin.id, True)
    assert standing(meeting, katrin) == ("invited", None, 0)
    (letter,) = people.letters_to(katrin, "ask_back")
    assert (letter.address, letter.facts["choice"]) == (None, "yes")


def test_an_installation_that_names_no_server_believes_none(place, meeting, katrin, says):
    row = hear(replace(place, authserv_id=""), says, to=None, raw=from_katrin())
    assert row.outcome == "asked back"


@pytest.mark.parametrize(
    "results",
    [
        f"{SERVER.upper()} 1; spf=pass smtp.mailfrom=x@y.example; dmarc = pass (p=none) header.from=OPTIK-JENA.example",
        f"{SERVER};\r\n\tdkim=pass header.d=optik-jena.example;\r\n\tdmarc=pass action=none",
        f"(by us) {SERVER} ; dmarc=pass",
    ],
)
def test_the_results_are_read_as_servers_write_them(place, meeting, says, results):
    assert hear(place, says, to=None, raw=from_katrin(results)).outcome == "answered"


def test_who_is_asked_back_is_asked_once_for_each_choice(place, meeting, katrin, says):
    for word in ("ACCEPTED", "ACCEPTED", "DECLINED"):
        hear(place, partstat(says, word), to=None)
    assert [letter.facts["choice"] for letter in people.letters_to(katrin, "ask_back")] == ["yes", "no"]


def test_without_a_token_an_address_nobody_knows_is_made_no_member(place, meeting, says):
    before = session().scalars(select(Member.id)).all()
    raw = from_katrin(author="x@evil.example")
    row = hear(place, partstat(says, "ACCEPTED", "x@evil.example"), to=None, raw=raw)
    assert (row.state, row.outcome, row.member_id) == ("parked", "unclear", None)
    assert session().scalars(select(Member.id)).all() == before


def test_who_cannot_be_asked_waits_for_a_person(place, meeting, katrin, says):
    with db.transaction():
        session().execute(update(Address).where(Address.member_id == katrin.id).values(suppressed_at=clock.now()))
    row = hear(place, says, to=None)
    assert (row.state, row.outcome) == ("parked", "unclear")


# --- Outlook's winmail.dat --------------------------------------------------------------------------------------------


def test_of_a_winmail_class_and_token_are_enough(place, meeting, katrin, says):
    bare = Said("REPLY", "", Attendee("", "DECLINED"), starts_at=meeting.starts_at, source="tnef")
    assert hear(place, bare).outcome == "answered"
    assert standing(meeting, katrin) == ("no", None, 0)
    assert people.kinds_to(katrin) == []


def test_of_a_winmail_the_only_open_meeting_is_meant_if_it_does_not_say(place, meeting, katrin):
    bare = Said("REPLY", "", Attendee("", "ACCEPTED"), source="tnef")
    assert hear(place, bare).outcome == "answered"
    with db.transaction():
        other = people.announced_meeting(people.series("other"), datetime(2026, 3, 19, 8))
        session().add(Rsvp(meeting_id=other.id, member_id=katrin.id, answer="invited"))
    row = hear(place, replace(bare, attendee=Attendee("", "DECLINED")))
    assert (row.state, row.outcome) == ("parked", "unclear")
    assert standing(meeting, katrin)[0] == "yes"


def test_of_a_winmail_from_another_address_the_bearer_is_told(place, meeting, katrin):
    bare = Said("REPLY", meeting.uid, Attendee("", "ACCEPTED"), source="tnef")
    hear(place, bare, raw=b"From: assistenz@optik-jena.example\r\n\r\n")
    assert people.kinds_to(katrin) == ["answered"]


# --- when -------------------------------------------------------------------------------------------------------------


def at(**before: int) -> datetime:
    return clock.now() - timedelta(**before)


def test_an_older_answer_changes_nothing(place, meeting, katrin, says):
    hear(place, replace(says, stamped_at=at(minutes=1)))
    row = hear(place, partstat(says, "DECLINED", stamped_at=at(minutes=2)))
    assert (row.state, row.outcome) == ("taken", "older")
    assert standing(meeting, katrin) == ("yes", "held", 0)
    assert people.kinds_to(katrin) == []


def test_an_answer_in_the_browser_is_newer_than_a_calendars_from_before(place, meeting, katrin, says, clock):
    with db.transaction():
        people.say(session().get_one(Meeting, meeting.id), people.katrin(), "no")
    clock.advance(minutes=10)
    assert hear(place, replace(says, stamped_at=at(minutes=11))).outcome == "older"
    assert hear(place, replace(says, stamped_at=at(minutes=9))).outcome == "answered"


def test_the_same_answer_said_again_later_keeps_what_lies_between_from_counting(place, meeting, katrin, says):
    for word, minutes in (("ACCEPTED", 3), ("ACCEPTED", 1), ("DECLINED", 2)):
        hear(place, partstat(says, word, stamped_at=at(minutes=minutes)))
    assert standing(meeting, katrin) == ("yes", "held", 0)


def test_of_two_of_the_same_moment_the_later_arrival_counts(place, meeting, katrin, says):
    for word in ("ACCEPTED", "DECLINED"):
        assert hear(place, partstat(says, word)).outcome == "answered"
    assert standing(meeting, katrin) == ("no", None, 0)


@pytest.mark.parametrize("stamp", ["future", "last entry", "earlier entry", None])
def test_a_stamp_that_cannot_be_is_no_stamp(place, meeting, katrin, says, stamp):
    """Then Date counts, unless it lies in the future as well, then the arrival."""
    with db.transaction():
        people.say(session().get_one(Meeting, meeting.id), people.katrin(), "no")
        session().execute(update(Rsvp).values(said_at=at(minutes=30)))
        if stamp == "earlier entry":
            session().execute(update(Rsvp).values(stamped_at=at(minutes=40)))
    own_stamp = at(days=1)
    stamps = {"future": at(minutes=-5), "last entry": own_stamp, "earlier entry": own_stamp, None: None}
    said = replace(says, stamped_at=stamps[stamp])
    for minutes, outcome in ((40, "older"), (20, "answered")):
        raw = f"From: {KATRIN}\r\nDate: {at(minutes=minutes):%d %b %Y %H:%M:%S} +0000\r\n\r\n".encode()
        assert hear(place, said, raw=raw).outcome == outcome
    future = f"From: {KATRIN}\r\nDate: {at(minutes=-9):%d %b %Y %H:%M:%S} +0000\r\n\r\n".encode()
    hear(place, replace(said, attendee=Attendee(KATRIN, "TENTATIVE")), raw=future)
    assert (standing(meeting, katrin)[0], own(meeting, katrin).said_at) == ("maybe", clock.now())


def test_an_answer_to_the_old_start_is_taken_and_flagged_until_a_newer_one(place, meeting, katrin, says, clock):
    with db.transaction():
        announcing.move(meeting.id, Change(starts_at=people.berlin(2026, 3, 12, 9)))
    clock.advance(minutes=1)
    assert hear(place, replace(says, sequence=0)).outcome == "answered"
    assert own(meeting, katrin).meant_start == meeting.starts_at
    # What its own DTSTART says counts where no letter bore its SEQUENCE.
    hear(place, replace(says, sequence=None, stamped_at=clock.now - timedelta(seconds=9)))
    assert own(meeting, katrin).meant_start == meeting.starts_at
    hear(place, replace(says, sequence=1, starts_at=people.berlin(2026, 3, 12, 9), stamped_at=clock.now))
    assert own(meeting, katrin).meant_start is None


def test_an_answer_from_before_everybody_was_asked_again_is_older(place, meeting, katrin, says, clock):
    hear(place, says)
    with db.transaction():
        announcing.ask_again(session().get_one(Meeting, meeting.id), until=meeting.answer_until)
    assert hear(place, partstat(says, "TENTATIVE")).outcome == "older"
    clock.advance(minutes=9)
    assert hear(place, partstat(says, "TENTATIVE", stamped_at=clock.now - timedelta(minutes=1))).outcome == "answered"


@hypothesis.settings(
    max_examples=60 if LONG else 10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_in_whatever_order_and_however_often_answers_come_the_newest_stands(place, meeting, katrin, says, data):
    word = st.sampled_from(("ACCEPTED", "DECLINED", "TENTATIVE"))
    given_then = data.draw(st.dictionaries(st.integers(1, 9), word, min_size=1, max_size=4))
    again = data.draw(st.lists(st.sampled_from(sorted(given_then)), max_size=2))
    for minutes in data.draw(st.permutations([*given_then, *again])):
        hear(place, partstat(says, given_then[minutes], stamped_at=at(minutes=minutes)))
    newest = {"ACCEPTED": "yes", "DECLINED": "no", "TENTATIVE": "maybe"}[given_then[min(given_then)]]
    assert standing(meeting, katrin)[0] == newest
    with db.transaction():  # for the next example
        fresh = {
            "answer": "invited",
            "seat": None,
            "said_at": None,
            "answered_at": None,
            "asked_at": None,
            "turn": None,
        }
        session().execute(update(Rsvp).where(Rsvp.member_id == katrin.id).values(**fresh))


# --- what -------------------------------------------------------------------------------------------------------------


def test_a_comment_is_kept_and_guests_stay_as_they_were(place, meeting, katrin, says, clock):
    with db.transaction():
        people.say(session().get_one(Meeting, meeting.id), people.katrin(), "yes", guests=2, comment="Vegetarisch.")
    clock.advance(minutes=5)
    hear(place, partstat(says, "TENTATIVE", stamped_at=at(minutes=1)))
    assert (standing(meeting, katrin), own(meeting, katrin).comment) == (("maybe", None, 2), "Vegetarisch.")
    hear(place, partstat(says, "ACCEPTED", stamped_at=at(seconds=1), comment="Komme später."))
    assert (standing(meeting, katrin), own(meeting, katrin).comment) == (("yes", "held", 2), "Komme später.")


def test_the_same_answer_changes_nothing(place, meeting, katrin, says):
    hear(place, says)
    row = hear(place, replace(says, stamped_at=at(seconds=3)))
    assert (row.outcome, own(meeting, katrin).revision) == ("unchanged", 1)


def test_needs_action_is_no_answer(place, meeting, katrin, says):
    assert hear(place, partstat(says, "NEEDS-ACTION")).outcome == "nothing"
    assert own(meeting, katrin).revision == 0


@pytest.mark.parametrize("word", ["", "X-PERHAPS"])
def test_a_word_nobody_knows_waits_for_a_person(place, says, word):
    row = hear(place, partstat(says, word))
    assert (row.state, row.outcome) == ("parked", "unclear")


def test_a_counter_proposal_is_no_answer_but_a_note_to_the_coordinator(place, meeting, katrin, says):
    proposed = meeting.starts_at + timedelta(hours=1)
    row = hear(place, partstat(says, "TENTATIVE", method="COUNTER", proposed_at=proposed))
    assert (row.state, row.outcome, row.meeting_id) == ("parked", "counter", meeting.id)
    assert row.facts["proposed_at"] == proposed.isoformat()
    assert standing(meeting, katrin) == ("invited", None, 0)


def test_a_delegation_is_a_note_to_the_coordinator(place, meeting, katrin, says):
    attendee = Attendee(KATRIN, "DELEGATED", delegated_to="kollege@optik-jena.example")
    row = hear(place, replace(says, attendee=attendee))
    assert (row.state, row.outcome, row.facts["delegated_to"]) == ("parked", "delegated", "kollege@optik-jena.example")
    assert standing(meeting, katrin) == ("invited", None, 0)


@pytest.mark.parametrize("method", ["REQUEST", "PUBLISH", "CANCEL", "ADD", "DECLINECOUNTER"])
def test_what_is_no_reply_is_left_to_the_other_readers(place, meeting, katrin, says, method):
    assert hear(place, replace(says, method=method)).outcome == "message"
    assert own(meeting, katrin).revision == 0


def test_who_asks_for_the_entry_once_more_has_said_nothing(place, says):
    assert hear(place, replace(says, method="REFRESH")).outcome == "nothing"


def test_several_entries_of_one_mail_count_each_and_have_one_outcome(place, meeting, katrin, says):
    with db.transaction():
        other = people.announced_meeting(people.series("other"), datetime(2026, 3, 19, 8))
        session().add(Rsvp(meeting_id=other.id, member_id=katrin.id, answer="invited"))
        other = facts(other)
    second = replace(partstat(says, "DECLINED"), uid=other.uid, starts_at=other.starts_at)
    row = hear(place, says, second)
    assert (row.state, row.outcome, len(row.facts["all"])) == ("taken", "answered", 2)
    assert (standing(meeting, katrin)[0], standing(other, katrin)[0]) == ("yes", "no")
    row = hear(place, replace(says, stamped_at=at(seconds=9)), replace(second, uid="?"))
    assert (row.state, row.outcome) == ("parked", "unclear")


def test_a_yes_to_a_full_meeting_waits_and_says_so(place, meeting, katrin, says):
    with db.transaction():
        announcing.edit(meeting.id, seats=1)
        people.say(session().get_one(Meeting, meeting.id), people.emma(), "yes")
    row = hear(place, says)
    assert (row.outcome, standing(meeting, katrin)) == ("waiting list", ("yes", "waiting", 0))
    assert people.kinds_to(katrin) == ["waiting"]


# --- what the rules refuse --------------------------------------------------------------------------------------------


def late(meeting, clock) -> None:
    clock.set(meeting.answer_until + timedelta(minutes=5))


def cancelled(meeting, clock) -> None:
    with db.transaction():
        announcing.cancel(meeting.id, reason={})
    clock.advance(minutes=5)


REFUSALS = {
    "late": late,
    "begun": lambda meeting, clock: clock.set(meeting.starts_at + timedelta(minutes=5)),
    "over": lambda meeting, clock: clock.set(meeting.ends_at + timedelta(minutes=5)),
    "cancelled": cancelled,
}


@pytest.mark.parametrize("why", REFUSALS)
def test_what_the_rules_refuse_is_told_with_an_entry_that_sets_the_calendar_right(
    place, meeting, katrin, says, clock, why
):
    REFUSALS[why](meeting, clock)
    row = hear(place, replace(says, stamped_at=at(minutes=1)))
    assert (row.state, row.outcome, row.facts["why"]) == ("taken", "refused", why)
    assert standing(meeting, katrin) == ("invited", None, 0)
    (letter,) = people.letters_to(katrin, "not_taken")
    session().rollback()
    sequence = session().get_one(Meeting, meeting.id).sequence
    assert (letter.facts["why"], own(meeting, katrin).sequence) == (why, sequence + 1)


def test_what_is_refused_again_on_the_same_day_is_told_once(place, meeting, katrin, says, clock):
    late(meeting, clock)
    for seconds in (9, 8, 7):
        hear(place, replace(says, stamped_at=at(seconds=seconds)))
    assert len(people.letters_to(katrin, "not_taken")) == 1
    assert own(meeting, katrin).sequence == 1
    clock.advance(days=1)
    hear(place, replace(says, stamped_at=at(seconds=1)))
    assert len(people.letters_to(katrin, "not_taken")) == 2


def test_a_late_no_is_taken_and_marked_late(place, meeting, katrin, says, clock):
    hear(place, says)
    late(meeting, clock)
    assert hear(place, partstat(says, "DECLINED", stamped_at=at(minutes=1))).outcome == "answered"
    assert own(meeting, katrin).late is True


def test_the_answer_that_stands_is_no_refusal_after_the_deadline(place, meeting, katrin, says, clock):
    hear(place, says)
    clock.set(meeting.starts_at + timedelta(minutes=5))
    assert hear(place, replace(says, stamped_at=at(minutes=1))).outcome == "unchanged"
    assert people.kinds_to(katrin) == []


def test_an_entry_that_is_just_on_its_way_does_not_overtake_the_calendars_answer(place, meeting, katrin, says):
    with db.transaction():
        people.say(session().get_one(Meeting, meeting.id), people.katrin(), "yes")
        session().execute(update(Letter).where(Letter.kind == "confirm").values(state="claimed"))
        session().execute(update(Rsvp).values(said_at=at(minutes=9)))
    hear(place, partstat(says, "TENTATIVE"))
    assert people.kinds_to(katrin) == ["confirm"]
