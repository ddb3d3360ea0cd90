"""The pages the law asks for: their texts, what is to be filled in, which stood when, who complains of gaps."""

import re

import pytest
from sqlalchemy import select

from asanokai import db, doctor, installation, law, retention, running
from asanokai.db import session
from asanokai.errors import Missing
from asanokai.languages import LANGUAGES
from asanokai.tokens import OPT_IN_LIFE
from tests import people

WHOLE = {name: f"Wert {name}" for name in law.FACTS} | {"email": "post@kai.example"}
ALL = [(kind, language) for kind in law.KINDS for language in LANGUAGES]
MARKS = {"imprint": "DDG", "privacy": "TDDDG", "accessibility": "WCAG"}


@pytest.fixture
def chief(app, clock) -> int:
    """The administrator's number, in a writing transaction."""
    with db.transaction():
        yield people.ludwig().id


def text(kind: str, language: str = "de") -> str:
    return law.text(installation.current(), kind, language)


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_every_page_has_a_text_in_every_language_whose_gaps_are_marked(chief, kind, language):
    found = text(kind, language)
    assert MARKS[kind] in found
    assert law.gaps_of(found)
    marked = re.findall(r'<mark class="gap">\[([^\]]+)\]</mark>', law.to_html(found))
    assert list(dict.fromkeys(marked)) == law.gaps_of(found)


def test_the_three_languages_ask_for_the_same(chief):
    asked = {(kind, language): re.findall(r"\[\[([a-z_]+)", law.default(kind, language)) for kind, language in ALL}
    for kind in law.KINDS:
        assert asked[kind, "en"] == asked[kind, "ja"] == asked[kind, "de"]
    assert {name for names in asked.values() for name in names} == {*law.FACTS, "retention"}


def test_the_privacy_page_says_what_article_13_asks_for(chief):
    page = text("privacy")
    for words in ("Artikel 6 Absatz 1", "Widerspruch", "Artikel 77", "TLfDI", "Häßlerstraße 8", "Artikel 15", "Cookie"):
        assert words in page
    assert f"{OPT_IN_LIFE.days} Tage" in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "gelöscht werden sie erst nach der in Abschnitt {} genannten Frist"),
        ("en", "they are deleted only after the period given in section {}"),
        ("ja", "第{}項に記載の期間を過ぎるまで削除されません"),
    ],
)
def test_the_privacy_page_says_that_entries_of_the_journal_go_when_the_section_of_limits_says(language, words):
    page = law.default("privacy", language)
    (section,) = re.findall(r"^## (\d+)\.[^#]*\[\[retention\]\]", page, re.MULTILINE)
    assert words.format(section) in page
    assert "journal" in {kind.name for kind in retention.KINDS}


def test_what_is_filled_in_once_stands_in_all_texts_and_no_gap_is_left(chief):
    law.fill_in(WHOLE, actor_id=chief)
    assert law.gaps() == []
    for language in LANGUAGES:
        assert "Wert name" in text("imprint", language)
        assert '<a href="mailto:post@kai.example"' in law.to_html(text("privacy", language))
        assert "Wert authority" in text("privacy", language)


def test_what_is_filled_in_is_no_markdown_and_no_html(chief):
    law.fill_in({**WHOLE, "name": "<b>A*B*</b> [x](https://x.example) [[y: z]]"}, actor_id=chief)
    shown = law.to_html(text("imprint"))
    assert "&lt;b&gt;A*B*&lt;/b&gt; [x](https://x.example)" in shown


def test_a_hyphen_leaves_out_the_paragraph_or_the_line_of_a_list(chief):
    law.fill_in({**WHOLE, "register": "-", "vat_id": "-", "host": "-"}, actor_id=chief)
    assert "Registereintrag" not in text("imprint")
    assert "Umsatzsteuer" not in text("imprint")
    assert "Anbieter des Servers" not in text("privacy")
    assert "Anbieter des Mailservers" in text("privacy")
    assert law.gaps() == []


def test_no_heading_stands_over_what_was_left_out(chief):
    law.fill_in({**WHOLE, "enforcement": "-", "responsible": "-"}, actor_id=chief)
    assert ("Durchsetzung" in text("accessibility"), "MStV" in text("imprint")) == (False, False)
    assert ("Über diese Erklärung" in text("accessibility"), "DDG" in text("imprint")) == (True, True)
    words = "## A\n\n[[officer: x]]\n\n### B\n\nb\n\n## C\n\n[[officer: x]]"
    law.rewrite("imprint", {"de": words}, actor_id=chief)
    law.fill_in({**WHOLE, "officer": "-"}, actor_id=chief)
    assert text("imprint") == "## A\n\n### B\n\nb"


def test_a_text_of_ones_own_takes_the_place_of_the_default_and_may_have_gaps(chief):
    law.rewrite(
        "imprint", {"de": "Wir\r\n\r\n[[Straße]] [[email: Mail]]", "en": law.default("imprint", "en")}, actor_id=chief
    )
    assert text("imprint") == "Wir\n\n[[Straße]] [[Mail]]"
    assert [gap.words for gap in law.gaps() if (gap.kind, gap.language) == ("imprint", "de")] == ["Straße", "Mail"]
    assert installation.current().imprint == {"de": "Wir\n\n[[Straße]] [[email: Mail]]"}
    law.rewrite("imprint", {"de": ""}, actor_id=chief)
    assert (installation.current().imprint, "§ 5" in text("imprint")) == (None, True)


def test_what_the_program_tells_takes_its_place(chief):
    row = installation.current()
    assert "- nie" in law.text(row, "privacy", "de", {"retention": "- nie"})
    assert "14 Tage" not in law.text(row, "privacy", "de", {"retention": "- nie"})


# --- which text stood when --------------------------------------------------------------------------------------------


def kept(kind: str, language: str = "de") -> list[tuple[str, object, int | None]]:
    query = select(law.LawText).where(law.LawText.kind == kind, law.LawText.language == language)
    return [(row.text, row.since, row.actor_id) for row in session().scalars(query.order_by(law.LawText.id))]


def test_every_text_that_stood_is_kept_with_its_time_and_noting_it_twice_changes_nothing(chief, clock):
    assert (law.note(), law.note()) == (9, 0)
    first = (text("imprint"), clock.now, None)
    clock.advance(days=3)
    law.rewrite("imprint", {"de": "Wir"}, actor_id=chief)
    second = ("Wir", clock.now, chief)
    assert kept("imprint") == [first, second]
    assert (kept("imprint", "en"), kept("privacy")) == (
        [(text("imprint", "en"), first[1], None)],
        [(text("privacy"), first[1], None)],
    )
    assert (law.since("imprint", "de"), law.since("imprint", "en")) == (second[1], first[1])
    assert law.kept("imprint")[0].text == "Wir"
    with pytest.raises(Missing):
        law.by_id(987_654)


def test_a_text_nobody_kept_stands_since_it_was_written(chief):
    assert law.since("privacy", "ja") == law.WRITTEN


# --- who complains ----------------------------------------------------------------------------------------------------


def warnings(caplog) -> list[str]:
    running._warn_of_gaps()
    return [record.getMessage() for record in caplog.records if record.name == "asanokai.running"]


def test_serving_warns_in_one_line_while_there_are_gaps(app, caplog):
    (line,) = warnings(caplog)
    assert re.fullmatch(
        r"pages of law: places are still to be filled in: imprint \(\d+\), privacy \(\d+\), accessibility \(\d+\); "
        "see /coordinate/settings/law",
        line,
    )


def test_nobody_complains_once_all_is_filled_in(app, caplog):
    with db.transaction():
        law.fill_in(WHOLE, actor_id=people.ludwig().id)
    assert (warnings(caplog), doctor.unfilled()) == ([], "")
