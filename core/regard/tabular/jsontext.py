"""
JSON text of any length, one value at a time, exact.

The standard library's decoder works in C, but on a whole text; the window below feeds it. Numbers
with a point become Decimal; what JSON has no word for (NaN) and what is ambiguous (the same key
twice) is reported as a fault of its record instead of ending the file, which is why no event
parser is used: for those NaN is the end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from regard.errors import FileError

__all__ = ["FAULTS", "Decoder", "Window", "compact"]

MAX_VALUE = 64 << 20
SPACE = re.compile(r"[ \t\n\r]*")
NEAR_THE_END = 16
"""Characters before the window's end where an error may only mean that more is to come."""

FAULTS = {
    "not-finite": "has a number that is not finite (NaN or Infinity)",
    "bad-number": "has a number of too many digits",
    "duplicate-key": "has the same key twice",
}


class Decoder:
    """
    Decodes single JSON values.

    Attributes:
        faults: What was wrong with the value last decoded: keys of `FAULTS`.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._quick = self._decoder(careful=False)
        self._careful = self._decoder(careful=True)

    def decode(self, text: str, at: int) -> tuple[Any, int]:
        """
        Decode the value that starts at a position; return it and where it ends.

        Raises:
            json.JSONDecodeError: It is no JSON, or it is cut off.
            RecursionError: It is nested thousands of levels deep.
        """
        self.faults.clear()
        try:
            return self._quick.raw_decode(text, at)
        except json.JSONDecodeError:
            raise
        except (ValueError, InvalidOperation):
            # Python refuses integers of thousands of digits, Decimal monstrous exponents.
            self.faults.clear()
            return self._careful.raw_decode(text, at)

    def _decoder(self, *, careful: bool) -> json.JSONDecoder:
        """Return a decoder with our hooks."""
        return json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_float=self._careful_decimal if careful else Decimal,
            parse_int=self._careful_int if careful else int,
            parse_constant=self._constant,
            strict=False,  # raw line breaks inside texts are wrong and harmless
        )

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Make an object, and note keys that occur twice."""
        made = dict(pairs)
        if len(made) != len(pairs):
            self.faults.append("duplicate-key")
        return made

    def _constant(self, _: str) -> None:
        """Note a number that is not finite."""
        self.faults.append("not-finite")

    def _careful_int(self, digits: str) -> int | None:
        """Make an int, and note one of too many digits."""
        try:
            return int(digits)
        except ValueError:
            self.faults.append("bad-number")
            return None

    def _careful_decimal(self, digits: str) -> Decimal | None:
        """Make a Decimal, and note one out of its bounds."""
        try:
            return Decimal(digits)
        except InvalidOperation:
            self.faults.append("bad-number")
            return None


class Window:
    """
    A sliding window over JSON text.

    Args:
        blocks: The text.
        label: What messages call the file.
    """

    def __init__(self, blocks: Iterator[str], label: str) -> None:
        self.decoder = Decoder()
        self.label = label
        self._blocks = blocks
        self._text = ""
        self._at = 0
        self._last = 0
        self._ended = False
        self._count = 0

    def peek(self) -> str:
        """Return the next character that is not white space; empty at the end of the text."""
        while True:
            found = SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, wanted: str) -> None:
        """
        Take one character, which must be one of those wanted.

        Raises:
            FileError: It is another, or the text has ended.
        """
        self.expect(wanted)
        self._at += 1

    def expect(self, wanted: str) -> None:
        """Like `take`, but leave the character where it is."""
        char = self.peek()
        if not char or char not in wanted:
            what = f"{' or '.join(wanted)} was expected"
            raise self._broken(what)

    def value(self) -> Any:  # noqa: ANN401 - JSON enters here
        """
        Take one value; see `Decoder.faults` for what is wrong with it.

        Raises:
            FileError: It is no JSON, larger than 64 million characters, or cut off.
        """
        self.peek()
        while True:
            try:
                value, end = self.decoder.decode(self._text, self._at)
            except json.JSONDecodeError as error:
                cut_off = error.msg.startswith(
                    "Unterminated string"
                ) or error.pos + NEAR_THE_END >= len(self._text)
                if cut_off and self._more(doubling=True):
                    continue
                what = f"this is no JSON: {error.msg}"
                raise self._broken(what) from error
            except RecursionError as error:
                raise self._broken("the value is nested too deeply") from error
            if end == len(self._text) and not self._ended:
                self._more()  # a number may go on
                continue
            self._last, self._at = self._at, end
            self._count += 1
            return value

    def raw(self) -> str:
        """Return the text of the value last taken; call it before anything else."""
        return self._text[self._last : self._at]

    def _more(self, *, doubling: bool = False) -> bool:
        """Move the window on; ``False`` at the end of the text."""
        rest = self._text[self._at :]
        if len(rest) > MAX_VALUE:
            what = f"one value has more than {MAX_VALUE >> 20} million characters"
            raise self._broken(what)
        parts, wanted = [rest], len(rest) if doubling else 1
        while wanted > 0:
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
                break
            parts.append(block)
            wanted -= len(block)
        self._text, self._at, self._last = "".join(parts), 0, 0
        return len(parts) > 1

    def _broken(self, what: str) -> FileError:
        """Return the error that says where the JSON stops making sense."""
        ended = self._ended and self._at + NEAR_THE_END >= len(self._text)
        where = f"after {self._count:,} value{'' if self._count == 1 else 's'}"
        if ended:
            return FileError(f"{self.label} is cut short: its JSON ends {where} where {what}")
        return FileError(f"{self.label} has broken JSON {where}: {what}")


def compact(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a JSON value as text without spaces, its Decimals digit by digit."""
    if isinstance(value, dict):
        pairs = (f"{compact(key)}:{compact(each)}" for key, each in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
