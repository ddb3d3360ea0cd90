"""Workers as real processes, for tests that kill, stop or double them. None outlives its block."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from config import HOME, Config

PATIENCE = 120


def environment(config: Config, port: int, folder: Path, moment: datetime) -> dict[str, str]:
    """What a worker on the test's database is given; its clock stands at `moment`, in a file in `folder`."""
    stands = folder / "clock"
    stands.write_text(moment.isoformat())
    return {
        **os.environ,
        "ASANOKAI_CLOCK": str(stands),
        "ASANOKAI_DATABASE_URL": config.database_url,
        "ASANOKAI_BASE_URL": config.base_url,
        "ASANOKAI_SECRET_KEY": config.secret_key,
        "ASANOKAI_ERASED_KEY": config.erased_key,
        "ASANOKAI_ERASURES": str(config.erasures),
        "ASANOKAI_SENDER": config.sender,
        "ASANOKAI_REPLY_DOMAIN": config.reply_domain,
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": str(port),
    }


@contextmanager
def working(settings: dict[str, str], said: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker. What it wrote stands beside the failure, if there is one."""
    with said.open("ab") as stderr:
        worker = subprocess.Popen(
            [sys.executable, "-m", "asanokai.cli", "worker"],
            cwd=HOME,
            env=settings,
            start_new_session=True,
            stderr=stderr,
        )
    try:
        yield worker
    except BaseException as error:
        error.add_note(f"the worker said:\n{said.read_text()}")
        raise
    finally:
        kill(worker)


def kill(worker: subprocess.Popen[bytes]) -> None:
    """End it without a warning, if it has not ended."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def wait_until(reached: Callable[[], bool], *workers: subprocess.Popen[bytes]) -> None:
    """Wait until something is so while they work."""
    end = time.monotonic() + PATIENCE
    while not reached():
        assert all(worker.poll() is None for worker in workers), "a worker stopped by itself"
        assert time.monotonic() < end, "the workers make no progress"
        time.sleep(0.02)
