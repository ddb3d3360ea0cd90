"""Caps on what is read, and the guard against loops: our own letters that came back, mails that go round."""

from asanokai import letters
from asanokai.errors import N_
from asanokai.intake.outcome import Arrived, Outcome

MOST_HOPS = 50
TOO_MUCH = N_("This mail is too large to be read by the program. Please ask its sender to write again, briefly.")


def read(arrived: Arrived) -> Outcome | None:
    """What the mail came to, None if it may be read on."""
    mail = arrived.mail
    if mail.too_much:
        return Outcome("too much", "parked", TOO_MUCH, facts={"too_much": mail.too_much})
    if len(mail.all("received")) > MOST_HOPS:
        return Outcome("own", facts={"hops": len(mail.all("received"))})
    letter = letters.by_message_id(mail.header("message-id"))
    if letter is not None:
        return Outcome("own", letter_id=letter.id)
    return None
