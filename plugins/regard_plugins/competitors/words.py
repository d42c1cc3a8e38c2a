"""The reports' labels and sentences, each in all of their languages."""

from __future__ import annotations

from typing import Final

from regard.render.phrases import Phrases, Texts

__all__ = ["PHRASES"]

_WORDS: Final[Texts] = {
    "title": ("Competitors", "Competidores", "Concurrents"),
    "one_title": ("Competitor: {whose}", "Competidor: {whose}", "Concurrent : {whose}"),
    "beside": ("Beside us", "Al lado de nosotros", "À côté de nous"),
    "nothing": (
        "Nothing is known of competitors yet: no offers, no reviews, no visits.",
        "Todavía no se sabe nada de competidores: ni ofertas, ni opiniones, ni visitas.",
        "On ne sait encore rien des concurrents : ni offres, ni avis, ni visites.",
    ),
    "unknown": (
        "Nothing is known of {whose} in this period.",
        "No se sabe nada de {whose} en este periodo.",
        "On ne sait rien de {whose} pour cette période.",
    ),
    "table_note": (
        (
            "Index: their prices with ours as 100. Rating: 1 to 5, reviews of the period. Visit "
            "score: 0 to 100, all mystery visits so far. Changes: of prices, promotions, stock "
            "and articles in the period."
        ),
        (
            "Índice: sus precios con los nuestros como 100. Valoración: de 1 a 5, opiniones del "
            "periodo. Nota de visita: de 0 a 100, todas las visitas de mystery hasta ahora. "
            "Cambios: de precios, promociones, existencias y artículos en el periodo."
        ),
        (
            "Indice : leurs prix, les nôtres valant 100. Note : de 1 à 5, avis de la période. "
            "Note de visite : de 0 à 100, toutes les visites mystère jusqu’ici. Changements : "
            "prix, promotions, stocks et articles dans la période."
        ),
    ),
    "repricing": ("How often prices move", "Cuánto se mueven los precios", "Prix qui bougent"),
    "repricing_table": ("Price changes", "Cambios de precio", "Changements de prix"),
    "repricing_note": (
        (
            "Observed from {since} to {until}, as often as offers were looked at. Changes a "
            "week: for each offer and week observed. Moved: offers whose price changed. Size: "
            "the median change, up or down."
        ),
        (
            "Observado del {since} al {until}, cada vez que se miraron las ofertas. Cambios por "
            "semana: por oferta y semana observada. Movidas: ofertas cuyo precio cambió. "
            "Tamaño: mediana del cambio, hacia arriba o abajo."
        ),
        (
            "Observé du {since} au {until}, à chaque visite des offres. Changements par "
            "semaine : par offre et semaine observée. Bougées : offres dont le prix a changé. "
            "Ampleur : médiane du changement, en hausse ou en baisse."
        ),
    ),
    "only_there": (
        "Offers not known to be ours",
        "Ofertas que no se sabe que sean nuestras",
        "Offres qu’on ne sait pas être nôtres",
    ),
    "only_here": (
        "Our products not known there",
        "Productos nuestros que allí no se conocen",
        "Nos produits qu’on n’y connaît pas",
    ),
    "promotions": ("Promotions", "Promociones", "Promotions"),
    "promotions_note": (
        (
            "n = {n}, of which {running} {running:runs|run} and {running:has|have} no end yet. "
            "Depth: the lowest price below the former one."
        ),
        (
            "n = {n}, de las que {running} {running:sigue|siguen} sin fin. Profundidad: el "
            "precio más bajo frente al anterior."
        ),
        (
            "n = {n}, dont {running} en cours, sans fin. Profondeur : le prix le plus bas face "
            "à l’ancien."
        ),
    ),
    "column_began": ("From", "Desde", "Du"),
    "column_ended": ("To", "Hasta", "Au"),
    "column_days": ("Days", "Días", "Jours"),
    "column_former": ("Former", "Anterior", "Ancien"),
    "column_price": ("Price", "Precio", "Prix"),
    "column_depth": ("Depth", "Profundidad", "Profondeur"),
    "column_stars": ("Stars", "Estrellas", "Étoiles"),
    "column_share": ("Share", "Parte", "Part"),
    "column_observed": ("Weeks observed", "Semanas observadas", "Semaines observées"),
    "column_changes": ("Changes", "Cambios", "Changements"),
    "column_percent": ("Difference", "Diferencia", "Écart"),
    "column_times": ("Times", "Veces", "Fois"),
    "counted": ("How many changes", "Cuántos cambios", "Combien de changements"),
    "changes_note": (
        "n = {n} {n:change|changes}; of each day the largest first.",
        "n = {n} {n:cambio|cambios}; de cada día los mayores primero.",
        "n = {n} {n:changement|changements} ; les plus grands de chaque jour d’abord.",
    ),
    "column_frequency": ("Changes a week", "Cambios por semana", "Changements par semaine"),
    "column_moved": ("Moved", "Movidas", "Bougées"),
    "column_size": ("Size", "Tamaño", "Ampleur"),
    "figure_frequency": (
        "Price changes for each offer and week",
        "Cambios de precio por oferta y semana",
        "Changements de prix par offre et semaine",
    ),
    "figure_moved": (
        "Offers whose price moved",
        "Ofertas cuyo precio se movió",
        "Offres dont le prix a bougé",
    ),
    "figure_size": ("Median price change", "Mediana del cambio", "Changement médian"),
    "frequency_note": (
        "{n} {n:change|changes} in {weeks} offer weeks",
        "{n} {n:cambio|cambios} en {weeks} semanas de oferta",
        "{n} {n:changement|changements} en {weeks} semaines d’offre",
    ),
    "still": ("Nothing moved.", "Nada se movió.", "Rien n’a bougé."),
    "changes": ("Changes", "Cambios", "Changements"),
    "each": ("One row each", "Una fila cada uno", "Une ligne chacun"),
    "timeline": ("What happened", "Qué pasó", "Ce qui s’est passé"),
    "others": ("{n} {n:other|others}", "{n} más", "{n} {n:autre|autres}"),
    "stars": ("Ratings given there", "Valoraciones dadas allí", "Notes données là-bas"),
    "column_competitor": ("Competitor", "Competidor", "Concurrent"),
    "column_index": ("Index", "Índice", "Indice"),
    "column_coverage": ("Coverage", "Cobertura", "Couverture"),
    "column_offers": ("Offers", "Ofertas", "Offres"),
    "column_rating": ("Rating", "Valoración", "Note"),
    "column_reviews": ("Reviews", "Opiniones", "Avis"),
    "column_mystery": ("Visit score", "Nota de visita", "Note de visite"),
    "column_visits": ("Visits", "Visitas", "Visites"),
    "column_moves": ("Changes", "Cambios", "Changements"),
    "column_on": ("Day", "Día", "Jour"),
    "column_product": ("Product", "Producto", "Produit"),
    "column_what": ("What", "Qué", "Quoi"),
    "column_before": ("Before", "Antes", "Avant"),
    "column_after": ("After", "Después", "Après"),
    "what.price": ("price", "precio", "prix"),
    "what.promotion": ("promotion", "promoción", "promotion"),
    "what.stock-out": ("out of stock", "agotado", "rupture"),
    "what.back": ("in stock again", "otra vez disponible", "de retour"),
    "what.new": ("new", "nuevo", "nouveau"),
    "what.withdrawn": ("withdrawn", "retirado", "retiré"),
    "what.returned": ("returned", "vuelve a venderse", "revenu"),
}

PHRASES: Final = Phrases(_WORDS)
