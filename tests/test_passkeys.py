"""Passkeys: what is asked, what is believed, and what is refused; with a device of our own that can also lie."""

import json

import pytest
from sqlalchemy import select

from asanokai import db, leaving, members, passkeys
from asanokai.db import session
from asanokai.journal import Entry
from asanokai.passkeys import Passkey, SpentChallenge
from tests import people
from tests.authenticator import PRESENT, Device, octets, text
from tests.pages import Reader
from tests.world import plain

ADD, ASK_NEW = "/me/keys", "/me/keys/new"
ENTER, ASK = "/sign-in/passkey", "/sign-in/passkey/asked"
REFUSED = "This passkey does not sign anybody in here. A link by mail always works."
TOO_OLD = "This page was open for too long. Please try once more."


@pytest.fixture
def katrin(app) -> Reader:
    """Katrin, signed in by a link."""
    with db.transaction():
        people.katrin(), people.emma()
    return english(app, people.katrin())


@pytest.fixture
def device(katrin) -> Device:
    """Her device, whose passkey is known here."""
    made = Device()
    assert add(katrin, made).status_code == 303
    return made


@pytest.fixture
def visitor(app) -> Reader:
    return english(app)


def english(app, who=None) -> Reader:
    reader = Reader(app, who)
    reader.get("/?lang=en")
    return reader


def asked(reader: Reader, address: str = ASK) -> dict:
    return json.loads(reader.get(address).text)


def add(reader: Reader, device: Device, name: str = "Büro", **wrong):
    return reader.post(ADD, {"name": name, "answer": device.create(asked(reader, ASK_NEW), **wrong)})


def enter(reader: Reader, device: Device, **wrong):
    return reader.post(ENTER, {"answer": device.get(asked(reader), **wrong)})


def is_in(reader: Reader) -> bool:
    return reader.get("/me/").status_code == 200


def rows() -> list[Passkey]:
    return list(session().scalars(select(Passkey).order_by(Passkey.id).execution_options(populate_existing=True)))


def refusals() -> list[tuple[int | None, str]]:
    found = session().scalars(select(Entry).where(Entry.verb == "refuse").order_by(Entry.id))
    return [(entry.object_id, (entry.facts or {})["because"]) for entry in found]


# --- adding -----------------------------------------------------------------------------------------------------------


def test_the_browser_is_asked_for_a_key_that_is_found_by_itself_and_verifies_its_owner(katrin):
    found = asked(katrin, ASK_NEW)
    handle = octets(found["user"]["id"])
    assert (found["rp"], found["attestation"], found["excludeCredentials"]) == (
        {"name": "Asa no Kai Thüringen", "id": "localhost"},
        "none",
        [],
    )
    wanted = {key: found["authenticatorSelection"][key] for key in ("residentKey", "userVerification")}
    assert wanted == {"residentKey": "required", "userVerification": "required"}
    assert (len(handle), len(octets(found["challenge"]))) == (32, 32)
    assert octets(asked(katrin, ASK_NEW)["user"]["id"]) != handle, "nothing about the member can be read off it"


def test_a_passkey_is_added_told_of_and_journalled(katrin, device, clock):
    (row,) = rows()
    assert (row.member_id, row.name, row.sign_count, row.transports, row.backed_up, row.created_at, row.used_at) == (
        people.katrin().id,
        "Büro",
        0,
        "internal",
        False,
        clock.now,
        None,
    )
    assert (row.credential_id, row.handle) == (device.credential_id, device.handle)
    (letter,) = people.letters_to(people.katrin(), "keys")
    assert letter.facts == {"what": "passkey added", "name": "Büro", "at": clock.now.isoformat()}
    entry = session().scalars(select(Entry).where(Entry.object == "passkey")).one()
    assert (entry.verb, entry.actor_id, entry.member_id, entry.facts) == (
        "add",
        row.member_id,
        row.member_id,
        {"member": row.member_id},
    )


def test_a_second_one_has_the_same_handle_and_the_device_is_told_of_the_first(katrin, device):
    found = asked(katrin, ASK_NEW)
    assert octets(found["user"]["id"]) == device.handle
    assert found["excludeCredentials"] == [
        {"id": text(device.credential_id), "type": "public-key", "transports": ["internal"]}
    ]


WRONG_NEW = {
    "another origin": {"origin": "https://evil.example"},
    "another port": {"origin": "http://localhost:8001"},
    "another party": {"party": "evil.example"},
    "nobody verified": {"flags": PRESENT},
    "nobody there": {"flags": 0},
    "another kind of answer": {"type": "webauthn.get"},
    "a statement nobody asked for": {"fmt": "android-safetynet", "statement": {"ver": "1", "response": b"x"}},
    "a certificate nobody asked for": {"fmt": "packed", "statement": {"alg": -7, "sig": b"x", "x5c": [b"x"]}},
    "a statement that is not signed": {"fmt": "packed", "statement": {"alg": -7, "sig": b"x"}},
}


def test_a_new_passkey_is_refused_with_any_of_these(katrin):
    found = {}
    for wrong, how in WRONG_NEW.items():
        page = add(katrin, Device(), **how)
        found[wrong] = (page.status_code, "The passkey could not be added. Please try once more." in plain(page.text))
    assert (found, rows()) == (dict.fromkeys(WRONG_NEW, (422, True)), [])


def test_a_passkey_is_known_once_whoever_brings_it(app, katrin, device):
    emma = english(app, people.emma())
    assert (add(katrin, device).status_code, add(emma, device).status_code, len(rows())) == (409, 409, 1)


def test_ten_passkeys_are_enough(katrin):
    for number in range(passkeys.MOST):
        with db.transaction():
            row = Passkey(credential_id=bytes([number]), public_key=b"", handle=b"h")
            passkeys.add(people.katrin(), row, f"Nr. {number}", actor_id=people.katrin().id)
    assert (add(katrin, Device()).status_code, len(rows())) == (409, passkeys.MOST)
    assert "You have 10 passkeys already" in plain(katrin.get(ADD).text)


def test_what_one_member_was_asked_the_other_cannot_answer_in_the_same_browser(app, katrin, device):
    question = asked(katrin, ASK_NEW)
    katrin.sign_in(people.emma())
    assert katrin.post(ADD, {"name": "x", "answer": Device().create(question)}).status_code == 422
    assert len(rows()) == 1


def test_without_an_answer_the_page_says_what_passkeys_need_and_keeps_the_name(katrin):
    page = katrin.post(ADD, {"name": "Mein Telefon", "answer": ""})
    assert (page.status_code, "Mein Telefon" in page.text) == (422, True)
    assert "Passkeys need JavaScript" in plain(page.text)


# --- signing in -------------------------------------------------------------------------------------------------------


def test_what_is_asked_at_the_door_is_the_same_for_everybody(app, katrin, device, visitor):
    found = asked(visitor)
    del found["challenge"]
    assert found == {"timeout": 300_000, "rpId": "localhost", "allowCredentials": [], "userVerification": "required"}


def test_a_passkey_signs_in_its_member_and_notes_when(app, device, visitor, clock):
    clock.advance(days=3)
    visitor.get("/me/settings")
    response = enter(visitor, device)
    assert (response.status_code, response.location) == (303, "/me/settings")
    assert "Lindner" in visitor.get("/me/settings").text
    assert [(row.used_at, row.sign_count) for row in rows()] == [(clock.now, 0)]
    entry = session().scalars(select(Entry).where(Entry.verb == "sign in").order_by(Entry.id.desc())).first()
    assert (entry.object_id, entry.facts) == (people.katrin().id, {"by": "passkey"})


def other_key(device: Device) -> Device:
    """A device that claims to be this one and does not have its key."""
    return Device(device.credential_id, device.handle)


WRONG_ANSWERS = {
    "another origin": {"origin": "https://evil.example"},
    "another party": {"party": "evil.example"},
    "nobody verified": {"flags": PRESENT},
    "nobody there": {"flags": 0},
    "another kind of answer": {"type": "webauthn.create"},
    "no signature": {"signature": b""},
    "an altered signature": {"signature": b"0E\x02" + bytes(68)},
}


def test_nobody_is_signed_in_with_any_of_these(device, visitor):
    found = {}
    for wrong, how in WRONG_ANSWERS.items():
        page = enter(visitor, device, **how)
        found[wrong] = (page.status_code, REFUSED in plain(page.text))
    assert (found, is_in(visitor)) == (dict.fromkeys(WRONG_ANSWERS, (422, True)), False)
    assert refusals() == [(people.katrin().id, "not proved")] * len(WRONG_ANSWERS)


def test_nobody_is_signed_in_by_the_key_of_another_device_or_in_another_members_name(app, device, visitor):
    emma, hers = english(app, people.emma()), Device()
    add(emma, hers, "Laptop")
    answers = [
        enter(visitor, other_key(device)),
        enter(visitor, hers, handle=device.handle),
        enter(visitor, Device(device.credential_id, hers.handle, key=hers.key)),
        enter(visitor, Device()),
    ]
    assert [page.status_code for page in answers] == [422] * 4
    assert [REFUSED in plain(page.text) for page in answers] == [True] * 4
    assert refusals() == [
        (people.katrin().id, "not proved"),
        (people.emma().id, "handle"),
        (people.katrin().id, "handle"),
        (None, "unknown"),
    ]
    assert not is_in(visitor)


def test_an_altered_answer_signs_nobody_in(device, visitor):
    answer = json.loads(device.get(asked(visitor)))
    data = bytearray(octets(answer["response"]["authenticatorData"]))
    data[36] ^= 1
    answer["response"]["authenticatorData"] = text(bytes(data))
    assert visitor.post(ENTER, {"answer": json.dumps(answer)}).status_code == 422


def test_an_answer_played_back_with_its_cookie_signs_nobody_in(app, device, visitor):
    answer = device.get(asked(visitor))
    cookie, token = visitor.client.get_cookie("asanokai"), visitor.token
    visitor.get("/sign-in")
    assert visitor.post(ENTER, {"answer": answer}).status_code == 303
    thief = english(app)
    thief.post(ENTER, {})
    thief.client.set_cookie("asanokai", cookie.value)
    thief.token = token
    found = thief.get("/sign-in")
    thief.token = None
    page = thief.post(ENTER, {"answer": answer})
    assert (found.status_code, page.status_code, TOO_OLD in plain(page.text), is_in(thief)) == (200, 422, True, False)


def test_a_question_that_was_answered_wrongly_cannot_be_answered_again(device, visitor):
    question = asked(visitor)
    assert visitor.post(ENTER, {"answer": device.get(question, flags=PRESENT)}).status_code == 422
    assert visitor.post(ENTER, {"answer": device.get(question)}).status_code == 422
    assert not is_in(visitor)


def test_a_question_is_good_for_five_minutes_and_only_where_it_was_asked(app, device, visitor, clock):
    answer = device.get(asked(visitor))
    assert english(app).post(ENTER, {"answer": answer}).status_code == 422
    clock.advance(minutes=5, seconds=1)
    assert visitor.post(ENTER, {"answer": answer}).status_code == 422
    assert enter(visitor, device).status_code == 303


def test_what_was_asked_for_a_new_passkey_signs_nobody_in(katrin, device):
    answer = device.get({**asked(katrin, ASK_NEW), "rpId": "localhost"})
    assert katrin.post(ENTER, {"answer": answer}).status_code == 422


def test_questions_that_are_too_old_are_forgotten_when_the_next_is_answered(device, visitor, clock):
    enter(visitor, device)
    clock.advance(hours=1)
    visitor.token = None
    enter(visitor, device)
    assert len(list(session().scalars(select(SpentChallenge)))) == 1


def test_a_count_that_does_not_rise_is_refused_and_journalled(device, visitor):
    device.count = 7
    assert enter(visitor, device).status_code == 303
    visitor.client.delete_cookie("asanokai")
    visitor.token = None
    visitor.get("/?lang=en")
    for then in (7, 6, 0):
        page = enter(visitor, device, count=then)
        assert (page.status_code, REFUSED in plain(page.text), is_in(visitor)) == (422, True, False)
    assert refusals() == [(people.katrin().id, "count")] * 3
    assert [row.sign_count for row in rows()] == [7]
    assert enter(visitor, device, count=8).status_code == 303


def test_who_has_left_is_not_signed_in(device, visitor):
    with db.transaction():
        members.by_id(people.katrin().id).standing = "left"
    page = enter(visitor, device)
    assert (page.status_code, REFUSED in plain(page.text), refusals()) == (
        422,
        True,
        [(people.katrin().id, "standing")],
    )


def test_leaving_ends_the_passkeys(device):
    with db.transaction():
        leaving.leave(people.katrin(), actor_id=people.katrin().id)
    assert rows() == []


NONSENSE = [
    "x",
    "[]",
    "{}",
    "[" * 9000,
    '{"response": []}',
    '{"rawId": 5, "response": {"clientDataJSON": 7}}',
    '{"id": "é", "rawId": "é", "type": "public-key", "response": {"clientDataJSON": "é", "userHandle": "é"}}',
]


def test_nonsense_is_refused_and_no_fault(katrin, device, visitor):
    asked(visitor), asked(katrin, ASK_NEW)
    found = [
        (
            visitor.post(ENTER, {"answer": answer}).status_code,
            katrin.post(ADD, {"name": "x", "answer": answer}).status_code,
        )
        for answer in NONSENSE
    ]
    assert (found, refusals(), len(rows())) == ([(422, 422)] * len(NONSENSE), [], 1)


def test_parts_of_an_answer_that_are_nonsense_are_refused_and_no_fault(katrin, device, visitor):
    for part in ("authenticatorData", "signature", "userHandle"):
        for words in ("", "AAAA", "A", None, 5, text(b"\xff" * 300)):
            answer = json.loads(device.get(asked(visitor)))
            answer["response"][part] = words
            assert visitor.post(ENTER, {"answer": json.dumps(answer)}).status_code == 422, (part, words)
    for words in ("", "AAAA", text(b"\xa3cfmtdnonegattStmt\xa0hauthDataXP" + bytes(80)), text(b"\x9f" * 99), None):
        answer = json.loads(Device().create(asked(katrin, ASK_NEW)))
        answer["response"]["attestationObject"] = words
        assert katrin.post(ADD, {"name": "x", "answer": json.dumps(answer)}).status_code == 422, words


# --- the page ---------------------------------------------------------------------------------------------------------


def test_a_passkey_is_renamed_and_removed_by_its_member_alone(app, katrin, device, visitor):
    number = rows()[0].id
    emma = english(app, people.emma())
    assert [emma.post(f"/me/keys/{number}/{verb}", {"name": "Mein"}).status_code for verb in ("rename", "remove")] == [
        404,
        404,
    ]
    assert katrin.post(f"/me/keys/{number}/rename", {"name": ""}).status_code == 422
    assert katrin.post(f"/me/keys/{number}/rename", {"name": " Altes  Telefon "}).status_code == 303
    assert [row.name for row in rows()] == ["Altes Telefon"]
    assert katrin.post(f"/me/keys/{number}/remove").status_code == 303
    assert (rows(), enter(visitor, device).status_code) == ([], 422)
    told = [(letter.facts["what"], letter.facts["name"]) for letter in people.letters_to(people.katrin(), "keys")]
    assert told == [("passkey added", "Büro"), ("passkey removed", "Altes Telefon")]


def test_the_page_says_what_is_there(katrin, device):
    words = plain(katrin.get(ADD).text)
    assert ("Büro on one device only" in words, "not yet" in words) == (True, True)


def test_at_another_address_the_pages_say_where_passkeys_work(katrin, visitor):
    at = {"base_url": "http://127.0.0.1:8000"}
    said = "Passkeys work only at http://localhost:8000; this page was opened at another address."
    assert said in plain(visitor.get("/sign-in?lang=en", **at).text)


class TestAtANumber:
    """Where the base URL is a bare number."""

    @pytest.fixture
    def settings(self):
        return {"base_url": "http://127.0.0.1:8000"}

    def test_the_page_says_plainly_why_there_are_none_and_nothing_is_asked(self, katrin, visitor):
        said = "At a bare number such as 127.0.0.1 browsers refuse them."
        assert [said in plain(page.text) for page in (visitor.get("/sign-in"), katrin.get(ADD))] == [True, True]
        assert [visitor.get(ASK).status_code, katrin.get(ASK_NEW).status_code] == [404, 404]
