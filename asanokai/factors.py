"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and ten recovery codes for when it is lost.

The secret is sealed (`vault`); recovery codes are kept as hashes, each good once. A code of the app is good once too:
the last step that was taken is remembered (RFC 6238 5.2). Wrong codes are counted in the row, since they must be
counted although the request that brought them is refused. It knows a member by number alone.
"""

import hmac
import secrets
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import ForeignKey, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, db, journal, letters
from asanokai.db import Base, session
from asanokai.errors import N_, BadInput, Refused
from asanokai.tokens import hashed
from asanokai.vault import Vault

STEP = 30
DRIFT = 1
"""Steps by which a telephone's clock may be wrong."""

CODES = 10
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Of recovery codes: no sign that can be taken for another."""

GROUPS, SIGNS = 4, 6
"""A recovery code is four groups of six: 118 bits, so that its plain hash cannot be searched (below 112, OWASP ASVS 5.0
asks for a slow one: 6.5.2)."""

TRIES, LOCKED = 5, timedelta(minutes=10)
"""So many wrong codes within that time, and no code is taken until it has passed."""


class Factor(Base):
    """A member's authenticator; without `confirmed_at` it is being set up and asks for nothing yet."""

    __tablename__ = "factor"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[str]
    last_step: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    failing_since: Mapped[datetime | None]


class RecoveryCode(Base):
    """One code for when the authenticator is lost. Used ones are deleted."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str]


def of(member_id: int) -> Factor | None:
    """The member's factor, if one is set and confirmed."""
    found: Factor | None = session().scalar(
        select(Factor).where(Factor.member_id == member_id, Factor.confirmed_at.is_not(None))
    )
    return found


def codes_left(member_id: int) -> int:
    """How many recovery codes are still good."""
    return int(session().scalar(select(func.count()).where(RecoveryCode.member_id == member_id)) or 0)


# --- setting it up ----------------------------------------------------------------------------------------------------


def begin(member_id: int, vault: Vault) -> None:
    """A new secret that waits for its first code; one that waited before is forgotten. Raises `Refused` if one is
    set, be it at this very moment: one that is confirmed is never touched. Of two that begin at once one secret stays.
    """
    new = {"sealed": vault.seal(pyotp.random_base32()), "created_at": clock.now()}
    waiting = update(Factor).where(Factor.member_id == member_id, Factor.confirmed_at.is_(None))
    done = session().execute(waiting.values(**new, last_step=0, failures=0, failing_since=None))
    if not db.affected(done):
        done = session().execute(db.insert_missing(Factor).values(member_id=member_id, **new))
    if not db.affected(done) and of(member_id) is not None:
        raise Refused(N_("A second factor is set already. Remove it first."))


def waiting_secret(member_id: int, vault: Vault) -> str | None:
    """The secret that waits for its first code: the one thing a page shows of it, and only until then."""
    row = session().get(Factor, member_id)
    return vault.open(row.sealed) if row is not None and row.confirmed_at is None else None


def address_of(secret: str, *, account: str, issuer: str) -> str:
    """What stands in the QR code (otpauth://)."""
    return str(pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=account, issuer_name=issuer))


def confirm(member_id: int, code: str, vault: Vault) -> list[str]:
    """The first code is right: from now on it is asked for. The recovery codes, which nobody sees again.

    Raises `BadInput` for a wrong code.
    """
    row = session().get(Factor, member_id, with_for_update=True)
    if row is None or row.confirmed_at is not None:
        raise Refused(N_("There is nothing to confirm. Please begin again."))
    step = _step_of(row, _digits(code), vault)
    if step is None:
        raise BadInput(
            "code", N_("This code is not right. Please wait for the next one and check the clock of your telephone.")
        )
    row.last_step, row.confirmed_at = step, clock.now()
    _tell(member_id, "set")
    journal.write("set", "factor", None, actor_id=member_id, member=member_id)
    return _new_codes(member_id)


def new_codes(member_id: int) -> list[str]:
    """Ten other recovery codes; those until now are worth nothing any more."""
    if of(member_id) is None:
        raise Refused(N_("There is no second factor."))
    journal.write("new codes", "factor", None, actor_id=member_id, member=member_id)
    return _new_codes(member_id)


def _new_codes(member_id: int) -> list[str]:
    session().execute(delete(RecoveryCode).where(RecoveryCode.member_id == member_id))
    codes = [
        "-".join("".join(secrets.choice(ALPHABET) for _ in range(SIGNS)) for _ in range(GROUPS)) for _ in range(CODES)
    ]
    session().add_all([RecoveryCode(member_id=member_id, code_hash=hashed(_plain(code))) for code in codes])
    session().flush()
    return codes


def remove(member_id: int, *, actor_id: int | None) -> None:
    """Do without a second factor; by the member or, when it is lost, by an administrator. The member hears of it."""
    gone = session().execute(delete(Factor).where(Factor.member_id == member_id, Factor.confirmed_at.is_not(None)))
    if not db.affected(gone):
        raise Refused(N_("There is no second factor."))
    session().execute(delete(RecoveryCode).where(RecoveryCode.member_id == member_id))
    _tell(member_id, "removed" if actor_id == member_id else "by desk")
    journal.write("remove", "factor", None, actor_id=actor_id, member=member_id)


def forget(member_id: int) -> None:
    """Delete everything of it without a word: for rows that are given up."""
    session().execute(delete(RecoveryCode).where(RecoveryCode.member_id == member_id))
    session().execute(delete(Factor).where(Factor.member_id == member_id))


def pass_on(other_id: int, kept_id: int) -> bool:
    """Two rows of one person become one: what is set for the row that is given up goes along if the kept one has none,
    so that nobody gets in more easily than before. Else it ends. Whether it went along."""
    if of(other_id) is None or of(kept_id) is not None:
        forget(other_id)
        return False
    forget(kept_id)
    for table in (Factor, RecoveryCode):
        session().execute(
            update(table)
            .where(table.member_id == other_id)
            .values(member_id=kept_id)
            .execution_options(synchronize_session=False)
        )
    session().expire_all()
    return True


def end_since(member_id: int, since: datetime) -> None:
    """Somebody else had the account since then: what they set goes, and so do all recovery codes, which they may have
    made or seen. An older authenticator stays: its secret was shown to nobody since."""
    session().execute(delete(RecoveryCode).where(RecoveryCode.member_id == member_id))
    row = of(member_id)
    if row is not None and row.created_at >= since:
        remove(member_id, actor_id=member_id)
    elif row is None:
        forget(member_id)


def reseal(vault: Vault) -> tuple[int, int]:
    """Seal every secret with the newest key; how many are done, and how many no key of the list opens."""
    done = lost = 0
    for row in session().scalars(select(Factor).order_by(Factor.member_id).with_for_update()):
        if vault.open(row.sealed) is None:
            lost += 1
        else:
            row.sealed, done = vault.renew(row.sealed), done + 1
    return done, lost


def spend_all() -> None:
    """Make every recovery code worthless: after a restore those that were used since the backup would be good again."""
    session().execute(delete(RecoveryCode))


# --- asking for it ----------------------------------------------------------------------------------------------------


def locked(row: Factor) -> bool:
    """Whether too many wrong codes came of late."""
    return row.failures >= TRIES and not _over(row)


def _over(row: Factor) -> bool:
    return row.failing_since is None or clock.now() - row.failing_since >= LOCKED


def takes(row: Factor, typed: str, vault: Vault, *, recovery: bool = True) -> str:
    """Which way the code is right, "app" or "recovery", and spend it; "" if it is not. Raises `Refused` while locked.
    Without `recovery` the app alone counts, and a recovery code is neither right nor spent.

    The caller has `failed` written down, in a transaction that outlives the refusal.
    """
    if locked(row):
        raise Refused(N_("Too many wrong codes. Please wait ten minutes and try again."))
    way = "app" if _takes_digits(row, _digits(typed), vault) else ""
    if not way and recovery and _spend(row.member_id, _plain(typed)):
        way = "recovery"
        _tell(row.member_id, "used")
        journal.write("use recovery code", "factor", None, actor_id=row.member_id, member=row.member_id)
    if way:
        row.failures, row.failing_since = 0, None
    return way


def failed(member_id: int) -> None:
    """Count a wrong code. The one that locks is journalled as such."""
    row = session().get(Factor, member_id, with_for_update=True)
    if row is None:
        return
    if _over(row):
        row.failures, row.failing_since = 0, clock.now()
    row.failures += 1
    journal.write("refuse", "sign-in", member_id, by="code", locked=row.failures >= TRIES)


def _takes_digits(row: Factor, digits: str, vault: Vault) -> bool:
    step = _step_of(row, digits, vault)
    if step is None:
        return False
    # Of two requests with one code only one finds the step still lower.
    spent = session().execute(
        update(Factor)
        .where(Factor.member_id == row.member_id, Factor.last_step < step)
        .values(last_step=step, sealed=vault.renew(row.sealed))
        .execution_options(synchronize_session=False)
    )
    session().refresh(row)
    return db.affected(spent) > 0


def _step_of(row: Factor, digits: str, vault: Vault) -> int | None:
    """The step the code belongs to, if it is near and was not taken yet."""
    secret = vault.open(row.sealed)
    if secret is None or len(digits) != 6:
        return None
    now, maker = int(clock.now().timestamp()) // STEP, pyotp.HOTP(secret)
    steps = [step for step in range(now - DRIFT, now + DRIFT + 1) if step > row.last_step]
    found = [step for step in steps if hmac.compare_digest(maker.at(step), digits)]
    return found[0] if found else None


def _spend(member_id: int, code: str) -> bool:
    if len(code) != GROUPS * SIGNS:
        return False
    those = (RecoveryCode.member_id == member_id, RecoveryCode.code_hash == hashed(code))
    return db.affected(session().execute(delete(RecoveryCode).where(*those))) > 0


def _digits(typed: str) -> str:
    """As people type it: with blanks, in full width."""
    plain = "".join(str(int(sign)) for sign in typed if sign.isdecimal())
    return plain if not any(sign.isalpha() for sign in typed) else ""


def _plain(typed: str) -> str:
    return "".join(sign for sign in typed.lower() if sign in ALPHABET)


def tell_required(member_id: int) -> None:
    """Post the letter that asks for a second factor."""
    _tell(member_id, "required")


def _tell(member_id: int, what: str) -> None:
    letters.post(
        "second_factor",
        f"second-factor:{letters.mint_nonce()}",
        member_id=member_id,
        facts={"what": what, "at": clock.now().isoformat()},
    )
