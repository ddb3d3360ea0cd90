"""Who sends: a worker's steps, or a bare loop over ready messages; each a process of its own, led over its standard
input. It reads one JSON object a line and answers each with one.

`python -m bench.sender worker`: {"do": "plan"} posts what is due; {"do": "deliver", "most": n} sends up to n of it.
`python -m bench.sender bare PORT`: {"mails": n, "octets": each} sends over one connection.
"""

import json
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from asanokai.app import create_app
from asanokai.delivering import BATCH, Delivery
from asanokai.invitations import Night
from asanokai.transport import Transport
from asanokai.worker import plan_step
from bench.ground import HOST, peak_memory
from config import HOME, Config


class Sender:
    """The process, seen from outside."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @classmethod
    @contextmanager
    def started(cls, settings: dict[str, str] | None, *arguments: str) -> Iterator[Self]:
        """Start it and wait until it is ready."""
        command = [sys.executable, "-m", "bench.sender", *arguments]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, cwd=HOME, env=settings, text=True, **pipes) as process:  # type: ignore[call-overload]  # the pipes are a dict of mixed values
            sender = cls(process)
            sender.hear()
            yield sender
            process.stdin.close()

    def tell(self, order: dict[str, Any]) -> None:
        """Give an order."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """Wait for what came of it."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the sender has ended; its words stand above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def timed(senders: Sequence[Sender], order: dict[str, Any]) -> tuple[float, list[dict[str, Any]]]:
    """Give all of them the same order; the seconds until the last is done, and their answers."""
    began = time.perf_counter()
    for sender in senders:
        sender.tell(order)
    answers = [sender.hear() for sender in senders]
    return time.perf_counter() - began, answers


# --- inside the process -----------------------------------------------------------------------------------------------


def _obey(do: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    print("{}", flush=True)
    for line in sys.stdin:
        print(json.dumps(do(json.loads(line))), flush=True)


def _worker() -> None:
    app = create_app(Config.from_env())
    night = Night(*app.config["ASANOKAI"].night)
    with app.app_context(), Transport(app) as transport:
        delivery = Delivery(app.extensions["composer"], transport)

        def do(order: dict[str, Any]) -> dict[str, Any]:
            before = time.process_time()
            done = plan_step(night) if order["do"] == "plan" else _deliver(delivery, order["most"])
            return {"done": done, "peak_mb": peak_memory(), "processor_s": time.process_time() - before}

        _obey(do)


def _deliver(delivery: Delivery, most: int) -> int:
    sent = 0
    while sent < most:
        step = delivery.step(min(BATCH, most - sent))
        if step.away or step.failed or step.dropped or step.postponed:
            raise RuntimeError(f"letters that did not go: {step}")
        sent += step.sent
        if not step.more:
            break
    return sent


def _bare(port: int) -> None:
    with smtplib.SMTP(HOST, port) as connection:
        connection.ehlo()

        def do(order: dict[str, Any]) -> dict[str, Any]:
            mail = (b"x" * 74 + b"\r\n") * (order["octets"] // 76)
            for number in range(order["mails"]):
                sender = f"bounce+{number}@reply.asanokai.example"
                connection.sendmail(sender, [f"member{number}@jena.example"], mail)
            return {"done": order["mails"]}

        _obey(do)


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        _bare(int(sys.argv[2]))
    else:
        _worker()
