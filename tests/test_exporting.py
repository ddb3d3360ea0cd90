"""Lists as files: what stands in them, and that no cell runs as a formula."""

import csv
import io

import openpyxl
import pytest

from asanokai import directory, exporting, importing
from asanokai.db import transaction
from asanokai.directory import Listed
from tests import people

HEADINGS = {column: column for column in exporting.COLUMNS}
EVIL = [
    '=HYPERLINK("https://evil.example";"klick")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1;1)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "＋1",
    "＠x",
]


@pytest.fixture(autouse=True)
def writing(app, clock):
    with transaction():
        yield


def entries() -> list[Listed]:
    everybody = directory.everybody()
    return everybody.entries


def table(data: bytes, delimiter: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def sheet(data: bytes) -> list[dict[str, object]]:
    rows = list(openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows())
    headings = [cell.value for cell in rows[0]]
    return [{name: cell.value for name, cell in zip(headings, row, strict=True)} for row in rows[1:]]


AKIKO = {
    "salutation": "Frau",
    "title": "",
    "family": "Sato",
    "given": "Akiko",
    "family_ja": "佐藤",
    "given_ja": "明子",
    "family_kana": "さとう",
    "given_kana": "あきこ",
    "position": "",
    "organisation": "Hamamatsu Photonics Forum",
    "email": "akiko.sato@hamamatsu.example",
    "language": "ja",
    "zone": "Asia/Tokyo",
    "standing": "accepted",
    "roles": "",
    "joined_at": "2026-02-01",
}


@pytest.mark.parametrize(("kind", "delimiter"), [("csv", ","), ("semicolon", ";")])
def test_csv_holds_both_scripts_behind_a_mark_that_excel_knows(kind, delimiter):
    people.akiko()
    data = exporting.written(kind, entries(), HEADINGS, {"salutation": {"frau": "Frau"}})
    assert (data[:3], table(data, delimiter)) == (b"\xef\xbb\xbf", [AKIKO])


def test_a_workbook_holds_the_same():
    people.akiko()
    data = exporting.written("xlsx", entries(), HEADINGS, {"salutation": {"frau": "Frau"}})
    assert sheet(data) == [{name: value or None for name, value in AKIKO.items()}]


@pytest.mark.parametrize("evil", EVIL)
def test_no_cell_begins_as_a_formula_does(evil):
    member = people.katrin()
    member.family = member.position = evil
    for kind, delimiter in (("csv", ","), ("semicolon", ";")):
        (row,) = table(exporting.written(kind, entries(), HEADINGS, {}), delimiter)
        assert (row["family"], row["position"]) == (f"'{evil}", f"'{evil}")


@pytest.mark.parametrize("evil", EVIL)
def test_in_a_workbook_it_is_text_and_no_formula(evil):
    people.katrin().family = evil
    data = exporting.written("xlsx", entries(), HEADINGS, {})
    cell = openpyxl.load_workbook(io.BytesIO(data)).active["C2"]
    # A carriage return becomes the line end that XML knows.
    assert (cell.data_type, str(cell.value).replace("\n", "\r")) == ("s", evil)


@pytest.mark.parametrize("harmless", ["", "Lindner", "O'Brien", "1-2", "山田", "a=b"])
def test_what_is_no_formula_stays_as_it_is(harmless):
    assert exporting.harmless(harmless) == harmless


def test_what_was_exported_can_be_read_in_again():
    people.akiko(), people.katrin()
    headings = {
        **HEADINGS,
        "family_ja": "姓",
        "given_ja": "名",
        "family_kana": "セイ",
        "given_kana": "メイ",
        "email": "E-Mail",
    }
    data = exporting.written("semicolon", entries(), headings, {})
    verdicts = importing.preview(importing.read(data))
    assert [(verdict.verdict, verdict.address) for verdict in verdicts] == [
        ("unchanged", "katrin.lindner@optik-jena.example"),
        ("unchanged", "akiko.sato@hamamatsu.example"),
    ]


@pytest.mark.parametrize("blank", [" ", "\u3000", "\xa0", "\u200b", "\ufeff", "\u202e"])
def test_what_would_begin_a_formula_is_harmless_behind_blanks_and_signs_nobody_sees(blank):
    assert exporting.harmless(f"{blank}=1+1") == f"'{blank}=1+1"
    assert exporting.harmless(f"{blank}Anna") == f"{blank}Anna"
