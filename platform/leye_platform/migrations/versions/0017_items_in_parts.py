"""Items that are cut into parts: what a project cuts, and the annotations that are joined from parts.

Revision ID: 0017
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    """Projects cut nothing so far, and every item has one part."""
    op.add_column("projects", sa.Column("splitting", leye_platform.columns.Json, nullable=False, server_default="{}"))
    op.create_table(
        "item_decisions",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("result", leye_platform.columns.Json, nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["guide_id"], ["guide_versions.id"], name=op.f("fk_item_decisions_guide_id_guide_versions")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_decisions_item_id_items")),
        sa.PrimaryKeyConstraint("item_id", "version", name=op.f("pk_item_decisions")),
    )


def downgrade() -> None:
    raise RuntimeError("annotations joined from parts are not thrown away: restore a backup instead")
