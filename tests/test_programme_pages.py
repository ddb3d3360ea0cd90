"""What everybody may see: the programme, a meeting's page for each kind of reader, the legal pages, and monitors."""

import re
from datetime import timedelta

import pytest

from asanokai import announcing, db, installation, topics
from asanokai.topics import SpeakerText
from tests import people
from tests.pages import Reader, facts, statements

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def meeting(app):
    """A public meeting on 12 March that Emma and Naoko belong to and Akiko coordinates; Oskar is an outsider."""
    with db.transaction():
        people.ludwig()
        people.oskar()
        made = people.announced_meeting(people=[people.emma(), people.naoko()])
        people.coordinate(people.series_rules.by_id(made.series_id), people.akiko())
        topics.post(
            made,
            {"de": "Licht aus Jena"},
            abstract={"de": "Ein **Vortrag** <script>alert(1)</script>"},
            speakers=[SpeakerText(family="Ito", given="Hiroshi", organisation={"de": "Photonik Hamamatsu"})],
        )
        return facts(made)


def shows(page: str, *words: str) -> list[bool]:
    return [one in page for one in words]


# --- the programme ----------------------------------------------------------------------------------------------------


def test_an_empty_installation_says_how_to_begin(app, client):
    page = client.get("/", headers=ENGLISH).text
    assert "asanokai member add you@example.org --family Yamada --given Hanako --role administrator" in page
    assert "asanokai sign-in-link you@example.org" in page


def test_once_there_is_an_administrator_the_start_page_welcomes(app, client):
    with db.transaction():
        people.ludwig()
        installation.change(actor_id=None, welcome={"de": "# Guten Morgen", "en": "Good *morning*"})
    page = client.get("/", headers=ENGLISH).text
    assert shows(page, "sign-in-link", "Good <em>morning</em>", "No meeting has been announced yet") == [
        False,
        True,
        True,
    ]


def test_the_programme_lists_what_is_public_and_announced_and_nothing_else(app, client, meeting):
    with db.transaction():
        series = people.series("second", name={"en": "Second series"})
        people.meeting(series, people.FIRST_MORNING.replace(month=4, day=9))
        people.announced_meeting(series, people.FIRST_MORNING.replace(month=5, day=14), public=False)
    for address in ("/", "/meetings/"):
        page = client.get(address, headers=ENGLISH).text
        assert re.findall(r'href="/meetings/([^"?]+)"', page) == [meeting.path]
        assert "Second series" not in page


def test_a_meeting_that_is_over_moves_to_the_past_ones(app, client, meeting, clock):
    clock.set(meeting.ends_at)
    page = client.get("/meetings/", headers=ENGLISH).text
    before, _, after = page.partition("Past meetings")
    assert shows(before, meeting.path) + shows(after, meeting.path) == [False, True]


# --- a meeting's page -------------------------------------------------------------------------------------------------


def test_a_visitor_sees_day_place_topic_and_how_to_take_part_but_no_answer_form(app, client, meeting):
    page = client.get(f"/meetings/{meeting.path}", headers=ENGLISH).text
    assert shows(page, "Thursday, 12 March 2026", "8:00–10:00", "House of Optics, Jena", "Licht aus Jena") == [True] * 4
    assert shows(page, f"/join?meeting={meeting.path}", "<textarea", "Coordinate this meeting") == [True, False, False]


def test_a_fallback_is_marked_with_its_language(app, client, meeting):
    page = client.get(f"/meetings/{meeting.path}", headers=ENGLISH).text
    assert '<span lang="de">Licht aus Jena</span> <span class="fallback">in German</span>' in page


def test_an_abstract_is_shown_as_text_and_never_as_a_script(app, client, meeting):
    page = client.get(f"/meetings/{meeting.path}").text
    main = page.partition("<main")[2]
    assert shows(main, "<strong>Vortrag</strong>", "<script") == [True, False]


def test_a_member_sees_the_answer_form_and_by_when_to_answer(app, meeting):
    page = Reader(app, people.emma()).get(f"/meetings/{meeting.path}").text
    assert shows(page, "<textarea", "Not answered yet", "Wednesday, 11 March 2026, 12:00", "Take part") == [
        True,
        True,
        True,
        False,
    ]


def test_a_member_elsewhere_sees_the_own_clock_too(app, meeting):
    page = Reader(app, people.naoko()).get(f"/meetings/{meeting.path}").text
    assert shows(page, "8:00～10:00", "東京時間16:00～18:00") == [True, True]


def test_the_join_link_is_for_those_who_are_invited(app, client, meeting):
    with db.transaction():
        announcing.edit(meeting.id, join_link="https://video.example/morning")
    seen = [
        "video.example" in reader.get(f"/meetings/{meeting.path}").text
        for reader in (client, Reader(app, people.oskar()), Reader(app, people.emma()))
    ]
    assert seen == [False, False, True]


def test_a_coordinator_finds_the_way_to_the_desk(app, meeting):
    page = Reader(app, people.akiko()).get(f"/meetings/{meeting.path}?lang=en").text
    assert shows(page, f"/coordinate/meetings/{meeting.id}", "<textarea") == [True, False]


def test_a_draft_is_404_for_everybody_but_its_coordinators(app, client, meeting):
    with db.transaction():
        draft = people.meeting(
            people.series_rules.by_id(meeting.series_id), people.FIRST_MORNING.replace(month=4, day=9)
        ).path
    readers = (client, Reader(app, people.oskar()), Reader(app, people.emma()), Reader(app, people.akiko()))
    assert [reader.get(f"/meetings/{draft}").status_code for reader in readers] == [404, 404, 404, 200]


def test_a_meeting_that_is_not_public_is_404_for_outsiders(app, client, meeting):
    with db.transaction():
        announcing.edit(meeting.id, public=False)
    readers = (client, Reader(app, people.oskar()), Reader(app, people.emma()), Reader(app, people.akiko()))
    assert [reader.get(f"/meetings/{meeting.path}").status_code for reader in readers] == [404, 404, 200, 200]


def test_what_is_hidden_answers_exactly_as_what_does_not_exist(app, client, meeting):
    with db.transaction():
        announcing.edit(meeting.id, public=False)
    hidden, none = (client.get(f"/meetings/{path}", headers=ENGLISH) for path in (meeting.path, "2026-03-12-nothing"))
    same = [re.sub(r"2026-03-12-\w+", "", one.text) for one in (hidden, none)]
    assert (hidden.status_code, same[0]) == (none.status_code, same[1])


def test_the_old_address_of_a_moved_meeting_leads_on_for_good(app, client, meeting):
    week = timedelta(days=7)
    with db.transaction():
        announcing.move(
            meeting.id, announcing.Change(starts_at=meeting.starts_at + week, ends_at=meeting.ends_at + week)
        )
    response = client.get(f"/meetings/{meeting.path}")
    assert (response.status_code, response.location) == (301, "/meetings/2026-03-19-asanokai")
    assert client.get(response.location).status_code == 200


def test_a_cancelled_meeting_says_so_and_why(app, client, meeting):
    with db.transaction():
        announcing.cancel(meeting.id, reason={"en": "The host is ill."})
    page = client.get(f"/meetings/{meeting.path}", headers=ENGLISH).text
    assert shows(page, "This meeting has been cancelled.", "The host is ill.", "Ask to take part") == [
        True,
        True,
        False,
    ]


def test_a_full_meeting_says_so(app, client, meeting):
    with db.transaction():
        announcing.edit(meeting.id, seats=1)
        people.say(meeting, people.emma(), "yes")
        people.say(meeting, people.naoko(), "yes")
    page = client.get(f"/meetings/{meeting.path}", headers=ENGLISH).text
    assert shows(page, "All seats are taken.", "1 person is waiting.") == [True, True]


# --- languages and headers --------------------------------------------------------------------------------------------


def spoken(response) -> str:
    found = re.search(r'<html lang="(\w+)"', response.text)
    assert found
    return found[1]


def test_the_language_is_the_one_asked_for_then_the_browsers_then_german(app, client, meeting):
    said = [
        spoken(app.test_client().get("/", headers={"Accept-Language": tag})) for tag in ("ja-JP, en", "en-GB", "fr")
    ]
    assert said == ["ja", "en", "de"]
    assert spoken(client.get("/?lang=ja", headers=ENGLISH)) == "ja"
    assert spoken(client.get("/", headers=ENGLISH)) == "ja"
    assert spoken(client.get("/?lang=klingon")) == "ja"


def test_a_members_own_language_comes_before_the_browsers(app, meeting):
    assert spoken(Reader(app, people.naoko()).get("/", headers=ENGLISH)) == "ja"


@pytest.mark.parametrize(
    "query",
    ["_scheme=javascript", "_external=1", "path=x", "_anchor=a", "lang=" + "x" * 3000, "=&=", "%ff=%fe"],
)
def test_an_odd_query_breaks_no_page_and_bends_no_link(app, client, meeting, query):
    response = client.get(f"/meetings/{meeting.path}?{query}")
    assert response.status_code == 200
    links = re.findall(r'<a href="([^"]*)" lang="\w\w"', response.text)
    assert [one.split("?")[0] for one in links] == [f"/meetings/{meeting.path}"] * 3


@pytest.mark.parametrize("address", ["/meetings/%00", "/meetings/?lang=%00", "/calendar/%00.ics", "/join?series=%00"])
def test_an_address_with_a_nul_is_404_whatever_the_database(app, client, address):
    assert client.get(address).status_code == 404


def test_public_pages_may_be_listed_and_the_others_not(app, client, meeting):
    kept = {
        address: (response.headers.get("X-Robots-Tag"), response.headers.get("Cache-Control"))
        for address in ("/", "/meetings/", f"/meetings/{meeting.path}", "/join", "/sign-in", "/privacy")
        for response in [client.get(address)]
    }
    assert kept == {
        "/": (None, None),
        "/meetings/": (None, None),
        f"/meetings/{meeting.path}": (None, None),
        "/join": (None, None),
        "/sign-in": ("noindex", "no-store"),
        "/privacy": ("noindex", "no-store"),
    }


def test_pages_that_may_be_listed_say_in_a_line_what_they_are(app, client, meeting):
    said = {
        address: re.findall(r'<meta name="description" content="([^"]*)">', client.get(address, headers=ENGLISH).text)
        for address in ("/", "/meetings/", f"/meetings/{meeting.path}", "/join", "/privacy")
    }
    assert said == {
        "/": ["We meet in the morning: a welcome, a talk, questions, and then breakfast together."],
        "/meetings/": ["What comes next: Thursday, 12 March 2026, Licht aus Jena"],
        f"/meetings/{meeting.path}": ["Thursday, 12 March 2026, 8:00–10:00, House of Optics, Jena"],
        "/join": ["Would you like to be invited? Tell us who you are; we will write to you."],
        "/privacy": [],
    }


def test_every_page_forbids_what_it_does_not_need(app, client, meeting):
    for address in ("/", f"/meetings/{meeting.path}", "/nothing", "/sign-in"):
        headers = client.get(address).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
        assert (policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] in ("no-referrer", "same-origin")


def test_no_page_holds_anything_inline_or_from_elsewhere(app, client, meeting):
    for address in ("/", "/meetings/", f"/meetings/{meeting.path}", "/join", "/sign-in", "/imprint"):
        page = client.get(address).text
        # What search engines read is data, and the page's own address may be whole.
        page = re.sub(r'<script type="application/ld.json">[^<]*</script>|<link rel="canonical"[^>]*>', "", page)
        assert re.findall(r'<style|<script(?![^>]*src=)|\sstyle="|\son\w+="|(?:src|href)="(?:https?:)?//', page) == []


# --- legal pages, logo ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/imprint", "/privacy", "/accessibility"])
def test_a_legal_page_shows_what_the_administrator_wrote_in_the_readers_language(app, client, address):
    with db.transaction():
        words = {"en": "Written by **us**", "de": "Von uns"}
        installation.change(actor_id=None, imprint=words, privacy=words, accessibility=words)
    assert "Written by <strong>us</strong>" in client.get(address, headers=ENGLISH).text
    assert "Von uns" in client.get(address, headers={"Accept-Language": "de"}).text


def test_the_logo_is_served_as_what_it_is_and_absent_without_one(app, client):
    assert client.get("/logo").status_code == 404
    with db.transaction():
        installation.change(actor_id=None, logo=b"\x89PNG picture", logo_type="image/png")
    response = client.get("/logo")
    assert (response.mimetype, response.data) == ("image/png", b"\x89PNG picture")
    again = client.get("/logo", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


# --- monitors ---------------------------------------------------------------------------------------------------------


def test_healthz_answers_for_process_and_database(app, client):
    response = client.get("/healthz")
    assert (response.status_code, response.text) == (200, "ok\n")


def test_healthz_answers_the_loopback_address(app, client):
    assert client.get("/healthz", base_url="http://127.0.0.1:8000").status_code == 200


def test_there_are_no_metrics_unless_they_are_switched_on(app, client):
    assert client.get("/metrics").status_code == 404


class TestWithMetrics:
    @pytest.fixture
    def settings(self):
        return {"metrics": True}

    def test_metrics_count_letters_and_say_how_late_the_oldest_is(self, app, client, meeting, clock):
        with db.transaction():
            people.say(meeting, people.emma(), "yes")
        clock.advance(minutes=5)
        lines = client.get("/metrics").text.splitlines()
        assert lines == ['asanokai_letters{state="queued"} 1', "asanokai_letters_overdue_seconds 300"]


def test_an_unknown_address_is_404_in_the_readers_language(app, client):
    response = client.get("/no/such/page", headers=ENGLISH)
    assert response.status_code == 404
    assert "There is no such page, or none that you may see." in response.text


def test_the_list_takes_the_same_number_of_statements_for_one_meeting_and_for_three(app, client, meeting):
    with statements() as one:
        client.get("/meetings/")
    with db.transaction():
        series = people.series_rules.by_id(meeting.series_id)
        for month in (4, 5):
            people.announced_meeting(series, people.FIRST_MORNING.replace(month=month, day=9))
    with statements() as three:
        client.get("/meetings/")
    assert len(one) == len(three)
