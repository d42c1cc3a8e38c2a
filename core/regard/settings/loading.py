"""Finding and reading regard.toml: one folder is one project."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from regard.errors import ConfigError
from regard.names import did_you_mean, is_name
from regard.settings.checks import absolute_store
from regard.settings.faults import Fault, display_path, raise_faults
from regard.settings.lines import table_path
from regard.settings.models import Settings
from regard.settings.scheduling import contradictions
from regard.settings.sentences import explain
from regard.settings.showing import is_secret_name, show

__all__ = ["FILE_NAME", "Project", "find_config", "load_project", "make_settings"]

FILE_NAME: Final = "regard.toml"

_MAX_BYTES: Final = 4 * 1024 * 1024
_NAMED_TABLES: Final = (*("sources", "places", "competitors", "enrichers", "reports", "notices"),)


@dataclass(frozen=True, slots=True)
class Project:
    """
    One folder with its configuration.

    Attributes:
        root: The folder, absolute; relative paths in the configuration start here.
        path: The configuration file.
        settings: What it says.
        text: Its content, for the line numbers of later messages.
    """

    root: Path
    path: Path
    settings: Settings
    text: str = field(default="", repr=False)

    @property
    def store_url(self) -> str:
        """
        The store's address; a relative SQLite path starts at the project.

        It may still refer to a secret: `regard.secrets.store_url` resolves it.
        """
        return absolute_store(self.settings.store, self.root)

    def resolve(self, path: str | Path) -> Path:
        """Return a configured path, absolute; a relative one starts at the project."""
        return self.root / path

    def zone(self, source: str) -> str:
        """Return the time zone of a source's local times: its own, else the project's."""
        own = self.settings.sources.get(source)
        return (own.timezone if own else None) or self.settings.timezone


def find_config(start: Path, explicit: Path | None) -> Path:
    """
    Return the configuration file to use.

    Args:
        start: Where to look first; then in each folder above it.
        explicit: A file or its folder that somebody named, from ``--config`` or
            ``REGARD_CONFIG``; nothing else is looked at then.

    Raises:
        ConfigError: There is none.
    """
    if explicit is not None:
        named = start / explicit
        path = named / FILE_NAME if named.is_dir() else named
        if not path.is_file():
            message = f"{explicit}: there is no such file (from --config or REGARD_CONFIG)"
            raise ConfigError(message)
        return path
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    message = (
        f"there is no {FILE_NAME} in {start} or above it{_near_miss(start)}; "
        "`regard init` makes a project here, --config names one elsewhere"
    )
    raise ConfigError(message)


def _near_miss(folder: Path) -> str:
    try:
        names = [
            path.name for path in folder.iterdir() if path.suffix in (".toml", ".txt", ".tml")
        ]
    except OSError:
        return ""
    near = did_you_mean(FILE_NAME, names)
    return near.rstrip("?").replace("did you mean", "but there is") if "mean" in near else ""


def load_project(path: Path, text: str | None = None) -> Project:
    """
    Return the project whose configuration file is given, validated whole.

    Args:
        path: The file.
        text: What it held when somebody read it; None: what it holds now.

    Raises:
        ConfigError: It cannot be read, or something in it is wrong; the message has one line
            for each fault.
    """
    path = path.absolute()
    text = _read(path) if text is None else text
    data = _parse(text, path)
    misshapen = list(_misshapen(data))
    data = _without(data, misshapen)
    settings, faults = _validated(data)
    faults += (*misshapen, *_bad_names(data), *_unknown_sources(data), *_ambiguous(data))
    faults += _unknown_channels(data)
    if settings is not None:
        faults += contradictions(settings)
    raise_faults(faults, path, text)
    return Project(path.parent, path, settings or Settings(), text)


def make_settings(data: dict[str, Any]) -> Settings:
    """
    Return settings that stand in no file, such as those of a command's options.

    Raises:
        ConfigError: Something in them is wrong; one line for each fault.
    """
    settings, faults = _validated(data)
    raise_faults(faults, None)
    return settings or Settings()


def _validated(data: dict[str, Any]) -> tuple[Settings | None, list[Fault]]:
    # What pydantic raises repeats every value: it must not hang behind our own error.
    try:
        return Settings.model_validate(data), []
    except ValidationError as error:
        return None, explain(error, Settings, raw=data)


def _read(path: Path) -> str:
    name = display_path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"{name}: cannot be read: {error.strerror}"
        raise ConfigError(message) from error
    if len(content) > _MAX_BYTES:
        message = f"{name}: has {len(content)} bytes; a configuration has 4 MiB at most"
        raise ConfigError(message)
    try:
        # Some editors begin a file with a byte order mark; TOML does not know it.
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"{name}:{line}: is not UTF-8; save the file with this encoding"
        raise ConfigError(message) from error


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax_message(str(error), text, display_path(path))) from error
    except RecursionError as error:
        message = f"{display_path(path)}: its tables or lists lie too deep in each other"
        raise ConfigError(message) from error


def _syntax_message(told: str, text: str, name: str) -> str:
    """Return a syntax error with its place and, unless it may hold a secret, its line."""
    match = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", told)
    what = told[: match.start()] if match else told
    twice = re.fullmatch(
        r"Cannot (?:declare|mutate immutable namespace) \((.*?),?\)(?: twice)?", what
    )
    if twice:
        what = f"[{table_path(re.findall(chr(39) + '(.*?)' + chr(39), twice[1]))}] stands twice"
    elif what == "Cannot overwrite a value":
        what = "the same key stands twice"
    if match is None or match[1] is None:
        return f"{name}:{len(text.rstrip().splitlines()) or 1}: is not TOML: {what} (at its end)"
    number, column = int(match[1]), int(match[2])
    lines = text.split("\n")
    line = lines[number - 1].strip() if number <= len(lines) else ""
    message = f"{name}:{number}: is not TOML: {what} (column {column})"
    key = line.partition("=")[0].strip().strip("\"'")
    open_to_all = not is_secret_name(key.rpartition(".")[2]) and not re.search(r"://\S*@", line)
    inside_value = "=" not in line and not line.startswith(("[", "#"))
    if line and open_to_all and not inside_value:
        message += f": {line if len(line) <= 80 else line[:77] + '...'}"
    return message


def _misshapen(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is so wrong in shape that the rest could not be understood."""
    for table in _NAMED_TABLES:
        value = data.get(table, {})
        if isinstance(value, list):
            text = f"each needs a name: write [{table}.NAME], not [[{table}]]"
            yield Fault((table,), text)
        elif not isinstance(value, dict):
            yield Fault((table,), f"must be tables [{table}.NAME], not {show(value)}")
        else:
            for name, inner in value.items():
                if not isinstance(inner, dict):
                    what = show(inner) if not isinstance(inner, list) else "a list of them"
                    text = f"must be a table [{table}.{name}], not {what}"
                    yield Fault((table, name), text)


def _without(data: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """Return the data without what was found wrong, so that the rest can be checked."""
    wrong = {fault.path for fault in faults}
    kept = {table: value for table, value in data.items() if (table,) not in wrong}
    for table in _NAMED_TABLES:
        if table in kept:
            named = kept[table].items()
            kept[table] = {name: one for name, one in named if (table, name) not in wrong}
    return kept


def _bad_names(data: Mapping[str, Any]) -> Iterator[Fault]:
    for table in _NAMED_TABLES:
        folded: dict[str, str] = {}
        for name in data.get(table, {}):
            if not is_name(name):
                text = "a name has letters, digits, - and _, at most 63 of them, no sign first"
                yield Fault((table, name), text)
            other = folded.setdefault(name.casefold().replace("_", "-"), name)
            if other != name:
                text = f"is too much like {other!r}: commands could mean either"
                yield Fault((table, name), text)


def _texts(value: object) -> list[str]:
    """Return the texts in a value that is a text or a list of some."""
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, str)]


def _unknown_sources(data: Mapping[str, Any]) -> Iterator[Fault]:
    known = data.get("sources", {})
    for name, source in known.items():
        for key in ("customers", "depends_on"):
            for referred in _texts(source.get(key)):
                if referred not in known:
                    near = did_you_mean(referred, known)
                    text = f"{show(referred)} is not a source of this project{near}"
                    yield Fault(("sources", name, key), text)


_DELIVERS: Final = ("mail", "webhook")
"""The forms of a report's target that name a channel."""


def _unknown_channels(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the channels that a report should go to and that cannot take it."""
    channels = data.get("notices", {})
    for name, report in data.get("reports", {}).items():
        for target in _texts(report.get("to")):
            form, _, channel = target.partition(":")
            if form not in _DELIVERS or not channel.strip():
                continue
            path = ("reports", name, "to")
            if channel not in channels:
                near = did_you_mean(channel, channels) or f"; write a table [notices.{channel}]"
                yield Fault(path, f"{show(target)} names no channel{near}")
                continue
            keys = channels[channel].keys()
            other = next((one for one in _DELIVERS if one != form and one in keys), None)
            if form not in keys and other is not None:
                text = f"{show(target)} goes by {other}; did you mean '{other}:{channel}'?"
                yield Fault(path, text)


def _ambiguous(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the aliases that two places, or two competitors, both claim."""
    for table in ("places", "competitors"):
        owners: dict[str, str] = {}
        for key, entry in data.get(table, {}).items():
            for alias in (key, *_texts(entry.get("name")), *_texts(entry.get("aliases"))):
                owner = owners.setdefault(alias.strip().casefold(), key)
                if owner != key:
                    text = f"{show(alias)} also stands for {table}.{owner}; it must mean one"
                    yield Fault((table, key), text)
