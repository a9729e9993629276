"""Notices: an inbox, what people wish to have outside it, and what became of that.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

import leye_platform.columns

revision = "0005"
down_revision = "0004"

UNREAD = sa.text("read_at IS NULL")
UNDERWAY = sa.text("state IN ('waiting', 'sending')")


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("arguments", leye_platform.columns.Json, nullable=False),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("read_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_notices_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_person_id_id", "notices", ["person_id", "id"])
    op.create_index("ix_notices_unread", "notices", ["person_id"], postgresql_where=UNREAD, sqlite_where=UNREAD)
    op.create_table(
        "notice_choices",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.Column("changed_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_notice_choices_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_notice_choices")),
    )
    op.create_table(
        "notice_deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", leye_platform.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_deliveries_notice_id_notices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_deliveries")),
        sa.UniqueConstraint("notice_id", "channel", name=op.f("uq_notice_deliveries_notice_id_channel")),
    )
    op.create_index(
        "ix_notice_deliveries_underway", "notice_deliveries", ["id"], postgresql_where=UNDERWAY, sqlite_where=UNDERWAY
    )


def downgrade() -> None:
    for table in ("notice_deliveries", "notice_choices", "notices"):
        op.drop_table(table)
