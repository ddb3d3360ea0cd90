"""The app for a command: opened on a database it knows, left without a connection. What goes wrong ends the command."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, NoReturn

import click
from flask import Flask

from asanokai import db, doctor
from asanokai.app import create_app
from config import Config


def fail(words: object, code: int = 1) -> NoReturn:
    click.echo(str(words), err=True)
    sys.exit(code)


@contextmanager
def entered(app: Flask) -> Iterator[Flask]:
    """The app in its context. Leaves no connection behind."""
    with app.app_context():
        try:
            yield app
        finally:
            db.db.session.remove()
            db.dispose()


@contextmanager
def opened() -> Iterator[Flask]:
    """The app in its context, on a database whose schema it knows; else says how to get there."""
    with entered(create_app(Config.from_env())) as app:
        problem = doctor.schema_problem()
        if problem:
            fail(problem)
        yield app


def with_app(command: Callable[..., Any]) -> Callable[..., Any]:
    """Run the command inside the app."""

    @wraps(command)
    def inside(*args: Any, **options: Any) -> Any:
        with opened():
            return command(*args, **options)

    return inside
