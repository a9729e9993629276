"""Decided items serve as gold, so that it does not run out.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

from leye_platform.columns import UtcDateTime

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """None serves yet; the first run of the job sees to it."""
    op.add_column("projects", sa.Column("gold_looked_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("slots", sa.Column("shown_as", sa.Uuid(), nullable=True))
    op.create_table(
        "renewed_gold",
        sa.Column("microtask_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("renewed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("retired_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("retired_for", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(
            ["microtask_id"], ["micro_tasks.id"], name=op.f("fk_renewed_gold_microtask_id_micro_tasks")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_renewed_gold_item_id_items")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_renewed_gold_batch_id_batches")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_renewed_gold_project_id_projects")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_renewed_gold_decision_id_decisions")),
        sa.PrimaryKeyConstraint("microtask_id", name=op.f("pk_renewed_gold")),
    )
    in_use = sa.text("retired_at IS NULL")
    op.create_index(
        "ix_renewed_gold_in_use_project_id",
        "renewed_gold",
        ["project_id"],
        postgresql_where=in_use,
        sqlite_where=in_use,
    )
    op.create_index("ix_renewed_gold_project_id_retired_for", "renewed_gold", ["project_id", "retired_for"])
    op.create_index(
        "ix_responses_gold_batch_id",
        "responses",
        ["batch_id"],
        postgresql_where=sa.text("gold IS true"),
        sqlite_where=sa.text("gold IS 1"),
    )


def downgrade() -> None:
    """Slots of decided items in gold lanes are withdrawn, and tasks in hand end: what came of them would count as an
    answer to the item. Answers to them stay, of a round that nothing reads."""
    op.execute("UPDATE assignments SET state = 'released' WHERE round = 0 AND state IN ('leased', 'expired')")
    op.execute("UPDATE slots SET state = 'withdrawn' WHERE round = 0 AND state IN ('open', 'held')")
    op.drop_index("ix_responses_gold_batch_id", table_name="responses")
    op.drop_table("renewed_gold")
    op.drop_column("slots", "shown_as")
    op.drop_column("projects", "gold_looked_at")
