"""The licences of all libraries are known and fit, and docs/licences.md says them."""

from email.message import Message

import pytest

from tests.grounds import licences
from tests.grounds.licences import Unknown, fits, licence, locked


def said(**fields: str | list[str]) -> Message:
    """A library's metadata."""
    message = Message()
    for name, values in fields.items():
        for value in [values] if isinstance(values, str) else values:
            message[name.replace("_", "-")] = value
    return message


def test_the_paper_says_what_is_locked():
    """If not: make licences."""
    assert licences.PAPER.read_text(encoding="utf-8") == licences.paper()


@pytest.mark.parametrize(
    ("metadata", "meant"),
    [
        (said(License_Expression="MIT", License="whatever"), "MIT"),
        (said(License="Apache License, Version 2.0"), "Apache-2.0"),
        (said(License="All of its text", Classifier=["License :: OSI Approved :: BSD License"]), "BSD"),
        (
            said(
                License="Dual License",
                Classifier=["License :: OSI Approved :: BSD License", "License :: OSI Approved :: MIT License"],
            ),
            "BSD OR MIT",
        ),
        (said(License="AGPL-3.0", Classifier=["License :: Other/Proprietary License"]), "Other/Proprietary License"),
    ],
)
def test_a_licence_is_read_from_what_the_library_says(metadata, meant):
    assert licence("library", metadata) == meant


def test_a_library_that_says_nothing_is_not_let_through():
    with pytest.raises(Unknown, match="library does not say"):
        licence("library", said(Classifier=["License :: OSI Approved"]))
    assert licence("pyrage", said()) == "MIT"


@pytest.mark.parametrize(
    ("expression", "fit"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("(MIT AND Apache-2.0)", True),
        ("MIT AND GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("Other/Proprietary License", False),
    ],
)
def test_what_does_not_fit_is_found_out(expression, fit):
    assert fits(expression) is fit


def test_each_library_of_a_lock_file_is_looked_at_once():
    lock = [
        "deprecated==1 ; python_full_version < '3.12' \\",
        "    --hash=sha256:ab",
        "deprecated==3",
        "psycopg[binary]==3",
    ]
    assert locked("\n".join(lock)) == ["deprecated", "psycopg"]
