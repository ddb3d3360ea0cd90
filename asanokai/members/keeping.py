"""Adding members, describing them, finding them, and where their letters go."""

import secrets
import unicodedata
from collections.abc import Collection
from typing import Any

from sqlalchemy import select, update

from asanokai import clock, consents, devices, erased, journal
from asanokai.db import session
from asanokai.errors import N_, BadInput, Missing
from asanokai.languages import SALUTATIONS, known, zones
from asanokai.members.rows import Address, Member, Organisation
from asanokai.members.typed import cleaned, filed, folded, normal_address


def organisation(name: str) -> Organisation | None:
    """The organisation of that name, made if need be; None for an empty name."""
    name = cleaned(name)
    if not name:
        return None
    folded = unicodedata.normalize("NFKC", name).casefold()
    found = session().scalar(select(Organisation).where(Organisation.normal == folded))
    if found is None:
        found = Organisation(name=name, normal=folded)
        session().add(found)
        session().flush()
    return found


def organisation_name(member: Member) -> str:
    """What the member's organisation is called, "" without one."""
    if member.organisation_id is None:
        return ""
    return session().get_one(Organisation, member.organisation_id).name


NAMES = ("title", "family", "given", "family_ja", "given_ja", "family_kana", "given_kana", "position")
"""The fields of a member that are a line of text."""


ERASED = N_("Whoever has this address had their data deleted. They can come back only by applying themselves.")


def comes_back(member: Member) -> None:
    """Who confirmed an application may stand in lists again, even if they were deleted once."""
    for normal in session().scalars(select(Address.normal).where(Address.member_id == member.id)):
        erased.lift(normal)


def add(
    email: str | None,
    *,
    standing: str = "accepted",
    actor_id: int | None = None,
    verified: bool = False,
    **person: Any,
) -> Member:
    """A new member; `person` holds fields as for `describe`. Raises `BadInput` if the address is taken, or if its owner
    was deleted and somebody else (`actor_id`) would bring them back."""
    now = clock.now()
    normal = normal_address(email) if email is not None else None
    if normal is not None and by_address(normal) is not None:
        raise BadInput("email", N_("There is already a member with the address %(address)s."), address=normal)
    if normal is not None and actor_id is not None and erased.is_known(normal):
        raise BadInput("email", ERASED)
    member = Member(
        standing=standing,
        calendar_secret=secrets.token_urlsafe(24),
        created_at=now,
        joined_at=now if standing == "accepted" else None,
        organisation=None,
    )
    describe(member, **person)
    session().add(member)
    session().flush()
    if email is not None and normal is not None:
        kept = Address(
            member_id=member.id,
            text=as_typed(email),
            normal=normal,
            kind="main",
            verified_at=now if verified else None,
        )
        session().add(kept)
    _file(member)
    session().flush()
    journal.write("add", "member", member.id, actor_id=actor_id, standing=standing)
    return member


def describe(member: Member, **person: Any) -> None:
    """Set names, `salutation`, `organisation` (its name), `position`, `language`, `zone`; what is not given stays.

    Raises `BadInput` for a language, zone or salutation that does not exist.
    """
    for field in NAMES:
        if field in person:
            setattr(member, field, cleaned(person[field]))
    if "organisation" in person:
        found = organisation(person["organisation"] or "")
        member.organisation = found
        member.organisation_id = found.id if found else None
    if "salutation" in person:
        if (person["salutation"] or "") not in SALUTATIONS:
            raise BadInput("salutation", N_("Please choose one of the forms of address offered."))
        member.salutation = person["salutation"] or ""
    if "language" in person:
        language = known(person["language"])
        if language is None:
            raise BadInput("language", N_("Please choose German, English or Japanese."))
        member.language = language
    if "zone" in person:
        if person["zone"] not in zones():
            raise BadInput("zone", N_("“%(zone)s” is not a time zone."), zone=str(person["zone"])[:60])
        member.zone = person["zone"]
    if member.id is not None:
        _file(member)


def _file(member: Member) -> None:
    """Keep what the member is found by and where in a list they stand."""
    session().flush()
    address = session().scalar(select(Address.normal).where(Address.member_id == member.id, Address.kind == "main"))
    lines = (
        f"{member.family} {member.given} {member.family}",
        f"{member.family_ja}{member.given_ja} {member.family_ja} {member.given_ja}",
        f"{member.family_kana}{member.given_kana} {member.family_kana} {member.given_kana}",
        organisation_name(member),
        address or "",
    )
    member.sought = "\n".join(folded(line).strip() for line in lines if line.strip())
    member.filed = filed(member.name.sort_key())


def change(member: Member, *, actor_id: int | None, **person: Any) -> None:
    """Describe the member anew and note it."""
    describe(member, **person)
    journal.write("change", "member", member.id, actor_id=actor_id, fields=sorted(person))


def by_address(typed: str) -> Member | None:
    """The member with that address, main or other. Raises `BadInput` if it cannot be an address."""
    normal = normal_address(typed)
    return session().scalar(select(Member).join(Address).where(Address.normal == normal))


def by_id(member_id: int) -> Member:
    """The member. Raises `Missing`."""
    member = session().get(Member, member_id)
    if member is None:
        raise Missing(N_("There is no such member."))
    return member


def by_ids(member_ids: Collection[int]) -> dict[int, Member]:
    """Several members by their numbers, in one statement."""
    if not member_ids:
        return {}
    return {member.id: member for member in session().scalars(select(Member).where(Member.id.in_(member_ids)))}


def main_address(member: Member) -> Address | None:
    """Where letters to the member go."""
    return session().scalar(select(Address).where(Address.member_id == member.id, Address.kind == "main"))


def as_typed(typed: str) -> str:
    """An address as somebody wrote it, which letters go to."""
    return unicodedata.normalize("NFKC", typed).strip()


def respell(address: Address, typed: str) -> None:
    """Write the same address in another way. Raises `BadInput` if it is another one."""
    if normal_address(typed) != address.normal:
        raise BadInput("email", N_("This is another address."))
    address.text = as_typed(typed)


def change_address(member: Member, typed: str, *, actor_id: int | None, verified: bool = False) -> None:
    """Give the member another main address. Raises `BadInput` if it is somebody's already.

    Tells nobody: that is `readdressing`. `verified` says that somebody has just shown to read it.
    """
    normal = normal_address(typed)
    owner = by_address(normal)
    if owner is not None and owner.id != member.id:
        raise BadInput("email", N_("There is already a member with the address %(address)s."), address=normal)
    session().execute(update(Address).where(Address.member_id == member.id).values(kind="also"))
    kept = session().scalar(select(Address).where(Address.normal == normal))
    if kept is None:
        kept = Address(member_id=member.id, normal=normal)
        session().add(kept)
    kept.text, kept.kind = as_typed(typed), "main"
    kept.suppressed_at = kept.reason = None
    if verified:
        kept.verified_at = clock.now()
    _file(member)
    journal.write("change address", "member", member.id, actor_id=actor_id)


def number_of(typed: str) -> int | None:
    """The number of the member with that address, if there is one."""
    try:
        member = by_address(typed)
    except BadInput:
        return None
    return member.id if member else None


def unsubscribe(member: Member, *, by: str = "page") -> None:
    """No invitations, reminders and evening notes any more; withdraws the consent to them. `by` as in `consents.ENDS`.
    Twice is as good as once; of who has been erased nothing is written any more."""
    if member.standing == "erased":
        return
    consents.withdraw(member.id, ("invitations",), by=by, actor_id=member.id)
    if member.unsubscribed_at is None:
        member.unsubscribed_at = clock.now()
        journal.write("unsubscribe", "member", member.id, actor_id=member.id)


def subscribe(member: Member, *, actor_id: int | None) -> None:
    """Letters again."""
    if member.unsubscribed_at is not None:
        member.unsubscribed_at = None
        journal.write("subscribe", "member", member.id, actor_id=actor_id)


def make_administrator(member: Member, administrator: bool, *, actor_id: int | None) -> None:
    """Give or take the right to everything. Who loses it is signed out everywhere."""
    if member.administrator and not administrator:
        devices.end_all(member.id)
    member.administrator = administrator
    journal.write("make administrator", "member", member.id, actor_id=actor_id, administrator=administrator)
