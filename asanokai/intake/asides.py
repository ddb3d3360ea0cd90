"""The word somebody adds to a calendar's answer: its COMMENT, else what was typed above it, if it can only be that.

Mail programs write sentences of their own ("… hat den Termin angenommen"), in every language and in new ways each year.
So what is not surely somebody's own word is left out: better nothing than a program's words under a member's name.
"""

import re

from asanokai.intake.calendars import Said
from asanokai.intake.opened import Opened
from asanokai.members import Member, folded, prose
from asanokai.rsvps import LONGEST_COMMENT

LONGEST = 200
MOST_LINES = 4

_PROGRAMS = re.compile(
    r"accept|declin|tentativ|invit|meeting|appointment|respon[sd]|repl(?:y|ied)|calendar|organi[sz]er|attend|schedul|"
    r"propos|google|outlook|teams|zoom|webex|thunderbird|apple|icloud|iphone|ipad|android|samsung|"
    r"termin|besprechung|einladung|angenommen|zugesagt|abgelehnt|abgesagt|akzeptiert|vorbehalt|vorläufig|teilnahme|"
    r"teilnehm|kalender|veranstaltung|gesendet|betreff|ereignis|bestätig|"
    r"招待|承諾|辞退|仮承諾|出欠|会議|予定|カレンダー|イベント|件名|日時|場所|送信|差出人|宛先|承認|参加者|主催者|"
    r"accett|rifiut|provvisori|evento|aceptad|rechazad|provisional|reuni|accept|refus|décli|provisoire|réunion|rendez|"
    r"geaccepteerd|geweigerd|uitnodiging|vergader|zaakcept|odrzuc|zaprosz|"
    r"https?:|www\.|mailto:|@|<[^>]*>|-{4,}|_{4,}|={4,}|\b(?:when|where|who|wann|wo|wer|from|von|to|an|sent|subject)\s*[:：]",
    re.IGNORECASE,
)
_SENT_FROM = re.compile(
    r"^(?:sent from|sent with|von meinem|gesendet (?:von|mit)|get outlook|.{0,30}から送信|outlook (?:for|für))",
    re.IGNORECASE,
)
_OF_PROGRAMS = re.compile(r"calendar-notification@google\.com|noreply|no-reply", re.IGNORECASE)


def word_added(said: Said, mail: Opened, member: Member) -> str | None:
    """The member's own word, None where there is none, so that what was said before is left as it was."""
    own = prose(said.comment, longest=LONGEST_COMMENT)
    if own:
        return own
    if _OF_PROGRAMS.search(mail.header("sender") + " " + mail.header("reply-to")):
        return None
    return typed(mail.text, names=(member.family, member.family_ja), subjects=(mail.subject,)) or None


def typed(text: str, *, names: tuple[str, ...] = (), subjects: tuple[str, ...] = ()) -> str:
    """The text if it is short and surely typed by somebody, else ""."""
    text = prose(text[:20_000], longest=20_000)
    lines = [line.strip() for line in text.partition("\n-- \n")[0].split("\n")]
    lines = [line for line in lines if line and not _SENT_FROM.match(line)]
    words = "\n".join(lines)
    if not words or len(words) > LONGEST or len(lines) > MOST_LINES or not re.search(r"\w\w|[぀-鿿]", words):
        return ""
    if any(line.startswith((">", "|", "--")) for line in lines) or _PROGRAMS.search(words):
        return ""
    alike = folded(words)
    tokens = [folded(one).strip() for one in (*names, *subjects)]
    return "" if any(one and (one in alike or alike in one) for one in tokens) else words
