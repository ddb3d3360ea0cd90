"""The pages about people: who belongs, inviting, roles, taking in a list; for administrators everybody there is."""

import pytest
from werkzeug.test import TestResponse

from asanokai import db, directory, importing, members
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.importing.sheet import MOST_BYTES
from asanokai.members import Application, Member
from tests import people
from tests.pages import Reader, statements
from tests.world import PERSON, WHOLE_PERSON, plain, typed, unticked, upload

TABLE = "E-Mail;Vorname;Name;Firma\nhans@jena.example;Hans;Meier;Zeiss\nkaputt;Nie;Da;\nhans@jena.example;Hans;Meier;\n"


@pytest.fixture
def own(app) -> int:
    """A series that Akiko coordinates and Katrin belongs to; Naoko coordinates another that Kenji belongs to."""
    with db.transaction():
        series, other = people.series(), people.series("hamamatsu")
        people.coordinate(series, people.akiko())
        people.coordinate(other, people.naoko())
        people.belong(series, people.katrin())
        people.belong(other, people.kenji())
        people.oskar()
        people.ludwig()
        return series.id


@pytest.fixture
def akiko(app, own) -> Reader:
    reader = Reader(app, people.akiko())
    reader.get("/?lang=en")
    return reader


@pytest.fixture
def ludwig(app, own) -> Reader:
    reader = Reader(app, people.ludwig())
    reader.get("/?lang=en")
    return reader


def page(series_id: int, verb: str = "") -> str:
    return f"/coordinate/series/{series_id}/members" + (f"/{verb}" if verb else "")


def belonging(series_id: int) -> list[tuple[str, tuple[str, ...]]]:
    """Who belongs now: family name and roles, by name."""
    session().rollback()
    found = directory.of_series(series_rules.by_id(series_id)).entries
    return [(entry.member.family, entry.roles) for entry in found]


def status_said(reader: Reader, address: str) -> str:
    """What the next page says has been done."""
    return plain(reader.get(address).text.split('role="status">')[1].split("</p>")[0])


def let_go(response: TestResponse) -> None:
    """Close the file that the test client keeps a large request in."""
    response.request.environ["wsgi.input"].close()
    response.close()


# --- of a series ------------------------------------------------------------------------------------------------------


def test_the_list_names_its_people_and_nobody_of_other_series(akiko, own):
    said = plain(akiko.get(page(own)).text)
    names = ("Katrin Lindner", "Akiko Sato", "Kenji Yamada", "Naoko Ito", "Oskar Fremd", "Ludwig Haase")
    assert [name in said for name in names] == [True, True, False, False, False, False]


def test_searching_finds_within_the_series_only(akiko, own):
    found = [plain(akiko.get(f"{page(own)}?q={word}").text) for word in ("lindn", "yamada", "%25")]
    assert ["Katrin Lindner" in said for said in found] == [True, False, False]
    assert ["Nobody found" in said for said in found] == [False, True, True]


def test_the_list_takes_as_many_statements_for_many_as_for_one(akiko, own):
    counts = []
    for more in (0, 3):
        with db.transaction():
            people.belong(series_rules.by_id(own), *people.crowd(more))
        with statements() as asked:
            akiko.get(page(own))
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_long_list_leads_on_and_keeps_what_was_searched(akiko, own):
    with db.transaction():
        people.belong(series_rules.by_id(own), *people.crowd(directory.PAGE + 5, organisation="Gleiche Firma"))
    first = akiko.get(f"{page(own)}?q=gleiche").text
    assert 'rel="next" href="' + page(own) + '?q=gleiche&amp;page=2"' in first
    second = akiko.get(f"{page(own)}?q=gleiche&page=2").text
    assert ("page=1" in second, "page=3" in second, second.count("<tr><td")) == (True, False, 5)


@pytest.mark.parametrize("typed_page", ["0", "-3", "x", "9" * 40, "１"])
def test_a_page_number_that_is_none_is_the_first(akiko, own, typed_page):
    assert "Katrin Lindner" in plain(akiko.get(f"{page(own)}?page={typed_page}").text)


def test_who_is_invited_gets_a_letter_and_belongs_only_after_confirming(akiko, own):
    response = akiko.post(page(own, "invite"), {**PERSON, "email": "Lena@Weimar.example"})
    invited = members.by_address("lena@weimar.example")
    application = session().scalars(people.select(Application)).one()
    assert (response.status_code, response.location) == (303, page(own))
    assert (invited.standing, people.kinds_to(invited)) == ("applied", ["join"])
    assert (application.inviter_id, application.person) == (people.akiko().id, PERSON)
    assert belonging(own) == [("Lindner", ("member",)), ("Sato", ("coordinator",))]


def test_a_member_who_is_invited_belongs_at_once_and_only_once(akiko, own):
    form = {**PERSON, "email": "oskar.fremd@elsewhere.example"}
    first, again = akiko.post(page(own, "invite"), form), akiko.post(page(own, "invite"), form)
    assert (first.status_code, again.status_code) == (303, 422)
    assert "Mail address: Whoever has this address belongs to the series already." in plain(again.text)
    assert belonging(own) == [("Fremd", ("member",)), ("Lindner", ("member",)), ("Sato", ("coordinator",))]
    assert (people.oskar().given, people.kinds_to(people.oskar())) == ("Oskar", [])


def test_coordinating_is_given_and_taken(akiko, own):
    katrin, seen = people.katrin().id, []
    for _ in range(2):
        assert akiko.post(page(own, f"{katrin}/role")).location == page(own)
        seen.append((belonging(own)[0], status_said(akiko, page(own))))
    assert seen == [
        (("Lindner", ("coordinator", "member")), "Coordinates this series now."),
        (("Lindner", ("member",)), "Does not coordinate this series any more."),
    ]


def test_somebody_is_taken_off_the_list(akiko, own):
    akiko.post(page(own, f"{people.katrin().id}/part"))
    assert belonging(own) == [("Sato", ("coordinator",))]


def test_people_of_other_series_cannot_be_reached_by_their_number(akiko, own):
    numbers = [people.kenji().id, people.oskar().id, 987_654]
    found = [akiko.post(page(own, f"{number}/{verb}")).status_code for number in numbers for verb in ("role", "part")]
    assert (found, belonging(own)) == ([404] * 6, [("Lindner", ("member",)), ("Sato", ("coordinator",))])


def test_the_members_of_another_own_series_are_added_once(akiko, own):
    with db.transaction():
        event = people.event()
        people.coordinate(event, people.akiko())
        number = event.id
    said = []
    for _ in range(2):
        akiko.post(page(number, "series"), {"other": str(own)})
        said.append(status_said(akiko, page(number)))
    assert belonging(number) == [("Lindner", ("member",)), ("Sato", ("coordinator",))]
    assert said == ["1 more person belongs to this series now.", "0 more people belong to this series now."]


@pytest.mark.parametrize("other", ["hamamatsu", "", "0", "-1", "x", "9" * 30, "１"])
def test_the_members_of_somebody_elses_series_are_not_added(akiko, own, other):
    typed_number = str(series_rules.by_slug("hamamatsu").id) if other == "hamamatsu" else other
    assert akiko.post(page(own, "series"), {"other": typed_number}).status_code == 404
    assert belonging(own) == [("Lindner", ("member",)), ("Sato", ("coordinator",))]


# --- taking in a list -------------------------------------------------------------------------------------------------


def test_a_list_is_looked_at_first_and_taken_then(akiko, own):
    looked = akiko.post(page(own, "import"), {"file": upload(TABLE.encode("cp1252"), "liste.csv")})
    said, unchanged = plain(looked.text), belonging(own)
    assert (looked.status_code, "1 person would be imported." in said, "Nothing has been changed yet." in said) == (
        200,
        True,
        True,
    )
    verdicts = [words for words in ("2 new Hans Meier", "3 not imported", "4 duplicate") if words in said]
    assert verdicts == ["2 new Hans Meier", "3 not imported", "4 duplicate"]
    kept = typed(looked.text, "")
    response = akiko.post(page(own, "import"), {name: kept[name] for name in ("text", "step")})
    assert (unchanged, response.location) == ([("Lindner", ("member",)), ("Sato", ("coordinator",))], page(own))
    assert belonging(own) == [("Lindner", ("member",)), ("Meier", ("member",)), ("Sato", ("coordinator",))]
    assert people.kinds_to(members.by_address("hans@jena.example")) == []


def test_a_list_in_japanese_comes_back_from_the_page_as_it_was(akiko, own):
    table = "メール,姓,名\r\nhanako@tokyo.example,鈴木,花子\r\n"
    kept = typed(akiko.post(page(own, "import"), {"file": upload(table.encode("cp932"), "meibo.csv")}).text, "")
    akiko.post(page(own, "import"), {name: kept[name] for name in ("text", "step")})
    taken = members.by_address("hanako@tokyo.example")
    assert (taken.family_ja, taken.given_ja, taken.language) == ("鈴木", "花子", "ja")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b"  \n", "The file is empty."),
        (b"PK\x03\x04 xlsx", "This is not a text file."),
        (b"Name;Ort\nMeier;Jena\n", "There is no column of mail addresses."),
        (b"E-Mail\n" + b"x" * MOST_BYTES, "The file is too large; 2 MB is the most."),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_the_reason(akiko, own, data, words):
    response = akiko.post(page(own, "import"), {"file": upload(data, "x.csv")})
    assert (response.status_code, f"File (CSV): {words}" in plain(response.text)) == (422, True)
    let_go(response)


def test_without_a_file_one_is_asked_for(akiko, own):
    response = akiko.post(page(own, "import"), {"text": ""})
    assert (response.status_code, "File (CSV): Please choose a file." in plain(response.text)) == (422, True)


def test_a_list_of_the_largest_size_can_be_taken_from_the_page(akiko, own):
    """What was looked at comes back as a form's text, which has a limit of its own."""
    head = b"E-Mail;Name;Bemerkung\n"
    row = b"hans@jena.example;Meier;" + b"x" * 3000 + b"\n"
    table = head + row * ((MOST_BYTES - len(head)) // (len(row) + 1))
    looked = akiko.post(page(own, "import"), {"file": upload(table, "x.csv")})
    form = {"step": "take", "text": typed(looked.text, "")["text"]}
    sent = akiko.post(page(own, "import"), form, content_type="multipart/form-data")
    assert (looked.status_code, sent.status_code) == (200, 303)
    let_go(looked)
    let_go(sent)
    assert importing.preview(importing.read(table))[0].verdict == "unchanged"


# --- everybody --------------------------------------------------------------------------------------------------------


def test_an_administrator_finds_everybody(ludwig):
    said = plain(ludwig.get("/coordinate/members").text)
    names = ("Katrin Lindner", "Akiko Sato", "Kenji Yamada", "Naoko Ito", "Oskar Fremd", "Ludwig Haase Administrator")
    assert [name in said for name in names] == [True] * 6


def test_the_list_of_everybody_takes_as_many_statements_for_many_as_for_one(ludwig):
    counts = []
    for more in (0, 3):
        with db.transaction():
            people.crowd(more)
        with statements() as asked:
            ludwig.get("/coordinate/members")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def described(member: Member) -> dict[str, object]:
    kept = {name: getattr(member, name) for name in (*members.NAMES, "salutation", "language", "zone")}
    address = members.main_address(member)
    return {
        **kept,
        "organisation": members.organisation_name(member),
        "email": address.text if address else "",
        "administrator": "y" if member.administrator else "",
    }


def test_a_member_is_added_as_typed_and_gets_no_letter(ludwig):
    form = {**WHOLE_PERSON, "email": "lena@weimar.example", "zone": "Asia/Tokyo", "administrator": "y"}
    assert ludwig.post("/coordinate/members/new", form).location == "/coordinate/members"
    lena = members.by_address("lena@weimar.example")
    assert (described(lena), lena.standing, people.kinds_to(lena)) == (form, "accepted", [])


def test_a_member_without_an_address_can_be_added_and_changed_and_given_one(ludwig):
    form = unticked({**WHOLE_PERSON, "email": "", "zone": "Europe/Berlin", "administrator": ""})
    assert ludwig.post("/coordinate/members/new", form).status_code == 303
    lena = session().scalars(people.select(Member).where(Member.family == "Neu")).one()
    addresses = []
    for email in ("", "lena@weimar.example", ""):
        response = ludwig.post(f"/coordinate/members/{lena.id}", {**form, "email": email})
        session().rollback()
        session().expire_all()
        addresses.append((response.status_code, described(lena)["email"]))
    assert addresses == [(303, ""), (303, "lena@weimar.example"), (422, "lena@weimar.example")]
    assert "An address can be replaced by another one, but not removed here." in plain(response.text)


def test_a_member_is_changed_from_what_is_kept(ludwig):
    katrin = people.katrin()
    own = f"/coordinate/members/{katrin.id}"
    held = typed(ludwig.get(own).text, "")
    assert {name: held[name] for name in described(katrin)} == described(katrin)
    changed = {**held, "position": "Vorstand", "zone": "Asia/Tokyo", "email": "katrin@neu.example"}
    ludwig.post(own, unticked(changed))
    session().rollback()
    session().expire_all()
    assert described(katrin) == {name: changed[name] for name in described(katrin)}


def test_an_address_that_is_somebody_elses_is_refused(ludwig):
    with db.transaction():
        people.emma()
    own = f"/coordinate/members/{people.katrin().id}"
    held = unticked(typed(ludwig.get(own).text, ""))
    response = ludwig.post(own, {**held, "email": "EMMA.whitfield@ilmenau.example"})
    said = "There is already a member with the address emma.whitfield@ilmenau.example."
    assert (response.status_code, said in plain(response.text)) == (422, True)


def test_nobody_takes_the_last_right_from_themselves(ludwig):
    own = people.ludwig()
    held = typed(ludwig.get(f"/coordinate/members/{own.id}").text, "")
    response = ludwig.post(f"/coordinate/members/{own.id}", unticked({**held, "administrator": ""}))
    session().expire_all()
    assert (response.status_code, people.ludwig().administrator) == (422, True)
    assert "You cannot take this right from yourself." in response.text


def test_an_administrator_makes_another_one_and_takes_it_back(ludwig):
    katrin, rights = people.katrin(), []
    held = typed(ludwig.get(f"/coordinate/members/{katrin.id}").text, "")
    for tick in ("y", ""):
        ludwig.post(f"/coordinate/members/{katrin.id}", unticked({**held, "administrator": tick}))
        session().rollback()
        session().expire_all()
        rights.append(katrin.administrator)
    assert rights == [True, False]
