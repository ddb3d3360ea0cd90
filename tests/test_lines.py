"""How the lines of a plain letter are broken: never wider than a window, and as Japanese and Latin script allow."""

import pytest

from asanokai import db
from asanokai.composing.lines import WIDEST, fitted
from asanokai.tables import cells
from tests import people

LATIN = "The table is laid at eight o’clock sharp, and whoever comes later finds the coffee cold and the seats taken."
JAPANESE = (
    "中庭側の入口をご利用ください。身分証は必要ございませんが、"
    "受付にてお名前をお知らせくださいますようお願いいたします。"
)


@pytest.mark.parametrize(
    ("line", "wide"),
    [
        ("", 0),
        ("abc", 3),
        ("朝の会", 6),
        ("8:00～10:00", 11),
        ("ｱｻ", 2),
        ("é", 1),
        ("e\u0301", 1),
        ("Jena（イエナ）", 14),
    ],
)
def test_a_full_width_sign_takes_two_columns_and_a_mark_upon_a_sign_none(line, wide):
    assert cells(line) == wide


def test_a_line_that_fits_stays_and_so_do_empty_lines():
    text = "Dear Ms Whitfield,\n\n  indented\n\n-- \n"
    assert fitted(text) == text


def test_latin_lines_are_broken_at_blanks():
    assert fitted(LATIN).split("\n") == [
        "The table is laid at eight o’clock sharp, and whoever comes later finds",
        "the coffee cold and the seats taken.",
    ]


def test_japanese_lines_are_broken_after_a_pause_where_there_is_one():
    assert fitted(JAPANESE).split("\n") == [
        "中庭側の入口をご利用ください。身分証は必要ございませんが、",
        "受付にてお名前をお知らせくださいますようお願いいたします。",
    ]


@pytest.mark.parametrize("sign", "、。」）？ーっょ々氏様")
def test_what_must_not_begin_a_line_does_not(sign):
    assert fitted("朝" * (WIDEST // 2) + sign + "会" * 3).split("\n") == [
        "朝" * (WIDEST // 2 - 1),
        f"朝{sign}会会会",
    ]


@pytest.mark.parametrize("sign", "「（『【")
def test_what_must_not_end_a_line_does_not(sign):
    assert fitted("朝" * (WIDEST // 2 - 1) + sign + "会" * 3).split("\n") == [
        "朝" * (WIDEST // 2 - 1),
        f"{sign}会会会",
    ]


def test_a_number_stays_with_what_it_counts():
    assert fitted("朝" * (WIDEST // 2 - 1) + "12名" + "会" * 3).split("\n") == ["朝" * (WIDEST // 2 - 1), "12名会会会"]


def test_latin_words_in_japanese_stay_whole():
    assert fitted("朝" * (WIDEST // 2 - 2) + "Thüringen" + "会").split("\n") == [
        "朝" * (WIDEST // 2 - 2),
        "Thüringen会",
    ]


@pytest.mark.parametrize("whole", ["https://kai.example/" + "a" * 90, "x" * 200, "qx0123abcd" + "greeting" * 12 + "xq"])
def test_an_address_or_a_word_is_never_broken(whole):
    assert fitted(whole) == whole
    assert fitted(f"see {whole} there").split("\n") == ["see", whole, "there"]


@pytest.mark.parametrize(
    ("label", "blank"),
    [
        ("- ", "  "),
        ("10. ", "    "),
        ("Wo:    ", "       "),
        ("    ", "    "),
        ("会場：", "　　　"),
        ("　　　", "　　　"),
    ],
)
def test_what_is_broken_off_stands_below_the_words(label, blank):
    first, second = fitted(label + "Optik " * 14).rstrip().split("\n")
    assert first.startswith(f"{label}Optik")
    assert second.startswith(f"{blank}Optik")
    assert cells(first) <= WIDEST


def test_a_sentence_with_a_colon_has_no_label():
    line = "変更前の会場についての大切なお知らせでございます：" + "会" * 40
    assert [part[:1] for part in fitted(line).split("\n")] == ["変", "会"]


def test_no_word_is_lost_and_no_line_is_too_wide():
    text = f"{LATIN}\n{JAPANESE}\n- {JAPANESE}\n会場：{JAPANESE}"
    lines = fitted(text).split("\n")
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert [line for line in lines if cells(line) > WIDEST] == []


def test_a_composed_letter_has_no_wide_line_whatever_people_wrote(app):
    with db.transaction():
        meeting_id = people.announced_meeting(title={"ja": "光" * 60}, note={"ja": JAPANESE * 3}).id
    with db.reading():
        letter = app.extensions["composer"].preview("invite", meeting_id, "ja")
    wide = [line for line in letter.text.split("\n") if cells(line) > WIDEST]
    assert [line for line in wide if not line.startswith("http://localhost")] == []
    assert "光" * 60 in letter.text.replace("\n", "")
