"""Uploads: lay a file beside an answer, take it away again, and give it to the answer that leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import transaction

from mostrador.domain import uploads as rules
from mostrador.domain.refusals import Refusal, RefusalCode, Refused
from mostrador.mail import attachments as files
from mostrador.mail.characters import safe_name
from mostrador.mail.limits import NAME_CHARS
from mostrador.models import Agent, Reply, Ticket, Upload


@dataclass(frozen=True, slots=True)
class File:
    """A file as it came: what somebody called it, and its bytes."""

    name: str
    content: bytes

    @property
    def fingerprint(self) -> str:
        """What makes two files the same file."""
        return f"{sha256(self.content).hexdigest()} {self.name}"


def lay_beside(*, ticket: Ticket, agent: Agent, name: str, content: bytes, now: datetime) -> Upload:
    """Keep a file beside the agent's draft; its type is that of its bytes, whatever it is called.

    Raises: Refused with every reason.
    """
    shown, kind = _looked_at(name, content)
    with transaction.atomic():
        # One file at a time per ticket, so that two do not pass the limit together.
        Ticket.objects.locked(ticket.pk)
        waiting = Upload.objects.waiting(ticket=ticket, agent=agent)
        beside = list(waiting.values_list("size", flat=True))
        reasons = rules.refusals(name=shown, kind=kind, size=len(content), beside=beside)
        if reasons:
            raise Refused(reasons)
        return Upload.objects.keep(
            ticket=ticket, agent=agent, name=shown, content_type=kind, content=content, now=now
        )


def carried_refusals(carried: Sequence[File]) -> list[Refusal]:
    """Return why files that came with an answer itself may not leave with it."""
    found: list[Refusal] = []
    beside: list[int] = []
    for file in carried:
        shown, kind = _looked_at(file.name, file.content)
        found += rules.refusals(name=shown, kind=kind, size=len(file.content), beside=beside)
        beside.append(len(file.content))
    return found


def carry(*, reply: Reply, agent: Agent, carried: Sequence[File], now: datetime) -> None:
    """Keep the files that came with an answer itself, and give them to it; they were judged before."""
    kept = []
    for file in carried:
        shown, kind = _looked_at(file.name, file.content)
        kept.append(
            Upload.objects.keep(
                ticket=reply.ticket,
                agent=agent,
                name=shown,
                content_type=kind,
                content=file.content,
                now=now,
            )
        )
    Upload.objects.bind(kept, reply)


def _looked_at(name: str, content: bytes) -> tuple[str, str]:
    """Return a file's name as it is shown, and its kind: that of its bytes, whatever it is called."""
    kind = files.sniff(content, files.TEXT)
    return _named(safe_name(name, NAME_CHARS), kind), kind


def _named(name: str, kind: str) -> str:
    """Give a name without an ending the one of its type: mail programs go by it."""
    if files.extension_of(name) or kind not in files.EXTENSIONS:
        return name
    return f"{name}.{files.EXTENSIONS[kind][0]}"


def take_away(*, ticket: Ticket, agent: Agent, upload_id: int) -> None:
    """Forget a file beside the agent's draft; one that is gone already is no trouble."""
    Upload.objects.waiting(ticket=ticket, agent=agent).filter(pk=upload_id).delete()


def chosen(*, ticket: Ticket, agent: Agent, upload_ids: Sequence[int]) -> list[Upload]:
    """Return the files an answer names, without their bytes.

    Raises: Refused when one is gone: the answer would leave without it; or when they are too many or too
    large together, as after a merge.
    """
    if not upload_ids:
        return []
    found = list(
        Upload.objects.waiting(ticket=ticket, agent=agent).filter(pk__in=upload_ids).defer("content")
    )
    if len(found) < len(set(upload_ids)):
        raise Refused([Refusal(RefusalCode.FILE_GONE)])
    reasons = rules.refusals_together([file.size for file in found])
    if reasons:
        raise Refused(reasons)
    return found
