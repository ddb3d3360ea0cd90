"""A report's bytes → what it says about whom (RFC 3464, RFC 5965, and what mailers write in plain words). Pure.

Only what the mail itself says counts: a report that somebody forwards as an attachment is no report. What it returns of
our letter is read for tokens and Message-IDs alone, as a part of its own or written under the report's words.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.errors import MessageError

import flufl.bounce

from asanokai.intake import delivery_status
from asanokai.intake.charsets import storable
from asanokai.intake.delivery_status import Verdict
from asanokai.intake.opened import Opened

MOST_RECIPIENTS = 50
MOST_WORDS = 10_000
"""Characters of a report's own words that are weighed."""

MOST_SOUGHT = 2 * 1024 * 1024
"""Bytes of a report that are searched for what it returns."""

MOST_STATUS = 256 * 1024
MOST_BLOCKS = 100
"""Characters of a status part, and groups of fields in it, that are read."""

MOST_GUESSED = 16 * 1024
"""Bytes of a report from which flufl.bounce finds addresses, which stand at its beginning: for ten times as many it
takes a hundred times as long where somebody wants it to."""

FAILED, DELAYED, NOTHING = "failed", "delayed", "nothing"


@dataclass(frozen=True)
class Told:
    """What is said about one recipient. `addresses`: as first written and as last rewritten, none where not told."""

    addresses: tuple[str, ...]
    action: str
    verdict: Verdict
    words: str


@dataclass(frozen=True)
class Report:
    """`complaint` is the type of a feedback report (RFC 5965 3.1), "" for a report about delivery. `returned` holds
    the texts in which our letter may stand."""

    entries: list[Told] = field(default_factory=list)
    complaint: str = ""
    recipients: tuple[str, ...] = ()
    returned: list[str] = field(default_factory=list)

    def said_of(self, address: str) -> Told | None:
        """What is said of the address; of whatever is named instead where that says nothing: our letters have one
        recipient each, and a forwarding names another."""
        named = [entry for entry in self.entries if address and address in entry.addresses]
        failed = [entry for entry in self.entries if entry.action == FAILED]
        return next(iter([*named, *failed, *self.entries]), None)

    def names(self, address: str) -> bool:
        """Whether it is about this address: by its fields, or where those tell none, by its words."""
        if self.recipients:
            return address in self.recipients
        return self.mentions(address)

    def mentions(self, address: str) -> bool:
        """Whether the address stands anywhere in it."""
        return address in self.recipients or any(address in text.lower() for text in self.returned)

    @property
    def words(self) -> list[str]:
        """Every address-like word of what it returns."""
        return [word for text in self.returned for word in _ADDRESS_LIKE.findall(text)]

    @property
    def message_ids(self) -> list[str]:
        """The Message-IDs in what it returns that are written as we write ours; not those that are only referred to."""
        found = [number for text in self.returned for number in _MESSAGE_ID.findall(text)]
        return list(dict.fromkeys(found))[:MOST_RECIPIENTS]


_ADDRESS_LIKE = re.compile(r"\b(?:rsvp|bounce|unsubscribe)\+[a-z2-7]{17,40}@[\w.-]+", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"^[ \t>|*]{0,20}Message-ID:\s{1,10}(<[0-9a-f]{32}@[^<>\s]{1,250}>)", re.I | re.M)

_MAILER = re.compile(
    r"mailer[-_.]?daemon|mail[-_.]?daemon|postmaster|poostmaster|microsoftexchange[0-9a-f]{32}|mdaemon|"
    r"mail[-_.]?(?:delivery|system|error)|bounces?|delivery[-_.]?(?:status|failure|system)",
    re.IGNORECASE,
)
_FAILURE_SUBJECT = re.compile(
    r"^\s*(?:\[?(?:external|extern|bulk|spam)\]?:?\s*)?(?:"
    r"undeliver|un-?deliverable|delivery (?:status )?(?:notification|fail|has failed|problem|error|incomplete|report)|"
    r"delivery failure|failure notice|failed mail|mail fail|returned mail|returned to sender|return(?:ed)? message|"
    r"mail delivery|message (?:delivery|not delivered|could not|undeliverable|status|delayed)|non-?delivery|ndn:|ndr:|"
    r"mail system error|(?:permanent|email|e-mail|mail) delivery (?:error|fail)|mail could not|"
    r"could not (?:send|deliver)|warning: (?:could not send|message)|delayed|delayed mail|error sending|user unknown|"
    r"your (?:mail|message)[^\n]{0,60}(?:could not|not be|undeliver)|"
    r"unzustellbar|nicht zustellbar|nachricht (?:nicht|konnte)|nicht zugestellt|zustellung|fehler bei der|"
    r"e?-?mail[^\n]{0,40}nicht zugestellt|verzögert|non remis|échec|echec|non distribu|niet bezorgd|onbestelbaar|"
    r"no se (?:puede|pudo) entregar|no se ha podido|non recapitabile|mancato recapito|nie można dostarczyć|"
    r"配信不能|配信できません|配送エラー|配信エラー|配信の?失敗|送信できません|送信エラー|未達|エラーメール|配信遅延|"
    r"メール(?:を|が)?(?:配信|送信|お届け)|宛先不明)",
    re.IGNORECASE,
)
_DELAY = re.compile(
    r"\(delay\)|delayed|has not (?:yet )?been delivered|not yet been delivered|still being (?:re)?tried|"
    r"will (?:continue to |keep |be )(?:try|retr)|delivery attempts will continue|could not send message for past|"
    r"you do not need to resend|do not resend|this is a warning message only|verzögert|verspätet|weiterhin versuch|"
    r"配信遅延|遅延|再送(?:信)?(?:し|を)",
    re.IGNORECASE,
)
_LASTING = re.compile(r"permanent(?:ly)? |permanent fatal|failed permanently|giving up|given up|endgültig", re.I)
_BEGINS_RETURNED = re.compile(
    r"^(?:[-=_ ]{2,}[^\n]{0,40}(?:copy of (?:the|your)|original message|returned message|header of the original|"
    r"headers? follow|message (?:header|text)|ursprüngliche|元のメッセージ|オリジナル)|"
    r"\s*(?:original message headers|original message follows|ursprüngliche nachrichtenkopfzeilen|"
    r"received:\s+(?:from|by)|return-path:\s*<))",
    re.IGNORECASE | re.MULTILINE,
)


def read(mail: Opened, raw: bytes, envelope_sender: str | None) -> Report | None:
    """What the mail reports, None if it is no report."""
    parts = list(_status_parts(mail))
    feedback = [block for kind, blocks in parts if kind.endswith("feedback-report") for block in blocks]
    if feedback:
        return _complaint(mail, raw, feedback)
    entries = [
        entry
        for kind, blocks in parts
        if kind.endswith("delivery-status")
        for block in blocks
        if (entry := _entry(block, mail)) is not None
    ]
    if not entries and _by_a_mailer(mail, envelope_sender):
        entries = _in_plain_words(mail, raw)
    if not entries:
        return None
    named = tuple(dict.fromkeys(address for entry in entries for address in entry.addresses))
    return Report(entries[:MOST_RECIPIENTS], recipients=named, returned=_texts(mail, raw))


# --- parts that programs write ----------------------------------------------------------------------------------------


def _status_parts(mail: Opened) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The mail's own status parts: type, and the blocks of fields in each."""
    for part in mail.own_parts:
        if part.kind.endswith(("delivery-status", "feedback-report")):
            yield part.kind, _blocks(part.text[:MOST_STATUS])[:MOST_BLOCKS]


def _blocks(text: str) -> list[dict[str, str]]:
    """Groups of `Name: value`, unfolded; of a name that stands twice the first."""
    found: list[dict[str, str]] = []
    for paragraph in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        block: dict[str, str] = {}
        for line in re.sub(r"\n[ \t]+", " ", paragraph.strip("\n")).split("\n"):
            name, colon, value = line.partition(":")
            if colon and " " not in name.strip():
                block.setdefault(name.strip().lower(), value.strip())
        if block:
            found.append(block)
    return found


def _entry(block: dict[str, str], mail: Opened) -> Told | None:
    if not {"action", "status", "diagnostic-code"} & block.keys():
        return None
    named = (block.get(name, "") for name in ("original-recipient", "final-recipient", "x-actual-recipient"))
    addresses = tuple(dict.fromkeys(address for value in named if (address := _address(value))))
    words = re.sub(r"^\s*(?:smtp|esmtp|x-[\w-]+)\s*;\s*", "", block.get("diagnostic-code", ""), flags=re.IGNORECASE)
    status = block.get("status", "")
    if not words:
        words = _words_about(addresses, mail)
    words = " ".join(words.split())[: delivery_status.LONGEST]
    return Told(addresses, _action(block.get("action", ""), status), delivery_status.judge(status, words), words)


def _action(said: str, status: str) -> str:
    word = said.strip().lower()
    if word.startswith("delay"):
        return DELAYED
    if word.startswith(("deliver", "relay", "expand")) and not word.startswith("delivery-fail"):
        return NOTHING
    return FAILED if word or not status.strip().startswith("2") else NOTHING


def _address(value: str) -> str:
    """The address of `rfc822; name@host`, "" if it is none."""
    found = re.search(r"[^\s<>;,\"]{1,320}@[^\s<>;,\"]{1,320}", value.rpartition(";")[2][:1000])
    return found[0].lower().rstrip(".") if found else ""


def _words_about(addresses: tuple[str, ...], mail: Opened) -> str:
    """What the report's text says, where its status part holds no words."""
    text = _before_returned(_text(mail))
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if any(address in line.lower() for address in addresses):
            return " ".join(lines[number : number + 6])
    return text if delivery_status.words_speak(text) else ""


def _complaint(mail: Opened, raw: bytes, blocks: list[dict[str, str]]) -> Report:
    kind = next((block["feedback-type"] for block in blocks if "feedback-type" in block), "abuse")
    named = [block.get(name, "") for block in blocks for name in ("original-rcpt-to", "removal-recipient")]
    recipients = tuple(address for value in named if (address := _address(value)))
    return Report(complaint=kind.strip().lower(), recipients=recipients, returned=_texts(mail, raw))


# --- plain words ------------------------------------------------------------------------------------------------------


def _by_a_mailer(mail: Opened, envelope_sender: str | None) -> bool:
    """Whether a mail program wrote it, and not somebody who is away: those say they are automatic too."""
    local = mail.author.rpartition("@")[0]
    program = bool(_MAILER.fullmatch(local)) or bool(mail.header("x-failed-recipients"))
    fails = bool(_FAILURE_SUBJECT.search(mail.subject))
    sent_by_nobody = envelope_sender == "" or mail.header("return-path").strip() == "<>" or not mail.author
    return (program and (fails or _speaks(mail))) or (fails and (sent_by_nobody or mail.kind == "multipart/report"))


def _speaks(mail: Opened) -> bool:
    return delivery_status.words_speak(_before_returned(_text(mail)))


def _in_plain_words(mail: Opened, raw: bytes) -> list[Told]:
    text = _before_returned(_text(mail))
    told = f"{mail.subject}\n{text}"
    delayed = bool(_DELAY.search(told)) and not _LASTING.search(told)
    verdict = delivery_status.judge("", text)
    words = " ".join(_telling_lines(text).split())[: delivery_status.LONGEST]
    addresses = mail.addresses("x-failed-recipients") or _named_failures(raw)
    return [Told(tuple(addresses[:MOST_RECIPIENTS]), DELAYED if delayed else FAILED, verdict, words)]


def _telling_lines(text: str) -> str:
    """The lines that say what went wrong, else the beginning."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if delivery_status.words_speak(line) or re.search(r"\b[45]\d\d[ -]", line)]
    return " ".join(telling or lines[:6])


def _before_returned(text: str) -> str:
    found = _BEGINS_RETURNED.search(text)
    before = text[: found.start()] if found else text
    return before if before.strip() else text


def _text(mail: Opened) -> str:
    """The words of the report, those of its HTML where there are no others."""
    if mail.text:
        return mail.text[:MOST_WORDS]
    pages = [part.text for part in mail.own_parts if part.kind == "text/html"]
    return re.sub(r"<[^<>]{0,2000}>", " ", "\n".join(pages)[: 20 * MOST_WORDS])[:MOST_WORDS]


def _named_failures(raw: bytes) -> list[str]:
    """Which addresses failed, as flufl.bounce finds them: it knows many mailers. Of what it finds only the addresses
    count, not what it thinks of them; it raises on a mail without From, and on others."""
    try:
        temporary, permanent = flufl.bounce.all_failures(message_from_bytes(raw[:MOST_GUESSED]))
    except (AttributeError, LookupError, TypeError, ValueError, AssertionError, MessageError, RecursionError):
        return []
    return sorted(_lowered({*temporary, *permanent}))


def _lowered(found: Iterable[bytes | str]) -> set[str]:
    texts = {one.decode("ascii", "replace") if isinstance(one, bytes) else one for one in found}
    return {storable(text).strip().strip("<>").lower() for text in texts if "@" in text}


def _texts(mail: Opened, raw: bytes) -> list[str]:
    """All in which our letter's headers may stand: the bytes as they came, and what was encoded in them."""
    parts = [part.text[:MOST_SOUGHT] for part in mail.parts if part.kind.startswith(("text/", "message/"))]
    return [raw[:MOST_SOUGHT].decode("latin-1").replace("\r\n", "\n"), *parts]
