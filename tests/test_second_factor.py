"""The second factor: setting it up, giving it, losing it, and wanting it of those who coordinate."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import func, select

from asanokai import clock as program_clock
from asanokai import copies, db, devices, factors, installation, leaving, members, merging
from asanokai.backup import afterwards
from asanokai.db import session
from asanokai.errors import BadInput, Refused
from asanokai.factors import Factor, RecoveryCode
from asanokai.journal import Entry
from asanokai.members import Member
from asanokai.vault import Vault
from asanokai.web import arriving
from asanokai.whose import person
from tests import people
from tests.pages import Reader, sign_in_link
from tests.test_cli import Shell, said

KEY, OLDER = "a key for tests only, long enough to be one", "an older key, which is given up one day"
VAULT = Vault([KEY], "second-factor")

EMMA = "emma.whitfield@ilmenau.example"


def code(member_id: int, steps: int = 0) -> str:
    """What the member's app shows, now or so many steps later."""
    secret = VAULT.open(session().get_one(Factor, member_id, populate_existing=True).sealed)
    return pyotp.TOTP(secret or "").at(program_clock.now() + timedelta(seconds=30 * steps))


def with_factor(who: Member) -> list[str]:
    """Somebody sets a second factor; the recovery codes. In the transaction that is running."""
    factors.begin(who.id, VAULT)
    return factors.confirm(who.id, code(who.id), VAULT)


def half_in(app, who: Member) -> Reader:
    """Somebody who has opened the link and owes the code."""
    reader = Reader(app)
    response = reader.post(sign_in_link(app, who))
    assert response.headers["Location"] == "/sign-in/code"
    reader.token = None
    return reader


def inside(reader: Reader) -> bool:
    return reader.get("/me/devices").status_code == 200


def told(who: Member) -> list[str]:
    return [letter.facts["what"] for letter in people.letters_to(who, "second_factor")]


@pytest.fixture
def emma(app, clock) -> list[str]:
    """Her recovery codes; the code of the moment is spent."""
    with db.transaction():
        codes = with_factor(people.emma())
    clock.advance(minutes=1)
    return codes


# --- keeping the secret -----------------------------------------------------------------------------------------------


def test_what_is_sealed_opens_under_every_key_of_the_list_and_for_its_purpose_alone():
    sealed = Vault([OLDER], "second-factor").seal("geheim 秘")
    both = Vault([KEY, OLDER], "second-factor")
    assert ("geheim" in sealed, both.open(sealed), VAULT.open(sealed)) == (False, "geheim 秘", None)
    assert Vault([OLDER], "another").open(sealed) is None
    assert VAULT.open(both.renew(sealed)) == "geheim 秘"


def test_a_code_taken_seals_the_secret_under_the_newest_key(app, clock):
    who, older = people.katrin().id, Vault([OLDER], "second-factor")
    factors.begin(who, older)
    secret = factors.waiting_secret(who, older)
    factors.confirm(who, pyotp.TOTP(secret).at(clock.now), older)
    clock.advance(minutes=1)
    row = factors.of(who)
    assert factors.takes(row, pyotp.TOTP(secret).at(clock.now), Vault([KEY, OLDER], "second-factor")) == "app"
    assert VAULT.open(row.sealed) == secret


def test_all_secrets_are_sealed_anew_by_command_so_that_a_leaked_key_can_go_at_once(app, config, emma):
    with db.transaction():
        row = factors.of(people.emma().id)
        secret = VAULT.open(row.sealed)
        row.sealed = Vault([OLDER], "second-factor").seal(secret)
        with_factor(people.katrin())
    shell = Shell(config)
    refused = shell("factor", "reseal")
    assert (refused.exit_code, refused.stdout) == (1, "Resealed: 1.\n")
    assert refused.stderr == "1 cannot be opened: the key they were encrypted with is not in the list.\n"
    shell.environment["ASANOKAI_SECRET_KEY_FALLBACKS"] = OLDER.replace(" ", "-")
    with db.transaction():
        factors.of(people.emma().id).sealed = Vault([OLDER.replace(" ", "-")], "second-factor").seal(secret)
    assert said(shell("factor", "reseal")) == (0, "Resealed: 2.\n", "")
    with db.reading():
        assert VAULT.open(factors.of(people.emma().id).sealed) == secret


# --- setting it up ----------------------------------------------------------------------------------------------------


def test_it_asks_for_nothing_before_its_first_code_is_right(app, clock):
    who = people.katrin().id
    factors.begin(who, VAULT)
    with pytest.raises(BadInput):
        factors.confirm(who, "000000", VAULT)
    assert factors.of(who) is None
    codes = factors.confirm(who, code(who), VAULT)
    assert factors.of(who).confirmed_at == clock.now
    assert factors.waiting_secret(who, VAULT) is None
    assert len(set(codes)) == 10 and all(
        re.fullmatch(r"([2-9a-hj-km-np-z]{6}-){3}[2-9a-hj-km-np-z]{6}", one) for one in codes
    )
    kept = session().scalars(select(RecoveryCode.code_hash)).all()
    assert len(kept) == 10 and not any(one.replace("-", "") in " ".join(kept) for one in codes)
    assert told(people.katrin()) == ["set"]


def test_recovery_codes_are_kept_as_hashes_and_the_secret_encrypted(app, emma):
    """118 random bits each, of which a plain hash is enough (OWASP ASVS 5.0, 6.5.2)."""
    assert len(factors.ALPHABET) ** (factors.GROUPS * factors.SIGNS) > 2**112
    who = people.emma().id
    sealed, secret = factors.of(who).sealed, VAULT.open(factors.of(who).sealed)
    assert re.fullmatch(r"[A-Z2-7]{32}", secret) and secret not in sealed
    kept = session().scalars(select(RecoveryCode.code_hash)).all()
    assert set(kept) == {hashlib.sha256(one.replace("-", "").encode()).hexdigest() for one in emma}
    assert (VAULT.open(sealed[:-4] + "AAA="), Vault([OLDER], "second-factor").open(sealed)) == (None, None)


def test_the_pages_lead_through_it(app, clock):
    with db.transaction():
        emma = people.emma().id
    reader, other = Reader(app, people.emma()), Reader(app, people.emma())
    assert "<svg" not in reader.get("/me/second-factor").text
    assert reader.post("/me/second-factor/begin").headers["Location"] == "/me/second-factor"
    page = reader.get("/me/second-factor")
    assert '<div role="img"' in page.text and "<svg" in page.text and "style=" not in page.text
    assert re.search(r"<code>([A-Z2-7]{4} ){7}[A-Z2-7]{4}</code>", page.text)
    assert reader.post("/me/second-factor", {"code": "12345"}).status_code == 422
    shown = reader.post("/me/second-factor", {"code": code(emma)})
    codes = re.findall(r"<li><code>([^<]+)</code>", shown.text)
    assert (shown.status_code, len(codes), shown.headers["Cache-Control"]) == (200, 10, "no-store")
    assert codes[0] not in reader.get("/me/second-factor").text
    assert (inside(reader), inside(other)) == (True, False)


def test_other_codes_end_those_before_and_it_can_be_removed(app, emma):
    who = people.emma().id
    newer = factors.new_codes(who)
    assert factors.takes(factors.of(who), emma[0], VAULT) == ""
    assert factors.takes(factors.of(who), newer[0].upper().replace("-", " "), VAULT) == "recovery"
    factors.remove(who, actor_id=who)
    assert (factors.of(who), factors.codes_left(who), told(people.emma())) == (None, 0, ["set", "used", "removed"])
    with pytest.raises(Refused):
        factors.remove(who, actor_id=who)


# --- what happens to a member ----------------------------------------------------------------------------------------


def test_of_two_rows_made_one_a_second_factor_stays(app, emma, clock):
    katrin, emma = people.katrin(), people.emma()
    devices.begin(katrin.id, by="link", name="")
    merging.merge(katrin.id, emma.id, {}, actor_id=katrin.id)
    assert (factors.of(katrin.id).confirmed_at, factors.codes_left(katrin.id)) == (clock.now - timedelta(minutes=1), 10)
    assert devices.of_member(katrin.id) == []
    other = people.kenji()
    with_factor(other)
    before = factors.of(katrin.id).sealed
    merging.merge(katrin.id, other.id, {}, actor_id=katrin.id)
    assert (factors.of(katrin.id).sealed, factors.codes_left(katrin.id)) == (before, 10)
    assert session().scalars(select(Factor.member_id)).all() == [katrin.id]


@pytest.mark.parametrize(("days", "left"), [(-1, []), (1, ["emma"])], ids=["set since", "set before"])
def test_who_objects_to_a_change_of_address_is_rid_of_what_others_set_since(app, emma, clock, days, left):
    who = people.emma()
    factors.end_since(who.id, clock.now + timedelta(days=days))
    assert (["emma"] if factors.of(who.id) else [], factors.codes_left(who.id)) == (left, 0)
    assert told(who) == (["set"] if left else ["set", "removed"])


def test_whoever_leaves_takes_it_along(app, emma):
    with db.transaction():
        leaving.leave(people.emma(), actor_id=people.emma().id)
    assert [session().scalars(select(table.member_id)).all() for table in (Factor, RecoveryCode)] == [[], []]


def test_when_it_was_set_stands_in_the_copy_of_ones_data_and_nothing_else_of_it(app, emma, clock):
    (part,) = [part for part in copies.PARTS if part.name == "second_factors"]
    set_at = clock.now - timedelta(minutes=1)
    rows = session().execute(part.ask(person(people.emma()))).mappings().all()
    assert [dict(row) for row in rows] == [{"created_at": set_at, "confirmed_at": set_at}]


def test_after_a_restore_no_recovery_code_is_good_again(app, emma):
    with db.transaction():
        afterwards.sign_everybody_out()
    assert (factors.of(people.emma().id) is not None, factors.codes_left(people.emma().id)) == (True, 0)


def test_the_command_line_says_that_it_is_asked_for_and_removes_a_lost_one(app, config, emma):
    shell = Shell(config)
    link = shell("sign-in-link", EMMA)
    assert (link.stdout.count("/sign-in/"), link.stderr.split(":")[0]) == (1, "A second factor is set")
    done = shell("factor", "remove", EMMA)
    assert (done.exit_code, done.output) == (
        0,
        f"The second factor of {EMMA} is removed, and all devices are signed out.\n",
    )
    assert (factors.of(people.emma().id), told(people.emma())) == (None, ["set", "by desk"])


# --- giving it --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counts", [False, True], ids=["", "the provider counts"])
def test_every_way_in_asks_for_the_second_factor_where_it_must(app, emma, counts):
    with db.transaction():
        installation.change(actor_id=None, provider_counts=counts)
    found = {}
    for way in ("link", "password", "provider", "passkey"):
        with app.test_request_context("/sign-in"), db.transaction():
            found[way] = arriving.let_in(people.emma(), by=way).location
    owed = "/sign-in/code"
    assert found == {"link": owed, "password": owed, "provider": "/me/" if counts else owed, "passkey": "/me/"}


def test_there_is_one_place_where_a_session_begins():
    pages = Path(arriving.__file__).parent
    begins = {
        page.name for page in pages.rglob("*.py") if re.search(r"login_user\(|devices\.begin\(", page.read_text())
    }
    assert begins == {"arriving.py"}


def test_the_code_is_asked_for_and_nothing_else_opens_until_it_is_given(app, emma):
    reader = half_in(app, people.emma())
    assert [reader.get(address).headers.get("Location") for address in ("/me/second-factor", "/me/prove", "/me/")] == [
        "/sign-in"
    ] * 3
    assert reader.get("/sign-in/code").status_code == 200
    assert reader.post("/sign-in/code", {"code": code(people.emma().id)}).headers["Location"] == "/me/"
    assert inside(reader)
    (device,) = devices.of_member(people.emma().id)
    assert device.factor_at == program_clock.now()


def test_the_code_is_asked_for_in_the_language_that_was_spoken_before(app, clock):
    with db.transaction():
        with_factor(people.kenji())
    assert "あと一歩です" in half_in(app, people.kenji()).get("/sign-in/code").text
    reader = Reader(app)
    link = sign_in_link(app, people.kenji())
    reader.get(f"{link}?lang=de")
    reader.post(link)
    assert "Noch ein Schritt" in reader.get("/sign-in/code").text


def test_a_code_is_good_once(app, emma, clock):
    who = people.emma().id
    row, spent = factors.of(who), code(who)
    assert [factors.takes(row, typed, VAULT) for typed in (code(who, -2), code(who, 2), spent, spent)] == [
        "",
        "",
        "app",
        "",
    ]
    assert factors.takes(row, code(who, -1), VAULT) == ""  # older than the one that was taken
    clock.advance(seconds=60)
    assert factors.takes(row, f" {code(who, -1)[:3]} {code(who, -1)[3:]} ", VAULT) == "app"


def test_a_password_asks_for_it_too_and_half_signed_in_ends_after_ten_minutes(app, emma, clock):
    with db.transaction():
        members.set_password(people.emma(), "vier Worte aus dem Wald", actor_id=None)
    reader = Reader(app)
    form = {"email": "emma.whitfield@ilmenau.example", "password": "vier Worte aus dem Wald"}
    assert reader.post("/sign-in/password", form).headers["Location"] == "/sign-in/code"
    reader.token = None
    clock.advance(minutes=10)
    assert reader.post("/sign-in/code", {"code": code(people.emma().id)}).headers["Location"] == "/sign-in"
    assert not inside(reader)


def test_signing_out_everywhere_ends_what_was_half_begun(app, emma):
    reader = half_in(app, people.emma())
    with db.transaction():
        members.sign_out_everywhere(people.emma())
    assert reader.get("/sign-in/code").headers["Location"] == "/sign-in"


def test_five_wrong_codes_lock_for_ten_minutes_even_for_the_right_one_and_are_journalled(app, emma, clock):
    who, reader = people.emma().id, half_in(app, people.emma())
    assert [reader.post("/sign-in/code", {"code": "000000"}).status_code for _ in range(6)] == [422] * 5 + [409]
    assert reader.post("/sign-in/code", {"code": code(who)}).status_code == 409
    entries = session().scalars(select(Entry).where(Entry.verb == "refuse").order_by(Entry.id)).all()
    assert [(entry.object_id, entry.facts) for entry in entries] == [
        (who, {"by": "code", "locked": locked}) for locked in (False, False, False, False, True)
    ]
    clock.advance(minutes=10)
    reader = half_in(app, people.emma())
    assert reader.post("/sign-in/code", {"code": code(who)}).status_code == 303


def test_a_recovery_code_is_good_once(app, emma):
    for expected in (303, 422):
        assert half_in(app, people.emma()).post("/sign-in/code", {"code": emma[3]}).status_code == expected
    assert (told(people.emma()), factors.codes_left(people.emma().id)) == (["set", "used"], 9)


def test_proving_it_once_more_takes_both_and_keeps_who_is_signed_in_meanwhile(app, emma, clock):
    reader = half_in(app, people.emma())
    reader.post("/sign-in/code", {"code": code(people.emma().id)})
    clock.advance(minutes=20)
    assert reader.get("/me/second-factor").headers["Location"] == "/me/prove"
    reader.token = None
    assert reader.post(sign_in_link(app, people.emma())).headers["Location"] == "/sign-in/code"
    assert (inside(reader), reader.get("/me/second-factor").status_code) == (True, 303)
    assert reader.post("/sign-in/code", {"code": code(people.emma().id)}).headers["Location"] == "/me/second-factor"
    assert reader.get("/me/second-factor").status_code == 200


def test_an_administrator_removes_a_lost_one_and_the_member_hears_of_it(app, emma):
    with db.transaction():
        people.ludwig()
    chief, number = Reader(app, people.ludwig()), people.emma().id
    assert chief.post(f"/coordinate/members/{number}/factor").status_code == 303
    assert told(people.emma()) == ["set", "by desk"]
    reader = Reader(app, people.emma())
    assert inside(reader)
    entry = session().scalars(select(Entry).where(Entry.verb == "remove", Entry.object == "factor")).one()
    assert (entry.actor_id, entry.member_id) == (people.ludwig().id, number)


# --- wanting it -------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(app, clock) -> tuple[int, int]:
    with db.transaction():
        people.ludwig()
        series = people.series()
        people.coordinate(series, people.akiko())
        people.belong(series, people.akiko())
        return series.id, people.announced_meeting(series).id


def desk_pages(desk: tuple[int, int]) -> list[str]:
    series, meeting = desk
    return ["/coordinate/", f"/coordinate/series/{series}", f"/coordinate/meetings/{meeting}"]


def opens(reader: Reader, addresses: list[str]) -> list[str | None]:
    return [reader.get(address).headers.get("Location") for address in addresses]


@pytest.mark.parametrize(
    ("wanted", "coordinator", "chief"),
    [("", False, False), ("administrators", False, True), ("coordinators", True, True)],
)
def test_who_must_have_one_is_led_to_set_it_up_before_the_desk_opens(app, desk, wanted, coordinator, chief):
    with db.transaction():
        installation.change(actor_id=None, second_factor=wanted)
    for who, held in ((people.akiko, coordinator), (people.ludwig, chief)):
        reader = Reader(app, who())
        assert opens(reader, desk_pages(desk)) == (["/me/second-factor"] * 3 if held else [None] * 3)
        assert opens(reader, ["/me/", "/me/settings", "/me/devices"]) == [None] * 3
    assert opens(Reader(app, people.ludwig()), ["/coordinate/members"]) == ["/me/second-factor" if chief else None]


def test_a_series_wants_it_and_who_sets_one_gets_in(app, desk):
    with db.transaction():
        people.series_of(session().get_one(people.Meeting, desk[1])).second_factor = True
    reader = Reader(app, people.akiko())
    assert opens(reader, desk_pages(desk)) == ["/me/second-factor"] * 3
    reader.post("/me/second-factor/begin")
    reader.post("/me/second-factor", {"code": code(people.akiko().id)})
    assert opens(reader, desk_pages(desk)) == [None] * 3


def test_they_are_told_before_and_nobody_twice(app, desk, emma):
    with db.transaction():
        people.coordinate(people.series("other"), people.emma())
    chief = Reader(app, people.ludwig())
    form = {"second_factor": "coordinators", "provider_counts": "y", "organisation": "X", "sender_name": ""}
    for _ in range(2):
        assert chief.post("/coordinate/settings", form).status_code in (303, 302)
        with db.transaction() as writing:
            devices.note_factor(
                writing.scalars(select(devices.Device).where(devices.Device.member_id == people.ludwig().id)).one()
            )
    assert [told(who()) for who in (people.akiko, people.ludwig, people.emma)] == [["required"], ["required"], ["set"]]


def test_a_series_that_wants_it_is_closed_from_everywhere(app, desk):
    """Also what coordinators see of it without its desk: its members' pages, its drafts, its people from elsewhere."""
    with db.transaction():
        meeting = session().get_one(people.Meeting, desk[1])
        people.series_of(meeting).second_factor = True
        other = people.series("other")
        people.coordinate(other, people.emma())
        people.coordinate(people.series_of(meeting), people.emma())
        draft, other_id = (
            people.meeting(people.series_of(meeting), people.FIRST_MORNING + timedelta(days=7)).path,
            other.id,
        )
    reader = Reader(app, people.emma())
    led = "/me/second-factor"
    assert opens(reader, [f"/series/{desk[0]}/topics", f"/meetings/{draft}"]) == [led, led]
    assert opens(reader, [f"/coordinate/series/{other_id}"]) == [None]
    assert reader.post(f"/coordinate/series/{other_id}/members/series", {"other": desk[0]}).status_code == 404
    assert opens(Reader(app, people.akiko()), [f"/series/{desk[0]}/topics"]) == [None]


def test_the_desk_says_beforehand_that_one_factor_is_little(app, desk):
    words = "You are signed in with one factor only"
    reader = Reader(app, people.akiko())
    assert words in reader.get("/coordinate/?lang=en").text
    reader.post("/me/second-factor/begin")
    reader.post("/me/second-factor", {"code": code(people.akiko().id)})
    assert words not in reader.get("/coordinate/?lang=en").text


def test_it_leads_back_to_where_it_was_wanted(app, desk):
    with db.transaction():
        installation.change(actor_id=None, second_factor="coordinators")
    reader = Reader(app, people.akiko())
    reader.get("/coordinate/letters")
    reader.post("/me/second-factor/begin")
    shown = reader.post("/me/second-factor", {"code": code(people.akiko().id)})
    assert re.search(r'class="button primary" href="([^"]+)"', shown.text)[1] == "/coordinate/letters"


def test_who_removes_it_again_is_outside_the_desk_again(app, desk, clock):
    with db.transaction():
        installation.change(actor_id=None, second_factor="coordinators")
    reader = Reader(app, people.akiko())
    reader.post("/me/second-factor/begin")
    reader.post("/me/second-factor", {"code": code(people.akiko().id)})
    assert opens(reader, ["/coordinate/"]) == [None]
    assert reader.post("/me/second-factor/remove").status_code == 303
    assert opens(reader, ["/coordinate/", "/me/"]) == ["/me/second-factor", None]


def test_whoever_came_by_a_passkey_is_in_without_an_app(app, desk):
    with db.transaction():
        installation.change(actor_id=None, second_factor="coordinators")
    reader = Reader(app, people.akiko())
    with db.transaction() as writing:
        device = writing.scalars(select(devices.Device).where(devices.Device.member_id == people.akiko().id)).one()
        device.by = "passkey"
        devices.note_factor(device)
        devices.forget_factor(people.akiko().id)
    assert opens(reader, desk_pages(desk)) == [None] * 3


def test_who_knows_one_factor_signs_nobody_out_by_beginning_often(app, emma):
    who = people.emma().id
    own, _ = devices.begin(who, by="link", name="")
    for _ in range(devices.MOST + 5):
        devices.begin(who, by="password", name="", waits=True)
    assert [device.id for device in devices.of_member(who)] == [own.id]
    assert session().scalar(select(func.count(devices.Device.id))) == devices.MOST + 1


def test_whose_factor_was_removed_meanwhile_has_given_one_only(app, emma):
    reader = half_in(app, people.emma())
    with db.transaction():
        factors.remove(people.emma().id, actor_id=people.emma().id)
    assert reader.post("/sign-in/code", {"code": "000000"}).status_code == 303
    (device,) = devices.of_member(people.emma().id)
    assert device.factor_at is None
