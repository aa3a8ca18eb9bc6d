"""The watchdog: it counts silence, forgives a freeze, tells systemd, and ends the process when it must."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mostrador.management.worker.companions import Companion
from mostrador.management.worker.watchdog import (
    DID_NOT_FINISH,
    GOODBYE,
    STOOD_STILL,
    Patience,
    Pulse,
    Watchdog,
    tell_supervisor,
)


@dataclass
class Watched:
    """Two pulses under a watchdog with a patience of 120 and 30 seconds, and the exit codes it chose."""

    queue: Pulse = field(default_factory=lambda: Pulse("queue"))
    sweeper: Pulse = field(default_factory=lambda: Pulse("sweeper"))
    told: threading.Event = field(default_factory=threading.Event)
    ends: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dog = Watchdog(
            (self.queue, self.sweeper),
            told_to_stop=self.told,
            patience=Patience(silence=120, finish=30),
            end=self.ends.append,
        )

    def pass_time(self, seconds: int, *beating: Pulse) -> None:
        """Let seconds pass in which only some give signs of life."""
        for _ in range(seconds):
            for pulse in beating:
                pulse.beat()
            self.dog.look(awake=1.0)


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_whoever_gives_signs_of_life_goes_on(watched: Watched) -> None:
    watched.pass_time(1000, watched.queue, watched.sweeper)
    assert watched.ends == []


def test_one_part_that_stands_still_for_120_seconds_ends_the_process(watched: Watched) -> None:
    watched.pass_time(120, watched.queue)
    assert watched.ends == []
    watched.pass_time(1, watched.queue)
    assert watched.ends == [STOOD_STILL] == [70]


def test_a_sign_of_life_starts_the_count_anew(watched: Watched) -> None:
    watched.pass_time(119, watched.queue)
    watched.pass_time(1, watched.queue, watched.sweeper)
    watched.pass_time(120, watched.queue)
    assert watched.ends == []


def test_running_jobs_have_their_time_after_the_signal_and_no_more(watched: Watched) -> None:
    watched.told.set()
    watched.pass_time(30 + int(GOODBYE))
    assert watched.ends == []
    watched.pass_time(1)
    assert watched.ends == [DID_NOT_FINISH] == [75]


def test_systemd_hears_from_a_watchdog_that_has_nothing_to_complain_about(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        tell_supervisor("READY=1")
        watched.pass_time(1)
        assert [systemd.recv(100), systemd.recv(100)] == [b"READY=1", b"WATCHDOG=1"]
        watched.pass_time(119)  # far more words than its ear holds: nobody waits for it
        systemd.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while systemd.recv(100):
                pass
        watched.pass_time(1)
        with pytest.raises(BlockingIOError):
            systemd.recv(100)
    assert watched.ends == [STOOD_STILL]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_death_of_a_companion_is_noticed() -> None:
    died = threading.Event()

    def run(stop: threading.Event) -> None:
        raise ZeroDivisionError("a bug")

    companion = Companion(run, name="sweeper", on_death=died.set)
    companion.start()
    assert died.wait(5)
    companion.stop(patience=5)
    assert isinstance(companion.error, ZeroDivisionError)
