"""
Shows whether memory grows with the length of the file that `regard run` reads.

    python benchmarks/memory.py
    python benchmarks/memory.py 200000 1000000 3000000 10000000

Prints the peak resident memory of the run's largest process for each length. Like all
figures here it decides nothing: the exit code is 0.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from contenders import REGARD, Place, run
from data import cache_folder, make_export

_LENGTHS = (200_000, 1_000_000, 3_000_000)
_MEGABYTE = 1_000_000
_MOST_MEGABYTES = 400


def main() -> None:
    """Load files of several lengths and print the peaks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("rows", nargs="*", type=int, default=_LENGTHS, help="lengths of files")
    arguments = parser.parse_args()
    cache = cache_folder()
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=cache))
    peaks = []
    print(f"{'rows':>12}  {'rows/s':>9}  {'peak MB':>7}")
    try:
        for rows in sorted(arguments.rows):
            result = run(REGARD, make_export(cache, rows), Place(folder / "work"))
            if result.fault:
                print(f"{rows:>12,}  it {result.fault}", file=sys.stderr)
                continue
            measured = result.measured
            peaks.append(measured.peak_bytes / _MEGABYTE)
            speed = rows / measured.wall_seconds
            print(f"{rows:>12,}  {speed:>9,.0f}  {peaks[-1]:>7.0f}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if peaks:
        word = "holds" if max(peaks) < _MOST_MEGABYTES else "DOES NOT HOLD"
        print(
            f"the longest takes {peaks[-1] / peaks[0]:.2f} x the memory of the shortest; "
            f"at most {max(peaks):.0f} MB (wanted: under {_MOST_MEGABYTES}): {word}"
        )


if __name__ == "__main__":
    main()
