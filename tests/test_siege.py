"""Files that are meant to do harm, sent to every place that takes one and fetched again as a browser fetches them."""

import io
import struct
import time
import zipfile
import zlib
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from PIL import Image, PngImagePlugin
from werkzeug.http import parse_options_header

from asanokai import db, uploads
from asanokai.errors import BadInput
from asanokai.uploads import plain_name, safe_name
from tests import world
from tests.world import Actor, addresses, contents, forms, portrait, put_back, unticked

SCRIPT = b"<html><script>alert(document.domain)</script></html>"
PLACES = {
    "settings.edit": ("administrator", "logo"),
    "speaking.person": ("visitor", "photo"),
    "speaking.talk": ("visitor", "slides"),
    "materials.show": ("coordinator", "file"),
}
"""Where files are kept: who sends one there, and in which field. The list of members is read and not kept."""


@pytest.fixture
def built(app, clock) -> world.World:
    return world.build(app, clock)


class Places:
    """Sends a file to a place; says the status."""

    def __init__(self, app: Flask, built: world.World) -> None:
        self.actors = {role: Actor(app, role) for role in ("administrator", "coordinator", "visitor")}
        self.known, self.forms = addresses(app, built, "POST"), forms(built)

    def send(self, place: str, data: bytes, name: str, kind: str = "application/octet-stream") -> int:
        role, field = PLACES[place]
        form = {**unticked(self.forms[place]), field: (io.BytesIO(data), name, kind)}
        with self.actors[role].post(self.known[place], form) as answer:
            return answer.status_code


@pytest.fixture
def places(app, built) -> Places:
    return Places(app, built)


def newest() -> uploads.Upload:
    with db.reading() as session:
        row = session.query(uploads.Upload).order_by(uploads.Upload.id.desc()).first()
        assert row is not None and row.content is not None
        return row


# --- what is taken, and as what ---------------------------------------------------------------------------------------


def _picture(form: str, **more: Any) -> bytes:
    return portrait((60, 40), form, **more)


def _png_of(width: int, height: int) -> bytes:
    """A picture that says it is as large, and is nothing."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"IDAT" + zlib.compress(b"\0" * 1000)
    chunks = b"".join(
        struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in (head, body)
    )
    return b"\x89PNG\r\n\x1a\n" + chunks + b"\0\0\0\0IEND\xaeB`\x82"


def _noted(form: str) -> bytes:
    """A picture that carries a page and a name in all that a picture can carry beside its pixels."""
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = SCRIPT.decode()
    if form == "PNG":
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Comment", SCRIPT.decode())
        notes.add_itxt("XML:com.adobe.xmp", SCRIPT.decode())
        return _picture(form, pnginfo=notes, exif=exif, icc_profile=SCRIPT) + SCRIPT
    more: dict[str, Any] = {"comment": SCRIPT} if form == "JPEG" else {"xmp": SCRIPT}
    return _picture(form, exif=exif, icc_profile=SCRIPT, **more) + SCRIPT


def _moving(form: str) -> bytes:
    written = io.BytesIO()
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("teal", "red", "blue")]
    frames[0].save(written, form, save_all=True, append_images=frames[1:], duration=100)
    return written.getvalue()


def _chunk_bomb() -> bytes:
    """A note of 60 million signs in a picture of some kilobytes."""
    note = b"zTXtComment\0\0" + zlib.compress(b"x" * 60_000_000)
    good = _picture("PNG")
    return good[:33] + struct.pack(">I", len(note) - 4) + note + struct.pack(">I", zlib.crc32(note)) + good[33:]


def _office(*names: str, words: bytes = b"x") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as parts:
        for name in ("[Content_Types].xml", "ppt/presentation.xml", *names):
            parts.writestr(name, words)
    return written.getvalue()


NO_PICTURES = {
    "a GIF that is a script": b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)//",
    "an SVG with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "an SVG behind a mark": b"\xef\xbb\xbf<?xml version='1.0'?><svg onload='alert(1)'/>",
    "a page": SCRIPT,
    "a page that begins as a JPEG": b"\xff\xd8\xff\xe0" + SCRIPT,
    "a page that begins as a PNG": b"\x89PNG\r\n\x1a\n" + SCRIPT,
    "fifty thousand by fifty thousand": _png_of(50_000, 50_000),
    "no height at all": _png_of(2**31 - 1, 0),
    "a TIFF": b"II*\0" + b"\0" * 100,
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(id) system\n",
    "a note that bursts": _chunk_bomb(),
}


def test_what_is_no_picture_is_taken_nowhere_whatever_it_is_called(places):
    before, found, begun = contents(), {}, time.process_time()
    for kind, data in NO_PICTURES.items():
        for place in PLACES:
            found[kind, place] = places.send(place, data, "portrait.png", "image/png")
            if found[kind, place] == 303:
                put_back(before)
    bursting = {status for (kind, _), status in found.items() if kind == "a note that bursts"}
    others = {key: status for key, status in found.items() if key[0] != "a note that bursts"}
    assert others == dict.fromkeys(others, 422)
    assert bursting <= {303, 422}
    assert time.process_time() - begun < 10


def test_of_a_picture_nothing_is_kept_but_its_pixels(app, places):
    sent = {form: _noted(form) for form in ("JPEG", "PNG", "WEBP")}
    sent |= {f"a moving {form}": _moving(form) for form in ("PNG", "WEBP")}
    found: dict[tuple[str, str], Any] = {}
    for place in ("settings.edit", "speaking.person", "materials.show"):
        for kind, data in sent.items():
            assert places.send(place, data, "x.html", "text/html") == 303
            kept = app.test_client().get("/logo").data if place == "settings.edit" else newest().content
            with Image.open(io.BytesIO(kept)) as opened:
                more = {*opened.info} & {"exif", "icc_profile", "comment", "xmp"}
                found[place, kind] = (opened.format, getattr(opened, "n_frames", 1), more)
            assert b"script" not in kept and b"document.domain" not in kept
    kinds = {place: "PNG" if place == "settings.edit" else "JPEG" for place, _ in found}
    assert found == {(place, kind): (kinds[place], 1, set()) for place, kind in found}


# --- what comes back --------------------------------------------------------------------------------------------------

DOCUMENTS = {
    "a PDF that is a page": (b"%PDF-1.7\n" + SCRIPT, "application/pdf"),
    "a presentation that bursts": (
        _office(words=b"\0" * 3_000_000),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    "a presentation that is a page too": (
        _office() + SCRIPT,
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
}


def test_a_document_comes_back_as_a_download_of_its_own_kind_in_a_sandbox(built, places):
    found, wanted = {}, {}
    for kind, (data, media_type) in DOCUMENTS.items():
        assert places.send("materials.show", data, "page.html", "text/html") == 303
        for folder in (f"/coordinate/meetings/{built.meeting_id}/materials", f"/meetings/{built.path}/files"):
            with places.actors["coordinator"].get(f"{folder}/{newest().id}") as answer:
                names = ("Content-Type", "X-Content-Type-Options", "Content-Security-Policy", "Content-Disposition")
                found[kind, folder] = [answer.headers[name] for name in names]
            name = f"page.{'pdf' if kind == 'a PDF that is a page' else 'pptx'}"
            wanted[kind, folder] = [
                *(media_type, "nosniff", "default-src 'none'; sandbox"),
                f"attachment; filename={name}",
            ]
    assert found == wanted


def test_a_presentation_of_countless_parts_is_refused_before_they_are_read():
    part = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, *[0] * 7, 1, *[0] * 4, 0, 0) + b"a"
    parts = part * 400_000
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, len(parts), 34, 0)
    begun = time.process_time()
    with pytest.raises(BadInput):
        uploads._recognised(b"PK\x03\x04" + b"x" * 30 + parts + end, "file")
    assert time.process_time() - begun < 3


PROGRAMS = (
    *("ppt/vbaProject.bin", "ppt/VBAPROJECT.BIN", "Basic/Standard/Module1.xml", "Scripts/python/x.py"),
    *("xl/macrosheets/sheet1.xml", "word/vbaData.xml"),
)


def test_a_document_with_a_program_in_it_is_refused(places):
    found = {part: places.send("materials.show", _office(part), "harmless.pptx") for part in PROGRAMS}
    assert found == dict.fromkeys(PROGRAMS, 422)


# --- names ------------------------------------------------------------------------------------------------------------

NAMES = {
    "../../../../etc/passwd": "passwd.pdf",
    "C:\\Windows\\System32\\drivers.pdf": "drivers.pdf",
    "..%2f..%2fetc%2fpasswd.pdf": "..%2f..%2fetc%2fpasswd.pdf".lstrip("."),
    ".htaccess": "file.pdf",
    "...": "file.pdf",
    "CON.pdf": "file CON.pdf",
    "nul": "file nul.pdf",
    "Com1.tar.gz": "file Com1.tar.pdf",
    "LPT¹.pdf": "file LPT¹.pdf",
    "Console.pdf": "Console.pdf",
    "rechnung\u202efdp.exe": "rechnungfdp.pdf",
    "a\0b\x1b[31mc.pdf": "ab[31mc.pdf",
    "a\r\nSet-Cookie: evil=1.pdf": "aSet-Cookie- evil=1.pdf",
    'a"; filename="evil.exe': "a-; filename=-evil.pdf",
    "<script>alert(1)</script>.pdf": "script.pdf",
    "x" * 5000 + ".pdf": "x" * 100 + ".pdf",
    "光" * 5000 + ".pdf": "光" * 66 + ".pdf",
    "🍞" * 5000 + ".pdf": "🍞" * 50 + ".pdf",
    "🍞 Frühstück.pdf": "🍞 Frühstück.pdf",
    "Grüße aus Jena.pdf": "Grüße aus Jena.pdf",
    "朝の会：講演とは？.pdf": "朝の会：講演とは？.pdf",
    "．．／．．／講演.pdf": "．．／．．／講演.pdf",
    "": "file.pdf",
}


def test_a_name_is_harmless_on_every_system():
    assert {name: safe_name(name, "pdf") for name in NAMES} == NAMES


def test_what_old_programs_are_told_is_as_harmless_where_wide_signs_become_plain_ones():
    wide = ["．．／．．／etc／passwd.pdf", "朝の会：講演とは？.pdf", "ＣＯＮ.pdf", "＂＞＜.pdf", "光.pdf", "Grüße.pdf"]
    assert [plain_name(name) for name in wide] == [
        "-..-etc-passwd.pdf".lstrip("-."),
        "file.pdf",
        "file CON.pdf",
        "file.pdf",
        "file.pdf",
        "Grue.pdf",
    ]


def test_names_go_in_and_come_out_whole_and_in_one_header(built, places):
    """By the wire: with a name in the request's head as a browser writes it."""
    found, wanted = {}, {}
    for name, safe in NAMES.items():
        if not name or set(name) & set('\r\n\0"\\'):
            continue  # no browser writes these into a head, and Werkzeug reads a name up to there
        assert places.send("materials.show", b"%PDF-1.7 x", name) == 303
        answer = places.actors["coordinator"].get(f"/coordinate/meetings/{built.meeting_id}/materials/{newest().id}")
        (line,) = answer.headers.getlist("Content-Disposition")
        disposition, said = parse_options_header(line)
        plain = [part for part in line.split("; ") if part.startswith("filename=")]
        assert (disposition, len(plain), "/" in plain[0], line.isascii()) == ("attachment", 1, False, True)
        found[name], wanted[name] = unquote(said["filename"]), safe
        answer.close()
    assert found == {name: unquote(safe) for name, safe in wanted.items()}


HEADS = {
    "a line break": b'filename="a\r\nSet-Cookie: evil=1.pdf"',
    "a written line break": b'filename="a%0d%0aSet-Cookie: evil=1.pdf"',
    "NUL": b'filename="a\0.html"',
    "RFC 5987": b"filename*=UTF-8''..%2f..%2f%0d%0aX%3A%20y%00.pdf",
    "both": b"filename=\"a.pdf\"; filename*=UTF-8''%2e%2e%2fb.html",
    "not UTF-8": b'filename="\xff\xfe\x82\xa0.pdf"',
    "half a pair": b'filename="\xed\xa0\x80.pdf"',
    "a page's own": b'filename="a.html"; name="seen_by"',
}


def test_a_forged_head_of_a_file_makes_no_head_of_ours(built, places):
    reader, wrong = places.actors["coordinator"], {}
    reader.post("/sign-out-of-nothing")
    address, edge = f"/coordinate/meetings/{built.meeting_id}/materials", b"--edge\r\nContent-Disposition: form-data; "
    fields = {"csrf_token": str(reader.token), "seen_by": "all"}
    plain = b"".join(edge + f'name="{name}"\r\n\r\n{words}\r\n'.encode() for name, words in fields.items())
    for kind, head in HEADS.items():
        body = plain + edge + b'name="file"; ' + head + b"\r\nContent-Type: text/html\r\n\r\n%PDF-1.7 x\r\n--edge--\r\n"
        before = newest().id
        sent = reader.client.post(address, data=body, content_type="multipart/form-data; boundary=edge")
        if sent.status_code not in (303, 400, 422):
            wrong[kind] = sent.status_code
        if newest().id > before:
            with reader.get(f"{address}/{newest().id}") as answer:
                forged = {"Set-Cookie", "X"} & {*answer.headers.keys()} or set(newest().name) & set("\r\n\0/\\")
                if forged or answer.content_type != "application/pdf" or not newest().name.endswith(".pdf"):
                    wrong[kind] = newest().name
    assert wrong == {}
