"""A visitor becomes a member: applies on a public page, confirms by the letter, is approved, and is then invited."""

from sqlalchemy import select

from asanokai import db
from asanokai.members import Application
from asanokai.rsvps import Rsvp
from tests import people
from tests.browser.steps import PHONE, delivered, links_in, press, sign_in
from tests.people import berlin

APPLICANT = "mika.holm@ilmenau.example"


def fill_in(page):
    page.fill("input[name=email]", APPLICANT)
    page.fill("input[name=family]", "Holm")
    page.fill("input[name=given]", "Mika")
    page.fill("input[name=organisation]", "Messwerk Ilmenau")


def test_a_visitor_applies_confirms_is_approved_and_invited(app, clock, smtp, open_page):
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.katrin())
        people.announced_meeting(series, people=[people.emma()])
    page = open_page(**PHONE)
    page.goto("/")
    press(page, "main a.primary")
    fill_in(page)
    press(page)
    assert page.inner_text(".problems li") == "Without your consent we may not write to you."
    assert page.input_value("input[name=family]") == "Holm"
    page.check("input[name=consent]")
    press(page)
    assert page.inner_text("h1") == "Please check your mail"
    (letter,) = delivered(app, smtp)
    assert (letter.to, letter.message["List-Unsubscribe"]) == (APPLICANT, None)
    (link,) = links_in(letter, "/join/")
    page.goto(link)
    with db.reading() as session:
        assert session.scalar(select(Application.state)) == "applied"
    press(page)
    assert page.inner_text("h1") == "Thank you"
    assert [letter.to for letter in delivered(app, smtp)] == ["katrin.lindner@optik-jena.example"]

    desk = open_page()
    sign_in(app, smtp, desk, "katrin.lindner@optik-jena.example")
    desk.goto("/coordinate/applications?lang=en")
    assert desk.inner_text("main h2") == "Mika Holm"
    press(desk, "button:has-text('Accept')")
    assert desk.inner_text("[role=status]") == "Accepted. A letter says so."
    delivered(app, smtp)
    clock.set(berlin(2026, 2, 19, 9))
    invited = {letter.to for letter in delivered(app, smtp)}
    assert invited == {"emma.whitfield@ilmenau.example", APPLICANT}


def test_a_visitor_applies_for_one_morning_and_the_answer_counts_from_the_confirmation(app, clock, smtp, open_page):
    with db.transaction():
        meeting = people.announced_meeting(people.series(), needs_approval=False)
        path = meeting.path
    page = open_page(**PHONE)
    page.goto(f"/meetings/{path}")
    press(page, "section.card a.primary")
    fill_in(page)
    page.fill("input[name=guests]", "1")
    page.check("input[name=consent]")
    press(page)
    (letter,) = delivered(app, smtp)
    with db.reading() as session:
        assert session.scalars(select(Rsvp)).all() == []
    clock.advance(hours=3)
    page.goto(links_in(letter, "/join/")[0])
    press(page)
    with db.reading() as session:
        (rsvp,) = session.scalars(select(Rsvp)).all()
        assert (rsvp.answer, rsvp.seat, rsvp.guests, rsvp.asked_at) == ("yes", "held", 1, clock.now)
    kinds = {letter.message["Subject"].split(":")[0] for letter in delivered(app, smtp)}
    assert len(kinds) == 2
