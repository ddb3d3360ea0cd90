"""Office files: what they are taken for, the verdict on every row, and what becomes of the people in them."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from asanokai import importing, members
from asanokai import series as series_rules
from asanokai.db import db, reading, session, transaction
from asanokai.errors import BadInput
from asanokai.importing.columns import language_of, without_salutation, without_title
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.members import Address, Member, Organisation
from tests import members_twin, people
from tests.members_twin import Twin

NEW = "is not a member yet"
KNOWN = "is a member already; nothing to add"
FILLED = "is known already; empty fields are filled in"
JOINS = "is known already; now belongs to the series too"
APPLIED = "has applied, and becomes a member by this"
LEFT = "has left and is not added again by a file"

Table = dict[int, tuple[str, str, str, str]]
"""Row → verdict, reason, name, address."""


def table(verdicts: list[importing.Verdict]) -> Table:
    return {verdict.row: (verdict.verdict, verdict.words(), verdict.name, verdict.address) for verdict in verdicts}


def expected(twin: Twin, otherwise: Table) -> Table:
    """Everybody new, but for some rows."""
    new = {number: ("new", NEW, who.name, who.address) for number, who in twin.people.items()}
    return {**new, **otherwise}


def sheet(text: str, encoding: str = "utf-8") -> importing.Sheet:
    return importing.read(text.encode(encoding))


def only(text: str) -> dict[str, object]:
    """What is understood of the only row of a text."""
    found = sheet(text)
    assert len(found.rows) == 1
    person = found.person(found.rows[0], "de")
    assert person.problem is None
    return {"address": person.address, **person.fields}


def named(cell: str, heading: str = "Name") -> dict[str, object]:
    """The fields that are read from one cell."""
    found = only(f"{heading}\tE-Mail\n{cell}\tx@jena.example\n")
    return {name: value for name, value in found.items() if name not in ("address", "language")}


def addressed(cell: str) -> tuple[str, str]:
    """The verdict's address and words for a cell of addresses."""
    quoted = cell.replace('"', '""')
    found = sheet(f'Nachname\tE-Mail\nSalz\t"{quoted}"\n')
    with reading():
        (verdict,) = importing.preview(found)
    return verdict.address, verdict.words()


def refused(data: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        importing.read(data)
    assert (caught.value.field, caught.value.status) == ("file", 422)
    return str(caught.value)


def take(found: importing.Sheet, **options: object) -> Table:
    with transaction():
        return table(importing.take(found, **options))  # type: ignore[arg-type]  # options of mixed types


def everything() -> list[list[tuple[object, ...]]]:
    """All that an import may touch, the journal excepted."""
    with reading():
        return [
            [tuple(row) for row in session().execute(select(kind.__table__).order_by(kind.__table__.c.id))]
            for kind in (Member, Address, Organisation, series_rules.Belonging, Letter)
        ]


# --- the files offices sent -------------------------------------------------------------------------------------------


def german_verdicts(twin: Twin) -> Table:
    who = twin.people

    def row(number: int, verdict: str, words: str, name: str = "", address: str | None = None) -> Table:
        person = who[number]
        return {number: (verdict, words, name or person.name, person.address if address is None else address)}

    return expected(
        twin,
        row(25, "bad", "no mail address", address="")
        | row(33, "bad", "“keine E-Mail” is not a mail address", address="")
        | row(62, "new", f"{NEW}; a formula was left out")
        | row(63, "bad", "“+4936412345” is not a name", f"{who[63].name.split()[0]} +4936412345")
        | row(72, "duplicate", "the same person stands in row 22 already")
        | row(73, "duplicate", "the same person stands in row 23 already")
        | row(82, "bad", "no mail address", address="")
        | row(92, "new", f"{NEW}; has more cells than there are headings; they are left out")
        | row(101, "new", f"{NEW}; the language “Klingonisch” is not known"),
    )


def test_the_german_list_gets_a_verdict_for_every_row(app):
    twin = members_twin.mitglieder()
    found = importing.read(twin.data)
    assert (found.encoding, found.unknown) == ("cp1252", ("Bemerkung Essen", "Mitglied seit"))
    with reading():
        assert table(importing.preview(found)) == german_verdicts(twin)


def test_the_japanese_lists_get_a_verdict_for_every_row(app):
    twin = members_twin.meibo_utf8()
    doubled = {
        16: ("duplicate", "the same person stands in row 15 already", twin.people[16].name, twin.people[15].address)
    }
    found = importing.read(twin.data)
    assert (found.encoding, found.unknown) == ("utf-8-sig", ())
    with reading():
        assert table(importing.preview(found)) == expected(twin, doubled)

    twin = members_twin.meibo_cp932()
    found = importing.read(twin.data)
    assert (found.encoding, found.unknown) == ("cp932", ())
    with reading():
        assert table(importing.preview(found)) == expected(twin, {})


def test_what_the_preview_says_is_what_happens_and_the_good_rows_are_taken(app):
    for twin in members_twin.all_of_them():
        found = importing.read(twin.data)
        with reading():
            foretold = table(importing.preview(found))
        assert take(found) == foretold
        taken = {number for number, (verdict, *_) in foretold.items() if verdict == "new"}
        with reading():
            for number in taken:
                member = members.by_address(twin.people[number].address)
                tongue = "de" if "language" in twin.trouble.get(number, "") else twin.people[number].language
                assert (member.name.full("de").endswith(twin.people[number].name), member.language) == (True, tongue)
    with reading():
        standings = session().execute(select(Member.standing, func.count()).group_by(Member.standing)).all()
    assert [tuple(row) for row in standings] == [("accepted", 134 + 29 + 15)]


def test_a_preview_writes_nothing(app):
    with transaction():
        of = people.series()
    before = everything()
    written = []
    event.listen(db.engine, "before_cursor_execute", lambda _c, _k, words, *_: written.append(words))
    with reading():
        importing.preview(importing.read(members_twin.mitglieder().data), series=series_rules.by_id(of.id))
        assert not session().new and not session().dirty
    assert {words.split()[0] for words in written} == {"SELECT", *({"BEGIN"} & {w.split()[0] for w in written})}
    assert everything() == before


def test_running_it_twice_changes_nothing(app, clock):
    with transaction():
        people.series()
    for twin in members_twin.all_of_them():
        found = importing.read(twin.data)
        with transaction():
            first = table(importing.take(found, series=series_rules.by_slug("asanokai")))
        before = everything()
        clock.advance(days=1)
        with transaction():
            second = table(importing.take(found, series=series_rules.by_slug("asanokai")))
        assert everything() == before
        again = {"new": "unchanged", "duplicate": "duplicate", "bad": "bad"}
        assert {row: found[0] for row, found in second.items()} == {
            row: again[found[0]] for row, found in first.items()
        }
        assert {
            words.split("; a formula")[0].split("; has more")[0].split("; the language")[0]
            for verdict, words, *_ in second.values()
            if verdict == "unchanged"
        } == {KNOWN}


def test_the_text_of_a_sheet_reads_as_the_same_sheet_when_a_form_brings_it_back():
    for twin in members_twin.all_of_them():
        first = importing.read(twin.data)
        again = importing.read(first.text.replace("\n", "\r\n").encode())
        assert (again.rows, again.columns, again.unknown) == (first.rows, first.columns, first.unknown)


# --- what becomes of people -------------------------------------------------------------------------------------------


def test_a_new_member_is_accepted_has_every_field_and_is_told_nothing(app, clock):
    verdicts = take(
        sheet(
            "姓,名,セイ,メイ,First name,Last name,Salutation,Title,Company,Role,E-mail address,Language,Time zone\n"
            "山田,花子,ﾔﾏﾀﾞ,ﾊﾅｺ,Hanako,YAMADA,Ms,Dr.,㈱光,所長,Ｈ．Ｙamada＠Hamamatsu.example,E,Asia/Tokyo\n"
        )
    )
    assert verdicts == {2: ("new", NEW, "Hanako Yamada", "h.yamada@hamamatsu.example")}
    with reading():
        member = members.by_address("h.yamada@hamamatsu.example")
        fields = (*members.NAMES, "salutation", "language", "zone", "standing", "joined_at")
        assert {name: getattr(member, name) for name in fields} == {
            "title": "Dr.",
            "family": "Yamada",
            "given": "Hanako",
            "family_ja": "山田",
            "given_ja": "花子",
            "family_kana": "ヤマダ",
            "given_kana": "ハナコ",
            "position": "所長",
            "salutation": "frau",
            "language": "en",
            "zone": "Asia/Tokyo",
            "standing": "accepted",
            "joined_at": clock.now,
        }
        assert members.organisation_name(member) == "㈱光"
        assert session().scalar(select(func.count(Letter.id))) == 0


def test_a_known_member_is_filled_up_where_empty_and_never_overwritten(app):
    with transaction():
        members.add("k@jena.example", family="Lindner", language="en", position="Leiterin", salutation="frau")
    text = "Anrede;Titel;Vorname;Nachname;Firma;Position;E-Mail;Sprache\n"
    text += "Herr;Dr.;Katrin;Anders;Baum;Azubi; K@JENA.example;de\n"
    assert take(sheet(text)) == {2: ("changed", FILLED, "Katrin Anders", "k@jena.example")}
    with reading():
        katrin = members.by_address("k@jena.example")
        assert (katrin.salutation, katrin.title, katrin.given, katrin.family) == ("frau", "Dr.", "Katrin", "Lindner")
        assert (katrin.position, katrin.language, members.organisation_name(katrin)) == ("Leiterin", "en", "Baum")
    assert take(sheet(text)) == {2: ("unchanged", KNOWN, "Katrin Anders", "k@jena.example")}


def test_who_left_or_was_erased_stays_away_and_the_row_says_so(app):
    with transaction():
        people.juergen()
        people.member("weg@jena.example").standing = "erased"
    text = "Name;E-Mail\nJürgen Brandt;juergen.brandt@weimar.example\nUta Weg;weg@jena.example\n"
    before = everything()
    assert take(sheet(text)) == {
        2: ("bad", LEFT, "Jürgen Brandt", "juergen.brandt@weimar.example"),
        3: ("bad", LEFT, "Uta Weg", "weg@jena.example"),
    }
    assert everything() == before


def test_who_has_applied_becomes_a_member_when_the_office_names_them(app, clock):
    with transaction():
        members.add("neu@jena.example", standing="applied")
    text = "Name;E-Mail\nUta Neu;neu@jena.example\n"
    assert take(sheet(text)) == {2: ("changed", f"{APPLIED}; {FILLED}", "Uta Neu", "neu@jena.example")}
    with reading():
        member = members.by_address("neu@jena.example")
        assert (member.standing, member.joined_at, member.family) == ("accepted", clock.now, "Neu")


def test_a_member_who_newly_belongs_to_the_series_counts_as_changed(app):
    with transaction():
        people.belong(people.series(), people.katrin())
        people.emma()
    text = (
        "Vorname;Nachname;E-Mail\nKatrin;Lindner;katrin.lindner@optik-jena.example\n"
        "Emma;Whitfield;emma.whitfield@ilmenau.example\nUta;Neu;neu@jena.example\n"
    )
    with transaction():
        verdicts = table(importing.take(sheet(text), series=series_rules.by_slug("asanokai")))
    assert {row: found[:2] for row, found in verdicts.items()} == {
        2: ("unchanged", KNOWN),
        3: ("changed", JOINS),
        4: ("new", NEW),
    }
    with reading():
        belonging = series_rules.member_ids(series_rules.by_slug("asanokai"))
        assert belonging == {people.katrin().id, people.emma().id, members.by_address("neu@jena.example").id}


def test_two_addresses_of_one_member_are_one_person(app):
    with transaction():
        katrin = people.katrin()
        session().add(Address(member_id=katrin.id, text="k@jena.example", normal="k@jena.example", kind="also"))
    text = "Nachname;E-Mail\nLindner;katrin.lindner@optik-jena.example\nLindner;k@jena.example\n"
    assert {row: found[:2] for row, found in take(sheet(text)).items()} == {
        2: ("unchanged", KNOWN),
        3: ("duplicate", "the same person stands in row 2 already"),
    }


def test_one_row_that_cannot_be_written_does_not_stop_the_rest(app, monkeypatch):
    add = members.add

    def refusing(email, **person):
        if email.startswith("b@"):
            raise BadInput("email", "the row “%(row)s” is jinxed", row="b")
        if email.startswith("c@"):
            # What PostgreSQL says when somebody else was quicker.
            add("d@jena.example", family="Doppelt")
            session().add(Address(member_id=add(None, family="X").id, text="", normal="d@jena.example"))
            session().flush()
        return add(email, **person)

    monkeypatch.setattr(members, "add", refusing)
    text = "Name;E-Mail\n" + "".join(f"Uta {name.upper()}xy;{name}@jena.example\n" for name in "abce")
    assert take(sheet(text)) == {
        2: ("new", NEW, "Uta Axy", "a@jena.example"),
        3: ("bad", "the row “b” is jinxed", "Uta Bxy", "b@jena.example"),
        4: ("bad", "was changed by somebody else just now", "Uta Cxy", "c@jena.example"),
        5: ("new", NEW, "Uta Exy", "e@jena.example"),
    }
    with reading():
        assert list(session().scalars(select(Address.normal).order_by(Address.id))) == [
            "a@jena.example",
            "e@jena.example",
        ]


def test_the_journal_holds_the_counts_and_nobody_s_name(app):
    with transaction():
        ludwig = people.ludwig().id
    text = "Name;E-Mail\nUta Neu;neu@jena.example\nUta Neu;NEU@jena.example\nUta;\n"
    take(sheet(text), actor_id=ludwig)
    with reading():
        entries = (
            session().execute(select(Entry.verb, Entry.object, Entry.actor_id, Entry.facts).order_by(Entry.id)).all()
        )
    assert [tuple(entry) for entry in entries[-2:]] == [
        ("add", "member", ludwig, {"standing": "accepted"}),
        ("import", "member", ludwig, {"new": 1, "changed": 0, "unchanged": 0, "duplicate": 1, "bad": 1}),
    ]


def test_known_people_are_looked_up_in_bulk(app):
    text = "Name;E-Mail\n" + "".join(f"Uta Neu;u{number}@jena.example\n" for number in range(300))
    found = sheet(text)
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda _c, _k, words, *_: asked.append(words))
    with reading():
        assert len(importing.preview(found)) == 300
    # Who is known, and who asked not to be any more.
    assert len([words for words in asked if words.startswith("SELECT")]) == 2


# --- what the cells mean ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "fields"),
    [
        ("Anna Vogt", {"family": "Vogt", "given": "Anna"}),
        ("Vogt", {"family": "Vogt"}),
        ("Vogt, Anna Maria", {"family": "Vogt", "given": "Anna Maria"}),
        ("Frau Dr. Anna Vogt", {"salutation": "frau", "title": "Dr.", "family": "Vogt", "given": "Anna"}),
        ("Vogt, Prof. Dr.-Ing. Jan", {"title": "Prof. Dr.-Ing.", "family": "Vogt", "given": "Jan"}),
        ("M. Vogt", {"family": "Vogt", "given": "M."}),
        ("Anna von der Aue", {"family": "von der Aue", "given": "Anna"}),
        ("YAMADA Taro", {"family": "YAMADA", "given": "Taro"}),
        ("TARO YAMADA", {"family": "YAMADA", "given": "TARO"}),
        ("Ｔａｒｏ　Ｙａｍａｄａ", {"family": "Yamada", "given": "Taro"}),
        ("山田　花子 様", {"family_ja": "山田", "given_ja": "花子"}),
        ("山田花子", {"family_ja": "山田花子"}),
        ("ﾔﾏﾀﾞ ﾊﾅｺ", {"family_ja": "ヤマダ", "given_ja": "ハナコ"}),
    ],
)
def test_a_whole_name_in_one_cell_is_taken_apart(cell, fields):
    assert named(cell) == fields


@pytest.mark.parametrize(
    ("headings", "cells", "fields"),
    [
        ("氏名\tフリガナ", "山田　花子\tﾔﾏﾀﾞ　ﾊﾅｺ", ["山田", "花子", "ヤマダ", "ハナコ", "", ""]),
        (
            "姓（漢字）\t名（漢字）\t姓（ローマ字）\t名（ローマ字）",
            "山田\t花子\tYAMADA\tHANAKO",
            ["山田", "花子", "", "", "Yamada", "Hanako"],
        ),
        ("姓\t名", "Vogt\tAnna", ["", "", "", "", "Vogt", "Anna"]),
        ("Name\tVorname", "Vogt\tAnna", ["", "", "", "", "Vogt", "Anna"]),
        ("Last Name *\tFirst Name *", "山田\t花子", ["山田", "花子", "", "", "", ""]),
    ],
)
def test_names_are_found_in_the_columns_of_either_script(headings, cells, fields):
    found = only(f"{headings}\tE-Mail\n{cells}\tx@jena.example\n")
    names = ("family_ja", "given_ja", "family_kana", "given_kana", "family", "given")
    assert [found.get(name, "") for name in names] == fields
    assert found["language"] == ("ja" if fields[0] else "de")


def test_a_person_who_does_not_say_has_the_language_of_their_script_or_the_one_given(app):
    found = sheet(
        "Name;E-Mail;Sprache\nAnna Vogt;a@jena.example;\n山田 花子;b@jena.example;\nJo Fox;c@jena.example;dt.\n"
    )
    with transaction():
        importing.take(found, language="en")
        assert [members.by_address(f"{name}@jena.example").language for name in "abc"] == ["en", "ja", "de"]


@pytest.mark.parametrize(
    ("words", "language"),
    [
        *(
            (words, "de")
            for words in ("de", "DE", "dt.", "Deutsch", "german", "de-AT", "ドイツ語", "D", "Ｄｅｕｔｓｃｈ")
        ),
        *((words, "en") for words in ("en", "E", "engl.", "Englisch", "English (UK)", "en_US", "英語")),
        *((words, "ja") for words in ("ja", "jp", "JA", "Japanisch", "日本語", "Japanese", "japanisch / deutsch")),
        *((words, None) for words in ("Klingonisch", "-", "fr")),
    ],
)
def test_what_offices_write_for_a_language_is_understood(words, language):
    assert language_of(words) == language


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Frau", ("frau", "", "")),
        ("Herrn", ("herr", "", "")),
        ("Mr.", ("herr", "", "")),
        ("Ms", ("frau", "", "")),
        ("様", ("", "", "")),
        ("Frau Prof. Dr.", ("frau", "Prof. Dr.", "")),
        ("Dr. med.", ("", "Dr. med.", "")),
        ("Magnat", ("", "", "Magnat")),
        ("", ("", "", "")),
    ],
)
def test_salutations_and_titles_are_told_apart(words, found):
    salutation, rest = without_salutation(words)
    assert (salutation, *without_title(rest)) == found


def test_a_form_of_address_may_stand_in_the_column_of_titles_and_the_other_way_round():
    assert only("Title\tName\tEmail\nMs\tVogt\tx@jena.example\n")["salutation"] == "frau"
    assert only("Anrede\tTitel\tName\tEmail\nFrau Dr.\tProf. Dr.\tVogt\tx@jena.example\n")["title"] == "Prof. Dr."
    found = sheet("Anrede\tName\tEmail\nFamilie\tVogt\tx@jena.example\n")
    person = found.person(found.rows[0], "de")
    assert person.remarks == [("the form of address “%(words)s” is not known", {"words": "Familie"})]


@pytest.mark.parametrize(
    ("cell", "address", "words"),
    [
        ("Anna.Vogt@Jena.Example", "anna.vogt@jena.example", NEW),
        ("ａｎｎａ＠ｊｅｎａ．ｅｘａｍｐｌｅ", "anna@jena.example", NEW),
        ("\xa0anna @ jena.example\u200b", "anna@jena.example", NEW),
        ("MAILTO:anna@jena.example", "anna@jena.example", NEW),
        ("Anna Vogt <anna@jena.example>", "anna@jena.example", NEW),
        ('="anna@jena.example"', "anna@jena.example", NEW),
        ("anna@jena.example;", "anna@jena.example", NEW),
        *(
            (cell, "a@jena.example", f"{NEW}; has more than one address; left out: b@jena.example")
            for cell in (
                "a@jena.example; b@jena.example",
                "a@jena.example / b@jena.example",
                "a@jena.example\nb@jena.example",
                "a@jena.example、b@jena.example",
                "A <a@jena.example>, B <b@jena.example>",
            )
        ),
        ("", "", "no mail address"),
        ("  ", "", "no mail address"),
        ("anna", "", "“anna” is not a mail address"),
        ("anna@", "", "“anna@” is not a mail address"),
        ("=1+1", "", "“=1+1” is not a mail address"),
    ],
)
def test_an_address_is_found_in_what_was_typed(app, cell, address, words):
    assert addressed(cell) == (address, words)


def test_a_row_without_a_name_is_bad(app):
    text = "Vorname;Nachname;E-Mail\n;;a@jena.example\nAnna;;b@jena.example\n=1+1;=2;c@jena.example\n"
    assert {row: found[:2] for row, found in take(sheet(text)).items()} == {
        2: ("bad", "no family name"),
        3: ("bad", "no family name"),
        4: ("bad", "no family name; a formula was left out; a formula was left out"),
    }


# --- what the bytes are -----------------------------------------------------------------------------------------------

UMLAUTS = "Vorname;Nachname;E-Mail\nJürgen;Weiß;j@jena.example\n"
KANJI = "姓;名;メール\n齋藤;花子;h@jena.example\n"


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (UMLAUTS, "utf-8", "utf-8-sig"),
        (UMLAUTS, "utf-8-sig", "utf-8-sig"),
        (UMLAUTS, "utf-16", "utf-16"),
        (UMLAUTS, "cp1252", "cp1252"),
        (KANJI, "utf-8", "utf-8-sig"),
        (KANJI, "utf-16", "utf-16"),
        (KANJI, "cp932", "cp932"),
        ("Name;Mail\n山田 花子;h@jena.example\n", "cp932", "cp932"),
        ("Name;Mail\nﾔﾏﾀﾞ ﾊﾅｺ;h@jena.example\n", "cp932", "cp932"),
        *(
            (f"Vorname;Nachname;E-Mail\nUta;{name};u@jena.example\n", "cp1252", "cp1252")
            for name in (
                "Bär",
                "Jäger",
                "JÄGER",
                "Groß",
                "Käß",
                "O’Neil",
                "René",
                "Åsa",
                "Çelik",
                "Łuć".replace("Łuć", "Šárka"),
            )
        ),
    ],
)
def test_the_encoding_is_found_out_even_from_a_single_word(text, encoding, found):
    read = importing.read(text.encode(encoding))
    assert (read.encoding, read.text) == (found, text)


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found_out(delimiter):
    text = delimiter.join(("Vorname", "Nachname", "E-Mail")) + "\n" + delimiter.join(("Uta", "Neu", "u@jena.example"))
    assert only(text) == {"given": "Uta", "family": "Neu", "address": "u@jena.example", "language": "de"}


def test_rows_are_counted_as_excel_counts_them():
    text = 'sep=;\nTeilnehmer 2026;;\n\nName;Ort;Mail\nA;"x\ny\nz";a@jena.example\n\n;;\nB;y;b@jena.example\n'
    found = sheet(text)
    assert [row.number for row in found.rows] == [4, 7]
    assert (found.columns, found.unknown) == ({"Name": "whole", "Mail": "email"}, ("Ort",))
    assert importing.read(found.text.encode()).rows == found.rows


def test_the_headings_are_those_with_a_mail_address_even_below_others():
    found = sheet("Name;Vorname;Firma;Position\nx;y;z;q\nNachname;Mail\nSalz;s@jena.example\n")
    assert [(row.number, row.cells) for row in found.rows] == [(4, {"family": "Salz", "email": "s@jena.example"})]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf\r\n", "The file is empty."),
        (b"Vorname;Nachname\nUta;Neu\n", "There is no column of mail addresses. Its heading may be “E-Mail”."),
        (
            b"Guten Tag,\nanbei die Liste.\n",
            "No column headings were found: there must be one for the mail address at least.",
        ),
        (b"PK\x03\x04rest", "This is not a text file. Please save the table as CSV and choose that file instead."),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "The file holds characters that no table has."),
        (b"\xff\xfe\x00\xd8", "The file holds characters that no table has."),
        (b"E-Mail\n" + b"x" * 2_100_000, "The file is too large; 2 MB is the most."),
        (("Name;E-Mail\n" + "山" * 900_000).encode("cp932"), "The file is too large; 2 MB is the most."),
        (b"E-Mail\n" + b"a@b.example\n" * 20_001, "The file has too many rows; 20000 are the most."),
        (b'Name;E-Mail\nA;a@b.example\n"B;b@b.example\nC;c@b.example\n', "A quotation mark in row 3 is never closed."),
        (
            b'Name;Ort;E-Mail\n"A;x;a@b.example\nB;y;b@b.example\nC;"z";c@b.example\n',
            "A quotation mark in row 2 is never closed.",
        ),
        (b'Name;E-Mail\n"' + b"x" * 140_000, "A quotation mark in row 2 is never closed."),
    ],
)
def test_what_is_no_table_is_refused_in_plain_words(data, words):
    assert refused(data) == words


@given(
    st.one_of(
        st.binary(max_size=400),
        st.binary(max_size=200).map(lambda rest: b"Name;E-Mail;Sprache;Anrede\n" + rest),
        st.text(max_size=200).map(lambda rest: f"Name\tFirma\tE-Mail\n{rest}".encode("utf-8", "replace")),
        st.text(max_size=100).map(lambda rest: rest.encode("utf-16", "replace")),
    )
)
@example(b'Name;E-Mail\n"')
@example(b"E-Mail\n\x04\n")
@example(b"\xff\xfe")
def test_any_bytes_are_a_sheet_or_are_refused(data):
    try:
        found = importing.read(data)
    except BadInput:
        return
    assert importing.read(found.text.encode()).rows == found.rows
    for row in found.rows:
        person = found.person(row, "de")
        assert person.problem is not None or person.address == members.normal_address(person.address)
        written = [value for value in person.fields.values() if isinstance(value, str)]
        assert not [value for value in written if unicodedata.category((value or " ")[0]) in ("Cc", "Cs")]
