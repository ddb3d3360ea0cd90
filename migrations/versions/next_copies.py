"""copies of everything about somebody"""

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "0013"
branch_labels = None
depends_on = None


def moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "copy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        moment("asked_at", False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        moment("ready_at"),
        moment("fetched_at"),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_copy_member_id_member")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["member.id"], name=op.f("fk_copy_asked_by_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copy")),
    )
    op.create_index(op.f("ix_copy_member_id"), "copy", ["member_id"])
    unready = sa.text("ready_at IS NULL")
    op.create_index(
        "uq_copy_unready", "copy", ["member_id"], unique=True, postgresql_where=unready, sqlite_where=unready
    )


def downgrade() -> None:
    op.drop_table("copy")
