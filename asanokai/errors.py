"""What a rule says when it says no. The web turns these into answers, the command line into lines.

A refusal carries a message (an English msgid, marked with `N_` so that the catalogues find it) and the facts that
fill it. It does not translate: only the edge knows who is reading.
"""


def N_(message: str) -> str:
    """Mark a message for the catalogues without translating it."""
    return message


class Refused(Exception):
    """A rule said no; nothing was changed. `status` is the HTTP status the edge answers with."""

    status = 409

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    def __str__(self) -> str:
        return self.message % self.facts if self.facts else self.message


class BadInput(Refused):
    """What was typed cannot be meant; `field` names the form field it stands in."""

    status = 422

    def __init__(self, field: str, message: str, **facts: object) -> None:
        super().__init__(message, **facts)
        self.field = field


class Missing(Refused):
    """There is no such thing, or none that this reader may know of."""

    status = 404


class Expired(Refused):
    """The link was good once."""

    status = 410


class TooOften(Refused):
    """Somebody was wrong too often, or asked for too much: later again."""

    status = 429
