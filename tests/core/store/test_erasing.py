"""Erasing a person from a store: what goes, what stays, and what is recognised later."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from regard.errors import UsageError
from regard.findings import Finding
from regard.notifiers import Notice
from regard.pipeline.erased import Erased
from regard.privacy import pseudonym
from regard.records import KINDS, metadata
from regard.runs import Outcome, StreamSummary
from regard.store import (
    Batch,
    Refused,
    RunStart,
    Store,
    findings,
    notices,
    quarantine,
    runs,
    sources,
)
from regard.store.erasing import Erasure, erase, find
from regard.store.quarantine import unpack
from regard.store.tracing import Customers, Place, Seed, find_key

Encode = Callable[..., Any]
Commit = Callable[..., Any]
SECRET = b"a key of this test"
TILL = Customers({"till": "crm"})
ANA = "ana.quintanilla@mail.example"


def forget(store: Store, seed: Seed, customers: Customers = TILL) -> Erasure:
    """Erase a person in a transaction of its own."""
    with store.write() as transaction:
        return erase(transaction, seed, customers, SECRET)


def by_key(key: str, source: str = "crm", kind: str = "customer") -> Seed:
    """Return what names a record."""
    return Seed(place=Place(kind, source, key))


def keys(store: Store, kind: str) -> list[tuple[str, str]]:
    """Return the source and key of each stored row of a kind."""
    rows = KINDS[kind].table
    with store.read() as transaction:
        query = select(rows.c.source, rows.c.key).order_by(rows.c.source, rows.c.key)
        return [(row[0], row[1]) for row in transaction.connection.execute(query)]


def texts(store: Store) -> str:
    """Return everything that is in the store as one lower-case text, payloads unpacked."""
    parts: list[str] = []
    with store.read() as transaction:
        for rows in metadata.tables.values():
            for row in transaction.connection.execute(select(rows)):
                for value in row:
                    shown = value
                    if isinstance(value, bytes):
                        shown = zlib.decompress(value).decode("utf-8")
                    parts.append(str(shown).lower())
    return "\n".join(parts)


def put_aside(store: Store, source: str, kind: str, raw: Any, record: str = "raw:1") -> None:
    """Put one refused record aside."""
    with store.write() as transaction:
        quarantine.put_aside(
            transaction,
            [Refused(record, "bad-time", "what is wrong", raw)],
            source=source,
            stream="records",
            kind=kind,
            run_id=1,
            plugin="p",
            plugin_version=None,
        )


@pytest.fixture
def put(store: Store, encode: Encode, commit: Commit) -> Callable[..., None]:
    """Return what stores one record."""

    def stored(kind: str, key: str, source: str = "crm", **values: Any) -> None:
        commit(store, kind, [encode(kind, values, key)], source=source)

    return stored


def test_follows_addresses_and_keys(store: Store, put: Callable[..., None]) -> None:
    """A key leads to an address, that to a customer of another source, and all to their rows."""
    put("customer", "1", email=ANA.upper(), name="Ana Quintanilla")
    put("customer", "9", "shop", email=ANA)
    put("customer", "1", "shop", email="bob@mail.example")
    put("purchase", "a", customer_key="1")
    put("purchase", "b", "till", customer_key="1")
    put("purchase", "c", "shop", customer_key="9")
    put("purchase", "d", "shop", customer_key="1")
    put("answer", "e", "survey", email=f" {ANA} ")
    erasure = forget(store, by_key("1"))

    assert {("crm", "1"), ("shop", "9")} == erasure.person.customers
    assert {ANA} == erasure.person.addresses
    assert {"customer": 2, "purchase": 3, "answer": 1} == erasure.rows
    assert [("shop", "1")] == keys(store, "customer")
    assert [("shop", "d")] == keys(store, "purchase")
    assert ANA not in texts(store)


def test_shared_address_leads_nowhere(store: Store, put: Callable[..., None]) -> None:
    """An address of many customers is not followed from a key; whoever names it means them all."""
    for number in range(12):
        put("customer", f"k{number}", email="info@shop.example")
    erasure = forget(store, by_key("k3"))

    assert (1, 1) == (erasure.person.shared, erasure.rows["customer"])
    assert 11 == len(keys(store, "customer"))
    assert 11 == forget(store, Seed(email="info@shop.example")).rows["customer"]


def test_placeholder_is_no_address(store: Store, put: Callable[..., None]) -> None:
    """What customers wrote in place of an address connects nobody."""
    put("customer", "1", email="n/a")
    put("customer", "2", email="n/a")
    forget(store, by_key("1"))

    assert [("crm", "2")] == keys(store, "customer")


def test_rows_that_belong_together(store: Store, put: Callable[..., None]) -> None:
    """Lines of an order that name nobody go with the one that names the person, others stay."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    later = datetime(2026, 1, 2, tzinfo=UTC)
    put("purchase", "1", order_key="17", ordered_at=at, email=ANA)
    put("purchase", "2", order_key="17", ordered_at=at)
    put("purchase", "3", order_key="17", ordered_at=at, email="bob@mail.example")
    put("purchase", "4", order_key="17", ordered_at=later)
    put("purchase", "5", ordered_at=at)
    put("touchpoint", "6", thread_key="t", email=ANA)
    put("touchpoint", "7", thread_key="t", text="Dear Ana")
    forget(store, Seed(email=ANA))

    assert [("crm", "3"), ("crm", "4"), ("crm", "5")] == keys(store, "purchase")
    assert [] == keys(store, "touchpoint")


def test_says_which_keys_were_not_followed(store: Store, put: Callable[..., None]) -> None:
    """A key that no customer of the person has is named with what stays of it."""
    put("purchase", "1", customer_key="walk-in", email=ANA)
    put("purchase", "2", customer_key="walk-in")
    erasure = forget(store, Seed(email=ANA))

    assert [("crm", "walk-in", 1)] == [
        (left.source, left.key, left.rows) for left in erasure.leftovers
    ]
    assert [("crm", "2")] == keys(store, "purchase")


def test_account_that_is_erased(store: Store, put: Callable[..., None]) -> None:
    """Whoever belongs to an erased organisation stays, and names it no more."""
    put("customer", "acme-1", type="organisation", name="Acme Inc")
    put("customer", "2", account_key="acme-1", name="Bob")
    forget(store, by_key("acme-1"))

    assert [("crm", "2")] == keys(store, "customer")
    assert "acme-1" not in texts(store)


def test_all_versions(store: Store, encode: Encode, commit: Commit) -> None:
    """Of a kind with history every version goes, also those that do not name the person."""
    for day, title in ((1, f"by {ANA}"), (2, "anonymous")):
        at = datetime(2026, 1, day, tzinfo=UTC)
        commit(store, "review", [encode("review", {"title": title}, "r1", at)], source="web")
    with store.read() as transaction:
        found = find(transaction, by_key("r1", "web", "review"), TILL)
    assert 2 == found.rows["review"]
    forget(store, Seed(email=ANA))

    assert 2 == len(keys(store, "review"))
    assert ANA not in texts(store)
    forget(store, by_key("r1", "web", "review"))
    assert [] == keys(store, "review")


def test_address_in_a_text_of_others(store: Store, put: Callable[..., None]) -> None:
    """What is somebody else's loses the address and nothing more, and is unchanged when reread."""
    put("touchpoint", "1", email="bob@mail.example", text=f"ask {ANA.title()}, not mari{ANA}")
    put("touchpoint", "2", extra={"note": f"line\n{ANA}", "to": [ANA]}, text="x")
    erasure = forget(store, Seed(email=ANA))
    rows = KINDS["touchpoint"].table
    with store.read() as transaction:
        stored = transaction.connection.execute(
            select(rows.c.text, rows.c.extra).order_by(rows.c.key)
        ).all()

    assert {"mention": 2} == erasure.counts()
    assert f"ask [e-mail], not mari{ANA}" == stored[0].text
    assert {"note": "line\n[e-mail]", "to": ["[e-mail]"]} == json.loads(stored[1].extra)


def test_quarantine(store: Store, put: Callable[..., None]) -> None:
    """Refused records go by address, by key and by a number that is nobody else's."""
    put("customer", "C-77", email=ANA, phone="+34 699 887 766")
    mine: list[Any] = [
        {"Mail": f"Ana <{ANA.upper()}>"},
        {"Customer": "'C-77"},
        {"Phone": "0034 699 887 766", "name": "x"},
        {"deep": [{"x": ANA}]},
        f"C-77;2026;{ANA}",
    ]
    others: list[Any] = [
        {"Mail": f"mari{ANA}"},
        {"Customer": "C-78"},
        {"Phone": "+34 699 887 766", "Mail": "bob@mail.example"},
        "C-78;2026",
    ]
    for number, raw in enumerate([*mine, *others]):
        put_aside(store, "till", "purchase", raw, f"raw:{number}")
    put_aside(store, "crm", "customer", {"a": "b"}, "C-77")
    erasure = forget(store, Seed(email=ANA))
    with store.read() as transaction:
        rows = transaction.connection.execute(text("SELECT raw FROM quarantine ORDER BY id"))
        left = [unpack(row[0]) for row in rows]

    assert (6, others) == (len(erasure.refused), left)


def test_findings_and_notes(store: Store, put: Callable[..., None]) -> None:
    """Findings that rest on the person go; notes of runs and notices keep all but the person."""
    put("customer", "C-77001", email=ANA, name="Ana Quintanilla")
    with store.write() as transaction:
        run = runs.begin(transaction, RunStart("crm", "p", None, "", "test"))
        summary = StreamSummary("crm", "s", run, Outcome.OK)
        summary.notes = [f"1 of {ANA} for C-77001", "3 of 77001 files"]
        runs.put_stream(transaction, summary, "customer")
        runs.finish(transaction, run, Outcome.FAILED, "failed at ANA quintanilla")
        for subject, evidence in (("one", {"key": "C-77001"}), ("two", {"n": 3})):
            finding = Finding("odd", "a sentence", subject=subject, evidence=evidence)
            findings.save(transaction, "crm", finding, run)
        told = Notice(0, "source:crm", "failed", "warning", "failed at C-77001", transaction.now)
        notices.put(transaction, "ops", told, "1")
        notices.given_up(transaction, [1], f"{ANA} is gone")
    forget(store, by_key("C-77001"))
    with store.read() as transaction:
        past = runs.history(transaction)[0]
        left = findings.listed(transaction)
        (notice,) = notices.listed(transaction)

    assert ["1 of [e-mail] for [erased]", "3 of 77001 files"] == past.streams[0].notes
    assert "failed at [erased]" == past.error
    assert ["two"] == [item["subject"] for item in left]
    assert ("failed at [erased]", "[e-mail] is gone") == (notice.notice.text, notice.error)


def test_key_as_people_give_it(store: Store, put: Callable[..., None]) -> None:
    """A key is found as it is and as its pseudonym; where it could be two people's it is asked."""
    put("customer", "1")
    put("customer", "1", "shop")
    put("customer", "2")
    put("purchase", "p", "till", customer_key="3")
    put("review", "4", "web")

    def found(key: str, source: str | None = None) -> Place:
        with store.read() as transaction:
            return find_key(transaction, key, source=source, customers=TILL, secret=SECRET)

    assert Place("customer", "shop", "1") == found("1", "shop")
    assert Place("customer", "crm", "2") == found("2") == found(pseudonym("customer", "2", SECRET))
    assert Place("customer", "crm", "3") == found("3") == found("3", "till")
    assert Place("customer", "crm", "3") == found(pseudonym("customer", "3", SECRET))
    assert Place("review", "web", "4") == found("4")
    assert Place("customer", "crm", "99") == found("99", "crm")
    with pytest.raises(UsageError, match="customer in 'crm', customer in 'shop'"):
        found("1")
    with pytest.raises(UsageError, match="no record has this key; give --source NAME"):
        found("99")
    with pytest.raises(UsageError, match="no record of the source 'shop' has this pseudonym"):
        found(pseudonym("customer", "2", SECRET), "shop")


def test_a_renamed_source_knows_whom_it_erased(store: Store, put: Callable[..., None]) -> None:
    """Tombstones go with a source's new name, also where the new name has the same ones."""
    for name in ("crm", "shop"):
        put("customer", "1", name)
        put("customer", "2", name)
        forget(store, by_key("1", name))
    with store.write() as transaction:
        sources.drop(transaction, "shop")
    with store.write() as transaction:
        sources.rename(transaction, "crm", "shop")
        batch = Batch(KINDS["customer"])
        batch.items = [KINDS["customer"].encoder().encode("1", "2026-01-01", {})]
        Erased("shop", "shop", lambda: SECRET).take_out(transaction, batch)

    assert [] == batch.items


def test_another_privacy_key_is_noticed(store: Store, put: Callable[..., None]) -> None:
    """A run with another privacy key recognises nobody, and says so."""
    put("customer", "1", email=ANA)
    forget(store, by_key("1"))
    erased = Erased("crm", "crm", lambda: b"quite another key")
    batch = Batch(KINDS["customer"])
    batch.items = [KINDS["customer"].encoder().encode("1", "2026-01-01", {})]
    with store.read() as transaction:
        erased.take_out(transaction, batch)

    assert 1 == len(batch.items)
    assert ["the privacy key is not the one"] == [note[:30] for note in erased.notes()]


# -- any world ---------------------------------------------------------------------------

_NUMBERS = count()
_WHO = st.integers(0, 3)
_SPELLINGS = (str.lower, str.upper, str.title, " {} ".format)
_RECORDS = st.tuples(
    st.sampled_from(["customer", "purchase", "touchpoint", "answer", "review", "fact"]),
    st.sampled_from(["crm", "shop", "till"]),
    _WHO,
    st.sampled_from(_SPELLINGS),
    st.sampled_from(["email", "key", "both", "mention", "refused", "own key"]),
)


def _person(who: int) -> tuple[str, str, str]:
    return f"somebody{who}@mail.example", f"CUST-{who}-{who}", f"Somebody {'abcd'[who]}-Surname"


def _world(
    encode: Encode, records: list[tuple[Any, ...]]
) -> list[tuple[str, str, int, Any, dict[str, str] | None]]:
    """Return kind, source, whose it is, the record, or the payload of a refused one."""
    made: list[tuple[str, str, int, Any, dict[str, str] | None]] = [
        # Who is a customer has an address by which any source may speak of them.
        ("customer", "crm", who, _customer(encode, who), None)
        for who in range(4)
    ]
    for number, (kind, source, who, spelled, way) in enumerate(records):
        address, key, name = _person(who)
        fields = KINDS[kind].fields
        values: dict[str, Any] = {"text": f"of {name}"} if "text" in fields else {}
        own = f"record-{number}"
        owner = who
        if way == "refused":
            made.append((kind, source, who, None, {"a": spelled(address), "b": name}))
            continue
        if way in ("email", "both") and "email" in fields:
            values["email"] = spelled(address)
        elif way in ("key", "both") and "customer_key" in fields and source != "shop":
            values["customer_key"] = key
        elif way == "own key":
            own = f"{number}|{address}|x"
        else:
            # Somebody else's record, which only speaks of the person.
            owner = -1
            values = {"text": f"ask {spelled(address)} about it"} if values else {}
        made.append((kind, source, owner, encode(kind, values, own), None))
    return made


def _customer(encode: Encode, who: int) -> Any:
    address, key, name = _person(who)
    return encode("customer", {"email": address, "name": name}, key)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(records=st.lists(_RECORDS, max_size=14), who=_WHO, by_address=st.booleans())
def test_no_table_holds_the_person(
    records: list[tuple[Any, ...]],
    who: int,
    by_address: bool,
    encode: Encode,
    commit: Commit,
    tmp_path: Path,
) -> None:
    """
    In any world no table holds a value of an erased person, and all others' rows stay.

    What was erased, and no more, is taken out of every later batch.
    """
    store = Store.open(f"sqlite:///{tmp_path / f'{next(_NUMBERS)}.db'}")
    world = _world(encode, records)
    for number, (kind, source, _, record, raw) in enumerate(world):
        if raw is None:
            commit(store, kind, [record], source=source)
        else:
            put_aside(store, source, kind, raw, f"raw:{number}")
    address, key, name = _person(who)
    seed = Seed(email=address.title()) if by_address else by_key(key)
    forget(store, seed)
    left = texts(store)
    stored = {(kind, *place) for kind in KINDS for place in keys(store, kind)}
    expected = {
        (kind, source, record.key)
        for kind, source, owner, record, raw in world
        if raw is None and owner != who
    }
    again: list[bool] = []
    with store.read() as transaction:
        for kind, source, _, record, raw in world:
            batch = Batch(KINDS[kind], items=[record] if raw is None else [])
            batch.refused = [] if raw is None else [Refused("raw:x", "bad-time", "", raw)]
            Erased(source, TILL.of(source), lambda: SECRET).take_out(transaction, batch)
            again.append(bool(batch.items or batch.refused))
    store.close()

    assert [] == [value for value in (address, key.lower(), name.lower()) if value in left]
    assert expected == stored
    assert [owner != who for _, _, owner, _, _ in world] == again
