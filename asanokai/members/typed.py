"""What people type, made comparable: mail addresses, lines, texts. Knows no row."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

from asanokai.errors import N_, BadInput

LONGEST = 200
"""Characters a name, position or organisation may have."""

LONGEST_ADDRESS = 254
"""Characters of a mail address (RFC 5321 4.5.3.1.3)."""

_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_MARKS = {code: None for code in range(0x0300, 0x0370)}


def normal_address(typed: str) -> str:
    """An address as it is compared: NFKC, trimmed, lower case. Raises `BadInput` if it cannot be one."""
    folded = unicodedata.normalize("NFKC", typed).strip()
    try:
        # A local part beyond ASCII needs SMTPUTF8 at every server on the way; a domain in another script does not.
        found = validate_email(folded, check_deliverability=False, test_environment=True, allow_smtputf8=False)
        return str(found.ascii_email or found.normalized).lower()
    except EmailNotValidError as error:
        raise BadInput("email", N_("“%(typed)s” is not a mail address."), typed=typed[:100]) from error


def comparable(typed: str) -> str:
    """The normal address, or what was typed where it cannot be one: to count by, known or not."""
    try:
        return normal_address(typed)
    except BadInput:
        return unicodedata.normalize("NFKC", typed).strip().lower()


def cleaned(typed: str | None, *, longest: int = LONGEST) -> str:
    """One line as typed: NFC, control characters and surrounding space removed, cut at `longest` characters."""
    line = unicodedata.normalize("NFC", typed or "")
    line = "".join(" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in line)
    return " ".join(line.replace("\u3000", " ").replace("\xa0", " ").split())[:longest]


def prose(typed: str | None, *, longest: int) -> str:
    """Several lines as typed: NFC, trimmed, cut at `longest` characters, without control characters but line breaks.

    PostgreSQL refuses NUL in a text, and no encoding knows half a surrogate pair.
    """
    lines = unicodedata.normalize("NFC", typed or "").replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(sign for sign in lines if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs"))
    return kept.strip()[:longest]


def folded(words: str) -> str:
    """Words as they are searched and compared: NFKC, small, hiragana for katakana."""
    return unicodedata.normalize("NFKC", words).casefold().translate(_HIRAGANA)


def filed(words: str) -> str:
    """Words as lists are ordered by: folded, and Ä beside A."""
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", words)).translate(_MARKS)
    return folded(unicodedata.normalize("NFC", bare))
