"""What an OpenID provider's words are worth: tokens that lie, and addresses that lead where nobody is asked to go."""

import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from asanokai.provider import Away, NotBelieved, Provider
from tests.authenticator import text

ISSUER = "https://id.example"
NONCE = "a nonce"
OWN, OTHERS = (RSAKey.generate_key(2048, {"kid": kid}) for kid in ("own", "others"))
PUBLIC = OWN.as_dict(private=False)


class Told(Provider):
    """A provider whose pages stand here."""

    def __init__(self, pages=None, issuer: str = ISSUER) -> None:
        super().__init__(issuer=issuer, client_id="us", client_secret="s", redirect_uri="https://kai.example/back")
        self.pages = pages or {
            "/.well-known/openid-configuration": {"issuer": issuer, "jwks_uri": f"{issuer}/keys"},
            "/keys": {"keys": [PUBLIC]},
        }
        self.asked: list[str] = []

    def _read(self, address):
        self.asked.append(address)
        return self.pages[address.removeprefix(self.issuer)]


def claims(now: int, **other):
    usual = {"iss": ISSUER, "sub": "s-1", "aud": "us", "nonce": NONCE, "iat": now, "exp": now + 300}
    return {name: words for name, words in {**usual, **other}.items() if words is not None}


def signed(said, key=OWN, **header) -> str:
    algorithm = header.get("alg", "RS256")
    return jwt.encode({"alg": algorithm, "kid": "own", **header}, said, key, algorithms=[algorithm])


def by_hand(algorithm: str, said, sign) -> str:
    """A token that no library would make."""
    parts = [text(json.dumps(one).encode()) for one in ({"alg": algorithm, "kid": "own"}, said)]
    return ".".join((*parts, text(sign(".".join(parts).encode()))))


@pytest.fixture
def now(clock) -> int:
    return int(clock.now.timestamp())


def test_a_token_that_is_in_order_is_believed(now):
    said = claims(now, aud=["us"], azp="us", email="a@b.example")
    assert Told().believed(signed(said), NONCE) == said


WRONG = {
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "them"},
    "no audience": {"aud": None},
    "others beside us and no party": {"aud": ["us", "them"]},
    "another party": {"aud": ["us", "them"], "azp": "them"},
    "another nonce": {"nonce": "theirs"},
    "no nonce": {"nonce": None},
    "no subject": {"sub": None},
    "a subject that is none": {"sub": 7},
    "no end": {"exp": None},
    "no beginning": {"iat": None},
}


def test_a_token_with_any_of_these_is_not_believed(now):
    tokens = {wrong: signed(claims(now, **how)) for wrong, how in WRONG.items()}
    tokens["past its end"] = signed(claims(now, iat=now - 900, exp=now - 61))
    tokens["from the future"] = signed(claims(now, iat=now + 61, nbf=now + 61))
    tokens["another's key under our name"] = signed(claims(now), OTHERS)
    tokens["an unknown key"] = signed(claims(now), OTHERS, kid="others")
    head, body, _signature = signed(claims(now)).split(".")
    tokens["no signature"] = f"{head}.{body}."
    tokens["the algorithm none"] = by_hand("none", claims(now), lambda _words: b"")
    # The trap: the public key, which everybody has, taken for a shared secret.
    secret = OWN.as_pem(private=False)
    tokens["the public key as a secret"] = by_hand(
        "HS256", claims(now), lambda words: hmac.digest(secret, words, "sha256")
    )
    tokens["altered"] = signed(claims(now)).replace(body, signed(claims(now, sub="s-2")).split(".")[1])
    tokens |= {"nonsense": "x", "nothing": "", "more nonsense": "e30.e30.e30", "dots": ".." * 500}
    believed = []
    for wrong, token in tokens.items():
        try:
            Told().believed(token, NONCE)
            believed.append(wrong)
        except NotBelieved:
            pass
    assert believed == []


def test_without_a_nonce_of_our_own_nothing_is_believed(now):
    with pytest.raises(NotBelieved):
        Told().believed(signed(claims(now, nonce="")), "")


def test_what_it_says_about_itself_is_read_once_an_hour_and_keys_anew_when_one_is_unknown(now, clock):
    told = Told()
    for _ in range(3):
        told.believed(signed(claims(now)), NONCE)
    assert [address.removeprefix(ISSUER) for address in told.asked] == ["/.well-known/openid-configuration", "/keys"]
    told.pages["/keys"] = {"keys": [OTHERS.as_dict(private=False)]}
    new = signed(claims(now), OTHERS, kid="others")
    with pytest.raises(NotBelieved):
        told.believed(new, NONCE)
    clock.advance(seconds=61)
    told.believed(new, NONCE)
    with pytest.raises(NotBelieved):
        told.believed(signed(claims(now)), NONCE)
    assert len(told.asked) == 3
    clock.advance(hours=1)
    told.about()
    assert len(told.asked) == 4


def test_who_says_that_it_is_another_is_not_asked_further(clock):
    other = {"/.well-known/openid-configuration": {"issuer": "https://evil.example", "jwks_uri": f"{ISSUER}/keys"}}
    with pytest.raises(Away):
        Told(other).about()


def test_an_address_that_is_not_https_is_not_asked(clock):
    pages = {"/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": "http://id.example/keys"}}
    for name in ("jwks_uri", "token_endpoint"):
        with pytest.raises(Away):
            Told(pages)._endpoint(name)


# --- over the wire ----------------------------------------------------------------------------------------------------


@contextmanager
def answering(answer) -> Iterator[tuple[str, list[str]]]:
    """A server on the loopback: its address, and what it was asked."""
    asked: list[str] = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, words in headers.items():
                self.send_header(name, words)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def of(issuer: str) -> Provider:
    return Provider(issuer=issuer, client_id="us", client_secret="s", redirect_uri="https://kai.example/back")


LONG = json.dumps({"issuer": "x" * 300_000}).encode()


@pytest.mark.parametrize(
    "answer",
    [
        (302, {"Location": "http://localhost:9/elsewhere"}, b""),
        (200, {}, LONG),
        (200, {}, b"[]"),
        (200, {}, b"\xff"),
        (200, {}, b"[" * 100_000),
        (500, {}, b"{}"),
        (200, {"Content-Length": "99"}, b"{}"),
    ],
    ids=["a redirect", "too long", "a list", "no text", "deep", "its own trouble", "cut off"],
)
def test_an_answer_that_is_none_means_that_it_is_away(clock, answer):
    with answering(lambda _path: answer) as (issuer, asked):
        with pytest.raises(Away):
            of(issuer).about()
        assert len(asked) == 1


def test_who_is_away_is_not_asked_again_for_a_while(clock):
    with answering(lambda _path: (500, {}, b"")) as (issuer, asked):
        provider = of(issuer)
        for _ in range(3):
            with pytest.raises(Away):
                provider.about()
        clock.advance(seconds=20)
        with pytest.raises(Away):
            provider.about()
        assert len(asked) == 2


def test_a_public_provider_leads_nowhere_into_our_own_network(clock):
    with answering(lambda _path: (200, {}, b"{}")) as (near, asked):
        port = near.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            provider = of(ISSUER)
            with pytest.raises(Away):
                provider._read(f"http://{host}:{port}/")
        assert asked == []


def test_only_what_it_says_by_name_comes_from_it(clock):
    plain = Told()
    assert [plain.may_come_from(one) for one in (None, ISSUER, "https://evil.example", "")] == [
        True,
        True,
        False,
        False,
    ]
    plain.about()["authorization_response_iss_parameter_supported"] = True
    assert plain.may_come_from(None) is False
