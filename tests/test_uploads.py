"""Files: what is taken in, as what, and what is left of a photograph."""

import io
import zipfile

import pytest
from PIL import Image
from sqlalchemy import inspect

from asanokai import speakers, uploads
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Missing, Refused
from asanokai.speakers import PersonText, Reach
from tests import people
from tests.pages import statements
from tests.world import portrait


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


@pytest.fixture
def meeting(writing):
    return people.announced_meeting()


@pytest.fixture
def host(meeting):
    return speakers.name_host(meeting, PersonText({"family": "Roth"}), Reach("eva@optik-jena.example"))


def opened(data):
    return Image.open(io.BytesIO(data))


def office(*names, first=None):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as parts:
        if first:
            parts.writestr("mimetype", first)
        for name in names:
            parts.writestr(name, "x")
    return written.getvalue()


def taken(meeting, data, name="a", **more):
    row = uploads.add_document(meeting, "material", name, data, field="file", **more)
    return row.name, row.media_type


def test_a_photograph_is_drawn_anew_upright_small_and_without_metadata(meeting, host):
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[2] = (50.0, 55.0, 38.0)  # where it was taken
    sent = portrait((3000, 1500), "JPEG", exif=exif)
    assert b"Secret Camera" in sent
    row = uploads.set_photo(meeting, host.id, sent)
    kept = opened(row.content)
    assert (kept.format, kept.size, row.media_type) == ("JPEG", (600, 1200), "image/jpeg")
    assert (dict(kept.getexif()), b"Secret Camera" in row.content, row.size) == ({}, False, len(row.content))


def test_a_transparent_picture_lies_on_white(meeting, host):
    written = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(written, "PNG")
    row = uploads.set_photo(meeting, host.id, written.getvalue())
    assert opened(row.content).getpixel((10, 10)) == (255, 255, 255)


def test_a_new_photograph_takes_the_place_of_the_old_one(meeting, host):
    old = uploads.set_photo(meeting, host.id, portrait()).digest
    new = uploads.set_photo(meeting, host.id, portrait((30, 30))).digest
    assert (old != new, [row.digest for row in uploads.of(meeting, "photo")]) == (True, [new])


@pytest.mark.parametrize(
    "data", [b"", b"<svg/>", b"GIF89a", b"\x89PNG\r\n\x1a\n and so on", b"\xff\xd8\xff\xe0 no more", b"RIFF1234WEBPx"]
)
def test_what_is_no_picture_is_refused_beside_its_field(meeting, host, data):
    with pytest.raises(BadInput) as refused:
        uploads.set_photo(meeting, host.id, data)
    assert refused.value.field == "photo"


def test_a_picture_that_would_fill_the_memory_is_refused_unopened(meeting, host, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_PIXELS", 2000)
    with pytest.raises(BadInput, match="too many pixels"):
        uploads.set_photo(meeting, host.id, portrait((50, 50)))
    uploads.set_photo(meeting, host.id, portrait((40, 50)))


def test_a_document_is_known_by_its_content_and_gets_the_ending_it_deserves(meeting):
    presentation = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    open_presentation = "application/vnd.oasis.opendocument.presentation"
    assert [
        taken(meeting, b"%PDF-1.7 x", "C:\\slides\\Licht aus Jena.exe"),
        taken(meeting, office("[Content_Types].xml", "ppt/presentation.xml"), "光.pptx"),
        taken(meeting, office("content.xml", first=open_presentation), "../../a.odp"),
        taken(meeting, portrait(), "bild.png"),
    ] == [
        ("Licht aus Jena.pdf", "application/pdf"),
        ("光.pptx", presentation),
        ("a.odp", open_presentation),
        ("bild.jpg", "image/jpeg"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"MZ\x90",
        b"<html><script>",
        b"PK\x03\x04 no zip",
        office("a.txt"),
        office("[Content_Types].xml", "ppt/presentation.xml", "ppt/vbaProject.bin"),
    ],
)
def test_what_is_neither_document_nor_picture_and_what_has_macros_is_refused(meeting, data):
    with pytest.raises(BadInput):
        taken(meeting, data, "harmless.pdf")


def test_a_name_is_safe_on_every_system(meeting):
    names = ["a/b/..", "", "..", "x" * 300 + ".pdf", 'a<b>:"c|d?.pdf', "line\r\nbreak\u202e.pdf", "．．／講演.pdf"]
    assert [uploads.safe_name(name, "pdf") for name in names] == [
        "file.pdf",
        "file.pdf",
        "file.pdf",
        "x" * 100 + ".pdf",
        "a-b---c-d.pdf",
        "linebreak.pdf",
        "．．／講演.pdf",
    ]


def test_too_large_and_too_many_are_refused(meeting, host, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_BYTES", 10)
    with pytest.raises(BadInput, match="too large"):
        taken(meeting, b"%PDF-1.7 xx")
    monkeypatch.setattr(uploads, "MOST_SLIDES", 1)
    taken(meeting, b"%PDF-1.7", contributor_id=host.id)
    with pytest.raises(Refused):
        taken(meeting, b"%PDF-1.7", contributor_id=host.id)
    taken(meeting, b"%PDF-1.7")


def test_lists_do_not_load_what_is_in_the_files(meeting):
    for _ in range(3):
        taken(meeting, b"%PDF-1.7")
    session().expunge_all()
    with statements() as made:
        found = uploads.of(meeting)
    assert (len(found), len(made), any("content" in inspect(row).dict for row in found)) == (3, 1, False)


def test_a_file_of_another_meeting_is_not_there(meeting):
    taken(meeting, b"%PDF-1.7")
    other = people.meeting(people.series_of(meeting), people.FIRST_MORNING.replace(month=5))
    number = uploads.of(meeting)[0].id
    for verb in (uploads.by_id, uploads.remove):
        with pytest.raises(Missing):
            verb(other, number)
    with pytest.raises(BadInput):
        uploads.show_to(meeting, number, "nobody")
    uploads.show_to(meeting, number, "all")
    assert uploads.of(meeting)[0].seen_by == "all"
    uploads.remove(meeting, number)
    assert uploads.of(meeting) == []


def test_a_picture_whose_notes_are_damaged_is_refused_or_drawn_without_them(writing):
    notes = Image.Exif()
    notes[0x0112], notes[0x9003] = 6, "2020"
    good = portrait((20, 30), "JPEG", exif=notes)
    for place in range(40, 70):
        for value in (1, 2, 255):
            damaged = bytearray(good)
            damaged[place] = value
            try:
                assert opened(uploads.picture(bytes(damaged), longest=100, field="photo")).format == "JPEG"
            except BadInput as refusal:
                assert refusal.field == "photo"
