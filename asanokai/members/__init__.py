"""Who belongs: members, their addresses and organisations, and how they prove who they are.

It knows no meeting: which series somebody belongs to is `series.Belonging`; applying is `applying.py`.

    rows        the tables
    typed       what people type, made comparable
    keeping     adding, describing, looking up
    finding     searching
    opting_in   the record of a double opt-in
    reach       what comes back from addresses
    signing_in  links, passwords
    signing_in  cookies, links, passwords
    merged      which row a row went into
    wishes      which kinds of letters somebody wants
"""

from asanokai.members.finding import containing, found_by
from asanokai.members.keeping import (
    NAMES,
    add,
    as_typed,
    by_address,
    by_id,
    by_ids,
    change,
    change_address,
    comes_back,
    describe,
    main_address,
    make_administrator,
    number_of,
    organisation,
    organisation_name,
    respell,
    subscribe,
    unsubscribe,
)
from asanokai.members.merged import Merger, all_kept, all_numbers, kept
from asanokai.members.opting_in import note_opt_in, versioned
from asanokai.members.reach import (
    BOUNCES,
    Bounce,
    address_of,
    addresses_of,
    bounced,
    came_back,
    complained_at,
    heard_from,
    policy_bounces,
    suppress,
    use_again,
)
from asanokai.members.rows import STANDINGS, Address, AddressChange, Application, Member, Organisation
from asanokai.members.signing_in import (
    PASSWORD_MIN,
    ask_for_sign_in,
    by_calendar_secret,
    by_password,
    mint_sign_in,
    new_calendar_secret,
    password_is,
    redeem_sign_in,
    send_sign_in,
    set_password,
    sign_in_holds,
    sign_out_everywhere,
)
from asanokai.members.typed import LONGEST, LONGEST_ADDRESS, cleaned, comparable, filed, folded, normal_address, prose
from asanokai.members.wishes import (
    OF_AUDIENCE,
    OF_DESK,
    SWITCHED_OFF,
    Mute,
    choose,
    does_without,
    mute,
    muted,
    unmute,
    unwanted,
    wanted,
)

__all__ = [
    "BOUNCES",
    "LONGEST",
    "LONGEST_ADDRESS",
    "NAMES",
    "OF_AUDIENCE",
    "OF_DESK",
    "PASSWORD_MIN",
    "STANDINGS",
    "SWITCHED_OFF",
    "Address",
    "AddressChange",
    "Application",
    "Bounce",
    "Member",
    "Merger",
    "Mute",
    "Organisation",
    "add",
    "address_of",
    "addresses_of",
    "all_kept",
    "all_numbers",
    "as_typed",
    "ask_for_sign_in",
    "bounced",
    "by_address",
    "by_calendar_secret",
    "by_id",
    "by_ids",
    "by_password",
    "came_back",
    "change",
    "change_address",
    "choose",
    "cleaned",
    "comes_back",
    "comparable",
    "complained_at",
    "containing",
    "describe",
    "does_without",
    "filed",
    "folded",
    "found_by",
    "heard_from",
    "kept",
    "main_address",
    "make_administrator",
    "mint_sign_in",
    "mute",
    "muted",
    "new_calendar_secret",
    "normal_address",
    "note_opt_in",
    "number_of",
    "organisation",
    "organisation_name",
    "password_is",
    "policy_bounces",
    "prose",
    "redeem_sign_in",
    "respell",
    "send_sign_in",
    "set_password",
    "sign_in_holds",
    "sign_out_everywhere",
    "subscribe",
    "suppress",
    "unmute",
    "unsubscribe",
    "unwanted",
    "use_again",
    "versioned",
    "wanted",
]
