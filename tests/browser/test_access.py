"""Pages that shut nobody out: by axe-core's rules, narrow, with large text, for clumsy hands, without motion, in forced
colours.

Every page of the route table in every state (`scenes.all_scenes`). `make test` looks at each page in one language,
theme and width by turns, so that every combination occurs, and at each in one of the other ways; `make test-long` at
each in all of them.
"""

import zlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page

from asanokai import db
from asanokai.languages import LANGUAGES
from tests import people, world
from tests.browser.scenes import EMPTY, Scene, Visits, all_scenes, more_states
from tests.grounds import LONG, access

# What a page looks like does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NARROW, PHONE, DESK = ({"width": wide, "height": 800} for wide in (320, 360, 1280))
COMBINATIONS = [(theme, size) for theme in ("light", "dark") for size in (PHONE, DESK)]


@pytest.fixture
def settings():
    return {"metrics": True, "design": True}


@pytest.fixture
def scenes(app, clock) -> list[Scene]:
    return all_scenes(app, world.build(app, clock), more_states(app, clock))


@pytest.fixture
def visits(app, open_page) -> Visits:
    return Visits(app, open_page)


def in_turn(scenes: list[Scene], language: str):
    """The scenes to look at in a language, each with the combinations of theme and width to look at it in."""
    turn = list(LANGUAGES).index(language)
    for number, scene in enumerate(scenes):
        if LONG:
            yield scene, COMBINATIONS
        elif number % len(LANGUAGES) == turn:
            yield scene, [COMBINATIONS[number // len(LANGUAGES) % len(COMBINATIONS)]]


def axe_core(page: Page, scene: Scene, combinations) -> Iterator[str]:
    rules = access.FRAMED_RULES if scene.name == "outbox.preview: part" else access.RULES
    for theme, size in combinations:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size(size)
        yield from (f"{theme}, {size['width']} px: {finding}" for finding in access.findings(page, rules))


def narrow(page: Page) -> Iterator[str]:
    page.set_viewport_size(NARROW)
    for look in (access.sideways, access.clipped, access.small_targets):
        yield from (f"320 px: {thing}" for thing in look(page))


def large_text(page: Page) -> Iterator[str]:
    page.set_viewport_size(PHONE)
    access.text_size(page, access.LARGE_TEXT)
    for look in (access.sideways, access.clipped):
        yield from (f"360 px, text twice as large: {thing}" for thing in look(page))
    access.text_size(page, access.USUAL_TEXT)


def still(page: Page) -> Iterator[str]:
    page.emulate_media(reduced_motion="reduce")
    yield from access.motion(page)
    page.emulate_media(reduced_motion="no-preference")


@pytest.mark.timeout(2400 if LONG else 480)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_in_no_state_shuts_anybody_out(scenes, visits, language):
    wrong = []
    for scene, combinations in in_turn(scenes, language):
        page = visits.to(scene, language)
        wrong += looked_at(page, scene, combinations)
    assert not wrong, "\n".join(wrong)


LOOKS = (narrow, large_text, still)


def looked_at(page: Page, scene: Scene, combinations) -> list[str]:
    """By axe always; narrow, with large text and without motion by turns of the page's name, or all with `LONG`."""
    access.unfold(page)
    looks = LOOKS if LONG else [LOOKS[zlib.crc32(scene.name.encode()) % len(LOOKS)]]
    found = [*axe_core(page, scene, combinations), *(thing for look in looks for thing in look(page))]
    return [f"{scene.name} ({page.get_attribute('html', 'lang')}): {thing}" for thing in found]


@pytest.mark.timeout(600 if LONG else 240)
@pytest.mark.parametrize("language", LANGUAGES if LONG else ["ja"])
def test_no_page_shuts_anybody_out_while_there_is_nothing_to_show(app, visits, language):
    wrong = []
    for fill, scenes in EMPTY.items():
        with db.transaction():
            fill()
        for number, scene in enumerate(scenes):
            page = visits.to(scene, language)
            wrong += looked_at(page, scene, COMBINATIONS if LONG else [COMBINATIONS[number % len(COMBINATIONS)]])
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("settings", [{"testing": False}])
def test_being_asked_to_wait_shuts_nobody_out(app, visits):
    with db.transaction():
        people.ludwig()
    scene = Scene("too many sign-ins", "visitor", "/sign-in", sends={"email": "a@b.example"})
    for _ in range(5):
        visits.to(scene, "de")
    page = visits.to(replace(scene, status=429), "de")
    found = looked_at(page, scene, COMBINATIONS)
    assert not found, "\n".join(found)


def test_without_colours_of_our_own_buttons_choices_and_where_one_is_can_be_told_apart(scenes, visits):
    wrong = []
    for number, scene in enumerate(scenes):
        if not LONG and number % 3:
            continue
        page = visits.to(scene, "de")
        page.emulate_media(forced_colors="active")
        wrong += [f"{scene.name}: {thing}" for thing in access.indistinct(page)]
        page.emulate_media(forced_colors="none")
    assert not wrong, "\n".join(wrong)
