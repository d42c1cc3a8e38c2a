"""The reports prices, reviews, competitors and competitor, from a store to the whole screen."""

from __future__ import annotations

import csv
import io
import json
import re
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from rich.console import Console

from regard.clock import FixedClock
from regard.directory import Directory, Match, Named
from regard.errors import ConfigError
from regard.pipeline.reporting import Surroundings, make_report
from regard.render import render_csv, render_json, render_terminal
from regard.render.words import LANGUAGES
from regard.reports import Report
from regard.store import Store, matches
from regard_plugins.competitors import words as competitors_words
from regard_plugins.competitors.reporter import Competitors
from regard_plugins.competitors.timeline import OneCompetitor
from regard_plugins.prices import words as prices_words
from regard_plugins.prices.reporter import Prices
from regard_plugins.reviews import words as reviews_words
from regard_plugins.reviews.reporter import Reviews

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
D = Decimal
REPORTERS = {
    "prices": Prices,
    "reviews": Reviews,
    "competitors": Competitors,
    "competitor": OneCompetitor,
}
PARAMS: Mapping[str, Mapping[str, Any]] = {"competitor": {"name": "Rival"}}
fill = runpy.run_path(str(Path(__file__).parents[1] / "core" / "columns" / "filling.py"))["fill"]
DIRECTORY = Directory(competitors=(Named("rival", "Rival", ("Rival S.A.",)),), vat=D("0.25"))
EVIL = "\x1b[31m\x1b]0;owned\x07[red]bad[/red]\u202e<b>bold</b>\u2066\r\n| a"
"""What a competitor may write anywhere: escapes, markup, tags, turned text, lines, cells."""
STEERING = ("\x1b", "\x07", "\r", "\u202e", "\u2066")
AUTHOR = "f00dfeedf00dfeed"


def ago(days: float) -> datetime:
    """Return a time so many days before the report."""
    return NOW - timedelta(days=days)


def gtin(n: int) -> str:
    """Return a number of 13 digits."""
    return f"40063813339{n:02d}"


def sold() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return six products of ours at 10 €, and offers: four at 8 €, one at 8 $, one unknown."""
    price = {"currency": "EUR", "tax_included": True}
    products = [
        {"key": f"p{n}", "name": f"Cup {n}", "gtin": gtin(n), "list_price": D(10), **price,
         "category": "Table" if n < 3 else "Kitchen"}
        for n in range(6)
    ]  # fmt: skip
    site = {
        "source": "site",
        "competitor": "Rival S.A.",
        "url": "https://rival.example/p",
        **price,
    }
    offers: list[dict[str, Any]] = [
        {**site, "key": f"o{n}", "gtin": gtin(n), "price": D(8), "product_name": f"Their cup {n}",
         "valid_from": ago(60), "last_seen_at": ago(0), "availability": "InStock"}
        for n in range(5)
    ]  # fmt: skip
    offers[0] |= {"price": D("6.4"), "tax_included": False}
    offers[4] |= {"currency": "USD"}
    offers.append({**offers[1], "valid_from": ago(90), "valid_to": ago(60), "price": D(1)})
    offers.append({**offers[2], "valid_from": ago(2), "price": D("7.5")})
    offers[2] |= {"valid_to": ago(2)}
    offers[3] |= {"availability": "OutOfStock"}
    offers.append({**site, "key": "x", "product_name": "Unknown", "price": D(1)})
    return products, offers


def reviewed() -> list[dict[str, Any]]:
    """Return reviews: forty of ours with three stars, forty of a competitor with five or four."""
    rows = []
    for n in range(80):
        ours = n < 40
        norm = D("0.25") * (n % 2 + 1) if ours else D("0.75") + D("0.25") * (n % 2)
        rows.append(
            {"competitor": None if ours else "rival", "rating_norm": norm, "rating": 1 + 4 * norm,
             "published_at": ago(1 + n % 40 * 2), "author_hash": AUTHOR,
             "text": "Call 600 123 456 or ana@example.com", "extra": '{"author": "Ana Ruiz"}',
             "product_name": "Cup 1", "reply_text": "Sorry" if n % 4 == 0 else None,
             "replied_at": ago(n % 40 * 2) if n % 4 == 0 else None}
        )  # fmt: skip
    return [{"key": f"r{n}", "source": "stars", **row} for n, row in enumerate(rows)]


@dataclass
class Made:
    """What makes reports of one store."""

    store: Store
    columns: Path

    def __call__(
        self,
        name: str,
        params: Mapping[str, Any] | None = None,
        language: str = "en",
        directory: Directory = DIRECTORY,
    ) -> Report:
        """Return a report."""
        surroundings = Surroundings(
            columns=self.columns,
            clock=FixedClock(NOW),
            language=language,
            timezone="Europe/Madrid",
            privacy_key=b"k" * 32,
            directory=directory,
        )
        given = {**PARAMS.get(name, {}), **(params or {})}
        return make_report(
            self.store, REPORTERS[name], given, surroundings, where=f"report {name}"
        ).report


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Made]:
    """Return what fills a store and makes its reports."""

    def made(**kinds: list[dict[str, Any]]) -> Made:
        store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}", clock=FixedClock(NOW))
        for kind, rows in kinds.items():
            fill(store, kind, rows)
        return Made(store, tmp_path / "columns")

    return made


@pytest.fixture
def market(make: Callable[..., Made]) -> Made:
    """Return the reports of a small market."""
    products, offers = sold()
    visits = [{"subject": "Rival", "score": D(80), "state": "approved", "visited_at": ago(9)}]
    return make(product=products, offer=offers, review=reviewed(), visit=visits)


def screen(report: Report, width: int = 100) -> str:
    """Return what a terminal shows, without colours."""
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, force_terminal=False)
    render_terminal(report, console, timezone="Europe/Madrid")
    return out.getvalue()


def tables(report: Report) -> dict[str, Any]:
    """Return the rows of a report's tables by their titles."""
    return {one.title: one.rows for section in report.sections for one in section.tables}


def findings(report: Report) -> dict[str, Any]:
    """Return a report's findings by their codes."""
    return {one.code: one for section in report.sections for one in section.findings}


@pytest.mark.parametrize("name", REPORTERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_empty(name: str, language: str, make: Callable[..., Made]) -> None:
    """An empty store gives a report that says what is missing, in every format and language."""
    report = make()(name, language=language)

    assert report.sections[0].note
    assert not tables(report)
    assert screen(report)
    assert render_csv(report)
    assert language == report.language
    assert name == json.loads(render_json(report))["name"]


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("prices", 'plugin = "web-offers"'),
        ("reviews", 'plugin = "web-reviews"'),
        ("competitors", "no offers, no reviews, no visits"),
        ("competitor", "Nothing is known of Rival"),
    ],
)
def test_what_is_missing(name: str, missing: str, make: Callable[..., Made]) -> None:
    """On an empty store each report names what would fill it."""
    assert missing in " ".join(screen(make()(name)).split())


def test_offers_without_products(make: Callable[..., Made]) -> None:
    """Offers of which none is ours are told as such, with what products need."""
    report = make(offer=sold()[1])("prices")

    assert "GTIN" in report.sections[0].note
    assert not findings(report)


def test_prices(market: Made) -> None:
    """The index, its base and each difference are what they are by hand."""
    report = market("prices")
    found = tables(report)
    (row,) = found["Price index, ours = 100"]

    # 8, 8, 7.5 and 8 for 10 each, the first one after 25 % of tax: 100 (0.8³ · 0.75)^(1/4).
    assert ("Rival", D("78.7"), 4, D("66.7"), 1) == row[:5]
    assert [("Kitchen", D("80.0"), 1), ("Table", D("78.3"), 3)] == [
        (category, index, n) for category, _, index, n, _ in found["By category"]
    ]
    assert [
        ("Cup 2", D(10), D("7.5"), D("-25.0"), D("7.5")),
        ("Cup 0", D(10), D(8), D("-20.0"), D("6.4")),
        ("Cup 1", D(10), D(8), D("-20.0"), D(8)),
        ("Cup 3", D(10), D(8), D("-20.0"), D(8)),
    ] == [(name, *rest) for name, _, *rest in found["Cheaper than we are"]]
    assert (("Cup 3", "Rival"),) == found["Out of stock there"]
    assert ["Rival", "Rival", "Rival", "Rival (sold out)"] == [
        row[1] for row in found["Cheaper than we are"]
    ]
    assert [("Their cup 2", "price", D(8), D("7.5"), D("-6.2"))] == [
        row[2:] for row in found["Changes"]
    ]
    assert "1 of 6 offers" in report.sections[0].tables[0].note


def test_decisions_reach_the_reports(market: Made) -> None:
    """What somebody confirmed is in the index, and what somebody rejected no longer is."""
    with market.store.write() as transaction:
        for offer, product, state in (("x", "p5", "confirmed"), ("o1", "p1", "rejected")):
            matches.put(transaction, Match("site", offer, "crm", product, state))
    report = market("prices")
    found = tables(report)

    assert {"Cup 0", "Cup 2", "Cup 3", "Cup 5"} == {row[0] for row in found["Cheaper than we are"]}
    assert 4 == found["Price index, ours = 100"][0][2]
    assert "1 of 6 offers" in report.sections[0].tables[0].note


def test_a_clearly_cheaper_competitor_is_a_finding(make: Callable[..., Made]) -> None:
    """From five products on it is said, in the numbers of the language; below it is not."""
    products, offers = sold()
    offers[4] |= {"currency": "EUR"}
    made = make(product=products, offer=offers)
    found = findings(made("prices"))["competitor-cheaper"]

    assert (D("79.0"), 5, "Rival") == (found.value, found.n, found.subject)
    assert "21.0 %" in found.text
    assert "competitor-cheaper" not in findings(made("prices", directory=Directory()))


def test_decimals_are_written_as_the_language_does(make: Callable[..., Made]) -> None:
    """A finding in Spanish has a comma where one in English has a point."""
    products, offers = sold()
    for one in offers:
        one["price"] = D("7.875")
        one["currency"], one["tax_included"] = "EUR", True
    made = make(product=products, offer=offers)

    texts = {one: findings(made("prices", language=one)) for one in LANGUAGES}
    assert "21.2" in texts["en"]["competitor-cheaper"].text
    assert "21,2" in texts["es"]["competitor-cheaper"].text
    assert "21,2" in texts["fr"]["competitor-cheaper"].text


def test_an_unknown_basis_is_a_finding(make: Callable[..., Made]) -> None:
    """Where more offers cannot be compared than can, the report says what would help."""
    products, offers = sold()
    report = make(product=products, offer=[{**one, "tax_included": None} for one in offers])(
        "prices"
    )
    found = findings(report)["prices-not-comparable"]
    (row,) = tables(report)["Price index, ours = 100"]

    assert (5, 5) == (found.value, found.n)
    assert "our_tax_included" in (found.why or "")
    assert ("Rival", None, 0, D("0.0"), 5) == row[:5]


def test_reviews(market: Made) -> None:
    """We stand first with our mean and its base; a clear difference is a finding."""
    report = market("reviews")
    ours, rival = tables(report)["Ratings, 1 to 5"]
    found = findings(report)["rated-worse"]

    assert ("We", D("2.50"), 40, 40, D("25.0"), D("1.0")) == (*ours[:2], *ours[4:])
    assert ("Rival", D("4.50"), 40, 40, D("25.0"), D("1.0")) == (*rival[:2], *rival[4:])
    assert ours[2] < ours[1] < ours[3]
    assert (D("2.00"), 80, "Rival") == (found.value, found.n, found.subject)


LEAST = replace(DIRECTORY, minimum="Minimum price")


def test_prices_below_our_minimum(make: Callable[..., Made]) -> None:
    """Whoever advertises below a least price is named, on one basis of tax, furthest first."""
    products, offers = sold()
    for product, said in zip(products, ("8,50 €", "8.00", "7.60", "1.299", "", None), strict=True):
        product["extra"] = json.dumps({"Minimum price": said} if said is not None else {})
    offers[2] |= {"seller": "Bazar"}
    offers[-2] |= {"seller": "Bazar"}
    made = make(product=products, offer=offers)
    report = made("prices", directory=LEAST)
    found = tables(report)["Advertised below our minimum price"]

    # Cup 0: 6.4 without tax is 8 with it; Cup 1 is at its minimum; the third minimum may be
    # one or a thousand.
    assert (
        ("Cup 0", "Rival", None, D("8.5"), D(8), D("-5.9"), date(2026, 3, 15)),
        ("Cup 2", "Rival", "Bazar", D("7.6"), D("7.5"), D("-1.3"), date(2026, 3, 15)),
    ) == found
    assert (D(2), "Rival") == (
        findings(report)["below-minimum"].value, findings(report)["below-minimum"].subject,
    )  # fmt: skip
    assert (
        "n = 3 offers of our 3 products with a minimum price. Of 1 product, “Minimum price” is no "
        "amount above 0"
    ) in " ".join(screen(report).split())
    assert not [title for title in tables(made("prices")) if "minimum" in title]
    assert "por debajo" in screen(made("prices", directory=LEAST, language="es"))
    assert "sous notre" in screen(made("prices", directory=LEAST, language="fr"))


@pytest.mark.parametrize(
    ("said", "below"),
    [
        ("9", True), ("9.00 EUR", True), ("1.299,00", True), ("1,299.00", True), (9.5, True),
        ("8", False), ("1.299", False), ("-9", False), ("soon", False), ("0", False),
        ("9" * 40, False), ("9 USD", False), ("$9", False), ("9 €", True), ("£ 9", False),
        ("PVP 9,00", True), ("8.50 10", False), ("9-12", False), ("2 x 9", False),
        ("1 299,00 €", True), ("1'299.00", True), ("9.", True), ("{", False), ("9 Euro", True),
    ],
)  # fmt: skip
def test_how_a_minimum_is_written(said: Any, below: bool, make: Callable[..., Made]) -> None:
    """Amounts are read as people write them; what nobody can tell, and nonsense, says nothing."""
    products, offers = sold()
    products[1]["extra"] = json.dumps({"Minimum price": said})
    found = tables(make(product=products, offer=offers)("prices", directory=LEAST))

    assert below is bool(found.get("Advertised below our minimum price"))


@pytest.mark.parametrize("said", ["0", "-9", "0,00 €", "soon", "9 USD"])
def test_a_minimum_that_is_none_is_counted(said: str, make: Callable[..., Made]) -> None:
    """What is no amount above 0 is in no base, and is counted with the column's name."""
    products, offers = sold()
    products[1]["extra"] = json.dumps({"Minimum price": said})
    shown = " ".join(
        screen(make(product=products, offer=offers)("prices", directory=LEAST)).split()
    )

    assert "No offer can be compared with it." in shown
    assert "n = 0 offers of our 0 products with a minimum price." in shown
    assert "Of 1 product, “Minimum price” is no amount above 0" in shown


def test_what_cannot_be_compared_with_a_minimum_is_counted(make: Callable[..., Made]) -> None:
    """Used goods, another currency and an unknown basis of tax are no base, and are counted."""
    products, offers = sold()
    for product in products:
        product["extra"] = json.dumps({"Minimum price": "1.00"})
    offers[1] |= {"tax_included": None}
    offers[3] |= {"condition": "UsedCondition"}
    report = make(product=products, offer=offers)("prices", directory=LEAST)
    shown = " ".join(screen(report).split())

    assert "Nobody advertises below it." in shown
    assert (
        "n = 2 offers of our 6 products with a minimum price. 3 more cannot be compared" in shown
    )


def test_a_column_that_nobody_has(make: Callable[..., Made]) -> None:
    """Where the column that the configuration names is nowhere, the report says so."""
    products, offers = sold()
    made = make(product=products, offer=offers)
    shown = [
        " ".join(screen(made("prices", directory=LEAST, language=language)).split())
        for language in LANGUAGES
    ]

    assert all("Minimum price" in each for each in shown)
    assert "None of our products has anything in the column “Minimum price”" in shown[0]


def test_nobody_is_below_our_minimum(make: Callable[..., Made]) -> None:
    """Where nobody is below, the report says so, and on how many products that rests."""
    products, offers = sold()
    products[1]["extra"] = json.dumps({"Minimum price": "1.00"})
    report = make(product=products, offer=offers)("prices", directory=LEAST)

    assert "Nobody advertises below it." in screen(report)
    assert "below-minimum" not in findings(report)


def test_prices_seen_by_hand_are_named(make: Callable[..., Made]) -> None:
    """An offer without an address is said to be seen by hand, in each language."""
    products, offers = sold()
    offers[1] |= {"url": None, "observed_at": ago(3)}
    made = make(product=products, offer=offers)
    found = tables(made("prices"))
    named = {row[0]: row[1] for row in found["Cheaper than we are"]}

    assert ("Rival (by hand)", "Rival") == (named["Cup 1"], named["Cup 0"])
    assert (("Rival", 1, date(2026, 3, 12)),) == found["Seen in a shop or on a list"]
    assert "Rival (a mano)" in screen(made("prices", language="es"))
    assert "Rival (à la main)" in screen(made("prices", language="fr"))


def test_ratings_of_any_scale(make: Callable[..., Made]) -> None:
    """A rating with its scale counts though nobody brought it to the usual one; one off it not."""
    said = {"source": "forum", "competitor": "rival", "published_at": ago(3)}
    rows = [
        {**said, "key": "a", "rating": D(9), "best_rating": D(10), "worst_rating": D(0)},
        {**said, "key": "b", "rating": D(3), "best_rating": D(5)},
        {**said, "key": "c", "rating": D(12), "best_rating": D(10), "worst_rating": D(0)},
        {**said, "key": "d", "rating": D(3)},
    ]
    ((whose, mean, _, _, n, reviews, *_),) = tables(make(review=rows)("reviews"))[
        "Ratings, 1 to 5"
    ]

    # 9 of 0 to 10 is 4.6, 3 of 1 to 5 is 3.
    assert ("Rival", D("3.80"), 2, 4) == (whose, mean, n, reviews)


def test_only_public_reviews_count(make: Callable[..., Made]) -> None:
    """What is pending, flagged or removed is in no measure, and said; so are unknown words."""
    said = {"source": "stars", "competitor": "rival", "published_at": ago(3), "text": "Bad"}
    states = (None, "live", " Published ", "", "pending", "FLAGGED", "removed", "supprimé",
              "Nochnie", "nochnie 2", "Nochnie")  # fmt: skip
    rows = [
        {**said, "key": f"s{n}", "status": state, "rating_norm": D(1) if n < 4 else D(0)}
        for n, state in enumerate(states)
    ]
    made = make(review=rows)
    report = made("reviews")
    ((whose, mean, _, _, n, reviews, *_),) = tables(report)["Ratings, 1 to 5"]
    shown = " ".join(screen(report).split())

    assert ("Rival", D(5), 4, 4) == (whose, mean, n, reviews)
    assert not [title for title in tables(report) if title.startswith("Two")]
    assert "Not counted: 4 that are not public (pending, flagged or removed)." in shown
    assert "Not counted: 3 with a status that nobody knows, “Nochnie”, “nochnie 2”;" in shown
    ((*_, rating, count, _, _, _),) = tables(made("competitors"))["One row each"]
    assert (D(5), 4) == (rating, count)
    assert "Nochnie" in screen(made("reviews", language="es"))
    assert "Nochnie" in screen(made("reviews", language="fr"))


def test_reviews_that_are_all_hidden(make: Callable[..., Made]) -> None:
    """Where no review is public the report says how many are not, rather than that none came."""
    rows = [{"key": "a", "published_at": ago(3), "status": "pending", "rating_norm": D(1)}]
    shown = " ".join(screen(make(review=rows)("reviews")).split())

    assert "Not counted: 1 that is not public" in shown


def test_changes_are_counted(make: Callable[..., Made]) -> None:
    """Prices that rose and fell are counted apart, and of a day the largest comes first."""
    products, offers = sold()
    prices = ((D(10), D(11)), (D(10), D(6)), (D(10), D("9.9")))
    moved = [
        version
        for at, (before, after) in enumerate(prices)
        for version in (
            {**offers[1], "key": f"m{at}", "price": before, "product_name": f"Their {at}",
             "valid_from": ago(40), "valid_to": ago(2)},
            {**offers[1], "key": f"m{at}", "price": after, "product_name": f"Their {at}",
             "valid_from": ago(2), "valid_to": None},
        )
    ]  # fmt: skip
    report = make(product=products, offer=moved)("prices", {"rows": 2})
    found = tables(report)

    assert (("Rival", 1, 2, 0, 0, 0, 0, 0),) == found["How many changes"]
    assert ["Their 1", "Their 0", "Their 2"] == [row[2] for row in found["Changes"]]
    assert "1 other" in screen(report)
    assert "n = 3 changes" in screen(report)


def test_a_price_that_ended_as_the_30_days_began(make: Callable[..., Made]) -> None:
    """The lowest price of 30 days is none that was over by then."""
    products, offers = sold()
    old = {**offers[1], "price": D(2), "valid_from": ago(60), "valid_to": ago(30)}
    now = {**offers[1], "price": D(8), "valid_from": ago(30), "valid_to": None}
    ((*_, lowest),) = tables(make(product=products, offer=[old, now])("prices"))[
        "Cheaper than we are"
    ]

    assert D(8) == lowest


def test_ratings_that_fell(make: Callable[..., Made]) -> None:
    """Whose ratings of late are clearly worse is said with both means and the base."""
    rows = [
        {"key": f"f{n}", "source": "stars", "competitor": "rival", "published_at": ago(2 * n + 1),
         "rating_norm": D("0.25") * (n % 2) if n < 30 else D(1) - D("0.25") * (n % 2)}
        for n in range(120)
    ]  # fmt: skip
    made = make(review=rows)
    found = findings(made("reviews"))["rating-fell"]

    assert ("Rival", 120, D("-3.00")) == (found.subject, found.n, found.value)
    assert "Rival: rated 1.50 in the last 60 days, 4.50 before." in found.text
    assert "rating-fell" not in findings(made("reviews", {"since": "50d"}))


def test_sources_that_the_report_rests_on(market: Made) -> None:
    """A report on reviews names where reviews come from, and not whose offers are current."""
    named = {name: [one.source for one in market(name).sources] for name in REPORTERS}

    assert ["stars"] == named["reviews"]
    assert "stars" not in named["prices"]
    assert {"site", "stars"} <= set(named["competitors"])


def test_bad_reviews(market: Made) -> None:
    """The newest bad ones are shown, as many as asked for, with numbers and addresses masked."""
    (title,) = [one for one in tables(market("reviews")) if one.startswith("Two")]

    assert 8 == len(tables(market("reviews"))[title])
    assert 3 == len(tables(market("reviews", {"rows": 3}))[title])
    assert title not in tables(market("reviews", {"rows": 0}))
    for row in tables(market("reviews"))[title]:
        assert ("We", D(2), "Cup 1") == row[1:4]
        assert row[4].startswith("Call [")


def test_competitors(market: Made) -> None:
    """One row says what the other reports say: index, ratings, visits and moves."""
    found = tables(market("competitors"))
    (row,) = found["One row each"]
    (moved,) = found["Price changes"]

    # Of the 15 reviews of 30 days eight have four stars and seven have five: 67 / 15.
    assert ("Rival", D("78.7"), D("66.7"), 6, D("4.47"), 15, D("80.0"), 1, 1) == row
    # Five offers over 30 days and half of today, one of which went from 8 to 7.5; the sixth was
    # seen once.
    assert ("Rival", 5, D("21.8"), 1, D("0.05"), D("20.0"), D("6.2")) == moved


def test_one_competitor(market: Made) -> None:
    """Its figures rest on what was compared and rated, and its changes are listed."""
    report = market("competitor")
    figures = {one.id: one for section in report.sections for one in section.figures}

    assert (D("78.7"), 4) == (figures["competitor.index"].value, figures["competitor.index"].n)
    assert (D("4.47"), 15) == (figures["competitor.rating"].value, figures["competitor.rating"].n)
    assert (D(80), 1) == (figures["competitor.mystery"].value, figures["competitor.mystery"].n)
    assert (D("0.05"), 5) == (
        figures["competitor.repricing"].value, figures["competitor.repricing"].n,
    )  # fmt: skip
    assert (D("6.2"), 1) == (
        figures["competitor.move_size"].value, figures["competitor.move_size"].n,
    )  # fmt: skip
    assert [("Their cup 2", "price", D(8), D("7.5"), D("-6.2"))] == [
        row[1:] for row in tables(report)["Changes"]
    ]
    assert (("price", 1),) == tables(report)["How many changes"]
    assert ((5, 7, D("46.7")), (4, 8, D("53.3")), (3, 0, D(0)), (2, 0, D(0)), (1, 0, D(0))) == (
        tables(report)["Ratings given there"]
    )
    # Of its six offers the nameless one is none of ours; of our six products it has five.
    assert (1, 6) == (
        figures["competitor.only_there"].value, figures["competitor.only_there"].n,
    )  # fmt: skip
    assert (1, 6) == (figures["competitor.only_here"].value, figures["competitor.only_here"].n)


@pytest.mark.slow
def test_promotions_of_one_competitor(make: Callable[..., Made]) -> None:
    """A promotion is told with its beginning, length and depth; one that runs has no end."""
    products, offers = sold()
    cut = [
        {**offers[1], "key": "m", "price": D(10), "valid_from": ago(40), "valid_to": ago(12)},
        {**offers[1], "key": "m", "price": D(8), "list_price": D(10), "valid_from": ago(12),
         "valid_to": ago(2)},
        {**offers[1], "key": "m", "price": D(10), "valid_from": ago(2)},
        {**offers[2], "key": "r", "price": D(9), "valid_from": ago(40), "valid_to": ago(3)},
        {**offers[2], "key": "r", "price": D(6), "list_price": D(9), "valid_from": ago(3),
         "valid_to": None},
    ]  # fmt: skip
    made = make(product=products, offer=cut)
    found = tables(made("competitor"))["Promotions"]

    assert (
        ("Their cup 2", date(2026, 3, 12), "", D(3), D(9), D(6), D("33.3")),
        ("Their cup 1", date(2026, 3, 3), date(2026, 3, 13), D(10), D(10), D(8), D(20)),
    ) == found
    for language in LANGUAGES:
        for width in (60, 80, 200):
            shown = screen(made("competitor", language=language), width)
            assert max(map(len, shown.splitlines())) <= width


def test_nothing_happened_there(market: Made) -> None:
    """A competitor that is known and did nothing has its figures and a sentence."""
    report = market("competitor", {"since": "2026-03-14"})

    assert "Nothing moved." == report.sections[1].note
    assert "Changes" not in tables(report)


def test_what_shipping_costs_and_what_we_lack(make: Callable[..., Made]) -> None:
    """Terms with their share and since when, the day they changed, and articles with reviews."""
    products, offers = sold()
    for each in offers[:4]:
        each |= {"shipping": D("4.95"), "extra": '{"free_shipping_from": "50"}'}
    offers[6] |= {"shipping": D("3.95"), "extra": '{"free_shipping_from": "40"}'}
    offers[7] |= {"sku": "X", "brand": "Luz", "extra": '{"category": "Kitchen"}'}
    offers.append({**offers[7], "key": "y", "sku": "Y", "product_name": EVIL, "price": D(3)})
    praise = [{"key": "r", "competitor": "rival", "sku": "X", "rating_norm": D(1)}]
    made = make(product=products, offer=offers, review=praise)
    report = made("competitor")
    found = tables(report)

    assert (
        (D("4.95"), D(50), 3, D("42.9"), date(2026, 1, 14)),
        (D("3.95"), D(40), 1, D("14.3"), date(2026, 3, 13)),
    ) == found["Shipping terms"]
    assert ((date(2026, 3, 13), D("4.95"), D("3.95"), D(50), D(40), 1),) == found[
        "Changes of shipping"
    ]
    assert ("Unknown", "Luz", "Kitchen", D(1), D(5), 1) == found["Articles not known to be ours"][
        0
    ]
    assert "n = 2 articles in 2 offers" in " ".join(screen(report).split())
    assert "1 other" in screen(made("competitor", {"rows": 1}))
    for language in LANGUAGES:
        for width in (60, 80, 200):
            shown = screen(made("competitor", language=language), width)
            assert max(map(len, shown.splitlines())) <= width
            assert not any(one in shown for one in STEERING)


def test_a_review_in_two_sources_counts_once(make: Callable[..., Made]) -> None:
    """The report counts it once and says so, in all reports alike."""
    twice = [
        {"key": "r", "source": source, "competitor": "rival", "rating_norm": D(1),
         "published_at": ago(3), "text": "Good"}
        for source in ("site", "export")
    ]  # fmt: skip
    made = make(review=twice)
    (row,) = tables(made("reviews"))["Ratings, 1 to 5"]
    (other,) = tables(made("competitors"))["One row each"]

    assert ("Rival", 1, 1) == (row[0], row[5], other[5])
    assert "1 was seen in two sources or more and counts once." in " ".join(
        screen(made("reviews")).split()
    )
    assert "a été vu dans" in " ".join(screen(made("reviews", language="fr")).split())
    assert "se vio en dos" in " ".join(screen(made("reviews", language="es")).split())


def test_nobody_of_that_name(market: Made) -> None:
    """A name that nobody has gives a sentence with it, and no figures."""
    report = market("competitor", {"name": f"Nobody {{x}} {EVIL}"})

    assert "Nothing is known of Nobody {x}" in report.sections[0].note
    assert not any(one in screen(report) for one in STEERING)


@pytest.mark.parametrize("name", REPORTERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_languages(name: str, language: str, market: Made) -> None:
    """Every report is shown in every language, within the width, with the same numbers."""
    report = market(name, language=language)

    for width in (60, 80, 200):
        assert max(map(len, screen(report, width).splitlines())) <= width
    assert report.language == language
    numbers = [
        [cell for row in rows for cell in row if isinstance(cell, Decimal | int)]
        for rows in tables(report).values()
    ]
    assert numbers == [
        [cell for row in rows for cell in row if isinstance(cell, Decimal | int)]
        for rows in tables(market(name)).values()
    ]


def same_cells(rows: Any) -> list[list[Any]]:
    """Return rows with their numbers as numbers, however they were written."""

    def cell(value: Any) -> Any:
        text = value.isoformat() if isinstance(value, date | datetime) else str(value)
        text = text.replace("+00:00", "Z")
        return D(text) if re.fullmatch(r"-?[\d.]+", text) else text

    return [[cell(value) for value in row] for row in rows]


@pytest.mark.parametrize("name", REPORTERS)
def test_json_has_the_same_numbers(name: str, market: Made) -> None:
    """What programs read has every row of every table and every figure."""
    report = market(name)
    told = json.loads(render_json(report))

    for section, same in zip(report.sections, told["sections"], strict=True):
        for table, one in zip(section.tables, same["tables"], strict=True):
            assert same_cells(table.rows) == same_cells(one["rows"])
        assert [(one.id, one.value, one.n) for one in section.figures] == [
            (one["id"], None if one["value"] is None else D(one["value"]), one["n"])
            for one in same["figures"]
        ]
    assert any(section["tables"] for section in told["sections"])
    assert list(csv.reader(io.StringIO(render_csv(report))))


@pytest.mark.parametrize("name", REPORTERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_texts(name: str, language: str, make: Callable[..., Made]) -> None:
    """Names, titles and texts from outside steer no terminal and are shown as they are."""
    products, offers = sold()
    hurt = {"competitor": EVIL, "product_name": EVIL, "seller": EVIL, "url": EVIL}
    made = make(
        product=[{**one, "name": EVIL, "category": one["category"] + EVIL} for one in products],
        offer=[{**one, **hurt} for one in offers],
        review=[{**one, "competitor": EVIL if one["competitor"] else None, "text": EVIL,
                 "product_name": EVIL} for one in reviewed()],
        visit=[{"subject": EVIL, "score": D(80), "visited_at": ago(9)}],
    )  # fmt: skip
    params = {"name": EVIL.strip()} if name == "competitor" else {}
    report = made(name, params, language, Directory(vat=D("0.25")))
    for width in (60, 80, 200):
        shown = screen(report, width)

        assert not any(one in shown for one in STEERING)
        assert max(map(len, shown.splitlines())) <= width
    assert "[red]bad" in "".join(screen(report, 400).split())


@pytest.mark.parametrize("name", REPORTERS)
def test_authors_are_never_shown(name: str, market: Made) -> None:
    """Neither who wrote a review nor a trace of it, nor a number or address, is in any format."""
    report = market(name)
    for shown in (screen(report, 400), render_json(report), render_csv(report)):
        for secret in (AUTHOR, "Ana Ruiz", "600 123 456", "ana@example.com"):
            assert secret not in shown


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("prices", {"rows": 0}, "rows"),
        ("prices", {"rosw": 3}, "did you mean 'rows'"),
        ("prices", {"since": "soon"}, "'soon' is no day"),
        ("reviews", {"rows": 201}, "rows"),
        ("competitors", {"name": "Rival"}, "name"),
        ("competitor", {"name": ""}, "name"),
        ("competitor", {"rows": "many"}, "rows"),
    ],
)
def test_wrong_params(
    name: str, params: dict[str, Any], message: str, make: Callable[..., Made]
) -> None:
    """A wrong parameter is refused with what would be right, also where the store is empty."""
    with pytest.raises(ConfigError, match=message):
        make()(name, params)


@pytest.mark.parametrize("words", [prices_words, reviews_words, competitors_words])
def test_words_are_complete(words: Any) -> None:
    """Every text exists in all languages, with the same gaps to fill."""

    def gaps(text: str) -> frozenset[str]:
        return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)

    for name, texts in words.PHRASES.texts.items():
        assert len(LANGUAGES) == len(texts), name
        assert all(texts), name
        assert 1 == len({gaps(text) for text in texts}), name
