"""What becomes of a mail at the server, over real SMTP: sent, later, refused, or nobody there. No database."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask

from asanokai.transport import LONGEST_WORDS, Outcome, Transport
from config import Mail

KATRIN, EMMA, KENJI = "katrin@jena.example", "emma@ilmenau.example", "kenji@erfurt.example"
BOUNCE = "bounce+x@reply.example"
CONTENT = b"Subject: Asa no Kai\r\n\r\n.a dot begins this line\r\n"


@pytest.fixture
def mail(smtp) -> Mail:
    """How the transport is set up; override it."""
    return Mail(server="127.0.0.1", port=smtp.port, timeout=0.3)


def bare_app(mail: Mail) -> Flask:
    """Flask with the mail settings alone: the transport needs no database."""
    app = Flask("mail")
    names = ("server", "port", "use_tls", "use_ssl", "username", "password", "timeout")
    app.config.update({f"MAIL_{name.upper()}": getattr(mail, name) for name in names})
    app.config.update(MAIL_DEBUG=0, MAIL_DEFAULT_SENDER="x@y.example", TESTING=False)
    return app


@pytest.fixture(params=["in groups", "one by one"])
def transport(mail, smtp, request) -> Iterator[Transport]:
    """To a server that takes commands in groups (RFC 2920), and to one that does not."""
    smtp.faults.one_by_one = request.param == "one by one"
    app = bare_app(mail)
    with app.app_context(), Transport(app) as transport:
        yield transport


def send(transport: Transport, to: str = KATRIN) -> Outcome:
    return transport.send(BOUNCE, to, CONTENT)


@contextmanager
def answering(*replies: bytes) -> Iterator[int]:
    """A server that greets, says these replies one after the other whatever it hears, and hangs up; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer, args=(listener, replies), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


def _answer(listener: socket.socket, replies: tuple[bytes, ...]) -> None:
    connection, _address = listener.accept()
    with connection:
        for place, reply in enumerate(replies):
            if place and not connection.recv(4096):
                return
            connection.sendall(reply + b"\r\n")


# --- taken ------------------------------------------------------------------------------------------------------------


def test_a_mail_arrives_as_it_was_written_with_its_envelope(transport, smtp):
    assert send(transport) == Outcome("sent")
    (letter,) = smtp.letters
    assert (letter.mail_from, letter.rcpt_tos, letter.content) == (BOUNCE, (KATRIN,), CONTENT)


def test_many_mails_go_over_one_connection_and_the_next_after_closing_opens_another(transport, smtp):
    assert [send(transport, to) for to in (KATRIN, EMMA, KENJI)] == [Outcome("sent")] * 3
    assert smtp.connections == 1
    transport.close()
    transport.close()
    assert send(transport) == Outcome("sent")
    assert smtp.connections == 2


# --- refused, for now or for good -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        ("450 4.2.1 mailbox busy", "later"),
        ("451 4.7.1 greylisted", "later"),
        ("452 4.2.2 mailbox full", "later"),
        ("550 5.1.1 no such person", "refused"),
        ("552 5.2.2 mailbox full", "refused"),
        ("554 5.7.1 refused", "refused"),
    ],
)
def test_the_servers_words_are_kept_and_the_next_reader_gets_theirs_over_the_same_connection(
    transport, smtp, reply, state
):
    smtp.faults.answer(EMMA, reply)
    assert [send(transport, to) for to in (KATRIN, EMMA, KENJI)] == [
        Outcome("sent"),
        Outcome(state, reply),
        Outcome("sent"),
    ]
    assert [letter.to for letter in smtp.letters] == [KATRIN, KENJI]
    assert smtp.connections == 1


def test_a_server_that_says_it_closes_is_met_again_on_a_new_connection(transport, smtp):
    smtp.faults.answer(EMMA, "421 4.3.2 going down")
    assert [send(transport, to) for to in (EMMA, KENJI)] == [Outcome("later", "421 4.3.2 going down"), Outcome("sent")]
    assert smtp.connections == 2


@pytest.mark.parametrize(("code", "state"), [(b"451", "later"), (b"550", "refused")])
@pytest.mark.parametrize("stage", ["MAIL", "DATA", "end of data"])
def test_what_a_code_means_does_not_hang_on_the_stage(code, state, stage):
    before = {"MAIL": [], "DATA": [b"250 ok", b"250 ok"], "end of data": [b"250 ok", b"250 ok", b"354 go on"]}[stage]
    with answering(b"220 hello", b"250 hello", *before, code + b" said at " + stage.encode(), b"250 reset") as port:
        app = bare_app(Mail(server="127.0.0.1", port=port, timeout=2))
        with app.app_context(), Transport(app) as transport:
            assert send(transport) == Outcome(state, f"{code.decode()} said at {stage}")


GROUPS = b"250-hello\r\n250 PIPELINING"
RESET = b"250 reset"


@pytest.mark.parametrize(("code", "state"), [(b"451", "later"), (b"550", "refused")])
@pytest.mark.parametrize(
    "answers",
    [
        pytest.param((b"%s no\r\n503 no sender\r\n503 no sender", RESET), id="MAIL"),
        pytest.param((b"250 ok\r\n%s no\r\n554 nobody to hear it", RESET), id="RCPT"),
        pytest.param((b"250 ok\r\n%s no\r\n354 go on", b"554 nobody to hear it", RESET), id="RCPT, DATA all the same"),
        pytest.param((b"250 ok\r\n250 ok\r\n%s no", RESET), id="DATA"),
        pytest.param((b"250 ok\r\n250 ok\r\n354 go on", b"%s no", RESET), id="end of data"),
    ],
)
def test_in_a_group_the_first_refusal_counts_and_the_next_mail_finds_a_conversation_at_its_beginning(
    code, state, answers
):
    refusing = [answer.replace(b"%s", code) for answer in answers]
    taking = [b"250 ok\r\n250 ok\r\n354 go on", b"250 taken"]
    with answering(b"220 hello", GROUPS, *refusing, *taking) as port:
        app = bare_app(Mail(server="127.0.0.1", port=port, timeout=2))
        with app.app_context(), Transport(app) as transport:
            assert [send(transport), send(transport)] == [Outcome(state, f"{code.decode()} no"), Outcome("sent")]


def test_a_server_that_closes_in_the_middle_of_a_group_has_had_its_word():
    with answering(b"220 hello", GROUPS, b"250 ok\r\n421 4.3.2 going down") as port:
        app = bare_app(Mail(server="127.0.0.1", port=port, timeout=2))
        with app.app_context(), Transport(app) as transport:
            assert send(transport) == Outcome("later", "421 4.3.2 going down")


@pytest.mark.parametrize("to", ["a@b.example>\r\nRCPT TO:<c@d.example", "a@b.example\nDATA"])
def test_an_address_with_a_line_end_says_no_command_of_its_own(transport, smtp, to):
    assert [send(transport, to).state, send(transport, KENJI)] == ["refused", Outcome("sent")]
    assert [letter.rcpt_tos for letter in smtp.letters] == [(KENJI,)]


def test_words_without_end_are_cut():
    words = b"550 " + b"x" * 1000
    with answering(b"220 hello", b"250 hello", words, b"250 reset") as port:
        app = bare_app(Mail(server="127.0.0.1", port=port, timeout=2))
        with app.app_context(), Transport(app) as transport:
            outcome = send(transport)
    assert (outcome.state, len(outcome.words)) == ("refused", LONGEST_WORDS)


def test_an_address_no_command_can_carry_is_refused_and_the_next_reader_gets_theirs(transport, smtp):
    outcomes = [send(transport, to) for to in (KATRIN, "日本@erfurt.example", KENJI)]
    assert [outcome.state for outcome in outcomes] == ["sent", "refused", "sent"]
    assert outcomes[1].words != ""
    assert [letter.to for letter in smtp.letters] == [KATRIN, KENJI]


# --- broken -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_stalls_is_left_after_the_time_out_and_the_mail_goes_later(transport, smtp, stage):
    smtp.faults.stall(30, at=stage, times=1)
    began = time.monotonic()
    stalled, after = send(transport, EMMA), send(transport, KENJI)
    assert (stalled.state, after) == ("later", Outcome("sent"))
    assert 0.3 <= time.monotonic() - began < 5
    assert smtp.connections == 2


def test_a_connection_dropped_before_the_reply_leaves_open_whether_it_was_taken(transport, smtp):
    smtp.faults.drop("before reply")
    assert [send(transport, to).state for to in (EMMA, KENJI)] == ["later", "sent"]
    assert [letter.to for letter in smtp.letters] == [EMMA, KENJI]


def test_a_connection_dropped_after_the_reply_has_taken_the_mail(transport, smtp):
    smtp.faults.drop("after reply")
    assert send(transport, EMMA) == Outcome("sent")
    # Whether the end of the connection was seen in time nobody can say; either way the mail after the next one goes.
    assert send(transport, KATRIN).state in ("later", "sent")
    assert send(transport, KENJI) == Outcome("sent")


# --- nobody there -----------------------------------------------------------------------------------------------------


def test_a_refused_connection_is_away_and_a_server_that_is_back_takes_the_mail(transport, smtp):
    smtp.refuse()
    outcome = send(transport)
    assert (outcome.state, outcome.words.partition(":")[0]) == ("away", "ConnectionRefusedError")
    smtp.accept()
    assert send(transport) == Outcome("sent")


def test_a_server_that_does_not_greet_in_time_is_away(transport, smtp):
    smtp.faults.stall(30, at="CONNECT", times=1)
    assert send(transport).state == "away"
    assert send(transport) == Outcome("sent")


@pytest.mark.parametrize("greeting", [b"421 4.3.2 too busy", b"554 5.7.1 not you"])
def test_a_greeting_that_is_none_is_away_with_its_words(greeting):
    with answering(greeting) as port:
        app = bare_app(Mail(server="127.0.0.1", port=port, timeout=2))
        with app.app_context(), Transport(app) as transport:
            outcome = send(transport)
    assert outcome.state == "away"
    assert greeting.decode().partition(" ")[2] in outcome.words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"use_tls": True}, "STARTTLS extension not supported by server."),
        ({"use_ssl": True}, "SSL"),
        ({"username": "asanokai", "password": "secret"}, "SMTP AUTH extension not supported by server."),
        ({"server": "no-such-host.invalid"}, ""),
        ({"server": f"{'a' * 64}.example"}, "label"),
    ],
)
def test_settings_that_do_not_fit_the_server_are_away_with_words_and_leave_no_connection(smtp, values, words):
    usual = {"server": "127.0.0.1", "port": smtp.port, "timeout": 2}
    app = bare_app(Mail(**{**usual, **values}))
    with app.app_context(), Transport(app) as transport:
        outcome = send(transport)
        assert outcome.state == "away"
        assert words in outcome.words
        assert "secret" not in outcome.words
        assert send(transport).state == "away"
    assert smtp.letters == ()


@pytest.mark.parametrize(("password", "words"), [("wrong", "535"), ("Schlüssel", "UnicodeEncodeError")])
def test_a_login_that_fails_is_away_with_words(password, words):
    hello = b"250-hello\r\n250 AUTH LOGIN"
    with answering(b"220 hello", hello, b"334 VXNlcm5hbWU6", b"334 UGFzc3dvcmQ6", b"535 5.7.8 bad password") as port:
        app = bare_app(Mail(server="127.0.0.1", port=port, timeout=2, username="asanokai", password=password))
        with app.app_context(), Transport(app) as transport:
            outcome = send(transport)
    assert outcome.state == "away"
    assert words in outcome.words
    assert password not in outcome.words
