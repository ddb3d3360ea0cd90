"""`asanokai …`: what operators and scripts do from the shell. Names and grammar are promises.

Each command says in one line what it did; refusals go to standard error with exit code 1, wrong usage with 2. The rules
stand in the verbs: nothing is decided here. How rows are shown, at a terminal or in a pipe, `terminal` knows.
"""

import io
import logging
import sys
from collections import Counter
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import flask_migrate
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from asanokai import (
    announcing,
    clock,
    db,
    demo,
    doctor,
    importing,
    letters,
    listing,
    meetings,
    members,
    running,
    terminal,
    writing,
)
from asanokai import series as series_rules
from asanokai.app import create_app
from asanokai.cli import backups, journals, keeping
from asanokai.cli import factors as factor_commands
from asanokai.cli.opening import entered, fail, opened, with_app
from asanokai.errors import Refused
from asanokai.importing import VERDICTS, WRITTEN
from asanokai.importing.sheet import MOST_BYTES
from asanokai.intake.files import refused, take_file
from asanokai.intake.opened import MOST_BYTES as MOST_MAIL
from asanokai.languages import LANGUAGES
from asanokai.letters import Letter
from asanokai.night import Night
from asanokai.terminal import Progress
from asanokai.tokens import SIGN_IN_LIFE
from asanokai.worker import Worker, send_due
from config import Config, ConfigError

MOST_NUMBER = 2**31 - 1
"""The highest number a row can have on PostgreSQL."""

COLOURS = {"ok": "green", "hint": "yellow", "wrong": "red"}

as_json_too = click.option("--json", "as_json", is_flag=True, help="one JSON document instead of lines")


class _Commands(click.Group):
    """Turns what may well go wrong into one line on standard error. A traceback means a mistake in the program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for word in args:
            # Bytes that are no UTF-8 arrive as halves of surrogate pairs, which nothing here can store or send.
            if any("\ud800" <= sign <= "\udfff" or sign == "\0" for sign in word):
                raise click.UsageError(f"{ascii(word)[:100]} is not UTF-8.", ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (Refused, ConfigError) as refusal:
            fail(refusal)
        except SQLAlchemyError as error:
            fail(f"The database cannot be used: {doctor.in_one_line(error)}")
        except (PermissionError, FileNotFoundError) as error:
            fail(f"{error.filename}: {error.strerror}")


def _moment(_context: click.Context, _parameter: click.Parameter, typed: str | None) -> datetime | None:
    if typed is None:
        return None
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        raise click.BadParameter("must be an ISO moment such as 2026-03-12T09:00+01:00") from None
    if moment.tzinfo is None:
        raise click.BadParameter("must have a zone, such as 2026-03-12T09:00+01:00")
    if not 2000 <= moment.year < 2200:
        raise click.BadParameter("must lie between the years 2000 and 2199")
    return moment.astimezone(UTC)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """Asa no Kai: runs a recurring breakfast meeting."""
    # Without this, click colours at a terminal and nowhere else.
    context.color = False if terminal.colourless() else None
    written = logging.StreamHandler()
    written.setFormatter(terminal.Log("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[written])
    for noisy in ("apscheduler", "alembic", "mail.log", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no Japanese shows a name by its numbers rather than ending the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


# --- running ----------------------------------------------------------------------------------------------------------


@main.command()
@click.option("--host", envvar="HOST", default="127.0.0.1", show_default=True)
@click.option("--port", envvar="PORT", default=8000, show_default=True, type=click.IntRange(1, 65535))
def run(host: str, port: int) -> None:
    """Try it out: migrate, fill with demo data if empty, start web, worker and a local mail catcher."""
    sys.exit(running.everything(host, port))


@main.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="host:port or unix:PATH")
@click.option("--workers", envvar="WEB_CONCURRENCY", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--quiet", is_flag=True, help="Say only what goes wrong.")
def serve(bind: str, workers: int, quiet: bool) -> None:
    """Start the web server."""
    with opened():
        pass
    running.serve(bind, workers, quiet=quiet)


@main.command()
def worker() -> None:
    """Start the worker: proposes, plans, delivers, tidies."""
    with opened() as app:
        Worker(app).run()


@main.command("doctor")
@click.option("--letter", default="", metavar="ADDRESS", help="send a letter there, to try")
@click.option("--round-trip", is_flag=True, help="send a letter to ourselves and wait until it has come in")
@click.option("--wait", default=60, show_default=True, type=click.IntRange(1, 600), help="seconds for --round-trip")
@as_json_too
def doctor_(letter: str, round_trip: bool, wait: int, as_json: bool) -> None:
    """Check settings, database, mail out and in, DNS, what waits, and clock; exit 1 if anything is wrong."""
    if letter:
        members.normal_address(letter)
    checks = _examined(doctor.Asked(letter, round_trip, wait))
    well = all(check.well for check in checks)
    if as_json:
        terminal.document({"well": well, "checks": [check.as_document() for check in checks]})
    else:
        for check in checks:
            # In full, however narrow the terminal: what is wrong must be readable.
            mark, rest = str(check)[: doctor.MARK], str(check)[doctor.MARK :]
            click.echo(click.style(mark, fg=COLOURS[check.level], bold=not check.well) + rest)
    sys.exit(0 if well else 1)


def _examined(asked: doctor.Asked) -> list[doctor.Check]:
    try:
        app = create_app(Config.from_env())
    except ConfigError as error:
        return doctor.unusable(error.problems)
    with entered(app):
        return doctor.examine(app, asked)


@main.group("db")
def database() -> None:
    """The database."""


@database.command()
def upgrade() -> None:
    """Bring the database to the newest schema."""
    with entered(create_app(Config.from_env())):
        flask_migrate.upgrade()
    click.echo("The database is up to date.")


main.add_command(backups.backup_)
main.add_command(backups.restore_)
main.add_command(keeping.retention_)
main.add_command(journals.journal_)
main.add_command(factor_commands.factor_)


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
    if role not in ("member", "administrator") and not (kind == "coordinator" and slug):
        fail("--role must be member, coordinator:SERIES or administrator", 2)
    with db.transaction():
        found = members.by_address(email)
        if found is not None and found.standing != "accepted":
            fail(f"The member with the address {email} is “{found.standing}” and gets no role.")
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
@as_json_too
@with_app
def import_members(file: Path, slug: str | None, apply_: bool, as_json: bool) -> None:
    """Read members from an office's file. Prints ROW VERDICT REASON for every row."""
    try:
        sheet = importing.read(_content(file))
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}", 2)
    except Refused as refusal:
        fail(refusal, 2)
    work = importing.take if apply_ else importing.preview
    with Progress() as progress, db.transaction() if apply_ else db.reading():
        verdicts = work(sheet, series=series_rules.by_slug(slug) if slug else None, tell=progress)
    counts = Counter(verdict.verdict for verdict in verdicts)
    rows = [listing.of_verdict(verdict) for verdict in verdicts]
    if as_json:
        counted = {verdict: counts[verdict] for verdict in VERDICTS}
        terminal.document({"applied": apply_, "counts": counted, "rows": rows})
    else:
        terminal.show(listing.VERDICTS, rows, line=listing.verdict_line)
    sys.exit(0 if any(counts[verdict] for verdict in (*WRITTEN, "unchanged")) else 1)


def _content(file: Path, most: int = MOST_BYTES) -> bytes:
    """What stands in the file or on standard input; not more than tells that it is too much."""
    if str(file) == "-":
        return sys.stdin.buffer.read(most + 1)
    with file.open("rb") as source:
        return source.read(most + 1)


@main.command()
@click.argument("email")
@with_app
def sign_in_link(email: str) -> None:
    """Print a link that signs the member in once."""
    click.echo(_sign_in_link(email, SIGN_IN_LIFE))
    if running.has_factor(email):
        click.echo("A second factor is set: the code of the app, or a recovery code, is asked for as well.", err=True)


def _sign_in_link(email: str, life: timedelta) -> str:
    with db.transaction():
        found = members.by_address(email)
        if found is None or found.standing != "accepted":
            fail(f"There is no member with the address {email}.")
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
@click.option("--seats", default=None, type=int, help="how many may come; without it, any number")
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
    """Reads a name, or "de=Asa no Kai | ja=朝の会"; without languages it is German."""
    parts = [part.strip() for part in typed.split("|") if part.strip()]
    pairs = [part.split("=", 1) for part in parts if part[2:3] == "="]
    if not pairs:
        return {"de": typed.strip()}
    if len(pairs) < len(parts) or not {language for language, _text in pairs} <= set(LANGUAGES):
        fail("--name must be a name, or names with their languages: de=… | en=… | ja=…", 2)
    return {language: text.strip() for language, text in pairs}


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
        fail(f"“{day}” is not a date such as 2026-03-12", 2)
    with db.transaction():
        meeting = meetings.on_date(series_rules.by_slug(series), wanted)
        announcing.announce(meeting.id)
        path = meeting.path
    click.echo(f"Announced {path}")


# --- mail that comes back ---------------------------------------------------------------------------------------------


@main.command("intake")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@as_json_too
def intake_(files: tuple[Path, ...], as_json: bool) -> None:
    """Take mails from files, or from standard input (-), as if they had arrived."""
    rows = []
    with opened() as app:
        for file in files:
            try:
                taken = take_file(_content(file, MOST_MAIL), app.extensions["intake"])
            except OSError as error:
                taken = refused(f"cannot be read: {error.strerror}")
            rows.append({"file": str(file), **asdict(taken)})
    bad = [row for row in rows if row["verdict"] == "refused"]
    if as_json:
        terminal.document({"mails": rows})
    else:
        taken_in = [listing.intake_row(row) for row in rows if row not in bad]
        terminal.show(listing.INTAKE, taken_in, line=listing.intake_line)
        for row in bad:
            click.echo(f"{row['file']}: {row['reason']}", err=True)
    sys.exit(1 if bad else 0)


# --- letters ----------------------------------------------------------------------------------------------------------


@main.group("letters")
def letters_() -> None:
    """The ledger of letters."""


@letters_.command("list")
@click.option("--state", type=click.Choice(letters.STATES))
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@as_json_too
@with_app
def list_letters(state: str | None, limit: int, as_json: bool) -> None:
    """List letters, newest first: number, state, kind, member, due, reason or the server's words."""
    query = select(Letter).order_by(Letter.id.desc()).limit(limit)
    with db.reading() as session:
        found = session.scalars(query.where(Letter.state == state) if state else query).all()
    facts = [listing.of_letter(letter) for letter in found]
    if as_json:
        terminal.document({"letters": facts})
        return
    terminal.show(listing.LETTERS, [listing.letter_row(letter) for letter in facts], line=listing.letter_line)
    if not found:
        click.echo("There is no such letter." if state else "There is no letter yet.", err=True)


@letters_.command()
@click.option("--until", callback=_moment, help="ISO with zone; default: 30 days from now")
@as_json_too
@with_app
def forecast(until: datetime | None, as_json: bool) -> None:
    """Say what goes out next, to how many, and who is left out and why."""
    until = until or clock.now() + timedelta(days=30)
    with db.reading():
        lines = writing.forecast(until=until)
    facts = [listing.of_forecast(line) for line in lines]
    if as_json:
        terminal.document({"until": until, "letters": facts})
        return
    terminal.show(listing.FORECAST, [listing.forecast_row(line) for line in facts], line=listing.forecast_line)
    if not lines:
        click.echo(f"Nothing goes out by the letter plan until {until.isoformat()}.", err=True)


@letters_.command()
@click.argument("number", type=click.IntRange(1, MOST_NUMBER))
@with_app
def retry(number: int) -> None:
    """Queue a failed letter again."""
    with db.transaction():
        letters.retry(number)
    click.echo(f"Letter {number} is queued again.")


@letters_.command("send-due")
@click.option("--at", callback=_moment, help="pretend it is this moment (ISO with zone)")
@as_json_too
def send_due_(at: datetime | None, as_json: bool) -> None:
    """Plan and deliver until nothing is due, then return."""
    with opened() as app, Progress() as progress:
        if at is not None:
            clock.use(lambda: at)
        total = send_due(app, Night(*app.config["ASANOKAI"].night), tell=progress if progress.shown else None)
    if total.away:
        fail(f"The mail server cannot be reached: {total.away}")
    if as_json:
        terminal.document({name: getattr(total, name) for name in ("sent", "failed", "postponed", "dropped")})
        return
    click.echo(f"{total.sent} sent, {total.failed} failed, {total.postponed} postponed, {total.dropped} dropped")
