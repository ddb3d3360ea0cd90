"""The running order: what is suggested, what is kept, and the hours it comes to."""

import pytest

from asanokai import announcing, programme, showing, topics
from asanokai.announcing import Change
from asanokai.db import transaction
from asanokai.errors import BadInput, Missing, Refused
from asanokai.programme import SlotText
from asanokai.topics import SpeakerText
from tests import people
from tests.people import berlin


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


@pytest.fixture
def meeting(writing):
    """An announced morning from eight to ten with one topic."""
    made = people.announced_meeting()
    topics.post(made, {"de": "Licht", "ja": "光"}, speakers=[SpeakerText(family="Ito", given="Hiroshi")])
    return made


def order(meeting, language="de"):
    shown = showing.shown(meeting, people.series_of(meeting), topics.of(meeting), language=language)
    found = showing.in_order(shown, programme.of(meeting), language=language)
    return [(slot.begins, slot.kind, str(slot.title), slot.minutes) for slot in found]


def text(kind="talk", minutes=20, **more):
    return SlotText(kind=kind, minutes=minutes, **more)


def test_a_morning_is_suggested_with_a_talk_and_questions_for_each_topic_and_breakfast_for_the_rest(meeting):
    second = topics.post(meeting, {"de": "Messen"})
    first = topics.of(meeting)[0]
    suggested = programme.suggested(meeting, topics.of(meeting))
    assert [(slot.kind, slot.minutes, slot.topic_id) for slot in suggested] == [
        ("welcome", 10, None),
        ("talk", 30, first.id),
        ("questions", 15, None),
        ("talk", 30, second.id),
        ("questions", 15, None),
        ("breakfast", 20, None),
    ]
    assert programme.of(meeting) == []


def test_where_topics_fill_the_morning_breakfast_still_gets_its_time_and_the_order_is_said_to_be_too_long(meeting):
    topics.post(meeting, {"de": "Messen"})
    topics.post(meeting, {"de": "Bohren"})
    suggested = programme.suggested(meeting, topics.of(meeting))
    assert (suggested[-1].minutes, programme.minutes_over(meeting, suggested)) == (45, 70)


def test_what_is_taken_over_is_kept_and_its_hours_are_counted_from_the_start(meeting):
    programme.adopt(meeting, topics.of(meeting))
    assert order(meeting) == [
        ("8:00", "welcome", "", 10),
        ("8:10", "talk", "Licht", 30),
        ("8:40", "questions", "", 15),
        ("8:55", "breakfast", "", 65),
    ]
    assert programme.minutes_over(meeting, programme.of(meeting)) == 0
    with pytest.raises(Refused):
        programme.adopt(meeting, topics.of(meeting))


def test_a_meeting_that_moves_takes_its_programme_along(meeting):
    programme.adopt(meeting, topics.of(meeting))
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 4, 9, 9, 30)))
    assert [begins for begins, *_ in order(meeting)] == ["9:30", "9:40", "10:10", "10:25"]


def test_a_new_part_stands_before_the_breakfast_and_a_second_breakfast_at_the_end(meeting):
    programme.adopt(meeting, topics.of(meeting))
    programme.add(meeting, text("other", 5, title={"de": "Rundgang", "ja": "見学"}))
    programme.add(meeting, text("breakfast", 10))
    assert order(meeting, "ja") == [
        ("8:00", "welcome", "", 10),
        ("8:10", "talk", "光", 30),
        ("8:40", "questions", "", 15),
        ("8:55", "other", "見学", 5),
        ("9:00", "breakfast", "", 65),
        ("10:05", "breakfast", "", 10),
    ]
    assert programme.minutes_over(meeting, programme.of(meeting)) == 15


def test_parts_change_places_and_the_first_and_last_stay(meeting):
    programme.adopt(meeting, topics.of(meeting))
    welcome, talk, questions, breakfast = (slot.id for slot in programme.of(meeting))
    programme.move(meeting, welcome, up=True)
    programme.move(meeting, breakfast, up=False)
    programme.move(meeting, talk, up=False)
    programme.move(meeting, breakfast, up=True)
    assert [slot.id for slot in programme.of(meeting)] == [welcome, questions, breakfast, talk]
    programme.remove(meeting, questions)
    assert [slot.id for slot in programme.of(meeting)] == [welcome, breakfast, talk]


def test_a_part_is_changed_where_it_stands(meeting):
    programme.adopt(meeting, topics.of(meeting))
    talk = programme.of(meeting)[1]
    programme.change(meeting, talk.id, text("talk", 40, title={"de": "Der Vortrag"}, topic_id=talk.topic_id))
    assert order(meeting)[1:3] == [("8:10", "talk", "Der Vortrag", 40), ("8:50", "questions", "", 15)]


def test_a_topic_that_is_removed_takes_its_talk_with_it_and_a_new_one_is_missed(meeting):
    programme.adopt(meeting, topics.of(meeting))
    new = topics.post(meeting, {"de": "Messen"})
    assert programme.without_slot(programme.of(meeting), topics.of(meeting)) == [new]
    topics.remove(meeting, topics.of(meeting)[0].id, actor_id=None)
    people.session().flush()
    assert [slot.kind for slot in programme.of(meeting)] == ["welcome", "questions", "breakfast"]


def test_every_change_makes_the_meeting_a_newer_version(meeting):
    seen = [meeting.version]
    slots = programme.adopt(meeting, topics.of(meeting))
    seen.append(meeting.version)
    programme.change(meeting, slots[0].id, text("welcome"))
    seen.append(meeting.version)
    programme.move(meeting, slots[0].id, up=False)
    seen.append(meeting.version)
    programme.remove(meeting, slots[0].id)
    seen.append(meeting.version)
    assert seen == sorted(set(seen))


def test_nonsense_is_refused_beside_its_field(meeting):
    elsewhere = topics.post(
        people.meeting(people.series_of(meeting), people.FIRST_MORNING.replace(month=5)), {"de": "Y"}
    )
    for wrong, field in (
        (text(minutes=0), "minutes"),
        (text(minutes=1441), "minutes"),
        (text("dance"), "kind"),
        (text("other"), "title"),
        (text(topic_id=elsewhere.id), "topic"),
    ):
        with pytest.raises(BadInput) as refused:
            programme.add(meeting, wrong)
        assert refused.value.field == field
    with pytest.raises(Missing):
        programme.change(meeting, 987_654, text())


def test_a_running_order_has_an_end(meeting, monkeypatch):
    monkeypatch.setattr(programme, "MOST_SLOTS", 2)
    programme.add(meeting, text())
    programme.add(meeting, text())
    with pytest.raises(Refused):
        programme.add(meeting, text())
