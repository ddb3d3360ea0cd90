"""letters and paragraphs of one's own"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FACTS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("subject", FACTS, nullable=False),
        sa.Column("words", FACTS, nullable=False),
        sa.Column("state", sa.String(), server_default="draft", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('own', 'thanks')", name=op.f("ck_message_kind")),
        sa.CheckConstraint(
            "audience IN ('coming', 'waiting', 'maybe', 'silent', 'all')", name=op.f("ck_message_audience")
        ),
        sa.CheckConstraint("state IN ('draft', 'queued', 'posted', 'withdrawn')", name=op.f("ck_message_state")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], ondelete="CASCADE", name=op.f("fk_message_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["author_id"], ["member.id"], name=op.f("fk_message_author_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index(op.f("ix_message_meeting_id_id"), "message", ["meeting_id", "id"])
    op.create_index(op.f("ix_message_state_due_at"), "message", ["state", "due_at"])
    op.create_table(
        "paragraph",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("words", FACTS, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], ondelete="CASCADE", name=op.f("fk_paragraph_meeting_id_meeting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paragraph")),
        sa.UniqueConstraint("meeting_id", "kind", name=op.f("uq_paragraph_meeting_id_kind")),
    )


def downgrade() -> None:
    op.drop_table("paragraph")
    op.drop_index(op.f("ix_message_state_due_at"), table_name="message")
    op.drop_index(op.f("ix_message_meeting_id_id"), table_name="message")
    op.drop_table("message")
    # Letters of these kinds stay in the ledger; those that wait could not be written any more.
    op.execute(
        "UPDATE letter SET state = 'dropped', reason = 'withdrawn' "
        "WHERE state = 'queued' AND kind IN ('own', 'thanks', 'nudge', 'test')"
    )
