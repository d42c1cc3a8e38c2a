"""The report's sections, each a function from measured values to what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from regard.findings import Finding
from regard.measures import buyers, customers, purchases
from regard.privacy import mask_text
from regard.render.formats import number
from regard.reports import Cell, Column, Figure, Period, Section, Table
from regard.views import View
from regard_plugins.customers.words import field_label, say, value_label

__all__ = ["Asked", "bought", "most", "not_bought", "who"]

_USUAL_FIELDS = ("region", "age_band", "segment", "acquisition_source")
_USUAL_ROWS = 8
_UNTIED_PERCENT = 20
_UNTIED_BASE = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What the report is to speak of.

    Attributes:
        view: What to read.
        period: In which purchases count; None: all of them.
        new_in: In which a customer counts as new.
        by: Fields to divide the customers by.
        top: How many of those who buy most.
        rows: How many rows of a table to name.
    """

    view: View
    period: Period | None
    new_in: Period
    by: tuple[str, ...] = ()
    top: int = 10
    rows: int = 25

    def say(self, name: str, **values: str | int) -> str:
        """Return a label or sentence in the report's language."""
        return say(name, self.view.language, **values)

    def column(self, name: str, unit: str = "") -> Column:
        """Return a column under its label."""
        return Column(name, self.say(f"column_{name}"), unit)


def _joined(sentences: Sequence[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _shown(text: str | None) -> str | None:
    """Return what somebody typed into a field as anybody may see it."""
    return None if text is None else mask_text(text)


def who(asked: Asked) -> Section:
    """Say how many customers there are, which are new, and how they divide."""
    counts = customers.count_customers(asked.view, asked.new_in)
    unknown = counts.created_unknown
    figures = (
        Figure(
            "customers.total",
            asked.say("total"),
            counts.total,
            "customers",
            n=counts.total,
        ),
        Figure(
            "customers.new",
            asked.say("new"),
            counts.new if counts.created_known else None,
            "customers",
            n=counts.created_known,
            period=asked.new_in,
            note=asked.say("created_unknown", n=unknown) if unknown else "",
        ),
    )
    return Section(asked.say("who"), figures, _breakdowns(asked), note=asked.say("records_note"))


def _breakdowns(asked: Asked) -> tuple[Table, ...]:
    if asked.by:
        divided = customers.breakdown(asked.view, asked.by, asked.new_in, limit=asked.rows)
        return (_breakdown(asked, divided),)
    known = customers.groupable_fields(asked.view)
    usual = [
        customers.breakdown(asked.view, (name,), asked.new_in, limit=_USUAL_ROWS)
        for name in _USUAL_FIELDS
        if name in known
    ]
    # A table that only says that nothing is known is no help unless it was asked for.
    return tuple(
        _breakdown(asked, divided)
        for divided in usual
        if any(value is not None for row in divided.rows for value in row.values)
    )


def _breakdown(asked: Asked, divided: customers.Breakdown) -> Table:
    language = asked.view.language
    labels = [field_label(name, language) for name in divided.fields]
    columns = (
        *(
            Column(name, label[:1].upper() + label[1:])
            for name, label in zip(divided.fields, labels, strict=True)
        ),
        asked.column("customers"),
        asked.column("share", "%"),
        asked.column("new"),
    )
    rows: list[tuple[Cell, ...]] = []
    for row in (*divided.rows, *divided.rest):
        named = zip(divided.fields, row.values, strict=True)
        values = (_shown(value_label(field, value, language)) for field, value in named)
        rows.append((*values, row.customers, row.percent, row.new))
    blanks = [""] * (len(divided.fields) - 1)
    counted = (divided.others_customers, divided.others_percent, divided.others_new)
    return Table(
        asked.say("customers_by", fields=" × ".join(labels)),
        columns,
        tuple(rows),
        note=asked.say("base_customers", n=divided.n),
        shown=len(divided.rows),
        others=(asked.say("others", n=divided.others), *blanks, *counted),
    )


def bought(asked: Asked) -> Section:
    """Say what was bought: purchases, revenue in each currency, and how often they return."""
    earned = purchases.revenue(asked.view, asked.period)
    paid = tuple(_paid(asked, one) for one in purchases.payments(asked.view, asked.period))
    if not earned:
        note = _joined([asked.say("no_purchases"), _undated(asked)])
        return Section(asked.say("buy"), paid, note=note)
    counted = purchases.count_purchases(asked.view, asked.period)
    made = Figure(
        "purchases.made",
        asked.say("purchases"),
        counted.purchases,
        "purchases",
        n=counted.n,
        period=asked.period,
        note=asked.say("lines_note", lines=counted.n),
    )
    gap = buyers.days_between_purchases(asked.view, asked.period)
    between = Figure(
        "purchases.gap",
        asked.say("gap"),
        gap.days,
        "days",
        n=gap.n,
        period=asked.period,
        note=asked.say("gap_note", buyers=gap.buyers),
    )
    return Section(
        asked.say("buy"),
        (made, *(_revenue(asked, one) for one in earned), between, *paid),
        findings=_without_currency(asked, earned),
        note=_undated(asked),
    )


def _without_currency(asked: Asked, earned: Sequence[purchases.Revenue]) -> tuple[Finding, ...]:
    unknown = sum(one.n for one in earned if one.currency is None)
    if not unknown:
        return ()
    text = asked.say("finding_currency", n=unknown)
    n = sum(one.n for one in earned)
    return (Finding("currency-unknown", text, value=Decimal(unknown), n=n),)


def _undated(asked: Asked) -> str:
    undated = purchases.undated_purchases(asked.view) if asked.period else 0
    return asked.say("undated", n=undated) if undated else ""


def _revenue(asked: Asked, one: purchases.Revenue) -> Figure:
    label = (
        asked.say("revenue", currency=one.currency)
        if one.currency
        else asked.say("revenue_unknown")
    )
    notes = [
        asked.say("refunds_note", refunds=one.refunds) if one.refunds else "",
        asked.say("amount_note", n=one.without_amount) if one.without_amount else "",
    ]
    return Figure(
        f"revenue.{one.currency or 'unknown'}",
        label,
        one.amount if one.n else None,
        one.currency or "",
        n=one.n,
        period=asked.period,
        note=_joined(notes),
    )


def _paid(asked: Asked, one: purchases.Payments) -> Figure:
    return Figure(
        f"payments.{one.currency or 'unknown'}",
        asked.say("payments", currency=one.currency)
        if one.currency
        else asked.say("payments_unknown"),
        one.amount if one.n else None,
        one.currency or "",
        n=one.n,
        period=asked.period,
        note=asked.say("payments_note", n=one.payments),
    )


def not_bought(asked: Asked) -> Section | None:
    """Say what was not bought, why, and to whom it was lost; None: there is nothing to say."""
    whole, *parts = purchases.purchase_outcomes(asked.view, asked.period)
    if not whole.n and not whole.open:
        return None
    figures = [
        Figure(
            "purchases.not_made",
            asked.say("not_made"),
            whole.percent,
            "%",
            n=whole.n,
            period=asked.period,
            note=asked.say("not_made_note", not_made=whole.not_made, n=whole.n),
        )
    ]
    if whole.open:
        everything = whole.n + whole.open + whole.unknown
        figures.append(
            Figure(
                "purchases.open",
                asked.say("open"),
                whole.open,
                "purchases",
                n=everything,
                period=asked.period,
            )
        )
    tables = [_by_basis(asked, parts)] if len(parts) > 1 else []
    tables += [table for table in (_reasons(asked), _lost_to(asked)) if table.rows]
    note = asked.say("status_unknown", n=whole.unknown) if whole.unknown else ""
    return Section(asked.say("not_bought"), tuple(figures), tuple(tables), note=note)


def _by_basis(asked: Asked, parts: Sequence[purchases.Outcomes]) -> Table:
    language = asked.view.language
    columns = (
        asked.column("basis"),
        asked.column("made"),
        asked.column("not_made"),
        asked.column("share", "%"),
        asked.column("open"),
        asked.column("unknown"),
    )
    rows = tuple(
        (
            value_label("basis", one.basis, language),
            one.made,
            one.not_made,
            one.percent,
            one.open,
            one.unknown,
        )
        for one in parts
    )
    decided = sum(one.n for one in parts)
    return Table(asked.say("by_basis"), columns, rows, note=f"n = {number(decided, language)}")


def _reasons(asked: Asked) -> Table:
    language = asked.view.language
    found = purchases.loss_reasons(asked.view, asked.period)
    whole = sum(one.purchases for one in found)
    rows: list[tuple[Cell, ...]] = [
        (
            value_label("status", one.status, language),
            _shown(one.reason),
            one.purchases,
            one.percent,
        )
        for one in found
    ]
    rest = found[asked.rows :]
    share = sum((one.percent for one in rest), Decimal(0))
    others = (
        asked.say("others", n=len(rest)),
        "",
        sum(one.purchases for one in rest),
        share,
    )
    columns = (
        asked.column("status"),
        asked.column("reason"),
        asked.column("purchases"),
        asked.column("share", "%"),
    )
    note = asked.say("base_not_made", n=whole)
    return Table(asked.say("reasons"), columns, tuple(rows), note, asked.rows, others)


def _lost_to(asked: Asked) -> Table:
    found = purchases.competitors_lost_to(asked.view, asked.period)
    rows: list[tuple[Cell, ...]] = [(_shown(name), count) for name, count in found]
    rest = found[asked.rows :]
    others = (asked.say("others", n=len(rest)), sum(count for _, count in rest))
    columns = (asked.column("competitor"), asked.column("purchases"))
    note = asked.say("base_lost", n=sum(count for _, count in found))
    return Table(asked.say("lost_to"), columns, tuple(rows), note, asked.rows, others)


def most(asked: Asked) -> Section | None:
    """Say who buys most, under pseudonyms; None: no purchase is anybody's."""
    tied = buyers.ties(asked.view, asked.period)
    if not tied.n:
        return None
    found = buyers.top_customers(asked.view, asked.period, limit=asked.top)
    currencies = list(dict.fromkeys(one.currency for one in found))
    tables = tuple(
        _top(asked, currency, [one for one in found if one.currency == currency])
        for currency in currencies
    )
    note = asked.say(
        "tied_note", customers=tied.customers, tied=tied.tied, n=tied.n, untied=tied.untied
    )
    return Section(asked.say("top"), tables=tables, findings=_untied(asked, tied), note=note)


def _untied(asked: Asked, tied: buyers.Ties) -> tuple[Finding, ...]:
    percent = (Decimal(100 * tied.untied) / tied.n).quantize(Decimal(1))
    if tied.n < _UNTIED_BASE or percent < _UNTIED_PERCENT:
        return ()
    finding = Finding(
        "purchases-untied",
        asked.say("finding_untied", percent=str(percent)),
        value=percent,
        n=tied.n,
        why=asked.say("why_untied"),
    )
    return (finding,)


def _top(asked: Asked, currency: str | None, found: Sequence[buyers.TopCustomer]) -> Table:
    title = asked.say("top_in", currency=currency) if currency else asked.say("top_unknown")
    columns = (
        asked.column("rank"),
        asked.column("customer"),
        asked.column("source"),
        asked.column("revenue", currency or ""),
        asked.column("purchases"),
        asked.column("last"),
    )
    rows = tuple(
        (rank, one.pseudonym, one.source, one.amount, one.orders, one.last_on)
        for rank, one in enumerate(found, start=1)
    )
    return Table(title, columns, rows)
