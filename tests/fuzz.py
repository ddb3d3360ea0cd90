"""Mails that nobody would send: answers of all programs and reports, flipped, cut, doubled, nested, relabelled.

`python -m tests.fuzz --minutes 60` (`make fuzz`) reads as many as it can and prints its figures. Nothing may raise, no
mail may take two seconds, memory may not grow between mails, and everything that was read must be storable. A mail that breaks one of
these is written into --keep and named. `--intake` sends them through the whole intake, into a database on SQLite.
"""

import argparse
import base64
import ctypes
import gc
import itertools
import logging
import random
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from asanokai import clock, db, intake
from asanokai.intake.calendars import said
from asanokai.intake.opened import is_mail, open_mail
from tests import people
from tests.grounds import clients, migrations, sqlite
from tests.grounds.answering import multipart, part
from tests.grounds.shared import SHARED
from tests.grounds.winmail import winmail

MOST_SECONDS = 2.0
MOST_KEPT = 48 * 1024
"""KiB by which the process may have grown between two mails: a leak of 200 bytes a mail would show within an hour."""
MOST_AT_ONCE = 640 * 1024
"""KiB that it may take while it has the largest mails in hand, of more than 20 MB."""

REPORT = b"""From: MAILER-DAEMON@mx.example\r
To: bounce+aaaa@asanokai.example\r
Subject: Undelivered Mail Returned to Sender\r
Content-Type: multipart/report; report-type=delivery-status; boundary="r"\r
\r
--r\r
Content-Type: text/plain; charset=us-ascii\r
\r
I'm sorry to have to inform you.\r
--r\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example\r
\r
Final-Recipient: rfc822; katrin@jena.example\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 User unknown\r
--r\r
Content-Type: message/rfc822\r
\r
Message-ID: <1@asanokai.example>\r
Subject: =?utf-8?q?Einladung_zum_Fr=C3=BChst=C3=BCck?=\r
Content-Type: text/calendar; method=REQUEST\r
\r
BEGIN:VCALENDAR\r
METHOD:REQUEST\r
END:VCALENDAR\r
--r--\r
"""
WORDS = "From: Katrin <katrin@jena.example>\r\nSubject: Re: Einladung\r\nContent-Type: {}\r\n\r\n{}"
PLAIN = [
    WORDS.format("text/plain; charset=utf-8", "Ja, gerne!\r\n\r\n> Ihre Einladung\r\n-- \r\nKatrin").encode(),
    WORDS.format("text/plain; charset=iso-2022-jp", "欠席します。").encode("iso2022_jp"),
    WORDS.format("text/plain; charset=shift_jis", "参加いたします。よろしくお願いします。").encode("cp932"),
    WORDS.format("text/html; charset=windows-1252", "<p>Schöne Grüße<blockquote>alt</blockquote>").encode("cp1252"),
    b"From: a@b.example\r\nAuto-Submitted: auto-replied\r\nSubject: Abwesend\r\n\r\nBin nicht da.",
]
BITS = [
    *(
        b"\0",
        b"\r",
        b"\n",
        b"\r\n\r\n",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"=?utf-8?b?",
        b"?=",
        b"=?",
        b'"',
        b"<",
        b">",
        b"(",
        b"--",
    ),
    *(b"; charset=utf-16", b"; charset=punycode", b"; charset=x-unknown", b"; charset=utf-7", b"; charset=iso-2022-jp"),
    *(b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: x-uuencode\r\n", b"MIME-Version: 1.0\r\n"),
    *(
        b"Content-Type: message/rfc822\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
        b"--b--\r\n",
    ),
    *(
        b"BEGIN:VEVENT\r\n",
        b"END:VEVENT\r\n",
        b"BEGIN:VCALENDAR\r\n",
        b"BEGIN:VALARM\r\n",
        b"BEGIN:VTIMEZONE\r\n",
        b"METHOD:COUNTER\r\n",
    ),
    *(
        b"ATTENDEE;PARTSTAT=",
        b"DTSTART;TZID=",
        b"RRULE:FREQ=YEARLY;BYDAY=",
        b"DTSTART:99999999T999999Z\r\n",
        b"\x1b$B",
        b"\x1b(B",
    ),
    *(b"\xed\xa0\x80", b"\x80\x81", b"=\r\n", b"=0D=0A", b"%", b"\\", b"^", b"\x78\x9f\x3e\x22"),
]
CHARSETS = ("utf-16", "utf-16-le", "cp932", "iso2022_jp", "gb18030", "utf-7", "latin-1", "utf-32")


def corpus(asked: clients.Asked | None = None) -> list[bytes]:
    """What is changed: every program's answers, words, reports; real mails where they are there."""
    asked = asked or clients.asked()
    found = [
        clients.answer(client, asked, state, comment="Bis dann; schöne Grüße")
        for client in clients.CLIENTS
        for state in ("ACCEPTED", "DECLINED", *(("COUNTER",) if client in clients.COUNTERING else ()))
    ]
    found += [REPORT, *PLAIN, part(winmail("ACCEPTED", uid=asked.uid, old=True), "application/ms-tnef", "binary")]
    found += [file.read_bytes() for file in sorted((SHARED / "data").glob("*/*.eml"))]
    return found


# --- changes ----------------------------------------------------------------------------------------------------------

Change = Callable[[random.Random, bytes, bytes], bytes]


def _span(chance: random.Random, raw: bytes, most: int = 2000) -> tuple[int, int]:
    start = chance.randrange(len(raw) + 1)
    return start, min(len(raw), start + chance.randrange(most))


def flip(chance: random.Random, raw: bytes, _other: bytes) -> bytes:
    out = bytearray(raw)
    for _ in range(chance.randrange(1, 30) if out else 0):
        out[chance.randrange(len(out))] = chance.randrange(256)
    return bytes(out)


def cut(chance: random.Random, raw: bytes, _other: bytes) -> bytes:
    start, end = _span(chance, raw)
    return raw[:start] + raw[end:] if chance.random() < 0.7 else raw[:start]


def double(chance: random.Random, raw: bytes, _other: bytes) -> bytes:
    start, end = _span(chance, raw)
    times = chance.choice((2, 3, 10, 100, 2000)) if end - start < 500 else 2
    return raw[:start] + raw[start:end] * times + raw[end:]


def splice(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    (start, end), (first, last) = _span(chance, raw), _span(chance, other, 5000)
    return raw[:start] + other[first:last] + raw[end:]


def put(chance: random.Random, raw: bytes, _other: bytes) -> bytes:
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(raw) + 1)
        raw = raw[:at] + chance.choice(BITS) * chance.choice((1, 1, 1, 2, 50, 3000)) + raw[at:]
    return raw


def nest(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    for level in range(chance.choice((1, 2, 9, 12, 60))):
        kind = chance.choice(("mixed", "report", "alternative", "digest", "rfc822"))
        if kind == "rfc822":
            raw = b"Content-Type: message/rfc822\r\n\r\n" + raw
        else:
            raw = b"Subject: x\r\n" + multipart(kind, [raw, other[:500]], chance.choice(("b", f"b{level}", "=_usual")))
    return raw


def relabel(chance: random.Random, raw: bytes, _other: bytes) -> bytes:
    text = raw.decode("utf-8", errors="replace")
    head, gap, body = text.partition("\r\n\r\n")
    return (head + gap).encode() + body.encode(chance.choice(CHARSETS), errors="replace")


def encode(chance: random.Random, raw: bytes, _other: bytes) -> bytes:
    start, end = _span(chance, raw, 20_000)
    return raw[:start] + base64.b64encode(raw[start:end]) + raw[end:]


def ends(chance: random.Random, raw: bytes, _other: bytes) -> bytes:
    return raw.replace(b"\r\n", chance.choice((b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n ", b"")))


def swell(chance: random.Random, raw: bytes, _other: bytes) -> bytes:
    """Seldom: one piece of it a million times."""
    if chance.random() > 0.01:
        return raw
    start, end = _span(chance, raw, 12)
    return raw[:start] + raw[start:end] * (5_000_000 // max(1, end - start)) + raw[end:]


CHANGES: tuple[Change, ...] = (flip, cut, double, splice, put, nest, relabel, encode, ends, swell)


def mails(seed: int, found: list[bytes]) -> Iterator[tuple[bytes, tuple[str, ...]]]:
    """Changed mails without end, the same for the same seed, and what was done to each."""
    chance = random.Random(seed)
    while True:
        raw, done = chance.choice(found), []
        for _ in range(chance.randrange(1, 6)):
            change = chance.choice(CHANGES)
            raw = change(chance, raw, chance.choice(found))[: 11 * 1024 * 1024]
            done.append(change.__name__)
        yield raw, tuple(done)


# --- reading ----------------------------------------------------------------------------------------------------------


def read(raw: bytes) -> int:
    """Read a mail in every way there is; how many answers it holds. Raises what is wrong."""
    mail = open_mail(raw)
    answers = said(mail)
    is_mail(raw)
    words = [mail.text, mail.author, mail.subject, mail.in_reply_to, *mail.message_ids, repr(answers)]
    words += [value for _name, value in [*mail.headers, *mail.returned]]
    words += [word for part in mail.parts for word in (part.kind, part.name, *part.parameters.values())]
    words += mail.addresses("from", "to", "cc", "reply-to", "sender")
    whole = "\n".join(words)
    whole.encode("utf-8")
    assert "\0" not in whole, "NUL cannot be stored"
    assert mail.date is None or mail.date.tzinfo is not None
    for one in answers:
        moments = (one.stamped_at, one.starts_at, one.ends_at, one.proposed_at)
        assert all(moment is None or moment.tzinfo is not None for moment in moments)
    return len(answers)


@dataclass
class Figures:
    """What a run came to."""

    read: int = 0
    octets: int = 0
    answers: int = 0
    slowest: float = 0.0
    seconds: float = 0.0
    kept: tuple[int, int] = (0, 0)
    most: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return (
            f"{self.read} mails ({self.octets / 1e6:.0f} MB) in {self.seconds:.0f} s, {self.answers} answers found; "
            f"slowest {self.slowest * 1000:.0f} ms; memory between mails {self.kept[0] // 1024} → "
            f"{self.kept[1] // 1024} MiB, at most {self.most // 1024} MiB; "
            f"faults: {dict(self.faults) or 'none'}"
        )


def run(
    minutes: float,
    seed: int,
    reader: Callable[[bytes], int],
    keep: Path | None = None,
    asked: clients.Asked | None = None,
) -> Figures:
    """Read changed mails for some minutes."""
    figures, found = Figures(), corpus(asked)
    for raw in found:
        reader(raw)
    before, begun = resident(), time.monotonic()
    for raw, done in mails(seed, found):
        if time.monotonic() - begun > minutes * 60:
            break
        started, fault = time.process_time(), ""
        try:
            figures.answers += reader(raw)
        except Exception as error:
            # Whatever it is, it is what is looked for.
            fault = f"{type(error).__name__} at {traceback.extract_tb(error.__traceback__)[-1].line}"
        took = time.process_time() - started
        fault = fault or ("too slow" if took > MOST_SECONDS else "")
        figures.read += 1
        figures.octets += len(raw)
        figures.slowest = max(figures.slowest, took)
        if fault:
            figures.faults[fault] += 1
            if keep is not None and figures.faults[fault] <= 3:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{seed}-{figures.read}.eml").write_bytes(raw)
                print(f"{seed}-{figures.read}.eml: {fault} after {', '.join(done)} ({took:.2f} s)", flush=True)
    figures.seconds = time.monotonic() - begun
    figures.kept = (before, resident())
    figures.most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return figures


def resident() -> int:
    """KiB the process has in memory, without what waits to be thrown away and what the allocator holds for later."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # glibc's, as Path below is Linux's
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", type=Path, default=Path("instance/fuzz"), help="where mails that break something go")
    parser.add_argument("--intake", action="store_true", help="through the whole intake, into a database")
    told = parser.parse_args()
    print(f"seed {told.seed}", flush=True)
    if told.intake:
        with tempfile.TemporaryDirectory() as home, whole_intake(Path(home)) as (reader, asked):
            figures = run(told.minutes, told.seed, reader, told.keep, asked)
    else:
        figures = run(told.minutes, told.seed, read, told.keep)
    print(figures)
    grown = figures.kept[1] - figures.kept[0]
    too_much = grown > MOST_KEPT or figures.most > MOST_AT_ONCE
    if too_much:
        print(f"memory grew by {grown // 1024} MiB between mails, and to {figures.most // 1024} MiB at most")
    return int(bool(figures.faults) or too_much)


@contextmanager
def whole_intake(home: Path) -> Iterator[tuple[Callable[[bytes], int], clients.Asked]]:
    """A database on SQLite with a meeting in it: what takes mails in by the real way, and what its member was asked.

    A mail at which a reader fails is taken up again twice, then parked: here the first failure is a fault.
    """
    failures = _Failures()
    logger = logging.getLogger("asanokai.intake.taking")
    logger.addHandler(failures)
    logger.propagate = False
    migrations.upgrade(sqlite.url(home / "fuzz.sqlite"))
    with migrations.opened(sqlite.url(home / "fuzz.sqlite")) as app:
        place: intake.Place = app.extensions["intake"]
        moment = (clock.now() + timedelta(days=14)).replace(hour=8, minute=0, second=0, microsecond=0, tzinfo=None)
        with db.transaction():
            katrin = people.katrin()
            meeting = people.announced_meeting(people.series(), moment, people=[katrin])
            people.plan()
            people.send_all()
            tokens = [place.tokens.mint_address(kind, katrin.id) for kind in ("member", "letter", "unsubscribe")]
            rsvp, bounce, unsubscribe = (
                f"{name}+{token}@{place.reply_domain}"
                for name, token in zip(("rsvp", "bounce", "unsubscribe"), tokens, strict=True)
            )
            asked = clients.asked(
                uid=meeting.uid,
                organizer=rsvp,
                attendee="katrin.lindner@optik-jena.example",
                starts_at=meeting.starts_at,
                ends_at=meeting.ends_at,
            )
        recipients = itertools.cycle([rsvp, rsvp, bounce, None, unsubscribe, "somebody@elsewhere.example"])

        def take(raw: bytes) -> int:
            failures.seen = None
            with db.transaction():
                intake.receive(raw, way="lmtp", tokens=place.tokens, recipient=next(recipients), sender="")
            taken = intake.step(place)
            if failures.seen is not None:
                raise failures.seen
            return taken

        yield take, asked


class _Failures(logging.Handler):
    """What a reader failed with, which the intake itself only writes into the log."""

    seen: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.seen = record.exc_info[1]


if __name__ == "__main__":
    sys.exit(main())
