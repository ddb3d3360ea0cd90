"""speakers and hosts are asked, files are put up, minutes written"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FACTS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "contributor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("speaker_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("salutation", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("given", sa.String(), nullable=False),
        sa.Column("family_ja", sa.String(), nullable=False),
        sa.Column("given_ja", sa.String(), nullable=False),
        sa.Column("position", FACTS, nullable=True),
        sa.Column("organisation", FACTS, nullable=True),
        sa.Column("biography", FACTS, nullable=True),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('speaker', 'host')", name=op.f("ck_contributor_kind")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_contributor_meeting_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["speaker_id"], ["speaker.id"], name=op.f("fk_contributor_speaker_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contributor")),
        sa.UniqueConstraint("speaker_id", name=op.f("uq_contributor_speaker_id")),
    )
    op.create_index(op.f("ix_contributor_meeting_id"), "contributor", ["meeting_id"], unique=False)
    op.create_index(
        "ix_contributor_host",
        "contributor",
        ["meeting_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'host'"),
        sqlite_where=sa.text("kind = 'host'"),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("seen_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('photo', 'slides', 'material')", name=op.f("ck_upload_kind")),
        sa.CheckConstraint("seen_by IN ('members', 'all')", name=op.f("ck_upload_seen_by")),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributor.id"], name=op.f("fk_upload_contributor_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_upload_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index(op.f("ix_upload_contributor_id"), "upload", ["contributor_id"], unique=False)
    op.create_index(op.f("ix_upload_meeting_id_kind"), "upload", ["meeting_id", "kind"], unique=False)

    op.create_table(
        "minutes",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("text", FACTS, nullable=False),
        sa.Column("seen_by", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("seen_by IN ('members', 'all')", name=op.f("ck_minutes_seen_by")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_minutes_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_minutes")),
    )

def downgrade() -> None:
    op.drop_table("minutes")
    op.drop_index(op.f("ix_upload_meeting_id_kind"), table_name="upload")
    op.drop_index(op.f("ix_upload_contributor_id"), table_name="upload")
    op.drop_table("upload")
    op.drop_index(
        "ix_contributor_host",
        table_name="contributor",
        postgresql_where=sa.text("kind = 'host'"),
        sqlite_where=sa.text("kind = 'host'"),
    )
    op.drop_index(op.f("ix_contributor_meeting_id"), table_name="contributor")
    op.drop_table("contributor")
