"""A draft is announced by clicking, in the coordinator's own language, with scripts and without: first the page says
what will go out and which texts are missing in which language; then it is public and members are written to."""

import pytest

from asanokai import db, members, topics
from asanokai.meetings import Meeting
from tests import people
from tests.browser.steps import PHONE, delivered, press, sign_in
from tests.people import berlin

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

AKIKO = "akiko.sato@hamamatsu.example"

SAID = {
    "de": ("Ankündigen", "fehlt", "Angekündigt. Die E-Mails werden automatisch versendet."),
    "en": ("Announce", "missing", "Announced. The letters go out by themselves."),
    "ja": ("告知する", "なし", "告知しました。メールは自動で送信されます。"),
}
"""The button, how a text that is not there is marked, and what is said afterwards."""

HEADLINES = {"de": "Licht in der Medizin", "en": "Light in medicine", "ja": "医療を支える光技術"}


@pytest.fixture
def draft(app, clock):
    """A morning with a topic in three languages whose place is known in German alone; one reader of each language."""
    with db.transaction():
        series = people.series(venue={"de": "Haus der Optik, Jena"})
        people.coordinate(series, people.akiko())
        people.belong(series, people.katrin(), people.emma(), people.kenji())
        meeting = people.meeting(series)
        people.session().flush()
        topics.post(meeting, HEADLINES)
        return meeting.id


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
@pytest.mark.parametrize("language", SAID)
def test_a_draft_is_announced_in_every_language(app, clock, smtp, open_page, draft, language, scripts):
    button, missing, said = SAID[language]
    with db.transaction():
        members.change(people.akiko(), actor_id=None, language=language)
    page = open_page(**{**PHONE, "java_script_enabled": scripts})
    sign_in(app, smtp, page, AKIKO)
    page.goto(f"/coordinate/meetings/{draft}")
    press(page, f"main a.primary:text-is('{button}')")
    texts = page.locator("table").first
    assert texts.locator("tr", has_text=missing).count() == 1  # the place, which two of three readers cannot read
    with db.reading() as session:
        assert session.get_one(Meeting, draft).state == "draft"
    press(page)
    assert page.inner_text("[role=status]") == said
    visitor = open_page(**{**PHONE, "java_script_enabled": scripts})
    visitor.goto(f"/meetings/?lang={language}")
    press(visitor, "main h3 a")
    assert HEADLINES[language] in visitor.inner_text("h1")
    clock.set(berlin(2026, 2, 19, 9))
    invitations = delivered(app, smtp)
    assert {
        letter.message["To"].addresses[0].addr_spec: letter.message["Content-Language"] for letter in invitations
    } == {
        "katrin.lindner@optik-jena.example": "de",
        "emma.whitfield@ilmenau.example": "en",
        "kenji.yamada@erfurt.example": "ja",
    }
