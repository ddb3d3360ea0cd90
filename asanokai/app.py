"""create_app(): wiring only. Which part gets which setting stands here and nowhere else; no page, no rule."""

from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from asanokai import (
    catering,
    clock,
    copies,
    deputies,
    erased,
    erasing,
    guests,
    installation,
    intake,
    journal,
    letters,
    questions,
    retention,
    rsvps,
    seals,
    topics,
    web,
)
from asanokai.composing import Composer
from asanokai.erased import Erasures
from asanokai.links import Links
from asanokai.tokens import Tokens
from config import Config

TABLES = (
    catering,
    copies,
    deputies,
    erased,
    erasing,
    guests,
    installation,
    intake,
    journal,
    letters,
    questions,
    retention,
    rsvps,
    seals,
    topics,
)
"""Modules whose tables nothing above may happen to import, so that migrations see all of them."""


def create_app(config: Config) -> Flask:
    """The application for one set of settings. Opens no connection to anything but the database."""
    app = Flask(__name__, template_folder=str(Path(__file__).parent.parent / "templates"))
    app.config.update(config.flask())
    app.config["ASANOKAI"] = config
    app.extensions["tokens"] = Tokens([config.secret_key, *config.secret_key_fallbacks])
    app.extensions["seal_keys"] = seals.Keys(config.seal_keys, config.seal_public)
    app.extensions["erasures"] = Erasures(config.erasures, config.erased_key)
    app.extensions["links"] = Links(config.base_url)
    if config.clock_file:
        clock.use_file(Path(config.clock_file))
    if config.proxies:
        hops = config.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # as its own docs do
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["composer"] = Composer(app)
    app.extensions["intake"] = intake.Place(
        tokens=app.extensions["tokens"],
        reply_domain=config.reply_domain,
        mail_domain=config.mail_domain,
        authserv_id=config.authserv_id,
        sender=config.sender,
    )
    web.init_app(app)
    return app
