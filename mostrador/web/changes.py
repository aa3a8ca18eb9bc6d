"""Changes: what a page has seen of a ticket, and in words what came after it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mostrador.actions.collisions import Seen, seen_now
from mostrador.models import Ticket

FIELD = "seen"
_SEEN = re.compile(r"(\d{1,18})\.(\d{1,18})", re.ASCII)


def seen_text(ticket: Ticket) -> str:
    """Return how far the ticket has come, for the hidden field of a form."""
    seen = seen_now(ticket)
    return f"{seen.event}.{seen.message}"


def read_seen(posted: Mapping[str, str]) -> Seen | None:
    """Return what the page showed when the form was begun; nothing for a form that does not say."""
    found = _SEEN.fullmatch(posted.get(FIELD, ""))
    return Seen(event=int(found[1]), message=int(found[2])) if found else None
