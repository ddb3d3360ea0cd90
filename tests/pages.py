"""A visitor who behaves as a browser does: sends a page's cross-site token with every form, signs in by a real link.

For tests of pages. It checks nothing.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from asanokai import db, knocking, members
from asanokai.meetings import Meeting
from asanokai.members import Member

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Reader:
    """Somebody at the pages of `app`, with cookies of their own; signed in if a member is given."""

    def __init__(self, app: Flask, member: Member | None = None) -> None:
        self.client = app.test_client()
        self.app = app
        self.token: str | None = None
        if member is not None:
            self.sign_in(member)

    def sign_in(self, member: Member) -> TestResponse:
        """Sign in by a link, as from a letter."""
        response = self.post(sign_in_link(self.app, member))
        assert response.status_code == 303, response.text
        self.token = None
        return response

    def get(self, address: str, **options: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(address, **options)

    def post(self, address: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form with the token of a page this reader has seen. What is asked for at the door is done then, as the
        worker does within seconds."""
        if self.token is None:
            seen = self.client.get("/sign-in")
            if seen.status_code != 200:
                seen = self.client.get("/privacy")
            found = TOKEN.search(seen.text)
            assert found, "no form on the page"
            self.token = found[1]
        response = self.client.post(address, data={"csrf_token": self.token, **(data or {})}, **options)
        if address.partition("?")[0] in ("/join", "/sign-in"):
            knocking.answer()
        return response


def sign_in_link(app: Flask, member: Member) -> str:
    """A fresh link that signs the member in."""
    member_id = member.id
    with db.transaction():
        nonce = members.mint_sign_in(members.by_id(member_id))
    return "/sign-in/" + str(app.extensions["tokens"].mint("sign-in", [member_id, nonce]))


def facts(meeting: Meeting) -> Any:
    """A meeting's plain values, which outlive the transaction it was made in."""
    names = ("id", "series_id", "uid", "path", "starts_at", "ends_at", "answer_until")
    kept: dict[str, int | str | datetime] = {name: getattr(meeting, name) for name in names}
    return SimpleNamespace(**kept)


def checked(page: str) -> list[str]:
    """The values of the choices that are marked on a page."""
    marked = [one for one in re.findall(r"<input[^>]*>", page) if re.search(r"\schecked\b", one)]
    return [found[1] for one in marked if (found := re.search(r'value="([^"]*)"', one))]


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of the database meanwhile: SELECT, INSERT, UPDATE, DELETE and their kin, each by its first word."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        word = statement.split(None, 1)[0].upper()
        if word not in ("BEGIN", "COMMIT", "ROLLBACK"):
            asked.append(word)

    engines = list(db.db.engines.values())
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
