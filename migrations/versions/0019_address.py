"""changes of members' addresses"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "address_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("newly", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("confirm_hash", sa.String(), nullable=True),
        sa.Column("object_hash", sa.String(), nullable=True),
        moment("asked_at", False),
        moment("made_at"),
        moment("ended_at"),
        sa.CheckConstraint("state IN ('asked', 'dropped', 'made', 'objected')", name=op.f("ck_address_change_state")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_address_change_member_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_change")),
    )
    op.create_index(op.f("ix_address_change_member_id"), "address_change", ["member_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_address_change_member_id"), table_name="address_change")
    op.drop_table("address_change")
