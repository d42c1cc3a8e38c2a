"""
What cells mean, remembered in tables beside the rows.

States, countries and joined names have a meaning that only the row lane's own step, validator
and encoder know. They repeat: each different cell goes through them once, and rows are joined with
what it came to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from sqlalchemy import BigInteger, Boolean, Column

from regard.errors import RecordError
from regard.mapping.steps import Step
from regard.records import Kind
from regard.records.encoding import SEPARATOR, StoredValue
from regard.records.types import Millionths

__all__ = ["Cells", "Meaning", "Memories", "Memory", "is_numeric"]

_REMEMBERED = 16_384

Meaning: TypeAlias = tuple[StoredValue, str | None, bool]
"""What a cell came to: the stored value, its part of the hashed text, and whether it is good."""

_BAD: Meaning = (None, None, False)


class Cells(Protocol):
    """The cells of many rows, in a table ``piece`` with the columns ``c0``, ``c1``, ..."""

    def rows(self, query: str, given: Mapping[str, Any] | Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a query."""


@dataclass(slots=True)
class Memory:
    """
    What the cells of one field came to, remembered in a table.

    Attributes:
        name: The field.
        table: The table.
        places: The columns that its step reads.
        step: Fills the field.
        default: What it is where the step fills nothing.
        numeric: Whether its stored values are integers.
        checked: Whether the validator may refuse or change what the step fills in.
        size: How many cells are remembered.
    """

    name: str
    table: str
    places: tuple[int, ...]
    step: Step
    default: Meaning
    numeric: bool
    checked: bool
    size: int = 0

    @property
    def match(self) -> str:
        """What makes a remembered cell that of a row."""
        return " AND ".join(
            f"{self.table}.k{at} = piece.c{place}" for at, place in enumerate(self.places)
        )

    @property
    def columns(self) -> list[str]:
        """The columns of the remembered cell."""
        return [f"k{at}" for at in range(len(self.places))]


class Memories:
    """
    The memories of one table.

    Args:
        kind: The kind of its records.
        cells: Where the rows and what is remembered are.
        width: How many columns the table has.
        revives: For each column what makes its values of their texts, None where they are
            texts; empty: all are texts.

    Attributes:
        all: The memories.
    """

    def __init__(
        self,
        kind: Kind,
        cells: Cells,
        width: int,
        revives: Sequence[Callable[[str], Any] | None] = (),
    ) -> None:
        self.all: list[Memory] = []
        self._kind = kind
        self._cells = cells
        self._encoder = kind.encoder()
        self._revives = revives
        self._sparse: list[Any] = [""] * width

    def add(
        self,
        name: str,
        table: str,
        places: tuple[int, ...],
        step: Step,
        default: Meaning,
        *,
        checked: bool,
    ) -> None:
        """Add one, as `Memory` describes it."""
        numeric = is_numeric(self._kind.table.columns[name])
        self.all.append(Memory(name, table, places, step, default, numeric, checked))

    def begin(self) -> None:
        """Make the tables."""
        for memory in self.all:
            cells = ", ".join(f"{name} VARCHAR" for name in memory.columns)
            kind = "BIGINT" if memory.numeric else "VARCHAR"
            self._cells.rows(
                f"CREATE TEMP TABLE {memory.table} ({cells}, v {kind}, p VARCHAR, good BOOLEAN)"
            )

    def learn(self) -> bool:
        """Find out what the cells mean that are not remembered yet, and say if there are any."""
        return any([self._learn(each) for each in self.all])  # noqa: C419  # all of them

    def part(self, name: str, value: Any) -> Meaning:  # noqa: ANN401  # any field's
        """Return what a field's value comes to."""
        stored, shown = self._encoder.part(name, value)
        return stored, shown.removesuffix(SEPARATOR) or None, True

    def _learn(self, memory: Memory) -> bool:
        wanted = ", ".join(f"c{place}" for place in memory.places)
        query = f"SELECT DISTINCT {wanted} FROM piece ANTI JOIN {memory.table} ON {memory.match}"
        unknown = self._cells.rows(query)
        if not unknown:
            return False
        if memory.size and memory.size + len(unknown) > _REMEMBERED:
            self._cells.rows(f"DELETE FROM {memory.table}")
            memory.size = 0
            unknown = self._cells.rows(query)
        memory.size += len(unknown)
        found = [self._meaning(memory, cells) for cells in unknown]
        lists = [*zip(*unknown, strict=True), *zip(*found, strict=True)]
        kinds = [
            *["VARCHAR"] * len(memory.places),
            "BIGINT" if memory.numeric else "VARCHAR",
            "VARCHAR",
            "BOOLEAN",
        ]
        values = ", ".join(f"unnest(CAST(? AS {kind}[]))" for kind in kinds)
        self._cells.rows(
            f"INSERT INTO {memory.table} SELECT {values}", [list(each) for each in lists]
        )
        return True

    def _meaning(self, memory: Memory, cells: Sequence[str]) -> Meaning:
        """Send one cell through the row lane's own step, validator and encoder."""
        for place, cell in zip(memory.places, cells, strict=True):
            revive = self._revives[place] if self._revives and cell else None
            self._sparse[place] = revive(cell) if revive else cell
        out: dict[str, Any] = {}
        try:
            memory.step(self._sparse, out)
            value = out.pop(memory.name, None)
            if out:
                # A cell that also says something about another field, such as a currency.
                return _BAD
            if value is None:
                return memory.default
            if memory.checked:
                typed, problems = self._kind.validator().validate([{memory.name: value}])
                if problems or typed[0] is None:
                    return _BAD
                value = typed[0][memory.name]
            return self.part(memory.name, value)
        except RecordError:
            return _BAD
        finally:
            for place in memory.places:
                self._sparse[place] = ""


def is_numeric(column: Column[Any]) -> bool:
    """Say whether a column holds integers."""
    return isinstance(column.type, Millionths | BigInteger | Boolean)
