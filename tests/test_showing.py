"""A meeting as one reader sees it: in their language or a marked fallback, on the meeting's clock and on theirs."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from asanokai import announcing, meetings, showing, topics
from asanokai.db import session, transaction
from asanokai.languages import Text, dates_of
from asanokai.showing import ShownSpeaker
from asanokai.topics import SpeakerText
from tests import people
from tests.pages import statements
from tests.people import announced_meeting, berlin, tokyo

DEADLINE, STARTS, ENDS = berlin(2026, 3, 11, 12), berlin(2026, 3, 12, 8), berlin(2026, 3, 12, 10)


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


def seen(meeting, language="de", zone=None):
    session().flush()
    (shown,) = showing.shown_all([meeting], language=language, zone=zone)
    return shown


# --- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "title", "venue"),
    [
        ("de", Text("Mikro", "de", False), Text("Jena", "de", False)),
        ("en", Text("Micro", "en", False), Text("Jena", "de", True)),
        ("ja", Text("Micro", "en", True), Text("イエナ", "ja", False)),
    ],
)
def test_texts_are_in_the_readers_language_or_a_fallback_that_says_so(language, title, venue):
    series = people.series(first_language="en")
    meeting = announced_meeting(series, title={"de": "Mikro", "en": "Micro"}, venue={"de": "Jena", "ja": "イエナ"})
    shown = seen(meeting, language)
    assert (shown.title, shown.venue) == (title, venue)


def test_what_there_is_no_text_for_is_empty_and_no_fallback():
    meeting = announced_meeting(venue=None)
    shown = seen(meeting, "ja")
    nothing = Text("", "ja", False)
    assert (shown.title, shown.venue, shown.note, shown.reason) == (nothing, nothing, nothing, nothing)


def test_note_and_reason_are_told_too(clock):
    meeting = announced_meeting(note={"de": "Eingang hinten"})
    announcing.cancel(meeting.id, reason={"en": "Illness"})
    shown = seen(meeting, "en")
    assert (shown.note, shown.reason) == (Text("Eingang hinten", "de", True), Text("Illness", "en", False))


def test_a_meeting_is_called_by_its_own_title_and_else_by_its_series(clock):
    meeting = announced_meeting()
    assert seen(meeting, "ja").heading == Text("朝の会テューリンゲン", "ja", False)
    meeting.title = {"de": "Mikro-Nano"}
    assert seen(meeting, "ja").heading == Text("Mikro-Nano", "de", True)


# --- clocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "de",
            (
                "Donnerstag, 12. März 2026",
                "Do., 12. März 2026",
                "8:00–10:00\N{NO-BREAK SPACE}Uhr",
                "16:00–18:00\N{NO-BREAK SPACE}Uhr in Tokio",
                "Mittwoch, 11. März 2026, 12:00\N{NO-BREAK SPACE}Uhr",
            ),
        ),
        (
            "en",
            (
                "Thursday, 12 March 2026",
                "Thu, 12 Mar 2026",
                "8:00–10:00",
                "16:00–18:00 in Tokyo",
                "Wednesday, 11 March 2026, 12:00",
            ),
        ),
        (
            "ja",
            (
                "2026年3月12日（木）",
                "2026年3月12日（木）",
                "8:00～10:00",
                "東京時間16:00～18:00",
                "2026年3月11日（水）12:00",
            ),
        ),
    ],
)
def test_times_are_told_on_the_meetings_clock_and_on_the_readers(language, words):
    shown = seen(announced_meeting(), language, "Asia/Tokyo")
    assert (shown.date, shown.short_date, shown.time, shown.elsewhere, shown.answer_until) == words


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "Europe/Vienna"])
def test_where_both_clocks_agree_there_is_only_one(zone):
    assert seen(announced_meeting(), "de", zone).elsewhere == ""


def test_a_morning_in_japan_is_the_night_before_in_jena():
    online = announced_meeting(people.series("online", zone="Asia/Tokyo"), datetime(2026, 3, 12, 8))
    shown = seen(online, "de", "Europe/Berlin")
    assert (shown.date, shown.time, shown.local_date) == (
        "Donnerstag, 12. März 2026",
        "8:00–10:00\N{NO-BREAK SPACE}Uhr",
        date(2026, 3, 12),
    )
    assert shown.elsewhere == "0:00–2:00\N{NO-BREAK SPACE}Uhr in Berlin"
    early = announced_meeting(people.series("early", zone="Asia/Tokyo"), datetime(2026, 3, 12, 7))
    assert (
        seen(early, "de", "Europe/Berlin").elsewhere == "Mi., 11. März 2026, 23:00–1:00\N{NO-BREAK SPACE}Uhr in Berlin"
    )


def test_a_moment_is_told_on_the_clock_of_a_zone():
    assert showing.in_words(DEADLINE, "de", "Asia/Tokyo") == "Mittwoch, 11. März 2026, 20:00\N{NO-BREAK SPACE}Uhr"


def test_an_event_of_several_days_names_the_first_and_the_last(clock):
    journey = people.meeting(people.event(), datetime(2026, 3, 27, 9), wall_end=datetime(2026, 3, 31, 18))
    shown = seen(journey)
    assert (shown.several_days, shown.local_date, shown.last_date) == (True, date(2026, 3, 27), date(2026, 3, 31))
    # The clocks change on the way.
    assert (shown.date, shown.time) == (
        dates_of(journey.starts_at, journey.ends_at, "de", "Europe/Berlin"),
        "9:00–18:00\N{NO-BREAK SPACE}Uhr",
    )
    assert shown.date.startswith("Freitag, 27. März") and shown.date.endswith("Dienstag, 31. März 2026")
    assert seen(announced_meeting()).several_days is False


def test_days_are_those_of_the_meetings_own_calendar():
    """Mornings in Tokyo: one lies on the day before in UTC, the other on two days."""
    series = people.series(zone="Asia/Tokyo", minutes=90)
    for hour in (7, 8):
        shown = seen(people.meeting(series, datetime(2026, 3, 12, hour)))
        assert (shown.local_date, shown.last_date) == (date(2026, 3, 12), date(2026, 3, 12))


# --- how long there is to answer --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (berlin(2026, 3, 8, 0), 3),
        (berlin(2026, 3, 8, 23, 59), 3),
        (berlin(2026, 3, 9, 0), 2),
        (berlin(2026, 3, 10, 23, 59), 1),
        (berlin(2026, 3, 11, 0), 0),
        (DEADLINE, 0),
        (DEADLINE + timedelta(seconds=1), -1),
        (berlin(2026, 4, 1, 12), -1),
    ],
)
def test_days_to_answer_are_counted_on_the_calendar(clock, now, days):
    meeting = announced_meeting()
    clock.set(now)
    assert seen(meeting).days_to_answer == days


def test_days_to_answer_are_those_of_the_meetings_calendar_and_not_of_utc(clock):
    online = announced_meeting(people.series("online", zone="Asia/Tokyo"))
    clock.set(tokyo(2026, 3, 11, 0, 30))
    assert seen(online).days_to_answer == 0
    clock.set(tokyo(2026, 3, 10, 23, 30))
    assert seen(online).days_to_answer == 1


def test_days_to_answer_are_whole_over_a_clock_change(clock):
    meeting = announced_meeting(people.series(deadline="0 days before at 07:00"), datetime(2026, 3, 30, 8))
    clock.set(berlin(2026, 3, 28, 12))
    assert seen(meeting).days_to_answer == 2


# --- states -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (berlin(2026, 2, 2, 8), "announced"),
        (DEADLINE, "announced"),
        (DEADLINE + timedelta(seconds=1), "closed"),
        (STARTS - timedelta(seconds=1), "closed"),
        (STARTS, "begun"),
        (ENDS - timedelta(seconds=1), "begun"),
        (ENDS, "over"),
    ],
)
def test_an_announced_meeting_closes_begins_and_is_over(clock, now, state):
    meeting = announced_meeting()
    clock.set(now)
    assert seen(meeting).state == state


def test_drafts_and_cancelled_meetings_stay_that_and_held_ones_are_over(clock):
    series = people.series()
    draft, held, cancelled = (
        people.meeting(series),
        announced_meeting(series, datetime(2026, 3, 12, 12)),
        announced_meeting(series, datetime(2026, 3, 12, 18)),
    )
    announcing.cancel(cancelled.id)
    assert [seen(one).state for one in (draft, held, cancelled)] == ["draft", "announced", "cancelled"]
    clock.set(berlin(2026, 3, 13, 8))
    meetings.mark_held()
    session().expire_all()
    assert [seen(one).state for one in (draft, held, cancelled)] == ["draft", "over", "cancelled"]


# --- topics and speakers ----------------------------------------------------------------------------------------------


def full_topic(meeting):
    return topics.post(
        meeting,
        {"de": "Mikro", "ja": "マイクロ"},
        abstract={"de": "**Optik** aus [Jena](https://jena.example)\n\n<script>x</script>"},
        speakers=[
            SpeakerText(
                family="Yamada",
                given="Kenji",
                title="Dr.",
                family_ja="山田",
                given_ja="健二",
                organisation={"de": "Uni Erfurt", "ja": "エアフルト大学"},
                position={"de": "Professor", "ja": "教授"},
            ),
            SpeakerText(family="Lindner", given="Katrin", organisation={"de": "Optik Jena"}),
            SpeakerText(family_ja="佐藤", given_ja="明子", position={"ja": "社長"}),
            SpeakerText(family="Whitfield"),
        ],
    )


@pytest.mark.parametrize(
    ("language", "title", "speakers"),
    [
        (
            "de",
            Text("Mikro", "de", False),
            (
                ShownSpeaker("Dr. Kenji Yamada", "Professor, Uni Erfurt"),
                ShownSpeaker("Katrin Lindner", "Optik Jena"),
                ShownSpeaker("佐藤 明子", "社長", "ja"),
                ShownSpeaker("Whitfield", ""),
            ),
        ),
        (
            "ja",
            Text("マイクロ", "ja", False),
            (
                ShownSpeaker("山田 健二", "エアフルト大学 教授"),
                ShownSpeaker("Katrin Lindner", "Optik Jena", "de"),
                ShownSpeaker("佐藤 明子", "社長"),
                ShownSpeaker("Whitfield", ""),
            ),
        ),
    ],
)
def test_speakers_stand_in_order_with_name_and_line_as_the_language_writes_them(language, title, speakers):
    meeting = announced_meeting()
    full_topic(meeting)
    (topic,) = seen(meeting, language).topics
    shown = tuple(replace(speaker, id=0) for speaker in topic.speakers)
    assert (topic.title, topic.lang, shown) == (title, title.lang, speakers)


def test_an_abstract_is_clean_html_or_plain_and_says_its_language():
    meeting = announced_meeting()
    full_topic(meeting)
    (topic,) = seen(meeting, "ja").topics
    assert (topic.abstract.lang, topic.abstract.fallback) == ("de", True)
    assert "<strong>Optik</strong>" in topic.abstract_html
    assert "<script" not in topic.abstract_html
    assert "**" not in topic.abstract_text and "Optik" in topic.abstract_text


def test_topics_stand_in_their_order_and_at_their_own_meeting():
    series = people.series()
    one, two = announced_meeting(series), announced_meeting(series, datetime(2026, 4, 9, 8))
    for meeting, title in ((one, "eins"), (two, "zwei"), (one, "drei")):
        topics.post(meeting, {"de": title})
    shown = showing.shown_all([two, one], language="de")
    assert [[str(topic.title) for topic in line.topics] for line in shown] == [["zwei"], ["eins", "drei"]]


def test_a_list_names_a_meeting_by_its_title_else_its_only_topic_else_its_series():
    meeting = announced_meeting()
    assert seen(meeting, "de").headline == Text("Asa no Kai Thüringen", "de", False)
    topics.post(meeting, {"ja": "光"})
    assert seen(meeting, "de").headline == Text("光", "ja", True)
    topics.post(meeting, {"de": "Zwei"})
    assert seen(meeting, "de").headline == Text("Asa no Kai Thüringen", "de", False)
    meeting.title = {"de": "Sommertreffen"}
    assert seen(meeting, "de").headline == Text("Sommertreffen", "de", False)


# --- many -------------------------------------------------------------------------------------------------------------


def test_many_meetings_of_many_series_take_as_many_statements_as_one(clock):
    shown, asked = [], []
    for number in range(3):
        meeting = announced_meeting(people.series(f"series-{number}"))
        full_topic(meeting)
        shown.append(meeting.id)
        session().flush()
        session().expunge_all()
        found = list(meetings.by_ids(shown).values())
        with statements() as made:
            lines = showing.shown_all(found, language="de")
        assert [line.series.slug for line in lines] == [f"series-{one}" for one in range(number + 1)]
        asked.append(len(made))
    assert asked == [2, 2, 2]


def test_no_meetings_take_no_statement():
    with statements() as asked:
        assert showing.shown_all([], language="de") == []
    assert asked == []
