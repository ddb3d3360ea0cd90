"""Records of consent: word by word, only ever added to; double opt-in; who may read them, and that this is noted."""

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from asanokai import applying, consents, db, members
from asanokai.consents import Said
from asanokai.db import session
from asanokai.errors import Missing, Refused
from asanokai.journal import Entry
from asanokai.tokens import OPT_IN_LIFE
from tests import people
from tests.pages import Reader

LETTERS = Path(__file__).parent / "letters"
SAID = Said("Ich willige ein.", "2026-11", "de", "192.0.2.7")
FRIEDA = {"family": "Neu", "given": "Frieda", "language": "en"}


@pytest.fixture
def writing(app, clock):
    with db.transaction():
        yield


def columns(record: consents.Consent) -> dict[str, object]:
    return {column.name: getattr(record, column.name) for column in record.__table__.columns}


def apply(series, email: str = "frieda.neu@weimar.example", version: str = "2026-11 ja") -> members.Application:
    return applying.apply(
        FRIEDA, email, series_id=series.id, consent_text="Ich will.", consent_version=version, from_address="192.0.2.7"
    )


def confirm(application: members.Application) -> None:
    nonce = applying.mint_confirmation(application)
    session().flush()
    applying.confirm(application.id, nonce, from_address="192.0.2.8")


# --- the records ------------------------------------------------------------------------------------------------------


def test_withdrawing_writes_when_and_how_beside_it_and_changes_nothing_else(writing, clock):
    katrin = people.katrin().id
    record = consents.give(katrin, "name", SAID)
    before = columns(record)
    clock.advance(days=1)
    assert (consents.withdraw(katrin, ("name",), by="page"), consents.withdraw(katrin, ("name",), by="link")) == (1, 0)
    assert columns(record) == {**before, "withdrawn_at": clock.now, "ended_by": "page"}
    assert consents.standing(katrin) == frozenset()


def test_a_new_version_of_the_text_is_another_record_and_the_old_one_stays(writing):
    katrin = people.katrin().id
    first = consents.give(katrin, "name", SAID)
    before = columns(first)
    assert consents.give(katrin, "name", SAID) is first
    second = consents.give(katrin, "name", Said("Anders.", "2027-01", "en", None))
    assert columns(first) == before
    assert {one.id for one in consents.of_member(katrin)} == {first.id, second.id}
    with pytest.raises(Refused):
        consents.give(katrin, "name", Said(" ", "2026-11", "de", None))


def test_nobody_withdraws_what_is_not_theirs(writing):
    record = consents.give(people.katrin().id, "name", SAID)
    with pytest.raises(Missing):
        consents.withdraw_one(people.emma().id, record.id)


# --- double opt-in ----------------------------------------------------------------------------------------------------


def test_a_double_opt_in_is_one_record_with_text_version_times_and_addresses(writing, clock):
    applied_at = clock.now
    application = apply(people.series())
    assert consents.of_member(application.member_id) == []
    clock.advance(hours=3)
    confirm(application)
    (record,) = consents.of_member(application.member_id)
    assert columns(record) == {
        "id": record.id,
        "member_id": application.member_id,
        "kind": "invitations",
        "series_id": application.series_id,
        "meeting_id": None,
        "text": "Ich will.",
        "version": "2026-11",
        "language": "ja",
        "given_at": applied_at,
        "given_from": "192.0.2.7",
        "confirmed_at": clock.now,
        "confirmed_from": "192.0.2.8",
        "address": "frieda.neu@weimar.example",
        "withdrawn_at": None,
        "ended_by": None,
    }


def test_who_was_invited_consents_on_the_page_that_confirms(writing, clock):
    application = applying.invite(
        "frieda.neu@weimar.example", FRIEDA, series_id=people.series().id, inviter_id=people.akiko().id
    )
    assert application is not None
    clock.advance(hours=3)
    nonce = applying.mint_confirmation(application)
    session().flush()
    applying.confirm(application.id, nonce, from_address="192.0.2.8", consent=("Ich will.", "2026-11 de"))
    (record,) = consents.of_member(application.member_id)
    assert (record.text, record.given_at, record.given_from, record.language) == (
        "Ich will.",
        clock.now,
        "192.0.2.8",
        "de",
    )


def test_what_nobody_confirms_vanishes_after_14_days_and_is_no_consent(writing, clock):
    application = apply(people.series())
    number = application.member_id
    clock.advance(days=OPT_IN_LIFE.days, hours=2)
    assert (OPT_IN_LIFE.days, applying.forget_unconfirmed()) == (14, 1)
    session().expire_all()
    assert (session().get(members.Member, number), consents.of_member(number)) == (None, [])


@pytest.mark.parametrize("file", sorted(LETTERS.glob("opt_in*.txt")), ids=lambda file: file.stem)
def test_the_letter_that_asks_to_confirm_carries_no_advertising(file):
    letter = file.read_text(encoding="utf-8")
    links = set(re.findall(r"http://localhost:8000(/[a-z]*)", letter))
    assert links == {"/join", "/imprint", "/privacy", "/accessibility"}
    assert not re.search(r"<img|text/calendar|unsubscribe", letter)


@pytest.mark.parametrize("by", ["page", "link", "mail", "complaint"])
def test_ending_the_invitations_says_so_in_the_record(writing, clock, by):
    application = apply(people.series())
    confirm(application)
    members.unsubscribe(members.by_id(application.member_id), by=by)
    (record,) = consents.of_member(application.member_id)
    assert (record.withdrawn_at, record.ended_by) == (clock.now, by)


# --- who reads them ---------------------------------------------------------------------------------------------------


@pytest.fixture
def known(app, clock) -> int:
    """Frieda, who applied, confirmed and belongs to Akiko's series; her number."""
    with db.transaction():
        series = people.series(needs_approval=False)
        people.coordinate(series, people.akiko())
        application = apply(series)
        confirm(application)
        return application.member_id


def test_the_link_in_a_letter_withdraws_by_one_click_and_without_signing_in(app, known):
    token = app.extensions["tokens"].mint("unsubscribe", known)
    assert app.test_client().post(f"/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    with db.reading():
        assert [one.ended_by for one in consents.of_member(known)] == ["link"]


def test_a_member_reads_and_withdraws_what_is_theirs(app, known, clock):
    frieda = Reader(app, members.by_id(known))
    page = frieda.get("/me/consents?lang=en").text
    assert ("Ich will." in page, "192.0.2.7" in page, "192.0.2.8" in page) == (True, True, True)
    (way,) = set(re.findall(r'action="(/me/consents/\d+/withdraw)"', page))
    assert Reader(app, people.akiko()).post(way).status_code == 404
    assert frieda.post(way).location == "/me/consents"
    page = frieda.get("/me/consents").text
    assert ("withdrawn" in page, "on these pages" in page, way in page) == (True, True, False)
    session().rollback()
    assert members.by_id(known).unsubscribed_at == clock.now


def test_wanting_invitations_again_is_another_record_with_the_text_on_the_page(app, known):
    frieda = Reader(app, members.by_id(known))
    frieda.post("/me/letters", {"letters": "off"})
    page = frieda.get("/me/letters?lang=en").text
    frieda.post("/me/letters", {"letters": "on"})
    with db.reading():
        again, first = consents.of_member(known)
    assert (first.ended_by, again.withdrawn_at, again.language) == ("page", None, "en")
    assert again.text in page


def test_coordinators_read_the_record_and_network_addresses_only_by_a_button_that_is_noted(app, known):
    akiko, here = Reader(app, people.akiko()), f"/coordinate/people/{known}/consents"
    page = akiko.get(f"{here}?lang=en").text
    assert ("Ich will." in page, "frieda.neu@weimar.example" in page, "192.0.2." in page) == (True, True, False)
    page = akiko.post(f"{here}/addresses").text
    assert ("192.0.2.7" in page, "192.0.2.8" in page) == (True, True)
    with db.reading():
        noted = session().scalars(select(Entry).where(Entry.verb == "read", Entry.object == "consent")).all()
        number = consents.of_member(known)[0].id
        assert [(entry.actor_id, entry.object_id) for entry in noted] == [(people.akiko().id, number)]
    assert akiko.post(f"/me/consents/{number}/withdraw").status_code == 404


def test_coordinators_of_another_series_read_nothing_of_this_one(app, known):
    with db.transaction():
        other = people.series("hamamatsu")
        people.coordinate(other, people.naoko())
    naoko = Reader(app, people.naoko())
    assert naoko.get(f"/coordinate/people/{known}/consents").status_code == 404
    with db.transaction():
        people.belong(other, members.by_id(known))
    page = naoko.get(f"/coordinate/people/{known}/consents")
    assert (page.status_code, "Ich will." in page.text) == (200, False)
