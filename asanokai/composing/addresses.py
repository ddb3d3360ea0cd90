"""What letters about a change of address say, and the secrets in their links."""

from typing import Any

from asanokai import members, readdressing
from asanokai.composing.overtaking import Row
from asanokai.db import session
from asanokai.languages import moment_in_words
from asanokai.members import AddressChange

SECRETS = ("address_confirm", "address_changed")
"""Letters whose link works once."""


def secret(row: Row) -> str:
    """Minted when the letter is written out; "" where it carries no link."""
    if row.letter.kind == "address_confirm":
        return readdressing.mint_confirmation(row.facts["change"])
    return readdressing.mint_objection(row.facts["change"]) if row.facts.get("entitled") else ""


def confirm(row: Row, _shown: Any, _application: Any) -> dict[str, Any]:
    """Until when the new address can be confirmed."""
    return {"until": _until(row)}


def changed(row: Row, _shown: Any, _application: Any) -> dict[str, Any]:
    """To which of the two it goes, who did it, and until when the old one may object."""
    said = row.facts
    told = {"to": said["to"], "by_coordinator": said["by"] == "coordinator", "until": _until(row)}
    change = session().get_one(AddressChange, said["change"])
    return told | {"entitled": bool(said.get("entitled")), "former": change.before is not None}


def objected(row: Row, _shown: Any, _application: Any) -> dict[str, Any]:
    """Whose address it is about."""
    about = members.by_id(row.facts["member"])
    return {"who": about.name.full(row.language), "about": about.id}


def _until(row: Row) -> str:
    change = session().get_one(AddressChange, row.facts["change"])
    return moment_in_words(readdressing.until(change), row.language, row.member.zone if row.member else "Europe/Berlin")
