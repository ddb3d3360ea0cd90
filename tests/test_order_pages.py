"""The running order on the pages: coordinators settle it, everybody reads it, on paper too."""

import pytest

from asanokai import db, meetings, printing, programme, topics
from asanokai.topics import SpeakerText
from tests import people
from tests.pages import Reader
from tests.world import SLOT, plain, texts, typed


@pytest.fixture
def morning(app) -> int:
    """An announced morning with a topic; Akiko coordinates its series, Katrin belongs to it."""
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        meeting = people.announced_meeting(series, people=[people.katrin()])
        topics.post(
            meeting, {"de": "Licht aus Jena"}, speakers=[SpeakerText(family="Ito", given="Hiroshi", family_ja="伊藤")]
        )
        return meeting.id


@pytest.fixture
def akiko(app, morning) -> Reader:
    reader = Reader(app, people.akiko())
    reader.get("/?lang=en")
    return reader


@pytest.fixture
def visitor(app, morning) -> Reader:
    return Reader(app, None)


PUBLIC = "/meetings/2026-03-12-asanokai"


def page(meeting_id: int, verb: str = "") -> str:
    return f"/coordinate/meetings/{meeting_id}/order" + (f"/{verb}" if verb else "")


def kinds(meeting_id: int) -> list[str]:
    db.session().rollback()
    db.session().expire_all()
    return [slot.kind for slot in programme.of(meetings.by_id(meeting_id))]


def test_a_suggestion_is_for_coordinators_and_published_when_they_take_it_over(akiko, visitor, morning):
    said = plain(akiko.get(page(morning)).text)
    assert "8:10–8:40 Talk: Licht aus Jena in German Hiroshi Ito 30" in said
    assert "Running order" not in plain(visitor.get(PUBLIC + "?lang=en").text)
    response = akiko.post(page(morning, "adopt"))
    assert (response.status_code, response.location) == (303, page(morning))
    assert kinds(morning) == ["welcome", "talk", "questions", "breakfast"]
    said = plain(visitor.get(PUBLIC + "?lang=de").text)
    assert "Ablauf 8:00 Begrüßung 8:10 Vortrag: Licht aus Jena Hiroshi Ito 8:40 Fragen 8:55 Frühstück" in said
    assert akiko.post(page(morning, "adopt")).status_code == 409


def test_parts_are_added_changed_moved_and_removed(akiko, morning):
    akiko.post(page(morning, "adopt"))
    assert akiko.post(page(morning), SLOT).status_code == 303
    assert kinds(morning) == ["welcome", "talk", "questions", "other", "breakfast"]
    added = programme.of(meetings.by_id(morning))[3].id
    form = typed(akiko.get(page(morning, f"{added}")).text, "")
    assert (form["kind"], form["minutes"], form["title-de"]) == ("other", "20", "Rundgang")
    akiko.post(page(morning, f"{added}"), {**form, "minutes": "5"})
    akiko.post(page(morning, f"{added}/move"), {"to": "up"})
    assert kinds(morning) == ["welcome", "talk", "other", "questions", "breakfast"]
    assert "8:40–8:45 Rundgang in German 5" in plain(akiko.get(page(morning)).text)
    akiko.post(page(morning, f"{added}/remove"))
    assert kinds(morning) == ["welcome", "talk", "questions", "breakfast"]


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(akiko, morning):
    akiko.post(page(morning, "adopt"))
    response = akiko.post(page(morning), {**SLOT, "minutes": "77", **texts("title")})
    assert response.status_code == 422
    assert "Title: Please say what happens in at least one language." in plain(response.text)
    assert 'value="77"' in response.text


def test_an_order_that_is_too_long_or_too_short_says_so(akiko, morning):
    akiko.post(page(morning, "adopt"))
    akiko.post(page(morning), SLOT)
    assert "The running order ends 20 minutes after the meeting does." in plain(akiko.get(page(morning)).text)
    with db.transaction():
        meeting = meetings.by_id(morning)
        programme.remove(meeting, programme.of(meeting)[-1].id)
    assert "45 minutes are still free at the end." in plain(akiko.get(page(morning)).text)


def test_a_topic_posted_later_is_missed(akiko, morning):
    akiko.post(page(morning, "adopt"))
    with db.transaction():
        topics.post(meetings.by_id(morning), {"en": "Measuring"})
    assert "These topics have no place in it yet: Measuring" in plain(akiko.get(page(morning)).text)


def test_a_part_of_another_meeting_is_not_there(akiko, morning):
    akiko.post(page(morning, "adopt"))
    with db.transaction():
        other = people.meeting(people.series_of(meetings.by_id(morning)), people.FIRST_MORNING.replace(month=5)).id
    number = programme.of(meetings.by_id(morning))[0].id
    assert akiko.get(page(other, f"{number}")).status_code == 404
    assert akiko.post(page(other, f"{number}/remove")).status_code == 404
    assert len(kinds(morning)) == 4


def test_the_leaflet_holds_the_hours_that_are_settled(akiko, visitor, morning, monkeypatch):
    sheets = []
    drawn = printing.leaflet

    def note(sheet, **house):
        sheets.append(sheet)
        return drawn(sheet, **house)

    monkeypatch.setattr(printing, "leaflet", note)
    visitor.get(PUBLIC + "/programme.pdf?lang=ja")
    akiko.post(page(morning, "adopt"))
    assert visitor.get(PUBLIC + "/programme.pdf?lang=ja").data.startswith(b"%PDF")
    assert [[(hour.begins, hour.words) for hour in sheet.order] for sheet in sheets] == [
        [],
        [("8:00", "開会のご挨拶"), ("8:10", "講演：Licht aus Jena"), ("8:40", "質疑応答"), ("8:55", "朝食")],
    ]
