"""A Maildir as a mailbox: new mail lies in `new`, and moves to `cur` as seen when it is done."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mostrador.mail import limits
from mostrador.mail.errors import Happened, MailError
from mostrador.mail.raw_mail import RawMail

_SEEN: Final = "S"
_FOLDERS: Final = ("tmp", "new", "cur")


def open_maildir(path: Path) -> "Maildir":
    """Open a Maildir, making its three folders where they are missing.

    Raises:
        MailError: happened NO, when the folder cannot be used.
    """
    try:
        for name in _FOLDERS:
            (path / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _failure("open the mailbox", error) from error
    return Maildir(path)


class Maildir:
    """A folder of mails, one per file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def unread(self, limit: int) -> Iterator[RawMail]:
        """Give up to `limit` mails, oldest first by name; a file that vanishes meanwhile is left out."""
        given = 0
        for folder, key in self._waiting():
            if given >= limit:
                return
            mail = self._open(folder, key)
            if mail is not None:
                given += 1
                yield mail

    def done(self, key: str) -> None:
        """Move a mail to `cur` with the seen flag; one that is already there stays."""
        if not key or "/" in key or key.startswith("."):
            raise ValueError("That is not a key of this mailbox")
        bare, _, flags = key.partition(":2,")
        target = self._path / "cur" / f"{bare}:2,{''.join(sorted({*flags, _SEEN}))}"
        try:
            for folder in ("new", "cur"):
                source = self._path / folder / key
                if source.exists():
                    source.rename(target)
                    return
        except OSError as error:
            raise _failure("mark a mail as done", error) from error

    def close(self) -> None:
        """Do nothing: a folder needs no farewell."""

    def _waiting(self) -> list[tuple[str, str]]:
        try:
            names = [("new", entry.name) for entry in os.scandir(self._path / "new")]
            # Other programs may move mail to `cur` before anybody has seen it.
            names += [
                ("cur", entry.name) for entry in os.scandir(self._path / "cur") if _is_unseen(entry.name)
            ]
        except OSError as error:
            raise _failure("list the mailbox", error) from error
        return sorted((pair for pair in names if not pair[1].startswith(".")), key=lambda pair: pair[1])

    def _open(self, folder: str, key: str) -> RawMail | None:
        path = self._path / folder / key
        try:
            # No links, pipes or folders: a mailbox gives out what lies in it and nothing else.
            if not stat.S_ISREG(path.lstat().st_mode):
                return None
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                size = os.fstat(file.fileno()).st_size
                content = file.read(limits.MAILBOX_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failure("open a mail", error) from error
        return RawMail(key, content, max(size, len(content)), size > len(content))


def _is_unseen(name: str) -> bool:
    return _SEEN not in name.partition(":2,")[2]


def _failure(operation: str, error: OSError) -> MailError:
    return MailError(operation, Happened.NO, error.strerror or type(error).__name__, 60.0)
