"""Speakers and hosts: rows that last, links that end, what they say of themselves, and being asked and reminded."""

import pytest
from sqlalchemy import select

from asanokai import announcing, asking, speakers, topics
from asanokai.announcing import Change
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Missing, Refused
from asanokai.letters import Letter
from asanokai.speakers import PersonText, Reach
from asanokai.topics import SpeakerText
from tests import people
from tests.people import berlin

ITO = SpeakerText(family="Ito", given="Hiroshi", family_ja="伊藤", given_ja="浩")
ROTH = SpeakerText(family="Roth", given="Eva")


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


@pytest.fixture
def meeting(writing):
    made = people.announced_meeting()
    topics.post(made, {"de": "Licht"}, abstract={"de": "alt"}, speakers=[ITO, ROTH])
    return made


def numbers(meeting):
    return {speaker.family: speaker.id for topic in topics.of(meeting) for speaker in topic.speakers}


@pytest.fixture
def ito(meeting):
    return speakers.reach_speaker(meeting, numbers(meeting)["Ito"], Reach("ito@hamamatsu.example", "ja"))


def edited(meeting, *told):
    (topic,) = topics.of(meeting)
    topics.post(meeting, topic.title, speakers=told, topic_id=topic.id)
    return numbers(meeting)


def posted(kind):
    rows = session().scalars(select(Letter).where(Letter.kind == kind).order_by(Letter.id))
    return [(letter.address, letter.language, letter.due_at) for letter in rows]


# --- rows that last ---------------------------------------------------------------------------------------------------


def test_whoever_still_speaks_keeps_their_row_when_a_topic_is_edited(meeting):
    before = numbers(meeting)
    assert edited(meeting, ROTH, ITO) == before
    assert edited(meeting, SpeakerText(family="Ito", given="Hirosi"), ROTH) == before
    assert [speaker.family for speaker in topics.of(meeting)[0].speakers] == ["Ito", "Roth"]


def test_somebody_else_gets_another_row_and_the_link_of_who_left_ends(meeting, ito):
    session().flush()
    number, secret, old = ito.id, ito.secret, ito.speaker_id
    after = edited(meeting, SpeakerText(family="Neu", given="Hiroshi"), ROTH)
    assert after["Neu"] != old
    session().expunge_all()
    with pytest.raises(Missing):
        speakers.by_secret(number, secret)


def test_of_two_with_one_family_name_each_keeps_their_own_row(meeting):
    twins = [SpeakerText(family="Sato", given="Akiko"), SpeakerText(family="Sato", given="Ken")]
    edited(meeting, *twins)
    first, second = (speaker.id for speaker in topics.of(meeting)[0].speakers)
    edited(meeting, *reversed(twins))
    assert [(one.given, one.id) for one in topics.of(meeting)[0].speakers] == [("Ken", second), ("Akiko", first)]


# --- links ------------------------------------------------------------------------------------------------------------


def test_with_another_address_the_old_link_is_worth_nothing_and_nobody_has_been_asked(meeting, ito):
    asking.ask(ito, meeting)
    speakers.answer(ito, meeting, comes=True)
    old = ito.secret
    again = speakers.reach_speaker(meeting, ito.speaker_id, Reach("Ito@Hamamatsu.example", "en"))
    assert (again.id, again.secret, again.state, again.language) == (ito.id, old, "confirmed", "en")
    speakers.reach_speaker(meeting, ito.speaker_id, Reach("hiroshi@hamamatsu.example"))
    assert (ito.secret != old, ito.state) == (True, "unasked")
    with pytest.raises(Missing):
        speakers.by_secret(ito.id, old)
    assert speakers.by_secret(ito.id, ito.secret) == (ito, meeting)


def test_a_speaker_of_another_meeting_is_not_there(meeting):
    other = people.meeting(people.series_of(meeting), people.FIRST_MORNING.replace(month=5))
    with pytest.raises(Missing):
        speakers.reach_speaker(other, numbers(meeting)["Ito"], Reach("x@jena.example"))
    with pytest.raises(BadInput):
        speakers.reach_speaker(meeting, numbers(meeting)["Ito"], Reach("nonsense"))


# --- what they say ----------------------------------------------------------------------------------------------------


def test_they_confirm_or_cannot_until_the_meeting_begins(meeting, ito, clock):
    states = [ito.state]
    asking.ask(ito, meeting)
    states.append(ito.state)
    speakers.answer(ito, meeting, comes=False, word=" Leider\r\nkrank ")
    states.append(ito.state)
    assert ito.word == "Leider\nkrank"
    speakers.answer(ito, meeting, comes=True)
    assert [*states, ito.state] == ["unasked", "asked", "declined", "confirmed"]
    clock.set(berlin(2026, 3, 12, 8))
    with pytest.raises(Refused):
        speakers.answer(ito, meeting, comes=False)


def test_a_speaker_corrects_the_name_where_the_programme_takes_it_from(meeting, ito):
    speakers.tell(
        ito,
        meeting,
        PersonText(
            {"family": "Itō", "given": "Hiroshi", "family_ja": "伊藤", "given_ja": "宏"},
            organisation={"en": "Photonics"},
            biography={"en": "Works on\r\nlight.", "ja": " "},
        ),
    )
    speaker = topics.of(meeting)[0].speakers[0]
    assert (speaker.name.full("de"), speaker.name.full("ja"), speaker.organisation) == (
        "Hiroshi Itō",
        "伊藤 宏",
        {"en": "Photonics"},
    )
    assert ito.biography == {"en": "Works on\nlight."}
    with pytest.raises(BadInput):
        speakers.tell(ito, meeting, PersonText({"title": "Dr."}))


def test_a_meeting_has_one_host_who_can_be_changed_and_taken_off(meeting, ito):
    to = Reach("eva@optik-jena.example", "de", "frau")
    host = speakers.name_host(meeting, PersonText({"family": "Roth"}, organisation={"de": "Optik"}), to)
    assert speakers.name_host(meeting, PersonText({"family": "Roth", "given": "Eva"}), to) is host
    assert host.name.greeting("de") == "Sehr geehrte Frau Roth,"
    assert [(row.kind, row.state) for row in speakers.of(meeting)] == [("host", "unasked"), ("speaker", "unasked")]
    speakers.remove_host(meeting)
    assert speakers.of(meeting) == [ito]
    with pytest.raises(Missing):
        speakers.remove_host(meeting)


# --- asking and reminding ---------------------------------------------------------------------------------------------


def test_asking_posts_a_letter_each_time_but_not_for_what_is_over_or_cancelled(meeting, ito, clock):
    asking.ask(ito, meeting)
    asking.ask(ito, meeting)
    assert posted("speaker") == [("ito@hamamatsu.example", "ja", clock.now)] * 2
    announcing.cancel(meeting.id)
    with pytest.raises(Refused):
        asking.ask(ito, meeting)


def test_who_has_not_confirmed_is_reminded_14_and_7_days_before_at_nine_once(meeting, ito, clock):
    asking.ask(ito, meeting)
    found = []
    for moment in (
        berlin(2026, 2, 26, 8, 59),
        berlin(2026, 2, 26, 9),
        berlin(2026, 2, 26, 9, 1),
        berlin(2026, 3, 5, 9),
        berlin(2026, 3, 5, 9, 1),
        berlin(2026, 3, 11, 9),
    ):
        clock.set(moment)
        found.append(asking.remind_due())
    assert found == [0, 1, 0, 1, 0, 0]
    assert [due for _, _, due in posted("speaker_remind")] == [berlin(2026, 2, 26, 9), berlin(2026, 3, 5, 9)]


def test_nobody_is_reminded_who_has_answered_was_not_asked_or_was_asked_only_just(meeting, ito, clock):
    host = speakers.name_host(meeting, PersonText({"family": "Roth"}), Reach("eva@optik-jena.example"))
    clock.set(berlin(2026, 2, 26, 9))
    assert asking.remind_due() == 0
    clock.set(berlin(2026, 2, 24, 9))
    asking.ask(host, meeting)
    asking.ask(ito, meeting)
    clock.set(berlin(2026, 2, 26, 9))
    assert asking.remind_due() == 0
    speakers.answer(ito, meeting, comes=False)
    clock.set(berlin(2026, 3, 5, 9))
    assert asking.remind_due() == 1
    assert [address for address, *_ in posted("speaker_remind")] == ["eva@optik-jena.example"]


def test_a_meeting_that_moves_away_is_reminded_of_anew(meeting, ito, clock):
    asking.ask(ito, meeting)
    clock.set(berlin(2026, 3, 5, 9))
    assert asking.remind_due() == 1
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 4, 9, 8)))
    clock.set(berlin(2026, 4, 2, 9))
    assert asking.remind_due() == 1


def test_a_worker_that_slept_for_days_does_not_make_up_for_a_reminder(meeting, ito, clock):
    asking.ask(ito, meeting)
    clock.set(berlin(2026, 3, 6, 10))
    assert asking.remind_due() == 0
