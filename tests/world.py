"""One small world with everything in it, the address of every route in that world, and a good form for every POST.

For the tests that walk all routes: a route without an address, a POST without a form, an input without a value make
them fail, so that a new one cannot be forgotten. It checks nothing itself.

The roles, and who plays them:

    visitor        nobody is signed in
    member         Katrin, who belongs to the series and is invited
    outsider       Oskar, who belongs to nothing
    coordinator    Akiko, who coordinates the series, from Tokyo
    other          Naoko, who coordinates another series
    administrator  Ludwig
    deputy         Grete, who may answer for Katrin and for Emma and belongs to nothing
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from PIL import Image
from sqlalchemy import func, select, text

from asanokai import (
    applying,
    asking,
    bulk,
    catering,
    circle,
    clock,
    consents,
    copies,
    db,
    deputies,
    devices,
    factors,
    installation,
    journal,
    law,
    letters,
    materials,
    members,
    merging,
    outside,
    passkeys,
    programme,
    proposals,
    questions,
    readdressing,
    retention,
    rsvps,
    speakers,
    topics,
    uploads,
    views,
    writing,
)
from asanokai.db import session
from asanokai.intake import Incoming
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.proposals import Words
from asanokai.series import Series
from asanokai.speakers import PersonText, Reach
from asanokai.topics import SpeakerText
from tests import people
from tests.conftest import Clock
from tests.pages import Reader

ROLES: dict[str, Callable[[], Member] | None] = {
    "visitor": None,
    "member": people.katrin,
    "outsider": people.oskar,
    "coordinator": people.akiko,
    "other": people.naoko,
    "administrator": people.ludwig,
    "deputy": people.grete,
}
PASSWORD = "ein langes Passwort"
PICTURE = b"\x89PNG\r\n\x1a\n and so on"
COLLEAGUE = "klaus.kollege@optik-jena.example"
NOBODY = 987_654
"""A number that no row has."""

OWN = {"subject": {"de": "Noch ein Wort"}, "words": {"de": "bitte den **Hintereingang** nehmen."}}
FRIEDA = {"family": "Neu", "given": "Frieda", "language": "en", "organisation": "Glaswerk Weimar"}
CONSENT = {"consent_text": "Ich bin einverstanden.", "consent_version": "2026-11", "from_address": "192.0.2.7"}


def portrait(size: tuple[int, int] = (40, 60), form: str = "PNG", **more: Any) -> bytes:
    """A picture as somebody might send it."""
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, form, **more)
    return written.getvalue()


@dataclass(frozen=True)
class World:
    """The numbers, paths and links that addresses are made of."""

    series_id: int
    other_series_id: int
    meeting_id: int
    hidden_id: int
    draft_id: int
    other_meeting_id: int
    topic_id: int
    slot_id: int
    speaker_id: int
    contributor_id: int
    photo_id: int
    slides_id: int
    material_id: int
    digest: str
    speaking: str
    member_id: int
    waiting_id: int
    seated_id: int
    series_question_id: int
    meeting_question_id: int
    named_id: int
    asking_id: int
    represented_id: int
    passkey_id: int
    identity_id: int
    application_id: int
    letter_id: int
    message_id: int
    view_id: int
    twin_id: int
    seal: str
    proposal_id: int
    own_proposal_id: int
    declined_id: int
    path: str
    hidden_path: str
    draft_path: str
    secret: str
    answer: str
    unsubscribe: str
    undo: str
    mail_id: int
    failed_mail_id: int
    entry_id: int
    confirm: str
    sign_in: str
    pack: str
    copy_id: int
    device_id: int
    address: str
    objection: str
    law_text_id: int
    consent_id: int

    def vanished(self) -> "World":
        """The same addresses for things that are not there."""
        numbers = {name: NOBODY for name in self.__annotations__ if name.endswith("_id")}
        return replace(self, **numbers, path="2026-01-01-nothing", hidden_path="2026-01-01-nothing")


def build(app: Flask, clock: Clock) -> World:
    """Make it; the clock goes to 20 February 2026, when the invitations to the first meeting have just gone out."""
    clock.set(people.berlin(2026, 2, 20, 12))
    with db.transaction():
        return _build(app)


def _build(app: Flask) -> World:
    people.ludwig()
    people.oskar()
    series = people.series(guests_allowed=2)
    people.coordinate(series, people.akiko())
    people.belong(series, people.katrin(), people.emma())
    other = people.series("hamamatsu", name={"ja": "浜松朝食会"}, zone="Asia/Tokyo")
    people.coordinate(other, people.naoko())
    people.belong(other, people.kenji())
    meeting = people.announced_meeting(series)
    hidden = people.announced_meeting(series, people.FIRST_MORNING + timedelta(days=28), public=False)
    draft = people.meeting(series, people.FIRST_MORNING + timedelta(days=63))
    theirs = people.announced_meeting(other, people.FIRST_MORNING + timedelta(days=1))
    topic = topics.post(meeting, {"de": "Licht aus Jena"}, speakers=[SpeakerText(family="Ito", given="Hiroshi")])
    contributor = speakers.reach_speaker(
        meeting, topics.of(meeting)[0].speakers[0].id, Reach("hiroshi.ito@hamamatsu.example", "en")
    )
    asking.ask(contributor, meeting)
    speakers.name_host(
        meeting, PersonText({"family": "Roth"}, organisation={"de": "Optik Jena"}), Reach("eva@x.example")
    )
    photo = uploads.set_photo(meeting, contributor.id, portrait())
    slides = uploads.add_document(
        meeting, "slides", "Licht.pdf", b"%PDF-1.7 x", field="slides", contributor_id=contributor.id
    )
    material = uploads.add_document(meeting, "material", "Liste.pdf", b"%PDF-1.7 y", field="file")
    materials.write(meeting, {"de": "Es wurde **gefragt**."}, seen_by="members")
    slots = programme.adopt(meeting, topics.of(meeting))
    people.say(meeting, people.emma(), "yes", guests=1)
    people.plan()
    people.send_all()
    waiting = _seats(series, hidden)
    session().add(factors.Factor(member_id=waiting.id, sealed="", created_at=clock.now(), confirmed_at=clock.now()))
    wine, bread = _questions(series, meeting)
    named, wanting = _deputies()
    failed = people.letters_to(people.katrin(), "invite")[0]
    failed.state, failed.reason, failed.server_words = "failed", "refused by the server", "550 no"
    written = writing.draft(meeting.id, audience="coming", actor_id=None, due_at=None, **OWN)
    applied, invited = _applications(series.id)
    members.set_password(people.kenji(), PASSWORD, actor_id=None)
    installation.change(actor_id=None, logo=PICTURE, logo_type="image/png", imprint={"de": "Impressum"})
    law.note()
    tokens, katrin, kenji = app.extensions["tokens"], people.katrin(), people.kenji()
    pack = catering.make(meeting.id, "caterer", address="koch@jena.example")
    copied = copies.ask(katrin, actor_id=katrin.id)
    copied.content, copied.size, copied.ready_at = b"PK", 2, clock.now()
    return World(
        copy_id=copied.id,
        series_id=series.id,
        other_series_id=other.id,
        meeting_id=meeting.id,
        hidden_id=hidden.id,
        draft_id=draft.id,
        other_meeting_id=theirs.id,
        topic_id=topic.id,
        slot_id=slots[1].id,
        speaker_id=contributor.speaker_id or 0,
        contributor_id=contributor.id,
        photo_id=photo.id,
        slides_id=slides.id,
        material_id=material.id,
        digest=photo.digest,
        speaking=tokens.mint("speaking", [contributor.id, contributor.secret]),
        member_id=katrin.id,
        waiting_id=waiting.id,
        seated_id=people.katrin().id,
        series_question_id=wine,
        meeting_question_id=bread,
        named_id=named,
        asking_id=wanting,
        represented_id=people.emma().id,
        passkey_id=_passkey(people.katrin()),
        identity_id=outside.join(katrin, "https://id.example", "7", name="Jena-ID", actor_id=katrin.id).id,
        application_id=applied,
        letter_id=failed.id,
        message_id=written.id,
        view_id=views.save(people.akiko(), "Neue", {"sort": "newest"}, series_id=series.id).id,
        twin_id=people.emma().id,
        seal=bulk.look(bulk.Deed("language", "ja"), [katrin.id], series=series).seal,
        **_proposals(series),
        path=meeting.path,
        hidden_path=hidden.path,
        draft_path=draft.path,
        secret=katrin.calendar_secret,
        answer=tokens.mint("answer", [meeting.id, katrin.id]),
        unsubscribe=tokens.mint("unsubscribe", katrin.id),
        undo=tokens.mint("undo", _mail(meeting).id),
        mail_id=written_mail(meeting, katrin, "message").id,
        failed_mail_id=written_mail(meeting, katrin, "failed").id,
        entry_id=_entry(),
        confirm=tokens.mint("opt-in", list(invited)),
        pack=tokens.mint("pack", [pack.id, pack.nonce]),
        device_id=_second_devices()[katrin.id],
        **_addresses(app),
        sign_in=tokens.mint("sign-in", [kenji.id, members.mint_sign_in(kenji)]),
        law_text_id=law.kept("imprint")[0].id,
        consent_id=_shown().id,
    )


def _second_devices() -> dict[int, int]:
    """Everybody who plays a role is signed in on another device as well: member → device."""
    numbers = [made().id for made in ROLES.values() if made is not None]
    return {number: devices.begin(number, by="password", name="Safari, iPhone")[0].id for number in numbers}


def _entry() -> int:
    """An entry of the journal with words that stand aside."""
    journal.write("change", "installation", 1, said="Neues Logo")
    session().flush()
    return session().scalars(select(func.max(journal.Aside.entry_id))).one()


def _mail(meeting: Meeting) -> Incoming:
    """Emma's answer came by mail, and can be taken back."""
    emma, now = people.emma().id, clock.now()
    made = {"meeting": meeting.id, "member": emma, "revision": rsvps.required(meeting.id, emma).revision}
    row = Incoming(
        digest="undo", raw_hash="undo", size=0, way="file", came_at=now, due_at=now, state="taken", outcome="answered"
    )
    row.facts = {**made, "answer": "yes", "before": {"answer": "invited", "guests": 0, "comment": ""}}
    session().add(row)
    session().flush()
    return row


def written_mail(meeting: Meeting, who: Member, outcome: str, number: int = 0) -> Incoming:
    """A mail of somebody's about a meeting that waits for a coordinator."""
    address = members.main_address(who)
    assert address is not None
    raw = f"From: {address.text}\r\nSubject: Parken\r\n\r\nWo kann man parken?\r\n".encode()
    row = Incoming(
        digest=f"{outcome} {who.id} {number}",
        raw_hash="0" * 64,
        raw=raw,
        size=len(raw),
        way="lmtp",
        sender=address.text,
        author=address.text,
        subject="Parken",
        came_at=clock.now(),
        due_at=clock.now(),
        taken_at=clock.now(),
        attempts=3,
        state="parked",
        outcome=outcome,
        member_id=who.id,
        meeting_id=meeting.id,
    )
    session().add(row)
    session().flush()
    return row


def _shown() -> consents.Consent:
    """Katrin and Emma let their series see them; Katrin's record of her name."""
    said = consents.Said("Ich willige ein.", "2026-11", "de", "192.0.2.7")
    for field in ("name", "address"):
        circle.show(people.emma(), field, said)
    circle.show(people.katrin(), "name", said)
    return consents.of_member(people.katrin().id)[0]


def _seats(series: Series, hidden: Meeting) -> Member:
    """At the hidden meeting: Katrin has a seat, a colleague could take it, and somebody waits although one is free."""
    colleague = people.member(COLLEAGUE, organisation="Optik Jena")
    waiting = people.member("walter.wartet@jena.example")
    people.belong(series, colleague, waiting)
    hidden.seats = 1
    people.say(hidden, people.katrin(), "yes")
    people.say(hidden, waiting, "yes")
    hidden.seats = 40
    return waiting


def _questions(series: Series, meeting: Meeting) -> tuple[int, int]:
    """One of the series, to be chosen; one of the meeting, to be written."""
    plates = [{"de": "Alles"}, {"de": "Vegetarisch"}]
    food = questions.add({"de": "Essen"}, "food", series_id=series.id, choices=plates)
    return food.id, questions.add({"de": "Anreise"}, "text", meeting_id=meeting.id).id


def _deputies() -> tuple[int, int]:
    """Katrin has named Emma and answers for her; Kenji has asked Katrin."""
    mine = deputies.name(people.katrin(), "emma.whitfield@ilmenau.example", "assistant")
    hers = deputies.name(people.emma(), "katrin.lindner@optik-jena.example", "deputy")
    deputies.agree(people.katrin(), hers.id)
    for represented in (people.katrin(), people.emma()):
        deputies.agree(people.grete(), deputies.name(represented, "grete.amt@optik-jena.example", "assistant").id)
    return mine.id, deputies.name(people.kenji(), "katrin.lindner@optik-jena.example", "deputy").id


def _passkey(who: Member, credential: bytes = b"a passkey") -> int:
    """A passkey; nobody has its key."""
    row = passkeys.Passkey(credential_id=credential, public_key=b"its key", handle=b"its member")
    return passkeys.add(who, row, "Büro", actor_id=who.id).id


def _proposals(series: Any) -> dict[str, int]:
    """Emma's and Katrin's that are open, and one that was declined."""
    emma, katrin, akiko = people.emma().id, people.katrin().id, people.akiko().id
    theirs = proposals.propose(series, emma, Words({"en": "Light from Jena"}, {"en": "Lasers"}, "Dr Ito"))
    own = proposals.propose(series, katrin, Words({"de": "Licht aus Jena"}))
    declined = proposals.propose(series, katrin, Words({"de": "Steuerrecht"}))
    proposals.decline(series, declined.id, {"de": "Hatten wir gerade."}, actor_id=akiko)
    return {"proposal_id": theirs.id, "own_proposal_id": own.id, "declined_id": declined.id}


def _addresses(app: Flask) -> dict[str, str]:
    """Emma has asked for another address, and the one of somebody of her house was changed."""
    tokens, chief, moved = app.extensions["tokens"], people.ludwig(), people.member("m.umzug@jena.example")
    readdressing.ask(people.emma(), "emma@neu.example")
    readdressing.give(moved, "m.umzug@weimar.example", actor_id=chief.id)
    asked, made = readdressing.asked(people.emma()), readdressing.objectionable(moved)
    assert asked is not None and made is not None
    return {
        "address": tokens.mint("address", [asked.id, readdressing.mint_confirmation(asked.id)]),
        "objection": tokens.mint("objection", [made.id, readdressing.mint_objection(made.id)]),
    }


def _applications(series_id: int) -> tuple[int, tuple[int, str]]:
    """One that waits for a decision, and number and secret of one that waits to be confirmed."""
    waiting = applying.apply(FRIEDA, "frieda.neu@weimar.example", series_id=series_id, **CONSENT)  # type: ignore[arg-type]  # a dict of mixed values
    secret = applying.mint_confirmation(waiting)
    people.session().flush()
    applying.confirm(waiting.id, secret, from_address=None)
    unread = applying.apply({"family": "Alt"}, "alt@weimar.example", series_id=series_id, **CONSENT)  # type: ignore[arg-type]  # a dict of mixed values
    secret = applying.mint_confirmation(unread)
    people.session().flush()
    return waiting.id, (unread.id, secret)


def people_number(address: str) -> int:
    """The number of the member with that address."""
    found = members.number_of(address)
    assert found is not None
    return found


# --- addresses --------------------------------------------------------------------------------------------------------


def _arguments(world: World) -> dict[str, dict[str, Any]]:
    """Name of an address → what it is built of. The name is the endpoint, or "endpoint: variant"."""
    series, meeting = {"series_id": world.series_id}, {"meeting_id": world.meeting_id}
    draft, hidden = {"meeting_id": world.draft_id}, {"meeting_id": world.hidden_id}
    series_question = {**series, "question_id": world.series_question_id}
    meeting_question = {**meeting, "question_id": world.meeting_question_id}
    belonging = {**series, "member_id": world.member_id}
    topic = {**meeting, "topic_id": world.topic_id}
    proposal, own = ({**series, "proposal_id": number} for number in (world.proposal_id, world.own_proposal_id))
    preview = [f"outbox.preview: {kind}" for kind in letters.OF_MEETING]
    return {
        "static": {"filename": "asanokai.css"},
        "programme.meeting": {"path": world.path},
        "programme.meeting: not public": {"path": world.hidden_path},
        "programme.meeting: draft": {"path": world.draft_path},
        "joining.join": {},
        "joining.confirm": {"token": world.confirm},
        "signing_in.open_link": {"token": world.sign_in},
        "wishes.unsubscribe": {"token": world.unsubscribe},
        "undo.by_link": {"token": world.undo},
        "address.confirm": {"token": world.address},
        "address.objection": {"token": world.objection},
        "joining.join: a meeting": {"meeting": world.path},
        "answer.by_link": {"token": world.answer},
        "answer.by_member": {"path": world.path},
        **{f"proposals.{verb}": series for verb in ("of_series", "add")},
        **{f"proposals.{verb}": own for verb in ("edit", "withdraw")},
        "proposals.vote": proposal,
        "topics.of_series": series,
        **{f"topics.{verb}": proposal for verb in ("decide", "choose", "merge", "decline")},
        "topics.reopen": {**series, "proposal_id": world.declined_id},
        "feeds.personal": {"secret": world.secret},
        **{f"paper.{sheet}": {"path": world.path} for sheet in ("leaflet", "picture")},
        **{f"paper.{sheet}: not public": {"path": world.hidden_path} for sheet in ("leaflet", "picture")},
        **{f"paper.{sheet}": meeting for sheet in ("roll", "arrivals", "badges")},
        **{f"desk.{verb}": {"application_id": world.application_id} for verb in ("approve", "decline")},
        **{f"series.{verb}": series for verb in ("show", "edit", "pause", "propose", "add_meeting")},
        "standing.change": series,
        **{f"dates.{verb}": series for verb in ("show", "add")},
        **{f"dates.{verb}": draft for verb in ("decide", "change")},
        **{f"people.{verb}": series for verb in ("of_series", "invite", "series_too")},
        "imports.take_in": series,
        **{f"people.{verb}": belonging for verb in ("role", "part")},
        "lists.of_series": series,
        "lists.drop_view": {"view_id": world.view_id},
        "people.edit": {"member_id": world.member_id},
        **{f"meeting.{verb}": meeting for verb in ("show", "edit", "cancel", "pause", "roll", "add_topic")},
        "people.leave": {"member_id": world.member_id},
        "people.erase": {"member_id": world.member_id},
        "people.copy": {"member_id": world.member_id},
        "people.fetch_copy": {"member_id": world.member_id, "copy_id": world.copy_id},
        "mydata.fetch_copy": {"copy_id": world.copy_id},
        "twins.merge": {"kept_id": world.member_id, "other_id": world.twin_id},
        **{f"meeting.{verb}": meeting for verb in ("show", "edit", "move", "cancel", "pause", "roll", "add_topic")},
        **{f"meeting.{verb}": meeting for verb in ("show", "edit", "move", "cancel", "pause", "add_topic")},
        **{f"meeting.{verb}": draft for verb in ("announce", "drop")},
        "meeting.show: draft": draft,
        "roll.show": meeting,
        "roll.line": {**meeting, "member_id": world.member_id},
        "roll.move_up": {**hidden, "member_id": world.waiting_id},
        "roll.replies": {**meeting, "member_id": world.member_id},
        "roll.pass_on": {**hidden, "member_id": world.seated_id},
        "questions.of_series": series,
        "questions.of_meeting": meeting,
        **{f"questions.{verb}_of_series": series_question for verb in ("change", "drop")},
        **{f"questions.{verb}_of_meeting": meeting_question for verb in ("change", "drop")},
        "passing.to_colleague": {"path": world.hidden_path},
        **{f"keys.{verb}": {"passkey_id": world.passkey_id} for verb in ("rename", "remove")},
        "outside.remove": {"identity_id": world.identity_id},
        "deputy.remove": {"deputy_id": world.named_id},
        **{f"deputy.{verb}": {"deputy_id": world.asking_id} for verb in ("agree", "refuse")},
        "deputy.meetings": {"member_id": world.represented_id},
        "deputy.answer": {"member_id": world.represented_id, **meeting},
        **{f"meeting.{verb}": topic for verb in ("edit_topic", "remove_topic")},
        **{f"order.{verb}": meeting for verb in ("show", "adopt")},
        **{f"order.{verb}": {**meeting, "slot_id": world.slot_id} for verb in ("edit", "move", "remove")},
        "order.show: draft": draft,
        "order.adopt": draft,
        **{f"speaking.{verb}": {"token": world.speaking} for verb in ("show", "answer", "person", "talk")},
        **{f"speaking.{verb}": {"token": world.speaking, "upload_id": world.slides_id} for verb in ("file", "remove")},
        "handouts.photo": {"path": world.path, "upload_id": world.photo_id, "digest": world.digest},
        **{f"speakers.{verb}": meeting for verb in ("show", "host", "remove_host")},
        "speakers.host: nobody yet": draft,
        "speakers.reach": {**meeting, "speaker_id": world.speaker_id},
        "speakers.ask": {**meeting, "contributor_id": world.contributor_id},
        **{f"materials.{verb}": meeting for verb in ("show", "minutes")},
        **{f"materials.{verb}": {**meeting, "upload_id": world.material_id} for verb in ("file", "seen", "remove")},
        "handouts.file": {"path": world.path, "upload_id": world.material_id},
        "people.lost_factor": {"member_id": world.waiting_id},
        "devices.sign_out": {"device_id": world.device_id},
        "outbox.of_meeting": meeting,
        **{name: {**meeting, "kind": name.partition(": ")[2]} for name in preview},
        "outbox.preview: part": {**meeting, "kind": "invite", "part": "html"},
        "outbox.preview": meeting,
        "outbox.left_out": meeting,
        "outbox.of_member": {"member_id": world.member_id},
        "outbox.retry": {"letter_id": world.letter_id},
        "outbox.life": {"letter_id": world.letter_id},
        "outbox.use_again": {"member_id": world.member_id},
        **{f"writing.{verb}": meeting for verb in ("add", "nudge", "send_test")},
        **{f"writing.{verb}": {**meeting, "message_id": world.message_id} for verb in ("edit", "check", "withdraw")},
        "writing.paragraph": {**meeting, "kind": "remind"},
        "mail.everything": {},
        "mail.everything: all": {"kind": "all"},
        "mail.show": {"mail_id": world.mail_id},
        **{f"mail.{verb}": {"mail_id": world.mail_id} for verb in ("reply", "enter", "settle")},
        "mail.again": {"mail_id": world.failed_mail_id},
        "pack.show": {"token": world.pack},
        "catering.show": meeting,
        **{f"catering.{verb}": {**meeting, "kind": "caterer"} for verb in ("make", "withdraw")},
        "log.of_meeting": meeting,
        "log.of_series": series,
        "log.of_member": {"member_id": world.member_id},
        "circle.of_series": series,
        "consenting.withdraw": {"consent_id": world.consent_id},
        **{f"consent_records.{verb}": {"member_id": world.member_id} for verb in ("of_member", "disclose")},
        "journal.everything": {},
        "journal.everything: filtered": {"area": "access", "day": "2026-02-20"},
        "journal.aside": {"entry_id": world.entry_id},
        "law.text": {"kind": "privacy"},
        "law.kept": {"text_id": world.law_text_id},
    }


def addresses(app: Flask, world: World, method: str) -> dict[str, str]:
    """Name → address for every route that takes the method. Raises BuildError for one that nothing is known of."""
    known = _arguments(world)
    routes = app.url_map.bind("localhost")
    named = {name.partition(":")[0] for name in known}
    taking = {rule.endpoint for rule in app.url_map.iter_rules() if method in (rule.methods or ())}
    names = [*(name for name in known if name.partition(":")[0] in taking), *(taking - named)]
    return {name: routes.build(name.partition(":")[0], known.get(name, {}), method) for name in sorted(names)}


# --- forms ------------------------------------------------------------------------------------------------------------


def texts(name: str, words: str = "") -> dict[str, str]:
    """A text in three languages as a form sends it."""
    return {f"{name}-de": words, f"{name}-en": "", f"{name}-ja": ""}


def lead(name: str, days: str = "", at: str = "") -> dict[str, str]:
    """A step of the letter plan as a form sends it."""
    return {f"{name}-days": days, f"{name}-at": at}


PERSON = {
    "salutation": "frau",
    "title": "Dr.",
    "given": "Frieda",
    "family": "Neu",
    "family_ja": "新",
    "given_ja": "花子",
    "organisation": "Glaswerk Weimar",
    "language": "de",
}
WHOLE_PERSON = {**PERSON, "family_kana": "しん", "given_kana": "はなこ", "position": "Einkauf"}
RULE = {
    "frequency": "monthly",
    "ordinal": "2",
    "weekday": "TH",
    "months": "1",
    "interval": "6",
    "rule": "",
    "first": "2026-03-12T08:00",
    "until": "",
    "times": "",
}
SERIES = {
    **texts("name", "Asa no Kai"),
    **texts("description", "Frühstück"),
    **texts("venue", "Jena"),
    **lead("deadline", "1", "12:00"),
    **lead("invite", "21", "09:00"),
    **lead("remind_1", "2", "09:00"),
    **lead("remind_2"),
    **lead("remind_3"),
    **lead("eve", "1", "17:00"),
    **lead("offers", "3", "09:00"),
    "standing_lapses": "y",
    "second_factor": "",
    **RULE,
    "slug": "another",
    "zone": "Europe/Berlin",
    "minutes": "120",
    "join_link": "",
    "seats": "40",
    "guests_allowed": "1",
    "first_language": "de",
    "public": "y",
    "needs_approval": "y",
}
SPEAKERS = {
    name: words
    for number in range(3)
    for name, words in {
        f"speakers-{number}-title": "",
        f"speakers-{number}-given": "Hiroshi" if number == 0 else "",
        f"speakers-{number}-family": "Ito" if number == 0 else "",
        f"speakers-{number}-family_ja": "",
        f"speakers-{number}-given_ja": "",
        **texts(f"speakers-{number}-position"),
        **texts(f"speakers-{number}-organisation"),
    }.items()
}
TOPIC = {**texts("title", "Licht"), **texts("abstract", "Ein **Vortrag**"), **SPEAKERS}
MESSAGE = {
    **texts("subject", "Noch ein Wort"),
    **texts("words", "Bitte den **Hintereingang** nehmen."),
    "audience": "silent",
    "due_at": "2026-03-01T10:00",
    "kind": "own",
}
NAMED = {
    "title": "",
    "given": "Hiroshi",
    "family": "Ito",
    "family_ja": "伊藤",
    "given_ja": "",
    **texts("position"),
    **texts("organisation", "Photonics Hamamatsu"),
}
REACHED = {"email": "hiroshi.ito@hamamatsu.example", "language": "ja", "salutation": "herr", "send": "y"}
PROPOSAL = {**texts("title", "Glas"), **texts("abstract", "Quarz"), "speaker_hint": "Schott"}
SLOT = {"kind": "other", "topic": "", "minutes": "20", **texts("title", "Rundgang")}
ANSWER = {"answer": "yes", "guests": "1", "guest_names": "Ida Gast, Optik Jena", "comment": "Gern"}
WORDING = {**texts("label", "Essen?"), **texts("choices"), "needed": "y", "vanishes": "y"}
QUESTION = {
    **texts("label", "Essen?"),
    **texts("choices", "Alles\nVegan"),
    "needed": "y",
    "kind": "food",
    "keep": "vanish",
}
SETTINGS_OF_MEMBER = {**WHOLE_PERSON, "zone": "Europe/Berlin"}
TABLE = "E-Mail;Name;Vorname\nhans@jena.example;Meier;Hans\n"


def forms(world: World) -> dict[str, dict[str, str]]:
    """Name of an address → a form that is taken there. Values in order; files are named apart (`FILES`)."""
    deed = {"deed": "language:ja", "whom": "ticked", "member": str(world.member_id), "step": "do", "seal": world.seal}
    asked = {
        **ANSWER,
        f"question_{world.series_question_id}": "1",
        f"question_{world.meeting_question_id}": "Zug",
    }
    return {
        "joining.join": {
            **WHOLE_PERSON,
            "email": "lena@weimar.example",
            "series": str(world.series_id),
            "message": "Hallo",
            "consent": "y",
            "website": "",
        },
        "joining.join: a meeting": {
            **WHOLE_PERSON,
            "email": "lena@weimar.example",
            "answer": "yes",
            "guests": "1",
            "message": "Hallo",
            "consent": "y",
            "website": "",
        },
        "joining.confirm": {},
        "signing_in.ask": {"email": "katrin.lindner@optik-jena.example"},
        "signing_in.by_password": {"email": "kenji.yamada@erfurt.example", "password": PASSWORD},
        "signing_in.open_link": {},
        "signing_in.sign_out": {"everywhere": "y"},
        "account.settings": SETTINGS_OF_MEMBER,
        "account.password": {"password": PASSWORD, "again": PASSWORD},
        "account.new_calendar": {},
        "second_factor.show": {"code": ""},
        "second_factor.begin": {"secret": "new"},
        "second_factor.new_codes": {},
        "second_factor.remove": {},
        "second_factor.code": {"code": "123456"},
        "second_factor.give_up": {},
        "people.lost_factor": {},
        "devices.sign_out": {},
        "devices.sign_out_others": {},
        "proving.ask": {"password": ""},
        "proving.by_link": {},
        "proving.by_code": {"code": "000000"},
        "proving.by_passkey": {"answer": "{}"},
        "address.change": {"email": "katrin@neu.example"},
        "address.confirm": {},
        "address.objection": {},
        "wishes.letters": {"kinds": "eve", "letters": ""},
        "standing.change": {"normally": "yes"},
        "wishes.unsubscribe": {"switches": "y", "kinds": "eve"},
        "undo.by_link": {},
        "answer.by_link": asked,
        "answer.by_member": asked,
        "desk.approve": {},
        "desk.decline": {"reason": "Leider nicht"},
        "series.add": SERIES,
        "series.edit": {**SERIES, "slug": "asanokai", "reach": "all"},
        "series.pause": {"back": "pauses"},
        "series.propose": {},
        "series.add_meeting": {"starts": "2026-06-11T08:00", "ends": ""},
        "dates.show": {**RULE, "ordinal": "3"},
        "dates.add": {"starts": "2026-06-11T08:00"},
        "dates.decide": {"to": "better"},
        "dates.change": {
            **texts("venue", "Ilmenau"),
            **lead("deadline", "2", "12:00"),
            "at": "08:30",
            "minutes": "90",
            "join_link": "",
            "seats": "50",
            "guests_allowed": "2",
            "public": "y",
            "needs_approval": "y",
            "reach": "following",
            "step": "save",
        },
        "lists.save_view": {"of": str(world.series_id), "name": "Alle"},
        "lists.drop_view": {},
        "lists.of_series": deed,
        "lists.of_everybody": deed,
        "leave.by_oneself": {"sure": "y"},
        "mydata.delete": {"keep_texts": "", "sure": "y"},
        "people.leave": {},
        "people.erase": {},
        "people.copy": {},
        "people.fetch_copy": {},
        "mydata.ask_copy": {},
        "mydata.fetch_copy": {},
        "twins.merge": {name: "other" if name == "given" else "kept" for name in merging.FIELDS},
        "people.invite": {**PERSON, "email": "lena@weimar.example"},
        "people.role": {},
        "people.part": {},
        "people.series_too": {"other": str(world.other_series_id)},
        "imports.take_in": {"text": TABLE, "step": "take"},
        "people.add": {**WHOLE_PERSON, "email": "lena@weimar.example", "zone": "Asia/Tokyo", "administrator": ""},
        "people.edit": {
            **WHOLE_PERSON,
            "email": "katrin.lindner@optik-jena.example",
            "zone": "Asia/Tokyo",
            "administrator": "",
        },
        "meeting.edit": {
            "starts": "2026-03-13T08:00",
            "ends": "2026-03-13T10:00",
            **texts("venue", "Ilmenau"),
            **texts("title", "Licht"),
            **texts("note"),
            "join_link": "",
            "seats": "50",
            "guests_allowed": "2",
            "answer_until": "2026-03-11T12:00",
            "public": "y",
            "needs_approval": "y",
            "step": "save",
            "tell": "yes",
            "answers": "keep",
            "topics": "",
            "seen": "",
        },
        "meeting.announce": {},
        "meeting.cancel": texts("reason", "Schnee"),
        "meeting.drop": {},
        "meeting.pause": {"back": "pauses"},
        "roll.line": asked,
        "roll.move_up": {"reason": "Spricht ein Grußwort"},
        "roll.pass_on": {"colleague": str(people_number(COLLEAGUE))},
        "questions.of_series": QUESTION,
        "questions.of_meeting": QUESTION,
        "questions.change_of_series": {**WORDING, **texts("choices", "Alles\nVegan")},
        "questions.change_of_meeting": WORDING,
        "questions.drop_of_series": {},
        "questions.drop_of_meeting": {},
        "passing.to_colleague": {"email": COLLEAGUE},
        "keys.mine": {"name": "Telefon", "answer": "{}"},
        "keys.sign_in": {"answer": "{}"},
        "keys.rename": {"name": "Telefon"},
        "keys.remove": {},
        "outside.redeem": {"state": "x", "code": "x", "iss": ""},
        "outside.remove": {},
        "deputy.mine": {"email": "hans@jena.example", "kind": "assistant"},
        "deputy.remove": {},
        "deputy.agree": {},
        "deputy.refuse": {},
        "deputy.answer": asked,
        "meeting.add_topic": TOPIC,
        "meeting.edit_topic": TOPIC,
        "meeting.remove_topic": {},
        "proposals.add": PROPOSAL,
        "proposals.edit": PROPOSAL,
        "proposals.vote": {"vote": "on"},
        "proposals.withdraw": {},
        "topics.choose": {"meeting": str(world.meeting_id)},
        "topics.merge": {"into": str(world.own_proposal_id)},
        "topics.decline": texts("word", "Später gern"),
        "topics.reopen": {},
        "order.show": SLOT,
        "order.show: draft": SLOT,
        "order.adopt": {},
        "order.edit": SLOT,
        "order.move": {"to": "up"},
        "order.remove": {},
        "speaking.answer": {"comes": "yes", "word": "Gern"},
        "speaking.person": {**NAMED, **texts("biography", "Forscht an Licht.")},
        "speaking.talk": texts("abstract", "Ein **Vortrag**"),
        "speaking.remove": {},
        "speakers.reach": REACHED,
        "speakers.host": {**NAMED, **REACHED},
        "speakers.host: nobody yet": {**NAMED, **REACHED},
        "speakers.remove_host": {},
        "speakers.ask": {},
        "materials.show": {"seen_by": "all"},
        "materials.minutes": {**texts("text", "Es wurde viel gefragt."), "seen_by": "all"},
        "materials.seen": {"seen_by": "all"},
        "materials.remove": {},
        "outbox.retry": {"back": "all"},
        "mail.reply": {"words": "Im Hof."},
        "mail.enter": {"meeting": str(world.meeting_id), "answer": "maybe", "guests": "0"},
        "mail.settle": {},
        "mail.again": {},
        "outbox.use_again": {},
        "account.use_address_again": {},
        "writing.add": MESSAGE,
        "writing.edit": MESSAGE,
        "writing.check": {"version": "1"},
        "writing.withdraw": {},
        "writing.paragraph": texts("words", "Ein **Absatz**"),
        "writing.nudge": {"members": str(world.member_id)},
        "writing.send_test": {"kind": "invite", "language": "de", "member": "", "message": ""},
        "catering.show": {**lead("lead", "2", "10:00"), "own": "2026-03-10T12:00"},
        "catering.make": {"address": "koch@jena.example", "language": "de"},
        "catering.withdraw": {},
        "settings.edit": {
            "organisation": "DJW Thüringen",
            "sender_name": "Asa no Kai",
            "remove_logo": "",
            **texts("welcome"),
            "second_factor": "",
            "provider_counts": "y",
        },
        "circle.mine": {"field": "name", "to": "members", "version": "2026-11", "language": "de"},
        "consenting.withdraw": {},
        "consent_records.disclose": {},
        "journal.aside": {},
        "roll.replies": {},
        **{name: {} for name in ("roll.show", "paper.roll", "mail.show")},
        "law.facts": {name: "" if name == "register" else f"{name} 7" for name in law.FACTS},
        "law.text": texts("text", "Über **Daten** an [[email: E-Mail]]"),
        "settings.pause": {"back": "pauses"},
        "keeping.limits": {kind.name: str(min(kind.most, 400)) for kind in retention.KINDS},
    }


FILES = {
    "imports.take_in": "file",
    "settings.edit": "logo",
    "speaking.person": "photo",
    "speaking.talk": "slides",
    "materials.show": "file",
}
"""Where a file may be sent, and the name of its input."""


def upload(data: bytes, name: str = "file.bin") -> tuple[io.BytesIO, str]:
    """A file as the test client sends it."""
    return io.BytesIO(data), name


def unticked(form: dict[str, str]) -> dict[str, str]:
    """Without the boxes that are not ticked: a browser sends nothing for them."""
    boxes = (
        *("sure", "administrator", "remove_logo", "everywhere", "consent", "public", "needs_approval"),
        *("send", "needed", "vanishes", "second_factor", "keep_texts"),
    )
    return {name: words for name, words in form.items() if words or name not in boxes}


# --- who asks, and what became of the tables -------------------------------------------------------------------------


class Actor(Reader):
    """A reader who can start again as they were after signing in, whatever they did since."""

    def __init__(self, app: Flask, role: str) -> None:
        made = ROLES[role]
        super().__init__(app, made() if made else None)
        self.post("/sign-out-of-nothing")  # 404, and gives this reader a token
        self._as_it_was = self.client.get_cookie("asanokai")

    def again(self) -> None:
        """Back to the cookies of the beginning."""
        assert self._as_it_was is not None
        self.client.set_cookie("asanokai", self._as_it_was.value)


Contents = dict[str, list[dict[str, Any]]]


def contents() -> Contents:
    """Everything the database holds."""
    with db.reading() as session:
        return {
            table.name: [dict(row._mapping) for row in session.execute(select(table).order_by(*table.primary_key))]
            for table in db.Base.metadata.sorted_tables
        }


def without_refusals(found: Contents) -> Contents:
    """The tables without what the journal keeps of refusals."""
    refused = {entry["id"] for entry in found["journal"] if entry["verb"] == "refuse"}
    return {
        **found,
        "journal": [entry for entry in found["journal"] if entry["id"] not in refused],
        "journal_aside": [aside for aside in found["journal_aside"] if aside["entry_id"] not in refused],
    }


def put_back(kept: Contents) -> None:
    """Make the database hold that again and nothing else."""
    tables = db.Base.metadata.sorted_tables
    with db.transaction() as session:
        for journal_table in ("journal", "journal_seal"):
            on = f" ON {journal_table}" if db.db.engine.dialect.name == "postgresql" else ""
            # As nothing in the program does: the database itself keeps what the journal has got.
            session.execute(text(f"DROP TRIGGER IF EXISTS {journal_table}_kept{on}"))
        for table in reversed(tables):
            session.execute(table.delete())
        for table in tables:
            if kept[table.name]:
                session.execute(table.insert(), kept[table.name])


def silent(meeting_id: int) -> int:
    """How many have been invited to a meeting and say nothing."""
    query = select(func.count()).where(rsvps.Rsvp.meeting_id == meeting_id, rsvps.Rsvp.answer == "invited")
    return int(people.session().scalar(query) or 0)


def newest_letter() -> Letter | None:
    """The letter posted last."""
    return people.session().scalar(select(Letter).order_by(Letter.id.desc()).limit(1))


# --- what stands in a page's forms ------------------------------------------------------------------------------------


class Sheet(HTMLParser):
    """The forms of a page as (address, name → value): what a browser would send from them as they stand."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, dict[str, str]]] = []
        self._area: str | None = None
        self._words: list[str] = []
        self._select: str | None = None
        self._by_id: dict[str, dict[str, str]] = {}
        self._elsewhere: list[tuple[str, str]] = []
        self._first = True
        self.feed(page)
        for form, name in self._elsewhere:
            self._by_id[form].setdefault(name, "")

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append((said.get("method", "get"), said.get("action", ""), {}))
            self._by_id[said.get("id", "")] = self.forms[-1][2]
        elif "form" in said and "name" not in said:
            pass  # a button that stands outside its form
        elif "form" in said:
            # A box that stands outside its form, unticked.
            self._elsewhere.append((said["form"], said["name"]))
        elif self.forms:
            self._in_form(tag, said, self.forms[-1][2])

    def _in_form(self, tag: str, said: dict[str, str], values: dict[str, str]) -> None:
        if tag == "input" and said.get("type") in ("checkbox", "radio"):
            values.setdefault(said["name"], "")
            if "checked" in said:
                values[said["name"]] = said.get("value", "y")
        elif tag == "input" and "name" in said:
            values[said["name"]] = said.get("value", "")
        elif tag == "textarea":
            self._area, self._words = said["name"], []
        elif tag == "select":
            self._select, self._first = said["name"], True
            values[self._select] = ""
        elif tag == "option" and self._select and ("selected" in said or self._first):
            # Without one that is selected, a browser sends the first.
            values[self._select], self._first = said["value"], False

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            # The line end behind the tag is not part of the text.
            words = "".join(self._words).replace("\r\n", "\n").removeprefix("\n")
            self.forms[-1][2][self._area] = words
            self._area = None
        elif tag == "select":
            self._select = None


def typed(page: str, address: str) -> dict[str, str]:
    """What stands in the form of a page that is sent to an address (or, without an action, to the page itself)."""
    wanted = address.partition("?")[0]
    posts = [(action, values) for method, action, values in Sheet(page).forms if method == "post"]
    found = [values for action, values in posts if action.partition("?")[0] == wanted]
    return found[0] if found else next(values for action, values in posts if not action)


def plain(page: str) -> str:
    """The words of a page without its marks, so that a test of what it says does not hang on how it looks."""
    apart = re.sub(r"</", " </", re.sub(r"<(style|script).*?</\1>|<br>", " ", page))
    return " ".join(unescape(re.sub(r"<[^>]*>", "", apart)).split())
