"""A coordinator reads a message and answers it, on a phone, with and without scripts."""

from email.message import EmailMessage

import pytest

from asanokai import db, intake, members
from tests import people
from tests.browser.steps import PHONE, delivered, newest_to, press, sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

KATRIN = "katrin.lindner@optik-jena.example"


@pytest.fixture
def settings():
    return {"reply_domain": "reply.asanokai.example"}


@pytest.fixture
def waiting(app, clock, smtp):
    """Katrin asks something by mail."""
    place = app.extensions["intake"]
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.emma())
        people.announced_meeting(series, people=[people.katrin()])
        token = place.tokens.mint_address("member", members.by_address(KATRIN).id)
        mail = EmailMessage()
        mail["From"], mail["Subject"], mail["Message-ID"] = KATRIN, "AW: Einladung", "<asks@client.example>"
        mail.set_content("Ja, aber wo kann man parken?\n\nAm 05.03.2026 um 10:23 schrieb Asa no Kai:\n> Kommen Sie?")
        intake.receive(mail.as_bytes(), way="lmtp", tokens=place.tokens, recipient=f"rsvp+{token}@{place.reply_domain}")
    intake.step(place)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_coordinator_reads_a_message_and_answers_it(app, smtp, open_page, waiting, scripts):
    delivered(app, smtp)
    page = open_page(**{**PHONE, "java_script_enabled": scripts})
    sign_in(app, smtp, page, "emma.whitfield@ilmenau.example")
    page.goto("/coordinate/")
    page.get_by_role("link", name="1 mail waits for you").click()
    page.get_by_role("link", name="AW: Einladung").click()
    assert page.locator("main .as-written").count() == 0
    page.get_by_role("button", name="Show what was written").click()
    assert page.locator("main .as-written").first.inner_text() == "Ja, aber wo kann man parken?"
    page.locator("textarea[name=words]").fill("Im Hof.")
    press(page)
    assert page.locator("main .badge.past").count() == 1
    delivered(app, smtp)
    letter = newest_to(smtp, KATRIN).message
    assert (letter["Subject"], letter["In-Reply-To"]) == ("Re: Einladung", "<asks@client.example>")
    assert "Im Hof." in letter.get_body(("plain",)).get_content()
