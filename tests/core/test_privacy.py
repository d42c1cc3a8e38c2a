"""Pseudonyms, keyed hashes and masks: what may be seen of a person."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.privacy import (
    Pii,
    find_identifiers,
    identifier_hash,
    mask_text,
    mask_value,
    normalise,
    pseudonym,
)

SECRET = b"a key of this test only, 32 bytes"


class TestWhatStays:
    """Texts without identifiers, many of which look as if they had some."""

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "Todo perfecto, gracias.",
            "Pedido 600123456 no ha llegado",
            "El pedido nº 600123456 llegó roto",
            "pedidos: 612345678",
            "Commande n° 0612345678 jamais reçue",
            "facture 0612345678",
            "order no. 612345678 is late",
            "Order #612345678",
            "Ticket #912345678 sigue abierto",
            "Referencia: 912345678",
            "PED-600123456",
            "2024/0612345678",
            "EAN 8412345678905",
            "8412345678905",
            "SKU 600123456",
            "el 12/03/2024 a las 10:30",
            "on 2024-03-01 08:00:00",
            "le 01.02.2024",
            "01-02-2024 10:30",
            "20240301 123456",
            "600.000.000 €",
            "$600,000,000",
            "costó 1.234.567,89 EUR",
            "912345678 euros",
            "20 % de 912345678 %",
            "@tienda me encanta",
            "10/10, 5 estrellas, 100%",
            "4111 1111 1111 1112",
            "ES91 2100 0418 4502 0005 1333",
            "version 1.2.3.4567",
            "192.168.100.200",
        ],
    )
    def test_no_identifier(self, text: str) -> None:
        """Order numbers, dates, prices and codes are left as they are."""
        assert text == mask_text(text)


class TestWhatGoes:
    """Texts with identifiers in Spanish, French and English."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Llámame al 600 123 456 o a ana@example.es.", "Llámame al [phone] o a [e-mail]."),
            ("mi móvil es 612345678, pedido 4512", "mi móvil es [phone], pedido 4512"),
            ("tel. 91 234 56 78", "tel. [phone]"),
            ("Tfno: 912 34 56 78", "Tfno: [phone]"),
            ("Appelez le 06.12.34.56.78, merci", "Appelez le [phone], merci"),
            ("mon numéro : 0612345678", "mon numéro : [phone]"),
            ("+33 6 12 34 56 78 svp", "[phone] svp"),
            ("00 34 600 123 456", "[phone]"),
            ("Call +44 (0)20 7946 0958 now", "Call [phone] now"),
            ("ring 020 7946 0958", "ring [phone]"),
            ("my number is 07700 900123", "my number is [phone]"),
            ("(555) 123-4567", "[phone]"),
            ("555-123-4567?", "[phone]?"),
            ("pedido de +34 600 123 456", "pedido de [phone]"),
            ("Escríbeme: José.Núñez+x@correo.example.com", "Escríbeme: [e-mail]"),
            ("<mailto:a_b@x-y.example.org>", "<mailto:[e-mail]>"),
            ("Pagué con 4111 1111 1111 1111.", "Pagué con [card]."),
            ("378282246310005", "[card]"),
            ("IBAN ES91 2100 0418 4502 0005 1332 gracias", "IBAN [IBAN] gracias"),
            ("fr1420041010050500013M02606", "[IBAN]"),
            ("GB29-NWBK-6016-1331-9268-19", "[IBAN]"),
            ("a@x.example b@y.example 600123456", "[e-mail] [e-mail] [phone]"),
        ],
    )
    def test_identifier(self, text: str, expected: str) -> None:
        """Addresses, telephone, account and card numbers are replaced, the rest stays."""
        assert expected == mask_text(text)

    def test_where_they_stand(self) -> None:
        """What was found tells its kind and where it stands."""
        text = "ana@example.com, 600123456"

        assert [("email", "ana@example.com"), ("phone", "600123456")] == [
            (found.kind, text[found.start : found.end]) for found in find_identifiers(text)
        ]

    def test_accounts_are_no_identifiers(self) -> None:
        """Account and card numbers are masked, but nobody is looked up by them."""
        assert () == find_identifiers("4111 1111 1111 1111, ES91 2100 0418 4502 0005 1332")

    @given(st.text(st.sampled_from("0123456789 +-.()@aES€/:#\u00a0"), max_size=60))
    def test_masking_twice(self, text: str) -> None:
        """A masked text holds nothing more to mask."""
        once = mask_text(text)

        assert not [found for found in find_identifiers(once) if found.text not in text]

    @pytest.mark.parametrize(
        "piece", ["a", "1", "1 ", "a@", "a.a@a.", "ES91 ", "+34 ", "600 123 456 ", "(0) "]
    )
    def test_hostile_length(self, piece: str) -> None:
        """A text made to be slow takes time in proportion to its length only."""
        began = time.monotonic()
        mask_text(piece * (200_000 // len(piece)))

        assert time.monotonic() - began < 5


class TestPseudonyms:
    """The form in which keys are shown."""

    def test_shape(self) -> None:
        """A pseudonym is the kind and eight hexadecimal digits."""
        assert re.fullmatch(r"customer#[0-9a-f]{8}", pseudonym("customer", "crm|1", SECRET))

    def test_known_value(self) -> None:
        """The same key and secret give the same pseudonym in every version."""
        assert "customer#3b305a4f" == pseudonym("customer", "1001", SECRET)

    def test_depends_on_all(self) -> None:
        """Another kind, key or secret gives another pseudonym."""
        several = {
            pseudonym("customer", "1", SECRET),
            pseudonym("purchase", "1", SECRET).replace("purchase", "customer"),
            pseudonym("customer", "2", SECRET),
            pseudonym("customer", "1", SECRET + b"x"),
        }

        assert 4 == len(several)

    def test_odd_key(self) -> None:
        """A key with half a surrogate pair has a pseudonym too."""
        assert pseudonym("customer", "\ud800", SECRET).startswith("customer#")


class TestHashes:
    """Keyed hashes, by which a person is found without being kept."""

    @pytest.mark.parametrize(
        ("kind", "one", "other"),
        [
            ("email", " Ana@Example.ES ", "ana@example.es"),
            ("email", "mailto:ana@example.es", "ana@example.es"),
            ("phone", "+34 600 123 456", "0034600123456"),
            ("phone", "+44 (0)20 7946 0958", "442079460958"),
            ("phone", "٦٠٠١٢٣٤٥٦", "600123456"),
        ],
    )
    def test_spellings(self, kind: str, one: str, other: str) -> None:
        """Two spellings of one address hash alike."""
        assert identifier_hash(kind, one, SECRET) == identifier_hash(kind, other, SECRET)

    def test_keys_are_exact(self) -> None:
        """A key keeps its case: c1 and C1 may be two customers."""
        assert "C1" == normalise("customer", " C1 ")

    def test_never_a_pseudonym(self) -> None:
        """The stored hash of a key does not begin with its shown pseudonym."""
        shown = pseudonym("customer", "1", SECRET).partition("#")[2]

        assert not identifier_hash("customer", "1", SECRET).startswith(shown)


class TestValues:
    """Fields as they are shown to anybody."""

    @pytest.mark.parametrize(
        ("pii", "expected"),
        [
            (Pii.NONE, "Ana"),
            (Pii.PSEUDONYM, "[key]"),
            (Pii.PERSONAL, "[personal]"),
            (Pii.SENSITIVE, "[sensitive]"),
        ],
    )
    def test_class(self, pii: Pii, expected: str) -> None:
        """Only values that say nothing about a person are shown."""
        assert expected == mask_value("Ana", pii)

    def test_unknown_stays_unknown(self) -> None:
        """That nothing is known is no secret."""
        assert mask_value(None, Pii.SENSITIVE) is None
