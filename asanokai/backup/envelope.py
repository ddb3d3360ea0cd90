"""Age envelopes (age-encryption.org/v1), which the `age` command opens too.

For recipients they are written and read in a stream, a few kilobytes at a time. With a passphrase the library does it
only in one piece, so that such a backup must fit into memory; it is refused beyond `MOST_IN_MEMORY`.
"""

import io
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pyrage
from pyrage import passphrase as by_passphrase
from pyrage import x25519

from asanokai.errors import Refused

HEADER = b"age-encryption.org/v1\n"
OF_PASSPHRASE = HEADER + b"-> scrypt "
MOST_IN_MEMORY = 512 << 20
LEAST_PASSPHRASE = 12
CHUNK = 1 << 16
"""Bytes that go through a pipe at once."""


class Lock:
    """What a backup is encrypted to: public keys of recipients, or one passphrase."""

    def __init__(self, recipients: Sequence[str] = (), passphrase_file: Path | None = None) -> None:
        if recipients and passphrase_file:
            raise Refused("Either --recipient or --passphrase-file, not both.")
        self.passphrase = _passphrase(passphrase_file) if passphrase_file else ""
        if passphrase_file and len(self.passphrase) < LEAST_PASSPHRASE:
            raise Refused(f"The passphrase must have {LEAST_PASSPHRASE} characters at least.")
        self.recipients = [_recipient(typed) for typed in recipients]

    def __bool__(self) -> bool:
        return bool(self.passphrase or self.recipients)

    @contextmanager
    def around(self, file: IO[bytes]) -> Iterator[IO[bytes]]:
        """A stream whose content arrives in the file, encrypted if there is anything to encrypt it to."""
        if self.recipients:
            with _piped(file, self.recipients) as stream:
                yield stream
        elif self.passphrase:
            held = _Held()
            yield held
            file.write(by_passphrase.encrypt(held.getvalue(), self.passphrase))
        else:
            yield file


class Key:
    """What opens a backup: the identities in a file of `age-keygen`, or a passphrase."""

    def __init__(self, identity_file: Path | None = None, passphrase_file: Path | None = None) -> None:
        self.identities = _identities(identity_file) if identity_file else []
        self.passphrase = _passphrase(passphrase_file) if passphrase_file else ""
        self._held: dict[Path, bytes] = {}

    @contextmanager
    def opened(self, path: Path) -> Iterator[IO[bytes]]:
        """What lies in the backup. Raises `Refused` if this opens it not, or if it is none."""
        with path.open("rb") as file:
            start = file.read(len(OF_PASSPHRASE))
            file.seek(0)
            if start[:2] == b"\x1f\x8b":
                yield file
            elif not start.startswith(HEADER):
                raise Refused(f"{path} is no backup of this program.")
            elif start == OF_PASSPHRASE:
                if path not in self._held:  # it is slow on purpose, and read twice
                    self._held[path] = self._by_passphrase(file.read())
                yield io.BytesIO(self._held[path])
            elif not self.identities:
                raise Refused("This backup is encrypted to a recipient: name the key that opens it by --identity-file.")
            else:
                with _unpiped(file, self.identities) as stream:
                    yield stream

    def _by_passphrase(self, content: bytes) -> bytes:
        if not self.passphrase:
            raise Refused(
                "This backup is encrypted with a passphrase: name the file that holds it by --passphrase-file."
            )
        try:
            return bytes(by_passphrase.decrypt(content, self.passphrase))
        except (pyrage.DecryptError, OSError) as error:
            raise Refused("The passphrase does not open this backup, or the backup is not whole.") from error


def _passphrase(path: Path) -> str:
    return path.read_text(encoding="utf-8").rstrip("\r\n")


def _recipient(typed: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(typed.strip())
    except pyrage.RecipientError as error:
        raise Refused(f"--recipient must be a public key such as age1…, not “{typed[:40]}”") from error


def _identities(path: Path) -> list[x25519.Identity]:
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    try:
        found = [x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError as error:
        # Not shown: it is a secret.
        raise Refused(f"{path} holds something else than keys made by age-keygen.") from error
    if not found:
        raise Refused(f"{path} holds no key.")
    return found


class _Held(io.BytesIO):
    """What is kept in memory until it can be encrypted; not without end."""

    def write(self, content: Any) -> int:
        if self.tell() + len(content) > MOST_IN_MEMORY:
            raise Refused("This backup is too large for a passphrase: encrypt it to a key by --recipient.")
        return super().write(content)


class _Side:
    """A thread at the other end of a pipe; what it ran into is kept for who waits for it."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.error: Exception | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # a boundary: it belongs to the thread that waits
            self.error = error

    def wait(self) -> Exception | None:
        self._thread.join()
        return self.error


@contextmanager
def _piped(file: IO[bytes], recipients: list[x25519.Recipient]) -> Iterator[IO[bytes]]:
    reading, writing = os.pipe()

    def encrypt() -> None:
        with open(reading, "rb", buffering=0) as plain:
            pyrage.encrypt_io(plain, file, recipients)

    side = _Side(encrypt)
    trouble: BrokenPipeError | None = None
    stream = open(writing, "wb", buffering=CHUNK)  # noqa: SIM115  closed below, when that can fail
    try:
        try:
            yield stream
        finally:
            with suppress(BrokenPipeError):
                stream.close()
            stopped = side.wait()
    except BrokenPipeError as error:
        trouble = error
    if stopped is not None:
        # The library wraps what the file said into words of its own.
        raise OSError(str(stopped).partition("] ")[2] or str(stopped)) from (trouble or stopped)
    if trouble is not None:
        raise trouble


@contextmanager
def _unpiped(file: IO[bytes], identities: list[x25519.Identity]) -> Iterator[IO[bytes]]:
    reading, writing = os.pipe()

    def decrypt() -> None:
        with open(writing, "wb", buffering=CHUNK) as plain:
            pyrage.decrypt_io(file, plain, identities)

    side = _Side(decrypt)
    stream = open(reading, "rb", buffering=CHUNK)  # noqa: SIM115  closed below, before the thread is waited for
    try:
        yield stream
    except Refused as refused:
        # Content that breaks off is a consequence: what the envelope says comes first.
        stream.close()
        raise _said(side.wait()) or refused from refused
    finally:
        stream.close()
        side.wait()


def _said(stopped: Exception | None) -> Refused | None:
    if isinstance(stopped, pyrage.DecryptError):
        return Refused("The key does not open this backup: it is encrypted to another one.")
    if stopped is None or isinstance(stopped, BrokenPipeError):
        return None
    return Refused("This backup is not whole: it was cut off, or altered. Take another one.")
