"""Signed links and addresses: what they say, what they refuse, how long they live."""

import string
from datetime import UTC, datetime, timedelta

import pytest

from asanokai.errors import Expired, Missing
from asanokai.tokens import Tokens, hashed

NEW, OLD, FOREIGN = ("new key " * 5, "old key " * 5, "foreign " * 5)


@pytest.fixture
def tokens(clock) -> Tokens:
    return Tokens([NEW, OLD])


def test_a_link_says_what_was_put_into_it(tokens):
    value = {"meeting": 4, "member": 17, "nonce": "朝"}
    assert tokens.read("answer", tokens.mint("answer", value)) == value


def test_a_link_for_one_purpose_is_worth_nothing_for_another(tokens):
    token = tokens.mint("unsubscribe", [1])
    with pytest.raises(Missing):
        tokens.read("sign-in", token)


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: "x" + t, lambda t: t.swapcase(), lambda t: t[::-1]])
def test_an_altered_link_is_worth_nothing(tokens, spoil):
    with pytest.raises(Missing):
        tokens.read("answer", spoil(tokens.mint("answer", [4, 17])))


@pytest.mark.parametrize("rubbish", ["", ".", "..", "朝の会", "a.b.c", "\x00", "\udc80", "x" * 100_000])
def test_rubbish_is_worth_nothing_and_raises_nothing_else(tokens, rubbish):
    with pytest.raises(Missing):
        tokens.read("answer", rubbish)
    assert tokens.read_address("rsvp", rubbish) is None


def test_a_link_lives_as_long_as_is_asked_for_by_the_programs_clock(tokens, clock):
    token = tokens.mint("sign-in", [1])
    clock.advance(minutes=15)
    assert tokens.read("sign-in", token, life=timedelta(minutes=15)) == [1]
    clock.advance(seconds=1)
    with pytest.raises(Expired):
        tokens.read("sign-in", token, life=timedelta(minutes=15))
    clock.set(datetime(2036, 1, 1, tzinfo=UTC))
    assert tokens.read("sign-in", token) == [1]


def test_older_keys_still_verify_but_only_the_newest_signs(tokens, clock):
    by_old, by_new = Tokens([OLD]).mint("answer", [1]), Tokens([NEW]).mint("answer", [1])
    assert tokens.read("answer", by_old) == tokens.read("answer", by_new) == [1]
    assert tokens.mint("answer", [1]) == by_new
    assert tokens.read_address("rsvp", Tokens([OLD]).mint_address("rsvp", 9)) == 9
    assert tokens.mint_address("rsvp", 9) == Tokens([NEW]).mint_address("rsvp", 9)


def test_a_foreign_key_verifies_nothing(tokens):
    foreign = Tokens([FOREIGN])
    with pytest.raises(Missing):
        tokens.read("answer", foreign.mint("answer", [1]))
    assert tokens.read_address("rsvp", foreign.mint_address("rsvp", 1)) is None


@pytest.mark.parametrize("number", [0, 1, 255, 256, 65_535, 123_456_789, 2**63, 2**64 - 1])
def test_an_address_token_fits_a_local_part_and_survives_any_case(tokens, number):
    token = tokens.mint_address("rsvp", number)
    assert set(token) <= set(string.ascii_lowercase + "234567")
    assert len(f"bounce+{token}") <= 40
    assert [tokens.read_address("rsvp", typed) for typed in (token, token.upper(), token.title())] == [number] * 3


def test_an_address_token_is_bound_to_its_purpose_and_number(tokens):
    token = tokens.mint_address("rsvp", 17)
    assert tokens.read_address("bounce", token) is None
    assert tokens.read_address("rsvp", ("b" if token[0] == "a" else "a") + token[1:]) is None
    assert tokens.read_address("rsvp", token[:8]) is None


def test_an_address_token_stays_the_same_for_life(tokens, clock):
    token = tokens.mint_address("rsvp", 17)
    clock.advance(days=4000)
    assert tokens.mint_address("rsvp", 17) == token


def test_what_is_kept_of_a_nonce_is_not_the_nonce():
    assert hashed("secret") != hashed("Secret")
    assert len(hashed("secret")) == 64
    assert "secret" not in hashed("secret")
