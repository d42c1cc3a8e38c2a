"""The demo as a folder: written once, completed, and never over anything of anybody's."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from regard.demo import make_demo
from regard.errors import ConfigError, RegardError
from regard.settings import load_project

NOW = datetime(2026, 2, 3, 9, 30, tzinfo=UTC)


def contents(folder):
    """Return all files in a folder with their bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_foreign_folder(tmp_path):
    """A folder with somebody's files in it is refused, and nothing is written to it."""
    (tmp_path / "letter.txt").write_text("mine")

    with pytest.raises(ConfigError, match="not empty and is no demo"):
        make_demo(tmp_path, NOW)

    assert {"letter.txt": b"mine"} == contents(tmp_path)


def test_foreign_project(tmp_path):
    """Somebody's own project is no demo."""
    (tmp_path / "regard.toml").write_text('timezone = "UTC"\n')

    with pytest.raises(ConfigError, match="not empty and is no demo"):
        make_demo(tmp_path, NOW)

    assert ["regard.toml"] == list(contents(tmp_path))


def test_file_in_the_way(tmp_path):
    """A file where the folder should be is not touched."""
    (tmp_path / "demo").write_text("mine")

    with pytest.raises(ConfigError, match="is a file"):
        make_demo(tmp_path / "demo", NOW)


def test_folder_below_a_file(tmp_path):
    """A folder that cannot be made is a clear error."""
    (tmp_path / "file").write_text("mine")

    with pytest.raises(RegardError, match="cannot be written"):
        make_demo(tmp_path / "file" / "demo", NOW)


def test_new_folder(tmp_path):
    """A demo has a configuration that is right, and exports that are an hour old."""
    demo = make_demo(tmp_path / "a" / "demo", NOW)

    assert 37 == len(demo.written)
    assert set(demo.written) == set(contents(demo.root))
    assert list(load_project(demo.root / "regard.toml").settings.sources) == [
        *("online", "till", "baskets", "price-list", "our-reviews"),
        *("after-purchase", "in-store", "helpdesk", "replies", "letters", "visits", "contacts"),
        "surroundings",
        *("hogarvela-prices", "hogarvela-reviews", "toldemar-prices", "toldemar-reviews"),
    ]
    ages = {NOW.timestamp() - (demo.root / name).stat().st_mtime for name in demo.written}
    assert {timedelta(hours=1).total_seconds()} == ages


def test_again(tmp_path):
    """Making a demo again writes nothing, even much later: it is the same world."""
    first = make_demo(tmp_path, NOW)
    before = contents(tmp_path)
    second = make_demo(tmp_path, NOW + timedelta(days=40))

    assert () == second.written
    assert set(first.written) == set(second.kept)
    assert first.world == second.world
    assert before == contents(tmp_path)


def test_changes_stay(tmp_path):
    """What somebody changed or added stays; what is missing is made again as it was."""
    make_demo(tmp_path, NOW)
    before = contents(tmp_path)
    deals = "exports/hubspot-crm-exports-all-deals-2026-02-03.csv"
    (tmp_path / deals).write_bytes(b"changed")
    (tmp_path / "notes.txt").write_bytes(b"mine")
    (tmp_path / "till" / "ventas_20241231.csv").unlink()
    with (tmp_path / "regard.toml").open("a") as file:
        file.write("# a comment\n")

    demo = make_demo(tmp_path, NOW + timedelta(days=1))
    after = contents(tmp_path)

    assert ("till/ventas_20241231.csv",) == demo.written
    assert before["till/ventas_20241231.csv"] == after["till/ventas_20241231.csv"]
    assert (b"changed", b"mine") == (after[deals], after["notes.txt"])
    assert after["regard.toml"].endswith(b"# a comment\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(tmp_path):
    """A folder that may not be written to is a clear error."""
    tmp_path.chmod(0o500)

    with pytest.raises(RegardError, match="cannot be written"):
        make_demo(tmp_path / "demo", NOW)
