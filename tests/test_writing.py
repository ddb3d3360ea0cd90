"""What coordinators write themselves: to whom it goes and to whom not, when, in which language, and only once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from asanokai import announcing, db, meetings, writing
from asanokai.db import session
from asanokai.errors import BadInput, Missing, Refused
from asanokai.invitations import Night
from asanokai.letters import Letter
from asanokai.worker import plan_step, send_due
from tests import people
from tests.people import berlin

TEXT = {"subject": {"de": "Noch ein Wort", "en": "A word"}, "words": {"de": "bitte klingeln.", "en": "Please ring."}}


@pytest.fixture
def meeting_id(app, clock):
    """A meeting of eight seats, invited to on 19 February: Katrin comes, Emma waits, Kenji says maybe; Naoko is silent,
    and so are one without an address and one who has ended the invitations."""
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        gone, mute = people.member(family="Ruhe", given="Rolf"), people.member(None, family="Ohne", given="Otto")
        readers = [people.katrin(), people.emma(), people.kenji(), people.naoko(), gone, mute]
        made = people.announced_meeting(series, people=readers, seats=1)
        number = made.id
    clock.set(berlin(2026, 2, 19, 9))
    with db.transaction():
        people.plan()
        people.send_all()
        meeting = meetings.by_id(number)
        people.say(meeting, people.katrin(), "yes")
        people.say(meeting, people.emma(), "yes")
        people.say(meeting, people.kenji(), "maybe")
        people.members.unsubscribe(people.members.by_id(gone.id))
        people.send_all()
    clock.set(berlin(2026, 2, 25, 10))
    return number


def write(meeting_id: int, audience: str = "all", **more) -> int:
    with db.transaction():
        return writing.draft(meeting_id, **{"audience": audience, "due_at": None, "actor_id": None, **TEXT, **more}).id


def let_go(message_id: int, meeting_id: int) -> None:
    with db.transaction():
        message = writing.by_id(message_id, meetings.by_id(meeting_id))
        writing.queue(message_id, meeting_id, version=message.version, actor_id=None)
    plan_step(Night())


def own(kind: str = "own") -> list[tuple[str, str, str | None]]:
    """Who has a letter of that kind: given name, state, reason."""
    with db.reading():
        query = select(Letter).where(Letter.kind == kind).order_by(Letter.id)
        found = [(people.members.by_id(one.member_id).given, one.state, one.reason) for one in session().scalars(query)]
    return sorted(found)


# --- to whom ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "names"),
    [
        ("coming", ["Katrin"]),
        ("waiting", ["Emma"]),
        ("maybe", ["Kenji"]),
        ("silent", ["Naoko"]),
        ("all", ["Emma", "Katrin", "Kenji", "Naoko"]),
    ],
)
def test_a_letter_goes_to_its_audience_and_to_nobody_else(meeting_id, audience, names):
    let_go(write(meeting_id, audience), meeting_id)
    assert own() == [(name, "queued", None) for name in names]


def test_before_it_goes_it_says_to_how_many_in_which_languages_and_who_is_left_out_and_why(meeting_id):
    message_id = write(meeting_id)
    with db.reading():
        message = writing.by_id(message_id, meetings.by_id(meeting_id))
        counted = writing.counted(message)
        names = [(member.given, reason) for member, reason in writing.left_out(message, limit=10)]
    assert (counted.reasons[None], dict(counted.languages)) == (4, {"de": 1, "en": 1, "ja": 2})
    # Otto was never invited: he has no address.
    assert (counted.left_out, names) == ({"unsubscribed": 1}, [("Rolf", "unsubscribed")])


def test_its_audience_is_that_of_the_moment_it_goes_out(meeting_id, clock):
    let_go(write(meeting_id, "silent", due_at=berlin(2026, 3, 2, 9)), meeting_id)
    assert own() == []
    with db.transaction():
        people.say(meetings.by_id(meeting_id), people.naoko(), "no")
        people.members.subscribe(people.members.by_address("akiko.sato@hamamatsu.example"), actor_id=None)
    clock.set(berlin(2026, 3, 2, 9))
    plan_step(Night())
    assert own() == []


def test_planning_twice_changes_nothing_and_a_letter_is_not_queued_twice(meeting_id):
    message_id = write(meeting_id)
    let_go(message_id, meeting_id)
    with db.transaction():
        assert (writing.due(), writing.plan(message_id, night=Night())) == ([], 0)
    with db.transaction(), pytest.raises(Refused):
        writing.queue(message_id, meeting_id, version=1, actor_id=None)
    assert len(own()) == 4


def test_what_was_changed_after_it_was_looked_at_does_not_go(meeting_id):
    message_id = write(meeting_id)
    write(meeting_id, message_id=message_id, audience="coming")
    with db.transaction(), pytest.raises(Refused):
        writing.queue(message_id, meeting_id, version=1, actor_id=None)
    assert own() == []


# --- when -------------------------------------------------------------------------------------------------------------


def test_at_night_it_waits_for_each_readers_own_morning(meeting_id, clock):
    clock.set(berlin(2026, 2, 25, 15))  # eleven at night in Hamamatsu
    let_go(write(meeting_id), meeting_id)
    due = {letter.due_at for letter in people.letters_to(people.katrin(), "own")}
    naoko = {letter.due_at for letter in people.letters_to(people.naoko(), "own")}
    assert (due, naoko) == ({berlin(2026, 2, 25, 15)}, {people.tokyo(2026, 2, 26, 7)})


def test_a_pause_holds_it_back(meeting_id, app, smtp):
    with db.transaction():
        announcing.pause(meeting_id, True)
    let_go(write(meeting_id, "coming"), meeting_id)
    send_due(app, Night())
    assert own() == [("Katrin", "queued", None)]
    with db.transaction():
        announcing.pause(meeting_id, False)
    send_due(app, Night())
    assert own() == [("Katrin", "sent", None)]


def test_withdrawn_it_does_not_go_and_what_waits_is_dropped(meeting_id, clock):
    later = write(meeting_id, due_at=berlin(2026, 3, 2, 9))
    let_go(later, meeting_id)
    now = write(meeting_id, "coming")
    let_go(now, meeting_id)
    with db.transaction():
        kept = [writing.withdraw(one, meeting_id, actor_id=None) for one in (later, now, now)]
    clock.set(berlin(2026, 3, 2, 9))
    plan_step(Night())
    assert (kept, own()) == ([0, 1, 0], [("Katrin", "dropped", "withdrawn")])


def test_who_gave_up_the_seat_overnight_does_not_get_what_was_for_those_who_come(meeting_id, app, smtp):
    let_go(write(meeting_id, "coming"), meeting_id)
    with db.transaction():
        people.say(meetings.by_id(meeting_id), people.katrin(), "no")
    send_due(app, Night())
    assert own() == [("Katrin", "dropped", "has no seat")]


def test_a_cancellation_ends_what_waits(meeting_id, app, smtp, clock):
    let_go(write(meeting_id, due_at=berlin(2026, 3, 2, 9)), meeting_id)
    let_go(write(meeting_id, "coming"), meeting_id)
    with db.transaction():
        announcing.cancel(meeting_id)
    clock.set(berlin(2026, 3, 2, 9))
    plan_step(Night())
    assert own() == [("Katrin", "dropped", "the meeting was cancelled")]
    with db.transaction(), pytest.raises(Refused):
        writing.draft(meeting_id, audience="all", due_at=None, actor_id=None, **TEXT)


def test_thanks_go_to_those_who_came_when_the_meeting_is_over(meeting_id, app, smtp, clock):
    clock.set(berlin(2026, 3, 12, 11))
    with db.transaction():
        meetings.mark_held()
    subject, words = writing.THANKS
    let_go(write(meeting_id, "coming", kind="thanks", subject=subject, words=words), meeting_id)
    send_due(app, Night())
    assert own("thanks") == [("Katrin", "sent", None)]
    text = smtp.to("katrin.lindner@optik-jena.example")[-1].message
    assert text["Subject"] == "Vielen Dank für Ihren Besuch"
    assert "/meetings/2026-03-12-asanokai" in text.get_body(("plain",)).get_content()


# --- what it says -----------------------------------------------------------------------------------------------------


def test_who_reads_a_language_it_is_not_written_in_gets_another_and_is_told(meeting_id, app, smtp):
    let_go(write(meeting_id), meeting_id)
    send_due(app, Night())
    words = smtp.to("kenji.yamada@erfurt.example")[-1].message.get_body(("plain",)).get_content()
    assert ("bitte klingeln." in words, "本文はドイツ語のみ" in words, "山田様" in words) == (True, True, True)
    english = smtp.to("emma.whitfield@ilmenau.example")[-1].message
    assert (english["Subject"], "Please ring." in english.get_body(("plain",)).get_content()) == ("A word", True)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"subject": {"de": "Nur das"}, "words": {}}, "words"),
        ({"subject": {"de": "a"}, "words": {"de": "b", "ja": "c"}}, "subject"),
        ({"subject": {}, "words": {}}, "words"),
        ({"due_at": berlin(2026, 2, 25, 10)}, "due_at"),
    ],
)
def test_what_lacks_words_or_whose_moment_is_past_is_refused(meeting_id, values, field):
    with pytest.raises(BadInput) as refused:
        write(meeting_id, **values)
    assert refused.value.field == field


def test_a_letter_of_another_meeting_is_not_there_and_a_draft_meeting_has_none(meeting_id):
    message_id = write(meeting_id)
    with db.transaction():
        series = people.series_rules.by_slug("asanokai")
        draft = people.meeting(series, people.FIRST_MORNING + timedelta(weeks=4)).id
        with pytest.raises(Missing):
            writing.by_id(message_id, meetings.by_id(draft))
        with pytest.raises(Refused):
            writing.draft(draft, audience="all", due_at=None, actor_id=None, **TEXT)


# --- paragraphs -------------------------------------------------------------------------------------------------------


def test_a_paragraph_stands_in_every_letter_of_its_kind_that_has_not_left(meeting_id, app, smtp, clock):
    with db.transaction():
        writing.put(meeting_id, "remind", {"de": "Es gibt **Brezeln**.", "ja": "パンもございます。"}, actor_id=None)
        writing.put(meeting_id, "eve", {"de": "Bitte klingeln."}, actor_id=None)
    clock.set(berlin(2026, 3, 10, 9))
    send_due(app, Night())
    naoko = smtp.to("naoko.ito@hamamatsu.example")[-1].message
    words = [naoko.get_body((part,)).get_content() for part in ("plain", "html")]
    assert ["パンもございます。" in text for text in words] == [True, True]
    clock.set(berlin(2026, 3, 11, 17))
    send_due(app, Night())
    katrin = smtp.to("katrin.lindner@optik-jena.example")[-1].message.get_body(("plain",)).get_content()
    assert ("Bitte klingeln." in katrin, "Brezeln" in katrin) == (True, False)


def test_a_paragraph_is_changed_and_taken_out_again_and_not_every_letter_can_have_one(meeting_id):
    for words in ({"de": "eins"}, {"de": "zwei"}, {}):
        with db.transaction():
            writing.put(meeting_id, "invite", words, actor_id=None)
        with db.reading():
            assert writing.paragraph(meeting_id, "invite") == words
    for kind in ("own", "thanks", "sign_in", "x"):
        with db.transaction(), pytest.raises(Missing):
            writing.put(meeting_id, kind, {"de": "x"}, actor_id=None)


# --- nudges -----------------------------------------------------------------------------------------------------------


def silent(meeting_id: int) -> list[tuple[str, bool, str | None, str | None]]:
    """The silent: given name, whether written to lately, the last kind, why not."""
    with db.reading():
        found = writing.silent(meetings.by_id(meeting_id), limit=10)
        return [(one.member.given, one.recently, one.kind, one.reason) for one in found]


def nudge(meeting_id: int, *who: people.Member) -> int:
    with db.transaction():
        chosen = [one.id for one in who] if who else None
        return writing.nudge(meeting_id, chosen, night=Night(), actor_id=None)


def test_the_silent_are_shown_with_the_letter_that_went_to_each_last(meeting_id, clock):
    assert silent(meeting_id) == [("Naoko", False, "invite", None), ("Rolf", False, "invite", "unsubscribed")]
    clock.set(berlin(2026, 2, 20, 10))
    assert silent(meeting_id)[0] == ("Naoko", True, "invite", None)


def test_nobody_is_nudged_twice_a_day_and_only_the_silent_are(meeting_id, clock):
    assert [nudge(meeting_id, people.naoko(), people.katrin()), nudge(meeting_id, people.naoko())] == [1, 0]
    assert own("nudge") == [("Naoko", "queued", None)]
    clock.advance(days=1)
    assert nudge(meeting_id, people.naoko()) == 1


def test_all_are_nudged_but_those_written_to_within_three_days(meeting_id, clock):
    with db.reading():
        assert writing.could_be_nudged(meetings.by_id(meeting_id)) == (2, 1)
    assert [nudge(meeting_id), nudge(meeting_id)] == [1, 0]
    clock.advance(days=2)
    assert nudge(meeting_id) == 0
    clock.advance(days=2)
    assert nudge(meeting_id) == 1


def test_who_answers_meanwhile_gets_no_nudge(meeting_id, app, smtp):
    nudge(meeting_id, people.naoko())
    with db.transaction():
        people.say(meetings.by_id(meeting_id), people.naoko(), "no")
    send_due(app, Night())
    assert own("nudge") == [("Naoko", "dropped", "has answered")]


def test_after_the_deadline_nobody_is_asked_any_more(meeting_id, clock):
    clock.set(berlin(2026, 3, 11, 13))
    with pytest.raises(Refused):
        nudge(meeting_id, people.naoko())


# --- tests to oneself -------------------------------------------------------------------------------------------------


def test_a_test_looks_as_the_member_would_get_it_but_nobody_can_answer_by_it(meeting_id, app, smtp):
    with db.transaction():
        meeting = meetings.by_id(meeting_id)
        for kind in ("invite", "remind"):
            writing.send_test(meeting, kind, to=people.akiko(), language="de", as_member=people.katrin().id)
    send_due(app, Night())
    invite, remind = smtp.to("akiko.sato@hamamatsu.example")[-2:]
    assert [mail.message["Subject"] for mail in (invite, remind)] == [
        "[Test] Für Ihren Kalender: Asa no Kai Thüringen, Donnerstag, 12. März 2026",
        "[Test] Bitte um Antwort: Asa no Kai Thüringen, Donnerstag, 12. März 2026",
    ]
    for mail in (invite, remind):
        words = [mail.message.get_body((part,)).get_content() for part in ("plain", "html")]
        assert ["Frau Dr. Lindner" in text for text in words] == [True, True]
        assert [("/answer/" in text, "/unsubscribe/" in text) for text in words] == [(False, False)] * 2
        parts = [part.get_content_type() for part in mail.message.walk()]
        assert (parts, mail.message["List-Id"]) == (["multipart/alternative", "text/plain", "text/html"], None)


def test_a_test_of_ones_own_letter_goes_out_during_a_pause_and_touches_no_answer(meeting_id, app, smtp):
    message_id = write(meeting_id)
    with db.transaction():
        announcing.pause(meeting_id, True)
        before = people.seats(meetings.by_id(meeting_id))
        writing.send_test(meetings.by_id(meeting_id), "own", to=people.akiko(), language="ja", message_id=message_id)
    send_due(app, Night())
    mail = smtp.to("akiko.sato@hamamatsu.example")[-1].message
    assert (mail["Subject"], "山田様" in mail.get_body(("plain",)).get_content()) == ("【テスト】Noch ein Wort", True)
    with db.reading():
        assert people.seats(meetings.by_id(meeting_id)) == before


# --- the forecast -----------------------------------------------------------------------------------------------------


def test_the_forecast_counts_letters_of_ones_own_among_the_plans(meeting_id):
    let_go(write(meeting_id, due_at=berlin(2026, 3, 10, 12)), meeting_id)
    with db.reading():
        found = writing.forecast(until=berlin(2026, 4, 1, 9))
    assert [(line.due_at, line.kind, line.readers, line.languages, line.left_out) for line in found] == [
        (berlin(2026, 3, 10, 9), "remind", 1, {"ja": 1}, {"has answered": 3, "no address": 1, "unsubscribed": 1}),
        (berlin(2026, 3, 10, 12), "own", 4, {"de": 1, "en": 1, "ja": 2}, {"unsubscribed": 1}),
        (berlin(2026, 3, 11, 17), "eve", 1, {"de": 1}, {"has no seat": 3, "unsubscribed": 1}),
    ]
