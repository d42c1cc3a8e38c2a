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
        "Ratings of all scales brought to 1 to 5; intervals of 95 %.",
        "Valoraciones de todas las escalas llevadas a 1 a 5; intervalos del 95 %.",
        "Notes de toutes les échelles ramenées de 1 à 5 ; intervalles à 95 %.",
    ),
    "bad": ("The newest bad ones", "Las malas más recientes", "Les mauvais les plus récents"),
    "bad_table": ("Two stars or fewer", "Dos estrellas o menos", "Deux étoiles ou moins"),
    "bad_note": (
        "Two stars of five or fewer; addresses and numbers in texts are masked.",
        "Dos estrellas de cinco o menos; direcciones y números en los textos están ocultos.",
        "Deux étoiles sur cinq ou moins ; adresses et numéros sont masqués dans les textes.",
    ),
    "finding_worse": (
        "We are rated {ours}, {competitor} {theirs}: more than chance explains.",
        "Nos valoran con {ours}, a {competitor} con {theirs}: más de lo que explica el azar.",
        "Nous sommes notés {ours}, {competitor} {theirs} : plus que n’explique le hasard.",
    ),
    "series": ("Rating of {whose}", "Valoración de {whose}", "Note de {whose}"),
    "column_whose": ("Whose", "De quién", "De qui"),
    "column_rating": ("Rating", "Valoración", "Note"),
    "column_low": ("From", "Desde", "De"),
    "column_high": ("To", "Hasta", "À"),
    "column_n": ("Rated", "Valoradas", "Notés"),
    "column_reviews": ("Reviews", "Opiniones", "Avis"),
    "column_replied": ("Answered", "Respondidas", "Répondus"),
    "column_days": ("After", "Después", "Après"),
    "column_on": ("Day", "Día", "Jour"),
    "column_product": ("Product", "Producto", "Produit"),
    "column_said": ("What it says", "Qué dice", "Ce qu’il dit"),
}

PHRASES: Final = Phrases(_WORDS)
