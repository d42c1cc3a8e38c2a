"""Enrichers: what they see, what becomes of what they yield, and that records stay as they are."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from regard.clock import FixedClock
from regard.columns import open_view, sync_columns
from regard.errors import PluginError
from regard.pipeline.enriching import EnrichRunner
from regard.pipeline.workplace import Workplace
from regard.records import KINDS
from regard.records.sides import declared
from regard.runs import StreamSummary
from regard.store import Deletion, Store, enriching, leases, runs, sides, sources, unseen
from regard.store.erasing import erase
from regard.store.tracing import Customers, Seed

Encode = Callable[..., Any]
Commit = Callable[..., Any]
MakeProject = Callable[..., Path]
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)

SOURCES = ("till", "web", "box", "rival")

BANDS = """
    from pydantic import BaseModel
    from regard import enricher

    class PriceBand(BaseModel):
        band: str

    @enricher("price-bands", inputs="purchase", outputs=PriceBand)
    def bands(batch):
        for line in batch:
            if line["unit_price"] is not None:
                yield {"key": line["key"], "band": "high" if line["unit_price"] > 100 else "low"}
"""

EVERYTHING = """
    from datetime import date, datetime, timezone
    from decimal import Decimal
    from sqlmodel import SQLModel
    from regard import Enricher, hookimpl

    class Seen(SQLModel):
        title: str | None = None
        number: int
        share: Decimal
        yes: bool
        at: datetime
        on: date

    class Words(SQLModel):
        many: int

    class Looks(Enricher):
        name = "looks"
        inputs = ("fact", "offer")
        outputs = (Seen, Words)

        def enrich(self, batch, ctx):
            ctx.note(f"{batch.source} {batch.kind} {len(batch)}")
            for record in batch:
                at = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone.utc)
                yield Seen, {
                    "key": record["key"], "title": 'é "q", \\\\ tab\\t', "number": -3,
                    "share": Decimal("0.333333"), "yes": True, "at": at, "on": date(2026, 2, 3),
                }
                if record.get("text"):
                    yield Words, {"key": record["key"], "many": len(record["text"].split())}

    @hookimpl
    def regard_enrichers():
        return [Looks]
"""

RANKS = """
    from decimal import Decimal
    from pydantic import BaseModel
    from regard import enricher

    class Rank(BaseModel):
        spent: Decimal
        place: int

    @enricher("ranks", inputs="purchase", outputs=Rank, sets=True)
    def ranks(view):
        rows = view.sql('''
            SELECT source, key, amount AS spent,
                   row_number() OVER (ORDER BY amount DESC, source, key) AS place
            FROM purchases WHERE amount IS NOT NULL''')
        yield from rows.mappings()
"""


class Shop:
    """
    A project with enrichers, and its store.

    Args:
        folder: The project's folder.
        store: Its store.
        encode: Encodes a record.
        commit: Stores records.
    """

    def __init__(self, folder: Path, store: Store, encode: Encode, commit: Commit) -> None:
        self.folder, self.store = folder, store
        self._encode, self._commit = encode, commit

    def sell(self, prices: dict[str, str | None], source: str = "till", **extra: Any) -> None:
        """Store one purchase for each key."""
        self.put(
            "purchase",
            {
                key: {"unit_price": price, "amount": price, **extra}
                for key, price in prices.items()
            },
            source,
        )

    def put(self, kind: str, records: dict[str, Any], source: str = "till") -> None:
        """Store records."""
        items = [self._encode(kind, record, key) for key, record in records.items()]
        self._commit(self.store, kind, items, source=source)

    def delete(self, key: str, kind: str = "purchase", source: str = "till") -> None:
        """Let a record be deleted."""
        gone = Deletion(key, "2026-02-01 00:00:00.000000")
        self._commit(self.store, kind, [gone], source=source)

    def runner(self, **options: Any) -> EnrichRunner:
        """Return what runs enrichers, with everything loaded afresh."""
        place = Workplace(self.folder / "regard.toml", FixedClock(NOW))
        return EnrichRunner(place, "test", **options)

    def enrich(self, name: str = "price-bands", **options: Any) -> StreamSummary:
        """Run an enricher."""
        return self.runner(**options).run(self.store, name)

    def rows(self, name: str = "price_band") -> dict[tuple[str, str, str], tuple[Any, ...]]:
        """Return the rows of a side table by kind, source and key, withdrawn ones left out."""
        with self.store.read() as transaction:
            (side,) = [each for each in sides.stored(transaction) if each.name == name]
            query = select(side.table).where(side.table.c.deleted_at.is_(None))
            return {
                (row.kind, row.source, row.key): tuple(
                    getattr(row, field) for field, _ in side.fields
                )
                for row in transaction.connection.execute(query)
            }

    def bands(self) -> dict[str, str]:
        """Return the price bands by key."""
        return {key: band for (_, _, key), (band,) in self.rows().items()}

    @contextmanager
    def view(self, **options: Any) -> Iterator[Any]:
        """Open a view of the columns, which are brought up to date."""
        folder = self.folder / "columns"
        sync_columns(self.store, folder)
        given: dict[str, Any] = {"now": NOW, "language": "en", "timezone": "UTC"}
        given |= {"freshness": (), "pseudonym_key": b"k" * 32, **options}
        with open_view(folder, **given) as view:
            yield view

    def seen(self, query: str, **options: Any) -> list[tuple[Any, ...]]:
        """Return what a query of the columns gives."""
        with self.view(**options) as view:
            rows: list[tuple[Any, ...]] = view.sql(query).rows()
            return rows

    def edit(self, plugin: str, before: str, after: str) -> None:
        """Change the text of a plug-in."""
        path = self.folder / "plugins" / f"{plugin}.py"
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))


MakeShop = Callable[..., Shop]


@pytest.fixture
def shop(project: MakeProject, store: Store, encode: Encode, commit: Commit) -> MakeShop:
    """Return what makes a project with enrichers, on each database."""

    def make(config: str = "[enrichers.price-bands]\n", **plugins: str) -> Shop:
        tables = "".join(
            f'[sources.{name}]\nplugin = "crm-export"\npath = "none"\n' for name in SOURCES
        )
        folder = project(tables + config, plugins or {"bands": BANDS})
        return Shop(folder, store, encode, commit)

    return make


class TestRecordByRecord:
    """An enricher that looks at each record alone."""

    def test_only_what_is_new(self, shop: MakeShop) -> None:
        """It gets each record once, and again when it has changed."""
        here = shop()
        here.sell({"a": "10", "b": "150", "c": None})
        first = here.enrich()
        again = here.enrich()
        here.sell({"a": "200"})
        later = here.enrich()

        assert ("ok", 3, 2) == (first.outcome.value, first.counts.read, first.counts.new)
        assert (0, 0) == (again.counts.read, again.counts.new)
        assert (1, 0, 1) == (later.counts.read, later.counts.new, later.counts.changed)
        assert {"a": "high", "b": "high"} == here.bands()

    def test_rows_go_with_their_record(self, shop: MakeShop) -> None:
        """A deleted record, and one for which nothing is yielded any more, lose their row."""
        here = shop()
        here.sell({"a": "10", "b": "150", "c": "20"})
        here.enrich()
        here.delete("a")
        here.sell({"b": None})
        done = here.enrich()

        assert 2 == done.counts.deleted
        assert {"c": "low"} == here.bands()
        assert [("c", "low")] == here.seen("SELECT key, band FROM price_band")

    def test_every_type_comes_through(self, shop: MakeShop) -> None:
        """Texts, numbers, flags, times and days are in the store and in views what they were."""
        here = shop("[enrichers.looks]\n", looks=EVERYTHING)
        here.put("fact", {"f": {"name": "n", "text": "two words"}}, "box")
        here.put("offer", {"o": {"price": "1"}}, "rival")
        done = here.enrich("looks")
        at = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
        values = (
            'é "q", \\ tab\t',
            -3,
            Decimal("0.333333"),
            True,
            at,
            at.date().replace(2026, 2, 3),
        )

        assert None is done.error
        assert ["box fact 1", "rival offer 1"] == done.notes
        assert {("fact", "box", "f"): values, ("offer", "rival", "o"): values} == here.rows("seen")
        assert {("fact", "box", "f"): (2,)} == here.rows("words")
        fields = 'title, number, share, yes, "at", "on"'
        assert [values, values] == here.seen(f"SELECT {fields} FROM seen ORDER BY kind")

    def test_only_the_current_version(self, shop: MakeShop) -> None:
        """Of a kind with history an enricher sees the version that holds."""
        here = shop("[enrichers.looks]\n", looks=EVERYTHING)
        here.put("offer", {"o": {"price": "1"}, "p": {"price": "1"}}, "rival")
        here.enrich("looks")
        here.delete("p", "offer", "rival")
        here.enrich("looks")

        assert {("offer", "rival", "o")} == here.rows("seen").keys()

    def test_another_version_begins_anew(self, shop: MakeShop) -> None:
        """With another version or other fields every record is looked at again."""
        here = shop()
        here.sell({"a": "10", "b": "150"})
        here.enrich()
        here.edit("bands", "outputs=PriceBand)", "outputs=PriceBand, version=2)")
        version = here.enrich()
        here.edit("bands", "band: str", "band: str\n    sure: bool = True")
        shape = here.enrich()

        assert (2, 2) == (version.counts.read, version.counts.new)
        assert (2, 2) == (shape.counts.read, shape.counts.new)
        assert [("low", True), ("high", True)] == here.seen(
            "SELECT band, sure FROM price_band ORDER BY key"
        )

    def test_records_stay_as_they_are(self, shop: MakeShop) -> None:
        """An enricher changes nothing but its side tables."""
        here = shop()
        here.sell({"a": "10"})
        with here.store.read() as transaction:
            before = transaction.connection.execute(select(KINDS["purchase"].table)).all()
        here.enrich()
        with here.store.read() as transaction:
            after = transaction.connection.execute(select(KINDS["purchase"].table)).all()

        assert before == after
        assert [] == here.store.faults()

    def test_a_dry_run_writes_nothing(self, shop: MakeShop) -> None:
        """A dry run counts what a run would do, and leaves no side table behind."""
        here = shop()
        here.sell({"a": "10", "b": "150"})
        with here.store.read() as transaction:
            before = runs.history(transaction)
        done = here.runner().dry_run(here.store, "price-bands")
        with here.store.read() as transaction:
            after, tables = runs.history(transaction), sides.stored(transaction)

        assert (2, 2, None) == (done.counts.read, done.counts.new, done.run_id)
        assert (before, []) == (after, tables)

    def test_only_one_at_a_time(self, shop: MakeShop) -> None:
        """A second run of an enricher is told who has it."""
        here = shop()
        with here.store.write() as transaction:
            transaction.writer.lock()
            leases.acquire(transaction, "enricher:price-bands", None)
        done = here.enrich()

        assert "skipped" == done.outcome.value
        assert "enricher 'price-bands' is being run already" in str(done.error)

    def test_many_records(self, shop: MakeShop) -> None:
        """More records than are looked at at once are all seen, in one batch or in several."""
        here = shop()
        here.sell({f"k{n:05}": str(n) for n in range(4_500)})
        here.sell({f"k{n:05}": "7" for n in range(4_000, 6_000)}, source="web")
        done = here.enrich()

        assert (6_500, 6_500) == (done.counts.read, done.counts.new)
        assert 6_500 == len(here.rows())

    def test_staleness(self, shop: MakeShop) -> None:
        """It is stale when it never ran, when records are newer, and when its recipe changed."""
        here = shop()
        said = []

        def ask(recipe: str | None = None) -> None:
            with here.store.read() as transaction:
                said.append(unseen.why_stale(transaction, "price-bands", recipe))

        ask()
        here.sell({"a": "10"})
        here.enrich()
        ask()
        ask("another")
        here.put("fact", {"f": {"name": "n"}})
        ask()
        here.sell({"a": "11"})
        ask()

        assert [
            "it has never been run",
            None,
            "its version, its settings or what it reads has changed",
            None,
            "there are newer purchases",
        ] == said


class TestAllTogether:
    """An enricher that makes its side tables whole."""

    def test_replaces_what_it_made(self, shop: MakeShop) -> None:
        """What is yielded again unchanged is not written, and what is not yielded is gone."""
        here = shop("[enrichers.ranks]\n", ranks=RANKS)
        here.sell({"a": "10", "b": "30", "c": "20"})
        first = here.enrich("ranks")
        here.sell({"d": "5"})
        here.delete("a")
        done = here.enrich("ranks")

        assert (3, 3) == (first.counts.read, first.counts.new)
        counts = done.counts
        assert (3, 1, 2, 1) == (counts.read, counts.new, counts.unchanged, counts.deleted)
        assert [("b", 1), ("c", 2), ("d", 3)] == here.seen(
            "SELECT key, place FROM rank ORDER BY place"
        )

    def test_rows_beside_no_record(self, shop: MakeShop) -> None:
        """What it yields for a record that is not stored, or not any more, is left out."""
        text = RANKS.replace(
            "yield from rows.mappings()",
            'yield from ({"source": "till", "key": key, "spent": 1, "place": 1} for key in "abz")',
        )
        here = shop("[enrichers.ranks]\n", ranks=text)
        here.sell({"a": "10", "b": "20"})
        here.delete("b")
        dry = here.runner().dry_run(here.store, "ranks")
        done = here.enrich("ranks")

        assert (1, 1) == (dry.counts.new, done.counts.new)
        assert ["a"] == [key for (key,) in here.seen("SELECT key FROM rank")]

    def test_reads_what_others_made(self, shop: MakeShop) -> None:
        """It sees the side tables of others, and is stale when these have changed."""
        text = RANKS.replace("sets=True", 'sets=True, after="price-bands"')
        text = text.replace(
            "FROM purchases WHERE",
            "FROM purchases JOIN price_band USING (kind, source, key) WHERE",
        )
        text = text.replace(
            "FROM purchases JOIN", "FROM (SELECT *, 'purchase' AS kind FROM purchases) JOIN"
        )
        here = shop("[enrichers.price-bands]\n[enrichers.ranks]\n", bands=BANDS, ranks=text)
        here.sell({"a": "10", "b": None})
        here.enrich("price-bands")
        done = here.enrich("ranks")
        stale = []

        def ask() -> None:
            with here.store.read() as transaction:
                stale.append(unseen.why_stale(transaction, "ranks", after=["price-bands"]))

        ask()
        here.edit("bands", "outputs=PriceBand)", "outputs=PriceBand, version=2)")
        here.enrich("price-bands")
        ask()

        assert 1 == done.counts.new
        assert [None, "there are newer price_band"] == stale

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ('yield {"source": "till", "spent": 1, "place": 1}', '"source" and "key"'),
            (
                'yield from [{"source": "till", "key": "a", "spent": 1, "place": 1}] * 2',
                "two rows of rank for one purchase",
            ),
        ],
    )
    def test_what_is_no_row(self, shop: MakeShop, line: str, said: str) -> None:
        """A row that belongs to no record, and two of one record, fail the run whole."""
        here = shop("[enrichers.ranks]\n", ranks=RANKS.replace("yield from rows.mappings()", line))
        here.sell({"a": "10"})
        done = here.enrich("ranks")

        assert "failed" == done.outcome.value
        assert said in str(done.error)
        assert {} == here.rows("rank")


BAD = [
    ('{"key": "nobody", "band": "x"}', "whose key is none of the batch's"),
    ('{"key": line["key"], "bnad": "x"}', "no field 'bnad'; did you mean 'band'?"),
    ('{"key": line["key"], line["key"]: 1}', "no field of one of the names"),
    ('{"key": line["key"], "band": None}', "PriceBand.band: must be a valid string"),
    ('{"key": line["key"], "band": "a\\x00b"}', "PriceBand: a text holds the character NUL"),
    ('{"key": line["key"], "band": "a\\ud800b"}', "half of a character pair"),
    ("line['key']", "it yielded a str; it must be a mapping with"),
    ("([line['key']], {'key': line['key'], 'band': 'x'})", "it yielded a tuple; it must be a"),
    ('{"key": [line["key"]], "band": "x"}', "whose key is none of the batch's"),
    ("1 / 0", "the plug-in has a bug: ZeroDivisionError"),
    ("exit(3)", "the plug-in tried to exit (code 3)"),
]


@pytest.mark.parametrize(("value", "said"), BAD)
def test_what_cannot_be_stored(shop: MakeShop, value: str, said: str) -> None:
    """What an enricher yields wrongly fails its run, says why without values, and stays out."""
    start = BANDS.index("yield {")
    here = shop(bands=BANDS[:start] + f"yield {value}\n")
    here.sell({"ana@mail.example": "10"})
    done = here.enrich()

    assert "failed" == done.outcome.value
    assert said in str(done.error)
    assert "ana@mail.example" not in str(done.error)
    assert {} == here.rows()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 5", "a value of the type int; it must yield a mapping"),
        ("return 'hello'", "a value of the type str; it must yield a mapping"),
        ("return {'key': 'a', 'band': 'x'}", "a value of the type dict; it must yield a mapping"),
    ],
)
def test_what_yields_nothing(shop: MakeShop, body: str, said: str) -> None:
    """An enricher that returns something else than rows is told of what type that is."""
    here = shop(bands=BANDS[: BANDS.index("for line")] + body + "\n")
    here.sell({"a": "10"})
    done = here.enrich()

    assert "failed" == done.outcome.value
    assert said in str(done.error)


def test_own_validators_quote_no_value(shop: MakeShop) -> None:
    """What a validator of the class says may quote a person, and is not told."""
    checked = """band: str

        @field_validator("band")
        @classmethod
        def checked(cls, band):
            raise ValueError(f"{band} is no band")
"""
    bands = BANDS.replace("import BaseModel", "import BaseModel, field_validator")
    here = shop(bands=bands.replace("band: str\n", checked).replace('"low"', 'line["key"]'))
    here.sell({"ana@mail.example": "10"})
    done = here.enrich()

    assert "PriceBand.band: a validator of the class refuses it" in str(done.error)
    assert "ana@mail" not in str(done.error)


def test_two_rows_for_one_record(shop: MakeShop) -> None:
    """Two rows of one side table for one record are refused, and the record is not named."""
    here = shop(bands=BANDS.replace("yield {", "for _ in (1, 2): yield {"))
    here.sell({"ana@mail.example": "10"})
    done = here.enrich()

    assert "two rows of price_band for purchase#" in str(done.error)
    assert "ana@mail" not in str(done.error)


def test_what_came_before_a_failure_stays(shop: MakeShop) -> None:
    """An enricher that fails at one record keeps what it made before, and goes on there."""
    here = shop(bands=BANDS.replace("yield {", "assert line['sku'] != 'bad'; yield {"))
    here.sell({f"k{n:04}": "10" for n in range(2_500)})
    here.sell({"last": "10"}, sku="bad")
    failed = here.enrich()
    kept = len(here.rows())
    here.sell({"last": "10"}, sku="good")
    done = here.enrich()

    assert ("failed", 2_000) == (failed.outcome.value, kept)
    assert ("ok", 501) == (done.outcome.value, done.counts.new)


DECLARED_WRONGLY = [
    ("inputs='purchases'", "did you mean 'purchase'?"),
    ("inputs=()", "it has no inputs"),
    ("outputs=()", "it has no outputs"),
    ("outputs=dict", "each must be a class of Pydantic or SQLModel"),
    ("outputs=Float", "Float.share is declared as float; .* a number is a Decimal"),
    ("outputs=Lists", "Lists.tags is declared as list"),
    ("outputs=Taken", "Taken.source cannot be the name of a field: regard uses it"),
    ("outputs=Offers", "'offers', which is no name or is taken"),
    ("outputs=Empty", "Empty has no fields"),
    ("version=1.5", "its version is 1.5"),
]


@pytest.mark.parametrize(("change", "said"), DECLARED_WRONGLY)
def test_what_is_declared_wrongly(change: str, said: str) -> None:
    """An enricher that cannot be used as it is declared is refused with what would be right."""
    from pydantic import BaseModel

    from regard import enricher

    names = {
        name: type(name, (BaseModel,), {"__annotations__": fields, "__module__": __name__})
        for name, fields in {
            "Good": {"band": str},
            "Float": {"share": float},
            "Lists": {"tags": list[str]},
            "Taken": {"source": str},
            "Offers": {"price": Decimal},
            "Empty": {},
        }.items()
    }
    given: dict[str, Any] = {"inputs": "purchase", "outputs": names["Good"]}
    given |= eval(f"dict({change})", {**names})  # the texts stand above

    def work(batch: Any) -> Any:
        return []

    enricher("x", **given)(work)
    with pytest.raises(PluginError, match=said):
        declared(work.regard_enricher)  # type: ignore[attr-defined]


class TestErasing:
    """What happens to records happens to the rows beside them."""

    def test_a_person_goes_with_all_rows(self, shop: MakeShop) -> None:
        """Erasing a person erases the rows beside the records, and sets are made again."""
        here = shop("[enrichers.price-bands]\n[enrichers.ranks]\n", bands=BANDS, ranks=RANKS)
        here.sell({"a": "10"}, email="ana@mail.example")
        here.sell({"b": "150"})
        for name in ("price-bands", "ranks"):
            here.enrich(name)
        assert 2 == len(here.seen("SELECT key FROM price_band"))
        with here.store.write() as transaction:
            done = erase(transaction, Seed(email="ana@mail.example"), Customers(), b"secret")
        stored, viewed = here.bands(), here.seen("SELECT key, band FROM price_band")
        ranked = here.seen("SELECT key, place FROM rank")
        again = here.enrich("ranks")

        assert 2 == done.counts()["enriched row"]
        assert {"b": "high"} == stored
        assert [("b", "high")] == viewed
        assert [] == ranked
        assert ("ok", 1) == (again.outcome.value, again.counts.new)
        assert 0 == here.enrich("price-bands").counts.read

    def test_where_a_run_broke_off(self, shop: MakeShop) -> None:
        """The key of a record at which a run broke off is forgotten with the record."""
        here = shop(bands=BANDS.replace("yield {", "assert line['sku'] != 'bad'; yield {"))
        here.sell({f"k{n:04}": "10" for n in range(1_999)})
        here.sell({"z-of-ana": "10"}, email="ana@mail.example")
        here.sell({"zz": "10"}, sku="bad")
        here.enrich()
        seen = []
        for _ in range(2):
            with here.store.read() as transaction:
                known = enriching.progress_of(transaction, "price-bands")
            assert known is not None
            seen.append(str(known.seen))
            with here.store.write() as transaction:
                erase(transaction, Seed(email="ana@mail.example"), Customers(), b"secret")

        assert "z-of-ana" in seen[0]
        assert "{}" == seen[1]

    def test_a_record_that_loses_a_text(self, shop: MakeShop) -> None:
        """A record out of which somebody was taken is looked at again."""
        here = shop("[enrichers.looks]\n", looks=EVERYTHING)
        here.put("fact", {"f": {"name": "n", "text": "ask ana@mail.example please"}}, "box")
        here.enrich("looks")
        with here.store.write() as transaction:
            erase(transaction, Seed(email="ana@mail.example"), Customers(), b"secret")
        without = here.rows("words")
        here.enrich("looks")

        assert {} == without
        assert 1 == len(here.rows("words"))

    def test_a_source_is_renamed_and_dropped(self, shop: MakeShop) -> None:
        """Rows keep beside their records when a source is renamed, and go when it is dropped."""
        here = shop()
        here.sell({"a": "10"})
        here.sell({"b": "150"}, source="web")
        here.enrich()
        with here.store.write() as transaction:
            sources.rename(transaction, "web", "shop")
        renamed = set(here.rows())
        with here.store.write() as transaction:
            sources.drop(transaction, "till")

        assert {("purchase", "till", "a"), ("purchase", "shop", "b")} == renamed
        assert {("purchase", "shop", "b")} == set(here.rows())
        assert [("shop", "high")] == here.seen("SELECT source, band FROM price_band")
        assert "ok" == here.enrich().outcome.value

    def test_a_run_under_which_a_source_is_dropped(self, shop: MakeShop) -> None:
        """Rows beside records that were dropped while the enricher looked at them stay out."""
        here = shop(bands=BANDS.replace("for line", "wait()\n        for line"))
        here.edit(
            "bands",
            "class PriceBand",
            "def wait():\n"
            "    from pathlib import Path\n"
            "    from time import sleep\n"
            f"    here = Path({str(here.folder)!r})\n"
            "    if not (here / 'reached').exists():\n"
            "        (here / 'reached').touch()\n"
            "        while not (here / 'go').exists():\n"
            "            sleep(0.02)\n\n"
            "class PriceBand",
        )
        here.sell({"a": "10"})
        here.sell({"b": "150"}, source="web")
        from threading import Thread

        done: list[StreamSummary] = []
        thread = Thread(target=lambda: done.append(here.enrich()))
        # A signal may break into a plug-in; in a test's thread none is listened for.
        thread.start()
        end = time.monotonic() + 60
        while not (here.folder / "reached").exists() and time.monotonic() < end:
            time.sleep(0.02)
        with here.store.write() as transaction:
            sources.drop(transaction, "till")
        (here.folder / "go").touch()
        thread.join(60)

        assert "ok" == done[0].outcome.value
        assert {("purchase", "web", "b")} == set(here.rows())


def test_views_leave_out_what_is_left_out(shop: MakeShop) -> None:
    """Rows beside records of a source that is gone, or not believed, are not seen either."""
    from regard.directory import Directory

    here = shop()
    here.sell({"a": "10"})
    here.sell({"b": "150"}, source="web")
    here.enrich()
    query = "SELECT source FROM price_band ORDER BY ALL"

    assert [("till",), ("web",)] == here.seen(query)
    assert [("web",)] == here.seen(query, orphans=["till"])
    assert [("till",)] == here.seen(
        query, directory=Directory(counts={"web": frozenset({"customer"})})
    )


def test_columns_follow(shop: MakeShop) -> None:
    """Columns of side tables are brought up to date like those of records."""
    here = shop()
    here.sell({f"k{n:03}": str(n) for n in range(300)})
    here.enrich()
    count = "SELECT band, count(*) FROM price_band GROUP BY ALL ORDER BY ALL"
    first = here.seen(count)
    here.sell({"k005": "500", "k299": None})
    here.enrich()

    assert [("high", 199), ("low", 101)] == first
    assert [("high", 199), ("low", 100)] == here.seen(count)


KILLED = """
    import os, signal
    from pathlib import Path
    from regard import enricher
    from pydantic import BaseModel

    class Length(BaseModel):
        long: int

    @enricher("lengths", inputs=["fact", "purchase"], outputs=Length)
    def lengths(batch, ctx):
        if batch.kind == "fact" and not (ctx.root / "calm").exists():
            file = ctx.root / "batches"
            with file.open("a") as out:
                out.write("x")
            if len(file.read_text()) in (2, 4):
                os.kill(os.getppid(), signal.SIGKILL)
                os.kill(os.getpid(), signal.SIGKILL)
        for record in batch:
            yield {"key": record["key"], "long": len(record["key"])}
"""


def test_killed(project: MakeProject, store_url: str, encode: Encode, commit: Commit) -> None:
    """A run that is killed goes on where it was, to the same end as one that is not."""
    folder = project("[enrichers.lengths]\n", {"lengths": KILLED}, store=store_url)
    store = Store.open(store_url)
    here = Shop(folder, store, encode, commit)
    here.put("fact", {f"{'k' * (n % 7)}{n}": {"name": "n"} for n in range(9_000)}, "box")
    here.sell({str(n): "1" for n in range(100)})
    command = [sys.executable, "-m", "regard", "enrich", "lengths", "--quiet"]
    quiet = {"cwd": folder, "capture_output": True, "timeout": 120, "check": False}
    codes = [subprocess.run(command, **quiet).returncode for _ in range(3)]  # type: ignore[call-overload]
    rows = here.rows("length")
    with store.read() as transaction:
        ended = [(run.outcome, run.counts.new) for run in runs.history(transaction)]
    store.close()

    assert [-signal.SIGKILL, -signal.SIGKILL, 0] == codes
    assert 9_100 == len(rows)
    assert all(long == len(key) for (_, _, key), (long,) in rows.items())
    assert ["ok", "failed", "failed"] == [outcome for outcome, _ in ended]
    # No record was looked at twice: what the killed runs stored was not made again.
    assert 9_100 == sum(new for _, new in ended)
