"""Failpoints: named steps at which the fault tests kill, freeze or trip this very program; otherwise nothing.

`MOSTRADOR_FAILPOINT=name:deed[:nth]` arms one of them, for the nth time it is reached (the first by default).
The deed is `kill` (as by the kernel: nothing is tidied), `freeze` (until somebody sends SIGCONT) or `raise`.
"""

from __future__ import annotations

import itertools
import os
import signal

VARIABLE = "MOSTRADOR_FAILPOINT"

# Every step boundary of sending, finding out, settling and answering, in the order they are reached.
NAMES = (
    "dispatch.begins",
    "dispatch.chosen",
    "preflight.read",
    "seal.locked",
    "seal.begun",
    "seal.fixed",
    "seal.moved",
    "seal.committed",
    "stage.begins",
    "stage.document",
    "stage.uploaded",
    "stage.committed",
    "send.begins",
    "send.token",
    "send.taken",
    "send.marked",
    "send.recorded",
    "send.failed",
    "send.answered",
    "send.noted",
    "settle.decided",
    "settle.put",
    "settle.moved",
    "settle.committed",
    "follow.begins",
    "follow.done",
    "look.listed",
    "look.settled",
    "status.asked",
    "report.begins",
    "report.fetched",
    "report.kept",
    "report.read",
    "report.settled",
    "reply.begins",
    "reply.marked",
    "reply.worded",
    "reply.reached",
    "reply.taken",
    "reply.noted",
)

_times = itertools.count(1)


class Tripped(RuntimeError):
    """The deed `raise`: a bug at this very step."""


def reach(name: str) -> None:
    """Do what the environment asks for at this step; in production it asks for nothing."""
    wish = os.environ.get(VARIABLE)
    if wish is None:
        return
    wanted, deed, *nth = wish.split(":")
    if wanted != name or next(_times) != int(nth[0] if nth else 1):
        return
    match deed:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        case _:
            raise Tripped(name)
