"""Demo data: the Thuringian breakfasts as they might be, for trying the program out.

Every person, house and address is invented (names drawn by Faker); topics follow what Thuringia and Hamamatsu really
talk about: optics, micro-nano, measuring. Everything goes through the verbs where a verb allows it; only what lies in
the past is written as rows, since no verb changes the past. Fills an empty database and nothing else.
"""

import hashlib
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from asanokai import (
    announcing,
    catering,
    clock,
    db,
    installation,
    law,
    meetings,
    members,
    programme,
    proposals,
    questions,
    retention,
    rsvps,
    series,
    topics,
)
from asanokai.demo.words import EVENT, FOOD, LEGAL, MAILS, PROGRAMME, PROPOSALS, SERIES, WELCOME
from asanokai.intake import Incoming
from asanokai.meetings import Meeting
from asanokai.members import Member, normal_address
from asanokai.rsvps import Rsvp
from asanokai.series import Series
from asanokai.topics import SpeakerText

DOORS = {
    "A coordinator signs in here": "felizitas.matthaei@landesagentur.example",
    "A member signs in here": "minoru.sasaki@hamana-optics.example",
}
"""Who the links printed by `asanokai run` let in."""

DOMAINS = {
    "Landesagentur Außenwirtschaft": "landesagentur.example",
    "浜名光学": "hamana-optics.example",
}
KEPT = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
PAST, SEATS = 3, 24


def fill() -> str:
    """Fill the database if it is empty; what was done, in a line. Needs a writing transaction."""
    if db.session().scalar(select(Member.id).limit(1)):
        return "The database already holds members; no demo data was added."
    installation.change(actor_id=None, organisation="Asa no Kai Thüringen", welcome=WELCOME)
    law.fill_in(LEGAL, actor_id=None, told=retention.told())
    people = [_member(line) for line in _lines()]
    chief = members.by_address(next(iter(DOORS.values())))
    assert chief is not None
    members.make_administrator(chief, True, actor_id=None)
    breakfasts = _series(people, chief)
    held = _past(breakfasts, people)
    coming = _coming(breakfasts, people)
    _proposals(breakfasts, people, chief)
    _event(people, chief)
    _mails(people)
    db.session().flush()
    return f"Demo data: {len(people)} members, 2 series, {held} past and {coming} coming meetings."


def _lines() -> list[list[str]]:
    text = (Path(__file__).parent / "people.txt").read_text(encoding="utf-8")
    return [line.split("|") for line in text.splitlines()]


def _member(fields: list[str]) -> Member:
    language, salutation, title, family, given, family_ja, given_ja, family_kana, given_kana, place, position = fields
    # Who works at home in Japan has Tokyo's clock; the offices in Germany have Berlin's.
    abroad = language == "ja" and "駐在" not in position and "事務所長" not in position
    return members.add(
        _address(given, family, place),
        verified=True,
        language=language,
        salutation=salutation,
        title=title,
        family=family,
        given=given,
        family_ja=family_ja,
        given_ja=given_ja,
        family_kana=family_kana,
        given_kana=given_kana,
        organisation=place,
        position=position,
        zone="Asia/Tokyo" if abroad else "Europe/Berlin",
    )


def _address(given: str, family: str, place: str) -> str:
    local = "".join(KEPT.get(letter, letter) for letter in f"{given}.{family}".lower()).replace(" ", "-")
    return normal_address(f"{local}@{DOMAINS.get(place, 'asanokai.example')}")


def _series(people: list[Member], chief: Member) -> Series:
    row = series.add(
        "asa-no-kai",
        rule="FREQ=MONTHLY;BYDAY=2TH",
        first=f"{clock.now():%Y}-01-01T08:00",
        minutes=120,
        seats=SEATS,
        guests_allowed=1,
        offers=series.USUAL_OFFERS,
        **SERIES,
    )
    series.join(row, chief, "coordinator")
    for member in people:
        series.join(row, member)
    return row


def _past(row: Series, people: list[Member]) -> int:
    """Meetings that were held, with their answers, written as rows."""
    now = clock.now()
    walls = series.dates_of_rule(
        row.rule or "", _a_year_before(row), row.zone, after=now - timedelta(days=130), until=now
    )
    walls = [wall for wall in walls if series.in_utc(wall, row.zone) < now - timedelta(hours=3)][-PAST:]
    for place, wall in enumerate(walls):
        meeting = meetings.add(row, wall, proposed_for=wall.isoformat(timespec="minutes"))
        _post_topics(meeting, PROGRAMME[place % len(PROGRAMME)], people)
        meeting.state, meeting.announced_at = "held", meeting.starts_at - timedelta(days=40)
        db.session().add_all(_past_answer(meeting, member, place, turn) for turn, member in enumerate(people))
    return len(walls)


def _a_year_before(row: Series) -> str:
    first = datetime.fromisoformat(row.first or "")
    return first.replace(year=first.year - 1).isoformat(timespec="minutes")


def _past_answer(meeting: Meeting, member: Member, place: int, turn: int) -> Rsvp:
    said = ("yes", "yes", "no", "yes", "invited", "yes", "no")[(turn * 3 + place) % 7]
    answered = None if said == "invited" else meeting.starts_at - timedelta(days=15 - turn % 12)
    return Rsvp(
        meeting_id=meeting.id,
        member_id=member.id,
        answer=said,
        seat="held" if said == "yes" else None,
        guests=0,
        by=None if answered is None else "link",
        asked_at=answered if said == "yes" else None,
        turn=turn + 1 if said == "yes" else None,
        answered_at=answered,
        revision=0 if answered is None else 1,
        invited_at=meeting.starts_at - timedelta(days=21),
    )


def _coming(row: Series, people: list[Member]) -> int:
    """The dates to come: the first two announced, the first with answers and a waiting list, the others drafts."""
    proposed = meetings.propose(row)
    open_ = [meeting for meeting in proposed if meeting.answer_until > clock.now() + timedelta(days=2)]
    for place, meeting in enumerate(open_[:2]):
        _post_topics(meeting, PROGRAMME[(place + PAST) % len(PROGRAMME)], people)
        programme.adopt(meeting, topics.of(meeting))
        announcing.announce(meeting.id)
        for member in people[1:4]:  # a seat is kept for them at the next announcement
            rsvps.come_normally(row.id, member.id)
    food = questions.add(FOOD["label"], "food", series_id=row.id, choices=FOOD["choices"])
    for turn, member in enumerate(people):
        said = ("yes", "yes", "", "yes", "maybe", "yes", "yes", "no")[turn % 8]
        if said:
            given = rsvps.answer(
                open_[0].id, member.id, said, guests=1 if turn % 11 == 5 and said == "yes" else 0, by="link"
            )
            if said == "yes":
                questions.record(given.rsvp, {food.id: "0010210"[turn % 7]}, {})
    for kind, language in (("caterer", "de"), ("host", "ja")):
        catering.make(open_[0].id, kind, language=language)
    return len(proposed)


def _post_topics(meeting: Meeting, words: dict[str, Any], people: list[Member]) -> None:
    speaker = people[words["speaker"]]
    place = dict(zip(("family", "given", "title", "family_ja", "given_ja"), _names(speaker), strict=True))
    employer = speaker.organisation.name if speaker.organisation else ""
    topics.post(
        meeting,
        words["title"],
        abstract=words["abstract"],
        speakers=[
            SpeakerText(
                **place,
                organisation=words.get("organisation", {speaker.language: employer}),
                position=words.get("position", {speaker.language: speaker.position}),
                member_id=speaker.id,
            )
        ],
    )
    meeting.venue = words["venue"]


def _names(member: Member) -> tuple[str, str, str, str, str]:
    return member.family, member.given, member.title, member.family_ja, member.given_ja


def _proposals(row: Series, people: list[Member], chief: Member) -> None:
    """What members would like to hear about: some with many votes, one declined with a word."""
    for place, words in enumerate(PROPOSALS):
        proposer = people[words["by"]]
        made = proposals.propose(
            row, proposer.id, proposals.Words(words["title"], words.get("abstract"), words.get("speaker", ""))
        )
        for member in people[place :: 3 + 2 * place]:
            proposals.vote(row, made.id, member.id)
        if "word" in words:
            proposals.decline(row, made.id, words["word"], actor_id=chief.id)


def _event(people: list[Member], chief: Member) -> None:
    """A delegation trip of several days: a series without a rule, with its own people."""
    row = series.add("hamamatsu", minutes=60 * 24 * 4, seats=12, guests_allowed=0, zone="Asia/Tokyo", **EVENT["series"])
    series.join(row, chief, "coordinator")
    for member in people[:16]:
        series.join(row, member)
    day = clock.now().astimezone(ZoneInfo("Asia/Tokyo")).date() + timedelta(days=110)
    monday = day - timedelta(days=day.weekday())
    start = datetime.fromisoformat(f"{monday.isoformat()}T09:00")
    trip = meetings.add(row, start, wall_end=start + timedelta(days=4, hours=8))
    topics.post(trip, EVENT["title"], abstract=EVENT["abstract"])
    announcing.announce(trip.id)


def _mails(people: list[Member]) -> None:
    """Plain replies that wait for a coordinator, as rows: by a verb they would need a reply address of theirs."""
    next_one = db.session().scalar(
        select(Meeting).where(Meeting.state == "announced").order_by(Meeting.starts_at, Meeting.id).limit(1)
    )
    for hours, words in enumerate(MAILS, start=2):
        who, came = people[words["by"]], clock.now() - timedelta(hours=hours)
        raw = _mail(who, words, came)
        hashed = hashlib.sha256(raw).hexdigest()
        db.session().add(
            Incoming(
                digest=hashed,
                raw_hash=hashed,
                raw=raw,
                size=len(raw),
                way="file",
                author=_address_of(who),
                subject=words["subject"],
                came_at=came,
                due_at=came,
                taken_at=came,
                attempts=1,
                state="parked",
                outcome=words["outcome"],
                member_id=who.id,
                meeting_id=next_one.id if next_one and words["about_next"] else None,
            )
        )


def _mail(who: Member, words: dict[str, Any], came: datetime) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address_of(who)
    mail["To"] = "rsvp@asanokai.example"
    mail["Subject"] = words["subject"]
    mail["Date"] = format_datetime(came.replace(microsecond=0))
    mail["Message-ID"] = f"<demo-{who.id}@{_address_of(who).rpartition('@')[2]}>"
    mail.set_content(words["text"])
    return mail.as_bytes()


def _address_of(who: Member) -> str:
    found = members.main_address(who)
    return found.normal if found else "nobody@asanokai.example"
