"""Files of a million rows: every reader reads them whole, in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

MakeProject = Callable[..., Path]

_MOST_KB = 400 * 1024
"""What a run may need at most, however long its file is."""

_MEASURED = """\
import resource, subprocess, sys
code = subprocess.call([sys.executable, "-m", "regard", *sys.argv[1:]])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""
"""A process takes over the peak of the one that starts it: this one is small, pytest's is not."""

_FORM = """\
name = "Store"
version = "1"
[columns]
visit = "Visit"
item = "Item"
answer = "Answer"
place = "Store"
visited_at = "Day"
"""
_ITEMS = ("greets", "tidy", "asks", "offers", "receipt")


def _answers(rows: int) -> Iterator[str]:
    yield '#,"How likely are you to recommend us, from 0 to 10?",Submit Date (UTC)\n'
    for n in range(rows):
        yield f"r{n},{n % 11},2026-05-{n % 28 + 1:02} 10:00:00\n"


def _items(rows: int) -> Iterator[str]:
    yield "Visit,Store,Day,Item,Answer\n"
    for n in range(rows):
        visit, item = divmod(n, len(_ITEMS))
        answer = "Yes" if n % 3 else "No"
        yield f"V{visit},S{visit % 40},2026-05-{visit % 28 + 1:02},{_ITEMS[item]},{answer}\n"


def _messages(rows: int) -> Iterator[str]:
    for n in range(rows):
        yield (
            "From c@mail.example Mon Jan  5 10:03:00 2026\n"
            f"From: c{n}@mail.example\nTo: survey@shop.example\nSubject: Re: n{n}\n"
            f"In-Reply-To: <i{n}@shop.example>\nMessage-ID: <{n}@mail.example>\n"
            f"Date: Mon, 05 Jan 2026 10:03:00 +0100\n\n{n % 11}\n\n> From 0 to 10?\n\n"
        )


def _values(rows: int) -> Iterator[str]:
    yield "series,region,period,value\n"
    for n in range(rows):
        yield f"s{n // 12_000},R{n // 12 % 1000},2026-{n % 12 + 1:02},{n}.5\n"


def _tickets(rows: int) -> Iterator[str]:
    yield "Ticket ID,Subject,Status,Created Time,Closed Time\n"
    for n in range(rows):
        yield f"{n},x,Closed,2026-09-01,2026-09-02\n"


def _mentions(rows: int) -> Iterator[str]:
    yield "Date,Text,URL\n"
    for n in range(rows):
        yield f"2026-09-12,words,https://social.example/{n}\n"


@dataclass(frozen=True, slots=True)
class Large:
    """
    A file that is large.

    Attributes:
        name: What it is called.
        lines: Yields its lines.
        rows: How many.
        stored: How many records they are.
        config: What its source says beside its path.
    """

    name: str
    lines: Callable[[int], Iterator[str]]
    rows: int
    stored: int
    config: str


LARGE = {
    "survey-export": Large("t.csv", _answers, 1_000_000, 1_000_000, ""),
    "mystery-shopping": Large("v.csv", _items, 500_000, 600_000, 'form = "store.toml"\n'),
    "indicators": Large("i.csv", _values, 1_000_000, 1_000_000, ""),
    "touchpoints": Large("tickets.csv", _tickets, 1_000_000, 1_000_000, ""),
    "touchpoints, mentions": Large("mentions.csv", _mentions, 1_000_000, 1_000_000, ""),
    "mailbox": Large("m.mbox", _messages, 200_000, 200_000, 'own = ["shop.example"]\n'),
    "survey-mailbox": Large("r.mbox", _messages, 60_000, 60_000, 'survey = "Large"\n'),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_a_large_file_is_read_in_bounded_memory(project: MakeProject, name: str) -> None:
    """However many rows a file has, all are stored, and memory does not grow with them."""
    large = LARGE[name]
    plugin = name.partition(",")[0]
    form = _FORM + "".join(f'[[items]]\nname = "{item}"\ntext = "{item}"\n' for item in _ITEMS)
    root = project(
        f'[sources.large]\nplugin = "{plugin}"\npath = "in/*"\n{large.config}',
        files={"store.toml": form},
    )
    (root / "in").mkdir()
    with (root / "in" / large.name).open("w") as file:
        file.writelines(large.lines(large.rows))
    command = [sys.executable, "-c", _MEASURED, "run", "large", "--json", "--quiet"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    runs = json.loads(done.stdout)["runs"]

    assert 0 == done.returncode
    assert (large.stored, 0) == (sum(r["new"] for r in runs), sum(r["quarantined"] for r in runs))
    assert int(done.stderr.split()[-1]) < _MOST_KB
