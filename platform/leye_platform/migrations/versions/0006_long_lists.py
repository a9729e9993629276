"""Long lists are walked in the order in which pages show them.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"

INDEXES = (
    ("ix_batches_project_id_number", "batches", ["project_id", "number"]),
    ("ix_invoices_organisation_id_number", "invoices", ["organisation_id", "number"]),
    ("ix_people_state_name_number", "people", ["state", "name", "number"]),
    ("ix_people_state_staff_number_number", "people", ["state", "staff_number", "number"]),
)


def upgrade() -> None:
    """Only indexes."""
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    """Nothing is lost."""
    for name, table, _ in INDEXES:
        op.drop_index(name, table)
