"""The log: every verb in words of three languages, who reads what, and a fixed number of statements."""

import re
from datetime import timedelta

import pytest
from flask_babel import force_locale

from asanokai import announcing, db, history, journal, letters, meetings, topics
from asanokai import series as series_rules
from asanokai.announcing import Change, Choices
from asanokai.db import session
from asanokai.history import SENTENCES
from asanokai.web import telling
from tests import people
from tests.pages import Reader, statements
from tests.test_journal import DEEDS, verbs_in_the_source
from tests.world import plain


@pytest.fixture
def series(app) -> int:
    """Akiko coordinates it; Katrin and Emma belong to it. Naoko coordinates another one."""
    with db.transaction():
        row = people.series(seats=2)
        people.coordinate(row, people.akiko())
        people.belong(row, people.katrin(), people.emma())
        other = people.series("hamamatsu")
        people.coordinate(other, people.naoko())
        return row.id


@pytest.fixture
def meeting(series, clock) -> int:
    """A meeting of it, announced by Akiko."""
    with db.transaction():
        draft = people.meeting(series_rules.by_id(series))
        session().flush()
        announcing.announce(draft.id, actor_id=people.akiko().id)
        return draft.id


def reader(app, who, language="en") -> Reader:
    found = Reader(app, who)
    found.get(f"/?lang={language}")
    return found


def rows(page: str) -> list[str]:
    """The log's lines as they are read, without the time."""
    found = re.findall(r"<tr>(<td.*?)</tr>", page, re.S)
    return [plain(re.sub(r"<time.*?</time>", "", line)) for line in found]


# --- words ------------------------------------------------------------------------------------------------------------


def test_every_verb_has_words():
    missing = ({*verbs_in_the_source()} | set(DEEDS)) - set(SENTENCES)
    assert missing == set(), "give these verbs a sentence in history.SENTENCES; until then they read “was changed”"


def test_every_sentence_is_filled_in_whatever_the_language(app, clock):
    with db.transaction():
        katrin = people.katrin()
        facts = {
            "answer": {"answer": "yes", "seat": "waiting", "guests": 2, "before": ["maybe", None, 0], "by": "page"},
            "ask again": {"before": ["yes", "held", 0], "answers": 3},
            "move": {"starts_at": clock.now.isoformat(), "before": (clock.now - timedelta(1)).isoformat()},
            "add": {"starts_at": clock.now.isoformat()},
            "tell": {"fields": ["title"], "letters": 3},
        }
        for verb, obj in SENTENCES:
            about = {"member": katrin.id} if obj != "member" else {}
            journal.write(verb, obj, katrin.id, **{"fields": ["title"], **about, **facts.get(verb, {})})
        lines = history._lines(session().query(journal.Entry).all())  # every row there is, whatever it is about
        for language in ("de", "en", "ja"):
            with app.test_request_context("/"), force_locale(language):
                told = [telling.told(line) for line in lines]
            assert [words for words in told if not words or "%(" in words] == []


def test_a_verb_nobody_gave_words_reads_as_a_change(app, meeting):
    with db.transaction():
        journal.write("somersault", "meeting", meeting)
    assert rows(reader(app, people.akiko()).get(f"/coordinate/meetings/{meeting}/log").text)[0] == (
        "the program Something was changed"
    )


# --- a meeting --------------------------------------------------------------------------------------------------------


def test_a_meetings_log_says_who_did_what_newest_first(app, clock, meeting):
    akiko = people.akiko().id
    with db.transaction():
        row = meetings.by_id(meeting)
        people.say(row, people.katrin(), "yes", guests=1)
        people.say(row, people.emma(), "yes", by="coordinator", actor_id=akiko)
        people.say(row, people.katrin(), "no")
        topics.post(row, {"de": "Licht"}, actor_id=akiko)
        announcing.change(meeting, {"seats": 30}, Change(), Choices(tell=True, ask_again=True), actor_id=akiko)
        letters.post("invite", "lost", member_id=people.emma().id, meeting_id=meeting)
        lost = letters.newest(meeting_ids=[meeting])[0]
        lost.state = "failed"
        letters.retry(lost.id, actor_id=akiko)
        announcing.cancel(meeting, reason={"de": "Geheim"}, actor_id=akiko)
    page = reader(app, people.akiko()).get(f"/coordinate/meetings/{meeting}/log").text
    assert rows(page) == [
        "Akiko Sato Cancelled",
        "Akiko Sato A letter that had failed was sent again",
        "Akiko Sato Letters about a change: 2 (Seats)",
        "Akiko Sato Changed: Seats",
        "Akiko Sato Emma Whitfield was asked again; the answer until then: Yes",
        "Akiko Sato Everybody was asked again; answers taken back: 1",
        "Akiko Sato Topic added",
        "the program Emma Whitfield got a seat from the waiting list",
        "Dr. Katrin Lindner Dr. Katrin Lindner: No; before: Yes, with 1 guest",
        "Akiko Sato Emma Whitfield: Yes, Waiting list",
        "Dr. Katrin Lindner Dr. Katrin Lindner: Yes, with 1 guest",
        "Akiko Sato Announced",
        "the program Date added: Thursday, 12 March 2026, 8:00",
    ]
    assert "Geheim" not in page


def test_nothing_of_another_meeting_stands_in_it(app, series, meeting):
    with db.transaction():
        other = people.meeting(series_rules.by_id(series), people.FIRST_MORNING + timedelta(days=28)).id
    assert rows(reader(app, people.akiko()).get(f"/coordinate/meetings/{other}/log").text) == [
        "the program Date added: Thursday, 9 April 2026, 8:00"
    ]


def test_it_takes_as_many_statements_for_many_rows_as_for_one_and_comes_by_pages(app, meeting):
    akiko = reader(app, people.akiko())
    address = f"/coordinate/meetings/{meeting}/log"
    with statements() as few:
        akiko.get(address)
    with db.transaction():
        for who in people.crowd(120):
            people.say(meetings.by_id(meeting), who, "maybe")
    with statements() as many:
        first = akiko.get(address).text
    assert len(few) == len(many)
    second = akiko.get(address + "?page=2").text
    assert (len(rows(first)), len(rows(second)), 'rel="next"' in first, 'rel="next"' in second) == (
        100,
        22,
        True,
        False,
    )


# --- a series, a member -----------------------------------------------------------------------------------------------


def test_a_series_log_holds_its_meetings_but_not_every_answer(app, series, meeting):
    with db.transaction():
        people.say(meetings.by_id(meeting), people.katrin(), "yes")
        series_rules.change(series_rules.by_id(series), seats=9, actor_id=people.akiko().id)
    found = rows(reader(app, people.akiko()).get(f"/coordinate/series/{series}/log").text)
    assert found[:3] == [
        "Akiko Sato Series changed: Seats",
        "Akiko Sato Announced Thu, 12 Mar 2026",
        "the program Date added: Thursday, 12 March 2026, 8:00 Thu, 12 Mar 2026",
    ]
    assert not [line for line in found if "Yes" in line]


def test_of_a_member_a_coordinator_reads_what_happened_in_the_own_series_and_an_administrator_everything(
    app, series, meeting
):
    with db.transaction():
        katrin = people.katrin()
        elsewhere = people.announced_meeting(people.series("weimar"), people=[katrin])
        people.say(elsewhere, katrin, "maybe")
        people.say(meetings.by_id(meeting), katrin, "yes")
        address = f"/coordinate/people/{katrin.id}/log"
        people.ludwig()
    own = rows(reader(app, people.akiko()).get(address).text)
    assert own == [
        "Dr. Katrin Lindner Dr. Katrin Lindner: Yes Thu, 12 Mar 2026",
        "the program Dr. Katrin Lindner joined the series",
    ]
    assert len(rows(reader(app, people.ludwig()).get(address).text)) == 5
    assert reader(app, people.naoko()).get(address).status_code == 404
    assert reader(app, people.katrin()).get(address).status_code == 404


@pytest.mark.parametrize(("language", "said"), [("de", "Angekündigt"), ("ja", "告知")])
def test_it_is_told_in_the_readers_language(app, meeting, language, said):
    assert said in reader(app, people.akiko(), language).get(f"/coordinate/meetings/{meeting}/log").text
