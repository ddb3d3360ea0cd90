"""What is printed from the pages: who stands on which sheet, in which language, and the picture a link comes with."""

import io
import re
from urllib.parse import unquote, urlsplit

import pytest
from pypdf import PdfReader

from asanokai import db, meetings, rsvps, topics
from asanokai.topics import SpeakerText
from tests import people
from tests.pages import Reader


@pytest.fixture
def morning(app, clock) -> tuple[int, str]:
    """Number and path of a meeting with two seats: Katrin comes with a guest, Kenji waits, Emma may come, Oskar
    declined, 120 are silent. Hiroshi Ito speaks, and Katrin too."""
    with db.transaction():
        series = people.series(seats=2, guests_allowed=1)
        people.coordinate(series, people.akiko())
        cast = (people.katrin(), people.kenji(), people.emma(), people.oskar())
        meeting = people.announced_meeting(series, people=(*cast, *people.crowd(120)))
        ito = SpeakerText(
            family="Ito", given="Hiroshi", family_ja="伊藤", given_ja="博", organisation={"ja": "浜名光学"}
        )
        host = SpeakerText(family="Lindner", given="Katrin", title="Dr.")
        words = {"de": "Von der Linse\n\nZum Gerät"}
        topics.post(meeting, {"de": "Licht aus Jena"}, abstract=words, speakers=[ito, host])
        clock.set(people.berlin(2026, 2, 20, 12))
        people.plan()
        people.send_all()
        for who, choice, guests in zip(cast, ("yes", "yes", "maybe", "no"), (1, 0, 0, 0), strict=True):
            people.say(meeting, who, choice, guests)
        return meeting.id, meeting.path


@pytest.fixture
def akiko(app, morning) -> Reader:
    return Reader(app, people.akiko())


def sheet(reader: Reader, address: str) -> list[str]:
    """The words of each page of a PDF, in its order of reading, without the spaces that a reader of PDFs guesses."""
    response = reader.get(address)
    assert (response.status_code, response.mimetype) == (200, "application/pdf"), response.text
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(response.data)).pages]
    return ["".join(page.split()) for page in pages]


def test_the_roll_holds_everybody_however_many_are_silent(akiko, morning):
    pages = sheet(akiko, f"/coordinate/meetings/{morning[0]}/roll.pdf?lang=en")
    whole = "".join(pages)
    assert pages[0].startswith(
        "RollThursday,12March2026,8:00–10:00AsofFriday,20February2026,12:00"
        "2/2coming,ofseats1waiting1maybe1notcoming120silent"
        "Coming(1)NameOrganisationGuestsDr.KatrinLindnerOptikJena1"
    )
    assert whole.count("NameOrganisation") == 5 + len(pages) - 1  # one head a part, again on each further page
    silent = whole.partition("Silent(120)")[2]
    with db.reading():
        names = [line.member.name.full("en") for line in rsvps.parts(rsvps.roll(morning[0]))["silent"]]
    assert len(names) == 120
    assert [name for name in names if "".join(name.split()) not in silent] == []


def test_the_arrival_list_holds_who_has_a_seat_and_nobody_else(akiko, morning):
    (page,) = sheet(akiko, f"/coordinate/meetings/{morning[0]}/arrivals.pdf?lang=de")
    assert "KatrinLindner" in page
    assert not any(name in page for name in ("Yamada", "Emma", "Oskar"))


def test_there_is_a_badge_for_who_comes_for_their_guest_and_for_a_speaker_from_outside_each_once(akiko, morning):
    (page,) = sheet(akiko, f"/coordinate/meetings/{morning[0]}/badges.pdf?lang=de")
    assert {
        name: page.count(name) for name in ("Dr.KatrinLindner", "Begleitung", "伊藤博", "HiroshiIto", "浜名光学")
    } == {
        "Dr.KatrinLindner": 1,
        "Begleitung": 1,
        "伊藤博": 1,
        "HiroshiIto": 1,
        "浜名光学": 1,
    }
    assert page.count("12.März") == 3


@pytest.mark.parametrize(
    ("language", "starts"),
    [
        ("de", "AsanoKaiThüringenLichtausJenaWannDonnerstag,12.März20268:00–10:00Uhr"),
        ("en", "AsanoKaiThuringiaLichtausJenaWhenThursday,12March20268:00–10:00"),
    ],
)
def test_the_programme_can_be_handed_out_by_everybody(app, morning, language, starts):
    (page,) = sheet(Reader(app), f"/meetings/{morning[1]}/programme.pdf?lang={language}")
    assert page.startswith(starts)
    assert all(words in page for words in ("VonderLinse", "ZumGerät", "HiroshiIto"))
    assert page.endswith(f"/meetings/{morning[1]}")


def test_a_sheet_is_called_what_it_is_in_the_language_it_is_in(akiko, morning):
    header = akiko.get(f"/coordinate/meetings/{morning[0]}/roll.pdf?lang=ja").headers["Content-Disposition"]
    assert header.isascii()
    assert unquote(header.partition("filename*=UTF-8''")[2]) == f"出欠一覧 {morning[1]}.pdf"


def test_a_forwarded_link_is_shown_with_a_picture_in_the_language_of_the_page(app, morning):
    visitor = Reader(app)
    page = visitor.get(f"/meetings/{morning[1]}?lang=ja").text
    said = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', page))
    assert (said["title"], said["url"]) == ("Licht aus Jena", f"http://localhost:8000/meetings/{morning[1]}")
    address = urlsplit(said["image"])
    response = visitor.get(f"{address.path}?{address.query}")
    assert (address.query, response.mimetype) == ("lang=ja", "image/png")
    assert response.headers["Cache-Control"] == "public, max-age=3600"
    assert response.data != visitor.get(f"{address.path}?lang=de").data


def test_the_picture_of_a_meeting_that_is_not_public_is_kept_by_no_one_on_the_way(app, akiko, morning):
    with db.transaction():
        meetings.by_id(morning[0]).public = False
    response = akiko.get(f"/meetings/{morning[1]}/preview.png")
    assert response.headers["Cache-Control"] == "private, max-age=3600"
