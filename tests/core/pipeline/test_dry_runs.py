"""Dry runs: the same decisions as a run, and not one byte written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.pipeline.streams import Limits

World = Any
MakeWorld = Callable[..., World]

PLUGIN = """
    from regard import Delete, source

    @source("box", kind="KIND", key=["sku"])
    def read(config, since, ctx):
        yield from ctx.rows("box/*.csv", columns=None)
        for sku in "abc":
            yield {"sku": sku, "brand": "x"}
        yield Delete("a")
        yield {"sku": "b", "brand": config["brand"]}
        yield {"sku": "b", "brand": "x"}
        yield {"sku": "a", "brand": "x"}
        yield {"sku": None, "brand": "none"}
        yield {"sku": "d", "currency": "EURO"}
        yield {"sku": "c", "as_of": "2020-01-01T00:00:00Z", "brand": "old"}
        yield Delete("c")
        yield Delete("c")
"""
FILES = {"box/a.csv": "sku,brand\nf1,x\nf2\nf3,z\nf1,other\n"}


def config(brand: str) -> str:
    """Return the project's configuration."""
    return f'[sources.box]\nplugin = "box"\nbrand = "{brand}"\n'


def snapshot(*folders: Path) -> dict[str, bytes]:
    """Return every file of some folders with its content and time."""
    return {
        str(path): path.read_bytes() + str(path.stat().st_mtime_ns).encode()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("kind", ["product", "offer"])
@pytest.mark.parametrize("rows", [2, 1_000])
def test_a_dry_run_counts_as_a_run_does(kind: str, rows: int, world: MakeWorld) -> None:
    """On an empty store and on a filled one a dry run counts what the run then counts."""
    limits = Limits(rows=rows, seconds=60)
    here = world({"box": PLUGIN.replace("KIND", kind)}, FILES, config("y"), limits=limits)
    told, refused = here.dry_run("box")
    done = here.run("box")

    assert [item.counts for item in done] == [item.counts for item in told]
    assert [item.outcome for item in done] == [item.outcome for item in told]
    assert len(refused) == done[0].counts.quarantined

    file = here.folder / "regard.toml"
    file.write_text(file.read_text().replace('"y"', '"z"'))
    told, _ = here.dry_run("box")
    done = here.run("box")

    assert [item.counts for item in done] == [item.counts for item in told]


def test_a_dry_run_writes_nothing(sqlite_world: MakeWorld) -> None:
    """Neither the project nor the store nor what lies beside them is touched."""
    here = sqlite_world({"box": PLUGIN.replace("KIND", "product")}, FILES, config("y"))
    before = snapshot(here.folder.parent)
    here.dry_run("box")

    assert before == snapshot(here.folder.parent)

    here.run("box")
    before = snapshot(here.folder.parent)
    here.dry_run("box")

    assert before == snapshot(here.folder.parent)


def test_known_bad_records_stop_no_dry_run(world: MakeWorld) -> None:
    """What is in quarantine already does not count against the budget of a dry run either."""
    plugin = """
        from regard import source

        @source("box", kind="fact", key=["name"])
        def read(config, since):
            for n in range(40):
                yield {"name": f"n{n}", "value": "x"}
    """
    here = world({"box": plugin})
    first, _ = here.dry_run("box")
    here.run("box", error_budget=1.0)
    (told,), _ = here.dry_run("box")
    (done,) = here.run("box")

    assert "partial" == first[0].outcome
    assert (done.outcome, done.counts) == (told.outcome, told.counts)


def test_plugins_object_in_a_dry_run_too(world: MakeWorld) -> None:
    """What a plug-in would refuse is refused in a dry run as well."""
    check = """
        from regard import Problem, hookimpl

        @hookimpl
        def regard_check_batch(run, batch):
            assert run.run_id is None or run.run_id > 0
            return [Problem("quarantine", "odd", "it is odd", keys=("b",))]
    """
    plugins = {"box": PLUGIN.replace("KIND", "product"), "check": check}
    here = world(plugins, FILES, config("y"))
    told, _ = here.dry_run("box")
    done = here.run("box")

    assert [item.counts for item in done] == [item.counts for item in told]


def test_observers_do_not_hear_of_a_dry_run(sqlite_world: MakeWorld) -> None:
    """Where nothing is stored nobody is told that something was."""
    observer = """
        from pathlib import Path
        from regard import hookimpl

        def touch():
            (Path(__file__).parent / "heard").touch()

        @hookimpl
        def regard_run_started(run):
            touch()

        @hookimpl
        def regard_batch_committed(run, batch):
            touch()

        @hookimpl
        def regard_run_finished(run, summary):
            touch()
    """
    plugins = {"box": PLUGIN.replace("KIND", "product"), "observer": observer}
    here = sqlite_world(plugins, FILES, config("y"))
    here.dry_run("box")

    assert not (here.folder / "plugins" / "heard").exists()


def test_a_dry_run_waits_for_nobody(sqlite_world: MakeWorld) -> None:
    """A dry run needs neither lease nor lock: it works while a run is going on."""
    nested = """
        from regard import source

        @source("box", kind="fact", key=["name"])
        def read(config, since, ctx):
            import json, subprocess, sys
            yield {"name": "first"}
            if ctx.root.joinpath("once").exists():
                return
            ctx.root.joinpath("once").touch()
            done = subprocess.run(
                [sys.executable, "-m", "regard", "run", "box", "--dry-run", "--json"],
                cwd=ctx.root, capture_output=True, text=True,
            )
            yield {"name": "inner", "value": done.returncode}
    """
    here = sqlite_world({"box": nested})
    here.run("box")

    assert {"first": None, "inner": 0} == {row["key"]: row["value"] for row in here.rows("fact")}
