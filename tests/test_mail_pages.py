"""The pages of mail that came: who sees what, what a mail says, and what can be done about it."""

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from asanokai import clock, db, intake, rsvps
from asanokai.db import session
from asanokai.intake import Incoming
from asanokai.journal import Entry
from asanokai.letters import Letter
from tests import people
from tests.pages import Reader, facts
from tests.world import plain

ALL = "/coordinate/mail"


def came(meeting, who, *, outcome="message", address=None, words="Wo kann man parken?", **more) -> int:
    """A mail that waits; its number."""
    address = address or "katrin.lindner@optik-jena.example"
    raw = f"From: {address}\r\nSubject: AW: Einladung\r\nMessage-ID: <one@client.example>\r\n\r\n{words}\r\n".encode()
    row = Incoming(
        digest=f"{session().query(Incoming).count()}",
        raw_hash="",
        raw=raw,
        size=len(raw),
        way="lmtp",
        sender=address,
        author=address,
        subject="AW: Einladung",
        came_at=clock.now(),
        due_at=clock.now(),
        state="parked",
        outcome=outcome,
        member_id=who.id if who else None,
        meeting_id=meeting.id if meeting else None,
    )
    for name, value in more.items():
        setattr(row, name, value)
    session().add(row)
    session().flush()
    return row.id


@pytest.fixture
def world(app, clock):
    """Akiko coordinates the series of a meeting that Katrin is invited to; Naoko another one. Five mails wait."""
    with db.transaction():
        series, other = people.series(), people.series("hamamatsu", zone="Asia/Tokyo")
        people.coordinate(series, people.akiko())
        people.coordinate(other, people.naoko())
        katrin, kenji = people.katrin(), people.kenji()
        people.ludwig()
        meeting = people.announced_meeting(series, people=[katrin], guests_allowed=2)
        people.belong(other, kenji)
        stranger = "jemand@anderswo.example"
        made = {
            "mine": came(meeting, katrin),
            "of a member": came(None, katrin, words="<b>Hallo</b>\n\nhttps://anderswo.example/klick"),
            "of a stranger": came(meeting, katrin, address=stranger),
            "of others": came(None, kenji, address="kenji.yamada@erfurt.example"),
            "of nobody": came(None, None, address=stranger, outcome="failed", attempts=3),
        }
        return SimpleNamespace(**facts(meeting).__dict__, mails=made, katrin=katrin.id)


@pytest.fixture
def akiko(app, world) -> Reader:
    return Reader(app, people.akiko())


def page(world, which: str) -> str:
    return f"{ALL}/{world.mails[which]}"


def mail(world, which: str) -> Incoming:
    with db.reading():
        return session().get(Incoming, world.mails[which])


def seen_by(reader: Reader, world) -> set[str]:
    return {which for which in world.mails if reader.get(page(world, which)).status_code == 200}


def replies() -> list[tuple[int | None, str | None, dict]]:
    with db.reading():
        found = session().scalars(select(Letter).where(Letter.kind == "reply").order_by(Letter.id))
        return [(letter.member_id, letter.address, letter.facts) for letter in found]


def test_coordinators_see_what_concerns_their_series_and_administrators_all(app, world, akiko):
    naoko, ludwig = Reader(app, people.naoko()), Reader(app, people.ludwig())
    assert seen_by(akiko, world) == {"mine", "of a member", "of a stranger"}
    assert seen_by(naoko, world) == {"of others"}
    assert seen_by(ludwig, world) == set(world.mails)
    listed = [reader.get(ALL).text.count("AW: Einladung") for reader in (akiko, naoko, ludwig)]
    assert listed == [3, 1, 5]


def test_the_list_is_narrowed_by_kind_and_the_desk_says_how_many_wait(app, world, akiko):
    ludwig = Reader(app, people.ludwig())
    counted = {kind: ludwig.get(f"{ALL}?kind={kind}").text.count("AW: Einladung") for kind in ("failed", "taken", "x")}
    assert counted == {"failed": 1, "taken": 0, "x": 5}
    assert "3 mails wait for you" in plain(akiko.get("/coordinate/?lang=en").text)


def test_words_are_shown_as_they_are_and_no_link_in_them_lives(world, akiko):
    text = akiko.post(page(world, "of a member")).text
    assert "&lt;b&gt;Hallo&lt;/b&gt;" in text and "https://anderswo.example/klick" in text
    assert 'href="https://anderswo' not in text


def read() -> list[tuple[int, int | None, dict]]:
    with db.reading():
        found = session().scalars(select(Entry).where(Entry.verb == "read").order_by(Entry.id))
        return [(entry.object_id, entry.actor_id, entry.facts) for entry in found]


def test_what_was_written_is_shown_on_request_and_that_it_was_read_is_noted(world, akiko):
    seen = akiko.get(page(world, "mine"))
    assert ("AW: Einladung" in seen.text, "parken" in seen.text, read()) == (True, False, [])
    opened = akiko.post(page(world, "mine"))
    assert (opened.status_code, opened.headers["Cache-Control"], "parken" in opened.text) == (200, "no-store", True)
    about = {"meeting": world.id, "member": world.katrin}
    assert read() == [(world.mails["mine"], people.akiko().id, about)]
    # The same answer holds what can be done about it.
    assert [f"{page(world, 'mine')}/{verb}" in opened.text for verb in ("reply", "enter", "settle")] == [True] * 3
    assert akiko.post(page(world, "of others")).status_code == 404
    assert len(read()) == 1


def test_the_list_opens_a_mail_by_one_button(world, akiko):
    listed = akiko.get(ALL).text
    forms = [f'<form method="post" action="{page(world, which)}"' for which in ("mine", "of a member", "of a stranger")]
    assert ([listed.count(form) for form in forms], "parken" in listed) == ([1, 1, 1], False)


def test_who_reads_after_a_form_was_refused_keeps_what_was_typed(world, akiko):
    for verb, typed, kept in (
        ("reply", {"words": "x" * 9000}, "x" * 9000),
        ("enter", {"meeting": str(world.id), "answer": "maybe", "guests": "99"}, 'value="99"'),
    ):
        refused = akiko.post(f"{page(world, 'mine')}/{verb}", typed)
        assert (refused.status_code, "parken" in refused.text) == (422, False)
        assert f'form="{verb}-form" formaction="{page(world, "mine")}"' in refused.text
        opened = akiko.post(page(world, "mine"), typed)
        assert (opened.status_code, "parken" in opened.text, kept in opened.text) == (200, True, True)


def test_a_reply_goes_to_the_member_and_settles_the_mail(world, akiko):
    assert akiko.post(f"{page(world, 'mine')}/reply", {"words": "Im Hof."}).status_code == 303
    assert akiko.post(f"{page(world, 'mine')}/reply", {"words": "Im Hof."}).status_code == 303
    said = {"words": "Im Hof.", "subject": "Einladung", "answers": "<one@client.example>", "mail": world.mails["mine"]}
    assert replies() == [(world.katrin, None, said)]
    row = mail(world, "mine")
    assert (row.state, row.settled_by_id) == ("settled", people.akiko().id)


def test_a_reply_to_a_stranger_goes_to_the_address_in_the_mail_and_the_page_says_so(world, akiko):
    text = plain(akiko.get(f"{page(world, 'of a stranger')}?lang=en").text)
    assert "nobody has checked whose address that is" in text and "not from one of their addresses" in text
    akiko.post(f"{page(world, 'of a stranger')}/reply", {"words": "Im Hof."})
    assert [(member, address) for member, address, _facts in replies()] == [(None, "jemand@anderswo.example")]


def test_what_nobody_wrote_cannot_be_answered(app, world):
    with db.transaction():
        session().get(Incoming, world.mails["of nobody"]).sender = ""
    ludwig = Reader(app, people.ludwig())
    assert ludwig.post(f"{page(world, 'of nobody')}/reply", {"words": "Hallo"}).status_code == 409
    assert replies() == []


def test_an_answer_is_entered_for_the_member_at_a_meeting_of_the_series(world, akiko):
    form = {"meeting": str(world.id), "answer": "yes", "guests": "1"}
    assert akiko.post(f"{page(world, 'of a member')}/enter", {**form, "meeting": "4711"}).status_code == 422
    assert akiko.post(f"{page(world, 'of a member')}/enter", form).status_code == 303
    with db.reading():
        rsvp = rsvps.required(world.id, world.katrin)
        assert (rsvp.answer, rsvp.guests, rsvp.by) == ("yes", 1, "coordinator")
    assert (mail(world, "of a member").state, mail(world, "of a member").meeting_id) == ("settled", world.id)


def test_a_mail_that_needs_nothing_is_settled(world, akiko):
    assert akiko.post(f"{page(world, 'mine')}/settle", {}).status_code == 303
    assert mail(world, "mine").state == "settled"
    assert akiko.post(f"{page(world, 'of others')}/settle", {}).status_code == 404


def test_what_failed_is_taken_in_again_and_nothing_else(app, world, akiko):
    assert akiko.post(f"{page(world, 'mine')}/again", {}).status_code == 409
    assert Reader(app, people.ludwig()).post(f"{page(world, 'of nobody')}/again", {}).status_code == 303
    row = mail(world, "of nobody")
    assert (row.state, row.attempts, row.outcome) == ("waiting", 0, None)


def test_after_thirty_days_the_bytes_are_gone_and_the_page_says_so(app, world, clock):
    clock.advance(days=29)
    with db.transaction():
        assert intake.forget() == 0
    clock.advance(days=2)
    with db.transaction():
        assert (intake.forget(), intake.forget()) == (5, 0)
    again = Reader(app, people.akiko())  # the cookie does not live that long
    text = plain(again.get(f"{page(world, 'mine')}?lang=en").text)
    assert "it is kept for 30 days" in text and "Show what was written" not in text
    assert (again.post(page(world, "mine")).status_code, read()) == (200, [])
