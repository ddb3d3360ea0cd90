"""What a row of the journal is about, to be found by; packs of host and caterer, and what the caterer was told

Revision ID: next
Revises: 0008
Create Date: 2026-11-29 14:35:00
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FACTS = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)
ABOUT = ("meeting", "member", "series")


def upgrade() -> None:
    """Add the columns, fill them from what the rows say, and index them. Make the three tables."""
    for name in ABOUT:
        op.add_column("journal", sa.Column(f"{name}_id", sa.Integer(), nullable=True))
        said = f"json_extract(facts, '$.{name}')"
        if op.get_bind().dialect.name == "postgresql":
            said = f"CAST(facts ->> '{name}' AS INTEGER)"
        op.execute(f"UPDATE journal SET {name}_id = CASE WHEN object = '{name}' THEN object_id ELSE {said} END")
        op.create_index(f"ix_journal_{name}_id_id", "journal", [f"{name}_id", "id"], unique=False)
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
    """Take the columns away again; the facts still say it. Drop the tables."""
    for table in ("catered", "catering_plan", "pack"):
        op.drop_table(table)
    for name in reversed(ABOUT):
        op.drop_index(f"ix_journal_{name}_id_id", table_name="journal")
        op.drop_column("journal", f"{name}_id")
