"""Whoever writes to the address for it wants no more invitations (RFC 2369, RFC 8058): once said, done.

The link beside it in a letter lives for two years; a token in an address is a number and 80 bits of proof and holds no
moment, so this address works as long as the membership. What is done can be taken back on the member's own page, and
costs nobody a seat. An auto-reply to the address, read before this, says nothing.
"""

from asanokai import members, merging
from asanokai.errors import Missing
from asanokai.intake.outcome import Arrived, Outcome


def read(arrived: Arrived) -> Outcome | None:
    """What the mail came to, None if it went to another address."""
    if arrived.ours is None or arrived.ours.kind != "unsubscribe":
        return None
    try:
        member = members.by_id(merging.kept(arrived.ours.number))
    except Missing:
        return Outcome("nothing")
    if member.standing == "erased":
        return Outcome("nothing")
    members.unsubscribe(member, by="mail")
    return Outcome("unsubscribed", member_id=member.id)
