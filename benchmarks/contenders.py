"""Who is compared: how each is made ready, started, and looked at afterwards."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from data import Export
from measuring import Measured, child_environment, measure
from servers import Server

__all__ = ["AGAIN", "ARROW", "BARE", "DICTS", "REGARD", "Place", "Result", "run"]

REGARD = "regard"
AGAIN = "regard, again"
DICTS = "dlt, dictionaries"
ARROW = "dlt, Arrow tables"
BARE = "csv + executemany"

_HERE = Path(__file__).resolve().parent
_PEERS = {
    DICTS: _HERE / "peers" / "dlt_dicts.py",
    ARROW: _HERE / "peers" / "dlt_arrow.py",
    BARE: _HERE / "peers" / "bare.py",
}
_PROJECT = """\
store = {store}
timezone = "Europe/Madrid"

[sources.orders]
plugin = "crm-export"
path = {path}

[sources.orders.map]
kind = "purchase"
key = ["order_number", "line"]
dates = "iso"
decimal = "."

[sources.orders.map.fields]
order_key = "order_number"
customer_key = "customer"
email = "email"
ordered_at = "ordered_at"
status = "status"
channel = "channel"
place = "place"
sku = "sku"
product_name = "product_name"
quantity = "quantity"
unit_price = "unit_price"
discount = "discount"
amount = "amount"
currency = "currency"
tax_included = "tax_included"
campaign = "campaign"

[sources.orders.map.values]
status = {{paid = "completed", returned = "refunded", cancelled = "cancelled"}}
"""


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where a contender stores.

    Attributes:
        folder: A project or working directory; kept between runs.
        server: None for SQLite.
    """

    folder: Path
    server: Server | None = None

    @property
    def url(self) -> str:
        """The database's address."""
        if self.server is None:
            return f"sqlite:///{self.folder / 'bench.db'}"
        return self.server.url.rpartition("/")[0] + "/regard_bench"

    def make_empty(self) -> None:
        """Remove what an earlier contender left."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        if self.server is not None:
            _stores("database", self.server.url, "regard_bench")


@dataclass(frozen=True, slots=True)
class Result:
    """
    One measured run and what it left.

    Attributes:
        measured: Time and memory.
        server_seconds: CPU time of the database server's sessions, where it can be known.
        fault: Why it does not count; None where it stored what it should.
    """

    measured: Measured
    server_seconds: float | None
    fault: str | None


def run(name: str, export: Export, place: Place) -> Result:
    """
    Make a contender ready, measure it, and check what it stored.

    Args:
        name: One of this module's names.
        export: What it reads.
        place: Emptied first, unless the contender is `AGAIN`.
    """
    if name != AGAIN:
        place.make_empty()
    if name == BARE:
        _stores("tables", place.url)
    command = _command(name, export, place)
    before = place.server.cpu_seconds() if place.server else None
    measured = measure(command, folder=place.folder)
    after = place.server.cpu_seconds() if place.server else None
    used = None if before is None or after is None else after - before
    return Result(measured, used, _fault(name, export, place, measured))


def _command(name: str, export: Export, place: Place) -> Sequence[str]:
    if name not in {REGARD, AGAIN}:
        return [sys.executable, str(_PEERS[name]), str(export.path), place.url]
    config = place.folder / "regard.toml"
    store, path = json.dumps(place.url), json.dumps(str(export.path))
    config.write_text(_PROJECT.format(store=store, path=path), encoding="utf-8")
    return [sys.executable, "-m", "regard", "run", "orders", "--json", "--config", str(config)]


def _fault(name: str, export: Export, place: Place, measured: Measured) -> str | None:
    if measured.exit_code != 0:
        said = " ".join((measured.errors or measured.output or "no message").split())
        return f"ended with exit code {measured.exit_code}: ...{said[-600:]}"
    numbers = "decimal" if name in {DICTS, ARROW} else "millionths"
    found = json.loads(_stores("verify", place.url, numbers))
    rows, amount = found["rows"], Decimal(found["amount"])
    if (rows, amount) != (export.rows, export.amount):
        return f"stored {rows:,} rows of {amount}, not {export.rows:,} of {export.amount}"
    if name in {REGARD, AGAIN}:
        return _fault_of_counts(export, measured.output, unchanged=name == AGAIN)
    return None


def _fault_of_counts(export: Export, output: str, *, unchanged: bool) -> str | None:
    """Say whether a run did something else than find all rows new, or all unchanged."""
    told = json.loads(output)["runs"][0]
    expected = "unchanged" if unchanged else "new"
    if told[expected] == export.rows:
        return None
    counts = {key: value for key, value in told.items() if isinstance(value, int) and value}
    return f"should have found {export.rows:,} rows {expected}, says {counts}"


def _stores(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(_HERE / "stores.py"), *arguments],
        env=child_environment(),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout
