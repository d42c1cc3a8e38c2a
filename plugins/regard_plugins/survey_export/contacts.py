"""Questions that ask who somebody is: an address is kept in its field, the rest is not kept."""

from __future__ import annotations

import re
from typing import Literal

from regard.mapping.headers import fold

__all__ = ["asks_for_name", "contact_in"]

_ASKING = (
    r"(?:what(?:'s| is) |please (?:enter|provide|give|write|share|leave)(?: us)? |enter |"
    r"cual es |indi(?:que|ca|quez) |escrib[ae] |dej[ae] |dejanos |quel(?:le)? est |"
    r"merci d'indiquer |laissez(?:-nous)? )?"
)
_WHOSE = r"(?:your |tu |su |votre |ton |ta |the |el |la |le )?"
_BEHIND = r"(?: \(?(?:optional|opcional|facultatif|optionnel|if you like|si quieres)\)?)?[\s?:.*]*"
_EMAIL = re.compile(
    rf"¿?{_ASKING}{_WHOSE}(?:e-?mail(?: address| id)?|(?:direccion de )?correo(?: electronico)?|"
    rf"direccion de e-?mail|(?:adresse )?(?:e-?mail|mail|courriel|electronique)){_BEHIND}"
)
_PERSONAL = re.compile(
    rf"¿?{_ASKING}{_WHOSE}(?:(?:full |first |last |given |family )?name|surname|"
    r"(?:tele)?phone(?: number)?|mobile(?: number)?|(?:contact|cell)(?: phone)? number|"
    r"(?:postal |street )?address(?: 2)?|nombre(?: completo| y apellidos?)?|apellidos?|"
    r"(?:numero de )?(?:telefono|movil|celular)(?: movil)?|dni(?:/nie)?|"
    r"direccion(?: postal)?|nom(?: complet| de famille| et prenom)?|prenom(?: et nom)?|"
    r"(?:numero de )?(?:telephone|portable)|adresse(?: postale)?|date of birth|"
    rf"fecha de nacimiento|date de naissance){_BEHIND}"
)

_NAME = re.compile(
    r"(?:full |first |last )?name|nombre(?: completo| y apellidos?)?|apellidos?|prenom|"
    r"nom(?: complet| de famille| et prenom)?"
)


def asks_for_name(text: str) -> bool:
    """Say whether a row of a question is for somebody's name."""
    return _NAME.fullmatch(fold(text)) is not None


def contact_in(text: str) -> Literal["email", "personal"] | None:
    """Say whether a question asks for an e-mail address, or who somebody is."""
    said = fold(text)
    if _EMAIL.fullmatch(said):
        return "email"
    return "personal" if _PERSONAL.fullmatch(said) else None
