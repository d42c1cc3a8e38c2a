"""
The bytes of a file, of a gzipped file or of one member of a zip, block by block.

Nothing is unpacked to disk but what DuckDB has to read by name, and whatever is unpacked is
metered as it comes: the sizes that an archive declares are claims.
"""

from __future__ import annotations

import struct
import tempfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal, cast

from regard.errors import FileError
from regard.tabular.tables import printable

__all__ = ["BLOCK", "BROKEN_ZIP", "UNREAD_ZIP", "Content", "Meter", "Packing", "zip_contents"]

BLOCK = 1 << 18
"""Bytes read at a time: large enough to be fast, small enough for a processor's cache."""

MAX_UNPACKED = 64 << 30
MAX_IN_MEMORY = 1 << 30
MAX_RATIO = 250
RATIO_COUNTS_FROM = 100 << 20
MAX_MEMBERS = 10_000
ENCRYPTED = 0x1
BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OSError,  # damaged offsets lead to places before the file
    OverflowError,
    ValueError,
)
"""What zipfile raises for broken archives."""

UNREAD_ZIP = (NotImplementedError, RuntimeError)
"""What zipfile raises for archives that are made in ways it does not know."""


Packing = Literal["plain", "gzip", "zip"]
Blocks = Generator[bytes, None, None]


@dataclass(slots=True)
class Meter:
    """
    Counts what is unpacked and refuses what only a zip bomb would need.

    Args:
        label: What messages call the content.
        packed: Bytes before unpacking.
        most: Bytes that may come out in all.
    """

    label: str
    packed: int
    most: int = MAX_UNPACKED
    total: int = 0

    def add(self, count: int) -> None:
        """
        Count so many unpacked bytes more.

        Raises:
            FileError: There are too many, in all or for what was packed.
        """
        self.total += count
        if self.total > self.most:
            message = (
                f"{self.label} unpacks to more than {self.most >> 20:,} MiB, "
                "which is the most that is read; split it into smaller files"
            )
            raise FileError(message)
        if self.total > RATIO_COUNTS_FROM and self.total > MAX_RATIO * self.packed:
            message = (
                f"{self.label} unpacks to more than {MAX_RATIO} times its size, as zip bombs do; "
                "unpack it yourself if you trust it"
            )
            raise FileError(message)


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of one file or member, which can be read from the beginning again and again."""

    path: Path
    packing: Packing = "plain"
    member: str | None = None
    index: int = 0
    """Which member of the zip: names may occur twice."""

    @property
    def label(self) -> str:
        """What messages call it."""
        name = printable(self.path.name)
        return name if self.member is None else f"{name}: {printable(self.member)}"

    @property
    def name(self) -> str:
        """The name that tells what is inside: the member's, or the file's without ``.gz``."""
        name = self.member or self.path.name
        return name.removesuffix(".gz") if self.packing == "gzip" else name

    def blocks(self) -> Blocks:
        """
        Read the bytes from the beginning, some 256 KiB at a time.

        Raises:
            FileError: The file cannot be read, or is broken, encrypted, or a zip bomb.
        """
        opened = {"plain": self._plain, "gzip": self._gzip, "zip": self._zip}[self.packing]
        try:
            with closing(opened()) as blocks:
                yield from blocks
        except OSError as error:
            message = f"{self.label} cannot be read: {error.strerror or error}"
            raise FileError(message) from error

    def head(self, size: int = BLOCK) -> bytes:
        """Return the first `size` bytes, or all where there are fewer."""
        head = b""
        with closing(self.blocks()) as blocks:
            for block in blocks:
                head += block
                if len(head) >= size:
                    break
        return head[:size]

    def whole(self, most: int = MAX_IN_MEMORY) -> bytes:
        """
        Return all bytes.

        Raises:
            FileError: There are more than `most`, or they cannot be read.
        """
        parts = []
        meter = Meter(self.label, most, most)
        with closing(self.blocks()) as blocks:
            for block in blocks:
                meter.add(len(block))
                parts.append(block)
        return b"".join(parts)

    def seekable(self) -> Path | BytesIO:
        """Return what can be read out of order: the file itself, or its bytes in memory."""
        return self.path if self.packing == "plain" else BytesIO(self.whole())

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """Lend a file that holds the bytes: the file itself, or a copy gone afterwards."""
        if self.packing == "plain" and str(self.path).isprintable():
            yield self.path.absolute()
            return
        with tempfile.TemporaryDirectory(prefix="regard-") as folder:
            copy = Path(folder) / "content"
            with copy.open("wb") as file:
                file.writelines(self.blocks())
            yield copy

    def _plain(self) -> Blocks:
        """Read the file as it is."""
        with self.path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                yield block

    def _gzip(self) -> Blocks:
        """Unpack the file, all its gzip members in a row."""
        # Not gzip.GzipFile: on a file cut short it drops what it had already unpacked.
        meter = Meter(self.label, self.path.stat().st_size)
        inflate, begun = zlib.decompressobj(31), False
        with self.path.open("rb", buffering=0) as file:
            while packed := file.read(BLOCK):
                while packed:
                    begun = True
                    try:
                        block = inflate.decompress(packed, BLOCK)
                    except zlib.error as error:
                        message = f"{self.label} is a broken gzip file; export or copy it again"
                        raise FileError(message) from error
                    meter.add(len(block))
                    if block:
                        yield block
                    packed = inflate.unconsumed_tail
                    if inflate.eof:
                        # Members may follow each other, and zeros may pad the last.
                        packed = inflate.unused_data.lstrip(b"\0")
                        inflate, begun = zlib.decompressobj(31), False
            rest = inflate.flush()
            if rest:
                yield rest
            if begun and not inflate.eof:
                message = f"{self.label} is cut short in its gzip data; export or copy it again"
                raise FileError(message)

    def _zip(self) -> Blocks:
        """Unpack one member of the zip."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                info = archive.infolist()[self.index]
                meter = Meter(self.label, info.compress_size)
                with cast("zipfile.ZipExtFile", archive.open(info)) as file:
                    # Not read(): of a broken member it loses what it had unpacked.
                    while block := file.read1(BLOCK):
                        meter.add(len(block))
                        yield block
        except BROKEN_ZIP as error:
            message = f"{self.label} is broken in its zip data; export or copy it again"
            raise FileError(message) from error
        except UNREAD_ZIP as error:
            message = f"{self.label} is packed in a way that is not read; zip it with 'deflate'"
            raise FileError(message) from error


def zip_contents(path: Path) -> tuple[Content, ...]:
    """
    List what a zip holds, but for folders and what macOS adds.

    Raises:
        FileError: The zip is broken, encrypted, empty, or made to blow up.
    """
    label = printable(path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
        packed = path.stat().st_size
    except (*BROKEN_ZIP, *UNREAD_ZIP) as error:
        message = f"{label} is a broken zip, perhaps cut short; export or copy it again"
        raise FileError(message) from error
    if len(infos) > MAX_MEMBERS:
        message = f"{label} holds {len(infos):,} files; at most {MAX_MEMBERS:,} are read"
        raise FileError(message)
    if sum(info.compress_size for info in infos) > packed:
        message = f"{label} is a zip whose members overlap, as in zip bombs; it is not read"
        raise FileError(message)
    Meter(label, packed).add(sum(info.file_size for info in infos))
    contents = []
    for index, info in enumerate(infos):
        if info.is_dir() or _is_clutter(info.filename):
            continue
        if info.flag_bits & ENCRYPTED:
            message = f"{label} is encrypted with a password; export it without one"
            raise FileError(message)
        contents.append(Content(path, "zip", info.filename, index))
    if not contents:
        message = f"{label} is an empty zip: no file is in it"
        raise FileError(message)
    return tuple(contents)


def _is_clutter(name: str) -> bool:
    """Say whether a member is what file managers leave behind."""
    last = name.rsplit("/", 1)[-1]
    return "__MACOSX" in name.split("/") or last in {".DS_Store", "Thumbs.db", "desktop.ini"}
