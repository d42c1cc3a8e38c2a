"""What ``[notices.NAME]`` says: who hears of what, how, and how often."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from regard.settings import checks
from regard.settings.fields import AnyTable, Duration, Table, as_texts, type_of

__all__ = ["CHANNEL_KEYS", "NoticesSettings"]

Event = Literal["failed", "recovered", "late", "finding", "disk"]
"""As `regard.notifiers.EVENTS`; a test compares them."""

_ALL: Final[tuple[Event, ...]] = ("failed", "recovered", "late", "finding", "disk")


def _some(events: tuple[Event, ...]) -> tuple[Event, ...]:
    if not events:
        message = "name at least one event, or leave the key out"
        raise ValueError(message)
    return events


Ping = Annotated[str, *type_of(checks.check_ping, examples=["https://hc.example/uuid"])]


class NoticesSettings(Table):
    """
    One ``[notices.NAME]`` table: a channel.

    Attributes:
        options: Every key that is not the host's: they belong to the notifier.
    """

    notifier: str | None = Field(
        None, min_length=1, description="the plug-in; else the key that is called like one"
    )
    on: Annotated[tuple[Event, ...], BeforeValidator(as_texts), AfterValidator(_some)] = Field(
        _ALL, description="what is told; else everything"
    )
    severity: Literal["info", "warning", "critical"] = Field(
        "warning", description="findings below it are not told"
    )
    pause: Duration = Field(timedelta(minutes=5), description="one message at most in so long")
    repeat: Duration = Field(
        timedelta(days=1), description="what lasts is told again after so long"
    )
    ping: Ping | None = Field(
        None, description="called each minute, so that somebody notices a dead server"
    )
    options: AnyTable = Field(default_factory=dict, description="the notifier's own keys")

    @model_validator(mode="before")
    @classmethod
    def _split(cls, data: object) -> object:
        """Put everything that is not the host's into ``options``."""
        if not isinstance(data, dict):
            return data
        own: dict[str, Any] = {key: value for key, value in data.items() if key in CHANNEL_KEYS}
        own["options"] = {key: value for key, value in data.items() if key not in CHANNEL_KEYS}
        return own

    @property
    def tells(self) -> bool:
        """Whether somebody is told of something, rather than only pinged."""
        return self.notifier is not None or bool(self.options) or self.ping is None


CHANNEL_KEYS: Final = frozenset(NoticesSettings.model_fields) - {"options"}
"""The keys of a channel's table that are the host's; no notifier's Config may use another way."""
