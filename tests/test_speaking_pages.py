"""The page behind a speaker's or host's link, and what of it others see."""

import io

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from asanokai import asking, db, meetings, speakers, topics, uploads
from asanokai.invitations import Night
from asanokai.letters import Letter
from asanokai.speakers import PersonText, Reach
from asanokai.topics import SpeakerText
from asanokai.worker import send_due
from tests import people
from tests.pages import TOKEN, Reader
from tests.world import NAMED, REACHED, plain, portrait, texts, typed

PUBLIC = "/meetings/2026-03-12-asanokai"


@pytest.fixture
def morning(app) -> int:
    """An announced morning; Hiroshi Ito speaks and reads Japanese, Eva Roth is the host and reads German."""
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        meeting = people.announced_meeting(series, people=[people.katrin()])
        topic = topics.post(meeting, {"de": "Licht", "ja": "光"}, speakers=[SpeakerText(family="Ito", given="Hiroshi")])
        number = topics.by_id(meeting, topic.id).speakers[0].id
        speakers.reach_speaker(meeting, number, Reach("ito@hamamatsu.example", "ja", "herr"))
        speakers.name_host(
            meeting,
            PersonText({"family": "Roth", "given": "Eva"}, organisation={"de": "Optik Jena"}),
            Reach("eva.roth@optik-jena.example", "de", "frau"),
        )
        return meeting.id


def rows(morning):
    db.session().rollback()
    db.session().expire_all()
    host, ito = speakers.of(meetings.by_id(morning))
    return host, ito


def link(app, row) -> str:
    return "/speaking/" + app.extensions["tokens"].mint("speaking", [row.id, row.secret])


@pytest.fixture
def ito(app, morning) -> str:
    return link(app, rows(morning)[1])


@pytest.fixture
def host(app, morning) -> str:
    return link(app, rows(morning)[0])


@pytest.fixture
def stranger(app, morning) -> Reader:
    return Reader(app, None)


@pytest.fixture
def akiko(app, morning) -> Reader:
    reader = Reader(app, people.akiko())
    reader.get("/?lang=en")
    return reader


def send(reader, address, **form):
    """A form with files. Encoded here: the test client would leave a temporary file open where they are large."""
    values = {name: FileStorage(*sent) if isinstance(sent, tuple) else sent for name, sent in form.items()}
    boundary, body = encode_multipart({"csrf_token": reader.token, **values})
    return reader.client.post(address, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def opened(reader, address):
    """The page; its token is kept for what is sent next."""
    page = reader.get(address)
    assert page.status_code == 200
    found = TOKEN.search(page.text)
    reader.token = found[1] if found else reader.token
    return page.text


# --- their own page ---------------------------------------------------------------------------------------------------


def test_the_page_speaks_its_readers_language_and_asks_speaker_and_host_for_what_each_can_give(stranger, ito, host):
    theirs, houses = plain(opened(stranger, ito)), plain(opened(stranger, host))
    assert ("ご講演" in theirs, "要旨" in theirs, "スライド" in theirs) == (True, True, True)
    assert ("Zu Gast bei Ihnen" in houses, "Folien" in houses, "Kurzbeschreibung" in houses) == (True, False, False)
    assert "Ihr Vortrag" in plain(opened(stranger, f"{ito}?lang=de"))


def test_they_confirm_and_may_think_again(stranger, ito, morning):
    opened(stranger, ito)
    response = stranger.post(f"{ito}/answer", {"comes": "yes", "word": "楽しみです"})
    assert (response.status_code, response.location) == (303, ito)
    assert (rows(morning)[1].state, rows(morning)[1].word) == ("confirmed", "楽しみです")
    assert typed(opened(stranger, ito), f"{ito}/answer") | {"csrf_token": ""} == {
        "csrf_token": "",
        "comes": "yes",
        "word": "楽しみです",
    }
    stranger.post(f"{ito}/answer", {"comes": "no", "word": ""})
    assert rows(morning)[1].state == "declined"
    assert stranger.post(f"{ito}/answer", {"word": ""}).status_code == 422


def test_names_biography_and_photograph_reach_the_public_page_and_no_address_does(stranger, ito, morning):
    opened(stranger, ito)
    form = {**NAMED, **texts("biography", "Forscht an Licht.")}
    response = send(stranger, f"{ito}/person", **form, photo=(io.BytesIO(portrait((30, 30))), "ich.png"))
    assert response.status_code == 303
    page = opened(stranger, f"{PUBLIC}?lang=de")
    assert "Hiroshi Ito Photonics Hamamatsu Zur Person: Hiroshi Ito Forscht an Licht." in plain(page)
    photo = uploads.of(meetings.by_id(morning), "photo")[0]
    address = f"{PUBLIC}/photos/{photo.id}-{photo.digest}"
    assert f'src="{address}"' in page
    picture = stranger.get(address)
    assert (picture.status_code, picture.content_type, Image.open(io.BytesIO(picture.data)).size) == (
        200,
        "image/jpeg",
        (30, 30),
    )
    assert picture.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert stranger.get(f"{PUBLIC}/photos/{photo.id}-0000").status_code == 404
    for public in (PUBLIC, f"{PUBLIC}/programme.pdf", "/meetings/", "/", "/calendar.ics"):
        assert b"hamamatsu.example" not in stranger.get(public).data
    assert "hamamatsu.example" not in opened(stranger, ito)


def test_a_photograph_is_seen_by_whoever_may_read_the_meeting_and_by_nobody_else(stranger, akiko, ito, morning):
    opened(stranger, ito)
    send(stranger, f"{ito}/person", **NAMED, photo=(io.BytesIO(portrait()), "ich.png"))
    with db.transaction():
        meetings.by_id(morning).public = False
    photo = uploads.of(meetings.by_id(morning), "photo")[0]
    address = f"{PUBLIC}/photos/{photo.id}-{photo.digest}"
    assert (stranger.get(address).status_code, akiko.get(address).status_code) == (404, 200)


def test_abstract_and_slides_come_with_the_talk(stranger, ito, morning):
    opened(stranger, ito)
    slides = (io.BytesIO(b"%PDF-1.7 " + b"x" * 5_000_000), "../Folien 光.exe")
    assert send(stranger, f"{ito}/talk", **texts("abstract", "Ein **Vortrag**"), slides=slides).status_code == 303
    meeting = meetings.by_id(morning)
    db.session().expire_all()
    assert topics.of(meeting)[0].abstract == {"de": "Ein **Vortrag**"}
    (row,) = uploads.of(meeting, "slides")
    assert (row.name, row.size, row.seen_by) == ("Folien 光.pdf", 5_000_009, "members")
    file = stranger.get(f"{ito}/files/{row.id}")
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert (file.headers["X-Content-Type-Options"], file.headers["Content-Security-Policy"]) == (
        "nosniff",
        "default-src 'none'; sandbox",
    )
    assert stranger.post(f"{ito}/files/{row.id}/remove").status_code == 303
    assert uploads.of(meeting, "slides") == []


def test_what_is_no_picture_is_refused_beside_its_field_and_what_was_typed_stays(stranger, ito, morning):
    opened(stranger, ito)
    response = send(
        stranger, f"{ito}/person", **{**NAMED, "family": "Itō"}, photo=(io.BytesIO(b"<svg onload=x>"), "a.png")
    )
    assert (response.status_code, 'value="Itō"' in response.text) == (422, True)
    assert 'id="photo-error-1"' in response.text
    assert rows(morning)[1].name.family == "Ito"


def test_more_than_20_mb_is_refused_and_without_a_good_link_more_than_4(stranger, ito, host):
    opened(stranger, ito)
    large = b"%PDF-1.7 " + b"x" * (20 * 1024 * 1024)
    assert send(stranger, f"{ito}/talk", slides=(io.BytesIO(large), "a.pdf")).status_code == 422
    assert send(stranger, f"{ito}/talk", slides=(io.BytesIO(large * 2), "a.pdf")).status_code == 413
    assert send(stranger, "/speaking/nonsense/talk", slides=(io.BytesIO(large), "a.pdf")).status_code == 413


# --- links ------------------------------------------------------------------------------------------------------------


def test_a_host_has_no_talk_and_one_persons_files_are_nobody_elses(stranger, ito, host, morning):
    opened(stranger, host)
    assert stranger.post(f"{host}/talk", texts("abstract")).status_code == 404
    send(stranger, f"{ito}/person", **NAMED, photo=(io.BytesIO(portrait()), "ich.png"))
    photo = uploads.of(meetings.by_id(morning), "photo")[0].id
    assert stranger.get(f"{ito}/files/{photo}").status_code == 200
    assert stranger.get(f"{host}/files/{photo}").status_code == 404
    assert stranger.post(f"{host}/files/{photo}/remove").status_code == 404


def test_a_link_for_something_else_altered_or_of_an_old_address_opens_nothing(app, stranger, ito, morning):
    other = app.extensions["tokens"].mint("answer", [1, "x"])
    for wrong in (f"/speaking/{other}", f"{ito}x", "/speaking/nonsense"):
        assert stranger.get(wrong).status_code == 404
    with db.transaction():
        meeting = meetings.by_id(morning)
        row = speakers.of(meeting)[1]
        speakers.reach_speaker(meeting, row.speaker_id, Reach("other@hamamatsu.example"))
    assert stranger.get(ito).status_code == 404


def test_a_link_lives_until_30_days_after_the_morning(stranger, ito, clock):
    clock.set(people.berlin(2026, 3, 12, 9))
    assert "comes" not in opened(stranger, ito)
    assert stranger.post(f"{ito}/answer", {"comes": "no", "word": ""}).status_code == 409
    clock.set(people.berlin(2026, 4, 11, 10))
    assert stranger.get(ito).status_code == 200
    clock.set(people.berlin(2026, 4, 11, 11, 1))
    assert stranger.get(ito).status_code == 410


# --- coordinators -----------------------------------------------------------------------------------------------------


def page(morning, verb="speakers") -> str:
    return f"/coordinate/meetings/{morning}/{verb}"


def letters_of(kind):
    db.session().rollback()
    return [row.address for row in db.session().query(Letter).filter_by(kind=kind)]


def test_a_coordinator_names_addresses_and_asks(akiko, morning):
    number = rows(morning)[1].speaker_id
    form = typed(akiko.get(page(morning, f"speakers/{number}")).text, "")
    assert (form["email"], form["language"], form["send"]) == ("ito@hamamatsu.example", "ja", "y")
    response = akiko.post(page(morning, f"speakers/{number}"), REACHED)
    assert (response.status_code, response.location) == (303, page(morning))
    assert letters_of("speaker") == ["hiroshi.ito@hamamatsu.example"]
    akiko.post(page(morning, f"contributors/{rows(morning)[0].id}/ask"))
    assert letters_of("speaker")[1:] == ["eva.roth@optik-jena.example"]
    said = plain(akiko.get(page(morning)).text)
    assert "asked, not confirmed yet" in said
    assert "hiroshi.ito@hamamatsu.example" in said
    assert "Not confirmed yet: Eva Roth, Hiroshi Ito Speakers and host" in plain(
        akiko.get(f"/coordinate/meetings/{morning}").text
    )


def test_who_cannot_come_stands_on_the_meetings_page_with_their_word_on_the_list(akiko, stranger, ito, morning):
    opened(stranger, ito)
    stranger.post(f"{ito}/answer", {"comes": "no", "word": "Verhindert, leider"})
    assert "Cannot come: Hiroshi Ito Speakers and host" in plain(akiko.get(f"/coordinate/meetings/{morning}").text)
    assert "Verhindert, leider" in plain(akiko.get(page(morning)).text)


def test_the_host_stands_on_the_public_page_once_they_have_confirmed(stranger, host, morning):
    assert "Optik Jena" not in plain(opened(stranger, f"{PUBLIC}?lang=de"))
    opened(stranger, host)
    stranger.post(f"{host}/answer", {"comes": "yes", "word": ""})
    assert "Gastgebende Optik Jena" in plain(opened(stranger, f"{PUBLIC}?lang=de"))


def test_a_host_is_named_changed_and_removed(akiko, morning):
    akiko.post(page(morning, "host"), {**NAMED, **REACHED, "send": ""})
    assert (rows(morning)[0].name.full("ja"), letters_of("speaker")) == ("伊藤", [])
    assert akiko.post(page(morning, "host/remove")).status_code == 303
    assert akiko.post(page(morning, "host/remove")).status_code == 404


def test_somebody_of_another_meeting_is_not_there(akiko, morning):
    with db.transaction():
        other = people.meeting(people.series_of(meetings.by_id(morning)), people.FIRST_MORNING.replace(month=5)).id
    host, speaker = rows(morning)
    assert akiko.get(page(other, f"speakers/{speaker.speaker_id}")).status_code == 404
    assert akiko.post(page(other, f"contributors/{host.id}/ask")).status_code == 404


def test_letters_are_dropped_where_they_are_not_true_any_more(app, smtp, akiko, stranger, ito, morning):
    with db.transaction():
        meeting = meetings.by_id(morning)
        for row in speakers.of(meeting):
            asking.ask(row, meeting)
            asking._post("speaker_remind", f"early:{row.id}", row, meeting)
        speakers.answer(speakers.of(meeting)[1], meeting, comes=True)
        speakers.name_host(meeting, PersonText({"family": "Neu"}), Reach("neu@optik-jena.example"))

    send_due(app, Night())
    db.session().rollback()
    found = db.session().query(Letter).filter(Letter.kind.in_(asking.KINDS)).order_by(Letter.id)
    assert [(letter.kind, letter.address[:4], letter.state, letter.reason) for letter in found] == [
        ("speaker", "eva.", "dropped", "is not asked any more"),
        ("speaker_remind", "eva.", "dropped", "is not asked any more"),
        ("speaker", "ito@", "sent", None),
        ("speaker_remind", "ito@", "dropped", "has answered"),
    ]
