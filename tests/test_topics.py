"""What a meeting is about: topics in up to three languages, and who speaks."""

import pytest
from sqlalchemy import func, select

from asanokai import topics
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Missing
from asanokai.topics import Speaker, SpeakerText, Topic
from tests import people


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


def test_a_topic_keeps_the_languages_it_was_given_and_its_speakers_in_order():
    meeting = people.announced_meeting()
    topic = topics.post(
        meeting,
        {"de": " Mikro\nNano ", "ja": "マイクロ", "en": "", "fr": "Non"},
        abstract={"de": "**Optik**\r\n\r\naus Jena\x00", "en": "  "},
        speakers=[
            SpeakerText(family="Sato", given="Akiko", family_ja="佐藤", given_ja="明子", organisation={"ja": "浜松"}),
            SpeakerText(family="Lindner", title="Dr.", position={"de": "Leiterin", "en": ""}),
        ],
    )
    kept = topics.by_id(meeting, topic.id)
    assert kept.title == {"de": "Mikro Nano", "ja": "マイクロ"}
    assert kept.abstract == {"de": "**Optik**\n\naus Jena"}
    assert [speaker.name.full("ja") for speaker in kept.speakers] == ["佐藤 明子", "Dr. Lindner"]
    assert [speaker.organisation for speaker in kept.speakers] == [{"ja": "浜松"}, None]
    assert [speaker.position for speaker in kept.speakers] == [None, {"de": "Leiterin"}]


def test_topics_stand_in_the_order_they_were_posted():
    meeting = people.announced_meeting()
    for title in ("eins", "zwei", "drei"):
        topics.post(meeting, {"de": title})
    topics.remove(meeting, topics.of(meeting)[1].id, actor_id=None)
    topics.post(meeting, {"de": "vier"})
    assert [topic.title["de"] for topic in topics.of(meeting)] == ["eins", "drei", "vier"]


def test_changing_a_topic_replaces_text_and_speakers_and_keeps_its_place():
    meeting = people.announced_meeting()
    topic = topics.post(meeting, {"de": "alt"}, abstract={"de": "alt"}, speakers=[SpeakerText(family="Alt")])
    topics.post(meeting, {"de": "zweites"})
    topics.post(meeting, {"en": "new"}, speakers=[SpeakerText(family="Neu")], topic_id=topic.id)
    first, second = topics.of(meeting)
    assert (first.id, first.title, first.abstract) == (topic.id, {"en": "new"}, None)
    assert [speaker.family for speaker in first.speakers] == ["Neu"]
    assert second.title == {"de": "zweites"}


def test_every_change_makes_the_meeting_a_newer_version_but_touches_no_calendar():
    meeting = people.announced_meeting()
    seen = [meeting.version]
    topic = topics.post(meeting, {"de": "eins"})
    seen.append(meeting.version)
    topics.post(meeting, {"de": "zwei"}, topic_id=topic.id)
    seen.append(meeting.version)
    topics.remove(meeting, topic.id, actor_id=None)
    seen.append(meeting.version)
    assert seen == sorted(set(seen))
    assert meeting.sequence == 0


@pytest.mark.parametrize("title", [{}, {"de": " "}, {"fr": "Non"}, {"de": "\x00"}])
def test_a_topic_without_a_title_is_refused(title):
    meeting = people.announced_meeting()
    with pytest.raises(BadInput):
        topics.post(meeting, title)
    assert topics.of(meeting) == []


def test_an_abstract_without_end_is_refused_and_leaves_nothing():
    meeting = people.announced_meeting()
    with pytest.raises(BadInput):
        topics.post(meeting, {"de": "x"}, abstract={"ja": "長" * (topics.LONGEST_ABSTRACT + 1)})
    assert topics.of(meeting) == []


def test_a_topic_of_another_meeting_cannot_be_touched():
    mine, other = people.announced_meeting(), people.announced_meeting(people.event())
    topic = topics.post(other, {"de": "fremd"})
    with pytest.raises(Missing):
        topics.post(mine, {"de": "mein"}, topic_id=topic.id)
    with pytest.raises(Missing):
        topics.remove(mine, topic.id, actor_id=None)
    assert topics.of(other)[0].title == {"de": "fremd"}


def test_a_removed_topic_takes_its_speakers_along():
    meeting = people.announced_meeting()
    topic = topics.post(meeting, {"de": "x"}, speakers=[SpeakerText(family="A"), SpeakerText(family="B")])
    topics.remove(meeting, topic.id, actor_id=None)
    session().flush()
    left = [session().scalar(select(func.count()).select_from(table)) for table in (Topic, Speaker)]
    assert left == [0, 0]
