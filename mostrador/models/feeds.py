"""Feeds: sealed bytes on their way to Amazon, and the evidence of what became of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q

from mostrador.domain import feeds as rules
from mostrador.domain.feeds import BEFORE_AMAZON, ENDED, IN_FLIGHT, FeedState
from mostrador.models.cancellations import Cancellation
from mostrador.models.delivery import LostRace
from mostrador.models.refunds import Refund
from mostrador.models.selling_partners import SellingPartner

ONE_IN_FLIGHT = "one_feed_in_flight"  # the constraint of single flight


class FeedQuerySet(models.QuerySet["Feed"]):
    """Makes and finds feeds."""

    def begin(
        self, *, partner: SellingPartner, feed_type: str, marketplace_ids: Iterable[str], now: datetime
    ) -> Feed:
        """Store an empty feed; `seal` gives it its bytes in the same transaction."""
        return self.create(
            selling_partner=partner,
            feed_type=feed_type,
            marketplace_ids=sorted(set(marketplace_ids)),
            sealed_at=now,
            next_action_at=now,
        )

    def unfinished(self) -> FeedQuerySet:
        """Return the feeds whose story has not ended."""
        return self.exclude(state__in=ENDED)

    def before_sending(self, *, partner: SellingPartner, feed_type: str) -> Feed | None:
        """Return the feed of this kind that has not reached Amazon yet, if there is one."""
        found = self.filter(selling_partner=partner, feed_type=feed_type, state__in=BEFORE_AMAZON)
        return found.order_by("pk").first()

    def kinds_before_sending(self, partner: SellingPartner) -> set[str]:
        """Return the feed types of which one has not reached Amazon yet."""
        waiting = self.filter(selling_partner=partner, state__in=BEFORE_AMAZON)
        return set(waiting.values_list("feed_type", flat=True))

    def carrying(self, action: Refund | Cancellation) -> Feed | None:
        """Return the feed an action left or is leaving in, the last one."""
        message = action.feed_messages.select_related("feed__selling_partner").order_by("-pk").first()
        return message.feed if message else None

    def keep_late_id(self, feed: Feed, feed_id: str) -> None:
        """Store the id of a feed whose story had ended before Amazon's answer came."""
        self.filter(pk=feed.pk, feed_id="").update(feed_id=feed_id)

    def due(self, now: datetime) -> FeedQuerySet:
        """Return the feeds for which something should be done now."""
        return self.unfinished().filter(next_action_at__lte=now)

    def locked(self, pk: int) -> Feed:
        """Return the feed with its row locked."""
        return self.select_for_update(of=("self",)).select_related("selling_partner").get(pk=pk)


class Feed(models.Model):
    """One feed: its bytes, its state in the once-only protocol, and Amazon's report."""

    selling_partner = models.ForeignKey(SellingPartner, on_delete=models.PROTECT, related_name="feeds")
    feed_type = models.CharField(max_length=60)
    marketplace_ids = ArrayField(models.CharField(max_length=20))
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in FeedState], default=FeedState.SEALED
    )
    body = models.BinaryField()
    body_sha256 = models.CharField(max_length=64, blank=True)
    document_id = models.CharField(max_length=200, blank=True)
    # Amazon's own time when it gave the document: no feed made of it can be older, whatever our clock says.
    document_at = models.DateTimeField(null=True, blank=True)
    feed_id = models.CharField(max_length=60, blank=True)
    adopted = models.BooleanField(default=False)  # found in Amazon's list after a lost answer
    sealed_at = models.DateTimeField()
    staged_at = models.DateTimeField(null=True, blank=True)
    marked_at = models.DateTimeField(null=True, blank=True)
    token_expires_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveIntegerField(default=0)
    empty_looks = ArrayField(models.DateTimeField(), default=list)
    next_action_at = models.DateTimeField(null=True, blank=True)
    amazon_status = models.CharField(max_length=20, blank=True)
    report_document_id = models.CharField(max_length=200, blank=True)
    report = models.BinaryField(null=True, blank=True)
    report_sha256 = models.CharField(max_length=64, blank=True)
    trouble = models.TextField(blank=True)
    request_id = models.CharField(max_length=100, blank=True)  # Amazon's, of createFeed

    objects = FeedQuerySet.as_manager()

    class Meta:
        constraints = (
            # Single flight: only so is the search after a lost answer free of doubt.
            models.UniqueConstraint(
                fields=["selling_partner", "feed_type"],
                condition=Q(state__in=sorted(IN_FLIGHT)),
                name=ONE_IN_FLIGHT,
            ),
            models.UniqueConstraint(
                fields=["selling_partner", "feed_id"], condition=~Q(feed_id=""), name="one_row_per_feed_id"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(IN_FLIGHT))
                | Q(marked_at__isnull=False, token_expires_at__isnull=False),
                name="no_sending_without_a_mark",
            ),
        )
        indexes = (
            models.Index(
                fields=["next_action_at"], name="feed_due", condition=Q(next_action_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return self.feed_id or f"feed {self.pk}"

    # ── mutators ──────────────────────────────────────────────────────────────────────────────────────────

    def add(self, action: Refund | Cancellation) -> FeedMessage:
        """Give `action` a message number in this feed; numbers are never used twice."""
        if isinstance(action, Refund):
            return FeedMessage.objects.create(feed=self, refund=action)
        return FeedMessage.objects.create(feed=self, cancellation=action)

    def seal(self, body: bytes) -> None:
        """Fix the bytes for good."""
        self.body, self.body_sha256 = body, hashlib.sha256(body).hexdigest()
        self.save(update_fields=["body", "body_sha256"])

    def put(self, new: rules.Feed, *, now: datetime, **facts: object) -> None:
        """Write a decision if nobody moved the feed since it was read, and `facts` with it.

        Raises: LostRace when somebody was faster: nothing was written.
        """
        changes: dict[str, object] = {
            "state": new.state,
            "staged_at": new.staged_at,
            "marked_at": new.marked_at,
            "token_expires_at": new.token_expires_at,
            "sent_at": new.sent_at,
            "feed_id": new.feed_id,
            "adopted": new.adopted,
            "tries": new.tries,
            "empty_looks": list(new.empty_looks),
            "next_action_at": new.next_action_at,
            **facts,
        }
        if new.state in ENDED and self.state not in ENDED:
            changes["ended_at"] = now
        read_as = Feed.objects.filter(
            pk=self.pk, state=self.state, tries=self.tries, marked_at=self.marked_at
        )
        if new.state is FeedState.MARKED:
            # A pause that came a moment ago still holds it back. No join: PostgreSQL compares the feed's own
            # row once more when it had to wait for it, but not one that a subquery has read before.
            sends = SellingPartner.objects.filter(pk=OuterRef("selling_partner"), paused_at=None)
            read_as = read_as.filter(Exists(sends))
        if read_as.update(**changes) != 1:
            raise LostRace(f"feed {self.pk} is no longer {self.state}")
        for name, value in changes.items():
            setattr(self, name, value)

    def hurry(self, now: datetime) -> None:
        """Have its next step done now."""
        Feed.objects.filter(pk=self.pk, state=self.state).update(next_action_at=now)

    def keep_report(self, body: bytes) -> None:
        """Store the processing report's bytes as evidence."""
        self.report, self.report_sha256 = body, hashlib.sha256(body).hexdigest()
        self.save(update_fields=["report", "report_sha256"])

    # ── queries ───────────────────────────────────────────────────────────────────────────────────────────

    def rules(self, feed_messages: Iterable[FeedMessage] | None = None) -> rules.Feed:
        """Return the feed as the rules see it; its messages are read unless they are at hand."""
        known = self.feed_messages.all() if feed_messages is None else feed_messages
        return rules.Feed(
            state=FeedState(self.state),
            message_ids=frozenset(message.pk for message in known),
            staged_at=self.staged_at,
            marked_at=self.marked_at,
            token_expires_at=self.token_expires_at,
            sent_at=self.sent_at,
            feed_id=self.feed_id,
            adopted=self.adopted,
            tries=self.tries,
            empty_looks=tuple(self.empty_looks),
            next_action_at=self.next_action_at,
        )


class FeedMessage(models.Model):
    """One message of a feed; its primary key is the MessageID, unique for ever."""

    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="feed_messages")
    refund = models.ForeignKey(
        Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="feed_messages"
    )
    cancellation = models.ForeignKey(
        Cancellation, on_delete=models.PROTECT, null=True, blank=True, related_name="feed_messages"
    )
    live = models.BooleanField(default=True)  # until proven never sent

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(refund__isnull=False, cancellation__isnull=True)
                | Q(refund__isnull=True, cancellation__isnull=False),
                name="a_message_is_about_one_action",
            ),
            models.UniqueConstraint(
                fields=["refund"], condition=Q(live=True), name="a_refund_is_in_one_live_feed"
            ),
            models.UniqueConstraint(
                fields=["cancellation"], condition=Q(live=True), name="a_cancellation_is_in_one_live_feed"
            ),
        )

    def __str__(self) -> str:
        return f"message {self.pk}"

    @property
    def action(self) -> Refund | Cancellation:
        """The refund or cancellation this message asks for."""
        action = self.refund or self.cancellation
        assert action, "the database holds that a message is about one action"
        return action


class SeenFeedQuerySet(models.QuerySet["SeenFeed"]):
    """Remembers every feed id Amazon ever showed us."""

    def note(self, *, partner: SellingPartner, feed_ids: Sequence[str], now: datetime) -> None:
        """Remember these feed ids."""
        rows = [SeenFeed(selling_partner=partner, feed_id=feed_id, seen_at=now) for feed_id in feed_ids]
        self.bulk_create(rows, ignore_conflicts=True)

    def unseen(self, *, partner: SellingPartner, feed_ids: Sequence[str]) -> list[str]:
        """Return those of `feed_ids` that were never shown before, in their order."""
        known = set(
            self.filter(selling_partner=partner, feed_id__in=feed_ids).values_list("feed_id", flat=True)
        )
        return [feed_id for feed_id in feed_ids if feed_id not in known]

    def of_others(self, *, partner: SellingPartner) -> bool:
        """Return whether Amazon's list ever showed a feed that is not ours."""
        ours = Feed.objects.filter(selling_partner=partner).values("feed_id")
        return self.filter(selling_partner=partner).exclude(feed_id__in=ours).exists()


class SeenFeed(models.Model):
    """A feed id that was listed or answered, ours or not."""

    selling_partner = models.ForeignKey(SellingPartner, on_delete=models.CASCADE, related_name="+")
    feed_id = models.CharField(max_length=60)
    seen_at = models.DateTimeField()

    objects = SeenFeedQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["selling_partner", "feed_id"], name="one_row_per_seen_feed"),
        )

    def __str__(self) -> str:
        return self.feed_id
