"""Every page in every state that looks different: where it is found, by whom, and what to send to see it refused.

Pages come from the route table (`world.addresses`), each for the first in `CAST` who may see it, so that a page that is
added later is looked at without being named here. States are named below. It checks nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyotp
from flask import Flask
from playwright.sync_api import Page

from asanokai import announcing, db, factors, members
from asanokai import clock as program_clock
from asanokai.db import session
from asanokai.factors import Factor
from asanokai.meetings import Meeting
from asanokai.members import Member
from tests import people, world
from tests.conftest import Clock, OpenPage
from tests.pages import Reader, sign_in_link
from tests.people import berlin

NOW = berlin(2026, 2, 20, 12)
"""The clock of the small world."""

CAST: dict[str, Callable[[], Member] | None] = {
    "visitor": None,
    "katrin": people.katrin,
    "akiko": people.akiko,
    "ludwig": people.ludwig,
    "emma": people.emma,
    "kenji": people.kenji,
    "oskar": people.oskar,
    "naoko": people.naoko,
    "grete": people.grete,
    "nobody": None,
}
"""Who looks: a visitor, a member, a coordinator, an administrator; then members whose own pages are in another state
(Naoko has given the code of his second factor, Grete owes it); and nobody, the visitor whose browser keeps nothing of
what the links before have told it."""

Typed = dict[str, str | bool]
"""Name of a field → what is typed there; for boxes whether they are ticked."""


@dataclass(frozen=True)
class Scene:
    """A page to look at. With `sends`, the form at `address` that has these fields is filled in and sent first."""

    name: str
    who: str
    address: str
    status: int = 200
    sends: Typed | None = None
    file: tuple[str, str] | None = None
    """Name of a field and the text of the file that is chosen there."""


# --- the small world, and what it lacks -------------------------------------------------------------------------------


@dataclass(frozen=True)
class States:
    """Numbers and paths of meetings in the states that `world.build` does not have, and links to answer them."""

    numbers: dict[str, int]
    paths: dict[str, str]
    links: dict[str, str]
    spent: str
    """The address of a sign-in link that has done its work."""
    with_factor: int
    """Number of a member who has set a second factor."""


def more_states(app: Flask, clock: Clock) -> States:
    """Meetings of two series of their own: full, closed, past, cancelled; one that is going on; and an address that is
    not written to any more."""
    clock.set(berlin(2026, 1, 10, 9))
    with db.transaction():
        evenings = people.series("abend", name={"de": "Abendrunde"}, guests_allowed=2)
        people.belong(evenings, people.emma(), people.kenji())
        noons = people.series("mittag", name={"en": "Noon"})
        people.belong(noons, people.emma())
        for series in (evenings, noons):
            people.coordinate(series, people.akiko())
        made = {
            "full": _meeting(evenings, datetime(2026, 3, 5, 19), seats=2),
            "closed": _meeting(evenings, datetime(2026, 2, 20, 19)),
            "begun": _meeting(noons, datetime(2026, 2, 20, 11)),
            "past": _meeting(evenings, datetime(2026, 1, 22, 19)),
            "cancelled": _meeting(evenings, datetime(2026, 3, 19, 19)),
        }
        for state in ("full", "past", "begun"):
            people.say(made[state], people.emma(), "yes", guests=1)
        people.say(made["full"], people.kenji(), "yes", comment="通訳をお願いします。")
        people.say(made["past"], people.katrin(), "no", comment="Da bin ich in Yokohama.")
        announcing.cancel(made["cancelled"].id, reason={"de": "Der Saal hat einen Wasserschaden."})
        address = members.main_address(people.katrin())
        assert address is not None
        members.suppress(address, "unknown")
        session().flush()
        factors.begin(people.emma().id, app.extensions["vault"])
        for with_factor in (people.naoko(), people.grete()):
            factors.begin(with_factor.id, app.extensions["vault"])
            factors.confirm(with_factor.id, code_of(app, with_factor.id), app.extensions["vault"])
        states = _found(app, made)
    clock.set(NOW)
    return states


def code_of(app: Flask, member_id: int) -> str:
    """What the authenticator of a member shows now."""
    row = session().get_one(Factor, member_id)
    secret = app.extensions["vault"].open(row.sealed)
    return pyotp.TOTP(secret).at(program_clock.now())


def _meeting(series: Any, wall: datetime, **values: Any) -> Meeting:
    return people.announced_meeting(series, wall, wall_end=wall + timedelta(hours=2), **values)


def _found(app: Flask, made: dict[str, Meeting]) -> States:
    tokens, kenji = app.extensions["tokens"], people.kenji().id
    return States(
        numbers={state: meeting.id for state, meeting in made.items()},
        paths={state: meeting.path for state, meeting in made.items()},
        links={state: "/answer/" + tokens.mint("answer", [meeting.id, kenji]) for state, meeting in made.items()},
        spent="/sign-in/" + tokens.mint("sign-in", [kenji, "spent"]),
        with_factor=people.grete().id,
    )


# --- the scenes -------------------------------------------------------------------------------------------------------


WORDS_ON_THE_ROLL: tuple[tuple[str, Typed | None], ...] = (("a word on the roll", None), ("a word that is read", {}))


def all_scenes(app: Flask, built: world.World, states: States) -> list[Scene]:
    """Every page of the route table, then the states."""
    known = world.addresses(app, built, "GET")
    failed = Scene("a mail that could not be taken in", "akiko", f"/coordinate/mail/{built.failed_mail_id}")
    absent = f"/coordinate/meetings/{states.numbers['past']}/roll?part=no"
    return [
        *_routes(app, known),
        *_states(states, known),
        *_sent(built, known),
        *_refused(built, states, known),
        failed,
        Scene("a mail that is read", "akiko", f"/coordinate/mail/{built.mail_id}", sends={}),
        *(Scene(name, "akiko", absent, sends=sends) for name, sends in WORDS_ON_THE_ROLL),
        Scene("another address, refused", "kenji", "/me/address", 422, {"email": "nonsense"}),
        Scene("another address asked for", "kenji", "/me/address", sends={"email": "kenji@neu.example"}),
        Scene("another address confirmed", "visitor", known["address.confirm"], sends={}),
        Scene("a change of address objected to", "visitor", known["address.objection"], sends={}),
        Scene("a second factor to be set up", "kenji", "/me/second-factor", sends={"secret": "new"}),
        Scene("a second factor that waits for its first code", "emma", "/me/second-factor"),
        Scene("a second factor that is set", "naoko", "/me/second-factor"),
        Scene("other recovery codes", "naoko", "/me/second-factor", sends={}),
        Scene("the code of the second factor", "grete", "/sign-in/code"),
        Scene("a wrong code", "grete", "/sign-in/code", 422, {"code": "12345"}),
        Scene("a member with a second factor", "ludwig", f"/coordinate/members/{states.with_factor}"),
        Scene("asked again who one is", "kenji", "/me/prove"),
        Scene("asked again who one is, by the code", "naoko", "/me/prove"),
        Scene("asked again who one is, by a passkey that is none", "katrin", "/me/prove", 422, {"answer": "{}"}),
    ]


def _routes(app: Flask, known: dict[str, str]) -> Iterator[Scene]:
    """Every address that answers with a page, for the first who may see it."""
    readers = {who: Reader(app, made() if made else None) for who, made in list(CAST.items())[:4]}
    for name, address in known.items():
        for who, reader in readers.items():
            response = reader.get(address)
            response.close()
            if response.status_code == 200:
                if response.mimetype == "text/html":
                    yield Scene(name, who, address)
                break


def _states(states: States, known: dict[str, str]) -> list[Scene]:
    numbers, paths = states.numbers, states.paths
    meetings = [
        scene
        for state in states.paths
        for scene in (
            Scene(f"the programme's page of a meeting: {state}", "visitor", f"/meetings/{paths[state]}"),
            Scene(f"a member's page of a meeting: {state}", "emma", f"/meetings/{paths[state]}"),
            Scene(f"the page behind the letter's link: {state}", "nobody", states.links[state]),
            Scene(f"applying for a meeting: {state}", "visitor", f"/join?meeting={paths[state]}"),
            Scene(f"the desk's page of a meeting: {state}", "akiko", f"/coordinate/meetings/{numbers[state]}"),
            Scene(f"the roll: {state}", "akiko", f"/coordinate/meetings/{numbers[state]}/roll"),
        )
    ]
    return [
        *meetings,
        Scene("home of a member", "katrin", "/"),
        Scene("the link in the letter with an answer chosen", "nobody", f"{states.links['full']}?answer=maybe"),
        Scene("own page: going on, answered", "emma", "/me/"),
        Scene("own page: closed, waiting for another", "kenji", "/me/"),
        Scene("own page: belongs to nothing", "oskar", "/me/"),
        Scene("a meeting of others", "oskar", f"/meetings/{paths['full']}"),
        Scene("own settings with a Japanese name", "kenji", "/me/settings"),
        Scene("the desk, everything", "ludwig", "/coordinate/"),
        Scene("searching members", "akiko", f"{known['people.of_series']}?q=lindner"),
        Scene("a saved view of members", "akiko", f"{known['people.of_series']}?sort=newest"),
        Scene("searching members, nobody found", "akiko", f"{known['people.of_series']}?q=xyz"),
        Scene("searching everybody, nobody found", "ludwig", f"{known['people.everybody']}?q=xyz"),
        Scene("the outbox, failed ones", "akiko", f"{known['outbox.everything']}?state=failed"),
        Scene("page not found", "visitor", "/nothing", 404),
        Scene("page not found for a member", "katrin", "/coordinate/", 404),
        Scene("a spent link", "nobody", states.spent, 410),
    ]


def _sent(built: world.World, known: dict[str, str]) -> list[Scene]:
    """What a form leads to that is a page of its own. Sending it again changes nothing more."""
    applying = {"email": "lena@weimar.example", "family": "Neu", "consent": True}
    hidden = f"/coordinate/meetings/{built.hidden_id}"
    return [
        Scene("asked for a link", "visitor", "/sign-in", sends={"email": "emma.whitfield@ilmenau.example"}),
        Scene("applied for a series", "visitor", "/join?series=asanokai", sends=applying),
        Scene("applied for a meeting", "visitor", known["joining.join: a meeting"], sends=applying),
        Scene("answered by the link", "nobody", known["answer.by_link"], sends={"answer": "maybe"}),
        Scene("answered on the page", "katrin", known["programme.meeting"], sends={"answer": "maybe"}),
        Scene("a change to be confirmed", "akiko", known["meeting.edit"], sends={"ends": "2026-03-12T10:30"}),
        Scene("a list looked at", "akiko", known["imports.take_in"], sends={}, file=("file", TABLE)),
        Scene("the next dates", "akiko", known["series.edit"], sends={"step": "dates"}),
        Scene("a line of the roll, waiting", "akiko", f"{hidden}/roll/{built.waiting_id}"),
        Scene("a line of the roll, with a seat", "akiko", f"{hidden}/roll/{built.seated_id}"),
        Scene("searching the roll, nobody found", "akiko", f"{known['roll.show']}?part=silent&name=xyz"),
        Scene("another rule, looked at", "akiko", known["dates.show"], sends={"step": "dates", "ordinal": "3"}),
        Scene("settings saved", "katrin", "/me/settings", sends={"family": "Lindner"}),
        Scene("settings of the installation saved", "ludwig", "/coordinate/settings", sends={"sender_name": ""}),
        Scene("the name shown to the series", "emma", "/me/directory"),
        Scene("searching the circle, nobody found", "katrin", f"{known['circle.of_series']}?q=xyz"),
        Scene("no consent yet", "kenji", "/me/consents"),
        Scene("pages of law filled in", "ludwig", "/coordinate/settings/law", sends={"phone": "+49 3641 70"}),
    ]


TABLE = "E-Mail;Name;Vorname;Hobby\nhans@jena.example;Meier;Hans;Go\nkeine Adresse;Unfug;;\n"


def _refused(built: world.World, states: States, known: dict[str, str]) -> list[Scene]:
    def refused(name: str, who: str, address: str, status: int = 422, /, **typed: str | bool) -> Scene:
        return Scene(f"{name}, refused", who, address, status, typed)

    desk = f"/coordinate/meetings/{states.numbers['cancelled']}"
    nothing_typed = {"email": "", "family": ""}
    texts = {f"{name}-{code}": "" for name in ("title",) for code in ("de", "en", "ja")}
    return [
        refused("applying", "visitor", "/join", **nothing_typed),
        refused("applying for a meeting", "visitor", known["joining.join: a meeting"], guests="77", **nothing_typed),
        refused("asking for a link", "visitor", "/sign-in", email=""),
        refused("signing in by password", "visitor", "/sign-in", **{"email": "a@b.example", "password": "wrong"}),
        refused("own settings", "katrin", "/me/settings", family=""),
        refused("a new password", "katrin", "/me/settings", password="short", again="other"),
        refused("answering by the link", "nobody", known["answer.by_link"], guests="7"),
        refused("answering on the page", "katrin", known["programme.meeting"], answer="yes", guests="7"),
        refused("answering on the own page", "kenji", "/me/", guests="7"),
        refused("declining an application", "akiko", known["desk.applications"], reason="x" * 2500),
        refused("a series", "akiko", known["series.add"], slug="!", first="", zone="Europe/Berlin"),
        refused("editing a series", "akiko", known["series.edit"], first="", **{"invite-days": "x"}),
        refused("a date", "akiko", known["series.add_meeting"], starts=""),
        refused("inviting", "akiko", known["people.invite"], email=""),
        refused("a member", "ludwig", known["people.add"], email="nonsense"),
        refused("editing a member", "ludwig", known["people.edit"], email="nonsense"),
        refused("a list", "akiko", known["imports.take_in"]),
        refused("editing a meeting", "akiko", known["meeting.edit"], guests_allowed="99", seats="0"),
        refused("moving", "akiko", known["meeting.edit"], starts="", ends=""),
        refused("cancelling again", "akiko", f"{desk}/cancel", 409),
        refused("announcing again", "akiko", f"{desk}/announce", 409),
        refused("answering for somebody", "akiko", known["roll.line"], answer="yes", guests="99"),
        refused("moving up", "akiko", f"/coordinate/meetings/{built.hidden_id}/roll/{built.waiting_id}", reason=""),
        refused("a question", "akiko", known["questions.of_meeting"], **{"label-de": ""}),
        refused("naming a deputy", "katrin", known["deputy.mine"], email=""),
        refused("passing a seat on", "katrin", known["passing.to_colleague"], email="nobody@jena.example"),
        refused("answering as a deputy", "katrin", known["deputy.answer"], answer="yes", guests="99"),
        refused("a topic", "akiko", known["meeting.add_topic"], **texts),
        refused("settings of the installation", "ludwig", known["settings.edit"], sender_name="a@b"),
        refused("pages of law", "ludwig", known["law.facts"], name="x" * 600),
    ]


# --- where there is nothing yet ---------------------------------------------------------------------------------------


def _a_series() -> None:
    people.coordinate(people.series(), people.akiko())
    people.belong(people.series("leer"), people.emma())


EMPTY: dict[Callable[[], object], list[Scene]] = {
    lambda: None: [Scene("how to begin", "visitor", "/")],
    people.ludwig: [
        Scene("home, nothing there", "visitor", "/"),
        Scene("the programme, nothing there", "visitor", "/meetings/"),
        Scene("nobody can apply", "visitor", "/join"),
        Scene("own page, nothing there", "ludwig", "/me/"),
        Scene("the desk, nothing there", "ludwig", "/coordinate/"),
        Scene("the outbox, nothing there", "ludwig", "/coordinate/letters"),
        Scene("applications, nothing there", "ludwig", "/coordinate/applications"),
    ],
    _a_series: [
        Scene("own page, nothing announced", "emma", "/me/"),
        Scene("the desk, no dates", "akiko", "/coordinate/"),
        Scene("a series without dates", "akiko", "/coordinate/series/1"),
        Scene("a series without members", "akiko", "/coordinate/series/1/members"),
    ],
}
"""What has come to be, one after the other, and what there is to look at then."""


# --- going there ------------------------------------------------------------------------------------------------------


class Visits:
    """One browser page for each of the cast, signed in; the same for all scenes, since opening one takes long."""

    def __init__(self, app: Flask, open_page: OpenPage) -> None:
        self._app, self._open_page = app, open_page
        self._pages: dict[str, Page] = {}

    def page_of(self, who: str) -> Page:
        """The page of one of the cast."""
        if who not in self._pages:
            made = CAST[who]
            # Pages are looked at as they come from the server, not as a worker kept them.
            page = self._pages[who] = self._open_page(service_workers="block")
            if made is not None:
                with db.reading():
                    link = sign_in_link(self._app, made())
                page.goto(link)
                with page.expect_navigation():
                    page.locator("main button").click()
                if who == "naoko":
                    self._give_code(page)
        return self._pages[who]

    def _give_code(self, page: Page) -> None:
        with db.reading():
            page.fill("#code", code_of(self._app, people.naoko().id))
        with page.expect_navigation():
            page.locator("main button").first.click()

    def to(self, scene: Scene, language: str) -> Page:
        """Go there. Raises AssertionError if another status comes than the scene names."""
        page = self.page_of(scene.who)
        found = page.goto(_in(scene.address, language))
        if scene.sends is not None:
            fields = {**scene.sends, **({scene.file[0]: ""} if scene.file else {})}
            with page.expect_navigation() as navigation:
                page.evaluate(_SEND, [fields, scene.file])
            found = navigation.value
        assert found is not None
        assert found.status == scene.status, f"{scene.name}: {found.status} at {page.url}"
        if "sandbox" in found.headers.get("content-security-policy", ""):
            # A letter's own page lets no script run, not even one that looks at it.
            letter = found.text()
            page.goto("about:blank")
            page.set_content(letter)
        return page


def _in(address: str, language: str) -> str:
    path, mark, part = address.partition("#")
    return f"{path}{'&' if '?' in path else '?'}lang={language}{mark}{part}"


# As a browser sends what was typed, only without the checks it makes itself: what refuses is the server.
_SEND = """([fields, file]) => {
    const names = Object.keys(fields).filter(name => name !== 'step');
    const form = [...document.querySelectorAll('main form[method=post]')]
        .find(form => names.every(name => form.elements[name]));
    if (!form) throw new Error(`no form has the fields ${names}`);
    for (const [name, value] of Object.entries(fields)) {
        const field = form.elements[name];
        if (file && name === file[0]) {
            const chosen = new DataTransfer();
            chosen.items.add(new File([file[1]], 'list.csv'));
            field.files = chosen.files;
        } else if (!field) {
            const more = document.createElement('input');
            Object.assign(more, {type: 'hidden', name, value});
            form.append(more);
        } else if (field.type === 'checkbox') field.checked = value;
        else field.value = value;
    }
    HTMLFormElement.prototype.submit.call(form);
}"""
