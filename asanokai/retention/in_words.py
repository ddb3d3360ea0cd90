"""What the privacy page says about how long things are kept: the limits as they are set, one line for each kind."""

from asanokai.errors import N_
from asanokai.languages import LANGUAGES, catalogue
from asanokai.retention.kinds import FIXED, KINDS
from asanokai.retention.removing import limits

FOR_SO_LONG = N_("%(kind)s: %(days)s %(since)s")
KEPT = N_("%(kind)s: %(limit)s")
DAY, DAYS = N_("%(num)s day"), N_("%(num)s days")
YEAR, YEARS = N_("%(num)s year"), N_("%(num)s years")

IN_A_YEAR = 365


def told() -> dict[str, dict[str, str]]:
    """Language → word that stands for it in the page of law (GDPR Article 13(2)(a)) → a list in Markdown."""
    kept = limits()
    return {language: {"retention": _listed(kept, language)} for language in LANGUAGES}


def _listed(kept: dict[str, int], language: str) -> str:
    say = catalogue(language).gettext

    def for_so_long(days: int) -> str:
        years, rest = divmod(days, IN_A_YEAR)
        if years and not rest:
            return say(YEAR if years == 1 else YEARS) % {"num": years}
        return say(DAY if days == 1 else DAYS) % {"num": days}

    fixed = [say(KEPT) % {"kind": say(kind), "limit": say(limit)} for kind, limit in FIXED]
    limited = [
        say(FOR_SO_LONG) % {"kind": say(kind.words), "days": for_so_long(kept[kind.name]), "since": say(kind.since)}
        for kind in KINDS
    ]
    return "\n".join(f"- {line}" for line in [*fixed, *limited])
