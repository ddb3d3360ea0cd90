"""The migrations: from nothing to what the models say, all the way back, and there again, on both databases."""

import pytest
from alembic.script import ScriptDirectory

from tests.grounds import migrations, sqlite


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """A database in which nothing was ever made."""
    if request.param == "sqlite":
        yield sqlite.url(tmp_path / "empty.sqlite")
    else:
        with request.getfixturevalue("postgres_server").database() as url:
            yield url


def test_they_lead_from_nothing_to_the_models_and_back_and_there_again(empty_url):
    assert migrations.problems(empty_url) == []


def test_they_stand_in_one_line(app):
    script = ScriptDirectory(app.extensions["migrate"].directory)
    steps = list(script.walk_revisions())
    assert (len(script.get_heads()), len(script.get_bases())) == (1, 1)
    assert [step.revision for step in steps if step.is_branch_point or step.is_merge_point] == []
