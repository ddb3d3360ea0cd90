"""Mail of strangers who mean harm: what it must not do."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from asanokai import clock, db, intake, letters, members, merging, rsvps
from asanokai.db import session
from asanokai.intake import Incoming
from asanokai.letters import Letter
from asanokai.members import Address, Member
from tests import people
from tests.pages import facts
from tests.reporting import come, dsn, feedback, recipient

KATRIN = "katrin.lindner@optik-jena.example"
EMMA = "emma.whitfield@ilmenau.example"
SERVER = "mx.asanokai.example"


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"authserv_id": SERVER}


@pytest.fixture
def place(app: Any) -> intake.Place:
    return app.extensions["intake"]


@pytest.fixture
def meeting(app, clock):
    """A meeting that Katrin and Emma were invited to yesterday; the invitations have gone."""
    with db.transaction():
        made = people.announced_meeting(people=[people.katrin(), people.emma()], guests_allowed=2)
        clock.set(people.berlin(2026, 2, 19, 12))
        people.plan()
        people.send_all()
        clock.advance(days=1)
        return facts(made)


@pytest.fixture
def katrin(meeting):
    return SimpleNamespace(id=people.katrin().id)


def address(place: intake.Place, who: Any) -> str:
    return f"rsvp+{place.tokens.mint_address('member', who.id)}@{place.reply_domain}"


def reply(uid: str, attendee: str, word: str = "ACCEPTED", *lines: str, head: str = f"From: {KATRIN}\r\n") -> bytes:
    """A calendar's answer, given now."""
    event = [
        *("BEGIN:VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT", f"UID:{uid}", f"DTSTAMP:{clock.now():%Y%m%dT%H%M%SZ}"),
        *(f"ATTENDEE;PARTSTAT={word}:mailto:{attendee}", *lines, "END:VEVENT", "END:VCALENDAR", ""),
    ]
    return (head + "Content-Type: text/calendar; charset=utf-8\r\n\r\n" + "\r\n".join(event)).encode(
        "utf-8", "surrogateescape"
    )


def letter_of(kind: str) -> Letter:
    session().rollback()
    return session().scalars(select(Letter).where(Letter.kind == kind).order_by(Letter.id.desc())).first()


def test_who_knows_no_letter_cannot_complain_about_it(app, place, meeting, katrin, smtp):
    import hashlib

    with db.transaction():
        people.letters_to(katrin, "invite")
        row = session().scalars(select(Letter).where(Letter.member_id == katrin.id)).first()
        row.message_id = (
            app.extensions["composer"]._number(row.key)
            if "composer" in app.extensions
            else letters.message_id(row.key, place.mail_domain, place.tokens)
        )
        key = row.key
    guess = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{place.mail_domain}>"
    out = come(
        place,
        feedback("abuse", returned=f"Message-ID: {guess}\r\nSubject: x\r\n\r\n"),
        "anybody@reply.asanokai.example",
    )
    print(out.outcome, out.facts)
    assert out.member_id is None


PHISH = ['"Konto gesperrt http://evil.example/login "@evil.example', "www.evil.example/login@evil.example"]


@pytest.mark.parametrize("author", PHISH)
@pytest.mark.parametrize("attendee", ["x", KATRIN])
@pytest.mark.parametrize("token", [True, False])
def test_phish(place, meeting, katrin, author, attendee, token):
    raw = reply(meeting.uid, attendee, head=f"From: {author}\r\n")
    out = come(place, raw, address(place, katrin) if token else "x@reply.asanokai.example", "a@evil.example")
    print(out.outcome, out.state, out.reason, out.facts)
    session().rollback()
    found = [l.facts for l in session().scalars(select(Letter)) if l.kind in ("answered", "ask_back")]
    print(found)
    assert "evil.example/" not in repr(found)


def test_flood(place, meeting, katrin):
    for n in range(40):
        clock_ = None
        come(
            place,
            reply(
                meeting.uid,
                f"s{n}@evil.example",
                ("ACCEPTED", "DECLINED")[n % 2],
                head=f"From: s{n}@evil.example\r\nSubject: {n}\r\n",
            ),
            address(place, katrin),
            "a@evil.example",
        )
    session().rollback()
    n = len(people.letters_to(katrin, "answered"))
    print(n, people.kinds_to(katrin))
    assert n <= 10


@pytest.mark.parametrize("to", ["bounce", "rsvp"])
@pytest.mark.parametrize(
    "words",
    [
        "550 5.1.1 \udcff\udce4 user \udc00 unknown",
        "550 5.1.1 a\0b user unknown",
        "550 5.1.1 \ud800 x".replace("\ud800", "\udced\udca0\udc80"),
    ],
)
def test_dsn_bytes(place, meeting, katrin, words, to):
    row = letter_of("invite")
    bad = words.encode("utf-8", "surrogatepass")
    raw = dsn(recipient(KATRIN + "X", words="WORDS")).replace(b"WORDS", bad).replace(b"X", bad[10:12])
    number = row.id
    to = f"bounce+{place.tokens.mint_address('letter', number)}@r.example" if to == "bounce" else address(place, katrin)
    out = come(place, raw, to)
    print(out.state, out.outcome, out.facts, out.reason)
    assert out.outcome in ("bounce",)
    raw = (
        b"From: MAILER-DAEMON@x\r\nSubject: failure notice\r\nX-Failed-Recipients: a\0b@x.example, \xff@y.example\r\n\r\n<a\0\xffb@x.example>:\r\n"
        + bad
        + b"\r\n"
    )
    out = come(place, raw, to)
    print(out.state, out.outcome, out.facts, out.reason)
    assert out.outcome in ("bounce",)
    raw = (
        b"From: MAILER-DAEMON@x\r\nSubject: failure notice\r\n\r\nHi. This is the qmail-send program at x.\n\n<a\0\xffb@x.example>:\n"
        + bad
        + b"\n\n--- Below this line is a copy of the message.\n\n"
    )
    out = come(place, raw, to)
    print(out.state, out.outcome, out.facts, out.reason)
    assert out.outcome in ("bounce",)


def test_merged_unsubscribe(app, client, place, meeting, katrin):
    with db.transaction():
        other = people.member("doppelt@jena.example", family="Lindner", given="K")
        people.coordinate(
            session().scalars(select(__import__("asanokai.series").series.Series)).first(), people.akiko()
        )
        number, boss = other.id, people.akiko().id
    with db.transaction():
        merging.merge(katrin.id, number, {}, actor_id=boss)
    out = come(
        place,
        b"From: doppelt@jena.example\r\nSubject: x\r\n\r\n",
        f"unsubscribe+{place.tokens.mint_address('unsubscribe', number)}@r.example",
        "a@b.example",
    )
    print(out.outcome, out.member_id, katrin.id, number)
    r = client.post("/unsubscribe/" + place.tokens.mint("unsubscribe", number))
    print(r.status_code)
    assert out.outcome == "unsubscribed"


FORGED = f"Authentication-Results: {SERVER}; dmarc=pass header.from=optik-jena.example\r\n"


@pytest.mark.parametrize(
    "head",
    [
        f"From: {KATRIN}\r\n",
        f"Authentication-Results: {SERVER}; dmarc=fail header.from=optik-jena.example\r\n{FORGED}From: {KATRIN}\r\n",
        f"Authentication-Results: {SERVER}; dmarc=pass header.from=evil.example\r\nFrom: x@evil.example\r\nFrom: {KATRIN}\r\n",
        f"Authentication-Results: {SERVER}; dmarc=pass header.from=evil.example\r\nFrom: x@evil.example, {KATRIN}\r\n",
        f'Authentication-Results: {SERVER}; dmarc=pass header.from=evil.example\r\nFrom: "{KATRIN}" <x@evil.example>\r\n',
        f"Authentication-Results: {SERVER}; dmarc=pass header.from=evil.example\r\nFrom: =?utf-8?q?{KATRIN}?= <x@evil.example>\r\n",
        f"Authentication-Results: {SERVER}; dmarc=pass header.from=evil.example\r\nFrom: {KATRIN}:x@evil.example;\r\n",
        f"Authentication-Results: {SERVER}; dmarc=pass header.from=evil.example\r\nFrom: x@evil.example\rFrom: {KATRIN}\r\n",
        f"Authentication-Results: {SERVER}; dmarc=pass header.from=evil.example\r\nFrom: <{KATRIN}\0@evil.example>\r\n",
        f"Authentication-Results: {SERVER}; dmarc=pass\r\nFrom: ({KATRIN}) x@evil.example\r\nFrom: \r\n {KATRIN}\r\n",
        f"Authentication-Results: {SERVER}; dmarc=pass\r\nFrom: =?utf-8?q?x=40evil.example?=\r\nFrom: {KATRIN}\r\n",
        f"Authentication-Results: {SERVER}; dmarc=pass\r\nFrom: x@evil.example\r\nFrom : {KATRIN}\r\n",
        f"Authentication-Results: {SERVER}; dmarc=pass\r\nFrom: undisclosed:;\r\nFrom: {KATRIN}\r\n",
        f"Authentication-Results: {SERVER}; dmarc=none\r\n\tdmarc=pass header.from=optik-jena.example\r\nFrom: {KATRIN}\r\n",
        f'Authentication-Results: {SERVER}; spf=pass smtp.mailfrom="x; dmarc=pass"\r\nFrom: {KATRIN}\r\n',
        f"Authentication-Results: {SERVER}; spf=pass smtp.mailfrom=x;dmarc=pass@evil.example; dmarc=fail\r\nFrom: {KATRIN}\r\n",
        f"Authentication-Results: evil.example; dmarc=pass\r\nX: {SERVER}; dmarc=pass\r\nFrom: {KATRIN}\r\n",
        f"ARC-{FORGED}From: {KATRIN}\r\n",
    ],
)
def test_forged(place, meeting, katrin, head):
    out = come(place, reply(meeting.uid, KATRIN, head=head), "info@reply.asanokai.example", "a@evil.example")
    print(out.outcome, out.state, out.author, out.reason)
    session().rollback()
    assert people.seats(meeting)[katrin.id][0] == "invited"
