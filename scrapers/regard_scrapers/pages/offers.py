"""
From things to offers: every variant, every seller, and the low and the high of an aggregate.

A product's offers are those under ``offers`` and those of its variants. Products that are only
related to it, similar or accessories, are somebody else's offer on the same page and stay out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from regard_scrapers.pages.amounts import Amount, amount_of
from regard_scrapers.pages.currencies import currency_of
from regard_scrapers.pages.gtins import gtin
from regard_scrapers.pages.numerals import NumberFormat
from regard_scrapers.pages.outcomes import Candidate, FoundOffer, PageProblem
from regard_scrapers.pages.states import availability_of, condition_of
from regard_scrapers.pages.things import Thing, Value, things_within

__all__ = ["Market", "explains_no_price", "offers_of"]

_PRODUCTS: Final = ("Product", "ProductGroup", "ProductModel", "IndividualProduct", "SomeProducts",
                    "Vehicle", "Car", "Book", "SoftwareApplication")  # fmt: skip
_OFFERS: Final = ("Offer", "AggregateOffer", "OfferForPurchase", "OfferForLease", "Demand")
_RELATED: Final = frozenset(
    {"isRelatedTo", "isSimilarTo", "isAccessoryOrSparePartFor", "isConsumableFor", "review",
     "relatedTo", "addOn"}
)  # fmt: skip
_NUMBERS: Final = ("gtin", "gtin13", "gtin14", "gtin12", "gtin8", "isbn", "ean", "productID")
_LIST_TYPES: Final = frozenset(
    {"listprice", "msrp", "srp", "strikethroughprice", "regularprice", "suggestedretailprice"}
)
_VARIANT: Final = ("color", "size", "material", "pattern", "model")
_AMOUNTS: Final = ("minPrice", "minValue", "value", "price")
_CONDITIONAL: Final = "conditional_shipping"
"""What shipping costs for orders of some value: not what this offer's does."""
_BESIDE: Final = ("high_price", "member_price", "free_shipping_from")
"""Amounts that no field is for."""
_PACK: Final = {
    **{"KGM": "kg", "GRM": "g", "LTR": "l", "MLT": "ml", "CLT": "cl", "MTR": "m", "MTK": "m²"},
    **dict.fromkeys(("C62", "H87", "PCE", "EA"), "unit"),
}
"""Codes of UN/CEFACT, recommendation 20."""


@dataclass(frozen=True, slots=True)
class Market:
    """
    What a site says of itself, which its pages need not repeat.

    Attributes:
        country: Where it sells, ISO 3166-1 alpha-2.
        currency: What its amounts are in where they do not say.
        form: How it writes numbers.
        tax_included: Whether its prices are with tax, where they do not say.
    """

    country: str | None = None
    currency: str | None = None
    form: NumberFormat | None = None
    tax_included: bool | None = None


def offers_of(roots: Iterable[Thing], market: Market) -> list[FoundOffer]:
    """
    Return all offers that things on a page make, in their order.

    Args:
        roots: The things that are not parts of others.
        market: What the site says of itself.
    """
    roots = list(roots)
    found: list[FoundOffer] = []
    seen: set[int] = set()
    for product, above in _products(roots):
        for offer in _offers_under(product):
            if id(offer) not in seen:
                seen.add(id(offer))
                found += _Reading(offer, product, above, market).all()
    for thing in things_within(roots):
        if thing.is_a(*_OFFERS) and id(thing) not in seen and not _is_inner(thing, roots):
            items = thing.things("itemOffered")
            seen.add(id(thing))
            found += _Reading(thing, items[0] if items else None, None, market).all()
    return found


def _is_inner(offer: Thing, roots: Iterable[Thing]) -> bool:
    """Say whether an offer belongs to something that was left out on purpose."""
    return all(offer is not root for root in roots)


def _products(roots: Iterable[Thing]) -> Iterator[tuple[Thing, Thing | None]]:
    """Yield products with the group they are variants of, without those that are related."""
    stack: list[tuple[Thing, Thing | None, int]] = []
    stack += [(root, None, 0) for root in roots][::-1]
    seen: set[int] = set()
    while stack:
        thing, above, depth = stack.pop()
        if id(thing) in seen or depth > 30:
            continue
        seen.add(id(thing))
        if thing.is_a(*_PRODUCTS) or (thing.things("offers") and not thing.is_a(*_OFFERS)):
            yield thing, above
        inner: list[tuple[Thing, Thing | None, int]] = []
        for name, values in thing.properties.items():
            if name in _RELATED:
                continue
            group = thing if name in ("hasVariant", "model") else None
            inner += [(each, group, depth + 1) for each in values if isinstance(each, Thing)]
        stack += inner[::-1]


def _offers_under(product: Thing) -> Iterator[Thing]:
    for offer in product.things("offers", "offer"):
        inner = offer.things("offers") if offer.is_a("AggregateOffer") else ()
        yield from inner or (offer,)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One offer, the product it is of, and the group the product is a variant of."""

    offer: Thing
    product: Thing | None
    group: Thing | None
    market: Market

    def all(self) -> list[FoundOffer]:
        return [self._one()]

    def _one(self) -> FoundOffer:
        offer = self.offer
        currency = self._currency()
        problems: list[PageProblem] = []
        evidence: dict[str, tuple[Candidate, ...]] = {}
        fields: dict[str, Any] = self._product_fields(problems)
        extra: dict[str, Any] = fields.pop("extra")
        prices = self._prices(currency)
        for name, (written, amount, path) in prices.items():
            candidate = Candidate(amount.value, str(written), offer.syntax, path)
            evidence[name] = (*evidence.get(name, ()), candidate)
            currency = currency or amount.currency
            if _is_wrong(name, amount.problem):
                text = f"{name}: {str(written)[:40]!r} at {path}"
                problems.append(PageProblem(str(amount.problem), name, text))
            if amount.value is not None:
                fields.setdefault(name, amount.value)
        for name in _BESIDE:
            if name in fields and (value := fields.pop(name)):
                extra[name] = str(value)
        fields.pop(_CONDITIONAL, None)
        if fields.get("price") == 0 and any(each.code == "zero-price" for each in problems):
            del fields["price"]
        self._more(fields, extra)
        availability = fields.get("availability")
        if currency is not None:
            fields["currency"] = currency
        elif "price" in fields:
            problems.append(PageProblem("no-currency", "currency", "the page names no currency"))
        if explains_no_price(availability):
            # What is sold out often says 0: that is no price, and no reason to doubt the rest.
            problems = [each for each in problems if each.code != "zero-price"]
        elif "price" not in fields and not problems:
            problems.append(PageProblem("no-price", "price", f"no price at {offer.path}"))
        if extra:
            fields["extra"] = extra
        return FoundOffer(fields, offer.syntax, offer.path, evidence, tuple(problems))

    def _currency(self) -> str | None:
        places = [self.offer, *self.offer.things("priceSpecification"), self.product, self.group]
        for thing in places:
            text = thing.text("priceCurrency") if thing is not None else None
            code = currency_of(text, self.market.country)
            if code is not None:
                return code
        return self.market.currency

    def _prices(self, currency: str | None) -> dict[str, tuple[Value, Amount, str]]:
        """Return what is written for each field, what it comes to, and where it stands."""
        found: dict[str, tuple[Value, Amount, str]] = {}

        def take(name: str, thing: Thing, *properties: str, own: str | None = None) -> None:
            for key in properties:
                for written in thing.all(key):
                    if name in found or isinstance(written, Thing):
                        continue
                    stated = currency_of(thing.text("priceCurrency"), self.market.country)
                    amount = amount_of(
                        written,
                        currency=own or stated or currency,
                        form=self.market.form,
                        country=self.market.country,
                    )
                    found[name] = (written, amount, f"{thing.path}.{key}")

        for spec in _specifications(self.offer):
            take(_meaning_of(spec), spec, "price", "minPrice")
        ordinary = found.pop("price", None)
        take("price", self.offer, "price")
        if "price" not in found and ordinary is not None:
            found["price"] = ordinary
        take("price", self.offer, "lowPrice")
        take("high_price", self.offer, "highPrice")
        take("list_price", self.offer, "listPrice")
        for name, thing in _deliveries(self.offer):
            take(name, thing, *_AMOUNTS)
        return found

    def _product_fields(self, problems: list[PageProblem]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        sources = [each for each in (self.offer, self.product, self.group) if each is not None]
        products = [each for each in (self.product, self.group) if each is not None]
        for name, where, properties in (
            ("product_name", [*products, self.offer], ("name",)),
            ("sku", sources, ("sku",)),
            ("mpn", sources, ("mpn",)),
            ("brand", products, ("brand", "manufacturer")),
        ):
            text = next((t for each in where if (t := each.text(*properties))), None)
            if text:
                fields[name] = text[:500]
        category = next((t for each in products if (t := _category(each))), None)
        if category:
            extra["category"] = category[:200]
        number = self._gtin(sources, problems, extra)
        if number:
            fields["gtin"] = number
        for name in _VARIANT:
            text = next((t for each in products if (t := each.text(name))), None)
            if text:
                extra[name] = text[:200]
        fields["extra"] = extra
        return fields

    def _gtin(
        self, sources: list[Thing], problems: list[PageProblem], extra: dict[str, Any]
    ) -> str | None:
        for thing in sources:
            for name in _NUMBERS:
                text = thing.text(name)
                if text is None:
                    continue
                number = gtin(text)
                if number is not None:
                    return number
                if name != "productID":
                    # A wrong check digit matches nothing; the price is as good as before.
                    extra["gtin_as_written"] = text[:40]
        return None

    def _more(self, fields: dict[str, Any], extra: dict[str, Any]) -> None:
        offer = self.offer
        seller = offer.things("seller", "offeredBy", "merchant")
        texts = {
            "seller": seller[0].text("name") if seller else offer.text("seller"),
            "availability": availability_of(offer.text("availability")),
            "condition": condition_of(
                offer.text("itemCondition")
                or (self.product.text("itemCondition") if self.product else None)
            ),
            "url": offer.text("url") or (self.product.text("url") if self.product else None),
        }
        fields |= {name: text for name, text in texts.items() if text}
        tax = _tax(offer)
        tax = self.market.tax_included if tax is None else tax
        if tax is not None:
            fields["tax_included"] = tax
        for name, key in (
            ("priceValidUntil", "valid_through"),
            ("validThrough", "valid_through"),
            ("validFrom", "valid_from"),
            ("offerCount", "offer_count"),
        ):
            text = offer.text(name)
            if text:
                extra.setdefault(key, text[:40])
        for spec in _specifications(offer):
            quantity = _reference(spec)
            if quantity and "unit_price" in fields:
                extra.setdefault("unit", quantity)
        if offer.is_a("AggregateOffer"):
            extra["aggregate"] = "low"


def _category(product: Thing) -> str | None:
    """Return the words for what sort of article it is; a number or an address of one is none."""
    text = product.text("category")
    if text is None:
        inner = product.things("category")
        text = inner[0].text("name") if inner else None
    words = " ".join((text or "").split())
    return None if not words or words.isdecimal() or "://" in words else words


def _is_wrong(name: str, problem: str | None) -> bool:
    """Say whether what is written for a field is a reason to doubt the offer."""
    if problem is None or problem == "no-price" or name in (*_BESIDE, _CONDITIONAL):
        return False
    # Shipping may be free.
    return name != "shipping" or problem != "zero-price"


def explains_no_price(availability: object) -> bool:
    """Say whether an offer may have no price, as what cannot be bought has none."""
    return availability in ("OutOfStock", "SoldOut", "Discontinued", "InStoreOnly", "PreOrder")


def _specifications(offer: Thing) -> list[Thing]:
    """Return an offer's price specifications, those inside of compound ones too."""
    outer = offer.things("priceSpecification")
    inner = [each for spec in outer for each in spec.things("priceComponent")]
    return [*outer, *inner]


def _deliveries(offer: Thing) -> Iterator[tuple[str, Thing]]:
    """Yield what stands there of shipping: which field it fills, and where its amount is."""
    for spec in _specifications(offer):
        if _is_conditional(spec) and spec.text("price") in ("0", "0.0", "0.00"):
            for volume in spec.things("eligibleTransactionVolume"):
                yield "free_shipping_from", volume
    for details in offer.things("shippingDetails"):
        rates = details.things("shippingRate")
        # A rate is an amount, or settings with an amount and a threshold.
        for rate in (*rates, *(one for each in rates for one in each.things("shippingRate"))):
            yield "shipping", rate
        for settings in (details, *rates, *details.things("shippingSettings")):
            for threshold in settings.things("freeShippingThreshold"):
                yield "free_shipping_from", threshold


def _is_conditional(spec: Thing) -> bool:
    """Say whether a charge for delivery holds for orders of some value only."""
    volumes = spec.things("eligibleTransactionVolume")
    return spec.is_a("DeliveryChargeSpecification") and bool(volumes)


def _meaning_of(spec: Thing) -> str:
    """Return the field that a price specification fills."""
    if spec.is_a("DeliveryChargeSpecification"):
        return _CONDITIONAL if _is_conditional(spec) else "shipping"
    if spec.things("referenceQuantity") and _reference(spec) is not None:
        return "unit_price"
    kind = (spec.text("priceType") or "").rsplit("/", 1)[-1].casefold()
    if kind in _LIST_TYPES:
        return "list_price"
    if spec.things("validForMemberTier") or (spec.text("membershipPointsEarned") or ""):
        return "member_price"
    return "price"


def _reference(spec: Thing) -> str | None:
    """Return of how much a unit price speaks, such as ``100 ml``; None: of one piece."""
    for quantity in spec.things("referenceQuantity"):
        value = quantity.text("value")
        unit = quantity.text("unitCode") or quantity.text("unitText")
        if not unit:
            continue
        shown = _PACK.get(unit.upper(), unit)
        if shown == "unit" and value in (None, "1"):
            return None
        return f"{value or 1} {shown}"[:40]
    return None


def _tax(offer: Thing) -> bool | None:
    for thing in (offer, *_specifications(offer)):
        for value in thing.all("valueAddedTaxIncluded"):
            if isinstance(value, bool):
                return value
            if isinstance(value, str):
                text = value.strip().rsplit("/", 1)[-1].casefold()
                if text in ("true", "false"):
                    return text == "true"
    return None
