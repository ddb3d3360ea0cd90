"""What a server says of an address → which sort of failure it is (RFC 3463, RFC 5248). Pure; knows no table.

Codes decide, words only where the codes leave it open. Where they contradict each other it is the sort that does least:
an address that lives must not be given up because of a filter's mood.

    5.1.1, 5.1.10            unknown: there is no such mailbox. So is 5.1.0, 5.0.0 or none at all with words that say so
    5.1.7, 5.1.8, 5.7.x      policy: they do not like us, our address or the letter
    other 5.1.x, 5.2.1       permanent: the address does not work. A disabled mailbox (5.2.1) may come back, hence
                             not "unknown"; one that takes in too much at once is only temporary
    5.2.2                    full
    4.x.x and all the rest   temporary: 5.3.x, 5.4.x, 5.5.x, 5.6.x speak of systems, ways and contents, not of the
                             address. Microsoft's 5.4.1 "Access denied" too, though it often hides an unknown mailbox
"""

import re
from dataclasses import dataclass

LONGEST = 500
"""Characters kept of a server's words."""


@dataclass(frozen=True)
class Verdict:
    """`sort` is one of `members.BOUNCES`; `status` an enhanced code, "" where none was said and none follows."""

    sort: str
    status: str


_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)")
_REPLY = re.compile(r"(?<![\d.:/-])([45]\d\d)(?=[ \t\-#:;,)]|$)")
_ADDRESS = re.compile(r"<[^<>\s]{0,320}@[^<>\s]{0,320}>|[^\s<>\"'(),;:@]{1,320}@[^\s<>\"'(),;:]{1,320}")

_OF_REPLIES = {"551": "5.1.6", "552": "5.2.2", "553": "5.1.3"}
"""What a reply code of RFC 5321 says of the address by itself; 550 and 554 say too many things."""


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


_WORDS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        _any(
            r"\bspam\b(?!\w)|\bspam[- ]|unsolicited|black ?list|block ?list|blocked (?:using|by|for|because)|"
            r"spamhaus|barracuda|spamcop|proofpoint",
            r"\bdmarc\b|\bspf\b|\bdkim\b|reputation|polic(?:y|ies)\b|error-messages\?ip|\bRBL\b|\bDNSBL\b|"
            r"\bbanned\b|virus|malware|malicious",
            r"sender (?:address )?(?:rejected|denied|verif|domain)|relay(?:ing)? (?:access )?(?:is )?(?:denied|not)|"
            r"unable to relay|not permitted to relay|authentication (?:is )?required|smtp server of your isp",
            r"ask your postmaster|contact your (?:mail|internet) service|client host|bad sender|not authori[sz]ed",
            r"迷惑メール|拒否されました",
        ),
        "policy",
        "5.7.1",
    ),
    (
        _any(
            r"(?:message|mail|size|body|content)[^.\n]{0,40}(?:too (?:large|big|long)|exceed\w* [^.\n]{0,30}(?:size|"
            r"limit))|(?:too (?:large|big))|size limit|maximum (?:message )?size|exceeds? (?:the )?(?:fixed )?"
            r"(?:maximum )?(?:message )?size",
        ),
        "temporary",
        "5.3.4",
    ),
    (
        _any(
            r"quota|(?:mail ?box|inbox|mail ?drop|account|postfach|user)[^.\n]{0,30}\bfull\b|disk (?:space|full)|"
            r"insufficient[^.\n]{0,20}storage|exceed\w*[^.\n]{0,30}storage|storage (?:allocation|limit|space)|"
            r"out of storage|no space left|mailfull|over its size|too many messages in",
            r"postfach[^.\n]{0,20}(?:voll|überfüllt|ueberfuellt)|speicherplatz|überfüllt",
            r"メールボックスが(?:いっぱい|一杯)|容量|boîte[^.\n]{0,20}pleine|buz[oó]n[^.\n]{0,20}lleno|casella[^.\n]{0,20}piena",
        ),
        "full",
        "5.2.2",
    ),
    (
        _any(
            r"(?:host|domain|hostname|server|mx)\b[^.\n]{0,30}(?:unknown|not found|does not exist|doesn't exist|"
            r"no such)|unknown (?:host|domain)|(?:no|any) (?:such )?(?:host|domain)\b|couldn't find (?:any|a) host|"
            r"unroute?able|unrouteable|nxdomain|name or service not known|all relevant mx records point to",
        ),
        "permanent",
        "5.1.2",
    ),
    (
        _any(
            r"\b(?:users?|recipients?|mail ?box(?:es)?|address(?:es)?|account|alias|person|customer|local part|"
            r"mail ?drop|rcpt|member|email|e-mail)\b[^.\n]{0,60}?\b(?:unknown|not known|not found|wasn.t found|"
            r"couldn.t be found|could not be found|does ?n[o']t exist|doesn.t exist|do(?:es)? not exist|not exist|"
            r"no longer (?:exists?|valid|available|here|active|with|in use)|not (?:been )?listed in|is not a (?:known|"
            r"valid)|not recogni[sz]ed|not local)",
            r"(?:no such|unknown|non-?existent|invalid|no) (?:local )?(?:or illegal )?(?:user|recipient|mail ?box|"
            r"address|account|alias|person|customer|rcpt|recipients?|mail ?drop|local part)\b",
            r"user[_ -]?unknown|unknown[_ -]?user|userunknown|"
            r"no (?:such )?(?:user|mailbox|account|person|one)\b[^.\n]{0,20}(?:here|by that name|in this|at this|with)",
            r"doesn.t have an? [\w.-]+ account|does not have an? [\w.-]+ account|wasn.t found at|"
            r"recip(?:ient)?notfound|nosuchuser|not our customer|is not a member|"
            r"not listed in (?:the )?(?:domino|public)",
            r"(?:empfänger|empfaenger|adresse|benutzer|postfach|nutzer|mailadresse|e-mail-adresse)[^.\n]{0,60}"
            r"(?:unbekannt|nicht gefunden|existiert nicht|nicht vorhanden|nicht bekannt|gibt es nicht)|"
            r"(?:unbekannter?|kein) (?:empfänger|empfaenger|benutzer|nutzer|postfach)|existiert nicht",
            r"utilisateur inconnu|destinataire inconnu|destinatario (?:desconocido|sconosciuto|inesistente)|"
            r"onbekende gebruiker|nieznany (?:użytkownik|odbiorca)",
            r"宛先が?(?:見つかりません|見つからない|不明|存在)|存在しません|存在しない|見つかりませんでした|"
            r"(?:ユーザー?|アドレス|宛先|あて先)[^。\n]{0,20}(?:見つかり|存在し|不明|ありません|間違)",
        ),
        "unknown",
        "5.1.1",
    ),
    (
        _any(
            r"retry time(?:out)? [^.\n]{0,30}(?:exceeded|reached)|time(?:d)? ?out|connection (?:refused|reset|lost|"
            r"dropped|failed)|try (?:again|later)|temporar|too many|expired|deferred|gr[ae]y ?list|unreachable|"
            r"overloaded|at a rate|rate limit|hop count|loop|resources|could not connect|still being retried|"
            r"時間をおいて|一時的",
        ),
        "temporary",
        "",
    ),
    (
        _any(
            r"mail ?box (?:is )?(?:currently )?(?:unavailable|disabled|inactive|locked|suspended|blocked|closed)|"
            r"(?:account|user|address|recipient|email)[^.\n]{0,50}(?:disabled|inactive|suspended|deactivated|expired|"
            r"closed|locked|no longer|discontinued|deleted|removed)|not accepting (?:messages|mail)|"
            r"(?:bad|illegal|malformed) (?:destination |recipient |mailbox )?(?:mailbox )?address|"
            r"(?:recipient|address)[^.\n]{0,30}rejected|5[05]\d[ -][^.\n]{0,20}mailbox unavailable",
        ),
        "permanent",
        "5.1.0",
    ),
    (_any(r"access denied|denied|prohibited|refused by|rejected (?:by|for|due)|blocked"), "policy", "5.7.1"),
)
"""Wordings of last resort, in this order: what speaks of us comes before what speaks of the address."""


def judge(status: str, words: str) -> Verdict:
    """The sort of a failure, by the `Status` of a report ("" without) and the server's own words."""
    codes = [_code(found) for found in [*_ENHANCED.finditer(status[:20]), *_ENHANCED.finditer(words)]]
    replies = _REPLY.findall(words)
    if not codes and not replies and (bare := re.fullmatch(r"\s*([45]\d\d)\s*", status)):
        replies = [bare[1]]
    telling = [code for code in codes if code[0] != 2]
    if telling and _says_much(telling[0]):
        return _by_code(telling[0], telling[1:], words)
    specific = [code for code in telling if _says_much(code)]
    if specific:
        return _by_code(specific[0], specific[1:], words)
    return _by_words(telling, replies, words)


def words_speak(words: str) -> bool:
    """Whether the words alone, or codes among them, say that something failed."""
    plain = _ADDRESS.sub(" ", words)
    coded = any(found[1] != "2" for found in _ENHANCED.finditer(plain)) and bool(_REPLY.search(plain))
    return coded or _worded(words) is not None


Code = tuple[int, int, int]


def _code(found: re.Match[str]) -> Code:
    return int(found[1]), int(found[2]), int(found[3])


def _says_much(code: Code) -> bool:
    """Whether it says more than that it failed: x.0.0, and x.0.350 of Exchange, do not."""
    return code[1] != 0


def _written(code: Code) -> str:
    return ".".join(map(str, code))


def _by_code(code: Code, others: list[Code], words: str) -> Verdict:
    """What a code says that says something. `others` stand in the server's words beside it."""
    kind, subject, detail = code
    status = _written(code)
    if kind == 4:
        return Verdict("temporary", status)
    if subject == 7 or (subject == 1 and detail in (7, 8)):
        return Verdict("policy", status)
    blamed = next((other for other in others if other[0] == 5 and other[1] == 7), None)
    if blamed is not None:
        return Verdict("policy", _written(blamed))
    if (subject, detail) == (1, 0) or (detail == 0 and subject in (2, 3, 5)):
        return _vague(code, others, words)
    if subject == 1:
        return Verdict("unknown" if detail in (1, 10) else "permanent", status)
    if subject == 2 and detail in (1, 2):
        sort = "full" if detail == 2 else "permanent"
        rate = detail == 1 and re.search(r"\brate\b|too (?:many|quickly|often)", words, re.IGNORECASE)
        return Verdict("temporary" if rate else sort, status)
    return Verdict("temporary", status)


def _vague(code: Code, others: list[Code], words: str) -> Verdict:
    """5.1.0, 5.2.0, 5.3.0, 5.5.0: something about the address, the mailbox, the system; the words say what."""
    better = next((other for other in others if other[0] == 5 and other[1] and other[2]), None)
    if better is not None:
        return _by_code(better, [], words)
    worded = _worded(words)
    if worded is not None and (worded.sort != "permanent" or code[1] in (1, 2, 5)):
        return Verdict(worded.sort, _written(code))
    return Verdict("permanent" if code[1] == 1 else "temporary", _written(code))


def _by_words(codes: list[Code], replies: list[str], words: str) -> Verdict:
    """No code says more than that it failed: the reply codes of SMTP, then the words."""
    status = _written(codes[0]) if codes else ""
    lasting = codes[0][0] == 5 if codes else not (replies and replies[0].startswith("4"))
    if replies and replies[0].startswith("5"):
        # A report may call temporary what was said for good; what the server said counts.
        lasting = True
    if not lasting:
        return Verdict("temporary", status or "4.0.0")
    worded = _worded(words)
    if worded is not None:
        return Verdict(worded.sort, status if status and status != "5.0.0" else worded.status or "5.0.0")
    said = next((_OF_REPLIES[reply] for reply in replies if reply in _OF_REPLIES), None)
    if said is not None:
        return Verdict("full" if said == "5.2.2" else "permanent", said)
    return Verdict("temporary", status or "5.0.0")


def _worded(words: str) -> Verdict | None:
    """What the wording says. Addresses in it are passed by: somebody may be called spam@."""
    plain = " ".join(_ADDRESS.sub(" ", words).replace("’", "'").split())
    for wording, sort, status in _WORDS:
        if wording.search(plain):
            return Verdict(sort, status)
    return None
