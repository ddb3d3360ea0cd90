"""What is copied: for each part one question to the database, whose columns are the names in the file.

Secrets (passwords' hashes, links' nonces) are left out, and so is whoever else stands in a row. `NOT_COPIED` says of
every table that names a member and has no part why.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from asanokai import markdown, writing
from asanokai.consents import Consent
from asanokai.deputies import Deputy
from asanokai.devices import Device
from asanokai.errors import N_
from asanokai.factors import Factor
from asanokai.guests import Guest
from asanokai.intake import Incoming
from asanokai.intake.opened import open_mail
from asanokai.journal import Aside, Entry
from asanokai.letters import Happening, Letter
from asanokai.meetings import Meeting
from asanokai.members import Address, AddressChange, Application, Bounce, Member, Mute, Organisation
from asanokai.outside import OutsideIdentity
from asanokai.passkeys import Passkey
from asanokai.proposals import Proposal, Vote
from asanokai.questions import Question, Reply
from asanokai.rsvps import Rsvp
from asanokai.rsvps import Standing as ComesNormally
from asanokai.rsvps.passing import SeatNote
from asanokai.series import Belonging, Series
from asanokai.speakers import Contributor
from asanokai.topics import Speaker, Topic
from asanokai.uploads import Upload
from asanokai.views import View
from asanokai.whose import Person
from asanokai.writing import Message

_MEETING = (Meeting.path.label("meeting"), Meeting.starts_at.label("meeting_at"), Meeting.title.label("meeting_title"))
_SERIES = (Series.slug.label("series"), Series.name.label("series_name"))
_NAMES = ("title", "family", "given", "family_ja", "given_ja")


@dataclass(frozen=True)
class Part:
    """A list in the file: its name, its heading, what is asked, and under which heading of the first page it stands.

    `file` is the column whose bytes lie beside the list as a file. `shape` makes an entry of what was found, where that
    is not the same; columns in `inner` are for it alone, and in no entry.
    """

    name: str
    words: str
    ask: Callable[[Person], Select[Any]]
    group: str
    file: str = ""
    shape: Callable[[dict[str, Any]], dict[str, Any]] = dict
    inner: frozenset[str] = frozenset()


def _columns(table: Any, *names: str) -> list[Any]:
    return [getattr(table, name) for name in names]


def _person(one: Person) -> Select[Any]:
    about = ("standing", "salutation", *_NAMES, "family_kana", "given_kana", "position", "language", "zone")
    moments = ("administrator", "created_at", "joined_at", "left_at", "unsubscribed_at")
    query = select(*_columns(Member, *about), Organisation.name.label("organisation"), *_columns(Member, *moments))
    return query.outerjoin(Organisation, Organisation.id == Member.organisation_id).where(Member.id == one.number)


def _addresses(one: Person) -> Select[Any]:
    query = select(*_columns(Address, "text", "kind", "verified_at", "suppressed_at", "reason"))
    return query.where(Address.member_id == one.number).order_by(Address.id)


def _address_changes(one: Person) -> Select[Any]:
    query = select(*_columns(AddressChange, "before", "after", "state", "asked_at", "made_at", "ended_at"))
    return query.where(AddressChange.member_id == one.number).order_by(AddressChange.id)


def _belongings(one: Person) -> Select[Any]:
    query = select(*_SERIES, *_columns(Belonging, "role", "since", "until"))
    joined = query.join(Series, Series.id == Belonging.series_id)
    return joined.where(Belonging.member_id == one.number).order_by(Belonging.id)


def _normally(one: Person) -> Select[Any]:
    query = select(*_SERIES, *_columns(ComesNormally, "since"))
    joined = query.join(Series, Series.id == ComesNormally.series_id)
    return joined.where(ComesNormally.member_id == one.number).order_by(ComesNormally.id)


def _answers(one: Person) -> Select[Any]:
    said = ("answer", "seat", "guests", "comment", "late", "by", "invited_at", "answered_at", "passes", "revision")
    query = select(*_MEETING, *_columns(Rsvp, *said)).join(Meeting, Meeting.id == Rsvp.meeting_id)
    return query.where(Rsvp.member_id == one.number).order_by(Meeting.starts_at, Rsvp.id)


def _of_answer(query: Any, rsvp_id: Any, one: Person) -> Select[Any]:
    joined: Select[Any] = query.join(Rsvp, Rsvp.id == rsvp_id).join(Meeting, Meeting.id == Rsvp.meeting_id)
    return joined.where(Rsvp.member_id == one.number).order_by(Meeting.starts_at)


def _guests(one: Person) -> Select[Any]:
    query = select(*_MEETING, Guest.name, Guest.organisation).select_from(Guest)
    return _of_answer(query, Guest.rsvp_id, one).order_by(Guest.place)


def _replies(one: Person) -> Select[Any]:
    columns = (Question.label.label("question"), Question.choices, Reply.value)
    query = select(*_MEETING, *columns).select_from(Reply).join(Question, Question.id == Reply.question_id)
    return _of_answer(query, Reply.rsvp_id, one).order_by(Reply.id)


def _seat_notes(one: Person) -> Select[Any]:
    query = select(*_MEETING, SeatNote.reason, SeatNote.at).select_from(SeatNote)
    return _of_answer(query, SeatNote.rsvp_id, one).order_by(SeatNote.id)


def _letters(one: Person) -> Select[Any]:
    sent = ("kind", "state", "address", "created_at", "sent_at", "settled_at", "reason", "server_words")
    read_in = func.coalesce(Letter.language, Member.language).label("language")
    own = (Message.subject.label("own_subject"), Message.words.label("own_words"), Series.first_language)
    query = select(Letter.id.label("number"), *_MEETING, *_columns(Letter, *sent, "facts"), read_in, *own)
    joined = query.outerjoin(Meeting, Meeting.id == Letter.meeting_id).outerjoin(Series, Series.id == Meeting.series_id)
    joined = joined.outerjoin(Member, Member.id == Letter.member_id)
    written = and_(Letter.kind.in_(writing.KINDS), Message.id == Letter.facts["message"].as_integer())
    return joined.outerjoin(Message, written).where(Letter.id.in_(one.letters)).order_by(Letter.id)


def _with_words(row: dict[str, Any]) -> dict[str, Any]:
    """A letter with what the program still knows of its words: those that people wrote. The others are put together
    from the meeting's data when it goes, and not kept."""
    own_subject, own_words, first = row.pop("own_subject"), row.pop("own_words"), row.pop("first_language")
    facts = row["facts"] or {}
    subject, words = facts.get("subject"), facts.get("words")
    if row["kind"] == "declined":
        words = facts.get("reason")
    if own_words is not None:
        said = writing.said(own_subject, own_words, row["language"] or first, first)
        subject, words = said.subject, markdown.to_text(said.words)
    return {**row, "subject": subject or None, "words": words or None}


def _happenings(one: Person) -> Select[Any]:
    query = select(Happening.letter_id.label("letter"), *_columns(Happening, "at", "what", "words"))
    return query.where(Happening.letter_id.in_(one.letters)).order_by(Happening.id)


def _bounces(one: Person) -> Select[Any]:
    query = select(Address.text.label("address"), *_columns(Bounce, "sort", "status", "words", "at"))
    return query.join(Address, Address.id == Bounce.address_id).where(Address.member_id == one.number)


def _mails(one: Person) -> Select[Any]:
    columns = ("came_at", "sender", "author", "recipient", "subject", "state", "outcome", "reason", "settled_at", "raw")
    theirs = or_(Incoming.member_id == one.number, one.at(Incoming.sender), one.at(Incoming.author))
    query = select(Incoming.id.label("number"), *_MEETING, *_columns(Incoming, *columns))
    return query.outerjoin(Meeting, Meeting.id == Incoming.meeting_id).where(theirs).order_by(Incoming.id)


def _with_text(row: dict[str, Any]) -> dict[str, Any]:
    """A mail with its words, as long as it is kept."""
    raw = row["raw"]
    return {**row, "words": (open_mail(raw).text or None) if raw is not None else None}


def _mutes(one: Person) -> Select[Any]:
    return select(Mute.kind).where(Mute.member_id == one.number).order_by(Mute.kind)


def _applications(one: Person) -> Select[Any]:
    said = ("state", "answer", "guests", "message", "person", "consent_text", "consent_version")
    moments = ("applied_from", "confirmed_from", "applied_at", "confirmed_at", "decided_at")
    query = select(*_SERIES, *_MEETING, *_columns(Application, *said, *moments))
    joined = query.outerjoin(Series, Series.id == Application.series_id)
    joined = joined.outerjoin(Meeting, Meeting.id == Application.meeting_id)
    return joined.where(Application.member_id == one.number).order_by(Application.id)


def _consents(one: Person) -> Select[Any]:
    text = (Consent.text.label("consent_text"), Consent.version.label("consent_version"))
    columns = ("language", "given_at", "given_from", "confirmed_at", "confirmed_from", "address")
    ends = ("withdrawn_at", "ended_by")
    query = select(*_SERIES, *_MEETING, Consent.kind, *text, *_columns(Consent, *columns, *ends))
    joined = query.outerjoin(Series, Series.id == Consent.series_id)
    joined = joined.outerjoin(Meeting, Meeting.id == Consent.meeting_id)
    return joined.where(Consent.member_id == one.number).order_by(Consent.id)


def _deputies(one: Person) -> Select[Any]:
    theirs = (Deputy.member_id == one.number).label("named_by_you")
    query = select(theirs, *_columns(Deputy, "kind", "address", "since", "agreed_at", "until"))
    mine = or_(Deputy.member_id == one.number, Deputy.deputy_id == one.number, one.at(Deputy.address))
    return query.where(mine).order_by(Deputy.id)


def _devices(one: Person) -> Select[Any]:
    query = select(*_columns(Device, "name", "by", "created_at", "used_at"))
    return query.where(Device.member_id == one.number).order_by(Device.id)


def _passkeys(one: Person) -> Select[Any]:
    query = select(*_columns(Passkey, "name", "created_at", "used_at"))
    return query.where(Passkey.member_id == one.number).order_by(Passkey.id)


def _second_factors(one: Person) -> Select[Any]:
    query = select(*_columns(Factor, "created_at", "confirmed_at"))
    return query.where(Factor.member_id == one.number)


def _outside(one: Person) -> Select[Any]:
    query = select(*_columns(OutsideIdentity, "issuer", "created_at", "used_at"))
    return query.where(OutsideIdentity.member_id == one.number).order_by(OutsideIdentity.id)


def _views(one: Person) -> Select[Any]:
    return select(*_columns(View, "name", "query", "created_at")).where(View.owner_id == one.number).order_by(View.id)


def _proposals(one: Person) -> Select[Any]:
    columns = ("title", "abstract", "speaker_hint", "state", "word", "created_at", "decided_at")
    query = select(*_SERIES, *_columns(Proposal, *columns)).join(Series, Series.id == Proposal.series_id)
    return query.where(Proposal.member_id == one.number).order_by(Proposal.id)


def _votes(one: Person) -> Select[Any]:
    query = select(Proposal.title.label("proposal"), Vote.created_at).join(Proposal, Proposal.id == Vote.proposal_id)
    return query.where(Vote.member_id == one.number).order_by(Vote.created_at, Proposal.id)


def _talks(one: Person) -> Select[Any]:
    about = (Topic.title.label("topic"), Topic.abstract)
    query = select(*_MEETING, *about, *_columns(Speaker, *_NAMES, "position", "organisation")).select_from(Speaker)
    joined = query.join(Topic, Topic.id == Speaker.topic_id).join(Meeting, Meeting.id == Topic.meeting_id)
    return joined.where(Speaker.id.in_(one.speaking)).order_by(Speaker.id)


def _contributions(one: Person) -> Select[Any]:
    columns = ("kind", "address", "language", "salutation", *_NAMES, "position", "organisation", "biography", "word")
    moments = ("asked_at", "confirmed_at", "declined_at", "created_at")
    query = select(*_MEETING, *_columns(Contributor, *columns, *moments))
    joined = query.join(Meeting, Meeting.id == Contributor.meeting_id)
    return joined.where(Contributor.id.in_(one.contributing)).order_by(Contributor.id)


def _files(one: Person) -> Select[Any]:
    columns = ("kind", "name", "media_type", "size", "created_at", "content")
    query = select(Upload.id.label("number"), *_MEETING, *_columns(Upload, *columns))
    joined = query.join(Meeting, Meeting.id == Upload.meeting_id)
    return joined.where(Upload.contributor_id.in_(one.contributing)).order_by(Upload.id)


def _messages(one: Person) -> Select[Any]:
    query = select(*_MEETING, *_columns(Message, "kind", "audience", "subject", "words", "state", "created_at"))
    joined = query.join(Meeting, Meeting.id == Message.meeting_id)
    return joined.where(Message.author_id == one.number).order_by(Message.id)


def _journal(one: Person) -> Select[Any]:
    done_by = (Entry.actor_id == one.number).label("done_by_you")
    aside = (Aside.address.label("from_address"), Aside.agent.label("from_browser"))
    query = select(*_columns(Entry, "at", "verb", "object"), done_by, *_MEETING, *aside)
    query = query.outerjoin(Meeting, Meeting.id == Entry.meeting_id)
    # What was done to them is told, but not from where others did it.
    own = and_(Aside.entry_id == Entry.id, Entry.actor_id == one.number)
    return query.outerjoin(Aside, own).where(Entry.id.in_(one.entries)).order_by(Entry.id)


_OWN = frozenset(("own_subject", "own_words", "first_language"))

GROUPS = (
    ("you", N_("You and your membership")),
    ("meetings", N_("Meetings, talks and proposals")),
    ("letters", N_("Letters and mails")),
    ("consents", N_("Consents, and who acts for you")),
    ("access", N_("Signing in, and what was done")),
)
"""The headings of the first page."""

PARTS: tuple[Part, ...] = (
    Part("person", N_("Yourself"), _person, "you"),
    Part("addresses", N_("Mail addresses"), _addresses, "you"),
    Part("address_changes", N_("Changes of your address"), _address_changes, "you"),
    Part("belongings", N_("Series you belong or belonged to"), _belongings, "you"),
    Part("normally", N_("Series to which you normally come"), _normally, "you"),
    Part("answers", N_("Your answers"), _answers, "meetings"),
    Part("guests", N_("Guests you named"), _guests, "meetings"),
    Part("replies", N_("What you replied to questions"), _replies, "meetings"),
    Part("seat_notes", N_("Notes on your seats"), _seat_notes, "meetings"),
    Part("letters", N_("Letters to you"), _letters, "letters", shape=_with_words, inner=_OWN),
    Part("letter_events", N_("What befell letters to you"), _happenings, "letters"),
    Part("bounces", N_("What came back from your addresses"), _bounces, "letters"),
    Part("mails", N_("Mails from you"), _mails, "letters", file="raw", shape=_with_text),
    Part("switched_off", N_("Letters you switched off"), _mutes, "letters"),
    Part("applications", N_("Applications and consents"), _applications, "consents"),
    Part("consents", N_("Your consents"), _consents, "consents"),
    Part("deputies", N_("Deputies, and those for whom you answer"), _deputies, "consents"),
    Part("devices", N_("Devices"), _devices, "access"),
    Part("passkeys", N_("Passkeys"), _passkeys, "access"),
    Part("second_factors", N_("Second factor"), _second_factors, "access"),
    Part("outside_identities", N_("Accounts elsewhere that sign you in"), _outside, "access"),
    Part("views", N_("Saved views"), _views, "you"),
    Part("proposals", N_("Your proposals"), _proposals, "meetings"),
    Part("votes", N_("Your votes"), _votes, "meetings"),
    Part("talks", N_("Your talks"), _talks, "meetings"),
    Part("contributions", N_("What you said of yourself as a speaker or host"), _contributions, "meetings"),
    Part("files", N_("Files you sent"), _files, "meetings", file="content"),
    Part("messages", N_("Letters you wrote to many"), _messages, "letters"),
    Part("journal", N_("What the journal says of you"), _journal, "access"),
)
"""In the order of the file."""

TABLES = frozenset(
    (
        "consent",
        "outside_identity",
        "address_change",
        *(
            "member",
            "organisation",
            "address",
            "belonging",
            "standing",
            "rsvp",
            "guest",
            "reply",
            "seat_note",
            "letter",
        ),
        *(
            "happening",
            "bounce",
            "incoming",
            "mute",
            "passkey",
            "device",
            "factor",
            "application",
            "deputy",
            "view",
            "proposal",
            "vote",
            "speaker",
        ),
        *("contributor", "upload", "message", "journal", "journal_aside", "topic"),
    )
)
"""The tables that a part is about."""

NOT_COPIED = {
    "copy": "the copies themselves",
    "law_text": "texts of the house",
    "knock": "what was asked at the door; gone within seconds",
    "erasure": "what would say something has been deleted by then",
    "merger": "numbers that lead on",
    "nobody": "rows that stand for nobody",
    "pack": "addresses of caterers",
    "recovery_code": "hashes of codes, which are secrets; how many there are is on the page of the second factor",
    "retention_run": "a moment at which an administrator removed old data",
}
"""Tables that name a member or that deletion empties, and why they are not copied."""
