"""
Lines that an order needs beside those its export writes.

What was given back is a line with a negative amount. A discount on the whole order is on none
of its lines; without a line for it, the lines would add up to more than the customer paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from regard.errors import RecordError
from regard.keys import compose
from regard.mapping.steps import Cells, Convert
from regard.sources import Delete

__all__ = ["OrderLines"]

_KEPT = (
    "as_of", "basis", "campaign", "channel", "currency", "customer_key", "email", "order_key",
    "ordered_at", "place", "status", "tax_included",
)  # fmt: skip
"""What a line says of its order, not of its article."""


_GONE = ("refunded", "cancelled")
"""States in which an order's lines bring nothing."""


class OrderLines:
    """
    Adds refunds and differences to the lines of orders.

    Args:
        amount: Reads an amount of money from a cell.
        time: Reads a moment from a cell.
        prefix: What is put in front of each key.
        refund: The places of the refunded amount, the whole amount and its time, each None
            where the file has none; None where there are no refunds.
        settle: The place of the order's own total, or None.
    """

    def __init__(
        self,
        amount: Convert,
        time: Convert,
        prefix: str,
        refund: tuple[int, int | None, int | None] | None,
        settle: int | None,
    ) -> None:
        self._amount = amount
        self._time = time
        self._prefix = prefix
        self._refund = refund
        self._settle = settle
        self._group: tuple[str, ...] = ()
        self._total: Decimal | None = None
        self._sum = Decimal(0)
        self._line: dict[str, Any] = {}
        self._ended: list[dict[str, Any] | Delete] = []

    def begin(self, group: tuple[str, ...], values: Cells, *, again: bool) -> None:
        """
        Hear that a row of a group is about to be mapped; the group before it has ended.

        Args:
            group: The parts of the key that the group's rows share.
            values: The row.
            again: Whether the group was there before and was left: its sum is unknown.
        """
        if self._settle is None or group == self._group:
            return
        self._end()
        self._group, self._sum, self._line = group, Decimal(0), {}
        try:
            self._total = None if again else self._money(values[self._settle])
        except RecordError:
            self._total = None  # the order keeps its lines; what they should add up to is unknown

    def spoil(self) -> None:
        """Hear that a line of the current group was refused: its sum is unknown."""
        self._total = None

    def ended(self) -> list[dict[str, Any] | Delete]:
        """Return the lines that the groups which have ended need."""
        lines, self._ended = self._ended, []
        return lines

    def finish(self) -> list[dict[str, Any] | Delete]:
        """Return the lines that the last groups need."""
        self._end()
        return self.ended()

    def _end(self) -> None:
        if self._total is not None and self._line:
            key = self._key(self._group, "difference")
            if self._total == self._sum or self._line.get("status") in _GONE:
                # The lines of an order that is gone count for nothing, so what they lack does not
                # count either; and those that add up today may have lacked something yesterday.
                self._ended.append(Delete(key, self._line.get("as_of")))
            else:
                line = {**self._line, "key": key, "amount": self._total - self._sum}
                self._ended.append(line)
        self._total = None

    def _key(self, group: tuple[str, ...], what: str) -> str:
        return compose([self._prefix + group[0], *group[1:], what])

    def add(self, out: dict[str, Any], group: tuple[str, ...], values: Cells) -> Sequence[Any]:
        """Return a mapped line, and what its refund comes to where something was given back."""
        if self._settle is not None and self._total is not None:
            amount = out.get("amount")
            if amount is None:
                self.spoil()
            else:
                self._sum += amount
                self._line = self._line or {k: out[k] for k in _KEPT if k in out}
        if self._refund is None:
            return (out,)
        back, total, at = self._refund
        given = self._money(values[back])
        if not given:
            return (out,)
        given = abs(given)
        whole = None if total is None else self._money(values[total])
        if whole is not None:
            out["status"] = "refunded" if given >= abs(whole) else "completed"
        gone = out.get("status") in _GONE
        key = self._key(group, "refund")
        if gone:
            return (out, Delete(key, out.get("as_of")))
        line = {k: out[k] for k in _KEPT if k in out}
        line |= {"key": key, "status": "refunded", "amount": -given}
        when = None if at is None else self._time(values[at])
        if when is not None:
            line["ordered_at"] = when
        return (out, line)

    def _money(self, cell: Any) -> Decimal | None:  # noqa: ANN401  # a cell
        try:
            found = self._amount(cell)
        except RecordError as error:
            raise RecordError(error.reason, f"order's amount: {error}", "amount") from error
        return None if found is None else found[0]
