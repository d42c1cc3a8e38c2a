"""Snapshots: what a complete read does not hold has disappeared, unless that is too much."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.pipeline.disappearing import KeySet
from regard.pipeline.streams import Limits
from regard.runs import Outcome

World = Any
MakeWorld = Callable[..., World]

SHOP = """
    import json
    from pathlib import Path
    from regard import Delete, Source, Stream, TransientError, hookimpl

    class Shop(Source):
        name = "shop"
        streams = (Stream("own", "KIND", snapshot=True), Stream("other", "KIND"))

        def read(self, stream, since, until, ctx):
            for line in Path("ROWS", stream.name).read_text().splitlines():
                if line == "FAIL":
                    raise ValueError
                yield json.loads(line)

    @hookimpl
    def regard_sources():
        return [Shop]
"""


def write(folder: Path, numbers: Any, stream: str = "own", **more: Any) -> None:
    """Write what a stream holds."""
    prefix = "" if stream == "own" else f"{stream}:"
    rows = [json.dumps({"key": f"{prefix}{number}", **more}) for number in numbers]
    (folder / stream).write_text("\n".join(rows))


@pytest.fixture
def shop(world: MakeWorld, tmp_path: Path) -> World:
    """Return a project that has read ten records of a snapshot and three of another stream."""
    text = SHOP.replace("ROWS", str(tmp_path)).replace("KIND", "fact")
    made = world({"shop": text}, limits=Limits(rows=4))
    write(tmp_path, range(10))
    write(tmp_path, range(3), "other")
    made.run("shop")
    return made


def stored(made: World, kind: str = "fact") -> set[str]:
    """Return the keys of what is stored and not deleted."""
    return {row["key"] for row in made.rows(kind) if row["deleted_at"] is None}


def test_what_is_missing_is_deleted(shop: World, tmp_path: Path) -> None:
    """A record that a complete read does not hold is deleted; other streams keep theirs."""
    write(tmp_path, range(2, 10))
    (tmp_path / "other").write_text("")
    summaries = shop.run("shop")

    own = summaries[0]
    assert (Outcome.OK, 8, 2) == (own.outcome, own.counts.unchanged, own.counts.deleted)
    assert 10 == own.counts.read
    assert {str(n) for n in range(2, 10)} | {"other:0", "other:1", "other:2"} == stored(shop)


def test_nothing_is_derived_twice(shop: World, tmp_path: Path) -> None:
    """The next run finds nothing more to delete, and a record that comes back is there again."""
    write(tmp_path, range(2, 10))
    shop.run("shop")
    again = shop.run("shop")[0]
    write(tmp_path, range(1, 10))
    back = shop.run("shop")[0]

    assert 0 == again.counts.deleted
    assert 1 == back.counts.changed
    assert "1" in stored(shop)


def test_too_much_at_once(shop: World, tmp_path: Path) -> None:
    """Beyond the guard nothing is deleted, with a finding; the error says which guard would do."""
    write(tmp_path, range(4, 10))
    own = shop.run("shop")[0]
    (finding,) = shop.table("findings")

    assert Outcome.PARTIAL is own.outcome
    assert "4 of 10 stored records of stream 'own' were not in a complete read" in (
        own.error or ""
    )
    assert (own.error or "").endswith(
        "disappear_guard = 0.4 in [sources.shop] lets a run delete them"
    )
    assert 13 == len(stored(shop))
    assert ("records-disappeared", "own", 10) == (
        finding["code"],
        finding["subject"],
        finding["n"],
    )


def test_the_guard_is_configured(shop: World, tmp_path: Path) -> None:
    """A source may say how much of it may disappear at once."""
    text = (shop.folder / "regard.toml").read_text() + "disappear_guard = 0.4\n"
    (shop.folder / "regard.toml").write_text(text)
    write(tmp_path, range(4, 10))
    own = shop.run("shop")[0]

    assert (Outcome.OK, 4) == (own.outcome, own.counts.deleted)


def test_an_empty_answer_deletes_nothing(shop: World, tmp_path: Path) -> None:
    """A source that gives nothing at all is doubted, not believed."""
    (tmp_path / "own").write_text("")
    own = shop.run("shop")[0]

    assert Outcome.PARTIAL is own.outcome
    assert 13 == len(stored(shop))


def test_a_read_that_fails_derives_nothing(shop: World, tmp_path: Path) -> None:
    """Only a complete read tells what has disappeared."""
    write(tmp_path, range(2, 10))
    with (tmp_path / "own").open("a") as file:
        file.write("\nFAIL")
    own = shop.run("shop")[0]

    assert (Outcome.FAILED, 0) == (own.outcome, own.counts.deleted)
    assert 13 == len(stored(shop))


def test_a_refused_record_is_there(shop: World, tmp_path: Path) -> None:
    """A record that is refused today has not disappeared."""
    write(tmp_path, range(1, 10))
    with (tmp_path / "own").open("a") as file:
        file.write('\n{"key": "0", "value": "many"}')
    own = shop.run("shop")[0]

    assert (1, 0) == (own.counts.quarantined, own.counts.deleted)
    assert "0" in stored(shop)


def test_a_record_without_a_key_could_be_any(shop: World, tmp_path: Path) -> None:
    """While a refused record does not say which one it is, nothing is taken for disappeared."""
    write(tmp_path, range(1, 10))
    with (tmp_path / "own").open("a") as file:
        file.write('\n{"text": "who am I"}')
    own = shop.run("shop")[0]

    assert 0 == own.counts.deleted
    assert "1 refused record does not say its key, so nothing was deleted" in " ".join(own.notes)


def test_a_dry_run_counts_the_same(shop: World, tmp_path: Path) -> None:
    """A dry run tells how much would disappear, and deletes nothing."""
    write(tmp_path, range(2, 10))
    dry, _ = shop.dry_run("shop")
    kept = stored(shop)
    real = shop.run("shop")[0]

    assert real.counts == dry[0].counts
    assert 13 == len(kept)


def test_a_dry_run_sees_too_much(shop: World, tmp_path: Path) -> None:
    """A dry run says as well that too much would disappear."""
    write(tmp_path, range(4, 10))
    dry, _ = shop.dry_run("shop")

    assert Outcome.PARTIAL is dry[0].outcome


def test_versions_end(world: MakeWorld, tmp_path: Path) -> None:
    """Of a kind that keeps every version, the current one of a missing record ends."""
    text = SHOP.replace("ROWS", str(tmp_path)).replace("KIND", "offer")
    made = world({"shop": text})
    write(tmp_path, range(10), price="1.00")
    (tmp_path / "other").write_text("")
    made.run("shop")
    write(tmp_path, range(1, 10), price="1.00")
    own = made.run("shop")[0]
    (ended,) = [row for row in made.rows("offer") if row["valid_to"] is not None]

    assert 1 == own.counts.deleted
    assert ("0", ended["deleted_at"]) == (ended["key"], ended["valid_to"])


LIST = """
    from regard import source

    @source("list", kind="fact", key=["id"], snapshot=True)
    def read(config, since, ctx):
        yield from ctx.rows("list/*.csv")
"""


def table(*numbers: int) -> str:
    """Return a file with some records."""
    return "id\n" + "".join(f"{number}\n" for number in numbers)


def replace(made: World, name: str, *numbers: int) -> None:
    """Write a file anew, a minute ago."""
    file = made.folder / "list" / name
    file.write_text(table(*numbers))
    os.utime(file, (time.time() - 60, time.time() - 60))


def test_a_file_that_was_replaced(world: MakeWorld) -> None:
    """A file that holds all there is deletes by what it no longer holds; unread, it does not."""
    made = world({"list": LIST}, {"list/a.csv": table(*range(5))})
    made.run("list")
    (same,) = made.run("list")
    replace(made, "a.csv", 1, 2, 3, 4)
    (changed,) = made.run("list")

    assert (0, 1) == (same.counts.deleted, changed.counts.deleted)
    assert {"1", "2", "3", "4"} == stored(made)


def test_one_of_several_files(world: MakeWorld) -> None:
    """Where only some of the files are read, the rest has not disappeared."""
    made = world({"list": LIST}, {"list/a.csv": table(*range(9)), "list/b.csv": table(20, 21)})
    made.run("list")
    replace(made, "b.csv", 20)
    (changed,) = made.run("list")
    (made.folder / "list" / "a.csv").unlink()
    (made.folder / "list" / "b.csv").unlink()
    (empty,) = made.run("list")

    assert (0, 0) == (changed.counts.deleted, empty.counts.deleted)
    assert 11 == len(stored(made))


def test_a_broken_file_is_not_an_empty_one(world: MakeWorld) -> None:
    """What a file holds that cannot be read has not disappeared; read again, it tells."""
    made = world({"list": LIST}, {"list/a.csv": table(*range(9)), "list/b.csv": table(20, 21)})
    made.run("list")
    replace(made, "a.csv", *range(9), 9)
    replace(made, "b.csv")
    (made.folder / "list" / "b.csv").write_bytes(b"PK\x03\x04 cut short")
    (broken,) = made.run("list")

    assert (Outcome.FAILED, 0, 12) == (
        broken.outcome,
        broken.counts.deleted,
        len(stored(made)),
    )

    replace(made, "b.csv", 21)
    (mended,) = made.run("list")

    assert (Outcome.OK, 1) == (mended.outcome, mended.counts.deleted)
    assert "20" not in stored(made)


def test_files_that_are_doubted_are_read_again(world: MakeWorld) -> None:
    """Beyond the guard files do not count as read, so the next run doubts or believes anew."""
    made = world({"list": LIST}, {"list/a.csv": table(*range(5))})
    made.run("list")
    replace(made, "a.csv", 0, 1)
    doubted = [made.run("list")[0] for _ in range(2)]
    config = made.folder / "regard.toml"
    config.write_text(config.read_text() + "disappear_guard = 0.7\n")
    (believed,) = made.run("list")
    (after,) = made.run("list")

    assert [(Outcome.PARTIAL, 0)] * 2 == [(run.outcome, run.counts.deleted) for run in doubted]
    assert (Outcome.OK, 3) == (believed.outcome, believed.counts.deleted)
    assert 0 == after.counts.read
    assert {"0", "1"} == stored(made)


KILLED = """
    import os, signal
    from regard import hookimpl

    @hookimpl
    def regard_batch_committed(run, batch):
        if os.environ.get("REGARD_TEST_KILL") == str(os.getpid()):
            os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_before_what_is_missing_was_deleted(
    world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed behind its last record leaves its files to be read again."""
    config = '[sources.list]\nplugin = "list"\n'
    plugins = {"list": LIST, "killed": KILLED}
    made = world(plugins, {"list/a.csv": table(*range(5))}, config)
    made.run("list")
    replace(made, "a.csv", 1, 2, 3, 4)
    child = os.fork()
    if child == 0:
        monkeypatch.setenv("REGARD_TEST_KILL", str(os.getpid()))
        made.run("list")
        os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    (resumed,) = made.run("list")

    assert -signal.SIGKILL == ended
    assert (Outcome.OK, 1) == (resumed.outcome, resumed.counts.deleted)
    assert {"1", "2", "3", "4"} == stored(made)


def test_a_set_of_keys_keeps_no_keys() -> None:
    """A hundred thousand keys are told apart, in about eight bytes each."""
    met = KeySet()
    met.add(f"contacts:{number}" for number in range(100_000))
    size = sum(bucket.buffer_info()[1] * bucket.itemsize for bucket in met._buckets)

    assert all(f"contacts:{number}" in met for number in range(0, 100_000, 97))
    assert not any(f"leads:{number}" in met for number in range(1_000))
    assert size < 1_000_000
