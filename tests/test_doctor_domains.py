# ruff: noqa: E501 - the doctor's lines stand here as they are read
"""What the doctor says about SPF, DKIM, DMARC and MX, in its very words; and that it takes nothing unknown for wrong."""

import base64
import subprocess
from typing import Any

import dns.resolver
import pytest

from asanokai.doctor import domains, signing, spf
from asanokai.doctor.check import Check
from asanokai.doctor.names import Away, Names, for_trying_out, parents, readable, same_organisation
from config import Config, Mail
from tests.grounds.zones import Zones

JENA, REPLY = "fruehstueck-jena.de", "antwort.fruehstueck-jena.de"
SEEN = "by which address your mail server sends cannot be seen from here: compare it with the record"


def rsa(bits: int) -> str:
    """A public key as it stands in p=."""
    made = subprocess.run(["openssl", "genrsa", str(bits)], capture_output=True, check=True).stdout
    public = subprocess.run(
        ["openssl", "rsa", "-pubout", "-outform", "DER"], input=made, capture_output=True, check=True
    )
    return base64.b64encode(public.stdout).decode()


@pytest.fixture(scope="module")
def key() -> str:
    return rsa(2048)


def good(key: str) -> dict[str, dict[str, list[str]]]:
    return {
        JENA: {"MX": [f"10 mx.{JENA}"], "TXT": ["v=spf1 mx -all", "something else"]},
        REPLY: {"MX": [f"10 mx.{JENA}"], "TXT": ["v=spf1 ip4:192.0.2.25 ~all"]},
        f"mx.{JENA}": {"A": ["192.0.2.25"]},
        f"post._domainkey.{JENA}": {"TXT": [f"v=DKIM1; k=rsa; p={key}"]},
        f"_dmarc.{JENA}": {"TXT": ["v=DMARC1; p=quarantine; rua=mailto:post@fruehstueck-jena.de"]},
    }


def config(**more: Any) -> Config:
    usual: dict[str, Any] = {"sender": f"mail@{JENA}", "reply_domain": REPLY, "dkim_selector": "post"}
    usual |= {"database_url": "sqlite:///nowhere"}
    return Config.for_tests(**{**usual, "mail": Mail(server=f"mx.{JENA}"), **more})


def lines(zones: Zones, **more: Any) -> list[str]:
    return [str(check) for check in domains.examine(config(**more), Names(zones))]


def look(records: dict[str, dict[str, list[str]]], **more: Any) -> list[str]:
    return lines(Zones(records), **more)


# --- the whole --------------------------------------------------------------------------------------------------------


def test_domains_that_are_well_are_said_to_be_well(key):
    assert look(good(key)) == [
        f"ok     SPF: {JENA}: “v=spf1 mx -all”, 1 look-ups",
        f"ok     DKIM: post._domainkey.{JENA}: your mail server must sign letters From {JENA} with d={JENA}; RSA 2048 bits",
        f"ok     DMARC: {JENA}: p=quarantine; SPF is aligned (envelope {REPLY}), DKIM with d={JENA} or a domain above it",
        f"ok     MX: {REPLY}: mx.{JENA}",
        f"ok     SPF: {REPLY}: “v=spf1 ip4:192.0.2.25 ~all”, 0 look-ups; MAIL_SERVER (192.0.2.25) is covered",
        f"ok     DKIM: post._domainkey.{JENA}: your mail server must sign letters From {REPLY} with d={JENA}; RSA 2048 bits",
        f"ok     DMARC: {REPLY}: p=quarantine (from {JENA}); SPF is aligned (envelope {REPLY}), DKIM with d={REPLY} or a "
        "domain above it",
    ]


def test_without_a_reply_domain_the_senders_alone_is_looked_at(key):
    assert [line.split(":")[0] for line in look(good(key), reply_domain="")] == [
        "ok     SPF",
        "ok     DKIM",
        "ok     DMARC",
    ]


def test_domains_that_nobody_can_have_are_not_looked_up():
    zones = Zones({})
    assert lines(zones, sender="asanokai@localhost", reply_domain="reply.asanokai.example") == [
        "hint   DNS: localhost: not checked, only for trying out",
        "hint   DNS: reply.asanokai.example: not checked, only for trying out",
    ]
    assert zones.asked == []


def test_where_nobody_answers_one_line_says_so_and_nothing_is_wrong():
    zones = Zones({}, silent=None)
    assert lines(zones) == [
        "hint   DNS: no name server answers: SPF, DKIM, DMARC and MX were not checked. Is this machine on the network?"
    ]
    assert [lifetime for _name, _kind, lifetime in zones.asked] == [2.0, 2.0]


def test_a_machine_that_knows_no_name_server_is_told_the_same(monkeypatch):
    def none() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver, "Resolver", none)
    (said,) = domains.examine(config(), Names())
    assert (said.level, said.words.split(":")[0]) == ("hint", "no name server answers")


def test_a_network_with_names_of_its_own_alone_makes_nothing_wrong():
    reason = (
        "since the name server does not even know .de: the domain is mistyped, or this network has its own names alone"
    )
    assert look({"intranet.lan": {"A": ["10.0.0.1"]}}) == [
        f"hint   DNS: {JENA}: not checked, {reason}",
        f"hint   DNS: {REPLY}: not checked, {reason}",
    ]


@pytest.mark.parametrize("how", ["silent", "broken"])
def test_a_name_that_could_not_be_asked_is_a_hint_and_stops_no_other(key, how):
    said = lines(Zones(good(key), **{how: [f"_dmarc.{REPLY}", f"_dmarc.{JENA}"]}))
    error = {"silent": "LifetimeTimeout", "broken": "NoNameservers"}[how]
    assert [line for line in said if not line.startswith("ok")] == [
        f"hint   DMARC: {JENA}: could not be asked (_dmarc.{JENA}: {error})",
        f"hint   DMARC: {REPLY}: could not be asked (_dmarc.{REPLY}: {error})",
    ]


def test_all_questions_together_take_twenty_seconds_and_none_is_asked_twice(key):
    now = [0.0]
    zones = Zones(good(key))

    def slowly(name: Any, kind: str, *, lifetime: float) -> list[Any]:
        now[0] += 1.9
        return Zones.resolve(zones, name, kind, lifetime=lifetime)

    zones.resolve = slowly  # type: ignore[method-assign]
    domains.examine(config(), Names(zones, monotonic=lambda: now[0]))
    assert now[0] <= 22
    assert zones.asked[-1][2] == pytest.approx(20 - 10 * 1.9)
    assert len({asked[:2] for asked in zones.asked}) == len(zones.asked)


# --- the sender and the reply domain ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ({}, f"WRONG  sender: {JENA} does not exist: mend ASANOKAI_SENDER (mail@{JENA})"),
        (
            {JENA: {"MX": ["0 ."]}},
            f"WRONG  sender: {JENA} takes no mail (null MX), so receivers refuse letters from it: mend ASANOKAI_SENDER or "
            "the MX record",
        ),
        ({JENA: {"TXT": ["x"]}}, f"hint   sender: {JENA} has neither MX nor address: nobody can write to mail@{JENA}"),
    ],
)
def test_the_senders_domain(records, expected):
    assert look({"elsewhere.de": {}, **records}, reply_domain="")[0] == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({REPLY: None}, f"WRONG  MX: {REPLY} does not exist: make it, with an MX record to your mail server, or mend "
                        "ASANOKAI_REPLY_DOMAIN"),
        ({REPLY: {"MX": ["0 ."]}}, f"WRONG  MX: {REPLY} says that it takes no mail (null MX), so no answer and no bounce can "
                                   "come: replace the record"),
        ({REPLY: {"TXT": ["x"]}}, f"WRONG  MX: {REPLY} (ASANOKAI_REPLY_DOMAIN) has neither MX nor address, so no answer and "
                                  "no bounce can come: add an MX record to your mail server"),
        ({REPLY: {"A": ["192.0.2.1"]}}, f"hint   MX: {REPLY} has no MX record; mail goes to its address. Better name the "
                                        "mail server by MX"),
        ({REPLY: {"MX": ["5 gone.test-jena.de"]}}, f"WRONG  MX: {REPLY}: gone.test-jena.de has no address, so no answer and "
                                                   "no bounce can come: mend the MX record"),
        ({REPLY: {"MX": ["5 gone.test-jena.de", f"10 mx.{JENA}"]}}, f"hint   MX: {REPLY}: gone.test-jena.de has no address"),
        ({REPLY: {"MX": [f"5 also.{JENA}"]}, f"also.{JENA}": {"CNAME": [f"mx.{JENA}"]}},
         f"hint   MX: {REPLY}: also.{JENA} is a CNAME, which an MX must not name (RFC 2181 10.3)"),
    ],
)  # fmt: skip
def test_mail_to_the_reply_domain_must_find_its_way(key, changes, expected):
    records = {name: kinds for name, kinds in {**good(key), **changes}.items() if kinds is not None}
    assert expected in look(records)


def test_a_reply_domain_that_is_only_an_alias_is_told(key):
    records = {
        **good(key),
        REPLY: {"CNAME": [f"mx.{JENA}"]},
        f"mx.{JENA}": {"A": ["192.0.2.25"], "MX": [f"1 mx.{JENA}"]},
    }
    told = f"hint   MX: {REPLY} is a CNAME of mx.{JENA}: some mail servers then write to that name instead. Give it records of"
    assert f"{told} its own" in look(records)


# --- SPF --------------------------------------------------------------------------------------------------------------


def spf_of(record: str | list[str], *, server: str = "127.0.0.1", envelope: bool = True, **others: str) -> Check:
    texts = [record] if isinstance(record, str) else record
    zones = {JENA: {"TXT": texts, "A": ["192.0.2.1"], "MX": [f"1 mx.{JENA}"]}, f"mx.{JENA}": {"A": ["192.0.2.25"]}}
    zones |= {name.replace("__", "."): {"TXT": [text]} for name, text in others.items()}
    return spf.examine(Names(Zones(zones)), JENA, envelope=envelope, server=server)


def test_spf_that_is_missing_matters_for_the_domain_of_the_envelope():
    assert (spf_of([]).level, spf_of([], envelope=False).level) == ("wrong", "hint")
    assert spf_of(["v=spf10 -all", "spf1"]).words == (
        f"{JENA}: there is no SPF record (a TXT that begins with v=spf1): receivers such as Gmail refuse letters. Name your "
        "mail server in one"
    )


def test_spf_that_stands_twice_is_wrong():
    found = spf_of(["v=spf1 -all", "V=SPF1 mx -all"])
    words = f"{JENA}: there are 2 SPF records; receivers then believe none. Keep one"
    assert (found.level, found.words) == ("wrong", words)


@pytest.mark.parametrize(
    ("record", "level", "begins"),
    [
        ("v=spf1 mx -all", "ok", f"{JENA}: “v=spf1 mx -all”, 1 look-ups; {SEEN}"),
        ("v=spf1 mx ~all", "ok", ""),
        ("v=spf1 mx ?all", "hint", "it ends in ?all, which says nothing about others: write -all or ~all; "),
        ("v=spf1 mx all", "wrong", "it ends in +all: everybody may send for this domain. Write -all or ~all; "),
        ("v=spf1 mx", "hint", "it does not end in -all or ~all, so it says nothing about others; "),
        ("v=spf1 redirect=other.de", "ok", f"{JENA}: “v=spf1 redirect=other.de”, 1 look-ups"),
        ("v=spf1 a:%{i}.x.de exists:%{ir}.%{v}._spf.%{d2} ptr -all", "hint", f"{JENA} uses ptr, which is slow"),
        ("v=spf1 A MX:x.de/24//64 ip4:192.0.2.0/24 ip6:2001:db8::/32 exp=why.de new-one=%{s} -ALL", "ok", ""),
        ("v=spf1 ipv4:192.0.2.1 -all", "wrong", f"“ipv4:192.0.2.1” in the record of {JENA} is no SPF term: receivers then"),
        ("v=spf1 ip4:192.0.2.300 -all", "wrong", "“ip4:192.0.2.300” in the record"),
        ("v=spf1 ip4:2001:db8::1 -all", "wrong", "“ip4:2001:db8::1” in the record"),
        ("v=spf1 ip6:192.0.2.1 -all", "wrong", "“ip6:192.0.2.1” in the record"),
        ("v=spf1 include: -all", "wrong", "“include:” in the record"),
        ("v=spf1 a: -all", "wrong", "“a:” in the record"),
        ("v=spf1 mx; -all", "wrong", "“mx;” in the record"),
        ("v=spf1 include:none.de -all", "wrong", "it includes none.de, which has no SPF record: receivers then believe none"),
        (f"v=spf1 include:{JENA.upper()} -all", "wrong", f"{JENA.upper()} includes itself"),
    ],
)  # fmt: skip
def test_spf_is_read_as_receivers_read_it(record, level, begins):
    found = spf_of(record, **{"other__de": "v=spf1 -all"})
    assert (found.level, found.words[: len(begins)]) == (level, begins)


@pytest.mark.parametrize(("inner", "level"), [(4, "ok"), (5, "wrong")])
def test_ten_look_ups_are_counted_through_everything_included(inner, level):
    """mx, two includes, one redirect, and what stands in them; `all` ends the count, and so redirect counts for nothing
    beside it."""
    others = {
        "one__de": f"v=spf1 {' '.join(f'a:h{number}.de' for number in range(inner))} ?all a mx",
        "two__de": "v=spf1 exists:%{i}.de ip4:192.0.2.9 redirect=three.de",
        "three__de": "v=spf1 a -all redirect=one.de",
    }
    found = spf_of("v=spf1 mx include:one.de include:two.de ip6:2001:db8::1 -all redirect=one.de", **others)
    assert (found.level, f"{inner + 6} look-ups" in found.words) == (level, True)
    assert ("it takes more than 10 DNS look-ups (RFC 7208 4.6.4)" in found.words) == (level == "wrong")


def test_a_record_that_includes_a_great_many_ends():
    others = {f"n{number}__de": f"v=spf1 include:n{number + 1}.de -all" for number in range(100)}
    assert spf_of("v=spf1 include:n0.de -all", **others).level == "wrong"


@pytest.mark.parametrize(
    ("record", "server", "level", "told"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.25", "ok", "MAIL_SERVER (192.0.2.25) is covered"),
        ("v=spf1 mx -all", f"mx.{JENA}", "ok", "MAIL_SERVER (192.0.2.25) is covered"),
        ("v=spf1 a/24 -all", f"mx.{JENA}", "ok", "MAIL_SERVER (192.0.2.25) is covered"),
        ("v=spf1 include:other.de -all", "192.0.2.77", "ok", "MAIL_SERVER (192.0.2.77) is covered"),
        ("v=spf1 redirect=other.de", "2001:db8::7", "ok", "MAIL_SERVER (2001:db8::7) is covered"),
        ("v=spf1 a -all", "192.0.2.25", "hint", "MAIL_SERVER (192.0.2.25) is not in it: right only if letters leave by "
                                                "another address"),
        ("v=spf1 -ip4:192.0.2.25 +ip4:192.0.2.0/24 ~all", "192.0.2.25", "hint", "MAIL_SERVER (192.0.2.25) is not in it"),
        ("v=spf1 exists:%{i}.x.de -all", "192.0.2.25", "ok", "look-ups"),
        ("v=spf1 a -all", "10.1.2.3", "ok", SEEN),
        ("v=spf1 a -all", "localhost", "ok", SEEN),
        ("v=spf1 a -all", "::1", "ok", SEEN),
    ],
)  # fmt: skip
def test_only_what_can_be_known_is_said_about_the_servers_own_address(record, server, level, told):
    found = spf_of(record, server=server, **{"other__de": "v=spf1 ip4:192.0.2.77 ip6:2001:db8::/64 ~all"})
    assert (found.level, told in found.words) == (level, True)


# --- DKIM -------------------------------------------------------------------------------------------------------------


def dkim_of(*records: str, selector: str = "post", at: str = JENA) -> Check:
    zones = {JENA: {"A": ["192.0.2.1"]}, f"post._domainkey.{at}": {"TXT": list(records)}}
    return signing.examine_dkim(Names(Zones(zones)), JENA, selector)


def test_dkim_without_a_selector_is_a_hint_that_names_the_setting():
    assert (dkim_of(selector="").level, "ASANOKAI_DKIM_SELECTOR" in dkim_of(selector="").words) == ("hint", True)


def test_a_key_that_is_not_there_is_wrong():
    assert dkim_of(selector="other").words == (
        f"there is no key at other._domainkey.{JENA}: publish the one your mail server signs with, or mend "
        "ASANOKAI_DKIM_SELECTOR"
    )


@pytest.mark.parametrize(
    ("record", "level", "told"),
    [
        ("v=DKIM1; k=rsa; p={2048}", "ok", "RSA 2048 bits"),
        ("p={2048}", "ok", "RSA 2048 bits"),
        ("v=DKIM1; p={1024}", "hint", "the key has 1024 bits; make one of 2048"),
        ("v=DKIM1; p={512}", "wrong", "the key has 512 bits, and receivers ignore less than 1024 (RFC 8301)"),
        ("v=DKIM1; p=", "wrong", "the key is revoked (p= is empty)"),
        ("v=DKIM1; p=%%%", "wrong", "the key cannot be read (p= is no base64)"),
        ("v=DKIM1; p=AAAA", "wrong", "the key cannot be read as RSA"),
        (
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            "hint",
            "many receivers do not read Ed25519",
        ),
        ("v=DKIM1; k=ed25519; p=AAAA", "wrong", "is no Ed25519 key: it has 3 bytes instead of 32"),
        ("v=DKIM1; k=dsa; p={2048}", "wrong", "says k=dsa, which nobody reads"),
        ("v=DKIM2; p={2048}", "wrong", "says v=DKIM2 instead of DKIM1"),
        ("v=DKIM1; t=y:s; p={2048}", "hint", "says t=y (only testing)"),
        ("v=DKIM1; h=sha1; p={2048}", "wrong", "allows only h=sha1"),
        ("v=DKIM1; s=tlsrpt; p={2048}", "wrong", "is not for mail (s=tlsrpt)"),
    ],
)
def test_a_key_is_judged_as_receivers_do(record, level, told, key):
    for bits in (512, 1024):
        record = record.replace(f"{{{bits}}}", rsa(bits)) if f"{{{bits}}}" in record else record
    found = dkim_of(record.replace("{2048}", key))
    assert (found.level, told in found.words) == (level, True)


def test_two_keys_under_one_selector_are_wrong(key):
    assert dkim_of(f"v=DKIM1; p={key}", "v=DKIM1; p=").words.endswith("which of them counts is undefined. Keep one")


# --- DMARC ------------------------------------------------------------------------------------------------------------


def dmarc_of(*records: str, at: str = REPLY, domain: str = REPLY, envelope: str = REPLY) -> tuple[str, str]:
    zones = {REPLY: {"A": ["192.0.2.1"]}, f"_dmarc.{at}": {"TXT": list(records)}}
    found = signing.examine_dmarc(Names(Zones(zones)), domain, envelope)
    return found.level, found.words


@pytest.mark.parametrize(
    ("record", "more", "level", "told"),
    [
        ("v=DMARC1; p=none", {}, "ok", f"{REPLY}: p=none; SPF is aligned (envelope {REPLY}), DKIM with d={REPLY} or a domain"),
        ("v=DMARC1; p=reject; sp=none", {"at": JENA}, "ok", f"{REPLY}: p=none (from {JENA}); SPF is aligned"),
        ("v=DMARC1; p=reject; adkim=s", {}, "ok", f"DKIM with d={REPLY}"),
        ("v=DMARC1; p=reject; aspf=s", {"at": JENA, "domain": JENA}, "hint",
         f"SPF of the envelope ({REPLY}) is not aligned, so letters need a DKIM signature with d={JENA} or a domain above it"),
        ("v=DMARC1; p=none; aspf=s", {"at": JENA, "domain": JENA}, "ok", "is not aligned, so letters need a DKIM signature"),
        ("v=DMARC1; p=quarantine", {"at": JENA, "domain": JENA, "envelope": "antwort.elsewhere.de"}, "hint", "is not aligned"),
        ("v=DMARC1; p=sometimes", {}, "wrong", "p=sometimes is none of none, quarantine, reject"),
        ("v=DMARC1; rua=mailto:x@y.de", {}, "wrong", "p= is none of none, quarantine, reject"),
        ("v=DMARC2; p=none", {}, "hint", f"there is no record at _dmarc.{REPLY}; publish one, to begin with"),
    ],
)  # fmt: skip
def test_dmarc_is_told_with_what_must_be_aligned(record, more, level, told):
    found = dmarc_of(record, **more)
    assert (found[0], told in found[1]) == (level, True)


def test_dmarc_that_stands_twice_is_followed_by_nobody():
    words = f"_dmarc.{REPLY}: there are 2 records; receivers then follow none. Keep one"
    assert dmarc_of("v=DMARC1; p=none", "v=DMARC1; p=reject") == ("wrong", words)


# --- names ------------------------------------------------------------------------------------------------------------


def test_a_domain_in_another_script_is_asked_for_as_it_is_sent_and_shown_as_it_reads():
    zones = Zones({"朝の会.jp": {"TXT": ["v=spf1 -all"]}})
    asked = Names(zones)
    assert (asked.txt("朝の会.jp"), asked.txt("xn--y8j013f3en.jp")) == (["v=spf1 -all"], None)
    sent = zones.asked[0][0]
    assert (sent.startswith("xn--"), asked.txt(sent)) == (True, ["v=spf1 -all"])
    assert (readable(sent), readable("jena.de"), readable("a..b")) == (f"{sent} (朝の会.jp)", "jena.de", "a..b")


def test_what_cannot_be_a_name_is_none():
    assert [Names(Zones({})).txt(name) for name in ("a..b", "x" * 64 + ".de", "a." * 150)] == [None] * 3


def test_long_texts_are_put_together_again():
    assert Names(Zones({JENA: {"TXT": ["v=spf1 " + "a" * 600]}})).txt(JENA) == ["v=spf1 " + "a" * 600]


def test_a_name_that_could_not_be_asked_is_not_asked_again():
    zones = Zones({JENA: {}}, silent=["slow.de"])
    names = Names(zones)
    names.addresses(JENA)
    for _ in range(3):
        with pytest.raises(Away):
            names.txt("slow.de")
    assert [name for name, _kind, _time in zones.asked] == [JENA, JENA, "slow.de"]


def test_domains_for_trying_out():
    trial = ("localhost", "asa.example", "example.com", "a.example.org", "x.test", "mail", "192.0.2.1", "nas.local")
    assert [name for name in (*trial, JENA, "example.de", "testing.com") if for_trying_out(name)] == list(trial)


def test_what_belongs_together():
    assert parents("a.b.jena.de") == ["b.jena.de", "jena.de"]
    assert parents("reply.asanokai.or.jp") == ["asanokai.or.jp"]
    together = [(JENA, REPLY), ("a.jena.de", "b.jena.de"), ("x.asa.co.jp", "y.asa.co.jp")]
    apart = [(JENA, "jena.de"), ("asa.co.jp", "other.co.jp"), ("a.de", "b.de")]
    assert [same_organisation(*pair) for pair in (*together, *apart)] == [True] * 3 + [False] * 3
