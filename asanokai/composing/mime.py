"""A mail as bytes, written by hand: headers folded, parts in base64, lines ended by CRLF.

The stdlib's `EmailMessage` takes about 3 ms for a mail of this shape, most of it spent on parts that are the same for
every reader. A test reads what is written here with the stdlib's parser and compares every field and part.
"""

import base64
import re
from email.header import Header

from asanokai.ical import printable_name

_PLAIN = re.compile(r"[A-Za-z0-9 .!#$%&'*+/=?^_`{|}~-]*")
_LINES = re.compile(rb".{1,76}", re.DOTALL)
LONGEST_LINE = 76


def mailbox(name: str, address: str) -> str:
    """ "Name <address>" for a header; the name encoded by RFC 2047 where it is not ASCII."""
    if not name:
        return address
    if _PLAIN.fullmatch(name):
        return f"{name} <{address}>" if not set(name) & set(".") else f'"{name}" <{address}>'
    if name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return f"{_encoded(name)} <{address}>"


def header(name: str, value: str) -> str:
    """One header line, folded, with its CRLF. `value` is ASCII or plain text that is encoded by RFC 2047."""
    if not value.isascii():
        value = _encoded(value)
    line = f"{name}: {value}"
    if len(line) <= LONGEST_LINE or "\r\n" in value:
        return f"{line}\r\n"
    return _folded(line)


def _encoded(text: str) -> str:
    return Header(text, "utf-8", maxlinelen=60).encode(linesep="\r\n")


def _folded(line: str) -> str:
    """Break at spaces (RFC 5322 2.2.3). A word longer than a line stays whole: links must."""
    lines, current = [], ""
    for word in line.split(" "):
        if current and len(current) + 1 + len(word) > LONGEST_LINE:
            lines.append(current)
            current = f" {word}"
        else:
            current = f"{current} {word}" if current else word
    return "\r\n".join([*lines, current]) + "\r\n"


def base64_lines(data: bytes) -> bytes:
    """Base64 in lines of 76 characters ended by CRLF (RFC 2045 6.8)."""
    return b"\r\n".join(_LINES.findall(base64.b64encode(data))) + b"\r\n"


def plain_name(name: str) -> str:
    """A sender's name without what mail programs take for phishing: at signs, colons, commas, quotes."""
    return " ".join(printable_name(name).translate(str.maketrans("", "", '@:,;"<>()[]\\')).split())
