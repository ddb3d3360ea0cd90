"""What the privacy page says about how long things are kept: the limits as they are set, one line for each kind."""

from asanokai.errors import N_
from asanokai.languages import LANGUAGES, catalogue
from asanokai.retention.kinds import FIXED, KINDS
from asanokai.retention.removing import limits

FOR_SO_LONG = N_("%(kind)s: %(days)s %(since)s")
KEPT = N_("%(kind)s: %(limit)s")
DAY, DAYS = N_("%(num)s day"), N_("%(num)s days")


def told() -> dict[str, dict[str, str]]:
    """Language → word that stands for it in the page of law (GDPR Article 13(2)(a)) → a list in Markdown."""
    kept = limits()
    return {language: {"retention": _listed(kept, language)} for language in LANGUAGES}


def _listed(kept: dict[str, int], language: str) -> str:
    say = catalogue(language).gettext

    def days(number: int) -> str:
        return say(DAY if number == 1 else DAYS) % {"num": number}

    fixed = [say(KEPT) % {"kind": say(kind), "limit": say(limit)} for kind, limit in FIXED]
    limited = [
        say(FOR_SO_LONG) % {"kind": say(kind.words), "days": days(kept[kind.name]), "since": say(kind.since)}
        for kind in KINDS
    ]
    return "\n".join(f"- {line}" for line in [*fixed, *limited])
