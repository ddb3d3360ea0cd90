"""How long what is kept: a limit for each kind of data, a nightly run that removes what is older, and its protocol.

row            limits, runs and what they removed; the rows that stand for nobody
kinds          what is too old, and what becomes of it
without_names  where emptying a column is not enough
removing       looking, removing in batches, the protocol
telling        what the privacy page says of the limits
"""

from asanokai.retention.kinds import BY_NAME, FIXED, KINDS, Kind
from asanokai.retention.removing import (
    BATCH,
    Line,
    begin,
    change,
    count_runs,
    end,
    is_due,
    limits,
    look,
    protocol,
    remove,
)
from asanokai.retention.row import Limit, Nobody, Removal, Run
from asanokai.retention.telling import told

__all__ = [
    "BATCH",
    "BY_NAME",
    "FIXED",
    "KINDS",
    "Kind",
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
    "limits",
    "look",
    "protocol",
    "remove",
    "told",
]
