"""What every composed letter must be for the mail programs that get it, rule by rule; and that readers share no secret.

Letters are made as the worker makes them, rows first, and read back by the stdlib's parser and by icalendar. What they
say in full is pinned by the golden letters; that they arrive, by `delivering`.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from html.parser import HTMLParser
from typing import Any, cast

import pytest
from icalendar import Calendar

from asanokai import announcing, applying, db, installation, letters, members, rsvps, topics
from asanokai.announcing import Change
from asanokai.composing import Composer, Dropped, Mail
from asanokai.letters import Letter
from asanokai.members import Member
from asanokai.topics import SpeakerText
from tests import people
from tests.people import berlin

DUE = berlin(2026, 2, 19, 9)
DOMAIN = "reply.asanokai.example"
HOSTILE = (
    "Licht\r\nBcc: evil@evil.example\r\n\r\n<b>body",
    'Dr. "Q" \\ <evil@evil.example>, x@y.example; z:',
    "=?utf-8?B?DQpYLUV2aWw6IDE=?=",
    "<script>alert(1)</script> & </td></table>",
    "\x00\x07\x1b[31m\x7f\x85\u2028",
    "🍵🇯🇵" * 40,
    "光" * 200,
    "x" * 200,
    "word " * 60,
    "{{ 7 * 7 }} {% raw %} qx00000000greetingxq",
)


# --- composing --------------------------------------------------------------------------------------------------------


def invited(*makers: Callable[[], Member], **values: Any) -> int:
    """An announced meeting whose invitations are planned and due now; its number."""
    with db.transaction():
        return people.announced_meeting(people=[make() for make in makers], **values).id


@pytest.fixture
def compose(app, clock) -> Callable[..., list[Mail | Dropped]]:
    """Plans, claims and composes everything that is due; settles it as sent, its calendar entry remembered."""

    def compose(composer: Composer | None = None) -> list[Mail | Dropped]:
        composer = composer or app.extensions["composer"]
        with db.transaction():
            people.plan()
            works = composer.gather(letters.claim("test", 500))
        made = [work if isinstance(work, Dropped) else composer.compose(work) for work in works]
        with db.transaction() as session:
            for mail in made:
                letter = session.get_one(Letter, mail.letter_id)
                letter.state, letter.claimed_by = "sent" if isinstance(mail, Mail) else "dropped", None
                letter.message_id = mail.message_id if isinstance(mail, Mail) else None
                if isinstance(mail, Mail) and mail.stamp is not None and letter.meeting_id is not None:
                    rsvp = rsvps.required(letter.meeting_id, cast(int, letter.member_id))
                    rsvp.sequence, rsvp.stamped_at = mail.sequence, mail.stamp  # type: ignore[assignment]  # both are there
        return made

    return compose


def parsed(mail: Mail | Dropped) -> EmailMessage:
    assert isinstance(mail, Mail), mail
    message = cast(EmailMessage, message_from_bytes(mail.content, policy=policy.default))
    assert [part.defects for part in message.walk() if part.defects] == []
    return message


def part(message: EmailMessage, kind: str) -> EmailMessage:
    (found,) = (one for one in message.walk() if one.get_content_type() == kind)
    return cast(EmailMessage, found)


def octets(message: EmailMessage, kind: str) -> bytes:
    return cast(bytes, part(message, kind).get_payload(decode=True))


def text(message: EmailMessage) -> str:
    return octets(message, "text/plain").decode().replace("\r\n", "\n")


def page(message: EmailMessage) -> str:
    return octets(message, "text/html").decode()


def entry(message: EmailMessage) -> Any:
    """The only VEVENT of a letter."""
    (event,) = Calendar.from_ical(octets(message, "text/calendar")).walk("VEVENT")
    return event


def shape(message: EmailMessage) -> Any:
    if not message.is_multipart():
        return message.get_content_type()
    return (message.get_content_type(), [shape(cast(EmailMessage, one)) for one in message.iter_parts()])


def say(meeting_id: int, who: Callable[[], Member], choice: str, guests: int = 0) -> None:
    with db.transaction():
        rsvps.answer(meeting_id, who().id, choice, guests=guests, by="page")


# --- shape ------------------------------------------------------------------------------------------------------------

ALTERNATIVES = ["text/plain", "text/html", "text/calendar"]


def test_the_calendar_is_the_last_alternative_and_the_same_octets_are_attached(compose, clock):
    invited(people.katrin)
    clock.set(DUE)
    (message,) = map(parsed, compose())
    assert shape(message) == ("multipart/mixed", [("multipart/alternative", ALTERNATIVES), "application/ics"])
    calendar, attached = part(message, "text/calendar"), part(message, "application/ics")
    assert calendar.get_payload(decode=True) == attached.get_payload(decode=True)
    assert (calendar["Content-Transfer-Encoding"], calendar["Content-Disposition"]) == ("base64", None)
    assert dict(calendar["Content-Type"].params) == {"charset": "UTF-8", "method": "REQUEST", "component": "VEVENT"}
    assert (attached["Content-Disposition"], attached.get_filename()) == (
        'attachment; filename="invite.ics"',
        "invite.ics",
    )


def test_a_letter_is_ascii_in_lines_of_at_most_998_octets_ended_by_crlf(compose, clock):
    invited(people.katrin, people.kenji, title={"de": "光" * 90, "ja": "光" * 90})
    clock.set(DUE)
    for mail in compose():
        lines = mail.content.split(b"\r\n")
        assert mail.content.isascii()
        assert [line for line in lines if len(line) > 998 or b"\n" in line or b"\r" in line] == []
        assert [line for line in lines[1:] if line != line.rstrip() or line.strip() == b"" != line] == []


def test_no_boundary_begins_with_another(compose, clock):
    invited(people.katrin)
    clock.set(DUE)
    (message,) = map(parsed, compose())
    outer, inner = (one.get_boundary() or "" for one in message.walk() if one.is_multipart())
    assert (outer.startswith(inner), inner.startswith(outer)) == (False, False)


def test_the_method_of_part_and_calendar_agree_in_every_letter(compose, clock):
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    methods = []
    for verb in (
        lambda: None,
        lambda: announcing.move(meeting_id, Change(starts_at=berlin(2026, 3, 13, 8))),
        lambda: announcing.cancel(meeting_id),
    ):
        with db.transaction():
            verb()
        (message,) = map(parsed, compose())
        calendar = Calendar.from_ical(octets(message, "text/calendar"))
        methods.append((part(message, "text/calendar").get_param("method"), calendar["METHOD"], len(calendar.events)))
    assert methods == [("REQUEST", "REQUEST", 1), ("REQUEST", "REQUEST", 1), ("CANCEL", "CANCEL", 1)]


def test_what_needs_no_place_in_a_calendar_has_no_entry(compose, clock):
    meeting_id = invited(people.katrin, people.emma, seats=1)
    clock.set(DUE)
    compose()
    say(meeting_id, people.emma, "yes")
    compose()
    say(meeting_id, people.katrin, "yes")
    (waiting,) = compose()
    say(meeting_id, people.katrin, "no")
    (declined,) = compose()
    for mail in (waiting, declined):
        assert shape(parsed(mail)) == ("multipart/alternative", ["text/plain", "text/html"])
        assert (mail.sequence, mail.starts_at, mail.stamp) == (None, None, None)


# --- who it is from and for -------------------------------------------------------------------------------------------


def test_the_reader_is_the_only_attendee_and_the_sender_the_organizer_by_the_readers_own_address(app, compose, clock):
    invited(people.katrin, people.emma, people.kenji)
    clock.set(DUE)
    for mail, who in zip(compose(), (people.katrin(), people.emma(), people.kenji()), strict=True):
        message, event = parsed(mail), entry(parsed(mail))
        token = app.extensions["tokens"].mint_address("member", who.id)
        name = who.name.full(who.language)
        assert getaddresses([str(message["From"])]) == [("Asa no Kai Thüringen", f"rsvp+{token}@{DOMAIN}")]
        assert getaddresses([str(message["To"])]) == [(name, mail.to)]
        assert str(event["ORGANIZER"]) == f"mailto:rsvp+{token}@{DOMAIN}"
        assert (str(event["ATTENDEE"]), dict(event["ATTENDEE"].params)) == (
            f"mailto:{mail.to}",
            {
                "CUTYPE": "INDIVIDUAL",
                "ROLE": "REQ-PARTICIPANT",
                "PARTSTAT": "NEEDS-ACTION",
                "RSVP": "TRUE",
                "CN": name,
            },
        )


def test_addresses_that_come_back_are_read_in_any_case_and_stay_below_forty_characters(app, compose, clock):
    invited(people.katrin)
    clock.set(DUE)
    (mail,) = compose()
    tokens = app.extensions["tokens"]
    leave = re.search(r"mailto:(\S+?)>", parsed(mail)["List-Unsubscribe"])
    assert leave is not None
    for address, purpose, number in (
        (getaddresses([parsed(mail)["From"]])[0][1], "member", people.katrin().id),
        (mail.envelope_from, "letter", mail.letter_id),
        (leave[1], "unsubscribe", people.katrin().id),
    ):
        local, _, domain = address.partition("@")
        token = local.partition("+")[2]
        assert domain == DOMAIN
        assert len(local) <= 40
        assert token == token.lower()
        read = [tokens.read_address(purpose, form) for form in (token, token.upper(), token.title())]
        assert read == [number] * 3
    for purpose, prefix in (("member", "rsvp+"), ("letter", "bounce+"), ("unsubscribe", "unsubscribe+")):
        assert len(prefix + tokens.mint_address(purpose, 2**56 - 1)) <= 40


def test_the_senders_address_stays_and_the_envelopes_changes_with_every_letter(compose, clock):
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    (first,) = compose()
    say(meeting_id, people.katrin, "yes")
    (second,) = compose()
    assert parsed(first)["From"] == parsed(second)["From"]
    assert first.envelope_from != second.envelope_from


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ('Asa no Kai: "Jena", a@b', "Asa no Kai 'Jena' ab"),
        ("朝の会, テューリンゲン", "朝の会 テューリンゲン"),
        ("a\r\nBcc: x@y.example", "a Bcc xy.example"),
    ],
)
def test_a_senders_name_holds_nothing_that_looks_like_phishing(compose, clock, typed, shown):
    invited(people.katrin)
    with db.transaction():
        installation.change(actor_id=None, sender_name=typed)
    clock.set(DUE)
    (message,) = map(parsed, compose())
    assert [name for name, _ in getaddresses([str(message["From"])])] == [shown]
    assert entry(message)["ORGANIZER"].params["CN"] == shown


class TestWithoutAReplyDomain:
    @pytest.fixture
    def settings(self):
        return {"reply_domain": ""}

    def test_there_is_one_plain_organizer_and_everything_works_by_links(self, app, compose, clock):
        meeting_id = invited(people.katrin, people.emma)
        clock.set(DUE)
        for mail in compose():
            message = parsed(mail)
            assert getaddresses([message["From"]])[0][1] == mail.envelope_from == "asanokai@asanokai.example"
            assert str(entry(message)["ORGANIZER"]) == "mailto:asanokai@asanokai.example"
            assert message["Message-ID"].endswith("@asanokai.example>")
            assert message["List-Id"] == "<asanokai.asanokai.example>"
            assert re.fullmatch(r"<http://localhost:8000/unsubscribe/\S+>", message["List-Unsubscribe"])
            # "Accept" would come to an address nobody reads: it is not offered.
            assert [word for word in ("„Annehmen“", "“Accept”") if word in text(message) + page(message)] == []
            (token,) = set(re.findall(r"/answer/(\S+)\?", text(message)))
            answered = app.test_client().post(f"/answer/{token}", data={"answer": "yes", "guests": "0"})
            assert answered.status_code == 303
        with db.reading():
            answers = [rsvps.required(meeting_id, make().id).answer for make in (people.katrin, people.emma)]
            assert answers == ["yes", "yes"]


# --- versions ---------------------------------------------------------------------------------------------------------


def test_sequence_rises_with_time_place_and_cancellation_and_dtstamp_with_every_letter(compose, clock):
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    verbs: tuple[Callable[[], object], ...] = (
        lambda: None,
        lambda: rsvps.answer(meeting_id, people.katrin().id, "yes", by="page"),
        lambda: announcing.edit(meeting_id, note={"de": "Neu"}),
        lambda: rsvps.answer(meeting_id, people.katrin().id, "maybe", by="page"),
        lambda: announcing.move(meeting_id, Change(starts_at=berlin(2026, 3, 13, 8))),
        lambda: announcing.move(meeting_id, Change(venue={"de": "Erfurt"})),
        lambda: announcing.cancel(meeting_id),
    )
    seen = []
    for verb in verbs:
        with db.transaction():
            verb()
        seen += [entry(parsed(mail)) for mail in compose()]
    assert [int(event["SEQUENCE"]) for event in seen] == [0, 0, 0, 1, 2, 3]
    assert [event["ATTENDEE"].params["PARTSTAT"] for event in seen] == [
        "NEEDS-ACTION",
        "ACCEPTED",
        *("TENTATIVE",) * 4,
    ]
    # The clock stands still: every letter is stamped a second later than the one before.
    assert [event["DTSTAMP"].dt for event in seen] == [DUE + timedelta(seconds=second) for second in range(6)]
    assert len({str(event["UID"]) for event in seen}) == 1


def test_letters_of_one_batch_to_one_reader_are_stamped_one_after_the_other(compose, clock):
    meeting_id = invited(people.katrin, people.emma)
    clock.set(DUE)
    compose()
    clock.advance(hours=1)
    say(meeting_id, people.katrin, "yes")
    with db.transaction():
        announcing.move(meeting_id, Change(starts_at=berlin(2026, 3, 13, 8)))
    stamps: dict[str, list[Any]] = {}
    for mail in compose():
        stamps.setdefault(mail.to, []).append(entry(parsed(mail))["DTSTAMP"].dt)
    at = DUE + timedelta(hours=1)
    assert stamps == {
        "katrin.lindner@optik-jena.example": [at, at + timedelta(seconds=1)],
        "emma.whitfield@ilmenau.example": [at],
    }


def test_a_time_stamp_never_stands_still_although_the_clock_is_set_back(compose, clock):
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    compose()
    clock.advance(minutes=-10)
    say(meeting_id, people.katrin, "yes")
    (mail,) = compose()
    assert mail.stamp == entry(parsed(mail))["DTSTAMP"].dt == DUE + timedelta(seconds=1)


def test_who_joins_late_gets_the_current_sequence(compose, clock):
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    compose()
    with db.transaction():
        announcing.move(meeting_id, Change(starts_at=berlin(2026, 3, 13, 8)))
    compose()
    with db.transaction():
        people.belong(people.series_rules.by_slug("asanokai"), people.emma())
    clock.advance(minutes=1)
    (mail,) = compose()
    assert (mail.to, mail.sequence) == ("emma.whitfield@ilmenau.example", 1)
    assert entry(parsed(mail))["SEQUENCE"] == 1


def test_who_declined_and_is_seated_from_the_waiting_list_gets_a_higher_sequence_than_was_declined(compose, clock):
    meeting_id = invited(people.katrin, people.emma, seats=1)
    clock.set(DUE)
    compose()
    say(meeting_id, people.emma, "yes")
    say(meeting_id, people.katrin, "no")
    say(meeting_id, people.katrin, "yes")
    compose()
    say(meeting_id, people.emma, "no")
    (seat,) = (mail for mail in compose() if mail.to.startswith("katrin"))
    event = entry(parsed(seat))
    assert (event["SEQUENCE"], event["ATTENDEE"].params["PARTSTAT"], event["STATUS"]) == (1, "ACCEPTED", "CONFIRMED")


def test_a_cancellation_keeps_uid_organizer_attendee_and_times(compose, clock):
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    (before,) = (entry(parsed(mail)) for mail in compose())
    with db.transaction():
        announcing.cancel(meeting_id)
    (after,) = (entry(parsed(mail)) for mail in compose())
    kept = ("UID", "ORGANIZER", "ATTENDEE", "DTSTART", "DTEND", "SUMMARY", "LOCATION")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert (before["STATUS"], after["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)


@pytest.mark.parametrize(
    ("choice", "partstat"), [("yes", "ACCEPTED"), ("maybe", "TENTATIVE"), ("no", "DECLINED"), (None, "NEEDS-ACTION")]
)
def test_an_invitation_says_what_was_answered_before(compose, clock, choice, partstat):
    meeting_id = invited(people.katrin)
    if choice:
        say(meeting_id, people.katrin, choice)
    clock.set(DUE)
    *_confirmed, invitation = compose()
    assert entry(parsed(invitation))["ATTENDEE"].params["PARTSTAT"] == partstat


def test_who_waits_is_told_so_by_an_invitation_that_comes_after_and_is_not_let_in(compose, clock):
    video = "https://video.example/asa"
    meeting_id = invited(people.katrin, people.emma, seats=1, join_link=video, venue=None)
    say(meeting_id, people.emma, "yes")
    say(meeting_id, people.katrin, "yes")
    compose()
    clock.set(DUE)
    seated, waiting = sorted(compose(), key=lambda mail: mail.to)
    assert [video in text(parsed(mail)) for mail in (seated, waiting)] == [True, False]
    assert [video in octets(parsed(mail), "text/calendar").decode() for mail in (seated, waiting)] == [True, False]
    assert entry(parsed(waiting))["ATTENDEE"].params["PARTSTAT"] == "TENTATIVE"
    assert "auf der Warteliste" in text(parsed(waiting))
    with db.transaction():
        announcing.move(meeting_id, Change(starts_at=berlin(2026, 3, 13, 8)))
    moved = {mail.to.partition(".")[0]: octets(parsed(mail), "text/calendar").decode() for mail in compose()}
    assert {name: video in calendar for name, calendar in moved.items()} == {"emma": True, "katrin": False}


@pytest.mark.parametrize(
    ("plan", "reader", "subject"),
    [
        ("1 day before at 17:00", people.katrin, "Morgen, 8:00–10:00 Uhr: Asa no Kai Thüringen"),
        ("2 days before at 17:00", people.katrin, "Zur Erinnerung: Asa no Kai Thüringen, Donnerstag, 12. März 2026"),
        ("1 day before at 17:00", people.naoko, "【まもなく開催】朝の会テューリンゲン 2026年3月12日（木）"),
    ],
)
def test_the_evening_note_says_tomorrow_only_where_it_is(compose, clock, plan, reader, subject):
    with db.transaction():
        meeting = people.announced_meeting(people.series(plan={"invite": "21 days before at 09:00", "eve": plan}))
        people.belong(people.series_rules.by_id(meeting.series_id), reader())
        meeting_id = meeting.id
    say(meeting_id, reader, "yes")
    compose()
    clock.set(berlin(2026, 3, 12 - int(plan[0]), 17))
    *_invitation, note = compose()
    assert parsed(note)["Subject"] == subject


def test_nobody_is_asked_by_a_change_on_the_last_day_to_answer_until_the_day_before(compose, clock):
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    compose()
    asks = []
    for moment, venue in ((berlin(2026, 3, 11, 11), "Erfurt"), (berlin(2026, 3, 11, 18), "Weimar")):
        clock.set(moment)
        with db.transaction():
            announcing.move(meeting_id, Change(venue={"de": venue}))
        (moved,) = (parsed(mail) for mail in compose() if isinstance(mail, Mail) and mail.sequence)
        asks.append(("Bitte antworten Sie bis" in text(moved), "?answer=yes" in text(moved)))
    assert asks == [(True, True), (False, False)]


def test_times_are_in_utc_with_an_end_and_without_alarm_or_recurrence(compose, clock):
    invited(people.naoko)
    clock.set(DUE)
    (message,) = map(parsed, compose())
    event = entry(message)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (berlin(2026, 3, 12, 8), berlin(2026, 3, 12, 10))
    written = octets(message, "text/calendar").decode()
    assert re.findall(r"^DT\w+.*?$", written.replace("\r", ""), re.MULTILINE) == [
        "DTSTART:20260312T070000Z",
        "DTEND:20260312T090000Z",
        "DTSTAMP:20260219T080000Z",
    ]
    assert event.subcomponents == []
    assert [name for name in ("DURATION", "RRULE", "RECURRENCE-ID", "EXDATE") if name in event] == []
    assert str(event["UID"]).isascii()
    assert str(event["X-MICROSOFT-DISALLOW-COUNTER"]) == "TRUE"


# --- headers ----------------------------------------------------------------------------------------------------------


def test_headers_say_that_a_machine_writes_and_how_to_leave(app, compose, clock):
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    (first,) = compose()
    say(meeting_id, people.katrin, "yes")
    (second,) = compose()
    katrin = people.katrin().id
    tokens = app.extensions["tokens"]
    for mail, key, refers in (
        (first, f"invite:{meeting_id}:{katrin}", None),
        (second, f"confirm:{meeting_id}:{katrin}:1", parsed(first)["Message-ID"]),
    ):
        message = parsed(mail)
        leave = tokens.mint_address("unsubscribe", katrin)
        by_mail, by_link = message["List-Unsubscribe"].split(", ")
        assert message["Message-ID"] == mail.message_id == letters.message_id(key, DOMAIN, tokens)
        assert message["References"] == refers
        assert message["List-Id"] == f"<asanokai.{DOMAIN}>"
        assert by_mail == f"<mailto:unsubscribe+{leave}@{DOMAIN}>"
        assert tokens.read("unsubscribe", by_link.removesuffix(">").rpartition("/")[2]) == katrin
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"


def test_account_letters_carry_neither_list_headers_nor_a_calendar(compose, clock):
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.kenji())
        members.ask_for_sign_in("katrin.lindner@optik-jena.example") if people.katrin() else None
        applying.apply(
            {"family": "Neu", "language": "en"},
            "neu@weimar.example",
            series_id=series.id,
            consent_text="Yes.",
            consent_version="1",
            from_address=None,
        )
        applying.invite("gast@weimar.example", {"family": "Gast"}, series_id=series.id, inviter_id=people.kenji().id)
    made = list(map(parsed, compose()))
    assert len(made) == 3
    for message in made:
        assert shape(message) == ("multipart/alternative", ["text/plain", "text/html"])
        assert [name for name in message if name.startswith(("List-", "References"))] == []
        assert getaddresses([message["From"]])[0][1] == "asanokai@asanokai.example"
        assert message["Auto-Submitted"] == "auto-generated"


# --- HTML -------------------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """The tags of a page with their attributes, each counted open or closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_small_narrow_inlined_and_fetches_nothing(compose, clock):
    meeting_id = invited(people.katrin, people.emma, people.kenji)
    with db.transaction():
        meeting = announcing.edit(meeting_id, note={"de": "![x](https://tracker.example/x.png)"})
        topics.post(meeting, {"de": "Licht"}, abstract={"de": "![x](https://tracker.example/x.png) <img src=x>"})
    clock.set(DUE)
    for message in map(parsed, compose()):
        html = page(message)
        tags = Tags(html)
        assert tags.open == []
        assert len(html.encode()) < 100_000
        scheme = {"style": "color-scheme: light dark;"}
        assert tags.found[0] == ("html", {"lang": message["Content-Language"], **scheme})
        allowed = {"html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td"}
        allowed |= {"h1", "h2", "p", "span", "a", "br", "strong", "em", "ul", "ol", "li"}
        assert {tag for tag, _ in tags.found} - allowed == set()
        assert [attributes for _, attributes in tags.found if {"src", "background", "onclick"} & set(attributes)] == []
        assert "url(" not in html and "@import" not in html
        (sheet,) = (attributes for tag, attributes in tags.found if attributes.get("class") == "sheet")
        assert "max-width: 600px" in (sheet["style"] or "")
        widths = [int(width) for _, attributes in tags.found if (width := attributes.get("width") or "").isdigit()]
        assert max(widths) <= 600
        bare = [tag for tag, attributes in tags.found if tag in ("td", "h1", "h2", "a") and not attributes.get("style")]
        assert bare == []


def test_abstracts_without_end_stay_out_of_the_page_and_in_the_text(compose, clock):
    meeting_id = invited(people.kenji)
    abstract = "浜松とイエナの光産業について、最新の動向をご紹介します。" * 280
    with db.transaction():
        meeting = announcing.edit(meeting_id)
        for number in range(6):
            topics.post(meeting, {"ja": f"テーマ{number}"}, abstract={"ja": abstract})
    clock.set(DUE)
    (message,) = map(parsed, compose())
    assert len(page(message).encode()) < 100_000
    assert [page(message).count("浜松とイエナ"), page(message).count("テーマ5")] == [0, 1]
    assert text(message).count("浜松とイエナ") == 6 * 280


# --- what must not leak -----------------------------------------------------------------------------------------------


def test_readers_of_one_layout_see_nothing_of_each_other(app, compose, clock):
    meeting_id = invited(people.katrin, lambda: people.member("anna@jena.example", family="Anders", given="Anna"))
    clock.set(DUE)
    composer = Composer(app)
    both = compose(composer)
    assert len(composer._layouts) == 1
    for name in ("katrin.lindner@optik-jena.example", "anna@jena.example"):
        who = members.by_address(name)
        assert who is not None
        say(meeting_id, lambda who=who: who, "yes")  # type: ignore[misc]  # bound now, not later
    both += compose(composer)
    assert len(composer._layouts) == 2
    secrets = [_secrets(mail, app) for mail in both]
    for mail, own in zip(both, secrets, strict=True):
        message = parsed(mail)
        parts = [one.get_payload(decode=True).decode() for one in message.walk() if not one.is_multipart()]  # type: ignore[union-attr]
        whole = "\n".join([mail.envelope_from, *map(str, message.values()), *parts]).replace("\r\n ", "")
        others = set().union(*secrets) - own
        assert others
        assert [secret for secret in own if secret not in whole] == []
        assert [secret for secret in others if secret in whole] == []


def _secrets(mail: Mail, app: Any) -> set[str]:
    """What only this reader may see: names, address, tokens."""
    with db.reading() as session:
        letter = session.get_one(Letter, mail.letter_id)
        who = members.by_id(cast(int, letter.member_id))
        tokens = app.extensions["tokens"]
        addresses = {tokens.mint_address(purpose, who.id) for purpose in ("member", "unsubscribe")}
        links = {tokens.mint("answer", [letter.meeting_id, who.id]), tokens.mint("unsubscribe", who.id)}
        return {who.family, who.given, mail.to} | addresses | links


def test_what_one_reader_alone_reads_is_laid_out_anew_each_time(app, compose, clock):
    composer = Composer(app)
    with db.transaction():
        people.katrin()
        members.ask_for_sign_in("katrin.lindner@optik-jena.example")
    (first,) = compose(composer)
    with db.transaction() as session:
        letter = session.get_one(Letter, first.letter_id)
        letter.state, letter.attempts = "queued", 0
        installation.change(actor_id=None, organisation="Asa no Kai Jena")
    (second,) = compose(composer)
    assert ["Asa no Kai Jena" in text(parsed(mail)) for mail in (first, second)] == [False, True]
    links = [re.findall(r"/sign-in/(\S+)", text(parsed(mail)))[0] for mail in (first, second)]
    assert links[0] != links[1]


# --- hostile texts ----------------------------------------------------------------------------------------------------

NAMES_OF_HEADERS = [
    *("From", "To", "Message-ID", "Date", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Subject"),
    *("MIME-Version", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language", "Content-Type"),
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_of_a_meeting_or_a_person_adds_a_header_a_part_or_a_calendar_line(app, compose, clock, hostile):
    # Past the checks of the verbs, as if a row had been written by hand; but no database keeps NUL in a text.
    kept = hostile.replace("\x00", "") or "x"
    meeting_id = invited(people.katrin, people.emma)
    with db.transaction() as session:
        meeting = announcing.edit(meeting_id)
        meeting.title = {"de": hostile.replace("\x00", ""), "en": kept}
        meeting.venue = meeting.note = {"de": kept, "en": kept}
        topics.post(meeting, {"de": "x"}, speakers=[SpeakerText(family="x")])
        topic = topics.of(meeting)[0]
        topic.title = topic.abstract = {"de": kept, "en": kept}
        topic.speakers[0].family = kept
        katrin = people.katrin()
        katrin.family, katrin.title = kept, ""
        installation.change(actor_id=None, sender_name=kept)
        session.flush()
    clock.set(DUE)
    made = compose()
    assert len(made) == 2
    for mail in made:
        message = parsed(mail)
        assert list(message) == NAMES_OF_HEADERS
        assert len(message["Subject"]) <= 78
        assert [address for _, address in getaddresses([str(message["To"])])] == [mail.to]
        assert shape(message) == ("multipart/mixed", [("multipart/alternative", ALTERNATIVES), "application/ics"])
        event = entry(message)
        own = [name for name, _ in event.property_items() if name in ("ATTENDEE", "ORGANIZER", "SEQUENCE")]
        assert sorted(own) == ["ATTENDEE", "ORGANIZER", "SEQUENCE"]
        assert str(event["ATTENDEE"]) == f"mailto:{mail.to}"
        assert str(event["SUMMARY"]).count("\n") <= kept.count("\n")
        tags = Tags(page(message))
        assert (tags.open, [tag for tag, _ in tags.found if tag in ("script", "b")]) == ([], [])
        assert "49" not in text(message)
    to_katrin = next(mail for mail in made if mail.to.startswith("katrin"))
    said = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", f"Katrin {kept}").replace('"', "'").split())
    assert name_in(to_katrin, "To") == said


def name_in(mail: Mail, header: str) -> str:
    """The name before an address. Of a name in several encoded words the newer parser makes several names."""
    raw = message_from_bytes(mail.content)[header]
    ((name, _address),) = getaddresses([re.sub(r"\r\n", "", raw)])
    return str(make_header(decode_header(name)))
