"""What the sections around an item of a visit weigh, and what caps the visit's score."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("visit_scores", schema=None) as batch_op:
        batch_op.add_column(sa.Column("section_weights", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("cap", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("visit_scores", schema=None) as batch_op:
        batch_op.drop_column("cap")
        batch_op.drop_column("section_weights")
