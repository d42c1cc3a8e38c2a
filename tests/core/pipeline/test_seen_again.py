"""What was only seen again says nothing new: no enricher looks at it another time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from regard.clock import FixedClock
from regard.pipeline.enriching import EnrichRunner
from regard.pipeline.workplace import Workplace
from regard.records import KINDS
from regard.runs import StreamSummary
from regard.store import Deletion, Sighting, Store, sources, unseen

Encode = Callable[..., Any]
Commit = Callable[..., Any]
MakeProject = Callable[..., Path]

HISTORIC = [name for name, kind in KINDS.items() if kind.historic]
RECORDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "customer": ({"city": "Vigo"}, {"city": "Lugo"}),
    "product": ({"name": "cup"}, {"name": "mug"}),
    "purchase": ({"sku": "cup"}, {"sku": "mug"}),
    "touchpoint": ({"subject": "cup"}, {"subject": "mug"}),
    "answer": ({"text": "good"}, {"text": "bad"}),
    "visit": ({"place": "Vigo"}, {"place": "Lugo"}),
    "visit_score": ({"item": "greets"}, {"item": "smiles"}),
    "review": ({"text": "good"}, {"text": "bad"}),
    "offer": ({"price": "1"}, {"price": "2"}),
    "indicator": ({"series": "rain"}, {"series": "snow"}),
    "fact": ({"name": "hours"}, {"name": "days"}),
}

ECHO = """
    from pydantic import BaseModel
    from regard import enricher

    class Echo(BaseModel):
        said: str

    @enricher("echo", inputs="{kind}", outputs=Echo{more})
    def echo({batch}):
{body}
"""
EACH = """
        for record in batch:
            yield {"key": record["key"], "said": str(record.get("price") or record.get("text"))}
"""
WHOLE = """
        yield from view.sql("SELECT source, key, 'x' AS said FROM offers").mappings()
"""


class Shop:
    """
    A project with one enricher, and its store.

    Args:
        folder: The project's folder.
        store: Its store.
        put: Stores items of one kind.
    """

    def __init__(self, folder: Path, store: Store, put: Callable[..., Any]) -> None:
        self.folder, self.store, self.put = folder, store, put

    def enrich(self) -> StreamSummary:
        """Run the enricher, with everything loaded afresh."""
        place = Workplace(self.folder / "regard.toml", FixedClock(_day(31)))
        return EnrichRunner(place, "test").run(self.store, "echo")

    def stale(self) -> str | None:
        """Say why the enricher should be run."""
        with self.store.read() as transaction:
            return unseen.why_stale(transaction, "echo")


def _day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


@pytest.fixture
def shop(
    project: MakeProject, store: Store, encode: Encode, commit: Commit
) -> Callable[[str, bool], Shop]:
    """Return what makes a project with an enricher of one kind, on each database."""

    def make(kind: str, whole: bool = False) -> Shop:
        plugin = ECHO.format(
            kind=kind,
            more=", sets=True" if whole else "",
            batch="view" if whole else "batch",
            body=WHOLE if whole else EACH,
        )
        source = '[sources.shop]\nplugin = "crm-export"\npath = "none"\n'
        folder = project(f"{source}[enrichers.echo]\n", {"echo": plugin})

        def put(day: int, *items: Any, key: str = "a") -> None:
            encoded = [
                encode(kind, item, key, _day(day)) if isinstance(item, dict) else item
                for item in items
            ]
            commit(store, kind, encoded, source="shop", run_id=day)

        return Shop(folder, store, put)

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_content_is_not_looked_at_again(shop: Callable[..., Shop], kind: str) -> None:
    """A record of any kind that comes again as it was is looked at once, a changed one again."""
    here = shop(kind)
    first, other = RECORDS[kind]
    here.put(1, first)
    done = [here.enrich()]
    here.put(2, first)
    stale = [here.stale()]
    done.append(here.enrich())
    here.put(3, other)
    stale.append(here.stale())
    done.append(here.enrich())

    assert [1, 0, 1] == [one.counts.read for one in done]
    assert [None, f"there are newer {KINDS[kind].table.name}"] == stale


@pytest.mark.parametrize("kind", HISTORIC)
def test_what_comes_back_is_new(shop: Callable[..., Shop], kind: str) -> None:
    """Of A, A, B, B, A each change is looked at, also the one back, and no repetition."""
    here = shop(kind)
    a, b = RECORDS[kind]
    read = []
    for day, record in enumerate((a, a, b, b, a), start=1):
        here.put(day, record)
        read.append(here.enrich().counts.read)

    assert [1, 0, 1, 0, 1] == read


@pytest.mark.parametrize("kind", HISTORIC)
def test_a_change_is_not_hidden_by_a_later_sighting(shop: Callable[..., Shop], kind: str) -> None:
    """What has changed, and was then seen again before any enricher came, is looked at."""
    here = shop(kind)
    a, b = RECORDS[kind]
    here.put(1, a)
    here.enrich()
    here.put(2, b)
    here.put(3, b)
    here.put(4, Sighting("a", "2026-01-04 00:00:00.000000"))

    assert f"there are newer {KINDS[kind].table.name}" == here.stale()
    assert 1 == here.enrich().counts.read
    assert None is here.stale()


@pytest.mark.parametrize("kind", HISTORIC)
def test_what_goes_is_noticed(shop: Callable[..., Shop], kind: str) -> None:
    """A record that was seen again and then is gone loses its row; one that returns gets one."""
    here = shop(kind)
    a, _ = RECORDS[kind]
    here.put(1, a)
    here.enrich()
    here.put(2, a)
    here.put(3, Deletion("a", "2026-01-03 00:00:00.000000"))
    gone = here.enrich()
    here.put(4, a)
    back = here.enrich()

    assert (1, 1) == (gone.counts.read, gone.counts.deleted)
    assert (1, 0) == (back.counts.read, back.counts.deleted)


def test_a_neighbour_seen_again(shop: Callable[..., Shop]) -> None:
    """Of a batch in which one record is new and another was only seen again, one is looked at."""
    here = shop("offer")
    here.put(1, {"price": "1"})
    here.put(1, {"price": "1"}, key="b")
    here.enrich()
    here.put(2, {"price": "1"})
    here.put(2, {"price": "2"}, key="b")
    here.put(2, {"price": "3"}, key="c")

    assert 2 == here.enrich().counts.read


def test_all_together(shop: Callable[..., Shop]) -> None:
    """An enricher that makes its table whole is not stale for what was only seen again."""
    here = shop("offer", True)
    here.put(1, {"price": "1"})
    done = here.enrich()
    here.put(2, {"price": "1"})
    again = here.stale()
    here.put(3, {"price": "2"})

    assert None is done.error
    assert [None, "there are newer offers"] == [again, here.stale()]


def test_a_renamed_source_is_looked_at(shop: Callable[..., Shop]) -> None:
    """What was only seen again is looked at once more where its source got another name."""
    here = shop("offer")
    here.put(1, {"price": "1"})
    here.enrich()
    here.put(2, {"price": "1"})
    with here.store.write() as transaction:
        sources.rename(transaction, "shop", "market")

    assert 1 == here.enrich().counts.read


@pytest.mark.parametrize("name", ["offers", "reviews"])
def test_how_it_is_asked(store: Store, name: str) -> None:
    """Which rows are new is asked of an index, however many were seen again."""
    if store.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses by the sizes that it has counted")
    query = f"EXPLAIN QUERY PLAN SELECT max(content_batch_id) FROM {name}"
    with store.read() as transaction:
        plan = str(transaction.connection.execute(text(query)).all())

    assert f"ix_{name}_content_batch_id" in plan
