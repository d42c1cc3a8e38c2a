"""
Measures `regard run` over large exports that go row by row: what customers say and meet, orders.

    python benchmarks/voice.py
    python benchmarks/voice.py surveymonkey calls --rows 1000000
    python benchmarks/voice.py --rows 100000,1000000

Each export is generated and comes to as many records as asked for: answers of a survey with ten
questions (SurveyMonkey) and with one (Typeform), scores of mystery-shopping visits of twenty
items (Kobo), tickets (Zendesk), calls (Asterisk) and lines of orders, one to five an order, of
which every tenth gets a part back (Shopify). Several lengths show whether memory grows with the
file. Like all figures here they decide nothing: the exit code is 0.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from data import cache_folder
from measuring import Measured, measure

_SEED = 17
_VERSION = 1
"""Raise it when the rows change, so that no old file is taken for a new one."""

_FIRST = datetime(2025, 1, 1, 8, tzinfo=UTC)
_QUESTIONS, _ITEMS = 10, 20
_STAMP = "%Y-%m-%d %H:%M:%S"
_TEXTS = (
    "Todo bien, gracias", "La livraison était en retard, et personne n'a prévenu",
    "Quick and friendly", "Tardaron demasiado en atender", "", "", "Nothing to add",
)  # fmt: skip

Row = Iterable[str]


def _moments(chance: random.Random) -> Iterator[datetime]:
    moment = _FIRST
    while True:
        moment += timedelta(seconds=chance.randint(0, 60))
        yield moment


def _surveymonkey(records: int) -> Iterator[Row]:
    chance = random.Random(_SEED)
    scored = _QUESTIONS - 2
    yield (
        "Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address",
        "First Name", "Last Name", "Custom Data 1",
        "How likely are you to recommend us to a friend? (0-10)",
        *(f"How satisfied were you with part {n}? (1 = very dissatisfied, 5 = very satisfied)"
          for n in range(1, scored)),
        "Which shop did you visit?", "What could we do better?",
    )  # fmt: skip
    yield (*[""] * 9, *["Response"] * (_QUESTIONS - 1), "Open-Ended Response")
    moments = _moments(chance)
    for number in range(records // _QUESTIONS):
        at = next(moments)
        yield (
            str(114_000_000_000 + number), "400001", f"{at:%m/%d/%Y %I:%M:%S %p}",
            f"{at + timedelta(minutes=2):%m/%d/%Y %I:%M:%S %p}", "203.0.113.7",
            f"c{number}@mail.example", "Ana", "Ruiz", "", str(chance.randint(0, 10)),
            *(str(chance.randint(1, 5)) for _ in range(1, scored)),
            f"Shop {chance.randint(1, 30)}", chance.choice(_TEXTS) or f"Text {number}",
        )  # fmt: skip


def _typeform(records: int) -> Iterator[Row]:
    chance = random.Random(_SEED)
    yield (
        "#", "How likely are you to recommend us to a friend? (0-10)", "email", "Response Type",
        "Start Date (UTC)", "Stage Date (UTC)", "Submit Date (UTC)", "Network ID", "Tags",
    )  # fmt: skip
    for number, at in zip(range(records), _moments(chance), strict=False):
        yield (
            f"r{number:08}", str(chance.randint(0, 10)), f"c{number % 90_000}@mail.example",
            "completed", f"{at:{_STAMP}}", "", f"{at + timedelta(minutes=1):{_STAMP}}",
            "0a1b2c3d4e", "",
        )  # fmt: skip


def _kobo(records: int) -> Iterator[Row]:
    chance = random.Random(_SEED)
    yield (
        "start", "visit_date", "store", *(f"s{n % 4}/item{n}" for n in range(_ITEMS)),
        "__version__", "_id", "_uuid", "_submission_time", "_validation_status", "_index",
    )  # fmt: skip
    for number, at in zip(range(records // _ITEMS), _moments(chance), strict=False):
        yield (
            f"{at.isoformat()}", f"{at:%Y-%m-%d}", f"Shop {chance.randint(1, 60)}",
            *(chance.choice(("yes", "yes", "yes", "no", "na")) for _ in range(_ITEMS)),
            "1", str(number), f"uuid-{number}", f"{at:%Y-%m-%dT%H:%M:%S}",
            "validation_status_approved", str(number),
        )  # fmt: skip


def _form() -> str:
    """Return a form of twenty items in four sections."""
    parts = ['name = "Shop"', 'version = "1"', "[columns]", 'place = "store"', "[scales.yes-no]"]
    parts += ['answers = {yes = 1, no = 0, na = "na"}']
    for section in range(4):
        parts += ["[[sections]]", f'name = "s{section}"', f"weight = {10 * (section + 1)}"]
        for item in range(section, _ITEMS, 4):
            parts += ["[[sections.items]]", f'name = "item{item}"', f'text = "Item {item}?"']
            parts += ['scale = "yes-no"', f"points = {1 + item % 5}"]
    return "\n".join(parts) + "\n"


def _tickets(records: int) -> Iterator[Row]:
    chance = random.Random(_SEED)
    yield (
        "Summation column", "Id", "Requester", "Requester id", "Requester external id",
        "Requester email", "Requester domain", "Submitter", "Assignee", "Group", "Subject",
        "Tags", "Status", "Priority", "Via", "Ticket type", "Created at", "Updated at",
        "Solved at", "Satisfaction Score", "Group stations", "Assignee stations", "Reopens",
        "Replies", "First reply time in minutes", "Full resolution time in minutes",
    )  # fmt: skip
    for number, at in zip(range(records), _moments(chance), strict=False):
        waited = chance.randint(5, 900)
        solved = waited + chance.randint(10, 5_000)
        yield (
            "1", str(10_000 + number), "Ana Ruiz", str(360_000_000 + number % 70_000), "",
            f"c{number % 70_000}@mail.example", "mail.example", "Ana Ruiz",
            f"Agent {number % 9}", "Support", f"Where is order {number}?", "delivery", "Closed",
            "Normal", "Mail", "Question", f"{at:%Y-%m-%d %H:%M}", f"{at:%Y-%m-%d %H:%M}",
            f"{at + timedelta(minutes=solved):%Y-%m-%d %H:%M}", "Offered", "1", "1",
            str(int(chance.random() < 0.1)), str(chance.randint(1, 3)), str(waited), str(solved),
        )  # fmt: skip


def _calls(records: int) -> Iterator[Row]:
    chance = random.Random(_SEED)
    for number, at in zip(range(records), _moments(chance), strict=False):
        wait, talk = chance.randint(3, 90), chance.choice((0, 0, 40, 90, 240))
        taken, caller = at + timedelta(seconds=wait), f"34555{number % 80_000:06}"
        yield (
            "", caller, "900", "from-trunk", caller, "SIP/trunk-01", "SIP/201-02" if talk else "",
            "Queue", "sales", f"{at:{_STAMP}}", f"{taken:{_STAMP}}" if talk else "",
            f"{taken + timedelta(seconds=talk):{_STAMP}}", str(wait + talk), str(talk),
            "ANSWERED" if talk else "NO ANSWER", "DOCUMENTATION",
            f"{at.timestamp():.0f}.{number}", "",
        )  # fmt: skip


_ORDER = (
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at",
    "Accepts Marketing", "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Discount Code",
    "Discount Amount", "Shipping Method", "Created at", "Lineitem quantity", "Lineitem name",
    "Lineitem price", "Lineitem compare at price", "Lineitem sku", "Lineitem requires shipping",
    "Lineitem taxable", "Lineitem fulfillment status", "Billing Name", "Billing City",
    "Billing Zip", "Billing Country", "Cancelled at", "Payment Method", "Refunded Amount",
    "Vendor", "Outstanding Balance", "Id", "Tags", "Risk Level", "Source", "Lineitem discount",
)  # fmt: skip


def _orders(records: int) -> Iterator[Row]:
    chance, made, moments = random.Random(_SEED), 0, _moments(random.Random(_SEED))
    yield _ORDER
    for number in range(records):
        if made >= records:
            return
        lines = [(chance.randint(1, 4), chance.randint(100, 9_900)) for _ in range(number % 5 + 1)]
        goods, shipping = sum(many * cents for many, cents in lines), 490 * (number % 2)
        back = 0 if number % 10 else min(cents for _, cents in lines)
        made += len(lines) + bool(back)
        at = f"{next(moments):{_STAMP}} +0000"
        order = {
            "Name": f"#{number}", "Email": f"c{number % 80_000}@mail.example",
            "Financial Status": "partially_refunded" if back else "paid", "Paid at": at,
            "Fulfillment Status": "fulfilled", "Fulfilled at": at, "Accepts Marketing": "no",
            "Currency": "EUR",
            "Subtotal": _amount(goods), "Shipping": _amount(shipping), "Taxes": "0.00",
            "Total": _amount(goods + shipping), "Discount Amount": "0.00", "Created at": at,
            "Billing Name": "Ana Ruiz", "Billing City": "Vigo", "Billing Zip": "'36201",
            "Billing Country": "ES", "Payment Method": "Shopify Payments",
            "Refunded Amount": _amount(back), "Outstanding Balance": "0.00", "Source": "web",
            "Id": str(5_870_000 + number), "Risk Level": "Low",
        }  # fmt: skip
        for many, cents in lines:
            article = chance.randint(1, 5_000)
            order |= {
                "Lineitem quantity": str(many), "Lineitem name": f"Article {article}",
                "Lineitem price": _amount(cents), "Lineitem sku": f"A-{article:05}",
                "Lineitem requires shipping": "true", "Lineitem taxable": "true",
                "Lineitem fulfillment status": "fulfilled", "Vendor": "Us",
                "Lineitem discount": "0.00",
            }  # fmt: skip
            yield [order.get(name, "") for name in _ORDER]
            # Only an order's first line says what is true of all of it.
            order = {name: order[name] for name in ("Name", "Email")}


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


@dataclass(frozen=True, slots=True)
class Case:
    """
    One sort of export.

    Attributes:
        plugin: What reads it.
        file: What it is called.
        rows: Yields its rows, so that it comes to so many records.
        delimiter: Between its cells.
        more: What else the source's table says.
        form: Whether the source has a form.
    """

    plugin: str
    file: str
    rows: Callable[[int], Iterator[Row]]
    delimiter: str = ","
    more: str = ""
    form: bool = False

    def make(self, folder: Path, name: str, records: int) -> Path:
        """Return the export, made once."""
        path = folder / f"{name}-{records}-v{_VERSION}.csv"
        if not path.exists():
            half = path.with_suffix(".part")
            with half.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, delimiter=self.delimiter, lineterminator="\n").writerows(
                    self.rows(records)
                )
            half.rename(path)
        return path

    def project(self, export: Path, folder: Path) -> None:
        """Make a project that reads it."""
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "in").mkdir(parents=True)
        lines = ["[sources.it]", f'plugin = "{self.plugin}"', 'path = "in/*"', self.more]
        if self.form:
            (folder / "form.toml").write_text(_form(), "utf-8")
            lines.append('form = "form.toml"')
        (folder / "regard.toml").write_text("\n".join(lines), "utf-8")
        shutil.copy2(export, folder / "in" / self.file)


_CASES = {
    "surveymonkey": Case("survey-export", "Survey.csv", _surveymonkey),
    "typeform": Case("survey-export", "responses.csv", _typeform),
    "kobo": Case("mystery-shopping", "visits.csv", _kobo, delimiter=";", form=True),
    "tickets": Case("touchpoints", "export-2026.csv", _tickets),
    "calls": Case("touchpoints", "Master.csv", _calls),
    "orders": Case("crm-export", "orders_export.csv", _orders),
}


def _records(measured: Measured) -> int:
    told: dict[str, Any] = json.loads(measured.output)
    return sum(int(run["new"]) for run in told["runs"])


def main() -> None:
    """Run each case at each length and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("cases", nargs="*", choices=[*_CASES, []], help="which exports; all")
    parser.add_argument("--rows", default="100000,1000000", help="records, by commas")
    arguments = parser.parse_args()
    cache = cache_folder()
    folder = Path(tempfile.mkdtemp(prefix="voice-", dir=cache))
    command = [sys.executable, "-m", "regard", "--json", "run", "it"]
    print(f"{'':<14}{'records':>12}{'wall s':>8}{'CPU s':>8}{'records/CPU s':>15}{'peak MB':>9}")
    try:
        for name in arguments.cases or _CASES:
            case = _CASES[name]
            for records in map(int, arguments.rows.split(",")):
                case.project(case.make(cache, name, records), folder / "project")
                found = measure(command, folder=folder / "project")
                if found.exit_code:
                    print(found.output[-2_000:], found.errors, file=sys.stderr)
                    continue
                stored = _records(found)
                print(
                    f"{name:<14}{stored:>12,}{found.wall_seconds:>8.1f}"
                    f"{found.cpu_seconds:>8.1f}{stored / found.cpu_seconds:>15,.0f}"
                    f"{found.peak_bytes / 1e6:>9.0f}",
                    flush=True,
                )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
