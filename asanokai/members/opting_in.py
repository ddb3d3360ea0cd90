"""The record of a double opt-in: what an applicant agreed to, and that the link in the letter confirmed it."""

from sqlalchemy import select

from asanokai import consents
from asanokai.consents import Confirmed, Consent, Said
from asanokai.db import session
from asanokai.languages import known
from asanokai.letters import Letter
from asanokai.members.rows import Application, Member


def versioned(version: str, language: str) -> str:
    """How an application keeps which version of its text was shown, and in which language."""
    return f"{version} {language}"


def note_opt_in(application: Application) -> Consent | None:
    """Record that an application was confirmed; None where it asked for no consent."""
    if not application.consent_text:
        return None
    version, _, code = application.consent_version.partition(" ")
    language = known(code) or session().scalars(select(Member.language).where(Member.id == application.member_id)).one()
    return consents.give(
        application.member_id,
        "meeting" if application.meeting_id else "invitations",
        # Who was invited by a coordinator reads the text, and consents to it, on the page that confirms.
        Said(application.consent_text, version, language, application.applied_from or application.confirmed_from),
        confirmed=Confirmed(
            application.applied_at
            if application.inviter_id is None
            else application.confirmed_at or application.applied_at,
            application.confirmed_from,
            _asked_at(application),
        ),
        series_id=application.series_id,
        meeting_id=application.meeting_id,
    )


def _asked_at(application: Application) -> str | None:
    """The mail address the confirmed link went to."""
    query = select(Letter.address).where(
        Letter.member_id == application.member_id,
        Letter.kind.in_(("opt_in", "join")),
        Letter.facts["application"].as_integer() == application.id,
    )
    return session().scalar(query.order_by(Letter.id.desc()).limit(1))
