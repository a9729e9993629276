"""What a batch was foretold to take when it was opened, so that what came can be held against it.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """For batches that are open already nothing was."""
    op.add_column("batches", sa.Column("forecast", leye_platform.columns.Json, nullable=True))


def downgrade() -> None:
    """Forget it."""
    with op.batch_alter_table("batches") as table:
        table.drop_column("forecast")
