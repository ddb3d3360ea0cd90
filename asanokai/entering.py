"""An answer with all that belongs to it: the guests' names and the replies to the meeting's questions, in one verb.

The seat is the business of `rsvps.answer`; here is only what is said along with it. By telephone much stays open: who
coordinates may leave required questions unanswered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from asanokai import guests, questions, rsvps
from asanokai.questions import Question
from asanokai.rsvps import Given


@dataclass(frozen=True)
class Said:
    """What a form says. None, or a question that is not there, leaves what was said before; "" takes it back."""

    choice: str
    guests: int | None = None
    comment: str | None = None
    short_notice: bool | None = None
    guest_names: str | None = None
    replies: Mapping[int, str] = field(default_factory=dict)


def enter(
    meeting_id: int,
    member_id: int,
    said: Said,
    *,
    asked: Sequence[Question],
    by: str,
    actor_id: int | None = None,
) -> Given:
    """Record it all, or raise what `rsvps.answer` raises, or `BadInput` at a question's field or the guests' names."""
    coming = said.choice in ("yes", "maybe")
    known = questions.replies_of(meeting_id, member_id) if asked or not coming else {}
    must = said.choice == "yes" and by != "coordinator"
    wanted = questions.read(asked, said.replies, known, must=must) if coming else {}
    given = rsvps.answer(
        meeting_id,
        member_id,
        said.choice,
        guests=said.guests,
        comment=said.comment,
        short_notice=said.short_notice,
        by=by,
        actor_id=actor_id,
    )
    questions.record(given.rsvp, wanted, known, actor_id=actor_id)
    if not coming:
        guests.name(given.rsvp, [], actor_id=actor_id)
    elif said.guest_names is not None:
        guests.name(given.rsvp, guests.read(said.guest_names), actor_id=actor_id)
    return given
