"""From an empty installation to a series of six mornings by clicking alone; the same dates without JavaScript."""

import pytest
from sqlalchemy import select

from asanokai import db, meetings, members
from asanokai.meetings import Meeting
from asanokai.series import Series
from tests import people
from tests.browser.steps import PHONE, press, sign_in
from tests.people import berlin

CHIEF = "ludwig.haase@asanokai.example"


def living() -> list[str]:
    with db.reading() as session:
        found = session.scalars(select(Meeting).where(Meeting.state == "draft").order_by(Meeting.starts_at))
        return [f"{one.local_date}" for one in found]


def in_list(page, words):
    """The line of the list of dates that holds these words."""
    return page.locator("#dates li.meeting-line", has_text=words)


@pytest.mark.timeout(120)
def test_six_mornings_are_planned_around_holidays_by_clicking_alone(app, clock, smtp, open_page):
    with db.transaction():
        members.make_administrator(people.ludwig(), True, actor_id=None)
    page = open_page(locale="en-GB")
    sign_in(app, smtp, page, CHIEF)
    page.goto("/coordinate/?lang=en")
    press(page, "main a:has-text('Add a series')")
    # A new coordinator finds dates there before anything is typed.
    assert page.locator("#dates li").count() > 5
    page.fill("[name=name-de]", "Asa no Kai Thüringen")
    page.fill("[name=slug]", "asa")
    page.fill("[name=times]", "6")
    page.fill("[name=first]", "2026-03-12T08:00")
    page.locator("[name=first]").blur()
    page.locator("#dates li:first-child", has_text="Thursday, 12 March 2026, 8:00").wait_for()
    assert page.locator("#dates li").count() == 6
    assert "Public holiday in Thuringia: Ascension Day" in page.inner_text("#dates li >> nth=2")
    press(page, "button:has-text('Add the series')")
    assert page.locator("#dates li.meeting-line").count() == 6
    assert living() == ["2026-03-12", "2026-04-09", "2026-05-14", "2026-06-11", "2026-07-09", "2026-08-13"]

    # One click moves, drops and brings back, without a new page.
    page.evaluate("() => { window.same = true }")
    press(page, "#dates li:has-text('Ascension') button:has-text('Move to Thu, 21 May 2026')")
    assert page.inner_text("[role=status]") == "Moved to a better day."
    press(page, "#dates li:has-text('Obon') button:has-text('Drop')")
    assert living() == ["2026-03-12", "2026-04-09", "2026-05-21", "2026-06-11", "2026-07-09"]
    press(page, "#dates li:has-text('Obon') button:has-text('Bring back')")
    press(page, "#dates li:has-text('Obon') button:has-text('Move to')")
    assert living()[-1] == "2026-08-20"
    assert page.evaluate("() => window.same")

    # A date by hand stands in the same list.
    page.fill("[name=starts]", "2026-09-10T08:00")
    press(page, "button:has-text('Add this date')")
    assert "added by hand" in in_list(page, "added by hand").inner_text()
    assert living()[-1] == "2026-09-10"

    # An earlier hour for this morning and those after it; one that has an hour of its own keeps it.
    for place, at, reach in ((4, "09:00", "this"), (3, "07:30", "following")):
        press(page, f"#dates li.meeting-line >> nth={place} >> a.button:has-text('Change')")
        page.fill("[name=at]", at)
        page.check(f"[name=reach][value={reach}]")
        press(page)
        if reach == "following":
            assert "Keep their own values" in page.inner_text(".consequences")
            press(page)
    with db.reading() as session:
        hours = [f"{one.astimezone(people.ZoneInfo('Europe/Berlin')):%H:%M}" for one in session.scalars(
            select(Meeting.starts_at).order_by(Meeting.starts_at)
        )]  # fmt: skip
        assert hours == ["08:00", "08:00", "08:00", "07:30", "09:00", "07:30", "07:30"]
        assert session.scalar(select(Series.first)) == "2026-03-12T07:30"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_dates_are_moved_and_rules_looked_at_without_scripts(app, clock, smtp, open_page):
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.emma())
        meetings.propose(series)
        number = series.id
    page = open_page(**{**PHONE, "java_script_enabled": False, "locale": "en-GB"})
    sign_in(app, smtp, page, "emma.whitfield@ilmenau.example")
    page.goto(f"/coordinate/series/{number}/dates?lang=en")
    with page.expect_navigation():
        page.click("#dates li:has-text('Ascension') button:has-text('Move to Thu, 21 May 2026')")
    assert "2026-05-21" in living()
    page.click("summary:has-text('Change the rule')")
    page.select_option("[name=ordinal]", "-1")
    with page.expect_navigation():
        page.click("button:has-text('Show the dates')")
    assert "moves here from Thu, 12 Mar 2026" in page.inner_text("#dates")
    with page.expect_navigation():
        page.click("button:has-text('Save the rule')")
    with db.reading() as session:
        first = session.scalars(select(Meeting.starts_at).order_by(Meeting.starts_at)).first()
    assert first == berlin(2026, 3, 26, 8)
