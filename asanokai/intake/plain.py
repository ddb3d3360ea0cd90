"""The words of a text part: HTML without its tags, flowed lines put together again. Linear in time, never raises.

Tags are cut out by hand, not by the stdlib's html.parser, which takes quadratic time on unclosed comments.
"""

import html
import re

LONGEST = 256 * 1024
"""Characters of text that are read. Nobody answers at greater length."""

_TAG = re.compile(r"(/?)\s*([A-Za-z][A-Za-z0-9:]{0,20})")
_LINE = frozenset(
    word
    for line in (
        "p div br tr li ul ol dl dt dd h1 h2 h3 h4 h5 h6 table hr pre blockquote body center address section",
        "article header footer form fieldset",
    )
    for word in line.split()
)
_SKIPPED = frozenset(("script", "style", "head", "title", "noscript", "template", "svg", "xml"))
_RULE = "________________________________"
"""As Outlook writes a ruler into plain text: what follows it is history."""


def without_tags(markup: str) -> str:
    """The words of HTML. Quotes are marked with "> " at each line, rulers drawn, as in a plain text."""
    out: list[str] = []
    skipping, comment, depth = "", False, 0
    for number, piece in enumerate(markup[: LONGEST * 4].split("<")):
        if comment:
            comment = "-->" not in piece
            out.append("" if comment or skipping else _words(piece.partition("-->")[2]))
            continue
        if number and piece.startswith("!--"):
            comment = "-->" not in piece
            out.append("" if comment or skipping else _words(piece.partition("-->")[2]))
            continue
        tag = _TAG.match(piece) if number else None
        if tag is None:
            out.append("" if skipping else _words(piece if not number else _not_a_tag(piece)))
            continue
        closing, name = bool(tag[1]), tag[2].lower()
        if skipping:
            skipping = "" if closing and name == skipping else skipping
        elif name in _SKIPPED and not closing:
            skipping = name if not piece.partition(">")[0].endswith("/") else ""
        if skipping:
            continue
        if name == "blockquote":
            depth = max(0, depth + (-1 if closing else 1))
        if name in _LINE:
            out.append(f"\n{'> ' * min(depth, 5)}")
        if name == "hr":
            out.append(f"{_RULE}\n")
        out.append(_words(piece.partition(">")[2]))
    return _tidy("".join(out))


def _words(piece: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", piece))


def _not_a_tag(piece: str) -> str:
    """What follows a "<" that opens no tag: a doctype and the like vanishes, "1 < 2" stays."""
    if piece.startswith(("!", "?", "/")):
        return piece.partition(">")[2]
    return f"<{piece}"


def _tidy(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.replace("\xa0", " ").split("\n")]
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line.strip("> ") or before.strip("> ")]
    return "\n".join(kept).strip()


def unflowed(text: str, *, delsp: bool) -> str:
    """Flowed lines (RFC 3676) put together: a line that ends with a blank goes on in the next of the same depth."""
    out: list[str] = []
    open_depth = -1
    for line in text.replace("\r\n", "\n").split("\n"):
        words = line.lstrip(">")
        depth = len(line) - len(words)
        words = words.removeprefix(" ")
        flows = words.endswith(" ") and words != "-- "
        piece = words[:-1] if flows and delsp else words
        if open_depth == depth and words != "-- ":
            out.append(piece)
        else:
            out.append(f"\n{'>' * depth}{' ' if depth else ''}{piece}")
        open_depth = depth if flows else -1
    return "".join(out).removeprefix("\n")
