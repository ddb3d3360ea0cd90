"""what members are found by, saved views, and which row somebody's other row went into"""

import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FACTS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
MARKS = {code: None for code in range(0x0300, 0x0370)}
AT_ONCE = 1_000


def upgrade() -> None:
    op.add_column("member", sa.Column("sought", sa.Text(), server_default="", nullable=False))
    op.add_column("member", sa.Column("filed", sa.String(), server_default="", nullable=False))
    op.create_index("ix_member_filed_id", "member", ["filed", "id"])
    op.create_table(
        "view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", FACTS, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["member.id"], name="fk_view_owner_id"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_view_series_id"),
        sa.PrimaryKeyConstraint("id", name="pk_view"),
    )
    op.create_index("ix_view_owner_id_series_id", "view", ["owner_id", "series_id"])
    op.create_table(
        "merger",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["kept_id"], ["member.id"], name="fk_merger_kept_id"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_merger_member_id"),
        sa.PrimaryKeyConstraint("member_id", name="pk_merger"),
    )
    op.create_index("ix_merger_kept_id", "merger", ["kept_id"])
    _fill()


def downgrade() -> None:
    op.drop_index("ix_merger_kept_id", table_name="merger")
    op.drop_table("merger")
    op.drop_index("ix_view_owner_id_series_id", table_name="view")
    op.drop_table("view")
    op.drop_index("ix_member_filed_id", table_name="member")
    op.drop_column("member", "filed")
    op.drop_column("member", "sought")


def _fill() -> None:
    """What the verbs keep from now on, for those who are here already."""
    bind = op.get_bind()
    rows = bind.execute(
        sa.text(
            "SELECT member.id, family, given, family_ja, given_ja, family_kana, given_kana, organisation.name, "
            "address.normal FROM member LEFT JOIN organisation ON organisation.id = member.organisation_id "
            "LEFT JOIN address ON address.member_id = member.id AND address.kind = 'main'"
        )
    ).all()
    filled = [_filled(*row) for row in rows]
    for start in range(0, len(filled), AT_ONCE):
        bind.execute(
            sa.text("UPDATE member SET sought = :sought, filed = :filed WHERE id = :id"),
            filled[start : start + AT_ONCE],
        )


def _filled(number: int, *said: Any) -> dict[str, Any]:
    family, given, family_ja, given_ja, family_kana, given_kana, organisation, address = said
    lines = (
        f"{family} {given} {family}",
        f"{family_ja}{given_ja} {family_ja} {given_ja}",
        f"{family_kana}{given_kana} {family_kana} {given_kana}",
        organisation or "",
        address or "",
    )
    key = f"{family or family_kana or family_ja} {given or given_kana}".casefold()
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", key)).translate(MARKS)
    return {
        "id": number,
        "sought": "\n".join(_folded(line).strip() for line in lines if line.strip()),
        "filed": _folded(unicodedata.normalize("NFC", bare)),
    }


def _folded(words: str) -> str:
    return unicodedata.normalize("NFKC", words).casefold().translate(HIRAGANA)
