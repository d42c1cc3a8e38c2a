"""
Indexes by which the records of a source are counted without being read.

A migration never changes again: it names what it works on by itself.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_LATEST = (
    *("customers", "products", "purchases", "touchpoints", "answers", "visits"),
    *("visit_scores", "indicators", "facts"),
)
_VERSIONS = ("reviews", "offers")


def upgrade() -> None:
    for table in _LATEST:
        _index(table, "deleted", "deleted_at IS NOT NULL", "deleted_at")
    for table in _VERSIONS:
        current = "deleted_at IS NULL AND valid_to IS NULL"
        _index(table, "current", current, "deleted_at", "valid_to")


def _index(table: str, apart: str, where: str, *asked: str) -> None:
    op.create_index(
        op.f(f"ix_{table}_{apart}"),
        table,
        ["source", *asked],
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
