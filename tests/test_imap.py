"""Mail from a mailbox, a real Dovecot: in the database before the mailbox is touched, and once, wherever it breaks."""

import logging
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from asanokai import db, intake
from asanokai.intake import Incoming, Mailbox, imap
from asanokai.intake.imap import Away, Fetcher
from asanokai.intake.opened import MOST_BYTES
from asanokai.worker import Worker
from config import Config, ConfigError
from tests.grounds import LONG, dovecot
from tests.grounds.cutting import Line, line_to

pytestmark = pytest.mark.xdist_group("imap")


@pytest.fixture(scope="module")
def server() -> Iterator[dovecot.Dovecot]:
    with dovecot.serving() as found:
        yield found


@pytest.fixture
def mailbox(server: dovecot.Dovecot) -> Iterator[dovecot.Dovecot]:
    server.clear()
    yield server
    server.clear()


@pytest.fixture
def line(server: dovecot.Dovecot) -> Iterator[Line]:
    with line_to(server.port) as found:
        yield found


def mail(words: str) -> bytes:
    return f"From: katrin@jena.example\r\nSubject: {words}\r\n\r\nHallo {words}\r\n".encode()


def fetcher(app: Any, url: str) -> Fetcher:
    return Fetcher(url, app.extensions["tokens"])


def subjects() -> list[str | None]:
    with db.reading() as session:
        return list(session.scalars(select(Incoming.subject).order_by(Incoming.id)))


def last_uid() -> int:
    with db.reading() as session:
        return session.scalars(select(Mailbox.last_uid)).one()


# --- what is taken ----------------------------------------------------------------------------------------------------


def test_new_mails_are_written_down_once_and_marked_as_seen(app, mailbox):
    ours = fetcher(app, mailbox.url())
    mailbox.append(mail("one"), mail("two"))
    taken = [ours.step(), ours.step()]
    mailbox.append(mail("three"))
    assert ([*taken, ours.step()], subjects()) == ([2, 0, 1], ["one", "two", "three"])
    assert (mailbox.flags(), last_uid()) == ([r"\Seen"] * 3, 3)
    with db.reading() as session:
        assert set(session.scalars(select(Incoming.way))) == {"imap"}


def test_the_bytes_are_those_of_the_mail(app, mailbox):
    raw = (
        "Subject: bytes\r\n\r\n朝の会 )\r\n* 1 FETCH (UID 9)\r\n.\r\n".encode()
        + b"\xff\x80{12}\r\n"
        + b"x" * 70_000
        + b"\r\n"
    )
    mailbox.append(raw)
    fetcher(app, mailbox.url()).step()
    with db.reading() as session:
        assert session.scalars(select(Incoming.raw)).all() == [raw]


def test_the_recipient_and_the_sender_are_those_that_the_mail_server_wrote_down(app, mailbox):
    place = app.extensions["intake"]
    to = f"bounce+{place.tokens.mint_address('letter', 9)}@{place.reply_domain}"
    mailbox.append(b"Return-Path: <>\r\nDelivered-To: " + to.encode() + b"\r\nTo: x@y.example\r\n" + mail("back"))
    fetcher(app, mailbox.url()).step()
    with db.reading() as session:
        assert session.execute(select(Incoming.recipient, Incoming.sender)).all() == [(to, "")]


def test_mails_are_deleted_where_that_is_asked_for_and_no_other(app, mailbox):
    mailbox.append(mail("one"), mail("theirs"))
    with mailbox.session() as client:
        client.select()
        client.uid("STORE", "2", "+FLAGS", r"(\Deleted \Seen)")
    assert fetcher(app, mailbox.url(after="delete")).step() == 2
    with db.transaction() as session:
        session.query(Incoming).delete()
        session.query(Mailbox).delete()
    mailbox.append(mail("three"))
    with mailbox.session() as client:
        client.select()
        client.uid("STORE", "3", "+FLAGS", r"(\Flagged)")
    fetcher(app, mailbox.url(after="delete")).step()
    assert (subjects(), mailbox.flags()) == (["three"], [])


@pytest.mark.parametrize(("theirs", "left"), [(0, []), (1, [r"\Deleted", r"\Deleted"])])
def test_a_server_that_deletes_only_all_at_once_is_not_made_to_delete_what_others_flagged(
    app, mailbox, monkeypatch, theirs, left
):
    class Without(imap.MailBoxUnencrypted):
        def _get_mailbox_client(self) -> Any:
            client = super()._get_mailbox_client()
            client.capability = lambda: ("OK", [b"IMAP4rev1"])
            return client

    monkeypatch.setattr(imap, "MailBoxUnencrypted", Without)
    ours = fetcher(app, mailbox.url(after="delete"))
    if theirs:
        mailbox.append(mail("theirs"))
    mailbox.append(mail("ours"))
    if theirs:
        with mailbox.session() as client:
            client.select()
            client.uid("STORE", "1", "+FLAGS", r"(\Deleted)")
            validity = int(client.response("UIDVALIDITY")[1][0])
        ours._last(validity)
        ours._move(validity, 1)
    ours.step()
    assert (subjects(), mailbox.flags()) == (["ours"], left)


def test_of_a_mail_that_is_too_large_only_the_headers_are_taken_and_it_stays(app, mailbox):
    mailbox.append(mail("large") + b"x" * MOST_BYTES + b"\r\n", mail("small"))
    ours = fetcher(app, mailbox.url(after="delete"))
    assert (ours.step(), mailbox.flags()) == (2, [r"\Seen"])
    for _ in range(2):
        intake.step(app.extensions["intake"])
    with db.reading() as session:
        rows = session.execute(select(Incoming.subject, Incoming.outcome, Incoming.size, Incoming.raw)).all()
    assert [(row.subject, row.outcome == "too much", row.size > MOST_BYTES, len(row.raw) < 200) for row in rows] == [
        ("large", True, True, True),
        ("small", False, False, True),
    ]


def test_a_folder_that_is_numbered_anew_is_read_anew_and_what_was_known_counts_once(app, mailbox):
    ours = fetcher(app, mailbox.url())
    mailbox.append(mail("one"), mail("two"), mail("three"))
    ours.step()
    mailbox.clear()
    mailbox.append(mail("two"), mail("four"))
    with db.transaction() as session:
        # Dovecot numbers by the second; a test must not wait for the next one.
        session.query(Mailbox).update({"validity": 1})
    assert (ours.step(), subjects(), last_uid()) == (1, ["one", "two", "three", "four"], 2)


def test_a_folder_may_have_any_name(app, mailbox):
    with mailbox.session() as client:
        client.create('"[Gmail].Entw&APw-rfe"')
    mailbox.append(mail("one"), folder='"[Gmail].Entw&APw-rfe"')
    assert fetcher(app, mailbox.url("[Gmail].Entwürfe")).step() == 1


# --- trouble ----------------------------------------------------------------------------------------------------------


def test_looking_says_what_is_there_or_plainly_what_is_wrong(server, mailbox):
    mailbox.append(mail("one"))
    where = f"organisers@127.0.0.1:{server.port}"
    assert imap.look(mailbox.url()) == (
        f"{where}/INBOX can be read (no encryption); 1 mails in it, new ones are left where they are"
    )
    with pytest.raises(Away, match=rf"^{where}/Post: the folder Post cannot be opened; there are: INBOX$"):
        imap.look(mailbox.url("Post"))
    with pytest.raises(Away, match=r"INBOX: Connection refused$"):
        imap.look(mailbox.url(port=9))
    with pytest.raises(Away, match="there is no host of this name"):
        imap.look("imaps://a:b@nowhere.invalid/INBOX")


def test_a_wrong_password_is_said_and_not_shown(server, mailbox):
    with pytest.raises(Away, match=r"the login was refused: \[AUTHENTICATIONFAILED\]") as refused:
        imap.look(mailbox.url().replace("pass", "geheim"))
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["imaps://a:b@mx.example/INBOX?after=burn", "http://a:b@mx.example", "imaps://mx.example"]
)
def test_an_address_that_makes_no_sense_is_refused_by_the_settings(url, tmp_path):
    with pytest.raises(ValueError, match=r"mailbox|after"):
        imap.account(url)
    with pytest.raises(ConfigError, match="ASANOKAI_INTAKE_IMAP"):
        Config.from_env({"ASANOKAI_INTAKE_IMAP": url, "ASANOKAI_INSTANCE": str(tmp_path)})


def test_a_server_that_is_away_is_asked_after_growing_pauses_and_named_once(app, clock, line, mailbox, caplog):
    mailbox.append(mail("one"))
    line.cut = ("server", 0)
    ours = fetcher(app, mailbox.url(port=line.port))
    asked = []
    with caplog.at_level(logging.INFO, logger="asanokai.intake.imap"):
        for _ in range(16):
            ours.step()
            asked.append(line.connections)
            clock.advance(seconds=30)
        line.cut = None
        clock.advance(minutes=15)
        assert ours.step() == 1
    assert asked == [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5]
    assert [record.getMessage().partition(": ")[0] for record in caplog.records] == [
        "the mailbox cannot be read; it is asked again after a pause",
        f"the mailbox organisers@127.0.0.1:{line.port}/INBOX can be read again",
    ]


def test_a_mail_that_cannot_be_fetched_is_passed_after_three_times_and_tried_again_later(
    app, clock, mailbox, monkeypatch, caplog
):
    mailbox.append(mail("one"), mail("broken"), mail("three"))
    broken = [True]

    def fetched(box: Any, uid: int) -> Any:
        if uid == 2 and broken:
            raise imap.Refusal("a fault")
        return found(box, uid)

    found = imap._fetched
    monkeypatch.setattr(imap, "_fetched", fetched)
    ours = fetcher(app, mailbox.url(after="delete"))
    steps = []
    for _ in range(4):
        steps.append(ours.step())
        clock.advance(minutes=15)
    assert (steps, subjects(), len(mailbox.flags())) == ([0, 0, 0, 1], ["one", "three"], 1)
    assert [record.getMessage() for record in caplog.records if "cannot be fetched" in record.getMessage()] == [
        f"mail 2 in organisers@127.0.0.1:{mailbox.port}/INBOX cannot be fetched and is left there; the others go on"
    ]
    broken.clear()
    clock.advance(hours=1)
    assert (ours.step(), subjects(), mailbox.flags()) == (1, ["one", "three", "broken"], [])


def test_without_a_database_nothing_is_marked_or_deleted(app, mailbox, monkeypatch):
    def failing(*_: Any, **__: Any) -> bool:
        raise RuntimeError("no")

    mailbox.append(mail("one"))
    ours = fetcher(app, mailbox.url(after="delete"))
    with monkeypatch.context() as broken:
        broken.setattr(imap, "receive", failing)
        with pytest.raises(RuntimeError):
            ours.step()
    assert (subjects(), mailbox.flags(), last_uid()) == ([], [""], 0)
    assert (ours.step(), subjects(), mailbox.flags()) == (1, ["one"], [])


@pytest.mark.parametrize("after", ["keep", "delete"])
@pytest.mark.parametrize("side", ["client", "server"])
def test_wherever_the_line_is_cut_every_mail_comes_and_counts_once(app, clock, mailbox, line, after, side):
    """Cut at the end of each line that either side says, and in its middle; after it the line holds."""
    mailbox.append(mail("one"), mail("two"))
    ours = fetcher(app, mailbox.url(port=line.port, after=after))
    ours.step()
    talk = line.said[side]
    ends = [number + 1 for number, sign in enumerate(talk) if sign == 10]
    places = [0, *sorted({*ends, *(end - 5 for end in ends)})]
    for place in places if LONG else places[:: 5 if side == "server" else 3]:
        mailbox.clear()
        with db.transaction() as session:
            session.query(Incoming).delete()
            session.query(Mailbox).delete()
        mailbox.drop(mail("one"), mail("two"))
        line.cut = (side, place)
        ours = fetcher(app, mailbox.url(port=line.port, after=after))
        ours.step()
        line.cut = None
        clock.advance(minutes=15)
        ours.step()
        seen = (subjects(), mailbox.left())
        assert seen == (["one", "two"], [] if after == "delete" else ["S", "S"]), f"cut at {place}: {talk[:place]!r}"


def test_two_workers_that_look_at_once_take_each_mail_once(app, mailbox):
    mailbox.append(*(mail(f"{number}") for number in range(12)))
    taken: list[int] = []

    def look() -> None:
        with app.app_context():
            taken.append(fetcher(app, mailbox.url(after="delete")).step())

    both = [threading.Thread(target=look) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert (sum(taken), sorted(subjects(), key=int), mailbox.flags()) == (12, [f"{n}" for n in range(12)], [])


# --- encryption -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One for 127.0.0.1, signed by nobody."""
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "certificate.pem", folder / "key.pem"
    openssl = shutil.which("openssl")
    assert openssl, "openssl is not installed"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=imap.example"
    subprocess.run(
        [openssl, *words.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", made],
        check=True,
        capture_output=True,
    )
    return made, key


def test_an_encrypted_line_wants_a_certificate_that_can_be_trusted(certificate, monkeypatch):
    with dovecot.serving(certificate=certificate) as server:
        url = server.url(scheme="imaps", port=server.tls_port)
        with pytest.raises(Away, match="its certificate cannot be trusted: self"):
            imap.look(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        assert "can be read (TLS)" in imap.look(url)
        assert "(no encryption)" in imap.look(server.url())
        # As if it were another machine.
        monkeypatch.setattr(imap, "LOOPBACK", ())
        assert "can be read (TLS)" in imap.look(server.url())


# --- the worker's beat ------------------------------------------------------------------------------------------------


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    if "worker" not in request.fixturenames:
        return {}
    return {"intake_imap": request.getfixturevalue("server").url()}


@pytest.fixture
def worker(app: Any) -> Worker:
    return Worker(app)


def test_the_worker_looks_every_half_minute_and_takes_in_what_it_finds(worker, mailbox):
    mailbox.append(mail("one"))
    assert worker.beats["fetch"][1] == 30
    for beat in ("fetch", "take in"):
        worker.beat(beat)
    with db.reading() as session:
        assert session.scalars(select(Incoming.state)).all() != ["waiting"]
