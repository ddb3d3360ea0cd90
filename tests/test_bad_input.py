"""Nonsense in every form: refused or taken for what it is, never a fault of the program; and nothing typed is lost.

Every POST and every one of its fields takes part: both come from `tests.world`, which the tests hold against the routes
and against the pages.
"""

import io
import json
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asanokai import applying, db, web
from tests import world
from tests.conftest import DATABASES
from tests.grounds import LONG
from tests.test_guards import SENT
from tests.world import (
    FILES,
    ROLES,
    Actor,
    addresses,
    contents,
    forms,
    put_back,
    texts,
    typed,
    unticked,
    without_refusals,
)

OUTCOMES = {200, 303, 400, 404, 409, 410, 413, 422}

BAD: dict[str, str | bytes] = {
    "long": "x" * 50_000,
    "not UTF-8": b"\xff\xfe\xc3(",
    "half a surrogate pair": b"\xed\xa0\x80",
    "NUL": "a\0b",
    "a written NUL": "%00",
    "script": "<script>alert(1)</script>\"'",
    "SQL": "'; DROP TABLE member; --",
    "header": "Eve\r\nBcc: eve@evil.example",
    "odd line ends": "a\u2028b\u2029c\x85d\x0be",
    "huge": "1" + "0" * 9,
    "endless": "9" * 5000,
    "negative": "-1",
    "fraction": "1e9",
    "other digits": "１２",
    "the first day": "0001-01-01T00:00",
    "the last day": "9999-12-31T23:59",
    "no such day": "2026-02-30T08:00",
    "unknown": "nothing-of-the-kind",
    "never": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "no interval": "FREQ=DAILY;INTERVAL=0",
    "every second": "FREQ=SECONDLY",
    "template": "{{ 7 * 7 }} %(nothing)s %s {0}",
    "direction": "\u202e\u200b\ufeff",
    "address": "a@b@c, <x@[127.0.0.1]>",
    "link": "javascript://x/%0aalert(1)",
    "broken link": "https://[::1",
    "blank": "   ",
    "formula": '=HYPERLINK("https://evil.example";"x")',
    "LDAP": "*)(uid=*))(|(uid=*",
    "path": "../../../../etc/passwd",
}

DATES = ("the first day", "the last day", "no such day", "endless", "NUL")
AT_ONCE = (
    "long",
    "not UTF-8",
    "half a surrogate pair",
    "NUL",
    "script",
    "header",
    "endless",
    "the last day",
    "template",
)

REFUSALS: dict[str, dict[str, str]] = {
    "joining.join": {"email": "nonsense"},
    "joining.join: a meeting": {"email": "nonsense"},
    "signing_in.ask": {"email": "nonsense"},
    "signing_in.by_password": {"password": "wrong"},
    "account.settings": {"family": "", "family_ja": ""},
    "address.change": {"email": "nonsense"},
    "answer.by_link": {"guests": "99"},
    "answer.by_member": {"guests": "99"},
    "desk.decline": {"reason": "x<y " * 600},
    "series.add": {"slug": "hamamatsu"},
    "series.edit": {"minutes": "0"},
    "series.add_meeting": {"ends": "2026-06-11T07:00"},
    "dates.show": {"times": "0"},
    "dates.add": {"starts": "2026-01-08T08:00"},
    "dates.change": {"minutes": "0"},
    "people.invite": {"email": "nonsense"},
    "people.add": {"email": "nonsense"},
    "people.edit": {"email": "nonsense"},
    "meeting.edit": {"seats": "0"},
    "catering.show": {"own": "2026-03-13T12:00"},
    "catering.make": {"address": "nonsense"},
    "meeting.cancel": {"reason-de": "x<y " * 300},
    "roll.line": {"guests": "99"},
    "roll.move_up": {"reason": "x<y " * 80},
    "questions.of_series": {**texts("label")},
    "questions.of_meeting": {**texts("label")},
    "questions.change_of_series": {**texts("label")},
    "questions.change_of_meeting": {**texts("label")},
    "passing.to_colleague": {"email": "nonsense"},
    "keys.mine": {"answer": "nonsense"},
    "keys.rename": {"name": "x<y " * 20},
    "deputy.mine": {"email": "nonsense"},
    "deputy.answer": {"guests": "99"},
    "meeting.add_topic": {**texts("title")},
    "meeting.edit_topic": {**texts("title")},
    "writing.add": {"due_at": "2026-01-01T10:00"},
    "writing.edit": {"subject-de": ""},
    "writing.paragraph": {"words-de": "x<y " * 1100},
    "speaking.answer": {"word": "x<y " * 400},
    "speaking.person": {"given": "", "family": "", "family_ja": "", "given_ja": ""},
    "speaking.talk": texts("abstract", "x<y " * 2100),
    "speakers.reach": {"email": "nonsense"},
    "speakers.host": {"email": "nonsense"},
    "speakers.host: nobody yet": {"email": "nonsense"},
    "materials.minutes": {"text-de": "x<y " * 6000},
    "proposals.add": {**texts("title")},
    "proposals.edit": {**texts("title")},
    "topics.decline": {"word-de": "x<y " * 300},
    "order.show": {"minutes": "0"},
    "order.show: draft": {"minutes": "0"},
    "order.edit": texts("title"),
    "mail.reply": {"words": "x<y " * 3000},
    "settings.edit": {"sender_name": "Asa <no> Kai"},
    "keeping.limits": {"mails": "3"},
    "law.facts": {"name": "x<y " * 200},
    "law.text": {"text-de": "x<y " * 12000},
}
"""Address → what makes a form that is good otherwise refused."""

NOTHING_TO_KEEP = {
    "account.password": "passwords are never shown again",
    "proving.ask": "passwords are never shown again",
    "proving.by_code": "a code that was wrong",
    "second_factor.show": "a code that was wrong",
    "second_factor.code": "a code that was wrong",
    "proving.by_passkey": "one answer",
    "materials.show": "a page cannot put a file back",
    "imports.take_in": "a page cannot put a file back",
    "people.series_too": "one choice",
    "lists.save_view": "a name in front of what it names",
    "lists.of_series": "choices",
    "lists.of_everybody": "choices",
    "keys.sign_in": "one answer",
    "wishes.letters": "choices",
    "wishes.unsubscribe": "choices",
    "leave.by_oneself": "one box",
    "mydata.delete": "two boxes",
    "twins.merge": "choices",
    "roll.pass_on": "one choice",
    "topics.choose": "one choice",
    "topics.merge": "one choice",
    "mail.enter": "choices",
    **dict.fromkeys(
        (
            "people.leave",
            "people.erase",
            "people.copy",
            "people.fetch_copy",
            "mydata.ask_copy",
            "mydata.fetch_copy",
            "catering.withdraw",
            "joining.confirm",
            "address.confirm",
            "address.objection",
            "signing_in.open_link",
            "signing_in.sign_out",
            "devices.sign_out",
            "devices.sign_out_others",
            "proving.by_link",
            "people.lost_factor",
            "second_factor.begin",
            "second_factor.give_up",
            "second_factor.new_codes",
            "second_factor.remove",
            "account.new_calendar",
            "standing.change",
            "undo.by_link",
            "desk.approve",
            "series.pause",
            "series.propose",
            "lists.drop_view",
            "dates.decide",
            "people.role",
            "people.part",
            "meeting.announce",
            "meeting.drop",
            "meeting.pause",
            "meeting.remove_topic",
            "speaking.remove",
            "speakers.remove_host",
            "speakers.ask",
            "materials.seen",
            "materials.remove",
            "questions.drop_of_series",
            "questions.drop_of_meeting",
            "keys.remove",
            "outside.redeem",
            "outside.remove",
            "deputy.remove",
            "deputy.agree",
            "deputy.refuse",
            "proposals.vote",
            "proposals.withdraw",
            "topics.reopen",
            "order.adopt",
            "order.move",
            "order.remove",
            "outbox.retry",
            "mail.settle",
            "mail.again",
            "outbox.use_again",
            "account.use_address_again",
            "writing.check",
            "writing.withdraw",
            "writing.nudge",
            "writing.send_test",
            "settings.pause",
            "journal.aside",
            "circle.mine",
            "consenting.withdraw",
            "consent_records.disclose",
            "roll.replies",
            "roll.show",
            "paper.roll",
            "mail.show",
        ),
        "a button",
    ),
}


@pytest.fixture
def built(app, clock) -> world.World:
    return world.build(app, clock)


@pytest.fixture
def senders(app, built) -> dict[str, Actor]:
    """Name of an address → somebody who may send there, with as few rights as that takes."""
    actors = {role: Actor(app, role) for role in ("visitor", "member", "coordinator", "administrator")}
    places = list(ROLES)
    return {
        name: next(
            (
                actor
                for role, actor in actors.items()
                if row[places.index(role)] in (200, 303, 422) or name in ("signing_in.ask", "outside.redeem")
            ),
            actors["member"],  # nobody of this world has a second factor
        )
        for name, row in SENT.items()
    }


def send(reader: Actor, address: str, form: dict[str, Any]) -> Any:
    """A form as bytes, so that it can hold what no text can; and the status or the fault it led to."""
    body = urlencode({"csrf_token": reader.token, **form})
    return answered(reader, address, data=body, content_type="application/x-www-form-urlencoded")


def answered(reader: Actor, address: str, **request: Any) -> Any:
    try:
        response = reader.client.post(address, **request)
    except Exception as fault:
        return f"{type(fault).__name__}: {fault}"[:200]
    finally:
        reader.again()
    return response.status_code


class Faults:
    """Sends things, puts the world back after each that was taken, and remembers what should not have come back."""

    def __init__(self, app: Any, built: world.World, senders: dict[str, Actor]) -> None:
        self.senders, self.known, self.before = senders, addresses(app, built, "POST"), contents()
        self.found: dict[tuple[str, ...], Any] = {}

    def note(self, status: Any, *about: str) -> None:
        if status not in OUTCOMES:
            self.found[about] = status
        if status in (200, 303) or status not in OUTCOMES:
            put_back(self.before)

    def send(self, name: str, form: dict[str, Any], *about: str) -> None:
        self.note(send(self.senders[name], self.known[name], form), name, *about)


@pytest.fixture
def faults(app, built, senders) -> Faults:
    return Faults(app, built, senders)


# --- the tables are whole ---------------------------------------------------------------------------------------------


def test_every_input_of_every_form_on_every_page_takes_part(app, built):
    """A form's inputs stand in `world.forms`, those for files in `world.FILES`."""
    reader = Actor(app, "administrator")
    routes, known = app.url_map.bind("localhost"), forms(built)
    missing = set()
    for address in addresses(app, built, "GET").values():
        response = reader.get(address)
        for method, action, values in world.Sheet(response.text).forms if "html" in response.content_type else ():
            if method == "post":
                endpoint, _ = routes.match(urlsplit(action or address).path, "POST")
                names = {name for form, of in known.items() if form.partition(":")[0] == endpoint for name in of}
                missing |= {
                    (endpoint, name) for name in values.keys() - names - {"csrf_token", FILES.get(endpoint, "")}
                }
        response.close()
    assert missing == set()


def test_every_form_is_refused_once_or_has_nothing_to_keep():
    assert sorted({**REFUSALS, **NOTHING_TO_KEEP}) == sorted(SENT)


# --- nonsense ---------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(480)
def test_nonsense_in_all_fields_at_once_is_no_fault(built, faults):
    for name, form in forms(built).items():
        for kind in AT_ONCE if form else ():
            faults.send(name, dict.fromkeys(form, BAD[kind]), kind)
    assert faults.found == {}


@pytest.mark.parametrize("database_url", DATABASES if LONG else ["sqlite"], indirect=True)
@pytest.mark.timeout(480)
def test_nonsense_in_one_field_of_a_good_form_is_no_fault(built, faults):
    kinds = list(BAD)
    turn = 0
    for name, form in forms(built).items():
        for field in form:
            # Every field gets one kind, every kind its turn; `make test-long` tries them all.
            usual = [kinds[turn % len(kinds)]]
            for kind in DATES if field in ("starts", "ends", "first", "answer_until") else usual:
                faults.send(name, {**unticked(form), field: BAD[kind]}, field, kind)
            turn += 1
    assert faults.found == {}


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_kind_of_nonsense_in_every_field_is_no_fault(built, faults):
    for name, form in forms(built).items():
        for field in form:
            for kind, words in BAD.items():
                faults.send(name, {**unticked(form), field: words}, field, kind)
    assert faults.found == {}


def test_a_form_without_one_of_its_fields_is_no_fault(built, faults):
    for name, form in forms(built).items():
        faults.send(name, {}, "nothing")
        for field in form:
            faults.send(name, {other: words for other, words in unticked(form).items() if other != field}, field)
    assert faults.found == {}


def test_a_field_sent_twice_is_no_fault(built, faults):
    for name, form in forms(built).items():
        body = urlencode([("csrf_token", faults.senders[name].token), *form.items(), *((field, "x") for field in form)])
        kind = "application/x-www-form-urlencoded"
        faults.note(answered(faults.senders[name], faults.known[name], data=body, content_type=kind), name)
    assert faults.found == {}


def test_a_file_where_words_are_wanted_and_words_where_a_file_is_wanted_are_no_fault(built, faults):
    for name, form in forms(built).items():
        files = {field: (io.BytesIO(b"<b>\xff\0"), "x.csv") for field in form}
        data = {"csrf_token": faults.senders[name].token, FILES.get(name, "file"): "words", **files}
        faults.note(answered(faults.senders[name], faults.known[name], data=data), name)
    assert faults.found == {}


BODIES = [
    ("application/json", json.dumps([1, 2])),
    ("application/json", json.dumps({"email": 5, "answer": None, "name-de": {"a": []}, "guests": 10**30})),
    ("application/json", '{"family": "\\ud800"'),
    ("text/plain", "family=Neu"),
    ("multipart/form-data", "no boundary"),
    ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=family\r\n\r\nnever ends"),
    (
        "multipart/form-data; boundary=x",
        "--x\r\nContent-Disposition: form-data; name=family\r\nContent-Type: text/plain; "
        "charset=utf-7\r\n\r\n+AAA-\r\n--x--\r\n",
    ),
    ("application/x-www-form-urlencoded; charset=utf-16", "family=%FE%FF%00"),
    ("", "family=Neu"),
]


def test_a_body_of_another_kind_is_no_fault(faults):
    for name, reader in faults.senders.items():
        headers = {"X-CSRFToken": str(reader.token)}
        for kind, body in BODIES:
            request = {"data": body.encode(), "content_type": kind, "headers": headers}
            faults.note(answered(reader, faults.known[name], **request), name, kind, body)
    assert faults.found == {}


def _most(name: str) -> int:
    return web.LARGEST if name in web.LARGE else 4 * 1024 * 1024


def test_too_much_at_once_is_refused_everywhere(built, faults):
    many = {f"part{number}": "x" for number in range(1100)}
    found = {}
    for name in SENT:
        reader, address = faults.senders[name], faults.known[name]
        headers = {"X-CSRFToken": str(reader.token)}
        found[name] = (
            answered(reader, address, data={**many, "one": (io.BytesIO(b"x"), "x")}, headers=headers),
            answered(reader, address, data=b"x" * (_most(name) + 1), content_type="text/plain", headers=headers),
        )
    assert found == dict.fromkeys(SENT, (413, 413))


@pytest.mark.timeout(900 if LONG else 120)
@pytest.mark.parametrize("database_url", DATABASES if LONG else ["sqlite"], indirect=True)
@settings(max_examples=60 if LONG else 4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_typed_is_no_fault(built, faults, data):
    words = st.one_of(st.text(max_size=80), st.sampled_from(sorted(map(repr, BAD))), st.integers().map(str))
    for name, form in forms(built).items():
        some = st.dictionaries(st.sampled_from(sorted(form)), words, max_size=4) if form else st.just({})
        faults.send(name, {**unticked(form), **data.draw(some)}, "anything")
    assert faults.found == {}


RULES = [
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;BYMONTHDAY=31;BYSETPOS=5",
    "FREQ=SECONDLY",
    "FREQ=MONTHLY;BYDAY=99TH",
    "FREQ=WEEKLY;UNTIL=99991231T235959Z",
    "FREQ=WEEKLY;COUNT=" + "9" * 200,
    "RRULE:FREQ=WEEKLY",
    "FREQ=WEEKLY\nDTSTART:19970902T090000",
    ";;;",
    "=",
]


def test_a_rule_that_cannot_be_meant_is_refused_at_once(built, senders):
    form = unticked({**world.SERIES, "frequency": "custom"})
    begun = time.monotonic()
    found = {rule: send(senders["series.add"], "/coordinate/series/new", {**form, "rule": rule}) for rule in RULES}
    assert (found, time.monotonic() - begun < 20) == (dict.fromkeys(RULES, 422), True)


# --- nothing is lost --------------------------------------------------------------------------------------------------


FREE = {
    *("title", "given", "family", "family_ja", "given_ja", "family_kana", "given_kana", "organisation", "position"),
    *(
        "message",
        "comment",
        "guest_names",
        "label",
        "word",
        "speaker_hint",
        "message",
        "comment",
        "description",
        "venue",
        "name",
        "note",
        "abstract",
        "welcome",
    ),
}
"""Fields that take any words; those of the speakers end in such a name."""

NEVER_BACK = {
    "signing_in.by_password": {"password"},
    "keys.mine": {"answer"},
    # The roll's lines ask for no comment.
    "meeting.answer_for": {"comment"},
    # A refused change must be checked again, and decided upon then.
    "meeting.edit": {"step", "tell", "answers", "topics", "seen"},
    # A refused move must be checked again.
    "dates.change": {"step"},
    "joining.join": {"website"},
    "joining.join: a meeting": {"website"},
}


def marked(form: dict[str, str]) -> dict[str, str]:
    """The form with something of its own in every field that takes any words."""
    free = [name for name in form if FREE & {name.split("-")[0], name.split("-")[-1], "-".join(name.split("-")[2:3])}]
    return {**form, **{name: f'Ö "{name}" <i>&amp;' for name in free}}


def test_a_refused_form_keeps_what_was_typed(app, built, senders):
    before, known = contents(), addresses(app, built, "POST")
    found, expected = {}, {}
    for name, refusal in REFUSALS.items():
        sent = {**marked(forms(built)[name]), **refusal}
        response = senders[name].post(known[name], unticked(sent))
        kept, back = typed(response.text, known[name]), sent.keys() - NEVER_BACK.get(name, set())
        found[name] = (response.status_code, {field: kept.get(field) for field in back})
        expected[name] = (422, {field: sent[field].strip() for field in back})
    assert found == expected
    assert without_refusals(contents()) == before


def test_what_was_typed_about_one_application_does_not_stand_at_another(app, built, senders):
    with db.transaction():
        other = applying.apply(
            {"family": "Zweite"}, "zweite@weimar.example", series_id=built.series_id, **world.CONSENT
        )
        secret = applying.mint_confirmation(other)
        db.session().flush()
        applying.confirm(other.id, secret, from_address=None)
        theirs = f"/coordinate/applications/{other.id}/decline"
    response = senders["desk.decline"].post(theirs, {"reason": "Zu lang. " * 300})
    own = addresses(app, built, "POST")["desk.decline"]
    assert [typed(response.text, address)["reason"] for address in (theirs, own)] == [("Zu lang. " * 300).strip(), ""]
