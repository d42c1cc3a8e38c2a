"""What ``regard demo`` says of itself: its files, what is true, what was refused, what to try."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from regard.cli.app import App

if TYPE_CHECKING:
    from regard.demo import Demo, Market
    from regard.store import RefusedRecord

__all__ = ["indices", "refused_records", "show_files", "show_next", "show_refused"]

_LINE_WIDTH: Final = 8
_REASON_WIDTH: Final = 18


def show_files(demo: Demo, market: Market, app: App) -> None:
    """Print what was made, what is true in it, and the exports."""
    from rich.text import Text

    from regard.cli.console import make_table, rows_of

    if app.quiet:
        return
    world = demo.world
    verb = "Made" if not demo.kept else "Completed" if demo.written else "Found"
    app.out.print(
        Text(
            f"{verb} a demo in {demo.root}: two years of an invented retailer with "
            f"{len(world.customers):,} customers, {len(world.orders):,} orders on the web, "
            f"{len(world.tickets):,} tickets of tills, {len(world.deals):,} quotes and "
            f"{len(world.baskets):,} baskets that were left.\n"
        )
    )
    app.out.print(Text(f"{_books(demo, market)}\n"))
    table = make_table(["export", "of", ("kB", "right")])
    rows = [
        (each.path, each.origin, f"{(demo.root / each.path).stat().st_size / 1000:,.0f}")
        for each in demo.exports
    ]
    app.out.print(rows_of(table, rows))


def _books(demo: Demo, market: Market) -> str:
    """Say what is true in the world, for comparison with what the report finds."""
    revenue = " and ".join(
        f"{amount:,.2f} {currency}" for currency, amount in sorted(demo.world.revenue().items())
    )
    lost = ", ".join(f"{count:,} {what}" for what, count in demo.world.not_made().items())
    prices = " and ".join(
        f"{name} at {index} (n = {n})" for name, (index, n) in indices(demo, market).items()
    )
    return (
        f"What is true, and the reports should find: revenue of {revenue}; purchases not made: "
        f"{lost}; competitors' prices, ours being 100: {prices}."
    )


def indices(demo: Demo, market: Market) -> dict[str, tuple[Decimal, int]]:
    """Return how dear each competitor is today, and on how many articles this rests."""
    return {each.name: each.index_on(market.today) for each in demo.rivals}


def refused_records(app: App) -> Sequence[RefusedRecord]:
    """Return what is in quarantine, in the order of the files."""
    from regard.store import quarantine

    with app.open_store(readonly=True) as store, store.read() as transaction:
        found = quarantine.listed(transaction)
    return sorted(found, key=lambda each: (each.file or "", each.line or 0))


def show_refused(refused: Sequence[RefusedRecord], app: App) -> None:
    """Print for each file what was refused in it, and why."""
    from rich.table import Table
    from rich.text import Text

    from regard.cli.console import clean

    count = f"{len(refused)} records were" if len(refused) != 1 else "1 record was"
    heading = f"\n{count} refused, and kept with the reason; all others were stored."
    app.out.print(Text(heading, style="bold"), soft_wrap=True)
    for file, records in groupby(refused, key=lambda each: each.file or "-"):
        # A table for each file would give each its own columns.
        table = Table.grid(padding=(0, 0, 0, 2))
        table.add_column(justify="right", no_wrap=True, width=_LINE_WIDTH)
        table.add_column(no_wrap=True, width=_REASON_WIDTH)
        table.add_column(overflow="fold")
        for each in records:
            line = str(each.line) if each.line else ""
            table.add_row(Text(line), Text(each.reason, style="yellow"), Text(clean(each.message)))
        app.out.print(Text(f"\n{clean(file)}, line"), soft_wrap=True)
        app.out.print(table)


def show_next(demo: Demo, app: App) -> None:
    """Print what somebody could try now."""
    from rich.text import Text

    if app.quiet:
        return
    here = demo.root.absolute() == Path.cwd()
    enter = "" if here else f"  cd {shlex.quote(str(demo.root))}\n"
    app.out.print(
        Text(
            "\nnext:\n"
            f"{enter}"
            "  regard report customers --since 90d --by region,age_band\n"
            "  regard report voice --by place    what they answer, divided by shop\n"
            "  regard report year                a report that regard.toml describes\n"
            "  regard quarantine show 1          one refused record, personal values masked\n"
            "  regard report competitor --param name=Toldemar\n"
            "  regard preview till -n 3          what the map makes of the till's rows\n"
            "  regard run --all                  nothing has changed; the shops are shut\n"
            "  regard demo . --serve             keep the competitors' shops open\n"
            "  less regard.toml                  all that had to be said\n"
            "Correct one of the lines above, run again, and it leaves the quarantine."
        ),
        soft_wrap=True,
    )
