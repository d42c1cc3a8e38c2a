"""Replay: what was refused is sent again, what is good now is stored, and nothing twice."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from regard.pipeline.replaying import Replayer
from regard.runs import Outcome, StreamSummary
from regard.store import Store, leases, resolving, runs
from regard.store.resolving import Selection

World = Any
MakeWorld = Callable[..., World]

ROWS = """
    import json
    from pathlib import Path
    from regard import source

    @source("box", kind="fact", key=["id"], cursor=CURSOR)
    def read(config, since):
        for line in Path("ROWS").read_text().splitlines():
            yield json.loads(line)
"""


def plugin(folder: Path, cursor: str | None = None) -> str:
    """Return a source that yields the JSON lines of a file."""
    text = ROWS.replace("ROWS", str(folder / "rows.jsonl"))
    return text.replace("CURSOR", repr(cursor))


def replay(
    world: World, selection: Selection | None = None, *, dry: bool = False, **options: Any
) -> list[StreamSummary]:
    """Replay what is in quarantine."""
    runner = world.runner()
    store = Store.open(world.url, clock=runner.clock, readonly=dry)
    replayer = Replayer(runner.project, runner.host, runner.clock, "test", **options)
    try:
        return replayer.replay(store, selection or Selection(), dry=dry)
    finally:
        store.close()


def write(folder: Path, *lines: str) -> None:
    """Write what the source reads."""
    (folder / "rows.jsonl").write_text("\n".join(lines))


def reopen(world: World) -> None:
    """Open refused records again that a good version has resolved."""
    store = Store.open(world.url)
    with store.write() as transaction:
        transaction.connection.exec_driver_sql(
            "UPDATE quarantine SET resolved_at = NULL, resolution = NULL"
        )
    store.close()


CHECK = """
    from regard import Problem, hookimpl

    @hookimpl
    def regard_check_batch(run, batch):
        bad = [each["key"] for each in batch.records if each.get("text") == "SPAM"]
        return [Problem("quarantine", "spam", "it is spam", tuple(bad))] if bad else []
"""


def test_nothing_is_waiting(world: MakeWorld, tmp_path: Path) -> None:
    """A replay of an empty quarantine does nothing and leaves no run behind."""
    write(tmp_path, '{"id": "1", "text": "fine"}')
    made = world({"box": plugin(tmp_path)})
    made.run("box")

    assert [] == replay(made)
    assert 1 == len(made.history())


def test_what_is_still_bad_stays_with_its_reason(world: MakeWorld, tmp_path: Path) -> None:
    """A record that is still refused stays open, and is no second one."""
    write(tmp_path, '{"id": "1", "value": "many"}')
    made = world({"box": plugin(tmp_path)})
    made.run("box")
    (before,) = made.refused()
    (summary,) = replay(made)
    (after,) = made.refused()

    assert (1, 1) == (summary.counts.read, summary.counts.quarantined)
    assert (before.id, before.reason, None) == (after.id, after.reason, after.resolution)
    assert [] == made.rows("fact")


def broken_then_mended(
    world: MakeWorld, folder: Path, *lines: str, cursor: str | None = None
) -> Any:
    """Return a world whose plug-in objected to what it would now let pass."""
    write(folder, *lines)
    made = world(
        {"box": plugin(folder, cursor), "guard": CHECK}, config='[sources.box]\nplugin = "box"\n'
    )
    made.run("box")
    (made.folder / "plugins" / "guard.py").unlink()
    return made


def test_what_is_good_now_is_stored_and_resolved(world: MakeWorld, tmp_path: Path) -> None:
    """A record that passes today is stored by a run of its own and leaves the quarantine."""
    made = broken_then_mended(
        world, tmp_path, '{"id": "1", "text": "SPAM"}', '{"id": "2", "text": "fine"}'
    )
    assert {"2": "fine"} == made.texts()
    (summary,) = replay(made)

    assert {"1": "SPAM", "2": "fine"} == made.texts()
    assert [] == made.refused()
    assert ["replayed"] == [item.resolution for item in made.refused(resolved=True)]
    assert (Outcome.OK, 1, 1) == (summary.outcome, summary.counts.new, summary.counts.read)
    assert ["replay", "manual"] == [run.reason for run in made.history()]
    assert ["ok", "ok"] == [run.outcome for run in made.history()]


def test_a_replay_is_idempotent(world: MakeWorld, tmp_path: Path) -> None:
    """Replaying a second time sends nothing and writes nothing."""
    made = broken_then_mended(world, tmp_path, '{"id": "1", "text": "SPAM"}')
    replay(made)
    batches = made.batches()

    assert [] == replay(made)
    assert batches == made.batches()


def test_a_replay_does_not_make_a_source_current(world: MakeWorld, tmp_path: Path) -> None:
    """How current a source is follows from runs that read on, not from a replay."""
    made = broken_then_mended(world, tmp_path, '{"id": "1", "text": "SPAM"}')
    replay(made)

    assert "manual" == made.ask(runs.latest)["box"].reason


def test_a_dry_run_counts_the_same_and_writes_nothing(world: MakeWorld, tmp_path: Path) -> None:
    """A dry replay tells what a replay would do, across batches, and changes nothing."""
    lines = [f'{{"id": "{number % 7}", "text": "SPAM"}}' for number in range(9)]
    made = broken_then_mended(world, tmp_path, *lines)
    (dry,) = replay(made, dry=True, at_once=2)
    untouched = made.rows("fact"), len(made.history())
    (real,) = replay(made, at_once=2)

    assert ([], 1) == untouched
    assert real.counts == dry.counts
    assert 7 == real.counts.new


def test_a_newer_version_is_not_overwritten(world: MakeWorld, tmp_path: Path) -> None:
    """A refused record that is older than what is stored meanwhile is resolved, not stored."""
    made = broken_then_mended(world, tmp_path, '{"id": "1", "text": "SPAM"}')
    made.now += timedelta(days=1)
    write(tmp_path, '{"id": "1", "text": "newer"}')
    made.run("box")
    reopen(made)
    made.now += timedelta(days=1)
    (summary,) = replay(made)

    assert {"1": "newer"} == made.texts()
    assert 1 == summary.counts.stale
    assert [] == made.refused()


def test_the_cursors_value_is_its_age(world: MakeWorld, tmp_path: Path) -> None:
    """A replayed record is as old as its cursor says, though the payload holds it as text."""
    made = broken_then_mended(
        world,
        tmp_path,
        '{"id": "1", "text": "SPAM", "happened_at": "2026-01-05T10:00:00+01:00"}',
        cursor="happened_at",
    )
    replay(made)

    assert ["2026-01-05T09:00:00"] == [
        row["as_of"].replace(tzinfo=None).isoformat() for row in made.rows("fact")
    ]


def test_two_that_differ_and_are_as_old_are_not_guessed(world: MakeWorld, tmp_path: Path) -> None:
    """A payload that contradicts what is stored and is just as old stays, and says why."""
    made = broken_then_mended(world, tmp_path, '{"id": "1", "text": "SPAM"}')
    write(tmp_path, '{"id": "1", "text": "fine"}')
    made.run("box")
    reopen(made)
    (summary,) = replay(made)

    assert {"1": "fine"} == made.texts()
    assert 1 == summary.counts.quarantined
    assert ["duplicate-key"] == [item.reason for item in made.refused()]


@pytest.mark.parametrize(
    ("selection", "stored"),
    [
        (Selection(), ["1", "2"]),
        (Selection(source="box"), ["1", "2"]),
        (Selection(source="other"), []),
        (Selection(reason="spam"), ["1", "2"]),
        (Selection(reason="bad-number"), []),
        (Selection(numbers=(2,)), ["2"]),
    ],
)
def test_only_what_is_chosen_is_sent(
    sqlite_world: MakeWorld, tmp_path: Path, selection: Selection, stored: list[str]
) -> None:
    """Source, reason and numbers narrow what is sent again."""
    made = broken_then_mended(
        sqlite_world, tmp_path, '{"id": "1", "text": "SPAM"}', '{"id": "2", "text": "SPAM"}'
    )
    replay(made, selection)

    assert stored == [row["key"] for row in made.rows("fact")]


def test_nobody_replays_while_the_source_is_read(world: MakeWorld, tmp_path: Path) -> None:
    """A replay that meets a run of the same source is skipped."""
    made = broken_then_mended(world, tmp_path, '{"id": "1", "text": "SPAM"}')
    store = Store.open(made.url)
    with store.write() as transaction:
        transaction.writer.lock()
        leases.acquire(transaction, "source:box", 1)
    (summary,) = replay(made)
    store.close()

    assert Outcome.SKIPPED is summary.outcome
    assert "is being read already" in (summary.error or "")
    assert [] == made.rows("fact")


def test_a_source_that_is_not_configured(world: MakeWorld, tmp_path: Path) -> None:
    """Records of a source that is gone from the configuration cannot be judged."""
    made = broken_then_mended(world, tmp_path, '{"id": "1", "text": "SPAM"}')
    (made.folder / "regard.toml").write_text(f'store = "{made.url}"\n')
    (summary,) = replay(made)

    assert Outcome.FAILED is summary.outcome
    assert "there is no source 'box'" in (summary.error or "")


def test_a_bug_of_the_plugin_fails_the_stream_only(world: MakeWorld, tmp_path: Path) -> None:
    """A plug-in that breaks while it is asked fails the replay, and everything stays."""
    made = broken_then_mended(world, tmp_path, '{"id": "1", "text": "SPAM"}')
    broken = """
    from regard import Source, Stream, hookimpl

    class Box(Source):
        name = "box"
        streams = (Stream("records", "fact"),)

        def replay(self, raw, stream, ctx, *, file=None):
            raise ZeroDivisionError

    @hookimpl
    def regard_sources():
        return [Box]
    """
    import textwrap

    (made.folder / "plugins" / "box.py").write_text(textwrap.dedent(broken))
    (summary,) = replay(made)

    assert Outcome.FAILED is summary.outcome
    assert "a bug: ZeroDivisionError" in (summary.error or "")
    assert 1 == len(made.refused())
    assert "failed" == made.history()[0].outcome


# Rows of files

BOX = """
    from regard import source

    @source("box", kind="touchpoint", key=["id"])
    def read(config, since, ctx):
        for row in ctx.rows("box/*.csv"):
            if row["text"] == "?":
                continue
            yield {**row, "channel": "box"}
"""


def test_rows_go_through_the_sources_own_code(world: MakeWorld) -> None:
    """A row that `ctx.rows` refused becomes what the source makes of its rows."""
    files = {
        "box/a.csv": "id,happened_at,text\n1,soon,hello\n2,2026-01-02T10:00:00Z,fine\n3,later,?\n"
    }
    made = world({"box": BOX}, files)
    made.run("box")
    assert ["bad-date", "bad-date"] == [item.reason for item in made.refused()]
    (first,) = replay(made)
    store = Store.open(made.url)
    with store.write() as transaction:
        from regard.store.quarantine import pack

        quarantine = resolving.table("quarantine")
        for number, payload in enumerate(("hello", "?"), start=1):
            raw = {"id": str(number), "happened_at": "2026-01-03T10:00:00Z", "text": payload}
            transaction.connection.execute(
                quarantine.update().where(quarantine.c.id == number).values(raw=pack(raw))
            )
    store.close()
    (second,) = replay(made)

    assert 2 == first.counts.quarantined
    assert {"1": "box", "2": "box"} == {r["key"]: r["channel"] for r in made.rows("touchpoint")}
    assert [2] == [item.id for item in made.refused()]
    assert (1, 1) == (second.counts.new, second.counts.quarantined)
    assert "made nothing of the row alone" in " ".join(second.notes)


CRM = """
[sources.till]
plugin = "crm-export"
path = "till/*.csv"
[sources.till.map]
kind = "purchase"
key = ["ticket", "line"]
fields = {ordered_at = "when", sku = "article", quantity = "n", amount = "total"}
constants = {status = "completed", currency = "EUR"}
dates = "%s"
"""

TILL = "ticket,line,when,article,n,total\nA,1,2026-13-01,X,1,9.99\nA,2,2026-31-01,Y,2,5.00\n"


def mend(world: World, config: str) -> None:
    """Write another configuration."""
    (world.folder / "regard.toml").write_text(f'store = "{world.url}"\n{config}')


def test_a_mended_map_lets_rows_pass(world: MakeWorld) -> None:
    """After a map was mended, the rows that it refused are stored."""
    made = world({"plain": ""}, {"till/a.csv": TILL}, config=CRM % "iso")
    made.run("till", error_budget=1.0)
    assert ["bad-date"] * 2 == [item.reason for item in made.refused()]
    (made.folder / "till" / "a.csv").unlink()
    mend(made, CRM % "%Y-%d-%m")
    (summary,) = replay(made)

    assert ["A|1", "A|2"] == [row["key"] for row in made.rows("purchase")]
    assert [] == made.refused()
    assert 2 == summary.counts.new
    assert 1 == len({row["as_of"] for row in made.rows("purchase")})


@pytest.mark.parametrize(
    ("first", "second", "ago"),
    [("a.csv", "b.csv", 60), ("a-2026-01-30.csv", "a-2026-01-31.csv", 900_000_000)],
)
def test_rows_are_as_old_as_their_file(
    first: str, second: str, ago: int, world: MakeWorld
) -> None:
    """A replayed row does not overwrite what a newer file, or a later day's, has said since."""
    made = world({"plain": ""}, {f"till/{first}": TILL}, config=CRM % "iso")
    made.run("till", error_budget=1.0)
    newer = made.folder / "till" / second
    newer.write_text(TILL.replace("2026-31-01", "2026-01-30").replace("5.00", "6.00"))
    os.utime(newer, (time.time() - ago, time.time() - ago))
    made.run("till", error_budget=1.0)
    mend(made, CRM % "%Y-%d-%m")
    replay(made)

    assert {"A|1": 9_990_000, "A|2": 6_000_000} == {
        row["key"]: int(row["amount"] * 1_000_000) for row in made.rows("purchase")
    }


SHOPIFY_NOTE = "a row of an order means nothing without the others"


def test_rows_of_orders_are_not_torn_apart(world: MakeWorld) -> None:
    """A row whose key counts the lines of an order stays in quarantine, with what would help."""
    config = (CRM % "iso").replace('["ticket", "line"]', '["ticket", "#line"]')
    made = world({"plain": ""}, {"till/a.csv": TILL}, config=config)
    made.run("till", error_budget=1.0)
    mend(made, config.replace("iso", "%Y-%d-%m"))
    (summary,) = replay(made)

    assert [] == made.rows("purchase")
    assert 2 == len(made.refused())
    assert SHOPIFY_NOTE in " ".join(summary.notes)


def test_broken_lines_are_not_sent(world: MakeWorld) -> None:
    """A line whose cells cannot be told apart is never taken for a record."""
    made = world({"plain": ""}, {"till/a.csv": TILL + "A,3\n"}, config=CRM % "%Y-%d-%m")
    made.run("till", error_budget=1.0)
    (summary,) = replay(made)

    assert ["short-line"] == [item.reason for item in made.refused()]
    assert "mend the file" in " ".join(summary.notes)
    assert 2 == len(made.rows("purchase"))


def test_a_profile_is_found_by_the_payloads_headers(world: MakeWorld) -> None:
    """A row of a recognised export is recognised again, with its file gone."""
    header = "Record ID,First Name,Last Name,Email,Create Date,Last Modified Date,Lifecycle Stage"
    rows = "101,Ana,Sol,ana@example.com,2026-01-02 10:00,2026-01-03 10:00,Lead"
    bad = "102,Eva,Mar,eva@example.com,2026-31-01,2026-01-03 10:00,Lead"
    config = '[sources.crm]\nplugin = "crm-export"\npath = "crm/*.csv"\n'
    made = world({"plain": ""}, {"crm/c.csv": f"{header}\n{rows}\n{bad}\n"}, config=config)
    made.run("crm", error_budget=1.0)
    (item,) = made.refused()
    mend(made, config + 'dates = ["iso", "%Y-%d-%m"]\n')
    (summary,) = replay(made)

    assert "contacts" == item.stream
    assert (1, 0) == (summary.counts.new, summary.counts.quarantined)
