"""The figures of quality reports are kept with the lot, and what outdates them is found along indexes.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0023"
down_revision = "0022"

GOLD = sa.text("gold_labels IS NOT NULL")


def upgrade() -> None:
    """Lots so far have none kept: the first look at each counts them."""
    op.create_table(
        "batch_checks",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(length=64), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("found_right", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_batch_checks_batch_id_batches")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch_checks")),
    )
    op.create_table(
        "lot_quality",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("content_version", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(length=64), nullable=False),
        sa.Column("answers_to", sa.BigInteger(), nullable=False),
        sa.Column("answers_after", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("reviewed", sa.Integer(), nullable=False),
        sa.Column("confidence_sum", sa.Double(), nullable=False),
        sa.Column("figures", leye_platform.columns.Json, nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lot_quality_lot_id_lots")),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_lot_quality")),
    )
    op.add_column("lots", sa.Column("content_version", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_responses_batch_id_number", "responses", ["batch_id", "number"])
    op.drop_index("ix_responses_batch_id", "responses")
    op.create_index("ix_reviews_batch_id_state_verdict", "reviews", ["batch_id", "state", "verdict"])
    op.create_index(
        "ix_micro_tasks_gold_project_id",
        "micro_tasks",
        ["project_id"],
        postgresql_where=GOLD,
        sqlite_where=GOLD,
    )


def downgrade() -> None:
    """What was counted can be counted again."""
    op.drop_index("ix_micro_tasks_gold_project_id", "micro_tasks")
    op.drop_index("ix_reviews_batch_id_state_verdict", "reviews")
    op.create_index("ix_responses_batch_id", "responses", ["batch_id"])
    op.drop_index("ix_responses_batch_id_number", "responses")
    with op.batch_alter_table("lots") as table:
        table.drop_column("content_version")
    op.drop_table("lot_quality")
    op.drop_table("batch_checks")
