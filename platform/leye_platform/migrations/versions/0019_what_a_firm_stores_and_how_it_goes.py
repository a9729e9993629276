"""What each firm has in the store, how long a batch's content stays, and how it goes.

An answer may lose what it says, and nothing else, while the row of its batch says that its content is being erased.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from leye_platform.columns import Json, UtcDateTime

revision = "0019"
down_revision = "0018"

NO_LONGER_KEPT = sa.text("data_state <> 'kept'")
DATED = sa.text("erase_at IS NOT NULL")
SQLITE = (
    "DROP TRIGGER responses_no_update",
    """CREATE TRIGGER responses_no_update BEFORE UPDATE ON responses
    WHEN NOT (
      (SELECT data_state FROM batches WHERE id = OLD.batch_id) IS 'erasing'
      AND NEW.result IS '[]' AND NEW.labels IS '[]' AND NEW.as_sent IS NULL
      AND NEW.id IS OLD.id AND NEW.number IS OLD.number AND NEW.assignment_id IS OLD.assignment_id
      AND NEW.microtask_id IS OLD.microtask_id AND NEW.item_id IS OLD.item_id AND NEW.batch_id IS OLD.batch_id
      AND NEW.project_id IS OLD.project_id AND NEW.person_id IS OLD.person_id AND NEW.guide_id IS OLD.guide_id
      AND NEW.round IS OLD.round AND NEW.idempotency_key IS OLD.idempotency_key AND NEW.late IS OLD.late
      AND NEW.gold IS OLD.gold AND NEW.active_ms IS OLD.active_ms AND NEW.pay_micros IS OLD.pay_micros
      AND NEW.proposal_use IS OLD.proposal_use AND NEW.submitted_at IS OLD.submitted_at
    )
    BEGIN SELECT RAISE(ABORT, 'responses: rows are never changed or removed'); END""",
)
POSTGRESQL = (
    "CREATE SEQUENCE erasures_number_seq",
    """CREATE FUNCTION leye_responses_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE'
        AND (SELECT data_state FROM batches WHERE id = OLD.batch_id) = 'erasing'
        AND NEW.result = '[]'::jsonb AND NEW.labels = '[]'::jsonb AND NEW.as_sent IS NULL
        AND to_jsonb(NEW) - ARRAY['result', 'labels', 'as_sent']
          = to_jsonb(OLD) - ARRAY['result', 'labels', 'as_sent']
      THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME;
    END $$""",
    "DROP TRIGGER responses_kept ON responses",
    """CREATE TRIGGER responses_kept BEFORE UPDATE OR DELETE ON responses
    FOR EACH ROW EXECUTE FUNCTION leye_responses_kept()""",
)


def upgrade() -> None:
    """All content is kept until somebody asks; what firms have sent is counted by what is known of it."""
    op.add_column("organisations", sa.Column("storage_limit", sa.BigInteger(), nullable=True))
    op.add_column("projects", sa.Column("retention_days", sa.Integer(), nullable=True))
    op.add_column("batches", sa.Column("read_on_job", sa.Uuid(), nullable=True))
    op.add_column("batches", sa.Column("data_state", sa.String(length=24), nullable=False, server_default="kept"))
    op.add_column("batches", sa.Column("retention_days", sa.Integer(), nullable=True))
    op.add_column("batches", sa.Column("erase_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("batches", sa.Column("legal_hold", sa.String(length=500), nullable=True))
    op.add_column("refused_rows", sa.Column("for_room", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_batches_no_longer_kept",
        "batches",
        ["project_id"],
        postgresql_where=NO_LONGER_KEPT,
        sqlite_where=NO_LONGER_KEPT,
    )
    op.create_index("ix_batches_erase_at", "batches", ["erase_at"], postgresql_where=DATED, sqlite_where=DATED)
    _add_storage()
    _add_erasures()
    _count_what_is_there()
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def _add_storage() -> None:
    op.create_table(
        "storage_use",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_storage_use_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_storage_use")),
    )
    op.create_table(
        "firm_files",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_firm_files_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_firm_files")),
    )
    op.create_index("ix_firm_files_subject_id", "firm_files", ["subject_id"])
    op.create_index("ix_firm_files_organisation_id", "firm_files", ["organisation_id"])
    op.create_table(
        "firm_contents",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_firm_contents_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "sha256", name=op.f("pk_firm_contents")),
    )
    op.create_index("ix_firm_contents_sha256", "firm_contents", ["sha256"])


def _add_erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("step", sa.String(length=24), nullable=False),
        sa.Column("done_row", sa.Integer(), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("previous", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_erasures_asked_by_people")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_erasures_batch_id_batches")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_erasures_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_erasures_batch_id")),
        sa.UniqueConstraint("number", name=op.f("uq_erasures_number")),
    )
    op.create_index("ix_erasures_organisation_id", "erasures", ["organisation_id"])
    op.create_table(
        "erased_objects",
        sa.Column("erasure_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("fate", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"], name=op.f("fk_erased_objects_erasure_id_erasures")),
        sa.PrimaryKeyConstraint("erasure_id", "key", name=op.f("pk_erased_objects")),
    )


def _count_what_is_there() -> None:
    """Contents by their rows, parted uploads by theirs. Files of forms have no row: the next sweep measures them."""
    op.execute(
        "INSERT INTO firm_contents (organisation_id, sha256, bytes, noted_at) "
        "SELECT DISTINCT projects.organisation_id, contents.sha256, contents.bytes, CURRENT_TIMESTAMP "
        "FROM content_uses JOIN contents ON contents.sha256 = content_uses.sha256 "
        "JOIN batches ON batches.id = content_uses.batch_id JOIN projects ON projects.id = batches.project_id"
    )
    op.execute(
        "INSERT INTO firm_files (key, organisation_id, subject_id, bytes, noted_at) "
        "SELECT upload_sessions.key, projects.organisation_id, upload_sessions.subject_id, "
        "max(upload_sessions.size), max(upload_sessions.last_at) FROM upload_sessions "
        "JOIN projects ON projects.id = upload_sessions.project_id WHERE upload_sessions.state <> 'aborted' "
        "GROUP BY upload_sessions.key, projects.organisation_id, upload_sessions.subject_id"
    )
    op.execute(
        "INSERT INTO storage_use (organisation_id, bytes) SELECT id, "
        "coalesce((SELECT sum(bytes) FROM firm_files WHERE organisation_id = organisations.id), 0) + "
        "coalesce((SELECT sum(bytes) FROM firm_contents WHERE organisation_id = organisations.id), 0) "
        "FROM organisations WHERE kind = 'partner'"
    )


def downgrade() -> None:
    raise RuntimeError("what was erased does not come back, and its proof is not thrown away: restore a backup instead")
