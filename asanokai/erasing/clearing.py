"""Emptying everything that is a person's, in one transaction. Nothing here asks whether it may."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update

from asanokai import questions, topics
from asanokai.db import Base, session, table_of
from asanokai.erasing.rules import RULES, Rule
from asanokai.letters import Letter
from asanokai.questions import Reply
from asanokai.speakers import Contributor
from asanokai.topics import Speaker, Topic
from asanokai.whose import Person


def clear(one: Person, *, keep_texts: bool) -> None:
    """Empty or delete what is the person's. Counts, states and moments stay."""
    session().flush()
    questions.count_in(Reply.rsvp_id.in_(one.answers))
    about = _found(one.topics)  # their words for searching name the person
    facts = _numbers_of_letters(one)
    contributing, speaking = _found(one.contributing), _found(one.speaking)
    for rule in RULES:
        if keep_texts and rule.text_of:
            continue
        if rule.table is Contributor:
            _apply(rule, Contributor.id.in_(contributing))
        elif rule.table is Speaker:
            _apply(rule, Speaker.id.in_(speaking))
        else:
            _apply(rule, rule.whose(one))
    _keep_numbers(facts)
    session().expire_all()
    for topic_id in about:
        topics.note_sought(session().get_one(Topic, topic_id))
    session().flush()


def _apply(rule: Rule, which: ColumnElement[bool]) -> None:
    table = table_of(rule.table)
    if rule.becomes is None:
        session().execute(delete(table).where(which))
    else:
        session().execute(update(table).where(which).values(**said(rule.becomes)))


def said(becomes: Mapping[str, Any]) -> dict[str, Any]:
    """The values, with what is a callable called."""
    return {name: value() if callable(value) else value for name, value in becomes.items()}


def _found(numbers: Any) -> list[int]:
    return list(session().scalars(numbers))


def _numbers_of_letters(one: Person) -> dict[int, dict[str, Any]]:
    """What is a number in the facts of letters to them: a letter of one's own is counted by it."""
    rows = session().execute(select(Letter.id, Letter.facts).where(Letter.id.in_(one.letters)))
    found = {number: {name: value for name, value in (facts or {}).items() if _plain(value)} for number, facts in rows}
    return {number: facts for number, facts in found.items() if facts}


def _plain(value: Any) -> bool:
    return isinstance(value, int | float)


def _keep_numbers(found: dict[int, dict[str, Any]]) -> None:
    table = table_of(Letter)
    for number, facts in found.items():
        session().execute(update(table).where(table.c.id == number).values(facts=facts))


def tables() -> set[type[Base]]:
    """The tables that a rule is about."""
    return {rule.table for rule in RULES}
