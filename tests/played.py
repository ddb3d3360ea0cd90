"""Every kind of letter in three languages, really delivered, for tests that hold many rules against all of them.

The scenes of the golden letters are played once for a module, each on a database of its own, and what came over SMTP is
kept beside what the rows said when it came. Nothing here judges.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from icalendar import Calendar, Event

from asanokai import clock as program_clock
from asanokai import db, letters, members, rsvps
from asanokai.app import create_app
from asanokai.db import dispose
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.series import Series
from asanokai.tokens import Tokens
from config import Config, Mail
from tests.conftest import Clock
from tests.grounds import sqlite
from tests.grounds.smtp import Received, SmtpServer
from tests.test_golden_letters import SCENES, row_of

DOMAIN = "reply.asanokai.example"
SENDER = "asanokai@asanokai.example"


@dataclass(frozen=True)
class Played:
    """A letter as it came, and its row, reader and meeting as they stood then."""

    name: str
    kind: str
    scene: str
    received: Received
    key: str
    letter_id: int
    facts: Mapping[str, Any]
    member_id: int | None
    reader: str
    meeting_id: int | None
    uid: str = ""
    path: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    summary: Mapping[str, str] = field(default_factory=dict)
    venue: Mapping[str, str] = field(default_factory=dict)
    series: Mapping[str, str] = field(default_factory=dict)
    sequence: int | None = None
    stamped_at: datetime | None = None
    answer: str = ""

    @cached_property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return cast(EmailMessage, message_from_bytes(self.received.content, policy=policy.default))

    def part(self, kind: str) -> EmailMessage | None:
        """The part of that content type."""
        found = [one for one in self.message.walk() if one.get_content_type() == kind]
        assert len(found) < 2, self.name
        return cast(EmailMessage, found[0]) if found else None

    def octets(self, kind: str) -> bytes:
        """What that part holds; empty if there is none."""
        part = self.part(kind)
        return cast(bytes, part.get_payload(decode=True)) if part is not None else b""

    @cached_property
    def calendar(self) -> bytes:
        """The calendar text; empty without one."""
        return self.octets("text/calendar")

    @cached_property
    def entry(self) -> Event:
        """The only VEVENT, by icalendar."""
        (event,) = Calendar.from_ical(self.calendar).walk("VEVENT")
        return cast(Event, event)

    @property
    def about_meeting(self) -> bool:
        """Whether it goes to a meeting's audience."""
        return self.kind in letters.OF_MEETING

    def lines(self, name: str) -> list[str]:
        """The calendar's unfolded lines of that property."""
        text = self.calendar.decode().replace("\r\n ", "")
        return [line for line in text.split("\r\n") if line.partition(":")[0].partition(";")[0] == name]


@dataclass(frozen=True)
class Corpus:
    """All letters in the order in which they came, and what reads their tokens."""

    letters: tuple[Played, ...]
    tokens: Tokens

    @cached_property
    def of_meetings(self) -> list[Played]:
        """Those to a meeting's audience."""
        return [one for one in self.letters if one.about_meeting]

    @cached_property
    def asked_for(self) -> list[Played]:
        """Those about an account or the desk."""
        return [one for one in self.letters if not one.about_meeting]

    @cached_property
    def with_calendar(self) -> list[Played]:
        """Those that carry an entry."""
        return [one for one in self.letters if one.calendar]

    @cached_property
    def threads(self) -> list[list[Played]]:
        """The letters about one meeting to one reader, in their order."""
        found: dict[object, list[Played]] = {}
        for one in self.of_meetings:
            found.setdefault((one.scene, one.meeting_id, one.member_id), []).append(one)
        return list(found.values())


def play(template: Path, smtp: SmtpServer, scenes: Iterable[str] = SCENES, **settings: Any) -> Corpus:
    """Play the scenes, each on a copy of the migrated SQLite file."""
    found: list[Played] = []
    tokens = None
    for scene in scenes:
        with _app(template, smtp, settings) as (app, clock):
            tokens = app.extensions["tokens"]

            def keep(name: str, mail: Received, scene: str = scene) -> None:
                found.append(_played(scene, name, mail))

            SCENES[scene](app, clock, smtp, keep)
    assert tokens is not None
    return Corpus(tuple(found), tokens)


@contextmanager
def _app(template: Path, smtp: SmtpServer, settings: dict[str, Any]) -> Iterator[tuple[Any, Clock]]:
    clock = Clock()
    program_clock.use(lambda: clock.now)
    smtp.clear()
    with tempfile.TemporaryDirectory(dir=template.parent) as folder:
        url = sqlite.copy(template, Path(folder) / "played.sqlite")
        mail = Mail(server="127.0.0.1", port=smtp.port, timeout=5)
        app = create_app(Config.for_tests(database_url=url, mail=mail, **settings))
        with app.app_context():
            try:
                yield app, clock
            finally:
                db.db.session.remove()
                dispose()
                program_clock.use(None)
                smtp.clear()


def _played(scene: str, name: str, mail: Received) -> Played:
    letter = row_of(mail)
    with db.reading() as session:
        said: dict[str, Any] = {}
        meeting = session.get(Meeting, letter.meeting_id) if letter.meeting_id else None
        if meeting is not None:
            said = {name: getattr(meeting, name) for name in ("uid", "path", "starts_at", "ends_at")}
            said["venue"], said["summary"] = dict(meeting.venue or {}), dict(meeting.title or {})
            said["series"] = dict(session.get_one(Series, meeting.series_id).name)
        member = session.get(Member, letter.member_id) if letter.member_id else None
        if member is not None:
            main = members.main_address(member)
            said["reader"] = letter.address or (main.text if main else "")
        rsvp = rsvps.of(letter.meeting_id, letter.member_id) if letter.meeting_id and letter.member_id else None
        return Played(
            **{"reader": letter.address or "", **said},
            name=name,
            kind=letter.kind,
            scene=scene,
            received=mail,
            key=letter.key,
            letter_id=letter.id,
            facts=letter.facts or {},
            member_id=letter.member_id,
            meeting_id=letter.meeting_id,
            sequence=letter.sequence,
            answer=rsvp.answer if rsvp else "",
            stamped_at=rsvp.stamped_at if rsvp else None,
        )
