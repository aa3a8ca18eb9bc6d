"""Uploads: lay a file beside an answer, take it away again, and give it to the answer that leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from mostrador.domain import uploads as rules
from mostrador.domain.refusals import Refusal, RefusalCode, Refused
from mostrador.mail import attachments as files
from mostrador.mail.characters import safe_name
from mostrador.mail.limits import NAME_CHARS
from mostrador.models import Agent, Ticket, Upload


def lay_beside(*, ticket: Ticket, agent: Agent, name: str, content: bytes, now: datetime) -> Upload:
    """Keep a file beside the agent's draft; its type is that of its bytes, whatever it is called.

    Raises: Refused with every reason.
    """
    kind = files.sniff(content, files.TEXT)
    shown = _named(safe_name(name, NAME_CHARS), kind)
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
