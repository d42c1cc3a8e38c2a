"""State: cursors and files are set back, carried elsewhere, and every change is logged."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from regard.clock import FixedClock
from regard.cursors import CursorValue
from regard.errors import LeaseHeld, RegardError, UsageError
from regard.runs import Outcome
from regard.store import RunStart, Store, cursors, files, leases, runs, state, statefiles
from regard.store.files import FileState
from regard.store.state import SourceState, StoredCursor
from regard.store.transactions import table

DAY = datetime(2026, 1, 31, 8, tzinfo=UTC)


def read(
    store: Store,
    value: CursorValue | None,
    *,
    stream: str = "contacts",
    file: str | None = None,
    hour: int = 0,
) -> int:
    """Leave behind what a run does: a cursor, a file, and its place in the history."""
    store.clock = FixedClock(DAY + timedelta(hours=hour))
    with store.write() as transaction:
        run_id = runs.begin(transaction, RunStart("crm", "crm-export", None, "", "test"))
        if value is not None:
            cursors.save(transaction, "crm", stream, value, run_id=run_id, batch_id=1)
        if file is not None:
            known = FileState(stream, file, 9, 9, "abc", 3, complete=True, recipe="r")
            files.save(transaction, "crm", known, run_id)
        runs.finish(transaction, run_id, Outcome.OK, None)
    return run_id


def rewind(store: Store, run_id: int, stream: str | None = None, hour: int = 50) -> Any:
    """Set the source back."""
    store.clock = FixedClock(DAY + timedelta(hours=hour))
    with store.write() as transaction:
        return state.rewind(transaction, "crm", run_id, stream)


def cursor(store: Store, stream: str = "contacts") -> CursorValue | None:
    """Return a cursor."""
    with store.read() as transaction:
        return cursors.load(transaction, "crm", stream)


def log(store: Store) -> list[tuple[Any, ...]]:
    """Return the run, the batch and the value of each entry in the log."""
    logged = table("cursor_log")
    query = select(logged.c.run_id, logged.c.batch_id, logged.c.value).order_by(logged.c.id)
    with store.read() as transaction:
        return [tuple(row) for row in transaction.connection.execute(query)]


@pytest.mark.parametrize(
    ("run_id", "stream", "said"),
    [
        (99, None, "source 'crm' has no run 99"),
        (2, None, "run 2 is one of 'shop'"),
        (1, "contcts", "no stream 'contcts' with a state; did you mean 'contacts'?"),
    ],
)
def test_what_cannot_be_gone_back_to(
    store: Store, run_id: int, stream: str | None, said: str
) -> None:
    """A run or stream that the source does not have is refused, and nothing changes."""
    read(store, 1)
    with store.write() as transaction:
        runs.begin(transaction, RunStart("shop", "crm-export", None, "", "test"))

    with pytest.raises(UsageError, match=said):
        rewind(store, run_id, stream)
    assert 1 == cursor(store)


def test_a_source_without_a_state(store: Store) -> None:
    """A source that was never read cannot be set back."""
    with pytest.raises(UsageError, match="source 'crm' has no state"):
        rewind(store, 0)


def test_back_to_a_run(store: Store) -> None:
    """The cursor is what it was when the run had ended, and the log says who moved it."""
    read(store, 1)
    second = read(store, 2, hour=1)
    read(store, 3, hour=2)
    (done,) = rewind(store, second)

    assert 2 == cursor(store)
    assert ('{"type": "int", "value": 3}', '{"type": "int", "value": 2}') == (
        done.before,
        done.after,
    )
    assert (0, 0, '{"type": "int", "value": 2}') == log(store)[-1]


def test_a_run_that_moved_nothing(store: Store) -> None:
    """A run that found nothing new left the cursor where the one before had put it."""
    read(store, 1)
    quiet = read(store, 1, hour=1)
    read(store, 3, hour=2)
    rewind(store, quiet)

    assert 1 == cursor(store)


def test_what_was_set_by_hand_before_a_run(store: Store) -> None:
    """A rewind before a run counts for it; one after it does not."""
    first = read(store, 1)
    read(store, 9, hour=1)
    rewind(store, first, hour=2)
    quiet = read(store, 1, hour=3)
    rewind(store, 0, hour=4)
    read(store, 5, hour=5)
    rewind(store, quiet, hour=6)

    assert 1 == cursor(store)


def test_back_to_the_beginning(store: Store) -> None:
    """Before the first run there was no cursor, and the log says that it was removed."""
    read(store, 1)
    rewind(store, 0)

    assert cursor(store) is None
    assert (0, 0, None) == log(store)[-1]


def test_only_one_stream(store: Store) -> None:
    """Another stream stays where it is, and so do its files."""
    first = read(store, 1, file="a.csv")
    read(store, 1, stream="deals", file="a.csv")
    read(store, 2, file="b.csv")
    read(store, 2, stream="deals", file="b.csv")
    (done,) = rewind(store, first, "contacts")
    with store.read() as transaction:
        known = files.load(transaction, "crm")

    assert (1, 2) == (cursor(store), cursor(store, "deals"))
    assert 1 == done.files
    assert {("contacts", "a.csv"), ("deals", "a.csv"), ("deals", "b.csv")} == {
        (each.stream, each.path) for each in known if each.complete
    }


def test_nobody_changes_what_a_run_is_changing(store: Store) -> None:
    """While the source is read its state cannot be changed."""
    with store.write() as transaction:
        transaction.writer.lock()
        leases.acquire(transaction, "source:crm", 1)

    with pytest.raises(LeaseHeld, match="is being read by run 1"), store.write() as transaction:
        state.require_idle(transaction, "crm")


VALUES: list[CursorValue] = [
    DAY,
    date(2026, 1, 31),
    17,
    "page é",
    {"offset": 3, "seen": ["a"]},
]


def test_a_round_trip(store: Store) -> None:
    """What is exported can be imported: cursors of every type and all files."""
    whole = SourceState(
        "crm",
        [StoredCursor(f"stream{at}", "live", value) for at, value in enumerate(VALUES)],
        [FileState("contacts", "a é.csv", 9, 10**18, "abc", 3, complete=False, recipe="r")],
    )
    with store.write() as transaction:
        state.replace(transaction, SourceState("crm", [StoredCursor("old", "live", 1)]))
        state.replace(transaction, whole)
    with store.read() as transaction:
        stored = state.load(transaction, "crm")
    text = json.dumps(statefiles.dump([stored], DAY))
    (parsed,) = statefiles.parse(text, "state.json")

    assert [(each.stream, each.value) for each in whole.cursors] == [
        (each.stream, each.value) for each in stored.cursors
    ]
    assert list(whole.files) == list(stored.files) == list(parsed.files)
    assert [each.value for each in stored.cursors] == [each.value for each in parsed.cursors]
    assert all((0, 0) == entry[:2] for entry in log(store))
    assert 1 + len(VALUES) + 1 == len(log(store))


def test_an_equal_state_is_not_logged(store: Store) -> None:
    """Importing what is there already changes nothing and logs nothing."""
    whole = SourceState("crm", [StoredCursor("contacts", "live", DAY)])
    for _ in range(2):
        with store.write() as transaction:
            state.replace(transaction, whole)

    assert 1 == len(log(store))


CURSOR = {"stream": "s", "purpose": "live", "type": "int", "value": 1}
FILE = {
    "stream": "s",
    "path": "a.csv",
    "size": 1,
    "modified_ns": 1,
    "sha256": "",
    "rows_done": 1,
    "complete": True,
    "recipe": "",
}


def exported(cursor: Any = None, file: Any = None, **more: Any) -> str:
    """Return a file's text."""
    source = {
        "cursors": [CURSOR if cursor is None else cursor],
        "files": [FILE if file is None else file],
    }
    return json.dumps({"format": 1, "exported_at": "", "sources": {"crm": source}, **more})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "the file: "),
        ("{}", "format: Field required"),
        (exported(format=2), "format: Input should be 1"),
        (exported(more=1), "more: Extra inputs are not permitted"),
        (exported(sources={"crm": {}}), "sources.crm.cursors: Field required"),
        (
            exported({**CURSOR, "value": "x"}),
            "sources.crm.cursors.0: the stored cursor says 'int'",
        ),
        (exported({**CURSOR, "type": "datetime", "value": "2026-01-01T00:00"}), "without a zone"),
        (exported({**CURSOR, "type": "datetime", "value": "soon"}), "cannot be read"),
        (exported({**CURSOR, "stream": ""}), "cursors.0.stream: "),
        (exported({**CURSOR, "stream": "a\0"}), "cursors.0.stream: "),
        (exported({**CURSOR, "type": "str", "value": "x" * 70_000}), "65536 bytes"),
        (exported(file={**FILE, "rows_done": "3"}), "files.0.rows_done: "),
        (exported(file={**FILE, "rows_done": -5}), "files.0.rows_done: "),
        (exported(file={**FILE, "complete": 1}), "files.0.complete: "),
        (exported(sources={"crm": {"cursors": [CURSOR, CURSOR], "files": []}}), "twice"),
        (exported(sources={"crm": {"cursors": [], "files": [FILE, FILE]}}), "twice"),
    ],
)
def test_a_file_that_is_no_state(text: str, said: str) -> None:
    """A file that was not exported so is refused whole, with the place of the fault."""
    with pytest.raises(RegardError) as caught:
        statefiles.parse(text, "state.json")

    assert said in str(caught.value)
