"""The journal's seals: whether it held when it was verified last, and whether the worker keeps up with it."""

from datetime import timedelta

from asanokai import clock, db, seals
from asanokai.doctor.check import Check, hint, ok, said, wrong

OPEN, TOO_LONG = timedelta(hours=1), timedelta(days=1)
"""The worker seals every minute: what is open for longer has no worker, or a transaction that never ends. Of a day that
has no seal nobody could prove later what was done on it."""

UNVERIFIED = timedelta(days=2)
"""The worker verifies once a day."""


def journal() -> Check:
    """One line on the journal."""
    with db.reading():
        newest, last = seals.newest(), seals.last_check()
        count, since = seals.unsealed_since()
    words = f"sealed up to entry {newest.last_id}, digest {newest.head}" if newest else "no seal yet"
    if last is not None and last.broken:
        return wrong("journal", f"{last.broken} Found {said(last.at)}; compare with an older export or backup")
    now = clock.now()
    if since is not None and now - since > OPEN:
        level, long = (wrong, ", longer than a day") if now - since > TOO_LONG else (hint, "")
        asked = "is the worker running, is a dump still open?"
        return level("journal", f"{count} entries since {said(since)} have no seal{long}: {asked}")
    if last is not None and now - last.at > UNVERIFIED:
        return hint("journal", f"{words}; verified {said(last.at)}, but not since: is the worker running?")
    return ok("journal", f"{words}; {f'verified {said(last.at)}' if last else 'not verified yet'}")
