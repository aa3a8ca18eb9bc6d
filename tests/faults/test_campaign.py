"""The campaign: its shares make up the whole, and its table adds up what they found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.faults import campaign, figures
from tests.faults.campaign import HERE, PARTS, Job, parts
from tests.faults.figures import Row, merged, share_of, spread, table


@pytest.mark.parametrize("shares", [1, 2, 3, 7])
def test_the_shares_of_a_row_do_everything_once(shares: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "SHARES", shares)
    done: list[int] = []
    for share in range(1, shares + 1):
        monkeypatch.setattr(figures, "SHARE", share)
        done += share_of(range(20))
    assert sorted(done) == list(range(20))


@pytest.mark.parametrize(
    ("size", "often"), [("", 4), ("full", 120), ("night", 2400), ("0.1", 12), ("0.001", 4)]
)
def test_the_size_decides_how_often(size: str, often: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "SIZE", size)
    assert figures.figure(sample=4, full=120) == often


def test_rows_of_one_name_are_added_up() -> None:
    first = Row(
        "kills", done=3, doubled=1, seconds=5.0, tally=Counter(asked=4, refused=0), times={"back": [2.0]}
    )
    second = Row("kills", done=4, lost=2, seconds=9.0, tally=Counter(asked=1), times={"back": [1.0, 4.0]})
    [whole] = merged([first, second])
    assert (whole.done, whole.doubled, whole.lost, whole.seconds, whole.shares) == (7, 1, 2, 9.0, 2)
    assert whole.tally == {"asked": 5, "refused": 0}
    assert whole.times == {"back": [2.0, 1.0, 4.0]}


def test_the_table_names_what_was_counted_and_what_was_wrong() -> None:
    entry = Row(
        "kills", done=1200, tally=Counter(asked=0), times={"back": [1.0, 3.0, 2.0]}, wrong=["paid twice"]
    )
    assert table([entry])[1:] == [
        f"{'kills':58}   1,200       0     0     0     0      0.0",
        "    asked: 0",
        "    back: 3 times, p50 2.0 s, p95 3.0 s, max 3.0 s",
        "    WRONG: paid twice",
    ]


def test_a_spread_of_one_time_is_that_time() -> None:
    assert spread([1.25]) == "1 times, p50 1.2 s, p95 1.2 s, max 1.2 s"


def test_the_campaign_runs_every_file_of_fault_tests_and_the_notifications() -> None:
    paths = [part.path for part in parts()]
    assert set(HERE.glob("test_*.py")) <= set(paths)
    assert len(paths) == len(set(paths))
    assert all(part.path.is_file() for part in PARTS)


def test_the_words_behind_the_size_choose_files() -> None:
    assert [part.path.name for part in parts("crashes", "queue")] == ["test_crashes.py", "test_queue.py"]


def test_a_job_names_the_command_that_replays_it(tmp_path: Path) -> None:
    job = Job(PARTS[1], 2, tmp_path, seed="7", size="full")
    assert job.replay() == (
        "MOSTRADOR_FAULTS=full MOSTRADOR_SEED=7 MOSTRADOR_SHARE=2/6 "
        ".venv/bin/pytest -m 'faults or not planted' tests/faults/test_crashes.py"
    )


def test_a_job_whose_tests_fail_has_failed_and_keeps_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = tmp_path / "test_failing.py"
    failing.write_text(
        "from tests.faults.figures import row\n"
        "def test_it():\n"
        "    with row('a row') as (entry, _):\n"
        "        entry.count()\n"
        "        entry.doubled += 1\n"
    )
    monkeypatch.setattr(campaign, "ROOT", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(HERE.parent.parent))
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:django")
    job = Job(campaign.Part(failing), 1, tmp_path / "job", seed="7", size="0.1")
    job.start()
    assert job.process is not None
    job.process.wait(60)
    assert job.has_ended()
    assert job.has_failed()
    assert [(row.name, row.done, row.doubled, row.seed) for row in job.rows] == [("a row", 1, 1, 7)]
    assert any("MOSTRADOR_SEED=7 MOSTRADOR_SHARE=1/1" in line for line in job.last_words())
