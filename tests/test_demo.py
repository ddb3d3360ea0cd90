"""The demo data: believable, complete in three languages, made once, and possible on every day of the calendar."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from asanokai import catering, db, demo, doctor, law, members, rsvps, series
from asanokai.db import Base
from asanokai.meetings import Meeting
from asanokai.members import Address, Member
from asanokai.rsvps import Rsvp
from asanokai.series import Series
from asanokai.topics import Speaker, Topic
from tests import people
from tests.people import berlin

ANY_DAY = {
    "New Year's morning": datetime(2027, 1, 1, 0, 30, tzinfo=UTC),
    "New Year's night, still the old year in London": datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
    "the last day of the year": berlin(2027, 12, 31, 12),
    "a leap day": berlin(2028, 2, 29, 8),
    "the night in which the clocks go forward": berlin(2027, 3, 28, 1, 59),
    "the hour after the clocks went forward": datetime(2027, 3, 28, 1, 0, tzinfo=UTC),
    "the night in which the clocks go back": datetime(2027, 10, 31, 0, 30, tzinfo=UTC),
    "an hour before a meeting": berlin(2027, 3, 11, 7),
    "the start of a meeting": berlin(2027, 3, 11, 8),
    "while they have breakfast": berlin(2027, 3, 11, 9, 30),
    "the end of a meeting": berlin(2027, 3, 11, 10),
    "the evening after a meeting": berlin(2027, 3, 11, 20),
    "the day before a meeting": berlin(2027, 3, 10, 23, 59),
    "three days before a meeting": berlin(2027, 3, 8, 12),
    "a century year that is no leap year": berlin(2100, 2, 28, 12),
}


def fill() -> str:
    with db.transaction():
        return demo.fill()


def whole() -> dict[str, list[str]]:
    """Every row of every table."""
    with db.reading() as session:
        tables = Base.metadata.sorted_tables
        return {table.name: sorted(map(repr, session.execute(select(table)))) for table in tables}


class TestOnAnUsualDay:
    @pytest.fixture(autouse=True)
    def filled(self, app, clock):
        clock.set(berlin(2026, 11, 24, 12))
        self.words = fill()

    def test_the_pages_of_law_are_whole_and_nobody_complains(self):
        with db.reading():
            assert law.gaps() == []
        assert doctor.unfilled() == ""

    def test_it_says_in_a_line_what_it_did(self):
        assert self.words == "Demo data: 36 members, 2 series, 3 past and 12 coming meetings."
        with db.reading() as session:
            assert session.scalar(select(func.count()).select_from(Member)) == 36
            assert session.scalar(select(func.count()).select_from(Series)) == 2

    def test_members_read_three_languages_and_live_at_example_domains(self):
        with db.reading() as session:
            languages = Counter(session.scalars(select(Member.language)))
            addresses = list(session.scalars(select(Address.normal)))
        assert languages == {"de": 20, "ja": 12, "en": 4}
        assert [address for address in addresses if not address.endswith(".example")] == []
        assert len(set(addresses)) == 36

    def test_japanese_members_have_their_names_in_both_scripts_and_their_readings(self):
        with db.reading() as session:
            japanese = session.scalars(select(Member).where(Member.language == "ja")).all()
        for member in japanese:
            names = (member.family, member.given, member.family_ja, member.given_ja, member.family_kana)
            assert all(names), member.id
            assert member.family.isascii()

    def test_one_series_recurs_and_the_other_is_a_journey_of_its_own(self):
        with db.reading():
            breakfasts, trip = series.by_slug("asa-no-kai"), series.by_slug("hamamatsu")
            found = [(row.rule is not None, len(series.member_ids(row)), set(row.name)) for row in (breakfasts, trip)]
        assert found == [(True, 36, {"de", "en", "ja"}), (False, 16, {"de", "en", "ja"})]

    def test_meetings_lie_behind_and_ahead(self, clock):
        with db.reading() as session:
            states = Counter(session.scalars(select(Meeting.state)))
            held = session.scalars(select(Meeting.ends_at).where(Meeting.state == "held")).all()
            coming = session.scalars(select(Meeting.starts_at).where(Meeting.state != "held")).all()
        assert states == {"held": 3, "announced": 3, "draft": 10}
        assert (max(held) < clock.now, min(coming) > clock.now) == (True, True)

    def test_topics_speak_three_languages_and_one_is_still_to_be_translated(self):
        with db.reading() as session:
            titles = [set(title) for title in session.scalars(select(Topic.title))]
            speakers = session.scalar(select(func.count()).select_from(Speaker)) or 0
        assert ({"de", "en", "ja"} in titles, {"de", "en"} in titles, speakers) == (True, True, 5)

    def test_the_next_meeting_is_full_and_people_wait(self, clock):
        with db.reading() as session:
            upcoming = select(Meeting).where(Meeting.state == "announced").order_by(Meeting.starts_at)
            meeting = session.scalars(upcoming).first()
            assert meeting is not None
            answers = Counter(session.scalars(select(Rsvp.answer).where(Rsvp.meeting_id == meeting.id)))
            stand = answers, rsvps.taken(meeting.id), len(rsvps.waiting(meeting.id))
        assert stand == ({"yes": 23, "maybe": 4, "no": 4}, 24, 2)

    def test_caterer_and_host_of_the_next_meeting_have_their_pages(self, app, client):
        with db.reading() as session:
            upcoming = select(Meeting.id).where(Meeting.state == "announced").order_by(Meeting.starts_at)
            packs = catering.of_meeting(session.scalars(upcoming).first() or 0)
            mint = app.extensions["tokens"].mint
            links = {kind: f"/pack/{mint('pack', [pack.id, pack.nonce])}" for kind, pack in packs.items()}
        pages = {kind: client.get(link).text for kind, link in links.items()}
        assert {kind: 'class="stacked"' in page for kind, page in pages.items()} == {"caterer": False, "host": True}
        assert ["vegetarisch" in pages["caterer"], "ベジタリアン" in pages["host"]] == [True, True]

    def test_nobody_sat_on_a_seat_that_was_not_there(self):
        with db.reading() as session:
            held = session.scalars(select(Meeting.id).where(Meeting.state == "held")).all()
            assert [rsvps.taken(meeting_id) <= 24 for meeting_id in held] == [True] * 3

    def test_the_doors_lead_to_a_coordinator_and_to_a_member_who_is_none(self):
        with db.reading():
            chief, plain = (members.by_address(address) for address in demo.DOORS.values())
            assert chief is not None and plain is not None
            rights = [(who.administrator, bool(series.coordinated_by(who))) for who in (chief, plain)]
        assert rights == [(True, True), (False, False)]

    def test_running_it_twice_changes_nothing(self):
        before = whole()
        assert fill() == "The database already holds members; no demo data was added."
        assert whole() == before


def test_a_database_with_a_single_member_is_left_alone(app):
    with db.transaction():
        people.katrin()
    before = whole()
    assert fill() == "The database already holds members; no demo data was added."
    assert whole() == before


@pytest.mark.parametrize("moment", ANY_DAY.values(), ids=ANY_DAY)
def test_it_works_on_any_day(app, clock, moment):
    clock.set(moment)
    fill()
    with db.reading() as session:
        states = Counter(session.scalars(select(Meeting.state)))
        found = session.scalars(select(Meeting).order_by(Meeting.starts_at)).all()
        breakfasts = [meeting for meeting in found if meeting.zone == "Europe/Berlin"]
        days = [meeting.local_date for meeting in breakfasts]
        hours = {meeting.starts_at.astimezone(ZoneInfo(meeting.zone)).hour for meeting in breakfasts}
    assert (states["held"], states["announced"]) == (3, 3)
    assert (len(days), hours) == (len(set(days)), {8})
    assert [day for day in days if not (day.weekday() == 3 and 8 <= day.day <= 14)] == []
    # Every second Thursday from the first to the last, none twice and only the one going on left out.
    months = [(day.year, day.month) for day in days]
    gaps = [(later[0] - earlier[0]) * 12 + later[1] - earlier[1] for earlier, later in pairwise(months)]
    assert set(gaps) <= {1, 2} and gaps.count(2) <= 1


def test_every_answer_of_the_past_was_given_before_its_meeting(app, clock):
    clock.set(berlin(2026, 11, 24, 12))
    fill()
    with db.reading() as session:
        pairs = session.execute(
            select(Rsvp.answered_at, Meeting.starts_at)
            .join(Meeting, Meeting.id == Rsvp.meeting_id)
            .where(Meeting.state == "held", Rsvp.answered_at.is_not(None))
        ).all()
    assert [starts - answered >= timedelta(days=1) for answered, starts in pairs] == [True] * len(pairs)
