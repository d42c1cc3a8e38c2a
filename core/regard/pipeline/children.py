"""
A source is read in a process of its own.

A plug-in may hang, exit, use up the memory, or close what it was handed. Then one process
ends, and whoever started it goes on with the next source and can say what happened.

The child writes lines of JSON into a pipe: how far it is, and at the end what it has done.
Its standard output is ours no more: what a plug-in prints there goes to standard error.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Lock, Thread, active_count
from types import TracebackType
from typing import Any

from regard.errors import RegardError
from regard.host.printing import Printed
from regard.pipeline.outlets import Outlet
from regard.pipeline.stopping import PASSED, Asked
from regard.schedules import write_duration
from regard.secrets import mask, redactor

__all__ = ["Bounds", "Child", "Ended", "Tell", "Work", "machine_memory"]

Tell = Callable[[str, object], None]
"""Tells the parent one thing by its name; the value must be fit for JSON."""

Work = Callable[[Asked, Tell], object]
"""What a child does; it is asked to stop, tells its parent things, and returns JSON values."""

_TICK_SECONDS = 0.1
_UNKNOWN = 255
"""What a fork server's children are said to have ended with when the server is gone."""

_OVERTIME_SECONDS = 0.3
_JOIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """
    What a child may use, and how long it is waited for when it should stop.

    Attributes:
        deadline: How long its work may take; None: as long as it likes.
        memory: How many bytes of memory it may use; None: as many as there are.
        break_seconds: So long after the wish to stop, a signal breaks into the plug-in.
        kill_seconds: So long after it, the child is killed.
        kill_late_seconds: The same, where nobody waits: the deadline passed, or the lease is
            lost.
    """

    deadline: timedelta | None = None
    memory: int | None = None
    break_seconds: float = 0.4
    kill_seconds: float = 1.3
    kill_late_seconds: float = 3.0


@dataclass(frozen=True, slots=True)
class Ended:
    """
    How a child ended.

    Attributes:
        pid: Its number.
        value: What its work returned, where it was done.
        error: Why it was not.
        kind: The name of the error's class, where it was one of ours.
        stopped: Somebody asked for the end.
        code: Its exit code; negative: the signal that ended it; None: nobody knows.
    """

    pid: int
    value: Any = None
    error: str | None = None
    kind: str | None = None
    stopped: bool = False
    code: int | None = None


class Child:
    """
    A process that does one piece of work, for the length of a block.

    Args:
        work: What it does.
        bounds: What it may use.
        served: Whether a server forks it that has loaded already what children need; that is
            for whoever starts many and has threads of its own. What it prints goes to our
            stderr as it is, unless it opens a log file.
    """

    def __init__(self, work: Work, bounds: Bounds, *, served: bool = False) -> None:
        self._work = work
        self._bounds = bounds
        self._served = served

    def __enter__(self) -> Child:
        method = "forkserver" if self._served else _method()
        context: Any = multiprocessing.get_context(method)
        self._heard, told = context.Pipe(duplex=False)
        held, self._hold = context.Pipe(duplex=False)
        source: Connection | None = None
        printed: Connection | None = None
        if not self._served:
            source, printed = context.Pipe(duplex=False)
        inherited = (self._heard, self._hold, source) if method == "fork" else ()
        self._process = context.Process(
            target=_live, args=(self._work, told, held, printed, inherited)
        )
        with _ONE_LOOKS:
            self._process.start()
        for end in filter(None, (told, held, printed)):
            end.close()
        # Only now: a fork copies no second thread.
        self._outlet = None if source is None else Outlet(source)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Where the server that forked it is gone, nobody can tell whether it still lives.
        if _alive(self._process) or (self._served and _code(self._process) == _UNKNOWN):
            _kill(self._process)
        else:
            # It has ended, and what a plug-in has started of its own may not have.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        if self._outlet is not None:
            self._outlet.close()
        self._heard.close()
        self._hold.close()

    def attend(self, cancel: Event, hear: Callable[[Any], None]) -> Ended:
        """
        Wait for the child's end, and see to it.

        Args:
            cancel: Set when it should stop.
            hear: Hears of its progress.
        """
        return _Attendant(self._process, self._heard, self._bounds, cancel, hear).attend()


class _Attendant:
    """Waits for one child: hears what it tells, and ends it where it does not end itself."""

    def __init__(
        self,
        process: Any,  # noqa: ANN401  # each start method has a class of its own
        heard: Connection,
        bounds: Bounds,
        cancel: Event,
        hear: Callable[[Any], None],
    ) -> None:
        self._process = process
        self._lines = _Lines(heard.fileno())
        self._bounds = bounds
        self._cancel = cancel
        self._hear = hear
        self._began = time.monotonic()
        self._asked_at: float | None = None
        self._broken_in = False
        self._late = ""
        self._killed: str | None = None

    def attend(self) -> Ended:
        """Return how the child ended."""
        while True:
            alive = _alive(self._process)
            # Asked first, read then: what it told before it died is not lost.
            for name, value in self._lines.read(_TICK_SECONDS if alive else 0):
                if name in ("done", "error"):
                    return self._told(name, value)
                self._take(name, value)
            if not alive:
                return self._died()
            self._look(time.monotonic())

    def _told(self, name: str, value: Any) -> Ended:  # noqa: ANN401  # JSON
        pid = int(self._process.pid)
        _join(self._process)
        if name == "done":
            return Ended(pid, value=value)
        kind, text = value
        return Ended(pid, error=str(text), kind=str(kind))

    def _take(self, name: str, value: Any) -> None:  # noqa: ANN401  # JSON
        if name == "began":
            self._began = time.monotonic()
        elif name == "lost":
            self._late = str(value)
        elif name == "progress":
            self._hear(value)
        elif name == "secret":
            # What it prints past its own streams is masked here.
            redactor.add(str(value))

    def _look(self, now: float) -> None:
        """Ask the child to stop where it should, and the harder the longer it takes."""
        self._weigh()
        deadline = self._bounds.deadline
        # The child keeps the same time; it gets the chance to end by itself.
        took = timedelta(seconds=now - self._began - _OVERTIME_SECONDS)
        if deadline is not None and not self._late and took > deadline:
            self._late = f"the run took longer than its deadline of {write_duration(deadline)}"
        if self._asked_at is None:
            if self._cancel.is_set() or self._late:
                self._asked_at = now
                self._signal()
            return
        waited = now - self._asked_at
        if waited > self._bounds.break_seconds and not self._broken_in:
            self._broken_in = True
            self._signal()
        asked = self._cancel.is_set()
        if waited > (self._bounds.kill_seconds if asked else self._bounds.kill_late_seconds):
            why = "the run was asked to stop" if asked else self._late
            self._kill(f"{why}, but the plug-in did not heed it and was killed")

    def _weigh(self) -> None:
        most = self._bounds.memory
        if most is None or _memory_of(self._process.pid) <= most:
            return
        self._kill(
            f"the plug-in used more than the {most / 1e6:,.0f} MB of memory that a run may use "
            "(`memory` in [limits])"
        )

    def _signal(self) -> None:
        passed = bool(self._late) and not self._cancel.is_set()
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, PASSED if passed else signal.SIGTERM)

    def _kill(self, why: str) -> None:
        self._killed = why
        _kill(self._process)

    def _died(self) -> Ended:
        code, asked = _code(self._process), self._cancel.is_set()
        if self._killed is not None:
            error = self._killed
        elif code is None:
            error = "the process that read it cannot be ended: the machine does not answer"
        elif code < 0 and asked:
            error = "the run was asked to stop"
        elif code < 0:
            error = f"the plug-in crashed: its process was ended by {_signal_name(-code)}"
        else:
            error = f"the plug-in ended its process in the midst of its work (exit code {code})"
        pid = int(self._process.pid)
        told = f"{error}; what was committed stays"
        return Ended(pid, error=told, stopped=asked, code=code)


_ONE_LOOKS = Lock()
"""
One thread at a time starts children or looks after them.

Starting one makes `multiprocessing` look after all others, too, and how a child of a fork server
has ended can be read only once: whoever reads second is told that the server died.
"""


def _alive(process: Any) -> bool:  # noqa: ANN401  # each start method has a class of its own
    with _ONE_LOOKS:
        return bool(process.is_alive())


def _code(process: Any) -> int | None:  # noqa: ANN401
    with _ONE_LOOKS:
        code: int | None = process.exitcode
        return code


def _join(process: Any) -> None:  # noqa: ANN401
    """Wait a moment for the end of a process that is about to end."""
    end = time.monotonic() + _JOIN_SECONDS
    while _alive(process) and time.monotonic() < end:
        time.sleep(0.01)


def _signal_name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    return f"{name}, as when memory runs out" if name == "SIGKILL" else name


def _kill(process: Any) -> None:  # noqa: ANN401  # each start method has a class of its own
    """Kill a child and all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    _join(process)


_PAGE = os.sysconf("SC_PAGE_SIZE")


def _memory_of(pid: int) -> int:
    """Return how many bytes of memory a process uses; 0 where nobody tells."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return 0


def machine_memory() -> int | None:
    """Return the memory that one child may use where nobody says: three quarters of all."""
    try:
        most = os.sysconf("SC_PHYS_PAGES") * _PAGE
    except (ValueError, OSError):
        return None
    with suppress(OSError, ValueError):  # no container, or one without a limit
        most = min(most, int(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    return most * 3 // 4 if most > 0 else None


class _Lines:
    """Reads lines of JSON from a pipe, and never waits for the rest of one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self._open = True

    def read(self, seconds: float) -> Iterator[tuple[str, Any]]:
        """Yield what has come, by name; wait for it at most so long."""
        if not self._open:
            time.sleep(seconds)
            return
        while select.select([self._descriptor], [], [], seconds)[0]:
            seconds = 0
            data = os.read(self._descriptor, 1 << 16)
            if not data:
                self._open = False
                return
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                # A plug-in that writes anywhere may write here, too.
                with suppress(ValueError, TypeError):
                    name, value = json.loads(line)
                    yield str(name), value


def _method() -> str:
    """Return how to start a child: a fork takes milliseconds, but may copy no second thread."""
    if sys.platform != "linux" or active_count() > 1:
        return "spawn"
    threads = Path("/proc/self/task")
    return "fork" if threads.is_dir() and len(list(threads.iterdir())) == 1 else "spawn"


def _live(
    work: Work,
    told: Connection,
    held: Connection,
    printed: Connection | None,
    inherited: tuple[Connection | None, ...],
) -> None:
    """Do the work of a child, and end."""
    for connection in filter(None, inherited):
        connection.close()
    _leave_server()
    with suppress(RuntimeError):  # it is free where a server forked this process
        # Whoever forked us held it at that moment, and this is another lock now.
        _ONE_LOOKS.release()
    # No terminal and no group in common: signals come from the parent alone, and what the
    # plug-in starts can be ended with it.
    os.setsid()
    asked = Asked()
    for number in (signal.SIGTERM, signal.SIGINT, PASSED):
        signal.signal(number, asked.heed)
    if printed is not None:
        os.dup2(printed.fileno(), 2)
        printed.close()
    try:
        os.dup2(2, 1)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = sys.stderr = Printed(sys.stderr)
    Thread(target=_end_with_parent, args=(held,), name="regard-parent", daemon=True).start()
    lock = Lock()

    def tell(name: str, value: object) -> None:
        line = json.dumps([name, value]).encode() + b"\n"
        with lock, suppress(OSError):
            while line:
                line = line[os.write(told.fileno(), line) :]

    if printed is not None:
        redactor.hear = lambda secret: tell("secret", secret)
    code = 1
    try:
        tell("done", work(asked, tell))
        code = 0
    except RegardError as error:
        if "--debug" in sys.argv:
            traceback.print_exc()
        tell("error", [type(error).__name__, mask(str(error)) or type(error).__name__])
    except BaseException:  # noqa: BLE001  # a bug of ours; whoever waits is told by the code
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    # Not by returning: a thread that a plug-in has started would be waited for.
    os._exit(code)


def _leave_server() -> None:
    """
    Give back the pipe by which a fork server knows that somebody still needs it.

    It dies of whatever is written there, and with it what is known of all its other children;
    a plug-in that writes into every file it finds open must not find this one.
    """
    from multiprocessing import forkserver

    server = getattr(forkserver, "_forkserver", None)
    descriptor = getattr(server, "_forkserver_alive_fd", None)
    if server is not None and descriptor is not None:
        with suppress(OSError):
            os.close(descriptor)
        server._forkserver_alive_fd = None


def _end_with_parent(held: Connection) -> None:
    """Wait for the parent's end, which closes the pipe; then nobody may go on."""
    with suppress(EOFError, OSError):
        held.recv_bytes()
    os.killpg(0, signal.SIGKILL)
