"""Asking a source whether reading it would work."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout

from regard.clock import Clock
from regard.errors import PluginError, RegardError
from regard.host import Host
from regard.pipeline.context import RunContext
from regard.pipeline.inputs import Inputs
from regard.pipeline.preparing import prepare
from regard.pipeline.streams import explain
from regard.settings import Project

__all__ = ["check_source"]


def check_source(project: Project, host: Host, name: str, clock: Clock) -> None:
    """
    Make a source and let it check itself.

    Args:
        project: The project.
        host: Its plug-ins.
        name: The source's name.
        clock: The time.

    Raises:
        RegardError: Why reading it would not work.
    """
    prepared = prepare(project, host, name)
    context = RunContext(
        name,
        root=project.root,
        timezone=project.zone(name),
        clock=clock,
        inputs=Inputs(project.root, (), settle=False),
        identify=lambda raw: (),
        profiles=host.profiles,
    )
    try:
        with redirect_stdout(sys.stderr):
            prepared.source.check(context)
    except (RegardError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise PluginError(explain(error, debug=False)[1]) from error
