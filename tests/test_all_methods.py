"""Every route with every method there is and one that there is not: exactly those of the route table are answered, and
what is not allowed does nothing. What GET and POST do for whom is in `test_guards`.
"""

import pytest

from asanokai.web import guards
from tests import world
from tests.conftest import DATABASES
from tests.grounds import LONG
from tests.world import ROLES, Actor, addresses, contents, without_refusals

# What a route takes does not depend on the database; `make test-long` asks all roles on both.
pytestmark = pytest.mark.parametrize("database_url", DATABASES if LONG else ["sqlite"], indirect=True)

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW")
TAKEN = {"GET", "HEAD", "POST", "OPTIONS"}
WHO = tuple(ROLES) if LONG else ("visitor", "administrator")


@pytest.fixture
def settings() -> dict[str, object]:
    return {"metrics": True, "design": True}


@pytest.fixture
def built(app, clock) -> world.World:
    return world.build(app, clock)


def all_of(app, built) -> dict[str, tuple[str, set[str]]]:
    """Name of an address → the address and the methods that the route table has for it, by whatever rule."""
    routes, found = app.url_map.bind("localhost"), {}
    for method in ("GET", "POST"):
        for name, address in addresses(app, built, method).items():
            path = address.partition("?")[0]
            found[name] = (address, set(routes.allowed_methods(path)))
    return found


def test_the_route_table_has_no_other_methods(app):
    assert {method for rule in app.url_map.iter_rules() for method in rule.methods or ()} == TAKEN
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(guards.GUARDS)


@pytest.mark.parametrize("role", WHO)
def test_a_method_that_a_route_does_not_have_does_nothing(app, built, role):
    reader, before, wrong = Actor(app, role), contents(), {}
    for name, (address, allowed) in all_of(app, built).items():
        for method in set(METHODS) - allowed:
            said = reader.client.open(address, method=method, data={"csrf_token": reader.token})
            if (said.status_code, set(said.allow)) != (405, allowed):
                wrong[name, method] = (said.status_code, sorted(said.allow))
    assert wrong == {}
    assert without_refusals(contents()) == without_refusals(before)


@pytest.mark.parametrize("role", ROLES if LONG else ["coordinator"])
def test_head_is_get_without_a_body_and_options_says_what_there_is(app, built, role):
    reader, before, wrong = Actor(app, role), contents(), {}
    for name, (address, allowed) in all_of(app, built).items():
        if "HEAD" in allowed:
            read, headed = reader.get(address), reader.client.head(address)
            if (read.status_code, b"") != (headed.status_code, headed.data):
                wrong[name, "HEAD"] = (read.status_code, headed.status_code, len(headed.data))
            read.close()
            headed.close()
        asked = reader.client.options(address)
        if asked.status_code == 200 and (set(asked.allow), asked.data) != (allowed, b""):
            wrong[name, "OPTIONS"] = (asked.status_code, sorted(asked.allow))
    assert wrong == {}
    assert without_refusals(contents()) == without_refusals(before)
