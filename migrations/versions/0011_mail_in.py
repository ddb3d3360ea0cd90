"""mail that comes back, a letter's way, what an address sent back, letters somebody does without"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FACTS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "incoming",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("raw_hash", sa.String(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=True),
        sa.Column("sender", sa.String(), nullable=True),
        moment("came_at", False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        moment("due_at", False),
        sa.Column("author", sa.String(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("facts", FACTS, nullable=True),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        moment("taken_at"),
        moment("settled_at"),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'taken', 'parked', 'settled')", name=op.f("ck_incoming_state")),
        sa.CheckConstraint("way IN ('lmtp', 'imap', 'file')", name=op.f("ck_incoming_way")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_incoming_member_id_member")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_incoming_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_incoming_letter_id_letter")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["member.id"], name=op.f("fk_incoming_settled_by_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming")),
        sa.UniqueConstraint("digest", name=op.f("uq_incoming_digest")),
    )
    waiting, parked = sa.text("state = 'waiting'"), sa.text("state = 'parked'")
    op.create_index(
        "ix_incoming_waiting", "incoming", ["due_at", "id"], postgresql_where=waiting, sqlite_where=waiting
    )
    op.create_index("ix_incoming_parked", "incoming", ["id"], postgresql_where=parked, sqlite_where=parked)
    for column in ("member_id", "meeting_id", "letter_id"):
        op.create_index(op.f(f"ix_incoming_{column}_id"), "incoming", [column, "id"])
    op.create_index(op.f("ix_incoming_came_at"), "incoming", ["came_at"])
    op.create_table(
        "mailbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=True),
        sa.Column("last_uid", sa.BigInteger(), server_default="0", nullable=False),
        moment("seen_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox")),
        sa.UniqueConstraint("name", name=op.f("uq_mailbox_name")),
    )
    op.create_table(
        "happening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        moment("at", False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "what IN ('postponed', 'refused', 'failed', 'bounced', 'delayed', 'complained', 'released', 'retried')",
            name=op.f("ck_happening_what"),
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], ondelete="CASCADE", name=op.f("fk_happening_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_happening")),
    )
    op.create_index(op.f("ix_happening_letter_id_id"), "happening", ["letter_id", "id"])
    op.create_table(
        "bounce",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("sort", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        moment("at", False),
        sa.CheckConstraint(
            "sort IN ('unknown', 'permanent', 'full', 'temporary', 'policy', 'complaint')",
            name=op.f("ck_bounce_sort"),
        ),
        sa.ForeignKeyConstraint(
            ["address_id"], ["address.id"], ondelete="CASCADE", name=op.f("fk_bounce_address_id_address")
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], ondelete="SET NULL", name=op.f("fk_bounce_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounce")),
        sa.UniqueConstraint("address_id", "letter_id", "sort", name=op.f("uq_bounce_address_id_letter_id_sort")),
    )
    op.create_index(op.f("ix_bounce_address_id_at"), "bounce", ["address_id", "at"])
    op.create_index(op.f("ix_bounce_letter_id"), "bounce", ["letter_id"])
    op.create_table(
        "mute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], ondelete="CASCADE", name=op.f("fk_mute_member_id_member")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mute")),
        sa.UniqueConstraint("member_id", "kind", name=op.f("uq_mute_member_id_kind")),
    )
    op.add_column("letter", moment("claimed_at"))
    op.add_column("rsvp", moment("said_at"))
    op.add_column("rsvp", moment("meant_start"))
    # What was said before calendars could answer was said when it came.
    op.execute("UPDATE rsvp SET said_at = answered_at WHERE answered_at IS NOT NULL")


def downgrade() -> None:
    with op.batch_alter_table("rsvp") as rsvp:
        rsvp.drop_column("meant_start")
        rsvp.drop_column("said_at")
    with op.batch_alter_table("letter") as letter:
        letter.drop_column("claimed_at")
    for table in ("mute", "bounce", "happening", "mailbox", "incoming"):
        op.drop_table(table)
