"""questions with their replies, guests by name, seats out of turn, deputies"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FACTS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("label", FACTS, nullable=False),
        sa.Column("choices", FACTS, nullable=True),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("vanishes", sa.Boolean(), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(series_id IS NULL) <> (meeting_id IS NULL)", name=op.f("ck_question_of_one")),
        sa.CheckConstraint("kind IN ('text', 'choice', 'number', 'food')", name=op.f("ck_question_kind")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_question_meeting_id")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_question_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )
    op.create_index(op.f("ix_question_meeting_id"), "question", ["meeting_id"])
    op.create_index(op.f("ix_question_series_id"), "question", ["series_id"])
    op.create_table(
        "reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("rsvp_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_reply_question_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["rsvp_id"], ["rsvp.id"], name=op.f("fk_reply_rsvp_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
        sa.UniqueConstraint("question_id", "rsvp_id", name=op.f("uq_reply_question_id_rsvp_id")),
    )
    op.create_index(op.f("ix_reply_rsvp_id"), "reply", ["rsvp_id"])
    op.create_table(
        "reply_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_reply_count_meeting_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_reply_count_question_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_count")),
        sa.UniqueConstraint(
            "question_id", "meeting_id", "value", name=op.f("uq_reply_count_question_id_meeting_id_value")
        ),
    )
    op.create_index(op.f("ix_reply_count_meeting_id"), "reply_count", ["meeting_id"])
    op.create_table(
        "guest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rsvp_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["rsvp_id"], ["rsvp.id"], name=op.f("fk_guest_rsvp_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guest")),
        sa.UniqueConstraint("rsvp_id", "place", name=op.f("uq_guest_rsvp_id_place")),
    )
    op.create_table(
        "seat_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rsvp_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["member.id"], name=op.f("fk_seat_note_actor_id")),
        sa.ForeignKeyConstraint(["other_id"], ["member.id"], name=op.f("fk_seat_note_other_id")),
        sa.ForeignKeyConstraint(["rsvp_id"], ["rsvp.id"], name=op.f("fk_seat_note_rsvp_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_note")),
    )
    op.create_index(op.f("ix_seat_note_rsvp_id"), "seat_note", ["rsvp_id"])
    op.create_table(
        "deputy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('deputy', 'assistant')", name=op.f("ck_deputy_kind")),
        sa.ForeignKeyConstraint(["deputy_id"], ["member.id"], name=op.f("fk_deputy_deputy_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_deputy_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputy")),
        sa.UniqueConstraint("member_id", "address", name=op.f("uq_deputy_member_id_address")),
    )
    op.create_index(op.f("ix_deputy_address"), "deputy", ["address"])
    op.create_index(op.f("ix_deputy_deputy_id"), "deputy", ["deputy_id"])


def downgrade() -> None:
    for table in ("deputy", "seat_note", "guest", "reply_count", "reply", "question"):
        op.drop_table(table)
