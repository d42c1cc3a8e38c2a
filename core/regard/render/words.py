"""The few words that renderers add to a report, in its language."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["LANGUAGES", "WORDS", "locale_of", "unit", "word"]

LANGUAGES = ("en", "es", "fr")

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "findings": "Findings",
        "finding": "{mark}: {text}",
        "info": "info",
        "warning": "warning",
        "critical": "critical",
        "unknown": "unknown",
        "none": "–",
        "made": "made {at}",
        "from_to": "{since} to {until}",
        "from": "since {since}",
        "to": "until {until}",
        "on": "{day}",
        "interval": "95 %: {low} to {high}",
        "range": "{low} to {high}",
        "small": "Fewer than {n}: read it with care.",
        "value": "Value",
        "month": "Month",
        "week": "Week from",
        "day": "Day",
        "sources": "Sources",
        "source": "Source",
        "records": "Records",
        "last_run": "Last read",
        "outcome": "Outcome",
        "newest": "Newest record",
        "quarantined": "Refused",
        "never": "never",
        "ok": "ok",
        "partial": "partial",
        "failed": "failed",
        "skipped": "skipped",
        "counts": "sections: {sections}, figures: {figures}, tables: {tables}, "
        "findings: {findings}; sources: {sources}, records: {records}",
    },
    "es": {
        "findings": "Hallazgos",
        "finding": "{mark}: {text}",
        "info": "información",
        "warning": "atención",
        "critical": "crítico",
        "unknown": "desconocido",
        "none": "–",
        "made": "hecho el {at}",
        "from_to": "del {since} al {until}",
        "from": "desde el {since}",
        "to": "hasta el {until}",
        "on": "{day}",
        "interval": "95 %: de {low} a {high}",
        "range": "de {low} a {high}",
        "small": "Menos de {n}: léase con cautela.",
        "value": "Valor",
        "month": "Mes",
        "week": "Semana del",
        "day": "Día",
        "sources": "Fuentes",
        "source": "Fuente",
        "records": "Registros",
        "last_run": "Última lectura",
        "outcome": "Resultado",
        "newest": "Registro más reciente",
        "quarantined": "Rechazados",
        "never": "nunca",
        "ok": "bien",
        "partial": "parcial",
        "failed": "fallida",
        "skipped": "omitida",
        "counts": "secciones: {sections}, cifras: {figures}, tablas: {tables}, "
        "hallazgos: {findings}; fuentes: {sources}, registros: {records}",
    },
    "fr": {
        "findings": "Constats",
        "finding": "{mark} : {text}",
        "info": "information",
        "warning": "attention",
        "critical": "critique",
        "unknown": "inconnu",
        "none": "–",
        "made": "établi le {at}",
        "from_to": "du {since} au {until}",
        "from": "depuis le {since}",
        "to": "jusqu’au {until}",
        "on": "{day}",
        "interval": "95 % : de {low} à {high}",
        "range": "de {low} à {high}",
        "small": "Moins de {n} : à lire avec prudence.",
        "value": "Valeur",
        "month": "Mois",
        "week": "Semaine du",
        "day": "Jour",
        "sources": "Sources",
        "source": "Source",
        "records": "Enregistrements",
        "last_run": "Dernière lecture",
        "outcome": "Résultat",
        "newest": "Enregistrement le plus récent",
        "quarantined": "Refusés",
        "never": "jamais",
        "ok": "bien",
        "partial": "partielle",
        "failed": "échouée",
        "skipped": "omise",
        "counts": "sections : {sections}, chiffres : {figures}, tableaux : {tables}, "
        "constats : {findings} ; sources : {sources}, enregistrements : {records}",
    },
}

_UNITS: Mapping[str, Mapping[str, str]] = {
    "en": {},
    "es": {
        "customers": "clientes",
        "purchases": "compras",
        "lines": "líneas",
        "days": "días",
        "records": "registros",
        "points": "puntos",
        "seconds": "segundos",
        "hours": "horas",
        "responses": "respuestas",
        "answers": "respuestas",
        "visits": "visitas",
        "pages": "páginas",
        "contacts": "contactos",
        "suggestions": "sugerencias",
    },
    "fr": {
        "customers": "clients",
        "purchases": "achats",
        "lines": "lignes",
        "days": "jours",
        "records": "enregistrements",
        "points": "points",
        "seconds": "secondes",
        "hours": "heures",
        "responses": "réponses",
        "answers": "réponses",
        "visits": "visites",
        "pages": "pages",
        "contacts": "contacts",
        "suggestions": "suggestions",
    },
}

_COUNTED = frozenset(_UNITS["fr"])
"""Units of which the singular lacks the last letter, in all of our languages."""


def locale_of(language: str) -> str:
    """Return the language whose words and number forms are used: English for unknown ones."""
    return language if language in LANGUAGES else "en"


def word(name: str, language: str, **values: str) -> str:
    """Return one of our words or sentences, with values put in."""
    return WORDS[locale_of(language)][name].format(**values)


def unit(name: str, language: str, *, one: bool = False) -> str:
    """
    Return a unit's name as people read it; codes and unknown units stay as they are.

    Args:
        name: As reports give it, in English and in the plural.
        language: ``en``, ``es`` or ``fr``.
        one: There is only one of it.
    """
    said = _UNITS[locale_of(language)].get(name, name)
    return said.removesuffix("s") if one and name in _COUNTED else said
