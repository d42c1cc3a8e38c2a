"""``regard check``: everything that can be known to be wrong before anything runs."""

from __future__ import annotations

import argparse
import glob
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from regard.errors import ConfigError, PluginError, RegardError, SecretError

if TYPE_CHECKING:
    from regard.cli.app import App
    from regard.clock import Clock
    from regard.directory import Named
    from regard.host import Host
    from regard.settings import EnricherSettings, Project, ReportSettings, SourceSettings
    from regard.settings.faults import Fault

__all__ = ["Item", "configure", "inspect", "run"]

OK: Final = "ok"
WARNING: Final = "warning"
ERROR: Final = "error"

_STYLES: Final = {OK: "green", WARNING: "yellow", ERROR: "red"}


@dataclass(frozen=True, slots=True)
class Item:
    """
    One thing that was looked at.

    Attributes:
        status: ``ok``, ``warning`` or ``error``.
        where: Its place in the configuration, or a file.
        text: What was found.
    """

    status: str
    where: str
    text: str


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.epilog = (
        "Looks at the whole of regard.toml, the plug-ins it names and their options, the\n"
        "secrets it refers to (they are never shown), its files and its store. Files are\n"
        "opened to see what they are; nothing is stored or made.\n\n"
        "exit code: 0 nothing is wrong, warnings included; 2 something is\n\n"
        "examples:\n"
        "  regard check\n"
        "  regard check --json"
    )


def run(args: argparse.Namespace, app: App) -> int:
    """Look at everything, print one line for each thing, and the counts."""
    try:
        project = app.project
        items = list(inspect(project, app.host, app.clock))
    except ConfigError as error:
        if not app.has_project:
            raise
        items = list(_told(error, ""))
    counts = Counter(item.status for item in items)
    if app.json:
        app.print_json(
            {
                "items": [asdict(item) for item in items],
                "ok": counts[OK],
                "warnings": counts[WARNING],
                "errors": counts[ERROR],
            }
        )
    else:
        _print(items, counts, app)
    return 2 if counts[ERROR] else 0


def _print(items: list[Item], counts: Counter[str], app: App) -> None:
    from rich.text import Text

    from regard.cli.console import clean, count

    for item in items:
        if app.quiet and item.status == OK:
            continue
        line = Text(f"{item.status:8}", style=_STYLES[item.status])
        place = f"{item.where}: " if item.where else ""
        line.append(clean(f"{place}{item.text}"), style="default")
        app.out.print(line, soft_wrap=True)
    faults = f"{count(counts[WARNING], 'warning')}, {count(counts[ERROR], 'error')}"
    app.out.print(f"{counts[OK]} ok, {faults}", soft_wrap=True)


def inspect(project: Project, host: Host, clock: Clock) -> Iterator[Item]:
    """Yield what there is to say about a project whose configuration has the right shape."""
    from regard.cli.console import count
    from regard.settings import unused
    from regard.settings.faults import display_path

    settings = project.settings
    counts = (count(len(settings.sources), "source"), count(len(settings.reports), "report"))
    yield Item(OK, display_path(project.path), ", ".join(counts))
    for path in unused(settings):
        yield Item(WARNING, path, "not used by this version")
    yield from _plugins(project, host)
    for name, source in settings.sources.items():
        yield from _source(name, source, project, host, clock)
    for name, enricher in settings.enrichers.items():
        yield from _enricher(name, enricher, project, host)
    for name, report in settings.reports.items():
        yield from _report(name, report, project, host)
    yield from _notices(project, host)
    yield from _privacy(project, host)
    yield from _store(project, host, clock)


def _told(error: RegardError, where: str) -> Iterator[Item]:
    """Yield an error that may list several faults, one per line; indented lines explain."""
    from regard.secrets import mask

    faults: list[str] = []
    for line in mask(str(error)).splitlines():
        if faults and line.startswith(" "):
            faults[-1] += f"; {line.strip()}"
        else:
            faults.append(line)
    yield from (Item(ERROR, where, fault) for fault in faults)


def _plugins(project: Project, host: Host) -> Iterator[Item]:
    """Yield plug-ins that do not work; whether one is missed, its sources say themselves."""
    from regard.names import did_you_mean

    names = {status.name for status in host.plugins}
    for status in host.plugins:
        if status.error:
            yield Item(WARNING, f"plug-in {status.name}", f"{status.state}: {status.error}")
        elif status.warning:
            yield Item(WARNING, f"plug-in {status.name}", status.warning)
    for name in project.settings.plugins.disabled:
        if name not in names:
            near = did_you_mean(name, names)
            yield Item(WARNING, "plugins.disabled", f"there is no plug-in {name!r}{near}")


def _source(
    name: str, source: SourceSettings, project: Project, host: Host, clock: Clock
) -> Iterator[Item]:
    from regard.pipeline.checking import check_source, source_faults
    from regard.settings import plugin_options

    where = f"sources.{name}"
    try:
        config_class = host.source_class(source.plugin).Config
    except PluginError as error:
        yield from _told(error, where)
        return
    options = plugin_options(source, config_class)
    yield from _exposures(options, where, project)
    faults = source_faults(project, host, name)
    yield from _faults(faults, project)
    if faults:
        return
    try:
        notes = check_source(project, host, name, clock)
    except RegardError as error:
        yield from _told(error, where)
        return
    entry = host.source_entry(source.plugin)
    version = f" {entry.version}" if entry.version else ""
    off = "" if source.enabled else ", disabled"
    due = f", {source.schedule}" if source.schedule else ""
    yield Item(OK, where, f"{source.plugin} ({entry.plugin}{version}){due}{off}")
    yield from (Item(OK, where, note) for note in notes)
    yield from _paths(options.get("path"), f"{where}.path", project)


def _faults(faults: Sequence[Fault], project: Project) -> Iterator[Item]:
    """Yield faults of the configuration, each with its line there."""
    from regard.secrets import mask
    from regard.settings.faults import fault_lines

    for line in fault_lines(faults, project.path, project.text):
        yield Item(ERROR, "", mask(line))


def _exposures(value: object, where: str, project: Project) -> Iterator[Item]:
    """Yield every file of secrets that is open to all."""
    from regard.secrets import exposure, file_of, references

    for place, reference in references(value, where):
        file = file_of(reference, project.root)
        exposed = exposure(file) if file else None
        if exposed:
            yield Item(WARNING, place, exposed)


def _paths(value: object, where: str, project: Project) -> Iterator[Item]:
    """Yield the files, folders and globs of a source that match nothing."""
    for path in value if isinstance(value, list) else [value]:
        if not isinstance(path, str) or "://" in path or "${" in path:
            continue
        pattern = str(project.resolve(path))
        # Path.glob would refuse the absolute patterns that are allowed here.
        if not next(glob.iglob(pattern, recursive=True), None):  # noqa: PTH207
            yield Item(WARNING, where, f"nothing matches {path!r}")


def _enricher(
    name: str, enricher: EnricherSettings, project: Project, host: Host
) -> Iterator[Item]:
    from regard.pipeline.checking import enricher_faults
    from regard.records.sides import declared

    where = f"enrichers.{name}"
    yield from _exposures(enricher.options, where, project)
    try:
        entry = host.enricher_entry(name)
    except PluginError as error:
        yield from _told(error, where)
        return
    faults = enricher_faults(project, host, name)
    yield from _faults(faults, project)
    if not faults:
        outputs = ", ".join(
            output.side.name for output in declared(host.enricher_class(name)).outputs
        )
        version = f" {entry.version}" if entry.version else ""
        off = "" if enricher.enabled else ", disabled"
        due = f", {enricher.schedule}" if enricher.schedule else ""
        yield Item(OK, where, f"makes {outputs} ({entry.plugin}{version}){due}{off}")


def _report(name: str, report: ReportSettings, project: Project, host: Host) -> Iterator[Item]:
    from regard.pipeline.checking import option_faults

    where = f"reports.{name}"
    try:
        params_class = host.reporter_class(report.reporter).Params
    except PluginError as error:
        yield from _told(error, where)
        return
    params = f"{where}.params"
    yield from _exposures(report.params, params, project)
    faults = option_faults(params_class, report.params, params, project, host)
    yield from _faults(faults, project)
    if not faults:
        yield Item(OK, where, f"{report.reporter}, to {', '.join(report.to)}")


def _notices(project: Project, host: Host) -> Iterator[Item]:
    """Yield the channels that people are told by, and the server that mail goes out by."""
    from regard.pipeline.channels import channel_faults, notifier_name, smtp_faults

    for name, table in project.settings.notices.items():
        where = f"notices.{name}"
        yield from _exposures({**table.options, "ping": table.ping}, where, project)
        faults = channel_faults(project, host, name)
        yield from _faults(faults, project)
        if not faults:
            by = [f"{notifier_name(table, host)}, on {', '.join(table.on)}"] if table.tells else []
            yield Item(OK, where, "; ".join([*by, *(["ping"] if table.ping else [])]))
    yield from _exposures(project.settings.smtp, "smtp", project)
    yield from _faults(smtp_faults(project, host), project)


def _privacy(project: Project, host: Host) -> Iterator[Item]:
    from regard.pipeline.checking import missing_secrets
    from regard.secrets import KEY_FILE, exposure, privacy_key

    configured = project.settings.privacy.key
    path = project.root / KEY_FILE
    if configured is None and not path.exists():
        yield Item(OK, "privacy.key", f"{KEY_FILE} will be made when it is first needed")
        return
    if configured is not None:
        written = configured.get_secret_value()
        yield from _exposures(written, "privacy.key", project)
        faults = list(missing_secrets(written, "privacy.key", project, host))
        yield from _faults(faults, project)
        if faults:
            return
    elif exposed := exposure(path):
        yield Item(WARNING, "privacy.key", exposed)
    try:
        privacy_key(project, host.resolve_secret)
    except SecretError as error:
        yield Item(ERROR, "", str(error))
    else:
        yield Item(OK, "privacy.key", "set in the configuration" if configured else KEY_FILE)


_STATES: Final = {
    "ready": "ready",
    "missing": "will be made by the first run",
    "outdated": "has an older schema; `regard db upgrade` brings it up to date",
    "newer": "was written by a newer regard than this one",
    "unreachable": "cannot be opened",
}


def _store(project: Project, host: Host, clock: Clock) -> Iterator[Item]:
    from regard.pipeline.checking import missing_secrets
    from regard.secrets import mask, store_url
    from regard.settings.showing import has_reference
    from regard.store import Store

    yield from _exposures(project.settings.store, "store", project)
    faults = list(missing_secrets(project.settings.store, "store", project, host))
    yield from _faults(faults, project)
    if faults:
        return
    try:
        found = Store.inspect(store_url(project, host.resolve_secret))
    except RegardError as error:
        yield from _told(error, "store")
        return
    text = found.detail if found.state != "ready" else f"ready, {found.detail}"
    if has_reference(project.settings.store):
        # What a secret stands for is not shown, not even a host's name.
        text = _STATES[found.state]
    yield Item(OK if found.state in ("missing", "ready") else ERROR, "store", mask(text))
    if found.state == "ready":
        yield from _orphans(project, host)
        yield from _unresolved(project, host, clock)


def _orphans(project: Project, host: Host) -> Iterator[Item]:
    """Yield the sources that are stored but no longer configured."""
    from regard.cli.orphans import orphan_line
    from regard.secrets import store_url
    from regard.store import Store, sources

    store = Store.open(store_url(project, host.resolve_secret), readonly=True)
    try:
        with store.read() as transaction:
            names = sources.known(transaction)
    finally:
        store.close()
    for name in names:
        if name not in project.settings.sources:
            yield Item(WARNING, "store", orphan_line(name))


_SHOWN_NAMES: Final = 10


def _unresolved(project: Project, host: Host, clock: Clock) -> Iterator[Item]:
    """Yield the names in the columns that no place and no competitor goes by."""
    from regard.cli.console import count
    from regard.columns import open_view
    from regard.errors import StoreMissing
    from regard.measures.unresolved import What, unresolved
    from regard.names import did_you_mean
    from regard.privacy import mask_text
    from regard.secrets import privacy_key
    from regard.settings import directory_of

    directory = directory_of(project.settings)
    known: dict[What, tuple[Named, ...]] = {
        "place": directory.places,
        "competitor": directory.competitors,
    }
    if not any(known.values()):
        return
    try:
        view = open_view(
            project.root / "columns",
            now=clock.now(),
            language=project.settings.language,
            timezone=project.settings.timezone,
            freshness=(),
            pseudonym_key=privacy_key(project, host.resolve_secret),
            directory=directory,
        )
    except StoreMissing:
        return  # nobody has made a report yet, so nobody was shown a wrong name
    with view:
        for what, named in known.items():
            if not named:
                continue
            found = unresolved(view, what)
            spellings = [each for one in named for each in one.spellings]
            for each in found[:_SHOWN_NAMES]:
                near = did_you_mean(each.written, spellings)
                shown = mask_text(each.written)
                text = f"no {what} is called {shown!r} ({count(each.records, 'record')})"
                yield Item(WARNING, f"{what}s", text + near)
            if len(found) > _SHOWN_NAMES:
                rest = len(found) - _SHOWN_NAMES
                yield Item(WARNING, f"{what}s", f"{count(rest, 'further name')} not known")
