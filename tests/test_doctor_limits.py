"""What the doctor says of the store in which is counted what is wrong too often."""

import pytest

from asanokai.doctor import standing
from config import Config

APART = (
    "wrong links, passwords and codes are counted in memory, by each of 3 web processes for itself, so that somebody "
    "may be wrong 3 times as often: set ASANOKAI_LIMITS_STORAGE to a store that they share, or WEB_CONCURRENCY to 1"
)


@pytest.mark.parametrize(
    ("storage", "processes", "level", "words"),
    [
        ("memory://", 1, "ok", "counted in memory for one web process"),
        ("memory://", 3, "hint", APART),
        ("redis://:geheim@localhost/0", 3, "ok", "counted in redis for 3 web processes"),
    ],
)
def test_it_says_where_each_web_process_counts_for_itself_what_is_wrong_too_often(storage, processes, level, words):
    found = standing.limits(Config.for_tests(database_url="", limits_storage=storage, web_processes=processes))
    assert (found.about, found.level, found.words) == ("limits", level, words)
