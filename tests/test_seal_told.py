"""The newest seal of the journal in the administrators' digest: to whom, how often, and what if it did not go out."""

from datetime import datetime

import pytest

from asanokai import digesting, members, seals
from tests import people
from tests.test_digesting import meeting, rows, seven  # noqa: F401  a fixture
from tests.test_letter_templates import DESK, LINE, render

pytestmark = pytest.mark.usefixtures("meeting")


def told(member_id: int) -> list[tuple[datetime, int]]:
    """When the member was told a seal, and up to which entry."""
    mine = [row for row in rows() if row.member_id == member_id and "seal" in row.facts]
    return [(row.due_at, row.facts["seal"]["entry"]) for row in mine]


def test_administrators_are_told_the_newest_seal_once_a_week_and_nobody_else(clock):
    ludwig, kenji = people.ludwig(), people.kenji()
    people.seal_journal()
    first = seals.newest()
    for day in range(3, 10):
        clock.set(seven(day, minutes=day))
        digesting.post_due()
    assert (told(ludwig.id), told(kenji.id)) == ([(seven(3, minutes=3), first.last_id)], [])
    assert [row.facts["seal"]["digest"] for row in rows() if "seal" in row.facts] == [first.head]
    people.oskar()
    people.seal_journal()
    clock.set(seven(10))
    digesting.post_due()
    assert told(ludwig.id)[1:] == [(seven(10), seals.newest().last_id)]
    # Where nothing was sealed for a week, nothing is said.
    clock.set(seven(17))
    digesting.post_due()
    assert len(told(ludwig.id)) == 2


def test_a_seal_that_did_not_go_out_is_told_the_next_morning_and_one_who_wants_no_digest_gets_none(clock):
    ludwig = people.ludwig()
    people.seal_journal()
    clock.set(seven(3))
    digesting.post_due()
    (letter,) = [row for row in rows() if "seal" in row.facts]
    letter.state = "failed"
    clock.set(seven(4))
    digesting.post_due()
    assert [moment for moment, _ in told(ludwig.id)] == [seven(3), seven(4)]
    members.mute(ludwig, "digest")
    clock.set(seven(12))
    people.oskar()
    people.seal_journal()
    digesting.post_due()
    assert len(told(ludwig.id)) == 2


@pytest.mark.parametrize("language", ["de", "en", "ja"])
@pytest.mark.parametrize("lines", [[], [LINE]], ids=["alone", "beside a meeting"])
def test_the_letter_holds_it_in_one_piece_to_be_copied(language, lines):
    seal = {"entry": 311, "digest": "9f2c41d07a5be836" * 4}
    facts = {"lines": lines, "failed": [], "applications": 0, "desk_link": DESK, "parked": [], "unreachable": []}
    subject, text, html = render(language, "digest", {**facts, "seal": seal}, None)
    assert [seal["digest"] in text.splitlines(), seal["digest"] in html, "311" in text, "311" in html] == [True] * 4
    word = {"de": "Siegel des Journals", "en": "seal of the journal", "ja": "監査記録の封印"}[language]
    assert (word in subject) == (not lines)
    without = render(language, "digest", facts, None)
    assert [seal["digest"] in words for words in without] == [False] * 3
