"""The letters' pages: what went, what goes next and to whom not, how a letter looks, sending a failed one again."""

import re
from datetime import datetime, timedelta

import pytest

from asanokai import announcing, db, letters, topics
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.letters import Letter
from tests import people
from tests.pages import Reader, facts, statements
from tests.world import plain

ALL = "/coordinate/letters"


@pytest.fixture
def meeting(app, clock):
    """A meeting of a series that Akiko coordinates. The invitations to Katrin and Emma went out; Katrin's failed. A
    meeting of Naoko's series has one that failed too, and so has a letter about an account."""
    with db.transaction():
        series, other = people.series(), people.series("hamamatsu", zone="Asia/Tokyo")
        people.coordinate(series, people.akiko())
        people.coordinate(other, people.naoko())
        made = people.announced_meeting(series, people=[people.katrin(), people.emma(), people.member(None)])
        topics.post(made, {"de": "Licht aus Jena", "en": "Light from Jena", "ja": "イエナの光"})
        people.announced_meeting(other, datetime(2026, 3, 13, 8, 0), people=[people.kenji()])
        people.ludwig()
        people.members.ask_for_sign_in("ludwig.haase@asanokai.example")
    clock.set(people.berlin(2026, 2, 20, 9))
    with db.transaction():
        people.plan()
        people.send_all()
        for who, kind in ((people.katrin(), "invite"), (people.kenji(), "invite"), (people.ludwig(), "sign_in")):
            letter = people.letters_to(who, kind)[0]
            letter.state, letter.reason, letter.server_words = "failed", "refused by the server", "550 5.1.1 <no>"
        return facts(made)


@pytest.fixture
def akiko(app, meeting) -> Reader:
    reader = Reader(app, people.akiko())
    reader.get("/?lang=en")
    return reader


def failed(who: people.Member) -> Letter:
    return next(letter for letter in people.letters_to(who) if letter.state == "failed")


def rows(page: str) -> list[str]:
    """The lines of the table of letters, as plain words."""
    table = page.split("Letters so far")[1]
    return [plain(line) for line in re.findall(r"<tr><td.*?</tr>", table, re.DOTALL)]


# --- what went --------------------------------------------------------------------------------------------------------


def test_a_coordinator_sees_the_letters_of_her_own_meetings_in_words(akiko):
    assert sorted(rows(akiko.get(ALL).text)) == [
        "Friday, 20 February 2026, 9:00 Dr. Katrin Lindner Invitation Thursday, 12 March 2026, 8:00 "
        "failed the mail server refused it 550 5.1.1 <no> Send again",
        "Friday, 20 February 2026, 9:00 Emma Whitfield Invitation Thursday, 12 March 2026, 8:00 sent",
    ]


def test_an_administrator_sees_all_letters_those_about_accounts_too(app, meeting):
    ludwig = Reader(app, people.ludwig())
    found = [re.search("Katrin|Emma|Kenji|Ludwig", line) for line in rows(ludwig.get(ALL + "?lang=en").text)]
    assert sorted(name[0] for name in found if name) == ["Emma", "Katrin", "Kenji", "Ludwig"]


def test_letters_are_chosen_by_state_and_an_unknown_state_is_none(akiko):
    counted = {state: len(rows(akiko.get(f"{ALL}?state={state}").text)) for state in ("failed", "sent", "queued", "x")}
    assert counted == {"failed": 1, "sent": 1, "queued": 0, "x": 2}
    assert "failed (1)" in plain(akiko.get(ALL).text)


def test_the_pages_take_as_many_statements_for_many_letters_as_for_one(akiko, meeting):
    counts = []
    for more in (1, 4):
        with db.transaction():
            for who in people.crowd(more):
                letters.post("confirm", f"confirm:{meeting.id}:{who.id}:1", member_id=who.id, meeting_id=meeting.id)
        with statements() as asked:
            akiko.get(ALL)
            akiko.get(f"/coordinate/meetings/{meeting.id}/letters")
        counts.append(len(asked))
    assert counts[0] == counts[1]


# --- what goes next ---------------------------------------------------------------------------------------------------


def test_the_forecast_says_when_on_the_meetings_clock_what_to_how_many_and_why_not(akiko, meeting):
    expected = (
        "Tuesday, 10 March 2026, 9:00 Thursday, 12 March 2026, 8:00 Reminder 2 people",
        "Wednesday, 11 March 2026, 17:00 Thursday, 12 March 2026, 8:00 Evening-before note 0 people has no seat (2)",
    )
    said = plain(akiko.get(ALL).text)
    assert ([line in said for line in expected], "hamamatsu" in said) == ([True, True], False)


def test_the_page_of_a_meeting_names_who_gets_no_invitation_and_why(akiko, meeting):
    said = plain(akiko.get(f"/coordinate/meetings/{meeting.id}/letters").text)
    assert "1 person gets no invitation" in said
    assert "has no mail address" in said


def test_a_draft_shows_what_would_go_out(akiko, meeting):
    with db.transaction():
        series = series_rules.by_id(meeting.series_id)
        draft = people.meeting(series, people.FIRST_MORNING + timedelta(days=28)).id
    said = plain(akiko.get(f"/coordinate/meetings/{draft}/letters").text)
    assert "What would go out" in said
    assert "Thursday, 19 March 2026, 9:00 Invitation 2 people has no mail address (1)" in said


# --- how they look ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "en", "ja"])
def test_every_kind_of_letter_can_be_looked_at_in_every_language(akiko, meeting, language):
    topic = {"de": "Licht aus Jena", "en": "Light from Jena", "ja": "イエナの光"}[language]
    missing = []
    for kind in letters.OF_MEETING:
        address = f"/coordinate/meetings/{meeting.id}/letters/preview?kind={kind}&language={language}"
        page, letter = akiko.get(address), akiko.get(address + "&part=html")
        if not (page.status_code == letter.status_code == 200 and f'lang="{language}"' in letter.text):
            missing.append(kind)
        if kind == "invite" and not (topic in letter.text and topic in page.text):
            missing.append("topic")
    assert missing == []


def test_a_previewed_letter_can_run_and_load_nothing_and_its_page_frames_only_it(akiko, meeting):
    address = f"/coordinate/meetings/{meeting.id}/letters/preview?kind=invite&language=de"
    policies = [akiko.get(address + part).headers["Content-Security-Policy"] for part in ("&part=html", "")]
    assert policies == [
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; manifest-src 'self'; "
        "form-action 'self'; frame-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
    ]


@pytest.mark.parametrize("query", ["kind=sign_in", "kind=x", "kind=invite&language=fr", "kind=../invite"])
def test_a_letter_that_does_not_exist_cannot_be_looked_at(akiko, meeting, query):
    assert akiko.get(f"/coordinate/meetings/{meeting.id}/letters/preview?{query}").status_code == 404


# --- sending again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("back", ["all", ""])
def test_a_failed_letter_is_sent_again_and_leads_back_to_where_it_stood(akiko, meeting, clock, back):
    number = failed(people.katrin()).id
    response = akiko.post(f"{ALL}/{number}/retry", {"back": back})
    letter = people.letters_to(people.katrin(), "invite")[0]
    assert response.location == (ALL if back else f"/coordinate/meetings/{meeting.id}/letters")
    assert (letter.state, letter.due_at, letter.attempts, letter.reason) == ("queued", clock.now, 0, None)


def test_a_letter_that_did_not_fail_is_not_sent_again(akiko):
    number = people.letters_to(people.emma(), "invite")[0].id
    assert akiko.post(f"{ALL}/{number}/retry").status_code == 409
    assert people.kinds_to(people.emma(), "sent") == ["invite"]


def test_letters_of_other_series_and_about_accounts_are_not_there(akiko):
    numbers = [failed(people.kenji()).id, failed(people.ludwig()).id, 987_654]
    assert [akiko.post(f"{ALL}/{number}/retry").status_code for number in numbers] == [404] * 3
    session().rollback()
    assert [failed(who).state for who in (people.kenji(), people.ludwig())] == ["failed", "failed"]


def test_letters_of_a_cancelled_meeting_can_still_be_seen(akiko, meeting):
    with db.transaction():
        announcing.cancel(meeting.id)
    assert any("Cancellation" in line for line in rows(akiko.get(ALL).text))
