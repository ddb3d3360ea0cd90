"""What coordinators and speakers write in Markdown, as clean HTML and as plain text. Fetches nothing, keeps no images.

It does not choose a language and knows no table.
"""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS = {"p", "br", "em", "strong", "ul", "ol", "li", "a", "blockquote", "h3", "h4", "code", "pre", "hr"}
_parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True})


@lru_cache(maxsize=512)
def to_html(source: str) -> str:
    """Clean HTML: only text tags; links with http, https or mailto, told not to be followed."""
    return nh3.clean(
        _parser.render(source),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    )


@lru_cache(maxsize=512)
def to_text(source: str) -> str:
    """The words alone: emphasis and headings without their marks, links followed by their address."""
    lines: list[str] = []
    for token in _parser.parse(source):
        if token.type == "inline":
            lines.append("".join(_words(token.children or [])))
        elif token.type in ("fence", "code_block"):
            lines.append(token.content.rstrip())
    return "\n\n".join(lines)


def _words(children: list[Token]) -> list[str]:
    words: list[str] = []
    address = ""
    for child in children:
        if child.type in ("text", "code_inline"):
            words.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            words.append("\n")
        elif child.type == "link_open" and child.info != "auto":
            # An address in angle brackets is its own text already.
            address = str(child.attrGet("href") or "")
        elif child.type == "link_close":
            words.append(f" <{address}>" if address.startswith(("http", "mailto")) else "")
            address = ""
    return words
