"""Series in files as they really come: cut, damaged, contradicting themselves, hostile."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from regard.runs import Outcome

DATA = Path(__file__).with_name("data")
FILES = sorted(path.name for path in DATA.iterdir())
Folder = Any

GOOD = "series,period,value\ngood,2026-01,1\n"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_a_file_cut_short_gives_what_there_is(folder: Folder, name: str, share: float) -> None:
    """Whatever a copy that broke off holds, the good file beside it is read; nothing crashes."""
    content = (DATA / name).read_bytes()
    folder.put(name, content[: int(len(content) * share)])
    folder.put("good.csv", GOOD)
    folder.run(error_budget=1.0)

    assert "good|||2026-01-01" in folder.records("indicator")


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_broken_bytes_crashes_nothing(folder: Folder, name: str) -> None:
    """Bytes that were damaged on the way are refused row by row, or the file is named."""
    content = bytearray((DATA / name).read_bytes())
    chance = random.Random(name)
    for _ in range(max(4, len(content) // 40)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    folder.put(name, bytes(content))
    folder.put("good.csv", GOOD)
    summaries = folder.run(error_budget=1.0)

    assert "good|||2026-01-01" in folder.records("indicator")
    for summary in summaries.values():
        assert "Error(" not in str(summary.error)


@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith(".tsv")])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_the_encoding_makes_no_difference(folder: Folder, name: str, encoding: str) -> None:
    """A file that was saved in another encoding gives the same records."""
    text = (DATA / name).read_text()
    folder.put(name, text)
    folder.run()
    before = sorted(folder.records("indicator"))
    folder.put(name, text.encode(encoding), hours_ago=1)
    folder.run()

    assert before == sorted(folder.records("indicator"))


@pytest.mark.parametrize(
    "row",
    [
        "s,soon,5",
        "s,2026-01,five",
        "s,2026-01,1.2.3",
        "s,2026-01,=1+1",
        "s,2026-01,1e999999",
        ",,",
    ],
)
def test_a_bad_row_is_put_aside(folder: Folder, row: str) -> None:
    """A value or a period that is none is refused with its line; its neighbours are stored."""
    folder.put("x.csv", f"series,period,value\na,2026-01,1\n{row}\nb,2026-02,2\n")
    folder.run(error_budget=1.0)

    assert ["a|||2026-01-01", "b|||2026-02-01"] == sorted(folder.records("indicator"))
    assert row == ",," or [3] == [each.line for each in folder.refused()]


def dataset(**changes: Any) -> str:
    """Return a small dataset of JSON-stat with something else in it."""
    document: dict[str, Any] = {
        "version": "2.0",
        "class": "dataset",
        "label": "x",
        "id": ["geo", "time"],
        "size": [1, 2],
        "dimension": {
            "geo": {"category": {"index": ["ES"]}},
            "time": {"category": {"index": ["2026-01", "2026-02"]}},
        },
        "value": [1, 2],
    }
    return json.dumps(document | changes)


@pytest.mark.parametrize(
    "text",
    [
        dataset(size=[1, 3]),
        dataset(size=[1]),
        dataset(size=["a", "b"]),
        dataset(id=["geo", "when"]),
        dataset(id=None),
        dataset(dimension=[]),
        dataset(value="1"),
        dataset(value={"x": 1}),
        dataset(size=[10**9, 10**9]),
        dataset().replace("[1, 2]", "[NaN, 2]"),
        dataset()[:-5],
        '{"version": "2.0", "class": "dataset", "dimension": ' + "[" * 100_000,
    ],
)
def test_a_dataset_that_does_not_fit_itself_is_named(folder: Folder, text: str) -> None:
    """A cube whose parts contradict each other is not guessed at, and the file is named."""
    folder.put("x.json", text)
    folder.put("good.csv", GOOD)
    summaries = folder.run(error_budget=1.0)

    assert "good|||2026-01-01" in folder.records("indicator")
    assert summaries["unrecognised"].outcome is Outcome.FAILED or folder.refused()


def test_hostile_names_are_texts(folder: Folder) -> None:
    """Formulas and markup in names are kept as texts."""
    folder.put("x.csv", 'series,region,period,value\n"=cmd|x",<b>ES</b>,2026-01,1\n')
    folder.run()
    (found,) = folder.records("indicator").values()

    assert ("=cmd|x", "<b>ES</b>") == (found["series"], found["region"])


def test_the_same_file_twice_changes_nothing(folder: Folder) -> None:
    """A copy adds no values."""
    folder.put("a.csv", (DATA / "series.csv").read_bytes())
    folder.put("b.csv", (DATA / "series.csv").read_bytes())
    folder.run()

    assert 2 == len(folder.records("indicator"))


def test_an_unknown_file_is_named(folder: Folder) -> None:
    """A table without periods is no series, and is said to be none."""
    folder.put("x.csv", "a,b\n1,2\n")
    summaries = folder.run()

    assert "x.csv" in str(summaries["unrecognised"].error)
