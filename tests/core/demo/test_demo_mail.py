"""The demo's mails: as programs write them, and read as what people typed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from regard.demo.exports.programs import PROGRAMS, Quoted, answer_of
from regard.mail.quotes import split_quotes

ASKED = Quoted(
    name="Casa Zarela",
    address="survey@shop.example",
    to="ana@example.com",
    subject="From 0 to 10?",
    text="Hello,\n\nfrom 0 to 10?\nJust answer with a number.",
    sent_at=datetime(2026, 2, 3, 9, 30, tzinfo=UTC),
)


@pytest.mark.parametrize("language", ["es", "fr", "en"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_answers_are_read(program, language):
    """Nothing is left of quote and signature, whichever program wrote them in which language."""
    body = answer_of(program, language, "9\nTodo bien.", "Ana", ASKED)

    assert "9\nTodo bien." == split_quotes(body).text
    assert "from 0 to 10?" in split_quotes(body).quoted
