"""What a file is, told by its first bytes; its name is only asked where they leave it open."""

from __future__ import annotations

import json
import re

from regard.errors import FileError

__all__ = ["recognise", "recognise_text"]

TABLES = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"PAR1", "parquet"),
)
STRANGERS = (
    (b"%PDF-", "a PDF document", "export the data as CSV or XLSX"),
    (b"\x89PNG\r\n", "a PNG image", "export the data as CSV or XLSX"),
    (b"\xff\xd8\xff", "a JPEG image", "export the data as CSV or XLSX"),
    (b"GIF8", "a GIF image", "export the data as CSV or XLSX"),
    (b"{\\rtf", "an RTF document", "export the data as CSV or XLSX"),
    (b"PARE", "an encrypted Parquet file", "write it without encryption"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "pack it as zip or gzip"),
    (b"Rar!\x1a\x07", "a RAR archive", "pack it as zip or gzip"),
    (b"BZh", "packed with bzip2", "pack it as zip or gzip"),
    (b"\xfd7zXZ\x00", "packed with xz", "pack it as zip or gzip"),
    (b"\x28\xb5\x2f\xfd", "packed with Zstandard", "pack it as zip or gzip"),
    (b"SQLite format 3\x00", "an SQLite database", "the sql source reads databases"),
    (b"Obj\x01", "an Avro file", "write it as Parquet or CSV"),
    (b"ARROW1", "an Arrow file", "write it as Parquet or CSV"),
    (b"ORC", "an ORC file", "write it as Parquet or CSV"),
    (b"\x7fELF", "a program", "is the path right?"),
    (b"MZ\x90", "a program", "is the path right?"),
)
HTML = re.compile(
    r"<(?:!doctype\s+html|html|head|meta|body|table|div|style|script)\b", re.IGNORECASE
)
JSON_ARRAY = re.compile(r"\[\s*(?:[\[\]{\"\d-]|true|false|null|NaN|-?Infinity)")
BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
CONTROLS = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
MANY_CONTROLS = 0.05


def recognise(head: bytes, label: str) -> str:
    """
    Say what a file is by its first bytes.

    Returns:
        ``zip``, ``gzip``, ``xls``, ``parquet`` or, for anything that may be text, ``text``.

    Raises:
        FileError: It is something that holds no tables; the message says what it looks like.
    """
    # "ORCID,name" is a header: letters alone are no sign unless what follows is no text.
    binary = BINARY.search(head[:256]) is not None
    for magic, found in TABLES:
        if head.startswith(magic) and (binary or not magic.isalnum()):
            return found
    for magic, what, advice in STRANGERS:
        if head.startswith(magic) and (binary or not magic.isalnum()):
            raise FileError(_looks_like(label, what, advice))
    if head[257:262] == b"ustar":
        raise FileError(_looks_like(label, "a tar archive", "pack it as zip or gzip"))
    return "text"


def recognise_text(text: str, name: str, label: str) -> str:
    """
    Say what a text file is by its beginning, then by its name.

    Returns:
        ``json``, ``jsonl`` or ``csv``.

    Raises:
        FileError: It is HTML, XML or no text at all.
    """
    start = text[:4096].lstrip()
    if HTML.match(start) or (start.startswith(("<?xml", "<!--")) and HTML.search(start)):
        what = "an HTML page, as some systems name .xls or .csv, or send in place of an error"
        advice = "open it in a spreadsheet and save it as XLSX, or export it as CSV"
        raise FileError(_looks_like(label, what, advice))
    if start.startswith("<?xml"):
        what = "Excel 2003 XML" if "Excel.Sheet" in start else "XML"
        raise FileError(_looks_like(label, what, "save it as XLSX or CSV"))
    controls = len(CONTROLS.findall(text[:65536]))
    if controls > MANY_CONTROLS * min(len(text), 65536):
        raise FileError(_looks_like(label, "binary data", "is it a table at all?"))
    suffix = name.rsplit(".", 1)[-1].lower()
    if start.startswith("{"):
        return "jsonl" if _is_lines(text, suffix) else "json"
    if JSON_ARRAY.match(start):
        return "jsonl" if suffix in {"jsonl", "ndjson"} else "json"
    if suffix in {"jsonl", "ndjson"}:
        return "jsonl" if "{" in text else "csv"
    return "json" if suffix == "json" and _is_scalar(text) else "csv"


def _looks_like(label: str, what: str, advice: str) -> str:
    """Say what a file looks like and what to do about it."""
    return f"{label} is no table: it looks like {what}; {advice}"


def _is_lines(text: str, suffix: str) -> bool:
    """Say whether a text that starts with ``{`` holds one object a line."""
    if suffix in {"jsonl", "ndjson"}:
        return True
    lines = [line.strip() for line in text.split("\n", 20)[:20] if line.strip()]
    whole = [line.startswith("{") and line.endswith("}") for line in lines]
    return len(lines) > 1 and whole[0] and 2 * sum(whole) > len(whole)


def _is_scalar(text: str) -> bool:
    """Say whether a text is one small JSON value."""
    try:
        json.loads(text[:65536])
    except ValueError:
        return False
    return True
