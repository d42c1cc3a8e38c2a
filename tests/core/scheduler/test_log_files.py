"""The log files of runs: each line says which run it is of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]

PLUGIN = """
    from pydantic import BaseModel
    from regard import enricher, source

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        ctx.log.warning("half way")
        print("printed by a plug-in")
        yield {"name": "a"}

    class Length(BaseModel):
        long: int

    @enricher("lengths", inputs="fact", outputs=Length)
    def lengths(batch, ctx):
        ctx.log.warning("half way")
        yield from ({"key": fact["key"], "long": 1} for fact in batch)
"""
CONFIG = """
    [sources.box]
    plugin = "box"

    [enrichers.lengths]
"""


def test_every_line_has_the_run(project: MakeProject, run_regard: RunRegard) -> None:
    """From the line with which a run begins, every line of its file carries its number."""
    folder = project(CONFIG, {"box": PLUGIN})
    done = run_regard("schedule", "--once", cwd=folder)
    found = {}
    for path in sorted((folder / "logs").glob("*/*.log")):
        lines = path.read_text().splitlines()
        told = [json.loads(line) for line in lines if line.startswith("{")]
        found[path.parent.name] = (
            {line.get("run") for line in told},
            told[0]["event"],
            any(line["text"] == "half way" for line in told),
            "printed by a plug-in" in lines,
        )

    assert 0 == done.returncode, done.stderr
    assert {
        "enricher-lengths": ({2}, "run-began", True, False),
        "source-box": ({1}, "run-began", True, True),
    } == found
