"""Plug-ins around a run: who objects before a batch is stored, and who hears of it after."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from regard.pipeline.streams import Limits
from regard.runs import Counts, Outcome

World = Any
MakeWorld = Callable[..., World]

BOX = """
    from regard import source

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        for n in range(6):
            yield {"name": f"n{n}", "value": "x" if n == 5 else n, "text": "t"}
"""
CONFIG = '[sources.box]\nplugin = "box"\n'

WATCHER = """
    import json
    from pathlib import Path
    from regard import hookimpl
    from regard.store import Store
    from sqlalchemy import text

    LOG = Path(__file__).parent.parent / "heard.jsonl"

    def note(*what):
        with LOG.open("a") as file:
            file.write(json.dumps(what) + "\\n")

    def stored(run):
        url = (LOG.parent / "url.txt").read_text()
        store = Store.open(url, readonly=True)
        with store.read() as transaction:
            count = transaction.connection.execute(text("SELECT count(*) FROM facts")).scalar()
        store.close()
        return count

    @hookimpl
    def regard_run_started(run):
        note("started", run.run_id, run.source, run.stream, run.kind, run.plugin)

    @hookimpl
    def regard_batch_committed(run, batch):
        note("batch", batch.batch_id, dict(batch.counts)["read"], stored(run))

    @hookimpl
    def regard_quarantined(run, items):
        note("quarantined", [[item.id, item.reason, item.field] for item in items])

    @hookimpl
    def regard_run_finished(run, summary):
        note("finished", summary.outcome, dict(summary.counts)["read"])
"""


def heard(here: World) -> list[list[Any]]:
    """Return what the watcher heard."""
    lines = (here.folder / "heard.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_observers_hear_after_the_commit(world: MakeWorld) -> None:
    """Observers are told ids and counts, in order, once the batch is visible to everybody."""
    here = world(
        {"box": BOX, "watcher": WATCHER}, config=CONFIG, limits=Limits(rows=4, seconds=60)
    )
    (here.folder / "url.txt").write_text(here.url)
    (summary,) = here.run("box")
    told = heard(here)

    assert Outcome.OK == summary.outcome
    assert [note for note in summary.notes if "watcher" in note] == []
    assert ["started", 1, "box", "records", "fact", "box"] == told[0]
    assert [["batch", 1, 4, 4], ["batch", 2, 2, 5]] == [
        item for item in told if "batch" == item[0]
    ]
    assert [["quarantined", [[1, "bad-number", "value"]]]] == [
        item for item in told if "quarantined" == item[0]
    ]
    assert ["finished", "ok", 6] == told[-1]


@pytest.mark.parametrize(
    "hook",
    [
        "regard_run_started(run)",
        "regard_batch_committed(run, batch)",
        "regard_quarantined(run, items)",
        "regard_finding(run, finding)",
        "regard_run_finished(run, summary)",
    ],
)
def test_an_observer_that_fails_is_an_incident(hook: str, sqlite_world: MakeWorld) -> None:
    """A failing observer is noted in the run with its hook, and changes nothing else."""
    observer = f"""
        from regard import hookimpl

        @hookimpl
        def {hook}:
            print("noise")
            raise ValueError
    """
    finding = BOX.replace(
        "yield {",
        'ctx.finding(Finding("odd", "it is odd"))\n            yield {',
    ).replace("import source", "import source\n    from regard.findings import Finding")
    here = sqlite_world({"box": finding, "observer": observer}, config=CONFIG)
    (summary,) = here.run("box")

    assert (Outcome.OK, None) == (summary.outcome, summary.error)
    assert 5 == len(here.rows("fact"))
    assert [hook.partition("(")[0]] == [
        part
        for note in summary.notes
        for part in note.split()
        if part.startswith("regard_") and "failed" in note
    ]


CHECK = """
    from regard import Problem, hookimpl

    @hookimpl
    def regard_check_batch(run, batch):
        seen = sorted(record["name"] for record in batch.records)
        return [Problem(SEVERITY, "odd", f"{len(seen)} names", keys=KEYS)]
"""


def check(severity: str, keys: str = "()") -> str:
    """Return a plug-in that objects."""
    return CHECK.replace("SEVERITY", repr(severity)).replace("KEYS", keys)


def test_a_warning_is_a_note(sqlite_world: MakeWorld) -> None:
    """A plug-in that warns of a batch is heard in the run's notes, and the batch is stored."""
    here = sqlite_world({"box": BOX, "check": check("warn")}, config=CONFIG)
    (summary,) = here.run("box")

    assert "check: 5 names" in summary.notes
    assert Counts(read=6, new=5, quarantined=1) == summary.counts


@pytest.mark.parametrize(("keys", "out"), [("('n1', 'n3', 'absent')", 2), ("()", 5)])
def test_a_plugin_may_refuse_records(keys: str, out: int, world: MakeWorld) -> None:
    """Records that a plug-in objects to go to quarantine, all of the batch if it names none."""
    here = world({"box": BOX, "check": check("quarantine", keys)}, config=CONFIG)
    (summary,) = here.run("box")
    odd = [item for item in here.refused() if item.reason == "odd"]

    assert Counts(read=6, new=5 - out, quarantined=1 + out) == summary.counts
    assert out == len(odd)
    assert "check: 5 names" == odd[0].message
    assert isinstance(odd[0].raw, dict)
    assert odd[0].record == odd[0].raw["name"]


def test_a_plugin_may_stop_the_stream(world: MakeWorld) -> None:
    """A plug-in that stops a batch keeps it out of the store and raises a finding."""
    here = world({"box": BOX, "check": check("stop")}, config=CONFIG)
    (summary,) = here.run("box")

    assert (Outcome.FAILED, "check: 5 names") == (summary.outcome, summary.error)
    assert Counts() == summary.counts
    assert [] == here.rows("fact")
    assert ["source-changed"] == [item["code"] for item in here.table("findings")]


@pytest.mark.parametrize("answer", ["'yes'", "[1]", "1 / 0"])
def test_a_batch_that_could_not_be_checked_is_not_stored(
    answer: str, sqlite_world: MakeWorld
) -> None:
    """A plug-in that fails to answer fails the run: its batch was not checked."""
    broken = f"""
        from regard import hookimpl

        @hookimpl
        def regard_check_batch(run, batch):
            return {answer}
    """
    here = sqlite_world({"box": BOX, "broken": broken}, config=CONFIG)
    (summary,) = here.run("box")

    assert Outcome.FAILED == summary.outcome
    assert "broken" in (summary.error or "")
    assert [] == here.rows("fact")


def test_unknown_fields_are_counted_once_though_batches_are_checked(
    sqlite_world: MakeWorld,
) -> None:
    """How often an unknown field came does not depend on who checks the batches."""
    plugin = BOX.replace('"text": "t"', '"colour": "t"')
    here = sqlite_world({"box": plugin, "check": check("warn")}, config=CONFIG)
    (summary,) = here.run("box")

    assert ["'colour' is no field of fact; kept in extra (6 times)"] == [
        note for note in summary.notes if "colour" in note
    ]


def test_context_findings_notes_and_quarantine(world: MakeWorld) -> None:
    """What a source says of itself is stored with its batch and told in its summary."""
    plugin = """
        from decimal import Decimal
        from regard import source
        from regard.findings import Finding, Severity

        @source("box", kind="fact", key=["name"])
        def read(config, since, ctx):
            ctx.note("read slowly")
            ctx.note("read slowly")
            evidence = {"file": "a.csv", "at": ctx.clock.now()}
            text = "half a \\ud800 pair"
            ctx.finding(
                Finding("odd", text, Severity.INFO, "s", Decimal("1.5"), 3, evidence=evidence)
            )
            ctx.quarantine({"a": 1}, "too-odd", field="a", file="a.csv", line=3)
            ctx.quarantine("a line", "bad-line", message="it is bad")
            ctx.quarantine("a line", "bad-line", key="k\\0" * 999)
            yield {"name": "a"}
            ctx.quarantine({"late": 1}, "late")
    """
    here = world({"box": plugin}, config=CONFIG)
    (summary,) = here.run("box")
    again = here.run("box")[0]

    assert Counts(read=5, new=1, quarantined=4) == summary.counts
    assert 1 == summary.notes.count("read slowly")
    assert {"too-odd", "bad-line", "late"} == {item.reason for item in here.refused()}
    assert ("a", "a.csv", 3) == next(
        (item.field, item.file, item.line) for item in here.refused() if item.reason == "too-odd"
    )
    (finding,) = here.table("findings")
    assert ("info", 3) == (finding["severity"], finding["n"])
    assert (Outcome.OK, 1) == (again.outcome, again.counts.unchanged)
