"""
What may be there though a pass did not meet it: what pages or lists that failed lead to.

Nobody has looked there, so that a pass which missed it says nothing of it. All else is judged
by the same pass as ever.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Subquery,
    and_,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql

from regard.store import addresses
from regard.store.addresses import StoredPass
from regard.store.transactions import Transaction, table

__all__ = ["BELIEVED_AFTER", "end_pass"]

BELIEVED_AFTER: Final = 3
"""In so many passes in a row something must say that it leads nowhere before it is believed."""


def end_pass(
    transaction: Transaction, source: str, current: StoredPass, *, moves: bool
) -> Subquery | None:
    """
    Note that every address had its outcome, and say what the pass may have missed.

    Args:
        transaction: A writing one.
        source: The source.
        current: Its pass.
        moves: Whether records move from page to page, so that no page may have failed.

    Returns:
        A query for the keys of what may be there; None: too much failed to tell what is gone.
    """
    _settle(transaction, source, current.number)
    whole = _tells(transaction, source, current.number, moves=moves)
    if whole:
        _forget_links(transaction, source, current)
    addresses.end_pass(transaction, source, whole=whole)
    return _spared(transaction, source, current) if whole else None


def _settle(transaction: Transaction, source: str, number: int) -> None:
    """Note at the end of a pass what failed in it, and believe what has long been lost."""
    places, links = table("addresses"), table("links")
    here = and_(places.c.source == source, places.c.visited_pass == number)
    change = update(places)
    for condition, values in (
        (
            places.c.good.is_(False),
            {"failed_at": transaction.now, "failures": places.c.failures + 1},
        ),
        (and_(places.c.good.is_(True), places.c.failures > 0), {"failures": 0}),
        (places.c.outcome == "lost", {"lost": places.c.lost + 1}),
        (and_(places.c.outcome != "lost", places.c.lost > 0), {"lost": 0}),
    ):
        transaction.connection.execute(change.where(here, condition).values(**values))
    believed = select(places.c.url).where(
        places.c.source == source, places.c.lost >= BELIEVED_AFTER
    )
    transaction.connection.execute(
        delete(links).where(links.c.source == source, links.c.via.in_(believed))
    )


def _tells(transaction: Transaction, source: str, number: int, *, moves: bool) -> bool:
    """Say whether a pass tells what is gone, but for what is spared."""
    places = table("addresses")
    failed = and_(places.c.visited_pass == number, places.c.good.is_(False))
    behind = and_(
        places.c.url.in_(select(_behind(source, failed).c.url)), places.c.visited_pass < number
    )
    # Nobody knows what stands on these.
    unknown = and_(places.c.recipe.is_not(None), places.c["keys"].is_(None))
    here = and_(places.c.source == source, places.c.kind == "page", or_(failed, behind))
    if moves:
        unknown = or_(failed, places.c.recipe.is_not(None))
    found = transaction.connection.execute(select(places.c.url).where(here, unknown).limit(1))
    return found.first() is None


def _spared(transaction: Transaction, source: str, current: StoredPass) -> Subquery:
    """
    Return the keys, each once, that a pass may have missed though they are there.

    They are those of pages that failed since the last whole pass began, and of pages to which a
    list or a sitemap led that failed since then.
    """
    places = table("addresses")
    failed = _failed_since(current)
    behind = places.c.url.in_(select(_behind(source, failed).c.url))
    here = and_(
        places.c.source == source,
        places.c["keys"].is_not(None),
        or_(behind, and_(places.c.kind == "page", failed)),
    )
    if transaction.connection.dialect.name == "sqlite":
        each = func.json_each(places.c["keys"]).table_valued("value", name="each_key")
    else:
        listed = cast(places.c["keys"], postgresql.JSON)
        each = func.json_array_elements_text(listed).table_valued("value", name="each_key")
    keys: Select[Any] = (
        select(each.c.value.label("key"))
        .select_from(places.join(each, true()))
        .where(here)
        .distinct()
    )
    return keys.subquery("spared")


def _forget_links(transaction: Transaction, source: str, current: StoredPass) -> None:
    """
    Forget what something was led to before the last whole pass, and not since.

    What is spared is still remembered: where one page of a list failed, something may have moved
    there from another one.
    """
    links = table("links")
    if current.whole_began_at is None:
        return
    behind = _behind(source, _failed_since(current))
    transaction.connection.execute(
        delete(links).where(
            links.c.source == source,
            links.c.missed_at < current.whole_began_at,
            links.c.url.not_in(select(behind.c.url)),
        )
    )


def _failed_since(current: StoredPass) -> ColumnElement[bool]:
    places = table("addresses")
    if current.whole_began_at is None:
        return places.c.failed_at.is_not(None)
    return places.c.failed_at >= current.whole_began_at


def _behind(source: str, failed: ColumnElement[bool]) -> CTE:
    """
    Return the lists and sitemaps that failed, and all to which they lead, over any others.

    Things move from page to page of a list, so that all its pages stand for one that failed.
    What leads nowhere, as far as is known, stands for nothing.
    """
    places, links = table("addresses"), table("links")
    page, before = places.alias("page"), places.alias("before")
    top = (
        select(places.c.url)
        .where(
            places.c.source == source,
            places.c.kind != "page",
            failed,
            exists().where(links.c.source == source, links.c.via == places.c.url),
        )
        .cte("top", recursive=True)
    )
    top = top.union(
        select(links.c.via)
        .join(top, links.c.url == top.c.url)
        .join(page, and_(page.c.source == source, page.c.url == links.c.url))
        .join(before, and_(before.c.source == source, before.c.url == links.c.via))
        .where(links.c.source == source, page.c.kind == "list", before.c.kind == "list")
    )
    behind = select(top.c.url).cte("behind", recursive=True)
    return behind.union(
        select(links.c.url)
        .join(behind, links.c.via == behind.c.url)
        .where(links.c.source == source)
    )
