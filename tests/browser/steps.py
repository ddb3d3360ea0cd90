"""What journeys have in common: the worker's turn, a letter's links, a button that leads on, signing in. It checks
nothing."""

import re
from typing import Any

from flask import Flask
from playwright.sync_api import Page

from asanokai.invitations import Night
from asanokai.worker import send_due

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
"""The phone that pages are drawn for."""


SETTLING = """() => { window.settled = new Promise(
    (done) => document.addEventListener("htmx:afterSettle", () => done(true), { once: true })) }"""


def delivered(app: Flask, smtp: Any) -> list[Any]:
    """Let the worker plan and send what is due; the letters that arrived by this."""
    before = len(smtp.letters)
    send_due(app, Night())
    return list(smtp.letters[before:])


def links_in(letter: Any, way: str) -> list[str]:
    """The links in the plain text whose path begins with `way`, without host, in their order."""
    words = letter.message.get_body(("plain",)).get_content()
    return re.findall(rf"https?://[^/\s]+({re.escape(way)}\S*)", words)


def newest_to(smtp: Any, address: str) -> Any:
    """The letter that came last for an address."""
    return smtp.to(address)[-1]


def press(page: Page, button: str = "main button.primary") -> None:
    """Press a button that sends a form, and wait for what answers: another page, or on a quick path a part of this."""
    found = page.locator(button).first
    if found.evaluate("one => Boolean(window.htmx && one.closest('[hx-post], [hx-get]'))"):
        page.evaluate(SETTLING)
        found.click()
        page.evaluate("() => window.settled")
        return
    with page.expect_navigation():
        found.click()


def sign_in(app: Flask, smtp: Any, page: Page, address: str) -> None:
    """Sign in as a member does: by the letter."""
    page.goto("/sign-in")
    page.locator("input[name=email]").first.fill(address)
    press(page)
    delivered(app, smtp)
    (link,) = links_in(newest_to(smtp, address), "/sign-in/")
    page.goto(link)
    press(page)
