"""The report's labels and sentences, each in all of its languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from regard.render.phrases import Phrases
from regard.render.words import LANGUAGES

__all__ = ["FIELDS", "LANGUAGES", "VALUES", "WORDS", "field_label", "say", "value_label"]

WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "title": ("Customers", "Clientes", "Clients"),
    "nothing": (
        "There is nothing yet: the store holds no customers and no purchases.",
        "Todavía no hay nada: el almacén no contiene ni clientes ni compras.",
        "Il n’y a encore rien : le magasin ne contient ni clients ni achats.",
    ),
    "nothing_do": (
        (
            "`regard run --all` reads the configured sources; "
            "`regard check` says what is missing; `regard look FILE` tries a file first."
        ),
        (
            "`regard run --all` lee las fuentes configuradas; "
            "`regard check` dice qué falta; `regard look FICHERO` prueba antes un fichero."
        ),
        (
            "`regard run --all` lit les sources configurées ; "
            "`regard check` dit ce qui manque ; `regard look FICHIER` essaie d’abord un fichier."
        ),
    ),
    "who": ("Who they are", "Quiénes son", "Qui ils sont"),
    "records_note": (
        (
            "These are customer records, not yet people: "
            "someone who stands in two sources, or twice in one, counts twice."
        ),
        (
            "Son registros de clientes, todavía no personas: "
            "quien está en dos fuentes, o dos veces en una, cuenta dos veces."
        ),
        (
            "Ce sont des fiches clients, pas encore des personnes : "
            "qui figure dans deux sources, ou deux fois dans une, compte deux fois."
        ),
    ),
    "total": ("Customer records", "Registros de clientes", "Fiches clients"),
    "new": ("New customers", "Clientes nuevos", "Nouveaux clients"),
    "created_unknown": (
        "{n} {n:record does|records do} not say when {n:it was|they were} created.",
        "{n} {n:registro no dice|registros no dicen} cuándo se {n:creó|crearon}.",
        (
            "{n} {n:fiche ne dit pas|fiches ne disent pas} quand "
            "{n:elle a été créée|elles ont été créées}."
        ),
    ),
    "customers_by": ("Customers by {fields}", "Clientes por {fields}", "Clients par {fields}"),
    "column_customers": ("Customers", "Clientes", "Clients"),
    "column_share": ("Share", "Parte", "Part"),
    "column_new": ("New", "Nuevos", "Nouveaux"),
    "others": ("{n} {n:other|others}", "{n:otro|otros} {n}", "{n} {n:autre|autres}"),
    "base_customers": (
        "n = {n} customer {n:record|records}",
        "n = {n} {n:registro|registros} de clientes",
        "n = {n} {n:fiche client|fiches clients}",
    ),
    "buy": ("What they buy", "Qué compran", "Ce qu’ils achètent"),
    "no_purchases": (
        "No sales are stored for this period.",
        "No hay ventas guardadas en este periodo.",
        "Aucune vente n’est enregistrée pour cette période.",
    ),
    "purchases": ("Purchases", "Compras", "Achats"),
    "lines_note": (
        "{lines} {lines:line|lines}; lines of one order are one purchase.",
        "{lines} {lines:línea|líneas}; las líneas de un pedido son una compra.",
        "{lines} {lines:ligne|lignes} ; les lignes d’une commande font un achat.",
    ),
    "revenue": (
        "Revenue in {currency}",
        "Ingresos en {currency}",
        "Chiffre d’affaires en {currency}",
    ),
    "revenue_unknown": (
        "Revenue, currency unknown",
        "Ingresos, moneda desconocida",
        "Chiffre d’affaires, devise inconnue",
    ),
    "refunds_note": (
        "Sales less refunds; {refunds} {refunds:line|lines} refunded.",
        "Ventas menos devoluciones; {refunds} {refunds:línea devuelta|líneas devueltas}.",
        ("Ventes moins remboursements ; {refunds} {refunds:ligne remboursée|lignes remboursées}."),
    ),
    "amount_note": (
        "{n} {n:line has|lines have} no amount.",
        "{n} {n:línea no tiene|líneas no tienen} importe.",
        "{n} {n:ligne n’a|lignes n’ont} pas de montant.",
    ),
    "payments": ("Payments in {currency}", "Pagos en {currency}", "Paiements en {currency}"),
    "payments_unknown": (
        "Payments, currency unknown",
        "Pagos, moneda desconocida",
        "Paiements, devise inconnue",
    ),
    "payments_note": (
        "{n} {n:payment|payments}, no revenue: what was paid may be among the sales already.",
        "{n} {n:pago|pagos}, no son ingresos: lo pagado puede estar ya entre las ventas.",
        (
            "{n} {n:paiement|paiements}, hors chiffre d’affaires : "
            "ce qui a été payé peut déjà figurer parmi les ventes."
        ),
    ),
    "gap": (
        "Median days between purchases",
        "Mediana de días entre compras",
        "Médiane des jours entre deux achats",
    ),
    "gap_note": (
        "Of customers who bought on at least two days; {buyers} bought at all.",
        "De los clientes que compraron al menos en dos días; en total compraron {buyers}.",
        "Des clients ayant acheté au moins deux jours ; {buyers} ont acheté en tout.",
    ),
    "undated": (
        (
            "{n} purchase {n:line has no date and belongs|lines have no date and belong} "
            "to no period."
        ),
        (
            "{n} {n:línea de compra no tiene|líneas de compra no tienen} fecha "
            "y no {n:pertenece|pertenecen} a ningún periodo."
        ),
        (
            "{n} {n:ligne d’achat n’a|lignes d’achat n’ont} pas de date "
            "et {n:n’appartient|n’appartiennent} à aucune période."
        ),
    ),
    "not_bought": ("What they did not buy", "Qué no compraron", "Ce qu’ils n’ont pas acheté"),
    "not_made": ("Purchases not made", "Compras no realizadas", "Achats non conclus"),
    "not_made_note": (
        "{not_made} cancelled, abandoned or lost of {n} decided, sales and pipeline together.",
        (
            "{not_made} {not_made:cancelada, abandonada o perdida|canceladas, abandonadas o "
            "perdidas} de {n} {n:decidida|decididas}, ventas y embudo juntos."
        ),
        (
            "{not_made} {not_made:annulé, abandonné ou perdu|annulés, abandonnés ou perdus} "
            "sur {n} {n:décidé|décidés}, ventes et prospects ensemble."
        ),
    ),
    "open": ("Quoted, still open", "Presupuestadas, aún abiertas", "Devis encore ouverts"),
    "status_unknown": (
        "{n} {n:purchase has no status and is|purchases have no status and are} in no share.",
        (
            "{n} {n:compra no tiene estado y no entra|compras no tienen estado y no entran} "
            "en ninguna parte."
        ),
        (
            "{n} {n:achat n’a pas de statut et n’entre|achats n’ont pas de statut et n’entrent} "
            "dans aucune part."
        ),
    ),
    "by_basis": ("By basis", "Por base", "Par base"),
    "column_basis": ("Basis", "Base", "Base"),
    "column_made": ("Made", "Realizadas", "Conclus"),
    "column_not_made": ("Not made", "No realizadas", "Non conclus"),
    "column_open": ("Open", "Abiertas", "Ouverts"),
    "column_unknown": ("No status", "Sin estado", "Sans statut"),
    "reasons": (
        "Why they were not made",
        "Por qué no se realizaron",
        "Pourquoi ils n’ont pas abouti",
    ),
    "column_status": ("What happened", "Qué pasó", "Ce qui s’est passé"),
    "column_reason": ("Reason", "Motivo", "Motif"),
    "column_purchases": ("Purchases", "Compras", "Achats"),
    "base_not_made": (
        "n = {n} {n:purchase|purchases} not made",
        "n = {n} {n:compra no realizada|compras no realizadas}",
        "n = {n} {n:achat non conclu|achats non conclus}",
    ),
    "lost_to": ("Lost to", "Perdidas ante", "Perdus au profit de"),
    "column_competitor": ("Competitor", "Competidor", "Concurrent"),
    "base_lost": (
        "n = {n} {n:purchase|purchases} lost",
        "n = {n} {n:compra perdida|compras perdidas}",
        "n = {n} {n:achat perdu|achats perdus}",
    ),
    "top": ("Who buys most", "Quiénes compran más", "Qui achète le plus"),
    "top_in": (
        "Top customers in {currency}",
        "Mejores clientes en {currency}",
        "Meilleurs clients en {currency}",
    ),
    "top_unknown": (
        "Top customers, currency unknown",
        "Mejores clientes, moneda desconocida",
        "Meilleurs clients, devise inconnue",
    ),
    "column_rank": ("Rank", "Puesto", "Rang"),
    "column_customer": ("Customer", "Cliente", "Client"),
    "column_source": ("Source", "Fuente", "Source"),
    "column_last": ("Last purchase", "Última compra", "Dernier achat"),
    "column_revenue": ("Revenue", "Ingresos", "Chiffre d’affaires"),
    "tied_note": (
        (
            "{customers} {customers:customer|customers} behind {tied} of {n} {n:line|lines} sold; "
            "{untied} {untied:is|are} nobody’s."
        ),
        (
            "{customers} {customers:cliente|clientes} tras {tied} de {n} "
            "{n:línea vendida|líneas vendidas}; {untied} no {untied:es|son} de nadie."
        ),
        (
            "{customers} {customers:client|clients} pour {tied} sur {n} "
            "{n:ligne vendue|lignes vendues} ; {untied} {untied:n’est|ne sont} à personne."
        ),
    ),
    "finding_untied": (
        (
            "{percent} % of the lines sold are tied to no customer: "
            "what is said of customers rests on the others."
        ),
        (
            "El {percent} % de las líneas vendidas no está ligado a ningún cliente: "
            "lo que se dice de los clientes se apoya en las demás."
        ),
        (
            "{percent} % des lignes vendues ne sont liées à aucun client : "
            "ce qui est dit des clients repose sur les autres."
        ),
    ),
    "why_untied": (
        "A line needs a customer’s key, or an e-mail that exactly one customer of its source has.",
        (
            "Una línea necesita la clave de un cliente, o un correo que tenga exactamente "
            "un cliente de su fuente."
        ),
        (
            "Une ligne a besoin de la clé d’un client, ou d’une adresse qu’un seul client de sa "
            "source possède."
        ),
    ),
    "finding_currency": (
        (
            "{n} {n:line sold has|lines sold have} no currency; "
            "{n:it is|they are} shown apart and added to nothing."
        ),
        (
            "{n} {n:línea vendida no tiene|líneas vendidas no tienen} moneda; "
            "se {n:muestra|muestran} aparte y no se {n:suma|suman} a nada."
        ),
        (
            "{n} {n:ligne vendue n’a|lignes vendues n’ont} pas de devise ; "
            "{n:elle est montrée|elles sont montrées} à part, sans être "
            "{n:ajoutée|ajoutées}."
        ),
    ),
}

FIELDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "acquisition_source": ("acquisition source", "origen de captación", "source d’acquisition"),
    "age_band": ("age band", "tramo de edad", "tranche d’âge"),
    "city": ("city", "ciudad", "ville"),
    "company": ("company", "empresa", "entreprise"),
    "consent": ("consent", "consentimiento", "consentement"),
    "country": ("country", "país", "pays"),
    "language": ("language", "idioma", "langue"),
    "region": ("region", "región", "région"),
    "segment": ("segment", "segmento", "segment"),
    "sex": ("sex", "sexo", "sexe"),
    "source": ("source", "fuente", "source"),
    "type": ("type", "tipo", "type"),
}

VALUES: Final[Mapping[str, tuple[str, str, str]]] = {
    "status.cancelled": ("cancelled", "cancelada", "annulé"),
    "status.abandoned": ("abandoned", "abandonada", "abandonné"),
    "status.lost": ("lost", "perdida", "perdu"),
    "basis.sale": ("sales", "ventas", "ventes"),
    "basis.payment": ("payments", "pagos", "paiements"),
    "basis.pipeline": ("pipeline", "embudo", "prospects"),
    "type.person": ("person", "persona", "personne"),
    "type.organisation": ("organisation", "organización", "organisation"),
    "consent.true": ("yes", "sí", "oui"),
    "consent.false": ("no", "no", "non"),
}


_WORDS: Final = Phrases(WORDS)
_VALUES: Final = Phrases(VALUES)
_FIELDS: Final = Phrases({f"field.{name}": texts for name, texts in FIELDS.items()})


def say(name: str, language: str, **values: str | int) -> str:
    """Return a label or sentence in a language, with values put in."""
    return _WORDS.say(name, language, **values)


def field_label(name: str, language: str) -> str:
    """Return how a field of customers is called; one that is not ours keeps its name."""
    return _FIELDS.label("field", name, language) or name


def value_label(field: str, value: str | None, language: str) -> str | None:
    """Return how a value is called; None, and values that are not ours, stay as they are."""
    return _VALUES.label(field, value, language)
