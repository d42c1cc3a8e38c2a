"""
How the host runs code that it did not write.

Whatever that code raises, `SystemExit` included, becomes one `PluginError` with one line;
only an interrupt from the keyboard passes. What it prints never reaches stdout, because
stdout carries results that other programs read.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from regard.errors import PluginError

__all__ = ["Noise", "describe", "guarded", "one_line", "silent_stdout"]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

MAX_LINE = 400
"""The longest cause that is kept, in characters: an error page as a message helps nobody."""

_OURS = (str(Path(__file__).parent), str(Path(importlib.__file__).parent), "<frozen ")


def guarded(
    call: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """
    Call a plug-in's code.

    Raises:
        PluginError: It raised something; the message is the cause in one line.
    """
    try:
        return call(*args, **kwargs)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plug-in may raise anything, and the host must go on
        raise PluginError(describe(error)) from error


def one_line(text: str) -> str:
    """Return a text without line breaks, cut where it is longer than `MAX_LINE`."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_LINE else line[: MAX_LINE - 3] + "..."


def describe(error: BaseException) -> str:
    """Return the kind of an error, its message and the plug-in's line, in one line."""
    if isinstance(error, PluginError):
        return one_line(str(error))
    kind = type(error).__name__
    try:
        message = str(error)
    except Exception:  # noqa: BLE001  # an error whose text raises is an error all the same
        message = ""
    place = "" if isinstance(error, SyntaxError) else _place(error.__traceback__)
    return one_line(f"{kind}: {message}{place}" if message else f"{kind}{place}")


def _place(trace: TracebackType | None) -> str:
    """Name the outermost line that is neither the host's nor the import system's."""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(_OURS):
            path = Path(file)
            name = f"{path.parent.name}/{path.name}" if path.stem == "__init__" else path.name
            return f" ({name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return ""


@dataclass(slots=True)
class Noise:
    """How many bytes a plug-in tried to write to stdout; `silent_stdout` counts them."""

    written: int = 0


class _Sink(io.RawIOBase):
    """Takes everything, keeps nothing, counts."""

    def __init__(self, noise: Noise) -> None:
        self._noise = noise

    def writable(self) -> bool:
        """Say that one may write."""
        return True

    def write(self, data: Any, /) -> int:  # noqa: ANN401  # a buffer has no type before 3.12
        """Count, as if it were written."""
        size = memoryview(data).nbytes
        self._noise.written += size
        return size


@contextmanager
def silent_stdout() -> Iterator[Noise]:
    """
    Keep stdout clean while a plug-in is loaded, of its child processes' writes too.

    `sys.stdout` becomes a real text stream, so that ``sys.stdout.reconfigure(...)`` and
    ``sys.stdout.buffer`` work; one that a plug-in keeps for later stays harmless.
    """
    noise = Noise()
    _flush(sys.stdout)
    restore = _divert_descriptor()
    sink = io.TextIOWrapper(
        io.BufferedWriter(_Sink(noise)), encoding="utf-8", errors="replace", write_through=True
    )
    try:
        with redirect_stdout(sink):
            yield noise
    finally:
        _flush(sink)
        _flush(sys.__stdout__)
        restore()


def _flush(stream: object) -> None:
    flush = getattr(stream, "flush", None)
    if flush is None:
        return
    try:
        flush()
    except (OSError, ValueError):
        # Closed, or its reader has gone: whoever writes results there will find out.
        return


def _divert_descriptor() -> Callable[[], None]:
    """Point descriptor 1 at nothing; return what undoes it."""
    try:
        kept = os.dup(1)
    except OSError:
        return lambda: None
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)

    def restore() -> None:
        os.dup2(kept, 1)
        os.close(kept)

    return restore
