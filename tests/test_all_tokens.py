"""Every token there is in a link or a mail address, tried in every way it must not work: altered, cut, for another
purpose, under a lost key, too late, twice, after its member has left or was erased. A purpose that stands in none of
the tables fails. What the cookie holds: tests/test_kept_tokens.py.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import asanokai
from asanokai import catering, db, leaving, members, speakers
from asanokai.db import session
from asanokai.tokens import Tokens
from tests import people, world
from tests.conftest import DATABASES
from tests.grounds import LONG
from tests.pages import Reader
from tests.test_erasing import erase
from tests.world import contents, forms, put_back, unticked, without_refusals

# What a token is worth does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", DATABASES if LONG else ["sqlite"], indirect=True)

LINKS = {
    "answer": ("/answer/", "answer.by_link"),
    "undo": ("/undo/", "undo.by_link"),
    "unsubscribe": ("/unsubscribe/", "wishes.unsubscribe"),
    "sign-in": ("/sign-in/", "signing_in.open_link"),
    "opt-in": ("/join/", "joining.confirm"),
    "pack": ("/pack/", None),
    "speaking": ("/speaking/", None),
    "address": ("/address/", "address.confirm"),
    "objection": ("/objection/", "address.objection"),
}
"""Purpose of a link → where it leads, and the form that is sent there, if one is."""

MAILBOXES = {"member": "rsvp+", "letter": "bounce+", "unsubscribe": "unsubscribe+", "probe": "probe+"}
"""Purpose of a mail address → what stands before its token."""

FIELDS = {"opt-in": "confirm", "sign-in": "sign_in"}
"""What the small world calls a link, where not by its purpose."""

ENDS = {
    # Until the meeting begins.
    "undo": timedelta(days=19, hours=20),
    "unsubscribe": timedelta(days=730),
    "sign-in": timedelta(minutes=15),
    "opt-in": timedelta(days=14),
    "address": timedelta(days=2),
    "objection": timedelta(days=7),
    # Thirty days after the meeting is over, which is the 12th of March.
    "answer": timedelta(days=49),
    "speaking": timedelta(days=49),
    # Numbers for who cooks: as long as the meeting's row stands, or until it is withdrawn.
    "pack": None,
}
"""After how long a link is over, counted from the small world's now."""

ONCE = {"sign-in": 410, "opt-in": 303, "address": 410, "objection": 410}
"""Links whose second press does nothing, and what it answers."""

ELSEWHERE = ("web/challenges.py",)
"""Where it is minted for a purpose that a variable names: what a device with a passkey is asked (`QUESTIONS`)."""

OF_THE_COOKIE = "outside"
"""What is on its way to a provider stands in the cookie, in no link."""

AFTER_LEAVING = {
    "answer": (410, 410),
    "undo": (410, 410),
    "unsubscribe": (200, 200),
    "sign-in": (410, 410),
    "address": (200, 410),
    "objection": (200, 410),
}
"""What a link answers when its member has left: read, and sent. Ending letters works for everybody for ever."""

AFTER_ERASING = {
    "answer": (410, 410),
    "undo": (410, 410),
    "unsubscribe": (200, 200),
    "sign-in": (410, 410),
    "address": (410, 410),
    "objection": (410, 410),
}
"""The same when everything of its member has been emptied. Nothing is written, not even that letters end."""

NO_MEMBERS = {"opt-in", "pack", "speaking"}
"""Links for who is no member: applicants, who cooks, who speaks."""


@pytest.fixture
def built(app, clock) -> world.World:
    return world.build(app, clock)


def token_of(built: world.World, purpose: str) -> str:
    return str(getattr(built, FIELDS.get(purpose, purpose)))


def sent(built: world.World, purpose: str) -> dict[str, str]:
    _path, name = LINKS[purpose]
    return unticked(forms(built)[name]) if name else {}


def minted() -> Iterator[tuple[str, str]]:
    """Every purpose for which the program mints something: (how, for what)."""
    for file in Path(asanokai.__file__).parent.rglob("*.py"):
        yield from re.findall(r"\.(mint|mint_address)\(\s*[\"']([a-z-]+)[\"']", file.read_text(encoding="utf-8"))


def test_no_purpose_is_missing(app):
    assert {purpose for how, purpose in minted() if how == "mint"} - {OF_THE_COOKIE} == set(LINKS) == set(ENDS)
    assert {purpose for how, purpose in minted() if how == "mint_address"} == set(MAILBOXES)
    # And none is minted that only a variable names.
    for file in Path(asanokai.__file__).parent.rglob("*.py"):
        calls = re.findall(r"\.mint(?:_address)?\((?!\s*[\"'])", file.read_text(encoding="utf-8"))
        assert (file.name, len(calls)) == (file.name, 1 if str(file).endswith(ELSEWHERE) else 0)


def another(sign: str) -> str:
    return "B" if sign != "B" else "C"


def altered(token: str) -> list[str]:
    """With another sign in what it says, in when it was signed and in the signature, at each end of all three; with a
    part left out, cut, longer, and in other capitals."""
    value, when, signature = token.rsplit(".", 2)
    found = []
    for place, part in enumerate((value, when, signature)):
        for at in (0, len(part) // 2, len(part) - 2):
            parts = [value, when, signature]
            parts[place] = part[:at] + another(part[at]) + part[at + 1 :]
            found.append(".".join(parts))
    found += [f"{value}.{when}", f"{value}.{signature}", f"{when}.{signature}", value, signature]
    found += [token[:-1], token[1:], f"{token}A", f"{token}.", f".{token}", token.swapcase()]
    return [one for one in found if one != token]


@pytest.mark.parametrize("purpose", sorted(LINKS))
def test_a_link_that_is_altered_cut_for_another_purpose_or_under_a_lost_key_is_nothing(app, built, purpose):
    path, _name = LINKS[purpose]
    good, tokens, reader = token_of(built, purpose), app.extensions["tokens"], Reader(app)
    value = tokens.read(purpose, good)
    strange = [tokens.mint(other, value) for other in sorted({*LINKS} - {purpose})]
    strange += [Tokens(["a key that was given up"]).mint(purpose, value), "x", "%00", "null", "W10.x.y"]
    before = contents()
    assert reader.get(path + good).status_code == 200
    found = {reader.get(path + token).status_code for token in (*altered(good), *strange)}
    # "/sign-in/password" and the like are pages of their own.
    assert found == {404}
    pressed = (*altered(good)[::4], *strange[:3])
    assert {reader.post(path + token, sent(built, purpose)).status_code for token in pressed} <= {404, 405}
    assert without_refusals(contents()) == without_refusals(before)


@pytest.mark.parametrize("purpose", sorted(LINKS))
def test_a_value_that_no_letter_carries_is_nothing_although_it_is_signed(app, built, purpose):
    path, _name = LINKS[purpose]
    good, tokens, reader = token_of(built, purpose), app.extensions["tokens"], Reader(app)
    value = tokens.read(purpose, good)
    wrong = [world.NOBODY] if isinstance(value, int) else [[world.NOBODY, value[1]]]
    if not isinstance(value, int) and isinstance(value[1], str):
        wrong += [[value[0], value[1][:-1]], [value[0], ""]]
    before = contents()
    assert {reader.get(path + tokens.mint(purpose, one)).status_code for one in wrong} <= {404, 410}
    assert {reader.post(path + tokens.mint(purpose, one), sent(built, purpose)).status_code for one in wrong} <= {
        404,
        405,
        410,
    }
    assert without_refusals(contents()) == without_refusals(before)


@pytest.mark.parametrize("purpose", sorted(name for name, life in ENDS.items() if life))
def test_a_link_is_good_until_its_end_and_not_after(app, built, clock, purpose):
    path, reader, good = LINKS[purpose][0], Reader(app), token_of(built, purpose)
    life = ENDS[purpose]
    assert life is not None
    clock.advance(seconds=life.total_seconds() - (3600 if life.days else 60))
    assert reader.get(path + good).status_code == 200
    clock.advance(days=2 if life.days == 49 else 0, seconds=2 * 3600 if life.days else 120)
    before = contents()
    assert (reader.get(path + good).status_code, reader.post(path + good, sent(built, purpose)).status_code) == (
        410,
        405 if purpose == "speaking" else 410,
    )
    assert without_refusals(contents()) == without_refusals(before)


@pytest.mark.parametrize("purpose", sorted(ONCE))
def test_a_link_that_works_once_does_nothing_the_second_time(app, built, purpose):
    path, good, form = LINKS[purpose][0], token_of(built, purpose), sent(built, purpose)
    assert Reader(app).post(path + good, form).status_code == 303
    before = contents()
    again = Reader(app).post(path + good, form)
    assert (again.status_code, without_refusals(contents()) == without_refusals(before)) == (ONCE[purpose], True)


def whose(built: world.World, tokens: Tokens, purpose: str) -> int:
    """The member a link speaks for."""
    value = tokens.read(purpose, token_of(built, purpose))
    if purpose == "undo":
        return people.emma().id
    if purpose in ("address", "objection"):
        return session().get_one(members.AddressChange, value[0]).member_id
    return int(value if isinstance(value, int) else value[1] if purpose == "answer" else value[0])


@pytest.mark.parametrize("purpose", sorted(AFTER_LEAVING))
def test_what_a_link_is_worth_when_its_member_has_left(app, built, purpose):
    path, good = LINKS[purpose][0], token_of(built, purpose)
    with db.transaction():
        number = whose(built, app.extensions["tokens"], purpose)
        leaving.leave(members.by_id(number), actor_id=number)
    reader, before = Reader(app), contents()
    read, pressed = reader.get(path + good).status_code, reader.post(path + good, sent(built, purpose)).status_code
    assert (read, pressed) == AFTER_LEAVING[purpose]
    if pressed >= 400:
        assert without_refusals(contents()) == without_refusals(before)


@pytest.mark.parametrize("purpose", sorted(AFTER_ERASING))
def test_a_link_opens_nothing_when_its_member_has_been_erased(app, built, purpose):
    path, good = LINKS[purpose][0], token_of(built, purpose)
    with db.transaction():
        member = members.by_id(whose(built, app.extensions["tokens"], purpose))
        name = member.name.full("de")
        erase(member)
    reader, before = Reader(app), contents()
    read, pressed = reader.get(path + good), reader.post(path + good, sent(built, purpose))
    assert (read.status_code, pressed.status_code) == AFTER_ERASING[purpose]
    assert name not in read.text + pressed.text
    assert without_refusals(contents()) == without_refusals(before)


def test_a_links_purpose_stands_in_the_table_of_the_erased_or_is_no_members(app):
    assert {*AFTER_ERASING} | NO_MEMBERS == {*LINKS}
    assert {*AFTER_LEAVING} == {*AFTER_ERASING}


def test_a_sign_in_link_and_a_cookie_end_with_leaving(app, built):
    with db.transaction():
        kenji = people.kenji()
        cookie = Reader(app, kenji)
    assert cookie.get("/me/").status_code == 200
    link = LINKS["sign-in"][0] + token_of(built, "sign-in")
    with db.transaction():
        leaving.leave(people.kenji(), actor_id=people.kenji().id)
    assert (Reader(app).get(link).status_code, Reader(app).post(link).status_code) == (410, 410)
    assert cookie.get("/me/").status_code == 303


def test_nothing_else_is_left_of_who_has_been_erased(app, built):
    """The cookie, the calendar, the mail addresses; passkeys and what was half begun are tried below."""
    katrin = Reader(app, people.katrin())
    assert katrin.get("/me/").status_code == 200
    tokens, number = app.extensions["tokens"], built.member_id
    with db.transaction():
        erase(people.katrin())
    before = contents()
    assert katrin.get("/me/").status_code == 303
    assert katrin.get(f"/calendar/{built.secret}.ics").status_code == 404
    link = f"/sign-in/{tokens.mint('sign-in', [number, 'spent'])}"
    assert (katrin.get(link).status_code, katrin.get(f"/speaking/{built.speaking}").status_code) == (410, 200)
    assert without_refusals(contents()) == without_refusals(before)


def opens(app, built: world.World, purpose: str) -> tuple[int, int]:
    """What a link answers: read, and sent."""
    address = LINKS[purpose][0] + token_of(built, purpose)
    return Reader(app).get(address).status_code, Reader(app).post(address, sent(built, purpose)).status_code


def test_a_caterers_link_ends_when_it_is_withdrawn_made_anew_or_the_day_after_the_meeting(app, built, clock):
    assert opens(app, built, "pack") == (200, 405)
    clock.set(people.berlin(2026, 3, 13, 23, 59))
    assert opens(app, built, "pack") == (200, 405)
    clock.set(people.berlin(2026, 3, 14))
    assert opens(app, built, "pack") == (410, 405)
    clock.set(people.berlin(2026, 2, 20, 12))
    with db.transaction():
        pack = catering.make(built.meeting_id, "caterer", address="koch@jena.example")
        newer = app.extensions["tokens"].mint("pack", [pack.id, pack.nonce])
    assert (opens(app, built, "pack"), Reader(app).get(f"/pack/{newer}").status_code) == ((410, 405), 200)
    with db.transaction():
        catering.withdraw(built.meeting_id, "caterer")
    assert Reader(app).get(f"/pack/{newer}").status_code == 410


def test_a_speakers_link_ends_with_their_address(app, built):
    assert opens(app, built, "speaking") == (200, 405)
    with db.transaction() as writing:
        meeting = writing.get_one(people.Meeting, built.meeting_id)
        speakers.reach_speaker(meeting, built.speaker_id, speakers.Reach("another@hamamatsu.example", "en"))
    assert opens(app, built, "speaking") == (404, 405)


# --- mail addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", sorted(MAILBOXES))
def test_a_mail_address_that_is_altered_cut_for_another_purpose_or_under_a_lost_key_is_nobodys(app, purpose):
    tokens = app.extensions["tokens"]
    good = tokens.mint_address(purpose, 4711)
    assert tokens.read_address(purpose, good) == tokens.read_address(purpose, good.upper()) == 4711
    wrong = [good[:at] + ("b" if good[at] != "b" else "c") + good[at + 1 :] for at in range(len(good) - 1)]
    wrong += [good[:-1], good[1:], good + "a", good[:-2], "", "a", "1" * len(good), good[:8] + "-" + good[9:]]
    wrong += [tokens.mint_address(other, 4711) for other in MAILBOXES if other != purpose]
    wrong += [Tokens(["a key that was given up"]).mint_address(purpose, 4711)]
    assert {tokens.read_address(purpose, one) for one in wrong} == {None}


# --- the cookie, the calendar, the forms ------------------------------------------------------------------------------


def test_a_calendar_under_another_secret_or_of_who_has_left_is_none(app, built):
    secret, visitor = built.secret, Reader(app)
    tries = [secret[:-1], secret[1:], secret + "A", secret.swapcase(), another(secret[0]) + secret[1:], "x"]
    assert visitor.get(f"/calendar/{secret}.ics").status_code == 200
    assert {visitor.get(f"/calendar/{one}.ics").status_code for one in tries} == {404}
    with db.transaction():
        leaving.leave(people.katrin(), actor_id=people.katrin().id)
    assert visitor.get(f"/calendar/{secret}.ics").status_code == 404


def test_a_cookie_that_is_altered_or_under_a_lost_key_signs_nobody_in(app, built):
    katrin = Reader(app, people.katrin())
    kept = katrin.client.get_cookie("asanokai")
    assert kept is not None and katrin.get("/me/").status_code == 200
    strange = Tokens(["a key that was given up"]).mint("cookie-session", {"_user_id": str(built.member_id)})
    for value in (*altered(kept.value), strange):
        other = Reader(app)
        other.client.set_cookie("asanokai", value)
        assert (value, other.get("/me/").status_code) == (value, 303)


def test_a_forms_token_that_is_altered_or_missing_sends_nothing(app, built):
    katrin = Reader(app, people.katrin())
    katrin.post("/sign-out-of-nothing")
    good, before = katrin.token, contents()
    assert good is not None
    for value in (*altered(good), "", "x"):
        said = katrin.client.post("/me/settings", data={"csrf_token": value, **world.SETTINGS_OF_MEMBER})
        assert (value, said.status_code) == (value, 400)
    assert contents() == before
    put_back(before)
