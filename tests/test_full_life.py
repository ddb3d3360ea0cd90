"""A person's whole life here: applying, two mornings, deletion; then nothing of them is left, wherever one looks.

Pages, mail server and the worker's own steps are real. The mails that went out are the world's, and not looked at.
"""

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from asanokai import copies, db, members, questions, retention
from asanokai.consents import Consent
from asanokai.db import Base, session
from asanokai.intake.files import take_file
from asanokai.members import Application, Member
from asanokai.rsvps import Rsvp
from asanokai.worker import Worker
from tests import people
from tests.pages import Reader
from tests.people import berlin

ADDRESS = "h.Zwiebelfisch@Sternwarte-Sonneberg.example"
PERSON = {
    "salutation": "frau",
    "title": "Dr. phil.",
    "family": "Zwiebelfisch",
    "given": "Hadelinde",
    "family_ja": "玉葱魚",
    "given_ja": "波出凜",
    "family_kana": "たまねぎうお",
    "given_kana": "はでりん",
    "organisation": "Sternwarte Sonneberg",
    "position": "Kometenjägerin",
    "language": "de",
}
FROM = "203.0.113.77"
ALLERGY = "Haselnusspollen"
TRACES = (
    *("zwiebelfisch", "hadelinde", "玉葱魚", "波出凜", "たまねぎうお", "タマネギウオ", "はでりん"),
    *("sternwarte", "sonneberg", "kometenjäger", "haselnuss", FROM),
    *("gürteltier", "begleitbert", "nebelhorn", "urlaubspost", "regenschirm"),
)
"""What would betray her: names in both scripts and kana, address, organisation, allergy, what she wrote, whom she
brought, the network address she came from."""


class Life:
    """The house with its worker, as she meets it."""

    def __init__(self, app: Any, clock: Any, smtp: Any) -> None:
        self.app, self.clock, self.smtp = app, clock, smtp
        self.worker = Worker(app)

    def beat(self, *names: str) -> None:
        """Let the worker take these steps, or all that need no port."""
        for name in names or ("plan", "cater", "tidy", "deliver", "erase", "keep", "deliver"):
            self.worker.beat(name)

    def letters(self) -> list[EmailMessage]:
        """What came to her since the last time."""
        found = [mail.message for mail in self.smtp.letters if mail.to.lower() == ADDRESS.lower()]
        self.smtp.clear()
        return found

    def link(self, pattern: str) -> str:
        """The link of that form in the last letter to her."""
        words = self.letters()[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]  # letters have one
        found = re.search(rf"http://[^/\s]+({pattern}[^\s>]*)", words)
        assert found, words
        return found[1]


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    return {"instance": tmp_path / "instance"}


@pytest.fixture
def life(app, clock, smtp) -> Life:
    return Life(app, clock, smtp)


def traces_in_database() -> dict[str, list[str]]:
    """Trace → the columns it stands in, in every table, also in facts and bytes."""
    found: dict[str, list[str]] = {}
    with db.reading():
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                words = " ".join(map(_words, session().scalars(select(column)))).lower()
                for trace in TRACES:
                    if trace in words:
                        found.setdefault(trace, []).append(f"{table.name}.{column.name}")
    return found


def _words(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def traces_in(words: str) -> list[str]:
    return [trace for trace in TRACES if trace in words.lower()]


def files(folder: Path) -> Iterator[str]:
    """Everything beside the database that the house keeps in files."""
    for file in folder.rglob("*"):
        if file.is_file():
            yield file.read_bytes().decode("utf-8", "replace")


def figures(meeting_ids: list[int]) -> list[Any]:
    """What is counted of the mornings: who came, who was brought, what was eaten."""
    with db.reading():
        found: list[Any] = []
        for meeting_id in meeting_ids:
            rows = session().execute(select(Rsvp.answer, Rsvp.seat, Rsvp.guests).where(Rsvp.meeting_id == meeting_id))
            meals = [sum(dict(numbers).values()) for _question, numbers in questions.counts(meeting_id)]
            found.append((sorted(map(tuple, rows), key=repr), meals))
        return found


def test_nothing_is_left_of_a_person_but_numbers(life, app, clock, tmp_path, caplog):
    caplog.set_level(logging.DEBUG, "asanokai")
    with db.transaction():
        people.ludwig()
        akiko, series = people.akiko(), people.series(guests_allowed=2, needs_approval=True)
        people.coordinate(series, akiko)
        people.belong(series, people.katrin())
        meal = questions.add({"de": "Essen?"}, "food", series_id=series.id, vanishes=True).id
        why = questions.add({"de": "Was beschäftigt Sie?"}, "text", series_id=series.id).id
        mornings = [people.announced_meeting(series, people.FIRST_MORNING.replace(month=month)) for month in (3, 4, 5)]
        numbers, paths, series_id = [one.id for one in mornings], [one.path for one in mornings], series.id

    # She applies, confirms by the letter's link, and is approved.
    visitor = Reader(app)
    visitor.client.environ_base["REMOTE_ADDR"] = FROM
    visitor.get("/?lang=de")
    applied = {
        **PERSON,
        "email": ADDRESS,
        "series": str(series_id),
        "message": "Ich züchte ein Gürteltier",
        "consent": "y",
    }
    assert visitor.post("/join", {**applied, "website": ""}).status_code == 303
    life.beat("deliver", "deliver")
    assert visitor.post(life.link("/join/")).status_code in (200, 303)
    desk = Reader(app, akiko)
    with db.reading():
        asked = session().scalars(select(Application.id)).one()
        her = session().scalars(select(Application.member_id)).one()
    assert desk.post(f"/coordinate/applications/{asked}/approve").status_code == 303

    # Two mornings, with an allergy, a guest, words; a mail of her own; a third is only answered.
    with db.reading():
        she = Reader(app, session().get_one(Member, her))
    she.client.environ_base["REMOTE_ADDR"] = FROM
    for number, path in enumerate(paths):
        clock.set(berlin(2026, 3 + number, 1, 12))
        with db.reading():
            she.sign_in(session().get_one(Member, her))
        life.beat("plan", "deliver")
        answer = {"answer": "yes", "guests": "1", "guest_names": "Begleitbert Nebelhorn", "comment": "Mit Regenschirm"}
        answer |= {f"question_{meal}": f"{ALLERGY}, bitte nichts davon", f"question_{why}": "Mein Gürteltier"}
        assert she.post(f"/meetings/{path}/answer", answer).status_code == 303
        life.beat("plan", "deliver")
        if number < 2:
            clock.set(berlin(2026, 3 + number, 12, 11))
            life.beat()
    mail = f"From: Hadelinde <{ADDRESS}>\nTo: asanokai@reply.asanokai.example\nSubject: Urlaubspost\n"
    mail += (
        "Message-ID: <1@sternwarte-sonneberg.example>\nDate: Thu, 30 Apr 2026 10:00:00 +0200\n\nDas Nebelhorn ruft.\n"
    )
    take_file(mail.encode(), app.extensions["intake"])
    before, held = traces_in_database(), figures(numbers[:2])
    assert set(before) >= {"zwiebelfisch", "玉葱魚", "sternwarte", "haselnuss", "gürteltier", "begleitbert", FROM}

    # She takes a copy of everything with her. It stays here for a while, and must go with her.
    assert she.post("/me/data/copy").status_code == 303
    life.beat("copy")
    with db.reading():
        copy_id = session().scalars(select(copies.Copy.id)).one()
    taken = she.post(f"/me/data/copy/{copy_id}")
    told = zipfile.ZipFile(io.BytesIO(taken.data)).read("data.json").decode()
    assert set(traces_in(told)) == set(TRACES) - {"タマネギウオ"}

    # She deletes her data. One letter takes the third morning out of her calendar; then the worker empties her.
    life.letters()
    assert she.post("/me/data/delete", {"sure": "y"}).status_code == 303
    life.beat()
    cancelled = [letter for letter in life.letters() if "CANCEL" in letter.as_string()]
    assert len(cancelled) == 1
    life.beat()
    with db.reading():
        assert session().get_one(Member, her).standing == "erased"

    # Nothing of her is left in any table, file or log; the numbers are.
    assert traces_in_database() == {}
    assert [traces_in(words) for words in files(tmp_path)] == [[]] * len(list(files(tmp_path)))
    assert [record.getMessage() for record in caplog.records if traces_in(record.getMessage())] == []
    assert figures(numbers[:2]) == held
    with db.reading():
        kept = session().scalars(select(Application)).one()
        assert (kept.consent_version != "", kept.confirmed_at is not None, kept.applied_from) == (True, True, None)

    # No list brings her back.
    sheet = f"Name;Vorname;E-Mail\nZwiebelfisch;Hadelinde;{ADDRESS}\n"
    refused = desk.post(f"/coordinate/series/{series_id}/members/import", {"text": sheet, "step": "take"})
    assert refused.status_code == 303  # to the list, on which she is not
    with db.reading():
        assert members.by_address(ADDRESS) is None
    assert traces_in_database() == {}

    # Three years later not even the consent is left, and the numbers still are.
    clock.advance(days=retention.BY_NAME["consents"].days + 1)
    life.beat("keep")
    with db.reading():
        assert list(session().scalars(select(Application.id))) == []
        assert list(session().scalars(select(Consent.id).where(Consent.member_id == her))) == []
    assert figures(numbers[:2]) == held


def test_what_a_statement_was_given_stands_in_no_error(app):
    with pytest.raises(StatementError) as refused, db.transaction():
        session().execute(text("SELECT no_such FROM address WHERE text = :address"), {"address": ADDRESS})
    assert (ADDRESS in str(refused.value), "hide_parameters" in str(refused.value)) == (False, True)
