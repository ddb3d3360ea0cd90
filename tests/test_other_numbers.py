"""Every number in an address, tried with the number of a thing of the same kind that the reader may not see: another
series' meeting, another meeting's topic, somebody else's deputy, letter, view, …; one at a time, so that mixed pairs
(my meeting, their topic) are among them. It answers as if there were no such thing, and nothing is written.

An argument of a route that stands in neither table below fails.
"""

import pytest
from flask import Flask

from asanokai import (
    applying,
    db,
    deputies,
    letters,
    meetings,
    programme,
    proposals,
    questions,
    speakers,
    topics,
    uploads,
    views,
    writing,
)
from asanokai import series as series_rules
from asanokai.letters import Letter
from asanokai.proposals import Words
from asanokai.speakers import Reach
from asanokai.topics import SpeakerText
from tests import people, world
from tests.conftest import DATABASES
from tests.grounds import LONG
from tests.world import Actor, contents, forms, put_back, unticked, without_refusals

# Who may see what does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", DATABASES if LONG else ["sqlite"], indirect=True)

NO_NUMBERS = {
    "token": "tests/test_all_tokens.py",
    "secret": "tests/test_all_tokens.py",
    "path": "public, or tested by name in tests/test_guards.py",
    "filename": "what everybody's browser loads",
    "kind": "a word out of a list",
    "part": "a word out of a list",
    "device_id": "the tests of the devices page try somebody else's",
    "consent_id": "the tests of the consent records try somebody else's",
    "copy_id": "the tests of copies try somebody else's",
    "identity_id": "the tests of connections try somebody else's",
    "digest": "of a picture's octets, beside its number",
}
"""Arguments that are no number of a row, and where else they are tried."""

FOR_ALL = {
    ("roll.line", "member_id"): "a coordinator may enter an answer for whom they know, also from another series",
}
"""Addresses in which a number of another series is right, and why."""


def _theirs(built: world.World) -> dict[str, int]:
    """One of each kind, in the series and at the meeting that only Naoko coordinates."""
    series, meeting = series_rules.by_id(built.other_series_id), meetings.by_id(built.other_meeting_id)
    kenji, naoko = people.kenji(), people.naoko()
    topic = topics.post(meeting, {"ja": "光"}, speakers=[SpeakerText(family="Mori", given="Ken")])
    (speaker,) = topics.of(meeting)[0].speakers
    applied = applying.apply(world.FRIEDA, "mori@hamamatsu.example", series_id=series.id, **world.CONSENT)  # type: ignore[arg-type]  # a dict of mixed values
    secret = applying.mint_confirmation(applied)
    people.session().flush()
    applying.confirm(applied.id, secret, from_address=None)
    letters.post("remind", "theirs", member_id=kenji.id, meeting_id=meeting.id)
    letter = people.session().query(Letter).filter(Letter.key == "theirs").one()
    letter.state = "failed"
    stranger = people.member("nur.dort@hamamatsu.example")
    people.belong(series, stranger)
    in_series = questions.add({"ja": "食事"}, "text", series_id=series.id)
    return {
        "series_id": series.id,
        "meeting_id": meeting.id,
        "topic_id": topic.id,
        "slot_id": programme.adopt(meeting, topics.of(meeting))[0].id,
        "speaker_id": speaker.id,
        "contributor_id": speakers.reach_speaker(meeting, speaker.id, Reach("ken@hamamatsu.example")).id,
        "upload_id": uploads.add_document(meeting, "material", "x.pdf", b"%PDF-1.7 z", field="file").id,
        "question_id": in_series.id,
        "message_id": writing.draft(meeting.id, audience="all", actor_id=None, due_at=None, **world.OWN).id,
        "letter_id": letter.id,
        "mail_id": world.written_mail(meeting, kenji, "message").id,
        "view_id": views.save(naoko, "Alle", {}, series_id=series.id).id,
        "deputy_id": deputies.name(stranger, "kenji.yamada@erfurt.example", "deputy").id,
        "member_id": stranger.id,
        "kept_id": stranger.id,
        "other_id": stranger.id,
        "application_id": applied.id,
        "proposal_id": proposals.propose(series, kenji.id, Words({"ja": "光学"})).id,
        "passkey_id": world._passkey(stranger, b"another passkey"),
        # The administrators' alone, whatever their number.
        "entry_id": built.entry_id,
        "text_id": built.law_text_id,
    }


@pytest.fixture
def built(app, clock) -> world.World:
    return world.build(app, clock)


@pytest.fixture
def theirs(built) -> dict[str, int]:
    with db.transaction():
        return _theirs(built)


def tried(app: Flask, built: world.World, theirs: dict[str, int], method: str) -> dict[tuple[str, str], str]:
    """(Name of an address, the argument that is another's) → the address."""
    routes, found = app.url_map.bind("localhost"), {}
    taking = {rule.endpoint for rule in app.url_map.iter_rules() if method in (rule.methods or ())}
    for name, values in world._arguments(built).items():
        endpoint = name.partition(":")[0]
        for argument in values:
            if endpoint in taking and argument in theirs and (endpoint, argument) not in FOR_ALL:
                found[name, argument] = routes.build(endpoint, {**values, argument: theirs[argument]}, method)
    return found


def test_every_argument_of_an_address_is_known(app, theirs):
    arguments = {argument for rule in app.url_map.iter_rules() for argument in rule.arguments}
    assert arguments - set(theirs) - set(NO_NUMBERS) == set()


@pytest.mark.parametrize("role", ["coordinator", "member"])
def test_what_belongs_to_others_is_not_there_and_nothing_is_written(app, built, theirs, role):
    reader, before = Actor(app, role), contents()
    wrong = {}
    for key, address in tried(app, built, theirs, "GET").items():
        if (status := reader.get(address).status_code) != 404:
            wrong["GET", *key] = status
    known = forms(built)
    for key, address in tried(app, built, theirs, "POST").items():
        if (status := reader.post(address, unticked(known[key[0]])).status_code) != 404:
            wrong["POST", *key] = status
            put_back(before)
            reader.again()
    assert wrong == {}
    assert without_refusals(contents()) == without_refusals(before)
