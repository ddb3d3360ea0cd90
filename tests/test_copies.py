"""A copy of everything about oneself: what is in it, who may have it, how far it has come."""

import io
import json
import re
import zipfile
from typing import Any

import pytest
from sqlalchemy import select

from asanokai import copies, db, erasing, leaving, worker
from asanokai.copies.columns import COLUMNS
from asanokai.copies.writing import Writer
from asanokai.db import Base, session
from asanokai.erasing import RULES
from asanokai.errors import Missing, Refused
from asanokai.invitations import Night
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.members import Member
from asanokai.whose import person
from asanokai.worker import send_due
from tests import people
from tests.pages import Reader
from tests.test_erasing import WORD, fill_everything
from tests.world import plain


def unpacked(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def data(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(unpacked(content).read("data.json"))
    return found


@pytest.fixture
def zoe_id(app, clock) -> int:
    with db.transaction():
        one, _at = fill_everything()
        people.ludwig()
        return one.id


def copied(member_id: int) -> bytes:
    """What the worker makes for somebody."""
    with db.transaction():
        asked = copies.ask(session().get_one(Member, member_id), actor_id=member_id).id
    assert copies.step() == 1
    with db.transaction():
        return copies.fetch(asked, member_id, actor_id=member_id)


def test_every_table_that_deletion_empties_or_that_names_a_member_is_copied_or_not_for_a_reason():
    member = Base.metadata.tables["member"]
    naming = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(key.column.table is member for column in table.columns for key in column.foreign_keys)
    }
    known = {rule.table.__tablename__ for rule in RULES} | naming
    assert known - copies.TABLES == set(copies.NOT_COPIED)


def test_every_column_of_a_copy_has_words_and_no_words_are_left_over(app):
    with db.transaction():
        one = person(people.katrin())
    asked = {(part.name, column.key) for part in copies.PARTS for column in part.ask(one).selected_columns}
    files = {part.file for part in copies.PARTS if part.file}
    inner = {(part.name, column) for part in copies.PARTS for column in part.inner}
    assert {name for _part, name in asked - inner} - files | {"file"} == set(COLUMNS)


def test_no_secret_is_copied(app):
    with db.transaction():
        one = person(people.katrin())
    secrets = ("hash", "secret", "stamp", "nonce", "digest", "claimed")
    asked = [column.key for part in copies.PARTS for column in part.ask(one).selected_columns]
    assert [name for name in asked if any(secret in name for secret in secrets)] == []


def test_everything_that_holds_something_of_the_person_is_in_the_copy(zoe_id):
    found = data(copied(zoe_id))
    assert (found["format"], found["version"]) == ("asanokai-copy", 1)
    silent = {part.name for part in copies.PARTS if not found[part.name]}
    assert silent == {
        "address_changes",
        "normally",
        "switched_off",
        "devices",
        "passkeys",
        "second_factors",
        "outside_identities",
        "consents",
        "views",
        "messages",
    }
    (me,) = found["person"]
    assert (me["family"], me["organisation"], me["zone"]) == (WORD.title(), f"Werk {WORD}", "Asia/Tokyo")
    assert found["answers"][0]["comment"] == f"Ich bringe {WORD}"
    assert found["replies"][0]["value"] == f"allergisch gegen {WORD}"
    assert [guest["name"] for guest in found["guests"]] == [WORD, f"Herr {WORD}"]
    assert found["applications"][0]["consent_version"] == "2026-11"
    with_words = {part.name for part in copies.PARTS if WORD in json.dumps(found[part.name]).lower()}
    assert len(with_words) >= 14


def test_nothing_of_others_is_in_it(zoe_id):
    pack = unpacked(copied(zoe_id))
    words = " ".join(pack.read(name).decode("utf-8", "replace") for name in pack.namelist())
    assert [name for name in ("Lindner", "Emma", "Whitfield", "optik-jena", "ilmenau") if name in words] == []


def test_the_pages_are_in_the_reader_s_language_and_files_lie_beside_them(zoe_id):
    pack = unpacked(copied(zoe_id))
    names = pack.namelist()
    held = {name for name, rows in json.loads(pack.read("data.json")).items() if isinstance(rows, list) and rows}
    assert {name for name in names if not name.startswith(("files/", "mails/"))} == {
        *("data.json", "index.html"),
        *(f"pages/{name}.html" for name in held),
    }
    index = pack.read("index.html").decode()
    assert ('lang="de"' in index, "Kopie Ihrer Daten" in index, "Ihre Antworten" in index) == (True, True, True)
    (file,) = [name for name in names if name.startswith("files/")]
    assert pack.read(file) == f"%PDF-1.7 {WORD}".encode()
    assert f'href="../{file}"' in pack.read("pages/files.html").decode()
    mail = next(name for name in names if name.startswith("mails/"))
    assert pack.read(mail) == f"From: {WORD}".encode()


def test_what_looks_like_a_tag_is_text(app, clock):
    pack = unpacked(Writer("ja", "Asia/Tokyo", clock.now).write({"person": [{"family": "<script>alert(1)</script>"}]}))
    page = pack.read("pages/person.html").decode()
    assert ("<script>" in page, "&lt;script&gt;" in page, 'lang="ja"' in page) == (False, True, True)


# --- asking, progress, fetching ---------------------------------------------------------------------------------------


def test_asking_twice_is_asking_once_and_a_row_for_nobody_has_none(zoe_id):
    with db.transaction():
        zoe = session().get_one(Member, zoe_id)
        assert copies.ask(zoe, actor_id=zoe_id).id == copies.ask(zoe, actor_id=None).id
        zoe.standing = "erased"
        with pytest.raises(Refused):
            copies.ask(zoe, actor_id=None)


def test_how_far_it_has_come_is_seen_while_it_is_made(zoe_id, monkeypatch):
    with db.transaction():
        asked = copies.ask(session().get_one(Member, zoe_id), actor_id=zoe_id).id
    seen = []
    went_on = copies.making._went_on

    def looked(copy_id: int, done: int) -> bool:
        on = went_on(copy_id, done)
        with db.reading():
            row = session().get_one(copies.Copy, asked)
            seen.append((row.done, row.total, row.ready_at))
        return on

    monkeypatch.setattr(copies.making, "_went_on", looked)
    assert copies.step() == 1
    total = len(copies.PARTS) + 1
    assert seen == [(done, total, None) for done in range(1, total)]


def letters_of(member_id: int) -> list[tuple[Any, str | None]]:
    with db.reading():
        query = select(Letter.facts, Letter.address).where(Letter.kind == "copy_ready", Letter.member_id == member_id)
        return [(facts, address) for facts, address in session().execute(query)]


def test_a_letter_to_the_main_address_says_that_it_is_ready_and_opens_nothing(app, clock, zoe_id, smtp):
    with db.transaction():
        asked = copies.ask(session().get_one(Member, zoe_id), actor_id=None).id
    assert letters_of(zoe_id) == []
    copies.step()
    assert letters_of(zoe_id) == [({"copy": asked}, None)]
    with db.transaction():
        session().get_one(Member, zoe_id).unsubscribed_at = clock.now
    smtp.clear()
    send_due(app, Night())
    (came,) = [mail for mail in smtp.letters if "/me/data" in mail.message.get_body(("plain",)).get_content()]
    links = re.findall(r"http://\S+", came.message.get_body(("plain",)).get_content())
    assert [link.removeprefix("http://localhost:8000") for link in links] == [
        *("/me/data", "/imprint", "/privacy", "/accessibility")
    ]
    assert [part.get_content_type() for part in came.message.walk()] == [
        *("multipart/alternative", "text/plain", "text/html")
    ]
    assert (came.to, [name for name in came.message if name.startswith("List-")]) == (f"zoe.{WORD}@{WORD}.example", [])


def test_no_letter_speaks_of_a_copy_that_is_gone_and_none_goes_to_who_has_left(app, zoe_id, smtp):
    copied(zoe_id)
    with db.transaction():
        session().delete(copies.of_member(zoe_id)[0])
    send_due(app, Night())
    with db.transaction():
        row = session().scalars(select(Letter).where(Letter.kind == "copy_ready")).one()
        assert (row.state, row.reason) == ("dropped", "the copy is gone")
        zoe = session().get_one(Member, zoe_id)
        leaving.leave(zoe, actor_id=zoe_id)
    copied(zoe_id)
    assert len(letters_of(zoe_id)) == 1


def test_a_later_copy_is_told_like_the_first_that_was_deleted_though_it_may_have_the_same_number(clock, zoe_id):
    for told in (1, 2):
        copied(zoe_id)
        assert len(letters_of(zoe_id)) == told
        with db.transaction():
            session().delete(copies.of_member(zoe_id)[0])
        clock.advance(days=8)


def test_a_letter_does_not_speak_of_another_s_copy_that_has_its_number(app, clock, zoe_id, smtp):
    copied(zoe_id)
    clock.advance(minutes=1)
    with db.transaction():
        gone = copies.of_member(zoe_id)[0]
        number = gone.id
        session().delete(gone)
        session().flush()
        chief = people.ludwig().id
        session().add(copies.Copy(id=number, member_id=chief, asked_by_id=chief, asked_at=clock.now, total=1))
        session().flush()
        assert copies.finish(number, {}) == 1
    send_due(app, Night())
    with db.reading():
        query = select(Letter.member_id, Letter.state, Letter.reason).where(Letter.kind == "copy_ready")
        assert [tuple(row) for row in session().execute(query.order_by(Letter.id))] == [
            (zoe_id, "dropped", "the copy is gone"),
            (chief, "sent", None),
        ]


def test_only_the_owner_fetches_it_and_the_journal_says_so(zoe_id):
    copied(zoe_id)
    with db.transaction():
        (made,) = copies.of_member(zoe_id)
        with pytest.raises(Missing):
            copies.fetch(made.id, people.katrin().id, actor_id=people.katrin().id)
        verbs = session().scalars(select(Entry.verb).where(Entry.object == "copy").order_by(Entry.id))
        assert list(verbs) == ["ask", "make", "fetch"]


def test_deletion_takes_the_copy_along_even_one_that_is_being_made(zoe_id):
    copied(zoe_id)
    with db.transaction():
        zoe = session().get_one(Member, zoe_id)
        copies.ask(zoe, actor_id=zoe_id)
        erasing.now_empty(zoe, keep_texts=False)
    with db.reading():
        assert list(session().scalars(select(copies.Copy.id))) == []
    assert copies.step() == 0


def test_the_page_shows_the_way_from_asking_to_the_file(app, zoe_id):
    with db.reading():
        reader = Reader(app, session().get_one(Member, zoe_id))
    reader.get("/?lang=en")
    assert reader.post("/me/data/copy").location == "/me/data"
    page = reader.get("/me/data").text
    assert ("Being made: 0 of 30 lists" in plain(page), 'http-equiv="refresh"' in page) == (True, True)
    worker.copies.step()
    page = reader.get("/me/data").text
    assert ("Fetch the file" in plain(page), 'http-equiv="refresh"' in page) == (True, False)
    with db.reading():
        (made,) = copies.of_member(zoe_id)
    response = reader.post(f"/me/data/copy/{made.id}")
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    assert data(response.data)["person"][0]["family"] == WORD.title()
    stranger = Reader(app, people.ludwig())
    assert stranger.post(f"/me/data/copy/{made.id}").status_code == 404
    assert stranger.post(f"/coordinate/members/{zoe_id}/copy/{made.id}").status_code == 200


def test_a_worker_that_dies_meanwhile_leaves_how_far_it_came_and_the_next_one_makes_it_anew(app, zoe_id, monkeypatch):
    with db.transaction():
        asked = copies.ask(session().get_one(Member, zoe_id), actor_id=zoe_id).id
    went_on = copies.making._went_on

    def dies(copy_id: int, done: int) -> bool:
        if done == 8:
            raise KeyboardInterrupt  # as a process that is killed: no boundary catches it
        return went_on(copy_id, done)

    monkeypatch.setattr(copies.making, "_went_on", dies)
    with pytest.raises(KeyboardInterrupt):
        copies.step()
    with db.reading():
        reader = Reader(app, session().get_one(Member, zoe_id))
    reader.get("/?lang=en")
    page = reader.get("/me/data").text
    total = len(copies.PARTS) + 1
    assert f"Being made: 7 of {total} lists" in plain(page)
    assert f'<progress max="{total}" value="7">' in page
    with db.transaction():
        assert copies.ask(session().get_one(Member, zoe_id), actor_id=zoe_id).id == asked
    monkeypatch.setattr(copies.making, "_went_on", went_on)
    assert copies.step() == 1
    assert "Fetch the file" in plain(reader.get("/me/data").text)
    assert letters_of(zoe_id) == [({"copy": asked}, None)]


def test_one_that_cannot_be_made_keeps_nobody_else_s_from_being_made(zoe_id, monkeypatch):
    with db.transaction():
        copies.ask(session().get_one(Member, zoe_id), actor_id=zoe_id)
    write = Writer.write
    monkeypatch.setattr(Writer, "write", lambda self, found: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        copies.step()
    monkeypatch.setattr(Writer, "write", write)
    with db.transaction():
        other = copies.ask(people.katrin(), actor_id=None).id
    assert copies.step() == 1
    with db.reading():
        assert [copies.made(other, people.katrin().id) is not None, copies.of_member(zoe_id)[0].ready_at] == [
            True,
            None,
        ]


def test_two_workers_that_make_the_same_copy_make_one(zoe_id):
    copied(zoe_id)
    with db.transaction():
        made = copies.of_member(zoe_id)[0]
        assert copies.finish(made.id, {}) == 0
    with db.reading():
        verbs = session().scalars(select(Entry.verb).where(Entry.object == "copy").order_by(Entry.id))
        assert list(verbs) == ["ask", "make", "fetch"]
