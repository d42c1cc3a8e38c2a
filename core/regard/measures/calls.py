"""
Calls, tickets and mails: was anybody there, how long did it take, was it solved at once.

The company counts the calls that reached its queue in opening hours. The customer counts all
calls: the one at eight in the evening, the one that got lost in the menu. Both figures are
told, side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from regard.measures.cells import as_count, as_number, as_text
from regard.measures.intervals import Estimate, share_estimate
from regard.measures.periods import bounds, during
from regard.reports import Period
from regard.views import View

__all__ = [
    "FIRST_CONTACT_DAYS",
    "THREAD_DAYS",
    "Calls",
    "Wait",
    "call_ends",
    "call_wait",
    "count_calls",
    "first_contact",
    "first_reply",
    "one_touch",
]

FIRST_CONTACT_DAYS = 7
"""No further contact within so many days means that the first one solved it."""

THREAD_DAYS = 30
"""A reply that names no other mail joins a thread that is no older."""

_REPLY = r"^((re|rv|aw|sv|r|rep|resp|antw|odp|vs)\s?(\[\d+\]|\(\d+\))?\s?:\s*)+"
"""What programs put before the subject of what they answer, in any of their languages."""

_THREADS = f"""
    messages AS (
        SELECT * FROM touchpoints
        WHERE channel = 'email' AND type = 'message' AND nullif(thread_key, '') IS NOT NULL
    ), mailed AS (
        -- Some programs name only the message that they answer: its thread is theirs.
        SELECT m.source, coalesce(b.thread_key, a.thread_key, m.thread_key) AS thread_key,
               m.direction, m.happened_at, lower(trim(m.email)) AS person,
               regexp_replace(folded(m.subject), '{_REPLY}', '') AS topic,
               m.thread_key = m.key AND regexp_matches(folded(m.subject), '{_REPLY}') AS loose
        FROM messages AS m
        LEFT JOIN messages AS a ON a.source = m.source AND a.key = m.thread_key
        LEFT JOIN messages AS b ON b.source = m.source AND b.key = a.thread_key
    ), opened AS (
        SELECT source, person, topic, thread_key, min(happened_at) AS opened_at FROM mailed
        WHERE direction = 'inbound' AND NOT coalesce(loose, false) AND topic <> '' GROUP BY ALL
    ), threads AS (
        SELECT m.source, m.direction, m.happened_at,
               CASE WHEN m.loose AND m.happened_at <= o.opened_at + INTERVAL {THREAD_DAYS} DAY
                    THEN o.thread_key ELSE m.thread_key END AS thread
        FROM mailed AS m ASOF LEFT JOIN opened AS o
             ON o.source = m.source AND o.person = m.person AND o.topic = m.topic
                AND m.happened_at >= o.opened_at
    )"""

_INBOUND = f"""\
channel = 'call' AND type = 'call' AND coalesce(direction, 'inbound') = 'inbound'
 AND {during("happened_at")}"""
_QUEUED = "('answered', 'missed', 'missed-queue', 'missed-nobody', 'voicemail')"


@dataclass(frozen=True, slots=True)
class Calls:
    """
    Inbound calls; where a direction is unknown it is taken for inbound.

    Attributes:
        answered: By a human being.
        ended: All of which the end is known.
        queued: Those of them that reached the queue: not closed, not too short, not lost in
            the menu, not busy, not failed.
        unknown: Those of which the end is not known.
    """

    answered: int
    ended: int
    queued: int
    unknown: int

    @property
    def felt(self) -> Estimate:
        """What callers feel: answered of all, 0 to 100."""
        return share_estimate(self.answered, self.ended)

    @property
    def counted(self) -> Estimate:
        """What companies count: answered of those that reached the queue, 0 to 100."""
        return share_estimate(self.answered, self.queued)


@dataclass(frozen=True, slots=True)
class Wait:
    """
    How long something took.

    Attributes:
        median: In the unit of the measure; None: one cannot tell.
        slow: Nine of ten took at most so long.
        n: How many.
        waiting: Those that got no answer at all, where that can be told.
    """

    median: Decimal | None
    slow: Decimal | None
    n: int
    waiting: int = 0


def count_calls(view: View, period: Period) -> Calls:
    """Count inbound calls by how they ended."""
    query = f"""
        SELECT count(*) FILTER (outcome = 'answered') AS answered, count(outcome) AS ended,
               count(*) FILTER (outcome IN {_QUEUED}) AS queued, count(*) AS n
        FROM touchpoints WHERE {_INBOUND}"""
    row = view.sql(query, **bounds(period)).one()
    ended = as_count(row["ended"])
    return Calls(
        as_count(row["answered"]), ended, as_count(row["queued"]), as_count(row["n"]) - ended
    )


def call_ends(view: View, period: Period) -> tuple[tuple[str | None, int], ...]:
    """Return how inbound calls ended and how many did, the most frequent first."""
    query = f"""
        SELECT outcome, count(*) AS n FROM touchpoints WHERE {_INBOUND}
        GROUP BY outcome ORDER BY n DESC, outcome NULLS LAST"""
    rows = view.sql(query, **bounds(period)).rows()
    return tuple((as_text(outcome), as_count(n)) for outcome, n in rows)


def _seconds(name: str) -> str:
    return f"try_cast(json_extract_string(extra, '$.{name}') AS DECIMAL(18,3))"


def call_wait(view: View, period: Period) -> Wait:
    """Return how many seconds callers waited until somebody answered."""
    query = f"""
        WITH waits AS (SELECT {_seconds("wait_s")} AS wait FROM touchpoints
                       WHERE {_INBOUND} AND outcome = 'answered')
        SELECT median(wait) AS middle, quantile_cont(wait, 0.9) AS slow, count(wait) AS n
        FROM waits WHERE wait >= 0"""
    row = view.sql(query, **bounds(period)).one()
    return Wait(_rounded(row["middle"]), _rounded(row["slow"]), as_count(row["n"]))


def _rounded(value: object) -> Decimal | None:
    number = as_number(value) if isinstance(value, int | Decimal) else None
    return None if number is None else number.quantize(Decimal("0.1"))


def one_touch(view: View, period: Period) -> Estimate:
    """
    Return the share of solved tickets that were never reopened and took at most one reply.

    Tickets of which neither replies nor reopens are known are left out.
    """
    query = f"""
        WITH solved AS (
            SELECT {_seconds("reopens")} AS reopens, {_seconds("replies")} AS replies
            FROM touchpoints
            WHERE channel = 'ticket' AND type = 'ticket' AND outcome IN ('solved', 'closed')
              AND {during("happened_at")}
        )
        SELECT count(*) AS n,
               count(*) FILTER (coalesce(reopens, 0) = 0 AND coalesce(replies, 1) <= 1) AS once
        FROM solved WHERE reopens IS NOT NULL OR replies IS NOT NULL"""
    row = view.sql(query, **bounds(period)).one()
    return share_estimate(as_count(row["once"]), as_count(row["n"]))


def first_contact(view: View, period: Period) -> Estimate:
    """
    Return the share of first contacts that no other contact of the customer follows.

    Contacts are inbound calls, tickets and mails of a known customer or address, of one
    source each; a first one has none in the days before it, and `FIRST_CONTACT_DAYS` must have
    passed since, or one cannot tell yet. A call that reached nobody solved nothing, though nobody
    called again, nor did a ticket that is still open: both count, as not solved.
    """
    query = f"""
        WITH contacts AS (
            SELECT source, coalesce('k' || nullif(customer_key, ''),
                                    'e' || lower(nullif(trim(email), ''))) AS who, happened_at,
                   NOT coalesce(type = 'call' AND outcome <> 'answered', FALSE)
                   AND NOT coalesce(type = 'ticket' AND outcome IN ('open', 'pending'), FALSE)
                   AS dealt_with
            FROM touchpoints
            WHERE type IN ('call', 'ticket', 'message') AND happened_at IS NOT NULL
              AND coalesce(direction, 'inbound') = 'inbound'
        ), steps AS (
            SELECT happened_at, dealt_with,
                   lag(happened_at) OVER walk AS earlier, lead(happened_at) OVER walk AS later
            FROM contacts WHERE who IS NOT NULL
            WINDOW walk AS (PARTITION BY source, who ORDER BY happened_at)
        )
        SELECT count(*) AS n, count(*) FILTER (dealt_with AND (
            later IS NULL OR later > happened_at + INTERVAL {FIRST_CONTACT_DAYS} DAY)) AS once
        FROM steps
        WHERE (earlier IS NULL OR earlier < happened_at - INTERVAL {FIRST_CONTACT_DAYS} DAY)
          AND happened_at <= $latest AND {during("happened_at")}"""
    latest = view.now - timedelta(days=FIRST_CONTACT_DAYS)
    row = view.sql(query, latest=latest, **bounds(period)).one()
    return share_estimate(as_count(row["once"]), as_count(row["n"]))


def first_reply(view: View, period: Period) -> Wait:
    """
    Return how many hours passed until the first reply to tickets and mails.

    Of a ticket its own figure counts; of mails the first one that came in and the first that
    went out after it in the same thread. A reply that names no mail before it, as some help
    desks send them, belongs to the last thread with the same person on the same subject, if
    that began at most `THREAD_DAYS` days before.
    """
    query = f"""
        WITH {_THREADS}, begun AS (
            SELECT source, thread, min(happened_at) AS asked_at FROM threads
            WHERE direction = 'inbound' GROUP BY ALL
        ), mails AS (
            SELECT b.source, b.thread, b.asked_at, min(t.happened_at) AS replied_at
            FROM begun AS b LEFT JOIN threads AS t
                 ON t.source = b.source AND t.thread = b.thread
                    AND t.direction = 'outbound' AND t.happened_at >= b.asked_at
            WHERE {during("b.asked_at")} GROUP BY ALL
        ), waits AS (
            SELECT CAST(epoch(replied_at - asked_at) AS DECIMAL(18,3)) AS wait FROM mails
            UNION ALL
            SELECT {_seconds("first_reply_s")} AS wait FROM touchpoints
            WHERE channel = 'ticket' AND type = 'ticket' AND {during("happened_at")}
        )
        SELECT median(wait / 3600) AS middle, quantile_cont(wait / 3600, 0.9) AS slow,
               count(wait) AS n, count(*) FILTER (wait IS NULL) AS waiting
        FROM waits"""
    row = view.sql(query, **bounds(period)).one()
    return Wait(
        _rounded(row["middle"]),
        _rounded(row["slow"]),
        as_count(row["n"]),
        as_count(row["waiting"]),
    )
