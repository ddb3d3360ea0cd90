"""The journal: a row per verb, without names, and enough in it to replay the waiting list."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pyotp
import pytest
from sqlalchemy import select, update

from asanokai import (
    announcing,
    applying,
    asking,
    catering,
    consents,
    copies,
    deputies,
    devices,
    erasing,
    exporting,
    factors,
    guests,
    importing,
    installation,
    intake,
    journal,
    leaving,
    letters,
    materials,
    meetings,
    members,
    merging,
    outside,
    passkeys,
    planning,
    programme,
    proposals,
    questions,
    readdressing,
    retention,
    rsvps,
    seals,
    speakers,
    topics,
    uploads,
    writing,
)
from asanokai import clock as program_clock
from asanokai import series as series_rules
from asanokai.announcing import Change, Choices
from asanokai.backup import afterwards
from asanokai.catering import counting
from asanokai.db import session, transaction
from asanokai.intake import settling, taking
from asanokai.invitations import Night
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.programme import SlotText
from asanokai.proposals import Words
from asanokai.seals import sealing
from asanokai.series import FIELDS, ROLES
from asanokai.speakers import PersonText, Reach
from asanokai.tokens import Tokens
from asanokai.topics import SpeakerText
from asanokai.vault import Vault
from tests import people, world
from tests.people import announced_meeting, berlin, crowd, say

PACKAGE = Path(journal.__file__).parent


@pytest.fixture(autouse=True)
def in_a_transaction(app):
    with transaction():
        yield


def entries() -> list[Entry]:
    return list(session().scalars(select(Entry).order_by(Entry.id)))


def test_an_entry_says_who_did_what_to_what_and_when(clock):
    ludwig = people.ludwig()
    journal.write("pause", "meeting", 7, actor_id=ludwig.id, seats=40)
    last = entries()[-1]
    assert (last.at, last.actor_id, last.verb, last.object, last.object_id, last.facts) == (
        clock.now,
        ludwig.id,
        "pause",
        "meeting",
        7,
        {"seats": 40},
    )


def test_every_verb_of_a_meetings_life_is_noted(clock):
    katrin, kenji = people.katrin(), people.kenji()
    meeting = announced_meeting(people=[katrin, kenji], seats=1)
    say(meeting, katrin, "yes")
    say(meeting, kenji, "yes")
    announcing.edit(meeting.id, seats=2)
    announcing.move(meeting.id, Change(venue={"de": "Weimar"}))
    announcing.pause(meeting.id, True)
    announcing.pause(meeting.id, False)
    announcing.cancel(meeting.id)
    assert [(entry.verb, entry.object) for entry in entries()] == [
        ("add", "member"),
        ("add", "member"),
        ("add", "series"),
        ("join", "series"),
        ("join", "series"),
        ("add", "meeting"),
        ("announce", "meeting"),
        ("answer", "rsvp"),
        ("answer", "rsvp"),
        ("edit", "meeting"),
        ("seat", "rsvp"),
        ("move", "meeting"),
        ("pause", "meeting"),
        ("resume", "meeting"),
        ("cancel", "meeting"),
    ]


def test_no_names_no_addresses_and_no_free_text_stand_in_it(clock):
    katrin = people.katrin()
    meeting = announced_meeting(people=[katrin])
    say(meeting, katrin, "yes", comment="Ich bringe Frau Whitfield mit.")
    announcing.cancel(meeting.id, reason={"de": "Der Redner ist krank."})
    written = json.dumps([entry.facts for entry in entries()], ensure_ascii=False)
    for secret in ("Lindner", "Katrin", "optik-jena", "Whitfield", "krank", "Redner"):
        assert secret not in written


# --- every verb -------------------------------------------------------------------------------------------------------

VAULT = Vault(["a key for tests only, long enough to be one"], "second-factor")
SECRET = "Geheim"
"""Stands in every name, address and free text of the stage, so that none can be in a fact unseen."""

WORDS = {
    *rsvps.ANSWERS,
    *rsvps.SEATS,
    *questions.KINDS,
    *deputies.KINDS,
    *rsvps.BY,
    *("link", "password"),
    *members.OF_AUDIENCE,
    *members.OF_DESK,
    *uploads.SEEN_BY,
    *("applied", "confirmed", "accepted", "left"),
    *ROLES,
    *exporting.KINDS,
    *retention.BY_NAME,
    *FIELDS,
    *meetings.EDITABLE,
    "topics",
    *members.NAMES,
    *consents.KINDS,
    *members.BOUNCES,
    *intake.OUTCOMES,
    *intake.STATES,
    *intake.WAYS,
    *("salutation", "organisation", "language", "zone"),
    *("sender_name", "welcome", "imprint", "privacy", "accessibility", "legal", "logo", "logo_type", "paused_at"),
}
"""What a fact may say in letters: states, roles, ways, and the names of fields."""


class Stage:
    """A series with a draft and a full meeting, and people in every standing; all that they said is secret."""

    def __init__(self) -> None:
        self.actor = people.akiko().id
        self.series = people.series(
            name={"de": f"{SECRET}e Reihe"}, venue={"de": f"{SECRET}er Ort"}, join_link=f"https://{SECRET}.example"
        )
        self.one = people.member(f"{SECRET}1@jena.example", family=f"{SECRET}rat", organisation=SECRET)
        self.two = people.member(f"{SECRET}2@jena.example", family=f"{SECRET}nis", given="Udo")
        self.stranger = people.member(f"{SECRET}3@jena.example", family=f"{SECRET}bund", given="Ute")
        self.meeting = announced_meeting(self.series, people=[self.one, self.two], seats=1)
        self.draft = people.meeting(self.series, datetime(2026, 4, 9, 8))
        for who in (self.one, self.two):
            say(self.meeting, who, "yes", comment=f"{SECRET}e Worte")
        self.ask_and_name()
        self.topic = self.post(None)
        self.own, self.proposal, self.declined = map(self.propose, (self.actor, self.one.id, self.one.id))
        proposals.decline(self.series, self.declined, {"de": SECRET}, actor_id=self.actor)
        self.slot = programme.adopt(self.meeting, topics.of(self.meeting))[1].id
        self.speaker = topics.of(self.meeting)[0].speakers[0].id
        about = PersonText({"family": f"{SECRET}rat"})
        self.host = speakers.name_host(self.meeting, about, Reach(f"{SECRET}10@jena.example"))
        self.file = self.upload().id
        self.identity = outside.join(self.one, SECRET, f"{SECRET}er", name=SECRET, actor_id=self.one.id).id
        self.passkey = passkeys.add(self.one, self.new_passkey(), SECRET, actor_id=self.one.id).id
        members.set_password(self.one, f"{SECRET} und lang genug", actor_id=None)
        self.asked, self.nonce = self.application("4")
        self.confirmed, nonce = self.application("5")
        applying.confirm(self.confirmed, nonce, from_address=f"{SECRET}-net")
        letters.post("invite", "failed", member_id=self.one.id, meeting_id=self.meeting.id)
        self.letter = session().scalars(select(Letter).where(Letter.key == "failed")).one()
        self.letter.state, self.letter.reason = "failed", SECRET
        self.message = self.write()
        catering.make(self.meeting.id, "caterer", address=f"{SECRET}@jena.example")
        session().flush()

    def new_passkey(self) -> passkeys.Passkey:
        return passkeys.Passkey(credential_id=token_bytes(8), public_key=SECRET.encode(), handle=SECRET.encode())

    def ask_and_name(self) -> None:
        """A question that was answered, a colleague who could come instead, and somebody asked to be a deputy."""
        self.colleague = people.member(f"{SECRET}8@jena.example", organisation=SECRET)
        people.belong(self.series, self.colleague)
        self.rsvp = rsvps.required(self.meeting.id, self.one.id)
        self.question = questions.add({"de": SECRET}, "food", meeting_id=self.meeting.id)
        questions.record(self.rsvp, {self.question.id: SECRET}, {})
        self.deputy = deputies.name(self.two, f"{SECRET}1@jena.example", "deputy")

    def factor(self) -> list[str]:
        """The first member sets a second factor; the recovery codes."""
        factors.begin(self.one.id, VAULT)
        return factors.confirm(
            self.one.id, pyotp.TOTP(factors.waiting_secret(self.one.id, VAULT)).at(program_clock.now()), VAULT
        )

    def device(self) -> int:
        """Another one that the first member is signed in on."""
        return devices.begin(self.one.id, by="link", name=f"{SECRET}, {SECRET}")[0].id

    def name_guest(self) -> None:
        self.rsvp.guests = 1
        guests.name(self.rsvp, [(SECRET, SECRET)], actor_id=self.actor)

    def move_up(self) -> None:
        self.meeting.seats = 2
        rsvps.move_up(self.meeting.id, self.two.id, f"{SECRET}er Grund", actor_id=self.actor)

    def pass_on(self) -> None:
        rsvps.pass_on(self.meeting.id, self.one.id, self.colleague.id, by="coordinator", actor_id=self.actor)

    def reword(self) -> None:
        wording = {"label": {"de": f"{SECRET}?"}, "choices": (), "required": True, "vanishes": True}
        questions.change(self.question, **wording, actor_id=self.actor)  # type: ignore[arg-type]  # a dict of mixed values

    def apply(self, number: str) -> Any:
        return applying.apply(
            {"family": f"{SECRET}lehre", "given": "Eva", "organisation": f"{SECRET}bund"},
            f"{SECRET}{number}@jena.example",
            series_id=self.series.id,
            message=f"{SECRET}e Bitte",
            consent_text=f"{SECRET}er Satz",
            consent_version=SECRET,
            from_address=f"{SECRET}-net",
        )

    def application(self, number: str) -> tuple[int, str]:
        application = self.apply(number)
        return application.id, applying.mint_confirmation(application)

    def post(self, topic_id: int | None) -> int:
        speaker = SpeakerText(family=f"{SECRET}rat", organisation={"de": f"{SECRET}bund"})
        text = {"de": f"{SECRET}e Optik"}
        return topics.post(
            self.meeting, text, abstract=text, speakers=[speaker], topic_id=topic_id, actor_id=self.actor
        ).id

    def upload(self) -> uploads.Upload:
        return uploads.add_document(
            self.meeting, "material", f"{SECRET}.pdf", b"%PDF-1.7", field="file", actor_id=self.actor
        )

    def propose(self, member_id: int) -> int:
        return proposals.propose(self.series, member_id, Words({"de": SECRET}, {"de": SECRET}, SECRET)).id

    def slot_text(self) -> SlotText:
        return SlotText(kind="talk", minutes=20, title={"de": f"{SECRET}e Optik"}, topic_id=self.topic)

    def take(self, *lines: str, series: Any = None) -> None:
        sheet = importing.read("\n".join(("Name;Vorname;E-Mail", *lines)).encode())
        importing.take(sheet, series=series, actor_id=self.actor)

    def write(self) -> int:
        text = {"de": f"{SECRET}e Worte"}
        return writing.draft(
            self.meeting.id, audience="all", subject=text, words=text, due_at=None, actor_id=self.actor
        ).id

    def mail(self, outcome: str) -> intake.Incoming:
        row = world.written_mail(self.meeting, self.one, outcome)
        row.subject = SECRET
        return row

    def object_to_address(self) -> None:
        readdressing.give(self.one, f"{SECRET}9@jena.example", actor_id=self.actor)
        made = readdressing.objectionable(self.one)
        assert made is not None
        readdressing.objection(made.id, readdressing.mint_objection(made.id))

    def take_in(self) -> None:
        intake.receive(f"Subject: {SECRET}\n\n{SECRET}".encode(), way="file", tokens=Tokens([SECRET]))
        row = session().scalars(select(intake.Incoming)).one()
        taking.settle(row, intake.Outcome("message", "parked"))

    def restore(self) -> None:
        meetings.delete_draft(self.draft, actor_id=self.actor)
        planning.restore(self.draft.id, actor_id=self.actor)

    def froze(self, clock: Any) -> None:
        numbers = {"coming": 9, "guests": 0}
        session().add(catering.Catered(meeting_id=self.meeting.id, frozen_at=clock.now, frozen=numbers))
        session().flush()

    def fetch_copy(self) -> None:
        made = copies.ask(self.one, actor_id=self.actor)
        copies.finish(made.id, {})
        copies.fetch(made.id, self.one.id, actor_id=self.actor)

    def erase(self) -> None:
        erasing.ask(self.two, why="administrator", actor_id=self.actor)
        session().execute(update(Letter).where(Letter.state == "queued").values(state="dropped"))
        erasing.step()

    def come_back(self) -> None:
        erasing.ask(self.two, why="self", actor_id=self.actor)
        session().execute(update(Letter).where(Letter.state == "queued").values(state="dropped"))
        self.two.standing = "confirmed"
        erasing.step()

    def give_seats(self) -> None:
        self.meeting.seats = 2
        rsvps.promote(self.meeting)

    def offer_seats(self) -> None:
        self.meeting.offers_from = self.meeting.created_at
        self.give_seats()

    def let_offers_pass(self, clock: Any) -> None:
        self.offer_seats()
        clock.advance(days=5)
        rsvps.expire_offers(self.meeting.id)

    def take_back(self) -> None:
        given = say(self.meeting, self.stranger, "maybe", by="calendar")
        before = rsvps.Before("invited", comment=SECRET)
        rsvps.take_back(self.meeting.id, self.stranger.id, before, revision=given.revision, mail_id=7)

    def take_what_was_let_pass(self, clock: Any) -> None:
        self.let_offers_pass(clock)
        say(self.meeting, self.stranger, "yes")

    def announce_with_standing(self) -> None:
        rsvps.come_normally(self.series.id, self.one.id)
        announcing.announce(self.draft.id, actor_id=self.actor)

    def let_seats_lapse(self, clock: Any) -> None:
        self.announce_with_standing()
        letters.post("invite", "told", member_id=self.one.id, meeting_id=self.draft.id)
        session().execute(update(Letter).where(Letter.key == "told").values(state="sent"))
        clock.set(self.draft.answer_until)
        rsvps.lapse(self.draft.id)


Verb = tuple[str, str]


def pruned(actor_id: int, now: datetime) -> None:
    """Seal all there is but the last entry, and that one by itself, in this transaction; prune the first seal."""
    last = entries()[-1].id
    for limit in (last - 1, last):
        before = seals.newest()
        session().add(sealing._made(before, sealing._rows(before.last_id if before else 0, limit)))
        session().flush()
    seals.prune(now + timedelta(days=1), actor_id=actor_id)


DEEDS: dict[Verb, Callable[[Stage, Any], Any]] = {
    ("answer", "rsvp"): lambda on, _: say(on.meeting, on.stranger, "maybe", comment=f"{SECRET}e Worte"),
    ("take back", "rsvp"): lambda on, _: on.take_back(),
    ("seat", "rsvp"): lambda on, _: on.give_seats(),
    ("move up", "rsvp"): lambda on, _: on.move_up(),
    ("pass on", "rsvp"): lambda on, _: on.pass_on(),
    ("take over", "rsvp"): lambda on, _: on.pass_on(),
    ("name guests", "rsvp"): lambda on, _: on.name_guest(),
    # questions
    ("add", "question"): lambda on, _: questions.add({"de": SECRET}, "text", series_id=on.series.id, actor_id=on.actor),
    ("change", "question"): lambda on, _: on.reword(),
    ("drop", "question"): lambda on, _: questions.drop(on.question, actor_id=on.actor),
    ("reply", "rsvp"): lambda on, _: questions.record(
        on.rsvp, {on.question.id: f"{SECRET}er"}, {on.question.id: SECRET}, actor_id=on.actor
    ),
    ("forget", "meeting"): lambda _, clock: (clock.set(berlin(2026, 3, 12, 11)), questions.forget()),
    # deputies
    ("name", "deputy"): lambda on, _: deputies.name(on.one, f"{SECRET}9@jena.example", "assistant", actor_id=on.actor),
    ("agree", "deputy"): lambda on, _: deputies.agree(on.one, on.deputy.id, actor_id=on.actor),
    ("end", "deputy"): lambda on, _: deputies.remove(on.two, on.deputy.id, actor_id=on.actor),
    ("offer", "rsvp"): lambda on, _: on.offer_seats(),
    ("expire", "rsvp"): lambda on, clock: on.let_offers_pass(clock),
    ("wait again", "rsvp"): lambda on, clock: on.take_what_was_let_pass(clock),
    ("lapse", "rsvp"): lambda on, clock: on.let_seats_lapse(clock),
    ("keep seats", "meeting"): lambda on, _: on.announce_with_standing(),
    ("set", "standing"): lambda on, _: rsvps.come_normally(on.series.id, on.one.id, actor_id=on.actor),
    ("end", "standing"): lambda on, _: (
        session().add(rsvps.Standing(series_id=on.series.id, member_id=on.two.id, since=on.meeting.created_at)),
        session().flush(),
        rsvps.come_no_longer(on.series.id, on.two.id, actor_id=on.actor),
    ),
    # meetings
    ("add", "meeting"): lambda on, _: meetings.add(on.series, datetime(2026, 5, 14, 8), actor_id=on.actor),
    ("announce", "meeting"): lambda on, _: announcing.announce(on.draft.id, actor_id=on.actor),
    ("edit", "meeting"): lambda on, _: announcing.edit(
        on.meeting.id, actor_id=on.actor, title={"de": SECRET}, note={"de": SECRET}, join_link=SECRET
    ),
    ("move", "meeting"): lambda on, _: announcing.move(
        on.meeting.id, Change(starts_at=berlin(2026, 3, 13, 8), venue={"de": SECRET}), actor_id=on.actor
    ),
    ("ask again", "meeting"): lambda on, _: announcing.ask_again(
        on.meeting, until=on.meeting.answer_until, actor_id=on.actor
    ),
    ("ask again", "rsvp"): lambda on, _: announcing.ask_again(
        on.meeting, until=on.meeting.answer_until, actor_id=on.actor
    ),
    ("tell", "meeting"): lambda on, _: announcing.change(
        on.meeting.id, {}, Change(), Choices(tell=True, topics=True), actor_id=on.actor
    ),
    ("cancel", "meeting"): lambda on, _: announcing.cancel(on.meeting.id, reason={"de": SECRET}, actor_id=on.actor),
    ("pause", "meeting"): lambda on, _: announcing.pause(on.meeting.id, True, actor_id=on.actor),
    ("resume", "meeting"): lambda on, _: announcing.pause(on.meeting.id, False, actor_id=on.actor),
    ("restore", "meeting"): lambda on, _: on.restore(),
    ("drop", "meeting"): lambda on, _: meetings.delete_draft(on.draft, actor_id=on.actor),
    ("hold", "meeting"): lambda _, clock: (clock.set(berlin(2026, 3, 12, 10)), meetings.mark_held()),
    # topics
    ("post", "topic"): lambda on, _: on.post(None),
    ("change", "topic"): lambda on, _: on.post(on.topic),
    ("propose", "proposal"): lambda on, _: on.propose(on.actor),
    ("change", "proposal"): lambda on, _: proposals.change(
        on.series, on.own, on.actor, Words({"de": SECRET}, {"de": SECRET}, SECRET)
    ),
    ("withdraw", "proposal"): lambda on, _: proposals.withdraw(on.series, on.own, on.actor),
    ("vote", "proposal"): lambda on, _: proposals.vote(on.series, on.proposal, on.actor),
    ("withdraw vote", "proposal"): lambda on, _: proposals.withdraw_vote(on.series, on.own, on.actor),
    ("merge", "proposal"): lambda on, _: proposals.merge(on.series, on.proposal, on.own, actor_id=on.actor),
    ("decline", "proposal"): lambda on, _: proposals.decline(on.series, on.proposal, {"de": SECRET}, actor_id=on.actor),
    ("choose", "proposal"): lambda on, _: proposals.choose(on.series, on.proposal, on.meeting.id, actor_id=on.actor),
    ("reopen", "proposal"): lambda on, _: proposals.reopen(on.series, on.declined, actor_id=on.actor),
    ("remove", "topic"): lambda on, _: topics.remove(on.meeting, on.topic, actor_id=on.actor),
    # the running order
    ("adopt", "programme"): lambda on, _: programme.adopt(on.draft, [], actor_id=on.actor),
    ("add", "slot"): lambda on, _: programme.add(on.meeting, on.slot_text(), actor_id=on.actor),
    ("change", "slot"): lambda on, _: programme.change(on.meeting, on.slot, on.slot_text(), actor_id=on.actor),
    ("move", "slot"): lambda on, _: programme.move(on.meeting, on.slot, up=True, actor_id=on.actor),
    ("remove", "slot"): lambda on, _: programme.remove(on.meeting, on.slot, actor_id=on.actor),
    # speakers, hosts, files
    ("describe", "topic"): lambda on, _: topics.describe(on.meeting, on.topic, {"de": SECRET}),
    ("reach", "contributor"): lambda on, _: speakers.reach_speaker(
        on.meeting, on.speaker, Reach(f"{SECRET}8@jena.example"), actor_id=on.actor
    ),
    ("name", "contributor"): lambda on, _: speakers.name_host(
        on.meeting, PersonText({"family": SECRET}), Reach(f"{SECRET}9@jena.example"), actor_id=on.actor
    ),
    ("remove", "contributor"): lambda on, _: speakers.remove_host(on.meeting, actor_id=on.actor),
    ("confirm", "contributor"): lambda on, _: speakers.answer(on.host, on.meeting, comes=True, word=SECRET),
    ("decline", "contributor"): lambda on, _: speakers.answer(on.host, on.meeting, comes=False, word=SECRET),
    ("tell", "contributor"): lambda on, _: speakers.tell(
        on.host, on.meeting, PersonText({"family": SECRET}, biography={"de": SECRET})
    ),
    ("ask", "contributor"): lambda on, _: asking.ask(on.host, on.meeting, actor_id=on.actor),
    ("write", "minutes"): lambda on, _: materials.write(
        on.meeting, {"de": SECRET}, seen_by="members", actor_id=on.actor
    ),
    ("upload", "file"): lambda on, _: on.upload(),
    ("show", "file"): lambda on, _: uploads.show_to(on.meeting, on.file, "all", actor_id=on.actor),
    ("remove", "file"): lambda on, _: uploads.remove(on.meeting, on.file, actor_id=on.actor),
    # series
    ("add", "series"): lambda on, _: series_rules.add(SECRET.lower(), name={"de": SECRET}, actor_id=on.actor),
    ("change", "series"): lambda on, _: series_rules.change(on.series, name={"de": SECRET}, actor_id=on.actor),
    ("join", "series"): lambda on, _: series_rules.join(on.series, on.stranger, actor_id=on.actor),
    ("part", "series"): lambda on, _: series_rules.part(on.series, on.one, actor_id=on.actor),
    ("pause", "series"): lambda on, _: series_rules.pause(on.series, True, actor_id=on.actor),
    ("resume", "series"): lambda on, _: series_rules.pause(on.series, False, actor_id=on.actor),
    ("import", "series"): lambda on, _: on.take(f"{SECRET}rat;Ida;{SECRET}1@jena.example", series=on.series),
    # members
    ("add", "member"): lambda on, _: members.add(f"{SECRET}6@jena.example", family=SECRET, actor_id=on.actor),
    ("change", "member"): lambda on, _: members.change(on.one, family=SECRET, position=SECRET, actor_id=on.actor),
    ("change address", "member"): lambda on, _: members.change_address(
        on.one, f"{SECRET}7@jena.example", actor_id=on.actor
    ),
    ("ask address", "member"): lambda on, _: readdressing.ask(on.one, f"{SECRET}8@jena.example"),
    ("object to address", "member"): lambda on, _: on.object_to_address(),
    ("sign in", "member"): lambda on, _: members.redeem_sign_in(on.one.id, members.mint_sign_in(on.one)),
    ("set password", "member"): lambda on, _: members.set_password(on.two, f"{SECRET}er als vorher", actor_id=on.actor),
    ("remove password", "member"): lambda on, _: members.set_password(on.one, None, actor_id=on.actor),
    ("new calendar secret", "member"): lambda on, _: members.new_calendar_secret(on.one),
    ("add", "passkey"): lambda on, _: passkeys.add(on.two, on.new_passkey(), SECRET, actor_id=on.actor),
    ("rename", "passkey"): lambda on, _: passkeys.rename(on.one, on.passkey, f"{SECRET}er", actor_id=on.actor),
    ("remove", "passkey"): lambda on, _: passkeys.remove(on.one, on.passkey, actor_id=on.actor),
    ("join", "identity"): lambda on, _: outside.join(on.two, SECRET, SECRET, name=SECRET, actor_id=on.actor),
    ("remove", "identity"): lambda on, _: outside.remove(on.one, on.identity, name=SECRET, actor_id=on.actor),
    ("unsubscribe", "member"): lambda on, _: members.unsubscribe(on.one),
    ("subscribe", "member"): lambda on, _: (
        setattr(on.one, "unsubscribed_at", berlin(2026, 2, 1, 8)),
        members.subscribe(on.one, actor_id=on.actor),
    ),
    ("mute", "member"): lambda on, _: members.mute(on.one, "remind"),
    ("unmute", "member"): lambda on, _: (
        session().add(members.Mute(member_id=on.one.id, kind="remind")),
        session().flush(),
        members.unmute(on.one, "remind"),
    ),
    ("set", "factor"): lambda on, _: on.factor(),
    ("new codes", "factor"): lambda on, _: (on.factor(), factors.new_codes(on.one.id)),
    ("use recovery code", "factor"): lambda on, _: factors.takes(
        factors.of(on.one.id) if (codes := on.factor()) else None, codes[0], VAULT
    ),
    ("remove", "factor"): lambda on, _: (on.factor(), factors.remove(on.one.id, actor_id=on.actor)),
    ("sign out", "device"): lambda on, _: devices.sign_out(on.one.id, on.device()),
    ("sign out others", "device"): lambda on, _: (on.device(), devices.sign_out_others(on.one.id, but=None)),
    ("make administrator", "member"): lambda on, _: members.make_administrator(on.one, True, actor_id=on.actor),
    ("send sign-in", "member"): lambda on, _: members.send_sign_in(
        on.one, f"{SECRET}1@jena.example", actor_id=on.actor
    ),
    ("suppress", "member"): lambda on, _: members.suppress(members.addresses_of(on.one.id)[0], "unknown", letter_id=1),
    ("use again", "member"): lambda on, _: (
        members.suppress(members.addresses_of(on.one.id)[0], "unknown"),
        members.use_again(on.one, actor_id=on.actor),
    ),
    ("leave", "member"): lambda on, _: leaving.leave(on.two, actor_id=on.actor),
    ("ask", "copy"): lambda on, _: copies.ask(on.one, actor_id=on.actor),
    ("make", "copy"): lambda on, _: copies.finish(copies.ask(on.one, actor_id=on.actor).id, {}),
    ("fetch", "copy"): lambda on, _: on.fetch_copy(),
    ("change", "retention"): lambda on, _: retention.change({"letters": 30}, actor_id=on.actor),
    ("remove", "retention"): lambda on, _: retention.end(retention.begin(on.actor), 3),
    ("ask for erasure", "member"): lambda on, _: erasing.ask(on.two, why="administrator", actor_id=on.actor),
    ("erase", "member"): lambda on, _: on.erase(),
    ("keep", "member"): lambda on, _: on.come_back(),
    ("merge", "member"): lambda on, _: merging.merge(on.one.id, on.stranger.id, {}, actor_id=on.actor),
    ("export", "member"): lambda on, _: exporting.note("csv", [on.one.id], series_id=None, actor_id=on.actor),
    ("export", "series"): lambda on, _: exporting.note("xlsx", [1], series_id=on.series.id, actor_id=on.actor),
    ("import", "member"): lambda on, _: on.take(f"{SECRET}rat;Ida;{SECRET}1@jena.example"),
    # applications
    ("apply", "application"): lambda on, _: on.apply("4"),
    ("invite", "application"): lambda on, _: applying.invite(
        f"{SECRET}4@jena.example", {"family": SECRET}, series_id=on.series.id, inviter_id=on.actor
    ),
    ("confirm", "application"): lambda on, _: applying.confirm(on.asked, on.nonce, from_address=SECRET),
    ("approved", "application"): lambda on, _: applying.approve(on.confirmed, actor_id=on.actor),
    ("declined", "application"): lambda on, _: applying.decline(on.confirmed, actor_id=on.actor, reason=SECRET),
    ("forget", "application"): lambda _, clock: (clock.advance(days=15), applying.forget_unconfirmed()),
    # mail that comes back
    ("take in", "mail"): lambda on, _: on.take_in(),
    ("settle", "mail"): lambda on, _: settling.settle(on.mail("message").id, actor_id=on.actor),
    ("reply", "mail"): lambda on, _: settling.reply(on.mail("message").id, SECRET, language="de", actor_id=on.actor),
    ("take in again", "mail"): lambda on, _: settling.take_in_again(on.mail("failed").id, actor_id=on.actor),
    # letters of one's own
    ("write", "message"): lambda on, _: on.write(),
    ("queue", "message"): lambda on, _: writing.queue(on.message, on.meeting.id, version=1, actor_id=on.actor),
    ("withdraw", "message"): lambda on, _: writing.withdraw(on.message, on.meeting.id, actor_id=on.actor),
    ("write", "paragraph"): lambda on, _: writing.put(on.meeting.id, "invite", {"de": SECRET}, actor_id=on.actor),
    ("nudge", "meeting"): lambda on, _: writing.nudge(on.meeting.id, [on.one.id], night=Night(), actor_id=on.actor),
    # host and caterer
    ("make", "pack"): lambda on, _: catering.make(
        on.meeting.id, "host", address=f"{SECRET}@jena.example", actor_id=on.actor
    ),
    ("withdraw", "pack"): lambda on, _: catering.withdraw(on.meeting.id, "caterer", actor_id=on.actor),
    ("set deadline", "catering"): lambda on, _: catering.set_deadline(
        on.meeting.id, own=None, lead="2 days before at 10:00", actor_id=on.actor
    ),
    ("freeze", "catering"): lambda _, clock: (clock.set(berlin(2026, 3, 9, 13)), counting.freeze_due()),
    ("thaw", "catering"): lambda on, clock: (on.froze(clock), counting.freeze_due()),
    ("tell", "catering"): lambda on, clock: (on.froze(clock), counting.tell_changes()),
    # consents
    ("consent", "consent"): lambda on, _: consents.give(on.one.id, "name", consents.Said(SECRET, SECRET, "de", SECRET)),
    ("withdraw consent", "consent"): lambda on, _: (
        consents.give(on.one.id, "position", consents.Said(SECRET, SECRET, "de", SECRET)),
        consents.withdraw(on.one.id, ("position",), by="page", actor_id=on.actor),
    ),
    ("read", "consent"): lambda on, _: (
        consents.give(on.one.id, "address", consents.Said(SECRET, SECRET, "de", SECRET)),
        consents.disclose(consents.of_member(on.one.id)[:1], actor_id=on.actor),
    ),
    # the rest
    ("prune", "journal"): lambda on, clock: pruned(on.actor, clock.now),
    ("retry", "letter"): lambda on, _: letters.retry(on.letter.id, actor_id=on.actor),
    ("restore", "installation"): lambda _, clock: afterwards.see_to(clock.now, [], night=Night()),
    ("change", "installation"): lambda on, _: installation.change(
        sender_name=SECRET, imprint={"de": SECRET}, actor_id=on.actor
    ),
    # An applicant who stands in a file becomes a member.
    ("accept", "member"): lambda on, _: on.take(f"{SECRET}lehre;Eva;{SECRET}5@jena.example"),
}
"""Every verb there is, and a deed that should be noted as that."""

LEAVES: list[Verb] = [("answer", "rsvp"), ("end", "deputy"), ("part", "series")]

TOGETHER_WITH: dict[Verb, list[Verb]] = {
    ("object to address", "member"): [
        *[("change address", "member")] * 2,
        ("new calendar secret", "member"),
        ("remove", "identity"),
        ("remove password", "member"),
        ("remove", "passkey"),
    ],
    ("ask again", "meeting"): [("ask again", "rsvp"), ("ask again", "rsvp")],
    ("ask again", "rsvp"): [("ask again", "meeting"), ("ask again", "rsvp")],
    ("use again", "member"): [("suppress", "member")],
    ("leave", "member"): LEAVES,
    **{(verb, "factor"): [("set", "factor")] for verb in ("new codes", "use recovery code", "remove")},
    ("make", "copy"): [("ask", "copy")],
    ("fetch", "copy"): [("ask", "copy"), ("make", "copy")],
    ("ask for erasure", "member"): [("leave", "member"), *LEAVES],
    ("erase", "member"): [("ask for erasure", "member"), ("leave", "member"), *LEAVES],
    ("keep", "member"): [("ask for erasure", "member"), ("leave", "member"), *LEAVES],
    ("take back", "rsvp"): [("answer", "rsvp")],
    ("reply", "mail"): [("settle", "mail")],
    ("pass on", "rsvp"): [("take over", "rsvp")],
    ("take over", "rsvp"): [("pass on", "rsvp")],
    ("restore", "meeting"): [("drop", "meeting")],
    ("approved", "application"): [("join", "series")],
    ("choose", "proposal"): [("post", "topic")],
    ("withdraw consent", "consent"): [("consent", "consent")],
    ("read", "consent"): [("consent", "consent")],
    ("accept", "member"): [("change", "member"), ("import", "member")],
    ("expire", "rsvp"): [("offer", "rsvp")],
    ("wait again", "rsvp"): [("offer", "rsvp"), ("expire", "rsvp"), ("answer", "rsvp")],
    ("keep seats", "meeting"): [("set", "standing"), ("announce", "meeting")],
    ("lapse", "rsvp"): [("set", "standing"), ("announce", "meeting"), ("keep seats", "meeting")],
}
"""Deeds in which another verb has a part, with its own row."""

SPOKEN_FOR = {("describe", "topic"), *((verb, "contributor") for verb in ("confirm", "decline", "tell"))}
"""Done behind a speaker's link: no member did it."""

BY_NOBODY = {
    *((verb, "member") for verb in ("erase", "keep")),
    ("make", "copy"),
    ("restore", "installation"),
    ("take in", "mail"),
    ("suppress", "member"),
    *((verb, "rsvp") for verb in ("seat", "offer", "expire", "wait again", "lapse", "take back")),
    ("keep seats", "meeting"),
    ("hold", "meeting"),
    ("forget", "meeting"),
    ("apply", "application"),
    ("forget", "application"),
    *((verb, "catering") for verb in ("freeze", "thaw", "tell")),
}
BY_THEMSELVES = {
    *((verb, "member") for verb in ("sign in", "new calendar secret", "unsubscribe", "mute", "unmute")),
    *((verb, "member") for verb in ("ask address", "object to address")),
}


def noted(deed: Callable[[Stage, Any], Any], stage: Stage, clock: Any) -> list[Entry]:
    """What a deed writes into the journal; it is taken back afterwards."""
    began, known = clock.now, {entry.id for entry in entries()}
    with session().begin_nested() as attempt:
        deed(stage, clock)
        session().flush()
        found = [entry for entry in entries() if entry.id not in known]
        for entry in found:
            session().expunge(entry)
        attempt.rollback()
    clock.set(began)
    return found


@pytest.fixture
def journalled(clock: Any) -> dict[Verb, list[Entry]]:
    stage = Stage()
    return {verb: noted(deed, stage, clock) for verb, deed in DEEDS.items()}


def test_every_verb_writes_exactly_one_row_whose_facts_are_numbers_states_and_moments(journalled):
    assert {verb: sorted((entry.verb, entry.object) for entry in found) for verb, found in journalled.items()} == {
        verb: sorted([verb, *TOGETHER_WITH.get(verb, [])]) for verb in DEEDS
    }
    facts = [entry.facts for found in journalled.values() for entry in found]
    assert [fact for fact in facts if not is_plain(fact)] == []
    assert SECRET.lower() not in json.dumps(facts, ensure_ascii=False).lower()


def test_every_row_says_which_thing_it_is_about_and_who_did_it(journalled, clock):
    actor = people.akiko().id
    own = {verb: next(row for row in found if (row.verb, row.object) == verb) for verb, found in journalled.items()}
    about_several = [
        *((verb, "factor") for verb in ("set", "new codes", "use recovery code", "remove")),
        ("sign out others", "device"),
        ("change", "retention"),
        ("export", "member"),
        ("import", "member"),
    ]
    assert [verb for verb, row in own.items() if row.object_id is None] == about_several
    assert {verb for verb, row in own.items() if row.actor_id is None} == BY_NOBODY | SPOKEN_FOR | {("answer", "rsvp")}
    themselves = {verb for verb, row in own.items() if row.actor_id not in (None, actor)}
    of_theirs = {
        ("confirm", "application"),
        ("consent", "consent"),
        ("sign out", "device"),
        ("sign out others", "device"),
        *((verb, "factor") for verb in ("set", "new codes", "use recovery code")),
    }
    assert themselves == BY_THEMSELVES | of_theirs
    assert {verb for verb in BY_THEMSELVES if own[verb].actor_id == own[verb].object_id} == BY_THEMSELVES


def is_plain(fact: Any) -> bool:
    if isinstance(fact, dict):
        return all(map(is_plain, fact.values()))
    if isinstance(fact, list):
        return all(map(is_plain, fact))
    return fact is None or isinstance(fact, int) or (isinstance(fact, str) and is_plain_word(fact))


def is_plain_word(fact: str) -> bool:
    return fact in WORDS or is_moment(fact) or re.fullmatch("[0-9a-f]{64}", fact) is not None


def is_moment(fact: str) -> bool:
    try:
        return datetime.fromisoformat(fact).tzinfo is not None
    except ValueError:
        return False


def verbs_in_the_source() -> Iterator[Verb]:
    """The words that stand in the first two arguments of each `journal.write`."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "journal.write":
                verbs, objects = ([*_words(argument)] for argument in node.args[:2])
                yield from product(verbs, objects)


def _words(argument: ast.expr) -> Iterator[str]:
    branches = (argument.body, argument.orelse) if isinstance(argument, ast.IfExp) else (argument,)
    for branch in branches:
        if isinstance(branch, ast.Constant):
            yield str(branch.value)


def test_no_verb_of_the_program_is_left_out_here():
    # The decision on an application is a verb that its function is told.
    decisions = {("approved", "application"), ("declined", "application")}
    # What was refused is noted by the pages, after their rollback, and so is what was read: their tests see to it.
    refusals = {("refuse", "sign-in"), ("refuse", "page"), ("export", "journal")}
    read = {("read", what) for what in ("aside", "reply", "comment", "roll", "mail")}
    assert {*verbs_in_the_source()} | decisions == set(DEEDS) | refusals | read


def test_a_sign_in_is_noted_with_its_way(clock):
    stage = Stage()
    ways: dict[str, Callable[[Stage, Any], Any]] = {
        "link": lambda on, _: members.redeem_sign_in(on.one.id, members.mint_sign_in(on.one)),
        "password": lambda _on, _: members.by_password(f"{SECRET}1@jena.example", f"{SECRET} und lang genug"),
    }
    for way, deed in ways.items():
        (entry,) = noted(deed, stage, clock)
        assert (entry.verb, entry.object_id, entry.actor_id, entry.facts) == (
            "sign in",
            stage.one.id,
            stage.one.id,
            {"by": way},
        )


def test_what_changes_nothing_is_not_noted(clock):
    stage = Stage()
    at, one = stage.meeting, stage.one
    nothing: dict[str, Callable[[Stage, Any], Any]] = {
        "the same answer": lambda _on, _: say(at, one, "yes"),
        "moving to where it is": lambda _on, _: announcing.move(at.id, Change(starts_at=at.starts_at)),
        "joining again": lambda on, _: series_rules.join(on.series, one),
        "parting without belonging": lambda on, _: series_rules.part(on.series, on.stranger),
        "subscribing again": lambda _on, _: members.subscribe(one, actor_id=None),
        "a wrong password": lambda _on, _: members.by_password(f"{SECRET}1@jena.example", "wrong"),
        "a wrong link": lambda _on, _: members.redeem_sign_in(one.id, "wrong"),
        "confirming again": lambda on, _: applying.confirm(
            on.confirmed, applying.mint_confirmation(applying.by_id(on.confirmed)), from_address=None
        ),
        "nothing to hold": lambda _on, _: meetings.mark_held(),
        "nothing to forget": lambda _on, _: applying.forget_unconfirmed(),
        "asking for a sign-in letter": lambda _on, _: members.ask_for_sign_in(f"{SECRET}1@jena.example"),
        "a seat for nobody": lambda _on, _: rsvps.promote(at),
    }
    assert {name: noted(deed, stage, clock) for name, deed in nothing.items()} == {name: [] for name in nothing}


# --- replaying --------------------------------------------------------------------------------------------------------


def replayed(meeting_id: int) -> tuple[dict[int, tuple[str, str | None, int]], list[int]]:
    """How everybody stands who ever answered (member → answer, seat, guests) and who waits, in order: by the journal
    alone."""
    roll: dict[int, tuple[str, str | None, int]] = {}
    places: dict[int, tuple[str, int]] = {}
    for entry in entries():
        facts = entry.facts or {}
        if facts.get("meeting") != meeting_id or entry.object != "rsvp":
            continue
        roll[facts["member"]] = (facts["answer"], facts["seat"], facts["guests"])
        places[facts["member"]] = (facts["asked_at"], facts["turn"])
    waiting = [member for member, (_answer, seat, _guests) in roll.items() if seat == "waiting"]
    return roll, sorted(waiting, key=lambda member: places[member])


def test_the_waiting_list_can_be_replayed_from_it(clock):
    one, two, three, four, five, six, seven = crowd(7)
    meeting = announced_meeting(people=[one, two, three, four, five, six, seven], seats=2, guests_allowed=2)
    early = clock.now
    steps = [
        (one, "yes", 0),
        (two, "yes", 0),
        (three, "yes", 2),
        (four, "yes", 0),
        (five, "yes", 1),
        (six, "yes", 0),
        (four, "yes", 1),  # grows: to the end
        (five, "yes", 0),  # shrinks: keeps the place
        (three, "no", 0),
        (one, "no", 0),  # five is seated
        (three, "yes", 0),
    ]
    for who, choice, party in steps:
        clock.advance(minutes=1)
        say(meeting, who, choice, party)
        assert replayed(meeting.id) == (people.seats(meeting), [rsvp.member_id for rsvp in rsvps.waiting(meeting.id)])
    queue = [rsvp.member_id for rsvp in rsvps.waiting(meeting.id)]
    clock.advance(minutes=1)
    announcing.ask_again(meeting, until=meeting.answer_until)
    assert replayed(meeting.id) == (people.seats(meeting), [])
    # Who is back keeps the place, whoever answers first: only the seats go by the order of answering.
    for who in (two, five, four, six, three):
        clock.advance(minutes=1)
        say(meeting, who, "yes")
    assert replayed(meeting.id) == (people.seats(meeting), queue)
    # An application approved later stands where its opt-in was.
    say(meeting, seven, "yes", asked_at=early, by="coordinator")
    expected = [seven.id, six.id, four.id, three.id]
    assert [rsvp.member_id for rsvp in rsvps.waiting(meeting.id)] == expected
    assert replayed(meeting.id) == (people.seats(meeting), expected)
