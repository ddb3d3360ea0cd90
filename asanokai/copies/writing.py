"""The file: `data.json` with names that stay, pages to read in the reader's language, and the files beside them."""

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from asanokai.copies.columns import COLUMNS
from asanokai.copies.parts import PARTS, Part
from asanokai.errors import N_
from asanokai.languages import catalogue

FORMAT, VERSION = "asanokai-copy", 1
STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "dl{border-top:1px solid #999;padding-top:.5rem}dt{font-weight:600}dd{margin:0 0 .4rem;white-space:pre-wrap;"
    "overflow-wrap:anywhere}"
)
TITLE = N_("A copy of your data")
NOTHING_HERE = N_("Nothing is held here.")
MADE_AT = N_("Made on %(when)s")
FOR_PROGRAMS = N_("The same for programs")
BACK = N_("All lists")
YES, NO = N_("Yes, it is so"), N_("No, it is not")

Row = Mapping[str, Any]
Found = Mapping[str, Sequence[Row]]


class Writer:
    """Writes one copy, in one language, on the clock of one zone."""

    def __init__(self, language: str, zone: str, made_at: datetime) -> None:
        self.language, self.zone, self.made_at = language, ZoneInfo(zone), made_at
        self._said = catalogue(language).gettext

    def write(self, found: Found) -> bytes:
        """The zip's bytes. `found`: name of a part → its rows."""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
            rows = {part.name: [self._beside(part, row, pack) for row in found.get(part.name, ())] for part in PARTS}
            head = {"format": FORMAT, "version": VERSION, "made_at": self.made_at}
            pack.writestr("data.json", json.dumps({**head, **rows}, ensure_ascii=False, indent=1, default=_plain))
            pack.writestr("index.html", self._index(rows))
            for part in PARTS:
                pack.writestr(f"pages/{part.name}.html", self._page(part, rows[part.name]))
        return target.getvalue()

    def _beside(self, part: Part, row: Row, pack: zipfile.ZipFile) -> dict[str, Any]:
        """The row with the name of its file instead of the bytes."""
        kept = dict(row)
        if part.file:
            content = kept.pop(part.file)
            kept["file"] = None
            if content is not None:
                kept["file"] = f"{part.name}/{kept['number']}{_ending(kept)}"
                pack.writestr(kept["file"], content)
        return kept

    def _index(self, rows: Found) -> str:
        made = escape(self._said(MADE_AT) % {"when": self._value(self.made_at)})
        lines = [
            f'<li><a href="pages/{part.name}.html">{escape(self._said(part.words))}</a> ({len(rows[part.name])})</li>'
            for part in PARTS
        ]
        programs = f'<p><a href="data.json">{escape(self._said(FOR_PROGRAMS))}</a></p>'
        return self._frame(self._said(TITLE), f"<p>{made}</p><ul>{''.join(lines)}</ul>{programs}")

    def _page(self, part: Part, rows: Sequence[Row]) -> str:
        back = f'<p><a href="../index.html">{escape(self._said(BACK))}</a></p>'
        body = "".join(self._row(row) for row in rows) or f"<p>{escape(self._said(NOTHING_HERE))}</p>"
        return self._frame(self._said(part.words), back + body)

    def _row(self, row: Row) -> str:
        lines = [
            f"<dt>{escape(self._said(COLUMNS[name]))}</dt><dd>{self._cell(name, value)}</dd>"
            for name, value in row.items()
            if value is not None and value != "" and value != {}
        ]
        return f"<dl>{''.join(lines)}</dl>"

    def _cell(self, name: str, value: Any) -> str:
        words = escape(self._value(value))
        return f'<a href="../{words}">{words}</a>' if name == "file" else words

    def _value(self, value: Any) -> str:
        if isinstance(value, bool):
            return self._said(YES if value else NO)
        if isinstance(value, datetime):
            return f"{value.astimezone(self.zone):%Y-%m-%d %H:%M}"
        if isinstance(value, Mapping):
            return "\n".join(f"{name}: {self._value(one)}" for name, one in value.items() if one not in (None, ""))
        if isinstance(value, list):
            return "\n".join(self._value(one) for one in value)
        return str(value)

    def _frame(self, title: str, body: str) -> str:
        return (
            f'<!DOCTYPE html>\n<html lang="{self.language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
            f"<body><h1>{escape(title)}</h1>{body}</body></html>\n"
        )


def _ending(row: Row) -> str:
    found = re.search(r"\.[A-Za-z0-9]{1,8}\Z", str(row.get("name", "mail.eml")))
    return found[0].lower() if found else ""


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
