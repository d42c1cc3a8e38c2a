"""
Every error of regard, sorted by what happens next.

::

    RegardError
    ├── ConfigError        fix regard.toml or the command (exit 2)
    │   └── UsageError     the command was called wrongly
    ├── SecretError        a ${VAR} or ${file:...} cannot be resolved (exit 2)
    ├── PluginError        what this command needs is in a broken plug-in
    ├── SourceError        reading a source went wrong
    │   ├── AuthError      stop: the credentials are refused
    │   ├── SourceChanged  stop: keep the old data and raise a finding
    │   └── TransientError try again later
    │       ├── RateLimited    ... and not before `retry_after_seconds`
    │       └── Unanswered     ... but what was handed over may have been taken
    ├── RecordError        this one record goes to quarantine, its neighbours go on
    ├── FileError          this one file cannot be read
    ├── NoticeRefused      nobody can be told this; it is given up
    ├── BudgetExceeded     too many bad records: roll back and stop the stream
    ├── Cancelled          somebody asked the run to stop
    └── StoreError         the store cannot do what was asked
        ├── StoreMissing   there is no store yet
        ├── StoreOutdated  the store needs `regard db upgrade`
        ├── StoreTooNew    the store was written by a newer regard
        ├── StoreBusy      another process kept the lock for too long
        │   └── StoreMoved     ... or wrote under somebody who may only read: read again
        ├── LeaseHeld      another run of this source is going on (exit 4)
        ├── LeaseLost      another run took this one over: roll back and stop
        └── RecordsMoved   records were erased or renamed meanwhile: roll back and read again

A message names the thing, the value, where it came from and what would be right.
Personal data never stands in a message: a record is named by its key's pseudonym.
If you add an error here, place it in the tree above.
"""

from __future__ import annotations

__all__ = [
    "AuthError",
    "BudgetExceeded",
    "Cancelled",
    "ConfigError",
    "FileError",
    "LeaseHeld",
    "LeaseLost",
    "NoticeRefused",
    "PluginError",
    "RateLimited",
    "RecordError",
    "RecordsMoved",
    "RegardError",
    "SecretError",
    "SourceChanged",
    "SourceError",
    "StoreBusy",
    "StoreError",
    "StoreMissing",
    "StoreMoved",
    "StoreOutdated",
    "StoreTooNew",
    "TransientError",
    "Unanswered",
    "UsageError",
]


class RegardError(Exception):
    """The root of all errors that regard raises on purpose."""


class ConfigError(RegardError):
    """Something in the configuration is wrong; nothing was run."""


class UsageError(ConfigError):
    """The command was called in a way that it does not understand."""


class SecretError(RegardError):
    """A secret that the configuration refers to cannot be resolved."""


class PluginError(RegardError):
    """What was asked for comes from a plug-in that is broken, disabled or missing."""


class SourceError(RegardError):
    """A source could not be read."""


class AuthError(SourceError):
    """The source refuses our credentials: trying again would not help."""


class SourceChanged(SourceError):
    """The source no longer looks as expected: old data is kept, a finding is raised."""


class TransientError(SourceError):
    """The source failed for a reason that may pass: the run is tried again."""


class RateLimited(TransientError):
    """
    The source asks us to slow down.

    Args:
        message: What was refused.
        retry_after_seconds: Seconds to wait before the next try, if the source said so.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unanswered(TransientError):
    """The other side went silent after something was handed over: it may have taken it."""


class RecordError(RegardError):
    """
    One record cannot be used; it goes to quarantine.

    Args:
        reason: A short code such as ``bad-date``; the same fault always has the same code.
        message: What is wrong and what would be right, without personal values.
        field: The field at fault, named as the record or the file names it.
    """

    def __init__(self, reason: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field


class FileError(RegardError):
    """One file cannot be read at all: broken, encrypted, of an unknown form, too large."""


class NoticeRefused(RegardError):
    """A notice or report cannot be delivered, and trying again would not help."""


class BudgetExceeded(RegardError):
    """More records were refused than the error budget allows."""


class Cancelled(RegardError):
    """The run was asked to stop."""


class StoreError(RegardError):
    """The store cannot do what was asked."""


class StoreMissing(StoreError):
    """There is no store at the configured place yet."""


class StoreOutdated(StoreError):
    """The store has an older schema: ``regard db upgrade`` brings it up to date."""


class StoreTooNew(StoreError):
    """The store was written by a newer regard than this one."""


class StoreBusy(StoreError):
    """Another process kept the store locked for longer than we wait."""


class StoreMoved(StoreBusy):
    """Somebody began or ended writing under a reader without rights: it reads once more."""


class LeaseHeld(StoreError):
    """Another run of the same source is going on."""


class LeaseLost(StoreError):
    """The run's lease was taken over by another run; its last batch was rolled back."""


class RecordsMoved(StoreError):
    """Records were erased, dropped or renamed since they were read; nothing was stored."""
