"""
Where plug-ins may be found: installed distributions, and the project's ``plugins`` folder.

Nothing is imported here. The order is fixed, so that two machines with the same plug-ins
behave alike: bundled ones, then the project's own, then other distributions', each by name.
Where two have one name the first is used; so what is installed later never replaces what
worked before.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NoReturn

from regard.errors import ConfigError, PluginError
from regard.hookspecs import PROJECT
from regard.host.guard import describe
from regard.names import is_name

__all__ = ["UNREADABLE", "Candidate", "find_candidates", "installed"]

UNREADABLE = "an unreadable entry_points.txt"
"""The origin of a candidate that stands for a distribution whose metadata is broken."""

_BUNDLED, _FOLDER, _INSTALLED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A plug-in that was found and not yet imported.

    Attributes:
        name: What it is called and disabled by.
        origin: Where it was found.
        distribution: The distribution it belongs to; None in the project's folder.
        version: The distribution's version, or a digest of the files.
        rank: Where its origin stands in the order.
        load: Imports it and returns it; may raise anything.
    """

    name: str
    origin: str
    distribution: str | None
    version: str | None
    rank: int
    load: Callable[[], object]

    @property
    def title(self) -> str:
        """The plug-in as messages name it: with distribution or origin, and version."""
        home = self.distribution or self.origin
        return (
            f"{self.name!r} ({home} {self.version})" if self.version else f"{self.name!r} ({home})"
        )


def find_candidates(plugin_dir: Path | None) -> list[Candidate]:
    """
    Return all plug-ins there are, in the order in which they are loaded.

    Args:
        plugin_dir: The project's folder of plug-ins, if there is one.

    Raises:
        ConfigError: The folder cannot be listed.
    """
    found = [*installed(PROJECT), *(_in_folder(plugin_dir) if plugin_dir else ())]
    return sorted(found, key=lambda item: (item.rank, item.name, item.origin))


def installed(group: str) -> Iterator[Candidate]:
    """
    Yield what installed distributions bring to a group of entry points.

    A distribution whose metadata cannot be read yields one candidate that fails to load; the
    standard library's own listing would stop there.
    """
    seen: set[str] = set()
    for distribution in distributions():
        key = re.sub(r"[-_.]+", "-", _folder_name(distribution)).casefold()
        if key in seen:  # of two, the first one on sys.path is the one that gets imported
            continue
        seen.add(key)
        try:
            # Few distributions have the group: the rest is not parsed, and costs nothing.
            if f"[{group}]" not in (distribution.read_text("entry_points.txt") or ""):
                continue
            entries = [item for item in distribution.entry_points if item.group == group]
            problem = None
        except Exception as error:  # noqa: BLE001  # broken metadata of somebody else's package
            entries, problem = [], f"its entry_points.txt cannot be read: {describe(error)}"
        home = _metadata(distribution, "Name") or _folder_name(distribution)
        version = _metadata(distribution, "Version")
        rank = _BUNDLED if key == PROJECT else _INSTALLED
        if problem:
            load = partial(_fail, problem)
            yield Candidate(home, UNREADABLE, home, version, rank, load)
        for entry in entries:
            origin = f"entry point {entry.value}"
            yield Candidate(entry.name, origin, home, version, rank, entry.load)


def _folder_name(distribution: Distribution) -> str:
    """Return a distribution's name as its folder says it, which takes no parsing."""
    folder = getattr(distribution, "_path", None)
    name = re.sub(r"\.(dist|egg)-info$", "", str(getattr(folder, "name", "")), flags=re.IGNORECASE)
    return name.partition("-")[0] or _metadata(distribution, "Name") or "unknown"


def _metadata(distribution: Distribution, field: str) -> str | None:
    try:
        value: str | None = distribution.metadata[field]
    except Exception:  # noqa: BLE001  # a half-removed package has a folder and no metadata
        return None
    return value


def _fail(text: str) -> NoReturn:
    raise PluginError(text)


def _in_folder(folder: Path) -> Iterator[Candidate]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        message = f"the folder of plug-ins {folder} cannot be listed: {error.strerror}"
        raise ConfigError(message) from error
    prefix = _module_prefix(folder)
    for path in paths:
        if path.name.startswith(("_", ".")):
            continue
        file = path / "__init__.py" if path.is_dir() else path
        if file.suffix != ".py" or not file.is_file():
            continue
        name = path.name if path.is_dir() else path.stem
        load: Callable[[], object] = partial(_load_file, prefix + name, file)
        if not is_name(name):
            text = f"{name!r} cannot name a plug-in: letters, digits, - and _, at most 63"
            load = partial(_fail, text)
        origin = f"{folder.name}/{path.name}"
        yield Candidate(name, origin, None, _digest(path), _FOLDER, load)


def _module_prefix(folder: Path) -> str:
    # Two projects in one process may each have a `box.py`, and PyPI may have a `box`.
    place = hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape"))
    return f"_regard_plugin_{place.hexdigest()[:8]}_"


def _digest(path: Path) -> str | None:
    """Return 12 digits that change with any file of a plug-in; None: it cannot be read."""
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    try:
        for file in files:
            inside = file.relative_to(path)
            if file.is_file() and "__pycache__" not in inside.parts:
                digest.update(f"{inside}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
    except (OSError, UnicodeError):
        return None
    return digest.hexdigest()[:12]


def _load_file(module_name: str, file: Path) -> object:
    """Import a file under a private name, afresh, leaving nothing behind if it fails."""
    _forget(module_name)
    inside = [str(file.parent)] if file.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(
        module_name, file, submodule_search_locations=inside
    )
    if spec is None or spec.loader is None:
        message = f"{file.name} cannot be imported as Python"
        raise PluginError(message)
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and Pydantic look modules up by name while classes are being made.
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        _forget(module_name)
        raise
    return module


def _forget(module_name: str) -> None:
    for name in [*sys.modules]:
        if name == module_name or name.startswith(f"{module_name}."):
            del sys.modules[name]
