"""Who belongs: names and addresses as typed, one address one member, and how somebody signs in."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from asanokai import devices, members
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Missing
from asanokai.journal import Entry
from asanokai.members import Address, Member
from tests import people


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


def addresses(member: Member) -> dict[str, str]:
    rows = session().scalars(select(Address).where(Address.member_id == member.id))
    return {row.normal: row.kind for row in rows}


@pytest.mark.parametrize(
    "typed",
    ["katrin@jena.example", "  Katrin@Jena.Example ", "ｋａｔｒｉｎ＠jena.example", "KATRIN@JENA.EXAMPLE\n"],
)
def test_addresses_equal_after_folding_are_one_member(typed):
    katrin = people.member("katrin@jena.example")
    assert members.by_address(typed) is katrin
    with pytest.raises(BadInput) as refused:
        members.add(typed, family="Zweite")
    assert refused.value.field == "email"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "katrin",
        "katrin@",
        "@jena.example",
        "a b@jena.example",
        "a@b",
        "a\x00@jena.example",
        "x" * 300,
        "a@\udc80.example",
    ],
)
def test_what_cannot_be_an_address_is_refused(typed):
    for ask in (members.normal_address, members.by_address, members.ask_for_sign_in, members.add):
        with pytest.raises(BadInput) as refused:
            ask(typed)
        assert refused.value.field == "email"


def test_a_refused_member_leaves_no_row_behind():
    people.member("katrin@jena.example")
    with pytest.raises(BadInput):
        members.add("katrin@jena.example", family="Zweite")
    session().flush()
    assert session().scalars(select(Member.family).where(Member.family == "Zweite")).all() == []


def test_names_are_kept_as_typed_but_for_space_and_control_characters():
    member = people.member(
        family="  Ko\x00nig\u3000\t von\nSee ", given="Jo\u0308rg", family_ja="山\u3000田", title="x" * 300
    )
    assert (member.family, member.given, member.family_ja) == ("Ko nig von See", "Jörg", "山 田")
    assert len(member.title) == members.LONGEST


def test_prose_keeps_its_lines_and_loses_what_no_database_takes():
    typed = " erste\r\nzweite\rdritte\x00\udc80\x1b\n"
    assert members.prose(typed, longest=100) == "erste\nzweite\ndritte"
    assert members.prose("ぁ" * 9, longest=5) == "ぁ" * 5
    assert members.prose(None, longest=5) == ""


def test_an_organisation_stands_once_whatever_its_case_or_width():
    one = people.member(organisation="Optik Jena")
    two = people.member(organisation=" ＯＰＴＩＫ  jena")
    none = people.member(organisation="")
    assert one.organisation_id == two.organisation_id is not None
    assert none.organisation_id is None
    assert one.organisation.name == "Optik Jena"


@pytest.mark.parametrize(("field", "value"), [("language", "fr"), ("zone", "Mars/Olympus"), ("salutation", "König")])
def test_a_language_zone_or_salutation_that_does_not_exist_is_refused(field, value):
    with pytest.raises(BadInput) as refused:
        members.describe(people.katrin(), **{field: value})
    assert refused.value.field == field


def test_describing_changes_what_is_given_and_leaves_the_rest():
    katrin = people.katrin()
    members.change(katrin, actor_id=katrin.id, family="Lindner-Sato", zone="Asia/Tokyo", language="ja-JP")
    assert (katrin.family, katrin.given, katrin.title, katrin.zone, katrin.language) == (
        "Lindner-Sato",
        "Katrin",
        "Dr.",
        "Asia/Tokyo",
        "ja",
    )
    last = session().scalars(select(Entry).order_by(Entry.id.desc())).first()
    assert (last.verb, last.facts) == ("change", {"fields": ["family", "language", "zone"]})


def test_a_new_main_address_keeps_the_old_one_beside_it_and_may_go_back():
    katrin = people.member("katrin@jena.example")
    members.change_address(katrin, "Katrin@Weimar.example", actor_id=None)
    session().flush()
    assert addresses(katrin) == {"katrin@jena.example": "also", "katrin@weimar.example": "main"}
    assert members.main_address(katrin).text == "Katrin@Weimar.example"
    members.change_address(katrin, "katrin@jena.example", actor_id=None)
    session().flush()
    assert addresses(katrin) == {"katrin@jena.example": "main", "katrin@weimar.example": "also"}


def test_somebody_elses_address_cannot_be_taken():
    katrin, oskar = people.katrin(), people.oskar()
    with pytest.raises(BadInput):
        members.change_address(oskar, "KATRIN.lindner@optik-jena.example", actor_id=None)
    assert members.by_address("katrin.lindner@optik-jena.example") is katrin
    assert addresses(oskar) == {"oskar.fremd@elsewhere.example": "main"}


def test_a_new_address_is_written_to_although_the_old_one_was_suppressed(clock):
    katrin = people.katrin()
    members.main_address(katrin).suppressed_at = clock.now
    members.change_address(katrin, "katrin@weimar.example", actor_id=None)
    session().flush()
    assert members.main_address(katrin).suppressed_at is None


# --- signing in -------------------------------------------------------------------------------------------------------


def test_a_sign_in_letter_goes_only_to_an_accepted_member_and_nobody_can_tell(clock):
    katrin, juergen = people.katrin(), people.juergen()
    for typed in ("Katrin.Lindner@optik-jena.example", "juergen.brandt@weimar.example", "nobody@jena.example"):
        assert members.ask_for_sign_in(typed) is None
    assert people.kinds_to(katrin) == ["sign_in"]
    assert people.letters_to(katrin)[0].useless_after == clock.now + timedelta(minutes=15)
    assert people.letters_to(juergen) == []


def test_a_sign_in_secret_works_once(clock):
    katrin = people.katrin()
    nonce = members.mint_sign_in(katrin)
    session().flush()
    assert nonce not in (katrin.sign_in_hash or "")
    assert members.redeem_sign_in(katrin.id, "another") is None
    assert members.redeem_sign_in(people.emma().id, nonce) is None
    assert members.redeem_sign_in(katrin.id, nonce) is katrin
    assert members.redeem_sign_in(katrin.id, nonce) is None


def test_a_sign_in_secret_lives_fifteen_minutes(clock):
    katrin = people.katrin()
    nonce = members.mint_sign_in(katrin)
    session().flush()
    clock.advance(minutes=15)
    assert members.redeem_sign_in(katrin.id, nonce) is None


def test_a_newer_sign_in_secret_ends_the_older_one(clock):
    katrin = people.katrin()
    older, newer = members.mint_sign_in(katrin), members.mint_sign_in(katrin)
    session().flush()
    assert members.redeem_sign_in(katrin.id, older) is None
    assert members.redeem_sign_in(katrin.id, newer) is katrin


def test_who_left_cannot_redeem_a_secret_minted_before(clock):
    katrin = people.katrin()
    nonce = members.mint_sign_in(katrin)
    katrin.standing = "left"
    session().flush()
    assert members.redeem_sign_in(katrin.id, nonce) is None


def test_opening_the_link_proves_the_address_if_it_is_the_only_one(clock):
    one, several = people.member(), people.member("a@jena.example")
    members.change_address(several, "b@jena.example", actor_id=None)
    for member in (one, several):
        nonce = members.mint_sign_in(member)
        session().flush()
        members.redeem_sign_in(member.id, nonce)
    assert members.main_address(one).verified_at == clock.now
    assert members.main_address(several).verified_at is None


def test_a_password_signs_in_and_can_be_taken_away(clock):
    katrin = people.katrin()
    _device, cookie = devices.begin(katrin.id, by="link", name="")
    members.set_password(katrin, "Zwölf Zeichen und 朝", actor_id=katrin.id)
    session().flush()
    assert "Zeichen" not in katrin.password_hash and not devices.holds(cookie)
    assert members.by_password("Katrin.Lindner@optik-jena.example", "Zwölf Zeichen und 朝") is katrin
    assert members.by_password("katrin.lindner@optik-jena.example", "zwölf Zeichen und 朝") is None
    assert members.by_password("nobody@jena.example", "Zwölf Zeichen und 朝") is None
    assert members.by_password("no address at all", "Zwölf Zeichen und 朝") is None
    members.set_password(katrin, None, actor_id=katrin.id)
    session().flush()
    assert members.by_password("katrin.lindner@optik-jena.example", "Zwölf Zeichen und 朝") is None


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 1001])
def test_a_password_too_short_or_endless_is_refused(password):
    with pytest.raises(BadInput):
        members.set_password(people.katrin(), password, actor_id=None)


def test_the_calendars_secret_can_be_renewed(clock):
    katrin = people.katrin()
    old = katrin.calendar_secret
    members.new_calendar_secret(katrin)
    assert katrin.calendar_secret != old and len(katrin.calendar_secret) >= 32


def test_unsubscribing_twice_is_as_good_as_once(clock):
    katrin = people.katrin()
    members.unsubscribe(katrin)
    first = katrin.unsubscribed_at
    clock.advance(days=1)
    members.unsubscribe(katrin)
    assert katrin.unsubscribed_at == first
    verbs = session().scalars(select(Entry.verb).where(Entry.verb.like("%subscribe"))).all()
    assert verbs == ["unsubscribe"]
    members.subscribe(katrin, actor_id=None)
    assert katrin.unsubscribed_at is None


def test_a_member_that_does_not_exist_is_missing():
    with pytest.raises(Missing):
        members.by_id(4711)
