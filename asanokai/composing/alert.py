"""What coordinators hear at once shortly before a meeting, as its templates print it; and mails that wait for them."""

from collections.abc import Sequence
from typing import Any

from asanokai import alerting
from asanokai.composing.kinds import KIND_WORDS, PARKED_WORDS, UNKNOWN_SENDER
from asanokai.composing.overtaking import Row
from asanokai.intake import Incoming
from asanokai.letters import Letter
from asanokai.members import Application, Member
from asanokai.showing import Shown

LONGEST_SUBJECT = 80
"""So much of a stranger's subject is shown."""


def alert(row: Row, _shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    """Who declined late, which letters failed, which mails wait."""
    found, language = alerting.contents(row.facts["items"]), row.language
    return {
        "late": [{"name": who.name.full(language), "comment": rsvp.comment or ""} for rsvp, who in found.late],
        "failed": failed_letters(found.failed, language),
        "mails": parked_mails(found.mails, language),
    }


def failed_letters(found: Sequence[tuple[Letter, Member | None]], language: str) -> list[dict[str, Any]]:
    """Letters that did not arrive: to whom, which, and why."""
    return [
        {
            "kind_words": KIND_WORDS[language].get(letter.kind, letter.kind),
            "name": who.name.full(language) if who else (letter.address or ""),
            "words": letter.server_words or letter.reason or "",
        }
        for letter, who in found
    ]


def parked_mails(found: Sequence[tuple[Incoming, Member | None]], language: str) -> list[dict[str, Any]]:
    """Mails that wait for a person: from whom, what they are, their subject."""
    words = PARKED_WORDS[language]
    return [
        {
            "mail_id": mail.id,
            "member": who is not None,
            "name": who.name.full(language) if who else mail.author or UNKNOWN_SENDER[language],
            "words": words.get(mail.outcome or "", words["message"]),
            "subject": _short(mail.subject or ""),
        }
        for mail, who in found
    ]


def _short(subject: str) -> str:
    return subject if len(subject) <= LONGEST_SUBJECT else f"{subject[: LONGEST_SUBJECT - 1]}…"
