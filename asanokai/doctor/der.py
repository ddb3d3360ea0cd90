"""The few things the doctor reads from DER (X.690): when a certificate ends, how long an RSA key is. Never raises."""

from datetime import UTC, datetime

INTEGER, BITS, SEQUENCE, UTC_TIME, LONG_TIME, VERSION = 0x02, 0x03, 0x30, 0x17, 0x18, 0xA0


class _Unreadable(Exception):
    """It is no such thing."""


def certificate_ends(der: bytes) -> datetime | None:
    """notAfter of an X.509 certificate (RFC 5280 4.1); None if it cannot be read."""
    try:
        fields = _inside(_inside(_one(der, SEQUENCE))[0][1])
        if fields[0][0] == VERSION:
            fields = fields[1:]
        _serial, _algorithm, _issuer, validity = fields[:4]
        kind, written = _inside(validity[1])[1]
        text = written.decode("ascii").rstrip("Z")
        if kind == UTC_TIME:
            # RFC 5280 4.1.2.5.1: two digits from 50 on belong to the last century.
            text = ("19" if text[:2] >= "50" else "20") + text
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except (_Unreadable, ValueError, IndexError):
        return None


def rsa_bits(der: bytes) -> int | None:
    """The length of an RSA key's modulus, from SubjectPublicKeyInfo or the bare key (RFC 8017 A.1.1); None if it is
    neither."""
    try:
        fields = _inside(_one(der, SEQUENCE))
        if fields[0][0] == SEQUENCE:
            kind, bits = fields[1]
            if kind != BITS:
                return None
            fields = _inside(_one(bits[1:], SEQUENCE))
        kind, modulus = fields[0]
        return int.from_bytes(modulus, "big").bit_length() if kind == INTEGER and len(fields) == 2 else None
    except (_Unreadable, IndexError):
        return None


def _one(data: bytes, kind: int) -> bytes:
    elements = _inside(data)
    if len(elements) != 1 or elements[0][0] != kind:
        raise _Unreadable
    return elements[0][1]


def _inside(data: bytes) -> list[tuple[int, bytes]]:
    """The elements that stand one after the other: (kind, content)."""
    found, at = [], 0
    while at < len(data):
        if at + 2 > len(data):
            raise _Unreadable
        kind, length, at = data[at], data[at + 1], at + 2
        if length >= 0x80:
            size = length & 0x7F
            if not 0 < size <= 4:
                raise _Unreadable
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            raise _Unreadable
        found.append((kind, data[at : at + length]))
        at += length
    return found
