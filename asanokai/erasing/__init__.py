"""Deletion: a person goes, the counts stay.

Who asks leaves at once (`leaving`): seats are freed, and each meeting in their calendar is cancelled by a last letter.
The address is kept until those letters have gone, three days at most; then the row becomes *erased* and everything that
is the person's is emptied, in every table. What stays: that somebody came, ate, voted and was written to, as numbers;
the wording somebody agreed to and when, as long as the setting says; and a mark of the address that cannot be led back,
so that no list brings them in again.

    row        that somebody is to be erased
    rules      every table that holds something of a person, and what becomes of it
    clearing   emptying it
    asking     asking for it, and the worker's step
"""

from asanokai.erasing.asking import ask, look, now_empty, pending, step
from asanokai.erasing.clearing import clear, tables
from asanokai.erasing.row import LONGEST_WAIT, Erasure
from asanokai.erasing.rules import NOTHING, NUMBERS, RULES, Rule

__all__ = [
    "LONGEST_WAIT",
    "NOTHING",
    "NUMBERS",
    "RULES",
    "Erasure",
    "Rule",
    "ask",
    "clear",
    "look",
    "now_empty",
    "pending",
    "step",
    "tables",
]
