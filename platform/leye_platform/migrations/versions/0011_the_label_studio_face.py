"""The Label Studio face: descriptions, projects put away, answers as a client wrote them and brought along.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """What is there stays as it is: no client of Label Studio has been here yet."""
    op.add_column("projects", sa.Column("description", sa.Text(), nullable=False, server_default=""))
    op.add_column("projects", sa.Column("put_away_at", leye_platform.columns.UtcDateTime(), nullable=True))
    op.add_column("responses", sa.Column("as_sent", leye_platform.columns.Json, nullable=True))
    op.create_index("ix_items_project_id_number", "items", ["project_id", "number"])
    op.create_table(
        "imported_annotators",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_imported_annotators_person_id_people")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_imported_annotators_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("project_id", "key", name=op.f("pk_imported_annotators")),
    )


def downgrade() -> None:
    raise RuntimeError("what clients wrote is not thrown away: restore a backup instead")
