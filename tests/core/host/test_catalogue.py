"""Classes are found by name, whether they are imported yet or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from regard.errors import PluginError
from regard.host import Host, PluginState, PluginStatus, ReporterEntry, SourceEntry

WritePlugin = Callable[[str, str], Path]
StatusOf = Callable[[Host, str], PluginStatus]

LAZY = """
from regard import hookimpl

@hookimpl
def regard_sources():
    return [{references}]
"""


def _package(write_plugin: WritePlugin, name: str, references: str, sources: str) -> None:
    write_plugin(f"{name}/__init__.py", LAZY.format(references=references))
    write_plugin(f"{name}/sources.py", f"from regard import Source, Stream\n{sources}\n")


def test_unknown_name_is_told_with_the_nearest(
    write_plugin: WritePlugin, plugin_dir: Path
) -> None:
    """A misspelt source is answered with the one that was probably meant."""
    write_plugin(
        "box.py",
        "from regard import source\n"
        "@source('suggestion-box', kind='touchpoint')\ndef read(config, since): return []\n",
    )

    with pytest.raises(PluginError, match="did you mean 'suggestion-box'"):
        Host.load(plugin_dir).source_class("sugestion-box")
    with pytest.raises(PluginError, match="plug-in of that name brings 'suggestion-box'"):
        Host.load(plugin_dir).source_class("box")


def test_unknown_reporter_is_called_a_reporter(plugin_dir: Path) -> None:
    """The message names what was asked for."""
    with pytest.raises(PluginError, match="no plug-in brings a reporter 'weather'"):
        Host.load(plugin_dir).reporter_class("weather")


def test_reference_is_imported_on_use(
    write_plugin: WritePlugin, plugin_dir: Path, tmp_path: Path
) -> None:
    """A class given as text is imported when it is asked for, and not before."""
    proof = tmp_path / "imported"
    _package(
        write_plugin,
        "desk",
        '"desk.sources:Desk"',
        f"import pathlib; pathlib.Path({str(proof)!r}).touch()\n"
        "class Desk(Source):\n    name = 'desk'\n"
        "    streams = (Stream('tickets', 'touchpoint'), Stream('people', 'customer'))",
    )

    host = Host.load(plugin_dir)
    before = proof.exists()
    entry = host.source_entry("desk")

    assert (False, True) == (before, proof.exists())
    assert ("desk", "desk", None) == (entry.name, entry.plugin, entry.distribution)
    assert ("customer", "touchpoint") == entry.kinds
    assert "Desk" == host.source_class("desk").__name__


def test_reference_may_be_relative(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """A package in the folder may name its module with a dot in front."""
    sources = "class Desk(Source):\n    name = 'help'"
    _package(write_plugin, "desk", '".sources:Desk"', sources)

    assert "Desk" == Host.load(plugin_dir).source_class("help").__name__


def test_asking_for_one_source_imports_no_other_plugin(
    write_plugin: WritePlugin, plugin_dir: Path, tmp_path: Path
) -> None:
    """A source in the plug-in of its name costs no import of anybody else's."""
    proof = tmp_path / "imported"
    touch = f"import pathlib; pathlib.Path({str(proof)!r}).touch()"
    _package(write_plugin, "alpha", '".sources:X"', f"{touch}\nraise OSError")
    _package(write_plugin, "desk", '".sources:Desk"', "class Desk(Source):\n    name = 'desk'")

    Host.load(plugin_dir).source_class("desk")

    assert not proof.exists()


@pytest.mark.parametrize(
    ("reference", "sources", "cause"),
    [
        ('".sources:Desk"', "import no_such_thing", "No module named 'no_such_thing'"),
        ('".sources:Desk"', "raise SystemExit(4)", "SystemExit: 4 (sources.py, line 2)"),
        ('".sources:Desc"', "class Desk(Source): pass", "has no 'Desc'; did you mean 'Desk'?"),
        ('".sources:Desk"', "class Desk: pass", "it is no subclass of regard.Source"),
        ('".sources:Desk"', "class Desk(Source): pass", "the class Desk needs a `name`"),
        ('".sources:Desk"', "class Desk(Source): name = 'a b'", "them, not 'a b'"),
        ('".nowhere:Desk"', "", "No module named"),
    ],
)
def test_reference_that_fails_breaks_its_plugin_only(
    write_plugin: WritePlugin,
    plugin_dir: Path,
    status_of: StatusOf,
    reference: str,
    sources: str,
    cause: str,
) -> None:
    """A class that cannot be imported is told with its plug-in and cause; others work."""
    _package(write_plugin, "desk", reference, sources)
    _package(write_plugin, "other", '".sources:Fine"', "class Fine(Source):\n    name = 'fine'")
    host = Host.load(plugin_dir)

    with pytest.raises(PluginError) as caught:
        host.source_class("desk")

    assert "the source 'desk' is in a broken plug-in: 'desk' (plugins/desk " in str(caught.value)
    assert cause in str(caught.value)
    assert "fine" in host.sources
    assert PluginState.BROKEN == status_of(host, "desk").state
    assert cause in (status_of(host, "desk").error or "")


def test_failed_reference_leaves_its_neighbour(
    write_plugin: WritePlugin, plugin_dir: Path, status_of: StatusOf
) -> None:
    """A plug-in with one bad class is shown as broken, and its good class still works."""
    references = '".sources:Bad", ".sources:Good"'
    _package(write_plugin, "pair", references, "class Good(Source):\n    name = 'good'")
    host = Host.load(plugin_dir)

    status = status_of(host, "pair")

    assert (PluginState.BROKEN, ("source:good",)) == (status.state, status.kinds)
    assert "Good" == host.source_class("good").__name__


@pytest.mark.parametrize("asked_first", ["alpha", "zeta", None])
def test_of_two_sources_of_one_name_the_later_is_broken(
    write_plugin: WritePlugin, plugin_dir: Path, asked_first: str | None, status_of: StatusOf
) -> None:
    """The first plug-in keeps the name, whoever asked for what before; both are named."""
    for name in ("alpha", "zeta"):
        sources = "class Desk(Source):\n    name = 'desk'"
        own = f"class Own(Source):\n    name = '{name}'"
        _package(write_plugin, name, '".sources:Desk", ".sources:Own"', f"{sources}\n{own}")
    host = Host.load(plugin_dir)
    if asked_first:
        host.source_class(asked_first)

    assert "alpha" == host.source_entry("desk").plugin
    error = status_of(host, "zeta").error or ""
    assert error.startswith("it brings the source 'desk', as 'alpha' (plugins/alpha ")
    assert error.endswith("(plugins/alpha and plugins/zeta)")
    assert PluginState.OK == status_of(host, "alpha").state


@pytest.mark.parametrize("listed_first", [True, False])
def test_plugin_called_like_the_source_keeps_it(
    write_plugin: WritePlugin, plugin_dir: Path, listed_first: bool
) -> None:
    """A plug-in cannot take a name from the plug-in that is called so."""
    for name in ("alpha", "desk"):
        _package(write_plugin, name, '".sources:Desk"', "class Desk(Source):\n    name = 'desk'")
    host = Host.load(plugin_dir)
    if listed_first:
        assert {"desk"} <= set(host.sources)

    assert "desk" == host.source_entry("desk").plugin


def test_one_plugin_with_one_name_twice_is_broken(
    write_plugin: WritePlugin, plugin_dir: Path, status_of: StatusOf
) -> None:
    """A copied decorator whose name was not changed is found."""
    text = "from regard import source\n"
    for function in ("first", "second"):
        text += f"@source('box', kind='answer')\ndef {function}(config, since): return []\n"
    write_plugin("box.py", text)

    assert "it brings the source 'box' twice" == status_of(Host.load(plugin_dir), "box").error


def test_source_and_reporter_may_share_a_name(
    write_plugin: WritePlugin, plugin_dir: Path, status_of: StatusOf
) -> None:
    """Names are unique among sources and among reporters, not across."""
    write_plugin(
        "visits.py",
        """
        from regard import Reporter, Source, hookimpl

        class Visits(Source):
            name = "visits"

        class VisitReport(Reporter):
            name = "visits"
            title = "Who came"

        @hookimpl
        def regard_sources():
            return [Visits]

        @hookimpl
        def regard_reporters():
            return [VisitReport]
        """,
    )
    host = Host.load(plugin_dir)
    version = status_of(host, "visits").version

    assert ("source:visits", "reporter:visits") == status_of(host, "visits").kinds
    assert SourceEntry("visits", "visits", None, version) == host.sources["visits"]
    expected = ReporterEntry("visits", "visits", None, version, "Who came")
    assert expected == host.reporters["visits"]
    assert "VisitReport" == host.reporter_class("visits").__name__


def test_listings_cannot_be_changed(plugin_dir: Path) -> None:
    """What the host hands out is read-only."""
    with pytest.raises(TypeError):
        Host.load(plugin_dir).sources["x"] = None  # type: ignore[index]
