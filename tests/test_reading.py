"""What people wrote and what is sensitive: no page shows it by itself, and that somebody read it is noted."""

import io
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from asanokai import db, entering, questions
from asanokai.db import session
from asanokai.entering import Said
from asanokai.journal import Aside, Entry
from asanokai.members import Application
from asanokai.rsvps import Rsvp
from asanokai.speakers import Contributor
from tests import people, world
from tests.pages import Reader
from tests.world import addresses, plain

WRITTEN = {
    "comment": "Ich sitze im Rollstuhl",
    "reply": "Keine Erdnüsse, Lebensgefahr",
    "aside": "Neues Logo",
    "mail": "Wo kann man parken?",
    "from": "192.0.2.7",
    "message": "Hätte Zeit am Donnerstag",
    "word": "Brauche einen Beamer",
}
"""What stands where in the world of `world`."""

SHOWN = {"message": {"desk.applications"}, "word": {"speakers.show"}}
"""What a page shows by itself, and which: an application is decided by what it says, and a speaker's word is what the
page about speakers is for."""


@pytest.fixture
def built(app, clock) -> world.World:
    made = world.build(app, clock)
    with db.transaction():
        food = questions.add({"de": "Unverträglich"}, "food", meeting_id=made.meeting_id)
        said = Said("no", comment=WRITTEN["comment"], replies={food.id: WRITTEN["reply"]})
        entering.enter(made.meeting_id, made.member_id, said, asked=[food], by="link")
        session().get_one(Application, made.application_id).message = WRITTEN["message"]
        session().get_one(Contributor, made.contributor_id).word = WRITTEN["word"]
        assert session().get_one(Aside, made.entry_id).said == WRITTEN["aside"]
    return made


def test_no_page_of_coordinators_shows_by_itself_what_somebody_wrote_or_may_not_eat(app, built):
    with db.reading():
        reader = Reader(app, people.ludwig())  # as administrator he is shown every page that a coordinator is
    found: dict[str, set[str]] = {}
    for name, address in addresses(app, built, "GET").items():
        if not urlsplit(address).path.startswith("/coordinate"):
            continue
        # All parts of the roll: the address of the first alone would show who comes.
        for more in ("?part=no", "?part=coming") if name == "roll.show" else ("",):
            response = reader.get(address + more)
            text = _words(response)
            for what, words in WRITTEN.items():
                if words in text:
                    found.setdefault(what, set()).add(name.partition(":")[0])
    assert found == SHOWN


def _words(response) -> str:
    if b"%%EOF" not in response.data:  # no whole PDF: a page, or a file of the world's that only calls itself one
        return response.text if response.mimetype.startswith("text/") else ""
    pages = PdfReader(io.BytesIO(response.data)).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


# --- on request -------------------------------------------------------------------------------------------------------


@pytest.fixture
def declined(app, clock):
    """Katrin declined with a word; Akiko reads."""
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        meeting = people.announced_meeting(series, people=[people.katrin(), people.emma()])
        rsvp = people.say(meeting, people.katrin(), "no", comment=WRITTEN["comment"])
        people.say(meeting, people.emma(), "yes")
        session().flush()
        made = SimpleNamespace(meeting=meeting.id, rsvp=rsvp.id, katrin=people.katrin().id, akiko=people.akiko().id)
    made.reader = Reader(app, people.akiko())
    made.roll = f"/coordinate/meetings/{made.meeting}/roll"
    return made


def noted() -> list[tuple]:
    with db.reading():
        entries = session().scalars(select(Entry).where(Entry.verb == "read").order_by(Entry.id))
        return [(entry.object, entry.object_id, entry.actor_id, entry.facts) for entry in entries]


def test_the_roll_shows_on_request_what_was_written_and_notes_it(declined):
    listed = declined.reader.get(f"{declined.roll}?part=no&lang=en").text
    assert (WRITTEN["comment"] in listed, "has written something" in listed) == (False, True)
    # The button leads to the same part of the roll.
    assert f'action="{declined.roll}?part=no"' in listed
    read = declined.reader.post(f"{declined.roll}?part=no")
    assert (read.status_code, read.headers["Cache-Control"], WRITTEN["comment"] in read.text) == (200, "no-store", True)
    about = {"meeting": declined.meeting}
    assert noted() == [("roll", declined.meeting, declined.akiko, {**about, "count": 1})]
    # Nothing to read: no button, and nothing is noted.
    assert "Show what was written" not in declined.reader.get(f"{declined.roll}?part=coming").text
    declined.reader.post(f"{declined.roll}?part=coming")
    assert len(noted()) == 1


def test_paper_holds_what_was_written_on_request_and_it_is_noted(declined):
    address = f"{declined.roll}.pdf"
    assert WRITTEN["comment"] not in _words(declined.reader.get(address))
    assert noted() == []
    assert WRITTEN["comment"] in _words(declined.reader.post(address))
    facts = {"meeting": declined.meeting, "count": 1, "paper": True}
    assert noted() == [("roll", declined.meeting, declined.akiko, facts)]


def test_one_persons_word_is_shown_on_request_and_that_it_was_read_is_noted(declined):
    line = f"{declined.roll}/{declined.katrin}"
    seen = declined.reader.get(line).text
    assert (WRITTEN["comment"] in seen, 'name="comment"' in seen, noted()) == (False, False, [])
    read = declined.reader.post(f"{line}/replies").text
    assert (plain(read).count(WRITTEN["comment"]) > 0, 'name="comment"' in read) == (True, True)
    about = {"meeting": declined.meeting, "member": declined.katrin}
    assert noted() == [("comment", declined.rsvp, declined.akiko, about)]


def test_who_answers_for_somebody_without_having_read_the_word_leaves_it(declined):
    line = f"{declined.roll}/{declined.katrin}"
    word = select(Rsvp.comment).where(Rsvp.id == declined.rsvp)
    kept = []
    for typed in ({}, {"comment": ""}):
        assert declined.reader.post(line, {"answer": "maybe", **typed}).status_code == 303
        with db.reading():
            kept.append(session().scalar(word))
    assert kept == [WRITTEN["comment"], ""]
