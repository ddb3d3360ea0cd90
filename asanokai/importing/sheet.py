"""What an office's file is: its encoding, its delimiter, its columns, its rows. Knows no database.

Excel says nothing about encoding or delimiter, so both are found out: UTF-8 is hardly ever valid by accident; between
Shift-JIS and Windows-1252 the one decides that gives sensible writing. Names are kept as typed, capitals too: nobody
can tell McDonald from MCDONALD. Only beside Japanese names they are not, where capitals just mark the family name.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from asanokai.errors import N_, BadInput
from asanokai.importing.columns import (
    HEADINGS,
    family_and_given,
    family_and_given_ja,
    field_of,
    language_of,
    without_salutation,
    without_title,
)
from asanokai.languages import zones
from asanokai.members import cleaned, normal_address

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 20_000
HEADING_WITHIN = 20
"""Lines that may stand before the headings: a title, a date."""

MOST_COLUMNS = 200
"""Cells of a line that are looked at for headings."""

DELIMITERS = ";,\t|"
SAMPLES = 3
"""Rows that are shown as they stand, so that columns can be recognised."""

LINES = ("salutation", "title", "family", "given", "family_ja", "given_ja", "family_kana", "given_kana")

_END = "\x04"
_SEPARATOR = re.compile(r"sep=.\n", re.IGNORECASE)

_KANA_OR_KANJI = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")
_SPACE = re.compile(r"\s+")
_KANJI_IN_A_LATIN_WORD = re.compile(r"[\u3400-\u9fff](?=[a-z])")
_HALFWIDTH_KANA = re.compile(r"[\uff61-\uff9f]{2,}")
_BRACKETED = re.compile(r"<([^<>]*@[^<>]*)>")
_BETWEEN_ADDRESSES = re.compile(r"[;,、|\s]+(?:/\s)?")


ENCODINGS = ("utf-8", "cp1252", "cp932", "euc_jp", "utf-16")
"""What somebody may say a file is written in, where it was found out wrongly."""


@dataclass(frozen=True)
class Choice:
    """What somebody says of a file; None is found out. `fields`: column → field, without the columns left out.

    `open`: where there is no column of mail addresses yet, because it is still to be chosen.
    """

    encoding: str | None = None
    delimiter: str | None = None
    fields: Mapping[int, str] | None = None
    open: bool = False


FOUND_OUT = Choice()


@dataclass(frozen=True)
class Row:
    """A row's cells by field. `number` is the row that Excel shows, headings counted, a cell with line breaks as one
    row. `more`: there are cells beyond the headings."""

    number: int
    cells: dict[str, str]
    more: bool = False


@dataclass
class Person:
    """What a row says: fields as for `members.describe`, the normal address, what is odd, why it cannot be taken."""

    name: str = ""
    address: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    remarks: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    problem: tuple[str, dict[str, object]] | None = None


@dataclass(frozen=True)
class Sheet:
    """A file that was understood. `text`, encoded as UTF-8, reads as the same sheet: for a form to bring back.
    `fields`: column → field; `samples`: the first rows as they stand there."""

    text: str
    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    fields: dict[int, str]
    rows: tuple[Row, ...]
    samples: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> dict[str, str]:
        """Heading → field."""
        return {self.headings[column]: name for column, name in self.fields.items()}

    @property
    def unknown(self) -> tuple[str, ...]:
        """The other headings, which are left out."""
        return tuple(name for column, name in enumerate(self.headings) if name and column not in self.fields)

    def person(self, row: Row, language: str) -> Person:
        """Who a row speaks of; `language` where the row does not say and the name does not tell."""
        return _person(row, language)


def read(data: bytes, choice: Choice = FOUND_OUT) -> Sheet:
    """Find out what the bytes are, but for what was chosen. Raises `BadInput` for what is no table with a column of
    mail addresses."""
    if not data.strip():
        raise BadInput("file", N_("The file is empty."))
    if len(data) > MOST_BYTES:
        raise BadInput("file", N_("The file is too large; 2 MB is the most."))
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise BadInput(
            "file", N_("This is not a text file. Please save the table as CSV and choose that file instead.")
        )
    encoding, text = _decoded(data) if choice.encoding is None else _decoded_as(data, choice.encoding)
    # Excel does not show this line, nor count it.
    text = _SEPARATOR.sub("", text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff"), count=1)
    if "\0" in text:
        raise BadInput("file", N_("The file holds characters that no table has."))
    if not text.strip():
        raise BadInput("file", N_("The file is empty."))
    # A form brings the text back as UTF-8 with CRLF, and that must not be too large either.
    if len(text.encode()) + text.count("\n") > MOST_BYTES:
        raise BadInput("file", N_("The file is too large; 2 MB is the most."))
    return _sheet(text, encoding, choice)


def _decoded_as(data: bytes, encoding: str) -> tuple[str, str]:
    text = _strictly(data, encoding) if encoding in ENCODINGS else None
    if text is None:
        raise BadInput("file", N_("The file is not written in this encoding. Please choose another one."))
    return encoding, text


def _decoded(data: bytes) -> tuple[str, str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", _strictly(data, "utf-16") or "\0"
    for encoding in ("utf-8-sig", "cp932", "cp1252"):
        text = _strictly(data, encoding)
        if text is not None and (encoding != "cp932" or _looks_japanese(text)):
            return encoding, text
    return "latin-1", data.decode("latin-1")


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeError:
        return None


def _looks_japanese(text: str) -> bool:
    """Whether text decoded from Shift-JIS was meant so.

    Read as Shift-JIS, the small accented letters of Windows-1252 give rare kanji, its capitals single half-width kana,
    its quotation marks kanji inside a Latin word. What Japanese offices write is mostly kana and everyday kanji.
    """
    foreign = [letter for letter in text if ord(letter) > 127]
    usual = sum(_is_everyday(letter) for letter in foreign)
    usual += sum(len(run) for run in _HALFWIDTH_KANA.findall(text))
    usual -= len(_KANJI_IN_A_LATIN_WORD.findall(text))
    return usual * 2 > len(foreign)


def _is_everyday(letter: str) -> bool:
    """Kana, marks, full-width letters and the kanji of JIS level 1, whose lead bytes end before 0x99; not Cyrillic."""
    code = letter.encode("cp932", "ignore")
    return len(code) == 2 and 0x81 <= code[0] <= 0x98 and code[0] != 0x84


# --- the table --------------------------------------------------------------------------------------------------------


def _sheet(text: str, encoding: str, choice: Choice) -> Sheet:
    delimiter, place = _headings(text, choice)
    lines, unclosed = _lines(text, delimiter)
    headings = [cleaned(cell) for cell in lines[place][1]]
    unclosed = unclosed or _swallowing(lines[place + 1 :], delimiter, len(headings))
    if unclosed is not None:
        raise BadInput("file", N_("A quotation mark in row %(row)s is never closed."), row=unclosed)
    fields = _fields(headings) if choice.fields is None else _chosen(headings, choice)
    if "email" not in fields.values() and not choice.open:
        raise BadInput("file", N_("There is no column of mail addresses. Its heading may be “E-Mail”."))
    rows = tuple(
        Row(
            number,
            {name: cells[column] for column, name in fields.items() if column < len(cells)},
            any(cell.strip() for cell in cells[len(headings) :]),
        )
        for number, cells in lines[place + 1 :]
        if any(cell.strip() for cell in cells)
    )
    if len(rows) > MOST_ROWS:
        raise BadInput("file", N_("The file has too many rows; %(most)s are the most."), most=MOST_ROWS)
    samples = tuple(tuple(cleaned(cell) for cell in cells) for _number, cells in lines[place + 1 :][:SAMPLES])
    return Sheet(text, encoding, delimiter, tuple(headings), fields, rows, samples)


def _headings(text: str, choice: Choice) -> tuple[str, int]:
    """The delimiter and the line that give most headings, one for mail addresses before all. Raises `BadInput`."""
    best: tuple[tuple[bool, int], str, int] | None = None
    offered = choice.delimiter if choice.delimiter and choice.delimiter in DELIMITERS else DELIMITERS
    for delimiter in offered:
        lines, _unclosed = _lines(text, delimiter, most=HEADING_WITHIN)
        for place, (_number, cells) in enumerate(lines):
            known = {name for cell in cells[:MOST_COLUMNS] if (name := field_of(cell))}
            rank = ("email" in known, len(known))
            if known and (best is None or rank > best[0]):
                best = (rank, delimiter, place)
    if best is None and choice.open:
        # Whoever chooses the columns takes the first line for their headings.
        return max(offered, key=lambda delimiter: text.partition("\n")[0].count(delimiter)), 0
    if best is None:
        raise BadInput("file", N_("No column headings were found: there must be one for the mail address at least."))
    return best[1], best[2]


def _lines(text: str, delimiter: str, most: int | None = None) -> tuple[list[tuple[int, list[str]]], int | None]:
    """Records with the number an office program shows for them, `most` at most; and the number of the one whose
    quotation mark is never closed, None if there is none."""
    # The csv module says nothing about a text that ends inside quotation marks: a last line of our own tells.
    reader = csv.reader(io.StringIO(f"{text}\n{_END}\n", newline=""), delimiter=delimiter)
    found: list[tuple[int, list[str]]] = []
    try:
        found.extend(islice(enumerate(reader, start=1), most))
    except csv.Error:
        return found, len(found) + 1
    if found[-1][1] == [_END]:
        return found[:-1], None
    return found, None if most else found[-1][0]


def _swallowing(lines: list[tuple[int, list[str]]], delimiter: str, columns: int) -> int | None:
    """The first row with a cell that holds whole rows: its quotation mark was closed by that of another."""
    if columns < 3:
        return None
    return next(
        (
            number
            for number, cells in lines
            for cell in cells
            if "\n" in cell and any(part.count(delimiter) >= columns - 1 for part in cell.split("\n"))
        ),
        None,
    )


def _chosen(headings: list[str], choice: Choice) -> dict[int, str]:
    """What somebody took the columns for. Raises `BadInput` where two are taken for the same, unless it is open."""
    said = choice.fields or {}
    taken = {column: name for column, name in sorted(said.items()) if name in HEADINGS and column < len(headings)}
    for name in set() if choice.open else set(taken.values()):
        twins = [headings[column] or str(column + 1) for column, other in taken.items() if other == name]
        if len(twins) > 1:
            raise BadInput(
                "file",
                N_("These columns were all taken for the same thing: %(columns)s."),
                columns=", ".join(twins)[:200],
            )
    return taken


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
    cells = {name: _cell(value, person) for name, value in row.cells.items() if name != "email"}
    person.fields = _names(cells, person)
    person.fields |= {name: cells[name] for name in ("organisation", "position") if cells.get(name)}
    names = person.fields
    person.name = " ".join(filter(None, (names.get("given"), names.get("family")))) or " ".join(
        filter(None, (names.get("family_ja"), names.get("given_ja")))
    )
    _language_and_zone(cells, person, language)
    _address(row.cells.get("email", ""), person)
    if person.problem is None:
        _check_name(person)
    if row.more:
        person.remarks.append((N_("has more cells than there are headings; they are left out"), {}))
    return person


def _cell(value: str, person: Person) -> str:
    """A cell's words. What looks like a formula is left out: the next office that opens an export would run it."""
    words = _unquoted(cleaned(value))
    if words.startswith("="):
        person.remarks.append((N_("a formula was left out"), {}))
        return ""
    return words


def _unquoted(words: str) -> str:
    """Without the ="…" that some programs put around text."""
    quoted = re.fullmatch(r'="([^"]*)"', words)
    return quoted[1] if quoted else words


def _names(cells: dict[str, str], person: Person) -> dict[str, Any]:
    # Full-width letters and half-width kana are an accident of the keyboard.
    cells = {name: cleaned(unicodedata.normalize("NFKC", words)) for name, words in cells.items()}
    names = {name: cells.get(name, "") for name in LINES}
    _split_whole(cells, names)
    _address_forms(cells, names, person)
    _by_script(names)
    if names["family_ja"]:
        for name in ("family", "given"):
            if names[name].isupper() and len(names[name]) > 1:
                names[name] = names[name].title()
    return {name: value for name, value in names.items() if value}


def _split_whole(cells: dict[str, str], names: dict[str, str]) -> None:
    """Names that stand in one cell."""
    for whole, family, given in (
        ("whole_ja", "family_ja", "given_ja"),
        ("whole_kana", "family_kana", "given_kana"),
        ("whole", "family", "given"),
    ):
        words = cells.get(whole, "")
        if not words or names[family]:
            continue
        if whole == "whole" and not _KANA_OR_KANJI.search(words):
            salutation, rest = without_salutation(words)
            # A single letter is an initial here.
            if salutation and not re.match(r"\w\b", words):
                names["salutation"], words = salutation, rest
            names["title"], words = without_title(words)
            names[family], names[given] = family_and_given(words)
            title, names[given] = without_title(names[given])
            names["title"] = names["title"] or title
        else:
            names[family], names[given] = family_and_given_ja(words)


def _address_forms(cells: dict[str, str], names: dict[str, str], person: Person) -> None:
    """Salutation and title, whichever of the two columns they stand in: "Title" may hold Ms, "Anrede" Frau Dr."""
    for column in ("salutation", "title"):
        salutation, rest = without_salutation(cells.get(column, ""))
        title, left = without_title(rest)
        names["salutation"] = salutation or names["salutation"]
        if column == "title":
            names["title"] = rest or names["title"]
        elif left:
            person.remarks.append((N_("the form of address “%(words)s” is not known"), {"words": left[:40]}))
        else:
            names["title"] = title or names["title"]


def _by_script(names: dict[str, str]) -> None:
    """Put names into the columns of their script where they stand in the other's and that one is empty."""
    latin, japanese = ("family", "given"), ("family_ja", "given_ja")
    for here, there, belongs in ((latin, japanese, False), (japanese, latin, True)):
        written = bool(_KANA_OR_KANJI.search(names[here[0]]))
        if names[here[0]] and written is not belongs and not names[there[0]]:
            for source, target in zip(here, there, strict=True):
                names[source], names[target] = "", names[source]


def _language_and_zone(cells: dict[str, str], person: Person, otherwise: str) -> None:
    japanese = _KANA_OR_KANJI.search(person.fields.get("family_ja", "") + person.fields.get("given_ja", ""))
    guess = "ja" if japanese else otherwise
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
    """The first address of a cell is the person's; others are named in a remark."""
    typed = "".join(
        sign for sign in unicodedata.normalize("NFKC", _unquoted(cell.strip())) if unicodedata.category(sign) != "Cf"
    )
    first, *others = _addresses(typed) or [""]
    if not first:
        person.problem = (N_("no mail address"), {})
        return
    try:
        person.address = normal_address(first)
    except BadInput:
        person.problem = (N_("“%(words)s” is not a mail address"), {"words": cleaned(typed)[:60]})
        return
    others = [other for other in others if "@" in other]
    if others:
        words = ", ".join(others)[:200]
        person.remarks.append((N_("has more than one address; left out: %(words)s"), {"words": words}))


def _addresses(typed: str) -> list[str]:
    """What may be addresses in a cell: in angle brackets if there are any, else what lies between marks."""
    words = re.sub(r"mailto:", "", typed, flags=re.IGNORECASE)
    found = _BRACKETED.findall(words)
    if not found and words.count("@") > 1:
        found = _BETWEEN_ADDRESSES.split(re.sub(r"\s*@\s*", "@", words))
    if not found:
        found = words.strip(" ;,<>\t\n").splitlines()
    return [address for part in found if (address := _SPACE.sub("", part).strip(";,<>"))]


def _check_name(person: Person) -> None:
    if not (person.fields.get("family") or person.fields.get("family_ja")):
        person.problem = (N_("no family name"), {})
    for name in ("family", "given", "family_ja", "given_ja"):
        words = person.fields.get(name)
        if words and not _LETTER.search(words):
            person.problem = (N_("“%(words)s” is not a name"), {"words": words[:60]})
