"""The coordinator's lists of people: filters, views, deeds for many, files; and how many statements a page takes."""

import re

import pytest
from sqlalchemy import select

from asanokai import db, members, views
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.directory import PAGE
from asanokai.journal import Entry
from tests import people
from tests.pages import Reader, statements
from tests.people import berlin
from tests.world import plain, typed


@pytest.fixture
def own(app) -> int:
    """A series that Akiko coordinates; Katrin, Emma and Kenji belong to it; Oskar and Ludwig do not."""
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        people.belong(series, people.katrin(), people.emma(), people.kenji())
        people.coordinate(people.series("hamamatsu"), people.naoko())
        people.oskar(), people.ludwig()
        return series.id


@pytest.fixture
def akiko(app, own) -> Reader:
    reader = Reader(app, people.akiko())
    reader.get("/?lang=en")
    return reader


@pytest.fixture
def ludwig(app, own) -> Reader:
    reader = Reader(app, people.ludwig())
    reader.get("/?lang=en")
    return reader


EVERYBODY = "/coordinate/members"


def page(series_id: int) -> str:
    return f"/coordinate/series/{series_id}/members"


def names(reader: Reader, address: str) -> list[str]:
    """The family names in the table, in order."""
    return re.findall(r'data-label="Name">(?:<a [^>]*>)?[^<]*?(\w+) *[<\n]', reader.get(address).text)


def total(reader: Reader, address: str) -> str:
    return plain(reader.get(address).text.split('id="found">')[1].split("</span>")[0])


def said(reader: Reader, address: str) -> str:
    return plain(reader.get(address).text.split('<div id="said" role="status">')[1].split("</div>")[0])


# --- filters ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Lindner", "Sato", "Whitfield", "Yamada"]),
        ("role=coordinator", ["Sato"]),
        ("language=ja", ["Sato", "Yamada"]),
        ("language=ja&role=member", ["Yamada"]),
        ("organisation=optik", ["Lindner"]),
        ("standing=applied", []),
        ("reach=none", []),
        ("reach=suppressed", ["Whitfield"]),
        ("reach=reached", ["Lindner", "Sato"]),
        ("reach=ended", ["Yamada"]),
        ("sort=newest", ["Whitfield", "Lindner", "Sato", "Yamada"]),
        ("q=さとう", ["Sato"]),
        ("q=サトウ", ["Sato"]),
        ("q=佐藤明", ["Sato"]),
        ("q=明子", ["Sato"]),
        ("q=健", ["Yamada"]),
        ("q=ｌｉｎｄｎｅｒ", ["Lindner"]),
    ],
)
def test_a_list_is_narrowed_and_ordered_by_what_is_asked(akiko, own, clock, query, found):
    with db.transaction():
        members.main_address(people.emma()).suppressed_at = clock.now
        people.kenji().unsubscribed_at = clock.now
        people.emma().joined_at = berlin(2026, 5, 1, 8)
        people.katrin().joined_at = berlin(2026, 4, 1, 8)
        people.akiko().joined_at = berlin(2026, 3, 1, 8)
        people.kenji().joined_at = berlin(2026, 2, 1, 8)
    assert names(akiko, f"{page(own)}?{query}") == found


def test_who_answers_nothing_is_silent_lately(akiko, own, clock):
    with db.transaction():
        meeting = people.announced_meeting(series_rules.by_id(own))
        clock.set(berlin(2026, 2, 20, 12))
        people.plan()
        people.say(meeting, people.katrin(), "no")
    assert "Nobody found" in plain(akiko.get(f"{page(own)}?silent=1").text)
    clock.set(berlin(2026, 3, 20, 12))
    fresh = Reader(akiko.app, people.akiko())
    shown = plain(fresh.get(f"{page(own)}?silent=1&lang=en").text)
    assert [name in shown for name in ("Lindner", "Whitfield", "Yamada")] == [False, True, True]


def test_an_administrator_narrows_everybody_to_a_series(ludwig, own):
    shown = plain(ludwig.get(f"{EVERYBODY}?series={own}&role=member").text)
    assert [name in shown for name in ("Lindner", "Sato", "Fremd")] == [True, False, False]


def test_the_list_says_how_many_there_are(akiko, own):
    assert [total(akiko, page(own)), total(akiko, f"{page(own)}?q=lindner")] == ["4 people", "1 person found"]


# --- statements -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["", "?q=a&language=de&reach=reached&silent=1&sort=newest"])
def test_every_list_takes_as_many_statements_for_one_row_as_for_three_and_a_full_page(app, ludwig, own, address):
    counts = []
    for size in (1, 3, PAGE + 20):
        with db.transaction():
            slug = f"size{size}"
            series = people.series(slug)
            people.belong(series, *people.crowd(size, language="de", organisation=f"Firma {size}"))
            views.save(people.ludwig(), f"Ansicht {size}", {"q": "a"}, series_id=series.id)
            number = series.id
        with statements() as asked:
            assert ludwig.get(f"{page(number)}{address}").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] == counts[2]


def test_the_list_of_everybody_too(ludwig, own):
    counts = []
    for more in (0, 2, PAGE):
        with db.transaction():
            people.crowd(more)
        with statements() as asked:
            ludwig.get(EVERYBODY)
        counts.append(len(asked))
    assert counts[0] == counts[1] == counts[2]


# --- views ------------------------------------------------------------------------------------------------------------


def test_a_search_is_kept_opened_and_deleted(akiko, own):
    query = f"{page(own)}?language=ja"
    form = typed(akiko.get(query).text, "/coordinate/views")
    response = akiko.post("/coordinate/views?language=ja", {**form, "name": "Auf Japanisch"})
    assert (response.status_code, response.location) == (303, query)
    assert said(akiko, query) == "The view is saved. Only you see it."
    shown = akiko.get(page(own)).text
    assert f'<a href="{page(own)}?language=ja">Auf Japanisch</a>' in shown
    with db.reading():
        number = views.of(people.akiko().id, series_id=own)[0].id
    assert akiko.post(f"/coordinate/views/{number}/delete").location == page(own)
    assert "Auf Japanisch" not in akiko.get(page(own)).text


def test_a_view_is_seen_by_its_owner_alone(akiko, ludwig, own):
    akiko.post("/coordinate/views?language=ja", {"of": str(own), "name": "Privat"})
    with db.reading():
        number = views.of(people.akiko().id, series_id=own)[0].id
    assert "Privat" not in ludwig.get(page(own)).text
    assert ludwig.post(f"/coordinate/views/{number}/delete").status_code == 404


def test_a_view_of_a_list_one_may_not_see_is_not_kept(akiko, own):
    naokos = own + 1
    found = [akiko.post("/coordinate/views", {"of": of, "name": "x"}).status_code for of in (str(naokos), "", "987654")]
    assert found == [404, 404, 404]


def test_a_view_without_a_name_is_refused_in_words(akiko, own):
    response = akiko.post("/coordinate/views?q=a", {"of": str(own), "name": " "})
    assert (response.status_code, response.location) == (303, f"{page(own)}?q=a")
    assert said(akiko, page(own)) == "Please give the view a name of at most 60 characters."


# --- deeds ------------------------------------------------------------------------------------------------------------


def deeds(series_id: int) -> str:
    return f"{page(series_id)}/deeds"


def form_of(response, address: str) -> dict[str, str]:
    assert response.status_code == 200
    return typed(response.text, address)


def test_a_deed_shows_whom_it_touches_before_it_is_done(akiko, own):
    before = {who.id: who.language for who in (people.katrin(), people.emma())}
    look = akiko.post(deeds(own), {"deed": "language:de", "whom": "all"})
    shown = plain(look.text)
    assert [
        words in shown
        for words in ("Who is affected 3 people", "has this language already 1 person", "Do it for 3 people")
    ] == [True] * 3
    with db.reading():
        assert {who.id: who.language for who in (people.katrin(), people.emma())} == before
    done = akiko.post(deeds(own), form_of(look, deeds(own)))
    assert (done.status_code, done.location, said(akiko, page(own))) == (303, page(own), "Done for 3 people.")
    with db.reading():
        assert {who().language for who in (people.katrin, people.emma, people.kenji, people.akiko)} == {"de"}


def test_all_that_were_found_are_those_of_the_search(akiko, own):
    look = akiko.post(f"{deeds(own)}?language=ja", {"deed": "language:en", "whom": "all"})
    done = akiko.post(f"{deeds(own)}?language=ja", form_of(look, deeds(own)))
    assert done.location == f"{page(own)}?language=ja"
    with db.reading():
        assert [who().language for who in (people.katrin, people.kenji, people.akiko)] == ["de", "en", "en"]


def test_nothing_is_done_to_people_who_were_not_shown(akiko, own):
    look = akiko.post(deeds(own), {"deed": "language:ja", "whom": "all"})
    with db.transaction():
        people.belong(series_rules.by_id(own), people.oskar())
    again = akiko.post(deeds(own), form_of(look, deeds(own)))
    assert (again.status_code, "The list has changed since you looked at it." in plain(again.text)) == (409, True)
    with db.reading():
        assert (people.katrin().language, people.oskar().language) == ("de", "de")


def test_people_outside_the_list_cannot_be_ticked(akiko, own):
    with db.reading():
        oskar, katrin = people.oskar().id, people.katrin().id
    look = akiko.post(deeds(own), {"deed": "csv", "whom": "ticked", "member": [str(oskar), str(katrin)]})
    assert [name in look.text for name in ("Fremd", "Lindner")] == [False, True]
    assert akiko.post(deeds(own), {"deed": "csv", "whom": "ticked", "member": str(oskar)}).location == page(own)


def test_a_series_one_does_not_coordinate_is_out_of_reach(akiko, own):
    others = own + 1
    found = [
        akiko.post(deeds(own), {"deed": f"{deed}:{others}", "whom": "all"}).status_code for deed in ("invite", "part")
    ]
    assert found == [404, 404]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"deed": "", "whom": "all"}, "Please choose what to do."),
        (
            {"deed": "letter", "whom": "ticked"},
            "Nobody was chosen. Please tick somebody, or choose all that were found.",
        ),
    ],
)
def test_without_a_choice_it_says_what_to_choose(akiko, own, form, words):
    assert akiko.post(deeds(own), form).location == page(own)
    assert said(akiko, page(own)) == words


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("csv", "text/csv; charset=utf-8"),
        ("semicolon", "text/csv; charset=utf-8"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_a_list_is_taken_as_a_file_and_that_is_noted(akiko, own, clock, kind, content_type):
    look = akiko.post(deeds(own), {"deed": kind, "whom": "all"})
    response = akiko.post(deeds(own), form_of(look, deeds(own)))
    ending = "xlsx" if kind == "xlsx" else "csv"
    assert (response.status_code, response.content_type) == (200, content_type)
    assert response.headers["Content-Disposition"] == f'attachment; filename="asanokai-{clock.now:%Y-%m-%d}.{ending}"'
    assert response.headers["Cache-Control"] == "no-store"
    with db.reading():
        entry = session().scalars(select(Entry).where(Entry.verb == "export")).one()
        whom = sorted(who().id for who in (people.katrin, people.emma, people.kenji, people.akiko))
        assert (entry.object, entry.object_id, entry.actor_id) == ("series", own, people.akiko().id)
        assert (entry.facts["kind"], sorted(entry.facts["members"])) == (kind, whom)
    if ending == "csv":
        lines = response.data.decode("utf-8-sig").splitlines()
        assert len(lines) == 5
        assert ("Katrin" in lines[1], "Member" in lines[1]) == (True, True)
