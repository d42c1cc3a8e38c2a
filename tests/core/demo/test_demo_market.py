"""The shops of the demo's competitors: where they are, when, and what they sell on which day."""

from __future__ import annotations

import socket
import urllib.request
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from regard.demo import LOOKS, Market, Rival, make_rivals, make_world
from regard.demo.market import site_file

NOW = datetime(2026, 2, 3, 9, 30, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture(scope="module")
def rivals() -> tuple[Rival, ...]:
    """Return the competitors of the demo's world."""
    return make_rivals(make_world(20_260, NOW))


@pytest.fixture
def folder(tmp_path, rivals):
    """Return a folder with the sites' files, each at a port that is free."""
    (tmp_path / "sites").mkdir()
    for rival in rivals:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        text = site_file(rival).decode().replace(str(rival.port), port)
        (tmp_path / rival.site).write_text(text, encoding="utf-8")
    return tmp_path


def opened(folder, rivals):
    """Return the shops of a folder, looked at now."""
    return Market(folder, rivals, lambda: NOW)


def test_shops_are_where_their_files_say(folder, rivals):
    """Each shop answers at the address in its site's file, which stays as it is."""
    before = [(folder / each.site).read_text() for each in rivals]
    with opened(folder, rivals) as market:
        for shop, text in zip(market.shops, before, strict=True):
            assert f'sitemap = "{shop.url}/sitemap.xml"' in text
            assert b"<urlset" in urllib.request.urlopen(f"{shop.url}/sitemap.xml").read()

    assert before == [(folder / each.site).read_text() for each in rivals]


def test_a_port_that_others_have(folder, rivals):
    """A shop whose port is taken moves to a free one, and its file says so; the rest stays."""
    path = folder / rivals[0].site
    path.write_text(path.read_text() + "\npages_per_day = 500\n".replace("\n", "# mine\n", 1))
    with opened(folder, rivals) as first, opened(folder, rivals) as second:
        here = [shop.host for shop in first.shops]
        there = [shop.host for shop in second.shops]
        text = path.read_text()

    assert not set(here) & set(there)
    assert here[0] not in text
    assert 2 == text.count(there[0])
    assert "# mine" in text


def test_a_file_that_somebody_made_anothers(folder, rivals):
    """A site's file that names no port of this machine opens no shop, and is left alone."""
    (folder / rivals[0].site).write_text('competitor = "x"\n')
    with opened(folder, rivals) as market:
        names = [shop.catalogue.name for shop in market.shops]

    assert ["Toldemar"] == names
    assert 'competitor = "x"\n' == (folder / rivals[0].site).read_text()


def test_the_shops_show_the_day_they_are_looked_at(folder, rivals):
    """On a day gone by an article has the price and the reviews of that day."""
    with opened(folder, rivals) as market:
        today = market.today
        market.at = NOW - timedelta(days=60)

        assert (TODAY, TODAY - timedelta(days=60)) == (today, market.today)
        assert market.today == market.shops[0].today()


def test_catalogues_change(rivals):
    """Between two looks something is new, something is gone, and prices move both ways."""
    days = [*(TODAY - timedelta(days=each.days) for each in LOOKS), TODAY]
    for rival in rivals:
        sold = [{each.sku for each in rival.offered_on(day)} for day in days]
        moves = {
            (each.price_on(days[-1]) > each.price_on(days[0]))
            for each in rival.offered_on(TODAY)
            if each.price_on(days[-1]) != each.price_on(days[0])
        }

        assert 60 <= len(sold[-1]) <= 150
        assert sold[-1] - sold[0]
        assert sold[0] - sold[-1]
        assert {True, False} == moves


def test_the_index_is_the_geometric_mean(rivals):
    """The true index of a day multiplies the relatives of what numbers say is ours."""
    for rival in rivals:
        index, n = rival.index_on(TODAY)
        product = Decimal(1)
        same = [each for each in rival.offered_on(TODAY) if each.gtin or each.mpn]
        for each in same:
            assert each.ours is not None
            product *= each.price_on(TODAY) / each.ours.price

        assert len(same) == n
        assert (100 * product ** (Decimal(1) / n)).quantize(Decimal("0.1")) == index


def test_reviews_fall_where_deliveries_fail(rivals):
    """One competitor is rated clearly worse of late, the other is not."""
    late = TODAY - timedelta(days=60)
    fell = {}
    for rival in rivals:
        before, _ = rival.rating_on(date(2025, 2, 3), late)
        now, _ = rival.rating_on(late, TODAY)
        fell[rival.name] = before - now

    assert fell["Toldemar"] > Decimal("0.7")
    assert abs(fell["Hogarvela"]) < Decimal("0.5")


def test_everybody_speaks_three_languages(rivals):
    """Reviews and replies are in Spanish, French and English."""
    for rival in rivals:
        reviews = [one for each in rival.catalogue.articles for one in each.reviews]

        assert {"es", "fr", "en"} == {each.language for each in reviews}
        assert {"es", "fr", "en"} == {each.language for each in reviews if each.reply_on(TODAY)}
