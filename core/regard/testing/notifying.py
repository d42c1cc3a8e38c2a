"""What every notifier must keep, as a test class that authors inherit."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from regard.clock import SystemClock
from regard.host import Host
from regard.notifiers import Notice
from regard.pipeline.channels import make_notifier
from regard.pipeline.telling import tell_now
from regard.settings import FILE_NAME, Project, make_settings
from regard.testing.reading import load_host

__all__ = ["NotifierConformance"]

_AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
_HOSTILE = (
    "\x1b[31m<!channel> <b>&amp; 失敗 \N{PILE OF POO}\r\nBcc: all@mail.example\r\n\r\n.\r\n"
    '"; DROP TABLE notices; -- ${HOME} %s {0} ' + "x" * 5_000
)


@dataclass(frozen=True, slots=True)
class TestedChannel:
    """A project with the channel ``tested``."""

    project: Project
    host: Host

    def tell(self, *notices: Notice) -> None:
        """Tell notices, as the loop does."""
        tell_now(self.project, self.host, "tested", list(notices), SystemClock())


class NotifierConformance:
    """
    The promises of a notifier, as tests.

    Inherit it in a test module and say what its table holds, and what has arrived::

        from pathlib import Path
        from regard.testing import NotifierConformance

        class TestBoard(NotifierConformance):
            notifier = "board"
            plugin_file = Path("plugins/board.py")
            config = {"path": "hall.txt"}
            unreachable = {"path": "no/such/folder/hall.txt"}

            def arrived(self, root):
                return (root / "hall.txt").read_text("utf-8")

    Attributes:
        notifier: What ``notifier = "..."`` says.
        config: The rest of its table; where a server has to be started first, override the
            fixtures ``conformance_config`` and ``conformance_smtp``.
        unreachable: The rest of a table by which nobody can be reached; None: there is none.
        plugin_file: The plug-in's file, where it is not installed.
    """

    notifier: ClassVar[str]
    config: ClassVar[Mapping[str, Any]] = {}
    unreachable: ClassVar[Mapping[str, Any] | None] = None
    plugin_file: ClassVar[Path | None] = None

    def arrived(self, root: Path) -> str:
        """
        Return all that has arrived so far, as text.

        Args:
            root: The project's folder.
        """
        raise NotImplementedError

    @pytest.fixture
    def conformance_config(self) -> Mapping[str, Any]:
        """The rest of the channel's table."""
        return self.config

    @pytest.fixture
    def conformance_smtp(self) -> Mapping[str, Any]:
        """The table ``[smtp]``, for a notifier that mails."""
        return {}

    @pytest.fixture
    def channel(
        self,
        conformance_config: Mapping[str, Any],
        conformance_smtp: Mapping[str, Any],
        tmp_path: Path,
    ) -> TestedChannel:
        """A channel of its own for each check."""
        return self._channel(conformance_config, tmp_path / "project", conformance_smtp)

    def _channel(
        self, config: Mapping[str, Any], folder: Path, smtp: Mapping[str, Any]
    ) -> TestedChannel:
        folder.mkdir()
        if self.plugin_file is not None:
            (folder / "plugins").mkdir()
            shutil.copy2(self.plugin_file, folder / "plugins")
        table = {"notifier": self.notifier, **config}
        settings = make_settings({"notices": {"tested": table}, "smtp": dict(smtp)})
        project = Project(folder, folder / FILE_NAME, settings)
        host = load_host(project)
        # A plug-in that is broken, or takes no such table, must not look like an unreachable one.
        make_notifier(project, host, "tested")
        return TestedChannel(project, host)

    def test_a_notice_arrives(self, channel: TestedChannel) -> None:
        """What is told arrives, with what it is about."""
        channel.tell(Notice(1, "source:crm", "failed", "warning", "No answer from 1.", _AT))
        arrived = self.arrived(channel.project.root)

        assert "No answer from 1." in arrived
        assert "source:crm" in arrived

    def test_many_notices_are_told_at_once(self, channel: TestedChannel) -> None:
        """Hundreds of notices are no failure, and the gravest, which comes first, arrives."""
        many = [
            Notice(number, f"source:s{number}", "failed", "warning", f"No answer {number}.", _AT)
            for number in range(500)
        ]
        channel.tell(*many)

        assert "No answer 0." in self.arrived(channel.project.root)

    def test_hostile_text_is_told(self, channel: TestedChannel) -> None:
        """A text that could steer something is told like any other."""
        channel.tell(
            Notice(1, "source:crm", "failed", "warning", _HOSTILE, _AT),
            Notice(2, "source:crm", "finding", "critical", "The second one.", _AT),
        )

        assert "\x1b" not in self.arrived(channel.project.root)

    def test_a_failure_is_raised(self, tmp_path: Path) -> None:
        """Where nobody is reached it raises, so that telling is tried again."""
        if self.unreachable is None:
            pytest.skip("there is no table by which nobody can be reached")
        channel = self._channel(self.unreachable, tmp_path / "unreachable", {})
        with pytest.raises(Exception, match=r".") as caught:
            channel.tell(Notice(1, "source:crm", "failed", "warning", "No answer.", _AT))

        assert not isinstance(caught.value, AssertionError)
