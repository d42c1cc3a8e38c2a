"""Commands that tests start warm do what they do in an interpreter of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PLUGIN = """
import json
import os
import sys
from regard import source


@source("box", kind="fact", key=["id"])
def read(config, since):
    surroundings = {name: value for name, value in os.environ.items() if name != "LC_CTYPE"}
    surroundings.pop("PYTHONPATH", None)
    text = json.dumps([sys.path[0], os.getcwd(), sys.argv[1:], sorted(surroundings.items())])
    return [{"id": 1, "text": text + sys.stdin.read(), "happened_at": "2026-01-01T00:00:00Z"}]
"""
CONFIG = 'timezone = "Europe/Paris"\n[sources.box]\nplugin = "box"\n'


@pytest.mark.parametrize(
    "arguments", [["preview", "box"], ["check"], ["report", "none-such"], ["--debug", "nonsense"]]
)
def test_warm_is_as_cold(
    arguments: list[str], project: Callable[..., Path], run_regard: Callable[..., Any]
) -> None:
    """Exit code, output, errors, folder, path and environment are the same."""
    folder = project(CONFIG, {"box": PLUGIN})
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder.parent),
        "LANG": "C.UTF-8",
        "COLUMNS": "200",
        "NO_COLOR": "1",
        "TZ": "Asia/Tokyo",
    }
    there = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    cold = subprocess.run(
        [sys.executable, "-m", "regard", *arguments],
        cwd=folder,
        env=environment | there,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    warm = run_regard(*arguments, cwd=folder, env={"TZ": "Asia/Tokyo"})

    assert (cold.returncode, cold.stdout) == (warm.returncode, warm.stdout)
    assert _last(cold.stderr) == _last(warm.stderr)


def _last(text: str) -> str:
    """Return the last line: a traceback begins where the program does."""
    return text.rstrip().rpartition("\n")[2]
