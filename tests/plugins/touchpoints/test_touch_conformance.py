"""`touchpoints` keeps the promises that every source makes, on files of each sort."""

from __future__ import annotations

from pathlib import Path

from regard.testing import SourceConformance

_DATA = Path(__file__).with_name("data")


class TestCalls(SourceConformance):
    """Telephone systems: one row a leg, one row a call."""

    plugin = "touchpoints"
    data = _DATA
    config = {"path": ["Master.csv", "aircall.csv"]}
    expected = 13


class TestTickets(SourceConformance):
    """Help desks."""

    plugin = "touchpoints"
    data = _DATA
    config = {"path": ["zendesk-tickets.csv", "desk.csv"]}
    expected = 5


class TestMailings(SourceConformance):
    """Audiences, campaigns and what each recipient did."""

    plugin = "touchpoints"
    data = _DATA
    config = {"path": ["*_members_*.csv", "campaigns.csv", "klaviyo.csv", "activity.csv"]}
    expected = 33


class TestWebLog(SourceConformance):
    """A log, with a line that is none."""

    plugin = "touchpoints"
    data = _DATA
    config = {"path": "access.log"}
    expected = 12
    expected_refused = 1


class TestAnalytics(SourceConformance):
    """Reports of page views, and what pages there are."""

    plugin = "touchpoints"
    data = _DATA
    config = {"path": ["ga4.csv", "Export*.csv", "sitemap.xml", "catalogue.csv"]}
    expected = 17


class TestVoices(SourceConformance):
    """Mentions, and suggestions in tables and in texts."""

    plugin = "touchpoints"
    data = _DATA
    config = {"path": ["mentions.csv", "suggestions.json", "box/*"]}
    expected = 6
