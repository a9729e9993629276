"""Files of labels that are written in the background.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "export_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("format", sa.String(length=40), nullable=False),
        sa.Column("original_names", sa.Boolean(), nullable=False),
        sa.Column("class_names", leye_platform.columns.Json, nullable=False),
        sa.Column("after_lot", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("items_total", sa.Integer(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("key", sa.String(length=300), nullable=True),
        sa.Column("report", leye_platform.columns.Json, nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("ready_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_export_files_asked_by_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_export_files_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_files")),
    )
    op.create_index("ix_export_files_project_id_asked_at", "export_files", ["project_id", "asked_at"])


def downgrade() -> None:
    op.drop_table("export_files")
