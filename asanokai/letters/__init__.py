"""The ledger of mail: one row per letter, before anything is sent.

`post()` writes a row in the transaction that caused it, `claim()` leases due rows to a sender, `settle()` says how it
ended. States: queued → claimed → sent | failed | dropped | bounced. A row says what is to be written and to whom, not
the words: those are laid out at sending, so a row is never stale.

It knows no SMTP, and member and meeting only by foreign key.

    row        the table, the kinds, what is noted of a letter's way
    posting    writing letters down, dropping them
    holding    from when on a letter may go: nights, holidays
    sending    claiming and settling
    reading    looking at the ledger
    happening  what befalls letters on their way and afterwards
"""

from asanokai.letters.happening import (
    BOUNCE_LIFE,
    bounced,
    latest_to,
    life_of,
    listened_to,
    locked,
    note,
    note_once,
)
from asanokai.letters.holding import AT_NIGHT, may_go_from
from asanokai.letters.posting import (
    drop_by_key,
    drop_queued,
    drop_queued_of_application,
    forget_applications,
    is_leaving,
    message_id,
    mint_nonce,
    post,
    prolong,
    retry,
)
from asanokai.letters.reading import (
    by_id,
    by_message_id,
    count_posted,
    counts,
    counts_of,
    newest,
    of_member,
    queued_of,
    stands,
)
from asanokai.letters.row import (
    AGAIN,
    ASKED_FOR,
    FIRST_OF_ALL,
    HAPPENINGS,
    LEASE,
    OF_MEETING,
    PAUSES,
    STATES,
    UNPAUSED,
    Happening,
    Letter,
)
from asanokai.letters.sending import NO_FACTS, SETTLED, claim, give_back, hold, postpone, release_expired, settle

__all__ = [
    "AGAIN",
    "ASKED_FOR",
    "AT_NIGHT",
    "BOUNCE_LIFE",
    "FIRST_OF_ALL",
    "HAPPENINGS",
    "LEASE",
    "NO_FACTS",
    "OF_MEETING",
    "PAUSES",
    "SETTLED",
    "STATES",
    "UNPAUSED",
    "Happening",
    "Letter",
    "bounced",
    "by_id",
    "by_message_id",
    "claim",
    "count_posted",
    "counts",
    "counts_of",
    "drop_by_key",
    "drop_queued",
    "drop_queued_of_application",
    "forget_applications",
    "give_back",
    "hold",
    "is_leaving",
    "latest_to",
    "life_of",
    "listened_to",
    "locked",
    "may_go_from",
    "message_id",
    "mint_nonce",
    "newest",
    "note",
    "note_once",
    "of_member",
    "post",
    "postpone",
    "prolong",
    "queued_of",
    "release_expired",
    "retry",
    "settle",
    "stands",
]
