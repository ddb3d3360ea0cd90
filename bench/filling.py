"""What the benchmark works on: a series with as many members as wanted, and meetings of it with topics.

Members are rows inserted in bulk; series, meetings and topics are made by the program's own verbs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, select, update

from asanokai import announcing, clock, meetings, members, topics
from asanokai import series as series_rules
from asanokai.db import reading, session, table_of, transaction
from asanokai.letters import Letter
from asanokai.members import Address, Member, Organisation
from asanokai.rsvps import Rsvp
from asanokai.series import Belonging, Series
from asanokai.topics import SpeakerText
from tests.pages import Reader

CHUNK = 5_000
EACH_ORGANISATION = 20
FAMILIES = ("Lindner", "Vogel", "Hartmann", "Sato", "Yamada", "Ito", "Whitfield", "Krüger", "Schröder", "Baum")
FAMILIES_JA = ("佐藤", "山田", "伊藤", "中村", "小林", "加藤", "吉田", "山本", "斎藤", "松本")
GIVEN = ("Katrin", "Jonas", "Akiko", "Kenji", "Emma", "Ludwig", "Naoko", "Grete", "Paul")
GIVEN_JA = ("明子", "健二", "直子", "花子", "太郎", "美咲", "翔太", "陽子", "和也")
ABSTRACT = {
    "de": "Wie zwei Werke in *Jena* und *Hamamatsu* Linsen gemeinsam entwickeln.\n\n"
    + "Ein Bericht aus der Praxis. " * 20,
    "en": "How two plants in *Jena* and *Hamamatsu* develop lenses together.\n\n" + "A report from practice. " * 20,
    "ja": "*イエナ*と*浜松*の工場がレンズを共同で開発する方法。\n\n" + "現場からの報告です。" * 20,
}


@dataclass(frozen=True)
class Filled:
    """What was put into a database: the series and the numbers of its members; the first one coordinates it."""

    series_id: int
    member_ids: list[int]


def fill(size: int) -> Filled:
    """That many members of one new series, in three languages and two time zones."""
    with transaction():
        series = series_rules.add(
            "asanokai",
            name={"de": "Asa no Kai Thüringen", "en": "Asa no Kai Thuringia", "ja": "朝の会テューリンゲン"},
            venue={"de": "Haus der Optik, Jena", "en": "House of Optics, Jena", "ja": "イエナ光学会館"},
            seats=40,
        )
        session().flush()
        series_id = series.id
        for rows in _chunks([_organisation(number) for number in range(size // EACH_ORGANISATION + 1)]):
            session().execute(insert(table_of(Organisation)), rows)
        for numbers in _chunks(range(1, size + 1)):
            for table, row in ((Member, _member), (Address, _address), (Belonging, _belonging(series_id))):
                session().execute(insert(table_of(table)), [row(number) for number in numbers])
        _catch_up()
        chief = members.by_id(1)
        chief.administrator = True
        series_rules.join(series, chief, "coordinator")
    return Filled(series_id, list(range(1, size + 1)))


def _chunks(rows: Any) -> Iterator[Any]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _catch_up() -> None:
    """Let PostgreSQL go on counting behind the numbers we gave ourselves."""
    connection = session().connection()
    if connection.dialect.name == "postgresql":
        for table in ("member", "organisation"):
            connection.exec_driver_sql(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")


def _organisation(number: int) -> dict[str, Any]:
    name = f"Optik und Maschinenbau {number + 1} GmbH"
    return {"id": number + 1, "name": name, "normal": name.casefold()}


def _member(number: int) -> dict[str, Any]:
    language = ("de", "en", "ja")[number % 3]
    japanese = {"family_ja": FAMILIES_JA[number % 10], "given_ja": GIVEN_JA[number % 9]} if language == "ja" else {}
    return {
        "id": number,
        "standing": "accepted",
        "salutation": ("", "frau", "herr")[number % 3],
        "title": "Dr." if number % 7 == 0 else "",
        "family": f"{FAMILIES[number % 10]}-{number}",
        "given": GIVEN[number % 9],
        "family_ja": "",
        "given_ja": "",
        "family_kana": "",
        "given_kana": "",
        **japanese,
        "organisation_id": number // EACH_ORGANISATION + 1,
        "position": "Leitung Entwicklung",
        "language": language,
        "zone": "Asia/Tokyo" if number % 10 == 0 else "Europe/Berlin",
        "administrator": False,
        "calendar_secret": f"secret{number}",
        "created_at": clock.now(),
        "joined_at": clock.now(),
        "sought": members.folded(f"{FAMILIES[number % 10]}-{number} {GIVEN[number % 9]} member{number}@jena.example"),
        "filed": members.filed(f"{FAMILIES[number % 10]}-{number} {GIVEN[number % 9]}"),
    }


def _address(number: int) -> dict[str, Any]:
    address = f"member{number}@jena.example"
    return {"member_id": number, "text": address, "normal": address, "kind": "main", "verified_at": clock.now()}


def _belonging(series_id: int) -> Any:
    def row(number: int) -> dict[str, Any]:
        return {"series_id": series_id, "member_id": number, "role": "member", "since": clock.now()}

    return row


def meeting(filled: Filled, *, seats: int | None = 40, invited: bool = False) -> int:
    """A new meeting in two weeks with two topics, announced; its number.

    `invited`: as if its invitations had gone out; otherwise they are due now.
    """
    with transaction():
        wall = (clock.now() + timedelta(days=14)).replace(hour=8, minute=0, second=0, microsecond=0, tzinfo=None)
        draft = meetings.add(session().get_one(Series, filled.series_id), wall)
        draft.seats = seats
        draft.title = {"de": "Licht aus zwei Tälern", "en": "Light from two valleys", "ja": "二つの谷の光"}
        session().flush()
        for place in (1, 2):
            topics.post(draft, _title(place), abstract=ABSTRACT, speakers=[_speaker()])
        announcing.announce(draft.id)
        if invited:
            _invite(draft.id, filled.member_ids)
        return draft.id


def _title(place: int) -> dict[str, str]:
    return {"de": f"Linsen {place}: Jena und Hamamatsu", "en": f"Lenses {place}", "ja": f"レンズ {place}"}


def _speaker() -> SpeakerText:
    work = {"de": "Leiterin Entwicklung", "en": "Head of Development", "ja": "開発部長"}
    return SpeakerText("Lindner", "Katrin", "Dr.", organisation={"de": "Optik Jena"}, position=work)


def _invite(meeting_id: int, member_ids: list[int]) -> None:
    now = clock.now()
    for numbers in _chunks(member_ids):
        rows = [{"meeting_id": meeting_id, "member_id": number, "invited_at": now} for number in numbers]
        session().execute(insert(table_of(Rsvp)), rows)
    for moment in session().scalars(select(meetings.Moment).where(meetings.Moment.meeting_id == meeting_id)):
        moment.done_at = now


def signed_in(app: Flask, member_id: int) -> str:
    """The cookie of a browser in which the member has signed in by a link and looked around."""
    # In contexts of their own: what a page keeps for its own time must not be there for the next.
    with app.app_context():
        reader = Reader(app, members.by_id(member_id))
    with app.app_context():
        reader.get("/me/")
    name = app.config["SESSION_COOKIE_NAME"]
    cookie = reader.client.get_cookie(name)
    if cookie is None:
        raise RuntimeError("signing in gave no cookie")
    return f"{name}={cookie.value}"


def path(meeting_id: int) -> str:
    """What a meeting's page is called in addresses."""
    with reading():
        return meetings.by_id(meeting_id).path


def settle_everything() -> None:
    """As if every letter that waits had been sent, and no invitation were due."""
    with transaction():
        session().execute(update(Letter).where(Letter.state == "queued").values(state="sent", sent_at=clock.now()))
        session().execute(update(meetings.Moment).values(done_at=clock.now()))
