"""How long what is kept: what is younger stays, what is older goes, the counts stay, and the protocol names nobody."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from asanokai import (
    applying,
    copies,
    deputies,
    guests,
    intake,
    journal,
    law,
    letters,
    members,
    questions,
    retention,
    seals,
    speakers,
    topics,
    worker,
)
from asanokai.catering import counting
from asanokai.db import reading, session, transaction
from asanokai.errors import BadInput
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Application, Member
from asanokai.retention import KINDS, Nobody, Removal, Run, without_names
from asanokai.rsvps import Rsvp
from asanokai.seals import Keys
from asanokai.speakers import Reach
from asanokai.topics import SpeakerText
from tests import people, world
from tests.conftest import FIRST_MOMENT
from tests.pages import Reader
from tests.people import announced_meeting, berlin, say
from tests.test_cli import Shell
from tests.world import plain, typed

ENDS = berlin(2026, 3, 12, 10)
"""The usual meeting is over."""


@pytest.fixture(autouse=True)
def world_of_one(app, clock) -> Iterator[None]:
    yield


def a_meeting() -> Meeting:
    """Katrin comes with a guest, says something to everything, and had a letter about it; Emma declined."""
    series = people.series(guests_allowed=2)
    meal = questions.add({"de": "Essen?"}, "food", series_id=series.id, choices=[{"de": "Alles"}, {"de": "Vegan"}])
    at = announced_meeting(series, people=[people.katrin(), people.emma()])
    rsvp = say(at, people.katrin(), "yes", guests=1, comment="Gern")
    say(at, people.emma(), "no", comment="Leider")
    guests.name(rsvp, [("Ida Gast", "")])
    questions.record(rsvp, {meal.id: "1"}, {})
    about = topics.post(at, {"de": "Glas"}, speakers=[SpeakerText(family="Ito")])
    speakers.reach_speaker(at, topics.by_id(at, about.id).speakers[0].id, Reach("ito@hamamatsu.example"))
    people.send_all()
    return at


def declined() -> Application:
    asked = applying.apply({"family": "Neu"}, "neu@jena.example", series_id=people.series().id, **world.CONSENT)
    asked.state, asked.decided_at = "declined", FIRST_MOMENT
    session().get_one(Member, asked.member_id).standing = "confirmed"
    return asked


def a_letter() -> None:
    letters.post("reply", "r", member_id=people.katrin().id, address="k@jena.example", facts={"words": "Im Hof"})
    people.send_all()


def a_mail() -> None:
    came = intake.Incoming(digest="x", raw_hash="x", size=1, way="file", came_at=FIRST_MOMENT, due_at=FIRST_MOMENT)
    came.sender, came.subject, came.state = "k@jena.example", "Hallo", "settled"
    session().add(came)


def a_bounce() -> None:
    address = members.main_address(people.katrin())
    assert address is not None
    session().add(members.Bounce(address_id=address.id, sort="full", status="4.2.2", at=FIRST_MOMENT))


def a_deputy() -> None:
    deputies.remove(people.katrin(), deputies.name(people.katrin(), "v@jena.example", "deputy").id)


def an_aside() -> None:
    journal.write("change", "member", people.katrin().id, said="weil es so ist")


def a_journal() -> None:
    """Two seals with an entry each: the newest is never pruned."""
    for number in (1, 2):
        journal.write("announce", "meeting", number)
        people.seal_journal()


def a_copy() -> None:
    copies.ask(people.katrin(), actor_id=None)


def who_left() -> Member:
    """Jürgen, who was told in time."""
    letters.post("erased_soon", "told", member_id=people.juergen().id)
    people.send_all()
    told = session().scalars(select(Letter).where(Letter.kind == "erased_soon")).one()
    told.sent_at = told.settled_at = FIRST_MOMENT + timedelta(days=retention.BY_NAME["left"].days) - retention.NOTICE
    return people.juergen()


def a_consent() -> None:
    asked = applying.apply(
        {"family": "Brandt"}, "juergen.brandt@weimar.example", series_id=people.series().id, **world.CONSENT
    )
    asked.state = "approved"
    people.juergen()


FIRST = FIRST_MOMENT
CASES: dict[str, tuple[Callable[[], Any], datetime, Callable[[], Any]]] = {
    "words": (a_meeting, ENDS, lambda: (_all(Rsvp.comment), _all(guests.Guest.name), _all(questions.Reply.value))),
    "answers": (a_meeting, ENDS, lambda: _all(select(Member.family).join(Rsvp, Rsvp.member_id == Member.id))),
    "letters": (a_letter, FIRST, lambda: (_all(Letter.address), _all(Letter.facts))),
    "mails": (a_mail, FIRST, lambda: (_all(intake.Incoming.sender), _all(intake.Incoming.subject))),
    "declined": (declined, FIRST, lambda: (_all(Application.id), _all(members.Address.normal))),
    "left": (who_left, FIRST, lambda: _all(select(Member.family).where(Member.family != ""))),
    "consents": (a_consent, FIRST, lambda: _all(Application.consent_version)),
    "bounces": (a_bounce, FIRST, lambda: _all(members.Bounce.sort)),
    "deputies": (a_deputy, FIRST, lambda: _all(deputies.Deputy.address)),
    "asides": (an_aside, FIRST, lambda: _all(journal.Aside.said)),
    "copies": (a_copy, FIRST, lambda: _all(copies.Copy.total)),
    "contributors": (a_meeting, ENDS, lambda: _all(speakers.Contributor.address)),
    "journal": (a_journal, FIRST, lambda: _all(select(Entry.object_id).where(Entry.verb == "announce"))),
}
"""Kind → what makes such data, from when on it is counted, and what is looked at."""

GONE: dict[str, Any] = {
    "words": (["", ""], [], []),
    "answers": ["", ""],
    "letters": ([None], [None]),
    "mails": ([None], [None]),
    "declined": ([], []),
    "left": [],
    "consents": [],
    "bounces": [],
    "deputies": [],
    "asides": [],
    "copies": [],
    "contributors": [""],
    "journal": [2],
}


def _all(what: Any) -> list[Any]:
    return sorted(session().scalars(what if hasattr(what, "where") else select(what)).all(), key=repr)


def seen(kind: str) -> Any:
    with reading():
        return CASES[kind][2]()


def test_every_kind_has_a_case():
    assert [kind.name for kind in KINDS] == list(CASES) == list(GONE)


@pytest.mark.parametrize("kind", CASES)
def test_what_is_younger_stays_and_what_is_older_goes(clock, kind):
    make, since, _look = CASES[kind]
    with transaction():
        make()
        retention.change({one.name: one.most for one in KINDS if one.name != kind}, actor_id=None)
    before, days = seen(kind), retention.BY_NAME[kind].days
    found = []
    for moment in (since + timedelta(days=days), since + timedelta(days=days, seconds=1)):
        clock.set(moment)
        with reading():
            due = {line.kind.name: line.due for line in retention.look() if line.due}
        gone = {name: count for name, count in retention.remove().items() if count}
        assert due == gone
        found.append((set(gone), seen(kind)))
    assert found == [(set(), before), ({kind}, GONE[kind])]
    assert retention.remove() == dict.fromkeys(CASES, 0)


# --- the counts stay --------------------------------------------------------------------------------------------------


def figures(meeting_id: int) -> Any:
    with reading():
        answers = select(Rsvp.answer, Rsvp.seat, func.count(), func.sum(Rsvp.guests)).group_by(Rsvp.answer, Rsvp.seat)
        meals = [dict(numbers) for _question, numbers in questions.counts(meeting_id)]
        return sorted(map(tuple, session().execute(answers)), key=repr), counting.counted([meeting_id]), meals


def test_after_many_years_the_numbers_of_a_meeting_are_the_same_and_nobody_s_name_is_left(clock):
    with transaction():
        meeting_id = a_meeting().id
    before = figures(meeting_id)
    clock.set(ENDS + timedelta(days=1200))
    gone = retention.remove()
    assert figures(meeting_id) == before
    assert (gone["answers"] >= 2, seen("answers")) == (True, ["", ""])


def test_nobody_can_be_followed_from_one_meeting_to_the_next_and_the_same_rows_serve_all(clock):
    with transaction():
        series, crowd = people.series(), people.crowd(12)
        for month in (3, 4):
            at = announced_meeting(series, people.FIRST_MORNING.replace(month=month), people=crowd)
            for who in crowd:
                say(at, who, "yes")
    clock.set(ENDS + timedelta(days=1200))
    retention.remove()
    with reading():
        rows = session().execute(select(Rsvp.meeting_id, Rsvp.member_id).order_by(Rsvp.meeting_id, Rsvp.id)).all()
        nobodies = set(session().scalars(select(Nobody.member_id)))
    first, second = ([one for at, one in rows if at == meeting] for meeting in sorted({at for at, _ in rows}))
    assert (len(first), len(second), set(first) <= nobodies, set(second) <= nobodies) == (12, 12, True, True)
    assert first != second
    assert len(nobodies) <= 24


# --- when, how much, by whom ------------------------------------------------------------------------------------------


def test_who_has_come_back_since_they_were_looked_for_is_not_erased(clock):
    with transaction():
        numbers = [people.juergen().id, people.katrin().id]
        without_names.erase(numbers)
    with reading():
        kept = [(member.standing, member.family) for member in map(members.by_id, numbers)]
    assert kept == [("erased", ""), ("accepted", "Lindner")]


def test_the_worker_removes_once_a_night_after_two(clock):
    found = []
    for moment in ((2, 3, 1, 59), (2, 3, 2, 0), (2, 3, 23, 0), (2, 4, 1, 0), (2, 4, 2, 10)):
        clock.set(berlin(2026, *moment))
        worker.keep_step()
        with reading():
            found.append(session().scalar(select(func.count()).select_from(Run)))
    assert found == [1, 2, 2, 2, 3]  # the very first night is made up for


def verbs() -> list[str]:
    with reading():
        return list(session().scalars(select(Entry.verb).order_by(Entry.id)))


def test_a_night_that_removes_nothing_writes_no_entry(clock):
    clock.set(berlin(2026, 2, 3, 2))
    assert (worker.keep_step(), verbs()) == (0, [])
    with transaction():
        a_bounce()
    written = verbs()
    clock.advance(days=400)
    assert (worker.keep_step(), verbs()) == (1, [*written, "remove"])


def test_the_night_prunes_the_journal_and_what_is_left_still_verifies(clock):
    with transaction():
        a_journal()
    clock.advance(days=1461)
    assert worker.keep_step() == 1
    assert verbs() == ["announce", "prune", "remove"]
    report = seals.verify_now()
    assert (report.broken, report.pruned) == (None, 1)


@pytest.mark.parametrize("fault", ["broken", "another key"])
def test_what_the_journal_refuses_is_said_and_the_other_kinds_go(app, clock, caplog, fault):
    with transaction():
        a_journal()
        a_bounce()
        if fault == "broken":
            on = " ON journal" if session().get_bind().dialect.name == "postgresql" else ""
            session().execute(text(f"DROP TRIGGER journal_unaltered{on}"))
            session().execute(update(Entry).where(Entry.verb == "announce").values(actor_id=None, facts={"x": 1}))
    if fault == "another key":
        # As the command line may have it: it believes the worker's seals, and cannot make such.
        known = seals.keys().public().values()
        app.extensions["seal_keys"] = Keys(["another secret that is long enough for one"], list(known))
    clock.advance(days=1461)
    assert {name: count for name, count in retention.remove().items() if count} == {"bounces": 1}
    assert (verbs().count("announce"), "nothing was pruned" in caplog.text) == (2, True)


def test_removing_goes_in_batches_and_the_protocol_adds_them_up(clock, monkeypatch):
    monkeypatch.setattr("asanokai.retention.removing.BATCH", 2)
    with transaction():
        for number in range(5):
            letters.post("sign_in", f"s{number}", member_id=people.katrin().id, address="k@jena.example")
        people.send_all()
    clock.advance(days=400)
    retention.remove(by_id=None)
    with reading():
        ((run, rows),) = retention.protocol(limit=10)
        assert (run.began_at, run.ended_at, run.by_id) == (clock.now, clock.now, None)
        assert [(row.kind, row.days, row.gone) for row in rows] == [("letters", 365, 5)]


def test_a_limit_can_be_changed_within_bounds(clock):
    with transaction():
        retention.change({"letters": 30, "bounces": 365}, actor_id=None)
        with pytest.raises(BadInput):
            retention.change({"mails": 3}, actor_id=None)
    with reading():
        found = retention.limits()
        assert (found["letters"], found["bounces"], found["mails"]) == (30, 365, 365)
        assert list(session().scalars(select(retention.Limit.kind))) == ["letters"]


def test_looking_removes_nothing_and_asks_a_fixed_number_of_times(clock):
    with transaction():
        a_meeting()
    clock.set(ENDS + timedelta(days=1200))
    with reading():
        assert sum(line.due for line in retention.look()) > 0
        assert session().scalar(select(func.count()).select_from(Removal)) == 0
    assert "Lindner" in seen("answers")


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_says_what_would_go_and_deletes_only_if_told(app, config, clock, tmp_path):
    with transaction():
        a_letter()
        session().execute(update(Letter).values(created_at=FIRST_MOMENT - timedelta(days=4000)))
    shell = Shell(config)
    told = [shell("retention"), shell("retention", "--apply"), shell("retention", "--apply")]
    assert [found.stdout.splitlines()[-1] for found in told] == [
        "1 would be deleted; nothing was",
        "1 deleted",
        "0 deleted",
    ]
    assert "letters\t365 days\t1" in told[0].stdout


# --- the pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def ludwig(app) -> Reader:
    with transaction():
        people.ludwig()
        a_letter()
    reader = Reader(app, people.ludwig())
    reader.get("/?lang=en")
    return reader


def in_again(ludwig):
    """So much time has passed that the page asks anew who it is."""
    with reading():
        ludwig.sign_in(people.ludwig())
    ludwig.get("/?lang=en")


def test_the_page_says_what_would_go_and_takes_other_limits(ludwig, clock):
    clock.advance(days=20)
    in_again(ludwig)
    assert 'href="/coordinate/retention"' in ludwig.get("/coordinate/settings").text
    page = ludwig.get("/coordinate/retention").text
    wanted = typed(page, "/coordinate/retention")
    wanted.pop("csrf_token", None)
    assert wanted == {kind.name: str(kind.days) for kind in KINDS}
    assert ludwig.post("/coordinate/retention", {**wanted, "letters": "10"}).status_code == 303
    page = plain(ludwig.get("/coordinate/retention").text)
    assert "what was written for this reader alone) after the letter 1" in page
    refused = ludwig.post("/coordinate/retention", {**wanted, "mails": "3"})
    assert (refused.status_code, 'value="3"' in refused.text) == (422, True)


def test_the_protocol_says_when_what_and_how_many(ludwig, clock):
    assert "The first run comes tonight after two." in plain(ludwig.get("/coordinate/retention/protocol").text)
    clock.set(berlin(2027, 3, 1, 2, 5))
    worker.keep_step()
    with transaction():
        number = people.ludwig().id
    retention.remove(by_id=number)
    in_again(ludwig)
    page = plain(ludwig.get("/coordinate/retention/protocol").text)
    assert "Monday, 1 March 2027" in page
    assert "By whom What was deleted" in page
    assert re.search(r"Ludwig Haase nothing .* the program Details of letters.*: 1 \(kept for 365 days\)", page), page
    assert "Lindner" not in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "Kopien ihrer Daten, die Mitglieder anfertigen ließen: 1 Tag nach der Anforderung"),
        ("en", "Copies of their data that members had made: 1 day after they asked for it"),
        ("ja", "会員が作成したデータの写し：ご依頼後1日間"),
    ],
)
def test_the_privacy_page_tells_the_limits_as_they_are_set(app, language, words):
    with transaction():
        retention.change({"copies": 1}, actor_id=None)
        listed = retention.told()[language]["retention"].split("\n")
    assert len(listed) == len(KINDS) + len(retention.FIXED)
    assert f"- {words}" in listed
    assert f"<li>{words}</li>" in Reader(app).get(f"/privacy?lang={language}").text


def test_the_texts_that_are_kept_say_the_limits_too_and_are_kept_once(clock):
    worker.tidy_step()
    with transaction():
        before = [row.text for row in law.kept("privacy")]
        law.fill_in({}, actor_id=None, told=retention.told())
        assert [row.text for row in law.kept("privacy")] == before
    assert any("Copies of their data that members had made: 7 days" in text for text in before)
