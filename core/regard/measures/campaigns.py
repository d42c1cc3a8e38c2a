"""Campaigns: how many were reached, opened, clicked, and bought afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from regard.measures.cells import as_count
from regard.measures.intervals import Estimate, share_estimate
from regard.measures.periods import bounds, during
from regard.measures.purchases import SALES
from regard.reports import Period
from regard.views import View

__all__ = ["BUYING_DAYS", "Campaign", "campaigns"]

BUYING_DAYS: Final = 7
"""A purchase within so many days after a click is the campaign's."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """
    One mail campaign, in different recipients where they are known, else as its vendor counts.

    Attributes:
        name: As in the records.
        sent: To how many.
        delivered: What arrived; where nobody says, what was sent less what bounced.
        opened: Mail programs that load pictures by themselves count as well.
        clicked: A link in it.
        bought: Who clicked and bought within `BUYING_DAYS` days, or whose purchase names the
            campaign.
        annoyed: Who unsubscribed or complained.
    """

    name: str
    sent: int
    delivered: int
    opened: int
    clicked: int
    bought: int
    annoyed: int

    @property
    def clicks(self) -> Estimate:
        """Clicked of delivered, 0 to 100."""
        return _share(self.clicked, self.delivered)

    @property
    def annoyance(self) -> Estimate:
        """Unsubscribed or complained of delivered, 0 to 100."""
        return _share(self.annoyed, self.delivered)


def _share(part: int, n: int) -> Estimate:
    # Counts from two places may not fit together; then there is no share.
    return share_estimate(part, n) if part <= n else Estimate(None, n)


def _told(step: str) -> str:
    # A vendor's count is a total so far: of several readings the largest is the last.
    return f"coalesce(CAST(max(value) FILTER (name = 'email.{step}') AS BIGINT), 0) AS {step}"


_REACHED: Final = f"""
WITH mails AS (
    SELECT trim(campaign) AS name, type, happened_at, lower(trim(email)) AS address,
           coalesce(nullif(lower(trim(email)), ''), nullif(customer_key, ''), key) AS who
    FROM touchpoints
    WHERE channel = 'email' AND trim(campaign) <> '' AND {during("happened_at")}
      AND type IN ('sent', 'delivered', 'open', 'click', 'bounce', 'unsubscribe',
                   'complaint')
), steps AS (
    SELECT name, count(DISTINCT who) FILTER (type = 'sent') AS sent,
           count(DISTINCT who) FILTER (type = 'delivered') AS delivered,
           count(DISTINCT who) FILTER (type = 'open') AS opened,
           count(DISTINCT who) FILTER (type = 'click') AS clicked,
           count(DISTINCT who) FILTER (type = 'bounce') AS bounced,
           count(DISTINCT who) FILTER (type IN ('unsubscribe', 'complaint')) AS annoyed
    FROM mails GROUP BY name
), told AS (
    SELECT trim(subject) AS name,
           {_told("sent")}, {_told("delivered")}, {_told("opened")}, {_told("clicked")},
           {_told("bounced")}, {_told("ordered")},
           {_told("unsubscribed")}, {_told("complained")}
    FROM facts WHERE name LIKE 'email.%' AND trim(subject) <> ''
      AND {during("happened_at")}
    GROUP BY ALL
)"""
"""Who was reached: in single mails (``steps``), and as a vendor counts (``told``)."""

_BOUGHT: Final = f"""
clicks AS (
    SELECT name, address, min(happened_at) AS clicked_at FROM mails
    WHERE type = 'click' AND address <> '' GROUP BY ALL
), buyers AS (
    SELECT c.name, count(DISTINCT c.address) AS bought
    FROM clicks AS c JOIN purchases AS p
         ON lower(trim(p.email)) = c.address AND p.ordered_at >= c.clicked_at
            AND p.ordered_at <= c.clicked_at + INTERVAL {BUYING_DAYS} DAY
    WHERE {SALES} GROUP BY ALL
), named AS (
    SELECT trim(campaign) AS name,
           count(DISTINCT (source, coalesce(nullif(order_key, ''), key))) AS bought
    FROM purchases WHERE {SALES} AND trim(campaign) <> '' AND {during("ordered_at")}
    GROUP BY ALL
)"""
"""Who bought: after a click (``buyers``), and where a purchase names its campaign (``named``)."""


def campaigns(view: View, period: Period) -> tuple[Campaign, ...]:
    """
    Return the funnel of each campaign with something in the period, the largest first.

    Where both single mails and a vendor's counts are known of a campaign, the larger number
    stands: they are the same mails.
    """
    query = f"""{_REACHED}, {_BOUGHT}
        SELECT coalesce(s.name, t.name) AS name,
               greatest(s.sent, t.sent) AS sent,
               greatest(s.delivered, t.delivered) AS delivered,
               greatest(s.opened, t.opened) AS opened,
               greatest(s.clicked, t.clicked) AS clicked,
               greatest(s.bounced, t.bounced) AS bounced,
               greatest(b.bought, n.bought, t.ordered) AS bought,
               greatest(s.annoyed, t.unsubscribed + t.complained) AS annoyed
        FROM steps AS s FULL JOIN told AS t ON t.name = s.name
        LEFT JOIN buyers AS b ON b.name = s.name
        LEFT JOIN named AS n ON n.name = coalesce(s.name, t.name)
        ORDER BY sent DESC NULLS LAST, name"""
    found = []
    for row in view.sql(query, **bounds(period)).mappings():
        n = {step: as_count(value) for step, value in row.items() if step != "name"}
        found.append(
            Campaign(
                str(row["name"]),
                n["sent"],
                n["delivered"] or max(n["sent"] - n["bounced"], 0),
                n["opened"],
                n["clicked"],
                n["bought"],
                n["annoyed"],
            )
        )
    return tuple(found)
