"""What every page's template is given beside its own: this installation, the reader's language, and the parts that
pages are built from.

What hangs on the language alone is made once for each: the catalogue's `_`, the ways to write numbers, months and
lists, and the macros, which would else be made anew, seventy of them, for every page.
"""

from functools import lru_cache, partial
from typing import Any

from flask import Flask, current_app
from flask_babel import get_translations
from markupsafe import Markup

from asanokai import languages
from asanokai.questions import Question
from asanokai.series import Series
from asanokai.web import loading, words

PARTS = {"m": "macros.html", "q": "queue.html"}
"""Name in every template → the file of the macros; a later one may use those before it."""

_MADE = "asanokai.web.around"


def init_app(app: Flask) -> None:
    """Give it to every template of the app."""
    app.extensions[_MADE] = {}
    app.context_processor(_of_this_page)


def _of_this_page() -> dict[str, object]:
    this = loading.installed()
    return {
        **_of_language(loading.language()),
        "installation": this,
        "organisation": loading.organisation(),
        "is_coordinator": loading.coordinates_anything(),
    }


def _of_language(language: str) -> dict[str, object]:
    """Made at the first page in that language; the caller must not change it."""
    made: dict[str, dict[str, object]] = current_app.extensions[_MADE]
    if language not in made:
        given = _words_of_language(language)
        for name, file in PARTS.items():
            given[name] = current_app.jinja_env.get_template(file).make_module({**given, "words": words})
        made[language] = given
    return made[language]


def _words_of_language(language: str) -> dict[str, object]:
    return {
        "_": partial(_said, get_translations()),
        "language": language,
        "LANGUAGES": languages.OWN_NAMES,
        "month_name": partial(languages.month_in_words, language=language),
        "weekday_name": partial(languages.weekday_in_words, language=language),
        "comma": languages.COMMA[language],
        "colon": languages.COLON[language],
        "gap": languages.GAP[language],
        "before_hours": languages.BEFORE_HOURS[language],
        "city_of": partial(languages.city, language=language),
        "bracketed": partial(languages.bracketed, language=language),
        "name_of": _name_of,
        "question_text": _question_text,
        "words_of": _words_of,
    }


def _said(catalogue: Any, message: str, **facts: Any) -> Markup:
    """gettext for pages. Jinja's own asks for request, language and catalogue at each of a page's many texts."""
    return Markup(catalogue.ugettext(message)) % facts if facts else _said_plainly(catalogue, message)


@lru_cache(maxsize=4096)
def _said_plainly(catalogue: Any, message: str) -> Markup:
    no_facts: dict[str, Any] = {}
    return Markup(catalogue.ugettext(message)) % no_facts  # makes "%%" one sign


def _name_of(series: Series) -> languages.Text:
    return languages.pick(series.name, loading.language(), series.first_language)


def _question_text(question: Question) -> languages.Text:
    return languages.pick(question.label, loading.language())


def _words_of(texts: dict[str, str] | None, series: Series) -> languages.Text:
    return languages.pick(texts, loading.language(), series.first_language)
