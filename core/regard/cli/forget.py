"""``regard forget``: erase a person everywhere."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from rich.text import Text

from regard.cli.app import App
from regard.cli.arguments import seconds
from regard.cli.confirming import confirm
from regard.cli.console import clean, make_table, rows_of
from regard.errors import SecretError, UsageError

if TYPE_CHECKING:
    from regard.pipeline.forgetting import Forgetter, Forgotten
    from regard.store import Store
    from regard.store.tracing import Seed

__all__ = ["configure", "run"]

_PARTIAL = 3

_EPILOG = """\
examples:
  regard forget --email ana@example.es --dry-run     count what would be erased
  regard forget --email ana@example.es               erase it, after a question
  regard forget --key 101 --source crm --yes         the customer with this key
  regard forget --key customer#1f3a90bc              as reports show it

Erased are records with all versions, refused records, findings, what notes of runs say, the
columns, and copies of the store below the project; logs, reports and texts of somebody else's
records lose the address. Files that sources read are not touched: what comes from them again is
passed over.
exit codes: 0 done, 2 wrong usage, 3 something could not be completed yet: it says what
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    named = parser.add_mutually_exclusive_group(required=True)
    named.add_argument("--email", metavar="ADDRESS", help="the person with this e-mail address")
    named.add_argument("--key", metavar="KEY", help="the customer with this key, or its pseudonym")
    parser.add_argument("--source", metavar="SOURCE", help="the source that the key is of")
    parser.add_argument("--dry-run", action="store_true", help="only count what would be erased")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--wait",
        type=seconds(3_600),
        default=10.0,
        metavar="SECONDS",
        help="how long to wait for others who read (default 10)",
    )
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """Say what is stored of the person, ask, and erase it."""
    _check(args)
    forgetter = _forgetter(app, args.wait)
    with app.open_store(readonly=True) as store:
        seed = _seed(forgetter, store, args)
        found = forgetter.look(store, seed)
    if args.dry_run:
        _tell(app, found, dry=True)
        for place in found.places:
            if place.problem is not None:
                app.problem(f"{place.place}: {place.problem}")
        return 0
    if not args.yes and not app.json:
        _tell(app, found, dry=True)
    question = f"{found.total:,} rows and texts of this person would be erased for good"
    if not confirm(app, question, word="erase", yes=args.yes):
        return 0
    with app.open_store() as store:
        done = forgetter.forget(store, seed)
    _tell(app, done, dry=False)
    for problem in done.open:
        app.problem(problem)
    if not done.open:
        return 0
    app.problem(
        "give the same command again"
        if done.again
        else "the next `regard run` or `regard forget` completes it"
    )
    return _PARTIAL


def _check(args: argparse.Namespace) -> None:
    text = args.email if args.email is not None else args.key
    if not text.strip():
        message = f"--{'email' if args.email is not None else 'key'}: name whom to erase"
        raise UsageError(message)
    if args.email is not None and "@" not in args.email:
        message = "--email: this is no e-mail address; a customer's key goes with --key"
        raise UsageError(message)
    if args.email is not None and args.source is not None:
        message = "--source goes with --key: an address is the same person in every source"
        raise UsageError(message)


def _forgetter(app: App, wait_seconds: float) -> Forgetter:
    from regard.pipeline.forgetting import Forgetter
    from regard.secrets import KEY_FILE, privacy_key

    project = app.project
    path = project.root / KEY_FILE
    if project.settings.privacy.key is None and not path.exists():
        # A new one would not find what was put aside under the former one.
        message = (
            f"there is no privacy key: neither `key` in [privacy] nor {path}. Bring the file "
            "back from where you keep a copy; if it is lost, make another one: "
            f"`openssl rand -hex 32 > {KEY_FILE}`"
        )
        raise SecretError(message)
    secret = privacy_key(project, app.host.resolve_secret)
    return Forgetter(project, app.store_url, secret, app.clock, wait_seconds)


def _seed(forgetter: Forgetter, store: Store, args: argparse.Namespace) -> Seed:
    source = args.source
    if source is not None and source not in forgetter.project.settings.sources:
        from regard.names import did_you_mean
        from regard.store import sources

        with store.read() as transaction:
            known = sources.known(transaction)
        if source not in known:
            message = f"there is no source {source!r}{did_you_mean(source, known)}"
            raise UsageError(message)
    return forgetter.seed(store, email=args.email, key=args.key, source=source)


def _tell(app: App, found: Forgotten, *, dry: bool) -> None:
    if app.json:
        app.print_json(_as_json(found, dry=dry))
        return
    table = make_table(["place", "what", ("count", "right")])
    rows = [
        (place.place, name.replace("_", " "), f"{number:,}")
        for place in found.places
        for name, number in place.counts.items()
    ]
    if rows:
        app.out.print(rows_of(table, rows))
    for line in _sentences(found, dry=dry):
        app.out.print(Text(clean(line)), soft_wrap=True)


def _sentences(found: Forgotten, *, dry: bool) -> list[str]:
    """Return what was followed, what was not, and what is left to somebody else."""
    lines = [f"followed: {shown} in {source}" for source, shown in found.customers]
    if found.addresses:
        lines.append(f"followed: {found.addresses} e-mail address{_es(found.addresses)}")
    if found.shared:
        lines.append(
            f"not followed: {found.shared} e-mail address{_es(found.shared)} that many customers "
            "of one source share"
        )
    for source, shown, rows in found.leftovers:
        lines.append(
            f"not followed: {shown} in {source}, which the person's rows name; {rows:,} other "
            f"row{'s' if rows != 1 else ''} stay: regard forget --key '{shown}' --source {source}"
        )
    if found.rebuilt:
        lines.append(f"the columns {'would be' if dry else 'were'} written anew")
    if not found.total:
        lines.append("nothing is stored of this person" + ("" if dry else "; nothing will be"))
    elif not dry:
        lines.append("erased; records of this person that come again are passed over")
    lines.append(
        "yours to look after: the files that sources read, reports that were sent or lie "
        "elsewhere, backups outside of the project, logs and backups of a database server"
    )
    return lines


def _es(number: int) -> str:
    return "" if number == 1 else "es"


def _as_json(found: Forgotten, *, dry: bool) -> dict[str, Any]:
    return {
        "dry_run": dry,
        "total": found.total,
        "places": [
            {"place": place.place, "counts": dict(place.counts), "problem": place.problem}
            for place in found.places
        ],
        "followed": {
            "customers": [
                {"source": source, "customer": shown} for source, shown in found.customers
            ],
            "addresses": found.addresses,
        },
        "not_followed": {
            "addresses": found.shared,
            "customers": [
                {"source": source, "customer": shown, "rows": rows}
                for source, shown, rows in found.leftovers
            ],
        },
        "columns": found.rebuilt,
        "open": found.open,
    }
