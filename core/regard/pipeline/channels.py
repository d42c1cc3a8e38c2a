"""
Channels: which notifier a ``[notices.NAME]`` table means, what is wrong with it, and making it.

``notifier`` names it; where that is missing, the one key that is called like a notifier does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

from regard.errors import ConfigError, PluginError
from regard.host import Host
from regard.host.guard import guarded
from regard.mail.smtp import SmtpConfig
from regard.names import did_you_mean
from regard.notifiers import Notifier
from regard.pipeline.checking import missing_secrets, option_faults
from regard.secrets import redactor, resolve
from regard.settings import NoticesSettings, Project, validate_options
from regard.settings.faults import Fault, raise_faults
from regard.webaddresses import address_fault

__all__ = [
    "channel_faults",
    "make_notifier",
    "notifier_name",
    "ping_address",
    "smtp_config",
    "smtp_faults",
    "telling_channels",
]

_EXAMPLES = 'mail = ["ops@shop.example"], webhook = "${HOOK}" or terminal = true'


def telling_channels(project: Project) -> dict[str, NoticesSettings]:
    """Return the channels that somebody is told by, without those that are only pinged."""
    return {name: table for name, table in project.settings.notices.items() if table.tells}


def notifier_name(table: NoticesSettings, host: Host) -> str:
    """
    Return the notifier that a channel's table means.

    Raises:
        ConfigError: It means none, or more than one; the message has no place in it.
    """
    if table.notifier is not None:
        return table.notifier
    known = host.notifiers
    named = [key for key in table.options if key in known]
    if len(named) == 1:
        return named[0]
    if named:
        both = " and ".join(map(repr, named))
        message = f"names more than one notifier: {both}; write a table for each"
        raise ConfigError(message)
    nearest = (did_you_mean(key, known) for key in table.options)
    near = next((text for text in nearest if text.startswith("; did you mean")), "")
    message = f"names no notifier{near or f'; write {_EXAMPLES}'}"
    raise ConfigError(message)


def channel_faults(project: Project, host: Host, name: str) -> list[Fault]:
    """
    Return what is wrong with a channel's table, its secrets among it.

    Args:
        project: The project.
        host: Its plug-ins.
        name: The table's name.
    """
    table = project.settings.notices[name]
    where = ("notices", name)
    faults = list(_ping_faults(project, host, name))
    if not table.tells:
        idle = sorted(table.model_fields_set - {"ping", "options"})
        text = f"has no effect: the table names no notifier; write {_EXAMPLES}"
        return [*faults, *(Fault((*where, key), text) for key in idle)]
    try:
        notifier = notifier_name(table, host)
    except ConfigError as error:
        return [*faults, Fault(where, str(error))]
    try:
        found = host.notifier_class(notifier)
    except PluginError as error:
        place = (*where, "notifier") if table.notifier else where
        return [*faults, Fault(place, " ".join(str(error).split()))]
    if found.mails and not project.settings.smtp:
        text = f"the notifier {notifier!r} mails; write a table [smtp] with the server"
        faults.append(Fault(where, text))
    return [*faults, *option_faults(found.Config, table.options, ".".join(where), project, host)]


def _ping_faults(project: Project, host: Host, name: str) -> Iterator[Fault]:
    written = project.settings.notices[name].ping
    if written is None:
        return
    place = f"notices.{name}.ping"
    missing = list(missing_secrets(written, place, project, host))
    yield from missing
    if missing:
        return
    url = resolve(written, where=place, root=project.root, resolver=host.resolve_secret)
    fault = address_fault(str(url))
    if fault is not None:
        yield Fault(("notices", name, "ping"), f"the address {fault}")


def ping_address(project: Project, host: Host, name: str) -> str | None:
    """
    Return the address that a channel's table says to call each minute, or None.

    Raises:
        SecretError: It refers to a secret that is missing.
    """
    written = project.settings.notices[name].ping
    if written is None:
        return None
    place = f"notices.{name}.ping"
    url = str(resolve(written, where=place, root=project.root, resolver=host.resolve_secret))
    redactor.add(url)
    return url


def smtp_faults(project: Project, host: Host) -> list[Fault]:
    """Return what is wrong with ``[smtp]``; nothing where there is none."""
    if not project.settings.smtp:
        return []
    return option_faults(SmtpConfig, project.settings.smtp, "smtp", project, host)


def smtp_config(project: Project, host: Host) -> SmtpConfig:
    """
    Return the server that mail goes out by.

    Raises:
        ConfigError: There is none, or something is wrong with its table.
        SecretError: A secret is missing.
    """
    raw = project.settings.smtp
    if not raw:
        message = "there is no table [smtp] with the server that mail goes out by"
        raise ConfigError(message)
    options = resolve(raw, where="smtp", root=project.root, resolver=host.resolve_secret)
    found: SmtpConfig = validate_options(
        SmtpConfig, options, "smtp", raw=raw, file=project.path, text=project.text
    )
    return found


def make_notifier(project: Project, host: Host, name: str) -> Notifier[Any]:
    """
    Return a channel's notifier, with its settings and their secrets.

    Raises:
        ConfigError: Something in the table is wrong.
        SecretError: A secret is missing.
        PluginError: The plug-in is missing or broken.
    """
    table = project.settings.notices[name]
    where = f"notices.{name}"
    try:
        notifier = notifier_name(table, host)
    except ConfigError as error:
        raise_faults([Fault(("notices", name), str(error))], project.path, project.text)
        raise
    found = host.notifier_class(notifier)
    options = resolve(table.options, where=where, root=project.root, resolver=host.resolve_secret)
    config = validate_options(
        found.Config, options, where, raw=table.options, file=project.path, text=project.text
    )
    if isinstance(config, BaseModel):
        _hide(config)
    return guarded(found, config)


def _hide(config: BaseModel) -> None:
    """Keep what is secret in a notifier's settings out of texts, also without its host."""
    for value in vars(config).values():
        if isinstance(value, SecretStr):
            secret = value.get_secret_value()
            redactor.add(secret)
            _, marks, path = secret.partition("://")
            if marks and len(path.partition("/")[2]) >= _SHORTEST_PATH:
                redactor.add("/" + path.partition("/")[2])


_SHORTEST_PATH = 8
"""A shorter path of an address is no secret, and would mask half of all texts."""
