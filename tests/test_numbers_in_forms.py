"""Every field of every form, tried with the number of a thing that belongs to another series; and fields that no page
offers, sent along.

`test_other_numbers` tries the numbers in addresses. Here everything of a series that only Naoko coordinates has one and
the same number, whatever its table, so that this number, typed into a field, means something of hers wherever a field
means anything. Nothing of hers changes, nothing new hangs on it, and no page says its words.
"""

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import Boolean, DateTime, Integer, event

from asanokai import (
    applying,
    circle,
    consents,
    db,
    deputies,
    letters,
    programme,
    proposals,
    questions,
    speakers,
    topics,
    uploads,
    views,
    writing,
)
from asanokai.db import session
from asanokai.letters import Letter
from asanokai.proposals import Words
from asanokai.speakers import Reach
from asanokai.topics import SpeakerText
from tests import people, world
from tests.conftest import DATABASES
from tests.grounds import LONG
from tests.test_guards import SENT
from tests.world import ROLES, Actor, Contents, addresses, contents, forms, put_back, unticked

pytestmark = pytest.mark.timeout(300)

ON_ONE = pytest.mark.parametrize("database_url", DATABASES if LONG else ["sqlite"], indirect=True)
"""Who may see what does not depend on the database; `make test-long` asks both."""

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Gives new rows the same numbers again after the tables were put back; PostgreSQL counts on."""

THEIRS = 40_711
"""The number of everything of the other series, in whatever table."""
MARK = "Zugvogel"
"""Stands in every text of theirs."""

KEPT = ("series", "meeting", "topic", "question", "contributor", "speaker", "upload", "message", "letter", "view")
KEPT += ("deputy", "member", "application", "proposal", "slot", "consent", "incoming", "passkey")
"""The tables something of theirs stands in."""


@contextmanager
def of_one_number() -> Iterator[None]:
    """The first row of each table gets the number `THEIRS`, and what follows the ones behind it."""
    given: dict[str, int] = {}

    def number(_mapper: Any, _connection: Any, row: Any) -> None:
        table = row.__tablename__
        if "id" in row.__table__.primary_key.columns and row.id is None and not table.startswith("journal"):
            given[table] = given.get(table, THEIRS - 1) + 1
            row.id = given[table]

    event.listen(db.Base, "before_insert", number, propagate=True)
    try:
        yield
    finally:
        event.remove(db.Base, "before_insert", number)


def _theirs() -> None:
    """One of each kind, in a series and at a meeting that only Naoko coordinates."""
    text = {"ja": MARK, "de": MARK}
    stranger = people.member("zugvogel@hamamatsu.example", family=MARK, organisation=MARK)
    series = people.series("zugvogel", name=text, zone="Asia/Tokyo")
    people.coordinate(series, people.naoko())
    people.belong(series, stranger)
    meeting = people.announced_meeting(series, title=text, public=False)
    topic = topics.post(meeting, text, speakers=[SpeakerText(family=MARK, given="Ken")])
    (speaker,) = topics.of(meeting)[0].speakers
    speakers.reach_speaker(meeting, speaker.id, Reach("ken@hamamatsu.example"))
    programme.adopt(meeting, topics.of(meeting))
    uploads.add_document(meeting, "material", f"{MARK}.pdf", b"%PDF-1.7 z", field="file")
    questions.add(text, "food", series_id=series.id, choices=[text, text])
    writing.draft(meeting.id, audience="all", actor_id=None, due_at=None, subject=text, words=text)
    views.save(people.naoko(), MARK, {}, series_id=series.id)
    proposals.propose(series, stranger.id, Words(text))
    deputies.name(stranger, "kenji.yamada@erfurt.example", "deputy")
    applied = applying.apply({"family": MARK}, "mori@hamamatsu.example", series_id=series.id, **world.CONSENT)  # type: ignore[arg-type]  # a dict of mixed values
    secret = applying.mint_confirmation(applied)
    session().flush()
    applying.confirm(applied.id, secret, from_address=None)
    letters.post("remind", "theirs", member_id=stranger.id, meeting_id=meeting.id)
    letter = session().query(Letter).filter(Letter.key == "theirs").one()
    letter.id, letter.state = THEIRS, "failed"
    world.written_mail(meeting, stranger, "message")
    world._passkey(stranger, b"another passkey")
    circle.show(stranger, "name", consents.Said("Ja.", "2026-11", "de", None))
    series.public = False
    assert topic.id == meeting.id == stranger.id == THEIRS


@pytest.fixture
def built(app, clock) -> world.World:
    made = world.build(app, clock)
    with db.transaction(), of_one_number():
        _theirs()
    return made


# --- who tries, and what must stay ------------------------------------------------------------------------------------


def _senders(app: Flask) -> dict[str, Actor]:
    """Name of an address → the coordinator where she may send there, else the member or a visitor; administrators may
    do everything anyway."""
    actors, places = {role: Actor(app, role) for role in ("coordinator", "member", "visitor")}, list(ROLES)
    found = {}
    for name, row in SENT.items():
        may = [role for role in actors if row[places.index(role)] in (200, 303, 409, 422) or name in ALSO]
        if may:
            found[name] = actors[may[0]]
    return found


ALSO = ("people.series_too", "signing_in.ask")
"""Answered with 404 for what the good form holds, or by another way than pages."""


class Belongings:
    """What belongs to them: by the numbers the tables hold at first."""

    def __init__(self, held: Contents) -> None:
        self.numbers = {
            table: {row["id"] for row in rows if row.get("id", 0) >= THEIRS}
            if not table.startswith("journal")
            else set()
            for table, rows in held.items()
        }
        self.kept = self.of(held)

    def of(self, held: Contents) -> Contents:
        """The rows of theirs, and all that hangs on one."""
        tables = db.Base.metadata.tables
        return {
            name: [row for row in rows if self._is(tables[name], row)]
            for name, rows in held.items()
            if not name.startswith("journal")
        }

    def _is(self, table: Any, row: dict[str, Any]) -> bool:
        if row.get("id") in self.numbers[table.name]:
            return True
        keys = [(column.name, key.column.table.name) for column in table.columns for key in column.foreign_keys]
        return any(row[name] in self.numbers[to] for name, to in keys) or any(map(_names, row.values()))


def _names(value: Any) -> bool:
    """Whether facts name something of theirs."""
    if isinstance(value, dict | list):
        return any(one == THEIRS or _names(one) for one in (value.values() if isinstance(value, dict) else value))
    return False


def said(answer: Any, reader: Actor) -> str:
    """What a page says, and the page it leads to."""
    words = answer.text if "text" in answer.content_type else ""
    if answer.status_code == 303 and answer.location.startswith("/"):
        led = reader.get(answer.location)
        words += led.text if "text" in led.content_type else ""
        led.close()
    return words


AMOUNTS = ("minutes", "seats", "guests", "guests_allowed", "interval", "months", "times")
"""Fields whose number names nothing."""

MAY_BE_EMPTY = ("topic", "topics", "member", "message", "other", "of", "kind", "audience", "secret")
"""Fields that name something, or nothing in the good form."""


def tries(form: dict[str, str]) -> Iterator[dict[str, str]]:
    """The good form with their number in one field, or in one that it does not have."""
    for field, words in form.items():
        if field in AMOUNTS:
            continue
        if not (LONG or field in MAY_BE_EMPTY or re.fullmatch(r"[0-9]+|\w+:\w+", words)):
            continue  # words, dates, addresses, boxes
        yield {**unticked(form), field: str(THEIRS)}
        if ":" in words:
            yield {**unticked(form), field: f"{words.partition(':')[0]}:{THEIRS}"}
    if "answer" in form:
        yield {**unticked(form), f"question_{THEIRS}": "1"}
    for deed in ("invite", "part", "belong", "role") if "deed" in form else ():
        yield {**unticked(form), "deed": f"{deed}:{THEIRS}"}
        yield {**unticked(form), "deed": f"{deed}:{THEIRS}", "member": str(THEIRS), "step": "look"}


# --- the tests --------------------------------------------------------------------------------------------------------


@ON_ONE
def test_everything_of_theirs_has_the_one_number(built):
    held = contents()
    assert {table for table in KEPT if not [row for row in held[table] if row["id"] == THEIRS]} == set()


@ON_ONE
def test_a_number_in_a_field_reaches_nothing_of_another_series(app, built):
    senders, known, typed, wrong = _senders(app), addresses(app, built, "POST"), forms(built), {}
    before = contents()
    theirs = Belongings(before)
    for name, reader in senders.items():
        form = typed[name]
        for sent in tries(form):
            answer = reader.post(known[name], sent)
            changed = [field for field in sent if sent[field] != form.get(field)]
            if MARK in said(answer, reader):
                wrong[name, *changed] = "said"
            reader.again()
            if answer.status_code in (200, 303):
                if theirs.of(after := contents()) != theirs.kept:
                    wrong[name, *changed] = "reached"
                if after != before:
                    put_back(before)
    assert wrong == {}


QUERIES = (
    "meeting",
    "member",
    "message",
    "series",
    "topic",
    "question",
    "person",
    "who",
    "of",
    "view",
    "about",
    "into",
)
"""What pages read from their addresses as a number, and some that none reads."""


@ON_ONE
def test_a_number_in_a_query_shows_nothing_of_another_series(app, built):
    wrong = {}
    for role in ("coordinator", "member"):
        reader = Actor(app, role)
        for name, address in addresses(app, built, "GET").items():
            query = urlencode(dict.fromkeys(QUERIES, str(THEIRS)))
            with reader.get(f"{address}{'&' if '?' in address else '?'}{query}") as answer:
                if MARK in (answer.text if "text" in answer.content_type else ""):
                    wrong[role, name] = answer.status_code
    assert wrong == {}


# --- fields that no page offers ---------------------------------------------------------------------------------------


def smuggled(form: dict[str, str]) -> dict[str, str]:
    """Every column of every table as a field, with what somebody would like to stand there; not the form's own."""
    liked = {"role": "coordinator", "standing": "accepted", "kind": "photo", "state": "open", "answer": "yes"}
    columns = [column for table in db.Base.metadata.sorted_tables for column in table.columns]
    found = {column.name: liked.get(column.name, _liked(column)) for column in columns}
    found |= {
        "actor_id": str(THEIRS),
        "by": "administrator",
        "_method": "DELETE",
        "__class__": "Member",
        "is_admin": "y",
    }
    return {name: words for name, words in found.items() if name not in form and name not in OFFERED}


def _liked(column: Any) -> str:
    if isinstance(column.type, Boolean):
        return "y"
    if isinstance(column.type, Integer):
        return str(THEIRS)
    return "2026-01-01T00:00" if isinstance(column.type, DateTime) else MARK


OFFERED = {"short_notice"}
"""Columns that are fields of a page now and then."""

BY_LOT = {
    *("aside_hash", "calendar_secret", "code_hash", "confirm_hash", "key", "nonce", "nonce_hash", "object_hash"),
    *("password_hash", "salt", "sealed", "secret", "sign_in_hash", "token_hash", "uid"),
}
"""What is drawn by lot: columns, and what stands under such a name among facts."""


def _plain(held: Contents) -> Contents:
    return {
        table: [{name: _certain(value) for name, value in row.items() if name not in BY_LOT} for row in rows]
        for table, rows in held.items()
    }


def _certain(value: Any) -> Any:
    return {name: one for name, one in value.items() if name not in BY_LOT} if isinstance(value, dict) else value


@ON_SQLITE
def test_fields_that_no_page_offers_change_nothing(app, built):
    actors = {role: Actor(app, role) for role in ("member", "coordinator", "administrator", "visitor")}
    before, known, wrong = contents(), addresses(app, built, "POST"), {}
    places = list(ROLES)
    for name, form in forms(built).items():
        may = [role for role in actors if SENT[name][places.index(role)] in (200, 303)]
        if not may or not (LONG or zlib.crc32(name.encode()) % 3 == 0):
            continue
        reader, found = actors[may[0]], []
        for more in ({}, smuggled(form)):
            answer = reader.post(known[name], {**unticked(form), **more})
            reader.again()
            found.append((answer.status_code, _plain(contents())))
            put_back(before)
        if found[0] != found[1]:
            changed = [table for table in before if found[0][1][table] != found[1][1][table]]
            wrong[name] = (found[0][0], found[1][0], changed)
    assert wrong == {}
