"""The store: transactions, cursors, leases, and the bulk write path."""

from regard.store.batches import Batch
from regard.store.exporting import StoreColumn, StoreIdentity
from regard.store.merging import Deletion, Remainder, Sighting
from regard.store.quarantine import Refused, RefusedRecord
from regard.store.runs import PastRun, RunStart
from regard.store.store import Snapshot, Store, StoreState
from regard.store.transactions import Transaction

__all__ = [
    "Batch",
    "Deletion",
    "PastRun",
    "Refused",
    "RefusedRecord",
    "Remainder",
    "RunStart",
    "Sighting",
    "Snapshot",
    "Store",
    "StoreColumn",
    "StoreIdentity",
    "StoreState",
    "Transaction",
]
