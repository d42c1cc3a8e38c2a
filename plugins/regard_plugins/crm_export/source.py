"""The source ``crm-export``."""

from __future__ import annotations

from regard.exports import ExportConfig, ExportSource

__all__ = ["CrmExport"]


class CrmExport(ExportSource[ExportConfig]):
    """
    Reads exports of CRMs, shops and payment services.

    Each file is recognised by its headers, whatever its name, language and encoding, and
    becomes a stream of customers, products or purchases::

        [sources.crm]
        plugin = "crm-export"
        path = "exports/*.csv"

    Files of any other shape are mapped; see `regard.mapping.FieldMap`::

        [sources.till]
        plugin = "crm-export"
        path = "till/*.csv"
        [sources.till.map]
        kind = "purchase"
        key = ["ticket", "line"]
        fields = {ordered_at = "when", sku = "article", quantity = "n", amount = "total"}
    """

    name = "crm-export"
    Config = ExportConfig
