"""The verbs that take names away where emptying a column is not enough. Each takes the numbers of rows."""

import random
from collections import defaultdict

from sqlalchemy import Select, delete, select, update

from asanokai import clock, erasing, letters, questions
from asanokai.db import session, table_of
from asanokai.letters import Letter, mint_nonce
from asanokai.members import Application, Member
from asanokai.questions import Reply
from asanokai.retention.row import Nobody
from asanokai.rsvps import Rsvp
from asanokai.series import Belonging
from asanokai.whose import person

WITH_WORDS = ("reply", "declined", "answered", "ask_back", "acknowledged", "not_taken", "test")
"""Kinds of letters whose facts hold words or addresses."""

_chance = random.SystemRandom()


def nobodies() -> Select[int]:
    """The rows that stand for nobody."""
    return select(Nobody.member_id)


def count_in(reply_ids: list[int]) -> None:
    """Delete replies, and keep how often each was given."""
    questions.count_in(Reply.id.in_(reply_ids))
    session().execute(delete(table_of(Reply)).where(table_of(Reply).c.id.in_(reply_ids)))


def unname(rsvp_ids: list[int]) -> None:
    """Let answers stand for nobody. At each meeting the places are drawn by lot, so that none can be followed from one
    meeting to the next."""
    of: dict[int, list[int]] = defaultdict(list)
    for number, meeting_id in session().execute(select(Rsvp.id, Rsvp.meeting_id).where(Rsvp.id.in_(rsvp_ids))):
        of[meeting_id].append(number)
    table = table_of(Rsvp)
    for meeting_id, numbers in of.items():
        taken = set(session().scalars(select(Rsvp.member_id).where(Rsvp.meeting_id == meeting_id)))
        free = [member_id for member_id in _pool(len(taken) + len(numbers)) if member_id not in taken]
        for number, member_id in zip(numbers, _chance.sample(free, len(numbers)), strict=True):
            session().execute(update(table).where(table.c.id == number).values(member_id=member_id))
    session().expire_all()


def _pool(size: int) -> list[int]:
    """So many rows that stand for nobody, made if need be."""
    there = list(session().scalars(select(Nobody.member_id).order_by(Nobody.place)))
    for place in range(len(there), size):
        row = Member(
            standing="erased",
            calendar_secret=mint_nonce(),
            created_at=clock.now(),
            organisation=None,
        )
        session().add(row)
        session().flush()
        session().add(Nobody(place=place, member_id=row.id))
        there.append(row.id)
    session().flush()
    return there


def strip_letters(letter_ids: list[int]) -> None:
    """Empty the details of letters. The facts of those that hold no words stay, since letters are counted by them."""
    table = table_of(Letter)
    these = table.c.id.in_(letter_ids)
    session().execute(update(table).where(these).values(address=None, server_words=None))
    session().execute(update(table).where(these, table.c.kind.in_(WITH_WORDS)).values(facts=None))
    session().expire_all()


def forget_applications(application_ids: list[int]) -> None:
    """Delete applications with the letters about them, and empty those who are nothing but applicants."""
    rows = select(Application.member_id).where(Application.id.in_(application_ids))
    people = set(session().scalars(rows))
    letters.forget_applications(application_ids)
    session().execute(delete(table_of(Application)).where(table_of(Application).c.id.in_(application_ids)))
    alone = [~select(table.id).where(table.member_id == Member.id).exists() for table in (Application, Belonging, Rsvp)]
    only = select(Member).where(Member.id.in_(people), Member.standing.in_(("applied", "confirmed")), *alone)
    for member in session().scalars(_still(only)).all():
        erasing.clear(person(member), keep_texts=False)


def erase(member_ids: list[int]) -> None:
    """Erase members altogether, as if they had asked for it; none who has come back meanwhile."""
    gone = select(Member).where(Member.id.in_(member_ids), Member.standing == "left").order_by(Member.id)
    for member in session().scalars(_still(gone)).all():
        erasing.now_empty(member, keep_texts=False)


def _still(query: Select[Member]) -> Select[Member]:
    """Those it is still true of, as the rows are now, and held so until all is done."""
    return query.with_for_update(of=Member).execution_options(populate_existing=True)


def drop_consents(application_ids: list[int]) -> None:
    """Delete what is left of applications."""
    session().execute(delete(table_of(Application)).where(table_of(Application).c.id.in_(application_ids)))
