"""Who was erased: marks of their addresses, so that no list brings them back."""

from collections.abc import Iterable
from datetime import datetime


def is_known(_normal_address: str) -> bool:
    """Whether the address belonged to somebody who was erased."""
    return False


def lift(_normal_address: str) -> None:
    """Forget that the owner was erased: they apply themself."""


def write_down(_member_id: int, _created_at: datetime, _normal_addresses: Iterable[str]) -> None:
    """Note all addresses of a member who is being erased."""
