"""Files that come in parts; contents of the store with who uses them, and the sweeps that look for what nobody names.

Revision ID: 0015
Revises: 0014
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from leye_platform.columns import Json, UtcDateTime

revision = "0015"
down_revision = "0014"

KIND = sa.Enum("batch", "addition", name="uploadkind", native_enum=False, length=24)
STATE = sa.Enum("open", "complete", "aborted", name="uploadstate", native_enum=False, length=24)
SWEPT = ("objects", "bytes", "removed", "removed_bytes", "held_back", "unknown", "unknown_bytes")
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """No upload is under way in parts. What batches and guides show is noted; the first sweep measures it."""
    op.create_table(
        "upload_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("part_size", sa.Integer(), nullable=False),
        sa.Column("first_part", sa.String(length=64), nullable=True),
        sa.Column("store_upload", sa.Text(), nullable=False),
        sa.Column("state", STATE, nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("last_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_upload_sessions_created_by_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_upload_sessions_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_sessions")),
    )
    op.create_index("ix_upload_sessions_created_by_project_id", "upload_sessions", ["created_by", "project_id"])
    op.create_index(
        "ix_upload_sessions_open_last_at", "upload_sessions", ["last_at"], postgresql_where=OPEN, sqlite_where=OPEN
    )
    op.create_index("ix_upload_sessions_subject_id", "upload_sessions", ["subject_id"])
    op.create_table(
        "upload_parts",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("arrived_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload_sessions.id"], name=op.f("fk_upload_parts_upload_id_upload_sessions")
        ),
        sa.PrimaryKeyConstraint("upload_id", "number", name=op.f("pk_upload_parts")),
    )
    op.create_table(
        "contents",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("held_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("held_for", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_contents")),
    )
    op.create_table(
        "content_uses",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_content_uses_batch_id_batches")),
        sa.ForeignKeyConstraint(["sha256"], ["contents.sha256"], name=op.f("fk_content_uses_sha256_contents")),
        sa.PrimaryKeyConstraint("batch_id", "sha256", name=op.f("pk_content_uses")),
    )
    op.create_index("ix_content_uses_sha256", "content_uses", ["sha256"])
    op.create_table(
        "store_sweeps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SWEPT),
        sa.Column("uploads", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_sweeps")),
    )
    op.create_index("ix_store_sweeps_asked_at", "store_sweeps", ["asked_at"])
    _note_what_is_shown()


def _note_what_is_shown() -> None:
    connection = op.get_bind()
    tasks = sa.table("micro_tasks", sa.column("batch_id", sa.Uuid()), sa.column("content", Json))
    guides = sa.table("guide_pictures", sa.column("sha256", sa.String()))
    contents = sa.table(
        "contents", sa.column("sha256"), sa.column("bytes"), sa.column("held_at", UtcDateTime(timezone=True))
    )
    uses = sa.table("content_uses", sa.column("batch_id", sa.Uuid()), sa.column("sha256"))
    pictured = sa.cast(tasks.c.content, sa.Text).like('%"sha256"%')
    rows = connection.execute(sa.select(tasks.c.batch_id, tasks.c.content).where(pictured))
    used = {(batch_id, sha256) for batch_id, content in rows for sha256 in _hashes(content)}
    known = {sha256 for _, sha256 in used} | set(connection.scalars(sa.select(guides.c.sha256)))
    now = datetime.now(UTC)
    if known:
        connection.execute(contents.insert(), [{"sha256": one, "bytes": 0, "held_at": now} for one in sorted(known)])
    if used:
        connection.execute(uses.insert(), [{"batch_id": batch, "sha256": sha256} for batch, sha256 in sorted(used)])


def _hashes(content: Any) -> Iterator[str]:
    """The hashes of pictures in a task's content, as they stand in their facts."""
    if isinstance(content, list):
        for one in content:
            yield from _hashes(one)
    elif isinstance(content, dict):
        if isinstance(content.get("sha256"), str) and "file" in content:
            yield content["sha256"]
        yield from _hashes(list(content.values()))


def downgrade() -> None:
    """What has come of files that are not whole is forgotten; the senders begin anew."""
    op.drop_table("store_sweeps")
    op.drop_table("content_uses")
    op.drop_table("contents")
    op.drop_table("upload_parts")
    op.drop_table("upload_sessions")
