"""A member chooses which letters to receive, on a phone, with and without scripts: signed in, and by a link."""

import re

import pytest

from asanokai import db, members
from tests import people
from tests.browser.steps import PHONE, delivered, newest_to, press, sign_in
from tests.people import berlin

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

KATRIN = "katrin.lindner@optik-jena.example"


def wanted(app) -> set[str]:
    with db.reading():
        return set(members.wanted(members.by_address(KATRIN)))


@pytest.mark.parametrize("scripts", [True, False])
def test_a_member_switches_reminders_off_then_everything_by_the_link_of_a_letter(app, clock, smtp, open_page, scripts):
    with db.transaction():
        people.announced_meeting(people.series(), people=[people.katrin()])
    clock.set(berlin(2026, 2, 19, 9))
    delivered(app, smtp)
    link = re.search(r"<(https?://[^>]+/unsubscribe/[^>]+)>", newest_to(smtp, KATRIN).message["List-Unsubscribe"])[1]
    everything = wanted(app)

    page = open_page(**{**PHONE, "java_script_enabled": scripts})
    sign_in(app, smtp, page, KATRIN)
    page.goto("/me/settings?lang=en")
    page.get_by_role("link", name="Choose letters").click()
    page.get_by_label("Reminders", exact=False).first.uncheck()
    press(page)
    assert "Your choice is saved." in page.locator("#said").inner_text()
    assert everything - wanted(app) == {"remind"}

    stranger = open_page(**{**PHONE, "java_script_enabled": scripts})
    stranger.goto("/" + link.split("/", 3)[3])
    assert everything - wanted(app) == {"remind"}, "reading changes nothing"
    press(stranger)
    assert stranger.locator("h1").inner_text() == "Sie erhalten keine Einladungen mehr"
    assert stranger.context.cookies() == []
    page.reload()
    assert "You receive no invitations" in page.locator("main .notice").inner_text()
