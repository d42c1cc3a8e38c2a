"""
Which measures there are, who feels them, and where on a customer's journey they stand.

A company easily measures what it does (calls answered an hour) and misses what the customer
feels of it (was anybody there when I called?). So each measure says who feels it and at which
stage, and a report names the stages of which it cannot say what customers feel.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from regard.views import View

__all__ = ["MEASURES", "STAGES", "FeltBy", "Measure", "journey", "stage_of", "unfelt_stages"]

FeltBy: TypeAlias = Literal["customer", "company"]

STAGES: Final = (
    *("awareness", "consideration", "purchase", "delivery"),
    *("use", "support", "loyalty"),
)
"""The usual stages in their order; ``[journey]`` in the configuration may name others."""


@dataclass(frozen=True, slots=True)
class Measure:
    """
    One measure.

    Attributes:
        name: Stable, for machines.
        title: For people, in English.
        felt_by: Whether the customer feels it, or only the company counts it.
        stage: Where on the journey.
        unit: As of a figure.
        formula: How it is computed.
        source: Where the formula comes from.
    """

    name: str
    title: str
    felt_by: FeltBy
    stage: str
    unit: str
    formula: str
    source: str


_ALL: Final = (
    Measure(
        "nps",
        "Net promoter score",
        "customer",
        "loyalty",
        "points",
        "percent of answers 9 and 10 less percent of answers 0 to 6",
        "Reichheld, Harvard Business Review 81 (2003)",
    ),
    Measure(
        "csat",
        "Satisfied customers",
        "customer",
        "use",
        "%",
        "answers in the upper quarter of their scale (4 and 5 of 1-5) of all",
        "the top two boxes of five",
    ),
    Measure(
        "ces",
        "Customer effort score",
        "customer",
        "support",
        "",
        "mean answer on the question's own scale",
        "Dixon, Freeman and Toman, Harvard Business Review 88 (2010)",
    ),
    Measure(
        "rating",
        "Mean rating",
        "customer",
        "use",
        "",
        "mean answer on the question's own scale",
        "arithmetic mean",
    ),
    Measure(
        "response-rate",
        "Response rate",
        "company",
        "loyalty",
        "%",
        "filled-in surveys of all who were asked",
        "AAPOR, Standard Definitions, response rate 2",
    ),
    Measure(
        "mystery-score",
        "Mystery-shopping score",
        "customer",
        "purchase",
        "points",
        "mean of the visits' scores, 0 to 100",
        "arithmetic mean with Student's interval",
    ),
    Measure(
        "answer-rate-felt",
        "Calls answered, of all",
        "customer",
        "support",
        "%",
        "answered inbound calls of all whose end is known, also at night and in the menu",
        "the base that a caller sees",
    ),
    Measure(
        "answer-rate-counted",
        "Calls answered, as counted",
        "company",
        "support",
        "%",
        "answered inbound calls of those that reached the queue in opening hours",
        "the usual figure of call centres",
    ),
    Measure(
        "time-to-answer",
        "Median wait of answered calls",
        "customer",
        "support",
        "seconds",
        "median of seconds until answered",
        "median",
    ),
    Measure(
        "first-contact",
        "Solved at the first contact",
        "customer",
        "support",
        "%",
        "first contacts that reached somebody and that no other one follows within 7 days, of all",
        "repeat-contact form of first-contact resolution",
    ),
    Measure(
        "one-touch",
        "Tickets solved with one reply",
        "company",
        "support",
        "%",
        "solved tickets never reopened and with at most one reply, of all solved",
        "one-touch tickets, as help desks count them",
    ),
    Measure(
        "first-reply",
        "Median time to the first reply",
        "customer",
        "support",
        "hours",
        "median of hours from a ticket or message to the first reply",
        "median",
    ),
    Measure(
        "page-errors",
        "Page views that failed",
        "customer",
        "consideration",
        "%",
        "views with a status of 400 or more of all views with a status",
        "RFC 9110, section 15",
    ),
    Measure(
        "pages-unused",
        "Pages never used",
        "company",
        "consideration",
        "%",
        "pages that exist and nobody viewed, of all pages that exist",
        "sitemap or catalogue less pages viewed",
    ),
    Measure(
        "campaign-clicks",
        "Campaign mails clicked",
        "company",
        "awareness",
        "%",
        "recipients who clicked of those delivered",
        "click rate by recipient",
    ),
    Measure(
        "campaign-annoyance",
        "Campaign mails unwanted",
        "customer",
        "awareness",
        "%",
        "recipients who unsubscribed or complained of those delivered",
        "share of recipients",
    ),
    Measure(
        "repricing",
        "Competitors' price changes",
        "company",
        "consideration",
        "changes",
        "changes of price for each offer and week observed; |after / before - 1|, median",
        "Bils and Klenow, Journal of Political Economy 112 (2004)",
    ),
    Measure(
        "suggestions",
        "Suggestions",
        "customer",
        "use",
        "suggestions",
        "suggestions received",
        "count",
    ),
)
MEASURES: Final[Mapping[str, Measure]] = {one.name: one for one in _ALL}
"""All measures by name."""

_BY_CONTACT: Final[Mapping[tuple[str, str], str]] = {
    ("web", "view"): "consideration",
    ("social", "mention"): "loyalty",
    ("box", "suggestion"): "use",
    ("call", "call"): "support",
    ("ticket", "ticket"): "support",
    ("email", "message"): "support",
}
_CAMPAIGN: Final = (
    *("sent", "delivered", "open", "click"),
    *("bounce", "unsubscribe", "complaint"),
)


def stage_of(stage: str = "stage", channel: str = "channel", kind: str = "type") -> str:
    """Return the SQL of a touchpoint's stage: what the record says, else what its sort means."""
    cases = [
        f"WHEN {channel} = '{one}' AND {kind} = '{two}' THEN '{found}'"
        for (one, two), found in _BY_CONTACT.items()
    ]
    mails = ", ".join(f"'{one}'" for one in _CAMPAIGN)
    cases.append(f"WHEN {channel} = 'email' AND {kind} IN ({mails}) THEN 'awareness'")
    return f"coalesce(nullif(lower(trim({stage})), ''), CASE {' '.join(cases)} END)"


def journey(view: View) -> tuple[str, ...]:
    """Return the stages of the journey in their order: the configured ones, else the usual."""
    found = view.sql("SELECT stage FROM journey ORDER BY position").rows()
    return tuple(str(stage) for (stage,) in found) or STAGES


def unfelt_stages(stages: Sequence[str], measured: Collection[str]) -> tuple[str, ...]:
    """
    Return the stages of which nothing says what customers feel.

    Args:
        stages: All of them, in order.
        measured: The names of the measures for which there are data.
    """
    felt = {
        one.stage
        for one in MEASURES.values()
        if one.felt_by == "customer" and one.name in measured
    }
    return tuple(stage for stage in stages if stage not in felt)
