"""Reports about our letters: which letter, which sort, and what follows for whom, once."""

import logging
import time
from typing import Any

import pytest
from sqlalchemy import select

from asanokai import db, intake, letters, members
from asanokai.invitations import Night
from asanokai.letters import Happening
from asanokai.members import Address, Bounce, Member
from asanokai.rsvps import Rsvp
from asanokai.worker import send_due
from tests import people
from tests.grounds.shared import shared
from tests.people import berlin
from tests.reporting import bounce_address, come, dsn, feedback, in_parts, plain, posted, recipient

KATRIN = "katrin.lindner@optik-jena.example"
ELSEWHERE = "somebody@elsewhere.example"


@pytest.fixture
def place(app: Any) -> intake.Place:
    return app.extensions["intake"]


def a_letter(key: str = "one", who: Any = people.katrin, **more: Any) -> int:
    with db.transaction():
        return posted(who(), key, **more).id


def state(letter_id: int) -> tuple[str, str | None]:
    with db.reading():
        letter = letters.by_id(letter_id)
        return letter.state, letter.reason


def suppressed(who: Any = people.katrin) -> str | None:
    """Why the main address is given up, None if it is not."""
    with db.reading():
        address = members.main_address(who())
        assert address is not None
        return address.reason if address.suppressed_at else None


def counted() -> list[tuple[int | None, str, str]]:
    with db.reading() as session:
        return [(row.letter_id, row.sort, row.status) for row in session.scalars(select(Bounce).order_by(Bounce.id))]


def happened() -> list[tuple[int, str]]:
    with db.reading() as session:
        return [(row.letter_id, row.what) for row in session.scalars(select(Happening).order_by(Happening.id))]


def subscribed(who: Any = people.katrin) -> bool:
    with db.reading():
        return who().unsubscribed_at is None


# --- what follows from which sort -------------------------------------------------------------------------------------

FOLLOWS = [
    # status, words, sort that is counted, why the address is given up after one letter, and after two
    ("5.1.1", "550 5.1.1 User unknown", "unknown", "unknown", "unknown"),
    ("5.1.10", "550 5.1.10 RecipientNotFound", "unknown", "unknown", "unknown"),
    ("5.0.0", "550 5.1.1 unknown or illegal alias", "unknown", "unknown", "unknown"),
    ("5.2.0", "550 Unknown user", "unknown", "unknown", "unknown"),
    ("5.1.2", "550 5.1.2 Host unknown", "permanent", None, "permanent"),
    ("5.1.3", "553 5.1.3 Bad address", "permanent", None, "permanent"),
    ("5.2.1", "550 5.2.1 disabled", "permanent", None, "permanent"),
    ("5.2.2", "552 5.2.2 Mailbox full", "full", None, None),
    ("4.4.7", "expired", "temporary", None, None),
    ("5.3.4", "552 5.3.4 too big", "temporary", None, None),
    ("5.4.4", "Host not found", "temporary", None, None),
    ("5.6.1", "554 5.6.1 content", "temporary", None, None),
    ("5.7.1", "550 5.7.1 blocked", "policy", None, None),
]


def test_an_address_is_given_up_by_what_lasts_and_by_nothing_else(place, clock):
    found = []
    for case, (status, words, *_rest) in enumerate(FOLLOWS):
        reader = f"reader{case}@jena.example"
        with db.transaction():
            who = people.member(reader)
            numbers = [posted(who, f"{case}:{letter}").id for letter in (1, 2)]
        reasons = []
        for number in numbers:
            row = come(place, dsn(recipient(reader, status=status, words=words)), bounce_address(place, number))
            assert (row.outcome, row.state, row.letter_id, state(number)[0]) == ("bounce", "taken", number, "bounced")
            reasons.append(suppressed(lambda reader=reader: members.by_address(reader)))
        found.append((status, words, counted()[-1][1], *reasons))
    assert found == FOLLOWS
    assert len(counted()) == 2 * len(FOLLOWS)


def test_a_letter_that_came_back_says_why_in_the_servers_words(place, clock):
    number = a_letter()
    come(place, dsn(recipient(KATRIN, words="550 5.1.1 User unknown")), bounce_address(place, number))
    with db.reading():
        letter = letters.by_id(number)
        assert (letter.reason, letter.server_words) == ("there is no such mailbox", "550 5.1.1 User unknown")
        (life,) = letters.life_of(number)
        assert (life.what, life.words, life.at) == ("bounced", "550 5.1.1 User unknown", clock.now)


def test_what_is_reported_again_counts_once(place, clock):
    number = a_letter()
    for subject in ("Undelivered", "Undelivered again"):
        report = dsn(recipient(KATRIN, status="5.1.2", words="550 5.1.2 no"), subject=subject)
        assert come(place, report, bounce_address(place, number)).outcome == "bounce"
    come(place, dsn(recipient(KATRIN, status="5.1.1")), bounce_address(place, number))
    assert (counted(), happened(), suppressed()) == ([(number, "permanent", "5.1.2")], [(number, "bounced")], None)


def test_a_delay_is_noted_and_the_letter_stays_sent(place, clock):
    number = a_letter()
    waits = recipient(KATRIN, action="delayed", status="4.4.1", words="connection timed out")
    for subject in ("Warning: could not send message for past 4 hours", "Delayed Mail"):
        row = come(place, dsn(waits, subject=subject), bounce_address(place, number))
    assert (row.outcome, state(number), counted(), happened()) == ("delay", ("sent", None), [], [(number, "delayed")])


def test_what_arrived_is_no_failure(place, clock):
    number = a_letter()
    for action in ("delivered", "relayed", "expanded"):
        arrived = dsn(
            recipient(KATRIN, action=action, status="2.0.0"), subject="Delivery Status Notification (Success)"
        )
        row = come(place, arrived, bounce_address(place, number))
        assert (row.outcome, state(number), counted(), happened()) == ("nothing", ("sent", None), [], [])


def test_refusals_as_a_matter_of_policy_alarm_the_operator_once_a_day(place, clock, caplog):
    for key in ("one", "two", "three"):
        if key == "three":
            clock.advance(hours=25)
        refused = dsn(recipient(KATRIN, status="5.7.1", words=f"550 5.7.1 blocked {key}"))
        come(place, refused, bounce_address(place, a_letter(key)))
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [line.rpartition(" ")[2] for line in told] == ["one", "three"]
    with db.reading():
        assert len(members.policy_bounces(clock.now.replace(hour=0))) == 1
        assert suppressed() is None


# --- which letter -----------------------------------------------------------------------------------------------------


def test_the_token_in_the_recipient_says_the_letter_whatever_address_failed(place, clock):
    number = a_letter()
    forwarded = dsn(recipient("katrin@forward.example", words="550 5.1.1 gone"))
    come(place, forwarded, bounce_address(place, number).upper())
    assert (state(number)[0], suppressed()) == ("bounced", "unknown")


def returned(place: intake.Place, number: int, *, token: bool = False, reply: bool = False, to: str = KATRIN) -> str:
    with db.reading():
        letter = letters.by_id(number)
        lines = [f"Message-ID: {letter.message_id}", f"To: {to}", "Subject: Einladung"]
        if token:
            lines.insert(0, f"Return-Path: <{bounce_address(place, number)}>")
        if reply:
            member = place.tokens.mint_address("member", letter.member_id)
            lines = [f"From: rsvp+{member}@{place.reply_domain}", f"To: {to}", "Subject: Einladung"]
    return "\r\n".join([*lines, "", "Guten Tag"])


def test_without_a_token_in_the_recipient_what_is_returned_says_the_letter(place, clock):
    for way in ({}, {"token": True}, {"reply": True}):
        number = a_letter(f"by {way}")
        report = dsn(recipient(KATRIN, words="550 5.1.1 gone"), returned=returned(place, number, **way))
        row = come(place, report, "asanokai@asanokai.example")
        assert (row.outcome, row.letter_id, state(number)[0], suppressed()) == ("bounce", number, "bounced", "unknown")
        with db.transaction():
            members.use_again(people.katrin(), actor_id=people.katrin().id)
        clock.advance(hours=1)


def test_what_is_returned_is_found_written_under_the_words_too(place, clock):
    number = a_letter()
    words = (
        f"Hi. This is the qmail-send program at mx.jena.example.\n\n<{KATRIN}>:\nSorry, no mailbox here by that name. "
        f"(#5.1.1)\n\n--- Below this line is a copy of the message.\n\n{returned(place, number)}"
    )
    come(place, plain(words), "asanokai@asanokai.example")
    assert (state(number)[0], suppressed()) == ("bounced", "unknown")


def test_a_report_that_names_another_reader_than_the_letters_gives_no_address_up(place, clock):
    number = a_letter()
    forged = dsn(recipient(ELSEWHERE, words="550 5.1.1 gone"), returned=returned(place, number, to=ELSEWHERE))
    row = come(place, forged, "asanokai@asanokai.example")
    assert (row.outcome, suppressed(), counted()) == ("bounce", None, [])


def test_an_address_alone_proves_nothing(place, clock):
    number = a_letter()
    row = come(place, dsn(recipient(KATRIN, words="550 5.1.1 gone")), "asanokai@asanokai.example")
    assert (row.outcome, row.facts["by"], row.facts["followed"]) == ("bounce", "address", False)
    assert (state(number), suppressed(), counted()) == (("sent", None), None, [])


def test_a_letter_that_is_only_referred_to_is_not_the_one_that_came_back(place, clock):
    first, second = a_letter("one"), a_letter("two")
    with db.reading():
        referred = letters.by_id(first).message_id
    whole = f"References: {referred}\r\n" + returned(place, second)
    come(place, dsn(recipient(KATRIN, status="5.2.2"), returned=whole), "asanokai@asanokai.example")
    assert (state(first)[0], state(second)[0]) == ("sent", "bounced")


def test_ninety_days_after_the_letter_nobody_listens_any_more(place, clock):
    number = a_letter()
    clock.advance(days=91)
    row = come(place, dsn(recipient(KATRIN)), bounce_address(place, number))
    assert (row.outcome, row.facts["followed"], state(number), counted()) == ("bounce", False, ("sent", None), [])


def test_an_address_changed_since_is_not_blamed_for_the_old_one(place, clock):
    number = a_letter()
    with db.transaction():
        members.change_address(people.katrin(), "katrin@new.example", actor_id=None)
    row = come(place, dsn(recipient(KATRIN)), bounce_address(place, number))
    assert (row.outcome, row.facts["followed"]) == ("bounce", False)
    with db.reading() as session:
        assert session.scalars(select(Address.suppressed_at)).all() == [None, None]


def test_reports_about_nobody_are_bounces_without_consequence(place, clock):
    number = a_letter(sent=False)
    with db.transaction() as session:
        erased = session.get_one(Member, people.katrin().id)
        erased.standing = "erased"
    unsent = come(place, dsn(recipient(KATRIN)), bounce_address(place, number))
    unknown = come(place, dsn(recipient(ELSEWHERE), subject="other"), bounce_address(place, 4711))
    assert [(row.outcome, row.state, row.facts["followed"]) for row in (unsent, unknown)] == [
        ("bounce", "taken", False)
    ] * 2
    assert (counted(), happened(), state(number)[0]) == ([], [], "queued")


def test_a_letter_still_being_settled_by_its_sender_comes_back_too(place, clock):
    number = a_letter(sent=False)
    with db.transaction():
        assert letters.claim("sender") == [number]
    come(place, dsn(recipient(KATRIN)), bounce_address(place, number))
    with db.transaction():
        assert not letters.settle(number, "sent", by="sender")
    assert (state(number)[0], suppressed()) == ("bounced", "unknown")


def test_a_sign_in_letter_to_another_address_of_ones_own_counts_against_that_one(place, clock):
    with db.transaction():
        members.change_address(people.katrin(), "katrin@new.example", actor_id=None)
        also = members.by_address(KATRIN)
        number = posted(also, "sign-in:1", address=KATRIN).id
    come(place, dsn(recipient(KATRIN)), bounce_address(place, number))
    with db.reading() as session:
        found = session.execute(select(Address.normal, Address.suppressed_at.is_not(None)).order_by(Address.id)).all()
    assert [tuple(row) for row in found] == [(KATRIN, True), ("katrin@new.example", False)]


# --- shapes -----------------------------------------------------------------------------------------------------------

SHAPES = {
    "exim": plain(
        f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        f"delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
        f"  {KATRIN}\n    host mx [192.0.2.1]: 550 5.1.1 User unknown\n",
        f"X-Failed-Recipients: {KATRIN}",
        "Auto-Submitted: auto-replied",
        subject="Mail delivery failed: returning message to sender",
    ),
    "qmail": plain(f"Hi. This is the qmail-send program.\n<{KATRIN}>:\nSorry, no mailbox here by that name. (#5.1.1)"),
    "domino": plain(
        f"Your message\n\n  Subject: Einladung\n\nwas not delivered to:\n\n  {KATRIN}\n\nbecause:\n\n  User katrin not "
        f"listed in Domino Directory\n",
        author="Postmaster@jena.example",
        subject="DELIVERY FAILURE: User katrin not listed in Domino Directory",
    ),
    "t-online": plain(
        f"|------------------------- Message log follows: -------------------------|\n no valid recipients were found\n"
        f"|------------------------- Failed addresses follow: ---------------------|\n <{KATRIN}> ... unknown user\n",
        author="postmaster@t-online.example",
        subject="Mail delivery failed",
    ),
    "docomo": plain(f"<{KATRIN}>: 550 Unknown user {KATRIN}", subject="Mail System Error - Returned Mail"),
    "au": plain(
        "宛先が見つかりません。", author="Postmaster@ezweb.example", subject="Mail System Error - Returned Mail"
    ),
    "james": plain(
        f"Hi. This is the James mail server.\nI'm afraid I wasn't able to deliver your message.\n\n{KATRIN}\n550 5.1.1 "
        f"no such user",
        author="postmaster@jena.example",
        subject="Re: Einladung (undeliverable): [permanent]",
    ),
    "exchange by its own name": plain(
        "Fehler bei der Zustellung an folgende Empfänger. Die eingegebene E-Mail-Adresse wurde nicht gefunden.\n"
        "#550 5.1.1 RESOLVER.ADR.RecipNotFound ##",
        author="MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@jena.example",
        subject="Unzustellbar: Einladung",
    ),
    "imail": plain(f"Unknown user: {KATRIN}\n\nOriginal message follows.\n\n", subject="Undeliverable Mail"),
    "sendmail": dsn(
        recipient(KATRIN, status="5.1.1", words="550 5.1.1 <x>... User unknown"),
        subject="Returned mail: see transcript",
    ),
    "without a status": dsn(recipient(KATRIN, status="", words="550 5.1.1 User unknown")),
    "without an action": dsn(recipient(KATRIN, action="", words="550 5.1.1 User unknown")),
    "without a diagnosis": dsn(recipient(KATRIN)),
    "without a recipient": dsn(recipient("", words="550 5.1.1 User unknown")),
    "in capitals": dsn(recipient(KATRIN, words="550 5.1.1 X").upper()),
    "several, ours second": dsn(recipient(ELSEWHERE, action="delivered", status="2.0.0"), recipient(KATRIN)),
    "a status part that is encoded": in_parts(
        "delivery-status",
        [
            ("text/plain", "came back"),
            (
                "message/delivery-status\r\nContent-Transfer-Encoding: base64",
                "RmluYWwtUmVjaXBpZW50OiByZmM4MjI7IGthdHJpbkBqZW5hLmV4YW1wbGUKQWN0aW9uOiBmYWls\r\nZWQKU3RhdHVzOiA1LjEuMQo=",
            ),
        ],
        subject="Undelivered",
    ),
    "for another script": in_parts(
        "delivery-status",
        [("text/plain", "x"), ("message/global-delivery-status", f"Reporting-MTA: dns; a\r\n\r\n{recipient(KATRIN)}")],
        subject="Undelivered",
    ),
}


def test_an_unknown_mailbox_is_understood_in_every_shape(place, clock):
    found = {}
    for shape, raw in SHAPES.items():
        number = a_letter(shape)
        row = come(place, raw, bounce_address(place, number))
        found[shape] = (row.outcome, row.letter_id == number, state(number)[0], suppressed())
        with db.transaction():
            members.use_again(people.katrin(), actor_id=people.katrin().id)
    assert found == dict.fromkeys(SHAPES, ("bounce", True, "bounced", "unknown"))


WORDS = {
    "delay": plain(
        f"This message was created automatically.\nA message that you sent has not yet been delivered to\n {KATRIN}\n"
        f"No action is required on your part. Delivery attempts will continue for\nsome time",
        subject="Warning: message delayed 24 hours",
    ),
    "bounce": plain("Es konnte nicht zugestellt werden.", subject="Nicht zustellbar: Einladung"),
    "message": plain("Die Adresse meiner Kollegin existiert nicht mehr, user unknown!", author=KATRIN, subject="Frage"),
}


def test_what_no_code_says_is_believed_only_of_mailers(place, clock):
    number = a_letter()
    for outcome, raw in WORDS.items():
        row = come(place, raw, bounce_address(place, number), KATRIN if outcome == "message" else "")
        assert (row.outcome, suppressed()) == (outcome, None)


def test_who_is_away_and_writes_of_closed_mailboxes_gives_no_address_up(place, clock):
    number = a_letter()
    away = plain(
        "Dieses Postfach existiert nicht mehr. The mailbox no longer exists.",
        "Auto-Submitted: auto-replied",
        author=KATRIN,
        subject="Automatische Antwort: Undelivered",
    )
    row = come(place, away, bounce_address(place, number))
    assert (row.outcome, state(number)[0], suppressed()) == ("automatic", "sent", None)


def test_a_report_that_somebody_forwards_is_none_of_ours(place, clock):
    number = a_letter()
    inner = dsn(recipient(KATRIN), returned=returned(place, number)).decode().replace("=-limit-7", "=-limit-8")
    forwarded = in_parts(
        "none", [("text/plain", "Was heißt das?"), ("message/rfc822", inner)], subject="Fwd", author=KATRIN
    )
    row = come(place, forwarded.replace(b"multipart/report; report-type=none", b"multipart/mixed"), None, KATRIN)
    assert (row.outcome, state(number)[0], suppressed()) == ("message", "sent", None)


def test_an_invitation_that_comes_back_is_no_answer(place, app, clock, smtp):
    with db.transaction():
        people.announced_meeting(people=[people.katrin()])
    clock.set(berlin(2026, 2, 19, 9))
    send_due(app, Night())
    (sent,) = smtp.letters
    whole = sent.content.decode()
    row = come(place, dsn(recipient(KATRIN), returned=whole), sent.mail_from)
    assert (row.outcome, suppressed()) == ("bounce", "unknown")
    as_text = plain(f"<{KATRIN}>:\n550 5.1.1 no such user\n\n--- Below this line is a copy of the message.\n\n{whole}")
    assert come(place, as_text, sent.mail_from).outcome == "bounce"
    with db.reading() as session:
        assert session.scalars(select(Rsvp.answer)).all() == ["invited"]
        assert (len(counted()), happened()) == (1, [(row.letter_id, "bounced")])


# --- complaints -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["abuse", "opt-out"])
def test_whoever_marks_a_letter_as_spam_gets_no_more_of_them(place, clock, kind):
    number = a_letter()
    report = feedback(kind, f"Original-Rcpt-To: <{KATRIN}>", returned=returned(place, number))
    for _ in range(2):
        row = come(place, report, "fbl@asanokai.example", "feedback@provider.example")
        report = report.replace(b"email abuse", b"another email abuse")
    assert (row.outcome, row.letter_id, subscribed()) == ("complaint", number, False)
    assert (counted(), happened()) == ([(number, "complaint", "")], [(number, "complained")])
    assert (state(number)[0], suppressed()) == ("sent", None)


def test_a_complaint_without_the_readers_address_is_known_by_the_letter(place, clock):
    number = a_letter()
    redacted = returned(place, number, to="redacted@provider.example")
    row = come(place, feedback("abuse", "Redacted-Address: redacted", returned=redacted), "fbl@asanokai.example")
    assert (row.outcome, subscribed()) == ("complaint", False)


def test_a_complaint_that_names_somebody_else_ends_nothing(place, clock):
    number = a_letter()
    forged = feedback("abuse", f"Original-Rcpt-To: {ELSEWHERE}", returned=returned(place, number))
    row = come(place, forged, "fbl@asanokai.example")
    assert (row.outcome, row.facts["followed"], subscribed()) == ("complaint", False, True)


def test_feedback_that_is_no_complaint_ends_nothing(place, clock):
    number = a_letter()
    for kind in ("not-spam", "auth-failure"):
        row = come(place, feedback(kind, returned=returned(place, number, token=True)), "fbl@asanokai.example")
        assert (row.outcome, subscribed(), counted()) == ("nothing", True, [])


# --- the way back -----------------------------------------------------------------------------------------------------


def test_using_an_address_again_forgives_what_came_back(place, clock):
    for key in ("one", "two"):
        come(place, dsn(recipient(KATRIN, status="5.1.2")), bounce_address(place, a_letter(key)))
    with db.transaction():
        assert members.use_again(people.katrin(), actor_id=people.katrin().id)
        assert not members.use_again(people.katrin(), actor_id=people.katrin().id)
    assert (suppressed(), counted()) == (None, [])
    come(place, dsn(recipient(KATRIN, status="5.1.2"), subject="third"), bounce_address(place, a_letter("three")))
    assert suppressed() is None
    come(place, dsn(recipient(KATRIN, status="5.1.2"), subject="fourth"), bounce_address(place, a_letter("four")))
    assert suppressed() == "permanent"


def test_a_mail_from_the_address_forgives_what_came_back_before(place, clock):
    come(place, dsn(recipient(KATRIN, status="5.1.2")), bounce_address(place, a_letter("one")))
    words = b"From: Katrin <Katrin.Lindner@optik-jena.example>\r\nSubject: Frage\r\n\r\nGibt es Tee?\r\n"
    assert come(place, words, "asanokai@asanokai.example", KATRIN).outcome == "message"
    assert counted() == []
    come(place, dsn(recipient(KATRIN, status="5.1.2"), subject="second"), bounce_address(place, a_letter("two")))
    assert suppressed() is None


# --- mails of the world -----------------------------------------------------------------------------------------------

WORLD = {
    "arf-01.eml": "complaint",
    "lhost-exchange2007-01.eml": "unknown",
    "lhost-exim-01.eml": "policy",
    "lhost-gmail-01.eml": "unknown",
    "lhost-gmx-01.eml": "full",
    "lhost-office365-01.eml": "unknown",
    "lhost-postfix-01.eml": "unknown",
    "postfix-bounced-invitation.eml": "unknown",
    "rfc3464-01.eml": "unknown",
    "rhost-nttdocomo-01.eml": "unknown",
}


def test_reports_of_the_world_are_understood(place, clock):
    for name, sort in WORLD.items():
        raw = shared(f"bounces/{name}").read_bytes()
        number = a_letter(name)
        for subject in (b"\nSubject: ", b"\nSubject: [Extern] "):
            row = come(place, raw.replace(b"\nSubject: ", subject, 1), bounce_address(place, number))
        assert (row.outcome, row.letter_id) == ("complaint" if sort == "complaint" else "bounce", number)
        assert [entry[1] for entry in counted() if entry[0] == number] == [sort], name
        assert (suppressed(), subscribed()) == ("unknown" if sort == "unknown" else None, sort != "complaint"), name
        with db.transaction():
            members.use_again(people.katrin(), actor_id=people.katrin().id)
            members.subscribe(people.katrin(), actor_id=None)


def test_no_report_takes_long_however_it_is_written(place, clock):
    number = a_letter()
    began = time.monotonic()
    for filling in ("a" * 300_000, "user " * 60_000, "<a@" * 100_000, "\n" * 300_000, "5.1.1 " * 50_000):
        words = recipient(filling[:50_000].replace("\n", " "), status="5.0.0", words=filling.replace("\n", " "))
        come(place, dsn(words, text=filling, subject=filling[:9]), bounce_address(place, number))
        come(place, plain(filling), bounce_address(place, number))
    assert time.monotonic() - began < 10
