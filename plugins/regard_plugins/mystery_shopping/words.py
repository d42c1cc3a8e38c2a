"""
What people call things in forms and workbooks, in English, Spanish and French.

All words are folded: without accents, in lower case (see `regard.mapping.headers.fold`).
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from regard.mapping.headers import fold

__all__ = [
    "ITEM_HEADS",
    "MAXIMA",
    "NOT_APPLICABLE",
    "NO_WORDS",
    "PARTS",
    "ROLES",
    "SECTION_HEADS",
    "STATES",
    "WEIGHTS",
    "YES_WORDS",
    "Part",
    "State",
    "is_total",
    "text_key",
    "whole_key",
]

State: TypeAlias = Literal["draft", "submitted", "approved", "rejected"]
Part: TypeAlias = Literal["answer", "points", "comment"]

NOT_APPLICABLE: Final = frozenset(
    (
        *("na", "n/a", "n.a", "n.a.", "np", "n/p", "n.p", "n.p.", "so", "s/o", "s.o", "s.o."),
        *("no procede", "no_procede", "no aplica", "no_aplica", "sans objet", "sans_objet"),
        *("non applicable", "non_applicable", "not applicable", "not_applicable", "-", "--"),
    )
)
"""Answers that say that an item does not apply, where a form does not say otherwise."""

YES_WORDS: Final = frozenset(
    ("si", "yes", "oui", "sim", "ja", "true", "vrai", "verdadero", "1", "y", "s", "o")
)
NO_WORDS: Final = frozenset(["no", "non", "nao", "nein", "false", "faux", "falso", "0", "n"])

STATES: Final[dict[str, State]] = {
    **dict.fromkeys(
        (
            *("draft", "borrador", "brouillon", "in progress", "en curso", "en cours"),
            *("incomplete", "incompleto", "incompleta"),
        ),
        "draft",
    ),
    **dict.fromkeys(
        (
            *("submitted", "received", "edited", "hasissues", "none", "on hold", "not reviewed"),
            *("validation_status_on_hold", "enviada", "enviado", "recibida", "pendiente"),
            *("pendiente de revision", "en revision", "soumis", "soumise", "envoyee", "recue"),
            *("en attente", "pending", "{}"),
        ),
        "submitted",
    ),
    **dict.fromkeys(
        (
            *("approved", "validation_status_approved", "accepted", "validated", "aprobada"),
            *("aprobado", "validada", "validado", "aceptada", "approuvee", "approuve", "validee"),
            *("valide", "ok"),
        ),
        "approved",
    ),
    **dict.fromkeys(
        (
            *("rejected", "validation_status_not_approved", "not approved", "declined"),
            *("rechazada", "rechazado", "anulada", "no valida", "rejetee", "rejete", "refusee"),
        ),
        "rejected",
    ),
}
"""What tools and agencies call the states of a review."""

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "visit": (
        *("_uuid", "meta/instanceid", "meta-instanceid", "meta.instanceid", "instanceid", "key"),
        *("__id", "_id", "visit_id", "visit id", "visit", "visit no", "visit number"),
        *("id visita", "id de visita", "id de la visita", "no visita", "n visita", "visita"),
        *("numero de visita", "num. visita", "cod. visita", "codigo visita", "codigo de visita"),
        *("id visite", "id de visite", "no visite", "n visite", "visite", "numero de visite"),
        *("reference", "referencia", "ref", "ref.", "code", "codigo", "cod.", "id"),
    ),
    "place": (
        *("place", "store", "shop", "branch", "location", "outlet", "store code", "store name"),
        *("tienda", "establecimiento", "local", "centro", "sucursal", "oficina", "punto de venta"),
        *("nombre tienda", "nombre de la tienda", "cod. tienda", "codigo tienda", "pdv"),
        *("magasin", "boutique", "agence", "point de vente", "etablissement", "enseigne/magasin"),
    ),
    "visited_at": (
        *("visited_at", "visit_date", "visit date", "date of visit", "visited on", "visited at"),
        *("fecha de visita", "fecha de la visita", "fecha visita", "fecha_visita", "fecha"),
        *("fecha y hora", "date de visite", "date de la visite", "date visite", "date_visite"),
        "date",
    ),
    "evaluator": (
        *("evaluator", "shopper", "mystery shopper", "auditor", "assessor", "visitor"),
        *("evaluador", "evaluadora", "evaluador/a", "cliente misterioso", "auditora"),
        *("visiteur", "visiteuse", "enqueteur", "enquetrice", "client mystere", "evaluateur"),
        *("submittername", "__system.submittername", "_submitted_by", "username"),
    ),
    "subject": (
        *("subject", "competitor", "brand", "competidor", "competencia", "marca", "ensena"),
        *("concurrent", "marque", "enseigne", "marca visitada", "ensena visitada", "cadena"),
        *("competidor visitado", "brand visited", "marque visitee", "enseigne visitee"),
    ),
    "wave": ("wave", "round", "ola", "oleada", "vague", "periodo", "period", "campagne"),
    "state": (
        *("_validation_status.uid", "_validation_status", "_validation_status.label"),
        *("reviewstate", "__system.reviewstate", "review_status", "review status"),
        *("estado", "estado de la visita", "estado visita", "statut", "etat", "state", "status"),
    ),
    "version": (
        *("__version__", "formversion", "__system.formversion", "formdef_version", "_version_"),
        *("form version", "version"),
    ),
    "stated_score": (
        *("stated_score", "total score", "overall score", "total", "score", "% total", "total %"),
        *("puntuacion total", "puntuacion", "nota", "nota final", "resultado", "resultado final"),
        *("total general", "total visita", "cumplimiento", "% cumplimiento", "puntos totales"),
        *("note globale", "note totale", "note", "note finale", "score total", "resultat"),
        "total puntos",
    ),
}
"""The columns of a visit that are no items, and what they are usually called; the first goes."""

PARTS: Final[dict[str, Part]] = {
    **dict.fromkeys(
        (
            *("answer", "response", "value", "rating", "respuesta", "resp", "resp.", "valor"),
            *("valoracion", "reponse", "rep.", "valeur", "cumple", "si/no", "resultado"),
        ),
        "answer",
    ),
    **dict.fromkeys(
        (
            *("points", "pts", "pts.", "score", "puntos", "puntuacion", "punt.", "nota"),
            *("note", "note obtenue", "puntos obtenidos", "points obtenus"),
        ),
        "points",
    ),
    **dict.fromkeys(
        (
            *("comment", "comments", "remark", "remarks", "comentario", "comentarios", "obs"),
            *("obs.", "observaciones", "observacion", "commentaire", "commentaires", "remarque"),
            *("remarques", "notas", "notes"),
        ),
        "comment",
    ),
}
"""Columns that belong to an item."""

ITEM_HEADS: Final = frozenset(
    (
        *("item", "question", "criterion", "criteria", "pregunta", "preguntas", "criterio"),
        *("criterios", "aspecto", "indicador", "concepto", "critere", "criteres", "questions"),
        *("items", "standard", "estandar", "enunciado", "intitule"),
    )
)
SECTION_HEADS: Final = frozenset(
    ("section", "block", "area", "seccion", "bloque", "apartado", "categoria", "rubrique", "bloc")
)

MAXIMA: Final = frozenset(
    (
        *("max", "max.", "maximum", "max points", "max. points", "points possible", "out of"),
        *("maximo", "puntos max", "puntos max.", "puntos maximos", "puntos posibles", "posibles"),
        *("points max", "points max.", "points possibles", "note max", "note maximale", "bareme"),
        *("puntuacion maxima", "valor maximo", "sobre"),
    )
)
"""Columns with the most that an item earns."""

WEIGHTS: Final = frozenset(
    (
        *("weight", "weighting", "peso", "ponderacion", "pond", "pond.", "poids", "ponderation"),
        *("coef", "coef.", "coefficient", "coeficiente"),
    )
)
"""Columns with the weight of an item."""

_TOTALS = re.compile(
    r"(?:grand |gran |sub[ -]?|sous[ -]?)?(?:totals?|totales|totaux|suma|sum|somme|average|mean|"
    r"media|promedio|moyenne|resumen|summary)\b.{0,60}"
)
_FIGURE = re.compile(r"[\d.,\s%/€$£+()-]*")

_NUMBERING = re.compile(
    r"(?:[a-z]{0,2}\d{1,3}(?:[.\-]\d{1,3})*\s*[.):\-]+(?!\d)|[a-z]\s*\))\s*|\d[\d.]*\s+"
)
_AROUND = "¿?¡!:;.,*-_ "


def is_total(text: str, *others: str) -> bool:
    """
    Say whether a row sums others up: it begins like one, and there are only figures beside.

    A place may be called Total, and an item may ask for half an hour, "media hora".

    Args:
        text: What stands first.
        others: What stands beside it.
    """
    return _TOTALS.fullmatch(fold(text)) is not None and all(map(_FIGURE.fullmatch, others))


def text_key(text: str) -> str:
    """
    Return an item's text in the form in which items are compared.

    Numbers in front (``1.2``, ``P3.``, ``a)``) and signs around make no difference.
    """
    folded = fold(text)
    numbered = _NUMBERING.match(folded)
    bare = (folded[numbered.end() :] if numbered else folded).strip(_AROUND)
    return bare or folded.strip(_AROUND)


def whole_key(text: str) -> str:
    """Return the same with the number in front, which may be all that differs."""
    return fold(text).strip(_AROUND)
