"""The physical lines of a text, with those kept to which a broken record may have to go back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from io import StringIO
from itertools import chain

from regard.errors import FileError
from regard.tabular.contents import BLOCK
from regard.tabular.encodings import SURROGATE, unmarked

__all__ = ["MAX_LINE", "ODD_LINES", "Lines", "count_lines", "split_lines", "too_long"]

MAX_LINE = 32 << 20
ODD_LINES = {
    "undecodable": "has bytes that are no text in this file's encoding",
    "nul-bytes": "has NUL bytes, which are no text",
}


def split_lines(text: str) -> list[str]:
    r"""Split a text at ``\n``, ``\r\n`` and lone ``\r`` only, keeping them, as csv needs it."""
    return StringIO(text, newline="").readlines()


def count_lines(text: str) -> int:
    """Return how many lines `split_lines` would make of a text."""
    if "\r" in text:
        return len(split_lines(text))
    return text.count("\n") + (text != "" and not text.endswith("\n"))


def too_long(label: str, line: int | None = None) -> str:
    """Say that a line is longer than any record."""
    where = "" if line is None else f" (line {line})"
    return (
        f"{label} has a line of more than {MAX_LINE >> 20} million characters{where}; "
        "this is no table of records"
    )


class Lines:
    """
    Lines that come in batches, so that whoever reads them stays inside C code.

    Args:
        blocks: The text.
        label: What messages call the file.
        first: The number of its first line.
        marked: Says whether the block just given holds marks of bytes that are no text.

    Attributes:
        start: The 1-based line on which the current record starts; the reader moves it on, and
            what lies before is forgotten.
        odd: Lines read so far and not yet taken, with the reason why they cannot be used.
    """

    def __init__(
        self, blocks: Iterable[str], label: str, *, marked: Callable[[], bool], first: int = 1
    ) -> None:
        self.start = first
        self.odd: dict[int, str] = {}
        self._marked = marked
        self._label = label
        self._kept: deque[tuple[int, list[str]]] = deque()
        self._batches = self._read(blocks, first)

    def from_line(self, line: int) -> Iterator[str]:
        """Iterate over the lines from one on that is not before `start`."""
        kept = [batch[max(0, line - first) :] for first, batch in self._kept]
        return chain(chain.from_iterable(kept), chain.from_iterable(self._batches))

    def between(self, first: int, last: int) -> list[str]:
        """Return the lines from one to another, both included, none of them before `start`."""
        found: list[str] = []
        for begin, batch in self._kept:
            found += batch[max(0, first - begin) : max(0, last + 1 - begin)]
        return found

    def raw(self, first: int, last: int) -> str:
        """Return the text from one line to another as it may be shown outside."""
        return unmarked("".join(self.between(first, last)).rstrip("\r\n"))

    def take_odd(self, first: int, last: int) -> str | None:
        """Return why a record on these lines cannot be used, and forget it; ``None``: it can."""
        reasons = [self.odd.pop(line, None) for line in range(first, last + 1)]
        return next((reason for reason in reasons if reason), None)

    def close(self) -> None:
        """Let go of the file."""
        self._batches.close()

    def _read(self, blocks: Iterable[str], line: int) -> Generator[list[str], None, None]:
        """Yield batches of whole lines."""
        carry, odd = "", False
        held: list[str] = []
        for block in blocks:
            odd = odd or self._marked() or "\0" in block
            held.append(block)
            if "\n" not in block and "\r" not in block and len(held) * BLOCK < MAX_LINE:
                continue
            # A "\r" at the very end may be half of a "\r\n".
            text = carry + "".join(held)
            cut = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1
            carry = text[cut:]
            held.clear()
            if len(carry) > MAX_LINE:
                raise FileError(too_long(self._label, line + text.count("\n")))
            if cut:
                batch = self._batch(text[:cut], line, odd=odd)
                yield batch
                line += len(batch)
                odd = odd and ("\0" in carry or SURROGATE.search(carry) is not None)
        if carry := carry + "".join(held):
            yield self._batch(carry, line, odd=odd)

    def _batch(self, text: str, first: int, *, odd: bool) -> list[str]:
        """Split a text into lines, note the odd ones, keep them all for going back."""
        batch = split_lines(text)
        if "\ufeff" in text:
            # Files put together with their byte order marks.
            batch = [line.removeprefix("\ufeff") for line in batch]
        if odd:
            for number, line in enumerate(batch, first):
                if SURROGATE.search(line):
                    self.odd[number] = "undecodable"
                elif "\0" in line:
                    self.odd[number] = "nul-bytes"
        kept = self._kept
        while kept and kept[0][0] + len(kept[0][1]) <= self.start:
            kept.popleft()
        kept.append((first, batch))
        return batch
