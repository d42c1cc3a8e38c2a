"""
Measures what a crawl costs: `regard run` of `web-offers` beside stock Scrapy with parsel.

    python benchmarks/crawl.py
    python benchmarks/crawl.py --pages 2000 --kilobytes 50 --turns 3
    python benchmarks/crawl.py --growth 20000 --kilobytes 20

Both fetch the same pages of the same shop on the loopback address, which runs in a process of its
own that is not measured. They take turns; ratios are made turn by turn. Afterwards both are given
fifty addresses that robots.txt forbids, and the shop says which of them were asked for. With
``--growth`` nothing is compared: one crawl of so many pages is looked at after each quarter, and
the memory of its processes printed. Like all figures here it decides nothing: the exit code is 0.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from data import cache_folder
from growth import watch
from measuring import Measured, measure

_HERE = Path(__file__).parent
_FORBIDDEN = 50
_PROJECT = """
[sources.prices]
plugin = "web-offers"
site = "shop"
"""
_SITE = """
competitor = "Shop"
contact = "mailto:benchmarks@us.example"
delay = 0.0
pages_per_day = 1000000
allow_hosts = ["{host}"]
[discover]
{where}
match = "/(p|private)/"
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """
    A running shop.

    Attributes:
        process: Its process.
        url: Where it begins.
        total: What all its articles cost together.
    """

    process: subprocess.Popen[str]
    url: str
    total: Decimal

    def asked(self, path: str) -> int:
        """Return how often paths that begin so were asked for since the last question."""
        pipe_in, pipe_out = self.process.stdin, self.process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        print(path, file=pipe_in, flush=True)
        return int(pipe_out.readline())


@contextmanager
def _shop(articles: int, kilobytes: int) -> Iterator[Opened]:
    process = subprocess.Popen(
        [sys.executable, str(_HERE / "peers" / "shop.py"), str(articles), str(kilobytes)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        url, total = process.stdout.readline().split()
        try:
            yield Opened(process, url, Decimal(total))
        finally:
            process.stdin.close()


def _project(folder: Path, url: str, where: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "sites").mkdir(parents=True)
    (folder / "regard.toml").write_text(_PROJECT, "utf-8")
    host = url.removeprefix("http://")
    (folder / "sites" / "shop.toml").write_text(_SITE.format(host=host, where=where), "utf-8")


def _regard(folder: Path) -> Measured:
    return measure([sys.executable, "-m", "regard", "--json", "run", "prices"], folder=folder)


def _scrapy(folder: Path, how: str, where: str) -> tuple[Measured, Path]:
    output = folder / "offers.jsonl"
    output.unlink(missing_ok=True)
    peer = str(_HERE / "peers" / "scrapy_jsonld.py")
    return measure([sys.executable, peer, how, where, str(output)], folder=folder), output


def _stored(folder: Path) -> tuple[int, Decimal]:
    with closing(sqlite3.connect(folder / "regard.db")) as connection:
        count, total = connection.execute("SELECT count(*), sum(price) FROM offers").fetchone()
    return count, Decimal(total or 0) / 1_000_000


def _written(output: Path) -> tuple[int, Decimal]:
    lines = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    return len(lines), sum((Decimal(str(line["price"])) for line in lines), Decimal(0))


def _show(name: str, pages: int, measured: Measured, fault: str = "") -> None:
    print(
        f"{name:<30}{measured.wall_seconds:>8.1f}{measured.cpu_seconds:>8.2f}"
        f"{pages / measured.cpu_seconds:>13,.0f}{measured.peak_bytes / 1e6:>9.0f}  {fault}",
        flush=True,
    )


def _fault(found: tuple[int, Decimal], wanted: tuple[int, Decimal]) -> str:
    return "" if found == wanted else f"FOUND {found}, wanted {wanted}"


def _turn(shop: Opened, pages: int, folder: Path) -> tuple[float, float]:
    """Measure each once; return the ratio of pages per CPU second, and of peak memory."""
    wanted = (pages, shop.total)
    project = folder / "project"
    _project(project, shop.url, f'sitemap = "{shop.url}/sitemap.xml"')
    ours = _regard(project)
    _show("regard run", pages, ours, _fault(_stored(project), wanted) or ours.errors[-300:])
    again = _regard(project)
    _show("regard run, nothing changed", pages, again, _fault(_stored(project), wanted))
    theirs, output = _scrapy(folder, "shop", shop.url)
    _show("Scrapy, parsel, JSON lines", pages, theirs, _fault(_written(output), wanted))
    return theirs.cpu_seconds / ours.cpu_seconds, ours.peak_bytes / theirs.peak_bytes


def _race(shop: Opened, folder: Path) -> None:
    """Give both addresses that robots.txt forbids, and say what was asked for."""
    urls = folder / "urls.txt"
    addresses = "\n".join(f"{shop.url}/private/{number}" for number in range(_FORBIDDEN))
    urls.write_text(addresses, "utf-8")
    project = folder / "forbidden"
    _project(project, shop.url, 'urls = "urls.txt"')
    shutil.copy2(urls, project / "urls.txt")
    shop.asked("/private")
    _regard(project)
    ours = shop.asked("/private")
    _scrapy(folder, "addresses", str(urls))
    theirs = shop.asked("/private")
    print(
        f"\nof {_FORBIDDEN} forbidden addresses at once were asked for: regard {ours}, "
        f"Scrapy {theirs}"
    )


def _growth(pages: int, kilobytes: int, folder: Path) -> None:
    """Crawl once, and print the memory of each process after each quarter."""
    project = folder / "project"
    with _shop(pages, kilobytes) as shop:
        _project(project, shop.url, f'sitemap = "{shop.url}/sitemap.xml"')
        asked = 0

        def progress() -> int:
            nonlocal asked
            asked += shop.asked("/p/")
            return asked

        command = [sys.executable, "-m", "regard", "--json", "run", "prices"]
        quarters = [pages * quarter // 4 for quarter in range(1, 4)]
        # The last look is before the end: a process that has ended has no memory.
        for look in watch(command, project, progress, [*quarters, pages - pages // 200]):
            told = ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in look.resident.items())
            print(f"{look.done:>8,} pages  {look.seconds:>6.0f} s  {told}", flush=True)
    count, _ = _stored(project)
    print(f"{count:,} offers stored")


def main() -> None:
    """Take turns and print what each took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--pages", type=int, default=2_000, help="pages with an offer")
    parser.add_argument("--kilobytes", type=int, default=50, help="length of a page")
    parser.add_argument("--turns", type=int, default=3, help="how often each is measured")
    parser.add_argument("--growth", type=int, metavar="PAGES", help="only watch the memory")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crawl-", dir=cache_folder()))
    if arguments.growth:
        try:
            _growth(arguments.growth, arguments.kilobytes, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    what = f"{arguments.pages:,} pages of {arguments.kilobytes} kB"
    print(f"{what}; load average {os.getloadavg()[0]:.1f}")
    try:
        # Both are started once on a small shop, so that nobody's modules are compiled later.
        with _shop(5, 0) as shop:
            _project(folder / "project", shop.url, f'sitemap = "{shop.url}/sitemap.xml"')
            _regard(folder / "project")
            _scrapy(folder, "shop", shop.url)
        print(f"{'':<30}{'wall s':>8}{'CPU s':>8}{'pages/CPU s':>13}{'peak MB':>9}")
        with _shop(arguments.pages, arguments.kilobytes) as shop:
            turns = [_turn(shop, arguments.pages, folder) for _ in range(arguments.turns)]
            _race(shop, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, ratios in zip(("pages per CPU second", "peak memory"), zip(*turns, strict=True),
                            strict=True):  # fmt: skip
        print(
            f"regard has {statistics.median(ratios):.2f} x the {name} of Scrapy "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
