"""The coordinators' pages of one meeting: editing, announcing, moving, cancelling and topics."""

from datetime import timedelta

import pytest

from asanokai import announcing, db, meetings, topics
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.meetings import Meeting
from asanokai.topics import SpeakerText
from tests import people
from tests.pages import Reader
from tests.world import TOPIC, plain, texts, typed, unticked


@pytest.fixture
def draft(app) -> int:
    """A draft on 12 March with two seats. Akiko coordinates its series from Tokyo, Katrin and Emma belong to it."""
    with db.transaction():
        series = people.series(seats=2)
        people.coordinate(series, people.akiko())
        people.belong(series, people.katrin(), people.emma())
        return people.meeting(series).id


@pytest.fixture
def announced(draft, clock) -> int:
    """The same meeting, announced; the invitations went out on 19 February."""
    with db.transaction():
        announcing.announce(draft)
    clock.set(people.berlin(2026, 2, 19, 9))
    with db.transaction():
        people.plan()
        people.send_all()
    return draft


@pytest.fixture
def akiko(app, draft) -> Reader:
    reader = Reader(app, people.akiko())
    reader.get("/?lang=en")
    return reader


def page(meeting_id: int, verb: str = "") -> str:
    return f"/coordinate/meetings/{meeting_id}" + (f"/{verb}" if verb else "")


def now(meeting_id: int) -> Meeting:
    session().rollback()
    session().expire_all()
    return meetings.by_id(meeting_id)


WHEN = {"starts": "2026-03-12T08:00", "ends": "2026-03-12T10:00", **texts("venue", "Jena")}
FACTS = {
    **WHEN,
    **texts("title", "Licht"),
    **texts("note"),
    "join_link": "https://video.example/x",
    "seats": "3",
    "guests_allowed": "0",
    "answer_until": "2026-03-10T18:30",
    "public": "",
    "needs_approval": "y",
}

# --- editing ----------------------------------------------------------------------------------------------------------


def test_what_is_edited_is_kept_and_the_deadline_is_meant_on_the_meetings_clock(akiko, draft):
    response = akiko.post(page(draft, "edit"), unticked(FACTS))
    meeting = now(draft)
    assert (response.status_code, response.location) == (303, page(draft))
    assert {name: getattr(meeting, name) for name in meetings.EDITABLE} == {
        "title": {"de": "Licht"},
        "note": None,
        "join_link": "https://video.example/x",
        "seats": 3,
        "guests_allowed": 0,
        "answer_until": people.berlin(2026, 3, 10, 18, 30),
        "public": False,
        "needs_approval": True,
    }


def test_the_forms_show_wall_times_of_the_place_to_a_coordinator_in_tokyo(akiko, draft):
    shown = typed(akiko.get(page(draft, "edit")).text, "")
    assert (shown["answer_until"], shown["starts"], shown["ends"]) == (
        "2026-03-11T12:00",
        "2026-03-12T08:00",
        "2026-03-12T10:00",
    )


def test_saving_an_untouched_form_changes_nothing(akiko, draft):
    before = {name: getattr(now(draft), name) for name in (*meetings.EDITABLE, "starts_at", "ends_at", "venue", "path")}
    assert akiko.post(page(draft, "edit"), unticked(typed(akiko.get(page(draft, "edit")).text, ""))).status_code == 303
    assert {name: getattr(now(draft), name) for name in before} == before


def test_a_deadline_after_the_start_is_refused_beside_its_field(akiko, draft):
    response = akiko.post(page(draft, "edit"), unticked({**FACTS, "answer_until": "2026-03-12T08:01"}))
    assert response.status_code == 422
    assert "Answers are taken until: The deadline cannot lie after the start." in plain(response.text)


def test_more_seats_go_to_who_waits(akiko, announced):
    with db.transaction():
        meeting = meetings.by_id(announced)
        people.say(meeting, people.katrin(), "yes", guests=1)
        people.say(meeting, people.emma(), "yes")
        waiting = people.seats(meeting)[people.emma().id]
    change = unticked({**FACTS, "guests_allowed": "1", "tell": "yes"})
    assert "Free seats go to those who wait" in plain(akiko.post(page(announced, "edit"), change).text)
    akiko.post(page(announced, "edit"), {**change, "step": "save"})
    assert (waiting, people.seats(now(announced))[people.emma().id]) == (("yes", "waiting", 0), ("yes", "held", 0))


# --- announcing -------------------------------------------------------------------------------------------------------


def test_announcing_first_says_what_will_go_out_to_whom(akiko, draft, clock):
    said = plain(akiko.get(page(draft, "announce")).text)
    assert "Thursday, 19 February 2026, 9:00 Invitation 2 people" in said
    response = akiko.post(page(draft, "announce"))
    assert (response.status_code, now(draft).state, now(draft).announced_at) == (303, "announced", clock.now)


def test_what_was_announced_cannot_be_announced_again_and_is_told_so(akiko, announced):
    response = akiko.post(page(announced, "announce"))
    assert (response.status_code, "Only a draft can be announced." in response.text) == (409, True)


# --- moving -----------------------------------------------------------------------------------------------------------

MOVED = {"starts": "2026-03-19T08:30", "ends": "2026-03-19T10:30", **texts("venue", "Rathaus Ilmenau")}


def stored(reader: Reader, meeting_id: int) -> dict[str, str]:
    """What the form of a meeting holds, as a browser sends it back."""
    return {name: value for name, value in unticked(typed(reader.get(page(meeting_id, "edit")).text, "")).items()}


def test_a_draft_is_moved_at_once_and_its_deadline_moves_along(akiko, draft):
    assert akiko.post(page(draft, "edit"), {**stored(akiko, draft), **MOVED}).status_code == 303
    meeting = now(draft)
    assert (meeting.starts_at, meeting.ends_at, meeting.venue, meeting.path, meeting.answer_until) == (
        people.berlin(2026, 3, 19, 8, 30),
        people.berlin(2026, 3, 19, 10, 30),
        {"de": "Rathaus Ilmenau"},
        "2026-03-19-asanokai",
        people.berlin(2026, 3, 18, 12),
    )


def test_what_is_announced_is_moved_in_a_second_step_that_says_whom_it_touches(akiko, announced):
    before = now(announced).starts_at
    checked = akiko.post(page(announced, "edit"), {**stored(akiko, announced), **MOVED})
    said = plain(checked.text)
    unmoved, kept = now(announced).starts_at, typed(checked.text, "")
    assert checked.status_code == 200
    assert "2 people know of this meeting." in said
    assert "Day Thursday, 12 March 2026 Thursday, 19 March 2026" in said
    assert "Place (Deutsch) Haus der Optik, Jena Rathaus Ilmenau" in said
    assert "everybody who knows of the meeting gets a letter" in said
    assert (unmoved, {name: kept[name] for name in (*MOVED, "tell", "answers")}) == (
        before,
        {**MOVED, "tell": "yes", "answers": "keep"},
    )
    akiko.post(page(announced, "edit"), {**unticked(kept), "step": "save"})
    assert now(announced).starts_at == people.berlin(2026, 3, 19, 8, 30)
    assert [len(people.letters_to(who, "moved")) for who in (people.katrin(), people.emma())] == [1, 1]


def test_the_second_step_is_not_offered_for_what_cannot_be(akiko, announced):
    form = stored(akiko, announced)
    for step in ("check", "save"):
        wrong = akiko.post(page(announced, "edit"), {**form, **MOVED, "ends": "nonsense", "step": step})
        backwards = akiko.post(page(announced, "edit"), {**form, **MOVED, "ends": "2026-03-19T08:00", "step": step})
        past = akiko.post(page(announced, "edit"), {**form, **MOVED, "starts": "2026-02-01T08:00", "step": step})
        assert [(one.status_code, 'value="save"' in one.text) for one in (wrong, backwards, past)] == [(422, False)] * 3
        assert "Ends: The end must lie after the start." in plain(backwards.text)
        assert "Begins: An announced meeting cannot be moved into the past." in plain(past.text)


# --- the second step --------------------------------------------------------------------------------------------------


def test_a_title_is_changed_silently_unless_one_chooses_to_tell(akiko, announced):
    form = {**stored(akiko, announced), "title-de": "Licht"}
    checked = typed(akiko.post(page(announced, "edit"), form).text, "")
    assert (checked["tell"], checked["answers"]) == ("no", "keep")
    akiko.post(page(announced, "edit"), {**unticked(checked), "step": "save"})
    assert (now(announced).title, people.letters_to(people.katrin(), "changed")) == ({"de": "Licht"}, [])
    checked = typed(akiko.post(page(announced, "edit"), {**stored(akiko, announced), "title-de": "Laser"}).text, "")
    akiko.post(page(announced, "edit"), {**unticked(checked), "step": "save", "tell": "yes", "topics": "y"})
    (letter,) = people.letters_to(people.katrin(), "changed")
    assert letter.facts == {"fields": ["title", "topics"], "asked": False}


def test_whoever_is_asked_again_gives_the_seat_back_and_gets_a_letter(akiko, announced):
    with db.transaction():
        people.say(meetings.by_id(announced), people.katrin(), "yes")
    checked = akiko.post(page(announced, "edit"), {**stored(akiko, announced), **MOVED})
    form = {**unticked(typed(checked.text, "")), "step": "save", "answers": "again"}
    assert akiko.post(page(announced, "edit"), form).status_code == 303
    assert people.seats(now(announced))[people.katrin().id] == ("invited", None, 0)
    assert people.kinds_to(people.katrin())[-1:] == ["moved"]


def test_what_somebody_else_changed_meanwhile_must_be_looked_at_once_more(akiko, announced):
    checked = typed(akiko.post(page(announced, "edit"), {**stored(akiko, announced), "seats": "9"}).text, "")
    with db.transaction():
        announcing.edit(announced, seats=7, actor_id=people.akiko().id)
    refused = akiko.post(page(announced, "edit"), {**unticked(checked), "step": "save"})
    assert refused.status_code == 409
    assert "Somebody has changed this meeting in the meantime." in plain(refused.text)
    assert ("Seats 7 9" in plain(refused.text), now(announced).seats) == (True, 7)
    again = typed(refused.text, "")
    assert akiko.post(page(announced, "edit"), {**unticked(again), "step": "save"}).status_code == 303
    assert now(announced).seats == 9


def test_a_new_time_is_never_kept_from_those_who_know_the_old_one(akiko, announced):
    form = {**stored(akiko, announced), **MOVED, "step": "save", "tell": "no", "answers": "keep"}
    refused = akiko.post(page(announced, "edit"), form)
    assert (refused.status_code, "everybody must be told" in plain(refused.text)) == (422, True)
    assert now(announced).starts_at == people.berlin(2026, 3, 12, 8)


def test_one_can_go_back_from_the_check_with_what_was_typed(akiko, announced):
    checked = typed(akiko.post(page(announced, "edit"), {**stored(akiko, announced), "seats": "9"}).text, "")
    back = akiko.post(page(announced, "edit"), {**unticked(checked), "step": "form"})
    assert (back.status_code, typed(back.text, "")["seats"], now(announced).seats) == (200, "9", 2)


def test_both_pages_say_what_is_missing_in_which_language_and_how_many_read_it(akiko, draft):
    said = plain(akiko.get(page(draft, "announce")).text)
    assert "Where a text is missing" not in said
    with db.transaction():
        meetings.by_id(draft).venue = {"de": "Jena"}
    said = plain(akiko.get(page(draft, "announce")).text)
    assert "Deutsch 1 reader English 1 reader 日本語 0 readers" in said
    assert "Place there missing missing" in said
    assert "Where a text is missing, it is shown in another language." in said


# --- cancelling, dropping, holding back -------------------------------------------------------------------------------


def test_cancelling_says_how_many_are_told_and_gives_the_reason(akiko, announced, clock):
    said = plain(akiko.get(page(announced, "cancel")).text)
    assert "2 people are told by letter, and the entry leaves their calendars." in said
    akiko.post(page(announced, "cancel"), {"reason-de": "Schnee", "reason-en": "Snow", "reason-ja": ""})
    meeting = now(announced)
    assert (meeting.state, meeting.cancelled_at, meeting.reason) == (
        "cancelled",
        clock.now,
        {"de": "Schnee", "en": "Snow"},
    )
    assert "Cancelled. Snow" in plain(akiko.get(page(announced)).text)
    assert akiko.post(page(announced, "cancel")).status_code == 409


def test_a_draft_is_dropped_for_good(akiko, draft):
    response = akiko.post(page(draft, "drop"))
    assert (response.location, now(draft).state) == (f"/coordinate/series/{now(draft).series_id}", "cancelled")
    assert akiko.post(page(draft, "drop")).status_code == 409


def test_what_was_announced_is_not_dropped(akiko, announced):
    assert (akiko.post(page(announced, "drop")).status_code, now(announced).state) == (409, "announced")


def test_holding_the_letters_of_a_meeting_back_is_seen_and_can_be_undone(akiko, announced, clock):
    seen = []
    for _ in range(2):
        akiko.post(page(announced, "pause"))
        seen.append((now(announced).paused_at, "Letters wait" in plain(akiko.get(page(announced)).text)))
    assert seen == [(clock.now, True), (None, False)]


# --- topics -----------------------------------------------------------------------------------------------------------


def about(meeting_id: int) -> list[tuple[object, ...]]:
    session().rollback()
    session().expire_all()
    return [
        (topic.title, topic.abstract, [(one.family, one.given, one.organisation) for one in topic.speakers])
        for topic in topics.of(meetings.by_id(meeting_id))
    ]


def test_a_topic_in_three_languages_with_its_speakers_is_posted(akiko, draft):
    form = {
        **TOPIC,
        **{"title-de": "Licht", "title-en": "Light", "title-ja": "光"},
        "abstract-ja": "**光**の話",
        **{"speakers-0-organisation-de": "Photonik", "speakers-0-organisation-ja": "フォトニクス"},
        **{"speakers-1-family_ja": "佐藤", "speakers-1-given_ja": "明子"},
    }
    assert akiko.post(page(draft, "topics/new"), form).location == page(draft)
    assert about(draft) == [
        (
            {"de": "Licht", "en": "Light", "ja": "光"},
            {"de": "Ein **Vortrag**", "ja": "**光**の話"},
            [("Ito", "Hiroshi", {"de": "Photonik", "ja": "フォトニクス"}), ("", "", None)],
        )
    ]


def test_a_topic_is_changed_from_what_it_holds_and_taken_off(akiko, draft):
    akiko.post(page(draft, "topics/new"), TOPIC)
    number = topics.of(now(draft))[0].id
    own = page(draft, f"topics/{number}")
    held = typed(akiko.get(own).text, "")
    assert {name: held[name] for name in TOPIC} == TOPIC
    akiko.post(own, {**held, "title-en": "Light", "speakers-0-family": "", "speakers-0-given": ""})
    assert about(draft) == [({"de": "Licht", "en": "Light"}, {"de": "Ein **Vortrag**"}, [])]
    akiko.post(f"{own}/remove")
    assert about(draft) == []


def test_a_speaker_without_a_name_is_asked_for_one_instead_of_being_lost(akiko, draft):
    form = {**TOPIC, "speakers-1-organisation-de": "Photonik Hamamatsu"}
    response = akiko.post(page(draft, "topics/new"), form)
    assert (response.status_code, "Please give each speaker a name." in plain(response.text)) == (422, True)
    assert typed(response.text, "")["speakers-1-organisation-de"] == "Photonik Hamamatsu"
    assert about(draft) == []


def test_what_is_wrong_with_a_speaker_is_said_by_its_field(akiko, draft):
    response = akiko.post(page(draft, "topics/new"), {**TOPIC, "speakers-2-family": "x" * 201})
    assert (response.status_code, '<a href="#speakers-2-family">Family name:' in response.text) == (422, True)


def test_a_topic_of_another_meeting_is_not_there(akiko, draft):
    with db.transaction():
        series = series_rules.by_id(now(draft).series_id)
        other = people.meeting(series, people.FIRST_MORNING + timedelta(days=28))
        number = topics.post(other, {"de": "Anderes"}, speakers=[SpeakerText(family="Ito")]).id
        other_id = other.id
    found = [
        akiko.get(page(draft, f"topics/{number}")).status_code,
        akiko.post(page(draft, f"topics/{number}"), TOPIC).status_code,
        akiko.post(page(draft, f"topics/{number}/remove")).status_code,
    ]
    assert (found, [row[0] for row in about(other_id)]) == ([404] * 3, [{"de": "Anderes"}])


# --- the page of a meeting --------------------------------------------------------------------------------------------


def test_the_page_says_what_is_to_be_done_next_in_every_state(akiko, draft, clock):
    def said() -> list[bool]:
        shown = plain(akiko.get(page(draft)).text)
        states = ("This is a draft", "nobody knows yet", "Answers are taken until", "The deadline has passed")
        return [words in shown for words in states]

    found = [said()]
    with db.transaction():
        announcing.announce(draft)
    found.append(said())
    akiko.post(page(draft, "topics/new"), TOPIC)
    found.append(said())
    clock.set(people.berlin(2026, 3, 11, 13))
    with db.reading():
        akiko.sign_in(people.akiko())
    akiko.get("/?lang=en")
    found.append(said())
    assert found == [[place == state for place in range(4)] for state in range(4)]


def test_the_page_tells_the_time_of_the_place_and_of_the_reader_and_letters_by_the_place(akiko, announced):
    said = plain(akiko.get(page(announced)).text)
    assert "Thursday, 12 March 2026, 8:00–10:00 16:00–18:00 in Tokyo" in said
    assert "Tuesday, 10 March 2026, 9:00 Reminder 2 people" in said
