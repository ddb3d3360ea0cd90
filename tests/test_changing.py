"""One change of a meeting with its two choices: telling those it touches, and keeping their answers or asking again."""

import pytest
from sqlalchemy import select, update

from asanokai import announcing, rsvps
from asanokai.announcing import Change, Choices, checking
from asanokai.composing import Composer
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Refused
from asanokai.letters import Letter
from asanokai.rsvps import Rsvp
from tests import people
from tests.people import announced_meeting, berlin, crowd, kinds_to, letters_to, say

NEXT_WEEK = berlin(2026, 3, 19, 8)


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


def told(*who, seats=None):
    """An announced meeting that all of them have got the invitation to."""
    meeting = announced_meeting(people=list(who), seats=seats, guests_allowed=2)
    session().execute(update(Rsvp).values(sequence=0))
    for one in who:
        session().add(
            Letter(key=f"invite:{meeting.id}:{one.id}", kind="invite", member_id=one.id, meeting_id=meeting.id,
                   state="sent", due_at=meeting.created_at, created_at=meeting.created_at)
        )  # fmt: skip
        session().add(Rsvp(meeting_id=meeting.id, member_id=one.id, invited_at=meeting.created_at))
    session().flush()
    return meeting


def change(meeting, *, to=None, tell=False, again=False, topics=False, seen=None, **values):
    choices = Choices(tell=tell, ask_again=again, topics=topics, seen=seen)
    return announcing.change(meeting.id, values, to or Change(), choices)


def changed_facts(who):
    return [letter.facts for letter in letters_to(who, "changed") if letter.state == "queued"]


# --- telling ----------------------------------------------------------------------------------------------------------


def test_nobody_hears_of_another_title_unless_they_are_to_be_told(clock):
    katrin = people.katrin()
    meeting = told(katrin)
    change(meeting, title={"de": "Licht"})
    assert kinds_to(katrin) == []
    change(meeting, title={"de": "Laser"}, seats=12, public=False, tell=True)
    assert changed_facts(katrin) == [{"fields": ["title", "seats"], "asked": False}]


def test_what_is_saved_as_it_was_tells_nobody(clock):
    katrin = people.katrin()
    meeting = told(katrin)
    change(meeting, seats=meeting.seats, guests_allowed=2, to=Change(meeting.starts_at, meeting.ends_at), tell=True)
    assert kinds_to(katrin) == []


def test_changed_twice_before_the_letter_left_there_is_one_that_tells_both(clock):
    katrin = people.katrin()
    meeting = told(katrin)
    change(meeting, title={"de": "Licht"}, tell=True)
    change(meeting, note={"de": "Bitte klingeln"}, tell=True)
    assert changed_facts(katrin) == [{"fields": ["title", "note"], "asked": False}]
    assert [letter.reason for letter in letters_to(katrin, "changed")] == ["overtaken by a later change", None]


def test_a_new_time_has_one_letter_whatever_else_changes_with_it(clock):
    katrin = people.katrin()
    meeting = told(katrin)
    change(meeting, to=Change(starts_at=NEXT_WEEK), title={"de": "Licht"}, tell=True)
    assert (kinds_to(katrin), meeting.title) == (["moved"], {"de": "Licht"})


def test_a_new_time_cannot_be_kept_from_those_who_know_the_old_one(clock):
    meeting = told(people.katrin())
    with pytest.raises(BadInput) as refused:
        change(meeting, to=Change(starts_at=NEXT_WEEK))
    assert refused.value.field == "tell"


def test_whoever_ended_the_invitations_is_told_only_after_an_answer(clock):
    katrin, emma = people.katrin(), people.emma()
    meeting = told(katrin, emma)
    say(meeting, emma, "yes")
    for who in (katrin, emma):
        who.unsubscribed_at = clock.now
    session().flush()
    assert announcing.touched(meeting, moved=False) == 1
    change(meeting, title={"de": "Licht"}, tell=True)
    assert (changed_facts(katrin), len(changed_facts(emma))) == ([], 1)


def test_the_deadline_moves_along_unless_another_one_is_given(clock):
    katrin = people.katrin()
    meeting = told(katrin)
    change(meeting, to=Change(starts_at=NEXT_WEEK), answer_until=meeting.answer_until, tell=True)
    assert meeting.answer_until == berlin(2026, 3, 18, 12)
    other = berlin(2026, 3, 22, 20)
    change(meeting, to=Change(starts_at=berlin(2026, 3, 26, 8)), answer_until=other, tell=True)
    assert meeting.answer_until == other


def test_what_somebody_changed_meanwhile_is_not_written_over(clock):
    meeting = told(people.katrin())
    seen = meeting.version
    announcing.edit(meeting.id, seats=5)
    with pytest.raises(Refused, match="in the meantime"):
        change(meeting, seats=9, seen=seen)


# --- asking again -----------------------------------------------------------------------------------------------------


def test_everybody_who_said_yes_or_maybe_is_invited_once_more_and_told(clock):
    yes, maybe, no, silent = crowd(4)
    meeting = told(yes, maybe, no, silent)
    for who, choice in ((yes, "yes"), (maybe, "maybe"), (no, "no")):
        say(meeting, who, choice, guests=1 if choice == "yes" else None)
    people.send_all()
    change(meeting, to=Change(starts_at=NEXT_WEEK), again=True)
    assert people.seats(meeting) == {
        yes.id: ("invited", None, 1),
        maybe.id: ("invited", None, 0),
        no.id: ("no", None, 0),
        silent.id: ("invited", None, 0),
    }
    assert rsvps.taken(meeting.id) == 0
    assert {who.id: kinds_to(who) for who in (yes, maybe, no, silent)} == {
        who.id: ["moved"] for who in (yes, maybe, no, silent)
    }


def test_asked_again_about_nothing_new_only_those_without_an_answer_get_a_letter(clock):
    yes, no, silent = crowd(3)
    meeting = told(yes, no, silent)
    say(meeting, yes, "yes")
    say(meeting, no, "no")
    people.send_all()
    change(meeting, again=True)
    assert [kinds_to(who) for who in (yes, no, silent)] == [["changed"], [], ["changed"]]
    assert changed_facts(yes) == [{"fields": [], "asked": True}]


def test_a_confirmation_on_its_way_is_overtaken_and_the_calendar_asks_anew_with_a_higher_sequence(app, clock):
    katrin = people.katrin()
    meeting = told(katrin)
    say(meeting, katrin, "yes")
    change(meeting, title={"de": "Licht"}, again=True)
    confirm, changed = letters_to(katrin, "confirm", "changed")
    for letter in (confirm, changed):
        letter.state = "claimed"
    session().flush()
    composer = Composer(app)
    dropped, work = composer.gather([confirm.id, changed.id])
    assert dropped.reason == "overtaken by a later answer"
    mail = composer.compose(work)
    assert mail.sequence == 1
    assert b"Bitte_um_erneute_Antwort" in mail.content or b"erneute" in mail.content
    assert (work.answer, work.facts["asked_again"], work.facts["open"]) == ("invited", True, True)


def test_who_asked_first_is_ahead_of_whoever_asked_later_though_answering_last(clock):
    first, second, new = crowd(3)
    meeting = told(first, second, new, seats=1)
    for who in (first, second):
        clock.advance(minutes=1)
        say(meeting, who, "yes")
    change(meeting, again=True)
    for who in (new, second, first):
        clock.advance(minutes=1)
        say(meeting, who, "yes")
    assert people.seats(meeting)[new.id] == ("yes", "held", 0)
    assert [rsvp.member_id for rsvp in rsvps.waiting(meeting.id)] == [first.id, second.id]


def test_a_party_that_grew_since_goes_to_the_end(clock):
    first, second, new = crowd(3)
    meeting = told(first, second, new, seats=1)
    for who in (first, second):
        clock.advance(minutes=1)
        say(meeting, who, "yes")
    change(meeting, again=True)
    clock.advance(minutes=1)
    say(meeting, new, "yes")
    say(meeting, first, "yes", guests=1)
    clock.advance(minutes=1)
    say(meeting, second, "yes")
    assert [rsvp.member_id for rsvp in rsvps.waiting(meeting.id)] == [second.id, first.id]


def test_nobody_is_asked_what_nobody_can_answer(clock):
    katrin = people.katrin()
    meeting = told(katrin)
    say(meeting, katrin, "yes")
    clock.set(berlin(2026, 3, 11, 13))
    with pytest.raises(BadInput) as refused:
        change(meeting, again=True)
    assert (refused.value.field, people.seats(meeting)[katrin.id][0]) == ("answer_until", "yes")
    change(meeting, answer_until=berlin(2026, 3, 11, 20), again=True)
    assert people.seats(meeting)[katrin.id][0] == "invited"


def test_of_a_draft_nobody_is_told_or_asked(clock):
    katrin = people.katrin()
    series = people.series()
    people.belong(series, katrin)
    draft = people.meeting(series)
    change(draft, to=Change(starts_at=NEXT_WEEK), title={"de": "Licht"}, again=True)
    assert (draft.starts_at, draft.title, session().scalars(select(Letter)).all()) == (NEXT_WEEK, {"de": "Licht"}, [])


# --- languages --------------------------------------------------------------------------------------------------------


def test_texts_say_in_which_languages_they_are_and_how_many_read_those(clock):
    katrin, emma, kenji, oskar = people.katrin(), people.emma(), people.kenji(), people.oskar()
    meeting = told(katrin, emma, kenji)
    say(meeting, oskar, "maybe")  # asked, though belonging to nothing
    assert checking.readers_by_language(meeting) == {"de": 2, "en": 1, "ja": 1}
    found = checking.texts({"title": {"de": "Licht", "ja": "光"}, "venue": {"en": "Jena"}, "note": None}, [])
    assert [(one.what, one.there, one.empty) for one in found] == [
        ("title", ("de", "ja"), False),
        ("venue", ("en",), False),
        ("note", (), True),
    ]
