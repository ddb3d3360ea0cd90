"""A coordinator who has never seen the program, from the empty installation to six announced mornings with topics in
three languages, by clicking alone and in less than ten minutes.

How long a person takes is counted, not waited for: the keystroke-level model (Card, Moran and Newell, 1980) gives each
deed its usual time, and every new page is granted the time to read it.
"""

import pytest
from sqlalchemy import select

from asanokai import db, members
from asanokai.meetings import Meeting
from asanokai.topics import Topic
from tests import people
from tests.browser.steps import press, sign_in
from tests.people import berlin

CHIEF = "ludwig.haase@asanokai.example"

KEY, POINT, CLICK, HOME, THINK = 0.28, 1.1, 0.2, 0.4, 1.35
"""Seconds for a key of an average typist, for pointing, pressing, moving the hand between keyboard and mouse, and
making up one's mind."""

READ = 4.0
"""Seconds to look at a page that is new."""

TEN_MINUTES = 600

MORNINGS = [
    {"de": "Licht in der Medizin", "en": "Light in medicine", "ja": "医療を支える光技術"},
    {"de": "Wasserstoff im Alltag", "en": "Hydrogen in daily life", "ja": "暮らしの中の水素"},
    {"de": "Fachkräfte gewinnen", "en": "Finding skilled people", "ja": "人材をどう確保するか"},
    {"de": "Glas und Keramik", "en": "Glass and ceramics", "ja": "ガラスとセラミックス"},
    {"de": "Recht für den Einstieg", "en": "Law for beginners", "ja": "進出のための法律"},
    {"de": "Was 2026 blieb", "en": "What 2026 left", "ja": "今年を振り返る"},
]


class Person:
    """Somebody at a page, and the seconds they have needed so far."""

    def __init__(self, page):
        self.page, self.seconds, self.clicks = page, 0.0, 0

    def types(self, field, words):
        """Click into a field and type."""
        self.page.fill(field, words)
        self.seconds += THINK + POINT + CLICK + HOME + KEY * len(words)
        self.clicks += 1

    def types_in_languages(self, name, words):
        """A text in several languages, with the tabulator from one to the next."""
        for language, typed in words.items():
            self.page.fill(f"[name={name}-{language}]", typed)
            # Japanese is typed in Latin letters and chosen from a list.
            self.seconds += THINK + KEY * (1 + len(typed) * (4 if language == "ja" else 1))

    def presses(self, button):
        """Find a button or a link, press it and read what comes."""
        press(self.page, button)
        self.seconds += THINK + POINT + CLICK + READ
        self.clicks += 1


@pytest.mark.timeout(180)
def test_six_mornings_with_topics_in_three_languages_are_announced_within_ten_minutes(app, clock, smtp, open_page):
    with db.transaction():
        members.make_administrator(people.ludwig(), True, actor_id=None)
    page = open_page(locale="en-GB")
    sign_in(app, smtp, page, CHIEF)
    page.goto("/coordinate/?lang=en")
    new = Person(page)
    new.seconds += READ

    new.presses("main a:has-text('Add a series')")
    new.types_in_languages(
        "name", {"de": "Asa no Kai Thüringen", "en": "Asa no Kai Thuringia", "ja": "テューリンゲン朝の会"}
    )
    new.types("[name=slug]", "asa")
    new.types("[name=times]", "6")
    new.types("[name=first]", "2026-03-12T08:00")
    new.types("[name=seats]", "40")
    new.types_in_languages("venue", {"de": "Haus der Wirtschaft, Erfurt"})
    new.presses("button:has-text('Add the series')")
    # Ascension Day and Obon are marked; a click each leads to a better day.
    new.presses("#dates li:has-text('Ascension') button:has-text('Move to')")
    new.presses("#dates li:has-text('Obon') button:has-text('Move to')")

    for number, title in enumerate(MORNINGS):
        if number:
            new.presses(".crumbs a >> nth=1")
        new.presses(f"main .meeting-line >> nth={number} >> h3 a")
        new.presses("main a:has-text('Add a topic')")
        new.types_in_languages("title", title)
        new.presses("main button.primary")
        new.presses("main a.primary:has-text('Announce')")
        new.presses("main button.primary")

    with db.reading() as session:
        held = session.execute(
            select(Meeting.state, Meeting.starts_at, Topic.title)
            .join(Topic, Topic.meeting_id == Meeting.id)
            .order_by(Meeting.starts_at)
        ).all()
    days = [(3, 12), (4, 9), (5, 21), (6, 11), (7, 9), (8, 20)]
    assert [tuple(row) for row in held] == [
        ("announced", berlin(2026, *day, 8), title) for day, title in zip(days, MORNINGS, strict=True)
    ]
    assert new.seconds < TEN_MINUTES
    page.goto("/meetings/?lang=ja")
    shown = page.inner_text("main")
    assert [title["ja"] for title in MORNINGS if title["ja"] not in shown] == []
