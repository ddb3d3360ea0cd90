"""Deputies: named by address, agreeing, answering, ending; and what the pages give away."""

import pytest

from asanokai import db, deputies, rsvps
from asanokai.db import session
from asanokai.errors import BadInput, Missing, Refused
from tests import people
from tests.pages import Reader
from tests.world import plain

EMMA = "emma.whitfield@ilmenau.example"


@pytest.fixture
def meeting(app):
    with db.transaction():
        found = people.announced_meeting(people=[people.katrin()])
        people.emma()
        return found


@pytest.fixture
def agreed(meeting) -> int:
    """Katrin's deputy Emma; the number of the row."""
    with db.transaction():
        row = deputies.name(people.katrin(), EMMA, "deputy")
        deputies.agree(people.emma(), row.id)
        return row.id


def english(app, who) -> Reader:
    reader = Reader(app, who)
    reader.get("/?lang=en")
    return reader


def may(who) -> list[str]:
    session().expire_all()
    return [member.family for _row, member in deputies.answers_for(who)]


def test_nobody_answers_for_anybody_before_agreeing(meeting):
    with db.transaction():
        row = deputies.name(people.katrin(), EMMA.upper(), "assistant")
        before = may(people.emma())
        deputies.agree(people.emma(), row.id)
    assert (before, may(people.emma()), row.kind) == ([], ["Lindner"], "assistant")


def test_a_known_and_an_unknown_address_look_the_same_to_whoever_names_them(app, meeting):
    katrin, pages = english(app, people.katrin()), []
    for address in (EMMA, "nobody@ilmenau.example"):
        katrin.post("/me/deputies", {"email": address, "kind": "deputy"})
        page = katrin.get("/me/deputies").text
        pages.append(
            (page.count("Noted. As soon as"), address in page, "Whitfield" in page, page.count("has not agreed"))
        )
    assert pages == [(1, True, False, 1), (1, True, False, 2)]


def test_who_becomes_a_member_later_is_asked_then(meeting):
    with db.transaction():
        deputies.name(people.katrin(), "later@jena.example", "deputy")
        later = people.member("later@jena.example")
        assert [member.family for _row, member in deputies.asking(later)] == ["Lindner"]


def test_nobody_is_their_own_deputy_and_ten_are_enough(meeting):
    with db.transaction():
        with pytest.raises(BadInput, match="your own address"):
            deputies.name(people.katrin(), "katrin.lindner@optik-jena.example", "deputy")
        for number in range(10):
            deputies.name(people.katrin(), f"d{number}@jena.example", "deputy")
        with pytest.raises(Refused, match="10 people already"):
            deputies.name(people.katrin(), EMMA, "deputy")
        assert deputies.name(people.katrin(), "d3@jena.example", "assistant").kind == "assistant"


@pytest.mark.parametrize("end", ["removed", "refused", "deputy left", "member left"])
def test_the_right_ends(agreed, end):
    with db.transaction():
        katrin, emma = people.katrin(), people.emma()
        if end == "removed":
            deputies.remove(katrin, agreed)
        elif end == "refused":
            deputies.refuse(emma, agreed)
        else:
            (emma if end == "deputy left" else katrin).standing = "left"
        session().flush()
        assert may(emma) == []
        with pytest.raises(Missing):
            deputies.represented(emma, katrin.id)


def test_who_was_removed_must_agree_anew(agreed):
    with db.transaction():
        deputies.remove(people.katrin(), agreed)
        assert deputies.name(people.katrin(), EMMA, "deputy").id == agreed
        assert (may(people.emma()), len(deputies.asking(people.emma()))) == ([], 1)


def test_nobody_ends_or_takes_what_is_not_theirs(agreed):
    with db.transaction():
        for deed in (deputies.remove, deputies.agree, deputies.refuse):
            with pytest.raises(Missing):
                deed(people.oskar(), agreed)
        with pytest.raises(Missing):
            deputies.agree(people.emma(), agreed)


# --- answering --------------------------------------------------------------------------------------------------------


def test_a_deputy_answers_by_the_same_form_and_the_confirmation_goes_to_the_member(app, meeting, agreed):
    number = people.katrin().id
    reader = english(app, people.emma())
    assert f"/me/for/{number}" in reader.get("/me/deputies").text
    here = f"/me/for/{number}/{meeting.id}"
    assert here in reader.get(f"/me/for/{number}").text
    assert "Katrin Lindner" in plain(reader.get(here).text)
    response = reader.post(here, {"answer": "yes", "guests": "1", "guest_names": "Ida"})
    katrin, emma = people.katrin(), people.emma()
    rsvp = rsvps.of(meeting.id, katrin.id)
    assert (response.status_code, rsvp.answer, rsvp.guests, rsvp.by) == (303, "yes", 1, "deputy")
    assert (people.kinds_to(katrin), people.kinds_to(emma)) == (["confirm"], [])


def test_a_deputy_sees_no_meeting_that_does_not_concern_the_member(app, meeting, agreed):
    with db.transaction():
        other = people.announced_meeting(people.series("other"))
    reader = english(app, people.emma())
    katrin = people.katrin().id
    found = [reader.get(f"/me/for/{katrin}/{number}").status_code for number in (meeting.id, other.id, 987_654)]
    assert found == [200, 404, 404]


def test_the_roll_says_that_a_deputy_answered_and_who(app, meeting, agreed):
    with db.transaction():
        people.coordinate(people.series_rules.by_id(meeting.series_id), people.akiko())
        people.say(meeting, people.katrin(), "yes", by="deputy", actor_id=people.emma().id)
    page = english(app, people.akiko()).get(f"/coordinate/meetings/{meeting.id}/roll/{people.katrin().id}").text
    assert "by a deputy: Emma Whitfield" in page
