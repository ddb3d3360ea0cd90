"""What all readers of one letter share, laid out once: words, HTML with inlined styles, the calendar's common lines.

A reader's own words are marks while the template is rendered; the rendered text is cut at the marks, and filling in is
joining. A mark carries a secret of the process, so that no topic's abstract can contain one.
"""

import html
import re
import secrets
from dataclasses import dataclass
from typing import Any

import css_inline
from jinja2 import BaseLoader, Environment, StrictUndefined

from asanokai import ical
from asanokai.composing.gathering import Work
from asanokai.composing.lines import fitted
from asanokai.composing.mime import base64_lines, header, plain_name, words
from asanokai.languages import month_in_words, weekday_in_words
from asanokai.links import Links

CALENDAR = {
    "invite": "REQUEST",
    "confirm": "REQUEST",
    "acknowledged": "REQUEST",
    "seat": "REQUEST",
    "moved": "REQUEST",
    "changed": "REQUEST",
    "not_taken": "REQUEST",
    "cancelled": "CANCEL",
    "parted": "CANCEL",
}
"""Which letters carry a calendar entry. A refusal's confirmation does not: there is nothing to put into a calendar."""

SUBMITTED = {"acknowledged": "auto-replied", "reply": "no"}
"""Auto-Submitted (RFC 3834 5) where it is not auto-generated: answering a mail by itself, or by somebody's hand."""

OUTER = "=_m"
"""Begins the outer boundary. It must not begin with the inner one, which a reader may take for it (RFC 2046 5.1.1)."""

TRIAL = {"de": "[Test] ", "en": "[Test] ", "ja": "【テスト】"}
"""Begins the subject of a copy that a coordinator sends to themselves."""

LARGEST = 95_000
"""Octets of HTML before the reader's links are filled in. Mail programs cut off what is beyond 100 kB."""

SECRET = secrets.token_hex(4)
_MARK = re.compile(f"qx{SECRET}([a-z0-9]+)xq")


class Marks:
    """Stands for the reader in a template: `reader.greeting` prints a mark."""

    NAMES = (
        "greeting",
        "answer_link",
        "yes_link",
        "maybe_link",
        "no_link",
        "unsubscribe_link",
        "undo_link",
        "position",
        "sign_in_link",
        "confirm_link",
        "pack_link",
        "speaking_link",
        "address_link",
        "objection_link",
    )

    def __getattr__(self, name: str) -> str:
        if name not in self.NAMES:
            raise AttributeError(name)
        return f"qx{SECRET}{name.replace('_', '')}xq"


_NAME_OF_MARK = {name.replace("_", ""): name for name in Marks.NAMES}


@dataclass(frozen=True)
class Pieces:
    """A text cut at its marks: every second piece is the name of what is filled in there."""

    pieces: tuple[str, ...]

    @classmethod
    def cut(cls, rendered: str) -> "Pieces":
        parts = _MARK.split(rendered)
        return cls(tuple(_NAME_OF_MARK[part] if place % 2 else part for place, part in enumerate(parts)))

    def fill(self, marks: dict[str, str]) -> str:
        """The text for one reader."""
        return "".join(marks[piece] if place % 2 else piece for place, piece in enumerate(self.pieces))

    def fill_html(self, marks: dict[str, str]) -> str:
        """The same where the text is HTML."""
        return self.fill({name: html.escape(value) for name, value in marks.items()})


@dataclass(frozen=True)
class Layout:
    """A letter all but for its reader."""

    subject: str
    sender_name: str
    text: Pieces
    html: Pieces
    calendar: ical.Mailed | None
    head: bytes
    opening: bytes
    boundary: str

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that may be filled in."""
        return Marks.NAMES

    def write(self, headers: list[tuple[str, str]], marks: dict[str, str], calendar: bytes | None) -> bytes:
        """The whole mail: the reader's headers, the shared ones, the parts. Calendar last among the alternatives."""
        own = "".join(header(name, value) for name, value in headers).encode("ascii")
        text = base64_lines(self.text.fill(marks).replace("\n", "\r\n").encode())
        page = base64_lines(self.html.fill_html(marks).replace("\n", "\r\n").encode())
        parts = [own, self.head, self.opening, text, self._next("text/html; charset=utf-8"), page]
        if calendar is None or self.calendar is None:
            parts.append(f"--{self.boundary}--\r\n".encode())
            return b"".join(parts)
        entry = base64_lines(calendar)
        described = f"text/calendar; charset=UTF-8; method={self.calendar.method}; component=VEVENT"
        parts += [self._next(described), entry, f"--{self.boundary}--\r\n".encode()]
        parts += [
            f"--{OUTER}{self.boundary}\r\nContent-Type: application/ics; name=invite.ics\r\n"
            "Content-Transfer-Encoding: base64\r\n"
            "Content-Disposition: attachment; filename=invite.ics\r\n\r\n".encode(),
            entry,
            f"--{OUTER}{self.boundary}--\r\n".encode(),
        ]
        return b"".join(parts)

    def _next(self, content_type: str) -> bytes:
        return _part(self.boundary, content_type)


def _part(boundary: str, content_type: str) -> bytes:
    return f"--{boundary}\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()


class Typesetter:
    """Renders a letter's templates into a `Layout`."""

    def __init__(self, loader: BaseLoader | None, links: Links, *, calendar_replies: bool) -> None:
        self._links = links
        self._calendar_replies = calendar_replies
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)
        options: dict[str, Any] = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
        self._plain = Environment(loader=loader, autoescape=False, **options)
        self._rich = Environment(loader=loader, autoescape=True, **options)

    def set(self, work: Work) -> Layout:
        """The layout of the letter this work is one copy of."""
        facts = {
            **work.facts,
            "reader": Marks(),
            "language": work.language,
            "organisation": work.organisation,
            "imprint_link": self._links.imprint(),
            "privacy_link": self._links.privacy(),
            "accessibility_link": self._links.accessibility(),
            "home_link": self._links.home(),
            "unsubscribable": work.unsubscribable,
            "calendar_replies": self._calendar_replies,
            "meeting": self._meeting(work),
        }
        if work.kind == "keys":
            facts["keys_link"] = self._links.keys()
        if work.kind in ("application", "digest"):
            facts["desk_link"] = self._links.coordinate()
        if work.kind == "new_device":
            facts["devices_link"] = self._links.devices()
        if work.kind == "copy_ready":
            facts["data_link"] = self._links.data()
        if work.kind == "second_factor":
            facts["factor_link"] = self._links.second_factor()
        if work.kind == "catering_change":
            facts["desk_link"] = self._links.coordinate_meeting(work.meeting_id)
        if work.kind == "application":
            facts["desk_link"] = self._links.coordinate_applications()
        if work.kind == "address_objected":
            facts["log_link"] = self._links.log_of_member(work.facts["about"])
        if work.kind == "alert":
            meeting_link = self._links.coordinate_meeting(work.meeting_id)
            facts |= {"desk_link": meeting_link, "letters_link": f"{meeting_link}/letters"}
        for waiting in ("mails", "parked"):
            if waiting in work.facts:
                facts[waiting] = [{**mail, "link": self._mail_link(mail["mail_id"])} for mail in work.facts[waiting]]
        if work.kind == "digest":
            facts["lines"] = [
                {**line, "link": self._links.coordinate_meeting(line["meeting_id"])} for line in work.facts["lines"]
            ]
        name = f"mail/{work.kind}.{work.language}"
        subject, _, body = self._plain.get_template(f"{name}.txt").render(facts).partition("\n")
        text, page = fitted(body.strip("\n")) + "\n", self._page(f"{name}.html", facts)
        subject = (TRIAL[work.language] if work.trial else "") + " ".join(subject.split())
        return self._layout(work, subject, Pieces.cut(text), Pieces.cut(page))

    def _mail_link(self, mail_id: int) -> str:
        return f"{self._links.coordinate()}mail/{mail_id}"

    def _page(self, name: str, facts: dict[str, Any]) -> str:
        template = self._rich.get_template(name)
        page = self._inliner.inline(template.render(facts))
        meeting = facts["meeting"]
        if len(page.encode()) > LARGEST and meeting and meeting["topics"]:
            # The abstracts stand in the plain text and on the meeting's page.
            topics = [{**topic, "abstract_html": ""} for topic in meeting["topics"]]
            page = self._inliner.inline(template.render({**facts, "meeting": {**meeting, "topics": topics}}))
        return page

    def _layout(self, work: Work, subject: str, text: Pieces, page: Pieces) -> Layout:
        boundary = f"=_{secrets.token_hex(12)}"
        calendar = self._calendar(work)
        shared = [
            ("Subject", words(subject)),
            ("MIME-Version", "1.0"),
            ("Auto-Submitted", SUBMITTED.get(work.kind, "auto-generated")),
            ("X-Auto-Response-Suppress", "OOF, AutoReply"),
            ("Content-Language", work.language),
        ]
        alternative = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
        if calendar is None:
            opening = alternative
        else:
            outer = f"{OUTER}{boundary}"
            opening = f'Content-Type: multipart/mixed; boundary="{outer}"\r\n\r\n--{outer}\r\n{alternative}'
        return Layout(
            subject=subject,
            sender_name=plain_name(work.sender_name or work.organisation),
            text=text,
            html=page,
            calendar=calendar,
            head="".join(header(name, value) for name, value in shared).encode("ascii"),
            opening=opening.encode("ascii") + _part(boundary, "text/plain; charset=utf-8"),
            boundary=boundary,
        )

    def _meeting(self, work: Work) -> dict[str, Any] | None:
        if work.shown is None:
            return None
        shown = work.shown
        return {
            "title": str(shown.title),
            "series": str(shown.series_name),
            "date": shown.date,
            "day": shown.local_date.day,
            "month": month_in_words(shown.local_date, work.language),
            "weekday": weekday_in_words(shown.local_date, work.language),
            "time": shown.time,
            "elsewhere": shown.elsewhere,
            "venue": str(shown.venue),
            "join_link": shown.meeting.join_link,
            "note": str(shown.note),
            "answer_until": shown.answer_until,
            "paragraph": work.paragraph,
            "link": self._links.meeting(shown.meeting.path),
            "guests_allowed": shown.meeting.guests_allowed,
            "topics": [
                {
                    "title": str(topic.title),
                    "lang": topic.lang,
                    "speakers": [{"name": one.name, "line": one.line} for one in topic.speakers],
                    "abstract_html": topic.abstract_html,
                    "abstract_text": topic.abstract_text,
                }
                for topic in shown.topics
            ],
        }

    def _calendar(self, work: Work) -> ical.Mailed | None:
        if work.kind not in CALENDAR or work.shown is None or work.trial:
            return None
        if work.kind in ("confirm", "acknowledged") and (work.answer == "no" or work.facts.get("waiting")):
            return None
        method = CALENDAR[work.kind]
        if work.kind == "not_taken" and work.shown.meeting.state == "cancelled":
            method = "CANCEL"  # who answers a cancelled meeting has an entry that is not cancelled
        shown = work.shown
        link = self._links.meeting(shown.meeting.path)
        # Who waits has no seat, and is not let in online either.
        join_link = "" if work.facts.get("waiting") else shown.meeting.join_link
        entry = ical.Entry(
            uid=shown.meeting.uid,
            starts_at=shown.meeting.starts_at,
            ends_at=shown.meeting.ends_at,
            summary=_summary(work),
            location=str(shown.venue) or join_link,
            description="\n\n".join(filter(None, [_about(work), join_link, link])),
            url=link,
            status="CANCELLED" if method == "CANCEL" else "CONFIRMED",
        )
        return ical.Mailed(entry, method)


def _summary(work: Work) -> str:
    assert work.shown is not None
    title, series = str(work.shown.title), str(work.shown.series_name)
    return f"{series}: {title}" if title and title != series else series


def _about(work: Work) -> str:
    assert work.shown is not None
    return "\n".join(
        " – ".join([str(topic.title), *(speaker.name for speaker in topic.speakers)]) for topic in work.shown.topics
    )
