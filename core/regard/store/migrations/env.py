"""How Alembic runs our migrations: on the connection that `regard.store.schema` hands over."""

from __future__ import annotations

from alembic import context

from regard.records import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
