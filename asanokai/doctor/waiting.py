"""What waits, and what came back: letters, mails that came, addresses that letters do not reach. Shows whether a worker
lives: what is due and may go does not wait for long while one runs.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, true

from asanokai import clock, db, installation, letters, meetings, members
from asanokai.doctor.check import Check, hint, ok, said, wrong
from asanokai.intake import Incoming, Mailbox
from asanokai.letters import Letter
from asanokai.meetings import Meeting, Moment
from asanokai.members import Address
from asanokai.series import INVITE
from config import Config

LATE = timedelta(minutes=15)
"""What is due for longer waits for a worker that does not run, or for a server that is away."""

DAY, WEEK = timedelta(days=1), timedelta(days=7)

MANY = 3
"""So many addresses whose servers refuse our letters are no single server's whim."""


def examine(config: Config) -> list[Check]:
    """Every check of rows."""
    checks = [pending(), _failed()]
    if _takes_in(config):
        checks += [_coming(), _parked()]
    if config.intake_imap:
        checks += _read_mailboxes()
    policy = _policy()
    return [*checks, _suppressed(), *([policy] if policy else []), _planned()]


def _takes_in(config: Config) -> bool:
    if config.reply_domain or config.intake_lmtp or config.intake_imap:
        return True
    with db.reading() as session:
        return session.scalar(select(Incoming.id).limit(1)) is not None


def pending() -> Check:
    """Letters that are due and may go, and since when the oldest is."""
    with db.reading() as session:
        paused = installation.current().paused_at is not None
        due = Letter.state.in_(("queued", "claimed")), Letter.due_at <= clock.now(), _may_go(paused)
        count = session.scalar(select(func.count()).where(*due))
        oldest = session.scalar(select(func.min(Letter.due_at)).where(*due))
        planned = session.scalar(select(func.count()).where(Letter.state == "queued", Letter.due_at > clock.now()))
        restored = installation.current().restored_from
    words = f"{count} due, {planned} later{', all others paused' if paused else ''}"
    if restored is not None:
        return hint(
            "letters",
            f"{words} since all was restored from a backup of {said(restored)}: a coordinator looks at those that "
            "failed, then lets letters go out again",
        )
    if oldest is None or clock.now() - oldest <= LATE:
        return ok("letters", words)
    return wrong("letters", f"{words}; the oldest waits since {said(oldest)}: is the worker running?")


def _may_go(paused: bool) -> ColumnElement[bool]:
    if paused:
        return Letter.kind.in_(letters.UNPAUSED)
    held = meetings.held_back()
    return or_(Letter.meeting_id.is_(None), Letter.meeting_id.not_in(held)) if held else true()


def _failed() -> Check:
    """Letters of the last 24 hours that did not arrive."""
    since = clock.now() - DAY
    with db.reading() as session:
        query = select(Letter.state, func.count()).where(Letter.state.in_(("failed", "bounced")))
        found = {
            state: n for state, n in session.execute(query.where(Letter.settled_at > since).group_by(Letter.state))
        }
    failed, bounced = found.get("failed", 0), found.get("bounced", 0)
    words = f"in 24 hours {failed} failed, {bounced} came back"
    if not failed and not bounced:
        return ok("not delivered", words)
    return hint("not delivered", f"{words}: “asanokai letters list --state failed” (or bounced) says why")


def _suppressed() -> Check:
    """Members whose main address gets nothing any more, since letters to it came back."""
    with db.reading() as session:
        count = session.scalar(select(func.count()).where(Address.suppressed_at.is_not(None), Address.kind == "main"))
    words = f"{count} main addresses get no letters, since they came back"
    return (
        hint("addresses", f"{words}: the directory shows them (“letters come back”)")
        if count
        else ok("addresses", words)
    )


def _policy() -> Check | None:
    """Refusals that are our server's or our letters' fault (5.7.x), of the last week; None without any."""
    with db.reading():
        found = members.policy_bounces(clock.now() - WEEK)
    if not found:
        return None
    count, last = len({bounce.address_id for bounce in found}), found[0]
    said_there = " ".join(f"{last.status} {last.words}".split())[:160]
    words = (
        f"in 7 days the servers of {count} addresses refused letters for what they are (5.7.x), last: “{said_there}”; "
        "look at SPF, DKIM and DMARC above, and whether MAIL_SERVER stands on a blocklist"
    )
    return (wrong if count >= MANY else hint)("refused as unwanted", words)


# --- mail that came ---------------------------------------------------------------------------------------------------


def _coming() -> Check:
    """Mails that are written down and not taken in."""
    now = clock.now()
    with db.reading() as session:
        waiting = Incoming.state == "waiting"
        count = session.scalar(select(func.count()).where(waiting))
        oldest = session.scalar(select(func.min(Incoming.came_at)).where(waiting))
    words = f"{count} wait to be taken in"
    if oldest is None or now - oldest <= LATE:
        return ok("mails", words)
    return wrong("mails", f"{words}, the oldest since {said(oldest)}: is the worker running?")


def _parked() -> Check:
    """Mails that a person must read."""
    with db.reading() as session:
        parked = Incoming.state == "parked"
        count = session.scalar(select(func.count()).where(parked))
        oldest = session.scalar(select(func.min(Incoming.came_at)).where(parked))
        faults = session.scalar(select(func.count()).where(parked, Incoming.outcome == "failed"))
    words = f"{count} wait for a person"
    if oldest is None:
        return ok("parked mails", words)
    broken = f"; {faults} could not be taken in: the worker's log says why" if faults else ""
    return hint("parked mails", f"{words}, the oldest since {said(oldest)}: read them at /coordinate/mail{broken}")


def _read_mailboxes() -> list[Check]:
    """When the worker last looked into the mailbox; nothing where it never has."""
    with db.reading() as session:
        seen = session.scalar(select(func.max(Mailbox.seen_at)))
    if seen is None:
        return []
    words = f"the worker last looked into the mailbox at {said(seen)}"
    if clock.now() - seen <= LATE:
        return [ok("mails", words)]
    return [wrong("mails", f"{words} (ASANOKAI_INTAKE_IMAP): is it running?")]


# --- the worker -------------------------------------------------------------------------------------------------------


def _planned() -> Check:
    """Whether moments of letters whose time has come were planned: a worker does so every few seconds."""
    oldest = _oldest_moment(clock.now())
    if oldest is None:
        return ok("worker", "nothing that is due waits for it")
    return wrong("worker", f"letters should have been planned at {said(oldest)}: is “asanokai worker” running?")


def _oldest_moment(now: datetime) -> datetime | None:
    with db.reading() as session:
        late = (
            # An invitation's moment stays open until the deadline, for those who join late.
            Moment.kind != INVITE,
            Moment.done_at.is_(None),
            Moment.due_at < now - LATE,
            Meeting.state == "announced",
            Meeting.ends_at > now,
        )
        return session.scalar(
            select(func.min(Moment.due_at)).join(Meeting, Meeting.id == Moment.meeting_id).where(*late)
        )
