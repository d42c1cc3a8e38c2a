"""Findings: one sentence each, with its number, its base and its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

__all__ = ["Finding", "Severity"]


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One sentence that somebody should read.

    Two findings with the same code and subject are the same finding seen again.

    Attributes:
        code: What kind of finding it is, such as ``columns-changed``.
        text: The sentence, without personal values.
        severity: How much it matters.
        subject: What it is about, such as a stream or a file's name.
        value: The number it states, if it states one.
        n: The base of that number: how many records it was computed from.
        why: What probably explains it.
        evidence: What it rests on, by name.
    """

    code: str
    text: str
    severity: Severity = Severity.WARNING
    subject: str = ""
    value: Decimal | None = None
    n: int | None = None
    why: str | None = None
    evidence: Mapping[str, str | int] = field(default_factory=dict)
