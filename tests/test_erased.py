"""Who was erased: hashes that know an address again, and the sealed list that a restore replays."""

import json
import os
import stat
from datetime import UTC, datetime
from multiprocessing import get_context

import pytest
from sqlalchemy import select

from asanokai import db, erased
from asanokai.erased import BEGINNING, Erased, Erasure, Erasures
from asanokai.errors import Refused
from config import Config

KEY = "a key for the list of erasures, long enough to be one"
MADE = datetime(2025, 5, 6, 7, 8, 9, 123456, UTC)


@pytest.fixture
def the_list(tmp_path) -> Erasures:
    return Erasures(tmp_path / "beside" / "erasures", KEY)


def words_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return str(refused.value)


# --- the table --------------------------------------------------------------------------------------------------------


def test_an_address_is_known_again_though_it_stands_nowhere(app, clock):
    with db.transaction():
        erased.note("kenji@erfurt.example")
        erased.note("kenji@erfurt.example")
    with db.reading() as session:
        assert [erased.is_known(f"{name}@erfurt.example") for name in ("kenji", "emma")] == [True, False]
        rows = session.execute(select(Erased.mark, Erased.at)).all()
    assert [(len(mark), at) for mark, at in rows] == [(64, clock.now)]
    assert "kenji" not in str(rows)


def test_the_hash_cannot_be_worked_out_without_the_key(tmp_path):
    marks = {Erasures(tmp_path, key).mark("kenji@erfurt.example") for key in (KEY, KEY + "2")}
    assert len(marks) == 2


def test_who_applies_again_is_forgotten_to_have_been_erased_and_the_list_says_so(app, clock):
    with db.transaction():
        erased.lift("emma@ilmenau.example")
        erased.write_down(7, MADE, ["kenji@erfurt.example"])
        mark = erased.the_list().mark("kenji@erfurt.example")
        erased.lift("kenji@erfurt.example")
        assert not erased.is_known("kenji@erfurt.example")
    assert erased.the_list().read() == [
        Erasure(at=clock.now, member=7, created_at=MADE, marks=(mark,)),
        Erasure(at=clock.now, lifted=mark),
    ]


def test_after_a_restore_the_table_follows_the_list(app, clock):
    with db.transaction():
        erased.write_down(7, MADE, ["kenji@erfurt.example", "kenji@jena.example"])
        erased.lift("kenji@jena.example")
    with db.transaction() as session:
        for row in session.scalars(select(Erased)):
            session.delete(row)
    for _twice in range(2):
        with db.transaction():
            erased.note_again(erased.the_list().read())
        with db.reading():
            assert erased.known() == {erased.the_list().mark("kenji@erfurt.example")}


# --- the list ---------------------------------------------------------------------------------------------------------


def test_a_line_is_on_the_disk_before_the_erasure_is_committed(app, clock, monkeypatch):
    deeds = []
    monkeypatch.setattr(os, "fsync", lambda file, sync=os.fsync: (sync(file), deeds.append("synced"))[0])
    with pytest.raises(RuntimeError), db.transaction():
        erased.write_down(7, MADE, ["kenji@erfurt.example"])
        deeds.append("written down")
        raise RuntimeError("the machine stops here")
    with db.reading():
        assert erased.known() == set()
    assert [line.member for line in erased.the_list().read()] == [7]
    assert (deeds.count("synced") >= 2, deeds[-1]) == (True, "written down")


def test_it_holds_no_name_and_no_address_and_nobody_else_may_read_it(app, config):
    with db.transaction():
        erased.write_down(7, MADE, ["kenji@erfurt.example"])
    content = config.erasures.read_text()
    facts = json.loads(content.rpartition(" ")[0])
    assert (sorted(facts), "kenji" in content) == (["at", "created_at", "marks", "member"], False)
    assert stat.S_IMODE(config.erasures.stat().st_mode) == 0o600


def test_a_list_that_was_begun_and_is_empty_is_not_a_lost_one(the_list):
    with pytest.raises(Refused) as refused:
        the_list.read()
    assert words_of(refused) == f"There is no list of erasures at {the_list.path}."
    the_list.begin()
    the_list.begin()
    assert (the_list.read(), the_list.standing()) == ([], {"lines": 0, "seal": BEGINNING})


def three_lines(the_list: Erasures) -> list[bytes]:
    for number in (1, 2, 3):
        the_list.append(at=MADE.isoformat(), member=number, created_at=MADE.isoformat(), marks=[])
    return the_list.path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (lambda lines: [lines[0], lines[1].replace(b'"member":2', b'"member":9'), lines[2]], 2),
        (lambda lines: [lines[0], lines[2]], 2),
        (lambda lines: [lines[1], lines[0], lines[2]], 1),
        (lambda lines: [*lines, lines[2]], 4),
        (lambda lines: [*lines, b"nonsense\n"], 4),
        (lambda lines: [*lines, b"\xff\xfe\n"], 4),
    ],
    ids=["altered", "taken out", "in another order", "doubled", "added", "no text"],
)
def test_a_list_that_was_tampered_with_is_refused_and_not_written_on(the_list, changed, line):
    tampered = b"".join(changed(three_lines(the_list)))
    the_list.path.write_bytes(tampered)
    for use in (the_list.read, lambda: the_list.append(at=MADE.isoformat(), member=4)):
        with pytest.raises(Refused) as refused:
            use()
        assert words_of(refused).startswith(f"Line {line} of the list of erasures {the_list.path} is not what was")
    assert the_list.path.read_bytes() == tampered


def test_under_another_key_it_is_refused(the_list):
    three_lines(the_list)
    with pytest.raises(Refused, match="ASANOKAI_ERASED_KEY is another one"):
        Erasures(the_list.path, KEY + "2").read()


def test_half_a_line_that_a_power_cut_left_is_cut_off_by_the_next(the_list):
    whole = three_lines(the_list)
    with the_list.path.open("ab") as file:
        file.write(whole[2][:40])
    assert [line.member for line in the_list.read()] == [1, 2, 3]
    the_list.append(at=MADE.isoformat(), member=4)
    assert [line.member for line in the_list.read()] == [1, 2, 3, 4]


def test_a_list_goes_on_from_what_it_was_and_from_nothing_else(the_list, tmp_path):
    before = the_list
    before.begin()
    nothing = before.standing()
    three_lines(before)
    three = before.standing()
    before.append(at=MADE.isoformat(), member=4)
    other = Erasures(tmp_path / "other", KEY)
    for number in (5, 6, 7, 8):
        other.append(at=MADE.isoformat(), member=number)
    assert [one.goes_on_from(stood) for one in (before, other) for stood in (nothing, three)] == [
        True,
        True,
        True,
        False,
    ]
    before.path.write_bytes(b"".join(before.path.read_bytes().splitlines(keepends=True)[:2]))
    assert before.goes_on_from(three) is False


def _write_lines(path, first: int) -> None:
    for number in range(first, first + 25):
        Erasures(path, KEY).append(at=MADE.isoformat(), member=number)


def test_two_processes_write_one_list(the_list):
    started = get_context("fork")
    writers = [started.Process(target=_write_lines, args=(the_list.path, first)) for first in (0, 100)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert sorted(line.member for line in the_list.read()) == [*range(25), *range(100, 125)]


def test_the_key_is_of_this_installation(app, config):
    assert isinstance(config, Config)
    assert erased.the_list().mark("a@b.example") == Erasures(config.erasures, config.erased_key).mark("a@b.example")
