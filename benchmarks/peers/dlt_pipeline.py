"""What both ways of feeding dlt share: the pipeline, the columns' types, and how it merges."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination import TLoaderFileFormat
from dlt.common.libs.sql_alchemy import make_url
from dlt.common.schema.typing import TMergeDispositionDict

__all__ = ["COLUMNS", "KEY", "load"]

KEY = ["order_number", "line"]

_MONEY = {"data_type": "decimal", "precision": 18, "scale": 6}
_TIMES = {"ordered_at": {"data_type": "timestamp"}}
_NUMBERS = {name: dict(_MONEY) for name in ("quantity", "unit_price", "discount", "amount")}
_OTHERS = {"line": {"data_type": "bigint"}, "tax_included": {"data_type": "bool"}}
_TEXTS = (
    "order_number",
    "customer",
    "email",
    "status",
    "channel",
    "place",
    "sku",
    "product_name",
    "currency",
    "campaign",
)
COLUMNS: Any = {
    **{name: {"data_type": "text"} for name in _TEXTS},
    **_TIMES,
    **_NUMBERS,
    **_OTHERS,
}
"""Said beforehand, so that dlt need not find out the types from the values."""


def load(read: Callable[[], Iterator[Any]], url: str, *, arrow: bool) -> None:
    """
    Merge what a function yields into the table ``purchases``.

    Args:
        read: Yields pages.
        url: ``sqlite:///FILE`` or ``postgresql://...``.
        arrow: Whether the pages are Arrow tables.
    """
    # The state of a pipeline is kept in a folder; each run begins without one.
    folder = Path(tempfile.mkdtemp(prefix="dlt-", dir=Path.cwd()))
    on_server = make_url(url).get_backend_name() == "postgresql"
    destination: Any = (
        dlt.destinations.postgres(url) if on_server else dlt.destinations.sqlalchemy(url)
    )
    pipeline = dlt.pipeline(
        "purchases",
        pipelines_dir=str(folder),
        destination=destination,
        # On SQLite any other name than main means a second file.
        dataset_name="public" if on_server else "main",
    )
    resource = dlt.resource(
        read,
        name="purchases",
        primary_key=KEY,
        write_disposition=_disposition(on_server=on_server),
        columns=COLUMNS,
    )
    done = pipeline.run(resource(), loader_file_format=_format(on_server=on_server))
    done.raise_on_failed_jobs()
    shutil.rmtree(folder)


def _disposition(*, on_server: bool) -> TMergeDispositionDict:
    # dlt's sqlalchemy destination only knows how to delete and insert.
    return {"disposition": "merge", "strategy": "upsert" if on_server else "delete-insert"}


def _format(*, on_server: bool) -> TLoaderFileFormat:
    if on_server:
        return "csv"  # loaded with COPY
    return "parquet"  # a tenth faster than its default, also from dictionaries
