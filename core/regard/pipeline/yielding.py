"""What enrichers yield: asked for, checked row by row, and encoded."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from regard.clock import Clock
from regard.enrichers import Enriched, InputBatch
from regard.errors import PluginError
from regard.host.printing import prints_aside
from regard.pipeline.enrichers import PreparedEnricher
from regard.pipeline.stopping import Stop
from regard.privacy import pseudonym
from regard.records.encoding import Encoded
from regard.records.sides import Output, SideTable
from regard.store.enriching import SideRows
from regard.views import View

__all__ = ["AT_ONCE", "Asker", "EnricherSurroundings", "grouped"]

AT_ONCE = 2_000
"""So many records are looked at, and stored, at once."""


@dataclass(slots=True)
class EnricherSurroundings:
    """What an enricher is offered; see `regard.enrichers.EnrichContext`."""

    log: logging.Logger
    clock: Clock
    root: Path
    config: Any
    stop: Stop
    notes: list[str] = field(default_factory=list)

    @property
    def cancelled(self) -> bool:
        """Whether the run should stop."""
        return self.stop.is_set()

    def note(self, text: str) -> None:
        """Say something in the run's summary that is no failure."""
        self.notes.append(str(text))


@dataclass(slots=True)
class Asker:
    """
    Asks one enricher.

    Attributes:
        prepared: The enricher.
        surroundings: What it is offered.
        stop: Tells whether to stop.
        key: Makes pseudonyms of records for messages.
    """

    prepared: PreparedEnricher
    surroundings: EnricherSurroundings
    stop: Stop
    key: bytes

    def about(self, batch: InputBatch) -> SideRows:
        """Return what an enricher yields for a batch, checked and encoded."""
        keys = [record["key"] for record in batch.records]
        known = frozenset(keys)
        rows: dict[SideTable, dict[str, Encoded]] = {}
        with prints_aside(), self.stop.reading():
            for output, values in self._yielded(self.prepared.enricher.enrich, batch):
                key = values.pop("key", None)
                for name, right in (("kind", batch.kind), ("source", batch.source)):
                    if values.pop(name, right) != right:
                        message = f"{self._title}: it yielded another {name} than the batch's"
                        raise PluginError(message)
                if not isinstance(key, str) or key not in known:
                    message = f"{self._title}: it yielded a row whose key is none of the batch's"
                    raise PluginError(message)
                made = rows.setdefault(output.side, {})
                if key in made:
                    record = pseudonym(batch.kind, key, self.key)
                    message = (
                        f"{self._title}: it yielded two rows of {output.side.name} for {record}"
                    )
                    raise PluginError(message)
                made[key] = self._encoded(output, batch.kind, key, values)
        encoded = {side: list(made.values()) for side, made in rows.items()}
        return SideRows(batch.kind, batch.source, keys, encoded)

    @property
    def _title(self) -> str:
        return f"the enricher {self.prepared.name!r}"

    def _encoded(self, output: Output, kind: str, key: str, values: Mapping[str, Any]) -> Encoded:
        try:
            return output.encode(key, values)
        except PluginError as error:
            message = f"{self._title}: {error} (for {pseudonym(kind, key, self.key)})"
            raise PluginError(message) from None

    def _yielded(
        self, work: Callable[[Any, Any], Iterable[Enriched]], given: object
    ) -> Iterator[tuple[Output, dict[str, Any]]]:
        """Yield each row with the side table that it is for."""
        outputs = {output.model: output for output in self.prepared.declared.outputs}
        only = next(iter(outputs.values())) if len(outputs) == 1 else None
        right = (
            'a mapping with "key"' if only else 'a class of its outputs and a mapping with "key"'
        )
        rows: Any = work(given, self.surroundings)
        if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable | None):
            given_back = f"a value of the type {type(rows).__name__}"
            message = f"{self._title}: it returned {given_back}; it must yield {right}"
            raise PluginError(message)
        for row in rows or ():
            self.stop.check()
            output, values = only, row
            if isinstance(row, tuple) and len(row) == 2:
                output = outputs.get(row[0]) if isinstance(row[0], type) else None
                values = row[1]
            if output is None or not isinstance(values, Mapping):
                message = f"{self._title}: it yielded a {type(row).__name__}; it must be {right}"
                raise PluginError(message)
            yield output, dict(values)

    def all_into(self, spool: IO[str], view: View, hear: Callable[[int], None]) -> int:
        """
        Write what an enricher yields of all records into a file; return how many rows it was.

        Others may use the store meanwhile, however long it takes.
        """
        inputs = self.prepared.declared.inputs
        places = [output.side for output in self.prepared.declared.outputs]
        only = inputs[0] if len(inputs) == 1 else None
        count = 0
        with prints_aside(), self.stop.reading():
            for output, values in self._yielded(self.prepared.enricher.enrich_all, view):
                kind = values.pop("kind", only)
                source, key = values.pop("source", None), values.pop("key", None)
                if kind not in inputs or not isinstance(source, str) or not isinstance(key, str):
                    wanted = '"source" and "key"' if only else '"kind", "source" and "key"'
                    message = (
                        f"{self._title}: each row needs the {wanted} of a record that it reads"
                    )
                    raise PluginError(message)
                row = self._encoded(output, kind, key, values)
                place = places.index(output.side)
                spool.write(json.dumps([place, kind, source, *row]) + "\n")
                count += 1
                if count % AT_ONCE == 0:
                    hear(count)
        return count


def grouped(sides: Sequence[SideTable], lines: Iterable[str]) -> Iterator[SideRows]:
    """Yield spooled rows again, some of one kind and one source at a time."""
    groups: dict[tuple[str, str], dict[SideTable, list[Encoded]]] = {}

    def made() -> Iterator[SideRows]:
        for (kind, source), rows in groups.items():
            keys = [row.key for each in rows.values() for row in each]
            yield SideRows(kind, source, list(dict.fromkeys(keys)), rows)
        groups.clear()

    for count, line in enumerate(lines, 1):
        place, kind, source, key, as_of, digest, extra, values = json.loads(line)
        rows = groups.setdefault((kind, source), {})
        row = Encoded(key, as_of, digest, extra, tuple(values))
        rows.setdefault(sides[place], []).append(row)
        if count % AT_ONCE == 0:
            yield from made()
    yield from made()
