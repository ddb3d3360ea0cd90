"""Signing in at a real OpenID provider and coming back: the whole way, and what is not believed."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import select

from asanokai import db, installation, leaving, members
from asanokai.db import session
from asanokai.devices import Device
from asanokai.journal import Entry
from asanokai.outside import OutsideIdentity
from config import OpenId
from tests import people
from tests.grounds import provider as grounds
from tests.pages import Reader, sign_in_link
from tests.world import plain

BACK = "/sign-in/provider/back"
KATRIN = "katrin.lindner@optik-jena.example"
TOO_OLD = "This page was open for too long. Please try once more."
UNKNOWN = "“Jena-ID” says who you are, but no account here belongs to that."

pytestmark = pytest.mark.xdist_group("a provider")


@pytest.fixture(scope="module")
def provider():
    with grounds.serving(f"http://localhost:8000{BACK}") as running:
        yield running


@pytest.fixture
def settings(provider):
    return {"openid": OpenId(provider.issuer, "asanokai", grounds.SECRET, "Jena-ID")}


@pytest.fixture
def cast(app, clock):
    """Katrin, Emma and Jürgen, who left. The provider's clock is the real one."""
    clock.set(datetime.now(UTC).replace(microsecond=0))
    with db.transaction():
        people.katrin(), people.emma(), people.juergen()


@pytest.fixture
def visitor(app, cast) -> Reader:
    return english(app)


def english(app, who=None) -> Reader:
    reader = Reader(app, who)
    reader.get("/?lang=en")
    return reader


def there(reader: Reader, start: str = "/sign-in/provider/go") -> dict[str, str]:
    """Go to the provider, sign in there as whoever it says, and what the way back says."""
    sent = reader.get(start)
    assert sent.status_code == 303, sent.text
    browser, address = requests.Session(), sent.location
    while not address.startswith("http://localhost:8000"):
        answer = browser.get(address, allow_redirects=False)
        address = requests.compat.urljoin(address, answer.headers["Location"])
    return {name: words for name, (words,) in parse_qs(urlsplit(address).query).items()}


def come(reader: Reader, found: dict[str, str]):
    """Come back and press the button."""
    page = reader.get(BACK, query_string=found)
    return reader.post(BACK, found) if page.status_code == 200 else page


def rows() -> list[tuple[int, str]]:
    found = session().scalars(select(OutsideIdentity).order_by(OutsideIdentity.id))
    return [(row.member_id, row.subject) for row in found]


def told(who) -> list[tuple[str, str]]:
    return [(letter.facts["what"], letter.facts["name"]) for letter in people.letters_to(who, "keys")]


def is_in(reader: Reader) -> bool:
    return reader.get("/me/").status_code == 200


# --- the way there ----------------------------------------------------------------------------------------------------


def test_the_way_there_asks_for_a_code_with_state_nonce_and_pkce(visitor, provider):
    first, second = (visitor.get("/sign-in/provider/go").location for _ in range(2))
    said = {name: words for name, (words,) in parse_qs(urlsplit(first).query).items()}
    secrets = [said.pop(name) for name in ("state", "nonce", "code_challenge")]
    assert first.startswith(f"{provider.issuer}/auth?") and first != second
    assert [len(secret) for secret in secrets] == [43] * 3
    assert said == {
        "client_id": "asanokai",
        "response_type": "code",
        "scope": "openid email",
        "redirect_uri": f"http://localhost:8000{BACK}",
        "code_challenge_method": "S256",
    }


def test_the_button_says_what_the_operator_calls_it(visitor):
    assert "Sign in with “Jena-ID”" in plain(visitor.get("/sign-in").text)


# --- the way back -----------------------------------------------------------------------------------------------------


def test_a_verified_address_of_one_member_signs_in_and_joins_and_the_member_hears(app, visitor, provider, clock):
    provider.be(sub="k-1", email=KATRIN.upper(), email_verified=True)
    found = there(visitor)
    page = visitor.get(BACK, query_string=found)
    assert (page.status_code, rows()) == (200, []), "reading the page changes nothing"
    response = come(visitor, found)
    katrin = people.katrin()
    assert (response.status_code, response.location, rows()) == (303, "/me/", [(katrin.id, "k-1")])
    assert (is_in(visitor), told(katrin)) == (True, [("provider joined", "Jena-ID")])
    noted = [(entry.verb, entry.facts) for entry in session().scalars(select(Entry).order_by(Entry.id))][-2:]
    assert noted == [("join", {"member": katrin.id}), ("sign in", {"by": "provider"})]
    # From now on the subject counts, whatever the address is, and no letter tells of it.
    provider.be(sub="k-1", email="someone@else.example", email_verified=False)
    again = english(app)
    assert (come(again, there(again)).status_code, len(told(katrin)), len(rows())) == (303, 1, 1)


def test_unknown_people_are_all_told_the_same(visitor, provider):
    with db.transaction():
        members.add("also@optik-jena.example", family="Neu", given="Ida", verified=False)
    accounts = {
        "an address nobody has": {"email": "nobody@jena.example", "email_verified": True},
        "an address that is not verified there": {"email": KATRIN, "email_verified": False},
        "an address that is almost said to be verified": {"email": KATRIN, "email_verified": "true"},
        "an address that is not verified here": {"email": "also@optik-jena.example", "email_verified": True},
        "somebody who left": {"email": "juergen.brandt@weimar.example", "email_verified": True},
        "no address": {},
        "nonsense": {"email": "@", "email_verified": True},
    }
    pages = {}
    for number, (who, account) in enumerate(accounts.items()):
        provider.be(sub=f"x-{number}", **account)
        page = come(visitor, there(visitor))
        pages[who] = (page.status_code, plain(page.text))
    assert len(set(pages.values())) == 1
    status, words = pages["no address"]
    assert (status, UNKNOWN in words, "Ask to take part" in words) == (403, True, True)
    assert (rows(), is_in(visitor)) == ([], False)


def test_a_known_identity_of_who_left_signs_nobody_in(app, visitor, provider):
    provider.be(sub="k-2", email=KATRIN, email_verified=True)
    come(visitor, there(visitor))
    with db.transaction():
        members.by_id(people.katrin().id).standing = "left"
    other = english(app)
    page = come(other, there(other))
    assert (page.status_code, UNKNOWN in plain(page.text), is_in(other)) == (403, True, False)


def test_leaving_ends_the_connections(visitor, provider):
    provider.be(sub="k-9", email=KATRIN, email_verified=True)
    come(visitor, there(visitor))
    with db.transaction():
        leaving.leave(people.katrin(), actor_id=people.katrin().id)
    assert rows() == []


# --- what is not believed ---------------------------------------------------------------------------------------------


def test_a_code_or_a_way_back_that_is_played_back_signs_nobody_in(app, visitor, provider):
    provider.be(sub="k-3", email=KATRIN, email_verified=True)
    found = there(visitor)
    visitor.get(BACK, query_string=found)
    cookie, token = visitor.client.get_cookie("asanokai"), visitor.token
    assert visitor.post(BACK, found).status_code == 303
    thief = Reader(app)
    thief.client.set_cookie("asanokai", cookie.value)
    thief.token = token
    assert (thief.post(BACK, found).status_code, is_in(thief)) == (422, False), "the provider does not take it twice"
    # The code in somebody else's browser, with a state of their own.
    other = english(app)
    own = there(other)
    assert (other.post(BACK, {**own, "code": found["code"]}).status_code, is_in(other)) == (422, False)


def test_a_way_back_is_gone_once_even_where_the_provider_takes_a_code_twice(app, visitor, provider, monkeypatch):
    found = there(visitor)
    visitor.get(BACK, query_string=found)
    cookie, token = visitor.client.get_cookie("asanokai"), visitor.token
    believed = SimpleNamespace(issuer=provider.issuer, subject="k-5", email=KATRIN, email_verified=True, proved_at=None)
    monkeypatch.setattr(app.extensions["provider"], "redeem", lambda *_code, **_secrets: believed)
    assert visitor.post(BACK, found).status_code == 303
    thief = Reader(app)
    thief.client.set_cookie("asanokai", cookie.value)
    thief.token = token
    assert (thief.post(BACK, found).status_code, is_in(thief)) == (409, False)


def test_a_wrong_state_another_browser_and_another_issuer_are_refused(app, visitor, provider):
    provider.be(sub="k-4", email=KATRIN, email_verified=True)
    found = there(visitor)
    other = english(app)
    answers = [
        visitor.post(BACK, {**found, "state": "x" * 43}),
        visitor.post(BACK, {**found, "state": "é"}),
        other.post(BACK, found),
        visitor.post(BACK, {**found, "iss": "https://evil.example"}),
        visitor.post(BACK, {name: words for name, words in found.items() if name != "iss"}),
        visitor.post(BACK, {**found, "code": "x"}),
    ]
    assert [page.status_code for page in answers] == [409, 409, 409, 409, 409, 422]
    assert [TOO_OLD in plain(page.text) for page in answers[:3]] == [True] * 3
    assert (rows(), is_in(visitor), is_in(other)) == ([], False, False)


def test_whoever_is_away_for_too_long_is_asked_to_begin_anew(visitor, provider, clock):
    found = there(visitor)
    clock.advance(minutes=10, seconds=1)
    assert come(visitor, found).status_code == 409


def test_who_declined_there_is_told_so_and_finds_the_other_ways(visitor):
    state = parse_qs(urlsplit(visitor.get("/sign-in/provider/go").location).query)["state"][0]
    page = visitor.get(BACK, query_string={"state": state, "error": "access_denied"})
    assert (page.status_code, "You were not signed in there." in plain(page.text)) == (409, True)
    assert 'href="/sign-in"' in page.text


class TestAway:
    """The provider does not answer."""

    @pytest.fixture
    def settings(self):
        return {"openid": OpenId("http://localhost:9", "asanokai", "secret", "Jena-ID")}

    def test_the_page_says_so_and_offers_the_other_ways(self, visitor):
        page = visitor.get("/sign-in/provider/go")
        words = plain(page.text)
        assert (page.status_code, "This service cannot be reached at the moment." in words) == (503, True)
        assert ('href="/sign-in"' in page.text, visitor.get("/sign-in").status_code) == (True, 200)


# --- on one's own page ------------------------------------------------------------------------------------------------


def test_a_member_connects_any_identity_and_removes_it(app, cast, visitor, provider):
    katrin = english(app, people.katrin())
    provider.be(sub="private-7", email="kat@elsewhere.example", email_verified=False)
    found = there(katrin, "/me/keys/provider")
    assert "Connect your account at “Jena-ID” with this one?" in plain(katrin.get(BACK, query_string=found).text)
    response = come(katrin, found)
    assert (response.status_code, response.location) == (303, "/me/keys")
    assert rows() == [(people.katrin().id, "private-7")]
    assert come(visitor, there(visitor)).status_code == 303
    assert is_in(visitor)

    number = session().scalar(select(OutsideIdentity.id))
    emma = english(app, people.emma())
    assert come(emma, there(emma, "/me/keys/provider")).status_code == 409
    assert emma.post(f"/me/keys/provider/{number}/remove").status_code == 404
    assert "Remove the connection" in plain(katrin.get("/me/keys").text)
    assert katrin.post(f"/me/keys/provider/{number}/remove").status_code == 303
    assert (rows(), told(people.katrin())) == ([], [("provider joined", "Jena-ID"), ("provider removed", "Jena-ID")])
    stranger = english(app)
    assert come(stranger, there(stranger)).status_code == 403


def test_what_one_member_began_another_does_not_end_in_the_same_browser(app, cast, provider):
    katrin = english(app, people.katrin())
    provider.be(sub="mine", email="m@elsewhere.example", email_verified=False)
    found = there(katrin, "/me/keys/provider")
    katrin.sign_in(people.emma())
    assert (katrin.post(BACK, found).status_code, rows()) == (409, [])


def test_who_came_by_the_provider_alone_has_not_shown_just_now_who_they_are(visitor, provider, clock):
    """It may have answered by itself. Asked again, it lets nobody through without a new proof, and says when."""
    provider.be(sub="k-8", email=KATRIN, email_verified=True)
    come(visitor, there(visitor))
    visitor.token = None
    assert visitor.get("/me/keys/new").location == "/me/prove"
    assert "Sign in again with “Jena-ID”" in plain(visitor.get("/me/prove?lang=en").text)
    sent = parse_qs(urlsplit(visitor.get("/sign-in/provider/go").location).query)
    assert (sent["prompt"], sent["max_age"]) == (["login"], ["0"])
    assert come(visitor, there(visitor)).location == "/me/keys"
    assert visitor.get("/me/keys/new").status_code == 200


def test_a_provider_that_does_not_say_when_proves_nothing_anew(app, visitor, provider, monkeypatch, clock):
    provider.be(sub="k-8", email=KATRIN, email_verified=True)
    come(visitor, there(visitor))
    visitor.token = None
    visitor.get("/?lang=en")
    silent = SimpleNamespace(issuer=provider.issuer, subject="k-8", email=KATRIN, email_verified=True, proved_at=None)
    monkeypatch.setattr(app.extensions["provider"], "redeem", lambda *_code, **_secrets: silent)
    page = come(visitor, there(visitor))
    assert (page.status_code, "did not confirm that you were there just now" in plain(page.text)) == (409, True)
    assert visitor.get("/me/keys/new").location == "/me/prove"


def test_both_factors_of_the_provider_are_as_old_as_what_was_shown_there(app, visitor, provider, monkeypatch, clock):
    """They open the desk, but it may have answered by itself: nothing was shown just now."""
    with db.transaction():
        installation.change(actor_id=None, provider_counts=True)
    shown = clock.now - timedelta(days=2)
    found = there(visitor)
    before = SimpleNamespace(issuer=provider.issuer, subject="k-6", email=KATRIN, email_verified=True, proved_at=shown)
    monkeypatch.setattr(app.extensions["provider"], "redeem", lambda *_code, **_secrets: before)
    assert come(visitor, found).location == "/me/"
    device = session().scalars(select(Device)).one()
    assert (device.proved_at, device.factor_at) == (shown, shown)
    visitor.token = None
    assert visitor.post("/me/data/copy").location == "/me/prove"


def test_whoever_began_to_connect_must_still_be_there_at_the_end(app, cast, provider, clock):
    katrin = english(app, people.katrin())
    provider.be(sub="late", email="l@elsewhere.example", email_verified=False)
    clock.advance(minutes=10)
    found = there(katrin, "/me/keys/provider")
    katrin.get(BACK, query_string=found)
    clock.advance(minutes=6)
    response = katrin.post(BACK, found)
    assert (response.status_code, response.location, rows()) == (303, "/me/prove", [])
    assert katrin.post(sign_in_link(app, people.katrin())).location == "/me/keys"
