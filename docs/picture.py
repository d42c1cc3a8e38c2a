"""
Writes the report of the demo into the README, as it is; with ``--check`` only compares.

The demo is generated from a fixed seed and REGARD_NOW, so the picture is the same on every
machine, and a test fails when what people would see is no longer what the README shows.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from regard.demo import make_demo

README = Path(__file__).resolve().parents[1] / "README.md"
NOW = "2026-11-20T09:00:00+00:00"
WIDTH = 80
SOURCES = ("online", "till", "baskets")
QUESTION = ("report", "customers", "--by", "segment")
END = "\nWhat they did not buy\n"
"""The section before which the picture ends: it shows how the report begins."""

_MARKS = re.compile(r"(<!-- picture: .*? -->\n).*?(<!-- end of picture -->\n)", re.DOTALL)


def _regard(*arguments: str, cwd: Path) -> str:
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if name not in ("FORCE_COLOR", "REGARD_CONFIG", "TTY_COMPATIBLE")
    }
    fixed = {"REGARD_NOW": NOW, "COLUMNS": str(WIDTH), "NO_COLOR": "1", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "regard", *arguments],
        cwd=cwd,
        env=surroundings | fixed,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    return done.stdout


def picture() -> str:
    """Return the beginning of the report on a fresh demo."""
    with tempfile.TemporaryDirectory(prefix="regard-picture-") as folder:
        root = Path(folder)
        make_demo(root, datetime.fromisoformat(NOW))
        # Only what the report reads: it need not wait for the competitors' shops.
        _regard("run", *SOURCES, "--quiet", cwd=root)
        report = _regard(*QUESTION, cwd=root)
    shown, found, _ = report.partition(END)
    if not found:
        message = f"the report has no {END.strip()!r} any more: say where the picture ends"
        raise SystemExit(message)
    return "\n".join(line.rstrip() for line in shown.strip("\n").splitlines())


def main() -> None:
    """Write the picture, or say that it is no longer right."""
    old = README.read_text(encoding="utf-8")
    block = f"\n```text\n{picture()}\n```\n\n"
    new, times = _MARKS.subn(lambda match: f"{match[1]}{block}{match[2]}", old)
    if times != 1:
        message = f"{README.name}: the two marks of the picture are not there"
        raise SystemExit(message)
    if "--check" not in sys.argv:
        README.write_text(new, encoding="utf-8")
    elif new != old:
        message = f"{README.name}: the picture is out of date; run `python docs/picture.py`"
        raise SystemExit(message)


if __name__ == "__main__":
    main()
