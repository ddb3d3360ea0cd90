"""The journal's seals: whether it held when it was verified last, and whether the worker keeps up with it."""

from datetime import timedelta

from asanokai import clock, db, seals
from asanokai.doctor.check import Check, hint, ok, said, wrong

OPEN = timedelta(hours=1)
"""The worker seals every minute: what is open for longer has no worker, or a transaction that never ends."""


def journal() -> Check:
    """One line on the journal."""
    with db.reading():
        newest, last = seals.newest(), seals.last_check()
        count, since = seals.unsealed_since()
    words = f"sealed up to entry {newest.last_id}, digest {newest.head}" if newest else "no seal yet"
    if last is not None and last.broken:
        return wrong("journal", f"{last.broken} Found {said(last.at)}; compare with an older export or backup")
    if since is not None and clock.now() - since > OPEN:
        return hint(
            "journal", f"{count} entries since {said(since)} have no seal: is the worker running, is a dump still open?"
        )
    return ok("journal", f"{words}; {f'verified {said(last.at)}' if last else 'not verified yet'}")
