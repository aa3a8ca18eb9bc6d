"""Reply form: the answer to the buyer, or the note for the team, as it stands in its box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.functional import Promise

from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.domain.macros import LANGUAGES, choose_language
from mostrador.models import Agent, Belongings, Draft, Ticket, Upload
from mostrador.models.belongings import ANYTHING
from mostrador.web.reply_words import Broken
from mostrador.web.request_keys import new_key, read_key

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
    files: Sequence[Upload] = ()
    broken: Sequence[Broken] = ()
    # The button that was pressed when rules only warned: pressing it again sends all the same.
    pressed: str = ""
    kept_at: str = ""  # when the server last kept the words
    languages: Sequence[str] = LANGUAGES


def blank_reply(ticket: Ticket) -> ReplyDraft:
    """Return an empty box in the language of the ticket's marketplace."""
    return ReplyDraft(text="", request_key=new_key(), language=language_of(ticket))


def kept_reply(ticket: Ticket, agent: Agent, has: Belongings = ANYTHING) -> ReplyDraft:
    """Return the box with what the agent has begun in this ticket, in whatever browser."""
    box = replace(blank_reply(ticket), files=files_beside(ticket, agent) if has.uploads else ())
    draft = Draft.objects.of(ticket=ticket, agent=agent) if has.draft else None
    if draft is None:
        return box
    at = draft.changed_at.isoformat()
    return replace(box, text=draft.text, is_note=draft.kind == "note", kept_at=at)


def files_beside(ticket: Ticket, agent: Agent) -> list[Upload]:
    """Return the files beside the agent's draft, without their bytes."""
    return list(Upload.objects.waiting(ticket=ticket, agent=agent).defer("content"))


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
    return ReplyDraft(
        text=posted.get("text", "").replace("\r\n", "\n")[:LONGEST_TYPED],
        request_key=read_key(posted),
        macro=posted.get("macro", "")[:60],
        language=language_of(ticket, posted.get("language", "")),
        is_note=posted.get("kind") == "note",
        problems=problems,
        hint=hint,
    )
