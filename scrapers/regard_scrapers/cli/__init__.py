"""``regard site``: the sites that are looked at, from the first page to tests of their rules."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

from regard.cli.parsers import CommandParser

if TYPE_CHECKING:
    from regard.cli.app import App

__all__ = ["configure", "site"]

_EPILOG: Final = """\
examples:
  regard site add https://rival.example/p/1 --competitor Rival --contact mailto:us@us.example
  regard site check                      canary pages, robots.txt and coverage of all sites
  regard site record https://rival.example/p/1 --site rival
  regard site test                       read the recorded pages again; a line for each failure
  regard site diff rival                 what edited rules change on recorded pages
  regard site diff rival --accept        and take that for right from now on

Pages are fetched as a guest: robots.txt is obeyed, one request at a time, a second apart.
exit codes: 0 all well, 1 something is not as expected, 2 wrong usage or configuration
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="look at one page and write the site's file")
    add.add_argument("url", metavar="URL", help="a page with an offer or reviews")
    add.add_argument("--name", help="of the file sites/NAME.toml; else from the address")
    whose = add.add_mutually_exclusive_group(required=True)
    whose.add_argument("--competitor", help="whose site it is")
    whose.add_argument("--own", action="store_true", help="it is our own shop")
    add.add_argument("--contact", required=True, help="whom the site's owner may write to")
    add.add_argument("--allow-host", action="append", default=[], metavar="HOST:PORT",
                     help="a private address that may be asked")  # fmt: skip
    add.add_argument("--javascript", action="store_true",
                     help="render the page first; needs regard[browser] and Chromium")  # fmt: skip
    add.add_argument("--no-sandbox", action="store_true",
                     help="render without Chromium's sandbox, as root has to")  # fmt: skip
    add.add_argument("--dry-run", action="store_true", help="show the file and write nothing")
    check = actions.add_parser("check", help="canary pages, robots.txt and coverage")
    check.add_argument("names", nargs="*", metavar="NAME", help="else all")
    record = actions.add_parser("record", help="save a page as a test of the site's rules")
    record.add_argument("url", metavar="URL", help="the page")
    record.add_argument("--site", required=True, metavar="NAME", help="whose page it is")
    test = actions.add_parser("test", help="read recorded pages and compare each field")
    test.add_argument("names", nargs="*", metavar="NAME", help="else all")
    diff = actions.add_parser("diff", help="what today's rules change on recorded pages")
    diff.add_argument("name", metavar="NAME", help="the site")
    diff.add_argument("--accept", action="store_true", help="expect from now on what is read")


def site(arguments: Sequence[str], app: App) -> int:
    """Do one of the actions; called by ``regard site``."""
    parser = CommandParser(
        prog="regard site",
        description="Add, check and test the sites that are looked at.",
    )
    configure(parser)
    args = parser.parse_args(list(arguments))
    module = "testing" if args.action in ("test", "diff") else args.action
    module = {"add": "adding", "check": "checking", "record": "recording"}.get(module, module)
    return int(import_module(f"regard_scrapers.cli.{module}").run(args, app))
