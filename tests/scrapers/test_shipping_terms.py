"""What shops say of shipping, in their own words and in structured data."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from regard_scrapers.pages.deliveries import shipping_terms
from regard_scrapers.pages.numerals import NumberFormat
from regard_scrapers.pages.offers import Market
from regard_scrapers.pages.reading import Manner, read_page
from regard_scrapers.pages.rules import OfferRules

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
URL = "https://shop.example/p/1"


@pytest.mark.parametrize(
    ("text", "cost", "free_from"),
    [
        ("Shipping 4.95 €", "4.95", None),
        ("Shipping 4.95 €, free from 50 €", "4.95", "50"),
        ("4.95 € (free over 50 €)", "4.95", "50"),
        ("Free shipping over $50", None, "50"),
        ("Free shipping", "0", None),
        ("free", "0", None),
        ("Envío gratis a partir de 49 €", None, "49"),
        ("Gastos de envío: 3,95 €. Gratis desde 40 €", "3.95", "40"),
        ("Envío 3,95 € | Gratis en pedidos superiores a 1.200 €", "3.95", "1200"),
        ("Envío gratuito", "0", None),
        ("Livraison offerte dès 49 €", None, "49"),
        ("Livraison 5,90 €, offerte à partir de 60 €", "5.90", "60"),
        ("Livraison gratuite", "0", None),
        ("Dès 60 € d'achat, livraison gratuite", None, "60"),
        ("Shipping is not free", None, None),
        ("Freestyle delivery", None, None),
        ("Delivered in 3 days", None, None),
        ("", None, None),
    ],
)
def test_words(text: str, cost: str | None, free_from: str | None) -> None:
    """A cost is told from the order value where it is free; what says neither says nothing."""
    country = "US" if "$" in text else "ES"
    sign = "." if cost and "." in cost and cost in text else ","
    found = shipping_terms(text, country=country, form=NumberFormat(sign))

    assert (cost, free_from) == (
        None if found.cost is None else str(found.cost),
        None if found.free_from is None else str(found.free_from),
    )


def page(**offer: Any) -> bytes:
    """Return a page with an article in JSON-LD."""
    data = {
        "@type": "Product", "name": "Cup", "sku": "1", "category": "Kitchen > Cups",
        "offers": {"@type": "Offer", "price": "8.00", "priceCurrency": "EUR", **offer},
    }  # fmt: skip
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'.encode()


def fields(html: bytes) -> dict[str, Any]:
    """Return the fields of the one offer of a page, which has nothing wrong."""
    (found,) = read_page(html, URL, now=NOW).offers
    assert () == found.problems
    return dict(found.fields)


@pytest.mark.parametrize(
    ("said", "cost", "free_from"),
    [
        ({"shippingDetails": {"shippingRate": {"value": "3.95"}}}, "3.95", None),
        (
            {"shippingDetails": {"shippingRate": {"value": "3.95"},
                                 "freeShippingThreshold": {"value": "40"}}},
            "3.95", "40",
        ),
        (
            {"shippingDetails": {"shippingRate": {
                "@type": "ShippingRateSettings", "shippingRate": {"value": "3.95"},
                "freeShippingThreshold": {"@type": "MonetaryAmount", "value": 40}}}},
            "3.95", "40",
        ),
        (
            {"priceSpecification": [
                {"@type": "DeliveryChargeSpecification", "price": "0",
                 "eligibleTransactionVolume": {"minPrice": "50"}}]},
            None, "50",
        ),
        (
            {"priceSpecification": [{"@type": "DeliveryChargeSpecification", "price": "2.50"}]},
            "2.50", None,
        ),
        ({"shippingDetails": {"shippingRate": {"value": "0"}}}, "0", None),
        ({"shippingDetails": {"shippingRate": {"value": 0, "currency": "EUR"}}}, "0", None),
        ({"priceSpecification": {"@type": "DeliveryChargeSpecification", "price": 0}}, "0", None),
        (
            {"priceSpecification": [
                {"@type": "DeliveryChargeSpecification", "price": "3.00",
                 "eligibleTransactionVolume": {"maxPrice": "50"}}]},
            None, None,
        ),
        (
            {"shippingDetails": {"shippingRate": {"value": "3.95"},
                                 "freeShippingThreshold": {"value": "soon"}}},
            "3.95", None,
        ),
    ],
)  # fmt: skip
def test_structured_data(said: dict[str, Any], cost: str | None, free_from: str | None) -> None:
    """What shipping costs is a field, from where on it is free stands in ``extra``."""
    found = fields(page(**said))

    assert "8.00" == str(found["price"])
    assert cost == (str(found["shipping"]) if "shipping" in found else None)
    assert free_from == found["extra"].get("free_shipping_from")


def test_the_category_is_kept() -> None:
    """The page's words for what sort of article it is are kept as they are."""
    assert "Kitchen > Cups" == fields(page())["extra"]["category"]


@pytest.mark.parametrize("said", ["1234", "https://shop.example/c/1", "", None, 7])
def test_a_category_that_says_nothing(said: Any) -> None:
    """A number or an address is no word for a sort of article."""
    html = page().replace(b'"Kitchen > Cups"', json.dumps(said).encode())

    assert "category" not in fields(html).get("extra", {})


def ruled(shown: str) -> Any:
    """Return what is found on a visible page by rules."""
    html = f'<h1>Cup</h1><b class="p">8,00 €</b><i class="s">{shown}</i>'
    rules = OfferRules.model_validate({"price": ".p", "shipping": ".s", "product_name": "h1"})
    market = Market(country="ES", currency="EUR", form=NumberFormat(","))
    (found,) = read_page(html.encode(), URL, Manner(market, rules), now=NOW).offers
    return found


def test_rules() -> None:
    """A rule for shipping reads both, and a text that only says where it is free is no mistake."""
    both, only = ruled("3,95 €, gratis desde 40 €"), ruled("Gratis desde 40 €")

    assert ("3.95", "40") == (
        str(both.fields["shipping"]), both.fields["extra"]["free_shipping_from"],
    )  # fmt: skip
    assert ("40", ()) == (only.fields["extra"]["free_shipping_from"], only.problems)
    assert "shipping" not in only.fields
    assert ["bad-shipping"] == [each.code for each in ruled("?").problems]
