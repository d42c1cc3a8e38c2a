"""The reporter: it resolves what was asked and puts the sections together."""

from __future__ import annotations

from typing import ClassVar

from regard.measures import periods
from regard.measures.customers import check_fields
from regard.measures.freshness import concerned
from regard.reporters import ReportContext, Reporter
from regard.reports import Report, Section
from regard.views import View
from regard_plugins.customers.params import CustomersParams
from regard_plugins.customers.sections import Asked, bought, most, not_bought, who
from regard_plugins.customers.words import LANGUAGES

__all__ = ["Customers"]

_NEW_DAYS = 30
"""Without a period, a customer of the last 30 days is a new one."""


class Customers(Reporter[CustomersParams]):
    """
    Says who the customers are, what they buy, and what they did not buy.

    Under ``[reports.NAME]`` in ``regard.toml``::

        [reports.customers-2026]
        reporter = "customers"
        params = {since = 2026-01-01, by = ["region", "age_band"], top = 5}
    """

    name: ClassVar[str] = "customers"
    title: ClassVar[str] = "who the customers are, what they buy, and what they did not buy"
    Params: ClassVar[type[CustomersParams]] = CustomersParams

    def report(self, view: View, params: CustomersParams, ctx: ReportContext) -> Report:
        """Make the report."""
        period = periods.resolve_period(
            params.since, params.until, now=view.now, timezone=view.timezone
        )
        recent = periods.last_days(_NEW_DAYS, now=view.now, timezone=view.timezone)
        by = check_fields(view, params.by)
        asked = Asked(view, period, period or recent, by, params.top, params.rows)
        sections = [_nothing(asked)] if _empty(view) else _sections(asked)
        return Report(
            self.name,
            asked.say("title"),
            view.now,
            sections,
            sources=concerned(view, ("customer", "purchase")),
            period=period,
            language=view.language if view.language in LANGUAGES else "en",
        )


def _empty(view: View) -> bool:
    query = """
        SELECT (SELECT count(*) FROM customers) + (SELECT count(*) FROM purchases) AS n"""
    return view.sql(query).one()["n"] == 0


def _nothing(asked: Asked) -> Section:
    note = f"{asked.say('nothing')} {asked.say('nothing_do')}"
    return Section(asked.say("who"), note=note)


def _sections(asked: Asked) -> list[Section]:
    made = (who(asked), bought(asked), not_bought(asked), most(asked))
    return [section for section in made if section is not None]
