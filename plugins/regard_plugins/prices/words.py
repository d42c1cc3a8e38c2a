"""The report's labels and sentences, each in all of its languages."""

from __future__ import annotations

from typing import Final

from regard.render.phrases import Phrases, Texts

__all__ = ["PHRASES"]

_WORDS: Final[Texts] = {
    "title": ("Prices", "Precios", "Prix"),
    "stand": ("Where we stand", "Dónde estamos", "Où nous en sommes"),
    "nothing": (
        (
            'There are no offers of competitors yet. A source with `plugin = "web-offers"` looks '
            "at a site; `regard site add URL` writes its file."
        ),
        (
            'Todavía no hay ofertas de competidores. Una fuente con `plugin = "web-offers"` mira '
            "un sitio; `regard site add URL` escribe su fichero."
        ),
        (
            "Il n’y a encore aucune offre de concurrents. Une source avec "
            '`plugin = "web-offers"` regarde un site ; `regard site add URL` écrit son fichier.'
        ),
    ),
    "no_products": (
        (
            "None of the offers is known to be one of our products: products need a GTIN, or "
            "brand and manufacturer’s number."
        ),
        (
            "De ninguna oferta se sabe que sea uno de nuestros productos: los productos "
            "necesitan un GTIN, o marca y número de fabricante."
        ),
        (
            "D’aucune offre on ne sait qu’elle est un de nos produits : les produits ont "
            "besoin d’un GTIN, ou d’une marque et d’une référence du fabricant."
        ),
    ),
    "index_title": (
        "Price index, ours = 100",
        "Índice de precios, nosotros = 100",
        "Indice des prix, nous = 100",
    ),
    "index_note": (
        (
            "Geometric mean of their price to ours, on one basis of tax. Coverage: products "
            "compared, of our {products} with a price. Unmatched: {unmatched} of {offers} "
            "offers; `regard match list` proposes some."
        ),
        (
            "Media geométrica de su precio entre el nuestro, con la misma base de impuestos. "
            "Cobertura: productos comparados, de los {products} nuestros con precio. Sin "
            "emparejar: {unmatched} de {offers} ofertas; `regard match list` propone algunas."
        ),
        (
            "Moyenne géométrique de leur prix rapporté au nôtre, sur la même base de taxes. "
            "Couverture : produits comparés, sur nos {products} qui ont un prix. Sans "
            "correspondance : {unmatched} offres sur {offers} ; `regard match list` en propose."
        ),
    ),
    "hand_title": (
        "Seen in a shop or on a list",
        "Visto en una tienda o en una lista",
        "Vu en magasin ou sur une liste",
    ),
    "hand_note": (
        "Offers that came by file and stand on no page of the web.",
        "Ofertas que llegaron por fichero y no están en ninguna página web.",
        "Offres venues d’un fichier, qui ne sont sur aucune page du web.",
    ),
    "by_hand": (
        "{competitor} (by hand)",
        "{competitor} (a mano)",
        "{competitor} (à la main)",
    ),
    "sold_out": (
        "{competitor} (sold out)",
        "{competitor} (agotado)",
        "{competitor} (épuisé)",
    ),
    "category_title": ("By category", "Por categoría", "Par catégorie"),
    "below": ("Below our minimum", "Por debajo de nuestro mínimo", "Sous notre minimum"),
    "below_title": (
        "Advertised below our minimum price",
        "Anunciado por debajo de nuestro precio mínimo",
        "Annoncé sous notre prix minimum",
    ),
    "below_note": (
        (
            "On one basis of tax; n = {n} {n:offer|offers} of our {products} "
            "{products:product|products} with a minimum price."
        ),
        (
            "Con la misma base de impuestos; n = {n} {n:oferta|ofertas} de nuestros {products} "
            "{products:producto|productos} con precio mínimo."
        ),
        (
            "Sur la même base de taxes ; n = {n} {n:offre|offres} de nos {products} "
            "{products:produit|produits} avec un prix minimum."
        ),
    ),
    "below_hindered": (
        "{n} more cannot be compared: used, another currency, or tax not known.",
        "{n} más no {n:se puede|se pueden} comparar: usado, otra moneda o impuesto desconocido.",
        (
            "{n} de plus {n:n’est pas comparable|ne sont pas comparables} : occasion, autre "
            "monnaie ou taxe inconnue."
        ),
    ),
    "below_unread": (
        "Of {n} {n:product|products}, “{column}” is no amount above 0 in the product’s currency.",
        "De {n} {n:producto|productos}, «{column}» no es un importe mayor que 0 en su moneda.",
        "De {n} {n:produit|produits}, « {column} » n’est pas un montant positif dans sa monnaie.",
    ),
    "below_unsaid": (
        "None of our products has anything in the column “{column}” that `[prices]` names.",
        "Ningún producto nuestro tiene nada en la columna «{column}» que nombra `[prices]`.",
        "Aucun de nos produits n’a rien dans la colonne « {column} » que nomme `[prices]`.",
    ),
    "below_nothing": (
        "No offer can be compared with it.",
        "Ninguna oferta se puede comparar con él.",
        "Aucune offre ne peut lui être comparée.",
    ),
    "below_none": (
        "Nobody advertises below it.",
        "Nadie anuncia por debajo.",
        "Personne n’annonce en dessous.",
    ),
    "finding_below": (
        "{competitor} advertises {n} of our products below our minimum price.",
        "{competitor} anuncia {n} de nuestros productos por debajo de nuestro precio mínimo.",
        "{competitor} annonce {n} de nos produits sous notre prix minimum.",
    ),
    "articles": ("Article by article", "Artículo por artículo", "Article par article"),
    "cheaper": ("Cheaper than we are", "Más baratos que nosotros", "Moins chers que nous"),
    "dearer": ("Dearer than we are", "Más caros que nosotros", "Plus chers que nous"),
    "gaps": ("Out of stock there", "Agotado allí", "En rupture là-bas"),
    "gaps_note": (
        "n = {n}, without what is known to be out of stock here as well.",
        "n = {n}, sin lo que se sabe agotado también aquí.",
        "n = {n}, sans ce que l’on sait en rupture ici aussi.",
    ),
    "moved": ("What moved", "Qué se movió", "Ce qui a bougé"),
    "counted": ("How many changes", "Cuántos cambios", "Combien de changements"),
    "counted_other": (
        "{n} more {n:is|are} no price that rose or fell.",
        "{n} más no {n:es un precio que suba o baje|son precios que suban o bajen}.",
        "{n} de plus {n:n’est pas un prix qui monte ou baisse|ne sont pas des prix qui bougent}.",
    ),
    "moves_note": (
        "n = {n} {n:change|changes}; of each day the largest first.",
        "n = {n} {n:cambio|cambios}; de cada día los mayores primero.",
        "n = {n} {n:changement|changements} ; les plus grands de chaque jour d’abord.",
    ),
    "moves_title": ("Changes", "Cambios", "Changements"),
    "still": ("Nothing moved.", "Nada se movió.", "Rien n’a bougé."),
    "pairs_note": (
        "n = {n} {n:offer|offers}. Lowest: their lowest price of the last 30 days.",
        "n = {n} {n:oferta|ofertas}. Mínimo: su precio más bajo de los últimos 30 días.",
        "n = {n} {n:offre|offres}. Plus bas : leur prix le plus bas des 30 derniers jours.",
    ),
    "finding_cheaper": (
        "{competitor} is {percent} % cheaper than we are.",
        "{competitor} es un {percent} % más barato que nosotros.",
        "{competitor} est {percent} % moins cher que nous.",
    ),
    "finding_tax": (
        (
            "{n} {n:offer is|offers are} known to be our products and cannot be compared, mostly "
            "because a basis is unknown."
        ),
        (
            "{n} {n:oferta es|ofertas son} productos nuestros y no se {n:puede|pueden} "
            "comparar, casi siempre porque no se conoce una base."
        ),
        (
            "{n} {n:offre est un de nos produits|offres sont de nos produits} sans être "
            "comparables, le plus souvent faute d’une base connue."
        ),
    ),
    "why_tax": (
        (
            "[prices] our_tax_included and vat say how our prices are; tax_included in a "
            "site’s file says how theirs are."
        ),
        (
            "[prices] our_tax_included y vat dicen cómo son nuestros precios; tax_included en el "
            "fichero de un sitio dice cómo son los suyos."
        ),
        (
            "[prices] our_tax_included et vat disent ce que sont nos prix ; tax_included dans le "
            "fichier d’un site dit ce que sont les leurs."
        ),
    ),
    "others": ("{n} {n:other|others}", "{n} más", "{n} {n:autre|autres}"),
    "column_competitor": ("Competitor", "Competidor", "Concurrent"),
    "column_category": ("Category", "Categoría", "Catégorie"),
    "column_index": ("Index", "Índice", "Indice"),
    "column_offers": ("Offers", "Ofertas", "Offres"),
    "column_n": ("Products", "Productos", "Produits"),
    "column_coverage": ("Coverage", "Cobertura", "Couverture"),
    "column_hindered": ("Not comparable", "No comparables", "Non comparables"),
    "column_seen": ("Seen", "Visto", "Vu"),
    "column_product": ("Product", "Producto", "Produit"),
    "column_seller": ("Seller", "Vendedor", "Vendeur"),
    "column_minimum": ("Minimum", "Mínimo", "Minimum"),
    "column_ours": ("Ours", "Nuestro", "Nous"),
    "column_theirs": ("Theirs", "Suyo", "Eux"),
    "column_percent": ("Difference", "Diferencia", "Écart"),
    "column_lowest": ("Lowest", "Mínimo", "Plus bas"),
    "column_on": ("Day", "Día", "Jour"),
    "column_what": ("What", "Qué", "Quoi"),
    "column_before": ("Before", "Antes", "Avant"),
    "column_after": ("After", "Después", "Après"),
    "column_n_dearer": ("Dearer", "Más caro", "Plus cher"),
    "column_n_cheaper": ("Cheaper", "Más barato", "Moins cher"),
    "column_n_promotion": ("Promotions", "Promociones", "Promotions"),
    "column_n_stock-out": ("Out of stock", "Agotado", "Rupture"),
    "column_n_back": ("Back in stock", "De vuelta", "De retour"),
    "column_n_new": ("New or returned", "Nuevo o de vuelta", "Nouveau ou revenu"),
    "column_n_withdrawn": ("Withdrawn", "Retirado", "Retiré"),
    "what.price": ("price", "precio", "prix"),
    "what.promotion": ("promotion", "promoción", "promotion"),
    "what.stock-out": ("out of stock", "agotado", "rupture"),
    "what.back": ("in stock again", "otra vez disponible", "de retour"),
    "what.new": ("new", "nuevo", "nouveau"),
    "what.withdrawn": ("withdrawn", "retirado", "retiré"),
    "what.returned": ("returned", "vuelve a venderse", "revenu"),
}

PHRASES: Final = Phrases(_WORDS)
