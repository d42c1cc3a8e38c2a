"""Files: read once, in the right order, whole, and never while somebody writes them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from regard.errors import ConfigError
from regard.pipeline.inputs import find_files
from regard.pipeline.streams import Limits
from regard.runs import Counts, Outcome

World = Any
MakeWorld = Callable[..., World]

BOX = """
    from regard import source

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        for row in ctx.rows(config.get("path", "box/*.csv")):
            yield row
"""
CONFIG = '[sources.box]\nplugin = "box"\n'


def touch(path: Path, seconds_ago: float, content: str | None = None) -> None:
    """Give a file other content and another age."""
    if content is not None:
        path.write_text(content)
    moment = time.time() - seconds_ago
    os.utime(path, (moment, moment))


def test_an_unchanged_file_is_not_opened(world: MakeWorld) -> None:
    """A file of the same size and time is not even opened again."""
    here = world({"box": BOX}, {"box/a.csv": "name,text\na,one\nb,two\n"}, CONFIG)
    (first,) = here.run("box")
    file = here.folder / "box" / "a.csv"
    # Were it opened, the mode would not matter to root; so the content must not either.
    status = file.stat()
    file.write_text("name,text\nx,one\ny,two\n")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert status.st_size == file.stat().st_size
    (second,) = here.run("box")

    assert Counts(read=2, new=2) == first.counts
    assert Counts() == second.counts
    assert ["1 file is as when last read"] == second.notes


def test_a_touched_file_is_not_read(world: MakeWorld) -> None:
    """A file with another time and the same content is not read, and not looked at twice."""
    here = world({"box": BOX}, {"box/a.csv": "name,text\na,one\n"}, CONFIG)
    here.run("box")
    touch(here.folder / "box" / "a.csv", 60)
    (second,) = here.run("box")
    (state,) = here.table("files")

    assert Counts() == second.counts
    assert state["complete"]
    assert state["modified_ns"] == (here.folder / "box" / "a.csv").stat().st_mtime_ns


def test_a_changed_file_is_read_again(world: MakeWorld) -> None:
    """A file with new content is read whole; what it had before is recognised."""
    here = world({"box": BOX}, {"box/a.csv": "name,text\na,one\n"}, CONFIG)
    here.run("box")
    touch(here.folder / "box" / "a.csv", 60, "name,text\na,one\nb,two\n")
    (second,) = here.run("box")

    assert Counts(read=2, new=1, unchanged=1) == second.counts
    assert {"a": "one", "b": "two"} == here.texts()


def test_a_file_that_is_being_written_is_left_for_the_next_run(sqlite_world: MakeWorld) -> None:
    """A file that changes while one waits for it is not read by this run, but by the next."""
    here = sqlite_world({"box": BOX}, {"box/a.csv": "name,text\na,one\n"}, CONFIG)
    file = here.folder / "box" / "a.csv"
    done = Event()

    def write() -> None:
        while not done.wait(0.2):
            file.write_text("name,text\na,one\nb,tw")

    file.write_text("name,text\na,one\n")
    writer = Thread(target=write)
    writer.start()
    (first,) = here.run("box", settle=True)
    done.set()
    writer.join()
    touch(file, 60, "name,text\na,one\nb,two\n")
    (second,) = here.run("box", settle=True)

    assert Counts() == first.counts
    assert ["box/a.csv is still being written; the next run reads it"] == first.notes
    assert Counts(read=2, new=2) == second.counts


def test_a_file_that_changed_while_it_was_read_is_read_again(world: MakeWorld) -> None:
    """What was read of a file that changed meanwhile stays, and the next run reads it all."""
    growing = BOX.replace(
        "yield row",
        """yield row
            if row["name"] == "a" and ctx.clock.now().hour == 12:
                file = ctx.root / "box" / "a.csv"
                file.write_text(file.read_text() + "z,new\\n")
        """,
    )
    here = world({"box": growing}, {"box/a.csv": "name,text\na,one\n"}, CONFIG)
    (first,) = here.run("box")
    touch(here.folder / "box" / "a.csv", 60)
    here.now = here.now.replace(hour=13)
    (second,) = here.run("box")

    assert Outcome.OK == first.outcome
    assert any("changed while it was read" in note for note in first.notes)
    assert {"a": "one", "z": "new"} == here.texts()
    assert Counts(read=2, unchanged=2) == second.counts


@pytest.mark.parametrize(
    ("names", "ages", "winner"),
    [
        (("export-2026-01-02.csv", "export-2026-01-01.csv"), (500, 100), "export-2026-01-02.csv"),
        (("20260102.csv", "20260101.csv"), (500, 100), "20260102.csv"),
        (("z.csv", "a.csv"), (500, 100), "a.csv"),
        (("a.csv", "z.csv"), (500, 100), "z.csv"),
        (("2026_01_02 (3).csv", "2025.12.31.csv"), (500, 100), "2026_01_02 (3).csv"),
    ],
)
def test_the_later_file_wins(
    names: tuple[str, str], ages: tuple[int, int], winner: str, sqlite_world: MakeWorld
) -> None:
    """Of several files the date in the name decides which is later, else when they changed."""
    files = {f"box/{name}": f"name,text\na,{name}\n" for name in names}
    here = sqlite_world({"box": BOX}, files, CONFIG)
    for name, age in zip(names, ages, strict=True):
        touch(here.folder / "box" / name, age)
    here.run("box")

    assert {"a": winner} == here.texts()


def test_an_older_file_that_comes_late_does_not_win(world: MakeWorld) -> None:
    """A record's age is its file's, so an old export that is read later overwrites nothing."""
    here = world({"box": BOX}, {"box/b.csv": "name,text\na,new\n"}, CONFIG)
    touch(here.folder / "box" / "b.csv", 100)
    here.now = datetime.now(UTC)
    here.run("box")
    late = here.folder / "box" / "a.csv"
    touch(late, 90_000, "name,text\na,old\n")
    (summary,) = here.run("box")

    assert {"a": "new"} == here.texts()
    assert Counts(read=1, stale=1) == summary.counts


def test_bad_lines_are_kept_with_their_number(world: MakeWorld) -> None:
    """Short, long and unreadable lines go to quarantine with file and line; others are stored."""
    text = "name,text,happened_at\na,one,2026-01-01 10:00\nb\nc,two,soon\nd,x,,y\ne,five,\n"
    here = world({"box": BOX}, {"box/a.csv": text}, CONFIG)
    (summary,) = here.run("box")

    assert {"a": "one", "e": "five"} == here.texts()
    assert Counts(read=5, new=2, quarantined=3) == summary.counts
    assert [(3, "short-line"), (4, "bad-date"), (5, "long-line")] == [
        (item.line, item.reason) for item in here.refused()
    ]
    assert {"box/a.csv"} == {item.file for item in here.refused()}


def test_a_bad_record_of_a_file_is_kept_with_its_line(world: MakeWorld) -> None:
    """A row that is no record goes to quarantine with its file and line, too."""
    text = "name,value\na,1\nb,many\n,3\n"
    here = world({"box": BOX}, {"box/a.csv": text}, CONFIG)
    here.run("box")

    assert [("b", "box/a.csv", 3), ("raw", "box/a.csv", 4)] == [
        (item.record.partition(":")[0], item.file, item.line) for item in here.refused()
    ]


def test_a_corrected_file_resolves_what_it_had_refused(world: MakeWorld) -> None:
    """When a file has been corrected and read to its end, its old faults are no longer open."""
    here = world({"box": BOX}, {"box/a.csv": "name,text\na,one\nb\n,x\n"}, CONFIG)
    here.run("box")
    assert 2 == len(here.refused())
    touch(here.folder / "box" / "a.csv", 60, "name,text\na,one\nb,two\n")
    here.run("box")

    assert [] == here.refused()
    assert {"a": "one", "b": "two"} == here.texts()


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("run", ["run", "dry_run"])
def test_two_rows_of_one_file_that_disagree(run: str, size: int, world: MakeWorld) -> None:
    """Of two rows of one file under one key the last is stored and the other can be found."""
    text = "name,text\na,one\nb,x\na,two\na,two\na,three\nb,x\n"
    here = world({"box": BOX}, {"box/a.csv": text}, CONFIG, limits=Limits(rows=size))
    if run == "dry_run":
        (summary,), refused = here.dry_run("box")
    else:
        (summary,), refused = here.run("box"), here.refused()

        assert {"a": "three", "b": "x"} == here.texts()
        assert "one" == refused[0].raw["text"]

    assert Counts(read=6, new=2, unchanged=2, quarantined=2) == summary.counts
    assert {("duplicate-key", "a", "box/a.csv")} == {
        (item.reason, item.record, item.file) for item in refused
    }


@pytest.mark.parametrize("size", [1, 3, 100])
def test_rows_of_two_files_that_are_as_old(size: int, world: MakeWorld) -> None:
    """Rows of two files under one key are versions, also where they say that they are as old."""
    files = {
        f"box/2026-01-0{day}.csv": "name,text,as_of\n"
        + "".join(f"{name},{day},2026-01-01T00:00:00Z\n" for name in "ab")
        for day in (1, 2, 3)
    }
    here = world({"box": BOX}, files, CONFIG, limits=Limits(rows=size))
    (summary,) = here.run("box")

    assert {"a": "3", "b": "3"} == here.texts()
    assert Counts(read=6, new=2, changed=4) == summary.counts
    assert [] == here.refused()
    assert 1 == sum("came more than once" in note for note in summary.notes)


def test_rows_that_disagree_across_a_run_that_broke_off(world: MakeWorld) -> None:
    """A row that contradicts what a broken run stored of the same file is no newer version."""
    breaking = BOX.replace(
        "yield row",
        """yield row
            if row["name"] == "b" and (ctx.root / "break").exists():
                raise ValueError
        """,
    )
    text = "name,text\na,one\nb,x\na,two\n"
    here = world({"box": breaking}, {"box/a.csv": text, "break": ""}, CONFIG)
    (broken,) = here.run("box")
    (here.folder / "break").unlink()
    (whole,) = here.run("box")

    assert [Outcome.FAILED, Outcome.OK] == [broken.outcome, whole.outcome]
    assert Counts(read=3, unchanged=2, quarantined=1) == whole.counts
    assert {"a": "two", "b": "x"} == here.texts()
    assert [("duplicate-key", "a")] == [(item.reason, item.record) for item in here.refused()]


MAPPED = """
[sources.box]
plugin = "crm-export"
path = "box/a.jsonl"
[sources.box.map]
kind = "fact"
key = ["name"]
fields = {name = "name", value = "value"}
"""


@pytest.mark.parametrize("left", [100, 5_500, 12_000])
def test_a_half_read_file_that_changes(left: int, world: MakeWorld) -> None:
    """A file that was read in part and then truncated, mended or replaced is read whole."""

    def rows(good: int, total: int) -> str:
        values = ((n, n if n < good else "x") for n in range(total))
        return "".join(f'{{"name": "n{n}", "value": "{value}"}}\n' for n, value in values)

    limits = Limits(rows=5_000, seconds=60)
    here = world({"box": BOX}, {"box/a.jsonl": rows(5_000, 12_000)}, MAPPED, limits=limits)
    (first,) = here.run("box")
    (half,) = here.table("files")
    (again,) = here.run("box")
    touch(here.folder / "box" / "a.jsonl", 60, rows(left, left))
    (changed,) = here.run("box")
    (whole,) = here.table("files")

    assert (Outcome.PARTIAL, 5_000) == (first.outcome, first.counts.new)
    assert (False, 5_000) == (half["complete"], half["rows_done"])
    assert (Outcome.PARTIAL, 0) == (again.outcome, again.counts.read)
    assert (Outcome.OK, left) == (changed.outcome, changed.counts.read)
    assert max(left, 5_000) == len(here.rows("fact"))
    assert (True, left) == (whole["complete"], whole["rows_done"])


def test_local_times_are_placed(world: MakeWorld) -> None:
    """Times without a zone in files are local times of the source, also across clock changes."""
    text = (
        "name,happened_at\n"
        "winter,2026-01-15 12:00\nsummer,2026-07-15 12:00\nzone,2026-01-15T12:00:00Z\n"
    )
    config = f'timezone = "Europe/Madrid"\n{CONFIG}'
    here = world({"box": BOX}, {"box/a.csv": text}, config)
    here.run("box")

    assert {"summer": 10, "winter": 11, "zone": 12} == {
        row["key"]: row["happened_at"].hour for row in here.rows("fact")
    }


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\x1f\x8b broken"])
def test_a_broken_file_does_not_stop_the_others(content: bytes, sqlite_world: MakeWorld) -> None:
    """A file that cannot be read is named, and the files after it are read all the same."""
    files = {
        "box/2026-01-01.csv": "name,text\na,one\n",
        "box/2026-01-02.csv": content,
        "box/2026-01-03.csv": "name,text\nb,two\n",
    }
    here = sqlite_world({"box": BOX}, files, CONFIG)
    (first,) = here.run("box")
    (second,) = here.run("box")

    assert {"a": "one", "b": "two"} == here.texts()
    for summary in (first, second):
        assert summary.outcome in (Outcome.PARTIAL, Outcome.FAILED)
        assert "2026-01-02.csv" in " ".join([summary.error or "", *summary.notes])


def test_hostile_names(world: MakeWorld) -> None:
    """Files of any name are read once: spaces, accents, control characters, no text at all."""
    here = world({"box": BOX}, {"box/a b ñ.csv": "name,text\na,one\n"}, CONFIG)
    folder = os.fsencode(here.folder / "box")
    names = [b"caf\xe9.csv", b"\x1b[31mred.csv", b"[a].csv", b"quote'\".csv"]
    for number, name in enumerate(names):
        path = Path(os.fsdecode(folder + b"/" + name))
        path.write_bytes(b"name,text\nn%d,x\n" % number)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    (first,) = here.run("box")
    (second,) = here.run("box")

    assert (Outcome.OK, 5) == (first.outcome, first.counts.new)
    assert (Outcome.OK, Counts()) == (second.outcome, second.counts)


def test_what_a_path_may_name(tmp_path: Path) -> None:
    """A path is a file, a folder or a glob; hidden and lock files are nobody's export."""
    for name in ("a.csv", "b.csv", ".hidden.csv", "~$lock.csv", "sub/c.csv", "[x].csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    def names(pattern: str | list[str]) -> list[str]:
        return [str(path.relative_to(tmp_path)) for path in find_files(pattern, tmp_path)]

    assert ["a.csv"] == names("a.csv")
    assert ["[x].csv", "a.csv", "b.csv"] == names("*.csv")
    assert ["[x].csv", "a.csv", "b.csv"] == names(".")
    assert ["[x].csv", "a.csv", "b.csv", "sub/c.csv"] == sorted(names("**/*.csv"))
    assert ["[x].csv"] == names("[x].csv")
    assert ["b.csv", "a.csv"] == names(["b.csv", "a.csv", "b.csv"])
    assert [] == names("*.xlsx")


@pytest.mark.parametrize("path", ["absent.csv", "https://example.com/a.csv", "sftp://host/a.csv"])
def test_what_a_path_may_not_name(path: str, tmp_path: Path) -> None:
    """A file that is not there and an address that cannot be fetched are clear errors."""
    with pytest.raises(ConfigError, match="path: "):
        find_files(path, tmp_path)


def test_an_unknown_file_that_breaks_off_is_still_explained(sqlite_world: MakeWorld) -> None:
    """That its rows end early keeps nobody from hearing that no profile fits its headers."""
    rows = json.dumps([{"pedido": number, "cosa": "x"} for number in range(90)])
    config = '[sources.till]\nplugin = "crm-export"\npath = "till/*.json"\n'
    made = sqlite_world({"plain": ""}, {"till/a.json": rows[:1_500]}, config=config)
    (summary,) = made.run("till")

    assert "a.json: no profile fits its headers 'pedido', 'cosa'" in (summary.error or "")
    assert "[sources.NAME.map]" in (summary.error or "")
