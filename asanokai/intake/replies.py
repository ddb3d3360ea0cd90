"""Replies in plain words: answers where they are unambiguous, else messages to the organisers."""

from asanokai.intake.outcome import Arrived, Outcome


def read(_arrived: Arrived) -> Outcome | None:
    """What the mail came to, None if it is not for this reader."""
    return None
