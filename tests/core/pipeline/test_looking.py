"""Sources are asked which files they know, and one that breaks stops no other."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from regard.host import Host
from regard.pipeline.looking import FALLBACK, Lookout, recognise

PLUGIN = """
from regard import Source, Stream, hookimpl
from regard.sources import Recognised

class Rolls(Source):
    name = "till-rolls"
    streams = (Stream("lines", "fact"),)

    @classmethod
    def recognise(cls, files, ctx):
        for file in files:
            if file.path.read_bytes().startswith(b"TILL ROLL"):
                yield Recognised(file, "till roll", {"zone": ctx.timezone}, surety=SURETY)

    def read(self, stream, since, until, ctx):
        return ()

class Broken(Source):
    name = "broken-one"
    streams = (Stream("lines", "fact"),)

    @classmethod
    def recognise(cls, files, ctx):
        raise SystemExit("out of paper")

@hookimpl
def regard_sources():
    return [Rolls, Broken]
"""
ROLL = "TILL ROLL\n1;2\n"
TABLE = "series,period,value\ncpi,2026-01,101.2\n"


def _host(folder: Path, surety: int) -> Host:
    plugins = folder / "plugins"
    plugins.mkdir()
    code = textwrap.dedent(PLUGIN).replace("SURETY", str(surety))
    (plugins / "rolls.py").write_text(code)
    return Host.load(plugins)


def test_sources_of_others_are_asked(tmp_path: Path) -> None:
    """A plug-in of somebody else names its files and what its table would say; a fault is told."""
    (tmp_path / "roll.csv").write_text(ROLL)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    paths = [tmp_path / "roll.csv", tmp_path / "x.csv"]
    taken = recognise(_host(tmp_path, 2), paths, Lookout(tmp_path, (), "Europe/Paris"), "files")

    assert [
        ("files", FALLBACK, {}, [paths[1]]),
        ("till-rolls", "till-rolls", {"zone": "Europe/Paris"}, [paths[0]]),
    ] == [(each.name, each.plugin, each.options, each.files) for each in taken.groups]
    assert ["broken-one: it could not be asked about files: "] == [
        each.partition("SystemExit")[0] for each in taken.problems
    ]


def test_the_surest_reads(tmp_path: Path) -> None:
    """Where several know a file, the one that is surest reads it; a guess gives way."""
    path = tmp_path / "roll.csv"
    path.write_text(ROLL.replace("\n1;2\n", ",period,value\ncpi,2026-01,1.5\n"))
    lookout = Lookout(tmp_path, (), "UTC")

    for surety, reader in ((0, "indicators"), (1, "till-rolls")):
        folder = tmp_path / str(surety)
        folder.mkdir()
        taken = recognise(_host(folder, surety), [path], lookout, "files")
        assert [reader] == [each.plugin for each in taken.groups]


HEADER = "Date;Order #;Status;Product(s);Items sold;Coupon(s);N. Revenue;Customer type\n"
ORDERS = {
    "es.csv": ("31/12/2025;1.234,56", "04/05/2025;1.234"),
    "us.csv": ("12/31/2025;1,234.56", "04/05/2025;1,234"),
    "iso.csv": ("2025-12-31;1234.56", "2025-04-05;1234.00"),
    "open.csv": ("04/05/2025;1234.56", "05/04/2025;1234.00"),
    "mixed.csv": ("31/12/2025;1.234,56", "12/31/2025;1,234.56"),
}
CUSTOMERS = (
    "Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV\n"
    "Ana,,,2025-01-31,a@x.es,1,1,1\n"
)


def _orders(folder: Path) -> list[Path]:
    for name, rows in ORDERS.items():
        lines = [
            f"{day};{number};completed;Shoes;1;;{amount};new"
            for number, (day, _, amount) in enumerate(row.partition(";") for row in rows)
        ]
        (folder / name).write_text(HEADER + "\n".join(lines), encoding="utf-8")
    return [folder / name for name in ORDERS]


@pytest.mark.parametrize(
    ("dates", "decimal", "ways"),
    [
        (
            None,
            None,
            {
                "es.csv": {"dates": "day-first", "decimal": ","},
                "us.csv": {"dates": "month-first", "decimal": "."},
                "iso.csv": {},
                "open.csv": {},
                "mixed.csv": {},
            },
        ),
        (
            "day-first",
            ",",
            {
                "es.csv": {},
                "us.csv": {"dates": "month-first", "decimal": "."},
                "iso.csv": {"decimal": "."},
                "open.csv": {"decimal": "."},
                "mixed.csv": {},
            },
        ),
    ],
)
def test_files_tell_how_they_are_written(
    dates: str | None, decimal: str | None, ways: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    """Each file's own rows go before what is said of all; where they are open, that holds."""
    paths = _orders(tmp_path)
    lookout = Lookout(tmp_path, (), "UTC", dates=dates, decimal=decimal)
    taken = recognise(Host.load(), paths, lookout, "files")

    assert [] == taken.problems
    assert ways == {path.name: dict(offer.options) for path, (_, offer) in taken.files.items()}
    # Files that are written alike are one source.
    assert len({str(each) for each in ways.values()}) == len(taken.groups)


def test_purchases_that_are_read_apart_find_customers(tmp_path: Path) -> None:
    """Where files of one plug-in become several sources, one of them holds the customers."""
    paths = _orders(tmp_path)[:2]
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    lookout = Lookout(tmp_path, (), "UTC")
    taken = recognise(Host.load(), [tmp_path / "customers.csv", *paths], lookout, "files")

    assert [
        ("files", {}),
        ("files-2", {"dates": "day-first", "decimal": ",", "customers": "files"}),
        ("files-3", {"dates": "month-first", "decimal": ".", "customers": "files"}),
    ] == [(each.name, each.options) for each in taken.groups]


SAMPLES = Path(__file__).parents[2] / "plugins"
FOLDERS = {
    "crm_export": "crm-export",
    "indicators": "indicators",
    "mailbox": "mailbox",
    "survey_export": "survey-export",
    "touchpoints": "touchpoints",
}


def test_every_vendors_file_finds_its_source(tmp_path: Path) -> None:
    """All files shaped like vendors' own are told apart, whatever lies beside them."""
    owners = {
        path: plugin
        for folder, plugin in FOLDERS.items()
        for path in sorted((SAMPLES / folder / "data").rglob("*"))
        if path.is_file() and (folder != "crm_export" or path.suffix != ".json")  # what to expect
    }
    taken = recognise(Host.load(), list(owners), Lookout(tmp_path, (), "UTC"), "files")
    found = {path: plugin for path, (plugin, _) in taken.files.items()}

    assert 60 < len(owners)
    assert [] == taken.problems
    assert owners == {path: found.get(path, "nobody") for path in owners}
