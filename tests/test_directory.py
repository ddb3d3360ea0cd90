"""The lists of people: who stands in them, found by what, in which order, on which page."""

import pytest

from asanokai import directory, members
from asanokai import series as series_rules
from asanokai.db import session, transaction
from asanokai.directory import PAGE, Wanted
from tests import people
from tests.pages import statements


@pytest.fixture
def series(app):
    """A series that Katrin and Kenji belong to and Akiko coordinates; Oskar and Jürgen are there too."""
    with transaction():
        made = people.series()
        people.belong(made, people.katrin(), people.kenji())
        people.coordinate(made, people.akiko())
        people.oskar()
        people.juergen()
        yield made


def names(page: directory.Page) -> list[str]:
    return [entry.member.family for entry in page.entries]


def found(query: str) -> list[str]:
    return names(directory.everybody(Wanted(q=query)))


# --- who ----------------------------------------------------------------------------------------------------------


def test_everybody_stands_in_the_list_by_family_name_but_those_erased(series):
    people.emma().standing = "erased"
    session().flush()
    assert found("") == ["Brandt", "Fremd", "Lindner", "Sato", "Yamada"]


def test_a_series_lists_its_own_people_with_their_roles(series):
    people.coordinate(series, people.kenji())
    lines = [(entry.member.family, entry.roles) for entry in directory.of_series(series).entries]
    assert lines == [
        ("Lindner", ("member",)),
        ("Sato", ("coordinator",)),
        ("Yamada", ("coordinator", "member")),
    ]


def test_who_parted_is_not_listed_and_keeps_another_role(series):
    people.coordinate(series, people.kenji())
    series_rules.part(series, people.katrin())
    series_rules.part(series, people.kenji())
    lines = [(entry.member.family, entry.roles) for entry in directory.of_series(series).entries]
    assert lines == [("Sato", ("coordinator",)), ("Yamada", ("coordinator",))]


def test_people_of_another_series_are_not_listed(series):
    other = people.event()
    people.belong(other, people.oskar())
    assert (names(directory.of_series(other)), names(directory.of_series(series, Wanted(q="Fremd")))) == (["Fremd"], [])


def test_an_entry_says_where_letters_go_and_whether_they_come_back(series, clock):
    address = members.main_address(people.katrin())
    assert address is not None
    address.suppressed_at = clock.now
    people.member(None, family="Adresselos", organisation=None)
    session().flush()
    by_name = {entry.member.family: entry for entry in directory.everybody().entries}
    lines = [
        (entry.address, entry.suppressed, entry.organisation)
        for entry in (by_name["Lindner"], by_name["Yamada"], by_name["Adresselos"])
    ]
    assert lines == [
        ("katrin.lindner@optik-jena.example", True, "Optik Jena"),
        ("kenji.yamada@erfurt.example", False, ""),
        ("", False, ""),
    ]


# --- found by what ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["lindner", "LIND", "katrin lindner", "Lindner Katrin", "optik-jena.example", "optik j"]
)
def test_a_person_is_found_by_parts_of_name_address_and_organisation_in_any_order(series, query):
    assert found(query) == ["Lindner"]


@pytest.mark.parametrize("query", ["山田", "やまだ", "山田　健二", "健二 erfurt"])
def test_a_person_is_found_in_japanese_script_and_by_the_reading(series, query):
    assert found(query) == ["Yamada"]


def test_every_word_must_be_found(series):
    assert found("lindner yamada") == []


@pytest.mark.parametrize("query", ["%", "_", "\\", "Lind_er", "L%r", "' OR 1=1 --", '"', "\x00"])
def test_signs_that_a_database_would_read_are_only_signs(series, query):
    assert found(query) == ([] if query != "\x00" else found(""))


def test_an_address_that_is_not_the_main_one_is_not_searched(series):
    members.change_address(people.katrin(), "neu@jena.example", actor_id=None)
    session().flush()
    assert (found("neu@jena"), found("optik-jena.example")) == (["Lindner"], [])


# --- page by page -------------------------------------------------------------------------------------------------


def test_a_long_list_comes_in_pages_that_hold_everybody_once(app):
    with transaction():
        people.crowd(PAGE + 3, family="Gleich")
        pages = [directory.everybody(page=number) for number in (1, 2, 3)]
        ids = [entry.member.id for page in pages for entry in page.entries]
    assert [(len(page.entries), page.more) for page in pages] == [(PAGE, True), (3, False), (0, False)]
    assert (len(set(ids)), [page.number for page in pages]) == (PAGE + 3, [1, 2, 3])


def test_a_full_page_that_is_the_last_promises_no_other(app):
    with transaction():
        people.crowd(PAGE)
        page = directory.everybody()
    assert (len(page.entries), page.more) == (PAGE, False)


def test_a_page_is_one_statement_however_many_stand_on_it(series):
    counts = []
    for more in (0, 5):
        people.belong(series, *people.crowd(more))
        session().flush()
        with statements() as asked:
            directory.everybody()
            directory.of_series(series)
        counts.append(asked)
    assert counts == [["WITH", "WITH"]] * 2
