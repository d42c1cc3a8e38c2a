"""`crm-export` keeps the promises that every source makes, on the exports of several vendors."""

from __future__ import annotations

from pathlib import Path

from regard.testing import SourceConformance

_DATA = Path(__file__).with_name("data")


class TestHubspot(SourceConformance):
    """Three kinds of export in one source, keys told apart by what they name."""

    plugin = "crm-export"
    data = _DATA
    config = {"path": ["hubspot-contacts.csv", "hubspot-companies.csv", "hubspot-deals.csv"]}
    expected = 6
    expected_refused = 1


class TestSalesforce(SourceConformance):
    """The files of a data export, one for each object."""

    plugin = "crm-export"
    data = _DATA
    config = {"path": ["Account.csv", "Contact.csv", "Lead.csv", "Opportunity.csv"]}
    expected = 7


class TestShopify(SourceConformance):
    """Several lines an order, of which only the first is complete."""

    plugin = "crm-export"
    data = _DATA
    config = {"path": "shopify-orders.csv"}
    expected = 9


class TestPipedrive(SourceConformance):
    """Headers with the object's name in front."""

    plugin = "crm-export"
    data = _DATA
    config = {
        "path": ["pipedrive-persons.csv", "pipedrive-organizations.csv", "pipedrive-deals.csv"]
    }
    expected = 7
