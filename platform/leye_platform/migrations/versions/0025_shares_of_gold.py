"""What each person gets of gold, by what is known of them.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Nobody's is known before the next refit."""
    op.add_column("work_records", sa.Column("gold_factor", sa.Double(), nullable=True))


def downgrade() -> None:
    """The next refit finds it again."""
    op.drop_column("work_records", "gold_factor")
