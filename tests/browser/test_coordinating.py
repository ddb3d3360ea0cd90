"""From an empty installation to a morning that was run without the shell, by clicking alone."""

from collections import Counter

import pytest
from sqlalchemy import select

from asanokai import db, members
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.series import Series
from tests import members_twin, people
from tests.browser.steps import PHONE, delivered, links_in, press, sign_in
from tests.people import berlin

CHIEF = "ludwig.haase@asanokai.example"


def administrator():
    with db.transaction():
        members.make_administrator(people.ludwig(), True, actor_id=None)


def texts(page, name, **words):
    for language, typed in words.items():
        page.fill(f"[name={name}-{language}]", typed)


@pytest.mark.timeout(180)
def test_a_morning_is_run_from_the_empty_installation_to_the_roll_without_the_shell(
    app, clock, smtp, open_page, tmp_path
):
    page = open_page(locale="en-GB")
    page.goto("/")
    assert page.inner_text("h1") == "How to begin"
    administrator()
    sign_in(app, smtp, page, CHIEF)
    page.goto("/coordinate/settings?lang=en")

    # --- the installation gets its name -------------------------------------------------------------------------------
    page.fill("[name=organisation]", "Asa no Kai Thüringen")
    texts(page, "welcome", de="Guten Morgen.", en="Good morning.", ja="おはようございます。")
    press(page, "button:has-text('Save')")
    assert page.inner_text("[role=status]") == "Saved."

    # --- a series on the second Thursday ------------------------------------------------------------------------------
    page.goto("/coordinate/")
    press(page, "main a:has-text('Add a series')")
    texts(page, "name", de="Asa no Kai Thüringen", en="Asa no Kai Thuringia", ja="テューリンゲン朝の会")
    page.fill("[name=slug]", "asa")
    page.fill("[name=first]", "2026-03-12T08:00")
    page.fill("[name=seats]", "40")
    texts(page, "venue", de="Haus der Wirtschaft, Erfurt")
    press(page, "button:has-text('Show the next dates')")
    assert page.inner_text("#dates li >> nth=0") == "Thursday, 12 March 2026, 8:00"
    press(page, "button:has-text('Add the series')")
    assert page.inner_text("main .lead-text") == "Asa no Kai Thuringia: every month: second Thursday, 8:00"
    press(page, "main a:has-text('To the series')")
    assert page.inner_text("h1") == "Asa no Kai Thuringia"
    with db.reading() as session:
        assert session.execute(select(Series.slug, Series.rule, Series.seats)).one() == (
            "asa",
            "FREQ=MONTHLY;BYDAY=2TH",
            40,
        )
        proposed = session.scalars(select(Meeting.path).order_by(Meeting.starts_at)).all()
    # Twelve months ahead of 1 February 2026.
    assert (len(proposed), proposed[0], proposed[-1]) == (11, "2026-03-12-asa", "2027-01-14-asa")

    # --- people from an office's file ---------------------------------------------------------------------------------
    twin = members_twin.meibo_cp932()
    (tmp_path / "meibo.csv").write_bytes(twin.data)
    press(page, "main a:has-text('Members')")
    press(page, "main a:has-text('Import a list')")
    page.set_input_files("input[type=file]", tmp_path / "meibo.csv")
    press(page)
    verdicts = Counter(page.locator("tr.verdict td:nth-child(2)").all_inner_texts())
    assert verdicts["new"] == len(set(twin.people) - set(twin.trouble))
    with db.reading() as session:
        assert len(session.scalars(select(Member.id)).all()) == 1
    press(page)
    with db.reading() as session:
        taken_in = len(session.scalars(select(Member.id)).all()) - 1
    assert taken_in == verdicts["new"]

    # --- a topic in three languages -----------------------------------------------------------------------------------
    page.goto("/coordinate/")
    press(page, "main li a[href*='/meetings/'] >> nth=0")
    assert page.inner_text("main .date-day") == "12"
    press(page, "main a:has-text('Add a topic')")
    texts(page, "title", de="Licht in der Medizin", en="Light in medicine", ja="医療を支える光技術")
    texts(page, "abstract", en="What **Jena** and Hamamatsu do.\n\n<script>alert(1)</script>")
    page.fill("[name=speakers-0-given]", "Kenji")
    page.fill("[name=speakers-0-family]", "Yamada")
    page.fill("[name=speakers-0-family_ja]", "山田")
    page.fill("[name=speakers-0-given_ja]", "健二")
    press(page)
    assert page.inner_text("main h3") == "Light in medicine"

    # --- announced, after reading what will go out --------------------------------------------------------------------
    press(page, "main a:has-text('Announce')")
    rows = page.locator("h2:has-text('What will go out') + .scroll tbody tr").all_inner_texts()
    assert [row.split("\t")[1] for row in rows] == ["Invitation", "Reminder", "Evening-before note"]
    assert rows[0].split("\t")[2] == f"{taken_in} people"
    press(page)
    assert page.inner_text("[role=status]") == "Announced. The letters go out by themselves."
    clock.set(berlin(2026, 2, 19, 9))
    invitations = delivered(app, smtp)
    assert len(invitations) == taken_in

    # --- one answers by letter, one by telephone ----------------------------------------------------------------------
    phone = open_page(**PHONE)
    phone.goto(links_in(invitations[0], "/answer/")[0])
    assert "医療を支える光技術" in phone.inner_text("main")
    press(phone)
    page.goto("/coordinate/")
    press(page, "main .meetings a >> nth=0")
    press(page, "main a:has-text('Roll')")
    assert page.inner_text(".lead-text") == "For the caterer: 1 people"
    press(page, ".filters a:has-text('Silent')")
    press(page, "tbody a >> nth=-1")
    page.check("#answer-card [name=answer][value=yes]")
    page.fill("#answer-card [name=guests]", "1")
    press(page, "#answer-card button")
    press(page, "main a:has-text('Roll')")
    assert page.inner_text(".lead-text") == "For the caterer: 3 people"

    # --- it moves, and is called off ----------------------------------------------------------------------------------
    clock.advance(hours=1)
    delivered(app, smtp)
    page.goto(page.locator(".crumbs a").last.get_attribute("href"))
    press(page, "main a:text-is('Change')")
    page.fill("[name=starts]", "2026-03-13T09:00")
    page.fill("[name=ends]", "2026-03-13T11:00")
    press(page)
    assert f"{taken_in} people know of this meeting." in page.inner_text("main")
    press(page)
    assert len(delivered(app, smtp)) == taken_in
    press(page, "main a:has-text('Cancel')")
    texts(page, "reason", de="Der Saal hat einen Wasserschaden.", en="The hall is flooded.")
    press(page, "button.danger")
    clock.advance(minutes=5)
    assert len(delivered(app, smtp)) == taken_in
    visitor = open_page(**PHONE)
    visitor.goto("/meetings/2026-03-12-asa")
    assert visitor.url.endswith("/meetings/2026-03-13-asa")
    assert visitor.inner_text(".notice.error") == "This meeting has been cancelled. The hall is flooded."
    with db.reading() as session:
        assert set(session.scalars(select(Letter.state))) <= {"sent", "dropped"}


def test_a_coordinator_in_tokyo_moves_a_morning_by_the_meetings_own_clock(app, clock, smtp, open_page):
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        number = people.announced_meeting(series, people=[people.emma()]).id
    page = open_page(locale="ja-JP", timezone_id="Asia/Tokyo")
    sign_in(app, smtp, page, "akiko.sato@hamamatsu.example")
    page.goto(f"/coordinate/meetings/{number}/edit")
    assert page.input_value("[name=starts]") == "2026-03-12T08:00"
    # The clock in Berlin changes on 29 March.
    page.fill("[name=starts]", "2026-04-09T08:00")
    page.fill("[name=ends]", "2026-04-09T10:00")
    press(page)
    press(page)
    with db.reading() as session:
        moved = session.get_one(Meeting, number)
        assert (moved.starts_at, moved.ends_at, moved.answer_until) == (
            berlin(2026, 4, 9, 8),
            berlin(2026, 4, 9, 10),
            berlin(2026, 4, 8, 12),
        )
    assert "15:00～17:00" in page.inner_text("main")
