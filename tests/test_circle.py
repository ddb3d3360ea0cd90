"""What members of a series see of each other: nothing without consent, exactly what was consented to, and no longer."""

import pytest

from asanokai import circle, consents, db, deputies, leaving, members, merging
from asanokai import series as series_rules
from asanokai.consents import SHOWN, Said
from asanokai.db import session
from asanokai.errors import BadInput, Refused
from tests import people
from tests.pages import Reader, statements
from tests.world import plain

SAID = Said("Ich willige ein.", "2026-11", "de", "192.0.2.7")
MINE = "/me/directory"


@pytest.fixture
def series(app, clock) -> series_rules.Series:
    """Katrin, Emma and Kenji belong, Akiko coordinates; in a writing transaction."""
    with db.transaction():
        made = people.series()
        people.belong(made, people.katrin(), people.emma(), people.kenji())
        people.coordinate(made, people.akiko())
        people.oskar(), people.grete()
        yield made


def show(who: members.Member, *fields: str) -> None:
    for field in fields:
        circle.show(who, field, SAID)


def listed(series: series_rules.Series, query: str = "") -> list[tuple[str, str, str, str]]:
    found = circle.of_series(series, query).entries
    return [(one.name.full("de"), one.organisation, one.position, one.address) for one in found]


# --- what is seen -----------------------------------------------------------------------------------------------------


def test_nobody_sees_anything_unless_it_was_consented_to(series):
    assert (listed(series), circle.seen(people.katrin())) == ([], None)


def test_exactly_what_was_consented_to_is_seen(series):
    show(people.katrin(), "name", "position")
    show(people.kenji(), "name", "address")
    assert listed(series) == [
        ("Dr. Katrin Lindner", "", "Leiterin Entwicklung", ""),
        ("Dr. Kenji Yamada", "", "", "kenji.yamada@erfurt.example"),
    ]
    entry = circle.seen(people.kenji())
    assert entry is not None and entry.name.full("ja") == "山田 健二"


def test_without_the_name_nothing_is_shown_and_with_it_everything_goes(series):
    with pytest.raises(Refused, match="name be shown first"):
        show(people.katrin(), "organisation")
    with pytest.raises(BadInput):
        show(people.katrin(), "salutation")
    show(people.katrin(), *SHOWN)
    circle.hide(people.katrin(), "name")
    assert (listed(series), consents.standing(people.katrin().id)) == ([], frozenset())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("lindner", ["Dr. Katrin Lindner"]),
        ("entwicklung katrin", ["Dr. Katrin Lindner"]),
        ("optik", []),
        ("optik-jena.example", []),
        ("ヤマダ", ["Dr. Kenji Yamada"]),
        ("健二", ["Dr. Kenji Yamada"]),
        ("ERFURT", ["Dr. Kenji Yamada"]),
        ("%", []),
    ],
)
def test_a_search_looks_only_through_what_is_shown(series, query, found):
    show(people.katrin(), "name", "position")
    show(people.kenji(), "name", "address")
    assert [name for name, *_ in listed(series, query)] == found


def test_it_ends_with_the_series_with_membership_and_with_a_merger_it_goes_over(series):
    show(people.katrin(), "name")
    show(people.emma(), "name")
    show(people.kenji(), "name")
    leaving.leave_series(series, people.emma(), actor_id=people.emma().id)
    assert [name for name, *_ in listed(series)] == ["Dr. Katrin Lindner", "Dr. Kenji Yamada"]
    kenji = people.kenji()
    leaving.leave(kenji, actor_id=kenji.id)
    assert [name for name, *_ in listed(series)] == ["Dr. Katrin Lindner"]
    assert [(one.ended_by, one.withdrawn_at is not None) for one in consents.of_member(kenji.id)] == [("left", True)]
    twin = members.add("k.lindner@privat.example", family="Lindner", given="Katrin")
    merging.merge(twin.id, people.katrin().id, {}, actor_id=people.ludwig().id)
    session().flush()
    assert consents.standing(twin.id) == {"name"}


def test_a_page_holds_a_hundred_in_a_fixed_number_of_statements(series):
    def ask(query: str) -> tuple[int, int, int]:
        with statements() as asked:
            page = circle.of_series(series, query)
        return len(page.entries), page.pages, len(asked)

    show(people.katrin(), "name")
    few = ask(""), ask("a")
    for one in people.crowd(110, family="Aal"):
        people.belong(series, one)
        show(one, "name")
    assert (few, ask(""), ask("a")) == (((1, 1, 2), (1, 1, 1)), (100, 2, 2), (100, 2, 1))
    assert len(circle.of_series(series, page=2).entries) == 11


# --- the pages --------------------------------------------------------------------------------------------------------


def choice(field: str, to: str, **more: str) -> dict[str, str]:
    return {"field": field, "to": to, "version": "2026-11", "language": "ja", **more}


@pytest.fixture
def number(series) -> int:
    return series.id


@pytest.fixture
def pages(app, clock) -> int:
    with db.transaction():
        made = people.series()
        people.belong(made, people.katrin(), people.kenji())
        people.coordinate(made, people.akiko())
        deputies.name(people.katrin(), "grete.amt@optik-jena.example", "assistant")
        deputies.agree(people.grete(), deputies.asking(people.grete())[0][0].id)
        people.oskar()
        return made.id


def test_giving_and_withdrawing_are_one_click_each_and_a_record_with_the_text_as_shown(app, pages, clock):
    katrin = Reader(app, people.katrin())
    assert "Niemand sieht das" in plain(katrin.get(f"{MINE}?lang=de").text)
    assert katrin.post(MINE, choice("name", "members")).location == MINE
    shown = plain(katrin.get(MINE).text)
    assert "Das sehen andere Dr. Katrin Lindner" in shown
    assert "Asa no Kai Thüringen : 1 anderes Mitglied" in shown.replace(
        "Asa no Kai Thüringen :", "Asa no Kai Thüringen :"
    )
    with db.reading():
        (record,) = consents.of_member(people.katrin().id)
        kept = (record.version, record.language, record.given_at, record.given_from)
        assert record.text.startswith("Asa no Kai Thüringenが、私の氏名")
    assert kept == ("2026-11", "ja", clock.now, "127.0.0.1")
    assert "有効" in katrin.get("/me/consents?lang=ja").text
    assert "表示中" in katrin.get(MINE).text
    katrin.post(MINE, choice("name", "nobody"))
    with db.reading():
        (record,) = consents.of_member(people.katrin().id)
        assert (record.withdrawn_at, record.ended_by) == (clock.now, "page")


def test_a_text_that_has_changed_meanwhile_must_be_read_again(app, pages):
    response = Reader(app, people.katrin()).post(MINE, choice("name", "members", version="2020-01"))
    assert response.status_code == 409
    with db.reading():
        assert consents.of_member(people.katrin().id) == []


@pytest.mark.parametrize(
    ("who", "status"),
    [("katrin", 200), ("akiko", 200), ("oskar", 404), ("grete", 404), ("juergen", 303), ("", 303)],
)
def test_only_members_of_the_series_and_its_coordinators_see_the_list(app, pages, who, status):
    with db.transaction():
        show(people.kenji(), "name")
        gone = people.juergen()
    if who == "juergen":
        reader = Reader(app)
        assert gone.standing == "left"
    else:
        reader = Reader(app, getattr(people, who)() if who else None)
    response = reader.get(f"/members/{pages}?lang=ja")
    assert response.status_code == status
    if status == 200:
        assert ("山田 健二" in response.text, "Kenji Yamada" in response.text) == (True, True)
        assert ("@" in response.text, response.headers["X-Robots-Tag"]) == (False, "noindex")


def test_a_deputys_rights_end_with_the_membership_of_either(app, pages):
    katrin = people.katrin().id
    with db.transaction():
        assert [who.id for _row, who in deputies.answers_for(people.grete())] == [katrin]
        leaving.leave(people.katrin(), actor_id=katrin)
        assert (list(deputies.answers_for(people.grete())), deputies.named_by(people.katrin())) == ([], [])
        people.katrin().standing = "accepted"
        session().flush()
        assert list(deputies.answers_for(people.grete())) == []
    with db.transaction():
        deputies.name(people.katrin(), "grete.amt@optik-jena.example", "assistant")
        deputies.agree(people.grete(), deputies.asking(people.grete())[0][0].id)
        leaving.leave(people.grete(), actor_id=people.grete().id)
        assert deputies.named_by(people.katrin()) == []
        people.grete().standing = "accepted"
        session().flush()
        assert list(deputies.answers_for(people.grete())) == []
