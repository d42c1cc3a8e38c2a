"""Runs after an erasure: whoever was erased does not come back, by whichever way."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

from regard.pipeline.replaying import Replayer
from regard.pipeline.streams import Limits
from regard.secrets import privacy_key
from regard.settings import load_project
from regard.store import Store
from regard.store.erasing import erase
from regard.store.resolving import Selection
from regard.store.tracing import Customers, Seed

World = Any
MakeWorld = Callable[..., World]

PLUGIN = """
    import time
    from regard import Page, source

    @source("box", kind="touchpoint", key=["id"])
    def read(config, since, ctx):
        yield Page([{"id": "1", "email": "ana@mail.example"}])
        yield Page([{"id": "2", "email": "bob@mail.example"}])
        (ctx.root / "half").write_text("")
        while (ctx.root / "wait").exists():
            time.sleep(0.01)
        yield Page([{"id": "3", "email": "Ana@Mail.Example"},
                    {"id": "4", "email": "ana@mail.example", "happened_at": "never"},
                    {"id": "5", "email": "bob@mail.example"}])
"""


def forget(world: World, address: str = "ana@mail.example") -> None:
    """Erase whoever has an address."""
    store = Store.open(world.url)
    with store.write() as transaction:
        secret = privacy_key(load_project(world.folder / "regard.toml"))
        erase(transaction, Seed(email=address), Customers(), secret)
    store.close()


def keys(world: World) -> list[str]:
    """Return the keys of all touchpoints."""
    return [row["key"] for row in world.rows("touchpoint")]


def test_a_run_that_is_going_on(world: MakeWorld) -> None:
    """Erased in the middle of a run, a person is neither in what it stored nor in what follows."""
    made = world({"box": PLUGIN}, {"wait": ""}, limits=Limits(rows=1))
    done: list[Any] = []
    running = Thread(target=lambda: done.extend(made.run("box")))
    running.start()
    while not (made.folder / "half").exists():
        running.join(0.01)
        assert running.is_alive()
    forget(made)
    (made.folder / "wait").unlink()
    running.join()

    assert ["2", "5"] == keys(made)
    assert [] == made.refused()
    assert (0, True) == (
        done[0].counts.quarantined,
        any("erased persons and were passed over" in note for note in done[0].notes),
    )


def test_dry_run_and_full_refresh(world: MakeWorld) -> None:
    """A dry run counts as a run does, and neither counts what it passes over."""
    made = world({"box": PLUGIN})
    made.run("box")
    forget(made)
    summaries, refused = made.dry_run("box")
    real = made.run("box")[0]

    assert [] == refused
    assert (2, 2) == (summaries[0].counts.read, summaries[0].counts.unchanged)
    assert summaries[0].counts == real.counts
    assert ["3 records belong to erased persons and were passed over"] == [
        note for note in real.notes if "erased" in note
    ]
    assert summaries[0].notes == real.notes


CODED = """
    from regard import Source, Stream, hookimpl

    class Box(Source):
        name = "box"
        streams = (Stream("records", "touchpoint", key=("id",)),)

        def read(self, stream, since, until, ctx):
            for number, who in (("1", "ana"), ("2", "bob")):
                yield {"id": number, "who": f"{who} at mail", "happened_at": "never"}

        def replay(self, raw, stream, ctx, *, file=None):
            yield {"id": raw["id"], "email": raw["who"].split()[0] + "@mail.example"}

    @hookimpl
    def regard_sources():
        return [Box]
"""


def test_replay_passes_over(world: MakeWorld) -> None:
    """A refused record that turns out to be an erased person's is deleted, and never stored."""
    made = world({"box": CODED})
    made.run("box")
    forget(made)
    assert 2 == len(made.refused())
    runner = made.runner()
    told = {}
    for dry in (True, False):
        store = Store.open(made.url, clock=runner.clock, readonly=dry)
        replayer = Replayer(runner.project, runner.host, runner.clock, "test")
        told[dry] = replayer.replay(store, Selection(), dry=dry)[0]
        store.close()

    assert ["2"] == keys(made)
    assert told[True].counts == told[False].counts
    assert (1, 1) == (told[False].counts.read, told[False].counts.new)
    assert ["replayed"] == [row["resolution"] for row in made.table("quarantine")]
    assert "1 record belongs to an erased person and was passed over" in told[False].notes
