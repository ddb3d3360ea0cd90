"""Who signs seals, and whose signature is believed.

Ed25519, so that whoever checks an exported journal needs the public part alone and could forge nothing with it. The
private part is derived (HKDF, RFC 5869) from a secret that is there anyway: ASANOKAI_SEAL_KEY where the operator gives
the worker one of its own, else ASANOKAI_SECRET_KEY. So there is no second file to keep, to back up and to lose. Keys
that were changed go on being believed through the fallbacks; later their public part in ASANOKAI_SEAL_PUBLIC is enough.
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

PURPOSE = b"asanokai.journal.seal.1"


class Keys:
    """The first secret signs; all secrets and public parts verify."""

    def __init__(self, secrets: Sequence[str], public: Sequence[str] = ()) -> None:
        self._secrets, self._public = list(secrets), list(public)

    @cached_property
    def _private(self) -> list[Ed25519PrivateKey]:
        # Only where something is signed or verified: most pages never ask.
        return [_derived(secret) for secret in self._secrets]

    @cached_property
    def _believed(self) -> dict[str, Ed25519PublicKey]:
        own = [private.public_key() for private in self._private]
        given = [Ed25519PublicKey.from_public_bytes(bytes.fromhex(words)) for words in self._public]
        return {_name(public): public for public in (*given, *own)}

    @property
    def key_id(self) -> str:
        """The name of the key that signs."""
        return _name(self._private[0].public_key())

    def public(self) -> dict[str, str]:
        """Name → public part of every key that is believed, the signing one first."""
        named = {name: public.public_bytes_raw().hex() for name, public in self._believed.items()}
        return {self.key_id: named[self.key_id], **named} if self._private else named

    def sign(self, words: bytes) -> str:
        """The signature, in hexadecimal."""
        return self._private[0].sign(words).hex()

    def knows(self, key_id: str) -> bool:
        """Whether signatures of this key can be verified."""
        return key_id in self._believed

    def holds(self, key_id: str, signature: str, words: bytes) -> bool:
        """Whether the key signed these words."""
        try:
            self._believed[key_id].verify(bytes.fromhex(signature), words)
        except (InvalidSignature, ValueError, KeyError):
            return False
        return True


def _derived(secret: str) -> Ed25519PrivateKey:
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)


def _name(public: Ed25519PublicKey) -> str:
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


def keys() -> Keys:
    """The current app's."""
    found: Keys = current_app.extensions["seal_keys"]
    return found
