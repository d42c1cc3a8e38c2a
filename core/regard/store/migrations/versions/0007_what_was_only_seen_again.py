"""
Which rows of what keeps its history say something new, and were not only seen again.

Findings about enrichers and reports are no longer kept as if they were of sources.

A migration never changes again: it names what it works on by itself.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_VERSIONS = ("reviews", "offers")


def upgrade() -> None:
    for table in _VERSIONS:
        # Added in place: with a default, no database makes the table anew for it.
        number = sa.Column("content_batch_id", sa.BigInteger(), nullable=False, server_default="0")
        op.add_column(table, number)
        # Nobody knows any more which ones were only seen again.
        op.execute(f"UPDATE {table} SET content_batch_id = batch_id")
        op.create_index(op.f(f"ix_{table}_content_batch_id"), table, ["content_batch_id"])
    op.execute(
        "UPDATE findings SET source = subject || ':' || source "
        "WHERE code = 'keeps-failing' AND subject IN ('enricher', 'report')"
    )


def downgrade() -> None:
    for table in _VERSIONS:
        op.drop_index(op.f(f"ix_{table}_content_batch_id"), table)
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("content_batch_id")
