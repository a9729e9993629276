"""What the coordinator's home asks is found along indexes, however many batches are over.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

NOT_GOLD = sa.text("gold_result IS NULL")


def upgrade() -> None:
    """Only indexes."""
    op.create_index("ix_batches_project_id_state", "batches", ["project_id", "state"])
    op.create_index(
        "ix_items_not_gold_state_batch_id",
        "items",
        ["state", "batch_id"],
        postgresql_where=NOT_GOLD,
        sqlite_where=NOT_GOLD,
    )


def downgrade() -> None:
    """Nothing is lost."""
    op.drop_index("ix_items_not_gold_state_batch_id", "items")
    op.drop_index("ix_batches_project_id_state", "batches")
