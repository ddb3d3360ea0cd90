"""Signed links and mail addresses, each with a purpose and, where it is stated, a life.

A link's token says one thing for one purpose: a token for another purpose, altered, or signed with a key that is not in
the list is worth nothing. Addresses carry a number and 80 bits of HMAC in lower-case base32, since mail systems fold
case and a local part may have 64 octets. It does not know whom the numbers mean, and it does not spend tokens: what
works once is remembered by the row that minted it.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from asanokai import clock
from asanokai.errors import N_, Expired, Missing

SIGN_IN_LIFE = timedelta(minutes=15)
UNSUBSCRIBE_LIFE = timedelta(days=730)
UNDO_LIFE = timedelta(days=30)
OPT_IN_LIFE = timedelta(days=14)
ADDRESS_LIFE = timedelta(days=2)
OBJECTION_LIFE = timedelta(days=7)
ANSWER_LIFE_AFTER_MEETING = timedelta(days=30)
SPEAKING_LIFE_AFTER_MEETING = timedelta(days=30)


class _ClockSigner(TimestampSigner):
    """itsdangerous with the program's clock instead of the system's."""

    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


class Tokens:
    """Makes and reads tokens under a list of secrets: the newest first signs, all of them verify."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = [secret.encode() for secret in secrets]
        self._serializers: dict[str, URLSafeTimedSerializer] = {}

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        if purpose not in self._serializers:
            # itsdangerous signs with the last key of its list.
            self._serializers[purpose] = URLSafeTimedSerializer(
                list(reversed(self._secrets)), salt=f"asanokai.{purpose}", signer=_ClockSigner
            )
        return self._serializers[purpose]

    def mint(self, purpose: str, value: Any) -> str:
        """A token for a link. `value` is anything JSON can hold; it can be read by whoever has the link."""
        return str(self._serializer(purpose).dumps(value))

    def read(self, purpose: str, token: str, *, life: timedelta | None = None) -> Any:
        """What the token says.

        Raises `Missing` if it was not minted here for this purpose, `Expired` if it is older than `life`.
        """
        try:
            return self._serializer(purpose).loads(
                token, max_age=int(life.total_seconds()) if life is not None else None
            )
        except SignatureExpired as error:
            raise Expired(N_("This link is no longer valid.")) from error
        except (BadSignature, UnicodeError) as error:
            raise Missing(N_("This link is not valid. Please open it exactly as it stands in the letter.")) from error

    def holds(self, purpose: str, token: str) -> bool:
        """Whether it was minted here for this purpose, however long ago."""
        try:
            self.read(purpose, token)
        except Missing:
            return False
        return True

    def mint_address(self, purpose: str, number: int) -> str:
        """The token in a mail address: lower-case base32, at most 29 characters for numbers below 2**64."""
        raw = number.to_bytes((number.bit_length() + 7) // 8 or 1, "big")
        return base64.b32encode(raw + self._mac(self._secrets[0], purpose, raw)).decode().lower().rstrip("=")

    def read_address(self, purpose: str, token: str) -> int | None:
        """The number in an address token, in any case of letters, or None if it is not ours."""
        padded = token.upper() + "=" * (-len(token) % 8)
        try:
            data = base64.b32decode(padded)
        except ValueError:
            return None
        raw, mac = data[:-10], data[-10:]
        if not raw or not any(hmac.compare_digest(mac, self._mac(key, purpose, raw)) for key in self._secrets):
            return None
        return int.from_bytes(raw, "big")

    def mark(self, purpose: str, words: str) -> str:
        """128 bits in hexadecimal that follow from the words, and that nobody else can work out from them."""
        return hmac.digest(self._secrets[0], f"asanokai.mark.{purpose}:{words}".encode(), hashlib.sha256)[:16].hex()

    @staticmethod
    def _mac(secret: bytes, purpose: str, raw: bytes) -> bytes:
        return hmac.digest(secret, f"asanokai.address.{purpose}:".encode() + raw, hashlib.sha256)[:10]


def hashed(nonce: str) -> str:
    """What is kept of a one-time nonce, so that the database alone opens no door."""
    return hashlib.sha256(nonce.encode()).hexdigest()
