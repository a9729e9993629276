"""Annotators ask their leader for help, and are answered.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """A table of its own; nothing that stands is changed."""
    op.create_table(
        "help_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=True),
        sa.Column("topic", sa.String(length=24), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("read_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_help_requests_assignment_id_assignments")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_help_requests_person_id_people")),
        sa.ForeignKeyConstraint(["settled_by"], ["people.id"], name=op.f("fk_help_requests_settled_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_requests")),
    )
    op.create_index("ix_help_requests_person_id_asked_at", "help_requests", ["person_id", "asked_at"])
    op.create_index("ix_help_requests_settled_at_asked_at", "help_requests", ["settled_at", "asked_at"])


def downgrade() -> None:
    """What was asked is thrown away."""
    op.drop_table("help_requests")
