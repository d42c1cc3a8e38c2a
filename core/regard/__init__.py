"""
What plug-in authors write with: ``from regard import source, Source, Stream, hookimpl``.

Everything here is imported when it is first used, so that ``regard --help`` and the listing
of plug-ins stay quick. Code inside regard imports from the modules themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regard.cursors import CursorValue
    from regard.enrichers import EnrichContext, Enricher, InputBatch, enricher
    from regard.errors import (
        AuthError,
        ConfigError,
        FileError,
        NoticeRefused,
        RateLimited,
        RecordError,
        SecretError,
        SourceChanged,
        TransientError,
    )
    from regard.findings import Finding, Severity
    from regard.hookspecs import Problem, hookimpl
    from regard.notifiers import Attachment, Notice, Notifier, NotifierContext
    from regard.reporters import ReportContext, Reporter
    from regard.reports import Column, Figure, Point, Report, Section, Series, Table
    from regard.sources import Context, Delete, Page, Source, Stream, source
    from regard.views import View

    __version__: str

__all__ = [
    "Attachment",
    "AuthError",
    "Column",
    "ConfigError",
    "Context",
    "CursorValue",
    "Delete",
    "EnrichContext",
    "Enricher",
    "Figure",
    "FileError",
    "Finding",
    "InputBatch",
    "Notice",
    "NoticeRefused",
    "Notifier",
    "NotifierContext",
    "Page",
    "Point",
    "Problem",
    "RateLimited",
    "RecordError",
    "Report",
    "ReportContext",
    "Reporter",
    "SecretError",
    "Section",
    "Series",
    "Severity",
    "Source",
    "SourceChanged",
    "Stream",
    "Table",
    "TransientError",
    "View",
    "__version__",
    "enricher",
    "hookimpl",
    "source",
]

_HOMES = {
    "Attachment": "notifiers",
    "AuthError": "errors",
    "Column": "reports",
    "ConfigError": "errors",
    "Context": "sources",
    "CursorValue": "cursors",
    "Delete": "sources",
    "EnrichContext": "enrichers",
    "Enricher": "enrichers",
    "Figure": "reports",
    "FileError": "errors",
    "Finding": "findings",
    "InputBatch": "enrichers",
    "Notice": "notifiers",
    "NoticeRefused": "errors",
    "Notifier": "notifiers",
    "NotifierContext": "notifiers",
    "Page": "sources",
    "Point": "reports",
    "Problem": "hookspecs",
    "RateLimited": "errors",
    "RecordError": "errors",
    "Report": "reports",
    "ReportContext": "reporters",
    "Reporter": "reporters",
    "SecretError": "errors",
    "Section": "reports",
    "Series": "reports",
    "Severity": "findings",
    "Source": "sources",
    "SourceChanged": "errors",
    "Stream": "sources",
    "Table": "reports",
    "TransientError": "errors",
    "View": "views",
    "enricher": "enrichers",
    "hookimpl": "hookspecs",
    "source": "sources",
}

# A type checker reads the imports above; a `__getattr__` it could see would let every typo pass.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a name of the vocabulary when it is first asked for (PEP 562)."""
        if name == "__version__":
            from importlib.metadata import version

            value: object = version("regard")
        elif name in _HOMES:
            from importlib import import_module

            value = getattr(import_module(f"regard.{_HOMES[name]}"), name)
        else:
            message = f"module 'regard' has no attribute {name!r}"
            raise AttributeError(message)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        """List the vocabulary beside what is loaded already."""
        return sorted({*globals(), *__all__})
