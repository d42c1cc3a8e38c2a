"""From a path to its tables: what packs the file, what is inside, and who reads it."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from regard.errors import FileError
from regard.tabular.contents import BLOCK, BROKEN_ZIP, UNREAD_ZIP, Content, zip_contents
from regard.tabular.delimited import open_delimited
from regard.tabular.encodings import Text, check_encoding, detect_encoding
from regard.tabular.formats import recognise, recognise_text
from regard.tabular.objects import open_json, open_json_lines
from regard.tabular.parquet import open_parquet
from regard.tabular.spreadsheets import open_workbook
from regard.tabular.tables import Table

__all__ = ["EmptyFile", "open_tables"]


class EmptyFile(FileError):
    """A file in which nothing is written: a log that has just been begun, or a failed export."""


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What the caller knows about the file."""

    delimiter: str | None
    encoding: str | None
    sheet: str | None
    header: tuple[str, ...] | None
    unmerge: bool = False


def open_tables(
    path: Path,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    header: Sequence[str] | None = None,
    unmerge: bool = False,
) -> tuple[Table, ...]:
    """
    Open the tables of a file: one, or as many as a zip has members or a workbook filled sheets.

    The first bytes decide what the file is, whatever its name says.

    Args:
        path: A CSV, XLSX, XLS, ODS, JSON, JSON Lines or Parquet file, plain, gzipped or zipped.
        delimiter: What parts the cells of a CSV file; found out if not given.
        encoding: The encoding of text; found out if not given. A byte order mark overrules it.
        sheet: The only sheet wanted of a workbook, even a hidden one; other files ignore it.
        header: The columns of a CSV file or sheet without a header row; of JSON, the keys of
            interest; Parquet ignores it.
        unmerge: Whether each of a workbook's merged cells says what all of them together say.

    Raises:
        FileError: The file is missing, empty, encrypted, broken, or holds no table.
    """
    if encoding is not None:
        check_encoding(encoding)
    columns = tuple(header) if header is not None else None
    wishes = _Wishes(delimiter, encoding, sheet, columns, unmerge)
    content = Content(Path(path))
    head = _head(content)
    found = recognise(head, content.label)
    if found == "gzip":
        content = Content(content.path, "gzip")
        head = _head(content)
        found = recognise(head, content.label)
        if found == "gzip":
            raise FileError(_packed_twice(content))
    if found == "zip" and (office := _office_format(content)) == "zip":
        if content.packing != "plain":
            raise FileError(_packed_twice(content))
        return _open_members(zip_contents(content.path), wishes)
    return _open_one(content, head, office if found == "zip" else found, wishes)


def _head(content: Content) -> bytes:
    """Return the file's first bytes, and refuse folders and empty files."""
    if content.path.is_dir():
        message = f"{content.label} is a folder, not a file"
        raise FileError(message)
    head = content.head()
    if not head.strip(b"\0\t\r\n \xef\xbb\xbf\xff\xfe"):
        message = f"{content.label} is empty"
        raise EmptyFile(message)
    return head


def _open_one(content: Content, head: bytes, found: str, wishes: _Wishes) -> tuple[Table, ...]:
    """Open what is no archive."""
    if found in {"xlsx", "xls", "ods"}:
        return open_workbook(
            content, found, sheet=wishes.sheet, header=wishes.header, unmerge=wishes.unmerge
        )
    if found == "parquet":
        return (open_parquet(content),)
    encoding = detect_encoding(head, wishes.encoding)
    whole = len(head) < BLOCK
    decoder = Text(encoding, settled=wishes.encoding is not None)
    text = "".join(decoder.blocks([head], to_end=whole))
    settled = wishes.encoding is not None
    kind = recognise_text(text, content.name, content.label)
    if kind == "csv":
        table = open_delimited(
            content,
            text,
            whole=whole,
            encoding=encoding,
            settled=settled,
            delimiter=wishes.delimiter,
            header=wishes.header,
        )
    else:
        opener = open_json if kind == "json" else open_json_lines
        table = opener(content, encoding=encoding, settled=settled, header=wishes.header)
    return (table,)


def _open_members(contents: tuple[Content, ...], wishes: _Wishes) -> tuple[Table, ...]:
    """Open what is a table in a zip; the rest is noted, unless nothing else is there."""
    tables: list[Table] = []
    refused: list[FileError] = []
    for content in contents:
        head = content.head()
        if not head:
            refused.append(EmptyFile(f"{content.label} is empty"))
            continue
        found = "zip" if head.startswith(b"PK") else ""
        office = _office_format(content) if found else ""
        if office == "zip" or head.startswith(b"\x1f\x8b"):
            raise FileError(_packed_twice(content))
        try:
            tables += _open_one(content, head, office or recognise(head, content.label), wishes)
        except FileError as error:
            refused.append(error)
    if not tables:
        raise refused[0]
    first = tables[0]
    notes = [*first.notes, *(f"passed over: {error}" for error in refused)]
    return (replace(first, notes=notes), *tables[1:])


def _office_format(content: Content) -> str:
    """
    Say which document a zip is; ``zip`` if it is none.

    Raises:
        FileError: A document without tables that can be read, or a broken one.
    """
    try:
        with zipfile.ZipFile(content.seekable()) as archive:
            names = set(archive.namelist())
            kind = archive.read("mimetype")[:80] if "mimetype" in names else b""
    except (*BROKEN_ZIP, *UNREAD_ZIP) as error:
        message = f"{content.label} is a broken zip, perhaps cut short; export or copy it again"
        raise FileError(message) from error
    if "xl/workbook.xml" in names:
        return "xlsx"
    if kind.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return "ods"
    others = {
        "xl/workbook.bin": "a binary workbook (XLSB); save it as XLSX",
        "word/document.xml": "a Word document; export the data as CSV or XLSX",
        "ppt/presentation.xml": "a PowerPoint file; export the data as CSV or XLSX",
        "Index/Document.iwa": "a Numbers file; export it as CSV or XLSX",
        "META-INF/MANIFEST.MF": "a Java archive; is the path right?",
    }
    for name, what in others.items():
        if name in names:
            message = f"{content.label} cannot be read: it looks like {what}"
            raise FileError(message)
    return "zip"


def _packed_twice(content: Content) -> str:
    """Say that archives inside archives are not opened."""
    return f"{content.label} is an archive inside an archive; unpack the outer one"
