"""The host's and the caterer's pack: one page per meeting behind a secret link, and until when the caterer must know.

A link is good until the day after the meeting has ended, may be made anew (the old one stops working) and withdrawn.
What is counted, frozen and told of later differences stands in `counting`.
"""

import secrets
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, journal, letters, meetings
from asanokai.db import Base, Facts, session
from asanokai.errors import N_, BadInput, Expired, Missing
from asanokai.meetings import Meeting
from asanokai.members import normal_address
from asanokai.series import Lead, in_utc

KINDS = ("caterer", "host")
USUAL_LEAD = "3 days before at 12:00"


class Pack(Base):
    """A link to one meeting's page: the caterer's tells numbers alone, the host's also who arrives."""

    __tablename__ = "pack"
    __table_args__ = (UniqueConstraint("meeting_id", "kind"), CheckConstraint(f"kind IN {KINDS}", name="kind"))

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    kind: Mapped[str]
    nonce: Mapped[str]
    address: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="de")
    created_at: Mapped[datetime]


class CateringPlan(Base):
    """How long before its meetings a series' caterer must know, as a lead ("3 days before at 12:00")."""

    __tablename__ = "catering_plan"

    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), primary_key=True)
    lead: Mapped[str]


class Catered(Base):
    """What the caterer of a meeting was told. `due_at` is a deadline of its own; `frozen` the numbers of the deadline,
    `told` those of the last letter, which was the `letter`-th."""

    __tablename__ = "catered"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    due_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]
    frozen: Mapped[dict[str, Any] | None] = mapped_column(Facts)
    told_at: Mapped[datetime | None]
    told: Mapped[dict[str, Any] | None] = mapped_column(Facts)
    letter: Mapped[int] = mapped_column(default=0, server_default="0")


# --- links ------------------------------------------------------------------------------------------------------------


def of_meeting(meeting_id: int) -> dict[str, Pack]:
    """The meeting's links by kind."""
    return {row.kind: row for row in session().scalars(select(Pack).where(Pack.meeting_id == meeting_id))}


def make(meeting_id: int, kind: str, *, address: str = "", language: str = "de", actor_id: int | None = None) -> Pack:
    """A new link of that kind; an earlier one stops working. With an address it is mailed there.

    Raises `Missing` for a kind there is not, `BadInput` for what is no address.
    """
    if kind not in KINDS:
        raise Missing(N_("There is no such page, or none that you may see."))
    address = _checked(address.strip())
    meeting = meetings.for_update(meeting_id)
    session().execute(delete(Pack).where(Pack.meeting_id == meeting_id, Pack.kind == kind))
    pack = Pack(
        meeting_id=meeting.id,
        kind=kind,
        nonce=secrets.token_urlsafe(12),
        address=address or None,
        language=language,
        created_at=clock.now(),
    )
    session().add(pack)
    session().flush()
    journal.write("make", "pack", pack.id, actor_id=actor_id, meeting=meeting.id)
    if address:
        letters.post(
            "pack",
            f"pack:{meeting.id}:{kind}:{pack.nonce}",
            address=address,
            language=language,
            meeting_id=meeting.id,
            facts={"pack": pack.id, "nonce": pack.nonce},
            useless_after=good_until(meeting),
        )
    return pack


def _checked(address: str) -> str:
    if not address:
        return ""
    try:
        return normal_address(address)
    except BadInput as refusal:
        raise BadInput("address", N_("This is not a mail address.")) from refusal


def withdraw(meeting_id: int, kind: str, *, actor_id: int | None = None) -> None:
    """The link stops working. Raises `Missing` if there is none."""
    meetings.for_update(meeting_id)
    pack = of_meeting(meeting_id).get(kind)
    if pack is None:
        raise Missing(N_("There is no such page, or none that you may see."))
    session().delete(pack)
    journal.write("withdraw", "pack", pack.id, actor_id=actor_id, meeting=meeting_id)


def good_until(meeting: Meeting) -> datetime:
    """When a meeting's links end: with the day after its last."""
    last = meeting.ends_at.astimezone(ZoneInfo(meeting.zone)).date() + timedelta(days=2)
    return in_utc(datetime.combine(last, time()), meeting.zone)


def named(value: Any) -> Pack | None:
    """The pack that a token or a letter names by number and secret, unless it was withdrawn or made anew."""
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], int):
        return None
    pack = session().get(Pack, value[0])
    return pack if pack is not None and secrets.compare_digest(pack.nonce, str(value[1])) else None


def opened(value: Any) -> tuple[Pack, Meeting]:
    """What a link leads to. Raises `Expired` once it was withdrawn, made anew, or the day after the meeting is over."""
    pack = named(value)
    meeting = meetings.by_id(pack.meeting_id) if pack else None
    if pack is None or meeting is None or clock.now() >= good_until(meeting):
        raise Expired(N_("This link is no longer valid."))
    return pack, meeting


# --- the deadline -----------------------------------------------------------------------------------------------------


def lead_of(series_id: int) -> str:
    """How long before its meetings the caterer of a series must know."""
    plan = session().get(CateringPlan, series_id)
    return plan.lead if plan else USUAL_LEAD


def due(meeting: Meeting, catered: Catered | None, lead: str | None) -> datetime:
    """When the numbers of a meeting are frozen: at its own deadline, else by its series' lead."""
    if catered is not None and catered.due_at is not None:
        return catered.due_at
    return min(Lead.parse(lead or USUAL_LEAD).before(meeting.starts_at, meeting.zone), meeting.starts_at)


def set_deadline(meeting_id: int, *, own: datetime | None, lead: str, actor_id: int | None = None) -> None:
    """The series' lead, and a deadline of the meeting's own (None: none). Raises `BadInput`."""
    meeting = meetings.for_update(meeting_id)
    lead = lead or USUAL_LEAD
    Lead.parse(lead)
    if own is not None and own > meeting.starts_at:
        raise BadInput("own", N_("The deadline cannot lie after the start."))
    plan = session().get(CateringPlan, meeting.series_id)
    if plan is None:
        session().add(CateringPlan(series_id=meeting.series_id, lead=lead))
    else:
        plan.lead = lead
    row(meeting_id).due_at = own
    session().flush()
    journal.write("set deadline", "catering", meeting.id, actor_id=actor_id, meeting=meeting.id)


def row(meeting_id: int) -> Catered:
    """The meeting's row, made if it is not there yet. The meeting must be locked."""
    found = session().get(Catered, meeting_id)
    if found is None:
        found = Catered(meeting_id=meeting_id, letter=0)
        session().add(found)
    return found
