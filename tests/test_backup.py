"""Backups: whole or not at all, of one moment, opened by who may; and back into an empty place, on both databases."""

import gzip
import io
import json
import multiprocessing
import os
import random
import resource
import signal
import stat
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pyrage
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import func, select, text

from asanokai import backup, db, devices, erased, installation, letters, members, proposals, rsvps, seals
from asanokai.app import create_app
from asanokai.backup import afterwards, envelope, folder, form, making, restoring
from asanokai.backup.envelope import Key, Lock
from asanokai.doctor import standing
from asanokai.errors import Refused
from asanokai.letters import OF_MEETING, Letter
from asanokai.meetings import Meeting
from asanokai.members import Address, Member
from asanokai.night import Night
from asanokai.rsvps import Rsvp
from asanokai.seals import Sealer
from config import Config
from tests import people
from tests.grounds import postgres, sqlite
from tests.people import berlin
from tests.test_cli import Shell, said
from tests.test_journal import replayed

pytestmark = pytest.mark.timeout(180)
NIGHT = Night()
FORK = multiprocessing.get_context("fork")
_numbers = count(1)


@pytest.fixture
def tmp_path(quick_folder) -> Iterator[Path]:
    """In memory where there is some: databases are made from nothing here, a step of the migrations after the other."""
    with tempfile.TemporaryDirectory(dir=quick_folder) as made:
        yield Path(made)


@pytest.fixture
def into(tmp_path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def breakfast(app, clock) -> int:
    """A meeting with answers, a letter that waits for its time, a logo, and a text in three scripts."""
    with db.transaction():
        meeting = people.announced_meeting(people=[people.katrin(), people.kenji(), people.naoko(), people.emma()])
        installation.change(
            actor_id=None, logo=bytes(range(256)) * 4, logo_type="image/png", welcome={"ja": "朝の会\n"}
        )
        for who in (people.katrin(), people.kenji()):
            rsvps.answer(meeting.id, who.id, "yes", by="page", actor_id=who.id)
        return meeting.id


@contextmanager
def elsewhere(config: Config, url: str, **settings: Any) -> Iterator[Flask]:
    """An app on another database; nothing is connected to it afterwards."""
    app = create_app(replace(config, database_url=url, **settings))
    with app.app_context():
        try:
            yield app
        finally:
            db.db.session.remove()
            db.dispose()


def empty_sqlite(tmp_path: Path) -> str:
    return sqlite.url(tmp_path / f"restored-{next(_numbers)}.sqlite")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path) -> Iterator[str]:
    """A database in which nothing was ever made."""
    if request.param == "sqlite":
        yield empty_sqlite(tmp_path)
    else:
        server: postgres.Postgres = request.getfixturevalue("postgres_server")
        with server.database() as url:
            yield url


def stored(*, neutral: bool = False) -> dict[str, list[Any]]:
    """Every row of every table, as the database itself holds it or, if `neutral`, as a backup says it."""
    with db.db.engine.connect() as connection:
        found = {}
        for name, columns in making.tables(connection):
            if neutral:
                table = form.Table(name, columns)
                found[name] = sorted(
                    json.dumps(json.loads(table.line(row)), sort_keys=True, ensure_ascii=False)
                    for row in making._rows(connection, name, columns)
                )
            else:
                names = ", ".join(f'"{one}"' for one, _kind in columns)
                found[name] = sorted(map(repr, connection.execute(text(f'SELECT {names} FROM "{name}"'))))
        return found


def refusal(path: Path, key: Key | None = None, **how: Any) -> str:
    with pytest.raises(Refused) as refused:
        backup.restore(path, key, night=NIGHT, **how)
    return str(refused.value)


@pytest.fixture
def nothing_afterwards(monkeypatch):
    """The rows alone."""
    monkeypatch.setattr(afterwards, "see_to", lambda *_given, **_more: afterwards.Seen(0, 0))


# --- there and back ---------------------------------------------------------------------------------------------------


def test_every_row_comes_back_as_it_was(breakfast, config, into, empty, nothing_afterwards):
    made = backup.make(into)
    same_kind = config.database_url.split(":")[0] == empty.split(":")[0]
    before = stored(neutral=not same_kind)
    assert (made.rows, made.tables) == (sum(map(len, before.values())), len(before))
    with elsewhere(config, empty):
        done = backup.restore(made.path, night=NIGHT)
        assert (done.rows, done.tables, done.made_at) == (made.rows, made.tables, datetime(2026, 2, 1, 9, tzinfo=UTC))
        assert stored(neutral=not same_kind) == before
        with db.transaction():
            numbers = db.session().scalars(select(Member.id)).all()
            assert people.member().id == max(numbers) + 1


def test_the_seals_of_the_journal_hold_after_a_restore(breakfast, config, into, empty):
    """Into the other kind of database too; what the restore itself writes is sealed on top."""
    Sealer().step()
    made = backup.make(into)
    with elsewhere(config, empty):
        backup.restore(made.path, night=NIGHT)
        before = seals.newest().number
        Sealer().step()
        report = seals.verify_now()
        assert (report.broken, seals.newest().number > before) == (None, True)


def test_a_migrated_but_empty_database_is_a_place_too(breakfast, config, into, tmp_path, sqlite_template):
    made = backup.make(into)
    before = stored(neutral=True)["rsvp"]
    with elsewhere(config, sqlite.copy(sqlite_template, tmp_path / "migrated.sqlite")):
        backup.restore(made.path, night=NIGHT)
        assert stored(neutral=True)["rsvp"] == before


def test_an_older_backup_is_migrated_forward(breakfast, config, into, tmp_path):
    """Of an installation that stood two steps behind; the newest columns are not in it."""
    steps = [step.revision for step in ScriptDirectory("migrations").walk_revisions()]
    with elsewhere(config, empty_sqlite(tmp_path)):
        restoring._go_to(steps[2], steps)
        with db.transaction() as session:
            session.execute(text("INSERT INTO organisation (id, name, normal) VALUES (5, '東京', '東京')"))
        with pytest.raises(Refused):
            restoring._look_empty()
        erased.the_list().begin()
        with (into.parent / folder.name(datetime(2026, 1, 1, tzinfo=UTC), 0, encrypted=False)).open("wb") as file:
            manifest = making._write(file)
    assert manifest.revision == steps[2]
    with elsewhere(config, empty_sqlite(tmp_path)):
        done = backup.restore(Path(file.name), night=NIGHT)
        assert (done.rows, stored(neutral=True)["organisation"]) == (1, ['[5, "東京", "東京"]'])
        with db.reading():
            assert installation.current().restored_from is not None


def test_rows_may_point_to_later_rows_of_their_own_table(app, config, into, empty, nothing_afterwards):
    """A proposal that was merged into a later one; afterwards the database is as strict as before."""
    with db.transaction() as session:
        series, kenji = people.series(), people.kenji()
        first, second = (
            proposals.propose(series, kenji.id, proposals.Words({"ja": title})) for title in ("光学", "写真")
        )
        session.flush()
        first.merged_into_id = second.id
    before = stored(neutral=True)["proposal"]
    made = backup.make(into)
    with elsewhere(config, empty):
        backup.restore(made.path, night=NIGHT)
        assert stored(neutral=True)["proposal"] == before
        if empty.startswith("postgresql"):
            with db.db.engine.connect() as connection:
                lax = connection.scalars(text("SELECT conname FROM pg_constraint WHERE condeferrable")).all()
            assert lax == []


# --- while others write -----------------------------------------------------------------------------------------------


def _answer_on_and_on(config: Config, meeting_id: int, numbers: list[int], stop: Any) -> None:
    with create_app(config).app_context():
        chance = random.Random(numbers[0])
        while not stop.is_set():
            with db.transaction():
                number = chance.choice(numbers)
                rsvps.answer(meeting_id, number, chance.choice(["yes", "no"]), by="page", actor_id=number)


def _answered() -> int:
    with db.reading() as session:
        return int(session.scalar(select(func.sum(Rsvp.revision))) or 0)


def test_a_backup_made_while_two_processes_write_is_of_one_moment(app, config, clock, into, tmp_path):
    with db.transaction():
        crowd = people.crowd(40)
        meeting_id = people.announced_meeting(people.series(seats=7), people=crowd).id
        numbers = [member.id for member in crowd]
    before = _answered()
    db.db.session.remove()
    db.dispose()
    stop = FORK.Event()
    writers = [
        FORK.Process(target=_answer_on_and_on, args=(config, meeting_id, part, stop))
        for part in (numbers[:20], numbers[20:])
    ]
    for writer in writers:
        writer.start()
    try:
        deadline = time.monotonic() + 60
        while _answered() < before + 40 and time.monotonic() < deadline:
            time.sleep(0.02)
        made = backup.make(into)
        during = _answered()
        while _answered() < during + 5 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        stop.set()
        for writer in writers:
            writer.join(30)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert _answered() > during, "nobody wrote while the backup was made"
    with elsewhere(config, empty_sqlite(tmp_path)):
        backup.restore(made.path, night=NIGHT)
        assert before + 40 <= _answered() <= during
        with db.reading() as session:
            meeting = session.get_one(Meeting, meeting_id)
            # Seats, the line and the journal are written in one transaction: half of one would differ.
            waiting = [row.member_id for row in rsvps.waiting(meeting_id)]
            assert replayed(meeting_id) == (people.seats(meeting), waiting)
            assert rsvps.taken(meeting_id) == 7
            told = select(func.count(Letter.id)).where(Letter.meeting_id == meeting_id, Letter.kind.in_(OF_MEETING))
            assert session.scalar(told) == _answered()
            assert session.connection().execute(text("PRAGMA foreign_key_check")).all() == []


# --- whole or not at all ----------------------------------------------------------------------------------------------


def test_nobody_else_may_read_it_and_older_ones_go(breakfast, clock, into, config):
    for _day in range(3):
        made = backup.make(into, keep=2)
        clock.advance(days=1)
    (into / "asanokai-notes.txt").write_text("not a backup")
    again = backup.make(into), backup.make(into, keep=3)
    names = sorted(path.name for path in into.iterdir())
    assert names == [
        ".lock",
        "asanokai-20260203T090000Z.tar.gz",
        "asanokai-20260204T090000Z-1.tar.gz",
        "asanokai-20260204T090000Z.tar.gz",
        "asanokai-notes.txt",
        "erasures",
    ]
    assert (made.dropped, [one.dropped for one in again]) == (1, [0, 1])
    assert {stat.S_IMODE(path.stat().st_mode) for path in into.glob("asanokai-*Z*")} == {0o600}
    assert stat.S_IMODE(into.stat().st_mode) == 0o700
    assert (into / "erasures").read_bytes() == config.erasures.read_bytes()


def _in_a_child(work: Any) -> Any:
    db.db.session.remove()
    db.dispose()
    child = FORK.Process(target=work)
    child.start()
    return child


def test_killed_in_the_middle_it_leaves_nothing_under_a_final_name(breakfast, into, monkeypatch):
    with monkeypatch.context() as slow:
        slow.setattr(form.Writer, "end", lambda *_given: time.sleep(60))
        child = _in_a_child(lambda: backup.make(into))
        deadline = time.monotonic() + 30
        while not list(into.glob("*.part")) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [path.name for path in into.glob("asanokai-*")] == []
        with pytest.raises(Refused, match="Another backup is just being written"):
            backup.make(into)
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    assert len(list(into.glob("*.part"))) == 1
    made = backup.make(into)
    assert sorted(path.name for path in into.iterdir()) == [".lock", made.path.name, "erasures"]


def _told(said_by: Any, into: Path, lock: Lock) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        backup.make(into, lock)
    except Refused as refused:
        said_by.put(str(refused))


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_where_the_disk_is_full_it_says_so_and_leaves_nothing(app, into, encrypted):
    """A limit on the size of files stands for the disk: the system refuses in the same place."""
    with db.transaction():
        installation.change(actor_id=None, logo=random.Random(1).randbytes(400_000), logo_type="image/png")
    backup.make(into, keep=1)
    before = sorted(path.name for path in into.iterdir())
    lock = Lock([str(pyrage.x25519.Identity.generate().to_public())]) if encrypted else Lock()
    said_by = FORK.SimpleQueue()
    child = _in_a_child(lambda: _told(said_by, into, lock))
    child.join(60)
    assert child.exitcode == 0
    words = said_by.get()
    assert words.startswith(f"No backup could be written to {into}: File too large")
    assert words.endswith("Nothing was left there.")
    assert sorted(path.name for path in into.iterdir()) == before


def test_a_folder_nobody_may_write_to_is_told_in_plain_words(app, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused) as refused:
        backup.make(tmp_path / "file" / "backups")
    assert str(refused.value) == (
        f"No backup could be written to {tmp_path}/file/backups: Not a directory. Nothing was left there."
    )


def test_a_damaged_file_is_not_backed_up(breakfast, config, into):
    if not config.database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL looks after its own files")
    raw = db.db.engine.raw_connection()
    raw.cursor().execute("PRAGMA foreign_keys=OFF").execute("UPDATE address SET member_id = 999 WHERE id = 1")
    raw.close()
    with pytest.raises(Refused, match="a row of address points to a row of member that is gone"):
        backup.make(into)
    assert [path.name for path in into.iterdir()] == [".lock"]


# --- envelopes --------------------------------------------------------------------------------------------------------


def test_it_is_opened_by_each_recipient_and_by_the_age_format_itself(breakfast, config, into, tmp_path):
    ours, theirs, other = (pyrage.x25519.Identity.generate() for _ in range(3))
    made = backup.make(into, Lock([str(ours.to_public()), str(theirs.to_public())]))
    content = made.path.read_bytes()
    assert (made.path.suffixes[-1], content[:22]) == (".age", b"age-encryption.org/v1\n")
    for identity in (ours, theirs):
        plain = pyrage.decrypt(content, [identity])
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:gz") as tar:
            assert tar.getnames()[-1] == "manifest.json"
    for name, words in (("key", f"# public key: …\n{theirs}\n"), ("wrong", str(other)), ("none", "# nothing\n")):
        (tmp_path / name).write_text(words)
    with elsewhere(config, empty_sqlite(tmp_path)):
        assert refusal(made.path) == (
            "This backup is encrypted to a recipient: name the key that opens it by --identity-file."
        )
        assert refusal(made.path, Key(tmp_path / "wrong")) == (
            "The key does not open this backup: it is encrypted to another one."
        )
        with pytest.raises(Refused, match="holds no key"):
            Key(tmp_path / "none")
        assert backup.restore(made.path, Key(tmp_path / "key"), night=NIGHT).rows == made.rows


def test_what_the_age_format_encrypted_is_opened_too(breakfast, config, into, tmp_path):
    identity = pyrage.x25519.Identity.generate()
    made = backup.make(into)
    by_hand = into / "by-hand.age"
    by_hand.write_bytes(pyrage.encrypt(made.path.read_bytes(), [identity.to_public()]))
    (tmp_path / "key").write_text(str(identity))
    with elsewhere(config, empty_sqlite(tmp_path)):
        assert backup.restore(by_hand, Key(tmp_path / "key"), night=NIGHT).rows == made.rows


@pytest.mark.long  # each try takes the library two seconds, on purpose
def test_a_passphrase_opens_it_and_no_other(breakfast, config, into, tmp_path):
    for name, words in (("right", "guten Morgen 朝の会\n"), ("wrong", "guten Abend zusammen")):
        (tmp_path / name).write_text(words)
    made = backup.make(into, Lock(passphrase_file=tmp_path / "right"))
    assert made.path.read_bytes().startswith(envelope.OF_PASSPHRASE)
    with elsewhere(config, empty_sqlite(tmp_path)):
        assert "name the file that holds it by --passphrase-file" in refusal(made.path)
        assert refusal(made.path, Key(None, tmp_path / "wrong")) == (
            "The passphrase does not open this backup, or the backup is not whole."
        )
        assert backup.restore(made.path, Key(None, tmp_path / "right"), night=NIGHT).rows == made.rows


def test_what_cannot_lock_a_backup_is_refused(tmp_path):
    for name, words in (("right", "guten Morgen 朝の会\n"), ("short", "geheim")):
        (tmp_path / name).write_text(words)
    for recipients, file, words in (
        ([], "short", "12 characters"),
        (["age1nonsense"], None, "must be a public key"),
        (["age1x"], "right", "not both"),
    ):
        with pytest.raises(Refused, match=words):
            Lock(recipients, tmp_path / file if file else None)


# --- what is refused --------------------------------------------------------------------------------------------------


def rewritten(content: bytes, change: Any) -> bytes:
    """The same backup with each file in it passed through `change(name, content)`; None leaves it out."""
    target = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as there,
        gzip.GzipFile(fileobj=target, mode="wb") as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        for about in there:
            changed = change(about.name, there.extractfile(about).read())
            if changed is not None:
                about.size = len(changed)
                tar.addfile(about, io.BytesIO(changed))
    return target.getvalue()


def _of_format_2(name: str, content: bytes) -> bytes:
    if name != "manifest.json":
        return content
    envelope_ = json.loads(content)
    return json.dumps(
        {**envelope_, "manifest": json.dumps({**json.loads(envelope_["manifest"]), "format": 2})}
    ).encode()


NOT_WHOLE = form.NOT_WHOLE
BROKEN = {
    "cut off": (lambda content: content[: len(content) // 2], NOT_WHOLE),
    "cut off at its end": (lambda content: content[:-4], NOT_WHOLE),
    "one bit": (lambda content: content[:3000] + bytes([content[3000] ^ 4]) + content[3001:], NOT_WHOLE),
    "a name": (
        lambda content: rewritten(
            content, lambda _name, one: one.replace(b"Erfurt", b"Weimar").replace(b"Katrin", b"Kathin")
        ),
        NOT_WHOLE,
    ),
    "a table gone": (
        lambda content: rewritten(content, lambda name, one: None if "/rsvp/" in name else one),
        NOT_WHOLE,
    ),
    "no manifest": (lambda content: rewritten(content, lambda name, one: None if "man" in name else one), NOT_WHOLE),
    "the manifest": (
        lambda content: rewritten(
            content, lambda name, one: one.replace(b"sqlite", b"sqlitf").replace(b"postgresql", b"postgresqm")
        ),
        "The seal of this backup does not hold: it was altered, or ASANOKAI_ERASED_KEY is another one.",
    ),
    "newer format": (
        lambda content: rewritten(content, _of_format_2),
        "This backup was made by a newer version of this program. Install that one.",
    ),
    "something else": (lambda _content: b"PK\x03\x04" * 100, "{path} is no backup of this program."),
    "empty": (lambda _content: b"", "{path} is no backup of this program."),
}


def test_what_is_not_as_it_was_written_is_refused_and_nothing_is_made(breakfast, config, into, tmp_path):
    path = backup.make(into).path
    whole = path.read_bytes()
    with elsewhere(config, empty_sqlite(tmp_path)):
        came_to = {}
        for how, (break_, _words) in BROKEN.items():
            path.write_bytes(break_(whole))
            came_to[how] = refusal(path)
        assert came_to == {how: words.format(path=path) for how, (_break, words) in BROKEN.items()}
        with db.db.engine.connect() as connection:
            assert list(making.tables(connection)) == []


def test_an_encrypted_backup_that_was_cut_or_altered_is_refused(breakfast, config, into, tmp_path):
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(identity))
    path = backup.make(into, Lock([str(identity.to_public())])).path
    content = path.read_bytes()
    with elsewhere(config, empty_sqlite(tmp_path)):
        for broken in (content[:-30], content[: len(content) // 2], content[:-9] + b"x" + content[-8:], content[:100]):
            path.write_bytes(broken)
            assert refusal(path, Key(tmp_path / "key")).startswith(
                ("This backup is not whole", "The key does not open")
            )


def test_a_backup_of_a_newer_program_is_refused(breakfast, config, into, tmp_path, monkeypatch):
    with monkeypatch.context() as newer:
        newer.setattr(making.MigrationContext, "get_current_revision", lambda _self: "9999")
        made = backup.make(into)
    with elsewhere(config, empty_sqlite(tmp_path)):
        assert refusal(made.path) == "This backup was made by a newer version of this program. Install that one."


def test_a_restore_that_ends_halfway_leaves_the_place_empty(breakfast, config, into, empty, monkeypatch):
    made = backup.make(into)
    with elsewhere(config, empty):
        with monkeypatch.context() as failing, pytest.raises(RuntimeError):
            failing.setattr(afterwards, "sign_everybody_out", _power_cut)
            backup.restore(made.path, night=NIGHT)
        assert {name for name, rows in stored().items() if rows} == set()
        assert backup.restore(made.path, night=NIGHT).rows == made.rows


def _power_cut() -> None:
    raise RuntimeError("the machine stops here")


def test_where_something_is_nothing_is_restored(breakfast, into):
    made = backup.make(into)
    before = stored()
    assert refusal(made.path) == (
        "The database is not empty (there are rows in “address”), and nothing was changed. A backup goes into an empty "
        "database only: make a new one, or move this one away."
    )
    assert stored() == before


# --- the list of erasures ---------------------------------------------------------------------------------------------


def test_who_was_erased_after_the_backup_is_erased_again(breakfast, config, into, tmp_path, clock):
    """Kenji has a seat; Emma was another row of Naoko's when the backup was made, and merged into hers afterwards."""
    with db.transaction():
        kenji, naoko, emma = people.kenji(), people.naoko(), people.emma()
        numbers = {name: who.id for name, who in (("kenji", kenji), ("naoko", naoko), ("emma", emma))}
        addresses = {name: members.main_address(who).normal for name, who in (("naoko", naoko), ("emma", emma))}
    made = backup.make(into)
    clock.advance(hours=1)
    with db.transaction():
        kenji = members.by_id(numbers["kenji"])
        erased.write_down(kenji.id, kenji.created_at, [members.main_address(kenji).normal])
        erased.write_down(numbers["naoko"], people.naoko().created_at, list(addresses.values()))
    lines = len(erased.the_list().read())
    clock.advance(hours=1)
    for _twice in range(2):
        with elsewhere(config, empty_sqlite(tmp_path)):
            assert backup.restore(made.path, night=NIGHT).erased == 3
            with db.reading() as session:
                standings = dict(session.execute(select(Member.id, Member.standing)).all())
                assert {name: standings[number] for name, number in numbers.items()} == dict.fromkeys(numbers, "erased")
                left = session.scalars(select(Address.member_id)).all()
                assert set(left) & set(numbers.values()) == set()
                assert session.scalar(select(Rsvp.answer).where(Rsvp.member_id == numbers["kenji"])) != "yes"
                assert [erased.is_known(address) for address in addresses.values()] == [True, True]
            content = " ".join(line for lines_ in stored(neutral=True).values() for line in lines_).lower()
            assert "kenji@" not in content
        assert len(erased.the_list().read()) == lines


def test_who_came_back_or_got_the_number_of_somebody_erased_stays(breakfast, config, into, tmp_path, clock):
    """Their rows were made after the line was written."""
    kenji = people.kenji()
    address, early = members.main_address(kenji).normal, kenji.created_at - timedelta(days=9)
    clock.advance(hours=1)
    with db.transaction():
        erased.the_list().append(
            at=(early + timedelta(days=1)).isoformat(),
            member=kenji.id,
            created_at=early.isoformat(),
            marks=[erased.the_list().mark(address)],
        )
        erased.note(address)
        erased.lift(address)
    made = backup.make(into)
    with elsewhere(config, empty_sqlite(tmp_path)):
        assert backup.restore(made.path, night=NIGHT).erased == 0
        with db.reading():
            assert (members.by_id(kenji.id).standing, erased.known()) == ("accepted", set())


def test_without_the_list_or_with_an_older_one_it_refuses_unless_told(breakfast, config, into, tmp_path):
    with db.transaction():
        erased.write_down(4711, people.berlin(2025, 1, 1), [])
    made = backup.make(into)
    gone, short = tmp_path / "gone", tmp_path / "short"
    short.touch()
    with elsewhere(config, empty_sqlite(tmp_path), erasures=gone):
        assert refusal(made.path) == (
            f"There is no list of erasures at {gone}. Without it people who were erased after the backup would be "
            "back. Put the newest copy there (one lies beside the backups), or say --without-erasures."
        )
    url = empty_sqlite(tmp_path)
    with elsewhere(config, url, erasures=short):
        assert refusal(made.path).startswith(f"The list of erasures at {short} is older than this backup, or another")
    with elsewhere(config, url, erasures=gone, erased_key="yet another key that is long enough to be one"):
        assert backup.restore(made.path, night=NIGHT, without_erasures=True).rows == made.rows


# --- nothing twice ----------------------------------------------------------------------------------------------------


def test_letters_that_may_have_gone_out_since_wait_for_a_person(breakfast, config, into, tmp_path, clock):
    """The invitations go out after the backup; what is due only later stays as it is."""
    with db.transaction():
        members.ask_for_sign_in(members.main_address(people.kenji()).normal)
        letters.post("test", "later", member_id=people.kenji().id, due_at=clock.now + timedelta(days=300))
    made = backup.make(into)
    clock.set(berlin(2026, 2, 19, 10))
    with elsewhere(config, empty_sqlite(tmp_path)) as app:
        done = backup.restore(made.path, night=NIGHT)
        with db.reading() as session:
            states = session.execute(
                select(Letter.kind, Letter.state, func.count()).group_by(Letter.kind, Letter.state)
            ).all()
            assert {(kind, state): n for kind, state, n in states} == {
                ("confirm", "failed"): 2,
                ("invite", "failed"): 4,
                ("sign_in", "failed"): 1,
                ("test", "queued"): 1,
            }
            assert done.letters == 7
            assert set(session.scalars(select(Letter.reason))) == {afterwards.LOOK, None}
            row = installation.current()
            assert (row.paused_at, row.restored_from) == (clock.now, made_at := datetime(2026, 2, 1, 9, tzinfo=UTC))
        assert people.send_all() == 0
        with db.transaction() as session:
            letters.retry(session.scalar(select(Letter.id).where(Letter.kind == "invite").limit(1)))
            installation.pause(False, actor_id=None)
            assert installation.current().restored_from is None
        assert made_at and app


def test_cookies_and_sign_in_links_of_the_backup_open_nothing(breakfast, config, into, tmp_path):
    with db.transaction():
        kenji = people.kenji()
        number, nonce = kenji.id, members.mint_sign_in(kenji)
        _device, cookie = devices.begin(number, by="link", name="")
    made = backup.make(into)
    with elsewhere(config, empty_sqlite(tmp_path)):
        backup.restore(made.path, night=NIGHT)
        with db.reading() as session:
            assert not members.sign_in_holds(number, nonce)
            assert not devices.holds(cookie)
            assert session.scalar(select(func.count()).select_from(devices.Device)) == 0


# --- the commands -----------------------------------------------------------------------------------------------------


def test_the_commands_say_what_they_did_and_the_doctor_finds_nothing_wrong(breakfast, config, into, tmp_path, smtp):
    shell = Shell(config)
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(identity))
    made = said(shell("backup", "--to", into, "--recipient", identity.to_public(), "--keep", 5))
    (path,) = into.glob("*.age")
    rows = sum(map(len, stored().values()))
    assert made == (0, f"{path}: {rows} rows of {len(stored())} tables, {path.stat().st_size} bytes\n", "")
    there = Shell(replace(config, database_url=empty_sqlite(tmp_path)))
    there.environment["ASANOKAI_BACKUPS"] = str(into)
    code, out, err = said(there("restore", path, "--identity-file", tmp_path / "key"))
    assert (code, out.splitlines()[-1].partition(";")[0], err) == (
        0,
        f"Restored {rows} rows of {len(stored())} tables from 2026-02-01 09:00 UTC",
        "",
    )
    code, out, _err = said(there("doctor"))
    assert (code, [line for line in out.splitlines() if " backups: " in line or " letters: " in line]) == (
        0,
        [
            "ok     backups: the newest is of 2026-02-01 09:00 UTC",
            "hint   letters: 0 due, 0 later, all others paused since all was restored from a backup of 2026-02-01 "
            "09:00 UTC: a coordinator looks at those that failed, then lets letters go out again",
        ],
    )
    assert said(there("restore", path, "--identity-file", tmp_path / "key"))[0] == 1


def test_what_is_not_encrypted_is_said_to_be_so_and_a_folder_must_be_named(breakfast, config, into):
    shell = Shell(config)
    assert said(shell("backup")) == (2, "", "Name the folder by --to, or set ASANOKAI_BACKUPS.\n")
    shell.environment["ASANOKAI_BACKUPS"] = str(into)
    code, _out, err = said(shell("backup"))
    assert (code, err) == (0, "It is not encrypted: whoever can read it reads everything. See --recipient.\n")


def test_the_doctor_misses_backups_after_two_days(app, config, clock, into):
    there = replace(config, backups=str(into))
    checks = lambda: [str(check) for check in standing.backups(there)]  # noqa: E731
    assert standing.backups(config) == []
    assert checks() == [f"WRONG  backups: {into} (ASANOKAI_BACKUPS): No such file or directory"]
    into.mkdir()
    assert checks() == [f"WRONG  backups: there is none in {into}: let cron or a timer call “asanokai backup”"]
    backup.make(into)
    clock.advance(days=2)
    assert checks() == ["ok     backups: the newest is of 2026-02-01 09:00 UTC"]
    clock.advance(minutes=1)
    assert checks() == [
        "WRONG  backups: the newest is of 2026-02-01 09:00 UTC, older than two days: does cron or the timer still run "
        "“asanokai backup”?"
    ]
