"""`asanokai …`: what operators and scripts do from the shell. Names and grammar are promises.

Each command says in one line what it did; refusals go to standard error with exit code 1, wrong usage with 2. The rules
stand in the verbs: nothing is decided here.
"""

import logging
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click
import flask_migrate
from flask import Flask
from sqlalchemy import select

from asanokai import announcing, clock, db, demo, importing, invitations, letters, meetings, members, running
from asanokai import series as series_rules
from asanokai.app import create_app
from asanokai.errors import Refused
from asanokai.invitations import Night
from asanokai.letters import Letter
from asanokai.tokens import SIGN_IN_LIFE
from asanokai.worker import Worker, send_due
from config import Config, ConfigError


def _fail(words: object, code: int = 1) -> NoReturn:
    click.echo(str(words), err=True)
    sys.exit(code)


def _app() -> Flask:
    try:
        return create_app(Config.from_env())
    except ConfigError as error:
        _fail(error)


def with_app(command: Callable[..., Any]) -> Callable[..., Any]:
    """Run the command inside the app; a refusal becomes a line on standard error."""

    @wraps(command)
    def inside(*args: Any, **options: Any) -> Any:
        with _app().app_context():
            try:
                return command(*args, **options)
            except Refused as refusal:
                _fail(refusal)

    return inside


def _moment(_context: click.Context, _parameter: click.Parameter, typed: str | None) -> datetime | None:
    if typed is None:
        return None
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        raise click.BadParameter("must be an ISO moment such as 2026-03-12T09:00+01:00") from None
    if moment.tzinfo is None:
        raise click.BadParameter("must have a zone, such as 2026-03-12T09:00+01:00")
    return moment.astimezone(UTC)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Asa no Kai: runs a recurring breakfast meeting."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("apscheduler", "alembic", "mail.log", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


# --- running ----------------------------------------------------------------------------------------------------------


@main.command()
@click.option("--host", envvar="HOST", default="127.0.0.1", show_default=True)
@click.option("--port", envvar="PORT", default=8000, show_default=True, type=click.IntRange(1, 65535))
def run(host: str, port: int) -> None:
    """Try it out: migrate, fill with demo data if empty, start web, worker and a local mail catcher."""
    sys.exit(running.everything(host, port))


@main.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="host:port or unix:PATH")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
def serve(bind: str, workers: int) -> None:
    """Start the web server."""
    try:
        Config.from_env()
    except ConfigError as error:
        _fail(error)
    running.serve(bind, workers)


@main.command()
def worker() -> None:
    """Start the worker: proposes, plans, delivers, tidies."""
    Worker(_app()).run()


@main.group("db")
def database() -> None:
    """The database."""


@database.command()
@with_app
def upgrade() -> None:
    """Bring the database to the newest schema."""
    flask_migrate.upgrade()
    click.echo("The database is up to date.")


@main.command("demo")
@with_app
def demo_() -> None:
    """Fill an empty database with demo data: two series, meetings, topics, members in three languages."""
    with db.transaction():
        filled = demo.fill()
    click.echo(filled)


# --- members ----------------------------------------------------------------------------------------------------------


@main.group()
def member() -> None:
    """Members."""


@member.command("add")
@click.argument("email")
@click.option("--family", default="")
@click.option("--given", default="")
@click.option("--language", default="de", type=click.Choice(["de", "en", "ja"]), show_default=True)
@click.option("--role", default="member", show_default=True, help="member | coordinator:SERIES | administrator")
@with_app
def add_member(email: str, family: str, given: str, language: str, role: str) -> None:
    """Add a member, or give one who exists another role."""
    kind, _, slug = role.partition(":")
    if kind not in ("member", "coordinator", "administrator") or (kind == "coordinator") != bool(slug):
        _fail("--role must be member, coordinator:SERIES or administrator", 2)
    with db.transaction():
        found = members.by_address(email)
        who = found or members.add(email, family=family, given=given, language=language, verified=True)
        if kind == "administrator":
            members.make_administrator(who, True, actor_id=None)
        if kind == "coordinator":
            series_rules.join(series_rules.by_slug(slug), who, "coordinator")
        number = who.id
    click.echo(f"{'Kept' if found else 'Added'} member {number} ({role}): {email}")


@member.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--series", "slug", help="let them belong to this series")
@click.option("--apply", "apply_", is_flag=True, help="take the rows; without it, only say what would happen")
@with_app
def import_members(file: Path, slug: str | None, apply_: bool) -> None:
    """Read members from an office's file. Prints ROW VERDICT REASON for every row."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        sheet = importing.read(data)
    except OSError as error:
        _fail(f"{file} cannot be read: {error.strerror}", 2)
    except Refused as refusal:
        _fail(refusal, 2)
    if apply_:
        with db.transaction():
            verdicts = importing.take(sheet, series=series_rules.by_slug(slug) if slug else None)
    else:
        with db.reading():
            verdicts = importing.preview(sheet, series=series_rules.by_slug(slug) if slug else None)
    for verdict in verdicts:
        click.echo(f"{verdict.row} {verdict.verdict} {verdict.words()}")
    good = any(verdict.verdict in ("new", "changed", "unchanged") for verdict in verdicts)
    sys.exit(0 if good else 1)


@main.command()
@click.argument("email")
@with_app
def sign_in_link(email: str) -> None:
    """Print a link that signs the member in once."""
    click.echo(_sign_in_link(email, SIGN_IN_LIFE))


def _sign_in_link(email: str, life: timedelta) -> str:
    with db.transaction():
        found = members.by_address(email)
        if found is None or found.standing != "accepted":
            _fail(f"There is no member with the address {email}.")
        return running.sign_in_link(found, life)


# --- series and meetings ----------------------------------------------------------------------------------------------


@main.group("series")
def series_() -> None:
    """Series and events."""


@series_.command("add")
@click.option("--slug", required=True)
@click.option("--name", required=True, help="the name; or de=…, en=…, ja=… separated by |")
@click.option("--rule", default=None, help="RRULE text, e.g. FREQ=MONTHLY;BYDAY=2TH; none for an event")
@click.option("--start", default=None, help="local start of the first meeting, e.g. 2026-03-12T08:00")
@click.option("--zone", default="Europe/Berlin", show_default=True)
@click.option("--minutes", default=120, show_default=True, type=int)
@click.option("--seats", default=None, type=int, help="none: unlimited")
@with_app
def add_series(
    slug: str, name: str, rule: str | None, start: str | None, zone: str, minutes: int, seats: int | None
) -> None:
    """Add a series and propose its dates twelve months ahead."""
    with db.transaction():
        row = series_rules.add(slug, name=_texts(name), rule=rule, first=start, zone=zone, minutes=minutes, seats=seats)
        proposed = meetings.propose(row)
        days = ", ".join(meeting.local_date.isoformat() for meeting in proposed[:3])
    click.echo(f"Added series {slug}; {len(proposed)} meetings proposed{': ' + days + ' …' if days else ''}")


def _texts(typed: str) -> dict[str, str]:
    found = dict(part.strip().split("=", 1) for part in typed.split("|") if part.strip()[2:3] == "=")
    return found or {"de": typed.strip()}


@main.group("meeting")
def meeting_() -> None:
    """Meetings."""


@meeting_.command("announce")
@click.argument("series")
@click.argument("day", metavar="DATE")
@with_app
def announce_meeting(series: str, day: str) -> None:
    """Announce the meeting of SERIES on the local DATE (2026-03-12)."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        _fail(f"“{day}” is not a date such as 2026-03-12", 2)
    with db.transaction():
        meeting = meetings.on_date(series_rules.by_slug(series), wanted)
        announcing.announce(meeting.id)
        path = meeting.path
    click.echo(f"Announced {path}")


# --- letters ----------------------------------------------------------------------------------------------------------


@main.group("letters")
def letters_() -> None:
    """The ledger of letters."""


@letters_.command("list")
@click.option("--state", type=click.Choice(letters.STATES))
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@with_app
def list_letters(state: str | None, limit: int) -> None:
    """List letters, newest first: number, state, kind, member, due, reason or the server's words."""
    query = select(Letter).order_by(Letter.id.desc()).limit(limit)
    with db.reading() as session:
        for letter in session.scalars(query.where(Letter.state == state) if state else query):
            words = letter.reason or letter.server_words or ""
            who = letter.member_id or "-"
            click.echo(f"{letter.id} {letter.state} {letter.kind} {who} {letter.due_at.isoformat()} {words}".rstrip())


@letters_.command()
@click.option("--until", callback=_moment, help="ISO with zone; default: 30 days from now")
@with_app
def forecast(until: datetime | None) -> None:
    """Say what goes out next, to how many, and who is left out and why."""
    with db.reading():
        for line in invitations.forecast(until=until or clock.now() + timedelta(days=30)):
            out = "; ".join(f"{count} {reason}" for reason, count in sorted(line.left_out.items()))
            click.echo(
                f"{line.due_at.isoformat()} {line.kind} {line.meeting.path} {line.readers} readers  {out}".rstrip()
            )


@letters_.command()
@click.argument("number", type=int)
@with_app
def retry(number: int) -> None:
    """Queue a failed letter again."""
    with db.transaction():
        letters.retry(number)
    click.echo(f"Letter {number} is queued again.")


@letters_.command("send-due")
@click.option("--at", callback=_moment, help="pretend it is this moment (ISO with zone)")
def send_due_(at: datetime | None) -> None:
    """Plan and deliver until nothing is due, then return."""
    app = _app()
    if at is not None:
        clock.use(lambda: at)
    with app.app_context():
        total = send_due(app, Night(*app.config["ASANOKAI"].night))
    if total.away:
        _fail(f"The mail server cannot be reached: {total.away}")
    click.echo(f"{total.sent} sent, {total.failed} failed, {total.postponed} postponed, {total.dropped} dropped")


if __name__ == "__main__":
    main()
