"""Reply form: the answer to the buyer, or the note for the team, as it stands in its box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.domain.macros import LANGUAGES, Macro, choose_language
from mostrador.models import Ticket
from mostrador.web.request_keys import new_key, read_key

MACRO_WORDS: dict[Macro, str | Promise] = {
    Macro.REFUND_ISSUED: _("Refund issued"),
    Macro.REFUND_UNDER_WAY: _("Refund under way"),
    Macro.ORDER_CANCELLED: _("Order cancelled"),
    Macro.ALREADY_SHIPPED: _("Already shipped"),
}
# Longer than any message that may be sent, so that a refusal can say how much is too much.
LONGEST_TYPED = 20_000


@dataclass(frozen=True, slots=True)
class ReplyDraft:
    """The box: its words, where they come from, and why they were refused."""

    text: str
    request_key: str
    macro: str = ""
    language: str = ""
    is_note: bool = False
    problems: Sequence[str] = ()
    hint: str | Promise = ""
    macros: Sequence[tuple[Macro, str | Promise]] = field(default_factory=lambda: list(MACRO_WORDS.items()))
    languages: Sequence[str] = LANGUAGES


def blank_reply(ticket: Ticket) -> ReplyDraft:
    """Return an empty box in the language of the ticket's marketplace."""
    return ReplyDraft(text="", request_key=new_key(), language=language_of(ticket))


def language_of(ticket: Ticket, chosen: str = "") -> str:
    """Return the language to answer in: the agent's choice, else the buyer's, else the marketplace's."""
    marketplace = MARKETPLACES.get(
        (ticket.order.marketplace_id if ticket.order else "") or ticket.marketplace_id
    )
    spoken = ticket.language or (marketplace.language if marketplace else "")
    return choose_language(marketplace_language=spoken, override=chosen)


def read_reply(
    ticket: Ticket, posted: Mapping[str, str], problems: Sequence[str] = (), hint: str | Promise = ""
) -> ReplyDraft:
    """Return the box as it was posted."""
    macro = posted.get("macro", "")
    return ReplyDraft(
        text=posted.get("text", "").replace("\r\n", "\n")[:LONGEST_TYPED],
        request_key=read_key(posted),
        macro=macro if macro in set(Macro) else "",
        language=language_of(ticket, posted.get("language", "")),
        is_note=posted.get("kind") == "note",
        problems=problems,
        hint=hint,
    )
