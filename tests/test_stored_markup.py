"""Markup in everything that people may write, on every page, letter and calendar that shows it: it stays words.

The words lie in the tables already, past all that a form refuses.
"""

from typing import Any

import pytest
from sqlalchemy import String, select

from asanokai import db, letters
from asanokai.languages import LANGUAGES
from tests import world
from tests.conftest import DATABASES
from tests.grounds import LONG
from tests.world import ROLES, Actor, addresses

# What a page makes of words does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", DATABASES if LONG else ["sqlite"], indirect=True)

EVIL = "Ö\"'><img src=x onerror=alert(1)></textarea></title></script><script>alert(2)</script>"
LINKS = "[x](javascript:alert(3)) ![x](//evil.example/x)"
LINES = f"{EVIL}\r\nATTENDEE:mailto:evil@evil.example\nBcc: evil@evil.example\n{LINKS}"
MARKUP = ("<img src=x", "<script>alert(", 'href="javascript:', 'src="//evil')

ONE_LINE = {
    *("family", "given", "family_ja", "given_ja", "family_kana", "given_kana", "organisation", "sender_name"),
    *("server_words", "author", "speaker_hint", "sought", "value", "agent", "issuer"),
}
"""Columns of one line; where else a column has such a name, its kind decides."""
MANY_LINES = {"comment", "message", "word", "words", "said", "consent_text", "reason"}
NAMES = {"name", "title", "position", "subject", "text"}
"""Columns that hold words in most tables."""
NO_WORDS = {("mailbox", "name"), ("address", "text"), ("outside_identity", "subject"), ("address", "reason")}


def _evil(table: str, column: Any, value: Any) -> Any:
    """What shall stand there instead; the same where no words stand."""
    if isinstance(value, dict) and value and set(value) <= set(LANGUAGES):
        return dict.fromkeys(value, LINES)
    if column.name == "person":
        return {name: EVIL if name in ONE_LINE | NAMES else said for name, said in value.items()}
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        return [_evil(table, column, one) for one in value]
    if not isinstance(column.type, String) or value is None or (table, column.name) in NO_WORDS:
        return value
    if column.name in MANY_LINES:
        return LINES
    return EVIL if column.name in ONE_LINE | NAMES else value


def _poison() -> int:
    """Put it into every row; into how many places."""
    count = 0
    with db.transaction() as session:
        for table in db.Base.metadata.sorted_tables:
            if table.name.startswith("journal"):
                continue  # the database itself refuses
            keys = list(table.primary_key)
            for row in session.execute(select(table)).mappings().all():
                new = {column: _evil(table.name, column, row[column.name]) for column in table.columns}
                changed = {column.name: value for column, value in new.items() if value != row[column.name]}
                if changed:
                    same = [key == row[key.name] for key in keys]
                    session.execute(table.update().where(*same).values(changed))
                    count += len(changed)
    return count


def trouble(answer: Any) -> list[str]:
    """What of the markup has become markup, and which lines of a calendar are not ours."""
    words = answer.text if answer.content_type.startswith(("text/", "application/json")) else ""
    found = [str(answer.status_code)] if answer.status_code >= 500 else []
    if "html" in answer.content_type:
        found += [sign for sign in MARKUP if sign in words]
    if "calendar" in answer.content_type:
        found += [line for line in words.splitlines() if line.startswith(("ATTENDEE:mailto:evil", "Bcc:"))]
    return found


def test_what_people_write_is_never_markup(app, clock):
    built = world.build(app, clock)
    known = addresses(app, built, "GET")
    about = f"/coordinate/meetings/{built.meeting_id}/letters"
    assert about in known["outbox.of_meeting"]
    places = _poison()
    wrong, seen = {}, 0
    for role in ("visitor", "member", "coordinator", "administrator") if not LONG else ROLES:
        reader = Actor(app, role)
        for name, address in known.items():
            with reader.get(address) as answer:
                seen += "onerror=alert" in answer.text if "html" in answer.content_type else 0
                if found := trouble(answer):
                    wrong[role, name] = found
    for kind in letters.OF_MEETING:
        with reader.get(f"{known['outbox.preview: part'].replace('invite', kind)}") as answer:
            if found := trouble(answer):
                wrong["letter", kind] = found
    assert wrong == {}
    # It stands on most pages, and is seen as words.
    assert (places > 150, seen > 60) == (True, True), (places, seen)
