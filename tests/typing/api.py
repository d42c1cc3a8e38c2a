"""
The public API as a program that a strict type checker accepts.

It is never run: `mypy --strict tests/typing` reads it as an author's checker would read a
plug-in. A change that breaks it breaks everybody's plug-ins.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, SecretStr

import regard
from regard import (
    AuthError,
    Column,
    ConfigError,
    Delete,
    EnrichContext,
    Enricher,
    Figure,
    FileError,
    Finding,
    InputBatch,
    Notice,
    NoticeRefused,
    Notifier,
    NotifierContext,
    Page,
    Problem,
    RateLimited,
    RecordError,
    Report,
    Reporter,
    SecretError,
    Section,
    Severity,
    Source,
    SourceChanged,
    Stream,
    Table,
    TransientError,
    enricher,
    hookimpl,
    source,
)
from regard.cursors import CursorValue
from regard.hookspecs import Batch, CommittedBatch, QuarantinedRecord, RunInfo, RunSummary
from regard.reporters import ReportContext
from regard.sources import Context, InputFile, Looking, Recognised, Record, Yielded
from regard.testing import EnricherConformance, NotifierConformance, SourceConformance
from regard.views import View

version: str = regard.__version__


# Enrichers: a function, with and without its context, and a class.


class PriceBand(BaseModel):
    """A side table."""

    band: str


@enricher("price-bands", inputs="purchase", outputs=PriceBand)
def bands(batch: InputBatch) -> Iterator[Mapping[str, Any]]:
    """Yield one row a line."""
    for line in batch:
        yield {"key": line["key"], "band": "low"}


@enricher("ranks", inputs=["purchase"], outputs=[PriceBand], after="price-bands", sets=True)
def ranks(view: View, ctx: EnrichContext) -> Iterator[tuple[type[Any], Mapping[str, Any]]]:
    """Yield what a query gives."""
    ctx.log.info("%s", ctx.clock.now())
    for row in view.sql("SELECT source, key, 'low' AS band FROM purchases").mappings():
        yield PriceBand, row


class Lengths(Enricher[dict[str, Any]]):
    """An enricher as a class."""

    name = "lengths"
    inputs = ("touchpoint",)
    outputs = (PriceBand,)
    version = 2

    def enrich(self, batch: InputBatch, ctx: EnrichContext) -> Iterable[Mapping[str, Any]]:
        """Yield one row a record."""
        return [{"key": one["key"], "band": self.config["band"]} for one in batch.records]


@hookimpl
def regard_enrichers() -> list[type[Enricher[Any]]]:
    """Bring the lengths."""
    return [Lengths]


# A source by decorator, with and without its context.


@source("suggestion-box", kind="touchpoint", key=["happened_at", "email", "text"])
def suggestions(
    config: Mapping[str, Any], since: CursorValue | None, ctx: Context
) -> Iterator[Record]:
    """Yield one suggestion a mapping."""
    for row in ctx.rows(config["path"], columns=["happened_at", "email", "text"], sep="\t"):
        yield {**row, "channel": "box", "type": "suggestion"}


@source(
    "counter",
    kind="indicator",
    cursor="period_on",
    ordered=True,
    lookback=timedelta(days=1),
    stream="footfall",
)
def footfall(config: Mapping[str, Any], since: CursorValue | None) -> Iterator[Record]:
    """Yield one day a mapping."""
    yield {"key": "2026-01-31", "series": "footfall", "value": Decimal(12)}


# A decorated function can be called as before.
first: Yielded = next(iter(footfall({}, None)))


# A source by class, with its settings.


class DeskConfig(BaseModel):
    """What stands in the source's table."""

    url: str
    token: SecretStr


class Desk(Source[DeskConfig]):
    """Reads tickets."""

    name: ClassVar[str] = "desk"
    Config: ClassVar[type[DeskConfig]] = DeskConfig
    streams = (
        Stream("tickets", "touchpoint", cursor="updated_at", ordered=True),
        Stream("agents", "fact", key=("id",), snapshot=True),
    )

    def discover(self, ctx: Context) -> Sequence[Stream]:
        """Leave out what is not there."""
        return self.streams[:1] if self.config.url.endswith("/tickets") else self.streams

    def check(self, ctx: Context) -> None:
        """Refuse what could not work."""
        if not self.config.token.get_secret_value():
            message = "token: is empty"
            raise AuthError(message)

    def read(
        self,
        stream: Stream,
        since: CursorValue | None,
        until: CursorValue | None,
        ctx: Context,
    ) -> Iterator[Yielded]:
        """Yield everything that a source may yield."""
        if isinstance(since, datetime):
            ctx.log.info("since %s", since)
        now: datetime = ctx.clock.now()
        ctx.progress(1, total=2, unit="pages")
        ctx.quarantine({"id": ""}, "no-id", message="a ticket without a number", field="id")
        ctx.finding(Finding("slow-desk", "The desk answers slowly.", Severity.INFO))
        ctx.note("two pages")
        path: Path = ctx.root / self.config.url
        if not path.exists():
            raise RateLimited(str(path), retry_after_seconds=2.5)
        yield {"key": ("tickets", 1), "happened_at": now}
        yield Page([{"key": "tickets:2", "happened_at": now}], cursor=now)
        yield Delete("tickets:3", as_of=now)

    @classmethod
    def recognise(cls, files: Sequence[InputFile], ctx: Looking) -> Iterator[Recognised]:
        """Say which files it could read."""
        for file in files:
            yield Recognised(file, "tickets", {"zone": ctx.timezone}, surety=1)


def errors() -> list[Exception]:
    """Make one of each error that says what happens next."""
    return [
        ConfigError("fix the configuration"),
        FileError("this file cannot be read"),
        RecordError("bad-date", "no date", field="at"),
        SecretError("no such secret"),
        SourceChanged("the page looks different"),
        TransientError("try again"),
    ]


# A reporter.


class BasketParams(BaseModel):
    """What can be asked of the report."""

    at_least: int = 1


class Baskets(Reporter[BasketParams]):
    """Counts what was bought."""

    name: ClassVar[str] = "baskets"
    title: ClassVar[str] = "Lines bought"
    Params: ClassVar[type[BasketParams]] = BasketParams

    def report(self, view: View, params: BasketParams, ctx: ReportContext) -> Report:
        """Return one figure and one table."""
        row = view.sql(
            "SELECT count(*) AS n FROM purchases WHERE quantity >= $least", least=params.at_least
        ).one()
        count = row["n"]
        n = count if isinstance(count, int) else 0
        figure = Figure("baskets.lines", "Lines bought", n, n=n)
        columns = (Column("channel", "Channel"), Column("lines", "Lines"))
        table = Table("By channel", columns, (("store", n), (None, 0)), note=f"n = {n}")
        section = Section("Lines", (figure,), (table,))
        return Report(self.name, self.title, view.now, [section], sources=view.freshness())


# A notifier.


class BoardConfig(BaseModel):
    """What stands in the channel's table."""

    path: str


class Board(Notifier[BoardConfig]):
    """Writes notices to a file."""

    name: ClassVar[str] = "board"
    Config: ClassVar[type[BoardConfig]] = BoardConfig

    def tell(self, notices: Sequence[Notice], ctx: NotifierContext) -> None:
        """Add a line for each notice."""
        path: Path = ctx.root / self.config.path
        if not path.exists():
            raise NoticeRefused(str(path))
        ctx.log.info("%s: %d at %s", ctx.title, len(notices), ctx.clock.now())
        path.write_text("\n".join(one.text for one in notices), "utf-8")


# Hooks.


@hookimpl
def regard_sources() -> list[type[Source[Any]] | str]:
    """Bring a class, and another one by name."""
    return [Desk, "elsewhere:Other"]


@hookimpl
def regard_reporters() -> list[type[Reporter[Any]]]:
    """Bring the reporter."""
    return [Baskets]


@hookimpl
def regard_notifiers() -> list[type[Notifier[Any]]]:
    """Bring the notifier."""
    return [Board]


@hookimpl
def regard_profiles() -> list[str | Path]:
    """Bring an export format."""
    return ["profiles/acme-till.toml", Path("other.toml")]


@hookimpl
def regard_run_started(run: RunInfo) -> None:
    """Hear that a run begins."""
    logging.getLogger(__name__).info("%s %s", run.source, run.run_id)


@hookimpl(trylast=True)
def regard_batch_committed(run: RunInfo, batch: CommittedBatch) -> None:
    """Hear of a batch."""
    logging.getLogger(__name__).info("%d: %d", batch.batch_id, batch.counts["new"])


@hookimpl
def regard_quarantined(items: Sequence[QuarantinedRecord]) -> None:
    """Hear of refused records, leaving out an argument."""
    for item in items:
        logging.getLogger(__name__).info("%d %s %s", item.id, item.reason, item.field)


@hookimpl
def regard_finding(run: RunInfo, finding: Finding) -> None:
    """Hear of a finding."""


@hookimpl
def regard_run_finished(run: RunInfo, summary: RunSummary) -> None:
    """Hear how it ended."""
    logging.getLogger(__name__).info("%s in %.1f s", summary.outcome, summary.seconds)


@hookimpl
def regard_resolve_secret(reference: str) -> str | None:
    """Leave it to others."""
    return None


@hookimpl
def regard_check_batch(batch: Batch) -> list[Problem]:
    """Refuse what costs nothing."""
    free = tuple(str(record["key"]) for record in batch.records if record.get("amount") == 0)
    return [Problem("quarantine", "no-amount", "A purchase costs nothing.", keys=free)]


# The conformance kit.


class TestDesk(SourceConformance):
    """The help desk keeps the promises of a source."""

    plugin = "desk"
    plugin_file = Path("plugins/desk.py")
    data = Path("tests/data")
    config: ClassVar[Mapping[str, Any]] = {"url": "tickets", "token": "hd-0"}
    expected = 3
    expected_refused = 1


class TestBands(EnricherConformance):
    """The price bands keep the promises of an enricher."""

    enricher = "price-bands"
    plugin_file = Path("plugins/price_bands.py")
    records: ClassVar[Mapping[str, Sequence[Mapping[str, Any]]]] = {
        "purchase": [{"key": "1", "unit_price": "150"}]
    }


class TestBoard(NotifierConformance):
    """The board keeps the promises of a notifier."""

    notifier = "board"
    plugin_file = Path("plugins/board.py")

    def arrived(self, root: Path) -> str:
        """Return what is on the board."""
        return (root / "hall.txt").read_text("utf-8")
