"""The migrations: from nothing to what the models say, all the way back, and there again, on both databases."""

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import select

from asanokai import db, topics
from asanokai.topics import SpeakerText, Topic
from tests import people
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


def test_topics_that_were_there_before_the_archive_are_found_in_it(empty_url):
    with migrations.opened(empty_url) as app:
        flask_migrate.upgrade()
        steps = ScriptDirectory(app.extensions["migrate"].directory).walk_revisions()
        before = next(step.down_revision for step in steps if "archive finds" in step.doc)
        with db.transaction():
            speaker = SpeakerText(family="Ito", family_ja="伊藤", given_ja="博", member_id=people.kenji().id)
            words = {"de": "Straße", "ja": "ﾎﾄﾆｸｽ"}
            topics.post(people.meeting(), words, abstract={"ja": "光学"}, speakers=[speaker])
            topics.post(people.meeting(people.event()), {"en": "Alone"})
        flask_migrate.downgrade(revision=before)
        flask_migrate.upgrade()
        with db.reading() as session:
            found, alone = session.scalars(select(Topic.sought).order_by(Topic.id))
    assert ([word in found for word in ("strasse", "ほとにくす", "光学", "伊藤博", "やまだ", "ito")], alone) == (
        [True] * 6,
        "alone",
    )
