"""Mail in files: whole, broken, and larger than what is looked at."""

from __future__ import annotations

import io
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from regard.errors import FileError
from regard.mail.mailboxes import Places, expand, kind_of, read_file, read_mbox
from regard.mail.messages import MAX_BYTES

FROM = b"From ana@mail.example Mon Jan  5 10:03:00 2026\n"
ONE = b"From: ana@mail.example\nSubject: uno\n\n9\n"
TWO = b"From: eva@mail.example\nSubject: dos\n\n8\n"


def _read(data: bytes) -> list[bytes]:
    return [each.data.strip() for each in read_mbox(io.BytesIO(data))]


SPLIT = [
    (b"", []),
    (FROM, [b""]),
    (FROM + ONE, [ONE.strip()]),
    (FROM + ONE + b"\n" + FROM + TWO, [ONE.strip(), TWO.strip()]),
    (b"\n\n" + FROM + ONE, [ONE.strip()]),
    (
        (FROM + ONE + b"\n" + FROM + TWO).replace(b"\n", b"\r\n"),
        [ONE.replace(b"\n", b"\r\n").strip(), TWO.replace(b"\n", b"\r\n").strip()],
    ),
    (FROM + ONE + b"\n>From here on\n>>From\n", [ONE + b"\nFrom here on\n>>From"]),
    (FROM + ONE + b"\nFrom here it was bad.\n", [ONE + b"\nFrom here it was bad."]),
    (
        FROM + ONE + FROM.replace(b"10:03", b"10:04"),
        [ONE + FROM.replace(b"10:03", b"10:04").strip()],
    ),
    (b"From nobody\n" + ONE, [ONE.strip()]),
]


@pytest.mark.parametrize(("data", "messages"), SPLIT, ids=range(len(SPLIT)))
def test_mbox_is_split_where_messages_begin(data: bytes, messages: list[bytes]) -> None:
    """A message begins at its separator, and not at a sentence that looks like one."""
    assert messages == _read(data)


def test_mbox_says_when_and_where() -> None:
    """Each message has the time of its delivery and the line that it begins at."""
    first, second = read_mbox(io.BytesIO(FROM + ONE + b"\n" + FROM + TWO))

    assert datetime(2026, 1, 5, 10, 3, tzinfo=UTC) == first.received_at
    assert (1, 7) == (first.place, second.place)


def test_large_mbox_is_read_in_little_memory(tmp_path: Path) -> None:
    """Sixty megabytes with huge messages and endless lines are read in the memory of one."""
    path = tmp_path / "big.mbox"
    long, short = b"x" * 10_000_000, (b"x" * 99 + b"\n") * 100_000
    with path.open("wb") as file:
        for number in range(6):
            file.write(FROM + ONE + (long if number % 2 else short) + b"\n\n")
    tracemalloc.start()
    count = sum(len(each.data) == MAX_BYTES + 1 for each in read_file(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert 6 == count
    assert 8 * MAX_BYTES > peak


def test_single_message_is_a_mailbox_of_one(tmp_path: Path) -> None:
    """A file that begins with a header is one message."""
    (tmp_path / "a.eml").write_bytes(ONE)

    assert [ONE] == [each.data for each in read_file(tmp_path / "a.eml")]


@pytest.mark.parametrize("data", [b"\x89PNG\r\n", b"hello world\n", b"a,b,c\n1,2,3\n"])
def test_other_files_are_named(tmp_path: Path, data: bytes) -> None:
    """A file that is neither mbox nor message is refused by name."""
    (tmp_path / "table.csv").write_bytes(data)

    with pytest.raises(FileError, match=r"table\.csv is neither a mailbox"):
        list(read_file(tmp_path / "table.csv"))


def test_maildir_becomes_its_folders(tmp_path: Path) -> None:
    """The folders of a Maildir that hold messages are read; an empty one is no fault."""
    for name in ("cur", "new", "tmp"):
        (tmp_path / "Mail" / name).mkdir(parents=True)
        (tmp_path / "Empty" / name).mkdir(parents=True)
    (tmp_path / "Mail" / "cur" / "1.a:2,S").write_bytes(ONE)
    (tmp_path / "Mail" / "tmp" / "2.a").write_bytes(TWO)

    filled = (str(tmp_path / "Mail" / "cur"),)
    assert Places(maildirs=filled) == expand(["Mail"], tmp_path)
    assert Places(empty=1) == expand(["Empty"], tmp_path)
    assert Places(maildirs=filled, empty=1) == expand(["*"], tmp_path)
    assert Places(files=("mail/*.mbox",)) == expand(["mail/*.mbox"], tmp_path)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"From ana@mail.example Mon Jan  5 10:03:00 2026\nFrom: a@b.example\n\nx\n", "(mbox)"),
        (b"\r\nReceived: by mx\r\nFrom: a@b.example\r\nDate: today\r\n\r\nx", "message"),
        (b"From: a table,Date\n1,2\n", None),
        (b"From here on: nothing\n", None),
        (b"date: 5\nvalue: 3\n", None),
        (b"", None),
        (b"\x00\x01From: x", None),
    ],
)
def test_kind_of_mail(text: bytes, kind: str | None, tmp_path: Path) -> None:
    """Mailboxes and messages are told by their first lines, and a table is neither."""
    path = tmp_path / "file"
    path.write_bytes(text)
    found = kind_of(path)

    assert kind is None if found is None else kind is not None and kind in found
