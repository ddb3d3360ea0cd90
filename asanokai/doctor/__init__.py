"""Is everything as it must be? One plain line per check: ok, hint or WRONG, with what is to be done.

It changes nothing and repairs nothing; a letter it sends only where one is asked for. WRONG is what is known to be
wrong: what cannot be known, since nobody answers or since it lies with the operator's mail server, is a hint.

    check      a line
    standing   settings, database, migrations, disk, backups, limits, clock
    waiting    letters and mails that wait, what came back, the worker
    law_pages  legal notice, privacy, accessibility
    sealed     the journal's seals
    mail_out   the server that takes letters; a letter to try
    mail_in    LMTP, IMAP; a letter to ourselves
    domains    which domains are looked at
    names      questions to the DNS
    spf        who may send for a domain
    signing    DKIM keys, DMARC
    der        what is read from keys and certificates
"""

from dataclasses import dataclass
from typing import Any

from flask import Flask

from asanokai.doctor import domains, law_pages, mail_in, mail_out, sealed, standing, waiting
from asanokai.doctor.check import MARK, Check, in_one_line, wrong
from asanokai.doctor.law_pages import unfilled
from asanokai.doctor.names import Names
from asanokai.doctor.standing import schema_problem
from config import Config

__all__ = ["MARK", "Asked", "Check", "examine", "in_one_line", "schema_problem", "unfilled", "unusable"]


@dataclass(frozen=True)
class Asked:
    """What is done only on request: a letter to an address, a letter to ourselves and how long it is waited for."""

    letter: str = ""
    round_trip: bool = False
    wait: float = 60.0


def unusable(problems: list[str]) -> list[Check]:
    """What there is to say where the settings cannot be used."""
    return [wrong("settings", problem) for problem in problems]


def examine(app: Flask, asked: Asked | None = None, *, resolver: Any = None) -> list[Check]:
    """Every check of the current app, in order. `resolver` answers for the DNS, by default the machine's own."""
    config: Config = app.config["ASANOKAI"]
    asked = asked or Asked()
    checks = [standing.settings(config), *standing.database()]
    usable = all(check.well for check in checks)
    checks.append(standing.disk(config))
    checks += standing.backups(config)
    checks.append(standing.limits(config))
    checks.append(mail_out.examine(app))
    if asked.letter:
        checks.append(mail_out.send_letter(app, asked.letter))
    checks += mail_in.examine(config, usable=usable)
    if asked.round_trip:
        checks.append(mail_in.round_trip(app, asked.wait) if usable else wrong("round trip", "needs the database"))
    checks += domains.examine(config, Names(resolver))
    if usable:
        checks += [*waiting.examine(config), sealed.journal()]
        checks.append(law_pages.examine())
    checks.append(standing.clock_right(config, usable=usable))
    return checks
