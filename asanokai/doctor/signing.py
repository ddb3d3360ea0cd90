"""DKIM and DMARC: whether the key that letters are signed with can be found, and what receivers do without.

The program signs nothing: the operator's mail server does. So only its public half is looked at, under the selector
that `ASANOKAI_DKIM_SELECTOR` names.
"""

import base64
import binascii
import re

from asanokai.doctor.check import Check, hint, judged, ok, wrong
from asanokai.doctor.der import rsa_bits
from asanokai.doctor.names import Away, Names, parents, readable, same_organisation

LEAST_BITS, GOOD_BITS = 1024, 2048


def tags(record: str) -> dict[str, str]:
    """A list of tags (RFC 6376 3.2): name → value, without the white space that may stand in it."""
    found = {}
    for part in record.split(";"):
        name, sign, value = part.partition("=")
        if sign:
            found[name.strip().lower()] = re.sub(r"\s+", "", value)
    return found


# --- DKIM -------------------------------------------------------------------------------------------------------------


def examine_dkim(names: Names, domain: str, selector: str) -> Check:
    """The key of letters From this domain: at itself or, which counts as aligned too, at a domain above it."""
    shown = readable(domain)
    if not selector:
        return hint(
            "DKIM",
            f"{shown}: not checked. Set ASANOKAI_DKIM_SELECTOR to the selector your mail server signs with "
            f"(d={domain}, s=…); receivers such as Gmail want a signature",
        )
    places = [domain, *parents(domain)]
    try:
        for place in places:
            where = f"{selector}._domainkey.{place}"
            records = [text for text in names.txt(where) or [] if "p" in tags(text)]
            if records:
                return _key(where, records, f"your mail server must sign letters From {shown} with d={place}")
    except Away as away:
        return hint("DKIM", f"{shown}: could not be asked ({away})")
    return wrong(
        "DKIM",
        f"there is no key at {selector}._domainkey.{shown}: publish the one your mail server signs with, or mend "
        "ASANOKAI_DKIM_SELECTOR",
    )


def _key(where: str, records: list[str], expected: str) -> Check:
    if len(records) > 1:
        return wrong("DKIM", f"{where}: there are {len(records)} keys; which of them counts is undefined. Keep one")
    found = tags(records[0])
    wrongs: list[str] = []
    hints: list[str] = []
    words = [f"{where}: {expected}"]
    if found.get("v", "DKIM1") != "DKIM1":
        wrongs.append(f"{where} says v={found['v']} instead of DKIM1")
    if not found["p"]:
        return wrong("DKIM", f"{where}: the key is revoked (p= is empty): publish the one that is in use")
    kind = found.get("k", "rsa").lower()
    try:
        key = base64.b64decode(found["p"], validate=True)
    except (binascii.Error, ValueError):
        return wrong("DKIM", f"{where}: the key cannot be read (p= is no base64): copy it anew, all of it")
    if kind == "rsa":
        _judge_rsa(where, key, wrongs, hints, words)
    elif kind == "ed25519":
        if len(key) != 32:
            wrongs.append(f"{where} is no Ed25519 key: it has {len(key)} bytes instead of 32")
        hints.append("many receivers do not read Ed25519 yet: sign with RSA as well")
    else:
        wrongs.append(f"{where} says k={kind}, which nobody reads")
    if "y" in found.get("t", "").split(":"):
        hints.append(f"{where} says t=y (only testing): receivers treat letters as if unsigned. Take it out")
    if "h" in found and "sha256" not in found["h"].lower().split(":"):
        wrongs.append(f"{where} allows only h={found['h']}: signatures are made with sha256")
    if "s" in found and not {"*", "email"} & set(found["s"].lower().split(":")):
        wrongs.append(f"{where} is not for mail (s={found['s']})")
    return judged("DKIM", words, hints=hints, wrongs=wrongs)


def _judge_rsa(where: str, key: bytes, wrongs: list[str], hints: list[str], words: list[str]) -> None:
    bits = rsa_bits(key)
    if bits is None:
        wrongs.append(f"{where}: the key cannot be read as RSA: copy it anew, all of it")
    elif bits < LEAST_BITS:
        wrongs.append(f"{where}: the key has {bits} bits, and receivers ignore less than {LEAST_BITS} (RFC 8301)")
    elif bits < GOOD_BITS:
        hints.append(f"{where}: the key has {bits} bits; make one of {GOOD_BITS}")
    else:
        words.append(f"RSA {bits} bits")


# --- DMARC ------------------------------------------------------------------------------------------------------------


def examine_dmarc(names: Names, domain: str, envelope: str) -> Check:
    """What the From domain wants done with letters that neither SPF nor DKIM speaks for, and whether SPF can: its
    domain, the envelope's, must be aligned with From."""
    shown = readable(domain)
    try:
        where, records = _policy(names, domain)
    except Away as away:
        return hint("DMARC", f"{shown}: could not be asked ({away})")
    if not records:
        return hint(
            "DMARC",
            f"{shown}: there is no record at _dmarc.{domain}; publish one, to begin with “v=DMARC1; p=none”: "
            "large receivers want it",
        )
    if len(records) > 1:
        return wrong("DMARC", f"_dmarc.{where}: there are {len(records)} records; receivers then follow none. Keep one")
    found = tags(records[0])
    policy = found.get("sp", found.get("p", "")) if where != domain else found.get("p", "")
    if policy.lower() not in ("none", "quarantine", "reject"):
        return wrong("DMARC", f"_dmarc.{where}: p={policy} is none of none, quarantine, reject")
    words = f"{shown}: p={policy.lower()}" + (f" (from {where})" if where != domain else "")
    strict = found.get("aspf", "r").lower() == "s"
    aligned = domain == envelope or (not strict and same_organisation(domain, envelope))
    signed = domain if found.get("adkim", "r").lower() == "s" else f"{domain} or a domain above it"
    if aligned:
        return ok("DMARC", f"{words}; SPF is aligned (envelope {envelope}), DKIM with d={signed}")
    only = f"SPF of the envelope ({envelope}) is not aligned, so letters need a DKIM signature with d={signed}"
    return ok("DMARC", f"{words}; {only}") if policy.lower() == "none" else hint("DMARC", f"{words}; {only}")


def _policy(names: Names, domain: str) -> tuple[str, list[str]]:
    """Where the policy stands: at the domain or the nearest above it that has one."""
    for place in (domain, *parents(domain)):
        texts = names.txt(f"_dmarc.{place}") or []
        records = [text for text in texts if re.match(r"v\s*=\s*DMARC1\s*(;|$)", text)]
        if records:
            return place, records
    return domain, []
