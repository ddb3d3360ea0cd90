"""What coordinators and speakers write in Markdown, as clean HTML and as plain text. Fetches nothing, keeps no images.

It does not choose a language and knows no table.
"""

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_HEADINGS = {"h2"}
_TAGS = {"p", "br", "em", "strong", "ul", "ol", "li", "a", "blockquote", "h3", "h4", "code", "pre", "hr"}
_ITEM = re.compile(r"\s*(?:-|\d+[.)]) ")
_parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True})


@lru_cache(maxsize=512)
def to_html(source: str, *, headings: bool = False) -> str:
    """Clean HTML: only text tags; links with http, https or mailto, told not to be followed. `headings`: of a page of
    its own, which has headings of the second order."""
    return nh3.clean(
        _parser.render(source),
        tags=_TAGS | _HEADINGS if headings else _TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    )


@lru_cache(maxsize=512)
def to_text(source: str) -> str:
    """The words alone: emphasis and headings without marks, lists with theirs, links followed by their address."""
    written, mark, depth = "", "", 0
    for token in _parser.parse(source):
        depth += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        if token.type == "list_item_open":
            # An ordered item tells its number, a bullet its sign, which is always a dash here.
            mark = f"{token.info}{token.markup} " if token.info else "- "
        if token.type not in ("inline", "fence", "code_block"):
            continue
        words = "".join(_words(token.children or [])) if token.type == "inline" else token.content.rstrip()
        follows = "\n" if depth and _in_list(written) else "\n\n"
        written += (follows if written else "") + "  " * max(depth - 1, 0) + mark + words
        mark = ""
    return written


def _in_list(written: str) -> bool:
    """Whether the last line is an item of a list: the next item follows without an empty line."""
    return bool(_ITEM.match(written.rpartition("\n")[2]))


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
