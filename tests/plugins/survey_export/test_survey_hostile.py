"""No file, however damaged, makes the reader fail in a way that is not its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

MakeDesk = Callable[..., Any]

FILES = [
    *("surveymonkey.csv", "typeform.csv", "qualtrics.tsv", "formulario (respuestas).csv"),
    *("horodateur.csv", "results-survey123456.csv", "formbricks.csv", "kobo.csv"),
]
NASTY = [
    b'"',
    b"\n",
    b"\x00",
    b"\xff\xfe",
    b",,,,",
    b"{",
    b"=1+1",
    b"\x1b[2J",
    b"0" * 400,
    b"9e999",
]


def damaged(data: bytes, dice: random.Random) -> bytes:
    """Return a file with a few bytes cut out, put in, or cut off."""
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data))
        action = dice.randrange(3)
        if action == 0:
            data = data[: max(at, 20)]
        elif action == 1:
            data = data[:at] + dice.choice(NASTY) + data[at:]
        else:
            data = data[:at] + data[at + dice.randint(1, 60) :]
    return data


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_are_read_or_told(
    desk: MakeDesk, vendor_file: Callable[[str], bytes], name: str
) -> None:
    """Whatever is broken in it, a file gives answers, quarantine or one clear sentence."""
    dice = random.Random(name)
    files = {f"{n}-{name}": damaged(vendor_file(name), dice) for n in range(12)}
    made = desk(files).run()

    assert "bug" not in made.errors
    assert "Traceback" not in made.errors
    assert [] == [each for each in made.answers.values() if each["question"] is None]
