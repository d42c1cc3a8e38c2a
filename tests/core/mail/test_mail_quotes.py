"""What remains of a reply: only what its sender wrote."""

from __future__ import annotations

import time

import pytest

from regard.mail import split_quotes

REPLIES = {
    "gmail-es": """9

El lun, 5 ene 2026 a las 10:03, Tienda (<hola@shop.example>) escribió:

> ¿Del 0 al 10, nos recomendarías?
> Gracias
""",
    "gmail-es-wrapped": """9

El lun, 5 ene 2026 a las 10:03, Tienda con un nombre muy largo (<
hola@shop.example>) escribió:

> ¿Del 0 al 10, nos recomendarías?
""",
    "gmail-fr": """9

Le lun. 5 janv. 2026 à 10:03, Boutique <bonjour@shop.example> a écrit :

> De 0 à 10, nous recommanderiez-vous ?
""",
    "gmail-en": """9

On Mon, Jan 5, 2026 at 10:03 AM Shop <hello@shop.example> wrote:

> From 0 to 10, would you recommend us?
""",
    "gmail-without-signs": """9

On Mon, Jan 5, 2026 at 10:03 AM Shop <hello@shop.example> wrote:

From 0 to 10, would you recommend us?
Reply with a 7 or an 8.
""",
    "gmail-forward-es": """9

---------- Forwarded message ---------
De: Tienda <hola@shop.example>
Date: lun, 5 ene 2026 a las 10:03
Subject: Encuesta
""",
    "outlook-es": """9

________________________________
De: Tienda <hola@shop.example>
Enviado: lunes, 5 de enero de 2026 10:03
Para: ana@mail.example <ana@mail.example>
Asunto: Su opinión

¿Del 0 al 10, nos recomendarías?
""",
    "outlook-es-sent-on": """9

De: Tienda [mailto:hola@shop.example]
Enviado el: lunes, 5 de enero de 2026 10:03
Para: ana@mail.example
Asunto: Su opinión

¿Del 0 al 10, nos recomendarías?
""",
    "outlook-fr": """9

De : Boutique <bonjour@shop.example>
Envoyé : lundi 5 janvier 2026 10:03
À : ana@mail.example
Objet : Votre avis

De 0 à 10, nous recommanderiez-vous ?
""",
    "outlook-fr-bold": """9

*De :* Boutique <bonjour@shop.example>
*Envoyé le :* lundi 5 janvier 2026 10:03
*À :* ana@mail.example
*Objet :* Votre avis
""",
    "outlook-en": """9

From: Shop <hello@shop.example>
Sent: Monday, January 5, 2026 10:03 AM
To: ana@mail.example
Subject: Your opinion

From 0 to 10, would you recommend us?
""",
    "outlook-original": """9

-----Mensaje original-----
De: Tienda
Enviado: lunes
""",
    "outlook-original-fr": """9

-----Message d'origine-----
De : Boutique
""",
    "apple-es": """9

Enviado desde mi iPhone

> El 5 ene 2026, a las 10:03, Tienda <hola@shop.example> escribió:
>
> ¿Del 0 al 10, nos recomendarías?
""",
    "apple-fr": """9

Envoyé de mon iPhone

> Le 5 janv. 2026 à 10:03, Boutique <bonjour@shop.example> a écrit :
>
> \ufeffDe 0 à 10, nous recommanderiez-vous ?
""",
    "apple-en": """9

Sent from my iPhone

> On 5 Jan 2026, at 10:03, Shop <hello@shop.example> wrote:
>
> From 0 to 10?
""",
    "thunderbird-es": """El 05/01/2026 a las 10:03, Tienda escribió:
> ¿Del 0 al 10, nos recomendarías?

9

-- \nAna Pérez
""",
    "thunderbird-fr": """Le 05/01/2026 à 10:03, Boutique a écrit :
> De 0 à 10, nous recommanderiez-vous ?

9
""",
    "thunderbird-en": """On 05/01/2026 10:03, Shop wrote:
> From 0 to 10?
9
""",
    "yahoo-es": """9

    El lunes, 5 de enero de 2026, 10:03:11 CET, Tienda <hola@shop.example> escribió:

 ¿Del 0 al 10, nos recomendarías?
""",
    "outlook-mobile-es": """9

Obtener Outlook para Android<https://aka.ms/AAb9ysg>
________________________________
From: Tienda <hola@shop.example>
Sent: Monday, January 5, 2026 10:03:11 AM
To: Ana <ana@mail.example>
Subject: Encuesta
""",
    "outlook-mobile-fr": """9

Télécharger Outlook pour iOS<https://aka.ms/o0ukef>
________________________________
De : Boutique <bonjour@shop.example>
Envoyé : lundi 5 janvier 2026 10:03
À : Ana <ana@mail.example>
Objet : Enquête
""",
    "outlook-de": """9

Von: Laden <hallo@shop.example>
Gesendet: Montag, 5. Januar 2026 10:03
An: ana@mail.example
Betreff: Umfrage
""",
    "signature-es": """9

Un saludo,

Ana Pérez
Directora de compras
Tel. 600 123 456
""",
    "signature-fr": """9

Cordialement,
Anne Dupont
06 12 34 56 78
""",
    "signature-en": """9

Kind regards,
Ann
""",
    "disclaimer-es": """9

Este mensaje y sus archivos adjuntos van dirigidos exclusivamente a su destinatario,
pudiendo contener información confidencial.
""",
    "disclaimer-fr": """9

Ce message et ses pièces jointes sont confidentiels et destinés à leur destinataire.
""",
}


@pytest.mark.parametrize("name", REPLIES)
def test_reply_keeps_only_what_was_written(name: str) -> None:
    """Whatever the program and the language, the score is all that is left of the reply."""
    assert "9" == split_quotes(REPLIES[name]).text


def test_answers_between_the_lines_stay() -> None:
    """Who answers below each quoted line keeps all answers."""
    text = """On 05/01/2026 10:03, Shop wrote:
> How was the delivery?
Late.
> And the product?
Very good.
"""

    assert "Late.\nVery good." == split_quotes(text).text


KEPT = [
    "On Monday I wrote you that 3 boxes came broken.",
    "El pedido llegó tarde. De: la tienda no supe nada.",
    "Le doy un 7: el paquete llegó roto.",
    "From: the start it was bad.\nNobody answered.",
    "Saludos a todos los que me atendieron tan bien ayer en la tienda del centro.",
    "Hola:\n\nNo me gusta.\n\nGracias",
    "I sent it from my iPhone case order.",
]


@pytest.mark.parametrize("text", KEPT)
def test_text_that_only_resembles_a_quote_stays(text: str) -> None:
    """Sentences with the words of quotes and signatures are not cut."""
    assert text == split_quotes(text).text


@pytest.mark.parametrize(
    "signed",
    [
        "Ana García",
        "ANA GARCIA LOPEZ",
        "García, Ana",
        "Ana",
        "Ana García\nDirectora de compras\nTel. 600 123 456",
        "Ana\n+34 600 123 456",
        "Ana García | Compras | 600 123 456",
        "Saludos,\nAna",
        "Un abrazo\nAna G.\nwww.example.com",
    ],
)
@pytest.mark.parametrize(
    "sender",
    ["Ana García López <buzon@mail.example>", '"García López, Ana" <a1@mail.example>'],
)
def test_the_name_of_the_sender_is_no_comment(signed: str, sender: str) -> None:
    """A signature without a mark or closing words is known by the name that the mail bears."""
    found = split_quotes(f"8\nLlegó tarde.\n\n{signed}\n", sender)

    assert ("8\nLlegó tarde.", signed) == (found.text, found.signature)


def test_a_name_that_only_the_address_says() -> None:
    """Where the header has no name its address has one, maybe."""
    assert "8" == split_quotes("8\n\nAna García", "ana.garcia@mail.example").text


def test_a_postscript_is_text() -> None:
    """What stands below the name is written by hand where it says so."""
    for end in ("Saludos,\nAna", "Ana García"):
        found = split_quotes(f"8\n{end}\n\nPD: llegó tarde", "Ana García <a@mail.example>")

        assert ("8\nPD: llegó tarde", end) == (found.text, found.signature)


@pytest.mark.parametrize(
    "text",
    [
        "Ana",
        "Ana García\n9",
        "8\nBueno",
        "8\nMe atendió\nAna\nmuy bien",
        "8\nAna García me atendió muy bien",
        "8\nNo lo volveré a comprar.\nSaludos a Ana",
    ],
)
def test_names_in_a_text_stay(text: str) -> None:
    """A name that somebody speaks of, or that is also a word, is no signature."""
    assert text == split_quotes(text, "Ana García Bueno <a@mail.example>").text


def test_parts_are_kept_apart() -> None:
    """Text, quote and signature come out whole, each in its place."""
    found = split_quotes("Muy bien\n\n-- \nAna\n\n> ¿Qué tal?")

    assert ("Muy bien", "> ¿Qué tal?", "--\nAna") == (found.text, found.quoted, found.signature)


HOSTILE = [
    "El " * 200_000,
    "On 1\n" * 100_000,
    ">" * 1_000_000,
    "From: a\n" * 100_000,
    "_" * 1_000_000,
    "a@b <" * 100_000,
    "-----" * 100_000 + "original message",
    "este mensaje " * 50_000,
    "\n" * 1_000_000,
    "saludos\n" * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_takes_no_long_time(text: str) -> None:
    """A megabyte made to hurt is split within seconds."""
    began = time.monotonic()
    split_quotes(text, text)

    assert 5.0 > time.monotonic() - began
