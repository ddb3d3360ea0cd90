"""What is said between a browser and us about passkeys (W3C WebAuthn level 3, sections 7.1 and 7.2), by way of the
library `webauthn`.

Asked for: a key that can be found without a name (resident), the owner's finger, face or PIN (user verification), and
no statement about who built the device (attestation none). Held against the answer: the challenge, the origin, the name
the key is bound to, the signature, that somebody was there and was verified, and the count of signatures.

Loaded only when somebody first asks for it.
"""

import json
from collections.abc import Sequence
from typing import Any

import webauthn
from cbor2 import CBORError
from cryptography.exceptions import UnsupportedAlgorithm
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_attestation_object
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from asanokai import members, passkeys
from asanokai.errors import N_
from asanokai.members import Member
from asanokai.passkeys import CHALLENGE_LIFE, NotTaken, Passkey

LONGEST = 16_000
"""Characters an answer may have. Those of real devices have two thousand at most."""

NONSENSE = (
    *(WebAuthnException, UnsupportedAlgorithm, CBORError),
    *(ValueError, LookupError, TypeError, AttributeError, RecursionError),
)
"""What the library raises for what is no answer at all: its own errors, and those of the parts it is built on."""

TRANSPORTS = {transport.value for transport in AuthenticatorTransport}
_WAIT = int(CHALLENGE_LIFE.total_seconds() * 1000)


class NotProved(NotTaken):
    """The answer proves nothing. `because` and `whose` are for the journal; whoever asks is not told."""

    def __init__(self, because: str, whose: int | None = None) -> None:
        super().__init__(N_("This passkey does not sign anybody in here. A link by mail always works."))
        self.because, self.whose = because, whose


def challenge_in(answer: str) -> str:
    """The challenge an answer says it answers, as it stands there; "" if it says none. Proves nothing yet."""
    try:
        said = json.loads(base64url_to_bytes(json.loads(answer[:LONGEST])["response"]["clientDataJSON"]))["challenge"]
    except NONSENSE:
        return ""
    return said if isinstance(said, str) else ""


# --- adding -----------------------------------------------------------------------------------------------------------


def ask_for_new(member: Member, *, handle: bytes, challenge: bytes, party: str, party_name: str) -> str:
    """What the browser is asked in order to make a passkey, as JSON. A device that holds one of the member's already
    makes none."""
    address = members.main_address(member)
    options = webauthn.generate_registration_options(
        rp_id=party,
        rp_name=party_name,
        user_id=handle,
        user_name=address.text if address else member.name.full(member.language),
        user_display_name=member.name.full(member.language),
        challenge=challenge,
        timeout=_WAIT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[_described(one) for one in passkeys.of_member(member)],
    )
    return str(webauthn.options_to_json(options))


def _described(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    ways = [AuthenticatorTransport(way) for way in passkey.transports.split() if way in TRANSPORTS]
    return PublicKeyCredentialDescriptor(id=passkey.credential_id, transports=ways or None)


def new_from(answer: str, *, handle: bytes, challenge: bytes, party: str, origin: str) -> Passkey:
    """The passkey that was made, as a row that nobody keeps yet. Raises `NotTaken` if the answer proves none."""
    try:
        said = _object(answer)
        _vouches_for_nobody(said["response"]["attestationObject"])
        proved = webauthn.verify_registration_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=party,
            expected_origin=origin,
            require_user_verification=True,
        )
        ways = _ways(said["response"].get("transports"))
    except NONSENSE as error:
        raise NotTaken(N_("The passkey could not be added. Please try once more.")) from error
    return Passkey(
        credential_id=proved.credential_id,
        public_key=proved.credential_public_key,
        sign_count=proved.sign_count,
        handle=handle,
        transports=" ".join(ways),
        backed_up=proved.credential_backed_up,
    )


def _vouches_for_nobody(attestation: str) -> None:
    """Asked for no statement about the device, a browser hands on none but that of the new key about itself (WebAuthn
    5.1.3). Raises ValueError for any other: certificates that nobody asked for are not read."""
    made = parse_attestation_object(base64url_to_bytes(attestation))
    plain = made.fmt == AttestationFormat.NONE
    if not plain and (made.fmt != AttestationFormat.PACKED or made.att_stmt.x5c):
        raise ValueError(made.fmt)


def _ways(said: Any) -> Sequence[str]:
    """How the device is reached, of what it says only the words that are known."""
    return sorted(TRANSPORTS & {way for way in said if isinstance(way, str)}) if isinstance(said, list) else []


# --- signing in -------------------------------------------------------------------------------------------------------


def ask_for_any(*, challenge: bytes, party: str) -> str:
    """What the browser is asked in order to sign in, as JSON: any passkey of ours. It names none, so that it tells
    nobody who has one."""
    return _ask(challenge, party, [])


def ask_for_own(own: Sequence[Passkey], *, challenge: bytes, party: str) -> str:
    """What the browser is asked of somebody who is signed in already: one of their own passkeys, so that the device
    offers no other."""
    return _ask(challenge, party, [_described(one) for one in own])


def _ask(challenge: bytes, party: str, allowed: list[PublicKeyCredentialDescriptor]) -> str:
    options = webauthn.generate_authentication_options(
        rp_id=party,
        challenge=challenge,
        timeout=_WAIT,
        allow_credentials=allowed,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return str(webauthn.options_to_json(options))


def signed_in(answer: str, *, challenge: bytes, party: str, origin: str, expected: Member | None = None) -> Member:
    """The member whose passkey answered; if one is `expected`, that one. Raises `NotProved` for everything else."""
    passkey, said = _named(answer, expected)
    whose = passkey.member_id
    try:
        proved = webauthn.verify_authentication_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=party,
            expected_origin=origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # looked at below, where it is told apart from all other reasons
            require_user_verification=True,
        )
    except NONSENSE as error:
        raise NotProved("not proved", whose) from error
    if (proved.new_sign_count or passkey.sign_count) and proved.new_sign_count <= passkey.sign_count:
        # A copy of the device would count from where it was copied (WebAuthn 7.2, step 22).
        raise NotProved("count", whose)
    member = members.by_id(whose)
    if member.standing != "accepted":
        raise NotProved("standing", whose)
    passkeys.used(passkey, sign_count=proved.new_sign_count, backed_up=proved.credential_backed_up)
    return member


def _named(answer: str, expected: Member | None) -> tuple[Passkey, dict[str, Any]]:
    """The passkey an answer names, and the answer. The handle it came with must be that passkey's; only where the
    member is known before may a device leave it out (WebAuthn 7.2, step 6)."""
    try:
        said = _object(answer)
        credential_id = base64url_to_bytes(said["rawId"])
        handle = base64url_to_bytes(said["response"]["userHandle"])
    except NONSENSE as error:
        raise NotProved("nonsense") from error
    passkey = passkeys.by_credential(credential_id)
    if passkey is None:
        raise NotProved("unknown")
    if expected is not None and passkey.member_id != expected.id:
        raise NotProved("another", passkey.member_id)
    if handle != passkey.handle and (handle or expected is None):
        raise NotProved("handle", passkey.member_id)
    return passkey, said


def _object(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST:
        raise ValueError("too long")
    said = json.loads(answer)
    if not isinstance(said, dict) or not isinstance(said["response"], dict):
        raise TypeError("no answer")
    return said


def as_text(octets: bytes) -> str:
    """Octets as browsers write them here."""
    return str(bytes_to_base64url(octets))


def as_octets(text: str) -> bytes:
    """And back."""
    return bytes(base64url_to_bytes(text))
