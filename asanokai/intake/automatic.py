"""Auto-replies (RFC 3834): recognised, counted as nothing, never answered.

Who is away, who has read, and machines that ask who is writing. A calendar's answer says that it is automatic too, so
answers are read before this, and so are reports. What only looks like one by its subject is one where something else
says so as well: a program's mark, or that it came within minutes of our letter.
"""

import re
from datetime import timedelta

from asanokai import letters
from asanokai.intake.opened import Opened
from asanokai.intake.outcome import Arrived, Outcome

AT_ONCE = timedelta(minutes=5)
"""A reply that comes so soon after the letter, with such a subject, was written by nobody."""

PREFIXES = (
    *("automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "autoresponse", "out of office"),
    *(
        "automatic response",
        "out of office autoreply",
        "out of the office",
        "vacation reply",
        "autosvar",
        "autovastaus",
    ),
    *("automatische antwort", "abwesenheitsnotiz", "abwesenheitsnachricht", "abwesenheitsbenachrichtigung"),
    *("abwesenheitsmeldung", "automatische rückantwort", "autom. antwort", "abwesenheitsassistent"),
    *("自動応答", "自動返信", "自動応答メール", "不在通知", "不在応答", "自動返答"),
    *("réponse automatique", "absence du bureau", "message d'absence", "automatisch antwoord", "afwezig"),
    *("afwezigheidsbericht", "risposta automatica", "fuori sede", "fuori ufficio", "respuesta automática"),
    *("fuera de la oficina", "resposta automática", "odpowiedź automatyczna", "automatická odpověď", "automaattinen"),
    *("automatiskt svar", "automatisk svar", "自动回复", "自動回覆", "자동 회신", "автоответ", "otomatik yanıt"),
)
"""What mail programs put before the subject, with a colon behind it. No person begins a reply so."""

_PREFIXED = re.compile(
    rf"^\s*(?:\[[^\]]{{1,30}}\]\s*)?(?:{'|'.join(map(re.escape, PREFIXES))})\s*(?:\([^)]{{0,40}}\))?\s*[:：]",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"^\s*(?:auto\s*[:：]|abwesen|ich bin (?:im urlaub|nicht im)|urlaub|out of (?:the )?office|ooo\b|"
    r"on (?:vacation|leave|holiday)|away (?:from|until)|i am (?:away|out)|vacation|autoreply|auto.?reply|"
    r"automatic reply|automatische|自動応答|自動返信|不在|休暇|夏季休業|年末年始|休業|出張中|absence|absent|"
    r"afwezig|assente|ausente|nieobecno|fuera de|réponse auto|respuesta auto|risposta auto|danke für ihre|"
    r"thank you for (?:your|contacting)|ihre (?:nachricht|anfrage|e-mail) (?:ist|wurde)|"
    r"(?:we have )?received your|お問い?合わせ)",
    re.IGNORECASE,
)
_READ = re.compile(
    r"^\s*(?:read|gelesen|開封済み|開封済|opened|not read|ungelesen gelöscht|nicht gelesen|lu|gelezen|letto|leído|"
    r"przeczytane|read receipt|lesebestätigung|開封確認|未読|disposition notification|"
    r"return receipt|empfangsbestätigung)"
    r"(?:\s*\([^)]{0,40}\))?\s*[:：]",
    re.IGNORECASE,
)
_CHALLENGE = re.compile(
    r"requires? verification|verify your (?:e-?mail|address|message)|confirm (?:that you|your (?:message|e-?mail))|"
    r"spam ?arrest|boxtrapper|mailinblack|choicemail|please authenticate|sender verification|authorize your|"
    r"message (?:is )?(?:awaiting|waiting for|pending) (?:your )?(?:confirmation|verification|approval)|"
    r"(?:bitte )?bestätigen sie ihre (?:nachricht|e-?mail)|送信者認証",
    re.IGNORECASE,
)

MARKS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from", "x-mail-autoreply", "x-vacation")
"""Headers that stand in auto-replies alone."""

EXCHANGE = ("x-ms-exchange-inbox-rules-loop", "x-ms-exchange-generated-message-source")
CHALLENGERS = ("x-choicemail-registration-request", "x-mailinblack", "x-spamarrest", "x-boxtrapper-challenge")
BULK = ("bulk", "auto_reply", "auto-reply", "junk", "list")


def read(arrived: Arrived) -> Outcome | None:
    """What the mail came to, None if a person wrote it."""
    why = _why(arrived)
    if why is None:
        return None
    about = arrived.ours
    return Outcome(
        "automatic",
        member_id=about.number if about is not None and about.kind == "rsvp" else None,
        letter_id=_letter_number(arrived),
        facts={"by": why},
    )


def _why(arrived: Arrived) -> str | None:
    """By what it is known to be automatic, None if it is not."""
    mail = arrived.mail
    if _is_receipt(mail):
        return "receipt"
    if _challenges(mail):
        return "challenge"
    marked = _mark(mail)
    if marked is not None:
        return marked
    if arrived.row.sender == "" or mail.header("return-path").replace(" ", "") == "<>":
        # A person's mail has somebody to return it to.
        return "null sender"
    if _PREFIXED.search(mail.subject):
        return "subject"
    if (_AWAY.search(mail.subject) or _READ.search(mail.subject)) and (_weakly_marked(mail) or _came_at_once(arrived)):
        return "subject"
    return None


def is_away(mail: Opened) -> bool:
    """Whether somebody's program says that they are away: what their words say of mailboxes is no report."""
    return bool(_PREFIXED.search(mail.subject)) or any(mail.header(name) for name in (*MARKS, EXCHANGE[0]))


def _mark(mail: Opened) -> str | None:
    """A header by which a program says that it writes."""
    submitted = mail.header("auto-submitted").partition(";")[0].partition("(")[0].strip().lower()
    if submitted and submitted != "no":
        return "auto-submitted"
    found = next((name for name in (*MARKS, *EXCHANGE) if any(key == name for key, _value in mail.headers)), None)
    if found is not None:
        return found
    if mail.header("precedence").strip().lower() in BULK:
        return "precedence"
    if mail.header("list-id") or mail.header("x-loop"):
        return "list"
    return None


def _weakly_marked(mail: Opened) -> bool:
    """What programs write that people's programs write too."""
    suppressed = mail.header("x-auto-response-suppress").strip().lower()
    tnef = any(part.kind == "application/ms-tnef" for part in mail.own_parts)
    return (bool(suppressed) and suppressed != "none") or tnef or mail.kind == "multipart/report"


def _is_receipt(mail: Opened) -> bool:
    """A receipt that the letter was displayed, or deleted unread (RFC 8098)."""
    kind = mail.parameters.get("report-type", "").lower()
    parts = any(part.kind == "message/disposition-notification" for part in mail.own_parts)
    return parts or (mail.kind == "multipart/report" and kind == "disposition-notification")


def _challenges(mail: Opened) -> bool:
    """A machine that wants its reader's correspondents to prove themselves."""
    named = any(key in CHALLENGERS for key, _value in mail.headers) or "tmda" in mail.header("x-delivery-agent").lower()
    return named or bool(_CHALLENGE.search(mail.subject))


def _came_at_once(arrived: Arrived) -> bool:
    sent = _answered(arrived.mail)
    if sent is None and arrived.ours is not None and arrived.ours.kind == "rsvp":
        sent = letters.latest_to(arrived.ours.number)
    if sent is None or sent.sent_at is None:
        return False
    return sent.sent_at <= arrived.row.came_at <= sent.sent_at + AT_ONCE


def _letter_number(arrived: Arrived) -> int | None:
    letter = _answered(arrived.mail)
    return letter.id if letter else None


def _answered(mail: Opened) -> letters.Letter | None:
    """The letter of ours that it refers to."""
    referred = re.findall(r"<[^<>\s]+>", f"{mail.header('in-reply-to')} {mail.header('references')}")
    for number in dict.fromkeys(referred[:1] + referred[-3:]):
        letter = letters.by_message_id(number)
        if letter is not None:
            return letter
    return None
