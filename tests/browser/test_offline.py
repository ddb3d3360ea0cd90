"""Without a connection: what a phone still shows, and that nothing of a member stays when somebody signs out."""

import re

import pytest

from asanokai import db, members
from tests import people
from tests.browser.steps import PHONE, press
from tests.pages import Reader, sign_in_link

KEPT_PAGE = """async () => {
  const kept = await caches.match("/me/", { cacheName: "asanokai-mine", ignoreVary: true });
  return kept ? kept.text() : "";
}"""
KEPT_NAMES = """async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
  return found.sort();
}"""
FOR_EVERYBODY = [
    "/offline",
    "/static/asanokai.css",
    "/static/disc.svg",
    "/static/offline.js",
    "/static/vendor/modern-normalize.css",
]
"""What is kept in every browser, whoever uses it."""
UNREACHABLE = "You are offline"


@pytest.fixture
def morning(app):
    """An announced morning of Emma's, who answers in English."""
    with db.transaction():
        people.announced_meeting(people.series(), people=[people.emma()])


def signed_in(app, page, who):
    """Sign in by a fresh link."""
    page.goto(sign_in_link(app, who()))
    press(page)


def until(page, script, wanted):
    """Wait until the browser's caches are as wanted: the worker works beside the page.

    Not by `wait_for_function`, which takes the promise of an answer for the answer.
    """
    page.evaluate(
        f"""async () => {{
          const [found, wanted, end] = [{script}, {wanted}, Date.now() + 10_000];
          while (!wanted(await found())) {{
            if (Date.now() > end) throw new Error("still not so: " + JSON.stringify(await found()));
            await new Promise((next) => setTimeout(next, 20));
          }}
        }}"""
    )


def with_own_page(app, page, who):
    """Sign in and see the own page, until the browser keeps it."""
    signed_in(app, page, who)
    page.goto("/me/")
    until(page, KEPT_PAGE, "page => page !== ''")


def cut_off(page):
    """Take the connection away, once there is a worker to stand in for it."""
    page.evaluate("async () => { await navigator.serviceWorker.ready }")
    page.context.set_offline(True)


def unreachable(page, address):
    """Whether the page that is kept for everybody is shown at the address."""
    page.goto(address)
    return page.inner_text("h1") == UNREACHABLE


def test_a_member_without_a_connection_still_sees_the_next_meeting_and_as_of_when(app, morning, open_page):
    page = open_page(**PHONE)
    with_own_page(app, page, people.emma)
    page.goto("/meetings/")
    page.goto("/me/settings")
    assert page.evaluate(KEPT_NAMES) == sorted([*FOR_EVERYBODY, "/me/"])
    cut_off(page)
    page.goto("/me/")
    assert page.inner_text("h1") == "Asa no Kai Thuringia"
    assert page.inner_text("dl.facts time") == "Thursday, 12 March 2026\n8:00–10:00"
    assert re.fullmatch(
        r"You are offline\. This page is as of \d{1,2} \w+ \d{4} at \d\d:\d\d; "
        r"you can answer once you are connected again\.",
        page.inner_text("main > .notice"),
    )
    buttons = page.locator("button")
    assert [buttons.nth(number).is_disabled() for number in range(buttons.count())] == [True] * buttons.count()
    # It is drawn as ever: the stylesheet is there too.
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(251, 249, 244)"
    # What was seen but is not kept, and what was never seen.
    assert [unreachable(page, address) for address in ("/me/settings", "/meetings/", "/join")] == [True] * 3
    page.context.set_offline(False)
    page.goto("/me/")
    assert (page.locator("main > .notice").count(), page.locator("button[disabled]").count()) == (0, 0)


def test_a_single_visit_is_enough(app, site, morning, open_page):
    with db.reading():
        cookie = Reader(app, people.emma()).client.get_cookie("asanokai")
    page = open_page(**PHONE)
    page.context.add_cookies([{"name": "asanokai", "value": cookie.value, "url": site}])
    page.goto("/me/")  # the first page of all: the worker was not there yet
    until(page, KEPT_PAGE, "page => page !== ''")
    cut_off(page)
    page.goto("/me/")
    assert page.inner_text("dl.facts time") == "Thursday, 12 March 2026\n8:00–10:00"


def test_what_would_open_a_door_is_not_in_the_copy(app, morning, open_page):
    page = open_page(**PHONE)
    with_own_page(app, page, people.emma)
    with db.reading():
        secret = people.emma().calendar_secret
    assert secret in page.content()
    kept = page.evaluate(KEPT_PAGE)
    tokens = re.findall(r'name="csrf_token" value="([^"]*)"', kept)
    assert (secret in kept, len(tokens) > 1, set(tokens)) == (False, True, {""})
    cut_off(page)
    page.goto("/me/")
    assert page.inner_text("main code").endswith("/calendar/…")


def test_the_page_for_all_the_others_leads_back_as_soon_as_there_is_a_connection(morning, open_page):
    page = open_page(**PHONE)
    page.goto("/")
    until(page, KEPT_NAMES, f"names => names.length === {len(FOR_EVERYBODY)}")
    cut_off(page)
    assert unreachable(page, "/meetings/")
    assert sorted(page.locator("main section").evaluate_all("all => all.map(one => one.lang)")) == ["de", "en", "ja"]
    page.context.set_offline(False)
    press(page, "main a:has-text('Try again')")
    assert (page.url.rpartition("/meetings/")[1:], page.inner_text("h1")) == (("/meetings/", ""), "Programme")


def test_after_signing_out_nothing_of_the_member_is_left(app, morning, open_page):
    page = open_page(**PHONE)
    with_own_page(app, page, people.emma)
    assert "Emma Whitfield" in page.evaluate(KEPT_PAGE)
    press(page, "footer button")
    assert page.inner_text("#said") == "You are signed out."
    until(page, KEPT_NAMES, f"names => names.length === {len(FOR_EVERYBODY)}")
    assert page.evaluate(KEPT_NAMES) == FOR_EVERYBODY
    assert page.evaluate("() => [localStorage.length, sessionStorage.length]") == [0, 0]
    cut_off(page)
    assert unreachable(page, "/me/")
    assert "Whitfield" not in page.content()


def test_signing_in_somebody_else_drops_what_was_kept_even_if_they_never_open_their_own_page(app, morning, open_page):
    page = open_page(**PHONE)
    with_own_page(app, page, people.emma)
    with db.transaction():
        people.ludwig()
    signed_in(app, page, people.ludwig)
    assert page.url.endswith("/coordinate/")
    assert page.evaluate(KEPT_NAMES) == FOR_EVERYBODY
    cut_off(page)
    assert unreachable(page, "/me/")


def test_a_session_ended_elsewhere_drops_the_copy_as_soon_as_the_page_is_asked_for(app, morning, open_page):
    page = open_page(**PHONE)
    with_own_page(app, page, people.emma)
    with db.transaction():
        members.sign_out_everywhere(people.emma())
    page.goto("/me/")
    assert page.url.endswith("/sign-in")
    until(page, KEPT_NAMES, f"names => names.length === {len(FOR_EVERYBODY)}")
    cut_off(page)
    assert unreachable(page, "/me/")


def test_an_answer_given_without_a_new_page_stands_in_what_is_kept(app, morning, open_page):
    page = open_page(**PHONE)
    with_own_page(app, page, people.emma)
    page.check("input[value=maybe]")
    press(page)
    until(page, KEPT_PAGE, """page => page.includes('<span class="badge maybe">Maybe</span>')""")


def test_a_copy_older_than_the_session_it_came_from_is_not_shown(app, morning, open_page):
    page = open_page(**PHONE)
    with_own_page(app, page, people.emma)
    page.evaluate(
        """async () => {
          const cache = await caches.open("asanokai-mine");
          const kept = await cache.match("/me/", { ignoreVary: true });
          const headers = new Headers(kept.headers);
          headers.set("X-Kept-At", new Date(Date.now() - 61 * 24 * 3600 * 1000).toISOString());
          await cache.put("/me/", new Response(await kept.text(), { headers }));
        }"""
    )
    cut_off(page)
    assert unreachable(page, "/me/")
    assert page.evaluate(KEPT_NAMES) == FOR_EVERYBODY


def test_without_scripts_nothing_is_kept_and_the_pages_are_the_same(app, morning, open_page):
    page = open_page(**PHONE, java_script_enabled=False)
    signed_in(app, page, people.emma)
    assert page.url.endswith("/me/")
    assert page.inner_text("dl.facts time") == "Thursday, 12 March 2026\n8:00–10:00"
    assert page.context.service_workers == []
