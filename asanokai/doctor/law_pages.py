"""Whether the pages that the law asks for are complete."""

from collections import Counter

from asanokai import db, law
from asanokai.doctor.check import Check, hint, ok


def examine() -> Check:
    """What is still to be filled in on legal notice, privacy and accessibility."""
    words = unfilled()
    return hint("pages of law", words) if words else ok("pages of law", "complete in all languages")


def unfilled() -> str:
    """The same in one line; "" where nothing is missing."""
    with db.reading():
        found = Counter(gap.kind for gap in law.gaps())
    if not found:
        return ""
    listed = ", ".join(f"{kind} ({number})" for kind, number in found.items())
    return f"places are still to be filled in: {listed}; see /coordinate/settings/law"
