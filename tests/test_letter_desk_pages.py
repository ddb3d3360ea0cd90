"""The letter desk: the forecast by day and by name, a member's time line, a letter as a member gets it, the pauses."""

import re
from datetime import timedelta

import pytest

from asanokai import announcing, db, installation, invitations, letters, meetings
from asanokai import series as series_rules
from tests import people
from tests.pages import Reader, facts, statements
from tests.people import berlin
from tests.world import plain

DESK = "/coordinate/letters"


@pytest.fixture
def meeting(app, clock):
    """A meeting announced on 1 February of a series that Akiko coordinates, with Katrin, Emma, Kenji and one without
    an address; Emma has ended her invitations. Naoko coordinates another series, of which Oskar is a member."""
    with db.transaction():
        series, other = people.series(), people.series("hamamatsu", zone="Asia/Tokyo")
        people.coordinate(series, people.akiko())
        people.coordinate(other, people.naoko())
        people.belong(other, people.oskar())
        people.ludwig()
        nobody = people.member(None, family="Ohne", given="Otto")
        made = people.announced_meeting(series, people=[people.katrin(), people.emma(), people.kenji(), nobody])
        people.members.unsubscribe(people.emma())
        return facts(made)


@pytest.fixture
def akiko(app, meeting) -> Reader:
    reader = Reader(app, people.akiko())
    reader.get("/?lang=en")
    return reader


def days(page: str) -> list[str]:
    """A forecast's days and lines as plain words."""
    return [plain(part) for part in re.findall(r"<h2>.*?</h2>|<tr><td.*?</tr>", page, re.DOTALL)]


def cells(page: str) -> list[str]:
    return [plain(line) for line in re.findall(r"<tr><td.*?</tr>", page, re.DOTALL)]


# --- the forecast -----------------------------------------------------------------------------------------------------


def test_the_forecast_says_by_day_on_the_readers_own_clock_what_goes_to_how_many_in_which_languages(akiko):
    # Akiko sits in Tokyo: 09:00 in Jena is 17:00 there.
    assert days(akiko.get(DESK + "/forecast").text) == [
        "Thursday, 19 February 2026",
        "17:00 Invitation Thursday, 12 March 2026, 8:00 2 people Deutsch (1), 日本語 (1) "
        "has no mail address (1) has ended the invitations (1) By name",
        "Tuesday, 10 March 2026",
        "17:00 Reminder Thursday, 12 March 2026, 8:00 2 people Deutsch (1), 日本語 (1) "
        "has no mail address (1) has ended the invitations (1) By name",
        "Thursday, 12 March 2026",
        "1:00 Evening-before note Thursday, 12 March 2026, 8:00 0 people",
    ]


def test_the_forecast_names_who_is_left_out_of_a_step_and_why(akiko, meeting):
    page = akiko.get(DESK + "/forecast").text
    links = re.findall(r'href="([^"]*left-out[^"]*)"', page)
    assert [cells(akiko.get(link.replace("&amp;", "&")).text) for link in links] == [
        ["Otto Ohne has no mail address", "Emma Whitfield has ended the invitations"]
    ] * 2
    wrong = ("kind=remind&step=7", "kind=moved", "step=0", "step=99999999999", "kind=eve&step=2")
    address = f"/coordinate/meetings/{meeting.id}/letters/left-out?"
    assert [akiko.get(address + query).status_code for query in wrong] == [404] * 5


def test_the_forecast_is_paged_and_takes_as_many_statements_for_many_moments_as_for_one(akiko, meeting):
    with statements() as few:
        akiko.get(DESK + "/forecast")
    with db.transaction():
        series = series_rules.by_id(meeting.series_id)
        for week in range(1, 15):
            people.announced_meeting(series, people.FIRST_MORNING + timedelta(weeks=week))
    with statements() as many:
        first = akiko.get(DESK + "/forecast").text
    second = akiko.get(DESK + "/forecast?page=2").text
    assert (len(cells(first)), len(cells(second)), len(many)) == (25, 20, len(few))
    assert ("page=2" in first, "page=3" in second) == (True, False)


def test_the_forecast_of_another_series_is_not_shown(app, meeting):
    naoko = Reader(app, people.naoko())
    assert "asanokai" not in " ".join(days(naoko.get(DESK + "/forecast?lang=en").text))
    assert "Nothing goes out by the plan" in plain(naoko.get(DESK + "/forecast").text)


# --- the ledger -------------------------------------------------------------------------------------------------------


def test_the_outbox_is_turned_page_by_page(akiko, meeting):
    with db.transaction():
        for number in range(150):
            letters.post("confirm", f"confirm:{number}", member_id=people.katrin().id, meeting_id=meeting.id)
    for address in (
        DESK,
        f"/coordinate/meetings/{meeting.id}/letters",
        f"/coordinate/people/{people.katrin().id}/letters",
    ):
        counted = [akiko.get(f"{address}?page={page}").text.count("badge queued") for page in (1, 2)]
        extra = counted[0] - 100  # the count of the states stands there too
        assert (counted, extra in (0, 1)) == ([100 + extra, 50 + extra], True)


def test_a_members_time_line_tells_every_letter_and_its_fate(akiko, meeting, clock):
    clock.set(berlin(2026, 2, 19, 9))
    with db.transaction():
        people.plan()
        (letter,) = people.letters_to(people.katrin())
        letter.state, letter.reason, letter.attempts = "failed", "refused by the server", 2
        letter.server_words, letter.settled_at = "550 5.1.1 <no>", clock.now + timedelta(minutes=1)
        letters.post("confirm", "one", member_id=people.katrin().id, meeting_id=meeting.id)
    page = akiko.get(f"/coordinate/people/{people.katrin().id}/letters").text
    assert cells(page) == [
        "Thursday, 19 February 2026, 9:00 Confirmation Thursday, 12 March 2026, 8:00 waits to be sent",
        "Thursday, 19 February 2026, 9:01 Invitation Thursday, 12 March 2026, 8:00 failed the mail server refused it "
        "550 5.1.1 <no> posted Thursday, 19 February 2026, 9:00, 2 attempts Send again",
    ]


def test_a_coordinator_sees_only_letters_about_her_own_meetings_and_nobody_elses_members(app, akiko, meeting):
    with db.transaction():
        katrin = people.katrin().id
        people.members.ask_for_sign_in("katrin.lindner@optik-jena.example")
    ludwig = Reader(app, people.ludwig())
    seen = [len(cells(reader.get(f"/coordinate/people/{katrin}/letters").text)) for reader in (akiko, ludwig)]
    assert seen == [0, 1]
    assert akiko.get(f"/coordinate/people/{people.oskar().id}/letters").status_code == 404
    assert Reader(app, people.naoko()).get(f"/coordinate/people/{katrin}/letters").status_code == 404


# --- how they look ----------------------------------------------------------------------------------------------------


def preview(reader: Reader, meeting, query: str) -> str:
    return reader.get(f"/coordinate/meetings/{meeting.id}/letters/preview?{query}").text


def test_a_letter_is_shown_as_a_member_gets_it_with_its_calendar_part_in_words(akiko, meeting):
    number = people.kenji().id
    page = preview(akiko, meeting, f"kind=invite&member={number}")
    said = plain(page)
    assert "To: 山田 健二 <kenji.yamada@erfurt.example>" in said
    assert "山田様 いつもお世話になっております。" in said
    for line in (
        "The mail program enters the morning into the calendar",
        "REQUEST: an invitation, or its update",
        "SEQUENCE 0",
        "Begins Thursday, 12 March 2026, 8:00",
        "Attendee 山田 健二 <kenji.yamada@erfurt.example>",
        "Answer shown not answered yet",
    ):
        assert line in said


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("confirm", "only takes over the answer: the change number (SEQUENCE) is the same"),
        ("moved", "replaces it, since the change number (SEQUENCE) has risen"),
        ("cancelled", "takes the entry out of the calendar"),
        ("remind", "carries no calendar part"),
    ],
)
def test_the_calendar_part_says_what_a_mail_program_makes_of_it(akiko, meeting, clock, kind, words):
    clock.set(berlin(2026, 2, 19, 9))
    with db.transaction():
        people.plan()
        rsvp = people.say(meetings.by_id(meeting.id), people.katrin(), "yes")
        rsvp.stamped_at, rsvp.sequence = clock.now, 0
        if kind == "moved":
            announcing.move(meeting.id, announcing.Change(venue={"de": "Weimar"}))
    assert words in plain(preview(akiko, meeting, f"kind={kind}&member={people.katrin().id}"))


def test_a_preview_says_why_its_reader_would_not_get_the_letter(akiko, meeting):
    said = plain(preview(akiko, meeting, f"kind=invite&member={people.emma().id}"))
    assert "Now this letter would not go to this member: has ended the invitations." in said


def test_no_preview_holds_a_link_by_which_somebody_could_answer_for_the_reader(app, akiko, meeting):
    katrin = people.katrin().id
    for kind in letters.OF_MEETING:
        page = preview(akiko, meeting, f"kind={kind}&member={katrin}")
        for purpose, path in (("answer", "answer"), ("unsubscribe", "unsubscribe")):
            for token in re.findall(rf"/{path}/([A-Za-z0-9_.-]+)", page):
                assert app.extensions["tokens"].read(purpose, token) in (0, [0, 0])


def test_a_reader_is_found_by_name_among_the_series_members_and_others_are_not_there(akiko, meeting):
    page = preview(akiko, meeting, "kind=remind&who=Lindner")
    assert f"kind=remind&amp;member={people.katrin().id}" in page
    assert "Nobody found" in plain(preview(akiko, meeting, "who=Fremd"))
    address = f"/coordinate/meetings/{meeting.id}/letters/preview?member="
    assert [akiko.get(address + str(number)).status_code for number in (people.oskar().id, 0, 2**40)] == [404] * 3


# --- pauses -----------------------------------------------------------------------------------------------------------


def test_all_pauses_stand_on_one_page_and_are_set_and_ended_there(app, meeting):
    ludwig, back = Reader(app, people.ludwig()), {"back": "pauses"}
    ludwig.get("/?lang=en")
    for address in (
        "/coordinate/settings/pause",
        f"/coordinate/series/{meeting.series_id}/pause",
        f"/coordinate/meetings/{meeting.id}/pause",
    ):
        said = []
        for _turn in ("on", "off"):
            response = ludwig.post(address, back)
            assert response.location == DESK + "/pauses"
            said.append(ludwig.get(response.location).text.count("Let letters go out again"))
        assert said == [1, 0]


def test_a_coordinator_sees_that_everything_waits_but_cannot_change_it(akiko, meeting):
    with db.transaction():
        installation.pause(True, actor_id=None)
        letters.post("confirm", "one", member_id=people.katrin().id, meeting_id=meeting.id)
    page = akiko.get(DESK + "/pauses").text
    assert ("/settings/pause" in page, "All letters" in page, "hamamatsu" in page) == (False, True, False)
    assert "1 letter in the queue" in plain(page)
    assert "All letters wait" in plain(akiko.get(DESK + "/forecast").text)


def test_meetings_counted_together_are_told_as_each_would_be_alone(app, meeting, clock):
    with db.transaction():
        series = series_rules.by_id(meeting.series_id)
        other = series_rules.by_slug("hamamatsu")
        soon = [people.announced_meeting(series, people.FIRST_MORNING + timedelta(weeks=week)) for week in (1, 2, 30)]
        theirs = people.announced_meeting(other, people.FIRST_MORNING + timedelta(days=1))
        people.say(soon[1], people.kenji(), "yes")
        numbers = [meeting.id, theirs.id, *(one.id for one in soon)]
    clock.set(berlin(2026, 2, 19, 9))
    with db.transaction():
        people.plan()
    until = berlin(2026, 12, 24, 12)

    def told(meeting_ids: list[int]) -> list[tuple[int, str, int, dict[str, int], dict[str, int]]]:
        found = invitations.forecast(until=until, meeting_ids=meeting_ids)
        return [(line.meeting.id, line.kind, line.readers, line.languages, line.left_out) for line in found]

    with db.reading():
        assert sorted(told(numbers), key=repr) == sorted((line for one in numbers for line in told([one])), key=repr)
        assert len({repr(line[2:]) for line in told(numbers)}) > 4
