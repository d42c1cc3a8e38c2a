"""State as a file: JSON that can be read by people, and is checked whole before it is used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from regard import cursors
from regard.errors import RecordError, UsageError
from regard.store.files import FileState
from regard.store.state import SourceState, StoredCursor

__all__ = ["FORMAT", "dump", "parse"]

FORMAT = 1
"""Raised when an older regard could no longer read what is written."""

_Name = Annotated[str, Field(min_length=1, pattern="^[^\\x00]*$")]
_Count = Annotated[int, Field(ge=-1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Cursor(_Strict):
    stream: _Name
    purpose: _Name
    type: str
    value: Any


class _File(_Strict):
    stream: _Name
    path: _Name
    size: _Count
    modified_ns: int
    sha256: str
    rows_done: _Count
    complete: bool
    recipe: str


class _Source(_Strict):
    cursors: list[_Cursor]
    files: list[_File]


class _State(_Strict):
    format: Literal[1]
    exported_at: str
    sources: dict[_Name, _Source]


def dump(states: Sequence[SourceState], now: datetime) -> dict[str, Any]:
    """Return states as JSON can hold them."""
    return {
        "format": FORMAT,
        "exported_at": now.astimezone(UTC).isoformat(),
        "sources": {
            state.source: {
                "cursors": [
                    {
                        "stream": item.stream,
                        "purpose": item.purpose,
                        **json.loads(cursors.dump(item.value)),
                    }
                    for item in state.cursors
                ],
                "files": [
                    {name: getattr(file, name) for name in _File.model_fields}
                    for file in state.files
                ],
            }
            for state in states
        },
    }


def parse(text: str, where: str) -> list[SourceState]:
    """
    Return the states that a file holds.

    Args:
        text: Its content.
        where: How messages call it.

    Raises:
        UsageError: It is not what `dump` gives; the first faults are named.
    """
    try:
        data = json.loads(text)
        found = _State.model_validate(data)
    except ValidationError as error:
        message = f"{where}: {_explained(error)}"
        raise UsageError(message) from error
    except (ValueError, RecursionError) as error:
        message = f"{where} is no JSON: `regard state export` writes what can be imported"
        raise UsageError(message) from error
    return [_state(name, source, where) for name, source in found.sources.items()]


def _explained(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [
        f"{'.'.join(str(step) for step in each['loc']) or 'the file'}: {each['msg']}"
        for each in faults[:5]
    ]
    more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
    return "; ".join(lines) + more


def _state(name: str, source: _Source, where: str) -> SourceState:
    found = []
    for at, item in enumerate(source.cursors):
        place = f"{where}: sources.{name}.cursors.{at}"
        try:
            text = json.dumps({"type": item.type, "value": item.value})
            value = cursors.parse(text)
            cursors.dump(value)
        except RecordError as error:
            message = f"{place}: {error}"
            raise UsageError(message) from error
        found.append(StoredCursor(item.stream, item.purpose, value))
    _once([(item.stream, item.purpose) for item in found], f"{where}: sources.{name}.cursors")
    _once([(item.stream, item.path) for item in source.files], f"{where}: sources.{name}.files")
    return SourceState(name, found, [FileState(**item.model_dump()) for item in source.files])


def _once(places: Sequence[tuple[str, str]], where: str) -> None:
    seen: set[tuple[str, str]] = set()
    for place in places:
        if place in seen:
            message = f"{where}: {' '.join(place)!r} stands there twice"
            raise UsageError(message)
        seen.add(place)
