"""Seals on the journal: what is sealed cannot be altered, taken out or put between without its being found out.

Every minute the worker seals the entries that are finished. A seal covers a run of numbers without a hole between it
and the seal before; it holds the digest of the rows in it and of the seal before, and is signed. Numbers that no row
has, since its transaction was taken back, are covered too: a row that is put there later breaks the seal.

What it does not find out: who has the machine and its keys can seal anything anew. Therefore each seal's digest is
written to the log and shown to administrators, for comparison with `asanokai journal verify --expect DIGEST`.

    row        the tables, what is hashed and signed
    keys       who signs, and whose signature is believed
    sealing    which entries are finished; the worker's step
    verifying  a journal, or a file of one, held against its seals
    pruning    what is old goes, and a signed seal stands for it
    files      the journal as lines of JSON, out and in
"""

from asanokai.seals.files import exported, read
from asanokai.seals.keys import Keys, keys
from asanokai.seals.pruning import old, prune
from asanokai.seals.row import Check, Seal
from asanokai.seals.sealing import Sealer, newest, unsealed_since
from asanokai.seals.verifying import Report, last_check, stored, verify, verify_due, verify_now

__all__ = [
    "Check",
    "Keys",
    "Report",
    "Seal",
    "Sealer",
    "exported",
    "keys",
    "last_check",
    "newest",
    "old",
    "prune",
    "read",
    "stored",
    "unsealed_since",
    "verify",
    "verify_due",
    "verify_now",
]
