"""Reading a source: batches, one transaction each, and an end state that says what was read."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from threading import Event
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
        for n in range(config["count"]):
            yield {"name": f"n{n}", "value": n, "text": config.get("text", "t")}
"""


def box(count: int, text: str = "t") -> str:
    """Return the table of a source of some facts."""
    return f'[sources.box]\nplugin = "box"\ncount = {count}\ntext = "{text}"\n'


@pytest.mark.parametrize(("count", "batches"), [(0, 0), (1, 1), (10, 1), (11, 2), (35, 4)])
def test_batches_are_bounded_by_rows(count: int, batches: int, world: MakeWorld) -> None:
    """Each batch is a transaction of at most so many rows, and all of them are stored."""
    here = world({"box": BOX}, config=box(count), limits=Limits(rows=10, seconds=60))
    (summary,) = here.run("box")

    assert (Outcome.OK, None) == (summary.outcome, summary.error)
    assert Counts(read=count, new=count) == summary.counts
    assert batches == here.batches()
    assert count == len(here.rows("fact"))


def test_batches_are_bounded_by_time(sqlite_world: MakeWorld) -> None:
    """A slow source is stored about as often as the limit says, not only at its end."""
    slow = """
        import time
        from regard import source

        @source("box", kind="fact", key=["name"])
        def read(config, since):
            for n in range(5):
                time.sleep(0.06)
                yield {"name": f"n{n}"}
    """
    here = sqlite_world({"box": slow}, limits=Limits(rows=10_000, seconds=0.1))
    here.run("box")

    assert 2 <= here.batches() <= 4


def test_reading_again_changes_nothing(world: MakeWorld) -> None:
    """A second run over the same data writes no row and gives no batch a number."""
    here = world({"box": BOX}, config=box(25), limits=Limits(rows=10))
    here.run("box")
    before, number = here.rows("fact"), here.batches()
    (summary,) = here.run("box")

    assert Counts(read=25, unchanged=25) == summary.counts
    assert before == here.rows("fact")
    assert number == here.batches()


def test_what_changed_is_rewritten(world: MakeWorld) -> None:
    """A later run rewrites what changed, and each row says which runs wrote it."""
    here = world({"box": BOX}, config=box(3))
    here.run("box")
    config = here.folder / "regard.toml"
    config.write_text(config.read_text().replace('text = "t"', 'text = "u"'))
    (summary,) = here.run("box")

    assert Counts(read=3, changed=3) == summary.counts
    assert {(1, 2, 2)} == {
        (row["first_run_id"], row["last_run_id"], row["batch_id"]) for row in here.rows("fact")
    }


def test_a_record_is_stored_with_all_it_says(world: MakeWorld) -> None:
    """Fields are typed, what has no field goes to extra, and the run says so with a hint."""
    plugin = """
        from regard import source

        @source("box", kind="purchase", key=["order", "line"])
        def read(config, since):
            yield {"order": "A|1", "line": 2, "amount": "19.90", "currency": "eur",
                   "ordered_at": "2026-01-01T10:00:00+01:00", "ammount": "x", "nothing": None}
    """
    here = world({"box": plugin})
    (summary,) = here.run("box")
    (row,) = here.rows("purchase")

    assert r"A\|1|2" == row["key"]
    assert Decimal("19.90") == row["amount"]
    assert ("EUR", "sale") == (row["currency"], row["basis"])
    assert datetime(2026, 1, 1, 9, tzinfo=UTC) == row["ordered_at"]
    assert {"ammount": "x", "line": 2, "order": "A|1"} == json.loads(row["extra"])
    assert [
        "'ammount' is no field of purchase; did you mean 'amount'?; kept in extra (1 times)"
    ] == [note for note in summary.notes if "ammount" in note]


def test_the_sources_table_says_what_purchases_are(sqlite_world: MakeWorld) -> None:
    """The basis that the configuration gives holds where a record says nothing."""
    plugin = """
        from regard import source

        @source("box", kind="purchase")
        def read(config, since):
            yield {"key": "1"}
            yield {"key": "2", "basis": "sale"}
    """
    config = '[sources.box]\nplugin = "box"\nbasis = "pipeline"\n'
    here = sqlite_world({"box": plugin}, config=config)
    here.run("box")

    assert ["pipeline", "sale"] == [row["basis"] for row in here.rows("purchase")]


def test_pages_models_and_deletions(world: MakeWorld) -> None:
    """A class may yield mappings, instances of a kind, pages and deletions, in any order."""
    plugin = """
        from regard import Delete, Page, Source, Stream, hookimpl
        from regard.records import Fact

        class Desk(Source):
            name = "desk"
            streams = (Stream("facts", "fact"), Stream("people", "customer"))

            def read(self, stream, since, until, ctx):
                if stream.name == "people":
                    yield {"key": ("ana", 1), "name": "Ana"}
                    return
                yield {"key": "a", "text": "one"}
                yield Page([{"key": "b", "text": "two"}, {"key": "c", "text": "three"}])
                yield Delete("b")
                yield Delete(("x", "y"))
                yield {"key": "b", "text": "again"}
                yield {"key": "d", **Fact(text="four").model_dump()}
                yield Delete("c")

        @hookimpl
        def regard_sources():
            return [Desk]
    """
    here = world({"desk": plugin})
    facts, people = here.run("desk")

    assert {"a": "one", "b": "again", "d": "four"} == here.texts()
    assert Counts(read=7, new=4, changed=1, deleted=2) == facts.counts
    assert ["ana|1"] == [row["key"] for row in here.rows("customer")]
    assert ("people", 1) == (people.stream, people.counts.new)
    deleted = {row["key"]: row["deleted_at"] for row in here.rows("fact") if row["deleted_at"]}
    assert {"c": here.now} == deleted


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_the_size_of_batches_changes_nothing(rows: int, sqlite_world: MakeWorld) -> None:
    """Records, pages and deletions end the same, however small the batches are."""
    plugin = """
        from regard import Delete, Page, Source, Stream, hookimpl

        class Desk(Source):
            name = "desk"
            streams = (Stream("facts", "fact"),)

            def read(self, stream, since, until, ctx):
                yield {"key": "a", "text": "one"}
                yield Delete("a")
                yield Delete("a")
                yield Page([{"key": k, "text": t} for k, t in ("b1", "b2", "a3", "b1", "c1")])
                yield 17
                yield Delete("c")

        @hookimpl
        def regard_sources():
            return [Desk]
    """
    here = sqlite_world({"desk": plugin}, limits=Limits(rows=rows, seconds=60))
    (summary,) = here.run("desk")

    assert {"a": "3", "b": "1"} == here.texts()
    expected = Counts(read=10, new=3, changed=3, unchanged=1, quarantined=1, deleted=2)
    assert expected == summary.counts


def test_many_deletions_make_batches_too(sqlite_world: MakeWorld) -> None:
    """A source that yields nothing but deletions does not fill the memory."""
    plugin = """
        from regard import Delete, source

        @source("box", kind="fact")
        def read(config, since):
            for n in range(30):
                yield {"key": str(n)}
            for n in range(30):
                yield Delete(str(n))
    """
    here = sqlite_world({"box": plugin}, limits=Limits(rows=10, seconds=60))
    (summary,) = here.run("box")

    assert Counts(read=60, new=30, deleted=30) == summary.counts
    assert 6 == here.batches()


def test_history_kinds_keep_their_periods(world: MakeWorld) -> None:
    """Runs that see an offer at three prices leave three periods that follow each other."""
    plugin = """
        from regard import source

        @source("shop", kind="offer", key=["sku"])
        def read(config, since, ctx):
            yield {"sku": "1", "price": config["price"], "observed_at": ctx.clock.now()}
    """
    here = world({"shop": plugin}, config='[sources.shop]\nplugin = "shop"\nprice = "0"\n')
    config = here.folder / "regard.toml"
    text = config.read_text()
    seen = []
    for day, price in enumerate(["9", "8", "8", "9"], start=1):
        config.write_text(text.replace('price = "0"', f'price = "{price}"'))
        here.now = datetime(2026, 1, day, tzinfo=UTC)
        (summary,) = here.run("shop")
        seen.append(summary.counts)

    assert [
        (Decimal(9), 1, 2, 1),
        (Decimal(8), 2, 4, 3),
        (Decimal(9), 4, None, 4),
    ] == [
        (
            row["price"],
            row["valid_from"].day,
            row["valid_to"] and row["valid_to"].day,
            row["last_seen_at"].day,
        )
        for row in here.rows("offer")
    ]
    assert [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 0)] == [
        (counts.new, counts.changed, counts.unchanged) for counts in seen
    ]


def test_as_of_is_never_in_the_future(sqlite_world: MakeWorld) -> None:
    """A record from 2099 is stored as of now, so that tomorrow's version is not stale."""
    plugin = """
        from regard import source

        @source("box", kind="fact", key=["name"])
        def read(config, since, ctx):
            yield {"name": "a", "as_of": "2099-01-01T00:00:00Z", "text": "wrong clock"}
            yield {"name": "b", "as_of": "2020-01-01T00:00:00Z", "text": "old"}
            yield {"name": "c", "text": "no clock"}
    """
    here = sqlite_world({"box": plugin})
    here.run("box")

    assert [here.now, datetime(2020, 1, 1, tzinfo=UTC), here.now] == [
        row["as_of"] for row in here.rows("fact")
    ]


def test_an_old_version_does_not_overwrite(world: MakeWorld) -> None:
    """A record that is older than the stored one is counted as stale and not written."""
    plugin = """
        from regard import source

        @source("box", kind="fact", key=["name"])
        def read(config, since):
            yield {"name": "a", "as_of": "2026-01-02T00:00:00Z", "text": "newer"}
            yield {"name": "a", "as_of": "2026-01-01T00:00:00Z", "text": "older"}
    """
    here = world({"box": plugin})
    (summary,) = here.run("box")

    assert {"a": "newer"} == here.texts()
    assert Counts(read=2, new=1, stale=1) == summary.counts


def test_a_wish_to_stop_is_heard(sqlite_world: MakeWorld, cancelled: Event) -> None:
    """A run that is asked to stop ends as partial, and the next one does the rest."""
    here = sqlite_world({"box": BOX}, config=box(30), limits=Limits(rows=10))
    (summary,) = here.run("box", cancel=cancelled)

    assert Outcome.PARTIAL == summary.outcome
    assert "asked to stop" in (summary.error or "")

    (summary,) = here.run("box")

    assert Outcome.OK == summary.outcome
    assert 30 == len(here.rows("fact"))


def test_the_history_tells_what_was_done(world: MakeWorld) -> None:
    """Each run is in the history with plug-in, settings, streams and counts."""
    here = world({"box": BOX}, config=box(3))
    here.run("box")
    here.run("box")
    second, first = here.history()

    assert ("box", "ok", "manual", "test") == (
        first.source,
        first.outcome,
        first.reason,
        first.regard_version,
    )
    assert first.config_digest == second.config_digest
    assert here.now == first.started_at == first.finished_at
    assert (3, 0) == (first.counts.new, second.counts.new)
    assert ["records"] == [stream.stream for stream in first.streams]


def test_results_are_the_same_on_a_fresh_store(sqlite_world: MakeWorld) -> None:
    """A source without streams is no failure, and says that there was nothing to read."""
    plugin = """
        from regard import Source, hookimpl

        class Empty(Source):
            name = "empty"

        @hookimpl
        def regard_sources():
            return [Empty]
    """
    here = sqlite_world({"empty": plugin})
    (summary,) = here.run("empty")

    assert (Outcome.OK, ["there was nothing to read"]) == (summary.outcome, summary.notes)


def test_what_all_rows_of_a_file_say_comes_back_as_it_was(world: MakeWorld) -> None:
    """Tabs, line ends and backslashes in a constant are stored as any text, new rows or old."""
    odd = "a\tb\\N\nc\\.\r\"'|d"
    config = f"""
    [sources.till]
    plugin = "crm-export"
    path = "till/*.csv"
    [sources.till.map]
    kind = "fact"
    key = ["id"]
    fields = {{value = "n"}}
    constants = {{text = {json.dumps(odd)}}}
    """
    made = world({"plain": ""}, {"till/a.csv": "id,n\n1,5\n2,6\n3,\n"}, config=config)
    made.limits = Limits(rows=2)
    made.run("till")
    (made.folder / "till" / "b.csv").write_text("id,n\n3,8\n4,9\n5,1\n")
    (summary,) = made.run("till")

    assert (2, 1) == (summary.counts.new, summary.counts.changed)
    assert dict.fromkeys("12345", odd) == made.texts()
