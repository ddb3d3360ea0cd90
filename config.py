"""Settings from the environment. `Config.from_env()` lists everything that is missing or makes no sense at once.

A setting NAME may also be given as NAME_FILE, the path of a file that holds it: the way secrets are handed to services.
`.env.example` explains every setting. Nothing here opens a database or a port.
"""

import contextlib
import os
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

HOME = Path(__file__).resolve().parent
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LEAST_SECRET = 32

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE)
_SENDER = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")


class ConfigError(Exception):
    """The settings cannot be used; `problems` says everything that is wrong with them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("The settings cannot be used:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Mail:
    """How letters leave: Flask-Mail's own names, without the MAIL_ in front."""

    server: str = "localhost"
    port: int = 25
    use_tls: bool = False
    use_ssl: bool = False
    username: str | None = None
    password: str | None = None
    timeout: float = 20.0


@dataclass(frozen=True)
class OpenId:
    """An OpenID provider of the operator's, and what its button is called."""

    issuer: str
    client_id: str
    client_secret: str
    name: str


@dataclass(frozen=True)
class Config:
    """All settings, checked. `night` is the pair of wall times between which nothing unasked arrives."""

    base_url: str
    secret_key: str
    database_url: str
    organisation: str = "Asa no Kai"
    sender: str = ""
    reply_domain: str = ""
    secret_key_fallbacks: tuple[str, ...] = ()
    seal_key: str = ""
    seal_public: tuple[str, ...] = ()
    intake_lmtp: str = ""
    intake_imap: str = ""
    authserv_id: str = ""
    dkim_selector: str = ""
    mail: Mail = field(default_factory=Mail)
    openid: OpenId | None = None
    night: tuple[time, time] = (time(21), time(7))
    limits_storage: str = "memory://"
    web_processes: int = 2
    metrics: bool = False
    design: bool = False
    proxies: int = 0
    security_contact: str = ""
    clock_file: str = ""
    instance: Path = HOME / "instance"
    erasures: Path = HOME / "instance" / "erasures"
    erased_key: str = ""
    backups: str = ""
    testing: bool = False

    @property
    def seal_keys(self) -> tuple[str, ...]:
        """The secrets from which the keys of the journal's seals are made, the one that signs first."""
        # A key of its own is believed alone: who has learnt the secret key, from the web server, could seal with it.
        return (self.seal_key,) if self.seal_key else (self.secret_key, *self.secret_key_fallbacks)

    @property
    def https(self) -> bool:
        """Whether the pages are reached over https."""
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        """Host and port of the base URL, as a browser sends them."""
        return urlsplit(self.base_url).netloc

    @property
    def mail_domain(self) -> str:
        """The domain that Message-IDs and, where there is none for replies, the sender belong to."""
        return self.reply_domain or self.sender.rpartition("@")[2] or urlsplit(self.base_url).hostname or "localhost"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Read the settings. Raises `ConfigError` with everything that is wrong."""
        reader = _Reader(os.environ if environ is None else environ)
        config = reader.config()
        if reader.problems:
            raise ConfigError(reader.problems)
        return config

    @classmethod
    def for_tests(cls, **settings: Any) -> "Config":
        """Settings for a test: a loopback address, a fixed key; `settings` override."""
        usual = {
            "base_url": "http://localhost:8000",
            "secret_key": "a key for tests only, long enough to be one",
            "organisation": "Asa no Kai Thüringen",
            "sender": "asanokai@asanokai.example",
            "reply_domain": "reply.asanokai.example",
            "erased_key": "another key for tests only, long enough to be one",
            "testing": True,
        }
        return cls(**{**usual, **settings})

    def flask(self) -> dict[str, Any]:
        """The same as Flask's and its extensions' own configuration names."""
        prefix = "__Host-" if self.https else ""
        return {
            "SECRET_KEY": self.secret_key,
            "SECRET_KEY_FALLBACKS": list(self.secret_key_fallbacks),
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(self.database_url),
            "SQLALCHEMY_BINDS": _readers(self.database_url),
            "PREFERRED_URL_SCHEME": "https" if self.https else "http",
            "TRUSTED_HOSTS": sorted({urlsplit(self.base_url).hostname or "", *LOOPBACK}),
            "SESSION_COOKIE_NAME": f"{prefix}asanokai",
            "SESSION_COOKIE_SECURE": self.https,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "PERMANENT_SESSION_LIFETIME": 60 * 60 * 24 * 60,  # as long as `devices.UNUSED`
            "SESSION_REFRESH_EACH_REQUEST": False,  # `web` does it once a day
            "MAX_CONTENT_LENGTH": 4 * 1024 * 1024,
            "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
            "WTF_CSRF_TIME_LIMIT": None,
            # Flask-WTF knows no older keys, but hands these to itsdangerous, which signs with the last of a list.
            "WTF_CSRF_SECRET_KEY": [*reversed(self.secret_key_fallbacks), self.secret_key],
            # It wants a Referer, which our pages let no browser send; `web.origins` looks where a form comes from.
            "WTF_CSRF_SSL_STRICT": False,
            "RATELIMIT_STORAGE_URI": self.limits_storage,
            "RATELIMIT_ENABLED": not self.testing,
            "BABEL_DEFAULT_LOCALE": "en",
            "BABEL_TRANSLATION_DIRECTORIES": str(HOME / "asanokai" / "translations"),
            "MAIL_SERVER": self.mail.server,
            "MAIL_PORT": self.mail.port,
            "MAIL_USE_TLS": self.mail.use_tls,
            "MAIL_USE_SSL": self.mail.use_ssl,
            "MAIL_USERNAME": self.mail.username,
            "MAIL_PASSWORD": self.mail.password,
            "MAIL_DEFAULT_SENDER": self.sender,
            "MAIL_DEBUG": 0,
            "MAIL_SUPPRESS_SEND": False,
            "MAIL_TIMEOUT": self.mail.timeout,
            "TESTING": self.testing,
        }


SILENT = {"hide_parameters": True}
"""What a statement that fails was given stands in no log: it may be anybody's name."""


def _engine_options(database_url: str) -> dict[str, Any]:
    if database_url.startswith("sqlite"):
        return {"connect_args": {"timeout": 10}, **SILENT}
    return {"pool_size": 8, "max_overflow": 8, **SILENT}


def _readers(database_url: str) -> dict[str, Any]:
    """The connections of requests that only read: `asanokai.db` says why PostgreSQL has them."""
    if database_url.startswith("sqlite"):
        return {}
    only_reading = {"options": "-c default_transaction_read_only=on"}
    return {"reading": {"url": database_url, "isolation_level": "AUTOCOMMIT", "connect_args": only_reading, **SILENT}}


class _Reader:
    """Reads one setting after the other and notes what is wrong instead of stopping."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def config(self) -> Config:
        self.instance = Path(self.text("ASANOKAI_INSTANCE") or HOME / "instance").absolute()
        base_url = self._base_url()
        loopback = urlsplit(base_url).hostname in LOOPBACK
        secret_key, fallbacks = self._secret_key(loopback), self._secret_key_fallbacks()
        return Config(
            base_url=base_url,
            secret_key=secret_key,
            database_url=self._database_url(),
            organisation=self._organisation(),
            sender=self._sender(loopback),
            reply_domain=self._reply_domain(),
            secret_key_fallbacks=fallbacks,
            seal_key=self._seal_key(),
            seal_public=self._seal_public(),
            intake_lmtp=self._intake_lmtp(),
            intake_imap=self._intake_imap(),
            authserv_id=self.text("ASANOKAI_AUTHSERV_ID").lower(),
            dkim_selector=self._dkim_selector(),
            mail=self._mail(loopback),
            openid=self._openid(),
            night=self._night(),
            limits_storage=self._limits_storage(),
            web_processes=self.number("WEB_CONCURRENCY", 2, least=1, most=64),
            metrics=self.truth("ASANOKAI_METRICS"),
            design=self.truth("ASANOKAI_DESIGN"),
            proxies=self.number("ASANOKAI_PROXIES", 0, most=5),
            security_contact=self._security_contact(),
            clock_file=self._clock_file(),
            instance=self.instance,
            erasures=Path(self.text("ASANOKAI_ERASURES") or self.instance / "erasures").absolute(),
            backups=self.text("ASANOKAI_BACKUPS"),
            erased_key=self._erased_key(loopback, (secret_key, *fallbacks)),
        )

    def text(self, name: str, default: str = "") -> str:
        path = self.environ.get(f"{name}_FILE")
        if path:
            try:
                return Path(path).read_text(encoding="utf-8").strip() or default
            except (OSError, ValueError) as error:
                self.problems.append(f"{name}_FILE cannot be read: {error}")
                return default
        typed = self.environ.get(name, "").strip()
        # Bytes that are no UTF-8 arrive as halves of surrogate pairs, which no database, page or mail can hold.
        if any("\ud800" <= sign <= "\udfff" for sign in typed):
            self.problems.append(f"{name} is not UTF-8")
            return default
        return typed or default

    def number(self, name: str, default: int, *, most: int, least: int = 0) -> int:
        typed = self.text(name)
        if not typed:
            return default
        # Its length first: Python refuses to read a number of thousands of digits.
        if not (typed.isascii() and typed.isdigit() and len(typed) < 10 and least <= int(typed) <= most):
            self.problems.append(f"{name} must be a number from {least} to {most}, not {_quoted(typed)}")
            return default
        return int(typed)

    def truth(self, name: str) -> bool:
        typed = self.text(name).lower()
        if typed in ("", "0", "no", "false", "off"):
            return False
        if typed not in ("1", "yes", "true", "on"):
            self.problems.append(f"{name} must be yes or no, not {_quoted(typed)}")
        return True

    def _base_url(self) -> str:
        typed = self.text("ASANOKAI_BASE_URL", "http://localhost:8000").rstrip("/")
        parts = _address(typed)
        if parts is None:
            self.problems.append(
                f"ASANOKAI_BASE_URL must be of the form https://breakfast.example.org, not {_quoted(typed)}"
            )
            return "https://unreadable.invalid"
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            self.problems.append(
                f"ASANOKAI_BASE_URL is {_quoted(typed)}: off this machine the pages must be served over https"
            )
        # Browsers send the host in small letters; links, cookies and trusted hosts are compared with it.
        return f"{parts.scheme}://{parts.netloc.lower()}"

    def _secret_key(self, loopback: bool) -> str:
        key = self.text("ASANOKAI_SECRET_KEY")
        if not key and loopback:
            return self._own_key("ASANOKAI_SECRET_KEY", "secret_key")
        if not key:
            self.problems.append(
                "ASANOKAI_SECRET_KEY is missing. Make one: "
                "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        elif len(key) < LEAST_SECRET:
            self.problems.append(f"ASANOKAI_SECRET_KEY is too short: {LEAST_SECRET} characters at least")
        return key

    def _secret_key_fallbacks(self) -> tuple[str, ...]:
        keys = tuple(self.text("ASANOKAI_SECRET_KEY_FALLBACKS").split())
        if any(len(key) < LEAST_SECRET for key in keys):
            self.problems.append(
                f"ASANOKAI_SECRET_KEY_FALLBACKS holds a key that is too short: {LEAST_SECRET} characters at least"
            )
        return keys

    def _seal_key(self) -> str:
        key = self.text("ASANOKAI_SEAL_KEY")
        if key and len(key) < LEAST_SECRET:
            self.problems.append(f"ASANOKAI_SEAL_KEY is too short: {LEAST_SECRET} characters at least")
        return key

    def _seal_public(self) -> tuple[str, ...]:
        keys = tuple(self.text("ASANOKAI_SEAL_PUBLIC").lower().split())
        if not all(re.fullmatch("[0-9a-f]{64}", key) for key in keys):
            self.problems.append(
                "ASANOKAI_SEAL_PUBLIC must hold what `asanokai journal keys` printed: 64 hex digits each"
            )
        return keys

    def _erased_key(self, loopback: bool, others: tuple[str, ...]) -> str:
        key = self.text("ASANOKAI_ERASED_KEY")
        if not key and loopback:
            return self._own_key("ASANOKAI_ERASED_KEY", "erased_key")
        if not key:
            self.problems.append(
                "ASANOKAI_ERASED_KEY is missing. Make one, keep it apart from the backups, and never change it: "
                "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        elif len(key) < LEAST_SECRET:
            self.problems.append(f"ASANOKAI_ERASED_KEY is too short: {LEAST_SECRET} characters at least")
        elif key in others:
            # That one is changed when it has leaked; this one can never be.
            self.problems.append("ASANOKAI_ERASED_KEY must be a key of its own, not one of ASANOKAI_SECRET_KEY")
        return key

    def _own_key(self, setting: str, name: str) -> str:
        """A key of this machine's own, for running on loopback: made once, kept under instance/."""
        path = self.instance / name
        try:
            if not path.exists():
                self.instance.mkdir(parents=True, exist_ok=True)
                fresh = path.with_suffix(f".{os.getpid()}")
                fresh.touch(mode=0o600)
                fresh.write_text(secrets.token_urlsafe(48))
                # Web and worker may start at once; whoever links first has made the key for both.
                with contextlib.suppress(FileExistsError):
                    os.link(fresh, path)
                fresh.unlink()
            return path.read_text().strip()
        except (OSError, ValueError) as error:
            self.problems.append(f"{setting} is missing, and no key can be kept in {path}: {error}")
            return ""

    def _database_url(self) -> str:
        url = self.text("ASANOKAI_DATABASE_URL")
        if not url:
            return self._own_database()
        for written in ("postgres://", "postgresql://"):
            if url.startswith(written):
                url = "postgresql+psycopg://" + url.removeprefix(written)
        if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            self.problems.append("ASANOKAI_DATABASE_URL must begin with sqlite:/// or postgresql://")
            return url
        try:
            database = make_url(url).database
        except (ArgumentError, ValueError):
            # Not shown: it may hold a password.
            self.problems.append("ASANOKAI_DATABASE_URL cannot be read: is a character in it not written as %XX?")
            return url
        if url.startswith("sqlite") and (not database or ":memory:" in database):
            self.problems.append("ASANOKAI_DATABASE_URL must be a file: web and worker share it")
        elif not database:
            self.problems.append("ASANOKAI_DATABASE_URL names no database: postgresql://user:password@host/name")
        return url

    def _own_database(self) -> str:
        try:
            self.instance.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.problems.append(f"ASANOKAI_DATABASE_URL is missing, and {self.instance} cannot be made: {error}")
        return f"sqlite:///{self.instance / 'asanokai.sqlite'}"

    def _organisation(self) -> str:
        name = self.text("ASANOKAI_ORGANISATION", "Asa no Kai")
        if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in name) or len(name) > 200:
            self.problems.append("ASANOKAI_ORGANISATION must be one line of at most 200 characters")
        return name

    def _sender(self, loopback: bool) -> str:
        sender = self.text("ASANOKAI_SENDER", "asanokai@localhost" if loopback else "")
        if not _SENDER.fullmatch(sender):
            self.problems.append("ASANOKAI_SENDER must be a plain mail address, such as breakfast@example.org")
        return sender

    def _security_contact(self) -> str:
        typed = self.text("ASANOKAI_SECURITY_CONTACT")
        whole = typed.startswith(("https://", "mailto:", "tel:")) and typed.isprintable() and " " not in typed
        if typed and not whole:
            self.problems.append(f"ASANOKAI_SECURITY_CONTACT must begin with https:// or mailto:, not {_quoted(typed)}")
        return typed

    def _reply_domain(self) -> str:
        domain = self.text("ASANOKAI_REPLY_DOMAIN").lower()
        if domain and not _HOST.fullmatch(domain):
            self.problems.append(
                f"ASANOKAI_REPLY_DOMAIN must be a domain such as reply.example.org, not {_quoted(domain)}"
            )
        return domain

    def _intake_lmtp(self) -> str:
        typed = self.text("ASANOKAI_INTAKE_LMTP")
        host, _, port = typed.rpartition(":")
        usable = port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536
        if typed and not (host and usable and (host in LOOPBACK or _HOST.fullmatch(host))):
            self.problems.append(
                f"ASANOKAI_INTAKE_LMTP must be host:port, such as 127.0.0.1:8024, not {_quoted(typed)}"
            )
        return typed

    def _intake_imap(self) -> str:
        typed = self.text("ASANOKAI_INTAKE_IMAP")
        if not typed:
            return ""
        try:
            parts = urlsplit(typed)
            whole = parts.scheme in ("imap", "imaps") and parts.hostname and parts.username and parts.password
            usable = bool(whole) and (parts.port is None or parts.port > 0)
            after = parse_qs(parts.query, keep_blank_values=True)
            usable = usable and after in ({}, {"after": ["keep"]}, {"after": ["delete"]})
        except ValueError:
            usable = False
        if not usable:
            # Not shown: it holds a password.
            self.problems.append(
                "ASANOKAI_INTAKE_IMAP must be of the form imaps://user:password@host/INBOX, with %XX for special signs "
                "and perhaps ?after=delete at its end"
            )
        return typed

    def _dkim_selector(self) -> str:
        selector = self.text("ASANOKAI_DKIM_SELECTOR").lower()
        # Selectors may hold dots and, though no host does, underscores.
        if selector and not re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]{0,61}[a-z0-9_])?", selector):
            self.problems.append(f"ASANOKAI_DKIM_SELECTOR must be a selector such as mail2026, not {_quoted(selector)}")
        return selector

    def _mail(self, loopback: bool) -> Mail:
        server = self.text("MAIL_SERVER", "localhost" if loopback else "")
        if not server:
            self.problems.append("MAIL_SERVER is missing: the host that takes the letters")
        use_ssl, use_tls = self.truth("MAIL_USE_SSL"), self.truth("MAIL_USE_TLS")
        if use_ssl and use_tls:
            self.problems.append("MAIL_USE_SSL and MAIL_USE_TLS exclude each other: 465 wants SSL, 587 wants TLS")
        username, password = self.text("MAIL_USERNAME"), self.text("MAIL_PASSWORD")
        if bool(username) != bool(password):
            self.problems.append("MAIL_USERNAME and MAIL_PASSWORD belong together: one of them is missing")
        return Mail(
            server=server,
            port=self.number("MAIL_PORT", 465 if use_ssl else 587 if use_tls else 25, least=1, most=65535),
            use_tls=use_tls,
            use_ssl=use_ssl,
            username=username or None,
            password=password or None,
            timeout=float(self.number("MAIL_TIMEOUT", 20, least=1, most=600)),
        )

    def _openid(self) -> OpenId | None:
        issuer, name = self.text("ASANOKAI_OIDC_ISSUER"), self.text("ASANOKAI_OIDC_NAME")
        client_id, secret = self.text("ASANOKAI_OIDC_CLIENT_ID"), self.text("ASANOKAI_OIDC_CLIENT_SECRET")
        typed = {"ISSUER": issuer, "CLIENT_ID": client_id, "CLIENT_SECRET": secret, "NAME": name}
        if not any(typed.values()):
            return None
        missing = [f"ASANOKAI_OIDC_{word}" for word, words in typed.items() if not words]
        if missing:
            self.problems.append(f"The settings for an OpenID provider belong together; missing: {', '.join(missing)}")
        if issuer and not _is_issuer(issuer):
            self.problems.append(
                "ASANOKAI_OIDC_ISSUER must be an https address as the provider writes it, without ? and #, "
                f"not {_quoted(issuer)}"
            )
        if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in name) or len(name) > 60:
            self.problems.append("ASANOKAI_OIDC_NAME must be one line of at most 60 characters")
        return OpenId(issuer, client_id, secret, name)

    def _night(self) -> tuple[time, time]:
        typed = self.text("ASANOKAI_NIGHT", "21:00-07:00")
        found = re.fullmatch(r"(\d\d:\d\d)\s*-\s*(\d\d:\d\d)", typed, re.ASCII)
        try:
            if found:
                return time.fromisoformat(found[1]), time.fromisoformat(found[2])
        except ValueError:
            pass
        self.problems.append(f"ASANOKAI_NIGHT must be of the form 21:00-07:00, not {_quoted(typed)}")
        return time(21), time(7)

    def _limits_storage(self) -> str:
        uri = self.text("ASANOKAI_LIMITS_STORAGE", "memory://")
        try:
            if uri != "memory://":
                storage_from_string(uri)
        except (ConfigurationError, ValueError, AttributeError) as error:
            self.problems.append(f"ASANOKAI_LIMITS_STORAGE cannot be used: {error}")
        return uri

    def _clock_file(self) -> str:
        path = self.text("ASANOKAI_CLOCK")
        if path and not Path(path).is_file():
            self.problems.append(f"ASANOKAI_CLOCK must be a file that holds the time, not {_quoted(path)}")
        return path


def _address(typed: str) -> SplitResult | None:
    """The parts of a base URL, None if it is none: a scheme, a host, perhaps a port, and nothing else."""
    try:
        parts = urlsplit(typed)
        port = parts.port
    except ValueError:
        return None
    hostname = parts.hostname or ""
    # urlsplit drops line breaks and tabs on its way: what was typed must be looked at, not what it read.
    named = (hostname == "::1" or _HOST.fullmatch(hostname)) and typed.isprintable() and " " not in typed
    extra = parts.path or parts.query or parts.fragment or "@" in parts.netloc or port == 0
    return parts if parts.scheme in ("http", "https") and named and not extra else None


def _is_issuer(typed: str) -> bool:
    """Whether it can be an issuer (OpenID Connect Discovery 3): https, a host, perhaps a path; http on this machine."""
    parts = _address("/".join(typed.split("/")[:3]))
    plain = typed.isascii() and typed.isprintable() and not set(typed) & set(" ?#\\")
    return parts is not None and plain and (parts.scheme == "https" or parts.hostname in LOOPBACK)


def _quoted(typed: str) -> str:
    """What was typed, short enough for a line and without its line breaks."""
    return f"“{' '.join(typed.split())[:100]}”"
