"""``regard match``: which offers of competitors are products of ours, as people decide it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from rich.text import Text

from regard.cli.app import App
from regard.cli.console import clean, make_table, rows_of
from regard.directory import Match
from regard.errors import UsageError
from regard.measures.matching import ENOUGH, Proposal, pair_id, proposals
from regard.names import did_you_mean
from regard.store import matches
from regard.views import View

__all__ = ["configure", "run"]

_EPILOG: Final = """\
examples:
  regard match list                    offers that resemble a product of ours
  regard match list --at-least 90      only those that resemble it very much
  regard match list --decided          what was decided so far
  regard match confirm 1f2e3d4c        it is the same article: reports compare the two
  regard match reject 5a6b7c8d         it is another one, and is never proposed again

An offer with the GTIN of a product, its brand and manufacturer's number, or our own article number
is matched without asking. Of all others titles are compared, and nothing counts before somebody
confirms it. A decision can be changed by deciding otherwise.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list offers that resemble a product of ours")
    listing.add_argument("--decided", action="store_true", help="what was decided instead")
    listing.add_argument(
        "--at-least", type=_share, default=ENOUGH, metavar="N",
        help=f"how alike the titles are, 0 to 100 (default {ENOUGH})",
    )  # fmt: skip
    listing.add_argument("-n", type=int, default=50, metavar="N", help="how many (default 50)")
    for name, text in (
        ("confirm", "say that an offer is a product of ours"),
        ("reject", "say that it is none"),
    ):
        deciding = actions.add_parser(name, help=text)
        deciding.add_argument("ids", nargs="+", metavar="ID", help="as `match list` shows it")
        deciding.add_argument("--dry-run", action="store_true", help="show it, change nothing")
    parser.epilog = _EPILOG


def _share(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 100:  # percent
        message = f"{text!r} is no whole number from 0 to 100"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def run(args: argparse.Namespace, app: App) -> int:
    """List proposals and decisions, or decide."""
    if args.action != "list":
        return _decide(args, app)
    return _list_decided(app) if args.decided else _list(args, app)


def _list(args: argparse.Namespace, app: App) -> int:
    with _view(app) as view:
        found = proposals(view, enough=args.at_least)
    shown = found[: max(args.n, 0)]
    if app.json:
        app.print_json([_as_json(each) for each in shown])
        return 0
    if not found:
        app.out.print(
            "nothing to decide: no offer without a match resembles a product of ours",
            soft_wrap=True,
        )
        return 0
    table = make_table(["id", ("alike", "right"), "competitor", "offer", "our product"])
    rows = [
        (each.id, str(each.score), clean(each.competitor), clean(each.title), clean(each.name))
        for each in shown
    ]
    app.out.print(rows_of(table, rows))
    text = f"\n{len(shown):,} of {len(found):,} shown; `regard match confirm ID` or `reject ID`"
    app.out.print(Text(text))
    return 0


def _list_decided(app: App) -> int:
    with app.open_store(readonly=True) as store, store.read() as transaction:
        decided = matches.decided(transaction)
    if app.json:
        app.print_json([_decided_json(each) for each in decided])
        return 0
    if not decided:
        app.out.print("nothing was decided yet; `regard match list` proposes")
        return 0
    table = make_table(["id", "state", "offer", "product"])
    rows = [
        (
            _id_of(each),
            each.state,
            clean(f"{each.source}: {each.offer}"),
            clean(f"{each.product_source}: {each.product}"),
        )
        for each in decided
    ]
    app.out.print(rows_of(table, rows))
    return 0


def _decide(args: argparse.Namespace, app: App) -> int:
    state = "confirmed" if args.action == "confirm" else "rejected"
    known = _known(app)
    if unknown := [each for each in args.ids if each not in known]:
        message = (
            f"there is no match {unknown[0]!r} to decide{did_you_mean(unknown[0], known)}; "
            "`regard match list` shows them"
        )
        raise UsageError(message)
    chosen = [_with_state(known[each], state) for each in dict.fromkeys(args.ids)]
    if not args.dry_run:
        with app.open_store() as store, store.write() as transaction:
            for match in chosen:
                matches.put(transaction, match)
    if app.json:
        app.print_json([_decided_json(each) for each in chosen])
        return 0
    verb = f"would be {state}" if args.dry_run else state
    for match in chosen:
        text = f"{_id_of(match)} {verb}: {clean(match.offer)} of {clean(match.source)}"
        app.out.print(Text(f"{text}, {clean(match.product)} of {clean(match.product_source)}"))
    return 0


def _known(app: App) -> Mapping[str, Match]:
    """Return all that can be decided: what is proposed at any likeness, and what was decided."""
    with _view(app) as view:
        found = proposals(view, enough=0)
    with app.open_store(readonly=True) as store, store.read() as transaction:
        decided = matches.decided(transaction)
    proposed = {
        each.id: Match(each.source, each.offer, each.product_source, each.product, "proposed")
        for each in found
    }
    return {**proposed, **{_id_of(each): each for each in decided}}


@contextmanager
def _view(app: App) -> Iterator[View]:
    from regard.cli.report import progress_of
    from regard.pipeline.delivering import surroundings_of
    from regard.pipeline.reporting import open_report_view

    with (
        app.open_store(readonly=True) as store,
        progress_of(app) as progress,
        open_report_view(store, surroundings_of(app.workplace), progress=progress) as (view, _),
    ):
        yield view


def _with_state(match: Match, state: str) -> Match:
    return Match(match.source, match.offer, match.product_source, match.product, state)


def _id_of(match: Match) -> str:
    return pair_id(match.source, match.offer, match.product_source, match.product)


def _as_json(each: Proposal) -> dict[str, Any]:
    names: Sequence[str] = (
        "id", "score", "competitor", "source", "offer", "title", "price", "currency",
        "product_source", "product", "name",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names}


def _decided_json(match: Match) -> dict[str, Any]:
    names = ("source", "offer", "product_source", "product", "state")
    return {"id": _id_of(match), **{name: getattr(match, name) for name in names}}
