"""Workers that die at a chosen step, as if the power had gone: real processes, forked by one that has imported all.

`python -m tests.dying` reads one order a line, {"die": step, "settings": {…}, "most_bytes": n}, and forks a worker for
it, whose number it prints; the test kills, stops or waits for it. `STEPS` are the places at which one kills itself.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from asanokai.app import create_app
from asanokai.intake import imap, lmtp, taking
from asanokai.worker import Worker
from config import HOME, Config

PATIENCE = 110


def _die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def _before(owner: Any, name: str) -> None:
    setattr(owner, name, _die)


def _after(owner: Any, name: str) -> None:
    whole = getattr(owner, name)

    def then(*arguments: Any, **more: Any) -> Any:
        whole(*arguments, **more)
        _die()

    setattr(owner, name, then)


STEPS: dict[str, Callable[[], None]] = {
    "before it is written down": lambda: _before(lmtp, "receive"),
    "written down, not committed": lambda: _after(lmtp, "receive"),
    "committed, not acknowledged": lambda: _after(lmtp._Desk, "_keep"),
    "claimed, not looked at": lambda: _before(taking, "take"),
    "in the middle of taking": lambda: _before(taking, "settle"),
    "taken, not committed": lambda: _after(taking, "settle"),
    "taken and committed": lambda: _after(taking, "take"),
}

MAILBOX_STEPS: dict[str, Callable[[], None]] = {
    "fetched, not written down": lambda: _before(imap, "receive"),
    "fetched, not committed": lambda: _after(imap, "receive"),
    "committed, not deleted": lambda: _before(imap, "_delete"),
    "deleted, mark not moved": lambda: _before(imap.Fetcher, "_move"),
    "mark moved": lambda: _after(imap.Fetcher, "_move"),
}


class Forge:
    """The process that forks them, seen from outside."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = 0

    def start(self, settings: dict[str, str], *, die: str = "", most_bytes: int = 0) -> None:
        """Start a worker."""
        assert self._process.stdin and self._process.stdout
        order = {"die": die, "settings": settings, "most_bytes": most_bytes}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self.pid = int(self._process.stdout.readline())

    @property
    def alive(self) -> bool:
        """Whether the worker that was started last lives."""
        with suppress(OSError):
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        return False

    def wait(self) -> None:
        """Wait until it is dead."""
        end = time.monotonic() + PATIENCE
        while self.alive:
            assert time.monotonic() < end, "the worker does not die"
            time.sleep(0.01)

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Kill it, or ask it to stop, and wait."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
        self.wait()


@contextmanager
def forge(said: Path) -> Iterator[Forge]:
    """The forging process; it and its workers are gone after the block."""
    with said.open("ab") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.dying"],
            cwd=HOME,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
    try:
        yield Forge(process)
    except BaseException as error:
        error.add_note(f"the workers said:\n{said.read_text()}")
        raise
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()


def _work(order: dict[str, Any]) -> None:
    os.environ.update(order["settings"])
    if order["die"]:
        {**STEPS, **MAILBOX_STEPS}[order["die"]]()
    if order["most_bytes"]:
        _soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["most_bytes"], hard))
    Worker(create_app(Config.from_env())).run()


def _forge() -> None:
    # Nobody waits for those who have died.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _work(json.loads(line))
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    _forge()
