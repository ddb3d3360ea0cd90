"""Deletion: what goes, what stays, when it happens, and that no column is forgotten."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import JSON, LargeBinary, String, select, text

from asanokai import (
    applying,
    clock,
    deputies,
    erased,
    erasing,
    guests,
    intake,
    leaving,
    letters,
    members,
    proposals,
    questions,
    speakers,
    topics,
    uploads,
)
from asanokai import series as series_rules
from asanokai.backup import afterwards
from asanokai.db import Base, session, transaction
from asanokai.erasing import NOTHING, NUMBERS, RULES, Erasure
from asanokai.errors import Refused
from asanokai.letters import Letter
from asanokai.members import Address, Application, Member
from asanokai.merging import Merger
from asanokai.proposals import Proposal, Words
from asanokai.questions import ReplyCount
from asanokai.rsvps import Rsvp
from asanokai.rsvps.passing import SeatNote
from asanokai.speakers import PersonText, Reach
from asanokai.topics import SpeakerText, Topic
from tests import people, world
from tests.people import announced_meeting, say, seats

WORD = "zebrastreifen"
"""Stands in everything that Zoe wrote or that was written of her, and in nothing else."""


@pytest.fixture(autouse=True)
def writing(app, clock):
    with transaction():
        yield


def zoe() -> Member:
    return members.add(
        f"zoe.{WORD}@{WORD}.example",
        verified=True,
        salutation="frau",
        title=f"Dr. {WORD}",
        family=WORD.title(),
        given=f"Zoe {WORD}",
        family_ja=f"縞馬{WORD}",
        given_ja=f"ぞえ{WORD}",
        family_kana=f"しまうま{WORD}",
        given_kana=WORD,
        organisation=f"Werk {WORD}",
        position=f"Leiterin {WORD}",
        zone="Asia/Tokyo",
    )


def erase(member: Member, **more: Any) -> None:
    """Ask for it, and let the worker's step come when every letter has gone."""
    erasing.ask(member, why="self", actor_id=member.id, **more)
    people.send_all()
    session().execute(text("UPDATE letter SET state = 'dropped' WHERE state = 'queued'"))
    assert erasing.step() == 1


# --- no column is forgotten -------------------------------------------------------------------------------------------


def wordy() -> Iterator[str]:
    """Every column of every table that could hold words, facts or bytes."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, String | JSON | LargeBinary):
                yield f"{table.name}.{column.name}"


def ruled() -> set[str]:
    """The columns that a rule empties, or whose row it deletes."""
    found = set()
    for rule in RULES:
        table = rule.table.__table__
        columns = table.columns.keys() if rule.becomes is None else rule.becomes
        found |= {f"{table.name}.{name}" for name in columns}
    return found


def is_nothing(column: str) -> bool:
    return column in NOTHING or f"{column.partition('.')[0]}.*" in NOTHING


def test_every_column_of_words_or_bytes_is_emptied_or_holds_nothing_of_a_person_for_a_reason():
    forgotten = [column for column in wordy() if column not in ruled() and not is_nothing(column)]
    assert forgotten == [], "say in erasing/rules.py what becomes of it, or why there is nothing of a person in it"


def test_no_reason_is_given_for_what_is_not_there_or_is_emptied_anyway():
    there, deleted = set(wordy()), ruled()
    idle = {
        name
        for name in NOTHING
        if (name.endswith(".*") and not any(column.startswith(name[:-1]) for column in there))
        or (not name.endswith(".*") and name not in there)
    }
    assert idle == set()
    assert all(NOTHING.values())
    assert {name for name in NOTHING if name in deleted} <= {"application.state", "application.answer"} | {
        name for name in NOTHING if name.split(".")[0] in ("application", "proposal", "address", "pack", "incoming")
    }


def test_every_table_that_names_a_member_is_known():
    member = Base.metadata.tables["member"]
    naming = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(key.column.table is member for column in table.columns for key in column.foreign_keys)
    }
    known = {rule.table.__tablename__ for rule in RULES} | set(NUMBERS)
    assert naming - known == set()


# --- what goes --------------------------------------------------------------------------------------------------------


def everywhere(word: str) -> list[str]:
    """The columns of the whole database in which a word stands, in any case, also in facts and bytes."""
    found = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            values = session().execute(select(column)).scalars()
            if any(word.lower() in _as_words(value).lower() for value in values):
                found.append(f"{table.name}.{column.name}")
    return found


def _as_words(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else repr(value)


def fill_everything() -> tuple[Member, Any]:
    """Zoe does everything one can do here, and leaves her word everywhere."""
    zoe_, katrin, series = zoe(), people.katrin(), people.series(guests_allowed=3)
    food = questions.add({"de": "Essen?"}, "food", series_id=series.id)
    at = announced_meeting(series, people=[zoe_, katrin, people.emma()])
    people.plan()
    rsvp = say(at, zoe_, "yes", guests=2, comment=f"Ich bringe {WORD}")
    say(at, katrin, "yes")
    guests.name(rsvp, [(WORD, WORD), (f"Herr {WORD}", "")])
    questions.record(rsvp, {food.id: f"allergisch gegen {WORD}"}, {})
    session().add(SeatNote(rsvp_id=rsvp.id, reason=f"weil {WORD}", at=clock.now()))
    series_rules.join(series, zoe_, "coordinator")
    deputies.name(zoe_, f"vertretung@{WORD}.example", "deputy")
    deputies.name(katrin, f"zoe.{WORD}@{WORD}.example", "deputy")
    proposals.propose(series, zoe_.id, Words({"de": f"Thema {WORD}"}, {"de": WORD}, speaker_hint=WORD))
    chosen = proposals.propose(series, zoe_.id, Words({"de": "Quarz"}, {"de": f"Von {WORD}"}, speaker_hint=WORD))
    proposals.choose(series, chosen.id, at.id, actor_id=None)
    about = topics.post(at, {"de": "Glas"}, speakers=[SpeakerText(family=WORD, given_ja=WORD, member_id=zoe_.id)])
    topics.describe(at, about.id, {"de": f"Was {WORD} meint"})
    row = speakers.reach_speaker(at, topics.by_id(at, about.id).speakers[0].id, Reach(f"zoe.{WORD}@{WORD}.example"))
    uploads.add_document(at, "slides", f"{WORD}.pdf", f"%PDF-1.7 {WORD}".encode(), field="s", contributor_id=row.id)
    speakers.answer(row, at, comes=True, word=f"Gern, {WORD}")
    speakers.name_host(at, PersonText({"family": WORD}, organisation={"de": WORD}), Reach(f"zoe.{WORD}@{WORD}.example"))
    asked = applying.apply(
        {"family": WORD.title(), "given": WORD, "language": "de"},
        f"zoe.{WORD}@{WORD}.example",
        series_id=series.id,
        message=f"Bitte, {WORD}",
        consent_text="Ich bin einverstanden.",
        consent_version="2026-11",
        from_address=f"192.0.2.7 {WORD}",
    )
    asked.state, asked.confirmed_at, asked.nonce_hash = "approved", clock.now(), WORD
    letters.post("reply", "r1", member_id=zoe_.id, facts={"words": f"Liebe {WORD}", "mail": 7})
    letters.post("test", "r2", address=f"zoe.{WORD}@{WORD}.example")
    session().flush()
    letter = people.letters_to(zoe_)[0]
    letter.server_words, letter.address = f"550 {WORD}", f"Zoe.{WORD}@{WORD}.example"
    letters.note([letter.id], "refused", f"550 {WORD}")
    session().add(
        members.Bounce(address_id=members.main_address(zoe_).id, sort="full", status="4", words=WORD, at=clock.now())
    )
    for number, whose in enumerate(
        ({"member_id": zoe_.id}, {"author": f"zoe.{WORD}@{WORD}.example"}, {"letter_id": letter.id})
    ):
        came = intake.Incoming(
            digest=f"d{number}", raw_hash="x", size=1, way="file", came_at=clock.now(), due_at=clock.now()
        )
        for name, value in whose.items():
            setattr(came, name, value)
        came.raw, came.subject, came.sender = f"From: {WORD}".encode(), WORD, f"zoe.{WORD}@{WORD}.example"
        came.facts, came.reason, came.recipient, came.state = {"from": WORD}, WORD, WORD, "settled"
        session().add(came)
    session().flush()
    return zoe_, at


def test_nothing_of_a_person_is_left_in_any_column_of_any_table():
    zoe_, at = fill_everything()
    before = everywhere(WORD)
    assert len(before) > 40
    held = {number: seat for number, seat in seats(at).items()}
    counted = questions.counts(at.id)
    erase(zoe_)
    assert everywhere(WORD) == []
    assert everywhere("縞馬") == []
    # What was coming is not counted any more since she left; nobody else's answer has changed.
    assert seats(at) == {**held, zoe_.id: ("no", None, 0)}
    assert len(counted) == len(questions.counts(at.id))


def test_nothing_is_left_after_a_backup_with_the_person_was_restored_and_the_list_replayed():
    zoe_, _at = fill_everything()
    erased.write_down(zoe_.id, zoe_.created_at, [f"zoe.{WORD}@{WORD}.example"])
    assert afterwards.erase_again(erased.the_list().read()) == 1
    assert everywhere(WORD) == []


def test_the_row_becomes_one_that_stands_for_nobody():
    one = zoe()
    secret, number, joined = one.calendar_secret, one.id, one.created_at
    erase(one)
    row = session().get_one(Member, number)
    said = {name: getattr(row, name) for name in (*members.NAMES, "salutation", "sought", "filed")}
    assert set(said.values()) == {""}
    assert (row.standing, row.organisation_id, row.administrator, row.zone) == ("erased", None, False, "Europe/Berlin")
    assert (row.calendar_secret != secret, row.created_at, row.joined_at) == (True, joined, None)
    assert list(session().scalars(select(Address).where(Address.member_id == number))) == []


# --- what stays -------------------------------------------------------------------------------------------------------


def test_that_somebody_came_and_what_was_eaten_is_counted_on(clock):
    one, series = zoe(), people.series()
    food = questions.add({"de": "Essen?"}, "food", series_id=series.id, choices=[{"de": "Alles"}, {"de": "Vegan"}])
    why = questions.add({"de": "Warum?"}, "text", series_id=series.id)
    at = announced_meeting(series, people=[one, people.katrin()])
    for who, said in ((one, "1"), (people.katrin(), "1")):
        rsvp = say(at, who, "yes")
        questions.record(rsvp, {food.id: said, why.id: f"weil {WORD}"}, {})
    before = {question.id: dict(numbers) for question, numbers in questions.counts(at.id)}
    clock.set(people.berlin(2026, 3, 12, 11))
    erase(one)
    after = {question.id: dict(numbers) for question, numbers in questions.counts(at.id)}
    assert before == {food.id: {"1": 2}, why.id: {f"weil {WORD}": 2}}
    assert after == {food.id: {"1": 2}, why.id: {f"weil {WORD}": 1, "": 1}}
    assert seats(at)[one.id] == ("yes", "held", 0)


def test_two_who_said_the_same_are_counted_under_one_number(clock):
    one, other, series = zoe(), people.katrin(), people.series()
    food = questions.add({"de": "Essen?"}, "food", series_id=series.id, choices=[{"de": "Alles"}, {"de": "Vegan"}])
    at = announced_meeting(series, people=[one, other])
    for who in (one, other):
        questions.record(say(at, who, "yes"), {food.id: "0"}, {})
    clock.set(people.berlin(2026, 3, 12, 11))
    erase(one)
    erase(other)
    rows = session().scalars(select(ReplyCount)).all()
    assert [(row.question_id, row.meeting_id, row.value, row.people) for row in rows] == [(food.id, at.id, "0", 2)]


def test_of_consent_the_version_and_the_moments_stay():
    one, series = zoe(), people.series()
    asked = applying.apply(
        {"family": WORD}, f"zoe.{WORD}@{WORD}.example", series_id=series.id, message=WORD, **world.CONSENT
    )
    asked.state, asked.confirmed_at = "approved", clock.now()
    erase(one)
    row = session().scalars(select(Application)).one()
    kept = (row.consent_version, row.applied_at, row.confirmed_at, row.message, row.person, row.applied_from)
    assert kept == ("2026-11", clock.now(), clock.now(), "", None, None)


@pytest.mark.parametrize(("keep", "left"), [(True, "Von mir"), (False, None)])
def test_what_was_proposed_stays_without_the_name_only_if_its_author_wants_it(keep, left):
    one, series = zoe(), people.series()
    mine = proposals.propose(series, one.id, Words({"de": "Quarz"}, {"de": "Von mir"}, speaker_hint=WORD))
    erase(one, keep_texts=keep)
    row = session().get_one(Proposal, mine.id, populate_existing=True)
    assert (row.abstract or {}).get("de") == left
    assert (row.title, row.state, row.speaker_hint) == ({"de": "Quarz"}, "open", "") if keep else ({}, "withdrawn", "")


def test_a_topic_two_spoke_on_keeps_its_abstract_and_the_other_speaker():
    one = zoe()
    at = announced_meeting(people=[one])
    talk = topics.post(
        at, {"de": "Glas"}, speakers=[SpeakerText(family=WORD, member_id=one.id), SpeakerText(family="Ito")]
    )
    topics.describe(at, talk.id, {"de": "Gemeinsam"})
    erase(one)
    (found,) = topics.of(at)
    assert ([speaker.family for speaker in found.speakers], found.abstract) == (["Ito"], {"de": "Gemeinsam"})
    assert "ito" in (session().scalar(select(Topic.sought)) or "")


def test_an_organisation_others_work_for_stays():
    one = zoe()
    people.member(organisation=f"Werk {WORD}")
    erase(one)
    assert everywhere(WORD) == ["organisation.name", "organisation.normal", "member.sought"]


# --- when -------------------------------------------------------------------------------------------------------------


def invited(one: Member):
    """A meeting that stands in somebody's calendar."""
    at = announced_meeting(people=[one])
    say(at, one, "yes")
    people.plan()
    people.send_all()
    session().execute(text("UPDATE rsvp SET stamped_at = answered_at"))
    session().expire_all()
    return at


def test_the_address_is_kept_until_the_cancellations_have_gone(clock):
    one = zoe()
    invited(one)
    erasing.ask(one, why="self", actor_id=one.id)
    assert (one.standing, people.kinds_to(one)) == ("left", ["parted"])
    assert (erasing.step(), members.main_address(one) is not None) == (0, True)
    people.send_all()
    assert (erasing.step(), members.main_address(one)) == (1, None)


def test_letters_that_will_not_go_are_waited_for_three_days(clock):
    one = zoe()
    invited(one)
    erasing.ask(one, why="self", actor_id=one.id)
    clock.advance(days=2, hours=23)
    assert erasing.step() == 0
    clock.advance(hours=2)
    assert erasing.step() == 1
    states = session().scalars(select(Letter.state).where(Letter.kind == "parted"))
    assert list(states) == ["dropped"]


def test_who_comes_back_meanwhile_is_not_erased():
    one = zoe()
    erasing.ask(one, why="self", actor_id=one.id)
    one.standing = "confirmed"  # by the link of an application of their own
    session().flush()
    assert (erasing.step(), one.standing, erasing.pending(one.id)) == (0, "confirmed", None)


def test_asking_twice_is_asking_once():
    one = zoe()
    first = erasing.ask(one, why="self", actor_id=one.id)
    assert erasing.ask(one, why="administrator", actor_id=people.ludwig().id).id == first.id
    assert len(session().scalars(select(Erasure)).all()) == 1


def test_the_last_administrator_cannot_be_erased():
    with pytest.raises(Refused):
        erasing.ask(people.ludwig(), why="self", actor_id=people.ludwig().id)
    assert people.ludwig().standing == "accepted"


def test_who_left_or_only_applied_can_be_erased_and_an_empty_row_cannot():
    gone = people.juergen()
    asks = applying.apply({"family": "Neu"}, "neu@jena.example", series_id=people.series().id, **world.CONSENT)
    asking = session().get_one(Member, asks.member_id)
    for one in (gone, asking):
        erase(one)
        assert (one.standing, one.family) == ("erased", "")
        with pytest.raises(Refused):
            erasing.ask(one, why="administrator", actor_id=None)
    assert list(session().scalars(select(Application))) == []


def test_a_row_that_was_merged_into_somebody_is_left_as_it_is():
    one, other = zoe(), people.member()
    session().add(Merger(member_id=other.id, kept_id=one.id, at=clock.now()))
    erase(one)
    assert session().scalar(select(Merger.kept_id)) == one.id


def test_others_rows_stay_as_they_are():
    one, _at = fill_everything()
    mine = select(Member.family, Member.sought).where(Member.id == people.katrin().id)
    before = (session().execute(mine).one(), len(people.letters_to(people.katrin())))
    leaving.look(one)
    erase(one)
    assert (session().execute(mine).one(), len(people.letters_to(people.katrin()))) == before
    assert session().scalar(select(Rsvp.answer).where(Rsvp.member_id == people.katrin().id)) == "yes"
