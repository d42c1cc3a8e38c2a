"""Gzip, zip, and files that are no tables at all."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections import deque
from pathlib import Path

import pytest
from openpyxl import Workbook

from regard.errors import FileError
from regard.tabular import BadRow, Row, open_tables


def zipped(path: Path, **members: bytes) -> Path:
    """Write a zip; in a member's name two underscores stand for a dot."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return path


def test_gzip(tmp_path):
    """A gzipped file is read like a plain one, also in several parts with padding."""
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n") + b"\0" * 512)
    (table,) = open_tables(path)

    assert ("orders.csv.gz", "csv") == (table.label, table.format)
    assert [["1", "2"], ["3", "4"]] == [row.values for row in table.rows()]


def test_gzip_without_its_name(tmp_path):
    """The bytes tell, not the name; JSON and workbooks may be gzipped too."""
    path = tmp_path / "x.csv"
    path.write_bytes(gzip.compress(b'[{"a": 1}]'))

    assert [Row(1, [1])] == list(open_tables(path)[0].rows())
    book = Workbook()
    book.active.append(["a"])
    book.active.append([7])
    book.save(tmp_path / "b.xlsx")
    book.close()
    path.write_bytes(gzip.compress((tmp_path / "b.xlsx").read_bytes()))

    assert [Row(2, [7])] == list(open_tables(path)[0].rows())


def test_truncated_gzip(tmp_path):
    """Of a gzip cut short the whole rows come first, then the error."""
    lines = [f"{n},{zlib.crc32(str(n).encode())}\n" for n in range(100_000)]
    data = gzip.compress(("a,b\n" + "".join(lines)).encode())
    path = tmp_path / "x.csv.gz"
    path.write_bytes(data[: len(data) // 2])
    found: list[Row | BadRow] = []
    with pytest.raises(FileError, match=r"x\.csv\.gz is cut short in its gzip data"):
        # Extending a list would lose what came before the error.
        deque(map(found.append, open_tables(path)[0].rows()))

    assert 30_000 < len(found) < 70_000
    assert [row.values for row in found] == [
        line.strip().split(",") for line in lines[: len(found)]
    ]


def test_damaged_gzip(tmp_path):
    """Damaged gzip data is an error."""
    data = bytearray(gzip.compress(b"a,b\n" + b"1,2\n" * 1000))
    data[-6] ^= 0xFF
    path = tmp_path / "x.csv.gz"
    path.write_bytes(bytes(data))

    with pytest.raises(FileError, match="broken gzip"):
        list(open_tables(path)[0].rows())


def test_gzip_bomb(tmp_path):
    """A gzip that unpacks without end is given up."""
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + (b"1," + b"2" * 5000 + b"\n") * (32 << 10)))

    with pytest.raises(FileError, match="zip bombs"):
        for _ in open_tables(path)[0].rows():
            pass


def test_zip(tmp_path):
    """Each member of a zip is a table; folders and what macOS adds are not."""
    path = zipped(
        tmp_path / "export.zip",
        subscribed__csv=b"a,b\n1,2\n",
        deep__json=b'[{"c": 1}]',
        **{"folder/": b"", "__MACOSX/x__csv": b"\0\5", "folder/__DS_Store": b"\0\1"},
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/._subscribed.csv", b"\0\5\x16\7")
    tables = open_tables(path)

    assert ["export.zip: subscribed.csv", "export.zip: deep.json"] == [t.label for t in tables]
    assert ["subscribed.csv", "deep.json"] == [table.member for table in tables]
    assert [Row(2, ["1", "2"])] == list(tables[0].rows())
    assert [Row(1, [1])] == list(tables[1].rows())


def test_zip_with_other_files(tmp_path):
    """What is no table in a zip is noted, unless nothing else is in it."""
    path = zipped(
        tmp_path / "x.zip", readme__pdf=b"%PDF-1.7", a__csv=b"a,b\n1,2\n", empty__csv=b""
    )
    (table,) = open_tables(path)

    assert 2 == len(table.notes)
    assert table.notes[0].startswith("passed over: x.zip: readme.pdf is no table")
    assert "passed over: x.zip: empty.csv is empty" == table.notes[1]
    assert (list(table.rows()), 2)[1] == len(table.notes)
    with pytest.raises(FileError, match="PDF"):
        open_tables(zipped(tmp_path / "y.zip", readme__pdf=b"%PDF-1.7"))


def test_empty_zip(tmp_path):
    """A zip with nothing in it is called empty."""
    with pytest.raises(FileError, match="empty zip"):
        open_tables(zipped(tmp_path / "x.zip"))


def test_archive_inside_an_archive(tmp_path):
    """Archives inside archives are not opened."""
    inner = zipped(tmp_path / "in.zip", a__csv=b"a,b\n").read_bytes()
    with pytest.raises(FileError, match=r"x\.zip: in\.zip is an archive inside an archive"):
        open_tables(zipped(tmp_path / "x.zip", in__zip=inner))
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(inner))
    with pytest.raises(FileError, match="archive inside an archive"):
        open_tables(path)
    path.write_bytes(gzip.compress(gzip.compress(b"a,b\n")))
    with pytest.raises(FileError, match="archive inside an archive"):
        open_tables(path)


def test_encrypted_zip(tmp_path):
    """A zip with a password is called that."""
    data = bytearray(zipped(tmp_path / "x.zip", a__csv=b"a,b\n1,2\n").read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "x.zip").write_bytes(bytes(data))

    with pytest.raises(FileError, match=r"x\.zip is encrypted with a password"):
        open_tables(tmp_path / "x.zip")


def test_zip_bomb(tmp_path):
    """A zip that unpacks to hundreds of times its size is refused before it is unpacked."""
    path = tmp_path / "x.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.csv", "w") as member,
    ):
        for _ in range(160):
            member.write(b"1,2\n" * (1 << 18))

    with pytest.raises(FileError, match="zip bombs"):
        open_tables(path)


def test_broken_zip(tmp_path):
    """A zip cut short, or with a damaged member, is an error."""
    data = zipped(tmp_path / "x.zip", a__csv=b"a,b\n" + b"1,2\n" * 5000).read_bytes()
    (tmp_path / "x.zip").write_bytes(data[:-30])
    with pytest.raises(FileError, match="broken zip"):
        open_tables(tmp_path / "x.zip")
    at = data.index(b"a.csv") + 30
    (tmp_path / "x.zip").write_bytes(data[:at] + b"\xff" * 8 + data[at + 8 :])
    with pytest.raises(FileError, match=r"x\.zip: a\.csv is broken in its zip data"):
        list(open_tables(tmp_path / "x.zip")[0].rows())


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.7\n%...", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        (b"<!DOCTYPE html>\n<html>", "an HTML page"),
        (b"\xef\xbb\xbf  <table border=1><tr><td>a</td></tr></table>", "an HTML page"),
        ('<html xmlns:x="urn:schemas-microsoft-com">'.encode("utf-16"), "an HTML page"),
        (b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>', "Excel 2003 XML"),
        (b"<?xml version='1.0'?><orders/>", "XML"),
        (b"{\\rtf1\\ansi", "an RTF document"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"BZh91AY&SY\0\1", "packed with bzip2"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "a 7z archive"),
        (b"x" * 257 + b"ustar\0", "a tar archive"),
        (bytes(range(1, 32)) * 50, "binary data"),
    ],
)
def test_strangers(tmp_path, data, what):
    """What is no table is refused by what it looks like, whatever its name says."""
    path = tmp_path / "orders.csv"
    path.write_bytes(data)

    with pytest.raises(FileError, match=rf"^orders\.csv is no table: it looks like {what}"):
        open_tables(path)


@pytest.mark.parametrize("name", ["ORCID", "PAR1", "BZh", "GIF8", "ARROW1"])
def test_names_like_signatures(tmp_path, name):
    """A header that starts like another format's signature is a header."""
    path = tmp_path / "x.csv"
    path.write_text(f"{name},b\n1,2\n")

    assert (name, "b") == open_tables(path)[0].header


def test_office_documents(tmp_path):
    """Other documents that are zips inside are named."""
    with pytest.raises(FileError, match="Word document"):
        open_tables(zipped(tmp_path / "x.csv", **{"word/document__xml": b"<w/>"}))
    with pytest.raises(FileError, match="XLSB"):
        open_tables(zipped(tmp_path / "x.xlsb", **{"xl/workbook__bin": b"\0"}))
