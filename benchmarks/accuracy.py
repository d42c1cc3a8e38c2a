"""
Counts what is read right in the samples of the tests, beside price-parser and extruct.

    python benchmarks/accuracy.py
    python benchmarks/accuracy.py --wrong

Each line is one sort of case of one folder of `tests/scrapers/samples`, which others wrote. A
dash means that the peer does not try. Nothing is left out: cases that we read otherwise on
purpose count as wrong. Like all figures here it decides nothing: the exit code is 0.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from peers import extruct_pages
from price_parser import Price
from reading_pages import facts_in, microformat_facts, strict_values

from regard_scrapers.pages.currencies import currency_of
from regard_scrapers.pages.gtins import article_number
from regard_scrapers.pages.numerals import NumberFormat
from regard_scrapers.pages.prices import Meaning, main_price, prices_in
from regard_scrapers.pages.ratings import count_of, rating_of

SAMPLES = Path(__file__).parents[1] / "tests" / "scrapers" / "samples"
_SYNTAXES = ("jsonld", "microdata", "rdfa")
_BROKEN = (
    '{"@type": "BreadcrumbList", }}',
    "{not json at all",
    "",
    "<!-- -->",
    '{"@type": "Organization", "name": "x" "y"}',
    "[" * 100_000,
    '{"a": ' + "9" * 6000 + "}",
)
"""Blocks that no tolerance can read; each stands before a good one."""

_GOOD = (
    '{"@type":"Product","name":"A",'
    '"offers":{"@type":"Offer","price":"9.90","priceCurrency":"EUR"}}'
)


@dataclass(slots=True)
class Line:
    """
    One line of the table.

    Attributes:
        folder: Where the samples are.
        what: What is counted.
        peer: With whom it is compared; empty: with nobody.
        cases: How many there are.
        ours: How many of them we read right.
        theirs: How many of them the peer reads right.
        wrong: Those that we do not.
    """

    folder: str
    what: str
    peer: str = ""
    cases: int = 0
    ours: int = 0
    theirs: int = 0
    wrong: list[str] = field(default_factory=list)

    def count(self, case: str, *, ours: bool, theirs: bool = False) -> None:
        """Count one case."""
        self.cases += 1
        self.ours += ours
        self.theirs += theirs
        if not ours:
            self.wrong.append(case)


def _rows(path: str) -> list[dict[str, Any]]:
    text = (SAMPLES / path).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _decimal(written: object) -> Decimal | None:
    try:
        return None if written is None else Decimal(str(written))
    except InvalidOperation:
        return None


# Prices in text


def _amount(text: str | None, hint: str | None) -> Decimal | None:
    """Return the amount of a text as somebody reads it who only wants a number."""
    if not text:
        return None
    marked = [each for each in prices_in(hint or "") if each.mark]
    currency = currency_of(hint) or (marked[0].currency if marked else None)
    found = main_price(text, currency=currency) or next(iter(prices_in(text)), None)
    return None if found is None else found.amount


def _prices() -> Iterator[Line]:
    for path in sorted((SAMPLES / "price-parser").glob("*.jsonl")):
        what = path.stem.removeprefix("price_parsing_examples").strip("_") or "examples"
        line = Line("price-parser", f"amounts ({what.replace('_', ' ')})", "price-parser")
        for row in _rows(f"price-parser/{path.name}"):
            text, hint = row["price_raw"], row["currency_raw"]
            wanted = _decimal(row["expect_amount"])
            line.count(
                repr(text),
                ours=_amount(text, hint) == wanted,
                theirs=Price.fromstring(text, currency_hint=hint).amount == wanted,
            )
        yield line


def _traps() -> Iterator[Line]:
    amounts = Line("traps", "amounts", "price-parser")
    codes = Line("traps", "currencies, as ISO 4217", "price-parser")
    for row in _rows("traps/price_strings.jsonl"):
        text, hints, wanted = row["text"], row["hints"], _decimal(row["expect_amount"])
        decimal = hints.get("decimal") or {",": ".", ".": ","}.get(hints.get("group", ""))
        form = NumberFormat(decimal) if decimal else None
        ours = main_price(text, form=form, currency=hints.get("currency"))
        if ours is None:
            unit = [each for each in prices_in(text) if each.meaning is Meaning.UNIT]
            ours = unit[0] if unit else None
        theirs = Price.fromstring(
            text,
            currency_hint=hints.get("currency"),
            decimal_separator=hints.get("decimal"),
            digit_group_separator=hints.get("group"),
        )
        amounts.count(
            repr(text),
            ours=(None if ours is None else ours.amount) == wanted,
            theirs=theirs.amount == wanted,
        )
        code = row["expect_currency"]
        if code is not None and len(code) == 3:
            right = ours is not None and ours.currency == code
            codes.count(repr(text), ours=right, theirs=theirs.currency == code)
    yield from (amounts, codes)


# Numbers in text


def _numbers() -> Iterator[Line]:
    for name, what, read in (
        ("test_gtin__gtin_ids", "article numbers: the digits", _digits),
        ("test_gtin__gtins", "what is no article number", _digits),
        ("test_gtin__gtin_classification_cases", "article numbers: the sort", _sort),
        ("test_review__review_count_cases", "counts of reviews", count_of),
        ("test_aggregate_rating__rating_value_cases", "ratings in text", _rating),
    ):
        line = Line("zyte-parsers", what)
        for row in _rows(f"zyte-parsers/{name}.jsonl"):
            wanted = row["expected"]
            if read is _rating:
                wanted = wanted[:2]  # a count behind the scale is read elsewhere
            line.count(repr(row["value"]), ours=read(row["value"]) == wanted)
        yield line
    stars = _rows("zyte-parsers/test_star_rating__rating_stars_test_cases.jsonl")
    # A site's file says which elements are the full stars; without it they are not counted.
    yield Line("zyte-parsers", "stars in class names, without a rule", cases=len(stars))


def _digits(text: str) -> str | None:
    found = article_number(text)
    return None if found is None else found.digits


def _sort(text: str) -> str | None:
    found = article_number(text)
    return None if found is None else found.sort


def _rating(text: str) -> list[float] | None:
    found = rating_of(text)
    if found is None:
        return None
    return [float(each) for each in (found.value, found.best) if each is not None]


# Blocks of JSON-LD


def _blocks() -> Iterator[Line]:
    good = Line("w3c-jsonld-html", "pages with good blocks read", "extruct")
    bad = Line("w3c-jsonld-html", "pages a strict reader must refuse, refused", "extruct")
    for path in sorted((SAMPLES / "w3c-jsonld-html").glob("*-in.html")):
        body = path.read_bytes()
        ours, theirs = strict_values(body), extruct_pages.blocks(body)
        refused = not path.with_name(path.name.replace("-in.html", "-out.jsonld")).exists()
        if refused:
            bad.count(path.name, ours=not ours, theirs=not theirs)
        else:
            good.count(path.name, ours=ours is not None, theirs=theirs is not None)
    yield from (good, bad)
    same = Line("extruct", "blocks equal to what was written down", "extruct")
    for path in sorted((SAMPLES / "extruct").rglob("*.jsonld")):
        body = path.with_suffix(".html").read_bytes()
        wanted = json.loads(path.read_text("utf-8"), parse_float=Decimal, parse_int=Decimal)
        theirs = json.loads(
            json.dumps(extruct_pages.blocks(body)), parse_float=Decimal, parse_int=Decimal
        )
        same.count(path.name, ours=strict_values(body) == wanted, theirs=theirs == wanted)
    yield same
    kept = Line("(made here)", "offers beside a broken block kept", "extruct")
    for broken in _BROKEN:
        scripts = "".join(
            f'<script type="application/ld+json">{each}</script>' for each in (broken, _GOOD)
        )
        body = f"<html><body><h1>A page of a shop</h1>{scripts}</body></html>".encode()
        kept.count(
            broken[:40],
            ours=len(facts_in(body).offers) == 1,
            theirs=len(extruct_pages.facts(body, "jsonld").offers) == 1,
        )
    yield kept


# Syntaxes


def _schema_org() -> Iterator[Line]:
    folder = SAMPLES / "schemaorg"
    names = sorted({path.name.partition(".")[0] for path in folder.glob("*.html")})
    offers = {each: Line("schemaorg", f"offers in {each}", "extruct") for each in _SYNTAXES}
    reviews = {each: Line("schemaorg", f"reviews in {each}", "extruct") for each in _SYNTAXES}
    for sort in ("offers", "reviews"):
        same = Line("schemaorg", f"examples with equal {sort} in all syntaxes", "extruct")
        lines = offers if sort == "offers" else reviews
        for name in names:
            ours: dict[str, Any] = {}
            theirs: dict[str, Any] = {}
            for syntax in _SYNTAXES:
                path = folder / f"{name}.{syntax}.html"
                if path.exists():
                    body = path.read_bytes()
                    ours[syntax] = getattr(facts_in(body), sort)
                    theirs[syntax] = getattr(extruct_pages.facts(body, syntax), sort)
            # What most readings that found anything agree on is taken for what the example says.
            readings = [each for each in (*ours.values(), *theirs.values()) if each]
            if not readings:
                continue
            said = max(readings, key=readings.count)
            for syntax in ours:
                lines[syntax].count(name, ours=ours[syntax] == said, theirs=theirs[syntax] == said)
            if len(ours) > 1:
                same.count(name, ours=_equal(ours), theirs=_equal(theirs))
        yield from (*lines.values(), same)


def _equal(readings: Mapping[str, object]) -> bool:
    values = list(readings.values())
    return all(each == values[0] for each in values)


def _microformats() -> Iterator[Line]:
    line = Line("microformats", "names, prices and ratings", "extruct")
    for path in sorted((SAMPLES / "microformats").rglob("*.html")):
        wanted = microformat_facts(json.loads(path.with_suffix(".json").read_text("utf-8")))
        body = path.read_bytes()
        ours = facts_in(body).plain
        theirs = microformat_facts({"items": extruct_pages.microformats(body)})
        for name, value in wanted.items():
            case = f"{path.parent.name}/{path.stem}: {name} {value!r}"
            line.count(case, ours=ours.get(name) == value, theirs=theirs.get(name) == value)
    yield line


_PARTS: tuple[Callable[[], Iterable[Line]], ...] = (
    _prices,
    _traps,
    _numbers,
    _blocks,
    _schema_org,
    _microformats,
)


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--wrong", action="store_true", help="name the cases that we read wrong")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print("| samples | what | cases | regard | peer | |")
    print("| --- | --- | ---: | ---: | ---: | --- |")
    for part in _PARTS:
        for line in part():
            theirs = str(line.theirs) if line.peer else "—"
            cells = (line.folder, line.what, line.cases, line.ours, theirs, line.peer)
            print(f"| {' | '.join(map(str, cells))} |".replace("|  |", "| |"), flush=True)
            if arguments.wrong:
                for case in line.wrong:
                    print(f"    wrong: {case}")


if __name__ == "__main__":
    main()
