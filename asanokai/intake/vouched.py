"""Whether our own mail server vouches for the author of a mail: Authentication-Results (RFC 8601) with dmarc=pass.

Anybody can write such a header; only the topmost that bears the name of the operator's own server is believed, since a
server puts its own above what came. Comments and quoted words are left out before anything is compared: a stranger's
address stands in them. The raw header is read, in which encoded words (RFC 2047) are not decoded.
"""

import re
from email.parser import BytesHeaderParser

from asanokai.errors import BadInput
from asanokai.members import normal_address

MOST_HEAD = 256 * 1024
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_DMARC = re.compile(r"dmarc(?:/\d+)?=(\w+)", re.IGNORECASE)
_HEADER_FROM = re.compile(r"\bheader\.from=@?([^\s;]+)", re.IGNORECASE)


def vouched_for(raw: bytes, author: str, authserv_id: str) -> bool:
    """Whether the mail's topmost header of the server `authserv_id` says that DMARC passed for the author's domain.
    Nothing is believed where `authserv_id` is empty."""
    if not authserv_id or "@" not in author:
        return False
    head = BytesHeaderParser().parsebytes(_END_OF_HEAD.split(raw[:MOST_HEAD], maxsplit=1)[0] + b"\n\n")
    for value in head.get_all("Authentication-Results") or ():
        server, _, results = _bare(str(value)).partition(";")
        if server.split()[:1] == [authserv_id.lower()]:
            return _passed(results, author)
    return False


def _passed(results: str, author: str) -> bool:
    found = [result for result in results.split(";") if result.strip().startswith("dmarc")]
    said = [_DMARC.match(re.sub(r"\s*([=/])\s*", r"\1", result.strip())) for result in found]
    if not said or any(one is None or one[1] != "pass" for one in said):
        return False
    domains = [_HEADER_FROM.search(re.sub(r"\s*=\s*", "=", result)) for result in found]
    return all(one is None or _fits(one[1], author) for one in domains)


def _fits(domain: str, author: str) -> bool:
    """Whether the domain is that of the author, or the one above it under which its policy stands."""
    try:
        own = normal_address(author).rpartition("@")[2]
        named = normal_address(f"x@{domain}").rpartition("@")[2]
    except BadInput:
        return False
    return own == named or own.endswith(f".{named}")


def _bare(value: str) -> str:
    """The header in lower case without comments, which nest, and without what is quoted."""
    kept, depth, quoted, escaped = [], 0, False, False
    for sign in value:
        if escaped:
            escaped = False
        elif sign == "\\" and (depth or quoted):
            escaped = True
        elif quoted:
            quoted = sign != '"'
        elif sign == "(":
            depth += 1
        elif sign == ")" and depth:
            depth -= 1
        elif depth:
            continue
        elif sign == '"':
            quoted = True
        else:
            kept.append(" " if sign.isspace() else sign)
    return "".join(kept).lower()
