"""The pages of a copy: tidy for people, in words, with what the program still has of letters and mails."""

import json
import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from asanokai import copies, db, devices, history, letters, members, questions, writing
from asanokai.copies import words as said
from asanokai.copies.columns import COLUMNS
from asanokai.copies.pages import HEADINGS, ONLY_FOR_PROGRAMS, Pages, _size
from asanokai.copies.parts import GROUPS
from asanokai.copies.writing import Writer
from asanokai.db import session
from asanokai.intake.files import take_file
from asanokai.proposals import STATES as PROPOSALS
from asanokai.web import words as on_pages
from asanokai.writing import Message
from tests import people
from tests.test_copies import copied, data, unpacked

MAIL = (
    "From: Emma <emma.whitfield@ilmenau.example>\nTo: asanokai@reply.asanokai.example\nSubject: The garden door\n"
    "Message-ID: <7@ilmenau.example>\nDate: Sun, 01 Feb 2026 10:00:00 +0100\n"
    'Content-Type: text/html; charset="utf-8"\n\n<p>Is the <b>garden door</b> open?</p>\n'
)


@pytest.fixture
def emma_id(app, clock) -> int:
    """Emma answers for one of several meals, writes a mail, and got a letter of the organisers' own."""
    with db.transaction():
        emma, series = people.emma(), people.series()
        meal = questions.add(
            {"de": "Essen?", "en": "Meal?"},
            "choice",
            series_id=series.id,
            choices=[
                {"de": "Alles", "en": "Anything"},
                {"de": "Vegan", "en": "Vegan"},
            ],
        )
        at = people.announced_meeting(series, title={"de": "Licht", "en": "Light"}, people=[emma])
        rsvp = people.say(at, emma, "yes", comment="Gladly")
        questions.record(rsvp, {meal.id: "1"}, {})
        message = Message(
            meeting_id=at.id,
            kind="own",
            audience="all",
            created_at=clock.now,
            state="posted",
            subject={"de": "Der Hof", "en": "The yard"},
            words={"de": "Links am **Tor**", "en": "Left of the **gate**"},
        )
        session().add(message)
        session().flush()
        for kind, facts in (
            ("own", {"message": message.id}),
            ("reply", {"subject": "Re: Door", "words": "It is open."}),
            ("declined", {"reason": "Full", "application": 0}),
        ):
            letters.post(kind, kind, member_id=emma.id, meeting_id=at.id if kind == "own" else None, facts=facts)
        people.send_all()
        number = emma.id
    take_file(MAIL.encode(), app.extensions["intake"])
    return number


def page(content: bytes, name: str) -> str:
    return unpacked(content).read(f"pages/{name}.html").decode()


def entries(markup: str) -> list[str]:
    """What each entry says, as one line of words."""
    found = re.findall(r'<section class="entry">(.*?)</section>', markup, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in found]


# --- letters and mails ------------------------------------------------------------------------------------------------


def test_the_words_of_letters_are_there_where_the_program_has_them_and_the_page_says_where_not(emma_id):
    content = copied(emma_id)
    known = {one["kind"]: (one["subject"], one["words"]) for one in data(content)["letters"]}
    assert known == {
        "own": ("The yard", "Left of the gate"),
        "reply": ("Re: Door", "It is open."),
        "declined": (None, "Full"),
        "confirm": (None, None),
    }
    letters_page = page(content, "letters")
    assert "Left of the gate" in letters_page and "Der Hof" not in letters_page
    assert "is not kept. Where the organisers wrote it themselves" in letters_page
    own = next(one for one in entries(letters_page) if one.startswith("Letter of your own"))
    assert own.startswith("Letter of your own Number 2 Meeting Thursday, 12 March 2026, 8:00, Light State sent Made on")


def test_a_mail_is_there_in_its_own_words_and_as_it_came(emma_id):
    content = copied(emma_id)
    (mail,) = data(content)["mails"]
    assert (mail["subject"], mail["words"]) == ("The garden door", "Is the garden door open?")
    assert unpacked(content).read(mail["file"]) == MAIL.encode()
    (told,) = entries(page(content, "mails"))
    assert (
        told.startswith("The garden door Came on Sunday, 1 February 2026, 10:00 Author")
        and "Words Is the garden door open?" in told
    )


def test_of_an_old_mail_it_is_said_that_it_came(emma_id):
    with db.transaction():
        session().scalars(select(copies.parts.Incoming)).one().raw = None
    (mail,) = data(copied(emma_id))["mails"]
    assert (mail["subject"], mail["words"], mail["file"]) == ("The garden door", None, None)


# --- for people -------------------------------------------------------------------------------------------------------


def test_pages_say_everything_in_words(emma_id):
    content = copied(emma_id)
    pages = [name for name in unpacked(content).namelist() if name.endswith(".html")]
    whole = "\n".join(re.sub(r"<style>.*?</style>", "", unpacked(content).read(name).decode()) for name in pages)
    assert re.findall(r"\{&#x27;|\{&quot;|\d{4}-\d\d-\d\d|\+00:00|>None<|>True<|&quot;:", whole) == []
    (me,) = entries(page(content, "person"))
    assert "Standing member" in me and "Language English" in me
    (answer,) = entries(page(content, "answers"))
    assert answer.startswith("Thursday, 12 March 2026, 8:00, Light Answer Yes Seat a seat is kept")
    (reply,) = entries(page(content, "replies"))
    assert reply == "Meal? Meeting Thursday, 12 March 2026, 8:00, Light Reply Vegan"
    assert "An answer to an invitation" in page(content, "journal")


def test_what_is_empty_is_named_once_and_has_no_page(emma_id):
    content = copied(emma_id)
    names, index = unpacked(content).namelist(), unpacked(content).read("index.html").decode()
    found = data(content)
    for part in copies.PARTS:
        has = bool(found[part.name])
        assert (part.name, f"pages/{part.name}.html" in names, f'href="pages/{part.name}.html"' in index) == (
            *(part.name, has, has),
        )
        assert index.count(part.words.replace("'", "&#x27;")) >= 1
    assert "Nothing is held under these headings" in index


def test_every_link_in_the_copy_leads_to_a_file_in_it(emma_id):
    pack = unpacked(copied(emma_id))
    names = set(pack.namelist())
    for name in names:
        if name.endswith(".html"):
            for link in re.findall(r'href="([^"]+)"', pack.read(name).decode()):
                assert (name, link.removeprefix("../") in names) == (name, True)


def test_a_copy_needs_nothing_from_elsewhere(emma_id):
    pack = unpacked(copied(emma_id))
    pages = "".join(pack.read(name).decode() for name in pack.namelist() if name.endswith(".html"))
    assert re.findall(r"<(?:script|link|img|iframe|form)\b|https?://|@import|url\(", pages) == []


@pytest.mark.parametrize("language", ["de", "en", "ja"])
def test_a_copy_without_anything_is_still_a_page(clock, language):
    content = Writer(language, "Europe/Berlin", clock.now).write({})
    assert [name for name in unpacked(content).namelist() if name.endswith(".html")] == ["index.html"]
    assert json.loads(unpacked(content).read("data.json"))["person"] == []


@pytest.mark.parametrize(
    ("octets", "words"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KB"), (150_000, "146 KB"), (3 << 20, "3.0 MB")]
)
def test_a_size_is_said_in_its_unit(octets, words):
    assert _size(octets) == words


@pytest.mark.parametrize(("language", "words"), [("de", ["Ja", "Nein"]), ("ja", ["はい", "いいえ"])])
def test_what_is_so_is_not_said_with_the_words_of_an_answer(clock, language, words):
    pages = Writer(language, "Asia/Tokyo", clock.now).pages
    assert [pages._plain("administrator", so) for so in (True, False)] == words


def test_a_text_in_several_languages_says_which_is_which(clock):
    pages = Pages("de", "Europe/Berlin", clock.now, str)
    assert pages._texts("words", {"de": "Gut", "ja": "良い", "en": ""}) == "Deutsch: Gut\n日本語: 良い"
    assert (pages._texts("words", {"ja": "良い"}), pages._texts("title", {"ja": "良い", "en": "Good"})) == (
        "良い",
        "Good",
    )


SAID = {
    "family_ja": "白石",
    "family": "Shiraishi",
    "language": "ja",
    "zone": "Asia/Tokyo",
    "salutation": "frau",
    "organisation": "Optik <Jena>",
    "position": "Search",
}


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "de",
            [
                "Familienname: Shiraishi",
                "Familienname in japanischer Schrift: 白石",
                "Position: Search",
                "Anrede: Frau",
                "Organisation: Optik <Jena>",
                "Sprache: 日本語",
                "Zeitzone: Asia/Tokyo",
            ],
        ),
        (
            "ja",
            [
                "姓（ローマ字）：Shiraishi",
                "姓（漢字・かな）：白石",
                "役職：Search",
                "敬称：Ms（Frau）",
                "所属：Optik <Jena>",
                "言語：日本語",
                "タイムゾーン：Asia/Tokyo",
            ],
        ),
    ],
)
def test_what_somebody_said_of_themselves_when_applying_stands_field_by_field(clock, language, lines):
    row = {"state": "applied", "person": SAID}
    content = Writer(language, "Asia/Tokyo", clock.now).write({"applications": [row]})
    (said,) = re.findall(r"<dd>([^<]*\n[^<]*)</dd>", page(content, "applications"))
    assert unescape(said).split("\n") == lines


def test_of_a_saved_search_the_page_says_what_has_words(clock):
    pages = Pages("en", "Europe/Berlin", clock.now, str)
    query = {"sort": "silent", "standing": "left", "q": "Zoe", "series": "3", "role": "coordinator"}
    assert pages._plain("query", query) == "Zoe\nRole: Coordinator\nStanding: has left"


# --- the codes --------------------------------------------------------------------------------------------------------

SAME = {
    "LETTERS": "KINDS",
    "LETTER_STATES": "STATES",
    **{name: name for name in ("HAPPENINGS", "REASONS", "CAME_BACK", "OUTCOMES", "ANSWERS", "BY", "WISHES", "ROLES")},
    **{name: name for name in ("STANDINGS", "CONSENTS", "CONSENT_ENDS", "DEPUTIES", "FILES", "AUDIENCES")},
    "MESSAGE_STATES": "MESSAGE_STATES",
}


@pytest.mark.parametrize("name", SAME)
def test_a_copy_says_of_a_code_what_the_pages_say(name):
    assert getattr(said, name) == {code: words._args[0] for code, words in getattr(on_pages, SAME[name]).items()}


def test_every_code_has_words():
    constants = {
        ("addresses", "reason"): members.reach.BOUNCES,
        ("bounces", "sort"): members.reach.BOUNCES,
        ("proposals", "state"): PROPOSALS,
        ("devices", "by"): devices.WAYS,
        ("letters", "kind"): (*letters.OF_MEETING, *letters.ASKED_FOR),
        ("letters", "state"): letters.STATES,
        ("messages", "audience"): writing.AUDIENCES,
    }
    missing = {where: set(codes) - set(said.WORDS[where]) for where, codes in constants.items()}
    assert {where: codes for where, codes in missing.items() if codes} == {}


def test_every_sentence_of_the_journal_that_names_something_has_one_that_does_not():
    naming = {key for key, sentence in history.SENTENCES.items() if "%(" in sentence}
    assert naming == set(said.WITHOUT_NAMES)
    assert (said.deed("sign in", "member"), said.deed("no such", "deed")) == ("Signed in", history.CHANGED)


def test_headings_and_what_is_left_out_are_columns_of_the_lists(app):
    with db.transaction():
        one: Any = copies.parts.Person(people.katrin().id, frozenset())
    asked = {
        part.name: {column.key for column in part.ask(one).selected_columns} | {"subject"} for part in copies.PARTS
    }
    assert [name for name, column in HEADINGS.items() if column not in asked[name]] == []
    assert set(COLUMNS) >= ONLY_FOR_PROGRAMS
    assert {part.group for part in copies.PARTS} == {name for name, _words in GROUPS}
    assert {part for part, _column in said.WORDS} <= set(asked)
