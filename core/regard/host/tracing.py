"""
What ``REGARD_TRACE_HOOKS=1`` tells about each call of a hook: one line on stderr.

Ids, counts and types only. A secret, a record's value or a text that might hold one is never
shown, so that a trace can be pasted into a question to somebody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from enum import Enum

from regard.errors import PluginError
from regard.findings import Finding
from regard.hookspecs import (
    Batch,
    CommittedBatch,
    Problem,
    QuarantinedRecord,
    RunInfo,
    RunSummary,
)

__all__ = ["trace_line"]


def trace_line(
    hook: str, plugin: str, arguments: Mapping[str, object], outcome: object, seconds: float
) -> str:
    """
    Return the line that tells of one call.

    Args:
        hook: The hook's name.
        plugin: The plug-in's name.
        arguments: What the hook was given, by name.
        outcome: What it returned, or the `PluginError` it ended with.
        seconds: How long it took.
    """
    given = ", ".join(f"{name}={_shown(value)}" for name, value in arguments.items())
    if isinstance(outcome, PluginError):
        cause = outcome.__cause__ or outcome
        result = f"raised {type(cause).__name__}"
    else:
        result = _shown(outcome)
    return f"hook {hook}({given}) in {plugin!r}: {result}, {seconds * 1000:.1f} ms\n"


def _shown(value: object) -> str:
    """Return what may be told about a value."""
    name = type(value).__name__
    if value is None or (isinstance(value, bool | int | float) and not isinstance(value, Enum)):
        return repr(value)
    if isinstance(value, RunInfo | CommittedBatch | QuarantinedRecord | RunSummary):
        inside = ", ".join(
            f"{item.name}={_id(getattr(value, item.name))}" for item in fields(value)
        )
        return f"{name}({inside})"
    if isinstance(value, Finding):
        return f"Finding(code={value.code!r}, severity={value.severity})"
    if isinstance(value, Problem):
        return f"Problem(code={value.code!r}, severity={value.severity}, {len(value.keys)} keys)"
    if isinstance(value, Batch):
        return f"Batch({value.stream!r}, {value.kind!r}, {len(value.records)} records)"
    if isinstance(value, type):
        return value.__qualname__
    if isinstance(value, list | tuple):
        shown = ", ".join(_shown(item) for item in value[:3])
        more = ", ..." if len(value) > 3 else ""
        return f"{len(value)} x [{shown}{more}]"
    return f"{name} of {len(value)}" if isinstance(value, str | bytes) else name


def _id(value: object) -> str:
    if isinstance(value, Mapping):
        counts = ", ".join(f"{name}: {count}" for name, count in value.items())
        return f"{{{counts}}}"
    if isinstance(value, datetime):
        return value.isoformat()
    return repr(value.value if isinstance(value, Enum) else value)
