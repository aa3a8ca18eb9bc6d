"""Drafts: keep what an agent types, so that no browser, no refusal and no lost line takes it away."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mostrador.actions.messages import withdraw_reply
from mostrador.models import Agent, Draft, Reply, Ticket

LONGEST_DRAFT = 20_000  # characters


def keep_draft(
    *, ticket: Ticket, agent: Agent, text: str, is_note: bool, request_key: str, now: datetime
) -> None:
    """Keep the words in the agent's box; words that were sent meanwhile are not brought back."""
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        partner = locked.selling_partner
        if request_key and Reply.objects.asked(partner=partner, request_key=request_key):
            return
        kind = "note" if is_note else "reply"
        Draft.objects.keep(ticket=locked, agent=agent, text=text[:LONGEST_DRAFT], kind=kind, now=now)


def take_back(*, reply: Reply, agent: Agent, typed: str, now: datetime) -> str:
    """Take a reply back, and keep its words as the agent's draft; return them.

    `typed` is what stands in the box already: it stays below.

    Raises: Refused when it is too late; then nothing has changed.
    """
    with transaction.atomic():
        withdraw_reply(reply=reply, agent=agent, now=now)
        begun = typed.strip()
        words = reply.text if not begun or begun == reply.text.strip() else f"{reply.text}\n\n{begun}"
        Draft.objects.keep(ticket=reply.ticket, agent=agent, text=words, kind="reply", now=now)
        return words
