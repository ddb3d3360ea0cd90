"""`asanokai retention`: what has been kept for long enough."""

import click

from asanokai import db, retention
from asanokai.cli.opening import with_app


@click.command("retention")
@click.option("--apply", "apply_", is_flag=True, help="delete it; without it, only say how much would go")
@with_app
def retention_(apply_: bool) -> None:
    """Say how much of which kind is older than its limit, or delete it."""
    with db.reading():
        lines, told = retention.look(), retention.letters_before()
    gone = retention.remove() if apply_ else {line.kind.name: line.due for line in lines}
    for line in lines:
        click.echo(f"{line.kind.name}\t{line.days} days\t{gone[line.kind.name]}")
    click.echo(f"letters to who left, a month before\t{told.due}\tstay for their sake\t{told.waiting}")
    total = sum(gone.values())
    click.echo(f"{total} deleted" if apply_ else f"{total} would be deleted; nothing was")
