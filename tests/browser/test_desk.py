"""The letter desk by clicking: write, look, test, send; nudge; and the same core without JavaScript."""

import pytest

from asanokai import db, meetings
from tests import people
from tests.browser.steps import PHONE, delivered, press, sign_in
from tests.people import berlin

AKIKO = "akiko.sato@hamamatsu.example"


@pytest.fixture
def meeting_id(app, clock):
    """A meeting to which Katrin comes and about which Emma is silent."""
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        number = people.announced_meeting(series, people=[people.katrin(), people.emma()]).id
    clock.set(berlin(2026, 2, 19, 9))
    with db.transaction():
        people.plan()
        people.send_all()
        people.say(meetings.by_id(number), people.katrin(), "yes")
        people.send_all()
    clock.set(berlin(2026, 2, 25, 10))
    return number


def test_a_letter_is_written_looked_at_tried_and_sent(app, clock, smtp, open_page, meeting_id):
    page = open_page(locale="en-GB")
    sign_in(app, smtp, page, AKIKO)
    page.goto(f"/coordinate/meetings/{meeting_id}/letters?lang=en")
    press(page, "main a:has-text('Write a letter')")
    page.check("label:has-text('Those who come')")
    page.fill("[name=subject-de]", "Bitte klingeln")
    page.fill("[name=words-de]", "die Tür ist **zu**.")
    press(page, "button:has-text('Go on to the check')")
    assert page.frame_locator("iframe").locator("strong").first.inner_text() == "zu"
    press(page, "button:has-text('Send a test to myself')")
    (trial,) = delivered(app, smtp)
    assert (trial.to, trial.message["Subject"]) == (AKIKO, "[Test] Bitte klingeln")
    page.go_back()
    press(page, "button:has-text('Send it now')")
    (letter,) = delivered(app, smtp)
    assert (letter.to, letter.message["Subject"]) == ("katrin.lindner@optik-jena.example", "Bitte klingeln")
    page.reload()
    assert "sent" in page.inner_text("main .badge.sent")


def test_without_scripts_a_letter_is_written_and_the_silent_are_nudged(app, clock, smtp, open_page, meeting_id):
    page = open_page(locale="de-DE", java_script_enabled=False, **PHONE)
    sign_in(app, smtp, page, AKIKO)
    page.goto(f"/coordinate/meetings/{meeting_id}/letters/nudge?lang=de")
    press(page, "button:has-text('Angekreuzte erinnern')")
    (nudge,) = delivered(app, smtp)
    assert nudge.to == "emma.whitfield@ilmenau.example"
    page.goto(f"/coordinate/meetings/{meeting_id}/letters/write")
    page.fill("[name=subject-de]", "Bitte klingeln")
    page.fill("[name=words-de]", "die Tür ist zu.")
    press(page, "button:has-text('Weiter zur Prüfung')")
    press(page, "button:has-text('Jetzt senden')")
    (letter,) = delivered(app, smtp)
    assert letter.to == "katrin.lindner@optik-jena.example"
