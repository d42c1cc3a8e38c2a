"""The report's labels and sentences, each in all of its languages."""

from __future__ import annotations

from typing import Final

from regard.render.phrases import Phrases, Texts

__all__ = ["PHRASES"]

_WORDS: Final[Texts] = {
    "title": ("Reviews", "Opiniones", "Avis"),
    "rated": ("How we are rated", "Cómo nos valoran", "Comment on nous note"),
    "nothing": (
        (
            'There are no reviews of this period. A source with `plugin = "web-reviews"` reads '
            "them; `regard site add URL` writes a site’s file."
        ),
        (
            'No hay opiniones de este periodo. Una fuente con `plugin = "web-reviews"` las lee; '
            "`regard site add URL` escribe el fichero de un sitio."
        ),
        (
            'Il n’y a aucun avis de cette période. Une source avec `plugin = "web-reviews"` les '
            "lit ; `regard site add URL` écrit le fichier d’un site."
        ),
    ),
    "us": ("We", "Nosotros", "Nous"),
    "table": ("Ratings, 1 to 5", "Valoraciones, de 1 a 5", "Notes, de 1 à 5"),
    "table_note": (
        "Means of all scales brought to 1 to 5. Answered: of all reviews; the median of days.",
        "Medias de todas las escalas llevadas a 1-5. Respondidas: de todas; mediana de días.",
        "Moyennes ramenées de 1 à 5. Répondus : de tous les avis ; médiane des jours.",
    ),
    "twice": (
        "{n} {n:was|were} seen in two sources or more and {n:counts|count} once.",
        "{n} se {n:vio|vieron} en dos fuentes o más y {n:cuenta|cuentan} una vez.",
        (
            "{n} {n:a été vu|ont été vus} dans deux sources ou plus et ne {n:compte|comptent} "
            "qu’une fois."
        ),
    ),
    "hidden": (
        "Not counted: {n} that {n:is|are} not public (pending, flagged or removed).",
        (
            "Sin contar: {n} que no {n:es pública|son públicas} (pendientes, denunciadas o "
            "retiradas)."
        ),
        (
            "Non comptés : {n} qui {n:n’est pas public|ne sont pas publics} (en attente, "
            "signalés ou retirés)."
        ),
    ),
    "strange": (
        (
            "Not counted: {n} with a status that nobody knows, {words}; say under `values` of "
            "the source’s map whether it is live or removed."
        ),
        (
            "Sin contar: {n} con un estado que nadie conoce, {words}; diga en `values` del mapa "
            "de la fuente si es live o removed."
        ),
        (
            "Non comptés : {n} avec un statut que personne ne connaît, {words} ; dites sous "
            "`values` de la carte de la source si c’est live ou removed."
        ),
    ),
    "held_table": (
        "Against what the sites state",
        "Frente a lo que dicen los sitios",
        "Face à ce que disent les sites",
    ),
    "held_note": (
        "All reviews of any time; stated: the counts on the pages themselves.",
        "Todas las opiniones, de cualquier fecha; declaradas: lo que dicen las páginas.",
        "Tous les avis, de toute date ; annoncés : les nombres que donnent les pages.",
    ),
    "held_loose": (
        "{n} of them count stars without a text, too, which no page shows.",
        "{n} de ellas cuentan también estrellas sin texto, que ninguna página enseña.",
        "{n} d’entre eux comptent aussi des étoiles sans texte, qu’aucune page ne montre.",
    ),
    "bad": ("The newest bad ones", "Las malas más recientes", "Les mauvais les plus récents"),
    "bad_table": (
        "Two stars of five or fewer",
        "Dos estrellas de cinco o menos",
        "Deux étoiles sur cinq ou moins",
    ),
    "bad_note": (
        "Addresses and numbers in texts are masked.",
        "Las direcciones y los números de los textos están ocultos.",
        "Les adresses et les numéros des textes sont masqués.",
    ),
    "finding_worse": (
        "We are rated {ours}, {competitor} {theirs}: more than chance explains.",
        "Nos valoran con {ours}, a {competitor} con {theirs}: más de lo que explica el azar.",
        "Nous sommes notés {ours}, {competitor} {theirs} : plus que n’explique le hasard.",
    ),
    "finding_fell": (
        "{whose}: rated {late} in the last {days} days, {before} before.",
        "{whose}: {late} de media en los últimos {days} días, {before} antes.",
        "{whose} : {late} en moyenne ces {days} derniers jours, {before} avant.",
    ),
    "finding_rose": (
        "{whose}: rated {late} in the last {days} days, up from {before} before.",
        "{whose}: {late} de media en los últimos {days} días, frente a {before} antes.",
        "{whose} : {late} en moyenne ces {days} derniers jours, contre {before} avant.",
    ),
    "monthly": ("Month by month", "Mes a mes", "Mois par mois"),
    "series": ("Rating of {whose}", "Valoración de {whose}", "Note de {whose}"),
    "our_series": ("Our rating", "Nuestra valoración", "Notre note"),
    "column_held": ("Held", "Tenemos", "Détenus"),
    "column_stated": ("Stated", "Declaradas", "Annoncés"),
    "column_coverage": ("Coverage", "Cobertura", "Couverture"),
    "column_whose": ("Whose", "De quién", "De qui"),
    "column_rating": ("Rating", "Valoración", "Note"),
    "column_low": ("95 % from", "95 % desde", "95 % de"),
    "column_high": ("95 % to", "95 % hasta", "95 % à"),
    "column_n": ("Rated", "Valoradas", "Notés"),
    "column_reviews": ("Reviews", "Opiniones", "Avis"),
    "column_replied": ("Answered", "Respondidas", "Répondus"),
    "column_days": ("Reply after", "Respuesta tras", "Réponse après"),
    "column_on": ("Day", "Día", "Jour"),
    "column_product": ("Product", "Producto", "Produit"),
    "column_said": ("What it says", "Qué dice", "Ce qu’il dit"),
}

PHRASES: Final = Phrases(_WORDS)
