"""The pages of proposals: the members' list with votes, the coordinators' decisions, and the archive's search."""

from datetime import timedelta

import pytest

from asanokai import db, proposals, topics
from asanokai.proposals import Words
from asanokai.topics import SpeakerText
from tests import people
from tests.pages import Reader, statements
from tests.world import plain

ENGLISH = {"Accept-Language": "en"}


class Place:
    """A series with a proposal of Emma's and one of Katrin's, an announced meeting and a draft."""

    def __init__(self) -> None:
        series = people.series()
        people.belong(series, people.katrin(), people.emma())
        people.coordinate(series, people.akiko())
        people.oskar()
        self.series_id = series.id
        self.theirs = proposals.propose(
            series, people.emma().id, Words({"en": "Light from Jena"}, {"en": "Lasers"}, "Dr Ito")
        ).id
        self.own = proposals.propose(series, people.katrin().id, Words({"de": "Quarzglas"})).id
        self.meeting_id = people.announced_meeting(series).id
        self.draft_id = people.meeting(series, people.FIRST_MORNING + timedelta(days=28)).id
        self.members = f"/series/{series.id}/topics"
        self.desk = f"/coordinate/series/{series.id}/topics"


def english(app, member):
    """Somebody who is signed in and reads English."""
    reader = Reader(app, member)
    reader.get("/privacy?lang=en")
    return reader


@pytest.fixture
def place(app):
    with db.transaction():
        return Place()


@pytest.fixture
def katrin(app, place):
    return english(app, people.katrin())


@pytest.fixture
def akiko(app, place):
    return english(app, people.akiko())


def seen(reader, address):
    return plain(reader.get(address).text)


def line(place, number, who):
    with db.reading():
        found = proposals.line(people.series_rules.by_id(place.series_id), number, who.id)
        return (found.proposal.state, found.votes, found.voted)


# --- members ----------------------------------------------------------------------------------------------------------


def test_a_member_finds_the_proposals_from_their_own_page(katrin, place):
    assert f'href="{place.members}"' in katrin.get("/me/").text


def test_the_list_says_what_is_proposed_by_whom_and_how_many_are_for_it(katrin, place):
    page = seen(katrin, place.members)
    assert "Light from Jena 1 vote Lasers Could speak about it: Dr Ito Proposed by Emma Whitfield" in page
    assert "Quarzglas in German 1 vote yours is among them Proposed by Dr" in page
    assert [page.count(words) for words in ("Vote for it", "Withdraw my vote")] == [1, 1]


def test_a_vote_counts_and_can_be_withdrawn(katrin, place):
    voting = f"{place.members}/{place.theirs}/vote"
    for vote, expected in (("on", ("open", 2, True)), ("on", ("open", 2, True)), ("off", ("open", 1, False))):
        response = katrin.post(voting, {"vote": vote})
        assert (response.status_code, response.headers["Location"]) == (303, place.members)
        assert line(place, place.theirs, people.katrin()) == expected


def test_a_vote_on_a_further_page_leads_back_to_that_page(katrin, place):
    response = katrin.post(f"{place.members}/{place.theirs}/vote?page=2", {"vote": "on"})
    assert response.headers["Location"] == f"{place.members}?page=2"


def test_a_vote_on_what_is_decided_is_refused(katrin, akiko, place):
    akiko.post(f"{place.desk}/{place.theirs}/decline", {"word-en": "Not now."})
    response = katrin.post(f"{place.members}/{place.theirs}/vote", {"vote": "on"}, headers=ENGLISH)
    assert (response.status_code, "This proposal is no longer open." in response.text) == (409, True)


def test_a_proposal_is_made_changed_and_withdrawn(katrin, place):
    assert katrin.post(f"{place.members}/new", {"title-ja": "光学", "speaker_hint": "伊藤"}).status_code == 303
    assert "光学 in Japanese 1 vote yours is among them Could speak about it: 伊藤" in seen(katrin, place.members)
    changing = f"{place.members}/{place.own}"
    assert 'value="Quarzglas"' in katrin.get(changing).text
    assert katrin.post(changing, {"title-de": "Kristall"}).status_code == 303
    assert "Kristall in German 1 vote" in seen(katrin, place.members)
    assert katrin.post(f"{changing}/withdraw").status_code == 303
    assert "Kristall" not in seen(katrin, place.members)


def test_who_is_outside_the_series_sees_nothing_of_it(app, place):
    oskar = Reader(app, people.oskar())
    assert [oskar.get(place.members).status_code, oskar.get(f"{place.members}/new").status_code] == [404, 404]


def test_the_list_asks_the_database_as_often_for_many_as_for_one(app, katrin, place):
    def asked():
        with statements() as made:
            assert katrin.get(place.members).status_code == 200
        return len(made)

    few = asked()
    with db.transaction():
        series = people.series_rules.by_id(place.series_id)
        for member in people.crowd(12):
            proposals.propose(series, member.id, Words({"en": "More light"}))
    assert asked() == few


# --- what became of it ------------------------------------------------------------------------------------------------


def test_the_proposer_and_nobody_else_reads_why_it_was_declined(app, katrin, akiko, place):
    akiko.post(f"{place.desk}/{place.own}/decline", {"word-en": "We had that."})
    assert "What became of your proposals Quarzglas in German Declined We had that." in seen(katrin, place.members)
    assert "We had that." not in seen(english(app, people.emma()), place.members)


def test_the_proposer_sees_the_meeting_it_was_chosen_for_once_that_is_announced(katrin, akiko, place):
    chosen = akiko.post(f"{place.desk}/{place.own}/choose", {"meeting": str(place.meeting_id)})
    assert chosen.headers["Location"].startswith(f"/coordinate/meetings/{place.meeting_id}/topics/")
    assert "Quarzglas in German Chosen Thursday, 12 March 2026" in seen(katrin, place.members)
    akiko.post(f"{place.desk}/{place.theirs}/choose", {"meeting": str(place.draft_id)})
    emma = english(katrin.app, people.emma())
    assert "Light from Jena Chosen for a meeting that will be announced" in seen(emma, place.members)


def test_the_proposer_sees_what_it_was_merged_with_and_may_go_on_voting_for_that(katrin, akiko, place):
    akiko.post(f"{place.desk}/{place.own}/merge", {"into": str(place.theirs)})
    page = seen(katrin, place.members)
    assert "Light from Jena 2 votes yours is among them" in page
    assert "Quarzglas in German Merged with: Light from Jena Open for votes" in page


# --- coordinators -----------------------------------------------------------------------------------------------------


def test_the_coordinators_list_leads_to_each_proposal_and_its_decisions(akiko, place):
    assert f'href="{place.desk}"' in akiko.get(f"/coordinate/series/{place.series_id}").text
    page = akiko.get(place.desk, headers=ENGLISH)
    assert f'href="{place.desk}/{place.theirs}"' in page.text
    deciding = seen(akiko, f"{place.desk}/{place.theirs}")
    assert "Make it a topic" in deciding
    assert "Thu, 12 Mar 2026 Thu, 9 Apr 2026 (Draft)" in deciding
    assert "Merge with Quarzglas" in deciding


def test_a_decision_that_cannot_be_is_refused_beside_its_field(akiko, place):
    for way, sent, words in (
        ("choose", {"meeting": "987654"}, "Not a valid choice"),
        ("merge", {"into": str(place.theirs)}, "Not a valid choice"),
        ("decline", {"word-de": " "}, "Please fill this in for at least one language."),
    ):
        response = akiko.post(f"{place.desk}/{place.theirs}/{way}", sent, headers=ENGLISH)
        assert (response.status_code, words in plain(response.text)) == (422, True)
    assert line(place, place.theirs, people.akiko())[0] == "open"


def test_what_was_declined_is_put_to_the_vote_again(akiko, place):
    akiko.post(f"{place.desk}/{place.theirs}/decline", {"word-de": "Nein"})
    assert "Put to the vote again" in seen(akiko, place.desk)
    assert akiko.post(f"{place.desk}/{place.theirs}/reopen").status_code == 303
    assert line(place, place.theirs, people.emma()) == ("open", 1, True)


def test_a_decided_proposal_offers_no_decision(akiko, place):
    akiko.post(f"{place.desk}/{place.theirs}/decline", {"word-de": "Nein"})
    page = seen(akiko, f"{place.desk}/{place.theirs}")
    assert ("no longer open" in page, "Make it a topic" in page) == (True, False)


# --- the archive ------------------------------------------------------------------------------------------------------


@pytest.fixture
def archive(app, clock):
    """A public meeting of March and one of the series' members alone, both over."""
    with db.transaction():
        series = people.series(first_language="ja")
        people.belong(series, people.katrin())
        public = people.announced_meeting(series)
        hidden = people.announced_meeting(series, people.FIRST_MORNING + timedelta(days=28), public=False)
        topics.post(public, {"ja": "光学入門"}, speakers=[SpeakerText(family="Ito", family_ja="伊藤")])
        topics.post(hidden, {"en": "Budget"})
        address = f"/meetings/{public.path}"
        clock.set(hidden.ends_at)
    return address


def test_everybody_searches_the_topics_of_public_meetings(app, client, archive):
    page = client.get("/topics/?q=光学", headers=ENGLISH)
    assert f'href="{archive}"' in page.text
    assert "光学入門 in Japanese Ito Thursday, 12 March 2026, Asa no Kai Thuringia" in plain(page.text)
    assert ("Budget" in client.get("/topics/").text, 'value="光学"' in page.text) == (False, True)
    assert "2026年" in client.get("/topics/?lang=ja").text


def test_a_member_finds_what_was_not_public_too(app, archive):
    katrin = Reader(app, people.katrin())
    assert "Budget" in katrin.get("/topics/").text


def test_a_search_that_finds_nothing_says_what_to_try(app, client, archive):
    assert "No topic found Try fewer words" in plain(client.get("/topics/?q=<b>", headers=ENGLISH).text)


def test_before_the_first_meeting_the_archive_says_so(app, client):
    assert "No topics yet" in client.get("/topics/", headers=ENGLISH).text


def test_nonsense_for_a_page_or_words_is_no_fault(app, client, archive):
    for query in ("page=-1", "page=x", "page=" + "9" * 400, "q=" + "%25" * 300, "q=" + "a%20" * 50, "q=%F0%9F%98%80"):
        assert client.get(f"/topics/?{query}").status_code == 200
