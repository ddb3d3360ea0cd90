"""Seals: what is finished is sealed and nothing else; the database lets rows of the journal be added only; what is old
is pruned under a seal that stands for it. On both databases, since numbers and triggers are theirs."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from asanokai import db, journal, seals
from asanokai.db import session
from asanokai.errors import Refused
from asanokai.journal import Aside, Entry
from asanokai.meetings import Meeting
from asanokai.seals import Keys, Seal, Sealer
from tests import people
from tests.pages import Reader

PACKAGE = Path(__file__).resolve().parent.parent / "asanokai"


def written(*verbs: str) -> list[int]:
    """Entries with these verbs, in a transaction of their own; their numbers."""
    with db.transaction() as writing:
        for verb in verbs:
            journal.write(verb, "meeting", 1)
        writing.flush()
        numbers = writing.scalars(select(Entry.id).order_by(Entry.id.desc()).limit(len(verbs))).all()
    return sorted(numbers)


def chain() -> list[tuple[int, str, int, int, int]]:
    with db.reading():
        found = session().scalars(select(Seal).order_by(Seal.number, Seal.kind)).all()
        return [(seal.number, seal.kind, seal.first_id, seal.last_id, seal.entries) for seal in found]


def verified(**asked) -> seals.Report:
    with db.reading():
        return seals.verify(seals.stored(), seals.keys(), **asked)


# --- sealing ----------------------------------------------------------------------------------------------------------


def test_a_step_seals_what_is_there_in_a_chain_without_a_hole(app):
    sealer = Sealer()
    assert sealer.step() == 0
    _, two = written("announce", "edit")
    assert (sealer.step(), sealer.step()) == (2, 0)
    (three,) = written("cancel")
    assert sealer.step() == 1
    assert chain() == [(1, "sealed", 1, two, 2), (2, "sealed", two + 1, three, 1)]
    report = verified()
    assert (report.seals, report.entries, report.open, report.broken) == (2, 3, 0, None)


def test_a_long_journal_gets_several_seals_at_once(app, monkeypatch):
    monkeypatch.setattr("asanokai.seals.sealing.BATCH", 2)
    written(*"abcde")
    assert Sealer().step() == 5
    assert [entries for *_, entries in chain()] == [2, 2, 1]
    assert verified().broken is None


def test_two_workers_at_once_make_one_seal(app, monkeypatch):
    written("announce")
    first, other = Sealer(), Sealer()
    made = seals.sealing._made
    # The other one seals between the first one's look and its writing.
    monkeypatch.setattr(seals.sealing, "_made", lambda *of: (monkeypatch.undo(), other.step(), made(*of))[2])
    assert (first.step(), len(chain()), verified().broken) == (0, 1, None)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_nothing_is_sealed_while_a_lower_number_may_still_come(app):
    late = db.db.engine.connect()
    late.execute(text("INSERT INTO journal (at, verb, object) VALUES (now(), 'late', 'meeting')"))
    written("early")
    sealer = Sealer()
    assert (sealer.step(), chain()) == (0, [])
    written("later still")
    late.commit()
    late.close()
    assert sealer.step() == 3
    assert (verified().entries, verified().broken) == (3, None)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_only_began_after_the_look_delays_nothing(app):
    sealer = Sealer()
    with db.db.engine.connect() as old:
        old.execute(text("SELECT 1"))
        written("early")
        assert sealer.step() == 0
    with db.db.engine.connect() as young:
        young.execute(text("SELECT 1"))
        written("meanwhile")
        # The first look is clear now, the second one is not: the open one may have taken a number before it.
        assert sealer.step() == 1
    assert sealer.step() == 1


def test_the_open_end_is_counted_with_its_age(app, clock):
    written("announce")
    Sealer().step()
    since = clock.now
    written("edit")
    clock.advance(minutes=5)
    written("cancel")
    with db.reading():
        assert seals.unsealed_since() == (2, since)
    report = verified()
    assert (report.entries, report.open, report.open_since) == (1, 2, since)


# --- rows are added only ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET verb = 'nothing'",
        "UPDATE journal SET actor_id = NULL",
        "DELETE FROM journal",
        "UPDATE journal_seal SET entries = 7",
        "DELETE FROM journal_seal",
        "UPDATE journal_aside SET said = 'nothing'",
    ],
)
def test_the_database_refuses_to_alter_and_to_remove(app, statement):
    with db.transaction():
        journal.write("announce", "meeting", 1, said="Grund")
    Sealer().step()
    with pytest.raises(IntegrityError), db.transaction() as writing:
        writing.execute(text(statement))
    report = verified()
    assert (report.seals, report.entries, report.broken) == (1, 1, None)


def test_no_line_of_the_program_alters_or_removes_rows_but_pruning():
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and node.args
                and ast.unparse(node.func).split(".")[-1] in ("update", "delete")
            ):
                table = ast.unparse(node.args[0]).split(".")[-1].removesuffix(")")
                journals = file.name in ("journal.py", "history.py", "replay.py") or "seals" in file.parts
                imports = "from asanokai.journal import" in file.read_text() or "journal.Entry" in ast.unparse(node)
                if table in ("Entry", "Seal", "Aside") and (journals or imports):
                    found.append((file.name, ast.unparse(node)[:13]))
    assert found == [
        *[("journal.py", "delete(Aside)")] * 2,
        *(("pruning.py", f"delete({table}"[:13]) for table in ("Aside)", "Entry)", "Seal)")),
    ]


# --- pruning ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def aged(app, clock) -> Sealer:
    """Three seals, a day apart, and an open end."""
    sealer = Sealer()
    for verb in ("announce", "edit", "cancel"):
        with db.transaction():
            journal.write(verb, "meeting", 1, said="Grund")
            journal.write(verb, "meeting", 2)
        sealer.step()
        clock.advance(days=1)
    written("edit")
    return sealer


def entries() -> list[tuple[str, str]]:
    with db.reading():
        return [(row.verb, row.object) for row in session().scalars(select(Entry).order_by(Entry.id))]


def test_what_is_old_goes_and_a_signed_seal_stands_for_it(aged, clock):
    before = chain()
    with db.transaction():
        assert seals.prune(clock.now - timedelta(days=1, hours=1)) == 4
    assert chain() == [(2, "pruned", 1, before[1][3], 4), before[2]]
    assert entries() == [("cancel", "meeting"), ("cancel", "meeting"), ("edit", "meeting"), ("prune", "journal")]
    with db.reading():
        assert len(session().scalars(select(Aside)).all()) == 1
    assert aged.step() == 2
    report = verified()
    assert (report.seals, report.entries, report.pruned, report.open, report.broken) == (3, 4, 4, 0, None)


def test_pruning_goes_on_and_the_newest_seal_stays(aged, clock):
    pruned = []
    for days in (3, 2.5, 1.5, -10, -10):
        with db.transaction():
            pruned.append(seals.prune(clock.now - timedelta(days=days)))
    assert pruned == [0, 2, 2, 0, 0]
    assert [(number, kind) for number, kind, *_ in chain()] == [(2, "pruned"), (3, "sealed")]
    assert aged.step() == 3
    with db.transaction():
        assert seals.prune(clock.now + timedelta(days=1)) == 2
    assert (verified().pruned, verified().broken) == (6, None)


def test_what_is_broken_is_not_pruned_away(aged, clock):
    with pytest.raises(Refused, match="nothing was pruned"), db.transaction() as writing:
        _without_triggers(writing)
        writing.execute(text("UPDATE journal SET verb = 'nothing' WHERE id = (SELECT min(id) FROM journal)"))
        seals.prune(clock.now)
    assert (len(chain()), verified().broken) == (3, None)


def _without_triggers(writing) -> None:
    """As somebody could who has the database to themselves."""
    on = " ON journal" if db.db.engine.dialect.name == "postgresql" else ""
    writing.execute(text(f"DROP TRIGGER journal_unaltered{on}"))


# --- asides -----------------------------------------------------------------------------------------------------------


def test_an_aside_can_be_erased_and_the_seals_hold(app, clock):
    with db.transaction():
        katrin, emma = people.katrin(), people.emma()
        journal.write("leave", "member", katrin.id, actor_id=emma.id, said="Katrin zieht nach Hamamatsu")
        journal.write("leave", "member", emma.id, actor_id=emma.id, said="Emma auch")
        journal.write("leave", "member", 77, said="alt")
        number = katrin.id
    Sealer().step()
    assert verified().broken is None
    with db.transaction():
        assert journal.erase_asides(number) == 1
    clock.advance(days=100)
    with db.transaction():
        journal.write("leave", "member", 77, said="neu")
    with db.transaction():
        assert journal.forget_asides(clock.now - timedelta(days=90)) == 2
    with db.reading():
        assert session().scalars(select(Aside.said)).all() == ["neu"]
        hashes = session().scalars(select(Entry.aside_hash).where(Entry.verb == "leave")).all()
    assert (None in hashes, len(set(hashes)), verified().broken) == (False, 4, None)


def test_keys_of_their_own_and_old_ones_are_believed(app):
    one, two = "one secret that is long enough to be one", "two secrets that are long enough to be two"
    signed = Keys([one]).sign(b"words")
    name = Keys([one]).key_id
    rotated, public = Keys([two, one]), Keys([two], [Keys([one]).public()[name]])
    assert [keys.holds(name, signed, b"words") for keys in (rotated, public, Keys([two]))] == [True, True, False]
    assert (rotated.holds(name, signed, b"other"), rotated.key_id == name) == (False, False)


# --- from where -------------------------------------------------------------------------------------------------------


def kept_asides() -> list[tuple[str, str, str]]:
    with db.reading():
        found = session().execute(
            select(Entry.verb, Aside.address, Aside.agent).join(Aside, Aside.entry_id == Entry.id)
        )
        return [tuple(row) for row in found]


class TestFromWhere:
    @pytest.fixture
    def settings(self):
        return {"proxies": 1}

    def test_what_opens_doors_keeps_from_where_and_an_answer_does_not(self, app):
        with db.transaction():
            katrin = people.katrin()
            meeting = people.announced_meeting(people=[katrin]).id
        behind = {"HTTP_X_FORWARDED_FOR": "203.0.113.9, 198.51.100.7", "HTTP_USER_AGENT": FIREFOX}
        reader = Reader(app)
        reader.client.environ_base |= behind
        reader.sign_in(katrin)
        with db.reading():
            path = session().get(Meeting, meeting).path
        assert reader.post(f"/meetings/{path}/answer", {"answer": "yes"}).status_code == 303
        assert reader.post("/coordinate/settings", {}).status_code == 404
        here = ("198.51.100.7", "Firefox 128, Windows")
        assert kept_asides() == [("sign in", *here), ("refuse", *here)]
        with db.reading():
            assert "answer" in session().scalars(select(Entry.verb)).all()


FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1 Version/17.5 Mobile/15E Safari/604"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.87"


@pytest.mark.parametrize(
    ("header", "short"),
    [
        (FIREFOX, "Firefox 128, Windows"),
        (SAFARI, "Safari 17, iPhone"),
        (EDGE, "Edge 126, Windows"),
        ("curl/8.5.0", "curl 8"),
        ("<script>", ""),
        ("", ""),
    ],
)
def test_of_a_browser_name_version_and_system_are_kept(header, short):
    assert journal.agent_in_short(header) == short


def test_who_is_made_coordinator_keeps_from_where_and_who_joins_does_not(app):
    came = journal.came_from.set(journal.Origin("203.0.113.9", ""))
    with db.transaction():
        series = people.series()
        people.belong(series, people.katrin())
        people.coordinate(series, people.akiko())
    journal.came_from.reset(came)
    assert [(verb, address) for verb, address, _ in kept_asides() if verb == "join"] == [("join", "203.0.113.9")]
