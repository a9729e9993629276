"""Shares of projects, runs of tasks, reservations for teams, several tasks held at once.

Revision ID: 0018
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0018"
down_revision = "0017"

LEASED = sa.text("state = 'leased'")


def upgrade() -> None:
    """All projects weigh the same, nobody is in a run yet, and whoever holds a task holds it in the first place."""
    op.add_column("projects", sa.Column("weight", sa.Integer(), nullable=False, server_default="2"))
    op.add_column("cursors", sa.Column("taken", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("assignments", sa.Column("place", sa.Integer(), nullable=False, server_default="1"))
    op.drop_index("uq_assignments_leased_person_id", table_name="assignments")
    op.create_index(
        "uq_assignments_leased_person_id_place",
        "assignments",
        ["person_id", "place"],
        unique=True,
        postgresql_where=LEASED,
        sqlite_where=LEASED,
    )
    op.create_table(
        "work_runs",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.String(length=24), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("began_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answers_before", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_work_runs_person_id_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_work_runs_project_id_projects")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_work_runs")),
    )
    _add_reservations()


def _add_reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=False),
        sa.Column("until", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("taken_before", sa.BigInteger(), nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_reservations_project_id_projects")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_reservations_batch_id_batches")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_reservations_team_id_teams")),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_reservations_created_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservations")),
    )
    op.create_index("ix_reservations_project_id", "reservations", ["project_id"])
    op.create_index("ix_reservations_team_id", "reservations", ["team_id"])
    for column, condition in (
        ("batch_id", "ended_at IS NULL AND batch_id IS NOT NULL"),
        ("project_id", "ended_at IS NULL AND batch_id IS NULL"),
    ):
        standing = sa.text(condition)
        op.create_index(
            f"uq_reservations_{column}",
            "reservations",
            [column],
            unique=True,
            postgresql_where=standing,
            sqlite_where=standing,
        )


def downgrade() -> None:
    raise RuntimeError("who was promised which work is not thrown away: restore a backup instead")
