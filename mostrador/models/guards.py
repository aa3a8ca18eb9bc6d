"""Guards: every mark ever made, the times when all sending is closed, and what was found out meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import Max, Q
from django.db.models.functions import Greatest

from mostrador.domain.feeds import IN_FLIGHT
from mostrador.domain.guards import ForgottenFeed, Knowledge, Point, Reason, Record
from mostrador.models.feeds import Feed
from mostrador.models.people import Agent
from mostrador.models.selling_partners import SellingPartner

# One statement, so that all of it is of the same moment.
_KNOWLEDGE = """
    SELECT control.system_identifier::text, pg_walfile_name(pg_current_wal_lsn()),
           event.id, event.at, mark.id, mark.marked_at,
           (SELECT at FROM mostrador_event WHERE id = %(event)s),
           (SELECT marked_at FROM mostrador_feedmark WHERE id = %(mark)s)
    FROM pg_control_system() control
    LEFT JOIN LATERAL (SELECT id, at FROM mostrador_event ORDER BY id DESC LIMIT 1) event ON true
    LEFT JOIN LATERAL (SELECT id, marked_at FROM mostrador_feedmark ORDER BY id DESC LIMIT 1) mark ON true
"""


def knowledge(record: Record | None) -> Knowledge:
    """Return what the database knows now, and what it has under the numbers that the record names."""
    names = {
        "event": record.event.pk if record and record.event else None,
        "mark": record.mark.pk if record and record.mark else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_KNOWLEDGE, names)
        cluster, wal_file, event, event_at, mark, mark_at, event_then, mark_then = cursor.fetchone()
    return Knowledge(
        system_identifier=cluster,
        timeline=int(wal_file[:8], 16),  # a WAL file's name begins with its timeline
        event=Point(event, event_at) if event else None,
        mark=Point(mark, mark_at) if mark else None,
        event_then=event_then,
        mark_then=mark_then,
    )


# A restored database would give out numbers again that Amazon or people know already: so many are left out.
_LEFT_OUT = {"mostrador_feedmessage": 1_000_000, "mostrador_refund": 1_000, "mostrador_cancellation": 1_000}


def leave_out_numbers() -> None:
    """Let the next numbers of messages, refunds and cancellations be ones that were never used."""
    with connection.cursor() as cursor:
        for table, numbers in _LEFT_OUT.items():
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            (sequence,) = cursor.fetchone()
            cursor.execute("SELECT setval(%s, nextval(%s) + %s)", [sequence, sequence, numbers])


class FeedMarkQuerySet(models.QuerySet["FeedMark"]):
    """Remembers every mark, also of feeds that certainly did not leave and were marked again."""

    def note(self, feed: Feed) -> FeedMark:
        """Remember that `feed` has just been marked; in the transaction of the mark."""
        assert feed.marked_at, "a marked feed knows when"
        return self.create(feed=feed, marked_at=feed.marked_at)

    def newest_at(self) -> datetime | None:
        """Return when the last mark was made."""
        newest: datetime | None = self.aggregate(at=Max("marked_at"))["at"]
        return newest


class FeedMark(models.Model):
    """One mark: "I am about to send", committed before createFeed. Rows are only ever added."""

    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="marks")
    marked_at = models.DateTimeField()

    objects = FeedMarkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"mark {self.pk} of feed {self.feed_id}"


class SendingStopQuerySet(models.QuerySet["SendingStop"]):
    """Closes sending, and tells whether it is closed."""

    def close(
        self,
        reasons: Iterable[Reason],
        *,
        record: Mapping[str, Any] | None,
        certain_from: datetime,
        now: datetime,
    ) -> SendingStop:
        """Close all sending; what is in flight is searched for until no frozen sender can send any more."""
        Feed.objects.filter(state__in=sorted(IN_FLIGHT)).update(
            token_expires_at=Greatest("token_expires_at", certain_from), empty_looks=[]
        )
        return self.create(
            closed_at=now,
            because=[{"code": reason.code.value, **reason.facts} for reason in reasons],
            record=record,
            certain_from=certain_from,
        )

    def unopened(self) -> SendingStopQuerySet:
        """Return the stops that nobody has opened again."""
        return self.filter(opened_at=None)

    def current(self) -> SendingStop | None:
        """Return the stop that holds now, the newest one, or nothing while sending is open."""
        return self.unopened().order_by("-pk").first()

    def knows(self, record: Mapping[str, Any] | None) -> bool:
        """Return whether sending is closed already because of this very record."""
        same = self.filter(record__isnull=True) if record is None else self.filter(record=record)
        return same.filter(opened_at=None).exists()

    def was_opened_after(self, record: Mapping[str, Any] | None) -> bool:
        """Return whether an owner has opened sending after this very record was reconciled."""
        return record is not None and self.filter(record=record, opened_at__isnull=False).exists()

    def open_all(self, *, agent: Agent, now: datetime) -> None:
        """Let sending go on."""
        self.unopened().update(opened_at=now, opened_by=agent)


class SendingStop(models.Model):
    """A time during which nothing is sent for anybody: why it began, and who ended it."""

    closed_at = models.DateTimeField()
    because = models.JSONField(default=list)  # one object a reason: its code, and its facts
    record = models.JSONField(null=True, blank=True)  # the epoch file as it was
    # From then on Amazon's list shows whatever was sent without our knowing.
    certain_from = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    opened_by = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = SendingStopQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(opened_at=None, opened_by=None)
                | Q(opened_at__isnull=False, opened_by__isnull=False),
                name="a_stop_is_opened_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"stop {self.pk}"

    @property
    def codes(self) -> list[str]:
        """Why sending is closed, in codes."""
        return [reason["code"] for reason in self.because]


class ReconciliationQuerySet(models.QuerySet["Reconciliation"]):
    """Keeps what was found out while sending is closed."""

    def note(
        self,
        *,
        stop: SendingStop,
        partner: SellingPartner,
        feed_type: str,
        forgotten: Sequence[ForgottenFeed],
        complete: bool,
        now: datetime,
    ) -> Reconciliation:
        """Store one comparison of Amazon's list with what the database knows."""
        return self.create(
            stop=stop,
            selling_partner=partner,
            feed_type=feed_type,
            read_at=now,
            complete=complete,
            forgotten=[{**asdict(feed), "created_at": feed.created_at.isoformat()} for feed in forgotten],
        )

    def completes(self, *, stop: SendingStop, partner: SellingPartner, feed_type: str) -> bool:
        """Return whether a complete comparison was made after `stop` began."""
        return self.filter(
            selling_partner=partner,
            feed_type=feed_type,
            complete=True,
            read_at__gte=stop.certain_from,
            stop=stop,
        ).exists()


class Reconciliation(models.Model):
    """One comparison, of one selling partner and feed type, of Amazon's list with what the database knows."""

    stop = models.ForeignKey(SendingStop, on_delete=models.PROTECT, related_name="reconciliations")
    selling_partner = models.ForeignKey(SellingPartner, on_delete=models.CASCADE, related_name="+")
    feed_type = models.CharField(max_length=60)
    read_at = models.DateTimeField()
    complete = models.BooleanField()
    forgotten = models.JSONField(default=list)  # feed_id, created_at, status of each

    objects = ReconciliationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"reconciliation {self.pk}"
