"""Joining: by application on a public page (double opt-in, then a coordinator's approval) or by a coordinator's invitation.

What somebody says about themselves waits in the application and never overwrites a member's row. The answer to a known
and to an unknown address is the same. No seat before approval: then the RSVP is made with the time of the confirmed
opt-in. It knows no page and writes no letter's words.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update

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

LONGEST_MESSAGE = 2000
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
) -> Application:
    """Somebody asks to belong to a public series or to come to one announced meeting; a letter asks to confirm.

    Applying again before confirming replaces what was said. Raises `BadInput`, or `Refused` where there is nothing to
    apply for.
    """
    series_id, guests = _applied_for(series_id, meeting_id, answer, guests)
    if len(message) > LONGEST_MESSAGE:
        raise BadInput("message", N_("This may have %(most)s characters at most."), most=LONGEST_MESSAGE)
    said = _said(person)
    member = members.by_address(email) or members.add(email, standing="applied", language=said.get("language", "de"))
    application = _unconfirmed(member.id, series_id, meeting_id)
    application.person, application.message = said, message.strip()
    application.answer, application.guests = (answer or "yes", guests) if meeting_id is not None else (None, 0)
    application.consent_text, application.consent_version = consent_text, consent_version
    application.applied_from, application.applied_at = from_address, clock.now()
    session().flush()
    _ask_to_confirm(application, "opt_in", email, said.get("language"))
    journal.write("apply", "application", application.id, meeting=meeting_id, series=series_id)
    return application


def _applied_for(series_id: int | None, meeting_id: int | None, answer: str | None, guests: int) -> tuple[int, int]:
    """The series that is meant. Raises `Refused` where one cannot apply, `BadInput` for a wish that cannot be."""
    if meeting_id is None:
        series = series_rules.by_id(series_id or 0)
        if not series.public:
            raise Missing(N_("There is no such series."))
        return series.id, 0
    meeting = meetings.by_id(meeting_id)
    if not meeting.public or meeting.announced_at is None:
        raise Missing(N_("There is no such meeting."))
    if meeting.state != "announced" or clock.now() > meeting.answer_until:
        raise Refused(N_("Applications for this meeting are closed."))
    if answer not in (None, "yes", "maybe"):
        raise BadInput("answer", N_("Please choose yes or maybe."))
    if not 0 <= guests <= meeting.guests_allowed:
        raise BadInput(
            "guests", N_("You may bring up to %(most)s guests to this meeting."), most=meeting.guests_allowed
        )
    return meeting.series_id, guests


def _said(person: dict[str, Any]) -> dict[str, Any]:
    """The person's fields, checked as a member's would be."""
    said = {name: person[name] for name in PERSON if person.get(name)}
    if not any(said.get(name) for name in ("family", "family_ja")):
        raise BadInput("family", N_("Please give your family name."))
    probe = {name: value for name, value in said.items() if name != "organisation"}
    members.describe(Member(), **probe)
    return {name: members.cleaned(str(value)) for name, value in said.items()}


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
    if member is None:
        member = members.add(email, standing="applied", actor_id=inviter_id, language=said.get("language", "de"))
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

    Who was invited, belongs already, or asks for something open to all is approved at once; else the coordinators are
    told. Raises as `open_application`, and `Refused` where the meeting has closed meanwhile.
    """
    application = open_application(application_id, nonce)
    if application.state != "applied":
        return application
    now = clock.now()
    member = members.by_id(application.member_id)
    application.state, application.confirmed_at, application.confirmed_from = "confirmed", now, from_address
    if not application.consent_text:
        application.consent_text, application.consent_version = consent
    if member.standing in ("applied", "left"):
        member.standing = "confirmed"
    address = members.main_address(member)
    if address is not None and address.verified_at is None:
        address.verified_at = now
    session().flush()
    journal.write("confirm", "application", application.id, actor_id=member.id)
    if application.inviter_id is not None or _open_to(application, member):
        approve(application_id, actor_id=application.inviter_id)
    else:
        _tell_coordinators(application)
    return application


def _open_to(application: Application, member: Member) -> bool:
    """Whether no coordinator needs to look: approval is not asked for, or was given before."""
    assert application.series_id is not None
    if member.standing == "accepted" and series_rules.belongs(application.series_id, member.id):
        return True
    if application.meeting_id is not None:
        return not meetings.by_id(application.meeting_id).needs_approval
    return not series_rules.by_id(application.series_id).needs_approval


def _tell_coordinators(application: Application) -> None:
    assert application.series_id is not None
    for coordinator in series_rules.coordinators(application.series_id):
        letters.post(
            "application",
            f"application:{application.id}:{coordinator.id}",
            member_id=coordinator.id,
            facts={"application": application.id},
        )


# --- deciding ---------------------------------------------------------------------------------------------------------


def by_id(application_id: int) -> Application:
    """The application. Raises `Missing`."""
    application = session().get(Application, application_id)
    if application is None:
        raise Missing(N_("There is no such application."))
    return application


def approve(application_id: int, *, actor_id: int | None) -> Application:
    """Let the applicant belong to the series, or come to the one meeting they asked for. Raises `Refused`."""
    application = _to_decide(application_id)
    member = members.by_id(application.member_id)
    if member.standing != "accepted":
        member.standing, member.joined_at = "accepted", clock.now()
    _fill_up(member, application)
    session().flush()
    if application.meeting_id is not None:
        rsvps.answer(
            application.meeting_id,
            member.id,
            application.answer or "yes",
            guests=application.guests,
            by="program",
            actor_id=actor_id,
            asked_at=application.confirmed_at,
        )
    else:
        assert application.series_id is not None
        series_rules.join(series_rules.by_id(application.series_id), member, actor_id=actor_id)
    _decide(application, "approved", actor_id)
    _tell_applicant(application, "welcome", {})
    return application


def decline(application_id: int, *, actor_id: int | None, reason: str = "") -> Application:
    """Say no. Who never was a member and asks for nothing else has left. Raises `Refused` if it was decided before."""
    if len(reason) > LONGEST_MESSAGE:
        raise BadInput("reason", N_("This may have %(most)s characters at most."), most=LONGEST_MESSAGE)
    application = _to_decide(application_id)
    member = members.by_id(application.member_id)
    _decide(application, "declined", actor_id)
    _tell_applicant(application, "declined", {"reason": reason.strip()})
    others = exists().where(
        Application.member_id == member.id,
        Application.id != application.id,
        Application.state.in_(("applied", "confirmed")),
    )
    if member.standing == "confirmed" and not session().scalar(select(others)):
        member.standing, member.left_at = "left", clock.now()
    return application


def _to_decide(application_id: int) -> Application:
    application = session().scalar(
        select(Application)
        .where(Application.id == application_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if application is None:
        raise Missing(N_("There is no such application."))
    if application.state != "confirmed":
        raise Refused(N_("This application has been decided already, or was never confirmed."))
    return application


def _decide(application: Application, state: str, actor_id: int | None) -> None:
    application.state, application.decided_at, application.decided_by_id = state, clock.now(), actor_id
    session().flush()
    journal.write(state, "application", application.id, actor_id=actor_id)


def _fill_up(member: Member, application: Application) -> None:
    """Take over what the applicant said where the member's row is empty. A named person's row stays as it is."""
    said = application.person or {}
    if member.family or member.family_ja:
        said = {name: value for name, value in said.items() if name in NAMES and not getattr(member, name)}
    members.describe(member, **said)


def _tell_applicant(application: Application, kind: str, facts: dict[str, Any]) -> None:
    letters.post(
        kind,
        f"{kind}:{application.id}",
        member_id=application.member_id,
        facts={"application": application.id, **facts},
    )


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
    """Applications nobody confirmed within 14 days vanish, with the person where nothing else is known. How many."""
    old = list(
        session().scalars(
            select(Application.id).where(
                Application.state == "applied", Application.applied_at < clock.now() - OPT_IN_LIFE - timedelta(hours=1)
            )
        )
    )
    if not old:
        return 0
    people = set(session().scalars(select(Application.member_id).where(Application.id.in_(old))))
    letters.forget_applications(old)
    session().execute(delete(Application).where(Application.id.in_(old)))
    for member_id in people:
        _forget_person(member_id)
    for application_id in old:
        journal.write("forget", "application", application_id)
    return len(old)


def _forget_person(member_id: int) -> None:
    """Delete a person who only ever applied, unless something else refers to them."""
    member = members.by_id(member_id)
    elsewhere = or_(
        exists().where(Application.member_id == member_id),
        exists().where(Belonging.member_id == member_id),
        exists().where(Rsvp.member_id == member_id),
    )
    if member.standing != "applied" or session().scalar(select(elsewhere)):
        return
    session().execute(update(Letter).where(Letter.member_id == member_id).values(member_id=None, address=None))
    session().execute(delete(Address).where(Address.member_id == member_id))
    session().flush()
    session().delete(member)
    session().flush()
