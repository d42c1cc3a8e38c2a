"""Files damaged at random: what comes out is rows, bad rows, or one clear error."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from regard.errors import FileError
from regard.tabular import BadRow, Table, open_tables

CSV = ('id,name,"no\nte"\n' + '1,"a ""b""",é\n2,x,"m\nn"\n;;\n' * 20).encode()
JSON = b'{"m":1,"data":[' + b", ".join([b'{"a":1.5,"b":{"c":"\\u00e9","d":[1]}}'] * 20) + b"]}"
PIECES = [
    *(b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"\xc3", b";", b"{", b"}", b"[", b"]", b'""'),
    *(b"\\u", b"\\ud800", b"NaN", b"9" * 5000, b"\xef\xbb\xbf", b"#", b"\t", b"sep=;\n"),
]


def workbook() -> bytes:
    """Return a small XLSX file."""
    book, data = Workbook(), io.BytesIO()
    for number in range(30):
        book.active.append(["a", number, number * 1.5, date(2024, 1, 1)])
    book.save(data)
    book.close()
    return data.getvalue()


def archive() -> bytes:
    """Return a zip of two tables."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("x.csv", CSV)
        made.writestr("y.json", JSON)
    return data.getvalue()


WHOLE = {
    "csv": CSV,
    "utf-16": ("id\tname\n" + "1\té\n" * 50).encode("utf-16"),
    "json": JSON,
    "jsonl": b'{"a":1,"b":"x"}\n{"a":NaN}\n' * 20,
    "gzip": gzip.compress(CSV),
    "zip": archive(),
    "xlsx": workbook(),
}


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return bytes with a few things inserted, removed, changed or cut off."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(made) + 1)
        match chance.randrange(4):
            case 0:
                made[at:at] = chance.choice(PIECES)
            case 1:
                del made[at : at + chance.randint(1, 20)]
            case 2:
                made[at : at + 1] = bytes([chance.randrange(256)])
            case 3 if chance.random() < 0.5:
                del made[at:]
    return bytes(made)


def check(table: Table) -> None:
    """Read a table to its end and make sure that nothing but what is promised comes out."""
    assert len(set(table.header)) == len(table.header)
    assert all(table.header)

    for row in table.rows():
        if isinstance(row, BadRow):
            raw = [row.raw] if isinstance(row.raw, str) else list(row.raw)
            values = [*raw, row.message]
        else:
            values = [*row.values, *(row.surplus or {}), *(row.surplus or {}).values()]

            assert len(table.header) == len(row.values)

        for value in values:
            assert value is None or isinstance(value, (str, int, Decimal, date))
            assert not isinstance(value, str) or b"\0" not in value.encode()


@pytest.mark.parametrize("kind", WHOLE)
def test_damaged(tmp_path: Path, kind: str):
    """A damaged file never ends in a traceback, a float, or text that cannot be written."""
    chance = random.Random(kind)
    path = tmp_path / "f.csv"
    for _ in range(100):
        path.write_bytes(damaged(WHOLE[kind], chance))
        with suppress(FileError):
            for table in open_tables(path):
                check(table)
