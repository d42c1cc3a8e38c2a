"""The shop's pages: a list, an article with its reviews, and what goes wrong on them."""

from __future__ import annotations

import gzip
import html
import json
from datetime import date
from decimal import Decimal
from typing import Any, Final

from regard.demo.shop.catalogue import Article, Catalogue, Delivery
from regard.demo.shop.knobs import Knobs
from regard.demo.shop.reviewing import ShopReview

__all__ = [
    "article_page",
    "challenge_page",
    "list_page",
    "sitemap",
    "sitemap_index",
    "sitemap_part",
]

_SPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
PER_LIST: Final = 20
REVIEWS_PER_PAGE: Final = 4
_REDESIGNED: Final = {"price": "x-amount", "review": "x-say", "name": "x-title"}


def _class(name: str, knobs: Knobs) -> str:
    return _REDESIGNED.get(name, name) if knobs.redesigned else name


def shown_price(amount: Decimal) -> str:
    """Return a price as people read it in Spain: ``1.149,00 €``."""
    text = f"{amount:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")
    return f"{text} €"


def _document(title: str, body: str) -> bytes:
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'.encode()


def challenge_page() -> bytes:
    """Return what stands in front of a shop that lets nobody in."""
    return _document("Just a moment...", '<div id="challenge-platform">Verify you are human</div>')


def _shown(catalogue: Catalogue, day: date, knobs: Knobs) -> list[Article]:
    return [
        each for each in catalogue.articles if each.listed_on(day) and each.sku not in knobs.hidden
    ]


def sitemap(base: str, catalogue: Catalogue, day: date, knobs: Knobs) -> bytes:
    """Return the addresses of all articles, and of a page that robots.txt forbids."""
    paths = [f"/p/{each.sku}" for each in _shown(catalogue, day, knobs)]
    rows = "".join(f"<url><loc>{base}{path}</loc></url>" for path in (*paths, "/private/prices"))
    return f'<?xml version="1.0"?><urlset xmlns="{_SPACE}">{rows}</urlset>'.encode()


def sitemap_index(base: str, parts: int) -> bytes:
    """Return an index of sitemaps, which names itself as well."""
    paths = ["/sitemap.xml", *(f"/sitemap-{part}.xml.gz" for part in range(parts))]
    rows = "".join(f"<sitemap><loc>{base}{path}</loc></sitemap>" for path in paths)
    return f'<?xml version="1.0"?><sitemapindex xmlns="{_SPACE}">{rows}</sitemapindex>'.encode()


def sitemap_part(base: str, catalogue: Catalogue, day: date, knobs: Knobs, part: int) -> bytes:
    """Return one of the sitemaps that an index leads to, packed."""
    shown = Catalogue(catalogue.name, catalogue.articles[part :: knobs.sitemap_parts])
    return gzip.compress(sitemap(base, shown, day, knobs), mtime=0)


def list_page(catalogue: Catalogue, day: date, knobs: Knobs, page: int) -> bytes:
    """Return one part of the list of all articles."""
    shown = _shown(catalogue, day, knobs)
    part = shown[(page - 1) * PER_LIST : page * PER_LIST]
    items = "".join(
        f'<li><a class="item" href="/p/{each.sku}">{html.escape(each.name)}</a></li>'
        for each in part
    )
    more = ""
    if page * PER_LIST < len(shown):
        more = f'<a rel="next" href="/list?page={page + 1}">more</a>'
    return _document(catalogue.name, f"<ul>{items}</ul>{more}")


def article_page(
    article: Article,
    day: date,
    knobs: Knobs,
    *,
    syntax: str,
    page: int = 1,
    home: str | None = None,
) -> bytes:
    """
    Return an article's page.

    Args:
        article: The article.
        day: On which it is looked at.
        knobs: What is wrong.
        syntax: ``json-ld`` or ``microdata``.
        page: Which part of its reviews.
        home: Where the shop says that it is; None: it does not say.
    """
    reviews = [each for each in article.reviews if each.shown_on(day)]
    part = reviews[(page - 1) * REVIEWS_PER_PAGE : page * REVIEWS_PER_PAGE]
    if knobs.redesigned:
        syntax = "none"
    here = f"{home}/p/{article.sku}" if home else None
    body = _visible(article, day, knobs, part, reviews, syntax, here)
    if page * REVIEWS_PER_PAGE < len(reviews):
        body += f'<a rel="next" href="/p/{article.sku}?page={page + 1}">more reviews</a>'
    if syntax == "json-ld":
        body += _json_ld(article, day, part, reviews, here)
        if knobs.broken_json:
            body += '<script type="application/ld+json">{"@type": "BreadcrumbList", }}</script>'
    related = f'<aside class="related"><span class="price">{shown_price(Decimal("4.90"))}</span>'
    return _document(article.name, f"{body}{related}</aside>")


def _visible(
    article: Article,
    day: date,
    knobs: Knobs,
    part: list[ShopReview],
    reviews: list[ShopReview],
    syntax: str,
    here: str | None,
) -> str:
    micro = syntax == "microdata"
    price = article.price_on(day)
    shown = price + 7 if knobs.disagrees else price
    stock = "InStock" if article.available_on(day) else "OutOfStock"
    said = "In stock" if stock == "InStock" else "Out of stock"

    def prop(name: str, more: str = "") -> str:
        return f' itemprop="{name}"{more}' if micro else ""

    root = ' itemscope itemtype="https://schema.org/Product"' if micro else ""
    offer = prop("offers", ' itemscope itemtype="https://schema.org/Offer"')
    amount = prop("price", f' content="{price}"')
    was = ""
    if article.promoted_on(day):
        was = f"<del>{shown_price(article.usual_price_on(day))}</del>"
    numbers = "".join(
        f'<span{prop(name)} class="{name}">{html.escape(value)}</span>'
        for name, value in (("sku", article.sku), ("gtin13", article.gtin), ("mpn", article.mpn))
        if value
    )
    if micro:
        numbers += f'<meta itemprop="brand" content="{html.escape(article.brand)}">'
        numbers += f'<meta itemprop="category" content="{html.escape(article.category)}">'
    if micro and here:
        numbers += f'<link itemprop="url" href="{html.escape(here)}">'
    told = "".join(_visible_review(each, day, knobs, prop, here) for each in part)
    return (
        f'<div class="product"{root}><h1{prop("name")} class="{_class("name", knobs)}">'
        f"{html.escape(article.name)}</h1>{numbers}<div{offer}>"
        f'<span class="{_class("price", knobs)}"{amount}>{shown_price(shown)}</span>{was}'
        f'<meta{prop("priceCurrency")} content="EUR"><link{prop("availability")} '
        f'href="https://schema.org/{stock}"><p class="stock">{said}</p>'
        f"{_visible_delivery(article, day, prop)}</div>"
        f'<p class="count">{len(reviews)} reviews</p>{told}</div>'
    )


def _visible_delivery(article: Article, day: date, prop: Any) -> str:  # noqa: ANN401
    """Return what the page says of shipping; nothing: it says nothing."""
    terms, cost = article.delivery_on(day), article.shipping_on(day)
    if terms is None or cost is None:
        return ""
    details = prop(
        "shippingDetails", ' itemscope itemtype="https://schema.org/OfferShippingDetails"'
    )
    rate = prop("shippingRate", ' itemscope itemtype="https://schema.org/MonetaryAmount"')
    threshold = f", free from {shown_price(terms.free_from)}" if terms.said else ""
    return (
        f'<p class="delivery"{details}>Shipping <span{rate}><span{prop("value")} '
        f'content="{cost}">{shown_price(cost)}</span></span>{threshold}</p>'
    )


def _visible_review(
    review: ShopReview,
    day: date,
    knobs: Knobs,
    prop: Any,  # noqa: ANN401
    here: str | None,
) -> str:
    item = prop("review", ' itemscope itemtype="https://schema.org/Review"')
    rating = prop("reviewRating", ' itemscope itemtype="https://schema.org/Rating"')
    answered = _visible_reply(review, day, prop)
    link = f'<link{prop("url")} href="{html.escape(here)}">' if here else ""
    return (
        f'<article class="{_class("review", knobs)}" data-id="{review.id}"{item}>'
        f'<meta{prop("identifier")} content="{review.id}">{link}'
        f'<b{prop("name")}>{html.escape(review.title)}</b> <span{prop("author")} class="author">'
        f"{html.escape(review.author)}</span> <time{prop('datePublished')} "
        f'datetime="{review.on.isoformat()}">{review.on:%d/%m/%Y}</time>'
        f'<span{rating} class="stars" data-score="{review.rating}">'
        f'<meta{prop("ratingValue")} content="{review.rating}"></span>'
        f'<meta{prop("inLanguage")} content="{review.language}">'
        f'<p{prop("reviewBody")} class="text">{html.escape(review.text_on(day))}</p>{answered}'
        "</article>"
    )


def _visible_reply(review: ShopReview, day: date, prop: Any) -> str:  # noqa: ANN401
    reply = review.reply_on(day)
    if reply is None or review.replied_on is None:
        return ""
    comment = prop("comment", ' itemscope itemtype="https://schema.org/Comment"')
    return (
        f'<div class="reply"{comment}><time{prop("dateCreated")} '
        f'datetime="{review.replied_on.isoformat()}"></time>'
        f"<p{prop('text')}>{html.escape(reply)}</p></div>"
    )


def _json_ld(
    article: Article,
    day: date,
    part: list[ShopReview],
    reviews: list[ShopReview],
    here: str | None,
) -> str:
    price = article.price_on(day)
    stock = "InStock" if article.available_on(day) else "OutOfStock"
    offer: dict[str, Any] = {
        "@type": "Offer",
        "price": str(price),
        "priceCurrency": "EUR",
        "availability": f"https://schema.org/{stock}",
        "itemCondition": "https://schema.org/NewCondition",
    }
    if article.promoted_on(day):
        offer["priceSpecification"] = [
            {
                "@type": "UnitPriceSpecification",
                "priceType": "https://schema.org/StrikethroughPrice",
                "price": str(article.usual_price_on(day)),
                "priceCurrency": "EUR",
                "valueAddedTaxIncluded": True,
            }
        ]
    terms, cost = article.delivery_on(day), article.shipping_on(day)
    if terms is not None and cost is not None:
        offer["shippingDetails"] = _ld_delivery(terms, cost)
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": article.name,
        "sku": article.sku,
        "brand": {"@type": "Brand", "name": article.brand},
        "category": article.category,
        "offers": offer,
    }
    if here:
        data["url"] = here
    if article.gtin:
        data["gtin13"] = article.gtin
    if article.mpn:
        data["mpn"] = article.mpn
    if part:
        data["review"] = [_ld_review(each, day, here) for each in part]
        mean = Decimal(sum(each.rating for each in reviews)) / len(reviews)
        data["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": str(round(mean, 1)),
            "reviewCount": len(reviews),
        }
    text = json.dumps(data).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>'


def _ld_delivery(terms: Delivery, cost: Decimal) -> dict[str, Any]:
    def money(amount: Decimal) -> dict[str, str]:
        return {"@type": "MonetaryAmount", "value": str(amount), "currency": "EUR"}

    rate = money(cost)
    if not terms.said:
        return {"@type": "OfferShippingDetails", "shippingRate": rate}
    settings = {
        "@type": "ShippingRateSettings",
        "shippingRate": rate,
        "freeShippingThreshold": money(terms.free_from),
    }
    return {"@type": "OfferShippingDetails", "shippingRate": settings}


def _ld_review(review: ShopReview, day: date, here: str | None) -> dict[str, Any]:
    data: dict[str, Any] = {
        "@type": "Review",
        "identifier": review.id,
        "author": {"@type": "Person", "name": review.author},
        "datePublished": review.on.isoformat(),
        "name": review.title,
        "reviewBody": review.text_on(day),
        "inLanguage": review.language,
        "reviewRating": {"@type": "Rating", "ratingValue": review.rating, "bestRating": 5},
    }
    if here:
        data["url"] = here
    reply = review.reply_on(day)
    if reply and review.replied_on is not None:
        answered = review.replied_on.isoformat()
        data["comment"] = {"@type": "Comment", "text": reply, "dateCreated": answered}
    return data
