"""Notifications: what Amazon sent us a hint of, what we did about it, and how the queue is."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import models
from django.db.models import Q

from mostrador.amazon.notifications import FeedFinished, NotificationType, OrderChanged
from mostrador.amazon.notifications import Notification as Said
from mostrador.models.selling_partners import SellingPartner

KEPT_FOR = timedelta(days=14)  # as long as SQS keeps a message: no older one can come again
QUIET_NOTE_EVERY = timedelta(minutes=1)


class Outcome(StrEnum):
    """What was done about a notification."""

    HINT_USED = "hint_used"  # something is read again because of it
    DUPLICATE = "duplicate"  # the same one was used before
    NOTHING_DUE = "nothing_due"  # about a feed of ours whose story went on without it
    UNKNOWN_SELLER = "unknown_seller"
    UNKNOWN_FEED = "unknown_feed"
    NO_SUCH_FEED = "no_such_feed"  # about a feed that Amazon, asked, does not know as one of that kind
    OTHER_TYPE = "other_type"  # we never asked for such ones
    UNREADABLE = "unreadable"


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Stores and finds notifications."""

    def store(
        self, said: Said, *, text: str, outcome: Outcome, partner: SellingPartner | None, now: datetime
    ) -> Notification:
        """Store a notification that could be read: ids and Amazon's words, nothing about the buyer.

        Raises: IntegrityError when the hint of the same notification was used already.
        """
        about = said.about
        subject, word = "", ""
        match about:
            case FeedFinished():
                subject, word = about.feed_id, f"{about.feed_type} {about.status}"
            case OrderChanged():
                subject, word = about.order_id, about.change
        return self.create(
            notification_id=said.notification_id,
            type=said.type,
            seller_id=about.seller_id if about else "",
            subject=subject,
            word=word[:200],
            published_at=said.published_at,
            selling_partner=partner,
            outcome=outcome,
            sha256=_sha256(text),
            received_at=now,
        )

    def store_unreadable(self, *, text: str, fault: str, now: datetime) -> Notification:
        """Store that a message could not be read; of its bytes only the hash is kept."""
        return self.create(
            outcome=Outcome.UNREADABLE, word=fault[:200], sha256=_sha256(text), received_at=now
        )

    def was_used(self, notification_id: str) -> bool:
        """Return whether the hint of this notification was used before."""
        return self.filter(notification_id=notification_id, outcome=Outcome.HINT_USED).exists()

    def named_feeds(self, *, seller_id: str, feed_type: str, since: datetime) -> list[str]:
        """Return the feeds of a kind that notifications named and that are not explained, oldest first."""
        named = self.filter(
            seller_id=seller_id,
            type=NotificationType.FEED_PROCESSING_FINISHED,
            word__startswith=f"{feed_type} ",
            outcome__in=(Outcome.UNKNOWN_FEED, Outcome.HINT_USED),
            received_at__gte=since,
        )
        return list(dict.fromkeys(named.order_by("pk").values_list("subject", flat=True)))

    def clear_up(self, *, seller_id: str, feed_id: str) -> None:
        """Note that Amazon does not know such a feed, unless the seller has accounts elsewhere that may."""
        if SellingPartner.objects.filter(seller_id=seller_id).count() == 1:
            named = self.filter(seller_id=seller_id, subject=feed_id, outcome=Outcome.UNKNOWN_FEED)
            named.update(outcome=Outcome.NO_SUCH_FEED)

    def ignored(self, *, since: datetime) -> NotificationQuerySet:
        """Return those that were not understood or not about us."""
        strange = (Outcome.UNREADABLE, Outcome.UNKNOWN_SELLER, Outcome.UNKNOWN_FEED)
        return self.filter(outcome__in=strange, received_at__gte=since)

    def forget_old(self, now: datetime) -> int:
        """Delete those that cannot come again, and return how many there were."""
        return self.filter(received_at__lt=now - KEPT_FOR).delete()[0]


class Notification(models.Model):
    """One arrival of one notification; it has no part in any decision about money."""

    notification_id = models.CharField(max_length=100, blank=True)
    type = models.CharField(max_length=100, blank=True)
    seller_id = models.CharField(
        max_length=100, blank=True
    )  # as it claims; `selling_partner` is what we know
    subject = models.CharField(max_length=100, blank=True)  # a feed id or an order id
    word = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    selling_partner = models.ForeignKey(
        SellingPartner, on_delete=models.CASCADE, null=True, blank=True, related_name="notifications"
    )
    outcome = models.CharField(max_length=20, choices=[(o.value, o.value) for o in Outcome])
    sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["notification_id"],
                condition=Q(outcome=Outcome.HINT_USED.value),
                name="a_notification_is_used_once",
            ),
        )
        indexes = (models.Index(fields=["received_at"], name="notification_by_arrival"),)

    def __str__(self) -> str:
        return f"{self.type or 'notification'} {self.notification_id or self.pk}"


class QueueHealthQuerySet(models.QuerySet["QueueHealth"]):
    """Notes how each queue answers."""

    def answered(self, url: str, *, now: datetime) -> None:
        """Note that a queue answered; written once a minute, and at once after trouble."""
        calm = self.filter(url=url, trouble="", answered_at__gt=now - QUIET_NOTE_EVERY)
        if not calm.exists():
            self.update_or_create(
                url=url, defaults={"answered_at": now, "trouble": "", "trouble_since": None}
            )

    def failed(self, url: str, *, trouble: str, now: datetime) -> None:
        """Note why a queue did not answer, and since when."""
        health, _ = self.get_or_create(url=url)
        health.trouble = trouble
        health.trouble_since = health.trouble_since or now
        health.save(update_fields=["trouble", "trouble_since"])


class QueueHealth(models.Model):
    """How a notification queue answered the last time; without it, everything goes on by polling."""

    url = models.CharField(max_length=500, unique=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    trouble = models.TextField(blank=True)
    trouble_since = models.DateTimeField(null=True, blank=True)

    objects = QueueHealthQuerySet.as_manager()

    def __str__(self) -> str:
        return self.url


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
