"""
What the server loads first from which the loop's children are forked.

A signal may be sent to the loop's whole group or container: by a terminal, `timeout`, systemd.
The loop alone heeds it, and lets its children know; a server that died of it would take the
runs down that are to get the grace time. Children listen to signals again, each for itself.
"""

from __future__ import annotations

import signal

import regard.scheduler.working  # noqa: F401  # all that children need
from regard.pipeline.stopping import PASSED

for _number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, PASSED):
    signal.signal(_number, signal.SIG_IGN)
