"""
Google Forms: a sheet with a timestamp, perhaps an e-mail address, and the questions' texts.

There is no id: the sheet is all there is, so what is no longer in it has disappeared.
"""

from __future__ import annotations

from collections.abc import Sequence

from regard.tabular import Value
from regard_plugins.survey_export.layouts import Asked, Layout, tidy
from regard_plugins.survey_export.sorting import Columns, facts_of, present

__all__ = ["layout"]

_TIMES = {
    "timestamp": (),
    "marca temporal": ("day-first",),
    "marca de temps": ("day-first",),
    "horodateur": ("day-first",),
    "horodatage": ("day-first",),
    "carimbo de data/hora": ("day-first",),
    "zeitstempel": ("day-first",),
    "informazioni cronologiche": ("day-first",),
    "tijdstempel": ("day-first",),
}
"""What the first column is called; all languages but English put the day first."""

_EMAILS = (
    *("email address", "email", "username", "direccion de correo electronico"),
    *("correo electronico", "nombre de usuario", "adresse e-mail", "adresse email"),
    *("nom d'utilisateur", "adreca electronica", "endereco de e-mail", "e-mail-adresse"),
    *("nutzername", "indirizzo email", "e-mailadres", "e-mail"),
)
_SCORES = ("score", "puntuacion", "puntuacio", "note", "resultat", "pontuacao", "punteggio")


def layout(header: Sequence[str], sample: Sequence[Sequence[Value]] = ()) -> Layout | None:
    """Return what the columns are; None: this does not look like the sheet of a form."""
    columns = Columns(header)
    first = columns.name(0)
    if first not in _TIMES or len(header) < 2:
        return None
    time = columns.take(first)
    email = columns.take(*_EMAILS)
    # The points of a quiz; a question of that name would not be the first one.
    points = columns.take(*_SCORES) if columns.left and columns.left[0] in {1, 2} else None
    return Layout(
        "google-forms",
        "Google Forms responses",
        tuple(Asked(place, tidy(header[place])) for place in columns.left),
        facts=facts_of(email=email),
        times=present(time),
        whole=True,
        passed=present(points),
        dates=_TIMES[first],
        snapshot=True,
    )
