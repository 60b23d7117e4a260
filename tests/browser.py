"""A real browser, for tests: Chromium, spoken to through a pipe in its own protocol.

No driver and no port: Chromium reads commands from one pipe and writes what happens to
another, each message a line of JSON that ends in a zero byte.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60.0  # seconds for one answer
LAUNCH = """
import fcntl, os, sys
high = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3]]
for wanted, each in zip((3, 4), high):  # where Chromium expects its pipes
    os.dup2(each, wanted, inheritable=True)
os.execv(sys.argv[3], sys.argv[3:])
"""


def program() -> str | None:
    """Return where a Chromium is, if there is one."""
    chosen = os.environ.get("MINIGRAD_CHROMIUM")
    return chosen or next(filter(None, map(shutil.which, NAMES)), None)


ABSENT = "no Chromium on the PATH, nor in MINIGRAD_CHROMIUM"
PROMISED = "browser" in os.environ.get("MINIGRAD_REQUIRE", "").split()
needs_browser = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PROMISED and (program() is None or sys.platform == "win32"), reason=ABSENT
    ),
]


class Browser:
    """One page of a browser; `events` collects all that was reported of it."""

    def __init__(self, folder: Path) -> None:
        found = None if sys.platform == "win32" else program()
        if found is None and not PROMISED:
            pytest.skip(ABSENT)
        assert found is not None, "no Chromium, though a browser was promised"
        self.events: list[dict[str, Any]] = []
        self._waiting, self._count = b"", 0
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--remote-debugging-pipe",
            f"--user-data-dir={folder}",
        ]
        pipes = (to_browser, from_browser)
        self._process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, *map(str, pipes), found, *arguments],
            pass_fds=pipes,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._session: str | None = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.ask("Emulation.setEmulatedMedia", features=[still])

    def ask(self, method: str, **params: Any) -> Any:
        """Send a command, and return its result."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _next(self) -> Any:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._waiting:
            ready, _, _ = select.select([self._read], [], [], until - time.monotonic())
            piece = os.read(self._read, 1 << 16) if ready else b""
            assert piece, "the browser does not answer"
            self._waiting += piece
        message, _, self._waiting = self._waiting.partition(b"\0")
        return json.loads(message)

    def open(self, address: str) -> None:
        """Open a page, and wait until it is there."""
        for each in ("about:blank", address):  # else a new fragment loads nothing
            self.events.clear()
            self.ask("Page.navigate", url=each)
            while not any(e["method"] == "Page.loadEventFired" for e in self.events):
                self.events.append(self._next())

    def value(self, script: str) -> Any:
        """Evaluate JavaScript in the page; return its value."""
        done = self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def press(self, key: str, modifiers: int = 0) -> None:
        """Press a key, as a reader does; modifiers: 1 Alt, 2 Control, 4 Meta."""
        codes = {"ArrowRight": 39, "ArrowLeft": 37, "Home": 36, "End": 35, "Tab": 9,
                 "Enter": 13}  # fmt: skip
        code = codes.get(key, ord(key[0].upper()))
        event = {"key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        if len(key) == 1 and not modifiers:
            event["text"] = key
        if key == "Enter":
            event["text"] = "\r"
        self.ask("Input.dispatchKeyEvent", type="keyDown", **event)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **event)

    def click(self, selector: str) -> None:
        """Press the mouse in the middle of the first such element that is seen."""
        self.value(f"{self._seen(selector)}.scrollIntoView({{block: 'center'}})")
        at = self.middle(selector)
        self.drag(at, at)

    def _seen(self, selector: str) -> str:
        every = f"[...document.querySelectorAll({json.dumps(selector)})]"
        return f"{every}.find(each => each.getClientRects().length)"

    def middle(self, selector: str) -> tuple[float, float]:
        """Return where in the window the first such element is that is seen."""
        x, y = self.value(
            f"(box => [box.left + box.width / 2, box.top + box.height / 2])"
            f"({self._seen(selector)}.getBoundingClientRect())"
        )
        return x, y

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the mouse at one point, move it to another, and let it go."""
        self.hover(start)
        for kind, (x, y) in (
            ("mousePressed", start), ("mouseMoved", end), ("mouseReleased", end),
        ):  # fmt: skip
            where = {"x": x, "y": y, "button": "left", "clickCount": 1, "buttons": 1}
            self.ask("Input.dispatchMouseEvent", type=kind, **where)

    def hover(self, at: tuple[float, float]) -> None:
        """Move the mouse to a point."""
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=at[0], y=at[1])

    def resize(self, width: int, height: int) -> None:
        """Give the page a window of this size."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def complaints(self) -> list[Any]:
        """Return what the console was told, and exceptions."""
        told = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [event for event in self.events if event.get("method") in told]

    def requests(self) -> list[str]:
        """Return every address that was asked for."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def quit(self) -> None:
        """End the browser."""
        os.close(self._write)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.wait(10)
        os.close(self._read)


if __name__ == "__main__":
    print(program() or "")
