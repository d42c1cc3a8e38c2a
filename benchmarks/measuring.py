"""
Measures whole child processes from outside: what a user waits for, and what it costs.

Nothing heavy is imported here or by whoever calls it: Linux counts the memory that a parent
had when it made a child as the child's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Measured", "child_environment", "measure"]

_KIB = 1 if sys.platform == "darwin" else 1024
"""What one unit of ``ru_maxrss`` is, in bytes."""


@dataclass(frozen=True, slots=True)
class Measured:
    """
    One run of a child process.

    Attributes:
        wall_seconds: From its start to its end.
        cpu_seconds: User and system time of it and its own children.
        peak_bytes: The resident memory of the largest single process among them.
        exit_code: As a shell would say it; negative for a signal.
        output: What it wrote to stdout.
        errors: The end of what it wrote to stderr.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    exit_code: int
    output: str
    errors: str


def child_environment() -> dict[str, str]:
    """Return the environment of every contender; see README.md for the settings."""
    environment = dict(os.environ)
    # Whoever forbids compiled modules would measure the compiler.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment |= {
        "PYTHONUTF8": "1",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "CRITICAL",
        "DATA_WRITER__DISABLE_COMPRESSION": "true",
        "DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
    }
    return environment


def measure(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None
) -> Measured:
    """
    Run a command to its end.

    Args:
        command: The program and its arguments.
        folder: Its working directory.
        environment: Of the child; by default `child_environment`.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=child_environment() if environment is None else environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        # It was waited for behind the back of the object, which would wait again.
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        return Measured(
            wall,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss * _KIB,
            child.returncode,
            output.read().decode(errors="replace"),
            errors.read().decode(errors="replace")[-2_000:],
        )
