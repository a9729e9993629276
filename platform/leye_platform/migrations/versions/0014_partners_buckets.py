"""Batches that are read from a partner's own bucket.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Empty: all batches so far were uploaded."""
    op.create_table(
        "batch_buckets",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint", sa.String(length=300), nullable=False),
        sa.Column("bucket", sa.String(length=63), nullable=False),
        sa.Column("prefix", sa.String(length=900), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("style", sa.String(length=16), nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_batch_buckets_batch_id_batches")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch_buckets")),
    )


def downgrade() -> None:
    """Batches keep what was read of them; where it lies is thrown away, and the keys with it."""
    op.execute("DELETE FROM sealed_records WHERE kind = 'bucket_keys'")
    op.drop_table("batch_buckets")
