"""Leaving: a series, or the whole undertaking, by oneself or by who coordinates.

Belongings, standing answers, votes, deputies and consents end, answers to meetings to come become *no* so that seats go
to who waits, and for each that stands in their calendar one more letter goes out, which takes it out (`parted`). Who
leaves everything is never written to after that; they cannot sign in, and the personal calendar is dead. They return as
they came: by applying or by being invited (`applying`), and choose anew where they belong. Nothing is erased here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select

from asanokai import (
    clock,
    consents,
    deputies,
    journal,
    letters,
    meetings,
    members,
    outside,
    passkeys,
    proposals,
    rsvps,
    views,
)
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.errors import N_, Refused
from asanokai.letters import OF_MEETING
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.rsvps import Rsvp, standing
from asanokai.series import Series

GONE = "not a member any more"


@dataclass(frozen=True)
class Consequences:
    """What leaving ends: the series, and the meetings to come that the member has a seat at or waits for."""

    series: list[Series]
    meetings: list[Meeting]


def look(member: Member) -> Consequences:
    """What leaving would end. Changes nothing."""
    coming = _to_come(member.id, None).where(Rsvp.answer == "yes").order_by(Meeting.starts_at, Meeting.id)
    return Consequences(series_rules.of_member(member), list(session().scalars(coming)))


def leave(member: Member, *, actor_id: int) -> None:
    """End everything but the row. Raises `Refused` for the last administrator, and for who is no member."""
    if member.standing != "accepted":
        raise Refused(N_("Only a member can leave."))
    if member.administrator and _administrators() == 1:
        raise Refused(N_("You are the only administrator. Please make somebody else one first."))
    for meeting_id in _meetings(member.id, None):
        _decline(member, meeting_id, actor_id)
        _take_out_of_calendar(member, meeting_id)
    for series_id in sorted(standing.normally_comes_to(member.id)):
        standing.come_no_longer(series_id, member.id, actor_id=actor_id)
    for series_id, role in sorted(series_rules.roles_of(member.id)):
        series_rules.part(series_rules.by_id(series_id), member, role, actor_id=actor_id)
    deputies.end_all(member, actor_id=actor_id)
    proposals.withdraw_votes(member.id, actor_id=actor_id)
    views.drop_all(member.id)
    consents.withdraw(member.id, consents.KINDS, by="left", actor_id=actor_id)
    member.standing, member.left_at = "left", clock.now()
    member.administrator = False
    member.password_hash = member.sign_in_hash = member.sign_in_until = None
    passkeys.forget(member)
    outside.forget(member)
    members.sign_out_everywhere(member)
    session().flush()
    journal.write("leave", "member", member.id, actor_id=actor_id)


def leave_series(series: Series, member: Member, *, actor_id: int) -> None:
    """End belonging to one series as a member. Who coordinates it as well keeps what they answered, and the entries."""
    series_rules.part(series, member, actor_id=actor_id)
    standing.come_no_longer(series.id, member.id, actor_id=actor_id)
    session().flush()
    if not series_rules.belongs(series.id, member.id, "coordinator"):
        proposals.withdraw_votes(member.id, series_id=series.id, actor_id=actor_id)
        for meeting_id in _meetings(member.id, series.id):
            _decline(member, meeting_id, actor_id)
            _take_out_of_calendar(member, meeting_id)


def lock(series: Series) -> None:
    """Lock the meetings of a series that are to come, in the order of their numbers: for taking off many at once, whose
    answers stand in any order."""
    for meeting_id in session().scalars(select(Meeting.id).where(*_ahead(series.id)).order_by(Meeting.id)).all():
        meetings.for_update(meeting_id)


def seats_freed(series_id: int, member_ids: Sequence[int]) -> int:
    """How many of these have a seat at a meeting of the series that is to come, or wait for one."""
    query = (
        select(func.count(func.distinct(Rsvp.member_id)))
        .join(Meeting, Meeting.id == Rsvp.meeting_id)
        .where(*_ahead(series_id), Rsvp.answer == "yes", Rsvp.member_id.in_(member_ids))
    )
    return int(session().scalar(query) or 0)


def _decline(member: Member, meeting_id: int, actor_id: int) -> None:
    """Say no for the member. Meetings are taken in the order of their numbers: two who leave lock them in one order."""
    meetings.for_update(meeting_id)  # what they answer in another window comes before or after, not between
    before = rsvps.required(meeting_id, member.id).answer
    letters.drop_queued(GONE, meeting_id=meeting_id, kinds=OF_MEETING, member_id=member.id)
    if before == "no":
        return
    by = "page" if actor_id == member.id else "coordinator"
    given = rsvps.answer(meeting_id, member.id, "no", by=by, actor_id=actor_id)
    if before == "invited":
        # Who never answered need not be told that they do not come.
        letters.drop_by_key(f"confirm:{meeting_id}:{member.id}:{given.rsvp.revision}", GONE)


def _take_out_of_calendar(member: Member, meeting_id: int) -> None:
    """Post the letter that cancels the meeting for this reader alone, if an entry went to them or is just leaving, and
    no such letter has since. It says all that the confirmation of their *no* would."""
    rsvp = rsvps.required(meeting_id, member.id)
    if rsvp.stamped_at is None and not letters.is_leaving(meeting_id, member.id):
        return
    if letters.stands("parted", meeting_id, member.id, rsvp.revision):
        return
    meeting = meetings.by_id(meeting_id)
    # A calendar heeds a cancellation only if its SEQUENCE is higher than that of the entry it has.
    rsvp.sequence = max(rsvp.sequence, meeting.sequence) + 1
    session().flush()
    letters.drop_by_key(f"confirm:{meeting_id}:{member.id}:{rsvp.revision}", GONE)
    letters.post(
        "parted",
        f"parted:{meeting_id}:{member.id}:{rsvp.sequence}",
        member_id=member.id,
        meeting_id=meeting_id,
        facts={"revision": rsvp.revision},
        useless_after=meeting.ends_at,
    )


def _meetings(member_id: int, series_id: int | None) -> list[int]:
    return sorted(session().scalars(_to_come(member_id, series_id).with_only_columns(Meeting.id)))


def _to_come(member_id: int, series_id: int | None) -> Select[Meeting]:
    return (
        select(Meeting).join(Rsvp, Rsvp.meeting_id == Meeting.id).where(*_ahead(series_id), Rsvp.member_id == member_id)
    )


def _ahead(series_id: int | None) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = [Meeting.state == "announced", Meeting.starts_at > clock.now()]
    if series_id is not None:
        asked.append(Meeting.series_id == series_id)
    return asked


def _administrators() -> int:
    query = select(func.count(Member.id)).where(Member.administrator, Member.standing == "accepted")
    return int(session().scalar(query) or 0)
