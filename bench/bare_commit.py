"""The limit of an answer: Flask and Flask-SQLAlchemy with one ORM insert and commit; the program's pragmas and pool."""

import os
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from config import Config

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000")
"""As `asanokai.db` sets them."""


class Base(DeclarativeBase):
    """What the table's class stands on."""


db = SQLAlchemy(model_class=Base)


class Row(Base):
    """About as much as an answer."""

    __tablename__ = "row"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int]
    answer: Mapped[str]
    comment: Mapped[str]
    at: Mapped[datetime]


def create_app() -> Flask:
    """The app on the database in BENCH_DATABASE_URL."""
    app = Flask(__name__)
    url = os.environ["BENCH_DATABASE_URL"]
    like_ours = Config.for_tests(database_url=url).flask()
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = like_ours["SQLALCHEMY_ENGINE_OPTIONS"]
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _set_pragmas)
        db.create_all()
        # Each worker connects anew after the fork.
        db.engine.dispose()
    app.add_url_rule("/healthz", view_func=healthz)
    app.add_url_rule("/answer", view_func=answer, methods=["POST"])
    return app


def _set_pragmas(connection: Any, _record: Any) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def healthz() -> str:
    """That it is there."""
    return "ok\n"


def answer() -> tuple[str, int]:
    """One insert, one commit."""
    db.session.add(Row(member_id=1, answer="yes", comment="", at=datetime.now(UTC)))
    db.session.commit()
    return "", 200
