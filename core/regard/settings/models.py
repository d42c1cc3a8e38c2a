"""
The shape of regard.toml: what may stand in it, and of which type.

The models hold texts as they are written: a ``${VAR}`` stays one, because secrets are
resolved as late as possible (`regard.secrets`). Tables that this version does not act on are
accepted in any shape, so that a file for a later version can be tried, and `unused` names
them, so that nobody believes that they have an effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    SecretStr,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from regard.measures.themes import OTHER, THEMES
from regard.schedules import Schedule
from regard.settings import checks
from regard.settings.fields import AnyTable, Duration, Texts
from regard.settings.fields import Table as _Table
from regard.settings.fields import as_texts as _texts
from regard.settings.fields import checked as _checked
from regard.settings.fields import type_of as _type_of
from regard.settings.notices import NoticesSettings

__all__ = [
    "ENRICHER_KEYS",
    "HANDED_ON",
    "RESERVED_KEYS",
    "UNUSED_KEYS",
    "UNUSED_TABLES",
    "CompetitorSettings",
    "Duration",
    "EnricherSettings",
    "JourneySettings",
    "KeepSettings",
    "LimitsSettings",
    "LogSettings",
    "NoticesSettings",
    "PlaceSettings",
    "PluginsSettings",
    "PricesSettings",
    "PrivacySettings",
    "ReportSettings",
    "ScheduledSettings",
    "Settings",
    "SourceSettings",
    "SurveySettings",
    "ThemesSettings",
    "unused",
]

Size = Annotated[int, *_type_of(checks.check_size, pattern="^[0-9]+(MB|GB)$", examples=["2GB"])]
"""An amount of memory in bytes, written ``500MB`` or ``2GB``."""

ScheduleText = Annotated[
    Schedule,
    *_type_of(checks.check_schedule, examples=["0 6 * * *", "every 15m"]),
    PlainSerializer(str, when_used="json"),
]
Timezone = Annotated[str, *_type_of(checks.check_timezone, examples=["Europe/Madrid"])]
Language = Annotated[str, *_type_of(checks.check_language, enum=list(checks.LANGUAGES))]
Currency = Annotated[str, *_type_of(checks.check_currency, pattern="^[A-Z]{3}$")]
WeekStart = Annotated[str, *_type_of(checks.check_week_start, enum=list(checks.WEEKDAYS))]
StoreAddress = Annotated[
    str, *_type_of(checks.check_store, examples=["sqlite:///regard.db", "postgresql://host/db"])
]
QuietHours = Annotated[str, *_type_of(checks.check_quiet_hours, examples=["22:00-07:00"])]
Target = Annotated[
    str,
    *_type_of(
        checks.check_target,
        pattern="^(terminal|(html|md|json|csv|xlsx|mail|webhook):.+)$",
        examples=["terminal", "html:out/brief-{date}.html"],
    ),
]
ColumnName = Annotated[
    str, *_type_of(checks.check_column, pattern=r'^[^"\\\x00-\x1f]+$', examples=["least"])
]
ThemeWords = Annotated[
    tuple[Annotated[str, *_type_of(checks.check_theme_word, examples=["aparca*"])], ...],
    BeforeValidator(_texts),
]
"""Words that tell a theme; `regard.measures.telling` says how they are written."""
BundledThemes = Annotated[
    tuple[str, ...],
    PlainValidator(_checked(checks.check_bundled)),
    PlainSerializer(list, return_type=list[str], when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "boolean"},
                {"type": "array", "items": {"type": "string", "enum": list(THEMES)}},
            ]
        }
    ),
]
_LONGEST_THEME: Final = 60

Share = Annotated[
    float,
    PlainValidator(_checked(checks.check_share)),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]


class ScheduledSettings(_Table):
    """The keys of everything that can be due."""

    enabled: bool = Field(True, description="false: never read or made on its own")
    schedule: ScheduleText | None = Field(None, description="a crontab line or every N")
    jitter: Duration | None = Field(None, description="how far due times are spread")
    depends_on: Texts = Field((), description="what must be done before, where it is due as well")
    catch_up: Literal["none", "latest", "all"] = Field(
        "latest", description="which of the times that nobody was there for are made up for"
    )
    catch_up_window: Duration = Field(timedelta(days=1), description="how old such a time may be")
    overlap: Literal["skip", "queue"] = Field(
        "skip", description="what becomes of a time at which the one before still goes on"
    )
    max_late: Duration | None = Field(None, description="begun no later than so long after it")
    deadline: Duration | None = Field(None, description="how long it may take; in the loop 1h")
    retries: int | None = Field(None, ge=0, le=100, description="tries after the first")
    quiet_hours: QuietHours | None = Field(None, description="when it does not start")


class SourceSettings(ScheduledSettings):
    """
    One ``[sources.NAME]`` table.

    Attributes:
        options: Every key that is not the host's: they belong to the plug-in.
    """

    plugin: str = Field(min_length=1, description="the plug-in that reads it")
    error_budget: Share = Field(0.05, description="share of records that may be refused")
    lookback: Duration | None = Field(None, description="how far before the cursor to start")
    disappear_guard: Share = Field(0.3, description="share that may disappear at once")
    timezone: Timezone | None = Field(None, description="the zone of its local times")
    customers: str | None = Field(None, description="the source that its customers are in")
    basis: Literal["sale", "payment", "pipeline"] | None = Field(
        None, description="what its purchases are"
    )
    counts: Texts | None = Field(None, description="the kinds that it is believed for")
    map: AnyTable | None = Field(None, description="how columns become fields")
    profile: str | None = Field(None, description="the export format, else recognised")
    retention: Duration | None = Field(None, description="how long its records are kept")
    options: AnyTable = Field(default_factory=dict, description="the plug-in's own keys")

    @model_validator(mode="before")
    @classmethod
    def _split(cls, data: object) -> object:
        """Put everything that is not the host's into ``options``."""
        if not isinstance(data, dict):
            return data
        own = {key: value for key, value in data.items() if key in RESERVED_KEYS}
        own["options"] = {key: value for key, value in data.items() if key not in RESERVED_KEYS}
        return own


RESERVED_KEYS: Final = frozenset(SourceSettings.model_fields) - {"options"}
"""The keys of a source's table that are the host's; no plug-in's Config may use another way."""

HANDED_ON: Final = ("map", "profile", "timezone", "basis", "customers")
"""Reserved keys that a plug-in's Config gets too, where it declares a field of that name."""


class PlaceSettings(_Table):
    """One ``[places.KEY]`` table: a shop, a branch, a region."""

    name: str = Field(min_length=1, description="as reports call it")
    aliases: Texts = Field((), description="what else it is called in the data")


class CompetitorSettings(_Table):
    """One ``[competitors.KEY]`` table."""

    name: str = Field(min_length=1, description="as reports call it")
    aliases: Texts = Field((), description="what else it is called in the data")
    sites: Texts = Field((), description="its sites, by the names of sites/*.toml")


class SurveySettings(_Table):
    """One ``[surveys.NAME]`` table; the name is the one that its answers carry."""

    invited: int | None = Field(None, ge=1, description="how many people were asked")
    send: AnyTable | None = Field(None, description="how it is mailed, see the guide on mail")


class JourneySettings(_Table):
    """The ``[journey]`` table: what customers go through with us."""

    stages: Texts = Field((), description="the stages in their order; else the usual ones")


class ThemesSettings(BaseModel):
    """The ``[themes]`` table: what suggestions speak of, and which words tell it."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    __pydantic_extra__: dict[str, ThemeWords] = Field(init=False)

    bundled: BundledThemes = Field(
        THEMES, description="which of the bundled themes count, or whether any does; else all"
    )

    @property
    def own(self) -> dict[str, tuple[str, ...]]:
        """By theme: the words that tell it beside the bundled ones."""
        return self.__pydantic_extra__

    @model_validator(mode="after")
    def _some(self) -> ThemesSettings:
        if not self.bundled and not self.own:
            message = 'leaves no theme at all; write one, such as parking = ["parking"]'
            raise PydanticCustomError("regard", "{text}", {"text": message})
        for name in self.own:
            if name == OTHER or not 0 < len(name.strip()) <= _LONGEST_THEME:
                message = (
                    f"{name[:_LONGEST_THEME]!r} cannot be a theme: a name has 1 to "
                    f"{_LONGEST_THEME} characters, and {OTHER!r} is what no word tells"
                )
                raise PydanticCustomError("regard", "{text}", {"text": message})
        return self


class PricesSettings(_Table):
    """The ``[prices]`` table: on which basis our own prices are."""

    our_tax_included: bool | None = Field(None, description="whether they are with tax")
    vat: Share | None = Field(None, description="the rate of the tax, such as 0.21")
    minimum: ColumnName | None = Field(
        None, description="the column of our products with their least advertised price"
    )


class EnricherSettings(ScheduledSettings):
    """
    One ``[enrichers.NAME]`` table; the enricher of that name runs where there is one.

    Attributes:
        options: Every key that is not the host's: they belong to the plug-in.
    """

    options: AnyTable = Field(default_factory=dict, description="the enricher's own keys")

    @model_validator(mode="before")
    @classmethod
    def _split(cls, data: object) -> object:
        """Put everything that is not the host's into ``options``."""
        if not isinstance(data, dict):
            return data
        own = {key: value for key, value in data.items() if key in ENRICHER_KEYS}
        own["options"] = {key: value for key, value in data.items() if key not in ENRICHER_KEYS}
        return own


ENRICHER_KEYS: Final = frozenset(ScheduledSettings.model_fields)
"""The keys of an enricher's table that are the host's; no Config may use another way."""


class ReportSettings(ScheduledSettings):
    """One ``[reports.NAME]`` table."""

    reporter: str = Field(min_length=1, description="the reporter that makes it")
    params: AnyTable = Field(default_factory=dict, description="the reporter's own settings")
    language: Language | None = Field(None, description="else the project's")
    audience: str | None = Field(None, description="who reads it")
    to: Annotated[tuple[Target, ...], BeforeValidator(_texts)] = Field(
        ("terminal",), description="where it goes"
    )


class PluginsSettings(_Table):
    """The ``[plugins]`` table."""

    disabled: Texts = Field((), description="plug-ins that are not even imported")


class PrivacySettings(_Table):
    """
    The ``[privacy]`` table.

    Attributes:
        key: Makes pseudonyms and keyed hashes; None: the file ``regard.key`` holds it.
    """

    key: SecretStr | None = Field(
        None, description="at least 16 characters, better ${VAR}; else regard.key is made"
    )
    policy: str | None = Field(None, description="what is shown to whom")


class LogSettings(_Table):
    """The ``[log]`` table: what the loop says of its work."""

    level: Literal["debug", "info", "warning", "error"] = Field("info")
    format: Literal["text", "json"] | None = Field(
        None, description="else text on a terminal, and one JSON object a line elsewhere"
    )


class KeepSettings(_Table):
    """The ``[keep]`` table: for how long the loop keeps what it makes."""

    logs: Duration = Field(timedelta(days=30), description="the log files of runs")
    runs: Duration = Field(timedelta(days=365), description="the history of runs and due times")
    quarantine: Duration = Field(
        timedelta(days=365), description="refused records that were not seen again"
    )
    notices: Duration = Field(timedelta(days=90), description="what was told")
    inbox: Duration = Field(timedelta(days=90), description="files that were fetched")
    copies: int = Field(3, ge=1, description="so many copies made before upgrades")


class LimitsSettings(_Table):
    """The ``[limits]`` table: what reading one source may use."""

    memory: Size | None = Field(
        None,
        description="of one run, such as 2GB; else three quarters of the machine's, in the loop "
        "a quarter",
    )
    empty_runs: int = Field(
        3, ge=0, description="so many runs in a row may find no file before they fail; 0: any"
    )
    runs: int | None = Field(
        None, ge=1, description="so many runs go on at once; else one a processor, at least 2"
    )
    crawls: int = Field(2, ge=1, description="so many of them may read sites")
    threads: int | None = Field(
        None, ge=1, description="of one run; else a quarter of the processors"
    )


class Settings(_Table):
    """
    The whole of regard.toml.

    Attributes:
        store: As written; `Project.store_url` is the address to open.
        timezone: Where a day begins, and the zone of local times without another one.
        language: Of labels, sentences, dates and numbers in reports.
        base_currency: What amounts are shown in; None: each in its own.
    """

    store: StoreAddress = Field("sqlite:///regard.db", description="where records are kept")
    timezone: Timezone = Field("UTC", description="where a day begins")
    language: Language = Field("en", description="the language of reports")
    base_currency: Currency | None = Field(None, description="a code of ISO 4217")
    week_start: WeekStart = Field("monday", description="the day a week begins with")

    sources: dict[str, SourceSettings] = Field(default_factory=dict)
    places: dict[str, PlaceSettings] = Field(default_factory=dict)
    competitors: dict[str, CompetitorSettings] = Field(default_factory=dict)
    surveys: dict[str, SurveySettings] = Field(default_factory=dict)
    journey: JourneySettings = Field(default_factory=JourneySettings)
    themes: ThemesSettings = Field(default_factory=ThemesSettings)
    reports: dict[str, ReportSettings] = Field(default_factory=dict)
    plugins: PluginsSettings = Field(default_factory=PluginsSettings)
    privacy: PrivacySettings = Field(default_factory=PrivacySettings)
    log: LogSettings = Field(default_factory=LogSettings)

    enrichers: dict[str, EnricherSettings] = Field(default_factory=dict)
    audiences: AnyTable = Field(default_factory=dict)
    notices: dict[str, NoticesSettings] = Field(default_factory=dict)
    smtp: AnyTable = Field(default_factory=dict)
    findings: AnyTable = Field(default_factory=dict)
    initiatives: AnyTable = Field(default_factory=dict)
    segments: AnyTable = Field(default_factory=dict)
    calendar: AnyTable = Field(default_factory=dict)
    prices: PricesSettings = Field(default_factory=PricesSettings)
    limits: LimitsSettings = Field(default_factory=LimitsSettings)
    keep: KeepSettings = Field(default_factory=KeepSettings)


# Whoever makes one of these mean something takes it out here.
UNUSED_TABLES: Final = (
    *("audiences", "findings", "initiatives", "segments"),
    *("calendar", "base_currency", "week_start"),
)
"""The keys and tables at the top that this version accepts and has no use for."""

UNUSED_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "sources": ("retention",),
    "reports": ("audience",),
    "privacy": ("policy",),
}
"""The keys of tables that this version accepts and has no use for, by the table's name."""


def unused(settings: Settings) -> list[str]:
    """Return the path of every setting in a file that this version has no use for."""
    paths: list[str] = [name for name in UNUSED_TABLES if name in settings.model_fields_set]
    tables: dict[str, tuple[BaseModel, str]] = {"privacy": (settings.privacy, "privacy")}
    tables |= {f"sources.{name}": (table, "sources") for name, table in settings.sources.items()}
    tables |= {f"reports.{name}": (table, "reports") for name, table in settings.reports.items()}
    for place, (table, kind) in tables.items():
        given = table.model_fields_set
        paths += [f"{place}.{key}" for key in UNUSED_KEYS[kind] if key in given]
    return paths
