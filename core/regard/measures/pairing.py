"""
Which offers are which of our products, as tables that other measures begin with.

An offer is one of our products without anybody's doing only where a number says so: the same
GTIN, the same brand and manufacturer's number, or our own article number where the site is known
to use it. What people confirmed counts as well, what they rejected never.

Our products are counted as articles: what several sources of ours call by one number is one. That
is the same GTIN, else the same article number, else the same brand and manufacturer's number;
two GTINs that differ are two articles whatever else is alike, and two products of one source are
never taken for one.
"""

from __future__ import annotations

from typing import Final

__all__ = ["OUT_OF_STOCK", "PAIRED"]


def _digits(column: str) -> str:
    """Return a GTIN's digits, 14 of them; NULL: a placeholder that says nothing."""
    digits = f"regexp_replace({column}, '[\\s-]', '', 'g')"
    return (
        f"CASE WHEN regexp_full_match({digits}, '[0-9]{{8,14}}') AND ltrim({digits}, '0') <> '' "
        f"THEN lpad({digits}, 14, '0') END"
    )


def _agreed(column: str, alike: str) -> str:
    """Return what products that are alike say in a column; NULL: nothing, or not all the same."""
    every = " AND ".join(f"{name} IS NOT NULL" for name in alike.split(", "))
    same = f"OVER (PARTITION BY {alike})"
    return (
        f"CASE WHEN {every} AND min({column}) {same} = max({column}) {same} "
        f"THEN min({column}) {same} END"
    )


OUT_OF_STOCK: Final = "('OutOfStock', 'SoldOut', 'Discontinued')"

PAIRED: Final = f"""
    WITH numbered AS (
        SELECT *, {_digits("gtin")} AS number FROM offers
    ), numbers AS (
        SELECT *, {_digits("gtin")} AS number, nullif(lower(trim(sku)), '') AS code,
               folded(brand) AS maker,
               nullif(regexp_replace(lower(mpn), '[^a-z0-9]', '', 'g'), '') AS part
        FROM products
    ), by_code AS (
        -- What one of them does not say of its numbers, another may, if all say the same.
        SELECT *, coalesce(number, {_agreed("number", "code")}) AS known FROM numbers
    ), by_part AS (
        SELECT * REPLACE (coalesce(known, {_agreed("known", "maker, part")}) AS known),
               coalesce(code, {_agreed("code", "maker, part")}) AS coded FROM by_code
    ), by_both AS (
        SELECT * REPLACE (coalesce(known, {_agreed("known", "coded")}) AS known) FROM by_part
    ), called AS (
        SELECT *, CASE WHEN known IS NOT NULL THEN 'gtin:' || known
                       WHEN coded IS NOT NULL THEN 'sku:' || coded
                       WHEN maker IS NOT NULL AND part IS NOT NULL
                            THEN concat_ws(chr(31), 'mpn:', maker, part)
                       ELSE concat_ws(chr(31), 'key:', source, key) END AS called
        FROM by_both
    ), listed AS (
        SELECT *, concat_ws(chr(31), called, row_number() OVER (
                   PARTITION BY called, source ORDER BY code, key)) AS article
        FROM called
    ), mine AS (
        -- As new, as competitors' are: a used cup of ours is no price of the cup.
        SELECT * FROM numbered WHERE competitor IS NULL
               AND coalesce(condition, 'NewCondition') = 'NewCondition'
    ), own AS (
        -- Two joins on equality; one on either would compare each with each.
        SELECT p.source AS ps, p.key AS pk, o.* FROM listed AS p
        JOIN mine AS o ON o.sku = nullif(p.sku, '')
        UNION ALL
        SELECT p.source, p.key, o.* FROM listed AS p
        JOIN mine AS o ON o.number = p.number
    ), shop AS (
        SELECT p.source, p.key, o.price, o.currency, o.tax_included AS taxed, o.availability
        FROM listed AS p JOIN own AS o ON o.ps = p.source AND o.pk = p.key
        QUALIFY row_number() OVER (PARTITION BY p.source, p.key ORDER BY
            coalesce(o.price > 0, false) DESC, coalesce(o.currency = p.currency, false) DESC,
            o.price, o.source, o.key) = 1
    ), priced AS (
        SELECT p.article, p.source, p.key, p.name, p.category,
               coalesce(s.price > 0, false) AS in_shop,
               CASE WHEN s.price > 0 THEN s.price ELSE p.list_price END AS price,
               CASE WHEN s.price > 0 THEN s.currency ELSE p.currency END AS currency,
               coalesce(CASE WHEN s.price > 0 THEN s.taxed ELSE p.tax_included END,
                        (SELECT tax_included FROM our_prices)) AS taxed,
               s.availability
        FROM listed AS p LEFT JOIN shop AS s ON s.source = p.source AND s.key = p.key
    ), ours AS (
        -- One of them speaks for an article: what our own shop says, else what can be compared.
        SELECT article, source, key, price, currency, taxed,
               first_value(name IGNORE NULLS) OVER whole AS name,
               first_value(category IGNORE NULLS) OVER whole AS category,
               first_value(availability IGNORE NULLS) OVER whole AS availability
        FROM priced
        WINDOW best AS (PARTITION BY article ORDER BY in_shop DESC,
                        coalesce(price > 0, false) DESC,
                        (currency IS NOT NULL AND taxed IS NOT NULL) DESC, source, key),
               whole AS (PARTITION BY article ORDER BY in_shop DESC,
                         coalesce(price > 0, false) DESC,
                         (currency IS NOT NULL AND taxed IS NOT NULL) DESC, source, key
                         ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
        QUALIFY row_number() OVER best = 1
    ), known_as AS (
        SELECT p.source, p.key, p.number AS gtin, p.maker, p.part, p.sku,
               o.source AS os, o.key AS ok
        FROM listed AS p JOIN ours AS o ON o.article = p.article
    ), refused AS (
        SELECT m.source AS ts, m.offer AS tk, o.os, o.ok FROM matches AS m
        JOIN known_as AS o ON o.source = m.product_source AND o.key = m.product
        WHERE m.state = 'rejected'
    ), theirs AS (
        SELECT o.*, coalesce(competitor_of(o.competitor), o.competitor) AS rival,
               folded(o.brand) AS maker,
               regexp_replace(lower(o.mpn), '[^a-z0-9]', '', 'g') AS part,
               nullif(json_extract_string(o.extra, '$.our_sku'), '') AS our_sku
        FROM numbered AS o WHERE o.competitor IS NOT NULL
    ), told AS (
        SELECT t.source AS ts, t.key AS tk, o.os, o.ok, 'gtin' AS how
        FROM theirs AS t JOIN known_as AS o ON t.number = o.gtin
        UNION ALL
        SELECT t.source, t.key, o.os, o.ok, 'mpn' FROM theirs AS t
        JOIN known_as AS o ON t.part <> '' AND t.part = o.part AND t.maker = o.maker
        UNION ALL
        SELECT t.source, t.key, o.os, o.ok, 'sku' FROM theirs AS t
        JOIN known_as AS o ON t.our_sku = o.sku
        UNION ALL
        SELECT m.source, m.offer, o.os, o.ok, 'confirmed' FROM matches AS m
        JOIN theirs AS t ON t.source = m.source AND t.key = m.offer
        JOIN known_as AS o ON o.source = m.product_source AND o.key = m.product
        WHERE m.state = 'confirmed'
    ), chosen AS (
        SELECT f.* FROM told AS f ANTI JOIN refused AS r
             ON r.ts = f.ts AND r.tk = f.tk AND r.os = f.os AND r.ok = f.ok
        QUALIFY row_number() OVER (PARTITION BY f.ts, f.tk ORDER BY CASE how WHEN 'confirmed'
            THEN 0 WHEN 'gtin' THEN 1 WHEN 'mpn' THEN 2 ELSE 3 END, f.os, f.ok) = 1
    ), paired AS (
        SELECT t.rival, t.source, t.key, o.source AS our_source, o.key AS our_key, o.name,
               o.category, c.how, o.price AS our_price, t.price AS their_price, t.currency,
               t.availability, o.availability AS our_availability, t.list_price, t.url,
               t.last_seen_at, t.tax_included AS their_taxed,
               CASE WHEN o.price IS NULL OR o.price <= 0 THEN 'our-price'
                    WHEN t.price IS NULL OR t.price <= 0 THEN 'no-price'
                    WHEN coalesce(o.currency <> t.currency, true) THEN 'currency'
                    WHEN coalesce(t.condition, 'NewCondition') <> 'NewCondition' THEN 'condition'
                    WHEN o.taxed IS NULL OR t.tax_included IS NULL THEN 'tax'
                    WHEN o.taxed <> t.tax_included
                         AND (SELECT vat FROM our_prices) IS NULL THEN 'tax'
               END AS obstacle,
               CASE WHEN o.taxed OR NOT t.tax_included AND NOT o.taxed THEN o.price
                    ELSE o.price * (1 + (SELECT vat FROM our_prices)) END AS our_basis,
               CASE WHEN t.tax_included OR NOT t.tax_included AND NOT o.taxed THEN t.price
                    ELSE t.price * (1 + (SELECT vat FROM our_prices)) END AS their_basis
        FROM chosen AS c
        JOIN theirs AS t ON t.source = c.ts AND t.key = c.tk
        JOIN ours AS o ON o.source = c.os AND o.key = c.ok
    ), best AS (
        SELECT * FROM paired WHERE obstacle IS NULL
        QUALIFY row_number() OVER (
            PARTITION BY rival, our_source, our_key
            -- What can be bought there competes, before what is cheaper and sold out.
            ORDER BY coalesce(availability IN {OUT_OF_STOCK}, false), their_basis, source, key) = 1
    )"""
"""
Tables over those of a view: ``ours``, ``theirs``, ``chosen`` pairs, ``paired``, ``best``.

``ours`` has a row an article; ``known_as`` says of each product which row of ``ours`` (``os``,
``ok``) speaks for it.
"""
