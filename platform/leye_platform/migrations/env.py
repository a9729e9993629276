"""Alembic's entry: runs on the connection that leye_platform.migrate hands over."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from leye_platform.tables import METADATA


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Enums are plain text in migrations, so that a new member needs none; JSON by its one name."""
    if kind == "type" and isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    if kind == "type" and isinstance(item, sa.JSON):
        return "leye_platform.columns.Json"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=True,
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
