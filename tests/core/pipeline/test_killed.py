"""Killed at any instant, a source that is run again ends as if nothing had happened."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

World = Any
MakeWorld = Callable[..., World]
FreshUrl = Callable[[], str]

PLUGIN = """
    from datetime import datetime, timedelta, timezone
    from pathlib import Path
    from regard import Delete, Page, Source, Stream, hookimpl

    BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)

    class Desk(Source):
        name = "desk"
        streams = (
            Stream("ordered", "fact", cursor="happened_at", ordered=True),
            Stream("pages", "offer", ordered=True),
            Stream("files", "purchase", key=("order", "line")),
            Stream("loose", "customer", cursor="created_at"),
            Stream("all", "touchpoint", snapshot=True),
        )

        def read(self, stream, since, until, ctx):
            file = ctx.root / "generation"
            generation = int(file.read_text()) if file.exists() else 1
            yield from getattr(self, stream.name)(since, ctx, generation)

        def ordered(self, since, ctx, generation):
            # Each generation repeats a third of the records with another value, a day later.
            for day in range(generation):
                for n in range(150):
                    at = BEGIN + timedelta(days=day, minutes=n // 3)
                    if since is not None and at < since or day and n % 3 != day % 3:
                        continue
                    yield {"key": f"o{n}", "happened_at": at, "value": bad(n, day)}
                    if n % 40 == 39:
                        yield Delete(f"o{n - 5}", as_of=at)

        def pages(self, since, ctx, generation):
            for page in range(since or 0, 4 * generation + 4):
                at = BEGIN + timedelta(days=page)
                offers = [
                    {"key": f"p{n}", "price": 1 + (n * page) % 7, "as_of": at} for n in range(25)
                ]
                yield Page(offers, cursor=page)

        def files(self, since, ctx, generation):
            yield from ctx.rows("till/*.csv")

        def loose(self, since, ctx, generation):
            for day in range(generation):
                for n in range(100):
                    at = BEGIN + timedelta(days=day, minutes=(n * 37) % 100)
                    if since is None or at >= since:
                        yield {"key": f"c{n}", "created_at": at, "name": f"name {n} {day}"}

        def all(self, since, ctx, generation):
            for n in range(5 * generation, 60 + 5 * generation):
                yield {"key": f"t{n}", "as_of": BEGIN, "text": f"text {n}"}

    def bad(n, day):
        return "x" if n % 50 == 7 else n + day

    @hookimpl
    def regard_sources():
        return [Desk]
"""

TILL = {
    f"till/2026-01-0{day}.csv": "order,line,amount,ordered_at\n"
    + "".join(
        f"{day}{n},{line},{n}.5,2026-01-0{day} 10:00\n" if n % 30 else f"{day}{n},{line}\n"
        for n in range(40)
        for line in (1, 2)
    )
    # Says something else than the file's first rows.
    + f"{day}1,1,99,2026-01-0{day} 10:00\n{day}20,2,99,2026-01-0{day} 10:00\n"
    for day in (1, 2)
}

# What may differ between a run that was killed and one that was not: who wrote it when.
_OWN = {
    *("batch_id", "content_batch_id", "first_run_id", "last_run_id", "run_id", "id"),
    *("read_at", "updated_at", "first_seen_at"),
}
# What depends besides on how often a source that changes was looked at.
_PASSING = {"as_of", "deleted_at", "resolved_at", "resolution"}
KINDS = ("facts", "offers", "purchases", "customers", "touchpoints")
CONFIG = '[sources.desk]\nplugin = "desk"\nerror_budget = 0.5\ndisappear_guard = 1.0\n'


def content(here: World) -> dict[str, list[dict[str, Any]]]:
    """Return everything the store holds, without what names runs."""
    found = {}
    for name in (*KINDS, "quarantine", "cursors", "files"):
        rows = [
            {column: value for column, value in row.items() if column not in _OWN}
            for row in here.table(name)
        ]
        for row in rows:
            if row.get("reason") == "duplicate-key":
                # Of a row that is stored already the line in its file is not known any more.
                del row["raw"], row["line"], row["identifiers"]
        found[name] = sorted(rows, key=repr)
    return found


def lasting(here: World) -> dict[str, list[dict[str, Any]]]:
    """Return what the store says of the source as it is now."""
    found = content(here)
    for name in KINDS:
        found[name] = [
            {column: value for column, value in row.items() if column not in _PASSING}
            for row in found[name]
            if row["deleted_at"] is None and row.get("valid_to") is None
        ]
    found["quarantine"] = [
        {column: value for column, value in row.items() if column not in _PASSING}
        for row in found["quarantine"]
    ]
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


@dataclass(frozen=True)
class Killing:
    """
    How a source is run.

    Attributes:
        runners: So many commands at once.
        generations: So often the source changes; 0: never.
    """

    runners: int = 1
    generations: int = 0

    def run(self, here: World, kills: int, seed: int = 1) -> list[int]:
        """Run the source in commands that are killed, then once to the end; return codes."""
        numbers = (kills, seed, self.runners, self.generations)
        done = subprocess.run(
            [sys.executable, Path(__file__).with_name("killing.py"), here.folder]
            + [str(number) for number in numbers],
            capture_output=True,
            text=True,
            timeout=120 + 3 * kills,
            check=False,
        )
        assert "" == done.stderr
        codes: list[int] = json.loads(done.stdout)
        return codes


def at_store(here: World, url: str, folder: str) -> World:
    """Return a copy of a project in a folder of its own, with another store."""
    other = here.folder.with_name(folder)
    shutil.copytree(here.folder, other)
    config = other / "regard.toml"
    config.write_text(config.read_text().replace(here.url, url))
    return replace(here, folder=other, url=url)


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> FreshUrl:
    """Return what makes the address of one more empty store."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_server").create
    made: list[str] = []

    def make() -> str:
        made.append(f"sqlite:///{tmp_path / f'store-{len(made)}.db'}")
        return made[-1]

    return make


def kill_until(
    kills: int, killing: Killing, here: World, fresh_url: FreshUrl, look: Callable[[World], Any]
) -> None:
    """Kill runs in rounds, each with a store of its own, that must all end alike."""
    undisturbed = at_store(here, fresh_url(), "undisturbed")
    Killing(1, killing.generations).run(undisturbed, 0)
    expected = look(undisturbed)
    assert all(expected.values())
    total = rounds = 0
    while total < kills:
        rounds += 1
        mine = at_store(here, fresh_url(), f"round-{rounds}")
        codes = killing.run(mine, min(15, kills - total), seed=rounds)
        # A command that was killed before its run began counts for nothing.
        total += sum(run.outcome == "failed" for run in mine.history())
        said = (mine.folder / "err.txt").read_text()
        actual = look(mine)

        assert set(codes) <= {0, 4}, said
        assert 0 == codes[-1], said
        for forbidden in ("Traceback", "locked", "has a bug"):
            assert forbidden not in said
        for name, rows in expected.items():
            assert rows == actual[name], (name, rounds)
        assert rounds < 10 + kills


# Six times as many in all: three tests, two databases.
SOAK = pytest.param(90, marks=[pytest.mark.slow, pytest.mark.soak])
KILLS = [6, SOAK]
SLOW_KILLS = [pytest.param(6, marks=pytest.mark.slow), SOAK]


@pytest.mark.parametrize("kills", KILLS)
def test_killed_at_any_instant(kills: int, sqlite_world: MakeWorld, fresh_url: FreshUrl) -> None:
    """Runs that are killed again and again leave what one undisturbed run leaves."""
    here = sqlite_world({"desk": PLUGIN}, TILL, CONFIG)
    kill_until(kills, Killing(), here, fresh_url, content)


@pytest.mark.parametrize("kills", SLOW_KILLS)
def test_two_runners_are_killed(kills: int, sqlite_world: MakeWorld, fresh_url: FreshUrl) -> None:
    """Two runners that read one source into one store and are killed disturb nothing either."""
    here = sqlite_world({"desk": PLUGIN}, TILL, CONFIG)
    kill_until(kills, Killing(runners=2), here, fresh_url, content)


@pytest.mark.parametrize("kills", SLOW_KILLS)
def test_the_source_changes_meanwhile(
    kills: int, sqlite_world: MakeWorld, fresh_url: FreshUrl
) -> None:
    """Runs that are killed while their source changes end with what it says in the end."""
    here = sqlite_world({"desk": PLUGIN}, TILL, CONFIG)
    kill_until(kills, Killing(generations=4), here, fresh_url, lasting)


@pytest.mark.slow
def test_two_runners_and_a_source_that_changes(
    sqlite_world: MakeWorld, fresh_url: FreshUrl
) -> None:
    """Also where all of it comes together nothing is lost and nothing is there twice."""
    here = sqlite_world({"desk": PLUGIN}, TILL, CONFIG)
    kill_until(5, Killing(runners=2, generations=3), here, fresh_url, lasting)
