"""
What is planned, the ledger of due times, the loops that live, and what is to be told.

A migration never changes again: it names plain column types, not those of the code.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _running_number() -> sa.Column[Any]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, nullable=False)


def upgrade() -> None:
    op.create_table(
        "jobs",
        _text("job"),
        _text("schedule"),
        _instant("settled_until"),
        _instant("planned_at"),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_jobs")),
    )
    op.create_table(
        "ledger",
        _running_number(),
        _text("job"),
        _instant("scheduled_for"),
        _text("state"),
        _text("cause"),
        _number("due_count"),
        _number("attempt"),
        _instant("start_at"),
        _text("owner", nullable=True),
        _text("host", nullable=True),
        _text("boot", nullable=True),
        _number("pid", nullable=True),
        _instant("until_at", nullable=True),
        _instant("claimed_at"),
        _instant("started_at", nullable=True),
        _instant("finished_at", nullable=True),
        _number("run_id", nullable=True),
        _number("exit_code", nullable=True),
        _text("reason", nullable=True),
        _text("log", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint("job", "scheduled_for", name="uq_ledger_due"),
    )
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_state", ["state"], unique=False)
    op.create_table(
        "loops",
        _text("owner"),
        _text("host"),
        _text("boot"),
        _number("pid"),
        _text("version"),
        _text("config_digest"),
        _instant("started_at"),
        _instant("beat_at"),
        _instant("until_at"),
        _instant("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_loops")),
    )
    op.create_table(
        "notices",
        _running_number(),
        _text("channel"),
        _text("subject"),
        _text("event"),
        _text("occasion"),
        _text("severity"),
        _text("text"),
        _instant("created_at"),
        _number("tries"),
        _instant("next_at"),
        _instant("told_at", nullable=True),
        _instant("given_up_at", nullable=True),
        _text("error", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("channel", "subject", "event", "occasion", name="uq_notices_occasion"),
    )


def downgrade() -> None:
    for name in ("notices", "loops", "ledger", "jobs"):
        op.drop_table(name)
