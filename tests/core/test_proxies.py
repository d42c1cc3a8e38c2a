"""A proxy that the environment names: files, notices and pings go through it, its password not."""

from __future__ import annotations

import gc
import json
import logging
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from regard.errors import ConfigError, TransientError
from regard.fetching import Fetcher, Surroundings
from regard.pipeline.telling import ping
from regard.proxies import Proxy, proxy_to
from regard.settings.paths import Remote, paths_of
from regard.webcalls import Answer, call

ConnectProxy = Any
RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]
MakeProject = Callable[..., Path]
Web = Any

CSV = b"id,name\n1,Ana\n"
HOST = "files.example:443"
URL = "https://files.example/out/a.csv"
WORD = "pa:ss/w0rd"
LOGIN = "ana:pa%3Ass%2Fw0rd@"

# Python before 3.11.4 leaves the answer of a proxy that refuses to the collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Have the collector come before the next test, which would be blamed."""
    yield
    gc.collect()


@pytest.fixture
def far(connect_proxy: ConnectProxy, secure_web: Web) -> Web:
    """Return a server that only the proxy knows the way to."""
    connect_proxy.lets_through[HOST] = urlsplit(secure_web.url()).port
    secure_web.pages["/out/a.csv"] = CSV
    return secure_web


class Fetched:
    """
    What fetching one file came to.

    Args:
        root: The project's folder.
        path: The path's table.
    """

    def __init__(self, root: Path, path: dict[str, Any]) -> None:
        from datetime import UTC, datetime

        (remote,) = paths_of(path, "sources.till")
        assert isinstance(remote, Remote)
        around = Surroundings(root, lambda: datetime.now(UTC))
        with Fetcher("till", around) as fetcher:
            landed = fetcher.land(remote, "sources.till.path")
            self.files = {path.name: path.read_bytes() for path in landed.files}
        error = landed.error
        cause = error.__cause__ if error is not None and error.__cause__ else error
        self.error = "" if error is None else f"{type(cause).__name__}: {error}"


Fetch = Callable[..., Fetched]


@pytest.fixture
def fetch(tmp_path: Path, certificate: Path) -> Fetch:
    """Return what fetches a file of the far server."""

    def fetched(url: str = URL, **more: Any) -> Fetched:
        return Fetched(tmp_path, {"url": url, "ca": str(certificate), "seconds": 5, **more})

    return fetched


class TestFiles:
    """Files over https."""

    def test_through_it(self, connect_proxy: ConnectProxy, far: Web, fetch: Fetch) -> None:
        """A file is fetched through the proxy, which hears of nothing but the host."""
        got = fetch(headers={"Authorization": "Bearer our-own-token"})

        assert ("", {"a.csv": CSV}) == (got.error, got.files)
        assert [HOST] == connect_proxy.asked
        assert "our-own-token" not in connect_proxy.told[0]
        assert "Bearer our-own-token" == far.asked[0][1]["authorization"]

    def test_signing_in(
        self,
        connect_proxy: ConnectProxy,
        far: Web,
        fetch: Fetch,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """User and password go to the proxy only, and into no error and no log."""
        caplog.set_level(logging.DEBUG)
        connect_proxy.signs_in = f"ana:{WORD}"
        refused = fetch()
        monkeypatch.setenv("https_proxy", connect_proxy.url("ana:wr0ng-word@"))
        wrong = fetch()
        monkeypatch.setenv("https_proxy", connect_proxy.url(LOGIN))
        got = fetch()

        assert refused.error.startswith("AuthError: ")
        assert refused.error.endswith("refuses the user or the password in it (407)")
        assert ("", {"a.csv": CSV}) == (got.error, got.files)
        assert "proxy-authorization" not in far.asked[0][1]
        said = wrong.error + refused.error + caplog.text
        assert not [word for word in ("wr0ng-word", WORD, "w0rd") if word in said]

    def test_who_needs_none(
        self,
        connect_proxy: ConnectProxy,
        far: Web,
        fetch: Fetch,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """This machine, and what `no_proxy` names, is asked directly."""
        near = fetch(far.url("/out/a.csv"))
        monkeypatch.setenv("no_proxy", "other.example,.example")
        direct = fetch()

        assert "" == near.error
        assert direct.error.startswith("TransientError: ")
        assert "proxy" not in direct.error
        assert [] == connect_proxy.asked

    def test_a_dead_one(
        self,
        connect_proxy: ConnectProxy,
        fetch: Fetch,
        monkeypatch: pytest.MonkeyPatch,
        closed_port: Callable[[], int],
    ) -> None:
        """One that is not there, or does not get through, may pass, and is named."""
        monkeypatch.setenv("https_proxy", f"http://{LOGIN}127.0.0.1:{closed_port()}")
        dead = fetch().error
        monkeypatch.setenv("https_proxy", connect_proxy.url(LOGIN))
        away = fetch("https://nobody.example/a.csv").error
        connect_proxy.status = b"nonsense"
        odd = fetch().error
        connect_proxy.status = b"403 Forbidden"
        shut = fetch().error

        place = "https://files.example/out/a.csv: the proxy 127.0.0.1:"
        assert dead.startswith(("TransientError: ", "ConnectionRefusedError: "))
        assert place in dead
        assert "cannot be reached, or breaks off (Connection refused)" in dead
        assert away.endswith("does not get through to nobody.example (502)")
        assert place in odd
        assert shut.endswith("does not let us through to files.example (403)")
        assert "w0rd" not in dead + away + odd + shut

    def test_certificates_are_checked(
        self, connect_proxy: ConnectProxy, far: Web, fetch: Fetch
    ) -> None:
        """Whom the proxy connects us with must be who we asked for."""
        connect_proxy.lets_through["other.example:443"] = urlsplit(far.url()).port

        assert "does not check out" in fetch("https://other.example/out/a.csv").error
        assert [] == far.asked

    def test_redirects(
        self, connect_proxy: ConnectProxy, far: Web, fetch: Fetch, respond: Callable[..., Any]
    ) -> None:
        """Each host that a redirect leads to is asked for through the proxy as well."""
        port = urlsplit(far.url()).port
        connect_proxy.lets_through["files.example:8443"] = port
        far.pages["/old"] = respond(b"", 302, Location="https://files.example:8443/out/a.csv")
        got = fetch("https://files.example/old")

        assert ("", {"old": CSV}) == (got.error, got.files)
        assert [HOST, "files.example:8443"] == connect_proxy.asked


class TestCalls:
    """Webhooks and pings."""

    @pytest.fixture(autouse=True)
    def trusted(self, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Trust the far server's certificate, as an administrator lets a machine do."""
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def test_through_it(
        self, connect_proxy: ConnectProxy, far: Web, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A webhook and a ping arrive through the proxy, which is signed in at."""
        connect_proxy.signs_in = f"ana:{WORD}"
        monkeypatch.setenv("https_proxy", connect_proxy.url(LOGIN))
        answer = call("https://files.example/out/a.csv", b"{}", {"Content-Type": "x/y"})

        assert Answer(200) == answer
        assert None is ping(URL)
        assert [HOST, HOST] == connect_proxy.asked
        assert "proxy-authorization" not in far.asked[0][1]

    def test_a_dead_one(
        self,
        connect_proxy: ConnectProxy,
        monkeypatch: pytest.MonkeyPatch,
        closed_port: Callable[[], int],
    ) -> None:
        """One that is not there or refuses us is named, and its password is not."""
        connect_proxy.signs_in = f"ana:{WORD}"
        monkeypatch.setenv("https_proxy", connect_proxy.url("ana:wr0ng-word@"))
        refused = ping(URL)
        monkeypatch.setenv("https_proxy", f"http://{LOGIN}127.0.0.1:{closed_port()}")
        with pytest.raises(TransientError, match="through the proxy") as dead:
            call(URL, b"{}")

        assert "the proxy answers 407" in str(refused)
        assert "Connection refused" in str(dead.value)
        assert not [word for word in ("wr0ng-word", "w0rd") if word in f"{refused}{dead.value}"]

    def test_this_machine(self, connect_proxy: ConnectProxy, web: Web) -> None:
        """A server of this machine is called directly."""
        web.pages["/hook"] = b"ok"

        assert Answer(200) == call(web.url("/hook"))
        assert [] == connect_proxy.asked


def test_a_whole_run(
    project: MakeProject,
    run_regard: RunRegard,
    connect_proxy: ConnectProxy,
    far: Web,
    certificate: Path,
) -> None:
    """A run fetches its export through the proxy, and tells its password nowhere."""
    far.pages["/out/a.csv"] = b"id,email\n1,a@shop.example\n"
    connect_proxy.signs_in = f"ana:{WORD}"
    right = {"https_proxy": connect_proxy.url(LOGIN)}
    folder = project(
        f"""
        [sources.crm]
        plugin = "crm-export"
        path = {{url = "{URL}", ca = "{certificate}"}}
        [sources.crm.map]
        kind = "customer"
        key = ["id"]
        fields = {{}}
        """
    )
    checked = run_regard("--debug", "check", cwd=folder, env=right)
    done = run_regard("--debug", "run", "crm", "--json", cwd=folder, env=right)
    wrong = {"https_proxy": connect_proxy.url("ana:wr0ng-word@")}
    failed = run_regard("--debug", "run", "crm", cwd=folder, env=wrong)
    said = "".join(each.stdout + each.stderr for each in (checked, done, failed))

    assert 0 == done.returncode, done.stderr
    assert 1 == json.loads(done.stdout)["runs"][0]["new"]
    assert (1, True) == (failed.returncode, "(407)" in failed.stderr)
    assert not [word for word in ("wr0ng-word", WORD, "w0rd") if word in said]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://proxy.example:3128", Proxy("proxy.example", 3128)),
        ("proxy.example:3128", Proxy("proxy.example", 3128)),
        ("http://proxy.example/", Proxy("proxy.example", 80)),
        ("http://a%40b:c%3Ad@[2001:db8::1]:3128", Proxy("2001:db8::1", 3128, "a@b", "c:d")),
        ("", None),
    ],
)
def test_what_the_environment_says(
    text: str, found: Proxy | None, connect_proxy: ConnectProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address of a proxy may leave out what is usual."""
    monkeypatch.setenv("https_proxy", text)

    assert found == proxy_to("files.example", 443)
    assert None is proxy_to("127.0.0.1", 443)


@pytest.mark.parametrize(
    "text",
    ["socks5://u:hidden@p:1", "https://u:hidden@p:1", "http://u:hidden@p:port", "http://:hidden@"],
)
def test_what_is_no_proxy(
    text: str, connect_proxy: ConnectProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that cannot be used is refused with what would be right, and is not repeated."""
    monkeypatch.setenv("https_proxy", text)
    with pytest.raises(ConfigError, match='write "http://HOST:PORT"') as refused:
        call(URL)

    assert "hidden" not in str(refused.value)
    assert None is refused.value.__cause__
