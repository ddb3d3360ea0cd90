"""Taking in a file page by page: what it was taken for can be corrected, and nothing is taken unseen."""

import pytest

from asanokai import db, members
from tests import people
from tests.pages import Reader
from tests.world import plain, typed, upload

GERMAN = "Kontakt;Ort;Wer;Rufname\nhans@jena.example;Jena;Meier;Hans\nida@jena.example;Weimar;Vogt;Ida\n"


@pytest.fixture
def own(app) -> str:
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        return f"/coordinate/series/{series.id}/members/import"


@pytest.fixture
def akiko(app, own) -> Reader:
    reader = Reader(app, people.akiko())
    reader.get("/?lang=en")
    return reader


def look(reader: Reader, own: str, text: str, encoding: str = "utf-8"):
    return reader.post(own, {"file": upload(text.encode(encoding), "liste.csv")})


def named(address: str) -> tuple[str, ...] | None:
    with db.reading():
        found = members.by_address(address)
        return found and (found.family, found.given, found.family_ja, found.given_ja)


def test_a_file_without_known_headings_is_used_by_choosing_its_columns(akiko, own):
    first = look(akiko, own, GERMAN)
    shown = plain(first.text)
    assert (first.status_code, "There is no column of mail addresses." in shown) == (422, True)
    assert [f"{words}<br>" in first.text for words in ("hans@jena.example", "ida@jena.example", "Ida")] == [True] * 3
    form = typed(first.text, "")
    assert {name: form[name] for name in form if name.startswith("column-")} == {
        "column-0": "",
        "column-1": "",
        "column-2": "",
        "column-3": "given",
    }
    second = akiko.post(own, {**form, "column-0": "email", "column-2": "family", "again": "1"})
    assert (second.status_code, "2 people would be imported." in plain(second.text)) == (200, True)
    assert named("hans@jena.example") is None
    assert akiko.post(own, typed(second.text, "")).status_code == 303
    assert (named("hans@jena.example"), named("ida@jena.example")) == (
        ("Meier", "Hans", "", ""),
        ("Vogt", "Ida", "", ""),
    )


def test_what_was_changed_without_being_looked_at_is_not_taken(akiko, own):
    form = typed(look(akiko, own, "E-Mail;Name;Vorname\nhans@jena.example;Hans;Meier\n").text, "")
    response = akiko.post(own, {**form, "column-1": "given", "column-2": "family"})
    assert (response.status_code, "Please look at the rows once more" in plain(response.text)) == (200, True)
    assert named("hans@jena.example") is None
    akiko.post(own, typed(response.text, ""))
    assert named("hans@jena.example") == ("Meier", "Hans", "", "")


@pytest.mark.parametrize(("really", "taken_for"), [("euc_jp", "utf-8"), ("cp932", "cp1252")])
def test_an_encoding_can_be_corrected_after_the_file_was_sent(akiko, own, really, taken_for):
    table = "メール,姓,名\nhanako@tokyo.example,鈴木,花子\n"
    form = typed(look(akiko, own, table, really).text, "")
    right = akiko.post(own, {**form, "encoding": really, "again": "1"})
    assert (right.status_code, "鈴木" in right.text) == (200, True)
    akiko.post(own, typed(right.text, ""))
    assert named("hanako@tokyo.example") == ("", "", "鈴木", "花子")


def test_a_separator_can_be_corrected(akiko, own):
    table = "E-Mail|Name,Vorname|Rest\nhans@jena.example|Meier,Hans|x\n"
    form = typed(look(akiko, own, table).text, "")
    assert form["delimiter"] == "|"
    wrong = typed(akiko.post(own, {**form, "delimiter": ",", "again": "1"}).text, "")
    right = typed(akiko.post(own, {**wrong, "delimiter": "|", "again": "1"}).text, "")
    assert (wrong["delimiter"], right["delimiter"], right["column-0"]) == (",", "|", "email")


def test_two_columns_are_not_taken_for_the_same(akiko, own):
    form = typed(look(akiko, own, "E-Mail;Name;Vorname\nhans@jena.example;Meier;Hans\n").text, "")
    response = akiko.post(own, {**form, "column-1": "given", "again": "1"})
    assert response.status_code == 422
    assert "These columns were all taken for the same thing: Name, Vorname." in plain(response.text)
    assert typed(response.text, "")["column-1"] == "given"


def test_nonsense_about_columns_is_no_fault(akiko, own):
    form = typed(look(akiko, own, "E-Mail;Name\nhans@jena.example;Meier\n").text, "")
    for name, words in (("column-0", "boss"), ("encoding", "utf-7"), ("delimiter", "x"), ("was", "\0"), ("seen", "?")):
        assert akiko.post(own, {**form, name: words}).status_code in (200, 303, 422)
