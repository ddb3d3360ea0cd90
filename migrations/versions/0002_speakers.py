"""running order"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FACTS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "slot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("title", FACTS, nullable=True),
        sa.CheckConstraint(
            "kind IN ('welcome', 'talk', 'questions', 'breakfast', 'other')", name=op.f("ck_slot_kind")
        ),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_slot_minutes")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_slot_meeting_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_slot_topic_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot")),
    )
    op.create_index(op.f("ix_slot_meeting_id_position"), "slot", ["meeting_id", "position"], unique=False)
    op.create_index(op.f("ix_slot_topic_id"), "slot", ["topic_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_slot_topic_id"), table_name="slot")
    op.drop_index(op.f("ix_slot_meeting_id_position"), table_name="slot")
    op.drop_table("slot")
