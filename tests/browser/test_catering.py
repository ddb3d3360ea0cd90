"""Host and caterer: links made by clicking, opened by who has no account; numbers frozen, then told of a refusal."""

import pytest

from asanokai import db, meetings, programme, questions, topics
from asanokai.entering import Said, enter
from asanokai.worker import cater_step
from tests import people
from tests.browser.steps import PHONE, delivered, links_in, newest_to, press, sign_in
from tests.people import berlin

KATRIN = "katrin.lindner@optik-jena.example"
KOCH, EMPFANG = "koch@jena.example", "empfang@jena.example"
PLATES = [{"en": "Everything", "ja": "何でも"}, {"en": "Vegetarian", "ja": "ベジタリアン"}]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def morning(app, clock):
    """Katrin coordinates and comes with a guest, Emma comes; both said what they eat."""
    with db.transaction():
        series = people.series(guests_allowed=2)
        people.coordinate(series, people.katrin())
        meeting = people.announced_meeting(series, people=[people.katrin(), people.emma()])
        topics.post(meeting, {"en": "Light", "ja": "光"})
        programme.adopt(meeting, topics.of(meeting))
        questions.add({"en": "Food", "ja": "お食事"}, "food", series_id=series.id, choices=PLATES)
    say(meeting.id, people.katrin, "yes", plate="1", guests=1)
    say(meeting.id, people.emma, "yes", plate="0")
    return meeting.id


def say(morning, who, choice, plate="", guests=0):
    with db.transaction():
        meeting = meetings.by_id(morning)
        asked = questions.asked(morning, meeting.series_id)
        said = Said(choice, guests=guests, replies={asked[0].id: plate} if plate else {})
        enter(morning, who().id, said, asked=asked, by="page", actor_id=who().id)


def at_the_desk(app, smtp, page):
    delivered(app, smtp)  # what was answered before is confirmed before anybody asks for a link
    sign_in(app, smtp, page, KATRIN)
    return page


def made(page, morning, kind, address):
    """The coordinator makes a link and has it mailed."""
    page.goto(f"/coordinate/meetings/{morning}?lang=en")
    press(page, "main a:has-text('Host and caterer')")
    form = f"form[action$='/catering/{kind}']"
    page.fill(f"{form} [name=address]", address)
    page.check(f"{form} [name=language][value=en]")
    press(page, f"{form} button")
    assert page.inner_text("[role=status]") == "The link was made and is mailed."
    return page.input_value(f"#link-{kind}")


def test_caterer_and_host_see_what_each_needs_until_the_link_is_withdrawn(app, clock, smtp, open_page, morning):
    desk = at_the_desk(app, smtp, open_page())
    shown = {kind: made(desk, morning, kind, to) for kind, to in (("caterer", KOCH), ("host", EMPFANG))}
    delivered(app, smtp)
    links = [links_in(newest_to(smtp, to), "/pack/")[0] for to in (KOCH, EMPFANG)]
    assert [shown[kind].endswith(link) for kind, link in zip(shown, links, strict=True)] == [True, True]

    # --- numbers and dishes, but nobody's name --------------------------------------------------------------------
    caterer = open_page(**PHONE, locale="en-GB")
    assert caterer.goto(links[0]).status == 200
    assert caterer.locator(".counters").inner_text().split("\n") == ["3", "people so far", "1", "guests among them"]
    rows = caterer.locator("tbody tr").all_inner_texts()
    assert [row.split() for row in rows] == [
        ["Everything", "1"],
        ["Vegetarian", "1"],
        ["nothing", "known", "(guests", "included)", "1"],
    ]
    words = caterer.inner_text("main")
    assert "Light" in caterer.inner_text("dl.order") and "Who arrives" not in words
    assert not [name for name in ("Lindner", "Whitfield", "Optik Jena") if name in caterer.content()]
    assert (caterer.context.cookies(), caterer.evaluate("() => document.scrollingElement.scrollWidth")) == ([], 360)

    # --- the host knows whom to expect ----------------------------------------------------------------------------
    host = open_page(locale="en-GB")
    host.goto(links[1])
    arrivals = host.locator("table.stacked tbody tr").all_inner_texts()
    assert [" ".join(row.split()) for row in arrivals] == [
        "Dr. Katrin Lindner Optik Jena 1",
        "Emma Whitfield Micro-Nano Ilmenau",
    ]

    # --- after the deadline a refusal is a difference, and mailed -------------------------------------------------
    clock.set(berlin(2026, 3, 9, 12))
    cater_step()
    caterer.reload()
    assert "has not changed since" in caterer.inner_text("main")
    say(morning, people.emma, "no")
    clock.advance(minutes=1)
    cater_step()
    told = {(mail.to, str(mail.message["Subject"]).partition(":")[0]) for mail in delivered(app, smtp)}
    assert {(KOCH, "New numbers"), (KATRIN, "Neue Zahlen")} <= told
    caterer.goto(links_in(newest_to(smtp, KOCH), "/pack/")[0])
    assert caterer.locator(".counters").inner_text().split("\n")[:4] == [
        "3",
        "people, as of the deadline",
        "2",
        "people now",
    ]
    assert "has changed since: −1." in caterer.inner_text("main")
    assert caterer.locator("tbody tr").first.inner_text().split() == ["Everything", "0", "1", "at", "the", "deadline"]

    # --- withdrawn ------------------------------------------------------------------------------------------------
    desk.reload()
    press(desk, "form[action$='/caterer/withdraw'] button")
    assert [page.goto(link).status for page, link in zip((caterer, host), links, strict=True)] == [410, 200]


def test_without_scripts_the_links_are_made_opened_and_withdrawn_just_so(app, clock, smtp, open_page, morning):
    desk = at_the_desk(app, smtp, open_page(java_script_enabled=False))
    made(desk, morning, "host", EMPFANG)
    delivered(app, smtp)
    (link,) = links_in(newest_to(smtp, EMPFANG), "/pack/")
    host = open_page(**{**PHONE, "java_script_enabled": False})
    host.goto(link)
    assert "Dr. Katrin Lindner" in host.inner_text("table.stacked") and "Light" in host.inner_text("dl.order")
    press(desk, "form[action$='/host/withdraw'] button")
    assert desk.inner_text("[role=status]") == "The link no longer works."
    assert host.goto(link).status == 410
