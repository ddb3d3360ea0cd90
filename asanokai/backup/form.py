"""What stands in a backup: `tables/NAME/NUMBER.jsonl` in a gzipped tar, a list of values a line, the manifest last.

The manifest says which columns there are and of what kind, how many rows each table has and what they hash to; it is
sealed under ASANOKAI_ERASED_KEY. A file without one was not written to its end. Values are written so that either
database can read them: moments in UTC, bytes in base64, JSON as it is. Knows neither files' names nor encryption.
"""

import base64
import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import IO, Any

from sqlalchemy import BigInteger, Boolean, Date, Float, Integer, LargeBinary, Numeric, String, Text, Time, types

from asanokai.db import Facts, UTCDateTime
from asanokai.erased import Erasures
from asanokai.errors import Refused

FORMAT = 1
CHUNK = 1 << 20
"""Characters after which a table goes on in another file of the tar: what is held in memory at once."""

LONGEST_CHUNK = 1 << 30
"""Bytes of one file in the tar that are believed: a row with the largest upload is far below."""

MANIFEST = "manifest.json"
NEEDED = ("ASANOKAI_SECRET_KEY", "ASANOKAI_ERASED_KEY", "ASANOKAI_SEAL_KEY")
"""The settings without which a backup is of little use, by name."""

NOT_WHOLE = "This backup is not whole: it was cut off, or altered. Take another one."

KINDS: dict[str, Any] = {
    "number": BigInteger(),
    "text": Text(),
    "moment": UTCDateTime(),
    "truth": Boolean(),
    "json": Facts,
    "bytes": LargeBinary(),
    "date": Date(),
    "time": Time(),
    "real": Float(),
    "decimal": Numeric(),
}

_KIND_OF: tuple[tuple[Any, str], ...] = (
    (types.JSON, "json"),
    (types.Boolean, "truth"),
    (types.DateTime, "moment"),
    (types.Date, "date"),
    (types.Time, "time"),
    (types.LargeBinary, "bytes"),
    (types.BINARY, "bytes"),
    (Integer, "number"),
    (Float, "real"),
    (Numeric, "decimal"),
    (String, "text"),
)


def kind_of(found: types.TypeEngine[Any]) -> str:
    """The kind of values in a column of this type. Raises TypeError for one that no table of ours has had yet."""
    for known, kind in _KIND_OF:
        if isinstance(found, known):
            return kind
    raise TypeError(f"backups do not know columns of the type {found!r}: teach them")


_WRITTEN: dict[str, Callable[[Any], Any]] = {
    "moment": lambda value: value.astimezone(UTC).isoformat(),
    "bytes": lambda value: base64.b64encode(value).decode(),
    "date": date.isoformat,
    "time": time.isoformat,
    "decimal": str,
    "truth": bool,
}
_READ: dict[str, Callable[[Any], Any]] = {
    "moment": datetime.fromisoformat,
    "bytes": base64.b64decode,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "decimal": Decimal,
}


@dataclass
class Table:
    """One table of a backup. `columns` are pairs of name and kind."""

    name: str
    columns: list[tuple[str, str]]
    rows: int = 0
    sha256: str = ""

    def line(self, row: Sequence[Any]) -> str:
        """A row as it stands in the file."""
        written = [
            value if value is None or kind not in _WRITTEN else _WRITTEN[kind](value)
            for value, (_name, kind) in zip(row, self.columns, strict=True)
        ]
        return json.dumps(written, ensure_ascii=False, separators=(",", ":")) + "\n"

    def row(self, line: str) -> dict[str, Any]:
        """The same row by its columns' names."""
        return {
            name: value if value is None or kind not in _READ else _READ[kind](value)
            for value, (name, kind) in zip(json.loads(line), self.columns, strict=True)
        }


@dataclass
class Manifest:
    """What a backup says of itself. `erasures` is how far the list stood, None where there was none."""

    revision: str
    database: str
    made_at: datetime
    program: str
    erasures: dict[str, Any]
    tables: list[Table] = field(default_factory=list)
    format: int = FORMAT
    needed: tuple[str, ...] = NEEDED

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


# --- writing ----------------------------------------------------------------------------------------------------------


class Writer:
    """Writes one backup into a stream: each table's rows in turn, then the manifest."""

    def __init__(self, stream: IO[bytes], manifest: Manifest) -> None:
        self.manifest = manifest
        self._gzip = gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=4, filename="", mtime=0)
        self._tar = tarfile.open(fileobj=self._gzip, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115  closed by `end`

    def table(self, name: str, columns: list[tuple[str, str]], rows: Iterator[Sequence[Any]]) -> None:
        """Write all rows of a table."""
        table, digest, number, held, size = Table(name, columns), hashlib.sha256(), 0, [], 0
        for row in rows:
            held.append(table.line(row))
            size += len(held[-1])
            table.rows += 1
            if size >= CHUNK:
                number += 1
                self._chunk(name, number, held, digest)
                held, size = [], 0
        if held:
            self._chunk(name, number + 1, held, digest)
        table.sha256 = digest.hexdigest()
        self.manifest.tables.append(table)

    def _chunk(self, name: str, number: int, lines: list[str], digest: Any) -> None:
        content = "".join(lines).encode()
        digest.update(content)
        self._add(f"tables/{name}/{number:06}.jsonl", content)

    def _add(self, name: str, content: bytes) -> None:
        about = tarfile.TarInfo(name)
        about.size, about.mode = len(content), 0o600
        about.mtime = int(self.manifest.made_at.timestamp())
        self._tar.addfile(about, io.BytesIO(content))

    def end(self, erasures: Erasures) -> None:
        """Write the sealed manifest. Only with it is the backup whole."""
        facts = {**asdict(self.manifest), "made_at": self.manifest.made_at.isoformat()}
        words = json.dumps(facts, ensure_ascii=False)
        self._add(MANIFEST, json.dumps({"manifest": words, "seal": erasures.seal_of(words)}, indent=1).encode())
        self._tar.close()
        self._gzip.close()


# --- reading ----------------------------------------------------------------------------------------------------------


def _files(stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Every file in the tar. Raises `Refused` where it is broken off or is none."""
    try:
        with gzip.GzipFile(fileobj=stream) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
            for about in tar:
                file = tar.extractfile(about) if about.isreg() and about.size <= LONGEST_CHUNK else None
                if file is None:
                    raise Refused(NOT_WHOLE)
                yield about.name, file.read()
            # To its end, so that its checksum is looked at, and that of the envelope around it.
            while plain.read(CHUNK):
                pass
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
        raise Refused(NOT_WHOLE) from error


def read_manifest(stream: IO[bytes], erasures: Erasures | None) -> Manifest:
    """Read the whole backup and compare it with what its manifest says. Raises `Refused` where they differ.

    `erasures` knows the key of the seal; without it the seal is not looked at.
    """
    digests: dict[str, Any] = {}
    rows: dict[str, int] = {}
    sealed = b""
    for name, content in _files(stream):
        if name == MANIFEST:
            sealed = content
            continue
        table = name.split("/")[1] if name.count("/") == 2 else name
        digests.setdefault(table, hashlib.sha256()).update(content)
        rows[table] = rows.get(table, 0) + content.count(b"\n")
    manifest = _manifest(sealed, erasures)
    said = {table.name: (table.rows, table.sha256) for table in manifest.tables if table.rows}
    if said != {name: (rows[name], digest.hexdigest()) for name, digest in digests.items()}:
        raise Refused(NOT_WHOLE)
    return manifest


def _manifest(sealed: bytes, erasures: Erasures | None) -> Manifest:
    try:
        envelope = json.loads(sealed)
        words, seal = str(envelope["manifest"]), str(envelope["seal"])
        facts = json.loads(words)
        number = int(facts["format"])
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(NOT_WHOLE) from error
    if number > FORMAT:
        raise Refused("This backup was made by a newer version of this program. Install that one.")
    if erasures is not None and not erasures.seal_holds(words, seal):
        raise Refused("The seal of this backup does not hold: it was altered, or ASANOKAI_ERASED_KEY is another one.")
    tables = [Table(**{**one, "columns": [(name, kind) for name, kind in one["columns"]]}) for one in facts["tables"]]
    return Manifest(**{**facts, "made_at": datetime.fromisoformat(facts["made_at"]), "tables": tables})


def read_rows(stream: IO[bytes], manifest: Manifest) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """Chunk after chunk of rows, in the order they were written: tables that others point to come first."""
    tables = {table.name: table for table in manifest.tables}
    for name, content in _files(stream):
        if name != MANIFEST:
            table = tables[name.split("/")[1]]
            yield table, [table.row(line) for line in content.decode().splitlines()]
