"""Proposals: what a partner's model says beforehand, whether annotators see it, and what became of it.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Only columns: nobody has seen a proposal so far."""
    op.add_column("projects", sa.Column("show_proposals", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("batches", sa.Column("proposals_in", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "batches", sa.Column("proposals_refused", leye_platform.columns.Json, nullable=False, server_default="{}")
    )
    op.add_column("micro_tasks", sa.Column("proposal", leye_platform.columns.Json, nullable=True))
    op.add_column("assignments", sa.Column("proposal_shown", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("responses", sa.Column("proposal_use", sa.String(length=24), nullable=False, server_default="none"))


def downgrade() -> None:
    raise RuntimeError("how answers came about is not thrown away: restore a backup instead")
