"""What is new in a mail: its words without the history it quotes, the lines apps add, and the signature. Pure.

Bottom-posted answers are kept, since a quote that is marked line by line ends where the marks end. What is forwarded is
not cut off: somebody wants it read. A ruler alone cuts nothing that reads like words to somebody.
"""

import re
import unicodedata
from itertools import takewhile

LONGEST = 20_000
"""Characters that are looked at; who writes more writes to people."""

MOST_BELOW = 200
"""Lines below a ruler that may be a signature with its small print."""

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\ufffc"), None)

_DATE = r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{4}年|\d{1,2}\.? [a-zäöüéû]{3,12}|[a-zäöüéû]{3,12} \d{1,2})"
_WROTE = re.compile(
    r"^[ \t]*(?:"
    rf"(?:am|on|le|op|el|il|den)\b(?=[^\n]{{0,300}}(?:\n[^\n]{{0,300}})?{_DATE})"
    r"(?:[^\n]{0,300}\n){0,3}?[^\n]{0,300}"
    r"\b(?:schrieb|wrote|folgendes geschrieben|geschrieben|a écrit|schreef|escribió|ha scritto|skrev)\b"
    r"[^\n]{0,160}(?:\n[^\n]{0,120})?[:：]"
    r"|\d{4}[年/.-]\d{1,2}[月/.-]\d{1,2}日?[^\n]*(?:\n[^\n]*){0,2}?"
    r"(?:のメール|書きました|wrote|<[^<>\n]+@[^<>\n]+>)[^\n]{0,20}[:：]"
    r"|[^\n]{1,100}<[^<>\s]+@[^<>\s]+>[ \t]*(?:schrieb|wrote)[^\n]{0,60}[:：]"
    r")[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""The line before a quote, which mail programs break into up to four."""

_ORIGINAL = re.compile(
    r"^[ \t>]*(?:[-_]{2,}[ \t]*)(?:ursprüngliche (?:nachricht|e-?mail)|originalnachricht"
    r"|original(?:[ -]message|[ -]e?-?mail)?"
    r"|message d'origine|元のメッセージ|オリジナルメッセージ|original appointment|ursprünglicher termin)"
    r"[ \t]*(?:[-_]{2,})?[ \t]*$|^[ \t]*_{10,}[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_HEAD = re.compile(
    r"^[ \t*]*(?:from|von|de|差出人|送信者|sent|gesendet|datum|date|送信日時|日時|to|an|宛先|cc|subject|betreff|件名)"
    r"[ \t]*\**[ \t]*[:：]\**[ \t]*\S",
    re.IGNORECASE,
)
_BEGINS_HEAD = re.compile(r"^[ \t*]*(?:from|von|差出人|送信者|gesendet|sent)[ \t]*\**[ \t]*[:：]", re.IGNORECASE)

_APP = re.compile(
    r"^(?:"
    r"(?:diese nachricht wurde )?von meine[mr] .{2,60} gesendet"
    r"|(?:von|mit) .{0,30}(?:iphone|ipad|android|smartphone|handy|mobilgerät|mobiltelefon).{0,40}gesendet"
    r"|gesendet (?:von|mit|über) .{2,80}"
    r"|(?:kurz |mobil )?gesendet vo[nm] unterwegs"
    r"|diese e-?mail wurde .{0,40}(?:avast|avg|viren).{0,60}"
    r"|virenfrei\W.{0,60}"
    r"|virus-?free\W.{0,60}"
    r"|(?:holen sie sich|laden sie) outlook .{2,60}"
    r"|outlook (?:für|for) (?:ios|android|mac|windows)(?: (?:beziehen|herunterladen|をダウンロード.*))?(?: ?[<(].*)?"
    r"|outlook (?:for|の) ?(?:ios|android) ?を(?:入手|取得|ダウンロード).*"
    r"|get outlook for .{2,60}"
    r"|sent (?:from|with|via|using) .{2,80}"
    r"|my .{2,30} sent this"
    r"|.{0,40}から(?:送信|送信されました)"
    r"|.{0,30}のメールから送信"
    r"|\[?https?://aka\.ms/\S+\]?>?"
    r")[.。]?$",
    re.IGNORECASE,
)
_RULER = re.compile(r"^[\s━─―—–=＝*＊\-_~〜～・.+＋◇◆□■☆★○●#/|◎※┏┓┗┛┃♪]{4,}$")
_SIGNATURE = re.compile(r"^--[ \t]?$")


def new_words(text: str) -> str:
    """What the mail says itself, "" if it only quotes. Never raises."""
    text = unicodedata.normalize("NFC", text[:LONGEST]).translate(_INVISIBLE)
    text = re.sub(r"\r\n?|\u2028|\u2029|\x0b|\x0c", "\n", text).replace("\xa0", " ")
    lines = [line.rstrip() for line in _without_history(text).split("\n")]
    lines = list(takewhile(lambda line: not _SIGNATURE.match(line), lines))
    lines = _without_ruled_signature([line for line in lines if not _APP.match(line.strip(" \t_*-[]"))])
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_history(text: str) -> str:
    """The text without what it quotes."""
    found = _ORIGINAL.search(text)
    if found:
        text = text[: found.start()]
    text = _before_head(text)
    wrote = _WROTE.search(text)
    if wrote:
        below = text[wrote.end() :].lstrip("\n")
        quoted = below.lstrip().startswith((">", "|"))
        # Without marks nobody can tell where the quote ends: it goes on to the end.
        text = text[: wrote.start()] + ("\n" + below if quoted else "")
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(">"))


def _before_head(text: str) -> str:
    """What stands above the headers of an older mail, as Outlook and its like quote it."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _BEGINS_HEAD.match(line):
            near = [one for one in lines[number : number + 10] if one.strip()][:5]
            if sum(bool(_HEAD.match(one)) for one in near) >= 2:
                return "\n".join(lines[:number])
    return text


def _without_ruled_signature(lines: list[str]) -> list[str]:
    """Without what stands below a ruler, where that is somebody's particulars."""
    for number, line in enumerate(lines):
        if len(lines) - number > MOST_BELOW or not _RULER.match(line):
            continue
        above, below = lines[:number], lines[number + 1 :]
        if any(one.strip() for one in above) and is_signature(below):
            return above
    return lines


# --- signatures -------------------------------------------------------------------------------------------------------

_PARTICULARS = re.compile(
    r"@|https?:|www\.|〒|\btel\b|\bfon\b|\btelefon\b|\bphone\b|\bmobil\b|\bmobile\b|\bfax\b|電話|携帯|e-?mail\s*[:：]|"
    r"\+\d[\d ()/.-]{6,}|\b0\d[\d ()/.-]{6,}|\bgmbh\b|\bag\b|\be\. ?v\.|\bltd\b|\binc\b|\bkg\b|株式会社|有限会社|"
    r"stra(?:ß|ss)e \d|\bstr\. ?\d|\b(?:d-)?\d{5} [a-zäöü]|\bhrb\b|amtsgericht|geschäftsführ|"
    r"ust-?id|sitz der gesellschaft",
    re.IGNORECASE,
)
_SPEAKS = re.compile(
    r"[?？!！]|\b(?:ich|wir|mir|uns|mich|i|we|me|my|nicht|kein\w*|doch|aber|wenn|falls|nur|leider|auch|später|komme\w*|"
    r"kann|bin|ps|p\.s|nachtrag|not|but|if|only|unless|except|however|please|will|can|can't|won't|am|yes|no|ja|nein|"
    r"bitte|vielleicht|maybe|erst|ab|uhr|bis|gegen|statt|vertret\w*|kommt|teil|teilnahme|zusage|absage|verhindert|later|from|"
    r"until|instead|colleague|after|late|arrive|leave)\b|から|まで|遅|早|途中|代理|予定|ません|ます|です|ただし|但し|追伸|場合|出席|欠席|参加|未定|お願い",
    re.IGNORECASE,
)
_CONFIDENTIAL = re.compile(
    r"vertraulich|confidential|disclaimer|haftungsausschluss|irrtümlich|intended recipient|recipient\(s\)|"
    r"privileged|unbefugt|datenschutz|機密|秘密情報|受信者|誤って|think before you print|bevor sie (?:diese|die)|"
    r"environment before printing|umwelt",
    re.IGNORECASE,
)


def is_signature(lines: list[str]) -> bool:
    """Whether these lines are somebody's particulars and the small print below, and say nothing to anybody."""
    blocks = [block.split("\n") for block in re.split(r"\n\s*\n", "\n".join(lines).strip("\n")) if block.strip()]
    kept = [line.strip() for block in blocks if not _CONFIDENTIAL.search(" ".join(block)) for line in block]
    kept = [line for line in kept if line and not _RULER.match(line)]
    if not kept:
        return True
    return (
        len(kept) <= 20 and all(_particular(line) for line in kept) and any(_PARTICULARS.search(line) for line in kept)
    )


def _particular(line: str) -> bool:
    return len(line) <= 100 and not _SPEAKS.search(line)
