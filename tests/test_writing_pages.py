"""Pages on which coordinators write: a letter of their own, a paragraph, a nudge, a test; nothing goes unseen."""

import re

import pytest

from asanokai import db, meetings, writing
from asanokai.db import session
from asanokai.invitations import Night
from asanokai.letters import Letter
from asanokai.worker import plan_step
from tests import people
from tests.pages import Reader, facts, statements
from tests.people import berlin
from tests.world import MESSAGE, plain, texts

QUERIES = {"subject-de": "Noch ein Wort", "words-de": "bitte **klingeln**.", "audience": "all", "kind": "own"}


@pytest.fixture
def meeting(app, clock):
    """A meeting of Akiko's series: Katrin comes, Emma and Kenji are silent, Rolf has ended his invitations."""
    with db.transaction():
        series, other = people.series(), people.series("hamamatsu", zone="Asia/Tokyo")
        people.coordinate(series, people.akiko())
        people.coordinate(other, people.naoko())
        rolf = people.member("rolf@jena.example", family="Ruhe", given="Rolf")
        made = people.announced_meeting(series, people=[people.katrin(), people.emma(), people.kenji(), rolf])
    clock.set(berlin(2026, 2, 19, 9))
    with db.transaction():
        people.plan()
        people.send_all()
        people.say(meetings.by_id(made.id), people.katrin(), "yes")
        people.members.unsubscribe(people.members.by_address("rolf@jena.example"))
        people.send_all()
        kept = facts(meetings.by_id(made.id))
    clock.set(berlin(2026, 2, 25, 10))
    return kept


@pytest.fixture
def akiko(app, meeting) -> Reader:
    reader = Reader(app, people.akiko())
    reader.get("/?lang=en")
    return reader


def at(meeting, what: str) -> str:
    return f"/coordinate/meetings/{meeting.id}/letters/{what}"


def own_letters() -> list[tuple[str, str]]:
    with db.reading():
        found = session().query(Letter).where(Letter.kind.in_(("own", "thanks", "nudge", "test"))).all()
        return sorted((one.kind, people.members.by_id(one.member_id).given) for one in found)


def test_a_letter_is_written_checked_and_sent_and_nothing_goes_before_the_check(akiko, meeting):
    where = akiko.post(at(meeting, "write"), {**QUERIES}).location
    plan_step(Night())
    assert own_letters() == []
    said = plain(akiko.get(where).text)
    for line in (
        "To All who were invited or have answered",
        "When at once",
        "Goes to 3 people Deutsch (1)",
        "English (1): not written in this language; they get it in German",
        "has ended the invitations (1)",
        "Rolf Ruhe: has ended the invitations",
    ):
        assert line in said
    akiko.post(where, {"version": "1"})
    plan_step(Night())
    assert own_letters() == [("own", "Emma"), ("own", "Katrin"), ("own", "Kenji")]
    assert "waits to be sent (3)" in plain(akiko.get(where).text)


def test_the_check_frames_the_letter_in_each_language(akiko, meeting):
    where = akiko.post(
        at(meeting, "write"), {**QUERIES, "subject-ja": "ひとこと", "words-ja": "**呼び鈴**を。"}
    ).location
    for language, words in (("de", "<strong>klingeln</strong>"), ("ja", "<strong>呼び鈴</strong>")):
        page = akiko.get(f"{where}?language={language}")
        frame = re.search(r'<iframe[^>]*src="([^"]+)"', page.text)
        assert frame and words in akiko.get(frame[1].replace("&amp;", "&")).text
        assert "frame-src 'self'" in page.headers["Content-Security-Policy"]


def test_a_letter_is_changed_until_it_goes_and_then_looked_at_again(akiko, meeting, clock):
    where = akiko.post(at(meeting, "write"), MESSAGE).location
    akiko.post(where, {"version": "1"})
    with db.reading():
        message = writing.of_meeting(meeting.id)[0]
        assert (message.state, message.due_at) == ("queued", berlin(2026, 3, 1, 10))
    assert akiko.post(f"{where}/edit", {**MESSAGE, "audience": "all"}).status_code == 303
    assert akiko.post(where, {"version": "1"}).status_code == 409
    clock.set(berlin(2026, 3, 1, 10))
    plan_step(Night())
    assert own_letters() == []


def test_a_letter_is_withdrawn(akiko, meeting):
    where = akiko.post(at(meeting, "write"), QUERIES).location
    akiko.post(where, {"version": "1"})
    plan_step(Night())
    said = plain(akiko.get(akiko.post(f"{where}/withdraw").location).text)
    assert "The letter was withdrawn; 3 did not leave." in said
    assert "not sent (3)" in said


def test_a_letter_of_another_meeting_is_not_found_under_this_one(akiko, app, meeting):
    where = akiko.post(at(meeting, "write"), QUERIES).location
    with db.transaction():
        theirs = people.announced_meeting(people.series_rules.by_slug("hamamatsu"))
        other = theirs.id
    naoko = Reader(app, people.naoko())
    foreign = where.replace(f"/meetings/{meeting.id}/", f"/meetings/{other}/")
    assert [naoko.get(foreign + end).status_code for end in ("", "/edit")] == [404, 404]
    assert naoko.post(foreign + "/withdraw").status_code == 404
    number = where.rpartition("/")[2]
    preview = f"/coordinate/meetings/{other}/letters/preview?kind=own&language=de&message={number}"
    assert naoko.get(preview).status_code == 404


def test_thanks_begin_with_words_in_three_languages_once_the_meeting_is_over(akiko, meeting, clock):
    assert "Thank those who came" not in akiko.get(at(meeting, "").rstrip("/")).text
    clock.set(berlin(2026, 3, 12, 11))
    assert "Thank those who came" in akiko.get(at(meeting, "").rstrip("/")).text
    page = akiko.get(at(meeting, "write?kind=thanks")).text
    for words in ("Vielen Dank für Ihren Besuch", "Thank you for coming", "ご出席の御礼"):
        assert words in page


def test_a_paragraph_is_seen_in_its_letter_and_nowhere_else(akiko, meeting):
    address = at(meeting, "paragraphs/remind")
    assert akiko.post(address, texts("words", "Es gibt **Brezeln**.")).location == address
    framed = [
        akiko.get(f"/coordinate/meetings/{meeting.id}/letters/preview?kind={kind}&language=de&part=html").text
        for kind in ("remind", "eve")
    ]
    assert ["<strong>Brezeln</strong>" in page for page in framed] == [True, False]
    assert "has a paragraph of your own: Reminder" in plain(akiko.get(at(meeting, "").rstrip("/")).text)
    assert [akiko.get(at(meeting, f"paragraphs/{kind}")).status_code for kind in ("own", "sign_in", "x")] == [404] * 3


def test_the_silent_are_shown_with_their_last_letter_and_nudged_once_a_day(akiko, meeting):
    page = akiko.get(at(meeting, "nudge")).text
    rows = [plain(row) for row in re.findall(r"<tr><td.*?</tr>", page, re.DOTALL)]
    assert rows == [
        "Rolf Ruhe has ended the invitations Thursday, 19 February 2026, 9:00 Invitation",
        "Emma Whitfield Thursday, 19 February 2026, 9:00 Invitation",
        "Dr. Kenji Yamada Thursday, 19 February 2026, 9:00 Invitation",
    ]
    assert page.count(" checked") == 2
    numbers = [str(people.emma().id), str(people.katrin().id), "987654"]
    for said in ("1 person is nudged.", "0 people are nudged."):
        assert said in plain(akiko.get(akiko.post(at(meeting, "nudge"), {"members": numbers}).location).text)
    assert own_letters() == [("nudge", "Emma")]
    assert akiko.get(at(meeting, "nudge")).text.count(" checked") == 1


@pytest.mark.parametrize("ticked", [[], ["x"], ["9" * 40]])
def test_without_anybody_ticked_nobody_is_nudged(akiko, meeting, ticked):
    assert akiko.post(at(meeting, "nudge"), {"members": ticked}).status_code == 422
    assert own_letters() == []


def test_all_who_rested_are_nudged_at_once_where_the_list_is_long(akiko, meeting):
    assert akiko.post(at(meeting, "nudge"), {"everybody": "y"}).status_code == 303
    assert own_letters() == [("nudge", "Emma"), ("nudge", "Kenji")]


def test_the_list_of_the_silent_takes_as_many_statements_for_many_as_for_few(akiko, meeting):
    with statements() as few:
        akiko.get(at(meeting, "nudge"))
    with db.transaction():
        for who in people.crowd(120):
            session().add(people.Rsvp(meeting_id=meeting.id, member_id=who.id, invited_at=berlin(2026, 2, 19, 9)))
    with statements() as many:
        page = akiko.get(at(meeting, "nudge")).text
    assert (len(many), page.count('name="members"'), "page=2" in page) == (len(few), 99 + ("Rolf" not in page), True)


def test_a_test_goes_to_the_coordinator_alone(akiko, meeting):
    katrin = str(people.katrin().id)
    for who in ("", katrin):
        sent = akiko.post(at(meeting, "test"), {"kind": "invite", "language": "de", "member": who, "message": ""})
        assert (sent.status_code, "/letters/preview?kind=invite" in sent.location) == (303, True)
    assert own_letters() == [("test", "Akiko")] * 2
    wrong = ({"kind": "x"}, {"language": "fr"}, {"member": str(people.naoko().id)}, {"message": "987654"})
    good = {"kind": "own", "language": "de", "member": "", "message": ""}
    assert [akiko.post(at(meeting, "test"), {**good, **bad}).status_code for bad in wrong] == [404] * 4


def test_own_letters_stand_in_the_forecast_by_day(akiko, meeting):
    where = akiko.post(at(meeting, "write"), MESSAGE).location
    akiko.post(where, {"version": "1"})
    page = akiko.get("/coordinate/letters/forecast").text
    assert "18:00 Letter of your own Thursday, 12 March 2026, 8:00 2 people" in plain(page)
    assert where in page
