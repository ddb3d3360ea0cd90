"""Lists of people as files: CSV for anybody's office program, XLSX for Excel. Cells that would run as formulas are
made harmless. Reading them is noted: `note` says who took how many with them.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from asanokai import clock, journal
from asanokai.directory import Listed
from asanokai.members import NAMES

COLUMNS = ("salutation", *NAMES, "organisation", "email", "language", "zone", "standing", "roles", "joined_at")
"""What is written about somebody, in this order."""

KINDS = ("csv", "semicolon", "xlsx")
"""Comma-separated, as Japanese and English offices have it; with semicolons, as a German Excel opens it; a workbook."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

Headings = Mapping[str, str]
"""Column → its heading in the reader's language."""

Words = Mapping[str, Mapping[str, str]]
"""Column → code → the reader's words for it."""


def written(kind: str, entries: Sequence[Listed], headings: Headings, words: Words) -> bytes:
    """The file's bytes."""
    rows = [[headings[column] for column in COLUMNS], *_rows(entries, words)]
    return _workbook(rows) if kind == "xlsx" else _table(rows, ";" if kind == "semicolon" else ",")


def note(kind: str, member_ids: Sequence[int], *, series_id: int | None, actor_id: int) -> None:
    """Say in the journal that somebody takes a list of people with them, and about whom."""
    journal.write(
        "export",
        "series" if series_id else "member",
        series_id,
        actor_id=actor_id,
        kind=kind,
        members=list(member_ids),
    )


def _rows(entries: Sequence[Listed], words: Words) -> Iterator[list[str]]:
    for entry in entries:
        member = entry.member
        said: dict[str, Any] = {name: getattr(member, name) for name in (*NAMES, "language", "zone")}
        said |= {"salutation": member.salutation, "standing": member.standing}
        said |= {"organisation": entry.organisation, "email": entry.address}
        said["joined_at"] = f"{member.joined_at:%Y-%m-%d}" if member.joined_at else ""
        for column, meanings in words.items():
            if column != "roles":
                said[column] = meanings.get(said[column], said[column])
        said["roles"] = " / ".join(words.get("roles", {}).get(role, role) for role in entry.roles)
        yield [str(said[column]) for column in COLUMNS]


def harmless(cell: str) -> str:
    """A cell that no office program takes for a formula: an apostrophe stands before what would begin one.

    Full-width signs count too: a Japanese Excel reads them as the others. So does what stands behind blanks and signs
    that nobody sees, which some programs leave out.
    """
    seen = next((sign for sign in cell if unicodedata.category(sign)[0] not in "CZ"), "")
    first = unicodedata.normalize("NFKC", seen)
    return f"'{cell}" if first in ("=", "+", "-", "@", "−") or cell[:1] in ("\t", "\r", "\n") else cell


def _table(rows: Sequence[Sequence[str]], delimiter: str) -> bytes:
    page = io.StringIO(newline="")
    writer = csv.writer(page, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    # Without the mark at the beginning Excel takes UTF-8 for Windows-1252 or Shift-JIS.
    return page.getvalue().encode("utf-8-sig")


def _workbook(rows: Sequence[Sequence[str]]) -> bytes:
    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = clock.now().replace(tzinfo=None)
    sheet = book.create_sheet("Members")
    sheet.freeze_panes = "A2"
    for row in rows:
        sheet.append([_text_cell(sheet, cell) for cell in row])
    page = io.BytesIO()
    book.save(page)
    return page.getvalue()


def _text_cell(sheet: Any, words: str) -> Any:
    cell = WriteOnlyCell(sheet, value=_UNPRINTABLE.sub("", words))
    cell.data_type = "s"  # text, whatever it begins with: openpyxl takes "=" for a formula
    return cell
