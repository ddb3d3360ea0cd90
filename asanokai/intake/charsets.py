"""Bytes → text, whatever they claim to be. Never raises; what comes out can be stored by both databases.

Only charsets of a list are believed: Python knows codecs under whose names a stranger could make it work for minutes
(punycode) or get what is no text (UTF-7, escapes). A byte order mark beats the label, the label beats guessing.
"""

import codecs
import re

_SAME = {
    "shift_jis": "cp932",
    "iso8859-1": "cp1252",
    "ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "big5": "big5hkscs",
    "euc_jp": "euc_jisx0213",
    "utf-8-sig": "utf-8",
}
"""What a label says → what is meant by it: the larger set that programs under this label really send (WHATWG)."""

_ALIASES = {
    "utf8mb4": "utf-8",
    "unicode": "utf-8",
    "cp65001": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "utf-8n": "utf-8",
    "x-sjis": "cp932",
    "x-ms-cp932": "cp932",
    "windows-31j": "cp932",
    "ms932": "cp932",
    "ms_kanji": "cp932",
    "sjis-win": "cp932",
    "x-euc-jp": "euc_jp",
    "eucjp-win": "euc_jp",
    "cp51932": "euc_jp",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "iso-2022-jp-ms": "iso2022_jp",
    "x-gbk": "gb18030",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-unknown": "",
    "unknown-8bit": "",
    "binary": "",
    "8bit": "",
    "7bit": "",
}

_BELIEVED = frozenset(
    word
    for line in (
        "utf-8 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be cp1252 cp932 euc_jisx0213 iso2022_jp",
        "gb18030 hz cp949 iso2022_kr big5hkscs koi8-r koi8-u mac-roman cp437 cp850 cp852 cp866 cp874 cp1250",
        "cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6",
        "iso8859-7 iso8859-8 iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16",
    )
    for word in line.split()
)

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\([BJI]|\$\(D)")
_JIS = re.compile(rb"\x1b\$[@B]([\x21-\x7e]*)")
_KANA_SJIS = re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]|\x81[\x41\x42]")
_KANA_EUC = re.compile(rb"\xa4[\xa1-\xf3]|\xa5[\xa1-\xf6]|\xa1[\xa2\xa3]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BEYOND_ASCII = re.compile("[^\0-\x7f]")
_PROBE = 4096


def decoded(content: bytes, charset: str | None) -> str:
    """Bytes as text: by what they are marked or labelled as, else by what they look like. Never raises."""
    for mark, name in _BOMS:
        if content.startswith(mark):
            return storable(content[len(mark) :].decode(name, errors="replace"))
    labelled = _meant(charset)
    wide = _wide(content, labelled)
    if wide:
        return storable(content.decode(wide, errors="replace"))
    if labelled == "iso2022_jp" or (labelled in ("", "utf-8", "cp1252") and _ESCAPE.search(content)):
        return storable(_japanese(content))
    return storable(_strictly(content, labelled) or _guessed(content))


def storable(text: str) -> str:
    """Text without what PostgreSQL refuses: NUL and half characters."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _meant(charset: str | None) -> str:
    """The codec for a label, "" if it says nothing that can be believed."""
    label = (charset or "").strip().strip("\"'").strip().lower().removeprefix("charset=")[:40]
    label = _ALIASES.get(label, label)
    if not label or not label.isascii():
        return ""
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    name = _SAME.get(name, name)
    return name if name in _BELIEVED else ""


def _wide(content: bytes, labelled: str) -> str:
    """Whether it is UTF-16 without a mark: ASCII in it has a NUL in every second byte."""
    probe = content[:_PROBE]
    if labelled.startswith("utf-32"):
        return labelled
    if labelled.startswith("utf-16") or probe.count(0) * 3 > len(probe) > 3:
        even, odd = probe[::2].count(0), probe[1::2].count(0)
        if even == odd:
            return labelled
        return "utf-16-le" if odd > even else "utf-16-be"
    return ""


def _strictly(content: bytes, labelled: str) -> str:
    # ASCII and Latin-1 are what programs say that do not know: UTF-8 is tried first, it seldom fits by chance.
    for name in ("utf-8", labelled) if labelled in ("", "cp1252") else (labelled, "utf-8"):
        try:
            return content.decode(name or "utf-8")
        except UnicodeError:
            continue
    return ""


def _guessed(content: bytes) -> str:
    """Text that is not what it is labelled as: broken UTF-8, Japanese, else Western."""
    probe = content[: _PROBE * 16]
    as_utf8 = probe.decode("utf-8", errors="replace")
    broken = as_utf8.count("\N{REPLACEMENT CHARACTER}")
    if len(_BEYOND_ASCII.findall(as_utf8)) >= max(1, 2 * broken):
        return content.decode("utf-8", errors="replace")
    for name, kana in (("cp932", _KANA_SJIS), ("euc_jp", _KANA_EUC)):
        if len(kana.findall(probe)) * 4 >= len(re.findall(rb"[\x80-\xff]+", probe)) > 0:
            try:
                return content.decode(name)
            except UnicodeError:
                continue
    try:
        return content.decode("cp1252")
    except UnicodeError:
        return content.decode("latin-1")


def _japanese(content: bytes) -> str:
    """ISO-2022-JP, as it is sent: with the signs of NEC and IBM, which its codec does not know (①, 髙, ㈱)."""
    try:
        return content.decode("iso2022_jp_ext")
    except UnicodeError:
        pass
    if not content.isascii():
        return content.decode("cp932", errors="replace")
    shifted = _JIS.sub(lambda found: _shifted(found[1]), content)
    return re.sub(rb"\x1b\([BJ]|\x1b\([^BJ]?", b"", shifted).decode("cp932", errors="replace")


def _shifted(pairs: bytes) -> bytes:
    """JIS X 0208 pairs as Shift-JIS."""
    out = bytearray()
    for first, second in zip(pairs[::2], pairs[1::2], strict=False):
        lead = (first - 0x21) // 2 + (0x81 if first < 0x5F else 0xC1)
        trail = second + (0x1F if second < 0x60 else 0x20) if first % 2 else second + 0x7E
        out += bytes((lead, trail))
    return bytes(out)
