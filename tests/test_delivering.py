"""Delivery over a real SMTP server: who gets what, what a failure means, and that one bad letter stops nobody."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text, update

from asanokai import announcing, db, letters, meetings, rsvps
from asanokai import series as series_rules
from asanokai.announcing import Change
from asanokai.delivering import Delivery, Step
from asanokai.invitations import Night
from asanokai.letters import PAUSES, Happening, Letter
from asanokai.meetings import Meeting
from asanokai.members import Address, Bounce, Member
from asanokai.transport import Outcome, Transport
from asanokai.worker import send_due
from config import Mail
from tests import people
from tests.people import berlin

DUE = berlin(2026, 2, 19, 9)
"""Twenty-one days before the usual meeting, 09:00."""


def invited(*readers: Any, **values: Any) -> int:
    """An announced meeting whose invitations are due at `DUE`; its number."""
    with db.transaction():
        return people.announced_meeting(people=[make() for make in readers], **values).id


def deliver(app: Any) -> Any:
    return send_due(app, Night())


def states() -> dict[str, tuple[str, str | None]]:
    with db.reading() as session:
        found = session.scalars(select(Letter).order_by(Letter.id))
        return {letter.key: (letter.state, letter.reason) for letter in found}


def test_everybody_gets_one_invitation_in_their_language_at_the_planned_moment(app, clock, smtp):
    invited(people.katrin, people.emma, people.kenji)
    clock.set(DUE - timedelta(minutes=1))
    assert deliver(app).sent == 0
    clock.set(DUE)
    assert deliver(app).sent == 3
    assert deliver(app).sent == 0
    assert {letter.to: letter.message["Content-Language"] for letter in smtp.letters} == {
        "katrin.lindner@optik-jena.example": "de",
        "emma.whitfield@ilmenau.example": "en",
        "kenji.yamada@erfurt.example": "ja",
    }
    assert len(smtp.letters) == 3


def test_a_letter_names_only_its_reader(app, clock, smtp):
    invited(people.katrin, people.emma, people.kenji)
    clock.set(DUE)
    deliver(app)
    addresses = {letter.to for letter in smtp.letters}
    for letter in smtp.letters:
        parts = [part.get_payload(decode=True) or b"" for part in letter.message.walk() if not part.is_multipart()]
        whole = b"".join([letter.content, *parts]).decode()
        assert {address for address in addresses if address in whole} == {letter.to}


def test_a_refused_reader_is_noted_and_the_others_get_theirs(app, clock, smtp):
    invited(people.katrin, people.emma, people.kenji)
    smtp.faults.answer("emma.whitfield@ilmenau.example", "550 5.1.1 no such person")
    clock.set(DUE)
    total = deliver(app)
    assert (total.sent, total.failed) == (2, 1)
    with db.reading() as session:
        failed = session.scalars(select(Letter).where(Letter.state == "failed")).one()
        assert (failed.reason, failed.server_words) == ("refused by the server", "550 5.1.1 no such person")


def test_a_failed_letter_goes_out_when_it_is_retried(app, clock, smtp):
    invited(people.emma)
    smtp.faults.answer("emma.whitfield@ilmenau.example", "550 5.1.1 no such person", times=1)
    clock.set(DUE)
    deliver(app)
    with db.transaction() as session:
        letters.retry(session.scalars(select(Letter.id)).one())
    assert deliver(app).sent == 1


def life() -> list[tuple[str, str | None]]:
    with db.reading() as session:
        return [(row.what, row.words) for row in session.scalars(select(Happening).order_by(Happening.id))]


def test_an_unknown_mailbox_is_given_up_at_its_refusal_and_a_letter_sent_again_goes_all_the_same(app, clock, smtp):
    invited(people.emma)
    smtp.faults.answer("emma.whitfield@ilmenau.example", "550 5.1.1 no such person", times=1)
    clock.set(DUE)
    deliver(app)
    with db.transaction() as session:
        address, bounce = session.scalars(select(Address)).one(), session.scalars(select(Bounce)).one()
        assert (address.suppressed_at, address.reason) == (DUE, "unknown")
        assert (bounce.sort, bounce.status, bounce.words) == ("unknown", "5.1.1", "550 5.1.1 no such person")
        letters.retry(bounce.letter_id)
    assert deliver(app).sent == 1
    assert life() == [("refused", "550 5.1.1 no such person"), ("retried", None)]


def test_what_the_server_says_of_us_or_for_now_gives_no_address_up(app, clock, smtp):
    invited(people.katrin, people.emma, people.kenji)
    smtp.faults.answer("emma.whitfield@ilmenau.example", "554 5.7.1 blocked")
    smtp.faults.answer("kenji.yamada@erfurt.example", "451 4.2.2 mailbox full", times=1)
    clock.set(DUE)
    deliver(app)
    with db.reading() as session:
        assert session.scalars(select(Address.id).where(Address.suppressed_at.is_not(None))).all() == []
        assert session.scalars(select(Bounce.sort)).all() == ["policy"]
    assert sorted(life()) == [("postponed", "451 4.2.2 mailbox full"), ("refused", "554 5.7.1 blocked")]


def test_the_usual_letter_writes_nothing_beside_its_row(app, clock, smtp):
    invited(people.katrin, people.emma)
    clock.set(DUE)
    assert deliver(app).sent == 2
    with db.reading() as session:
        assert (life(), session.scalars(select(Bounce.id)).all()) == ([], [])
        assert set(session.scalars(select(Letter.claimed_at))) == {DUE}


def test_a_letter_whose_sender_died_says_so_in_its_life(app, clock, smtp):
    invited(people.katrin)
    clock.set(DUE)
    send_due(app, Night())
    with db.transaction() as session:
        session.execute(update(Letter).values(state="claimed", claimed_until=clock.now))
    clock.advance(minutes=1)
    assert deliver(app).sent == 1
    assert life() == [("released", None)]


def test_a_temporary_refusal_is_tried_again_after_growing_pauses_until_it_has_failed(app, clock, smtp):
    invited(people.emma)
    smtp.faults.answer("emma.whitfield@ilmenau.example", "451 4.7.1 come back later")
    clock.set(DUE)
    tries = []
    for pause in PAUSES:
        total = deliver(app)
        tries.append((total.postponed, total.failed))
        clock.advance(seconds=pause.total_seconds() - 1)
        assert deliver(app).postponed == 0
        clock.advance(seconds=1)
    last = deliver(app)
    assert tries == [(1, 0)] * len(PAUSES)
    assert (last.postponed, last.failed) == (0, 1)
    assert list(states().values()) == [("failed", "refused too often")]


def test_a_server_that_puts_everybody_off_at_first_gets_each_letter_once(app, clock, smtp):
    readers = (people.katrin, people.emma, people.kenji)
    invited(*readers)
    for address in ("katrin.lindner@optik-jena.example", "emma.whitfield@ilmenau.example"):
        smtp.faults.answer(address, "451 4.7.1 Greylisted, please try again later", times=1)
    clock.set(DUE)
    assert (deliver(app).sent, len(smtp.letters)) == (1, 1)
    clock.advance(seconds=PAUSES[0].total_seconds())
    assert (deliver(app).sent, deliver(app).sent) == (2, 0)
    assert len(smtp.letters) == len({letter.to for letter in smtp.letters}) == len(readers)
    assert set(states().values()) == {("sent", None)}


def test_a_server_that_is_away_costs_no_attempt_and_loses_nothing(app, clock, smtp):
    invited(people.katrin, people.emma)
    smtp.refuse()
    clock.set(DUE)
    total = deliver(app)
    assert (total.sent, bool(total.away)) == (0, True)
    with db.reading() as session:
        assert set(session.execute(select(Letter.state, Letter.attempts))) == {("queued", 0)}
    smtp.accept()
    assert deliver(app).sent == 2


def test_a_connection_dropped_after_the_mail_was_taken_leads_to_one_double_with_the_same_message_id(app, clock, smtp):
    invited(people.katrin, people.emma)
    smtp.faults.drop("before reply", times=1)
    clock.set(DUE)
    assert deliver(app).sent == 1
    clock.advance(seconds=PAUSES[0].total_seconds())
    assert deliver(app).sent == 1
    numbers = Counter(letter.message["Message-ID"] for letter in smtp.letters)
    assert sorted(numbers.values()) == [1, 2]
    assert {state for state, _reason in states().values()} == {"sent"}


class TestAStallingServer:
    @pytest.fixture
    def settings(self, smtp):
        return {"mail": Mail(server="127.0.0.1", port=smtp.port, timeout=0.3)}

    def test_does_not_hold_up_the_others_longer_than_the_time_out(self, app, clock, smtp):
        invited(people.katrin, people.emma, people.kenji)
        smtp.faults.stall(30, at="RCPT", times=1)
        clock.set(DUE)
        total = deliver(app)
        assert (total.sent, total.postponed) == (2, 1)


def test_of_readers_refused_for_good_or_for_now_each_gets_their_own_verdict_and_the_others_their_letters(
    app, clock, smtp
):
    with db.transaction():
        crowd = people.crowd(9)
        people.announced_meeting(people=crowd)
        addresses = [people.members.main_address(who).text for who in crowd]  # type: ignore[union-attr]
    replies = ("550 5.1.1 no such person", "554 5.7.1 refused", "451 4.7.1 greylisted", "421 4.3.2 going down")
    for address, reply in zip(addresses, replies, strict=False):
        smtp.faults.answer(address, reply)
    clock.set(DUE)
    total = deliver(app)
    assert (total.sent, total.failed, total.postponed, total.away) == (5, 2, 2, "")
    assert sorted(letter.to for letter in smtp.letters) == sorted(addresses[4:])
    with db.reading() as session:
        found = session.execute(select(Letter.state, Letter.server_words, Letter.due_at).order_by(Letter.member_id))
        assert [tuple(row) for row in found] == [
            ("failed", replies[0], DUE),
            ("failed", replies[1], DUE),
            ("queued", replies[2], DUE + PAUSES[0]),
            ("queued", replies[3], DUE + PAUSES[0]),
            *[("sent", None, DUE)] * 5,
        ]


def test_a_server_that_goes_away_in_the_middle_leaves_the_rest_for_the_next_step(app, clock, smtp):
    with db.transaction():
        people.announced_meeting(people=people.crowd(6))
    clock.set(DUE)
    with db.transaction():
        people.plan()
    with Sending(app, lambda sent: smtp.refuse() if sent == 2 else None) as transport:
        step = Delivery(app.extensions["composer"], transport).step()
    # The third was being sent when the connection broke; the others were not tried.
    assert (step.sent, step.postponed, bool(step.away), step.more) == (2, 1, True, False)
    with db.reading() as session:
        found = session.execute(select(Letter.state, Letter.attempts, Letter.claimed_by).order_by(Letter.id))
        assert [tuple(row) for row in found] == [("sent", 1, None)] * 2 + [("queued", 1, None)] + [
            ("queued", 0, None)
        ] * 3
    smtp.accept()
    clock.set(DUE + PAUSES[0])
    assert deliver(app).sent == 4


class Sending(Transport):
    """The real transport; before each mail it lets something happen, told how many it has sent."""

    def __init__(self, app: Any, meanwhile: Callable[[int], object]) -> None:
        super().__init__(app)
        self.meanwhile = meanwhile
        self.number = 0

    def send(self, envelope_from: str, to: str, content: bytes) -> Outcome:
        self.meanwhile(self.number)
        self.number += 1
        return super().send(envelope_from, to, content)


def test_a_slow_server_does_not_keep_a_sign_in_letter_waiting_behind_a_whole_batch(app, clock, smtp):
    with db.transaction():
        people.announced_meeting(people=people.crowd(6))
        katrin = people.katrin().id
    clock.set(DUE)
    with db.transaction():
        people.plan()

    def slowly(sent: int) -> None:
        clock.advance(seconds=6)
        if sent == 0:
            with db.transaction():
                people.members.ask_for_sign_in("katrin.lindner@optik-jena.example")

    with Sending(app, slowly) as transport:
        delivery = Delivery(app.extensions["composer"], transport)
        step = delivery.step()
        with db.reading() as session:
            waiting = session.execute(select(Letter.attempts, Letter.claimed_by).where(Letter.state == "queued"))
            assert [tuple(row) for row in waiting] == [(0, None)] * 5
        assert (step.sent, step.more) == (2, True)
        delivery.step()
    with db.reading() as session:
        third = session.scalars(select(Letter).where(Letter.state == "sent").order_by(Letter.sent_at)).all()[2]
        assert (third.kind, third.member_id) == ("sign_in", katrin)


def test_only_the_claim_and_the_last_letter_of_a_batch_wait_for_the_disk(app, clock, smtp):
    engine = db.db.engine
    asked = "PRAGMA synchronous" if engine.dialect.name == "sqlite" else "SHOW synchronous_commit"
    with db.transaction():
        people.announced_meeting(people=people.crowd(3))
    clock.set(DUE)
    with db.transaction():
        people.plan()
    if engine.dialect.name == "postgresql":
        # The tests' server waits for nothing by itself.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f'ALTER DATABASE "{engine.url.database}" SET synchronous_commit = on'))
        engine.dispose()
    waited: list[tuple[int, bool]] = []

    def note(connection: Any) -> None:
        waited.append((len(smtp.letters), connection.execute(text(asked)).scalar() not in (1, "off")))

    event.listen(engine, "commit", note)
    with Transport(app) as transport:
        assert Delivery(app.extensions["composer"], transport).step().sent == 3
    # Setting PostgreSQL's own commit before and after is a transaction too, and takes no row with it.
    assert waited[0] == (0, True)
    assert [pair for pair in waited if pair[0]][:3] == [(1, False), (2, False), (3, True)]


def test_an_answer_given_while_a_letter_is_on_its_way_keeps_its_higher_sequence(app, clock, smtp):
    meeting_id = invited(people.katrin)
    with db.transaction():
        rsvps.answer(meeting_id, people.katrin().id, "no", by="page")
    deliver(app)
    clock.set(DUE)
    with db.transaction():
        people.plan()

    def change_of_mind(_sent: int) -> None:
        with db.transaction():
            rsvps.answer(meeting_id, people.katrin().id, "yes", by="page")

    with Sending(app, change_of_mind) as transport:
        Delivery(app.extensions["composer"], transport).step()
    with db.reading() as session:
        assert rsvps.required(meeting_id, people.katrin().id).sequence == 1
        sent = session.scalars(select(Letter.sequence).where(Letter.kind == "invite")).one()
        assert sent == 0
    deliver(app)
    with db.reading() as session:
        assert session.scalars(select(Letter.sequence).where(Letter.facts["revision"].as_integer() == 2)).one() == 1


def moved_meanwhile(app: Any, meeting_id: int) -> None:
    with app.app_context(), db.transaction():
        announcing.move(meeting_id, Change(starts_at=berlin(2026, 3, 13, 8)))


def stepping(app: Any, steps: list[Step]) -> None:
    with app.app_context(), Transport(app) as transport:
        steps.append(Delivery(app.extensions["composer"], transport).step())


def wait_for_a_lock() -> None:
    """Until somebody waits for a row."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    end = time.monotonic() + 20
    with db.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
        while not other.scalar(waiting):
            assert time.monotonic() < end, "nobody waits for a lock"
            time.sleep(0.002)


def test_who_moves_a_meeting_in_the_midst_of_settling_a_letter_waits_for_it(app, clock, smtp):
    if db.in_one_statement():
        pytest.skip("PostgreSQL settles in one statement: see the next test")
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    with db.transaction():
        people.plan()
    threads: list[threading.Thread] = []

    def after_the_first_row(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        if statement.startswith("UPDATE rsvp") and len(smtp.letters) == 1 and not threads:
            threads.append(threading.Thread(target=moved_meanwhile, args=(app, meeting_id)))
            threads[0].start()

    event.listen(db.db.engine, "after_cursor_execute", after_the_first_row)
    with Transport(app) as transport:
        assert Delivery(app.extensions["composer"], transport).step().sent == 1
    threads[0].join(20)
    assert sorted((key.partition(":")[0], state) for key, (state, _reason) in states().items()) == [
        ("invite", "sent"),
        ("moved", "queued"),
    ]


def test_settling_locks_the_entry_before_the_letter_as_a_move_does(app, clock, smtp):
    """Otherwise each could wait for the other."""
    if not db.in_one_statement():
        pytest.skip("SQLite has one writer at a time: see the test before")
    invited(people.katrin)
    clock.set(DUE)
    with db.transaction():
        people.plan()
    steps: list[Step] = []
    with db.transaction() as session:
        session.execute(select(rsvps.Rsvp.id).with_for_update())
        thread = threading.Thread(target=stepping, args=(app, steps))
        thread.start()
        wait_for_a_lock()
        session.execute(text("SET LOCAL lock_timeout = '1s'"))
        session.execute(update(Letter).values(reason="moved meanwhile"))
    thread.join(20)
    assert [step.sent for step in steps] == [1]
    assert sorted((key.partition(":")[0], state) for key, (state, _reason) in states().items()) == [("invite", "sent")]


def test_a_letter_that_cannot_be_written_is_parked_and_the_others_go(app, clock, smtp, monkeypatch, caplog):
    invited(people.katrin, people.emma, people.kenji)
    clock.set(DUE)
    composer = app.extensions["composer"]
    write = composer.compose

    def broken(work: Any) -> Any:
        if work.to == "emma.whitfield@ilmenau.example":
            raise RuntimeError("no ink")
        return write(work)

    monkeypatch.setattr(composer, "compose", broken)
    total = deliver(app)
    assert (total.sent, total.failed) == (2, 1)
    assert Counter(states().values()) == {("sent", None): 2, ("failed", "could not be composed"): 1}
    assert len(caplog.records) == 1


def test_a_row_that_cannot_be_read_is_parked_and_the_others_go(app, clock, smtp, caplog):
    meeting_id = invited(people.katrin, people.emma)
    clock.set(DUE)
    deliver(app)
    with db.transaction():
        announcing.move(meeting_id, Change(starts_at=berlin(2026, 3, 13, 8)))
    with db.transaction() as session:
        broken = session.scalars(select(Letter).where(Letter.kind == "moved").order_by(Letter.id)).first()
        assert broken is not None
        broken.facts = {"old_starts_at": "yesterday"}
    total = deliver(app)
    assert (total.sent, total.failed) == (1, 1)


def test_a_paused_meeting_keeps_its_letters_and_sign_in_letters_still_go(app, clock, smtp):
    meeting_id = invited(people.katrin)
    with db.transaction():
        announcing.pause(meeting_id, True)
    clock.set(DUE)
    assert deliver(app).sent == 0
    with db.transaction():
        people.members.ask_for_sign_in("katrin.lindner@optik-jena.example")
    assert deliver(app).sent == 1
    with db.transaction():
        announcing.pause(meeting_id, False)
    assert deliver(app).sent == 1


def test_a_reader_who_unsubscribed_after_planning_gets_no_invitation(app, clock, smtp):
    invited(people.katrin, people.emma)
    clock.set(DUE)
    smtp.refuse()
    deliver(app)
    smtp.accept()
    with db.transaction():
        people.members.unsubscribe(people.emma())
    assert deliver(app).sent == 1
    assert sorted(states().values()) == [("dropped", "unsubscribed"), ("sent", None)]


def test_only_the_last_of_several_quick_answers_is_confirmed(app, clock, smtp):
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    deliver(app)
    for choice in ("yes", "maybe", "no"):
        with db.transaction():
            rsvps.answer(meeting_id, people.katrin().id, choice, by="page")
    deliver(app)
    assert [letter.message["Subject"][:20] for letter in smtp.letters[1:]] == ["Ihre Absage: Asa no "]
    reasons = Counter(reason for _state, reason in states().values())
    assert reasons == {None: 2, "overtaken by a later answer": 2}


def test_nobody_is_told_of_a_move_or_a_cancellation_who_never_heard_of_the_meeting(app, clock, smtp):
    meeting_id = invited(people.katrin, people.emma)
    with db.transaction():
        rsvps.answer(meeting_id, people.katrin().id, "yes", by="page")
    with db.transaction():
        announcing.cancel(meeting_id)
    deliver(app)
    assert [(letter.to, letter.message["Subject"][:7]) for letter in smtp.letters] == [
        ("katrin.lindner@optik-jena.example", "Abgesag")
    ]


def test_two_deliveries_share_the_work_and_send_nothing_twice(app, clock, smtp):
    with db.transaction():
        people.announced_meeting(people=people.crowd(30))
    clock.set(DUE)
    with db.transaction():
        people.plan()
    with Transport(app) as one, Transport(app) as other:
        first = Delivery(app.extensions["composer"], one)
        second = Delivery(app.extensions["composer"], other)
        shares = [delivery.step(size=10).sent for delivery in (first, second, first, second)]
    assert shares == [10, 10, 10, 0]
    assert len({letter.to for letter in smtp.letters}) == len(smtp.letters) == 30


def test_the_calendar_entry_of_each_letter_is_remembered_on_the_answer(app, clock, smtp):
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    deliver(app)
    with db.reading():
        rsvp = rsvps.required(meeting_id, people.katrin().id)
        assert (rsvp.sequence, rsvp.starts_at, rsvp.stamped_at) == (0, berlin(2026, 3, 12, 8), DUE)


# --- why a letter is dropped ------------------------------------------------------------------------------------------


def wait_to_be_sent(kind: str, meeting_id: int) -> None:
    """Let one letter of that kind to Katrin wait; she was invited, and said yes where the letter is about that."""
    with db.transaction():
        people.plan()
        if kind == "invite":
            return
        people.send_all()
        katrin = people.katrin().id
        if kind in ("confirm", "eve"):
            rsvps.answer(meeting_id, katrin, "yes", by="page")
        if kind == "sign_in":
            people.members.ask_for_sign_in("katrin.lindner@optik-jena.example")
        elif kind == "moved":
            announcing.move(meeting_id, Change(starts_at=berlin(2026, 3, 13, 8)))
        elif kind == "eve":
            people.send_all()
        if kind in ("remind", "eve", "cancelled"):
            letters.post(kind, f"{kind}:of katrin", member_id=katrin, meeting_id=meeting_id)


def change_row(table: type, **values: Any) -> Callable[[int], None]:
    """Katrin's row, or the meeting's, is changed behind the letters' back: as if it had happened a moment ago."""

    def change(meeting_id: int) -> None:
        katrin = people.katrin()
        row: Any = {
            Meeting: lambda: meetings.by_id(meeting_id),
            Member: lambda: katrin,
            Address: lambda: people.members.main_address(katrin),
        }[table]()
        for name, value in values.items():
            setattr(row, name, value)

    return change


def answer(choice: str) -> Callable[[int], None]:
    return lambda meeting_id: rsvps.answer(meeting_id, people.katrin().id, choice, by="page") and None


def uninvite(meeting_id: int) -> None:
    db.session().delete(rsvps.required(meeting_id, people.katrin().id))


def nothing(meeting_id: int) -> None:
    pass


unsubscribe = change_row(Member, unsubscribed_at=DUE)
leave = change_row(Member, standing="left")
suppress = change_row(Address, suppressed_at=DUE)
call_off = change_row(Meeting, state="cancelled")


@pytest.mark.parametrize(
    ("kind", "meanwhile", "wait", "reason"),
    [
        *((kind, unsubscribe, {}, "unsubscribed") for kind in ("invite", "remind", "eve")),
        *((kind, unsubscribe, {}, None) for kind in ("confirm", "moved", "cancelled")),
        *((kind, leave, {}, "not a member any more") for kind in ("invite", "confirm", "moved", "cancelled")),
        *((kind, suppress, {}, "address suppressed") for kind in ("invite", "cancelled")),
        # Whoever asks for it may have mended the mailbox.
        ("sign_in", suppress, {}, None),
        ("invite", change_row(Address, kind="also"), {}, "no address"),
        *(
            (kind, call_off, {}, "the meeting was cancelled")
            for kind in ("invite", "remind", "confirm", "moved", "eve")
        ),
        ("invite", nothing, {"days": 21}, "missed"),
        ("remind", nothing, {"days": 30}, "missed"),
        ("sign_in", nothing, {"minutes": 16}, "missed"),
        *(("remind", answer(choice), {}, "has answered") for choice in ("yes", "maybe", "no")),
        ("confirm", answer("no"), {}, "overtaken by a later answer"),
        ("eve", answer("no"), {}, "has no seat"),
        ("moved", change_row(Meeting, sequence=2), {}, "overtaken by a later change"),
        ("invite", uninvite, {}, "not invited"),
        ("cancelled", uninvite, {}, None),
    ],
)
def test_a_letter_overtaken_while_it_waited_is_dropped_with_the_reason(app, clock, smtp, kind, meanwhile, wait, reason):
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    wait_to_be_sent(kind, meeting_id)
    with db.transaction() as session:
        letter_id = session.scalars(select(Letter.id).where(Letter.kind == kind, Letter.state == "queued")).one()
        meanwhile(meeting_id)
    clock.advance(**wait)
    with Transport(app) as transport:
        Delivery(app.extensions["composer"], transport).step()
    with db.reading() as session:
        letter = session.get_one(Letter, letter_id)
        assert (letter.state, letter.reason) == (("sent", None) if reason is None else ("dropped", reason))
        arrived = [came.message["Message-ID"] for came in smtp.letters]
        assert (letter.message_id in arrived, letter.message_id is None) == (reason is None, reason is not None)


def test_whoever_coordinates_nothing_any_more_gets_no_digest(app, clock, smtp):
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        letters.post("digest", "digest:x", member_id=people.akiko().id, facts={"since": "", "until": ""})
        series_rules.part(series, people.akiko(), "coordinator", actor_id=None)
    assert (deliver(app).dropped, smtp.letters) == (1, ())
    with db.reading() as session:
        assert session.execute(select(Letter.state, Letter.reason)).one() == ("dropped", "nothing to say")
