"""who is to be erased"""

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "0012"
branch_labels = None
depends_on = None


def moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("keep_texts", sa.Boolean(), nullable=False),
        moment("asked_at", False),
        moment("done_at"),
        sa.CheckConstraint("why IN ('self', 'administrator', 'retention')", name=op.f("ck_erasure_why")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_erasure_member_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    pending = sa.text("done_at IS NULL")
    op.create_index(op.f("ix_erasure_member_id"), "erasure", ["member_id"])
    op.create_index(
        "uq_erasure_pending", "erasure", ["member_id"], unique=True, postgresql_where=pending, sqlite_where=pending
    )


def downgrade() -> None:
    op.drop_table("erasure")
