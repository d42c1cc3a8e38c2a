"""Requests to a server of this machine: bounded in time, and led nowhere else."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from regard.errors import ConfigError, TransientError
from regard.pipeline.telling import ping
from regard.webaddresses import address_fault, is_loopback
from regard.webcalls import Answer, call


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://hooks.example/a?b=c", None),
        ("https://[2001:db8::1]:8443/", None),
        ("http://127.0.0.1:8080/x", None),
        ("http://localhost/x", None),
        ("http://[::1]/x", None),
        ("http://hooks.example/a", "must begin with https://"),
        ("http://127.0.0.1.evil.example/", "must begin with https://"),
        ("https://user:word@hooks.example/", "has a user in it"),
        ("ftp://hooks.example/", "is no web address"),
        ("file:///etc/passwd", "is no web address"),
        ("hooks.example", "is no web address"),
        ("https://", "is no web address"),
        ("", "is no web address"),
        ("https://hooks.example:port/", "is no web address"),
        ("https://hooks.example/a\r\nX: 1", "is no web address"),
        ("https://[broken/", "is no web address"),
    ],
)
def test_which_addresses_are_taken(url: str, fault: str | None) -> None:
    """Encrypted ones of any server, unencrypted ones of this machine; no other is repeated."""
    found = address_fault(url)

    assert (fault is None) == (found is None)
    assert (found or "").startswith(fault or "")
    assert not found or "hooks" not in found


def test_this_machine() -> None:
    """Names and addresses of this machine are known, others are not looked up."""
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.9.9.9", "::1")))
    assert not any(map(is_loopback, ("localhost.example", "10.0.0.1", "", "127.1")))


def test_get_and_post(web_server: Any) -> None:
    """Without a body it asks with GET, with one it sends it with POST."""
    url = web_server.on("/hook?a=1", 204)

    assert Answer(204) == call(url) == call(url, b"{}", {"Content-Type": "application/json"})
    assert [("GET", "/hook?a=1", b""), ("POST", "/hook?a=1", b"{}")] == web_server.asked


@pytest.mark.parametrize("status", [400, 403, 404, 410, 500, 503])
def test_a_refusal_is_an_answer(status: int, web_server: Any) -> None:
    """Whatever status comes is returned."""
    assert Answer(status) == call(web_server.on("/", status), b"x")


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("120", 120, 120),
        ("0", 0, 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Fri, 31 Dec 2100 23:59:59 GMT", 10**8, 10**10),
        ("9" * 400, 10**8, 10**9),
    ],
)
def test_retry_after(header: str, low: float, high: float, web_server: Any) -> None:
    """How long to wait is told in seconds or as a date."""
    answer = call(web_server.on("/", 429, Retry_After=header))

    assert 429 == answer.status
    assert answer.retry_after_seconds is not None
    assert low <= answer.retry_after_seconds <= high


@pytest.mark.parametrize("header", ["", "soon", "-5", "٣"])
def test_a_wait_that_nobody_understands(header: str, web_server: Any) -> None:
    """A broken `Retry-After` is none."""
    answer = call(web_server.on("/", 429, Retry_After=header.encode().decode("latin-1")))

    assert Answer(429, None) == answer


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_same_server_may_lead_on(status: int, web_server: Any) -> None:
    """A redirection within the server is followed with the same body."""
    web_server.on("/new", 200)

    assert Answer(200) == call(web_server.on("/old", status, Location="/new"), b"told")
    assert ("POST", "/new", b"told") == web_server.asked[-1]


@pytest.mark.parametrize("status", [301, 307])
def test_another_server_may_not_be_led_to(status: int, web_server: Any, other_server: Any) -> None:
    """What is sent to one server is not carried to another, not even to another port."""
    target = other_server.on("/", 200)

    assert status == call(web_server.on("/old", status, Location=target), b"told").status
    assert [] == other_server.asked


def test_a_circle_ends(web_server: Any) -> None:
    """A server that leads round and round is left after a few steps."""
    assert 302 == call(web_server.on("/a", 302, Location="/a")).status
    assert len(web_server.asked) < 10


def test_a_hanging_server_is_left(web_server: Any) -> None:
    """One that never answers, and one that drips, both cost so much time and no more."""

    def drip(handler: Any) -> None:
        for _ in range(50):
            handler.wfile.write(b"H")
            time.sleep(0.1)

    began = time.monotonic()
    for answer in (lambda _: time.sleep(5), drip):
        url = web_server.does("/slow", answer)
        with pytest.raises(TransientError, match=r"127\.0\.0\.1"):
            call(url, seconds=0.3)

    assert time.monotonic() - began < 3


def test_what_is_no_http(web_server: Any) -> None:
    """An answer that is none is a failure that may pass."""
    url = web_server.does("/", lambda handler: handler.wfile.write(b"\0\1\2 hello\r\n\r\n"))
    with pytest.raises(TransientError, match=r"127\.0\.0\.1 cannot be reached"):
        call(url)


def test_nobody_listens() -> None:
    """A server that is down is named by its host alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/secret-path"
    with pytest.raises(TransientError) as caught:
        call(url)

    assert "127.0.0.1 cannot be reached (Connection refused)" == str(caught.value)


def test_an_unencrypted_address_is_never_called() -> None:
    """What is no allowed address is refused before anything is sent."""
    with pytest.raises(ConfigError, match="must begin with https://"):
        call("http://192.0.2.1/")


def test_ping(web_server: Any) -> None:
    """A ping is silent where it arrives, and a sentence where it does not."""
    assert ping(web_server.on("/", 200)) is None
    assert "ping: the server answered 404" == ping(web_server.on("/gone", 404))
    assert "ping: the server answered 302" == ping(
        web_server.on("/led", 302, Location="https://elsewhere.example/")
    )
    hangs = web_server.does("/hangs", lambda _: time.sleep(5))
    assert (ping(hangs, seconds=0.2) or "").startswith("ping: 127.0.0.1 ")
    assert "ping: the address must begin with https://" in (ping("http://192.0.2.1/") or "")
