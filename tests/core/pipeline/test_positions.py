"""How far a stream has been read: never behind what is stored, never beyond it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from regard.cursors import SKEW
from regard.pipeline.streams import Limits
from regard.runs import Counts, Outcome

World = Any
MakeWorld = Callable[..., World]

# A source of facts whose updated_at is the cursor; the config says how it behaves.
FEED = """
    from datetime import datetime, timedelta, timezone
    from regard import source

    BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)

    @source("feed", kind="fact", key=["name"], cursor="happened_at"ORDERED)
    def read(config, since, ctx):
        ctx.note(f"since {since}")
        days = config.get("days", list(range(10)))
        for n, day in enumerate(days):
            if n == config.get("fail_at"):
                raise ValueError
            at = BEGIN + timedelta(days=day)
            if since is None or at >= since:
                yield {"name": f"d{day}-{n}", "happened_at": at}
"""
ORDERED = FEED.replace("ORDERED", ", ordered=True")
UNORDERED = FEED.replace("ORDERED", "")


def feed(**options: Any) -> str:
    """Return the table of a feed."""
    lines = "".join(f"{name} = {value}\n" for name, value in options.items())
    return f'[sources.feed]\nplugin = "feed"\n{lines}'


def day(number: int) -> datetime:
    """Return the n-th day of the feed."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)


def test_the_next_read_begins_where_the_last_one_got_to(world: MakeWorld) -> None:
    """A second run asks for what is not older than the cursor, and knows what it has."""
    here = world({"feed": ORDERED}, config=feed())
    (first,) = here.run("feed")
    (second,) = here.run("feed")

    assert (Counts(read=10, new=10), ["since None"]) == (first.counts, first.notes)
    assert Counts(read=1, unchanged=1) == second.counts
    assert [f"since {day(9)}"] == second.notes
    assert day(9) == here.cursor("feed")


def test_what_came_late_under_the_same_time_is_read(sqlite_world: MakeWorld) -> None:
    """A record that shares the cursor's very time and came later is not missed."""
    here = sqlite_world({"feed": ORDERED}, config=feed(days=[0, 1]))
    here.run("feed")
    config = here.folder / "regard.toml"
    config.write_text(config.read_text().replace("[0, 1]", "[0, 1, 1]"))
    (summary,) = here.run("feed")

    assert Counts(read=2, new=1, unchanged=1) == summary.counts


def test_a_lookback_begins_earlier(sqlite_world: MakeWorld) -> None:
    """Where records come late, each read begins as far before the cursor as the table says."""
    here = sqlite_world({"feed": ORDERED}, config=feed(lookback='"3d"'))
    here.run("feed")
    (summary,) = here.run("feed")

    assert 4 == summary.counts.read
    assert f"since {day(6)}" in summary.notes


def test_an_ordered_stream_advances_with_every_batch(world: MakeWorld) -> None:
    """A stream in its cursor's order that fails keeps what it reached."""
    here = world({"feed": ORDERED}, config=feed(fail_at=7), limits=Limits(rows=2, seconds=60))
    (summary,) = here.run("feed")

    assert Outcome.FAILED == summary.outcome
    assert day(6) == here.cursor("feed")
    assert 7 == len(here.rows("fact"))


def test_an_unordered_stream_keeps_its_cursor_to_the_end(world: MakeWorld) -> None:
    """A stream in no order that fails keeps its rows and its old cursor."""
    here = world({"feed": UNORDERED}, config=feed(fail_at=7), limits=Limits(rows=2, seconds=60))
    (failed,) = here.run("feed")

    assert Outcome.FAILED == failed.outcome
    assert here.cursor("feed") is None
    assert 7 == len(here.rows("fact"))

    config = here.folder / "regard.toml"
    config.write_text(config.read_text().replace("fail_at = 7", ""))
    (whole,) = here.run("feed")

    assert Counts(read=10, new=3, unchanged=7) == whole.counts
    assert day(9) == here.cursor("feed")


def test_a_cursor_never_goes_back(world: MakeWorld) -> None:
    """A source that suddenly gives only old records does not move the cursor back."""
    here = world({"feed": UNORDERED.replace("at >= since", "True")}, config=feed(days=[5]))
    here.run("feed")
    config = here.folder / "regard.toml"
    config.write_text(config.read_text().replace("[5]", "[2]"))
    here.run("feed")

    assert day(5) == here.cursor("feed")


def test_one_record_from_the_future_silences_nothing(world: MakeWorld) -> None:
    """A record dated 2099 is stored, and what comes in the next hours is still read."""
    here = world({"feed": ORDERED}, config=feed(days=[0, 26_000]))
    here.run("feed")
    cursor = here.cursor("feed")

    assert 2 == len(here.rows("fact"))
    assert cursor <= here.now + SKEW

    config = here.folder / "regard.toml"
    config.write_text(config.read_text().replace("[0, 26000]", "[0, 26000, 30.75]"))
    here.now += timedelta(hours=12)
    here.run("feed")

    assert 3 == len(here.rows("fact"))


def test_days_numbers_texts_and_json_are_cursors(sqlite_world: MakeWorld) -> None:
    """A cursor may be a day, a number, a text or the source's own JSON, and comes back so."""
    plugin = """
        from datetime import date
        from regard import Page, Source, Stream, hookimpl

        VALUES = {"day": date(2026, 1, 5), "number": 7, "text": "0007"}

        class Kinds(Source):
            name = "kinds"
            streams = (*(Stream(name, "fact", "at") for name in VALUES), Stream("own", "fact"))

            def read(self, stream, since, until, ctx):
                ctx.note(repr(since))
                if stream.name == "own":
                    yield Page([{"key": "own"}], cursor={"page": 3, "token": ["a"]})
                else:
                    yield {"key": stream.name, "at": VALUES[stream.name]}

        @hookimpl
        def regard_sources():
            return [Kinds]
    """
    here = sqlite_world({"kinds": plugin})
    here.run("kinds")
    again = here.run("kinds")

    assert ["datetime.date(2026, 1, 5)", "7", "'0007'", "{'page': 3, 'token': ['a']}"] == [
        summary.notes[0] for summary in again
    ]
    assert [1, 1, 1, 1] == [summary.counts.unchanged for summary in again]
    assert date(2026, 1, 5) == here.cursor("kinds", "day")
    assert all(row["extra"] is None for row in here.rows("fact"))


@pytest.mark.parametrize(
    "value",
    ["datetime(2026, 1, 1)", "object()", "{1, 2}", "'x' * 70_000", "'\\ud800'"],
    ids=["naive", "object", "set", "too-large", "half-a-pair"],
)
def test_a_page_with_garbage_for_a_cursor_is_rolled_back(
    value: str, sqlite_world: MakeWorld
) -> None:
    """A cursor that nobody can keep fails the stream; nothing is stored that could not resume."""
    plugin = f"""
        from datetime import datetime
        from regard import Page, Source, Stream, hookimpl

        class Pages(Source):
            name = "pages"
            streams = (Stream("records", "fact", ordered=True),)

            def read(self, stream, since, until, ctx):
                yield Page([{{"key": "a"}}, {{"key": "b"}}], cursor=1)
                yield Page([{{"key": "c"}}, {{"key": "d"}}], cursor={value})
                yield Page([{{"key": "e"}}, {{"key": "f"}}], cursor=3)

        @hookimpl
        def regard_sources():
            return [Pages]
    """
    here = sqlite_world({"pages": plugin}, limits=Limits(rows=2))
    (summary,) = here.run("pages")

    assert Outcome.FAILED == summary.outcome
    assert "cursor" in (summary.error or "")
    assert ["a", "b"] == sorted(row["key"] for row in here.rows("fact"))
    assert 1 == here.cursor("pages")


def test_a_record_with_a_naive_cursor_is_refused(sqlite_world: MakeWorld) -> None:
    """A record whose cursor value has no zone goes to quarantine and moves nothing."""
    plugin = """
        from datetime import datetime, timezone
        from regard import source

        @source("box", kind="fact", key=["name"], cursor="changed", ordered=True)
        def read(config, since):
            yield {"name": "a", "changed": datetime(2026, 1, 1, tzinfo=timezone.utc)}
            yield {"name": "b", "changed": datetime(2026, 1, 2)}
            yield {"name": "c", "changed": "2026-01-03"}
            yield {"name": "d", "changed": None}
    """
    here = sqlite_world({"box": plugin})
    (summary,) = here.run("box")

    assert ["a", "d"] == [row["key"] for row in here.rows("fact")]
    assert ["naive-time", "bad-cursor"] == [item.reason for item in here.refused()]
    assert datetime(2026, 1, 1, tzinfo=UTC) == here.cursor("box")
    assert Outcome.OK == summary.outcome


def test_a_page_is_one_step(world: MakeWorld) -> None:
    """The cursor of a page that is larger than a batch moves with its last part only."""
    plugin = """
        from regard import Page, Source, Stream, hookimpl

        class Pages(Source):
            name = "pages"
            streams = (Stream("records", "fact", ordered=True),)

            def read(self, stream, since, until, ctx):
                for page in range(since or 0, 3):
                    yield Page([{"key": f"{page}-{n}"} for n in range(7)], cursor=page + 1)

        @hookimpl
        def regard_sources():
            return [Pages]
    """
    check = """
        from regard import Problem, hookimpl

        @hookimpl
        def regard_check_batch(run, batch):
            last = any(record["key"] == "2-6" for record in batch.records)
            return [Problem("stop", "odd", "it is odd")] if last else []
    """
    config = '[sources.pages]\nplugin = "pages"\n'
    plugins = {"pages": plugin, "check": check}
    here = world(plugins, config=config, limits=Limits(rows=3, seconds=60))
    (first,) = here.run("pages")

    assert Outcome.FAILED == first.outcome
    assert 2 == here.cursor("pages")
    assert 14 < len(here.rows("fact")) < 21

    (here.folder / "plugins" / "check.py").unlink()
    (second,) = here.run("pages")

    assert Outcome.OK == second.outcome
    assert 3 == here.cursor("pages")
    assert 21 == len(here.rows("fact"))


STOPPING = """
    from regard import Problem, hookimpl

    @hookimpl
    def regard_check_batch(run, batch):
        if any(record["name"] == "d3-3" for record in batch.records):
            ACTION
        return []
"""


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize(
    "action", ["return [Problem('stop', 'odd', 'prices are odd')]", "raise ValueError"]
)
def test_nothing_is_stored_behind_a_batch_that_was_rolled_back(
    action: str, ordered: bool, world: MakeWorld
) -> None:
    """Where a batch is stopped the cursor stays before it, whatever was read meanwhile."""
    here = world(
        {"feed": ORDERED if ordered else UNORDERED, "check": STOPPING.replace("ACTION", action)},
        config=feed(),
        limits=Limits(rows=2, seconds=60),
    )
    (summary,) = here.run("feed")

    assert Outcome.FAILED == summary.outcome
    assert ["d0-0", "d1-1"] == sorted(row["key"] for row in here.rows("fact"))
    assert (day(1) if ordered else None) == here.cursor("feed")

    (here.folder / "plugins" / "check.py").unlink()
    (again,) = here.run("feed")

    assert Outcome.OK == again.outcome
    assert 10 == len(here.rows("fact"))
