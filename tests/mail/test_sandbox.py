"""The reader in its own process: as good as the direct one, and dying alone."""

import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from mostrador.mail import limits, sandbox
from mostrador.mail.incoming import IncomingMail, read
from mostrador.mail.sandbox import read_isolated

from .corpus import FIXED
from .samples import SAMPLES, mail_of

RAW = mail_of(SAMPLES[0]).as_bytes()


@pytest.fixture(autouse=True)
def fresh_reader() -> Iterator[None]:
    yield
    sandbox._shared.stop()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_it_reads_as_the_direct_reader_does(sample: object) -> None:
    raw = mail_of(sample).as_bytes()  # type: ignore[arg-type]  # pytest's parameters are objects
    assert read_isolated(raw) == read(raw)


def test_attachments_come_through_byte_for_byte() -> None:
    message = mail_of(SAMPLES[0])
    picture = b"\x89PNG\r\n\x1a\n" + os.urandom(3 * limits.MEGABYTE)
    message.add_attachment(picture, maintype="image", subtype="png", filename="a.png")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="b.pdf")
    assert [one.content for one in read_isolated(message.as_bytes()).attachments] == [picture, b"%PDF-1.7"]


def test_trusted_servers_are_told_to_the_reader() -> None:
    raw = b"Authentication-Results: mx.ours.example; dmarc=pass header.from=marketplace.amazon.com\r\n" + RAW
    assert read_isolated(raw, trusted_authserv_ids=frozenset({"mx.ours.example"})).authentic is True
    assert read_isolated(raw).authentic is None


@pytest.mark.parametrize(
    "name", ["thirty megabytes", "html bold nested", "nested 20000 deep", "a million parts", "empty"]
)
def test_the_worst_mails_do_not_stop_it(name: str) -> None:
    raw = FIXED[name]()
    assert read_isolated(raw) == read(raw)


def test_it_reads_a_thousand_mails_a_minute_by_far() -> None:
    read_isolated(RAW)
    before = time.monotonic()
    for _ in range(200):
        read_isolated(RAW)
    assert time.monotonic() - before < 200 * 60 / 1_000


def test_a_killed_reader_is_replaced_and_the_mail_after_it_is_read() -> None:
    read_isolated(RAW)
    child = sandbox._shared._child
    assert child is not None
    os.kill(child.pid, signal.SIGSTOP)
    killer = threading.Timer(0.3, os.kill, (child.pid, signal.SIGKILL))
    killer.start()
    mail = read_isolated(RAW)
    killer.join()
    assert mail.readable is False
    assert mail.defects == (
        "The mail could not be read: its reader stopped (it ended before it answered, signal 9).",
    )
    assert mail.order_id == SAMPLES[0].order_id
    assert mail.subject == SAMPLES[0].subject
    assert mail.buyer_text == ""
    assert read_isolated(RAW) == read(RAW)


def test_a_reader_that_died_while_idle_is_no_fault_of_the_next_mail() -> None:
    read_isolated(RAW)
    child = sandbox._shared._child
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    child.wait(5)
    assert read_isolated(RAW) == read(RAW)


def test_a_reader_that_cannot_start_is_no_fault_of_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(OSError, match="does not start"):
        read_isolated(RAW)


def test_a_reader_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    read_isolated(RAW)
    child = sandbox._shared._child
    assert child is not None
    os.kill(child.pid, signal.SIGSTOP)
    monkeypatch.setattr(limits, "READER_WALL_SECONDS", 0.3)
    mail = read_isolated(RAW)
    assert mail.readable is False
    assert "it took too long" in mail.defects[0]


def test_a_reader_is_replaced_after_its_share_of_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "READER_MAILS", 2)
    children = set()
    for _ in range(4):
        assert read_isolated(RAW).readable is True
        assert sandbox._shared._child is not None
        children.add(sandbox._shared._child.pid)
    assert len(children) == 2


def test_the_reader_sees_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOSTRADOR_SECRET_KEY", "s3cret")
    read_isolated(RAW)
    child = sandbox._shared._child
    assert child is not None
    with open(f"/proc/{child.pid}/environ", "rb") as environment:  # noqa: PTH123 a kernel file, not a path of ours
        assert b"s3cret" not in environment.read()


def test_many_threads_may_ask_at_once() -> None:
    raws = [mail_of(sample).as_bytes() for sample in SAMPLES]
    found: dict[int, IncomingMail] = {}

    def ask(number: int) -> None:
        found[number] = read_isolated(raws[number % len(raws)])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[number] == read(raws[number % len(raws)]) for number in range(24))


def test_a_forked_process_uses_a_reader_of_its_own() -> None:
    assert read_isolated(RAW).readable is True
    child = sandbox._shared._child
    assert child is not None
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        assert pool.submit(read_isolated, RAW).result(20) == read(RAW)
    assert read_isolated(RAW) == read(RAW)
    assert sandbox._shared._child is child


def test_the_reader_has_little_memory_and_processor_time() -> None:
    read_isolated(RAW)
    child = sandbox._shared._child
    assert child is not None
    with open(f"/proc/{child.pid}/limits") as file:  # noqa: PTH123 a kernel file, not a path of ours
        lines = {line[:26].strip(): line[26:].split()[0] for line in file}
    assert lines["Max address space"] == str(512 * limits.MEGABYTE)
    assert 0 < int(lines["Max cpu time"]) <= 2 + limits.READER_CPU_SECONDS
