"""`asanokai …`: every promise of the command line, on both databases, and what it says to nonsense.

Most commands run in this process by click's own runner; a few as real processes. A failure is a line on standard error
and an exit code, never a traceback.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text, update
from sqlalchemy.engine import make_url

from asanokai import db, letters, members
from asanokai import series as series_rules
from asanokai.cli import main
from asanokai.db import Base
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.series import Belonging, Series
from config import HOME, Config
from tests import members_twin, people
from tests.people import berlin

DUE = berlin(2026, 2, 19, 9)
"""Twenty-one days before the usual meeting, 09:00."""


def environment(config: Config) -> dict[str, str]:
    """The settings of the test's app as the environment gives them."""
    return {
        "ASANOKAI_DATABASE_URL": config.database_url,
        "ASANOKAI_BASE_URL": config.base_url,
        "ASANOKAI_SECRET_KEY": config.secret_key,
        "ASANOKAI_ERASED_KEY": config.erased_key,
        "ASANOKAI_ERASURES": str(config.erasures),
        "ASANOKAI_SENDER": config.sender,
        "MAIL_SERVER": config.mail.server,
        "MAIL_PORT": str(config.mail.port),
        "MAIL_TIMEOUT": "5",
    }


class Shell:
    """Runs commands in this process."""

    def __init__(self, config: Config) -> None:
        self.environment = environment(config)

    def __call__(self, *arguments: object, input: bytes | None = None) -> Result:
        result = CliRunner().invoke(main, [str(word) for word in arguments], input=input, env=self.environment)
        # Everything but an exit is a traceback to whoever types.
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result


@pytest.fixture
def shell(app, config) -> Shell:
    return Shell(config)


def whole() -> dict[str, list[str]]:
    """Every row of every table."""
    with db.reading() as session:
        tables = Base.metadata.sorted_tables
        return {table.name: sorted(map(repr, session.execute(select(table)))) for table in tables}


def said(result: Result) -> tuple[int, str, str]:
    return result.exit_code, result.stdout, result.stderr


# --- what every command has -------------------------------------------------------------------------------------------


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_these_are_the_commands():
    assert sorted(" ".join(path) for path, _command in commands()) == [
        "backup",
        "db upgrade",
        "demo",
        "doctor",
        "factor remove",
        "factor reseal",
        "intake",
        *(f"journal {verb}" for verb in ("export", "keys", "prune", "verify")),
        "letters forecast",
        "letters list",
        "letters retry",
        "letters send-due",
        "meeting announce",
        "member add",
        "member import",
        "restore",
        "retention",
        "run",
        "series add",
        "serve",
        "sign-in-link",
        "worker",
    ]


@pytest.mark.parametrize(("path", "command"), list(commands()), ids=lambda value: str(value)[:20])
def test_every_command_explains_itself_without_any_setting(path, command):
    result = CliRunner().invoke(main, [*path, "--help"], env={"ASANOKAI_BASE_URL": "nonsense"})
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: main {' '.join(path)}")
    assert (command.help or "").strip() != ""


# --- the tour of the README -------------------------------------------------------------------------------------------


def tour() -> list[list[str]]:
    """The commands of the README's tour, as a shell reads them."""
    readme = (HOME / "README.md").read_text(encoding="utf-8")
    block = readme.split("## A tour from the shell")[1].split("```sh\n")[1].split("```")[0]
    lines = block.replace("\\\n", " ").splitlines()
    return [words[1:] for line in lines if (words := shlex.split(line, comments=True))]


def test_the_tour_of_the_readme_works_as_it_is_written(app, clock, config, smtp, tmp_path, monkeypatch):
    clock.set(berlin(2027, 1, 10, 12))
    (tmp_path / "members.csv").write_bytes(members_twin.meibo_utf8().data)
    monkeypatch.chdir(tmp_path)
    shell = Shell(config)
    told = [shell(*words) for words in tour()]
    assert [result.exit_code for result in told] == [0] * 10
    upgrade, add, link, series, preview, taken, announced, forecast, sent, failed = (result.stdout for result in told)
    assert upgrade == "The database is up to date.\n"
    assert add == "Added member 1 (administrator): you@example.org\n"
    assert link.startswith(f"{config.base_url}/sign-in/")
    assert series == "Added series asa; 10 meetings proposed: 2027-03-11, 2027-04-08, 2027-05-13 …\n"
    assert preview == taken
    assert announced == "Announced 2027-03-11-asa\n"
    assert [line.split()[:4] for line in forecast.splitlines()] == [
        ["2027-02-18T08:00:00+00:00", "invite", "2027-03-11-asa", "29"],
        ["2027-03-09T08:00:00+00:00", "remind", "2027-03-11-asa", "29"],
        ["2027-03-10T16:00:00+00:00", "eve", "2027-03-11-asa", "0"],
    ]
    assert (sent, failed) == ("29 sent, 0 failed, 0 postponed, 0 dropped\n", "")
    invited = {person.address for person in members_twin.meibo_utf8().people.values()}
    assert {letter.to for letter in smtp.letters} <= invited
    assert len({letter.to for letter in smtp.letters}) == 29


# --- members ----------------------------------------------------------------------------------------------------------


def roles_of(address: str) -> tuple[bool, set[tuple[str, str]]]:
    """Whether somebody administers, and which series they belong to in which role."""
    with db.reading() as session:
        who = members.by_address(address)
        assert who is not None
        belongs = session.execute(
            select(Series.slug, Belonging.role)
            .join(Series, Series.id == Belonging.series_id)
            .where(Belonging.member_id == who.id)
        )
        return who.administrator, {(slug, role) for slug, role in belongs}


def test_a_member_is_added_with_a_name_and_a_language(shell):
    added = shell("member", "add", "Kenji@Erfurt.example", "--family", "Yamada", "--given", "健二", "--language", "ja")
    with db.reading():
        who = members.by_address("kenji@erfurt.example")
        assert who is not None
        kept = (who.id, who.family, who.given, who.language, who.standing, who.administrator)
    assert said(added) == (0, f"Added member {kept[0]} (member): Kenji@Erfurt.example\n", "")
    assert kept[1:] == ("Yamada", "健二", "ja", "accepted", False)


def test_somebody_who_exists_is_kept_and_given_the_role(shell):
    with db.transaction():
        people.series()
        number = people.katrin().id
    address = "KATRIN.Lindner@optik-jena.example"
    before = roles_of(address)
    kept = shell("member", "add", address, "--role", "coordinator:asanokai")
    shell("member", "add", address, "--role", "administrator")
    again = shell("member", "add", "ｋatrin.lindner@optik-jena.example", "--role", "coordinator:asanokai")
    assert said(kept) == (0, f"Kept member {number} (coordinator:asanokai): {address}\n", "")
    assert again.exit_code == 0
    assert (before, roles_of(address)) == ((False, set()), (True, {("asanokai", "coordinator")}))


@pytest.mark.parametrize("role", ["", "boss", "coordinator", "coordinator:", "member:", "administrator:asanokai"])
def test_a_role_that_does_not_exist_is_wrong_usage(shell, role):
    with db.transaction():
        people.series()
    before = whole()
    refused = shell("member", "add", "new@jena.example", "--role", role)
    assert said(refused) == (2, "", "--role must be member, coordinator:SERIES or administrator\n")
    assert whole() == before


def test_who_cannot_coordinate_is_not_added_either(shell):
    before = whole()
    refused = shell("member", "add", "new@jena.example", "--role", "coordinator:nothing")
    assert said(refused) == (1, "", "There is no series “nothing”.\n")
    assert whole() == before


def test_who_left_gets_no_role(shell):
    with db.transaction():
        people.juergen()
    before = whole()
    refused = shell("member", "add", "juergen.brandt@weimar.example", "--role", "administrator")
    words = "The member with the address juergen.brandt@weimar.example is “left” and gets no role.\n"
    assert said(refused) == (1, "", words)
    assert whole() == before


def test_a_sign_in_link_signs_in_once(shell, app):
    with db.transaction():
        people.emma()
    told = shell("sign-in-link", "emma.whitfield@ilmenau.example")
    assert (told.exit_code, len(told.stdout.splitlines()), told.stderr) == (0, 1, "")
    path = urlsplit(told.stdout.strip()).path
    first, second = app.test_client(), app.test_client()
    statuses = []
    for client in (first, second):
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)
        assert token
        statuses.append(client.post(path, data={"csrf_token": token[1]}).status_code)
    assert (statuses[0], statuses[1] >= 400) == (303, True)
    assert (first.get("/me/").status_code, second.get("/me/").status_code == 200) == (200, False)


@pytest.mark.parametrize("who", ["nobody@jena.example", "juergen.brandt@weimar.example"])
def test_there_is_no_sign_in_link_for_who_is_no_member(shell, who):
    with db.transaction():
        people.juergen()
    assert said(shell("sign-in-link", who)) == (1, "", f"There is no member with the address {who}.\n")


# --- import -----------------------------------------------------------------------------------------------------------

SHEET = """Vorname;Nachname;E-Mail
Katrin;Lindner;Katrin@Jena.example
Jörg;Weiß;"keine
Mail"
Katrin;Lindner; ｋatrin@JENA.example
"""


@pytest.fixture
def sheet(tmp_path) -> Path:
    path = tmp_path / "mitglieder.csv"
    path.write_text(SHEET, encoding="utf-8")
    return path


def test_an_import_prints_a_verdict_per_row_and_changes_nothing_unless_it_is_told_to(shell, sheet):
    before = whole()
    told = shell("member", "import", sheet)
    assert (told.exit_code, told.stderr) == (0, "")
    assert [line.split(" ")[:2] for line in told.stdout.splitlines()] == [
        ["2", "new"],
        ["3", "bad"],
        ["4", "duplicate"],
    ]
    assert all(len(line.split(" ", 2)) == 3 for line in told.stdout.splitlines())
    assert whole() == before


def test_an_import_that_is_applied_takes_the_good_rows_into_the_series(shell, sheet):
    with db.transaction():
        people.series()
    taken = shell("member", "import", sheet, "--series", "asanokai", "--apply")
    again = shell("member", "import", sheet, "--series", "asanokai", "--apply")
    verdicts = [[line.split(" ")[1] for line in result.stdout.splitlines()] for result in (taken, again)]
    assert verdicts == [["new", "bad", "duplicate"], ["unchanged", "bad", "duplicate"]]
    assert (taken.exit_code, again.exit_code) == (0, 0)
    assert roles_of("katrin@jena.example") == (False, {("asanokai", "member")})


def test_an_import_reads_standard_input(shell):
    told = shell("member", "import", "-", input=SHEET.encode())
    assert (told.exit_code, len(told.stdout.splitlines())) == (0, 3)


def test_an_import_of_which_no_row_is_good_exits_with_1(shell, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("Vorname;Nachname;E-Mail\nA;B;nothing\n")
    told = shell("member", "import", path, "--apply")
    assert (told.exit_code, told.stdout.split(" ")[:2], told.stderr) == (1, ["2", "bad"], "")


UNREADABLE = {
    "not there": None,
    "empty": b"",
    "a picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 40,
    "too large": b"Vorname;Nachname;E-Mail\n" + b"A;B;a@b.example\n" * 200_000,
    "without columns one knows": b"x;y\n1;2\n",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_file_exits_with_2(shell, tmp_path, name):
    path, content = tmp_path / "file", UNREADABLE[name]
    if content is not None:
        path.write_bytes(content)
    before = whole()
    told = shell("member", "import", path, "--apply")
    assert (told.exit_code, told.stdout, len(told.stderr.splitlines())) == (2, "", 1)
    assert whole() == before


def test_a_folder_and_an_endless_file_are_unreadable_too(shell, tmp_path):
    for path in (tmp_path, Path("/dev/zero")):
        told = shell("member", "import", path)
        assert (told.exit_code, told.stdout, len(told.stderr.splitlines())) == (2, "", 1)


# --- series and meetings ----------------------------------------------------------------------------------------------


def test_a_series_is_added_and_its_dates_are_proposed(shell):
    told = shell(
        *("series", "add", "--slug", "asa", "--name", "de=Asa no Kai | ja=朝の会", "--rule", "FREQ=MONTHLY;BYDAY=2TH"),
        *("--start", "2026-03-12T08:00", "--zone", "Europe/Berlin", "--minutes", 90, "--seats", 12),
    )
    assert told.stdout == "Added series asa; 11 meetings proposed: 2026-03-12, 2026-04-09, 2026-05-14 …\n"
    with db.reading() as session:
        series = session.scalars(select(Series)).one()
        first = session.scalars(select(Meeting).order_by(Meeting.starts_at)).first()
        assert first is not None
        assert (series.name, series.seats) == ({"de": "Asa no Kai", "ja": "朝の会"}, 12)
        assert (first.starts_at, first.ends_at) == (berlin(2026, 3, 12, 8), berlin(2026, 3, 12, 9, 30))


def test_a_series_without_a_rule_is_an_event_without_a_limit(shell):
    told = shell("series", "add", "--slug", "trip", "--name", "Reise nach 浜松")
    assert said(told) == (0, "Added series trip; 0 meetings proposed\n", "")
    with db.reading():
        assert (series_rules.by_slug("trip").name, series_rules.by_slug("trip").seats) == (
            {"de": "Reise nach 浜松"},
            None,
        )


def test_a_meeting_is_announced_by_its_local_date(shell):
    with db.transaction():
        people.meeting()
    told = shell("meeting", "announce", "asanokai", "2026-03-12")
    assert said(told) == (0, "Announced 2026-03-12-asanokai\n", "")
    with db.reading() as session:
        assert session.scalars(select(Meeting.state)).one() == "announced"


# --- letters ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def invited(app, clock) -> int:
    """A meeting with two people to invite; its number."""
    with db.transaction():
        return people.announced_meeting(people=[people.katrin(), people.emma(), people.member(None)]).id


def test_the_forecast_says_when_what_to_how_many_and_who_is_left_out_and_why(shell, invited):
    told = shell("letters", "forecast", "--until", "2026-03-01T00:00+01:00")
    assert said(told) == (0, "2026-02-19T08:00:00+00:00 invite 2026-03-12-asanokai 2 readers  1 no address\n", "")


def test_a_forecast_without_a_letter_says_so_beside_the_output(shell, invited):
    told = shell("letters", "forecast", "--until", "2026-02-02T00:00+09:00")
    words = "Nothing goes out by the letter plan until 2026-02-01T15:00:00+00:00.\n"
    assert said(told) == (0, "", words)


def test_what_is_due_is_planned_and_delivered_once(shell, invited, clock, smtp, config):
    with_server = Shell(config)
    told = [
        with_server("letters", "send-due", "--at", at) for at in ("2026-02-19T08:59+01:00", "2026-02-19T09:00+01:00")
    ]
    again = with_server("letters", "send-due", "--at", "2026-02-19T17:00+09:00")
    assert [result.stdout for result in (*told, again)] == [
        "0 sent, 0 failed, 0 postponed, 0 dropped\n",
        "2 sent, 0 failed, 0 postponed, 0 dropped\n",
        "0 sent, 0 failed, 0 postponed, 0 dropped\n",
    ]
    assert {letter.to for letter in smtp.letters} == {
        "katrin.lindner@optik-jena.example",
        "emma.whitfield@ilmenau.example",
    }


def test_a_mail_server_that_is_away_is_an_error_and_loses_nothing(shell, invited, clock):
    clock.set(DUE)
    told = shell("letters", "send-due")
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.splitlines()[-1].startswith("The mail server cannot be reached: ConnectionRefusedError")
    with db.reading():
        assert letters.counts() == {"queued": 2}


def test_letters_are_listed_newest_first_by_state_and_in_one_line_each(shell, invited, clock):
    with db.transaction() as session:
        clock.set(DUE)
        people.plan()
        numbers = list(session.scalars(select(Letter.id).order_by(Letter.id)))
        failed = update(Letter).where(Letter.id == numbers[0])
        session.execute(failed.values(state="failed", server_words="550-no such\r\n550 person"))
        who = dict(session.execute(select(Letter.id, Letter.member_id)).all())
    lines = [
        f"{numbers[1]} queued invite {who[numbers[1]]} 2026-02-19T08:00:00+00:00",
        f"{numbers[0]} failed invite {who[numbers[0]]} 2026-02-19T08:00:00+00:00 550-no such 550 person",
    ]
    assert said(shell("letters", "list")) == (0, "\n".join(lines) + "\n", "")
    assert said(shell("letters", "list", "--state", "failed")) == (0, f"{lines[1]}\n", "")
    assert said(shell("letters", "list", "--limit", 1)) == (0, f"{lines[0]}\n", "")
    assert said(shell("letters", "list", "--state", "sent")) == (0, "", "There is no such letter.\n")


def test_a_failed_letter_is_queued_again_and_no_other(shell, invited, clock):
    with db.transaction() as session:
        clock.set(DUE)
        people.plan()
        first, second = session.scalars(select(Letter.id).order_by(Letter.id))
        session.execute(update(Letter).where(Letter.id == first).values(state="failed"))
    assert said(shell("letters", "retry", first)) == (0, f"Letter {first} is queued again.\n", "")
    assert said(shell("letters", "retry", second)) == (
        1,
        "",
        "Only a letter that failed can be sent again.\n",
    )
    assert said(shell("letters", "retry", 4711)) == (1, "", "There is no such letter.\n")


# --- nonsense ---------------------------------------------------------------------------------------------------------

SERIES = ("series", "add", "--slug", "asa", "--name", "Asa")
RULE = (*SERIES, "--rule", "FREQ=MONTHLY;BYDAY=2TH", "--start", "2026-03-12T08:00")
NONSENSE: dict[str, tuple[object, ...]] = {
    "no such command": ("breakfast",),
    "no such option": ("letters", "list", "--nothing"),
    "nothing to add": ("member", "add"),
    "no address": ("member", "add", "nobody"),
    "an endless address": ("member", "add", "x" * 100_000 + "@jena.example"),
    "an address with a line break": ("member", "add", "a@jena.example\nBcc: b@jena.example"),
    "an address of bytes that are no text": ("member", "add", "caf\udce9@jena.example"),
    "an empty address": ("member", "add", ""),
    "a name of bytes that are no text": ("member", "add", "a@jena.example", "--family", "M\udcfcller"),
    "a name with a NUL": ("member", "add", "a@jena.example", "--family", "M\0ller"),
    "a language nobody speaks here": ("member", "add", "a@jena.example", "--language", "tlh"),
    "a link for no address": ("sign-in-link", "'; DROP TABLE member; --"),
    "a series without a name": ("series", "add", "--slug", "asa"),
    "a series with an empty name": ("series", "add", "--slug", "asa", "--name", "  "),
    "a name in an unknown language": ("series", "add", "--slug", "asa", "--name", "tlh=x | fr=Matin"),
    "a name with and without language": ("series", "add", "--slug", "asa", "--name", "de=Asa | Kai"),
    "a slug that is a path": ("series", "add", "--slug", "../etc", "--name", "Asa"),
    "an endless slug": ("series", "add", "--slug", "x" * 100_000, "--name", "Asa"),
    "a rule without a start": (*SERIES, "--rule", "FREQ=MONTHLY;BYDAY=2TH"),
    "a rule that is none": (*SERIES, "--rule", "every Thursday", "--start", "2026-03-12T08:00"),
    "a rule that never comes": (
        *SERIES,
        "--rule",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "--start",
        "2026-03-12T08:00",
    ),
    "a rule by the second": (*SERIES, "--rule", "FREQ=SECONDLY", "--start", "2026-03-12T08:00"),
    "a rule that stands still": (*SERIES, "--rule", "FREQ=DAILY;INTERVAL=0", "--start", "2026-03-12T08:00"),
    "an endless rule": (*SERIES, "--rule", "FREQ=MONTHLY;BYDAY=" + "2TH," * 30_000, "--start", "2026-03-12T08:00"),
    "a start with a zone": (*SERIES, "--rule", "FREQ=WEEKLY", "--start", "2026-03-12T08:00+01:00"),
    "a start that is no time": (*SERIES, "--rule", "FREQ=WEEKLY", "--start", "2026-02-30T08:00"),
    "a start in antiquity": (*SERIES, "--rule", "FREQ=WEEKLY", "--start", "0044-03-15T08:00"),
    "a zone that is none": (*RULE, "--zone", "Europe/Erfurt"),
    "a zone that is a file": (*RULE, "--zone", "../../../etc/passwd"),
    "no minutes": (*RULE, "--minutes", 0),
    "minutes before the start": (*RULE, "--minutes", -5),
    "endless minutes": (*RULE, "--minutes", 10**30),
    "minutes in words": (*RULE, "--minutes", "two hours"),
    "no seats": (*RULE, "--seats", 0),
    "more seats than numbers": (*RULE, "--seats", 10**30),
    "a number of thousands of digits": (*RULE, "--seats", "9" * 5000),
    "a meeting of no series": ("meeting", "announce", "nothing", "2026-03-12"),
    "a meeting on no date": ("meeting", "announce", "asanokai", "12.03.2026"),
    "a meeting on a date that does not exist": ("meeting", "announce", "asanokai", "2026-02-30"),
    "a meeting on another day": ("meeting", "announce", "asanokai", "2026-03-13"),
    "a meeting announced already": ("meeting", "announce", "asanokai", "2026-04-09"),
    "a state that is none": ("letters", "list", "--state", "lost"),
    "a letter of no number": ("letters", "retry", "all"),
    "a letter of an endless number": ("letters", "retry", 10**30),
    "a letter of a negative number": ("letters", "retry", "--", -1),
    "a moment without a zone": ("letters", "forecast", "--until", "2026-03-12T08:00"),
    "a moment that is none": ("letters", "forecast", "--until", "tomorrow"),
    "the first moment of all": ("letters", "forecast", "--until", "0001-01-01T00:00+14:00"),
    "the last moment of all": ("letters", "send-due", "--at", "9999-12-31T23:59-14:00"),
    "sending at no moment": ("letters", "send-due", "--at", "2026-03-12T08:00"),
    "an import into no series": ("member", "import", "-", "--series", "nothing", "--apply"),
    "port 0": ("run", "--port", 0),
    "a port that is none": ("run", "--port", "http"),
    "no web workers": ("serve", "--workers", 0),
}


def test_nonsense_is_answered_on_standard_error_and_changes_nothing(shell):
    with db.transaction():
        series = people.series()
        people.meeting(series)
        people.announced_meeting(series, datetime(2026, 4, 9, 8))
    before = whole()
    wrong = {}
    for name, arguments in NONSENSE.items():
        told = shell(*arguments, input=SHEET.encode())
        good = told.exit_code in (1, 2) and not told.stdout and told.stderr.strip() and "Traceback" not in told.stderr
        if not good or whole() != before:
            wrong[name] = said(told)
    assert wrong == {}


# --- the database -----------------------------------------------------------------------------------------------------


def settings_of(database_url: str) -> dict[str, str]:
    return {**environment(Config.for_tests(database_url=database_url))}


def invoke(database_url: str, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, arguments, env=settings_of(database_url))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return said(result)


NEEDS_DATABASE = [("letters", "list"), ("demo",), ("worker",), ("serve",), ("letters", "send-due")]


@pytest.mark.parametrize("command", NEEDS_DATABASE, ids=" ".join)
def test_a_database_that_was_never_made_is_not_made_by_looking(clock, tmp_path, command):
    path = tmp_path / "new.sqlite"
    words = f"There is no database at {path} yet. Make it by: asanokai db upgrade\n"
    assert invoke(f"sqlite:///{path}", *command) == (1, "", words)
    assert not path.exists()


@pytest.mark.parametrize("command", [*NEEDS_DATABASE, ("db", "upgrade")], ids=" ".join)
def test_a_database_that_cannot_be_opened_is_an_error_in_a_line(clock, tmp_path, command):
    broken, nowhere = tmp_path / "broken.sqlite", tmp_path / "no" / "where.sqlite"
    broken.write_bytes(b"no database " * 500)
    away = "postgresql+psycopg://asanokai:geheim@127.0.0.1:9/asanokai"
    for database_url in (f"sqlite:///{broken}", f"sqlite:///{nowhere}", f"sqlite:///{tmp_path}", away):
        code, out, err = invoke(database_url, *command)
        assert (code, out, len(err.splitlines()), "geheim" in err) == (1, "", 1, False), err


def test_upgrading_makes_a_database_and_twice_is_once(clock, tmp_path):
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    told = [invoke(url, "db", "upgrade") for _ in range(2)]
    assert told == [(0, "The database is up to date.\n", "")] * 2
    assert invoke(url, "letters", "list") == (0, "", "There is no letter yet.\n")


@pytest.mark.parametrize(
    ("revision", "words"),
    [
        (None, "The database is behind this version of the program. Bring it up to date by: asanokai db upgrade\n"),
        ("9999", "The database was made by a newer version of this program. Install that one.\n"),
    ],
)
def test_a_database_of_another_version_is_told_apart(shell, revision, words):
    with db.transaction() as session:
        session.execute(text("DELETE FROM alembic_version"))
        if revision:
            session.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
    assert [said(shell(*command)) for command in NEEDS_DATABASE] == [(1, "", words)] * len(NEEDS_DATABASE)


def test_demo_data_is_filled_in_once(shell):
    told = [shell("demo") for _ in range(2)]
    assert [result.exit_code for result in told] == [0, 0]
    assert told[0].stdout.startswith("Demo data: 36 members, 2 series, ")
    assert told[1].stdout == "The database already holds members; no demo data was added.\n"


# --- the doctor -------------------------------------------------------------------------------------------------------


def complaints(result: Result) -> list[str]:
    """What the doctor found wrong, and that the exit code says whether there was anything."""
    lines = result.stdout.splitlines()
    wrong = [line.removeprefix("WRONG  ") for line in lines if line.startswith("WRONG  ")]
    assert (result.exit_code, result.stderr) == (int(bool(wrong)), "")
    assert len(wrong) + sum(line.startswith(("ok     ", "hint   ")) for line in lines) == len(lines)
    return wrong


def test_the_doctor_says_a_line_per_check_and_finds_a_good_installation_well(app, clock, config, smtp, invited):
    told = Shell(config)("doctor")
    where = make_url(config.database_url).render_as_string(hide_password=True)
    lines = told.stdout.splitlines()
    assert lines.pop(3).startswith("ok     disk: ")
    assert lines == [
        f"ok     settings: pages at {config.base_url}, letters from {config.sender}",
        f"ok     database: {where}",
        "ok     migrations: up to date",
        "hint   limits: wrong links, passwords and codes are counted in memory, by each of 2 web processes for itself, "
        "so that somebody may be wrong 2 times as often: set ASANOKAI_LIMITS_STORAGE to a store that they share, or "
        "WEB_CONCURRENCY to 1",
        f"ok     mail out: 127.0.0.1 port {smtp.port} answers (no encryption, without login)",
        "ok     mail in: off (ASANOKAI_REPLY_DOMAIN is not set): answers come by links alone",
        "hint   DNS: asanokai.example: not checked, only for trying out",
        "ok     letters: 0 due, 0 later",
        "ok     not delivered: in 24 hours 0 failed, 0 came back",
        "ok     addresses: 0 main addresses get no letters, since they came back",
        "ok     worker: nothing that is due waits for it",
        "ok     journal: no seal yet; not verified yet",
        "hint   pages of law: places are still to be filled in: imprint (24), privacy (27), accessibility (15); "
        "see /coordinate/settings/law",
        "ok     clock: 2026-02-01 09:00 UTC",
    ]
    assert complaints(told) == []


def test_the_doctor_finds_a_mail_server_that_is_away(shell):
    (wrong,) = complaints(shell("doctor"))
    assert wrong.startswith("mail out: 127.0.0.1 port 9: ConnectionRefusedError: ")


def test_the_doctor_finds_a_mail_server_that_knows_no_tls(app, clock, config, smtp):
    told = Shell(config)
    told.environment |= {"MAIL_USE_TLS": "yes"}
    (wrong,) = complaints(told("doctor"))
    assert wrong.startswith(f"mail out: 127.0.0.1 port {smtp.port}: SMTPNotSupportedError: ")


def test_the_doctor_finds_a_mail_server_whose_name_is_none(app, clock, config):
    told = Shell(config)
    told.environment |= {"MAIL_SERVER": "x" * 70 + ".example"}
    (wrong,) = complaints(told("doctor"))
    assert wrong.startswith(f"mail out: {'x' * 70}.example port 9: ")


def test_the_doctor_finds_letters_that_nobody_fetches(app, clock, config, smtp, invited):
    shell = Shell(config)
    clock.set(DUE)
    with db.transaction():
        people.plan()
        people.seal_journal()
    clock.advance(minutes=15)
    assert complaints(shell("doctor")) == []
    clock.advance(minutes=1)
    words = "letters: 2 due, 0 later; the oldest waits since 2026-02-19 08:00 UTC: is the worker running?"
    assert complaints(shell("doctor")) == [words]
    with db.transaction() as session:
        series_rules.pause(session.scalars(select(Series)).one(), True, actor_id=None)
    assert complaints(shell("doctor")) == []


def test_the_doctor_finds_a_clock_that_is_wrong(app, clock, config, smtp, invited, tmp_path):
    shell = Shell(config)
    clock.set(DUE)
    with db.transaction():
        people.plan()
        people.seal_journal()
    clock.set(DUE - timedelta(days=2))
    assert complaints(shell("doctor")) == [
        "clock: 2026-02-17 08:00 UTC; a letter was written at 2026-02-19 08:00 UTC, which is still to come"
    ]
    (tmp_path / "clock").write_text("2026-02-19T09:00+01:00")
    shell.environment["ASANOKAI_CLOCK"] = str(tmp_path / "clock")
    assert complaints(shell("doctor")) == ["clock: 2026-02-19 08:00 UTC; it stands still, since ASANOKAI_CLOCK is set"]


def test_the_doctor_finds_a_database_that_is_behind_or_away(app, clock, config, smtp, tmp_path):
    shell = Shell(config)
    with db.transaction() as session:
        session.execute(text("DELETE FROM alembic_version"))
    behind = complaints(shell("doctor"))
    shell.environment["ASANOKAI_DATABASE_URL"] = f"sqlite:///{tmp_path / 'no' / 'where.sqlite'}"
    missing = complaints(shell("doctor"))
    shell.environment["ASANOKAI_DATABASE_URL"] = "postgresql://asanokai:geheim@127.0.0.1:9/asanokai"
    (away,) = complaints(shell("doctor"))
    assert [line.split(".")[0] for line in behind] == ["migrations: The database is behind this version of the program"]
    assert [line.split(":")[0] for line in missing] == ["migrations"]
    assert (away.startswith("database: postgresql+psycopg://asanokai:***@127.0.0.1:9/"), "geheim" in away) == (
        True,
        False,
    )


def test_the_doctor_sends_nothing_but_what_is_asked_for(app, clock, config, smtp):
    shell = Shell(config)
    shell.environment["ASANOKAI_REPLY_DOMAIN"] = "reply.asanokai.example"
    assert (complaints(shell("doctor")), smtp.letters) == ([], ())
    assert complaints(shell("doctor", "--letter", "ludwig@asanokai.example")) == []
    assert [letter.to for letter in smtp.letters] == ["ludwig@asanokai.example"]
    (wrong,) = complaints(shell("doctor", "--round-trip", "--wait", "1"))
    assert wrong.startswith(
        f"round trip: the server took a letter to {smtp.letters[1].to}, but it has not come in within 1 s"
    )
    refused = shell("doctor", "--letter", "nobody")
    assert said(refused) == (1, "", "“nobody” is not a mail address.\n")


def test_the_doctor_lists_settings_that_cannot_be_used(app, config):
    shell = Shell(config)
    shell.environment |= {"MAIL_PORT": "smtp", "ASANOKAI_NIGHT": "late"}
    assert complaints(shell("doctor")) == [
        "settings: MAIL_PORT must be a number from 1 to 65535, not “smtp”",
        "settings: ASANOKAI_NIGHT must be of the form 21:00-07:00, not “late”",
    ]


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [*NEEDS_DATABASE, ("db", "upgrade"), ("run", "--port", "8999")], ids=" ".join)
def test_settings_that_cannot_be_used_stop_every_command_with_the_whole_list(config, monkeypatch, command):
    wrong = {"ASANOKAI_ORGANISATION": "two\nlines", "ASANOKAI_NIGHT": "late", "ASANOKAI_METRICS": "perhaps"}
    told = CliRunner().invoke(main, command, env={**settings_of(config.database_url), **wrong})
    assert said(told) == (
        1,
        "",
        "The settings cannot be used:\n"
        "  - ASANOKAI_ORGANISATION must be one line of at most 200 characters\n"
        "  - ASANOKAI_NIGHT must be of the form 21:00-07:00, not “late”\n"
        "  - ASANOKAI_METRICS must be yes or no, not “perhaps”\n",
    )


# --- real processes ---------------------------------------------------------------------------------------------------

AS_MODULE = [sys.executable, "-m", "asanokai.cli"]
AS_SCRIPT = [str(Path(sys.executable).parent / "asanokai")]


def process(command: list[Any], database_url: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    variables = {**os.environ, **settings_of(database_url), **more}
    return subprocess.run(command, cwd=HOME, env=variables, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("program", [AS_MODULE, AS_SCRIPT], ids=["python -m asanokai.cli", "asanokai"])
def test_it_is_started_as_a_module_and_as_a_script(database_url, program):
    added = process([*program, "member", "add", "kenji@erfurt.example", "--family", "山田"], database_url)
    assert (added.returncode, added.stdout, added.stderr) == (
        0,
        b"Added member 1 (member): kenji@erfurt.example\n",
        b"",
    )
    refused = process([*program, "sign-in-link", "nobody@erfurt.example"], database_url)
    words = b"There is no member with the address nobody@erfurt.example.\n"
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, b"", words)


def test_bytes_that_are_no_utf_8_are_refused_in_a_line(database_url):
    told = process([*AS_MODULE, "member", "add", b"caf\xe9@erfurt.example"], database_url)
    assert (told.returncode, told.stdout) == (2, b"")
    assert told.stderr.splitlines()[-1] == b"Error: 'caf\\udce9@erfurt.example' is not UTF-8."


def test_a_terminal_that_knows_no_japanese_shows_what_it_can(database_url):
    told = process([*AS_MODULE, "member", "add", "健二"], database_url, PYTHONIOENCODING="latin-1")
    assert (told.returncode, told.stdout) == (1, b"")
    assert told.stderr == b"\\u201c\\u5065\\u4e8c\\u201d is not a mail address.\n"


def test_nothing_is_written_by_an_import_that_is_not_applied_even_in_a_process_of_its_own(database_url, tmp_path):
    path = tmp_path / "meibo.csv"
    path.write_bytes(members_twin.meibo_cp932().data)
    told = process([*AS_MODULE, "member", "import", path], database_url)
    assert (told.returncode, told.stderr, len(told.stdout.splitlines())) == (0, b"", 15)
    again = process([*AS_MODULE, "member", "import", path], database_url)
    assert [line.split()[1] for line in again.stdout.splitlines()] == [b"new"] * 15
