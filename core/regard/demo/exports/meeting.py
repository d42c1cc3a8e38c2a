"""
Where customers met the retailer.

The telephone system's calls, the web server's logs, the pages there are, reports of mailings, and
a box of suggestions. The log has moved on once, and the older half was packed; the newer one has
a line that broke off when the disk was full.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape

from regard.demo.campaigns import Mailing
from regard.demo.exports.files import ExportFile, Row, as_csv
from regard.demo.products import PRODUCTS
from regard.demo.seasons import ZONE, on_the_web
from regard.demo.voices import Call, Voices
from regard.demo.world import World

__all__ = ["contacts"]

_STAMP: Final = "%Y-%m-%d %H:%M:%S"
_LOG_DAYS: Final = 14
_PACKED_DAYS: Final = 8
"""The lines of so many days ago and of before are in the packed log."""
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
_ACTIVITY: Final = (
    "Email", "Campaign Title", "Campaign Id", "Action", "Timestamp", "URL", "IP",
)  # fmt: skip
_SUGGESTIONS: Final = (
    "Abrid también los domingos, por favor.",
    "Please sell refills for the candles.",
    "Un aparcabicis en la entrada.",
    "Des colis sans plastique, s'il vous plaît.",
    "Un banco para las personas mayores.",
    "Two tills on Saturdays, the queue is too long.",
)


def contacts(world: World, voices: Voices) -> Iterator[ExportFile]:
    """Yield all exports of what people and the retailer meet on."""
    rng = random.Random(f"{world.seed}-contacts")  # noqa: S311  # no secret
    data = as_csv((_call(each) for each in voices.calls), line_end="\n")
    yield ExportFile("calls/Master.csv", "Asterisk", data)
    yield from _logs(rng, world)
    yield _sitemap()
    yield _campaigns(voices.mailings)
    yield _activity(voices.mailings)
    for at, text in enumerate(_SUGGESTIONS):
        day = world.until - timedelta(days=11 + 14 * at)
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


def _logs(rng: random.Random, world: World) -> Iterator[ExportFile]:
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
    # A night in the middle, when the log was moved on.
    turned = (world.until - timedelta(days=_PACKED_DAYS)).astimezone(ZONE).date()
    older = [line for at, line in lines if at.date() <= turned]
    newer = [line for at, line in lines if at.date() > turned]
    newer.insert(len(newer) // 2, newer[0][:52])
    yield ExportFile("web/access.log", "a web server", _as_lines(newer), ("bad-line",))
    packed = gzip.compress(_as_lines(older), mtime=0)
    yield ExportFile("web/access.log.1.gz", "a web server", packed)


def _as_lines(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


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


def _campaigns(mailings: Sequence[Mailing]) -> ExportFile:
    rows: list[Row] = []
    for each in mailings:
        counts = each.counts
        people, bounced = counts["sent"], counts["bounce"]
        opened, clicked = counts["open"], counts["click"]
        delivered = people - bounced
        revenue = sum((one.revenue for one in each.orders), Decimal(0))
        rows.append(
            (
                each.name, each.name, "Club", f"{each.at:%b %d, %Y} 10:00 am", f"{each.at:%A}",
                f"{people:,}", f"{delivered:,}", str(bounced - bounced // 4), str(bounced // 4),
                str(bounced), "0", "0", str(opened), f"{100 * opened / delivered:.2f}%",
                str(opened), str(clicked), f"{100 * clicked / delivered:.2f}%", str(clicked),
                str(counts["unsub"]), "0", "0", "", _campaign_id(each), str(len(each.orders)),
                f"€{revenue:,.2f}", f"€{revenue:,.2f}",
            )
        )  # fmt: skip
    return ExportFile("mailings/campaigns.csv", "Mailchimp", as_csv([_CAMPAIGNS, *rows]))


def _activity(mailings: Sequence[Mailing]) -> ExportFile:
    """Return what each recipient did, which adds up to what the campaigns' report says."""
    rows = [
        (
            one.customer.email or "", each.name, _campaign_id(each), one.what,
            f"{one.at.astimezone(UTC):{_STAMP}}", f"{_SITE}{one.page}" if one.page else "",
            "203.0.113.9" if one.what in ("open", "click") else "",
        )
        for each in mailings
        for one in each.mailed
    ]  # fmt: skip
    return ExportFile("mailings/activity.csv", "Mailchimp", as_csv([_ACTIVITY, *rows]))


def _campaign_id(mailing: Mailing) -> str:
    return f"a1b2c3d4e{mailing.number}"
