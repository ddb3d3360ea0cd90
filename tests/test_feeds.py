"""Calendar feeds: what they hold, for whom, in which language, and that nothing new is nothing sent."""

from datetime import timedelta

import icalendar
import pytest

from asanokai import announcing, db, meetings, members
from asanokai.announcing import Change
from tests import people
from tests.pages import facts, statements


@pytest.fixture
def meeting(app):
    """A public meeting on 12 March that Katrin, Emma and Naoko belong to."""
    with db.transaction():
        made = people.announced_meeting(people=[people.katrin(), people.emma(), people.naoko()])
        people.oskar()
        return facts(made)


def entries(response) -> list[dict[str, object]]:
    """The entries of a feed as plain values."""
    assert response.status_code == 200, response.text
    return [
        {
            "uid": str(event["uid"]),
            "summary": str(event["summary"]),
            "status": str(event["status"]),
            "sequence": int(event["sequence"]),
            "starts": event["dtstart"].dt,
        }
        for event in icalendar.Calendar.from_ical(response.data).walk("VEVENT")
    ]


def summaries(response) -> list[tuple[object, object]]:
    return [(entry["summary"], entry["status"]) for entry in entries(response)]


def secret(who) -> str:
    return f"/calendar/{who.calendar_secret}.ics"


# --- public -----------------------------------------------------------------------------------------------------------


def test_the_public_feed_holds_the_announced_public_meetings_and_nothing_else(app, client, meeting):
    with db.transaction():
        series = people.series("second")
        people.meeting(series, people.FIRST_MORNING.replace(month=4, day=9))
        hidden = people.announced_meeting(series, people.FIRST_MORNING.replace(month=5, day=14), public=False)
        assert hidden.public is False
    response = client.get("/calendar.ics", headers={"Accept-Language": "en"})
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert entries(response) == [
        {
            "uid": meeting.uid,
            "summary": "Asa no Kai Thuringia",
            "status": "CONFIRMED",
            "sequence": 0,
            "starts": meeting.starts_at,
        }
    ]


def test_the_feed_names_nobody(app, client, meeting):
    with db.transaction():
        people.say(meeting, people.emma(), "yes")
    lines = client.get("/calendar.ics").text
    assert [word for word in ("ATTENDEE", "ORGANIZER", "mailto", "@ilmenau", "METHOD") if word in lines] == []


def test_the_public_feed_speaks_the_language_asked_for(app, client, meeting):
    names = [
        entries(client.get("/calendar.ics", headers={"Accept-Language": language}))[0]["summary"]
        for language in ("de", "en", "ja")
    ]
    assert names == ["Asa no Kai Thüringen", "Asa no Kai Thuringia", "朝の会テューリンゲン"]


def test_a_moved_meeting_keeps_its_uid_and_bears_a_higher_sequence(app, client, meeting):
    week = timedelta(days=7)
    with db.transaction():
        announcing.move(meeting.id, Change(starts_at=meeting.starts_at + week, ends_at=meeting.ends_at + week))
    (entry,) = entries(client.get("/calendar.ics"))
    assert (entry["uid"], entry["sequence"], entry["starts"]) == (meeting.uid, 1, meeting.starts_at + week)


def test_what_was_stays_for_ninety_days(app, client, meeting, clock):
    clock.set(meeting.ends_at + timedelta(days=89))
    assert len(entries(client.get("/calendar.ics"))) == 1
    clock.advance(days=2)
    assert entries(client.get("/calendar.ics")) == []


def test_a_cancelled_meeting_stays_as_cancelled_for_ninety_days(app, client, clock):
    with db.transaction():
        far = people.announced_meeting(people.series(), people.FIRST_MORNING.replace(month=11, day=12)).id
        announcing.cancel(far)
    headers = {"Accept-Language": "en"}
    assert summaries(client.get("/calendar.ics", headers=headers)) == [("Cancelled: Asa no Kai Thuringia", "CANCELLED")]
    clock.advance(days=91)
    assert entries(client.get("/calendar.ics", headers=headers)) == []


def test_a_dropped_draft_never_appears(app, client):
    with db.transaction():
        meetings.delete_draft(people.meeting(), actor_id=None)
    assert entries(client.get("/calendar.ics")) == []


@pytest.mark.parametrize("method", ["get", "head"])
def test_unchanged_is_answered_304_however_late_and_changed_is_sent_again(app, client, meeting, clock, method):
    first = client.get("/calendar.ics")
    seen = {"If-None-Match": first.headers["ETag"]}
    clock.advance(hours=30)
    again = getattr(client, method)("/calendar.ics", headers=seen)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    with db.transaction():
        announcing.edit(meeting.id, title={"de": "Optik und Licht"})
    assert getattr(client, method)("/calendar.ics", headers=seen).status_code == 200


# --- personal ---------------------------------------------------------------------------------------------------------


def test_the_personal_feed_marks_what_is_not_settled_and_leaves_out_what_was_declined(app, client, meeting):
    address = secret(people.emma())
    assert summaries(client.get(address)) == [("Not answered yet: Asa no Kai Thuringia", "TENTATIVE")]
    seen = []
    for choice in ("maybe", "yes", "no"):
        with db.transaction():
            people.say(meeting, people.emma(), choice)
        seen.append(summaries(client.get(address)))
    assert seen == [[("Maybe: Asa no Kai Thuringia", "TENTATIVE")], [("Asa no Kai Thuringia", "CONFIRMED")], []]


def test_who_waits_sees_so_in_the_calendar(app, client, meeting):
    with db.transaction():
        announcing.edit(meeting.id, seats=1)
        people.say(meeting, people.katrin(), "yes")
        people.say(meeting, people.emma(), "yes")
    assert summaries(client.get(secret(people.emma()))) == [("Waiting list: Asa no Kai Thuringia", "TENTATIVE")]


def test_the_personal_feed_holds_meetings_that_are_not_public_and_no_others(app, client, meeting):
    with db.transaction():
        announcing.edit(meeting.id, public=False)
        people.announced_meeting(people.series("others"), people.FIRST_MORNING.replace(month=4, day=2))
    emma, oskar = client.get(secret(people.emma())), client.get(secret(people.oskar()))
    assert [entry["uid"] for entry in entries(emma)] == [meeting.uid]
    assert entries(oskar) == []


def test_the_personal_feed_is_in_the_members_language_and_for_nobody_else_to_keep(app, client, meeting):
    response = client.get(secret(people.naoko()), headers={"Accept-Language": "de"})
    assert "朝の会テューリンゲン" in str(entries(response)[0]["summary"])
    assert response.headers["Cache-Control"].startswith("private")
    assert "Set-Cookie" not in response.headers


def test_its_sequence_is_the_one_of_the_letters_to_this_reader(app, client, meeting):
    with db.transaction():
        for choice in ("no", "yes"):
            people.say(meeting, people.emma(), choice)
    assert entries(client.get(secret(people.emma())))[0]["sequence"] == 1


def test_an_unknown_address_a_replaced_one_and_that_of_somebody_who_left_are_404(app, client, meeting):
    old = secret(people.emma())
    with db.transaction():
        members.new_calendar_secret(people.emma())
        people.juergen()
    asked = [client.get(address).status_code for address in ("/calendar/guess.ics", old, secret(people.juergen()))]
    assert asked == [404, 404, 404]
    assert client.get(secret(people.emma())).status_code == 200


def test_a_feed_takes_the_same_number_of_statements_for_one_meeting_and_for_three(app, client, meeting):
    address = secret(people.emma())
    with statements() as one:
        client.get(address)
    with db.transaction():
        series = people.series_rules.by_id(meeting.series_id)
        for month in (4, 5):
            people.announced_meeting(series, people.FIRST_MORNING.replace(month=month, day=9))
    with statements() as three:
        assert len(entries(client.get(address))) == 3
    assert len(one) == len(three)
