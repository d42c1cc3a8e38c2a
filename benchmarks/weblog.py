"""
Measures how long `regard run` takes over a web log, beside a bare pass of the same pattern.

    python benchmarks/weblog.py
    python benchmarks/weblog.py --lines 1000000 --turns 3

The log is generated: six in ten requests are for parts of pages, a quarter are those of bots,
and nearly all others are page views. The bare pass reads the lines and matches each of them,
and does nothing with what it found. Like all figures here it decides nothing: the exit code
is 0.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from data import cache_folder
from measuring import Measured, measure

_SEED = 11
_BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{}.0.0.0 Safari/537.36"
)
_BOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "curl/8.5.0",
)
_STATUSES = (*["200"] * 15, "304", "404", "301", "500")
_BARE = """
import sys
from regard_plugins.touchpoints.weblogs import _LINE
match = _LINE.match
with open(sys.argv[1], "rb") as file:
    print(sum(match(line) is not None for line in file))
"""
_PROJECT = """
[sources.web]
plugin = "touchpoints"
path = "logs/*"
"""


def _lines(count: int) -> Iterator[str]:
    chance = random.Random(_SEED)
    moment = datetime(2026, 9, 1, tzinfo=UTC)
    for _ in range(count):
        moment += timedelta(milliseconds=chance.randint(0, 800))
        bot = chance.random() < 0.25
        agent = chance.choice(_BOTS) if bot else _BROWSER.format(chance.randint(90, 140))
        kind = chance.random()
        if kind < 0.6:
            path = f"/static/app{chance.randint(1, 9)}.js?v={chance.randint(1, 99)}"
        elif kind < 0.95:
            path = f"/product/{chance.randint(1, 3_000)}"
        else:
            sid = chance.randint(1, 1_000_000)
            path = f"/product/{chance.randint(1, 50)}?utm_campaign=fall&sid={sid}"
        address = ".".join(str(chance.randint(1, 250)) for _ in range(4))
        yield (
            f'{address} - - [{moment:%d/%b/%Y:%H:%M:%S +0000}] "GET {path} HTTP/1.1" '
            f'{chance.choice(_STATUSES)} {chance.randint(200, 90_000)} "-" "{agent}"\n'
        )


def make_log(folder: Path, count: int) -> Path:
    """Return a log of so many lines, made once."""
    path = folder / f"access-{count}.log"
    if not path.exists():
        half = path.with_suffix(".part")
        with half.open("w", encoding="ascii") as file:
            file.writelines(_lines(count))
        half.rename(path)
    return path


def _bare(log: Path, folder: Path) -> Measured:
    return measure([sys.executable, "-c", _BARE, str(log)], folder=folder)


def _run(folder: Path) -> Measured:
    return measure([sys.executable, "-m", "regard", "--json", "run", "web"], folder=folder)


def _project(log: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "logs").mkdir(parents=True)
    (folder / "regard.toml").write_text(_PROJECT, "utf-8")
    shutil.copy2(log, folder / "logs" / "access.log")


def _show(name: str, lines: int, measured: Measured) -> None:
    print(
        f"{name:<28}{measured.wall_seconds:>8.1f}{measured.cpu_seconds:>8.1f}"
        f"{lines / measured.cpu_seconds:>14,.0f}{measured.peak_bytes / 1e6:>9.0f}",
        flush=True,
    )


def main() -> None:
    """Take turns and print what each took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of the log")
    parser.add_argument("--turns", type=int, default=2, help="how often each is measured")
    arguments = parser.parse_args()
    cache = cache_folder()
    log = make_log(cache, arguments.lines)
    folder = Path(tempfile.mkdtemp(prefix="weblog-", dir=cache))
    print(f"{arguments.lines:,} lines, {log.stat().st_size / 1e6:.0f} MB")
    print(f"{'':<28}{'wall s':>8}{'CPU s':>8}{'lines/CPU s':>14}{'peak MB':>9}")
    try:
        for _ in range(arguments.turns):
            bare = _bare(log, folder)
            _show("bare pattern", arguments.lines, bare)
            project = folder / "project"
            _project(log, project)
            first = _run(project)
            if first.exit_code:
                print(first.errors, file=sys.stderr)
                return
            _show("regard run", arguments.lines, first)
            with (project / "logs" / "access.log").open("a", encoding="ascii") as file:
                file.writelines(_lines(1_000))
            _show("regard run, 1,000 lines more", arguments.lines, _run(project))
            ratio = first.cpu_seconds / bare.cpu_seconds
            print(f"regard takes {ratio:.1f} x the CPU time of the bare pattern")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
