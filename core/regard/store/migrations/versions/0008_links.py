"""
All that leads to an address, and not only what led there last; when addresses last failed.

A migration never changes again: it names plain column types, not those of the code.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "links",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("found_pass", sa.BigInteger(), nullable=False),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("source", "via", "url", name=op.f("pk_links")),
    )
    op.execute(
        "INSERT INTO links (source, via, url, found_pass) "
        "SELECT source, via, url, found_pass FROM addresses WHERE via IS NOT NULL"
    )
    op.create_index("ix_links_url", "links", ["source", "url"])
    # Added in place: with a default, no database makes the table anew for them.
    op.add_column("addresses", sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
    for name in ("failures", "lost"):
        count = sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        op.add_column("addresses", count)
    op.execute("UPDATE addresses SET failed_at = checked_at, failures = 1 WHERE NOT good")
    # What leads where another one does had no validators, and is read whole now.
    with op.batch_alter_table("addresses", schema=None) as batch_op:
        batch_op.drop_column("via")


def downgrade() -> None:
    with op.batch_alter_table("addresses", schema=None) as batch_op:
        batch_op.drop_column("lost")
        batch_op.drop_column("failures")
        batch_op.drop_column("failed_at")
        batch_op.add_column(sa.Column("via", sa.Text(), nullable=True))
    op.execute(
        "UPDATE addresses SET via = (SELECT min(links.via) FROM links WHERE "
        "links.source = addresses.source AND links.url = addresses.url "
        "AND links.missed_at IS NULL)"
    )
    # Of several that lead to one, only one is known from here on.
    op.execute("UPDATE addresses SET etag = NULL, last_modified = NULL WHERE kind <> 'page'")
    op.drop_index("ix_links_url", "links")
    op.drop_table("links")
