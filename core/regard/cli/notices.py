"""``regard notices``: who was told what, what waits, and whether a channel works."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from regard.cli.console import clean, make_table, rows_of
from regard.errors import RegardError, UsageError
from regard.names import did_you_mean

if TYPE_CHECKING:
    from regard.cli.app import App
    from regard.store.notices import StoredNotice

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard notices                      the last fifty notices
  regard notices list --channel ops   of one channel
  regard notices test ops             send one message to a channel now

A notice waits until its channel's pause is over, and is tried again for a day where telling
fails. Nothing is sent by `list`.
exit codes: 0 done, 1 the test did not arrive, 2 wrong usage or configuration
"""
_STYLES: Final = {"waits": "yellow", "given up": "red"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.set_defaults(action="list", channel=None, n=50)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listing = actions.add_parser("list", help="list notices, the latest first (the default)")
    listing.add_argument("--channel", metavar="NAME", help="only of this [notices.NAME]")
    listing.add_argument("-n", type=int, default=50, metavar="N", help="how many (default 50)")
    test = actions.add_parser("test", help="send one message to a channel now")
    test.add_argument("name", metavar="NAME", help="a table [notices.NAME]")
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """List notices, or try a channel."""
    return _test(args, app) if args.action == "test" else _list(args, app)


def _list(args: argparse.Namespace, app: App) -> int:
    from regard.store import notices as stored

    with app.open_store(readonly=True) as store, store.read() as transaction:
        found = stored.listed(transaction, channel=args.channel, limit=max(0, args.n))
        counts = stored.counts(transaction, channel=args.channel)
    if app.json:
        app.print_json([_as_json(item) for item in found])
        return 0
    if not any(counts.values()):
        app.out.print("there are no notices")
        return 0
    table = make_table([("id", "right"), "channel", "event", "about", "at", "state", "text"])
    for item in found:
        notice = item.notice
        row = (notice.id, item.channel, notice.event, notice.subject, _time(notice.at))
        state = Text(_state(item), style=_STYLES.get(item.state, ""))
        table.add_row(*(Text(clean(cell)) for cell in row), state, Text(clean(notice.text)))
    app.out.print(table)
    why = [(item.channel, item.tries, item.error) for item in found if item.error]
    if why:
        app.out.print(Text("\nwhy not:"))
        reasons = list(dict.fromkeys((channel, error) for channel, _, error in why))
        app.out.print(rows_of(make_table(["channel", "error"]), reasons[:20]))
    said = ", ".join(f"{count:,} {state}" for state, count in counts.items())
    app.out.print(Text(f"\n{len(found):,} of {sum(counts.values()):,} shown: {said}"))
    return 0


def _time(moment: Any) -> str:  # noqa: ANN401  # a datetime of the store
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _state(item: StoredNotice) -> str:
    if item.told_at is not None:
        return f"told {_time(item.told_at)}"
    if item.given_up_at is not None:
        return f"given up {_time(item.given_up_at)}"
    return f"waits, {item.tries} failed" if item.tries else "waits"


def _as_json(item: StoredNotice) -> dict[str, Any]:
    notice = item.notice
    return {
        "id": notice.id,
        "channel": item.channel,
        "event": notice.event,
        "subject": notice.subject,
        "severity": notice.severity,
        "text": notice.text,
        "at": notice.at,
        "state": item.state,
        "tries": item.tries,
        "next_at": item.next_at if item.state == "waits" else None,
        "told_at": item.told_at,
        "given_up_at": item.given_up_at,
        "error": item.error,
    }


def _test(args: argparse.Namespace, app: App) -> int:
    from regard.pipeline.channels import channel_faults, ping_address
    from regard.pipeline.telling import ping, send_test
    from regard.secrets import mask
    from regard.settings.faults import raise_faults

    project, name = app.project, args.name
    channels = project.settings.notices
    if name not in channels:
        near = did_you_mean(name, channels) or f"; write a table [notices.{name}]"
        message = f"there is no channel {name!r}{near}"
        raise UsageError(message)
    raise_faults(channel_faults(project, app.host, name), project.path, project.text)
    error: str | None = None
    if channels[name].tells:
        try:
            send_test(project, app.host, name, app.clock)
        except RegardError as raised:
            error = mask(str(raised))
    address = ping_address(project, app.host, name)
    if address is not None:
        error = error or ping(address)
    if app.json:
        app.print_json({"channel": name, "arrived": error is None, "error": error})
    elif error is None:
        app.out.print(Text(f"{name}: the test was taken"))
    else:
        app.problem(f"{name}: the test did not arrive: {error}")
    return 0 if error is None else 1
