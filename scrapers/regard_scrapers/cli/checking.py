"""``regard site check``: canary pages, robots.txt, and how many pages have which field."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from regard.errors import ConfigError, RegardError
from regard_scrapers.fetching import Body, fetch_bodies
from regard_scrapers.pages.outcomes import Outcome
from regard_scrapers.pages.reading import read_page
from regard_scrapers.sites import Site, load_site
from regard_scrapers.spiders.answers import manner_of

if TYPE_CHECKING:
    from regard.cli.app import App

__all__ = ["run"]

OK: Final = "ok"
ERROR: Final = "error"
_STYLES: Final = {OK: "green", ERROR: "red"}


@dataclass(frozen=True, slots=True)
class Item:
    """
    One thing that was looked at.

    Attributes:
        status: ``ok`` or ``error``.
        site: The site.
        text: What was found.
    """

    status: str
    site: str
    text: str


def run(args: argparse.Namespace, app: App) -> int:
    """Look at the sites and print one line for each thing."""
    root = app.project.root
    names = args.names or sorted(path.stem for path in (root / "sites").glob("*.toml"))
    if not names:
        message = "there is no site; `regard site add URL` writes the first"
        raise ConfigError(message)
    items: list[Item] = []
    for name in names:
        try:
            site = load_site(root, name)
        except ConfigError as error:
            items += [Item(ERROR, name, line) for line in str(error).splitlines()]
            continue
        items += _site(site, app)
    if app.json:
        app.print_json([asdict(item) for item in items])
    else:
        _print(items, app)
    return 1 if any(item.status == ERROR for item in items) else 0


def _print(items: Sequence[Item], app: App) -> None:
    from rich.text import Text

    from regard.cli.console import clean, count

    for item in items:
        line = Text(f"{item.status:6}", style=_STYLES[item.status])
        line.append(clean(f"{item.site}: {item.text}"), style="default")
        app.out.print(line, soft_wrap=True)
    bad = sum(item.status == ERROR for item in items)
    app.out.print(f"{len(items) - bad} ok, {count(bad, 'error')}")


def _site(site: Site, app: App) -> Iterator[Item]:
    if not site.canary:
        yield Item(ERROR, site.name, "it has no canary page; name one that is known to be good")
        return
    try:
        visit = fetch_bodies(site, list(site.canary))
    except RegardError as error:
        yield Item(ERROR, site.name, str(error))
        return
    for origin, robots in visit.robots.items():
        said = "there is none" if robots is None else f"read, {len(robots.splitlines())} lines"
        yield Item(OK, site.name, f"{origin}/robots.txt: {said}")
    outcomes = []
    for body in visit.bodies:
        outcome = _read(body, site, app)
        if outcome is None:
            why = f"{body.fetched.outcome}: {body.fetched.text}"
            yield Item(ERROR, site.name, f"{body.url}: {why}")
            continue
        outcomes.append(outcome)
        yield _canary(body, outcome, site)
    yield from _coverage(site, outcomes)


def _read(body: Body, site: Site, app: App) -> Outcome | None:
    if body.data is None:
        return None
    return read_page(
        body.data, body.url, manner_of(site), now=app.clock.now(), encoding=body.fetched.encoding
    )


def _canary(body: Body, outcome: Outcome, site: Site) -> Item:
    url = body.url
    problems = [*outcome.problems, *(each for offer in outcome.offers for each in offer.problems)]
    if problems:
        told = [f"{each.code}: {each.text}" for each in problems[:3]]
        said = "; ".join([*told, *body.fetched.refused[:3]])
        return Item(ERROR, site.name, f"{url}: {said}")
    if not outcome.offers and not outcome.reviews:
        said = "; ".join(
            ["there is neither an offer nor a review on it", *body.fetched.refused[:3]]
        )
        return Item(ERROR, site.name, f"{url}: {said}")
    prices = [
        f"{each.price} {each.fields.get('currency', '')}".strip()
        for each in outcome.offers
        if each.price is not None
    ]
    what = f"{len(outcome.offers)} offers ({', '.join(prices[:4])})" if outcome.offers else ""
    reviews = f"{len(outcome.reviews)} reviews" if outcome.reviews else ""
    rendered = "rendered" if body.fetched.rendered else ""
    return Item(OK, site.name, f"{url}: {', '.join(filter(None, (what, reviews, rendered)))}")


def _coverage(site: Site, outcomes: Sequence[Outcome]) -> Iterator[Item]:
    """Yield how many offers of the canary pages have the fields that are expected."""
    offers = [each for outcome in outcomes for each in outcome.offers]
    if not offers:
        return
    have = Counter(name for each in offers for name in each.fields)
    for name, share in site.expect.coverage.items():
        found = have[name] / len(offers)
        text = f"{name}: {found:.0%} of {len(offers)} offers have it, {share:.0%} are expected"
        yield Item(OK if found >= share else ERROR, site.name, text)
