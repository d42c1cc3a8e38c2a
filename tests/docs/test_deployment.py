"""The files that people copy to run the loop hold together, as far as that shows here."""

from __future__ import annotations

import argparse
import configparser
import re
import shlex
from pathlib import Path
from typing import Any

import yaml

from regard.cli import schedule
from regard.scheduler.loop import UPGRADED


def _parsed(arguments: list[str]) -> argparse.Namespace:
    """Return what the command makes of arguments; wrong ones end the process."""
    parser = argparse.ArgumentParser(prog="regard schedule")
    schedule.configure(parser)
    return parser.parse_args(arguments)


def _unit(root: Path) -> dict[str, dict[str, str]]:
    text = (root / "docs" / "deploy" / "regard.service").read_text("utf-8")
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    unit.read_string(text)
    return {name: dict(unit[name]) for name in unit.sections()}


def _compose(root: Path) -> dict[str, Any]:
    text = (root / "docs" / "deploy" / "compose.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_the_unit_starts_the_loop_and_leaves_it_time_to_stop(root: Path) -> None:
    """The loop alone is asked to stop, and has longer for it than its runs may go on."""
    service = _unit(root)["Service"]
    program, verb, *arguments = shlex.split(service["ExecStart"])

    assert (True, "schedule") == (program.endswith("/bin/regard"), verb)
    assert float(service["TimeoutStopSec"]) > _parsed(arguments).grace
    assert ("mixed", "/bin/kill -HUP $MAINPID") == (service["KillMode"], service["ExecReload"])


def test_the_unit_starts_an_upgraded_loop_anew_and_a_misconfigured_one_not(root: Path) -> None:
    """The exit codes that mean something to systemd are those of the loop."""
    service = _unit(root)["Service"]

    assert str(UPGRADED) == service["RestartForceExitStatus"]
    assert ("on-failure", "2") == (service["Restart"], service["RestartPreventExitStatus"])


def test_the_unit_lets_the_loop_write_where_it_works(root: Path) -> None:
    """Everything but the project is read-only for the loop."""
    service = _unit(root)["Service"]

    assert "strict" == service["ProtectSystem"]
    assert service["WorkingDirectory"] == service["ReadWritePaths"]


def test_two_loops_share_one_database(root: Path) -> None:
    """The compose file has a PostgreSQL and two loops that wait for it and differ in name."""
    services = _compose(root)["services"]
    loops = [one for name, one in services.items() if name.startswith("loop-")]

    assert 2 == len({one["hostname"] for one in loops})
    for one in loops:
        verb, *arguments = one["command"]
        options = _parsed(arguments)
        assert "schedule" == verb
        assert float(one["stop_grace_period"].removesuffix("s")) > options.grace
        assert f":{options.metrics}/healthz" in one["healthcheck"]["test"][-1]
        assert {"database": {"condition": "service_healthy"}} == one["depends_on"]


def test_what_the_compose_file_refers_to_is_in_it(root: Path) -> None:
    """Secrets, volumes and the build folder exist, so that it does not fail on the first try."""
    compose = _compose(root)
    named = {name for one in compose["services"].values() for name in one["secrets"]}
    kept = compose["services"]["database"]["volumes"][0].partition(":")[0]
    image = (root / "docs" / "deploy" / "Dockerfile").read_text("utf-8")

    assert named <= compose["secrets"].keys()
    assert kept in compose["volumes"]
    assert re.search(r'^ENTRYPOINT \["regard"\]$', image, re.MULTILINE)
