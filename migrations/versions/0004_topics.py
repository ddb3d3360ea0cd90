"""proposals, votes, and what the archive finds a topic by"""

import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FACTS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TO_HIRAGANA = {sign: sign - 0x60 for sign in range(0x30A1, 0x30F7)}

topic = sa.table(
    "topic", sa.column("id"), sa.column("title", FACTS), sa.column("abstract", FACTS), sa.column("sought")
)
speaker = sa.table(
    "speaker",
    *map(sa.column, ("id", "topic_id", "member_id", "title", "family", "given", "family_ja", "given_ja")),
    sa.column("position", FACTS),
    sa.column("organisation", FACTS),
)
member = sa.table("member", *map(sa.column, ("id", "family_kana", "given_kana")))


def upgrade() -> None:
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("title", FACTS, nullable=False),
        sa.Column("abstract", FACTS, nullable=True),
        sa.Column("speaker_hint", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("word", FACTS, nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'chosen', 'merged', 'declined', 'withdrawn')", name=op.f("ck_proposal_state")
        ),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_proposal_series_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_proposal_member_id")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["proposal.id"], name=op.f("fk_proposal_merged_into_id")),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_proposal_topic_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    op.create_index(op.f("ix_proposal_series_id_state"), "proposal", ["series_id", "state"])
    op.create_index(op.f("ix_proposal_member_id"), "proposal", ["member_id"])
    op.create_index(op.f("ix_proposal_merged_into_id"), "proposal", ["merged_into_id"])
    op.create_index(op.f("ix_proposal_topic_id"), "proposal", ["topic_id"])
    op.create_table(
        "vote",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_vote_proposal_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_vote_member_id")),
        sa.PrimaryKeyConstraint("proposal_id", "member_id", name=op.f("pk_vote")),
    )
    op.create_index(op.f("ix_vote_member_id"), "vote", ["member_id"])
    op.add_column("topic", sa.Column("sought", sa.Text(), server_default="", nullable=False))
    _note_what_is_sought()


def downgrade() -> None:
    op.drop_column("topic", "sought")
    op.drop_table("vote")
    op.drop_table("proposal")


def _note_what_is_sought() -> None:
    """For the topics that are there; as `topics.note_sought` did when this step was written."""
    database = op.get_bind()
    spoken: dict[int, list[Any]] = {}
    kana = sa.select(speaker, member.c.family_kana, member.c.given_kana).select_from(
        speaker.outerjoin(member, member.c.id == speaker.c.member_id)
    )
    for row in database.execute(kana.order_by(speaker.c.id)):
        spoken.setdefault(row.topic_id, []).append(row)
    for row in database.execute(sa.select(topic.c.id, topic.c.title, topic.c.abstract)).all():
        database.execute(topic.update().where(topic.c.id == row.id).values(sought=_sought(row, spoken.get(row.id, []))))


def _sought(row: Any, speakers: list[Any]) -> str:
    told = [row.title, row.abstract]
    words = []
    for one in speakers:
        told += [one.organisation, one.position]
        words += [one.title, one.given, one.family, one.given]
        for family, given in ((one.family_ja, one.given_ja), (one.family_kana or "", one.given_kana or "")):
            words += [family, given, f"{family}{given}"]
    words += [text for texts in told for text in (texts or {}).values()]
    return unicodedata.normalize("NFKC", " ".join(filter(None, words))).casefold().translate(TO_HIRAGANA)
