"""What each refit found is kept, and a micro-task keeps by what its answers were weighed: decisions can be replayed.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

from leye_platform.columns import Json, UtcDateTime

revision = "0028"
down_revision = "0027"

SKILLS = sa.table(
    "annotator_skills", sa.column("person_id", sa.Uuid), sa.column("project_id", sa.Uuid), sa.column("skill", Json)
)
FITS = sa.table(
    "skill_fits", sa.column("project_id", sa.Uuid), sa.column("prior", Json), sa.column("fitted_at", UtcDateTime)
)


def upgrade() -> None:
    """The fits in force become each project's first. Of earlier decisions it is not known by what they were made."""
    op.add_column("skill_fits", sa.Column("number", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("skill_fits", sa.Column("asking", Json, nullable=True))
    op.add_column("micro_tasks", sa.Column("weighings", Json, nullable=True))
    kept_fits = op.create_table(
        "kept_fits",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("prior", Json, nullable=False),
        sa.Column("skills", Json, nullable=False),
        sa.Column("fitted_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_kept_fits_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", "number", name=op.f("pk_kept_fits")),
    )
    connection = op.get_bind()
    for project, prior, fitted_at in connection.execute(sa.select(FITS)).all():
        of_project = sa.select(SKILLS.c.person_id, SKILLS.c.skill).where(SKILLS.c.project_id == project)
        skills = {str(person): skill for person, skill in connection.execute(of_project)}
        kept = {"project_id": project, "number": 1, "prior": prior, "skills": skills, "fitted_at": fitted_at}
        connection.execute(sa.insert(kept_fits).values(kept))


def downgrade() -> None:
    """Decisions stay; by what they were made is forgotten."""
    op.drop_table("kept_fits")
    op.drop_column("micro_tasks", "weighings")
    op.drop_column("skill_fits", "asking")
    op.drop_column("skill_fits", "number")
