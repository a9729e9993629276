"""People are listed as names are looked up.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

KEYED = 20  # characters of a name


def upgrade() -> None:
    """Each name's key is reckoned here: no database knows it."""
    op.add_column("people", sa.Column("name_key", sa.String(length=8 * KEYED), nullable=False, server_default=""))
    people = sa.table("people", sa.column("id", sa.Uuid()), sa.column("name"), sa.column("name_key"))
    connection = op.get_bind()
    names = connection.execute(sa.select(people.c.id, people.c.name)).all()
    keyed = [{"person": person, "key": name.casefold()[:KEYED].encode("gb18030").hex()} for person, name in names]
    if keyed:
        update = people.update().where(people.c.id == sa.bindparam("person")).values(name_key=sa.bindparam("key"))
        connection.execute(update, keyed)
    op.drop_index("ix_people_state_name_number", "people")
    op.create_index("ix_people_state_name_key_number", "people", ["state", "name_key", "number"])


def downgrade() -> None:
    """The keys go."""
    op.drop_index("ix_people_state_name_key_number", "people")
    op.create_index("ix_people_state_name_number", "people", ["state", "name", "number"])
    op.drop_column("people", "name_key")
