"""Names in the data are resolved by the directory of the configuration."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.columns import sync_columns
from regard.directory import NOTHING_NAMED, Directory, Named, Survey
from regard.store import Store

_FILLING = Path(__file__).parent / "filling.py"

DIRECTORY = Directory(
    places=(
        Named("centro", "Tienda Centro", ("CENTRO-01", "Madrid Centro")),
        Named("norte", "Tienda Norte", ("Ñuñoa «Norte»",)),
    ),
    competitors=(Named("rival", "Rival", ("Rival S.A.", "rival.es")),),
    surveys=(Survey("After purchase", 1200), Survey("Web")),
    journey=("meet", "buy"),
    customers={"till": "crm"},
    counts={"till": frozenset({"purchase"})},
)


@pytest.fixture
def asked(tmp_path: Path, view_of: Callable[..., Any]) -> Callable[..., Any]:
    """Return what opens a view of a till's customer and purchase with a directory."""
    fill = runpy.run_path(str(_FILLING))["fill"]
    store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}")
    fill(store, "customer", [{"key": "1", "email": "ana@example.com"}], source="till")
    fill(store, "purchase", [{"key": "9", "place": "madrid  CENTRO"}], source="till")
    sync_columns(store, tmp_path / "columns")
    store.close()
    return lambda directory: view_of(tmp_path / "columns", directory=directory)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("centro", "Tienda Centro"),
        ("CENTRO-01", "Tienda Centro"),
        ("  Madrid   centro ", "Tienda Centro"),
        ("TIENDA CENTRO", "Tienda Centro"),
        ("nunoa norte", "Tienda Norte"),
        ("Centro-02", None),
        ("", None),
        (None, None),
        ("'; DROP TABLE place_names; --", None),
    ],
)
def test_a_place_is_told_by_any_of_its_names(
    written: str | None, meant: str | None, asked: Callable[..., Any]
) -> None:
    """Case, accents, quotes and spaces make no difference; what is not named stays untold."""
    with asked(DIRECTORY) as view:
        found = view.sql("SELECT place_of($written) AS place", written=written).one()

    assert {"place": meant} == found


def test_rows_are_resolved(asked: Callable[..., Any]) -> None:
    """A query over records resolves each of them."""
    with asked(DIRECTORY) as view:
        found = view.sql("SELECT place_of(place) AS p, competitor_of(place) AS c FROM purchases")

    assert [("Tienda Centro", None)] == found.rows()


def test_who_names_nothing_sees_what_is_written(asked: Callable[..., Any]) -> None:
    """Without any place in the configuration the names in the data are taken as they are."""
    with asked(NOTHING_NAMED) as view:
        found = view.sql("SELECT place_of(' Sol ') AS p, competitor_of('') AS c").one()

    assert {"p": "Sol", "c": None} == found


def test_surveys_stages_and_customers_are_tables(asked: Callable[..., Any]) -> None:
    """What else is known by name can be joined."""
    with asked(DIRECTORY) as view:
        surveys = view.sql("SELECT name, invited FROM surveys ORDER BY name").rows()
        journey = view.sql("SELECT stage FROM journey ORDER BY position").rows()
        customers = view.sql("SELECT source, customers FROM customer_sources").rows()

    assert [("After purchase", 1200), ("Web", None)] == surveys
    assert [("meet",), ("buy",)] == journey
    assert [("till", "crm")] == customers


def test_a_source_is_believed_for_the_kinds_it_counts(asked: Callable[..., Any]) -> None:
    """Records of other kinds are stored and not measured."""
    with asked(DIRECTORY) as view:
        believed = [
            view.sql(f"SELECT count(*) FROM {t}").rows() for t in ("customers", "purchases")
        ]
    with asked(NOTHING_NAMED) as view:
        everything = view.sql("SELECT count(*) FROM customers").rows()

    assert [[(0,)], [(1,)]] == believed
    assert [(1,)] == everything
