"""Whose answers a human is asked to look at.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0024"
down_revision = "0023"

OPEN = sa.text("settled_at IS NULL")


def upgrade() -> None:
    """The next refits fill it."""
    op.create_table(
        "person_flags",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("first_answers", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("agreed", sa.Double(), nullable=False),
        sa.Column("held_against", sa.Double(), nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("found_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.String(length=24), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_person_flags_person_id_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_person_flags_project_id_projects")),
        sa.ForeignKeyConstraint(["settled_by"], ["people.id"], name=op.f("fk_person_flags_settled_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_flags")),
    )
    op.create_index(
        "uq_person_flags_open",
        "person_flags",
        ["project_id", "person_id", "kind"],
        unique=True,
        postgresql_where=OPEN,
        sqlite_where=OPEN,
    )
    op.create_index("ix_person_flags_project_id", "person_flags", ["project_id"])
    op.create_index("ix_person_flags_person_id", "person_flags", ["person_id"])


def downgrade() -> None:
    """What was looked at is forgotten."""
    op.drop_table("person_flags")
