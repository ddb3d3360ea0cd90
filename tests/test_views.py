"""Saved views: kept under a name, one per name and list, nobody else's."""

import pytest

from asanokai import views
from asanokai.db import transaction
from asanokai.directory import Wanted
from asanokai.errors import BadInput, Missing, Refused
from tests import people


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


def names(owner, series_id=None):
    return [view.name for view in views.of(owner.id, series_id=series_id)]


def test_a_view_keeps_a_search_under_a_name_for_its_owner_and_list():
    akiko, ludwig, series = people.akiko(), people.ludwig(), people.series()
    views.save(akiko, "  Stille ", {"silent": "1"}, series_id=series.id)
    views.save(akiko, "Alle Neuen", {"sort": "newest"}, series_id=series.id)
    views.save(ludwig, "Ohne Adresse", {"reach": "none"}, series_id=None)
    assert (names(akiko, series.id), names(akiko), names(ludwig)) == (["Alle Neuen", "Stille"], [], ["Ohne Adresse"])
    assert views.of(akiko.id, series_id=series.id)[1].query == {"silent": "1"}


def test_saving_under_the_same_name_replaces_it():
    akiko = people.akiko()
    first = views.save(akiko, "Neue", {"q": "a"}, series_id=None)
    again = views.save(akiko, "Neue", {"q": "b"}, series_id=None)
    assert (first.id, names(akiko), again.query) == (again.id, ["Neue"], {"q": "b"})


@pytest.mark.parametrize("name", ["", "  ", "\t", "x" * 61])
def test_a_view_needs_a_name_of_sensible_length(name):
    with pytest.raises(BadInput):
        views.save(people.akiko(), name, {}, series_id=None)


def test_nobody_opens_or_deletes_the_view_of_somebody_else():
    view = views.save(people.akiko(), "Neue", {}, series_id=None)
    with pytest.raises(Missing):
        views.by_id(view.id, people.ludwig().id)
    views.drop(views.by_id(view.id, people.akiko().id))
    assert names(people.akiko()) == []


def test_views_of_a_list_are_few_enough_to_stand_above_it():
    akiko = people.akiko()
    for number in range(views.MOST):
        views.save(akiko, f"Nr. {number}", {}, series_id=None)
    with pytest.raises(Refused):
        views.save(akiko, "Eine mehr", {}, series_id=None)


def test_a_search_reads_as_it_was_said_and_forgets_nonsense():
    said = {"q": "Sato", "role": "member", "language": "ja", "silent": "1", "sort": "oldest", "series": "7"}
    assert Wanted.read(said).said() == said
    nonsense = {"role": "boss", "language": "fr", "sort": "'; --", "series": "1e9", "standing": "erased", "reach": "x"}
    assert Wanted.read({**nonsense, "other": "1"}).said() == {}
