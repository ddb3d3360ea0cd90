"""A mail as bytes, written by hand: headers folded, parts in base64, lines ended by CRLF.

The stdlib's `EmailMessage` takes about 3 ms for a mail of this shape, most of it spent on parts that are the same for
every reader. A test reads what is written here with the stdlib's parser and compares every field and part.
"""

import base64
import re
from email.header import Header

from asanokai.ical import printable_name

_PLAIN = re.compile(r"[A-Za-z0-9 !#$%&'*+/^_`{|}~-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
ENCODED = "=?"
"""Begins what mail programs decode (RFC 2047 2), also where somebody wrote it into a name."""

_LINES = re.compile(rb".{1,76}", re.DOTALL)
LONGEST_LINE = 76


def mailbox(name: str, address: str) -> str:
    """ "Name <address>" for a header; the name quoted or encoded where it must be."""
    name = printable_name(name)
    if not name:
        return address
    if _PLAIN.fullmatch(name):
        return f"{name} <{address}>"
    if name.isascii() and ENCODED not in name:
        return '"{}" <{}>'.format(name.replace("\\", "\\\\"), address)
    return f"{words(name)} <{address}>"


def words(text: str) -> str:
    """Text for a header: one line, encoded by RFC 2047 where it is not ASCII or could be taken for encoded."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    if line.isascii() and ENCODED not in line:
        return line
    return Header(line, "utf-8", maxlinelen=60).encode(linesep="\r\n")


def header(name: str, value: str) -> str:
    """One header, folded, with its CRLF. `value` is ASCII; texts come from `words()` and `mailbox()`."""
    line = f"{name}: {value}"
    if len(line) <= LONGEST_LINE or "\r\n" in value:
        return f"{line}\r\n"
    return _folded(line)


def _folded(line: str) -> str:
    """Break at spaces (RFC 5322 2.2.3), not right after the header's name. A word longer than a line stays whole."""
    name, *rest = line.split(" ")
    lines, current = [], " ".join([name, *rest[:1]])
    for word in rest[1:]:
        if len(current) + 1 + len(word) > LONGEST_LINE:
            lines.append(current)
            current = f" {word}"
        else:
            current = f"{current} {word}"
    return "\r\n".join([*lines, current]) + "\r\n"


def base64_lines(data: bytes) -> bytes:
    """Base64 in lines of 76 characters ended by CRLF (RFC 2045 6.8)."""
    return b"\r\n".join(_LINES.findall(base64.b64encode(data))) + b"\r\n"


def plain_name(name: str) -> str:
    """A sender's name without what mail programs take for phishing: at signs, colons, commas, quotes."""
    return " ".join(printable_name(name).translate(str.maketrans("", "", '@:,;"<>()[]\\')).split())
