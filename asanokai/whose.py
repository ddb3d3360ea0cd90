"""Whose a row is: what belongs to a person in any table, by their number or by one of their addresses."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from asanokai.db import session
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.members import Address, Application, Member
from asanokai.proposals import Proposal
from asanokai.rsvps import Rsvp
from asanokai.speakers import Contributor
from asanokai.topics import Speaker, Topic


@dataclass(frozen=True)
class Person:
    """A person: the row's number and every address of theirs, folded."""

    number: int
    addresses: frozenset[str]

    def at(self, column: Any) -> ColumnElement[bool]:
        """Whether one of the addresses stands in the column."""
        return func.lower(column).in_(self.addresses)

    @property
    def answers(self) -> Select[int]:
        """Their answers."""
        return select(Rsvp.id).where(Rsvp.member_id == self.number)

    @property
    def letters(self) -> Select[int]:
        """What was written to them, as a member or at one of their addresses."""
        return select(Letter.id).where(or_(Letter.member_id == self.number, self.at(Letter.address)))

    @property
    def entries(self) -> Select[int]:
        """What the journal says of them: what they did, what was done to them or to an application of theirs."""
        applications = select(Application.id).where(Application.member_id == self.number)
        about = or_(
            Entry.actor_id == self.number,
            Entry.member_id == self.number,
            and_(Entry.object == "member", Entry.object_id == self.number),
            and_(Entry.object == "application", Entry.object_id.in_(applications)),
        )
        return select(Entry.id).where(about)

    @property
    def speaking(self) -> Select[int]:
        """Where they stand as a speaker: by their row, or by an address of theirs that is written to."""
        reached = select(Contributor.speaker_id).where(
            self.at(Contributor.address), Contributor.speaker_id.is_not(None)
        )
        return select(Speaker.id).where(or_(Speaker.member_id == self.number, Speaker.id.in_(reached)))

    @property
    def topics(self) -> Select[int]:
        """What they speak on, and what was made of their proposals."""
        spoken = Topic.id.in_(select(Speaker.topic_id).where(Speaker.id.in_(self.speaking)))
        proposed = Topic.id.in_(select(Proposal.topic_id).where(Proposal.member_id == self.number))
        return select(Topic.id).where(or_(spoken, proposed))

    @property
    def contributing(self) -> Select[int]:
        """What they said of themselves as a speaker or a host."""
        own = or_(self.at(Contributor.address), Contributor.speaker_id.in_(self.speaking))
        return select(Contributor.id).where(own)


def person(member: Member) -> Person:
    """The person of a row, with every address they have, as typed and as compared."""
    rows = session().execute(select(Address.text, Address.normal).where(Address.member_id == member.id))
    return Person(member.id, frozenset(one.lower() for row in rows for one in row))
