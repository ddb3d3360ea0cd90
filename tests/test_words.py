"""Every code the program writes has words on the coordinators' pages, in all three languages."""

import ast
from pathlib import Path

import pytest
from flask_babel import force_locale

import asanokai
from asanokai import importing, invitations, letters, members, rsvps
from asanokai.intake import reports
from asanokai.members.reach import LASTING
from asanokai.web import words

PACKAGE = Path(asanokai.__file__).parent
TABLES = {"KINDS": words.KINDS, "STATES": words.STATES, "REASONS": words.REASONS, "ANSWERS": words.ANSWERS}
TABLES["VERDICTS"] = words.VERDICTS

DROPPING = {"drop_queued": 0, "drop_by_key": 1, "drop_queued_of_application": 1, "Dropped": 1}
"""What settles a letter as dropped, and which of its arguments is the reason."""


def _texts(node: ast.AST, names: dict[str, str]) -> set[str]:
    """The texts an expression may come to, as far as they are written down in it."""
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) else set()
    if isinstance(node, ast.Name):
        return {names[node.id]} if node.id in names else set()
    if isinstance(node, ast.IfExp):
        return _texts(node.body, names) | _texts(node.orelse, names)
    return set()


def _reasons_in(source: str) -> set[str]:
    tree = ast.parse(source)
    names = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = DROPPING.get(called)
            if place is not None and len(node.args) > place:
                found |= _texts(node.args[place], names)
            for keyword in node.keywords:
                found |= _texts(keyword.value, names) if keyword.arg == "reason" else set()
        elif isinstance(node, ast.FunctionDef) and node.name.lstrip("_").startswith("overtaken"):
            for part in ast.walk(node):
                found |= _texts(part.value, names) if isinstance(part, ast.Return) and part.value else set()
    return found


def written_reasons() -> set[str]:
    """Every reason that stands in the package as one for a letter that was not sent."""
    sources = [path for path in PACKAGE.rglob("*.py") if path.name != "words.py"]
    found = set().union(*(_reasons_in(path.read_text(encoding="utf-8")) for path in sources))
    return {*found, *invitations.REASONS, *reports.REASONS.values()} - {""}


def test_every_kind_of_letter_has_words():
    assert set(words.KINDS) == {*letters.OF_MEETING, *letters.ASKED_FOR}


def test_every_state_of_a_letter_has_words():
    assert set(words.STATES) == set(letters.STATES)


def test_everything_that_happens_to_letters_and_addresses_has_words():
    assert set(words.HAPPENINGS) == set(letters.HAPPENINGS)
    assert set(words.CAME_BACK) == set(LASTING)
    assert set(reports.REASONS) == set(members.BOUNCES) - {"complaint"}


def test_every_answer_has_words():
    assert set(words.ANSWERS) == set(rsvps.ANSWERS)


def test_every_verdict_has_words():
    assert set(words.VERDICTS) == set(importing.VERDICTS)


def test_every_reason_has_words_and_no_words_are_left_over():
    assert set(words.REASONS) == written_reasons()


def test_the_reasons_are_really_found():
    """Or the test above would be about nothing: one that each way of looking finds."""
    some = {"could not be composed", "the meeting was cancelled", "nothing to say", "not invited", "missed"}
    assert some <= written_reasons()


@pytest.mark.parametrize("table", TABLES)
def test_words_differ_from_code_to_code_in_every_language(app, table):
    for language in ("de", "en", "ja"):
        with app.test_request_context(), force_locale(language):
            said = [str(label) for label in TABLES[table].values()]
        assert len(set(said)) == len(said), (language, said)
