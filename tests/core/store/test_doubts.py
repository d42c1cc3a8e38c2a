"""What may be there though a pass did not meet it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from regard.clock import FixedClock
from regard.frontier import Address, Visited
from regard.store import Store, addresses, doubts
from regard.store.addresses import Changes
from regard.store.transactions import table

SHOP = "https://rival.example"
FIRST = datetime(2026, 11, 1, 8, tzinfo=UTC)
READ = frozenset({"ok", "not-modified"})
FINAL = READ | {"gone", "lost"}


@dataclass(slots=True)
class Looked:
    """
    A shop whose addresses are looked at once a day.

    Attributes:
        store: Knows them.
        clock: Its clock.
        shown: The articles of pages that have others than one of their name.
        listed: Where each list or sitemap led when it was last read.
    """

    store: Store
    clock: FixedClock
    listed: dict[str, Sequence[str]] = field(default_factory=dict)
    shown: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def look(
        self, said: Mapping[str, str | Sequence[str]], *, moves: bool = False
    ) -> set[str] | None:
        """
        Look at a shop, and return what nobody knows to be gone; None: nobody knows anything.

        Args:
            said: For each list where it leads, else what became of an address. A page that is
                found and not named here is read and has an article of its name.
            moves: Whether records move from page to page.
        """
        self.clock.move(timedelta(days=1))
        with self.store.write() as transaction:
            current = addresses.begin_pass(transaction, "prices", self.clock.now())
            changes = Changes(current.number, "recipe")
            todo = [name for name in said if _kind(name) != "page"] or list(said)
            for name in todo:
                if all(each.url != _url(name) for each in changes.found):
                    changes.found.append(Address(_url(name), _kind(name)))
                what = said.get(name, "ok")
                led_to: Sequence[str] = ()
                if not isinstance(what, str):
                    led_to = self.listed[name] = what
                elif what == "not-modified":
                    changes.again.append(_url(name))
                    todo += [each for each in self.listed.get(name, ()) if each not in todo]
                todo += [each for each in led_to if each not in todo]
                changes.links += [(_url(name), _url(each)) for each in led_to]
                outcome = what if isinstance(what, str) else "ok"
                changes.visited.append(_visited(name, outcome, self.shown.get(name, (name,))))
            addresses.save(transaction, "prices", changes)
            assert addresses.give_up(transaction, "prices", current.number)
            spared = doubts.end_pass(transaction, "prices", current, moves=moves)
            if spared is None:
                return None
            return set(transaction.connection.execute(select(spared.c.key)).scalars())

    def count(self, name: str) -> int:
        """Return how many rows a table has."""
        with self.store.read() as transaction:
            rows: Any = select(func.count()).select_from(table(name))
            return int(transaction.connection.execute(rows).scalar_one())


def _url(name: str) -> str:
    return f"{SHOP}/{name}"


def _kind(name: str) -> str:
    kinds = [kind for kind in ("list", "sitemap") if name.startswith(kind)]
    return kinds[0] if kinds else "page"


def _visited(name: str, outcome: str, shown: tuple[str, ...]) -> Visited:
    page = _kind(name) == "page"
    return Visited(
        _url(name),
        outcome,
        final=outcome in FINAL,
        good=outcome in FINAL - {"lost"},
        keys=shown if page else (),
        leads=outcome == "ok" and not page,
    )


@pytest.fixture
def looked(store_url: str) -> Iterator[Looked]:
    """Return a shop that nobody has looked at."""
    clock = FixedClock(FIRST)
    store = Store.open(store_url, clock=clock)
    yield Looked(store, clock)
    store.close()


def test_what_failed_is_spared_until_two_passes_knew(looked: Looked) -> None:
    """An article of a page that fails is not known to be gone, nor in the pass behind that."""
    looks = [
        looked.look({"lamp": lamp, "sofa": "ok"})
        for lamp in ["ok", "http-error", "http-error", "gone", "gone", "ok"]
    ]

    assert [set(), {"lamp"}, {"lamp"}, {"lamp"}, set(), set()] == looks


def test_an_article_that_its_page_lacks_after_an_error_is_missed_once(looked: Looked) -> None:
    """It may be gone for a day, as the page was the day before."""
    looks = []
    for outcome, shown in [("ok", 2), ("http-error", 2), ("ok", 1), ("ok", 1)]:
        looked.shown["lamp"] = ("red", "blue")[:shown]
        looks.append(looked.look({"lamp": outcome, "sofa": "ok"}))

    assert [set(), {"red", "blue"}, {"red", "blue"}, set()] == looks


def test_a_pass_that_knows_nothing_ends_no_doubt(looked: Looked) -> None:
    """What failed in the last whole pass is spared, however many came between."""
    well: dict[str, str | Sequence[str]] = {"list-a": ["lamp"], "list-b": ["sofa"]}
    looks = [
        looked.look(well),
        looked.look({**well, "sofa": "http-error"}, moves=True),
        looked.look({**well, "list-b": "http-error"}, moves=True),
        looked.look({**well, "sofa": "gone"}),
        looked.look({**well, "sofa": "gone"}),
    ]

    assert [set(), None, None, {"sofa"}, set()] == looks


def test_where_records_move_between_pages_none_may_fail(looked: Looked) -> None:
    """One page that failed leaves everything open, and the next pass does not."""
    looks = [
        looked.look({"lamp": lamp, "sofa": "ok"}, moves=True)
        for lamp in ["ok", "http-error", "ok", "ok"]
    ]

    assert [set(), None, {"lamp"}, set()] == looks


def test_a_list_that_fails_spares_only_what_it_led_to(looked: Looked) -> None:
    """Over sitemaps of sitemaps, too; what another one leads to is judged as ever."""
    many = [f"page-{number}" for number in range(3_000)]
    looked.look({"sitemap": ["sitemap-a", "sitemap-b"], "sitemap-a": many, "sitemap-b": ["sofa"]})
    child = looked.look({"sitemap": "not-modified", "sitemap-a": "http-error", "sitemap-b": []})
    whole = looked.look({"sitemap": "http-error"})

    assert set(many) == child
    assert {*many, "sofa"} == whole


def test_what_never_led_anywhere_spares_nothing(looked: Looked) -> None:
    """A sitemap that is dead from the first day on keeps nothing from being judged."""
    looks = [
        looked.look({"list-a": ["lamp"], "sitemap-dead": dead})
        for dead in ["lost", "lost", "http-error", "lost"]
    ]

    assert [set()] * 4 == looks


def test_the_end_of_a_list_that_never_led_anywhere_spares_nothing(looked: Looked) -> None:
    """A next page that is always an error is no reason to doubt the pages before it."""
    looks = [
        looked.look({"list": [*more, "list-2"], "list-2": "http-error"})
        for more in (["lamp", "sofa"], ["lamp"], ["lamp"])
    ]

    assert [set()] * 3 == looks


def test_what_two_lists_led_to_is_spared_while_one_fails(looked: Looked) -> None:
    """It may still be in the one that failed, though the other one dropped it."""
    looked.look({"list-a": ["lamp", "sofa"], "list-b": ["lamp"]})
    first = looked.look({"list-a": ["sofa"], "list-b": "http-error"})
    second = looked.look({"list-a": "not-modified", "list-b": "http-error"})
    back = looked.look({"list-a": "not-modified", "list-b": []})
    last = looked.look({"list-a": "not-modified", "list-b": []})

    assert [{"lamp"}, {"lamp"}, {"lamp"}, set()] == [first, second, back, last]


def test_an_article_may_have_moved_to_a_page_of_its_list_that_fails(looked: Looked) -> None:
    """All pages of a list stand for one that fails, until it is read again."""
    looked.look({"list": ["lamp", "list-2", "sofa"], "list-2": ["chair"]})
    failing = [looked.look({"list": ["list-2", "sofa"], "list-2": "http-error"}) for _ in range(4)]
    well = [looked.look({"list": ["list-2", "sofa"], "list-2": ["chair"]}) for _ in range(2)]

    assert [{"lamp", "sofa", "chair"}] * 4 == failing
    assert [{"lamp", "sofa", "chair"}, set()] == well


def test_what_says_long_enough_that_it_leads_nowhere_is_believed(looked: Looked) -> None:
    """In the third pass in a row; an error in between begins the count anew."""
    well: dict[str, str | Sequence[str]] = {"list-a": ["lamp"], "list-sale": ["sofa"]}
    looked.look(well)
    sale = ["lost", "lost", "http-error", "lost", "lost", "lost", "lost"]
    looks = [looked.look({**well, "list-sale": each}) for each in sale]

    assert [{"sofa"}] * 5 + [set()] * 2 == looks


def test_the_end_of_a_list_is_believed_for_all_of_it(looked: Looked) -> None:
    """Once a next page has long led nowhere, no page before it is doubted any more."""
    looked.look({"list": ["lamp", "list-2"], "list-2": ["sofa"]})
    looks = [looked.look({"list": ["lamp", "list-2"], "list-2": "lost"}) for _ in range(4)]

    assert [{"lamp", "sofa"}] * 2 + [set()] * 2 == looks


def test_links_that_are_gone_are_forgotten(looked: Looked) -> None:
    """A list that changes every day leaves no more behind than the last days."""
    for day in range(8):
        looked.look({"list": [f"page-{day}"]})

    assert 4 >= looked.count("links")


def test_keys_that_no_database_holds(looked: Looked) -> None:
    """A page whose articles have hostile numbers costs no other one."""
    hostile = ["a\0b", "\ud800", '"]', "\N{SNOWMAN}"]
    with looked.store.write() as transaction:
        current = addresses.begin_pass(transaction, "prices", looked.clock.now())
        visited = Visited(_url("page"), "ok", keys=tuple(hostile))
        found = [Address(_url("page"))]
        changes = Changes(current.number, "recipe", found, [visited])
        addresses.save(transaction, "prices", changes)
        doubts.end_pass(transaction, "prices", current, moves=False)

    assert {'"]', "\N{SNOWMAN}"} == looked.look({"page": "http-error"})
