"""What nobody may, whatever they type: see or move anything of another series, or what was somebody else's before.

Which page answers whom stands in `test_guards`; here is what the pages' own inputs could reach beyond it.
"""

import pytest
from sqlalchemy import select

from asanokai import (
    announcing,
    bulk,
    db,
    deputies,
    leaving,
    materials,
    meetings,
    members,
    speakers,
    topics,
    uploads,
    writing,
)
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.letters import OF_MEETING
from asanokai.speakers import PersonText, Reach
from asanokai.topics import SpeakerText
from tests import people
from tests.pages import Reader
from tests.people import berlin
from tests.test_lists_pages import names, page
from tests.world import portrait


@pytest.fixture
def own(app) -> int:
    """A series of Akiko's with Katrin, Emma and Kenji; Kenji belongs to Naoko's as well."""
    with db.transaction():
        series, theirs = people.series(), people.series("hamamatsu")
        people.coordinate(series, people.akiko())
        people.coordinate(theirs, people.naoko())
        people.belong(series, people.katrin(), people.emma(), people.kenji())
        people.belong(theirs, people.kenji())
        return series.id


@pytest.fixture
def akiko(app, own) -> Reader:
    return english(app)


def english(app) -> Reader:
    reader = Reader(app, people.akiko())
    reader.get("/?lang=en")
    return reader


def number_of(slug: str) -> int:
    return session().scalars(select(series_rules.Series.id).where(series_rules.Series.slug == slug)).one()


# --- another series ---------------------------------------------------------------------------------------------------


def test_the_list_of_a_series_does_not_tell_who_belongs_to_another(akiko, own):
    everybody = ["Lindner", "Sato", "Whitfield", "Yamada"]
    assert names(akiko, f"{page(own)}?series={number_of('hamamatsu')}") == everybody
    assert names(akiko, f"{page(own)}?series={number_of('hamamatsu')}&role=member") == everybody[:1] + everybody[2:]


def test_the_list_of_a_series_does_not_tell_who_answers_to_another(akiko, own, clock):
    with db.transaction():
        theirs = people.announced_meeting(series_rules.by_id(number_of("hamamatsu")))
        ours = people.announced_meeting(series_rules.by_id(own))
        clock.set(berlin(2026, 2, 20, 12))
        people.plan()
        people.say(theirs, people.kenji(), "yes")
        people.say(ours, people.emma(), "yes")
    clock.set(berlin(2026, 3, 20, 12))
    assert names(english(akiko.app), f"{page(own)}?silent=1") == ["Lindner", "Yamada"]


def test_who_coordinates_does_not_read_which_letters_go_to_a_member_for_another_series(akiko, own, clock):
    with db.transaction():
        ours = people.announced_meeting(series_rules.by_id(own))
        number = ours.id
        clock.set(berlin(2026, 2, 20, 12))
        people.plan()
        people.send_all()
        assert {one.kind for one in writing.silent(ours, limit=9)} == {"invite"}
        members.send_sign_in(people.kenji(), "kenji@x.example", actor_id=None)
        session().flush()
        kinds = {one.member.id: one.kind for one in writing.silent(meetings.by_id(number), limit=9)}
    assert kinds == {people.katrin().id: "invite", people.emma().id: "invite", people.kenji().id: None}
    assert akiko.get(f"/coordinate/meetings/{number}/letters/nudge").status_code == 200


def test_todays_address_of_who_once_belonged_is_not_shown(akiko, own):
    with db.transaction():
        meeting, kenji = people.announced_meeting(series_rules.by_id(own)), people.kenji()
        series_rules.part(series_rules.by_id(own), kenji, actor_id=None)
        address, number, meeting_id = members.main_address(kenji).text, kenji.id, meeting.id
    letters = akiko.get(f"/coordinate/people/{number}/letters")
    assert (letters.status_code, address in letters.text) == (200, False)
    preview = f"/coordinate/meetings/{meeting_id}/letters/preview?kind=invite&member={number}"
    assert akiko.get(preview).status_code == 404
    assert (
        people.katrin().id != number
        and akiko.get(preview.replace(f"={number}", f"={people.katrin().id}")).status_code == 200
    )


@pytest.mark.parametrize("kind", OF_MEETING)
def test_every_letter_can_be_looked_at_as_a_member(akiko, own, kind):
    with db.transaction():
        number = people.announced_meeting(series_rules.by_id(own)).id
        katrin = people.katrin().id
    page = f"/coordinate/meetings/{number}/letters/preview?kind={kind}&member={katrin}"
    assert [akiko.get(page).status_code, akiko.get(f"{page}&part=html").status_code] == [200, 200]


# --- more than a page would send --------------------------------------------------------------------------------------


def test_more_ticks_than_there_are_people_are_no_fault(akiko, own):
    deed = {"deed": "csv", "member": [str(number) for number in range(1, 180_000)]}
    assert akiko.post(f"{page(own)}/deeds", deed).status_code == 200


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30])
def test_nobody_has_such_a_number(akiko, own, number):
    with db.transaction():
        meeting = people.announced_meeting(series_rules.by_id(own))
        people.say(meeting, people.katrin(), "yes")
        address = f"/coordinate/meetings/{meeting.id}/roll/{people.katrin().id}/pass-on"
    assert akiko.post(address, {"colleague": str(number)}).status_code == 422


# --- locks ------------------------------------------------------------------------------------------------------------


def test_taking_many_off_a_series_locks_its_meetings_in_the_order_of_their_numbers(akiko, own, monkeypatch):
    locked: list[int] = []
    lock = meetings.for_update
    with db.transaction():
        series = series_rules.by_id(own)
        first, second = (
            people.announced_meeting(series, people.FIRST_MORNING.replace(month=month)) for month in (3, 4)
        )
        people.say(second, people.emma(), "yes")
        people.say(first, people.katrin(), "yes")
        plan = bulk.look(bulk.Deed("part", str(own)), [people.emma().id, people.katrin().id], series=series)
        monkeypatch.setattr(meetings, "for_update", lambda number: locked.append(number) or lock(number))
        bulk.do(plan, actor_id=people.akiko().id)
        assert list(dict.fromkeys(locked)) == [first.id, second.id]


# --- what was somebody else's -----------------------------------------------------------------------------------------


@pytest.fixture
def meeting(own):
    with db.transaction():
        made = people.announced_meeting(series_rules.by_id(own))
        topics.post(made, {"de": "Licht"}, speakers=[SpeakerText(family="Suzuki", given="Ichiro")])
        return made.id


def test_another_host_begins_with_nothing_of_the_first_ones(meeting):
    with db.transaction():
        this = meetings.by_id(meeting)
        eva = speakers.name_host(this, PersonText({"family": "Roth", "given": "Eva"}), Reach("eva@x.example"))
        about = PersonText({"family": "Roth", "given": "Eva"}, biography={"de": "Ich bin Eva."})
        speakers.tell(eva, this, about)
        speakers.answer(eva, this, comes=True, word="Meine Nummer ist 123")
        uploads.set_photo(this, eva.id, portrait())
    with db.transaction():
        this = meetings.by_id(meeting)
        adam = speakers.name_host(this, PersonText({"family": "Blau", "given": "Adam"}), Reach("adam@x.example"))
        session().flush()
        assert (adam.state, adam.biography, adam.word) == ("unasked", None, "")
        assert list(uploads.of(this)) == []


def test_a_host_whose_address_or_name_is_corrected_keeps_what_is_theirs(meeting):
    with db.transaction():
        this = meetings.by_id(meeting)
        eva = speakers.name_host(this, PersonText({"family": "Rot", "given": "Eva"}), Reach("eva@x.example"))
        uploads.set_photo(this, eva.id, portrait())
        same = speakers.name_host(this, PersonText({"family": "Roth", "given": "Eva"}), Reach("eva@x.example"))
        assert same.id == eva.id
        again = speakers.name_host(this, PersonText({"family": "Roth", "given": "Eva"}), Reach("roth@x.example"))
        assert (again.id, len(uploads.of(this))) == (eva.id, 1)


def test_a_speaker_of_the_same_family_name_does_not_take_over_the_others_link(meeting):
    with db.transaction():
        this = meetings.by_id(meeting)
        (topic,) = topics.of(this)
        (ichiro,) = topic.speakers
        speakers.reach_speaker(this, ichiro.id, Reach("ichiro@x.example"))
        topics.post(this, topic.title, topic_id=topic.id, speakers=[SpeakerText(family="Suzuki", given="Hanako")])
    with db.transaction():
        assert speakers.of(meetings.by_id(meeting)) == []


def test_slides_of_a_meeting_that_was_called_off_are_shown_to_nobody(meeting, clock):
    with db.transaction():
        this = meetings.by_id(meeting)
        uploads.add_document(this, "slides", "Licht.pdf", b"%PDF-1.7 x", field="slides", seen_by="all")
        announcing.cancel(this.id)
    clock.set(berlin(2026, 3, 13, 8))
    with db.transaction():
        this = meetings.by_id(meeting)
        assert list(materials.for_reader(this, uploads.of(this), None, member=True).files) == []


def test_whoever_left_and_comes_back_has_no_deputy_and_is_none(own):
    with db.transaction():
        katrin, emma, kenji = people.katrin(), people.emma(), people.kenji()
        for who in (emma, kenji):
            hers = deputies.name(who, "katrin.lindner@optik-jena.example", "deputy")
            deputies.agree(katrin, hers.id)
        deputies.agree(emma, deputies.name(katrin, "emma.whitfield@ilmenau.example", "deputy").id)
        leaving.leave(katrin, actor_id=katrin.id)
        leaving.leave(kenji, actor_id=kenji.id)
        for who in (katrin, kenji):
            who.standing = "accepted"
        session().flush()
        assert [deputies.answers_for(who) for who in (katrin, emma)] == [[], []]
        assert deputies.named_by(members.by_id(katrin.id)) == []
