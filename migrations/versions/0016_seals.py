"""seals on the journal, what stands aside of it, and a database that lets entries be added only"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PRUNED = "kind = 'pruned'"

SQLITE = (
    """CREATE TRIGGER journal_unaltered BEFORE UPDATE ON journal
       BEGIN SELECT RAISE(ABORT, 'entries of the journal are only added'); END""",
    f"""CREATE TRIGGER journal_kept BEFORE DELETE ON journal
        WHEN NOT EXISTS (SELECT 1 FROM journal_seal WHERE {PRUNED} AND OLD.id BETWEEN first_id AND last_id)
        BEGIN SELECT RAISE(ABORT, 'entries of the journal go by pruning only'); END""",
    """CREATE TRIGGER journal_seal_unaltered BEFORE UPDATE ON journal_seal
       BEGIN SELECT RAISE(ABORT, 'seals are only added'); END""",
    f"""CREATE TRIGGER journal_seal_kept BEFORE DELETE ON journal_seal
        WHEN NOT EXISTS (SELECT 1 FROM journal_seal AS later WHERE later.{PRUNED} AND
            (later.number > OLD.number OR (later.number = OLD.number AND OLD.kind = 'sealed')))
        BEGIN SELECT RAISE(ABORT, 'seals go by pruning only'); END""",
    """CREATE TRIGGER journal_aside_unaltered BEFORE UPDATE ON journal_aside
       BEGIN SELECT RAISE(ABORT, 'what stands aside is erased, not altered'); END""",
)

# 23001 is restrict_violation: the program sees the same kind of error from both databases.
POSTGRESQL = (
    """CREATE FUNCTION journal_unaltered() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION '% is only added to', TG_TABLE_NAME USING ERRCODE = '23001'; END $$""",
    f"""CREATE FUNCTION journal_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NOT EXISTS (SELECT 1 FROM journal_seal WHERE {PRUNED} AND OLD.id BETWEEN first_id AND last_id) THEN
            RAISE EXCEPTION 'entries of the journal go by pruning only' USING ERRCODE = '23001';
          END IF;
          RETURN OLD;
        END $$""",
    f"""CREATE FUNCTION journal_seal_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NOT EXISTS (SELECT 1 FROM journal_seal AS later WHERE later.{PRUNED} AND
              (later.number > OLD.number OR (later.number = OLD.number AND OLD.kind = 'sealed'))) THEN
            RAISE EXCEPTION 'seals go by pruning only' USING ERRCODE = '23001';
          END IF;
          RETURN OLD;
        END $$""",
    *(
        f"CREATE TRIGGER {table}_unaltered BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION journal_unaltered()"
        for table in ("journal", "journal_seal", "journal_aside")
    ),
    *(
        f"CREATE TRIGGER {table}_emptied BEFORE TRUNCATE ON {table} EXECUTE FUNCTION journal_unaltered()"
        for table in ("journal", "journal_seal")
    ),
    *(
        f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_kept()"
        for table in ("journal", "journal_seal")
    ),
)

TRIGGERS = (
    *(("journal", name) for name in ("journal_unaltered", "journal_kept", "journal_emptied")),
    *(("journal_seal", f"journal_seal_{name}") for name in ("unaltered", "kept", "emptied")),
    ("journal_aside", "journal_aside_unaltered"),
)


def upgrade() -> None:
    op.add_column("journal", sa.Column("aside_hash", sa.String(), nullable=True))
    op.create_table(
        "journal_aside",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("salt", "address", "agent", "said")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal.id"], name=op.f("fk_journal_aside_entry_id_journal")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_journal_aside")),
    )
    op.create_index(op.f("ix_journal_aside_at"), "journal_aside", ["at"])
    op.create_table(
        "journal_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("first_id", "last_id", "entries")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("digest", "previous", "carries")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("key_id", "signature")),
        sa.CheckConstraint("kind IN ('sealed', 'pruned')", name=op.f("ck_journal_seal_kind")),
        sa.PrimaryKeyConstraint("number", "kind", name=op.f("pk_journal_seal")),
    )
    op.create_index(op.f("ix_journal_seal_last_id"), "journal_seal", ["last_id"])
    op.create_table(
        "journal_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("seals", "entries")),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("broken", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_check")),
    )
    op.create_index(op.f("ix_journal_check_at"), "journal_check", ["at"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table, trigger in TRIGGERS:
        op.execute(f"DROP TRIGGER IF EXISTS {trigger}" + (f" ON {table}" if postgresql else ""))
    if postgresql:
        for function in ("journal_unaltered", "journal_kept", "journal_seal_kept"):
            op.execute(f"DROP FUNCTION {function}()")
    for table in ("journal_check", "journal_seal", "journal_aside"):
        op.drop_table(table)
    with op.batch_alter_table("journal") as journal:
        journal.drop_column("aside_hash")
