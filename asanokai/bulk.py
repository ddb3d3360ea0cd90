"""One deed for many people: first `look` says who, how many, and who is left out and why; then `do` does it to those.

All in the caller's transaction, by the verbs that do it to one, each noted in the journal. What a list holds may change
between looking and doing: `Plan.seal` tells whether it did.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from asanokai import directory, leaving, members
from asanokai import series as series_rules
from asanokai.directory import Listed
from asanokai.errors import N_, BadInput
from asanokai.languages import LANGUAGES
from asanokai.series import Series

DEEDS = ("invite", "part", "language", "letter", "csv", "semicolon", "xlsx")
EXPORTS = ("csv", "semicolon", "xlsx")

# Why somebody is left out; the pages know words for each.
NOT_ACCEPTED = "not a member yet, or no longer"
BELONGS = "belongs to the series already"
BELONGS_NOT = "does not belong to the series as a member"
HAS_IT = "has this language already"
NO_ADDRESS = "no mail address, or letters come back"


@dataclass(frozen=True)
class Deed:
    """What is to be done: one of `DEEDS`, and to what: the number of a series, a language, or ""."""

    name: str
    what: str = ""

    @classmethod
    def read(cls, typed: str) -> "Deed":
        """From "invite:3", "language:ja", "letter". Raises `BadInput` for what is none."""
        name, _, what = typed.partition(":")
        number = what.isascii() and what.isdigit() and len(what) < 10
        fits = {"invite": number, "part": number, "language": what in LANGUAGES}.get(name, what == "")
        if name not in DEEDS or not fits:
            raise BadInput("deed", N_("Please choose what to do."))
        return cls(name, what)

    @property
    def series_id(self) -> int | None:
        """The series it is about, if it is about one."""
        return int(self.what) if self.name in ("invite", "part") else None

    def __str__(self) -> str:
        return f"{self.name}:{self.what}" if self.what else self.name


@dataclass
class Plan:
    """What a deed would do: to whom, and whom it leaves out for which reason (an English msgid)."""

    deed: Deed
    doing: list[Listed] = field(default_factory=list)
    left_out: dict[str, list[Listed]] = field(default_factory=dict)
    seats: int = 0
    """Of how many people seats are given back by it."""

    @property
    def seal(self) -> str:
        """The same as long as the same people are meant."""
        said = f"{self.deed} {[entry.member.id for entry in self.doing]}"
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def look(deed: Deed, member_ids: Sequence[int], *, series: Series | None) -> Plan:
    """What the deed would do to these people of the list of `series`, or (None) of everybody. Writes nothing."""
    belonging = _belonging(deed)
    plan = Plan(deed)
    for entry in directory.entries(member_ids, series=series):
        reason = _reason(deed, entry, belonging)
        if reason is None:
            plan.doing.append(entry)
        else:
            plan.left_out.setdefault(reason, []).append(entry)
    if deed.name == "part":
        plan.seats = leaving.seats_freed(deed.series_id or 0, [entry.member.id for entry in plan.doing])
    return plan


def _belonging(deed: Deed) -> set[int]:
    return series_rules.member_ids(series_rules.by_id(deed.series_id)) if deed.series_id is not None else set()


def _reason(deed: Deed, entry: Listed, belonging: set[int]) -> str | None:
    """Why somebody is left out, None if not."""
    member = entry.member
    if deed.name in EXPORTS:
        return None
    if deed.name == "part":
        return None if member.id in belonging else BELONGS_NOT
    if deed.name == "language":
        return HAS_IT if member.language == deed.what else None
    if member.standing != "accepted":
        return NOT_ACCEPTED
    if deed.name == "invite":
        return BELONGS if member.id in belonging else None
    return NO_ADDRESS if not entry.address or entry.suppressed else None


def do(plan: Plan, *, actor_id: int) -> int:
    """Do it to those the plan names; to how many. An export changes nobody: its caller writes the file."""
    verb = _VERBS.get(plan.deed.name)
    if verb is not None:
        verb(plan, actor_id)
    return len(plan.doing)


def _invite(plan: Plan, actor_id: int) -> None:
    series = series_rules.by_id(plan.deed.series_id or 0)
    for entry in plan.doing:
        series_rules.join(series, entry.member, actor_id=actor_id)


def _part(plan: Plan, actor_id: int) -> None:
    series = series_rules.by_id(plan.deed.series_id or 0)
    leaving.lock(series)
    for entry in plan.doing:
        leaving.leave_series(series, entry.member, actor_id=actor_id)


def _language(plan: Plan, actor_id: int) -> None:
    for entry in plan.doing:
        members.change(entry.member, actor_id=actor_id, language=plan.deed.what)


def _letter(plan: Plan, actor_id: int) -> None:
    for entry in plan.doing:
        members.send_sign_in(entry.member, entry.address, actor_id=actor_id)


_VERBS: dict[str, Callable[[Plan, int], None]] = {
    "invite": _invite,
    "part": _part,
    "language": _language,
    "letter": _letter,
}
