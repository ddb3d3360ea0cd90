"""Reports about our letters: bounces, delays, complaints. What they say is `reported`'s; what follows is here.

Which letter: by the token in the recipient (VERP), else a token in what the report returns, else a Message-ID in it,
else a member's token and the letter sent to them last. Anybody can send a report, so what is not proven by a token, or
by a Message-ID of ours together with the address the letter went to, changes no address; a person may look at it.
"""

from dataclasses import dataclass
from typing import Any, Literal

from asanokai import clock, letters, members, merging
from asanokai.errors import Missing
from asanokai.intake import automatic, reported
from asanokai.intake.outcome import Arrived, Outcome
from asanokai.intake.recipient import ours
from asanokai.intake.reported import Report, Told
from asanokai.letters import Letter
from asanokai.members import Address, Member

NO_COMPLAINTS = ("not-spam", "auth-failure", "dmarc")
"""Feedback that asks for nothing: taken back (RFC 6430), or about signatures (RFC 6591)."""

REASONS = {
    "unknown": "there is no such mailbox",
    "permanent": "the address does not work",
    "full": "the mailbox is full",
    "temporary": "could not be delivered",
    "policy": "refused as a matter of policy",
}
"""Sort of a bounce → reason of a letter that came back."""

Proof = Literal["token", "message-id", "member", "address"]


@dataclass(frozen=True)
class Found:
    """The letter and member a report is about, and by what that is known."""

    letter: Letter | None
    member: Member | None
    proof: Proof


def read(arrived: Arrived) -> Outcome | None:
    """What the mail came to, None if it is no report."""
    report = reported.read(arrived.mail, arrived.row.raw or b"", arrived.row.sender)
    if report is None or (not report.complaint and automatic.is_away(arrived.mail)):
        return None
    found = _found(arrived, report)
    if report.complaint:
        return _complaint(report, found)
    entry = report.said_of(_went_to(found))
    assert entry is not None
    if entry.action == reported.NOTHING:
        return _ended("nothing", found, entry, report)
    if entry.action == reported.DELAYED:
        return _delay(report, found, entry)
    return _bounce(report, found, entry)


# --- which letter -----------------------------------------------------------------------------------------------------


def _found(arrived: Arrived, report: Report) -> Found | None:
    letter, proof = _letter(arrived, report)
    if letter is None:
        return _by_member(arrived, report) or _by_address(report)
    return Found(letter, _member(letter.member_id), proof)


def _letter(arrived: Arrived, report: Report) -> tuple[Letter | None, Proof]:
    if arrived.ours is not None and arrived.ours.kind == "bounce":
        return letters.locked(arrived.ours.number), "token"
    for word in report.words:
        token = ours(word, arrived.at.tokens)
        if token is not None and token.kind == "bounce":
            return letters.locked(token.number), "token"
    for number in report.message_ids:
        letter = letters.by_message_id(number)
        if letter is not None:
            return letters.locked(letter.id), "message-id"
    return None, "address"


def _by_member(arrived: Arrived, report: Report) -> Found | None:
    """By a token of the member's own, which stands in the sender of each letter to them and in its headers."""
    tokens = [arrived.ours, *(ours(word, arrived.at.tokens) for word in report.words)]
    number = next((token.number for token in tokens if token and token.kind in ("rsvp", "unsubscribe")), None)
    member = _member(number)
    if member is None:
        return None
    letter = letters.latest_to(member.id)
    return Found(letters.locked(letter.id) if letter else None, member, "member")


def _by_address(report: Report) -> Found | None:
    """By nothing but the address in it, which proves nothing: for a person to look at."""
    for address in report.recipients[:5]:
        number = members.number_of(address)
        if number is not None:
            return Found(letters.latest_to(number), _member(number), "address")
    return None


def _member(number: int | None) -> Member | None:
    if number is None:
        return None
    try:
        member = members.by_id(merging.kept(number))
    except Missing:
        return None
    return member if member.standing != "erased" else None


def _went_to(found: Found | None) -> str:
    """Where the letter went, as far as it is known."""
    if found is None:
        return ""
    if found.letter is not None and found.letter.address:
        return found.letter.address.lower()
    address = members.main_address(found.member) if found.member else None
    return address.normal if address else ""


def _address(found: Found, report: Report) -> Address | None:
    """The member's address that the report is about; None if they have it no more.

    A letter's row does not say where it went unless it was posted to a certain address. A report that speaks of an
    earlier address, and not of the main one, is about the time before it was changed.
    """
    if found.member is None:
        return None
    if found.letter is not None and found.letter.address:
        return members.address_of(found.member.id, found.letter.address)
    main = members.main_address(found.member)
    earlier = [row for row in members.addresses_of(found.member.id) if row.kind != "main"]
    if main is None or (not report.names(main.normal) and any(report.mentions(row.normal) for row in earlier)):
        return None
    return main


# --- what follows -----------------------------------------------------------------------------------------------------


def _bounce(report: Report, found: Found | None, entry: Told) -> Outcome:
    letter = found.letter if found else None
    if found is None or letter is None or not _concerns(found, report):
        return _ended("bounce", found, entry, report, followed=False)
    address = _address(found, report)
    if found.member is not None and address is None:
        # An address they no longer have.
        return _ended("bounce", found, entry, report, followed=False)
    verdict = entry.verdict
    news = letters.bounced(letter.id, entry.words, clock.now(), reason=REASONS[verdict.sort])
    if news and address is not None and _proven(found, report, address):
        members.bounced(
            address, letter_id=letter.id, sort=verdict.sort, status=verdict.status, words=entry.words or verdict.status
        )
    return _ended("bounce", found, entry, report, followed=news)


def _concerns(found: Found, report: Report) -> bool:
    """Whether anything may follow at all: the letter has been sent, not too long ago, and its reader still is there."""
    letter = found.letter
    if letter is None or found.proof == "address" or not letters.listened_to(letter):
        return False
    if letter.member_id is not None and found.member is None:
        return False
    return found.proof != "member" or report.names(_went_to(found))


def _proven(found: Found, report: Report, address: Address) -> bool:
    return found.proof == "token" or report.names(address.normal)


def _delay(report: Report, found: Found | None, entry: Told) -> Outcome:
    letter = found.letter if found else None
    if found is None or letter is None or not _concerns(found, report):
        return _ended("delay", found, entry, report, followed=False)
    noted = letter.state != "bounced" and letters.note_once(letter.id, "delayed", entry.words or None)
    return _ended("delay", found, entry, report, followed=noted)


def _complaint(report: Report, found: Found | None) -> Outcome:
    """Whoever marks a letter as spam wants no more of them; so does who asks the provider to opt out."""
    facts: dict[str, Any] = {"feedback": report.complaint[:40]}
    if report.complaint in NO_COMPLAINTS:
        return _outcome("nothing", found, facts)
    if found is None or found.member is None or found.proof == "address" or not _complains(found, report):
        return _outcome("complaint", found, {**facts, "followed": False})
    address = _address(found, report) or members.main_address(found.member)
    letter = found.letter
    if letter is not None and letters.note_once(letter.id, "complained", report.complaint[:40]) and address:
        members.bounced(address, letter_id=letter.id, sort="complaint", status="", words=report.complaint[:40])
    members.unsubscribe(found.member, by="complaint")
    return _outcome("complaint", found, {**facts, "followed": True})


def _complains(found: Found, report: Report) -> bool:
    """A token, or a Message-ID of ours with the reader's address or with none: most providers take it out."""
    if found.proof in ("token", "member"):
        return True
    told = [address for address in report.recipients if not address.startswith("redacted")]
    return not told or _went_to(found) in told


def _ended(outcome: str, found: Found | None, entry: Told, report: Report, **more: Any) -> Outcome:
    facts = {"sort": entry.verdict.sort, "status": entry.verdict.status, "recipients": list(report.recipients[:10])}
    return _outcome(outcome, found, {**facts, **more})


def _outcome(outcome: str, found: Found | None, facts: dict[str, Any]) -> Outcome:
    if found is None:
        return Outcome(outcome, facts=facts)
    letter = found.letter
    return Outcome(
        outcome,
        member_id=found.member.id if found.member else letter.member_id if letter else None,
        meeting_id=letter.meeting_id if letter else None,
        letter_id=letter.id if letter else None,
        facts={**facts, "by": found.proof},
    )
