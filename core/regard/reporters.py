"""What a team writes to bring one more report."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from regard.reports import Report
from regard.views import View

if TYPE_CHECKING:
    from regard.clock import Clock

__all__ = ["ReportContext", "Reporter"]

ParamsT = TypeVar("ParamsT")


class ReportContext(Protocol):
    """What the host offers while a report is made."""

    @property
    def log(self) -> logging.Logger:
        """A logger that masks secrets."""

    @property
    def clock(self) -> Clock:
        """The time; ``view.now`` is the one that the report speaks of."""


class Reporter(Generic[ParamsT]):
    """
    Turns a view into a report. Subclass it and return the class from ``regard_reporters``.

    A whole plug-in::

        from pydantic import BaseModel
        from regard import Figure, Report, Reporter, Section, hookimpl

        class Baskets(Reporter):
            name = "baskets"
            title = "How much is bought at once"

            class Params(BaseModel):
                at_least: int = 1

            def report(self, view, params, ctx):
                row = view.sql("SELECT count(*) AS n FROM purchases").one()
                figure = Figure("baskets.lines", "Lines bought", row["n"], n=row["n"])
                return Report(self.name, self.title, view.now, [Section("Lines", (figure,))])

        @hookimpl
        def regard_reporters():
            return [Baskets]

    Attributes:
        name: What ``regard report NAME`` calls it.
        title: One line for lists.
        Params: A Pydantic model of its parameters.
    """

    name: ClassVar[str]
    title: ClassVar[str] = ""
    Params: ClassVar[type[Any] | None] = None

    def report(self, view: View, params: ParamsT, ctx: ReportContext) -> Report:
        """
        Make the report.

        Args:
            view: What it may read.
            params: Its validated parameters.
            ctx: What the host offers.
        """
        raise NotImplementedError
