"""Every table that holds something of a person, and what becomes of it when the person is erased.

`RULES` says which rows of a table are a person's, and what they are emptied to; `NOTHING` says of every other column
that could hold words or bytes why there is nothing of a person in it. A column that stands in neither makes a test
fail: whoever adds one decides here what becomes of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from asanokai import clock
from asanokai.catering import Pack
from asanokai.consents import Consent
from asanokai.copies.row import Copy
from asanokai.db import Base
from asanokai.deputies import Deputy
from asanokai.devices import Device
from asanokai.erasing.row import Erasure
from asanokai.guests import Guest
from asanokai.intake import Incoming
from asanokai.journal import Aside
from asanokai.knocking import Knock
from asanokai.letters import Happening, Letter, mint_nonce
from asanokai.members import Address, AddressChange, Application, Bounce, Member, Mute, Organisation
from asanokai.outside import OutsideIdentity
from asanokai.passkeys import Passkey
from asanokai.proposals import Proposal
from asanokai.questions import Reply
from asanokai.rsvps import Rsvp
from asanokai.rsvps.passing import SeatNote
from asanokai.speakers import Contributor
from asanokai.topics import Speaker, Topic
from asanokai.uploads import Upload
from asanokai.views import View
from asanokai.whose import Person

Whose = Callable[[Person], ColumnElement[bool]]
GONE = None
"""The row itself goes."""


@dataclass(frozen=True)
class Rule:
    """Which rows of a table are a person's, and what their columns become; `GONE`: the rows are deleted."""

    table: type[Base]
    whose: Whose
    becomes: Mapping[str, Any] | None = GONE
    text_of: bool = False
    """Whether it is what somebody proposed or said of a talk, which may stay without the name."""


EMPTY_MEMBER = {
    **dict.fromkeys(("salutation", "title", "family", "given", "family_ja", "given_ja"), ""),
    **dict.fromkeys(("family_kana", "given_kana", "position", "sought", "filed"), ""),
    **dict.fromkeys(
        ("organisation_id", "password_hash", "sign_in_hash", "sign_in_until", "joined_at", "first_in_at"), None
    ),
    "standing": "erased",
    "administrator": False,
    "language": "de",
    "zone": "Europe/Berlin",
    "calendar_secret": mint_nonce,
}
"""What a row is that stands for nobody any more. A callable is called for each row."""

RULES: tuple[Rule, ...] = (
    # answers: what was said goes, that somebody came is counted on
    Rule(Reply, lambda one: Reply.rsvp_id.in_(one.answers)),
    Rule(Guest, lambda one: Guest.rsvp_id.in_(one.answers)),
    Rule(SeatNote, lambda one: or_(SeatNote.rsvp_id.in_(one.answers), SeatNote.other_id == one.number), {"reason": ""}),
    Rule(Rsvp, lambda one: Rsvp.member_id == one.number, {"comment": ""}),
    # letters and mails; `clearing` empties a letter's facts
    Rule(Bounce, lambda one: Bounce.address_id.in_(select(Address.id).where(Address.member_id == one.number))),
    Rule(Happening, lambda one: Happening.letter_id.in_(one.letters), {"words": None}),
    Rule(
        Incoming,
        lambda one: or_(
            Incoming.member_id == one.number,
            one.at(Incoming.sender),
            one.at(Incoming.author),
            Incoming.letter_id.in_(one.letters),
        ),
        {
            **dict.fromkeys(("raw", "recipient", "sender", "author", "subject", "reason", "facts"), None),
            "state": "settled",
        },
    ),
    Rule(
        Letter,
        lambda one: Letter.id.in_(one.letters),
        {"address": None, "language": None, "server_words": None, "facts": None},
    ),
    Rule(Mute, lambda one: Mute.member_id == one.number),
    Rule(Aside, lambda one: Aside.entry_id.in_(one.entries)),
    # belonging
    Rule(Application, lambda one: and_(Application.member_id == one.number, Application.state == "applied")),
    Rule(
        Application,
        lambda one: and_(Application.member_id == one.number, Application.state == "confirmed"),
        {"state": "declined", "decided_at": clock.now},
    ),
    Rule(
        Application,
        lambda one: Application.member_id == one.number,
        {"message": "", **dict.fromkeys(("person", "nonce_hash", "applied_from", "confirmed_from"), None)},
    ),
    Rule(
        Consent,
        lambda one: Consent.member_id == one.number,
        dict.fromkeys(("given_from", "confirmed_from", "address"), None),
    ),
    Rule(
        Deputy, lambda one: or_(Deputy.member_id == one.number, Deputy.deputy_id == one.number, one.at(Deputy.address))
    ),
    Rule(Knock, lambda one: one.at(Knock.address)),
    Rule(
        AddressChange,
        lambda one: or_(
            AddressChange.member_id == one.number, one.at(AddressChange.before), one.at(AddressChange.after)
        ),
    ),
    Rule(OutsideIdentity, lambda one: OutsideIdentity.member_id == one.number),
    Rule(Passkey, lambda one: Passkey.member_id == one.number),
    Rule(Device, lambda one: Device.member_id == one.number),
    Rule(View, lambda one: View.owner_id == one.number),
    Rule(Pack, lambda one: one.at(Pack.address), {"address": None}),
    # the programme
    Rule(
        Proposal,
        lambda one: and_(Proposal.member_id == one.number, Proposal.state.in_(("open", "withdrawn", "declined"))),
        {"title": {}, "abstract": None, "state": "withdrawn", "decided_at": clock.now},
        text_of=True,
    ),
    Rule(Proposal, lambda one: Proposal.member_id == one.number, {"abstract": None}, text_of=True),
    Rule(Proposal, lambda one: Proposal.member_id == one.number, {"speaker_hint": "", "word": None}),
    Rule(
        Topic,
        lambda one: and_(
            Topic.id.in_(one.topics),
            Topic.id.not_in(select(Speaker.topic_id).where(Speaker.id.not_in(one.speaking))),
        ),
        {"abstract": None},
        text_of=True,
    ),
    Rule(Upload, lambda one: Upload.contributor_id.in_(one.contributing)),
    # `clearing` deletes contributors and speakers, since each is found by the other
    Rule(Contributor, lambda one: Contributor.id.in_(one.contributing)),
    Rule(Speaker, lambda one: Speaker.id.in_(one.speaking)),
    # the person
    Rule(Copy, lambda one: Copy.member_id == one.number),
    Rule(Address, lambda one: Address.member_id == one.number),
    Rule(Member, lambda one: Member.id == one.number, EMPTY_MEMBER),
    Rule(
        Organisation,
        lambda _: Organisation.id.not_in(select(Member.organisation_id).where(Member.organisation_id.is_not(None))),
    ),
)
"""In this order: who is whose is read from rows that go later."""

_HOUSE = "what the house says to everybody"
_CODE = "one word of a fixed list"
_COUNT = "numbers only"

NOTHING = {
    "installation.*": _HOUSE,
    "mailbox.name": "a folder of the house's own mailbox",
    "series.*": _HOUSE,
    "law_text.*": _HOUSE,
    "catering_plan.lead": _CODE,
    "meeting.*": _HOUSE,
    "former_path.path": _HOUSE,
    "address.kind": _CODE,
    "application.state": _CODE,
    "application.answer": _CODE,
    "application.consent_text": "the wording that everybody agreed to; kept as long as the setting says",
    "application.consent_version": "which wording; kept as long as the setting says",
    "consent.kind": _CODE,
    "consent.text": "the wording that everybody agreed to; kept as long as the setting says",
    "consent.version": "which wording; kept as long as the setting says",
    "consent.language": _CODE,
    "consent.ended_by": _CODE,
    "belonging.role": _CODE,
    "catered.frozen": _COUNT,
    "catered.told": _COUNT,
    "journal_seal.*": "marks of rows of the journal",
    "journal_check.*": "whether the seals held",
    "journal.*": "numbers, states and moments; the numbers lead to an empty row",
    "letter.key": "numbers, states and moments",
    "letter.kind": _CODE,
    "letter.state": _CODE,
    "letter.reason": _CODE,
    "letter.claimed_by": "a process of the house",
    "letter.message_id": "a mark that nobody can lead back",
    "message.*": "what coordinators write to many",
    "minutes.*": "what coordinators write about a morning",
    "moment.kind": _CODE,
    "spent_challenge.hash": "a mark of chance",
    "pack.kind": _CODE,
    "pack.nonce": "chance",
    "pack.language": _CODE,
    "paragraph.*": "what coordinators write to many",
    "question.*": _HOUSE,
    "reply_count.value": "a choice or a number; words are counted under no value",
    "rsvp.answer": _CODE,
    "rsvp.seat": _CODE,
    "rsvp.by": _CODE,
    "topic.title": "the programme as it was announced",
    "topic.sought": "made anew from title, abstract and the speakers that are left",
    "usual.said": _HOUSE,
    "happening.what": _CODE,
    "incoming.digest": "a mark that nobody can lead back",
    "incoming.raw_hash": "a mark of bytes that are gone",
    "incoming.way": _CODE,
    "incoming.state": _CODE,
    "incoming.outcome": _CODE,
    "proposal.state": _CODE,
    "proposal.title": "a title that stands in the programme; any other is emptied",
    "slot.*": _HOUSE,
    "erased.mark": "a mark of an address that nobody can lead back without the key",
    "erasure.why": _CODE,
    "retention_limit.kind": _CODE,
    "removal.kind": _CODE,
}
"""Columns of words, facts or bytes that hold nothing of a person, and why; `table.*` for all of a table."""

NUMBERS = {
    "belonging": "that a row belonged, without whose it was",
    "standing": "ended by leaving",
    "journal": "who did something: a number that leads to an empty row",
    "merger": "which row was given up for which",
    "message": "who wrote for the house",
    "law_text": "who wrote for the house",
    "vote": "a vote counts on",
    "retention_run": "who let the old be removed",
    "nobody": "a row that stands for nobody",
    Erasure.__tablename__: "that somebody was erased, and when",
}
"""Tables that name a member by number and have no rule, and why."""
