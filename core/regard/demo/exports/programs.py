"""How mail programs write an answer: what somebody typed, a signature, and what is answered to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from regard.demo.seasons import ZONE

__all__ = ["PROGRAMS", "Quoted", "answer_of"]

PROGRAMS: Final = ("Gmail", "Outlook", "Apple Mail", "Thunderbird")

_DAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}
_MONTHS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June", "July", "August"),
        *("September", "October", "November", "December"),
    ),
    "es": (
        *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto"),
        *("septiembre", "octubre", "noviembre", "diciembre"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août"),
        *("septembre", "octobre", "novembre", "décembre"),
    ),
}
_GMAIL: Final = {
    "en": "On {weekday:.3}, {day} {month:.3} {year} at {clock}, {name} <{address}> wrote:",
    "es": "El {weekday:.3}, {day} {month:.3} {year} a las {clock}, {name} (<{address}>) escribió:",
    "fr": "Le {weekday:.3}. {day} {month:.4}. {year} à {clock}, {name} <{address}> a écrit :",
}
_APPLE: Final = {
    "en": "On {day} {month:.3} {year}, at {clock}, {name} <{address}> wrote:",
    "es": "El {day} {month:.3} {year}, a las {clock}, {name} <{address}> escribió:",
    "fr": "Le {day} {month:.4}. {year} à {clock}, {name} <{address}> a écrit :",
}
_THUNDERBIRD: Final = {
    "en": "On {day:02}/{number:02}/{year} {clock}, {name} wrote:",
    "es": "El {day:02}/{number:02}/{year} a las {clock}, {name} escribió:",
    "fr": "Le {day:02}/{number:02}/{year} à {clock}, {name} a écrit :",
}
_OUTLOOK: Final = {
    "en": (
        "From: {name} <{address}>\nSent: {weekday}, {month} {day}, {year} {clock}\nTo: {to}\n"
        "Subject: {subject}"
    ),
    "es": (
        "De: {name} <{address}>\nEnviado: {weekday}, {day} de {month} de {year} {clock}\n"
        "Para: {to}\nAsunto: {subject}"
    ),
    "fr": (
        "De : {name} <{address}>\nEnvoyé : {weekday} {day} {month} {year} {clock}\nÀ : {to}\n"
        "Objet : {subject}"
    ),
}
_PHONE: Final = {
    "en": "Sent from my iPhone",
    "es": "Enviado desde mi iPhone",
    "fr": "Envoyé de mon iPhone",
}
_REGARDS: Final = {"en": "Kind regards,", "es": "Un saludo,", "fr": "Cordialement,"}


@dataclass(frozen=True, slots=True)
class Quoted:
    """
    The mail that somebody answers.

    Attributes:
        name: Who sent it.
        address: From where.
        to: To whom.
    """

    name: str
    address: str
    to: str
    subject: str
    text: str
    sent_at: datetime


def answer_of(program: str, language: str, text: str, signed: str, to: Quoted) -> str:
    """
    Return the plain text of an answer.

    Args:
        program: One of `PROGRAMS`.
        language: In which language the program speaks.
        text: What somebody typed.
        signed: The name under it.
        to: What it answers.
    """
    marked = "".join(f"> {line}".rstrip() + "\n" for line in to.text.splitlines())
    if program == "Gmail":
        return f"{text}\n\n{_filled(_GMAIL[language], language, to)}\n\n{marked}"
    if program == "Apple Mail":
        said = _filled(_APPLE[language], language, to)
        return f"{text}\n\n{_PHONE[language]}\n\n> {said}\n>\n{marked}"
    if program == "Thunderbird":
        said = _filled(_THUNDERBIRD[language], language, to)
        return f"{said}\n{marked}\n{text}\n\n-- \n{signed}\n"
    head = _filled(_OUTLOOK[language], language, to)
    rule = "_" * 32
    return f"{text}\n\n{_REGARDS[language]}\n{signed}\n\n{rule}\n{head}\n\n{to.text}\n"


def _filled(pattern: str, language: str, to: Quoted) -> str:
    at = to.sent_at.astimezone(ZONE)
    return pattern.format(
        weekday=_DAYS[language][at.weekday()],
        day=at.day,
        month=_MONTHS[language][at.month - 1],
        number=at.month,
        year=at.year,
        clock=f"{at:%H:%M}",
        name=to.name,
        address=to.address,
        to=to.to,
        subject=to.subject,
    )
