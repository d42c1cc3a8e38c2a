"""What fetches for a run, a preview or a check: the same places, with other consequences."""

from __future__ import annotations

from regard.fetching import Fetcher, Surroundings
from regard.pipeline.context import RunContext
from regard.pipeline.stopping import Stop
from regard.pipeline.streams import Limits
from regard.pipeline.waiting import Backoff

__all__ = ["fetcher_of", "onlooker_of"]


def fetcher_of(
    context: RunContext, stop: Stop, limits: Limits, retries: int, *, writes: bool = True
) -> Fetcher:
    """
    Return what fetches for a run.

    Args:
        context: The run's surroundings.
        stop: Tells whether the run should stop.
        limits: How long to wait between tries.
        retries: How many tries follow the first.
        writes: Whether files land in the inbox; a dry run leaves none behind.
    """
    backoff = Backoff(stop, context.clock, limits.backoff_seconds)
    around = Surroundings(
        context.root,
        context.clock.now,
        stop.is_set,
        stop.check,
        context.progress,
        backoff.wait,
        retries,
    )
    return Fetcher(context.inputs.source, around, writes)


def onlooker_of(context: RunContext, *, looks: bool) -> Fetcher:
    """
    Return what fetches for somebody who only looks: nothing is left behind.

    Args:
        context: What the source is given.
        looks: Only find out what would be fetched.
    """
    around = Surroundings(context.root, context.clock.now, progress=context.progress)
    return Fetcher(context.inputs.source, around, writes=False, looks=looks)
