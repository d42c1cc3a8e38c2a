"""Full refresh and changed keys: a stream is read from its beginning, and nothing counts twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from regard.pipeline.starting import Wish
from regard.pipeline.streams import Limits
from regard.runs import Outcome
from regard.store import Store, state

World = Any
MakeWorld = Callable[..., World]

TWO = """
    import json
    from pathlib import Path
    from regard import Source, Stream, hookimpl

    class Desk(Source):
        name = "desk"
        streams = (
            Stream("tickets", "fact", cursor="happened_at", ordered=True),
            Stream("calls", "touchpoint"),
        )

        def read(self, stream, since, until, ctx):
            asked = Path("ASKED")
            asked.write_text(asked.read_text() + f"{stream.name} {since}\\n")
            for line in Path("ROWS").read_text().splitlines():
                row = json.loads(line)
                if stream.name == "tickets":
                    yield row

    @hookimpl
    def regard_sources():
        return [Desk]
"""


def desk(world: MakeWorld, folder: Path) -> World:
    """Return a project with a source of two streams that notes what it is asked for."""
    (folder / "asked").write_text("")
    text = TWO.replace("ASKED", str(folder / "asked")).replace("ROWS", str(folder / "rows"))
    return world({"desk": text})


def write(folder: Path, *days: int) -> None:
    """Write tickets of some days of January."""
    rows = [
        {"key": str(day), "happened_at": f"2026-01-{day:02}T00:00:00+00:00", "text": "x"}
        for day in days
    ]
    (folder / "rows").write_text("\n".join(json.dumps(row) for row in rows))


def asked(folder: Path) -> list[str]:
    """Return what the source was asked for since the last time."""
    lines = (folder / "asked").read_text().splitlines()
    (folder / "asked").write_text("")
    return lines


def refresh(*streams: str) -> Wish:
    """Return the wish for a full refresh."""
    return Wish(frozenset(streams))


def test_a_stream_that_does_not_exist(world: MakeWorld, tmp_path: Path) -> None:
    """A misspelt stream is refused with the nearest name, and nothing is read."""
    made = desk(world, tmp_path)
    (summary,) = made.run("desk", wish=refresh("tickts"))

    assert Outcome.FAILED is summary.outcome
    assert "has no stream 'tickts'; did you mean 'tickets'?" in (summary.error or "")
    assert [] == asked(tmp_path)


def test_it_reads_from_the_beginning_and_replaces_the_cursor(
    world: MakeWorld, tmp_path: Path
) -> None:
    """The refreshed stream starts at nothing, and its cursor may go back."""
    made = desk(world, tmp_path)
    write(tmp_path, 3, 20)
    made.run("desk")
    asked(tmp_path)
    write(tmp_path, 3, 10)
    (tickets, _) = made.run("desk", wish=refresh("tickets"))

    assert ["tickets None", "calls None"] == asked(tmp_path)
    assert 10 == made.cursor("desk", "tickets").day
    assert (1, 1, 0) == (tickets.counts.unchanged, tickets.counts.new, tickets.counts.deleted)
    assert {"3", "10", "20"} == made.texts().keys()


def test_a_refresh_that_fails_leaves_the_cursor(world: MakeWorld, tmp_path: Path) -> None:
    """A full refresh that breaks off has moved no cursor, and what it stored stays."""
    made = desk(world, tmp_path)
    write(tmp_path, 3)
    made.run("desk")
    write(tmp_path, 3, 5)
    with (tmp_path / "rows").open("a") as file:
        file.write("\n{")
    (tickets, _) = made.run("desk", wish=refresh("tickets"))

    assert Outcome.FAILED is tickets.outcome
    assert 3 == made.cursor("desk", "tickets").day
    assert {"3", "5"} == made.texts().keys()


def pending(made: World) -> dict[str, Any]:
    """Return the cursors of full refreshes that have not ended, by stream and purpose."""
    return {
        (row["stream"], row["purpose"]): row["value"]
        for row in made.table("cursors")
        if row["purpose"] != "live"
    }


def break_off(made: World, folder: Path, *days: int) -> None:
    """Begin a full refresh of which some days are read before the source fails."""
    write(folder, *days)
    with (folder / "rows").open("a") as file:
        file.write("\n{")
    made.run("desk", wish=refresh("tickets"))
    asked(folder)


def test_the_next_run_goes_on_with_a_refresh_that_broke_off(
    world: MakeWorld, tmp_path: Path
) -> None:
    """Whoever runs the source next, it goes on where the full refresh got to, and ends it."""
    made = desk(world, tmp_path)
    write(tmp_path, 3, 20)
    made.run("desk")
    break_off(made, tmp_path, 3, 5)
    began = made.history()[0].id
    write(tmp_path, 3, 5, 10)
    (tickets, _) = made.run("desk")

    assert ["tickets 2026-01-05 00:00:00+00:00", "calls None"] == asked(tmp_path)
    assert f"goes on with the full refresh that run {began} began" in tickets.notes
    assert 10 == made.cursor("desk", "tickets").day
    assert {} == pending(made)

    made.run("desk")
    assert "tickets 2026-01-10 00:00:00+00:00" in asked(tmp_path)


def test_a_refresh_that_breaks_off_twice(world: MakeWorld, tmp_path: Path) -> None:
    """Each run takes it a part further; asked for once more, it goes on as well."""
    made = desk(world, tmp_path)
    write(tmp_path, 3, 20)
    made.run("desk")
    break_off(made, tmp_path, 3)
    break_off(made, tmp_path, 3, 4)

    assert {("tickets", "refresh"), ("tickets", "refreshed")} == pending(made).keys()
    assert 20 == made.cursor("desk", "tickets").day
    write(tmp_path, 3, 4, 10)
    made.run("desk", wish=refresh("tickets"))
    assert "tickets 2026-01-04 00:00:00+00:00" in asked(tmp_path)
    assert 10 == made.cursor("desk", "tickets").day


def test_a_refresh_begins_anew_under_other_settings(world: MakeWorld, tmp_path: Path) -> None:
    """Half of a stream read one way and half another would be neither: it starts over."""
    made = desk(world, tmp_path)
    write(tmp_path, 3, 20)
    made.run("desk")
    break_off(made, tmp_path, 3, 5)
    write(tmp_path, 3, 5, 10)
    file = made.folder / "plugins" / "desk.py"
    file.write_text(file.read_text() + "\n# another version\n")
    (tickets, _) = made.run("desk")

    assert "tickets None" in asked(tmp_path)
    assert "begins its full refresh anew: plug-in or settings have changed since" in tickets.notes
    assert {} == pending(made)


def test_a_refresh_that_began_anew_and_broke_off_again(world: MakeWorld, tmp_path: Path) -> None:
    """From then on it is that beginning that is gone on with, also within the same second."""
    made = desk(world, tmp_path)
    write(tmp_path, 3, 20)
    made.run("desk")
    break_off(made, tmp_path, 3, 5)
    file = made.folder / "plugins" / "desk.py"
    file.write_text(file.read_text() + "\n# another version\n")
    break_off(made, tmp_path, 3, 4)
    began = made.history()[0].id
    write(tmp_path, 3, 4, 10)
    (tickets, _) = made.run("desk")

    assert "tickets 2026-01-04 00:00:00+00:00" in asked(tmp_path)
    assert f"goes on with the full refresh that run {began} began" in tickets.notes


def test_rewinding_behind_its_beginning_calls_a_refresh_off(
    world: MakeWorld, tmp_path: Path
) -> None:
    """Set back to a run before it, the source is read on from there, and nothing is pending."""
    made = desk(world, tmp_path)
    write(tmp_path, 3, 20)
    made.run("desk")
    before = made.history()[0].id
    break_off(made, tmp_path, 3, 5)
    store = Store.open(made.url)
    try:
        with store.write() as transaction:
            transaction.writer.lock()
            state.rewind(transaction, "desk", before)
    finally:
        store.close()

    assert {} == pending(made)
    made.run("desk")
    assert "tickets 2026-01-20 00:00:00+00:00" in asked(tmp_path)


def test_a_dry_run_goes_on_with_a_refresh(world: MakeWorld, tmp_path: Path) -> None:
    """A dry run shows what the next run would do: it starts where the refresh got to."""
    made = desk(world, tmp_path)
    write(tmp_path, 3, 20)
    made.run("desk")
    break_off(made, tmp_path, 3, 5)
    write(tmp_path, 3, 5, 10)
    summaries, _ = made.dry_run("desk")

    assert "tickets 2026-01-05 00:00:00+00:00" in asked(tmp_path)
    assert 1 == summaries[0].counts.new
    assert summaries[0].notes[0].startswith("goes on with the full refresh")
    assert 2 == len(pending(made))


def test_a_dry_refresh(world: MakeWorld, tmp_path: Path) -> None:
    """A dry run of a full refresh counts the same and moves nothing."""
    made = desk(world, tmp_path)
    write(tmp_path, 3, 20)
    made.run("desk")
    write(tmp_path, 3, 10)
    summaries, _ = made.dry_run("desk", wish=refresh("tickets"))

    assert (1, 1) == (summaries[0].counts.new, summaries[0].counts.unchanged)
    assert 20 == made.cursor("desk", "tickets").day


BOX = """
    from regard import source

    @source("box", kind="fact", key=KEY)
    def read(config, since, ctx):
        for row in ctx.rows("box/*.csv"):
            yield row
"""

A = "id,name,text\n1,a,x\n2,b,y\n"
B = "id,name,text\n3,c,z\n"

TILL = """
    [sources.till]
    plugin = "crm-export"
    path = "till/*.csv"
    [sources.till.map]
    kind = "fact"
    key = ["id"]
    fields = {text = "text"}
"""


def test_files_are_read_once_more(world: MakeWorld) -> None:
    """A full refresh reads files again that have not changed; the next run does not."""
    made = world({"box": BOX.replace("KEY", '["id"]')}, {"box/a.csv": A})
    made.run("box")
    (again,) = made.run("box", wish=refresh("records"))
    (after,) = made.run("box")

    assert (2, 2) == (again.counts.read, again.counts.unchanged)
    assert 0 == after.counts.read
    assert all(state["complete"] for state in made.table("files"))


def test_an_exports_files_are_read_once_more(world: MakeWorld) -> None:
    """Recognised exports are found again by a full refresh."""
    made = world({"plain": ""}, {"till/a.csv": A}, config=TILL)
    made.run("till")
    (again,) = made.run("till", wish=refresh("records"))

    assert (2, 2) == (again.counts.read, again.counts.unchanged)


def test_a_refresh_of_files_goes_on_with_those_not_read(world: MakeWorld) -> None:
    """After a full refresh that broke off, the files it had read are not read a third time."""
    made = world({"plain": ""}, {"till/a.csv": A, "till/b.csv": B}, config=TILL)
    made.run("till")
    made.limits = Limits(rows=2)
    (made.folder / "till" / "b.csv").write_text(B + ",c,z\n" * 300)
    (broken,) = made.run("till", wish=refresh("records"))
    assert Outcome.PARTIAL is broken.outcome
    assert {("records", "refresh")} == pending(made).keys()
    (made.folder / "till" / "b.csv").write_text(B)
    (after,) = made.run("till")

    assert (Outcome.OK, 1) == (after.outcome, after.counts.read)
    assert {} == pending(made)
    assert 0 == made.run("till")[0].counts.read


# Changed keys


def change_key(made: World, key: str) -> None:
    """Give the source's records another key."""
    (made.folder / "plugins" / "box.py").write_text(
        "\n".join(line[4:] for line in BOX.replace("KEY", key).splitlines())
    )


def test_a_changed_key_is_refused(world: MakeWorld) -> None:
    """A stream whose records would get other keys is not read, and says what one can do."""
    made = world({"box": BOX.replace("KEY", '["id"]')}, {"box/a.csv": A})
    made.run("box")
    change_key(made, '["id", "name"]')
    for _ in range(2):
        (summary,) = made.run("box")

        assert Outcome.FAILED is summary.outcome
        assert "its key was made of id and is now made of id + name" in (summary.error or "")
        assert "--full-refresh records" in (summary.error or "")
    assert {"1", "2"} == made.texts().keys()


def test_a_full_refresh_takes_the_new_key(world: MakeWorld) -> None:
    """Read anew, every record is there once, under its new key."""
    made = world({"box": BOX.replace("KEY", '["id"]')}, {"box/a.csv": A})
    made.run("box")
    change_key(made, '["id", "name"]')
    (summary,) = made.run("box", wish=refresh("records"))
    (after,) = made.run("box")

    assert (Outcome.OK, 2, 2) == (summary.outcome, summary.counts.new, summary.counts.deleted)
    assert {"1|a", "2|b"} == made.texts().keys()
    assert Outcome.OK is after.outcome


def test_a_new_key_is_taken_by_the_run_after_a_refresh_that_broke_off(world: MakeWorld) -> None:
    """Begun once, the change of keys goes on in the next run, which meets everything itself."""
    made = world({"box": BOX.replace("KEY", '["id"]')}, {"box/a.csv": A, "box/b.csv": B})
    made.run("box")
    change_key(made, '["id", "name"]')
    (made.folder / "box" / "b.csv").write_bytes(b"\0\1\2" * 400)
    (broken,) = made.run("box", wish=refresh("records"))
    assert {"1", "2", "3", "1|a", "2|b"} == made.texts().keys()
    (made.folder / "box" / "b.csv").write_text(B)
    (after,) = made.run("box")

    assert (Outcome.FAILED, Outcome.OK) == (broken.outcome, after.outcome)
    assert {"1|a", "2|b", "3|c"} == made.texts().keys()
    assert {} == pending(made)


def test_a_file_that_is_gone_is_not_lost(world: MakeWorld) -> None:
    """Where a file is gone, its records cannot get new keys, so nothing is read or deleted."""
    made = world({"box": BOX.replace("KEY", '["id"]')}, {"box/a.csv": A, "box/b.csv": A})
    made.run("box")
    (made.folder / "box" / "b.csv").unlink()
    change_key(made, '["id", "name"]')
    (summary,) = made.run("box", wish=refresh("records"))

    assert Outcome.FAILED is summary.outcome
    assert "'box/b.csv', which it was read from, is gone" in (summary.error or "")
    assert {"1", "2"} == made.texts().keys()


def test_a_changed_key_without_records_is_nobodys_business(world: MakeWorld) -> None:
    """While nothing is stored, a plug-in's key may change."""
    made = world({"box": BOX.replace("KEY", '["id"]')}, {"box/a.csv": "id,name,text\n"})
    made.run("box")
    change_key(made, '["name"]')
    made.now += timedelta(days=1)

    assert [Outcome.OK] == [summary.outcome for summary in made.run("box")]


@pytest.mark.parametrize("key", ['["id", "text"]', '["text"]'])
def test_a_maps_key_is_a_key(world: MakeWorld, key: str) -> None:
    """The key of a map in the configuration is watched as a plug-in's is."""
    made = world({"plain": ""}, {"till/a.csv": A}, config=TILL)
    made.run("till")
    text = (made.folder / "regard.toml").read_text().replace('["id"]', key)
    (made.folder / "regard.toml").write_text(text)
    (summary,) = made.run("till")
    assert "its key was made of id" in (summary.error or "")
    (fresh,) = made.run("till", wish=refresh("records"))

    assert (2, 2) == (fresh.counts.new, fresh.counts.deleted)
    assert 2 == len(made.texts())
