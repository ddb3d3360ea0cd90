"""One deed for many: who it would touch, who is left out and why, and what it does to each."""

import pytest
from sqlalchemy import select

from asanokai import bulk, members
from asanokai import series as series_rules
from asanokai.bulk import Deed
from asanokai.db import session, transaction
from asanokai.errors import BadInput
from asanokai.journal import Entry
from tests import people
from tests.pages import statements


@pytest.fixture(autouse=True)
def writing(app, clock):
    with transaction():
        yield


@pytest.fixture
def series():
    made = people.series()
    people.belong(made, people.katrin(), people.kenji())
    people.coordinate(made, people.akiko())
    return made


def everyone() -> list[int]:
    return [who().id for who in (people.katrin, people.kenji, people.akiko, people.emma, people.juergen)]


def said(plan: bulk.Plan) -> tuple[list[str], dict[str, list[str]]]:
    return (
        [entry.member.family for entry in plan.doing],
        {reason: [entry.member.family for entry in entries] for reason, entries in plan.left_out.items()},
    )


def test_inviting_leaves_out_who_belongs_and_who_is_no_member(series):
    plan = bulk.look(Deed("invite", str(series.id)), everyone(), series=None)
    assert said(plan) == (
        ["Sato", "Whitfield"],
        {bulk.BELONGS: ["Lindner", "Yamada"], bulk.NOT_ACCEPTED: ["Brandt"]},
    )
    assert bulk.do(plan, actor_id=people.ludwig().id) == 2
    assert series_rules.member_ids(series) == {
        who().id for who in (people.katrin, people.kenji, people.akiko, people.emma)
    }


def test_ending_leaves_out_who_does_not_belong_as_a_member(series):
    plan = bulk.look(Deed("part", str(series.id)), everyone(), series=series)
    assert said(plan) == (["Lindner", "Yamada"], {bulk.BELONGS_NOT: ["Sato", "Whitfield", "Brandt"]})
    bulk.do(plan, actor_id=people.akiko().id)
    assert (series_rules.member_ids(series), series_rules.belongs(series.id, people.akiko().id, "coordinator")) == (
        set(),
        True,
    )


def test_setting_a_language_leaves_out_who_has_it():
    plan = bulk.look(Deed("language", "de"), everyone(), series=None)
    assert said(plan) == (["Yamada", "Sato", "Whitfield"], {bulk.HAS_IT: ["Lindner", "Brandt"]})
    bulk.do(plan, actor_id=people.ludwig().id)
    assert [people.kenji().language, people.emma().language] == ["de", "de"]


def test_a_sign_in_letter_goes_to_members_whom_letters_reach(clock):
    people.member(None, family="Ohne")
    address = members.main_address(people.emma())
    address.suppressed_at = clock.now
    session().flush()
    without = session().scalars(select(members.Member.id).where(members.Member.family == "Ohne")).one()
    plan = bulk.look(Deed("letter"), [*everyone(), without], series=None)
    assert said(plan) == (
        ["Lindner", "Yamada", "Sato"],
        {bulk.NO_ADDRESS: ["Whitfield", "Ohne"], bulk.NOT_ACCEPTED: ["Brandt"]},
    )
    bulk.do(plan, actor_id=people.ludwig().id)
    assert [people.kinds_to(who()) for who in (people.katrin, people.emma, people.juergen)] == [["sign_in"], [], []]


def test_each_of_many_is_noted_by_itself():
    plan = bulk.look(Deed("language", "en"), everyone(), series=None)
    bulk.do(plan, actor_id=people.ludwig().id)
    rows = session().execute(select(Entry.object_id, Entry.actor_id).where(Entry.verb == "change"))
    assert [tuple(row) for row in rows] == [(entry.member.id, people.ludwig().id) for entry in plan.doing]


def test_looking_takes_as_many_statements_for_many_as_for_one(series):
    counts = []
    for size in (1, 3, 40):
        numbers = [member.id for member in people.crowd(size)]
        session().flush()
        with statements() as asked:
            bulk.look(Deed("invite", str(series.id)), numbers, series=None)
        counts.append(len(asked))
    assert counts[0] == counts[1] == counts[2]


def test_the_seal_changes_with_the_people_and_the_deed():
    one, two = everyone()[:2]
    seals = [
        bulk.look(deed, numbers, series=None).seal
        for deed in (Deed("language", "en"), Deed("letter"))
        for numbers in ([one], [one, two], [one])
    ]
    assert (seals[0] == seals[2], seals[3] == seals[5], len(set(seals))) == (True, True, 4)


@pytest.mark.parametrize(
    "typed", ["", "nothing", "invite", "invite:", "invite:x", "language:fr", "letter:1", "csv:csv"]
)
def test_what_is_no_deed_is_refused(typed):
    with pytest.raises(BadInput):
        Deed.read(typed)


@pytest.mark.parametrize("typed", ["invite:7", "part:7", "language:ja", "letter", "csv", "semicolon", "xlsx"])
def test_a_deed_reads_as_it_is_written(typed):
    assert str(Deed.read(typed)) == typed
