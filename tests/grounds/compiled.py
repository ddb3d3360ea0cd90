"""Compiles templates and the builders of addresses once for all the apps that the tests of one process make.

A test has an app of its own, and two thirds of what it took to make and ask it went into compiling the same again. Kept
is code alone: neither a template with its globals nor a rule with its map. An app in a process of its own compiles
everything itself, as it does in use.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from jinja2 import Environment
from werkzeug.routing import Rule


@contextmanager
def once() -> Iterator[None]:
    """Let nothing be compiled twice."""
    patched = pytest.MonkeyPatch()
    patched.setattr(Environment, "compile", _templates())
    patched.setattr(Rule, "_compile_builder", _builders())
    yield
    patched.undo()


def _templates() -> Any:
    compile_anew, kept = Environment.compile, {}

    def compile(environment: Environment, source: Any, name: Any = None, filename: Any = None, *more: Any) -> Any:
        if more or name is None:
            return compile_anew(environment, source, name, filename, *more)
        key = (*_manner(environment), source, name, filename)
        if key not in kept:
            kept[key] = compile_anew(environment, source, name, filename)
        return kept[key]

    return compile


def _manner(environment: Environment) -> tuple[object, ...]:
    """What a template's code hangs on beside its source."""
    escapes = environment.autoescape
    return (
        escapes if isinstance(escapes, bool) else getattr(escapes, "__name__", id(escapes)),
        environment.trim_blocks,
        environment.lstrip_blocks,
        environment.undefined,
        environment.is_async,
        *sorted(environment.filters),
        *sorted(environment.extensions),
    )


def _builders() -> Any:
    compile_anew, kept = Rule._compile_builder, {}

    def compile(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, append_unknown, tuple(rule._trace), repr(rule.defaults), repr(sorted(rule._converters)))
        if key not in kept:
            kept[key] = compile_anew(rule, append_unknown)
        return kept[key]

    return compile
