"""
Makes the purchase lines that every contender reads: seeded, so that all runs see the same.

The rows look like the export of a shop with branches: orders of one to six lines, customers
of whom a few buy often, names and articles in several scripts, articles with commas and
quotation marks in them, times with their zone's offset, refunds as negative amounts.
"""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

__all__ = ["HEADER", "Export", "cache_folder", "make_again", "make_export"]

HEADER = (
    "order_number",
    "line",
    "customer",
    "email",
    "ordered_at",
    "status",
    "channel",
    "place",
    "sku",
    "product_name",
    "quantity",
    "unit_price",
    "discount",
    "amount",
    "currency",
    "tax_included",
    "campaign",
)

_VERSION = 1
"""Raise it when the rows change, so that no old file is taken for a new one."""

_SEED = 20_240_229
_ZONE = ZoneInfo("Europe/Madrid")
_FIRST_DAY = datetime(2022, 1, 1, 8, tzinfo=UTC)
_SPAN_SECONDS = 3 * 365 * 86_400
_LINES_AN_ORDER = (1, 1, 1, 2, 2, 3, 4, 6)
_MEAN_LINES = sum(_LINES_AN_ORDER) / len(_LINES_AN_ORDER)

_GIVEN = (
    "María", "José", "Íñigo", "Núria", "Zoë", "François", "Hélène", "Łukasz", "Jürgen",
    "Søren", "Chloé", "Ana", "Luis", "Carmen", "Ángel", "Иван", "Ольга", "Γιώργος", "明", "花子",
    "Aoife", "Björn", "Renée", "Begoña", "Xavi", "Lucía", "Hugo", "Martín", "Sofía", "Noa",
)  # fmt: skip
_HOSTS = ("example.com", "example.org", "mail.example.net", "correo.example")
_ARTICLES = (
    "Aceite de oliva virgen extra",
    'Camiseta "Añada" de algodón orgánico, manga corta',
    "Jamón ibérico de bellota, loncheado a mano, 80 g",
    "Café molido",
    "Tea towel",
    'Écran plat 24" (61 cm), pied réglable',
    "Zapatillas de correr para mujer, suela de goma natural",
    "Taza de cerámica esmaltada ☕",
    "緑茶, 有機",
    "Grüner Veltliner, trocken",
    "Cable USB-C",
    "Libro: «La sombra del viento», edición de bolsillo",
)
_VARIANTS = ("", " azul", " rojo, talla M", " XL", " 1 l", " 5 l", " 250 g", " (pack de 3)")
_STATUSES = ("paid",) * 18 + ("cancelled", "returned")
_CHANNELS = ("store",) * 6 + ("web",) * 4 + ("app", "phone")
_PLACES = ("Madrid Centro", "Barcelona, Gràcia", "Sevilla", "A Coruña", "San Sebastián/Donostia")
_CAMPAIGNS = (None,) * 6 + ("rebajas-enero", "newsletter 14", "black-friday, web")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Export:
    """
    A file of purchase lines.

    Attributes:
        path: Where it lies.
        rows: How many lines it holds.
        amount: The exact sum of their amounts.
    """

    path: Path
    rows: int
    amount: Decimal


def cache_folder() -> Path:
    """Return the folder that keeps made files between runs."""
    home = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(home) if home else Path.home() / ".cache") / "regard-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def make_export(folder: Path, rows: int) -> Export:
    """
    Return an export.

    Args:
        folder: Where it is made, unless it is there already.
        rows: How many lines it should hold.
    """
    path = folder / f"purchases-v{_VERSION}-{rows}.csv"
    note = path.with_suffix(".json")
    if not note.exists():
        amount = _write(path, rows)
        _make_older(path, 7_200)
        note.write_text(json.dumps({"rows": rows, "amount": str(amount)}))
    return Export(path, rows, Decimal(json.loads(note.read_text())["amount"]))


def make_again(export: Export) -> Export:
    """
    Return a later export that says the same.

    It ends with a blank line, so that it is another file of equal rows: whoever remembers
    files has to read it again, and finds every row unchanged.
    """
    path = export.path.with_name(f"{export.path.stem}-again.csv")
    if not path.exists():
        partial = path.with_suffix(".partial")
        with export.path.open("rb") as source, partial.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
            copy.write(b"\n")
        _make_older(partial, 3_600)
        partial.rename(path)
    return Export(path, export.rows, export.amount)


def _make_older(path: Path, seconds: int) -> None:
    """Set a file's time back, so that it is none that is still being written."""
    made = path.stat().st_mtime - seconds
    os.utime(path, (made, made))


def _write(path: Path, rows: int) -> Decimal:
    total = Decimal(0)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for row in _lines(rows):
            total += Decimal(row[13] or 0)
            writer.writerow(row)
    return total


@dataclass(frozen=True, slots=True)
class _Article:
    sku: str
    name: str
    price: Decimal
    by_weight: bool


def _articles(chance: random.Random) -> list[_Article]:
    made = []
    for number in range(4_000):
        name = chance.choice(_ARTICLES) + chance.choice(_VARIANTS)
        price = Decimal(chance.randint(95, 24_999)) / 100
        made.append(_Article(f"ART-{number:05d}", name, price, chance.random() < 0.08))
    return made


def _customer(number: int) -> tuple[str, str | None]:
    """Return a customer's number and e-mail address; one in six gave none."""
    given = _GIVEN[number % len(_GIVEN)].lower()
    host = _HOSTS[number % len(_HOSTS)]
    return f"C{number:07d}", None if number % 6 == 0 else f"{given}.{number}@{host}"


def _lines(rows: int) -> Iterator[tuple[str | None, ...]]:
    chance = random.Random(_SEED)
    articles = _articles(chance)
    customers = max(10, rows // 12)
    step = _SPAN_SECONDS / (rows / _MEAN_LINES + 1)
    made = order = 0
    while made < rows:
        order += 1
        at = _FIRST_DAY + timedelta(seconds=int(order * step) + chance.randint(0, 59))
        # A product of two even chances: some buy often, most rarely.
        customer = int(customers * chance.random() * chance.random())
        lines = min(chance.choice(_LINES_AN_ORDER), rows - made)
        for line in _order(order, at, customer, lines, articles, chance):
            made += 1
            yield line


def _order(
    order: int,
    at: datetime,
    customer: int,
    lines: int,
    articles: list[_Article],
    chance: random.Random,
) -> Iterator[tuple[str | None, ...]]:
    key, email = _customer(customer)
    ordered_at = at.astimezone(_ZONE).isoformat()
    status = chance.choice(_STATUSES)
    channel = chance.choice(_CHANNELS)
    place = chance.choice(_PLACES) if channel == "store" else None
    campaign = chance.choice(_CAMPAIGNS)
    for line in range(1, lines + 1):
        article = chance.choice(articles)
        quantity = Decimal(chance.randint(1, 3))
        if article.by_weight:
            quantity = Decimal(chance.randint(50, 2_500)) / 1000
        full = (quantity * article.price).quantize(_CENT)
        discount = (full / 10).quantize(_CENT) if chance.random() < 0.2 else None
        amount = full - (discount or 0)
        yield (
            f"W-{at.year}-{order:08d}",
            str(line),
            key,
            email,
            ordered_at,
            status,
            channel,
            place,
            article.sku,
            article.name,
            str(quantity),
            str(article.price),
            None if discount is None else str(discount),
            str(-amount if status == "returned" else amount),
            "EUR",
            "true",
            campaign,
        )
