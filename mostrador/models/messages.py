"""Messages: buyers' mails as they came, the words in them, our answers and notes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Coalesce

from mostrador.domain.delivery import OPEN, Source, State
from mostrador.domain.tickets import Said, Speaker, first_unanswered
from mostrador.mail.incoming import IncomingMail
from mostrador.mail.raw_mail import RawMail as WaitingMail
from mostrador.models.cancellations import Cancellation
from mostrador.models.delivery import Delivery, DeliveryQuerySet, due_index, request_key_constraint
from mostrador.models.people import Agent
from mostrador.models.refunds import Refund
from mostrador.models.selling_partners import Mailbox
from mostrador.models.tickets import Ticket


class RawMailState(models.TextChoices):
    """Whether a stored mail has become a message."""

    STORED = "stored", "stored"
    READ = "read", "read"
    SKIPPED = "skipped", "skipped"  # not from a buyer: Amazon's own notices


# The rows of both are looked at again once they are locked, so a mail read meanwhile is none.
_CLAIM = """
SELECT raw.id FROM mostrador_rawmail raw JOIN mostrador_mailbox mailbox ON mailbox.id = raw.mailbox_id
WHERE raw.id = %s AND raw.state = %s
FOR NO KEY UPDATE OF mailbox, raw
"""


class RawMailQuerySet(models.QuerySet["RawMail"]):
    """Stores mails byte for byte before anything looks into them."""

    def keep(
        self, *, mailbox: Mailbox, content: bytes, size: int, truncated: bool, now: datetime
    ) -> tuple[RawMail, bool]:
        """Store a mail once (by content); return the row and whether it is new."""
        digest = hashlib.sha256(content).hexdigest()
        return self.get_or_create(
            mailbox=mailbox,
            sha256=digest,
            defaults={"content": content, "size": size, "truncated": truncated, "received_at": now},
        )

    def keep_all(self, *, mailbox: Mailbox, mails: Sequence[WaitingMail], now: datetime) -> None:
        """Store some mails of a mailbox at once, each once (by content): all of them, or none."""
        rows = [
            RawMail(
                mailbox=mailbox,
                sha256=hashlib.sha256(mail.content).hexdigest(),
                content=mail.content,
                size=min(mail.size, models.BigIntegerField.MAX_BIGINT),  # a mail server may say anything
                truncated=mail.truncated,
                received_at=now,
            )
            for mail in mails
        ]
        self.bulk_create(rows, ignore_conflicts=True)

    def claim(self, raw: RawMail) -> bool:
        """Lock a mail and its mailbox until the transaction ends; return whether nobody has taken it in yet.

        One mail at a time per mailbox: two mails of one buyer must not begin two tickets.
        """
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [raw.pk, RawMailState.STORED])
            return cursor.fetchone() is not None

    def next_unread(self, *, mailbox_id: int, after: int, limit: int, longest: int) -> list[RawMail]:
        """Return the oldest unread mails of a mailbox: up to `limit`, of `longest` bytes together, or one."""
        waiting = self.unread().filter(mailbox=mailbox_id, pk__gt=after)
        chosen: list[int] = []
        size = 0
        for pk, bytes_of_it in waiting.values_list("pk", "size")[:limit]:
            size += bytes_of_it
            if chosen and size > longest:
                break
            chosen.append(pk)
        return list(self.filter(pk__in=chosen).order_by("pk"))

    def unread(self) -> RawMailQuerySet:
        """Return the mails no one has looked into yet, oldest first."""
        return self.filter(state=RawMailState.STORED).order_by("pk")


class RawMail(models.Model):
    """One mail exactly as it came; the evidence behind a message."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="raw_mails")
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    size = models.BigIntegerField()
    truncated = models.BooleanField(default=False)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=RawMailState.choices, default=RawMailState.STORED)

    objects = RawMailQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["mailbox", "sha256"], name="one_row_per_mail"),)
        indexes = (models.Index(fields=["id"], name="mail_to_read", condition=Q(state=RawMailState.STORED)),)

    def __str__(self) -> str:
        return self.sha256[:12]

    def mark(self, state: RawMailState) -> None:
        """Note what became of it."""
        self.state = state
        self.save(update_fields=["state"])


class Direction(models.TextChoices):
    """Who speaks to whom."""

    IN = "in", "from the buyer"
    OUT = "out", "to the buyer"
    NOTE = "note", "for the team"


# An answer of which it is not certain that it left stops no clock.
_CERTAINLY_LEFT = frozenset({State.SENT, State.ACCEPTED, State.CONFIRMED})


class MessageQuerySet(models.QuerySet["Message"]):
    """Makes and finds messages."""

    def known(self, message_ids: Sequence[str]) -> Message | None:
        """Return the newest message that carries one of these Message-IDs."""
        return self.filter(message_id__in=message_ids).select_related("ticket").order_by("-pk").first()

    def receive(
        self,
        *,
        ticket: Ticket,
        raw: RawMail,
        mail: IncomingMail,
        defects: Sequence[str],
        at: datetime,
        now: datetime | None = None,
    ) -> Message:
        """Store a buyer's mail as read, with its attachments; from `now` on the desk can show it."""
        message = self.create(
            ticket=ticket,
            raw=raw,
            direction=Direction.IN,
            from_name=mail.from_name[:200],
            from_address=mail.from_address[:320],
            subject=mail.subject[:300],
            text=mail.buyer_text,
            whole_text=mail.body_text if mail.body_text != mail.buyer_text else "",
            html=mail.body_html_clean,
            blocked_images=mail.blocked_images,
            message_id=mail.message_id or "",
            authentic=mail.authentic,
            defects=[defect[:300] for defect in defects],
            is_automatic=mail.is_automatic,
            at=at,
            shown_at=now,
        )
        for file in mail.attachments:
            Attachment.objects.keep(
                message=message,
                name=file.name,
                content_type=file.content_type,
                content=file.content,
                size=file.size,
                refused=file.refused or "",
            )
        return message

    def answer(
        self,
        *,
        ticket: Ticket,
        author: Agent | None,
        mailbox: Mailbox,
        text: str,
        message_id: str,
        at: datetime,
        is_automatic: bool = False,
    ) -> Message:
        """Store the words that are about to leave for the buyer; Amazon counts no automatic ones."""
        return self.create(
            ticket=ticket,
            direction=Direction.OUT,
            author=author,
            from_name=mailbox.from_name,
            from_address=mailbox.from_address,
            subject=ticket.subject,
            text=text,
            message_id=message_id,
            is_automatic=is_automatic,
            at=at,
        )

    def said(self, ticket: Ticket) -> list[Said]:
        """Return all that starts or stops Amazon's clock in a ticket and in those that show in it."""
        family = Ticket.objects.family(ticket)
        spoken = self.filter(ticket__in=family, direction__in=(Direction.IN, Direction.OUT))
        shown = Coalesce("shown_at", "raw__received_at", "at")
        rows = spoken.values_list(
            "direction", "at", shown, "reply__state", "reply__requested_at", "is_automatic"
        ).order_by("at", "pk")
        told = [
            Said(Speaker.BUYER, at, shown_at, is_automatic)
            if direction == Direction.IN
            else Said(Speaker.DESK, at, written_at or at, is_automatic)
            for direction, at, shown_at, state, written_at, is_automatic in rows
            if direction == Direction.IN or state is None or state in _CERTAINLY_LEFT
        ]
        marks = Ticket.objects.filter(pk__in=family).exclude(no_answer_needed_at=None)
        marked = marks.values_list("no_answer_needed_at", flat=True)
        return [*told, *(Said(Speaker.MARK, at, at) for at in marked if at)]

    def unanswered(self, ticket: Ticket) -> Message | None:
        """Return the buyer's oldest message that no answer speaks to; one that may not have left is none."""
        since = first_unanswered(self.said(ticket))
        if since is None:
            return None
        written = self.filter(direction=Direction.IN, is_automatic=False, at=since)
        return written.filter(ticket__in=Ticket.objects.family(ticket)).order_by("pk").last()

    def asked(self, ticket: Ticket, *, since: datetime) -> datetime | None:
        """Return when the buyer first wrote in a ticket from `since` on; a machine's words do not count."""
        written = self.filter(direction=Direction.IN, is_automatic=False, at__gte=since)
        written = written.filter(ticket__in=Ticket.objects.family(ticket)).order_by("at", "pk")
        return written.values_list("at", flat=True).first()

    def newest(self, ticket: Ticket) -> Message | None:
        """Return the newest words between buyer and desk."""
        spoken = self.filter(ticket__in=Ticket.objects.family(ticket)).exclude(direction=Direction.NOTE)
        return spoken.order_by("at", "pk").last()

    def movable(self, ticket: Ticket, ids: Sequence[int]) -> list[Message]:
        """Return those of some messages that may leave a ticket: the buyer's, and notes; oldest first."""
        family = Ticket.objects.family(ticket)
        mine = self.filter(pk__in=ids, ticket__in=family).exclude(direction=Direction.OUT)
        return list(mine.order_by("at", "pk"))

    def staying(self, ticket: Ticket, leaving: Sequence[Message]) -> int:
        """Return how many of the buyer's messages stay when those leave."""
        written = self.filter(ticket__in=Ticket.objects.family(ticket), direction=Direction.IN)
        return written.exclude(pk__in=[message.pk for message in leaving]).count()

    def latest_of_buyer(self, ticket: Ticket) -> Message | None:
        """Return the buyer's newest message."""
        written = self.filter(ticket__in=Ticket.objects.family(ticket), direction=Direction.IN)
        return written.order_by("at", "pk").last()

    def newest_of_buyer(self, ticket: Ticket) -> Message | None:
        """Return the buyer's newest message that can be answered by its Message-ID."""
        family = Ticket.objects.family(ticket)
        written = self.filter(ticket__in=family, direction=Direction.IN).exclude(message_id="")
        return written.order_by("at", "pk").last()

    def note(self, *, ticket: Ticket, author: Agent, text: str, at: datetime) -> Message:
        """Store a note for the team."""
        return self.create(
            ticket=ticket, direction=Direction.NOTE, author=author, from_name=author.name, text=text, at=at
        )

    def move(self, messages: Sequence[Message], *, to: Ticket) -> int:
        """Let messages belong to another ticket, with all that hangs on them; return how many."""
        return self.filter(pk__in=[message.pk for message in messages]).update(ticket=to)

    def thread(self, ticket: Ticket) -> list[str]:
        """Return the Message-IDs of a ticket, oldest first, for the References header."""
        family = Ticket.objects.family(ticket)
        ids = self.filter(ticket__in=family).exclude(message_id="").order_by("at", "pk")
        return list(ids.values_list("message_id", flat=True))


class Message(models.Model):
    """Words of a ticket: the buyer's, ours, or a note; `at` is when they were said."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages")
    raw = models.OneToOneField(
        RawMail, on_delete=models.PROTECT, null=True, blank=True, related_name="message"
    )
    direction = models.CharField(max_length=4, choices=Direction.choices)
    author = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    from_name = models.CharField(max_length=200, blank=True)
    from_address = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)  # what is read: the buyer's own words
    whole_text = models.TextField(blank=True)  # the mail's whole text, where it says more
    html = models.TextField(blank=True)  # cleaned
    blocked_images = models.PositiveIntegerField(default=0)
    message_id = models.CharField(max_length=500, blank=True)
    is_automatic = models.BooleanField(default=False)  # an out-of-office note, ours or theirs: no answer
    authentic = models.BooleanField(null=True)
    defects = ArrayField(models.CharField(max_length=300), default=list)
    at = models.DateTimeField()
    # Since when the desk can show it: no answer written before speaks to it.
    shown_at = models.DateTimeField(null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["ticket", "at"], name="message_of_ticket"),
            models.Index(fields=["message_id"], name="message_by_id", condition=~Q(message_id="")),
        )

    def __str__(self) -> str:
        return f"{self.direction} {self.pk}"


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Makes attachments."""

    def keep(
        self, *, message: Message, name: str, content_type: str, content: bytes, size: int, refused: str
    ) -> Attachment:
        """Store an attachment; a refused one keeps its name and the reason, not its bytes."""
        return self.create(
            message=message,
            name=name[:200],
            content_type=content_type[:100],
            content=b"" if refused else content,
            size=size,
            refused=refused[:300],
        )


class Attachment(models.Model):
    """A file that came with a message; `refused` says why its bytes are not offered."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField()
    size = models.BigIntegerField()
    refused = models.CharField(max_length=300, blank=True)

    objects = AttachmentQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class ReplyQuerySet(DeliveryQuerySet["Reply"]):
    """Makes and finds replies."""

    def request(
        self,
        *,
        ticket: Ticket,
        agent: Agent | None,
        source: Source,
        text: str,
        macro: str,
        language: str,
        closes_ticket: bool,
        armed_refund: Refund | None,
        armed_cancellation: Cancellation | None,
        request_key: str,
        request_sha256: str,
        send_after: datetime,
        now: datetime,
    ) -> Reply:
        """Store a reply that waits to leave."""
        return self.create(
            selling_partner=ticket.selling_partner,
            ticket=ticket,
            requested_by=agent,
            source=source,
            text=text,
            macro=macro,
            language=language,
            closes_ticket=closes_ticket,
            armed_refund=armed_refund,
            armed_cancellation=armed_cancellation,
            request_key=request_key,
            request_sha256=request_sha256,
            requested_at=now,
            moved_at=now,
            send_after=send_after,
        )

    def locked(self, pk: int) -> Reply:
        """Return the reply with its row locked, and all that decides whether and how it may leave."""
        around = ("ticket__mailbox", "ticket__order", "ticket__selling_partner", "message", "requested_by")
        armed = ("armed_refund__order", "armed_cancellation__order")
        rows = self.select_for_update(of=("self",)).select_related("selling_partner", *around, *armed)
        return rows.get(pk=pk)

    def armed_on(self, action: Refund | Cancellation) -> ReplyQuerySet:
        """Return the waiting replies armed on `action`."""
        waiting = self.filter(state=State.REQUESTED)
        if isinstance(action, Refund):
            return waiting.filter(armed_refund=action)
        return waiting.filter(armed_cancellation=action)

    def leaving(self, *, ticket: Ticket, agent: Agent, now: datetime) -> Reply | None:
        """Return the agent's newest reply that waits for nothing but the end of its undo window."""
        mine = self.filter(ticket=ticket, requested_by=agent, state=State.REQUESTED, send_after__gt=now)
        return mine.filter(armed_refund=None, armed_cancellation=None).order_by("pk").last()

    def ready(self, now: datetime) -> ReplyQuerySet:
        """Return the due replies that wait for nothing, or for something that is decided."""
        undecided = Q(armed_refund__state__in=OPEN) | Q(armed_cancellation__state__in=OPEN)
        return self.due(now).exclude(undecided).filter(selling_partner__paused_at=None)

    def stuck(self, since: datetime) -> ReplyQuerySet:
        """Return those whose worker began to send before `since` and never said how it ended."""
        return self.filter(state=State.SENDING, moved_at__lt=since)

    def postpone(self, reply: Reply, *, until: datetime) -> None:
        """Look at a reply that cannot leave as it is again later."""
        self.filter(pk=reply.pk, state=State.REQUESTED).update(send_after=until)


class Reply(Delivery):
    """An answer on its way to the buyer; an armed one waits until Amazon has accepted its action.

    `text` is what the agent wrote or, for a macro that is armed, the macro's words with places left open:
    the words that leave are made from the true state at that moment and stored as the message.
    """

    LETTER = "M"

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="replies")
    message = models.OneToOneField(
        Message, on_delete=models.PROTECT, null=True, blank=True, related_name="reply"
    )
    text = models.TextField()
    macro = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=5, blank=True)
    closes_ticket = models.BooleanField(default=False)
    armed_refund = models.ForeignKey(
        Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="armed_replies"
    )
    armed_cancellation = models.ForeignKey(
        Cancellation, on_delete=models.PROTECT, null=True, blank=True, related_name="armed_replies"
    )
    mail_id = models.CharField(max_length=500, blank=True)  # its Message-ID, stable over tries

    objects = ReplyQuerySet.as_manager()

    class Meta:
        constraints = (request_key_constraint("one_reply_per_request_key"),)
        indexes = (due_index("reply_due"),)

    def __str__(self) -> str:
        return self.reference

    @property
    def armed_action(self) -> Refund | Cancellation | None:
        """What the reply waits for, or nothing."""
        return self.armed_refund or self.armed_cancellation
