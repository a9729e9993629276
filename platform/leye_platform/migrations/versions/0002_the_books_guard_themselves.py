"""The books guard themselves, and responses do not change.

The ledger: postings come first (their foreign key is deferred), the entry last. Inserting the entry
checks that it has two postings or more that sum to zero, and closes it: later postings are refused.
No row of the ledger, no response is updated or deleted. An acceptance's sequence is one more than the
item's reversed acceptances, so that with the unique index at most one acceptance stands unreversed.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"

KEPT = {"ledger_entries": "the ledger", "postings": "the ledger", "responses": "responses"}

SQLITE = (
    """CREATE TRIGGER postings_before_entry BEFORE INSERT ON postings
    WHEN EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.entry_id)
    BEGIN SELECT RAISE(ABORT, 'ledger entry is closed'); END""",
    """CREATE TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
    WHEN (SELECT count(*) < 2 OR sum(amount_micros) <> 0 FROM postings WHERE entry_id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'ledger entry does not balance'); END""",
    """CREATE TRIGGER ledger_entries_acceptance AFTER INSERT ON ledger_entries
    WHEN NEW.kind = 'acceptance' AND (NEW.item_id IS NULL OR NEW.acceptance_sequence IS NULL
      OR NEW.acceptance_sequence <> 1 + (
        SELECT count(*) FROM ledger_entries a JOIN ledger_entries r ON r.reverses_id = a.id
        WHERE a.kind = 'acceptance' AND a.item_id = NEW.item_id))
    BEGIN SELECT RAISE(ABORT, 'item has an acceptance that is not reversed'); END""",
)

POSTGRESQL = (
    """CREATE FUNCTION leye_postings_before_entry() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.entry_id) THEN
        RAISE EXCEPTION 'ledger entry is closed';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER postings_before_entry BEFORE INSERT ON postings
    FOR EACH ROW EXECUTE FUNCTION leye_postings_before_entry()""",
    """CREATE FUNCTION leye_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (SELECT count(*) < 2 OR sum(amount_micros) <> 0 FROM postings WHERE entry_id = NEW.id) THEN
        RAISE EXCEPTION 'ledger entry does not balance';
      END IF;
      IF NEW.kind = 'acceptance' AND (NEW.item_id IS NULL OR NEW.acceptance_sequence IS NULL
        OR NEW.acceptance_sequence <> 1 + (
          SELECT count(*) FROM ledger_entries a JOIN ledger_entries r ON r.reverses_id = a.id
          WHERE a.kind = 'acceptance' AND a.item_id = NEW.item_id)) THEN
        RAISE EXCEPTION 'item has an acceptance that is not reversed';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION leye_entry_balances()""",
    """CREATE FUNCTION leye_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME;
    END $$""",
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if sqlite else POSTGRESQL:
        op.execute(statement)
    for table, what in KEPT.items():
        if sqlite:
            for deed in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{what}: rows are never changed or removed'); END"
                )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION leye_never_changes()"
            )
            op.execute(
                f"CREATE TRIGGER {table}_kept_whole BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION leye_never_changes()"
            )


def downgrade() -> None:
    raise RuntimeError("the guards of the books are not taken away: restore a backup instead")
