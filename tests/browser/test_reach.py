"""A member whose letters came back sees it on the phone and uses the address again."""

import pytest

from asanokai import db, members
from tests import people
from tests.browser.steps import PHONE, press, sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

KATRIN = "katrin.lindner@optik-jena.example"


def test_a_member_whose_letters_came_back_uses_the_address_again(app, smtp, open_page):
    with db.transaction():
        people.belong(people.series(), people.katrin())
        members.suppress(members.addresses_of(people.katrin().id)[0], "unknown")
    page = open_page(**{**PHONE, "locale": "en-GB"})
    sign_in(app, smtp, page, KATRIN)
    page.goto("/me/?lang=en")
    assert KATRIN in page.inner_text(".notice.error")
    press(page, "a:has-text('Change the address')")
    assert page.is_visible("h2#address")
    press(page, "button:has-text('Use the address again')")
    assert page.inner_text("#said") == "We write to your address again."
    assert page.locator(".notice.error").count() == 0
    with db.reading():
        assert members.addresses_of(people.katrin().id)[0].suppressed_at is None
