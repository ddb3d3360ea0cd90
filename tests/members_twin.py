"""Twins of the member lists that offices sent: same columns, encodings and traps, row for row; invented people.

    members_twin.mitglieder()   140 rows as a German Excel saves them: semicolons, Windows-1252, CRLF
    members_twin.meibo_utf8()   30 rows as a Japanese Excel saves them: commas, UTF-8 with a BOM
    members_twin.meibo_cp932()  15 rows of the same kind in Shift-JIS

Each is the same at every call. `Twin.people` says who is meant by which row, counted as Excel counts, the heading
being row 1; `Twin.trouble` which rows are not simply a new member, and by which trap. A twin judges nothing: what the
program should make of a trap stands in the tests.
"""

import csv
import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from faker import Faker

GERMAN = "Anrede;Titel;Vorname;Nachname;Firma / Institution;Position;E-Mail;Sprache;Bemerkung Essen;Mitglied seit"
JAPANESE = "姓,名,セイ,メイ,First name,Last name,会社名,役職,メールアドレス,言語"
SEED = 1208

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", " ": "-", "é": "e"})
_LANGUAGES = ("de", "de", "Deutsch", "DE", "dt.", "en", "Englisch", "ja", "jp", "Japanisch", "")
_MEANT = {"Deutsch": "de", "DE": "de", "dt.": "de", "Englisch": "en", "jp": "ja", "Japanisch": "ja", "": "de"}
_TITLES = ("", "", "", "", "Dr.", "Dr.-Ing.", "Prof. Dr.")
_FOOD = ("", "", "vegan", "vegetarisch", "keine Nüsse")
_FIRMS = ("Stadt Jena", "Gläserne Manufaktur GmbH & Co. KG", "Optik Süd e.V.", "Technische Universität Ilmenau", "Baum")
_POSTS = ("Bäcker", "Mathematiker", "Augenoptiker", "Prüferin", "Leiter Vertrieb")


@dataclass(frozen=True)
class Person:
    """Who is meant by a row: the name as a list shows it, the address as it is compared, the language."""

    name: str
    address: str
    language: str


@dataclass(frozen=True)
class Twin:
    """A file, who stands in it, and which trap in which row."""

    filename: str
    data: bytes
    people: dict[int, Person]
    trouble: dict[int, str] = field(default_factory=dict)


Row = list[str]
Trap = Callable[[list[Row], int], None]

EMAIL, TONGUE = 6, 7


def _set(column: int, value: str) -> Trap:
    def trap(rows: list[Row], place: int) -> None:
        rows[place][column] = value

    return trap


def _change(column: int, how: Callable[[str], str]) -> Trap:
    def trap(rows: list[Row], place: int) -> None:
        rows[place][column] = how(rows[place][column])

    return trap


def _again(of: int, how: Callable[[str], str]) -> Trap:
    """The row of somebody else once more."""

    def trap(rows: list[Row], place: int) -> None:
        rows[place][:] = rows[of - 2]
        rows[place][EMAIL] = how(rows[place][EMAIL])

    return trap


def _same_address(column: int, of: int) -> Trap:
    def trap(rows: list[Row], place: int) -> None:
        rows[place][column] = rows[of - 2][column]

    return trap


def _shorten(rows: list[Row], place: int) -> None:
    del rows[place][EMAIL:]


def _lengthen(rows: list[Row], place: int) -> None:
    rows[place].append("überzählig")


GERMAN_TRAPS: dict[int, tuple[str, Trap]] = {
    9: ("capitals and spaces around the address", _change(EMAIL, lambda typed: f"  {typed.upper()} ")),
    14: ("spaces around the @", _change(EMAIL, lambda typed: typed.replace("@", " @ "))),
    25: ("no address", _set(EMAIL, "")),
    33: ("no address but words", _set(EMAIL, "keine E-Mail")),
    46: ("a no-break space before the given name", _change(2, lambda typed: f"\xa0{typed}")),
    54: ("a line break in a cell", _set(5, "Leiter Vertrieb\nund Einkauf")),
    62: ("a formula as organisation", _set(4, '=HYPERLINK("http://example.com";"Klick")')),
    63: ("a telephone number as family name", _set(3, "+4936412345")),
    72: ("row 22 again, address in capitals", _again(22, str.upper)),
    73: ("row 23 again", _again(23, str)),
    82: ("a short row", _shorten),
    92: ("a long row", _lengthen),
    101: ("an unknown language", _set(TONGUE, "Klingonisch")),
    112: ("31 February", _set(9, "31.02.2024")),
}
"""Row → the trap and how it is laid."""

JAPANESE_TRAPS: dict[int, tuple[str, Trap]] = {
    7: ("a full-width @", _change(8, lambda typed: typed.replace("@", "＠"))),
    11: ("an ideographic space after the family name", _change(0, lambda typed: f"{typed}　")),
    16: ("the address of row 15", _same_address(8, 15)),
}


def all_of_them() -> list[Twin]:
    """The three files."""
    return [mitglieder(), meibo_utf8(), meibo_cp932()]


def mitglieder() -> Twin:
    """The German list, with two empty rows at its end."""
    fake = _faker("de_DE", 0)
    rows, people = [], {}
    for place in range(140):
        row, people[place + 2] = _german(fake, place)
        rows.append(row)
    for number, (_words, trap) in GERMAN_TRAPS.items():
        trap(rows, number - 2)
    for again, of in ((72, 22), (73, 23)):
        people[again] = people[of]
    rows += [[""] * 10, [""] * 10]
    data = _written(GERMAN, rows, ";").encode("cp1252")
    return Twin("mitglieder-excel-cp1252.csv", data, people, _told(GERMAN_TRAPS))


def meibo_utf8() -> Twin:
    """The Japanese list in UTF-8."""
    rows, people = _japanese(30, 1)
    for number, (_words, trap) in JAPANESE_TRAPS.items():
        trap(rows, number - 2)
    data = _written(JAPANESE, rows, ",").encode("utf-8-sig")
    return Twin("meibo-excel-utf8-bom.csv", data, people, _told(JAPANESE_TRAPS))


def meibo_cp932() -> Twin:
    """The Japanese list in Shift-JIS. It holds no trap but its encoding."""
    rows, people = _japanese(15, 2)
    return Twin("meibo-excel-cp932.csv", _written(JAPANESE, rows, ",").encode("cp932"), people)


def _faker(locale: str, number: int) -> Faker:
    fake = Faker(locale)
    fake.seed_instance(SEED + number)
    return fake


def _told(traps: dict[int, tuple[str, Trap]]) -> dict[int, str]:
    return {number: words for number, (words, _trap) in traps.items()}


def _german(fake: Faker, place: int) -> tuple[Row, Person]:
    woman = place % 2 == 0
    given = fake.first_name_female() if woman else fake.first_name_male()
    family = fake.last_name()
    tongue = fake.random_element(_LANGUAGES)
    address = f"{_plain(given)}.{_plain(family)}{place}@jena.example"
    row = [
        "Frau" if woman else "Herr",
        fake.random_element(_TITLES),
        given,
        family,
        fake.random_element(_FIRMS),
        fake.random_element(_POSTS),
        address,
        tongue,
        fake.random_element(_FOOD),
        fake.date("%d.%m.%Y"),
    ]
    return row, Person(f"{given} {family}", address, _MEANT.get(tongue, tongue))


def _plain(name: str) -> str:
    """A name as it stands in an address."""
    letters = unicodedata.normalize("NFKD", name.lower().translate(_UMLAUTS))
    return "".join(letter for letter in letters if letter.isascii() and (letter.isalpha() or letter == "-"))


def _japanese(size: int, number: int) -> tuple[list[Row], dict[int, Person]]:
    fake = _faker("ja_JP", number)
    rows, people = [], {}
    for place in range(size):
        given, family = fake.first_romanized_name(), fake.last_romanized_name()
        address = f"{given}.{family}{number}{place}@hamamatsu.example".lower()
        tongue = fake.random_element(("", "日本語", "ja", "英語"))
        rows.append(
            [
                fake.last_name(),
                fake.first_name(),
                fake.last_kana_name(),
                fake.first_kana_name(),
                given,
                family.upper(),
                fake.company(),
                fake.random_element(("", "部長", "研究員", "代表取締役")),
                address,
                tongue,
            ]
        )
        people[place + 2] = Person(f"{given} {family.title()}", address, "en" if tongue == "英語" else "ja")
    return rows, people


def _written(heading: str, rows: list[Row], delimiter: str) -> str:
    """As Excel writes it: CRLF between rows, a bare LF inside a cell, quotation marks where they are needed."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return f"{heading}\r\n{out.getvalue()}"
