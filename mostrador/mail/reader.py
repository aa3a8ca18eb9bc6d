"""The mail reader: a process of its own with little memory and time, told what to read over a pipe."""

import math
import os
import resource
import sys
from typing import BinaryIO

from mostrador.mail import limits, wire
from mostrador.mail.incoming import read


def main() -> None:
    """Read mails from standard input until it ends, each within its own share of processor time."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever a library prints must not end up between the frames.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    resource.setrlimit(resource.RLIMIT_AS, (limits.READER_MEMORY_BYTES, limits.READER_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    answers.write(wire.frame(b"ready"))
    answers.flush()
    while (trusted := _next_frame(sys.stdin.buffer)) is not None:
        raw = _next_frame(sys.stdin.buffer)
        if raw is None:
            return
        _allow_processor_time()
        for content in wire.dump_mail(read(raw, trusted_authserv_ids=wire.load_trusted(trusted))):
            answers.write(wire.frame(content))
        answers.flush()


def _next_frame(questions: BinaryIO) -> bytes | None:
    length = questions.read(wire.LENGTH.size)
    if len(length) < wire.LENGTH.size:
        return None
    wanted = int(wire.LENGTH.unpack(length)[0])
    content = questions.read(wanted)
    return content if len(content) == wanted else None


def _allow_processor_time() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime) + limits.READER_CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
