"""Further files for a batch that was read.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0007"
down_revision = "0006"

READING = sa.text("state = 'reading'")


def upgrade() -> None:
    op.create_table(
        "batch_additions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source_name", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("row_before", sa.Integer(), nullable=True),
        sa.Column("row_until", sa.Integer(), nullable=True),
        sa.Column("rows_in", sa.Integer(), nullable=False),
        sa.Column("rows_refused", sa.Integer(), nullable=False),
        sa.Column("rows_known", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_batch_additions_batch_id_batches")),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_batch_additions_created_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_additions")),
        sa.UniqueConstraint("batch_id", "number", name=op.f("uq_batch_additions_batch_id_number")),
    )
    op.create_index(
        "uq_batch_additions_reading",
        "batch_additions",
        ["batch_id"],
        unique=True,
        postgresql_where=READING,
        sqlite_where=READING,
    )


def downgrade() -> None:
    op.drop_table("batch_additions")
