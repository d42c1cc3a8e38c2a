"""What holds of whatever a source gives, however it is cut, and wherever it breaks off."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regard import cursors
from regard.pipeline.streams import Limits
from regard.runs import Counts, Outcome
from regard.store.quarantine import raw_hash

World = Any
MakeWorld = Callable[..., World]
Prove = Callable[..., None]

LAX = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


class Row(NamedTuple):
    """One row of a source."""

    name: str
    value: str
    text: str

    @property
    def bad(self) -> str | None:
        """Why it is refused, or None."""
        if self.value == "x":
            return "bad-number"
        return None if self.name else "missing-key"


ROWS = st.lists(
    st.builds(
        Row, st.sampled_from(["a", "b", "c", ""]), st.sampled_from("17x"), st.sampled_from("pq")
    ),
    max_size=12,
)

YIELDING = """
    import json
    from regard import source

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        for name, value, text in json.loads((ctx.root / "rows.json").read_text()):
            yield {"name": name, "value": value, "text": text}
"""
READING = """
    from regard import source

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        yield from ctx.rows("box/*.csv")
"""
MAPPED = """
[sources.box]
plugin = "crm-export"
path = "box/*.csv"
error_budget = 1.0
[sources.box.map]
kind = "fact"
key = ["name"]
fields = {name = "name", value = "value", text = "text"}
"""
PLUGGED = '[sources.box]\nplugin = "box"\nerror_budget = 1.0\n'
LANES = {
    "yielded": ({"box": YIELDING}, PLUGGED),
    "rows": ({"box": READING}, PLUGGED),
    "mapped": ({"box": YIELDING}, MAPPED),
}


def expected_of(rows: Sequence[Row], *, file: bool) -> tuple[Counts, dict[str, str]]:
    """Return what becomes of rows that are all as old: their counts, and the texts stored."""
    counts, kept = Counts(read=len(rows)), dict[str, Row]()
    for row in rows:
        if row.bad:
            counts.quarantined += 1
        elif row.name not in kept:
            counts.new += 1
        elif kept[row.name] == row:
            counts.unchanged += 1
        elif file:
            # The one before goes to quarantine in its place.
            counts.quarantined += 1
        else:
            counts.changed += 1
        if not row.bad:
            kept[row.name] = row
    return counts, {name: row.text for name, row in kept.items()}


@pytest.mark.parametrize("lane", LANES)
def test_no_row_is_lost_and_none_is_in_two_places(
    lane: str, sqlite_world: MakeWorld, tmp_path: Path
) -> None:
    """Each row is stored or refused, never both and never neither, however batches are cut."""
    plugins, config = LANES[lane]
    made = sqlite_world(plugins, {"rows.json": "[]", "box/a.csv": ""}, config)
    numbers = count()

    @LAX
    @given(ROWS.filter(bool), st.integers(1, 13))
    def prove(rows: list[Row], size: int) -> None:
        here = replace(
            made,
            url=f"sqlite:///{tmp_path / f'store-{next(numbers)}.db'}",
            limits=Limits(rows=size, seconds=60),
        )
        (here.folder / "rows.json").write_text(json.dumps(rows))
        lines = ["name,value,text", *(",".join(row) for row in rows)]
        (here.folder / "box" / "a.csv").write_text("\n".join(lines) + "\n")
        counts, texts = expected_of(rows, file=lane != "yielded")
        (summary,) = here.run("box")
        refused = here.refused()

        assert (Outcome.OK, None) == (summary.outcome, summary.error)
        assert counts == summary.counts
        assert texts == here.texts()
        bad = {row for row in rows if row.bad}
        named = {(row.name, row.bad) for row in bad if row.name}
        nameless = {row for row in bad if not row.name}
        kept = [item for item in refused if item.reason != "duplicate-key"]

        assert named == {(i.record, i.reason) for i in kept if not i.record.startswith("raw:")}
        assert nameless == {
            Row(i.raw["name"] or "", i.raw["value"], i.raw["text"])
            for i in kept
            if i.record == raw_hash(i.raw)
        }
        # What is stored was not refused as well, but for what the other row of its file said.
        for item in refused:
            if item.reason == "duplicate-key":
                said = {str(item.raw[name]) for name in ("value", "text")}
                assert item.record in texts
                assert said <= {text for row in rows if row.name == item.record for text in row}

    prove()


AT = datetime(2026, 1, 1, tzinfo=UTC)
GROWING = """
    import json
    from datetime import datetime
    from regard import source

    @source("feed", kind="fact", key=["name"], cursor="happened_at", ordered=True)
    def read(config, since, ctx):
        told = json.loads((ctx.root / "feed.json").read_text())
        for number, (at, name) in enumerate(told["rows"]):
            if number == told["breaks"]:
                raise ValueError
            at = datetime.fromisoformat(at)
            if since is None or at >= since:
                yield {"name": name, "happened_at": at}
"""
FEEDS = st.lists(
    st.tuples(
        # What comes new by the next run, each so many minutes after the one before; 0: a tie.
        st.lists(st.integers(0, 2), max_size=6),
        st.integers(0, 20),
        st.integers(1, 5),
    ),
    min_size=1,
    max_size=4,
)


def test_an_ordered_stream_misses_nothing(sqlite_world: MakeWorld, tmp_path: Path) -> None:
    """Whatever comes between runs, and wherever they break off, all of it is stored once."""
    made = sqlite_world({"feed": GROWING}, {"feed.json": "{}"})
    numbers = count()

    @LAX
    @given(FEEDS)
    def prove(feeds: list[tuple[list[int], int, int]]) -> None:
        url = f"sqlite:///{tmp_path / f'feed-{next(numbers)}.db'}"
        rows: list[tuple[str, str]] = []
        at, reached = AT, None
        for steps, breaks, size in [*feeds, ([], -1, 3)]:
            for step in steps:
                at += timedelta(minutes=step)
                rows.append((at.isoformat(), f"n{len(rows)}"))
            (made.folder / "feed.json").write_text(json.dumps({"rows": rows, "breaks": breaks}))
            here = replace(made, url=url, limits=Limits(rows=size, seconds=60))
            here.run("feed")
            now = here.cursor("feed")

            assert reached is None or (now is not None and now >= reached)
            reached = now
        stored = [row["key"] for row in here.rows("fact")]

        assert sorted(name for _, name in rows) == sorted(stored)
        assert (at if rows else None) == reached

    prove()


@given(
    st.lists(st.one_of(st.integers(-50, 50), st.just(10**6)), min_size=1, max_size=8),
    st.booleans(),
)
def test_a_cursor_follows_the_largest_believable_value(minutes: list[int], days: bool) -> None:
    """However values come, the cursor is the largest; what is beyond a skew counts as now."""
    now = AT + timedelta(minutes=10)
    reached = None
    for step in minutes:
        value: Any = AT + timedelta(minutes=step)
        reached = cursors.advance(reached, value.date() if days else value, now)
    limit = now + cursors.SKEW
    moments = [AT + timedelta(minutes=step) for step in minutes]
    largest = max(moment if moment <= limit else now for moment in moments)

    assert (largest.date() if days else largest) == reached
