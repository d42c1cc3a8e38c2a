"""
Numbers as shops write them: which sign groups digits, and which one begins the decimals.

Shops write 1,234.56, 1.234,56, 1 234,56 and 1'234.56. Where a number could be read in two ways
(1.234) a declared format decides; without one, three digits behind a single sign are taken for
a group, because prices rarely have three decimals.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from regard.errors import ConfigError

__all__ = ["NUMBER", "NumberFormat", "numeral", "plain"]

_SPACES: Final = dict.fromkeys((0xA0, 0x202F, 0x2009, 0x2007, 0x2002, 0x2003, 0x3000), " ")
_QUOTES: Final = dict.fromkeys((0x2019, 0x2018, 0xB4, 0x60, 0x2BC, 0x2032), "'")
_ARABIC: Final = {0x66B: ".", 0x66C: ",", 0xFF0E: ".", 0xFF0C: ","}
_PLAIN: Final = {**_SPACES, **_QUOTES, **_ARABIC, 0x2212: "-", 0x200B: None, 0xAD: None}

NUMBER: Final = re.compile(
    r"""
    \d{1,3}(?:[ ]\d{3})+(?![\d])(?:[.,]\d{1,3}(?!\d))?   # 1 234 567,89
    | \d+(?:[.,']\d+)*                                   # 1.234,56  1'234.50
    | [.,]\d{1,2}(?!\d)                                  # .99
    """,
    re.VERBOSE,
)


def plain(text: str) -> str:
    """Return a text with ASCII digits, plain spaces and plain apostrophes, as long as before."""
    if text.isascii():
        return text
    text = text.translate(_PLAIN)
    return "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() and not char.isascii() else char
        for char in text
    )


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """
    How a site writes numbers.

    Attributes:
        decimal: What begins the decimals, ``.`` or ``,``.
    """

    decimal: str

    @classmethod
    def parse(cls, example: str) -> NumberFormat:
        """
        Return the format of an example, such as ``1.234,56``.

        Raises:
            ConfigError: The example does not show it.
        """
        found = re.fullmatch(r"\d{1,3}[ .,']?\d{3}([.,])\d{2}", plain(example.strip()))
        if found is None:
            message = (
                f"{example!r} shows no number format; write a thousand two hundred and "
                "thirty-four and 56 hundredths as the site does, such as '1.234,56'"
            )
            raise ConfigError(message)
        return cls(found[1])


def numeral(text: str, form: NumberFormat | None = None, *, minor_digits: int = 2) -> Decimal:
    """
    Return the value of a number that `NUMBER` found.

    Args:
        text: Its digits and signs, made plain.
        form: How the site writes numbers; None: it shows itself.
        minor_digits: How many decimals its currency has.
    """
    text = text.replace(" ", "").replace("'", "")
    signs = [char for char in text if char in ".,"]
    if not signs:
        return Decimal(text)
    decimal = form.decimal if form is not None else _decimal_sign(text, signs, minor_digits)
    if decimal is None or signs.count(decimal) != 1:
        # Also where it stands several times: then it groups, whatever was declared.
        last_is_decimal = form is None and decimal is not None
        if not last_is_decimal:
            return Decimal(re.sub("[.,]", "", text))
    assert decimal is not None  # noqa: S101  # told just above
    whole, _, rest = text.rpartition(decimal) if decimal in text else (text, "", "")
    return Decimal(f"{re.sub('[.,]', '', whole) or '0'}.{re.sub('[.,]', '', rest) or '0'}")


def _decimal_sign(text: str, signs: list[str], minor_digits: int) -> str | None:
    last = signs[-1]
    head, tail = text.rsplit(last, 1)
    if len(set(signs)) == 2:
        # Of two signs the last begins the decimals, unless it stands there twice.
        return last if signs.count(last) == 1 else None
    if len(signs) > 1:
        return last if len(tail) in (1, 2) else None
    if len(tail) != 3 or head in ("", "0"):
        return last
    if minor_digits == 3:
        return last
    return None if len(head) <= 3 else last
