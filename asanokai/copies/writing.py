"""The file: `data.json` with names that stay, pages of what is held, and the files beside them."""

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from asanokai.copies.pages import Pages
from asanokai.copies.parts import PARTS, Part
from asanokai.languages import catalogue

FORMAT, VERSION = "asanokai-copy", 1
Row = Mapping[str, Any]
Found = Mapping[str, Sequence[Row]]


class Writer:
    """Writes one copy, in one language, on the clock of one zone."""

    def __init__(self, language: str, zone: str, made_at: datetime) -> None:
        self.made_at = made_at
        self.pages = Pages(language, zone, made_at, catalogue(language).gettext)

    def write(self, found: Found) -> bytes:
        """The zip's bytes. `found`: name of a part → its rows."""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
            rows = {part.name: [self._beside(part, row, pack) for row in found.get(part.name, ())] for part in PARTS}
            head = {"format": FORMAT, "version": VERSION, "made_at": self.made_at}
            pack.writestr("data.json", json.dumps({**head, **rows}, ensure_ascii=False, indent=1, default=_plain))
            pack.writestr("index.html", self.pages.index(rows))
            for part in PARTS:
                if rows[part.name]:
                    pack.writestr(f"pages/{part.name}.html", self.pages.list(part, rows[part.name]))
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


def _ending(row: Row) -> str:
    found = re.search(r"\.[A-Za-z0-9]{1,8}\Z", str(row.get("name", "mail.eml")))
    return found[0].lower() if found else ""


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
