"""Long lists are walked in the order in which pages show them.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

INDEXES = (
    ("ix_batches_project_id_number", "batches", ["project_id", "number"]),
    ("ix_invoices_organisation_id_number", "invoices", ["organisation_id", "number"]),
    ("ix_memberships_role_person_id", "memberships", ["role", "person_id"]),
    ("ix_people_state_name_number", "people", ["state", "name", "number"]),
    ("ix_people_state_staff_number_number", "people", ["state", "staff_number", "number"]),
)


ITEMS = ["batch_id", "state", "number"]
NOT_GOLD = sa.text("gold_result IS NULL")


def upgrade() -> None:
    """Only indexes."""
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
    op.create_index(
        "ix_items_not_gold_batch_id_state_number", "items", ITEMS, postgresql_where=NOT_GOLD, sqlite_where=NOT_GOLD
    )
    op.drop_index("ix_items_batch_id_state_number", "items")


def downgrade() -> None:
    """Nothing is lost."""
    op.create_index("ix_items_batch_id_state_number", "items", ITEMS)
    op.drop_index("ix_items_not_gold_batch_id_state_number", "items")
    for name, table, _ in INDEXES:
        op.drop_index(name, table)
