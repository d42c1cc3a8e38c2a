"""
What a page may try to reach somebody, and what becomes of it where nothing is caught.

Starts Chromium as crawls do, lets a page have all that it asks for, and says when it has tried.

Run by a test: `python letting_through.py CHROMIUM PORT`, and nobody may knock at the port.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile

from playwright.async_api import Route

from regard_scrapers.spiders.browser import Browser

TRIES = """
const there = "http://127.0.0.1:PORT";
const tries = [
  () => fetch(there + "/fetch"),
  () => navigator.sendBeacon(there + "/beacon", "x"),
  () => new WebSocket("ws://127.0.0.1:PORT/socket"),
  () => new EventSource(there + "/events"),
  () => navigator.serviceWorker.register("/worker.js"),
  () => new SharedWorker("data:text/javascript,fetch('" + there + "/shared')"),
  () => new Worker(URL.createObjectURL(new Blob(
    ["fetch('" + there + "/worker'); new WebSocket('ws://127.0.0.1:PORT/worker')"]))),
  () => window.open(there + "/window"),
  () => new WebTransport("https://127.0.0.1:PORT/transport"),
  () => { const peer = new RTCPeerConnection({iceServers: [
      {urls: "stun:127.0.0.1:PORT"},
      {urls: "turn:127.0.0.1:PORT?transport=tcp", username: "a", credential: "b"}]});
    peer.createDataChannel("x");
    return peer.createOffer().then(offer => peer.setLocalDescription(offer)); },
  () => { for (const [tag, name] of [["img", "src"], ["iframe", "src"], ["video", "src"],
      ["object", "data"], ["embed", "src"], ["script", "src"]]) {
    const made = document.createElement(tag);
    made[name] = there + "/" + tag;
    document.body.append(made); } },
  () => { for (const how of ["stylesheet", "preconnect", "dns-prefetch", "prefetch", "preload",
      "modulepreload", "icon", "manifest", "prerender"]) {
    const link = document.createElement("link");
    link.rel = how; link.href = there + "/" + how; link.as = "script";
    document.head.append(link); } },
  () => { const form = document.createElement("form");
    form.action = there + "/form"; form.method = "post";
    document.body.append(form); form.submit(); },
  () => { const link = document.createElement("a");
    link.href = there + "/download"; link.download = "x";
    document.body.append(link); link.click(); },
  () => { location.href = there + "/away"; },
];
for (const each of tries) {
  try { const made = each(); if (made && made.catch) made.catch(() => 0); } catch (error) {}
}
setTimeout(() => show("one", 9), 300);
"""


async def main(program: str, port: str) -> None:
    """Show a page that tries everything, with nothing of it caught."""
    tries = TRIES.replace("PORT", port)
    body = f"<body><script>function show() {{}}{tries}</script></body>"
    with tempfile.TemporaryDirectory() as scratch:
        browser = Browser(program, scratch, "test", sandbox=os.geteuid() != 0)
        await browser.start()
        context = await browser.context()
        page = await context.new_page()
        first = True

        async def route(route: Route) -> None:
            """Give the page first, and then whatever it wants."""
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


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
