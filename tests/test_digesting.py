"""The coordinators' digest: when it is posted, to whom, since when it speaks, and what it says."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from asanokai import announcing, applying, digesting
from asanokai import clock as program_clock
from asanokai import series as series_rules
from asanokai.db import session, transaction
from asanokai.digesting import Digest, Line
from asanokai.invitations import Night
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Application
from asanokai.rsvps import Tally
from asanokai.series import Series
from asanokai.worker import send_due
from tests import people
from tests.pages import statements
from tests.people import berlin, tokyo

EVE = berlin(2026, 2, 2, 18)
NOON = timedelta(hours=5)

_numbers = count(1)


def seven(day: int, *, minutes: int = 0) -> datetime:
    """07:00 on Kenji's clock, on a day of February 2026."""
    return berlin(2026, 2, day, 7) + timedelta(minutes=minutes)


@pytest.fixture
def meeting(app, clock):
    """A breakfast in March that Kenji coordinates on German time; Emma said yes. It is the evening of 2 February."""
    with transaction():
        series = people.series()
        people.coordinate(series, people.kenji())
        made = people.announced_meeting(series)
        clock.set(EVE - timedelta(days=1, hours=12))
        people.say(made, people.emma(), "yes")
        clock.set(EVE)
        yield made


@pytest.fixture
def series(meeting) -> Series:
    return series_rules.by_id(meeting.series_id)


def confirmed_application(series: Series) -> Application:
    email = f"applicant{next(_numbers)}@weimar.example"
    kept = applying.apply(
        {"family": "Neu"}, email, series_id=series.id, consent_text="Ja.", consent_version="1", from_address=None
    )
    nonce = applying.mint_confirmation(kept)
    session().flush()
    return applying.confirm(kept.id, nonce, from_address=None)


def ended_letter(meeting: Meeting | None, state: str, **values: Any) -> Letter:
    """A letter about the meeting to Emma that ended now in that state."""
    now = program_clock.now()
    letter = Letter(
        key=f"invite:{next(_numbers)}",
        kind="invite",
        member_id=people.emma().id,
        meeting_id=meeting.id if meeting else None,
        state=state,
        due_at=now,
        settled_at=now,
        created_at=now,
    )
    for name, value in values.items():
        setattr(letter, name, value)
    session().add(letter)
    session().flush()
    return letter


def digests() -> list[tuple[int | None, str]]:
    """Who has a digest that goes out."""
    return [(letter.member_id, letter.state) for letter in rows() if letter.state != "dropped"]


def rows() -> list[Letter]:
    query = select(Letter).where(Letter.kind == "digest").order_by(Letter.id)
    return list(session().scalars(query.execution_options(populate_existing=True)))


def spans() -> list[tuple[datetime, datetime]]:
    """From when to when the digests speak."""
    return [(datetime.fromisoformat(row.facts["since"]), datetime.fromisoformat(row.facts["until"])) for row in rows()]


# --- when -------------------------------------------------------------------------------------------------------------


def test_the_digest_is_posted_at_seven_and_once_although_the_beat_runs_twice(meeting, clock):
    people.say(meeting, people.katrin(), "yes")
    clock.set(seven(3) - timedelta(seconds=1))
    assert (digesting.post_due(), rows()) == (0, [])
    clock.set(seven(3))
    assert (digesting.post_due(), digesting.post_due()) == (1, 0)
    clock.advance(hours=2)
    assert digesting.post_due() == 0
    kenji = people.kenji()
    (letter,) = rows()
    assert (letter.key, letter.kind, letter.member_id, letter.meeting_id, letter.state) == (
        f"digest:{kenji.id}:2026-02-03",
        "digest",
        kenji.id,
        None,
        "queued",
    )
    assert (letter.due_at, letter.useless_after) == (seven(3), seven(3) + NOON)
    assert spans() == [(seven(2), seven(3))]


def test_nothing_new_no_digest(meeting, clock):
    clock.set(seven(3))
    assert (digesting.post_due(), digests()) == (0, [])
    (noted,) = rows()
    assert (noted.state, noted.reason) == ("dropped", "nothing to say")


def test_what_comes_after_a_quiet_seven_oclock_waits_for_the_next_morning(meeting, clock):
    clock.set(seven(3))
    digesting.post_due()
    clock.set(seven(3, minutes=60))
    people.say(meeting, people.katrin(), "yes")
    assert (digesting.post_due(), digests()) == (0, [])
    clock.set(seven(4, minutes=1))
    assert digesting.post_due() == 1
    assert spans()[-1] == (seven(3), seven(4, minutes=1))


def test_seven_is_seven_on_the_coordinators_own_clock(meeting, series, clock):
    people.coordinate(series, people.akiko())
    people.say(meeting, people.katrin(), "yes")
    kenji, akiko = people.kenji().id, people.akiko().id
    posted = []
    for moment in (tokyo(2026, 2, 3, 6, 59), tokyo(2026, 2, 3, 7), seven(3, minutes=-1), seven(3)):
        clock.set(moment)
        digesting.post_due()
        posted.append([member_id for member_id, _ in digests()])
    assert posted == [[], [akiko], [akiko], [akiko, kenji]]
    assert [(row.key, row.useless_after) for row in rows()] == [
        (f"digest:{akiko}:2026-02-03", tokyo(2026, 2, 3, 12)),
        (f"digest:{kenji}:2026-02-03", berlin(2026, 2, 3, 12)),
    ]


def test_seven_stays_seven_when_the_clocks_go_forward(series, clock):
    clock.set(berlin(2026, 3, 29, 6, 59))
    people.say(people.announced_meeting(series, people.FIRST_MORNING.replace(month=4, day=9)), people.emma(), "yes")
    assert digesting.post_due() == 0
    clock.set(berlin(2026, 3, 29, 7))
    assert digesting.post_due() == 1
    assert rows()[0].useless_after == berlin(2026, 3, 29, 12)


def test_a_worker_that_slept_makes_up_for_it_until_noon_and_leaves_it_to_tomorrow_then(meeting, clock):
    people.say(meeting, people.katrin(), "yes")
    clock.set(seven(3, minutes=299))
    assert digesting.post_due() == 1
    clock.advance(minutes=30)
    people.say(meeting, people.katrin(), "no")
    clock.set(seven(4) + NOON)
    assert digesting.post_due() == 0
    clock.set(seven(5))
    assert digesting.post_due() == 1
    assert spans() == [(seven(2, minutes=299), seven(3, minutes=299)), (seven(3, minutes=299), seven(5))]


@pytest.mark.parametrize(
    ("state", "reason", "since"),
    [
        ("sent", None, seven(3)),
        ("queued", None, seven(3)),
        ("dropped", "missed", seven(2)),
        ("failed", "refused by the server", seven(2)),
    ],
)
def test_what_a_digest_that_never_went_out_would_have_told_stands_in_the_next(meeting, clock, state, reason, since):
    people.say(meeting, people.katrin(), "yes")
    clock.set(seven(3))
    digesting.post_due()
    (first,) = rows()
    first.state, first.reason = state, reason
    clock.advance(minutes=5)
    people.say(meeting, people.naoko(), "yes")
    clock.set(seven(4))
    digesting.post_due()
    assert spans()[1:] == [(since, seven(4))]


# --- to whom ----------------------------------------------------------------------------------------------------------


def test_only_those_who_coordinate_the_series_now_are_told(meeting, series, clock):
    other = people.series("other")
    people.coordinate(other, people.oskar())
    people.belong(series, people.katrin())
    people.coordinate(series, people.naoko(), people.juergen())
    clock.advance(minutes=1)
    series_rules.part(series, people.naoko(), "coordinator")
    people.say(meeting, people.katrin(), "yes")
    clock.set(seven(3))
    digesting.post_due()
    assert digests() == [(people.kenji().id, "queued")]


def test_an_administrator_is_told_about_the_series_that_nobody_coordinates(meeting, series, clock):
    ludwig = people.ludwig()
    orphan = people.announced_meeting(people.series("orphan"))
    people.say(meeting, people.katrin(), "yes")
    people.say(orphan, people.katrin(), "yes")
    since, until = EVE - timedelta(hours=1), EVE
    assert [line.meeting.id for line in digesting.contents(ludwig, since, until).lines] == [orphan.id]
    series_rules.part(series, people.kenji(), "coordinator")
    clock.advance(minutes=1)
    found = digesting.contents(ludwig, since, clock.now)
    assert {line.meeting.id for line in found.lines} == {orphan.id, meeting.id}
    people.coordinate(people.event(), ludwig)
    clock.set(seven(3))
    assert (digesting.post_due(), digests()) == (1, [(ludwig.id, "queued")])


def test_where_the_only_coordinator_has_left_the_administrators_are_told(meeting, series):
    ludwig, kenji = people.ludwig(), people.kenji()
    people.say(meeting, people.katrin(), "yes")
    kenji.standing = "left"
    session().flush()
    found = digesting.contents(ludwig, EVE - timedelta(hours=1), EVE)
    assert [line.meeting.id for line in found.lines] == [meeting.id]


# --- what -------------------------------------------------------------------------------------------------------------


def test_it_tells_per_meeting_how_it_stands_and_what_is_new(meeting, series, clock):
    later = people.announced_meeting(series, people.FIRST_MORNING.replace(month=4, day=9))
    quiet = people.announced_meeting(series, people.FIRST_MORNING.replace(month=5, day=14))
    since = clock.now
    clock.advance(minutes=1)
    people.say(later, people.oskar(), "no")
    people.say(meeting, people.katrin(), "yes", guests=1)
    people.say(meeting, people.naoko(), "maybe")
    clock.advance(minutes=1)
    until = clock.now
    assert quiet.state == "announced"
    assert digesting.contents(people.kenji(), since, until) == Digest(
        lines=[
            Line(
                meeting,
                series,
                Tally(yes=2, coming=3, maybe=1),
                new_yes=1,
                new_maybe=1,
                new_no=0,
                new_coming=2,
                new_waiting=0,
                late=[],
            ),
            Line(
                later,
                series,
                Tally(no=1),
                new_yes=0,
                new_maybe=0,
                new_no=1,
                new_coming=0,
                new_waiting=0,
                late=[],
            ),
        ],
        failed=[],
        applications=0,
    )


def test_a_yes_that_waits_is_new_in_the_waiting_list_and_not_among_those_who_come(series, clock):
    full = people.announced_meeting(series, people.FIRST_MORNING.replace(month=6, day=11), seats=1)
    since = clock.now
    clock.advance(minutes=1)
    people.say(full, people.oskar(), "yes")
    people.say(full, people.katrin(), "yes", guests=1)
    (line,) = digesting.contents(people.kenji(), since, clock.now).lines
    assert (line.tally, line.new_yes, line.new_coming, line.new_waiting) == (
        Tally(yes=1, coming=1, waiting=1, queued=2),
        2,
        1,
        2,
    )


def test_what_was_answered_at_the_last_digest_is_not_told_twice(meeting, clock):
    since = clock.now
    people.say(meeting, people.katrin(), "yes")
    clock.advance(days=1)
    people.say(meeting, people.naoko(), "yes")
    until = clock.now
    clock.advance(seconds=1)
    people.say(meeting, people.oskar(), "yes")
    (line,) = digesting.contents(people.kenji(), since, until).lines
    assert (line.new_yes, line.tally.yes) == (1, 4)


def test_late_refusals_are_named_in_their_order_and_those_in_time_are_not(meeting, clock):
    for who in (people.katrin(), people.naoko()):
        people.say(meeting, who, "yes")
    clock.set(meeting.answer_until)
    since = clock.now - timedelta(hours=1)
    people.say(meeting, people.oskar(), "no")
    for who in (people.naoko(), people.emma()):
        clock.advance(minutes=1)
        people.say(meeting, who, "no")
    (line,) = digesting.contents(people.kenji(), since, clock.now).lines
    assert (line.late, line.new_no, line.tally) == (
        [people.naoko(), people.emma()],
        3,
        Tally(yes=1, coming=1, no=3),
    )


def test_who_brings_fewer_guests_after_the_deadline_has_not_declined(meeting, clock):
    people.say(meeting, people.katrin(), "yes", guests=1)
    clock.set(meeting.answer_until)
    since = clock.now
    clock.advance(minutes=1)
    people.say(meeting, people.katrin(), "yes", guests=0)
    (line,) = digesting.contents(people.kenji(), since, clock.now).lines
    assert (line.late, line.new_no, line.tally.coming) == ([], 0, 2)


def test_meetings_that_are_over_or_cancelled_and_those_of_others_are_left_out(meeting, series, clock):
    foreign = people.announced_meeting(people.series("other"))
    off = people.announced_meeting(series, people.FIRST_MORNING.replace(month=4, day=9))
    since = clock.now
    clock.advance(minutes=1)
    for which in (meeting, foreign, off):
        people.say(which, people.katrin(), "yes")
    announcing.cancel(off.id)
    kenji = people.kenji()
    assert [line.meeting.id for line in digesting.contents(kenji, since, clock.now).lines] == [meeting.id]
    clock.set(meeting.ends_at)
    assert digesting.contents(kenji, since, clock.now) == Digest(lines=[], failed=[], applications=0)


def test_letters_that_failed_are_told_with_their_readers(meeting, series, clock):
    foreign = people.announced_meeting(people.series("other"))
    old = ended_letter(meeting, "failed")
    since = clock.now
    clock.advance(minutes=1)
    failed = ended_letter(meeting, "failed", reason="refused by the server")
    bounced = ended_letter(meeting, "bounced", member_id=None, address="gone@weimar.example")
    for state in ("sent", "dropped"):
        ended_letter(meeting, state)
    ended_letter(foreign, "failed")
    until = clock.now
    clock.advance(seconds=1)
    later = ended_letter(meeting, "failed")
    assert old.id < failed.id < bounced.id < later.id
    assert digesting.contents(people.kenji(), since, until) == Digest(
        lines=[], failed=[(failed, people.emma()), (bounced, None)], applications=0
    )
    clock.set(seven(3))
    assert digesting.post_due() == 1


def test_of_very_many_failed_letters_the_first_are_told(meeting, clock, monkeypatch):
    monkeypatch.setattr(digesting, "MOST_FAILED", 2)
    clock.advance(minutes=1)
    failed = [ended_letter(meeting, "failed").id for _ in range(3)]
    told = digesting.contents(people.kenji(), EVE, clock.now).failed
    assert [letter.id for letter, _ in told] == failed[:2]


def test_a_new_application_is_reason_enough_and_one_that_waits_is_counted(meeting, series, clock):
    confirmed_application(series)
    clock.set(seven(3))
    assert digesting.post_due() == 1
    clock.set(seven(4))
    assert digesting.post_due() == 0
    people.say(meeting, people.katrin(), "yes")
    applying.decline(confirmed_application(series).id, actor_id=None)
    confirmed_application(people.series("other"))
    assert digesting.contents(people.kenji(), seven(3), clock.now).applications == 1


def test_an_application_decided_before_seven_is_no_reason(meeting, series, clock):
    applying.decline(confirmed_application(series).id, actor_id=people.kenji().id)
    clock.set(seven(3))
    assert (digesting.post_due(), digests()) == (0, [])


# --- what it costs ----------------------------------------------------------------------------------------------------


def test_the_contents_take_the_same_number_of_statements_for_one_meeting_and_for_three(meeting, clock):
    kenji, taken = people.kenji(), []
    clock.advance(minutes=1)
    for month in (4, 5, 6):
        more = people.series(f"month-{month}")
        people.coordinate(more, kenji)
        made = people.announced_meeting(more, people.FIRST_MORNING.replace(month=month))
        people.say(made, people.katrin(), "yes")
        ended_letter(made, "failed")
        with statements() as asked:
            found = digesting.contents(kenji, EVE, clock.now)
        taken.append((len(found.lines), len(found.failed), len(asked)))
    assert taken == [(1, 1, 11), (2, 2, 11), (3, 3, 11)]


def test_a_beat_without_a_digest_due_costs_two_statements_however_many_coordinate(meeting, series, clock):
    people.coordinate(series, *people.crowd(3))
    people.say(meeting, people.katrin(), "yes")
    taken = []
    for moment in (seven(3), seven(3, minutes=1), seven(3) + NOON):
        clock.set(moment)
        with statements() as asked:
            posted = digesting.post_due()
        taken.append((posted, asked))
    assert [posted for posted, _ in taken] == [4, 0, 0]
    assert [asked for _, asked in taken[1:]] == [["SELECT"] * 2, ["SELECT"]]


# --- all the way ------------------------------------------------------------------------------------------------------


def test_a_worker_sends_it_in_the_coordinators_language_with_what_happened(app, clock, smtp):
    with transaction():
        series = people.series()
        people.coordinate(series, people.kenji())
        made = people.announced_meeting(series)
        clock.set(made.answer_until - timedelta(hours=1))
        people.say(made, people.katrin(), "yes")
        people.send_all()
        clock.advance(hours=2)
        people.say(made, people.katrin(), "no")
        people.send_all()
        katrin = people.katrin().name.full("ja")
    clock.set(berlin(2026, 3, 12, 7))
    # It was told at once as well.
    assert (send_due(app, Night()).sent, send_due(app, Night()).sent) == (2, 0)
    letter = smtp.letters[-1]
    assert "今朝の状況" in letter.message["Subject"]
    words = letter.message.get_body(("plain",)).get_content()
    assert (letter.to, letter.message["Content-Language"]) == ("kenji.yamada@erfurt.example", "ja")
    assert [line for line in words.splitlines() if katrin in line] == [f"期限後のご欠席：{katrin}様"]
