"""What different vendors' products export of the demo's world, with faults as they happen."""

from __future__ import annotations

from collections.abc import Iterator

from regard.demo.exports import (
    asking,
    baskets,
    helpdesk,
    hubspot,
    mailing,
    meeting,
    opinions,
    pricelist,
    shopify,
    surroundings,
    till,
    visiting,
)
from regard.demo.exports.files import ExportFile
from regard.demo.voices import make_voices
from regard.demo.world import World

__all__ = ["ExportFile", "make_exports"]


def make_exports(world: World) -> Iterator[ExportFile]:
    """Yield all exports of a world."""
    yield hubspot.contacts(world)
    yield hubspot.deals(world)
    yield from shopify.orders(world)
    yield from till.tickets(world)
    yield baskets.left(world)
    yield pricelist.price_list(world)
    yield opinions.reviews_of(world)
    voices = make_voices(world)
    yield from asking.answers(world, voices)
    yield from mailing.mailboxes(voices)
    yield from visiting.visits(voices)
    yield from meeting.contacts(world, voices)
    yield from helpdesk.help_tickets(world, voices)
    yield from surroundings.series(world)
