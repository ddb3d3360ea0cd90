"""Two rows become one: who may be meant twice, what goes over, which answer wins, and that seats stay exact."""

import pytest
from sqlalchemy import select

from asanokai import (
    consents,
    deputies,
    devices,
    history,
    intake,
    law,
    letters,
    members,
    merging,
    proposals,
    topics,
    views,
)
from asanokai import series as series_rules
from asanokai.copies import Copy
from asanokai.db import Base, session, transaction
from asanokai.erasing import Erasure
from asanokai.errors import Refused
from asanokai.journal import Entry
from asanokai.members import Address, AddressChange, Application, Member, Mute
from asanokai.merging import Merger
from asanokai.outside import OutsideIdentity
from asanokai.passkeys import Passkey
from asanokai.proposals import Words
from asanokai.retention import Nobody, Run
from asanokai.rsvps import Rsvp, standing
from asanokai.rsvps.passing import SeatNote
from asanokai.topics import SpeakerText
from asanokai.writing import draft
from tests import people
from tests.pages import statements
from tests.people import announced_meeting, say, seats


@pytest.fixture(autouse=True)
def writing(app, clock):
    with transaction():
        yield


def twin(**person) -> Member:
    """Katrin once more, from another office's list."""
    usual = {"family": "Lindner", "given": "Katrin", "organisation": "Optik Jena", "language": "en"}
    return members.add("k.lindner@privat.example", **{**usual, **person})


def merge(one: Member, other: Member, **choice: str) -> Member:
    return merging.merge(one.id, other.id, choice, actor_id=people.ludwig().id)


def addresses(member: Member) -> list[tuple[str, str]]:
    rows = session().scalars(select(Address).where(Address.member_id == member.id).order_by(Address.id))
    return [(row.normal, row.kind) for row in rows]


# --- who may be meant twice -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "because"),
    [
        ({"family": "Müller", "given": "Änne"}, {"family": "MULLER", "given": "Anne"}, "the same name"),
        (
            {"family": "Sato", "given": "A.", "family_ja": "佐藤", "given_ja": "明子"},
            {"family": "Satoh", "given": "Akiko", "family_ja": "佐藤", "given_ja": "明子"},
            "the same name in Japanese script",
        ),
        (
            {"family_ja": "渡辺", "given_ja": "陽一", "family_kana": "ワタナベ", "given_kana": "ヨウイチ"},
            {"family_ja": "渡邊", "given_ja": "陽一", "family_kana": "わたなべ", "given_kana": "よういち"},
            "the same reading",
        ),
    ],
)
def test_a_pair_shares_a_name_in_one_script_or_the_reading(one, other, because):
    first, second = members.add("eins@jena.example", **one), members.add("zwei@jena.example", **other)
    assert [(pair.one_id, pair.two_id, pair.because) for pair in merging.likely()] == [(first.id, second.id, because)]


def test_half_a_name_makes_no_pair_and_neither_does_an_erased_row():
    members.add("eins@jena.example", family="Lindner")
    members.add("zwei@jena.example", family="Lindner")
    gone, there = twin(), people.katrin()
    gone.standing = "erased"
    session().flush()
    assert (merging.likely(), there.standing) == ([], "accepted")


def test_pairs_of_one_organisation_come_first():
    for number, place in enumerate(("A", "B", "C", "C")):
        members.add(
            f"m{number}@jena.example", family="Meier" if place != "C" else "Vogt", given="Ida", organisation=place
        )
    assert [pair.same_organisation for pair in merging.likely()] == [True, False]


def test_finding_pairs_is_one_statement_for_few_and_many():
    counts = []
    for more in (2, 30):
        people.crowd(more, family="Gleich", given="Name")
        session().flush()
        with statements() as asked:
            merging.likely()
        counts.append(len(asked))
    assert counts == [1, 1]


# --- what goes over ---------------------------------------------------------------------------------------------------


def test_fields_are_chosen_one_by_one_and_the_kept_row_is_found_by_them():
    katrin, other = people.katrin(), twin(position="Geschäftsführerin")
    merge(katrin, other, position="other", email="other")
    assert (katrin.position, katrin.title, katrin.language) == ("Geschäftsführerin", "Dr.", "de")
    assert addresses(katrin) == [("katrin.lindner@optik-jena.example", "also"), ("k.lindner@privat.example", "main")]
    assert "k.lindner@privat.example" in katrin.sought


def test_the_other_row_is_empty_and_says_where_it_went(clock):
    katrin, other = people.katrin(), twin()
    secret, number = other.calendar_secret, other.id
    _device, cookie = devices.begin(number, by="link", name="")
    merge(katrin, other)
    assert (other.standing, other.family, other.given, other.organisation_id, other.sought) == (
        "erased",
        "",
        "",
        None,
        "",
    )
    assert (other.calendar_secret == secret, devices.holds(cookie)) == (False, False)
    row = session().scalars(select(Merger)).one()
    assert (row.member_id, row.kept_id, row.at) == (number, katrin.id, clock.now)
    assert (merging.kept(number), merging.kept(katrin.id)) == (katrin.id, katrin.id)


def test_what_was_merged_twice_leads_to_the_last():
    katrin, first, second = people.katrin(), twin(), members.add("k3@jena.example", family="Lindner", given="K.")
    merge(first, second)
    merge(katrin, first)
    assert merging.kept(second.id) == katrin.id


def test_belongings_are_joined_as_old_as_the_older(clock):
    series, other_series = people.series(), people.event()
    other = twin()
    people.belong(series, other)
    began = clock.now
    clock.advance(days=5)
    katrin = people.katrin()
    people.belong(series, katrin)
    people.coordinate(other_series, other)
    session().flush()
    merge(katrin, other)
    assert series_rules.roles_of(katrin.id) == {(series.id, "member"), (other_series.id, "coordinator")}
    since = session().scalar(
        select(series_rules.Belonging.since).where(
            series_rules.Belonging.member_id == katrin.id, series_rules.Belonging.series_id == series.id
        )
    )
    assert since == began
    assert series_rules.roles_of(other.id) == set()


def test_letters_and_the_journal_go_over():
    katrin, other = people.katrin(), twin()
    letters.post("sign_in", "x", member_id=other.id)
    members.unsubscribe(other)
    session().flush()
    merge(katrin, other)
    assert [letter.key for letter in people.letters_to(katrin)] == ["x"]
    assert katrin.unsubscribed_at is not None


def test_the_journal_stays_as_it_was_and_is_told_of_the_row_that_is_kept():
    katrin, other = people.katrin(), twin()
    members.unsubscribe(other)
    said = select(Entry.id, Entry.actor_id, Entry.object_id, Entry.member_id)
    before = session().execute(said.order_by(Entry.id)).all()
    merge(katrin, other)
    assert session().execute(said.where(Entry.id <= before[-1].id).order_by(Entry.id)).all() == before
    told = [
        (line.entry.verb, line.actor and line.actor.id, line.member and line.member.id)
        for line in history.of_member(katrin.id, series_ids=None).lines
        if line.entry.member_id == other.id
    ]
    assert told == [("unsubscribe", katrin.id, katrin.id), ("add", None, katrin.id)]


# --- answers and seats ------------------------------------------------------------------------------------------------


def test_an_answer_only_the_other_gave_goes_over():
    other = twin()
    meeting = announced_meeting(people=[people.katrin(), other])
    say(meeting, other, "yes", guests=1)
    merge(people.katrin(), other)
    assert seats(meeting) == {people.katrin().id: ("yes", "held", 1)}


@pytest.mark.parametrize(
    ("first", "second", "wins"), [("yes", "no", "no"), ("no", "yes", "yes"), ("maybe", "no", "no")]
)
def test_the_more_recent_answer_wins_whoever_gave_it(clock, first, second, wins):
    katrin, other = people.katrin(), twin()
    for order in ((katrin, other), (other, katrin)):
        meeting = announced_meeting(people.series(f"serie{order[0].id}"), people=[katrin, other])
        say(meeting, order[0], first)
        clock.advance(minutes=5)
        say(meeting, order[1], second)
    merge(katrin, other)
    assert {(rsvp.member_id, rsvp.answer) for rsvp in session().scalars(select(Rsvp))} == {(katrin.id, wins)}


def test_silence_never_wins(clock):
    katrin, other = people.katrin(), twin()
    meeting = announced_meeting(people=[katrin, other])
    say(meeting, other, "yes")
    clock.set(people.berlin(2026, 2, 20, 12))
    people.plan()
    merge(katrin, other)
    assert seats(meeting) == {katrin.id: ("yes", "held", 0)}


def test_a_seat_held_twice_goes_to_who_waits(clock):
    katrin, other = people.katrin(), twin()
    meeting = announced_meeting(people=[katrin, other, people.kenji()], seats=2)
    for who in (katrin, other, people.kenji()):
        say(meeting, who, "yes")
    assert seats(meeting)[people.kenji().id][1] == "waiting"
    merge(katrin, other)
    assert seats(meeting) == {katrin.id: ("yes", "held", 0), people.kenji().id: ("yes", "held", 0)}
    assert people.kinds_to(people.kenji())[-1] == "seat"


def test_applications_go_over():
    katrin, other = people.katrin(), twin()
    session().add(Application(member_id=other.id, series_id=people.series().id, applied_at=katrin.created_at))
    session().flush()
    merge(katrin, other)
    assert list(session().scalars(select(Application.member_id))) == [katrin.id]


def test_nothing_refers_to_the_other_row_any_more():
    katrin, other = people.katrin(), twin()
    meeting = announced_meeting(people=[katrin, other])
    say(meeting, other, "yes")
    merge(katrin, other)
    left = {
        f"{column.table.name}.{column.name}"
        for column in merging._references(Member.__table__)
        if session().scalar(select(column).where(column == other.id).limit(1)) is not None
    }
    assert left == set()


STAYS = {
    "merger.member_id": "says which row was given up",
    "journal.actor_id": "says who did it then; history follows the merger",
    "merger.kept_id": "is followed from one merger to the next",
    "device.member_id": "ends: whoever has it signs in anew",
}
"""Columns that name a member and are not passed on, and why."""


def naming_a_member() -> set[str]:
    """Every column of every table that refers to a member's row."""
    member = Base.metadata.tables["member"]
    return {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if any(key.column.table is member for key in column.foreign_keys)
    }


def holding(number: int) -> set[str]:
    """The columns in which the number of a member stands."""
    columns = (name.split(".") for name in naming_a_member())
    return {
        f"{table}.{name}"
        for table, name in columns
        if session().scalar(
            select(Base.metadata.tables[table].c[name]).where(Base.metadata.tables[table].c[name] == number).limit(1)
        )
        is not None
    }


def test_whatever_names_a_member_is_passed_on_or_stays_for_a_reason(clock):
    katrin, other, emma = people.katrin(), twin(), people.emma()
    series = people.series()
    meeting = announced_meeting(series, people=[other, emma])
    people.coordinate(series, other)
    rsvp = say(meeting, other, "yes")
    standing.come_normally(series.id, other.id)
    made = proposals.propose(series, other.id, Words({"de": "Licht"}))
    topics.post(meeting, {"de": "Glas"}, speakers=[SpeakerText(family="Lindner", member_id=other.id)])
    views.save(other, "Stille", {}, series_id=series.id)
    for who, by in ((other, emma), (emma, other)):
        deputies.agree(by, deputies.name(who, members.main_address(by).text, "deputy").id)
    text = ({"de": "Worte"}, {"de": "Worte"})
    draft(meeting.id, kind="own", audience="all", subject=text[0], words=text[1], due_at=None, actor_id=other.id)
    application = Application(
        member_id=other.id, inviter_id=other.id, decided_by_id=other.id, series_id=series.id, applied_at=clock.now
    )
    law.note(actor_id=other.id)
    consents.give(other.id, "name", consents.Said("Ich willige ein.", "2026-11", "de", None))
    note = SeatNote(rsvp_id=rsvp.id, other_id=other.id, actor_id=other.id, reason="", at=clock.now)
    key = Passkey(member_id=other.id, credential_id=b"x", public_key=b"x", handle=b"x", name="x", created_at=clock.now)
    session().add_all([key, OutsideIdentity(member_id=other.id, issuer="x", subject="x", created_at=clock.now)])
    letters.post("sign_in", "x", member_id=other.id)
    came = intake.Incoming(
        digest="x", raw_hash="x", size=1, way="file", came_at=clock.now, due_at=clock.now, member_id=other.id
    )
    came.settled_by_id = other.id
    devices.begin(other.id, by="link", name="")
    moved = AddressChange(member_id=other.id, before="x@x.example", after="y@x.example", newly=True, asked_at=clock.now)
    gone = Erasure(member_id=other.id, why="self", keep_texts=False, asked_at=clock.now, done_at=clock.now)
    session().add(Copy(member_id=other.id, asked_by_id=other.id, asked_at=clock.now, total=1, ready_at=clock.now))
    session().add_all([Nobody(place=0, member_id=other.id), Run(began_at=clock.now, by_id=other.id)])
    session().add_all([application, note, came, moved, gone, Mute(member_id=other.id, kind="thanks")])
    session().flush()
    assert holding(other.id) - set(STAYS) == naming_a_member() - set(STAYS)
    merge(katrin, other)
    assert holding(other.id) == {"merger.member_id", "journal.actor_id"}
    assert holding(katrin.id) >= naming_a_member() - set(STAYS)
    assert (made.member_id, note.other_id, note.actor_id) == (katrin.id,) * 3


# --- refused ----------------------------------------------------------------------------------------------------------


def test_a_row_is_not_merged_with_itself_nor_twice():
    katrin, other = people.katrin(), twin()
    with pytest.raises(Refused):
        merge(katrin, katrin)
    merge(katrin, other)
    for pair in ((katrin, other), (other, katrin)):
        with pytest.raises(Refused):
            merge(*pair)
