"""Mail over LMTP: durable before "250", one answer for each recipient, kept by the mail server where we cannot."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select, text

from asanokai import db
from asanokai.intake import Incoming, lmtp
from asanokai.intake.lmtp import Listener
from asanokai.worker import Worker
from tests.grounds.lmtp import HOST, conversation, dotted, hand_over, over

MAIL = b"From: katrin@jena.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHallo\r\n"
LARGE = b"Subject: large\r\n\r\n" + (b"x" * 78 + b"\r\n") * (128 * 1024 + 1)


@pytest.fixture
def port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def listener(app: Any, port: int) -> Iterator[Listener]:
    found = Listener(app, f"{HOST}:{port}")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def to(app: Any) -> str:
    """The address that a member's answers go to."""
    place = app.extensions["intake"]
    return f"rsvp+{place.tokens.mint_address('member', 7)}@{place.reply_domain}"


def rows() -> list[Any]:
    with db.reading() as session:
        query = select(Incoming.recipient, Incoming.sender, Incoming.state, Incoming.raw, Incoming.way)
        return [tuple(row) for row in session.execute(query.order_by(Incoming.id))]


def count() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Incoming)) or 0


# --- what is taken ----------------------------------------------------------------------------------------------------


def test_a_mail_is_in_the_database_with_its_envelope_when_it_is_acknowledged(listener, port, to):
    assert hand_over(port, MAIL, to) == ["250 2.1.5 Taken."]
    assert rows() == [(to, "katrin@jena.example", "waiting", MAIL, "lmtp")]


def test_the_sender_of_bounces_is_empty(listener, port, to):
    assert hand_over(port, MAIL, to, sender="") == ["250 2.1.5 Taken."]
    assert [row[1] for row in rows()] == [""]


def test_every_recipient_of_ours_gets_a_row_and_an_answer_and_strangers_are_told_at_once(app, listener, port, to):
    place = app.extensions["intake"]
    other = f"BOUNCE+{place.tokens.mint_address('letter', 9)}@mx.elsewhere.example".upper()
    answers = hand_over(port, MAIL, to, "nobody@elsewhere.example", other, f"rsvp+{'a' * 20}@elsewhere.example")
    assert answers == [
        "250 2.1.5 Taken.",
        "550 5.1.1 Nobody lives here.",
        "250 2.1.5 Taken.",
        "550 5.1.1 Nobody lives here.",
    ]
    assert [row[0] for row in rows()] == [to, other]


@pytest.mark.parametrize("address", ["anything@REPLY.asanokai.example", "AsaNoKai@asanokai.example"])
def test_the_reply_domain_and_the_plain_sender_are_ours_too(listener, port, address):
    assert hand_over(port, MAIL, address) == ["250 2.1.5 Taken."]


@pytest.mark.parametrize("settings", [{"reply_domain": ""}])
def test_without_a_reply_domain_only_tokens_and_the_plain_sender_are_ours(listener, port, to):
    assert hand_over(port, MAIL, "x@nowhere.example", to + "elsewhere.example", "asanokai@asanokai.example") == [
        "550 5.1.1 Nobody lives here.",
        "250 2.1.5 Taken.",
        "250 2.1.5 Taken.",
    ]


@pytest.mark.parametrize(
    "body",
    [
        b".\r\n..\r\n.dotted\r\nlast\r\n",
        b"bare\nline feeds\n.\nand dots between them\n.\r\n",
        "Grüße 朝の会 ü\r\n".encode() + b"\xff\xfe\x00\x80\r\n",
        b"x" * 200_000 + b"\r\n" + b"y" * 65_536 + b"\r\n",
        b"no end of line",
        b"\r\r\n \r\n",
        b"",
    ],
    ids=["dots", "line feeds", "eight bits", "long lines", "no end", "empty lines", "nothing"],
)
def test_the_bytes_are_kept_as_they_came(listener, port, to, body):
    raw = b"Subject: bytes\r\n\r\n" + body
    assert hand_over(port, raw, to) == ["250 2.1.5 Taken."]
    assert [row[3] for row in rows()] == [raw if raw.endswith(b"\r\n") else raw + b"\r\n"]


def test_it_announces_what_the_standard_wants_and_knows_no_other_hello(listener, port):
    with conversation(port) as client:
        features = dict(client.esmtp_features)
        assert (features.pop("size"), set(features)) == (
            str(10 * 1024 * 1024),
            {"8bitmime", "smtputf8", "pipelining", "enhancedstatuscodes", "help"},
        )
        assert client.docmd("EHLO x")[0] == client.docmd("HELO x")[0] == 500


def test_addresses_may_hold_any_letters(listener, port):
    with conversation(port) as client:
        client.command_encoding = "utf-8"
        assert client.mail("佐藤@例え.example", ["SMTPUTF8", "BODY=8BITMIME"])[0] == 250
        assert client.rcpt("grüße@reply.asanokai.example")[0] == 250
        dotted(client, MAIL)
        assert client.getreply()[0] == 250
    assert [row[:2] for row in rows()] == [("grüße@reply.asanokai.example", "佐藤@例え.example")]


def test_commands_may_come_all_at_once(listener, port, to):
    said = f"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<{to}>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n".encode()
    with socket.create_connection((HOST, port), timeout=10) as connection:
        connection.sendall(said + MAIL + b".\r\nQUIT\r\n")
        heard = b""
        while piece := connection.recv(4096):
            heard += piece
    codes = [line[:3] for line in heard.decode().splitlines() if line[3] == " "]
    assert (codes, count()) == (["220", "250", "250", "250", "550", "354", "250", "221"], 1)


# --- what is refused or put off ---------------------------------------------------------------------------------------


def test_what_is_too_large_is_refused_by_its_size_and_by_what_comes(listener, port, to):
    with conversation(port) as client:
        assert client.mail("x@y.example", [f"SIZE={11 * 1024 * 1024}"]) == (552, b"5.3.4 This mail is too large.")
        assert (
            over(client, LARGE, [to, "all@reply.asanokai.example"], "x@y.example")
            == ["552 5.3.4 This mail is too large."] * 2
        )
        assert over(client, MAIL, [to], "x@y.example") == ["250 2.1.5 Taken."]
    assert count() == 1


def test_without_a_database_the_mail_server_keeps_the_mail_and_it_is_said_once(listener, port, to, caplog):
    with db.transaction() as session:
        session.execute(text("ALTER TABLE incoming RENAME TO away"))
    with caplog.at_level(logging.ERROR):
        assert [hand_over(port, MAIL, to) for _ in range(3)] == [
            ["451 4.3.0 It cannot be kept now; please try again."]
        ] * 3
    with db.transaction() as session:
        session.execute(text("ALTER TABLE away RENAME TO incoming"))
    assert hand_over(port, MAIL, to) == ["250 2.1.5 Taken."]
    assert (len(caplog.records), count()) == (1, 1)


def test_each_recipient_is_answered_for_itself(listener, port, to, monkeypatch):
    def fussy(raw: bytes, *, recipient: str, **more: Any) -> bool:
        if recipient == to:
            raise OSError("no")
        return receive(raw, recipient=recipient, **more)

    receive = lmtp.receive
    monkeypatch.setattr(lmtp, "receive", fussy)
    assert [line[:3] for line in hand_over(port, MAIL, to, "x@reply.asanokai.example")] == ["451", "250"]
    assert [row[0] for row in rows()] == ["x@reply.asanokai.example"]


def test_a_mail_whose_acknowledgement_was_lost_comes_again_and_counts_once(listener, port, to):
    with conversation(port) as client:
        client.mail("katrin@jena.example")
        client.rcpt(to)
        dotted(client, MAIL)
        client.close()
    assert hand_over(port, MAIL, to) == ["250 2.1.5 Taken."]
    assert count() == 1


def test_a_mail_that_breaks_off_is_not_taken(listener, port, to):
    with conversation(port) as client:
        client.mail("katrin@jena.example")
        client.rcpt(to)
        client.docmd("DATA")
        client.send(MAIL)
        client.close()
    assert (hand_over(port, MAIL, "x@elsewhere.example"), count()) == (["550 5.1.1 Nobody lives here."], 0)


def test_many_at_once_are_all_kept(listener, port, to):
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: hand_over(port, MAIL + b"%d\r\n" % n, to), range(36)))
    assert (answers, count()) == ([["250 2.1.5 Taken."]] * 36, 36)


def test_more_connections_than_it_bears_are_told_to_come_again(listener, port, monkeypatch):
    monkeypatch.setattr(lmtp, "MOST_CONNECTIONS", 2)
    with conversation(port), conversation(port), socket.create_connection((HOST, port), timeout=5) as third:
        assert third.recv(100).startswith(b"421 4.3.2")
    end = time.monotonic() + 5
    while time.monotonic() < end:
        with socket.create_connection((HOST, port), timeout=5) as again:
            if again.recv(100).startswith(b"220"):
                return
    raise AssertionError("those who have gone still count")


# --- starting and stopping --------------------------------------------------------------------------------------------


def test_it_stops_at_once_though_somebody_says_nothing(listener, port):
    with conversation(port) as client:
        began = time.monotonic()
        listener.stop()
        assert time.monotonic() - began < 2
        with pytest.raises(OSError):
            client.noop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, port), timeout=5)


def test_what_is_being_written_down_is_answered_before_it_stops_unless_it_hangs(listener, port, to, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any, **more: Any) -> bool:
        begun.set()
        go_on.wait(20)
        return receive(*arguments, **more)

    receive = lmtp.receive
    monkeypatch.setattr(lmtp, "receive", slow)
    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(hand_over, port, MAIL, to)
        begun.wait(10)
        stopped = pool.submit(listener.stop)
        time.sleep(0.05)
        assert not stopped.done()
        go_on.set()
        stopped.result(10)
        with pytest.raises(Exception, match=r".*") as lost:
            answer.result(10)
            raise LookupError("answered")
    assert (lost.type, count()) == (LookupError, 1)


def test_a_database_that_hangs_does_not_keep_it_from_stopping(listener, port, to, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def hanging(*_: Any, **__: Any) -> bool:
        begun.set()
        return go_on.wait(20)

    monkeypatch.setattr(lmtp, "receive", hanging)
    monkeypatch.setattr(lmtp, "STOPS_WITHIN", 0.1)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(hand_over, port, MAIL, to)
        begun.wait(10)
        began = time.monotonic()
        listener.stop()
        assert time.monotonic() - began < 3
        assert isinstance(answer.exception(10), OSError)
    go_on.set()


@pytest.fixture
def settings(port: int) -> dict[str, Any]:
    return {"intake_lmtp": f"{HOST}:{port}"}


def test_one_worker_holds_the_port_and_another_takes_it_over_when_it_is_gone(app, port, to, caplog):
    one, two = Worker(app), Worker(app)
    with caplog.at_level(logging.INFO, logger="asanokai.worker"):
        for _ in range(2):
            one.beat("listen")
            two.beat("listen")
        assert (one.listener.listening, two.listener.listening) == (True, False)
        one.listener.stop()
        two.beat("listen")
    assert hand_over(port, MAIL, to) == ["250 2.1.5 Taken."]
    two.beat("take in")
    two.listener.stop()
    assert [row[2] for row in rows()] != ["waiting"]
    where = f"{HOST}:{port}"
    assert [record.getMessage() for record in caplog.records] == [
        f"listening for mail over LMTP at {where}",
        f"no mail over LMTP for this worker: {where}: Address already in use; it asks again",
        f"listening for mail over LMTP at {where}",
    ]
