"""The roll on the screen, one line of it, the questions' pages, and the answer form with questions in it."""

import re
from datetime import timedelta

import pytest

from asanokai import announcing, db, meetings, questions, rsvps, worker
from asanokai import series as series_rules
from asanokai.db import session
from tests import people
from tests.pages import Reader, statements
from tests.test_meeting_pages import akiko, announced, draft, now, page  # noqa: F401  fixtures
from tests.test_questions import PLATES
from tests.world import plain, texts


def roll(number: int, *more: object) -> str:
    return page(number, "/".join(["roll", *map(str, more)]))


@pytest.fixture
def food(announced) -> int:
    with db.transaction():
        series = meetings.by_id(announced).series_id
        return questions.add({"de": "Essen", "en": "Food"}, "food", series_id=series, choices=PLATES, required=True).id


# --- the list ---------------------------------------------------------------------------------------------------------


def everybody(announced) -> None:
    with db.transaction():
        meeting = meetings.by_id(announced)
        people.belong(series_rules.by_id(meeting.series_id), people.kenji(), people.naoko(), people.oskar())
        people.plan()
        for who, choice, guests in (
            (people.katrin(), "yes", 1),
            (people.emma(), "yes", 0),
            (people.kenji(), "maybe", 0),
            (people.naoko(), "no", 0),
        ):
            rsvps.answer(meeting.id, who.id, choice, guests=guests, comment=f"{choice}!", by="page")


@pytest.mark.parametrize(
    ("part", "heading", "name"),
    [
        ("coming", "Coming (1)", "Lindner"),
        ("waiting", "Waiting, in the order of asking (1)", "Whitfield"),
        ("maybe", "Maybe (1)", "Yamada"),
        ("silent", "Silent (1)", "Oskar Fremd"),
        ("no", "Not coming (1)", "Ito"),
    ],
)
def test_each_part_of_the_roll_holds_those_who_belong_there(akiko, announced, part, heading, name):
    everybody(announced)
    text = akiko.get(f"{roll(announced)}?part={part}").text
    said = plain(text)
    assert ("For the caterer: 2 people" in said, heading in said, name in said) == (True, True, True)
    assert len(re.findall(rf'href="{roll(announced)}/\d+"', text)) == 1


def test_the_roll_and_the_line_say_that_an_answer_was_for_the_old_time(akiko, announced):
    everybody(announced)
    badge = "answered for the old time"
    with db.transaction():
        katrin, meeting = people.katrin().id, meetings.by_id(announced)
        assert badge not in akiko.get(roll(announced)).text
        rsvps.answer(announced, katrin, "maybe", by="calendar", meant_start=meeting.starts_at - timedelta(days=1))
    assert badge in akiko.get(f"{roll(announced)}?part=maybe").text
    assert "The answer was for the old time: " in plain(akiko.get(roll(announced, katrin)).text)
    with db.transaction():
        rsvps.answer(announced, katrin, "maybe", by="page")
    assert badge not in akiko.get(f"{roll(announced)}?part=maybe").text


@pytest.mark.parametrize("query", ["part=nonsense", "page=-3", "page=x", f"page={2**70}", "name=%00", "name=%25"])
def test_nonsense_in_the_address_is_no_fault(akiko, announced, query):
    assert akiko.get(f"{roll(announced)}?{query}").status_code in (200, 404)


def test_somebody_is_found_by_name_or_organisation_in_any_script(akiko, announced):
    everybody(announced)
    found = {}
    for part, sought in (("maybe", "山田"), ("maybe", "yamada kenji"), ("coming", "optik"), ("coming", "yamada")):
        text = akiko.get(f"{roll(announced)}?part={part}&name={sought}").text
        found[sought] = len(re.findall(rf'href="{roll(announced)}/\d+"', text))
    assert found == {"山田": 1, "yamada kenji": 1, "optik": 1, "yamada": 0}
    assert "Nobody here has that name." in text


def test_a_long_part_comes_by_pages_in_the_order_of_names(akiko, announced, monkeypatch):
    monkeypatch.setattr(rsvps.lines, "LINES_EACH_PAGE", 2)
    with db.transaction():
        crowd = people.crowd(5)
        for who in crowd:
            people.say(meetings.by_id(announced), who, "maybe")
    ids = [who.id for who in sorted(crowd, key=lambda who: who.name.sort_key())]
    pages = []
    for number in (1, 2, 3):
        text = akiko.get(f"{roll(announced)}?part=maybe&page={number}").text
        lines = [int(found) for found in re.findall(rf'href="{roll(announced)}/(\d+)"', text)]
        pages.append((lines, re.findall(r'rel="(next|prev)"', text)))
    assert pages == [(ids[:2], ["next"]), (ids[2:4], ["prev", "next"]), (ids[4:], ["prev"])]


def test_who_waits_stands_in_the_order_of_asking(akiko, announced):
    with db.transaction():
        meetings.by_id(announced).seats = 1
        for who in (people.katrin(), people.kenji(), people.emma()):
            people.say(meetings.by_id(announced), who, "yes")
    said = plain(akiko.get(f"{roll(announced)}?part=waiting").text)
    assert 0 < said.index("Yamada") < said.index("Whitfield")


def test_the_roll_takes_as_many_statements_for_many_as_for_one(akiko, announced):
    counts = []
    for more in (1, 4):
        with db.transaction():
            for who in people.crowd(more):
                people.say(meetings.by_id(announced), who, "yes", guests=1)
        with statements() as asked:
            akiko.get(roll(announced))
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_before_anybody_is_invited_the_roll_says_how_it_begins(akiko, draft):
    assert "Nobody has been invited yet" in akiko.get(roll(draft)).text


# --- one line ---------------------------------------------------------------------------------------------------------


def test_a_line_shows_everything_that_was_said(akiko, announced, food):
    katrin, sent = people.katrin(), {"guests": "1", "guest_names": "Ida Gast, Glaswerk", "comment": "Gern"}
    Reader(akiko.app, katrin).post(
        f"/meetings/{now(announced).path}/answer", {"answer": "yes", f"question_{food}": "1", **sent}
    )
    said = plain(akiko.post(f"{roll(announced, katrin.id)}/replies").text)
    for words in ("Optik Jena", "Ida Gast", "Glaswerk", "Food", "Vegetarisch", "Gern", "on the meeting's page"):
        assert words in said
    assert "Vegetarisch (1)" in plain(akiko.get(roll(announced)).text)
    assert "Ida Gast" in akiko.get(roll(announced)).text


def test_a_coordinator_answers_for_somebody_also_after_the_deadline(akiko, announced, food, clock):
    clock.set(people.berlin(2026, 3, 11, 20))
    katrin = people.katrin()
    response = akiko.post(roll(announced, katrin.id), {"answer": "yes", "guests": "1"})
    rsvp = rsvps.of(announced, katrin.id)
    assert (response.status_code, response.location) == (303, roll(announced, katrin.id))
    assert (rsvp.answer, rsvp.seat, rsvp.guests, rsvp.by) == ("yes", "held", 1, "coordinator")
    assert people.kinds_to(katrin) == ["confirm"]
    assert "by the organisers: Akiko Sato" in plain(akiko.get(roll(announced, katrin.id)).text)


def test_a_word_said_before_stays_when_the_form_does_not_send_it(akiko, announced):
    katrin = people.katrin()
    with db.transaction():
        rsvps.answer(announced, katrin.id, "yes", comment="Kein Fisch", by="link")
    akiko.post(roll(announced, katrin.id), {"answer": "maybe", "guests": ""})
    session().rollback()
    rsvp = rsvps.of(announced, katrin.id)
    assert (rsvp.answer, rsvp.comment) == ("maybe", "Kein Fisch")


def test_an_answer_to_what_was_cancelled_is_refused_with_the_reason(akiko, announced):
    with db.transaction():
        announcing.cancel(announced)
    response = akiko.post(roll(announced, people.katrin().id), {"answer": "yes"})
    said = "This meeting has been cancelled; there is nothing to answer."
    assert (response.status_code, said in response.text) == (409, True)


def test_nobody_has_a_line_or_is_answered_for_who_was_never_asked(akiko, announced):
    with db.transaction():
        stranger = people.oskar().id
    here = roll(announced, stranger)
    found = [akiko.get(here).status_code, akiko.post(here, {"answer": "yes"}).status_code]
    found += [akiko.post(f"{here}/{verb}", {"reason": "x"}).status_code for verb in ("move-up", "pass-on")]
    assert (found, stranger in people.seats(now(announced))) == ([404] * 4, False)


def test_somebody_is_moved_up_with_a_reason_or_told_why_not(akiko, announced):
    with db.transaction():
        meeting, kenji = meetings.by_id(announced), people.kenji()
        for who in (people.katrin(), people.emma(), kenji):
            people.say(meeting, who, "yes")
    here = roll(announced, kenji.id)
    full = akiko.post(f"{here}/move-up", {"reason": "Grußwort"})
    assert (full.status_code, "No seat is free for this party" in full.text) == (409, True)
    assert 'value="Grußwort"' in full.text
    with db.transaction():
        meetings.by_id(announced).seats = 3
    assert akiko.post(f"{here}/move-up", {"reason": "Grußwort"}).status_code == 303
    assert people.seats(now(announced))[kenji.id] == ("yes", "held", 0)
    assert "Grußwort" in akiko.get(here).text


def test_a_coordinator_passes_a_seat_on_to_a_colleague_from_the_list(akiko, announced):
    with db.transaction():
        klaus = people.member("klaus@optik-jena.example", organisation="Optik Jena", family="Klausen", given="Klaus")
        people.belong(series_rules.by_id(meetings.by_id(announced).series_id), klaus)
        people.say(meetings.by_id(announced), people.katrin(), "yes")
    here = roll(announced, people.katrin().id)
    assert "Klaus Klausen" in akiko.get(here).text
    nobody = akiko.post(f"{here}/pass-on", {"colleague": "0"})
    assert (nobody.status_code, "Please choose a colleague." in nobody.text) == (422, True)
    assert akiko.post(f"{here}/pass-on", {"colleague": str(klaus.id)}).status_code == 303
    seats = people.seats(now(announced))
    assert (seats[people.katrin().id], seats[klaus.id]) == (("no", None, 0), ("yes", "held", 0))
    assert "Seat passed on" in plain(akiko.get(roll(announced, klaus.id)).text)


def test_a_member_passes_the_seat_on_by_the_colleagues_address(app, announced):
    with db.transaction():
        klaus = people.member("klaus@optik-jena.example", organisation="Optik Jena")
        people.belong(series_rules.by_id(meetings.by_id(announced).series_id), klaus)
        people.say(meetings.by_id(announced), people.katrin(), "yes")
    katrin, path = Reader(app, people.katrin()), f"/meetings/{now(announced).path}"
    katrin.get("/?lang=en")
    assert f"{path}/pass-on" in katrin.get(path).text
    refused = katrin.post(f"{path}/pass-on", {"email": "emma.whitfield@ilmenau.example"})
    assert (refused.status_code, "Nobody with this address" in refused.text) == (422, True)
    done = katrin.post(f"{path}/pass-on", {"email": "klaus@optik-jena.example"})
    assert (done.status_code, done.location) == (303, path)
    assert people.seats(now(announced))[klaus.id] == ("yes", "held", 0)
    assert katrin.get(f"{path}/pass-on").status_code == 404


# --- questions --------------------------------------------------------------------------------------------------------

NEW = {**texts("label", "Essen"), **texts("choices", "Alles\r\nVegan"), "kind": "food", "needed": "y", "keep": ""}


@pytest.mark.parametrize("whose", ["series", "meetings"])
def test_a_question_is_added_reworded_and_dropped(akiko, announced, whose):
    number = now(announced).series_id if whose == "series" else announced
    here = f"/coordinate/{whose}/{number}/questions"
    assert "No question yet." in akiko.get(here).text
    assert akiko.post(here, NEW).status_code == 303
    (question,) = questions.asked(announced, now(announced).series_id)
    assert (question.choices, question.required, question.vanishes) == ([{"de": "Alles"}, {"de": "Vegan"}], True, True)
    assert "Alles\nVegan" in akiko.get(f"{here}/{question.id}").text
    few = akiko.post(f"{here}/{question.id}", {**texts("label", "Speise"), **texts("choices")})
    assert (few.status_code, "not taken out" in few.text) == (422, True)
    akiko.post(f"{here}/{question.id}", {**texts("label", "Speise"), **texts("choices", "Alles\nVegan\nNichts")})
    session().rollback()
    session().expire_all()
    assert (question.label, len(question.choices), question.required) == ({"de": "Speise"}, 3, False)
    akiko.post(f"{here}/{question.id}/drop")
    assert questions.asked(announced, now(announced).series_id) == []


def test_a_question_cannot_be_changed_at_the_address_of_another(akiko, announced, food):
    here = f"/coordinate/meetings/{announced}/questions/{food}"
    assert [akiko.get(here).status_code, akiko.post(f"{here}/drop").status_code] == [404, 404]


def test_the_worker_forgets_what_was_for_the_morning_alone(app, announced, food, clock):
    sent = {"answer": "yes", f"question_{food}": "1"}
    Reader(app, people.katrin()).post(f"/meetings/{now(announced).path}/answer", sent)
    clock.set(people.berlin(2026, 3, 12, 10))
    worker.tidy_step()
    session().rollback()
    assert questions.replies_of(announced, people.katrin().id) == {}
    assert [numbers for _question, numbers in questions.counts(announced)] == [[("1", 1)]]


@pytest.mark.parametrize("way", ["page", "own page", "link"])
def test_a_yes_without_a_required_reply_is_refused_at_the_field_and_nothing_is_lost(app, client, announced, food, way):
    katrin, path = people.katrin(), now(announced).path
    link = f"/answer/{app.extensions['tokens'].mint('answer', [announced, katrin.id])}?lang=en"
    sent = {"answer": "yes", "guests": "1", "guest_names": "Ida Gast", "comment": "Gern", f"question_{food}": ""}
    reader = Reader(app, katrin)
    reader.get("/?lang=en")
    address = {"page": f"/meetings/{path}/answer", "own page": f"/meetings/{path}/answer?from=me"}.get(way)
    refused = reader.post(address, sent) if address else client.post(link, data=sent)
    said = f'<a href="#question_{food}">Food: Please answer this'
    assert (refused.status_code, said in refused.text) == (422, True)
    assert ("Ida Gast" in refused.text, "Gern" in refused.text) == (True, True)
    session().rollback()
    assert people.seats(now(announced))[katrin.id][0] == "invited"
    sent[f"question_{food}"] = "1"
    assert (reader.post(address, sent) if address else client.post(link, data=sent)).status_code == 303
    session().rollback()
    assert questions.replies_of(announced, katrin.id) == {food: "1"}
    again = reader.get(f"/meetings/{path}" if address else link).text
    assert re.search(r'<option selected value="1">', again)
