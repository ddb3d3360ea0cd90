"""Auto-replies (RFC 3834): recognised, counted as nothing."""

from asanokai.intake.outcome import Arrived, Outcome


def read(_arrived: Arrived) -> Outcome | None:
    """What the mail came to, None if it is not for this reader."""
    return None
