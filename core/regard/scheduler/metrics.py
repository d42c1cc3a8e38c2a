"""
``/metrics`` for Prometheus and ``/healthz`` for whoever restarts things, on loopback.

What is served was put down by the loop a moment ago: an answer needs neither the store nor
the loop's thread, and says how old it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

from regard.errors import ConfigError
from regard.runs import Outcome
from regard.scheduler.overview import Overview
from regard.scheduler.space import Space

__all__ = ["Metrics", "as_text"]

_STALE_SECONDS: Final = 60.0
"""A loop that has not turned for so long hangs."""

_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


def as_text(seen: Overview, room: Space) -> str:
    """Return what is known in Prometheus's text form, version 0.0.4."""
    lines: list[str] = []
    for name, help_text, samples in _families(seen, room):
        lines += [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
        for labels, value in samples:
            inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            # Fifteen digits: a time in seconds has ten before its point.
            lines.append(f"{name}{{{inner}}} {value:.15g}" if inner else f"{name} {value:.15g}")
    return "\n".join(lines) + "\n"


_Samples = list[tuple[Mapping[str, str], float]]


def _families(seen: Overview, room: Space) -> Iterator[tuple[str, str, _Samples]]:
    yield "regard_loops", "Loops that live on this store.", [({}, len(seen.loops))]
    jobs = [(job, {"job": job.label, "kind": job.kind}) for job in seen.jobs if not job.orphan]
    yield (
        "regard_job_outcome",
        "The last outcome: 1 for the one that holds.",
        [
            ({**labels, "outcome": outcome.value}, float(job.outcome == outcome))
            for job, labels in jobs
            for outcome in Outcome
        ],
    )
    yield (
        "regard_job_late_seconds",
        "For how long a job should have begun; 0: it is not late.",
        [(labels, job.late_seconds or 0) for job, labels in jobs],
    )
    yield (
        "regard_job_finished_timestamp_seconds",
        "When the last run ended.",
        [(labels, job.finished_at.timestamp()) for job, labels in jobs if job.finished_at],
    )
    yield (
        "regard_job_duration_seconds",
        "How long the last run took.",
        [(labels, job.seconds) for job, labels in jobs if job.seconds is not None],
    )
    yield (
        "regard_job_running",
        "Whether it runs now.",
        [(labels, float(job.running is not None)) for job, labels in jobs],
    )
    yield (
        "regard_records",
        "Records of a source.",
        [(labels, job.records) for job, labels in jobs if job.records is not None],
    )
    yield (
        "regard_refused_records",
        "Records of a source in quarantine.",
        [(labels, job.quarantined) for job, labels in jobs if job.quarantined is not None],
    )
    yield "regard_open_findings", "Findings that are open.", [({}, len(seen.findings))]
    yield (
        "regard_size_bytes",
        "What a part of the project takes.",
        [({"part": part}, size) for part, size in room.parts.items()],
    )
    yield "regard_disk_free_bytes", "What is free on its disk.", [({}, room.free)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Metrics:
    """
    The little server; it answers from what it was given last.

    Args:
        port: Where on loopback; 0: any that is free.
        host: Another address than loopback.

    Raises:
        ConfigError: The port is taken.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._text = ""
        self._turned_at = time.monotonic()
        metrics = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5.0

            def do_GET(self) -> None:
                status, text = metrics.answer(self.path)
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", _TEXT)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: a probe each few seconds is no news."""

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except (OSError, OverflowError) as error:
            message = f"--metrics {port}: {host}:{port} cannot be listened on: {error}"
            raise ConfigError(message) from error
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        Thread(target=self._server.serve_forever, name="regard-metrics", daemon=True).start()

    def answer(self, path: str) -> tuple[int, str]:
        """Return status and text for a path."""
        age = time.monotonic() - self._turned_at
        if path.startswith("/healthz"):
            well = age < _STALE_SECONDS
            return (200 if well else 503), f"the loop turned {age:.0f} s ago\n"
        if path.startswith("/metrics"):
            turned = f"regard_loop_turned_seconds {age:.1f}"
            return 200, f"{self._text}# TYPE regard_loop_turned_seconds gauge\n{turned}\n"
        return 404, "there are /metrics and /healthz\n"

    def turned(self) -> None:
        """Note that the loop turns."""
        self._turned_at = time.monotonic()

    def put(self, text: str) -> None:
        """Serve this from now on."""
        self._text = text

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()
