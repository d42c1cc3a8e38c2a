"""
A full refresh: a stream is read from its beginning, over as many runs as that takes.

That one is under way stands in the store, with how far it has got, so the next run of the
source goes on with it, whoever starts that run. Until its end the live cursor stays where it
was. Where the plug-in or the settings are others by then, it begins anew: half of the stream
would be read one way and half the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from regard.pipeline.preparing import Prepared
from regard.store import Transaction, runs, state
from regard.store import cursors as stored_cursors
from regard.store import files as stored_files

__all__ = ["begin", "end", "under_way"]


def under_way(transaction: Transaction, prepared: Prepared, version: str) -> Mapping[str, int]:
    """
    Return the streams of a source whose full refresh has not ended.

    Args:
        transaction: A reading one.
        prepared: The source as it is now.
        version: Of regard.

    Returns:
        For each stream the run that began it; 0 where it has to begin anew.
    """
    begun = state.begun_refreshes(transaction, prepared.name)
    now = (prepared.version, prepared.digest, version)
    return {
        stream: run_id if runs.recipe(transaction, run_id) == now else 0
        for stream, run_id in begun.items()
    }


def begin(transaction: Transaction, source: str, streams: Iterable[str], run_id: int) -> None:
    """Note that streams are read anew, and forget how far their files were read."""
    for stream in streams:
        end(transaction, source, [stream], run_id)
        stored_cursors.save(
            transaction,
            source,
            stream,
            transaction.now,
            run_id=run_id,
            batch_id=state.BY_HAND,
            purpose=state.REFRESH,
        )
        stored_files.forget(transaction, source, stream, run_id)


def end(transaction: Transaction, source: str, streams: Iterable[str], run_id: int) -> None:
    """Note that streams were read to their ends."""
    for stream in streams:
        for purpose in (state.REFRESH, state.REFRESHED):
            state.forget(transaction, source, stream, purpose, run_id)
