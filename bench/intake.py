"""`intake`: calendar replies that are written down and taken in, seats counted, by one worker.

Different members accept one meeting that has fewer seats than askers, from a calendar: each mail is received in a
transaction of its own, as over LMTP, and all are taken in by the worker's own step. Afterwards the outcomes and the
seats in the database are compared with what was sent. Both sides wait for the disk as an installation does.
"""

import statistics
import time
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import func, select

from asanokai import db, intake, meetings
from asanokai.intake import Incoming
from asanokai.rsvps import Rsvp
from bench import filling
from bench.ground import Ground
from bench.results import Bound, Line

MEMBERS, SEATS, REPLIES, ROUNDS = 3_000, 120, 400, 3
LEAST = Bound("value", least=50)

REPLY = """\
From: {address}
To: rsvp+{token}@{domain}
Subject: Accepted: Asa no Kai
Message-ID: <{number}.{meeting}@jena.example>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="limit"

--limit
Content-Type: text/plain; charset=utf-8


--limit
Content-Type: text/calendar; charset=utf-8; method=REPLY

BEGIN:VCALENDAR
PRODID:-//Jena//Calendar//EN
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
UID:{uid}
DTSTAMP:{now}
DTSTART:{start}
SEQUENCE:0
ATTENDEE;PARTSTAT=ACCEPTED;CN="Member {number}":mailto:{address}
ORGANIZER:mailto:rsvp+{token}@{domain}
SUMMARY:Asa no Kai
END:VEVENT
END:VCALENDAR

--limit--
"""


def measure(on: Ground, database: str) -> list[Line]:
    """The figure on one kind of database."""
    site = on.site(database)
    with site.opened() as app:
        filled = filling.fill(MEMBERS)
        site.analyse()
        rounds = [_round(app, filled) for _ in range(ROUNDS)]
    whole, receiving, taking, processor = (statistics.median(column) for column in zip(*rounds, strict=True))
    detail = {
        "received_per_s": round(REPLIES / receiving, 1),
        "taken_per_s": round(REPLIES / taking, 1),
        "processor_ms": round(1000 * processor / REPLIES, 2),
        "replies": REPLIES,
        "seats": SEATS,
    }
    return [Line("intake", database, REPLIES / whole, "replies/s", None, "", LEAST, detail)]


def _round(app: Flask, filled: filling.Filled) -> tuple[float, float, float, float]:
    """Seconds for all of it, for writing down, for taking in; and those of the processor."""
    place: intake.Place = app.extensions["intake"]
    meeting_id = filling.meeting(filled, seats=SEATS, invited=True)
    mails = _mails(place, meeting_id, filled.member_ids[:REPLIES])
    worked, began = time.process_time(), time.perf_counter()
    for raw, recipient in mails:
        with db.transaction():
            intake.receive(raw, way="lmtp", tokens=place.tokens, recipient=recipient)
    received = time.perf_counter()
    while intake.step(place):
        pass
    ended = time.perf_counter()
    processor = time.process_time() - worked
    _check(meeting_id)
    return ended - began, received - began, ended - received, processor


def _mails(place: intake.Place, meeting_id: int, member_ids: list[int]) -> list[tuple[bytes, str]]:
    with db.reading():
        meeting = meetings.by_id(meeting_id)
        said = {
            "uid": meeting.uid,
            "meeting": meeting_id,
            "domain": place.reply_domain,
            "now": f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
            "start": f"{meeting.starts_at:%Y%m%dT%H%M%SZ}",
        }
    mails = []
    for number in member_ids:
        token = place.tokens.mint_address("member", number)
        words = REPLY.format(number=number, token=token, address=f"member{number}@jena.example", **said)
        mails.append((words.replace("\n", "\r\n").encode(), f"rsvp+{token}@{place.reply_domain}"))
    return mails


def _check(meeting_id: int) -> None:
    """Raises RuntimeError if the answers or the seats are not what was sent."""
    with db.reading() as session:
        of_it = Incoming.meeting_id == meeting_id
        rows = session.execute(select(Incoming.outcome, func.count()).where(of_it).group_by(Incoming.outcome)).all()
        outcomes = {outcome: count for outcome, count in rows}
        held = session.scalar(select(func.count()).where(Rsvp.meeting_id == meeting_id, Rsvp.seat == "held"))
    expected = {"answered": SEATS, "waiting list": REPLIES - SEATS}
    if outcomes != expected or held != SEATS:
        raise RuntimeError(f"meeting {meeting_id}: {outcomes}, {held} seats held; sent were {expected}")
