"""Every letter as its readers get it, held against files in `tests/letters/`; and against the database.

Three scenes are played with the clock standing still, over real SMTP: the letters about one meeting, those about its
queue, and those about accounts. A change of words or markup is a diff that somebody reads: `make letters` rewrites the
files. Tokens and boundaries mean nothing to a reader and are left out there; they are read from every mail and compared
with the rows they speak of.
"""

import os
import re
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import delete, select

from asanokai import (
    announcing,
    applying,
    asking,
    catering,
    clock,
    copies,
    db,
    devices,
    factors,
    intake,
    leaving,
    letters,
    meetings,
    members,
    passkeys,
    readdressing,
    retention,
    rsvps,
    speakers,
    topics,
    writing,
)
from asanokai import series as series_rules
from asanokai.announcing import Change, Choices
from asanokai.intake import Incoming, settling
from asanokai.invitations import Night
from asanokai.languages import Name
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.series import Series
from asanokai.speakers import PersonText, Reach
from asanokai.topics import SpeakerText
from asanokai.worker import cater_step, send_due
from tests import people
from tests.grounds.smtp import Received
from tests.people import berlin

FOLDER = Path(__file__).parent / "letters"
REWRITE = os.environ.get("REWRITE_LETTERS") == "1"

READERS = (people.katrin, people.emma, people.kenji)
"""One for each language."""

OTHER = "oskar.fremd@elsewhere.example"
"""Takes seats so that the three must wait; his letters are the same as theirs."""

DOMAIN = "reply.asanokai.example"
UID = "0123456789abcdef0123456789abcdef@asanokai"
TITLE = {"de": "Licht & Präzision", "en": "Light and precision", "ja": "光と精密加工"}
TOPIC = {
    "de": "Femtosekundenlaser in der Feinmechanik",
    "en": "Femtosecond lasers in precision engineering",
    "ja": "精密加工におけるフェムト秒レーザー",
}
ABSTRACT = {
    "de": "Was sich in **Jena** und *Hamamatsu* ändert:\n\n- kürzere Pulse\n- kleinere Bauteile",
    "en": "What changes in **Jena** and *Hamamatsu*:\n\n- shorter pulses\n- smaller parts",
    "ja": "**イエナ**と*浜松*で、いま何が変わりつつあるのかをご紹介します。\n\n- より短いパルス\n- より小さな部品",
}
ONLY_GERMAN = {"de": "Bericht aus der Geschäftsstelle"}
NOTE = {
    "de": "Bitte nehmen Sie den Eingang am Hof.\nEin Ausweis ist nicht nötig.",
    "en": "Please use the entrance in the courtyard.\nNo badge is needed.",
    "ja": "中庭側の入口をご利用ください。\n身分証は必要ございません。",
}
PARAGRAPH = {
    "de": "Es gibt diesmal **Brezeln**.",
    "en": "There will be **pretzels** this time.",
    "ja": "今回は**ブレーツェル**をご用意いたします。",
}
OWN = (
    {"de": "Bitte den Hofeingang nehmen", "en": "Please use the courtyard", "ja": "入口変更のお知らせ"},
    {
        "de": "vor dem Haus wird gebaut. Bitte kommen Sie durch den **Hof**:\n\n- links am Tor\n- dann zwei Stufen",
        "en": "There are building works in front of the house. Please come through the **courtyard**:\n\n"
        "- left at the gate\n- then two steps",
        "ja": "正面入口は工事中のため、**中庭**側よりお越しください。\n\n- 門の左手\n- 段差が二段ございます",
    },
)
REASON = {
    "de": "Der Vortragende ist erkrankt.",
    "en": "The speaker has fallen ill.",
    "ja": "講演者の体調不良のため。",
}
ELSEWHERE = {
    "de": "Rathaus Weimar, Großer Saal",
    "en": "Weimar Town Hall, Great Hall",
    "ja": "ワイマール市庁舎 大広間",
}

Keep = Callable[[str, Received], None]
"""Is given what a letter is called here, and the mail, as soon as it has come."""

Scene = Callable[[Flask, Any, Any, Keep], None]


# --- the scenes -------------------------------------------------------------------------------------------------------


class Stage:
    """Delivers what is due and hands on the letters of one kind."""

    def __init__(self, app: Flask, smtp: Any, keep: Keep) -> None:
        self.app, self.smtp, self.keep = app, smtp, keep

    def deliver(self, kind: str, name: str = "") -> None:
        """Everything due goes out; those of `kind` to the three readers are kept, called by `name`; what coordinators
        read of what others are told is called differently."""
        before = len(self.smtp.letters)
        total = send_due(self.app, Night())
        assert (total.failed, total.postponed, total.away) == (0, 0, "")
        for came in self.smtp.letters[before:]:
            row = row_of(came)
            if row.kind == kind and came.to != OTHER:
                desk = "-desk" if kind == "catering_change" and row.member_id else ""
                self.keep(f"{name or kind}{desk}.{came.message['Content-Language']}", came)


def row_of(mail: Received) -> Letter:
    with db.reading() as session:
        found = session.scalars(select(Letter).where(Letter.message_id == mail.message["Message-ID"])).one()
        session.expunge_all()
        return found


def letters_about_a_meeting(app: Flask, clock: Any, smtp: Any, keep: Keep) -> None:
    """From the invitation to the cancellation of one morning."""
    stage = Stage(app, smtp, keep)
    with db.transaction():
        meeting_id = _morning().id
    clock.set(berlin(2026, 2, 19, 9))
    stage.deliver("invite")
    clock.set(berlin(2026, 3, 10, 9))
    stage.deliver("remind")
    with db.transaction():
        writing.put(meeting_id, "remind", PARAGRAPH, actor_id=None)
        writing.nudge(meeting_id, [make().id for make in READERS], night=Night(), actor_id=None)
    stage.deliver("nudge")
    with db.transaction():
        writing.put(meeting_id, "remind", {}, actor_id=None)
    for choice, guests in (("yes", 1), ("maybe", 0), ("no", 0)):
        _all_say(meeting_id, choice, guests)
        stage.deliver("confirm", f"confirm-{choice}")
    with db.transaction():
        announcing.edit(meeting_id, seats=1)
        rsvps.answer(meeting_id, people.oskar().id, "yes", by="page")
    _all_say(meeting_id, "yes", 1)
    stage.deliver("waiting")
    with db.transaction():
        announcing.edit(meeting_id, seats=40)
    stage.deliver("seat")
    with db.transaction():
        announcing.move(meeting_id, Change(starts_at=berlin(2026, 3, 13, 8, 30), venue=ELSEWHERE))
    stage.deliver("moved")
    with db.transaction():
        _change(meeting_id, Choices(tell=True, topics=True), join_link="https://video.example/neu")
    stage.deliver("changed")
    with db.transaction():
        _change(meeting_id, Choices(ask_again=True))
    stage.deliver("changed", "changed-again")
    _all_say(meeting_id, "yes", 1)
    send_due(app, Night())
    clock.set(berlin(2026, 3, 12, 17))
    stage.deliver("eve")
    _write(meeting_id, "own", OWN)
    stage.deliver("own")
    _write(meeting_id, "own", tuple({"de": text["de"]} for text in OWN))
    stage.deliver("own", "own-german")
    _write(meeting_id, "thanks", writing.THANKS)
    stage.deliver("thanks")
    with db.transaction():
        announcing.cancel(meeting_id, reason=REASON)
    stage.deliver("cancelled")


SAID = {
    "de": ("Ja, +1", "Vielleicht", "Leider nein.", "Ich komme gern zu zweit.", "Gibt es Parkplätze?"),
    "en": ("yes +1", "maybe", "I can't make it.", "I'll be there with one guest.", "Is there parking?"),
    "ja": (
        "出席します。1名同伴します。",
        "未定です",
        "欠席いたします。",
        "1名同伴で参加いたします",
        "駐車場はありますか？",
    ),
}
"""What the three write: yes, maybe, no, a yes that waits, a question."""

ANSWERED = {
    "de": "ja, im Hof.\n\nBitte melden Sie sich an der Schranke: <Haus der Optik>.",
    "en": "Yes, in the courtyard.\n\nPlease give our name at the gate: <House of Optics>.",
    "ja": "中庭に駐車場がございます。\n\n入口で「光学会館」とお伝えください。",
}


def letters_about_replies(app: Flask, clock: Any, smtp: Any, keep: Keep) -> None:
    """What three people write in plain words, one thing a day; and what a coordinator answers."""
    stage = Stage(app, smtp, keep)
    with db.transaction():
        meeting_id = _morning().id
    clock.set(berlin(2026, 2, 19, 9))
    send_due(app, Night())
    for number, name in enumerate(("yes", "maybe", "no", "waiting")):
        if name == "waiting":
            with db.transaction():
                announcing.edit(meeting_id, seats=1)
                rsvps.answer(meeting_id, people.oskar().id, "yes", by="page")
        _all_write(app, number)
        stage.deliver("acknowledged", f"acknowledged-{name}")
        clock.advance(days=1)
    _all_write(app, 4)
    with db.transaction() as session:
        asked = session.scalars(select(Incoming).where(Incoming.outcome == "message")).all()
        for mail in asked:
            words = ANSWERED[members.by_id(mail.member_id).language]
            settling.reply(mail.id, words, language="en", actor_id=people.ludwig().id)
    stage.deliver("reply")


def _all_write(app: Flask, number: int) -> None:
    place = app.extensions["intake"]
    for make in READERS:
        with db.transaction():
            member = make()
            mail = EmailMessage()
            mail["From"] = members.main_address(member).text  # type: ignore[union-attr]  # they all have one
            mail["Subject"] = "AW: Einladung"
            mail["Message-ID"] = f"<{member.language}{number}@client.example>"
            mail.set_content(SAID[member.language][number])
            token = place.tokens.mint_address("member", member.id)
            intake.receive(mail.as_bytes(), way="lmtp", tokens=place.tokens, recipient=f"rsvp+{token}@{DOMAIN}")
    intake.step(place)


def _change(meeting_id: int, choices: Choices, **values: Any) -> None:
    announcing.change(meeting_id, values, Change(), choices)


def _morning() -> Meeting:
    made = people.announced_meeting(
        people=[make() for make in READERS],
        title=TITLE,
        note=NOTE,
        uid=UID,
        join_link="https://video.example/asa?room=1&key=2",
        guests_allowed=2,
    )
    speaker = SpeakerText(
        family="Yamada",
        given="Kenji",
        title="Dr.",
        family_ja="山田",
        given_ja="健二",
        position={"de": "Leiter Forschung", "en": "Head of Research", "ja": "研究部長"},
        organisation={"de": "Photonics Hamamatsu", "en": "Photonics Hamamatsu", "ja": "浜松フォトニクス会"},
    )
    topics.post(made, TOPIC, abstract=ABSTRACT, speakers=[speaker, SpeakerText(family="Roth", given="Eva")])
    topics.post(made, ONLY_GERMAN)
    return made


def _write(meeting_id: int, kind: str, text: tuple[dict[str, str], ...]) -> None:
    """A letter of one's own to all who come, for now."""
    subject, words = text
    with db.transaction():
        message = writing.draft(
            meeting_id, kind=kind, audience="coming", subject=subject, words=words, due_at=None, actor_id=None
        )
        writing.queue(message.id, meeting_id, version=message.version, actor_id=None)


def _all_say(meeting_id: int, choice: str, guests: int) -> None:
    for make in READERS:
        with db.transaction():
            rsvps.answer(meeting_id, make().id, choice, guests=guests, by="page")


def letters_about_a_queue(app: Flask, clock: Any, smtp: Any, keep: Keep) -> None:
    """Seats kept for three who normally come, until they lapse; then seats offered to them, until nobody takes one."""
    stage = Stage(app, smtp, keep)
    with db.transaction():
        series = people.series(offers="14 days before at 09:00", standing_lapses=True)
        people.belong(series, *(make() for make in READERS))
        for make in READERS:
            rsvps.come_normally(series.id, make().id)
        clock.advance(minutes=1)
        kept = people.announced_meeting(series, title=TITLE, uid=UID)
        kept_until = kept.answer_until
        series_id = series.id
    clock.set(berlin(2026, 2, 19, 9))
    stage.deliver("invite", "invite-kept")
    clock.set(berlin(2026, 3, 10, 9))
    stage.deliver("remind", "remind-kept")
    clock.set(kept_until)
    stage.deliver("lapsed")
    clock.set(berlin(2026, 3, 13, 9))
    with db.transaction():
        series_rules.change(series_rules.by_id(series_id), actor_id=None, plan={"eve": "1 day before at 17:00"})
        for make in READERS:
            rsvps.come_no_longer(series_id, make().id)
        again = people.announced_meeting(
            series_rules.by_id(series_id), datetime(2026, 4, 9, 8), title=TITLE, seats=1, guests_allowed=1
        )
        meeting_id = again.id
        rsvps.answer(meeting_id, people.oskar().id, "yes", by="page")
    _all_say(meeting_id, "yes", 1)
    stage.deliver("waiting", "waiting-offers")
    clock.set(berlin(2026, 3, 30, 9))
    with db.transaction():
        announcing.edit(meeting_id, seats=7)
    stage.deliver("offer")
    clock.advance(days=5)
    stage.deliver("free")


def letters_about_accounts(app: Flask, clock: Any, smtp: Any, keep: Keep) -> None:
    """Signing in, applying, joining, deciding, and the coordinators' morning."""
    stage = Stage(app, smtp, keep)
    with db.transaction():
        series = people.series()
        people.coordinate(series, *(make() for make in READERS))
        meeting = people.announced_meeting(series, title=TITLE)
        series_id, meeting_id = series.id, meeting.id
    for make in READERS:
        with db.transaction():
            members.ask_for_sign_in(members.main_address(make()).text)  # type: ignore[union-attr]  # they all have one
    stage.deliver("sign_in")
    for way, name in (("passkey", "Büro"), ("provider", "Jena-ID")):
        for what in (f"{way} {'added' if way == 'passkey' else 'joined'}", f"{way} removed"):
            with db.transaction():
                for make in READERS:
                    passkeys.tell(make(), what, name)
            stage.deliver("keys", f"keys-{what.replace(' ', '-')}")
    with db.transaction():
        for make in READERS:
            devices.tell(devices.begin(make().id, by="link", name="Firefox, Android")[0])
    stage.deliver("new_device")
    for what in ("set", "removed", "by desk", "used", "required"):
        with db.transaction():
            for make in READERS:
                factors._tell(make().id, what)
        stage.deliver("second_factor", f"second_factor-{what.replace(' ', '-')}")
    for desk, name in ((True, "copy_ready-desk"), (False, "copy_ready")):
        for make in READERS:
            with db.transaction():
                copies.ask(make(), actor_id=people.ludwig().id if desk else make().id)
            copies.step()
        stage.deliver("copy_ready", name)
    with db.transaction():
        for language, (email, person) in APPLICANTS.items():
            _apply(f"meeting-{email}", person, language, meeting_id=meeting_id)
    stage.deliver("opt_in", "opt_in-meeting")
    with db.transaction():
        applications = [
            _apply(email, person, language, series_id=series_id).id for language, (email, person) in APPLICANTS.items()
        ]
    stage.deliver("opt_in")
    with db.transaction():
        for language, (email, person) in APPLICANTS.items():
            applying.invite(
                f"join-{email}", {**person, "language": language}, series_id=series_id, inviter_id=people.katrin().id
            )
    stage.deliver("join")
    _confirm(applications[2])
    stage.deliver("application")
    for application in applications[:2]:
        _confirm(application)
    with db.transaction():
        for application in applications:
            applying.approve(application, actor_id=people.katrin().id)
    stage.deliver("welcome")
    with db.transaction():
        again = [
            _apply(f"again-{email}", person, language, series_id=series_id).id
            for language, (email, person) in APPLICANTS.items()
        ]
    send_due(app, Night())
    for application in again:
        _confirm(application)
    with db.transaction():
        for application in again:
            applying.decline(application, actor_id=people.katrin().id, reason="Der Kreis ist zurzeit voll.")
    stage.deliver("declined")
    with db.transaction():
        undecided = _apply("late@weimar.example", {"family": "Spät"}, "de", series_id=series_id).id
    _confirm(undecided)
    _two_busy_days(app, clock, smtp, meeting_id)
    clock.set(berlin(2026, 3, 12, 7))
    stage.deliver("digest")


def letters_shortly_before(app: Flask, clock: Any, smtp: Any, keep: Keep) -> None:
    """What coordinators hear at once on the day before, and of waiting mails the next morning."""
    stage = Stage(app, smtp, keep)
    with db.transaction():
        series = people.series()
        people.coordinate(series, *(make() for make in READERS))
        meeting = people.announced_meeting(
            series, title=TITLE, people=[people.akiko(), people.naoko(), people.ludwig()]
        )
        meeting_id = meeting.id
        for who in (people.akiko(), people.naoko()):
            people.say(meeting, who, "yes")
        people.send_all()
        clock.set(berlin(2026, 3, 11, 13))
        for moment in meetings_moments(meeting_id):
            moment.done_at = clock.now
    clock.set(berlin(2026, 3, 11, 18))
    with db.transaction():
        rsvps.answer(meeting_id, people.akiko().id, "no", by="page", comment="Mein Zug fällt aus.")
    stage.deliver("alert", "alert-late")
    with db.transaction() as session:
        rsvps.answer(meeting_id, people.naoko().id, "no", by="page")
        session.add(_failed_letter(meeting_id))
        session.add(_waiting_mail("unclear", meeting_id, people.naoko(), "AW: Licht & Präzision"))
        session.add(_waiting_mail("message", meeting_id, None, ""))
    stage.deliver("alert")
    clock.set(berlin(2026, 3, 12, 7))
    stage.deliver("digest", "digest-mails")


def meetings_moments(meeting_id: int) -> list[meetings.Moment]:
    return list(db.session().scalars(select(meetings.Moment).where(meetings.Moment.meeting_id == meeting_id)))


def _failed_letter(meeting_id: int) -> Letter:
    now = clock.now()
    return Letter(
        **{"key": "eve:x", "kind": "eve", "member_id": people.ludwig().id, "meeting_id": meeting_id, "state": "failed"},
        **{"due_at": now, "created_at": now, "settled_at": now, "server_words": "550 5.2.2 mailbox full"},
    )


def _waiting_mail(outcome: str, meeting_id: int, who: Member | None, subject: str) -> Incoming:
    now = clock.now()
    return Incoming(
        **{"digest": outcome, "raw_hash": outcome, "raw": b"", "size": 0, "way": "lmtp", "state": "parked"},
        **{"came_at": now, "due_at": now, "taken_at": now, "outcome": outcome, "subject": subject},
        **{"author": "wer@elsewhere.example", "meeting_id": meeting_id, "member_id": who.id if who else None},
    )


def _two_busy_days(app: Flask, clock: Any, smtp: Any, meeting_id: int) -> None:
    """Answers to two seats, one of them late, one of them waiting; and a letter that cannot be delivered."""
    clock.set(berlin(2026, 3, 10, 13))
    with db.transaction():
        announcing.edit(meeting_id, seats=2)
        for make, choice, guests in (
            (people.akiko, "yes", 0),
            (people.oskar, "yes", 0),
            (people.naoko, "yes", 1),
            (people.ludwig, "maybe", 0),
        ):
            rsvps.answer(meeting_id, make().id, choice, guests=guests, by="page")
    smtp.faults.answer("akiko.sato@hamamatsu.example", "550 5.1.1 no such person")
    send_due(app, Night())
    clock.set(berlin(2026, 3, 11, 18))
    with db.transaction():
        rsvps.answer(meeting_id, people.oskar().id, "no", by="page")
    send_due(app, Night())


APPLICANTS = {
    "de": (
        "neu@weimar.example",
        {"salutation": "frau", "family": "Neu", "given": "Frieda", "organisation": "Glaswerk Weimar"},
    ),
    "en": ("grey@weimar.example", {"salutation": "herr", "family": "Grey", "given": "Alan"}),
    "ja": (
        "suzuki@weimar.example",
        {"family": "Suzuki", "given": "Ichiro", "family_ja": "鈴木", "given_ja": "一郎", "organisation": "浜松光学"},
    ),
}


def _apply(email: str, person: dict[str, str], language: str, **wish: int) -> Any:
    return applying.apply(
        {**person, "language": language},
        email,
        message="Ich freue mich auf den Austausch.\nGern auch auf Japanisch.",
        consent_text="Ich bin einverstanden.",
        consent_version="1",
        from_address=None,
        **wish,  # type: ignore[arg-type]  # numbers of a meeting or a series
    )


def _confirm(application_id: int) -> None:
    with db.transaction() as session:
        nonce = applying.mint_confirmation(applying.by_id(application_id))
        session.flush()
        applying.confirm(application_id, nonce, from_address=None)


CONTRIBUTORS = {
    "de": ("eva.roth@optik-jena.example", "frau", {"family": "Roth", "given": "Eva", "title": "Dr."}),
    "en": ("alan.grey@ilmenau.example", "herr", {"family": "Grey", "given": "Alan"}),
    "ja": (
        "hiroshi.ito@hamamatsu.example",
        "herr",
        {"family": "Ito", "given": "Hiroshi", "family_ja": "伊藤", "given_ja": "浩"},
    ),
}


def letters_to_speakers_and_hosts(app: Flask, clock: Any, smtp: Any, keep: Keep) -> None:
    """Asking a speaker in each language, reminding them, and the same with the hosts."""
    stage = Stage(app, smtp, keep)
    with db.transaction():
        series = people.series()
        ids = {language: people.announced_meeting(series, title=TITLE).id for language in CONTRIBUTORS}
        for language, (address, salutation, names) in CONTRIBUTORS.items():
            meeting = meetings.by_id(ids[language])
            topic = topics.post(meeting, TOPIC, speakers=[SpeakerText(**names)])
            (speaker,) = topics.by_id(meeting, topic.id).speakers
            to = Reach(address, language, salutation)
            asking.ask(speakers.reach_speaker(meeting, speaker.id, to), meeting)
    stage.deliver("speaker")
    clock.set(berlin(2026, 2, 26, 9))
    stage.deliver("speaker_remind")
    with db.transaction():
        for language, (address, salutation, names) in CONTRIBUTORS.items():
            meeting = meetings.by_id(ids[language])
            speakers.answer(speakers.of(meeting)[0], meeting, comes=True)
            to = Reach(address, language, salutation)
            asking.ask(speakers.name_host(meeting, PersonText(names), to), meeting)
    stage.deliver("speaker", "speaker-host")
    clock.set(berlin(2026, 3, 5, 9))
    stage.deliver("speaker_remind", "speaker_remind-host")


def letters_to_host_and_caterer(app: Flask, clock: Any, smtp: Any, keep: Keep) -> None:
    """The links of both, numbers that change after the deadline, and a cancellation, also as coordinators read it."""
    stage = Stage(app, smtp, keep)
    with db.transaction():
        series = people.series(guests_allowed=2)
        people.coordinate(series, *(make() for make in READERS))
        ids = {code: people.announced_meeting(series, title=TITLE, venue=ELSEWHERE).id for code in CONTRIBUTORS}
        for meeting_id in ids.values():
            rsvps.answer(meeting_id, people.oskar().id, "yes", by="page")
            rsvps.answer(meeting_id, people.grete().id, "yes", guests=2, by="page")
    for kind, name in (("caterer", "pack"), ("host", "pack-host")):
        with db.transaction():
            for code, meeting_id in ids.items():
                catering.make(meeting_id, kind, address=f"{kind}.{code}@jena.example", language=code)
        stage.deliver("pack", name)
    clock.set(berlin(2026, 3, 9, 12))
    cater_step()
    with db.transaction():
        for meeting_id in ids.values():
            rsvps.answer(meeting_id, people.grete().id, "yes", guests=1, by="page")
            rsvps.answer(meeting_id, people.naoko().id, "no", by="page")
    _tell(app, clock, stage, ids, "catering_change")
    with db.transaction():
        for meeting_id in ids.values():
            announcing.cancel(meeting_id, reason=REASON)
    _tell(app, clock, stage, ids, "catering_change-off")


def _tell(app: Flask, clock: Any, stage: Stage, ids: dict[str, int], name: str) -> None:
    """What caterers are told, and what the coordinators of the first of the meetings are."""
    clock.advance(hours=2)
    cater_step()
    with db.transaction() as session:
        others = [number for code, number in ids.items() if code != "de"]
        twice = Letter.kind == "catering_change", Letter.member_id.is_not(None), Letter.meeting_id.in_(others)
        session.execute(delete(Letter).where(*twice))
    stage.deliver("catering_change", name)


def letters_to_who_leaves(app: Flask, clock: Any, smtp: Any, keep: Keep) -> None:
    """Two mornings that stand in three calendars; all three leave the series of the one, and then altogether."""
    stage = Stage(app, smtp, keep)
    with db.transaction():
        other = people.series("other")
        people.announced_meeting(other, people=[make() for make in READERS], title=TITLE, uid=f"f{UID[1:]}")
        _morning()
        other_id = other.id
    clock.set(berlin(2026, 2, 19, 9))
    send_due(app, Night())
    for make in READERS:
        with db.transaction():
            leaving.leave_series(series_rules.by_id(other_id), make(), actor_id=make().id)
    stage.deliver("parted", "parted-series")
    for make in READERS:
        with db.transaction():
            leaving.leave(make(), actor_id=make().id)
    stage.deliver("parted")
    clock.advance(days=retention.BY_NAME["left"].days - 30)
    retention.remove()
    clock.advance(days=1)
    stage.deliver("erased_soon")


def letters_about_calendar_answers(app: Flask, clock: Any, smtp: Any, keep: Keep) -> None:
    """An unknown address answers for each of the three; somebody nobody vouches for does; then answers that come late,
    and to a cancelled morning."""
    stage = Stage(app, smtp, keep)
    with db.transaction():
        meeting_id = _morning().id
    clock.set(berlin(2026, 2, 19, 9))
    send_due(app, Night())
    strange = {"choice": "yes", "address": "assistenz@optik-jena.example"}
    with db.transaction():
        for make in READERS:
            rsvps.answer(meeting_id, make().id, "yes", by="calendar")
    _tell_all("answered", meeting_id, {**strange, "mail": 7})
    stage.deliver("answered")
    _tell_all("ask_back", meeting_id, {**strange, "choice": "maybe"})
    stage.deliver("ask_back")
    clock.set(berlin(2026, 3, 11, 19))
    _tell_all("not_taken", meeting_id, {"choice": "maybe", "why": "late", "revision": 1})
    stage.deliver("not_taken")
    with db.transaction():
        announcing.cancel(meeting_id, reason=REASON)
    send_due(app, Night())
    _tell_all("not_taken", meeting_id, {"choice": "yes", "why": "cancelled", "revision": 1})
    stage.deliver("not_taken", "not_taken-cancelled")


def _tell_all(kind: str, meeting_id: int, facts: dict[str, Any]) -> None:
    with db.transaction():
        for make in READERS:
            key = f"{kind}:{make().id}:{facts['choice']}"
            letters.post(kind, key, member_id=make().id, meeting_id=meeting_id, facts=facts)


def letters_about_addresses(app: Flask, clock: Any, smtp: Any, keep: Keep) -> None:
    """A new address is asked for and confirmed, a coordinator sets another, and from the old one it is objected to."""
    stage = Stage(app, smtp, keep)
    with db.transaction():
        people.coordinate(people.series(), *(make() for make in READERS))
        people.oskar()
    with db.transaction():
        for make in READERS:
            readdressing.ask(make(), f"neu.{make().language}@jena.example")
    stage.deliver("address_confirm")
    with db.transaction():
        for make in READERS:
            asked = readdressing.asked(make())
            assert asked is not None
            readdressing.confirm(asked.id, readdressing.mint_confirmation(asked.id))
    stage.deliver("address_changed")
    with db.transaction():
        for make in READERS:
            readdressing.give(make(), f"amt.{make().language}@jena.example", actor_id=people.ludwig().id)
    before = len(smtp.letters)
    send_due(app, Night())
    for came in smtp.letters[before:]:
        keep(f"address_changed-desk-{(row_of(came).facts or {})['to']}.{came.message['Content-Language']}", came)
    with db.transaction():
        for make in READERS:
            readdressing.ask(people.oskar(), members.main_address(make()).text)  # type: ignore[union-attr]  # they all have one
    stage.deliver("address_taken")
    with db.transaction():
        readdressing.give(people.oskar(), "oskar.neu@elsewhere.example", actor_id=people.ludwig().id)
        series_rules.join(series_rules.by_slug("asanokai"), people.oskar())
    send_due(app, Night())
    with db.transaction():
        made = readdressing.objectionable(people.oskar())
        assert made is not None
        readdressing.objection(made.id, readdressing.mint_objection(made.id))
    before = len(smtp.letters)
    send_due(app, Night())
    for came in smtp.letters[before:]:
        if came.to.startswith("amt."):  # the administrator hears of it too, in German
            keep(f"address_objected.{came.message['Content-Language']}", came)


SCENES: dict[str, Scene] = {
    "meeting": letters_about_a_meeting,
    "replies": letters_about_replies,
    "accounts": letters_about_accounts,
    "speakers": letters_to_speakers_and_hosts,
    "queue": letters_about_a_queue,
    "catering": letters_to_host_and_caterer,
    "leaving": letters_to_who_leaves,
    "calendars": letters_about_calendar_answers,
    "shortly": letters_shortly_before,
    "addresses": letters_about_addresses,
}

FACTORS = tuple(f"second_factor-{what}" for what in ("set", "removed", "by-desk", "used", "required"))

ALL = {
    "meeting": (
        *("invite", "remind", "confirm-yes", "confirm-maybe", "confirm-no", "waiting", "seat", "moved", "eve"),
        *("nudge", "own", "own-german", "thanks"),
        *("changed", "changed-again", "cancelled"),
    ),
    "replies": ("acknowledged-yes", "acknowledged-maybe", "acknowledged-no", "acknowledged-waiting", "reply"),
    "queue": ("invite-kept", "remind-kept", "lapsed", "waiting-offers", "offer", "free"),
    "accounts": (
        *("sign_in", "new_device", "opt_in", "opt_in-meeting", "join", "application", "welcome", "declined", "digest"),
        *FACTORS,
        *("copy_ready", "copy_ready-desk"),
        *(f"keys-{what}" for what in ("passkey-added", "passkey-removed", "provider-joined", "provider-removed")),
        *("sign_in", "opt_in", "opt_in-meeting", "join", "application", "welcome", "declined", "digest"),
    ),
    "speakers": ("speaker", "speaker-host", "speaker_remind", "speaker_remind-host"),
    "leaving": ("parted", "parted-series", "erased_soon"),
    "calendars": ("answered", "ask_back", "not_taken", "not_taken-cancelled"),
    "shortly": ("alert", "alert-late", "digest-mails"),
    "addresses": (
        *("address_confirm", "address_changed", "address_changed-desk-old", "address_changed-desk-new"),
        *("address_taken", "address_objected"),
    ),
    "catering": (
        *("pack", "pack-host", "catering_change", "catering_change-desk"),
        *("catering_change-off", "catering_change-off-desk"),
    ),
}

every_scene = pytest.mark.parametrize("scene", SCENES)


# --- as readers get them ----------------------------------------------------------------------------------------------

MEANINGLESS = (
    (
        re.compile(r"/(answer|undo|unsubscribe|sign-in|join|speaking|pack|address|objection)/[A-Za-z0-9_.-]+"),
        r"/\1/‹token›",
    ),
    (re.compile(r"\b(rsvp|bounce|unsubscribe)\+[a-z2-7]+@"), r"\1+‹token›@"),
    (re.compile(r"<[0-9a-f]{32}@"), "<‹number›@"),
)


def as_read(mail: Received) -> str:
    """The mail as one text: envelope, headers by name, and every part decoded."""
    message = mail.message
    names = sorted(name for name in message if name != "Content-Type")
    shown = [f"(from {mail.mail_from} to {mail.to})", *(f"{name}: {message[name]}" for name in names)]
    calendar = None
    for part in message.walk():
        shown.append(f"\n======== {_described(part)}")
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if part.get_content_type() == "application/ics":
            assert content == calendar
            shown.append("(the same calendar)")
            continue
        if part.get_content_type() == "text/calendar":
            calendar = content
            content = content.replace(b"\r\n ", b"")
        shown.append(content.decode().replace("\r\n", "\n").rstrip("\n"))
    text = "\n".join(shown) + "\n"
    for pattern, mark in MEANINGLESS:
        text = pattern.sub(mark, text)
    return text


def _described(part: EmailMessage) -> str:
    about = [str(part["Content-Type"]), part["Content-Transfer-Encoding"], part["Content-Disposition"]]
    return " · ".join(re.sub(r'; boundary="[^"]*"', "", str(value)) for value in about if value)


@every_scene
def test_every_letter_reads_as_it_did_and_says_what_the_database_says(scene, app, clock, smtp):
    read: dict[str, str] = {}

    def keep(name: str, mail: Received) -> None:
        assert read.setdefault(name, as_read(mail)) == as_read(mail)
        assert {"name": name, **fields(mail, app)} == {"name": name, **known(name, mail, app)}

    SCENES[scene](app, clock, smtp, keep)
    assert set(read) == {f"{name}.{language}" for name in ALL[scene] for language in ("de", "en", "ja")}
    if REWRITE:
        FOLDER.mkdir(exist_ok=True)
        for name, text in read.items():
            (FOLDER / f"{name}.txt").write_text(text)
    assert read == {name: (FOLDER / f"{name}.txt").read_text() for name in read}


def test_no_file_is_left_over():
    kept = {f"{name}.{language}.txt" for names in ALL.values() for name in names for language in ("de", "en", "ja")}
    assert {path.name for path in FOLDER.iterdir()} == kept


# --- as the database knows them ---------------------------------------------------------------------------------------

OF_MEETING = set(letters.OF_MEETING)
WITH_ENTRY = {
    "invite",
    "invite-kept",
    "confirm-yes",
    "confirm-maybe",
    "acknowledged-yes",
    "acknowledged-maybe",
    "seat",
    "moved",
    "changed",
    "changed-again",
    "not_taken",
    "not_taken-cancelled",
    "cancelled",
    "parted",
    "parted-series",
}
PARTED = ("parted", "parted-series")


def fields(mail: Received, app: Flask) -> dict[str, Any]:
    """What a mail says about itself, read by the stdlib and by icalendar."""
    message = mail.message
    said: dict[str, Any] = {
        "envelope": (mail.mail_from, mail.rcpt_tos),
        "From": getaddresses([str(message["From"])]),
        "To": getaddresses([str(message["To"])]),
        "Date": parsedate_to_datetime(message["Date"]),
        "defects": [part.defects for part in message.walk() if part.defects],
        "links": links(message, app),
        "entry": entry(message),
    }
    plain = (
        "Message-ID",
        "In-Reply-To",
        "References",
        "Content-Language",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
    )
    return said | {name: message[name] for name in (*plain, "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")}


def links(message: EmailMessage, app: Flask) -> dict[str, Any]:
    """What the text's links stand for: purpose → the value each link of it holds, which must be one."""
    body = message.get_body(("plain",))
    assert body is not None
    held: dict[str, Any] = {}
    for page, purpose in (
        ("answer",) * 2,
        ("unsubscribe",) * 2,
        ("undo",) * 2,
        ("sign-in",) * 2,
        ("join", "opt-in"),
        ("speaking",) * 2,
        ("pack",) * 2,
        ("address",) * 2,
        ("objection",) * 2,
    ):
        for token in re.findall(rf"/{page}/([A-Za-z0-9_.-]+)", body.get_content()):
            value = app.extensions["tokens"].read(purpose, token)
            value = value[0] if purpose in ("sign-in", "opt-in", "address", "objection") else value
            assert held.setdefault(purpose, value) == value
    return held


def entry(message: EmailMessage) -> dict[str, Any] | None:
    found = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    if not found:
        return None
    calendar = Calendar.from_ical(found[0].get_payload(decode=True))  # type: ignore[arg-type]  # one part: bytes
    (event,) = calendar.walk("VEVENT")
    person, host = event["ATTENDEE"], event["ORGANIZER"]
    return {
        "method": (str(calendar["METHOD"]), found[0].get_param("method")),
        "uid": str(event["UID"]),
        "sequence": int(event["SEQUENCE"]),
        "starts, ends, stamp": tuple(event[name].dt for name in ("DTSTART", "DTEND", "DTSTAMP")),
        "words": tuple(str(event[name]) for name in ("SUMMARY", "LOCATION", "URL", "STATUS")),
        "attendee": (person.params["CN"], str(person), person.params["PARTSTAT"]),
        "organizer": (host.params["CN"], str(host)),
    }


def known(name: str, mail: Received, app: Flask) -> dict[str, Any]:
    """The same from the rows."""
    letter = row_of(mail)
    with db.reading() as session:
        return _known(name, letter, app, session)


def _known(name: str, letter: Letter, app: Flask, session: Any) -> dict[str, Any]:
    tokens = app.extensions["tokens"]
    kind, language = name.partition(".")[0], name.rpartition(".")[2]
    member = session.get(Member, letter.member_id) if letter.member_id else None
    asked = speakers.by_ids([(letter.facts or {}).get("contributor", 0)]).get(
        (letter.facts or {}).get("contributor", 0)
    )
    application = session.get(members.Application, (letter.facts or {}).get("application", 0))
    person = asked.name if asked else member.name if member else Name()
    if application is not None and kind.partition("-")[0] in ("opt_in", "join", "declined"):
        person = applying.said_name(application)
    address = letter.address or members.main_address(member).text
    sender = ("Asa no Kai Thüringen", "asanokai@asanokai.example")
    told: dict[str, Any] = {"links": {}, "entry": None, "References": None, "In-Reply-To": None}
    told |= {"List-Id": None, "List-Unsubscribe": None, "List-Unsubscribe-Post": None}
    if letter.kind in OF_MEETING:
        sender = (sender[0], f"rsvp+{tokens.mint_address('member', member.id)}@{DOMAIN}")
        leave = tokens.mint("unsubscribe", member.id)
        told |= {
            "links": {"answer": [letter.meeting_id, member.id], "unsubscribe": member.id},
            "List-Id": f"<asanokai.{DOMAIN}>",
            "List-Unsubscribe": f"<mailto:unsubscribe+{tokens.mint_address('unsubscribe', member.id)}@{DOMAIN}>,"
            f" <http://localhost:8000/unsubscribe/{leave}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        if kind not in ("invite", "invite-kept", "waiting-offers"):  # which are the first
            first = "waiting" if kind in ("offer", "free") else "invite"
            told["References"] = session.scalar(
                select(Letter.message_id)
                .where(Letter.kind == first, Letter.meeting_id == letter.meeting_id, Letter.member_id == member.id)
                .order_by(Letter.id)
            )
    if letter.kind == "acknowledged":
        told["links"]["undo"] = letter.facts["mail"]
    if letter.kind == "reply":
        sender = (sender[0], f"rsvp+{tokens.mint_address('member', member.id)}@{DOMAIN}")
    if (letter.facts or {}).get("answers"):
        told["In-Reply-To"] = letter.facts["answers"]
        told["References"] = " ".join(filter(None, [told["References"], letter.facts["answers"]]))
    if kind in ("cancelled", "thanks", *PARTED):
        del told["links"]["answer"]
    if kind == "answered":
        told["links"]["undo"] = letter.facts["mail"]
    if kind in PARTED:  # there is nothing left to end
        told |= {"links": {}, "List-Id": None, "List-Unsubscribe": None, "List-Unsubscribe-Post": None}
    if asked:
        told["links"] = {"speaking": [asked.id, asked.secret]}
    if member is None and "pack" in (letter.facts or {}):
        told["links"] = {"pack": [letter.facts["pack"], letter.facts["nonce"]]}
    if kind == "address_confirm":
        told["links"] = {"address": letter.facts["change"]}
    if kind in ("address_changed", "address_changed-desk-old"):
        told["links"] = {"objection": letter.facts["change"]}
    if kind == "sign_in":
        told["links"] = {"sign-in": member.id}
    if kind in ("opt_in", "opt_in-meeting", "join"):
        told["links"] = {"opt-in": application.id}
    if kind in WITH_ENTRY:
        meeting = session.get(Meeting, letter.meeting_id)
        series = session.get(Series, meeting.series_id)
        rsvp = rsvps.required(letter.meeting_id, letter.member_id)
        cancelled = kind in ("cancelled", "not_taken-cancelled", *PARTED)
        answers = {"invited": "NEEDS-ACTION", "yes": "ACCEPTED", "maybe": "TENTATIVE", "no": "DECLINED"}
        told["entry"] = {
            "method": ("CANCEL" if cancelled else "REQUEST",) * 2,
            "uid": meeting.uid,
            "sequence": max(meeting.sequence, letter.sequence),
            "starts, ends, stamp": (meeting.starts_at, meeting.ends_at, rsvp.stamped_at),
            "words": (
                f"{series.name[language]}: {meeting.title[language]}",
                meeting.venue[language],
                f"http://localhost:8000/meetings/{meeting.path}",
                "CANCELLED" if cancelled else "CONFIRMED",
            ),
            "attendee": (person.full(language), f"mailto:{address}", answers[rsvp.answer]),
            "organizer": (sender[0], f"mailto:{sender[1]}"),
        }
    return told | {
        "envelope": (f"bounce+{tokens.mint_address('letter', letter.id)}@{DOMAIN}", (address,)),
        "From": [sender],
        "To": [(person.full(language), address)],
        "Date": clock.now().replace(microsecond=0),
        "defects": [],
        "Message-ID": letters.message_id(letter.key, DOMAIN, tokens),
        "Content-Language": language,
        "Auto-Submitted": {"acknowledged": "auto-replied", "reply": "no"}.get(letter.kind, "auto-generated"),
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
