"""
Starts Chromium as crawls do, lets a page have all that it asks for, and says when it has tried.

Run by a test: `python letting_through.py CHROMIUM PORT`, and nobody may knock at the port.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Route

from regard_scrapers.spiders.browser import Browser


async def main(program: str, port: str) -> None:
    """Show a page that tries everything, with nothing of it caught."""
    tries = runpy.run_path(str(Path(__file__).with_name("test_rendering.py")))["TRIES"]
    body = f"<body><script>function show() {{}}{tries.replace('PORT', port)}</script></body>"
    with tempfile.TemporaryDirectory() as scratch:
        browser = Browser(program, scratch, "test", sandbox=os.geteuid() != 0)
        await browser.start()
        context = await browser.context()
        page = await context.new_page()
        first = True

        async def route(route: Route) -> None:
            nonlocal first
            if first:
                first = False
                await route.fulfill(status=200, content_type="text/html", body=body)
            else:
                await route.continue_()

        await page.route("**/*", route)
        # A page of https may do more.
        await page.goto("https://shop.example/", wait_until="commit")
        await asyncio.sleep(3)
        await browser.leave(context)
        await browser.close()
    sys.stdout.write("tried")


asyncio.run(main(*sys.argv[1:]))
