"""Structured data: the same facts in every syntax, and a broken block that costs no good one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from regard.demo.shop import Catalogue, Knobs
from regard.demo.shop.pages import article_page
from regard_scrapers.pages.documents import Document, decoded
from regard_scrapers.pages.jsonld import read_json_ld
from regard_scrapers.pages.offers import Market
from regard_scrapers.pages.outcomes import Outcome
from regard_scrapers.pages.reading import Manner, read_page
from regard_scrapers.pages.rules import OfferRules
from regard_scrapers.pages.things import things_within
from regard_scrapers.pages.tolerant import BrokenBlock, parse_json

SAMPLES = Path(__file__).parent / "samples"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
URL = "https://shop.example/p/1"


def read(path: str) -> Outcome:
    """Return what one of the samples says, in all syntaxes that it has."""
    return read_page((SAMPLES / path).read_bytes(), URL, now=NOW, everything=True)


def page(*blocks: str) -> bytes:
    """Return a page with blocks of JSON-LD."""
    scripts = "".join(f'<script type="application/ld+json">{each}</script>' for each in blocks)
    return f"<html><body><h1>A page of a shop, with words</h1>{scripts}</body></html>".encode()


def only(outcome: Outcome) -> dict[str, Any]:
    """Return the fields of a page's only offer."""
    (offer,) = outcome.offers
    return dict(offer.fields)


@pytest.mark.parametrize(
    ("example", "name", "price", "currency"),
    [
        ("eg-0012", "Typhoon with Radiation City", "13.00", "USD"),
        ("eg-0171", "CANCELLED - Typhoon with Radiation City", "13.00", "USD"),
        ("eg-0461", "Miami Heat at Philadelphia 76ers - Game 3 (Home Game 1)", "35", "USD"),
        ("eg-0462", "The Catcher in the Rye", "6.99", "USD"),
    ],
)
@pytest.mark.parametrize("syntax", ["jsonld", "microdata", "rdfa"])
def test_examples_of_the_standard_say_the_same_in_every_syntax(
    example: str, name: str, price: str, currency: str, syntax: str
) -> None:
    """What schema.org writes in three syntaxes is read alike."""
    found = only(read(f"schemaorg/{example}.{syntax}.html"))

    assert (name, Decimal(price), currency) == (
        found["product_name"],
        found["price"],
        found["currency"],
    )


@pytest.mark.parametrize("syntax", ["jsonld", "microdata", "rdfa"])
def test_reviews_of_the_standard(syntax: str) -> None:
    """Ratings come with their scale, dates with their precision, authors beside the fields."""
    first, second = read(f"schemaorg/eg-0010.{syntax}.html").reviews

    assert ("Not a happy camper", Decimal(1), Decimal(0)) == (
        first.fields["title"],
        first.fields["rating"],
        first.fields["rating_norm"],
    )
    assert Decimal("0.75") == second.fields["rating_norm"]
    assert datetime(2011, 4, 1, tzinfo=UTC) == first.fields["published_at"]
    assert "day" == first.fields["extra"]["published_precision"]
    assert "Ellie" == first.author
    assert "author" not in first.fields


@pytest.mark.parametrize("version", ["microformats-v1/hproduct", "microformats-v2/h-product"])
def test_microformats(version: str) -> None:
    """Products in class names have a price, a brand and an aggregate of ratings."""
    outcome = read(f"microformats/{version}/aggregate.html")
    found = only(outcome)

    assert ("Raspberry Pi", Decimal("29.95"), "GBP") == (
        found["product_name"],
        found["price"],
        found["currency"],
    )
    assert "The Raspberry Pi Foundation" == found["brand"]
    assert outcome.rating is not None
    assert (Decimal("9.2"), Decimal(10), 178) == (
        outcome.rating.value,
        outcome.rating.best,
        outcome.rating.ratings,
    )


def test_syntaxes_of_one_shop_agree(small: Catalogue) -> None:
    """The same article in JSON-LD and in microdata gives the same price, stock and numbers."""
    wanted = ("product_name", "sku", "gtin", "mpn", "price", "currency", "availability")
    for article in small.articles:
        pages = [
            only(read_page(article_page(article, NOW.date(), Knobs(), syntax=each), URL, now=NOW))
            for each in ("json-ld", "microdata")
        ]

        assert [pages[0].get(name) for name in wanted] == [pages[1].get(name) for name in wanted]


GOOD = (
    '{"@type":"Product","name":"A",'
    '"offers":{"@type":"Offer","price":"9.90","priceCurrency":"EUR"}}'
)


@pytest.mark.parametrize(
    "broken",
    [
        '{"@type": "BreadcrumbList", }}',
        "{not json at all",
        "",
        "<!-- -->",
        '{"@type": "Organization", "name": "x" "y"}',
        "[" * 100_000,
        '{"a": ' + "9" * 6000 + "}",
    ],
)
def test_a_broken_block_costs_no_good_one(broken: str) -> None:
    """However one block is broken, the offer of the other one is read."""
    outcome = read_page(page(broken, GOOD), URL, now=NOW)

    assert Decimal("9.90") == only(outcome)["price"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1,}', {"a": Decimal(1)}),
        ('{"a": [1, 2,], }', {"a": [Decimal(1), Decimal(2)]}),
        ('{"a": "x\ny"}', {"a": "x\ny"}),
        ('{"a": 1} // said so', {"a": Decimal(1)}),
        ('/* c */ {"a": "http://x // no comment"}', {"a": "http://x // no comment"}),
        ('<!-- {"a": "<!-- stays -->"} -->', {"a": "<!-- stays -->"}),
        ('//<![CDATA[\n{"a": 1}\n//]]>', {"a": Decimal(1)}),
        ('{"a": 1};', {"a": Decimal(1)}),
        ("{&quot;a&quot;: &quot;b &amp; c&quot;}", {"a": "b & c"}),
        ('{"a": "50\\% off"}', {"a": "50\\% off"}),
        ('{"a": NaN}', {"a": None}),
        ('{"price": 2879.10}', {"price": Decimal("2879.10")}),
    ],
)
def test_templates_that_went_wrong_are_mended(text: str, value: object) -> None:
    """What stands outside of texts is mended, what a text says never changes."""
    assert [value] == parse_json(text)


def test_two_objects_in_one_block() -> None:
    """A block with two objects behind each other gives both."""
    assert [{"a": Decimal(1)}, {"b": Decimal(2)}] == parse_json('{"a":1}\n{"b":2}')


def test_what_cannot_be_mended_says_so_without_quoting_it() -> None:
    """The message names a line, never the content."""
    with pytest.raises(BrokenBlock) as caught:
        parse_json('{"secret": ana@example.com}')

    assert "ana" not in str(caught.value)


def test_references_between_blocks_are_followed() -> None:
    """An offer that another block refers to by its @id belongs to the product."""
    outcome = read_page(
        page(
            '{"@graph":[{"@type":"Product","name":"A","offers":{"@id":"#o"}}]}',
            '{"@id":"#o","@type":"Offer","price":5,"priceCurrency":"EUR"}',
        ),
        URL,
        now=NOW,
    )

    assert Decimal(5) in [each.price for each in outcome.offers]
    assert "A" == outcome.offers[0].fields["product_name"]


def test_things_that_refer_to_each_other_end() -> None:
    """A circle of references is followed once."""
    things, _ = read_json_ld(
        ['{"@id":"#a","@type":"Product","isRelatedTo":{"@id":"#b"}}',
         '{"@id":"#b","@type":"Product","isRelatedTo":{"@id":"#a"}}']
    )  # fmt: skip

    assert len(list(things_within(things))) < 20


def test_a_script_in_a_comment_is_none() -> None:
    """Data that was commented out is not read."""
    body = page(GOOD).replace(b"<script", b"<!--<script").replace(b"</script>", b"</script>-->")

    assert () == read_page(body, URL, now=NOW).offers


def test_opengraph_speaks_where_nothing_else_does() -> None:
    """The product words of OpenGraph give an offer of last resort."""
    body = b"""<html><head><meta property="og:type" content="product">
        <meta property="og:title" content="A">
        <meta property="product:price:amount" content="19.90">
        <meta property="product:price:currency" content="EUR"></head><body>Some words of a shop
        that sells things.</body></html>"""

    assert Decimal("19.90") == only(read_page(body, URL, now=NOW))["price"]


@pytest.mark.parametrize(
    ("body", "encoding", "text"),
    [
        ("¿Cuánto? 5 €".encode("cp1252"), None, "¿Cuánto? 5 €"),
        ("\ufeff5 €".encode(), None, "5 €"),
        ("5 €".encode("utf-16"), None, "5 €"),
        (b'<meta charset="iso-8859-1">' + "5 €".encode("cp1252"), None, "5 €"),
        ("5 €".encode(), "no-such-encoding", "5 €"),
        ("5 €".encode("cp1252"), "utf-8", "5 \ufffd"),
        (b"\xff\xfe\x00", None, "\ufffd"),
        (b"", None, ""),
    ],
)
def test_pages_are_decoded_as_browsers_do(body: bytes, encoding: str | None, text: str) -> None:
    """Marks at the beginning, what the server said, what the page says; and nothing raises."""
    assert decoded(body, encoding).endswith(text)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00" * 1000,
        b"<" * 5000,
        b"<div>" * 3000,
        b'<script type="application/ld+json">' * 50,
        b'<div itemscope itemprop="a" itemref="x" id="x">' * 200,
        b"<p typeof=Product property=a>" * 400,
        ("<span class='h-product'>" * 300).encode(),
    ],
)
def test_hostile_pages_end(body: bytes) -> None:
    """Whatever a page is made of, reading it ends, and without an error."""
    outcome = read_page(body, URL, now=NOW, everything=True)

    assert URL == outcome.url


def test_addresses_are_made_whole() -> None:
    """Relative addresses begin at the page's base; what is not of the web is no address."""
    document = Document(b'<base href="/shop/"><p>x', "https://a.example/x/y")

    assert "https://a.example/shop/p" == document.address("p")
    assert document.address("javascript:alert(1)") is None
    assert document.address("http://[broken") is None


MakeOffer = Callable[..., dict[str, Any]]


def offer(**fields: Any) -> bytes:
    """Return a page with one product and one offer."""
    import json

    data = {"@type": "Product", "name": "A", "offers": {"@type": "Offer", **fields}}
    return page(json.dumps(data))


@pytest.mark.parametrize(
    ("fields", "price", "codes"),
    [
        ({"price": "1299.00", "priceCurrency": "EUR"}, "1299.00", []),
        ({"price": "1.299,00", "priceCurrency": "EUR"}, "1299.00", []),
        ({"price": "1,299.00", "priceCurrency": "EUR"}, "1299.00", []),
        ({"price": "12,99 €"}, "12.99", []),
        ({"price": "1,299", "priceCurrency": "EUR"}, None, ["ambiguous-price"]),
        ({"price": "1.299", "priceCurrency": "EUR"}, "1.299", ["ambiguous-price"]),
        ({"price": "12.345", "priceCurrency": "KWD"}, "12.345", []),
        ({"price": 19.990000000000002, "priceCurrency": "EUR"}, "19.99", []),
        ({"price": 0, "priceCurrency": "EUR"}, None, ["zero-price"]),
        ({"price": "-5", "priceCurrency": "EUR"}, None, ["bad-price"]),
        ({"price": "0.00", "priceCurrency": "EUR", "availability": "SoldOut"}, None, []),
        ({"price": "-5", "priceCurrency": "EUR", "availability": "SoldOut"}, None, ["bad-price"]),
        ({"price": "on request", "priceCurrency": "EUR"}, None, ["no-price"]),
        ({"price": "9.90"}, "9.90", ["no-currency"]),
        ({"lowPrice": "9.90", "highPrice": "19.90", "priceCurrency": "EUR"}, "9.90", []),
        ({"availability": "https://schema.org/OutOfStock"}, None, []),
        ({"price": True, "priceCurrency": "EUR"}, None, ["no-price"]),
    ],
)
def test_amounts_in_structured_data(
    fields: dict[str, Any], price: str | None, codes: list[str]
) -> None:
    """What can be read in one way is read; what could mean two things is named."""
    (found,) = read_page(offer(**fields), URL, now=NOW).offers

    assert (None if price is None else Decimal(price)) == found.price
    assert codes == [each.code for each in found.problems]


@pytest.mark.parametrize(
    ("shown", "stock", "price", "codes"),
    [
        ("9,90 €", "", "9.90", []),
        ("0,00 €", "", None, ["zero-price"]),
        ("Gratis", "", None, ["zero-price"]),
        ("0,00 €", "agotado", None, []),
        ("-5,00 €", "", None, ["bad-price"]),
        ("\u22125,00 €", "", None, ["bad-price"]),
    ],
)
def test_prices_of_nothing_that_people_see(
    shown: str, stock: str, price: str | None, codes: list[str]
) -> None:
    """What the page shows as nothing or less is no price; of what is sold out it is no fault."""
    rules = OfferRules.model_validate({"price": ".price", "availability": ".stock"})
    body = f"<h1>A</h1><p class=price>{shown}</p>{stock and f'<p class=stock>{stock}</p>'}"
    manner = Manner(market=Market(currency="EUR", country="ES"), offer=rules)
    (found,) = read_page(body.encode(), URL, manner, now=NOW).offers

    assert (None if price is None else Decimal(price)) == found.price
    assert codes == [each.code for each in found.problems]


def test_every_offer_of_a_page() -> None:
    """Variants, sellers and the low of an aggregate are offers; related products are not."""
    import json

    data = {
        "@type": "ProductGroup",
        "name": "Shirt",
        "brand": "Acme",
        "hasVariant": [
            {"@type": "Product", "sku": sku, "color": color,
             "offers": {"@type": "Offer", "price": price, "priceCurrency": "EUR"}}
            for sku, color, price in (("S-1", "red", "10"), ("S-2", "blue", "11"))
        ],
        "isRelatedTo": {"@type": "Product", "name": "Other",
                        "offers": {"@type": "Offer", "price": "99", "priceCurrency": "EUR"}},
    }  # fmt: skip
    sellers = {
        "@type": "Product",
        "name": "Book",
        "offers": {"@type": "AggregateOffer", "lowPrice": "5", "priceCurrency": "EUR", "offers": [
            {"@type": "Offer", "price": "5", "priceCurrency": "EUR", "seller": {"name": "One"}},
            {"@type": "Offer", "price": "6", "priceCurrency": "EUR", "seller": {"name": "Two"}},
        ]},
    }  # fmt: skip
    found = read_page(page(json.dumps(data), json.dumps(sellers)), URL, now=NOW).offers

    assert [("S-1", "10"), ("S-2", "11"), (None, "5"), (None, "6")] == [
        (each.fields.get("sku"), str(each.price)) for each in found
    ]
    assert ["Acme", "Acme"] == [each.fields.get("brand") for each in found[:2]]
    assert ["One", "Two"] == [each.fields.get("seller") for each in found[2:]]


def test_list_price_shipping_and_unit_price() -> None:
    """Price specifications fill the field that their type says."""
    found = read_page(
        offer(
            price="8.00",
            priceCurrency="EUR",
            priceSpecification=[
                {"@type": "UnitPriceSpecification", "price": "10.00",
                 "priceType": "https://schema.org/StrikethroughPrice",
                 "valueAddedTaxIncluded": "true"},
                {"@type": "UnitPriceSpecification", "price": "1.60",
                 "referenceQuantity": {"value": 100, "unitCode": "GRM"}},
            ],
            shippingDetails={"shippingRate": {"value": "3.95", "currency": "EUR"}},
        ),
        URL,
        now=NOW,
    )  # fmt: skip
    fields = only(found)

    assert {"price": "8.00", "list_price": "10.00", "unit_price": "1.60", "shipping": "3.95"} == {
        name: str(fields[name]) for name in ("price", "list_price", "unit_price", "shipping")
    }
    assert fields["tax_included"] is True
    assert "100 g" == fields["extra"]["unit"]


@pytest.mark.parametrize("syntax", ["json-ld", "microdata"])
def test_a_shop_that_names_its_address_says_the_same_on_every_port(
    syntax: str, catalogue: Catalogue
) -> None:
    """Brand, replies and addresses are read alike in both syntaxes, wherever the shop is."""
    article = next(each for each in catalogue.articles if any(r.replied_on for r in each.reviews))
    home = "https://rival.example"
    found = []
    for port in (8001, 8002):
        parts = [
            article_page(article, NOW.date(), Knobs(), syntax=syntax, page=number, home=home)
            for number in (1, 2, 3)
        ]
        found.append([read_page(body, f"http://127.0.0.1:{port}/p/x", now=NOW) for body in parts])
    first = found[0]
    reviews = [dict(each.fields) for outcome in first for each in outcome.reviews]

    assert [only(each) for each in first] == [only(each) for each in found[1]]
    assert reviews == [dict(each.fields) for outcome in found[1] for each in outcome.reviews]
    assert (f"{home}/p/{article.sku}", article.brand) == (
        only(first[0])["url"],
        only(first[0])["brand"],
    )
    assert {f"{home}/p/{article.sku}"} == {each["url"] for each in reviews}
    assert any(each.get("reply_text") and each.get("replied_at") for each in reviews)
    assert {each.language for each in article.reviews} >= {each["language"] for each in reviews}
