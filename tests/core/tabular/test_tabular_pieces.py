"""A CSV file that is read in pieces gives the rows that reading it row by row gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regard.tabular import BadRow, Piece, PieceReader, Row, Table, contents, delimited, open_tables

Read: TypeAlias = list[tuple[int, tuple[object, ...]] | tuple[int, str]]

HEADER = "order,name,note\n"
CELLS = st.one_of(
    st.sampled_from(
        ["", "A1", " ", '5" pipe', '"', '""', '"x"', '" x"', '"x" ', ' "x"', "é", "�"]
    ),
    st.sampled_from(['"two\nlines"', '"a ""b"" c"', '"a,b"', "a\0b", "order", "\ufeff", '"open']),
    st.text('a,"\n\r é', max_size=5),
)
TEXTS = st.lists(
    st.lists(CELLS, min_size=2, max_size=4).map(",".join) | st.just("order,name,note"), max_size=20
)


@contextmanager
def small_cuts() -> Iterator[None]:
    """Cut files after some ten characters instead of some millions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contents, "BLOCK", 40)
        patch.setattr(delimited, "PIECE", 60)
        yield


def shown(item: Row | BadRow) -> tuple[int, tuple[object, ...]] | tuple[int, str]:
    """Return a row's line with its cells, or with the reason why it is none."""
    return (item.line, tuple(item.values)) if isinstance(item, Row) else (item.line, item.reason)


def in_pieces(table: Table) -> tuple[Read, int]:
    """Return what a table gives in pieces, and how many rows came many at once."""
    found: Read = []
    at_once = 0
    pieces = table.pieces()
    assert pieces is not None
    with closing(PieceReader(len(table.header), ",")) as reader:
        for item in pieces:
            if not isinstance(item, Piece):
                found.append(shown(item))
                continue
            count = reader.load(item)
            if count is None:
                item.refused = True
                continue
            cells: Sequence[tuple[str, ...]] = reader.rows("SELECT * FROM piece ORDER BY rowid")
            for at, values in enumerate(cells):
                row = item.row(at, count)
                if row is not None:
                    assert tuple(row.values) == values
                    found.append(shown(row))
                    at_once += 1
    return found, at_once


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=TEXTS, newline=st.sampled_from(["\n", "\r\n"]), ended=st.booleans())
def test_pieces_give_the_same_rows(
    lines: list[str], newline: str, ended: bool, tmp_path: Path
) -> None:
    """Whatever is in a file, both ways give the same rows, bad rows and line numbers."""
    text = HEADER + "A0,first,row\n" + "\n".join(lines) + "\n" * ended
    path = tmp_path / "file.csv"
    path.write_bytes(text.replace("\n", newline).encode())
    (table,) = open_tables(path, delimiter=",", encoding="utf-8", header=None)
    expected = [shown(item) for item in table.rows()]
    whole, _ = in_pieces(table)
    with small_cuts():
        cut, _ = in_pieces(table)

    assert expected == whole
    assert expected == cut


def test_plain_files_come_many_rows_at_once(tmp_path: Path) -> None:
    """Quotes, doubled quotes and records of several lines keep nobody from it."""
    rows = "".join(f'A{at},"x,""y""","two\nlines {at}"\n' for at in range(200))
    path = tmp_path / "file.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    (table,) = open_tables(path)
    found, at_once = in_pieces(table)
    with small_cuts():
        cut, cut_at_once = in_pieces(table)

    assert 200 == at_once == cut_at_once
    assert found == cut == [shown(item) for item in table.rows()]
