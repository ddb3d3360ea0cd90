"""The coordinators' desk, what waits for them, and applications. What each may see is tested in `test_guards.py`."""

import re
from datetime import datetime, timedelta

import pytest

from asanokai import announcing, applying, db, topics
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.letters import Letter
from asanokai.members import Application
from tests import people, world
from tests.pages import Reader, statements
from tests.world import plain

ENGLISH = {"Accept-Language": "en"}
DESK = "/coordinate/"


@pytest.fixture
def series(app):
    """A series that Akiko coordinates and Katrin belongs to, and one of Naoko's; their numbers."""
    with db.transaction():
        own, other = people.series(), people.series("hamamatsu", zone="Asia/Tokyo", name={"en": "Hamamatsu breakfast"})
        people.coordinate(own, people.akiko())
        people.coordinate(other, people.naoko())
        people.belong(own, people.katrin())
        return own.id, other.id


@pytest.fixture
def akiko(app, series) -> Reader:
    return Reader(app, people.akiko())


def of(series_id: int) -> series_rules.Series:
    return series_rules.by_id(series_id)


def todo(page: str) -> list[str]:
    """What the desk says is to be done, as plain text."""
    found = re.search(r'<ul class="todo">(.*?)</ul>', page, re.DOTALL)
    lines = re.findall(r"<li>(.*?)</li>", found[1], re.DOTALL) if found else []
    return [" ".join(re.sub(r"<[^>]+>", " ", line).split()) for line in lines]


def ask(to: int, family: str, **wish: object) -> int:
    """Somebody applies and confirms; the application's number."""
    with db.transaction():
        made = applying.apply(
            {"family": family, "given": "Eva"},
            f"{family.lower()}@weimar.example",
            **{"series_id": to, **world.CONSENT, **wish},  # type: ignore[arg-type]  # a dict of mixed values
        )
        secret = applying.mint_confirmation(made)
        session().flush()
        applying.confirm(made.id, secret, from_address=None)
        return made.id


# --- the desk ---------------------------------------------------------------------------------------------------------


def test_an_empty_desk_says_how_to_begin(app):
    with db.transaction():
        ludwig = people.ludwig()
    page = Reader(app, ludwig).get(f"{DESK}?lang=en").text
    assert ("Begin with a series" in page, 'href="/coordinate/series/new"' in page) == (True, True)


def test_a_desk_with_nothing_to_do_says_nothing_of_it(app, akiko):
    assert todo(akiko.get(DESK, headers=ENGLISH).text) == []


def test_the_desk_says_what_waits_and_until_when_and_nothing_of_other_series(app, series, akiko, clock):
    own, other = series
    with db.transaction():
        announced = people.announced_meeting(of(own))
        people.meeting(of(own), datetime(2026, 3, 5, 8, 0))
        people.meeting(of(own), datetime(2026, 6, 11, 8, 0))
        people.meeting(of(other), datetime(2026, 3, 6, 8, 0))
        theirs = people.announced_meeting(of(other), datetime(2026, 3, 13, 8, 0))
        for meeting in (announced, theirs):
            session().add(
                Letter(
                    key=f"x{meeting.id}",
                    kind="invite",
                    meeting_id=meeting.id,
                    state="failed",
                    due_at=clock.now,
                    created_at=clock.now,
                )
            )
    ask(own, "Neu")
    ask(other, "Fern")
    assert todo(akiko.get(DESK + "?lang=en").text) == [
        "1 application waits for your decision",
        "1 letter failed",
        "Announce the meeting of Thu, 5 Mar 2026 its invitation is planned for Thursday, 12 February 2026, 9:00",
        "Post a topic for Thu, 12 Mar 2026",
    ]


def test_what_is_done_is_gone_from_the_desk(app, series, akiko):
    own, _ = series
    with db.transaction():
        meeting = people.announced_meeting(of(own))
        number = meeting.id
    application = ask(own, "Neu")
    before = len(todo(akiko.get(DESK).text))
    akiko.post(f"/coordinate/applications/{application}/approve")
    with db.transaction():
        topics.post(people.meetings.by_id(number), {"de": "Licht"})
    assert (before, todo(akiko.get(DESK).text)) == (2, [])


def test_a_cancellation_that_did_not_arrive_is_to_be_seen(app, series, akiko, clock):
    own, _ = series
    with db.transaction():
        meeting = people.announced_meeting(of(own))
        people.say(meeting, people.katrin(), "yes")
        announcing.cancel(meeting.id)
        letter = people.letters_to(people.katrin(), "cancelled")[0]
        letter.state, letter.reason = "failed", "refused by the server"
    assert todo(akiko.get(DESK + "?lang=en").text) == ["1 letter failed"]


def test_days_are_counted_on_the_meetings_own_calendar(app, series, clock):
    """In Tokyo the day of the meeting has begun; in UTC it has not."""
    _, other = series
    with db.transaction():
        people.announced_meeting(of(other), datetime(2026, 3, 13, 8, 0))
    naoko = Reader(app, people.naoko())
    found = []
    for moment in (people.tokyo(2026, 3, 12, 23, 59), people.tokyo(2026, 3, 13, 0, 1)):
        clock.set(moment)
        page = plain(naoko.get(DESK + "?lang=en").text)
        found.append(re.findall(r"8:00–10:00 (today|in 1 day)\b", page))
    assert found == [["in 1 day"], ["today"]]


def test_a_coordinator_in_tokyo_sees_the_meetings_time_and_her_own_beside_it(app, series, akiko):
    own, _ = series
    with db.transaction():
        people.announced_meeting(of(own))
    assert "Thursday, 12 March 2026, 8:00–10:00 (16:00–18:00 in Tokyo)" in plain(akiko.get(DESK + "?lang=en").text)


def test_the_desk_takes_as_many_statements_for_three_meetings_as_for_one(app, series, akiko):
    own, _ = series
    counts = []
    for days in ((0,), (7, 14)):
        with db.transaction():
            for day in days:
                wall = people.FIRST_MORNING + timedelta(days=day)
                topics.post(people.announced_meeting(of(own), wall), {"de": "Licht"})
                people.meeting(of(own), wall + timedelta(days=60))
        ask(own, f"Neu{len(days)}")
        with statements() as asked:
            akiko.get(DESK)
        counts.append(len(asked))
    assert counts[0] == counts[1]


# --- applications -----------------------------------------------------------------------------------------------------


def test_applications_name_who_asks_for_what_and_not_those_of_other_series(app, series, akiko):
    own, other = series
    with db.transaction():
        number = people.announced_meeting(of(own), guests_allowed=2).id
    ask(own, "Neu", message="Ich komme <gern>.")
    ask(own, "Gast", series_id=None, meeting_id=number, guests=2)
    ask(other, "Fern")
    page = akiko.get("/coordinate/applications?lang=en").text
    page += plain(page)
    expected = {
        "Eva Neu": True,
        "neu@weimar.example": True,
        "Ich komme &lt;gern&gt;.": True,
        "asks to come to the meeting of Thu, 12 Mar 2026 (with 2 guests)": True,
        "Fern": False,
    }
    assert {words: words in page for words in expected} == expected


def test_who_is_accepted_belongs_and_is_told(app, series, akiko):
    own, _ = series
    application = ask(own, "Neu")
    response = akiko.post(f"/coordinate/applications/{application}/approve")
    applicant = people.members.by_address("neu@weimar.example")
    assert (response.status_code, response.location) == (303, "/coordinate/applications")
    assert (applicant.standing, series_rules.belongs(own, applicant.id)) == ("accepted", True)
    assert people.kinds_to(applicant) == ["opt_in", "welcome"]


def test_who_is_declined_is_told_why(app, series, akiko):
    own, _ = series
    application = ask(own, "Neu")
    akiko.post(f"/coordinate/applications/{application}/decline", {"reason": "Leider voll."})
    applicant = people.members.by_address("neu@weimar.example")
    told = people.letters_to(applicant, "declined")
    assert session().get_one(Application, application).state == "declined"
    assert (applicant.standing, [letter.facts["reason"] for letter in told]) == ("left", ["Leider voll."])


def test_an_application_is_decided_once(app, series, akiko):
    own, _ = series
    application = ask(own, "Neu")
    own_page = f"/coordinate/applications/{application}"
    answers = [akiko.post(f"{own_page}/{verb}") for verb in ("approve", "approve", "decline")]
    assert [response.status_code for response in answers] == [303, 409, 409]
    assert session().get_one(Application, application).state == "approved"


def test_applications_take_as_many_statements_for_three_as_for_one(app, series, akiko):
    own, _ = series
    counts = []
    for names in (("Eins",), ("Zwei", "Drei")):
        for family in names:
            ask(own, family)
        with statements() as asked:
            akiko.get("/coordinate/applications")
        counts.append(len(asked))
    assert counts[0] == counts[1]
