"""who is to be erased, how long what is kept, what was removed"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
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
    op.create_table(
        "retention_limit",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        moment("changed_at", False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_retention_limit")),
    )
    op.create_table(
        "retention_run",
        sa.Column("id", sa.Integer(), nullable=False),
        moment("began_at", False),
        moment("ended_at"),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["member.id"], name=op.f("fk_retention_run_by_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
    )
    op.create_index(op.f("ix_retention_run_began_at"), "retention_run", ["began_at"])
    op.create_table(
        "removal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["retention_run.id"], ondelete="CASCADE", name=op.f("fk_removal_run_id_retention_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal")),
        sa.UniqueConstraint("run_id", "kind", name=op.f("uq_removal_run_id_kind")),
    )
    op.create_table(
        "nobody",
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_nobody_member_id_member")),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_nobody")),
        sa.UniqueConstraint("member_id", name=op.f("uq_nobody_member_id")),
    )
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
    for table in ("nobody", "removal", "retention_run", "retention_limit"):
        op.drop_table(table)
    op.drop_table("erasure")
