"""Wanting a second factor: who is told before the desk asks for it, and who need not be."""

import pytest

from asanokai import clock as program_clock
from asanokai import db, installation, members, requiring, series
from asanokai.db import session
from asanokai.passkeys import Passkey
from tests import people
from tests.test_second_factor import with_factor

WHO = (people.akiko, people.naoko, people.emma, people.kenji, people.katrin, people.ludwig)


def with_passkey(who: people.Member) -> None:
    key = str(who.id).encode()
    made = {"credential_id": key, "public_key": b"k", "handle": key, "name": "x", "created_at": program_clock.now()}
    session().add(Passkey(member_id=who.id, **made))


@pytest.fixture
def wanted(app, clock) -> series.Series:
    """Akiko coordinates it, as do Naoko by a passkey and Emma with an app; Kenji and Katrin administer, Kenji by a
    passkey, and so does Ludwig, who coordinates it too."""
    with db.transaction():
        found = people.series()
        people.coordinate(found, people.akiko(), people.naoko(), people.emma(), people.ludwig())
        for chief in (people.kenji(), people.katrin()):
            members.make_administrator(chief, True, actor_id=None)
        with_passkey(people.naoko())
        with_passkey(people.kenji())
        with_factor(people.emma())
    return found


def told() -> dict[str, int]:
    """How many letters ask whom to set one up."""
    found = {}
    for who in WHO:
        asked = [letter for letter in people.letters_to(who(), "second_factor") if letter.facts["what"] == "required"]
        found |= {who.__name__: len(asked)} if asked else {}
    return found


@pytest.mark.parametrize(
    ("before", "now", "whom"),
    [
        ("", "administrators", {"katrin": 1, "ludwig": 1}),
        ("", "coordinators", {"akiko": 1, "katrin": 1, "ludwig": 1}),
        ("coordinators", "administrators", {}),
        ("coordinators", "", {}),
        ("administrators", "administrators", {}),
    ],
)
def test_who_needs_one_from_now_on_is_told_unless_a_passkey_or_an_app_is_both(wanted, before, now, whom):
    assert (requiring.tell_before(now, before), told()) == (len(whom), whom)


def test_a_series_that_wants_it_tells_its_coordinators_and_who_administers(wanted):
    assert (requiring.tell_of_series(wanted), told()) == (3, {"akiko": 1, "katrin": 1, "ludwig": 1})


@pytest.mark.parametrize("by", ["the settings", "another series"])
def test_who_administers_is_not_told_again_by_a_series_where_it_was_wanted_before(wanted, by):
    if by == "the settings":
        installation.change(actor_id=None, second_factor="administrators")
    else:
        people.series("other").second_factor = True
    assert (requiring.tell_of_series(wanted), told()) == (1, {"akiko": 1})
