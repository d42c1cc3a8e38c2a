"""
Chromium without a network: it runs a page's scripts, and has to ask us for everything else.

Every request is caught, and answered or refused by us. What is not caught, such as what another
process of Chromium asks by itself, comes nowhere: no name and no address resolves, all goes to a
proxy that does not exist, and WebRTC may not go around that. It writes nothing but below a folder
that is removed, and ends with us: it is talked with over a pipe, by a driver that ends when its
own pipe to us closes.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Error, Playwright, async_playwright

from regard_scrapers.spiders.weighing import end, memory_of, processes_below

__all__ = ["Browser", "BrowserUnusable"]

_SWITCHES: Final = (
    # Addresses in figures are names, too.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=socks5://nowhere.invalid:1",
    "--proxy-bypass-list=<-loopback>",
    # WebRTC goes around proxies else, by UDP.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-crash-reporter",
    "--disable-breakpad",
    "--disable-gpu",
    # A page whose scripts want more crashes, and Chromium does not.
    "--js-flags=--max-old-space-size=512",
)
# The driver's own wishes, for tests of pages that are trusted.
_UNWANTED: Final = ("--disable-popup-blocking", "--disable-ipc-flooding-protection")
_PATIENCE: Final = 5.0
_LEAST_PROCESSES: Final = 2
"""The driver, and Chromium."""

_GONE: Final = "while reading from the driver"
_NO_SANDBOX: Final = "no usable sandbox"


class BrowserUnusable(Exception):
    """Chromium cannot be started; the text says why."""


class Browser:
    """
    A running Chromium.

    Args:
        program: Where it is.
        scratch: A folder for what it writes; whoever made it removes it.
        agent: Who it says it is.
        sandbox: Whether its sandbox is kept.
    """

    def __init__(self, program: str, scratch: str, agent: str, *, sandbox: bool) -> None:
        self.program = program
        self._scratch = scratch
        self._agent = agent
        self._sandbox = sandbox
        self._driver: Playwright | None = None
        self._chromium: Chromium | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._chromium is not None and self._chromium.is_connected()

    async def start(self) -> None:
        """
        Start it.

        Raises:
            BrowserUnusable: It does not start.
        """
        # What else stands in our environment, such as secrets, is none of its business.
        names = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")
        env = {name: os.environ[name] for name in names if name in os.environ}
        # Nothing can lie below: neither settings of the user's, nor dumps of pages.
        env |= {"HOME": "/dev/null", "TMPDIR": self._scratch}
        # The driver makes the profile's folder, and takes its environment from ours.
        os.environ["TMPDIR"] = self._scratch
        try:
            if self._driver is None:
                self._tidy()
                self._driver = await async_playwright().start()
            self._chromium = await self._driver.chromium.launch(
                executable_path=self.program,
                args=list(_SWITCHES),
                ignore_default_args=list(_UNWANTED),
                chromium_sandbox=self._sandbox,
                env=dict(env),
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        except (Error, OSError) as error:
            raise BrowserUnusable(self._why(str(error))) from error

    def _tidy(self) -> None:
        """Remove what a Chromium that was killed has left, and hear no more of what it owed."""
        for each in Path(self._scratch).iterdir():
            shutil.rmtree(each, ignore_errors=True)
        asyncio.get_running_loop().set_exception_handler(_pass_over)

    def _why(self, said: str) -> str:
        if _NO_SANDBOX in said.casefold():
            return (
                f"{self.program} finds no sandbox: install Debian's package chromium-sandbox, "
                "or allow user namespaces; javascript = {sandbox = false} goes on without, and "
                "then a page that breaks Chromium can do what this user can"
            )
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        told = [line.partition("[err]")[2].strip() for line in lines if "[err]" in line]
        fatal = [line for line in told if "FATAL" in line]
        why = (fatal or told[-1:] or lines or ["it gives no reason"])[0]
        return f"{self.program} does not start: {why[:200]}"

    async def context(self) -> BrowserContext:
        """Return what one page is shown in; it shares nothing with other pages."""
        assert self._chromium is not None  # noqa: S101  # it has been started
        return await self._chromium.new_context(
            user_agent=self._agent, service_workers="block", accept_downloads=False
        )

    def memory(self) -> int | None:
        """Return how many bytes it holds; None: it has ended."""
        below = processes_below(os.getpid())
        # Where nobody tells of processes there are none, and it lives all the same.
        if not self.alive or (sys.platform == "linux" and len(below) < _LEAST_PROCESSES):
            return None
        return memory_of(below)

    def kill(self) -> None:
        """End it at once; the next page starts another."""
        end(processes_below(os.getpid()))
        self._chromium = self._driver = None

    async def leave(self, context: BrowserContext) -> None:
        """Close what a page was shown in; where it does not close, Chromium is ended."""
        try:
            await asyncio.wait_for(context.close(), _PATIENCE)
        except Exception:  # noqa: BLE001  # the driver raises any where a process has died
            self.kill()

    async def close(self) -> None:
        """End it, and what talks with it."""
        # The driver raises any exception where a process has died.
        with suppress(Exception):
            if self._chromium is not None:
                await asyncio.wait_for(self._chromium.close(), _PATIENCE)
        with suppress(Exception):
            if self._driver is not None:
                await asyncio.wait_for(self._driver.stop(), _PATIENCE)
        self._chromium = self._driver = None
        end(processes_below(os.getpid()))


def _pass_over(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say nothing of answers that a driver which was ended can give no more."""
    if _GONE not in str(context.get("exception")):
        loop.default_exception_handler(context)
