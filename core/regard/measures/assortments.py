"""What a competitor sells beside what we sell: how much both have, and what only it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from regard.measures import ratings
from regard.measures.cells import as_count, as_number, as_text
from regard.measures.pairing import OUT_OF_STOCK, PAIRED
from regard.measures.ratings import ArticleRating
from regard.views import View

__all__ = ["Assortment", "Lacking", "assortment", "lacking"]


@dataclass(frozen=True, slots=True)
class Assortment:
    """
    What a competitor offers beside what we sell.

    Attributes:
        offers: Its current offers.
        only_there: Those of them that are not known to be products of ours.
        products: Our products.
        only_here: Those of them that it is not known to offer.
    """

    offers: int
    only_there: int
    products: int
    only_here: int


@dataclass(frozen=True, slots=True)
class Lacking:
    """
    An article that a competitor sells and that is not known to be one of ours.

    Attributes:
        name: What it is called there.
        brand: Whose make it is; None: nobody says.
        category: As the competitor's page says it; None: it does not.
        price: The lowest that it is offered at there; None: it has none.
        currency: Of the price.
        sold_out: Nobody can buy it there now.
        offers: How many offers of it there are, such as of several sellers.
        rating: The mean of those of its reviews that are held, 1 to 5; None: there are none.
        rated: How many ratings that is.
        reviews: How many reviews it has, as its page says, else as many as are held; None:
            nobody can tell.
    """

    name: str | None
    brand: str | None
    category: str | None
    price: Decimal | None
    currency: str | None
    sold_out: bool
    offers: int
    rating: Decimal | None
    rated: int
    reviews: int | None


def assortment(view: View, *, competitor: str) -> Assortment:
    """Return how what a competitor offers and what we sell overlap, as far as is known."""
    query = f"""{PAIRED}
        SELECT (SELECT count(*) FROM theirs WHERE rival = $rival) AS offers,
               (SELECT count(*) FROM paired WHERE rival = $rival) AS same,
               (SELECT count(DISTINCT (our_source, our_key)) FROM paired WHERE rival = $rival)
                   AS products,
               (SELECT count(*) FROM ours) AS every"""
    row = view.sql(query, rival=competitor).one()
    offered = as_count(row["offers"])
    every = as_count(row["every"])
    return Assortment(
        offered,
        offered - as_count(row["same"]),
        every,
        every - as_count(row["products"]),
    )


def lacking(view: View, *, competitor: str) -> Sequence[Lacking]:
    """
    Return the articles that a competitor offers now and we are not known to have.

    Those with most reviews come first, for what is written about is bought; those of which
    nobody can tell come last, by name. Offers of one number, or of one name and brand, are one
    article.

    Args:
        view: What to read.
        competitor: By the name in reports.
    """
    query = f"""{PAIRED}, open AS (
            SELECT t.*, nullif(trim(json_extract_string(t.extra, '$.category')), '') AS category,
                   coalesce(t.number, 'sku:' || nullif(t.sku, ''),
                            'name:' || nullif(concat_ws(chr(31), folded(t.product_name),
                                                        t.maker), ''),
                            concat_ws(chr(31), 'key:', t.source, t.key)) AS article
            FROM theirs AS t ANTI JOIN chosen AS c ON c.ts = t.source AND c.tk = t.key
            WHERE t.rival = $rival
        )
        SELECT product_name, brand, category, CASE WHEN price > 0 THEN price END AS price,
               currency, sku, gtin, url, count(*) OVER whole AS n,
               bool_and(coalesce(availability IN {OUT_OF_STOCK}, false)) OVER whole AS sold_out
        FROM open
        WINDOW whole AS (PARTITION BY article)
        QUALIFY row_number() OVER (PARTITION BY article ORDER BY
            coalesce(price > 0, false) DESC, price, source, key) = 1
        ORDER BY price, source, key"""
    rated = ratings.article_ratings(view, competitor)
    found = []
    for name, brand, category, price, currency, sku, gtin, url, n, out in view.sql(
        query, rival=competitor
    ).rows():
        told = _rated(rated, sku=sku, gtin=gtin, product_name=name, url=url)
        found.append(
            Lacking(
                as_text(name), as_text(brand), as_text(category), as_number(price),
                as_text(currency), bool(out), as_count(n),
                told.rating if told else None, told.rated if told else 0,
                told.reviews if told else None,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (-(one.reviews or 0), one.name is None, one.name or ""))


def _rated(rated: Mapping[str, ArticleRating], **names: object) -> ArticleRating | None:
    """Return what is known of an article by the first of its names that reviews know."""
    for kind in ("sku", "gtin", "product_name"):
        if names[kind] and (found := rated.get(f"{kind}:{names[kind]}")):
            return found
    address = str(names["url"] or "").partition("#")[0].partition("?")[0]
    return rated.get(address)
