"""Teamwork: who is in a ticket now, who was called into it, and which tickets belong together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models import F, Q

from mostrador.models.messages import Message
from mostrador.models.people import Agent
from mostrador.models.tickets import Ticket


class PresenceQuerySet(models.QuerySet["Presence"]):
    """Notes and finds who is looking."""

    def look(self, *, ticket_id: int, agent: Agent, typing: bool, now: datetime) -> None:
        """Note that the agent looks at the ticket now, and whether a reply is being typed (one statement)."""
        self.bulk_create(
            [Presence(ticket_id=ticket_id, agent=agent, seen_at=now, typed_at=now if typing else None)],
            update_conflicts=True,
            unique_fields=["ticket", "agent"],
            update_fields=["seen_at", *(["typed_at"] if typing else [])],
        )

    def leave(self, *, ticket_id: int, agent: Agent) -> None:
        """Note that the agent has gone on."""
        self.filter(ticket=ticket_id, agent=agent).delete()

    def current(self, since: datetime) -> PresenceQuerySet:
        """Return who was in which ticket after `since`."""
        return self.filter(seen_at__gt=since).select_related("agent").order_by("ticket", "agent__name", "pk")

    def sweep(self, before: datetime) -> int:
        """Forget those who were last seen before that moment; return how many."""
        return self.filter(seen_at__lt=before).delete()[0]


class Presence(models.Model):
    """One agent in one ticket; old rows are swept away."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="presences")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="presences")
    seen_at = models.DateTimeField()
    typed_at = models.DateTimeField(null=True, blank=True)

    objects = PresenceQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["ticket", "agent"], name="one_presence_per_ticket_and_agent"),
        )

    def __str__(self) -> str:
        return f"{self.agent_id} in {self.ticket_id}"


class MentionQuerySet(models.QuerySet["Mention"]):
    """Notes and finds who was called."""

    def call(self, *, message: Message, agents: Iterable[Agent], now: datetime) -> None:
        """Note that these agents were named in a note."""
        self.bulk_create(
            [Mention(message=message, ticket=message.ticket, agent=agent, at=now) for agent in agents],
            ignore_conflicts=True,
        )

    def unseen(self, agent: Agent) -> MentionQuerySet:
        """Return the calls this agent has not followed yet, the newest first."""
        return self.filter(agent=agent, seen_at=None).order_by("-at", "-pk")

    def see(self, *, ticket: Ticket, agent: Agent, now: datetime) -> int:
        """Note that the agent has read a ticket with all in it; return how many calls that answers."""
        if not self.unseen(agent).exists():  # nearly always: spares every opened ticket the statement below
            return 0
        here = Q(ticket=ticket) | Q(ticket__merged_into=ticket) | Q(ticket__merged_into__merged_into=ticket)
        return self.filter(here, agent=agent, seen_at=None).update(seen_at=now)

    def move(self, messages: Iterable[Message], *, to: Ticket) -> None:
        """Let calls follow their notes into another ticket."""
        self.filter(message__in=[message.pk for message in messages]).update(ticket=to)


class Mention(models.Model):
    """An agent named with @ in a note."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="mentions")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="mentions")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="mentions")
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    objects = MentionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["message", "agent"], name="one_mention_per_note_and_agent"),
        )
        indexes = (models.Index(fields=["agent", "-at"], name="mention_unseen", condition=Q(seen_at=None)),)

    def __str__(self) -> str:
        return f"{self.agent_id} called in {self.ticket_id}"


class TicketLinkQuerySet(models.QuerySet["TicketLink"]):
    """Ties tickets together."""

    def tie(self, one: Ticket, other: Ticket, *, now: datetime) -> bool:
        """Link two tickets; return whether they were not linked before."""
        first, second = sorted((one.pk, other.pk))
        return self.get_or_create(first_id=first, second_id=second, defaults={"at": now})[1]

    def untie(self, one: Ticket, other: Ticket) -> bool:
        """Undo a link; return whether there was one."""
        first, second = sorted((one.pk, other.pk))
        return bool(self.filter(first_id=first, second_id=second).delete()[0])

    def of(self, ticket: Ticket) -> TicketLinkQuerySet:
        """Return the links of a ticket, whichever side it is on."""
        return self.filter(Q(first=ticket) | Q(second=ticket))

    def partners(self, ticket: Ticket) -> list[int]:
        """Return the numbers of the tickets linked to this one, in the order they were linked."""
        pairs = self.of(ticket).order_by("pk").values_list("first_id", "second_id")
        return [second if first == ticket.pk else first for first, second in pairs]


class TicketLink(models.Model):
    """Two tickets that belong together; the one with the smaller number is the first."""

    first = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    objects = TicketLinkQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["first", "second"], name="one_link_per_pair"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="links_go_upward"),
        )
        indexes = (models.Index(fields=["second"], name="link_by_second"),)

    def __str__(self) -> str:
        return f"{self.first_id} – {self.second_id}"
