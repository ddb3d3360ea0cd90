"""Materials and minutes: who sees what, and when."""

import io

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from asanokai import db, materials, meetings, speakers, uploads
from asanokai.errors import BadInput
from asanokai.speakers import PersonText, Reach
from tests import people
from tests.pages import TOKEN, Reader
from tests.world import plain, texts

PUBLIC = "/meetings/2026-03-12-asanokai"


@pytest.fixture
def morning(app) -> int:
    """An announced morning with one material for members, one for all, and slides of the host for all."""
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        meeting = people.announced_meeting(series, people=[people.katrin()])
        people.oskar()
        host = speakers.name_host(meeting, PersonText({"family": "Roth"}), Reach("eva@optik-jena.example"))
        for name, seen_by in (("Mitglieder.pdf", "members"), ("Alle.pdf", "all")):
            uploads.add_document(meeting, "material", name, b"%PDF-1.7 " + name.encode(), field="f", seen_by=seen_by)
        uploads.add_document(
            meeting, "slides", "Folien.pdf", b"%PDF-1.7 s", field="f", contributor_id=host.id, seen_by="all"
        )
        return meeting.id


@pytest.fixture
def readers(app, morning) -> dict[str, Reader]:
    cast = {"visitor": None, "member": people.katrin, "outsider": people.oskar, "coordinator": people.akiko}
    return {name: Reader(app, make() if make else None) for name, make in cast.items()}


NAMES = ("Mitglieder.pdf", "Alle.pdf", "Folien.pdf")


def seen(readers):
    """Who sees which files on the page, and whether they get exactly these."""
    found = {}
    numbers = {row.name: row.id for row in uploads.of(meetings.by_path("2026-03-12-asanokai")[0])}
    for role, reader in readers.items():
        page = reader.get(PUBLIC).text
        listed = [name for name in NAMES if f">{name}<" in page]
        handed = [name for name in NAMES if reader.get(f"{PUBLIC}/files/{numbers[name]}").status_code == 200]
        assert listed == handed
        found[role] = listed
    return found


def test_members_see_what_is_for_members_everybody_what_is_for_all_and_slides_come_with_the_talk(readers, clock):
    of_circle, others = ["Mitglieder.pdf", "Alle.pdf"], ["Alle.pdf"]
    assert seen(readers) == {
        "visitor": others,
        "member": of_circle,
        "outsider": others,
        "coordinator": of_circle,
    }
    clock.set(people.berlin(2026, 3, 12, 8))
    assert seen(readers) == {
        "visitor": [*others, "Folien.pdf"],
        "member": [*of_circle, "Folien.pdf"],
        "outsider": [*others, "Folien.pdf"],
        "coordinator": [*of_circle, "Folien.pdf"],
    }


def test_a_file_is_a_download_that_is_kept_by_nobody_in_between(readers):
    number = uploads.of(meetings.by_path("2026-03-12-asanokai")[0])[1].id
    file = readers["visitor"].get(f"{PUBLIC}/files/{number}")
    names = ("Content-Type", "Content-Disposition", "X-Content-Type-Options", "Cache-Control")
    assert [file.headers[name] for name in names] == [
        "application/pdf",
        "attachment; filename=Alle.pdf",
        "nosniff",
        "private, no-cache",
    ]


def test_a_file_for_members_looks_to_others_exactly_like_one_that_is_not_there(readers):
    number = uploads.of(meetings.by_path("2026-03-12-asanokai")[0])[0].id
    for role in ("visitor", "outsider"):
        hidden, nothing = (readers[role].get(f"{PUBLIC}/files/{one}") for one in (number, 987_654))
        assert (hidden.status_code, nothing.status_code) == (404, 404)
        assert hidden.text.replace(f"files/{number}", "") == nothing.text.replace("files/987654", "")


def test_a_portrait_is_no_material(readers, morning):
    with db.transaction():
        meeting = meetings.by_id(morning)
        from_host = speakers.host_of(meeting)
        row = uploads.of(meeting)[0]
        row.kind, row.contributor_id = "photo", from_host.id
        number = row.id
    assert readers["member"].get(f"{PUBLIC}/files/{number}").status_code == 404


def test_minutes_are_written_in_markdown_for_members_or_all_and_vanish_when_emptied(readers, morning):
    akiko, page = readers["coordinator"], f"/coordinate/meetings/{morning}/minutes"
    form = {**texts("text", "## Fragen\n\n- viele\n\n<script>x</script>"), "seen_by": "members"}
    assert akiko.post(page, form).status_code == 303
    said = {role: "Protokoll Fragen" in plain(reader.get(f"{PUBLIC}?lang=de").text) for role, reader in readers.items()}
    assert said == {"visitor": False, "member": True, "outsider": False, "coordinator": True}
    assert "<script>x" not in readers["member"].get(PUBLIC).text
    akiko.post(page, {**form, "seen_by": "all"})
    assert "- viele" not in plain(readers["visitor"].get(PUBLIC).text)
    assert "viele" in plain(readers["visitor"].get(PUBLIC).text)
    akiko.post(page, {**form, **texts("text")})
    db.session().rollback()
    assert materials.minutes_of(meetings.by_id(morning)) is None


def test_minutes_have_an_end_and_readers_that_exist(app):
    with db.transaction():
        meeting = people.announced_meeting()
        with pytest.raises(BadInput):
            materials.write(meeting, {"de": "x" * 20_001}, seen_by="all")
        with pytest.raises(BadInput):
            materials.write(meeting, {"de": "x"}, seen_by="nobody")


def test_a_coordinator_puts_up_shows_and_removes_files(readers, morning):
    akiko, page = readers["coordinator"], f"/coordinate/meetings/{morning}/materials"
    akiko.token = TOKEN.search(akiko.get(f"{page}?lang=en").text)[1]
    large = FileStorage(io.BytesIO(b"%PDF-1.7 " + b"x" * 5_000_000), "Liste 3.exe")
    boundary, body = encode_multipart({"csrf_token": akiko.token, "file": large, "seen_by": "members"})
    sent = akiko.client.post(page, data=body, content_type=f"multipart/form-data; boundary={boundary}")
    assert (sent.status_code, sent.location) == (303, page)
    said = plain(akiko.get(page).text)
    assert "Liste 3.pdf Material 4.8 MB Members only" in said
    number = uploads.of(meetings.by_id(morning))[-1].id
    assert akiko.get(f"{page}/{number}").status_code == 200
    akiko.post(f"{page}/{number}/seen", {"seen_by": "all"})
    assert "Liste 3.pdf Material 4.8 MB Everybody" in plain(akiko.get(page).text)
    akiko.post(f"{page}/{number}/remove")
    assert "Liste 3.pdf" not in akiko.get(page).text
    assert akiko.post(page, {"seen_by": "all"}).status_code == 422


def test_a_file_of_another_meeting_is_not_there(readers, morning):
    with db.transaction():
        other = people.meeting(people.series_of(meetings.by_id(morning)), people.FIRST_MORNING.replace(month=5)).id
    number = uploads.of(meetings.by_id(morning))[0].id
    assert readers["coordinator"].get(f"/coordinate/meetings/{other}/materials/{number}").status_code == 404
    assert readers["coordinator"].post(f"/coordinate/meetings/{other}/materials/{number}/remove").status_code == 404
