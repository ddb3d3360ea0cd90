"""Signing in and out, the own page and settings, asking to take part, stopping letters."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from asanokai import announcing, applying, db, members, rsvps
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.members import Application, Member
from tests import people
from tests.pages import Reader, checked, facts, sign_in_link, statements

ENGLISH = {"Accept-Language": "en"}
SAME_FOR_ALL = "If the address belongs to a member, a link is on its way; it is good for 15 minutes."
PASSWORD = "many calm mornings"


@pytest.fixture
def meeting(app):
    """A public meeting on 12 March that Katrin, Emma and Naoko belong to; Akiko coordinates it."""
    with db.transaction():
        people.ludwig()
        people.oskar()
        made = people.announced_meeting(people=[people.katrin(), people.emma(), people.naoko()])
        people.coordinate(series_rules.by_id(made.series_id), people.akiko())
        return facts(made)


def shows(page: str, *words: str) -> list[bool]:
    return [one in page for one in words]


def count(table) -> int:
    session().rollback()
    return session().scalar(select(func.count(table.id)))


# --- signing in by link -----------------------------------------------------------------------------------------------


def test_asking_for_a_link_says_the_same_for_a_known_and_an_unknown_address(app, meeting):
    said = []
    for address in ("emma.whitfield@ilmenau.example", " Emma.Whitfield@ILMENAU.example ", "nobody@nowhere.example"):
        visitor = Reader(app)
        sent = visitor.post("/sign-in", data={"email": address}, headers=ENGLISH)
        page = visitor.get(sent.location, headers=ENGLISH).text
        said.append((sent.status_code, sent.location, SAME_FOR_ALL in page))
    assert said == [(303, "/sign-in", True)] * 3
    assert people.kinds_to(people.emma()) == ["sign_in", "sign_in"]
    assert count(Letter) == 2


def test_somebody_who_left_gets_no_link(app):
    with db.transaction():
        people.juergen()
    assert Reader(app).post("/sign-in", data={"email": "juergen.brandt@weimar.example"}).status_code == 303
    assert count(Letter) == 0


@pytest.mark.parametrize(
    "typed", ["", "nonsense", "a@b@c", "x" * 300 + "@a.example", "a\0b@c.example", "a\nb@c.example"]
)
def test_what_cannot_be_an_address_is_refused_and_kept(app, client, typed):
    response = Reader(app).post("/sign-in", data={"email": typed})
    assert response.status_code == 422
    assert count(Letter) == 0


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_link_shows_a_button_and_spends_nothing(app, meeting, method):
    link = sign_in_link(app, people.emma())
    visitor = Reader(app)
    for _ in range(3):
        assert getattr(visitor.client, method)(link).status_code == 200
    assert visitor.get("/me/").status_code == 303
    assert visitor.post(link).status_code == 303
    assert visitor.get("/me/").status_code == 200


def test_a_used_link_is_gone_and_offers_another(app, meeting):
    link = sign_in_link(app, people.emma())
    assert Reader(app).post(link).location == "/me/"
    other = Reader(app)
    for response in (other.get(link, headers=ENGLISH), other.post(link, headers=ENGLISH)):
        assert response.status_code == 410
        assert shows(response.text, 'action="/sign-in"', 'name="email"') == [True, True]
    assert other.get("/me/").status_code == 303


def test_a_link_dies_after_fifteen_minutes_and_a_later_one_replaces_it(app, meeting, clock):
    first = sign_in_link(app, people.emma())
    second = sign_in_link(app, people.emma())
    assert Reader(app).post(first).status_code == 410
    clock.advance(minutes=15)
    assert Reader(app).post(second).status_code == 410


def test_a_forged_sign_in_link_is_404(app, meeting):
    assert (Reader(app).get("/sign-in/nothing").status_code, Reader(app).post("/sign-in/x.y.z").status_code) == (
        404,
        404,
    )


def test_signing_in_without_the_pages_token_is_refused(app, client, meeting):
    link = sign_in_link(app, people.emma())
    assert client.post(link).status_code == 400
    assert client.get("/me/").status_code == 303


def test_signing_in_begins_a_fresh_session(app, meeting):
    """Whoever planted a session in this browser before holds nothing afterwards."""
    visitor = Reader(app)
    visitor.get("/sign-in?lang=ja")
    visitor.post("/sign-in", data={"email": "nobody@nowhere.example"})
    with visitor.client.session_transaction() as planted:
        planted["planted"] = "yes"
        before = planted["csrf_token"]
    visitor.sign_in(people.emma())
    with visitor.client.session_transaction() as fresh:
        assert (fresh.get("planted"), fresh.get("lang"), fresh.get("csrf_token") == before) == (None, None, False)
        assert fresh.permanent


def test_one_comes_back_to_the_page_one_wanted(app, meeting):
    visitor = Reader(app)
    assert visitor.get("/me/settings?a=b").location == "/sign-in"
    assert visitor.sign_in(people.emma()).location == "/me/settings?a=b"


@pytest.mark.parametrize(
    "planted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_one_is_never_led_to_another_site(app, meeting, planted):
    visitor = Reader(app)
    visitor.get("/sign-in")
    with visitor.client.session_transaction() as kept:
        kept["next"] = planted
    assert visitor.sign_in(people.emma()).location == "/me/"


def test_a_coordinator_who_belongs_to_no_series_starts_at_the_desk(app, meeting):
    assert [Reader(app).sign_in(who()).location for who in (people.akiko, people.ludwig, people.oskar)] == [
        "/coordinate/",
        "/coordinate/",
        "/me/",
    ]
    with db.transaction():
        people.belong(series_rules.by_id(meeting.series_id), people.akiko())
    assert Reader(app).sign_in(people.akiko()).location == "/me/"


def test_signing_out_ends_the_session_here_and_everywhere_ends_all(app, meeting):
    here, there = Reader(app, people.emma()), Reader(app, people.emma())
    assert here.post("/sign-out").location == "/"
    assert (here.get("/me/").status_code, there.get("/me/").status_code) == (303, 200)
    third = Reader(app, people.emma())
    third.post("/sign-out", data={"everywhere": "yes"})
    assert (there.get("/me/").status_code, third.get("/me/").status_code) == (303, 303)


def test_the_cookie_of_somebody_who_left_opens_nothing(app, meeting):
    emma = Reader(app, people.emma())
    with db.transaction():
        people.emma().standing = "left"
    assert emma.get("/me/").status_code == 303


# --- signing in by password -------------------------------------------------------------------------------------------


@pytest.fixture
def with_password(meeting):
    with db.transaction():
        members.set_password(people.emma(), PASSWORD, actor_id=None)


def test_a_password_signs_in(app, with_password):
    visitor = Reader(app)
    typed = {"email": "EMMA.whitfield@ilmenau.example", "password": PASSWORD}
    assert visitor.post("/sign-in/password", data=typed).location == "/me/"
    assert visitor.get("/me/").status_code == 200


def test_a_wrong_password_and_an_unknown_address_are_told_the_same(app, with_password):
    pages = []
    for email, password in (
        ("emma.whitfield@ilmenau.example", "guessed mornings"),
        ("katrin.lindner@optik-jena.example", PASSWORD),
        ("nobody@nowhere.example", PASSWORD),
        ("not an address", PASSWORD),
    ):
        response = Reader(app).post("/sign-in/password", data={"email": email, "password": password}, headers=ENGLISH)
        pages.append((response.status_code, re.findall(r'class="error"[^>]*>([^<]+)', response.text)))
        assert (email in response.text, password in response.text) == (True, False)
    assert pages == [(422, ["Address and password do not belong together. A link by mail always works."])] * 4


def refusals() -> list[tuple]:
    query = select(Entry.object, Entry.object_id, Entry.actor_id, Entry.facts).where(Entry.verb == "refuse")
    session().rollback()
    return [tuple(row) for row in session().execute(query.order_by(Entry.id))]


def test_the_journal_keeps_whose_password_was_wrong_though_the_request_was_refused(app, with_password):
    for email in ("emma.whitfield@ilmenau.example", "nobody@nowhere.example", "no address"):
        Reader(app).post("/sign-in/password", data={"email": email, "password": "another calm morning"})
    assert refusals() == [("sign-in", number, None, {"by": "password"}) for number in (people.emma().id, 0, 0)]


def test_the_journal_keeps_whose_link_was_spent_but_not_who_only_looks_at_it(app, meeting):
    link = sign_in_link(app, people.emma())
    Reader(app).post(link)
    visitor = Reader(app)
    assert visitor.get(link).status_code == 410
    assert refusals() == []
    assert visitor.post(link).status_code == 410
    assert refusals() == [("sign-in", people.emma().id, None, {"by": "link"})]


def test_a_password_is_set_changed_and_removed_and_other_devices_are_signed_out(app, meeting):
    here, there = Reader(app, people.emma()), Reader(app, people.emma())
    here.token = None
    assert here.post("/me/password", data={"password": PASSWORD, "again": PASSWORD}).status_code == 303
    assert (here.get("/me/").status_code, there.get("/me/").status_code) == (200, 303)
    assert members.by_password("emma.whitfield@ilmenau.example", PASSWORD) is not None
    session().rollback()
    assert here.post("/me/password", data={"remove": "yes"}).status_code == 303
    assert members.by_password("emma.whitfield@ilmenau.example", PASSWORD) is None
    assert here.get("/me/").status_code == 200


@pytest.mark.parametrize(
    "typed",
    [
        {"password": "short", "again": "short"},
        {"password": PASSWORD, "again": "another calm morning"},
        {"password": "", "again": ""},
        {"password": "x" * 1001, "again": "x" * 1001},
        {"password": PASSWORD + "\0", "again": PASSWORD + "\0"},
        {},
    ],
    ids=range(6),
)
def test_a_password_that_cannot_be_is_refused(app, meeting, typed):
    assert Reader(app, people.emma()).post("/me/password", data=typed).status_code == 422
    assert people.emma().password_hash is None


# --- the own page -----------------------------------------------------------------------------------------------------


def test_the_own_page_shows_the_next_meeting_first_with_its_answer_form(app, meeting):
    with db.transaction():
        series = series_rules.by_id(meeting.series_id)
        later = people.announced_meeting(series, people.FIRST_MORNING.replace(month=4, day=9)).path
    page = Reader(app, people.emma()).get("/me/").text
    assert f'action="/meetings/{meeting.path}/answer?from=me"' in page
    assert page.index(meeting.path) < page.index("What comes after") < page.index(later)
    assert shows(page, "House of Optics, Jena", "Wednesday, 11 March 2026, 12:00", "within 38 days") == [True] * 3


@pytest.mark.parametrize(
    "before, said",
    [(timedelta(days=3), "within 3 days"), (timedelta(days=1), "within 1 day)"), (timedelta(), "(today)")],
)
def test_it_says_how_long_there_is_to_answer(app, meeting, clock, before, said):
    clock.set(meeting.answer_until - before)
    assert said in Reader(app, people.emma()).get("/me/").text


def test_it_shows_what_was_answered_and_the_place_in_line(app, meeting):
    with db.transaction():
        announcing.edit(meeting.id, seats=1)
        for who in (people.katrin(), people.naoko(), people.emma()):
            people.say(meeting, who, "yes")
    page = Reader(app, people.emma()).get("/me/").text
    assert shows(page, "Waiting list", "place 2", "Not answered yet") == [True, True, False]
    assert checked(page) == ["yes"]


def test_after_the_deadline_it_says_what_is_still_possible(app, meeting, clock):
    clock.set(meeting.answer_until + timedelta(hours=1))
    assert "You can still decline or bring fewer guests" in Reader(app, people.emma()).get("/me/").text


def test_a_cancelled_meeting_is_not_the_next_one_but_stands_in_the_list(app, meeting):
    with db.transaction():
        people.say(meeting, people.emma(), "yes")
        announcing.cancel(meeting.id)
    page = Reader(app, people.emma()).get("/me/").text
    assert shows(page, "Cancelled", meeting.path, "<textarea") == [True, True, False]


def test_past_meetings_are_those_one_answered(app, meeting, clock):
    with db.transaction():
        people.say(meeting, people.emma(), "yes")
    clock.set(meeting.ends_at + timedelta(hours=1))
    pages = [Reader(app, who()).get("/me/").text for who in (people.emma, people.katrin)]
    assert [meeting.path in page for page in pages] == [True, False]


def test_somebody_who_answered_but_does_not_belong_sees_the_meeting(app, meeting):
    with db.transaction():
        people.say(meeting, people.oskar(), "yes")
    assert meeting.path in Reader(app, people.oskar()).get("/me/").text


def test_what_one_does_not_belong_to_does_not_appear(app, meeting):
    page = Reader(app, people.oskar()).get("/me/?lang=en").text
    assert shows(page, meeting.path, "You are not on the list of any series yet", 'href="/join"') == [False, True, True]


def test_an_empty_page_says_what_will_happen(app):
    with db.transaction():
        people.belong(people.series(), people.emma())
    assert "As soon as one is announced it stands here" in Reader(app, people.emma()).get("/me/").text


def test_it_shows_the_personal_calendar_to_its_owner(app, meeting):
    page = Reader(app, people.emma()).get("/me/").text
    assert shows(page, f"/calendar/{people.emma().calendar_secret}.ics", people.katrin().calendar_secret) == [
        True,
        False,
    ]


def test_the_own_page_takes_the_same_number_of_statements_for_one_meeting_and_for_three(app, meeting):
    emma = Reader(app, people.emma())
    with statements() as one:
        emma.get("/me/")
    with db.transaction():
        series = series_rules.by_id(meeting.series_id)
        for month in (4, 5, 6):
            made = people.announced_meeting(series, people.FIRST_MORNING.replace(month=month, day=9))
            people.say(made, people.emma(), "yes")
    with statements() as two:
        emma.get("/me/")
    with db.transaction():
        for month in (7, 8):
            made = people.announced_meeting(
                series_rules.by_id(meeting.series_id), people.FIRST_MORNING.replace(month=month)
            )
    with statements() as more:
        emma.get("/me/")
    assert len(two) == len(more)
    assert len(more) - len(one) <= 2


# --- settings ---------------------------------------------------------------------------------------------------------

NAOKO = {
    "salutation": "frau",
    "title": "Prof.",
    "family": "Ito",
    "given": "Naoko",
    "family_ja": "伊藤",
    "given_ja": "直子",
    "family_kana": "いとう",
    "given_kana": "なおこ",
    "organisation": "Photonik Hamamatsu",
    "position": "Leiterin",
    "language": "de",
    "zone": "Europe/Berlin",
}


def test_settings_are_saved_and_shown_in_the_chosen_language(app, meeting):
    naoko = Reader(app, people.naoko())
    assert naoko.post("/me/settings", data=NAOKO).location == "/me/settings"
    page = naoko.get("/me/settings").text
    assert '<html lang="de"' in page
    for typed in ("Prof.", "伊藤", "いとう", "Photonik Hamamatsu", "Leiterin"):
        assert f'value="{typed}"' in page
    kept = people.naoko()
    assert {name: getattr(kept, name) for name in NAOKO if name != "organisation"} == {
        name: value for name, value in NAOKO.items() if name != "organisation"
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"family": "", "family_ja": ""},
        {"language": "fr"},
        {"zone": "Mars/Olympus"},
        {"salutation": "dr"},
        {"family": "x" * 201},
        {"given": "a\0b"},
        {"position": "a\nb"},
    ],
    ids=range(7),
)
def test_settings_that_cannot_be_are_refused_and_what_was_typed_is_kept(app, meeting, wrong):
    response = Reader(app, people.naoko()).post("/me/settings", data={**NAOKO, **wrong})
    assert (response.status_code, 'value="Photonik Hamamatsu"' in response.text) == (422, True)
    assert people.naoko().title == ""


def test_settings_show_the_address_but_do_not_change_it(app, meeting):
    emma = Reader(app, people.emma())
    typed = {**NAOKO, "email": "stolen@evil.example", "administrator": "y", "standing": "accepted"}
    emma.post("/me/settings", data=typed)
    assert "emma.whitfield@ilmenau.example" in emma.get("/me/settings").text
    assert (members.main_address(people.emma()).normal, people.emma().administrator) == (
        "emma.whitfield@ilmenau.example",
        False,
    )


def test_letters_are_switched_off_and_on(app, meeting):
    emma = Reader(app, people.emma())
    seen = []
    for wish in ("off", "off", "on", "on"):
        emma.post("/me/letters", data={"letters": wish})
        session().expire_all()
        seen.append(people.emma().unsubscribed_at is None)
    assert seen == [False, False, True, True]


def test_a_new_calendar_address_replaces_the_old(app, meeting):
    old = people.emma().calendar_secret
    Reader(app, people.emma()).post("/me/calendar")
    session().expire_all()
    assert people.emma().calendar_secret != old


# --- asking to take part ----------------------------------------------------------------------------------------------

FRIEDA = {
    "email": "frieda.neu@weimar.example",
    "salutation": "frau",
    "family": "Neu",
    "given": "Frieda",
    "organisation": "Glaswerk Weimar",
    "language": "en",
    "message": "I heard of you in Hamamatsu.",
    "consent": "y",
}


def mint_confirmation(app: Flask) -> str:
    """The link in the letter that asks the latest applicant to confirm."""
    with db.transaction():
        latest = session().scalar(select(Application).order_by(Application.id.desc()).limit(1))
        nonce, number = applying.mint_confirmation(latest), latest.id
    return "/join/" + app.extensions["tokens"].mint("opt-in", [number, nonce])


def latest() -> Application:
    session().rollback()
    return session().scalar(select(Application).order_by(Application.id.desc()).limit(1))


def test_an_application_for_a_meeting_asks_by_letter_to_confirm_and_gives_no_seat(app, meeting):
    visitor = Reader(app)
    address = f"/join?meeting={meeting.path}"
    page = visitor.get(address, headers=ENGLISH).text
    assert shows(page, "Thursday, 12 March 2026", 'name="answer"', 'name="series"') == [True, True, False]
    sent = visitor.post(address, data={**FRIEDA, "answer": "maybe", "guests": "1"}, headers=ENGLISH)
    assert (sent.status_code, sent.location) == (303, f"{address}&sent=1")
    assert "Please check your mail" in visitor.get(sent.location, headers=ENGLISH).text
    kept = latest()
    assert (kept.meeting_id, kept.answer, kept.guests, kept.message, kept.state) == (
        meeting.id,
        "maybe",
        1,
        "I heard of you in Hamamatsu.",
        "applied",
    )
    assert kept.person["family"] == "Neu"
    frieda = members.by_address(FRIEDA["email"])
    assert (frieda.standing, people.kinds_to(frieda), rsvps.of(meeting.id, frieda.id)) == ("applied", ["opt_in"], None)


def test_the_consent_is_kept_word_by_word_as_it_stood_on_the_page(app, meeting):
    visitor = Reader(app)
    page = visitor.get("/join", headers=ENGLISH).text
    visitor.post("/join", data={**FRIEDA, "series": str(meeting.series_id)}, headers=ENGLISH)
    kept = latest()
    assert kept.consent_text.startswith("I agree that Asa no Kai Thüringen keeps these details")
    assert kept.consent_text in page
    assert (kept.consent_version, kept.applied_from, kept.series_id) == ("2026-11 en", "127.0.0.1", meeting.series_id)


def test_without_consent_nothing_is_kept(app, meeting):
    response = Reader(app).post(
        "/join", data={**FRIEDA, "series": str(meeting.series_id), "consent": ""}, headers=ENGLISH
    )
    assert response.status_code == 422
    assert shows(response.text, "Without your consent we may not write to you.", 'value="Glaswerk Weimar"') == [
        True,
        True,
    ]
    assert (count(Application), count(Letter)) == (0, 0)


def test_the_answer_is_the_same_for_a_known_and_an_unknown_address(app, meeting):
    seen = []
    for email in ("nobody@nowhere.example", "emma.whitfield@ilmenau.example"):
        visitor = Reader(app)
        sent = visitor.post("/join", data={**FRIEDA, "series": str(meeting.series_id), "email": email}, headers=ENGLISH)
        seen.append((sent.status_code, sent.location, visitor.get(sent.location, headers=ENGLISH).text))
    assert seen[0] == seen[1]
    assert people.emma().family == "Whitfield"


def test_one_open_series_is_chosen_already_and_of_several_one_chooses(app, meeting):
    assert f'type="hidden" name="series" value="{meeting.series_id}"' in Reader(app).get("/join").text
    with db.transaction():
        second = people.series("second", name={"en": "Optics evening"}).id
        people.series("secret", name={"en": "Board"}, public=False)
        people.event("past-event", name={"en": "Past journey"})
    page = Reader(app).get("/join", headers=ENGLISH).text
    assert re.findall(r'name="series"[^>]*value="(\d+)"', page) == [str(meeting.series_id), str(second)]
    assert checked(page) == []
    assert shows(page, "Optics evening", "Board", "Past journey") == [True, False, False]
    sent = Reader(app).post("/join", data={**FRIEDA, "series": str(second)})
    assert (sent.location, latest().series_id) == ("/join?sent=1&series=second", second)


def test_where_nothing_is_open_the_page_says_so(app, client):
    page = client.get("/join", headers=ENGLISH)
    assert (page.status_code, "Nobody can apply at present" in page.text) == (200, True)
    assert Reader(app).post("/join", data=FRIEDA).status_code == 409


@pytest.mark.parametrize(
    "query", ["meeting=2026-03-12-nothing", "meeting=%00", "series=nothing", "series=secret", "series=%ff"]
)
def test_what_is_not_public_cannot_be_applied_for(app, meeting, query):
    with db.transaction():
        people.series("secret", public=False)
    assert [
        Reader(app).get(f"/join?{query}").status_code,
        Reader(app).post(f"/join?{query}", data=FRIEDA).status_code,
    ] == [404] * 2


def test_a_meeting_that_is_hidden_or_a_draft_cannot_be_applied_for(app, meeting):
    with db.transaction():
        announcing.edit(meeting.id, public=False)
        series = series_rules.by_id(meeting.series_id)
        draft = people.meeting(series, people.FIRST_MORNING.replace(month=4, day=9)).path
    asked = [Reader(app).get(f"/join?meeting={path}").status_code for path in (meeting.path, draft)]
    assert asked == [404, 404]


def test_after_the_deadline_or_a_cancellation_the_page_says_why_and_takes_nothing(app, meeting, clock):
    address = f"/join?meeting={meeting.path}"
    clock.set(meeting.answer_until + timedelta(minutes=1))
    late = Reader(app)
    assert "The deadline for this meeting has passed." in late.get(address, headers=ENGLISH).text
    assert late.post(address, data=FRIEDA).status_code == 409
    with db.transaction():
        announcing.cancel(meeting.id)
    assert "This meeting has been cancelled; nobody can apply" in Reader(app).get(address, headers=ENGLISH).text
    assert count(Application) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": ""},
        {"email": "nonsense"},
        {"email": "a@" + "x" * 300 + ".example"},
        {"family": ""},
        {"family": "x" * 201},
        {"family": "a\0b"},
        {"language": "xx"},
        {"message": "x" * 1001},
        {"series": ""},
        {"series": "999999"},
        {"series": "9" * 5000},
        {"series": "one"},
        {"salutation": "\udcff"},
    ],
    ids=range(13),
)
def test_an_application_that_cannot_be_is_refused_and_kept_on_the_page(app, meeting, wrong):
    typed = {**FRIEDA, "series": str(meeting.series_id), **wrong}
    typed = {name: value.encode("utf-8", "surrogateescape") for name, value in typed.items()}
    response = Reader(app).post("/join", data=typed)
    assert response.status_code == 422
    assert 'value="Glaswerk Weimar"' in response.text
    assert count(Application) == 0


def test_guests_and_wishes_that_cannot_be_are_refused(app, meeting):
    address = f"/join?meeting={meeting.path}"
    wrong = ({"guests": "2"}, {"guests": "-1"}, {"guests": "some"}, {"answer": "no"}, {"answer": ""})
    asked = [Reader(app).post(address, data={**FRIEDA, "answer": "yes", **one}).status_code for one in wrong]
    assert (asked, count(Application)) == ([422] * 5, 0)


def test_a_program_that_fills_in_everything_is_told_the_same_and_forgotten(app, meeting):
    sent = Reader(app).post(
        "/join", data={**FRIEDA, "series": str(meeting.series_id), "website": "https://spam.example"}
    )
    assert (sent.status_code, sent.location) == (303, "/join?sent=1&series=asanokai")
    assert (count(Application), count(Letter)) == (0, 0)


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_confirmation_link_shows_what_and_confirms_nothing(app, meeting, method):
    Reader(app).post(f"/join?meeting={meeting.path}", data={**FRIEDA, "answer": "yes", "guests": "1"})
    link = mint_confirmation(app)
    response = getattr(app.test_client(), method)(link)
    assert (response.status_code, latest().state) == (200, "applied")
    if method == "get":
        words = ("Frieda Neu", "frieda.neu@weimar.example", "Thursday, 12 March 2026", latest().consent_text)
        assert shows(response.text, *words) == [True] * 4


def test_confirming_tells_the_coordinators_and_says_what_happens_next(app, meeting):
    Reader(app).post(f"/join?meeting={meeting.path}", data={**FRIEDA, "answer": "yes"})
    link, visitor = mint_confirmation(app), Reader(app)
    for _ in range(2):
        done = visitor.post(link)
        assert (done.status_code, done.location) == (303, link)
    assert "The organisers have been told and decide" in visitor.get(link).text
    kept = latest()
    assert (kept.state, kept.confirmed_from, people.kinds_to(people.akiko())) == (
        "confirmed",
        "127.0.0.1",
        ["application"],
    )
    assert rsvps.of(meeting.id, kept.member_id) is None


def test_where_no_approval_is_needed_confirming_gives_the_seat_at_once(app, meeting):
    with db.transaction():
        announcing.edit(meeting.id, needs_approval=False)
    Reader(app).post(f"/join?meeting={meeting.path}", data={**FRIEDA, "answer": "yes", "guests": "1"})
    link, visitor = mint_confirmation(app), Reader(app)
    visitor.post(link)
    assert "You have been accepted." in visitor.get(link).text
    given = rsvps.of(meeting.id, latest().member_id)
    assert (given.answer, given.seat, given.guests) == ("yes", "held", 1)


def test_an_invitation_of_a_coordinator_is_confirmed_likewise_with_its_consent(app, meeting):
    with db.transaction():
        person = {"family": "Neu", "given": "Frieda", "language": "en"}
        applying.invite(FRIEDA["email"], person, series_id=meeting.series_id, inviter_id=people.akiko().id)
    link, visitor = mint_confirmation(app), Reader(app)
    page = visitor.get(link).text
    assert shows(page, "You are invited to belong to:", "I agree that Asa no Kai Thüringen keeps") == [True, True]
    visitor.post(link)
    kept = latest()
    assert (kept.state, kept.consent_text in page, kept.consent_version) == ("approved", True, "2026-11 en")
    assert series_rules.belongs(meeting.series_id, kept.member_id)


def test_a_confirmation_link_dies_after_fourteen_days_and_a_forged_one_is_404(app, meeting, clock):
    Reader(app).post("/join", data={**FRIEDA, "series": str(meeting.series_id)})
    link, visitor = mint_confirmation(app), Reader(app)
    assert visitor.get(link[:-2] + "xx").status_code == 404
    clock.advance(days=14, seconds=1)
    assert (visitor.get(link).status_code, visitor.post(link).status_code, latest().state) == (410, 410, "applied")


# --- stopping letters -------------------------------------------------------------------------------------------------


def unsubscribe_link(app: Flask, who: Member) -> str:
    return "/unsubscribe/" + app.extensions["tokens"].mint("unsubscribe", who.id)


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_unsubscribe_link_stops_nothing(app, client, meeting, method):
    response = getattr(client, method)(unsubscribe_link(app, people.emma()))
    assert (response.status_code, people.emma().unsubscribed_at) == (200, None)


def test_one_click_in_the_mail_program_stops_letters_without_cookie_or_token(app, client, meeting, clock):
    link = unsubscribe_link(app, people.emma())
    first = client.post(link, data={"List-Unsubscribe": "One-Click"})
    stopped = clock.now
    clock.advance(days=1)
    second = client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert [(one.status_code, "Set-Cookie" in one.headers) for one in (first, second)] == [(200, False)] * 2
    assert people.emma().unsubscribed_at == stopped


def test_the_unsubscribe_page_speaks_the_members_language_and_shows_nothing_of_the_account(app, client, meeting):
    page = client.get(unsubscribe_link(app, people.naoko()), headers=ENGLISH).text
    assert shows(page, '<html lang="ja"', "naoko", "伊藤") == [True, False, False]


def test_the_unsubscribe_link_lives_two_years_and_a_forged_one_is_404(app, client, meeting, clock):
    link = unsubscribe_link(app, people.emma())
    assert client.post("/unsubscribe/forged").status_code == 404
    clock.advance(days=731)
    assert (client.post(link).status_code, people.emma().unsubscribed_at) == (410, None)
