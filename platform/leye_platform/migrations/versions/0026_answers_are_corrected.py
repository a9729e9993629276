"""An answer may be corrected by its author: what it said before goes into a log that never changes.

The database lets a response change only where the newest row of its log says exactly what it said until now, and when
that was given; all but what it says stays as it was. A decision that fell with a correction says when.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

from leye_platform.columns import Json, UtcDateTime

revision = "0026"
down_revision = "0025"

SQLITE = (
    "DROP TRIGGER responses_no_update",
    """CREATE TRIGGER responses_no_update BEFORE UPDATE ON responses
    WHEN NOT (
      NEW.id IS OLD.id AND NEW.number IS OLD.number AND NEW.assignment_id IS OLD.assignment_id
      AND NEW.microtask_id IS OLD.microtask_id AND NEW.item_id IS OLD.item_id AND NEW.batch_id IS OLD.batch_id
      AND NEW.project_id IS OLD.project_id AND NEW.person_id IS OLD.person_id AND NEW.guide_id IS OLD.guide_id
      AND NEW.round IS OLD.round AND NEW.late IS OLD.late AND NEW.gold IS OLD.gold
      AND NEW.active_ms IS OLD.active_ms AND NEW.pay_micros IS OLD.pay_micros
      AND NEW.submitted_at IS OLD.submitted_at
      AND ((
        (SELECT data_state FROM batches WHERE id = OLD.batch_id) IS 'erasing'
        AND NEW.result IS '[]' AND NEW.labels IS '[]' AND NEW.as_sent IS NULL
        AND NEW.proposal_use IS OLD.proposal_use AND NEW.idempotency_key IS OLD.idempotency_key
        AND NEW.corrected_at IS OLD.corrected_at
      ) OR (
        NEW.corrected_at IS NOT NULL AND EXISTS (
          SELECT 1 FROM replaced_answers r WHERE r.response_id = OLD.id
          AND r.version = (SELECT max(version) FROM replaced_answers WHERE response_id = OLD.id)
          AND r.given_at = coalesce(OLD.corrected_at, OLD.submitted_at)
          AND r.result IS OLD.result AND r.labels IS OLD.labels AND r.as_sent IS OLD.as_sent
          AND r.proposal_use IS OLD.proposal_use AND r.idempotency_key IS OLD.idempotency_key
        )
      ))
    )
    BEGIN SELECT RAISE(ABORT, 'responses: rows are never changed or removed'); END""",
    """CREATE TRIGGER replaced_answers_no_update BEFORE UPDATE ON replaced_answers
    WHEN NOT (
      (SELECT b.data_state FROM responses a JOIN batches b ON b.id = a.batch_id WHERE a.id = OLD.response_id)
        IS 'erasing'
      AND NEW.result IS '[]' AND NEW.labels IS '[]' AND NEW.as_sent IS NULL
      AND NEW.response_id IS OLD.response_id AND NEW.version IS OLD.version
      AND NEW.proposal_use IS OLD.proposal_use AND NEW.idempotency_key IS OLD.idempotency_key
      AND NEW.given_at IS OLD.given_at AND NEW.replaced_at IS OLD.replaced_at
    )
    BEGIN SELECT RAISE(ABORT, 'replaced_answers: rows are never changed or removed'); END""",
    """CREATE TRIGGER replaced_answers_no_delete BEFORE DELETE ON replaced_answers
    BEGIN SELECT RAISE(ABORT, 'replaced_answers: rows are never changed or removed'); END""",
)
POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION leye_responses_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE'
        AND (SELECT data_state FROM batches WHERE id = OLD.batch_id) = 'erasing'
        AND NEW.result = '[]'::jsonb AND NEW.labels = '[]'::jsonb AND NEW.as_sent IS NULL
        AND to_jsonb(NEW) - ARRAY['result', 'labels', 'as_sent']
          = to_jsonb(OLD) - ARRAY['result', 'labels', 'as_sent']
      THEN
        RETURN NEW;
      END IF;
      IF TG_OP = 'UPDATE' AND NEW.corrected_at IS NOT NULL
        AND to_jsonb(NEW) - ARRAY['result', 'labels', 'as_sent', 'proposal_use', 'idempotency_key', 'corrected_at']
          = to_jsonb(OLD) - ARRAY['result', 'labels', 'as_sent', 'proposal_use', 'idempotency_key', 'corrected_at']
        AND EXISTS (
          SELECT 1 FROM replaced_answers r WHERE r.response_id = OLD.id
          AND r.version = (SELECT max(version) FROM replaced_answers WHERE response_id = OLD.id)
          AND r.given_at = coalesce(OLD.corrected_at, OLD.submitted_at)
          AND r.result IS NOT DISTINCT FROM OLD.result AND r.labels IS NOT DISTINCT FROM OLD.labels
          AND r.as_sent IS NOT DISTINCT FROM OLD.as_sent
          AND r.proposal_use IS NOT DISTINCT FROM OLD.proposal_use
          AND r.idempotency_key IS NOT DISTINCT FROM OLD.idempotency_key
        )
      THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME;
    END $$""",
    """CREATE FUNCTION leye_replaced_answers_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE'
        AND (SELECT b.data_state FROM responses a JOIN batches b ON b.id = a.batch_id
             WHERE a.id = OLD.response_id) = 'erasing'
        AND NEW.result = '[]'::jsonb AND NEW.labels = '[]'::jsonb AND NEW.as_sent IS NULL
        AND to_jsonb(NEW) - ARRAY['result', 'labels', 'as_sent']
          = to_jsonb(OLD) - ARRAY['result', 'labels', 'as_sent']
      THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME;
    END $$""",
    """CREATE TRIGGER replaced_answers_kept BEFORE UPDATE OR DELETE ON replaced_answers
    FOR EACH ROW EXECUTE FUNCTION leye_replaced_answers_kept()""",
    """CREATE TRIGGER replaced_answers_kept_whole BEFORE TRUNCATE ON replaced_answers
    FOR EACH STATEMENT EXECUTE FUNCTION leye_never_changes()""",
)


def upgrade() -> None:
    """No answer has been corrected so far."""
    op.add_column("responses", sa.Column("corrected_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("decisions", sa.Column("fell_at", UtcDateTime(timezone=True), nullable=True))
    op.create_table(
        "replaced_answers",
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("result", Json, nullable=False),
        sa.Column("labels", Json, nullable=False),
        sa.Column("as_sent", Json, nullable=True),
        sa.Column("proposal_use", sa.String(length=24), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("given_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("replaced_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"], ["responses.id"], name=op.f("fk_replaced_answers_response_id_responses")
        ),
        sa.PrimaryKeyConstraint("response_id", "version", name=op.f("pk_replaced_answers")),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("the guards of the books are not taken away: restore a backup instead")
