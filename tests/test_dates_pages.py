"""The page of a series' dates: the rule in words, the list with its marks, one click for each date, and changes that
ask whom they reach."""

import re
from datetime import date, timedelta

import pytest

from asanokai import announcing, db, meetings, planning
from asanokai import series as series_rules
from asanokai.db import session
from tests import people
from tests.pages import Reader, statements
from tests.world import RULE, plain, typed


@pytest.fixture
def akiko(app, clock) -> Reader:
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        meetings.propose(series)
    return Reader(app, people.akiko())


@pytest.fixture
def own(akiko):
    return series_rules.by_slug("asanokai").id


def dates_page(number: int) -> str:
    return f"/coordinate/series/{number}/dates"


def on(series_id: int, day: str) -> int:
    session().expire_all()
    return meetings.on_date(series_rules.by_id(series_id), date.fromisoformat(day)).id


def line_of(page: str, number: int) -> str:
    found = re.search(rf'<li class="[^"]*" id="date-{number}">.*?</li>', page, re.DOTALL)
    assert found, "the date is not in the list"
    return plain(found[0])


def decide(reader: Reader, number: int, to: str, language: str = "en") -> str:
    response = reader.post(f"/coordinate/meetings/{number}/decide?lang={language}", {"to": to})
    assert response.status_code == 303, plain(response.text)
    return reader.get(response.location).text


def test_the_page_says_the_rule_in_words_marks_each_date_and_until_when_school_is_known(akiko, own):
    page = akiko.get(dates_page(own) + "?lang=en").text
    assert "every month: second Thursday, 08:00" in plain(page)
    assert "Public holiday in Thuringia: Ascension Day" in line_of(page, on(own, "2026-05-14"))
    august = line_of(page, on(own, "2026-08-13"))
    assert "School holidays in Thuringia: summer holidays" in august
    assert "Obon in Japan" in august
    assert "Move to Thu, 20 Aug 2026" in august
    assert "known until Friday, 23 August 2030" in plain(page)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "de",
            (
                "jeden Monat: zweiter Donnerstag, 08:00\N{NO-BREAK SPACE}Uhr",
                "Feiertag in Thüringen: Christi Himmelfahrt",
            ),
        ),
        ("ja", ("毎月：第2木曜日08:00", "テューリンゲンの祝日：主の昇天の日")),
    ],
)
def test_rule_and_marks_are_told_in_the_readers_language(akiko, own, language, words):
    page = plain(akiko.get(f"{dates_page(own)}?lang={language}").text)
    assert [part for part in words if part not in page] == []


def test_one_click_drops_brings_back_moves_to_the_better_day_and_back(akiko, own):
    may = on(own, "2026-05-14")
    assert "Bring back" in line_of(decide(akiko, may, "drop"), may)
    assert "Bring back" not in line_of(decide(akiko, may, "restore"), may)
    moved = line_of(decide(akiko, may, "better"), may)
    assert ("21" in moved, "Move back" in moved) == (True, True)
    assert "Ascension Day" in line_of(decide(akiko, may, "back"), may)
    assert akiko.post(f"/coordinate/meetings/{may}/decide", {"to": "nonsense"}).status_code == 422


def test_an_announced_date_is_moved_on_its_own_page_where_people_are_told(akiko, own):
    with db.transaction():
        number = announcing.announce(on(own, "2026-05-14")).id
    line = akiko.get(dates_page(own) + "?lang=en").text
    assert f'href="/coordinate/meetings/{number}/edit"' in line
    assert akiko.post(f"/coordinate/meetings/{number}/decide", {"to": "drop"}).status_code == 409


def test_a_date_added_by_hand_stands_in_the_list_and_one_too_many_is_refused_beside_its_field(akiko, own):
    akiko.get(dates_page(own) + "?lang=en")
    added = akiko.post(dates_page(own) + "/add", {"starts": "2026-06-25T18:00"})
    assert "added by hand" in line_of(akiko.get(added.location).text, on(own, "2026-06-25"))
    again = akiko.post(dates_page(own) + "/add?lang=en", {"starts": "2026-06-25T08:00"})
    assert (again.status_code, "The series meets on that day already." in again.text) == (422, True)


def test_another_rule_is_looked_at_before_it_is_saved(akiko, own):
    typed_rule = {**RULE, "ordinal": "3", "weekday": "WE"}
    looked = akiko.post(dates_page(own) + "?lang=en", {**typed_rule, "step": "dates"})
    found = plain(looked.text)
    assert "Wednesday, 18 March 2026, 08:00" in found
    assert "moves here from Thu, 12 Mar 2026" in found
    assert "Not saved yet." in found
    assert series_rules.by_id(own).rule == people.SECOND_THURSDAY
    assert typed(looked.text, dates_page(own))["weekday"] == "WE"
    akiko.post(dates_page(own), typed_rule)
    session().expire_all()
    series = series_rules.by_id(own)
    assert (series.rule, meetings.of_series(series)[0].local_date) == ("FREQ=MONTHLY;BYDAY=3WE", date(2026, 3, 18))


@pytest.mark.parametrize(
    ("typed_rule", "rule"),
    [
        ({"months": "2", "ordinal": "5"}, "FREQ=MONTHLY;INTERVAL=2;BYDAY=5TH"),
        ({"until": "2026-12-31"}, "FREQ=MONTHLY;BYDAY=2TH;UNTIL=20261231T235959"),
        ({"frequency": "weekly", "interval": "4", "times": "6"}, "FREQ=WEEKLY;INTERVAL=4;BYDAY=TH;COUNT=6"),
    ],
)
def test_every_part_of_the_sentence_is_kept_and_offered_again(akiko, own, typed_rule, rule):
    akiko.post(dates_page(own), {**RULE, **typed_rule})
    session().expire_all()
    assert series_rules.by_id(own).rule == rule
    offered = typed(akiko.get(dates_page(own)).text, dates_page(own))
    assert {name: offered[name] for name in typed_rule} == typed_rule


def test_a_wrong_rule_is_refused_in_the_form_and_in_the_list(akiko, own):
    both = {**RULE, "until": "2026-12-31", "times": "6"}
    for step in ("dates", ""):
        response = akiko.post(dates_page(own) + "?lang=en", {**both, "step": step})
        assert (response.status_code, response.text.count("either a last day or a number") > 0) == (422, True)


def change(reader: Reader, number: int, **values: str):
    page = f"/coordinate/meetings/{number}/change?lang=en"
    form = {name: words for name, words in typed(reader.get(page).text, "").items() if words}
    return reader.post(page, {**form, **values})


def test_a_change_says_what_it_reaches_before_it_is_made(akiko, own):
    with db.transaction():
        planning.change(on(own, "2026-06-11"), "this", actor_id=None, seats=12)
    looked = change(akiko, on(own, "2026-05-14"), reach="following", seats="50")
    found = plain(looked.text)
    assert "Meetings that change 8" in found
    assert "Keep their own values 1" in found
    assert "Thu, 11 Jun 2026" in found
    assert series_rules.by_id(own).seats == 40
    saved = change(akiko, on(own, "2026-05-14"), reach="following", seats="50", step="save")
    session().expire_all()
    series = series_rules.by_id(own)
    assert (saved.status_code, series.seats) == (303, 50)
    assert [one.seats for one in meetings.of_series(series)] == [40, 40, 50, 12, *[50] * 7]
    assert "Its own: seats" in line_of(akiko.get(dates_page(own) + "?lang=en").text, on(own, "2026-06-11"))


def test_a_draft_alone_is_changed_at_once(akiko, own):
    assert change(akiko, on(own, "2026-05-14"), at="09:30").status_code == 303
    session().expire_all()
    assert meetings.by_id(on(own, "2026-05-14")).starts_at == people.berlin(2026, 5, 14, 9, 30)


def test_the_series_form_asks_whether_what_is_planned_follows(akiko, own):
    page = f"/coordinate/series/{own}/edit"
    form = {name: words for name, words in typed(akiko.get(page).text, "").items() if words}
    akiko.post(page, {**form, "seats": "50"})
    session().expire_all()
    assert {one.seats for one in meetings.of_series(series_rules.by_id(own))} == {40}
    akiko.post(page, {**form, "seats": "55", "reach": "all"})
    session().expire_all()
    assert {one.seats for one in meetings.of_series(series_rules.by_id(own))} == {55}


def test_a_long_list_goes_on_over_pages_at_the_same_few_statements(akiko, own):
    short = len(with_statements(akiko, dates_page(own)))
    akiko.post(dates_page(own), {**RULE, "frequency": "custom", "rule": "FREQ=DAILY"})
    assert len(with_statements(akiko, dates_page(own))) == short
    first = akiko.get(dates_page(own)).text
    assert (first.count('id="date-'), 'rel="next"' in first) == (100, True)
    last = on(own, (date(2026, 2, 1) + timedelta(days=350)).isoformat())
    assert f'id="date-{last}"' in akiko.get(f"{dates_page(own)}?about={last}").text


def with_statements(reader: Reader, address: str) -> list[str]:
    with statements() as made:
        assert reader.get(address).status_code == 200
    return list(made)
