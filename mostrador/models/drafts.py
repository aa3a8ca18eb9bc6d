"""Drafts: what an agent has typed but not sent, and the files laid beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q

from mostrador.domain.tickets import TicketState
from mostrador.models.messages import Attachment, Message, Reply
from mostrador.models.people import Agent
from mostrador.models.tickets import Ticket


class DraftQuerySet(models.QuerySet["Draft"]):
    """Keeps and drops drafts."""

    def keep(self, *, ticket: Ticket, agent: Agent, text: str, kind: str, now: datetime) -> None:
        """Store what stands in the box; an empty box has no draft."""
        if not text.strip():
            self.drop(ticket=ticket, agent=agent)
            return
        self.update_or_create(
            ticket=ticket, agent=agent, defaults={"text": text, "kind": kind, "changed_at": now}
        )

    def drop(self, *, ticket: Ticket, agent: Agent) -> None:
        """Forget the draft: it was sent, or emptied."""
        self.filter(ticket=ticket, agent=agent).delete()

    def move(self, source: Ticket, *, to: Ticket) -> None:
        """Let what was begun in a ticket stand in another; below what the same agent has begun there."""
        begun = {draft.agent_id: draft for draft in self.filter(ticket=to).select_for_update()}
        for draft in self.filter(ticket=source).select_for_update():
            there = begun.get(draft.agent_id)
            if there is None:
                draft.ticket = to
                draft.save(update_fields=["ticket"])
            else:
                there.take_in(draft)
                draft.delete()

    def forget_abandoned(self, *, before: datetime, limit: int) -> int:
        """Delete drafts untouched since then in tickets closed as long, some at a time; return how many."""
        closed = Q(ticket__closed_at=None) | Q(ticket__closed_at__lte=before)
        old = self.filter(closed, ticket__state=TicketState.CLOSED, changed_at__lte=before)
        return self.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()[0]

    def of(self, *, ticket: Ticket, agent: Agent) -> Draft | None:
        """Return what the agent has begun in the ticket."""
        return self.filter(ticket=ticket, agent=agent).first()

    def tickets_of(self, agent: Agent, tickets: Sequence[int]) -> set[int]:
        """Return those of these tickets in which the agent has begun something."""
        return set(self.filter(agent=agent, ticket__in=tickets).values_list("ticket_id", flat=True))


class Draft(models.Model):
    """The text an agent has begun in a ticket; `kind` says whether it is for the buyer or a note."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="drafts")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="drafts")
    text = models.TextField()
    kind = models.CharField(max_length=5, default="reply")
    changed_at = models.DateTimeField()

    objects = DraftQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["ticket", "agent"], name="one_draft_per_ticket_and_agent"),
        )

    def __str__(self) -> str:
        return f"draft of {self.agent_id} in {self.ticket_id}"

    def take_in(self, other: Draft) -> None:
        """Add the words of another draft below its own; if either is a note, the whole is one."""
        if other.text.strip() != self.text.strip():
            self.text = f"{self.text.rstrip()}\n\n{other.text.lstrip()}"
        # A note that was begun must not leave for the buyer by a merge.
        self.kind = "note" if "note" in (self.kind, other.kind) else self.kind
        self.changed_at = max(self.changed_at, other.changed_at)
        self.save(update_fields=["text", "kind", "changed_at"])


class UploadQuerySet(models.QuerySet["Upload"]):
    """Keeps files until their reply leaves."""

    def keep(
        self, *, ticket: Ticket, agent: Agent, name: str, content_type: str, content: bytes, now: datetime
    ) -> Upload:
        """Store a file that was checked before."""
        return self.create(
            ticket=ticket,
            agent=agent,
            name=name[:200],
            content_type=content_type[:100],
            content=content,
            size=len(content),
            at=now,
        )

    def bind(self, files: Sequence[Upload], reply: Reply) -> None:
        """Give files to the reply that carries them."""
        self.filter(pk__in=[file.pk for file in files], reply=None).update(reply=reply)

    def attach(self, reply: Reply, message: Message) -> None:
        """Make the files of a reply those of its message, which keeps their bytes from now on."""
        for file in self.filter(reply=reply).order_by("pk"):
            Attachment.objects.keep(
                message=message,
                name=file.name,
                content_type=file.content_type,
                content=bytes(file.content),
                size=file.size,
                refused="",
            )
        self.filter(reply=reply).delete()

    def hand_back(self, reply: Reply, *, agent: Agent, now: datetime) -> None:
        """Lay the files of a reply that was taken back beside the agent's draft."""
        self.filter(reply=reply).update(reply=None, agent=agent, at=now)
        for file in reply.message.attachments.order_by("pk") if reply.message else ():
            self.keep(
                ticket=reply.ticket,
                agent=agent,
                name=file.name,
                content_type=file.content_type,
                content=bytes(file.content),
                now=now,
            )

    def carried_by(self, replies: Sequence[Reply]) -> dict[int, list[Upload]]:
        """Return the files of replies that have not left, without their bytes (no query where none wait)."""
        found: dict[int, list[Upload]] = {}
        for file in self.filter(reply__in=replies).defer("content").order_by("pk") if replies else ():
            assert file.reply_id, "asked for by its reply"
            found.setdefault(file.reply_id, []).append(file)
        return found

    def move(self, source: Ticket, *, to: Ticket) -> None:
        """Let the files beside the drafts of a ticket lie beside those of another."""
        self.filter(ticket=source, reply=None).update(ticket=to)

    def forget_abandoned(self, *, before: datetime, limit: int) -> int:
        """Delete files that lie beside no reply and no draft since then, some at a time; return how many."""
        beside = Draft.objects.filter(ticket=OuterRef("ticket"), agent=OuterRef("agent"))
        old = self.filter(~Exists(beside), reply=None, at__lte=before)
        return self.filter(pk__in=list(old.values_list("pk", flat=True)[:limit]), reply=None).delete()[0]

    def waiting(self, *, ticket: Ticket, agent: Agent) -> UploadQuerySet:
        """Return the files laid beside the agent's draft, in order."""
        return self.filter(ticket=ticket, agent=agent, reply=None).order_by("pk")


class Upload(models.Model):
    """A file on its way to the buyer: beside a draft at first, then bound to the reply that carries it."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="uploads")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    reply = models.ForeignKey(Reply, on_delete=models.PROTECT, null=True, blank=True, related_name="uploads")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField()
    size = models.BigIntegerField()
    at = models.DateTimeField()

    objects = UploadQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=["ticket", "agent"], name="upload_waiting", condition=Q(reply=None)),)

    def __str__(self) -> str:
        return self.name
