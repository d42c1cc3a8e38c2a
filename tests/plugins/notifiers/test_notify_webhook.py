"""Notices and reports go to a webhook, a server of this machine."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.errors import NoticeRefused
from regard.notifiers import Attachment
from regard.testing import NotifierConformance

Make = Callable[[str], Any]


def config(url: str) -> str:
    """Return a configuration whose notices go to an address."""
    return f'[notices.ops]\nwebhook = "{url}"\n'


def sent(server: Any) -> list[Any]:
    """Return the JSON that a server was sent."""
    return [json.loads(body) for method, _, body in server.asked if method == "POST"]


def test_many_notices_are_one_message(office: Make, web_server: Any) -> None:
    """People get a text with a line for each, programs all of it as JSON."""
    shop = office(config(web_server.on("/hook", 200)))
    shop.put(*(f"No. {number} failed." for number in range(60)))
    problems = shop.tell()
    (message,) = sent(web_server)
    head, first, *_, last = message["text"].splitlines()

    assert ([], {"told"}) == (problems, set(shop.states()))
    assert "regard: 60 failed (shop)" == head
    assert "failed     source:s0: No. 0 failed. (2026-01-31 06:00 UTC)" == first
    assert ("and 10 more", "shop", 60) == (last, message["project"], len(message["notices"]))
    assert {
        "subject": "source:s0",
        "event": "failed",
        "severity": "warning",
        "text": "No. 0 failed.",
        "at": "2026-01-31T06:00:00+00:00",
    } == message["notices"][0]


def test_nobody_is_called_by_a_text(office: Make, web_server: Any) -> None:
    """What strangers wrote can neither call a whole channel nor hide an address in a link."""
    shop = office(config(web_server.on("/hook", 200)))
    shop.put("<!channel> & <https://evil.example|our bank> 失敗")
    shop.tell()
    (message,) = sent(web_server)

    assert "&lt;!channel&gt; &amp; &lt;https://evil.example|our bank&gt; 失敗" in message["text"]
    assert "<!channel>" in message["notices"][0]["text"]


@pytest.mark.parametrize(
    ("status", "problem", "state"),
    [
        (500, "tried again later: 127.0.0.1 answered 500", "waits"),
        (503, "tried again later: 127.0.0.1 answered 503", "waits"),
        (408, "tried again later: 127.0.0.1 answered 408", "waits"),
        (429, "tried again later: 127.0.0.1 answered 429", "waits"),
        (404, "given up: 127.0.0.1 answered 404; is the address right", "given up"),
        (400, "given up: 127.0.0.1 answered 400", "given up"),
    ],
)
def test_a_webhook_that_does_not_take_it(
    status: int, problem: str, state: str, office: Make, web_server: Any
) -> None:
    """What may pass is tried again, what will not is given up; the address is not told."""
    shop = office(config(web_server.on("/secret-path", status)))
    shop.put("It failed.")
    (said,) = shop.tell()

    assert problem in said
    assert [state] == shop.states()
    assert "secret" not in said


def test_a_webhook_that_asks_to_wait(office: Make, web_server: Any) -> None:
    """`Retry-After` is heeded, and then everything arrives."""
    shop = office(config(web_server.on("/hook", 429, Retry_After="1200")))
    shop.put("It failed.")
    shop.tell()
    web_server.on("/hook", 200)
    shop.clock.move(minutes=19)
    assert ([], ["waits"]) == (shop.tell(), shop.states())

    shop.clock.move(minutes=1)
    assert ([], ["told"]) == (shop.tell(), shop.states())


def test_a_webhook_that_leads_elsewhere(office: Make, web_server: Any, other_server: Any) -> None:
    """Notices are not carried to another server."""
    target = other_server.on("/", 200)
    shop = office(config(web_server.on("/hook", 307, Location=target)))
    shop.put("It failed.")

    assert "given up: 127.0.0.1 answered 307: it leads to another server" in shop.tell()[0]
    assert [] == other_server.asked


def test_a_webhook_that_hangs(office: Make, web_server: Any) -> None:
    """A server that never answers costs some seconds; the notice waits."""
    url = web_server.does("/hook", lambda _: time.sleep(5))
    shop = office(config(url) + "seconds = 0.3\n")
    shop.put("It failed.")
    (said,) = shop.tell()

    assert "tried again later: 127.0.0.1 " in said
    assert ["waits"] == shop.states()


def test_a_webhook_that_is_down(office: Make) -> None:
    """Notices wait for a server that does not answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/hook"
    shop = office(config(url))
    shop.put("It failed.")

    assert "127.0.0.1 cannot be reached (Connection refused)" in shop.tell()[0]


@pytest.mark.parametrize(
    "url", ["http://hooks.example/T0/secret", "hooks.example/secret", "https://u:secret@x.example"]
)
def test_an_address_that_is_not_taken(url: str, office: Make) -> None:
    """Only encrypted addresses are taken, and what was written is not repeated."""
    shop = office(config(url))
    shop.put("It failed.")
    (said,) = shop.tell()

    assert "notices.ops.webhook: the address " in said
    assert "secret" not in said


def test_an_address_from_the_environment(
    office: Make, web_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address comes from a secret, and where that is missing, its name is told."""
    shop = office(config("${REGARD_TEST_HOOK}"))
    shop.put("It failed.")
    assert "the environment variable REGARD_TEST_HOOK is not set" in shop.tell()[0]

    monkeypatch.setenv("REGARD_TEST_HOOK", web_server.on("/hook", 200))
    shop.clock.move(minutes=2)
    assert ([], ["told"]) == (shop.tell(), shop.states())


def test_a_report(office: Make, web_server: Any) -> None:
    """A report is one block of text, cut where it is far too long."""
    shop = office(config(web_server.on("/hook", 200)))
    shop.send("Customers", "a | b\n```42")
    shop.send("Customers", "x" * 100_000)
    short, long = sent(web_server)

    assert {"text": "Customers\n```\na | b\n'''42\n```"} == short
    assert len(long["text"]) < 30_000
    assert long["text"].endswith("\n... (cut)\n```")
    with pytest.raises(NoticeRefused, match="a webhook takes no files"):
        shop.send("Customers", "42", attachments=[Attachment("c.csv", "text/csv", b"")])


class TestConformance(NotifierConformance):
    """The webhook keeps the promises of a notifier."""

    notifier = "webhook"
    unreachable = {"webhook": "http://127.0.0.1:9/"}

    @pytest.fixture
    def conformance_config(self, web_server: Any) -> dict[str, str]:
        """A webhook of this machine."""
        self.server = web_server
        return {"webhook": web_server.on("/hook", 200)}

    def arrived(self, root: Path) -> str:
        """Return the texts that arrived."""
        return "\n".join(one["text"] for one in sent(self.server))
