"""Offers, standing answers and tentative seats."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OLD = "seat IS NULL OR (answer = 'yes' AND seat IN ('held', 'waiting'))"
NEW = (
    "seat IS NULL OR (answer = 'yes' AND seat IN ('held', 'offered', 'waiting'))"
    " OR (answer = 'invited' AND seat = 'held')"
)


def upgrade() -> None:
    op.add_column("series", sa.Column("offers", sa.String(), nullable=True))
    op.add_column("series", sa.Column("standing_lapses", sa.Boolean(), server_default="0", nullable=False))
    op.add_column("meeting", sa.Column("offers_from", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("rsvp") as batch_op:
        batch_op.add_column(sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("passes", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("let_pass", sa.Boolean(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("short_notice", sa.Boolean(), server_default="0", nullable=False))
        batch_op.drop_constraint(op.f("ck_rsvp_seat"), type_="check")
        batch_op.create_check_constraint(op.f("ck_rsvp_seat"), NEW)
        batch_op.create_index(
            "ix_rsvp_offered",
            ["offered_until", "meeting_id"],
            unique=False,
            postgresql_where=sa.text("seat = 'offered'"),
            sqlite_where=sa.text("seat = 'offered'"),
        )
    op.create_table(
        "standing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_standing_member_id")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_standing_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing")),
        sa.UniqueConstraint("series_id", "member_id", name=op.f("uq_standing_series_id_member_id")),
    )
    with op.batch_alter_table("standing") as batch_op:
        batch_op.create_index(batch_op.f("ix_standing_member_id"), ["member_id"], unique=False)


def downgrade() -> None:
    op.drop_table("standing")
    # Who was offered a seat has none; a seat that was kept for somebody who said nothing is given back.
    op.execute("UPDATE rsvp SET seat = 'waiting' WHERE seat = 'offered'")
    op.execute("UPDATE rsvp SET seat = NULL, asked_at = NULL, turn = NULL WHERE answer = 'invited'")
    with op.batch_alter_table("rsvp") as batch_op:
        batch_op.drop_index("ix_rsvp_offered")
        batch_op.drop_constraint(op.f("ck_rsvp_seat"), type_="check")
        batch_op.create_check_constraint(op.f("ck_rsvp_seat"), OLD)
        batch_op.drop_column("short_notice")
        batch_op.drop_column("let_pass")
        batch_op.drop_column("passes")
        batch_op.drop_column("offered_until")
    op.drop_column("meeting", "offers_from")
    op.drop_column("series", "standing_lapses")
    op.drop_column("series", "offers")
