"""What members would like to hear about: proposals in a series, a vote each, and what became of them.

States: open → chosen (it became a topic of a meeting), merged (its votes went along to another), declined (with a
word) or withdrawn. A member has one vote on each proposal and may take it back while it is open. Who may propose,
vote and decide is the pages' guard.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, delete, func, literal, select, update
from sqlalchemy.orm import Mapped, aliased, mapped_column

from asanokai import clock, db, journal, meetings, topics
from asanokai.db import Base, Texts, session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.languages import LANGUAGES
from asanokai.meetings import Meeting
from asanokai.members import Member, cleaned, prose
from asanokai.series import Series
from asanokai.topics import Topic

STATES = ("open", "chosen", "merged", "declined", "withdrawn")
LONGEST_TITLE, LONGEST_ABSTRACT, LONGEST_WORD = 300, 2000, 1000
MOST_OPEN = 10
"""Open proposals a member may have in a series."""

PAGE = 50
MOST_DECIDED = 30
MOST_TARGETS = 200


class Proposal(Base):
    """A topic somebody would like. `word` is what was said when it was declined; `topic_id` is empty again once the
    topic it became is taken off."""

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index(None, "series_id", "state"),
        Index(None, "member_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    title: Mapped[dict[str, Any]] = mapped_column(Texts)
    abstract: Mapped[dict[str, Any] | None] = mapped_column(Texts)
    speaker_hint: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="open")
    word: Mapped[dict[str, Any] | None] = mapped_column(Texts)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class Vote(Base):
    """A member is for a proposal."""

    __tablename__ = "vote"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True, index=True)
    created_at: Mapped[datetime]


@dataclass(frozen=True)
class Words:
    """What is typed about a proposal. Title and abstract are texts in languages."""

    title: dict[str, str]
    abstract: dict[str, str] | None = None
    speaker_hint: str = ""


# --- what members do --------------------------------------------------------------------------------------------------


def propose(series: Series, member_id: int, words: Words) -> Proposal:
    """Put a topic to the vote, with the proposer's own vote. Raises `BadInput`, or `Refused` when it is too many."""
    own = select(func.count()).where(
        Proposal.series_id == series.id, Proposal.member_id == member_id, Proposal.state == "open"
    )
    if (session().scalar(own) or 0) >= MOST_OPEN:
        raise Refused(N_("You have %(most)s open proposals here already. Please wait for a decision."), most=MOST_OPEN)
    proposal = Proposal(series_id=series.id, member_id=member_id, created_at=clock.now())
    _describe(proposal, words)
    session().add(proposal)
    session().flush()
    _take_vote(proposal.id, member_id)
    journal.write("propose", "proposal", proposal.id, actor_id=member_id, series=series.id)
    return proposal


def change(series: Series, proposal_id: int, member_id: int, words: Words) -> None:
    """Put one's own proposal differently. Raises `Missing` for somebody else's, `Refused` once it is decided."""
    proposal = _own_open(series, proposal_id, member_id)
    _describe(proposal, words)
    journal.write("change", "proposal", proposal.id, actor_id=member_id)


def withdraw(series: Series, proposal_id: int, member_id: int) -> None:
    """Take one's own proposal back. Raises `Refused` once it is decided, or while it stands for others' too."""
    proposal = _own_open(series, proposal_id, member_id)
    if session().scalar(select(Proposal.id).where(Proposal.merged_into_id == proposal.id).limit(1)):
        raise Refused(N_("Other members' proposals were merged with this one; please ask the organisers."))
    proposal.state, proposal.decided_at = "withdrawn", clock.now()
    journal.write("withdraw", "proposal", proposal.id, actor_id=member_id)


def vote(series: Series, proposal_id: int, member_id: int) -> None:
    """Be for a proposal. Voting twice is voting once. Raises `Refused` once it is decided."""
    proposal = _open(series, proposal_id)
    if _take_vote(proposal.id, member_id):
        journal.write("vote", "proposal", proposal.id, actor_id=member_id)


def withdraw_vote(series: Series, proposal_id: int, member_id: int) -> None:
    """Take one's vote back. Raises `Refused` once it is decided."""
    proposal = _open(series, proposal_id)
    taken_back = session().execute(delete(Vote).where(Vote.proposal_id == proposal.id, Vote.member_id == member_id))
    if db.affected(taken_back):
        journal.write("withdraw vote", "proposal", proposal.id, actor_id=member_id)


def withdraw_votes(member_id: int, *, series_id: int | None = None, actor_id: int | None = None) -> None:
    """Whoever leaves decides no more: their votes for what is still open go, in one series or (None) everywhere. What
    they proposed stays: others may be for it."""
    standing = select(Vote.proposal_id).join(Proposal).where(Vote.member_id == member_id, Proposal.state == "open")
    if series_id is not None:
        standing = standing.where(Proposal.series_id == series_id)
    for proposal_id in session().scalars(standing.order_by(Vote.proposal_id)).all():
        session().execute(delete(Vote).where(Vote.proposal_id == proposal_id, Vote.member_id == member_id))
        journal.write("withdraw vote", "proposal", proposal_id, actor_id=actor_id)


def _describe(proposal: Proposal, words: Words) -> None:
    title = {language: cleaned(words.title.get(language), longest=LONGEST_TITLE) for language in LANGUAGES}
    if not any(title.values()):
        raise BadInput("title", N_("Please give a title in at least one language."))
    proposal.title = {language: text for language, text in title.items() if text}
    proposal.abstract = _texts(words.abstract, LONGEST_ABSTRACT)
    proposal.speaker_hint = cleaned(words.speaker_hint)


def _texts(typed: dict[str, str] | None, longest: int) -> dict[str, str] | None:
    told = {language: prose((typed or {}).get(language), longest=longest) for language in LANGUAGES}
    return {language: text for language, text in told.items() if text} or None


def _take_vote(proposal_id: int, member_id: int) -> bool:
    given = {"proposal_id": proposal_id, "member_id": member_id, "created_at": clock.now()}
    return bool(db.affected(session().execute(db.insert_missing(Vote).values(given))))


# --- what coordinators do ---------------------------------------------------------------------------------------------


def merge(series: Series, proposal_id: int, into_id: int, *, actor_id: int | None) -> None:
    """Let one proposal go into another: its votes go along, and a member who was for both counts once."""
    one, into = _locked(series, proposal_id, into_id)
    if one is into:
        raise BadInput("into", N_("A proposal cannot be merged with itself."))
    _still_open(one)
    _still_open(into)
    votes = select(literal(into.id), Vote.member_id, Vote.created_at).where(Vote.proposal_id == one.id)
    session().execute(db.insert_missing(Vote).from_select(["proposal_id", "member_id", "created_at"], votes))
    session().execute(delete(Vote).where(Vote.proposal_id == one.id))
    # What had gone into this one before goes on with it: nobody has to follow a chain.
    session().execute(update(Proposal).where(Proposal.merged_into_id == one.id).values(merged_into_id=into.id))
    one.state, one.merged_into_id, one.decided_at = "merged", into.id, clock.now()
    journal.write("merge", "proposal", one.id, actor_id=actor_id, into=into.id)


def decline(series: Series, proposal_id: int, word: dict[str, str], *, actor_id: int | None) -> None:
    """Say no, and why. Raises `BadInput` without a word."""
    proposal = _open(series, proposal_id)
    proposal.word = _texts(word, LONGEST_WORD)
    if proposal.word is None:
        raise BadInput("word", N_("Please say why in at least one language; the proposer reads it."))
    proposal.state, proposal.decided_at = "declined", clock.now()
    journal.write("decline", "proposal", proposal.id, actor_id=actor_id)


def choose(series: Series, proposal_id: int, meeting_id: int, *, actor_id: int | None) -> Topic:
    """Make it a topic of a meeting of the series that has not begun. Raises `BadInput` for any other meeting."""
    meeting = meetings.for_update(meeting_id)
    proposal = _open(series, proposal_id)
    ahead = meeting.state in ("draft", "announced") and meeting.starts_at > clock.now()
    if meeting.series_id != series.id or not ahead:
        raise BadInput("meeting", N_("Please choose a meeting of this series that is still to come."))
    topic = topics.post(meeting, proposal.title, abstract=proposal.abstract, actor_id=actor_id)
    proposal.state, proposal.topic_id, proposal.decided_at = "chosen", topic.id, clock.now()
    journal.write("choose", "proposal", proposal.id, actor_id=actor_id, meeting=meeting.id)
    return topic


def reopen(series: Series, proposal_id: int, *, actor_id: int | None) -> None:
    """Put what was declined to the vote again, or what was chosen for a topic that is gone or a meeting called off."""
    (proposal,) = _locked(series, proposal_id)
    if not may_reopen(proposal, _meeting_of(proposal)):
        raise Refused(N_("This proposal cannot be put to the vote again."))
    proposal.state, proposal.word, proposal.topic_id, proposal.decided_at = "open", None, None, None
    journal.write("reopen", "proposal", proposal.id, actor_id=actor_id)


def may_reopen(proposal: Proposal, meeting: Meeting | None) -> bool:
    """Whether it can be put to the vote again; `meeting` is the one it was chosen for, if its topic is still there."""
    if proposal.state == "chosen":
        return meeting is None or meeting.state == "cancelled"
    return proposal.state == "declined"


def _meeting_of(proposal: Proposal) -> Meeting | None:
    of_topic = select(Meeting).join(Topic, Topic.meeting_id == Meeting.id).where(Topic.id == proposal.topic_id)
    return session().scalar(of_topic)


# --- finding and locking ----------------------------------------------------------------------------------------------


def _locked(series: Series, *numbers: int) -> list[Proposal]:
    """The series' proposals of those numbers, locked against other decisions. Raises `Missing`."""
    rows = session().scalars(
        select(Proposal)
        .where(Proposal.series_id == series.id, Proposal.id.in_(numbers))
        .order_by(Proposal.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    there = {row.id: row for row in rows}
    if not set(numbers) <= set(there):
        raise Missing(N_("There is no such page, or none that you may see."))
    return [there[number] for number in numbers]


def _still_open(proposal: Proposal) -> None:
    if proposal.state != "open":
        raise Refused(N_("This proposal is no longer open."))


def _open(series: Series, proposal_id: int) -> Proposal:
    (proposal,) = _locked(series, proposal_id)
    _still_open(proposal)
    return proposal


def _own_open(series: Series, proposal_id: int, member_id: int) -> Proposal:
    (proposal,) = _locked(series, proposal_id)
    if proposal.member_id != member_id:
        raise Missing(N_("There is no such page, or none that you may see."))
    _still_open(proposal)
    return proposal


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A proposal in a list: who made it, how many are for it, whether the reader is; and what it went into and the
    meeting it was chosen for, by itself or by that."""

    proposal: Proposal
    proposer: Member
    votes: int
    voted: bool
    into: Proposal | None
    meeting: Meeting | None

    @property
    def fate(self) -> Proposal:
        """The proposal whose state says what became of this one."""
        return self.into or self.proposal


@dataclass(frozen=True)
class Page:
    """One page of the open proposals; `more` says whether there is another one."""

    lines: list[Line]
    number: int
    more: bool


_VOTES = select(func.count()).where(Vote.proposal_id == Proposal.id).correlate(Proposal).scalar_subquery()
_INTO = aliased(Proposal)


def open_of(series: Series, reader_id: int, *, page: int = 1) -> Page:
    """What can be voted for in the series, what most are for first; one statement."""
    number = min(max(page, 1), MOST_TARGETS)
    ordered = _lines(series, reader_id).where(Proposal.state == "open")
    ordered = ordered.order_by(_VOTES.desc(), Proposal.created_at, Proposal.id)
    rows = session().execute(ordered.offset((number - 1) * PAGE).limit(PAGE + 1)).all()
    return Page([Line(*row) for row in rows[:PAGE]], number, len(rows) > PAGE)


def decided_of(series: Series, reader_id: int, *, own: bool) -> list[Line]:
    """What was decided last in the series, of the reader's own or of all; one statement."""
    ordered = _lines(series, reader_id).where(Proposal.state.in_(("chosen", "merged", "declined")))
    if own:
        ordered = ordered.where(Proposal.member_id == reader_id)
    ordered = ordered.order_by(Proposal.decided_at.desc(), Proposal.id.desc()).limit(MOST_DECIDED)
    return [Line(*row) for row in session().execute(ordered)]


def line(series: Series, proposal_id: int, reader_id: int) -> Line:
    """One of the series' proposals. Raises `Missing`."""
    row = session().execute(_lines(series, reader_id).where(Proposal.id == proposal_id)).one_or_none()
    if row is None or row[0].state == "withdrawn":
        raise Missing(N_("There is no such page, or none that you may see."))
    return Line(*row)


def others_open(series: Series, proposal_id: int) -> list[Proposal]:
    """What a proposal could be merged with: the series' other open ones, latest first."""
    query = select(Proposal).where(
        Proposal.series_id == series.id, Proposal.state == "open", Proposal.id != proposal_id
    )
    return list(session().scalars(query.order_by(Proposal.id.desc()).limit(MOST_TARGETS)))


def count_open(series: Series) -> int:
    """How many can be voted for."""
    query = select(func.count()).where(Proposal.series_id == series.id, Proposal.state == "open")
    return session().scalar(query) or 0


def _lines(series: Series, reader_id: int) -> Select[Any]:
    voted = select(Vote.member_id).where(Vote.proposal_id == Proposal.id, Vote.member_id == reader_id).exists()
    return (
        select(Proposal, Member, _VOTES, voted, _INTO, Meeting)
        .join(Member, Member.id == Proposal.member_id)
        .outerjoin(_INTO, _INTO.id == Proposal.merged_into_id)
        .outerjoin(Topic, Topic.id == func.coalesce(Proposal.topic_id, _INTO.topic_id))
        .outerjoin(Meeting, Meeting.id == Topic.meeting_id)
        .where(Proposal.series_id == series.id)
    )
