"""How long what is kept: a limit for each kind of data, a nightly run that removes what is older, and its protocol.

row            limits, runs and what they removed; the rows that stand for nobody
kinds          what is too old, and what becomes of it
telling        saying a month before that who left is deleted
without_names  where emptying a column is not enough
removing       looking, removing in batches, the protocol
in_words       what the privacy page says of the limits
"""

from asanokai.retention.in_words import told
from asanokai.retention.kinds import BY_NAME, FIXED, KINDS, Kind
from asanokai.retention.removing import (
    BATCH,
    Letters,
    Line,
    begin,
    change,
    count_runs,
    end,
    is_due,
    letters_before,
    limits,
    look,
    protocol,
    remove,
)
from asanokai.retention.row import Limit, Nobody, Removal, Run
from asanokai.retention.telling import NOTICE

__all__ = [
    "BATCH",
    "BY_NAME",
    "FIXED",
    "KINDS",
    "NOTICE",
    "Kind",
    "Letters",
    "Limit",
    "Line",
    "Nobody",
    "Removal",
    "Run",
    "begin",
    "change",
    "count_runs",
    "end",
    "is_due",
    "letters_before",
    "limits",
    "look",
    "protocol",
    "remove",
    "told",
]
