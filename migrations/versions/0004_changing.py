"""What a row of the journal is about, to be found by

Revision ID: next
Revises: 0003
Create Date: 2026-11-29 14:35:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ABOUT = ("meeting", "member", "series")


def upgrade() -> None:
    """Add the columns, fill them from what the rows say, and index them."""
    for name in ABOUT:
        op.add_column("journal", sa.Column(f"{name}_id", sa.Integer(), nullable=True))
        said = f"json_extract(facts, '$.{name}')"
        if op.get_bind().dialect.name == "postgresql":
            said = f"CAST(facts ->> '{name}' AS INTEGER)"
        op.execute(f"UPDATE journal SET {name}_id = CASE WHEN object = '{name}' THEN object_id ELSE {said} END")
        op.create_index(f"ix_journal_{name}_id_id", "journal", [f"{name}_id", "id"], unique=False)


def downgrade() -> None:
    """Take the columns away again; the facts still say it."""
    for name in reversed(ABOUT):
        op.drop_index(f"ix_journal_{name}_id_id", table_name="journal")
        op.drop_column("journal", f"{name}_id")
