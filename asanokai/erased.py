"""Who was erased: hashes of their addresses in the database, and a list beside it that outlives any backup.

Both stand under a key of their own (ASANOKAI_ERASED_KEY), which is never changed: under another one no address would be
known again. The table keeps an office's old file from bringing somebody back (`is_known`). The list is what a restore
replays: a backup is older than the erasures that came after it. It is a file of lines, each sealed together with the
one before, so that a line altered or taken out is noticed; it holds numbers, moments and HMACs, no name and no address.

A line is on the disk before the erasure it speaks of is committed: after a crash there may be a line too many, never
one too few. Nothing is erased here; `erasing` does that and calls this.
"""

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, db
from asanokai.db import Base, insert_missing, session
from asanokai.errors import N_, Refused

BEGINNING = "asanokai erasures 1"
"""What the first line's seal stands on, in the place of a line before it."""


class Erased(Base):
    """The HMAC of an address whose owner was erased, and when."""

    __tablename__ = "erased"

    mark: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


@dataclass(frozen=True)
class Erasure:
    """One line: a member erased (`member`, the moment the row was made, marks of the addresses), or an address whose
    owner came back of their own will (`lifted`)."""

    at: datetime
    member: int | None = None
    created_at: datetime | None = None
    marks: tuple[str, ...] = ()
    lifted: str = ""


class Erasures:
    """The list in a file. Every method that writes has the line on the disk when it returns."""

    def __init__(self, path: Path, key: str) -> None:
        self.path = path
        self._key = key.encode()
        self._silent = False

    def mark(self, normal_address: str) -> str:
        """256 bits in hexadecimal that follow from an address, and that nobody without the key can work out."""
        return self._hmac("address", normal_address)

    def begin(self) -> None:
        """Make the list where there is none, so that a missing one is known to be lost."""
        with self._locked():
            pass

    def append(self, **facts: Any) -> None:
        """Add a line. Raises `Refused` if the list was altered, OSError if it cannot be written."""
        if self._silent:
            return
        with self._locked() as file:
            content, torn = _whole(file)
            seal = self._checked(content)[-1][1] if content else BEGINNING
            body = json.dumps(facts, separators=(",", ":"))
            if torn:
                # Never synced, so what it speaks of was never committed.
                os.ftruncate(file, len(content))
            os.lseek(file, 0, os.SEEK_END)
            _write(file, f"{body} {self._seal(seal, body)}\n".encode())
            os.fsync(file)

    def read(self) -> list[Erasure]:
        """Every line in order. Raises `Refused` where there is no list, or one that was altered."""
        return [_erasure(body) for body, _seal in self._checked(self._content())]

    def standing(self) -> dict[str, Any]:
        """How long the list is, and its last seal: what a backup notes of it."""
        lines = self._checked(self._content())
        return {"lines": len(lines), "seal": lines[-1][1] if lines else BEGINNING}

    def goes_on_from(self, standing: dict[str, Any]) -> bool:
        """Whether this list begins with all that stood in it when a backup was made."""
        lines = self._checked(self._content())
        count = int(standing["lines"])
        return count <= len(lines) and (lines[count - 1][1] if count else BEGINNING) == standing["seal"]

    def seal_of(self, words: str) -> str:
        """The seal of a backup's manifest."""
        return self._hmac("backup", words)

    def seal_holds(self, words: str, seal: str) -> bool:
        """Whether it is the seal of these words."""
        return hmac.compare_digest(seal.encode(), self.seal_of(words).encode())

    @contextmanager
    def replayed(self) -> Iterator[None]:
        """While the list is replayed nothing is added to it: all of it stands there already."""
        self._silent = True
        try:
            yield
        finally:
            self._silent = False

    def _content(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                return _whole(file.fileno())[0]
        except FileNotFoundError:
            raise Refused(N_("There is no list of erasures at %(path)s."), path=self.path) from None

    def _checked(self, content: bytes) -> list[tuple[str, str]]:
        """Each line's words and seal. Raises `Refused` at the first that is not ours."""
        lines, before = [], BEGINNING
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            body, _, seal = line.rpartition(" ")
            if not hmac.compare_digest(seal.encode(), self._seal(before, body).encode()):
                raise Refused(
                    N_(
                        "Line %(line)s of the list of erasures %(path)s is not what was written: it was altered, or "
                        "ASANOKAI_ERASED_KEY is another one."
                    ),
                    line=number,
                    path=self.path,
                )
            lines.append((body, seal))
            before = seal
        return lines

    def _seal(self, before: str, body: str) -> str:
        return self._hmac("line", f"{before}\n{body}")

    def _hmac(self, purpose: str, words: str) -> str:
        return hmac.digest(self._key, f"asanokai.erased.{purpose}:{words}".encode(), hashlib.sha256).hex()

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, made if need be, with nobody else writing to it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not self.path.exists()
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if fresh:
                sync_folder(self.path.parent)
            yield file
        finally:
            os.close(file)


def _whole(file: int) -> tuple[bytes, bool]:
    """All whole lines, and whether half a line follows them."""
    os.lseek(file, 0, os.SEEK_SET)
    content = b""
    while piece := os.read(file, 1 << 20):
        content += piece
    whole = content[: content.rfind(b"\n") + 1]
    return whole, len(whole) < len(content)


def _write(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


def _erasure(body: str) -> Erasure:
    facts = json.loads(body)
    created_at = facts.get("created_at")
    return Erasure(
        at=datetime.fromisoformat(facts["at"]),
        member=facts.get("member"),
        created_at=datetime.fromisoformat(created_at) if created_at else None,
        marks=tuple(facts.get("marks", ())),
        lifted=facts.get("lifted", ""),
    )


def sync_folder(folder: Path) -> None:
    """Let the names in a folder outlive a power cut."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


# --- of this installation ---------------------------------------------------------------------------------------------


def the_list() -> Erasures:
    """This installation's list."""
    found: Erasures = current_app.extensions["erasures"]
    return found


def note(normal_address: str) -> None:
    """Remember an address whose owner is erased; once is enough."""
    session().execute(insert_missing(Erased), {"mark": the_list().mark(normal_address), "at": clock.now()})


def is_known(normal_address: str) -> bool:
    """Whether the address belonged to somebody who was erased."""
    return session().get(Erased, the_list().mark(normal_address)) is not None


def among(normal_addresses: Iterable[str]) -> set[str]:
    """Which of these addresses belonged to somebody who was erased."""
    marks = known()
    return {address for address in normal_addresses if the_list().mark(address) in marks} if marks else set()


def lift(normal_address: str) -> None:
    """Forget that the owner was erased: they apply themself. Written into the list too, if there was anything."""
    mark = the_list().mark(normal_address)
    if db.affected(session().execute(delete(Erased).where(Erased.mark == mark))):
        the_list().append(at=clock.now().isoformat(), lifted=mark)


def write_down(member_id: int, created_at: datetime, normal_addresses: Iterable[str]) -> None:
    """Note all addresses of a member who is being erased, and add the line that a restore replays.

    To be called in the transaction that erases, before it is committed. `created_at` is the row's: after a restore the
    same number may have gone to somebody else.
    """
    addresses = sorted(set(normal_addresses))
    for address in addresses:
        note(address)
    the_list().append(
        at=clock.now().isoformat(),
        member=member_id,
        created_at=created_at.isoformat(),
        marks=[the_list().mark(address) for address in addresses],
    )


def note_again(lines: Iterable[Erasure]) -> None:
    """Bring the table to where the list stands; for a restore."""
    for line in lines:
        for mark in line.marks:
            session().execute(insert_missing(Erased), {"mark": mark, "at": line.at})
        if line.lifted:
            session().execute(delete(Erased).where(Erased.mark == line.lifted))


def known() -> set[str]:
    """The marks of all addresses that are remembered."""
    return set(session().scalars(select(Erased.mark)))
