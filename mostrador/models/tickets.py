"""Tickets: one conversation with one buyer, usually about one order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Count, F, Q
from django.db.models.expressions import RawSQL

from mostrador.domain.orders import FULFILLED_BY_AMAZON, NOT_YET_SHIPPED
from mostrador.domain.tickets import Priority, TicketState, answer_due
from mostrador.models.orders import Order, OrderItem
from mostrador.models.people import Agent
from mostrador.models.selling_partners import Mailbox, SellingPartner

PREVIEW_CHARACTERS = 160
SUGGESTION_CHARACTERS = 200
MOST_ASKED = 100_000


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Makes and finds tickets."""

    def begin(
        self,
        *,
        partner: SellingPartner,
        mailbox: Mailbox | None,
        order: Order | None,
        subject: str,
        buyer_name: str,
        buyer_address: str,
        marketplace_id: str,
        language: str,
        now: datetime,
        is_stored: bool = True,
    ) -> Ticket:
        """Return a new ticket, open and without messages; one not stored yet is when it hears first words."""
        ticket = Ticket(
            selling_partner=partner,
            mailbox=mailbox,
            order=order,
            subject=subject[:300],
            buyer_name=buyer_name[:200],
            buyer_address=buyer_address[:320],
            marketplace_id=marketplace_id,
            language=language,
            last_message_at=now,
        )
        if is_stored:
            ticket.save()
        return ticket

    def locked(self, pk: int) -> Ticket:
        """Return the ticket with its row locked; its key stays free for those who only refer to it."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=pk)

    def standing_for(self, pk: int) -> Ticket:
        """Return the ticket, or the one it shows in since it was merged, with its row locked."""
        while True:
            into = self.filter(pk=pk).values_list("merged_into", flat=True).get()
            if into is None and (ticket := self.locked(pk)).merged_into_id is None:
                return ticket
            pk = into or pk

    def family(self, ticket: Ticket) -> list[int]:
        """Return the ticket and all that show in it: they are read and answered as one."""
        found, level = [ticket.pk], [ticket.pk]
        while level:
            level = list(self.filter(merged_into__in=level).order_by("pk").values_list("pk", flat=True))
            found += level
        return found

    def alive(self) -> TicketQuerySet:
        """Return the tickets that are not closed and show in no other."""
        return self.filter(merged_into=None).exclude(state=TicketState.CLOSED)

    def beside(self, ticket: Ticket, *, alias: str) -> TicketQuerySet:
        """Return the other live tickets of the same buyer or about the same order, the newest first."""
        same = Q(order=ticket.order_id) if ticket.order_id else Q(pk__in=())
        local, _, domain = alias.partition("@")
        if local:
            same |= Q(buyer_address=alias)
            same |= Q(buyer_address__startswith=f"{local}+", buyer_address__endswith=f"@{domain}")
        others = self.alive().exclude(pk=ticket.pk).order_by("-pk")
        return others.filter(same, selling_partner=ticket.selling_partner_id)

    def asleep(self, *, until: datetime) -> TicketQuerySet:
        """Return the tickets whose rest ends at `until` or before, the first to wake on top."""
        return self.filter(snoozed_until__lte=until).order_by("snoozed_until", "pk")

    def loads(self) -> dict[int, int]:
        """Return how many open tickets each agent has."""
        carried = self.filter(state=TicketState.OPEN, assigned_to__isnull=False).order_by()
        return dict(carried.values_list("assigned_to").annotate(Count("pk")))

    def last_given(self, longest: int) -> list[int]:
        """Return whose the newest tickets are, the newest first; those of nobody are left out."""
        mine = self.filter(assigned_to__isnull=False).order_by("-pk")
        return list(mine.values_list("assigned_to", flat=True)[:longest])

    def known_tags(self, *, among: int) -> list[str]:
        """Return the tags of the latest `among` tickets, the most used first."""
        latest = self.order_by("-last_message_at", "-pk").values_list("tags", flat=True)[:among]
        used = Counter(tag for tags in latest for tag in tags)
        return [tag for tag, _ in sorted(used.items(), key=lambda pair: (-pair[1], pair[0]))]

    def of_order(self, order: Order) -> TicketQuerySet:
        """Return the tickets about an order, the newest first."""
        return self.filter(order=order).order_by("-pk")

    def of_buyer(self, *, partner: SellingPartner, alias: str, closed_after: datetime) -> TicketQuerySet:
        """Return the tickets of a buyer that are open, or were closed after that moment, the newest first.

        `alias` is the buyer's address without its +token.
        """
        local, _, domain = alias.partition("@")
        same = Q(buyer_address=alias) | Q(
            buyer_address__startswith=f"{local}+", buyer_address__endswith=f"@{domain}"
        )
        alive = ~Q(state=TicketState.CLOSED) | Q(closed_at__gt=closed_after)
        return self.filter(same, alive, selling_partner=partner).order_by("-pk")

    def cancel_radar(self) -> TicketQuerySet:
        """Return the tickets on whose order the buyer waits for a cancellation, the next to ship first.

        Only orders the selling partner ships itself and has not shipped; `time_to_ship` says what is left.
        """
        return (
            self.filter(order__in=asked_to_cancel(), order__status__in=sorted(NOT_YET_SHIPPED))
            .exclude(order__fulfilled_by=FULFILLED_BY_AMAZON)
            .exclude(state=TicketState.CLOSED)
            .select_related("order")
            .order_by(F("order__ship_by").asc(nulls_last=True), "pk")
        )


def asked_to_cancel() -> RawSQL:
    """Return the orders with an item the buyer asked to cancel and nobody has cancelled (one query)."""
    asked = OrderItem.objects.filter(buyer_asked_to_cancel=True, quantity_cancelled__lt=F("quantity_ordered"))
    return these(asked.values_list("order", flat=True)[:MOST_ASKED])


def these(keys: Iterable[int]) -> RawSQL:
    """Return keys as rows: named one by one, the database sees how few they are and begins with them."""
    return RawSQL("SELECT unnest(%s::bigint[])", [list(keys)])  # numbers only, as a parameter


class Ticket(models.Model):
    """A conversation; `answer_due_at` is Amazon's 24 hours from the first unanswered buyer message."""

    selling_partner = models.ForeignKey(SellingPartner, on_delete=models.PROTECT, related_name="tickets")
    mailbox = models.ForeignKey(
        Mailbox, on_delete=models.SET_NULL, null=True, blank=True, related_name="tickets"
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="tickets")
    subject = models.CharField(max_length=300, blank=True)
    buyer_name = models.CharField(max_length=200, blank=True)
    buyer_address = models.CharField(max_length=320, blank=True)  # the relay alias in full, +token and all
    comm_mgr_token = models.CharField(max_length=500, blank=True)
    marketplace_id = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=5, blank=True)
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in TicketState], default=TicketState.OPEN
    )
    assigned_to = models.ForeignKey(
        Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="tickets"
    )
    priority = models.SmallIntegerField(
        choices=[(p.value, p.name.lower()) for p in Priority], default=Priority.NORMAL
    )
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    # An agent found that the buyer's last words need no answer; Amazon wants that marked on its own page too.
    no_answer_needed_at = models.DateTimeField(null=True, blank=True)
    claim_at = models.DateTimeField(null=True, blank=True)  # the buyer opened an A-to-z claim
    # What was proposed last and put aside: it stays away until something else is proposed.
    put_aside = models.CharField(max_length=SUGGESTION_CHARACTERS, blank=True, default="", db_default="")
    # A merged ticket keeps all its rows and shows them in this one.
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged"
    )
    first_unanswered_at = models.DateTimeField(null=True, blank=True)
    answer_due_at = models.DateTimeField(null=True, blank=True)
    last_message_at = models.DateTimeField()
    preview = models.CharField(max_length=PREVIEW_CHARACTERS, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(
                F("answer_due_at").asc(nulls_last=True),
                F("last_message_at").desc(),
                F("id").desc(),
                name="ticket_needs_reply",
                condition=Q(state=TicketState.OPEN),
            ),
            models.Index(fields=["state", "-last_message_at", "-id"], name="ticket_by_state"),
            models.Index(fields=["-last_message_at", "-id"], name="ticket_by_last_message"),
            models.Index(fields=["marketplace_id", "-last_message_at", "-id"], name="ticket_by_marketplace"),
            models.Index(fields=["language", "-last_message_at", "-id"], name="ticket_by_language"),
            # Also for addresses that begin in the same way: a buyer's alias, whatever its +token.
            models.Index(
                fields=["selling_partner", "buyer_address"],
                opclasses=["int8_ops", "varchar_pattern_ops"],
                name="ticket_by_buyer_alias",
            ),
            models.Index(fields=["assigned_to", "state", "-last_message_at", "-id"], name="ticket_by_agent"),
            models.Index(
                F("assigned_to"),
                F("answer_due_at").asc(nulls_last=True),
                F("last_message_at").desc(),
                F("id").desc(),
                name="ticket_needs_reply_by_agent",
                condition=Q(state=TicketState.OPEN),
            ),
            models.Index(
                fields=["priority", "-last_message_at", "-id"],
                name="ticket_by_priority",
                condition=~Q(priority=Priority.NORMAL),
            ),
            models.Index(
                fields=["snoozed_until"], name="ticket_to_wake", condition=Q(snoozed_until__isnull=False)
            ),
            models.Index(
                fields=["-claim_at", "-id"], name="ticket_with_claim", condition=Q(claim_at__isnull=False)
            ),
            GinIndex(fields=["tags"], name="ticket_by_tag"),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """The short name people use: T-1042."""
        return f"T-{1000 + self.pk}"

    # ── queries ───────────────────────────────────────────────────────────────────────────────────────────

    def time_to_ship(self, now: datetime) -> timedelta | None:
        """Return how long the order may still stay unshipped, less than nothing when it is late."""
        return self.order.ship_by - now if self.order and self.order.ship_by else None

    # ── mutators ──────────────────────────────────────────────────────────────────────────────────────────

    def heard_from_buyer(self, *, at: datetime, preview: str) -> None:
        """Open the ticket because the buyer wrote; Amazon's clock starts if it was not running."""
        self.state, self.closed_at, self.snoozed_until = TicketState.OPEN, None, None
        self.first_unanswered_at = min(self.first_unanswered_at or at, at)
        self.answer_due_at = answer_due(self.first_unanswered_at)
        self._said(at=at, preview=preview)

    def heard_automatically(self, *, at: datetime, preview: str) -> None:
        """Keep what a buyer's machine wrote: nobody waits for an answer to it."""
        self._said(at=at, preview=preview)

    def answered(
        self, *, at: datetime, preview: str, close: bool, unanswered_since: datetime | None = None
    ) -> None:
        """Note that an answer left: the buyer's turn, or nobody's.

        `unanswered_since` is when the buyer wrote what this answer cannot know yet: then it stays our turn.
        """
        closes = close and unanswered_since is None
        self.state = TicketState.CLOSED if closes else TicketState.WAITING
        if unanswered_since is not None:
            self.state = TicketState.OPEN
        self.closed_at = at if closes else None
        self.first_unanswered_at = unanswered_since
        self.answer_due_at = answer_due(unanswered_since)
        self._said(at=at, preview=preview)

    def _said(self, *, at: datetime, preview: str) -> None:
        if at >= self.last_message_at or not self.preview:
            self.last_message_at = max(at, self.last_message_at) if self.preview else at
            self.preview = " ".join(preview.split())[:PREVIEW_CHARACTERS]
        self.save()

    def close(self, *, now: datetime) -> None:
        """Close the ticket; an unanswered message no longer counts as waiting for us."""
        self.state, self.closed_at, self.snoozed_until = TicketState.CLOSED, now, None
        self.save(update_fields=["state", "closed_at", "snoozed_until"])

    def reopen(self) -> None:
        """Open the ticket again."""
        self.state, self.closed_at, self.snoozed_until = TicketState.OPEN, None, None
        self.save(update_fields=["state", "closed_at", "snoozed_until"])

    def assign(self, agent: Agent | None) -> None:
        """Give the ticket to `agent`, or to nobody."""
        self.assigned_to = agent
        self.save(update_fields=["assigned_to"])

    def retag(self, tags: Sequence[str]) -> None:
        """Give the ticket these tags and no others."""
        self.tags = list(tags)
        self.save(update_fields=["tags"])

    def rank(self, priority: Priority) -> None:
        """Rank the ticket."""
        self.priority = priority
        self.save(update_fields=["priority"])

    def put_suggestion_aside(self, key: str) -> None:
        """Let a suggestion stay away from the ticket."""
        self.put_aside = key[:SUGGESTION_CHARACTERS]
        self.save(update_fields=["put_aside"])

    def rest(self, until: datetime) -> None:
        """Let the ticket rest until then."""
        self.snoozed_until = until
        self.save(update_fields=["snoozed_until"])

    def wake(self) -> None:
        """End the rest; a ticket that waited for the buyer is our turn again."""
        self.snoozed_until = None
        self.state = TicketState.OPEN if self.state == TicketState.WAITING else self.state
        self.save(update_fields=["snoozed_until", "state"])

    def show_in(self, target: Ticket, *, now: datetime) -> None:
        """Let the ticket show in `target` from now on; its own rows stay where they are."""
        self.merged_into = target
        self.close(now=now)
        self.save(update_fields=["merged_into"])

    def stand_alone(self, *, state: TicketState, closed_at: datetime | None) -> None:
        """Let a merged ticket show by itself again."""
        self.merged_into = None
        self.state, self.closed_at = state, closed_at
        self.save(update_fields=["merged_into", "state", "closed_at"])

    def speaks_for(self, order: Order | None) -> None:
        """Be about `order` from now on."""
        self.order = order
        self.save(update_fields=["order"])

    def wait_since(self, unanswered: datetime | None, *, state: TicketState | None = None) -> None:
        """Let Amazon's clock run from the buyer's first unanswered message, or not at all."""
        self.first_unanswered_at, self.answer_due_at = unanswered, answer_due(unanswered)
        self.state = state or self.state
        if self.state != TicketState.CLOSED:
            self.closed_at = None
        self.save(update_fields=["first_unanswered_at", "answer_due_at", "state", "closed_at"])

    def needs_no_answer(self, *, since: datetime | None) -> None:
        """Note when an agent found that what was said until then needs no answer, or that it does."""
        self.no_answer_needed_at = since
        self.save(update_fields=["no_answer_needed_at"])

    def has_claim(self, *, since: datetime | None) -> None:
        """Note since when the buyer has an A-to-z claim, or that there is none."""
        self.claim_at = since
        self.save(update_fields=["claim_at"])

    def show_latest(self, at: datetime, preview: str) -> None:
        """Show the newest words of the conversation in the queue."""
        self.last_message_at = at
        self.preview = " ".join(preview.split())[:PREVIEW_CHARACTERS]
        self.save(update_fields=["last_message_at", "preview"])

    def learn(self, *, order: Order | None, address: str, token: str, subject: str = "") -> None:
        """Store what a newer mail adds: the order, the newest relay address and token, a first subject."""
        self.keep_in_mind(order=order, address=address, token=token, subject=subject)
        self.save(update_fields=["order", "buyer_address", "comm_mgr_token", "subject"])

    def keep_in_mind(self, *, order: Order | None, address: str, token: str, subject: str = "") -> None:
        """Take over what a newer mail adds; it is stored with the words the ticket hears next."""
        self.subject = self.subject or subject[:300]
        self.order = self.order or order
        self.buyer_address = address[:320] or self.buyer_address
        self.comm_mgr_token = token[:500] or self.comm_mgr_token
