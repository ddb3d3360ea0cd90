"""The pages the law asks for: legal notice, privacy, accessibility. Which text stands, what is still to be filled in,
and which text stood when.

Every page has a default text in each language (`templates/law`), which an administrator may replace. One mark stands in
all of them for what only the operator knows: ``[[email: what to put here]]`` is filled from `FACTS`, once for all
languages; ``[[what to put here]]`` is for whoever edits the text. What has no value stays in its brackets and is a gap.
A fact of "-" says that there is none: its paragraph, or its line in a list, is left out.

It knows no page. How long things are kept is told by who asks (`Told`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, installation, markdown
from asanokai.db import Base, session
from asanokai.errors import N_, Missing
from asanokai.installation import Installation
from asanokai.languages import LANGUAGES

KINDS = ("imprint", "privacy", "accessibility")
FACTS = (
    *("name", "address", "representative", "email", "phone", "register", "vat_id", "responsible", "officer"),
    *("host", "mail_host", "log_days", "backup_days", "authority", "enforcement", "tested"),
)
"""What the texts ask of whoever runs this installation. Names and addresses are the same in every language."""

MAY_LACK = ("register", "vat_id", "responsible", "officer", "log_days", "backup_days", "enforcement")
"""Facts that an installation may rightly have none of; "-" says so."""

NONE = "-"
WRITTEN = datetime(2026, 11, 30, tzinfo=UTC)
"""When the default texts were written."""

MOST_SHOWN = 50

_HERE = Path(__file__).resolve().parent.parent / "templates" / "law"
_MARK = re.compile(r"\[\[(?:([a-z_]+)(?:: ?|(?=\])))?([^\[\]\n]{0,200})\]\]")
_SHOWN = re.compile(r"\[\[([^\[\]<>\n]{1,400})\]\]")
_HEADING = re.compile(r"(#{1,6}) .*")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#~])")

Told = Mapping[str, str]
"""What the program itself says in a text, by the word it stands under ("retention"), as Markdown."""


class LawText(Base):
    """A text that stood on a page from `since` on, until the next of its kind and language. Never changed."""

    __tablename__ = "law_text"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"language IN {LANGUAGES}", name="language"),
        Index(None, "kind", "language", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    language: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))


@dataclass(frozen=True)
class Gap:
    """A place to fill in: on which page, in which language, and what belongs there."""

    kind: str
    language: str
    words: str


@lru_cache(maxsize=32)
def default(kind: str, language: str) -> str:
    """The text this program brings along."""
    return (_HERE / f"{kind}.{language}.md").read_text(encoding="utf-8").strip()


def own(row: Installation, kind: str) -> dict[str, str]:
    """What an administrator wrote instead, by language."""
    found: dict[str, str] | None = getattr(row, kind)
    return found or {}


def written(row: Installation, kind: str, language: str) -> str:
    """The text as an administrator edits it, with its marks."""
    return own(row, kind).get(language) or default(kind, language)


def text(row: Installation, kind: str, language: str, told: Told | None = None) -> str:
    """The text as it stands on its page, in Markdown. What is not known stays in its brackets."""
    facts: dict[str, str] = row.legal or {}
    blocks = written(row, kind, language).replace("\r\n", "\n").split("\n\n")
    return "\n\n".join(_with_something_beneath([_filled(block, facts, told or {}, language) for block in blocks]))


def _with_something_beneath(blocks: list[str]) -> Iterator[str]:
    """What is not left out (""), without headings that stand over nothing for that reason."""
    for place, block in enumerate(blocks):
        under = next(filter(None, blocks[place + 1 :]), "")
        bare = blocks[place + 1 : place + 2] == [""] and (not under or 0 < _level(under) <= _level(block))
        if block and not (_level(block) and bare):
            yield block


def _level(block: str) -> int:
    found = _HEADING.fullmatch(block.strip())
    return len(found[1]) if found else 0


def _filled(block: str, facts: Mapping[str, str], told: Told, language: str) -> str:
    lacking = [line for line in block.split("\n") if any(facts.get(name) == NONE for name, _ in _MARK.findall(line))]
    if lacking and not block.lstrip().startswith("- "):
        return ""
    lines = [line for line in block.split("\n") if line not in lacking]
    return _MARK.sub(lambda mark: _value(mark, facts, told, language), "\n".join(lines))


def _value(mark: re.Match[str], facts: Mapping[str, str], told: Told, language: str) -> str:
    name, asked = mark[1] or "", mark[2]
    if name in told:
        return told[name]
    known = facts.get(name, "")
    if known and name == "email" and "@" in known:
        return f"<{known}>"
    if known:
        return _SPECIAL.sub(r"\\\1", known)
    if name in ("authority", "retention"):
        return default(name, language)
    return f"[[{asked or name}]]"


def to_html(shown: str) -> str:
    """Clean HTML of a text, its gaps marked."""
    return _SHOWN.sub(r'<mark class="gap">[\1]</mark>', markdown.to_html(shown, headings=True))


def gaps_of(shown: str) -> list[str]:
    """What is still to be filled in in a text as it stands."""
    return list(dict.fromkeys(_SHOWN.findall(shown)))


def gaps(row: Installation | None = None) -> list[Gap]:
    """What is still to be filled in on all pages, in all languages."""
    row = row or installation.current()
    return [Gap(kind, language, words) for kind, language in _all() for words in gaps_of(text(row, kind, language))]


def _all() -> Iterator[tuple[str, str]]:
    return ((kind, language) for kind in KINDS for language in LANGUAGES)


# --- changing ---------------------------------------------------------------------------------------------------------


def fill_in(facts: Mapping[str, str], *, actor_id: int | None, told: Mapping[str, Told] | None = None) -> None:
    """Set what the texts ask for; all texts that it changes are kept as new ones."""
    known = {name: " ".join(str(facts.get(name) or "").split()) for name in FACTS}
    said: dict[str, str] = {name: words for name, words in known.items() if words}
    installation.change(actor_id=actor_id, legal=said or None)
    note(told, actor_id=actor_id)


def rewrite(kind: str, texts: Mapping[str, str], *, actor_id: int, told: Mapping[str, Told] | None = None) -> None:
    """Put an administrator's texts in the place of the default ones; what is empty or the same is the default."""
    said = {language: (texts.get(language) or "").replace("\r\n", "\n").strip() for language in LANGUAGES}
    changed = {language: words for language, words in said.items() if words and words != default(kind, language)}
    installation.change(actor_id=actor_id, **{kind: changed or None})
    note(told, actor_id=actor_id)


# --- which text stood when --------------------------------------------------------------------------------------------


def note(told: Mapping[str, Told] | None = None, *, actor_id: int | None = None) -> int:
    """Keep every text that differs from the one kept last; how many. `told`: by language. The worker does so once in a
    while, since a new version of the program may bring other texts."""
    row, changed = installation.current(), 0
    newest = {(kept.kind, kept.language): kept for kept in _newest()}
    for kind, language in _all():
        shown, before = text(row, kind, language, (told or {}).get(language)), newest.get((kind, language))
        if before is None or before.text != shown:
            session().add(LawText(kind=kind, language=language, text=shown, since=clock.now(), actor_id=actor_id))
            changed += 1
    session().flush()
    return changed


def _newest() -> list[LawText]:
    last = select(func.max(LawText.id)).group_by(LawText.kind, LawText.language)
    return list(session().scalars(select(LawText).where(LawText.id.in_(last))))


def since(kind: str, language: str) -> datetime:
    """Since when the text stands that is there now, as far as it was kept."""
    query = select(func.max(LawText.since)).where(LawText.kind == kind, LawText.language == language)
    return session().scalar(query) or WRITTEN


def kept(kind: str) -> list[LawText]:
    """The texts of a page that were kept, the newest first."""
    query = select(LawText).where(LawText.kind == kind).order_by(LawText.id.desc()).limit(MOST_SHOWN)
    return list(session().scalars(query))


def by_id(number: int) -> LawText:
    """One text that was kept. Raises `Missing`."""
    found = session().get(LawText, number)
    if found is None:
        raise Missing(N_("There is no such page, or none that you may see."))
    return found
