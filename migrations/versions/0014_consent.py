"""what the pages of law ask for, and which text stood when"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FACTS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("installation", sa.Column("legal", FACTS, nullable=True))
    op.create_table(
        "law_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('imprint', 'privacy', 'accessibility')", name=op.f("ck_law_text_kind")),
        sa.CheckConstraint("language IN ('de', 'en', 'ja')", name=op.f("ck_law_text_language")),
        sa.ForeignKeyConstraint(["actor_id"], ["member.id"], name=op.f("fk_law_text_actor_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_text")),
    )
    op.create_index(op.f("ix_law_text_kind_language_id"), "law_text", ["kind", "language", "id"])


def downgrade() -> None:
    op.drop_table("law_text")
    op.drop_column("installation", "legal")
