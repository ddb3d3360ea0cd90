"""Joining: by application on a public page (double opt-in, then a coordinator's approval) or by being invited.

What somebody says about themselves waits in the application and never overwrites a member's row. The answer to a known
and to an unknown address is the same. No seat before approval: then the RSVP is made with the time of the confirmed
opt-in. It knows no page and writes no letter's words.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError

from asanokai import clock, journal, letters, meetings, members, rsvps
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.errors import N_, BadInput, Expired, Missing, Refused
from asanokai.languages import Name
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import NAMES, Address, Application, Member, Organisation
from asanokai.rsvps import Rsvp
from asanokai.series import Belonging, Series
from asanokai.tokens import OPT_IN_LIFE, hashed
from asanokai.topics import Speaker

LONGEST_MESSAGE = 2000
FORGOTTEN_AT_ONCE = 500
A_LITTLE = timedelta(hours=1)
"""Longer than the link lives: nothing vanishes under somebody who is just confirming."""

PERSON = (*NAMES, "salutation", "organisation", "language", "zone")
"""What may be said about a person when applying; fields as for `members.describe`."""


@dataclass(frozen=True)
class Waiting:
    """An application on the coordinators' desk."""

    application: Application
    member: Member
    address: str
    organisation: str
    series: Series
    meeting: Meeting | None


def applicant(application: Application, member: Member, organisation: str) -> tuple[Name, str]:
    """Who applies, and one line of position and organisation: as the member's row knows them, else as they said."""
    said = application.person or {}
    name = member.name if member.family or member.family_ja else said_name(application)
    parts = (member.position or said.get("position", ""), organisation or said.get("organisation", ""))
    return name, ", ".join(str(part) for part in parts if part)


def said_name(application: Application) -> Name:
    """The name somebody gave when applying."""
    said = application.person or {}
    return Name(**{field: str(said.get(field) or "") for field in Name.__dataclass_fields__})


def apply(
    person: dict[str, Any],
    email: str,
    *,
    series_id: int | None = None,
    meeting_id: int | None = None,
    answer: str | None = None,
    guests: int = 0,
    message: str = "",
    consent_text: str,
    consent_version: str,
    from_address: str | None,
    at: datetime | None = None,
) -> Application:
    """Somebody asks (or asked `at` that moment) to belong to a public series or to come to one announced meeting; a
    letter asks to confirm.

    Applying again before confirming replaces what was said. Raises as `applied_for` and `said_by`.
    """
    series_id = applied_for(series_id, meeting_id, answer, guests)
    said = said_by(person, email, message)
    member = _whoever_has(email, said)
    application = _unconfirmed(member.id, series_id, meeting_id)
    application.person, application.message = said, members.prose(message, longest=LONGEST_MESSAGE)
    application.answer, application.guests = (answer or "yes", guests) if meeting_id else (None, 0)
    application.consent_text, application.consent_version = consent_text, consent_version
    application.applied_from, application.applied_at = from_address, at or clock.now()
    session().flush()
    _ask_to_confirm(application, "opt_in", email, said.get("language"))
    journal.write("apply", "application", application.id, meeting=meeting_id, series=series_id)
    return application


def applied_for(series_id: int | None, meeting_id: int | None, answer: str | None, guests: int) -> int:
    """The series that is meant, whoever asks. Raises `Refused` where one cannot apply, `BadInput` for a wish that
    cannot be."""
    if meeting_id is None:
        series = series_rules.by_id(series_id or 0)
        if not series.public:
            raise Missing(N_("There is no such series."))
        return series.id
    meeting = meetings.by_id(meeting_id)
    if not meeting.public or meeting.announced_at is None:
        raise Missing(N_("There is no such meeting."))
    if meeting.state != "announced" or clock.now() > meeting.answer_until:
        raise Refused(N_("Applications for this meeting are closed."))
    if answer not in (None, "yes", "maybe"):
        raise BadInput("answer", N_("Please choose yes or maybe."))
    if not 0 <= guests <= meeting.guests_allowed:
        most = meeting.guests_allowed
        raise BadInput("guests", N_("You may bring up to %(most)s guests to this meeting."), most=most)
    return meeting.series_id


def _short_enough(field: str, typed: str, most: int) -> None:
    if len(typed) > most:
        raise BadInput(field, N_("This may have %(most)s characters at most."), most=most)


def said_by(person: dict[str, Any], email: str, message: str) -> dict[str, Any]:
    """The person's fields. Raises `BadInput` for what nobody, member or not, can be called or have said."""
    _short_enough("message", message, LONGEST_MESSAGE)
    members.normal_address(email)
    return _said(person)


def _said(person: dict[str, Any]) -> dict[str, Any]:
    """The person's fields, checked as a member's would be, and refused where a member's would be cut."""
    said = {name: person[name] for name in PERSON if person.get(name)}
    for name, value in said.items():
        _short_enough(name, str(value), members.LONGEST)
    if not any(said.get(name) for name in ("family", "family_ja")):
        raise BadInput("family", N_("Please give your family name."))
    probe = {name: value for name, value in said.items() if name != "organisation"}
    members.describe(Member(), **probe)
    return {name: members.cleaned(str(value)) for name, value in said.items()}


def _whoever_has(email: str, said: dict[str, Any], *, actor_id: int | None = None) -> Member:
    """The member with that address, or a new row that holds nothing but the address. Two clicks at once find one row,
    and the second waits until the first is written."""
    member = members.by_address(email)
    if member is None:
        try:
            with session().begin_nested():
                language = said.get("language", "de")
                return members.add(email, standing="applied", actor_id=actor_id, language=language)
        except (BadInput, IntegrityError):
            # Somebody was quicker, before or after `add` looked.
            member = members.by_address(email)
            if member is None:
                raise
    # Not against those who only refer to the row: they would wait for us, and we for their meeting.
    session().execute(select(Member.id).where(Member.id == member.id).with_for_update(key_share=True))
    return member


def _unconfirmed(member_id: int, series_id: int, meeting_id: int | None) -> Application:
    """The member's application for this that nobody confirmed yet, or a new one."""
    found = session().scalar(
        select(Application).where(
            Application.member_id == member_id,
            Application.series_id == series_id,
            Application.meeting_id == meeting_id if meeting_id else Application.meeting_id.is_(None),
            Application.state == "applied",
        )
    )
    if found is None:
        found = Application(
            member_id=member_id, series_id=series_id, meeting_id=meeting_id, state="applied", applied_at=clock.now()
        )
        session().add(found)
    found.inviter_id = None
    return found


def _ask_to_confirm(application: Application, kind: str, email: str, language: str | None) -> None:
    # An earlier letter that has not left would carry a link that the later one makes worthless.
    letters.drop_queued_of_application(application.id, "overtaken by a later application")
    letters.post(
        kind,
        f"{kind.replace('_', '-')}:{application.id}:{secrets.token_hex(6)}",
        member_id=application.member_id,
        address=members.normal_address(email),
        language=language,
        facts={"application": application.id},
        useless_after=application.applied_at + OPT_IN_LIFE,
    )


def invite(email: str, person: dict[str, Any], *, series_id: int, inviter_id: int) -> Application | None:
    """A coordinator invites somebody to a series by letter; a member belongs at once, and None is returned."""
    series = series_rules.by_id(series_id)
    said = _said(person)
    member = members.by_address(email)
    if member is not None and member.standing == "accepted":
        if not series_rules.join(series, member, actor_id=inviter_id):
            raise BadInput("email", N_("Whoever has this address belongs to the series already."))
        return None
    member = _whoever_has(email, said, actor_id=inviter_id)
    application = _unconfirmed(member.id, series_id, None)
    application.person, application.inviter_id, application.applied_at = said, inviter_id, clock.now()
    session().flush()
    _ask_to_confirm(application, "join", email, said.get("language"))
    journal.write("invite", "application", application.id, actor_id=inviter_id, series=series_id)
    return application


# --- confirming -------------------------------------------------------------------------------------------------------


def mint_confirmation(application: Application) -> str:
    """A new secret for the confirmation link; an earlier one stops working. Only its hash is kept."""
    nonce = letters.mint_nonce()
    application.nonce_hash = hashed(nonce)
    return nonce


def open_application(application_id: int, nonce: str) -> Application:
    """The application a confirmation link speaks of. Raises `Missing`, or `Expired` after 14 days."""
    application = session().get(Application, application_id)
    if application is None or application.nonce_hash is None:
        raise Missing(N_("This link is not valid. Please open it exactly as it stands in the letter."))
    if not secrets.compare_digest(application.nonce_hash, hashed(nonce)):
        raise Expired(N_("This link is no longer valid. There may be a newer letter."))
    if application.state == "applied" and clock.now() > application.applied_at + OPT_IN_LIFE:
        raise Expired(N_("This link is no longer valid."))
    return application


def confirm(
    application_id: int, nonce: str, *, from_address: str | None, consent: tuple[str, str] = ("", "")
) -> Application:
    """The applicant confirms. Twice is as good as once. `consent` is the text, and its version, that somebody invited
    has read on the page; what an applicant agreed to before stays.

    Who was invited, belongs already, or asks for something open to all is approved at once; else, and for a meeting
    whose deadline has passed, the coordinators are told. Raises as `open_application`, and `Refused` where the meeting
    has begun or was cancelled meanwhile.
    """
    open_application(application_id, nonce)
    application = _locked(application_id)
    if application.state != "applied":
        return application
    _still_to_come(application)
    now = clock.now()
    member = members.by_id(application.member_id)
    application.state, application.confirmed_at, application.confirmed_from = "confirmed", now, from_address
    if not application.consent_text:
        application.consent_text, application.consent_version = consent
    if member.standing in ("applied", "left"):
        member.standing = "confirmed"
        members.comes_back(member)
    _verify_address(application)
    members.note_opt_in(application)
    journal.write("confirm", "application", application.id, actor_id=member.id, **application.about)
    if application.inviter_id is not None or _open_to(application, member):
        approve(application_id, actor_id=application.inviter_id)
    else:
        _tell_coordinators(application)
    return application


def _still_to_come(application: Application) -> None:
    if application.meeting_id is not None:
        meeting = meetings.by_id(application.meeting_id)
        if meeting.state != "announced" or clock.now() >= meeting.starts_at:
            raise Refused(N_("Applications for this meeting are closed."))


def _verify_address(application: Application) -> None:
    """Note that the address the link went to is read: not always the main one, if the applicant has several."""
    asked = (
        select(Letter.address)
        .where(
            Letter.member_id == application.member_id,
            Letter.kind.in_(("opt_in", "join")),
            Letter.facts["application"].as_integer() == application.id,
        )
        .order_by(Letter.id.desc())
        .limit(1)
    )
    session().execute(
        update(Address)
        .where(
            Address.member_id == application.member_id,
            Address.normal == asked.scalar_subquery(),
            Address.verified_at.is_(None),
        )
        .values(verified_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )


def _open_to(application: Application, member: Member) -> bool:
    """Whether no coordinator needs to look: approval is not asked for, or was given before."""
    assert application.series_id is not None
    if application.meeting_id is not None and clock.now() > meetings.by_id(application.meeting_id).answer_until:
        return False
    if member.standing == "accepted" and series_rules.belongs(application.series_id, member.id):
        return True
    if application.meeting_id is not None:
        return not meetings.by_id(application.meeting_id).needs_approval
    return not series_rules.by_id(application.series_id).needs_approval


def _tell_coordinators(application: Application) -> None:
    assert application.series_id is not None
    for coordinator in series_rules.coordinators(application.series_id):
        if members.unwanted(coordinator.id, "application"):
            continue
        key, facts = f"application:{application.id}:{coordinator.id}", {"application": application.id}
        letters.post("application", key, member_id=coordinator.id, facts=facts)


# --- deciding ---------------------------------------------------------------------------------------------------------


def by_id(application_id: int) -> Application:
    """The application. Raises `Missing`."""
    application = session().get(Application, application_id)
    if application is None:
        raise Missing(N_("There is no such application."))
    return application


def approve(application_id: int, *, actor_id: int | None) -> Application:
    """Let the applicant belong to the series, or come to the one meeting they asked for.

    Raises `Refused`, and changes nothing then, if it was decided before or the meeting can no longer be answered.
    """
    application = _to_decide(application_id)
    member = members.by_id(application.member_id)
    if application.meeting_id is not None:
        # First, since the rules of answering may say no.
        rsvps.answer(
            application.meeting_id,
            member.id,
            application.answer or "yes",
            guests=application.guests,
            by="program" if actor_id is None else "coordinator",
            actor_id=actor_id,
            asked_at=application.confirmed_at,
        )
    if member.standing != "accepted":
        member.standing, member.joined_at, member.left_at = "accepted", clock.now(), None
    _fill_up(member, application)
    session().flush()
    if application.meeting_id is None:
        assert application.series_id is not None
        series_rules.join(series_rules.by_id(application.series_id), member, actor_id=actor_id)
    _decide(application, "approved", actor_id)
    _tell_applicant(application, "welcome", {})
    return application


def decline(application_id: int, *, actor_id: int | None, reason: str = "") -> Application:
    """Say no. Who never was a member and asks for nothing else has left. Raises `Refused` if it was decided before."""
    _short_enough("reason", reason, LONGEST_MESSAGE)
    application = _to_decide(application_id)
    member = members.by_id(application.member_id)
    _decide(application, "declined", actor_id)
    _tell_applicant(application, "declined", {"reason": members.prose(reason, longest=LONGEST_MESSAGE)})
    others = exists().where(
        Application.member_id == member.id,
        Application.id != application.id,
        Application.state.in_(("applied", "confirmed")),
    )
    if member.standing == "confirmed" and not session().scalar(select(others)):
        member.standing, member.left_at = "left", clock.now()
    return application


def _locked(application_id: int) -> Application:
    """The application as it is now, kept from being confirmed or decided by somebody else meanwhile."""
    application = session().scalar(
        select(Application)
        .where(Application.id == application_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if application is None:
        raise Missing(N_("There is no such application."))
    return application


def _to_decide(application_id: int) -> Application:
    application = _locked(application_id)
    if application.state != "confirmed":
        raise Refused(N_("This application has been decided already, or was never confirmed."))
    return application


def _decide(application: Application, state: str, actor_id: int | None) -> None:
    application.state, application.decided_at, application.decided_by_id = state, clock.now(), actor_id
    session().flush()
    journal.write(state, "application", application.id, actor_id=actor_id, **application.about)


def _fill_up(member: Member, application: Application) -> None:
    """Take over what the applicant said where the member's row is empty. A named person's row stays as it is."""
    said = application.person or {}
    if member.family or member.family_ja:
        said = {name: value for name, value in said.items() if name in NAMES and not getattr(member, name)}
    members.describe(member, **said)


def _tell_applicant(application: Application, kind: str, facts: dict[str, Any]) -> None:
    facts = {"application": application.id, **facts}
    letters.post(kind, f"{kind}:{application.id}", member_id=application.member_id, facts=facts)


# --- the desk ---------------------------------------------------------------------------------------------------------


def waiting_for_decision(series_ids: list[int] | None) -> list[Waiting]:
    """Confirmed applications for some series or (None) all, oldest first, in one statement."""
    query = (
        select(Application, Member, Address.text, Organisation.name, Series, Meeting)
        .join(Member, Member.id == Application.member_id)
        .join(Series, Series.id == Application.series_id)
        .outerjoin(Address, (Address.member_id == Member.id) & (Address.kind == "main"))
        .outerjoin(Organisation, Organisation.id == Member.organisation_id)
        .outerjoin(Meeting, Meeting.id == Application.meeting_id)
        .where(*_to_be_decided(series_ids))
        .order_by(Application.confirmed_at, Application.id)
    )
    return [
        Waiting(application, member, address or "", name or "", series, meeting)
        for application, member, address, name, series, meeting in session().execute(query)
    ]


def count_waiting(series_ids: list[int] | None) -> int:
    """How many applications wait for a decision."""
    return int(session().scalar(select(func.count(Application.id)).where(*_to_be_decided(series_ids))) or 0)


def _to_be_decided(series_ids: list[int] | None) -> list[Any]:
    criteria: list[Any] = [Application.state == "confirmed"]
    if series_ids is not None:
        criteria.append(Application.series_id.in_(series_ids))
    return criteria


# --- forgetting -------------------------------------------------------------------------------------------------------


def forget_unconfirmed() -> int:
    """Applications nobody confirmed within 14 days vanish, with the person where nothing else is known. How many; after
    `FORGOTTEN_AT_ONCE` there may be more."""
    unconfirmed = (
        select(Application.id, Application.member_id)
        .where(Application.state == "applied", Application.applied_at < clock.now() - OPT_IN_LIFE - A_LITTLE)
        .order_by(Application.id)
        .limit(FORGOTTEN_AT_ONCE)
        .with_for_update()
    )
    old = {application_id: member_id for application_id, member_id in session().execute(unconfirmed)}
    if old:
        letters.forget_applications(list(old))
        session().execute(delete(Application).where(Application.id.in_(old)))
        _forget_people(set(old.values()))
    for application_id in old:
        journal.write("forget", "application", application_id)
    return len(old)


def _forget_people(member_ids: set[int]) -> None:
    """Delete those who only ever applied, unless something else refers to them."""
    alone = [~exists().where(table.member_id == Member.id) for table in (Application, Belonging, Rsvp, Speaker)]
    applied = select(Member.id).where(Member.id.in_(member_ids), Member.standing == "applied", *alone)
    gone = list(session().scalars(applied))
    session().execute(update(Letter).where(Letter.member_id.in_(gone)).values(member_id=None, address=None))
    session().execute(delete(Address).where(Address.member_id.in_(gone)))
    session().execute(delete(Member).where(Member.id.in_(gone)))
