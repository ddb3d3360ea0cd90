"""which row somebody's other row went into"""

import sqlalchemy as sa
from alembic import op

revision = "next2"
down_revision = "next"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merger",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["kept_id"], ["member.id"], name="fk_merger_kept_id"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_merger_member_id"),
        sa.PrimaryKeyConstraint("member_id", name="pk_merger"),
    )
    op.create_index("ix_merger_kept_id", "merger", ["kept_id"])


def downgrade() -> None:
    op.drop_index("ix_merger_kept_id", table_name="merger")
    op.drop_table("merger")
