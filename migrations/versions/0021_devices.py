"""a row for every device somebody is signed in on, in place of one stamp for all of them"""

import hashlib
import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        moment("created_at", False),
        moment("used_at", False),
        moment("proved_at", False),
        moment("factor_at"),
        moment("waits_until"),
        sa.CheckConstraint("by IN ('link', 'password', 'passkey', 'provider', 'before')", name=op.f("ck_device_by")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], ondelete="CASCADE", name=op.f("fk_device_member_id_member")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_device_token_hash")),
    )
    op.create_index(op.f("ix_device_member_id"), "device", ["member_id"])
    op.add_column("member", moment("first_in_at"))
    _carry_over()
    with op.batch_alter_table("member") as member:
        member.drop_column("session_stamp")


def _carry_over() -> None:
    """Whoever has signed in stays so: the cookie that held number and stamp is the token of one device, whichever
    browsers have it. Its proof is long ago, so that everything delicate asks again."""
    connection, now = op.get_bind(), datetime.now(UTC)
    member = sa.table("member", sa.column("id"), sa.column("session_stamp"), sa.column("standing"), moment("first_in_at"))
    entry = sa.table("journal", sa.column("object"), sa.column("object_id"), sa.column("verb"), moment("at"))
    first = (
        sa.select(sa.func.min(entry.c.at))
        .where(entry.c.object == "member", entry.c.verb == "sign in", entry.c.object_id == member.c.id)
        .scalar_subquery()
    )
    connection.execute(sa.update(member).values(first_in_at=first))
    found = sa.select(member.c.id, member.c.session_stamp, member.c.first_in_at)
    rows = connection.execute(found.where(member.c.first_in_at.is_not(None), member.c.standing == "accepted")).all()
    device = sa.table(
        "device",
        *(sa.column(name) for name in ("member_id", "token_hash", "by", "name")),
        *(moment(name) for name in ("created_at", "used_at", "proved_at")),
    )
    for number, stamp, since in rows:
        token = hashlib.sha256(f"{number}.{stamp}".encode()).hexdigest()
        since = since.replace(tzinfo=UTC) if since.tzinfo is None else since
        times = {"created_at": now, "used_at": now, "proved_at": since}
        connection.execute(
            device.insert().values(member_id=number, token_hash=token, by="before", name="", **times)
        )


def downgrade() -> None:
    """Hashes cannot be turned back into stamps: everybody signs in again."""
    op.add_column("member", sa.Column("session_stamp", sa.String(), nullable=True))
    connection = op.get_bind()
    member = sa.table("member", sa.column("id"), sa.column("session_stamp"))
    for number in connection.execute(sa.select(member.c.id)).scalars().all():
        stamp = secrets.token_urlsafe(12)
        connection.execute(sa.update(member).where(member.c.id == number).values(session_stamp=stamp))
    with op.batch_alter_table("member") as table:
        table.alter_column("session_stamp", existing_type=sa.String(), nullable=False)
        table.drop_column("first_in_at")
    op.drop_table("device")
