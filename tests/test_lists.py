"""Every page asks the database as often for one row as for three and for a full list and more.

The pages come from the route table, so that a new one is held to it without being named here; so do the tables: one
that `grow` fills with nothing makes these tests fail unless it is named among those that no page lists.
"""

from collections import Counter
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import func, select

from asanokai import (
    applying,
    catering,
    clock,
    consents,
    copies,
    db,
    deputies,
    devices,
    guests,
    law,
    letters,
    meetings,
    members,
    programme,
    proposals,
    questions,
    retention,
    rsvps,
    speakers,
    topics,
    uploads,
    writing,
)
from asanokai import series as series_rules
from asanokai.planning import usual
from asanokai.planning.usual import Usual
from asanokai.proposals import Words
from asanokai.speakers import Reach
from asanokai.topics import SpeakerText
from tests import people, world
from tests.pages import statements
from tests.world import Actor, addresses

# How often a page asks does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FULL = 105
"""More than the hundred lines of a list's page."""

NO_LIST = {
    "installation": "one row",
    "minutes": "one row for each meeting",
    "former_path": "addresses that lead on",
    "merger": "rows that lead on",
    "journal_aside": "one of an entry's own, shown one at a time",
    "journal_seal": "counted, on the journal's page",
    "journal_check": "the last one, on the journal's page",
    "view": "thirty of a list at most",
    "mailbox": "one row for each folder, on no page",
    "mute": "a few for each member",
    "outside_identity": "five for each member at most",
    "passkey": "ten for each member at most",
    "spent_challenge": "on no page",
    "happening": "a letter's own, on its page",
    "bounce": "counted, on no page",
    "erasure": "on no page",
    "retention_limit": "one row for each kind at most",
    "removal": "a few for each run",
    "nobody": "rows that stand for nobody",
    "address_change": "one that waits and one that was made, for each member",
    "knock": "gone within seconds, on no page",
    "erased": "hashes, on no page",
}
"""Tables whose rows no page lists, and why."""

_numbers = count(1)


def grow(known: world.World, more: int) -> None:
    """That many more of everything that a page may list."""
    with db.transaction():
        meeting = meetings.by_id(known.meeting_id)
        series = series_rules.by_id(known.series_id)
        for _ in range(more):
            _one_more(meeting, series, known, next(_numbers))


def _one_more(meeting: meetings.Meeting, series: series_rules.Series, known: world.World, number: int) -> None:
    language = ("de", "en", "ja")[number % 3]
    person = people.member(f"more{number}@jena.example", language=language, organisation=f"Werk {number}")
    people.member(f"twin{number}@jena.example", family=person.family, given=person.given)
    people.belong(series, person)
    said = consents.Said(f"Ich willige ein {number}.", "2026-11", "de", None)
    for whose, kind in ((people.katrin(), "invitations"), (person, "name")):
        consents.give(whose.id, kind, said)
    people.say(meeting, person, ("yes", "maybe", "no")[number % 3], comment="Gern", by="coordinator")
    _said(meeting, known, person, number)
    _letters(meeting, known, person, number)
    _mails(meeting, known, person, number)
    writing.draft(meeting.id, audience="all", due_at=None, actor_id=None, **world.OWN)
    topics.post(meeting, {"de": f"Thema {number}"}, speakers=[SpeakerText(family=f"Rede {number}")])
    about = topics.post(meeting, {"de": f"Thema {number}"}, speakers=[SpeakerText(family=f"Rede {number}")])
    _speaks(meeting, about, number)
    day = people.FIRST_MORNING + timedelta(days=100 + number)
    draft = people.meeting(series, day)
    people.session().flush()
    _catered(draft, number)
    people.session().add(Usual(meeting_id=draft.id, said=usual.of_series(series)))
    questions.add({"de": f"Frage {number}"}, "text", meeting_id=draft.id)
    people.announced_meeting(series, day + timedelta(days=1000))
    writing.put(draft.id, "invite", {"de": "Hallo"}, actor_id=None)
    topics.post(draft, {"en": f"Topic {number}"}, speakers=[SpeakerText(family=f"Talk {number}")])
    programme.adopt(draft, topics.of(draft))
    other = people.series(f"more-{number}", rule=None, first=None)
    people.session().add(catering.CateringPlan(series_id=other.id, lead="3 days before at 12:00"))
    people.coordinate(other, people.akiko())
    people.belong(other, people.katrin())
    rsvps.come_normally(other.id, people.katrin().id)
    _applies(series, number)
    _proposes(series, person, draft, number)
    for who in (known.member_id, people.ludwig().id):
        _device(who, number)
    people.session().add(
        copies.Copy(member_id=known.member_id, asked_at=clock.now(), total=1, size=1, ready_at=clock.now())
    )
    people.session().add(retention.Run(began_at=clock.now(), by_id=person.id))


def _device(member_id: int, number: int) -> None:
    """As a row: whoever signs in too often loses the one used longest ago, which the reader looks from."""
    now = clock.now()
    times = {"created_at": now, "used_at": now, "proved_at": now}
    people.session().add(devices.Device(member_id=member_id, token_hash=f"{member_id} {number}", by="link", **times))


def _catered(draft: meetings.Meeting, number: int) -> None:
    session, now = people.session(), clock.now()
    session.add(catering.Pack(meeting_id=draft.id, kind="host", nonce=f"{number}", created_at=now))
    session.add(catering.Catered(meeting_id=draft.id, frozen_at=now, frozen={"people": number}))


def _proposes(series: series_rules.Series, person: members.Member, draft: meetings.Meeting, number: int) -> None:
    wanted = proposals.propose(series, person.id, Words({"de": f"Wunsch {number}"}, speaker_hint="Dr. Ito"))
    proposals.vote(series, wanted.id, people.emma().id)
    for what in ("chosen", "declined"):
        own = proposals.propose(series, people.katrin().id, Words({"de": f"{what} {number}"}))
        if what == "chosen":
            proposals.choose(series, own.id, draft.id, actor_id=None)
        else:
            proposals.decline(series, own.id, {"de": "Nein"}, actor_id=None)


def _speaks(meeting: meetings.Meeting, about: topics.Topic, number: int) -> None:
    """A part of the running order, a speaker who is asked, and their file; as rows, since verbs end at sixty."""
    slot = programme.Slot(meeting_id=meeting.id, topic_id=about.id, position=number, kind="talk", minutes=5)
    (speaker,) = topics.by_id(meeting, about.id).speakers
    row = speakers.reach_speaker(meeting, speaker.id, Reach(f"speaks{number}@jena.example"))
    file = uploads.Upload(
        meeting_id=meeting.id,
        contributor_id=row.id,
        kind=("photo", "slides", "material")[number % 3],
        name="a.pdf",
        media_type="application/pdf",
        size=1,
        sha256=f"{number:064}",
        seen_by="all",
        created_at=clock.now(),
        content=b"x",
    )
    people.session().add_all([slot, file])
    people.session().add(law.LawText(kind="imprint", language="de", text=f"Wir {number}", since=clock.now()))


def _said(meeting: meetings.Meeting, known: world.World, person: members.Member, number: int) -> None:
    """A reply, a guest and a note to the answer, a count of replies that vanished, and a deputy."""
    rsvp, session = rsvps.required(meeting.id, person.id), people.session()
    question = questions.required(known.series_question_id, series_id=known.series_id)
    session.add(questions.Reply(question_id=question.id, rsvp_id=rsvp.id, value=str(number % 2)))
    session.add(questions.ReplyCount(question_id=question.id, meeting_id=meeting.id, value=f"{number}", people=1))
    session.add(guests.Guest(rsvp_id=rsvp.id, place=1, name=f"Gast {number}"))
    for seated in (rsvp, rsvps.required(meeting.id, known.member_id)):
        session.add(rsvps.SeatNote(rsvp_id=seated.id, other_id=person.id, reason="Grußwort", at=clock.now()))
    asked = deputies.name(person, "katrin.lindner@optik-jena.example", "deputy")
    if number % 2:
        deputies.agree(people.katrin(), asked.id)


def _mails(meeting: meetings.Meeting, known: world.World, person: members.Member, number: int) -> None:
    katrin = members.by_id(known.member_id)
    for who, outcome in ((person, "message"), (katrin, "failed"), (katrin, "message")):
        world.written_mail(meeting, who, outcome, number)


def _letters(meeting: meetings.Meeting, known: world.World, person: members.Member, number: int) -> None:
    for to in (person.id, known.member_id):
        for state in ("queued", "sent", "failed"):
            key = f"more:{number}:{to}:{state}"
            letters.post("remind", key, member_id=to, meeting_id=meeting.id)
            row = people.session().scalars(select(letters.Letter).where(letters.Letter.key == key)).one()
            row.state, row.settled_at, row.reason = state, clock.now(), "refused by the server"


def _applies(series: series_rules.Series, number: int) -> None:
    asking = applying.apply({**world.FRIEDA}, f"asks{number}@weimar.example", series_id=series.id, **world.CONSENT)  # type: ignore[arg-type]  # a dict of mixed values
    secret = applying.mint_confirmation(asking)
    people.session().flush()
    applying.confirm(asking.id, secret, from_address=None)


def rows() -> Counter[str]:
    """How many rows each table has."""
    with db.reading() as session:
        tables = db.Base.metadata.sorted_tables
        return Counter({table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables})


def asked_by(actor: Actor, known: dict[str, str]) -> dict[str, int]:
    """Name of an address → how many statements its page takes."""
    found = {}
    for name, address in known.items():
        with statements() as asked:
            response = actor.get(address)
        response.close()
        if response.status_code == 200:
            found[name] = len(asked)
    return found


@pytest.fixture
def built(app, clock) -> world.World:
    return world.build(app, clock)


@pytest.mark.timeout(480)
@pytest.mark.parametrize("role", ["member", "coordinator", "administrator"])
def test_every_page_takes_as_many_statements_for_a_full_list_as_for_three_rows_and_one(app, built, role):
    actor, known = Actor(app, role), addresses(app, built, "GET")
    grow(built, 1)
    one = asked_by(actor, known)
    grow(built, 2)
    three = asked_by(actor, known)
    grow(built, FULL)
    full = asked_by(actor, known)
    assert {
        name: (one[name], three[name], full[name]) for name in one if not one[name] == three[name] == full[name]
    } == {}


def test_no_table_is_forgotten_when_lists_are_filled(built):
    before = rows()
    grow(built, 1)
    after = rows()
    assert {name for name in after if after[name] == before[name]} == set(NO_LIST)
