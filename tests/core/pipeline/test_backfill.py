"""Backfill: a part of the past is read with a cursor of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from regard.errors import UsageError
from regard.pipeline.backfilling import backfill, span_of
from regard.pipeline.streams import Limits
from regard.runs import Outcome, StreamSummary
from regard.store import Store

World = Any
MakeWorld = Callable[..., World]

DESK = """
    import json
    from datetime import datetime
    from pathlib import Path
    from regard import Source, Stream, hookimpl

    class Desk(Source):
        name = "desk"
        streams = (
            Stream("tickets", "fact", cursor="happened_at", ordered=True),
            Stream("days", "indicator", cursor="period_on"),
            Stream("numbers", "fact", cursor="n"),
            Stream("all", "fact"),
        )

        def read(self, stream, since, until, ctx):
            with Path("ASKED").open("a") as asked:
                asked.write(f"{stream.name} {since} {until}\\n")
            if stream.name != "tickets":
                return
            for line in Path("ROWS").read_text().splitlines():
                row = json.loads(line)
                at = datetime.fromisoformat(row["happened_at"])
                if (since is None or at >= since) and (until is None or at <= until):
                    if row.get("fail"):
                        raise ValueError
                    yield row

    @hookimpl
    def regard_sources():
        return [Desk]
"""


@pytest.fixture
def desk(world: MakeWorld, tmp_path: Path) -> World:
    """Return a project that has read the tickets from the tenth of January on."""
    return begun(world, tmp_path)


@pytest.fixture
def sqlite_desk(sqlite_world: MakeWorld, tmp_path: Path) -> World:
    """Return the same on SQLite, for what no database can change."""
    return begun(sqlite_world, tmp_path)


def begun(world: MakeWorld, tmp_path: Path) -> World:
    """Read the tickets from the tenth of January on."""
    text = DESK.replace("ASKED", str(tmp_path / "asked")).replace("ROWS", str(tmp_path / "rows"))
    made = world(
        {"desk": text},
        config='[sources.desk]\nplugin = "desk"\ntimezone = "Europe/Madrid"\n',
        limits=Limits(rows=2),
    )
    write(tmp_path, *range(10, 15))
    made.run("desk")
    write(tmp_path, *range(1, 15))
    asked(tmp_path)
    return made


def write(folder: Path, *days: int, fail: int = 0) -> None:
    """Write tickets of some days of January."""
    rows = [
        {"key": str(day), "happened_at": f"2026-01-{day:02}T00:00:00+00:00", "fail": day == fail}
        for day in days
    ]
    (folder / "rows").write_text("\n".join(json.dumps(row) for row in rows))


def asked(folder: Path) -> list[str]:
    """Return what the source was asked for since the last time."""
    lines = (folder / "asked").read_text().splitlines()
    (folder / "asked").unlink()
    return lines


def fill(made: World, start: str, end: str, stream: str = "tickets") -> list[StreamSummary]:
    """Read a span."""
    runner = made.runner()
    store = Store.open(made.url, clock=runner.clock)
    try:
        span = span_of(runner, store, "desk", stream, start, end)
        return backfill(runner, store, "desk", span)
    finally:
        store.close()


@pytest.mark.parametrize(
    ("stream", "start", "end", "said"),
    [
        ("tckets", "2026-01-01", "2026-01-05", "no stream 'tckets'; did you mean 'tickets'?"),
        ("all", "1", "2", "stream 'all' has no cursor"),
        ("tickets", "soon", "2026-01-05", "--from: 'soon' is no value of the cursor"),
        ("tickets", "2026-01-01", "2026-31-31", "--to: '2026-31-31' is no value"),
        ("tickets", "2026-01-05", "2026-01-05", "is not behind --from"),
        ("tickets", "2026-01-06", "2026-01-05", "is not behind --from"),
        ("days", "2026-01-01T10:00", "2026-01-05", "write it as 2026-01-31"),
        ("numbers", "1", "many", "write it as 1200"),
    ],
)
def test_what_is_no_span(sqlite_desk: World, stream: str, start: str, end: str, said: str) -> None:
    """A span that the stream cannot have is refused with what would be right."""
    with pytest.raises(UsageError) as caught:
        fill(sqlite_desk, start, end, stream)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("stream", "start", "expected"),
    [
        ("tickets", "2026-01-02", datetime(2026, 1, 1, 23, tzinfo=UTC)),
        ("tickets", "2026-01-02T10:00", datetime(2026, 1, 2, 9, tzinfo=UTC)),
        ("tickets", "2026-01-02T10:00Z", datetime(2026, 1, 2, 10, tzinfo=UTC)),
        ("days", "2026-01-02", date(2026, 1, 2)),
        ("numbers", "17", 17),
        ("numbers", "A17", "A17"),
        ("numbers", "2026-01-02", datetime(2026, 1, 1, 23, tzinfo=UTC)),
    ],
)
def test_points_have_the_cursors_type(
    sqlite_desk: World, stream: str, start: str, expected: object
) -> None:
    """A point is read as the cursor's type; local times are those of the source."""
    end = {"17": "99", "A17": "B"}.get(start, "2026-02-01")
    runner = sqlite_desk.runner()

    assert expected == span_of(runner, None, "desk", stream, start, end).start


def test_the_live_cursor_stays(desk: World, tmp_path: Path) -> None:
    """A backfill reads its span and nothing else, and the next run goes on where it was."""
    (summary,) = fill(desk, "2026-01-02T00:00Z", "2026-01-05T00:00Z")

    assert ["tickets 2026-01-02 00:00:00+00:00 2026-01-05 00:00:00+00:00"] == asked(tmp_path)
    assert (Outcome.OK, 4) == (summary.outcome, summary.counts.new)
    assert 14 == desk.cursor("desk", "tickets").day
    assert ["live"] == [row["purpose"] for row in desk.table("cursors")]
    assert "backfill" == desk.history()[0].reason


def test_it_is_resumed(desk: World, tmp_path: Path) -> None:
    """A backfill that broke off goes on where it was; one of another span begins anew."""
    write(tmp_path, *range(1, 15), fail=5)
    (failed,) = fill(desk, "2026-01-01T00:00Z", "2026-01-08T00:00Z")
    purposes = sorted(row["purpose"] for row in desk.table("cursors"))
    write(tmp_path, *range(1, 15))
    asked(tmp_path)
    fill(desk, "2026-01-02T00:00Z", "2026-01-08T00:00Z")
    fill(desk, "2026-01-01T00:00Z", "2026-01-08T00:00Z")

    assert Outcome.FAILED is failed.outcome
    assert 2 == len(purposes)
    assert purposes[0].startswith("backfill 2026-01-01T00:00:00+00:00..2026-01-08")
    assert ["tickets 2026-01-02", "tickets 2026-01-04"] == [line[:18] for line in asked(tmp_path)]
    assert ["live"] == [row["purpose"] for row in desk.table("cursors")]
    assert 13 == len(desk.texts())


def test_what_is_stored_is_newer(desk: World, tmp_path: Path) -> None:
    """A record that the past has in an older version is stale and stays as it is."""
    newer = {"key": "3", "happened_at": "2026-01-20T00:00:00+00:00", "text": "newer"}
    (tmp_path / "rows").write_text(json.dumps(newer))
    desk.run("desk")
    write(tmp_path, 3)
    (summary,) = fill(desk, "2026-01-02T00:00Z", "2026-01-05T00:00Z")

    assert 1 == summary.counts.stale
    assert "newer" == desk.texts()["3"]
