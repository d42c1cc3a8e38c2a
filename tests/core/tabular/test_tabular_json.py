"""JSON and JSON Lines: exact, flat, and forgiving where that is safe."""

from __future__ import annotations

import json
import tracemalloc
from collections import deque
from decimal import Decimal
from pathlib import Path

import pytest

from regard.errors import FileError
from regard.tabular import BadRow, Row, Table, open_tables


def opened(folder: Path, content: str | bytes, name: str = "data.json", **wishes: object) -> Table:
    """Open the single table of a file."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (table,) = open_tables(path, **wishes)  # type: ignore[arg-type]
    return table


def short(table: Table) -> list[object]:
    """Return good rows as their line, bad ones as line and reason."""
    return [(r.line, r.reason) if isinstance(r, BadRow) else r.line for r in table.rows()]


def test_array(tmp_path):
    """An array of objects is a table; numbers come exact, missing keys as None."""
    table = opened(tmp_path, '[{"id": 1, "price": 19.10, "ok": true}, {"id": 2, "name": null}]')

    assert ("json", ("id", "price", "ok", "name"), 0) == (
        table.format,
        table.header,
        table.header_line,
    )
    assert [
        Row(1, [1, Decimal("19.10"), True, None]),
        Row(2, [2, None, None, None]),
    ] == list(table.rows())
    assert list(table.rows()) == list(table.rows())


def test_flattened(tmp_path):
    """Nested objects become dotted columns, arrays stay compact JSON text."""
    record = '{"customer": {"email": "a@b.es", "tags": ["x", {"n": 1.50}]}, "e": {}, "l": []}'
    table = opened(tmp_path, f"[{record}]")

    assert ("customer.email", "customer.tags", "e", "l") == table.header
    assert ["a@b.es", '["x",{"n":1.50}]', "{}", "[]"] == next(table.rows()).values


def test_array_inside_an_object(tmp_path):
    """The only list of objects in an object is the table, wherever its key stands."""
    text = '{"meta": {"page": 1, "tags": ["a"]}, "data": [{"a": 1}, {"a": 2}], "next": null}'

    assert [Row(1, [1]), Row(2, [2])] == list(opened(tmp_path, text).rows())


def test_nested_array(tmp_path):
    """A list of objects may lie deeper, and the one nearest to the top is the table."""
    text = '{"hits": {"total": 1, "hits": [{"id": "x", "lines": [{"n": 1}]}]}, "errors": []}'

    assert [["x", '[{"n":1}]']] == [row.values for row in opened(tmp_path, text).rows()]


def test_two_arrays(tmp_path):
    """Two lists of objects of one rank are ambiguous, also where the second comes late."""
    with pytest.raises(FileError, match=r"several lists of objects \('data', 'included'\)"):
        opened(tmp_path, '{"data": [{"a": 1}], "included": [{"b": 2}]}')
    many = ",".join(['{"a": 1}'] * 3_000)
    table = opened(tmp_path, f'{{"data": [{many}], "included": [{{"b": 2}}]}}')
    with pytest.raises(FileError, match="several lists of objects"):
        list(table.rows())


@pytest.mark.parametrize("text", ["[]", '{"data": []}', " [ ] \n"])
def test_no_records(tmp_path, text):
    """An empty list is a table without rows."""
    assert [] == list(opened(tmp_path, text).rows())


@pytest.mark.parametrize("text", ["42", '"text"', "null", "true"])
def test_scalar(tmp_path, text):
    """A single value is no table."""
    with pytest.raises(FileError, match="single JSON value"):
        opened(tmp_path, text)


def test_object_without_list(tmp_path):
    """An object without a list of objects, such as an error message, is no table."""
    with pytest.raises(FileError, match="JSON without a list of objects"):
        opened(tmp_path, '{"error": "token expired"}', "contacts.csv")


def test_nan_and_infinity(tmp_path):
    """NaN and Infinity are no numbers: their records are bad, the others go on."""
    table = opened(tmp_path, '[{"a": 1}, {"a": NaN}, {"a": [-Infinity]}, {"a": 4}]')

    assert [1, (2, "not-finite"), (3, "not-finite"), 4] == short(table)
    assert '{"a": NaN}' == next(r.raw for r in table.rows() if isinstance(r, BadRow))


def test_duplicate_keys(tmp_path):
    """A record with the same key twice cannot be vouched for, with dots or without."""
    table = opened(tmp_path, '[{"a": 1, "a": 2}, {"b.c": 1, "b": {"c": 2}}, {"a": 3}]')

    assert [(1, "duplicate-key"), (2, "duplicate-key"), 3] == short(table)


def test_monstrous_numbers(tmp_path):
    """Numbers of thousands of digits are bad, those that Decimal can hold are not."""
    table = opened(
        tmp_path, f'[{{"a": {"9" * 5000}}}, {{"a": 1e400}}, {{"a": 1.5e99999999999999999999}}]'
    )

    assert [(1, "bad-number"), 2, (3, "bad-number")] == short(table)


def test_not_an_object(tmp_path):
    """Elements that are no objects are bad rows."""
    table = opened(tmp_path, '[{"a": 1}, 7, null, [1], {"a": 2}]')

    assert [1, (2, "not-an-object"), (3, "not-an-object"), (4, "not-an-object"), 5] == short(table)


def test_truncated(tmp_path):
    """Of a file cut short the whole records are delivered, then it is called cut short."""
    text = json.dumps([{"id": n, "name": f"name {n}"} for n in range(20_000)])
    table = opened(tmp_path, text[: len(text) // 2])
    found: list[Row | BadRow] = []
    with pytest.raises(FileError, match=r"data\.json is cut short"):
        deque(map(found.append, table.rows()))

    assert found[-1].line > 9_000
    assert found[-1].values == [found[-1].line - 1, f"name {found[-1].line - 1}"]


def test_broken_in_the_middle(tmp_path):
    """Broken JSON in the middle ends the file, without reading the rest of it first."""
    good = ",".join(['{"a": 1}'] * 10)
    table = opened(tmp_path, f'[{good}, {{"a" 2}}, {good * 100_000}]')
    rows = table.rows()

    assert 10 == len([next(rows) for _ in range(10)])
    with pytest.raises(FileError, match="broken JSON after 10 values"):
        next(rows)


def test_one_value_is_no_plural(tmp_path):
    """A file that ends behind its first value says so in the singular."""
    rows = opened(tmp_path, '[{"a": 1}, {"a": ').rows()

    assert 1 == len([next(rows)])
    with pytest.raises(FileError, match="ends after 1 value where"):
        next(rows)


@pytest.mark.parametrize("text", ['[{"a": 1}] [{"a": 2}]', '[{"a": 1}', '[{"a": 1} {"a": 2}]'])
def test_malformed_document(tmp_path, text):
    """What does not end, goes on, or lacks a comma is an error after the good records."""
    rows = opened(tmp_path, text).rows()

    assert Row(1, [1]) == next(rows)
    with pytest.raises(FileError):
        list(rows)


def test_nested_too_deeply(tmp_path):
    """A tower of brackets is an error, not a crash."""
    with pytest.raises(FileError, match="nested too deeply"):
        opened(tmp_path, "[" * 200_000)
    table = opened(tmp_path, '{"a": 1}\n{"a": ' + "[" * 200_000 + "\n", "x.jsonl")

    assert [1, (2, "bad-json")] == short(table)


def test_late_keys(tmp_path):
    """Keys that turn up late are a row's surplus."""
    records = [{"a": n} for n in range(1_500)] + [{"a": 1, "b": {"c": 2}}]

    assert Row(1501, [1], {"b.c": 2}) == list(opened(tmp_path, json.dumps(records)).rows())[-1]


def test_wanted_keys(tmp_path):
    """Given its columns, a table has these, and the rest is surplus."""
    table = opened(tmp_path, '[{"a": 1, "b": 2}]', header=["b", "z"])

    assert [Row(1, [2, None], {"a": 1})] == list(table.rows())


def test_surrogates_and_nul(tmp_path):
    """Half characters and NUL never get out, whole pairs do."""
    text = r'[{"a": "\ud83d"}, {"a": "x\u0000"}, {"a": "\ud83d\ude00"}, {"\udc00": 1}]'
    table = opened(tmp_path, text)

    assert [(1, "undecodable"), (2, "nul-bytes"), 3, (4, "undecodable")] == short(table)
    assert "\N{GRINNING FACE}" == next(r.values[0] for r in table.rows() if isinstance(r, Row))
    assert all(json.dumps(r.raw).encode() for r in table.rows() if isinstance(r, BadRow))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path, encoding):
    """JSON comes in other encodings than it should."""
    table = opened(tmp_path, '[{"ciudad": "A Coruña"}]'.encode(encoding))

    assert [Row(1, ["A Coruña"])] == list(table.rows())


def test_damaged_utf8(tmp_path):
    """A broken byte costs its record only."""
    data = '[{"a": "ñ"}, {"a": "é"}, {"a": "'.encode() + b'\xe9"}, {"a": "x"}]'

    assert [1, 2, (3, "undecodable"), 4] == short(opened(tmp_path, data))


def test_memory_stays_flat(tmp_path):
    """A long file is never held whole."""
    path = tmp_path / "long.json"
    record = json.dumps({"id": 1, "text": "x" * 200})
    path.write_text("[" + ",".join([record] * 20_000) + "]")
    (table,) = open_tables(path)
    tracemalloc.start()
    count = sum(1 for _ in table.rows())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 20_000 == count
    assert peak < 3 << 20


def test_lines(tmp_path):
    """JSON Lines give the physical line; blank lines are skipped."""
    table = opened(tmp_path, '{"a": 1}\r\n\r\n{"a": 2.5, "b": {"c": "x"}}\n', "x.ndjson")

    assert ("jsonl", ("a", "b.c")) == (table.format, table.header)
    assert [Row(1, [1, None]), Row(3, [Decimal("2.5"), "x"])] == list(table.rows())


def test_lines_by_content(tmp_path):
    """One object a line is recognised under any name."""
    assert "jsonl" == opened(tmp_path, '{"a": 1}\n{"a": 2}\n', "x.json").format
    assert "jsonl" == opened(tmp_path, '{"a": 1}\n{"a": 2}\n', "x.csv").format


def test_broken_line(tmp_path):
    """A broken line is a bad row, whole, and its neighbours go on."""
    table = opened(tmp_path, '{"a": 1}\n{"a": \n7\n{"a": 2} x\n{"a": NaN}\n{"a": 3}\n', "x.jsonl")

    assert [
        1,
        (2, "bad-json"),
        (3, "not-an-object"),
        (4, "bad-json"),
        (5, "not-finite"),
        6,
    ] == short(table)
    assert '{"a":' == next(r.raw for r in table.rows() if isinstance(r, BadRow))


def test_broken_first_line(tmp_path):
    """The name tells where the first line does not."""
    assert [(1, "bad-json"), 2] == short(opened(tmp_path, '{"a"\n{"a": 1}\n', "x.jsonl"))


def test_lines_of_bad_bytes(tmp_path):
    """Bytes that are no text and NUL bytes cost their lines."""
    data = '{"a": "ñ"}\n{"a": "é"}\n'.encode() + b'{"a": "\xe9"}\n{"a": "\0"}\n{"a": 1}\n'

    assert [1, 2, (3, "undecodable"), (4, "nul-bytes"), 5] == short(
        opened(tmp_path, data, "x.jsonl")
    )


def test_bracketed_csv_header(tmp_path):
    """A CSV header may start with a bracket."""
    table = opened(tmp_path, "[Name],[City]\nAnn,Vigo\n", "x.csv")

    assert ("csv", ("[Name]", "[City]")) == (table.format, table.header)
