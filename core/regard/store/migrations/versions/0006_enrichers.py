"""
The enrichers: what they have made, and how far they have come. Their side tables come and go.

A migration never changes again: it names plain column types, not those of the code.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "enrichers",
        _text("name"),
        _text("plugin"),
        _text("version"),
        _text("recipe"),
        _text("shape"),
        _text("inputs"),
        sa.Column("sets", sa.Boolean(), nullable=False),
        _text("seen"),
        _number("batch_id"),
        _text("token"),
        _number("disturbed"),
        _number("run_id"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_enrichers")),
    )


def downgrade() -> None:
    op.drop_table("enrichers")
