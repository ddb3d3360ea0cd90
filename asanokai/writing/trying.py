"""A letter sent to oneself, to see it in one's own mail program: a copy as an invented reader or a member would get it.

It is nobody's: its subject says that it is a test, its links lead to the meeting's page, it has no calendar part.
"""

from datetime import timedelta

from asanokai import clock, letters, rsvps, series
from asanokai.errors import N_, Missing
from asanokai.letters import OF_MEETING
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.writing.messages import by_id

OF_USE = timedelta(hours=12)


def concerns(meeting: Meeting, member_id: int) -> bool:
    """Whether a meeting could concern somebody: they belong to its series, or were invited. Whoever only did belong is
    not looked up any more: a letter says their address of today."""
    return series.belongs(meeting.series_id, member_id) or rsvps.of(meeting.id, member_id) is not None


def send_test(
    meeting: Meeting,
    kind: str,
    *,
    to: Member,
    language: str,
    as_member: int | None = None,
    message_id: int | None = None,
) -> None:
    """Post a copy of the letter to a coordinator's own address. Raises `Missing`."""
    if kind not in OF_MEETING:
        raise Missing(N_("There is no such letter."))
    if message_id is not None:
        by_id(message_id, meeting)
    now = clock.now()
    facts = {"of": kind, "meeting": meeting.id, "as": as_member, "language": language}
    letters.post(
        "test",
        f"test:{to.id}:{meeting.id}:{kind}:{as_member or language}:{message_id or 0}:{now.isoformat()}",
        member_id=to.id,
        facts=facts | ({"message": message_id} if message_id is not None else {}),
        useless_after=now + OF_USE,
    )
