"""The pages of a copy, for people: what is held, list by list, in the reader's language and on their clock.

Codes stand here in words, moments as letters write them, and a meeting by its day and title. What only programs need
(numbers, ends of addresses, the codes themselves) is in `data.json`. They are read from a disk: they need nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from asanokai import languages
from asanokai.applying import PERSON
from asanokai.copies.columns import COLUMNS
from asanokai.copies.parts import GROUPS, PARTS, Part
from asanokai.copies.words import ROLES, SALUTATIONS, STANDINGS, WORDS, deed
from asanokai.errors import N_
from asanokai.languages import LANGUAGES, OWN_NAMES, moment_in_words

TITLE = N_("A copy of your data")
MADE_AT = N_("Made on %(when)s")
LEAD = N_("This is everything that is held of you here. Each list has a page; the figure says how many entries it has.")
EMPTY = N_("Nothing is held under these headings")
FOR_PROGRAMS = N_("For programs")
FOR_PROGRAMS_LEAD = N_("The same as one file that programs can read, with the names that the documentation explains:")
BACK = N_("All lists")
TRUE, FALSE = N_("Yes, it is so"), N_("No, it is not")
"""Not the words of an answer: in Japanese those are who comes and who does not."""

NOTES = {
    "letters": N_(
        "What a letter says is put together when it goes, and is not kept. Where the organisers wrote it themselves, "
        "their words are here; of all others it is known which they were, about which meeting, when they went and to "
        "where."
    ),
    "mails": N_(
        "A mail is kept for 30 days as it came: its words are here, and it lies beside this page as a file. After that "
        "only when it came and what became of it is known."
    ),
}
"""What somebody must know who reads these lists."""

ONLY_FOR_PROGRAMS = frozenset(
    ("facts", "meeting", "meeting_title", "series", "revision", "media_type", "object", "choices", "passes")
)
"""Columns that no page shows; a meeting and a series are shown by what they are called."""

OF_NO_USE = {"letters": ("settled_at",), "mails": ("number",), "files": ("number",)}
"""Columns that the page of one list does not show."""

HEADINGS = {
    "addresses": "text",
    "belongings": "series_name",
    "normally": "series_name",
    "answers": "meeting_at",
    "guests": "name",
    "replies": "question",
    "seat_notes": "meeting_at",
    "letters": "kind",
    "letter_events": "what",
    "bounces": "address",
    "mails": "subject",
    "switched_off": "kind",
    "consents": "kind",
    "deputies": "address",
    "devices": "name",
    "passkeys": "name",
    "outside_identities": "issuer",
    "views": "name",
    "proposals": "title",
    "votes": "proposal",
    "talks": "topic",
    "contributions": "kind",
    "files": "name",
    "messages": "subject",
    "journal": "verb",
}
"""The column that an entry is called by; entries of other lists are counted."""

FIELDS = {"person": PERSON, "query": ("q", "organisation", "role", "standing", "language")}
"""Columns that hold the fields of a form, and those of them that a page shows, in this order."""

IN_FIELDS = {"salutation": SALUTATIONS, "role": ROLES, "standing": STANDINGS, "language": OWN_NAMES}
"""Fields in which codes stand."""

PICKED = frozenset(("question", "meeting_title", "series_name", "topic", "proposal", "title", "subject"))
"""Texts of which only the reader's language is shown."""

STYLE = """
:root{color-scheme:light dark;--paper:#fbf9f4;--sheet:#fff;--ink:#1d1b19;--quiet:#57514a;--line:#ddd7cb;--link:#24405e;
--red:#c8381f}
@media(prefers-color-scheme:dark){:root{--paper:#191715;--sheet:#221f1c;--ink:#f1ece2;--quiet:#c4bdb1;--line:#3d3833;
--link:#b3cbe8;--red:#d2432a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Hiragino Sans","Yu Gothic",Meiryo,"Noto Sans","Noto Sans CJK JP",sans-serif;overflow-wrap:anywhere}
:lang(ja){line-height:1.75;line-break:strict}
main{max-width:46rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.75rem;line-height:1.25;margin:.5rem 0 1rem}
h1::before{content:"";display:block;width:1.25rem;height:1.25rem;border-radius:50%;background:var(--red);margin-bottom:.75rem}
h2{font-size:1.25rem;line-height:1.3;margin:2.5rem 0 .75rem}
.entry h2{font-size:1.0625rem;line-height:1.4;margin:0 0 .5rem}
p{margin:0 0 .75rem;max-width:65ch}
a{color:var(--link);text-underline-offset:.15em}
.quiet{color:var(--quiet)}
ul{list-style:none;margin:0;padding:0}
.lists li{border-top:1px solid var(--line)}
.lists li:last-child{border-bottom:1px solid var(--line)}
.lists a{display:flex;justify-content:space-between;gap:1rem;padding:.625rem 0;min-height:2.75rem;align-items:center}
.lists a{text-decoration:none}.lists a span:first-child{text-decoration:underline}
.count{color:var(--quiet);font-variant-numeric:tabular-nums}
.entry{background:var(--sheet);border:1px solid var(--line);border-radius:6px;padding:1rem;margin:0 0 .75rem}
dl{margin:0;display:grid;grid-template-columns:1fr;gap:0 1rem}
dt{color:var(--quiet);font-size:.875rem}
dd{margin:0 0 .5rem;white-space:pre-wrap}
dd:last-child{margin-bottom:0}
.back a{display:inline-flex;align-items:center;min-height:2.75rem}
@media(min-width:40rem){dl{grid-template-columns:14rem 1fr;gap:.25rem 1rem}dt{font-size:1rem}dd{margin:0}}
@media print{body{background:none}main{max-width:none;padding:0}.back{display:none}.entry{break-inside:avoid}}
"""

Row = Mapping[str, Any]
Found = Mapping[str, Sequence[Row]]


class Pages:
    """Writes the pages of one copy."""

    def __init__(self, language: str, zone: str, made_at: datetime, translated: Callable[[str], str]) -> None:
        self.language, self.zone, self.made_at, self._said = language, zone, made_at, translated

    def index(self, rows: Found) -> str:
        """The first page: which lists there are, what is empty, the file for programs."""
        made = self._words(MADE_AT) % {"when": escape(self._moment(self.made_at))}
        body = [f'<p class="quiet">{made}</p><p>{self._words(LEAD)}</p>']
        body += [self._group(words, [part for part in PARTS if part.group == name], rows) for name, words in GROUPS]
        empty = [f"<li>{self._words(part.words)}</li>" for part in PARTS if not rows[part.name]]
        if empty:
            body.append(f'<h2>{self._words(EMPTY)}</h2><ul class="quiet">{"".join(empty)}</ul>')
        programs = f'{self._words(FOR_PROGRAMS_LEAD)} <a href="data.json">data.json</a>'
        body.append(f"<h2>{self._words(FOR_PROGRAMS)}</h2><p>{programs}</p>")
        return self._frame(self._said(TITLE), "".join(body))

    def _group(self, words: str, parts: Sequence[Part], rows: Found) -> str:
        lines = [
            f'<li><a href="pages/{part.name}.html"><span>{self._words(part.words)}</span>'
            f'<span class="count">{len(rows[part.name])}</span></a></li>'
            for part in parts
            if rows[part.name]
        ]
        return f'<h2>{self._words(words)}</h2><ul class="lists">{"".join(lines)}</ul>' if lines else ""

    def list(self, part: Part, rows: Sequence[Row]) -> str:
        """The page of a list."""
        back = f'<p class="back"><a href="../index.html">{self._words(BACK)}</a></p>'
        note = f'<p class="quiet">{self._words(NOTES[part.name])}</p>' if part.name in NOTES else ""
        entries = [self._entry(part, row, number, of=len(rows)) for number, row in enumerate(rows, start=1)]
        return self._frame(self._said(part.words), "".join(entries), before=back, after=note)

    def _entry(self, part: Part, row: Row, number: int, *, of: int) -> str:
        heading = HEADINGS.get(part.name, "")
        called = self._cell(part, heading, row) if row.get(heading) not in (None, "", {}) else ""
        title = called or (str(number) if of > 1 else "")
        hidden = ONLY_FOR_PROGRAMS.union(OF_NO_USE.get(part.name, ()))
        shown = [name for name in row if name not in hidden and not (called and name == heading)]
        lines = [
            f"<dt>{self._words(COLUMNS[name])}</dt><dd>{self._cell(part, name, row)}</dd>"
            for name in shown
            if row[name] not in (None, "", {}, [])
        ]
        return f'<section class="entry">{f"<h2>{title}</h2>" if title else ""}<dl>{"".join(lines)}</dl></section>'

    # --- values -------------------------------------------------------------------------------------------------------

    def _cell(self, part: Part, name: str, row: Row) -> str:
        value = row[name]
        if name == "file":
            return f'<a href="../{escape(value)}">{escape(str(value))}</a>'
        return escape(self._value(part, name, value, row))

    def _value(self, part: Part, name: str, value: Any, row: Row) -> str:
        codes = WORDS.get((part.name, name))
        if codes is not None and value in codes:
            return self._said(codes[value])
        if part.name == "journal" and name == "verb":
            return self._said(deed(value, row["object"]))
        if part.name == "replies" and name == "value" and row["choices"] and value.isdigit():
            return languages.pick(row["choices"][int(value)], self.language).text
        if name == "meeting_at":
            return self._meeting(row)
        if name == "language":
            return OWN_NAMES.get(str(value), str(value))
        if name == "size":
            return _size(value)
        return self._plain(name, value)

    def _plain(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return self._said(TRUE if value else FALSE)
        if isinstance(value, datetime):
            return self._moment(value)
        if isinstance(value, Mapping):
            return self._fields(name, value) if name in FIELDS else self._texts(name, value)
        if isinstance(value, list):
            return "\n".join(self._plain(name, one) for one in value)
        return str(value)

    def _fields(self, name: str, typed: Mapping[str, Any]) -> str:
        """What somebody typed into a form, a line for each field; what was searched for needs no name."""
        lines = []
        for field in FIELDS[name]:
            if value := str(typed.get(field) or ""):
                called = f"{self._said(COLUMNS[field])}{languages.COLON[self.language]}" if field in COLUMNS else ""
                codes = IN_FIELDS.get(field, {})
                lines.append(called + (self._said(codes[value]) if value in codes else value))
        return "\n".join(lines)

    def _texts(self, name: str, texts: Mapping[str, Any]) -> str:
        """A text in the reader's language, or in all it was written in, each called by its name."""
        if name in PICKED:
            return languages.pick(texts, self.language).text
        written = [(code, str(texts[code])) for code in LANGUAGES if texts.get(code)]
        if len(written) == 1:
            return written[0][1]
        return "\n".join(f"{OWN_NAMES[code]}{languages.COLON[self.language]}{words}" for code, words in written)

    def _meeting(self, row: Row) -> str:
        title = languages.pick(row.get("meeting_title"), self.language).text
        return languages.listed([one for one in (self._moment(row["meeting_at"]), title) if one], self.language)

    def _moment(self, moment: datetime) -> str:
        return moment_in_words(moment, self.language, self.zone)

    def _words(self, message: str) -> str:
        return escape(self._said(message))

    def _frame(self, title: str, body: str, *, before: str = "", after: str = "") -> str:
        return (
            f'<!DOCTYPE html>\n<html lang="{self.language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
            f"<body><main>{before}<h1>{escape(title)}</h1>{after}{body}</main></body></html>\n"
        )


def _size(octets: int) -> str:
    if octets < 1024:
        return f"{octets} B"
    kilobytes = round(octets / 1024)
    return f"{kilobytes} KB" if kilobytes < 1024 else f"{kilobytes / 1024:.1f} MB"
