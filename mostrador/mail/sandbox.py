"""Mails read in a child process, so that a poisonous one can break nothing but its own reader."""

import atexit
import contextlib
import hashlib
import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from mostrador.mail import limits, wire
from mostrador.mail.incoming import IncomingMail, unreadable

_PACKAGE_PARENT: Final = str(Path(__file__).resolve().parents[2])
_CHUNK_BYTES: Final = 1024 * 1024


class _ReaderStopped(Exception):
    """The child process died, hung or answered nonsense."""


def read_isolated(raw: bytes, *, trusted_authserv_ids: frozenset[str] = frozenset()) -> IncomingMail:
    """Read a mail in a child process with bounded memory, processor time and patience.

    A mail that stops its reader is tried once more by its headers alone; what then is known comes with
    `readable=False` and a defect that says so. Safe to call from many threads; they take turns.

    Raises:
        OSError: when no reader can be started, which is no fault of the mail.
    """
    # One byte more than is read tells the reader that there was more.
    mail = _shared.read(raw[: limits.MAIL_BYTES + 1], trusted_authserv_ids)
    return replace(mail, content_sha256=hashlib.sha256(raw).hexdigest())


class _Reader:
    """One warm child process, replaced when it broke or has read enough mails."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._mails = 0

    def read(self, raw: bytes, trusted: frozenset[str]) -> IncomingMail:
        with self._lock:
            try:
                return self._ask(raw, trusted)
            except _ReaderStopped as stopped:
                return self._headers_only(raw, trusted, str(stopped))

    def _headers_only(self, raw: bytes, trusted: frozenset[str], why: str) -> IncomingMail:
        bare = unreadable(raw, why)
        head = raw[: limits.HEADER_BYTES].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
        try:
            known = self._ask(head + b"\n\n", trusted)
        except _ReaderStopped:
            return bare
        return _bare_with_headers(bare, known)

    def _ask(self, raw: bytes, trusted: frozenset[str]) -> IncomingMail:
        child = self._ready_child()
        until = time.monotonic() + limits.READER_WALL_SECONDS
        try:
            _send(_pipe(child.stdin), wire.dump_request(raw, trusted), until)
            answers = _pipe(child.stdout)
            content = _receive_frame(answers, until)
            files = [_receive_frame(answers, until) for _ in range(wire.count_attachments(content))]
            return wire.load_mail(content, files)
        except (_ReaderStopped, OSError, ValueError, KeyError, TypeError) as error:
            status = self.stop()
            raise _ReaderStopped(_reason(error, status)) from error

    def _ready_child(self) -> subprocess.Popen[bytes]:
        # One that died while idle did not die of this mail.
        if self._child is not None and (self._mails >= limits.READER_MAILS or self._child.poll() is not None):
            self.stop()
        if self._child is None:
            self._child = _start()
            self._mails = 0
        self._mails += 1
        return self._child

    def stop(self) -> int | None:
        """End the child, if there is one, and give its exit status."""
        child, self._child = self._child, None
        if child is None:
            return None
        _close_pipes(child)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(timeout=0.2)
        child.kill()
        child.wait()
        return None

    def forget(self) -> None:
        """Leave the child to the process that was forked: it is not ours to ask or to end."""
        self._lock = threading.Lock()
        child, self._child = self._child, None
        if child is not None:
            _close_pipes(child)
            child.returncode = 0  # Or subprocess would wait for it one day.


def _close_pipes(child: subprocess.Popen[bytes]) -> None:
    for pipe in (child.stdin, child.stdout):
        with contextlib.suppress(OSError):
            _pipe(pipe).close()


def _bare_with_headers(bare: IncomingMail, known: IncomingMail) -> IncomingMail:
    """Fill an unreadable mail with what its headers alone told."""
    return replace(
        known,
        content_sha256=bare.content_sha256,
        body_text="",
        buyer_text="",
        body_html_clean="",
        html_with_images="",
        image_addresses=(),
        attachments=(),
        defects=bare.defects,
        readable=False,
    )


def _start() -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        [sys.executable, "-m", "mostrador.mail.reader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        # No secret of ours is in the reader's environment.
        env={"PYTHONPATH": _PACKAGE_PARENT, "PATH": os.environ.get("PATH", ""), "PYTHONUTF8": "1"},
        start_new_session=True,
    )
    for pipe in (child.stdin, child.stdout):
        os.set_blocking(_pipe(pipe).fileno(), False)
    try:
        _receive_frame(_pipe(child.stdout), time.monotonic() + limits.READER_WALL_SECONDS)
    except _ReaderStopped as stopped:
        child.kill()
        child.wait()
        _close_pipes(child)
        raise OSError("The mail reader does not start") from stopped
    return child


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "the reader is always started with both pipes"
    return pipe


def _send(pipe: IO[bytes], content: bytes, until: float) -> None:
    left = memoryview(content)
    while left:
        _wait(pipe, select.POLLOUT, until)
        left = left[os.write(pipe.fileno(), left[:_CHUNK_BYTES]) :]


def _receive_frame(pipe: IO[bytes], until: float) -> bytes:
    length = int(wire.LENGTH.unpack(_receive(pipe, wire.LENGTH.size, until))[0])
    if length > wire.FRAME_BYTES:
        raise _ReaderStopped("its answer was too long")
    return _receive(pipe, length, until)


def _receive(pipe: IO[bytes], wanted: int, until: float) -> bytes:
    content = bytearray()
    while len(content) < wanted:
        _wait(pipe, select.POLLIN, until)
        chunk = os.read(pipe.fileno(), min(wanted - len(content), _CHUNK_BYTES))
        if not chunk:
            raise _ReaderStopped("it ended before it answered")
        content += chunk
    return bytes(content)


def _wait(pipe: IO[bytes], event: int, until: float) -> None:
    poll = select.poll()
    poll.register(pipe, event)
    left = until - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise _ReaderStopped("it took too long")


def _reason(error: BaseException, status: int | None) -> str:
    words = str(error) if isinstance(error, _ReaderStopped) else type(error).__name__
    signalled = f", signal {-status}" if status is not None and status < 0 else ""
    return f"The mail could not be read: its reader stopped ({words}{signalled})."


_shared = _Reader()
atexit.register(_shared.stop)
os.register_at_fork(after_in_child=_shared.forget)
