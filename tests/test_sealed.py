"""`asanokai journal …` and the doctor's line: seals from the shell."""

import json

import pytest
from sqlalchemy import text

from asanokai import db, journal, seals
from asanokai.doctor import sealed
from asanokai.seals import Keys, Sealer
from tests import people
from tests.test_cli import Shell, said

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def shell(app, config, clock) -> Shell:
    """On a journal of two seals: entries 1 and 2, and 3 and 4."""
    sealer = Sealer()
    for verb in ("announce", "cancel"):
        with db.transaction():
            journal.write(verb, "meeting", 1, said="Schnee")
            journal.write("edit", "meeting", 1)
        sealer.step()
        clock.advance(days=1)
    return Shell(config)


def head() -> str:
    with db.reading():
        return seals.newest().head


def broken() -> None:
    with db.transaction() as writing:
        writing.execute(text("DROP TRIGGER journal_unaltered"))
        writing.execute(text("UPDATE journal SET verb = 'nothing' WHERE id = 2"))


ALTERED = "BROKEN: Entries 1 to 2 (seal 1): not as they were sealed. One of them was altered.\n"


def test_verify_says_what_holds_and_what_is_broken_first(shell):
    assert said(shell("journal", "verify")) == (0, f"4 entries under 2 seals hold; digest {head()}\n", "")
    assert said(shell("journal", "verify", "--expect", head()))[0] == 0
    lost = f"BROKEN: No seal has the digest {'0' * 64}: the journal was cut, or sealed anew.\n"
    assert said(shell("journal", "verify", "--expect", "0" * 64)) == (1, "", lost)
    broken()
    assert said(shell("journal", "verify")) == (1, "", ALTERED)
    result = shell("journal", "verify", "--json")
    assert (result.exit_code, json.loads(result.stdout)["broken"]) == (1, ALTERED[8:-1])


def test_an_exported_file_is_verified_without_a_database_and_that_it_was_exported_is_noted(shell, tmp_path):
    exported = shell("journal", "export")
    assert (exported.exit_code, "Schnee" in exported.stdout) == (0, False)
    assert "Schnee" in shell("journal", "export", "--with-asides").stdout
    file = tmp_path / "journal.jsonl"
    file.write_text(exported.stdout, encoding="utf-8")
    public = shell("journal", "keys").stdout.split()[1]
    elsewhere = Shell.__new__(Shell)
    elsewhere.environment = {"ASANOKAI_BASE_URL": "nonsense"}
    result = elsewhere("journal", "verify", str(file), "--key", public)
    assert (result.exit_code, result.stdout.startswith("4 entries under 2 seals hold; digest ")) == (0, True)
    assert "1 since 2026-02-03T09:00:00.000000+00:00 have no seal yet" in result.stdout
    file.write_text(exported.stdout.replace('"verb":"edit"', '"verb":"nothing"'), encoding="utf-8")
    assert said(shell("journal", "verify", str(file))) == (1, "", ALTERED)
    with db.reading():
        noted = db.session().execute(text("SELECT verb, object FROM journal ORDER BY id DESC LIMIT 2")).all()
    assert [tuple(row) for row in noted] == [("export", "journal")] * 2


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (("verify", "--key", "xyz"), 2, "--key must be what"),
        (("verify", "no-such-file"), 1, "No such file"),
        (("export", "--from", "gestern"), 2, "does not match"),
        (("prune",), 2, "Missing option"),
    ],
)
def test_nonsense_is_said_in_a_line(shell, words, code, complaint):
    result = shell("journal", *words)
    assert (result.exit_code, complaint in result.stderr) == (code, True)


def test_pruning_says_how_many_went_and_refuses_what_is_broken(shell):
    assert said(shell("journal", "prune", "--before", "2026-02-01")) == (0, "Pruned 0 entries.\n", "")
    assert said(shell("journal", "prune", "--before", "2026-02-02")) == (0, "Pruned 2 entries.\n", "")
    assert "2 older ones were pruned, and a signed seal stands for them" in shell("journal", "verify").stdout


def test_a_broken_journal_is_not_pruned(shell):
    broken()
    result = shell("journal", "prune", "--before", "2026-02-02")
    assert (result.exit_code, "nothing was pruned" in result.stderr) == (1, True)


def test_keys_are_printed_with_the_one_that_signs_first(shell, app):
    found = seals.keys()
    assert shell("journal", "keys").stdout == f"{found.key_id} {found.public()[found.key_id]}\n"
    assert next(iter(Keys(["a" * 40, "b" * 40]).public())) == Keys(["a" * 40]).key_id


def test_the_doctor_tells_a_journal_that_holds_from_one_that_is_open_or_broken(shell, clock):
    assert (sealed.journal().level, "sealed up to entry 4" in sealed.journal().words) == ("ok", True)
    with db.transaction():
        people.katrin()
    clock.advance(minutes=60)
    assert sealed.journal().level == "ok"
    clock.advance(seconds=1)
    assert (sealed.journal().level, sealed.journal().words.startswith("1 entries since")) == ("hint", True)
    clock.advance(hours=23)
    found = sealed.journal()
    assert (found.level, "have no seal, longer than a day: is the worker running" in found.words) == ("wrong", True)
    Sealer().step()
    assert sealed.journal().level == "ok"
    seals.verify_due()
    clock.advance(days=2, seconds=1)
    assert (sealed.journal().level, "but not since: is the worker running?" in sealed.journal().words) == ("hint", True)
    broken()
    clock.advance(days=1)
    seals.verify_due()
    found = sealed.journal()
    assert (found.level, found.words.startswith("Entries 1 to 2 (seal 1): not as they were sealed.")) == ("wrong", True)
