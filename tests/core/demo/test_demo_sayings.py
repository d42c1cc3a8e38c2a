"""What customers write in their own words."""

from __future__ import annotations

import random

import pytest

from regard.demo.sayings import SUGGESTIONS, says, themes


@pytest.mark.parametrize("language", ["es", "fr", "en"])
def test_every_language(language):
    """Somebody can speak of each theme in each language of the customers."""
    rng = random.Random(1)

    assert themes() == {theme for theme in themes() if says(rng, (theme,), language)}
    assert set(SUGGESTIONS) <= themes()


def test_variety():
    """People do not all write alike: of a hundred texts about one theme many differ."""
    rng = random.Random(1)

    assert len({says(rng, ("-late", "?hours"), "es") for _ in range(100)}) > 8
