"""What commands show: tables, colour and bars at a terminal, promised lines in a pipe, one document with `--json`.

Where only a terminal matters, real processes sit at a pseudo-terminal, and what it would show is compared.
"""

import json
import logging
import os
import pty
import re
import subprocess
import sys
import termios
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from asanokai import announcing, db, importing, installation, members
from asanokai.invitations import Night
from asanokai.letters import Letter
from asanokai.tables import Column, cells, cut, plain, table
from asanokai.terminal import Progress
from asanokai.worker import send_due
from bench import progress as bench_progress
from config import HOME
from tests import people
from tests.test_cli import AS_MODULE, DUE, SHEET, Shell, commands, settings_of

once = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not depend on the kind of database."""


@pytest.fixture
def shell(app, config) -> Shell:
    return Shell(config)


@pytest.fixture
def sheet(tmp_path) -> Path:
    path = tmp_path / "mitglieder.csv"
    path.write_text(SHEET, encoding="utf-8")
    return path


@pytest.fixture
def meeting_id(app, clock) -> int:
    """A meeting with two people to invite and one without an address."""
    with db.transaction():
        return people.announced_meeting(people=[people.katrin(), people.emma(), people.member(None)]).id


# --- a pseudo-terminal ------------------------------------------------------------------------------------------------

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Terminal:
    """What a process has written to it. `stream` is its end of the line."""

    def __init__(self, columns: int) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, columns))
        self.stream: IO[str] = os.fdopen(slave, "w", encoding="utf-8")
        self.written = ""

    def hang_up(self) -> None:
        """Close our copy of the process's end and read until the process has closed its own."""
        self.stream.close()
        heard = b""
        while True:
            try:
                heard += os.read(self._master, 65536)
            except OSError:  # Linux says so at the end
                break
        os.close(self._master)
        self.written = heard.decode().replace("\r\n", "\n")

    @property
    def screen(self) -> list[str]:
        """The lines as they stand in the end: what follows a carriage return lies over what was there."""
        lines = self.written.removesuffix("\n").split("\n")
        return [CODES.sub("", line.rpartition("\r")[2]).rstrip() for line in lines]


def at_terminal(
    database_url: str, *arguments: object, columns: int = 70, out: bool = True, err: bool = True, **more: str
) -> tuple[int, Terminal, bytes]:
    """The exit code, the terminal, and what went into a pipe instead, if `out` or `err` is one."""
    terminal = Terminal(columns)
    variables = {**os.environ, **settings_of(database_url), "TERM": "xterm", **more}
    for name in ("COLUMNS", "LINES", *(() if "NO_COLOR" in more else ("NO_COLOR",))):
        variables.pop(name, None)
    ends = {
        "stdout": terminal.stream if out else subprocess.PIPE,
        "stderr": terminal.stream if err else subprocess.PIPE,
    }
    command = [*AS_MODULE, *map(str, arguments)]
    with subprocess.Popen(command, cwd=HOME, env=variables, stdin=subprocess.DEVNULL, **ends) as process:  # type: ignore[call-overload]  # the ends are a dict of mixed values
        terminal.hang_up()
        piped = b"".join(found or b"" for found in process.communicate(timeout=60))
    return process.returncode, terminal, piped


@contextmanager
def standard_error_at(columns: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """This process's own standard error, at a terminal."""
    terminal = Terminal(columns)
    with monkeypatch.context() as here:
        here.setattr(sys, "stderr", terminal.stream)
        here.setenv("TERM", "xterm")
        here.setenv("COLUMNS", str(columns))
        yield terminal
    terminal.hang_up()


PIPED = """2 new is not a member yet
3 bad “keine Mail” is not a mail address
4 duplicate the same person stands in row 2 already
"""


@once
def test_at_a_terminal_an_import_shows_bars_and_a_table_that_fits(database_url, sheet):
    code, terminal, _piped = at_terminal(database_url, "member", "import", sheet, "--apply", columns=58)
    assert (code, terminal.screen) == (
        0,
        [
            "Checking  [##############################]  3/3",
            "Taking  [##############################]  3/3",
            "ROW  VERDICT    NAME            REASON",
            "  2  new        Katrin Lindner  is not a member yet",
            "  3  bad        Jörg Weiß       “keine Mail” is not a mai…",
            "  4  duplicate  Katrin Lindner  the same person stands in…",
        ],
    )
    coloured = {word: f"\x1b[{code}m{word}\x1b[0m" for word, code in (("new", 32), ("bad", 31), ("duplicate", 33))}
    assert [word for word in coloured if coloured[word] in terminal.written] == ["new", "bad", "duplicate"]


@once
def test_no_colour_is_shown_where_it_is_not_wanted(database_url, sheet):
    told = {
        "wanted": at_terminal(database_url, "member", "import", sheet)[1],
        "NO_COLOR": at_terminal(database_url, "member", "import", sheet, NO_COLOR="1")[1],
        "dumb": at_terminal(database_url, "member", "import", sheet, TERM="dumb")[1],
    }
    assert [bool(COLOURS.search(terminal.written)) for terminal in told.values()] == [True, False, False]
    assert told["NO_COLOR"].screen == told["wanted"].screen
    # Such a terminal cannot go back to the beginning of a line, as a bar must.
    assert "\x1b" not in told["dumb"].written
    assert told["dumb"].screen == told["wanted"].screen[1:]


@once
def test_a_bar_and_a_table_each_look_at_their_own_stream(database_url, sheet):
    code, terminal, lines = at_terminal(database_url, "member", "import", sheet, out=False)
    assert (code, terminal.screen) == (0, ["Checking  [##############################]  3/3"])
    assert lines.decode() == PIPED
    code, terminal, errors = at_terminal(database_url, "member", "import", sheet, err=False)
    assert (code, terminal.screen[0], len(terminal.screen)) == (0, "ROW  VERDICT    NAME            REASON", 4)
    assert errors == b""


@once
def test_a_document_is_the_same_at_a_terminal(database_url, sheet):
    code, terminal, _piped = at_terminal(database_url, "member", "import", sheet, "--json", err=False)
    assert (code, "\x1b" in terminal.written) == (0, False)
    assert [row["verdict"] for row in json.loads(terminal.written)["rows"]] == ["new", "bad", "duplicate"]


@once
def test_at_a_terminal_the_doctor_marks_what_is_wrong_and_cuts_nothing(database_url):
    code, terminal, _piped = at_terminal(database_url, "doctor", columns=30)
    piped = subprocess.run(
        [*AS_MODULE, "doctor"],
        cwd=HOME,
        env={**os.environ, **settings_of(database_url)},
        capture_output=True,
        check=False,
    )
    assert (code, terminal.screen[:-1]) == (1, piped.stdout.decode().splitlines()[:-1])
    marks = [COLOURS.findall(line) for line in terminal.written.splitlines()]
    wrong = [line.startswith("WRONG") for line in terminal.screen]
    assert sum(wrong) == 1
    assert ["\x1b[31m" in codes for codes in marks] == wrong
    assert ["\x1b[32m" in codes for codes in marks] == [line.startswith("ok") for line in terminal.screen]
    assert ["\x1b[33m" in codes for codes in marks] == [line.startswith("hint") for line in terminal.screen]


@once
def test_at_a_terminal_letters_are_counted_while_they_are_sent_and_listed_in_columns(app, config, smtp, meeting_id):
    mail = {"MAIL_PORT": str(smtp.port)}
    code, terminal, _piped = at_terminal(
        config.database_url, "letters", "send-due", "--at", "2026-02-19T09:00+01:00", **mail
    )
    assert (code, terminal.screen) == (
        0,
        ["Sending  [##############################]  2/2", "2 sent, 0 failed, 0 postponed, 0 dropped"],
    )
    with db.transaction() as session:
        last = session.scalars(select(Letter).order_by(Letter.id.desc())).first()
        assert last is not None
        last.state, last.server_words = "failed", "550-no \x1b[2J\r\n550 such person in this whole house"
        numbers = last.id - 1, last.id
        members = list(session.scalars(select(Letter.member_id).order_by(Letter.id)))
    _code, listed, _piped = at_terminal(config.database_url, "letters", "list", columns=72)
    assert listed.screen == [
        "NUMBER  STATE   KIND    MEMBER  DUE (UTC)         REASON",
        f"{numbers[1]:>6}  failed  invite  {members[1]:>6}  2026-02-19 08:00  550-no �[2J 550 such…",
        f"{numbers[0]:>6}  sent    invite  {members[0]:>6}  2026-02-19 08:00",
    ]


# --- bars -------------------------------------------------------------------------------------------------------------


def test_a_bar_goes_on_when_there_is_more_than_it_first_knew(monkeypatch):
    with standard_error_at(60, monkeypatch) as terminal, Progress(pause=0) as progress:
        for done, of in ((1, 2), (2, 2), (3, 4), (4, 4)):
            progress("sending", done, of)
    assert [line for drawn in terminal.written.split("\r")[1:] if (line := CODES.sub("", drawn).strip())] == [
        "Sending  [------------------------------]  0/2",
        "Sending  [###############---------------]  1/2",
        "Sending  [##############################]  2/2",
        "Sending  [######################--------]  3/4",
        "Sending  [##############################]  4/4",
    ]


def test_a_bar_fits_a_narrow_terminal(monkeypatch):
    with standard_error_at(40, monkeypatch) as terminal, Progress() as progress:
        for done in (1, 20_000):
            progress("checking", done, 20_000)
    assert terminal.screen == ["Checking  [####]  20000/20000"]
    assert len("Checking  [####]  20000/20000  00:00:00") < 40


def test_what_is_logged_meanwhile_stands_on_a_line_of_its_own(monkeypatch):
    log = logging.getLogger("tests.bar")
    with standard_error_at(60, monkeypatch) as terminal:
        out = logging.StreamHandler(terminal.stream)
        logging.getLogger().addHandler(out)
        try:
            with Progress() as progress:
                progress("sending", 2, 2)
                log.error("letter 7 could not be composed")
                progress("sending", 3, 3)
            log.error("behind it")
        finally:
            logging.getLogger().removeHandler(out)
    full = "[##############################]"
    assert terminal.screen == ["letter 7 could not be composed", f"Sending  {full}  3/3", "behind it"]
    assert terminal.written.endswith("\nbehind it\n")


def test_a_bar_is_no_bar_in_a_pipe(capsys):
    with Progress() as progress:
        progress("sending", 1, 2)
    assert (progress.shown, capsys.readouterr().err) == (False, "")


def test_the_benchmark_shows_a_bar_beneath_its_lines_and_only_at_a_terminal(monkeypatch, capsys):
    def measure() -> None:
        for name in bench_progress.each(["page", "start"]):
            bench_progress.say(name)

    with standard_error_at(60, monkeypatch) as terminal:
        measure()
    measure()
    said_in_a_pipe = capsys.readouterr().err.splitlines()
    assert [re.sub(r"^ *\d+:\d\d ", "", line) for line in said_in_a_pipe] == [" page", " start"]
    assert [re.sub(r"^ *\d+:\d\d ", "", line) for line in terminal.screen] == [" page", " start", f"[{'#' * 36}]  2/2"]


# --- how far a verb has come ------------------------------------------------------------------------------------------


def test_an_import_tells_how_many_rows_are_checked_and_taken(app):
    told: list[tuple[str, int, int]] = []
    found = importing.read(SHEET.encode())
    with db.reading():
        importing.preview(found, tell=lambda *words: told.append(words))
    assert told == [("checking", 1, 3), ("checking", 2, 3), ("checking", 3, 3)]
    told.clear()
    with db.transaction():
        importing.take(found, tell=lambda *words: told.append(words))
    assert told == [*(("checking", done, 3) for done in (1, 2, 3)), *(("taking", done, 3) for done in (1, 2, 3))]


def test_sending_tells_of_how_many_letters_and_counts_those_that_fail_or_are_held_back(app, clock, smtp, meeting_id):
    """Of three meetings one is paused; of the other two one reader is refused."""
    with db.transaction():
        paused = people.announced_meeting(people.series("paused"), people=people.crowd(3)).id
        people.announced_meeting(people.series("other"), people=[people.member("nobody@jena.example")])
        announcing.pause(paused, True)
    smtp.faults.answer("nobody@jena.example", "550 no such person")
    clock.set(DUE)
    told: list[tuple[str, int, int]] = []
    total = send_due(app, Night(), tell=lambda *words: told.append(words))
    assert (total.sent, total.failed, total.done) == (2, 1, 3)
    assert told == [("sending", 1, 3), ("sending", 2, 3), ("sending", 3, 3)]


def test_while_everything_is_paused_only_letters_somebody_asked_for_are_counted(app, clock, smtp, meeting_id):
    clock.set(DUE)
    with db.transaction():
        people.plan()
        installation.pause(True, actor_id=None)
        members.ask_for_sign_in("katrin.lindner@optik-jena.example")
    told: list[tuple[str, int, int]] = []
    send_due(app, Night(), tell=lambda *words: told.append(words))
    assert told == [("sending", 1, 1)]


def test_sending_goes_on_counting_over_several_batches(app, clock, smtp, monkeypatch):
    with db.transaction():
        people.announced_meeting(people=people.crowd(5))
    clock.set(DUE)
    told: list[tuple[str, int, int]] = []

    def tell(*words: Any) -> None:
        told.append(words)
        # So slow a server that a batch is given back after its first letter.
        clock.advance(seconds=11)

    assert send_due(app, Night(), tell=tell).sent == 5
    assert told == [("sending", done, 5) for done in (1, 2, 3, 4, 5)]


# --- documents --------------------------------------------------------------------------------------------------------


def document(shell: Shell, *arguments: object, code: int = 0, input: bytes | None = None) -> Any:
    """What a command gives with `--json`, and nothing beside it."""
    told = shell(*arguments, "--json", input=input)
    assert (told.exit_code, told.stderr) == (code, ""), told.stdout
    return json.loads(told.stdout)


def test_an_import_as_a_document(shell, sheet):
    rows = [
        {
            "row": 2,
            "verdict": "new",
            "name": "Katrin Lindner",
            "address": "katrin@jena.example",
            "reason": "is not a member yet",
        },
        {
            "row": 3,
            "verdict": "bad",
            "name": "Jörg Weiß",
            "address": None,
            "reason": "“keine Mail” is not a mail address",
        },
        {
            "row": 4,
            "verdict": "duplicate",
            "name": "Katrin Lindner",
            "address": "katrin@jena.example",
            "reason": "the same person stands in row 2 already",
        },
    ]
    counts = {"new": 1, "changed": 0, "unchanged": 0, "duplicate": 1, "bad": 1}
    assert document(shell, "member", "import", sheet) == {"applied": False, "counts": counts, "rows": rows}
    assert document(shell, "member", "import", sheet, "--apply") == {"applied": True, "counts": counts, "rows": rows}


def test_an_import_of_which_no_row_is_good_is_a_document_too_and_exits_with_1(shell):
    bad = b"Vorname;Nachname;E-Mail\nA;B;nothing\n"
    assert document(shell, "member", "import", "-", input=bad, code=1)["counts"]["bad"] == 1


def test_the_forecast_as_a_document(shell, meeting_id):
    assert document(shell, "letters", "forecast", "--until", "2026-03-01T00:00+01:00") == {
        "until": "2026-02-28T23:00:00+00:00",
        "letters": [
            {
                "due_at": "2026-02-19T08:00:00+00:00",
                "kind": "invite",
                "step": 1,
                "meeting": "2026-03-12-asanokai",
                "readers": 2,
                "left_out": {"no address": 1},
            }
        ],
    }


def test_letters_as_a_document(shell, meeting_id, clock):
    with db.transaction() as session:
        clock.set(DUE)
        people.plan()
        sent, failed = session.scalars(select(Letter).order_by(Letter.id))
        sent.state, sent.sent_at, sent.settled_at = "sent", DUE, DUE
        failed.state, failed.reason, failed.server_words = "failed", "refused by the server", "550-no\n550 such person"
        told = [
            {
                "number": letter.id,
                "member": letter.member_id,
                "meeting": meeting_id,
                "state": letter.state,
                "kind": "invite",
                "due_at": "2026-02-19T08:00:00+00:00",
                "attempts": 0,
                "sent_at": letter.sent_at and "2026-02-19T08:00:00+00:00",
                "settled_at": letter.settled_at and "2026-02-19T08:00:00+00:00",
                "reason": letter.reason,
                "server_words": letter.server_words,
            }
            for letter in (failed, sent)
        ]
    assert document(shell, "letters", "list") == {"letters": told}
    assert document(shell, "letters", "list", "--state", "failed") == {"letters": told[:1]}


def test_what_was_sent_as_a_document(shell, config, smtp, meeting_id):
    told = document(Shell(config), "letters", "send-due", "--at", "2026-02-19T09:00+01:00")
    assert told == {"sent": 2, "failed": 0, "postponed": 0, "dropped": 0}


def test_the_doctor_as_a_document_with_the_same_exit_code(app, clock, config, smtp):
    well = document(Shell(config), "doctor")
    assert (well["well"], {check["about"] for check in well["checks"]}) == (
        True,
        {
            *("settings", "database", "migrations", "disk", "mail out", "mail in", "DNS", "letters", "not delivered"),
            *("limits", "addresses", "worker", "journal", "pages of law", "clock"),
        },
    )
    marks = {"ok": "ok", "hint": "hint", "wrong": "WRONG"}
    lines = [f"{marks[check['level']]:<6} {check['about']}: {check['words']}" for check in well["checks"]]
    assert lines == Shell(config)("doctor").stdout.splitlines()
    smtp_is_away = Shell(config)
    smtp_is_away.environment |= {"MAIL_PORT": "9"}
    ill = document(smtp_is_away, "doctor", code=1)
    assert (ill["well"], [check["about"] for check in ill["checks"] if not check["well"]]) == (False, ["mail out"])


def test_settings_that_cannot_be_used_are_the_doctors_document(shell):
    shell.environment |= {"MAIL_PORT": "smtp"}
    words = "MAIL_PORT must be a number from 1 to 65535, not “smtp”"
    checks = [{"about": "settings", "well": False, "level": "wrong", "words": words}]
    assert document(shell, "doctor", code=1) == {"well": False, "checks": checks}


def test_where_there_is_nothing_the_document_says_so(shell):
    assert document(shell, "letters", "list") == {"letters": []}
    assert document(shell, "letters", "list", "--state", "failed") == {"letters": []}
    assert document(shell, "letters", "forecast", "--until", "2026-02-02T00:00Z") == {
        "until": "2026-02-02T00:00:00+00:00",
        "letters": [],
    }


def test_errors_stay_plain_and_beside_a_document_that_is_not_given(shell, sheet):
    for told in (
        shell("member", "import", "--json", "/nowhere.csv"),
        shell("member", "import", "--json", sheet, "--series", "nothing"),
        shell("letters", "list", "--json", "--state", "lost"),
        shell("letters", "forecast", "--json", "--until", "tomorrow"),
    ):
        assert (told.exit_code in (1, 2), told.stdout, told.stderr.strip()[:1] in ("{", "")) == (True, "", False)


def test_a_mail_server_that_is_away_is_no_document(shell, meeting_id, clock):
    clock.set(DUE)
    told = shell("letters", "send-due", "--json")
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.splitlines()[-1].startswith("The mail server cannot be reached: ")


@once
def test_a_document_can_be_read_whatever_the_output_is_encoded_in(database_url, tmp_path):
    path = tmp_path / "meibo.csv"
    path.write_text("氏名,メールアドレス\n山田 🌅花子,hanako@hamamatsu.example\n", encoding="utf-8")
    told = {}
    for encoding in ("utf-8", "latin-1"):
        variables = {**os.environ, **settings_of(database_url), "PYTHONIOENCODING": encoding}
        command = [*AS_MODULE, "member", "import", str(path), "--json"]
        done = subprocess.run(command, cwd=HOME, env=variables, capture_output=True, check=True)
        told[encoding] = json.loads(done.stdout)["rows"][0]["name"]
    assert told == dict.fromkeys(("utf-8", "latin-1"), "山田 🌅花子")


# --- the description --------------------------------------------------------------------------------------------------

PAGE = HOME / "docs" / "command-line.md"


def test_every_command_has_an_example_in_its_description():
    page = PAGE.read_text(encoding="utf-8")
    examples = [line for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    named = {
        path for path, _command in commands() for line in examples if line.startswith(f"asanokai {' '.join(path)} ")
    }
    # What takes nothing stands alone on its line.
    named |= {path for path, _command in commands() for line in examples if line == f"asanokai {' '.join(path)}"}
    assert named == {path for path, _command in commands()}


def keys(found: Any) -> Any:
    """The names in a document, at every depth."""
    if isinstance(found, dict):
        return {name: keys(value) for name, value in found.items()}
    return [keys(found[0])] if isinstance(found, list) else None


def test_the_keys_of_every_document_stand_in_the_description(app, config, clock, smtp, meeting_id, tmp_path):
    shell = Shell(config)
    given = dict(
        re.findall(r"`asanokai ([a-z -]+?)(?: FILE)? --json`.*?```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    )
    with_json = [path for path, command in commands() if "--json" in {word for o in command.params for word in o.opts}]
    assert sorted(given) == sorted(map(" ".join, with_json))
    (tmp_path / "one.csv").write_text("Vorname;Nachname;E-Mail\nKenji;Yamada;kenji@erfurt.example\n")
    (tmp_path / "one.eml").write_text("From: kenji@erfurt.example\nTo: asanokai@asanokai.example\n\nHallo\n")
    examined = document(shell, "doctor")  # before days go by without a seal
    forecast = document(shell, "letters", "forecast")
    sent = document(shell, "letters", "send-due", "--at", "2026-02-19T09:00+01:00")
    made = {
        "doctor": examined,
        "journal verify": document(shell, "journal", "verify"),
        "member import": document(shell, "member", "import", tmp_path / "one.csv"),
        "intake": document(shell, "intake", tmp_path / "one.eml"),
        "letters forecast": forecast,
        "letters list": document(shell, "letters", "list"),
        "letters send-due": sent,
    }
    assert {name: keys(json.loads(text)) for name, text in given.items()} == {
        name: keys(found) for name, found in made.items()
    }


# --- tables -----------------------------------------------------------------------------------------------------------

PEOPLE = (Column("number", "NUMBER"), Column("name", "NAME", words=True), Column("words", "REASON", words=True))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", 0),
        ("Asa", 3),
        ("Jörg Weiß", 9),
        ("朝の会", 6),
        ("ﾔﾏﾀﾞ", 4),  # half-width kana, as banks write them
        ("ＡＢ", 4),
        ("Jo\u0308rg", 4),  # o and its dots apart
        ("が", 2),
        ("か\u3099", 2),
        ("🌅", 2),
    ],
)
def test_a_terminals_cells_are_counted(words, expected):
    assert cells(words) == expected


@pytest.mark.parametrize(
    ("words", "width", "expected"),
    [
        ("Hanako", 6, "Hanako"),
        ("Hanako", 5, "Hana…"),
        ("山田花子", 8, "山田花子"),
        ("山田花子", 7, "山田花…"),
        ("山田花子", 6, "山田…"),
        ("Anna Vogt", 6, "Anna…"),
        ("Jo\u0308rgen", 3, "Jo\u0308…"),
        ("Anna", 1, "…"),
        ("Anna", 0, ""),
    ],
)
def test_words_are_cut_between_signs_with_an_ellipsis(words, width, expected):
    assert cut(words, width) == expected


def test_a_table_aligns_names_in_both_scripts_and_numbers_to_the_right():
    rows = [
        {"number": 7, "name": "山田 花子", "words": "is new"},
        {"number": 4711, "name": "Anna Vogt", "words": ""},
        {"number": None, "name": "鈴木", "words": "has left"},
    ]
    assert table(PEOPLE, rows, width=80) == [
        "\x1b[1mNUMBER\x1b[0m  \x1b[1mNAME\x1b[0m       \x1b[1mREASON\x1b[0m",
        "     7  山田 花子  is new",
        "  4711  Anna Vogt",
        "     –  鈴木       has left",
    ]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (46, "     7  Prof. Dr. Anna Vogt  has left long ago"),
        (40, "     7  Prof. Dr. Anna…  has left long…"),
        (26, "     7  Prof. D…  has lef…"),
        (20, "     7  Prof. D…  h…"),
        (18, "     7  Prof. D…"),
        (4, "   7"),
    ],
)
def test_the_widest_words_give_way_first_and_what_does_not_fit_at_all_ends_at_the_edge(width, expected):
    rows = [{"number": 7, "name": "Prof. Dr. Anna Vogt", "words": "has left long ago"}]
    assert table(PEOPLE, rows, width=width)[1] == expected


def test_what_others_wrote_neither_moves_the_cursor_nor_turns_the_line():
    assert plain("550-no \x1b[2J\r\n550 such\tperson\x07") == "550-no �[2J 550 such person�"
    assert plain("abc\u202egpj.exe\u200b") == "abcgpj.exe"
    assert plain(datetime(2026, 3, 12, 7, 0, 30, tzinfo=UTC)) == "2026-03-12 07:00"


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.text(max_size=40), st.text(max_size=40)), max_size=4),
    st.integers(1, 60),
)
def test_no_line_of_a_table_is_wider_than_it_may_be(rows, width):
    facts = [{"number": number, "name": name, "words": words} for number, name, words in rows]
    lines = [CODES.sub("", line) for line in table(PEOPLE, facts, width=width)]
    assert len(lines) == len(rows) + 1
    assert [line for line in lines if cells(line) > width] == []
    assert {unicodedata.category(sign) for line in lines for sign in line} & {"Cc", "Cf", "Zl", "Zp"} == set()
