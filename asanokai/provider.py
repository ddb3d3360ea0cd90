"""An OpenID provider, as its client: where to send somebody, and what the code they come back with is worth.

OpenID Connect Core 1.0, authorisation code with PKCE S256 (RFC 7636), by way of Authlib. Held against what the provider
says: issuer, audience, authorised party, time, nonce, signature and algorithm of the identity token; neither `none` nor
a shared secret's algorithm is ever believed. Access tokens are used once, for the address if the token does not say it,
and kept nowhere.

What it may ask of the network: the provider's own https addresses, on public hosts, no redirect, so many octets in so
many seconds; where the issuer itself is on the loopback, only the loopback. What was learned about the provider is kept
for an hour. Knows no member. Loaded only when somebody first signs in this way.
"""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import RequestException, Response
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from asanokai import clock, outgoing
from asanokai.errors import N_, Refused

TIMEOUT = (3.0, 5.0)
"""Seconds to wait for a connection, and for the next octets."""

PATIENCE = 10.0
MOST_OCTETS = 256 * 1024
KEPT = timedelta(hours=1)
AWAY_FOR = timedelta(seconds=20)
"""How long a provider that did not answer is not asked again, so that nobody waits behind it."""

KEYS_AGAIN = timedelta(minutes=1)
"""How often an unknown key may make us read the provider's keys anew."""

LEEWAY = 60
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures by a key that only the provider has."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Away(Refused):
    """The provider cannot be reached, or talks nonsense."""

    status = 503

    def __init__(self) -> None:
        super().__init__(N_("This service cannot be reached at the moment. Please use another way to sign in."))


class NotBelieved(Refused):
    """What came back proves nothing."""

    status = 422

    def __init__(self) -> None:
        super().__init__(N_("It was not confirmed who you are. Please try once more, or use another way to sign in."))


@dataclass(frozen=True)
class Claims:
    """Who the provider says it is. `email` is theirs only if `email_verified`. `proved_at`: when they showed there who
    they are, which may be long ago; None if it does not say."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    proved_at: datetime | None = None


class Provider:
    """One provider and our place with it."""

    def __init__(self, *, issuer: str, client_id: str, client_secret: str, redirect_uri: str) -> None:
        self.issuer, self.client_id, self.redirect_uri = issuer, client_id, redirect_uri
        self._client_secret = client_secret
        self._near = (urlsplit(issuer).hostname or "") in LOOPBACK
        self._about: _Kept | None = None
        self._keys: _Kept | None = None
        self._away_until: datetime | None = None

    def address(self, *, state: str, nonce: str, verifier: str, anew: bool = False) -> str:
        """Where to send somebody. `anew`: the provider shall not answer by itself for who is signed in there, and must
        say when they showed who they are (OpenID Connect Core 3.1.2.1). Raises `Away`."""
        more = {"prompt": "login", "max_age": "0"} if anew else {}
        with self._line() as line:
            where = self._endpoint("authorization_endpoint")
            address, _state = line.create_authorization_url(
                where, state=state, code_verifier=verifier, nonce=nonce, **more
            )
        return str(address)

    def may_come_from(self, issuer: str | None) -> bool:
        """Whether an answer came from this provider, as far as it says so (RFC 9207)."""
        if issuer is None:
            return not self.about().get("authorization_response_iss_parameter_supported")
        return issuer == self.issuer

    def redeem(self, code: str, *, verifier: str, nonce: str) -> Claims:
        """What a code is worth. Raises `NotBelieved`, or `Away`."""
        with self._line() as line:
            token = self._token(line, code, verifier)
            said = self.believed(str(token.get("id_token") or ""), nonce, str(token.get("access_token") or ""))
            if "email" not in said and "userinfo_endpoint" in self.about():
                more = _json(lambda: line.get(self._endpoint("userinfo_endpoint")))
                # Another subject's words are nobody's (OpenID Connect Core 5.3.2).
                if more.get("sub") == said["sub"]:
                    said = {**more, **said}
        email = said.get("email")
        return Claims(
            self.issuer,
            str(said["sub"]),
            email if isinstance(email, str) else "",
            said.get("email_verified") is True,
            _moment(said.get("auth_time")),
        )

    def _token(self, line: "_Line", code: str, verifier: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = line.fetch_token(
                self._endpoint("token_endpoint"), grant_type="authorization_code", code=code, code_verifier=verifier
            )
        except OAuthError as error:
            raise NotBelieved from error
        except (RequestException, HTTPError, ValueError) as error:
            raise self._gone() from error
        return found

    # --- the identity token ---

    def believed(self, token: str, nonce: str, access_token: str = "") -> dict[str, Any]:
        """What an identity token says. Raises `NotBelieved` if anything about it is wrong."""
        try:
            read = self._verified(token)
            claims = CodeIDToken(
                read.claims,
                read.header,
                options={
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self.client_id},
                    "sub": {"essential": True},
                },
                params={"nonce": nonce, "client_id": self.client_id, "access_token": access_token},
            )
            claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY)
        except (JoseError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise NotBelieved from error
        # Authlib takes an empty one for none (OpenID Connect Core 3.1.3.7, 11).
        if not nonce or claims.get("nonce") != nonce or not isinstance(claims.get("sub"), str):
            raise NotBelieved
        return dict(claims)

    def _verified(self, token: str) -> Any:
        """The token, if one of the provider's keys has signed it; an unknown key may be a new one."""
        try:
            return jwt.decode(token, self.keys(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            if not self._may_read_keys_again():
                raise
            self._keys = None
            return jwt.decode(token, self.keys(), algorithms=ALGORITHMS)

    def _may_read_keys_again(self) -> bool:
        return self._keys is not None and clock.now() - self._keys.since > KEYS_AGAIN

    # --- what the provider says about itself ---

    def about(self) -> dict[str, Any]:
        """Its own description (OpenID Connect Discovery 1.0), read once an hour. Raises `Away`."""
        if not _fresh(self._about):
            found = self._read(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self.issuer:
                raise self._gone()
            self._about = _Kept(clock.now(), found)
        assert self._about is not None
        said: dict[str, Any] = self._about.what
        return said

    def keys(self) -> KeySet:
        """The keys it signs with. Raises `Away`."""
        if not _fresh(self._keys):
            found = self._read(self._endpoint("jwks_uri"))
            try:
                keys = KeySet.import_key_set({"keys": [one for one in found["keys"] if one["kty"] != "oct"]})
            except (JoseError, ValueError, TypeError, LookupError) as error:
                raise self._gone() from error
            self._keys = _Kept(clock.now(), keys)
        assert self._keys is not None
        found_keys: KeySet = self._keys.what
        return found_keys

    def _endpoint(self, name: str) -> str:
        """One of its addresses: https, or on this machine like itself. Raises `Away`."""
        said = self.about().get(name)
        parts = urlsplit(said) if isinstance(said, str) else None
        if parts is None or not parts.hostname or parts.scheme not in (("https", "http") if self._near else ("https",)):
            raise self._gone()
        return str(said)

    def _read(self, address: str) -> dict[str, Any]:
        if self._away_until is not None and clock.now() < self._away_until:
            raise Away
        with self._line() as line:
            try:
                return _json(lambda: line.get(address, withhold_token=True))
            except Away as error:
                raise self._gone() from error

    def _gone(self) -> Away:
        self._away_until = clock.now() + AWAY_FOR
        return Away()

    def _line(self) -> "_Line":
        methods = self._about.what.get("token_endpoint_auth_methods_supported") if self._about else None
        basic = not isinstance(methods, list) or "client_secret_basic" in methods
        line = _Line(
            client_id=self.client_id,
            client_secret=self._client_secret,
            redirect_uri=self.redirect_uri,
            scope="openid email",
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if basic else "client_secret_post",
        )
        line.keep_to(near=self._near)
        return line


@dataclass(frozen=True)
class _Kept:
    """Something read, and when."""

    since: datetime
    what: Any


def _fresh(kept: _Kept | None) -> bool:
    return kept is not None and clock.now() - kept.since < KEPT


def _moment(said: Any) -> datetime | None:
    """Seconds since 1970 as a moment that has passed; None for anything else."""
    known = isinstance(said, int) and not isinstance(said, bool) and 0 < said <= clock.now().timestamp() + LEEWAY
    return min(datetime.fromtimestamp(said, UTC), clock.now()) if known else None


def _json(ask: Callable[[], Response]) -> dict[str, Any]:
    """The object that is answered. Raises `Away` for anything else."""
    try:
        answer = ask()
        found = answer.json() if answer.status_code == 200 else None
    except (RequestException, HTTPError, OAuthError, ValueError, RecursionError) as error:
        raise Away from error
    if not isinstance(found, dict):
        raise Away
    return found


# --- the line to it ---------------------------------------------------------------------------------------------------


class _Line(OAuth2Session):  # type: ignore[misc]  # Authlib carries no types
    """Authlib's session, held short: no redirects, no proxy or password out of the environment, so much and no more."""

    def keep_to(self, *, near: bool) -> None:
        """Speak only to public hosts or, `near`, only to this machine."""
        self.trust_env = False
        self.headers["Accept-Encoding"] = "identity"
        for scheme in ("https://", "http://"):
            self.mount(scheme, _adapter(near=near))

    def send(self, request: Any, **how: Any) -> Response:
        """Ask, and take in the answer within bounds."""
        how |= {"allow_redirects": False, "stream": True, "timeout": TIMEOUT}
        answer: Response = super().send(request, **how)
        answer._content = _bounded(answer)
        return answer


def _bounded(answer: Response) -> bytes:
    """The whole body. Raises `RequestException` if it is too long or too slow."""
    began, whole = time.monotonic(), b""
    try:
        while piece := answer.raw.read1(64 * 1024):
            whole += piece
            if len(whole) > MOST_OCTETS or time.monotonic() - began > PATIENCE:
                raise RequestException("too much or too slow")
    finally:
        answer.close()
    return whole


def _adapter(*, near: bool) -> HTTPAdapter:
    """Connections that look at whom they have reached before they say anything: a name may lead anywhere, and somewhere
    else than a moment ago."""
    made = HTTPAdapter()
    plain, secure = (_NearPlain, _NearSecure) if near else (_FarPlain, _FarSecure)
    made.poolmanager.pool_classes_by_scheme = {"http": plain, "https": secure}
    return made


def _reached(connection: Any, line: Any, *, near: bool) -> Any:
    """The open line, if it leads where it may."""
    host = line.getpeername()[0].partition("%")[0]
    if ipaddress.ip_address(host).is_loopback if near else outgoing.is_public(host):
        return line
    line.close()
    raise NewConnectionError(connection, "not a host that may be asked")


class _NearPlainConnection(HTTPConnection):
    def _new_conn(self) -> Any:
        return _reached(self, super()._new_conn(), near=True)


class _NearSecureConnection(HTTPSConnection):
    def _new_conn(self) -> Any:
        return _reached(self, super()._new_conn(), near=True)


class _FarPlainConnection(HTTPConnection):
    def _new_conn(self) -> Any:
        return _reached(self, super()._new_conn(), near=False)


class _FarSecureConnection(HTTPSConnection):
    def _new_conn(self) -> Any:
        return _reached(self, super()._new_conn(), near=False)


class _NearPlain(HTTPConnectionPool):
    ConnectionCls = _NearPlainConnection


class _NearSecure(HTTPSConnectionPool):
    ConnectionCls = _NearSecureConnection


class _FarPlain(HTTPConnectionPool):
    ConnectionCls = _FarPlainConnection


class _FarSecure(HTTPSConnectionPool):
    ConnectionCls = _FarSecureConnection
