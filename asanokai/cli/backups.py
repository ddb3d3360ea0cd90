"""`asanokai backup` and `asanokai restore`."""

from pathlib import Path

import click

from asanokai import backup
from asanokai.app import create_app
from asanokai.backup.envelope import Key, Lock
from asanokai.cli.opening import entered, fail, opened
from asanokai.night import Night
from config import Config

_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("backup")
@click.option("--to", "into", type=click.Path(path_type=Path), help="the folder; default: ASANOKAI_BACKUPS")
@click.option("--recipient", "recipients", multiple=True, metavar="AGE-KEY", help="encrypt to age1…; may be repeated")
@click.option("--passphrase-file", type=_file, help="encrypt with the passphrase in this file instead")
@click.option("--keep", type=click.IntRange(1, 10_000), help="remove older ones, all but so many")
def backup_(into: Path | None, recipients: tuple[str, ...], passphrase_file: Path | None, keep: int | None) -> None:
    """Save everything in one file, while the program runs. Settings and keys are not in it."""
    with opened() as app:
        config: Config = app.config["ASANOKAI"]
        if into is None and not config.backups:
            fail("Name the folder by --to, or set ASANOKAI_BACKUPS.", 2)
        made = backup.make(into or Path(config.backups), Lock(recipients, passphrase_file), keep=keep)
    old = f"; {made.dropped} older removed" if made.dropped else ""
    click.echo(f"{made.path}: {made.rows} rows of {made.tables} tables, {made.size} bytes{old}")
    if not recipients and not passphrase_file:
        click.echo("It is not encrypted: whoever can read it reads everything. See --recipient.", err=True)


@click.command("restore")
@click.argument("file", type=_file)
@click.option("--identity-file", type=_file, help="the key that opens it, as age-keygen writes it")
@click.option("--passphrase-file", type=_file, help="the file with its passphrase")
@click.option("--without-erasures", is_flag=True, help="although people who were erased since will be back")
def restore_(file: Path, identity_file: Path | None, passphrase_file: Path | None, without_erasures: bool) -> None:
    """Fill an empty database from a backup, erase again whom the list of erasures names, and hold all letters."""
    with entered(create_app(Config.from_env())) as app:
        night = Night(*app.config["ASANOKAI"].night)
        done = backup.restore(file, Key(identity_file, passphrase_file), night=night, without_erasures=without_erasures)
    click.echo(
        f"Restored {done.rows} rows of {done.tables} tables from {done.made_at:%Y-%m-%d %H:%M} UTC; "
        f"{done.erased} people erased again, {done.letters} letters set aside. All letters wait: a coordinator looks "
        "at the failed ones and lets the others go (Letters, Pauses)."
    )
    if without_erasures:
        click.echo("Without the list of erasures: people who were erased since are back.", err=True)
