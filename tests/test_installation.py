"""The one row of the installation: what is set, what is not, and what holding letters back notes."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from asanokai import clock as program_clock
from asanokai import installation
from asanokai.db import session, transaction
from asanokai.installation import Installation
from asanokai.journal import Entry
from tests import people
from tests.pages import statements


def rows() -> int:
    return int(session().scalar(select(func.count()).select_from(Installation)) or 0)


def test_where_nothing_was_set_everything_is_empty_and_asking_writes_nothing(app):
    with transaction():
        row = installation.current()
        kept = (row.organisation, row.sender_name, row.welcome, row.imprint, row.logo_type, row.paused_at)
        session().flush()
        assert (kept, rows()) == (("", "", None, None, None, None), 0)


def test_what_is_set_is_kept_and_the_rest_stays(app, clock):
    with transaction():
        installation.change(actor_id=None, organisation="DJW", welcome={"de": "Guten Morgen"})
    clock.advance(hours=1)
    with transaction():
        installation.change(actor_id=None, sender_name="Asa no Kai")
    row = installation.current()
    assert (row.organisation, row.sender_name, row.welcome) == ("DJW", "Asa no Kai", {"de": "Guten Morgen"})
    assert (row.changed_at, rows()) == (clock.now, 1)


def test_there_is_never_a_second_row(app):
    with pytest.raises(IntegrityError), transaction():
        session().add(Installation(id=2))
        session().flush()


def test_a_change_is_noted_by_its_fields_and_not_by_their_words(app):
    with transaction():
        ludwig = people.ludwig().id
        installation.change(actor_id=ludwig, imprint={"de": "Anschrift"}, organisation="DJW")
    entry = session().scalars(select(Entry).where(Entry.object == "installation")).one()
    assert (entry.verb, entry.actor_id, entry.facts) == ("change", ludwig, {"fields": ["imprint", "organisation"]})


def test_letters_are_held_back_from_a_moment_on_and_let_go_again(app, clock):
    with transaction():
        installation.pause(True, actor_id=None)
    held = installation.current().paused_at
    with transaction():
        installation.pause(False, actor_id=None)
    assert (held, installation.current().paused_at) == (program_clock.now(), None)


def test_the_logo_is_not_read_with_every_page(app):
    with transaction():
        installation.change(actor_id=None, logo=b"x" * 1000, logo_type="image/png")
    session().rollback()
    row = installation.current()
    assert "logo" not in row.__dict__
    with statements() as asked:
        assert (row.logo, len(asked)) == (b"x" * 1000, 1)
