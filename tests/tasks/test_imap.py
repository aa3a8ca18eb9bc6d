"""Messages in, from a real IMAP server: nothing is marked before it is stored, nothing is taken twice."""

from __future__ import annotations

import imaplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from mostrador.models import Mailbox, Message, RawMail, RawMailState
from mostrador.tasks import messages
from tests.makers import make_mailbox
from tests.tasks.letters import letter

pytestmark = pytest.mark.django_db
USER, PASSWORD = "demouser", "demopass"


@pytest.fixture
def imap_port() -> Iterator[int]:
    """A real IMAP server (pymap) with one user."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("pymap")), "--host", "127.0.0.1", "--port", str(port)]
    child = subprocess.Popen(
        [*command, "--no-tls", "dict", "--demo-data"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield port
    finally:
        child.terminate()
        child.wait(10)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the IMAP server did not start")


@pytest.fixture
def mailbox(imap_port: int) -> Mailbox:
    """A mailbox on that server, its folder holding two letters nobody has seen."""
    with imaplib.IMAP4("127.0.0.1", imap_port) as client:
        client.login(USER, PASSWORD)
        client.create("Buyers")
        for number in (1, 2):
            content = letter(message_id=f"<m{number}@amazonses.com>", text=f"Nachricht {number}")
            client.append("Buyers", "", imaplib.Time2Internaldate(time.time()), content)
    return make_mailbox(url=f"imap://{USER}@127.0.0.1:{imap_port}/Buyers", secret=PASSWORD)


def test_mails_of_an_imap_folder_become_messages_once(mailbox: Mailbox, run_jobs: Callable[[], None]) -> None:
    for _ in range(2):
        messages.plan_fetch(mailbox_id=mailbox.pk, now=timezone.now())
        run_jobs()

    mailbox.refresh_from_db()
    assert mailbox.trouble == ""
    assert sorted(Message.objects.values_list("text", flat=True)) == ["Nachricht 1", "Nachricht 2"]
    assert set(RawMail.objects.values_list("state", flat=True)) == {RawMailState.READ}


def test_a_refused_login_is_told_without_the_password(mailbox: Mailbox, imap_port: int) -> None:
    other = make_mailbox(url=mailbox.url, secret="not-the-password")

    messages.fetch(mailbox_id=other.pk)

    other.refresh_from_db()
    assert other.trouble.startswith("open the mailbox: ")
    assert "not-the-password" not in other.trouble
    assert RawMail.objects.count() == 0
