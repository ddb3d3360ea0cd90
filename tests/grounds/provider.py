"""A real OpenID provider on a loopback port: npm's `oidc-provider`, in a folder of its own beside this file.

`python -m tests.grounds.provider` fetches it by `npm ci` if it is not there (`make test` calls it); it needs Node 20.
The provider signs in whoever it is told to, see `provider/provider.mjs`. Nothing of it is part of the program.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("provider")
OLDEST_NODE = 20
SECRET = "a secret for tests only"
PATIENCE = 30.0
NEEDED = f"The tests need Node {OLDEST_NODE} or newer with npm: https://nodejs.org, or apt install nodejs npm."


@dataclass
class Running:
    """A provider that answers."""

    issuer: str
    process: subprocess.Popen[bytes]

    def be(self, **account: Any) -> None:
        """From now on it is somebody else who signs in there."""
        request = urllib.request.Request(f"{self.issuer}/account", json.dumps(account).encode())
        with urllib.request.urlopen(request, timeout=10):
            pass


def install() -> None:
    """Make sure that the provider is there. Raises SystemExit or CalledProcessError."""
    if not shutil.which("npm") or not _node_is_new_enough():
        sys.exit(NEEDED)
    lock, stamp = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=FOLDER, check=True, stdout=sys.stderr)
        stamp.write_bytes(lock.read_bytes())


def _node_is_new_enough() -> bool:
    said = subprocess.run(["node", "--version"], check=False, capture_output=True, text=True).stdout
    number = said.strip().removeprefix("v").partition(".")[0]
    return number.isdecimal() and int(number) >= OLDEST_NODE


@contextmanager
def serving(*redirects: str) -> Iterator[Running]:
    """A provider that leads back to these addresses; gone after the block."""
    install()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    account = {"sub": "nobody", "email": "", "email_verified": False}
    settings = {"PORT": str(port), "REDIRECT": json.dumps(redirects), "ACCOUNT": json.dumps(account)}
    process = subprocess.Popen(
        ["node", "provider.mjs"],
        cwd=FOLDER,
        env={"PATH": os.environ["PATH"], **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _answering(Running(f"http://localhost:{port}", process))
    finally:
        process.kill()
        process.wait()


def _answering(running: Running) -> Running:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and running.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{running.issuer}/jwks", timeout=5):
                return running
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the OpenID provider of the tests does not answer")


if __name__ == "__main__":
    install()
