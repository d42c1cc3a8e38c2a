"""Orphans: a source that was renamed in the configuration only is not stored a second time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from regard.runs import Outcome
from regard.store import Store, sources

World = Any
MakeWorld = Callable[..., World]

BOX = """
    from regard import source

    @source("box", kind="fact", key=["id"])
    def read(config, since, ctx):
        yield from ctx.rows(config["path"])
"""
CONFIGS = {
    "box": '[sources.NAME]\nplugin = "box"\npath = "in/*.csv"\n',
    "crm-export": """
        [sources.NAME]
        plugin = "crm-export"
        path = "in/*.csv"
        [sources.NAME.map]
        kind = "fact"
        key = ["id"]
        fields = {text = "text"}
        """,
}
FILE = "id,text\n1,a\n2,b\n"


def rename(made: World, old: str, new: str) -> None:
    """Rename the source's table in the configuration."""
    path = made.folder / "regard.toml"
    path.write_text(path.read_text().replace(f"sources.{old}", f"sources.{new}"))


@pytest.mark.parametrize("plugin", CONFIGS)
def test_the_same_files_under_another_name(world: MakeWorld, plugin: str) -> None:
    """A new source that finds an orphan's files stores nothing and says what to type."""
    config = CONFIGS[plugin].replace("NAME", "old")
    made = world({"box": BOX}, {"in/a.csv": FILE}, config=config)
    made.run("old")
    rename(made, "old", "new")
    dry, _ = made.dry_run("new")
    (summary,) = made.run("new")

    assert [Outcome.FAILED, Outcome.FAILED] == [dry[0].outcome, summary.outcome]
    assert "in/a.csv has been read already, by the source 'old'" in (summary.error or "")
    assert "regard source rename old new" in (summary.error or "")
    assert {"old"} == {row["source"] for row in made.rows("fact")}


@pytest.mark.parametrize("plugin", CONFIGS)
def test_after_the_rename_it_goes_on(world: MakeWorld, plugin: str) -> None:
    """Renamed in the store as well, the source goes on where it was and reads nothing twice."""
    config = CONFIGS[plugin].replace("NAME", "old")
    made = world({"box": BOX}, {"in/a.csv": FILE}, config=config)
    made.run("old")
    rename(made, "old", "new")
    made.run("new")
    store = Store.open(made.url)
    with store.write() as transaction:
        sources.rename(transaction, "old", "new")
    store.close()
    (summary,) = made.run("new")

    assert (Outcome.OK, 0) == (summary.outcome, summary.counts.read)
    assert {"new"} == {row["source"] for row in made.rows("fact")}


def test_other_content_is_nobodys(world: MakeWorld) -> None:
    """A file of the same name with other content was not read by the orphan."""
    made = world({"box": BOX}, {"in/a.csv": FILE}, config=CONFIGS["box"].replace("NAME", "old"))
    made.run("old")
    rename(made, "old", "new")
    (made.folder / "in" / "a.csv").write_text(FILE + "3,c\n")

    assert [Outcome.OK] == [summary.outcome for summary in made.run("new")]


def test_two_configured_sources_may_share_a_file(world: MakeWorld) -> None:
    """Two sources that are both configured may read the same file."""
    config = "".join(CONFIGS["box"].replace("NAME", name) for name in ("one", "two"))
    made = world({"box": BOX}, {"in/a.csv": FILE}, config=config)

    assert [Outcome.OK] * 2 == [summary.outcome for summary in made.run("one", "two")]
