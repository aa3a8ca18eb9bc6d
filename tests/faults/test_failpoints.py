"""Failpoints: each name stands at one step of the product, and does nothing unless it is asked for."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mostrador.tasks import failpoints

PRODUCT = Path(failpoints.__file__).parent.parent


def reached_in_the_product() -> Counter[str]:
    texts = (path.read_text("utf-8") for path in PRODUCT.rglob("*.py"))
    return Counter(name for text in texts for name in re.findall(r'\breach\("([^"]+)"\)', text))


def run(order: str, *names: str) -> subprocess.Popen[str]:
    """Start a program that reaches `names` one after the other and says so."""
    program = "import runpy, sys\nreach = runpy.run_path(sys.argv[1])['reach']\n"
    program += "for name in sys.argv[2:]:\n    reach(name)\n    print(name, flush=True)\n"
    environment = {**os.environ, failpoints.VARIABLE: order}
    command = [sys.executable, "-c", program, str(failpoints.__file__), *names]
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def test_every_name_stands_at_exactly_one_step_and_every_step_has_a_name() -> None:
    assert reached_in_the_product() == Counter(failpoints.NAMES)
    assert len(failpoints.NAMES) >= 30


def test_without_the_variable_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(failpoints.VARIABLE, raising=False)
    for name in failpoints.NAMES:
        failpoints.reach(name)
    assert not [path for path in PRODUCT.rglob("*.py") if "os.environ[VARIABLE" in path.read_text("utf-8")]


def test_a_kill_leaves_no_time_to_tidy_up_and_comes_at_the_nth_time() -> None:
    child = run("b:kill:2", "a", "b", "a", "b", "a")
    assert child.communicate(timeout=20)[0].split() == ["a", "b", "a"]
    assert child.returncode == -signal.SIGKILL


def test_a_frozen_program_goes_on_when_it_is_woken() -> None:
    child = run("b:freeze", "a", "b", "c")
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    child.send_signal(signal.SIGCONT)
    assert child.communicate(timeout=20)[0].split() == ["a", "b", "c"]


def test_a_trip_is_a_bug_at_that_step() -> None:
    child = run("b:raise", "a", "b", "c")
    assert child.communicate(timeout=20)[0].split() == ["a"]
    assert child.returncode == 1
