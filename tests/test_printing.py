"""Sheets of paper and the preview picture: what stands on them, in which scripts; nothing typed is a command."""

import io
import struct

import pytest
from pypdf import PdfReader

from asanokai import printing
from asanokai.printing import Badge, Figure, Leaflet, Part, Picture, Speaker, Topic

HOUSE = {"organisation": "Asa no Kai Thüringen", "language": "de"}
HOSTILE = '#panic("no") $x$ @ref *bold* _it_ `raw` <label> \\ " // =h'


def read(pdf: bytes) -> list[str]:
    """The words of every page, runs of white space as one space."""
    return [" ".join((page.extract_text() or "").split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def leaflet(**changed) -> Leaflet:
    usual = {
        "series": "Asa no Kai Thüringen",
        "title": "Licht und Präzision",
        "date": "Donnerstag, 12. März 2026",
        "time": "8:00–10:00 Uhr",
        "elsewhere": "16:00–18:00 Uhr in Tokio",
        "place": "Haus der Optik, Jena",
        "note": "Bitte den Eingang am Hof nehmen.",
        "link": "https://asanokai.example/meetings/2026-03-12-asa",
        "labels": {"when": "Wann", "where": "Wo"},
        "topics": [
            Topic(
                "医療を支える光技術",
                "ja",
                "auf Japanisch",
                ["一つ目の段落です。", "二つ目。"],
                [Speaker("山田 健二", "")],
            )
        ],
    }
    return Leaflet(**{**usual, **changed})


def test_badges_stand_ten_to_a_sheet_with_japanese_and_latin_names_and_the_organisation():
    people = [Badge("佐々木 稔", "Minoru Sasaki", "浜名光学"), Badge("", "Dr. Żaneta Őry", "Optik Jena")] * 11
    pages = read(printing.badges(people, event="Asa no Kai, 12. März", **HOUSE))
    assert [page.count("Minoru Sasaki") for page in pages] == [5, 5, 1]
    assert [page.count("佐々木 稔") for page in pages] == [5, 5, 1]
    assert [page.count("Dr. Żaneta Őry") for page in pages] == [5, 5, 1]
    assert [page.count("Optik Jena") for page in pages] == [5, 5, 1]


def test_a_roll_has_its_figures_its_tables_and_numbers_its_pages():
    rows = [[f"Gast {number}", "Haus", "–"] for number in range(60)]
    parts = [Part("Zusagen (60)", ["Name", "Organisation", "Begleitung"], rows), Part("Absagen", ["Name"], [["Jan"]])]
    pages = read(
        printing.roll("Teilnahmeliste", "12. März", parts, figures=[Figure("60 / 80", "kommen")], boxes=True, **HOUSE)
    )
    assert pages[0].startswith(
        "Teilnahmeliste 12. März 60 / 80 kommen Zusagen (60) Name Organisation Begleitung Gast 0"
    )
    # The head of a table is repeated, and each page says how many there are.
    assert [page.count("Name Organisation Begleitung") for page in pages[:2]] == [1, 1]
    assert [f"{number} / {len(pages)}" in page for number, page in enumerate(pages, start=1)] == [True] * len(pages)
    assert sum(page.count("Gast ") for page in pages) == 60


def test_a_leaflet_says_when_where_and_what_in_the_language_of_each_topic():
    (page,) = read(printing.leaflet(leaflet(), **HOUSE))
    expected = (
        "Asa no Kai Thüringen Licht und Präzision Wann Donnerstag, 12. März 2026 8:00–10:00 Uhr "
        "16:00–18:00 Uhr in Tokio Wo Haus der Optik, Jena "
        "医療を支える光技術 auf Japanisch 山田 健二 一つ目の段落です。 二つ目。 "
        "Bitte den Eingang am Hof nehmen. Asa no Kai Thüringen https://asanokai.example/meetings/2026-03-12-asa"
    )
    assert page.replace(" ", "") == expected.replace(" ", "")


def test_a_meeting_about_which_little_is_known_has_a_leaflet_too():
    (page,) = read(printing.leaflet(leaflet(elsewhere="", place="", note="", topics=[]), **HOUSE))
    assert "Wo" not in page.split()


@pytest.mark.parametrize("words", [HOSTILE, "", "x" * 3000, "山" * 400, "a\nb", "\u202e evil", "😀"])
def test_nothing_that_was_typed_is_a_command_or_stops_the_printer(words):
    assert printing.badges([Badge(words, words, words)], event=words, organisation=words, language="de")
    assert printing.roll(words, words, [Part(words, [words], [[words]])], organisation=words, language="ja")
    topic = Topic(words, "en", words, [words], [Speaker(words, words)])
    assert printing.leaflet(leaflet(title=words, note=words, place=words, topics=[topic]), **HOUSE)
    assert printing.picture(Picture(words, words, "1", words, words, words, words), **HOUSE)


def test_what_was_typed_stands_on_paper_as_it_was_typed():
    (page,) = read(printing.roll("Liste", "", [Part("Alle", ["Name"], [[HOSTILE]])], **HOUSE))
    assert HOSTILE.replace(" ", "") in page.replace(" ", "")


def test_only_the_shipped_fonts_are_used_so_that_paper_looks_the_same_everywhere():
    pdf = PdfReader(io.BytesIO(printing.badges([Badge("髙橋 﨑", "Ş Ł ž ğ „x“", "株式会社")], event="", **HOUSE)))
    fonts = {
        str(font.get_object()["/BaseFont"]).partition("+")[2] for font in pdf.pages[0]["/Resources"]["/Font"].values()
    }
    assert {name.partition("-")[0] for name in fonts} <= {"NotoSans", "NotoSansJP", "NotoSansJPThin"}


def test_the_preview_picture_has_the_size_that_messengers_expect():
    png = printing.picture(
        Picture("Asa no Kai", "Licht und Präzision", "12", "März 2026", "Donnerstag", "8:00–10:00 Uhr", "Jena"), **HOUSE
    )
    assert (png[:8], struct.unpack(">II", png[16:24])) == (b"\x89PNG\r\n\x1a\n", printing.PICTURE)
