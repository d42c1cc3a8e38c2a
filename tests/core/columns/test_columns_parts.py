"""An export is cut into parts between rows, wherever its blocks end."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from regard.columns.exported import CsvParts

_HEADER = '"key","text"\n'
_ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.text(alphabet='"\n, xé', max_size=12)), max_size=30
)


def as_csv(rows: Sequence[tuple[str, str]]) -> bytes:
    """Return rows as a store exports them."""
    lines = ['"{}","{}"\n'.format(key, text.replace('"', '""')) for key, text in rows]
    return "".join([_HEADER, *lines]).encode()


@settings(deadline=None, max_examples=200)
@given(rows=_ROWS, ends=st.lists(st.integers(1, 40)), part_bytes=st.integers(1, 60))
def test_any_cut(rows: list[tuple[str, str]], ends: list[int], part_bytes: int) -> None:
    """Each part is whole CSV with the header, and together they hold all rows in order."""
    data = as_csv(rows)
    found: list[tuple[str, ...]] = []

    def read(parts: Sequence[Path]) -> None:
        for path in parts:
            table = [*csv.reader(io.StringIO(path.read_text("utf-8"), newline=""))]
            assert [["key", "text"], True] == [table[0], all(len(row) == 2 for row in table)]
            found.extend(tuple(row) for row in table[1:])

    with tempfile.TemporaryDirectory() as name:
        stream = CsvParts(Path(name) / "x", read, part_bytes=part_bytes)
        stream.write(data[: len(_HEADER)])
        start = len(_HEADER)
        for length in [*ends, len(data)]:
            stream.write(memoryview(data)[start : start + length])
            start += length
        stream.finish(even_empty=False)
        left = [*Path(name).iterdir()]

    assert (rows, []) == (found, left)


def test_parts_stay_small(tmp_path: Path) -> None:
    """However large a block is, no part is much larger than asked for."""
    sizes: list[int] = []

    def read(parts: Sequence[Path]) -> None:
        sizes.extend(path.stat().st_size for path in parts)

    stream = CsvParts(tmp_path / "x", read, part_bytes=1_000)
    stream.write(as_csv([("a", "x" * 50)] * 1_000))
    stream.finish(even_empty=False)

    assert 1_100 > max(sizes)
    assert 50 < len(sizes)


def test_no_rows(tmp_path: Path) -> None:
    """Of an empty table the header alone is handed on where a file is wanted."""
    found: list[str] = []

    def read(parts: Sequence[Path]) -> None:
        found.extend(path.read_text() for path in parts)

    for even_empty in (False, True):
        stream = CsvParts(tmp_path / "x", read)
        stream.write(_HEADER.encode())
        stream.finish(even_empty=even_empty)

    assert [_HEADER] == found
