"""Passkeys with Chromium's own virtual device: added, used at the door, removed, and then refused."""

import pytest

from asanokai import db
from tests import people
from tests.browser.steps import PHONE, press, sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

KATRIN = "katrin.lindner@optik-jena.example"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
"""Finds keys by itself, verifies its owner, and says yes at once."""


WITHOUT_OFFER = "delete PublicKeyCredential.isConditionalMediationAvailable"
"""A browser that does not offer passkeys in a field by itself."""


def device_of(page, **other):
    """Give the browser a device; what drives it, and its number."""
    driver = page.context.new_cdp_session(page)
    driver.send("WebAuthn.enable")
    made = driver.send("WebAuthn.addVirtualAuthenticator", {"options": {**DEVICE, **other}})
    return driver, made["authenticatorId"]


def keys_on(driver, number):
    return driver.send("WebAuthn.getCredentials", {"authenticatorId": number})["credentials"]


def sign_out(page):
    press(page, ".signed-in button")


def katrins_phone(app, smtp, open_page):
    """Signed in and with a passkey: its page, and the way to the device that holds the passkey."""
    with db.transaction():
        people.katrin()
    page = open_page(**PHONE)
    sign_in(app, smtp, page, KATRIN)
    driver, number = device_of(page)
    page.goto("/me/keys")
    page.fill("#name", "Phone")
    press(page)
    return page, driver, number


def test_a_passkey_is_added_signs_in_is_removed_and_then_signs_in_no_more(app, smtp, open_page):
    page, driver, number = katrins_phone(app, smtp, open_page)
    assert page.inner_text("td strong") == "Phone"
    (key,) = keys_on(driver, number)
    assert (key["rpId"], key["isResidentCredential"], key["signCount"]) == ("localhost", True, 1)

    # The mail field offers it by itself; this device accepts whatever is offered.
    sign_out(page)
    page.goto("/sign-in", wait_until="commit")
    page.wait_for_url("**/me/")

    page.add_init_script(WITHOUT_OFFER)
    sign_out(page)
    page.goto("/sign-in")
    press(page, "form[data-passkey] button")
    assert page.inner_text(".signed-in span") == "Angemeldet als Dr. Katrin Lindner"

    page.goto("/me/keys?lang=en")
    page.fill("#name", "Phone again")
    page.click("main button.primary")
    page.wait_for_selector("[data-known]:visible")

    press(page, "td form.inline button")
    assert page.inner_text("main > p.quiet") == "None yet. A link by mail signs you in as before."
    sign_out(page)
    page.goto("/sign-in")
    press(page, "form[data-passkey] button")
    assert page.inner_text("h1") == "Not signed in"


def test_who_was_away_is_led_from_the_button_to_the_proof_and_back_by_the_passkey(app, smtp, clock, open_page):
    page, driver, number = katrins_phone(app, smtp, open_page)
    clock.advance(minutes=16)

    # A script asks for the question of a new passkey, and leads to the proof instead.
    page.fill("#name", "Laptop")
    press(page)
    assert page.url.endswith("/me/prove")
    page.wait_for_timeout(300)  # no field offers passkeys here, so that nothing happens before the button
    assert page.url.endswith("/me/prove")
    press(page)
    assert page.url.endswith("/me/keys")
    (key,) = keys_on(driver, number)
    assert key["signCount"] == 2

    # A device that does not know its owner proves nothing, and the link is still there.
    clock.advance(minutes=16)
    driver.send("WebAuthn.setUserVerified", {"authenticatorId": number, "isUserVerified": False})
    press(page, "td form.inline button")
    assert page.url.endswith("/me/prove")
    page.click("main button.primary")
    page.wait_for_selector("[data-trouble]:visible")
    press(page, "form[action='/me/prove/link'] button")
    assert page.url.endswith("/me/prove")


def test_without_a_device_the_pages_say_so_and_nothing_is_lost(app, smtp, open_page):
    with db.transaction():
        people.katrin()
    page = open_page()
    device_of(page, hasUserVerification=False, isUserVerified=False)
    page.goto("/sign-in")
    page.click("form[data-passkey] button")
    page.wait_for_selector("[data-trouble]:visible")
    sign_in(app, smtp, page, KATRIN)
    page.goto("/me/keys")
    page.fill("#name", "Phone")
    page.click("main button.primary")
    page.wait_for_selector("[data-trouble]:visible")
    assert page.input_value("#name") == "Phone"
