"""A line to a server that is cut after so many bytes of what the client says, or of what the server answers."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from typing import Literal

HOST = "127.0.0.1"
Side = Literal["client", "server"]


class Line:
    """A proxy on loopback. `cut` says after how many bytes of which side everything is torn; None: never. What passed
    of the connection that was opened last stands in `said`, by side."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = socket.create_server((HOST, 0))
        self.port = int(self._listener.getsockname()[1])
        self.cut: tuple[Side, int] | None = None
        self.said: dict[Side, bytes] = {"client": b"", "server": b""}
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = self._listener.accept()
                self.connections += 1
                self.said = {"client": b"", "server": b""}
                threading.Thread(target=self._pass, args=(near, self.said), daemon=True).start()

    def _pass(self, near: socket.socket, said: dict[Side, bytes]) -> None:
        with contextlib.suppress(OSError), near, socket.create_connection((HOST, self._to)) as far:
            sides: dict[socket.socket, tuple[Side, socket.socket]] = {near: ("client", far), far: ("server", near)}
            for end in sides:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while not self._torn(said):
                for source in select.select(list(sides), [], [])[0]:
                    side, target = sides[source]
                    piece = source.recv(65536)
                    if not piece:
                        return
                    if self.cut and self.cut[0] == side:
                        piece = piece[: self.cut[1] - len(said[side])]
                    said[side] += piece
                    target.sendall(piece)

    def _torn(self, said: dict[Side, bytes]) -> bool:
        return self.cut is not None and len(said[self.cut[0]]) >= self.cut[1]


@contextlib.contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A line to a port, gone after the block."""
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
