#!/usr/bin/env python3
"""Looks at pages in headless Chromium and says, as JSON, what a reader would find.

look.py [--save DIRECTORY] URL...

Speaks the DevTools protocol over the browser's pipe (https://chromedevtools.github.io/devtools-protocol/), so no port is
opened. Each page is opened narrow and wide, light and dark, and as it is printed, with scripts switched off.
"""
import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile

# What of the text is too pale on what stands behind it (https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio), and what is
# wider than the window.
IN_PAGE = """
(() => {
  const parse = c => { const m = c.match(/[0-9.]+/g).map(Number); return m.length > 3 ? m : [...m, 1]; };
  const light = c => { const f = c.map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
                       return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
                        if (c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
  const pale = [];
  let least = 99;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim();
    const holder = walk.currentNode.parentElement;
    if (!text || holder.closest('style')) continue;
    const a = light(parse(getComputedStyle(holder).color).slice(0, 3)), b = light(behind(holder));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    least = Math.min(least, ratio);
    if (ratio < 4.5) pale.push(text.slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return JSON.stringify({overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
                         height: document.documentElement.scrollHeight, pale, least_contrast: least,
                         lang: document.documentElement.lang, scripts: document.scripts.length});
})()
"""


# A telephone, a desk, and A4 paper between its margins.
WAYS = ((375, "light"), (375, "dark"), (1280, "light"), (1280, "dark"), (718, "print"))


class Browser:
    def __init__(self, profile):
        to_browser, self.commands = os.pipe()
        self.answers, from_browser = os.pipe()

        def take_pipes():  # the browser reads descriptor 3 and writes 4
            reads, writes = os.dup(to_browser), os.dup(from_browser)
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--disable-background-networking", "--disable-component-update", "--no-first-run", "--hide-scrollbars",
             "--force-color-profile=srgb", f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"],
            preexec_fn=take_pipes, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.last_id = 0
        self.buffer = b""
        self.events = []

    def read(self):
        while b"\0" not in self.buffer:
            chunk = os.read(self.answers, 1 << 16)
            if not chunk:
                sys.exit("chromium ended")
            self.buffer += chunk
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, session=None, **params):
        self.last_id += 1
        request = {"id": self.last_id, "method": method, "params": params}
        if session:
            request["sessionId"] = session
        os.write(self.commands, json.dumps(request).encode() + b"\0")
        while True:
            message = self.read()
            if message.get("id") == self.last_id:
                if "error" in message:
                    sys.exit(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def wait_for(self, method, session):
        while not any(e.get("method") == method and e.get("sessionId") == session for e in self.events):
            self.events.append(self.read())

    def close(self):
        self.ask("Browser.close")
        self.process.wait()


def accessible(tree):
    """Role and name of what has both, in the order of the page."""
    found = []
    for node in tree:
        role, name = node.get("role", {}).get("value"), node.get("name", {}).get("value")
        if node.get("ignored") or not name:
            continue
        level = next((p["value"]["value"] for p in node.get("properties", []) if p["name"] == "level"), None)
        found.append({"role": role, "name": name, **({"level": level} if level else {})})
    return found


def landmarks(tree):
    wanted = {"main", "banner", "contentinfo", "region", "table", "image", "caption", "Caption"}
    return [n["role"]["value"] for n in tree if not n.get("ignored") and n.get("role", {}).get("value") in wanted]


def look(browser, url, width, scheme, picture):
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    browser.events.clear()
    for domain in ("Page", "Network", "Accessibility"):
        browser.ask(f"{domain}.enable", session)
    browser.ask("Emulation.setScriptExecutionDisabled", session, value=True)
    browser.ask("Emulation.setDeviceMetricsOverride", session, width=width, height=900, deviceScaleFactor=1,
                mobile=width < 600)
    preferred = "light" if scheme == "light" else "dark"  # paper is white whatever is preferred
    browser.ask("Emulation.setEmulatedMedia", session, media="print" if scheme == "print" else "screen",
                features=[{"name": "prefers-color-scheme", "value": preferred}])
    browser.ask("Page.navigate", session, url=url)
    browser.wait_for("Page.loadEventFired", session)
    seen = json.loads(browser.ask("Runtime.evaluate", session, expression=IN_PAGE, returnByValue=True)["result"]["value"])
    tree = browser.ask("Accessibility.getFullAXTree", session)["nodes"]
    title = next(n["name"]["value"] for n in tree if n["role"]["value"] == "RootWebArea")
    seen.update(url=url, width=width, scheme=scheme, title=title, named=accessible(tree), landmarks=landmarks(tree))
    seen["requests"] = [e["params"]["request"]["url"] for e in browser.events
                        if e.get("method") == "Network.requestWillBeSent" and e.get("sessionId") == session]
    if picture:
        shot = browser.ask("Page.captureScreenshot", session, captureBeyondViewport=True,
                           clip={"x": 0, "y": 0, "width": width, "height": seen["height"], "scale": 1})
        with open(picture, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
    browser.ask("Target.closeTarget", targetId=target)
    return seen


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--save", help="where the screenshots go")
    arguments.add_argument("urls", nargs="+")
    wanted = arguments.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        found = []
        for url in wanted.urls:
            name = os.path.splitext(os.path.basename(url))[0] or "served"
            for width, scheme in WAYS:
                picture = wanted.save and os.path.join(wanted.save, f"{name}-{width}-{scheme}.png")
                found.append(look(browser, url, width, scheme, picture))
        browser.close()
    json.dump(found, sys.stdout)


main()
