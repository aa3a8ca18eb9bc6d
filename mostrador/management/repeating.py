"""Repeating: do something now, or again and again until told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType


def repeat(step: Callable[[], bool], *, once: bool, every: float) -> bool:
    """Call `step` once, or every so many seconds until SIGTERM or Ctrl-C; return its last result."""
    told = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        told.set()

    if once:
        return step()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    result = True
    while not told.is_set():
        result = step()
        told.wait(every)
    return result
