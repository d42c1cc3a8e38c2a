"""How businesses buy: by quote, and as often as not they do not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from regard.demo.chances import drawn
from regard.demo.people import COMPETITORS, LOSS_REASONS, OWNERS
from regard.demo.seasons import buying_days, on_the_web
from regard.demo.world import Customer, Deal

__all__ = ["make_deals"]

_SUBJECTS: Final = (
    "table linen", "bed linen", "tableware", "glasses", "towels", "breakfast room", "kitchen",
    "dining chairs", "lamps",
)  # fmt: skip
_OPEN: Final = (
    "Appointment Scheduled",
    "Qualified To Buy",
    "Presentation Scheduled",
    "Contract Sent",
)
_PER_YEAR: Final = 1.6
_FIRST_NUMBER: Final = 70_001
_WON: Final = 0.46
_TOLD: Final = 0.85
"""How often one hears to whom a deal was lost, where it was lost to somebody."""

_TO_NOBODY: Final = ("No budget", "No answer")


def make_deals(
    rng: random.Random, customers: Sequence[Customer], since: datetime, until: datetime
) -> tuple[Deal, ...]:
    """Return the deals of businesses, in the order in which they were opened."""
    found = []
    for customer in customers:
        begin = max(since, customer.created_at)
        for moment in buying_days(rng, begin, until, _PER_YEAR):
            created_at = on_the_web(rng, moment)
            if begin <= created_at < until:
                found.append(_deal(rng, customer, created_at, until))
    found.sort(key=lambda each: (each.created_at, each.customer.number))
    return tuple(replace(each, number=_FIRST_NUMBER + at) for at, each in enumerate(found))


def _deal(rng: random.Random, customer: Customer, created_at: datetime, until: datetime) -> Deal:
    closed_at = on_the_web(rng, created_at + timedelta(days=rng.randint(9, 80)))
    deal = Deal(
        number=0,
        customer=customer,
        title=f"{customer.company}: {rng.choice(_SUBJECTS)}",
        owner=rng.choice(OWNERS),
        stage="Closed Won",
        amount=Decimal(round(rng.lognormvariate(7.9, 0.8), -1)).quantize(Decimal("0.01")),
        created_at=created_at,
        closed_at=closed_at,
    )
    won = rng.random() < _WON
    reason = drawn(rng, LOSS_REASONS)
    told = rng.random() < _TOLD
    competitor = drawn(rng, COMPETITORS)
    if closed_at >= until:
        return replace(deal, stage=rng.choice(_OPEN))
    if won:
        return deal
    beaten = told and reason not in _TO_NOBODY
    return replace(
        deal,
        stage="Closed Lost",
        reason=reason,
        competitor=competitor if beaten else "",
    )
