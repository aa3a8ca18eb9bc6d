"""A cable: a TCP port that leads to the database's socket, or elsewhere, and that can be cut and mended."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote

from django.db import connection

from tests.faults.proxy import reset


@dataclass
class Cable:
    """A host's way to the database. Cut, nothing passes and nobody is told; mended, old connections break."""

    begin: Callable[[], socket.socket]  # where it begins: a socket that listens
    end: Callable[[], socket.socket]  # where it ends: a new connection
    _pairs: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)
    _whole: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Cable:
        self._whole.set()
        self._listener = self.begin()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._whole.set()
        self._break()

    @property
    def url(self) -> str:
        """The database's URL through this cable."""
        where = connection.settings_dict
        port = self._listener.getsockname()[1]
        return f"postgresql://{quote(where['USER'])}@127.0.0.1:{port}/{where['NAME']}?sslmode=disable"

    def cut(self) -> None:
        """Let nothing pass any more."""
        self._whole.clear()

    def mend(self) -> None:
        """Let new connections pass; those that were cut are reset."""
        self._break()
        self._whole.set()

    def _break(self) -> None:
        for pair in self._pairs:
            for each in pair:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                with suppress(OSError):
                    reset(each)
        self._pairs.clear()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._whole.wait(60)
                far = self.end()
                self._pairs.append((client, far))
                for source, target in ((client, far), (far, client)):
                    threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError, ValueError):
            while content := source.recv(65536):
                self._whole.wait()
                target.sendall(content)
            target.shutdown(socket.SHUT_WR)


def to_database() -> socket.socket:
    """Return a new connection to the database."""
    where = connection.settings_dict
    if not where["HOST"].startswith("/"):
        return socket.create_connection((where["HOST"], int(where["PORT"] or 5432)))
    found = socket.socket(socket.AF_UNIX)
    found.connect(f"{where['HOST']}/.s.PGSQL.{where['PORT'] or 5432}")
    return found
