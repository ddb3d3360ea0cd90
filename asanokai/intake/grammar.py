"""Plain words → an answer, only where nobody could take them otherwise. Pure; knows no table.

A grammar of the whole message, no search for keywords: greeting, answer, closing, name. Every part of it must be known
(`phrases`), else it is no answer but a message: a condition, a question, another day, a joke, a second thought. All
parts must agree: "leider" beside a yes is a message too. A wrong yes is worse than a message.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from asanokai.intake.fresh import is_signature
from asanokai.intake.phrases import english, german, japanese
from asanokai.intake.when import marked

LONGEST = 500
"""Characters without the signature: who writes more has more to say."""

MOST_PARTS = 14
_LANGUAGES = (german, english, japanese)


@dataclass(frozen=True)
class Plain:
    """An answer in plain words: yes, maybe or no; how many guests, None where nothing is said of them."""

    choice: str
    guests: int | None = None


def understood(words: str, starts_at: datetime, names: Iterable[str] = ()) -> Plain | None:
    """The answer that the words are, None if they are none or not beyond doubt.

    `starts_at` is when the meeting begins on its own clock: another day or hour makes it no answer. `names` are what
    the writer may sign with.
    """
    known = _known(names)
    text = _without_signature(unicodedata.normalize("NFKC", words).translate(_SAME), known)
    if not text.strip() or len(text) > LONGEST or _DOUBT.search(text):
        return None
    own = marked(_SMILES.sub(" ", text).replace("@", "#"), starts_at)
    parts = _parts(own) if own is not None else []
    return _Reading(known).read(parts) if len(parts) <= MOST_PARTS else None


# --- making comparable ------------------------------------------------------------------------------------------------

_SAME = str.maketrans("’‘´`“”„«»–—‐‑―−", '\'\'\'\'"""""------', "")
_DOUBT = re.compile(r"[?？]|\.\.|…|[:;]-?[(/|]|[☹🙁😢👎🤔]")
_SMILES = re.compile(r"[:;]-?[)D]|[\U0001f600-\U0001f60a\U0001f642\u263a\ufe0f]|\^\^")
_TITLES = re.compile(
    r"\b(dr|prof|dipl|ing|med|i\.\s?a|mr|mrs|ms|hr|fr|evtl|st|h\.c|rer|nat|phil|m\.?sc|b\.?sc|ph\.?d)\.(?=\s|$)", re.I
)
_BETWEEN = re.compile(r"[.!;:\n。!、,・()「」『』【】■◯○●→\"]+|\s-+\s|^-+\s?|\s(?:und|and|&)\s", re.MULTILINE)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_COUNTED = str.maketrans("一二三", "123")


def folded(words: str) -> str:
    """Words as `phrases` write them."""
    words = " ".join(words.casefold().translate(_UMLAUTS).split()).strip(" -*_'")
    return re.sub(r"\s", "", words) if _ASIAN.search(words) else words


def _parts(text: str) -> list[str]:
    text = re.sub(r",\s(?=ob\b|if\b|whether\b)", " ", _TITLES.sub(r"\1", text))
    return [part.strip() for part in _BETWEEN.split(text) if part.strip(" \t-*_'")]


# --- the tables, compiled ---------------------------------------------------------------------------------------------


@cache
def _pattern(name: str) -> re.Pattern[str]:
    """One pattern for what every language has under that name."""
    return re.compile("|".join(f"(?:{one})" for language in _LANGUAGES for one in getattr(language, name)))


def _is(name: str, words: str) -> bool:
    return bool(words) and _pattern(name).fullmatch(words) is not None


@cache
def _guests() -> list[tuple[re.Pattern[str], int]]:
    found = [(pattern, number) for language in _LANGUAGES for pattern, number in language.GUESTS]
    plus = [(r"(?:und |and )?\+ ?1", 1), (r"(?:und |and )?\+ ?2", 2)]
    return [(re.compile(rf"(?<![a-z0-9+])(?:{pattern})(?![a-z0-9])"), number) for pattern, number in (*plus, *found)]


# --- names ------------------------------------------------------------------------------------------------------------

_TITLE_WORDS = frozenset(
    """frau herr herrn herren damen dr prof dipl ing med mr mrs ms hr fr miss sir madam doktor professor phd msc bsc
    ladies gentlemen team alle all zusammen everyone everybody organisatoren organisers organizers kollegen colleagues
    organisationsteam liebes asa no kai und or ihr ihre""".split()  # noqa: SIM905  read as prose
)
_NO_NAME = re.compile(
    r"nicht|\b(?:kein|komm|spaeter|vielleicht|zusage|absage)|\b(?:doch|aber|wenn|falls|nur|leider|ja|nein|ich|wir|not|but|if|"
    r"only|yes|no|i|we|can|will|late|maybe|perhaps|until|uhr|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|"
    r"monday|tuesday|wednesday|thursday|friday|ps|nachtrag|urlaub|bitte|please|ohne|without|mit|with|oder|half|halb|eher|"
    r"rather|ausser|unless)\b|[0-9#@+/\[\]]"
)
_NO_ASIAN_NAME = re.compile(r"[\u3040-\u309f]{3,}|出|欠|参|未|不|無|遅|早|退|席|定|否|可|予|[0-9#@+/]")
_AGAINST = re.compile(r"^(?:aber|but|doch) ")
"""May begin a refusal: "thank you, but I cannot come"."""
_HONOURED = re.compile(r".{0,30}(?:様|御中|各位|殿|先生|さま|さん)")
_INTRODUCES = re.compile(r"(.{1,40}?)(?:です|でございます|と申します|拝)")


def _known(names: Iterable[str]) -> frozenset[str]:
    words = {
        folded(unicodedata.normalize("NFKC", word)) for name in names for word in [name, *re.split(r"[\s・-]+", name)]
    }
    return frozenset(word for word in words if len(word) > 1 or _ASIAN.search(word))


def _left_of(words: str, known: frozenset[str]) -> str:
    """What is left of Japanese words without the known names."""
    for name in sorted(known, key=len, reverse=True):
        words = words.replace(name, "")
    return words


class _Reading:
    """One message, part by part."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known
        self._said: set[str] = set()
        self._guests: set[int] = set()
        self._together = self._begun = self._closed = self._signed = False

    def read(self, parts: list[str]) -> Plain | None:
        """What all parts come to, None if one of them is strange."""
        if not all(self._takes(part, last=number + 1 == len(parts)) for number, part in enumerate(parts)):
            return None
        choices = self._said & {"YES", "MAYBE", "NO"}
        if len(choices) != 1 or len(self._guests) > 1:
            return None
        choice, guests = choices.pop().lower(), next(iter(self._guests), None)
        mixed = "SORRY" in self._said if choice == "yes" else "GLAD" in self._said
        if mixed or (guests is not None and choice != "yes") or (self._together and not guests):
            return None
        return Plain(choice, guests)

    def _takes(self, part: str, *, last: bool) -> bool:
        """Whether the part is known; notes what it says."""
        words = folded(part)
        if self._signed:
            return self._is_name(part, words)
        if not self._begun and self._greets(part, words):
            return True
        if self._answers(self._without_guests(words)):
            self._begun = True
            return True
        if self._closes(part, words):
            return True
        if self._introduces(words):
            return True
        if self._begun and self._is_name(part, words):
            self._signed = True
            return True
        return False

    def _without_guests(self, words: str) -> str:
        counted = words.translate(_COUNTED) if _ASIAN.search(words) else words
        for pattern, number in _guests():
            found = pattern.search(counted)
            if found:
                self._guests.add(number)
                counted = " ".join(f"{counted[: found.start()]} {counted[found.end() :]}".split())
                return re.sub(r"\s", "", counted) if _ASIAN.search(counted) else counted
        return words

    def _answers(self, words: str) -> bool:
        if not words or words == "@":
            return True
        for name in ("YES", "NO", "MAYBE", "TOGETHER"):
            if _is(name, words) or (name == "NO" and _is(name, _AGAINST.sub("", words))):
                self._said.add("YES" if name == "TOGETHER" else name)
                self._together = self._together or name == "TOGETHER"
                return True
        if _is("POLITE", words):
            return True
        for name in ("GLAD", "SORRY"):
            if _is(name, words):
                self._said.add(name)
                return True
        return False

    def _greets(self, part: str, words: str) -> bool:
        if _ASIAN.search(words):
            return _is("GREETING", words) or (
                _HONOURED.fullmatch(words) is not None and not re.search(r"出席|欠席|参加|未定|不", words)
            )
        found = _pattern("GREETING").match(words)
        if not found and words.split(" ")[0] not in _TITLE_WORDS:
            return bool(self._known) and all(word in self._known for word in words.split(" "))
        greeted = found[0] if found else ""
        rest = part.split()[len(greeted.split()) :]
        if found and words[found.end() :][:1] not in ("", " "):
            return False
        return len(rest) <= 7 and not _NO_NAME.search(folded(" ".join(rest))) and all(map(self._may_be_called, rest))

    def _may_be_called(self, word: str) -> bool:
        """Whether a word after "Dear" can be a title or a name."""
        return word[:1].isupper() or folded(word) in _TITLE_WORDS or folded(word) in self._known

    def _closes(self, part: str, words: str) -> bool:
        if _is("CLOSING", words):
            self._closed = True
            return True
        found = _pattern("CLOSING").match(words) if not _ASIAN.search(words) else None
        if found is None or not words[found.end() :].startswith(" "):
            return False
        rest = words[found.end() :].strip()
        self._closed = True
        # The name as it was typed: the last words of the part.
        return self._is_name(" ".join(part.split()[-len(rest.split()) :]), rest)

    def _introduces(self, words: str) -> bool:
        """ "浜松フォトニクスの佐藤です"."""
        found = _INTRODUCES.fullmatch(words) if _ASIAN.search(words) else None
        if found is None or _left_of(found[1], self._known) == found[1]:
            return False
        where = _left_of(found[1], self._known).removesuffix("の")
        return len(where) <= 20 and not _NO_ASIAN_NAME.search(where)

    def _is_name(self, part: str, words: str) -> bool:
        if _ASIAN.search(words):
            left = _left_of(words, self._known)
            return left == "" or (self._closed and len(left) <= 16 and not _NO_ASIAN_NAME.search(left))
        pieces = words.split()
        if all(piece in self._known or piece in _TITLE_WORDS for piece in pieces):
            return True
        typed = part.split()
        initials = len(typed) == 1 and len(part) <= 3 and part.isalpha()
        capital = all(word[:1].isupper() or folded(word) in ("von", "van", "de", "zu", "der") for word in typed)
        return self._closed and len(typed) <= 4 and (capital or initials) and not _NO_NAME.search(words)


def _without_signature(text: str, known: frozenset[str]) -> str:
    """The text without the particulars below its closing or its name."""
    lines = text.split("\n")
    for number, line in enumerate(lines[:-1]):
        words = folded(_TITLES.sub(r"\1", line).strip(" ,.!"))
        ends = _is("CLOSING", words) or (number and words and all(word in known for word in words.split()))
        if ends or (number and _ASIAN.search(words) and _left_of(words, known) == ""):
            for start in range(number + 1, len(lines)):
                below = lines[start:]
                if any(one.strip() for one in below) and is_signature(below):
                    return "\n".join(lines[:start])
    return text
