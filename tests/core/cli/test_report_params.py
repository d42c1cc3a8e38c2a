"""``[prices]`` in regard.toml and ``regard report NAME --param``, as somebody types them."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from regard.store import Store

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]
fill = runpy.run_path(str(Path(__file__).parents[1] / "columns" / "filling.py"))["fill"]
SOURCE = '[sources.crm]\nplugin = "crm-export"\npath = "crm/*.csv"\n'
GTIN = "4006381333931"


@pytest.fixture
def sold(project: MakeProject) -> Callable[[str], Path]:
    """Return what makes a project with a product at 10, and offers at 8 with tax, 6.4 without."""

    def made(config: str = "") -> Path:
        folder = project(f"{config}\n{SOURCE}")
        store = Store.open(f"sqlite:///{folder / 'regard.db'}")
        article = {"gtin": GTIN, "currency": "EUR"}
        fill(store, "product", [{"key": "p", **article, "name": "Cup", "list_price": Decimal(10)}])
        offers = [
            {"key": "a", "competitor": "With", "price": Decimal(8), "tax_included": True},
            {"key": "b", "competitor": "Without", "price": Decimal("6.4"), "tax_included": False},
        ]
        fill(store, "offer", [{**article, **one} for one in offers])
        store.close()
        return folder

    return made


def index(run_regard: RunRegard, folder: Path) -> dict[str, str | None]:
    """Return each competitor's index as ``regard report prices --format json`` gives it."""
    done = run_regard("report", "prices", "--format", "json", cwd=folder)
    assert 0 == done.returncode, done.stderr
    table = json.loads(done.stdout)["sections"][0]["tables"][0]
    return {row[0]: row[1] for row in table["rows"]}


@pytest.mark.parametrize(
    ("config", "with_tax", "without"),
    [
        ("", None, None),
        ("[prices]\nour_tax_included = true", "80", None),
        ("[prices]\nour_tax_included = false", None, "64"),
        ("[prices]\nour_tax_included = true\nvat = 0.25", "80", "80"),
        ("[prices]\nour_tax_included = false\nvat = 0.25", "64", "64"),
        ("[prices]\nour_tax_included = true\nvat = 0", "80", "64"),
        ("[prices]\nvat = 0.25", None, None),
    ],
)
def test_our_basis(
    config: str,
    with_tax: str | None,
    without: str | None,
    sold: Callable[[str], Path],
    run_regard: RunRegard,
) -> None:
    """What is compared follows from [prices]; where it does not say enough, nobody can tell."""
    assert {"With": with_tax, "Without": without} == index(run_regard, sold(config))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("vat = 21", "prices.vat: 21 is not a share between 0 and 1; did you mean 0.21?"),
        ("vat = -0.1", "prices.vat: -0.1 is not a share between 0 and 1"),
        ('vat = "0.21"', "prices.vat: '0.21' is not a share between 0 and 1; write a number"),
        ("vat = true", "prices.vat: true is not a share between 0 and 1"),
        ("vat = nan", "prices.vat: nan is not a share between 0 and 1"),
        ('our_tax_included = "yes"', "prices.our_tax_included: must be true or false, not 'yes'"),
        ("our_tax_included = 1", "prices.our_tax_included: must be true or false, not 1"),
        ("vta = 0.21", "prices.vta: there is no such setting; did you mean 'vat'?"),
    ],
)
def test_wrong_settings(
    line: str, message: str, project: MakeProject, run_regard: RunRegard
) -> None:
    """A wrong value is refused with its line, its key, itself and what would be right."""
    done = run_regard("report", "prices", cwd=project(f"[prices]\n{line}\n"))

    assert (2, "") == (done.returncode, done.stdout)
    assert f"regard.toml:2: {message}" in done.stderr


def test_right_params(sold: Callable[[str], Path], run_regard: RunRegard) -> None:
    """Parameters are read as what the report wants, and a value may contain any sign."""
    folder = sold("")
    rows = run_regard("report", "prices", "--param", "rows=3", "--param", "since=30d", cwd=folder)
    name = run_regard("report", "competitor", "--param", "name= A=B  c ", cwd=folder)
    with_tax = run_regard("report", "competitor", "--param", "name=With", cwd=folder)

    assert (0, 0, 0) == (rows.returncode, name.returncode, with_tax.returncode)
    assert "Nothing is known of A=B  c in this period." in name.stdout
    assert "Competitor: With" in with_tax.stdout
    assert "Nothing moved." in with_tax.stdout


@pytest.mark.parametrize(
    ("report", "param", "message"),
    [
        ("prices", "rows=0", "rows: '0' is not accepted: input should be greater than or equal"),
        ("prices", "rows=many", "rows: must be a whole number, not 'many'"),
        ("prices", "rows=", "rows: must be a whole number, not ''"),
        ("prices", "rosw=3", "rosw: there is no such setting; did you mean 'rows'?"),
        ("prices", "since=soon", "'soon' is no day; write 2026-01-31"),
        ("prices", "rows", "--param: 'rows' is no NAME=VALUE, such as name=Rival"),
        ("prices", "=3", "--param: '=3' is no NAME=VALUE"),
        ("reviews", "rows=201", "rows: '201' is not accepted: input should be less than or equal"),
        ("competitors", "name=x", "name: there is no such setting; known: since, until"),
        ("competitor", "rows=3", "'name' is missing"),
    ],
)
def test_wrong_params(
    report: str, param: str, message: str, sold: Callable[[str], Path], run_regard: RunRegard
) -> None:
    """A wrong parameter ends with 2 and says which, what was given and what would be right."""
    done = run_regard("report", report, "--param", param, cwd=sold(""))

    assert (2, "") == (done.returncode, done.stdout)
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_typed_params_go_before_configured_ones(
    sold: Callable[[str], Path], run_regard: RunRegard
) -> None:
    """A report of regard.toml with a wrong parameter works again once a right one is typed."""
    folder = sold('[reports.watch]\nreporter = "prices"\nparams = {rows = 0}')
    wrong = run_regard("report", "watch", cwd=folder)
    right = run_regard("report", "watch", "--param", "rows=5", cwd=folder)

    assert (2, 0) == (wrong.returncode, right.returncode)
    assert "reports.watch.params.rows: 0 is not accepted" in wrong.stderr


def test_hostile_params(sold: Callable[[str], Path], run_regard: RunRegard) -> None:
    """A name that steers terminals is shown without doing so, in a report as in an error."""
    evil = "\x1b[31m[red]x\u202e{y}"
    folder = sold("")
    shown = run_regard("report", "competitor", "--param", f"name={evil}", cwd=folder)
    refused = run_regard("report", "prices", "--param", f"rows={evil}", cwd=folder)
    nothing = run_regard("report", "prices", "--param", f"{evil}=1", cwd=folder)

    assert (0, 2, 2) == (shown.returncode, refused.returncode, nothing.returncode)
    for text in (shown.stdout, refused.stderr, nothing.stderr):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "[red]x" in text
