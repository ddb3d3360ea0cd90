"""A device that holds passkeys, in Python: makes keys and answers as a browser hands it on. It checks nothing, and
can be told to answer wrongly."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cbor2 import dumps
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "http://localhost:8000"
PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def text(octets: bytes) -> str:
    """As browsers write octets."""
    return urlsafe_b64encode(octets).decode().rstrip("=")


def octets(written: str) -> bytes:
    """And back."""
    return urlsafe_b64decode(written + "=" * (-len(written) % 4))


@dataclass
class Device:
    """One passkey. `wrong` overrides what it says: origin, party, flags, count, challenge, type, handle, signature."""

    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    handle: bytes = b""
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any], **wrong: Any) -> str:
        """Make the passkey that is asked for."""
        self.handle = octets(options["user"]["id"])
        client = _client("webauthn.create", options, wrong)
        flags = wrong.get("flags", PRESENT | VERIFIED | ELIGIBLE) | ATTESTED
        head = self._head(wrong.get("party", options["rp"]["id"]), flags, wrong)
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        made = head + bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + dumps(cose)
        statement = {"fmt": wrong.get("fmt", "none"), "attStmt": wrong.get("statement", {}), "authData": made}
        said = {"attestationObject": text(dumps(statement)), "transports": ["internal", "telepathy"]}
        return self._whole(client, said)

    def get(self, options: dict[str, Any], **wrong: Any) -> str:
        """Answer the question of the sign-in page."""
        client = _client("webauthn.get", options, wrong)
        head = self._head(wrong.get("party", options["rpId"]), wrong.get("flags", PRESENT | VERIFIED | ELIGIBLE), wrong)
        signed = self.key.sign(head + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        said = {
            "authenticatorData": text(head),
            "signature": text(wrong.get("signature", signed)),
            "userHandle": text(wrong.get("handle", self.handle)),
        }
        return self._whole(client, said)

    def _head(self, party: str, flags: int, wrong: dict[str, Any]) -> bytes:
        count = wrong.get("count", self.count)
        return hashlib.sha256(party.encode()).digest() + bytes([flags]) + int(count).to_bytes(4, "big")

    def _whole(self, client: bytes, said: dict[str, Any]) -> str:
        own = text(self.credential_id)
        response = {"clientDataJSON": text(client), **said}
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": response})


def _client(kind: str, options: dict[str, Any], wrong: dict[str, Any]) -> bytes:
    said = {
        "type": wrong.get("type", kind),
        "challenge": wrong.get("challenge", options["challenge"]),
        "origin": wrong.get("origin", ORIGIN),
        "crossOrigin": False,
    }
    return json.dumps(said).encode()
