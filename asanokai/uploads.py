"""Files that belong to a morning: photographs of speakers, slides, materials. They lie in the database, so that one
backup holds everything. How a picture is taken in, the logo's too, stands here.

What a file is is told by its content, never by its name. Pictures are drawn anew, upright and without metadata; other
documents are kept as they came and only ever handed out as downloads.
"""

import hashlib
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from io import BytesIO

from PIL import Image, ImageOps
from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, func, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, journal
from asanokai.db import Base, session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.meetings import Meeting

KINDS = ("photo", "slides", "material")
SEEN_BY = ("members", "all")

MOST_BYTES = 20 * 1024 * 1024
MOST_PIXELS = 60_000_000
"""More would fill the memory when the picture is unpacked."""

PHOTO, PICTURE, LOGO = 1200, 2400, 480
"""Longest side in pixels of a portrait, of a picture among the materials, and of the organisation's logo."""

MOST_FILES, MOST_SLIDES = 60, 5

MOST_PARTS = 20_000
"""Of an office document: reading the list of more would take longer and more memory than any presentation needs."""

LONGEST_NAME = 200
"""Octets of a name without its ending; file systems take 255."""

_DEVICE = re.compile("con|prn|aux|nul|(com|lpt)[0-9¹²³]", re.IGNORECASE)
"""What Windows takes for a device, with whatever ending."""

_OFFICE = {
    "ppt/presentation.xml": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    "word/document.xml": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    "xl/workbook.xml": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
}
_MACRO, _MACROS = ("vbaproject.bin", "vbadata.xml"), ("basic/", "scripts/", "xl/macrosheets/")
"""How the parts end or begin that hold programs."""
_OPEN = {
    b"application/vnd.oasis.opendocument.presentation": "odp",
    b"application/vnd.oasis.opendocument.text": "odt",
}


class Upload(Base):
    """A file. Lists do not load `content`."""

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"seen_by IN {SEEN_BY}", name="seen_by"),
        Index(None, "meeting_id", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    contributor_id: Mapped[int | None] = mapped_column(ForeignKey("contributor.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    seen_by: Mapped[str] = mapped_column(default="members")
    created_at: Mapped[datetime]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    @property
    def digest(self) -> str:
        """What stands in the address of a picture, so that another one has another address."""
        return self.sha256[:16]


# --- reading ----------------------------------------------------------------------------------------------------------


def of(meeting: Meeting, *kinds: str) -> Sequence[Upload]:
    """The meeting's files of those kinds in the order they came, without their content."""
    query = select(Upload).where(Upload.meeting_id == meeting.id, Upload.kind.in_(kinds or KINDS))
    return session().scalars(query.order_by(Upload.id)).all()


def by_id(meeting: Meeting, upload_id: int) -> Upload:
    """The meeting's file of that number. Raises `Missing`."""
    found = session().get(Upload, upload_id)
    if found is None or found.meeting_id != meeting.id:
        raise Missing(N_("There is no such file."))
    return found


# --- taking in --------------------------------------------------------------------------------------------------------


def set_photo(meeting: Meeting, contributor_id: int, data: bytes, *, actor_id: int | None = None) -> Upload:
    """Somebody's portrait, instead of the one that was there. Raises `BadInput`."""
    drawn = picture(data, longest=PHOTO, field="photo")
    for old in of(meeting, "photo"):
        if old.contributor_id == contributor_id:
            session().delete(old)
    row = _add(meeting, "photo", "portrait.jpg", "image/jpeg", drawn, contributor_id=contributor_id, seen_by="all")
    meeting.version += 1
    journal.write("upload", "file", row.id, actor_id=actor_id, meeting=meeting.id, size=row.size)
    return row


def add_document(
    meeting: Meeting,
    kind: str,
    name: str,
    data: bytes,
    *,
    field: str,
    contributor_id: int | None = None,
    seen_by: str = "members",
    actor_id: int | None = None,
) -> Upload:
    """Slides or material: a PDF, a presentation, a text, a table or a picture. Raises `BadInput`, or `Refused` for too
    many."""
    if seen_by not in SEEN_BY:
        raise BadInput("seen_by", N_("Please choose who may see it."))
    _refuse_more(meeting, kind, contributor_id)
    media_type, extension, data = _recognised(data, field)
    row = _add(
        meeting, kind, safe_name(name, extension), media_type, data, contributor_id=contributor_id, seen_by=seen_by
    )
    journal.write("upload", "file", row.id, actor_id=actor_id, meeting=meeting.id, size=row.size)
    return row


def remove(meeting: Meeting, upload_id: int, *, actor_id: int | None = None) -> None:
    """Delete a file. Raises `Missing`."""
    row = by_id(meeting, upload_id)
    session().delete(row)
    meeting.version += 1
    session().flush()
    journal.write("remove", "file", upload_id, actor_id=actor_id, meeting=meeting.id)


def show_to(meeting: Meeting, upload_id: int, seen_by: str, *, actor_id: int | None = None) -> None:
    """Let members or everybody see a file. Raises `BadInput`, `Missing`."""
    if seen_by not in SEEN_BY:
        raise BadInput("seen_by", N_("Please choose who may see it."))
    by_id(meeting, upload_id).seen_by = seen_by
    journal.write("show", "file", upload_id, actor_id=actor_id, meeting=meeting.id, to=seen_by)


def _refuse_more(meeting: Meeting, kind: str, contributor_id: int | None) -> None:
    query = select(func.count()).select_from(Upload).where(Upload.meeting_id == meeting.id, Upload.kind == kind)
    most = MOST_FILES
    if contributor_id is not None:
        query, most = query.where(Upload.contributor_id == contributor_id), MOST_SLIDES
    if (session().scalar(query) or 0) >= most:
        raise Refused(N_("There are %(most)s files already; please remove one first."), most=most)


def _add(
    meeting: Meeting, kind: str, name: str, media_type: str, data: bytes, *, contributor_id: int | None, seen_by: str
) -> Upload:
    row = Upload(
        meeting_id=meeting.id,
        contributor_id=contributor_id,
        kind=kind,
        name=name,
        media_type=media_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        seen_by=seen_by,
        created_at=clock.now(),
        content=data,
    )
    session().add(row)
    session().flush()
    return row


# --- what it is -------------------------------------------------------------------------------------------------------


def picture(data: bytes, *, longest: int, field: str) -> bytes:
    """The picture drawn anew as JPEG: upright, at most `longest` pixels long, without metadata. Raises `BadInput`."""
    return _drawn(data, longest, field, _as_jpeg)


def logo(data: bytes, *, field: str) -> bytes:
    """The picture drawn anew as PNG, likewise; what is transparent stays so. Raises `BadInput`."""
    return _drawn(data, LOGO, field, _as_png)


def _drawn(data: bytes, longest: int, field: str, written: Callable[[Image.Image], bytes]) -> bytes:
    _check_size(data, field)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is ours
            with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise BadInput(field, N_("This picture has too many pixels; please make it smaller first."))
                opened.draft("RGB", (longest * 2, longest * 2))  # a JPEG is unpacked no larger than needed
                upright = ImageOps.exif_transpose(opened)
                upright.thumbnail((longest, longest))
                return written(upright)
    except Refused:
        raise
    except Exception as error:  # a damaged picture makes its readers raise anything: struct.error, KeyError, …
        raise BadInput(field, N_("Please choose a picture in PNG, JPEG or WebP.")) from error


def _as_jpeg(upright: Image.Image) -> bytes:
    """On white where it is transparent. The new image holds pixels only: no place, no camera, no name."""
    layers = upright.convert("RGBA")
    plain = Image.new("RGB", layers.size, "white")
    plain.paste(layers, mask=layers.getchannel("A"))
    written = BytesIO()
    plain.save(written, "JPEG", quality=85, optimize=True)
    return written.getvalue()


def _as_png(upright: Image.Image) -> bytes:
    """Pixels only, too: what was hidden behind or between them is gone."""
    layers = upright.convert("RGBA")
    plain = Image.new("RGBA", layers.size)
    plain.paste(layers)
    written = BytesIO()
    plain.save(written, "PNG", optimize=True)
    return written.getvalue()


def _check_size(data: bytes, field: str) -> None:
    if not data:
        raise BadInput(field, N_("This file is empty."))
    if len(data) > MOST_BYTES:
        raise BadInput(field, N_("This file is too large; 20 MB is the most."))


def _recognised(data: bytes, field: str) -> tuple[str, str, bytes]:
    """Media type, ending, and what is kept. Raises `BadInput` for anything else."""
    _check_size(data, field)
    if data.startswith(b"%PDF-"):
        return "application/pdf", "pdf", data
    if data.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff")) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return "image/jpeg", "jpg", picture(data, longest=PICTURE, field=field)
    if data.startswith(b"PK\x03\x04") and (office := _office(data)):
        return (*office, data)
    raise BadInput(field, N_("Please choose a PDF, a presentation, a text, a table or a picture; without macros."))


def _office(data: bytes) -> tuple[str, str] | None:
    """Media type and ending of an office document without macros. Only the list of its parts is read."""
    if data.count(b"PK\x01\x02") > MOST_PARTS:
        return None
    try:
        with zipfile.ZipFile(BytesIO(data)) as parts:
            names = set(parts.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    if any(name.lower().startswith(_MACROS) or name.lower().endswith(_MACRO) for name in names):
        return None
    for start, ending in _OPEN.items():
        # OpenDocument begins with its type, not compressed.
        if "mimetype" in names and start in data[:120]:
            return start.decode(), ending
    return next((kind for part, kind in _OFFICE.items() if part in names), None)


def safe_name(name: str, extension: str) -> str:
    """The name without folders and signs that mean something to a system, with the ending that its content has; short
    enough for any file system, which counts octets or halves of signs."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(sign for sign in unicodedata.normalize("NFC", last) if unicodedata.category(sign)[0] != "C")
    stem = plain.rpartition(".")[0] if "." in plain else plain
    kept = "".join("-" if sign in '<>:"|?*' else sign for sign in stem).strip(" .-")[:100].strip()
    kept = kept.encode()[:LONGEST_NAME].decode(errors="ignore").strip(" .-")
    if _DEVICE.fullmatch(kept.partition(".")[0].strip()):
        kept = f"file {kept}"
    return f"{kept or 'file'}.{extension}"


def plain_name(name: str) -> str:
    """The name in ASCII, for programs that know nothing else; as safe. A wide solidus is a plain one there."""
    stem, _, extension = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().rpartition(".")
    return safe_name(f"{stem.replace('/', '-')}.{extension}", extension)
