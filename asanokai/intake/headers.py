"""The head of a mail → its headers, and what stands in one: words, parameters, addresses. Never raises, takes linear
time.

Read by hand: the stdlib's readers of headers raise on broken ones, or take quadratic time on long ones.
"""

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from asanokai.intake.charsets import decoded, storable

MOST_HEAD = 512 * 1024
MOST_HEADERS = 2000
LONGEST = 32 * 1024
"""Of one header. Longer ones are cut: no reader needs their end."""

_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_PARAMETER = re.compile(r"[;\s]\s*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,60})\s*=\s*(\"(?:[^\"\\]|\\.)*\"?|[^;\"\s]*[^;\"]*)")
_SECTION = re.compile(r"(.+?)(?:\*(\d{1,3}))?(\*)?")


def split_head(head: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """The fields of a head (names in lower case, values unfolded, not decoded), and what in it is no header at all.

    Lines without a name between headers are left out; such lines after the last header are the beginning of a body
    whose empty line was lost.
    """
    lines = head[:MOST_HEAD].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    fields: list[tuple[str, list[bytes]]] = []
    stray: list[bytes] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and not stray:
            if fields:
                fields[-1][1].append(line)
            continue
        found = _FIELD.match(line)
        if found is None or len(fields) > MOST_HEADERS:
            stray.append(line)
            continue
        stray.clear()
        fields.append((found[1].decode().lower(), [found[2]]))
    return [(name, b"".join(pieces)[:LONGEST].strip()) for name, pieces in fields], b"\n".join(stray)


def line(value: bytes | str) -> str:
    """A header in one line, its encoded words decoded (RFC 2047), its 8-bit characters too."""
    text = decoded(value, None) if isinstance(value, bytes) else value
    if "=?" in text:
        text = words(text)
    return storable(" ".join(text.split()))


def words(text: str) -> str:
    """Encoded words decoded; those cut in the middle of a character are joined before."""
    out: list[str] = []
    end, charset = 0, ""
    pending: list[tuple[str, str]] = []
    text = _BETWEEN.sub(r"\1", text)
    for found in _WORD.finditer(text):
        label, how, content = found[1].partition("*")[0].lower(), found[2].lower(), found[3]
        if pending and (found.start() != end or label != charset):
            out.append(_unworded(pending, charset))
            pending = []
        out.append(text[end : found.start()])
        if how == "b" and pending and pending[-1][0] == "b" and len(pending[-1][1]) % 4:
            content = pending.pop()[1] + content
        pending.append((how, content))
        charset, end = label, found.end()
    if pending:
        out.append(_unworded(pending, charset))
    return "".join(out) + text[end:]


def _unworded(pieces: list[tuple[str, str]], charset: str) -> str:
    """Adjacent words of one charset."""
    return decoded(b"".join(_bytes(how, content.encode("utf-8", errors="replace")) for how, content in pieces), charset)


def _bytes(how: str, content: bytes) -> bytes:
    return unbased(content) if how == "b" else binascii.a2b_qp(content.replace(b" ", b"_"), header=True)


def unbased(content: bytes) -> bytes:
    """Base64 as it is found: with blanks and rubbish in it, without padding, several pieces one after the other."""
    clean = content.translate(None, _NOT_BASE64)
    out = []
    for piece in clean.split(b"=", 200):
        whole = piece[: len(piece) - 1] if len(piece) % 4 == 1 else piece
        out.append(base64.b64decode(whole.replace(b"=", b"A") + b"=" * (-len(whole) % 4)))
    return b"".join(out)


_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """A header with parameters (Content-Type, Content-Disposition) → what it says in lower case, and the parameters.

    Those cut or encoded by RFC 2231 are put together; encoded words in them are decoded, though they do not belong
    there.
    """
    value = " ".join(value[:8192].split())
    head = re.match(r"\s*([^\s;]*)", value)
    said = head[1].lower() if head else ""
    cut: dict[str, dict[int, tuple[str, bool]]] = {}
    plain: dict[str, str] = {}
    for found in _PARAMETER.finditer(value, head.end() if head else 0):
        section = _SECTION.fullmatch(found[1].lower())
        content = _unquoted(found[2])
        if section is None or (section[2] is None and not section[3]):
            plain.setdefault(found[1].lower(), line(content))
            continue
        cut.setdefault(section[1], {}).setdefault(int(section[2] or 0), (content, bool(section[3])))
    for name, sections in cut.items():
        plain[name] = _joined(sections)
    return said, plain


def _unquoted(content: str) -> str:
    content = content.strip()
    if content.startswith('"'):
        content = content[1:-1] if len(content) > 1 and content.endswith('"') else content[1:]
        return re.sub(r"\\(.)", r"\1", content)
    return content


def _joined(sections: dict[int, tuple[str, bool]]) -> str:
    charset, out = "utf-8", b""
    for number, (content, encoded) in sorted(sections.items()):
        if encoded and number == min(sections) and content.count("'") >= 2:
            charset, _language, content = content.split("'", 2)
        out += unquote_to_bytes(content) if encoded else content.encode("utf-8", errors="replace")
    return line(decoded(out, charset))


MOST_ADDRESSES = 1000
LONGEST_ADDRESS = 400
_PIECE = re.compile(
    r"\"(?:[^\"\\]|\\.)*+(?:\"(?:@[^\s<>,;:()\"]+)?|\\?\Z)"  # quoted: a name, or the left of an address
    r"|<[^<>]*>|[(),;:]|[^\s<>(),;:\"]+|.",
    re.DOTALL,
)
_ADDRESS = re.compile(r"(\"(?:[^\"\\]|\\.){1,200}\"|[^\s<>()\[\]\\,;:@\"]{1,200})@([^\s<>()\\,;:@\"]{1,255})")


def addresses(value: str) -> list[str]:
    """The addresses in a header as it came (not decoded), by RFC 5322 3.4 as far as it is kept to.

    Comments, names and the names of groups are passed over, so that an address in a name is none. Of a mailbox with
    <…> only that counts.
    """
    value = value[:LONGEST]
    found = _addresses(value)
    return found or (_addresses(value.replace('"', " ")) if '"' in value else [])


def _addresses(value: str) -> list[str]:
    found: list[str] = []
    bare: list[str] = []
    depth = 0
    angle = False
    for piece in (match[0] for match in _PIECE.finditer(value)):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
        elif depth:
            continue
        elif piece in (",", ";"):
            found += [] if angle else _bare(bare)
            bare, angle = [], False
        elif piece == ":":
            bare = []
        elif piece.startswith("<"):
            inner = _inner(piece.strip("<>"))
            angle = angle or bool(inner)
            found += inner
        else:
            bare.append(piece)
        if len(found) > MOST_ADDRESSES:
            break
    found += [] if angle else _bare(bare)
    return list(dict.fromkeys(found))


def _inner(text: str) -> list[str]:
    """The address within <…>; a route before it (RFC 5322 4.4) is left out."""
    if text.startswith("@") and ":" in text:
        text = text.rpartition(":")[2]
    return _bare([text.strip().removeprefix("mailto:")])[:1]


def _bare(pieces: list[str]) -> list[str]:
    found = []
    for piece in pieces:
        text = words(piece) if "=?" in piece else piece
        if "@" in text and len(text) <= LONGEST_ADDRESS:
            found += [_plain(*match.groups()) for match in _ADDRESS.finditer(text)]
    return found


def _plain(local: str, domain: str) -> str:
    """An address without quotes that it does not need: carriers in Japan gave out names with ".." and ".@"."""
    inside = re.sub(r"\\(.)", r"\1", local[1:-1]) if local.startswith('"') else local
    if not re.search(r"[\s\"(),:;<>@\[\]\\]", inside):
        local = inside
    if local.startswith("'") and domain.endswith("'"):
        local, domain = local[1:], domain[:-1]
    return storable(f"{local}@{domain.rstrip('.')}")
