"""Showing once more who one is: what asks for it, the ways there are, and coming back."""

import json
import re

import pytest
from sqlalchemy import delete, func, select

from asanokai import copies, db, factors, members, readdressing
from asanokai.db import session
from asanokai.devices import Device as SignedIn
from asanokai.factors import RecoveryCode
from asanokai.journal import Entry
from asanokai.passkeys import Passkey
from asanokai.web import limits
from asanokai.web.limits import Bounds
from tests import people
from tests.authenticator import PRESENT, Device, octets
from tests.pages import Reader, sign_in_link
from tests.test_second_factor import code, with_factor
from tests.world import contents, typed, unticked, without_refusals

PASSWORD = "vier Worte aus dem Wald"
PROVE = "/me/prove"
ASKED_AGAIN = (303, PROVE)


@pytest.fixture
def emma(app, clock) -> Reader:
    """Emma, who has only a mailbox, signed in a quarter of an hour ago."""
    with db.transaction():
        people.emma(), people.katrin()
    reader = Reader(app, people.emma())
    clock.advance(minutes=15)
    return reader


def with_passkey(reader: Reader, clock) -> Device:
    """A device whose passkey is known here, made while that was allowed."""
    device, before = Device(), clock.now
    reader.sign_in(people.emma())
    made = device.create(json.loads(reader.get("/me/keys/new").text))
    assert reader.post("/me/keys", {"name": "Phone", "answer": made}).status_code == 303
    clock.set(before)
    clock.advance(minutes=16)
    return device


def led(response) -> tuple[int, str | None]:
    return response.status_code, response.headers.get("Location")


def answer(reader: Reader, device: Device, **wrong) -> str:
    return device.get(json.loads(reader.get(f"{PROVE}/asked").text), **wrong)


def prove_by_passkey(reader: Reader, device: Device, **wrong):
    return reader.post(f"{PROVE}/passkey", {"answer": answer(reader, device, **wrong)})


def offered(reader: Reader) -> list[str]:
    """The ways the page offers, in their order."""
    page = reader.get(PROVE).text
    found = re.findall(rf'action="{PROVE}(?:/(\w+))?"', page)
    assert page.count('class="primary"') == 1
    return [way or "password" for way in found]


def signed_in() -> SignedIn:
    return session().scalars(select(SignedIn).execution_options(populate_existing=True)).one()


def refusals() -> list[dict | None]:
    return [entry.facts for entry in session().scalars(select(Entry).where(Entry.verb == "refuse").order_by(Entry.id))]


# --- what asks for it -------------------------------------------------------------------------------------------------


@pytest.fixture
def chief(app, clock) -> Reader:
    """Ludwig, who administers, has a passkey, an identity elsewhere and a copy; signed in a quarter of an hour ago."""
    with db.transaction() as writing:
        ludwig = people.ludwig()
        writing.add(
            Passkey(
                id=7,
                member_id=ludwig.id,
                credential_id=b"i",
                public_key=b"k",
                handle=b"h",
                name="x",
                created_at=clock.now,
            )
        )
        people.emma()
        copies.ask(ludwig, actor_id=ludwig.id)
    reader = Reader(app, people.ludwig())
    clock.advance(minutes=15)
    return reader


SENT = {
    "/me/keys": "/me/keys",
    "/me/keys/7/rename": "/me/keys",
    "/me/keys/7/remove": "/me/keys",
    "/me/keys/provider/1/remove": "/me/keys",
    "/me/address": "/me/address",
    "/me/password": "/me/settings",
    "/me/data/copy": "/me/data",
    "/me/data/copy/1": "/me/data",
    "/me/data/delete": "/me/data/delete",
    "/me/deputies": "/me/deputies",
    "/me/second-factor": "/me/second-factor",
    "/me/second-factor/begin": "/me/second-factor",
    "/me/second-factor/codes": "/me/second-factor",
    "/me/second-factor/remove": "/me/second-factor",
    "/coordinate/members/{emma}/factor": "/coordinate/members/{emma}",
    "/coordinate/members/{emma}/copy": "/coordinate/members/{emma}/copy",
    "/coordinate/members/{emma}/copy/1": "/coordinate/members/{emma}/copy",
    "/coordinate/members/{emma}/erase": "/coordinate/members/{emma}/erase",
    "/coordinate/members/{emma}/merge/1": "/coordinate/members/{emma}/merge/1",
    "/coordinate/settings": "/coordinate/settings",
}
"""What is sent → the page that is shown after the proof."""

OPENED = {
    "/me/keys/new": "/me/keys",
    "/me/keys/provider": "/me/keys/provider",
    "/me/data/delete": "/me/data/delete",
    "/me/second-factor": "/me/second-factor",
    "/coordinate/settings": "/coordinate/settings",
    "/coordinate/members/{emma}/merge/1": "/coordinate/members/{emma}/merge/1",
    "/coordinate/members/{emma}/erase": "/coordinate/members/{emma}/erase",
}
"""What cannot even be opened → the same."""

OPEN = (
    *("/me/keys", "/me/address", "/me/data", "/me/deputies", "/me/devices", "/me/settings", "/me/leave"),
    "/coordinate/members/{emma}/copy",
)
"""Pages that show what is and change nothing."""


def test_what_is_delicate_is_not_done_and_leads_back_by_a_link_to_its_page(app, chief, clock):
    emma = str(people.emma().id)
    wanted = {("POST", path): page for path, page in SENT.items()} | {
        ("GET", path): page for path, page in OPENED.items()
    }
    found = {}
    for method, path in wanted:
        address, before = path.replace("{emma}", emma), contents()
        act = chief.post if method == "POST" else chief.get
        response = act(address)
        assert without_refusals(contents()) == without_refusals(before), address
        assert led(response) == ASKED_AGAIN, address
        with chief.client.session_transaction() as cookie:
            found[method, path] = cookie["next"].replace(emma, "{emma}")
    assert found == wanted
    assert led(chief.post(sign_in_link(app, people.ludwig()))) == (303, f"/coordinate/members/{emma}/erase")
    assert chief.get("/coordinate/settings").status_code == 200


def test_an_address_is_set_at_the_desk_only_by_who_has_just_shown_who_they_are(chief):
    """Their own would let them prove everything by a link, another's would give them that account."""
    own, emma = people.ludwig(), people.emma()
    found = {}
    for who in (own, emma):
        page = f"/coordinate/members/{who.id}"
        held = typed(chief.get(page).text, "")
        respelt = held["email"].upper()
        for email in ("thief@elsewhere.example", respelt):
            sent = led(chief.post(page, unticked({**held, "email": email})))
            session().expire_all()
            found[who.given, email] = (sent, members.main_address(members.by_id(who.id)).text)
    saved = (303, "/coordinate/members")
    assert found == {
        ("Ludwig", "thief@elsewhere.example"): (ASKED_AGAIN, "ludwig.haase@asanokai.example"),
        ("Ludwig", "LUDWIG.HAASE@ASANOKAI.EXAMPLE"): (saved, "LUDWIG.HAASE@ASANOKAI.EXAMPLE"),
        ("Emma", "thief@elsewhere.example"): (ASKED_AGAIN, "emma.whitfield@ilmenau.example"),
        ("Emma", "EMMA.WHITFIELD@ILMENAU.EXAMPLE"): (saved, "EMMA.WHITFIELD@ILMENAU.EXAMPLE"),
    }
    assert people.kinds_to(own) + people.kinds_to(emma) == []


def test_pages_that_only_show_stay_open_and_so_does_what_protects(chief):
    emma = str(people.emma().id)
    assert {path: chief.get(path.replace("{emma}", emma)).status_code for path in OPEN} == dict.fromkeys(OPEN, 200)
    assert led(chief.post("/me/devices/others")) == (303, "/me/devices")


def test_a_member_with_only_a_mailbox_proves_it_by_a_link_and_goes_on_where_they_were(app, emma):
    form = {"email": "emma@new.example"}
    assert led(emma.post("/me/address", form)) == ASKED_AGAIN
    assert offered(emma) == ["link"]
    assert led(emma.post(f"{PROVE}/link")) == ASKED_AGAIN
    assert people.kinds_to(people.emma()) == ["sign_in"]
    assert led(emma.post(sign_in_link(app, people.emma()))) == (303, "/me/address")
    emma.token = None
    assert led(emma.post("/me/address", form)) == (303, "/me/address")
    assert readdressing.asked(people.emma()) is not None


def test_a_link_is_not_promised_to_who_has_no_address(app, emma):
    with db.transaction() as writing:
        writing.execute(delete(members.Address).where(members.Address.member_id == people.emma().id))
    page = emma.get(f"{PROVE}?lang=en").text
    assert "There is no way by which you could show it here." in page
    assert emma.post(f"{PROVE}/link").status_code == 409


# --- the ways there are -----------------------------------------------------------------------------------------------


def test_only_the_ways_somebody_has_are_offered_the_best_first(app, emma, clock):
    who = people.emma
    assert offered(emma) == ["link"]
    with db.transaction():
        members.set_password(who(), PASSWORD, actor_id=None, but=signed_in().id)
    assert offered(emma) == ["password", "link"]
    with_passkey(emma, clock)
    assert offered(emma) == ["passkey", "password", "link"]
    with db.transaction():
        with_factor(who())
    emma.get("/me/data/delete")
    assert offered(emma) == ["passkey", "code", "password", "link"]
    emma.get("/me/keys/new")
    assert offered(emma) == ["passkey", "password", "link"]


# --- a passkey --------------------------------------------------------------------------------------------------------


def test_a_passkey_proves_it_wholly_and_begins_a_new_session(emma, clock):
    device = with_passkey(emma, clock)
    before = signed_in().token_hash
    assert led(emma.get("/me/keys/new")) == ASKED_AGAIN
    assert led(prove_by_passkey(emma, device)) == (303, "/me/keys")
    row = signed_in()
    assert (row.by, row.proved_at, row.factor_at, row.token_hash == before) == ("passkey", clock.now, clock.now, False)
    assert emma.get("/me/keys/new").status_code == 200


def test_the_device_is_asked_for_the_owners_own_passkeys_and_to_verify_them(emma, clock):
    device = with_passkey(emma, clock)
    asked = json.loads(emma.get(f"{PROVE}/asked").text)
    assert [octets(one["id"]) for one in asked["allowCredentials"]] == [device.credential_id]
    assert asked["userVerification"] == "required"
    # It may leave out whose it is, since that is known.
    assert led(prove_by_passkey(emma, device, handle=b"")) == (303, "/me/")


def test_nothing_is_proved_by_a_wrong_answer_or_somebody_elses_passkey(app, emma, clock):
    device = with_passkey(emma, clock)
    other, stranger = Device(), Reader(app, people.katrin())
    made = other.create(json.loads(stranger.get("/me/keys/new").text))
    stranger.post("/me/keys", {"name": "x", "answer": made})
    tries = [
        prove_by_passkey(emma, device, flags=PRESENT),
        prove_by_passkey(emma, device, origin="https://evil.example"),
        prove_by_passkey(emma, device, handle=b"another"),
        prove_by_passkey(emma, other),
        prove_by_passkey(emma, Device()),
        emma.post(f"{PROVE}/passkey", {"answer": ""}),
    ]
    assert [page.status_code for page in tries] == [422] * 6
    assert [(one or {})["because"] for one in refusals()] == [
        "not proved",
        "not proved",
        "handle",
        "another",
        "unknown",
    ]
    assert led(emma.get("/me/keys/new")) == ASKED_AGAIN


# --- the code of the authenticator ------------------------------------------------------------------------------------


@pytest.fixture
def guarded(app, emma, clock) -> Reader:
    """Emma, whose second factor was given on this device a quarter of an hour ago."""
    with db.transaction():
        with_factor(people.emma())
    clock.advance(minutes=1)
    emma.post(sign_in_link(app, people.emma()))
    emma.post("/sign-in/code", {"code": code(people.emma().id)})
    emma.token = None
    clock.advance(minutes=15)
    return emma


def test_the_code_alone_is_enough_for_a_copy_and_not_for_a_way_in(guarded, clock):
    who = people.emma().id
    assert led(guarded.get("/me/data/delete")) == ASKED_AGAIN
    proved, before = signed_in().proved_at, signed_in().token_hash
    kept = guarded.client.get_cookie("asanokai").value
    assert led(guarded.post(f"{PROVE}/code", {"code": code(who)})) == (303, "/me/data/delete")
    row = signed_in()
    assert (row.proved_at, row.factor_at, row.token_hash == before) == (proved, clock.now, False)
    guarded.token = None
    assert (guarded.get("/me/data/delete").status_code, guarded.post("/me/data/copy").status_code) == (200, 303)
    assert led(guarded.get("/me/keys/new")) == ASKED_AGAIN
    clock.advance(minutes=1)
    assert guarded.post(f"{PROVE}/code", {"code": code(who)}).status_code == 422
    clock.advance(minutes=14)
    assert led(guarded.get("/me/data/delete")) == ASKED_AGAIN
    guarded.client.set_cookie("asanokai", kept)
    assert led(guarded.get("/me/devices")) == (303, "/sign-in")


def test_a_recovery_code_proves_nothing_here_and_is_not_spent(emma, guarded):
    with db.transaction():
        codes = factors.new_codes(people.emma().id)
    guarded.get("/me/data/delete")
    assert guarded.post(f"{PROVE}/code", {"code": codes[0]}).status_code == 422
    assert led(guarded.get("/me/data/delete")) == ASKED_AGAIN
    assert session().scalar(select(func.count(RecoveryCode.id))) == 10


def test_five_wrong_codes_lock_here_as_at_the_door_and_one_code_is_good_once(guarded, clock):
    who = people.emma().id
    guarded.get("/me/data/delete")
    right = code(who)
    assert led(guarded.post(f"{PROVE}/code", {"code": right})) == (303, "/me/data/delete")
    guarded.token = None
    found = [guarded.post(f"{PROVE}/code", {"code": typed}).status_code for typed in (right, *["000000"] * 5)]
    assert found == [422] * 5 + [409]
    clock.advance(minutes=1)
    assert guarded.post(f"{PROVE}/code", {"code": code(who)}).status_code == 409
    assert refusals() == [{"by": "code", "locked": locked} for locked in (False, False, False, False, True)]


def test_password_or_link_ask_for_the_code_as_well(app, guarded, clock):
    guarded.get("/me/keys/new")
    assert led(guarded.post(sign_in_link(app, people.emma()))) == (303, "/sign-in/code")
    assert led(guarded.get("/me/keys/new")) == ASKED_AGAIN
    guarded.token = None
    assert led(guarded.post("/sign-in/code", {"code": code(people.emma().id)})) == (303, "/me/keys")
    assert guarded.get("/me/keys/new").status_code == 200


# --- limits -----------------------------------------------------------------------------------------------------------


class TestCounted:
    """Where limits count, as in a real house."""

    @pytest.fixture
    def settings(self):
        return {"testing": False}

    @pytest.fixture(autouse=True)
    def small(self, app, monkeypatch):
        for kind in ("password", "code", "passkey"):
            monkeypatch.setitem(limits.BOUNDS, kind, Bounds("20 per minute", "20 per minute", "2 per 10 minutes"))
        monkeypatch.setitem(limits.BOUNDS, "passkey", Bounds("2 per 10 minutes", "20 per minute"))
        limits.limiter.reset()
        yield
        limits.limiter.reset()

    def test_a_wrong_proof_is_counted_whatever_the_way_and_together_with_those_at_the_door(self, app, guarded, clock):
        with db.transaction():
            members.set_password(people.emma(), PASSWORD, actor_id=None, but=signed_in().id)
        guarded.get("/me/data/delete")
        door = {"email": "emma.whitfield@ilmenau.example", "password": "falsch"}
        found = {
            "password": [
                guarded.post(PROVE, {"password": "falsch"}).status_code,
                Reader(app).post("/sign-in/password", door).status_code,
                guarded.post(PROVE, {"password": PASSWORD}).status_code,
            ],
            "code": [
                guarded.post(f"{PROVE}/code", {"code": typed}).status_code
                for typed in ("000000", "000000", code(people.emma().id))
            ],
        }
        assert found == {"password": [422, 422, 429], "code": [422, 422, 429]}
        assert refusals() == [{"by": "password"}] * 2 + [{"by": "code", "locked": False}] * 2

    def test_a_wrong_passkey_too(self, emma, clock):
        with_passkey(emma, clock)
        assert [prove_by_passkey(emma, Device()).status_code for _ in range(3)] == [422, 422, 429]
