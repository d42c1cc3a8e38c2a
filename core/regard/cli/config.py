"""``regard config``: what an editor wants to know about regard.toml."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from regard.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from regard.cli.app import App
    from regard.host import Host

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("what", choices=["schema"], help="schema: the JSON Schema of regard.toml")
    parser.epilog = (
        "examples:\n"
        "  regard config schema > regard.schema.json\n\n"
        "Editors with TOML support complete and check regard.toml when its first line is\n"
        "  #:schema ./regard.schema.json"
    )


def run(args: argparse.Namespace, app: App) -> int:
    """Print the schema, with the options of every plug-in that there is."""
    if args.what != "schema":
        message = f"there is nothing called {args.what!r} to print; did you mean 'schema'?"
        raise UsageError(message)
    from regard.settings.schema import json_schema

    host = _host(app)
    sources = _configs(host.sources, host.source_class)
    notifiers = _configs(host.notifiers, host.notifier_class)
    app.print_json(json_schema(sources, notifiers))
    return 0


def _host(app: App) -> Host:
    """Return the plug-ins; of a project whose file is wrong, the installed ones only."""
    try:
        return app.host
    except ConfigError as error:
        from regard.host import Host

        app.problem(f"without the project's own plug-ins: {error}")
        return Host.load()


def _configs(
    names: Iterable[str], class_of: Callable[[str], type[Any]]
) -> dict[str, type[BaseModel]]:
    from pydantic import BaseModel

    configs: dict[str, type[BaseModel]] = {}
    for name in names:
        config: Any = class_of(name).Config
        if isinstance(config, type) and issubclass(config, BaseModel):
            configs[name] = config
    return configs
