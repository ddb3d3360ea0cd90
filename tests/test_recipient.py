"""A token of ours is found in an address however mail systems have written it, and nowhere else."""

import pytest

from asanokai.intake.recipient import Ours, first_of_ours, ours
from asanokai.tokens import Tokens

TOKENS = Tokens(["a key for tests only, long enough to be one"])
TOKEN = TOKENS.mint_address("member", 7)
ADDRESS = f"rsvp+{TOKEN}@reply.asanokai.example"


@pytest.mark.parametrize(
    "written",
    [
        ADDRESS,
        ADDRESS.upper(),
        f" <{ADDRESS}> ",
        f"<{ADDRESS}",
        f"rsvp+{TOKEN}@somewhere.else.example",
        f'"rsvp+{TOKEN}"@reply.asanokai.example',
        f"rfc822;{ADDRESS}",
        f"RFC822; {ADDRESS}",
        f"mailto:{ADDRESS}",
        f"rsvp%2B{TOKEN}@reply.asanokai.example",
        f"rsvp+2B{TOKEN}@reply.asanokai.example",
        f"rsvp=2b{TOKEN}@reply.asanokai.example",
        f"prvs=4711abcdef={ADDRESS}",
        f"btv1==47abc==rsvp+{TOKEN}@reply.asanokai.example",
    ],
)
def test_a_token_is_found_however_its_address_is_written(written):
    assert ours(written, TOKENS) == Ours("rsvp", 7)


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        "@",
        "rsvp@reply.asanokai.example",
        "rsvp+@reply.asanokai.example",
        f"bounce+{TOKEN}@reply.asanokai.example",
        f"other+{TOKEN}@reply.asanokai.example",
        f"rsvp+{TOKEN[:-1]}@reply.asanokai.example",
        f"rsvp+{TOKEN}a@reply.asanokai.example",
        f"x.rsvp+{TOKEN}@reply.asanokai.example",
        f"rsvp+{TOKEN}",
        "rsvp+" + "a" * 100_000 + "@reply.asanokai.example",
        "rsvp+\0\ud800@x",
    ],
)
def test_what_only_looks_like_ours_is_not(written):
    assert ours(written, TOKENS) is None


def test_a_token_that_begins_as_a_plus_in_hexadecimal_is_read_as_it_is():
    token = TOKENS.mint_address("letter", 0xD040)
    assert token.startswith("2b")
    assert ours(f"bounce+{token}@reply.asanokai.example", TOKENS) == Ours("bounce", 0xD040)


def test_the_first_address_of_ours_is_taken():
    assert first_of_ours(["katrin@jena.example", ADDRESS, f"bounce+{TOKEN}@x"], TOKENS) == ADDRESS
