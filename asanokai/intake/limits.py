"""Caps on what is read, and the guard against loops: our own letters that came back, mails that go round."""

from asanokai import letters
from asanokai.errors import N_
from asanokai.intake.outcome import Arrived, Outcome
from asanokai.intake.recipient import ours

MOST_HOPS = 50
TOO_MUCH = N_("This mail is too large to be read by the program. Please ask its sender to write again, briefly.")


def read(arrived: Arrived) -> Outcome | None:
    """What the mail came to, None if it may be read on.

    A mail that only refers to a letter of ours, or holds one, is somebody else's: a reply, a forward, a report.
    """
    mail = arrived.mail
    hops = len(mail.all("received"))
    if hops > MOST_HOPS:
        return Outcome("own", facts={"hops": hops})
    letter = letters.by_message_id(mail.header("message-id"))
    if letter is not None:
        return Outcome("own", letter_id=letter.id, facts={"by": "message-id"})
    mark = _mark(arrived)
    if mark is not None:
        return Outcome("own", facts={"by": mark})
    if mail.too_much:
        return Outcome("too much", "parked", TOO_MUCH, facts={"too_much": mail.too_much})
    return None


def _mark(arrived: Arrived) -> str | None:
    """What says that we wrote it ourselves: the sender's token, our List-Id, our own mark against loops."""
    mail, at = arrived.mail, arrived.at
    if any(ours(address, at.tokens) for address in mail.addresses("from", "sender")):
        return "from"
    if mail.header("list-id").strip().lower().endswith(f".{at.mail_domain.lower()}>"):
        return "list-id"
    looped = [value.strip().strip("<>").lower() for value in mail.all("x-loop")]
    own = {domain.lower() for domain in (at.reply_domain, at.mail_domain) if domain}
    if any(ours(value, at.tokens) or value.rpartition("@")[2] in own for value in looped):
        return "x-loop"
    return None
