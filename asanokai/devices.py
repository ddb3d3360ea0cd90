"""Devices: where members are signed in. One row for each, and the cookie holds nothing but its random token.

Of the token only a hash is kept (OWASP ASVS 5.0, 7.2.2 and 7.2.3): whoever reads the database cannot sign in with it. A
device that *waits* has proved one factor and owes the other; it opens no page but the one that asks for it. No network
address is kept here, and of the browser's own words only a plain name. It knows a member by number alone.
"""

import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, delete, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, db, journal, letters
from asanokai.db import Base, session
from asanokai.errors import N_, Missing
from asanokai.tokens import hashed

WAYS = ("link", "password", "passkey", "provider", "before")
"""How somebody proved who they are; "before": signed in before there were rows for devices."""

UNUSED, LONGEST = timedelta(days=60), timedelta(days=180)
"""A device ends after so long without use, and after so long at the latest (ASVS 7.3.1, 7.3.2). Use is what is sent,
and members who come once a month must not be asked anew each time."""

WAITS = timedelta(minutes=10)
"""How long one may take over the second factor."""

RECENT = timedelta(minutes=15)
"""How long a proof counts for what is delicate."""

NOTED_AFTER = timedelta(hours=1)
"""Use is written down no more often than that."""

LONGEST_COOKIE = 200

MOST = 50
"""Devices of a member; with one more the one that was used longest ago ends (ASVS 7.1.2)."""


class Device(Base):
    """A browser in which a member is signed in, or has begun to sign in (`waits_until`)."""

    __tablename__ = "device"
    __table_args__ = (CheckConstraint(f"by IN {WAYS}", name="by"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    by: Mapped[str]
    name: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime]
    used_at: Mapped[datetime]
    proved_at: Mapped[datetime]
    factor_at: Mapped[datetime | None]
    waits_until: Mapped[datetime | None]


def begin(
    member_id: int,
    *,
    by: str,
    name: str,
    factor_at: datetime | None = None,
    waits: bool = False,
    since: datetime | None = None,
) -> tuple[Device, str]:
    """A new device and the token for its cookie. `factor_at`: when the second factor was given, if it was; `waits`: it
    is owed; `since`: when it was proved, if not just now."""
    token, now = secrets.token_urlsafe(32), clock.now()
    device = Device(
        member_id=member_id,
        token_hash=hashed(token),
        by=by,
        name=name,
        created_at=now,
        used_at=now,
        proved_at=since or now,
        factor_at=factor_at,
        waits_until=now + WAITS if waits else None,
    )
    # Counted apart: who knows one factor could else begin so often that the member's own devices end.
    alike = Device.waits_until.is_not(None) if waits else Device.waits_until.is_(None)
    kept = select(Device.id).where(Device.member_id == member_id, alike)
    kept = kept.order_by(Device.used_at.desc(), Device.id.desc())
    too_many = session().scalars(kept.offset(MOST - 1)).all()
    if too_many:
        session().execute(delete(Device).where(Device.id.in_(too_many)))
    session().add(device)
    session().flush()
    return device, token


def tell(device: Device) -> None:
    """Post the letter that says so to the member."""
    letters.post(
        "new_device",
        f"new-device:{device.token_hash[:24]}",  # numbers come again on SQLite
        member_id=device.member_id,
        facts={"name": device.name, "at": device.created_at.isoformat()},
    )


def living(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What is true of a device that signs in."""
    return (Device.used_at > now - UNUSED, Device.created_at > now - LONGEST, Device.waits_until.is_(None))


def waiting(cookie: str) -> Device | None:
    """The device that owes a second factor, while it may."""
    if len(cookie) > LONGEST_COOKIE:
        return None
    found: Device | None = session().scalar(
        select(Device).where(Device.token_hash == hashed(cookie), Device.waits_until > clock.now())
    )
    return found


def holds(cookie: str) -> bool:
    """Whether the cookie signs somebody in, as far as the device goes."""
    query = select(Device.id).where(Device.token_hash == hashed(cookie), *living(clock.now()))
    return session().scalar(query) is not None


def note_use(device: Device) -> None:
    """Write down that it is used, if that has not been done within the hour."""
    if clock.now() - device.used_at >= NOTED_AFTER:
        device.used_at = clock.now()


def note_factor(device: Device) -> None:
    """The second factor has been given on it."""
    device.factor_at = clock.now()


def renew(device: Device) -> str:
    """A new token for the same device; the one until now signs nobody in any more."""
    token = secrets.token_urlsafe(32)
    device.token_hash, device.used_at = hashed(token), clock.now()
    session().flush()
    return token


def forget_factor(member_id: int) -> None:
    """The member's second factor is gone: only who came by a passkey has still proved two."""
    _without_factor(Device.member_id == member_id, Device.by != "passkey")


def forget_provider() -> None:
    """The provider counts as one factor from now on: who came by it owes the other. Also who gave a code besides, which
    no row tells from the provider's word; they give it once more."""
    _without_factor(Device.by == "provider")


def _without_factor(*those: ColumnElement[bool]) -> None:
    session().execute(update(Device).where(*those).values(factor_at=None).execution_options(synchronize_session=False))
    session().expire_all()


def recent(device: Device | None) -> bool:
    """Whether the identity was proved on it a short while ago, as wholly as at signing in."""
    return device is not None and clock.now() - device.proved_at < RECENT


def present(device: Device | None) -> bool:
    """The same, or at least the second factor was given on it a short while ago."""
    if device is None or device.factor_at is None:
        return recent(device)
    return recent(device) or clock.now() - device.factor_at < RECENT


def of_member(member_id: int) -> list[Device]:
    """The devices a member is signed in on, the one used last first."""
    query = select(Device).where(Device.member_id == member_id, *living(clock.now()))
    return list(session().scalars(query.order_by(Device.used_at.desc(), Device.id.desc())))


def sign_out(member_id: int, device_id: int) -> None:
    """End one of the member's own. Raises `Missing` for another's."""
    ended = session().execute(delete(Device).where(Device.id == device_id, Device.member_id == member_id))
    if not db.affected(ended):
        raise Missing(N_("There is no such page, or none that you may see."))
    journal.write("sign out", "device", device_id, actor_id=member_id, member=member_id)


def sign_out_others(member_id: int, *, but: int | None) -> None:
    """End all of the member's own but one."""
    count = end_all(member_id, but=but)
    if count:
        journal.write("sign out others", "device", None, actor_id=member_id, member=member_id, count=count)


def end(device: Device) -> None:
    """End this one, without more ado."""
    session().execute(delete(Device).where(Device.id == device.id))


def end_all(member_id: int, *, but: int | None = None) -> int:
    """End all devices of a member, or all but one; how many."""
    those = [Device.member_id == member_id]
    if but is not None:
        those.append(Device.id != but)
    return db.affected(session().execute(delete(Device).where(*those)))


def forget() -> int:
    """Delete those that have ended by themselves; how many."""
    now = clock.now()
    over = or_(Device.used_at <= now - UNUSED, Device.created_at <= now - LONGEST, Device.waits_until <= now)
    return db.affected(session().execute(delete(Device).where(over)))


# --- what a browser is called -----------------------------------------------------------------------------------------

_BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Vivaldi", r"Vivaldi/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrom(?:e|ium)/|CriOS/"),
    ("Safari", r"Version/[\d.]+ .*Safari/"),
)
"""In this order: most of them name Chrome or Safari as well."""

_SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("ChromeOS", r"CrOS"),
    ("Windows", r"Windows"),
    ("macOS", r"Macintosh|Mac OS X"),
    ("Linux", r"Linux|X11"),
)


def name_of(user_agent: str) -> str:
    """ "Firefox, Android" for what a browser says of itself; "" if nothing in it is known."""
    said = user_agent[:500]
    found = [next((name for name, pattern in names if re.search(pattern, said)), "") for names in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in found if name)
