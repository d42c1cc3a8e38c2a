"""The customers report, from a store to the screen."""

from __future__ import annotations

import csv
import io
import json
import runpy
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from regard.clock import FixedClock
from regard.errors import ConfigError, PluginError
from regard.pipeline.reporting import MadeReport, Surroundings, make_report
from regard.reporters import Reporter
from regard.reports import Report
from regard.store import Store
from regard_plugins.customers.reporter import Customers
from regard_plugins.customers.words import FIELDS, LANGUAGES, VALUES, WORDS

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
fill = runpy.run_path(str(Path(__file__).parents[1] / "core" / "columns" / "filling.py"))["fill"]

CUSTOMERS: list[dict[str, Any]] = [
    {"key": "1", "email": "ana@example.com", "region": "Norte", "birth_on": date(1990, 5, 1)},
    {"key": "2", "region": "Norte", "created_at": NOW - timedelta(days=3)},
    {"key": "3", "region": "\x1b[31mSur[/bold]", "created_at": NOW - timedelta(days=300)},
    {"key": "4", "created_at": NOW - timedelta(days=31)},
]
PURCHASES: list[dict[str, Any]] = [
    {"customer_key": "1", "status": "completed", "amount": Decimal("1234.56"), "currency": "EUR"},
    {"email": "ana@example.com", "status": "completed", "amount": Decimal(10), "currency": "EUR"},
    {"customer_key": "2", "status": "completed", "amount": Decimal("9.99"), "currency": "USD"},
    {"customer_key": "2", "status": "refunded", "amount": Decimal(-5), "currency": "USD"},
    {"status": "completed", "amount": Decimal(7)},
    {"status": "abandoned", "reason": "write to eva@example.com"},
    {"status": "lost", "basis": "pipeline", "competitor": "Rival", "reason": "price"},
    {"status": "quoted", "basis": "pipeline"},
]


def filled(path: Path) -> Store:
    """Return a store with a few customers and purchases."""
    store = Store.open(f"sqlite:///{path}", clock=FixedClock(NOW))
    fill(store, "customer", CUSTOMERS)
    rows = [
        {"key": f"p{n}", "ordered_at": NOW - timedelta(days=n), "basis": "sale", **row}
        for n, row in enumerate(PURCHASES)
    ]
    fill(store, "purchase", rows)
    return store


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., MadeReport]:
    """Return what makes the report of a store."""

    def made(store: Store, params: Mapping[str, Any] = {}, **changes: Any) -> MadeReport:
        given = {
            "columns": tmp_path / "columns",
            "clock": FixedClock(NOW),
            "language": "en",
            "timezone": "Europe/Madrid",
            "privacy_key": b"k" * 32,
        }
        reporter = changes.pop("reporter", Customers)
        surroundings = Surroundings(**{**given, **changes})
        return make_report(store, reporter, params, surroundings, where="report customers")

    return made


def figures(report: Report) -> dict[str, Any]:
    """Return a report's figures by id."""
    return {one.id: one for section in report.sections for one in section.figures}


def tables(report: Report) -> dict[str, Any]:
    """Return a report's tables by title."""
    return {one.title: one for section in report.sections for one in section.tables}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"by": "regoin"}, "did you mean 'region'"),
        ({"by": ["email"]}, "personal"),
        ({"since": "soon"}, "--since: 'soon' is no day"),
        ({"since": 2026}, "since"),
        ({"top": 0}, "top"),
        ({"tpo": 3}, "did you mean 'top'"),
    ],
)
def test_wrong_params(
    params: dict[str, Any], message: str, tmp_path: Path, make: Callable[..., MadeReport]
) -> None:
    """A wrong parameter is refused with what would be right, also where the store is empty."""
    store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}")
    with pytest.raises(ConfigError, match=message):
        make(store, params)
    store.close()


def test_failing_reporter(tmp_path: Path, make: Callable[..., MadeReport]) -> None:
    """A reporter that fails is named with the place, and nothing of the data is repeated."""

    class Bad(Reporter[Any]):
        """Fails."""

        name = "bad"

        def report(self, view: Any, params: Any, ctx: Any) -> Any:
            """Raise an error that repeats a value."""
            message = "ana@example.com"
            raise ValueError(message)

    class Wrong(Bad):
        """Returns no report."""

        def report(self, view: Any, params: Any, ctx: Any) -> Any:
            """Return something else."""
            return "text"

    store = filled(tmp_path / "regard.db")
    with pytest.raises(PluginError, match=r"'bad' failed: ValueError in .*:\d+") as caught:
        make(store, reporter=Bad)
    with pytest.raises(PluginError, match="returned str, not a Report"):
        make(store, reporter=Wrong)
    store.close()

    assert "ana@example.com" not in str(caught.value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_empty_store(language: str, tmp_path: Path, make: Callable[..., MadeReport]) -> None:
    """An empty store gives a report that says so and what to do."""
    store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}")
    report = make(store, language=language).report
    store.close()

    assert 1 == len(report.sections)
    assert "`regard run --all`" in report.sections[0].note


@pytest.mark.parametrize("kind", ["customer", "purchase"])
def test_one_row(kind: str, tmp_path: Path, make: Callable[..., MadeReport]) -> None:
    """One record of which nothing is known is enough."""
    store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}")
    fill(store, kind, [{}])
    shown = figures(make(store).report)
    store.close()

    assert (1 if kind == "customer" else 0) == shown["customers.total"].value
    assert None is shown["customers.new"].value


def test_figures(tmp_path: Path, make: Callable[..., MadeReport]) -> None:
    """Every figure has its number and its base."""
    store = filled(tmp_path / "regard.db")
    report = make(store).report
    store.close()

    assert {
        "customers.total": (4, 4),
        "customers.new": (1, 3),
        "purchases.made": (4, 4),
        "revenue.EUR": (Decimal("1244.56"), 2),
        "revenue.USD": (Decimal("4.99"), 2),
        "revenue.unknown": (Decimal(7), 1),
        "purchases.gap": (Decimal(1), 1),
        "purchases.not_made": (Decimal("33.3"), 6),
        "purchases.open": (1, 7),
    } == {name: (one.value, one.n) for name, one in figures(report).items()}
    assert "not yet people" in report.sections[0].note
    assert ["crm"] == [one.source for one in report.sources]


def test_tables(tmp_path: Path, make: Callable[..., MadeReport]) -> None:
    """Tables name the unknown, mask what somebody typed, and show customers as pseudonyms."""
    store = filled(tmp_path / "regard.db")
    shown = tables(make(store).report)
    store.close()
    top = shown["Top customers in EUR"].rows

    assert [("Norte", 2, Decimal("50.0"), 1), (None, 1, Decimal("25.0"), 0)] == [
        row for row in shown["Customers by region"].rows if row[0] in ("Norte", None)
    ]
    assert "Customers by segment" not in shown
    assert ("abandoned", "write to [e-mail]", 1, Decimal("50.0")) in shown[
        "Why they were not made"
    ].rows
    assert (("Rival", 1),) == shown["Lost to"].rows
    assert [(1, "crm", Decimal("1244.56"), 2)] == [(r[0], r[2], r[3], r[4]) for r in top]
    assert "customer#" == top[0][1][:9]


def test_by_and_period(tmp_path: Path, make: Callable[..., MadeReport]) -> None:
    """Fields are taken together, and a period bounds purchases and new customers."""
    store = filled(tmp_path / "regard.db")
    params = {"by": "region,age_band", "since": "2026-03-13", "until": date(2026, 3, 15), "top": 1}
    report = make(store, params, language="es").report
    store.close()
    by = tables(report)["Clientes por región × tramo de edad"]

    assert ("Norte", "35-44", 1, Decimal("25.0"), 0) in by.rows
    assert 4 == sum(row[2] for row in by.rows)
    assert (2, Decimal(10)) == (
        figures(report)["purchases.made"].value,
        figures(report)["revenue.EUR"].value,
    )
    assert report.period is not None
    assert datetime(2026, 3, 12, 23, tzinfo=UTC) == report.period.since


def test_orphans(tmp_path: Path, make: Callable[..., MadeReport]) -> None:
    """A source that is no longer configured is left out, and that is said."""
    store = filled(tmp_path / "regard.db")
    fill(store, "customer", [{}], source="old")
    made = make(store, sources={"crm"})
    store.close()

    assert 4 == figures(made.report)["customers.total"].value
    assert ["crm"] == [one.source for one in made.report.sources]
    assert ("source 'old' is no longer configured: its 1 record is left out",) == made.notes


def test_untied_finding(tmp_path: Path, make: Callable[..., MadeReport]) -> None:
    """Where many purchases are nobody's the report begins with that."""
    store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}")
    sale = {"basis": "sale", "status": "completed", "currency": "EUR", "amount": 1}
    rows = [{"key": str(n), "customer_key": "1" if n % 4 else None, **sale} for n in range(40)]
    fill(store, "purchase", rows)
    report = make(store).report
    store.close()
    found = [one for section in report.sections for one in section.findings]

    assert [("purchases-untied", Decimal(25), 40)] == [
        (one.code, one.value, one.n) for one in found
    ]


def test_words_are_complete() -> None:
    """Every label and sentence exists in all languages, with the same gaps to fill."""

    def gaps(text: str) -> frozenset[str]:
        return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)

    for name, texts in {**WORDS, **FIELDS, **VALUES}.items():
        assert len(LANGUAGES) == len(texts), name
        assert all(texts), name
        assert 1 == len({gaps(text) for text in texts}), name


def test_large_store(tmp_path: Path, make: Callable[..., MadeReport]) -> None:
    """Tens of thousands of purchases are no reason to wait."""
    store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}")
    sale = {"basis": "sale", "status": "completed", "currency": "EUR", "amount": Decimal("0.01")}
    fill(store, "customer", ({"key": str(n), "region": f"r{n % 50}"} for n in range(3_000)))
    fill(
        store,
        "purchase",
        (
            {"key": str(n), "customer_key": str(n % 2_999), "ordered_at": NOW, **sale}
            for n in range(30_000)
        ),
    )
    make(store)
    begun = time.perf_counter()
    report = make(store).report
    seconds = time.perf_counter() - begun
    store.close()

    assert Decimal(300) == figures(report)["revenue.EUR"].value
    assert seconds < 5


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a project with a filled store."""
    (tmp_path / "regard.toml").write_text(
        """
timezone = "Europe/Madrid"
language = "es"
[sources.crm]
plugin = "crm-export"
path = "*.csv"
[reports.short]
reporter = "customers"
language = "fr"
params = {top = 1, by = ["region"]}
to = ["csv:out/{date}.csv", "html:out/x.html", "json:out/x.json"]
"""
    )
    filled(tmp_path / "regard.db").close()
    return tmp_path


Regard = Callable[..., Any]


@pytest.fixture
def regard(run_regard: Regard) -> Regard:
    """Return what runs the command line in a project."""

    def run(shop: Path, *arguments: str) -> Any:
        at = {"REGARD_NOW": NOW.isoformat(), "COLUMNS": "80"}
        return run_regard("report", *arguments, cwd=shop, env=at)

    return run


def test_command_mistakes(shop: Path, regard: Regard) -> None:
    """A mistake is one clear message and exit code 2."""
    cases = {
        ("customers", "--by", "emial"): "no such field",
        ("customers", "--by", ","): "name at least one field",
        ("customers", "--since", "never"): "is no day",
        ("customers", "--format", "pdf"): "invalid choice",
        ("customers", "--output", "regard.toml/folder.csv"): "its folder cannot be made",
        (): "required: NAME",
    }
    for arguments, message in cases.items():
        done = regard(shop, *arguments)

        assert (2, "") == (done.returncode, done.stdout)
        assert message in done.stderr
        assert "Traceback" not in done.stderr
    unknown = regard(shop, "custmers")

    assert 2 == unknown.returncode
    assert "did you mean 'customers'" in unknown.stderr


def test_command_screen(shop: Path, regard: Regard) -> None:
    """The report is drawn in the project's language, and nothing from outside steers it."""
    done = regard(shop, "customers")

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("Clientes\n")
    assert "1.244,56\u00a0€" in done.stdout
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_command_formats(shop: Path, regard: Regard) -> None:
    """JSON and CSV go to stdout or, whole, to a file whose name tells the format."""
    flags = ("--by", "region,sex", "--since", "2026")
    printed = json.loads(regard(shop, "customers", "--format", "json", *flags).stdout)
    also = json.loads(regard(shop, "customers", "--json", *flags).stdout)
    table = regard(shop, "customers", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(table)))
    written = regard(shop, "customers", "--output", "r.json", *flags)
    regard(shop, "customers", "--output", "r.txt")

    assert printed == also == json.loads((shop / "r.json").read_text("utf-8"))
    assert (0, "") == (written.returncode, written.stdout)
    assert "1244.56" in {row["value"] for row in rows if row["item"] == "revenue.EUR"}
    assert (shop / "r.txt").read_text("utf-8").startswith("Clientes\n")
    assert [] == [path.name for path in shop.iterdir() if path.name.startswith(".r.")]


def test_command_configured(shop: Path, regard: Regard) -> None:
    """A configured report goes where it should; what is not possible is said with exit code 3."""
    done = regard(shop, "short")
    shown = regard(shop, "short", "--format", "terminal", "--language", "en")

    assert (3, "") == (done.returncode, done.stdout)
    assert "html:out/x.html" in done.stderr
    assert "Clients par région" in (shop / "out" / "2026-03-15.csv").read_text("utf-8")
    assert "Clients" == json.loads((shop / "out" / "x.json").read_text("utf-8"))["title"]
    assert "Customers by region" in shown.stdout


def test_command_without_store(shop: Path, regard: Regard) -> None:
    """Where nothing was ever read the message says what to do."""
    (shop / "regard.db").unlink()
    done = regard(shop, "customers")

    assert 1 == done.returncode
    assert "regard run" in done.stderr
