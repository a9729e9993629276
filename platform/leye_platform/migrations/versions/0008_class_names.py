"""Projects say what deliveries call their classes; lots remember what their files call them.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0008"
down_revision = "0007"

TABLES = ("projects", "lots")


def upgrade() -> None:
    """Empty: a class is called as the label config calls it, which is true of all that was delivered so far."""
    for table in TABLES:
        op.add_column(table, sa.Column("class_names", leye_platform.columns.Json, nullable=False, server_default="{}"))


def downgrade() -> None:
    """The maps are thrown away; files that were written by them stay."""
    for table in TABLES:
        op.drop_column(table, "class_names")
