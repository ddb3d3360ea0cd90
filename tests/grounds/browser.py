"""A real Chromium, driven by Playwright: Debian's where there is one, else Playwright's own.

`python -m tests.grounds.browser` installs one if the machine has none (`make test` calls it). A page opened
here fails its test if a script breaks, if the content policy had to block something, or if anything asks a
host that is not ours.

Trap: as long as Playwright's sync interface is open, its thread has a running event loop; `asyncio.run` fails
there.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Japanese pages are tofu without it. Noto is named since not every font that says it speaks Japanese does.
FONTS = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
OURS = ("localhost", "127.0.0.1", "::1")


def found() -> str | None:
    """Where the system's own Chromium is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def install() -> None:
    """Make sure that there is a Chromium: by apt as root, else by Playwright. Raises CalledProcessError."""
    if found() and (FONTS.exists() or not apt()):
        return
    command = apt()
    if command:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (
            ["update", "-qq"],
            ["install", "-qq", "-y", "--no-install-recommends", "chromium", "fonts-noto-cjk"],
        ):
            subprocess.run([*command, *arguments], check=True, env=environment, stdout=sys.stderr)
    elif not _own():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True, stdout=sys.stderr)


def apt() -> list[str]:
    """How apt-get is called with the rights to install, or [] where it cannot be."""
    if not shutil.which("apt-get"):
        return []
    if os.geteuid() == 0:
        return ["apt-get"]
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], check=False, capture_output=True).returncode == 0:
        return [sudo, "-n", "apt-get"]
    return []


def _own() -> bool:
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser that is gone after the block."""
    arguments = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """Pages of one browser context, and everything that went wrong on them."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.wrongs: list[str] = []
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.wrongs.append(f"script failed: {error.error}"))

    def page(self) -> Page:
        """A new page in this context."""
        return self.context.new_page()

    def close(self) -> None:
        """Close the context; raises AssertionError with everything that went wrong."""
        self.context.close()
        assert not self.wrongs, "\n".join(self.wrongs)

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in OURS:
            self.wrongs.append(f"asked a foreign host: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.wrongs.append(message.text)


if __name__ == "__main__":
    try:
        install()
    except (subprocess.CalledProcessError, Error) as error:
        sys.exit(f"No Chromium could be installed: {error}")
