"""The first schema

Revision ID: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0001"
down_revision = None


SEQUENCES = (
    "organisations_number",
    "people_number",
    "projects_number",
    "batches_number",
    "items_number",
    "slots_position",
    "responses_number",
    "lots_number",
    "invoices_number",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in SEQUENCES:
            op.execute(f"CREATE SEQUENCE {name}_seq")
    op.create_table(
        "organisations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("name", name=op.f("uq_organisations_name")),
        sa.UniqueConstraint("number", name=op.f("uq_organisations_number")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job", sa.String(length=24), nullable=False),
        sa.Column("arguments", leye_platform.columns.Json, nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=True),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("sent_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("failed_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_pending",
            ["created_at"],
            unique=False,
            postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
        )
        batch_op.create_index(
            "uq_outbox_waiting",
            ["subject"],
            unique=True,
            postgresql_where=sa.text("sent_at IS NULL AND done_at IS NULL AND subject IS NOT NULL"),
            sqlite_where=sa.text("sent_at IS NULL AND done_at IS NULL AND subject IS NOT NULL"),
        )

    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("staff_number", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
        sa.UniqueConstraint("number", name=op.f("uq_people_number")),
        sa.UniqueConstraint("phone", name=op.f("uq_people_phone")),
        sa.UniqueConstraint("staff_number", name=op.f("uq_people_staff_number")),
    )
    op.create_table(
        "sealed_records",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject_id", name=op.f("pk_sealed_records")),
    )
    with op.batch_alter_table("sealed_records", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sealed_records_key_id"), ["key_id"], unique=False)

    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_api_tokens_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index("ix_api_tokens_person_id_created_at", ["person_id", "created_at"], unique=False)

    op.create_table(
        "audit_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("detail", leye_platform.columns.Json, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_audit_log_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.create_index("ix_audit_log_at", ["at"], unique=False)
        batch_op.create_index("ix_audit_log_subject_id_at", ["subject_id", "at"], unique=False)

    op.create_table(
        "checkpoints",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("data", leye_platform.columns.Json, nullable=False),
        sa.Column("saved_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["outbox.id"], name=op.f("fk_checkpoints_job_id_outbox")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "credentials",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("throttled_until", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("changed_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_credentials_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_credentials")),
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_invoices_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
    )
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.create_index("ix_invoices_organisation_id_issued_at", ["organisation_id", "issued_at"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_memberships_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_memberships_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint(
            "person_id", "organisation_id", "role", name=op.f("uq_memberships_person_id_organisation_id_role")
        ),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_memberships_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "projects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("task_type", sa.String(length=64), nullable=False),
        sa.Column("label_config", sa.Text(), nullable=False),
        sa.Column("pipeline", leye_platform.columns.Json, nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("lease_minutes", sa.Integer(), nullable=False),
        sa.Column("accept_days", sa.Integer(), nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_projects_created_by_people")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_projects_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("number", name=op.f("uq_projects_number")),
    )
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_projects_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "sign_in_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sign_in_sessions_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_sessions_token_hash")),
    )
    with op.batch_alter_table("sign_in_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_sessions_person_id"), ["person_id"], unique=False)

    op.create_table(
        "teams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["leader_id"], ["people.id"], name=op.f("fk_teams_leader_id_people")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_teams_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("organisation_id", "name", name=op.f("uq_teams_organisation_id_name")),
    )
    with op.batch_alter_table("teams", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_teams_leader_id"), ["leader_id"], unique=False)

    op.create_table(
        "annotator_skills",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("skill", leye_platform.columns.Json, nullable=False),
        sa.Column("fitted_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_annotator_skills_person_id_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_annotator_skills_project_id_projects")),
        sa.PrimaryKeyConstraint("person_id", "project_id", name=op.f("pk_annotator_skills")),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("deadline", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("source_key", sa.String(length=300), nullable=True),
        sa.Column("source_name", sa.String(length=300), nullable=True),
        sa.Column("rows_in", sa.Integer(), nullable=False),
        sa.Column("rows_refused", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("ingest_job", sa.Uuid(), nullable=True),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_batches_created_by_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_batches_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("number", name=op.f("uq_batches_number")),
    )
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.create_index("ix_batches_project_id_created_at", ["project_id", "created_at"], unique=False)
        batch_op.create_index("ix_batches_state_priority", ["state", "priority", "created_at"], unique=False)

    op.create_table(
        "guide_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_guide_versions_created_by_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_guide_versions_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_versions")),
        sa.UniqueConstraint("project_id", "version", name=op.f("uq_guide_versions_project_id_version")),
    )
    op.create_table(
        "pay_rates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("work", sa.String(length=24), nullable=False),
        sa.Column("rate", leye_platform.columns.ExactDecimal(), nullable=False),
        sa.Column("valid_from", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_pay_rates_created_by_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_pay_rates_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_rates")),
        sa.UniqueConstraint("project_id", "work", "valid_from", name=op.f("uq_pay_rates_project_id_work_valid_from")),
    )
    op.create_table(
        "price_cards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("unit_price", leye_platform.columns.ExactDecimal(), nullable=False),
        sa.Column("valid_from", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_price_cards_created_by_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_price_cards_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_cards")),
        sa.UniqueConstraint("project_id", "valid_from", name=op.f("uq_price_cards_project_id_valid_from")),
    )
    op.create_table(
        "skill_fits",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("prior", leye_platform.columns.Json, nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("fitted_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_skill_fits_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_skill_fits")),
    )
    op.create_table(
        "team_members",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_team_members_person_id_people")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_members_team_id_teams")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_team_members")),
    )
    with op.batch_alter_table("team_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_team_members_team_id"), ["team_id"], unique=False)

    op.create_table(
        "work_records",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("gold_answers", sa.Integer(), nullable=False),
        sa.Column("gold_right", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_work_records_person_id_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_work_records_project_id_projects")),
        sa.PrimaryKeyConstraint("person_id", "project_id", name=op.f("pk_work_records")),
    )
    op.create_table(
        "cursors",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.String(length=24), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("swept", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_cursors_batch_id_batches")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_cursors_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "batch_id", "lane", name=op.f("pk_cursors")),
    )
    op.create_table(
        "items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("data", leye_platform.columns.Json, nullable=False),
        sa.Column("source_key", sa.String(length=300), nullable=True),
        sa.Column("gold_result", leye_platform.columns.Json, nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_items_batch_id_batches")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_items_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("batch_id", "external_id", name=op.f("uq_items_batch_id_external_id")),
        sa.UniqueConstraint("batch_id", "row", name=op.f("uq_items_batch_id_row")),
        sa.UniqueConstraint("number", name=op.f("uq_items_number")),
    )
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.create_index("ix_items_batch_id_state_number", ["batch_id", "state", "number"], unique=False)

    op.create_table(
        "lots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("files", leye_platform.columns.Json, nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("accept_by", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_lots_batch_id_batches")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_lots_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_lots_project_id_projects")),
        sa.ForeignKeyConstraint(["settled_by"], ["people.id"], name=op.f("fk_lots_settled_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lots")),
        sa.UniqueConstraint("number", name=op.f("uq_lots_number")),
        sa.UniqueConstraint("project_id", "sequence", name=op.f("uq_lots_project_id_sequence")),
    )
    with op.batch_alter_table("lots", schema=None) as batch_op:
        batch_op.create_index("ix_lots_batch_id", ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lots_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "refused_rows",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("original", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_refused_rows_batch_id_batches")),
        sa.PrimaryKeyConstraint("batch_id", "row", name=op.f("pk_refused_rows")),
    )
    op.create_table(
        "invoice_items",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("quantity", leye_platform.columns.ExactDecimal(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_items_invoice_id_invoices")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_invoice_items_item_id_items")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_invoice_items")),
    )
    with op.batch_alter_table("invoice_items", schema=None) as batch_op:
        batch_op.create_index("ix_invoice_items_invoice_id_line", ["invoice_id", "line"], unique=False)

    op.create_table(
        "invoice_lines",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("quantity", leye_platform.columns.ExactDecimal(), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("unit_price", leye_platform.columns.ExactDecimal(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_lines_invoice_id_invoices")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_invoice_lines_lot_id_lots")),
        sa.PrimaryKeyConstraint("invoice_id", "line", name=op.f("pk_invoice_lines")),
        sa.UniqueConstraint("lot_id", "unit", "unit_price", name=op.f("uq_invoice_lines_lot_id_unit_unit_price")),
    )
    op.create_table(
        "lot_items",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("quantity", leye_platform.columns.ExactDecimal(), nullable=False),
        sa.Column("result", leye_platform.columns.Json, nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("guide_version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("sent_back_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_lot_items_item_id_items")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lot_items_lot_id_lots")),
        sa.PrimaryKeyConstraint("lot_id", "item_id", name=op.f("pk_lot_items")),
    )
    with op.batch_alter_table("lot_items", schema=None) as batch_op:
        batch_op.create_index(
            "uq_lot_items_included",
            ["item_id"],
            unique=True,
            postgresql_where=sa.text("state = 'included'"),
            sqlite_where=sa.text("state = 'included'"),
        )

    op.create_table(
        "micro_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("content", leye_platform.columns.Json, nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("overlap_wanted", sa.Integer(), nullable=False),
        sa.Column("overlap_limit", sa.Integer(), nullable=False),
        sa.Column("posterior", leye_platform.columns.Json, nullable=True),
        sa.Column("gold_labels", leye_platform.columns.Json, nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_micro_tasks_batch_id_batches")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_micro_tasks_item_id_items")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_micro_tasks_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_micro_tasks")),
        sa.UniqueConstraint("item_id", "step", "part", name=op.f("uq_micro_tasks_item_id_step_part")),
    )
    with op.batch_alter_table("micro_tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_micro_tasks_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "slots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("microtask_id", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.String(length=24), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("reserved_for", sa.Uuid(), nullable=True),
        sa.Column("reserved_until", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_slots_batch_id_batches")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_slots_item_id_items")),
        sa.ForeignKeyConstraint(["microtask_id"], ["micro_tasks.id"], name=op.f("fk_slots_microtask_id_micro_tasks")),
        sa.ForeignKeyConstraint(["reserved_for"], ["people.id"], name=op.f("fk_slots_reserved_for_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slots")),
    )
    with op.batch_alter_table("slots", schema=None) as batch_op:
        batch_op.create_index("ix_slots_microtask_id", ["microtask_id", "round"], unique=False)
        batch_op.create_index(
            "ix_slots_open",
            ["batch_id", "lane", "position"],
            unique=False,
            postgresql_where=sa.text("state = 'open'"),
            sqlite_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(
            "uq_slots_position",
            ["position"],
            unique=True,
            postgresql_where=sa.text("position > 0"),
            sqlite_where=sa.text("position > 0"),
        )
        batch_op.create_index(
            "ix_slots_open_reserved_for",
            ["reserved_for", "position"],
            unique=False,
            postgresql_where=sa.text("state = 'open' AND reserved_for IS NOT NULL"),
            sqlite_where=sa.text("state = 'open' AND reserved_for IS NOT NULL"),
        )

    op.create_table(
        "assignments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slot_id", sa.Uuid(), nullable=False),
        sa.Column("microtask_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("leased_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lease_expires_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("skip_reason", sa.String(length=24), nullable=True),
        sa.Column("skip_comment", sa.String(length=500), nullable=True),
        sa.Column("active_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_assignments_batch_id_batches")),
        sa.ForeignKeyConstraint(
            ["guide_id"], ["guide_versions.id"], name=op.f("fk_assignments_guide_id_guide_versions")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_assignments_item_id_items")),
        sa.ForeignKeyConstraint(
            ["microtask_id"], ["micro_tasks.id"], name=op.f("fk_assignments_microtask_id_micro_tasks")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_assignments_person_id_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_assignments_project_id_projects")),
        sa.ForeignKeyConstraint(["slot_id"], ["slots.id"], name=op.f("fk_assignments_slot_id_slots")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
        sa.UniqueConstraint("slot_id", name=op.f("uq_assignments_slot_id")),
    )
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.create_index(
            "ix_assignments_expired_person_id",
            ["person_id"],
            unique=False,
            postgresql_where=sa.text("state = 'expired'"),
            sqlite_where=sa.text("state = 'expired'"),
        )
        batch_op.create_index(
            "ix_assignments_leased_until",
            ["lease_expires_at"],
            unique=False,
            postgresql_where=sa.text("state = 'leased'"),
            sqlite_where=sa.text("state = 'leased'"),
        )
        batch_op.create_index("ix_assignments_person_id_item_id", ["person_id", "item_id"], unique=False)
        batch_op.create_index(
            "uq_assignments_leased_person_id",
            ["person_id"],
            unique=True,
            postgresql_where=sa.text("state = 'leased'"),
            sqlite_where=sa.text("state = 'leased'"),
        )
        batch_op.create_index(
            "uq_assignments_microtask_id_person_id_round",
            ["microtask_id", "person_id", "round"],
            unique=True,
            postgresql_where=sa.text("state IN ('leased', 'submitted', 'expired')"),
            sqlite_where=sa.text("state IN ('leased', 'submitted', 'expired')"),
        )

    op.create_table(
        "active_time_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_active_time_events_assignment_id_assignments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_active_time_events")),
    )
    with op.batch_alter_table("active_time_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_active_time_events_assignment_id"), ["assignment_id"], unique=False)

    op.create_table(
        "drafts",
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("result", leye_platform.columns.Json, nullable=False),
        sa.Column("saved_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_drafts_assignment_id_assignments")
        ),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_drafts")),
    )
    op.create_table(
        "responses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("microtask_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("result", leye_platform.columns.Json, nullable=False),
        sa.Column("labels", leye_platform.columns.Json, nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("gold", sa.Boolean(), nullable=False),
        sa.Column("active_ms", sa.BigInteger(), nullable=False),
        sa.Column("pay_micros", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_responses_assignment_id_assignments")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_responses_batch_id_batches")),
        sa.ForeignKeyConstraint(["guide_id"], ["guide_versions.id"], name=op.f("fk_responses_guide_id_guide_versions")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_responses_item_id_items")),
        sa.ForeignKeyConstraint(
            ["microtask_id"], ["micro_tasks.id"], name=op.f("fk_responses_microtask_id_micro_tasks")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_responses_person_id_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_responses_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responses")),
        sa.UniqueConstraint("assignment_id", name=op.f("uq_responses_assignment_id")),
        sa.UniqueConstraint("number", name=op.f("uq_responses_number")),
    )
    with op.batch_alter_table("responses", schema=None) as batch_op:
        batch_op.create_index("ix_responses_batch_id", ["batch_id"], unique=False)
        batch_op.create_index("ix_responses_microtask_id_round", ["microtask_id", "round"], unique=False)
        batch_op.create_index("ix_responses_person_id_submitted_at", ["person_id", "submitted_at"], unique=False)
        batch_op.create_index("ix_responses_project_id_number", ["project_id", "number"], unique=False)

    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("microtask_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("held_until", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.String(length=24), nullable=True),
        sa.Column("chosen", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("comment", sa.String(length=1000), nullable=True),
        sa.Column("result", leye_platform.columns.Json, nullable=True),
        sa.Column("pay_micros", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_reviews_batch_id_batches")),
        sa.ForeignKeyConstraint(["chosen"], ["responses.id"], name=op.f("fk_reviews_chosen_responses")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_reviews_item_id_items")),
        sa.ForeignKeyConstraint(["microtask_id"], ["micro_tasks.id"], name=op.f("fk_reviews_microtask_id_micro_tasks")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_reviews_project_id_projects")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["people.id"], name=op.f("fk_reviews_reviewer_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.create_index("ix_reviews_item_id_reviewer_id", ["item_id", "reviewer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reviews_microtask_id"), ["microtask_id"], unique=False)
        batch_op.create_index("ix_reviews_reviewer_id_settled_at", ["reviewer_id", "settled_at"], unique=False)
        batch_op.create_index("ix_reviews_state_opened_at", ["state", "opened_at"], unique=False)
        batch_op.create_index(
            "uq_reviews_unsettled",
            ["microtask_id"],
            unique=True,
            postgresql_where=sa.text("state IN ('open', 'held')"),
            sqlite_where=sa.text("state IN ('open', 'held')"),
        )

    op.create_table(
        "decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("microtask_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=24), nullable=False),
        sa.Column("result", leye_platform.columns.Json, nullable=False),
        sa.Column("labels", leye_platform.columns.Json, nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_decisions_batch_id_batches")),
        sa.ForeignKeyConstraint(["guide_id"], ["guide_versions.id"], name=op.f("fk_decisions_guide_id_guide_versions")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_decisions_item_id_items")),
        sa.ForeignKeyConstraint(
            ["microtask_id"], ["micro_tasks.id"], name=op.f("fk_decisions_microtask_id_micro_tasks")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_decisions_review_id_reviews")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("microtask_id", "version", name=op.f("uq_decisions_microtask_id_version")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index("ix_decisions_batch_id_decided_at", ["batch_id", "decided_at"], unique=False)
        batch_op.create_index("ix_decisions_item_id", ["item_id"], unique=False)

    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("occurred_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("response_id", sa.Uuid(), nullable=True),
        sa.Column("review_id", sa.Uuid(), nullable=True),
        sa.Column("lot_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("acceptance_sequence", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_ledger_entries_invoice_id_invoices")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_ledger_entries_item_id_items")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_ledger_entries_lot_id_lots")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_ledger_entries_project_id_projects")),
        sa.ForeignKeyConstraint(
            ["response_id"], ["responses.id"], name=op.f("fk_ledger_entries_response_id_responses")
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["ledger_entries.id"], name=op.f("fk_ledger_entries_reverses_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_ledger_entries_review_id_reviews")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_ledger_entries_idempotency_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_ledger_entries_reverses_id")),
    )
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_entries_kind_occurred_at", ["kind", "occurred_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entries_lot_id"), ["lot_id"], unique=False)
        batch_op.create_index("ix_ledger_entries_response_id", ["response_id"], unique=False)
        batch_op.create_index(
            "uq_ledger_entries_acceptance",
            ["item_id", "acceptance_sequence"],
            unique=True,
            postgresql_where=sa.text("kind = 'acceptance'"),
            sqlite_where=sa.text("kind = 'acceptance'"),
        )

    op.create_table(
        "postings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["ledger_entries.id"],
            name=op.f("fk_postings_entry_id_ledger_entries"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postings")),
    )
    with op.batch_alter_table("postings", schema=None) as batch_op:
        batch_op.create_index("ix_postings_account_entry_id", ["account", "entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_postings_entry_id"), ["entry_id"], unique=False)


def downgrade() -> None:
    raise RuntimeError("the first schema cannot be undone: restore a backup instead")
