"""
Names and places of the demo's world: all invented, none of them anybody's.

Mail domains end in ``.example`` or are ``example.com``, and telephone numbers come from ranges
that nobody has, so that nothing in a demo can ever reach a person.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BUSINESSES",
    "COMPETITORS",
    "COUNTRIES",
    "LOSS_REASONS",
    "OWNERS",
    "STORES",
    "Country",
    "Region",
    "Store",
]


@dataclass(frozen=True, slots=True)
class Region:
    """
    Where customers live.

    Attributes:
        name: The region, as people write it.
        city: Its largest city, which stands for all.
        province: The code that shops print on labels.
        postal: How its postal codes begin.
        weight: How many of the country's customers live there, against the other regions.
    """

    name: str
    city: str
    province: str
    postal: str
    weight: int


@dataclass(frozen=True, slots=True)
class Country:
    """
    A country that customers come from.

    Attributes:
        code: ISO 3166-1 alpha-2.
        name: In English.
        language: ISO 639-1.
        currency: What they pay in on the web.
        vat_percent: Contained in prices.
        phone: The numbers begin with it and end with six digits.
        mail: Their mail domains.
        weight: How many customers live there, against the other countries.
        women: Given names of women.
        men: Given names of men.
        families: Family names.
        regions: Its regions.
    """

    code: str
    name: str
    language: str
    currency: str
    vat_percent: int
    phone: str
    mail: tuple[str, ...]
    weight: int
    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Store:
    """
    One of the retailer's shops.

    Attributes:
        code: As the till writes it.
        region: The region whose customers go there.
    """

    code: str
    region: str


_SPAIN = Country(
    "ES", "Spain", "es", "EUR", 21, "+34 555", ("correo.example", "example.com"), 72,
    (
        "Lucía", "María", "Carmen", "Ana", "Laura", "Marta", "Elena", "Sara", "Paula", "Irene",
        "Nuria", "Rocío", "Pilar", "Alba", "Begoña", "Inés", "Teresa", "Montse", "Ainhoa",
    ),
    (
        "Javier", "Antonio", "Carlos", "David", "Pablo", "Álvaro", "Sergio", "Miguel", "Íñigo",
        "Rubén", "Jorge", "Luis", "Andrés", "Héctor", "Jordi", "Xoán", "Raúl", "Óscar",
    ),
    (
        "García", "Fernández", "López", "Martínez", "Sánchez", "Pérez", "Gómez", "Ruiz", "Díaz",
        "Muñoz", "Romero", "Navarro", "Torres", "Domínguez", "Vázquez", "Ramos", "Gil", "Serrano",
        "Molina", "Castro", "Ortega", "Ferrer", "Iglesias", "Ibáñez", "Peña", "Vidal", "Núñez",
    ),
    (
        Region("Comunidad de Madrid", "Madrid", "M", "280", 24),
        Region("Cataluña", "Barcelona", "B", "080", 17),
        Region("Andalucía", "Sevilla", "SE", "410", 17),
        Region("Comunitat Valenciana", "València", "V", "460", 16),
        Region("Galicia", "Vigo", "PO", "362", 6),
        Region("País Vasco", "Bilbao", "BI", "480", 6),
        Region("Castilla y León", "Valladolid", "VA", "470", 4),
        Region("Aragón", "Zaragoza", "Z", "500", 4),
        Region("Región de Murcia", "Murcia", "MU", "300", 3),
        Region("Illes Balears", "Palma", "PM", "070", 3),
    ),
)  # fmt: skip

_FRANCE = Country(
    "FR", "France", "fr", "EUR", 20, "+33 6 39 98", ("courriel.example", "example.com"), 19,
    (
        "Camille", "Léa", "Chloé", "Manon", "Émilie", "Sophie", "Hélène", "Claire", "Anaïs",
        "Margaux", "Zoé", "Élodie",
    ),
    (
        "Hugo", "Louis", "Théo", "Jules", "Mathieu", "François", "Benoît", "Rémi", "Loïc",
        "Étienne", "Gaël", "Maxime",
    ),
    (
        "Martin", "Bernard", "Dubois", "Moreau", "Laurent", "Lefèvre", "Mercier", "Girard",
        "Bonnet", "Lambert", "Faure", "Rousseau", "Chevalier", "Béranger", "Gauthier",
    ),
    (
        Region("Île-de-France", "Paris", "", "750", 30),
        Region("Occitanie", "Toulouse", "", "310", 26),
        Region("Nouvelle-Aquitaine", "Bordeaux", "", "330", 18),
        Region("Auvergne-Rhône-Alpes", "Lyon", "", "690", 16),
        Region("Provence-Alpes-Côte d'Azur", "Marseille", "", "130", 10),
    ),
)  # fmt: skip

_BRITAIN = Country(
    "GB", "United Kingdom", "en", "GBP", 20, "+44 7700 9", ("post.example", "example.com"), 9,
    ("Amy", "Olivia", "Emily", "Grace", "Hannah", "Charlotte", "Megan", "Ruth"),
    ("Jack", "Oliver", "Harry", "George", "Liam", "Thomas", "Callum", "Ewan"),
    (
        "Smith", "Taylor", "Walker", "Hughes", "Bennett", "Fraser", "Murray", "Palmer", "Foster",
        "Doyle", "O'Neill", "Griffiths",
    ),
    (
        Region("England", "London", "ENG", "SW1A", 80),
        Region("Scotland", "Edinburgh", "SCT", "EH1", 20),
    ),
)  # fmt: skip

COUNTRIES = (_SPAIN, _FRANCE, _BRITAIN)

STORES = (
    Store("MADRID-01", "Comunidad de Madrid"),
    Store("VALENCIA-01", "Comunitat Valenciana"),
    Store("SEVILLA-01", "Andalucía"),
)

BUSINESSES = {
    "ES": ("Hotel {}", "Hostal {}", "Restaurante {}", "Apartamentos {}", "Casa Rural {}"),
    "FR": ("Hôtel {}", "Gîte {}", "Bistrot {}", "Chambres d'hôtes {}"),
    "GB": ("{} Guesthouse", "{} Inn", "{} Tearooms"),
}
"""How businesses that buy by quote are called, by country."""

OWNERS = ("Nerea Soto", "Adrien Colin", "Beth Marlow")
"""Who sells to them."""

COMPETITORS = (
    ("Hogarvela", 40),
    ("Maison Quervin", 27),
    ("Toldemar", 21),
    ("Brightlarder", 12),
)
"""To whom deals are lost, with how often."""

LOSS_REASONS = (
    ("Price", 34),
    ("Delivery time", 17),
    ("Chose a competitor", 16),
    ("No budget", 14),
    ("Article not available", 11),
    ("No answer", 8),
)
"""Why deals are lost, with how often."""
