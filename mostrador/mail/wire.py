"""The frames between Mostrador and its mail reader: a JSON frame, then one frame of bytes per attachment."""

import json
import struct
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Final

from mostrador.mail.files import IncomingAttachment
from mostrador.mail.incoming import IncomingMail
from mostrador.mail.senders import Kind

LENGTH: Final = struct.Struct(">Q")
FRAME_BYTES: Final = 64 * 1024 * 1024


def frame(content: bytes) -> bytes:
    """Put the length before the bytes."""
    return LENGTH.pack(len(content)) + content


def dump_request(raw: bytes, trusted_authserv_ids: frozenset[str]) -> bytes:
    """Write one request: the trusted ids, then the mail."""
    return frame(json.dumps(sorted(trusted_authserv_ids)).encode()) + frame(raw)


def load_trusted(content: bytes) -> frozenset[str]:
    """Read the first frame of a request."""
    return frozenset(str(one) for one in json.loads(content))


def dump_mail(mail: IncomingMail) -> list[bytes]:
    """Write a read mail as frames' contents."""
    bare = asdict(replace(mail, attachments=tuple(replace(one, content=b"") for one in mail.attachments)))
    for attachment in bare["attachments"]:
        del attachment["content"]
    bare["sent_at"] = mail.sent_at.isoformat() if mail.sent_at else None
    return [json.dumps(bare).encode(), *(one.content for one in mail.attachments)]


def load_mail(content: bytes, files: list[bytes]) -> IncomingMail:
    """Read a mail back from its frames' contents."""
    bare = json.loads(content)
    attachments = tuple(
        IncomingAttachment(content=held, **named)
        for named, held in zip(bare["attachments"], files, strict=True)
    )
    bare["attachments"] = attachments
    bare["kind"] = Kind(bare["kind"])
    bare["sent_at"] = datetime.fromisoformat(bare["sent_at"]) if bare["sent_at"] else None
    for name in ("to_addresses", "references", "defects", "image_addresses"):
        bare[name] = tuple(bare[name])
    return IncomingMail(**{field.name: bare[field.name] for field in fields(IncomingMail)})


def count_attachments(content: bytes) -> int:
    """Say how many frames follow a mail's first frame."""
    return len(json.loads(content)["attachments"])
