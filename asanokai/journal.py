"""Who did what to what: one row per verb, in the verb's own transaction. Rows are only ever added.

Facts are numbers, states and moments: never names, addresses or free text. The waiting list can be replayed from it.
Nothing reads the journal back for a decision; `history` tells it to people. What a row is about beside its object
stands in the facts `meeting`, `member` and `series`, and once more in columns, to be found by.

Free text, and where somebody asked from, stand *aside*, in a table of their own. The row holds only a salted hash of
it: `seals` seal the row, so an aside that was altered is found out, and one that was erased leaves the seals whole.
From where is noted for the verbs in `WITH_ORIGIN` alone, not for every answer: what nobody needs is not kept.
"""

import hashlib
import json
import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, delete, exists, insert, or_
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock
from asanokai.db import Base, Facts, affected, session


class Entry(Base):
    """One thing that happened. `actor_id` is None when the program itself acted."""

    __tablename__ = "journal"
    __table_args__ = (
        Index(None, "object", "object_id", "at"),
        Index(None, "meeting_id", "id"),
        Index(None, "member_id", "id"),
        Index(None, "series_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    verb: Mapped[str]
    object: Mapped[str]
    object_id: Mapped[int | None]
    facts: Mapped[dict[str, Any] | None] = mapped_column(Facts)
    meeting_id: Mapped[int | None]
    member_id: Mapped[int | None]
    series_id: Mapped[int | None]
    aside_hash: Mapped[str | None]


class Aside(Base):
    """What was said with an entry, and from where: personal, and therefore not in the row that stays."""

    __tablename__ = "journal_aside"

    entry_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    salt: Mapped[str]
    address: Mapped[str]
    agent: Mapped[str]
    said: Mapped[str]

    @property
    def hash(self) -> str:
        """What the entry holds of it."""
        return hash_of(self.salt, self.address, self.agent, self.said)


# --- from where -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Origin:
    """From which address somebody asks, and with what, in short."""

    address: str
    agent: str


came_from: ContextVar[Origin | None] = ContextVar("came_from", default=None)
"""Set by `web` for each request; nobody's in worker and command line."""

WITH_ORIGIN = frozenset(
    {
        # who got in, and who did not
        ("sign in", "member"),
        ("refuse", "sign-in"),
        ("refuse", "page"),
        ("send sign-in", "member"),
        # what opens the door
        ("set password", "member"),
        ("remove password", "member"),
        ("change address", "member"),
        ("new calendar secret", "member"),
        # who may do what
        ("make administrator", "member"),
        ("merge", "member"),
        ("change", "installation"),
        # consent, given and withdrawn
        ("apply", "application"),
        ("confirm", "application"),
        ("subscribe", "member"),
        ("unsubscribe", "member"),
        ("leave", "member"),
        # what left the house
        ("export", "member"),
        ("export", "series"),
    }
)
"""(verb, object) of which it is kept from where it was done."""

ALWAYS_WITH_ORIGIN = frozenset({"read", "refuse", "erase", "consent", "withdraw consent", "add key", "remove key"})
"""Verbs of which it is kept whatever they are done to: sensitive reading, refusals, deletion, consents, keys."""

AUTHORITY = ("coordinator", "administrator")
"""Roles: who gets or loses one is noted with its origin, unlike who merely joins a series."""

_BROWSERS = re.compile(r"(Edg|OPR|Firefox|FxiOS|CriOS|Chrome|Version|curl|python-requests)/(\d+)")
_NAMES = {"Edg": "Edge", "OPR": "Opera", "FxiOS": "Firefox", "CriOS": "Chrome", "Version": "Safari"}
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "CrOS", "Linux")


def agent_in_short(header: str) -> str:
    """A browser's name, its main version and its system: enough to know one's own, too little to follow anybody by."""
    found = {name: version for name, version in _BROWSERS.findall(header)}
    name = next(
        (name for name in ("Edg", "OPR", "FxiOS", "CriOS", "Firefox", "Chrome", "Version") if name in found), ""
    )
    name = name or next(iter(found), "")
    browser = f"{_NAMES.get(name, name)} {found[name]}" if name else ""
    system = next((system for system in _SYSTEMS if system in header), "")
    return ", ".join(part for part in (browser, system) if part)


def _origin(verb: str, obj: str, facts: dict[str, Any]) -> Origin | None:
    counts = verb in ALWAYS_WITH_ORIGIN or (verb, obj) in WITH_ORIGIN or facts.get("role") in AUTHORITY
    return came_from.get() if counts else None


# --- writing ----------------------------------------------------------------------------------------------------------

_insert = insert(Entry)
_insert_numbered = insert(Entry).returning(Entry.id)


def write(
    verb: str, obj: str, object_id: int | None, *, actor_id: int | None = None, said: Any = "", **facts: Any
) -> None:
    """Note that `actor_id` did `verb` to one `obj` ("meeting", "rsvp", …). Facts must be JSON values.

    `said`: free text that belongs to it, such as a reason. It is kept aside, where it can be erased.
    """
    now = clock.now()
    row = {
        "at": now,
        "actor_id": actor_id,
        "verb": verb,
        "object": obj,
        "object_id": object_id,
        "facts": facts or None,
        "aside_hash": None,
        **{f"{name}_id": object_id if obj == name else facts.get(name) for name in ("meeting", "member", "series")},
    }
    origin = _origin(verb, obj, facts)
    if not said and origin is None:
        session().execute(_insert, row)
        return
    aside = {
        "salt": secrets.token_hex(16),
        "address": origin.address if origin else "",
        "agent": origin.agent if origin else "",
        "said": said,
    }
    number = session().execute(_insert_numbered, {**row, "aside_hash": hash_of(**aside)}).scalar_one()
    session().execute(insert(Aside), {"entry_id": number, "at": now, **aside})


def hash_of(salt: str, address: str, agent: str, said: str) -> str:
    """What an entry holds of its aside. Without the salt, which is erased with the rest, nobody can try addresses."""
    words = json.dumps([address, agent, said], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{salt}\n{words}".encode()).hexdigest()


# --- erasing what stands aside ----------------------------------------------------------------------------------------


def erase_asides(*member_ids: int) -> int:
    """Erase what stands aside with entries that these members made, or that are about them; how much. Seals hold."""
    concerned = or_(Entry.actor_id.in_(member_ids), Entry.member_id.in_(member_ids))
    gone = delete(Aside).where(exists().where(Entry.id == Aside.entry_id, concerned))
    return affected(session().execute(gone, execution_options={"synchronize_session": False}))


def forget_asides(before: datetime) -> int:
    """Erase what stands aside with entries older than that; how much. Seals hold."""
    gone = delete(Aside).where(Aside.at < before)
    return affected(session().execute(gone, execution_options={"synchronize_session": False}))
