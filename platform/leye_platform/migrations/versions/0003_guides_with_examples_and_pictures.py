"""Guides have examples, pictures, a line that says what changed, questions, and readers.

Versions and pictures do not change once written. Who has had a task of a project knows the newest guide that
they had one under.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0003"
down_revision = "0002"

KEPT = ("guide_versions", "guide_pictures", "guide_readings")
READINGS = """
INSERT INTO guide_readings (person_id, project_id, version, guide_id, how, at)
SELECT assignments.person_id, assignments.project_id, guide_versions.version, guide_versions.id, 'begun',
       min(assignments.leased_at)
FROM assignments JOIN guide_versions ON guide_versions.id = assignments.guide_id
GROUP BY assignments.person_id, assignments.project_id, guide_versions.version, guide_versions.id
"""


def upgrade() -> None:
    for name in ("examples", "pictures"):
        op.add_column(
            "guide_versions", sa.Column(name, leye_platform.columns.Json, nullable=False, server_default="[]")
        )
    op.add_column("guide_versions", sa.Column("change", sa.String(length=200), nullable=False, server_default=""))
    _create_drafts_and_pictures()
    _create_questions()
    _create_readings()
    op.execute(READINGS)
    for table in KEPT:
        _keep(table)


def _create_drafts_and_pictures() -> None:
    op.create_table(
        "guide_drafts",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("examples", leye_platform.columns.Json, nullable=False),
        sa.Column("pictures", leye_platform.columns.Json, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_guide_drafts_project_id_projects")),
        sa.ForeignKeyConstraint(["saved_by"], ["people.id"], name=op.f("fk_guide_drafts_saved_by_people")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_guide_drafts")),
    )
    op.create_table(
        "guide_pictures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_guide_pictures_project_id_projects")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["people.id"], name=op.f("fk_guide_pictures_uploaded_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_pictures")),
        sa.UniqueConstraint("project_id", "sha256", name=op.f("uq_guide_pictures_project_id_sha256")),
    )


def _create_questions() -> None:
    op.create_table(
        "guide_questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["people.id"], name=op.f("fk_guide_questions_answered_by_people")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_guide_questions_asked_by_people")),
        sa.ForeignKeyConstraint(
            ["guide_id"], ["guide_versions.id"], name=op.f("fk_guide_questions_guide_id_guide_versions")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_guide_questions_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_questions")),
    )
    op.create_index("ix_guide_questions_project_id_asked_at", "guide_questions", ["project_id", "asked_at"])


def _create_readings() -> None:
    op.create_table(
        "guide_readings",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=False),
        sa.Column("how", sa.String(length=24), nullable=False),
        sa.Column("at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["guide_id"], ["guide_versions.id"], name=op.f("fk_guide_readings_guide_id_guide_versions")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_guide_readings_person_id_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_guide_readings_project_id_projects")),
        sa.PrimaryKeyConstraint("person_id", "project_id", "version", name=op.f("pk_guide_readings")),
    )
    op.create_table(
        "gold_checks",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=False),
        sa.Column("checked_by", sa.Uuid(), nullable=False),
        sa.Column("checked_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["checked_by"], ["people.id"], name=op.f("fk_gold_checks_checked_by_people")),
        sa.ForeignKeyConstraint(
            ["guide_id"], ["guide_versions.id"], name=op.f("fk_gold_checks_guide_id_guide_versions")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_gold_checks_item_id_items")),
        sa.PrimaryKeyConstraint("item_id", "guide_id", name=op.f("pk_gold_checks")),
    )


def _keep(table: str) -> None:
    """Refuse to change or remove rows, as 0002 does for the books."""
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table}: rows are never changed or removed'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION leye_never_changes()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_kept_whole BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION leye_never_changes()"
    )


def downgrade() -> None:
    raise RuntimeError("versions that were worked under are not thrown away: restore a backup instead")
