"""A table in a test: a map, a header, rows, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from regard.mapping import FieldMap, Mapper, compile_map, fields_of
from regard.records import kind_named
from regard.tabular import Row

Mapping = Callable[..., list[Any]]


def _mapper(spec: FieldMap | dict[str, Any], header: Sequence[str], **options: Any) -> Mapper:
    """Return a mapper of a map given as TOML would give it."""
    if isinstance(spec, dict):
        spec = FieldMap.model_validate(spec)
    return compile_map(
        spec,
        header,
        timezone=options.pop("timezone", "Europe/Madrid"),
        kind_fields=fields_of(kind_named(spec.kind).model),
        **options,
    )


@pytest.fixture
def make_mapper() -> Callable[..., Mapper]:
    """Compiles a map for a header."""
    return _mapper


@pytest.fixture
def map_rows() -> Mapping:
    """Maps rows and returns all that comes of them, the end included."""

    def run(
        spec: FieldMap | dict[str, Any],
        header: Sequence[str],
        *rows: Sequence[Any],
        **options: Any,
    ) -> list[Any]:
        mapper = _mapper(spec, header, **options)
        found = [
            record
            for line, values in enumerate(rows, start=2)
            for record in mapper.records(Row(line, values))
        ]
        return [*found, *mapper.finish()]

    return run
