"""
Where customers met the retailer.

The telephone system's calls, the web server's log, the pages there are, reports of mailings, and
a box of suggestions. The log has a line that broke off when the disk was full.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from xml.sax.saxutils import escape

from regard.demo.exports.files import ExportFile, Row, as_csv
from regard.demo.products import PRODUCTS
from regard.demo.seasons import ZONE, on_the_web
from regard.demo.voices import Call, Voices
from regard.demo.world import World

__all__ = ["contacts"]

_STAMP: Final = "%Y-%m-%d %H:%M:%S"
_LOG_DAYS: Final = 14
_VIEWS_A_DAY: Final = 300
_SITE: Final = "https://shop.example"
_NEVER_SEEN: Final = 5
"""How many of the last articles nobody finds: no page leads to them."""

_BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_BOT: Final = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
_CAMPAIGNS: Final = (
    "Title", "Subject", "List", "Send Date", "Send Weekday", "Total Recipients",
    "Successful Deliveries", "Soft Bounces", "Hard Bounces", "Total Bounces", "Times Forwarded",
    "Forwarded Opens", "Unique Opens", "Open Rate", "Total Opens", "Unique Clicks", "Click Rate",
    "Total Clicks", "Unsubscribes", "Abuse Complaints", "Times Liked on Facebook", "Folder Id",
    "Unique Id", "Total Orders", "Total Gross Sales", "Total Revenue",
)  # fmt: skip
_SUGGESTIONS: Final = (
    "Más horas de apertura los sábados, por favor.",
    "Please sell refills for the candles.",
    "Un banco en la entrada para las personas mayores.",
    "Des emballages sans plastique, s'il vous plaît.",
)


def contacts(world: World, voices: Voices) -> Iterator[ExportFile]:
    """Yield all exports of what people and the retailer meet on."""
    rng = random.Random(f"{world.seed}-contacts")  # noqa: S311  # no secret
    data = as_csv((_call(each) for each in voices.calls), line_end="\n")
    yield ExportFile("calls/Master.csv", "Asterisk", data)
    yield _log(rng, world)
    yield _sitemap()
    yield _campaigns(rng, world)
    for at, text in enumerate(_SUGGESTIONS):
        day = world.until - timedelta(days=11 + 17 * at)
        yield ExportFile(f"box/{day:%Y-%m-%d} {at + 1}.txt", "a box", f"{text}\n".encode())


def _call(call: Call) -> Row:
    """Return a call as Asterisk writes it: what waited in the queue counts as answered."""
    began = call.at
    taken = began + timedelta(seconds=call.wait_s)
    ended = taken + timedelta(seconds=call.talk_s)
    picked_up, desk, spoken, state = f"{taken:{_STAMP}}", "SIP/201-02", call.talk_s, "ANSWERED"
    if call.outcome == "missed-queue":
        picked_up, desk, spoken = f"{began:{_STAMP}}", "", call.wait_s
    elif call.outcome == "missed-nobody":
        picked_up, state = "", "NO ANSWER"
    return (
        "", call.caller, "900", "from-trunk", call.caller, "SIP/trunk-01", desk, "Queue", "sales",
        f"{began:{_STAMP}}", picked_up, f"{ended:{_STAMP}}",
        str(call.wait_s + call.talk_s), str(spoken), state, "DOCUMENTATION",
        f"{began.timestamp():.0f}.{call.number}", "",
    )  # fmt: skip


def _log(rng: random.Random, world: World) -> ExportFile:
    seen = PRODUCTS[:-_NEVER_SEEN]
    pages = [f"/products/{each.sku.casefold()}" for each in seen]
    weights = [each.weight for each in seen]
    lines: list[tuple[datetime, str]] = []
    for back in range(_LOG_DAYS, 0, -1):
        for _ in range(_VIEWS_A_DAY):
            at = on_the_web(rng, world.until - timedelta(days=back))
            page, status, agent = rng.choices(pages, weights)[0], 200, _BROWSER
            kind = rng.random()
            if kind < 0.18:
                page = rng.choice(("/", "/checkout", "/contact"))
            elif kind < 0.21:
                page, status = "/products/spring-sale", 404
            elif kind < 0.25:
                agent = _BOT
            elif kind < 0.33:
                page += "?utm_campaign=autumn"
            net, host = rng.choice(("203.0.113", "198.51.100")), rng.randint(1, 250)
            line = f'{net}.{host} - - [{at:%d/%b/%Y:%H:%M:%S %z}] "GET {page} HTTP/1.1" {status}'
            lines.append((at, f'{line} {rng.randint(2_000, 40_000)} "-" "{agent}"'))
    lines.sort()
    text = [line for _, line in lines]
    text.insert(len(text) // 2, text[0][:52])
    data = "".join(f"{line}\n" for line in text).encode()
    return ExportFile("web/access.log", "a web server", data, ("bad-line",))


def _sitemap() -> ExportFile:
    pages = ["/", "/checkout", "/contact"]
    pages += [f"/products/{each.sku.casefold()}" for each in PRODUCTS]
    urls = "".join(f"  <url><loc>{escape(_SITE + page)}</loc></url>\n" for page in pages)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{urls}</urlset>\n"
    )
    return ExportFile("web/sitemap.xml", "the web shop", text.encode())


def _campaigns(rng: random.Random, world: World) -> ExportFile:
    rows: list[Row] = []
    for at, name in enumerate(("Summer table", "Back to the kitchen", "Autumn candles")):
        sent = (world.until - timedelta(days=80 - 28 * at)).astimezone(ZONE)
        people = 1_150 + 40 * at
        bounced, opened = rng.randint(8, 25), rng.randint(330, 460)
        clicked, orders = rng.randint(60, 120), rng.randint(6, 20)
        delivered = people - bounced
        revenue = f"€{orders * 47:,}.50"
        rows.append(
            (
                name, name, "Club", f"{sent:%b %d, %Y} 10:00 am", f"{sent:%A}", f"{people:,}",
                f"{delivered:,}", str(bounced - 4), "4", str(bounced), "0", "0", str(opened),
                f"{100 * opened / delivered:.2f}%", str(opened + 90), str(clicked),
                f"{100 * clicked / delivered:.2f}%", str(clicked + 25), str(rng.randint(2, 9)),
                "0", "0", "", f"a1b2c3d4e{at}", str(orders), revenue, revenue,
            )
        )  # fmt: skip
    return ExportFile("mailings/campaigns.csv", "Mailchimp", as_csv([_CAMPAIGNS, *rows]))
