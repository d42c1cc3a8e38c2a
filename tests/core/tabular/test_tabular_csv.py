"""CSV as real systems and bad luck write it."""

from __future__ import annotations

import gc
import time
import warnings
from pathlib import Path

import pytest

from regard.errors import FileError
from regard.tabular import BadRow, Row, Table, open_tables


def write(folder: Path, content: str | bytes, name: str = "orders.csv") -> Path:
    """Write a file as it is, without touching its line ends."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def opened(folder: Path, content: str | bytes, **wishes: object) -> Table:
    """Open the single table of a file."""
    (table,) = open_tables(write(folder, content), **wishes)  # type: ignore[arg-type]
    return table


def values(table: Table) -> list[list[object]]:
    """Return the values of all rows, which must all be good."""
    rows = list(table.rows())

    assert [] == [row for row in rows if isinstance(row, BadRow)]

    return [list(row.values) for row in rows if isinstance(row, Row)]


def short(table: Table) -> list[object]:
    """Return good rows as their line, bad ones as line and reason."""
    return [(r.line, r.reason) if isinstance(r, BadRow) else r.line for r in table.rows()]


def test_plain(tmp_path):
    """A plain file gives its header, its rows as text, and the line of each."""
    table = opened(tmp_path, "id,name,total\n1,Ann,2.50\n2,,3\n")

    assert ("id", "name", "total") == table.header
    assert [Row(2, ["1", "Ann", "2.50"]), Row(3, ["2", "", "3"])] == list(table.rows())
    assert ("csv", ",", "utf-8", 1, None, "orders.csv", []) == (
        table.format,
        table.delimiter,
        table.encoding,
        table.header_line,
        table.member,
        table.label,
        table.notes,
    )


def test_again(tmp_path):
    """Rows may be read again, and two readings do not disturb each other."""
    table = opened(tmp_path, "a,b\n1,2\n3,4\n")
    one, two = table.rows(), table.rows()

    assert next(one) == next(two)
    assert list(one) == list(two)
    assert 2 == len(list(table.rows()))


def test_sample(tmp_path):
    """A sample is the first good rows and leaves no notes behind."""
    table = opened(tmp_path, "a,b\n1,2\nbad\na,b\n3,4\n5,6\n")

    assert [Row(2, ["1", "2"]), Row(5, ["3", "4"])] == table.sample(2)
    assert [] == table.notes


@pytest.mark.parametrize("content", ["", "\n\n  \n", "\ufeff", "\0\0\0\0", ",,,\n,,,\n"])
def test_empty(tmp_path, content):
    """A file with nothing in it is called empty."""
    with pytest.raises(FileError, match=r"^orders\.csv is empty"):
        open_tables(write(tmp_path, content))


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\n"])
def test_header_only(tmp_path, end):
    """A header without rows is a table of no rows."""
    table = opened(tmp_path, "a;b;c" + end)

    assert ("a", "b", "c") == table.header
    assert [] == list(table.rows())


def test_missing_and_folder(tmp_path):
    """A missing file and a folder are named as such."""
    with pytest.raises(FileError, match=r"none\.csv cannot be read: No such file"):
        open_tables(tmp_path / "none.csv")
    with pytest.raises(FileError, match="is a folder"):
        open_tables(tmp_path)


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
        ("cp1252", "cp1252"),
    ],
)
def test_encodings(tmp_path, encoding, told):
    """Every usual encoding is recognised, with or without a byte order mark."""
    text = "Prénom\tVille\tPrix €\n" + "José\tA Coruña\t12,50\nZoé\tOrléans\t3\n"
    table = opened(tmp_path, text.encode(encoding))

    assert ("Prénom", "Ville", "Prix €") == table.header
    assert [["José", "A Coruña", "12,50"], ["Zoé", "Orléans", "3"]] == values(table)
    assert (told, "\t") == (table.encoding, table.delimiter)


def test_late_cp1252(tmp_path):
    """A file that was ASCII for a long time may still turn out to be cp1252."""
    body = "".join(f"{n},plain\n" for n in range(100_000)) + "100000,café\n"
    table = opened(tmp_path, ("id,word\n" + body).encode("cp1252"))

    assert "utf-8" == table.encoding
    assert ["100000", "café"] == values(table)[-1]
    assert "cp1252" == table.encoding
    assert ["read as cp1252: it has bytes that are not utf-8"] == table.notes


def test_damaged_utf8(tmp_path):
    """In a UTF-8 file a broken byte costs its line, not its neighbours."""
    good = "é,ñ\n".encode() * 3
    table = opened(tmp_path, b"one,two\n" + good + b"x\xe9y,z\n" + good)
    bad = [row for row in table.rows() if isinstance(row, BadRow)]

    assert 6 == len(list(table.rows())) - 1
    assert [
        BadRow(
            5,
            r"x\xe9y,z",
            "undecodable",
            "line 5 has bytes that are no text in this file's encoding",
        )
    ] == bad


def test_late_damaged_utf8(tmp_path):
    """Broken bytes are found in any block, and the last character may be cut off."""
    lines = [f"{n},naïve\n".encode() for n in range(60_000)]
    lines[50_000] = b"50000,na\xefve\n"
    table = opened(tmp_path, b"id,word\n" + b"".join(lines) + "60000,é".encode()[:-1])
    found = [(r.line, r.reason) for r in table.rows() if isinstance(r, BadRow)]

    assert [(50_002, "undecodable"), (60_002, "undecodable")] == found
    assert 60_001 == sum(1 for _ in table.rows())


def test_forced_encoding(tmp_path):
    """A wanted encoding is taken at its word, bytes that are not in it cost their lines."""
    data = b"id,word\n1,plain\n2,caf\xe9\n3,fin\n"

    assert [2, (3, "undecodable"), 4] == short(opened(tmp_path, data, encoding="utf-8"))
    assert ["2", "café"] == values(opened(tmp_path, data, encoding="latin-1"))[1]


def test_unknown_encoding(tmp_path):
    """An encoding that does not exist is refused with the nearest that does."""
    with pytest.raises(FileError, match="encoding 'utf9' is not known; did you mean 'utf"):
        opened(tmp_path, "a,b\n", encoding="utf9")
    with pytest.raises(FileError, match="'base64' is not known"):
        opened(tmp_path, "a,b\n", encoding="base64")


def test_undecodable_header(tmp_path):
    """A header that is no text in the wanted encoding is an error, not a column."""
    with pytest.raises(FileError, match="the header on line 1 is no text in utf-8"):
        opened(tmp_path, b"id,pr\xe9nom\n1,x\n", encoding="utf-8")


def test_nul_bytes(tmp_path):
    """NUL bytes, as crashes leave them, cost their lines only."""
    table = opened(tmp_path, b"a,b\n1,2\n3\0,4\n5,6\n" + b"\0" * 50)

    assert [2, (3, "nul-bytes"), 4, (5, "nul-bytes")] == short(table)
    assert r"3\x00,4" == next(r.raw for r in table.rows() if isinstance(r, BadRow))


def test_mixed_newlines(tmp_path):
    """All three line ends may occur in one file, and each counts as one line."""
    table = opened(tmp_path, "a,b\r\n1,2\r3,4\n5,6\r\n\r\n7,8")

    assert [2, 3, 4, 6] == [row.line for row in table.rows()]
    assert [["1", "2"], ["3", "4"], ["5", "6"], ["7", "8"]] == values(table)


def test_old_macintosh(tmp_path):
    """A long file that only knows the carriage return is read all the same."""
    body = "".join(f"{n},x\r" for n in range(80_000))

    assert 80_000 == len(values(opened(tmp_path, "a,b\r" + body)))


def test_quotes(tmp_path):
    """Quoted line breaks, doubled quotes and delimiters inside quotes are part of the value."""
    table = opened(tmp_path, 'a,b\r\n1,"two\r\nlines"\r\n2,"say ""hi"", you"\r\n')

    assert [Row(2, ["1", "two\r\nlines"]), Row(4, ["2", 'say "hi", you'])] == list(table.rows())


def test_everything_quoted(tmp_path):
    """A file in which every cell is quoted is read like any other."""
    table = opened(tmp_path, '"a","b"\r\n"1","x;y"\r\n"2","say ""hi"""\r\n')

    assert (("a", "b"), ",") == (table.header, table.delimiter)
    assert [["1", "x;y"], ["2", 'say "hi"']] == values(table)


def test_unusual_line_separators_are_text(tmp_path):
    """What Unicode calls a line separator is a character like others."""
    table = opened(tmp_path, "a,b\n1,x\u2028y\x0bz\x85\n2,ok\n")

    assert [["1", "x\u2028y\x0bz\x85"], ["2", "ok"]] == values(table)


def test_unclosed_quote(tmp_path):
    """A quote that is never closed costs its own line, whatever follows."""
    table = opened(tmp_path, 'id,text\n1,ok\n2,"oops\n3,fine\n4,"good, too"\n5,"",\n6,end\n')

    assert [2, (3, "broken-quotes"), 4, 5, 6, 7] == short(table)


def test_unclosed_quote_in_large_file(tmp_path):
    """An unclosed quote far from any other does not swallow megabytes."""
    many = "".join(f"{n},some words to fill the line\n" for n in range(100_000))
    table = opened(tmp_path, "id,text\n" + many + '1,"oops\n' + many)
    found = short(table)

    assert 200_001 == len(found)
    assert (100_002, "broken-quotes") == found[100_000]
    assert 200_002 == found[-1]


def test_unclosed_quote_at_the_end(tmp_path):
    """A quote still open at the end of the file costs one line."""
    assert [2, (3, "broken-quotes"), 4] == short(opened(tmp_path, 'a,b\n1,2\n3,"4\n5,6'))


def test_quote_closed_by_a_neighbour(tmp_path):
    """Where a neighbour's quote closes an open one, the lines between are not lost."""
    table = opened(tmp_path, 'a,b,c\n1,x,"open\n2,y,z\n3,y,z\n4,"q",w\n5,y,z\n6,y","z\n')

    assert (2, "broken-quotes") == short(table)[0]
    assert [3, 4, 5, 6] == short(table)[1:5]


def test_quote_inside_quotes(tmp_path):
    """A quote that is not doubled inside quotes makes a bad row, in a bare field it is a quote."""
    table = opened(tmp_path, 'a,b\n1,"a 5" pipe"\n2,a 5" pipe\n')

    assert [(2, "broken-quotes"), 3] == short(table)
    assert '1,"a 5" pipe"' == next(r.raw for r in table.rows() if isinstance(r, BadRow))


def test_many_broken_quotes_are_quick(tmp_path):
    """Thousands of broken lines take no longer than they should."""
    table = opened(tmp_path, "a,b\n" + '1,"x\n' * 20_000)
    start = time.perf_counter()

    assert 20_000 == len(list(table.rows()))
    assert time.perf_counter() - start < 5


def test_field_too_large(tmp_path):
    """A field of more than a million characters is a bad row between good ones."""
    table = opened(tmp_path, "a,b\n1,2\n3," + "x" * 1_100_000 + "\n5,6\n")

    assert [2, (3, "field-too-large"), 4] == short(table)


def test_line_too_long(tmp_path):
    """A line of tens of millions of characters is no line of a table."""
    table = opened(tmp_path, "a,b\n1,2\n" + "x" * (34 << 20))
    rows = table.rows()

    assert 2 == next(rows).line
    with pytest.raises(FileError, match="line of more than 32 million characters"):
        next(rows)


def test_short_and_long_lines(tmp_path):
    """Short and long lines are bad rows; surplus empty cells are trimmed, blank lines skipped."""
    table = opened(tmp_path, "a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n\n  \n,,\n,,,,\n,2,\n")

    assert [2, (3, "short-line"), (4, "long-line"), 5, 10] == short(table)
    assert [
        BadRow(3, ["1", "2"], "short-line", "line 3 has 2 fields where the header has 3"),
        BadRow(4, ["1", "2", "3", "4"], "long-line", "line 4 has 4 fields where the header has 3"),
    ] == [row for row in table.rows() if isinstance(row, BadRow)]


def test_repeated_header(tmp_path):
    """Headers in the middle of files put together are passed over and counted."""
    table = opened(tmp_path, "\ufeffid,b\n1,2\n\ufeffid,b\n3,4\nid,b\nid,c\n")

    assert [["1", "2"], ["3", "4"], ["id", "c"]] == values(table)
    assert ["2 repeated headers passed over"] == table.notes
    assert ["2 repeated headers passed over"] == (list(table.rows()), table.notes)[1]


def test_preamble(tmp_path):
    """Titles and comments before the header are passed over."""
    text = (
        "# ----------\n# Events, all\n# Start date: 20260910\n\n"
        "Event name,Event count,Total users\npurchase,12,7\nview,90,44\n"
    )
    table = opened(tmp_path, text)

    assert ("Event name", "Event count", "Total users") == table.header
    assert (5, 6) == (table.header_line, next(table.rows()).line)
    assert ["4 lines before the header passed over"] == table.notes


def test_padded_title(tmp_path):
    """Title rows that a spreadsheet padded with delimiters are titles still."""
    table = opened(tmp_path, "Sales report;;;\n;;;\nRef;Name;Qty;Total\n1;x;2;3,50\n2;y;1;9,99\n")

    assert ("Ref", "Name", "Qty", "Total") == table.header
    assert ["2", "y", "1", "9,99"] == values(table)[1]


def test_hash_as_first_column(tmp_path):
    """A column that is called # is a column."""
    table = opened(tmp_path, "#,What is your name?,Submit Date (UTC)\nab12,Ann,2024-01-02\n")

    assert ("#", "What is your name?", "Submit Date (UTC)") == table.header


@pytest.mark.parametrize("hint", ["sep=;\r\n", '"sep=;"\n', "SEP=;\n"])
def test_excel_hint(tmp_path, hint):
    """Excel's hint names the delimiter and is no row."""
    table = opened(tmp_path, hint + "a,b;c\n1,5;2\n")

    assert ("a,b", "c") == table.header
    assert (2, ";") == (table.header_line, table.delimiter)
    assert [["1,5", "2"]] == values(table)


def test_narrow_header(tmp_path):
    """A header narrower than its data stays the header; the data are long lines."""
    table = opened(tmp_path, "a,b\n1,2,3\n4,5,6\n")

    assert ("a", "b") == table.header
    assert [(2, "long-line"), (3, "long-line")] == short(table)


def test_wide_header(tmp_path):
    """A header wider than all its data stays the header."""
    table = opened(tmp_path, "id,name,city,note\n1,x\n2,y\n3,z\n")

    assert ("id", "name", "city", "note") == table.header
    assert ["short-line"] * 3 == [row.reason for row in table.rows() if isinstance(row, BadRow)]


def test_years_as_header(tmp_path):
    """A header of numbers is a header when nothing else can be."""
    table = opened(tmp_path, "Region,2022,2023,2024\nNorth,1,2,3\nn/a,n/a,n/a,n/a\n")

    assert ("Region", "2022", "2023", "2024") == table.header


def test_more_footers_than_rows(tmp_path):
    """A report of few rows keeps its header, however many lines of footer follow."""
    footers = "Report Name\nCopyright 2026\nConfidential\nGenerated By: x\n"
    one = opened(tmp_path, f"Name,Stage,Amount\nBig deal,Won,5\n{footers}")
    notes = opened(tmp_path, "note\nfirst, well\nsecond\nthird\n")

    assert ("Name", "Stage", "Amount") == one.header
    assert ("note",) == notes.header[:1]


def test_header_names(tmp_path):
    """Header names come trimmed, unique and never empty."""
    table = opened(tmp_path, 'id, Name ,"""x""",Name,,Name (2),Name\n1,2,3,4,5,6,7\n')

    assert ("id", "Name", "x", "Name (3)", "column 5", "Name (2)", "Name (4)") == table.header


def test_unnamed_columns(tmp_path):
    """Unnamed columns at the end stay if something is in them, and go if not."""
    survey = opened(tmp_path, "id,q1,,\n,yes,no,maybe\n1,x,,\n")
    leavings = opened(tmp_path, "id,q1,,\n1,x,,\n2,y,,\n")
    trailing = opened(tmp_path, "id,q1,\n1,x\n2,y\n")

    assert ("id", "q1", "column 3", "column 4") == survey.header
    assert ("id", "q1") == leavings.header
    assert [["1", "x"], ["2", "y"]] == values(leavings)
    assert [["1", "x"], ["2", "y"]] == values(trailing)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path, delimiter):
    """Each usual delimiter is found, though others stand in quotes and in texts."""
    rows = ['"Name, first; last|x"', "City", "Note"], ["Ann", "Vigo", '"a;b,c|d\te"']
    table = opened(tmp_path, "\n".join(delimiter.join(row) for row in rows * 1) + "\n")

    assert delimiter == table.delimiter
    assert ["Ann", "Vigo", "a;b,c|d\te"] == values(table)[0]


def test_decimal_commas(tmp_path):
    """Decimal commas do not make the comma the delimiter."""
    body = "".join(f"A{n};{n},50;{n},75;{n},25\n" for n in range(30))
    table = opened(tmp_path, "ref;net;tax;total\n" + body)

    assert ";" == table.delimiter


def test_lists_in_cells(tmp_path):
    """Lists joined with another delimiter in every row do not win."""
    body = "".join(f"{n},Ann,a;b;c;d\n" for n in range(30))

    assert "," == opened(tmp_path, "id,name,tags\n" + body).delimiter


def test_one_column(tmp_path):
    """A single column of sentences is one column, whatever punctuation is in them."""
    table = opened(tmp_path, 'comment\nNice, really\nToo slow; too dear, sorry\n"a, ""b"""\n')

    assert ("comment",) == table.header
    assert None is table.delimiter
    assert [["Nice, really"], ["Too slow; too dear, sorry"], ['a, "b"']] == values(table)


def test_quotes_after_spaces(tmp_path):
    """Spaces between delimiter and quote are no reason to break a value."""
    table = opened(tmp_path, 'a, "b", "c"\n1, "two, 2", "x"\n2, "y", "z, z"\n')

    assert ("a", "b", "c") == table.header
    assert [["1", "two, 2", "x"], ["2", "y", "z, z"]] == values(table)


def test_wanted_delimiter(tmp_path):
    """A wanted delimiter is taken at its word, and refused if it cannot be one."""
    table = opened(tmp_path, "a^b,c\n1^2,3\n", delimiter="^")

    assert ("a", "b,c") == table.header
    with pytest.raises(FileError, match="delimiter ';;' is none"):
        opened(tmp_path, "a;b\n", delimiter=";;")


def test_no_header_row(tmp_path):
    """Given its columns, a file without a header row is read from its first line."""
    table = opened(tmp_path, "1;a\n2;b\nid;text\n", header=["id", "text"])

    assert (("id", "text"), 0) == (table.header, table.header_line)
    assert [Row(1, ["1", "a"]), Row(2, ["2", "b"])] == list(table.rows())
    assert ["1 repeated header passed over"] == table.notes


def test_qualtrics_rows_stay(tmp_path):
    """Second and third header rows are rows: what they mean is known elsewhere."""
    table = opened(tmp_path, 'Q1,Q2\n"How, exactly?",Why?\n"{""ImportId"":""QID1""}",x\n9,8\n')

    assert ["How, exactly?", "Why?"] == values(table)[0]


def test_extension_does_not_matter(tmp_path):
    """A CSV file that is named otherwise is read as what it is."""
    path = write(tmp_path, "a,b\n1,2\n", "export.xlsx")

    assert "csv" == open_tables(path)[0].format


def test_file_is_closed(tmp_path):
    """Closing the rows early closes the file."""
    rows = opened(tmp_path, "a,b\n1,2\n3,4\n").rows()
    next(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows.close()
        del rows
        gc.collect()

    assert not [link for link in Path("/proc/self/fd").glob("*") if _points_into(link, tmp_path)]


def _points_into(link: Path, folder: Path) -> bool:
    try:
        return str(link.readlink()).startswith(str(folder))
    except OSError:
        return False


def test_hostile_file_name(tmp_path):
    """A file name that would control the terminal is shown without its controls."""
    path = write(tmp_path, "", "a\x1b[31m.csv")

    with pytest.raises(FileError, match=r"^a\ufffd\[31m\.csv is empty"):
        open_tables(path)
