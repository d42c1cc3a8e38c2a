"""One project with plug-ins that are broken in every way, and one source that works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

_EMPTY = """
from regard import hookimpl

@hookimpl
def regard_sources():
    return []
"""

_PLUGINS = {
    "box.py": """
from regard import source

@source("box", kind="touchpoint", key=["happened_at", "text"])
def read(config, since, ctx):
    yield from ctx.rows(config["path"])
""",
    "broken.py": "import a_module_that_does_not_exist\n",
    "exiting.py": "import sys\nsys.exit(3)\n",
    "misspelt.py": """
from regard import hookimpl

@hookimpl
def regard_sorces():
    return []
""",
    "twice/__init__.py": _EMPTY,
    "twice.py": _EMPTY,
}

_CONFIG = """
timezone = "Europe/Madrid"

[sources.healthy]
plugin = "box"
path = "box.csv"

[sources.sick]
plugin = "broken"
"""


def _regard(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "regard", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The project."""
    for name, text in _PLUGINS.items():
        path = tmp_path / "plugins" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "regard.toml").write_text(_CONFIG, encoding="utf-8")
    data = tmp_path / "box.csv"
    data.write_text("happened_at,text\n2025-05-01 10:00,more chairs\n", encoding="utf-8")
    os.utime(data, (time.time() - 60, time.time() - 60))
    return tmp_path


def test_each_broken_plugin_is_told_in_one_line(folder: Path) -> None:
    """`regard plugins` names every broken plug-in with its cause, and the healthy ones."""
    done = _regard(folder, "plugins", "--json")
    states = {
        (item["name"], item["state"]): item["error"]
        for item in json.loads(done.stdout)
        if "plugins" in item["origin"]
    }

    assert 0 == done.returncode
    assert "a_module_that_does_not_exist" in states["broken", "broken"]
    assert "SystemExit" in states["exiting", "broken"] or "exit" in states["exiting", "broken"]
    assert "regard_sources" in states["misspelt", "broken"]
    assert {"ok", "duplicate"} == {state for name, state in states if name == "twice"}
    assert ("box", "ok") in states


def test_strict_fails_where_a_plugin_is_broken(folder: Path) -> None:
    """`--strict` is for CI: one broken plug-in is enough."""
    assert 1 == _regard(folder, "plugins", "--strict").returncode


def test_the_healthy_source_still_runs(folder: Path) -> None:
    """Broken plug-ins beside it change neither what a healthy source stores nor its exit code."""
    done = _regard(folder, "run", "healthy", "--json")
    (run,) = json.loads(done.stdout)["runs"]

    assert 0 == done.returncode, done.stderr
    assert ("ok", 1) == (run["outcome"], run["new"])


def test_only_the_source_that_needs_it_fails(folder: Path) -> None:
    """With all sources, the one whose plug-in is broken has failed and the other was read."""
    done = _regard(folder, "run", "--all", "--json")
    runs = {run["source"]: run for run in json.loads(done.stdout)["runs"]}

    assert 1 == done.returncode
    assert "ok" == runs["healthy"]["outcome"]
    assert "failed" == runs["sick"]["outcome"]
    assert "a_module_that_does_not_exist" in runs["sick"]["error"]
