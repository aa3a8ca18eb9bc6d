"""Messages: answer the buyer, take an answer back, and leave a note for the team."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from mostrador.actions import policy, uploads
from mostrador.actions.collisions import Seen, changes
from mostrador.actions.tickets import merged_already
from mostrador.actions.uploads import File
from mostrador.domain import messages as rules
from mostrador.domain.delivery import ForbiddenMove, Source, State
from mostrador.domain.macros import unfilled_places
from mostrador.domain.mentions import called
from mostrador.domain.refusals import Refusal, RefusalCode, Refused, RequestKeyReused
from mostrador.models import (
    Agent,
    Cancellation,
    Draft,
    Event,
    EventKind,
    LostRace,
    Mention,
    Message,
    Refund,
    Reply,
    SavedMacro,
    SearchText,
    Ticket,
    Upload,
)
from mostrador.models.delivery import fingerprint
from mostrador.tasks import messages
from mostrador.tasks.replies import speaks_of


@dataclass(frozen=True, slots=True)
class ReplyWish:
    """What should be said to the buyer, and when: now, or when Amazon has accepted `armed_on`.

    `uploads` are the files beside the agent's draft that go along, `files` those that come with the wish
    itself; `accepted` the rules of Amazon that have
    warned already and are not to stop it again. What is `from_box` ends the agent's draft.
    """

    text: str
    request_key: str
    close: bool = False
    macro: str = ""
    language: str = ""
    armed_on: Refund | Cancellation | None = None
    source: Source = Source.AGENT
    uploads: tuple[int, ...] = ()
    files: tuple[File, ...] = ()
    accepted: frozenset[str] = frozenset()
    from_box: bool = False
    seen: Seen | None = None  # what the page showed when the words were begun; programs leave it out

    def content(self, ticket: Ticket) -> dict[str, object]:
        """Return what makes two wishes the same wish."""
        armed_on = self.armed_on.reference if self.armed_on else ""
        files: dict[str, object] = {"uploads": sorted(self.uploads)} if self.uploads else {}
        if self.files:
            files["files"] = [file.fingerprint for file in self.files]
        return {"ticket": ticket.pk, "text": self.text, "close": self.close, "armed_on": armed_on, **files}


def request_reply(*, ticket: Ticket, agent: Agent, wish: ReplyWish, now: datetime) -> Reply:
    """Store a reply that leaves in a few seconds, or when Amazon accepts; the same key again returns it.

    Raises: Refused with every reason; RequestKeyReused for a known key with other content.
    """
    digest = fingerprint(wish.content(ticket))
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        known = Reply.objects.asked(partner=locked.selling_partner, request_key=wish.request_key)
        if known and known.request_sha256 != digest:
            raise RequestKeyReused(wish.request_key)
        if known:
            return known
        reasons = [*changes(ticket=locked, agent=agent, seen=wish.seen), *_refusals(locked, wish)]
        if reasons:
            raise Refused(reasons)
        files = uploads.chosen(ticket=locked, agent=agent, upload_ids=wish.uploads)
        reply = _store(locked, agent, wish, digest, now)
        Upload.objects.bind(files, reply)
        uploads.carry(reply=reply, agent=agent, carried=wish.files, now=now)
        if wish.from_box:
            Draft.objects.drop(ticket=locked, agent=agent)
        return reply


def _refusals(ticket: Ticket, wish: ReplyWish) -> list[Refusal]:
    if ticket.merged_into_id is not None:
        return [merged_already(ticket)]
    found = rules.refusals(
        body=wish.text, has_address=bool(ticket.buyer_address), has_mailbox=ticket.mailbox_id is not None
    )
    state = State(wish.armed_on.state) if wish.armed_on else None
    if rules.never_leaves(state) or _cannot_become_true(wish):
        found.append(Refusal(RefusalCode.NOT_TRUE_YET, {"state": state or ""}))
    found += uploads.carried_refusals(wish.files)
    return [*found, *policy.refusals(ticket=ticket, text=wish.text, accepted=wish.accepted)]


def _cannot_become_true(wish: ReplyWish) -> bool:
    """Return whether the text has places nothing will fill, or tells of another kind of action."""
    if wish.armed_on is None:
        return bool(unfilled_places(wish.text))
    return not speaks_of(SavedMacro.objects.says(wish.macro), wish.armed_on)


def _store(ticket: Ticket, agent: Agent, wish: ReplyWish, digest: str, now: datetime) -> Reply:
    send_after = now + timedelta(seconds=settings.REPLY_UNDO_SECONDS)
    armed_on = wish.armed_on
    reply = Reply.objects.request(
        ticket=ticket,
        agent=agent,
        source=wish.source,
        text=wish.text,
        macro=wish.macro,
        language=wish.language,
        closes_ticket=wish.close,
        armed_refund=armed_on if isinstance(armed_on, Refund) else None,
        armed_cancellation=armed_on if isinstance(armed_on, Cancellation) else None,
        request_key=wish.request_key,
        request_sha256=digest,
        send_after=send_after,
        now=now,
    )
    Event.objects.step(
        EventKind.REQUESTED,
        reply,
        at=now,
        agent=agent,
        armed_on=armed_on.reference if armed_on else "",
        macro=wish.macro,
        closes_ticket=wish.close,
    )
    if rules.may_leave(State(armed_on.state) if armed_on else None):
        messages.plan_send(reply_id=reply.pk, at=send_after, now=now)
    return reply


def withdraw_reply(*, reply: Reply, agent: Agent, now: datetime) -> None:
    """Take a reply back, or disarm it, before it has left; its files lie beside the agent's draft again.

    Raises: Refused when it is too late.
    """
    try:
        with transaction.atomic():
            reply.move(State.WITHDRAWN, now=now)
            Event.objects.step(EventKind.WITHDRAWN, reply, at=now, agent=agent)
            Upload.objects.hand_back(reply, agent=agent, now=now)
    except (LostRace, ForbiddenMove):
        raise Refused([Refusal(RefusalCode.TOO_LATE_TO_WITHDRAW, {"state": reply.state})]) from None


def add_note(*, ticket: Ticket, agent: Agent, text: str, now: datetime, from_box: bool = False) -> Message:
    """Keep a note for the team, which no buyer sees, and call the agents it names with @.

    One that is `from_box` ends the agent's draft.

    Raises: Refused when it is empty or too long.
    """
    reasons = rules.refusals(body=text, has_address=True, has_mailbox=True)
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        SearchText.objects.add(ticket=ticket, text=text, language=agent.language)
        note = Message.objects.note(ticket=ticket, author=agent, text=text, at=now)
        if from_box:
            Draft.objects.drop(ticket=ticket, agent=agent)
        _call(note, agent, text, now)
        return note


def _call(note: Message, author: Agent, text: str, now: datetime) -> None:
    agents = {each.pk: each for each in Agent.objects.get_queryset().active().exclude(pk=author.pk)}
    named = called(text, {pk: each.name for pk, each in agents.items()})
    Mention.objects.call(message=note, agents=[agents[pk] for pk in named], now=now)
