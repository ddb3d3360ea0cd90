"""Standing answers: "I normally come" to a series, kept apart from the answers to single meetings.

At the announcement they turn into tentative seats, in the order of their date and never more than there are. Any answer
settles such a seat; one that nobody confirmed lapses at the deadline where the series says so.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, and_, delete, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, journal, meetings
from asanokai import series as series_rules
from asanokai.db import Base, insert_missing, session
from asanokai.errors import N_, Refused
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.rsvps.queue import leave, promote, tell
from asanokai.rsvps.row import Rsvp, stand
from asanokai.series import INVITE, REMIND, Belonging, Series, still


class Standing(Base):
    """A member normally comes to a series, since a moment."""

    __tablename__ = "standing"
    __table_args__ = (UniqueConstraint("series_id", "member_id"), Index(None, "member_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    since: Mapped[datetime]


def come_normally(series_id: int, member_id: int, *, actor_id: int | None = None) -> None:
    """From the next announcement on a seat is kept. Saying so twice changes nothing. Raises `Refused`."""
    if not series_rules.belongs(series_id, member_id):
        raise Refused(N_("Only members of a series can say that they normally come."))
    if series_id in normally_comes_to(member_id):
        return
    row = Standing(series_id=series_id, member_id=member_id, since=clock.now())
    session().add(row)
    session().flush()
    journal.write("set", "standing", row.id, actor_id=actor_id, series=series_id, member=member_id)


def come_no_longer(series_id: int, member_id: int, *, actor_id: int | None = None) -> None:
    """Take the standing answer back. Seats kept already stay until they are released."""
    row = session().scalar(select(Standing).where(Standing.series_id == series_id, Standing.member_id == member_id))
    if row is None:
        return
    session().execute(delete(Standing).where(Standing.id == row.id))
    journal.write("end", "standing", row.id, actor_id=actor_id, series=series_id, member=member_id)


def normally_comes_to(member_id: int) -> set[int]:
    """Numbers of the series the member normally comes to."""
    return set(session().scalars(select(Standing.series_id).where(Standing.member_id == member_id)))


def keep_seats(meeting: Meeting) -> list[int]:
    """Keep a tentative seat for everybody who normally comes, in the order of their standing answers and never more
    than there are; their numbers. Called while the meeting is announced, locked and without any answer."""
    now = clock.now()
    belonging = and_(
        Belonging.member_id == Standing.member_id, Belonging.series_id == Standing.series_id, Belonging.role == "member"
    )
    query = (
        select(Standing.member_id)
        .join(Belonging, belonging)
        .join(Member, Member.id == Standing.member_id)
        .where(Standing.series_id == meeting.series_id, Member.standing == "accepted", still(now))
        .order_by(Standing.since, Standing.id)
        .limit(meeting.seats)
    )
    kept = list(session().scalars(query))
    if not kept:
        return []
    rows = [
        {
            "meeting_id": meeting.id,
            "member_id": number,
            "answer": "invited",
            "seat": "held",
            "asked_at": now,
            "turn": turn,
        }
        for turn, number in enumerate(kept, start=1)
    ]
    session().execute(insert_missing(Rsvp), rows)
    journal.write("keep seats", "meeting", meeting.id, meeting=meeting.id, members=kept, asked_at=now.isoformat())
    return kept


# --- lapsing ----------------------------------------------------------------------------------------------------------

_TOLD = exists().where(
    Letter.meeting_id == Rsvp.meeting_id,
    Letter.member_id == Rsvp.member_id,
    Letter.kind.in_((INVITE, REMIND)),
    Letter.state == "sent",
)
"""Nobody loses a seat over a letter that never left."""

_UNCONFIRMED = and_(Rsvp.answer == "invited", Rsvp.seat == "held", _TOLD)


def meetings_with_seats_to_lapse() -> list[int]:
    """Numbers of the meetings whose deadline has passed and at which tentative seats are to be given back."""
    now = clock.now()
    query = (
        select(Meeting.id)
        .join(Series, Series.id == Meeting.series_id)
        .where(
            Series.standing_lapses,
            Meeting.state == "announced",
            Meeting.answer_until <= now,
            Meeting.starts_at > now,
            exists().where(Rsvp.meeting_id == Meeting.id, _UNCONFIRMED),
        )
        .order_by(Meeting.id)
    )
    return list(session().scalars(query))


def lapse(meeting_id: int) -> int:
    """Give back the tentative seats of a meeting that nobody confirmed, and let them go to those who wait. How many."""
    meeting, now = meetings.for_update(meeting_id), clock.now()
    if meeting.state != "announced" or not meeting.answer_until <= now < meeting.starts_at:
        return 0
    query = select(Rsvp).where(Rsvp.meeting_id == meeting.id, _UNCONFIRMED).order_by(Rsvp.turn)
    rows = session().scalars(query.execution_options(populate_existing=True)).all()
    for rsvp in rows:
        leave(rsvp)
        rsvp.revision += 1
        session().flush()
        journal.write("lapse", "rsvp", rsvp.id, **stand(rsvp))
        tell(meeting, rsvp, "lapsed")
    promote(meeting)
    return len(rows)
