"""The directory as tables of a view, and what asks them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from regard.directory import Directory, Named
from regard.measures.themes import THEMES

__all__ = ["make_directory"]

_FOLDED = """\
CREATE MACRO folded(raw) AS
    nullif(trim(regexp_replace(lower(strip_accents(raw)), '[\\s"''’‘“”«»]+', ' ', 'g')), '')"""
"""Case, accents, quotes and the width of spaces make no difference between two names."""

_RESOLVING = """\
CREATE MACRO {what}_of(raw) AS
    (SELECT any_value(name) FROM {what}_names WHERE alias = folded(raw))"""
_TAKEN_AS_WRITTEN = "CREATE MACRO {what}_of(raw) AS nullif(trim(raw), '')"
"""Whoever has named no place at all is shown them as they are written."""


def make_directory(connection: duckdb.DuckDBPyConnection, directory: Directory) -> None:
    """
    Make the directory's tables.

    They are ``place_names`` and ``competitor_names`` (alias, key, name), ``surveys`` (name,
    invited), ``journey`` (stage, position), ``themes`` (theme, word, position),
    ``bundled_themes`` (theme), ``customer_sources`` (source, customers), ``matches``
    (source, offer, product_source, product, state) and ``our_prices`` (tax_included, vat,
    minimum);
    ``place_of(raw)`` and ``competitor_of(raw)`` give the name in reports, or NULL; where nothing
    is named, what is written.
    """
    connection.execute(_FOLDED)
    for what, named in (("place", directory.places), ("competitor", directory.competitors)):
        _make_names(connection, what, named)
    connection.execute("CREATE TABLE surveys (name VARCHAR, invited BIGINT)")
    _fill(connection, "surveys", [(each.name, each.invited) for each in directory.surveys])
    connection.execute("CREATE TABLE journey (stage VARCHAR, position INTEGER)")
    _fill(connection, "journey", [(stage, at) for at, stage in enumerate(directory.journey)])
    _make_themes(connection, directory)
    connection.execute("CREATE TABLE customer_sources (source VARCHAR, customers VARCHAR)")
    _fill(connection, "customer_sources", sorted(directory.customers.items()))
    _make_prices(connection, directory)


def _make_themes(connection: duckdb.DuckDBPyConnection, directory: Directory) -> None:
    connection.execute("CREATE TABLE themes (theme VARCHAR, word VARCHAR, position INTEGER)")
    words = [(theme, word) for theme, words in directory.themes for word in words]
    _fill(connection, "themes", [(*each, at) for at, each in enumerate(words)])
    connection.execute("CREATE TABLE bundled_themes (theme VARCHAR)")
    kept = THEMES if directory.bundled_themes is None else directory.bundled_themes
    _fill(connection, "bundled_themes", [(theme,) for theme in kept])


def _make_prices(connection: duckdb.DuckDBPyConnection, directory: Directory) -> None:
    connection.execute(
        "CREATE TABLE matches (source VARCHAR, offer VARCHAR, product_source VARCHAR, "
        "product VARCHAR, state VARCHAR)"
    )
    rows = [
        (each.source, each.offer, each.product_source, each.product, each.state)
        for each in directory.matches
    ]
    _fill(connection, "matches", rows)
    connection.execute(
        "CREATE TABLE our_prices (tax_included BOOLEAN, vat DECIMAL(6,4), minimum VARCHAR)"
    )
    row = (directory.tax_included, directory.vat, directory.minimum)
    _fill(connection, "our_prices", [row])


def _make_names(connection: duckdb.DuckDBPyConnection, what: str, named: Sequence[Named]) -> None:
    table = f"{what}_names"
    connection.execute(f"CREATE TABLE {table} (alias VARCHAR, key VARCHAR, name VARCHAR)")
    rows = [(alias, each.key, each.name) for each in named for alias in each.spellings]
    _fill(connection, table, rows)
    # Two spellings of one name may fold to the same.
    connection.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT folded(alias) AS alias, key, name "
        f"FROM {table} GROUP BY ALL"
    )
    connection.execute((_RESOLVING if named else _TAKEN_AS_WRITTEN).format(what=what))


def _fill(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]
) -> None:
    if rows:
        places = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
