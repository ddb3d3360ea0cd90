"""Proposals: proposing, one vote each, merging, declining with a word, and becoming a topic of a meeting."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from asanokai import announcing, proposals, topics
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Missing, Refused
from asanokai.journal import Entry
from asanokai.proposals import MOST_OPEN, PAGE, Vote, Words
from tests import people
from tests.pages import statements


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


@pytest.fixture
def series():
    """A series of Katrin, Emma and Kenji."""
    made = people.series()
    people.belong(made, people.katrin(), people.emma(), people.kenji())
    return made


def propose(series, who, title="Licht", **more):
    return proposals.propose(series, who.id, Words({"de": title}, **more))


def order(series, reader):
    return [(line.proposal.title["de"], line.votes, line.voted) for line in proposals.open_of(series, reader.id).lines]


def voters(proposal):
    return sorted(session().scalars(select(Vote.member_id).where(Vote.proposal_id == proposal.id)))


def ids(*who):
    return sorted(member.id for member in who)


def fate(series, reader, own=True):
    return [
        (line.proposal.title["de"], line.proposal.state, line.fate.state, line.meeting and line.meeting.id)
        for line in proposals.decided_of(series, reader.id, own=own)
    ]


# --- proposing --------------------------------------------------------------------------------------------------------


def test_a_proposal_keeps_what_was_typed_and_has_its_proposers_vote(series):
    words = Words(
        {"de": " Licht\naus Jena ", "ja": "光学", "fr": "non"}, {"en": "Lasers\r\n\r\n", "de": " "}, " Dr. Ito "
    )
    made = proposals.propose(series, people.katrin().id, words)
    assert (made.title, made.abstract, made.speaker_hint, made.state) == (
        {"de": "Licht aus Jena", "ja": "光学"},
        {"en": "Lasers"},
        "Dr. Ito",
        "open",
    )
    assert voters(made) == [people.katrin().id]


def test_a_proposal_needs_a_title_in_one_language(series):
    with pytest.raises(BadInput, match="title in at least one language"):
        proposals.propose(series, people.katrin().id, Words({"de": " ", "fr": "Oui"}))


def test_a_member_may_have_so_many_open_proposals_in_a_series_and_no_more(series):
    made = [propose(series, people.katrin()) for _ in range(MOST_OPEN)]
    with pytest.raises(Refused, match="10 open proposals"):
        propose(series, people.katrin())
    propose(series, people.emma())
    proposals.withdraw(series, made[0].id, people.katrin().id)
    propose(series, people.katrin(), "doch noch")


def test_an_own_proposal_can_be_changed_and_withdrawn_while_it_is_open(series):
    made = propose(series, people.katrin())
    proposals.change(series, made.id, people.katrin().id, Words({"en": "Light"}))
    assert (made.title, made.abstract) == ({"en": "Light"}, None)
    proposals.withdraw(series, made.id, people.katrin().id)
    assert (made.state, order(series, people.katrin()), fate(series, people.katrin())) == ("withdrawn", [], [])
    with pytest.raises(Refused, match="no longer open"):
        proposals.change(series, made.id, people.katrin().id, Words({"en": "Light"}))
    with pytest.raises(Missing):
        proposals.line(series, made.id, people.katrin().id)


def test_somebody_elses_proposal_and_one_of_another_series_are_not_there(series):
    made, other = propose(series, people.katrin()), people.series("second")
    for deed in (
        lambda: proposals.change(series, made.id, people.emma().id, Words({"en": "Light"})),
        lambda: proposals.withdraw(series, made.id, people.emma().id),
        lambda: proposals.vote(other, made.id, people.emma().id),
        lambda: proposals.decline(other, made.id, {"de": "Nein"}, actor_id=None),
        lambda: proposals.merge(other, made.id, made.id, actor_id=None),
        lambda: proposals.line(other, made.id, people.emma().id),
    ):
        with pytest.raises(Missing):
            deed()


# --- voting -----------------------------------------------------------------------------------------------------------


def test_each_member_has_one_vote_that_can_be_withdrawn_and_most_votes_come_first(series):
    first, second = propose(series, people.katrin(), "eins"), propose(series, people.katrin(), "zwei")
    for who in (people.emma(), people.emma(), people.kenji()):
        proposals.vote(series, second.id, who.id)
    assert order(series, people.emma()) == [("zwei", 3, True), ("eins", 1, False)]
    for who in (people.emma(), people.emma(), people.kenji(), people.katrin()):
        proposals.withdraw_vote(series, second.id, who.id)
    proposals.vote(series, first.id, people.kenji().id)
    assert order(series, people.emma()) == [("eins", 2, False), ("zwei", 0, False)]


def test_a_vote_given_twice_and_one_that_was_not_given_are_noted_once_and_not_at_all(series):
    made = propose(series, people.katrin())
    for _ in range(2):
        proposals.vote(series, made.id, people.emma().id)
    for _ in range(2):
        proposals.withdraw_vote(series, made.id, people.emma().id)
    verbs = session().scalars(select(Entry.verb).where(Entry.object == "proposal").order_by(Entry.id))
    assert list(verbs) == ["propose", "vote", "withdraw vote"]


def test_what_is_decided_takes_no_more_votes(series):
    made = propose(series, people.katrin())
    proposals.decline(series, made.id, {"de": "Nein"}, actor_id=None)
    for deed in (proposals.vote, proposals.withdraw_vote):
        with pytest.raises(Refused, match="no longer open"):
            deed(series, made.id, people.katrin().id)


def test_the_list_has_pages_and_asks_once_however_long_it_is(series):
    crowd = people.crowd(PAGE + 5)
    for number, member in enumerate(crowd):
        propose(series, member, f"Nummer {number}")
    session().flush()
    with statements() as asked:
        first = proposals.open_of(series, people.katrin().id)
    assert (len(first.lines), first.more, asked.count("SELECT") <= 2) == (PAGE, True, True)
    second = proposals.open_of(series, people.katrin().id, page=2)
    assert ([line.proposal.title["de"] for line in second.lines], second.more) == (
        [f"Nummer {number}" for number in range(PAGE, PAGE + 5)],
        False,
    )


# --- deciding ---------------------------------------------------------------------------------------------------------


def test_merging_takes_the_votes_along_and_counts_each_member_once(series):
    one, into = propose(series, people.katrin(), "Laser"), propose(series, people.emma(), "Licht")
    for proposal in (one, into):
        proposals.vote(series, proposal.id, people.kenji().id)
    proposals.merge(series, one.id, into.id, actor_id=None)
    assert (voters(into), voters(one)) == (ids(people.katrin(), people.emma(), people.kenji()), [])
    assert order(series, people.katrin()) == [("Licht", 3, True)]
    assert fate(series, people.katrin()) == [("Laser", "merged", "open", None)]


def test_what_was_merged_shares_the_fate_of_what_it_went_into_over_two_steps(series):
    made = [propose(series, people.katrin(), title) for title in ("a", "b", "c")]
    proposals.merge(series, made[0].id, made[1].id, actor_id=None)
    proposals.merge(series, made[1].id, made[2].id, actor_id=None)
    meeting = people.announced_meeting(series)
    proposals.choose(series, made[2].id, meeting.id, actor_id=None)
    assert sorted(fate(series, people.katrin())) == [
        ("a", "merged", "chosen", meeting.id),
        ("b", "merged", "chosen", meeting.id),
        ("c", "chosen", "chosen", meeting.id),
    ]


def test_nothing_is_merged_with_itself_or_with_what_is_decided(series):
    one, other = propose(series, people.katrin()), propose(series, people.emma())
    with pytest.raises(BadInput, match="with itself"):
        proposals.merge(series, one.id, one.id, actor_id=None)
    proposals.decline(series, other.id, {"de": "Nein"}, actor_id=None)
    with pytest.raises(Refused, match="no longer open"):
        proposals.merge(series, one.id, other.id, actor_id=None)


def test_what_others_were_merged_with_cannot_be_withdrawn(series):
    one, into = propose(series, people.katrin()), propose(series, people.emma())
    proposals.merge(series, one.id, into.id, actor_id=None)
    with pytest.raises(Refused, match="ask the organisers"):
        proposals.withdraw(series, into.id, people.emma().id)


def test_declining_needs_a_word_that_the_proposer_reads(series, clock):
    made = propose(series, people.katrin())
    with pytest.raises(BadInput, match="say why"):
        proposals.decline(series, made.id, {"de": "  "}, actor_id=None)
    proposals.decline(series, made.id, {"de": "Hatten wir\r\ngerade.", "ja": ""}, actor_id=None)
    assert (made.state, made.word, made.decided_at) == ("declined", {"de": "Hatten wir\ngerade."}, clock.now)
    assert fate(series, people.katrin()) == [("Licht", "declined", "declined", None)]
    assert fate(series, people.emma()) == []
    assert len(fate(series, people.emma(), own=False)) == 1


def test_what_is_chosen_becomes_a_topic_of_the_meeting_and_keeps_the_link(series):
    made = propose(series, people.katrin(), abstract={"de": "Worum es geht"})
    meeting = people.announced_meeting(series)
    topic = proposals.choose(series, made.id, meeting.id, actor_id=people.akiko().id)
    assert [(one.id, one.title, one.abstract) for one in topics.of(meeting)] == [
        (topic.id, {"de": "Licht"}, {"de": "Worum es geht"})
    ]
    assert (made.state, made.topic_id) == ("chosen", topic.id)
    assert fate(series, people.katrin()) == [("Licht", "chosen", "chosen", meeting.id)]


def test_a_draft_can_be_chosen_but_no_meeting_that_began_was_called_off_or_is_another_series(series, clock):
    made = propose(series, people.katrin())
    draft = people.meeting(series, people.FIRST_MORNING + timedelta(days=70))
    called_off = people.announced_meeting(series, people.FIRST_MORNING + timedelta(days=35))
    announcing.cancel(called_off.id)
    begun = people.announced_meeting(series)
    theirs = people.announced_meeting(people.series("second"), people.FIRST_MORNING + timedelta(days=7))
    clock.set(begun.starts_at)
    for meeting in (called_off, begun, theirs):
        with pytest.raises(BadInput, match="still to come"):
            proposals.choose(series, made.id, meeting.id, actor_id=None)
    proposals.choose(series, made.id, draft.id, actor_id=None)
    with pytest.raises(Refused, match="no longer open"):
        proposals.choose(series, made.id, draft.id, actor_id=None)


def test_a_chosen_topic_that_is_taken_off_leaves_the_proposal_which_can_be_put_to_the_vote_again(series):
    made, meeting = propose(series, people.katrin()), people.announced_meeting(series)
    topic = proposals.choose(series, made.id, meeting.id, actor_id=None)
    with pytest.raises(Refused, match="cannot be put"):
        proposals.reopen(series, made.id, actor_id=None)
    topics.remove(meeting, topic.id, actor_id=None)
    session().flush()
    session().expire(made)
    assert fate(series, people.katrin()) == [("Licht", "chosen", "chosen", None)]
    proposals.reopen(series, made.id, actor_id=None)
    assert order(series, people.katrin()) == [("Licht", 1, True)]


def test_what_was_declined_or_chosen_for_a_meeting_called_off_can_be_put_to_the_vote_again(series):
    declined, chosen = propose(series, people.katrin(), "a"), propose(series, people.katrin(), "b")
    meeting = people.announced_meeting(series)
    proposals.decline(series, declined.id, {"de": "Nein"}, actor_id=None)
    proposals.choose(series, chosen.id, meeting.id, actor_id=None)
    announcing.cancel(meeting.id)
    for proposal in (declined, chosen):
        proposals.reopen(series, proposal.id, actor_id=None)
    assert (declined.word, chosen.topic_id, order(series, people.emma())) == (
        None,
        None,
        [("a", 1, False), ("b", 1, False)],
    )
    with pytest.raises(Refused, match="cannot be put"):
        proposals.reopen(series, chosen.id, actor_id=None)
