"""On which device somebody signed in.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Of sign-ins so far it is not known."""
    op.add_column("sign_in_sessions", sa.Column("device", sa.String(length=40), nullable=False, server_default=""))


def downgrade() -> None:
    """Forget them."""
    with op.batch_alter_table("sign_in_sessions") as table:
        table.drop_column("device")
