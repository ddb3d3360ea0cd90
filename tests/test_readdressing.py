"""Another main address: asked for, confirmed from the new one, objected to from the old one; and who is told what."""

from typing import Any

import pytest
from sqlalchemy import select

from asanokai import announcing, db, deputies, leaving, letters, members, outside, passkeys, readdressing, worker
from asanokai.announcing import Change
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Expired, Refused
from asanokai.invitations import Night
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.members import Address, AddressChange, Member
from asanokai.outside import OutsideIdentity
from asanokai.passkeys import Passkey
from asanokai.worker import send_due
from tests import people
from tests.pages import Reader
from tests.world import plain

OLD = "katrin.lindner@optik-jena.example"
NEW = "katrin@neu.example"
LATER = "katrin@spaeter.example"
TAKEN = "emma.whitfield@ilmenau.example"
PASSWORD = "ein langes Passwort"
ISSUER = "https://login.example"


@pytest.fixture(autouse=True)
def cast(app, clock):
    with transaction():
        for make in (people.katrin, people.emma, people.akiko, people.ludwig):
            make()


def addresses(member: Member) -> dict[str, str]:
    found = session().scalars(select(Address).where(Address.member_id == member.id).order_by(Address.id))
    return {row.normal: row.kind for row in found}


def main(member: Member) -> str:
    found = members.main_address(member)
    assert found is not None
    return found.normal


def posted() -> list[tuple[str, str | None]]:
    """The letters about addresses: kind and where they go."""
    found = session().scalars(select(Letter).where(Letter.kind.in_(readdressing.KINDS)).order_by(Letter.id))
    return [(letter.kind, letter.address) for letter in found]


def asks(typed: str = NEW) -> AddressChange:
    readdressing.ask(people.katrin(), typed)
    found = readdressing.asked(people.katrin())
    assert found is not None
    return found


def moves(typed: str = NEW) -> AddressChange:
    """Katrin asks and confirms."""
    change = asks(typed)
    readdressing.confirm(change.id, readdressing.mint_confirmation(change.id))
    session().flush()
    return change


def objects(change: AddressChange) -> None:
    readdressing.objection(change.id, readdressing.mint_objection(change.id))
    session().flush()


@pytest.fixture
def writing():
    with transaction():
        yield


@pytest.mark.usefixtures("writing")
class TestAsking:
    """And confirming."""

    def test_nothing_changes_until_it_is_confirmed_from_the_new_address(self, clock):
        change = asks("  Katrin@Neu.example ")
        assert (addresses(people.katrin()), posted()) == ({OLD: "main"}, [("address_confirm", NEW)])
        clock.advance(hours=1)
        readdressing.confirm(change.id, readdressing.mint_confirmation(change.id))
        kept = members.main_address(people.katrin())
        assert addresses(people.katrin()) == {OLD: "also", NEW: "main"}
        assert (kept.text, kept.verified_at) == ("Katrin@Neu.example", clock.now)
        assert posted() == [("address_confirm", NEW), ("address_changed", OLD)]
        assert NEW in people.katrin().sought

    @pytest.mark.parametrize("typed", [OLD, OLD.upper(), f" {OLD}", "ｋatrin.lindner@optik-jena.example"])
    def test_the_same_address_in_another_way_of_writing_is_no_change_and_says_so(self, typed):
        with pytest.raises(BadInput, match="Nothing has changed"):
            asks(typed)
        assert (posted(), session().scalars(select(AddressChange)).all()) == ([], [])

    def test_it_is_good_once(self):
        change = asks()
        nonce = readdressing.mint_confirmation(change.id)
        readdressing.confirm(change.id, nonce)
        with pytest.raises(Expired):
            readdressing.confirm(change.id, nonce)

    def test_a_letter_written_out_again_makes_the_earlier_link_worthless(self):
        change = asks()
        first = readdressing.mint_confirmation(change.id)
        readdressing.mint_confirmation(change.id)
        with pytest.raises(Expired):
            readdressing.confirm(change.id, first)

    def test_it_is_good_for_two_days(self, clock):
        change = asks()
        nonce = readdressing.mint_confirmation(change.id)
        clock.advance(days=2)
        for look in (readdressing.look, readdressing.confirm):
            with pytest.raises(Expired):
                look(change.id, nonce)
        assert readdressing.asked(people.katrin()) is None

    def test_only_what_was_asked_for_last_can_be_confirmed(self):
        first = asks()
        nonce = readdressing.mint_confirmation(first.id)
        asks(LATER)
        with pytest.raises(Expired):
            readdressing.confirm(first.id, nonce)
        assert main(people.katrin()) == OLD

    def test_somebody_elses_address_looks_the_same_and_its_owner_is_told_once_a_day(self, clock):
        first = asks(TAKEN)
        looks = (first.state, first.after, readdressing.until(first))
        free = asks(NEW)
        assert looks == (free.state, TAKEN, readdressing.until(free))
        asks(TAKEN)
        clock.advance(days=1)
        asks(TAKEN)
        assert posted() == [("address_taken", TAKEN), ("address_confirm", NEW), ("address_taken", TAKEN)]
        told = session().scalars(select(Letter.member_id).where(Letter.kind == "address_taken"))
        assert set(told) == {people.emma().id}

    def test_who_has_left_is_not_told(self):
        leaving.leave(people.emma(), actor_id=people.emma().id)
        asks(TAKEN)
        assert posted() == []

    def test_an_address_taken_meanwhile_is_not_had(self):
        change = asks()
        nonce = readdressing.mint_confirmation(change.id)
        people.member(NEW)
        with pytest.raises(Refused):
            readdressing.confirm(change.id, nonce)
        assert main(people.katrin()) == OLD

    def test_nobody_lets_the_program_write_to_more_than_five_addresses_a_day(self, clock):
        for number in range(readdressing.MOST_A_DAY):
            asks(f"x{number}@neu.example")
        with pytest.raises(Refused):
            asks("x6@neu.example")
        clock.advance(days=1)
        asks("x6@neu.example")

    def test_who_has_left_since_cannot_confirm(self):
        change = asks()
        nonce = readdressing.mint_confirmation(change.id)
        leaving.leave(people.katrin(), actor_id=people.katrin().id)
        with pytest.raises(Expired):
            readdressing.confirm(change.id, nonce)

    def test_a_sign_in_link_that_is_out_is_worth_nothing_any_more(self):
        nonce = members.mint_sign_in(people.katrin())
        moves()
        assert members.redeem_sign_in(people.katrin().id, nonce) is None


@pytest.mark.usefixtures("writing")
class TestObjecting:
    """From the old address."""

    def test_the_old_address_counts_again_and_the_new_one_is_nobodys(self):
        change = moves()
        objects(change)
        assert addresses(people.katrin()) == {OLD: "main"}
        assert (change.state, members.by_address(NEW)) == ("objected", None)

    def test_all_doors_are_closed(self, clock):
        katrin = people.katrin()
        deputies.name(katrin, "treu@jena.example", "deputy")
        passkeys.add(katrin, Passkey(credential_id=b"1", public_key=b"1", handle=b"1"), "Büro", actor_id=katrin.id)
        session().add(OutsideIdentity(member_id=katrin.id, issuer=ISSUER, subject="office", created_at=clock.now))
        clock.advance(days=3)
        change = moves()
        members.set_password(katrin, PASSWORD, actor_id=katrin.id)
        deputies.name(katrin, "dieb@jena.example", "deputy")
        passkeys.add(katrin, Passkey(credential_id=b"2", public_key=b"2", handle=b"2"), "Dieb", actor_id=katrin.id)
        session().add(OutsideIdentity(member_id=katrin.id, issuer=ISSUER, subject="thief", created_at=clock.now))
        nonce, secret = members.mint_sign_in(katrin), katrin.calendar_secret
        waiting = asks(LATER)
        objects(change)
        assert members.by_password(OLD, PASSWORD) is None
        assert members.redeem_sign_in(katrin.id, nonce) is None
        assert katrin.calendar_secret != secret
        assert [named.address for named, _who in deputies.named_by(katrin)] == ["treu@jena.example"]
        assert [passkey.name for passkey in passkeys.of_member(katrin)] == ["Büro"]
        assert [identity.subject for identity in outside.of_member(katrin)] == ["office"]
        assert (waiting.state, readdressing.asked(katrin)) == ("dropped", None)

    def test_coordinators_and_administrators_are_told_and_the_journal_knows(self):
        people.coordinate(series := people.series(), people.akiko())
        people.belong(series, people.katrin())
        change = moves()
        objects(change)
        assert people.readers("address_objected") == sorted([people.akiko().id, people.ludwig().id])
        noted = session().scalars(select(Entry).where(Entry.verb == "object to address"))
        assert [(entry.object_id, entry.facts) for entry in noted] == [(people.katrin().id, {"change": change.id})]

    def test_it_is_good_once_and_for_seven_days(self, clock):
        change = moves()
        nonce = readdressing.mint_objection(change.id)
        clock.advance(days=7, seconds=-1)
        readdressing.look_at_objection(change.id, nonce)
        clock.advance(seconds=1)
        with pytest.raises(Expired):
            readdressing.objection(change.id, nonce)
        assert main(people.katrin()) == NEW
        again = moves(LATER)
        nonce = readdressing.mint_objection(again.id)
        readdressing.objection(again.id, nonce)
        with pytest.raises(Expired):
            readdressing.objection(again.id, nonce)

    def test_objecting_to_the_first_undoes_the_later_ones(self, clock):
        first = moves()
        clock.advance(days=6)
        second = moves(LATER)
        third_nonce = readdressing.mint_objection(second.id)
        objects(first)
        assert (addresses(people.katrin()), second.state) == ({OLD: "main"}, "objected")
        with pytest.raises(Expired):
            readdressing.objection(second.id, third_nonce)

    def test_objecting_to_the_second_puts_the_first_back_which_can_still_be_objected_to(self):
        first, second = moves(), moves(LATER)
        objects(second)
        assert addresses(people.katrin()) == {OLD: "also", NEW: "main"}
        objects(first)
        assert addresses(people.katrin()) == {OLD: "main"}

    def test_a_thief_cannot_object_when_the_old_address_is_given_back(self):
        moves()
        readdressing.give(people.katrin(), OLD, actor_id=people.ludwig().id)
        last = session().scalars(select(Letter).where(Letter.address == NEW).order_by(Letter.id.desc())).first()
        assert (last.kind, last.facts["to"], last.facts["entitled"]) == ("address_changed", "old", False)

    def test_an_address_that_letters_came_back_from_stays_given_up(self, clock):
        members.suppress(members.main_address(people.katrin()), "unknown")
        change = moves()
        assert members.main_address(people.katrin()).suppressed_at is None
        objects(change)
        kept = members.main_address(people.katrin())
        assert (kept.normal, kept.reason) == (OLD, "unknown")

    def test_an_address_that_was_the_members_before_stays_theirs(self):
        session().add(Address(member_id=people.katrin().id, text=NEW, normal=NEW, kind="also"))
        session().flush()
        objects(moves())
        assert addresses(people.katrin()) == {OLD: "main", NEW: "also"}

    def test_the_old_address_is_nobody_elses_as_long_as_it_may_object(self):
        moves()
        with pytest.raises(BadInput):
            members.add(OLD)


@pytest.mark.usefixtures("writing")
class TestByACoordinator:
    """At once."""

    def test_both_addresses_are_told_and_the_old_one_may_object(self):
        readdressing.give(people.katrin(), "Katrin@Neu.example", actor_id=people.ludwig().id)
        assert (main(people.katrin()), posted()) == (NEW, [("address_changed", OLD), ("address_changed", NEW)])
        change = readdressing.objectionable(people.katrin())
        objects(change)
        assert addresses(people.katrin()) == {OLD: "main"}

    def test_another_way_of_writing_is_taken_over_and_nobody_is_told(self):
        readdressing.give(people.katrin(), "Katrin.Lindner@optik-jena.example", actor_id=people.ludwig().id)
        kept = members.main_address(people.katrin())
        assert (kept.text, kept.normal, posted()) == ("Katrin.Lindner@optik-jena.example", OLD, [])

    def test_the_first_address_of_somebody_is_told_alone(self):
        nobody = people.member(None)
        readdressing.give(nobody, NEW, actor_id=people.ludwig().id)
        assert (main(nobody), posted()) == (NEW, [("address_changed", NEW)])

    def test_somebody_elses_is_refused(self):
        with pytest.raises(BadInput):
            readdressing.give(people.katrin(), TAKEN, actor_id=people.ludwig().id)


@pytest.mark.usefixtures("writing")
class TestForgetting:
    """By the worker."""

    def test_what_nobody_confirmed_vanishes_after_two_days_and_what_was_made_after_seven(self, clock):
        katrin = people.katrin()
        asks()
        moves(LATER)
        clock.advance(days=2)
        assert (readdressing.forget(), addresses(katrin)) == (1, {OLD: "also", LATER: "main"})
        clock.advance(days=5)
        assert (readdressing.forget(), addresses(katrin)) == (1, {LATER: "main"})
        assert (readdressing.forget(), session().scalars(select(AddressChange)).all()) == (0, [])

    def test_an_address_that_a_later_change_would_put_back_stays(self, clock):
        moves()
        clock.advance(days=3)
        readdressing.give(people.katrin(), OLD, actor_id=people.ludwig().id)
        clock.advance(days=1)
        second = moves(NEW)
        clock.advance(days=3)
        readdressing.forget()
        objects(second)
        assert main(people.katrin()) == OLD

    def test_a_later_change_is_told_like_the_first_that_was_forgotten_though_it_may_have_the_same_number(self, clock):
        katrin = people.katrin()  # found by her first address, which is forgotten
        for before, typed in ((OLD, NEW), (NEW, LATER)):
            told = len(posted())
            readdressing.give(katrin, typed, actor_id=people.ludwig().id)
            assert posted()[told:] == [("address_changed", before), ("address_changed", typed)]
            clock.advance(days=9)
            assert readdressing.forget() == 1

    def test_a_later_confirmation_and_a_later_objection_are_told_too(self, clock):
        for typed in (NEW, LATER):
            told = len(posted())
            objects(moves(typed))
            assert [kind for kind, _address in posted()[told:]] == [
                *("address_confirm", "address_changed", "address_objected")
            ]
            clock.advance(days=9)
            assert readdressing.forget() == 1


# --- letters ----------------------------------------------------------------------------------------------------------


def link_in(mail: Any, path: str) -> str:
    body = mail.message.get_body(("plain",)).get_content()
    (line,) = [line for line in body.splitlines() if f"/{path}/" in line]
    return line.removeprefix("http://localhost:8000")


def mails_of(smtp: Any, to: str) -> list[Any]:
    return [mail for mail in smtp.letters if mail.to == to]


def test_the_whole_way_by_letters_and_pages(app, clock, smtp):
    katrin = Reader(app, people.katrin())
    assert katrin.post("/me/address", {"email": NEW}).status_code == 303
    assert NEW in katrin.get("/me/address").text
    send_due(app, Night())
    (mail,) = mails_of(smtp, NEW)
    visitor, link = Reader(app), link_in(mail, "address")
    for read in (visitor.client.get, visitor.client.head):
        assert read(link).status_code == 200
    with db.reading():
        assert main(people.katrin()) == OLD
    assert visitor.post(link).status_code == 303
    assert (visitor.get(link).status_code, visitor.post(link).status_code) == (200, 410)
    assert visitor.get("/me/").status_code == 303  # the link lets nobody in
    send_due(app, Night())
    (told,) = mails_of(smtp, OLD)
    objection = link_in(told, "objection")
    assert visitor.get(objection).status_code == 200
    assert katrin.get("/me/").status_code == 200
    assert visitor.post(objection).status_code == 303
    assert (visitor.get(objection).status_code, visitor.post(objection).status_code) == (200, 410)
    assert katrin.get("/me/").status_code == 303
    with db.reading():
        assert addresses(people.katrin()) == {OLD: "main"}


def test_a_sign_in_letter_asked_for_before_an_objection_does_not_reach_the_thief(app, clock, smtp):
    with transaction():
        change = moves()
        members.ask_for_sign_in(NEW)
        letters.post("sign_in", "x", member_id=people.katrin().id, address=OLD)
        objects(change)
    send_due(app, Night())
    with db.reading():
        found = session().scalars(select(Letter).where(Letter.kind == "sign_in").order_by(Letter.id))
        assert [(letter.address, letter.state) for letter in found] == [(NEW, "dropped"), (OLD, "sent")]


def test_what_was_queued_goes_to_the_new_address_only_when_it_is_confirmed(app, clock, smtp):
    with transaction():
        meeting_id = people.announced_meeting(people=[people.katrin()]).id
    clock.set(people.berlin(2026, 2, 19, 9))
    with transaction():
        change = asks()
        people.plan()
        number = change.id
    send_due(app, Night())
    assert [mail.to for mail in smtp.letters if mail.message.get_content_type() == "multipart/mixed"] == [OLD]
    with transaction():
        readdressing.confirm(number, readdressing.mint_confirmation(number))
        announcing.move(meeting_id, Change(starts_at=people.berlin(2026, 3, 13, 8, 30)))
    send_due(app, Night())
    *_, moved = [mail for mail in smtp.letters if mail.message.get_content_type() == "multipart/mixed"]
    calendar = moved.message.get_payload(1).get_payload(decode=True).decode().replace("\r\n ", "")
    assert (moved.to, f"mailto:{NEW}" in calendar, "METHOD:REQUEST" in calendar) == (NEW, True, True)


def test_an_answer_link_sent_to_the_old_address_still_answers(app, clock):
    with transaction():
        meeting = people.announced_meeting(people=[people.katrin()])
        token = app.extensions["tokens"].mint("answer", [meeting.id, people.katrin().id])
        moves()
    assert Reader(app).client.post(f"/answer/{token}", data={"answer": "yes", "guests": "0"}).status_code == 303


def test_the_page_says_the_same_for_a_free_and_a_taken_address(app, clock):
    pages = []
    for typed in (TAKEN, NEW):
        katrin = Reader(app, people.katrin())
        sent = katrin.post("/me/address", {"email": typed})
        pages.append(
            (sent.status_code, sent.location, plain(katrin.get("/me/address").text).replace(typed, "‹address›"))
        )
    assert pages[0] == pages[1]


def test_the_worker_tidies(app, clock):
    with transaction():
        asks()
    clock.advance(days=2)
    worker.tidy_step()
    with db.reading():
        assert session().scalars(select(AddressChange)).all() == []


def test_a_link_of_another_purpose_or_altered_is_none(app, clock):
    with transaction():
        change = moves()
        confirmation, objection = readdressing.mint_confirmation(change.id), readdressing.mint_objection(change.id)
    tokens, visitor = app.extensions["tokens"], Reader(app)
    for path, purpose, nonce in (("objection", "address", objection), ("address", "objection", confirmation)):
        assert visitor.get(f"/{path}/{tokens.mint(purpose, [change.id, nonce])}").status_code == 404
    assert visitor.get(f"/objection/{tokens.mint('objection', [change.id, confirmation])}").status_code == 410
