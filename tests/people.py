"""The cast and the makers: who the tests are about, and how a test gets a series, a meeting, an answer in one line.

Everybody here is invented and lives at an example domain. Makers write in the transaction that is running and go
through the program's own verbs, so that what a test stands on is what the program makes. They check nothing.

The cast, each made on first use and found again after that:

    akiko    coordinates from Tokyo: reads Japanese, her clock is eight or seven hours ahead
    katrin   a member in Jena, German, with a title
    emma     a member in Ilmenau, English
    kenji    a member in Erfurt, Japanese, on German time
    naoko    a member in Hamamatsu, Japanese, on Japanese time
    juergen  was a member and left
    ludwig   administers everything
    grete    an assistant who belongs to no series; a test lets her answer for others
    oskar    the outsider: accepted, but belongs to no series, and must see nothing
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from faker import Faker
from sqlalchemy import select

from asanokai import announcing, clock, invitations, meetings, members, rsvps, seals
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.invitations import Night
from asanokai.letters import Letter
from asanokai.meetings import Meeting, Moment
from asanokai.members import Member
from asanokai.rsvps import Rsvp
from asanokai.seals import sealing
from asanokai.series import Series

SECOND_THURSDAY = "FREQ=MONTHLY;BYDAY=2TH"
FIRST_MORNING = datetime(2026, 3, 12, 8, 0)
"""The wall time of the usual meeting: the second Thursday of March 2026, in Jena."""

_numbers = count(1)
_fakers = {"de": Faker("de_DE"), "en": Faker("en_GB"), "ja": Faker("ja_JP")}


# --- moments ----------------------------------------------------------------------------------------------------------


def berlin(*parts: int) -> datetime:
    """A wall time in Berlin as a moment in UTC: berlin(2026, 3, 12, 8)."""
    return datetime(*parts, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)  # type: ignore[arg-type, misc]  # as many parts as are told


def tokyo(*parts: int) -> datetime:
    """A wall time in Tokyo as a moment in UTC."""
    return datetime(*parts, tzinfo=ZoneInfo("Asia/Tokyo")).astimezone(UTC)  # type: ignore[arg-type, misc]  # as many parts as are told


# --- people -----------------------------------------------------------------------------------------------------------


def member(email: str | None = "", *, language: str = "de", **person: Any) -> Member:
    """An accepted member; what is not given is made up from a fixed seed. `email=None`: one without an address."""
    number = next(_numbers)
    fake = _fakers[language]
    fake.seed_instance(number)
    usual: dict[str, Any] = {"language": language, "organisation": fake.company()}
    if language == "ja":
        usual |= {"family": fake.last_romanized_name(), "given": fake.first_romanized_name()}
        usual |= {"family_ja": fake.last_name(), "given_ja": fake.first_name()}
    else:
        usual |= {"family": fake.last_name(), "given": fake.first_name()}
    return members.add(f"person{number}@jena.example" if email == "" else email, **{**usual, **person})


def crowd(size: int, **person: Any) -> list[Member]:
    """That many members, in the three languages by turns."""
    languages = ("de", "en", "ja")
    return [member(**{"language": languages[number % 3], **person}) for number in range(size)]


def _of_the_cast(email: str, **person: Any) -> Member:
    return members.by_address(email) or members.add(email, verified=True, **person)


def akiko() -> Member:
    return _of_the_cast(
        "akiko.sato@hamamatsu.example",
        language="ja",
        zone="Asia/Tokyo",
        salutation="frau",
        family="Sato",
        given="Akiko",
        family_ja="佐藤",
        given_ja="明子",
        family_kana="さとう",
        given_kana="あきこ",
        organisation="Hamamatsu Photonics Forum",
    )


def katrin() -> Member:
    return _of_the_cast(
        "katrin.lindner@optik-jena.example",
        language="de",
        salutation="frau",
        title="Dr.",
        family="Lindner",
        given="Katrin",
        organisation="Optik Jena",
        position="Leiterin Entwicklung",
    )


def emma() -> Member:
    return _of_the_cast(
        "emma.whitfield@ilmenau.example",
        language="en",
        salutation="frau",
        family="Whitfield",
        given="Emma",
        organisation="Micro-Nano Ilmenau",
    )


def kenji() -> Member:
    return _of_the_cast(
        "kenji.yamada@erfurt.example",
        language="ja",
        salutation="herr",
        title="Dr.",
        family="Yamada",
        given="Kenji",
        family_ja="山田",
        given_ja="健二",
        family_kana="やまだ",
        given_kana="けんじ",
    )


def naoko() -> Member:
    return _of_the_cast(
        "naoko.ito@hamamatsu.example",
        language="ja",
        zone="Asia/Tokyo",
        salutation="frau",
        family="Ito",
        given="Naoko",
        family_ja="伊藤",
        given_ja="直子",
    )


def juergen() -> Member:
    gone = _of_the_cast("juergen.brandt@weimar.example", language="de", family="Brandt", given="Jürgen")
    if gone.standing != "left":
        gone.standing, gone.left_at = "left", clock.now()
    return gone


def ludwig() -> Member:
    chief = _of_the_cast("ludwig.haase@asanokai.example", language="de", family="Haase", given="Ludwig")
    if not chief.administrator:
        members.make_administrator(chief, True, actor_id=None)
    return chief


def grete() -> Member:
    return _of_the_cast("grete.amt@optik-jena.example", language="de", family="Amt", given="Grete")


def oskar() -> Member:
    return _of_the_cast("oskar.fremd@elsewhere.example", language="de", family="Fremd", given="Oskar")


# --- series and meetings ----------------------------------------------------------------------------------------------


def series(slug: str = "asanokai", **fields: Any) -> Series:
    """Breakfast on the second Thursday at eight in Jena, forty seats; `fields` as in `series.FIELDS` override."""
    usual = {
        "name": {"de": "Asa no Kai Thüringen", "en": "Asa no Kai Thuringia", "ja": "朝の会テューリンゲン"},
        "rule": SECOND_THURSDAY,
        "first": FIRST_MORNING.isoformat(timespec="minutes"),
        "zone": "Europe/Berlin",
        "minutes": 120,
        "venue": {"de": "Haus der Optik, Jena", "en": "House of Optics, Jena", "ja": "イエナ光学会館"},
        "seats": 40,
    }
    return series_rules.add(slug, **{**usual, **fields})


def event(slug: str = "delegation", **fields: Any) -> Series:
    """A series without a rule: a delegation's journey, without a limit of seats."""
    usual = {"name": {"de": "Delegationsreise", "ja": "視察旅行"}, "rule": None, "first": None, "seats": None}
    return series(slug, **{**usual, **fields})


def belong(to: Series, *people: Member) -> None:
    """Let people belong to a series."""
    for person in people:
        series_rules.join(to, person)


def coordinate(what: Series, *people: Member) -> None:
    """Let people coordinate a series."""
    for person in people:
        series_rules.join(what, person, "coordinator")


def meeting(of: Series | None = None, wall: datetime = FIRST_MORNING, **values: Any) -> Meeting:
    """A draft at a local wall time; `values` as in `meetings.EDITABLE`."""
    draft = meetings.add(of or series(), wall, wall_end=values.pop("wall_end", None))
    for field, value in values.items():
        setattr(draft, field, value)
    return draft


def announced_meeting(
    of: Series | None = None,
    wall: datetime = FIRST_MORNING,
    *,
    people: Sequence[Member] = (),
    **values: Any,
) -> Meeting:
    """A meeting announced now, of a series that `people` belong to. It stands in the clock's future, or is refused."""
    of = of or series()
    belong(of, *people)
    draft = meeting(of, wall, **values)
    session().flush()
    return announcing.announce(draft.id)


# --- what happens -----------------------------------------------------------------------------------------------------


def say(at: Meeting, who: Member, choice: str, guests: int | None = None, **more: Any) -> Rsvp:
    """Somebody answers, by the page if nothing else is said."""
    return rsvps.answer(at.id, who.id, choice, guests=guests, **{"by": "page", **more}).rsvp


def plan(night: Night | None = None) -> int:
    """Plan everything whose time has come, as the worker does; how many letters are new."""
    return sum(invitations.plan(number, night=night or Night()) for number in invitations.due_moments())


def seal_journal() -> None:
    """Seal what the journal has got, in the transaction that is open; the worker does it in one of its own."""
    session().flush()
    before = seals.newest()
    session().add(sealing._made(before, sealing._rows(before.last_id if before else 0, 2**31 - 1)))
    session().flush()


def send_all() -> int:
    """Settle everything that is due as sent, as if a sender had been here; how many."""
    due = session().scalars(select(Letter).where(Letter.state == "queued", Letter.due_at <= clock.now()))
    letters = list(due)
    for letter in letters:
        letter.state, letter.sent_at, letter.settled_at = "sent", clock.now(), clock.now()
    session().flush()
    return len(letters)


# --- what can be seen -------------------------------------------------------------------------------------------------


def letters_to(who: Member, *kinds: str) -> list[Letter]:
    """The letters to somebody in the order they were posted, of those kinds or of all."""
    query = select(Letter).where(Letter.member_id == who.id).order_by(Letter.id)
    if kinds:
        query = query.where(Letter.kind.in_(kinds))
    return list(session().scalars(query.execution_options(populate_existing=True)))


def kinds_to(who: Member, state: str = "queued") -> list[str]:
    """The kinds of the letters to somebody that are in that state."""
    return [letter.kind for letter in letters_to(who) if letter.state == state]


def readers(kind: str, *, state: str | None = None) -> list[int]:
    """The numbers of the members a kind of letter goes to, in order."""
    query = select(Letter.member_id).where(Letter.kind == kind).order_by(Letter.member_id)
    return list(session().scalars(query.where(Letter.state == state) if state else query))


def moments(of: Meeting) -> dict[tuple[str, int], tuple[datetime, bool]]:
    """The meeting's moments: (kind, step) → (due, whether done)."""
    found = session().scalars(select(Moment).where(Moment.meeting_id == of.id))
    return {(moment.kind, moment.step): (moment.due_at, moment.done_at is not None) for moment in found}


def seats(of: Meeting) -> dict[int, tuple[str, str | None, int]]:
    """How everybody stands: member → (answer, seat, guests)."""
    found = session().scalars(select(Rsvp).where(Rsvp.meeting_id == of.id).execution_options(populate_existing=True))
    return {rsvp.member_id: (rsvp.answer, rsvp.seat, rsvp.guests) for rsvp in found}


def series_of(at: Meeting) -> Series:
    """The series a meeting belongs to."""
    return series_rules.by_id(at.series_id)
