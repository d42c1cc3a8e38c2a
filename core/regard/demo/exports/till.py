"""
What a Spanish till writes: semicolons, Windows' own encoding, days before months, decimal commas.

No vendor's product is meant, so it is read by a map in the configuration. The faults are those
of files that grow by appending and are looked at in a spreadsheet: the header again in the
middle, the total at the end, a line cut short, one that was written twice and differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from regard.demo.exports.files import ExportFile, Row, as_csv, yearly
from regard.demo.world import Line, Ticket, World

__all__ = ["HEADER", "tickets"]

HEADER: Final = (
    "Ticket", "Línea", "Fecha", "Tienda", "Tipo", "Artículo", "Descripción", "Familia",
    "Cantidad", "Precio (€)", "Dto. (€)", "Importe (€)", "Nº cliente", "Forma de pago",
)  # fmt: skip
_FAMILIES: Final = {
    "Kitchen": "Cocina",
    "Table": "Mesa",
    "Home": "Hogar",
    "Bed and bath": "Cama y baño",
    "Furniture": "Muebles",
}


def tickets(world: World) -> Iterator[ExportFile]:
    """Yield an export for each year."""
    years = [each.sold_at.year for each in world.tickets]
    for year, day in yearly(min(years), max(years), f"{world.until:%Y-%m-%d}"):
        sold = [each for each in world.tickets if each.sold_at.year == year]
        rows = [_row(each, at) for each in sold for at in range(1, len(each.lines) + 1)]
        spoiled = _Spoiled(rows)
        if year == max(years) - 1:
            spoiled.spoil()
        total = sum((each.revenue for each in sold), Decimal(0))
        end = ("TOTAL", *([""] * 10), _number(total), "", "")
        data = as_csv([HEADER, *rows, end], delimiter=";", encoding="cp1252", line_end="\r\n")
        name = f"till/ventas_{day.replace('-', '')}.csv"
        yield ExportFile(name, "a till", data, tuple(spoiled.faults))


def _number(value: Decimal | int) -> str:
    """Return a number as it is written in Spain."""
    return f"{value:,}".translate(str.maketrans(",.", ".,"))


def _row(ticket: Ticket, number: int) -> Row:
    line = ticket.lines[number - 1]
    product = line.product
    return (
        ticket.number,
        str(number),
        f"{ticket.sold_at:%d/%m/%Y %H:%M}",
        ticket.store,
        _letter(line),
        product.sku,
        product.spanish,
        _FAMILIES[product.family],
        _number(line.quantity),
        _number(line.unit_price),
        _number(line.discount),
        _number(line.amount),
        str(ticket.customer.number) if ticket.customer else "",
        "Tarjeta" if int(ticket.number[1:]) % 3 else "Efectivo",
    )


def _letter(line: Line) -> str:
    """Return what the till calls a line: struck out, brought back, or sold."""
    if line.void:
        return "A"
    return "D" if line.quantity < 0 else "V"


@dataclass(slots=True)
class _Spoiled:
    """
    Adds faults to the rows of a file; what is true in them stays.

    Attributes:
        rows: In the order of time.
        faults: The reasons for which rows are refused.
    """

    rows: list[Row]
    faults: list[str] = field(default_factory=list)

    def spoil(self) -> None:
        """Put one fault of each sort somewhere into the file."""
        last = self.rows[-1][0]
        stranger = f"{last[0]}{int(last[1:]) + 900_000}"
        parts = len(self.rows) // 8
        self._insert(1 * parts, "bad-number", {0: stranger, 11: "N/D"})
        self._insert(2 * parts, "bad-date", {0: stranger, 1: "2", 2: f"31/02/{self._year} 12:10"})
        self._insert(3 * parts, "unknown-value", {0: stranger, 1: "3", 4: "P"})
        # The right one follows: of two rows that contradict each other the later one counts.
        self._insert(4 * parts, "duplicate-key", {11: "999,99"})
        self._insert(5 * parts, "duplicate-key", {8: "12"})
        self._insert(6 * parts, "short-line", {0: stranger, 1: "4"}, width=8)
        self.rows.insert(7 * parts, HEADER)

    @property
    def _year(self) -> str:
        return self.rows[0][2][6:10]

    def _insert(
        self, place: int, reason: str, changes: dict[int, str], width: int = len(HEADER)
    ) -> None:
        cells = list(self.rows[place])
        for column, text in changes.items():
            cells[column] = text
        self.rows.insert(place, cells[:width])
        self.faults.append(reason)
