"""
Measures columns: writing them, following a store that changes, and reading them.

    python benchmarks/columns.py --rows 1000000

It makes a store with seeded purchases, through the store's own bulk writer, and measures each
step as a whole child process from outside: what a user waits for, and the memory it takes.
Steps that only read are repeated, and the quickest counts, because machines are never quiet.
Timings never fail: the exit code is 0.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from data import cache_folder
from measuring import Measured, measure

_SEED = 20_250_601
_BATCH = 20_000
_PEAK_MEGABYTES = 400
_MEGABYTE = 1_000_000
_FIRST_DAY = datetime(2022, 1, 1, 8, tzinfo=UTC)
_SPAN_MINUTES = 3 * 365 * 24 * 60
_LINES_AN_ORDER = 2
_SOURCE = "shop"
_PROJECT = """\
store = "sqlite:///regard.db"
timezone = "Europe/Madrid"

[sources.shop]
plugin = "crm-export"
path = "exports/*.csv"
"""
_RFM = """
    WITH spent AS (
        SELECT source, customer_key, max(ordered_at) AS last_at,
               count(DISTINCT order_key) AS orders, sum(amount) AS amount
        FROM purchases
        WHERE basis = 'sale' AND status = 'completed' AND customer_key IS NOT NULL
        GROUP BY ALL
    ), scored AS (
        SELECT ntile(5) OVER (ORDER BY last_at) AS r, ntile(5) OVER (ORDER BY orders) AS f,
               ntile(5) OVER (ORDER BY amount) AS m, amount
        FROM spent
    )
    SELECT r, f, m, count(*) AS customers, sum(amount) AS amount FROM scored
    GROUP BY ALL ORDER BY ALL"""


# What the children do. Nothing heavy is imported above: a parent's memory counts as theirs.


@lru_cache(maxsize=1)
def _order(number: int) -> dict[str, Any]:
    chance = random.Random(number)
    return {
        "basis": "sale",
        "order_key": f"W-{number:08d}",
        "customer_key": f"C{int(2_000 + number * chance.random() * 0.16):07d}",
        "ordered_at": _FIRST_DAY + timedelta(minutes=int(chance.random() * _SPAN_MINUTES)),
        "status": "cancelled" if chance.random() < 0.05 else "completed",
        "channel": chance.choice(("store", "web", "app")),
        "place": chance.choice(("Madrid Centro", "Barcelona, Gràcia", "Sevilla", "A Coruña")),
        "currency": "EUR",
        "tax_included": True,
    }


def _purchase(number: int, chance: random.Random) -> dict[str, Any]:
    quantity = Decimal(chance.randint(1, 3))
    price = Decimal(chance.randint(95, 24_999)) / 100
    return {
        **_order(number // _LINES_AN_ORDER),
        "sku": f"ART-{chance.randrange(4_000):05d}",
        "product_name": f"Taza de cerámica esmaltada, n.º {chance.randrange(4_000)}",
        "quantity": quantity,
        "unit_price": price,
        "amount": quantity * price,
    }


def _customer(number: int, chance: random.Random) -> dict[str, Any]:
    return {
        "type": "person",
        "name": f"Núria {number}",
        "email": f"nuria.{number}@example.com",
        "birth_year": 1940 + chance.randrange(66),
        "region": chance.choice(("Madrid", "Cataluña", "Andalucía", "Galicia")),
        "country": "ES",
        "created_at": _FIRST_DAY + timedelta(minutes=chance.randrange(_SPAN_MINUTES)),
    }


def _write(
    database: str,
    kind: str,
    records: Iterator[tuple[str, dict[str, Any]]],
    as_of: datetime,
    *,
    all_new: bool = False,
) -> None:
    from itertools import islice

    from regard.records import KINDS
    from regard.records.encoding import encode_time
    from regard.store import Batch, Store
    from regard.store.batches import decide, look_up, next_batch, write_plan

    encoder, at = KINDS[kind].encoder(), encode_time(as_of)
    store = Store.open(f"sqlite:///{database}")
    while chunk := list(islice(records, _BATCH)):
        batch = Batch(KINDS[kind], items=[encoder.encode(key, at, one) for key, one in chunk])
        with store.write() as transaction:
            transaction.writer.lock()
            known = {} if all_new else look_up(transaction, batch, _SOURCE)
            plan = decide(batch, known, run_id=1)
            number = next_batch(transaction, 1, kind)
            write_plan(transaction, batch.kind, plan, source=_SOURCE, run_id=1, batch_id=number)
    store.close()


def make(database: str, rows: str) -> None:
    """Make a store with so many purchases, and a twelfth as many customers."""
    chance = random.Random(_SEED)  # test data
    purchases = ((f"W-{n:09d}", _purchase(n, chance)) for n in range(int(rows)))
    _write(database, "purchase", purchases, _FIRST_DAY, all_new=True)
    customers = ((f"C{n:07d}", _customer(n, chance)) for n in range(int(rows) // 12))
    _write(database, "customer", customers, _FIRST_DAY, all_new=True)


def change(database: str, rows: str, turn: str, new: str) -> None:
    """Change one purchase in a hundred, here and there; or add as many new ones."""
    count, number = int(rows), int(turn)
    chance = random.Random(_SEED + number)  # test data
    places: Sequence[int] = sorted(chance.sample(range(count), count // 100))
    if new == "new":
        places = range(count + count // 100 * number, count + count // 100 * (number + 1))
    changed = ((f"W-{n:09d}", _purchase(n, chance)) for n in places)
    _write(database, "purchase", changed, _FIRST_DAY + timedelta(days=2_000 + number))


def sync(database: str, folder: str) -> None:
    """Bring the columns up to date and print how long that took without starting Python."""
    from regard.columns import sync_columns
    from regard.store import Store

    store = Store.open(f"sqlite:///{database}", readonly=True)
    began = time.perf_counter()
    sync_columns(store, Path(folder))
    print(json.dumps({"seconds": time.perf_counter() - began}))
    store.close()


def query(folder: str) -> None:
    """Score all customers and print how long that took without starting Python."""
    from regard.columns import open_view

    began = time.perf_counter()
    with open_view(
        Path(folder),
        now=datetime(2026, 1, 1, tzinfo=UTC),
        language="en",
        timezone="Europe/Madrid",
        freshness=(),
        pseudonym_key=b"k" * 32,
    ) as view:
        view.sql(_RFM).rows()
    print(json.dumps({"seconds": time.perf_counter() - began}))


_STEPS: Mapping[str, Callable[..., None]] = {
    "make": make,
    "change": change,
    "sync": sync,
    "query": query,
}


# What the parent does.


@dataclass(frozen=True, slots=True)
class Line:
    """
    One measured step.

    Attributes:
        name: What was done.
        measured: The whole child process.
        seconds: What the work itself took, without starting Python; None: not measured.
        files: How many Parquet files the columns consist of by then.
        megabytes: What those take on disk.
    """

    name: str
    measured: Measured
    seconds: float | None
    files: int
    megabytes: float


class Bench:
    """
    Runs steps in a project of its own and collects what they took.

    Args:
        folder: An empty folder.
        rows: How many purchases.
    """

    def __init__(self, folder: Path, rows: int) -> None:
        self.folder = folder
        self.rows = rows
        self.lines: list[Line] = []
        (folder / "exports").mkdir()
        (folder / "regard.toml").write_text(_PROJECT, encoding="utf-8")

    @property
    def columns(self) -> Path:
        """Where the project's columns lie."""
        return self.folder / "columns"

    def do(self, step: str, *arguments: str) -> Measured:
        """Run one step of this script as a child."""
        return self._run([sys.executable, str(Path(__file__).resolve()), step, *arguments])

    def _run(self, command: Sequence[str]) -> Measured:
        measured = measure(command, folder=self.folder)
        if measured.exit_code:
            sys.exit(f"{command}: exit code {measured.exit_code}\n{measured.errors}")
        return measured

    def note(self, name: str, command: Sequence[str], repeat: int = 1) -> None:
        """Measure one step, the quickest of several runs, and keep it for the table."""
        _say(name)
        runs = [self._run(command) for _ in range(repeat)]
        best = min(runs, key=lambda run: run.wall_seconds)
        found = [json.loads(run.output) for run in runs if run.output.startswith('{"seconds"')]
        seconds = min((each["seconds"] for each in found), default=None)
        manifest = json.loads((self.columns / "manifest.json").read_text())
        sizes = [size for kind in manifest["kinds"].values() for size in kind["bytes"].values()]
        self.lines.append(Line(name, best, seconds, len(sizes), sum(sizes) / _MEGABYTE))

    def step(self, *arguments: str) -> Sequence[str]:
        """Return the command of one step of this script."""
        return [sys.executable, str(Path(__file__).resolve()), *arguments]

    def all(self, repeat: int) -> None:
        """Do and measure everything."""
        database, columns = str(self.folder / "regard.db"), str(self.columns)
        writing, reading = self.step("sync", database, columns), self.step("query", columns)
        report = [sys.executable, "-m", "regard", "report", "customers", "--format", "json"]
        _say(f"a store with {self.rows:,} purchases")
        made = self.do("make", database, str(self.rows))
        _say(f"... took {made.wall_seconds:.0f} s")
        self.note("write all columns", writing)
        self.note("nothing changed", writing, repeat)
        self.note("RFM, base only", reading, repeat)
        self.note("regard report customers, base only", report, repeat)
        self.do("change", database, str(self.rows), "0", "new")
        self.note("follow 1 % new rows", writing)
        self.note("RFM, 1 % new", reading, repeat)
        for turn in range(1, 9):
            self.do("change", database, str(self.rows), str(turn), "changed")
            self.note(f"follow 1 % changed rows, turn {turn}", writing)
            if turn in (1, 4, 8):
                self.note(f"RFM, {turn} % changed", reading, repeat)
        self.note("regard report customers, 8 % changed", report, repeat)
        for turn in range(9, 13):
            self.do("change", database, str(self.rows), str(turn), "changed")
            self.note(f"follow 1 % changed rows, turn {turn}", writing)
        self.note("RFM, 12 % changed", reading, repeat)

    def show(self) -> None:
        """Print the table."""
        head = ("", "work s", "wall s", "CPU s", "peak MB", "files", "MB on disk")
        table = [head, *map(_cells, self.lines)]
        widths = [max(len(line[place]) for line in table) for place in range(len(head))]
        print(f"\n{self.rows:,} purchases in SQLite")
        for line in table:
            cells = [line[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
            print("  ".join(cells))
        peak = max(line.measured.peak_bytes for line in self.lines) / _MEGABYTE
        word = "holds" if peak < _PEAK_MEGABYTES else "DOES NOT HOLD"
        print(f"\npeak memory {peak:.0f} MB (wanted: under {_PEAK_MEGABYTES}): {word}")


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.name,
        "" if line.seconds is None else f"{line.seconds:.2f}",
        f"{line.measured.wall_seconds:.2f}",
        f"{line.measured.cpu_seconds:.2f}",
        f"{line.measured.peak_bytes / _MEGABYTE:.0f}",
        str(line.files),
        f"{line.megabytes:.1f}",
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many purchases")
    parser.add_argument("--repeat", type=int, default=3, help="how often to read")
    arguments = parser.parse_args()
    # Beside the cache, since a machine's folder for temporary files may be memory.
    folder = Path(tempfile.mkdtemp(prefix="columns-", dir=cache_folder()))
    try:
        bench = Bench(folder, arguments.rows)
        bench.all(arguments.repeat)
        bench.show()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in _STEPS:
        _STEPS[sys.argv[1]](*sys.argv[2:])
    else:
        main()
