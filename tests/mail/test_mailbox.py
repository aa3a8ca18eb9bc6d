"""Mail fetched from a real Maildir and a real IMAP server."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from imap_tools import MailBoxUnencrypted

from mostrador.mail import limits
from mostrador.mail.errors import Happened, MailError
from mostrador.mail.mailbox import Mailbox, open_mailbox

from .samples import SAMPLES, mail_of

RAWS = [mail_of(sample).as_bytes() for sample in SAMPLES]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "box"
    open_mailbox(f"maildir:{path}", secret=None).close()
    return path


def put(folder: Path, name: str, content: bytes, where: str = "new") -> None:
    """Deliver a mail into a Maildir."""
    (folder / where / name).write_bytes(content)


def test_a_maildir_gives_its_mails_oldest_first_and_keeps_them(folder: Path) -> None:
    for number, raw in enumerate(RAWS):
        put(folder, f"{number:03}.host", raw)
    box = open_mailbox(f"maildir:{folder}", secret=None)
    assert [(mail.key, mail.content, mail.size, mail.truncated) for mail in box.unread(3)] == [
        (f"{number:03}.host", RAWS[number], len(RAWS[number]), False) for number in range(3)
    ]
    assert len(list(box.unread(100))) == len(RAWS)


def test_a_mail_that_is_done_moves_on_as_seen(folder: Path) -> None:
    put(folder, "1.host", b"a")
    box = open_mailbox(f"maildir:{folder}", secret=None)
    box.done("1.host")
    box.done("1.host")
    assert list(box.unread(10)) == []
    assert [path.name for path in (folder / "cur").iterdir()] == ["1.host:2,S"]
    assert (folder / "cur" / "1.host:2,S").read_bytes() == b"a"


def test_mail_another_program_moved_unseen_is_still_given(folder: Path) -> None:
    put(folder, "1.host:2,F", b"a", "cur")
    put(folder, "2.host:2,FS", b"b", "cur")
    box = open_mailbox(f"maildir:{folder}", secret=None)
    assert [mail.key for mail in box.unread(10)] == ["1.host:2,F"]
    box.done("1.host:2,F")
    assert (folder / "cur" / "1.host:2,FS").exists()


def test_links_folders_and_hidden_files_are_no_mail(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "new" / "2.folder").mkdir()
    put(folder, ".hidden", b"x")
    put(folder, "3.host", b"a")
    os.mkfifo(folder / "new" / "1.pipe")
    assert [mail.content for mail in open_mailbox(f"maildir:{folder}", secret=None).unread(10)] == [b"a"]


def test_a_link_in_a_maildir_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "new" / "1.link").symlink_to(tmp_path / "secret")
    put(folder, "2.host", b"a")
    assert [mail.content for mail in open_mailbox(f"maildir:{folder}", secret=None).unread(10)] == [b"a"]


@pytest.mark.parametrize("key", ["", "../x", "a/b", ".hidden"])
def test_a_key_from_elsewhere_is_refused(folder: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        open_mailbox(f"maildir:{folder}", secret=None).done(key)


def test_of_an_oversize_mail_only_the_beginning_is_read(folder: Path) -> None:
    with (folder / "new" / "1.host").open("wb") as file:
        file.write(b"From: a@b.example\r\n\r\n")
        file.truncate(limits.MAILBOX_BYTES + 5)
    (mail,) = open_mailbox(f"maildir:{folder}", secret=None).unread(1)
    assert mail.truncated is True
    assert mail.size == limits.MAILBOX_BYTES + 5
    assert len(mail.content) == limits.MAILBOX_BYTES


def test_a_maildir_that_cannot_be_is_a_mail_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MailError) as caught:
        open_mailbox(f"maildir:{tmp_path}/file/box", secret=None)
    assert caught.value.happened is Happened.NO


@pytest.fixture(scope="module")
def imap_port() -> Iterator[int]:
    """Run a real IMAP server with the demo user's four mails."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    binary = Path(sys.executable).with_name("pymap")
    command = [str(binary), "--host", "127.0.0.1", "--port", str(port), "--no-tls", "dict", "--demo-data"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, child)
        yield port
    finally:
        child.terminate()
        child.wait(10)


def _wait_for(port: int, child: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until and child.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the IMAP server did not start")


@pytest.fixture
def filled(imap_port: int) -> int:
    """Fill a folder of the server's with the sample mails, unseen."""
    with MailBoxUnencrypted("127.0.0.1", imap_port).login("demouser", "demopass") as box:
        for name in ("Desk", "Kept"):
            if box.folder.exists(name):
                box.folder.delete(name)
            box.folder.create(name)
        for raw in RAWS:
            box.append(raw, "Desk")
    return imap_port


def desk(port: int, extra: str = "") -> Mailbox:
    """Open the filled folder."""
    return open_mailbox(f"imap://demouser@127.0.0.1:{port}/Desk{extra}", secret="demopass")


def test_an_imap_folder_gives_its_mails_byte_for_byte_and_leaves_them_unread(filled: int) -> None:
    box = desk(filled)
    assert [mail.content for mail in box.unread(100)] == RAWS
    first, second = box.unread(2)
    assert (first.size, first.truncated) == (len(RAWS[0]), False)
    assert first.key != second.key
    box.close()
    box.close()


def test_only_mails_that_are_done_are_marked(filled: int) -> None:
    box = desk(filled)
    for mail in list(box.unread(3)):
        box.done(mail.key)
    box.close()
    again = desk(filled)
    assert [mail.content for mail in again.unread(100)] == RAWS[3:]
    again.close()


def test_mails_that_are_done_are_moved_when_asked(filled: int) -> None:
    box = desk(filled, "?move=Kept")
    for mail in list(box.unread(2)):
        box.done(mail.key)
    box.close()
    with MailBoxUnencrypted("127.0.0.1", filled).login("demouser", "demopass", "Kept") as kept:
        assert len(kept.uids("SEEN")) == 2
        kept.folder.set("Desk")
        assert len(kept.uids("ALL")) == len(RAWS) - 2


def test_an_oversize_mail_is_cut_on_the_server(filled: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAILBOX_BYTES", 100)
    box = desk(filled)
    mail = next(box.unread(1))
    assert mail.content == RAWS[0][:100]
    assert mail.truncated is True
    assert mail.size == len(RAWS[0])
    box.close()


def test_a_key_of_another_numbering_is_refused(filled: int) -> None:
    box = desk(filled)
    mail = next(box.unread(1))
    uid = mail.key.partition("-")[2]
    for key in (f"1-{uid}", uid, "", f"{mail.key} 1:*"):
        with pytest.raises(ValueError, match="not a key"):
            box.done(key)
    box.close()


def test_a_wrong_password_is_an_error_that_does_not_repeat_it(imap_port: int) -> None:
    with pytest.raises(MailError) as caught:
        open_mailbox(f"imap://demouser@127.0.0.1:{imap_port}/INBOX", secret="hunter2-secret")
    error = caught.value
    assert error.happened is Happened.NO
    assert error.retry_after is None
    assert "hunter2" not in f"{error!r} {error} {error.__cause__!r}"
    assert error.__suppress_context__ is True


def test_the_password_is_not_shown_by_the_mailbox(filled: int) -> None:
    box = desk(filled)
    assert "demopass" not in repr(box)
    box.close()


def test_a_missing_folder_is_an_error(imap_port: int) -> None:
    with pytest.raises(MailError):
        open_mailbox(f"imap://demouser@127.0.0.1:{imap_port}/Nowhere", secret="demopass")


def test_a_server_that_is_not_there_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(MailError) as caught:
        open_mailbox(f"imap://me@127.0.0.1:{port}/INBOX", secret="x")
    assert caught.value.happened is Happened.NO


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
def test_a_server_that_never_speaks_is_given_up(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"{scheme}://me@127.0.0.1:{silent.getsockname()[1]}/INBOX"
        with pytest.raises(MailError):
            open_mailbox(url, secret="x", timeout=0.2)


@contextmanager
def scripted(*answers: bytes) -> Iterator[str]:
    """Run an IMAP server that logs anybody in, gives `answers` with %s for the tag, and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    opening = (b"* CAPABILITY IMAP4rev1\r\n%s OK", b"%s OK", b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n%s OK")

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as talk:
            talk.write(b"* OK [CAPABILITY IMAP4rev1] hi\r\n")
            talk.flush()
            for answer in (*opening, *answers):
                talk.write(answer.replace(b"%s", talk.readline().split()[0]) + b" done\r\n")
                talk.flush()
            talk.readline()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"imap://me@127.0.0.1:{listener.getsockname()[1]}/INBOX"
    finally:
        thread.join(5)
        listener.close()
        assert not thread.is_alive()


@pytest.mark.parametrize(
    "answers",
    [
        (),
        (b"%s NO",),
        (b"* SEARCH 1\r\n%s OK", b"%s NO"),
        (b"* SEARCH 1\r\n%s OK", b"* 1 FETCH (UID 1 RFC822.SIZE 5)\r\n%s OK", b"%s NO"),
        (
            b"* SEARCH 1\r\n%s OK",
            b"* 1 FETCH (UID 1 RFC822.SIZE 5)\r\n%s OK",
            b"* 1 FETCH (BODY[]<0> {50}\r\nabc",
        ),
    ],
)
def test_a_server_that_refuses_or_breaks_off_is_an_error_and_no_mail_is_passed_over(
    answers: tuple[bytes],
) -> None:
    with scripted(*answers) as url:
        box = open_mailbox(url, secret="x", timeout=0.4)
        with pytest.raises(MailError) as caught:
            list(box.unread(1))
        box.close()
    assert caught.value.happened is Happened.NO


def test_a_mail_that_was_removed_meanwhile_is_left_out() -> None:
    with scripted(b"* SEARCH 1\r\n%s OK", b"%s OK", b"%s OK") as url:
        box = open_mailbox(url, secret="x", timeout=2)
        assert list(box.unread(1)) == []
        box.close()


def test_a_secret_beyond_ascii_is_not_shown_when_it_fails(imap_port: int) -> None:
    with pytest.raises(MailError) as caught:
        open_mailbox(f"imap://demouser@127.0.0.1:{imap_port}/INBOX", secret="pä-secret")
    assert "secret" not in f"{caught.value!r}{caught.value.__cause__!r}"


@pytest.mark.parametrize(
    "url",
    [
        "pop3://me@host/",
        "imap://host/INBOX",
        "imap://me:pw-secret@host/",
        "imap:///x",
        "",
        "imap://me@host:x/",
    ],
)
def test_an_address_that_cannot_be_understood_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        open_mailbox(url, secret="x")
    assert "pw-secret" not in str(caught.value)
