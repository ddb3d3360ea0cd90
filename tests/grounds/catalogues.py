"""The gettext catalogues of the pages: complete, without leftovers, and compiled.

`python -m tests.grounds.catalogues` fails with a line for everything that is wrong; `--update` collects the
texts from code and templates, brings `messages.po` up to date and compiles `messages.mo` (both are
committed). Letters are not in here: they are one template per language. English is the language of the msgids
and has no catalogue.
"""

import argparse
import gettext
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HOME = Path(__file__).resolve().parents[2]
TRANSLATIONS = HOME / "asanokai" / "translations"
LANGUAGES = ("de", "ja")
SOURCES = {
    "asanokai": [("**.py", "python")],
    "templates": [("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.xml", "jinja2")],
}
OPTIONS = {
    # As the app sets them: they decide how the text of a {% trans %} block ends.
    "**.html": {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"},
    "**.txt": {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"},
    "**.xml": {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"},
}
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2), "_l": None}
PLACEHOLDER = re.compile(r"%\((\w+)\)|%(?!%)(?=[sd])")
"""What is filled in: `%(name)s`; the name is compared, not how it is written."""

Key = tuple[str | None, tuple[str, ...]]


def collected() -> Catalog:
    """All texts that code and templates ask for."""
    catalog = Catalog(project="Asa no Kai", charset="utf-8", fuzzy=False)
    for folder, methods in SOURCES.items():
        found = extract_from_dir(
            str(HOME / folder),
            methods,
            OPTIONS,
            keywords=KEYWORDS,
            comment_tags=("L10N:",),
            strip_comment_tags=True,
        )
        for name, _line, message, comments, context in found:
            # Without line numbers: a catalogue changes only when a text does.
            catalog.add(message, None, [(f"{folder}/{name}", 0)], auto_comments=comments, context=context)
    return catalog


def problems() -> list[str]:
    """Everything that is wrong with the catalogues, one line each."""
    wanted = {_key(message): message for message in _texts(collected())}
    return [line for language in LANGUAGES for line in _problems_of(language, wanted)]


def update() -> None:
    """Bring the catalogues up to date and compile them. What is new stays empty until it is translated."""
    template = collected()
    for language in LANGUAGES:
        path = _path(language, "po")
        catalog = _read(path, language)
        template.creation_date = catalog.creation_date
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_po(catalog))
        _path(language, "mo").write_bytes(_mo(catalog))


def _problems_of(language: str, wanted: dict[Key, Message]) -> Iterator[str]:
    path = _path(language, "po")
    if not path.exists():
        yield f"{language}: there is no catalogue; `make catalogues` makes one"
        return
    catalog = _read(path, language)
    there = {_key(message): message for message in _texts(catalog)}
    for key in wanted.keys() - there.keys():
        yield f"{language}: missing: {key[1][0]!r}"
    for key in there.keys() - wanted.keys():
        yield f"{language}: nobody asks for: {key[1][0]!r}"
    for message in catalog.obsolete.values():
        yield f"{language}: left over: {message.id!r}"
    for key, message in there.items():
        yield from (f"{language}: {wrong}: {key[1][0]!r}" for wrong in _wrongs(message, catalog.num_plurals))
    if _compiled(_path(language, "mo")) != _compiled(io.BytesIO(_mo(catalog))):
        yield f"{language}: messages.mo is not what messages.po says; `make catalogues` compiles it"


def _wrongs(message: Message, plurals: int) -> Iterator[str]:
    strings = message.string if isinstance(message.string, list | tuple) else (message.string,)
    if message.fuzzy:
        yield "fuzzy"
    if not all(strings) or (message.pluralizable and len(strings) != plurals):
        yield "not translated"
        return
    singular, *plural = message.id if message.pluralizable else (message.id,)
    allowed = _filled(singular).union(*map(_filled, plural))
    for string in strings:
        if not _filled(string) <= allowed:
            yield f"fills in what nobody gives: {sorted(_filled(string) - allowed)}"
        # A plural form may leave out the number ("one guest"), any other text must use everything.
        elif not message.pluralizable and _filled(string) != allowed:
            yield f"leaves out {sorted(allowed - _filled(string))}"


def _filled(text: str) -> set[str]:
    return {match.group() for match in PLACEHOLDER.finditer(text)}


def _texts(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def _key(message: Message) -> Key:
    identity = tuple(message.id) if isinstance(message.id, list | tuple) else (message.id,)
    return message.context, identity


def _path(language: str, kind: str) -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / f"messages.{kind}"


def _read(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language, project="Asa no Kai", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _po(catalog: Catalog) -> bytes:
    file = io.BytesIO()
    write_po(file, catalog, width=110, sort_by_file=True, include_lineno=False, omit_header=False)
    return file.getvalue()


def _mo(catalog: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def _compiled(source: Path | io.BytesIO) -> dict[object, object]:
    """What a compiled catalogue says, without its header, which names dates and versions."""
    if isinstance(source, Path):
        if not source.exists():
            return {}
        source = io.BytesIO(source.read_bytes())
    translations = gettext.GNUTranslations(source)  # type: ignore[arg-type]  # a file in memory
    return {key: text for key, text in vars(translations)["_catalog"].items() if key}


def main() -> None:
    """Check, or with `--update` collect and compile first."""
    parser = argparse.ArgumentParser(prog="python -m tests.grounds.catalogues", description=__doc__)
    parser.add_argument("--update", action="store_true", help="collect texts, update and compile the catalogues")
    if parser.parse_args().update:
        update()
    wrong = problems()
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        sys.exit(f"{len(wrong)} problems in the catalogues")
    print("catalogues: complete")


if __name__ == "__main__":
    main()
