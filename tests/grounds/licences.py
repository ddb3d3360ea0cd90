"""Under which licence every library of the program stands, the indirect ones too, and whether it fits.

`make licences` writes docs/licences.md. What a library says of itself is read from what is installed: its SPDX
expression, else its classifiers, else its licence field where that is a name. One that says nothing of use stands in
`LOOKED_UP`, with what its licence file says. Fitting is what may be used unchanged by a program under any licence.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent.parent.parent
PAPER = HOME / "docs" / "licences.md"

FITTING = {
    **dict.fromkeys(("0BSD", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "Unlicense"), ""),
    **dict.fromkeys(("Apache-2.0", "PSF-2.0"), ""),
    "BSD": "which of the BSD licences, it does not say",
    "MPL-2.0": "copyleft for its own files only, which lie here unchanged",
    "LGPL-3.0-only": "copyleft for the library only, which is used unchanged and can be exchanged",
}
"""Licence by its SPDX name → what there is to say of it."""

CLASSIFIED = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
TYPED = {"Apache License, Version 2.0": "Apache-2.0", "Apache License 2.0": "Apache-2.0"}

LOOKED_UP = {"pyrage": "MIT"}
"""Libraries that name no licence in their metadata, but in the file that comes with them."""


class Unknown(Exception):
    """A library whose licence cannot be found out, or does not fit."""


def locked(requirements: str) -> list[str]:
    """Every library in a lock file, once."""
    return sorted(set(re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==", requirements, re.MULTILINE)))


def licence(name: str, said: Any) -> str:
    """The licence as an SPDX expression, from a library's metadata. Raises `Unknown` where it says none of use."""
    if said.get("License-Expression"):
        return str(said["License-Expression"])
    typed = str(said.get("License") or "").strip()
    typed = TYPED.get(typed, typed)
    if typed in FITTING:
        return typed
    lines = [line for line in said.get_all("Classifier") or [] if line.startswith("License")]
    classifiers = {line.rpartition(" :: ")[2] for line in lines} - {"OSI Approved"}
    found = {CLASSIFIED.get(one, one) for one in classifiers}
    if found:
        return " OR ".join(sorted(found))
    if name in LOOKED_UP:
        return LOOKED_UP[name]
    raise Unknown(f"{name} does not say under which licence it stands ({typed[:60] or 'nothing'})")


def fits(expression: str) -> bool:
    """Whether we may use what stands under this: one of its alternatives, with all of its parts."""
    plain = expression.replace("(", " ").replace(")", " ")
    return any(
        all(part.strip() in FITTING for part in alternative.split(" AND ")) for alternative in plain.split(" OR ")
    )


def rows(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each library with its licence. Raises `Unknown` for the first that does not fit."""
    for name in names:
        try:
            said = metadata(name)
        except PackageNotFoundError:
            raise Unknown(f"{name} is locked but not installed here: make test installs it") from None
        expression = licence(name, said)
        if not fits(expression):
            raise Unknown(f"{name} stands under {expression}, which nobody has looked at")
        yield name, expression


def paper() -> str:
    """What docs/licences.md says."""
    found = rows(locked((HOME / "requirements.txt").read_text(encoding="utf-8")))
    lines = [f"| {name} | {expression} | {FITTING.get(expression, '')} |" for name, expression in found]
    return "\n".join(
        [
            "# Licences of everything the program stands on",
            "",
            "Written by `make licences` from what the libraries in `requirements.txt` say of themselves, those that",
            "others bring along too. Why each direct one is there: [dependencies.md](dependencies.md).",
            "",
            "| library | licence | |",
            "|---|---|---|",
            *lines,
            "",
        ]
    )


def main() -> None:
    """Write the paper, or say what does not fit."""
    try:
        words = paper()
    except Unknown as error:
        sys.exit(str(error))
    PAPER.write_text(words, encoding="utf-8")
    print("licences: all fit")


if __name__ == "__main__":
    main()
