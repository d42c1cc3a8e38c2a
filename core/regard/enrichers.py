"""
What a team writes to add something to stored records: a decorated function, or a class.

The shortest enricher is one function in a file of the project's ``plugins`` folder::

    from pydantic import BaseModel
    from regard import enricher

    class PriceBand(BaseModel):
        band: str

    @enricher("price-bands", inputs="purchase", outputs=PriceBand)
    def bands(batch):
        for line in batch:
            if line["unit_price"] is not None:
                yield {"key": line["key"], "band": "high" if line["unit_price"] > 100 else "low"}

with its table in ``regard.toml``::

    [enrichers.price-bands]

What it yields lies in a side table, which queries call ``price_band``. Records stay what their
source said: an enricher can be run again, compared and removed.

This module imports nothing heavy: listing plug-ins must stay quick.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

from regard.errors import ConfigError

if TYPE_CHECKING:
    from regard.clock import Clock
    from regard.views import View

__all__ = ["EnrichContext", "Enriched", "Enricher", "InputBatch", "enricher", "works_on_sets"]

ConfigT = TypeVar("ConfigT")

Enriched: TypeAlias = "Mapping[str, Any] | tuple[type[Any], Mapping[str, Any]]"
"""
What an enricher yields: a mapping of a side table's fields, with the ``key`` of the record.

Where there are several side tables the class comes first: ``yield Topic, {"key": ...}``. From
`Enricher.enrich_all` the mapping also carries ``source``, and ``kind`` where it reads several.
"""


@dataclass(frozen=True, slots=True)
class InputBatch:
    """
    Records of one kind and one source that an enricher has not seen yet.

    Attributes:
        kind: Their kind, such as ``purchase``.
        source: Their source's name in the configuration.
        records: Their fields by name, ``key`` among them; fields that are None are there.
    """

    kind: str
    source: str
    records: Sequence[Mapping[str, Any]]

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)


class EnrichContext(Protocol):
    """What the host offers while an enricher works."""

    @property
    def log(self) -> logging.Logger:
        """A logger that masks secrets."""

    @property
    def clock(self) -> Clock:
        """The time; never ask the machine's clock yourself."""

    @property
    def root(self) -> Path:
        """The project's folder; relative paths start here."""

    @property
    def config(self) -> Any:  # noqa: ANN401  # the enricher's own type
        """The validated settings, as `Enricher.config` has them."""

    @property
    def cancelled(self) -> bool:
        """Whether the run should stop; long work without yields asks this now and then."""

    def note(self, text: str) -> None:
        """Say something in the run's summary that is no failure."""


class Enricher(Generic[ConfigT]):
    """
    Adds side tables to stored records. Subclass it where one function is not enough.

    A whole plug-in, in one file of the project's ``plugins`` folder::

        from decimal import Decimal
        from pydantic import BaseModel
        from regard import Enricher, hookimpl

        class Rank(BaseModel):
            spent: Decimal
            place: int

        class Ranks(Enricher):
            name = "ranks"
            inputs = ("purchase",)
            outputs = (Rank,)
            version = "2"

            def enrich_all(self, view, ctx):
                rows = view.sql('''
                    SELECT source, key, amount AS spent,
                           row_number() OVER (ORDER BY amount DESC, source, key) AS place
                    FROM purchases WHERE amount IS NOT NULL''')
                yield from rows.mappings()

        @hookimpl
        def regard_enrichers():
            return [Ranks]

    Define `enrich` where a record can be looked at alone: it gets only what is new. Define
    `enrich_all` where all of them count together: then it makes its side tables whole.

    Attributes:
        name: What its table ``[enrichers.NAME]`` is called.
        Config: A Pydantic model of its own settings; secrets are ``SecretStr``.
        inputs: The kinds that it reads, such as ``purchase``.
        outputs: One class for each side table: a Pydantic model, or an SQLModel that is no
            table. Its fields are texts, whole numbers, flags, Decimals, aware times or days, and
            may be None. Queries call the table as the class, in small letters with underscores.
        after: Enrichers that go before it, because `enrich_all` reads what they yield.
        version: Another one means other results: all records are enriched again.

    Args:
        config: The validated settings.
    """

    name: ClassVar[str]
    Config: ClassVar[type[Any] | None] = None
    inputs: ClassVar[tuple[str, ...]] = ()
    outputs: ClassVar[tuple[type[Any], ...]] = ()
    after: ClassVar[tuple[str, ...]] = ()
    version: ClassVar[str | int] = "1"

    def __init__(self, config: ConfigT) -> None:
        self.config = config

    def enrich(self, batch: InputBatch, ctx: EnrichContext) -> Iterable[Enriched]:
        """
        Yield at most one row of each side table for each record.

        A record for which nothing is yielded has no row, also where it had one.

        Args:
            batch: Records that are new, or have changed since.
            ctx: What the host offers.

        Raises:
            TransientError: Try again later; what was enriched before stays.
        """
        raise NotImplementedError

    def enrich_all(self, view: View, ctx: EnrichContext) -> Iterable[Enriched]:
        """
        Yield all rows of the side tables; what is not yielded is gone.

        Args:
            view: All records, and the side tables of other enrichers.
            ctx: What the host offers.
        """
        raise NotImplementedError


def works_on_sets(found: type[Enricher[Any]]) -> bool:
    """Say whether an enricher makes its side tables whole, from all records together."""
    return found.enrich_all is not Enricher.enrich_all


def _takes(function: Callable[..., object], count: int) -> bool:
    """Say whether a function can be called with so many values, each by its place."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    return True


def _tuple(value: object) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


EnrichFunction = TypeVar("EnrichFunction", bound=Callable[..., Iterable[Enriched]])


def enricher(
    name: str,
    *,
    inputs: str | Sequence[str],
    outputs: type[Any] | Sequence[type[Any]],
    after: str | Sequence[str] = (),
    version: str | int = "1",
    sets: bool = False,
) -> Callable[[EnrichFunction], EnrichFunction]:
    """
    Make a function an enricher; the host finds it in the module and registers it.

    The function takes ``(batch, ctx)`` or ``(batch)``; with ``sets`` it takes ``(view, ctx)`` or
    ``(view)``, as `Enricher.enrich_all` does. It stays what it was, and can be called in a test.

    Args:
        name: What its table ``[enrichers.NAME]`` is called.
        inputs: The kind that it reads, or several.
        outputs: The class of its side table, or several.
        after: Enrichers that go before it.
        version: See `Enricher`.
        sets: Whether it works on all records together.
    """

    def decorate(work: EnrichFunction) -> EnrichFunction:
        wants_context = _takes(work, 2)
        if not wants_context and not _takes(work, 1):
            first = "view" if sets else "batch"
            message = (
                f"@enricher({name!r}): {work.__name__} takes {inspect.signature(work)}; write "
                f"def {work.__name__}({first}) or def {work.__name__}({first}, ctx)"
            )
            raise ConfigError(message)

        def call(self: object, given: object, ctx: object) -> Iterable[Enriched]:
            """Call the function."""
            return work(given, ctx) if wants_context else work(given)

        values: dict[str, Any] = {
            "name": name,
            "inputs": _tuple(inputs),
            "outputs": _tuple(outputs),
            "after": _tuple(after),
            "version": version,
            "enrich_all" if sets else "enrich": call,
            "__module__": work.__module__,
            "__doc__": work.__doc__,
        }
        work.regard_enricher = type(work.__name__, (Enricher,), values)  # type: ignore[attr-defined]  # the mark the host looks for
        return work

    return decorate
