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
    "shipping": ("Shipping", "Envío", "Livraison"),
    "shipping_unsaid": (
        "Of {n} {n:offer|offers} none says anything of shipping.",
        "De {n} {n:oferta|ofertas} ninguna dice nada del envío.",
        "Sur {n} {n:offre|offres}, aucune ne parle de livraison.",
    ),
    "shipping_stated": (
        "Offers that state shipping",
        "Ofertas que indican el envío",
        "Offres qui indiquent la livraison",
    ),
    "free_seen_from": (
        "Ships free from a price of",
        "Envío gratis desde un precio de",
        "Livraison gratuite dès un prix de",
    ),
    "charged_to": (
        "As seen; the dearest offer with paid shipping costs {price}.",
        "Según lo visto; la oferta más cara con envío de pago cuesta {price}.",
        "D’après ce qu’on voit ; l’offre la plus chère à livraison payante coûte {price}.",
    ),
    "terms": ("Shipping terms", "Condiciones de envío", "Conditions de livraison"),
    "terms_note": (
        (
            "n = {n} {n:offer|offers}. Free from: the value of an order. Since: the first day "
            "on which an offer was seen with these terms."
        ),
        (
            "n = {n} {n:oferta|ofertas}. Gratis desde: el valor del pedido. Desde el: el primer "
            "día en que se vio una oferta con estas condiciones."
        ),
        (
            "n = {n} {n:offre|offres}. Gratuite dès : la valeur de la commande. Depuis : le "
            "premier jour où une offre a été vue à ces conditions."
        ),
    ),
    "terms_note_short": (
        "n = {n} {n:offer|offers}. Since: the first day on which an offer was seen with it.",
        "n = {n} {n:oferta|ofertas}. Desde el: el primer día en que se vio una oferta así.",
        "n = {n} {n:offre|offres}. Depuis : le premier jour où une offre a été vue ainsi.",
    ),
    "shipping_changes": (
        "Changes of shipping",
        "Cambios del envío",
        "Changements de livraison",
    ),
    "shipping_changes_note": (
        (
            "Offers that changed alike on one day are one row; one whose price alone made its "
            "shipping free is none."
        ),
        (
            "Las ofertas que cambiaron igual el mismo día son una fila; no cuenta la que solo por "
            "su precio pasó a envío gratis."
        ),
        (
            "Les offres qui ont changé de même le même jour font une ligne ; celle dont seul le "
            "prix a rendu la livraison gratuite ne compte pas."
        ),
    ),
    "column_shipping": ("Shipping", "Envío", "Livraison"),
    "column_free_from": ("Free from", "Gratis desde", "Gratuite dès"),
    "column_since": ("Since", "Desde el", "Depuis"),
    "column_free_before": ("Free from, before", "Gratis desde, antes", "Gratuite dès, avant"),
    "column_free_after": ("Free from, after", "Gratis desde, después", "Gratuite dès, après"),
    "lacked": (
        "What it has and we lack",
        "Lo que tiene y nos falta",
        "Ce qu’il a et qui nous manque",
    ),
    "lacked_table": (
        "Articles not known to be ours",
        "Artículos que no se sabe que sean nuestros",
        "Articles qu’on ne sait pas être nôtres",
    ),
    "lacked_note": (
        (
            "n = {n} {n:article|articles} in {offers} {offers:offer|offers}; the most reviewed "
            "first. Rating: 1 to 5, of the reviews held. `regard match list` proposes which of "
            "them may be ours."
        ),
        (
            "n = {n} {n:artículo|artículos} en {offers} {offers:oferta|ofertas}; primero los de "
            "más opiniones. Valoración: de 1 a 5, de las que tenemos. `regard match list` "
            "propone cuáles pueden ser nuestros."
        ),
        (
            "n = {n} {n:article|articles} en {offers} {offers:offre|offres} ; ceux qui ont le "
            "plus d’avis d’abord. Note : de 1 à 5, des avis détenus. `regard match list` "
            "propose lesquels peuvent être nôtres."
        ),
    ),
    "lacked_categories": ("By category", "Por categoría", "Par catégorie"),
    "no_category": (
        "{n} more {n:has|have} no category.",
        "{n} más no {n:tiene|tienen} categoría.",
        "{n} de plus {n:n’a|n’ont} pas de catégorie.",
    ),
    "sold_out": (
        "{product} (out of stock)",
        "{product} (agotado)",
        "{product} (en rupture)",
    ),
    "column_brand": ("Brand", "Marca", "Marque"),
    "column_category": ("Category", "Categoría", "Catégorie"),
    "column_articles": ("Articles", "Artículos", "Articles"),
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
