"""What the doctor says about mail out and in, the way there and back, and what waits; and that looking changes nothing."""

# ruff: noqa: E501 - the doctor's lines stand here as they are read

import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import AuthResult
from sqlalchemy import select

from asanokai import db, doctor, intake
from asanokai.app import create_app
from asanokai.doctor import der, mail_in, mail_out, standing, waiting
from asanokai.intake import Incoming, Mailbox
from asanokai.intake.recipient import ours
from asanokai.letters import Letter
from asanokai.members import Address
from asanokai.members.reach import Bounce
from config import Config, Mail
from tests import people
from tests.grounds.zones import Zones
from tests.people import berlin

WORDS = b"From: katrin@jena.example\r\nSubject: Gruss\r\n\r\nHallo\r\n"


def levels(checks: list[doctor.Check]) -> list[tuple[str, str, str]]:
    return [(check.level, check.about, check.words) for check in checks]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key with a certificate of its own for localhost, in one file; valid for 90 days."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key = path.with_name("key.pem")
    subprocess.run(
        [*("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "90", "-subj", "/CN=localhost"),
         *("-keyout", str(key), "-out", str(path))],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + key.read_text())
    return path


@contextmanager
def serving(**options: Any) -> Iterator[int]:
    kind = options.pop("kind", Controller)
    controller = kind(type("Taker", (), {})(), hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def reached(app: Any, **mail: Any) -> doctor.Check:
    config = replace(app.config["ASANOKAI"], mail=Mail(**{"server": "localhost", "timeout": 5.0, **mail}))
    return mail_out.examine(create_app(config))


def ends(certificate: Path) -> Any:
    return der.certificate_ends(ssl.PEM_cert_to_DER_cert(certificate.read_text().partition("-----BEGIN PRIVATE")[0]))


# --- mail out ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["starttls", "ssl"])
def test_a_server_that_encrypts_is_told_with_its_tls_and_until_when_its_certificate_is_valid(
    app, clock, certificate, way
):
    options = {"ssl": {"ssl_context": tls(certificate)}, "starttls": {"tls_context": tls(certificate)}}[way]
    clock.set(ends(certificate) - timedelta(days=60))
    with serving(**options) as port:
        found = reached(app, port=port, use_tls=way == "starttls", use_ssl=way == "ssl")
    day = f"{ends(certificate):%Y-%m-%d}"
    words = f"localhost port {port} answers (TLSv1.3, without login); certificate valid until {day}"
    assert (found.level, found.words) == ("ok", words)


@pytest.mark.parametrize(
    ("left", "level", "told"),
    [
        (timedelta(days=15), "ok", "certificate valid until"),
        (timedelta(days=14), "hint", "the certificate of MAIL_SERVER ends on {day}: have it renewed"),
        (timedelta(0), "wrong", "the certificate of MAIL_SERVER ended on {day}: have it renewed"),
    ],
)
def test_a_certificate_is_told_before_it_ends(app, clock, certificate, left, level, told):
    clock.set(ends(certificate) - left)
    looked = mail_out.Looked(
        "TLSv1.3", ssl.PEM_cert_to_DER_cert(certificate.read_text().partition("-----BEGIN PRIVATE")[0])
    )
    words: list[str] = []
    hints, wrongs = mail_out._judge(Mail(server="mx.jena.de"), looked, words)
    day = f"{ends(certificate):%Y-%m-%d}"
    assert ({"ok": words, "hint": hints, "wrong": wrongs}[level][-1]).startswith(told.format(day=day))
    assert (bool(wrongs), bool(hints)) == (level == "wrong", level == "hint")


@pytest.mark.parametrize(
    ("mail", "looked", "told"),
    [
        ({"username": "post", "password": "x"}, {}, ["user name and password go over the network unencrypted: set MAIL_USE_TLS or MAIL_USE_SSL"]),
        ({}, {}, ["letters go over the network unencrypted: set MAIL_USE_TLS if the server can"]),
        ({"server": "127.0.0.1", "username": "post", "password": "x"}, {}, []),
        ({}, {"tls": "TLSv1.2", "doubt": "self-signed certificate"}, ["nobody vouches for the certificate of MAIL_SERVER (self-signed certificate)"]),
        ({"server": "localhost"}, {"tls": "TLSv1.2", "doubt": "self-signed certificate"}, []),
    ],
)  # fmt: skip
def test_what_is_unsafe_on_the_way_to_the_server_is_a_hint(clock, mail, looked, told):
    assert mail_out._judge(Mail(**{"server": "mx.jena.de", **mail}), mail_out.Looked(**looked), []) == (told, [])


def test_a_certificate_nobody_vouches_for_is_looked_at_with_the_systems_trust(app, certificate):
    with serving(tls_context=tls(certificate)) as port:
        config = replace(app.config["ASANOKAI"], mail=Mail("localhost", port, use_tls=True, timeout=5.0))
        assert "self" in mail_out.transport.look(create_app(config)).doubt


def test_a_password_that_is_refused_names_the_settings(app):
    refusing = {"auth_required": False, "auth_require_tls": False, "authenticator": lambda *_: _failed()}
    with serving(**refusing) as port:
        found = reached(app, port=port, username="post", password="geheim")
    begins = f"localhost port {port}: SMTPAuthenticationError: "
    assert (found.level, found.words[: len(begins)]) == ("wrong", begins)
    assert (found.words.endswith("; mend MAIL_USERNAME and MAIL_PASSWORD"), "geheim" in found.words) == (True, False)


def _failed() -> Any:
    return AuthResult(success=False, handled=False)


def test_what_is_no_certificate_has_no_end():
    assert [der.certificate_ends(text) for text in (b"", b"0", b"0\x80", b"0\x84\xff", b"0\x03\x02\x01\x01")] == [
        None
    ] * 5
    assert [der.rsa_bits(text) for text in (b"", b"0\x00", b"\x30\x02\x05\x00", b"\x30\x82")] == [None] * 4


def test_a_letter_to_try_goes_out_as_every_letter_does(app, smtp):
    found = mail_out.send_letter(app, "ludwig@asanokai.example")
    (letter,) = smtp.wait_for(1)
    who = ours(letter.mail_from, app.extensions["tokens"])
    assert (letter.to, who and who.kind, letter.mail_from.rpartition("@")[2]) == (
        "ludwig@asanokai.example",
        "probe",
        "reply.asanokai.example",
    )
    mail = letter.message
    assert (mail["From"].addresses[0].addr_spec, mail["To"], mail["Auto-Submitted"]) == (
        letter.mail_from,
        "ludwig@asanokai.example",
        "auto-generated",
    )
    assert (found.level, found.words) == (
        "ok",
        f"the server took it for ludwig@asanokai.example (from {letter.mail_from}); look whether it has come, and not as spam",
    )


def test_a_letter_to_try_that_is_refused_is_wrong_with_the_servers_words(app, smtp):
    smtp.faults.answer("ludwig@asanokai.example", "550 5.7.1 not from you")
    found = mail_out.send_letter(app, "ludwig@asanokai.example")
    assert (found.level, found.words) == (
        "wrong",
        "not sent to ludwig@asanokai.example: refused: 550 5.7.1 not from you",
    )


# --- there and back ---------------------------------------------------------------------------------------------------


def hurried(app: Any, smtp: Any, come: Callable[[int], object], wait: float = 60) -> tuple[doctor.Check, list[float]]:
    """A round trip whose seconds pass at once; `come(n)` is what happens at the n-th look."""
    now, pauses = [0.0], []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds
        come(len(pauses))

    return mail_in.round_trip(app, wait, pause=pause, monotonic=lambda: now[0]), pauses


def delivered(app: Any, raw: bytes, recipient: str) -> None:
    with db.transaction():
        intake.receive(raw, way="lmtp", tokens=app.extensions["intake"].tokens, recipient=recipient, sender=recipient)


def test_a_letter_to_ourselves_that_comes_in_is_told_with_its_time_and_comes_to_nothing(app, smtp):
    def come(look: int) -> None:
        if look == 4:
            (letter,) = smtp.letters
            delivered(app, letter.content, letter.to.upper())

    found, pauses = hurried(app, smtp, come)
    assert (found.level, found.words, len(pauses)) == ("ok", "a letter to ourselves came in by LMTP after 2.0 s", 4)
    intake.step(app.extensions["intake"])
    with db.reading() as session:
        (row,) = session.scalars(select(Incoming))
        assert (row.state, row.outcome, list(row.facts or {})) == ("taken", "nothing", ["probe"])


def test_a_letter_to_ourselves_that_stays_away_is_wrong_after_the_time_one_waits(app, smtp):
    found, pauses = hurried(app, smtp, lambda _look: None, wait=3)
    (letter,) = smtp.letters
    assert (found.level, sum(pauses)) == ("wrong", 3)
    assert found.words == (
        f"the server took a letter to {letter.to}, but it has not come in within 3 s: does mail for reply.asanokai.example "
        "go to ASANOKAI_INTAKE_LMTP or ASANOKAI_INTAKE_IMAP, and is the worker running?"
    )


def test_a_bounce_that_comes_instead_is_no_round_trip(app, smtp):
    def come(_look: int) -> None:
        (letter,) = smtp.letters
        delivered(app, b"Subject: Undelivered Mail\r\n\r\n" + letter.content, letter.to)

    found, _pauses = hurried(app, smtp, come)
    words = "instead of the letter came “Undelivered Mail” (by lmtp): read it in the mail pages"
    assert (found.level, found.words) == ("wrong", words)


def test_a_round_trip_that_cannot_begin_says_why(app, smtp):
    config = replace(app.config["ASANOKAI"], reply_domain="")
    none = mail_in.round_trip(create_app(config), 1)
    assert (none.level, none.words.partition(":")[0]) == ("wrong", "ASANOKAI_REPLY_DOMAIN is missing")
    smtp.refuse()
    away = mail_in.round_trip(app, 1)
    assert (away.level, "away: ConnectionRefusedError" in away.words) == ("wrong", True)


# --- mail in ----------------------------------------------------------------------------------------------------------


def ways(config: Config, **more: Any) -> list[tuple[str, str, str]]:
    return levels(mail_in.examine(replace(config, authserv_id="mx.jena.de", **more), usable=True))


def test_ways_that_are_not_set_up_are_told_as_they_are(app, config):
    assert [found[0] for found in (*ways(config), *ways(config, reply_domain=""))] == ["hint", "ok"]
    (half, last) = ways(config, reply_domain="", intake_lmtp="127.0.0.1:9")
    assert (half[0], half[2].partition(",")[0], last[0]) == ("hint", "ASANOKAI_REPLY_DOMAIN is missing", "hint")


class Lmtp(Controller):
    """aiosmtpd's own LMTP."""

    def factory(self) -> LMTP:
        return LMTP(self.handler, hostname="localhost", loop=self.loop)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_lmtp_that_answers_is_well_and_when_the_last_mail_came_is_told(app, config, host):
    delivered(app, WORDS, "rsvp@reply.asanokai.example")
    with serving(kind=Lmtp) as port:
        assert ways(config, intake_lmtp=f"{host}:{port}") == [
            ("ok", "mail in", f"LMTP at {host}:{port} answers"),
            ("ok", "mail in", "the last mail came at 2026-02-01 09:00 UTC"),
        ]


def test_lmtp_that_does_not_answer_is_wrong(app, config, smtp):
    away, _none = ways(config, intake_lmtp="127.0.0.1:9")
    assert away[0] == "wrong"
    assert away[2].startswith("LMTP at 127.0.0.1:9 (ASANOKAI_INTAKE_LMTP): ConnectionRefusedError: ")
    assert away[2].endswith(": is the worker running?")
    other, _none = ways(config, intake_lmtp=f"127.0.0.1:{smtp.port}")
    assert other[0] == "wrong"
    assert other[2].startswith(f"who answers at 127.0.0.1:{smtp.port} (ASANOKAI_INTAKE_LMTP) speaks no LMTP: “5")


def test_whom_to_believe_is_asked_for_where_mail_comes_in(app, config):
    found = mail_in.examine(replace(config, intake_lmtp="127.0.0.1:9"), usable=False)
    assert [(check.level, check.words.split()[0]) for check in found][1:] == [("hint", "ASANOKAI_AUTHSERV_ID")]


class Imap(socketserver.StreamRequestHandler):
    """As much of IMAP as looking takes."""

    def handle(self) -> None:
        self.wfile.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        for line in self.rfile:
            tag, verb, *rest = line.decode().split()
            words = {"STATUS": b'* STATUS "A&AOQ-" (MESSAGES 3)\r\n', "EXAMINE": b"* 3 EXISTS\r\n"}
            good = verb != "SELECT" and (verb != "LOGIN" or rest == ['"post"', '"ge:heim"'])
            if verb == "CAPABILITY":
                self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
            self.wfile.write(
                words.get(verb, b"") + f"{tag} {'OK' if good else 'NO'} {verb} {' '.join(rest)}\r\n".encode()
            )
            if verb == "LOGOUT":
                return


@pytest.fixture
def imap() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Imap) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_a_mailbox_is_looked_into_without_marking_anything(app, config, imap):
    found, _last = ways(config, intake_imap=f"imap://post:ge%3Aheim@127.0.0.1:{imap}/A%C3%A4?after=delete")
    assert found == ("ok", "mail in", "IMAP 127.0.0.1 Aä lets us in; 3 mails lie there")


def test_a_mailbox_that_does_not_let_us_in_is_wrong_and_the_password_is_not_shown(app, config, imap):
    found, _last = ways(config, intake_imap=f"imap://post:falsch@127.0.0.1:{imap}/INBOX")
    begins = "IMAP 127.0.0.1 INBOX (ASANOKAI_INTAKE_IMAP): MailboxLoginError: "
    assert (found[0], found[2][: len(begins)], "falsch" in found[2]) == ("wrong", begins, False)
    away, _last = ways(config, intake_imap="imap://post:falsch@127.0.0.1:9/INBOX")
    assert (away[0], "ConnectionRefusedError" in away[2]) == ("wrong", True)


# --- what waits -------------------------------------------------------------------------------------------------------


def waiting_lines(config: Config) -> list[str]:
    return [str(check) for check in waiting.examine(config)]


def test_where_nothing_waits_everything_is_well(app, config):
    assert waiting_lines(config) == [
        "ok     letters: 0 due, 0 later",
        "ok     not delivered: in 24 hours 0 failed, 0 came back",
        "ok     mails: 0 wait to be taken in",
        "ok     parked mails: 0 wait for a person",
        "ok     addresses: 0 main addresses get no letters, since they came back",
        "ok     worker: nothing that is due waits for it",
    ]


def test_mails_that_nobody_takes_in_are_wrong_after_a_quarter_of_an_hour(app, config, clock):
    delivered(app, WORDS, "a@reply.asanokai.example")
    clock.advance(minutes=15)
    assert "ok     mails: 1 wait to be taken in" in waiting_lines(config)
    clock.advance(minutes=1)
    words = "mails: 1 wait to be taken in, the oldest since 2026-02-01 09:00 UTC: is the worker running?"
    assert f"WRONG  {words}" in waiting_lines(config)


def test_parked_mails_are_a_hint_with_the_oldest(app, config, clock):
    delivered(app, WORDS, "a@reply.asanokai.example")
    intake.step(app.extensions["intake"])
    clock.advance(hours=2)
    delivered(app, WORDS + b"And more.\r\n", "b@reply.asanokai.example")
    with db.transaction() as session:
        for row in session.scalars(select(Incoming).where(Incoming.state == "waiting")):
            row.state, row.outcome = "parked", "failed"
    assert (
        "hint   parked mails: 2 wait for a person, the oldest since 2026-02-01 09:00 UTC: read them at /coordinate/mail; 1 "
        "could not be taken in: the worker's log says why"
    ) in waiting_lines(config)


def test_letters_that_did_not_arrive_are_counted_for_a_day(app, config, clock):
    with db.transaction() as session:
        for key, state in (("a", "failed"), ("b", "bounced"), ("c", "bounced"), ("d", "sent")):
            now = clock.now
            session.add(Letter(key=key, kind="invite", state=state, due_at=now, created_at=now, settled_at=now))
    clock.advance(hours=23)
    told = "hint   not delivered: in 24 hours 1 failed, 2 came back: “asanokai letters list --state failed” (or bounced) says why"
    assert told in waiting_lines(config)
    clock.advance(hours=2)
    assert "ok     not delivered: in 24 hours 0 failed, 0 came back" in waiting_lines(config)


def test_addresses_that_get_nothing_any_more_are_counted(app, config, clock):
    with db.transaction() as session:
        people.katrin(), people.emma()
        session.flush()
        session.scalars(select(Address).order_by(Address.id)).first().suppressed_at = clock.now
    told = "hint   addresses: 1 main addresses get no letters, since they came back: the directory shows them (“letters come back”)"
    assert told in waiting_lines(config)


@pytest.mark.parametrize(("count", "mark"), [(1, "hint "), (2, "hint "), (3, "WRONG")])
def test_letters_refused_for_what_they_are_alarm_the_operator(app, config, clock, count, mark):
    with db.transaction() as session:
        for number, who in enumerate(people.crowd(count + 1)):
            session.flush()
            address = session.scalar(select(Address).where(Address.member_id == who.id))
            sort = "policy" if number < count else "full"
            session.add(Bounce(address_id=address.id, sort=sort, status="5.7.1", words="not\nwanted", at=clock.now))
    told = (
        f"{mark}  refused as unwanted: in 7 days the servers of {count} addresses refused letters for what they are (5.7.x), last: "
        "“5.7.1 not wanted”; look at SPF, DKIM and DMARC above, and whether MAIL_SERVER stands on a blocklist"
    )
    assert told in waiting_lines(config)
    clock.advance(days=7)
    assert [line for line in waiting_lines(config) if "unwanted" in line] == []


def test_moments_that_nobody_plans_show_that_no_worker_lives(app, config, clock):
    with db.transaction():
        people.announced_meeting(people=[people.katrin()])
    clock.set(berlin(2026, 3, 11, 18))
    found = [line for line in waiting_lines(config) if "worker" in line]
    assert found[0].startswith("WRONG  worker: letters should have been planned at 2026-0")
    with db.transaction():
        people.plan()
    assert "ok     worker: nothing that is due waits for it" in waiting_lines(config)


def test_a_mailbox_that_is_not_looked_into_any_more_is_wrong(app, config, clock):
    config = replace(config, intake_imap="imaps://a:b@mx.jena.de/INBOX")
    with db.transaction() as session:
        session.add(Mailbox(name="x", seen_at=clock.now))
    clock.advance(minutes=16)
    told = "WRONG  mails: the worker last looked into the mailbox at 2026-02-01 09:00 UTC (ASANOKAI_INTAKE_IMAP): is it running?"
    assert told in waiting_lines(config)


# --- the rest ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mib", "level"), [(99, "wrong"), (100, "hint"), (1023, "hint"), (1024, "ok")])
def test_a_disk_is_told_before_it_is_full(app, config, monkeypatch, mib, level):
    usage = shutil.disk_usage("/")._replace(free=mib * standing.MIB)
    monkeypatch.setattr(standing.shutil, "disk_usage", lambda _path: usage)
    assert standing.disk(config).level == level


def test_looking_changes_nothing_and_asks_the_resolver_it_is_given(app, smtp, clock):
    with db.transaction():
        people.announced_meeting(people=[people.katrin()])
    config = replace(app.config["ASANOKAI"], sender="mail@jena.de", reply_domain="reply.jena.de")
    zones = Zones({"elsewhere.de": {}})
    before = counts()
    checks = doctor.examine(create_app(config), resolver=zones)
    assert (counts(), smtp.letters, {kind for _name, kind, _time in zones.asked} >= {"TXT", "MX"}) == (before, (), True)
    assert [check.about for check in checks if not check.well] == ["sender", "MX", "SPF"]


def counts() -> list[int]:
    with db.reading() as session:
        return [len(session.execute(select(table)).all()) for table in db.Base.metadata.sorted_tables]
