"""Settings: each by its name or from a file, everything wrong listed at once, and what follows from them."""

import ast
import re
import stat
from datetime import time
from typing import Any

import pytest

from config import HOME, Config, ConfigError, Mail, OpenId

KEY = "a key that is long enough to be one: 0123456789"
ERASED_KEY = "another-key-that-is-long-enough-to-be-one:0123"
OUTSIDE = {
    "ASANOKAI_BASE_URL": "https://breakfast.example.org",
    "ASANOKAI_SECRET_KEY": KEY,
    "ASANOKAI_ERASED_KEY": ERASED_KEY,
    "ASANOKAI_SENDER": "breakfast@example.org",
    "ASANOKAI_DATABASE_URL": "postgresql://asanokai:geheim@db.example.org/asanokai",
    "MAIL_SERVER": "smtp.example.org",
}
"""The least that an installation off loopback must say."""


def read(**environ: str) -> Config:
    """The settings of an installation off loopback, with some others."""
    return Config.from_env({**OUTSIDE, **environ})


def problems(**environ: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        read(**environ)
    return refused.value.problems


@pytest.fixture
def here(tmp_path):
    """The settings on loopback, in a folder of the test's own."""

    def read_here(**environ: str) -> Config:
        return Config.from_env({"ASANOKAI_INSTANCE": str(tmp_path / "own"), **environ})

    return read_here


# --- what is read -----------------------------------------------------------------------------------------------------


def test_without_any_setting_it_runs_on_loopback_with_a_file_a_key_and_a_sender_of_its_own(here, tmp_path):
    config = here()
    own = tmp_path / "own"
    assert config == Config(
        base_url="http://localhost:8000",
        secret_key=(own / "secret_key").read_text(),
        database_url=f"sqlite:///{own}/asanokai.sqlite",
        sender="asanokai@localhost",
        instance=own,
        erasures=own / "erasures",
        erased_key=(own / "erased_key").read_text(),
    )
    assert config.erased_key != config.secret_key
    assert len(config.secret_key) >= 32


def test_the_keys_of_its_own_are_made_once_and_nobody_else_may_read_them(here, tmp_path):
    configs = [here() for _ in range(3)]
    kept = {found.name: stat.S_IMODE(found.stat().st_mode) for found in (tmp_path / "own").iterdir()}
    assert (len({(one.secret_key, one.erased_key) for one in configs}), kept) == (
        1,
        {"secret_key": 0o600, "erased_key": 0o600},
    )


def test_every_setting_is_read(tmp_path):
    clock = tmp_path / "clock"
    clock.write_text("2026-03-12T08:00+01:00")
    config = Config.from_env(
        {
            "ASANOKAI_BASE_URL": "https://breakfast.example.org/",
            "ASANOKAI_SECRET_KEY": KEY,
            "ASANOKAI_SECRET_KEY_FALLBACKS": f"{'y' * 40} {'x' * 32}",
            "ASANOKAI_ERASED_KEY": ERASED_KEY,
            "ASANOKAI_ERASURES": str(tmp_path / "list"),
            "ASANOKAI_BACKUPS": "/var/backups/asanokai",
            "ASANOKAI_DATABASE_URL": "postgresql://asanokai:geheim@db.example.org/asanokai",
            "ASANOKAI_INSTANCE": str(tmp_path),
            "ASANOKAI_ORGANISATION": "朝の会 Thüringen",
            "ASANOKAI_SENDER": "breakfast@example.org",
            "ASANOKAI_REPLY_DOMAIN": "Reply.example.org",
            "ASANOKAI_DKIM_SELECTOR": "Post.2026",
            "ASANOKAI_NIGHT": "22:30-06:15",
            "ASANOKAI_LIMITS_STORAGE": "memory://",
            "WEB_CONCURRENCY": "3",
            "ASANOKAI_METRICS": "yes",
            "ASANOKAI_PROXIES": "2",
            "ASANOKAI_CLOCK": str(clock),
            "MAIL_SERVER": "smtp.example.org",
            "MAIL_PORT": "2525",
            "MAIL_USE_TLS": "true",
            "MAIL_USE_SSL": "0",
            "MAIL_USERNAME": "postbote",
            "MAIL_PASSWORD": "geheim",
            "MAIL_TIMEOUT": "7",
            "ASANOKAI_SECURITY_CONTACT": "https://example.org/security",
        }
    )
    assert config == Config(
        base_url="https://breakfast.example.org",
        secret_key=KEY,
        secret_key_fallbacks=("y" * 40, "x" * 32),
        database_url="postgresql+psycopg://asanokai:geheim@db.example.org/asanokai",
        instance=tmp_path,
        erasures=tmp_path / "list",
        erased_key=ERASED_KEY,
        backups="/var/backups/asanokai",
        organisation="朝の会 Thüringen",
        sender="breakfast@example.org",
        reply_domain="reply.example.org",
        dkim_selector="post.2026",
        night=(time(22, 30), time(6, 15)),
        limits_storage="memory://",
        web_processes=3,
        metrics=True,
        proxies=2,
        security_contact="https://example.org/security",
        clock_file=str(clock),
        mail=Mail("smtp.example.org", 2525, True, False, "postbote", "geheim", 7.0),
    )


NAMES = sorted(set(re.findall(r"\b(?:ASANOKAI|MAIL|WEB)_[A-Z_]+\b", (HOME / ".env.example").read_text())))


def read_by_config() -> set[str]:
    """The names that config.py asks the environment for."""
    asked = set()
    for node in ast.walk(ast.parse((HOME / "config.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("self.text", "self.number", "self.truth"):
            first = node.args[0]
            if isinstance(first, ast.Constant):
                asked.add(str(first.value))
    return asked


def test_the_example_names_every_setting_and_no_other():
    named = {name.removesuffix("_FILE") for name in NAMES}
    assert named == read_by_config()


def test_the_example_changes_nothing_as_it_stands():
    lines = (HOME / ".env.example").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []


@pytest.mark.parametrize("name", sorted(read_by_config()))
def test_every_setting_may_stand_in_a_file(name, tmp_path):
    """Wrong on purpose where it can be: what the file says is what is complained about or taken."""
    path = tmp_path / "setting"
    path.write_text("  nonsense\n", encoding="utf-8")
    by_name, by_file = (outcome(**{OUT: value}) for OUT, value in ((name, "nonsense"), (f"{name}_FILE", str(path))))
    assert by_file == by_name != outcome()


def outcome(**environ: str) -> object:
    try:
        return read(**environ)
    except ConfigError as error:
        return error.problems


def test_a_file_that_cannot_be_read_is_a_problem_and_not_a_missing_setting(tmp_path):
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "nowhere", tmp_path, binary):
        (problem,) = problems(ASANOKAI_ORGANISATION_FILE=str(path))
        assert problem.startswith("ASANOKAI_ORGANISATION_FILE cannot be read: ")


def test_an_empty_setting_is_as_none():
    empty = {name: "" for name in read_by_config() - set(OUTSIDE)}
    assert read(**empty, **{f"{name}_FILE": "" for name in OUTSIDE}) == read()


@pytest.mark.parametrize(
    ("said", "port"),
    [
        ({}, 25),
        ({"MAIL_USE_TLS": "yes"}, 587),
        ({"MAIL_USE_SSL": "on"}, 465),
        ({"MAIL_PORT": "2", "MAIL_USE_TLS": "1"}, 2),
    ],
)
def test_the_mail_port_follows_from_how_it_is_secured(said, port):
    assert read(**said).mail.port == port


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("postgres://a@b/c", "postgresql+psycopg://a@b/c"),
        ("postgresql://a@b/c", "postgresql+psycopg://a@b/c"),
        ("postgresql+psycopg://a@b/c", "postgresql+psycopg://a@b/c"),
        ("postgresql:///c?host=/run/postgresql", "postgresql+psycopg:///c?host=/run/postgresql"),
        ("sqlite:////var/lib/asanokai/x.sqlite", "sqlite:////var/lib/asanokai/x.sqlite"),
    ],
)
def test_a_database_may_be_named_in_the_usual_ways(written, meant):
    assert read(ASANOKAI_DATABASE_URL=written).database_url == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("HTTPS://Breakfast.Example.org", "https://breakfast.example.org"),
        ("https://breakfast.example.org:8443/", "https://breakfast.example.org:8443"),
    ],
)
def test_the_base_url_is_kept_as_browsers_send_it(written, meant):
    config = read(ASANOKAI_BASE_URL=written)
    assert (config.base_url, config.https, config.host) == (meant, True, meant.removeprefix("https://"))


@pytest.mark.parametrize("host", ["localhost:8123", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"])
def test_loopback_may_be_reached_without_https(here, host):
    assert here(ASANOKAI_BASE_URL=f"http://{host}").https is False


# --- what is refused --------------------------------------------------------------------------------------------------


def test_everything_that_is_wrong_is_listed_at_once():
    with pytest.raises(ConfigError) as refused:
        Config.from_env(
            {
                "ASANOKAI_BASE_URL": "http://breakfast.example.org",
                "ASANOKAI_SECRET_KEY": "short",
                "ASANOKAI_SECRET_KEY_FALLBACKS": "older",
                "ASANOKAI_ERASED_KEY": "old",
                "ASANOKAI_DATABASE_URL": "mysql://x/y",
                "ASANOKAI_ORGANISATION": "two\nlines",
                "ASANOKAI_REPLY_DOMAIN": "@reply",
                "ASANOKAI_DKIM_SELECTOR": "my key",
                "ASANOKAI_NIGHT": "late",
                "ASANOKAI_LIMITS_STORAGE": "paper://",
                "ASANOKAI_METRICS": "perhaps",
                "ASANOKAI_PROXIES": "-1",
                "ASANOKAI_CLOCK": "/nowhere",
                "MAIL_PORT": "smtp",
                "MAIL_USE_TLS": "yes",
                "MAIL_USE_SSL": "yes",
                "MAIL_USERNAME": "postbote",
                "MAIL_TIMEOUT": "0",
            }
        )
    assert refused.value.problems == [
        "ASANOKAI_BASE_URL is “http://breakfast.example.org”: off this machine the pages must be served over https",
        "ASANOKAI_SECRET_KEY is too short: 32 characters at least",
        "ASANOKAI_SECRET_KEY_FALLBACKS holds a key that is too short: 32 characters at least",
        "ASANOKAI_DATABASE_URL must begin with sqlite:/// or postgresql://",
        "ASANOKAI_ORGANISATION must be one line of at most 200 characters",
        "ASANOKAI_SENDER must be a plain mail address, such as breakfast@example.org",
        "ASANOKAI_REPLY_DOMAIN must be a domain such as reply.example.org, not “@reply”",
        "ASANOKAI_DKIM_SELECTOR must be a selector such as mail2026, not “my key”",
        "MAIL_SERVER is missing: the host that takes the letters",
        "MAIL_USE_SSL and MAIL_USE_TLS exclude each other: 465 wants SSL, 587 wants TLS",
        "MAIL_USERNAME and MAIL_PASSWORD belong together: one of them is missing",
        "MAIL_PORT must be a number from 1 to 65535, not “smtp”",
        "MAIL_TIMEOUT must be a number from 1 to 600, not “0”",
        "ASANOKAI_NIGHT must be of the form 21:00-07:00, not “late”",
        "ASANOKAI_LIMITS_STORAGE cannot be used: unknown storage scheme : paper://",
        "ASANOKAI_METRICS must be yes or no, not “perhaps”",
        "ASANOKAI_PROXIES must be a number from 0 to 5, not “-1”",
        "ASANOKAI_CLOCK must be a file that holds the time, not “/nowhere”",
        "ASANOKAI_ERASED_KEY is too short: 32 characters at least",
    ]
    assert str(refused.value).splitlines() == [
        "The settings cannot be used:",
        *(f"  - {problem}" for problem in refused.value.problems),
    ]


def test_off_loopback_nothing_is_made_up():
    with pytest.raises(ConfigError) as refused:
        Config.from_env({"ASANOKAI_BASE_URL": "https://breakfast.example.org", "ASANOKAI_INSTANCE": "/nowhere/at/all"})
    assert [problem.split()[0] for problem in refused.value.problems if "made" not in problem] == [
        "ASANOKAI_SECRET_KEY",
        "ASANOKAI_SENDER",
        "MAIL_SERVER",
        "ASANOKAI_ERASED_KEY",
    ]


@pytest.mark.parametrize("name", ["ASANOKAI_SECRET_KEY", "ASANOKAI_SECRET_KEY_FALLBACKS"])
def test_the_key_that_never_changes_is_none_of_those_that_must_be_changed_when_they_leak(name):
    assert problems(**{name: ERASED_KEY}) == [
        "ASANOKAI_ERASED_KEY must be a key of its own, not one of ASANOKAI_SECRET_KEY"
    ]


@pytest.mark.parametrize(
    "address", ["http://breakfast.example.org", "http://192.168.1.5:8000", "http://localhost.example.org"]
)
def test_off_loopback_http_is_refused(address):
    assert problems(ASANOKAI_BASE_URL=address) == [
        f"ASANOKAI_BASE_URL is “{address}”: off this machine the pages must be served over https"
    ]


NO_ADDRESSES = [
    "breakfast.example.org",
    "ftp://breakfast.example.org",
    "https://",
    "https://breakfast.example.org/asanokai",
    "https://breakfast.example.org?x=1",
    "https://breakfast.example.org#x",
    "https://user:geheim@breakfast.example.org",
    "https://breakfast.example.org:port",
    "https://breakfast.example.org:99999",
    "https://[::1",
    "https://breakfast example.org",
    "https://break\nfast.example.org",
    "https://-.example.org",
    "javascript:alert(1)",
    "x" * 100_000,
]


@pytest.mark.parametrize("address", NO_ADDRESSES, ids=lambda address: address[:30])
def test_a_base_url_that_is_none_is_refused(address):
    (problem,) = problems(ASANOKAI_BASE_URL=address)
    assert problem.startswith("ASANOKAI_BASE_URL must be of the form https://breakfast.example.org, not “")
    assert (len(problem) < 250, "\n" in problem) == (True, False)


@pytest.mark.parametrize(
    "sender",
    ["breakfast", "a@b@c", "a b@example.org", "a@example.org\nBcc: x@y.example", "<a@b.example>", "ä@example.org"],
)
def test_a_sender_that_is_no_plain_address_is_refused(sender):
    assert problems(ASANOKAI_SENDER=sender) == [
        "ASANOKAI_SENDER must be a plain mail address, such as breakfast@example.org"
    ]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true"])
def test_a_database_in_memory_is_refused(url):
    assert [problem.split(" must ")[0] for problem in problems(ASANOKAI_DATABASE_URL=url)] == ["ASANOKAI_DATABASE_URL"]


@pytest.mark.parametrize("url", ["postgresql://a:geheim@b:port/c", "postgresql://a:geheim@b"])
def test_a_database_that_cannot_be_read_is_refused_without_showing_its_password(url):
    (problem,) = problems(ASANOKAI_DATABASE_URL=url)
    assert (problem.startswith("ASANOKAI_DATABASE_URL "), "geheim" in problem) == (True, False)


@pytest.mark.parametrize("typed", ["9" * 5000, "-1", "1.5", "٣", "0x10", "1e3", "65536", "0"])
def test_a_number_that_is_none_is_refused(typed):
    assert problems(MAIL_PORT=typed) == [f"MAIL_PORT must be a number from 1 to 65535, not “{typed[:100]}”"]


@pytest.mark.parametrize(
    "typed", ["21:00", "21:00-25:00", "21-7", "21:00+01:00-07:00", "21:00-07:00-09:00", "２１:00-07:00"]
)
def test_a_night_that_is_none_is_refused(typed):
    assert problems(ASANOKAI_NIGHT=typed) == [f"ASANOKAI_NIGHT must be of the form 21:00-07:00, not “{typed}”"]


@pytest.mark.parametrize("name", sorted(read_by_config()))
def test_bytes_that_are_no_text_are_refused_in_every_setting(name):
    """So they arrive from an environment that is not UTF-8."""
    assert [problem.split()[0] for problem in problems(**{name: "caf\udce9"})][:1] == [name]


def test_a_folder_that_cannot_be_made_is_a_problem(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError) as refused:
        Config.from_env({"ASANOKAI_INSTANCE": str(tmp_path / "file" / "own")})
    assert [problem.split(",")[0] for problem in refused.value.problems] == [
        "ASANOKAI_SECRET_KEY is missing",
        "ASANOKAI_DATABASE_URL is missing",
        "ASANOKAI_ERASED_KEY is missing",
    ]


# --- what follows from them -------------------------------------------------------------------------------------------


COOKIE = re.compile(r"(?P<name>[^=]+)=[^;]+;(?P<rest>.*)")


def cookie(client: Any, base_url: str) -> tuple[str, set[str]]:
    """The cookie that remembers a language: its name and what binds it, but for how long it lives."""
    set_cookie = client.get("/privacy?lang=ja", base_url=base_url).headers["Set-Cookie"]
    found = COOKIE.fullmatch(set_cookie)
    assert found
    return found["name"], {part.strip() for part in found["rest"].split(";") if "Expires" not in part}


class TestOverHttps:
    @pytest.fixture
    def settings(self):
        return {"base_url": "https://breakfast.example.org"}

    def test_cookies_are_bound_to_the_host_and_to_https(self, client):
        bound = {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"}
        assert cookie(client, "https://breakfast.example.org") == ("__Host-asanokai", bound)


def test_without_https_cookies_are_plain_since_browsers_would_drop_them(client):
    assert cookie(client, "http://localhost:8000") == ("asanokai", {"Path=/", "HttpOnly", "SameSite=Lax"})


def test_older_keys_still_verify_cookies():
    config = read(ASANOKAI_SECRET_KEY_FALLBACKS=f"{'y' * 40} {'x' * 32}").flask()
    assert (config["SECRET_KEY"], config["SECRET_KEY_FALLBACKS"]) == (KEY, ["y" * 40, "x" * 32])


def test_mail_is_named_as_flask_mail_wants_it():
    config = read(MAIL_PORT="2525", MAIL_USE_TLS="yes", MAIL_USERNAME="u", MAIL_PASSWORD="p", MAIL_TIMEOUT="7")
    assert {name: value for name, value in config.flask().items() if name.startswith("MAIL_")} == {
        "MAIL_SERVER": "smtp.example.org",
        "MAIL_PORT": 2525,
        "MAIL_USE_TLS": True,
        "MAIL_USE_SSL": False,
        "MAIL_USERNAME": "u",
        "MAIL_PASSWORD": "p",
        "MAIL_DEFAULT_SENDER": "breakfast@example.org",
        "MAIL_DEBUG": 0,
        "MAIL_SUPPRESS_SEND": False,
        "MAIL_TIMEOUT": 7.0,
    }


OPENID = {
    "ASANOKAI_OIDC_ISSUER": "https://id.example.org/realms/staff",
    "ASANOKAI_OIDC_CLIENT_ID": "asanokai",
    "ASANOKAI_OIDC_CLIENT_SECRET": "secret",
    "ASANOKAI_OIDC_NAME": "Staff account",
}


def openid_problems(**changed: str) -> list[str]:
    try:
        Config.from_env({**OPENID, **changed})
    except ConfigError as error:
        return error.problems
    return []


def test_an_openid_provider_is_told_whole_or_not_at_all_and_by_https_off_this_machine(tmp_path):
    assert Config.from_env({"ASANOKAI_INSTANCE": str(tmp_path)}).openid is None
    found = Config.from_env({**OPENID, "ASANOKAI_INSTANCE": str(tmp_path)}).openid
    assert found == OpenId("https://id.example.org/realms/staff", "asanokai", "secret", "Staff account")
    home = {"ASANOKAI_INSTANCE": str(tmp_path)}
    for name in OPENID:
        assert openid_problems(**home, **{name: ""}) == [
            f"The settings for an OpenID provider belong together; missing: {name}"
        ]
    wrong = ("http://id.example.org", "https://id.example.org?x", "https://a b.example", "ftp://x", "id.example.org")
    for issuer in wrong:
        assert len(openid_problems(**home, ASANOKAI_OIDC_ISSUER=issuer)) == 1
    for issuer in ("https://id.example.org/", "http://localhost:8080/realms/x"):
        assert openid_problems(**home, ASANOKAI_OIDC_ISSUER=issuer) == []
