"""
The configuration: one folder with a ``regard.toml`` is one project.

`find_config` finds the file, `load_project` reads and validates it whole, `plugin_options` and
`validate_options` do the same for the tables that belong to plug-ins once those are loaded.
Secrets are not resolved here: settings hold what is written.
"""

from __future__ import annotations

from regard.settings.loading import FILE_NAME, Project, find_config, load_project, make_settings
from regard.settings.models import (
    ENRICHER_KEYS,
    HANDED_ON,
    RESERVED_KEYS,
    CompetitorSettings,
    EnricherSettings,
    KeepSettings,
    LimitsSettings,
    LogSettings,
    NoticesSettings,
    PlaceSettings,
    PluginsSettings,
    PrivacySettings,
    ReportSettings,
    ScheduledSettings,
    Settings,
    SourceSettings,
    unused,
)
from regard.settings.naming import directory_of
from regard.settings.options import (
    checked_options,
    ignored_keys,
    plugin_options,
    validate_options,
)

__all__ = [
    "ENRICHER_KEYS",
    "FILE_NAME",
    "HANDED_ON",
    "RESERVED_KEYS",
    "CompetitorSettings",
    "EnricherSettings",
    "KeepSettings",
    "LimitsSettings",
    "LogSettings",
    "NoticesSettings",
    "PlaceSettings",
    "PluginsSettings",
    "PrivacySettings",
    "Project",
    "ReportSettings",
    "ScheduledSettings",
    "Settings",
    "SourceSettings",
    "checked_options",
    "directory_of",
    "find_config",
    "ignored_keys",
    "load_project",
    "make_settings",
    "plugin_options",
    "unused",
    "validate_options",
]
