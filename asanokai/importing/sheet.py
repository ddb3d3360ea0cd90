"""What an office's file is: its encoding, its delimiter, its columns, its rows. Knows no database.

Excel says nothing about encoding or delimiter, so both are found out: UTF-8 is hardly ever valid by accident; between
Shift-JIS and Windows-1252 the one decides that gives sensible writing.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from asanokai.errors import N_, BadInput
from asanokai.importing.columns import field_of, language_of, salutation_of
from asanokai.languages import zones
from asanokai.members import cleaned, normal_address

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 20_000
HEADING_WITHIN = 20
"""Lines that may stand before the headings: a title, a date."""

DELIMITERS = ";,\t|"

_KANA_OR_KANJI = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Row:
    """A row's cells by field; `number` is the line an office would name, headings and broken cells counted."""

    number: int
    cells: dict[str, str]


@dataclass
class Person:
    """What a row says: fields as for `members.describe`, the normal address, what is odd, and why it cannot be taken."""

    name: str = ""
    address: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    remarks: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    problem: tuple[str, dict[str, object]] | None = None


@dataclass(frozen=True)
class Sheet:
    """A file that was understood. `text` is the same as UTF-8, for a form to bring back; `unknown` its other columns."""

    text: str
    encoding: str
    columns: dict[str, str]
    unknown: tuple[str, ...]
    rows: tuple[Row, ...]

    def person(self, row: Row, language: str) -> Person:
        """Who a row speaks of; `language` where the row does not say and the name does not tell."""
        return _person(row, language)


def read(data: bytes) -> Sheet:
    """Find out what the bytes are. Raises `BadInput` for what is no table with a column of mail addresses."""
    if not data.strip():
        raise BadInput("file", N_("The file is empty."))
    if len(data) > MOST_BYTES:
        raise BadInput("file", N_("The file is too large; 2 MB is the most."))
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise BadInput(
            "file", N_("This is not a text file. Please save the table as CSV and choose that file instead.")
        )
    encoding, text = _decoded(data)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise BadInput("file", N_("The file holds characters that no table has."))
    return _sheet(text, encoding)


def _decoded(data: bytes) -> tuple[str, str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", _strictly(data, "utf-16") or ""
    for encoding in ("utf-8-sig", "cp932", "cp1252"):
        text = _strictly(data, encoding)
        if text is not None and (encoding != "cp932" or _looks_japanese(text)):
            return encoding, text
    return "latin-1", data.decode("latin-1")


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _looks_japanese(text: str) -> bool:
    """Windows-1252 read as Shift-JIS gives half-width kana and rare kanji between Latin letters, never headings."""
    foreign = [letter for letter in text if ord(letter) > 127]
    if not foreign:
        return True
    usual = sum(bool(_KANA_OR_KANJI.match(letter)) or "\u3000" <= letter <= "\u30ff" for letter in foreign)
    halfwidth = sum("\uff61" <= letter <= "\uff9f" for letter in foreign)
    beside_latin = len(re.findall(r"[a-z][\u3400-\u9fff\uff61-\uff9f]|[\u3400-\u9fff\uff61-\uff9f][a-z]", text))
    return usual > halfwidth and beside_latin * 4 < len(foreign)


# --- the table --------------------------------------------------------------------------------------------------------


def _sheet(text: str, encoding: str) -> Sheet:
    best: tuple[int, list[tuple[int, list[str]]], int] | None = None
    for delimiter in DELIMITERS:
        lines = _lines(text, delimiter)
        for place, (_number, cells) in enumerate(lines[:HEADING_WITHIN]):
            known = len({name for cell in cells if (name := field_of(cell))})
            if known and (best is None or known > best[0]):
                best = (known, lines, place)
    if best is None:
        raise BadInput("file", N_("No column headings were found: there must be one for the mail address at least."))
    _known, lines, place = best
    headings = [cleaned(cell) for cell in lines[place][1]]
    fields = _fields(headings)
    if "email" not in fields.values():
        raise BadInput("file", N_("There is no column of mail addresses. Its heading may be “E-Mail”."))
    rows = tuple(
        Row(number, {name: cells[column] for column, name in fields.items() if column < len(cells)})
        for number, cells in lines[place + 1 :]
        if any(cell.strip() for cell in cells)
    )
    if len(rows) > MOST_ROWS:
        raise BadInput("file", N_("The file has too many rows; %(most)s are the most."), most=MOST_ROWS)
    columns = {headings[column]: name for column, name in fields.items()}
    unknown = tuple(heading for column, heading in enumerate(headings) if heading and column not in fields)
    return Sheet(text, encoding, columns, unknown, rows)


def _lines(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Records with the number an office program shows for them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found: list[tuple[int, list[str]]] = []
    try:
        for number, cells in enumerate(reader, start=1):
            found.append((number, cells))
    except csv.Error as error:
        raise BadInput("file", N_("The file cannot be read as a table: %(why)s"), why=str(error)) from error
    return found


def _fields(headings: list[str]) -> dict[int, str]:
    """Column → field; the first of two columns for one field counts. "Name" beside "Vorname" is the family name."""
    named = [(column, name) for column, heading in enumerate(headings) if (name := field_of(heading))]
    kinds = Counter(name for _column, name in named)
    fields: dict[int, str] = {}
    for column, name in named:
        if name == "whole" and kinds["given"] and not kinds["family"]:
            name = "family"
        if name not in fields.values():
            fields[column] = name
    return fields


# --- a person ---------------------------------------------------------------------------------------------------------


def _person(row: Row, language: str) -> Person:
    person = Person()
    cells = {name: _cell(value, person) for name, value in row.cells.items()}
    person.fields = _names(cells)
    person.fields |= {name: cells[name] for name in ("organisation", "position") if cells.get(name)}
    names = person.fields
    person.name = " ".join(filter(None, (names.get("given"), names.get("family")))) or " ".join(
        filter(None, (names.get("family_ja"), names.get("given_ja")))
    )
    _language_and_zone(cells, person, language)
    _address(row.cells.get("email", ""), person)
    if person.problem is None:
        _check_name(person)
    return person


def _cell(value: str, person: Person) -> str:
    """A cell's words. What looks like a formula is left out: the next office that opens an export would run it."""
    words = cleaned(value)
    quoted = re.fullmatch(r'="(.*)"', words)
    if quoted:
        return quoted[1]
    if words.startswith("="):
        person.remarks.append((N_("a formula was left out"), {}))
        return ""
    return words.removeprefix("'")


def _names(cells: dict[str, str]) -> dict[str, Any]:
    salutation, title = salutation_of(cells.get("salutation", ""))
    names = {
        "salutation": salutation,
        "title": cells.get("title") or title,
        "family": cells.get("family", ""),
        "given": cells.get("given", ""),
        "family_ja": cells.get("family_ja", ""),
        "given_ja": cells.get("given_ja", ""),
        "family_kana": unicodedata.normalize("NFKC", cells.get("family_kana", "")),
        "given_kana": unicodedata.normalize("NFKC", cells.get("given_kana", "")),
    }
    _split_whole(cells, names)
    if _KANA_OR_KANJI.search(names["family"]) and not names["family_ja"]:
        names["family_ja"], names["given_ja"], names["family"], names["given"] = names["family"], names["given"], "", ""
    if names["family_ja"]:
        # Japanese offices write Latin family names in capitals.
        for name in ("family", "given"):
            if names[name].isupper() and len(names[name]) > 1:
                names[name] = names[name].title()
    return {name: value for name, value in names.items() if value}


def _split_whole(cells: dict[str, str], names: dict[str, str]) -> None:
    """Names that stand in one cell: Japanese ones family first, "Family, Given", else the last word is the family."""
    for whole, family, given in (
        ("whole_ja", "family_ja", "given_ja"),
        ("whole_kana", "family_kana", "given_kana"),
        ("whole", "family", "given"),
    ):
        words = cells.get(whole, "")
        if not words or names[family]:
            continue
        if whole != "whole" or _KANA_OR_KANJI.search(words):
            names[family], _, names[given] = words.partition(" ")
        elif "," in words:
            names[family], _, names[given] = (part.strip() for part in words.partition(","))
        else:
            names[given], _, names[family] = (part.strip() for part in words.rpartition(" "))


def _language_and_zone(cells: dict[str, str], person: Person, otherwise: str) -> None:
    guess = "ja" if person.fields.get("family_ja") else otherwise
    said = cells.get("language", "")
    found = language_of(said) if said else guess
    if found is None:
        person.remarks.append((N_("the language “%(words)s” is not known"), {"words": said[:40]}))
    person.fields["language"] = found or guess
    zone = cells.get("zone", "")
    if zone in zones():
        person.fields["zone"] = zone
    elif zone:
        person.remarks.append((N_("the time zone “%(words)s” is not known"), {"words": zone[:40]}))


def _address(cell: str, person: Person) -> None:
    typed = unicodedata.normalize("NFKC", cell).replace("mailto:", "").strip()
    first, *others = [part for part in re.split(r"[;,\n]|\s/\s", typed) if part.strip()] or [""]
    bracketed = re.search(r"<([^<>]+)>", first)
    address = _SPACE.sub("", bracketed[1] if bracketed else first)
    if others:
        person.remarks.append((N_("more than one address; the first is taken"), {}))
    if not address:
        person.problem = (N_("no mail address"), {})
        return
    try:
        person.address = normal_address(address)
    except BadInput:
        person.address = ""
        person.problem = (N_("“%(words)s” is not a mail address"), {"words": _SPACE.sub(" ", typed)[:60]})


def _check_name(person: Person) -> None:
    family = person.fields.get("family") or person.fields.get("family_ja") or ""
    if not family:
        person.problem = (N_("no family name"), {})
    for name in ("family", "given", "family_ja", "given_ja"):
        words = person.fields.get(name)
        if words and not _LETTER.search(words):
            person.problem = (N_("“%(words)s” is not a name"), {"words": words[:60]})
