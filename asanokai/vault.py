"""Keeps small secrets encrypted in the database, under keys that follow from the list of secret keys.

What was sealed with any key of the list can be opened; the first of them seals (Fernet: AES-128-CBC and HMAC-SHA-256,
the keys by HKDF, RFC 5869). Whoever has the database alone reads none of it.
"""

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Vault:
    """Seals and opens for one purpose; what was sealed for another does not open."""

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        self._fernet = MultiFernet([Fernet(_key(secret, purpose)) for secret in secrets])

    def seal(self, words: str) -> str:
        """The words, to be read by this program only."""
        return self._fernet.encrypt(words.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """The words; None if they were sealed with a key that is not in the list any more."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def renew(self, sealed: str) -> str:
        """The same under the first key, so that an older one can be given up."""
        return self._fernet.rotate(sealed.encode()).decode()


def _key(secret: str, purpose: str) -> bytes:
    derived = HKDF(SHA256(), 32, salt=None, info=f"asanokai.{purpose}".encode()).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
