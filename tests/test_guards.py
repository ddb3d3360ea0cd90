"""Who may see and do what: every route, for every role, read and sent; and reading writes nothing.

The tables below say what is expected of every address for every role. A route that stands in none of them fails.
"""

import re
from typing import Any

import pytest
from sqlalchemy import event
from werkzeug.test import TestResponse

from asanokai import db, web
from asanokai.letters import OF_MEETING
from tests import world
from tests.conftest import DATABASES
from tests.grounds import LONG
from tests.world import ROLES, Actor, addresses, contents, forms, put_back, unticked, without_refusals

# Who may do what does not depend on the database; `make test-long` asks both.
pytestmark = pytest.mark.parametrize("database_url", DATABASES if LONG else ["sqlite"], indirect=True)

IN = "sign in"
"""Sent to the sign-in page."""

WRITES = re.compile(r"\s*(WITH\b.*\b)?(INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|TRUNCATE)\b", re.IGNORECASE | re.DOTALL)
"""A statement that writes. One that begins with WITH may only read."""

Expected = dict[str, tuple[int | str, ...]]
"""Name of an address → what the visitor, the member, the outsider, the coordinator, the other coordinator, the
administrator and the deputy get, in this order: the order of `world.ROLES`."""

EVERYBODY = (200,) * 7
SIGNED_IN = (IN, 200, 200, 200, 200, 200, 200)
DESK = (IN, 404, 404, 200, 200, 200, 404)
IN_SERIES = (IN, 200, 404, 200, 404, 200, 404)
OF_SERIES = (IN, 404, 404, 200, 404, 200, 404)
CHIEF = (IN, 404, 404, 404, 404, 200, 404)

READ: Expected = {
    "static": EVERYBODY,
    "programme.home": EVERYBODY,
    "programme.meetings": EVERYBODY,
    "programme.meeting": EVERYBODY,
    "programme.meeting: not public": (404, 200, 404, 200, 404, 200, 404),
    "programme.meeting: draft": (404, 404, 404, 200, 404, 200, 404),
    "programme.imprint": EVERYBODY,
    "programme.privacy": EVERYBODY,
    "programme.accessibility": EVERYBODY,
    "programme.logo": EVERYBODY,
    "programme.healthz": EVERYBODY,
    "programme.metrics": EVERYBODY,
    "archive.topics": EVERYBODY,
    "joining.join": EVERYBODY,
    "joining.join: a meeting": EVERYBODY,
    "joining.confirm": EVERYBODY,
    "signing_in.ask": (200, 303, 303, 303, 303, 303, 303),
    "signing_in.open_link": EVERYBODY,
    "account.me": SIGNED_IN,
    "account.settings": SIGNED_IN,
    "devices.mine": SIGNED_IN,
    "second_factor.show": SIGNED_IN,
    # Nobody here owes a code.
    "second_factor.code": (IN,) * 7,
    "proving.ask": SIGNED_IN,
    # Katrin has a passkey.
    "proving.ask_for_own": (IN, 200, 404, 404, 404, 404, 404),
    "address.change": SIGNED_IN,
    "address.confirm": EVERYBODY,
    "address.objection": EVERYBODY,
    "wishes.letters": SIGNED_IN,
    "wishes.unsubscribe": EVERYBODY,
    "leave.by_oneself": SIGNED_IN,
    "mydata.show": SIGNED_IN,
    "mydata.delete": SIGNED_IN,
    "answer.by_link": EVERYBODY,
    "undo.by_link": EVERYBODY,
    "feeds.public": EVERYBODY,
    "feeds.personal": EVERYBODY,
    "design.parts": EVERYBODY,
    "files.manifest": EVERYBODY,
    "files.offline": EVERYBODY,
    "well_known.security_txt": EVERYBODY,
    "well_known.change_password": (302,) * 7,
    "files.service_worker": EVERYBODY,
    "paper.leaflet": EVERYBODY,
    "paper.leaflet: not public": (404, 200, 404, 200, 404, 200, 404),
    "paper.picture": EVERYBODY,
    "paper.picture: not public": (404, 200, 404, 200, 404, 200, 404),
    "paper.roll": OF_SERIES,
    "paper.arrivals": OF_SERIES,
    "paper.badges": OF_SERIES,
    "desk.home": DESK,
    "desk.applications": DESK,
    "series.add": DESK,
    "series.show": OF_SERIES,
    "series.edit": OF_SERIES,
    "series.add_meeting": OF_SERIES,
    "proposals.of_series": IN_SERIES,
    "proposals.add": IN_SERIES,
    "proposals.edit": (IN, 200, 404, 404, 404, 404, 404),
    "topics.of_series": OF_SERIES,
    "topics.decide": OF_SERIES,
    "dates.show": OF_SERIES,
    "dates.change": OF_SERIES,
    "people.of_series": OF_SERIES,
    "people.invite": OF_SERIES,
    "imports.take_in": OF_SERIES,
    "people.everybody": CHIEF,
    "people.add": CHIEF,
    "people.edit": CHIEF,
    "people.leave": CHIEF,
    "people.erase": CHIEF,
    "people.copy": CHIEF,
    "twins.likely": CHIEF,
    "twins.merge": CHIEF,
    "meeting.show": OF_SERIES,
    "meeting.show: draft": OF_SERIES,
    "meeting.edit": OF_SERIES,
    "meeting.announce": OF_SERIES,
    "meeting.cancel": OF_SERIES,
    "roll.show": OF_SERIES,
    "roll.line": OF_SERIES,
    "questions.of_series": OF_SERIES,
    "questions.change_of_series": OF_SERIES,
    "questions.of_meeting": OF_SERIES,
    "questions.change_of_meeting": OF_SERIES,
    "passing.to_colleague": (404, 200, 404, 404, 404, 404, 404),
    "keys.mine": SIGNED_IN,
    "keys.ask_for_new": SIGNED_IN,
    "keys.ask_for_any": EVERYBODY,
    # Where the operator has set no provider; tests/test_outside.py has one.
    "outside.go": (404,) * 7,
    "outside.go_and_join": (IN, *[404] * 6),
    "outside.back": (404,) * 7,
    "deputy.mine": SIGNED_IN,
    "deputy.meetings": (IN, 200, 404, 404, 404, 404, 200),
    "deputy.answer": (IN, 200, 404, 404, 404, 404, 200),
    "meeting.add_topic": OF_SERIES,
    "meeting.edit_topic": OF_SERIES,
    "order.show": OF_SERIES,
    "order.show: draft": OF_SERIES,
    "order.edit": OF_SERIES,
    **{f"speaking.{verb}": EVERYBODY for verb in ("show", "answer", "person", "talk", "file")},
    "handouts.photo": EVERYBODY,
    "speakers.show": OF_SERIES,
    "speakers.reach": OF_SERIES,
    "speakers.host": OF_SERIES,
    "speakers.host: nobody yet": OF_SERIES,
    "materials.show": OF_SERIES,
    "materials.minutes": OF_SERIES,
    "materials.file": OF_SERIES,
    # For members only.
    "handouts.file": (404, 200, 404, 200, 404, 200, 404),
    "outbox.everything": DESK,
    "outbox.of_meeting": OF_SERIES,
    "outbox.preview": OF_SERIES,
    "outbox.left_out": OF_SERIES,
    "mail.everything": DESK,
    "mail.everything: all": DESK,
    "mail.show": OF_SERIES,
    "outbox.forecast": DESK,
    "outbox.pauses": DESK,
    "outbox.of_member": OF_SERIES,
    "outbox.life": OF_SERIES,
    "outbox.preview: part": OF_SERIES,
    **{
        f"outbox.preview: {kind}": OF_SERIES
        for kind in (
            "invite",
            "remind",
            "confirm",
            "waiting",
            "seat",
            "moved",
            "cancelled",
            "eve",
            "nudge",
            "own",
            "thanks",
        )
    },
    "writing.add": OF_SERIES,
    "writing.edit": OF_SERIES,
    "writing.check": OF_SERIES,
    "writing.paragraph": OF_SERIES,
    "writing.nudge": OF_SERIES,
    **{f"outbox.preview: {kind}": OF_SERIES for kind in OF_MEETING},
    "pack.show": EVERYBODY,
    "catering.show": OF_SERIES,
    "log.of_meeting": OF_SERIES,
    "log.of_series": OF_SERIES,
    "log.of_member": OF_SERIES,
    "journal.everything": CHIEF,
    "journal.everything: filtered": CHIEF,
    "settings.edit": CHIEF,
    "keeping.limits": CHIEF,
    "keeping.protocol": CHIEF,
    "law.facts": CHIEF,
    "law.text": CHIEF,
    "law.kept": CHIEF,
    "circle.mine": SIGNED_IN,
    "circle.of_series": (IN, 200, 404, 200, 404, 200, 404),
    "consenting.mine": SIGNED_IN,
    "consent_records.of_member": OF_SERIES,
}

ALL_DONE = (303,) * 7
MEMBERS_DONE = (IN, 303, 303, 303, 303, 303, 303)
DESK_DONE = (IN, 404, 404, 303, 303, 303, 404)
OF_SERIES_DONE = (IN, 404, 404, 303, 404, 303, 404)
CHIEF_DONE = (IN, 404, 404, 404, 404, 303, 404)

SENT: Expected = {
    "joining.join": ALL_DONE,
    "joining.join: a meeting": ALL_DONE,
    "joining.confirm": ALL_DONE,
    "signing_in.ask": (IN,) * 7,
    "signing_in.by_password": ALL_DONE,
    "signing_in.open_link": ALL_DONE,
    "signing_in.sign_out": MEMBERS_DONE,
    "account.settings": MEMBERS_DONE,
    "account.password": MEMBERS_DONE,
    "account.new_calendar": MEMBERS_DONE,
    # Without a first code nothing is set.
    "second_factor.show": (IN, 422, 422, 422, 422, 422, 422),
    "second_factor.begin": MEMBERS_DONE,
    # Nobody here has set one.
    "second_factor.new_codes": (IN, 409, 409, 409, 409, 409, 409),
    "second_factor.remove": (IN, 409, 409, 409, 409, 409, 409),
    "second_factor.code": (IN,) * 7,
    "second_factor.give_up": (IN,) * 7,
    "people.lost_factor": (IN, 404, 404, 404, 404, 303, 404),
    # Katrin's own.
    "devices.sign_out": (IN, 303, 404, 404, 404, 404, 404),
    "devices.sign_out_others": MEMBERS_DONE,
    # Nobody here has a password.
    "proving.ask": (IN, *[422] * 6),
    "proving.by_link": MEMBERS_DONE,
    # Nobody has a second factor, and the answer is none; tests/test_proving.py has both.
    "proving.by_code": (IN, *[422] * 6),
    "proving.by_passkey": (IN, *[422] * 6),
    "account.use_address_again": MEMBERS_DONE,
    "address.change": MEMBERS_DONE,
    "address.confirm": ALL_DONE,
    "address.objection": ALL_DONE,
    "wishes.letters": MEMBERS_DONE,
    # The only administrator must stay.
    "leave.by_oneself": (IN, 303, 303, 303, 303, 409, 303),
    "mydata.delete": (IN, 303, 303, 303, 303, 409, 303),
    "mydata.ask_copy": MEMBERS_DONE,
    # A copy is its owner's alone.
    "mydata.fetch_copy": (IN, 200, 404, 404, 404, 404, 404),
    "standing.change": (IN, 303, 404, 404, 404, 404, 404),
    "wishes.unsubscribe": EVERYBODY,
    "answer.by_link": ALL_DONE,
    "undo.by_link": ALL_DONE,
    "answer.by_member": (IN, 303, 404, 404, 404, 404, 404),
    "desk.approve": OF_SERIES_DONE,
    "desk.decline": OF_SERIES_DONE,
    "series.add": DESK_DONE,
    "series.edit": OF_SERIES_DONE,
    "series.pause": OF_SERIES_DONE,
    "series.propose": OF_SERIES_DONE,
    "series.add_meeting": OF_SERIES_DONE,
    "proposals.add": (IN, 303, 404, 303, 404, 303, 404),
    "proposals.vote": (IN, 303, 404, 303, 404, 303, 404),
    "proposals.edit": (IN, 303, 404, 404, 404, 404, 404),
    "proposals.withdraw": (IN, 303, 404, 404, 404, 404, 404),
    "topics.choose": OF_SERIES_DONE,
    "topics.merge": OF_SERIES_DONE,
    "topics.decline": OF_SERIES_DONE,
    "topics.reopen": OF_SERIES_DONE,
    "dates.show": OF_SERIES_DONE,
    "dates.add": OF_SERIES_DONE,
    "dates.decide": OF_SERIES_DONE,
    "dates.change": OF_SERIES_DONE,
    "people.invite": OF_SERIES_DONE,
    "people.role": OF_SERIES_DONE,
    "people.part": OF_SERIES_DONE,
    "lists.save_view": OF_SERIES_DONE,
    # A view is its owner's alone.
    "lists.drop_view": (IN, 404, 404, 303, 404, 404, 404),
    "lists.of_series": OF_SERIES_DONE,
    "lists.of_everybody": CHIEF_DONE,
    # From a series that somebody does not coordinate nobody may be copied.
    "people.series_too": (IN, 404, 404, 404, 404, 303, 404),
    "imports.take_in": OF_SERIES_DONE,
    "people.add": CHIEF_DONE,
    "people.edit": CHIEF_DONE,
    "people.leave": CHIEF_DONE,
    "people.erase": CHIEF_DONE,
    "people.copy": CHIEF_DONE,
    "people.fetch_copy": (IN, 404, 404, 404, 404, 200, 404),
    "keeping.limits": CHIEF_DONE,
    "twins.merge": CHIEF_DONE,
    "meeting.edit": OF_SERIES_DONE,
    "meeting.announce": OF_SERIES_DONE,
    "meeting.cancel": OF_SERIES_DONE,
    "meeting.drop": OF_SERIES_DONE,
    "meeting.pause": OF_SERIES_DONE,
    "roll.show": OF_SERIES,
    "roll.line": OF_SERIES_DONE,
    "roll.move_up": OF_SERIES_DONE,
    "roll.pass_on": OF_SERIES_DONE,
    "questions.of_series": OF_SERIES_DONE,
    "questions.change_of_series": OF_SERIES_DONE,
    "questions.drop_of_series": OF_SERIES_DONE,
    "questions.of_meeting": OF_SERIES_DONE,
    "questions.change_of_meeting": OF_SERIES_DONE,
    "questions.drop_of_meeting": OF_SERIES_DONE,
    "passing.to_colleague": (404, 303, 404, 404, 404, 404, 404),
    # Without a device there is nothing to add; tests/test_passkeys.py has one.
    "keys.mine": (IN, *[422] * 6),
    "keys.sign_in": (422,) * 7,
    "keys.rename": (IN, 303, 404, 404, 404, 404, 404),
    "keys.remove": (IN, 303, 404, 404, 404, 404, 404),
    "outside.redeem": (404,) * 7,
    "outside.remove": (IN, 303, 404, 404, 404, 404, 404),
    "deputy.mine": MEMBERS_DONE,
    "deputy.remove": (IN, 303, 404, 404, 404, 404, 404),
    "deputy.agree": (IN, 303, 404, 404, 404, 404, 404),
    "deputy.refuse": (IN, 303, 404, 404, 404, 404, 404),
    "deputy.answer": (IN, 303, 404, 404, 404, 404, 303),
    "meeting.add_topic": OF_SERIES_DONE,
    "meeting.edit_topic": OF_SERIES_DONE,
    "meeting.remove_topic": OF_SERIES_DONE,
    "order.show": OF_SERIES_DONE,
    "order.show: draft": OF_SERIES_DONE,
    "order.adopt": OF_SERIES_DONE,
    "order.edit": OF_SERIES_DONE,
    "order.move": OF_SERIES_DONE,
    "order.remove": OF_SERIES_DONE,
    **{f"speaking.{verb}": ALL_DONE for verb in ("answer", "person", "talk", "remove")},
    "speakers.reach": OF_SERIES_DONE,
    "speakers.host": OF_SERIES_DONE,
    "speakers.host: nobody yet": OF_SERIES_DONE,
    "speakers.remove_host": OF_SERIES_DONE,
    "speakers.ask": OF_SERIES_DONE,
    # Without a file nothing is put up.
    "materials.show": (IN, 404, 404, 422, 404, 422, 404),
    "materials.minutes": OF_SERIES_DONE,
    "materials.seen": OF_SERIES_DONE,
    "materials.remove": OF_SERIES_DONE,
    "paper.roll": OF_SERIES,
    "mail.show": OF_SERIES,
    **{f"mail.{verb}": OF_SERIES_DONE for verb in ("reply", "enter", "settle", "again")},
    "outbox.retry": OF_SERIES_DONE,
    "outbox.use_again": OF_SERIES_DONE,
    "writing.add": OF_SERIES_DONE,
    "writing.edit": OF_SERIES_DONE,
    "writing.check": OF_SERIES_DONE,
    "writing.withdraw": OF_SERIES_DONE,
    "writing.paragraph": OF_SERIES_DONE,
    "writing.nudge": OF_SERIES_DONE,
    "writing.send_test": OF_SERIES_DONE,
    "catering.show": OF_SERIES_DONE,
    "catering.make": OF_SERIES_DONE,
    "catering.withdraw": OF_SERIES_DONE,
    "settings.edit": CHIEF_DONE,
    "settings.pause": CHIEF_DONE,
    "journal.aside": CHIEF,
    "roll.replies": OF_SERIES,
    "law.facts": CHIEF_DONE,
    "law.text": CHIEF_DONE,
    "circle.mine": MEMBERS_DONE,
    "consenting.withdraw": (IN, 303, 404, 404, 404, 404, 404),
    "consent_records.disclose": OF_SERIES,
}

NEEDS_NO_TOKEN = {"answer.by_link": 303, "wishes.unsubscribe": 200, "undo.by_link": 303}
"""Their link is the credential."""


NOTHING_TO_DO = ("account.use_address_again", "outbox.use_again", "roll.replies", "roll.show", "paper.roll")
"""Whose letters arrive has no address to be used again; tests/test_letter_life.py tries it where they came back. Where
nobody replied about food or wrote a word there is nothing to be read; tests/test_reading.py tries it where they did."""

SAYS_MORE = {"handouts.file": "its meeting is there for everybody; tests/test_materials.py compares it with no file"}
"""Addresses whose thing looks like one that is not there, but not like a whole address that is not."""


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"metrics": True, "design": True}


@pytest.fixture
def built(app, clock) -> world.World:
    return world.build(app, clock)


@pytest.fixture
def actors(app, built) -> dict[str, Actor]:
    """Somebody of every role."""
    return {role: Actor(app, role) for role in ROLES}


@pytest.fixture
def writes(app):
    """Statements that write, as they are made."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if WRITES.match(statement):
            seen.append(statement)

    engines = list(db.db.engines.values())
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def outcome(response: TestResponse) -> int | str:
    """The status; `IN` where somebody is sent to sign in."""
    away = response.status_code in (302, 303) and response.headers["Location"] == "/sign-in"
    response.close()
    return IN if away else response.status_code


def expected(table: Expected) -> dict[str, dict[str, int | str]]:
    """Role → name of an address → outcome."""
    return {role: {name: row[place] for name, row in table.items()} for place, role in enumerate(ROLES)}


def plain(page: str) -> str:
    """A page without what differs from one asking to the next, and without the numbers in its own address."""
    page = re.sub(r'name="csrf_token" value="[^"]*"', "", page)
    return re.sub(r"/\d+", "/N", re.sub(r"2026-\d\d-\d\d-\w+", "PATH", page))


# --- the tables are whole ---------------------------------------------------------------------------------------------


def test_every_route_stands_in_the_guard_table(app):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(web.GUARDS)


def test_an_app_with_a_route_that_has_no_guard_does_not_start(app, monkeypatch):
    monkeypatch.delitem(web.GUARDS, "desk.home")
    with pytest.raises(RuntimeError, match=r"routes and guard table differ: \['desk.home'\]"):
        web._check_table(app)


def test_every_address_has_an_expectation_for_every_role(app, built):
    assert (sorted(addresses(app, built, "GET")), sorted(addresses(app, built, "POST"))) == (sorted(READ), sorted(SENT))
    assert {len(row) for row in (*READ.values(), *SENT.values())} == {len(ROLES)}


def test_every_post_has_a_form_to_send(built):
    assert sorted(forms(built)) == sorted(SENT)


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(480)
def test_every_role_reads_what_it_may_and_reading_writes_nothing(app, built, actors, writes):
    before, known = contents(), addresses(app, built, "GET")
    writes.clear()
    found = {
        role: {name: outcome(reader.get(address)) for name, address in known.items()} for role, reader in actors.items()
    }
    assert found == expected(READ)
    assert (writes, contents() == before) == ([], True)


@pytest.mark.timeout(480)
def test_head_answers_as_get_without_a_body_and_writes_nothing(app, built, actors, writes):
    before, known = contents(), addresses(app, built, "HEAD")
    writes.clear()
    found: dict[str, dict[str, int | str]] = {role: {} for role in ROLES}
    for role, reader in actors.items():
        for name, address in known.items():
            response = reader.client.head(address)
            assert response.data == b""
            found[role][name] = outcome(response)
    assert found == expected(READ)
    assert (writes, contents() == before) == ([], True)


def test_head_does_not_remember_where_to_go_after_signing_in(app, built):
    visitor = Actor(app, "visitor")
    response = visitor.client.head("/me/settings")
    assert (response.status_code, response.headers.getlist("Set-Cookie")) == (303, [])


def test_what_one_may_not_see_looks_exactly_like_what_is_not_there(app, built, actors):
    there, gone = addresses(app, built, "GET"), addresses(app, built.vanished(), "GET")
    different = []
    for role, answers in expected(READ).items():
        for name in (name for name, answer in answers.items() if answer == 404):
            if name in SAYS_MORE:
                continue
            seen, missing = (plain(actors[role].get(known[name]).text) for known in (there, gone))
            different += [] if seen == missing else [(role, name)]
    assert different == []


def test_a_number_no_database_holds_is_not_there(app, built):
    reader = Actor(app, "administrator")
    for address in (
        "/coordinate/series/99999999999",
        "/coordinate/meetings/99999999999999999999999",
        "/coordinate/members/2147483648",
        "/coordinate/series/99999999999/edit",
    ):
        assert reader.get(address).status_code == 404
    assert reader.post(f"/coordinate/letters/{10**30}/retry").status_code == 404


# --- sending ----------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(480)
def test_every_role_does_what_it_may_and_else_nothing_is_written(app, built, actors):
    before, known = contents(), addresses(app, built, "POST")
    found: dict[str, dict[str, int | str]] = {role: {} for role in ROLES}
    wrote, refused = set(), {}
    for role, reader in actors.items():
        for name, address in known.items():
            found[role][name] = outcome(reader.post(address, unticked(forms(built)[name])))
            if (after := without_refusals(contents())) != before:
                wrote.add((role, name))
            refused[role, name] = len(contents()["journal"]) - len(after["journal"])
            put_back(before)
            reader.again()
    assert found == expected(SENT)
    # The journal keeps what was refused to somebody signed in.
    assert refused == {
        (role, name): int(said == 404 and role != "visitor")
        for role, row in found.items()
        for name, said in row.items()
    }
    # All that was done left something behind, or this would be about nothing; and nothing else did.
    done = {(role, name) for role, answers in found.items() for name, said in answers.items() if said in (200, 303)}
    done -= {(role, name) for role in ROLES for name in NOTHING_TO_DO}
    assert wrote == done | {(role, "signing_in.ask") for role in ROLES}


@pytest.mark.timeout(480)
def test_without_a_cross_site_token_nothing_is_sent(app, built, actors):
    before, known = contents(), addresses(app, built, "POST")
    found: dict[str, dict[str, int]] = {role: {} for role in ROLES}
    for role, reader in actors.items():
        for name, address in known.items():
            found[role][name] = reader.client.post(address, data=unticked(forms(built)[name])).status_code
            if name in NEEDS_NO_TOKEN:
                put_back(before)
    assert found == {role: {name: NEEDS_NO_TOKEN.get(name, 400) for name in SENT} for role in ROLES}
    assert contents() == before


def test_a_token_of_somebody_else_is_none(app, built):
    katrin, ludwig = Actor(app, "member"), Actor(app, "administrator")
    response = ludwig.client.post("/coordinate/settings/pause", data={"csrf_token": katrin.token})
    assert response.status_code == 400


def test_a_link_that_asks_by_get_does_nothing_where_a_form_is_wanted(app, built, writes):
    reader = Actor(app, "administrator")
    writes.clear()
    only_sent = set(addresses(app, built, "POST")) - set(addresses(app, built, "GET"))
    found = {name: reader.get(addresses(app, built, "POST")[name]).status_code for name in only_sent}
    # "password" and "passkey" there are taken for the token of a link.
    assert found == {**dict.fromkeys(only_sent, 405), "signing_in.by_password": 404, "keys.sign_in": 404} | {
        "outside.redeem": 404
    }
    assert writes == []
