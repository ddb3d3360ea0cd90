"""second factors, their recovery codes, and of whom they are wanted"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "factor",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("last_step", sa.Integer(), server_default="0", nullable=False),
        moment("created_at", False),
        moment("confirmed_at"),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        moment("failing_since"),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], ondelete="CASCADE", name=op.f("fk_factor_member_id_member")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], ondelete="CASCADE", name=op.f("fk_recovery_code_member_id_member")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_member_id"), "recovery_code", ["member_id"])
    op.add_column("series", sa.Column("second_factor", sa.Boolean(), server_default="0", nullable=False))
    with op.batch_alter_table("installation") as installation:
        installation.add_column(sa.Column("second_factor", sa.String(), server_default="", nullable=False))
        installation.add_column(sa.Column("provider_counts", sa.Boolean(), server_default="0", nullable=False))
        installation.create_check_constraint(
            op.f("ck_installation_second_factor"), "second_factor IN ('', 'administrators', 'coordinators')"
        )


def downgrade() -> None:
    """Who had set a second factor signs in without one again."""
    with op.batch_alter_table("installation") as installation:
        installation.drop_constraint(op.f("ck_installation_second_factor"), type_="check")
        installation.drop_column("provider_counts")
        installation.drop_column("second_factor")
    with op.batch_alter_table("series") as series:
        series.drop_column("second_factor")
    op.drop_table("recovery_code")
    op.drop_table("factor")
