"""Hosts: each a network namespace of its own, out of which nothing leads but the cables laid into it.

Where namespaces may not be made (they need root), a host shares the machine's network and has only own ports.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

NEW_NETWORK = 0x40000000  # CLONE_NEWNET
READ_FLAGS, SET_FLAGS, IS_UP = 0x8913, 0x8914, 0x1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
FLAGS_OF = "16sh22x"  # struct ifreq

_libc = ctypes.CDLL(None, use_errno=True)


def enter(network: int) -> None:
    """Move the calling thread into a network; threads it starts later follow.

    Raises: PermissionError where that is not allowed.
    """
    if _libc.setns(network, NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "setns")


@dataclass
class Host:
    """A host's network. Use it as a context manager; it is gone when nobody is in it any more."""

    _network: int = -1
    # The one thread of ours that lives in it: namespaces belong to threads.
    _inside: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def __enter__(self) -> Host:
        try:
            self._network = self._inside.submit(_make_network).result()
        except OSError:
            self._network = -1  # not allowed here
        return self

    def __exit__(self, *_: object) -> None:
        self._inside.shutdown()
        if self.is_apart:
            os.close(self._network)

    @property
    def is_apart(self) -> bool:
        """Return whether it has a network of its own."""
        return self._network >= 0

    @property
    def entrance(self) -> str:
        """The file by which another process enters it; nothing where it is not apart."""
        return f"/proc/{os.getpid()}/fd/{self._network}" if self.is_apart else ""

    def listener(self, port: int = 0) -> socket.socket:
        """Return a socket that listens inside; whoever holds it may serve it from outside."""
        return self._inside.submit(socket.create_server, ("127.0.0.1", port), backlog=64).result()


def _make_network() -> int:
    """Move this thread into a new network in which only the loopback is up, and return its file."""
    if _libc.unshare(NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        said = fcntl.ioctl(any_socket, READ_FLAGS, struct.pack(FLAGS_OF, b"lo", 0))
        name, flags = struct.unpack(FLAGS_OF, said)
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack(FLAGS_OF, name, flags | IS_UP))
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY)
