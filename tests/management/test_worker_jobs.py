"""`mostrador worker` and its jobs: blocking ones, endless ones, and those of a worker that was killed."""

from __future__ import annotations

import inspect
import signal
import time
from pathlib import Path

import pytest
from procrastinate.contrib.django import app

from mostrador.management.worker.watchdog import DID_NOT_FINISH, GOODBYE
from tests.management.server import Server, until, worker

pytestmark = pytest.mark.django_db  # whose tables the server of these tests copies


def test_no_task_of_ours_can_block_the_loop() -> None:
    foreign = ("builtin", "procrastinate")
    ours = {name: task for name, task in app.tasks.items() if not name.startswith(foreign)}
    assert {"feeds.dispatch", "feeds.follow", "messages.send", "orders.refresh"} <= set(ours)
    assert not [name for name, task in ours.items() if inspect.iscoroutinefunction(task.func)]


def test_a_blocking_job_holds_nobody_up_and_finishes_after_sigterm(server: Server, tmp_path: Path) -> None:
    with worker(server.url, tmp_path, "--concurrency", "2") as ours:
        slow = server.defer("tests.sleep", '{"seconds": 4}')
        until(lambda: server.status(slow) == "doing", what="the slow job's begin")
        began = time.monotonic()
        quick = server.defer("tests.sleep", '{"seconds": 0}')
        until(lambda: server.status(quick) == "done", what="the quick job beside it", seconds=3)
        assert server.status(slow) == "doing", "the quick job did not wait for the slow one"
        ours.tell(signal.SIGTERM)
        assert ours.ends() == 0, ours.said()
        assert 2 < time.monotonic() - began < 13
    assert server.status(slow) == "done"
    assert server.workers() == [], "it has said goodbye"


def test_a_job_that_does_not_end_does_not_keep_a_worker_from_ending(server: Server, tmp_path: Path) -> None:
    with worker(server.url, tmp_path, "--finish-within", "1") as ours:
        endless = server.defer("tests.sleep", '{"seconds": 600}')
        until(lambda: server.status(endless) == "doing", what="the job's begin")
        began = time.monotonic()
        ours.tell(signal.SIGTERM)
        assert ours.ends() == DID_NOT_FINISH, ours.said()
        assert time.monotonic() - began < 1 + GOODBYE + 6
    assert server.status(endless) == "doing", "another worker will find it as stalled"
    assert "Told to stop, but jobs still run" in ours.said()


def test_the_job_of_a_killed_worker_is_done_by_another(server: Server, tmp_path: Path) -> None:
    with worker(server.url, tmp_path) as first:
        job = server.defer("tests.sleep", '{"seconds": 600}')
        until(lambda: server.status(job) == "doing", what="the job's begin")
        first.tell(signal.SIGKILL)
        assert first.ends() == -signal.SIGKILL
    # The hint has come again meanwhile, with the same queueing lock: reviving must not stumble over it.
    server.ask("UPDATE procrastinate_jobs SET args = '{\"seconds\": 0}', queueing_lock = 'same'")
    server.ask(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args, status, queueing_lock, "
        "scheduled_at) VALUES ('default', 'tests.sleep', 0, '{\"seconds\": 0}', 'todo', 'same', "
        "now() + interval '1 hour')"
    )
    other = server.defer("tests.sleep", '{"seconds": 0}')
    server.ask("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", None, other)
    with worker(server.url, tmp_path) as second:
        until(lambda: len(server.workers()) == 2, what="the second worker's entry")
        time.sleep(1)
        assert server.status(job) == "doing", "its heartbeat is young: it might live"
        # 45 seconds, made short.
        server.ask("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '46 s'")
        until(lambda: server.status(job) == "done", what="the revival", seconds=15)
        until(lambda: server.status(other) == "done", what="the revival of an orphan", seconds=15)
        assert second.lives(), second.said()


def test_a_lost_notify_is_made_up_for_by_looking(server: Server, tmp_path: Path) -> None:
    triggers = server.ask(
        "SELECT tgname FROM pg_trigger "
        "WHERE tgrelid = 'procrastinate_jobs'::regclass AND tgname LIKE '%%notify%%'"
    )
    assert triggers
    for turn in ("DISABLE", "ENABLE"):
        for trigger in triggers:
            server.ask(f'ALTER TABLE procrastinate_jobs {turn} TRIGGER "{trigger["tgname"]}"')
        if turn == "ENABLE":
            break
        with worker(server.url, tmp_path) as ours:
            until(server.workers, what="the worker's entry")
            job = server.defer("tests.sleep", '{"seconds": 0}')
            until(lambda job=job: server.status(job) == "done", what="the job", seconds=3)  # type: ignore[misc]
            failing = server.defer("tests.defer_and_fail")
            until(lambda job=failing: server.status(job) == "failed", what="its failure", seconds=5)  # type: ignore[misc]
            waiting = server.ask("SELECT FROM procrastinate_jobs WHERE status = 'todo'")
            assert waiting == [], "a job deferred in a transaction goes with it"
            assert ours.lives()


def test_a_worker_whose_sweeper_died_ends_loudly(server: Server, tmp_path: Path) -> None:
    server.ask("ALTER TABLE mostrador_feed RENAME TO mostrador_feed_away")
    try:
        with worker(server.url, tmp_path) as ours:
            assert ours.ends() == 1, ours.said()
    finally:
        server.ask("ALTER TABLE mostrador_feed_away RENAME TO mostrador_feed")
    assert "The sweeper died" in ours.said()
