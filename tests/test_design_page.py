"""The page that shows every part that pages are built from: whole, in development only."""

import re

import pytest

from config import HOME
from tests.pages import Reader

MACROS = re.compile(r"\{%-? macro (\w+)\(")
WITHIN_OTHERS = {
    "macros.html": {
        *("csrf", "here", "current", "fallback", "moment", "line_of", "errors", "described", "quick", "quickly"),
        *("slot_title", "no_connection", "names"),
    },
    # What shows rows of the database, or needs the words of one page; the desk's own pages show it.
    "coordinate/parts.html": {
        *("crumbs", "paper", "left_out", "forecast", "letter_table", "rule_fields", "live", "marks", "known_until"),
        *("desk_pages", "readers", "pages_of"),
    },
}
"""Parts that only other parts use, or that stand in no page's body."""


def parts_of(file: str) -> set[str]:
    return set(MACROS.findall((HOME / "templates" / file).read_text(encoding="utf-8")))


def test_it_is_not_there_unless_the_setting_says_so(app):
    assert Reader(app).get("/design").status_code == 404


@pytest.mark.parametrize(("file", "prefix"), [("macros.html", "m"), ("coordinate/parts.html", "p")])
def test_every_part_stands_on_it(file, prefix):
    page = (HOME / "templates" / "design.html").read_text(encoding="utf-8")
    shown = {name for name in parts_of(file) if re.search(rf"\b{prefix}\.{name}\(", page)}
    shown |= {"field", "texts_field"} & parts_of(file) if prefix == "m" else set()
    assert parts_of(file) - shown - WITHIN_OTHERS[file] == set()
    assert WITHIN_OTHERS[file] - parts_of(file) == set()


class TestInDevelopment:
    @pytest.fixture
    def settings(self):
        return {"design": True}

    @pytest.mark.parametrize("language", ["de", "en", "ja"])
    def test_it_shows_every_state_in_every_language(self, app, clock, language):
        page = Reader(app).get(f"/design?lang={language}")
        assert page.status_code == 200
        states = ("draft", "no", "past", "now", "waiting", "yes", "maybe", "open")
        assert [state for state in states if f'class="badge {state}"' not in page.text] == []
        assert [step for step in range(11) if f"sun-{step}" not in page.text] == []
