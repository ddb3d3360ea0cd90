"""what members have consented to"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KINDS = "'invitations', 'meeting', 'name', 'organisation', 'position', 'address'"


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_from", sa.String(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_from", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_consent_kind")),
        sa.CheckConstraint("language IN ('de', 'en', 'ja')", name=op.f("ck_consent_language")),
        sa.CheckConstraint("ended_by IN ('page', 'link', 'mail', 'complaint', 'left')", name=op.f("ck_consent_ended_by")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_consent_member_id_member")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_consent_series_id_series")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_consent_meeting_id_meeting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_member_id_kind_withdrawn_at"), "consent", ["member_id", "kind", "withdrawn_at"])
    # What was confirmed before there were records. An end is one that came after, of invitations or of all.
    ended = (
        "CASE WHEN m.standing = 'left' THEN m.left_at "
        "WHEN a.meeting_id IS NULL AND m.unsubscribed_at > a.confirmed_at THEN m.unsubscribed_at END"
    )
    op.execute(
        "INSERT INTO consent (member_id, kind, series_id, meeting_id, text, version, language, given_at, given_from, "
        "confirmed_at, confirmed_from, withdrawn_at, ended_by) "
        "SELECT a.member_id, CASE WHEN a.meeting_id IS NULL THEN 'invitations' ELSE 'meeting' END, a.series_id, "
        "a.meeting_id, a.consent_text, a.consent_version, m.language, a.applied_at, a.applied_from, a.confirmed_at, "
        f"a.confirmed_from, {ended}, CASE WHEN m.standing = 'left' THEN 'left' END "
        "FROM application a JOIN member m ON m.id = a.member_id "
        "WHERE a.confirmed_at IS NOT NULL AND a.consent_text <> '' AND m.standing <> 'erased' ORDER BY a.id"
    )


def downgrade() -> None:
    op.drop_table("consent")
