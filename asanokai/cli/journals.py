"""`asanokai journal …`: the journal as a file, held against its seals, pruned."""

import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from asanokai import db, journal, seals, terminal
from asanokai.cli.opening import fail, opened, with_app
from asanokai.seals import Keys, Report
from config import Config

_moment = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"])


def _utc(typed: datetime | None) -> datetime | None:
    """A day without a zone begins at midnight UTC."""
    return typed and (typed.replace(tzinfo=UTC) if typed.tzinfo is None else typed.astimezone(UTC))


@click.group("journal")
def journal_() -> None:
    """The journal and its seals."""


@journal_.command()
@click.option("--from", "begin", type=_moment, help="only seals from then on: 2026-03-12, or ISO with zone")
@click.option("--to", "end", type=_moment, help="only seals with entries until then")
@click.option("--with-asides", is_flag=True, help="what was said, and from where, too: personal")
@with_app
def export(begin: datetime | None, end: datetime | None, with_asides: bool) -> None:
    """Print entries and seals as lines of JSON. That it was done is noted."""
    with db.transaction():
        journal.write("export", "journal", None, asides=with_asides)
    with db.reading():
        for line in seals.exported(_utc(begin), _utc(end), asides=with_asides):
            click.echo(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


@journal_.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--expect", default="", metavar="DIGEST", help="a seal with this digest must be there: noted earlier")
@click.option("--key", "public", multiple=True, metavar="PUBLIC", help="believe this key; with FILE, only such")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of lines")
def verify(file: Path | None, expect: str, public: tuple[str, ...], as_json: bool) -> None:
    """Hold the database's journal, or an exported FILE (- for standard input), against its seals; exit 1 if broken."""
    for key in public:
        if len(key) != 64 or not all(sign in "0123456789abcdef" for sign in key):
            fail("--key must be what `asanokai journal keys` printed: 64 hex digits", 2)
    report = _of_file(file, public, expect) if file is not None else _of_database(public, expect)
    if as_json:
        terminal.document(asdict(report))
    elif report.broken is None:
        click.echo(_in_words(report))
    if report.broken is not None:
        fail(f"BROKEN: {report.broken}")


def _of_database(public: tuple[str, ...], expect: str) -> Report:
    with opened() as app:
        config: Config = app.config["ASANOKAI"]
        if public:
            app.extensions["seal_keys"] = Keys(config.seal_keys, [*config.seal_public, *public])
        return seals.verify_now(expect=expect)


def _of_file(file: Path, public: tuple[str, ...], expect: str) -> Report:
    """Needs no database, and with a key no settings: whoever is given the file can check it."""
    config = None if public else Config.from_env()
    believed = Keys(config.seal_keys, config.seal_public) if config else Keys([], public)
    with ExitStack() as stack:
        lines = sys.stdin if str(file) == "-" else stack.enter_context(file.open(encoding="utf-8", errors="replace"))
        return seals.verify(seals.read(lines), believed, expect=expect, whole=False)


def _in_words(report: Report) -> str:
    words = [f"{report.entries} entries under {report.seals} seals hold"]
    if report.begins > 1:
        words.append(f"it begins with seal {report.begins}")
    if report.pruned:
        words.append(f"{report.pruned} older ones were pruned, and a signed seal stands for them")
    if report.head:
        words.append(f"digest {report.head}")
    if report.open:
        since = report.open_since.isoformat() if isinstance(report.open_since, datetime) else report.open_since
        words.append(f"{report.open} since {since} have no seal yet")
    return "; ".join(words)


@journal_.command()
@with_app
def keys() -> None:
    """Print the public part of every key whose seals are believed, the one that signs first: NAME PUBLIC."""
    for name, public in seals.keys().public().items():
        click.echo(f"{name} {public}")


@journal_.command()
@click.option("--before", required=True, type=_moment, help="seals made before then: 2026-03-12, or ISO with zone")
@with_app
def prune(before: datetime) -> None:
    """Let go of old entries; a signed seal stands for them. Nothing goes if the journal is broken."""
    moment = _utc(before)
    assert moment is not None
    with db.transaction():
        gone = seals.prune(moment)
    click.echo(f"Pruned {gone} entries.")
