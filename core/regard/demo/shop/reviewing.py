"""What people write about a competitor's articles, in three languages, and what it answers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

__all__ = ["ShopReview", "make_reviews"]

Said = tuple[str, str]
"""Title and text."""

_SAYINGS: Final[Mapping[str, Mapping[str, Said]]] = {
    "good": {
        "en": ("Very good", "Just as described, and it came quickly."),
        "es": ("Muy contenta", "La calidad es mejor de lo que esperaba."),
        "fr": ("Parfait", "Conforme à la photo, bien emballé."),
    },
    "value": {
        "en": ("Good value", "Does what it should for the price."),
        "es": ("Buena compra", "Por lo que cuesta, no se puede pedir más."),
        "fr": ("Bon achat", "Très bon rapport qualité-prix."),
    },
    "late": {
        "en": ("Three weeks", "Delivery took three weeks, and nobody told me why."),
        "es": ("Tarde", "Tardó tres semanas y la caja venía abierta."),
        "fr": ("En retard", "Livré avec dix jours de retard, sans un mot."),
    },
    "damaged": {
        "en": ("Broken", "It arrived broken and nobody answers the phone."),
        "es": ("Llegó roto", "Venía roto y mal embalado."),
        "fr": ("Cassé", "Arrivé cassé, l’emballage était trop mince."),
    },
    "other": {
        "en": ("Not as shown", "The colour is not that of the photo."),
        "es": ("No es igual", "No se parece a la foto, el acabado es peor."),
        "fr": ("Déçue", "La couleur n’est pas celle de la photo."),
    },
    "dear": {
        "en": ("Too dear", "The same is cheaper elsewhere."),
        "es": ("Caro", "Lo mismo cuesta menos en otras tiendas."),
        "fr": ("Trop cher", "Le même article est moins cher ailleurs."),
    },
}
_PRAISE: Final = ("good", "good", "value")
_BLAME: Final = ("late", "damaged", "other", "dear")
_SLUMP: Final = ("late", "late", "late", "damaged")
"""What people blame while deliveries go wrong."""

_LANGUAGES: Final = ("es", "es", "es", "fr", "fr", "en")
_AUTHORS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("Mary P.", "Tom W.", "Grace L.", "Owen T."),
    "es": ("Ana R.", "Jordi S.", "Inés G.", "Marta V."),
    "fr": ("Luc D.", "Chloé B.", "Hugo M.", "Jeanne A."),
}
_REPLIES: Final[Mapping[str, str]] = {
    "en": "We are sorry to hear that. Please write to us, and we will make it good.",
    "es": "Sentimos lo ocurrido. Escríbanos y lo arreglaremos.",
    "fr": "Nous en sommes désolés. Écrivez-nous et nous trouverons une solution.",
}
_EDITS: Final[Mapping[str, str]] = {
    "en": "Edited: they sent me another one.",
    "es": "Editado: me han enviado otro.",
    "fr": "Modifié : ils m’en ont envoyé un autre.",
}
_USUAL_STARS: Final = (10, 8, 14, 30, 38)
_SLUMP_STARS: Final = (30, 22, 18, 18, 12)


@dataclass(frozen=True, slots=True)
class ShopReview:
    """
    A review as the shop shows it.

    Attributes:
        id: What the shop calls it.
        author: As it is shown; invented.
        on: Its day.
        rating: 1 to 5.
        language: ``en``, ``es`` or ``fr``.
        edited_on: From when on it says something else; None: never.
        withdrawn_on: From when on it is gone; None: never.
        replied_on: When the shop answered; None: never.
    """

    id: str
    author: str
    on: date
    rating: int
    title: str
    text: str
    language: str = "en"
    edited_on: date | None = None
    withdrawn_on: date | None = None
    replied_on: date | None = None

    def shown_on(self, day: date) -> bool:
        """Whether it is there on a day."""
        return self.on <= day and (self.withdrawn_on is None or day < self.withdrawn_on)

    def text_on(self, day: date) -> str:
        """What it says on a day."""
        if self.edited_on is not None and day >= self.edited_on:
            return f"{self.text} {_EDITS[self.language]}"
        return self.text

    def reply_on(self, day: date) -> str | None:
        """What the shop answered by a day."""
        replied = self.replied_on is not None and day >= self.replied_on
        return _REPLIES[self.language] if replied else None


def make_reviews(
    rng: random.Random, sku: str, until: date, slump: date | None
) -> tuple[ShopReview, ...]:
    """
    Return what people write about an article.

    Args:
        rng: Where chance comes from.
        sku: The article's number; reviews are numbered after it.
        until: The last day that they are from.
        slump: Since when the shop delivers late, and is blamed for it; None: it never does.
    """
    count = rng.randint(0, 9)
    return tuple(_review(rng, f"{sku}-{number}", until, slump) for number in range(count))


def _review(rng: random.Random, name: str, until: date, slump: date | None) -> ShopReview:
    on = until - timedelta(days=rng.randint(1, 400))
    slumped = slump is not None and on >= slump
    rating = rng.choices((1, 2, 3, 4, 5), _SLUMP_STARS if slumped else _USUAL_STARS)[0]
    language = rng.choice(_LANGUAGES)
    themes = _PRAISE if rating > 3 else _SLUMP if slumped else _BLAME
    title, text = _SAYINGS[rng.choice(themes)][language]
    fate = rng.random()
    return ShopReview(
        name,
        rng.choice(_AUTHORS[language]),
        on,
        rating,
        title,
        text,
        language,
        edited_on=until - timedelta(days=6) if fate < 0.06 else None,
        withdrawn_on=until - timedelta(days=5) if 0.06 <= fate < 0.1 else None,
        replied_on=on + timedelta(days=rng.randint(1, 12)) if rating < 3 and fate > 0.5 else None,
    )
