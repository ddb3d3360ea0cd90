"""German, English, Japanese: choosing one, falling back, and writing dates, times and names as each does.

It knows no table: names come in as a `Name`, texts as ``{"de": …}``. Page texts are gettext catalogues
(`asanokai/translations`), letters one template per language (`templates/mail`).
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_location
from babel.support import NullTranslations, Translations

LANGUAGES = ("de", "en", "ja")
OWN_NAMES = {"de": "Deutsch", "en": "English", "ja": "日本語"}
SALUTATIONS = ("", "frau", "herr")

_DATE = {"de": "EEEE, d. MMMM y", "en": "EEEE, d MMMM y", "ja": "y年M月d日（E）"}
_SHORT_DATE = {"de": "EEE, d. MMM y", "en": "EEE, d MMM y", "ja": "y年M月d日（E）"}
_TIME = {"de": "H:mm", "en": "H:mm", "ja": "H:mm"}
_SPAN = {"de": "{start}–{end}\N{NO-BREAK SPACE}Uhr", "en": "{start}–{end}", "ja": "{start}～{end}"}
_AT = {"de": "{date}, {time}\N{NO-BREAK SPACE}Uhr", "en": "{date}, {time}", "ja": "{date}{time}"}
_THERE = {"de": "{span} in {city}", "en": "{span} in {city}", "ja": "{city}時間{span}"}
_UNTIL = {"de": "{start} bis {end}", "en": "{start} to {end}", "ja": "{start}～{end}"}
_FIRST_OF_YEAR = {"de": "EEEE, d. MMMM", "en": "EEEE, d MMMM"}
"""The first of several days in one year: the year stands with the last. Japanese puts it in front, hence the next."""
_LAST_OF_YEAR, _LAST_OF_MONTH = "M月d日（E）", "d日（E）"
BEFORE_HOURS = {"de": ", ", "en": ", ", "ja": ""}
"""What stands between a day and its hours."""
COMMA = {"de": ", ", "en": ", ", "ja": "、"}
COLON = {"de": ": ", "en": ": ", "ja": "："}
GAP = {"de": " ", "en": " ", "ja": ""}
"""What stands between two sentences, and before a bracket. Full-width signs bring their own room."""
_BRACKETS = {"de": "({})", "en": "({})", "ja": "（{}）"}

_SALUTATION = {
    "de": {"frau": "Frau", "herr": "Herr"},
    "en": {"frau": "Ms", "herr": "Mr"},
}
_DEAR = {"frau": "Sehr geehrte", "herr": "Sehr geehrter"}


@dataclass(frozen=True)
class Text:
    """A text found for a reader: in `lang`, and whether that is not what was asked for."""

    text: str
    lang: str
    fallback: bool

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.text)


@cache
def catalogue(language: str) -> NullTranslations:
    """The texts of the pages in a language, for where no page is answered; English is what they are looked up by."""
    folder = Path(__file__).parent / "translations"
    return Translations.load(folder, [language]) if language != "en" else NullTranslations()


def known(language: str | None) -> str | None:
    """The language if it is one of ours ("de-AT" → "de"), else None."""
    code = (language or "").lower().replace("_", "-").split("-")[0]
    return code if code in LANGUAGES else None


def pick(texts: Mapping[str, str] | None, language: str, first: str = "de") -> Text:
    """The text for a reader: their language, else the series' first, else any; empty if there is none."""
    for candidate in (language, first, *LANGUAGES):
        if texts and texts.get(candidate):
            return Text(texts[candidate], candidate, candidate != language)
    return Text("", language, False)


_TO_HIRAGANA = {sign: sign - 0x60 for sign in range(0x30A1, 0x30F7)}


def folded(words: str) -> str:
    """Words as a search compares them: without differences of width, of capitals, of ひらがな and カタカナ."""
    return unicodedata.normalize("NFKC", words).casefold().translate(_TO_HIRAGANA)


@dataclass(frozen=True)
class Name:
    """A person's names as they were given. Latin or Japanese script may be missing, not both."""

    family: str = ""
    given: str = ""
    salutation: str = ""
    title: str = ""
    family_ja: str = ""
    given_ja: str = ""
    family_kana: str = ""
    given_kana: str = ""

    def full(self, language: str) -> str:
        """The name in a list or on a badge: "Dr. Kenji Yamada", in Japanese "山田 健二"."""
        if language == "ja" and (self.family_ja or self.given_ja):
            return " ".join(filter(None, (self.family_ja, self.given_ja)))
        if not (self.family or self.given):
            return " ".join(filter(None, (self.family_ja, self.given_ja)))
        title = _title(self.title, language)
        return " ".join(filter(None, (title, self.given, self.family)))

    def addressed(self, language: str) -> str:
        """How one speaks of the person: "Frau Dr. Yamada", "Dr Yamada", "山田様"."""
        if language == "ja":
            return f"{self.family_ja or self.family or self.given_ja or self.given}様"
        family = self.family or self.family_ja
        title = _title(self.title, language)
        salutation = _SALUTATION[language].get(self.salutation, "")
        if language == "en" and title:
            return f"{title} {family}"
        if not salutation:
            return f"{title} {family}" if title else self.full(language)
        return " ".join(filter(None, (salutation, title, family)))

    def greeting(self, language: str) -> str:
        """The first line of a letter."""
        if language == "ja":
            return self.addressed("ja")
        if language == "en":
            return f"Dear {self.addressed('en')},"
        dear = _DEAR.get(self.salutation, "Guten Tag")
        return f"{dear} {self.addressed('de')},"

    def sort_key(self) -> str:
        """Where the person stands in a list ordered by Latin family name; kana, then kanji where there is none."""
        return f"{self.family or self.family_kana or self.family_ja} {self.given or self.given_kana}".casefold()


def _title(title: str, language: str) -> str:
    if language == "de" or not title:
        return title
    if "prof" in title.lower():
        return "Prof."
    return "Dr." if title.lower().startswith("dr") else title


@lru_cache(maxsize=len(LANGUAGES) + 1)
def _locale(language: str) -> Locale:
    return Locale.parse({"en": "en_GB"}.get(language, language))


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The names of all time zones."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


@lru_cache(maxsize=1024)
def city(zone: str, language: str) -> str:
    """The city a zone is named after, in the language: "Tokio", "Tokyo", "東京"."""
    return get_timezone_location(zone, locale=_locale(language), return_city=True)


@lru_cache(maxsize=4096)
def date_in_words(day: date, language: str, *, short: bool = False) -> str:
    """ "Donnerstag, 12. März 2026" · "Thursday, 12 March 2026" · "2026年3月12日（木）"."""
    pattern = (_SHORT_DATE if short else _DATE)[language]
    return format_date(day, pattern, locale=_locale(language))


@lru_cache(maxsize=1024)
def month_in_words(day: date, language: str) -> str:
    """The month alone, short: "März" · "Mar" · "3月"."""
    return format_date(day, "MMM", locale=_locale(language))


@lru_cache(maxsize=1024)
def weekday_in_words(day: date, language: str) -> str:
    """The weekday alone: "Donnerstag" · "Thursday" · "木曜日"."""
    return format_date(day, "cccc", locale=_locale(language))


def time_in_words(moment: datetime, language: str, zone: str) -> str:
    """The wall time of an aware moment in a zone: "8:00"."""
    return _wall_time(moment.astimezone(ZoneInfo(zone)).time(), language)


@lru_cache(maxsize=4096)
def _wall_time(wall: time, language: str) -> str:
    return format_time(wall, _TIME[language], locale=_locale(language))


def moment_in_words(moment: datetime, language: str, zone: str, *, short: bool = False) -> str:
    """Date and time of an aware moment in a zone: "Mittwoch, 11. März 2026, 12:00 Uhr"."""
    local = moment.astimezone(ZoneInfo(zone))
    return _AT[language].format(
        date=date_in_words(local.date(), language, short=short), time=time_in_words(moment, language, zone)
    )


def dates_of(starts_at: datetime, ends_at: datetime, language: str, zone: str) -> str:
    """The day of a meeting in words; first and last day where it lasts for several."""
    first, last = (moment.astimezone(ZoneInfo(zone)).date() for moment in (starts_at, ends_at))
    if first == last:
        return date_in_words(first, language)
    start, end = date_in_words(first, language), date_in_words(last, language)
    if first.year == last.year and language == "ja":
        shorter = _LAST_OF_MONTH if first.month == last.month else _LAST_OF_YEAR
        end = format_date(last, shorter, locale=_locale(language))
    elif first.year == last.year:
        start = format_date(first, _FIRST_OF_YEAR[language], locale=_locale(language))
    return _UNTIL[language].format(start=start, end=end)


def year_in_words(year: int, language: str) -> str:
    """A year as a heading: "2026" · "2026年"."""
    return f"{year}年" if language == "ja" else str(year)


def listed(parts: Iterable[str], language: str) -> str:
    """What is there of several parts, separated as the language does: "Jena, Erfurt" · "イエナ、エアフルト"."""
    return COMMA[language].join(filter(None, parts))


def bracketed(words: str, language: str) -> str:
    """The words in the language's brackets."""
    return _BRACKETS[language].format(words)


def day_and_hours(day: str, hours: str, language: str) -> str:
    """A day and its hours on one line: "Thursday, 12 March 2026, 8:00–10:00" · "2026年3月12日（木）8:00～10:00"."""
    return f"{day}{BEFORE_HOURS[language]}{hours}"


def span_in_words(starts_at: datetime, ends_at: datetime, language: str, zone: str) -> str:
    """From when to when, without the day: "8:00–10:00 Uhr" · "8:00–10:00" · "8:00～10:00"."""
    return _SPAN[language].format(
        start=time_in_words(starts_at, language, zone), end=time_in_words(ends_at, language, zone)
    )


def elsewhere(starts_at: datetime, ends_at: datetime, language: str, *, here: str, there: str) -> str:
    """The same hours on the reader's clock ("16:00–18:00 Uhr in Tokio"), or "" where both clocks agree."""
    local, other = (starts_at.astimezone(ZoneInfo(zone)) for zone in (here, there))
    if local.utcoffset() == other.utcoffset():
        return ""
    span = span_in_words(starts_at, ends_at, language, there)
    if other.date() != local.date():
        span = day_and_hours(date_in_words(other.date(), language, short=True), span, language)
    return _THERE[language].format(span=span, city=city(there, language))


def best_of(accepted: Iterable[str]) -> str | None:
    """The first of the accepted language tags that we speak."""
    return next((language for tag in accepted if (language := known(tag))), None)
