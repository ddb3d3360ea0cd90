"""From a letter's row to the mail its reader gets, in their language, with their calendar entry.

`Composer.gather()` reads what a batch of claimed letters needs, inside a transaction; `Composer.compose()` writes one
of them out, without a database. What every reader of a letter shares is laid out once (`layout`), what differs is
filled in per reader: a letter costs a fraction of a millisecond instead of three. Sends nothing, settles nothing.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from flask import Flask

from asanokai import clock, ical
from asanokai.composing import gathering, looking
from asanokai.composing.gathering import Dropped, Work
from asanokai.composing.layout import Layout, Marks, Typesetter
from asanokai.composing.mime import mailbox
from asanokai.letters import message_id
from asanokai.links import Links
from asanokai.night import Night
from asanokai.tokens import Tokens

__all__ = ["CalendarPart", "Composer", "Dropped", "Mail", "Preview", "Work"]

KEPT_LAYOUTS = 200
PARTSTAT = {"invited": "NEEDS-ACTION", "yes": "ACCEPTED", "maybe": "TENTATIVE", "no": "DECLINED"}


@dataclass(frozen=True)
class Mail:
    """A mail ready to be sent. `sequence`, `starts_at` and `stamp` say what its calendar entry says, None without."""

    letter_id: int
    envelope_from: str
    to: str
    content: bytes
    message_id: str
    sequence: int | None = None
    starts_at: datetime | None = None
    stamp: datetime | None = None


@dataclass(frozen=True)
class CalendarPart:
    """What a letter's calendar part says, and what a mail program makes of it: `effect` is *enter*, *update*, *note*
    or *cancel*."""

    method: str
    status: str
    sequence: int
    partstat: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    summary: str
    location: str
    attendee: str
    organizer: str
    uid: str
    effect: str


@dataclass(frozen=True)
class Preview:
    """A letter as somebody would get it, for looking at. `held_by` says why this reader would not get it now."""

    subject: str
    text: str
    html: str
    to: str
    language: str
    calendar: CalendarPart | None = None
    held_by: str | None = None


class Composer:
    """Composes letters for one installation. Keeps the layouts of the letters it wrote last."""

    def __init__(self, app: Flask) -> None:
        self.config = app.config["ASANOKAI"]
        self.tokens: Tokens = app.extensions["tokens"]
        self.links: Links = app.extensions["links"]
        self._typesetter = Typesetter(app.jinja_loader, self.links, calendar_replies=bool(self.config.reply_domain))
        self._night = Night(*self.config.night)
        self._layouts: OrderedDict[object, Layout] = OrderedDict()

    def gather(self, letter_ids: list[int]) -> list[Work | Dropped]:
        """What the claimed letters say and to whom, in their order; or why one need not be sent any more.

        Needs a writing transaction: sign-in and confirmation secrets are minted here, and only their hash is kept.
        """
        own = self.config.organisation
        found = gathering.gather(letter_ids, organisation=own, number=self._number, night=self._night)
        return [
            looking.tried(work, organisation=own) if isinstance(work, Work) and work.kind == "test" else work
            for work in found
        ]

    def _number(self, key: str) -> str:
        return message_id(key, self.config.mail_domain, self.tokens)

    def compose(self, work: Work) -> Mail:
        """Write one letter out. Needs no database."""
        layout = self._layout(work)
        now = clock.now()
        marks = self._marks(work)
        number = self._number(work.key)
        calendar, sequence, stamp = None, None, None
        if layout.calendar is not None:
            sequence = max(work.meeting_sequence, work.reader_sequence)
            stamp = now.replace(microsecond=0)
            if work.stamped_at is not None:
                stamp = max(stamp, work.stamped_at + timedelta(seconds=1))
            stamp += timedelta(seconds=work.ahead)
            calendar = layout.calendar.for_reader(self._attendee(work, layout), sequence=sequence, stamp=stamp)
        headers = [
            ("From", mailbox(layout.sender_name, self._sender(work))),
            ("To", mailbox(work.reader_name, work.to)),
            ("Message-ID", number),
            ("Date", format_datetime(now.replace(microsecond=0))),
        ]
        headers += self._thread_headers(work)
        if work.unsubscribable:
            headers += self._list_headers(work, marks["unsubscribe_link"], layout)
        content = layout.write(headers, marks, calendar)
        return Mail(
            letter_id=work.letter_id,
            envelope_from=self._bounce_address(work),
            to=work.to,
            content=content,
            message_id=number,
            sequence=sequence,
            starts_at=work.starts_at if calendar else None,
            stamp=stamp,
        )

    def preview(
        self, kind: str, meeting_id: int, language: str, *, member_id: int | None = None, **facts: Any
    ) -> Preview:
        """A letter about a meeting as an invented reader of that language would get it, or as a member would now. Its
        links lead nowhere. Raises `Missing`."""
        own = self.config.organisation
        if member_id is None:
            seen = looking.Seen(looking.invented(kind, meeting_id, language, organisation=own, facts=facts))
        else:
            seen = looking.as_read_by(kind, meeting_id, member_id, organisation=own, facts=facts)
        layout = self._typesetter.set(seen.work)
        marks = {name: "" for name in layout.names} | self._marks(seen.work)
        return Preview(
            layout.subject,
            layout.text.fill(marks),
            layout.html.fill_html(marks),
            to=mailbox_in_words(seen.work.reader_name, seen.work.to),
            language=seen.work.language,
            calendar=self._calendar_part(seen.work, layout),
            held_by=seen.held_by,
        )

    def _calendar_part(self, work: Work, layout: Layout) -> CalendarPart | None:
        if layout.calendar is None or work.shown is None:
            return None
        entry, sequence = layout.calendar.entry, max(work.meeting_sequence, work.reader_sequence)
        reader = self._attendee(work, layout)
        return CalendarPart(
            method=layout.calendar.method,
            status=entry.status,
            sequence=sequence,
            partstat=reader.partstat,
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
            zone=work.shown.meeting.zone,
            summary=entry.summary,
            location=entry.location,
            attendee=mailbox_in_words(reader.name, reader.address),
            organizer=reader.organizer_name,
            uid=entry.uid,
            effect=_effect(layout.calendar.method, work, sequence),
        )

    def _layout(self, work: Work) -> Layout:
        if work.layout_key is None:
            return self._typesetter.set(work)
        layout = self._layouts.get(work.layout_key)
        if layout is None:
            layout = self._layouts[work.layout_key] = self._typesetter.set(work)
            if len(self._layouts) > KEPT_LAYOUTS:
                self._layouts.popitem(last=False)
        else:
            self._layouts.move_to_end(work.layout_key)
        return layout

    def _marks(self, work: Work) -> dict[str, str]:
        """What is filled in for this reader: greeting and links."""
        marks = {"greeting": work.greeting, "position": str(work.position or "")}
        if work.trial and work.shown is not None:
            # A copy is nobody's: whoever has it must not answer for its reader.
            return dict.fromkeys(Marks.NAMES, self.links.meeting(work.shown.meeting.path)) | marks
        if work.about_meeting:
            token = self.tokens.mint("answer", [work.meeting_id, work.member_id])
            marks["answer_link"] = self.links.answer(token)
            for choice in ("yes", "maybe", "no"):
                marks[f"{choice}_link"] = self.links.answer(token, choice)
        if work.mail_id:
            marks["undo_link"] = self.links.undo(self.tokens.mint("undo", work.mail_id))
        if work.unsubscribable:
            marks["unsubscribe_link"] = self.links.unsubscribe(self.tokens.mint("unsubscribe", work.member_id))
        if work.kind == "sign_in":
            marks["sign_in_link"] = self.links.sign_in(self.tokens.mint("sign-in", [work.member_id, work.nonce]))
        if work.contributor is not None:
            marks["speaking_link"] = self.links.speaking(self.tokens.mint("speaking", list(work.contributor)))
        if work.kind in ("opt_in", "join"):
            marks["confirm_link"] = self.links.confirm(self.tokens.mint("opt-in", [work.application_id, work.nonce]))
        if work.kind in ("pack", "catering_change"):
            marks["pack_link"] = self.links.pack(self.tokens.mint("pack", [work.pack_id, work.nonce]))
        if work.kind == "address_confirm":
            marks["address_link"] = self.links.address(self.tokens.mint("address", [work.change_id, work.nonce]))
        if work.kind == "address_changed" and work.nonce:
            objection = self.tokens.mint("objection", [work.change_id, work.nonce])
            marks["objection_link"] = self.links.objection(objection)
        return marks

    def _sender(self, work: Work) -> str:
        """One address per member, so that a calendar's or a reader's answer says whose it is; the plain one for account
        letters and for whoever is no member."""
        to_member = work.about_meeting or (work.kind == "reply" and work.member_id)
        if not self.config.reply_domain or not to_member:
            return self.config.sender or f"asanokai@{self.config.mail_domain}"
        return f"rsvp+{self.tokens.mint_address('member', work.member_id)}@{self.config.reply_domain}"

    def _bounce_address(self, work: Work) -> str:
        if not self.config.reply_domain:
            return self.config.sender or f"asanokai@{self.config.mail_domain}"
        return f"bounce+{self.tokens.mint_address('letter', work.letter_id)}@{self.config.reply_domain}"

    def _attendee(self, work: Work, layout: Layout) -> ical.Reader:
        return ical.Reader(
            organizer_name=layout.sender_name,
            organizer=self._sender(work),
            name=work.reader_name,
            address=work.to,
            partstat=_partstat(work),
        )

    def _thread_headers(self, work: Work) -> list[tuple[str, str]]:
        """What it is an answer to, and the first letter of the same meeting (RFC 5322 3.6.4)."""
        before = [work.follows] if work.about_meeting and work.follows else []
        before += [work.answers] if work.answers else []
        answered = [("In-Reply-To", work.answers)] if work.answers else []
        return [*answered, *([("References", " ".join(before))] if before else [])]

    def _list_headers(self, work: Work, link: str, layout: Layout) -> list[tuple[str, str]]:
        by_mail = ""
        if self.config.reply_domain:
            address = self.tokens.mint_address("unsubscribe", work.member_id)
            by_mail = f"<mailto:unsubscribe+{address}@{self.config.reply_domain}>, "
        return [
            ("List-Id", f"<{work.series_slug or 'meetings'}.{self.config.mail_domain}>"),
            ("List-Unsubscribe", f"{by_mail}<{link}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ]


def _partstat(work: Work) -> str:
    # Who waits has no seat yet: the calendar must not show the morning as settled.
    if work.answer == "yes" and work.seat != "held":
        return "TENTATIVE"
    return PARTSTAT[work.answer]


def mailbox_in_words(name: str, address: str) -> str:
    """ "Name <address>" for a page: nothing is encoded."""
    return f"{name} <{address}>" if name and address else name or address


def _effect(method: str, work: Work, sequence: int) -> str:
    """What the reader's mail program does with the calendar part."""
    if method == "CANCEL":
        return "cancel"
    if work.stamped_at is None:
        return "enter"
    # Who had the entry already: a higher number asks anew, the same number only takes over what stands in it.
    return "update" if sequence > work.reader_sequence else "note"
