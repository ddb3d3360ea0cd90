"""Packs of host and caterer, and what the caterer was told

Revision ID: next
Revises: 0003
Create Date: 2026-11-29 15:00:00
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "packs"
down_revision = "next"
branch_labels = None
depends_on = None

FACTS = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "pack",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('caterer', 'host')", name=op.f("ck_pack_kind")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_pack_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pack")),
        sa.UniqueConstraint("meeting_id", "kind", name=op.f("uq_pack_meeting_id_kind")),
    )
    op.create_table(
        "catering_plan",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_catering_plan_series_id")),
        sa.PrimaryKeyConstraint("series_id", name=op.f("pk_catering_plan")),
    )
    op.create_table(
        "catered",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("frozen_at", MOMENT, nullable=True),
        sa.Column("frozen", FACTS, nullable=True),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("told", FACTS, nullable=True),
        sa.Column("letter", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_catered_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_catered")),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("catered", "catering_plan", "pack"):
        op.drop_table(table)
