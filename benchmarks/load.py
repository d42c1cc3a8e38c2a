"""
Loads the same purchase lines with regard, with dlt and with bare Python, and compares them.

    python benchmarks/load.py --rows 1000000 --repeat 3 --postgres auto

Each contender is a whole child process on the same file, measured from outside. They take
turns, and ratios are made between neighbours in time, because machines are never quiet. What
was stored is counted and summed after each run. Timings never fail: the exit code is 0.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

from contenders import AGAIN, ARROW, BARE, DICTS, REGARD, Place, Result, run
from data import Export, cache_folder, make_again, make_export
from servers import Server, find_binaries, throwaway_server

_CONTENDERS = (REGARD, AGAIN, DICTS, ARROW, BARE)
_WARM_ROWS = 2_000
_MEGABYTE = 1_000_000
_PEAK_MEGABYTES = 400
_SQLITE, _POSTGRES = "SQLite", "PostgreSQL"
_RATIOS = (
    (DICTS, "dlt fed with dictionaries", {_SQLITE: 10.0}),
    (ARROW, "dlt fed with Arrow tables", {_SQLITE: 3.0}),
    (BARE, "bare csv + executemany, which checks nothing", {_SQLITE: 0.6}),
)
"""How many times faster regard is meant to be than each; what is not here is only shown."""


Seconds: TypeAlias = Callable[[Result], float]


def wall(result: Result) -> float:
    """Return how long somebody waited."""
    return result.measured.wall_seconds


def cpu(result: Result) -> float:
    """Return what all processors did, the database server's included."""
    return result.measured.cpu_seconds + (result.server_seconds or 0)


@dataclass(slots=True)
class Table:
    """
    The results on one database.

    Attributes:
        database: Its name.
        rows: How many each contender loaded.
        results: For each contender, one for each repetition.
    """

    database: str
    rows: int
    results: dict[str, list[Result]] = field(default_factory=dict)

    def ratios(self, name: str, other: str, seconds: Seconds = wall) -> list[float]:
        """
        Return how many times longer one took than its neighbour in each repetition.

        Args:
            name: The one.
            other: Its neighbour.
            seconds: Which time is meant.
        """
        pairs = zip(self.results[name], self.results[other], strict=True)
        return [
            seconds(first) / seconds(second)
            for first, second in pairs
            if first.fault is None and second.fault is None
        ]


@dataclass(frozen=True, slots=True)
class Promise:
    """
    One promised figure beside what was found.

    Attributes:
        text: What was found.
        wanted: The least or most that is promised; None where nothing is.
        holds: None where nothing is promised or it could not be measured.
    """

    database: str
    text: str
    wanted: str | None
    holds: bool | None


def promises(table: Table) -> Iterator[Promise]:
    """Compare what was found with what is promised."""
    for other, peer, promised in _RATIOS:
        least = promised.get(table.database)
        wanted = None if least is None else f"at least {least:g}"
        found = table.ratios(other, REGARD)
        if not found:
            yield Promise(table.database, f"not compared with {peer}", wanted, None)
            continue
        middle = median(found)
        used = median(table.ratios(other, REGARD, cpu))
        text = (
            f"{middle:.2f} x the speed of {peer} "
            f"({min(found):.2f} to {max(found):.2f}; {used:.2f} by CPU time)"
        )
        yield Promise(table.database, text, wanted, None if least is None else middle >= least)
    again = table.ratios(AGAIN, REGARD)
    if again:
        text = f"reading unchanged rows again takes {median(again):.2f} x the time of loading"
        yield Promise(table.database, text, "at most 1", median(again) <= 1)
    peaks = [
        each.measured.peak_bytes / _MEGABYTE
        for name in (REGARD, AGAIN)
        for each in table.results[name]
    ]
    text = f"peak memory {max(peaks):.0f} MB"
    wanted = f"under {_PEAK_MEGABYTES}"
    yield Promise(table.database, text, wanted, max(peaks) < _PEAK_MEGABYTES)


def compare(database: str, exports: tuple[Export, Export], repeat: int, place: Place) -> Table:
    """Let the contenders take turns."""
    table = Table(database, exports[0].rows, {name: [] for name in _CONTENDERS})
    for turn in range(repeat):
        for name in _CONTENDERS:
            _say(f"{database} {turn + 1}/{repeat}: {name}")
            # What an earlier one left to be written would cost the next one time.
            os.sync()
            result = run(name, exports[name == AGAIN], place)
            table.results[name].append(result)
            shown = result.fault or f"{result.measured.wall_seconds:.1f} s"
            _say(f"{database} {turn + 1}/{repeat}: {name}: {shown}")
    return table


def warm_up(exports: tuple[Export, Export], small: tuple[Export, Export], place: Place) -> None:
    """Compile every module and bring the file into the machine's memory; not measured."""
    for name in _CONTENDERS:
        run(name, small[name == AGAIN], place)
    for export in exports:
        with export.path.open("rb") as file:
            while file.read(1 << 20):
                pass


def show(table: Table) -> None:
    """Print the table of one database."""
    print(f"\n{table.database}: {table.rows:,} rows, medians of {_runs(table)}")
    head = ("", "rows/s", "wall s", "CPU s", "server CPU s", "peak MB", "x regard's time")
    lines = [head, *(_line(table, name) for name in _CONTENDERS)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        print("  ".join(cells).rstrip())
    for name in _CONTENDERS:
        for fault in dict.fromkeys(each.fault for each in table.results[name] if each.fault):
            print(f"!!! {name} DOES NOT COUNT: it {fault}")


def _runs(table: Table) -> str:
    count = len(table.results[REGARD])
    return "1 run" if count == 1 else f"{count} runs"


def _line(table: Table, name: str) -> tuple[str, ...]:
    results = table.results[name]
    if any(each.fault for each in results):
        return (name, "failed", "", "", "", "", "")
    wall = median(each.measured.wall_seconds for each in results)
    server = [each.server_seconds for each in results if each.server_seconds is not None]
    ratios = table.ratios(name, REGARD)
    return (
        name,
        f"{table.rows / wall:,.0f}",
        f"{wall:.2f}",
        f"{median(each.measured.cpu_seconds for each in results):.2f}",
        f"{median(server):.2f}" if server else "-",
        f"{max(each.measured.peak_bytes for each in results) / _MEGABYTE:.0f}",
        f"{median(ratios):.2f}" if ratios else "-",
    )


def show_promises(found: Sequence[Promise]) -> None:
    """Print which promise holds."""
    print("\nWhat regard reaches, and what is promised")
    for promise in found:
        word = {True: "holds", False: "DOES NOT HOLD", None: "not measured"}[promise.holds]
        said = "no promise" if promise.wanted is None else f"{promise.wanted}: {word}"
        print(f"  {promise.database}: {promise.text}; {said}")


def versions() -> dict[str, str]:
    """Return what was compared, and where."""
    from importlib.metadata import version

    names = ("regard", "dlt", "pyarrow", "sqlalchemy", "psycopg")
    found = {name: version(name) for name in names}
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return {
        **found,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "load before": load,
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def _server(wanted: str | None) -> Iterator[Server | None]:
    if wanted is None:
        yield None
    elif wanted != "auto":
        yield Server(wanted)
    elif (binaries := find_binaries()) is None:
        _say("no PostgreSQL found on this machine: SQLite only")
        yield None
    else:
        with throwaway_server(binaries) as server:
            yield server


def _exports(cache: Path, rows: int) -> tuple[Export, Export]:
    export = make_export(cache, rows)
    return export, make_again(export)


def _as_json(tables: Sequence[Table], found: Sequence[Promise]) -> Mapping[str, Any]:
    return {
        "versions": versions(),
        "databases": [
            {
                "database": table.database,
                "rows": table.rows,
                "results": {
                    name: [_result_as_json(each) for each in results]
                    for name, results in table.results.items()
                },
            }
            for table in tables
        ],
        "promises": [asdict(promise) for promise in found],
    }


def _result_as_json(result: Result) -> Mapping[str, Any]:
    measured = result.measured
    return {
        "wall_seconds": round(measured.wall_seconds, 3),
        "cpu_seconds": round(measured.cpu_seconds, 3),
        "server_cpu_seconds": result.server_seconds,
        "peak_bytes": measured.peak_bytes,
        "fault": result.fault,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many lines to load")
    parser.add_argument("--repeat", type=int, default=3, help="how often each has its turn")
    parser.add_argument(
        "--postgres",
        metavar="URL|auto",
        help="also compare on PostgreSQL: a server's address (its database regard_bench is "
        "dropped and made again), or auto to start one where it is installed",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file")
    return parser.parse_args()


def main() -> None:
    """Compare and print."""
    arguments = _arguments()
    cache = cache_folder()
    exports = _exports(cache, arguments.rows)
    small = _exports(cache, _WARM_ROWS)
    print(", ".join(f"{name} {value}" for name, value in versions().items()))
    tables = []
    with ExitStack() as stack:
        # Beside the cache, since a machine's folder for temporary files may be memory.
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=cache))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = stack.enter_context(_server(arguments.postgres))
        places = {_SQLITE: Place(folder / "work")}
        if server is not None:
            places[_POSTGRES] = Place(folder / "work", server)
        for database, place in places.items():
            warm_up(exports, small, place)
            tables.append(compare(database, exports, arguments.repeat, place))
    for table in tables:
        show(table)
    found = [promise for table in tables for promise in promises(table)]
    show_promises(found)
    if arguments.json:
        arguments.json.write_text(json.dumps(_as_json(tables, found), indent=2) + "\n")


if __name__ == "__main__":
    main()
