"""What coordinators do with a mail that waits for them: answer it, enter what it says, settle it, have it taken in
again.

Who may do so is asked by the pages. The bytes of old mails are forgotten here too.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import exists, or_, select, update

from asanokai import clock, db, journal, letters, meetings, members, rsvps
from asanokai.db import session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.intake.opened import open_mail
from asanokai.intake.replies import NOBODY, PREFIX, message_number, normal
from asanokai.intake.row import KEPT, Incoming
from asanokai.members import Address
from asanokai.series import Belonging

LONGEST_REPLY = 8000


@dataclass(frozen=True)
class Addressee:
    """Whom a reply goes to: a member, at the main address, or else the address that stands in From."""

    member_id: int | None
    address: str


def by_id(mail_id: int) -> Incoming:
    """The mail. Raises `Missing`."""
    mail = session().get(Incoming, mail_id)
    if mail is None:
        raise Missing(N_("There is no such mail."))
    return mail


def addressee(mail: Incoming) -> Addressee | None:
    """Whom a reply would go to, None if there is nobody: no sender, or a program.

    A member only by one of the member's own addresses: whoever writes to somebody else's reply address is a stranger.
    """
    author = normal(mail.author or "")
    if not author or author.partition("@")[0] in NOBODY or mail.sender == "":
        return None
    own = session().scalar(select(Address).where(Address.normal == author))
    if own is None:
        return Addressee(None, author)
    main = session().scalar(select(Address).where(Address.member_id == own.member_id, Address.kind == "main"))
    return Addressee(own.member_id, main.text) if main is not None else None


def reply(mail_id: int, words: str, *, language: str, actor_id: int) -> bool:
    """Answer the mail by a letter of these words, and settle it; whether it was new. The same words go once.

    `language` is that of the frame for whoever is no member. Raises `BadInput` without words, `Refused` if there is
    nobody to answer.
    """
    mail = _locked(mail_id)
    said = members.prose(words, longest=LONGEST_REPLY)
    if not said:
        raise BadInput("words", N_("Please write something."))
    to = addressee(mail)
    if to is None:
        raise Refused(N_("This mail cannot be answered: it has no sender, or a program has sent it."))
    new = letters.post(
        "reply",
        f"reply:{mail.id}:{hashlib.sha256(said.encode()).hexdigest()[:16]}",
        member_id=to.member_id,
        address=None if to.member_id else to.address,
        language=None if to.member_id else language,
        meeting_id=mail.meeting_id,
        facts={"words": said, "subject": bare_subject(mail.subject or ""), "answers": _number(mail), "mail": mail.id},
    )
    if new:
        journal.write("reply", "mail", mail.id, actor_id=actor_id, member=mail.member_id, meeting=mail.meeting_id)
    _settle(mail, actor_id)
    return new


def bare_subject(subject: str) -> str:
    """A subject without what answering has put before it."""
    return PREFIX.sub("", " ".join(subject.split()))


def _number(mail: Incoming) -> str:
    return message_number(open_mail(mail.raw)) if mail.raw else ""


def enter(mail_id: int, meeting_id: int, choice: str, guests: int | None, *, actor_id: int) -> None:
    """Enter what the member says in the mail as the answer to a meeting, and settle it.

    Raises `Refused` as `rsvps.answer` does, and if nobody knows whose mail it is.
    """
    mail = _locked(mail_id)
    if mail.member_id is None:
        raise Refused(N_("Nobody knows which member has written this."))
    rsvps.answer(meeting_id, mail.member_id, choice, guests=guests, by="coordinator", actor_id=actor_id)
    mail.meeting_id = mail.meeting_id or meeting_id
    _settle(mail, actor_id)


def settle(mail_id: int, *, actor_id: int) -> None:
    """Say that a mail needs nothing more. Once more changes nothing. Raises `Refused` for one not taken in yet."""
    mail = _locked(mail_id)
    if mail.state == "waiting":
        raise Refused(N_("This mail has not been taken in yet."))
    _settle(mail, actor_id)


def _settle(mail: Incoming, actor_id: int) -> None:
    if mail.state != "parked":
        return
    mail.state, mail.settled_at, mail.settled_by_id = "settled", clock.now(), actor_id
    session().flush()
    journal.write("settle", "mail", mail.id, actor_id=actor_id, member=mail.member_id, meeting=mail.meeting_id)


def take_in_again(mail_id: int, *, actor_id: int) -> None:
    """Let the worker try once more what has failed. Raises `Refused` for others, and once the bytes are gone."""
    mail = _locked(mail_id)
    if mail.outcome != "failed" or mail.state not in ("parked", "settled"):
        raise Refused(N_("Only a mail that could not be taken in can be taken in again."))
    if not session().scalar(select(Incoming.raw.is_not(None)).where(Incoming.id == mail.id)):
        raise Refused(N_("The mail itself has been deleted by now."))
    mail.state, mail.attempts, mail.due_at, mail.outcome, mail.reason = "waiting", 0, clock.now(), None, None
    mail.settled_at = mail.settled_by_id = mail.taken_at = None
    session().flush()
    journal.write("take in again", "mail", mail.id, actor_id=actor_id, member=mail.member_id, meeting=mail.meeting_id)


def _locked(mail_id: int) -> Incoming:
    query = select(Incoming).where(Incoming.id == mail_id).with_for_update()
    mail = session().scalar(query.execution_options(populate_existing=True))
    if mail is None:
        raise Missing(N_("There is no such mail."))
    return mail


def possible(mail: Incoming, series_ids: list[int] | None) -> list[meetings.Meeting]:
    """The meetings that an answer could be entered for: the mail's, else those of the member; of some series
    or (None) of all."""
    if mail.member_id is None:
        return []
    asked = exists().where(rsvps.Rsvp.meeting_id == meetings.Meeting.id, rsvps.Rsvp.member_id == mail.member_id)
    belongs = select(Belonging.series_id).where(Belonging.member_id == mail.member_id, Belonging.role == "member")
    query = (
        select(meetings.Meeting)
        .where(or_(asked, meetings.Meeting.series_id.in_(belongs)), meetings.Meeting.state == "announced")
        .where(meetings.Meeting.starts_at > clock.now())
        .order_by(meetings.Meeting.starts_at)
        .limit(20)
    )
    if series_ids is not None:
        query = query.where(meetings.Meeting.series_id.in_(series_ids))
    found = list(session().scalars(query))
    return sorted(found, key=lambda one: one.id != mail.meeting_id)


# --- forgetting -------------------------------------------------------------------------------------------------------


def forget() -> int:
    """Delete the bytes of mails that came long enough ago; how many. What is not taken in yet keeps them."""
    old = update(Incoming).where(
        Incoming.came_at < clock.now() - KEPT, Incoming.raw.is_not(None), Incoming.state != "waiting"
    )
    return db.affected(session().execute(old.values(raw=None).execution_options(synchronize_session=False)))
