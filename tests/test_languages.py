"""German, English, Japanese: choosing, falling back, and dates, times and names as each writes them."""

import re
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from asanokai import languages
from asanokai.languages import LANGUAGES, Name, Text
from tests.people import berlin

LINDNER = Name(family="Lindner", given="Katrin", salutation="frau", title="Dr.")
YAMADA = Name(
    family="Yamada",
    given="Kenji",
    salutation="herr",
    title="Dr.",
    family_ja="山田",
    given_ja="健二",
    family_kana="やまだ",
    given_kana="けんじ",
)
ONLY_JAPANESE = Name(family_ja="鈴木", given_ja="花子", family_kana="すずき", given_kana="はなこ")


@pytest.mark.parametrize(
    ("tag", "language"),
    [("de", "de"), ("de-AT", "de"), ("JA_jp", "ja"), ("en-GB", "en"), ("fr", None), ("", None), (None, None)],
)
def test_a_language_tag_is_known_by_its_first_part(tag, language):
    assert languages.known(tag) == language


def test_the_first_accepted_language_that_we_speak_is_taken():
    assert languages.best_of(["fr-FR", "ja-JP", "de"]) == "ja"
    assert languages.best_of(["fr", "it"]) is None


TEXTS = {"de": "Frühstück", "ja": "朝食"}


@pytest.mark.parametrize(
    ("texts", "language", "first", "found"),
    [
        (TEXTS, "ja", "de", Text("朝食", "ja", False)),
        (TEXTS, "en", "ja", Text("朝食", "ja", True)),
        (TEXTS, "en", "de", Text("Frühstück", "de", True)),
        ({"ja": "朝食"}, "en", "de", Text("朝食", "ja", True)),
        ({"de": "", "en": "Breakfast"}, "de", "de", Text("Breakfast", "en", True)),
        ({}, "en", "de", Text("", "en", False)),
        (None, "ja", "de", Text("", "ja", False)),
    ],
)
def test_a_text_falls_back_to_the_series_first_language_then_to_any_and_says_so(texts, language, first, found):
    assert languages.pick(texts, language, first) == found
    assert bool(found) == bool(found.text)


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        (LINDNER, ["Frau Dr. Lindner", "Dr. Lindner", "Lindner様"]),
        (YAMADA, ["Herr Dr. Yamada", "Dr. Yamada", "山田様"]),
        (Name(family="Whitfield", given="Emma", salutation="frau"), ["Frau Whitfield", "Ms Whitfield", "Whitfield様"]),
        (Name(family="Kaya", given="Deniz"), ["Deniz Kaya", "Deniz Kaya", "Kaya様"]),
        (Name(family="Kaya", given="Deniz", title="Prof. Dr."), ["Prof. Dr. Kaya", "Prof. Kaya", "Kaya様"]),
        (
            Name(family="Roth", given="Jan", salutation="herr", title="Dr.-Ing."),
            ["Herr Dr.-Ing. Roth", "Dr. Roth", "Roth様"],
        ),
        (ONLY_JAPANESE, ["鈴木 花子", "鈴木 花子", "鈴木様"]),
    ],
)  # fmt: skip
def test_people_are_addressed_as_each_language_does(name, forms):
    assert [name.addressed(language) for language in LANGUAGES] == forms


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        (LINDNER, ["Sehr geehrte Frau Dr. Lindner,", "Dear Dr. Lindner,", "Lindner様"]),
        (YAMADA, ["Sehr geehrter Herr Dr. Yamada,", "Dear Dr. Yamada,", "山田様"]),
        (Name(family="Kaya", given="Deniz"), ["Guten Tag Deniz Kaya,", "Dear Deniz Kaya,", "Kaya様"]),
    ],
)
def test_a_letter_begins_as_each_language_does(name, forms):
    assert [name.greeting(language) for language in LANGUAGES] == forms


def test_lists_show_given_before_family_except_in_japanese_script():
    assert [YAMADA.full(language) for language in LANGUAGES] == ["Dr. Kenji Yamada", "Dr. Kenji Yamada", "山田 健二"]
    assert [LINDNER.full(language) for language in LANGUAGES] == ["Dr. Katrin Lindner"] * 3
    assert [ONLY_JAPANESE.full(language) for language in LANGUAGES] == ["鈴木 花子"] * 3


def test_lists_are_ordered_by_latin_name_then_by_reading():
    names = [YAMADA, ONLY_JAPANESE, LINDNER, Name(family="äther", given="A")]
    assert [name.full("ja") for name in sorted(names, key=Name.sort_key)][:2] == ["Dr. Katrin Lindner", "山田 健二"]
    assert ONLY_JAPANESE.sort_key() == "すずき はなこ"


def test_dates_are_written_out():
    day = date(2026, 3, 12)
    assert [languages.date_in_words(day, language) for language in LANGUAGES] == [
        "Donnerstag, 12. März 2026",
        "Thursday, 12 March 2026",
        "2026年3月12日（木）",
    ]
    assert [languages.date_in_words(day, language, short=True) for language in LANGUAGES] == [
        "Do., 12. März 2026",
        "Thu, 12 Mar 2026",
        "2026年3月12日（木）",
    ]


def test_moments_are_told_on_the_clock_of_the_place():
    eight = berlin(2026, 3, 12, 8)
    assert [languages.moment_in_words(eight, language, "Europe/Berlin") for language in LANGUAGES] == [
        "Donnerstag, 12. März 2026, 8:00\N{NO-BREAK SPACE}Uhr",
        "Thursday, 12 March 2026, 8:00",
        "2026年3月12日（木）8:00",
    ]
    assert languages.time_in_words(eight, "ja", "Asia/Tokyo") == "16:00"


@pytest.mark.parametrize(
    ("day", "hour"), [((2026, 3, 28), "16:00"), ((2026, 3, 30), "15:00"), ((2026, 10, 26), "16:00")]
)
def test_eight_in_jena_is_another_hour_in_tokyo_after_each_clock_change(day, hour):
    assert languages.time_in_words(berlin(*day, 8), "en", "Asia/Tokyo") == hour


def test_the_readers_own_clock_is_told_where_it_differs():
    span = berlin(2026, 3, 12, 8), berlin(2026, 3, 12, 10)
    told = [languages.elsewhere(*span, language, here="Europe/Berlin", there="Asia/Tokyo") for language in LANGUAGES]
    assert told == ["16:00–18:00\N{NO-BREAK SPACE}Uhr in Tokio", "16:00–18:00 in Tokyo", "東京時間16:00～18:00"]
    assert languages.elsewhere(*span, "de", here="Europe/Berlin", there="Europe/Paris") == ""


def test_the_readers_own_date_is_told_where_that_differs_too():
    evening = berlin(2026, 3, 12, 18), berlin(2026, 3, 12, 20)
    told = languages.elsewhere(*evening, "en", here="Europe/Berlin", there="Asia/Tokyo")
    assert told == "Fri, 13 Mar 2026, 2:00–4:00 in Tokyo"


def test_a_meeting_of_several_days_names_the_first_and_the_last():
    span = berlin(2026, 10, 24, 9), berlin(2026, 10, 26, 17)
    assert [languages.dates_of(*span, language, "Europe/Berlin") for language in LANGUAGES] == [
        "Samstag, 24. Oktober bis Montag, 26. Oktober 2026",
        "Saturday, 24 October to Monday, 26 October 2026",
        "2026年10月24日（土）～26日（月）",
    ]
    months = berlin(2026, 10, 30, 9), berlin(2026, 11, 1, 17)
    assert languages.dates_of(*months, "ja", "Europe/Berlin") == "2026年10月30日（金）～11月1日（日）"
    years = berlin(2026, 12, 31, 9), berlin(2027, 1, 1, 17)
    assert [languages.dates_of(*years, language, "Europe/Berlin") for language in LANGUAGES] == [
        "Donnerstag, 31. Dezember 2026 bis Freitag, 1. Januar 2027",
        "Thursday, 31 December 2026 to Friday, 1 January 2027",
        "2026年12月31日（木）～2027年1月1日（金）",
    ]
    one_day = berlin(2026, 10, 24, 9), berlin(2026, 10, 24, 17)
    assert languages.dates_of(*one_day, "de", "Europe/Berlin") == "Samstag, 24. Oktober 2026"


def test_lists_brackets_and_colons_are_those_of_the_language():
    assert [languages.listed(["Jena", "", "Erfurt"], language) for language in LANGUAGES] == [
        "Jena, Erfurt",
        "Jena, Erfurt",
        "Jena、Erfurt",
    ]
    assert [languages.bracketed("2", language) for language in LANGUAGES] == ["(2)", "(2)", "（2）"]
    assert [languages.COLON[language] for language in LANGUAGES] == [": ", ": ", "："]


def test_the_zones_offered_exist_and_have_a_city_in_every_language():
    assert {"Europe/Berlin", "Asia/Tokyo", "UTC"} <= languages.zones()
    assert "Mars/Olympus" not in languages.zones()
    for zone in ("Europe/Berlin", "Asia/Tokyo", "UTC", "Etc/GMT+5", "America/Argentina/Ushuaia"):
        assert ZoneInfo(zone) and all(languages.city(zone, language) for language in LANGUAGES)
    assert re.fullmatch("Tokio|Tokyo", languages.city("Asia/Tokyo", "de"))
