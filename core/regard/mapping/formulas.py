"""Fields that follow from others: sums of products, and nothing more."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

__all__ = ["Formula", "parse_formula"]

_NAME = r"[a-z][a-z0-9_]*\??"
_FORMULA = re.compile(rf"\s*-?\s*{_NAME}(?:\s*[-+*]\s*{_NAME})*\s*")
_ZERO = Decimal(0)


class Formula(NamedTuple):
    """
    A formula that was understood.

    Attributes:
        fields: The fields it reads.
        compute: Returns its value for a record, or None where a field is not known.
    """

    fields: tuple[str, ...]
    compute: Callable[[Mapping[str, object]], Decimal | None]


def parse_formula(text: str) -> Formula:
    """
    Return the formula that a text such as ``quantity * unit_price - discount?`` stands for.

    Raises:
        ValueError: It is more than fields joined by ``+``, ``-`` and ``*``.
    """
    if _FORMULA.fullmatch(text) is None:
        message = (
            f"{text!r} is no formula: fields joined by + - *, and a ? behind those "
            "that count as zero where they are not known"
        )
        raise ValueError(message)
    terms = [
        (sign == "-", re.findall(_NAME, product))
        for sign, product in re.findall(r"([-+]?)([^-+]+)", text.replace(" ", ""))
    ]
    names = tuple(name.rstrip("?") for _, product in terms for name in product)

    def compute(record: Mapping[str, object]) -> Decimal | None:
        total = _ZERO
        for negative, product in terms:
            value = Decimal(1)
            for name in product:
                factor = record.get(name.rstrip("?"))
                if factor is None and name[-1] == "?":
                    factor = _ZERO
                if not isinstance(factor, Decimal | int):
                    return None
                value *= factor
            total += -value if negative else value
        return total

    return Formula(names, compute)
