"""The grounds themselves: what every other test stands on must hold first."""

import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from sqlalchemy import text

from asanokai import clock as program_clock
from asanokai.db import begin_writing, db, transaction
from tests.conftest import Clock, OpenPage
from tests.grounds import catalogues, migrations, postgres
from tests.grounds.browser import Watched
from tests.grounds.smtp import SmtpServer, in_process, read_maildir

MAIL = b"From: a@asanokai.example\r\nSubject: =?utf-8?q?=E6=9C=9D?=\r\n\r\nGuten Morgen\r\n"
READER = "mari@tanaka.example"


def send(port: int, recipient: str = READER, *, timeout: float = 5) -> dict[str, tuple[int, bytes]]:
    """Send one mail; what `smtplib` says about recipients that were refused."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost", timeout=timeout) as connection:
        return connection.sendmail("bounce+1@asanokai.example", [recipient], MAIL)


def answer_everything(app: Flask, view: Callable[[], str]) -> None:
    """Answer every request with a view of the test's own, before the program's guards see it."""
    app.before_request_funcs.setdefault(None, []).insert(0, view)


class TestDatabases:
    def test_each_test_has_a_migrated_database_of_its_own(self, app: Flask) -> None:
        with transaction() as session:
            session.execute(text("CREATE TABLE only_here (id INTEGER)"))
        assert migrations.differences() != []

    def test_nothing_is_left_from_the_test_before(self, app: Flask) -> None:
        assert migrations.differences() == []

    def test_both_databases_are_really_used(self, app: Flask, database_url: str) -> None:
        assert db.engine.dialect.name == database_url.split(":")[0].split("+")[0]

    def test_copying_the_migrated_postgresql_is_quick(
        self, postgres_server: postgres.Postgres, postgres_template: str
    ) -> None:
        taken = []
        for _ in range(5):
            began = time.perf_counter()
            with postgres_server.database(template=postgres_template):
                taken.append(time.perf_counter() - began)
        # 20 ms in memory; the limit only tells copying from migrating.
        assert min(taken) < 0.2

    def test_a_crashed_postgresql_comes_back_with_what_was_committed(self) -> None:
        with postgres.server(durable=True) as server:
            url = server.url("postgres").replace("+psycopg", "")
            with psycopg.connect(url) as connection:
                connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
            server.crash()
            server.start()
            with psycopg.connect(url) as connection:
                assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]

    def test_postgresql_ends_with_the_process_that_started_it(self) -> None:
        code = (
            "import sys; from tests.grounds.postgres import Postgres; s = Postgres(); s.start();"
            "print(s.directory, flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout
            directory = Path(process.stdout.readline().strip())
            assert (directory / "data" / "postmaster.pid").exists()
            os.kill(process.pid, signal.SIGKILL)
        until = time.monotonic() + 10
        while directory.exists() and time.monotonic() < until:
            os.sched_yield()
        assert not directory.exists()


class TestApp:
    def test_requests_do_not_share_what_is_remembered_for_one(self, app: Flask) -> None:
        def remembered() -> str:
            before = g.get("seen", "nothing")
            g.seen = "the last visitor"
            return str(before)

        answer_everything(app, remembered)
        client = app.test_client()
        assert [client.get("/").text for _ in range(2)] == ["nothing", "nothing"]

    def test_the_test_sees_what_a_request_wrote(self, app: Flask, client: FlaskClient) -> None:
        with transaction() as session:
            session.execute(text("CREATE TABLE kept (number INTEGER)"))
        count = text("SELECT count(*) FROM kept")
        assert db.session.execute(count).scalar() == 0

        def keep() -> str:
            begin_writing()
            db.session.execute(text("INSERT INTO kept VALUES (7)"))
            return "kept"

        answer_everything(app, keep)
        assert client.post("/").text == "kept"
        assert db.session.execute(count).scalar() == 1


class TestClock:
    def test_the_clock_stands_still_until_it_is_moved(self, clock: Clock) -> None:
        first = program_clock.now()
        clock.advance(days=1, minutes=30)
        second = program_clock.now()
        clock.set(datetime(2026, 3, 12, 16, 0, tzinfo=timezone(timedelta(hours=9))))
        assert (first, second, program_clock.now()) == (
            datetime(2026, 2, 1, 9, 0, tzinfo=UTC),
            datetime(2026, 2, 2, 9, 30, tzinfo=UTC),
            datetime(2026, 3, 12, 7, 0, tzinfo=UTC),
        )

    def test_a_moment_without_a_zone_is_refused(self, clock: Clock) -> None:
        with pytest.raises(ValueError):
            clock.set(datetime(2026, 3, 12, 8, 0))


class TestSmtp:
    def test_a_mail_is_kept_with_its_envelope_and_its_very_bytes(self, smtp: SmtpServer) -> None:
        send(smtp.port)
        (letter,) = smtp.letters
        assert (letter.mail_from, letter.to, letter.content) == ("bounce+1@asanokai.example", READER, MAIL)
        assert letter.message["Subject"] == "朝"
        assert smtp.to(READER) == (letter,)
        assert smtp.to("nobody@tanaka.example") == ()

    @pytest.mark.parametrize("reply", ["451 try later", "550 no such person"])
    def test_one_recipient_is_refused_and_the_others_are_not(self, smtp: SmtpServer, reply: str) -> None:
        smtp.faults.answer(READER, reply)
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(smtp.port)
        send(smtp.port, "jan@holz.example")
        code, words = reply.split(" ", 1)
        assert refused.value.recipients == {READER: (int(code), words.encode())}
        assert [letter.to for letter in smtp.letters] == ["jan@holz.example"]

    def test_a_fault_that_holds_once_holds_once(self, smtp: SmtpServer) -> None:
        smtp.faults.answer(READER, "451 try later", times=1)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send(smtp.port)
        assert send(smtp.port) == {}

    @pytest.mark.parametrize("stage", ["CONNECT", "MAIL", "RCPT", "DATA"])
    def test_a_stalling_server_runs_into_the_time_out(self, smtp: SmtpServer, stage: str) -> None:
        smtp.faults.stall(30, at=stage)  # type: ignore[arg-type]  # a stage by its name
        with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
            send(smtp.port, timeout=0.2)

    def test_a_connection_dropped_before_the_reply_leaves_the_sender_in_doubt(self, smtp: SmtpServer) -> None:
        smtp.faults.drop("before reply")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(smtp.port)
        assert [letter.to for letter in smtp.letters] == [READER]
        assert send(smtp.port) == {}

    def test_a_connection_dropped_after_the_reply_breaks_the_next_mail(self, smtp: SmtpServer) -> None:
        smtp.faults.drop("after reply")
        connection = smtplib.SMTP("127.0.0.1", smtp.port, local_hostname="localhost", timeout=5)
        try:
            assert connection.sendmail("a@asanokai.example", [READER], MAIL) == {}
            with pytest.raises(smtplib.SMTPServerDisconnected):
                connection.sendmail("a@asanokai.example", [READER], MAIL)
        finally:
            connection.close()

    def test_a_server_that_refuses_listens_again_on_the_same_port(self, smtp: SmtpServer) -> None:
        port = smtp.port
        smtp.refuse()
        with pytest.raises(ConnectionRefusedError):
            send(port)
        smtp.accept()
        assert (send(port), smtp.port) == ({}, port)

    def test_what_comes_from_many_at_once_is_all_kept(self, smtp: SmtpServer) -> None:
        senders = [threading.Thread(target=send, args=(smtp.port, f"m{n}@tanaka.example")) for n in range(20)]
        for sender in senders:
            sender.start()
        letters = smtp.wait_for(20)
        for sender in senders:
            sender.join()
        assert sorted(letter.to for letter in letters) == sorted(f"m{n}@tanaka.example" for n in range(20))

    def test_a_server_of_its_own_writes_files(self, tmp_path: Path) -> None:
        with in_process(tmp_path) as port:
            send(port)
            send(port, "jan@holz.example")
        assert [(mail.mail_from, mail.rcpt_tos, mail.content) for mail in read_maildir(tmp_path)] == [
            ("bounce+1@asanokai.example", (READER,), MAIL),
            ("bounce+1@asanokai.example", ("jan@holz.example",), MAIL),
        ]

    def test_without_the_server_nobody_takes_mail(self, app: Flask) -> None:
        with pytest.raises(ConnectionRefusedError):
            send(app.config["MAIL_PORT"])


class TestBrowser:
    def test_a_page_is_served_to_a_real_browser(self, app: Flask, site: str, open_page: OpenPage) -> None:
        answer_everything(app, lambda: "<!doctype html><title>朝</title><h1>おはようございます</h1>")
        page = open_page(locale="ja-JP", color_scheme="dark")
        page.goto("/")
        assert (page.title(), page.inner_text("h1")) == ("朝", "おはようございます")
        seen = page.evaluate("[navigator.language, matchMedia('(prefers-color-scheme: dark)').matches]")
        assert seen == ["ja-JP", True]

    @pytest.mark.parametrize(
        ("content", "wrong"),
        [
            ("<script>nothing.there</script>", "script failed"),
            ("<img src='https://pixel.example/1.png'>", "asked a foreign host: https://pixel.example/1.png"),
        ],
    )
    def test_what_goes_wrong_on_a_page_fails_the_test(self, browser: Browser, content: str, wrong: str) -> None:
        watched = Watched(browser.new_context())
        watched.page().set_content(content)
        with pytest.raises(AssertionError, match=re.escape(wrong)):
            watched.close()


class TestCatalogues:
    @pytest.fixture
    def message_catalogue(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        """A program of one template with one text, and its German catalogue, translated."""
        (tmp_path / "templates").mkdir()
        (tmp_path / "templates" / "page.html").write_text("{{ _('Hello %(name)s', name=name) }}")
        monkeypatch.setattr(catalogues, "HOME", tmp_path)
        monkeypatch.setattr(catalogues, "TRANSLATIONS", tmp_path / "translations")
        monkeypatch.setattr(catalogues, "SOURCES", {"templates": [("**.html", "jinja2")]})
        monkeypatch.setattr(catalogues, "LANGUAGES", ("de",))
        catalogues.update()
        path = tmp_path / "translations" / "de" / "LC_MESSAGES" / "messages.po"
        return path

    def test_a_text_without_a_translation_is_found(self, message_catalogue: Path) -> None:
        assert catalogues.problems() == ["de: not translated: 'Hello %(name)s'"]

    def test_a_complete_catalogue_passes_once_it_is_compiled(self, message_catalogue: Path) -> None:
        translate(message_catalogue, "Guten Tag %(name)s")
        assert catalogues.problems() == ["de: messages.mo is not what messages.po says; `make catalogues` compiles it"]
        catalogues.update()
        assert catalogues.problems() == []

    def test_a_placeholder_that_nobody_fills_is_found(self, message_catalogue: Path) -> None:
        translate(message_catalogue, "Guten Tag %(nam)s")
        catalogues.update()
        assert catalogues.problems() == ["de: fills in what nobody gives: ['%(nam)']: 'Hello %(name)s'"]

    def test_new_and_dropped_texts_are_found(self, message_catalogue: Path) -> None:
        translate(message_catalogue, "Guten Tag %(name)s")
        catalogues.update()
        (catalogues.HOME / "templates" / "page.html").write_text("{{ _('Goodbye') }}")
        assert catalogues.problems() == ["de: missing: 'Goodbye'", "de: nobody asks for: 'Hello %(name)s'"]


def translate(path: Path, translation: str) -> None:
    """Give the only text of a catalogue its translation."""
    before, after = path.read_text().rsplit('msgstr ""', 1)
    path.write_text(f'{before}msgstr "{translation}"{after}')


def test_no_port_is_taken_beyond_loopback(smtp: SmtpServer) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.2", smtp.port))
