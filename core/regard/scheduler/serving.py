"""
Imported by the server that forks the children of the loop, and by nobody else.

It loads what every child needs. A signal that was meant for the loop and is sent to its whole
group must not end the server under children that are still at work: it ends with the loop.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from regard.scheduler import working as working

if os.getpid() != os.getpgrp():
    with suppress(OSError):
        os.setpgrp()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
