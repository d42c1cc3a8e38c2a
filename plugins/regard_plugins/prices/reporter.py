"""The reporter ``prices``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar, Final

from pydantic import Field

from regard.findings import Finding, Severity
from regard.measures import checks, minimums, offers
from regard.measures.freshness import concerned
from regard.measures.minimums import Below, Watched
from regard.measures.offers import Index, Move, Pair
from regard.measures.periods import last_days, resolve_period
from regard.render.formats import number
from regard.render.phrases import Speaker
from regard.render.words import LANGUAGES
from regard.reporters import ReportContext, Reporter
from regard.reports import Cell, Period, Report, Section, Table
from regard.settings.params import PeriodParams
from regard.views import View
from regard_plugins.prices.words import PHRASES

__all__ = ["Prices", "PricesParams"]

_USUAL_DAYS: Final = 7
_WORTH_SAYING: Final = Decimal(97)
"""An index below says that somebody is clearly cheaper."""
_BASE: Final = 5
_MOST: Final = 100_000
"""More rows of a table than anybody's program wants."""
_WHATS: Final = ("dearer", "cheaper", "promotion", "stock-out", "back", "new", "withdrawn")
"""What is counted, in the order of the columns."""
_KINDS: Final = ("offer", "product")


class PricesParams(PeriodParams):
    """
    What can be asked of the report.

    Attributes:
        rows: How many rows of a table to name; programs get more.
    """

    rows: int = Field(10, ge=1, le=1000)


@dataclass(frozen=True, slots=True)
class _Asked:
    view: View
    to: Speaker
    period: Period
    rows: int


class Prices(Reporter[PricesParams]):
    """
    Says how our prices stand against competitors', on one basis, and what moved.

    Under ``[reports.NAME]`` in ``regard.toml``::

        [reports.price-watch]
        reporter = "prices"
        params = {since = "7d", rows = 20}
    """

    name: ClassVar[str] = "prices"
    title: ClassVar[str] = "how our prices stand against competitors', and what moved"
    Params: ClassVar[type[PricesParams]] = PricesParams

    def report(self, view: View, params: PricesParams, ctx: ReportContext) -> Report:
        """Make the report."""
        period = resolve_period(
            params.since, params.until, now=view.now, timezone=view.timezone
        ) or last_days(_USUAL_DAYS, now=view.now, timezone=view.timezone)
        language = view.language if view.language in LANGUAGES else "en"
        asked = _Asked(view, Speaker(PHRASES, language), period, params.rows)
        missing, every = offers.unmatched(view)
        sections = [_nothing(asked)] if not every else [
            _stand(asked, missing, every), *_below(asked), *_differences(asked), _moved(asked),
        ]  # fmt: skip
        return Report(
            self.name,
            asked.to.say("title"),
            view.now,
            sections,
            sources=concerned(view, _KINDS),
            period=period,
            language=language,
        )


def _nothing(asked: _Asked) -> Section:
    return Section(asked.to.say("stand"), note=asked.to.say("nothing"))


def _stand(asked: _Asked, missing: int, every: int) -> Section:
    """Say how dear each competitor is, all together and by category."""
    found = offers.indices(asked.view)
    if not found:
        by_hand = tuple(_by_hand(asked))
        return Section(asked.to.say("stand"), tables=by_hand, note=asked.to.say("no_products"))
    note = asked.to.say("index_note", products=found[0].products, unmatched=missing, offers=every)
    whole = Table(
        asked.to.say("index_title"),
        (
            asked.to.column("competitor"),
            asked.to.column("index"),
            asked.to.column("n"),
            asked.to.column("coverage", "%"),
            asked.to.column("hindered"),
            asked.to.column("seen"),
        ),
        tuple(
            (one.competitor, one.value, one.n, one.coverage, one.obstacles, one.seen_at)
            for one in found
        ),
        note,
    )
    divided = [one for one in offers.indices(asked.view, by_category=True) if one.category]
    tables = [whole]
    if len({one.category for one in divided}) > 1:
        tables.append(_by_category(asked, divided))
    tables += _by_hand(asked)
    return Section(asked.to.say("stand"), tables=tuple(tables), findings=_findings(asked, found))


def _by_hand(asked: _Asked) -> list[Table]:
    """Say whose prices somebody saw, where that is known of any."""
    found = checks.checked(asked.view)
    if not found:
        return []
    columns = (
        asked.to.column("competitor"),
        asked.to.column("offers"),
        asked.to.column("seen"),
    )
    rows = tuple((one.competitor, one.offers, one.last_on) for one in found)
    return [Table(asked.to.say("hand_title"), columns, rows, asked.to.say("hand_note"))]


def _by_category(asked: _Asked, found: Sequence[Index]) -> Table:
    columns = (
        asked.to.column("category"),
        asked.to.column("competitor"),
        asked.to.column("index"),
        asked.to.column("n"),
        asked.to.column("coverage", "%"),
    )
    ordered = sorted(found, key=lambda one: (one.category or "", one.value or Decimal(10**6)))
    rows = tuple((one.category, one.competitor, one.value, one.n, one.coverage) for one in ordered)
    return Table(asked.to.say("category_title"), columns, rows)


def _findings(asked: _Asked, found: Sequence[Index]) -> tuple[Finding, ...]:
    told = [
        Finding(
            "competitor-cheaper",
            asked.to.say(
                "finding_cheaper",
                competitor=one.competitor,
                percent=number(100 - one.value, asked.to.language, 1),
            ),
            subject=one.competitor,
            value=one.value,
            n=one.n,
        )
        for one in found
        if one.value is not None and one.value < _WORTH_SAYING and one.n >= _BASE
    ]
    hindered = sum(one.obstacles for one in found)
    if hindered > sum(one.n for one in found):
        text = asked.to.say("finding_tax", n=hindered)
        why = asked.to.say("why_tax")
        told.append(Finding("prices-not-comparable", text, value=Decimal(hindered),
                            n=hindered + sum(one.n for one in found), why=why))  # fmt: skip
    return tuple(told)


def _differences(asked: _Asked) -> list[Section]:
    """Return where they are cheaper, where they are dearer, and what they lack."""
    tables = [
        _pairs(asked, "cheaper", offers.pairs(asked.view, dearest=False, limit=_MOST)),
        _pairs(asked, "dearer", offers.pairs(asked.view, dearest=True, limit=_MOST)),
    ]
    gaps = offers.stock_gaps(asked.view, limit=_MOST)
    if gaps:
        columns = (asked.to.column("product", wrap=True), asked.to.column("competitor"))
        rows = tuple((one.name, one.competitor) for one in gaps)
        note = asked.to.say("gaps_note", n=len(gaps))
        tables.append(
            Table(asked.to.say("gaps"), columns, rows, note, asked.rows, _others(asked, rows))
        )
    filled = tuple(table for table in tables if table.rows)
    if not filled:
        return []
    return [Section(asked.to.say("articles"), tables=filled)]


def _below(asked: _Asked) -> list[Section]:
    """Say who advertises our products below their least price, where they have one."""
    watched = minimums.watched(asked.view)
    if watched is None:
        return []
    if not watched.products + watched.unread:
        note = asked.to.say("below_unsaid", column=watched.column)
        return [Section(asked.to.say("below"), note=note)]
    found = minimums.below_minimum(asked.view)
    currencies = {one.currency for one in found}
    unit = currencies.pop() or "" if len(currencies) == 1 else ""
    columns = (
        asked.to.column("product", wrap=True),
        asked.to.column("competitor"),
        asked.to.column("seller"),
        asked.to.column("minimum", unit),
        asked.to.column("theirs", unit),
        asked.to.column("percent", "%"),
        asked.to.column("seen"),
    )
    rows = tuple(
        (one.name, one.competitor, one.seller, one.minimum, one.theirs, one.percent, one.seen_on)
        for one in found
    )
    others = _others(asked, rows)
    note = _resting(asked.to, watched)
    if not found:
        name = "below_none" if watched.offers else "below_nothing"
        return [Section(asked.to.say("below"), note=f"{asked.to.say(name)} {note}")]
    table = Table(asked.to.say("below_title"), columns, rows, note, asked.rows, others)
    return [Section(asked.to.say("below"), tables=(table,), findings=_advertised(asked, found))]


def _resting(to: Speaker, watched: Watched) -> str:
    """Say on how much the comparison with least prices rests, and what was left out."""
    told = [to.say("below_note", n=watched.offers, products=watched.products)]
    if watched.hindered:
        told.append(to.say("below_hindered", n=watched.hindered))
    if watched.unread:
        told.append(to.say("below_unread", n=watched.unread, column=watched.column))
    return " ".join(told)


def _advertised(asked: _Asked, found: Sequence[Below]) -> tuple[Finding, ...]:
    """Return a finding for each competitor that advertises below a least price."""
    counts = Counter(one.competitor for one in found)
    return tuple(
        Finding(
            "below-minimum",
            asked.to.say("finding_below", competitor=competitor, n=n),
            Severity.WARNING,
            competitor,
            value=Decimal(n),
            n=n,
        )
        for competitor, n in counts.most_common()
    )


def _pairs(asked: _Asked, name: str, found: Sequence[Pair]) -> Table:
    currencies = {one.currency for one in found}
    unit = currencies.pop() or "" if len(currencies) == 1 else ""
    columns = (
        asked.to.column("product", wrap=True),
        asked.to.column("competitor"),
        asked.to.column("ours", unit),
        asked.to.column("theirs", unit),
        asked.to.column("percent", "%"),
        asked.to.column("lowest", unit),
    )
    rows = tuple(
        (
            one.name,
            _marked(asked.to, one),
            one.ours,
            one.theirs,
            one.percent,
            one.lowest,
        )
        for one in found
    )
    note = asked.to.say("pairs_note", n=len(rows))
    return Table(asked.to.say(name), columns, rows, note, asked.rows, _others(asked, rows))


def _marked(to: Speaker, pair: Pair) -> str:
    """Return whose offer it is, and what one must know of it."""
    marked = pair.competitor
    if pair.by_hand:
        marked = to.say("by_hand", competitor=marked)
    return to.say("sold_out", competitor=marked) if pair.sold_out else marked


def _others(asked: _Asked, rows: Sequence[tuple[Cell, ...]]) -> tuple[Cell, ...]:
    """Return the row that stands for those that people are not shown; empty: there are none."""
    rest = len(rows) - asked.rows
    return (asked.to.say("others", n=rest), *[""] * (len(rows[0]) - 1)) if rest > 0 else ()


def _moved(asked: _Asked) -> Section:
    """Say what changed in the period: how often, and what."""
    found = offers.moves(asked.view, asked.period)
    if not found:
        return Section(asked.to.say("moved"), note=asked.to.say("still"))
    tables = (_counted(asked.to, found), _listed(asked, found))
    return Section(asked.to.say("moved"), tables=tables)


def _counted(to: Speaker, found: Sequence[Move]) -> Table:
    """Return how often what changed at whom."""
    counts = Counter((one.competitor, _direction(one)) for one in found)
    columns = (to.column("competitor"), *(to.column(f"n_{what}") for what in _WHATS))
    names = sorted({one.competitor for one in found})
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (name, *(counts[name, what] for what in _WHATS)) for name in names
    )
    others = sum(counts[name, None] for name in names)
    note = to.say("counted_other", n=others) if others else ""
    return Table(to.say("counted"), columns, rows, note)


def _direction(move: Move) -> str | None:
    """Return what is counted: a price that moved is dearer or cheaper; None: who can tell."""
    if move.what == "returned":
        return "new"
    if move.what != "price":
        return move.what
    if move.before is None or move.after is None or move.before == move.after:
        return None
    return "dearer" if move.after > move.before else "cheaper"


def _listed(asked: _Asked, found: Sequence[Move]) -> Table:
    """Return what changed; programs get all of it."""
    to = asked.to
    currencies = {one.currency for one in found}
    unit = currencies.pop() or "" if len(currencies) == 1 else ""
    columns = (
        to.column("on"),
        to.column("competitor"),
        to.column("product", wrap=True),
        to.column("what"),
        to.column("before", unit),
        to.column("after", unit),
        to.column("percent", "%"),
    )
    # Of a day with a hundred changes the largest say most.
    ordered = sorted(
        found, key=lambda one: (one.on or date.min, abs(one.percent or Decimal(0))), reverse=True
    )
    rows = tuple(
        (
            one.on,
            one.competitor,
            one.name,
            to.label("what", one.what),
            one.before,
            one.after,
            one.percent,
        )
        for one in ordered
    )
    note = to.say("moves_note", n=len(found))
    return Table(to.say("moves_title"), columns, rows, note, asked.rows, _others(asked, rows))
