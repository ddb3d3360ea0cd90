"""Verifying: whatever is done to a sealed journal behind the program's back is found, and said in plain words."""

import json

import pytest
from sqlalchemy import text

from asanokai import db, journal, seals
from asanokai.errors import Refused
from asanokai.seals import Keys, Sealer
from tests import people

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

STRANGER = Keys(["a secret of somebody else's, long enough"])

TRIGGERS = (
    "journal_unaltered",
    "journal_kept",
    "journal_seal_unaltered",
    "journal_seal_kept",
    "journal_aside_unaltered",
)


@pytest.fixture(autouse=True)
def sealed(app, clock) -> None:
    """Entries 1 and 2 under seal 1, the second with something aside; 3 and 4 under seal 2; 6 under seal 3, while 5 was
    taken back; 7 has no seal yet."""
    sealer = Sealer()
    with db.transaction() as writing:
        katrin = people.katrin().id
        writing.flush()
        journal.write("leave", "member", katrin, actor_id=katrin, said="Umzug")
    sealer.step()
    with db.transaction() as writing:
        for answer in ("yes", "no"):
            journal.write("answer", "rsvp", 7, actor_id=katrin, meeting=3, member=katrin, series=4, answer=answer)
    sealer.step()
    with db.transaction() as writing:
        writing.execute(text("INSERT INTO journal (id, at, verb, object) VALUES (6, '2026-02-01 09:00:00', 'x', 'y')"))
    sealer.step()
    with db.transaction():
        journal.write("announce", "meeting", 3)


def after(*statements: str) -> str | None:
    """What verifying says once these statements were carried out by somebody who has the database; then undone."""
    db.begin_writing()
    for trigger in TRIGGERS:
        db.session().execute(text(f"DROP TRIGGER {trigger}"))
    for statement in statements:
        db.session().execute(text(statement))
    db.session().expire_all()
    report = seals.verify(seals.stored(), seals.keys())
    db.session().rollback()
    return report.broken


ALTERED = "Entries 3 to 4 (seal 2): not as they were sealed. One of them was altered."


def test_it_holds_as_it_was_made():
    assert after() is None
    with db.reading():
        report = seals.verify(seals.stored(), seals.keys())
    assert (report.seals, report.entries, report.open, report.begins) == (3, 5, 1, 1)


def test_every_column_of_a_sealed_row_that_is_altered_is_found():
    other = {
        "at": "'2026-02-01 09:00:01'",
        "actor_id": "NULL",
        "verb": "'take back'",
        "object": "'meeting'",
        "object_id": "8",
        "facts": """'{"answer": "maybe"}'""",
        "meeting_id": "4",
        "member_id": "NULL",
        "series_id": "5",
        "aside_hash": "'00'",
    }
    said = {column: after(f"UPDATE journal SET {column} = {value} WHERE id = 3") for column, value in other.items()}
    assert {*other, "id"} == {column.key for column in seals.row.COLUMNS}
    assert said == dict.fromkeys(other, ALTERED)


def test_rows_that_were_removed_added_moved_or_exchanged_are_found():
    swap = "UPDATE journal SET facts = (SELECT facts FROM journal AS o WHERE o.id = 7 - journal.id) WHERE id IN (3, 4)"
    copy = "INSERT INTO journal (id, at, verb, object) SELECT {0}, at, verb, object FROM journal WHERE id = 3"
    said = {
        "removed": after("DELETE FROM journal WHERE id = 4"),
        "removed with all others": after("DELETE FROM journal_aside", "DELETE FROM journal"),
        "put where a number was free": after(copy.format(5)),
        "put before the first": after(copy.format(0)),
        "moved": after("UPDATE journal SET id = 5 WHERE id = 6"),
        "moved to another seal": after("UPDATE journal SET id = 5 WHERE id = 4"),
        "exchanged": after(swap),
    }
    removed = "where 2 were sealed. Something was removed; no entry has the numbers"
    assert said == {
        "removed": f"Entries 3 to 4 (seal 2): 1 {removed} 4.",
        "removed with all others": f"Entries 1 to 2 (seal 1): 0 {removed} 1, 2.",
        "put where a number was free": "Entries 5 to 6 (seal 3): 2 where 1 were sealed. Something was put between.",
        "put before the first": "Entry 0 was put before the first one.",
        "moved": "Entries 5 to 6 (seal 3): not as they were sealed. One of them was altered.",
        "moved to another seal": f"Entries 3 to 4 (seal 2): 1 {removed} 4.",
        "exchanged": ALTERED,
    }


def test_every_column_of_a_seal_that_is_altered_is_found():
    other = {"first_id": "2", "last_id": "5", "entries": "3", "at": "'2025-01-01 00:00:00'"}
    other |= {name: "'00'" for name in ("digest", "previous", "carries", "signature")}
    said = {
        column: after(f"UPDATE journal_seal SET {column} = {value} WHERE number = 2") for column, value in other.items()
    }
    assert said == dict.fromkeys(other, "Seal 2 is not as it was signed: it was altered, or made by somebody else.")
    assert after("UPDATE journal_seal SET key_id = '00' WHERE number = 2") == (
        "Seal 2 is signed with the key 00, which is not known here. If it was yours, give its public part."
    )
    renamed = "Seal {} is not as it was signed: it was altered, or made by somebody else."
    assert after("UPDATE journal_seal SET number = 9 WHERE number = 3") == renamed.format(9)
    assert after("UPDATE journal_seal SET kind = 'pruned' WHERE number = 1") == renamed.format(1)


def test_seals_that_are_missing_or_of_another_key_are_found():
    assert after("DELETE FROM journal_seal WHERE number = 2") == "Seal 2 is missing: seal 3 comes next."
    assert after("DELETE FROM journal_seal WHERE number = 1") == (
        "Seals 1 to 1 are missing, and no signed seal stands for them."
    )
    with db.reading():
        (first, *_) = [part for part in seals.stored() if isinstance(part, seals.Seal)]
        forged = STRANGER.sign(first.header)
    forger = "UPDATE journal_seal SET signature = '{}', key_id = '{}' WHERE number = 1"
    assert "is not as it was signed" in (after(forger.format(forged, seals.keys().key_id)) or "")
    assert "which is not known here" in (after(forger.format(forged, STRANGER.key_id)) or "")


def test_a_chain_made_anew_by_the_stolen_key_or_cut_at_its_end_is_found_by_the_digest_that_was_noted(app):
    with db.reading():
        noted = seals.newest().head
        assert seals.verify(seals.stored(), seals.keys(), expect=noted).broken is None
    lost = f"No seal has the digest {noted}: the journal was cut, or sealed anew."
    db.begin_writing()
    for trigger in TRIGGERS:
        db.session().execute(text(f"DROP TRIGGER {trigger}"))
    db.session().execute(text("DELETE FROM journal_seal WHERE number = 3"))
    db.session().execute(text("DELETE FROM journal WHERE id > 4"))
    db.session().commit()
    with db.reading():
        cut = [seals.verify(seals.stored(), seals.keys(), expect=expect).broken for expect in ("", noted)]
    assert cut == [None, lost]
    with db.transaction() as writing:
        writing.execute(text("UPDATE journal SET verb = 'forged' WHERE id = 3"))
        writing.execute(text("DELETE FROM journal_seal"))
    Sealer().step()
    with db.reading():
        anew = [seals.verify(seals.stored(), seals.keys(), expect=expect).broken for expect in ("", noted)]
    assert anew == [None, lost]


def test_an_aside_that_is_altered_or_put_there_is_found_and_one_that_is_erased_is_not_missed():
    aside = "What stands aside of entry {} is not what was sealed with it."
    put = "INSERT INTO journal_aside SELECT 3, at, salt, address, agent, said FROM journal_aside"
    said = [after(f"UPDATE journal_aside SET {column} = 'x'") for column in ("salt", "address", "agent", "said")]
    assert said == [aside.format(2)] * 4
    assert (after(put), after("DELETE FROM journal_aside")) == (aside.format(3), None)


def test_each_verification_is_noted_and_the_worker_makes_one_a_day(clock):
    assert seals.verify_due().broken is None
    assert seals.verify_due() is None
    clock.advance(days=1)
    with db.transaction() as writing:
        writing.execute(text("DROP TRIGGER journal_unaltered"))
        writing.execute(text("UPDATE journal SET verb = 'nothing' WHERE id = 3"))
    seals.verify_due()
    with db.reading():
        last = seals.last_check()
        assert (last.at, last.seals, last.broken) == (clock.now, 1, ALTERED)


# --- files ------------------------------------------------------------------------------------------------------------


def lines(**asked) -> list[str]:
    with db.reading():
        return [json.dumps(line) for line in seals.exported(None, None, **asked)]


def held(found: list[str], keys: Keys | None = None, **asked) -> seals.Report:
    return seals.verify(seals.read(found), keys or seals.keys(), whole=False, **asked)


def test_a_file_verifies_elsewhere_by_the_public_part_alone(app):
    found, public = lines(asides=True), Keys([], list(seals.keys().public().values()))
    assert [next(iter(json.loads(line))) for line in found] == [
        *("entry", "entry", "aside", "seal", "entry", "entry", "seal", "entry", "seal", "entry")
    ]
    report = held(found, public)
    assert (report.seals, report.entries, report.open, report.broken) == (3, 5, 1, None)
    altered = [line.replace('"said": "Umzug"', '"said": "Zug"') for line in found]
    assert held(altered, public).broken == "What stands aside of entry 2 is not what was sealed with it."
    assert held([line.replace('"yes"', '"no"') for line in found], public).broken == ALTERED
    assert held(found[:4] + found[7:], public).broken == "Seal 2 is missing: seal 3 comes next."
    assert held(found[4:], public).begins == 2


def test_a_file_holds_no_aside_unless_it_is_asked_for(app):
    assert [line for line in lines() if "Umzug" in line or "aside" in json.loads(line)] == []


def test_a_part_of_the_time_is_exported_in_whole_seals(app, clock):
    clock.advance(days=2)
    with db.transaction():
        journal.write("edit", "meeting", 3)
    Sealer().step()
    begin = clock.now.replace(hour=0)
    with db.transaction():
        assert seals.prune(begin) == 5
    with db.reading():
        found = [json.dumps(line) for line in seals.exported(begin, None)]
        none = list(seals.exported(None, begin.replace(year=2020)))
    report = held(found)
    assert (report.begins, report.seals, report.entries, report.broken) == (4, 1, 2, None)
    assert none == []


@pytest.mark.parametrize(
    "line", ["", "7", "[]", "{}", '{"seal": {}}', '{"entry": 7}', '{"x": {}}', '{"aside": {}, "b": 1}']
)
def test_a_line_that_is_none_is_refused_by_its_number(app, line):
    with pytest.raises(Refused, match="is no line of an exported journal") as refused:
        held([*lines(), line])
    assert refused.value.facts == {"number": 10}
